//! The policy without any file.

use std::collections::BTreeMap;

use crate::config::places::Places;
use crate::config::select;
use crate::config::{Config, Fixing, Gate, OnBroken, Origin, Scope, Sourced, Stage};
use crate::model::rule::Level;
use crate::model::suppression::NewSuppressions;

/// Before a merge commit the same holds as before a commit, unless the file says otherwise.
pub(crate) const FOLLOWER: (&str, &str) = ("pre-merge-commit", "pre-commit");

/// The stage whose hook can mend what it judges.
pub(crate) const MENDING: &str = "pre-commit";

/// The stages that are always there, and what runs in them.
pub(crate) const STAGES: [(&str, &[&str]); 6] = [
    ("pre-commit", &["hygiene", "secrets", "rules", "tools"]),
    ("pre-merge-commit", &["hygiene", "secrets", "rules", "tools"]),
    ("commit-msg", &[]),
    ("pre-push", &["hygiene", "secrets", "rules", "tools", "tests"]),
    ("pull-request", &["*"]),
    ("manual", &["*"]),
];

/// The stages through which code enters a branch: there all tests run.
pub(crate) const WHOLE: [&str; 2] = ["pre-merge-commit", "pull-request"];

/// The most changed lines of a change.
const MAX_LINES: u64 = 800;

impl<T> Sourced<T> {
    /// A value that is built in.
    pub(crate) fn built_in(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }
}

/// What runs in a stage of that name; everything in a stage that is named freely.
pub(crate) fn checks_of(stage: &str) -> Vec<String> {
    let known = STAGES.iter().find(|(name, _)| *name == stage).map_or(&["*"][..], |(_, checks)| *checks);
    known.iter().map(|check| (*check).to_owned()).collect()
}

/// The lowest level that blocks in a stage of that name.
pub(crate) fn fail_on_of(stage: &str) -> Level {
    if stage == "pull-request" { Level::Warning } else { Level::Error }
}

fn gate(fail_on: Level) -> Gate {
    Gate {
        fail_on: Sourced::built_in(Some(fail_on)),
        scope: Sourced::built_in(Scope::New),
        on_broken: Sourced::built_in(OnBroken::Block),
        coverage: Sourced::built_in(None),
    }
}

fn stage(name: &str) -> Stage {
    Stage {
        checks: Sourced::built_in(checks_of(name)),
        gate: gate(fail_on_of(name)),
        fix: Sourced::built_in(Fixing::Off),
        timeout: Sourced::built_in(None),
        jobs: Sourced::built_in(None),
        select: Sourced::built_in(select::of_stage(name)),
    }
}

impl Config {
    /// The policy without any file.
    pub(crate) fn defaults() -> Self {
        Self {
            min_version: Sourced::built_in(None),
            exclude: Sourced::built_in(Vec::new()),
            builtin: Sourced::built_in(true),
            gate: gate(Level::Error),
            stages: STAGES.iter().map(|(name, _)| ((*name).to_owned(), stage(name))).collect(),
            new_suppressions: Sourced::built_in(NewSuppressions::Report),
            checks: BTreeMap::new(),
            rule_paths: Sourced::built_in(Vec::new()),
            utility_paths: Sourced::built_in(Vec::new()),
            levels: BTreeMap::new(),
            overrides: Vec::new(),
            max_lines: Sourced::built_in(MAX_LINES),
            nested_allow: Sourced::built_in(Vec::new()),
            packs: Vec::new(),
            pinned_rules: Vec::new(),
            notices: Vec::new(),
            places: Places::default(),
        }
    }
}
