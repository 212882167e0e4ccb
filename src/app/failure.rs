//! Why a run ends without a verdict, and with which exit code.

use crate::check::pattern::fault::RuleError;
use crate::run::bases::Unreadable;
use crate::{config, discover, fix, git};

/// The run could not be made; nothing was judged, and nothing passes.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// What went wrong, with its causes.
    pub(crate) error: anyhow::Error,
    /// What to do about it; empty if the error says it itself or nobody knows.
    pub(crate) hint: String,
}

impl Failure {
    /// Wrong usage or configuration.
    pub(crate) const USAGE: u8 = 2;
    /// The change could not be determined.
    pub(crate) const CHANGE: u8 = 3;
    /// The user ended it.
    pub(crate) const INTERRUPTED: u8 = 130;

    /// Wrong usage or configuration, without a hint of its own.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { code: Self::USAGE, error: error.into(), hint: String::new() }
    }

    /// A policy that can't be used; its text holds its own hints.
    pub(crate) fn config(error: config::problem::Error) -> Self {
        Self::usage(error)
    }

    /// A rule that can't be used.
    pub(crate) fn rule(error: RuleError) -> Self {
        let hint = error.hint.clone();
        Self::usage(error).with_hint(hint)
    }

    /// What changed could not be determined; a file that is not there was named by mistake.
    pub(crate) fn change(error: discover::Error) -> Self {
        let hint = error.hint().unwrap_or_default();
        let code = if matches!(error, discover::Error::NoFile { .. }) { Self::USAGE } else { Self::CHANGE };
        Self { code, error: error.into(), hint }
    }

    /// Git could not be asked.
    pub(crate) fn git(error: git::Error) -> Self {
        let hint = error.hint().unwrap_or_default();
        Self { code: Self::CHANGE, error: error.into(), hint }
    }

    /// The state before could not be read.
    pub(crate) fn unreadable(error: Unreadable) -> Self {
        let hint = "`git fsck` says what is missing or damaged; a partial clone has to be online for `git fetch`";
        Self { code: Self::CHANGE, error: error.into(), hint: hint.to_owned() }
    }

    /// Nothing was mended or put back.
    pub(crate) fn fix(error: fix::Error) -> Self {
        let hint = error.hint().unwrap_or_default();
        let code = match error {
            fix::Error::Obstacle(_) | fix::Error::NothingToUndo => Self::USAGE,
            fix::Error::Interrupted => Self::INTERRUPTED,
            _ => Self::CHANGE,
        };
        Self { code, error: error.into(), hint }
    }

    /// The user ended it.
    pub(crate) fn interrupted() -> Self {
        Self { code: Self::INTERRUPTED, error: anyhow::anyhow!("interrupted"), hint: String::new() }
    }

    /// The same with a hint.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}
