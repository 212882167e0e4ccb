//! What makes git in the scratch tree see the right repository: a git folder of its own with the user's references, HEAD
//! and configuration, and the user's objects beside its own. No variable is set, so git works as usual in other
//! repositories, such as those that tests make. What programs commit, tag, put aside or set there stays there: nothing of
//! the user's is written to.

use std::fs;
use std::path::Path;

use crate::git::Repo;
use crate::git::settings::OfRepository;
use crate::tree::Error;
use crate::tree::removal::remove_folder;
use crate::tree::scratch::dated::{self, Dated};
use crate::tree::scratch::{INDEX, Scratch, Wanted, unless_missing};

/// The git folder of the scratch tree.
const FOLDER: &str = "git";

/// Where git keeps references and what is said of their changes.
const REFERENCES: [&str; 2] = ["refs", "logs"];

/// Where it keeps both if not in files of their own.
const REFTABLE: &str = "reftable";

/// What git keeps for each work tree and programs may ask for.
const OF_WORK_TREE: [&str; 6] =
    ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "ORIG_HEAD", "FETCH_HEAD", "info/sparse-checkout"];

/// What it keeps for all of them. References are packed before their own files are removed, so those are read before.
const OF_ALL: [&str; 5] = ["packed-refs", "shallow", "info/exclude", "info/attributes", "info/grafts"];

impl Scratch {
    /// Writes the git folder anew; gives the files that hold its branches and tags.
    pub(super) fn write_repository(&self, repo: &Repo, wanted: &Wanted) -> Result<Dated, Error> {
        let folder = self.home.join(FOLDER);
        for below in ["info", "refs", "objects/info"] {
            let below = folder.join(below);
            fs::create_dir_all(&below).map_err(Error::files("create", &below))?;
        }
        // What leads to the user's own, where a version before this one wrote the folder.
        let shared = folder.join("commondir");
        fs::remove_file(&shared).or_else(unless_missing).map_err(Error::files("remove", &shared))?;
        write(&self.top.join(".git"), &[b"gitdir: ", line(&folder).as_slice()].concat())?;
        let settings = repo.settings_of_repository()?;
        write(&folder.join("config"), &self.configuration(repo, &settings, &folder))?;
        self.write_objects(repo, &settings, &folder)?;
        for name in REFERENCES {
            let users = [repo.common_dir().join(name), repo.git_dir().join(name)];
            dated::follow(&users, &folder.join(name)).map_err(Error::files("copy", &users[0]))?;
        }
        let users = repo.common_dir().join(REFTABLE);
        dated::follow(&[&users], &folder.join(REFTABLE)).map_err(Error::files("copy", &users))?;
        for (names, users) in [(OF_WORK_TREE.as_slice(), repo.git_dir()), (OF_ALL.as_slice(), repo.common_dir())] {
            names.iter().try_for_each(|name| copy(&users.join(name), &folder.join(name)))?;
        }
        self.write_head(repo, wanted, &folder)?;
        copy(&self.home.join(INDEX), &folder.join("index"))?;
        let lock = folder.join("index.lock");
        fs::remove_file(&lock).or_else(unless_missing).map_err(Error::files("remove", &lock))?;
        self.references_now()
    }

    /// The files that hold its branches and tags, as they are now.
    pub(super) fn references_now(&self) -> Result<Dated, Error> {
        let folder = self.home.join(FOLDER);
        let holding = ["refs/heads", "refs/tags", REFTABLE].map(|name| folder.join(name));
        dated::files(&holding).map_err(Error::files("read", &folder))
    }

    /// The user's configuration with what is different here. How the repository is kept git does not look for in files
    /// that another one includes. No hook runs here, and nothing watches the files.
    fn configuration(&self, repo: &Repo, settings: &OfRepository, folder: &Path) -> Vec<u8> {
        let storage = settings.lfs_storage.as_deref().unwrap_or("lfs");
        let users = [
            Some(repo.common_dir().join("config")),
            settings.has_configuration_of_work_tree.then(|| repo.git_dir().join("config.worktree")),
        ];
        let mut text = b"[include]\n".to_vec();
        users.iter().flatten().for_each(|file| text.extend(setting("path", file)));
        text.extend(b"[core]\n\tbare = false\n\tfsmonitor = false\n");
        text.extend(setting("repositoryformatversion", Path::new(&settings.version)));
        text.extend(setting("worktree", &self.top));
        text.extend(setting("hooksPath", &folder.join("hooks")));
        text.extend(b"[extensions]\n");
        settings.extensions.iter().for_each(|(name, value)| text.extend(setting(name, Path::new(value))));
        text.extend(b"[lfs]\n");
        text.extend(setting("storage", &repo.common_dir().join(storage)));
        text
    }

    /// Names the folders with the user's objects. What programs wrote here before is of no use any more, unless it was
    /// fetched because the user's repository does not have it.
    fn write_objects(&self, repo: &Repo, settings: &OfRepository, folder: &Path) -> Result<(), Error> {
        let objects = folder.join("objects");
        if !settings.fetches_objects {
            for entry in fs::read_dir(&objects).map_err(Error::files("read", &objects))?.flatten() {
                if entry.file_name() != "info" {
                    remove_folder(&entry.path()).map_err(Error::files("remove", &entry.path()))?;
                }
            }
        }
        let users: Vec<u8> = repo.object_folders().iter().flat_map(|folder| line(folder)).collect();
        write(&objects.join("info/alternates"), &users)
    }

    /// HEAD is the user's where the judged files belong to it, else the commit that they belong to.
    fn write_head(&self, repo: &Repo, wanted: &Wanted, folder: &Path) -> Result<(), Error> {
        let head = repo.head()?;
        let users = head.commit.map(|commit| commit.id);
        let commit = wanted.commit.filter(|commit| Some(*commit) != users);
        copy(&repo.git_dir().join("HEAD"), &folder.join("HEAD"))?;
        let has_tables = folder.join(REFTABLE).is_dir();
        match commit {
            Some(commit) if !has_tables => write(&folder.join("HEAD"), format!("{commit}\n").as_bytes()),
            None if !has_tables || repo.git_dir() == repo.common_dir() => Ok(()),
            // In the tables that all work trees share is the HEAD of the first one.
            _ => {
                let place = repo.opened_at(&self.top)?;
                match (head.branch, commit) {
                    (Some(_), None) => {
                        let branch = repo.run(&["symbolic-ref", "HEAD"], b"")?;
                        let branch = String::from_utf8_lossy(branch.trim_ascii_end()).into_owned();
                        place.run(&["symbolic-ref", "HEAD", &branch], b"")?;
                    }
                    _ => {
                        let id = commit.or(users).map(|id| id.to_string()).unwrap_or_default();
                        place.run(&["update-ref", "--no-deref", "HEAD", &id], b"")?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// A line of a configuration file.
fn setting(name: &str, value: &Path) -> Vec<u8> {
    let value = value.as_os_str().as_encoded_bytes();
    let mut text = [b"\t", name.as_bytes(), b" = \""].concat();
    for &byte in value {
        match byte {
            b'\n' => text.extend(b"\\n"),
            b'"' | b'\\' => text.extend([b'\\', byte]),
            _ => text.push(byte),
        }
    }
    text.extend(b"\"\n");
    text
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
