//! JUnit XML in its dialects, read as a stream: what comes after a fault in the file is lost, what came before is not.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::check::suite::{Case, Ending, SuiteReport};

/// The most bytes that are kept of one message or stack trace.
const MAX_TEXT: usize = 8 << 10;

/// Reads a report. A root of `testsuites` or `testsuite`, nested suites, failures on the suite itself and missing
/// attributes are all met in the wild.
pub(crate) fn read(bytes: &[u8]) -> SuiteReport {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut parse = Parse::default();
    loop {
        let event = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => event,
            Err(error) => {
                parse.report.problem = Some(format!("the report is broken off: {error}"));
                break;
            }
        };
        parse.take(&event);
    }
    parse.end()
}

#[derive(Default)]
struct Parse {
    report: SuiteReport,
    has_suite: bool,
    /// The most failures that any suite counts of itself.
    n_counted: usize,
    depth: usize,
    case: Option<Case>,
    /// Whether the first failure of the test was told.
    is_told: bool,
    /// The text of the element that tells about a failure, while inside of it.
    detail: Option<String>,
}

impl Parse {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) => {
                self.depth += 1;
                self.open(tag);
            }
            Event::Empty(tag) => {
                self.open(tag);
                self.close(tag.local_name().as_ref());
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                self.close(tag.local_name().as_ref());
            }
            Event::Text(text) => self.add(&text.xml10_content()),
            Event::CData(text) => self.add(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().ok().flatten().map(String::from);
                let named = || resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned);
                self.add(&character.or_else(named).unwrap_or_default());
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &str) {
        if let Some(detail) = self.detail.as_mut().filter(|detail| detail.len() < MAX_TEXT) {
            let room = text.floor_char_boundary(MAX_TEXT - detail.len());
            detail.push_str(text.get(..room).unwrap_or_default());
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "testsuites" | "testsuite" => {
                self.has_suite = true;
                let count = |name| attribute(tag, name).and_then(|count| count.trim().parse().ok()).unwrap_or(0_usize);
                self.n_counted = self.n_counted.max(count("failures").saturating_add(count("errors")));
            }
            "testcase" => {
                self.has_suite = true;
                self.is_told = false;
                self.case = Some(case(tag));
            }
            "failure" | "error" => {
                let message = attribute(tag, "message").or_else(|| attribute(tag, "type")).unwrap_or_default();
                let suite = || Case { name: "(suite)".into(), file: String::new(), line: 0, ending: Ending::Passed };
                let case = self.case.get_or_insert_with(suite);
                if self.detail.is_none() && !self.is_told {
                    case.ending = Ending::Failed { message, detail: String::new() };
                    self.detail = Some(String::new());
                    self.is_told = true;
                }
            }
            "skipped" | "disabled" | "ignored" => {
                if let Some(case) = self.case.as_mut().filter(|case| case.ending == Ending::Passed) {
                    case.ending = Ending::Skipped;
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "failure" | "error" => {
                let text = self.detail.take();
                if let (Some(text), Some(Case { ending: Ending::Failed { detail, .. }, .. })) = (text, &mut self.case) {
                    *detail = text.trim().to_owned();
                }
            }
            "testcase" | "testsuite" => {
                self.is_told = false;
                self.report.cases.extend(self.case.take());
            }
            _ => {}
        }
    }

    fn end(mut self) -> SuiteReport {
        self.report.cases.extend(self.case.take());
        if self.report.problem.is_none() && self.depth > 0 {
            self.report.problem = Some("the report is broken off: it ends inside an element".to_owned());
        }
        let n_failed = self.report.cases.iter().filter(|case| matches!(case.ending, Ending::Failed { .. })).count();
        if self.report.problem.is_none() && self.n_counted > n_failed {
            self.report.problem =
                Some(format!("the report counts {} failures and tells of {n_failed}", self.n_counted));
        }
        if !self.has_suite && self.report.problem.is_none() {
            self.report.problem = Some("the report holds no test suite".to_owned());
        }
        self.report
    }
}

fn case(tag: &BytesStart<'_>) -> Case {
    let name = attribute(tag, "name").unwrap_or_default();
    let class = attribute(tag, "classname").filter(|class| !class.is_empty() && !name.starts_with(class.as_str()));
    Case {
        name: class.map_or_else(|| name.clone(), |class| format!("{class}::{name}")),
        file: attribute(tag, "file").unwrap_or_default(),
        line: attribute(tag, "line").and_then(|line| line.parse().ok()).unwrap_or(0),
        ending: match attribute(tag, "status").or_else(|| attribute(tag, "result")).as_deref() {
            Some("notrun" | "skipped" | "disabled") => Ending::Skipped,
            Some(status @ ("failed" | "failure" | "error")) => {
                Ending::Failed { message: format!("its status is `{status}`"), detail: String::new() }
            }
            _ => Ending::Passed,
        },
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.html_attributes().with_checks(false).flatten().find(|found| found.key.as_ref() == name)?;
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    Some(value.get(..value.floor_char_boundary(MAX_TEXT)).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::read;
    use crate::check::suite::{Case, Ending};

    #[track_caller]
    fn check(xml: &str, expected: &[(&str, &str)], problem: Option<&str>) {
        let report = read(xml.as_bytes());
        let shown: Vec<_> = report
            .cases
            .iter()
            .map(|case| {
                let ending = match &case.ending {
                    Ending::Passed => "passed".to_owned(),
                    Ending::Skipped => "skipped".to_owned(),
                    Ending::Failed { message, detail } => format!("{message}|{detail}"),
                };
                (case.name.as_str(), ending)
            })
            .collect();
        let shown: Vec<_> = shown.iter().map(|(name, ending)| (*name, ending.as_str())).collect();
        assert_eq!(shown, expected);
        assert_eq!(report.problem.is_some(), problem.is_some(), "{:?}", report.problem);
        assert!(report.problem.unwrap_or_default().contains(problem.unwrap_or_default()));
    }

    #[test]
    fn the_usual_dialects_are_read() {
        check(
            r#"<?xml version="1.0"?><testsuites><testsuite name="s"><testcase classname="c" name="t" time="0.1"/>
            <testcase name="u"><failure message="1 &lt; 2">at a.py:3 &amp; <![CDATA[<b>]]></failure></testcase>
            <testcase name="v"><skipped/></testcase></testsuite></testsuites>"#,
            &[("c::t", "passed"), ("u", "1 < 2|at a.py:3 & <b>"), ("v", "skipped")],
            None,
        );
        check(r#"<testsuite><testcase name="t"><error type="E"/></testcase></testsuite>"#, &[("t", "E|")], None);
        check(
            r#"<testsuite><error message="collection failed">x</error></testsuite>"#,
            &[("(suite)", "collection failed|x")],
            None,
        );
        check(r#"<testsuite><testcase name="t" status="notrun"/></testsuite>"#, &[("t", "skipped")], None);
        check("<testsuites/>", &[], None);
        check(
            r#"<testsuite><testcase name="t" status="failed"/></testsuite>"#,
            &[("t", "its status is `failed`|")],
            None,
        );
        check(
            r#"<testsuite><testcase name="t" result="error"><failure message="m">d</failure><error message="n"/></testcase></testsuite>"#,
            &[("t", "m|d")],
            None,
        );
    }

    #[test]
    fn a_broken_report_gives_what_it_has_and_says_so() {
        check(
            r#"<testsuite><testcase name="t"/><testcase name="u"><failure message="m">te"#,
            &[("t", "passed"), ("u", "m|")],
            Some("broken off"),
        );
        check("", &[], Some("no test suite"));
        check(
            r#"<testsuites errors="1"><testsuite tests="5" failures="0"><testcase name="a"/></testsuite></testsuites>"#,
            &[("a", "passed")],
            Some("counts 1 failures and tells of 0"),
        );
        check("<html><body>502</body></html>", &[], Some("no test suite"));
        check("<testsuite><testcase name='a'/></wrong>", &[("a", "passed")], Some("broken off"));
    }

    #[test]
    fn entities_are_not_expanded() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
            <testsuite><testcase name="&b;x"><failure>&b;</failure></testcase></testsuite>"#;
        let report = read(bomb.as_bytes());
        assert!(report.cases.iter().all(|case| case.name.len() < 20));
        assert_eq!(report.cases.len(), 1);
    }

    #[test]
    fn the_place_of_a_test_is_taken_where_it_is_told() {
        let report = read(br#"<testsuite><testcase name="t" file="tests/a.py" line="7"/></testsuite>"#);
        let expected = Case { name: "t".into(), file: "tests/a.py".into(), line: 7, ending: Ending::Passed };
        assert_eq!(report.cases, [expected]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_cut_makes_it_panic(cut in 0_usize..200) {
            let whole = r#"<testsuites><testsuite><testcase name="a&#x41;é"><failure message="m">&lt;x<![CDATA[y]]></failure></testcase></testsuite></testsuites>"#;
            let _ = read(&whole.as_bytes()[..cut.min(whole.len())]);
        }
    }
}
