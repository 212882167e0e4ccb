//! The results of earlier runs: one row for each content that was looked at under the same path, checks and program.
//! A database (SQLite in WAL mode) that every run of the user shares. It must not know what a row says of a file: what
//! is in it was made by [`row`], and what it is found by by [`key`].

pub(crate) mod key;
pub(crate) mod row;
pub(crate) mod told;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use crate::store::results::key::Key;
use crate::store::{make_private, private};

/// The name of the database in the cache folder.
const NAME: &str = "results.sqlite";
/// Where the figures of the last run are, beside it: a run that only reads writes nothing into the database.
const LAST: &str = "results.last";
/// The version of the tables. Another one is not read.
const SCHEMA: i64 = 1;
/// What is kept under a key, and when it was used.
const FIND: &str = "SELECT value, used FROM rows WHERE key = ?1";
/// How long another process may hold the database.
const PATIENCE: Duration = Duration::from_millis(500);
/// The most bytes that all rows take together; the least recently used go.
const MAX_BYTES: u64 = 256 << 20;
/// The most bytes of one row: a file with more to say is looked at each time.
const MAX_ROW: usize = 1 << 20;
/// After how many days a row that is used again is marked as used.
const MARK_AFTER: i64 = 7;

/// Why the results can't be used or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system or the database refused.
    #[error("cannot {action} {}", file.display())]
    Database {
        /// What was being done.
        action: &'static str,
        /// The database.
        file: PathBuf,
        /// What it said.
        #[source]
        source: rusqlite::Error,
    },
    /// The folder or a file could not be made or removed.
    #[error("cannot {action} {}", file.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// To what.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What was read is not what was written.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
    /// The tables are not those of this version.
    #[error("{} was made by an older version of tollgate", .0.display())]
    Old(PathBuf),
    /// The tables are those of a later version, which may be in use beside this one.
    #[error("{} belongs to a newer version of tollgate", .0.display())]
    New(PathBuf),
}

impl Error {
    /// Whether nothing in the database can be used by anybody, so that it is best started anew.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Damaged(_) | Self::Old(_) => true,
            Self::Database { source, .. } => {
                matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            }
            Self::File { .. } | Self::New(_) => false,
        }
    }
}

/// The database, open.
pub(crate) struct Results {
    connection: Connection,
    file: PathBuf,
    today: i64,
    max_bytes: u64,
}

/// A row that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// What was kept.
    pub(crate) value: Vec<u8>,
    /// Whether it was not used for so long that its use should be marked.
    pub(crate) is_stale: bool,
}

impl Results {
    /// Opens the database in `folder` for reading; none if there is none.
    pub(crate) fn open(folder: &Path) -> Result<Option<Self>, Error> {
        let file = folder.join(NAME);
        if !file.exists() {
            return Ok(None);
        }
        let results = Self::connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if !results.is_made()? {
            return Ok(None);
        }
        // One look at the database as it is now, instead of a lock for each row.
        results.execute("read", "BEGIN")?;
        Ok(Some(results))
    }

    /// Opens the database in `folder` for writing, and makes both if they are not there.
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        make_private(folder).map_err(|source| Error::File { action: "make", file: folder.to_owned(), source })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        // SQLite gives its other files the mode of this one. If it can't be made, opening it says why.
        let _ = private().write(true).create_new(true).open(folder.join(NAME));
        let results = Self::connect(folder.join(NAME), flags)?;
        if !results.is_made()? {
            results.make()?;
        }
        Ok(results)
    }

    fn connect(file: PathBuf, flags: OpenFlags) -> Result<Self, Error> {
        let failed = |source| Error::Database { action: "open", file: file.clone(), source };
        let connection = Connection::open_with_flags(&file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        // Memory only; what is read is checked row by row, so the database need not be trusted to be whole.
        connection.execute_batch("PRAGMA cache_size = -16000; PRAGMA trusted_schema = OFF").map_err(failed)?;
        Ok(Self { connection, file, today: today(), max_bytes: MAX_BYTES })
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> Error + use<> {
        let file = self.file.clone();
        move |source| Error::Database { action, file, source }
    }

    fn execute(&self, action: &'static str, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(self.failed(action))
    }

    /// Whether the table is there; one of another version or of another form is an error.
    fn is_made(&self) -> Result<bool, Error> {
        let one = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let version = one("PRAGMA user_version").map_err(self.failed("read"))?;
        let n_tables = one("SELECT count(*) FROM sqlite_schema").map_err(self.failed("read"))?;
        match (version, n_tables) {
            (SCHEMA, 1..) if self.connection.prepare_cached(FIND).is_ok() => Ok(true),
            (0, 0) => Ok(false),
            (SCHEMA, _) => Err(Error::Damaged(self.file.clone())),
            (newer, _) if newer > SCHEMA => Err(Error::New(self.file.clone())),
            _ => Err(Error::Old(self.file.clone())),
        }
    }

    fn make(&self) -> Result<(), Error> {
        self.use_log()?;
        let tables = "CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL) \
                      WITHOUT ROWID";
        self.execute("make", &format!("BEGIN IMMEDIATE; {tables}; PRAGMA user_version = {SCHEMA}; COMMIT"))
    }

    /// Switches to the write-ahead log. SQLite does not wait for another process that does the same, so we do.
    fn use_log(&self) -> Result<(), Error> {
        let started = Instant::now();
        loop {
            let switched = self.connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
            match switched {
                Err(error) if is_busy(&error) && started.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                other => return other.map(drop).map_err(self.failed("make")),
            }
        }
    }

    /// What was kept under a key; none if nothing was.
    pub(crate) fn get(&self, key: &Key) -> Result<Option<Found>, Error> {
        let mut statement = self.connection.prepare_cached(FIND).map_err(self.failed("read"))?;
        let row = statement
            .query_row([key.as_bytes()], |row| {
                Ok((row.get_ref(0)?.as_blob().map(<[u8]>::to_vec), row.get::<_, i64>(1)?))
            })
            .optional()
            .map_err(self.failed("read"))?;
        let Some((value, used)) = row else { return Ok(None) };
        let value = value.ok().and_then(|kept| key.verified(kept)).ok_or_else(|| Error::Damaged(self.file.clone()))?;
        Ok(Some(Found { value, is_stale: self.today - used >= MARK_AFTER }))
    }

    /// Keeps rows, and marks those that were used again; all or nothing.
    pub(crate) fn keep(&mut self, rows: &[(Key, Vec<u8>)], used: &[Key]) -> Result<(), Error> {
        let failed = self.failed("write to");
        self.write(rows, used).map_err(failed)
    }

    fn write(&mut self, rows: &[(Key, Vec<u8>)], used: &[Key]) -> Result<(), rusqlite::Error> {
        // A transaction that is still reading an older state could not be made to write.
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("COMMIT")?;
        }
        self.connection.execute_batch("PRAGMA synchronous = NORMAL")?;
        let (today, max_bytes) = (self.today, self.max_bytes);
        let transaction = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO rows (key, used, value) VALUES (?1, ?2, ?3)")?;
            for (key, value) in rows.iter().filter(|(_, value)| value.len() <= MAX_ROW) {
                insert.execute(params![key.as_bytes(), today, key.sealed(value)])?;
            }
            let mut mark = transaction.prepare_cached("UPDATE rows SET used = ?2 WHERE key = ?1")?;
            for key in used {
                mark.execute(params![key.as_bytes(), today])?;
            }
        }
        if size(&transaction)? > max_bytes {
            evict(&transaction, max_bytes - max_bytes / 4)?;
        }
        transaction.commit()
    }

    fn n_rows(&self) -> Result<u64, Error> {
        let counted = self.connection.query_row("SELECT count(*) FROM rows", [], |row| row.get::<_, i64>(0));
        counted.map(|n| n.unsigned_abs()).map_err(self.failed("read"))
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The bytes of the pages that hold something.
fn size(connection: &Connection) -> Result<u64, rusqlite::Error> {
    let pages =
        "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)";
    let n_pages: i64 = connection.query_row(pages, [], |row| row.get(0))?;
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    Ok(n_pages.unsigned_abs().saturating_mul(page.unsigned_abs()))
}

/// Drops rows until about `bytes` are left: whole days, the oldest first; of the last day half after half, which ones
/// is chance, as keys are.
fn evict(connection: &Connection, bytes: u64) -> Result<(), rusqlite::Error> {
    let days: Vec<i64> = connection
        .prepare("SELECT DISTINCT used FROM rows ORDER BY used")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let (last, older) = days.split_last().map_or((None, &[][..]), |(last, older)| (Some(*last), older));
    for day in older {
        if size(connection)? <= bytes {
            return Ok(());
        }
        connection.execute("DELETE FROM rows WHERE used = ?1", [day])?;
    }
    for halving in [0x80_u8, 0x40, 0x20, 0x10] {
        if size(connection)? <= bytes {
            break;
        }
        connection.execute("DELETE FROM rows WHERE used = ?1 AND key >= ?2", params![last, [halving]])?;
    }
    Ok(())
}

/// Days since 1970.
fn today() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs() / (24 * 60 * 60)).unwrap_or_default()
}

/// Removes the database; what is not there is no error. A process that has it open goes on with what it has.
pub(crate) fn clear(folder: &Path) -> Result<(), Error> {
    // The log first: a database without its log is an older one, a log without its database is another's.
    for name in [format!("{NAME}-wal"), format!("{NAME}-shm"), NAME.to_owned(), LAST.to_owned()] {
        let file = folder.join(name);
        let is_folder = fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.is_dir());
        match if is_folder { fs::remove_dir_all(&file) } else { fs::remove_file(&file) } {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(Error::File { action: "remove", file, source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// How often the last run found what it asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Use {
    /// How many rows it asked for.
    pub(crate) n_asked: u64,
    /// How many of them there were.
    pub(crate) n_hits: u64,
    /// The same of what commands told of files.
    pub(crate) n_asked_for_commands: u64,
    /// And how many of those there were.
    pub(crate) n_hits_for_commands: u64,
}

/// Keeps the figures of a run for [`info`].
pub(crate) fn note(folder: &Path, last: Use) -> Result<(), Error> {
    let file = folder.join(LAST);
    let Use { n_asked, n_hits, n_asked_for_commands, n_hits_for_commands } = last;
    let text = format!("{n_hits} {n_asked} {n_hits_for_commands} {n_asked_for_commands}\n");
    fs::write(&file, text).map_err(|source| Error::File { action: "write", file, source })
}

/// What there is to say of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    /// Where it is.
    pub(crate) file: PathBuf,
    /// How many bytes its files have.
    pub(crate) n_bytes: u64,
    /// How many bytes its rows may take.
    pub(crate) max_bytes: u64,
    /// How many rows it has.
    pub(crate) n_rows: u64,
    /// What the last run made of it, if that is known.
    pub(crate) last: Option<Use>,
}

/// Looks at the database in `folder`.
pub(crate) fn info(folder: &Path) -> Result<Info, Error> {
    let file = folder.join(NAME);
    let n_rows = Results::open(folder)?.map_or(Ok(0), |results| results.n_rows())?;
    let size = |name: String| fs::metadata(folder.join(name)).map_or(0, |metadata| metadata.len());
    let last = fs::read_to_string(folder.join(LAST)).ok().and_then(|text| {
        let mut figures = text.split_whitespace().map(str::parse);
        let mut next = || figures.next()?.ok();
        let (n_hits, n_asked) = (next()?, next()?);
        Some(Use { n_asked, n_hits, n_hits_for_commands: next()?, n_asked_for_commands: next()? })
    });
    let n_bytes = size(NAME.to_owned()) + size(format!("{NAME}-wal"));
    Ok(Info { file, n_bytes, max_bytes: MAX_BYTES, n_rows, last })
}

#[cfg(test)]
mod tests {
    use super::key::{Key, Recipe};
    use super::{MARK_AFTER, Results, info};

    fn rows(name: &str, n_rows: u32) -> Vec<(Key, Vec<u8>)> {
        (0..n_rows)
            .map(|n| (Recipe::default().with(name.as_bytes()).with(&n.to_le_bytes()).key(), vec![7; 300]))
            .collect()
    }

    #[test]
    fn what_was_not_used_for_longest_goes_when_there_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let on_day = |day: i64, max_bytes: u64| {
            let mut results = Results::create(folder.path()).unwrap();
            (results.today, results.max_bytes) = (day, max_bytes);
            results
        };
        let (old, middle, new) = (rows("old", 800), rows("middle", 100), rows("new", 100));
        on_day(100, u64::MAX).keep(&old, &[]).unwrap();
        let mut results = on_day(100 + MARK_AFTER, u64::MAX);
        assert!(results.get(&old[0].0).unwrap().unwrap().is_stale);
        // Used again, so as new as what is kept on that day.
        results.keep(&middle, &[old[0].0]).unwrap();
        assert!(!results.get(&old[0].0).unwrap().unwrap().is_stale);
        on_day(200, 200_000).keep(&new, &[]).unwrap();
        let results = on_day(200, u64::MAX);
        let n_there =
            |rows: &[(Key, Vec<u8>)]| rows.iter().filter(|(key, _)| results.get(key).unwrap().is_some()).count();
        assert_eq!([n_there(&old), n_there(&middle), n_there(&new)], [1, 100, 100]);
        // Where one day alone is too much, a part of it goes.
        on_day(200, 60_000).keep(&rows("more", 100), &[]).unwrap();
        let left = info(folder.path()).unwrap().n_rows;
        assert!((1..150).contains(&left), "{left}");
    }
}
