//! What a test suite did, understood: a test that failed is a finding where it failed. A suite of which a part is not known
//! is Broken, and so is one that executed nothing.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::io::{BufRead, Read};
use std::path::Path;

use memchr::memmem;

use crate::check::affected::again::Failing;
use crate::check::external::Command;
use crate::check::external::read::{
    Ran, Seen, Understood, code, ended, level, log_tail, printed_too_much, without_colour, wrote_nothing,
};
use crate::check::suite::files::Files;
use crate::check::suite::roll::{Called, Fate, Roll};
use crate::check::suite::trace::{Frame, Trace};
use crate::check::suite::{self, Case, Cut, Ending, Failure};
use crate::config::{Output, TestFormat};
use crate::model::command::{CommandOutput, Exit};
use crate::model::escape::{escaped, escaped_lines};
use crate::model::finding::{Finding, Novelty};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::{ColumnUnit, LineColumn, Place};
use crate::model::rule::{Family, Level, Rule, RuleId};

/// How many lines of a message and of what a test printed are shown, and of a stack trace at its start and at its end.
const N_LINES: usize = 12;
/// The most tests that failed of which each is a finding.
const MAX_FAILURES: usize = 1_000;
/// The most tests that were slow of which each is told.
const MAX_SLOW: usize = 20;
/// The most bytes of a report.
const MAX_REPORT: u64 = 4 << 30;

/// What is told of a suite beside the tests that failed, each with a rule of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remark {
    /// It failed, and passed when it was tried again.
    Flaky,
    /// It failed, and its failure does not count.
    Quarantined,
    /// It took longer than it should.
    Slow,
    /// A quarantine is over.
    Expired,
    /// A quarantine means no test.
    Unmatched,
    /// Tests that ran before are not there any more.
    Vanished,
}

/// Each with the end of the rule's id, its level and what it finds.
const REMARKS: [(Remark, &str, Level, &str); 6] = [
    (Remark::Flaky, "flaky-test", Level::Note, "A test that failed and passed when it was tried again"),
    (Remark::Quarantined, "quarantined-test", Level::Note, "A test in quarantine that failed"),
    (Remark::Slow, "slow-test", Level::Note, "A test that took longer than `slow` says"),
    (
        Remark::Expired,
        "expired-quarantine",
        Level::Warning,
        "A test whose quarantine is over: its failure counts again",
    ),
    (Remark::Unmatched, "unmatched-quarantine", Level::Note, "A test in quarantine that there is no more"),
    (Remark::Vanished, "vanished-test", Level::Note, "A test that ran before the change and is not there any more"),
];

impl Remark {
    /// It as a finding of a suite.
    pub(crate) fn finding(self, suite: &RuleId, place: Place, text: String) -> Finding {
        let (name, level) = REMARKS
            .iter()
            .find(|(remark, ..)| *remark == self)
            .map_or(("", Level::Note), |(_, name, level, _)| (*name, *level));
        Finding::new(RuleId::new(format!("{suite}/{name}")), level, place, text).with_novelty(Novelty::Always)
    }
}

/// The rules of a suite beside its own.
fn rules(suite: &RuleId) -> Vec<Rule> {
    let rule = |(_, name, level, summary): (Remark, &str, Level, &str)| Rule {
        id: RuleId::new(format!("{suite}/{name}")),
        family: Family::Tests,
        level,
        summary: summary.to_owned(),
        doc: format!("## What it finds\n\n{summary}, in the suite `{suite}`.\n"),
        url: String::new(),
        category: "correctness".to_owned(),
        precision: "very-high".to_owned(),
        cwe: Vec::new(),
    };
    REMARKS.into_iter().map(rule).collect()
}

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// Its full name.
    pub(crate) name: String,
    /// How its runner knows it.
    pub(crate) test: Failing,
    /// What it is reported as.
    pub(crate) finding: Finding,
}

/// What came of a suite.
#[derive(Debug, Default)]
pub(crate) struct Tested {
    /// The tests that failed, in the order of the reports; not more than anyone reads.
    pub(crate) failed: Vec<Failed>,
    /// How many failed.
    pub(crate) n_failed: usize,
    /// How many were executed.
    pub(crate) n_executed: usize,
    /// What else is told of tests.
    pub(crate) remarks: Vec<Finding>,
    /// The tests that there are.
    pub(crate) roll: Roll,
    /// The watched tests that passed.
    pub(super) passed: BTreeSet<String>,
    /// The places in the quarantine of those that mean a test that there is.
    pub(super) met: BTreeSet<usize>,
    /// Whether a report counts more failures than it tells of.
    has_doubt: bool,
    /// What a reader must know beside that.
    pub(crate) notices: Vec<String>,
    /// Why it is not the whole truth.
    pub(crate) breakage: Option<Breakage>,
}

impl Tested {
    /// Whether there may be failures that are not told.
    pub(super) fn is_doubtful(&self) -> bool {
        self.has_doubt || self.n_failed > self.failed.len()
    }

    /// Whether it is known what all tests of it are: nothing went wrong that may have kept one from running.
    pub(crate) fn is_whole(&self) -> bool {
        self.breakage.is_none() && self.n_failed == 0 && !self.is_doubtful() && self.roll.is_whole()
    }

    /// The same with what there is to say of tests that ran before the change.
    #[must_use]
    pub(crate) fn held_against(mut self, before: &Roll, fate: &dyn Fn(&RepoPath) -> Fate, suite: &RuleId) -> Self {
        let missed = self.roll.missed(before, fate);
        self.remarks.extend(missed.into_iter().map(|(place, text)| Remark::Vanished.finding(suite, place, text)));
        self
    }

    /// What of it goes into a report.
    pub(crate) fn understood(self, suite: &RuleId) -> Understood {
        let mut notices = self.notices;
        if self.n_failed > self.failed.len() {
            notices.push(format!("{} tests failed; the first {} are told", self.n_failed, self.failed.len()));
        }
        let findings = self.failed.into_iter().map(|failed| failed.finding).chain(self.remarks).collect();
        Understood { findings, rules: rules(suite), notices, breakage: self.breakage }
    }
}

/// Understands what a suite did; `watched` are the tests of which it must be known that they passed.
pub(crate) fn understand(
    command: &Command,
    ran: &Ran,
    seen: &Seen<'_>,
    watched: &BTreeSet<String>,
) -> Result<Tested, Breakage> {
    let (list, files) = (OnceCell::new(), OnceCell::new());
    let folder = RepoPath::new(command.folder());
    let files = || files.get_or_init(|| Files::new(list.get_or_init(seen.files), seen.top, folder.clone()));
    let Output::Tests(format) = command.check.output else {
        return Err(Breakage::new("it is no test suite"));
    };
    ended(command, ran)?;
    let (called, tested) = (Called::default(), Tested::default());
    let mut reading = Reading { command, files: &files, watched, n_slow: 0, called, tested };
    for (index, output) in ran.outputs.iter().enumerate() {
        let n_before = reading.tested.n_failed;
        match &ran.reports {
            None if output.n_dropped > 0 => return Err(printed_too_much(output)),
            // What compilers tell beside the report comes first.
            None if format == TestFormat::GoTest => {
                let mut told = output.stderr.as_slice().chain(output.stdout.as_slice());
                reading.read(format, &mut told, output);
            }
            None => reading.read(format, &mut output.stdout.as_slice(), output),
            Some(reports) => {
                let paths = reports.get(index).filter(|paths| !paths.is_empty());
                for path in paths.ok_or_else(|| wrote_nothing(command, output))? {
                    let mut report = open(path, seen, output)?;
                    reading.read(format, &mut report, output);
                }
            }
        }
        let is_contradicted = output.exit != Exit::Code(0) && reading.tested.n_failed == n_before;
        if is_contradicted && reading.tested.n_executed > 0 && reading.tested.breakage.is_none() {
            let why = format!("it ended with exit code {} although no test of its report failed", code(output));
            reading.tested.breakage = Some(Breakage { why, hint: String::new(), log: log_tail(output) });
        }
    }
    let is_worth_it = reading.wants_roll();
    let Reading { called, mut tested, .. } = reading;
    if is_worth_it {
        tested.roll = called.located(|class, file| standing((files)(), class, file));
    }
    if tested.n_executed == 0 && tested.breakage.is_none() {
        tested.breakage = Some(Breakage {
            why: "no test was executed".to_owned(),
            hint: "a suite that runs nothing can't pass; see which tests the command selects".to_owned(),
            log: ran.outputs.last().map_or_else(String::new, log_tail),
        });
    }
    Ok(tested)
}

fn open(path: &Path, seen: &Seen<'_>, output: &CommandOutput) -> Result<Box<dyn BufRead>, Breakage> {
    (seen.open)(path, MAX_REPORT).map_err(|why| Breakage { why, hint: String::new(), log: log_tail(output) })
}

struct Reading<'a> {
    command: &'a Command,
    files: &'a dyn Fn() -> &'a Files<'a>,
    watched: &'a BTreeSet<String>,
    n_slow: usize,
    called: Called,
    tested: Tested,
}

impl Reading<'_> {
    /// Whether it may yet matter which tests there are: it does where none fails in the end.
    fn wants_roll(&self) -> bool {
        let check = &self.command.check;
        self.tested.n_failed == 0 || check.retries > 0 || !check.quarantine.entries.is_empty()
    }

    fn read(&mut self, format: TestFormat, report: &mut dyn BufRead, output: &CommandOutput) {
        let read = suite::read(format, report, &mut |case| self.take(&case));
        let why = match read {
            Ok(doubt) => {
                self.tested.has_doubt |= doubt.is_some();
                return self.tested.notices.extend(doubt);
            }
            Err(Cut(why)) => why,
        };
        if self.tested.breakage.is_none() {
            let why = format!("its report can't be read to the end: {}", escaped(&why));
            let hint = match self.tested.n_executed {
                0 => String::new(),
                n_told => format!(
                    "what it tells before that counts: {n_told} tests, of which {} failed",
                    self.tested.n_failed
                ),
            };
            self.tested.breakage = Some(Breakage { why, hint, log: log_tail(output) });
        }
    }

    fn take(&mut self, case: &Case) {
        self.tested.n_executed += usize::from(case.ending != Ending::Skipped);
        if self.wants_roll() {
            self.called.add(case);
        }
        self.look_for_quarantine(case);
        self.look_at_time(case);
        match &case.ending {
            Ending::Passed if !self.watched.is_empty() => {
                let name = case.full_name();
                if self.watched.contains(&name) {
                    self.tested.passed.insert(name);
                }
            }
            Ending::Passed | Ending::Skipped => {}
            Ending::Failed(failure) => {
                self.tested.n_failed += 1;
                if self.tested.failed.len() < MAX_FAILURES {
                    let (place, text) = self.place_and_text("failed", case, failure);
                    let finding = Finding::new(self.command.id.clone(), level(self.command), place, text);
                    let finding = finding.with_novelty(Novelty::Always);
                    let test = Failing { class: case.class.clone(), name: case.name.clone() };
                    self.tested.failed.push(Failed { name: case.full_name(), test, finding });
                }
            }
            Ending::Flaky(failure) => {
                let what = "failed, and passed when the runner tried again";
                let (place, text) = self.place_and_text(what, case, failure);
                self.remark(Remark::Flaky, place, text);
            }
        }
    }

    fn remark(&mut self, remark: Remark, place: Place, text: String) {
        if self.tested.remarks.len() < MAX_FAILURES {
            self.tested.remarks.push(remark.finding(&self.command.id, place, text));
        }
    }

    fn look_for_quarantine(&mut self, case: &Case) {
        let entries = &self.command.check.quarantine.entries;
        if entries.len() > self.tested.met.len() {
            let name = case.full_name();
            let met = entries.iter().enumerate().filter(|(_, entry)| entry.means(&name)).map(|(index, _)| index);
            self.tested.met.extend(met);
        }
    }

    fn look_at_time(&mut self, case: &Case) {
        let (Some(time), Some(slow)) = (case.time, self.command.check.slow) else { return };
        if time > slow && case.ending != Ending::Skipped {
            self.n_slow += 1;
            if self.n_slow <= MAX_SLOW {
                let name = escaped(&case.full_name());
                let text =
                    format!("test `{name}` took {:.1} s, more than {:.1} s", time.as_secs_f64(), slow.as_secs_f64());
                self.remark(Remark::Slow, self.declared(case), text);
            }
        }
    }

    /// Where a test failed, and what there is to say of it.
    fn place_and_text(&self, what: &str, case: &Case, failure: &Failure) -> (Place, String) {
        let detail = without_colour(&failure.detail);
        let (near, trace) = (near(case), Trace::of(&detail));
        let is_ours = |frame: &Frame| (self.files)().find(&frame.file, &near).is_some();
        let text = told(what, case, failure, &trace.without_callers(&is_ours));
        (self.place(case, failure, &trace, &near), text)
    }

    /// Where a test failed: at the innermost place that its report names in a file of ours, else at the test.
    fn place(&self, case: &Case, failure: &Failure, trace: &Trace<'_>, near: &str) -> Place {
        let files = (self.files)();
        let find = |trace: &Trace<'_>| {
            let mut frames = trace.innermost_first();
            frames.find_map(|frame| Some(at(files.find(&frame.file, near)?, frame.line)))
        };
        let find_in = |text: &str| find(&Trace::of(&without_colour(text)));
        let told = find(trace).or_else(|| find_in(&failure.message)).or_else(|| find_in(&case.log));
        told.unwrap_or_else(|| self.declared(case))
    }

    /// Where a test stands, as far as its report tells.
    fn declared(&self, case: &Case) -> Place {
        match standing((self.files)(), &case.class, &case.file) {
            Some(path) if case.line > 0 && !case.file.is_empty() => at(path, case.line),
            Some(path) => Place::File(path),
            None => Place::Change,
        }
    }
}

/// The text of a finding: what happened, what should have, how it came to that, and what the test printed.
fn told(what: &str, case: &Case, failure: &Failure, stack: &str) -> String {
    let mut text = format!("test `{}` {what}", escaped(&case.full_name()));
    let add = |text: &mut String, label: &str, part: &str| {
        let is_told = || part.len() <= text.len() && memmem::find(text.as_bytes(), part.as_bytes()).is_some();
        if !part.is_empty() && !is_told() {
            text.push_str(&format!("\n{label}{part}"));
        }
    };
    add(&mut text, "", &first_lines(&failure.message));
    add(&mut text, "expected: ", &first_lines(&failure.expected));
    add(&mut text, "actual: ", &first_lines(&failure.actual));
    add(&mut text, "", &both_ends(stack));
    add(&mut text, "it printed:\n", &last_lines(&without_empty_parts(&case.log)));
    text
}

/// The file in which a test stands, by its class and what its report calls the file.
fn standing(files: &Files<'_>, class: &str, file: &str) -> Option<RepoPath> {
    files.find(file, class).filter(|_| !file.is_empty()).or_else(|| files.of_class(class))
}

/// What tells which of several files of a name a test means.
fn near(case: &Case) -> String {
    format!("{} {} {}", case.class, case.name, case.file)
}

fn at(path: RepoPath, line: u32) -> Place {
    Place::Lines { path, start: LineColumn { line, column: 0 }, end: None, unit: ColumnUnit::Characters }
}

fn first_lines(text: &str) -> String {
    let text = without_colour(text.trim());
    escaped_lines(&text.lines().take(N_LINES).collect::<Vec<_>>().join("\n"))
}

fn both_ends(text: &str) -> String {
    let n_lines = text.trim().lines().count();
    if n_lines <= 2 * N_LINES {
        return escaped_lines(&without_colour(text.trim()));
    }
    format!("{}\n...\n{}", first_lines(text), last_lines(text))
}

fn last_lines(text: &str) -> String {
    let text = without_colour(text.trim());
    let lines: Vec<&str> = text.lines().collect();
    escaped_lines(&lines.get(lines.len().saturating_sub(N_LINES)..).unwrap_or_default().join("\n"))
}

/// A log without the headings under which pytest has nothing to show, and without blank lines.
fn without_empty_parts(log: &str) -> String {
    let is_heading = |line: &str| line.starts_with("-----") && line.contains(" Captured ") && line.ends_with("-----");
    let mut kept = Vec::new();
    let mut heading = None;
    for line in log.lines().filter(|line| !line.trim().is_empty()) {
        if is_heading(line) {
            heading = Some(line);
        } else {
            kept.extend(heading.take());
            kept.push(line);
        }
    }
    kept.join("\n")
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;
    use std::io::BufRead;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::{Tested, understand, without_empty_parts};
    use crate::check::external::Command;
    use crate::check::external::read::{Ran, Seen};
    use crate::check::external::tests::command;
    use crate::config::{Output, TestFormat};
    use crate::model::command::{CommandOutput, Exit};
    use crate::model::finding::Finding;
    use crate::model::path::RepoPath;
    use crate::model::place::Place;

    fn output(exit: i32, stdout: &str) -> CommandOutput {
        CommandOutput {
            exit: Exit::Code(exit),
            stdout: stdout.into(),
            stderr: Vec::new(),
            n_dropped: 0,
            duration: Duration::ZERO,
        }
    }

    fn tested(exit: i32, report: &str) -> Tested {
        let own = command(&["t"], Output::Tests(TestFormat::Junit));
        tested_as(&own, exit, report, &BTreeSet::new())
    }

    pub(crate) fn tested_as(own: &Command, exit: i32, report: &str, watched: &BTreeSet<String>) -> Tested {
        let ran = Ran { outputs: vec![output(exit, report)], ..Ran::default() };
        let files = || ["src/a.py", "tests/test_a.py"].into_iter().map(RepoPath::from).collect();
        let seen = Seen {
            top: Path::new("/w"),
            files: &files,
            open: &|path, _| Err(format!("there is no {}", path.display())),
            contents: &|_| None,
            matcher: b"",
        };
        understand(own, &ran, &seen, watched).unwrap()
    }

    fn place(finding: &Finding) -> String {
        match &finding.place {
            Place::Lines { path, start, .. } => format!("{path}:{}", start.line),
            Place::File(path) => path.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[track_caller]
    fn check(case: &str, expected: (&str, &str)) {
        let tested = tested(1, &format!("<testsuite>{case}</testsuite>"));
        assert_eq!(tested.breakage, None);
        let finding = &tested.failed.first().expect("a test that failed").finding;
        assert_eq!((place(finding).as_str(), finding.message.as_str()), expected);
    }

    #[test]
    fn a_failure_stands_at_the_innermost_place_that_is_ours() {
        let trace = "File \"/w/tests/test_a.py\", line 9, in t\n  File \"/w/src/a.py\", line 3, in f\n  File \"/usr/lib/python3/unittest/case.py\", line 1, in g\nE";
        check(
            &format!("<testcase classname='tests.test_a' name='t'><failure message='m'>{trace}</failure></testcase>"),
            ("src/a.py:3", &format!("test `tests.test_a::t` failed\nm\n{trace}")),
        );
        check(
            "<testcase name='t' file='tests/test_a.py' line='4'><failure>no place</failure></testcase>",
            ("tests/test_a.py:4", "test `t` failed\nno place"),
        );
        check(
            "<testcase classname='tests.test_a.TestX' name='t'><failure/></testcase>",
            ("tests/test_a.py", "test `tests.test_a.TestX::t` failed"),
        );
        check(
            "<testcase name='t' file='../../etc/passwd' line='1'><failure>at /etc/passwd.x:3</failure></testcase>",
            ("Change", "test `t` failed\nat /etc/passwd.x:3"),
        );
    }

    #[test]
    fn what_a_person_needs_is_told_without_what_a_terminal_obeys() {
        let [long, said] = ["line", "said"].map(|word| (1..=40).map(|n| format!("{word} {n}\n")).collect::<String>());
        let case = format!(
            "<testcase name='t\u{202e}'><failure message='\u{1b}[31mm\u{1b}[0m\u{1b}]0;x'>{long}</failure><system-out>{said}</system-out></testcase>"
        );
        let tested = tested(1, &format!("<testsuite>{case}</testsuite>"));
        let message = &tested.failed.first().unwrap().finding.message;
        assert!(message.starts_with("test `t\\u{202e}` failed\nm\\x1b]0;x\nline 1\n"), "{message}");
        assert!(message.contains("line 12\n...\nline 29\n"), "{message}");
        assert!(message.contains("line 40\nit printed:\nsaid 29\n") && message.ends_with("said 40"), "{message}");
    }

    #[test]
    fn what_is_not_known_is_broken_and_what_is_known_counts() {
        let why = |exit, report: &str| tested(exit, report).breakage.map(|breakage| breakage.why).unwrap_or_default();
        assert!(why(0, "<testsuite/>").contains("no test was executed"));
        assert!(
            why(0, "<testsuite><testcase name='a'><skipped/></testcase></testsuite>").contains("no test was executed")
        );
        assert!(
            why(2, "<testsuite><testcase name='a'/></testsuite>").contains("although no test of its report failed")
        );
        assert_eq!(why(1, "<testsuite><testcase name='a'><failure/></testcase></testsuite>"), "");
        let cut = tested(1, "<testsuite><testcase name='a'><failure>f</failure></testcase><testcase na");
        assert_eq!((cut.n_failed, cut.failed.len()), (1, 1));
        let breakage = cut.breakage.unwrap();
        assert!(
            breakage.why.contains("broken off") && breakage.hint.contains("1 tests, of which 1 failed"),
            "{breakage:?}"
        );
    }

    #[test]
    fn what_took_too_long_is_noted() {
        let mut own = command(&["t"], Output::Tests(TestFormat::Junit));
        own.check.slow = Some(Duration::from_secs(5));
        let xml =
            "<testsuite><testcase name='a' time='5'/><testcase name='b' time='5.26' file='src/a.py'/></testsuite>";
        let tested = tested_as(&own, 0, xml, &BTreeSet::new());
        let [slow] = tested.remarks.as_slice() else { panic!("{:?}", tested.remarks) };
        let shown = (slow.rule.as_str(), place(slow), slow.message.as_str());
        assert_eq!(shown, ("own/slow-test", "src/a.py".to_owned(), "test `b` took 5.3 s, more than 5.0 s"));
    }

    #[test]
    fn parts_of_a_log_without_anything_are_left_out() {
        let [out, err] = ["Out", "Err"].map(|name| format!("------- Captured {name} -------"));
        assert_eq!(without_empty_parts(&format!("{out}\n\n{err}\n")), "");
        assert_eq!(without_empty_parts(&format!("{out}\na\n\n b\n{err}")), format!("{out}\na\n b"));
    }

    #[test]
    fn more_failures_than_anyone_reads_are_counted() {
        let case = "<testcase name='a'><failure>f</failure></testcase>";
        let tested = tested(1, &format!("<testsuite>{}</testsuite>", case.repeat(1_500)));
        assert_eq!((tested.n_failed, tested.failed.len()), (1_500, 1_000));
        let notices = tested.understood(&"unit".into()).notices;
        assert_eq!(notices, ["1500 tests failed; the first 1000 are told"]);
    }

    #[test]
    fn reports_in_several_files_are_one_suite() {
        let own = command(&["t"], Output::Tests(TestFormat::Junit));
        let reports = Some(vec![vec![PathBuf::from("a"), PathBuf::from("b")]]);
        let ran = Ran { outputs: vec![output(1, "")], reports, ..Ran::default() };
        let open = |path: &Path, _| -> Result<Box<dyn BufRead>, String> {
            let of =
                |name: &str| format!("<testsuite><testcase name='{name}'><failure>f</failure></testcase></testsuite>");
            Ok(Box::new(std::io::Cursor::new(of(&path.to_string_lossy()))))
        };
        let seen = Seen { top: Path::new("/w"), files: &Vec::new, open: &open, contents: &|_| None, matcher: b"" };
        let tested = understand(&own, &ran, &seen, &BTreeSet::new()).unwrap();
        let names: Vec<_> = tested.failed.iter().map(|failed| failed.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let none = Ran { reports: Some(vec![Vec::new()]), ..ran };
        assert!(understand(&own, &none, &seen, &BTreeSet::new()).unwrap_err().why.contains("wrote no report"));
    }
}
