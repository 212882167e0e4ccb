//! What a fixing is about to change, written down before it changes anything, so that it can be put back: a folder with
//! a copy of each file and a list. The last one that changed something is kept, with those before it that were killed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::change::{Mode, ObjectId};
use crate::model::path::RepoPath;
use crate::tree::Error;
use crate::tree::file::write_atomic;
use crate::tree::rewrite::Seen;

/// The name of the list in the folder of a fixing.
const LIST: &str = "journal.json";
/// The name of the file in the folder of a fixing that came to its end.
const DONE: &str = "done";
/// How the names of temporary files in the work tree begin.
const TEMPORARY: &str = ".tollgate-fix-";

/// A content by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digested([u8; 32]);

impl Digested {
    /// That of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// What happens to a file of the work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileRecord {
    /// Its content before.
    pub(crate) before: Digested,
    /// Its content afterwards.
    pub(crate) after: Digested,
    /// The name of the file beside it in which the new content is written first.
    pub(crate) temporary: String,
    /// The copy of it as it was.
    pub(crate) copy: PathBuf,
}

/// What happens to an entry of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexRecord {
    /// Its mode, which stays.
    pub(crate) mode: Mode,
    /// Its object before.
    pub(crate) before: ObjectId,
    /// Its object afterwards.
    pub(crate) after: ObjectId,
}

/// What happens at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The path.
    pub(crate) path: RepoPath,
    /// In the work tree; none if nothing happens there.
    pub(crate) file: Option<FileRecord>,
    /// In the index; none if nothing happens there.
    pub(crate) index: Option<IndexRecord>,
}

/// The journals of a work tree, which nobody else works with at the same time.
#[derive(Debug)]
pub(crate) struct Journals {
    folder: PathBuf,
    _lock: File,
}

/// What a fixing writes down.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    /// What happens, in the order in which it happens.
    pub(crate) records: Vec<Record>,
}

impl Journals {
    /// Those in a folder, which is made if it is not there. None as long as another process works with them.
    pub(crate) fn open(folder: &Path) -> Result<Option<Self>, Error> {
        fs::create_dir_all(folder).map_err(Error::files("create", folder))?;
        let file = folder.join("lock");
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&file);
        let lock = opened.map_err(Error::files("open", &file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { folder: folder.to_owned(), _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::files("lock", &file)(error)),
        }
    }

    /// The numbers of those that are there, in ascending order.
    fn numbers(&self) -> Vec<u64> {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut numbers: Vec<u64> = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    fn of(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    /// Begins a new one; nothing is written down yet.
    pub(crate) fn begin(&self) -> Result<Journal, Error> {
        let folder = self.of(self.numbers().last().map_or(1, |last| last + 1));
        fs::create_dir(&folder).map_err(Error::files("create", &folder))?;
        Ok(Journal { folder, records: Vec::new() })
    }

    /// The last one that was written down, and behind it those before it that were killed: what they did not come to, it
    /// did. Empty if there is none.
    pub(crate) fn last(&self) -> Result<Vec<Journal>, Error> {
        let mut last = Vec::new();
        for number in self.numbers().into_iter().rev() {
            let folder = self.of(number);
            if !last.is_empty() && is_done(&folder) {
                break;
            }
            if let Some(records) = read(&folder)? {
                last.push(Journal { folder, records });
            }
        }
        Ok(last)
    }

    /// Removes the temporary files that a fixing left below `top` when it was killed. Only what is written down is
    /// removed, and a temporary file never holds anything that is not somewhere else too.
    pub(crate) fn sweep(&self, top: &Path) -> Result<(), Error> {
        for number in self.numbers() {
            for record in read(&self.of(number))?.unwrap_or_default() {
                let Some(file) = record.file.filter(|file| is_temporary(&file.temporary)) else { continue };
                let temporary = top.join(record.path.to_fs()).with_file_name(&file.temporary);
                match fs::remove_file(&temporary) {
                    Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                        return Err(Error::files("remove", &temporary)(error));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// This one came to its end: forgets the last one that did, and all before that. What can't be removed now is removed
    /// by a later one.
    pub(crate) fn finish(&self, journal: &Journal) {
        let mut others: Vec<PathBuf> = self.numbers().into_iter().map(|number| self.of(number)).collect();
        others.retain(|other| *other != journal.folder);
        let n_past = others.iter().rposition(|other| is_done(other)).map_or(0, |last| last + 1);
        others.iter().take(n_past).for_each(|other| drop(fs::remove_dir_all(other)));
        // Without the mark it is taken for one that was killed, and undone together with the next one.
        drop(fs::write(journal.folder.join(DONE), b""));
    }
}

fn is_done(folder: &Path) -> bool {
    folder.join(DONE).exists()
}

fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY) && !name.contains(['/', '\\'])
}

impl Journal {
    /// Keeps a copy of a file that is to get the content `after`.
    pub(crate) fn keep(&self, seen: &Seen, after: &[u8], number: usize) -> Result<FileRecord, Error> {
        let copy = self.folder.join(number.to_string());
        seen.keep(&copy).map_err(Error::files("keep a copy in", &copy))?;
        let temporary = format!("{TEMPORARY}{}-{number}", std::process::id());
        Ok(FileRecord { before: Digested::of(seen.bytes()), after: Digested::of(after), temporary, copy })
    }

    /// Writes down what is about to happen, down to the disk.
    pub(crate) fn write(&mut self, records: Vec<Record>) -> Result<(), Error> {
        self.records = records;
        let list: Vec<Wire> = self.records.iter().map(Wire::from).collect();
        let text = serde_json::to_vec(&list).expect("because the list is plain data with text for keys");
        write_atomic(&self.folder.join(LIST), &text)
    }

    /// Forgets it: nothing has happened, or everything was put back.
    pub(crate) fn forget(self) {
        // The list goes first: without it the rest is nothing but files to sweep.
        let _ = fs::remove_file(self.folder.join(LIST)).and_then(|()| fs::remove_dir_all(&self.folder));
    }
}

/// Reads a list; none if the fixing did not come so far as to write it.
fn read(folder: &Path) -> Result<Option<Vec<Record>>, Error> {
    let file = folder.join(LIST);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::files("read", &file)(error)),
    };
    let wire: Vec<Wire> = serde_json::from_slice(&bytes).map_err(|error| Error::files("read", &file)(error.into()))?;
    let damaged = || Error::files("read", &file)(std::io::Error::other("it is damaged"));
    wire.into_iter().map(|wire| wire.record(folder).ok_or_else(damaged)).collect::<Result<_, _>>().map(Some)
}

/// A record on the disk.
#[derive(Deserialize, Serialize)]
struct Wire {
    /// The bytes of the path.
    path: Vec<u8>,
    file: Option<WireFile>,
    index: Option<WireIndex>,
}

#[derive(Deserialize, Serialize)]
struct WireFile {
    before: [u8; 32],
    after: [u8; 32],
    temporary: String,
    copy: String,
}

#[derive(Deserialize, Serialize)]
struct WireIndex {
    mode: String,
    before: String,
    after: String,
}

impl From<&Record> for Wire {
    fn from(record: &Record) -> Self {
        let file = record.file.as_ref().map(|file| WireFile {
            before: file.before.0,
            after: file.after.0,
            temporary: file.temporary.clone(),
            copy: file.copy.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        });
        let index = record.index.as_ref().map(|index| WireIndex {
            mode: index.mode.octal().to_owned(),
            before: index.before.to_string(),
            after: index.after.to_string(),
        });
        Self { path: record.path.as_bytes().to_vec(), file, index }
    }
}

impl Wire {
    fn record(self, folder: &Path) -> Option<Record> {
        let file = self.file.map(|file| FileRecord {
            before: Digested(file.before),
            after: Digested(file.after),
            temporary: file.temporary,
            copy: folder.join(file.copy),
        });
        let index = match self.index {
            None => None,
            Some(index) => Some(IndexRecord {
                mode: Mode::from_octal(index.mode.as_bytes())?,
                before: ObjectId::from_hex(index.before.as_bytes())?,
                after: ObjectId::from_hex(index.after.as_bytes())?,
            }),
        };
        Some(Record { path: RepoPath::new(self.path), file, index })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{IndexRecord, Journals, Record};
    use crate::model::change::{Mode, ObjectId};
    use crate::model::path::RepoPath;
    use crate::tree::rewrite::{Seen, look};

    fn open(folder: &Path) -> Journals {
        Journals::open(folder).expect("it can be made").expect("nobody has it")
    }

    fn seen(top: &Path, path: &RepoPath) -> Seen {
        fs::write(top.join(path.to_fs()), "old").expect("it is ours");
        look(top, path, 9).expect("it can be looked at").expect("it is a file")
    }

    #[test]
    fn what_is_written_down_is_read_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let journals = open(&folder.path().join("fix"));
        assert!(journals.last().expect("it can be read").is_empty());
        let path = RepoPath::new(&b"caf\xe9\nx"[..]);
        let seen = seen(folder.path(), &path);
        let mut journal = journals.begin().expect("it can be made");
        let file = journal.keep(&seen, b"new", 0).expect("there is room");
        let id = |digit: u8| ObjectId::from_hex(&[digit; 40]).expect("40 digits");
        let index = IndexRecord { mode: Mode::Executable, before: id(b'a'), after: id(b'b') };
        let records = vec![
            Record { path: path.clone(), file: Some(file), index: Some(index) },
            Record { path: RepoPath::from("b"), file: None, index: None },
        ];
        journal.write(records.clone()).expect("there is room");
        // One that was killed while it was written is none.
        journals.begin().expect("it can be made");
        let last = journals.last().expect("it can be read").remove(0);
        assert_eq!(last.records, records);
        let copy = &last.records[0].file.as_ref().expect("a file").copy;
        assert_eq!(fs::read(copy).expect("it is kept"), b"old");
        last.forget();
        assert_eq!(journals.numbers(), [2]);
    }

    #[test]
    fn those_that_were_killed_are_kept_with_the_one_after_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let journals = open(folder.path());
        let next = || {
            let mut journal = journals.begin().expect("it can be made");
            journal.write(Vec::new()).expect("there is room");
            journal
        };
        let last = || -> Vec<String> {
            let last = journals.last().expect("it can be read");
            last.iter().map(|it| it.folder.file_name().expect("a number").to_string_lossy().into_owned()).collect()
        };
        journals.finish(&next());
        next();
        next();
        assert_eq!(last(), ["3", "2"]);
        journals.finish(&next());
        assert_eq!((journals.numbers(), last()), (vec![2, 3, 4], vec!["4".to_owned(), "3".to_owned(), "2".to_owned()]));
        next();
        assert_eq!(last(), ["5"]);
        journals.finish(&next());
        assert_eq!((journals.numbers(), last()), (vec![5, 6], vec!["6".to_owned(), "5".to_owned()]));
    }

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = open(folder.path());
        assert!(Journals::open(folder.path()).expect("it can be asked").is_none());
        drop(first);
        open(folder.path());
    }

    #[test]
    fn only_temporary_files_that_are_written_down_are_swept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let journals = open(&folder.path().join("fix"));
        let path = RepoPath::from("a");
        let seen = seen(folder.path(), &path);
        let mut journal = journals.begin().expect("it can be made");
        let file = journal.keep(&seen, b"new", 0).expect("there is room");
        let (left, other) = (folder.path().join(&file.temporary), folder.path().join(".tollgate-fix-mine"));
        let mut hostile = file.clone();
        hostile.temporary = "a".to_owned();
        let record = |file| Record { path: path.clone(), file: Some(file), index: None };
        journal.write(vec![record(file), record(hostile)]).expect("there is room");
        for stray in [&left, &other] {
            fs::write(stray, "x").expect("it is ours");
        }
        journals.sweep(folder.path()).expect("it can be swept");
        assert!(!left.exists() && other.exists() && folder.path().join("a").exists());
    }

    #[test]
    fn a_damaged_list_is_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let journals = open(folder.path());
        let mut journal = journals.begin().expect("it can be made");
        journal.write(Vec::new()).expect("there is room");
        fs::write(folder.path().join("1/journal.json"), "[{").expect("it is ours");
        assert!(journals.last().is_err());
    }
}
