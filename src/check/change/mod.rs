//! Checks of the change as a whole: what a good reviewer says about a change, not about a file.

pub(crate) mod size;

use crate::check::ChangeCheck;

/// Every check of this kind.
pub(crate) fn checks() -> Vec<&'static dyn ChangeCheck> {
    vec![&size::ChangeTooLarge]
}
