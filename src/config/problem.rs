//! What is wrong with a configuration, written for the person who made the mistake.

use std::fmt;
use std::ops::Range;

use crate::model::escape::escaped;

/// A line of a configuration file and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The line's number, from 1.
    pub(crate) line: usize,
    /// Its text without the line end.
    pub(crate) text: String,
    /// The bytes of the text that are meant; may reach beyond its end.
    pub(crate) span: Range<usize>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file's name for people, or what else was given: `tollgate.toml`.
    pub(crate) name: String,
    /// The place in the file, where it is known.
    pub(crate) excerpt: Option<Excerpt>,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it; empty if the message says it all.
    pub(crate) hint: String,
}

/// The most bytes of a line that are shown.
const MAX_SHOWN: usize = 160;

/// The most bytes of a message or hint that are shown; only hostile names make them longer.
const MAX_TEXT: usize = 600;

impl Excerpt {
    /// The line, cut if it is long, and below it a line that marks the bytes that are meant.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = if self.span.start + 40 > MAX_SHOWN { self.span.start.saturating_sub(40) } else { 0 };
        let from = self.text.floor_char_boundary(from);
        let to = self.text.floor_char_boundary(from.saturating_add(MAX_SHOWN));
        let piece = |start: usize, end: usize| {
            let start = self.text.floor_char_boundary(start.clamp(from, to));
            let end = self.text.ceil_char_boundary(end.clamp(start, to)).min(to);
            escaped(self.text.get(start..end).unwrap_or_default())
        };
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        let indent = " ".repeat(piece(from, self.span.start).chars().count());
        let marks = "^".repeat(piece(self.span.start, self.span.end).chars().count().max(1));
        writeln!(f, "  {number} | {}", piece(from, to))?;
        write!(f, "  {gutter} | {indent}{marks}")
    }
}

/// A text made harmless, and cut if it is very long.
fn shown(text: &str) -> String {
    match text.get(..text.floor_char_boundary(MAX_TEXT)) {
        Some(head) if head.len() < text.len() => format!("{}...", escaped(head)),
        _ => escaped(text),
    }
}

/// `tollgate.toml:12: unknown key ...`, the line that is meant, a blank line and the hint.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(excerpt) = &self.excerpt {
            write!(f, ":{}", excerpt.line)?;
        }
        write!(f, ": {}", shown(&self.message))?;
        if let Some(excerpt) = &self.excerpt {
            f.write_str("\n")?;
            excerpt.write(f)?;
        }
        if !self.hint.is_empty() {
            write!(f, "\n\nhint: {}", shown(&self.hint))?;
        }
        Ok(())
    }
}

/// All that is wrong with a configuration: at least one problem, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) struct Error {
    problems: Vec<Problem>,
}

/// The most problems that are shown of one file.
const MAX_PROBLEMS: usize = 20;

impl Error {
    /// Nothing if there is no problem.
    pub(crate) fn check(mut problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by_key(|problem| problem.excerpt.as_ref().map(|excerpt| (excerpt.line, excerpt.span.start)));
        problems.dedup();
        Err(Self { problems })
    }

    /// The problems, for tests that look at each.
    #[cfg(test)]
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// Each problem with `error: ` before it, a blank line between them.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(MAX_PROBLEMS).enumerate() {
            let gap = if index == 0 { "" } else { "\n\n" };
            write!(f, "{gap}error: {problem}")?;
        }
        match self.problems.len().checked_sub(MAX_PROBLEMS) {
            Some(n_more @ 1..) => write!(f, "\n\nerror: {n_more} more problems in the same file"),
            _ => Ok(()),
        }
    }
}
