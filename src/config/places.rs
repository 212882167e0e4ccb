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
    /// The file: its index in [`Places::files`].
    file: usize,
    key: Range<usize>,
    value: Range<usize>,
}

/// A file's name before people, and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct FileText {
    name: String,
    text: String,
    line_starts: Vec<usize>,
}

/// The texts of a configuration's files and the spans of their keys, which are named by their path: `stages.pre-push.checks[1]`,
/// `rules.levels."ruff/E501"`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// The first is the file itself, the others are those that it builds on.
    files: Vec<FileText>,
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
        let file = FileText { name: name.to_owned(), text: text.to_owned(), line_starts };
        Self { files: vec![file], spots: BTreeMap::new() }
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
        self.spots.insert(path, Spot { file: 0, key, value: value.span() });
    }

    /// The keys at the top level, sorted.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.spots.keys().map(String::as_str).filter(|path| !path.contains(['.', '[']))
    }

    /// Whether the file has this key.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.spots.contains_key(path)
    }

    /// Where a value comes from: its line in the file, or built in if the file does not have it.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        match self.spots.get(path) {
            Some(spot) => {
                let file = self.file(spot.file);
                Origin::File { name: file.name.clone(), line: file.line(spot.key.start) }
            }
            None => Origin::Default,
        }
    }

    /// The text of the file itself.
    pub(crate) fn text(&self) -> &str {
        self.files.first().map_or("", |file| file.text.as_str())
    }

    /// Forgets that the file has this key.
    pub(crate) fn forget(&mut self, path: &str) {
        let in_list = format!("{path}[");
        self.spots.retain(|known, _| known != path && !known.starts_with(&in_list));
    }

    /// The places of a file over those of what it builds on. The entries of lists that grow come behind as many as
    /// `below` has; any other list takes the place of the one below.
    pub(crate) fn over(mut self, below: Self, appended: &[(&str, usize)]) -> Self {
        let n_files = self.files.len();
        self.files.extend(below.files);
        let own = std::mem::take(&mut self.spots);
        let grows =
            |path: &str| appended.iter().any(|(key, _)| path.strip_prefix(key).is_some_and(|r| r.starts_with('[')));
        let is_replaced = |path: &str| {
            !grows(path)
                && path.match_indices('[').any(|(at, _)| path.get(..at).is_some_and(|list| own.contains_key(list)))
        };
        let kept = below.spots.into_iter().filter(|(path, _)| !is_replaced(path));
        let mut spots: BTreeMap<String, Spot> =
            kept.map(|(path, spot)| (path, Spot { file: spot.file + n_files, ..spot })).collect();
        spots.extend(own.into_iter().map(|(path, spot)| (shifted(&path, appended).unwrap_or(path), spot)));
        Self { files: self.files, spots }
    }

    fn file(&self, index: usize) -> &FileText {
        self.files.get(index).unwrap_or(&NO_FILE)
    }

    /// A problem with the key at `path`.
    pub(crate) fn key_problem(&self, path: &str, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        let span = self.spots.get(path).map(|spot| (spot.file, spot.key.clone()));
        self.placed(span, message.into(), hint.into())
    }

    /// A problem with the value at `path`.
    pub(crate) fn value_problem(&self, path: &str, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        let span = self.spots.get(path).map(|spot| (spot.file, spot.value.clone()));
        self.placed(span, message.into(), hint.into())
    }

    /// A problem with some bytes of the file, or with the file as a whole.
    pub(crate) fn problem(&self, span: Option<Range<usize>>, message: String, hint: String) -> Problem {
        self.placed(span.map(|span| (0, span)), message, hint)
    }

    fn placed(&self, span: Option<(usize, Range<usize>)>, message: String, hint: String) -> Problem {
        let file = self.file(span.as_ref().map_or(0, |(file, _)| *file));
        let excerpt = span.map(|(_, span)| file.excerpt(&span));
        Problem { name: file.name.clone(), excerpt, message, hint }
    }

    /// The path of the innermost key whose value holds this byte.
    pub(crate) fn path_at(&self, byte: usize) -> Option<&str> {
        let holders = self.spots.iter().filter(|(_, spot)| spot.value.contains(&byte));
        holders.min_by_key(|(_, spot)| spot.value.len()).map(|(path, _)| path.as_str())
    }
}

/// What stands in for the text of no file.
static NO_FILE: FileText = FileText { name: String::new(), text: String::new(), line_starts: Vec::new() };

/// The path of an entry of a list that grows, behind the entries below; none for any other path.
fn shifted(path: &str, appended: &[(&str, usize)]) -> Option<String> {
    let (key, n_below) = appended.iter().find(|(key, _)| path.strip_prefix(key).is_some_and(|r| r.starts_with('[')))?;
    let (index, rest) = path.strip_prefix(key)?.strip_prefix('[')?.split_once(']')?;
    Some(format!("{key}[{}]{rest}", index.parse::<usize>().ok()? + n_below))
}

impl FileText {
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
