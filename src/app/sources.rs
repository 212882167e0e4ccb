//! Contents from wherever a change has them: the object store or the work tree.

use std::path::PathBuf;

use crate::git::Repo;
use crate::git::objects::Objects;
use crate::model::change::{FileSide, ObjectId, Source};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::path::RepoPath;
use crate::tree::file::{n_bytes_in_worktree, read_worktree};

/// Reads both kinds of content.
pub(crate) struct Sources<'a> {
    objects: Objects<'a>,
    top: Option<PathBuf>,
}

impl<'a> Sources<'a> {
    /// The contents of a repository.
    pub(crate) fn new(repo: &'a Repo) -> Self {
        Self { objects: repo.objects(), top: repo.work_tree().map(ToOwned::to_owned) }
    }
}

impl Contents for Sources<'_> {
    fn read(&self, side: &FileSide, limit: u64) -> Result<Content, ContentError> {
        match (side.source, &self.top) {
            (Source::Worktree | Source::CheckedOut(_), Some(top)) => read_worktree(top, side, limit),
            _ => self.objects.read(side, limit),
        }
    }

    fn n_bytes_in_worktree(&self, path: &RepoPath) -> Option<u64> {
        n_bytes_in_worktree(self.top.as_ref()?, path)
    }

    fn name(&self, bytes: &[u8]) -> Option<ObjectId> {
        self.objects.name(bytes)
    }

    fn is_in_worktree(&self, path: &RepoPath) -> Option<bool> {
        self.top.as_ref().map(|top| top.join(path.to_fs()).exists())
    }

    fn folder(&self, tree: &ObjectId, folder: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
        self.objects.folder(tree, folder)
    }
}
