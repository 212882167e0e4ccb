//! Which files the configuration gives to a check: `files`, `exclude` and `types`.

use crate::check::filetype;
use crate::config::Check;
use crate::config::patterns::{PatternError, Patterns};
use crate::model::change::FileSide;

/// The files of a check; all where the configuration says nothing.
#[derive(Default)]
pub(crate) struct Given {
    only: Patterns,
    never: Patterns,
    types: Vec<String>,
}

impl Given {
    /// What `[checks.ID]` says.
    pub(crate) fn new(check: &Check) -> Result<Self, PatternError> {
        Ok(Self {
            only: Patterns::new(&check.files)?,
            never: Patterns::new(&check.exclude)?,
            types: check.types.clone(),
        })
    }

    /// Whether nothing is said of files.
    pub(crate) fn is_everything(&self) -> bool {
        self.only.is_empty() && self.types.is_empty()
    }

    /// Whether a file may be for the check, as far as that can be told before it is read.
    pub(crate) fn may_include(&self, side: &FileSide) -> bool {
        (self.only.is_empty() || self.only.matches(&side.path))
            && !self.never.matches(&side.path)
            && self.types.iter().all(|tag| filetype::may_be(side, tag))
    }

    /// The same for a file that was read.
    pub(crate) fn includes(&self, side: &FileSide, bytes: &[u8]) -> bool {
        self.types.is_empty() || {
            let tags = filetype::tags(side, bytes);
            self.types.iter().all(|tag| tags.contains(tag.as_str()))
        }
    }
}
