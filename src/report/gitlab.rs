//! GitLab's Code Quality report. GitLab compares it with the report of the target branch itself, so every finding is
//! in it.

use std::io::{self, Write};

use serde::Serialize;

use crate::model::finding::Finding;
use crate::model::rule::Level;
use crate::report::summary::{line_and_column, one_line, told};
use crate::report::{Audience, Document};
use crate::sarif::fingerprint::fingerprints;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// Writes the list of all findings.
pub(crate) fn write(document: &Document<'_>, _: &Audience, out: &mut dyn Write) -> io::Result<()> {
    let findings = &document.report.findings;
    let issues: Vec<Issue> = findings.iter().zip(fingerprints(findings)).map(issue).collect();
    serde_json::to_writer(&mut *out, &issues)?;
    out.write_all(b"\n")
}

fn issue((finding, fingerprint): (&Finding, String)) -> Issue {
    let hint = if finding.hint.is_empty() { String::new() } else { format!(" - {}", one_line(&finding.hint)) };
    // GitLab refuses an issue without a path; what concerns no file stands at the top of the work tree.
    let path = finding.place.path().map_or_else(|| ".".to_owned(), ToString::to_string);
    let begin = if finding.place.path().is_some() { line_and_column(finding).0 } else { 1 };
    Issue {
        description: told(finding) + &hint,
        check_name: one_line(finding.rule.as_str()),
        fingerprint,
        severity: match finding.level {
            Level::Error => "major",
            Level::Warning => "minor",
            Level::Note => "info",
        },
        location: Location { path, lines: Lines { begin } },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::write;
    use crate::model::outcome::RunReport;
    use crate::report::{Audience, Document};
    use crate::sarif::sample;

    fn written(report: &RunReport) -> Value {
        let verdict = sample::verdict(report);
        let mut bytes = Vec::new();
        write(&Document { report, verdict: &verdict }, &Audience::LOG, &mut bytes).expect("a Vec takes all");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[test]
    fn an_issue_has_what_gitlab_asks_for() {
        let issues = written(&sample::with(vec![sample::trailing_whitespace()]));
        let mut issue = issues[0].clone();
        let fingerprint = issue.as_object_mut().and_then(|issue| issue.remove("fingerprint")).expect("a fingerprint");
        assert_eq!(fingerprint.as_str().map(str::len), Some(32));
        let expected = json!({
            "description": "two blanks at the end of the line - remove them, or let `tollgate fix` do it",
            "check_name": "trailing-whitespace",
            "severity": "major",
            "location": { "path": "src/app.py", "lines": { "begin": 2 } },
        });
        assert_eq!(issue, expected);
    }

    #[test]
    fn fingerprints_are_unique_and_every_issue_has_a_path() {
        let issues = written(&sample::hostile());
        let issues = issues.as_array().expect("a list");
        let fingerprints: BTreeSet<&str> = issues.iter().filter_map(|issue| issue["fingerprint"].as_str()).collect();
        assert_eq!((issues.len(), fingerprints.len()), (8, 8));
        assert!(issues.iter().all(|issue| issue["location"]["path"].as_str().is_some_and(|path| !path.is_empty())));
        assert_eq!(written(&sample::clean()), json!([]));
    }
}
