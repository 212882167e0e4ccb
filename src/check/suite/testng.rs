//! The XML of TestNG.

use std::io::BufRead;
use std::time::Duration;

use crate::check::suite::draft::{Drafts, Part};
use crate::check::suite::xml::{Elements, Tag, read as read_xml};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, Take, head};

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let mut reading = Reading { drafts: Drafts::new(take), class: String::new(), is_left_out: false };
    let read = read_xml(input, &mut reading);
    reading.drafts.end_all(read, "TestNG")
}

struct Reading<'a, 'b> {
    drafts: Drafts<'a, 'b>,
    class: String,
    /// Whether the method is one that prepares tests and did so.
    is_left_out: bool,
}

impl Elements for Reading<'_, '_> {
    fn open(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "testng-results" => {
                self.drafts.count(tag.get("failed").and_then(|count| count.trim().parse().ok()).unwrap_or(0));
            }
            "class" => self.class = head(&tag.get("name").unwrap_or_default(), MAX_NAME).to_owned(),
            "test-method" => {
                let case = case(tag, &self.class);
                let is_config = tag.get("is-config").is_some_and(|said| said == "true");
                self.is_left_out = is_config && !matches!(case.ending, Ending::Failed(_));
                if !self.is_left_out {
                    self.drafts.begin(case);
                }
            }
            "message" => self.drafts.enter(Some(Part::Message)),
            "full-stacktrace" => self.drafts.enter(Some(Part::Detail)),
            "line" => self.drafts.enter(Some(Part::Log)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.drafts.text(text);
    }

    fn close(&mut self, name: &str) {
        match name {
            "test-method" if !self.is_left_out => self.drafts.end(),
            "message" | "full-stacktrace" | "line" => self.drafts.enter(None),
            _ => {}
        }
    }
}

fn case(tag: &Tag<'_>, class: &str) -> Case {
    let status = tag.get("status").unwrap_or_default();
    Case {
        class: class.to_owned(),
        name: head(&tag.get("name").unwrap_or_default(), MAX_NAME).to_owned(),
        time: tag.get("duration-ms").and_then(|time| time.trim().parse().ok()).map(Duration::from_millis),
        ending: match status.to_ascii_lowercase().as_str() {
            "pass" => Ending::Passed,
            "skip" => Ending::Skipped,
            _ => Ending::Failed(Failure::new(format!("its status is `{status}`"))),
        },
        ..Case::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{check, told};
    use crate::config::TestFormat::Testng;

    #[test]
    fn methods_are_tests_and_those_that_prepare_them_only_if_they_fail() {
        check(
            Testng,
            r#"<testng-results skipped="1" failed="2" passed="1"><reporter-output/><suite><test><class name="x.T">
            <test-method status="PASS" name="setUp" is-config="true"/><test-method status="FAIL" name="tearDown" is-config="true"><exception class="E"><message>m</message></exception></test-method>
            <test-method status="PASS" name="a" duration-ms="12"/><test-method status="FAIL" name="b"><exception class="E"><message><![CDATA[expected [1] but found [2]]]></message>
            <full-stacktrace><![CDATA[at x.T.b(T.java:7)]]></full-stacktrace></exception><reporter-output><line>said</line></reporter-output></test-method>
            <test-method status="SKIP" name="c"/></class></test></suite></testng-results>"#,
            &[
                "x.T::tearDown failed m|",
                "x.T::a passed",
                "x.T::b failed expected [1] but found [2]|at x.T.b(T.java:7)",
                "x.T::c skipped",
            ],
        );
        assert!(told(Testng, b"<testng-results failed='1'/>").1.is_some());
    }
}
