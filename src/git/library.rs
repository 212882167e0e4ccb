//! libgit2: one handle for each thread that asks, kept for the next one.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use git2::{Oid, Repository, RepositoryOpenFlags};

use crate::model::change::ObjectId;

/// How long one object may take. libgit2 (1.9.7) never ends reading a loose object whose file is cut off, so reading
/// one is watched; the largest that is ever asked for takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// What libgit2 says; `None` if it can't open the repository, and then git itself must be asked.
pub(crate) type Answer<R> = Option<Result<R, git2::Error>>;

impl Library {
    /// Handles of the repository that is open already.
    pub(crate) fn new(repository: Repository) -> Self {
        Self { git_dir: repository.path().to_owned(), readable: Readable::Yes, idle: Mutex::new(vec![repository]) }
    }

    /// No handles: libgit2 can't open this repository.
    pub(crate) fn unavailable() -> Self {
        Self { git_dir: PathBuf::new(), readable: Readable::No, idle: Mutex::default() }
    }

    /// Asks something for which no loose object is read.
    pub(crate) fn ask<R>(&self, question: impl FnOnce(&Repository) -> Result<R, git2::Error>) -> Answer<R> {
        let repository = self.take()?;
        let answer = question(&repository);
        self.put_back(repository);
        Some(answer)
    }

    /// Asks something for which loose objects may be read; a damaged one is an error.
    pub(crate) fn ask_watched<R, Q>(&self, question: Q) -> Answer<R>
    where
        R: Send + 'static,
        Q: FnOnce(&Repository) -> Result<R, git2::Error> + Send + 'static,
    {
        let repository = self.take()?;
        let (sender, receiver) = mpsc::sync_channel(1);
        let asking = thread::Builder::new().name("libgit2".to_owned()).spawn(move || {
            let answer = question(&repository);
            // Nobody listens any more if it took too long.
            let _ = sender.send((repository, answer));
        });
        match asking.map_err(|error| error.to_string()).map(|_| receiver.recv_timeout(PATIENCE)) {
            Ok(Ok((repository, answer))) => {
                self.put_back(repository);
                Some(answer)
            }
            Ok(Err(_)) => Some(Err(git2::Error::from_str("the object can't be read to its end; it is damaged"))),
            Err(problem) => Some(Err(git2::Error::from_str(&problem))),
        }
    }

    /// A handle that nobody else uses.
    fn take(&self) -> Option<Repository> {
        if self.readable == Readable::No {
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
        f.debug_struct("Library").field("git_dir", &self.git_dir).field("readable", &self.readable).finish()
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
