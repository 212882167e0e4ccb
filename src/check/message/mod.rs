//! Checks of the commit message, after it was cleaned as git would clean it.

pub(crate) mod clean;
mod conventional;

use crate::check::MessageCheck;

/// Every check of the commit message.
pub(crate) fn checks() -> Vec<&'static dyn MessageCheck> {
    vec![&conventional::ConventionalCommit]
}
