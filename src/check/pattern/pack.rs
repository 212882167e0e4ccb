//! The built-in rules, embedded from `rules/` with a list that `build.rs` makes of them.

use crate::check::pattern::rule_file::{RuleFile, level};
use crate::model::rule::Level;
use crate::syntax::languages::Language;

/// A built-in rule, with what has to be known of it before its file is worth reading.
pub(crate) struct Entry {
    /// Its file.
    pub(crate) origin: &'static str,
    /// The text of the file.
    pub(crate) yaml: &'static str,
    /// What the engine needs of it, as JSON.
    pub(crate) rule: &'static str,
    /// Its id.
    pub(crate) id: &'static str,
    severity: &'static str,
    languages: &'static [&'static str],
    /// Texts of which a file has at least one if the rule can hold in it, as they were derived from this very rule;
    /// empty if it may hold in any, `None` if nobody has looked yet.
    pub(crate) needed: Option<&'static [&'static str]>,
    /// The same as the author says it, for where nothing can be derived; empty if that is not said.
    pub(crate) literals: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

impl Entry {
    /// The level of its findings.
    pub(crate) fn level(&self) -> Level {
        level(self.severity).expect("because a test reads every built-in rule")
    }

    /// The languages that it runs on.
    pub(crate) fn languages(&self) -> impl Iterator<Item = Language> {
        self.languages.iter().filter_map(|name| Language::from_name(name))
    }

    /// Its file, read.
    pub(crate) fn read(&self) -> RuleFile {
        RuleFile::parse(self.origin, self.yaml).expect("because a test reads every built-in rule")
    }
}

/// Every built-in rule, sorted by file.
pub(crate) fn entries() -> &'static [Entry] {
    ENTRIES
}

/// Every built-in rule, read.
pub(crate) fn built_in() -> Vec<RuleFile> {
    ENTRIES.iter().map(Entry::read).collect()
}
