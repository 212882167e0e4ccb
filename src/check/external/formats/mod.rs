//! The formats in which tools write their findings. A reader takes the text and gives what it says; it knows neither the
//! files nor the repository. What it can't read is an error, never nothing.

mod checkstyle;
mod diff;
mod eslint;
mod json;
mod lines;
mod lsp;
mod matcher;
mod rdjson;
mod rustc;
mod shellcheck;

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::check::external::told::Report;
use crate::config::Format;

/// Whether a format has its findings on lines among others, so that what goes to standard error is read too.
pub(crate) fn is_of_lines(format: &Format) -> bool {
    match format {
        Format::Checkstyle | Format::EslintJson | Format::ShellcheckJson | Format::Rdjson => false,
        Format::Lsp | Format::Diff => false,
        Format::RustcJson | Format::Gcc | Format::Tsc | Format::Mypy | Format::Rdjsonl => true,
        Format::Pattern(_) | Format::Matcher(_) => true,
    }
}

/// Reads an output. `matcher` is the file that the format names, if it names one. Errors are for people.
pub(crate) fn read(format: &Format, matcher: &[u8], bytes: &[u8]) -> Result<Report, String> {
    let text = || text(bytes);
    match format {
        // Its documents say themselves how they are encoded.
        Format::Checkstyle => checkstyle::read(bytes),
        Format::EslintJson => eslint::read(&text()),
        Format::ShellcheckJson => shellcheck::read(&text()),
        Format::RustcJson => rustc::read(&text()),
        Format::Gcc => Ok(lines::gcc(&text())),
        Format::Tsc => Ok(lines::tsc(&text())),
        Format::Mypy => Ok(lines::mypy(&text())),
        Format::Rdjson => rdjson::read(&text()),
        Format::Rdjsonl => rdjson::read_lines(&text()),
        Format::Lsp => lsp::read(&text()),
        Format::Diff => diff::read(&text()),
        Format::Pattern(pattern) => lines::pattern(pattern, &text()),
        Format::Matcher(_) => matcher::read(matcher, &text()),
    }
}

/// The text of an output: without colours, links and a byte order mark; UTF-16 where a mark says so, else UTF-8, in
/// which what is wrong is replaced.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    static ESCAPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("\u{1b}(?:\\[[0-9;:?]*[ -/]*[@-~]|\\][^\u{7}\u{1b}\n]*(?:\u{7}|\u{1b}\\\\))")
            .expect("because the expression is constant")
    });
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        bytes => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
    };
    if memchr::memchr(0x1b, text.as_bytes()).is_none() {
        return text;
    }
    Cow::Owned(ESCAPE.replace_all(&text, "").into_owned())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(unit));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::check::external::told::{At, Report};
    use crate::config::{Format, Output};

    fn read_as(name: &str, bytes: &[u8]) -> Result<Report, String> {
        let format = match Output::NAMES.into_iter().find(|(known, _)| *known == name) {
            Some((_, Output::Findings(format))) => format,
            _ => Format::Pattern(name.to_owned()),
        };
        read(&format, b"", bytes)
    }

    fn place(at: &At) -> String {
        let end = at.end.map(|end| format!("-{}:{}", end.line, end.column)).unwrap_or_default();
        format!("{}:{}:{}{end}", at.file, at.line, at.column)
    }

    /// What is told, or the problem.
    fn shown(report: Result<Report, String>) -> Result<Vec<String>, String> {
        let report = report?;
        if let Some(problem) = report.problem {
            return Err(problem);
        }
        let line = |told: &crate::check::external::told::Told| {
            let related: String = told.related.iter().map(|(at, text)| format!(" + {} {text}", place(at))).collect();
            format!("{} {} {}: {}{related}", told.level.name(), told.rule, place(&told.at), told.message)
        };
        Ok(report.told.iter().map(line).collect())
    }

    #[track_caller]
    fn check(name: &str, text: impl AsRef<[u8]>, expected: &[&str]) {
        assert_eq!(shown(read_as(name, text.as_ref())), Ok(expected.iter().map(|&line| line.to_owned()).collect()));
    }

    #[track_caller]
    fn refused(name: &str, text: impl AsRef<[u8]>, why: &str) {
        let error = shown(read_as(name, text.as_ref())).expect_err("a problem");
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn an_empty_output_is_clean_only_where_tools_print_nothing_else() {
        for name in ["gcc", "tsc", "mypy", "rustc-json", "rdjsonl", "diff", "(?<path>.)(?<message>.)"] {
            check(name, "", &[]);
            check(name, "\r\n \n", &[]);
        }
        for name in ["checkstyle", "eslint-json", "shellcheck-json", "rdjson", "lsp"] {
            refused(name, "", "it is empty");
            refused(name, "all is well\n", "");
        }
        check("eslint-json", "[]", &[]);
        check("shellcheck-json", "{\"comments\": []}", &[]);
        check("checkstyle", "<checkstyle/>", &[]);
        check("rdjson", "{\"diagnostics\": []}", &[]);
        refused("rdjson", "{}", "diagnostics");
    }

    #[test]
    fn numbers_that_make_no_sense_are_the_nearest_that_do() {
        let eslint = |line: &str| {
            let message = format!("{{\"ruleId\":\"r\",\"severity\":1,\"message\":\"m\",\"line\":{line}}}");
            format!("[{{\"filePath\":\"a\",\"messages\":[{message}]}}]")
        };
        for (line, expected) in
            [("0", 0), ("-7", 0), ("1e30", u32::MAX), ("99999999999", u32::MAX), ("null", 0), ("\"3\"", 3)]
        {
            check("eslint-json", eslint(line), &[&format!("warning r a:{expected}:0: m")]);
        }
        check("gcc", "a.c:0:0: error: x\n", &["error  a.c:0:0: x"]);
        check("gcc", "a.c:99999999999999: error: x\n", &[&format!("error  a.c:{}:0: x", u32::MAX)]);
        check(
            "checkstyle",
            "<checkstyle><file name='a'><error line='-1' column='9e9'/></file></checkstyle>",
            &["error  a:0:0: "],
        );
        refused("diff", "--- a\n+++ a\n@@ -99999999999 +1 @@\n", "too large");
    }

    #[test]
    fn checkstyle_in_any_encoding_and_without_its_entities() {
        let laughs = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>";
        let one = |head: &str, message: &str| {
            format!(
                "{head}<checkstyle><file name='a'><error line='1' severity='info' message='{message}' source='x.y'/></file></checkstyle>"
            )
        };
        check("checkstyle", one(laughs, "&b;"), &["note x.y a:1:0: &b;"]);
        check("checkstyle", format!("npm noise\n{}\nmore", one("", "&lt;&#233;")), &["note x.y a:1:0: <\u{e9}"]);
        let latin: Vec<u8> = one("<?xml version='1.0' encoding='ISO-8859-1'?>", "\u{1}")
            .bytes()
            .map(|byte| if byte == 1 { 0xe9 } else { byte })
            .collect();
        check("checkstyle", latin, &["note x.y a:1:0: \u{e9}"]);
        let late = format!("<!--{}--><?xml version='1.0' encoding='ISO-8859-1'?>", "x".repeat(10_000));
        check("checkstyle", one(&format!("<?xml version='1.0'?>{late}"), "m"), &["note x.y a:1:0: m"]);
        let invalid: Vec<u8> = one("", "\u{1}").bytes().map(|byte| if byte == 1 { 0xff } else { byte }).collect();
        check("checkstyle", invalid, &["note x.y a:1:0: \u{fffd}"]);
        refused("checkstyle", "<testsuite/>", "its root");
        refused(
            "checkstyle",
            "<checkstyle><file name='a'><exception>x</exception></file></checkstyle>",
            "the tool failed on a",
        );
        refused("checkstyle", "<checkstyle>".repeat(100_000), "not closed");
        let class = "com.puppycrawl.tools.checkstyle.checks.whitespace.FileTabCharacterCheck";
        let own = format!(
            "<checkstyle><file name='a'><error severity='ignore'/><error severity='warning' source='{class}' message='m'/></file></checkstyle>"
        );
        check("checkstyle", own, &["warning FileTabCharacter a:0:0: m"]);
    }

    #[test]
    fn lines_of_compilers() {
        check(
            "gcc",
            "\u{1b}[1ma.c:1:2: \u{1b}[31merror: \u{1b}[0m\u{1b}]8;;http://x\u{7}bad\u{1b}]8;;\u{7} [-Werror=x]\nb.h:3: note: here\nC:\\\\b.c:4: warning: [a] b\n",
            &["error -Wx a.c:1:2: bad + b.h:3:0 here", "warning  C:\\\\b.c:4:0: [a] b"],
        );
        check(
            "gcc",
            "x.cc:1:1: warning: m [bugprone-x,-warnings-as-errors]\n12:30:45 started\n",
            &["warning bugprone-x x.cc:1:1: m"],
        );
        check(
            "tsc",
            "error TS5023: Unknown option.\na(b).ts(1,2): error TS1: one\n  two\n    three\nb\n  c\n",
            &["error TS5023 :0:0: Unknown option.", "error TS1 a(b).ts:1:2: one\ntwo\nthree"],
        );
        check(
            "mypy",
            "a.py: error: m  [x-y]\na.py:1: error: n\na.py:1: note: o\nb.py:2: note: p\n",
            &["error x-y a.py:0:0: m", "error  a.py:1:0: n + a.py:1:0 o", "note  b.py:2:0: p"],
        );
        refused(
            "mypy",
            "a.py:1: error: m\nFound 2 errors in 1 file (checked 1 source file)\n",
            "counts 2 errors and tells of 1",
        );
        check("mypy", "Success: no issues found in 1 source file\n", &[]);
        let pattern = r"^(?<path>\S+) (?<line>\d+)-(?<end_line>\d+) (?<level>\w+) (?<message>.*)$";
        check(pattern, "a 1-2 W x\nb 3-4 odd y\n", &["warning  a:1:0-2:0: x", "error  b:3:0-4:0: y"]);
    }

    #[test]
    fn what_is_not_understood_is_kept_to_be_told() {
        let unread = |name: &str, text: &str| read_as(name, text.as_bytes()).ok().and_then(|report| report.unread);
        assert_eq!(unread("gcc", "\ncc -c a.c\nx\n"), Some("cc -c a.c".to_owned()));
        assert_eq!(unread("mypy", "Success: no issues found in 1 source file\n"), None);
        assert_eq!(unread("rustc-json", "Checking x\n{\"reason\":\"build-finished\",\"success\":true}\n"), None);
    }

    #[test]
    fn messages_of_cargo_are_located_and_have_to_end() {
        let message = |file: &str| {
            format!(
                "{{\"reason\":\"compiler-message\",\"manifest_path\":\"/w/crates/a/Cargo.toml\",\"message\":{{\"message\":\"m\",\"level\":\"error\",\"code\":{{\"code\":\"E1\"}},\"spans\":[{{\"file_name\":\"{file}\",\"line_start\":1,\"is_primary\":true}}]}}}}\n"
            )
        };
        let end = |success: bool| format!("{{\"reason\":\"build-finished\",\"success\":{success}}}\n");
        let whole = [message("crates/a/src/x.rs"), message("src/x.rs"), message("/o/x.rs"), end(false)].concat();
        check(
            "rustc-json",
            whole,
            &[
                "error E1 /w/crates/a/src/x.rs:1:0: m",
                "error E1 /w/crates/a/src/x.rs:1:0: m",
                "error E1 /o/x.rs:1:0: m",
            ],
        );
        refused("rustc-json", message("x"), "broken off");
        refused("rustc-json", end(false), "no error is told");
        let own = "{\"$message_type\":\"diagnostic\",\"message\":\"m\",\"level\":\"warning\",\"spans\":[]}\n{\"message\":\"aborting due to 1 previous error\",\"level\":\"error\",\"spans\":[]}";
        check("rustc-json", own, &["warning  :0:0: m"]);
    }

    #[test]
    fn diagnostics_of_editors_in_every_shape() {
        let diagnostic = "{\"range\":{\"start\":{\"line\":0,\"character\":4},\"end\":{\"line\":1,\"character\":0}},\"severity\":2,\"code\":7,\"message\":\"m\"}";
        let one = format!("{{\"uri\":\"file:///w/a\",\"diagnostics\":[{diagnostic}]}}");
        let expected = ["warning 7 file:///w/a:1:5-2:1: m"];
        check("lsp", &one, &expected);
        check("lsp", format!("[{one}]"), &expected);
        check("lsp", format!("{{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{one}}}"), &expected);
        check("lsp", format!("{{\"file:///w/a\":[{diagnostic}]}}"), &expected);
        let pulled = format!("{{\"items\":[{{\"uri\":\"file:///w/a\",\"kind\":\"full\",\"items\":[{diagnostic}]}}]}}");
        check("lsp", &pulled, &expected);
        check("lsp", format!("{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{pulled}}}"), &expected);
        refused("lsp", "{\"items\":[{\"uri\":\"file:///w/a\",\"kind\":\"unchanged\",\"resultId\":\"1\"}]}", "");
        refused(
            "lsp",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{{\"kind\":\"full\",\"items\":[{diagnostic}]}}}}"),
            "",
        );
        let more = one.replacen('{', "{\"version\":1,\"languageId\":\"x\",\"data\":{\"a\":[]},", 1);
        check("lsp", more, &expected);
        refused("lsp", "{\"uri\":\"a\"}", "");
        refused("lsp", "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"m\"}}", "");
        refused("lsp", "{\"jsonrpc\":\"2.0\",\"method\":\"window/logMessage\",\"params\":{\"type\":1}}", "");
        refused("lsp", "[".repeat(1_000), "");
    }

    #[test]
    fn diagnostics_of_reviewdog() {
        let one = "{\"message\":\"m\",\"location\":{\"path\":\"a\",\"range\":{\"start\":{\"line\":2}}},\"severity\":\"INFO\",\"code\":{\"value\":\"r\"}}";
        check("rdjsonl", format!("{one}\n{one}\n"), &["note r a:2:0: m"; 2]);
        refused("rdjsonl", format!("{one}\n{{\"message\":"), "line 2");
        check(
            "rdjson",
            format!("{{\"severity\":\"ERROR\",\"diagnostics\":[{}]}}", one.replace("INFO", "")),
            &["error r a:2:0: m"],
        );
    }

    #[test]
    fn hunks_are_findings() {
        check(
            "diff",
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n@@ -9,0 +10 @@\n+n\n",
            &[
                "error  x:1:0-1:0: these lines are not as the tool writes them",
                "error  x:10:0-10:0: these lines are not as the tool writes them",
            ],
        );
        check(
            "diff",
            "--- x.go.orig\t2020\n+++ x.go\t2020\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
            &["error  x.go:1:0-1:0: these lines are not as the tool writes them"],
        );
        refused("diff", "--- x\n+++ x\n@@ -1,2 +1,2 @@\n-a\n+b\n", "broken off");
        refused("diff", "--- x\n+++ x\n@@ -1,1 +1,2 @@\n-a\n-b\n", "lines that it counts");
        refused("diff", "@@ -1 +1 @@\n-a\n+b\n", "before the name");
    }

    #[test]
    fn problem_matchers_are_those_of_github() {
        let matched = |pattern: &str, text: &str| {
            let definition = format!(
                "{{\"problemMatcher\":[{{\"owner\":\"o\",\"severity\":\"warning\",\"pattern\":[{pattern}]}}]}}"
            );
            shown(read(&Format::Matcher(String::new()), definition.as_bytes(), text.as_bytes()))
        };
        let two = r#"{"regexp":"^in (.*)$","fromPath":1},{"regexp":"^ (\\S+)@([\\d,]+) (.*)$","file":1,"location":2,"message":3,"loop":true}"#;
        let text = "in p/q.csproj\n a@1,2,3,4 x\n b@5 y\nelse\n c@6 z\nin r\nin s/t\n d@7 w\n";
        let expected = ["warning  p/a:1:2-3:4: x", "warning  p/b:5:0: y", "warning  s/d:7:0: w"];
        assert_eq!(matched(two, text), Ok(expected.map(str::to_owned).to_vec()));
        for (pattern, why) in [
            ("", "does not say which groups"),
            (r#"{"regexp":"(.)","file":1}"#, "does not say which groups"),
            (r#"{"regexp":"(.)","file":1,"message":2}"#, "has no group 2"),
            (r#"{"regexp":"(?=x)(.)","file":1,"message":1}"#, "can't be used"),
            (r#"{"regexp":"(.)","file":1,"message":1,"loop":true},{"regexp":"x"}"#, "not the last"),
            (r#"{"regexp":1}"#, "no problem matcher"),
        ] {
            assert!(matched(pattern, "x").is_err_and(|error| error.contains(why)), "{pattern}");
        }
    }

    #[test]
    fn more_findings_than_anyone_reads_are_a_problem() {
        refused("gcc", "a:1: error: x\n".repeat(100_001), "more than 100000 findings");
        let list = |element: &str| format!("{}{element}", format!("{element},").repeat(100_000));
        let eslint = list("{\"message\":\"m\"}");
        refused(
            "eslint-json",
            format!("[{{\"filePath\":\"a\",\"messages\":[{eslint}]}}]"),
            "more than 100000 elements",
        );
        let comments = list("{\"file\":\"a\",\"message\":\"m\"}");
        refused("shellcheck-json", format!("{{\"comments\":[{comments}]}}"), "more than 100000 elements");
        let rdjson = list("{\"message\":\"m\",\"location\":{}}");
        refused("rdjson", format!("{{\"diagnostics\":[{rdjson}]}}"), "more than 100000 elements");
        let point = "{\"line\":0,\"character\":0}";
        let lsp = list(&format!("{{\"message\":\"m\",\"range\":{{\"start\":{point},\"end\":{point}}}}}"));
        refused("lsp", format!("{{\"uri\":\"a\",\"diagnostics\":[{lsp}]}}"), "more than 100000 elements");
    }
}
