//! Putting back what the last fixing changed, as far as it is still what that made of it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::fix::{Error, Turn, UNWATCHED, staged};
use crate::git::index::IndexEntry;
use crate::model::path::RepoPath;
use crate::tree::journal::{Digested, FileRecord, Journal, Record};
use crate::tree::rewrite::{Seen, look};

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Undone {
    /// What is as it was before the fixing.
    pub(crate) restored: Vec<RepoPath>,
    /// What was left as it is now.
    pub(crate) left: Vec<Kept>,
}

/// A file that was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Its path.
    pub(crate) path: RepoPath,
    /// Why, on one line.
    pub(crate) why: String,
    /// Where it is kept as it was before the fixing; none if it was not changed in the work tree.
    pub(crate) copy: Option<PathBuf>,
}

/// Whether something is as before a fixing, or as afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileState {
    Before,
    After,
    /// Neither: somebody changed it since.
    Other,
}

/// Puts the file of a record back if it is as after the fixing; gives the state in which it found it.
pub(super) fn restore_file(top: &Path, record: &Record) -> io::Result<FileState> {
    let Some(file) = &record.file else { return Ok(FileState::Before) };
    match state(top, &record.path, file)? {
        (FileState::After, Some(seen)) => {
            let is_restored = seen.replace_by(&file.copy, &seen.beside(&file.temporary))?;
            Ok(if is_restored { FileState::After } else { FileState::Other })
        }
        (state, _) => Ok(state),
    }
}

fn state(top: &Path, path: &RepoPath, file: &FileRecord) -> io::Result<(FileState, Option<Seen>)> {
    Ok(match look(top, path, u64::MAX)? {
        None => (FileState::Other, None),
        Some(seen) => match Digested::of(seen.bytes()) {
            now if now == file.after => (FileState::After, Some(seen)),
            now if now == file.before => (FileState::Before, None),
            _ => (FileState::Other, None),
        },
    })
}

impl Turn<'_> {
    /// Undoes the last fixing of the work tree. A file that somebody changed since is left alone in index and work tree;
    /// then the fixing can be undone again later. An entry of the index that is another by now is left alone.
    /// With it goes what fixings before it left that were killed.
    pub(crate) fn undo(&self) -> Result<Undone, Error> {
        self.check_lock()?;
        let journals = self.journals.last()?;
        if journals.is_empty() {
            return Err(Error::NothingToUndo);
        }
        let mut all = Undone::default();
        for journal in journals {
            let undone = self.undo_one(journal)?;
            let is_told = |path: &RepoPath| all.left.iter().any(|kept| kept.path == *path);
            let left: Vec<Kept> = undone.left.into_iter().filter(|kept| !is_told(&kept.path)).collect();
            all.left.extend(left);
            all.restored.extend(undone.restored);
        }
        all.restored.sort();
        all.restored.dedup();
        Ok(all)
    }

    fn undo_one(&self, journal: Journal) -> Result<Undone, Error> {
        let paths: Vec<RepoPath> = journal.records.iter().map(|record| record.path.clone()).collect();
        let entries = self.repo.index_entries(&paths)?;
        let mut undo = Undo { top: &self.top, entries, undone: Undone::default() };
        let mut entries = Vec::new();
        for record in &journal.records {
            entries.extend(undo.record(record));
        }
        self.repo.uninterrupted().set_index_entries(&entries)?;
        if undo.undone.left.is_empty() {
            journal.forget();
        }
        Ok(undo.undone)
    }
}

struct Undo<'a> {
    top: &'a Path,
    entries: BTreeMap<RepoPath, IndexEntry>,
    undone: Undone,
}

impl Undo<'_> {
    /// Puts the file back; gives the entry that has to be put back into the index.
    fn record(&mut self, record: &Record) -> Option<IndexEntry> {
        let of_index = self.index_state(record);
        let why = match (of_index, &record.file) {
            _ if self.is_unwatched(&record.path) => UNWATCHED.to_owned(),
            (FileState::Other, None) => "the index has another version of it by now".to_owned(),
            // An index that has another version keeps it; that says nothing of the file.
            _ => match restore_file(self.top, record) {
                Ok(FileState::Other) => "it was changed since it was mended".to_owned(),
                Ok(of_file) => {
                    if of_file == FileState::After || of_index == FileState::After {
                        self.undone.restored.push(record.path.clone());
                    }
                    let is_due = of_index == FileState::After;
                    let mode = self.entries.get(&record.path).map(|entry| entry.mode);
                    let entry = staged(record, |index| index.before).filter(|_| is_due)?;
                    // Mending leaves the mode alone, so another one is the user's.
                    return Some(IndexEntry { mode: mode.unwrap_or(entry.mode), ..entry });
                }
                Err(error) => error.to_string(),
            },
        };
        let copy = record.file.as_ref().map(|file| file.copy.clone());
        self.undone.left.push(Kept { path: record.path.clone(), why, copy });
        None
    }

    fn is_unwatched(&self, path: &RepoPath) -> bool {
        self.entries.get(path).is_some_and(|entry| !entry.is_watched)
    }

    fn index_state(&self, record: &Record) -> FileState {
        let Some(index) = &record.index else { return FileState::Before };
        match self.entries.get(&record.path).map(|entry| entry.id) {
            Some(id) if id == index.after => FileState::After,
            Some(id) if id == index.before => FileState::Before,
            _ => FileState::Other,
        }
    }
}
