//! What the next commit will hold: the index against HEAD, or against every parent of a merge.

use crate::discover::comparison::{Joined, files, joined};
use crate::discover::raw::compare;
use crate::discover::{Error, hex, need_worktree, parent_at};
use crate::git::Repo;
use crate::git::difference::{Differences, Sides, Tracked};
use crate::git::revision::Head as Position;
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Parent, Source, Status};
use crate::model::path::RepoPath;

/// Compares the index with the parents of the commit to be. An amended commit is not told from a new one: what it
/// already holds is not part of the change.
pub(super) fn discover(repo: &Repo) -> Result<ChangeSet, Error> {
    // Without a work tree there is no index either, and what is missing from it would look deleted.
    need_worktree(repo)?;
    let position = repo.head()?;
    let parents = parents(repo, &position)?;
    let mut per_parent = Vec::with_capacity(parents.len());
    for parent in &parents {
        let staged = match repo.staged(&parent.tree) {
            Some(differences) => without_renames(differences),
            None => {
                repo.check_index()?;
                None
            }
        };
        per_parent.push(staged.map_or_else(|| asked(repo, parent), Ok)?);
    }
    let title = match (position.commit, parents.len()) {
        (_, 2..) => format!("merge in progress, against {} parents", parents.len()),
        (Some(_), _) => format!("staged changes against HEAD ({position})"),
        (None, _) => "staged changes, first commit".to_owned(),
    };
    let Joined { files, merged } = joined(per_parent);
    Ok(ChangeSet { title, head: Head::Index, parents, files, merged })
}

/// The same from git.
fn asked(repo: &Repo, parent: &Parent) -> Result<Vec<ChangedFile>, Error> {
    let command = ["diff-index", "-r", "--cached", "--ita-invisible-in-index"];
    files(&compare(repo, &command, &[&hex(&parent.tree)])?)
}

/// The files of differences; none where one may have got another name: whether it has is for git to say.
fn without_renames(differences: Differences) -> Option<Vec<ChangedFile>> {
    let sides = differences.0.values();
    if sides.clone().any(|sides| sides.old.is_none()) && sides.clone().any(|sides| sides.new.is_none()) {
        return None;
    }
    let changed = |(path, Sides { old, new }): (RepoPath, Sides)| {
        let side =
            |tracked: Tracked| FileSide { path: path.clone(), mode: tracked.mode, source: Source::Blob(tracked.id) };
        let status = match (old, new) {
            (None, _) => Status::Added,
            (_, None) => Status::Deleted,
            (Some(old), Some(new)) if old.mode.is_same_kind(new.mode) => Status::Modified,
            _ => Status::TypeChanged,
        };
        ChangedFile { status, head: new.map(side), bases: vec![old.map(side)] }
    };
    Some(differences.0.into_iter().map(changed).collect())
}

/// The parents of the commit to be.
fn parents(repo: &Repo, position: &Position) -> Result<Vec<Parent>, Error> {
    let mut parents = vec![parent_at(repo, position)];
    for id in repo.merged_commits()? {
        let parent = Parent::from(repo.commit(&id)?);
        if !parents.contains(&parent) {
            parents.push(parent);
        }
    }
    Ok(parents)
}
