//! What makes git in the scratch tree see the right repository: a git folder as linked work trees have one, with HEAD
//! and an index of its own. No variable is set, so git works as usual in other repositories, such as those that tests
//! make. It must not be listed in the repository: nothing of the user's is written to.

use std::fs;
use std::path::Path;

use crate::git::Repo;
use crate::tree::Error;
use crate::tree::scratch::{INDEX, Scratch, Wanted, unless_missing};

/// The git folder of the scratch tree.
const FOLDER: &str = "git";

/// Where git keeps references if not in files of their own.
const REFTABLE: &str = "reftable";

/// What git keeps for each work tree and programs may ask for.
const OF_WORK_TREE: [&str; 6] =
    ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "ORIG_HEAD", "config.worktree", "info/sparse-checkout"];

impl Scratch {
    /// Writes the git folder anew.
    pub(super) fn write_repository(&self, repo: &Repo, wanted: &Wanted) -> Result<(), Error> {
        let folder = self.home.join(FOLDER);
        let info = folder.join("info");
        fs::create_dir_all(&info).map_err(Error::files("create", &info))?;
        write(&self.top.join(".git"), &[b"gitdir: ", line(&folder).as_slice()].concat())?;
        write(&folder.join("commondir"), &line(repo.common_dir()))?;
        write(&folder.join("gitdir"), &line(&self.top.join(".git")))?;
        for name in OF_WORK_TREE {
            copy(&repo.git_dir().join(name), &folder.join(name))?;
        }
        self.write_head(repo, wanted, &folder)?;
        copy(&self.home.join(INDEX), &folder.join("index"))?;
        let lock = folder.join("index.lock");
        fs::remove_file(&lock).or_else(unless_missing).map_err(Error::files("remove", &lock))
    }

    /// HEAD is the user's where the judged files belong to it, else the commit that they belong to.
    fn write_head(&self, repo: &Repo, wanted: &Wanted, folder: &Path) -> Result<(), Error> {
        let head = repo.head()?.commit.map(|commit| commit.id);
        let (users, own) = (repo.git_dir().join(REFTABLE), folder.join(REFTABLE));
        fs::remove_dir_all(&own).or_else(unless_missing).map_err(Error::files("remove", &own))?;
        copy(&repo.git_dir().join("HEAD"), &folder.join("HEAD"))?;
        let has_tables = users.is_dir();
        if has_tables {
            fs::create_dir_all(&own).map_err(Error::files("create", &own))?;
            for table in fs::read_dir(&users).map_err(Error::files("read", &users))?.flatten() {
                copy(&table.path(), &own.join(table.file_name()))?;
            }
        }
        match wanted.commit.filter(|commit| Some(*commit) != head) {
            Some(commit) if has_tables => {
                let place = repo.opened_at(&self.top)?;
                Ok(place.run(&["update-ref", "--no-deref", "HEAD", &commit.to_string()], b"").map(drop)?)
            }
            Some(commit) => write(&folder.join("HEAD"), format!("{commit}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

/// A path as git's files have it.
fn line(path: &Path) -> Vec<u8> {
    [path.as_os_str().as_encoded_bytes(), b"\n"].concat()
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::remove_file(file)
        .or_else(unless_missing)
        .and_then(|()| fs::write(file, bytes))
        .map_err(Error::files("write", file))
}

/// Copies a file; where there is none, there is none afterwards.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::remove_file(to).or_else(unless_missing).map_err(Error::files("remove", to))?;
    fs::copy(from, to).map(drop).or_else(unless_missing).map_err(Error::files("copy", from))
}
