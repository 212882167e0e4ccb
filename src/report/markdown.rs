//! Markdown for a step summary or a comment. Everything from outside is text: nothing of it becomes markup, a link or
//! a mention.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::model::escape::escaped_lines;
use crate::model::finding::Finding;
use crate::model::outcome::{Breakage, Outcome, RunReport};
use crate::model::place::Place;
use crate::report::summary::{count, coverage, line_and_column, one_line, told, verdict_line};
use crate::report::{Audience, Detail, Document};

/// The most findings that are shown; a step summary may have 1 MiB, a comment 64 KiB.
const MAX_FINDINGS: usize = 100;
/// The most characters of a text that are shown.
const MAX_TEXT: usize = 400;
/// The most bytes of a log that are shown, counted from its end.
const MAX_LOG: usize = 2_000;

/// Writes a heading with the verdict, what could not run, and the findings by file.
pub(crate) fn write(document: &Document<'_>, audience: &Audience, out: &mut dyn Write) -> io::Result<()> {
    let report = document.report;
    let heading = if document.verdict.is_pass() { "passed" } else { "blocked" };
    let mut text = format!("## Tollgate: {heading}\n\n{}\n\n", plain(&verdict_line(document)));
    let subject = &report.subject;
    let _ = writeln!(
        text,
        "Looked at {}; stage {}; policy {}.",
        plain(&one_line(&subject.title)),
        code(&one_line(&subject.stage)),
        plain(&one_line(&subject.policy))
    );
    push_coverage(&mut text, report);
    push_broken(&mut text, report);
    push_findings(&mut text, report, audience.detail);
    push_notices(&mut text, report);
    out.write_all(text.as_bytes())
}

/// The files of which a changed line was not run, the worst first; nothing where coverage was not measured.
fn push_coverage(text: &mut String, report: &RunReport) {
    const SHOWN: usize = 20;
    let Some(measured) = &report.coverage else { return };
    let told = coverage(measured);
    let _ = write!(text, "\n{}\n", plain(&told));
    let mut files: Vec<_> = measured.files.iter().filter(|(_, file)| !file.uncovered.is_empty()).collect();
    files.sort_by_key(|(_, file)| Reverse(file.uncovered.len()));
    if !files.is_empty() {
        text.push_str("\n| file | changed lines | not run |\n| --- | ---: | ---: |\n");
    }
    for (path, file) in files.iter().take(SHOWN) {
        let path = code(&path.to_string()).replace('|', "\\|");
        let _ = writeln!(text, "| {path} | {} | {} |", file.n_lines(), file.uncovered.len());
    }
    if files.len() > SHOWN {
        let _ = write!(text, "\n…and {}.\n", count(files.len() - SHOWN, "more file"));
    }
}

fn push_broken(text: &mut String, report: &RunReport) {
    for check in &report.checks {
        match &check.outcome {
            Outcome::Broken(Breakage { why, hint, log }) => {
                let _ = write!(text, "\n### {} could not run\n\n{}\n", code(&one_line(check.id.as_str())), short(why));
                if !hint.is_empty() {
                    let _ = write!(text, "\n{}\n", short(hint));
                }
                if !log.is_empty() {
                    let _ = write!(text, "\n{}\n", fenced(&tail(log)));
                }
            }
            Outcome::Skipped(why) => {
                let _ = write!(text, "\n{} was skipped: {}\n", code(&one_line(check.id.as_str())), short(why));
            }
            Outcome::Clean | Outcome::Found(_) => {}
        }
    }
}

fn push_findings(text: &mut String, report: &RunReport, detail: Detail) {
    let is_shown = |finding: &&Finding| detail == Detail::Verbose || finding.is_brought_in();
    let shown: Vec<&Finding> = report.findings.iter().filter(is_shown).collect();
    let mut heading = String::new();
    for finding in shown.iter().take(MAX_FINDINGS) {
        let of_finding = heading_of(finding);
        if of_finding != heading {
            let _ = write!(text, "\n### {of_finding}\n\n");
            heading = of_finding;
        }
        let line = finding.place.path().map(|_| format!(" line {}", line_and_column(finding).0)).unwrap_or_default();
        let rule = code(&one_line(finding.rule.as_str()));
        let _ = writeln!(text, "- **{}**{line}: {} ({rule})", finding.level.name(), short(&told(finding)));
        if !finding.hint.is_empty() {
            let _ = writeln!(text, "  <br>{}", short(&finding.hint));
        }
    }
    if shown.len() > MAX_FINDINGS {
        let _ = write!(text, "\n…and {}.\n", count(shown.len() - MAX_FINDINGS, "more finding"));
    }
}

fn heading_of(finding: &Finding) -> String {
    match &finding.place {
        Place::Change => "The change".to_owned(),
        Place::Message(_) => "The commit message".to_owned(),
        Place::File(path) | Place::Span(path, _) | Place::Lines { path, .. } => code(&path.to_string()),
    }
}

fn push_notices(text: &mut String, report: &RunReport) {
    if report.notices.is_empty() {
        return;
    }
    let _ = write!(text, "\n### Not looked at in full\n\n");
    for notice in report.notices.iter().take(MAX_FINDINGS) {
        let path = notice.path.as_ref().map(|path| format!(" {}", code(&path.to_string()))).unwrap_or_default();
        let _ = writeln!(text, "- {}{path}: {}", code(&one_line(notice.check.as_str())), short(&notice.message));
    }
    if report.notices.len() > MAX_FINDINGS {
        let _ = writeln!(text, "- and {} more", report.notices.len() - MAX_FINDINGS);
    }
}

/// A text from outside on one line and of bounded length.
fn short(text: &str) -> String {
    let text = one_line(text);
    match text.char_indices().nth(MAX_TEXT) {
        None => plain(&text),
        Some((end, _)) => format!("{}…", plain(text.get(..end).unwrap_or(&text))),
    }
}

/// The text with all that Markdown, GitHub or HTML could understand taken away from them.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, character) in text.char_indices() {
        let is_address = character == '.'
            && text.get(index.saturating_sub(3)..index).is_some_and(|before| before.eq_ignore_ascii_case("www"));
        let begins_list = index == 0 && !character.is_alphabetic();
        match character {
            // A backslash does not stop GitHub from finding mentions, issue numbers and addresses.
            '@' | '#' | '&' | '<' | '>' | ':' => push_entity(&mut out, character),
            _ if is_address || begins_list => push_entity(&mut out, character),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

fn push_entity(out: &mut String, character: char) {
    let _ = write!(out, "&#{};", u32::from(character));
}

/// The text as code on one line; the fence is longer than any in it.
fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// The text as a block of code.
fn fenced(text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}text\n{}\n{fence}", escaped_lines(text))
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// The end of a log.
fn tail(log: &str) -> String {
    let start = log.ceil_char_boundary(log.len().saturating_sub(MAX_LOG));
    log.get(start..).unwrap_or(log).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{code, plain};
    use crate::model::outcome::RunReport;
    use crate::report::tests;
    use crate::sarif::sample;

    fn written(report: &RunReport) -> String {
        tests::written("markdown", report)
    }

    #[test]
    fn findings_by_file_under_the_verdict() {
        let expected = "\
## Tollgate: blocked

blocked&#58; 2 new errors (hardcoded-secret, trailing-whitespace) in 2 of 7 files - 31 ms

Looked at staged changes against HEAD (main); stage `pre-commit`; policy tollgate.toml (index).

### `conf/prod.yml`

- **error** line 2: a password stands in the content (`hardcoded-secret`)
  <br>read it from the environment and change the password&#58; it is known now

### `src/app.py`

- **error** line 2: two blanks at the end of the line (`trailing-whitespace`)
  <br>remove them, or let \\`tollgate fix\\` do it
";
        assert_eq!(written(&sample::with(vec![sample::secret(), sample::trailing_whitespace()])), expected);
    }

    #[test]
    fn what_could_not_run_comes_first() {
        let text = written(&sample::hostile());
        let broken = text.find("### `lint` could not run").expect("the broken check");
        assert!(broken < text.find("### The change").expect("the findings"), "{text}");
        assert!(text.contains("```text\nline 1\n\\x1b[31mline 2\n```\n"), "{text}");
        assert!(text.contains("\n`unit` was skipped: no file of its type\n"), "{text}");
    }

    #[test]
    fn text_from_outside_is_no_markup() {
        assert_eq!(
            plain("<b>@me #1 [x](https://a.b) |`*_"),
            "&#60;b&#62;&#64;me &#35;1 \\[x\\](https&#58;//a.b) \\|\\`\\*\\_"
        );
        assert_eq!(plain("1. www.a.b - c"), "&#49;. www&#46;a.b - c");
        assert_eq!(plain("- x"), "&#45; x");
        assert_eq!(code("a``b`"), "``` a``b` ```");
    }

    #[test]
    fn many_findings_are_cut() {
        let findings = (0..140).map(|n| sample::at("r", format!("f{n:03}").as_bytes(), "x", "x")).collect();
        let text = written(&sample::with(findings));
        assert_eq!(text.matches("**error**").count(), 100);
        assert!(text.ends_with("\n…and 40 more findings.\n"), "{text}");
    }
}
