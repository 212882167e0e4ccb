//! What the commands of a run print, kept whole for whoever wants to read more than a report shows: a folder for each
//! run, of which only the last stays.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::store::{make_private, private};

/// The most bytes of a log; a disk must not be filled by a program that prints without end.
const MAX_BYTES: u64 = 100 << 20;
/// The file that is locked as long as its run goes on.
const LOCK: &str = "lock";
/// How often another name is tried: for a folder that was swept while it was made, for a log that is there already.
const N_TRIES: usize = 1_000;

/// The logs of one run.
#[derive(Debug)]
pub(crate) struct Logs {
    folder: PathBuf,
    /// Goes away with the process, however that ends.
    _lock: File,
}

impl Logs {
    /// Begins the logs of this run, in a folder in `parent`; those of runs that have ended are removed.
    pub(crate) fn begin(parent: &Path) -> io::Result<Self> {
        let folder = parent.join(std::process::id().to_string());
        sweep(parent, &folder);
        let mut n_tries = 0;
        loop {
            make_private(&folder)?;
            let lock = private().create(true).truncate(false).write(true).open(folder.join(LOCK));
            match lock.and_then(|lock| lock.lock_shared().map(|()| lock)) {
                Ok(lock) => return Ok(Self { folder, _lock: lock }),
                // Another run took it for an old one: it had no lock yet.
                Err(error) if error.kind() == ErrorKind::NotFound && n_tries < N_TRIES => n_tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The log of a check; a name that this process has used already gets a number.
    pub(crate) fn log(&self, check: &str) -> Log {
        Log { folder: self.folder.clone(), check: check.to_owned(), opened: None, n_written: 0, n_cut: 0 }
    }
}

/// Removes the logs of runs that have ended. What can't be removed is left to the next run.
fn sweep(parent: &Path, own: &Path) {
    for folder in fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let is_in_use = || {
            File::open(folder.join(LOCK)).is_ok_and(|lock| matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)))
        };
        if folder != own && !is_in_use() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// A log that is being written; there is no file before there is something in it.
#[derive(Debug)]
pub(crate) struct Log {
    folder: PathBuf,
    check: String,
    opened: Option<(File, PathBuf)>,
    n_written: u64,
    n_cut: u64,
}

impl Log {
    /// The file, complete; none if nothing was printed or nothing could be written.
    pub(crate) fn end(mut self) -> Option<PathBuf> {
        let (mut file, path) = self.opened.take()?;
        if self.n_cut > 0 {
            let limit = MAX_BYTES >> 20;
            let _ = write!(file, "\n[the log ends here, at {limit} MiB: {} more bytes were printed]\n", self.n_cut);
        }
        Some(path)
    }

    fn open(&self) -> io::Result<(File, PathBuf)> {
        let mut last = io::Error::from(ErrorKind::AlreadyExists);
        for number in 1..=N_TRIES {
            let number = if number == 1 { String::new() } else { format!("-{number}") };
            let path = self.folder.join(format!("{}{number}.log", self.check));
            match private().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((file, path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

impl Write for Log {
    /// Takes all, and counts what is over the limit.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_free = usize::try_from(MAX_BYTES - self.n_written).unwrap_or(usize::MAX);
        let (kept, cut) = bytes.split_at(bytes.len().min(n_free));
        if !kept.is_empty() {
            let opened = match self.opened.take() {
                Some(opened) => opened,
                None => self.open()?,
            };
            self.opened.insert(opened).0.write_all(kept)?;
        }
        self.n_written += kept.len() as u64;
        self.n_cut = self.n_cut.saturating_add(cut.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::{LOCK, Logs, MAX_BYTES};

    #[test]
    fn a_log_holds_what_was_written_and_has_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let logs = Logs::begin(folder.path()).unwrap();
        for (text, name) in [("one", "unit.log"), ("two", "unit-2.log"), ("three", "unit-3.log")] {
            let mut log = logs.log("unit");
            log.write_all(text.as_bytes()).unwrap();
            let file = log.end().unwrap();
            assert!(file.ends_with(name), "{}", file.display());
            assert_eq!(fs::read_to_string(file).unwrap(), text);
        }
        let mut silent = logs.log("silent");
        silent.write_all(b"").unwrap();
        assert_eq!(silent.end(), None);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().join("hash/logs");
        let mut log = Logs::begin(&parent).unwrap().log("unit");
        log.write_all(b"text").unwrap();
        let file = log.end().unwrap();
        let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        assert_eq!([mode(&parent), mode(&folder.path().join("hash"))], [0o700; 2]);
    }

    #[test]
    fn a_log_is_bounded_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Logs::begin(folder.path()).unwrap().log("loud");
        let chunk = vec![b'x'; 7 << 20];
        for _ in 0..16 {
            log.write_all(&chunk).unwrap();
        }
        let file = log.end().unwrap();
        let text = fs::read(&file).unwrap();
        let end = format!("\n[the log ends here, at 100 MiB: {} more bytes were printed]\n", (112 - 100) << 20);
        assert!(text.ends_with(end.as_bytes()));
        assert_eq!(text.len() as u64, MAX_BYTES + end.len() as u64);
    }

    #[test]
    fn runs_that_have_ended_are_swept_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let old = |name: &str| {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::File::create(folder.path().join(name).join(LOCK)).unwrap()
        };
        let running = old("running");
        running.lock_shared().unwrap();
        drop(old("ended"));
        fs::create_dir(folder.path().join("without-a-lock")).unwrap();
        drop(Logs::begin(folder.path()).unwrap());
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [std::process::id().to_string(), "running".to_owned()]);
    }

    #[test]
    fn where_nothing_can_be_written_there_is_no_log() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(Logs::begin(&folder.path().join("file")).is_err());
        let logs = Logs::begin(folder.path()).unwrap();
        fs::remove_dir_all(&logs.folder).unwrap();
        let mut log = logs.log("unit");
        assert!(log.write_all(b"text").is_err());
        assert_eq!(log.end(), None);
    }
}
