//! What changed: the files of a change with both sides.

use std::fmt;

use crate::model::path::RepoPath;

/// The name of a git object: 20 bytes (SHA-1) or 32 (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId {
    bytes: [u8; 32],
    n_bytes: u8,
}

impl ObjectId {
    /// Reads 40 or 64 hexadecimal digits; `None` for anything else.
    pub(crate) fn from_hex(hex: &[u8]) -> Option<Self> {
        if hex.len() != 40 && hex.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self { bytes, n_bytes: u8::try_from(hex.len() / 2).ok()? })
    }

    /// Takes 20 or 32 raw bytes; `None` for any other number.
    pub(crate) fn from_bytes(raw: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        bytes.get_mut(..raw.len()).filter(|_| matches!(raw.len(), 20 | 32))?.copy_from_slice(raw);
        Some(Self { bytes, n_bytes: u8::try_from(raw.len()).ok()? })
    }

    /// The raw bytes, 20 or 32 of them.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.n_bytes)).unwrap_or(&self.bytes)
    }

    /// Whether it is git's "no object" (all zeros).
    pub(crate) fn is_zero(&self) -> bool {
        self.bytes == [0; 32]
    }

    /// The first ten digits, for people.
    pub(crate) fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(10);
        hex
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What kind of entry a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    /// A regular file.
    File,
    /// A regular file with the executable bit.
    Executable,
    /// A symbolic link; its content is its target.
    Symlink,
    /// A pointer to a commit of another repository; it has no content here.
    Submodule,
}

impl Mode {
    /// Reads git's octal mode (`100644`, `100755`, `120000`, `160000`); `None` for `000000` and trees.
    pub(crate) fn from_octal(octal: &[u8]) -> Option<Self> {
        match octal {
            b"100755" => Some(Self::Executable),
            b"120000" => Some(Self::Symlink),
            b"160000" => Some(Self::Submodule),
            [b'1', b'0', b'0', ..] => Some(Self::File),
            _ => None,
        }
    }

    /// Git's octal mode.
    pub(crate) fn octal(self) -> &'static str {
        match self {
            Self::File => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }

    /// Whether two are both regular files, both links or both submodules.
    pub(crate) fn is_same_kind(self, other: Self) -> bool {
        self == other || (self.is_regular() && other.is_regular())
    }

    /// Whether the entry is a regular file, so that its content can be checked.
    pub(crate) fn is_regular(self) -> bool {
        matches!(self, Self::File | Self::Executable)
    }
}

/// Where the bytes of one side of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Source {
    /// In the object store.
    Blob(ObjectId),
    /// In the work tree, under the side's path.
    Worktree,
    /// There too, and git takes the file for a copy of this blob without having looked at it again. What a filter made
    /// of the blob on its way out may be something else.
    CheckedOut(ObjectId),
    /// In the object store, and looked at for the commit that added it.
    Historic {
        /// The object.
        blob: ObjectId,
        /// The commit.
        commit: ObjectId,
    },
}

impl Source {
    /// Whether the bytes are in the work tree.
    pub(crate) fn is_in_worktree(self) -> bool {
        matches!(self, Self::Worktree | Self::CheckedOut(_))
    }
}

/// One side of a changed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileSide {
    /// Its path on this side.
    pub(crate) path: RepoPath,
    /// Its kind on this side.
    pub(crate) mode: Mode,
    /// Where its bytes are.
    pub(crate) source: Source,
}

/// How a file differs from (the first of) its bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Status {
    /// It is looked at as it is, and compared with nothing.
    Present,
    /// Not there before.
    Added,
    /// Other content or mode.
    Modified,
    /// Not there any more.
    Deleted,
    /// There before under another path.
    Renamed,
    /// Another kind of entry: a file became a link, for example.
    TypeChanged,
}

/// A file of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedFile {
    /// How it differs.
    pub(crate) status: Status,
    /// The side that is judged; none when the file was deleted.
    pub(crate) head: Option<FileSide>,
    /// The side before, one entry for each of [`ChangeSet::parents`]; none where that parent has no such file.
    pub(crate) bases: Vec<Option<FileSide>>,
}

impl ChangedFile {
    /// The path by which people know the file: the new one, or the old one of a deleted file.
    pub(crate) fn path(&self) -> &RepoPath {
        self.head
            .as_ref()
            .or_else(|| self.bases.iter().flatten().next())
            .map(|side| &side.path)
            .expect("because a changed file exists on at least one side")
    }
}

/// A state against which "new" is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parent {
    /// Its tree; the empty tree of the object format where there is no commit yet.
    pub(crate) tree: ObjectId,
    /// Its commit; none where there is no commit yet.
    pub(crate) commit: Option<ObjectId>,
}

/// What holds the judged side as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// The index: what the next commit will hold.
    Index,
    /// The work tree.
    Worktree,
    /// A tree in the object store, and the commit that it belongs to.
    Tree {
        /// The tree.
        tree: ObjectId,
        /// The commit.
        commit: ObjectId,
    },
}

/// A change: the files that differ, what is judged and against what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangeSet {
    /// What was looked at, for people and on one line: `staged changes against HEAD (main)`.
    pub(crate) title: String,
    /// The judged side.
    pub(crate) head: Head,
    /// The states before: none for `--all` and FILES, one for a commit or a range, several for a merge.
    pub(crate) parents: Vec<Parent>,
    /// The files, sorted by [`ChangedFile::path`]; of a merge those that are as no parent has them.
    pub(crate) files: Vec<ChangedFile>,
    /// Of a merge, the files that are as some parent has them and not as another, sorted alike. A base that is equal to
    /// the head tells which parent that is. Each is somebody's finished work: only what they are together is new.
    pub(crate) merged: Vec<ChangedFile>,
}

impl ChangeSet {
    /// The files that differ from one parent or another.
    pub(crate) fn differing(&self) -> impl Iterator<Item = &ChangedFile> {
        self.files.iter().chain(&self.merged)
    }

    /// What the change is to one of its parents: every file that differs from it.
    pub(crate) fn against(&self, parent: usize) -> Self {
        let seen = |file: &ChangedFile| {
            let base = file.bases.get(parent)?;
            let status = match (base, &file.head) {
                _ if *base == file.head => return None,
                (None, _) => Status::Added,
                (_, None) => Status::Deleted,
                (Some(base), Some(head)) if base.path != head.path => Status::Renamed,
                (Some(base), Some(head)) if base.mode.is_same_kind(head.mode) => Status::Modified,
                _ => Status::TypeChanged,
            };
            Some(ChangedFile { status, head: file.head.clone(), bases: vec![base.clone()] })
        };
        let mut files: Vec<ChangedFile> = self.differing().filter_map(seen).collect();
        files.sort_by(|one, other| one.path().cmp(other.path()));
        let parents = self.parents.get(parent).cloned().into_iter().collect();
        Self { title: self.title.clone(), head: self.head, parents, files, merged: Vec::new() }
    }
}
