//! Where commands run: in the work tree if it holds exactly what is judged, else in a checkout of its own.

use std::path::{Path, PathBuf};

use crate::app::Session;
use crate::model::change::{ChangeSet, Head};
use crate::model::outcome::Breakage;
use crate::run::Ground;
use crate::tree::checkout::Checkout;

/// The ground of a run; a checkout and the folder for reports go when it is dropped.
pub(super) struct Grounded {
    ground: Result<Ground, Breakage>,
    _checkout: Option<Checkout>,
    _reports: Option<Checkout>,
}

impl Grounded {
    pub(super) fn ground(&self) -> Result<Ground, Breakage> {
        self.ground.clone()
    }
}

/// What a run without commands is given.
pub(super) fn not_needed() -> Breakage {
    Breakage::new("no command was planned")
}

fn broken(what: &str, error: &dyn std::fmt::Display) -> Breakage {
    Breakage::new(format!("{what}: {error}"))
}

impl Session<'_> {
    /// Prepares the ground for the commands of a run. What can't be prepared breaks every command.
    pub(super) fn ground(&self, change: &ChangeSet) -> Grounded {
        let parent = self.settings.cache.as_path();
        let place = self.place(change, parent);
        let reports = Checkout::empty(parent).map_err(|error| broken("cannot make a folder for reports", &error));
        match (place, reports) {
            (Ok((top, checkout)), Ok(reports)) => {
                let object = |commit: Option<_>| commit.map_or_else(String::new, |id| format!("{id}"));
                let ground = Ground {
                    top,
                    reports: reports.folder().to_owned(),
                    base: object(change.parents.first().map(|parent| parent.commit.unwrap_or(parent.tree))),
                    head: match change.head {
                        Head::Tree { commit, .. } => object(Some(commit)),
                        Head::Index | Head::Worktree => String::new(),
                    },
                };
                Grounded { ground: Ok(ground), _checkout: checkout, _reports: Some(reports) }
            }
            (Err(breakage), _) | (_, Err(breakage)) => {
                Grounded { ground: Err(breakage), _checkout: None, _reports: None }
            }
        }
    }

    fn place(&self, change: &ChangeSet, parent: &Path) -> Result<(PathBuf, Option<Checkout>), Breakage> {
        let is_hidden = match change.head {
            Head::Worktree => Ok(false),
            Head::Index => self.repo.has_unstaged_changes(),
            Head::Tree { tree, .. } => self.repo.differs_from(&tree),
        };
        let is_hidden = is_hidden.map_err(|error| broken("cannot tell whether the work tree is as judged", &error))?;
        let top = self.repo.work_tree().filter(|_| !is_hidden);
        if let Some(top) = top {
            return Ok((top.to_owned(), None));
        }
        let checkout = match change.head {
            Head::Tree { tree, .. } => Checkout::of_tree(self.repo, &tree, parent),
            Head::Index | Head::Worktree => Checkout::of_index(self.repo, parent),
        };
        let checkout = checkout.map_err(|error| broken("cannot check out what is judged", &error))?;
        Ok((checkout.folder().to_owned(), Some(checkout)))
    }
}
