//! The names of the judged side: what the trees before the change hold, less what it takes away, plus what it brings.

use std::collections::BTreeSet;

use crate::model::change::{ChangeSet, Head, ObjectId};
use crate::model::content::{ContentError, Contents};
use crate::model::path::RepoPath;

/// The judged side as far as its names are known.
pub(crate) struct JudgedTree<'a> {
    contents: &'a dyn Contents,
    trees: Vec<ObjectId>,
    brought: BTreeSet<&'a [u8]>,
    gone: BTreeSet<&'a [u8]>,
}

impl<'a> JudgedTree<'a> {
    /// Takes the names of a change; the trees are read when they are asked for.
    pub(crate) fn new(change: &'a ChangeSet, contents: &'a dyn Contents) -> Self {
        let trees = match change.head {
            Head::Tree { tree, .. } if change.parents.is_empty() => vec![tree],
            _ => change.parents.iter().map(|parent| parent.tree).collect(),
        };
        let heads = || change.files.iter().filter_map(|file| file.head.as_ref());
        let brought: BTreeSet<&[u8]> = heads().map(|side| side.path.as_bytes()).collect();
        let bases = change.files.iter().flat_map(|file| file.bases.iter().flatten());
        let gone = bases.map(|side| side.path.as_bytes()).filter(|path| !brought.contains(path)).collect();
        Self { contents, trees, brought, gone }
    }

    /// Whether names beside those of the change are known.
    pub(crate) fn is_known(&self) -> bool {
        !self.trees.is_empty()
    }

    /// The names below `folder` (empty: the top) that were there before the change and still are.
    pub(crate) fn kept(&self, folder: &RepoPath) -> Result<BTreeSet<Vec<u8>>, ContentError> {
        let mut names = BTreeSet::new();
        for tree in &self.trees {
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
