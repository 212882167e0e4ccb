//! The file of the index, as far as it tells what is staged. The format is told in `gitformat-index`; where a file does
//! not keep to it, or other files belong to it, nothing is read here and git itself is asked.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use crate::git::ObjectFormat;
use crate::model::change::{Mode, ObjectId};

/// Where the mode stands in an entry, behind the times, device and inode of the file.
const MODE_AT: usize = 24;
/// Where the object's name stands, behind owner and size.
const ID_AT: usize = 40;
/// In the flags of an entry: there are further flags; the stage of a conflict; how long the path is.
const EXTENDED: u16 = 0x4000;
const STAGE: u16 = 0x3000;
const N_PATH: u16 = 0x0fff;
/// In the further flags: only the intent to add the file is recorded.
const INTENDED: u16 = 0x2000;
/// The extension that remembers the names of trees.
const TREES: &[u8] = b"TREE";

/// What is staged, read.
pub(super) struct IndexFile<'a> {
    bytes: &'a [u8],
    /// The text that has the paths: the file itself, or where it shortens them what it means.
    paths: Cow<'a, [u8]>,
    entries: Vec<Entry>,
    trees: Vec<KnownTree<'a>>,
    format: ObjectFormat,
}

/// Where an entry has its parts.
struct Entry {
    /// In the file.
    at: u32,
    /// In the text of the paths.
    path: Range<u32>,
}

/// What the index remembers of the tree of a folder.
struct KnownTree<'a> {
    name: &'a [u8],
    /// How many entries are below it, and the name of the tree.
    content: Option<(usize, ObjectId)>,
    /// Behind the last folder below it, in the list of all.
    end: usize,
}

impl<'a> IndexFile<'a> {
    /// Reads an index; `None` where git has to be asked: an unknown format, a part that is in another file, a sparse or
    /// a damaged one, one with conflicts.
    pub(super) fn parse(bytes: &'a [u8], format: ObjectFormat) -> Option<Self> {
        u32::try_from(bytes.len()).ok()?;
        let mut rest = bytes.strip_prefix(b"DIRC")?;
        let version = number(&mut rest)?;
        let n_entries = usize::try_from(number(&mut rest)?).ok()?;
        let mut reader = Reader { bytes, at: bytes.len() - rest.len(), n_id: format.n_bytes() };
        let mut entries = Vec::with_capacity(n_entries.min(bytes.len() / ID_AT));
        let paths = match version {
            2 | 3 => reader.whole_paths(n_entries, &mut entries).map(|()| Cow::Borrowed(bytes)),
            4 => reader.shortened_paths(n_entries, &mut entries).map(Cow::Owned),
            _ => None,
        }?;
        let trees = reader.extensions()?;
        Some(Self { bytes, paths, entries, trees, format })
    }

    /// All entries.
    pub(super) fn all(&self) -> Range<usize> {
        0..self.entries.len()
    }

    /// The path of an entry.
    pub(super) fn path(&self, entry: usize) -> Option<&[u8]> {
        let Range { start, end } = &self.entries.get(entry)?.path;
        self.paths.get(usize::try_from(*start).ok()?..usize::try_from(*end).ok()?)
    }

    /// Mode and object of an entry.
    pub(super) fn tracked(&self, entry: usize) -> Option<(Mode, ObjectId)> {
        let entry = self.bytes.get(usize::try_from(self.entries.get(entry)?.at).ok()?..)?;
        let mode = u32::from_be_bytes(*entry.get(MODE_AT..)?.first_chunk()?);
        let id = ObjectId::from_bytes(entry.get(ID_AT..ID_AT + self.format.n_bytes())?)?;
        Some((Mode::from_octal(format!("{mode:06o}").as_bytes())?, id))
    }

    /// Of entries in a row the end of those that stand below a folder, of whose path the first has `n_folder` bytes, the
    /// slash among them.
    pub(super) fn end_below(&self, entries: Range<usize>, n_folder: usize) -> Option<usize> {
        let folder = self.path(entries.start)?.get(..n_folder)?;
        let row = self.entries.get(entries.clone())?;
        let is_below = |entry: &Entry| {
            let path = usize::try_from(entry.path.start).ok().and_then(|start| self.paths.get(start..));
            path.is_some_and(|path| path.starts_with(folder))
        };
        Some(entries.start + row.partition_point(is_below))
    }

    /// The topmost folder, if the trees of folders are remembered.
    pub(super) fn top(&self) -> Option<usize> {
        (!self.trees.is_empty()).then_some(0)
    }

    /// How many entries are below a folder and what its tree is called; none where something below it has changed since.
    pub(super) fn remembered(&self, tree: usize) -> Option<(usize, ObjectId)> {
        self.trees.get(tree)?.content
    }

    /// The folder of that name directly below one of which something is remembered.
    pub(super) fn below(&self, tree: usize, name: &[u8]) -> Option<usize> {
        let end = self.trees.get(tree)?.end;
        let mut next = tree + 1;
        while next < end {
            let child = self.trees.get(next)?;
            if child.name == name {
                return Some(next);
            }
            next = child.end;
        }
        None
    }
}

/// Takes a number of four bytes.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_be_bytes(*taken))
}

/// Reads the file from a place on.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    n_id: usize,
}

/// What an entry says in front of its path.
struct Head {
    /// Where the entry starts.
    at: u32,
    /// How long the path is, if it is shorter than [`N_PATH`].
    n_path: u16,
    /// Where what is said of the path starts.
    path_at: usize,
    is_intended: bool,
}

impl<'a> Reader<'a> {
    /// The head of the next entry; `None` if it has a conflict.
    fn head(&self) -> Option<Head> {
        let flags_at = self.at + ID_AT + self.n_id;
        let short = |at: usize| Some(u16::from_be_bytes(*self.bytes.get(at..)?.first_chunk()?));
        let flags = short(flags_at)?;
        if flags & STAGE != 0 {
            return None;
        }
        let (path_at, is_intended) = match flags & EXTENDED {
            0 => (flags_at + 2, false),
            _ => (flags_at + 4, short(flags_at + 2)? & INTENDED != 0),
        };
        Some(Head { at: u32::try_from(self.at).ok()?, n_path: flags & N_PATH, path_at, is_intended })
    }

    /// The entries of the versions 2 and 3, each filled up to eight bytes.
    fn whole_paths(&mut self, n_entries: usize, entries: &mut Vec<Entry>) -> Option<()> {
        for _ in 0..n_entries {
            let Head { at, n_path, path_at, is_intended } = self.head()?;
            let n_path = match n_path {
                N_PATH => memchr(0, self.bytes.get(path_at..)?)?,
                n_path => usize::from(n_path),
            };
            if self.bytes.get(path_at + n_path) != Some(&0) {
                return None;
            }
            let path = u32::try_from(path_at).ok()?..u32::try_from(path_at + n_path).ok()?;
            self.at += (path_at - self.at + n_path + 8) & !7;
            if !is_intended {
                entries.push(Entry { at, path });
            }
        }
        Some(())
    }

    /// The entries of version 4, each of which tells how much of the last path it keeps; gives all paths in a row.
    fn shortened_paths(&mut self, n_entries: usize, entries: &mut Vec<Entry>) -> Option<Vec<u8>> {
        let (mut paths, mut last) = (Vec::with_capacity(self.bytes.len()), 0..0);
        for _ in 0..n_entries {
            let Head { at, path_at, is_intended, .. } = self.head()?;
            let (n_cut, suffix_at) = self.variable(path_at)?;
            let kept = last.start..last.start + last.len().checked_sub(n_cut)?;
            let suffix = self.bytes.get(suffix_at..)?;
            let suffix = suffix.get(..memchr(0, suffix)?)?;
            let start = paths.len();
            paths.extend_from_within(kept);
            paths.extend_from_slice(suffix);
            last = start..paths.len();
            self.at = suffix_at + suffix.len() + 1;
            if !is_intended {
                entries.push(Entry { at, path: u32::try_from(start).ok()?..u32::try_from(paths.len()).ok()? });
            }
        }
        Some(paths)
    }

    /// A number of seven bits a byte, as offsets in packs have it, and where it ends.
    fn variable(&self, at: usize) -> Option<(usize, usize)> {
        let mut value = 0_usize;
        for (at, byte) in self.bytes.iter().enumerate().skip(at) {
            value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
            if byte & 0x80 == 0 {
                return Some((value, at + 1));
            }
            value = value.checked_add(1)?;
        }
        None
    }

    /// What follows the entries, to the sum at the end; only what may be passed over by its name is passed over.
    fn extensions(&mut self) -> Option<Vec<KnownTree<'a>>> {
        let mut rest = self.bytes.get(self.at..self.bytes.len().checked_sub(self.n_id)?)?;
        let mut trees = Vec::new();
        while !rest.is_empty() {
            let (name, after) = rest.split_at_checked(4)?;
            rest = after;
            let n_bytes = usize::try_from(number(&mut rest)?).ok()?;
            let (content, after) = rest.split_at_checked(n_bytes)?;
            rest = after;
            match name {
                TREES => trees = known_trees(content, self.n_id)?,
                [b'A'..=b'Z', ..] => {}
                _ => return None,
            }
        }
        Some(trees)
    }
}

/// Reads `NAME<zero>ENTRIES FOLDERS<newline>ID` for each folder, those below it after it; without the name of the object
/// where the number of entries is negative.
fn known_trees(mut rest: &[u8], n_id: usize) -> Option<Vec<KnownTree<'_>>> {
    let mut trees: Vec<KnownTree<'_>> = Vec::new();
    // The folders that are not complete yet, and how many are still to come in each.
    let mut open: Vec<(usize, usize)> = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_at_checked(memchr(0, rest)?)?;
        let (counts, after) = after.split_at_checked(memchr(b'\n', after)?)?;
        let (n_entries, n_folders) = std::str::from_utf8(counts.get(1..)?).ok()?.split_once(' ')?;
        rest = after.get(1..)?;
        let content = match n_entries.parse::<usize>() {
            Ok(n_entries) => {
                let (id, after) = rest.split_at_checked(n_id)?;
                rest = after;
                Some((n_entries, ObjectId::from_bytes(id)?))
            }
            Err(_) => None,
        };
        match open.last_mut() {
            Some((_, n_left)) => *n_left -= 1,
            None if trees.is_empty() => {}
            None => return None,
        }
        open.push((trees.len(), n_folders.parse().ok()?));
        trees.push(KnownTree { name, content, end: 0 });
        let n_trees = trees.len();
        while let Some((tree, _)) = open.pop_if(|(_, n_left)| *n_left == 0) {
            trees.get_mut(tree)?.end = n_trees;
        }
    }
    open.is_empty().then_some(trees)
}

#[cfg(test)]
mod tests {
    use super::IndexFile;
    use crate::git::ObjectFormat;

    /// An index of two files, `a/b` and `c`, with the tree of the folder `a` remembered.
    fn index() -> Vec<u8> {
        let entry = |path: &[u8], id: u8| {
            let mut entry = vec![0; 24];
            entry.extend_from_slice(&0o100_644_u32.to_be_bytes());
            entry.extend_from_slice(&[0; 12]);
            entry.extend_from_slice(&[id; 20]);
            entry.extend_from_slice(&u16::try_from(path.len()).unwrap().to_be_bytes());
            entry.extend_from_slice(path);
            entry.resize((entry.len() + 8) & !7, 0);
            entry
        };
        let trees = [b"\0-1 1\na\x001 0\n".as_slice(), &[3; 20]].concat();
        let n_trees = u32::try_from(trees.len()).unwrap().to_be_bytes();
        let (head, parts) = (b"DIRC\0\0\0\x02\0\0\0\x02".to_vec(), [b"TREE".as_slice(), &n_trees, &trees].concat());
        [head, entry(b"a/b", 1), entry(b"c", 2), parts, vec![0; 20]].concat()
    }

    #[test]
    fn entries_and_trees_are_read() {
        let bytes = index();
        let read = IndexFile::parse(&bytes, ObjectFormat::Sha1).unwrap();
        assert_eq!(
            (read.all(), read.path(0), read.path(1), read.path(2)),
            (0..2, Some(&b"a/b"[..]), Some(&b"c"[..]), None)
        );
        assert_eq!(read.tracked(1).unwrap().1.as_bytes(), [2; 20]);
        assert_eq!((read.end_below(0..2, 2), read.end_below(1..2, 1)), (Some(1), Some(2)));
        let folder = read.below(read.top().unwrap(), b"a").unwrap();
        assert_eq!((read.remembered(0), read.below(0, b"c")), (None, None));
        assert_eq!(read.remembered(folder).map(|(n, id)| (n, id.as_bytes().to_vec())), Some((1, vec![3; 20])));
    }

    #[test]
    fn what_is_not_read_whole_is_not_read() {
        let whole = index();
        for n_bytes in 0..whole.len() {
            // Git does not compare the sum at the end either, so an end that looks like one is taken for it.
            let read = IndexFile::parse(&whole[..n_bytes], ObjectFormat::Sha1);
            assert!(read.is_none_or(|read| read.all() == (0..2)), "{n_bytes}");
        }
        let changed = |at: usize, byte: u8| {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            IndexFile::parse(&bytes, ObjectFormat::Sha1).is_some()
        };
        let trees = whole.windows(4).position(|window| window == b"TREE").unwrap();
        assert!(changed(trees, b'X'), "what may be passed over is");
        assert!(!changed(trees, b't'), "what must be understood is");
        assert!(!changed(12 + 60, 0x10), "a conflict is");
        assert!(!changed(7, 5), "a version that nobody knows");
        for (at, byte) in whole.iter().enumerate() {
            // Whatever is read of it, nothing panics.
            changed(at, !byte);
        }
    }
}
