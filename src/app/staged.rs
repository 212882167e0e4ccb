//! What the index has that HEAD has not, for commands that ask before there is a run.

use crate::app::failure::Failure;
use crate::app::sources::Sources;
use crate::check::{ChangeCheck, Examined};
use crate::discover::discover;
use crate::git::Repo;
use crate::model::change::{ChangeSet, Status};
use crate::model::option::Options;
use crate::model::path::RepoPath;
use crate::model::request::Request;
use crate::tree::file_state::FileState;

/// How many files are named that were staged meanwhile.
const N_NAMED: usize = 3;

/// The request that nobody spelled out: what is staged; the work tree if nothing is.
pub(crate) fn whatever_changed(repo: &Repo) -> Result<Request, Failure> {
    let staged = discover(repo, &Request::Staged).map_err(Failure::change)?;
    Ok(match staged.iter().all(|change| change.files.is_empty()) {
        true => Request::Worktree,
        false => Request::Staged,
    })
}

/// Sees to it that what was judged is what is staged now, if the index is another than it was: git makes the commit of what
/// is staged when the hook ends.
pub(super) fn is_still(repo: &Repo, change: &ChangeSet, index: Option<&FileState>) -> Result<(), Failure> {
    if index.is_none() || FileState::of(&repo.index_file()).as_ref() == index {
        return Ok(());
    }
    let now = discover(repo, &Request::Staged).map_err(Failure::change)?;
    let is_same = |now: &ChangeSet| now.files == change.files && now.merged == change.merged;
    if now.first().is_some_and(is_same) {
        return Ok(());
    }
    let files = now.iter().flat_map(|now| &now.files);
    let others: Vec<String> =
        files.filter(|file| !change.files.contains(file)).map(|file| file.path().to_string()).take(N_NAMED).collect();
    let named = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    let failure = Failure::usage(anyhow::anyhow!("what is staged was changed while it was checked{named}"));
    Err(Failure { code: Failure::CHANGE, ..failure }.with_hint("say it again: then what is staged now is checked"))
}

/// What a check of the change says of what is staged of these files; of all that is staged if none are named.
pub(crate) fn examine(
    repo: &Repo,
    check: &dyn ChangeCheck,
    options: &Options,
    files: &[RepoPath],
) -> Result<Examined, Failure> {
    let contents = Sources::new(repo);
    let mut examined = Examined::default();
    for mut change in discover(repo, &Request::Staged).map_err(Failure::change)? {
        change.files.retain(|file| files.is_empty() || files.contains(file.path()));
        let found = check.check(&change, &contents, options);
        let found = found.map_err(|breakage| Failure::usage(anyhow::anyhow!(breakage.why)))?;
        examined.findings.extend(found.findings);
    }
    Ok(examined)
}

/// The paths that the index adds, renamed files included.
pub(crate) fn added(repo: &Repo) -> Result<Vec<RepoPath>, Failure> {
    let changes = discover(repo, &Request::Staged).map_err(Failure::change)?;
    let files = changes.iter().flat_map(|change| &change.files);
    let new = files.filter(|file| matches!(file.status, Status::Added | Status::Renamed));
    Ok(new.map(|file| file.path().clone()).collect())
}
