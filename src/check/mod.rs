//! Checks: one thing each that can be run on a change. Pure: input in, findings or a command out; no file, no process,
//! no clock but the deadline that is handed in.

pub(crate) mod affected;
mod attributes;
pub(crate) mod builtin;
pub(crate) mod change;
pub(crate) mod coverage;
pub(crate) mod encoding;
pub(crate) mod external;
pub(crate) mod filetype;
pub(crate) mod hygiene;
mod keywords;
pub(crate) mod lines;
pub(crate) mod message;
pub(crate) mod parsed;
pub(crate) mod pattern;
pub(crate) mod rust;
pub(crate) mod secrets;
pub(crate) mod suite;
pub(crate) mod suppression;

use crate::check::parsed::SharedTree;
use crate::model::change::{ChangeSet, FileSide};
use crate::model::content::Contents;
use crate::model::deadline::Deadline;
use crate::model::finding::Finding;
use crate::model::option::{OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level, Rule};

/// What a built-in check says of itself.
#[derive(Debug)]
pub(crate) struct About {
    /// Its id, also the id of its rule.
    pub(crate) id: &'static str,
    /// The family that it belongs to.
    pub(crate) family: Family,
    /// The level of its findings where the configuration says nothing else.
    pub(crate) level: Level,
    /// Whether it runs without being named.
    pub(crate) active: Active,
    /// One sentence: what it finds.
    pub(crate) summary: &'static str,
    /// Markdown with the parts What it finds, Why it matters, Example, Fix, Options.
    pub(crate) doc: &'static str,
    /// The options that it accepts.
    pub(crate) options: &'static [OptionSpec],
}

/// When a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Active {
    /// Whenever its family is chosen.
    ByDefault,
    /// Only when it is named itself.
    WhenNamed,
}

/// In whose manner a check judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The gate's: lenient where pre-commit-hooks is stricter than the formats' own tools are.
    Gate,
    /// That of the check of the same id of pre-commit-hooks, for `tollgate builtin`.
    PreCommit {
        /// Whether a merge or rebase is under way.
        is_in_merge: bool,
    },
}

/// One side of a file with its content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileInput<'a> {
    /// Path, mode and source.
    pub(crate) side: &'a FileSide,
    /// Whether the change adds the file.
    pub(crate) is_added: bool,
    /// Its size in bytes.
    pub(crate) n_bytes: u64,
    /// Its content; empty if it is over the size that is read (then only checks without [`FileCheck::reads_content`]
    /// are called).
    pub(crate) bytes: &'a [u8],
    /// Whether it is text, as [`filetype::is_text`] tells: decided once for all checks.
    pub(crate) is_text: bool,
    /// In whose manner it is judged.
    pub(crate) manner: Manner,
    /// When the check must give up.
    pub(crate) deadline: Deadline,
    /// Its syntax tree, for all checks that look at one.
    pub(crate) tree: &'a SharedTree<'a>,
}

/// What a check found.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// The findings, in any order.
    pub(crate) findings: Vec<Finding>,
    /// What a reader must know beside them: what was not looked at and why.
    pub(crate) notices: Vec<String>,
}

impl From<Vec<Finding>> for Examined {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings, notices: Vec::new() }
    }
}

/// Every check of files.
pub(crate) fn file_checks() -> Vec<&'static dyn FileCheck> {
    let mut checks = hygiene::file_checks();
    checks.push(&secrets::Secrets);
    checks
}

/// A check of each file by itself.
pub(crate) trait FileCheck: Send + Sync {
    /// What the check says of itself.
    fn about(&self) -> &'static About;

    /// Whether the check may have something to say of such a file, told by path and mode before anything is read.
    fn wants(&self, side: &FileSide) -> bool;

    /// Whether the check looks at the bytes; if not, it is also called for files that are too large to be read.
    fn reads_content(&self) -> bool {
        true
    }

    /// Whether the check is only for files that the configuration names with `files`.
    fn needs_files(&self) -> bool {
        false
    }

    /// The ids of the rules under which it reports, where these are others than the check itself.
    fn rule_ids(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// These rules, described.
    fn rules(&self) -> &'static [Rule] {
        &[]
    }

    /// Whether what it finds may be a secret, so that no report may show it.
    fn is_sensitive(&self) -> bool {
        false
    }

    /// Whether it compares files with credentials of the machine ([`Options::credentials`]): what it finds then depends
    /// on more than the file, and is not remembered.
    fn asks_for_credentials(&self) -> bool {
        false
    }

    /// Looks at one file. An error means that the check could not do its work on it.
    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage>;

    /// Refuses options that are of the right kind but make no sense; the error says why.
    fn validate(&self, _options: &Options) -> Result<(), String> {
        Ok(())
    }

    /// The line that `tollgate builtin` prints for a finding; equal lines of one file are printed once.
    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let path = &file.side.path;
        match finding.place {
            Place::Span(_, span) => {
                let (line, column) = lines::position(file.bytes, span.start);
                format!("{path}:{line}:{column}: {}", finding.message)
            }
            _ => format!("{path}: {}", finding.message),
        }
    }
}

/// A check of the change as a whole.
pub(crate) trait ChangeCheck: Send + Sync {
    /// What the check says of itself.
    fn about(&self) -> &'static About;

    /// Looks at the change; reads what it needs through `contents`.
    fn check(&self, change: &ChangeSet, contents: &dyn Contents, options: &Options) -> Result<Examined, Breakage>;
}

/// A check of the commit message.
pub(crate) trait MessageCheck: Send + Sync {
    /// What the check says of itself.
    fn about(&self) -> &'static About;

    /// Looks at the message, which is already cleaned ([`message::clean`]). Spans are bytes of it.
    fn check(&self, message: &str, options: &Options) -> Examined;
}
