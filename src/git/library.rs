//! libgit2: one handle for each thread that asks, kept for the next one.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use git2::{Oid, Repository, RepositoryOpenFlags};

use crate::model::change::ObjectId;

/// How long one object may take. libgit2 (1.9.7) never ends reading a loose object whose file is cut off, so reading
/// one is watched, and when one takes too long git itself is asked from then on; the largest that is ever asked for
/// takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// The handles of one repository.
pub(crate) struct Library {
    git_dir: PathBuf,
    is_usable: AtomicBool,
    idle: Mutex<Vec<Repository>>,
    /// Threads that ask what must be watched, while they have nothing to do.
    watched: Mutex<Vec<Worker>>,
}

/// A question for a thread with a handle of its own.
type Question = Box<dyn FnOnce(&Repository) + Send>;

/// A thread that asks libgit2 one thing after the other; it ends when nobody can ask it any more.
struct Worker {
    questions: mpsc::Sender<Question>,
}

impl Worker {
    fn start(repository: Repository) -> io::Result<Self> {
        let (questions, asked) = mpsc::channel::<Question>();
        let work = move || asked.into_iter().for_each(|question| question(&repository));
        thread::Builder::new().name("libgit2".to_owned()).spawn(work)?;
        Ok(Self { questions })
    }
}

/// What libgit2 says; `None` if it can't read the repository, and then git itself must be asked.
pub(crate) type Answer<R> = Option<Result<R, git2::Error>>;

impl Library {
    /// Handles of the repository that is open already.
    pub(crate) fn new(repository: Repository) -> Self {
        let git_dir = repository.path().to_owned();
        let idle = Mutex::new(vec![repository]);
        Self { git_dir, is_usable: AtomicBool::new(true), idle, watched: Mutex::default() }
    }

    /// No handles: libgit2 can't open this repository.
    pub(crate) fn unavailable() -> Self {
        let is_usable = AtomicBool::new(false);
        Self { git_dir: PathBuf::new(), is_usable, idle: Mutex::default(), watched: Mutex::default() }
    }

    /// Asks something for which no loose object is read.
    pub(crate) fn ask<R>(&self, question: impl FnOnce(&Repository) -> Result<R, git2::Error>) -> Answer<R> {
        let repository = self.take()?;
        let answer = question(&repository);
        self.put_back(repository);
        Some(answer)
    }

    /// Asks something for which loose objects may be read. One that can't be read to its end gives no answer, and
    /// neither does any question after it: each would leave a thread behind that never ends.
    pub(crate) fn ask_watched<R, Q>(&self, question: Q) -> Answer<R>
    where
        R: Send + 'static,
        Q: FnOnce(&Repository) -> Result<R, git2::Error> + Send + 'static,
    {
        if !self.is_usable.load(Ordering::Relaxed) {
            return None;
        }
        let idle = self.watched.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let worker = match idle {
            Some(worker) => worker,
            None => match Worker::start(self.take()?) {
                Ok(worker) => worker,
                Err(error) => return Some(Err(git2::Error::from_str(&error.to_string()))),
            },
        };
        let (sender, receiver) = mpsc::sync_channel(1);
        // Nobody listens any more if it took too long.
        let ask = move |repository: &Repository| drop(sender.send(question(repository)));
        let is_asked = worker.questions.send(Box::new(ask)).is_ok();
        match receiver.recv_timeout(PATIENCE) {
            Ok(answer) if is_asked => {
                self.watched.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
                Some(answer)
            }
            _ => {
                self.is_usable.store(false, Ordering::Relaxed);
                None
            }
        }
    }

    /// A handle that nobody else uses.
    fn take(&self) -> Option<Repository> {
        if !self.is_usable.load(Ordering::Relaxed) {
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
