//! What a run says while it goes on.

use crate::model::rule::RuleId;

/// Something that happened in a run. The terminal and the log read the same stream; findings reach people only after
/// triage.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The built-in checks begin on this many files.
    Files {
        /// How many.
        n_files: usize,
    },
    /// One more file is done.
    FileDone,
    /// A command begins.
    Started {
        /// The check.
        check: RuleId,
        /// On how many files.
        n_files: usize,
    },
    /// Of some of its files it is known what a command finds.
    Known {
        /// The check.
        check: RuleId,
        /// Of how many it is.
        n_known: usize,
        /// How many files there are.
        n_files: usize,
    },
    /// A command ended.
    Finished {
        /// The check.
        check: RuleId,
    },
}
