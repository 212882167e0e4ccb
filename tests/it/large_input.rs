//! Files that no person writes: each is looked at within its deadline and in bounded memory, or said not to be.
//! `TOLLGATE_LONG_TESTS` makes them as large as they get.

use std::fs;

use crate::support::Repo;

/// A rule for what a grammar does not know, which has to parse a file to tell.
const ANY_ERROR: &str = "id: any-error
language: Rust
severity: error
message: m
rule: {kind: ERROR}
metadata:
  also: [Python, JavaScript, TypeScript, Tsx, Go, Java, Kotlin, C, Cpp, CSharp, Ruby, Php, Bash, Yaml, Json, Html, Css, Hcl, Dockerfile]
";
const EVERY_NUMBER: &str =
    "id: every-number\nlanguage: JavaScript\nseverity: error\nmessage: m\nrule: {kind: number}\n";
const POLICY: &str = "builtin = false\n[rules]\npaths = [\"rules/*.yml\"]\n[stages.pre-commit]\ntimeout = \"100s\"\n";

/// Extension, what stands before, brackets, what stands after: each nests in every language but that of Dockerfiles.
const NESTS: [(&str, &str, &str, &str, &str); 21] = [
    ("rs", "fn f() { ", "(", ")", "; }"),
    ("py", "x = ", "(", ")", ""),
    ("js", "x = ", "[", "]", ""),
    ("jsx", "x = ", "(", ")", ""),
    ("ts", "x = ", "[", "]", ""),
    ("tsx", "x = ", "(", ")", ""),
    ("go", "package p\nvar x = ", "(", ")", ""),
    ("java", "class A { int x = ", "(", ")", "; }"),
    ("kt", "val x = ", "(", ")", ""),
    ("c", "int x = ", "(", ")", ";"),
    ("cpp", "int x = ", "{", "}", ";"),
    ("cs", "class A { int x = ", "(", ")", "; }"),
    ("rb", "x = ", "[", "]", ""),
    ("php", "<?php $x = ", "[", "]", ";"),
    ("sh", "echo ", "$(", ")", ""),
    ("yaml", "x: ", "[", "]", ""),
    ("json", "", "[", "]", ""),
    ("html", "", "<b>", "</b>", ""),
    ("css", "", "a{", "}", ""),
    ("tf", "x = ", "[", "]", ""),
    ("dockerfile", "FROM a\nRUN ", "(", ")", ""),
];

fn is_long() -> bool {
    std::env::var_os("TOLLGATE_LONG_TESTS").is_some()
}

fn repo(rules: &str) -> Repo {
    let repo = Repo::with(&[("tollgate.toml", POLICY)]);
    repo.stage(&[("rules/r.yml", rules)]);
    repo
}

#[test]
fn brackets_without_end_are_no_danger_in_any_language() {
    let repo = repo(ANY_ERROR);
    let depth = if is_long() { 200_000 } else { 11_000 };
    for (extension, before, open, close, after) in NESTS {
        let (open, close) = (open.repeat(depth), close.repeat(depth));
        repo.write(&format!("closed/a.{extension}"), format!("{before}{open}1{close}{after}\n"));
        repo.write(&format!("open/a.{extension}"), format!("{before}{open}\n"));
    }
    let check = |folder: &str| {
        let mut args: Vec<String> = ["check", "--only", "rules", "--format", "short"].map(str::to_owned).to_vec();
        args.extend(NESTS.map(|(extension, ..)| format!("{folder}/a.{extension}")));
        repo.tollgate(&args)
    };
    // All but that of Dockerfiles. In HTML each tag is compared with all that are open: the deadline ends that.
    let n_more = NESTS.len() - 2;
    check("closed").code(3).says("levels deep: no rule was run on it").says(&format!("(and {n_more} more files)"));
    let open = check("open");
    assert!(matches!(open.code, Some(1 | 3)) && !open.text().contains("panicked"), "{}", open.text());
}

#[test]
fn a_rule_that_matches_everything_is_cut_and_said_to_be() {
    let repo = repo(EVERY_NUMBER);
    let n_numbers = if is_long() { 900_000 } else { 60_000 };
    repo.write("a.js", format!("x = [{}];\n", "1, ".repeat(n_numbers)));
    let ran = repo.tollgate(&["check", "--only", "rules", "--format", "short", "a.js"]).code(1);
    let n_lines = ran.stdout.lines().filter(|line| line.contains("[every-number]")).count();
    assert!(n_lines <= 500, "{n_lines} lines");
    ran.says(&format!("{} more", n_numbers - 500));
}

#[test]
fn what_is_too_large_to_parse_is_said_not_to_be_looked_at() {
    let repo = repo(EVERY_NUMBER);
    let n_bytes = if is_long() { 31 << 20 } else { 5 << 20 };
    repo.write("line.js", format!("x = [{}];\n", "f(1,a.b),".repeat(n_bytes / 9)));
    let check = || repo.tollgate(&["check", "--only", "rules", "line.js"]);
    check().code(0).says("line.js: not looked at: ").says("are more than the 4 MiB that are parsed");
    // Nothing suppresses what can't be told to stand in a comment.
    repo.write(
        "line.js",
        format!("// tollgate: allow(every-number) all\nx = [{}];\n", "f(1,a.b),".repeat(n_bytes / 9)),
    );
    check().says("the suppressions in it are not read");
}

#[test]
fn minified_files_of_any_size_are_said_to_be_unread() {
    if !is_long() {
        // `a_large_file_is_said_to_be_unread` has one that takes no room on the disk.
        return;
    }
    let repo = repo(EVERY_NUMBER);
    repo.write("line.js", format!("x=[{}];\n", "f(1,a.b),".repeat(150_000_000 / 9)));
    repo.write("min.js", "function a(b,c){return b+c(1,2)};".repeat(150_000_000 / 33));
    for (file, said) in [("line.js", "143 MiB"), ("min.js", "143 MiB")] {
        let said = format!("{file}: not looked at: {said} are more than the 100 MiB that are read");
        repo.tollgate(&["check", "--only", "rules", file]).code(0).says(&said);
    }
}

#[test]
fn a_report_of_tests_is_read_whatever_its_size_and_told_to_be_broken_off() {
    let n_tests = if is_long() { 3_000_000 } else { 20_000 };
    // 170 bytes a test; the one that fails names a file that is nobody's business and colours its message.
    let report = |end: &str| {
        format!(
            r#"BEGIN {{ out = "report.xml"; print "<testsuites><testsuite name='s'>" > out
            for (n = 0; n < {n_tests}; n++) printf "<testcase classname='com.example.shop.CartTest' name='adds item number %d' time='0.01'><system-out>the cart holds %d items and all of them are in stock</system-out></testcase>\n", n, n > out
            print "<testcase name='bad' file='../../etc/passwd' line='1'><failure message='\033[31mred\033[0m'>at ../../../etc/passwd:3</failure></testcase>" > out
            printf "{end}" > out; exit 1 }}"#
        )
    };
    let repo = Repo::with(&[(".gitignore", "report.xml\n"), ("a.txt", "1\n")]);
    let policy = "builtin = false\n[stages.pre-commit]\nchecks = [\"*\"]\n[checks.unit]\nrun = [\"awk\", \"-f\", \"report.awk\"]\noutput = \"junit\"\noutput-file = \"report.xml\"\n";
    repo.stage(&[("tollgate.toml", policy), ("report.awk", &report("</testsuite></testsuites>"))]);
    repo.tollgate(&["install"]).code(0);
    let check = || repo.tollgate(&["check", "--staged", "--only", "unit"]).code(1);
    check().says("test `bad` failed").says("| red").is_silent_on("passwd:1").is_silent_on("broken off");
    repo.stage(&[("report.awk", &report("<testcase name='cut"))]);
    let told = format!("{} tests, of which 1 failed", n_tests + 1);
    check().says("test `bad` failed").says("broken off").says(&told);
}

#[test]
fn expressions_of_users_are_matched_in_linear_time_or_refused() {
    let rule = |regex: &str| {
        format!("id: a\nlanguage: Python\nseverity: error\nmessage: m\nrule: {{kind: string, regex: '{regex}'}}\n")
    };
    let repo = repo(&rule("^.(a+)+b$"));
    repo.write("a.py", format!("x = \"{}\"\n", "a".repeat(if is_long() { 3_000_000 } else { 100_000 })));
    repo.tollgate(&["check", "--only", "rules", "a.py"]).code(0).says("passed");
    for (regex, says) in [("((a{1000}){1000}){1000}", "exceeds size limit"), ("(a)\\1", "backreferences")] {
        fs::write(repo.top().join("rules/r.yml"), rule(regex)).unwrap();
        repo.tollgate(&["check", "--only", "rules", "a.py"]).code(2).says("rules/r.yml:5:").says(says);
    }
}

#[test]
fn rules_read_any_encoding_and_any_line_end() {
    let repo = repo(EVERY_NUMBER);
    let check = |bytes: &[u8], code: i32, says: &str| {
        repo.write("a.js", bytes);
        repo.tollgate(&["check", "--only", "rules", "--format", "short", "a.js"]).code(code).says(says);
    };
    check(b"// caf\xe9\nx = 1;\n", 1, "a.js:2:5");
    check(b"// caf\xc3\xa9\r\nx = 1;\r\n", 1, "a.js:2:5");
    check(b"\xef\xbb\xbfx = 1;\n", 1, "a.js:1:");
    check(b"x = 'a\0b';\ny = 1;\n", 1, "a.js:2:5");
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    // What can be read in it is, and the rest is said.
    check(&utf16("\u{feff}x = 1;\n"), 1, "a.js:1:11");
    repo.tollgate(&["check", "--only", "rules", "-v", "a.js"]).code(1).says("not UTF-8: rules read each byte");
}
