//! One file of a policy, read and not yet resolved, and how it is laid over what it builds on.

use serde::Deserialize;
use toml::{Table, Value};

use crate::config::extends::{Packs, Refusal, Site};
use crate::config::load::{raw_config, text};
use crate::config::places::{Places, joined};
use crate::config::problem::{Error, Problem};
use crate::config::raw::RawConfig;
use crate::config::resolve;
use crate::config::{Config, PinnedRules, Sourced};

/// Lists to which the extending file adds; any other list it replaces.
const APPENDED: [&str; 2] = ["exclude", "overrides"];

/// The keys of [rules] that name files in the tree of the file that says them.
const STAYING: [&str; 2] = ["paths", "utils"];

/// A file of a policy, or several laid over each other.
pub(crate) struct Layer {
    raw: RawConfig,
    /// What several files say together; none while it is one.
    merged: Option<Table>,
    places: Places,
    /// The tree that the file is in.
    pub(crate) site: Site,
    packs: Packs,
    pinned_rules: Vec<PinnedRules>,
}

impl Layer {
    /// Reads a file that is called `name` before people.
    pub(crate) fn read(name: &str, bytes: &[u8], site: Site) -> Result<Self, Error> {
        let (raw, places) = raw_config(name, text(name, bytes)?)?;
        Ok(Self { raw, merged: None, places, site, packs: Packs::new(), pinned_rules: Vec::new() })
    }

    /// Where its keys stand.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// What it says that it extends; it does not say so afterwards.
    pub(crate) fn take_extends(&mut self) -> Vec<String> {
        self.raw.extends.take().unwrap_or_default()
    }

    /// Notes a pack that the file names as entry `index` of `extends`.
    pub(crate) fn add_pack(&mut self, index: usize, pack: String) {
        let family = pack.split('@').next().unwrap_or_default().to_owned();
        let origin = self.places.origin(&format!("extends[{index}]"));
        self.packs.insert(family, Sourced { value: pack, origin });
    }

    /// A problem with entry `index` of `extends`.
    pub(crate) fn extends_problem(&self, index: usize, refusal: Refusal) -> Problem {
        self.places.value_problem(&format!("extends[{index}]"), refusal.message, refusal.hint)
    }

    /// Lets the rules of the file stay in its own tree, where the file that extends it is in another.
    pub(crate) fn keep_rules(&mut self) {
        if let Some(rules) = self.raw.rules.as_mut() {
            let (paths, utilities) = (rules.paths.take(), rules.utils.take());
            if paths.is_some() || utilities.is_some() {
                let (paths, utilities) = (paths.unwrap_or_default(), utilities.unwrap_or_default());
                self.pinned_rules.push(PinnedRules { site: self.site.clone(), paths, utilities });
            }
        }
        if let Some(rules) = self.merged.as_mut().and_then(|table| table.get_mut("rules")?.as_table_mut()) {
            STAYING.iter().for_each(|key| drop(rules.remove(*key)));
        }
        STAYING.iter().for_each(|key| self.places.forget(&joined("rules", key)));
    }

    /// This file over what it builds on.
    pub(crate) fn over(mut self, mut below: Self) -> Result<Self, Error> {
        let mut table = below.table();
        let counts = APPENDED.map(|key| (key, table.get(key).and_then(Value::as_array).map_or(0, Vec::len)));
        lay(&mut table, self.table(), 0);
        self.places = self.places.over(below.places, &counts);
        self.raw = RawConfig::deserialize(table.clone())
            .map_err(|error| self.places.problem(None, error.message().to_owned(), String::new()))?;
        self.merged = Some(table);
        below.packs.extend(self.packs);
        self.packs = below.packs;
        below.pinned_rules.extend(self.pinned_rules);
        self.pinned_rules = below.pinned_rules;
        Ok(self)
    }

    /// What it says, as a table without `extends`.
    fn table(&mut self) -> Table {
        self.merged.take().unwrap_or_else(|| {
            let mut table: Table = self.places.text().parse().unwrap_or_default();
            table.remove("extends");
            if let Some(rules) = table.get_mut("rules").and_then(Value::as_table_mut) {
                let raw = self.raw.rules.as_ref();
                let said = raw.map_or([false; 2], |raw| [raw.paths.is_some(), raw.utils.is_some()]);
                let unsaid = STAYING.iter().zip(said).filter(|(_, is_said)| !is_said);
                unsaid.for_each(|(key, _)| drop(rules.remove(*key)));
            }
            table
        })
    }

    /// The policy that it says, or all that is wrong with it.
    pub(crate) fn resolve(self) -> Result<Config, Error> {
        let mut config = resolve::resolve(self.raw, self.places)?;
        config.packs = self.packs.into_values().collect();
        config.pinned_rules = self.pinned_rules;
        Ok(config)
    }
}

/// Lays what `upper` says over `table`: tables key by key, lists of files one after the other, all else instead.
fn lay(table: &mut Table, upper: Table, depth: usize) {
    for (key, value) in upper {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(upper)) => lay(below, upper, depth + 1),
            (Some(Value::Array(below)), Value::Array(upper)) if depth == 0 && APPENDED.contains(&key.as_str()) => {
                below.extend(upper);
            }
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}
