//! Contents from wherever a change has them: the object store or the work tree.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::git::Repo;
use crate::git::listing::Listing;
use crate::git::objects::Objects;
use crate::model::change::{FileSide, Head, ObjectId, Source};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::path::RepoPath;
use crate::tree::file::{n_bytes_in_worktree, read_worktree};

/// Reads both kinds of content.
pub(crate) struct Sources<'a> {
    repo: &'a Repo,
    objects: Objects<'a>,
    top: Option<PathBuf>,
    /// What is judged instead of what the work tree has at a path.
    instead: BTreeMap<RepoPath, Content>,
}

impl<'a> Sources<'a> {
    /// The contents of a repository.
    pub(crate) fn new(repo: &'a Repo) -> Self {
        Self { repo, objects: repo.objects(), top: repo.work_tree().map(ToOwned::to_owned), instead: BTreeMap::new() }
    }

    /// The same with other contents for some paths of the work tree.
    pub(super) fn with(mut self, contents: BTreeMap<RepoPath, Content>) -> Self {
        self.instead.extend(contents);
        self
    }
}

impl Contents for Sources<'_> {
    fn read(&self, side: &FileSide, limit: u64) -> Result<Content, ContentError> {
        if side.source == Source::Worktree
            && let Some(content) = self.instead.get(&side.path)
        {
            return Ok(match content {
                Content::Bytes(bytes) if bytes.len() as u64 > limit => Content::TooLarge(bytes.len() as u64),
                content => content.clone(),
            });
        }
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

    fn branch(&self) -> Option<String> {
        self.repo.head().ok()?.branch
    }

    fn is_in_worktree(&self, path: &RepoPath) -> Option<bool> {
        self.top.as_ref().map(|top| top.join(path.to_fs()).exists())
    }

    fn files(&self, head: &Head) -> Vec<RepoPath> {
        let listing = match head {
            Head::Tree { tree, .. } => Listing::Tree(*tree),
            Head::Index | Head::Worktree => Listing::Index,
        };
        let sides = self.repo.list(&listing).unwrap_or_default();
        sides.into_iter().filter(|side| side.mode.is_regular()).map(|side| side.path).collect()
    }

    fn folder(&self, tree: &ObjectId, folder: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
        self.objects.folder(tree, folder)
    }
}
