//! All files of the index or of a tree.

use std::ffi::OsString;

use crate::git::{Error, Repo, os_path};
use crate::model::change::{FileSide, Mode, ObjectId, Source};
use crate::model::path::RepoPath;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// The index; of a path that is not merged yet, one of its sides.
    Index,
    /// A tree.
    Tree(ObjectId),
}

impl Repo {
    /// Every file, link and submodule, with its object; sorted by path.
    pub(crate) fn list(&self, listing: &Listing) -> Result<Vec<FileSide>, Error> {
        let listed = match listing {
            Listing::Index => self.run(&["ls-files", "--stage", "--full-name", "-z"], b"")?,
            Listing::Tree(tree) => self.run(&["ls-tree", "-r", "-z", "--full-tree", &tree.to_string()], b"")?,
        };
        let mut sides: Vec<FileSide> = listed.split(|&byte| byte == 0).filter_map(side).collect();
        sides.sort_by(|a, b| a.path.cmp(&b.path));
        sides.dedup_by(|a, b| a.path == b.path);
        Ok(sides)
    }
}

impl Repo {
    /// What the index has at a path; none if it has nothing there.
    pub(crate) fn staged_entry(&self, path: &RepoPath) -> Result<Option<FileSide>, Error> {
        let args = ["ls-files", "--stage", "--full-name", "-z", "--"];
        let args = args.iter().map(|arg| arg.into()).chain([os_path(path).into_os_string()]);
        let listed = self.run(&args.collect::<Vec<OsString>>(), b"")?;
        let mut sides = listed.split(|&byte| byte == 0).filter_map(side);
        Ok(sides.find(|side| side.path == *path))
    }
}

/// Reads `MODE OBJECT STAGE<tab>PATH` or `MODE TYPE OBJECT<tab>PATH`.
fn side(line: &[u8]) -> Option<FileSide> {
    let tab = line.iter().position(|&byte| byte == b'\t')?;
    let (fields, path) = (line.get(..tab)?, line.get(tab + 1..)?);
    let mut fields = fields.split(|&byte| byte == b' ');
    let mode = Mode::from_octal(fields.next()?)?;
    let id = fields.find_map(ObjectId::from_hex)?;
    Some(FileSide { path: RepoPath::new(path), mode, source: Source::Blob(id) })
}
