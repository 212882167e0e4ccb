//! Contents as they would be after some fixes.

use std::collections::BTreeMap;

use crate::app::sources::Sources;
use crate::model::change::{FileSide, Head, ObjectId, Source};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::path::RepoPath;

/// The contents of a repository, some of them in another version. What is before the change keeps its own.
pub(super) struct Overlay<'a> {
    below: Sources<'a>,
    above: BTreeMap<(RepoPath, Source), Vec<u8>>,
}

impl<'a> Overlay<'a> {
    /// Nothing is another yet.
    pub(super) fn new(below: Sources<'a>) -> Self {
        Self { below, above: BTreeMap::new() }
    }

    /// Lets a side have this content.
    pub(super) fn put(&mut self, side: &FileSide, bytes: Vec<u8>) {
        self.above.insert((side.path.clone(), side.source), bytes);
    }

    /// Lets a side have its own content again.
    pub(super) fn take_back(&mut self, side: &FileSide) {
        self.above.remove(&(side.path.clone(), side.source));
    }

    /// The content that a side has without fixes.
    pub(super) fn own(&self, side: &FileSide, limit: u64) -> Result<Content, ContentError> {
        self.below.read(side, limit)
    }
}

impl Contents for Overlay<'_> {
    fn read(&self, side: &FileSide, limit: u64) -> Result<Content, ContentError> {
        match self.given(side) {
            Some(bytes) if bytes.len() as u64 > limit => Ok(Content::TooLarge(bytes.len() as u64)),
            Some(bytes) => Ok(Content::Bytes(bytes.to_vec())),
            None => self.below.read(side, limit),
        }
    }

    fn given(&self, side: &FileSide) -> Option<&[u8]> {
        self.above.get(&(side.path.clone(), side.source)).map(Vec::as_slice)
    }

    fn is_in_worktree(&self, path: &RepoPath) -> Option<bool> {
        self.below.is_in_worktree(path)
    }

    fn files(&self, head: &Head) -> Vec<RepoPath> {
        self.below.files(head)
    }

    fn folder(&self, tree: &ObjectId, folder: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
        self.below.folder(tree, folder)
    }
}
