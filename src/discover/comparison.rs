//! From lists of differences to the files of a change.

use std::collections::BTreeMap;

use crate::discover::Error;
use crate::discover::raw::RawEntry;
use crate::model::change::ChangedFile;
use crate::model::path::RepoPath;

/// The files of a change whose two sides are in the object store. Conflicts are an error that names them.
pub(super) fn files(entries: &[RawEntry]) -> Result<Vec<ChangedFile>, Error> {
    let mut files = Vec::with_capacity(entries.len());
    let mut unmerged = Vec::new();
    for entry in entries {
        match entry {
            RawEntry::Change { status, old, new } => files.push(ChangedFile {
                status: *status,
                head: new.as_ref().map(|side| side.in_store()),
                bases: vec![old.as_ref().map(|side| side.in_store())],
            }),
            RawEntry::Unmerged { path, .. } => unmerged.push(path.clone()),
        }
    }
    if unmerged.is_empty() {
        sort(&mut files);
        return Ok(files);
    }
    unmerged.sort();
    unmerged.dedup();
    Err(Error::Unmerged { paths: unmerged })
}

/// What is judged against several parents.
#[derive(Default)]
pub(super) struct Joined {
    /// The files that differ from every parent.
    pub(super) files: Vec<ChangedFile>,
    /// Those that differ from some.
    pub(super) merged: Vec<ChangedFile>,
}

/// Sorts the files by whether they differ from every parent, given how they differ from each. One parent leaves the list
/// as it is.
pub(super) fn joined(mut per_parent: Vec<Vec<ChangedFile>>) -> Joined {
    if per_parent.len() < 2 {
        return Joined { files: per_parent.pop().unwrap_or_default(), merged: Vec::new() };
    }
    let n_parents = per_parent.len();
    let mut by_path: BTreeMap<RepoPath, Vec<(usize, ChangedFile)>> = BTreeMap::new();
    for (parent, files) in per_parent.into_iter().enumerate() {
        for file in files {
            by_path.entry(file.path().clone()).or_default().push((parent, file));
        }
    }
    let mut joined = Joined::default();
    for differing in by_path.into_values() {
        let differs_from_all = differing.len() == n_parents;
        let Some((_, first)) = differing.first() else { continue };
        let (status, head) = (first.status, first.head.clone());
        let mut bases = vec![head.clone(); n_parents];
        for (parent, file) in differing {
            if let (Some(base), Some(of_parent)) = (bases.get_mut(parent), file.bases.into_iter().next()) {
                *base = of_parent;
            }
        }
        let file = ChangedFile { status, head, bases };
        if differs_from_all { &mut joined.files } else { &mut joined.merged }.push(file);
    }
    joined
}

/// Puts files into the order in which a change set has them.
pub(super) fn sort(files: &mut [ChangedFile]) {
    files.sort_by(|one, other| one.path().cmp(other.path()).then(one.status.cmp(&other.status)));
}

#[cfg(test)]
mod tests {
    use super::joined;
    use crate::model::change::{ChangedFile, FileSide, Mode, Source, Status};
    use crate::model::path::RepoPath;

    fn side(path: &str) -> Option<FileSide> {
        Some(FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Worktree })
    }

    fn file(status: Status, old: Option<&str>, new: Option<&str>) -> ChangedFile {
        ChangedFile { status, head: new.and_then(side), bases: vec![old.and_then(side)] }
    }

    /// Each path with those of its bases.
    fn shown(files: &[ChangedFile]) -> Vec<String> {
        let one = |file: &ChangedFile| {
            let bases = file.bases.iter();
            let bases = bases.map(|base| base.as_ref().map_or("-".to_owned(), |side| side.path.to_string()));
            format!("{:?} {} < {}", file.status, file.path(), bases.collect::<Vec<_>>().join(" "))
        };
        files.iter().map(one).collect()
    }

    #[track_caller]
    fn check(per_parent: Vec<Vec<ChangedFile>>, files: &[&str], merged: &[&str]) {
        let joined = joined(per_parent);
        assert_eq!(shown(&joined.files), files);
        assert_eq!(shown(&joined.merged), merged);
    }

    #[test]
    fn one_parent_leaves_everything() {
        check(vec![vec![file(Status::Modified, Some("a"), Some("a"))]], &["Modified a < a"], &[]);
        check(vec![], &[], &[]);
    }

    #[test]
    fn what_differs_from_every_parent_is_told_from_what_one_of_them_has() {
        let modified = |path| file(Status::Modified, Some(path), Some(path));
        let added = |path| file(Status::Added, None, Some(path));
        let deleted = |path| file(Status::Deleted, Some(path), None);
        check(
            vec![
                vec![modified("a"), modified("b"), added("c"), deleted("d"), deleted("e")],
                vec![modified("b"), file(Status::Renamed, Some("old"), Some("c")), deleted("d"), added("f")],
                vec![modified("a"), modified("b"), modified("c"), deleted("d")],
            ],
            &["Modified b < b b b", "Added c < - old c", "Deleted d < d d d"],
            &["Modified a < a a a", "Deleted e < e - -", "Added f < f - f"],
        );
    }
}
