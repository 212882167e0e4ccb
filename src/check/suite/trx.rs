//! Visual Studio's test results (`.trx`), which `dotnet test` and MSTest write.

use std::io::BufRead;
use std::time::Duration;

use crate::check::suite::draft::{Drafts, Part};
use crate::check::suite::xml::{Elements, Tag, read as read_xml};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, Take, head, seconds};

/// The ends of the names of elements that are results of tests.
const RESULT: &str = "TestResult";
/// One that holds others.
const AGGREGATION: &str = "TestResultAggregation";
/// Counts of tests that did not end as they should.
const COUNTS: [&str; 4] = ["failed", "error", "timeout", "aborted"];

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let mut reading = Reading { drafts: Drafts::new(take) };
    let read = read_xml(input, &mut reading);
    reading.drafts.end_all(read, "Visual Studio")
}

struct Reading<'a, 'b> {
    drafts: Drafts<'a, 'b>,
}

fn is_result(name: &str) -> bool {
    name.ends_with(RESULT) || name == AGGREGATION
}

impl Elements for Reading<'_, '_> {
    fn open(&mut self, tag: &Tag<'_>) {
        match tag.name() {
            "TestRun" => self.drafts.count(0),
            name if is_result(name) => self.drafts.begin(case(tag)),
            "RunInfo" => {
                let is_wrong = tag.get("outcome").is_some_and(|outcome| outcome == "Error" || outcome == "Failed");
                let ending = if is_wrong { Ending::Failed(Failure::default()) } else { Ending::Skipped };
                self.drafts.begin(Case { name: "(run)".to_owned(), ending, ..Case::default() });
            }
            "Counters" => {
                let count = |name: &&str| tag.get(name).and_then(|count| count.trim().parse().ok()).unwrap_or(0);
                self.drafts.count(COUNTS.iter().map(count).fold(0, usize::saturating_add));
            }
            "Message" | "Text" => self.drafts.enter(Some(Part::Message)),
            "StackTrace" => self.drafts.enter(Some(Part::Detail)),
            "StdOut" | "StdErr" => self.drafts.enter(Some(Part::Log)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.drafts.text(text);
    }

    fn close(&mut self, name: &str) {
        match name {
            "RunInfo" => self.drafts.end(),
            name if is_result(name) => self.drafts.end(),
            "Message" | "Text" | "StackTrace" | "StdOut" | "StdErr" => self.drafts.enter(None),
            _ => {}
        }
    }
}

fn case(tag: &Tag<'_>) -> Case {
    let outcome = tag.get("outcome").unwrap_or_default();
    Case {
        name: head(&tag.get("testName").unwrap_or_default(), MAX_NAME).to_owned(),
        time: tag.get("duration").and_then(|time| duration(&time)),
        ending: match outcome.as_ref() {
            "Passed" | "PassedButRunAborted" | "Completed" | "Warning" => Ending::Passed,
            "NotExecuted" | "Inconclusive" | "Pending" => Ending::Skipped,
            // A result without an outcome is one of a test that never came to its end.
            _ => Ending::Failed(Failure::new(format!("its outcome is `{outcome}`"))),
        },
        ..Case::default()
    }
}

/// A time as .NET writes it: `01:02:03.5`.
fn duration(text: &str) -> Option<Duration> {
    let mut parts = text.trim().rsplitn(3, ':');
    let rest = seconds(parts.next()?)?;
    let minutes: u32 = parts.next().unwrap_or("0").parse().ok()?;
    let hours: u32 = parts.next().unwrap_or("0").parse().ok()?;
    let whole = hours.checked_mul(3_600)?.checked_add(minutes.checked_mul(60)?)?;
    rest.checked_add(Duration::from_secs(whole.into()))
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{all, check, told};
    use crate::config::TestFormat::Trx;

    #[test]
    fn results_of_every_kind_are_read() {
        check(
            Trx,
            r#"<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>
            <UnitTestResult testName="N.A" outcome="Passed" duration="00:01:02.5"/>
            <UnitTestResult testName="N.B" outcome="Failed"><Output><StdOut>o</StdOut><ErrorInfo><Message>m</Message><StackTrace>at N.B() in C:\w\b.cs:line 3</StackTrace></ErrorInfo></Output></UnitTestResult>
            <UnitTestResult testName="N.C" outcome="NotExecuted"/><UnitTestResult testName="N.D"/>
            <UnitTestResult testName="N.E" outcome="Failed"><InnerResults><UnitTestResult testName="N.E(1)" outcome="Passed"/></InnerResults></UnitTestResult>
            </Results><ResultSummary outcome="Failed"><Counters total="5" failed="2" error="1"/><RunInfos><RunInfo outcome="Error"><Text>the host crashed</Text></RunInfo><RunInfo outcome="Warning"><Text>w</Text></RunInfo></RunInfos></ResultSummary></TestRun>"#,
            &[
                "N.A passed",
                "N.B failed m|at N.B() in C:\\w\\b.cs:line 3",
                "N.C skipped",
                "N.D failed its outcome is ``|",
                "N.E(1) passed",
                "N.E failed its outcome is `Failed`|",
                "(run) failed the host crashed|",
                "(run) skipped",
            ],
        );
        let cases =
            all(Trx, b"<TestRun><UnitTestResult testName='a' outcome='Passed' duration='01:02:03.5'/></TestRun>").0;
        assert_eq!(cases.first().and_then(|case| case.time).map(|time| time.as_millis()), Some(3_723_500));
        assert!(told(Trx, b"<x/>").1.is_some());
    }
}
