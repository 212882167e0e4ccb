//! Reading what a change refers to, without knowing from where.

use crate::model::change::{FileSide, Head, ObjectId};
use crate::model::path::RepoPath;

/// The bytes of a file, unless there are too many of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// All of them.
    Bytes(Vec<u8>),
    /// The file has this many bytes, which is more than was asked for; nothing was read.
    TooLarge(u64),
}

/// Why content could not be read, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContentError(pub(crate) String);

/// Gives the contents that a change refers to. Safe to call from several threads.
pub(crate) trait Contents: Sync {
    /// Reads one side of a file whole. A file of more than `limit` bytes is not read. A symbolic link's content is its
    /// target; a submodule has none and is an error.
    fn read(&self, side: &FileSide, limit: u64) -> Result<Content, ContentError>;

    /// The names of the entries directly below `folder` (empty: the top) in `tree`; empty if there is no such folder.
    fn folder(&self, tree: &ObjectId, folder: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError>;

    /// The bytes that a side was given instead of its own, which are nowhere else yet.
    fn given(&self, _side: &FileSide) -> Option<&[u8]> {
        None
    }

    /// The size of a regular file in the work tree, in bytes; `None` if that cannot be told or it is something else.
    fn n_bytes_in_worktree(&self, _path: &RepoPath) -> Option<u64> {
        None
    }

    /// The name that a blob of these bytes has; `None` if that cannot be told.
    fn name(&self, _bytes: &[u8]) -> Option<ObjectId> {
        None
    }

    /// Whether the work tree has a file, folder or intact link at `path`; `None` if that cannot be told.
    fn is_in_worktree(&self, _path: &RepoPath) -> Option<bool> {
        None
    }

    /// The files of the judged tree, as far as they can be told.
    fn files(&self, _head: &Head) -> Vec<RepoPath> {
        Vec::new()
    }

    /// The branch that the next commit would go to; `None` if there is none or that cannot be told.
    fn branch(&self) -> Option<String> {
        None
    }
}
