//! The words that every format has in common: the verdict in one sentence, counts, times, and what is escaped how.

use std::time::Duration;

use crate::model::coverage::Coverage;
use crate::model::escape::escaped;
use crate::model::finding::Finding;
use crate::model::outcome::{CheckRun, Outcome, RunReport};
use crate::model::place::Place;
use crate::model::rule::{Family, Level, RuleId};
use crate::model::verdict::{Reason, Verdict};
use crate::report::Document;

/// The most names in a list before the rest is told by its number.
const MAX_NAMES: usize = 3;

/// The verdict with its reason, on one line and escaped: `blocked: 2 new errors (check-json) in 1 of 7 files - 31 ms`.
pub(crate) fn verdict_line(document: &Document<'_>) -> String {
    let report = document.report;
    let said = match document.verdict {
        Verdict::Pass if is_nothing(report) => format!("nothing to check: {}", one_line(&report.subject.title)),
        Verdict::Pass => passed(report),
        Verdict::Block(reasons) => blocked(reasons, report),
    };
    format!("{said} - {}", duration(report.duration))
}

/// Whether there was nothing that a check could have looked at.
pub(crate) fn is_nothing(report: &RunReport) -> bool {
    // A command may look at the project without being given a file of it.
    let ran = |check: &CheckRun| match &check.outcome {
        // A message is always there to be looked at: a check of it that did not was left out.
        Outcome::Skipped(_) => check.family == Family::Message,
        Outcome::Clean => check.n_files > 0 || matches!(check.family, Family::Tools | Family::Tests),
        Outcome::Found(_) | Outcome::Broken(_) => true,
    };
    report.subject.n_files == 0 && report.findings.is_empty() && !report.checks.iter().any(ran)
}

fn passed(report: &RunReport) -> String {
    let n_run = report.checks.iter().filter(|check| !matches!(check.outcome, Outcome::Skipped(_))).count();
    let mut parts = Vec::new();
    if report.subject.n_files > 0 {
        parts.push(count(report.subject.n_files, "file"));
    }
    parts.push(count(n_run, "check"));
    let mut said = format!("passed: {}: {}", one_line(&report.subject.title), parts.join(", "));
    for counted in new_ones(report, |_| true) {
        said += &format!(", {counted}");
    }
    if let Some(measured) = &report.coverage {
        said += &format!("; {}", coverage(measured));
    }
    said + &n_before(report, ", ") + &n_suppressed(report, ", ") + &not_run(report, |_| true)
}

/// What the tests ran of the change: `coverage 92.3 % of 26 changed lines, 1 of 5 changed functions run by no test`.
pub(crate) fn coverage(coverage: &Coverage) -> String {
    let lines = match coverage.per_mille() {
        None => "coverage: no changed line can be run".to_owned(),
        Some(part) => {
            let lines = count(coverage.n_lines(), "changed line");
            format!("coverage: {}.{} % of {lines}", part / 10, part % 10)
        }
    };
    match coverage.n_uncovered_functions {
        0 => lines,
        n_uncovered => {
            format!("{lines}, {n_uncovered} of {} run by no test", count(coverage.n_functions, "changed function"))
        }
    }
}

/// `2 new warnings` for each of these levels of which the change brings something in.
fn new_ones(report: &RunReport, is_meant: impl Fn(Level) -> bool) -> Vec<String> {
    let n_new = |level| report.findings.iter().filter(|one| one.level == level && one.is_brought_in()).count();
    let levels = [Level::Error, Level::Warning, Level::Note].into_iter().filter(|level| is_meant(*level));
    let counted = levels.map(|level| (n_new(level), level)).filter(|(number, _)| *number > 0);
    counted.map(|(number, level)| count(number, &format!("new {}", level.name()))).collect()
}

fn blocked(reasons: &[Reason], report: &RunReport) -> String {
    let of_findings: Vec<String> = reasons.iter().filter_map(|reason| counted(reason, report)).collect();
    let broken: Vec<(&RuleId, &str)> = reasons
        .iter()
        .filter_map(|reason| match reason {
            Reason::Broken { check, why } => Some((check, why.as_str())),
            Reason::Findings { .. } => None,
        })
        .collect();
    let blocks =
        |level: Level| reasons.iter().any(|one| matches!(one, Reason::Findings { level: of, .. } if *of == level));
    let parts: Vec<String> = (!of_findings.is_empty())
        .then(|| of_findings.join(", "))
        .into_iter()
        .chain(could_not_run(&broken))
        .chain(Some(new_ones(report, |level| !blocks(level)).join(", ")).filter(|other| !other.is_empty()))
        .collect();
    let said = format!("blocked: {}", parts.join("; "));
    let told: Vec<&RuleId> = broken.iter().map(|(check, _)| *check).collect();
    said + &n_before(report, "; ") + &n_suppressed(report, "; ") + &not_run(report, |check| !told.contains(&&check.id))
}

/// Why the first of these checks could not run, with those that have the same reason, and how many others there are.
fn could_not_run(broken: &[(&RuleId, &str)]) -> Vec<String> {
    let Some((_, why)) = broken.first() else { return Vec::new() };
    let same: Vec<&RuleId> = broken.iter().filter(|(_, other)| other == why).map(|(check, _)| *check).collect();
    let mut said = vec![format!("{} could not run: {}", subject_of(&same), one_line(why))];
    let n_more = broken.len() - same.len();
    if n_more > 0 {
        said.push(format!("{} could not run either", count(n_more, "more check")));
    }
    said
}

/// All of these ids.
pub(crate) fn listed(ids: &[&RuleId]) -> String {
    ids.iter().map(|id| one_line(id.as_str())).collect::<Vec<_>>().join(", ")
}

/// Checks of which the same is to be said.
pub(crate) fn subject_of(checks: &[&RuleId]) -> String {
    match checks {
        [one] => one_line(one.as_str()),
        several => count(several.len(), "check"),
    }
}

/// `2 new errors (trailing-whitespace, check-json) in 1 of 7 files`; none for a reason without findings.
fn counted(reason: &Reason, report: &RunReport) -> Option<String> {
    let Reason::Findings { level, n_findings, n_files, rules } = reason else {
        return None;
    };
    let n_new = report.findings.iter().filter(|one| one.level == *level && one.is_brought_in()).count();
    let noun = if n_new >= *n_findings { format!("new {}", level.name()) } else { level.name().to_owned() };
    let mut said = format!("{} ({})", count(*n_findings, &noun), names(rules));
    if *n_files > 0 && report.subject.n_files >= *n_files {
        said += &format!(" in {n_files} of {}", count(report.subject.n_files, "file"));
    } else if *n_files > 0 {
        said += &format!(" in {}", count(*n_files, "file"));
    }
    Some(said)
}

fn n_before(report: &RunReport, before: &str) -> String {
    match report.findings.iter().filter(|finding| !finding.is_brought_in()).count() {
        0 => String::new(),
        1 => format!("{before}1 finding was there before"),
        more => format!("{before}{more} findings were there before"),
    }
}

/// What comments allow is counted, too.
fn n_suppressed(report: &RunReport, before: &str) -> String {
    match report.suppressed.len() {
        0 => String::new(),
        number => format!("{before}{number} suppressed"),
    }
}

/// Nothing that did not run is kept silent.
fn not_run(report: &RunReport, is_told_here: impl Fn(&CheckRun) -> bool) -> String {
    let of = |is_kind: fn(&Outcome) -> bool| {
        let ids = report.checks.iter().filter(|check| is_kind(&check.outcome) && is_told_here(check));
        ids.map(|check| check.id.clone()).collect::<Vec<_>>()
    };
    let broken = of(|outcome| matches!(outcome, Outcome::Broken(_)));
    let skipped = of(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let mut said = String::new();
    if !broken.is_empty() {
        said += &format!("; could not run: {}", names(&broken));
    }
    if !skipped.is_empty() {
        said += &format!("; skipped: {}", names(&skipped));
    }
    said
}

/// The first few ids, and how many more there are.
fn names(ids: &[RuleId]) -> String {
    let mut said: Vec<String> = ids.iter().take(MAX_NAMES).map(|id| one_line(id.as_str())).collect();
    if ids.len() > MAX_NAMES {
        said.push(format!("{} more", ids.len() - MAX_NAMES));
    }
    said.join(", ")
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A time for people.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{}.{} s", seconds, duration.subsec_millis() / 100),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// A text from outside on one line: lines are joined by spaces, what could deceive is made visible.
pub(crate) fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    escaped(&lines.join(" "))
}

/// The message of a finding on one line, never empty.
pub(crate) fn told(finding: &Finding) -> String {
    let message = one_line(&finding.message);
    if message.is_empty() { one_line(finding.rule.as_str()) } else { message }
}

/// Where a finding is, escaped: `path:line:col` in a file, and words in brackets where there is no file.
pub(crate) fn spot(finding: &Finding) -> String {
    let name = match &finding.place {
        Place::Change => return "(the change)".to_owned(),
        Place::Message(_) => "(commit message)".to_owned(),
        Place::File(path) | Place::Span(path, _) | Place::Lines { path, .. } => path.to_string(),
    };
    let (line, column) = line_and_column(finding);
    format!("{name}:{line}:{column}")
}

/// Where a finding starts; the first line and column if it is not known.
pub(crate) fn line_and_column(finding: &Finding) -> (u32, u32) {
    match (&finding.region, &finding.place) {
        (Some(region), _) => (region.start.line, region.start.column),
        (None, Place::Lines { start, .. }) => (start.line.max(1), start.column.max(1)),
        (None, _) => (1, 1),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{duration, one_line, verdict_line};
    use crate::model::coverage::Coverage;
    use crate::model::finding::{Finding, State};
    use crate::model::outcome::{Breakage, CheckRun, Outcome, RunReport};
    use crate::model::rule::{Family, Level};
    use crate::report::Document;
    use crate::sarif::sample;

    #[track_caller]
    fn check(report: &RunReport, expected: &str) {
        let verdict = sample::verdict(report);
        assert_eq!(verdict_line(&Document { report, verdict: &verdict }), expected);
    }

    #[test]
    fn a_pass_says_what_was_looked_at() {
        check(&sample::clean(), "passed: staged changes against HEAD (main): 7 files, 2 checks - 31 ms");
    }

    #[test]
    fn what_does_not_block_is_counted() {
        let warning = Finding { level: Level::Warning, ..sample::secret() };
        let old = Finding { state: State::Unchanged, ..sample::secret() };
        let mut report = sample::with(vec![warning.clone(), warning, old]);
        report.checks.push(sample::check("unit", Family::Tests, Outcome::Skipped("TOLLGATE_SKIP".to_owned())));
        check(
            &report,
            "passed: staged changes against HEAD (main): 7 files, 2 checks, 2 new warnings, 1 finding was there before; skipped: unit - 31 ms",
        );
    }

    #[test]
    fn what_the_tests_ran_is_told() {
        let said = |n_uncovered_functions, files| {
            super::coverage(&Coverage { files, n_uncovered_functions, ..sample::coverage() })
        };
        let files = sample::coverage().files;
        assert_eq!(
            said(1, files.clone()),
            "coverage: 66.6 % of 3 changed lines, 1 of 2 changed functions run by no test"
        );
        assert_eq!(said(0, files), "coverage: 66.6 % of 3 changed lines");
        assert_eq!(said(0, Vec::new()), "coverage: no changed line can be run");
        check(
            &RunReport { coverage: Some(sample::coverage()), ..sample::clean() },
            "passed: staged changes against HEAD (main): 7 files, 2 checks; coverage: 66.6 % of 3 changed lines, 1 of 2 changed functions run by no test - 31 ms",
        );
    }

    #[test]
    fn a_block_says_why() {
        check(
            &sample::with(vec![sample::secret(), sample::trailing_whitespace()]),
            "blocked: 2 new errors (hardcoded-secret, trailing-whitespace) in 2 of 7 files - 31 ms",
        );
        let mut report = sample::with((0..5).map(|n| sample::at(&format!("rule-{n}"), b"a", "x", "x")).collect());
        check(&report, "blocked: 5 new errors (rule-0, rule-1, rule-2, 2 more) in 1 of 7 files - 31 ms");
        let broken = |id: &str, why: &str| sample::check(id, Family::Tools, Outcome::Broken(Breakage::new(why)));
        report.checks.push(broken("ruff", "no such program"));
        report.findings.truncate(1);
        check(&report, "blocked: 1 new error (rule-0) in 1 of 7 files; ruff could not run: no such program - 31 ms");
        report.findings.clear();
        report.checks.push(broken("mypy", "time-out"));
        check(&report, "blocked: ruff could not run: no such program; 1 more check could not run either - 31 ms");
        report.checks.push(broken("eslint", "no such program"));
        check(&report, "blocked: 2 checks could not run: no such program; 1 more check could not run either - 31 ms");
    }

    #[test]
    fn a_block_counts_what_does_not_block_too() {
        let of = |level| Finding { level, ..sample::secret() };
        check(
            &sample::with(vec![of(Level::Error), of(Level::Warning), of(Level::Warning), of(Level::Note)]),
            "blocked: 1 new error (hardcoded-secret) in 1 of 7 files; 2 new warnings, 1 new note - 31 ms",
        );
    }

    #[test]
    fn nothing_to_check_is_said() {
        let mut report = sample::clean();
        report.subject.n_files = 0;
        report.checks.clear();
        let expected = "nothing to check: staged changes against HEAD (main) - 31 ms";
        check(&report, expected);
        report.checks.push(CheckRun { n_files: 0, ..sample::check("check-json", Family::Hygiene, Outcome::Clean) });
        check(&report, expected);
        report.checks.push(CheckRun { n_files: 0, ..sample::check("unit", Family::Tests, Outcome::Clean) });
        check(&report, "passed: staged changes against HEAD (main): 2 checks - 31 ms");
    }

    #[test]
    fn times_for_people() {
        let cases = [(0, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (59_960, "59.9 s"), (125_000, "2 min 5 s")];
        for (milliseconds, expected) in cases {
            assert_eq!(duration(Duration::from_millis(milliseconds)), expected);
        }
    }

    #[test]
    fn a_text_of_several_lines_becomes_one() {
        assert_eq!(one_line("a \r\n\n  b\u{1b}[m\u{2028}c"), "a b\\x1b[m\\u{2028}c");
    }
}
