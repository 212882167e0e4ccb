//! The XML of NUnit 2 and 3: test cases in suites in suites.

use std::io::BufRead;

use crate::check::suite::draft::{Drafts, Part};
use crate::check::suite::xml::{Elements, Tag, read as read_xml};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, Take, head, seconds};

/// What NUnit says of a suite in which a test failed.
const OF_CHILDREN: [&str; 2] = ["Child", "Parent"];

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let mut reading = Reading { drafts: Drafts::new(take), suites: Vec::new(), n_inner: 0 };
    let read = read_xml(input, &mut reading);
    reading.drafts.end_all(read, "NUnit")
}

/// A suite that is open.
struct Suite {
    name: String,
    /// Whether a failure in it is its own, and not that of a test in it.
    is_blamed: bool,
    is_told: bool,
}

struct Reading<'a, 'b> {
    drafts: Drafts<'a, 'b>,
    suites: Vec<Suite>,
    /// How deep it is inside of parts that repeat what is told elsewhere.
    n_inner: usize,
}

impl Elements for Reading<'_, '_> {
    fn open(&mut self, tag: &Tag<'_>) {
        let count = |name| tag.get(name).and_then(|count| count.trim().parse().ok()).unwrap_or(0_usize);
        match tag.name() {
            "test-run" => self.drafts.count(count("failed")),
            "test-results" => self.drafts.count(count("failures").saturating_add(count("errors"))),
            // One assembly may stand by itself.
            "test-suite" => {
                self.drafts.count(0);
                self.suites.push(suite(tag));
            }
            "test-case" => self.drafts.begin(case(tag)),
            "assertions" | "reason" | "properties" | "attachments" => self.n_inner += 1,
            _ if self.n_inner > 0 => {}
            "failure" => self.open_failure(),
            "message" => self.drafts.enter(Some(Part::Message)),
            "stack-trace" => self.drafts.enter(Some(Part::Detail)),
            "output" => self.drafts.enter(Some(Part::Log)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.n_inner == 0 {
            self.drafts.text(text);
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "test-case" => self.drafts.end(),
            "test-suite" => {
                self.suites.pop();
            }
            "assertions" | "reason" | "properties" | "attachments" => self.n_inner = self.n_inner.saturating_sub(1),
            "failure" if self.suites.last().is_some_and(|suite| suite.is_told) => {
                self.drafts.end();
                self.suites.iter_mut().for_each(|suite| suite.is_told = false);
            }
            "message" | "stack-trace" | "output" => self.drafts.enter(None),
            _ => {}
        }
    }
}

impl Reading<'_, '_> {
    /// The failure of the test that is open, or of a suite by itself.
    fn open_failure(&mut self) {
        if let Some(case) = self.drafts.case() {
            if !matches!(case.ending, Ending::Failed(_)) {
                case.ending = Ending::Failed(Failure::default());
            }
        } else if let Some(suite) = self.suites.last_mut().filter(|suite| suite.is_blamed) {
            suite.is_told = true;
            let (class, ending) = (suite.name.clone(), Ending::Failed(Failure::default()));
            self.drafts.begin(Case { class, name: "(suite)".to_owned(), ending, ..Case::default() });
        }
    }
}

fn suite(tag: &Tag<'_>) -> Suite {
    let name = tag.said("fullname").or_else(|| tag.said("name")).unwrap_or_default();
    // NUnit 2 does not say whose failure it is; there the tests are told as failed too.
    let is_blamed = tag.get("site").is_some_and(|site| !OF_CHILDREN.contains(&site.as_ref()));
    Suite { name: head(&name, MAX_NAME).to_owned(), is_blamed, is_told: false }
}

fn case(tag: &Tag<'_>) -> Case {
    let name = tag.said("fullname").or_else(|| tag.said("name")).unwrap_or_default();
    let class = tag.get("classname").unwrap_or_default();
    let time = tag.get("duration").or_else(|| tag.get("time"));
    Case {
        class: head(&class, MAX_NAME).to_owned(),
        name: head(&name, MAX_NAME).to_owned(),
        time: time.and_then(|time| seconds(&time)),
        ending: ending(tag),
        ..Case::default()
    }
}

fn ending(tag: &Tag<'_>) -> Ending {
    let result = tag.get("result").unwrap_or_default();
    let failed = || Ending::Failed(Failure::new(format!("its result is `{result}`")));
    let says = |name, value: &str| tag.get(name).is_some_and(|said| said.eq_ignore_ascii_case(value));
    match result.to_ascii_lowercase().as_str() {
        "passed" | "success" | "warning" => Ending::Passed,
        "skipped" | "ignored" | "inconclusive" | "explicit" => Ending::Skipped,
        "" if says("executed", "false") => Ending::Skipped,
        "" if says("success", "false") => failed(),
        "" => Ending::Passed,
        _ => failed(),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{check, told};
    use crate::config::TestFormat::Nunit;

    #[test]
    fn version_3() {
        check(
            Nunit,
            r#"<test-run failed="2"><test-suite type="Assembly" site="Child" result="Failed"><failure><message>One or more child tests had errors</message></failure>
            <test-suite name="S" fullname="N.S" site="TearDown" result="Failed"><failure><message>TearDown : x</message><stack-trace>at N.S.T() in /w/s.cs:line 3</stack-trace></failure>
            <test-case name="A" fullname="N.S.A" classname="N.S" result="Passed" duration="0.5"/>
            <test-case name="B" fullname="N.S.B" classname="N.S" result="Failed"><failure><message><![CDATA[Expected: 1]]></message><stack-trace>at N.S.B() in /w/s.cs:line 9</stack-trace></failure>
            <output>o</output><assertions><assertion result="Failed"><message>again</message><stack-trace>again</stack-trace></assertion></assertions></test-case>
            <test-case name="C" fullname="N.S.C" result="Skipped"><reason><message>later</message></reason></test-case>
            <test-case name="D" fullname="N.S.D" result="Inconclusive"/></test-suite></test-suite></test-run>"#,
            &[
                "N.S::(suite) failed TearDown : x|at N.S.T() in /w/s.cs:line 3",
                "N.S.A passed",
                "N.S.B failed Expected: 1|at N.S.B() in /w/s.cs:line 9",
                "N.S.C skipped",
                "N.S.D skipped",
            ],
        );
    }

    #[test]
    fn version_2() {
        check(
            Nunit,
            r#"<test-results failures="1" errors="1"><test-suite success="False"><results>
            <test-case name="N.A" executed="True" success="True"/><test-case name="N.B" executed="False"><reason><message>r</message></reason></test-case>
            <test-case name="N.C" executed="True" success="False"><failure><message>m</message><stack-trace>s</stack-trace></failure></test-case>
            <test-case name="N.D" executed="True" result="Error"/><test-case name="N.E" executed="True" result="Ignored"/></results></test-suite></test-results>"#,
            &["N.A passed", "N.B skipped", "N.C failed m|s", "N.D failed its result is `Error`|", "N.E skipped"],
        );
    }

    #[test]
    fn what_is_not_whole_is_told() {
        assert_eq!(told(Nunit, b"<testsuite/>").1.as_deref(), Some("it is no report of NUnit"));
        assert!(told(Nunit, b"<test-run failed='2'/>").1.is_some_and(|why| why.contains("counts 2")));
        let (cases, why) = told(Nunit, b"<test-run><test-case name='a' result='Failed'><failure><message>m");
        assert_eq!(cases, ["a failed m|"]);
        assert!(why.is_some());
    }
}
