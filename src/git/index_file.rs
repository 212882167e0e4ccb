//! The file of the index, as far as it tells what is staged. The format is told in `gitformat-index`; where a file does
//! not keep to it, or other files belong to it, nothing is read here and git itself is asked. The file of a large
//! repository has megabytes: it is read through a window, never whole.

use std::io::{Read, Seek, SeekFrom};
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
/// The most bytes that are remembered of trees.
const MAX_TREES: u64 = 64 * 1024 * 1024;
/// How many bytes of the file are at hand at once, and how many at least: an entry with a longer path is not read here.
const N_WINDOW: usize = 64 * 1024;
const N_AT_LEAST: usize = 8 * 1024;
/// How long the beginning is: `DIRC`, the version, the number of entries.
const N_BEGIN: usize = 12;

/// What is staged, one entry after the other in the order of their paths.
pub(super) struct Entries<R> {
    window: Window<R>,
    version: u32,
    n_left: usize,
    n_id: usize,
    /// The path of the last entry that was taken.
    path: Vec<u8>,
    /// The entry at hand, still at the front of the window.
    entry: Option<Entry>,
    /// Whether an entry was taken before, which the next one has to follow.
    is_begun: bool,
}

/// An entry, as it stands at the front of the window.
struct Entry {
    /// How many bytes of the last path it cuts off before it adds its own; none if it keeps nothing of it.
    n_cut: Option<usize>,
    /// The path, or what it adds to the last one.
    path: Range<usize>,
    is_intended: bool,
    n_bytes: usize,
}

/// Reads an index: what it remembers of trees, and the entries, of which the first is at hand. `None` where git has to be
/// asked: an unknown format, a part that is in another file, a sparse or a damaged one, one with conflicts.
pub(super) fn read<R: Read + Seek>(source: R, format: ObjectFormat) -> Option<(KnownTrees, Entries<R>)> {
    let mut entries = Entries::begin(source, format)?;
    for _ in 0..entries.n_left {
        let entry = Entry::read(entries.window.ahead()?, entries.version, entries.n_id)?;
        entries.window.pass(entry.n_bytes);
    }
    let trees = extensions(&mut entries.window, format.n_bytes())?;
    let mut entries = Entries::begin(entries.window.source, format)?;
    entries.advance()?;
    Some((trees, entries))
}

impl<R: Read + Seek> Entries<R> {
    /// The entries, none of which is at hand.
    fn begin(mut source: R, format: ObjectFormat) -> Option<Self> {
        source.seek(SeekFrom::Start(0)).ok()?;
        let mut window = Window { source, bytes: vec![0; N_WINDOW], start: 0, end: 0, at: 0, is_whole: false };
        let mut begin = window.ahead()?.strip_prefix(b"DIRC")?;
        let (version, n_left) = (number(&mut begin)?, usize::try_from(number(&mut begin)?).ok()?);
        window.pass(N_BEGIN);
        let is_known = (2..=4).contains(&version);
        let (path, n_id) = (Vec::new(), format.n_bytes());
        is_known.then_some(Self { window, version, n_left, n_id, path, entry: None, is_begun: false })
    }

    /// The path of the entry at hand; none behind the last one.
    pub(super) fn path(&self) -> Option<&[u8]> {
        self.entry.is_some().then_some(self.path.as_slice())
    }

    /// Mode and object of the entry at hand.
    pub(super) fn tracked(&self) -> Option<(Mode, ObjectId)> {
        let entry = self.entry.as_ref().and(self.window.at_hand())?;
        let mode = u32::from_be_bytes(*entry.get(MODE_AT..)?.first_chunk()?);
        let id = ObjectId::from_bytes(entry.get(ID_AT..ID_AT + self.n_id)?)?;
        Some((Mode::from_octal(format!("{mode:06o}").as_bytes())?, id))
    }

    /// Passes over this many entries, the one at hand among them, which all have to be below a folder, as nothing behind
    /// them may be. `None` if they are not.
    pub(super) fn pass_over(&mut self, n_entries: usize, folder: &[u8]) -> Option<()> {
        for n_left in (1..=n_entries).rev() {
            let is_last = n_left == 1;
            if (is_last || n_left == n_entries) && !self.path()?.starts_with(folder) {
                return None;
            }
            // Between the first and the last nothing is asked of the paths, unless they hang on each other.
            if self.version == 4 || n_left <= 2 { self.advance()? } else { self.advance_blindly()? }
        }
        self.path().is_none_or(|path| !path.starts_with(folder)).then_some(())
    }

    /// Goes on to the next entry without its path.
    fn advance_blindly(&mut self) -> Option<()> {
        loop {
            let last = self.entry.take()?;
            self.window.pass(last.n_bytes);
            self.n_left = self.n_left.checked_sub(1)?;
            let entry = Entry::read(self.window.ahead()?, self.version, self.n_id)?;
            let is_intended = entry.is_intended;
            self.entry = Some(entry);
            if !is_intended {
                return Some(());
            }
        }
    }

    /// Goes on to the next entry that is more than an intent to add one. `None` if it does not follow the last one.
    pub(super) fn advance(&mut self) -> Option<()> {
        loop {
            if let Some(entry) = self.entry.take() {
                self.window.pass(entry.n_bytes);
            }
            if self.n_left == 0 {
                return Some(());
            }
            self.n_left -= 1;
            let bytes = self.window.ahead()?;
            let entry = Entry::read(bytes, self.version, self.n_id)?;
            let n_kept = entry.n_cut.map_or(Some(0), |n_cut| self.path.len().checked_sub(n_cut))?;
            let added = bytes.get(entry.path.clone())?;
            if self.is_begun && added <= self.path.get(n_kept..)? {
                return None;
            }
            self.is_begun = true;
            self.path.truncate(n_kept);
            self.path.extend_from_slice(added);
            let is_intended = entry.is_intended;
            self.entry = Some(entry);
            if !is_intended {
                return Some(());
            }
        }
    }
}

impl Entry {
    /// Reads the entry at the front; `None` if it has a conflict.
    fn read(bytes: &[u8], version: u32, n_id: usize) -> Option<Self> {
        let short = |at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        let flags_at = ID_AT + n_id;
        let flags = short(flags_at)?;
        if flags & STAGE != 0 {
            return None;
        }
        let (path_at, is_intended) = match flags & EXTENDED {
            0 => (flags_at + 2, false),
            _ => (flags_at + 4, short(flags_at + 2)? & INTENDED != 0),
        };
        if version == 4 {
            let (n_cut, path_at) = variable(bytes, path_at)?;
            let end = path_at + memchr(0, bytes.get(path_at..)?)?;
            return Some(Self { n_cut: Some(n_cut), path: path_at..end, is_intended, n_bytes: end + 1 });
        }
        let end = match flags & N_PATH {
            N_PATH => path_at + memchr(0, bytes.get(path_at..)?)?,
            n_path => path_at + usize::from(n_path),
        };
        // The entry is filled with zeros up to eight bytes; one is always there.
        let n_bytes = (end + 8) & !7;
        let is_whole = bytes.get(end) == Some(&0) && n_bytes <= bytes.len();
        is_whole.then_some(Self { n_cut: None, path: path_at..end, is_intended, n_bytes })
    }
}

/// Takes a number of four bytes.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_be_bytes(*taken))
}

/// A number of seven bits a byte, as offsets in packs have it, and where it ends.
fn variable(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(at) {
        value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
        value = value.checked_add(1)?;
    }
    None
}

/// A part of the file.
struct Window<R> {
    source: R,
    bytes: Vec<u8>,
    /// What of the bytes is at hand.
    start: usize,
    end: usize,
    /// Where in the file that starts.
    at: u64,
    /// Whether it reaches to the end of the file.
    is_whole: bool,
}

impl<R: Read> Window<R> {
    /// What is at hand.
    fn at_hand(&self) -> Option<&[u8]> {
        self.bytes.get(self.start..self.end)
    }

    /// What comes next: [`N_AT_LEAST`] bytes or more, or all that is left. `None` if the file can't be read.
    fn ahead(&mut self) -> Option<&[u8]> {
        if self.end - self.start < N_AT_LEAST && !self.is_whole {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= std::mem::take(&mut self.start);
            while let Some(free) = self.bytes.get_mut(self.end..).filter(|free| !free.is_empty()) {
                let n_read = self.source.read(free).ok()?;
                self.end += n_read;
                if n_read == 0 {
                    self.is_whole = true;
                    break;
                }
            }
        }
        self.at_hand()
    }

    /// Leaves bytes behind that are at hand.
    fn pass(&mut self, n_bytes: usize) {
        self.start += n_bytes;
        self.at += n_bytes as u64;
    }
}

/// What follows the entries, to the sum at the end; only what may be passed over by its name is passed over.
fn extensions<R: Read + Seek>(window: &mut Window<R>, n_id: usize) -> Option<KnownTrees> {
    let (mut at, source) = (window.at, &mut window.source);
    let end = source.seek(SeekFrom::End(0)).ok()?.checked_sub(n_id.try_into().ok()?)?;
    let mut known = KnownTrees::default();
    while at < end {
        source.seek(SeekFrom::Start(at)).ok()?;
        let mut head = [0; 8];
        source.read_exact(&mut head).ok()?;
        let (name, mut n_content) = head.split_at(4);
        let n_content = u64::from(number(&mut n_content)?);
        at = at.checked_add(8 + n_content).filter(|at| *at <= end)?;
        match name {
            TREES if n_content <= MAX_TREES => {
                let mut content = Vec::new();
                source.by_ref().take(n_content).read_to_end(&mut content).ok()?;
                known = KnownTrees { trees: known_trees(&content, n_id)?, names: content };
            }
            [b'A'..=b'Z', ..] => {}
            _ => return None,
        }
    }
    (at == end).then_some(known)
}

/// What the index remembers of the trees of folders, those below a folder behind it.
#[derive(Default)]
pub(super) struct KnownTrees {
    /// The text that has their names.
    names: Vec<u8>,
    trees: Vec<KnownTree>,
}

/// What the index remembers of the tree of a folder.
struct KnownTree {
    /// In the text of the names.
    name: Range<usize>,
    /// How many entries are below it, and the name of the tree.
    content: Option<(usize, ObjectId)>,
    /// Behind the last folder below it, in the list of all.
    end: usize,
}

impl KnownTrees {
    /// The topmost folder, if the trees of folders are remembered.
    pub(super) fn top(&self) -> Option<usize> {
        (!self.trees.is_empty()).then_some(0)
    }

    /// How many entries are below a folder and what its tree is called; none where something below it has changed since.
    pub(super) fn remembered(&self, tree: usize) -> Option<(usize, ObjectId)> {
        self.trees.get(tree)?.content
    }

    /// The folders directly below one of which something is remembered, by name.
    pub(super) fn below(&self, tree: usize) -> Vec<usize> {
        let mut below = Vec::new();
        let mut next = tree + 1;
        while let Some(child) =
            self.trees.get(next).filter(|_| self.trees.get(tree).is_some_and(|tree| next < tree.end))
        {
            below.push(next);
            next = child.end;
        }
        below.sort_unstable_by_key(|child| self.name(*child));
        below
    }

    /// Of folders by name the one of that name.
    pub(super) fn named(&self, folders: &[usize], name: &[u8]) -> Option<usize> {
        let at = folders.binary_search_by_key(&Some(name), |folder| self.name(*folder)).ok()?;
        folders.get(at).copied()
    }

    fn name(&self, tree: usize) -> Option<&[u8]> {
        self.names.get(self.trees.get(tree)?.name.clone())
    }
}

/// Reads `NAME<zero>ENTRIES FOLDERS<newline>ID` for each folder, those below it after it; without the name of the object
/// where the number of entries is negative.
fn known_trees(content: &[u8], n_id: usize) -> Option<Vec<KnownTree>> {
    let mut rest = content;
    let mut trees: Vec<KnownTree> = Vec::new();
    // The folders that are not complete yet, and how many are still to come in each.
    let mut open: Vec<(usize, usize)> = Vec::new();
    while !rest.is_empty() {
        let start = content.len() - rest.len();
        let (name, after) = rest.split_at_checked(memchr(0, rest)?)?;
        let name = start..start + name.len();
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
    use std::io::Cursor;

    use super::{Entries, KnownTrees, read};
    use crate::git::ObjectFormat;

    /// A path and its object.
    type Listed = (String, Vec<u8>);

    /// The trees and the entries of an index.
    fn whole(bytes: &[u8]) -> Option<(KnownTrees, Vec<Listed>)> {
        let (trees, mut entries): (_, Entries<_>) = read(Cursor::new(bytes), ObjectFormat::Sha1)?;
        let mut listed = Vec::new();
        while let Some(path) = entries.path() {
            listed.push((String::from_utf8_lossy(path).into_owned(), entries.tracked()?.1.as_bytes().to_vec()));
            entries.advance()?;
        }
        Some((trees, listed))
    }

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
        let (trees, listed) = whole(&index()).unwrap();
        assert_eq!(listed, [("a/b".to_owned(), vec![1; 20]), ("c".to_owned(), vec![2; 20])]);
        let folder = trees.named(&trees.below(trees.top().unwrap()), b"a").unwrap();
        assert_eq!((trees.remembered(0), trees.named(&trees.below(0), b"c")), (None, None));
        assert_eq!(trees.remembered(folder).map(|(n, id)| (n, id.as_bytes().to_vec())), Some((1, vec![3; 20])));
    }

    #[test]
    fn what_is_not_read_whole_is_not_read() {
        let bytes = index();
        for n_bytes in 0..bytes.len() {
            // Git does not compare the sum at the end either, so an end that looks like one is taken for it.
            assert!(whole(&bytes[..n_bytes]).is_none_or(|(_, listed)| listed.len() == 2), "{n_bytes}");
        }
        let changed = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            whole(&bytes).is_some()
        };
        let trees = bytes.windows(4).position(|window| window == b"TREE").unwrap();
        assert!(changed(trees, b'X'), "what may be passed over is");
        assert!(!changed(trees, b't'), "what must be understood is");
        assert!(!changed(12 + 60, 0x10), "a conflict is");
        assert!(!changed(7, 5), "a version that nobody knows");
        for (at, byte) in bytes.iter().enumerate() {
            // Whatever is read of it, nothing panics.
            changed(at, !byte);
        }
    }
}
