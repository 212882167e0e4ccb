//! A full temporary copy of what is judged, for programs that need files, while the work tree holds something else.
//! Git itself writes it, so filters and line endings are as everywhere.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::model::change::ObjectId;
use crate::model::path::RepoPath;
use crate::tree::Error;

/// How the folders of checkouts are named; the id of the process and a number follow.
const PREFIX: &str = "checkout-";

/// A folder with all files of an index or a tree; it is removed when this is dropped, and by the next checkout beside
/// it if this process is killed before.
#[derive(Debug)]
pub(crate) struct Checkout {
    folder: PathBuf,
    /// Locked as long as the checkout is in use; a lock goes away with its process, however that ends.
    lock: File,
    lock_file: PathBuf,
}

impl Checkout {
    /// Lays out what the index of the repository holds in a new folder in `parent`. Files of which only the intent to
    /// add them is recorded are left out, as are those that the user's sparse checkout leaves out.
    pub(crate) fn of_index(repo: &Repo, parent: &Path) -> Result<Self, Error> {
        let checkout = Self::create(parent)?;
        checkout.fill(repo)?;
        let intended = repo.run(&["diff-files", "--name-only", "--diff-filter=A", "--no-renames", "-z"], b"")?;
        for path in intended.split(|&byte| byte == 0).filter(|path| !path.is_empty()) {
            let file = checkout.folder.join(RepoPath::new(path).to_fs());
            fs::remove_file(&file).or_else(unless_missing).map_err(Error::files("remove", &file))?;
        }
        Ok(checkout)
    }

    /// An empty folder of the same kind, for what programs are to write.
    pub(crate) fn empty(parent: &Path) -> Result<Self, Error> {
        Self::create(parent)
    }

    /// Lays out the files of a tree in a new folder in `parent`.
    pub(crate) fn of_tree(repo: &Repo, tree: &ObjectId, parent: &Path) -> Result<Self, Error> {
        let checkout = Self::create(parent)?;
        let index = index_file(&checkout.folder);
        let own = repo.with_index(&index);
        let filled =
            own.run(&["read-tree", &tree.to_string()], b"").map_err(Error::from).and_then(|_| checkout.fill(&own));
        let removed = fs::remove_file(&index).or_else(unless_missing).map_err(Error::files("remove", &index));
        filled.and(removed).map(|()| checkout)
    }

    /// Where the files are, absolute if `parent` was.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes an empty folder that no other run uses or sweeps away.
    fn create(parent: &Path) -> Result<Self, Error> {
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

    /// Writes all files of the index of `repo`.
    fn fill(&self, repo: &Repo) -> Result<(), Error> {
        let mut prefix = OsString::from("--prefix=");
        prefix.push(&self.folder);
        prefix.push("/");
        repo.run(&[OsStr::new("checkout-index"), OsStr::new("--all"), &prefix], b"")?;
        Ok(())
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // What can't be removed now is swept by a later run.
        if fs::remove_dir_all(&self.folder).is_ok() {
            let _ = fs::remove_file(&self.lock_file);
        }
        let _ = self.lock.unlock();
    }
}

/// The lock of a checkout stands beside its folder.
fn lock_file(folder: &Path) -> PathBuf {
    folder.with_extension("lock")
}

/// So does the index from which a tree is laid out.
fn index_file(folder: &Path) -> PathBuf {
    folder.with_extension("index")
}

/// A file that is not there needs no removal.
fn unless_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Removes the checkouts whose process is gone. What can't be removed stays: that must not stop a run.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_checkout = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_checkout || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let folder = entry.path();
        let lock_file = lock_file(&folder);
        let is_stray = match File::open(&lock_file) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if is_stray && fs::remove_dir_all(&folder).is_ok() {
            let _ = fs::remove_file(index_file(&folder));
            let _ = fs::remove_file(&lock_file);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use super::Checkout;
    use crate::model::change::ObjectId;
    use crate::tree::sandbox::Sandbox;

    /// Every file and link below a folder with its content; `.git` is left out.
    fn listed(folder: &Path) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("it has a kind");
            if kind.is_dir() && name != ".git" {
                files.extend(listed(&entry.path()).into_iter().map(|(path, text)| (format!("{name}/{path}"), text)));
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path()).expect("it is a link");
                files.insert(name, format!("-> {}", target.display()));
            } else if kind.is_file() {
                files.insert(name, fs::read_to_string(entry.path()).expect("it is text"));
            }
        }
        files
    }

    #[track_caller]
    fn check(checkout: &Checkout, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        assert_eq!(listed(checkout.folder()), expected);
    }

    /// What must not change: status, index, refs, files.
    fn state(sandbox: &Sandbox) -> (Vec<u8>, String, BTreeMap<String, String>) {
        let index = fs::read(sandbox.top().join(".git/index")).expect("there is an index");
        (index, sandbox.git(&["for-each-ref"]), listed(&sandbox.top()))
    }

    #[test]
    fn the_index_is_laid_out_and_nothing_of_the_user_is_touched() {
        let sandbox = Sandbox::new();
        sandbox.write("a.txt", "one\n");
        sandbox.write("sub/b.txt", "b\n");
        sandbox.write("gone.txt", "still staged\n");
        sandbox.git(&["add", "."]);
        sandbox.git(&["commit", "--quiet", "-m", "x"]);
        sandbox.write("a.txt", "two\n");
        sandbox.git(&["add", "."]);
        sandbox.write("a.txt", "three\n");
        sandbox.write("untracked.txt", "u\n");
        sandbox.write("intended.txt", "i\n");
        sandbox.git(&["add", "-N", "intended.txt"]);
        fs::remove_file(sandbox.top().join("gone.txt")).expect("it is there");
        let before = state(&sandbox);

        let parent = sandbox.folder().join("cache/trees");
        let checkout = Checkout::of_index(&sandbox.repo(), &parent).expect("it is laid out");
        check(&checkout, &[("a.txt", "two\n"), ("gone.txt", "still staged\n"), ("sub/b.txt", "b\n")]);
        let head = sandbox.git(&["rev-parse", "HEAD^{tree}"]);
        let tree = ObjectId::from_hex(head.trim().as_bytes()).expect("a tree");
        let other = Checkout::of_tree(&sandbox.repo(), &tree, &parent).expect("it is laid out");
        check(&other, &[("a.txt", "one\n"), ("gone.txt", "still staged\n"), ("sub/b.txt", "b\n")]);
        assert!(checkout.folder().exists(), "a checkout in use is not swept");

        drop((checkout, other));
        assert_eq!(fs::read_dir(&parent).expect("it is there").count(), 0);
        assert_eq!(state(&sandbox), before);
    }

    #[test]
    fn the_index_of_the_commit_in_progress_is_used() {
        let mut sandbox = Sandbox::new();
        sandbox.write("a.txt", "real index\n");
        sandbox.git(&["add", "."]);
        sandbox.set("GIT_INDEX_FILE", ".git/next-index-1.lock");
        sandbox.write("a.txt", "other index\n");
        sandbox.git(&["add", "."]);
        let checkout = Checkout::of_index(&sandbox.repo(), sandbox.folder()).expect("it is laid out");
        check(&checkout, &[("a.txt", "other index\n")]);
    }

    #[test]
    fn filters_and_line_endings_are_honoured() {
        let sandbox = Sandbox::new();
        sandbox.git(&["config", "filter.shout.smudge", "tr a-z A-Z"]);
        sandbox.git(&["config", "filter.shout.clean", "tr A-Z a-z"]);
        sandbox.write(".gitattributes", "*.loud filter=shout\n*.bat text eol=crlf\n");
        sandbox.write("x.loud", "WORD\n");
        sandbox.write("x.bat", "a\r\n");
        sandbox.git(&["add", "."]);
        let tree = sandbox.git(&["write-tree"]);
        let tree = ObjectId::from_hex(tree.trim().as_bytes()).expect("a tree");
        let attributes = "*.loud filter=shout\n*.bat text eol=crlf\n";
        let expected = [(".gitattributes", attributes), ("x.bat", "a\r\n"), ("x.loud", "WORD\n")];
        check(&Checkout::of_index(&sandbox.repo(), sandbox.folder()).expect("it is laid out"), &expected);
        check(&Checkout::of_tree(&sandbox.repo(), &tree, sandbox.folder()).expect("it is laid out"), &expected);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_modes_are_laid_out_as_they_are() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let sandbox = Sandbox::new();
        sandbox.write("run", "x");
        fs::set_permissions(sandbox.top().join("run"), PermissionsExt::from_mode(0o755)).expect("it is ours");
        symlink("run", sandbox.top().join("link")).expect("the folder is ours");
        sandbox.git(&["add", "."]);
        let checkout = Checkout::of_index(&sandbox.repo(), sandbox.folder()).expect("it is laid out");
        check(&checkout, &[("link", "-> run"), ("run", "x")]);
        let mode = fs::metadata(checkout.folder().join("run")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o111, 0o111);
    }

    #[test]
    fn what_a_killed_run_left_is_swept() {
        let sandbox = Sandbox::new();
        let parent = sandbox.folder().join("trees");
        for name in ["checkout-1-0", "checkout-2-0", "other"] {
            fs::create_dir_all(parent.join(name).join("deep")).expect("the folder is ours");
        }
        // A killed run leaves its lock file, but not the lock.
        fs::write(parent.join("checkout-1-0.lock"), "").expect("the folder is ours");
        drop(Checkout::of_index(&sandbox.repo(), &parent).expect("it is laid out"));
        let left: Vec<_> =
            fs::read_dir(&parent).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["other"]);
    }

    #[test]
    fn a_tree_that_is_not_there_is_an_error_and_leaves_nothing() {
        let sandbox = Sandbox::new();
        let parent = sandbox.folder().join("trees");
        let tree = ObjectId::from_hex(&[b'1'; 40]).expect("a name");
        assert!(Checkout::of_tree(&sandbox.repo(), &tree, &parent).is_err());
        assert_eq!(fs::read_dir(&parent).expect("it is there").count(), 0);
    }
}
