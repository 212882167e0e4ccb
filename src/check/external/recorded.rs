//! The readers on what real tools print, whole, cut off and damaged. They are not fuzzed by coverage, which needs a
//! compiler that is not stable: what is recorded is mutated instead.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{Index, select};

use crate::check::external::formats::read;
use crate::check::external::told::{Report, findings};
use crate::config::{Format, Output};
use crate::model::finding::Finding;
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::sarif::locate::span_of;
use crate::sarif::read::Origin;
use crate::sarif::text::Text;

/// What is recorded, and in which format: its name, `pattern` for the one below, or the file of a matcher.
const RECORDED: [(&str, &str); 19] = [
    ("clippy/out.jsonl", "rustc-json"),
    ("eslint/out.json", "eslint-json"),
    ("eslint/stylish.txt", "eslint/stylish.matcher.json"),
    ("gcc/a.c.txt", "gcc"),
    ("gcc/b.c.txt", "gcc"),
    ("mypy/ends.txt", "mypy"),
    ("mypy/out.txt", "mypy"),
    ("ruff/concise.txt", "pattern"),
    ("ruff/format.diff", "diff"),
    ("ruff/lsp.json", "lsp"),
    ("ruff/rdjson.json", "rdjson"),
    ("shellcheck/checkstyle.xml", "checkstyle"),
    ("shellcheck/fix.diff", "diff"),
    ("shellcheck/gcc.txt", "gcc"),
    ("shellcheck/out.json", "shellcheck-json"),
    ("tsc/plain.txt", "tsc"),
    ("tsc/pretty.txt", "tsc"),
    ("ty/workspace.json", "lsp"),
    ("yamllint/out.txt", "gcc"),
];

/// Formats of one document, of which nothing can be missing.
const DOCUMENTS: [&str; 6] = ["checkstyle", "eslint-json", "lsp", "rdjson", "rustc-json", "shellcheck-json"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/output")
}

fn format(name: &str) -> (Format, Vec<u8>) {
    if name == "pattern" {
        let pattern = r"^(?<path>[^:]+):(?<line>\d+):(?<column>\d+): (?<rule>\w+) (?:\[\*\] )?(?<message>.*)$";
        return (Format::Pattern(pattern.to_owned()), Vec::new());
    }
    match Output::NAMES.into_iter().find(|(known, _)| *known == name) {
        Some((_, Output::Findings(format))) => (format, Vec::new()),
        _ => (Format::Matcher(name.to_owned()), fs::read(folder().join(name)).expect("the matcher is there")),
    }
}

fn recorded(file: &str) -> Vec<u8> {
    fs::read(folder().join(file)).expect("the output is there")
}

fn read_as(name: &str, bytes: &[u8]) -> Result<Report, String> {
    let (format, matcher) = format(name);
    read(&format, &matcher, bytes)
}

fn found(report: Report, sources: &Path) -> Vec<Finding> {
    let origin = Origin { root: Path::new("/srv/project"), folder: &RepoPath::from(""), check: "tool" };
    findings(report, &origin, &|path| fs::read(sources.join(path.to_fs())).ok())
}

/// A place with the text that stands there.
fn shown_place(place: &Place, sources: &Path) -> String {
    let Some(path) = place.path() else { return "-".to_owned() };
    let bytes = fs::read(sources.join(path.to_fs())).unwrap_or_default();
    let text = Text::new(&bytes);
    match span_of(&text, place) {
        Some(span) => {
            format!("{path}:{} {:?}", text.line_at(span.start) + 1, String::from_utf8_lossy(text.slice(span)))
        }
        None => path.to_string(),
    }
}

/// Findings as text: rule, level, place with the text that stands there, message, related places and fixes.
pub(super) fn shown(found: &[Finding], sources: &Path) -> String {
    let mut out = String::new();
    for finding in found {
        let place = shown_place(&finding.place, sources);
        let _ = writeln!(out, "{} {} {place}: {}", finding.rule, finding.level.name(), finding.message);
        for related in &finding.related {
            let _ = writeln!(out, "  related {}: {}", shown_place(&related.place, sources), related.message);
        }
        let bytes = finding.place.path().and_then(|path| fs::read(sources.join(path.to_fs())).ok()).unwrap_or_default();
        let text = Text::new(&bytes);
        for fix in &finding.fixes {
            let _ = writeln!(out, "  fix {:?}: {}", fix.safety, fix.title);
            for edit in &fix.edits {
                let [old, new] = [text.slice(edit.span), &edit.replacement].map(String::from_utf8_lossy);
                let _ = writeln!(out, "    {old:?} -> {new:?}");
            }
        }
    }
    out
}

#[test]
fn what_tools_print_is_read() {
    for (file, name) in RECORDED {
        let report = read_as(name, &recorded(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(report.problem, None, "{file}");
        let output = folder().join(file);
        let sources = output.parent().expect("because it is in a folder");
        let expected = snapbox::Data::read_from(&folder().join(format!("{file}.findings")), None);
        snapbox::assert_data_eq!(shown(&found(report, sources), sources), expected.raw());
    }
}

#[test]
fn line_ends_and_encodings_of_windows_change_nothing() {
    for (file, name) in RECORDED.into_iter().filter(|(_, name)| *name != "diff") {
        let text = String::from_utf8(recorded(file)).expect("because they are UTF-8");
        let told = read_as(name, text.as_bytes()).unwrap().told;
        assert_eq!(read_as(name, text.replace('\n', "\r\n").as_bytes()).unwrap().told, told, "{file}");
        let text = text.replace("encoding='UTF-8'", "encoding='UTF-16'");
        let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(read_as(name, &utf16).unwrap().told, told, "{file}");
    }
}

proptest! {
    #[test]
    fn what_is_broken_off_is_told(case in select(RECORDED.to_vec()), end in any::<Index>()) {
        let (file, name) = case;
        let bytes = recorded(file);
        let whole = read_as(name, &bytes).unwrap().told;
        let cut = &bytes[..end.index(bytes.trim_ascii_end().len())];
        match read_as(name, cut) {
            Ok(report) if report.problem.is_none() => {
                // A line that is cut can't be told from one that is not: all before it are there.
                let n_sure = report.told.len().saturating_sub(1);
                prop_assert!(!DOCUMENTS.contains(&name), "{file} up to {}", cut.len());
                prop_assert_eq!(report.told.iter().take(n_sure).map(|told| &told.message).collect::<Vec<_>>(),
                    whole.iter().take(n_sure).map(|told| &told.message).collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    #[test]
    fn damage_is_no_danger(
        case in select(RECORDED.to_vec()),
        holes in proptest::collection::vec((any::<Index>(), any::<Index>(), any::<Vec<u8>>()), 1..6),
    ) {
        let (file, name) = case;
        let mut bytes = recorded(file);
        for (at, to, text) in holes {
            let at = at.index(bytes.len() + 1);
            let to = at + to.index(20.min(bytes.len() - at) + 1);
            bytes.splice(at..to, text.into_iter().take(10));
        }
        if let Ok(report) = read_as(name, &bytes) {
            let output = folder().join(file);
            shown(&found(report, output.parent().expect("a folder")), output.parent().expect("a folder"));
        }
    }

    #[test]
    fn any_bytes_are_no_danger(bytes in any::<Vec<u8>>(), case in select(RECORDED.to_vec())) {
        let _ = read_as(case.1, &bytes);
        let _ = read_as("lsp", &bytes);
        let _ = read_as("rdjsonl", &bytes);
    }
}
