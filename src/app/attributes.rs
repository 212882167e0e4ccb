//! What the attributes of files change: generated and vendored files are left out, and files of the work tree that git
//! stores otherwise are judged as it stores them. Git is asked only where a `.gitattributes` speaks of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::Session;
use crate::app::failure::Failure;
use crate::app::sources::Sources;
use crate::git;
use crate::git::attributes::{Attribute, AttributeSource};
use crate::model::change::{ChangeSet, FileSide, ObjectId, Source};
use crate::model::content::{Content, Contents};
use crate::model::path::RepoPath;
use crate::run::MAX_FILE;
use crate::tree::file::is_there;
use crate::tree::temporary::TemporaryFolder;

/// The name of the files.
const FILE: &[u8] = b".gitattributes";
/// The most bytes of one that git reads.
const MAX_BYTES: u64 = 100 << 20;
/// The attributes of files that nobody here writes.
const FOREIGN: [&str; 4] = ["linguist-generated", "linguist-vendored", "generated", "vendored"];
/// What a file says that sets one of them.
const FOREIGN_WORDS: [&str; 2] = ["generated", "vendored"];
/// The attributes by which the work tree holds other bytes than the repository, line endings aside.
const CONVERTED: [&str; 2] = ["filter", "working-tree-encoding"];

impl Session<'_> {
    /// The files of the change that are generated or vendored by attributes from that source.
    pub(super) fn foreign(&self, change: &ChangeSet, source: AttributeSource) -> Result<BTreeSet<RepoPath>, Failure> {
        let paths: Vec<RepoPath> = change.files.iter().map(|file| file.path().clone()).collect();
        if paths.is_empty() || !self.mentions(change, source, &FOREIGN_WORDS)? {
            return Ok(BTreeSet::new());
        }
        let set = self.attributes(source, &FOREIGN, &paths)?.into_iter();
        let set = set.filter(|attribute| matches!(attribute.value.as_slice(), b"set" | b"true"));
        Ok(set.map(|attribute| attribute.path).collect())
    }

    /// The contents that git would store for the judged files of the work tree that its filters or encodings change.
    /// One that git takes for a copy of a blob is judged by the blob. With `asks` git is asked for those in any case: what is
    /// remembered of a blob must not be taken for what a filter made of it, whoever set the filter.
    pub(super) fn as_stored(&self, change: &mut ChangeSet, asks: bool) -> Result<BTreeMap<RepoPath, Content>, Failure> {
        let source = AttributeSource::Worktree;
        let heads = change.files.iter().filter_map(|file| file.head.as_ref());
        let heads = heads.filter(|side| side.source.is_in_worktree() && side.mode.is_regular());
        let paths: Vec<RepoPath> = heads.clone().map(|side| side.path.clone()).collect();
        let has_claims = heads.clone().any(|side| matches!(side.source, Source::CheckedOut(_)));
        if paths.is_empty() || !(asks && has_claims || self.mentions(change, source, &CONVERTED)?) {
            return Ok(BTreeMap::new());
        }
        let told = self.attributes(source, &CONVERTED, &paths)?.into_iter();
        let converted: BTreeSet<RepoPath> =
            told.filter(|attribute| attribute.value != b"unset").map(|attribute| attribute.path).collect();
        let mut edited = Vec::new();
        let heads = change.files.iter_mut().filter_map(|file| file.head.as_mut());
        for side in heads.filter(|side| converted.contains(&side.path)) {
            match side.source {
                Source::CheckedOut(id) => side.source = Source::Blob(id),
                Source::Worktree => edited.push(side.path.clone()),
                Source::Blob(_) | Source::Historic { .. } => {}
            }
        }
        if edited.is_empty() {
            return Ok(BTreeMap::new());
        }
        let folder = TemporaryFolder::create(&self.settings.cache).map_err(Failure::usage)?;
        self.repo.as_stored(&edited, folder.path(), MAX_FILE).map_err(Failure::git)
    }

    fn attributes(
        &self,
        source: AttributeSource,
        names: &[&str],
        paths: &[RepoPath],
    ) -> Result<Vec<Attribute>, Failure> {
        match (self.repo.attributes(source, names, paths), source) {
            (Err(git::Error::TooOld(_)), AttributeSource::Tree(tree)) => self.attributes_by_index(&tree, names, paths),
            (attributes, _) => attributes.map_err(Failure::git),
        }
    }

    /// The attributes of a tree with a git that reads them only from an index: one is made for it.
    fn attributes_by_index(
        &self,
        tree: &ObjectId,
        names: &[&str],
        paths: &[RepoPath],
    ) -> Result<Vec<Attribute>, Failure> {
        let folder = TemporaryFolder::create(&self.settings.cache).map_err(Failure::usage)?;
        let own = self.repo.with_index(&folder.path().join("index"));
        own.run(&["-c", "core.hooksPath=/dev/null", "read-tree", &tree.to_string()], b"").map_err(Failure::git)?;
        own.attributes(AttributeSource::Index, names, paths).map_err(Failure::git)
    }

    /// Whether a `.gitattributes` that can hold for the change has one of these words.
    fn mentions(&self, change: &ChangeSet, source: AttributeSource, words: &[&str]) -> Result<bool, Failure> {
        let own = self.repo.common_dir().join("info/attributes");
        if is_there(&own) {
            return Ok(true);
        }
        for folder in folders(change) {
            for side in self.attribute_files(change, source, &folder.join(FILE))? {
                let content = Sources::new(self.repo).read(&side, MAX_BYTES);
                let Content::Bytes(bytes) = content.map_err(|error| Failure::usage(anyhow::anyhow!(error.0)))? else {
                    return Ok(true);
                };
                if words.iter().any(|word| memchr::memmem::find(&bytes, word.as_bytes()).is_some()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The sides at this path that may hold.
    fn attribute_files(
        &self,
        change: &ChangeSet,
        source: AttributeSource,
        path: &RepoPath,
    ) -> Result<Vec<FileSide>, Failure> {
        let trees: Vec<ObjectId> = match source {
            AttributeSource::Worktree => {
                let mode = self.repo.worktree_mode(path).filter(|mode| mode.is_regular());
                let side = |mode| FileSide { path: path.clone(), mode, source: Source::Worktree };
                return Ok(mode.map(side).into_iter().collect());
            }
            AttributeSource::Tree(tree) => vec![tree],
            // What the index has is what the change brings, or what a parent has.
            AttributeSource::Index => change.parents.iter().map(|parent| parent.tree).collect(),
        };
        let staged = change.files.iter().filter(|_| source == AttributeSource::Index);
        let staged = staged.filter(|file| file.path() == path).filter_map(|file| file.head.clone());
        let mut sides: Vec<FileSide> = staged.collect();
        for tree in trees {
            let entry = self.repo.entry(&tree, path).map_err(Failure::git)?;
            sides.extend(entry.map(|(mode, id)| FileSide { path: path.clone(), mode, source: Source::Blob(id) }));
        }
        sides.retain(|side| side.mode.is_regular());
        Ok(sides)
    }
}

/// The folders that hold a file of the change, and those above them, the top too.
pub(super) fn folders(change: &ChangeSet) -> BTreeSet<RepoPath> {
    let mut folders = BTreeSet::from([RepoPath::from("")]);
    for file in &change.files {
        let mut folder = file.path().parent();
        while let Some(path) = folder {
            folder = path.parent();
            if !folders.insert(path) {
                break;
            }
        }
    }
    folders
}
