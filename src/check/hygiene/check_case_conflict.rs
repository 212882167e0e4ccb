//! `check-case-conflict`: names that are one on file systems that do not tell upper from lower case.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::check::hygiene::judged_tree::JudgedTree;
use crate::check::{About, Active, ChangeCheck, Examined};
use crate::model::change::{ChangeSet, Status};
use crate::model::content::{ContentError, Contents};
use crate::model::finding::{Anchor, Finding, Novelty};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckCaseConflict;

static ABOUT: About = About {
    id: "check-case-conflict",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "A new name that differs from another only in upper and lower case.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A file or folder that the change adds and whose name differs from another name in the same folder only in upper and \
lower case.

## Why it matters
Windows and macOS take the two for one. A checkout there shows only one of them, and git reports the other as changed for \
ever.

## Example
`docs/README.md` is there, and the change adds `docs/Readme.md`.

## Fix
Rename one of them: `git mv docs/Readme.md docs/overview.md`. To change the case of a name, move the file instead of \
adding a second one.

## Options
None.
";

impl ChangeCheck for CheckCaseConflict {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, change: &ChangeSet, contents: &dyn Contents, _options: &Options) -> Result<Examined, Breakage> {
        let n_parents = change.parents.len();
        if n_parents < 2 {
            return Ok(conflicts(change, contents)?.into_values().flatten().collect::<Vec<_>>().into());
        }
        // A conflict is a merge's own if it is one to each parent.
        let mut findings = conflicts(&change.against(0), contents)?;
        for parent in 1..n_parents {
            let others = conflicts(&change.against(parent), contents)?;
            findings.retain(|conflict, _| others.contains_key(conflict));
        }
        Ok(findings.into_values().flatten().collect::<Vec<_>>().into())
    }
}

/// Names that are one: their folder, and the name in lower case.
type Conflict = (Vec<u8>, Vec<u8>);

/// The conflicts that a change of one parent, or of none, brings.
fn conflicts(change: &ChangeSet, contents: &dyn Contents) -> Result<BTreeMap<Conflict, Vec<Finding>>, Breakage> {
    let tree = JudgedTree::new(change, contents);
    let is_new = |status: Status| change.parents.is_empty() || matches!(status, Status::Added | Status::Renamed);
    let paths = change.files.iter().filter(|file| is_new(file.status));
    let paths: Vec<&RepoPath> = paths.filter_map(|file| file.head.as_ref().map(|side| &side.path)).collect();
    let unreadable = |error: ContentError| Breakage::new(format!("could not list a folder: {}", error.0));
    let mut found: BTreeMap<Conflict, Vec<Finding>> = BTreeMap::new();
    for (folder, names) in names_by_folder(&paths) {
        let folder = RepoPath::new(folder);
        let kept = if tree.is_known() { tree.kept(&folder).map_err(unreadable)? } else { BTreeSet::new() };
        for (name, other) in pairs(&names, &kept) {
            let path = folder.join(name);
            let file = names.get(name).copied().unwrap_or(&path);
            let conflict = (folder.as_bytes().to_vec(), folded(name).into_owned());
            found.entry(conflict).or_default().push(conflicting(file, &path, &folder.join(other)));
        }
    }
    Ok(found)
}

fn conflicting(file: &RepoPath, path: &RepoPath, other: &RepoPath) -> Finding {
    Finding::new(
        ABOUT.id,
        ABOUT.level,
        Place::File(file.clone()),
        format!("`{path}` and `{other}` differ only in case"),
    )
    .with_hint("rename one of them: Windows and macOS take the two for one")
    .with_anchor(Anchor::of_file(path.as_bytes()))
    .with_novelty(Novelty::Always)
}

/// The new names by the folder that holds them, each with a file that is it or is below it.
fn names_by_folder<'a>(paths: &[&'a RepoPath]) -> BTreeMap<&'a [u8], BTreeMap<&'a [u8], &'a RepoPath>> {
    let mut folders: BTreeMap<&[u8], BTreeMap<&[u8], &RepoPath>> = BTreeMap::new();
    for path in paths {
        let mut entry = path.as_bytes();
        loop {
            let (folder, name) = match entry.iter().rposition(|&byte| byte == b'/') {
                Some(slash) => (entry.get(..slash).unwrap_or_default(), entry.get(slash + 1..).unwrap_or_default()),
                None => (&b""[..], entry),
            };
            let is_known = folders.entry(folder).or_default().insert(name, path).is_some();
            if folder.is_empty() || is_known {
                break;
            }
            entry = folder;
        }
    }
    folders
}

/// The pairs of a new name and another one that differ only in case. A name that was there before is not new.
fn pairs<'a>(names: &'a BTreeMap<&[u8], &RepoPath>, kept: &'a BTreeSet<Vec<u8>>) -> Vec<(&'a [u8], &'a [u8])> {
    let mut first_by_fold: BTreeMap<Cow<'_, [u8]>, &[u8]> = BTreeMap::new();
    for name in kept {
        first_by_fold.entry(folded(name)).or_insert(name);
    }
    let mut found = Vec::new();
    for name in names.keys().filter(|name| !kept.contains(**name)) {
        match first_by_fold.get(&folded(name)) {
            Some(other) => found.push((*name, *other)),
            None => {
                first_by_fold.insert(folded(name), name);
            }
        }
    }
    found
}

/// The name as a file system sees it that does not tell upper from lower case.
pub(crate) fn folded(name: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(name) {
        _ if !name.iter().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) => Cow::Borrowed(name),
        Ok(text) => Cow::Owned(text.to_lowercase().into_bytes()),
        Err(_) => Cow::Owned(name.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::CheckCaseConflict;
    use crate::check::hygiene::examples::{FakeChange, messages};

    #[track_caller]
    fn check(change: &FakeChange<'_>, expected: &[&str]) {
        assert_eq!(messages(&change.findings(&CheckCaseConflict)), expected, "{change:?}");
    }

    #[test]
    fn a_new_name_conflicts_with_one_that_is_there() {
        let change =
            FakeChange { before: &["docs/README.md", "a"], added: &["docs/Readme.md"], ..FakeChange::default() };
        check(&change, &["`docs/Readme.md` and `docs/README.md` differ only in case"]);
    }

    #[test]
    fn folders_conflict_as_well() {
        let change = FakeChange { before: &["Docs/a"], added: &["docs/b", "docs/c"], ..FakeChange::default() };
        check(&change, &["`docs` and `Docs` differ only in case"]);
        let change = FakeChange { before: &["x/Y/z"], added: &["x/y"], ..FakeChange::default() };
        check(&change, &["`x/y` and `x/Y` differ only in case"]);
    }

    #[test]
    fn two_new_names_conflict_once() {
        let change = FakeChange { before: &["x"], added: &["a", "A"], ..FakeChange::default() };
        check(&change, &["`a` and `A` differ only in case"]);
        let change = FakeChange { before: &[], added: &["É", "é"], ..FakeChange::default() };
        check(&change, &["`é` and `É` differ only in case"]);
    }

    #[test]
    fn a_conflict_that_was_there_is_not_new() {
        let change = FakeChange { before: &["Docs/a", "docs/a"], added: &["docs/b"], ..FakeChange::default() };
        check(&change, &[]);
        let change = FakeChange { before: &["a", "A"], modified: &["a"], ..FakeChange::default() };
        check(&change, &[]);
    }

    #[test]
    fn a_name_that_goes_makes_room() {
        let change =
            FakeChange { before: &["README"], added: &["readme"], deleted: &["README"], ..FakeChange::default() };
        check(&change, &[]);
        let change = FakeChange {
            before: &["Docs/a", "Docs/b/c"],
            added: &["docs/a"],
            deleted: &["Docs/a", "Docs/b/c"],
            ..FakeChange::default()
        };
        check(&change, &[]);
    }

    #[test]
    fn without_a_tree_the_files_are_compared_with_each_other() {
        let change = FakeChange { whole: true, modified: &["a/B", "a/b", "c"], ..FakeChange::default() };
        check(&change, &["`a/b` and `a/B` differ only in case"]);
    }
}
