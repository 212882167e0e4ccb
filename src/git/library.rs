//! libgit2: one handle for each thread that asks, kept for the next one.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use git2::{Oid, Repository, RepositoryOpenFlags};

use crate::model::change::ObjectId;

/// The handles of one repository.
pub(crate) struct Library {
    git_dir: PathBuf,
    is_usable: bool,
    idle: Mutex<Vec<Repository>>,
}

/// What libgit2 says; `None` if it can't read the repository, and then git itself must be asked.
pub(crate) type Answer<R> = Option<Result<R, git2::Error>>;

impl Library {
    /// Handles of the repository that is open already.
    pub(crate) fn new(repository: Repository) -> Self {
        let git_dir = repository.path().to_owned();
        let idle = Mutex::new(vec![repository]);
        Self { git_dir, is_usable: true, idle }
    }

    /// No handles: libgit2 can't open this repository.
    pub(crate) fn unavailable() -> Self {
        Self { git_dir: PathBuf::new(), is_usable: false, idle: Mutex::default() }
    }

    /// Asks something for which no loose object is read: those are read elsewhere.
    pub(crate) fn ask<R>(&self, question: impl FnOnce(&Repository) -> Result<R, git2::Error>) -> Answer<R> {
        let repository = self.take()?;
        let answer = question(&repository);
        self.put_back(repository);
        Some(answer)
    }

    /// A handle that nobody else uses.
    fn take(&self) -> Option<Repository> {
        if !self.is_usable {
            return None;
        }
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.or_else(|| open_exactly(&self.git_dir).ok())
    }

    /// Keeps a handle for the next one.
    fn put_back(&self, repository: Repository) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(repository);
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("git_dir", &self.git_dir).field("is_usable", &self.is_usable).finish()
    }
}

/// Opens the repository whose own folder this is.
pub(crate) fn open_exactly(git_dir: &Path) -> Result<Repository, git2::Error> {
    let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
    Repository::open_ext(git_dir, flags, &[] as &[&OsStr])
}

/// The name of an object as libgit2 has it.
pub(crate) fn oid(id: &ObjectId) -> Result<Oid, git2::Error> {
    Oid::from_bytes(id.as_bytes())
}

/// The name of an object as the project has it.
pub(crate) fn object_id(oid: Oid) -> Result<ObjectId, git2::Error> {
    let hex = oid.to_string();
    ObjectId::from_hex(hex.as_bytes()).ok_or_else(|| git2::Error::from_str(&format!("{hex} is no object name")))
}
