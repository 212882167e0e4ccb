//! Reports: one run, many formats. A format decides nothing; it shows what the run found and what the gate decided.

use std::io::{self, Write};

use crate::model::outcome::RunReport;
use crate::model::verdict::Verdict;

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document<'a> {
    /// What the run found.
    pub(crate) report: &'a RunReport,
    /// What the gate decided.
    pub(crate) verdict: &'a Verdict,
}

/// For whom it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audience {
    /// Whether a person reads it on a terminal.
    pub(crate) is_terminal: bool,
    /// Whether escape sequences for colour are wanted.
    pub(crate) color: bool,
    /// The width of the terminal in columns.
    pub(crate) width: usize,
    /// How much is said.
    pub(crate) detail: Detail,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// What blocks, and the verdict.
    Quiet,
    /// What a developer needs.
    Normal,
    /// Every check, every notice, unchanged findings too.
    Verbose,
}

/// An output format.
pub(crate) struct Format {
    /// The name that chooses it.
    pub(crate) name: &'static str,
    /// One sentence for the help.
    pub(crate) summary: &'static str,
    /// Writes the document.
    pub(crate) write: fn(&Document<'_>, &Audience, &mut dyn Write) -> io::Result<()>,
}

/// Every output format.
pub(crate) const FORMATS: &[Format] = &[];
