//! What makes git in the scratch tree see the right repository: a git folder of its own with the user's references, HEAD
//! and configuration, and the user's objects beside its own. No variable is set, so git works as usual in other
//! repositories, such as those that tests make. It is put in order each time: what programs commit, tag, put aside or set
//! there reaches neither the user nor the next run.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::git::settings::Setting;
use crate::tree::Error;
use crate::tree::file_state::FileState;
use crate::tree::removal::remove;
use crate::tree::scratch::exact::{self, Files};
use crate::tree::scratch::references::{Copied, PACKED, files, references};
use crate::tree::scratch::{INDEX, Scratch, Wanted, unless_missing};

/// The git folder of the scratch tree.
const FOLDER: &str = "git";

/// Where git keeps references and what is said of their changes, if not in files of their own.
const REFTABLE: &str = "reftable";

/// What git keeps for each work tree and programs may ask for.
const OF_WORK_TREE: [&str; 7] =
    ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "ORIG_HEAD", "FETCH_HEAD", "logs/HEAD", "info/sparse-checkout"];

/// What it keeps for all of them.
const OF_ALL: [&str; 5] = ["logs/refs/stash", "shallow", "info/exclude", "info/attributes", "info/grafts"];

/// The files that hold the branches, the tags and the stash of a scratch tree.
pub(super) type Holding = BTreeMap<PathBuf, Option<FileState>>;

impl Scratch {
    /// Makes the git folder what it is to be; gives the files that hold its references. What was fetched because the
    /// user's repository does not have it stays.
    pub(super) fn write_repository(&self, repo: &Repo, wanted: &Wanted) -> Result<Holding, Error> {
        let folder = self.home.join(FOLDER);
        let settings = repo.all_settings()?;
        let fetches = settings.iter().any(|setting| setting.key == "extensions.partialclone");
        let head = head(repo)?;
        let mut files = references_of(repo)?;
        let log = head.strip_prefix(b"ref: ").and_then(|name| log_of(name.trim_ascii_end()));
        let of_all = OF_ALL.iter().map(PathBuf::from).chain(log).map(|name| (repo.common_dir().join(&name), name));
        let of_work_tree = OF_WORK_TREE.iter().map(|name| (repo.git_dir().join(name), PathBuf::from(name)));
        let index = (self.home.join(INDEX), PathBuf::from("index"));
        for (from, name) in of_all.chain(of_work_tree).chain([index]) {
            add(&mut files, &from, name)?;
        }
        let objects = repo.object_folders().iter().flat_map(|folder| line(folder)).collect();
        let configuration = self.configuration(repo, &settings, &folder)?;
        let named = [("HEAD", head), ("config", configuration), ("objects/info/alternates", objects)];
        files.extend(named.map(|(name, bytes)| (PathBuf::from(name), bytes)));
        exact::make(&folder, &files, "refs", Some("objects").filter(|_| fetches))
            .map_err(Error::files("write", &folder))?;
        self.write_link(&folder)?;
        self.write_head(repo, wanted, &folder)?;
        self.holding()
    }

    /// Names the git folder in the tree, where a program may have put anything.
    fn write_link(&self, folder: &Path) -> Result<(), Error> {
        let git = self.top.join(".git");
        let link = [b"gitdir: ".as_slice(), folder.as_os_str().as_encoded_bytes(), b"\n"].concat();
        let is_file = fs::symlink_metadata(&git).is_ok_and(|metadata| metadata.is_file());
        if is_file && fs::read(&git).is_ok_and(|there| there == link) {
            return Ok(());
        }
        remove(&git).or_else(unless_missing).map_err(Error::files("remove", &git))?;
        fs::write(&git, link).map_err(Error::files("write", &git))
    }

    /// The files that hold its branches, its tags and its stash, as they are now.
    pub(super) fn holding(&self) -> Result<Holding, Error> {
        let folder = self.home.join(FOLDER);
        let loose = files(&folder.join("refs")).map_err(Error::files("read", &folder))?;
        let loose = loose.into_iter().map(|path| folder.join("refs").join(path));
        let all = loose.chain([folder.join(PACKED), folder.join(REFTABLE).join("tables.list")]);
        Ok(all.map(|file| (file.clone(), FileState::of(&file))).collect())
    }

    /// The configuration as the user's repository sees it, with what is different here: no hook of the user's runs, and
    /// nothing watches the files. What the user's own files include only for some repositories is written out, as this
    /// one stands elsewhere.
    fn configuration(&self, repo: &Repo, settings: &[Setting], folder: &Path) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        let conditional = conditional(repo, settings)?;
        let own = settings.iter().filter(|setting| setting.is_own && setting.key != "extensions.worktreeconfig");
        for Setting { key, value, .. } in conditional.iter().copied().chain(own) {
            let is_address = key.starts_with("remote.") && (key.ends_with(".url") || key.ends_with(".pushurl"));
            match (is_address && value.starts_with('.'), repo.work_tree()) {
                _ if key.starts_with("include.") || key.starts_with("includeif.") => {}
                (true, Some(top)) => text.extend(setting(key, top.join(value).as_os_str().as_encoded_bytes())),
                _ => text.extend(setting(key, value.as_bytes())),
            }
        }
        let storage = settings.iter().rev().find(|setting| setting.key == "lfs.storage");
        let storage = repo.common_dir().join(storage.map_or("lfs", |setting| setting.value.as_str()));
        text.extend(b"[core]\n\tbare = false\n\tfsmonitor = false\n");
        for (key, path) in
            [("core.worktree", &self.top), ("core.hooksPath", &folder.join("hooks")), ("lfs.storage", &storage)]
        {
            text.extend(setting(key, path.as_os_str().as_encoded_bytes()));
        }
        Ok(text)
    }

    /// HEAD is another one where the judged files do not belong to the user's, or where it is not in a file.
    fn write_head(&self, repo: &Repo, wanted: &Wanted, folder: &Path) -> Result<(), Error> {
        let head = repo.head()?;
        let users = head.commit.map(|commit| commit.id);
        let commit = wanted.commit.filter(|commit| Some(*commit) != users);
        let has_tables = folder.join(REFTABLE).is_dir();
        match commit {
            Some(commit) if !has_tables => {
                let file = folder.join("HEAD");
                fs::write(&file, format!("{commit}\n")).map_err(Error::files("write", &file))
            }
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

/// The settings of the user's own files that hold only in his repository.
fn conditional<'a>(repo: &Repo, settings: &'a [Setting]) -> Result<Vec<&'a Setting>, Error> {
    let beyond = || settings.iter().filter(|setting| !setting.is_own);
    if !beyond().any(|setting| setting.key.starts_with("includeif.")) {
        return Ok(Vec::new());
    }
    let elsewhere = repo.settings_elsewhere()?;
    let mut known: BTreeMap<&str, VecDeque<&str>> = BTreeMap::new();
    elsewhere.iter().for_each(|one| known.entry(&one.key).or_default().push_back(&one.value));
    // Git finds the known ones again, and of several values the last one holds.
    let is_more = |setting: &&Setting| match known.get_mut(setting.key.as_str()) {
        Some(values) if values.front() == Some(&setting.value.as_str()) => values.pop_front().is_none(),
        _ => true,
    };
    Ok(beyond().filter(is_more).collect())
}

/// What the user's HEAD says. It may be a link to the file of a branch.
fn head(repo: &Repo) -> Result<Vec<u8>, Error> {
    let file = repo.git_dir().join("HEAD");
    match fs::read_link(&file) {
        Ok(branch) => Ok([b"ref: ", branch.as_os_str().as_encoded_bytes(), b"\n"].concat()),
        Err(_) => fs::read(&file).map_err(Error::files("read", &file)),
    }
}

/// Where it is written down what became of a branch.
fn log_of(name: &[u8]) -> Option<PathBuf> {
    let name = PathBuf::from(std::str::from_utf8(name).ok()?);
    let is_plain = name.starts_with("refs/heads") && !name.iter().any(|part| part == "..");
    is_plain.then(|| Path::new("logs").join(name))
}

/// The references of the user's repository, in files as they are in this one.
fn references_of(repo: &Repo) -> Result<Files, Error> {
    let mut files = Files::new();
    let tables = repo.common_dir().join(REFTABLE);
    if tables.is_dir() {
        for table in fs::read_dir(&tables).map_err(Error::files("read", &tables))?.flatten() {
            add(&mut files, &table.path(), Path::new(REFTABLE).join(table.file_name()))?;
        }
        return Ok(files);
    }
    let mut places = vec![repo.common_dir()];
    places.extend(Some(repo.git_dir()).filter(|own| *own != repo.common_dir()));
    let Copied { loose, packed } = references(&places).map_err(Error::files("read", repo.common_dir()))?;
    files.extend(loose);
    files.insert(PACKED.into(), packed);
    Ok(files)
}

/// Adds a file, if there is one.
fn add(files: &mut Files, from: &Path, name: PathBuf) -> Result<(), Error> {
    match fs::read(from) {
        Ok(bytes) => drop(files.insert(name, bytes)),
        Err(error) => unless_missing(error).map_err(Error::files("read", from))?,
    }
    Ok(())
}

/// An entry of a configuration file. What stands between the first and the last dot of a key may be anything.
fn setting(key: &str, value: &[u8]) -> Vec<u8> {
    let (section, rest) = key.split_once('.').unwrap_or((key, ""));
    let header = match rest.rsplit_once('.') {
        Some((middle, _)) => [b"[", section.as_bytes(), b" ", quoted(middle.as_bytes()).as_slice(), b"]"].concat(),
        None => [b"[", section.as_bytes(), b"]"].concat(),
    };
    let name = rest.rsplit_once('.').map_or(rest, |(_, name)| name);
    [header.as_slice(), b"\n\t", name.as_bytes(), b" = ", &quoted(value), b"\n"].concat()
}

/// A text as git's files have it between quotes.
fn quoted(value: &[u8]) -> Vec<u8> {
    let mut text = b"\"".to_vec();
    for &byte in value {
        match byte {
            b'\n' => text.extend(b"\\n"),
            b'"' | b'\\' => text.extend([b'\\', byte]),
            _ => text.push(byte),
        }
    }
    text.push(b'"');
    text
}

/// A path in a list of git's.
fn line(path: &Path) -> Vec<u8> {
    let path = path.as_os_str().as_encoded_bytes();
    let path = if path.contains(&b'\n') { quoted(path) } else { path.to_owned() };
    [path.as_slice(), b"\n"].concat()
}
