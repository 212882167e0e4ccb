//! The work tree with its untracked files against HEAD.

use std::collections::{HashMap, HashSet};

use crate::discover::comparison::sort;
use crate::discover::raw::{RawEntry, RawSide, compare};
use crate::discover::{Error, hex, need_worktree, parent_at};
use crate::git::Repo;
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, Source, Status};
use crate::model::path::RepoPath;

/// Compares the work tree with HEAD.
pub(super) fn discover(repo: &Repo) -> Result<ChangeSet, Error> {
    need_worktree(repo)?;
    // Git does not notice an index that was cut off, and says little of one that it can't read.
    repo.check_index()?;
    let position = repo.head()?;
    let parent = parent_at(repo, &position);
    let entries = compare(repo, &["diff-index", "-r"], &[&hex(&parent.tree)])?;
    let touched = merely_touched(repo, &entries, &hex(&parent.tree))?;
    let mut files: Vec<ChangedFile> = entries.iter().filter_map(|entry| changed_file(repo, entry, &touched)).collect();
    add_untracked(repo, &mut files)?;
    sort(&mut files);
    let title = match position.commit {
        Some(_) => format!("work tree against HEAD ({position})"),
        None => "work tree, before the first commit".to_owned(),
    };
    Ok(ChangeSet { title, head: Head::Worktree, parents: vec![parent], files, merged: Vec::new() })
}

/// The file of an entry. A conflicted file is taken as it is in the work tree, where its markers can be found.
fn changed_file(repo: &Repo, entry: &RawEntry, touched: &HashSet<RepoPath>) -> Option<ChangedFile> {
    let RawEntry::Change { status, old, new } = entry else {
        return None;
    };
    if new.as_ref().is_some_and(|side| touched.contains(&side.path)) {
        return None;
    }
    Some(ChangedFile {
        status: *status,
        head: new.as_ref().map(|side| in_worktree(repo, side)),
        bases: vec![old.as_ref().map(RawSide::in_store)],
    })
}

/// The side as it is in the work tree. Where a sparse checkout left the file out, git takes it from the index.
fn in_worktree(repo: &Repo, side: &RawSide) -> FileSide {
    let is_elsewhere = !side.id.is_zero() && (side.mode == Mode::Submodule || repo.worktree_mode(&side.path).is_none());
    if is_elsewhere { side.in_store() } else { FileSide { source: Source::Worktree, ..side.in_store() } }
}

/// The files that git lists only because it did not look at their content: the time stamp is new, nothing else.
fn merely_touched(repo: &Repo, entries: &[RawEntry], tree: &str) -> Result<HashSet<RepoPath>, Error> {
    let mut doubtful: HashSet<RepoPath> = entries.iter().filter_map(not_looked_at).cloned().collect();
    if doubtful.is_empty() {
        return Ok(doubtful);
    }
    for path in repo.unstaged_paths()? {
        doubtful.remove(&path);
    }
    if !doubtful.is_empty() {
        for entry in compare(repo, &["diff-index", "-r", "--cached"], &[tree])? {
            if let RawEntry::Change { new: Some(side), .. } = entry {
                doubtful.remove(&side.path);
            }
        }
    }
    Ok(doubtful)
}

/// The path of an entry whose sides are alike as far as git looked.
fn not_looked_at(entry: &RawEntry) -> Option<&RepoPath> {
    match entry {
        RawEntry::Change { status: Status::Modified, old: Some(old), new: Some(new) }
            if new.id.is_zero() && old.mode == new.mode =>
        {
            Some(&new.path)
        }
        _ => None,
    }
}

/// Adds the files that git does not know and does not ignore. One that was taken out of the index alone is listed as
/// deleted by then, and is a modified file in truth.
fn add_untracked(repo: &Repo, files: &mut Vec<ChangedFile>) -> Result<(), Error> {
    let listed = repo.run(&["ls-files", "--others", "--exclude-standard", "-z"], b"")?;
    let untracked: Vec<FileSide> = listed
        .split(|&byte| byte == 0)
        .filter(|path| !path.is_empty())
        .filter_map(|path| untracked_side(repo, RepoPath::new(path)))
        .collect();
    let by_path: HashMap<RepoPath, usize> =
        files.iter().enumerate().map(|(at, file)| (file.path().clone(), at)).collect();
    for side in untracked {
        match by_path.get(&side.path).and_then(|&at| files.get_mut(at)) {
            Some(file) => {
                let is_same_kind = file.bases.iter().flatten().all(|base| base.mode.is_same_kind(side.mode));
                file.status = if is_same_kind { Status::Modified } else { Status::TypeChanged };
                file.head = Some(side);
            }
            None => files.push(ChangedFile { status: Status::Added, head: Some(side), bases: vec![None] }),
        }
    }
    Ok(())
}

/// The side of an untracked file; none for a repository in the repository, a socket, or what is gone by now.
pub(super) fn untracked_side(repo: &Repo, path: RepoPath) -> Option<FileSide> {
    let mode = repo.worktree_mode(&path)?;
    Some(FileSide { path, mode, source: Source::Worktree })
}
