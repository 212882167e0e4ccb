//! The results of earlier runs as a run uses them: opened when the first is asked for, given up with one warning when
//! something is wrong with them. What goes wrong here makes a run slower and nothing else.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::path::RepoPath;
use crate::store::results::key::Key;
use crate::store::results::row::Row;
use crate::store::results::told::Told;
use crate::store::results::{self, Error, Results, Use};

/// So many bytes of new rows are written at once, so that a run that is killed has not worked for nothing.
const PORTION: usize = 4 << 20;

/// The results of earlier runs, and those of this one that are still to be kept.
pub(crate) struct Cache {
    folder: PathBuf,
    state: Mutex<State>,
}

struct State {
    database: Database,
    rows: Vec<(Key, Vec<u8>)>,
    n_row_bytes: usize,
    used: Vec<Key>,
    last: Use,
    warning: Option<String>,
}

enum Database {
    /// Nobody has asked.
    Closed,
    /// There was none when it was asked for.
    Missing,
    Open(Results),
    /// It is not to be used in this run.
    Off,
}

impl Cache {
    /// The cache in a folder; with none every file is looked at.
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        let state = State {
            database: if folder.is_some() { Database::Closed } else { Database::Off },
            rows: Vec::new(),
            n_row_bytes: 0,
            used: Vec::new(),
            last: Use::default(),
            warning: None,
        };
        Self { folder: folder.map(Path::to_owned).unwrap_or_default(), state: Mutex::new(state) }
    }

    /// Whether it can be asked.
    pub(crate) fn is_on(&self) -> bool {
        !matches!(self.lock().database, Database::Off)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the file at `path` under a key.
    pub(crate) fn get(&self, key: &Key, path: &RepoPath) -> Option<Row> {
        Row::decode(&self.bytes(key)?, path)
    }

    /// What is known of what a command finds in the file at `path` under a key.
    pub(crate) fn told(&self, key: &Key, path: &RepoPath) -> Option<Told> {
        let told = self.bytes(key).and_then(|bytes| Told::decode(&bytes, path));
        let mut state = self.lock();
        state.last.n_asked_for_commands += 1;
        state.last.n_hits_for_commands += u64::from(told.is_some());
        told
    }

    /// What is kept under a key.
    pub(super) fn bytes(&self, key: &Key) -> Option<Vec<u8>> {
        self.lock().find(key, &self.folder)
    }

    /// Counts a file that may be known.
    pub(crate) fn count_asked(&self) {
        self.lock().last.n_asked += 1;
    }

    /// Counts a file that need not be looked at.
    pub(crate) fn count_hit(&self) {
        self.lock().last.n_hits += 1;
    }

    /// Keeps a row for later runs.
    pub(crate) fn put(&self, key: Key, row: Vec<u8>) {
        let mut state = self.lock();
        state.n_row_bytes += row.len();
        state.rows.push((key, row));
        if state.n_row_bytes >= PORTION {
            state.write(&self.folder);
        }
    }

    /// Writes what is to be kept, and gives what a person must know of the cache, on one line.
    pub(crate) fn end(self) -> Option<String> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !state.rows.is_empty() || !state.used.is_empty() {
            state.write(&self.folder);
        }
        if state.last.n_asked + state.last.n_asked_for_commands > 0
            && !matches!(state.database, Database::Off)
            && let Err(error) = results::note(&self.folder, state.last)
        {
            state.give_up(&error, &self.folder);
        }
        state.warning
    }
}

impl State {
    fn find(&mut self, key: &Key, folder: &Path) -> Option<Vec<u8>> {
        if matches!(self.database, Database::Closed) {
            self.database = match Results::open(folder) {
                Ok(Some(results)) => Database::Open(results),
                Ok(None) => Database::Missing,
                Err(error) => {
                    self.give_up(&error, folder);
                    return None;
                }
            };
        }
        let Database::Open(results) = &self.database else { return None };
        match results.get(key) {
            Ok(found) => {
                let found = found?;
                if found.is_stale {
                    self.used.push(*key);
                }
                Some(found.value)
            }
            Err(error) => {
                self.give_up(&error, folder);
                None
            }
        }
    }

    fn write(&mut self, folder: &Path) {
        self.n_row_bytes = 0;
        let (rows, used) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.used));
        if let Database::Closed | Database::Missing = self.database {
            match Results::create(folder) {
                Ok(results) => self.database = Database::Open(results),
                Err(error) => return self.give_up(&error, folder),
            }
        }
        if let Database::Open(results) = &mut self.database
            && let Err(error) = results.keep(&rows, &used)
        {
            self.give_up(&error, folder);
        }
    }

    /// Goes on without; only the first reason is told.
    fn give_up(&mut self, error: &Error, folder: &Path) {
        // Closed before its files are removed.
        self.database = Database::Off;
        let mut text = with_causes(error);
        if error.is_final() {
            text.push_str(match results::clear(folder) {
                Ok(()) => "; it is started anew",
                Err(_) => "; `tollgate cache clear` removes it",
            });
        }
        self.warning.get_or_insert(format!("the cache of results is not used: {text}"));
    }
}

fn with_causes(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
