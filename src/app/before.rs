//! The state before: what it takes to tell which findings the change brings in.

use std::collections::BTreeSet;
use std::sync::mpsc;

use crate::app::failure::Failure;
use crate::app::ground::{broken, leaking};
use crate::app::{Case, Session, suppressions};
use crate::git::listing::Listing;
use crate::model::change::Parent;
use crate::model::event::Event;
use crate::model::finding::{Finding, Novelty};
use crate::model::outcome::{Breakage, Notice};
use crate::model::rule::RuleId;
use crate::plan::CommandJob;
use crate::run::rerun::Before;
use crate::run::{Ran, Runner};
use crate::tree::scratch::stored::BEFORE;
use crate::tree::scratch::{Scratch, Wanted};
use crate::triage;
use crate::triage::BaseFile;

impl Session<'_> {
    /// Decides which findings are new. The state before is looked at only where a finding is left to be compared: first
    /// in the files that have one; then, for code that moved, in the others; last by the commands that look at the whole
    /// project.
    pub(super) fn compare_with_before(
        &self,
        case: Case<'_>,
        runner: &Runner<'_>,
        ran: &mut Ran,
        events: &mpsc::Sender<Event>,
    ) -> Result<Vec<BaseFile>, Failure> {
        let mut bases = compare_files(case, runner, ran)?;
        let change = runner.change;
        let older = |job: &&CommandJob| {
            let is_of = |finding: &&Finding| is_of(&finding.rule, &job.command.id);
            let mut findings = ran.findings.iter().filter(is_of);
            findings.any(|finding| triage::may_be_older(finding, change, &bases))
        };
        let jobs: Vec<&CommandJob> = runner.plan.commands.iter().filter(older).collect();
        if jobs.is_empty() {
            return Ok(bases);
        }
        for (parent, of_parent) in change.parents.iter().enumerate() {
            let told = self.rerun_all(&jobs, (parent, of_parent), runner, (ran, events));
            for (job, told) in jobs.iter().zip(told) {
                match told {
                    Ok(mut told) => {
                        suppressions::mark_bases(case, &mut told);
                        bases.extend(told);
                    }
                    Err(breakage) => ran.notices.push(not_compared(job, &breakage)),
                }
            }
        }
        triage::compare(&mut ran.findings, change, &bases);
        Ok(bases)
    }

    /// What each of these commands finds in a parent.
    fn rerun_all(
        &self,
        jobs: &[&CommandJob],
        (parent, of_parent): (usize, &Parent),
        runner: &Runner<'_>,
        (ran, events): (&Ran, &mpsc::Sender<Event>),
    ) -> Vec<Result<Vec<BaseFile>, Breakage>> {
        if of_parent.tree == self.repo.empty_tree() {
            return jobs.iter().map(|_| Ok(Vec::new())).collect();
        }
        let wanted = Wanted { listing: Listing::Tree(of_parent.tree), commit: of_parent.commit };
        let laid_out = self.lay_out(BEFORE, &wanted, jobs.iter().copied()).and_then(|scratch| match scratch.leaks() {
            [] => Ok(scratch),
            [leak, ..] => Err(leaking(leak)),
        });
        let scratch = match laid_out {
            Ok(scratch) => scratch,
            Err(breakage) => return jobs.iter().map(|_| Err(breakage.clone())).collect(),
        };
        let before = Before { parent, commit: of_parent.commit, site: self.site(&scratch) };
        let rerun = |job: &&CommandJob| {
            self.led(&job.command, before.site.clone())?;
            let told = runner.rerun(job, &before, ran, events)?;
            scratch.restore().map_err(|error| broken("cannot put the state before in order", &error))?;
            Ok(told)
        };
        let told = jobs.iter().map(rerun).collect();
        self.interrupt.rest();
        Scratch::end(scratch);
        told
    }
}

/// Whether a rule is a command's.
fn is_of(rule: &RuleId, command: &RuleId) -> bool {
    let (check, _) = rule.as_str().split_once('/').unwrap_or((rule.as_str(), ""));
    check == command.as_str()
}

/// That it can't be told what is old.
fn not_compared(job: &CommandJob, breakage: &Breakage) -> Notice {
    let id = &job.command.id;
    let message =
        format!("`{id}` could not look at the state before, so all that it finds counts as new: {}", breakage.why);
    Notice { check: id.clone(), path: None, message }
}

/// Compares with what the checks of files find in the state before.
fn compare_files(case: Case<'_>, runner: &Runner<'_>, ran: &mut Ran) -> Result<Vec<BaseFile>, Failure> {
    let change = runner.change;
    let is_compared = |finding: &Finding| finding.novelty != Novelty::Always || finding.suppression.is_some();
    if change.parents.is_empty() || !ran.findings.iter().any(is_compared) {
        triage::compare(&mut ran.findings, change, &[]);
        return Ok(Vec::new());
    }
    let with_findings: BTreeSet<usize> = ran.texts.keys().copied().collect();
    let compared = |finding: &&Finding| finding.novelty == Novelty::Compared;
    let rules: BTreeSet<RuleId> = ran.findings.iter().filter(compared).map(|finding| finding.rule.clone()).collect();
    let mut bases = runner.bases(ran, &with_findings, &rules).map_err(Failure::unreadable)?;
    suppressions::mark_bases(case, &mut bases);
    triage::compare(&mut ran.findings, change, &bases);
    let open: BTreeSet<RuleId> =
        ran.findings.iter().filter(|finding| triage::is_open(finding)).map(|finding| finding.rule.clone()).collect();
    let others: BTreeSet<usize> = (0..change.files.len()).filter(|file| !with_findings.contains(file)).collect();
    if !open.is_empty() && !others.is_empty() {
        let mut more = runner.bases(ran, &others, &open).map_err(Failure::unreadable)?;
        suppressions::mark_bases(case, &mut more);
        bases.extend(more);
        triage::compare(&mut ran.findings, change, &bases);
    }
    Ok(bases)
}
