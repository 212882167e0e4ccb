//! Where each key of a configuration file stands, so that values know their line and errors can show the place.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::Origin;
use crate::config::problem::{Excerpt, Problem};

/// The most levels of tables and lists that are gone into; the format itself has six.
const MAX_DEPTH: usize = 16;

/// The bytes of a key and of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    key: Range<usize>,
    value: Range<usize>,
}

/// A configuration file's text and the spans of its keys, which are named by their path: `stages.pre-push.checks[1]`,
/// `rules.levels."ruff/E501"`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    name: String,
    text: String,
    line_starts: Vec<usize>,
    spots: BTreeMap<String, Spot>,
}

impl Places {
    /// The places of a parsed file that is called `name` before people.
    pub(crate) fn new(name: &str, text: &str, table: &DeTable<'_>) -> Self {
        let mut places = Self::of_text(name, text);
        places.add_table(table, "", 0);
        places
    }

    /// A file of which no key is known.
    pub(crate) fn of_text(name: &str, text: &str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.to_owned(), text: text.to_owned(), line_starts, spots: BTreeMap::new() }
    }

    fn add_table(&mut self, table: &DeTable<'_>, prefix: &str, depth: usize) {
        for (key, value) in table.iter() {
            self.add(joined(prefix, key.get_ref()), key.span(), value, depth);
        }
    }

    fn add(&mut self, path: String, key: Range<usize>, value: &Spanned<DeValue<'_>>, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        match value.get_ref() {
            DeValue::Table(table) => self.add_table(table, &path, depth + 1),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add(format!("{path}[{index}]"), item.span(), item, depth + 1);
                }
            }
            _ => {}
        }
        self.spots.insert(path, Spot { key, value: value.span() });
    }

    /// Whether the file has this key.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.spots.contains_key(path)
    }

    /// Where a value comes from: its line in the file, or built in if the file does not have it.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        match self.spots.get(path) {
            Some(spot) => Origin::File { name: self.name.clone(), line: self.line(spot.key.start) },
            None => Origin::Default,
        }
    }

    /// A problem with the key at `path`.
    pub(crate) fn key_problem(&self, path: &str, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        let span = self.spots.get(path).map(|spot| spot.key.clone());
        self.problem(span, message.into(), hint.into())
    }

    /// A problem with the value at `path`.
    pub(crate) fn value_problem(&self, path: &str, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        let span = self.spots.get(path).map(|spot| spot.value.clone());
        self.problem(span, message.into(), hint.into())
    }

    /// A problem with some bytes of the file, or with the file as a whole.
    pub(crate) fn problem(&self, span: Option<Range<usize>>, message: String, hint: String) -> Problem {
        let excerpt = span.map(|span| self.excerpt(&span));
        Problem { name: self.name.clone(), excerpt, message, hint }
    }

    /// The path of the innermost key whose value holds this byte.
    pub(crate) fn path_at(&self, byte: usize) -> Option<&str> {
        let holders = self.spots.iter().filter(|(_, spot)| spot.value.contains(&byte));
        holders.min_by_key(|(_, spot)| spot.value.len()).map(|(path, _)| path.as_str())
    }

    fn line(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= byte).max(1)
    }

    fn excerpt(&self, span: &Range<usize>) -> Excerpt {
        let line = self.line(span.start);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let rest = self.text.get(start..).unwrap_or_default();
        let text = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        Excerpt { line, text: text.to_owned(), span: span.start - start..span.end.max(span.start) - start }
    }
}

/// The path of `key` below `prefix`, quoted where TOML wants it.
pub(crate) fn joined(prefix: &str, key: &str) -> String {
    let mut path = String::from(prefix);
    if !path.is_empty() {
        path.push('.');
    }
    let is_bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare {
        path.push_str(key);
    } else {
        let _ = write!(path, "{}", toml::Value::from(key));
    }
    path
}
