//! What is staged: the index against a tree, read here. A commit waits for this, and a process of git alone takes longer
//! than all checks of a small change; of a large index everything is passed over that it remembers to be as in the tree.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::Arc;

use memchr::memchr;

use crate::git::Repo;
use crate::git::difference::{Differences, Sides, Tracked};
use crate::git::index_file::{Entries, KnownTrees, read};
use crate::git::objects::entries;
use crate::model::change::{Mode, ObjectId};
use crate::model::path::RepoPath;

/// How deep folders are followed; below that git is asked.
const MAX_DEPTH: usize = 1_000;

impl Repo {
    /// How the index differs from a tree, without looking for renames. Of what only the intent to add it is recorded is
    /// no part of the index. `None` where git has to be asked: there is a conflict, or something can't be read here.
    pub(crate) fn staged(&self, tree: &ObjectId) -> Option<Differences> {
        let (known, index) = read(File::open(self.index_file()).ok()?, self.format)?;
        let tree = Some(*tree).filter(|tree| *tree != self.empty_tree());
        let top = known.top();
        let mut walk = Walk { repo: self, known, index, path: Vec::new(), depth: 0, found: Differences::default() };
        walk.folder(tree, top)?;
        // What is left stands below no folder: the index is not in order.
        walk.index.path().is_none().then_some(walk.found)
    }
}

/// The way through both, folder by folder, in the order that both have.
struct Walk<'a, R> {
    repo: &'a Repo,
    known: KnownTrees,
    index: Entries<R>,
    /// The folder's path, with a slash at its end.
    path: Vec<u8>,
    depth: usize,
    found: Differences,
}

/// An object of a stored tree, with its mode if it is no folder.
type Stored = (Option<Mode>, ObjectId);

impl<R: Read + Seek> Walk<'_, R> {
    /// Compares a folder of the tree with the entries of the index below it, whose tree it may remember.
    fn folder(&mut self, tree: Option<ObjectId>, known: Option<usize>) -> Option<()> {
        if let Some((n_entries, id)) = known.and_then(|known| self.known.remembered(known))
            && Some(id) == tree
        {
            return self.index.pass_over(n_entries, &self.path);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let bytes = tree.map_or_else(|| Some(Arc::default()), |tree| self.repo.tree(&tree))?;
        let mut stored = self.stored(&bytes)?.into_iter().peekable();
        let remembered = known.map_or_else(Vec::new, |known| self.known.below(known));
        let n_path = self.path.len();
        loop {
            let staged = self.name()?;
            let old = match (stored.peek(), &staged) {
                (None, None) => break,
                (Some((name, _)), Some(staged)) => name.cmp(staged),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
            };
            let (old, staged) = match old {
                Ordering::Less => (stored.next(), None),
                Ordering::Equal => (stored.next(), staged),
                Ordering::Greater => (None, staged),
            };
            let is_staged = staged.is_some();
            let (name, old) = match old {
                Some((name, old)) => (name, Some(old)),
                None => (staged?, None),
            };
            self.path.extend_from_slice(&name);
            match name.strip_suffix(b"/") {
                Some(folder) => {
                    let known = self.known.named(&remembered, folder);
                    self.folder(old.map(|(_, id)| id), known)?;
                }
                None => self.file(old, is_staged)?,
            }
            self.path.truncate(n_path);
        }
        self.depth -= 1;
        Some(())
    }

    /// What a tree has, by name, in the order of the index: the name of a folder ends with a slash. `None` if it is not
    /// in order or names something twice.
    fn stored(&self, tree: &[u8]) -> Option<Vec<(Vec<u8>, Stored)>> {
        let mut stored: Vec<(Vec<u8>, Stored)> = Vec::new();
        for (mode, name, id) in entries(tree, self.repo.format)? {
            if name.is_empty() || memchr(b'/', name).is_some() {
                return None;
            }
            let name = if mode.is_some() { name.to_vec() } else { [name, b"/"].concat() };
            if stored.last().is_some_and(|(last, _)| *last >= name) {
                return None;
            }
            stored.push((name, (mode, id)));
        }
        Some(stored)
    }

    /// The name of the entry at hand in this folder, that of a folder with a slash at its end; none if it is not below
    /// this folder.
    fn name(&self) -> Option<Option<Vec<u8>>> {
        let Some(below) = self.index.path().and_then(|path| path.strip_prefix(self.path.as_slice())) else {
            return Some(None);
        };
        let name = memchr(b'/', below).map_or(below, |slash| below.get(..=slash).unwrap_or(below));
        (!matches!(name, b"" | b"/")).then(|| Some(name.to_vec()))
    }

    fn file(&mut self, old: Option<Stored>, is_staged: bool) -> Option<()> {
        let tracked = |(mode, id)| Tracked { mode, id };
        let old = old.and_then(|(mode, id)| Some(tracked((mode?, id))));
        let mut new = None;
        if is_staged {
            new = Some(tracked(self.index.tracked()?));
            self.index.advance()?;
        }
        if old != new {
            self.found.0.insert(RepoPath::new(self.path.as_slice()), Sides { old, new });
        }
        Some(())
    }
}
