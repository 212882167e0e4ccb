//! Options of checks: what a check accepts, and what the configuration or the command line says.

use std::collections::BTreeMap;
use std::fmt;

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

/// Credentials of the machine, for a check that looks for them in files. They are shown nowhere.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials(pub(crate) Vec<Vec<u8>>);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} credentials", self.0.len())
    }
}

/// The options that were given to a check; what was not given has the check's own default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    given: BTreeMap<String, OptionValue>,
    credentials: Credentials,
}

impl Options {
    /// Sets an option, replacing an earlier value.
    pub(crate) fn set(&mut self, name: impl Into<String>, value: OptionValue) {
        self.given.insert(name.into(), value);
    }

    /// Adds what the machine knows. It is none of the values that [`Options::iter`] tells.
    pub(crate) fn set_credentials(&mut self, credentials: Credentials) {
        self.credentials = credentials;
    }

    /// What the machine knows; nothing for checks that do not ask for it.
    pub(crate) fn credentials(&self) -> &[Vec<u8>] {
        &self.credentials.0
    }

    /// Whether a flag is on; off if not given.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.given.get(name), Some(OptionValue::Flag(true)))
    }

    /// A number, or the default.
    pub(crate) fn number(&self, name: &str, default: u64) -> u64 {
        match self.given.get(name) {
            Some(OptionValue::Number(number)) => *number,
            _ => default,
        }
    }

    /// A text or choice, or the default.
    pub(crate) fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        match self.given.get(name) {
            Some(OptionValue::Text(text)) => text,
            _ => default,
        }
    }

    /// A list; `None` if not given.
    pub(crate) fn list(&self, name: &str) -> Option<&[String]> {
        match self.given.get(name) {
            Some(OptionValue::List(list)) => Some(list),
            _ => None,
        }
    }

    /// Every option that was given, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &OptionValue)> {
        self.given.iter().map(|(name, value)| (name.as_str(), value))
    }
}
