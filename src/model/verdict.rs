//! The decision.

use crate::model::rule::{Level, RuleId};

/// One reason to block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Findings at or above the level that blocks.
    Findings {
        /// The level of these findings.
        level: Level,
        /// How many.
        n_findings: usize,
        /// In how many files.
        n_files: usize,
        /// Their rules, the most frequent first.
        rules: Vec<RuleId>,
    },
    /// A check that could not run, while the policy blocks on that.
    Broken {
        /// The check.
        check: RuleId,
        /// Why.
        why: String,
    },
}

/// Pass or block, decided in `gate` and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The change may go on.
    Pass,
    /// It may not, for these reasons (at least one): findings first, the gravest first.
    Block(Vec<Reason>),
}

impl Verdict {
    /// Whether the change may go on.
    pub(crate) fn is_pass(&self) -> bool {
        *self == Self::Pass
    }

    /// The exit code: 0 passed, 1 blocked by findings, 3 blocked by a check that could not run and nothing else.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Block(reasons) if reasons.iter().all(|reason| matches!(reason, Reason::Broken { .. })) => 3,
            Self::Block(_) => 1,
        }
    }
}
