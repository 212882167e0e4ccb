//! The rules of a run, described for reports: all that were in force, not only those that found something.

use std::collections::BTreeSet;

use crate::check::About;
use crate::check::coverage;
use crate::check::external::read::line;
use crate::check::suppression;
use crate::model::rule::{Family, Level, Rule, RuleId};
use crate::plan::selection::Choice;
use crate::plan::{CommandJob, Plan};
use crate::run::Ran;

/// Which rules a report describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Described {
    /// All that were in force.
    InForce,
    /// Those that found something: enough for a person, and it costs a clean commit nothing.
    Found,
}

/// Describes the rules that the plan runs, with those that external tools told of; sorted by id, each once.
pub(super) fn of(plan: &Plan<'_>, described: Described, ran: &mut Ran) -> Vec<Rule> {
    let found: BTreeSet<&RuleId> = ran.findings.iter().chain(&ran.suppressed).map(|finding| &finding.rule).collect();
    let is_any_described = described == Described::InForce || !found.is_empty();
    let is_described = |id: &RuleId| described == Described::InForce || found.contains(id);
    let of_checks = plan.file_checks.iter().filter(|_| is_any_described).flat_map(|job| job.check.rules());
    let is_on = |rule: &&Rule| plan.selection.choose(rule.id.as_str(), rule.family, true) == Choice::Runs;
    let of_checks = of_checks.filter(is_on).cloned();
    let files = plan.file_checks.iter().filter(|job| job.check.rule_ids().is_empty()).map(|job| job.check.about());
    let changes = plan.change_checks.iter().map(|job| job.check.about());
    let is_chosen = |id: &str| plan.selection.choose(id, Family::Rules, true) == Choice::Runs;
    let suppressions = suppression::rules().iter().filter(|about| is_chosen(about.id));
    let measured = coverage::ABOUT.iter().filter(|_| plan.coverage.is_some());
    let built_in = files.chain(changes).chain(suppressions).chain(measured).map(built_in);
    let patterns = plan.engine.describe(&|id| plan.runs_rules() && is_chosen(id.as_str()) && is_described(id));
    let commands = plan.commands.iter().map(command);
    let foreign = std::mem::take(&mut ran.rules);
    let mut rules: Vec<Rule> = built_in.chain(of_checks).chain(patterns).chain(commands).chain(foreign).collect();
    rules.retain(|rule| is_described(&rule.id));
    rules.retain_mut(|rule| match plan.levels.anywhere(&rule.id, rule.level) {
        Some(level) => {
            rule.level = level;
            true
        }
        None => false,
    });
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules.dedup_by(|a, b| a.id == b.id);
    rules
}

/// A built-in check as a rule.
pub(super) fn built_in(about: &About) -> Rule {
    Rule {
        id: RuleId::from(about.id),
        family: about.family,
        level: about.level,
        summary: about.summary.to_owned(),
        doc: about.doc.to_owned(),
        url: String::new(),
        category: match about.family {
            Family::Secrets => "security",
            Family::Hygiene | Family::Rules | Family::Tools | Family::Tests => "correctness",
            Family::Change | Family::Message => "maintainability",
        }
        .to_owned(),
        precision: "very-high".to_owned(),
        cwe: Vec::new(),
    }
}

fn command(job: &CommandJob) -> Rule {
    let line = line(&job.command);
    Rule {
        id: job.command.id.clone(),
        family: job.command.family(),
        level: job.command.check.level.unwrap_or(Level::Error),
        summary: format!("The command `{line}` of the configuration"),
        doc: format!("## What it finds\n\nWhatever `{line}` reports: {} in `tollgate.toml`.\n", job.command.id),
        url: String::new(),
        category: "correctness".to_owned(),
        precision: String::new(),
        cwe: Vec::new(),
    }
}
