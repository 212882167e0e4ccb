//! Test suites: a command like any other that may be run again when tests of it failed.

use std::collections::BTreeSet;

use crate::check::external::read::{Ran, Seen, Understood};
use crate::check::external::suite::{self, Tested};
use crate::model::outcome::Breakage;
use crate::plan::CommandJob;
use crate::run::Runner;
use crate::run::commands::Execution;
use crate::tree::report_file::open_report;

impl Runner<'_> {
    /// Runs a suite, as often as the policy wants while tests fail, and understands what came of it.
    pub(super) fn execute_suite(
        &self,
        job: &CommandJob,
        execution: &mut Execution<'_>,
    ) -> Result<Understood, Breakage> {
        let command = &job.command;
        let ran = self.invoke(job, execution)?;
        let mut tested = self.tested(job, execution, &ran, &BTreeSet::new())?;
        for n in 1..=command.check.retries {
            if !tested.is_worth_another_try() || self.interrupt.is_set() {
                break;
            }
            let watched = tested.names_of_failed();
            let again = self.invoke(job, execution);
            match again.and_then(|ran| self.tested(job, execution, &ran, &watched)) {
                Ok(again) => tested = tested.after(again, n, command),
                Err(breakage) => {
                    tested.notices.push(format!("it could not be run again: {}", breakage.why));
                    break;
                }
            }
        }
        Ok(tested.quarantined(command, self.today).understood(&command.id))
    }

    fn tested(
        &self,
        job: &CommandJob,
        execution: &Execution<'_>,
        ran: &Ran,
        watched: &BTreeSet<String>,
    ) -> Result<Tested, Breakage> {
        let files = || self.contents.files(&self.change.head);
        let top = &execution.site.top;
        let seen = Seen { top, files: &files, open: &open_report, contents: &|_| None, matcher: b"" };
        suite::understand(&job.command, ran, &seen, watched)
    }
}
