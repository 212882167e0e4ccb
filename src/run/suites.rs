//! Test suites: a command like any other that may be run again when tests of it failed.

use std::collections::BTreeSet;

use crate::check::affected::Tests;
use crate::check::affected::again::Failing;
use crate::check::external::read::{Ran, Seen, Understood};
use crate::check::external::suite::{self, Tested};
use crate::check::suite::roll::{Fate, Roll};
use crate::model::change::ChangedFile;
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::plan::CommandJob;
use crate::run::commands::Execution;
use crate::run::{Runner, States};
use crate::store::results::key::Recipe;
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
            match self.tried_again(job, execution, &tested) {
                Ok((again, with)) => tested = tested.after(again, &format!("run again {with} ({n})"), command),
                Err(breakage) => {
                    tested.notices.push(format!("it could not be run again: {}", breakage.why));
                    break;
                }
            }
        }
        let tested = tested.quarantined(command, self.today);
        Ok(self.with_vanished(job, execution, tested).understood(&command.id))
    }

    /// What comes of running the tests that failed again; of all, where the runner can't be told of those, or tells nothing
    /// of each of them when it is. With which others, for people.
    fn tried_again(
        &self,
        job: &CommandJob,
        execution: &mut Execution<'_>,
        tested: &Tested,
    ) -> Result<(Tested, &'static str), Breakage> {
        let watched = tested.names_of_failed();
        let failing: Vec<&Failing> = tested.failed.iter().map(|failed| &failed.test).collect();
        // What was measured while they ran is that of the last run: then it is to be of all.
        let runner = job.command.runner().filter(|_| job.command.check.coverage.is_none());
        execution.again = runner.and_then(|runner| runner.again(&failing, job.tests.as_ref()));
        if execution.again.is_some() {
            let again = self.invoke(job, execution).and_then(|ran| self.tested(job, execution, &ran, &watched));
            execution.again = None;
            if let Ok(again) = again
                && again.tells_of(&watched)
            {
                return Ok((again, "without those that passed"));
            }
        }
        let ran = self.invoke(job, execution)?;
        Ok((self.tested(job, execution, &ran, &watched)?, "with all others"))
    }

    /// Tells of tests that ran on the state before and are not there now, if both are known, and keeps which there are.
    fn with_vanished(&self, job: &CommandJob, execution: &Execution<'_>, tested: Tested) -> Tested {
        if matches!(job.tests, Some(Tests::Some { .. })) || !tested.is_whole() {
            return tested;
        }
        let id = &job.command.id;
        let key = |state: &Recipe| state.clone().with(b"roll").with(id.as_str().as_bytes()).key();
        let States { judged, before } = &execution.ground.states;
        if let Some(judged) = judged {
            self.cache.put(key(judged), tested.roll.encode());
        }
        match before.as_ref().and_then(|before| Roll::decode(&self.cache.bytes(&key(before))?)) {
            Some(before) => tested.held_against(&before, &|path| self.fate(path), id),
            None => tested,
        }
    }

    /// What the change did to a file that there was before.
    fn fate(&self, path: &RepoPath) -> Fate {
        let was_there = |file: &&ChangedFile| file.bases.iter().flatten().any(|base| base.path == *path);
        match self.change.files.iter().find(was_there) {
            Some(file) => file.head.as_ref().map_or(Fate::Gone, |head| Fate::There(head.path.clone())),
            None => Fate::There(path.clone()),
        }
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
