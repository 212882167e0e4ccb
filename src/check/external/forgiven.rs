//! Failures that do not count: those of tests that pass when they are run again, and of tests in quarantine. Where a report
//! leaves a doubt, nothing is forgiven.

use std::collections::BTreeSet;

use crate::check::external::Command;
use crate::check::external::suite::{Failed, Remark, Tested};
use crate::config::quarantine::Entry;
use crate::model::finding::Finding;
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::model::suppression::Day;

impl Tested {
    /// Whether running the suite again could change what is known of it.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        self.breakage.is_none() && !self.failed.is_empty() && !self.is_doubtful()
    }

    /// The names of the tests that failed.
    pub(crate) fn names_of_failed(&self) -> BTreeSet<String> {
        self.failed.iter().map(|failed| failed.name.clone()).collect()
    }

    /// Whether it is known of each of these, by their names, whether it passed or failed.
    pub(crate) fn tells_of(&self, names: &BTreeSet<String>) -> bool {
        let failed = self.names_of_failed();
        self.breakage.is_none() && names.iter().all(|name| self.passed.contains(name) || failed.contains(name))
    }

    /// What is known after tests were run again, `how` for people: a test that failed once and passed once is flaky.
    #[must_use]
    pub(crate) fn after(mut self, again: Self, how: &str, command: &Command) -> Self {
        if again.breakage.is_some() || again.is_doubtful() {
            let why = again.breakage.map_or_else(|| "its report leaves a doubt".to_owned(), |breakage| breakage.why);
            self.notices.push(format!("run again because of failures, it told nothing: {why}"));
            return self;
        }
        let before = self.names_of_failed();
        let fails_again = again.names_of_failed();
        let (gone, left): (Vec<Failed>, Vec<Failed>) = self
            .failed
            .into_iter()
            .partition(|failed| again.passed.contains(&failed.name) && !fails_again.contains(&failed.name));
        let told = |failed: Failed, what: String| {
            let text = format!("{}\n{what}", failed.finding.message);
            Remark::Flaky.finding(&command.id, failed.finding.place, text)
        };
        let passes = gone.into_iter().map(|failed| told(failed, format!("it passed when it was {how}")));
        self.remarks.extend(passes);
        let newly = again.failed.into_iter().filter(|failed| !before.contains(&failed.name));
        self.remarks.extend(newly.map(|failed| told(failed, format!("that was when it was {how}; before it passed"))));
        self.n_failed = left.len();
        self.failed = left;
        self
    }

    /// The same without the failures of tests in quarantine, and with what is wrong with that list.
    #[must_use]
    pub(crate) fn quarantined(mut self, command: &Command, today: Day) -> Self {
        let quarantine = &command.check.quarantine;
        let place = || Place::File(RepoPath::from(quarantine.file.as_str()));
        if self.breakage.is_none() && !self.is_doubtful() {
            let holds = |failed: &Failed| {
                quarantine.entries.iter().find(|entry| entry.means(&failed.name) && entry.until >= today)
            };
            let (held, left): (Vec<Failed>, Vec<Failed>) =
                self.failed.into_iter().partition(|failed| holds(failed).is_some());
            for failed in held {
                let why = holds(&failed).map(said).unwrap_or_default();
                let text = format!("{}\nit is in quarantine: {why}", failed.finding.message);
                self.remarks.push(Remark::Quarantined.finding(&command.id, failed.finding.place, text));
            }
            self.n_failed = left.len();
            self.failed = left;
            let missing = quarantine.entries.iter().enumerate().filter(|(index, _)| !self.met.contains(index));
            let missing = missing.map(|(_, entry)| {
                let text = format!("no test is called `{}`, which is in quarantine ({})", entry.name, entry.owner);
                Remark::Unmatched.finding(&command.id, place(), text)
            });
            self.remarks.extend(missing);
        }
        let expired = quarantine.entries.iter().filter(|entry| entry.until < today).map(|entry| {
            let text = format!("the quarantine of `{}` is over: {}", entry.name, said(entry));
            Remark::Expired.finding(&command.id, place(), text)
        });
        self.remarks.extend(expired.collect::<Vec<Finding>>());
        self
    }
}

fn said(entry: &Entry) -> String {
    format!("{} (until {}, {})", entry.reason.trim(), entry.until, entry.owner.trim())
}

#[cfg(test)]
mod tests {
    use crate::check::external::Command;
    use crate::check::external::suite::Tested;
    use crate::check::external::suite::tests::tested_as;
    use crate::check::external::tests::command;
    use crate::config::quarantine::parse;
    use crate::config::{Output, TestFormat};
    use crate::model::suppression::Day;

    /// Words are the names of tests; those that fail end in an exclamation mark.
    fn report(words: &str) -> String {
        let case = |word: &str| match word.strip_suffix('!') {
            Some(name) => format!("<testcase name='{name}'><failure message='m'/></testcase>"),
            None => format!("<testcase name='{word}'/>"),
        };
        format!("<testsuite>{}</testsuite>", words.split(' ').map(case).collect::<String>())
    }

    fn suite(list: &str) -> Command {
        let mut own = command(&["t"], Output::Tests(TestFormat::Junit));
        own.check.quarantine.file = "flaky.toml".into();
        own.check.quarantine.entries = parse(list.as_bytes()).unwrap();
        own
    }

    #[track_caller]
    fn shown(tested: &Tested) -> Vec<String> {
        let failed = tested.failed.iter().map(|failed| format!("{}!", failed.name));
        let remarks = tested
            .remarks
            .iter()
            .map(|finding| format!("{} {}", finding.rule.as_str(), finding.message.lines().last().unwrap_or_default()));
        failed.chain(remarks).collect()
    }

    #[track_caller]
    fn check_attempts(attempts: &[&str], expected: &[&str]) {
        let own = suite("");
        let mut tested: Option<Tested> = None;
        for (n, words) in (0..).zip(attempts) {
            let watched = tested.as_ref().map(Tested::names_of_failed).unwrap_or_default();
            let xml = if words.starts_with('<') { (*words).to_owned() } else { report(words) };
            let again = tested_as(&own, i32::from(xml.contains("failure")), &xml, &watched);
            tested = Some(match tested.take() {
                Some(tested) => tested.after(again, &format!("run again ({n})"), &own),
                None => again,
            });
        }
        let tested = tested.unwrap();
        assert_eq!(shown(&tested), expected);
        assert_eq!(tested.n_failed, tested.failed.len());
    }

    #[test]
    fn what_passes_when_it_is_run_again_is_flaky() {
        check_attempts(&["a b! c!", "a b c!"], &["c!", "own/flaky-test it passed when it was run again (1)"]);
        check_attempts(&["a!", "a!", "a"], &["own/flaky-test it passed when it was run again (2)"]);
        check_attempts(
            &["a b!", "a! b!"],
            &["b!", "own/flaky-test that was when it was run again (1); before it passed"],
        );
        // A test that is not there again did not pass, and neither did one of the same name as one that fails.
        check_attempts(&["a b!", "a"], &["b!"]);
        check_attempts(&["a b!", "b b!"], &["b!"]);
        // A second run that is not whole takes nothing back.
        check_attempts(&["a b!", "<testsuite><testcase name='b'/>"], &["b!"]);
        check_attempts(&["a b!", "<testsuite/>"], &["b!"]);
    }

    #[test]
    fn the_failure_of_a_test_in_quarantine_does_not_count_while_it_holds() {
        let list = |name: &str, until: &str| {
            format!("[[test]]\nname = \"{name}\"\nowner = \"@ann\"\nreason = \"races\"\nuntil = {until}\n")
        };
        let check = |list: &str, report: &str, expected: &[&str]| {
            let own = suite(list);
            let today = Day::parse("2027-03-01").unwrap();
            let tested = tested_as(&own, 1, report, &Default::default()).quarantined(&own, today);
            assert_eq!(shown(&tested), expected);
        };
        let held = "own/quarantined-test it is in quarantine: races (until 2027-03-01, @ann)";
        check(&list("a::*", "2027-03-01"), &report("a::b! c!"), &["c!", held]);
        check(
            &list("c", "2027-02-28"),
            &report("c!"),
            &["c!", "own/expired-quarantine the quarantine of `c` is over: races (until 2027-02-28, @ann)"],
        );
        let missing = "own/unmatched-quarantine no test is called `d`, which is in quarantine (@ann)";
        check(&list("d", "2027-03-01"), &report("c!"), &["c!", missing]);
        // More failures are counted than told: one of them may be another's.
        let doubtful = "<testsuite failures='2'><testcase name='c'><failure/></testcase></testsuite>";
        check(&list("c", "2027-03-01"), doubtful, &["c!"]);
    }
}
