//! What is staged: the index against a tree, read here. A commit waits for this, and a process of git alone takes longer
//! than all checks of a small change; of a large index everything is passed over that it remembers to be as in the tree.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr;

use crate::git::Repo;
use crate::git::difference::{Differences, Sides, Tracked};
use crate::git::index_file::IndexFile;
use crate::git::objects::entries;
use crate::model::change::{Mode, ObjectId};
use crate::model::path::RepoPath;

/// How deep folders are followed; below that git is asked.
const MAX_DEPTH: usize = 1_000;

impl Repo {
    /// How the index differs from a tree, without looking for renames. Of what only the intent to add it is recorded is
    /// no part of the index. `None` where git has to be asked: there is a conflict, or something can't be read here.
    pub(crate) fn staged(&self, tree: &ObjectId) -> Option<Differences> {
        let bytes = fs::read(self.index_file()).ok()?;
        let index = IndexFile::parse(&bytes, self.format)?;
        let tree = Some(*tree).filter(|tree| *tree != self.empty_tree());
        let mut walk = Walk { repo: self, index: &index, path: Vec::new(), depth: 0, found: Differences::default() };
        walk.folder(tree, index.all(), index.top())?;
        Some(walk.found)
    }
}

/// The way through both, folder by folder.
struct Walk<'a> {
    repo: &'a Repo,
    index: &'a IndexFile<'a>,
    /// The folder's path, with a slash at its end.
    path: Vec<u8>,
    depth: usize,
    found: Differences,
}

/// What both have under a name; that of a folder ends with a slash.
#[derive(Default)]
struct Pair {
    /// Mode, but for a folder, and object in the tree.
    old: Option<(Option<Mode>, ObjectId)>,
    /// The entries of the index: one, or all of a folder.
    new: Option<Range<usize>>,
}

impl<'a> Walk<'a> {
    /// Compares a folder of the tree with the entries of the index below it, whose tree it may remember.
    fn folder(&mut self, tree: Option<ObjectId>, staged: Range<usize>, known: Option<usize>) -> Option<()> {
        if let Some((n_entries, id)) = known.and_then(|known| self.index.remembered(known))
            && Some(id) == tree
        {
            return (n_entries == staged.len()).then_some(());
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let bytes = tree.map_or_else(|| Some(Arc::default()), |tree| self.repo.tree(&tree))?;
        let n_path = self.path.len();
        for (name, Pair { old, new }) in self.pairs(&bytes, staged)? {
            self.path.extend_from_slice(&name);
            match name.strip_suffix(b"/") {
                Some(folder) => {
                    let known = known.and_then(|known| self.index.below(known, folder));
                    self.folder(old.map(|(_, id)| id), new.unwrap_or_default(), known)?;
                }
                None => self.file(old, new)?,
            }
            self.path.truncate(n_path);
        }
        self.depth -= 1;
        Some(())
    }

    /// What stands directly in the folder, on both sides. None if either names something twice.
    fn pairs<'t>(&self, tree: &'t [u8], staged: Range<usize>) -> Option<BTreeMap<Cow<'t, [u8]>, Pair>>
    where
        'a: 't,
    {
        let mut pairs: BTreeMap<Cow<'t, [u8]>, Pair> = BTreeMap::new();
        for (mode, name, id) in entries(tree, self.repo.format)? {
            if name.is_empty() || memchr(b'/', name).is_some() {
                return None;
            }
            let name = if mode.is_some() { Cow::Borrowed(name) } else { Cow::Owned([name, b"/"].concat()) };
            if pairs.entry(name).or_default().old.replace((mode, id)).is_some() {
                return None;
            }
        }
        let mut at = staged.start;
        while at < staged.end {
            let below = self.index.path(at)?.strip_prefix(self.path.as_slice())?;
            let n_name = memchr(b'/', below).map(|slash| slash + 1);
            let end = match n_name {
                Some(n_name) => self.index.end_below(at..staged.end, self.path.len() + n_name)?,
                None => at + 1,
            };
            let name = below.get(..n_name.unwrap_or(below.len())).filter(|name| !matches!(*name, b"" | b"/"))?;
            if pairs.entry(Cow::Borrowed(name)).or_default().new.replace(at..end).is_some() {
                return None;
            }
            at = end;
        }
        Some(pairs)
    }

    fn file(&mut self, old: Option<(Option<Mode>, ObjectId)>, new: Option<Range<usize>>) -> Option<()> {
        let tracked = |(mode, id)| Tracked { mode, id };
        let old = old.and_then(|(mode, id)| Some(tracked((mode?, id))));
        let new = match new {
            Some(entry) => Some(tracked(self.index.tracked(entry.start)?)),
            None => None,
        };
        if old != new {
            self.found.0.insert(RepoPath::new(self.path.as_slice()), Sides { old, new });
        }
        Some(())
    }
}
