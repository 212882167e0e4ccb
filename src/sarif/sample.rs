//! Reports for tests.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use crate::model::change::ObjectId;
use crate::model::coverage::{Coverage, FileCoverage};
use crate::model::finding::{Anchor, Edit, Finding, Related, State};
use crate::model::outcome::{Breakage, CheckRun, Notice, Outcome, RunReport, Subject};
use crate::model::path::RepoPath;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level, Rule, RuleId};
use crate::model::verdict::{Reason, Verdict};
use crate::sarif::locate::locate;
use crate::sarif::text::Text;

/// A run that looked at seven staged files in 31 ms and found nothing.
pub(crate) fn clean() -> RunReport {
    RunReport {
        subject: Subject {
            title: "staged changes against HEAD (main)".to_owned(),
            policy: "tollgate.toml (index)".to_owned(),
            stage: "pre-commit".to_owned(),
            revision: None,
            branch: "main".to_owned(),
            repository: "https://example.org/team/project.git".to_owned(),
            n_files: 7,
        },
        rules: vec![
            rule("hardcoded-secret", Family::Secrets, "a password or key stands in the content"),
            rule("trailing-whitespace", Family::Hygiene, "blanks at the end of a line"),
        ],
        checks: vec![
            check("trailing-whitespace", Family::Hygiene, Outcome::Clean),
            check("hardcoded-secret", Family::Secrets, Outcome::Clean),
        ],
        findings: Vec::new(),
        suppressed: Vec::new(),
        coverage: None,
        notices: Vec::new(),
        hashes: BTreeMap::new(),
        started: UNIX_EPOCH + Duration::from_millis(1_795_417_200_123),
        duration: Duration::from_micros(31_400),
    }
}

/// Two of three changed lines run, and one function of two.
pub(crate) fn coverage() -> Coverage {
    let file = FileCoverage { covered: vec![2], partly: vec![3], uncovered: vec![7], moved: vec![9] };
    Coverage {
        files: vec![(RepoPath::new(&b"src/a\xff.py"[..]), file)],
        n_functions: 2,
        n_uncovered_functions: 1,
        unmeasured: vec!["src/b.py".into()],
    }
}

/// A rule; one whose id says `secret` is about security.
pub(crate) fn rule(id: &str, family: Family, summary: &str) -> Rule {
    let is_security = id.contains("secret");
    Rule {
        id: RuleId::from(id),
        family,
        level: Level::Error,
        summary: summary.to_owned(),
        doc: format!("# What it finds\n\nIt finds {summary}.\n\n# Fix\n\nRemove it."),
        url: String::new(),
        category: if is_security { "security" } else { "" }.to_owned(),
        precision: if is_security { "high" } else { "" }.to_owned(),
        cwe: if is_security { vec![798] } else { Vec::new() },
    }
}

/// A check that looked at seven files.
pub(crate) fn check(id: &str, family: Family, outcome: Outcome) -> CheckRun {
    CheckRun { n_files: 7, duration: Duration::from_millis(3), ..CheckRun::new(RuleId::from(id), family, outcome) }
}

/// A finding at the first occurrence of `needle` in a file.
pub(crate) fn at(rule: &str, path: &[u8], text: &str, needle: &str) -> Finding {
    let start = text.find(needle).expect("the needle is in the text");
    let place = Place::Span(RepoPath::new(path), Span { start, end: start + needle.len() });
    let mut finding = Finding::new(rule, Level::Error, place, format!("found by {rule}"));
    finding.region = locate(&Text::new(text.as_bytes()), &finding.place);
    finding.anchor = Anchor::new("", needle.as_bytes());
    finding
}

/// Blanks at the end of the second line of a Python file.
pub(crate) fn trailing_whitespace() -> Finding {
    let mut finding = at("trailing-whitespace", b"src/app.py", "def main():\n    run()  \n    stop()\n", "  \n");
    finding.message = "two blanks at the end of the line".to_owned();
    let place = Span { start: 21, end: 23 };
    finding.place = Place::Span("src/app.py".into(), place);
    finding.region = locate(&Text::new(b"def main():\n    run()  \n    stop()\n"), &finding.place);
    finding
        .with_hint("remove them, or let `tollgate fix` do it")
        .with_fix("remove the trailing whitespace", vec![Edit { span: place, replacement: Vec::new() }])
        .with_anchor(Anchor::new("main", b"run()"))
}

/// A password in a YAML file, with the place where it is used.
pub(crate) fn secret() -> Finding {
    let mut finding = at("hardcoded-secret", b"conf/prod.yml", "db:\n  password: hunter2!\n", "hunter2!");
    finding.message = "a password stands in the content".to_owned();
    finding.related.push(Related {
        place: Place::File("src/app.py".into()),
        region: None,
        message: "it is read here".to_owned(),
    });
    finding.with_hint("read it from the environment and change the password: it is known now")
}

/// The same run with these findings; their checks are not told.
pub(crate) fn with(findings: Vec<Finding>) -> RunReport {
    RunReport { findings, ..clean() }
}

/// Everything at once that may make trouble: names, texts, places, outcomes.
pub(crate) fn hostile() -> RunReport {
    let text = "a\u{202e}b\r\n\t\u{1b}[31mé😀 x::error::\n]]>&<\"'\n";
    let mut named = at("trailing-whitespace", b"-a\n\x1b[2J\xff %:#?<>&\"'|.rs", text, "é😀");
    named.message = "\u{1b}]0;title\u{7}]]> & <b> \u{202e} {0} [x](1)\r\n::error::%0A|`x`".to_owned();
    named.hint = "\u{1b}[2J".to_owned();
    named.level = Level::Warning;
    named.state = State::Updated;
    named.fixes.clear();
    let named = named.with_fix("", vec![Edit { span: Span { start: 0, end: 1 }, replacement: b"\xff".to_vec() }]);
    let whole = Finding::new("check-json", Level::Note, Place::File("b.json".into()), "");
    let unresolved = Finding::new(
        "lint/\u{1b}X 1",
        Level::Error,
        Place::Span(RepoPath::new(&b"gone\xfe"[..]), Span { start: usize::MAX - 1, end: usize::MAX }),
        "no text at hand",
    );
    let mut message = Finding::new("message", Level::Error, Place::Message(Span { start: 0, end: 3 }), "no type");
    message.region = locate(&Text::new(b"abc\n"), &message.place);
    let change = Finding::new("change-too-large", Level::Warning, Place::Change, "900 changed lines");
    let old = Finding { state: State::Unchanged, ..trailing_whitespace() };
    let breakage = Breakage {
        why: "the program `li\u{1b}nt` is missing".to_owned(),
        hint: "install it".to_owned(),
        log: "line 1\n\u{1b}[31mline 2".to_owned(),
    };
    RunReport {
        checks: vec![
            check("lint", Family::Tools, Outcome::Broken(breakage)),
            check("unit", Family::Tests, Outcome::Skipped("no file of its type".to_owned())),
        ],
        notices: vec![Notice {
            check: "check-json".into(),
            path: Some(RepoPath::new(&b"big\xff\n.json"[..])),
            message: "1 GB is too large".to_owned(),
        }],
        subject: Subject {
            revision: ObjectId::from_hex(&[b'a'; 40]),
            repository: "git@example.org:team/project.git".to_owned(),
            ..clean().subject
        },
        ..with(vec![change, message, named, whole, unresolved, old, trailing_whitespace(), secret()])
    }
}

/// The verdict over findings, as the gate gives it with `fail-on = "error"` and new findings only.
pub(crate) fn verdict(report: &RunReport) -> Verdict {
    let counted = || report.findings.iter().filter(|finding| finding.level == Level::Error && finding.is_brought_in());
    let mut rules: Vec<RuleId> = counted().map(|finding| finding.rule.clone()).collect();
    rules.sort();
    rules.dedup();
    let mut files: Vec<&RepoPath> = counted().filter_map(|finding| finding.place.path()).collect();
    files.sort();
    files.dedup();
    let mut reasons = Vec::new();
    if counted().next().is_some() {
        let (n_findings, n_files) = (counted().count(), files.len());
        reasons.push(Reason::Findings { level: Level::Error, n_findings, n_files, rules });
    }
    for run in &report.checks {
        if let Outcome::Broken(breakage) = &run.outcome {
            reasons.push(Reason::Broken { check: run.id.clone(), why: breakage.why.clone() });
        }
    }
    if reasons.is_empty() { Verdict::Pass } else { Verdict::Block(reasons) }
}
