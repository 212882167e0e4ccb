//! The XML of xUnit.net, versions 1 to 3, which other .NET runners write too.

use std::io::BufRead;

use crate::check::suite::draft::{Drafts, Part};
use crate::check::suite::xml::{Elements, Tag, read as read_xml};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, Take, head, seconds};

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let mut reading = Reading { drafts: Drafts::new(take) };
    let read = read_xml(input, &mut reading);
    reading.drafts.end_all(read, "xUnit.net")
}

struct Reading<'a, 'b> {
    drafts: Drafts<'a, 'b>,
}

impl Elements for Reading<'_, '_> {
    fn open(&mut self, tag: &Tag<'_>) {
        let count = |name| tag.get(name).and_then(|count| count.trim().parse().ok()).unwrap_or(0_usize);
        match tag.name() {
            "assemblies" => self.drafts.count(0),
            "assembly" => self.drafts.count(count("failed").saturating_add(count("errors"))),
            "test" => self.drafts.begin(case(tag)),
            // What went wrong outside of any test.
            "error" => {
                let name = tag.said("name").or_else(|| tag.said("type")).unwrap_or_default();
                let name = format!("(error) {}", head(&name, MAX_NAME));
                let ending = Ending::Failed(Failure::default());
                self.drafts.begin(Case { name, ending, ..Case::default() });
            }
            "failure" => {
                if let (Some(kind), Some(Case { ending: Ending::Failed(failure), .. })) =
                    (tag.said("exception-type"), self.drafts.case())
                {
                    failure.message = head(&kind, MAX_NAME).to_owned();
                }
            }
            "message" => self.drafts.enter(Some(Part::Message)),
            "stack-trace" => self.drafts.enter(Some(Part::Detail)),
            "output" => self.drafts.enter(Some(Part::Log)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.drafts.text(text);
    }

    fn close(&mut self, name: &str) {
        match name {
            "test" | "error" => self.drafts.end(),
            "message" | "stack-trace" | "output" => self.drafts.enter(None),
            _ => {}
        }
    }
}

fn case(tag: &Tag<'_>) -> Case {
    let text = |name| head(&tag.get(name).unwrap_or_default(), MAX_NAME).to_owned();
    let result = text("result");
    let line = tag.get("source-line").and_then(|line| line.parse().ok()).unwrap_or(0);
    Case {
        class: text("type"),
        name: text("name"),
        file: text("source-file"),
        line,
        time: tag.get("time").and_then(|time| seconds(&time)),
        ending: match result.to_ascii_lowercase().as_str() {
            "pass" => Ending::Passed,
            "skip" | "notrun" => Ending::Skipped,
            _ => Ending::Failed(Failure::new(format!("its result is `{result}`"))),
        },
        log: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{check, told};
    use crate::config::TestFormat::Xunit;

    #[test]
    fn tests_and_errors_beside_them_are_read() {
        check(
            Xunit,
            r#"<assemblies><assembly total="4" failed="1" errors="1"><errors><error type="assembly-cleanup" name="N"><failure exception-type="E"><message>gone</message></failure></error></errors>
            <collection><test name="N.T.A" type="N.T" method="A" result="Pass" time="0.1"/>
            <test name="N.T.B" type="N.T" method="B" result="Fail"><failure exception-type="E"><message><![CDATA[Expected: 1
Actual: 2]]></message><stack-trace>at N.T.B() in /w/t.cs:line 4</stack-trace></failure><output>o</output></test>
            <test name="N.T.C" result="Skip"><reason>later</reason></test><test name="N.T.D" result="NotRun"/></collection></assembly></assemblies>"#,
            &[
                "(error) N failed gone|",
                "N.T.A passed",
                "N.T.B failed Expected: 1\nActual: 2|at N.T.B() in /w/t.cs:line 4",
                "N.T.C skipped",
                "N.T.D skipped",
            ],
        );
        assert!(told(Xunit, b"<x/>").1.is_some());
    }
}
