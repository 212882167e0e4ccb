//! Whether the files that a command looks at in the work tree stay as they are while it runs. In the scratch tree what it
//! changes is undone; here it is the user's.

use std::path::PathBuf;

use crate::model::path::RepoPath;
use crate::plan::CommandJob;
use crate::run::{Ground, Site};
use crate::tree::file_state::FileState;

/// Files as they are before a command runs that must leave them alone.
pub(super) struct Bystander(Vec<(RepoPath, PathBuf, Option<FileState>)>);

impl Bystander {
    /// Looks at the files of a command that does not mend and runs in the work tree.
    pub(super) fn of(job: &CommandJob, ground: &Ground, site: &Site) -> Self {
        let is_scratch = ground.scratch.as_ref().is_some_and(|scratch| scratch.top() == site.top);
        let files = if is_scratch || job.command.mends() { &[] } else { job.files.as_slice() };
        let seen = |path: &RepoPath| {
            let file = site.top.join(path.to_fs());
            let state = FileState::of(&file);
            (path.clone(), file, state)
        };
        Self(files.iter().map(seen).collect())
    }

    /// What to tell of those that are others now; none if there are none.
    pub(super) fn tell(&self) -> Option<String> {
        let mut changed = self.0.iter().filter(|(_, file, state)| FileState::of(file) != *state).map(|(path, ..)| path);
        let first = changed.next()?;
        let files = match changed.count() {
            0 => format!("{first} was"),
            n_more => format!("{first} and {n_more} more were"),
        };
        Some(format!(
            "{files} changed in your work tree while it ran there; what is judged is as before. \
             A command that mends has `fix = \"safe\"`"
        ))
    }
}
