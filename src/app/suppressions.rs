//! Suppressions in a run: which comments hide what, and what the policy says of those that the change adds.

use std::time::SystemTime;

use crate::app::Case;
use crate::app::vocabulary::built_in_checks;
use crate::check::external::Command;
use crate::check::suppression;
use crate::config::Config;
use crate::config::nearest::nearest;
use crate::model::finding::Finding;
use crate::model::outcome::{CheckRun, Notice, Outcome};
use crate::model::path::RepoPath;
use crate::model::rule::{Family, RuleId};
use crate::model::suppression::{Day, NewSuppressions};
use crate::plan::selection::Choice;
use crate::run::suppressions::SUPPRESSIONS;
use crate::run::{Ran, Runner};
use crate::sarif::timestamp::timestamp;
use crate::triage::BaseFile;
use crate::triage::suppress::{self, Standing, Surveyed};

/// The stage in which the policy decides on suppressions that the change adds.
const REVIEWED: &str = "pull-request";

/// Marks what comments allow, and adds what is wrong with the comments.
pub(super) fn apply(case: Case<'_>, runner: &Runner<'_>, ran: &mut Ran) {
    if ran.directives.is_empty() {
        return;
    }
    let today = today();
    let used = suppress::mark(&mut ran.findings, &ran.directives, today, &|finding| can_be(case, finding));
    let is_judged = |path: &RepoPath| {
        let index = case.change.files.iter().position(|file| file.path() == path);
        index.is_some_and(|index| runner.plan.included.contains(&index) && !runner.plan.foreign.contains(&index))
    };
    let judged = ran.directives.iter().filter(|(path, found)| is_judged(path) && !found.is_empty());
    let judged: suppress::Directives = judged.map(|(path, found)| (path.clone(), found.clone())).collect();
    let surveyed = Surveyed {
        today,
        standing: &|rule| standing(case, rule),
        has_run: &|path, rule| runner.has_run(ran, path, rule),
    };
    let mut problems = suppress::problems(&ran.findings, &judged, &used, &surveyed);
    let selection = &case.prepared.selection;
    problems.retain_mut(|finding| {
        let level = runner.plan.levels.of(&finding.rule, finding.place.path(), finding.level);
        finding.level = level.unwrap_or(finding.level);
        level.is_some() && selection.choose(finding.rule.as_str(), Family::Rules, true) == Choice::Runs
    });
    if !judged.is_empty() {
        let outcome = if problems.is_empty() { Outcome::Clean } else { Outcome::Found(problems.len()) };
        let check = CheckRun::new(RuleId::from(SUPPRESSIONS), Family::Rules, outcome);
        ran.checks.push(CheckRun { n_files: judged.len(), ..check });
        ran.checks.sort_by(|a, b| (a.family, &a.id).cmp(&(b.family, &b.id)));
    }
    ran.findings.extend(problems);
}

/// Marks what comments allow in the state before.
pub(super) fn mark_bases(case: Case<'_>, bases: &mut [BaseFile]) {
    for base in bases.iter_mut().filter(|base| !base.directives.is_empty()) {
        let path = base.findings.first().and_then(|finding| finding.place.path()).cloned();
        let Some(path) = path else { continue };
        let directives = [(path, std::mem::take(&mut base.directives))].into();
        suppress::mark(&mut base.findings, &directives, today(), &|finding| can_be(case, finding));
    }
}

/// Decides on the suppressions that the change adds, and takes out what is suppressed.
pub(super) fn settle(case: Case<'_>, ran: &mut Ran, bases: &[BaseFile]) {
    let policy = match case.prepared.stage == REVIEWED {
        true => case.prepared.loaded.config.new_suppressions.value,
        false => NewSuppressions::Honour,
    };
    let file_of = |path: &RepoPath| case.change.files.iter().position(|file| file.path() == path);
    suppress::settle(&mut ran.findings, &file_of, (bases, case.change.parents.len()), policy);
    ran.suppressed = ran.findings.extract_if(.., |finding| finding.is_suppressed()).collect();
    if policy == NewSuppressions::Report {
        for notice in ran.suppressed.iter().filter_map(added) {
            // One for each comment, whatever it hides.
            if !ran.notices.contains(&notice) {
                ran.notices.push(notice);
            }
        }
    }
}

/// That the change adds a suppression.
fn added(finding: &Finding) -> Option<Notice> {
    let suppression = finding.suppression.as_ref().filter(|suppression| suppression.is_new)?;
    let line = suppression.region.start.line;
    let message = format!("line {line} is new and allows `{}`: {}", finding.rule, suppression.justification);
    Some(Notice { check: RuleId::from(SUPPRESSIONS), path: finding.place.path().cloned(), message })
}

/// Whether a comment can allow a finding: not what a test suite found.
fn can_be(case: Case<'_>, finding: &Finding) -> bool {
    let (check, _) = finding.rule.as_str().split_once('/').unwrap_or((finding.rule.as_str(), ""));
    !is_test_suite(&case.prepared.loaded.config, check)
}

fn is_test_suite(config: &Config, id: &str) -> bool {
    let check = config.checks.get(id).filter(|check| check.run.is_some());
    check.is_some_and(|check| Command { id: RuleId::from(id), check: check.clone() }.family() == Family::Tests)
}

fn standing(case: Case<'_>, rule: &RuleId) -> Standing {
    let (config, vocabulary) = (&case.prepared.loaded.config, case.prepared.loaded.vocabulary());
    let id = rule.as_str();
    if suppression::rules().iter().any(|about| about.id == id) {
        return Standing::NotInFiles("suppressions themselves");
    }
    let (command, _) = id.split_once('/').unwrap_or((id, ""));
    if is_test_suite(config, command) {
        return Standing::NotInFiles("tests");
    }
    let is_command = config.checks.get(command).is_some_and(|check| check.run.is_some());
    match built_in_checks().into_iter().find(|about| about.id == id).map(|about| about.family) {
        Some(Family::Change) => return Standing::NotInFiles("the change as a whole"),
        Some(Family::Message) => return Standing::NotInFiles("the commit message"),
        _ if is_command || vocabulary.rules.contains(id) || vocabulary.checks.contains_key(id) => {
            return Standing::Known;
        }
        _ => {}
    }
    let known = vocabulary.rules.iter().chain(vocabulary.checks.keys()).chain(config.checks.keys());
    Standing::Unknown(nearest(id, known.map(String::as_str)).map(str::to_owned))
}

/// The day by Coordinated Universal Time.
pub(super) fn today() -> Day {
    let text = timestamp(SystemTime::now());
    text.get(.."2027-03-01".len()).and_then(Day::parse).expect("because a timestamp begins with a day")
}
