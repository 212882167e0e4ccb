//! Folders for what a run needs only while it lasts.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::tree::Error;
use crate::tree::removal::remove_folder;

/// How the folders are named; the id of the process and a number follow.
const PREFIX: &str = "run-";

/// A folder that is removed when this is dropped, and by the next one beside it if this process is killed before.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    folder: PathBuf,
    /// Locked as long as the folder is in use; a lock goes away with its process, however that ends.
    lock: File,
    lock_file: PathBuf,
}

impl TemporaryFolder {
    /// Makes an empty folder in `parent` that no other run uses or sweeps away.
    pub(crate) fn create(parent: &Path) -> Result<Self, Error> {
        fs::create_dir_all(parent).map_err(Error::files("create", parent))?;
        sweep(parent);
        let mut n_tried = 0_u32;
        loop {
            let folder = parent.join(format!("{PREFIX}{}-{n_tried}", std::process::id()));
            let lock_file = lock_file(&folder);
            // The lock comes before the folder: a folder whose lock is free belongs to nobody.
            match OpenOptions::new().write(true).create_new(true).open(&lock_file) {
                Ok(lock) => {
                    lock.lock().map_err(Error::files("lock", &lock_file))?;
                    fs::create_dir(&folder).map_err(Error::files("create", &folder))?;
                    return Ok(Self { folder, lock, lock_file });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists && n_tried < 10_000 => n_tried += 1,
                Err(error) => return Err(Error::files("create", &lock_file)(error)),
            }
        }
    }

    /// Where it is, absolute if `parent` was.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What can't be removed now is swept by a later run.
        let removed = remove_folder(&self.folder);
        if removed.is_ok() || removed.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            let _ = fs::remove_file(&self.lock_file);
        }
        let _ = self.lock.unlock();
    }
}

/// The lock of a folder stands beside it.
fn lock_file(folder: &Path) -> PathBuf {
    folder.with_extension("lock")
}

/// Removes the folders whose process is gone. What can't be removed stays: that must not stop a run.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let folder = entry.path();
        let lock_file = lock_file(&folder);
        let is_stray = match File::open(&lock_file) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if is_stray && remove_folder(&folder).is_ok() {
            let _ = fs::remove_file(&lock_file);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::TemporaryFolder;

    #[test]
    fn what_a_killed_run_left_is_swept_and_what_is_in_use_is_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let parent = folder.path().join("deep/cache");
        for name in ["run-1-0", "run-2-0", "other"] {
            fs::create_dir_all(parent.join(name).join("deep")).expect("the folder is ours");
        }
        // A killed run leaves its lock file, but not the lock.
        fs::write(parent.join("run-1-0.lock"), "").expect("the folder is ours");
        let used = TemporaryFolder::create(&parent).expect("it is made");
        drop(TemporaryFolder::create(&parent).expect("it is made"));
        assert!(used.path().is_dir());
        drop(used);
        let left: Vec<_> =
            fs::read_dir(&parent).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["other"]);
    }
}
