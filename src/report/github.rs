//! Log commands of GitHub Actions, which it shows as annotations on the changed lines.

use std::io::{self, Write};

use crate::model::escape::escaped;
use crate::model::finding::Finding;
use crate::model::outcome::{Breakage, CheckRun, Outcome};
use crate::model::rule::{Level, RuleId};
use crate::report::summary::{count, line_and_column, one_line, told, verdict_line};
use crate::report::{Audience, Document};

/// How many annotations of a level GitHub keeps of one step.
const MAX_OF_LEVEL: usize = 10;

/// Writes a command for each check that could not run and each finding that the change brings in, as many as GitHub
/// keeps, then how many more there are, and the verdict.
pub(crate) fn write(document: &Document<'_>, _: &Audience, out: &mut dyn Write) -> io::Result<()> {
    let broken: Vec<String> = document.report.checks.iter().filter_map(of_check).collect();
    for level in [Level::Error, Level::Warning, Level::Note] {
        let of_level = |finding: &&Finding| finding.level == level && finding.is_brought_in();
        let of_findings = document.report.findings.iter().filter(of_level).map(of_finding);
        let of_checks = broken.iter().filter(|_| level == Level::Error).cloned();
        let commands: Vec<String> = of_checks.chain(of_findings).collect();
        for command in commands.iter().take(MAX_OF_LEVEL) {
            writeln!(out, "{command}")?;
        }
        if commands.len() > MAX_OF_LEVEL {
            let n_more = count(commands.len() - MAX_OF_LEVEL, &format!("more {}", level.name()));
            writeln!(out, "and {n_more}, which GitHub would not show here")?;
        }
    }
    writeln!(out, "{}", verdict_line(document))
}

fn of_check(check: &CheckRun) -> Option<String> {
    let Outcome::Broken(Breakage { why, hint, .. }) = &check.outcome else {
        return None;
    };
    let title = property(&format!("{} could not run", one_line(check.id.as_str())));
    Some(format!("::error title={title}::{}", data(&with_hint(&one_line(why), hint))))
}

fn of_finding(finding: &Finding) -> String {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(path) = finding.place.path() {
        properties.push(format!("file={}", property(&named(path.as_bytes()))));
        properties.extend(lines(finding));
    }
    properties.push(format!("title={}", property(&title(&finding.rule))));
    format!("::{command} {}::{}", properties.join(","), data(&with_hint(&told(finding), &finding.hint)))
}

/// The path as GitHub knows it. Line feeds and the like are escaped by the command's own rules, so the text stays as
/// it is where it is text.
fn named(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

fn title(rule: &RuleId) -> String {
    one_line(rule.as_str())
}

/// Columns are shown only where a finding has one line.
fn lines(finding: &Finding) -> Vec<String> {
    let (line, _) = line_and_column(finding);
    let Some(region) = &finding.region else {
        return vec![format!("line={line}")];
    };
    let (start, end) = (region.start, region.end);
    let mut properties = vec![format!("line={}", start.line), format!("endLine={}", end.line)];
    if start.line == end.line {
        properties.push(format!("col={}", start.column));
        properties.push(format!("endColumn={}", end.column));
    }
    properties
}

fn with_hint(text: &str, hint: &str) -> String {
    if hint.is_empty() { text.to_owned() } else { format!("{text}\n{}", one_line(hint)) }
}

/// The text of a command: it ends at the line end.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escaped).collect();
    lines.join("\n").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command: it also ends at a colon or comma.
fn property(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '%' | ':' | ',' => out.push_str(&format!("%{:02X}", u32::from(character))),
            '\r' | '\n' => out.push_str(&format!("%{:02X}", u32::from(character))),
            other => out.push_str(&escaped(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::model::outcome::RunReport;
    use crate::report::tests;
    use crate::sarif::sample;

    fn written(report: &RunReport) -> String {
        tests::written("github", report)
    }

    #[test]
    fn a_command_a_finding_and_the_verdict() {
        let text = written(&sample::with(vec![sample::secret()]));
        let expected = "::error file=conf/prod.yml,line=2,endLine=2,col=13,endColumn=21,title=hardcoded-secret::\
                        a password stands in the content%0Aread it from the environment and change the password: it is known now\n\
                        blocked: 1 new error (hardcoded-secret) in 1 of 7 files - 31 ms\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_from_outside_becomes_a_command() {
        let text = written(&sample::hostile());
        let starts: Vec<&str> =
            text.lines().map(|line| line.split([' ', ':']).find(|word| !word.is_empty()).unwrap_or("")).collect();
        assert_eq!(starts, ["error", "error", "error", "error", "error", "warning", "warning", "notice", "blocked"]);
        let named = text.lines().find(|line| line.contains("file=-a")).expect("the finding");
        let expected = "::warning file=-a%0A\\x1b[2J\u{fffd} %25%3A#?<>&\"'|.rs,line=2,endLine=2,col=7,endColumn=10,title=trailing-whitespace::\
                        \\x1b]0;title\\x07]]> & <b> \\u{202e} {0} [x](1) ::error::%250A|`x`%0A\\x1b[2J";
        assert_eq!(named, expected);
    }

    #[test]
    fn no_more_than_github_keeps() {
        let findings = (0..14).map(|n| sample::at("r", format!("f{n}").as_bytes(), "x", "x")).collect();
        let text = written(&sample::with(findings));
        assert_eq!(text.matches("::error ").count(), 10);
        assert!(text.contains("\nand 4 more errors, which GitHub would not show here\n"), "{text}");
    }
}
