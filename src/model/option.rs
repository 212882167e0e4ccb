//! Options of checks: what a check accepts, and what the configuration or the command line says.

use std::collections::BTreeMap;

/// What kind of value an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptionKind {
    /// On or off.
    Flag,
    /// A whole number.
    Number,
    /// Any text.
    Text,
    /// Several texts; on the command line the option is repeated.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// An option that a check accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OptionSpec {
    /// Its name, in kebab-case: `maxkb`, `markdown-linebreak-ext`.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: OptionKind,
    /// One sentence for the help, with the default.
    pub(crate) help: &'static str,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OptionValue {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// Text, also of a choice.
    Text(String),
    /// Several texts.
    List(Vec<String>),
}

/// The options that were given to a check; what was not given has the check's own default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options(BTreeMap<String, OptionValue>);

impl Options {
    /// Sets an option, replacing an earlier value.
    pub(crate) fn set(&mut self, name: impl Into<String>, value: OptionValue) {
        self.0.insert(name.into(), value);
    }

    /// Whether a flag is on; off if not given.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(OptionValue::Flag(true)))
    }

    /// A number, or the default.
    pub(crate) fn number(&self, name: &str, default: u64) -> u64 {
        match self.0.get(name) {
            Some(OptionValue::Number(number)) => *number,
            _ => default,
        }
    }

    /// A text or choice, or the default.
    pub(crate) fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        match self.0.get(name) {
            Some(OptionValue::Text(text)) => text,
            _ => default,
        }
    }

    /// A list; `None` if not given.
    pub(crate) fn list(&self, name: &str) -> Option<&[String]> {
        match self.0.get(name) {
            Some(OptionValue::List(list)) => Some(list),
            _ => None,
        }
    }

    /// Every option that was given, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &OptionValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}
