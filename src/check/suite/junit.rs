//! JUnit XML in its dialects. A root of `testsuites` or `testsuite`, nested suites, failures on the suite itself, reruns and
//! missing attributes are all met in the wild.

use std::borrow::Cow;
use std::io::BufRead;

use crate::check::suite::xml::{Elements, Tag, read as read_xml, says};
use crate::check::suite::{
    Case, Cut, Doubt, Ending, Failure, MAX_NAME, MAX_TEXT, Take, add_head, add_tail, counted, head, seconds,
};

/// What CTest says of tests that could not be started, which it counts as failed and reports as skipped.
const NOT_RUN: [&str; 4] =
    ["Unable to find executable", "Required Files Missing", "Fixture dependency failed", "Insufficient resources"];

/// The attributes of a test.
const OF_CASE: [&str; 9] = ["classname", "name", "file", "filepath", "line", "lineno", "time", "status", "result"];

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let mut reading = Reading::new(take);
    let read = read_xml(input, &mut reading);
    reading.end_case();
    read?;
    if !reading.has_suite {
        return Err(Cut("it holds no test suite".to_owned()));
    }
    counted(reading.n_counted, reading.n_failed)
}

/// What the text belongs to that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// The failure that is told of the test.
    Failure,
    /// A failure that the runner took back by trying again.
    Retried,
    /// What the test printed.
    Log,
    /// Nothing that is kept.
    Nothing,
}

struct Reading<'a, 'b> {
    take: &'a mut Take<'b>,
    has_suite: bool,
    /// The most failures that any suite counts of itself.
    n_counted: usize,
    /// How many failures were told, those that were taken back among them.
    n_failed: usize,
    /// Names and files of the suites that are open.
    suites: Vec<(String, String)>,
    case: Option<Case>,
    inside: Inside,
    /// The first failure that the test told, and how many more there are.
    failure: Option<Failure>,
    n_more: usize,
    /// How often it failed when the runner tried again.
    n_again: usize,
    /// A failure that the runner took back by trying again.
    retried: Option<Failure>,
}

impl<'a, 'b> Reading<'a, 'b> {
    fn new(take: &'a mut Take<'b>) -> Self {
        Self {
            take,
            has_suite: false,
            n_counted: 0,
            n_failed: 0,
            suites: Vec::new(),
            case: None,
            inside: Inside::Nothing,
            failure: None,
            n_more: 0,
            n_again: 0,
            retried: None,
        }
    }

    fn open_suite(&mut self, tag: &Tag<'_>) {
        self.end_case();
        self.has_suite = true;
        let [failures, errors, name, file, filepath] = tag.pick(["failures", "errors", "name", "file", "filepath"]);
        let count = |count: Option<Cow<'_, str>>| count.and_then(|count| count.trim().parse().ok()).unwrap_or(0_usize);
        self.n_counted = self.n_counted.max(count(failures).saturating_add(count(errors)));
        let file = says(file).or_else(|| says(filepath)).map(|file| head(&file, MAX_NAME).to_owned());
        let file = file.or_else(|| self.suites.last().map(|(_, file)| file.clone())).unwrap_or_default();
        self.suites.push((text(name), file));
    }

    fn open_case(&mut self, tag: &Tag<'_>) {
        self.end_case();
        self.has_suite = true;
        let [class, name, file, filepath, line, lineno, time, status, result] = tag.pick(OF_CASE);
        let suite_file = || self.suites.last().map(|(_, file)| file.clone()).unwrap_or_default();
        self.case = Some(Case {
            class: text(class),
            name: text(name),
            file: says(file).or_else(|| says(filepath)).map_or_else(suite_file, Cow::into_owned),
            line: line.or(lineno).and_then(|line| line.trim().parse().ok()).unwrap_or(0),
            time: time.and_then(|time| seconds(&time)),
            ending: says(status).or_else(|| says(result)).map_or(Ending::Passed, |status| ending(&status)),
            log: String::new(),
        });
    }

    fn open_failure(&mut self, tag: &Tag<'_>) {
        if self.case.is_none() {
            let suite = self.suites.last().map(|(name, _)| name.clone()).unwrap_or_default();
            self.case = Some(Case { class: suite, name: "(suite)".to_owned(), ..Case::default() });
        }
        if self.failure.is_some() {
            self.n_more += 1;
            return;
        }
        self.failure = Some(failure(tag));
        self.inside = Inside::Failure;
    }

    /// Hands out the test that is open.
    fn end_case(&mut self) {
        self.inside = Inside::Nothing;
        let (failure, retried) = (self.failure.take(), self.retried.take());
        let n_more = std::mem::take(&mut self.n_more);
        self.n_failed += std::mem::take(&mut self.n_again);
        let Some(mut case) = self.case.take() else { return };
        match (failure, retried) {
            (Some(mut failure), _) => {
                if n_more > 0 {
                    failure.message.push_str(&format!(" (and {n_more} more)"));
                }
                failure.detail = failure.detail.trim().to_owned();
                case.ending = Ending::Failed(failure);
            }
            (None, Some(mut failure)) => {
                failure.detail = failure.detail.trim().to_owned();
                case.ending = Ending::Flaky(failure);
            }
            (None, None) => {}
        }
        self.n_failed += usize::from(!matches!(case.ending, Ending::Passed | Ending::Skipped)) + n_more;
        (self.take)(case);
    }
}

impl Elements for Reading<'_, '_> {
    fn open(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "testsuites" | "testsuite" => self.open_suite(tag),
            "testcase" => self.open_case(tag),
            "failure" | "error" => self.open_failure(tag),
            "rerunFailure" | "rerunError" if self.failure.is_some() => self.n_again += 1,
            "rerunFailure" | "rerunError" if self.case.is_some() => self.open_failure(tag),
            "flakyFailure" | "flakyError" if self.retried.is_some() => self.n_again += 1,
            "flakyFailure" | "flakyError" if self.case.is_some() => {
                self.retried = Some(failure(tag));
                self.inside = Inside::Retried;
            }
            "system-out" | "system-err" if self.case.is_some() => {
                // Inside of a failure it is what an attempt printed.
                self.inside = if self.inside == Inside::Nothing { Inside::Log } else { Inside::Nothing };
            }
            "skipped" if tag.get("message").is_some_and(|why| NOT_RUN.iter().any(|end| why.starts_with(end))) => {
                self.open_failure(tag);
            }
            "skipped" | "disabled" | "ignored" => {
                if let Some(case) = self.case.as_mut().filter(|case| case.ending == Ending::Passed) {
                    case.ending = Ending::Skipped;
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        let failure = match self.inside {
            Inside::Failure => &mut self.failure,
            Inside::Retried => &mut self.retried,
            Inside::Log => return self.case.iter_mut().for_each(|case| add_tail(&mut case.log, text)),
            Inside::Nothing => return,
        };
        failure.iter_mut().for_each(|failure| add_head(&mut failure.detail, text));
    }

    fn close(&mut self, name: &str) {
        match name {
            "testcase" => self.end_case(),
            "testsuites" | "testsuite" => {
                self.end_case();
                self.suites.pop();
            }
            "failure" | "error" | "skipped" | "rerunFailure" | "rerunError" | "flakyFailure" | "flakyError"
            | "system-out" | "system-err" => self.inside = Inside::Nothing,
            _ => {}
        }
    }
}

/// The value of an attribute, of which only the first bytes are kept.
fn text(value: Option<Cow<'_, str>>) -> String {
    value.map(|value| head(&value, MAX_NAME).to_owned()).unwrap_or_default()
}

fn failure(tag: &Tag<'_>) -> Failure {
    let message = tag.said("message").or_else(|| tag.said("type")).unwrap_or_default();
    Failure::new(head(&message, MAX_TEXT))
}

/// How a test ended, as far as its status tells: some runners say it nowhere else.
fn ending(status: &str) -> Ending {
    const SKIPPED: [&str; 5] = ["notrun", "skipped", "disabled", "suppressed", "ignored"];
    const FAILED: [&str; 4] = ["failed", "failure", "fail", "error"];
    let is_any = |words: &[&str]| words.iter().any(|word| status.eq_ignore_ascii_case(word));
    if is_any(&SKIPPED) {
        Ending::Skipped
    } else if is_any(&FAILED) {
        Ending::Failed(Failure::new(format!("its status is `{status}`")))
    } else {
        Ending::Passed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::check::suite::shown::{all, check, told};
    use crate::config::TestFormat::Junit;

    #[test]
    fn the_usual_dialects_are_read() {
        check(
            Junit,
            r#"<?xml version="1.0"?><testsuites><testsuite name="s"><testcase classname="c" name="t" time="0.1"/>
            <testcase name="u"><failure message="1 &lt; 2">at a.py:3 &amp; <![CDATA[<b>]]></failure></testcase>
            <testcase name="v"><skipped/></testcase></testsuite></testsuites>"#,
            &["c::t passed", "u failed 1 < 2|at a.py:3 & <b>", "v skipped"],
        );
        check(Junit, r#"<testsuite><testcase name="t"><error type="E"/></testcase></testsuite>"#, &["t failed E|"]);
        check(
            Junit,
            r#"<testsuite name="s"><error message="collection failed">x</error></testsuite>"#,
            &["s::(suite) failed collection failed|x"],
        );
        check(Junit, r#"<testsuite><testcase name="t" status="notrun"/></testsuite>"#, &["t skipped"]);
        check(Junit, "<testsuites/>", &[]);
        check(
            Junit,
            r#"<j:testsuite xmlns:j="x"><j:testcase name="t" status="failed"/></j:testsuite>"#,
            &["t failed its status is `failed`|"],
        );
        check(
            Junit,
            r#"<testsuite><testcase name="t" result="error"><failure message="m">d</failure><error message="n"/></testcase></testsuite>"#,
            &["t failed m (and 1 more)|d"],
        );
    }

    #[test]
    fn what_could_not_be_started_has_failed() {
        check(
            Junit,
            r#"<testsuite><testcase name="t" status="notrun"><skipped message="Unable to find executable"/><system-out>x</system-out></testcase>
            <testcase name="u" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase></testsuite>"#,
            &["t failed Unable to find executable|", "u skipped"],
        );
    }

    #[test]
    fn what_passed_when_it_was_tried_again_is_flaky() {
        check(
            Junit,
            r#"<testsuite><testcase name="t"><flakyFailure message="m"><stackTrace>at a.B(B.java:1)</stackTrace><system-out>o</system-out></flakyFailure></testcase>
            <testcase name="u"><failure message="m">d</failure><rerunFailure message="n">e</rerunFailure></testcase>
            <testcase name="v"><rerunError message="n"><stackTrace>e</stackTrace></rerunError></testcase></testsuite>"#,
            &["t flaky m|at a.B(B.java:1)", "u failed m|d", "v failed n|e"],
        );
    }

    #[test]
    fn a_broken_report_gives_what_it_has_and_says_so() {
        let broken = |xml: &str, expected: &[&str], why: &str| {
            let (cases, problem) = told(Junit, xml.as_bytes());
            assert_eq!(cases, expected);
            assert!(problem.as_deref().is_some_and(|problem| problem.contains(why)), "{problem:?}");
        };
        broken(
            r#"<testsuite><testcase name="t"/><testcase name="u"><failure message="m">te"#,
            &["t passed", "u failed m|te"],
            "broken off",
        );
        broken("", &[], "no test suite");
        broken(
            r#"<testsuites errors="1"><testsuite tests="5" failures="0"><testcase name="a"/></testsuite></testsuites>"#,
            &["a passed"],
            "counts 1 failures and tells of none",
        );
        broken("<html><body>502</body></html>", &[], "no test suite");
        broken("<testsuite><testcase name='a'/></wrong>", &["a passed"], "broken off");
    }

    #[test]
    fn numbers_and_names_that_make_no_sense_are_left_out() {
        let xml = r#"<testsuite failures="-3" errors="many"><testcase name="a" time="1,234.5" line="x"/><testcase time="NaN" line="-1"/>
            <testcase name="b" time="1e400"/></testsuite>"#;
        let cases = all(Junit, xml.as_bytes()).0;
        let seen: Vec<_> = cases.iter().map(|case| (case.name.as_str(), case.line, case.time)).collect();
        assert_eq!(seen, [("a", 0, Some(Duration::from_millis(1_234_500))), ("", 0, None), ("b", 0, None)]);
    }

    #[test]
    fn the_place_and_the_output_of_a_test_are_taken_where_they_are_told() {
        let xml = r#"<testsuites><testsuite file="s.py"><testcase name="t" file="tests/a.py" line="7"/><testcase name="u"><failure>f</failure>
            <system-out>one</system-out><system-err>two</system-err></testcase></testsuite><testsuite><testcase name="v"/></testsuite></testsuites>"#;
        let cases = all(Junit, xml.as_bytes()).0;
        let seen: Vec<_> = cases.iter().map(|case| (case.file.as_str(), case.line, case.log.as_str())).collect();
        assert_eq!(seen, [("tests/a.py", 7, ""), ("s.py", 0, "onetwo"), ("", 0, "")]);
    }
}
