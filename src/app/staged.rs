//! What the index has that HEAD has not, for commands that ask before there is a run.

use crate::app::failure::Failure;
use crate::app::sources::Sources;
use crate::check::{ChangeCheck, Examined};
use crate::discover::discover;
use crate::git::Repo;
use crate::model::change::Status;
use crate::model::option::Options;
use crate::model::path::RepoPath;
use crate::model::request::Request;

/// The request that nobody spelled out: what is staged; the work tree if nothing is.
pub(crate) fn whatever_changed(repo: &Repo) -> Result<Request, Failure> {
    let staged = discover(repo, &Request::Staged).map_err(Failure::change)?;
    Ok(match staged.iter().all(|change| change.files.is_empty()) {
        true => Request::Worktree,
        false => Request::Staged,
    })
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
