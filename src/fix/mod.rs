//! Fixes: from proposals to edits of the index and the work tree, and back. It must not know who found what; it is told
//! which content becomes which, and never loses a line that only the work tree has.

pub(crate) mod edits;
mod step;
pub(crate) mod undo;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fix::step::Step;
use crate::fix::undo::FileState;
use crate::git::index::IndexEntry;
use crate::git::state::Operation;
use crate::git::{self, Repo};
use crate::model::change::{FileSide, ObjectId};
use crate::model::path::RepoPath;
use crate::tree;
use crate::tree::journal::{IndexRecord, Journal, Journals, Record};

/// How long a fixing waits for another one in the same work tree.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks.
const TICK: Duration = Duration::from_millis(50);

/// A content that is to become another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// The file as it was judged: in the index, or in the work tree.
    pub(crate) side: FileSide,
    /// Its content.
    pub(crate) before: Vec<u8>,
    /// What it becomes.
    pub(crate) after: Vec<u8>,
}

/// A file that is another now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mended {
    /// Its path.
    pub(crate) path: RepoPath,
    /// Whether the index has it.
    pub(crate) is_staged: bool,
    /// Whether the work tree has it.
    pub(crate) is_written: bool,
}

/// Why a file was left as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Changes that are not staged are where the fix would be.
    Conflict,
    /// It is not any more what was judged.
    Changed,
    /// It can't be done, for a reason on one line.
    Failed(String),
}

/// A file that was left as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Its path.
    pub(crate) path: RepoPath,
    /// Why.
    pub(crate) why: Why,
    /// The fix as the hunks of a patch; empty where it is of no use any more.
    pub(crate) patch: Vec<u8>,
}

/// What came of a fixing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    /// What was changed.
    pub(crate) mended: Vec<Mended>,
    /// What was not.
    pub(crate) left: Vec<Left>,
}

/// Where nothing may be fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Git is in the middle of something.
    Operation(Operation),
    /// Git commits some paths alone.
    PassingIndex,
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Operation(Operation::Merge) => "nothing is mended in the middle of a merge",
            Self::Operation(Operation::Rebase) => "nothing is mended in the middle of a rebase",
            Self::Operation(Operation::CherryPick) => "nothing is mended in the middle of a cherry-pick",
            Self::Operation(Operation::Revert) => "nothing is mended in the middle of a revert",
            Self::PassingIndex => "nothing is mended by `git commit PATH`, which leaves the rest of the index behind",
        })
    }
}

/// Why nothing could be fixed or put back. Everything is as it was, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nothing may be fixed here.
    #[error("{0}")]
    Obstacle(Obstacle),
    /// Another git is at work on the index.
    #[error("another git is at work: there is {}", .0.display())]
    Locked(PathBuf),
    /// Another fixing is at work.
    #[error("another run is mending files of this work tree")]
    Busy,
    /// The user wanted it to end.
    #[error("interrupted")]
    Interrupted,
    /// There is nothing to put back.
    #[error("there is no fixing to undo in this work tree")]
    NothingToUndo,
    /// Git could not be asked, or did not do it.
    #[error(transparent)]
    Git(#[from] git::Error),
    /// The journal could not be written or read.
    #[error(transparent)]
    Tree(#[from] tree::Error),
    /// It could not be done to its end, and not all that was done could be put back.
    #[error("{cause}; files that are mended already and could not be put back: {n_files}")]
    Halfway {
        /// Why it could not be done.
        cause: Box<Error>,
        /// How many files have the new content.
        n_files: usize,
    },
}

impl Error {
    /// What the user can do about it, if that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Obstacle(_) => Some("`tollgate builtin ID FILES` mends files in any state of the repository".into()),
            Self::Locked(lock) => {
                let lock = lock.display();
                Some(format!("wait until it has ended; if none is running, one was killed: remove {lock}"))
            }
            Self::Busy => Some("try again when it has ended".into()),
            Self::Halfway { .. } => Some("`tollgate fix --undo` puts them back".into()),
            Self::Git(error) => error.hint(),
            Self::Interrupted | Self::NothingToUndo | Self::Tree(_) => None,
        }
    }
}

/// What forbids fixing here and now, if something does.
pub(crate) fn obstacle(repo: &Repo) -> Result<Option<Obstacle>, git::Error> {
    if repo.has_passing_index() {
        return Ok(Some(Obstacle::PassingIndex));
    }
    Ok(repo.operation()?.map(Obstacle::Operation))
}

/// The right to fix something in a work tree; one process at a time has it.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    repo: &'a Repo,
    journals: Journals,
    top: PathBuf,
    /// Whether another one had it first: then nothing that was found out before holds any more.
    pub(crate) has_waited: bool,
}

impl<'a> Turn<'a> {
    /// Waits for it, and tidies up after those who were killed while they had it.
    pub(crate) fn take(repo: &'a Repo) -> Result<Self, Error> {
        if let Some(obstacle) = obstacle(repo)? {
            return Err(Error::Obstacle(obstacle));
        }
        let folder = repo.git_dir().join("tollgate").join("fix");
        // A bare repository has no work tree, and an index only if someone made one.
        let top = repo.work_tree().unwrap_or(Path::new("")).to_owned();
        for n_waited in 0..PATIENCE.as_millis() / TICK.as_millis() {
            if let Some(journals) = Journals::open(&folder)? {
                journals.sweep(&top)?;
                return Ok(Self { repo, journals, top, has_waited: n_waited > 0 });
            }
            if repo.is_interrupted() {
                return Err(Error::Interrupted);
            }
            std::thread::sleep(TICK);
        }
        Err(Error::Busy)
    }

    /// Makes the proposals true, each file by itself and wholly or not at all. A proposal for the index changes the work
    /// tree too, where that has the file, by what the fix changes and nothing else.
    pub(crate) fn apply(&self, proposals: &[Proposal]) -> Result<Applied, Error> {
        let mut applied = Applied::default();
        self.check_lock()?;
        let (steps, left) = step::plan(self.repo, &self.top, proposals)?;
        applied.left = left;
        if !steps.is_empty() {
            let mut journal = self.journals.begin()?;
            let written = write_down(&mut journal, &steps).map_err(Error::from);
            match written.and_then(|()| self.change(&steps, &journal.records, &mut applied)) {
                Ok(()) if !applied.mended.is_empty() => self.journals.finish(&journal),
                Ok(()) => journal.forget(),
                Err(error @ Error::Halfway { .. }) => return Err(error),
                Err(error) => {
                    journal.forget();
                    return Err(error);
                }
            }
        }
        applied.left.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(applied)
    }

    fn check_lock(&self) -> Result<(), Error> {
        self.repo.index_lock().map_or(Ok(()), |lock| Err(Error::Locked(lock)))
    }

    /// Does it: the files first, then the index at once. If the index can't be written, the files are put back.
    fn change(&self, steps: &[Step], records: &[Record], applied: &mut Applied) -> Result<(), Error> {
        let mut done: Vec<&Record> = Vec::new();
        for (step, record) in steps.iter().zip(records) {
            if self.repo.is_interrupted() {
                return Err(put_back(&self.top, &done, Error::Interrupted));
            }
            match step.write_file(record) {
                Ok(()) => done.push(record),
                Err(why) => applied.left.push(Left { path: step.path.clone(), why, patch: step.patch.clone() }),
            }
        }
        // From here on it is done to its end, however much the user wants to leave.
        let entries: Vec<IndexEntry> = done.iter().filter_map(|record| staged(record, |index| index.after)).collect();
        if let Err(error) = self.repo.uninterrupted().set_index_entries(&entries) {
            let cause = self.repo.index_lock().map_or(Error::Git(error), Error::Locked);
            return Err(put_back(&self.top, &done, cause));
        }
        let mended = |record: &&Record| Mended {
            path: record.path.clone(),
            is_staged: record.index.is_some(),
            is_written: record.file.is_some(),
        };
        applied.mended = done.iter().map(mended).collect();
        Ok(())
    }
}

/// Writes down what is about to happen.
fn write_down(journal: &mut Journal, steps: &[Step]) -> Result<(), tree::Error> {
    let mut records = Vec::with_capacity(steps.len());
    for (number, step) in steps.iter().enumerate() {
        let file = step.file.as_ref().map(|(seen, after)| journal.keep(seen, after, number)).transpose()?;
        records.push(Record { path: step.path.clone(), file, index: step.index.clone() });
    }
    journal.write(records)
}

/// Why an entry of the index stays as it is at which git does not look: with another content it would look again, and the
/// next `commit --all` would take what is in the work tree, or that nothing is there.
const UNWATCHED: &str = "it is marked skip-worktree (as in a sparse checkout) or assume-unchanged, which a new version would \
                         undo; take the mark away with `git update-index` or mend it by hand";

/// The entry of the index that a record speaks of, with one of its objects.
fn staged(record: &Record, object: impl Fn(&IndexRecord) -> ObjectId) -> Option<IndexEntry> {
    let index = record.index.as_ref()?;
    Some(IndexEntry { path: record.path.clone(), mode: index.mode, id: object(index), is_watched: true })
}

/// Puts the files of these records back because of an error, which it gives.
fn put_back(top: &Path, done: &[&Record], cause: Error) -> Error {
    let is_back = |record: &&&Record| undo::restore_file(top, record).is_ok_and(|state| state != FileState::Other);
    match done.len() - done.iter().filter(is_back).count() {
        0 => cause,
        n_files => Error::Halfway { cause: Box::new(cause), n_files },
    }
}
