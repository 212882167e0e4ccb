//! The rules for secrets, embedded from `rules/secrets/` with a list and an automaton of all their keywords that
//! `build.rs` makes of them.

use std::sync::{LazyLock, OnceLock};

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use crate::check::keywords::Keywords;
use crate::model::place::Span;
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

/// The ids of the rules for secrets.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.id)
}

/// Every rule for secrets, described.
pub(crate) fn described() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| ENTRIES.iter().map(Entry::describe).collect());
    &RULES
}

/// A keyword in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Where it stands.
    pub(super) place: Span,
    /// The rules that have it.
    pub(super) rules: &'static [usize],
}

/// Every keyword of every rule in a text, those that overlap too, in letters of either case, by where they end.
pub(super) fn keywords(text: &[u8]) -> impl Iterator<Item = Hit> {
    static AUTOMATON: LazyLock<Keywords> =
        LazyLock::new(|| Keywords::new(include_bytes!(concat!(env!("OUT_DIR"), "/keywords.automaton")), ENDS));
    AUTOMATON.find(text).filter_map(|(keyword, end)| {
        let (n_bytes, rules) = KEYWORDS.get(keyword)?;
        Some(Hit { place: Span { start: end.checked_sub(*n_bytes)?, end }, rules })
    })
}

/// The pattern of a rule, made on first use. It looks at a line here and there, so no automata are made for it that take
/// hundreds of kilobytes each and more time than they save.
pub(super) fn pattern(rule: usize) -> Option<&'static Regex> {
    static PATTERNS: LazyLock<Vec<OnceLock<Regex>>> =
        LazyLock::new(|| ENTRIES.iter().map(|_| OnceLock::new()).collect());
    let entry = ENTRIES.get(rule).filter(|entry| !entry.regex.is_empty())?;
    let build = || {
        Regex::builder()
            .configure(Regex::config().utf8_empty(false).onepass(false).hybrid(false))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build(entry.regex)
            .expect("because a test builds the pattern of every rule")
    };
    Some(PATTERNS.get(rule)?.get_or_init(build))
}
