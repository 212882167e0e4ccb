//! What the next commit will hold: the index against HEAD, or against every parent of a merge.

use crate::discover::comparison::{files, from_every_parent};
use crate::discover::raw::compare;
use crate::discover::{Error, hex, need_worktree, parent_at};
use crate::git::Repo;
use crate::git::revision::Head as Position;
use crate::model::change::{ChangeSet, Head, Parent};

/// Compares the index with the parents of the commit to be. An amended commit is not told from a new one: what it
/// already holds is not part of the change.
pub(super) fn discover(repo: &Repo) -> Result<ChangeSet, Error> {
    // Without a work tree there is no index either, and what is missing from it would look deleted.
    need_worktree(repo)?;
    let position = repo.head()?;
    let parents = parents(repo, &position)?;
    let mut per_parent = Vec::with_capacity(parents.len());
    for parent in &parents {
        let command = ["diff-index", "--cached", "--ita-invisible-in-index"];
        per_parent.push(files(&compare(repo, &command, &[&hex(&parent.tree)])?)?);
    }
    let title = match (position.commit, parents.len()) {
        (_, 2..) => format!("merge in progress, against {} parents", parents.len()),
        (Some(_), _) => format!("staged changes against HEAD ({position})"),
        (None, _) => "staged changes, first commit".to_owned(),
    };
    Ok(ChangeSet { title, head: Head::Index, parents, files: from_every_parent(per_parent) })
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
