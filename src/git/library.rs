//! libgit2: one handle for each thread that asks, kept for the next one.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use git2::{Oid, Repository, RepositoryOpenFlags};

use crate::model::change::ObjectId;

/// The handles of one repository.
pub(crate) struct Library {
    git_dir: PathBuf,
    readable: Readable,
    idle: Mutex<Vec<Repository>>,
}

/// Whether libgit2 understands a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readable {
    Yes,
    No,
}

impl Library {
    /// Handles of the repository that is open already.
    pub(crate) fn new(repository: Repository) -> Self {
        Self { git_dir: repository.path().to_owned(), readable: Readable::Yes, idle: Mutex::new(vec![repository]) }
    }

    /// No handles: libgit2 can't open this repository.
    pub(crate) fn unavailable() -> Self {
        Self { git_dir: PathBuf::new(), readable: Readable::No, idle: Mutex::default() }
    }

    /// Asks libgit2; `None` if it can't open the repository, and then git itself must be asked.
    pub(crate) fn ask<R>(
        &self,
        question: impl FnOnce(&Repository) -> Result<R, git2::Error>,
    ) -> Option<Result<R, git2::Error>> {
        if self.readable == Readable::No {
            return None;
        }
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let repository = match idle {
            Some(repository) => repository,
            None => open_exactly(&self.git_dir).ok()?,
        };
        let answer = question(&repository);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(repository);
        Some(answer)
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("git_dir", &self.git_dir).field("readable", &self.readable).finish()
    }
}

/// Opens the repository whose own folder this is.
pub(crate) fn open_exactly(git_dir: &std::path::Path) -> Result<Repository, git2::Error> {
    let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
    Repository::open_ext(git_dir, flags, &[] as &[&std::ffi::OsStr])
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
