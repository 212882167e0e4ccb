//! Where a finding is.

use crate::model::path::RepoPath;

/// A range of bytes, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// What a foreign tool counts its columns in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ColumnUnit {
    /// Bytes of UTF-8.
    Bytes,
    /// Unicode code points.
    Characters,
    /// Units of UTF-16, as SARIF and editors do.
    Utf16,
}

/// A line and a column as a foreign tool gave them: both from 1; column 0 means "the whole line".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LineColumn {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in the unit of the place; 0 when the tool gave none.
    pub(crate) column: u32,
}

/// Where a finding is, as the check that found it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    /// The change as a whole.
    Change,
    /// A range of bytes of the commit message.
    Message(Span),
    /// A file as a whole.
    File(RepoPath),
    /// A range of bytes in a file.
    Span(RepoPath, Span),
    /// Lines and columns in a file, from a tool that is not ours; the end is exclusive.
    Lines {
        /// The file.
        path: RepoPath,
        /// Where it starts.
        start: LineColumn,
        /// Where it ends, if the tool said so.
        end: Option<LineColumn>,
        /// The unit of the columns.
        unit: ColumnUnit,
    },
}

impl Place {
    /// The file, if the place is in one.
    pub(crate) fn path(&self) -> Option<&RepoPath> {
        match self {
            Self::File(path) | Self::Span(path, _) | Self::Lines { path, .. } => Some(path),
            Self::Change | Self::Message(_) => None,
        }
    }
}

/// A line and column resolved against the text: both from 1, the column in UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position {
    /// From 1.
    pub(crate) line: u32,
    /// From 1, in UTF-16 units.
    pub(crate) column: u32,
}

/// A place resolved against the text once, while the text was at hand: all that a report needs to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    /// The first character.
    pub(crate) start: Position,
    /// The character after the last.
    pub(crate) end: Position,
    /// The number of the first of `lines`, from 1.
    pub(crate) first_line: u32,
    /// The lines of the region and up to two around it, without line ends; a very long line is cut at
    /// [`Region::MAX_LINE`] bytes, and a region of very many lines after [`Region::MAX_LINES`].
    pub(crate) lines: Vec<String>,
    /// GitHub's `primaryLocationLineHash` of the start line; empty for the commit message.
    pub(crate) line_hash: String,
}

impl Region {
    /// The most bytes that are kept of a line.
    pub(crate) const MAX_LINE: usize = 1_000;
    /// The most lines that are kept.
    pub(crate) const MAX_LINES: usize = 40;
    /// How many lines are kept before and after the region.
    pub(crate) const CONTEXT: u32 = 2;
}
