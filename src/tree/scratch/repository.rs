//! What makes git in the scratch tree see the right repository: a git folder of its own with the user's references, HEAD
//! and configuration, and the user's objects beside its own. No variable is set, so git works as usual in other
//! repositories, such as those that tests make. It is made anew each time: what programs commit, tag, put aside or set
//! there reaches neither the user nor the next run.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::git::settings::Setting;
use crate::tree::Error;
use crate::tree::file_state::FileState;
use crate::tree::removal::remove;
use crate::tree::scratch::references::{Copied, PACKED, files, references};
use crate::tree::scratch::{INDEX, Scratch, Wanted, unless_missing};

/// The git folder of the scratch tree.
const FOLDER: &str = "git";

/// Where objects are while it is made anew that were fetched.
const FETCHED: &str = "fetched";

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
    /// Writes the git folder anew; gives the files that hold its references.
    pub(super) fn write_repository(&self, repo: &Repo, wanted: &Wanted) -> Result<Holding, Error> {
        let folder = self.home.join(FOLDER);
        let settings = repo.all_settings()?;
        self.make_empty(&folder, settings.iter().any(|setting| setting.key == "extensions.partialclone"))?;
        let head = head(repo)?;
        let log = head.strip_prefix(b"ref: ").and_then(|name| log_of(name.trim_ascii_end()));
        let of_all = OF_ALL.iter().map(PathBuf::from).chain(log);
        let files = of_all.map(|name| (repo.common_dir().join(&name), name));
        let of_work_tree = OF_WORK_TREE.iter().map(|name| (repo.git_dir().join(name), PathBuf::from(name)));
        for (from, name) in files.chain(of_work_tree) {
            copy(&from, &folder.join(name))?;
        }
        write(&folder.join("config"), &self.configuration(repo, &settings, &folder)?)?;
        let objects: Vec<u8> = repo.object_folders().iter().flat_map(|folder| line(folder)).collect();
        write(&folder.join("objects/info/alternates"), &objects)?;
        write(&folder.join("HEAD"), &head)?;
        write_references(repo, &folder)?;
        let git = self.top.join(".git");
        remove(&git).or_else(unless_missing).map_err(Error::files("remove", &git))?;
        write(&git, &[b"gitdir: ".as_slice(), folder.as_os_str().as_encoded_bytes(), b"\n"].concat())?;
        self.write_head(repo, wanted, &folder)?;
        copy(&self.home.join(INDEX), &folder.join("index"))?;
        self.holding()
    }

    /// Makes the git folder an empty one. What was fetched because the user's repository does not have it stays.
    fn make_empty(&self, folder: &Path, fetches: bool) -> Result<(), Error> {
        let (objects, kept) = (folder.join("objects"), self.home.join(FETCHED));
        remove(&kept).or_else(unless_missing).map_err(Error::files("remove", &kept))?;
        let is_real = |path: &Path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
        let is_kept = fetches && is_real(folder) && is_real(&objects) && fs::rename(&objects, &kept).is_ok();
        remove(folder).or_else(unless_missing).map_err(Error::files("remove", folder))?;
        fs::create_dir_all(folder).map_err(Error::files("create", folder))?;
        if is_kept {
            let info = kept.join("info");
            remove(&info).or_else(unless_missing).map_err(Error::files("remove", &info))?;
            fs::rename(&kept, &objects).map_err(Error::files("move", &kept))?;
        }
        for below in ["objects/info", "refs"] {
            let below = folder.join(below);
            fs::create_dir_all(&below).map_err(Error::files("create", &below))?;
        }
        Ok(())
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

/// Writes the references of the user's repository.
fn write_references(repo: &Repo, folder: &Path) -> Result<(), Error> {
    let tables = repo.common_dir().join(REFTABLE);
    if tables.is_dir() {
        for table in fs::read_dir(&tables).map_err(Error::files("read", &tables))?.flatten() {
            copy(&table.path(), &folder.join(REFTABLE).join(table.file_name()))?;
        }
        return Ok(());
    }
    let mut places = vec![repo.common_dir()];
    places.extend(Some(repo.git_dir()).filter(|own| *own != repo.common_dir()));
    let Copied { loose, packed } = references(&places).map_err(Error::files("read", repo.common_dir()))?;
    for (name, content) in loose {
        write(&folder.join(name), &content)?;
    }
    write(&folder.join(PACKED), &packed)
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

/// Writes a file that is not there.
fn write(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(Error::files("create", folder))?;
    fs::write(file, bytes).map_err(Error::files("write", file))
}

/// Copies a file to where there is none, if there is one.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    match fs::read(from) {
        Ok(bytes) => write(to, &bytes),
        Err(error) => unless_missing(error).map_err(Error::files("read", from)),
    }
}
