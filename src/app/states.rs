//! The states of a change as what their files are: by that it is known which tests ran on which.

use std::collections::BTreeMap;

use crate::app::Session;
use crate::git::listing::Listing;
use crate::model::change::{ChangeSet, Head, Source};
use crate::model::outcome::Breakage;
use crate::model::rule::{Family, RuleId};
use crate::plan::CommandJob;
use crate::run::{Site, States};
use crate::store::results::key::Recipe;

impl Session<'_> {
    /// The states of a change, if a suite runs and results are kept.
    pub(super) fn states(
        &self,
        change: &ChangeSet,
        jobs: &[CommandJob],
        sites: &BTreeMap<RuleId, Result<Site, Breakage>>,
    ) -> States {
        if !self.settings.uses_results || !jobs.iter().any(|job| job.command.family() == Family::Tests) {
            return States::default();
        }
        let before = change.parents.first().map(|parent| Listing::Tree(parent.tree));
        let judged = match change.head {
            Head::Tree { tree, .. } => Some(Listing::Tree(tree)),
            Head::Index => Some(Listing::Index),
            Head::Worktree => None,
        };
        // Tests that git does not know of are not those of the state.
        let is_in_place = sites.values().flatten().any(|site| Some(site.top.as_path()) == self.repo.work_tree());
        let shows_more = is_in_place && self.repo.has_untracked_files().unwrap_or(true);
        States {
            judged: judged.filter(|_| !shows_more).and_then(|listing| self.state(&listing)),
            before: before.and_then(|listing| self.state(&listing)),
        }
    }

    /// A state by its files: the index and a tree of the same files are the same.
    fn state(&self, listing: &Listing) -> Option<Recipe> {
        let mut recipe = Recipe::default();
        for side in self.repo.list(listing).ok()? {
            let Source::Blob(object) = side.source else { return None };
            recipe.add(side.path.as_bytes());
            recipe.add(side.mode.octal().as_bytes());
            recipe.add(object.as_bytes());
        }
        Some(recipe)
    }
}
