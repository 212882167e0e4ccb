//! The built-in rules, embedded from `rules/` with a list that `build.rs` makes of them.

use std::borrow::Cow;

use crate::check::pattern::rule_file::{RuleFile, level};
use crate::check::rust;
use crate::model::rule::Level;
use crate::syntax::imports::{Names, named};
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
    /// What a file has in it if the rule can hold there, as it was derived from this very rule: whether within each node
    /// that the rule finds, and the texts, words and called names of which there is one. Empty if it may hold in any, `None` if nobody has
    /// looked yet.
    pub(crate) needs: Option<&'static [Known]>,
    /// The words that it names, read in the same way.
    named: Option<&'static [&'static str]>,
    /// The same as the author says it, for where nothing can be derived; empty if that is not said.
    pub(crate) literals: &'static [&'static str],
    /// Whether it says for which paths it is; else it is for all.
    pub(crate) has_paths: bool,
}

/// A need that is known to the build: whether it is within the node, and the texts by how they stand.
pub(super) type Known = (bool, [&'static [&'static str]; 3]);

/// A list of built-in rules with a number, which gains none any more.
pub(crate) struct Pack {
    /// Its name with its number: `recommended@1`.
    pub(crate) name: &'static str,
    number: u32,
    /// The ids of its rules, sorted.
    pub(crate) rules: &'static [&'static str],
}

/// The packs that hold where a policy names none.
const DEFAULT: &str = "recommended";

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

    /// The words that it names.
    pub(crate) fn named(&self) -> Names {
        match self.named {
            Some(words) => words.iter().copied().map(Cow::Borrowed).collect(),
            None => named::of_json(self.rule),
        }
    }

    /// Its file, read.
    pub(crate) fn read(&self) -> RuleFile {
        RuleFile::parse(self.origin, self.yaml).expect("because a test reads every built-in rule")
    }
}

impl Pack {
    /// Its name without the number: of a policy's packs of the same family the last one named holds.
    pub(crate) fn family(&self) -> &'static str {
        family(self.name)
    }

    /// Whether a rule is in it.
    pub(crate) fn has(&self, rule: &str) -> bool {
        self.rules.binary_search(&rule).is_ok()
    }
}

/// The name of a pack without the number.
fn family(name: &str) -> &str {
    name.split_once('@').map_or(name, |(family, _)| family)
}

/// Every pack.
pub(crate) fn packs() -> &'static [Pack] {
    PACKS
}

/// The pack that holds where a policy names none: the newest one of the recommended.
pub(crate) fn newest() -> &'static Pack {
    let recommended = PACKS.iter().filter(|pack| pack.family() == DEFAULT);
    recommended.max_by_key(|pack| pack.number).expect("because a test finds one")
}

/// Every built-in rule that is a pattern, sorted by file.
pub(crate) fn entries() -> &'static [Entry] {
    ENTRIES
}

/// The ids of all built-in rules: those above and those for the structure of Rust.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    entries().iter().map(|entry| entry.id).chain(rust::rules().iter().map(|rule| rule.id))
}

/// Every built-in rule that is a pattern, read.
pub(crate) fn built_in() -> Vec<RuleFile> {
    ENTRIES.iter().map(Entry::read).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sha2::{Digest, Sha256};

    use crate::check::pattern::pack::{built_in, newest, packs};
    use crate::check::rust;

    /// What each numbered pack holds, as a hash of its list. A line here is a promise to whoever pinned the pack: it is
    /// never changed once a release has it; new rules wait for the next number.
    const FROZEN: [(&str, &str); 1] =
        [("recommended@1", "aa46f68d37e7b587cdb3bc12d4a83526f6575a813fdc697fc6de55cf1edf3402")];

    fn hash(rules: &[&str]) -> String {
        Sha256::digest(rules.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_numbered_pack_never_changes() {
        let there: Vec<(&str, String)> = packs().iter().map(|pack| (pack.name, hash(pack.rules))).collect();
        let frozen: Vec<(&str, String)> = FROZEN.iter().map(|(name, hash)| (*name, (*hash).to_owned())).collect();
        assert_eq!(there, frozen, "put new rules into a pack with the next number, and its hash into FROZEN");
    }

    #[test]
    fn a_pack_is_a_sorted_list_of_rules_of_high_precision() {
        let of_items = rust::rules().iter().map(|rule| rule.described());
        let rules = built_in().into_iter().map(|file| file.rule).chain(of_items);
        let precisions: BTreeMap<String, String> =
            rules.map(|rule| (rule.id.as_str().to_owned(), rule.precision)).collect();
        for pack in packs() {
            assert!(pack.rules.is_sorted_by(|a, b| a < b), "{} is not sorted or names a rule twice", pack.name);
            for rule in pack.rules {
                let precision = precisions.get(*rule).map(String::as_str);
                assert!(matches!(precision, Some("high" | "very-high")), "{rule} of {}: {precision:?}", pack.name);
            }
        }
        assert!(newest().has(newest().rules.first().expect("it has rules")) && !newest().has("no-such-rule"));
    }
}
