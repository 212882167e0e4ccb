//! What is put into a scratch tree for one program beside what is laid out there, and what the program makes of the
//! files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::git::conversion::Conversion;
use crate::git::listing::Strays;
use crate::model::content::Content;
use crate::model::path::RepoPath;
use crate::tree::Error;
use crate::tree::scratch::Scratch;
use crate::tree::scratch::beneath::{
    is_executable_beneath, is_file_beneath, read_beneath, remove_beneath, write_beneath,
};
use crate::tree::temporary::TemporaryFolder;

/// The most bytes of a changed file that are converted.
const MAX_FILE: u64 = 64 << 20;

/// What was put where: the bytes on the disk, or that there is nothing.
pub(crate) type Put = BTreeMap<RepoPath, Option<Vec<u8>>>;

/// A file that a program changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedFile {
    /// Its path.
    pub(crate) path: RepoPath,
    /// What became of it.
    pub(crate) now: Now,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Now {
    /// It holds this, as it is on the disk.
    Written(Vec<u8>),
    /// It is a link or a folder.
    Replaced,
    /// It is gone.
    Gone,
    /// It was not there before.
    Added,
}

impl Scratch {
    /// Puts what git stores as these bytes at the path, as git would write it; gives the bytes on the disk.
    pub(crate) fn put_stored(&self, path: &RepoPath, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let conversion = self.inside.conversions(std::slice::from_ref(path))?.remove(path);
        let on_disk = match conversion {
            Some(Conversion::Never) => bytes.to_vec(),
            _ => self.inside.to_worktree(path, bytes)?,
        };
        write_beneath(&self.top, path, &on_disk)?;
        Ok(on_disk)
    }

    /// Puts these bytes at the path.
    pub(crate) fn put_on_disk(&self, path: &RepoPath, bytes: &[u8]) -> Result<(), Error> {
        write_beneath(&self.top, path, bytes)
    }

    /// Puts what is in the user's work tree `user` at the path, or that nothing is; gives the bytes.
    pub(crate) fn put_edited(&self, user: &Path, path: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
        let edited = read_beneath(user, path)?;
        match &edited {
            // What is no file there is none of a program that changes files.
            Some(bytes) if is_file_beneath(user, path) => {
                write_beneath(&self.top, path, bytes)?;
                if is_executable_beneath(user, path) != self.is_executable(path) {
                    let (from, to) = (user.join(path.to_fs()), self.top.join(path.to_fs()));
                    let mode = fs::metadata(&from).map_err(Error::files("read", &from))?.permissions();
                    fs::set_permissions(&to, mode).map_err(Error::files("write", &to))?;
                }
            }
            Some(_) => return read_beneath(&self.top, path),
            None if fs::symlink_metadata(user.join(path.to_fs())).is_ok_and(|metadata| metadata.is_dir()) => {}
            None => remove_beneath(&self.top, path)?,
        }
        Ok(edited)
    }

    /// The bytes of a file on the disk; none if there is no file.
    pub(crate) fn on_disk(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
        if is_file_beneath(&self.top, path) { read_beneath(&self.top, path) } else { Ok(None) }
    }

    /// Whether a file can be executed, where the system knows that.
    pub(crate) fn is_executable(&self, path: &RepoPath) -> bool {
        is_executable_beneath(&self.top, path)
    }

    /// What was changed since it was laid out and since this was put there, without what is ignored and what is in
    /// submodules; sorted by path.
    pub(crate) fn changes(&self, put: &Put) -> Result<Vec<ChangedFile>, Error> {
        self.check_place()?;
        let Strays { changed, untracked } = self.inside.strays()?;
        let added: BTreeSet<&RepoPath> = untracked.iter().filter(|path| !put.contains_key(*path)).collect();
        let mut paths: Vec<&RepoPath> = changed.iter().chain(&untracked).chain(put.keys()).collect();
        paths.retain(|path| !path.as_bytes().ends_with(b"/") && !self.is_submodule(path));
        paths.sort();
        paths.dedup();
        let mut changes = Vec::new();
        for path in paths {
            let content = read_beneath(&self.top, path)?;
            let is_file = is_file_beneath(&self.top, path);
            let now = match content {
                content if put.get(path) == Some(&content) && (is_file || content.is_none()) => continue,
                Some(_) if added.contains(path) || put.get(path) == Some(&None) => Now::Added,
                Some(bytes) if is_file => Now::Written(bytes),
                None if fs::symlink_metadata(self.top.join(path.to_fs())).is_err() => Now::Gone,
                Some(_) | None => Now::Replaced,
            };
            changes.push(ChangedFile { path: path.clone(), now });
        }
        Ok(changes)
    }

    /// What git would store of this file, which is there; none if that is too large. Nothing is put into the user's
    /// objects.
    pub(crate) fn as_stored(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
        let asked = std::slice::from_ref(path);
        if self.inside.conversions(asked)?.get(path) == Some(&Conversion::Never) {
            return read_beneath(&self.top, path);
        }
        let objects = TemporaryFolder::create(&self.home)?;
        let stored = self.inside.as_stored(asked, objects.path(), MAX_FILE)?.remove(path);
        Ok(stored.and_then(|content| match content {
            Content::Bytes(bytes) => Some(bytes),
            Content::TooLarge(_) => None,
        }))
    }
}
