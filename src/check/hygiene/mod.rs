//! Hygiene: what no file should have, each check under the id that pre-commit-hooks made standard.

use crate::check::{ChangeCheck, FileCheck};

/// Every hygiene check that looks at one file.
pub(crate) fn file_checks() -> Vec<&'static dyn FileCheck> {
    Vec::new()
}

/// Every hygiene check that looks at the whole change.
pub(crate) fn change_checks() -> Vec<&'static dyn ChangeCheck> {
    Vec::new()
}
