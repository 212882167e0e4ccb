//! The names of the judged side: what the tree before the change holds, less what it takes away, plus what it brings. Of
//! several parents the first will do: what the others have beside it is part of the difference to it.

use std::collections::BTreeSet;

use crate::model::change::{ChangeSet, Head, ObjectId};
use crate::model::content::{ContentError, Contents};
use crate::model::path::RepoPath;

/// The judged side as far as its names are known.
pub(crate) struct JudgedTree<'a> {
    contents: &'a dyn Contents,
    /// The tree whose names count; none where only those of the change are known.
    tree: Option<ObjectId>,
    brought: BTreeSet<&'a [u8]>,
    gone: BTreeSet<&'a [u8]>,
}

impl<'a> JudgedTree<'a> {
    /// Takes the names of a change; the trees are read when they are asked for.
    pub(crate) fn new(change: &'a ChangeSet, contents: &'a dyn Contents) -> Self {
        let first = change.parents.first();
        let tree = match change.head {
            Head::Tree { tree, .. } if first.is_none() => Some(tree),
            _ => first.map(|parent| parent.tree),
        };
        let heads = change.differing().filter_map(|file| file.head.as_ref());
        let brought: BTreeSet<&[u8]> = heads.map(|side| side.path.as_bytes()).collect();
        let bases = change.differing().filter_map(|file| file.bases.first()?.as_ref());
        let gone = bases.map(|side| side.path.as_bytes()).filter(|path| !brought.contains(path)).collect();
        Self { contents, tree, brought, gone }
    }

    /// The names of a tree as it is.
    pub(crate) fn of(tree: ObjectId, contents: &'a dyn Contents) -> Self {
        Self { contents, tree: Some(tree), brought: BTreeSet::new(), gone: BTreeSet::new() }
    }

    /// Whether names beside those of the change are known.
    pub(crate) fn is_known(&self) -> bool {
        self.tree.is_some()
    }

    /// The names below `folder` (empty: the top) that were there before the change and still are.
    pub(crate) fn kept(&self, folder: &RepoPath) -> Result<BTreeSet<Vec<u8>>, ContentError> {
        let mut names = BTreeSet::new();
        if let Some(tree) = &self.tree {
            for name in self.contents.folder(tree, folder)? {
                if self.survives(tree, &folder.join(&name))? {
                    names.insert(name);
                }
            }
        }
        Ok(names)
    }

    /// Whether there is something at `path`.
    pub(crate) fn holds(&self, path: &RepoPath) -> Result<bool, ContentError> {
        if has_at_or_below(&self.brought, path) {
            return Ok(true);
        }
        let folder = path.parent().unwrap_or_else(|| RepoPath::from(""));
        Ok(self.kept(&folder)?.contains(path.file_name()))
    }

    /// Whether `path` is known to be a folder.
    pub(crate) fn is_folder(&self, path: &RepoPath) -> Result<bool, ContentError> {
        let is_brought = has_at_or_below(&self.brought, path) && !self.brought.contains(path.as_bytes());
        Ok(is_brought || !self.kept(path)?.is_empty())
    }

    /// Whether an entry of a tree, or something below it, is not taken away.
    fn survives(&self, tree: &ObjectId, path: &RepoPath) -> Result<bool, ContentError> {
        let mut open = vec![path.clone()];
        while let Some(path) = open.pop() {
            if !has_at_or_below(&self.gone, &path) {
                return Ok(true);
            }
            if !self.gone.contains(path.as_bytes()) {
                open.extend(self.contents.folder(tree, &path)?.iter().map(|name| path.join(name)));
            }
        }
        Ok(false)
    }
}

/// Whether one of the paths is `path` or below it.
fn has_at_or_below(paths: &BTreeSet<&[u8]>, path: &RepoPath) -> bool {
    let below = path.join(b"");
    paths.contains(path.as_bytes())
        || paths.range(below.as_bytes()..).next().is_some_and(|found| found.starts_with(below.as_bytes()))
}
