//! What a finding is measured against: rules, their levels and families.

use std::fmt;
use std::sync::Arc;

/// The id of a rule or check: kebab-case; `tool/rule` for a rule of an external tool.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RuleId(Arc<str>);

impl RuleId {
    /// Takes the id as it is.
    pub(crate) fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The text of the id.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RuleId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How bad a finding is; ordered from harmless to grave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    /// Informs.
    Note,
    /// Blocks a pull request by default.
    Warning,
    /// Blocks everywhere by default.
    Error,
}

impl Level {
    /// Every level with its name.
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("note", Self::Note), ("warning", Self::Warning), ("error", Self::Error)];

    /// The name used everywhere: configuration, SARIF, terminal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
    }
}

/// A group of checks that can be chosen by one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    /// What no file should have: trailing blanks, conflict markers, broken JSON.
    Hygiene,
    /// Credentials in content.
    Secrets,
    /// Pattern rules on the syntax tree.
    Rules,
    /// External linters.
    Tools,
    /// Test suites.
    Tests,
    /// The change as a whole.
    Change,
    /// The commit message.
    Message,
}

impl Family {
    /// Every family with its name, in the order in which they are shown.
    pub(crate) const NAMES: [(&'static str, Self); 7] = [
        ("hygiene", Self::Hygiene),
        ("secrets", Self::Secrets),
        ("rules", Self::Rules),
        ("tools", Self::Tools),
        ("tests", Self::Tests),
        ("change", Self::Change),
        ("message", Self::Message),
    ];

    /// The word that chooses the family.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, family)| *family == self).map_or("", |(name, _)| name)
    }

    /// The family of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, family)| *family)
    }
}

/// A rule in force, described for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its id.
    pub(crate) id: RuleId,
    /// The family that it belongs to.
    pub(crate) family: Family,
    /// The level of its findings where the configuration says nothing else.
    pub(crate) level: Level,
    /// One sentence: what it finds.
    pub(crate) summary: String,
    /// Markdown: what it finds, why it matters, an example, how to mend it, options.
    pub(crate) doc: String,
    /// Where more is to be read; empty if nowhere.
    pub(crate) url: String,
    /// `security`, `correctness`, `maintainability`, `performance`, `portability`, `style`; empty if unknown.
    pub(crate) category: String,
    /// `very-high`, `high`, `medium`, `low`; empty if unknown.
    pub(crate) precision: String,
    /// Numbers of weaknesses in the CWE catalogue.
    pub(crate) cwe: Vec<u32>,
}
