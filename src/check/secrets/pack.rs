//! The rules for secrets, embedded from `rules/secrets/` with a list that `build.rs` makes of them, and the one automaton
//! of all their keywords.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use crate::model::rule::{Family, Level, Rule, RuleId};

/// A rule for secrets.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its id.
    pub(super) id: &'static str,
    /// Whose secret it is; empty where that can't be told.
    pub(super) provider: &'static str,
    /// One sentence: what it finds.
    pub(super) summary: &'static str,
    /// What stands in front of the masked secret in a finding.
    pub(super) message: &'static str,
    /// Why it matters.
    pub(super) why: &'static str,
    /// What to do.
    pub(super) fix: &'static str,
    /// Texts of which a line has at least one, in letters of either case, where the rule can hold.
    pub(super) keywords: &'static [&'static str],
    /// How it is looked for beside the pattern: `assignment`, or empty.
    pub(super) finder: &'static str,
    /// The pattern with a group called `secret`; empty where another finder looks.
    pub(super) regex: &'static str,
    /// What else must hold of the secret, a name of [`crate::check::secrets::proof`].
    pub(super) proof: &'static str,
    /// The least bits of entropy of each character.
    pub(super) entropy: f64,
    /// How many bytes the secret with its surroundings takes at most.
    pub(super) reach: usize,
    /// `very-high`, `high`, `medium`, `low`.
    pub(super) precision: &'static str,
    /// The name of the level.
    pub(super) level: &'static str,
    /// Numbers of weaknesses in the CWE catalogue.
    pub(super) cwe: &'static [u32],
    /// A text in which it holds, secrets left open.
    pub(super) example: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/secrets.rs"));

impl Entry {
    /// The level of its findings.
    pub(super) fn level(&self) -> Level {
        Level::from_name(self.level).expect("because a test reads every rule")
    }

    /// Whether the pattern tells by itself that a secret stands there, and whose.
    pub(super) fn is_specific(&self) -> bool {
        self.finder.is_empty()
    }

    fn describe(&self) -> Rule {
        let provider = if self.provider.is_empty() { String::new() } else { format!(" It is of {}.", self.provider) };
        let doc = format!(
            "## What it finds\n{}{provider} Placeholders, variables and hashes are left out.\n\n## Why it matters\n{}\n\n\
             ## Example\nWhat stands in double braces is made up by the test:\n\n```\n{}\n```\n\n## Fix\n{}\n\n## Options\nNone.\n",
            self.summary, self.why, self.example, self.fix
        );
        Rule {
            id: RuleId::from(self.id),
            family: Family::Secrets,
            level: self.level(),
            summary: self.summary.to_owned(),
            doc,
            url: String::new(),
            category: "security".to_owned(),
            precision: self.precision.to_owned(),
            cwe: self.cwe.to_vec(),
        }
    }
}

/// Every rule for secrets, sorted by id.
pub(super) fn entries() -> &'static [Entry] {
    ENTRIES
}

/// Every rule for secrets, described.
pub(crate) fn described() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| ENTRIES.iter().map(Entry::describe).collect());
    &RULES
}

/// What finds the places that are worth a closer look.
pub(super) struct Gate {
    /// All keywords of all rules, each once.
    pub(super) keywords: AhoCorasick,
    /// For each keyword the rules that have it.
    pub(super) rules: Vec<Vec<usize>>,
}

/// The gate of all rules, made on first use.
pub(super) fn gate() -> &'static Gate {
    static GATE: LazyLock<Gate> = LazyLock::new(|| {
        let mut keywords: Vec<&str> = ENTRIES.iter().flat_map(|entry| entry.keywords).copied().collect();
        keywords.sort_unstable();
        keywords.dedup();
        let having = |keyword: &&str| {
            let has = |(_, entry): &(usize, &Entry)| entry.keywords.contains(keyword);
            ENTRIES.iter().enumerate().filter(has).map(|(at, _)| at).collect()
        };
        Gate {
            rules: keywords.iter().map(having).collect(),
            keywords: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(&keywords)
                .expect("because a test builds it of the same keywords"),
        }
    });
    &GATE
}

/// The pattern of a rule, made on first use.
pub(super) fn pattern(rule: usize) -> Option<&'static Regex> {
    static PATTERNS: LazyLock<Vec<OnceLock<Regex>>> =
        LazyLock::new(|| ENTRIES.iter().map(|_| OnceLock::new()).collect());
    let entry = ENTRIES.get(rule).filter(|entry| !entry.regex.is_empty())?;
    let build = || {
        RegexBuilder::new(entry.regex).unicode(false).build().expect("because a test builds the pattern of every rule")
    };
    Some(PATTERNS.get(rule)?.get_or_init(build))
}
