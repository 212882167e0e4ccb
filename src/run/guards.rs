//! The checks that know a secret when they see one. What quotes a file is written down only where all of them looked
//! and found nothing.

use crate::check::{FileCheck, file_checks};
use crate::model::rule::RuleId;
use crate::plan::Plan;
use crate::run::files::ExaminedFile;

/// The checks that know a secret; none if one of them does not run.
pub(super) struct Guards(Option<Vec<RuleId>>);

impl Guards {
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let runs = |id: &str| plan.file_checks.iter().any(|job| job.check.about().id == id);
        // One that asks for credentials knows only those of this machine.
        let knows = |check: &&'static dyn FileCheck| check.is_sensitive() && !check.asks_for_credentials();
        let sensitive = file_checks().into_iter().filter(knows);
        let ids = sensitive.map(|check| check.about().id);
        Self(ids.map(|id| runs(id).then(|| RuleId::from(id))).collect())
    }

    /// Whether every one of them looked at a file and found nothing.
    pub(super) fn found_nothing(&self, examined: &ExaminedFile) -> bool {
        let has_passed = |id: &RuleId| {
            let mut shares = examined.shares.iter();
            shares.any(|share| share.check.1 == *id && share.n_found == 0 && share.broken.is_none())
        };
        examined.secrets.is_empty() && self.0.as_ref().is_some_and(|ids| ids.iter().all(has_passed))
    }
}
