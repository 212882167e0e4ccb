//! From lists of differences to the files of a change.

use std::collections::HashMap;

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

/// The files that differ from every parent, given how they differ from each. One parent leaves the list as it is.
pub(super) fn from_every_parent(per_parent: Vec<Vec<ChangedFile>>) -> Vec<ChangedFile> {
    let mut per_parent = per_parent.into_iter();
    let mut files = per_parent.next().unwrap_or_default();
    for other in per_parent {
        let mut others: HashMap<RepoPath, ChangedFile> =
            other.into_iter().map(|file| (file.path().clone(), file)).collect();
        files.retain_mut(|file| match others.remove(file.path()) {
            Some(differing) => {
                file.bases.extend(differing.bases);
                true
            }
            None => false,
        });
    }
    files
}

/// Puts files into the order in which a change set has them.
pub(super) fn sort(files: &mut [ChangedFile]) {
    files.sort_by(|one, other| one.path().cmp(other.path()).then(one.status.cmp(&other.status)));
}

#[cfg(test)]
mod tests {
    use super::from_every_parent;
    use crate::model::change::{ChangedFile, FileSide, Mode, Source, Status};
    use crate::model::path::RepoPath;

    fn side(path: &str) -> Option<FileSide> {
        Some(FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Worktree })
    }

    fn file(status: Status, old: Option<&str>, new: Option<&str>) -> ChangedFile {
        ChangedFile { status, head: new.and_then(side), bases: vec![old.and_then(side)] }
    }

    /// The paths with those of their bases.
    #[track_caller]
    fn check(per_parent: Vec<Vec<ChangedFile>>, expected: &[&str]) {
        let shown: Vec<String> = from_every_parent(per_parent)
            .iter()
            .map(|file| {
                let bases = file.bases.iter();
                let bases = bases.map(|base| base.as_ref().map_or("-".to_owned(), |side| side.path.to_string()));
                format!("{:?} {} < {}", file.status, file.path(), bases.collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn one_parent_leaves_everything() {
        check(vec![vec![file(Status::Modified, Some("a"), Some("a"))]], &["Modified a < a"]);
        check(vec![], &[]);
    }

    #[test]
    fn only_what_differs_from_every_parent_is_left() {
        let modified = |path| file(Status::Modified, Some(path), Some(path));
        check(
            vec![
                vec![
                    modified("a"),
                    modified("b"),
                    file(Status::Added, None, Some("c")),
                    file(Status::Deleted, Some("d"), None),
                ],
                vec![
                    modified("b"),
                    file(Status::Renamed, Some("old"), Some("c")),
                    file(Status::Deleted, Some("d"), None),
                ],
                vec![modified("a"), modified("b"), modified("c"), file(Status::Deleted, Some("d"), None)],
            ],
            &["Modified b < b b b", "Added c < - old c", "Deleted d < d d d"],
        );
    }
}
