//! One line a finding and nothing else: for editors, `grep` and scripts.

use std::io::{self, Write};

use crate::model::finding::Finding;
use crate::report::summary::{one_line, spot, told};
use crate::report::{Audience, Detail, Document};

/// Writes `path:line:col: level: text [id]` for each finding that the change brings in; for all of them if everything
/// is to be said.
pub(crate) fn write(document: &Document<'_>, audience: &Audience, out: &mut dyn Write) -> io::Result<()> {
    let is_told = |finding: &&Finding| audience.detail == Detail::Verbose || finding.is_brought_in();
    for finding in document.report.findings.iter().filter(is_told) {
        writeln!(out, "{}", line(finding, &told(finding)))?;
    }
    Ok(())
}

/// A finding on one line with this text, which is escaped already; one that was there before says so.
pub(crate) fn line(finding: &Finding, text: &str) -> String {
    let before = if finding.is_brought_in() { "" } else { " (was there before)" };
    format!("{}: {}: {text}{before} [{}]", spot(finding), finding.level.name(), one_line(finding.rule.as_str()))
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::report::{Audience, Detail, Document};
    use crate::sarif::sample;

    #[track_caller]
    fn check(detail: Detail, expected: &[&str]) {
        let report = sample::hostile();
        let verdict = sample::verdict(&report);
        let mut bytes = Vec::new();
        let audience = Audience { detail, ..Audience::LOG };
        write(&Document { report: &report, verdict: &verdict }, &audience, &mut bytes).expect("a Vec takes all");
        assert_eq!(String::from_utf8_lossy(&bytes).lines().collect::<Vec<_>>(), expected);
    }

    const CHANGE: &str = "(the change): warning: 900 changed lines [change-too-large]";
    const MESSAGE: &str = "(commit message):1:1: error: no type [message]";
    const NAMED: &str = "-a\\n\\x1b[2J\\xff %:#?<>&\"'|.rs:2:7: warning: \\x1b]0;title\\x07]]> & <b> \\u{202e} {0} [x](1) ::error::%0A|`x` [trailing-whitespace]";
    const FILE: &str = "b.json:1:1: note: check-json [check-json]";
    const GONE: &str = "gone\\xfe:1:1: error: no text at hand [lint/\\x1bX 1]";
    const BLANKS: &str = "src/app.py:2:10: error: two blanks at the end of the line [trailing-whitespace]";
    const OLD: &str =
        "src/app.py:2:10: error: two blanks at the end of the line (was there before) [trailing-whitespace]";
    const SECRET: &str = "conf/prod.yml:2:13: error: a password stands in the content [hardcoded-secret]";

    #[test]
    fn a_line_for_each_finding_that_the_change_brings_in() {
        check(Detail::Normal, &[CHANGE, MESSAGE, NAMED, FILE, GONE, BLANKS, SECRET]);
        check(Detail::Verbose, &[CHANGE, MESSAGE, NAMED, FILE, GONE, OLD, BLANKS, SECRET]);
    }
}
