//! JUnit XML, which the test tabs of GitLab, CodeBuild and others show: a suite for each check, a case for each file
//! with a finding, one passing case for a check that found nothing.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::model::escape::escaped_lines;
use crate::model::finding::Finding;
use crate::model::outcome::{CheckRun, Outcome, RunReport};
use crate::model::place::Place;
use crate::model::rule::Level;
use crate::report::short::line;
use crate::report::snippet::split_message;
use crate::report::summary::{count, one_line};
use crate::report::{Audience, Document};
use crate::sarif::timestamp::timestamp;

/// How many cases CodeBuild takes of one report.
const MAX_CASES: usize = 500;

/// How a case ended; all but the first with a headline and the text below it.
enum End {
    Passed,
    Failure { headline: String, text: String },
    Error { headline: String, text: String },
    Skipped { headline: String },
}

struct Case {
    name: String,
    end: End,
}

struct Suite {
    name: String,
    duration: Duration,
    cases: Vec<Case>,
}

/// Writes the findings that the change brings in, at most as many cases as CodeBuild takes. Notes fail nothing.
pub(crate) fn write(document: &Document<'_>, _: &Audience, out: &mut dyn Write) -> io::Result<()> {
    let suites = limited(suites(document.report));
    let mut xml = Writer::new_with_indent(out, b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all = totals(suites.iter().flat_map(|suite| &suite.cases));
    let mut top = element("testsuites", &[("name", "tollgate")]);
    attributes(&mut top, &all, document.report.duration);
    xml.write_event(Event::Start(top))?;
    for suite in &suites {
        write_suite(&mut xml, suite, document.report)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    xml.into_inner().write_all(b"\n")
}

/// The suites of all checks that were to run, and of rules whose findings belong to none of them.
fn suites(report: &RunReport) -> Vec<Suite> {
    let mut suites: Vec<Suite> = report.checks.iter().map(|check| Suite::of(check, report)).collect();
    let mut others: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in failures(report).filter(|finding| !report.checks.iter().any(|check| is_of(finding, check))) {
        others.entry(finding.rule.as_str()).or_default().push(finding);
    }
    suites.extend(others.into_iter().map(|(rule, findings)| Suite {
        name: one_line(rule),
        duration: Duration::ZERO,
        cases: by_file(&findings),
    }));
    suites
}

fn failures(report: &RunReport) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.is_brought_in() && finding.level > Level::Note)
}

/// Whether a finding's rule is the check's own or one of its tool.
fn is_of(finding: &Finding, check: &CheckRun) -> bool {
    let rest = finding.rule.as_str().strip_prefix(check.id.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Suite {
    fn of(check: &CheckRun, report: &RunReport) -> Self {
        let findings: Vec<&Finding> = failures(report).filter(|finding| is_of(finding, check)).collect();
        let mut cases = by_file(&findings);
        let name = one_line(check.id.as_str());
        match &check.outcome {
            Outcome::Broken(breakage) => {
                let text = [&breakage.hint, &breakage.log].map(|part| shown(part)).join("\n").trim().to_owned();
                let end = End::Error { headline: one_line(&breakage.why), text };
                cases.insert(0, Case { name: name.clone(), end });
            }
            Outcome::Skipped(why) => {
                cases.push(Case { name: name.clone(), end: End::Skipped { headline: one_line(why) } });
            }
            Outcome::Clean | Outcome::Found(_) if cases.is_empty() => {
                cases.push(Case { name: count(check.n_files, "file"), end: End::Passed });
            }
            Outcome::Clean | Outcome::Found(_) => {}
        }
        Self { name, duration: check.duration, cases }
    }
}

/// A failed case for each file, in the order of the findings.
fn by_file(findings: &[&Finding]) -> Vec<Case> {
    let mut files: Vec<(&Place, Vec<&Finding>)> = Vec::new();
    for finding in findings {
        match files.last_mut() {
            Some((place, of_file)) if place.path() == finding.place.path() => of_file.push(finding),
            _ => files.push((&finding.place, vec![finding])),
        }
    }
    files.into_iter().map(|(place, of_file)| failed(place, &of_file)).collect()
}

fn failed(place: &Place, findings: &[&Finding]) -> Case {
    let name = match place {
        Place::Change => "(the change)".to_owned(),
        Place::Message(_) => "(commit message)".to_owned(),
        Place::File(path) | Place::Span(path, _) | Place::Lines { path, .. } => path.to_string(),
    };
    let headline = match findings {
        [one] => split_message(one, usize::MAX).0,
        several => count(several.len(), "finding"),
    };
    let text: Vec<String> = findings.iter().map(|finding| whole(finding)).collect();
    Case { name, end: End::Failure { headline, text: text.join("\n") } }
}

/// A finding with all lines of its message and its hint.
fn whole(finding: &Finding) -> String {
    let (headline, rest) = split_message(finding, usize::MAX);
    let hint = (!finding.hint.is_empty()).then(|| one_line(&finding.hint));
    let below = rest.into_iter().chain(hint).map(|line| format!("\n  {line}").trim_end_matches(' ').to_owned());
    below.fold(line(finding, &headline), |text, line| text + &line)
}

/// The same, with the last cases replaced by their number if there are too many.
fn limited(mut suites: Vec<Suite>) -> Vec<Suite> {
    let n_cases: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    if n_cases <= MAX_CASES {
        return suites;
    }
    let mut n_left = MAX_CASES - 1;
    let mut n_failed = 0;
    for suite in &mut suites {
        let n_kept = suite.cases.len().min(n_left);
        n_left -= n_kept;
        let dropped = suite.cases.split_off(n_kept);
        n_failed += dropped.iter().filter(|case| matches!(case.end, End::Failure { .. } | End::Error { .. })).count();
    }
    let headline = format!("{} left out, {n_failed} of them failed", count(n_cases - MAX_CASES + 1, "case"));
    let end = if n_failed > 0 { End::Failure { headline, text: String::new() } } else { End::Skipped { headline } };
    let rest = Case { name: "(more)".to_owned(), end };
    suites.push(Suite { name: "tollgate".to_owned(), duration: Duration::ZERO, cases: vec![rest] });
    suites.retain(|suite| !suite.cases.is_empty());
    suites
}

/// How many cases there are: all, failures, errors, skipped.
fn totals<'c>(cases: impl Iterator<Item = &'c Case>) -> [usize; 4] {
    cases.fold([0; 4], |[all, failures, errors, skipped], case| match case.end {
        End::Passed => [all + 1, failures, errors, skipped],
        End::Failure { .. } => [all + 1, failures + 1, errors, skipped],
        End::Error { .. } => [all + 1, failures, errors + 1, skipped],
        End::Skipped { .. } => [all + 1, failures, errors, skipped + 1],
    })
}

fn write_suite(xml: &mut Writer<&mut dyn Write>, suite: &Suite, report: &RunReport) -> io::Result<()> {
    let moment = timestamp(report.started);
    let mut start = element("testsuite", &[("name", &suite.name), ("timestamp", &moment)]);
    attributes(&mut start, &totals(suite.cases.iter()), suite.duration);
    xml.write_event(Event::Start(start))?;
    for case in &suite.cases {
        let attributes = [("name", case.name.as_str()), ("classname", suite.name.as_str()), ("time", "0")];
        match &case.end {
            End::Passed => xml.write_event(Event::Empty(element("testcase", &attributes)))?,
            End::Failure { headline, text } => write_ended(xml, &attributes, ("failure", headline, text))?,
            End::Error { headline, text } => write_ended(xml, &attributes, ("error", headline, text))?,
            End::Skipped { headline } => write_ended(xml, &attributes, ("skipped", headline, ""))?,
        }
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn write_ended(
    xml: &mut Writer<&mut dyn Write>,
    case: &[(&str, &str)],
    (kind, headline, text): (&str, &str, &str),
) -> io::Result<()> {
    xml.write_event(Event::Start(element("testcase", case)))?;
    let end = element(kind, &[("message", headline)]);
    if text.is_empty() {
        xml.write_event(Event::Empty(end))?;
    } else {
        xml.write_event(Event::Start(end))?;
        xml.write_event(Event::Text(BytesText::new(&valid(text))))?;
        xml.write_event(Event::End(BytesEnd::new(kind)))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn element<'n>(name: &'n str, attributes: &[(&str, &str)]) -> BytesStart<'n> {
    let mut element = BytesStart::new(name);
    for (name, value) in attributes {
        element.push_attribute((*name, valid(value).as_str()));
    }
    element
}

fn attributes(element: &mut BytesStart<'_>, totals: &[usize; 4], duration: Duration) {
    for (name, number) in ["tests", "failures", "errors", "skipped"].into_iter().zip(totals) {
        element.push_attribute((name, number.to_string().as_str()));
    }
    element.push_attribute(("time", format!("{:.3}", duration.as_secs_f64()).as_str()));
}

fn shown(text: &str) -> String {
    escaped_lines(text)
}

/// The text without the characters that XML 1.0 cannot hold; control characters are escaped before.
fn valid(text: &str) -> String {
    text.chars().filter(|character| !matches!(character, '\u{fffe}' | '\u{ffff}')).collect()
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use crate::model::outcome::RunReport;
    use crate::report::tests;
    use crate::sarif::sample;

    fn written(report: &RunReport) -> String {
        tests::written("junit", report)
    }

    /// How many elements of each name there are, after a whole reading.
    fn count(xml: &str, name: &str) -> usize {
        let mut reader = Reader::from_str(xml);
        let mut n_found = 0;
        loop {
            match reader.read_event().expect("XML") {
                Event::Start(start) | Event::Empty(start) => {
                    start.attributes().for_each(|attribute| drop(attribute.expect("an attribute")));
                    n_found += usize::from(start.name().as_ref() == name);
                }
                Event::Eof => return n_found,
                _ => {}
            }
        }
    }

    #[test]
    fn a_failed_case_a_file_and_a_passing_one_for_a_clean_check() {
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="tollgate" tests="2" failures="1" errors="0" skipped="0" time="0.031">
 <testsuite name="trailing-whitespace" timestamp="2026-11-23T07:00:00.123Z" tests="1" failures="1" errors="0" skipped="0" time="0.003">
  <testcase name="src/app.py" classname="trailing-whitespace" time="0">
   <failure message="two blanks at the end of the line">src/app.py:2:10: error: two blanks at the end of the line [trailing-whitespace]
  remove them, or let `tollgate fix` do it</failure>
  </testcase>
 </testsuite>
 <testsuite name="hardcoded-secret" timestamp="2026-11-23T07:00:00.123Z" tests="1" failures="0" errors="0" skipped="0" time="0.003">
  <testcase name="7 files" classname="hardcoded-secret" time="0"/>
 </testsuite>
</testsuites>
"#;
        assert_eq!(written(&sample::with(vec![sample::trailing_whitespace()])), expected);
    }

    #[test]
    fn broken_is_an_error_skipped_is_skipped_and_a_note_fails_nothing() {
        let text = written(&sample::hostile());
        assert_eq!((count(&text, "error"), count(&text, "skipped"), count(&text, "failure")), (1, 1, 6));
        assert!(text.contains(r#"<error message="the program `li\x1bnt` is missing">install it"#), "{text}");
    }

    #[test]
    fn a_message_keeps_its_lines() {
        let mut finding = sample::trailing_whitespace();
        finding.message = "the command failed\n\nline 1 <a>\n\tline 2\n".to_owned();
        let text = written(&sample::with(vec![finding]));
        let expected = "<failure message=\"the command failed\">src/app.py:2:10: error: the command failed \
                        [trailing-whitespace]\n  line 1 &lt;a&gt;\n  \tline 2\n  remove them";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn a_file_with_several_findings_is_one_case() {
        let findings = vec![sample::trailing_whitespace(), sample::trailing_whitespace()];
        let text = written(&sample::with(findings));
        assert!(text.contains(r#"<failure message="2 findings">"#), "{text}");
        assert_eq!(count(&text, "testcase"), 2);
    }

    #[test]
    fn no_more_cases_than_codebuild_takes() {
        let findings = (0..700).map(|n| sample::at("r", format!("f{n:03}").as_bytes(), "x", "x")).collect();
        let text = written(&sample::with(findings));
        assert_eq!(count(&text, "testcase"), 500);
        assert!(text.contains(r#"message="203 cases left out, 203 of them failed""#), "{text}");
    }
}
