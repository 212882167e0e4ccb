//! The index: its entries and its lock. Git itself writes it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::{fs, io};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::git::library::object_id;
use crate::git::{Error, ObjectFormat, Repo, os_path, unreadable};
use crate::model::change::{Mode, ObjectId};
use crate::model::path::RepoPath;

/// The most bytes of paths that a question names; above that everything is asked for.
const MAX_ARGUMENTS: usize = 24 << 10;

/// What the index has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// Where.
    pub(crate) path: RepoPath,
    /// Its kind.
    pub(crate) mode: Mode,
    /// Its object.
    pub(crate) id: ObjectId,
    /// Whether git looks at its file: not where it is marked skip-worktree, as in a sparse checkout, or assume-unchanged.
    pub(crate) is_watched: bool,
}

impl Repo {
    /// The file of the index that the next commit is made of.
    pub(crate) fn index_file(&self) -> PathBuf {
        let top = self.work_tree.as_ref().unwrap_or(&self.git_dir);
        self.environment.index_file().map_or_else(|| self.git_dir.join("index"), |file| top.join(file))
    }

    /// Sees to it that the index is whole, by the sum at its end: git itself does not look at that, and takes half an
    /// index for what is staged. One without a sum is taken as it is.
    pub(crate) fn check_index(&self) -> Result<(), Error> {
        let path = self.index_file();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::File { path, source }),
        };
        let is_whole = bytes.len().checked_sub(self.format.n_bytes()).is_some_and(|n_summed| {
            let (summed, sum) = bytes.split_at(n_summed);
            let own = match self.format {
                ObjectFormat::Sha1 => Sha1::digest(summed).to_vec(),
                ObjectFormat::Sha256 => Sha256::digest(summed).to_vec(),
            };
            sum == own || sum.iter().all(|byte| *byte == 0)
        });
        if is_whole { Ok(()) } else { Err(Error::DamagedIndex(path)) }
    }

    /// Whether the next commit is made of an index that git throws away afterwards, as `git commit PATH` does: what is
    /// written there is missing in the index that stays.
    pub(crate) fn has_passing_index(&self) -> bool {
        let file = self.index_file();
        file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"next-index-"))
    }

    /// The lock that another git holds on the index, if one does.
    pub(crate) fn index_lock(&self) -> Option<PathBuf> {
        let mut lock = self.index_file().into_os_string();
        lock.push(".lock");
        Some(PathBuf::from(lock)).filter(|lock| lock.symlink_metadata().is_ok())
    }

    /// What the index has at these paths; those that it has not, or that are not merged yet, are left out.
    pub(crate) fn index_entries(&self, paths: &[RepoPath]) -> Result<BTreeMap<RepoPath, IndexEntry>, Error> {
        let mut args: Vec<OsString> = ["ls-files", "-v", "--stage", "--full-name", "-z"].map(Into::into).into();
        if paths.iter().map(|path| path.as_bytes().len() + 9).sum::<usize>() <= MAX_ARGUMENTS {
            args.push("--".into());
            args.extend(paths.iter().map(|path| os_path(path).into_os_string()));
        }
        let listed = self.run(&args, b"")?;
        let lines = listed.split(|&byte| byte == 0).filter(|line| !line.is_empty());
        let mut entries = BTreeMap::new();
        for line in lines {
            let (stage, entry) = entry(line).ok_or_else(|| unreadable(&args, "a line without mode and object"))?;
            if stage == b"0" && paths.contains(&entry.path) {
                entries.insert(entry.path.clone(), entry);
            }
        }
        Ok(entries)
    }

    /// Puts entries into the index, all or none. Git looks at the files of these entries from then on.
    pub(crate) fn set_index_entries(&self, entries: &[IndexEntry]) -> Result<(), Error> {
        let mut input = Vec::new();
        for entry in entries {
            input.extend_from_slice(format!("{} {} 0\t", entry.mode.octal(), entry.id).as_bytes());
            input.extend_from_slice(entry.path.as_bytes());
            input.push(0);
        }
        if input.is_empty() {
            return Ok(());
        }
        self.run(&["update-index", "-z", "--index-info"], &input)?;
        // Git forgot when it last looked at these files; that it can't look again now does no harm.
        let _ = self.run(&["update-index", "-q", "--refresh"], b"");
        Ok(())
    }

    /// Puts bytes into the object store as they are.
    pub(crate) fn store_blob(&self, bytes: &[u8]) -> Result<ObjectId, Error> {
        let asked = self.library.ask(|repository| object_id(repository.blob(bytes)?));
        match asked {
            Some(Ok(id)) => Ok(id),
            _ => self.hash_object(&["hash-object".into(), "-w".into(), "--stdin".into()], bytes),
        }
    }

    /// The object of which `git hash-object` tells the name.
    pub(super) fn hash_object(&self, args: &[OsString], bytes: &[u8]) -> Result<ObjectId, Error> {
        let said = self.run(args, bytes)?;
        ObjectId::from_hex(said.trim_ascii()).ok_or_else(|| unreadable(args, "it names no object"))
    }
}

/// Reads `TAG MODE OBJECT STAGE<tab>PATH`.
fn entry(line: &[u8]) -> Option<(&[u8], IndexEntry)> {
    let tab = line.iter().position(|&byte| byte == b'\t')?;
    let (fields, path) = (line.get(..tab)?, line.get(tab + 1..)?);
    let mut fields = fields.split(|&byte| byte == b' ');
    let is_watched = fields.next()? == b"H";
    let mode = Mode::from_octal(fields.next()?)?;
    let id = ObjectId::from_hex(fields.next()?)?;
    Some((fields.next()?, IndexEntry { path: RepoPath::new(path), mode, id, is_watched }))
}
