//! Objects by their names: blobs, and what trees hold.

use std::fmt::Display;

use git2::{ErrorCode, ObjectType, Oid, Repository, Tree};

use crate::git::library::{object_id, oid};
use crate::git::{Error, ObjectFormat, Repo, os_path, unreadable};
use crate::model::change::{FileSide, Mode, ObjectId, Source};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::path::RepoPath;

/// The contents that are in the object store of a repository. Those in the work tree are not here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Objects<'a>(&'a Repo);

impl Contents for Objects<'_> {
    fn read(&self, side: &FileSide, limit: u64) -> Result<Content, ContentError> {
        let failed = |problem: &dyn Display| ContentError(format!("cannot read {}: {problem}", side.path));
        match (side.mode, side.source) {
            (Mode::Submodule, _) => Err(failed(&"a submodule has no content here")),
            (_, Source::Worktree | Source::CheckedOut(_)) => {
                Err(failed(&"it is in the work tree, not in the object store"))
            }
            (_, Source::Blob(id)) => self.0.blob(&id, limit).map_err(|error| failed(&error)),
        }
    }

    fn name(&self, bytes: &[u8]) -> Option<ObjectId> {
        let format = match self.0.format {
            ObjectFormat::Sha1 => git2::ObjectFormat::Sha1,
            ObjectFormat::Sha256 => git2::ObjectFormat::Sha256,
        };
        Oid::hash_object_ext(ObjectType::Blob, bytes, format).and_then(object_id).ok()
    }

    fn folder(&self, tree: &ObjectId, folder: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
        self.0.folder(tree, folder).map_err(|error| ContentError(format!("cannot list the folder {folder}: {error}")))
    }
}

impl Repo {
    /// Reads contents from the object store.
    pub(crate) fn objects(&self) -> Objects<'_> {
        Objects(self)
    }

    /// Mode and object of a path in a tree; none if there is no such path or if it is a folder.
    pub(crate) fn entry(&self, tree: &ObjectId, path: &RepoPath) -> Result<Option<(Mode, ObjectId)>, Error> {
        if *tree == self.empty_tree() {
            return Ok(None);
        }
        let (id, os_path) = (*tree, os_path(path));
        let asked = self.library.ask_watched(move |repository| {
            let tree = repository.find_tree(oid(&id)?)?;
            match tree.get_path(&os_path) {
                Ok(entry) => mode_of(entry.filemode()).map(|mode| Ok((mode, object_id(entry.id())?))).transpose(),
                Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        });
        if let Some(Ok(entry)) = asked {
            return Ok(entry);
        }
        let listed = self.list_tree(tree, path)?;
        Ok(listed
            .into_iter()
            .find(|entry| entry.path == path.as_bytes())
            .and_then(|entry| Some((entry.mode?, entry.id))))
    }

    /// The names directly below a folder of a tree.
    fn folder(&self, tree: &ObjectId, folder: &RepoPath) -> Result<Vec<Vec<u8>>, Error> {
        if *tree == self.empty_tree() {
            return Ok(Vec::new());
        }
        let (id, os_path) = (*tree, os_path(folder));
        let asked = self.library.ask_watched(move |repository| {
            let names = |tree: &Tree<'_>| tree.iter().map(|entry| entry.name_bytes().to_owned()).collect();
            let top = repository.find_tree(oid(&id)?)?;
            if os_path.as_os_str().is_empty() {
                return Ok(names(&top));
            }
            match top.get_path(&os_path) {
                Ok(entry) if entry.kind() == Some(ObjectType::Tree) => Ok(names(&repository.find_tree(entry.id())?)),
                Ok(_) => Ok(Vec::new()),
                Err(error) if error.code() == ErrorCode::NotFound => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        });
        if let Some(Ok(names)) = asked {
            return Ok(names);
        }
        let prefix = if folder.as_bytes().is_empty() { folder.clone() } else { folder.join(b"") };
        let listed = self.list_tree(tree, &prefix)?;
        Ok(listed.iter().filter_map(|entry| entry.path.strip_prefix(prefix.as_bytes())).map(<[u8]>::to_owned).collect())
    }

    /// What `git ls-tree` says of a path, or of everything below it if it ends with a slash or is empty.
    fn list_tree(&self, tree: &ObjectId, path: &RepoPath) -> Result<Vec<TreeEntry>, Error> {
        let tree = tree.to_string();
        let mut args: Vec<std::ffi::OsString> = ["ls-tree", "-z", "--full-tree", &tree].map(Into::into).into();
        if !path.as_bytes().is_empty() {
            args.extend(["--".into(), os_path(path).into_os_string()]);
        }
        let listed = self.run(&args, b"")?;
        listed
            .split(|&byte| byte == 0)
            .filter(|line| !line.is_empty())
            .map(|line| TreeEntry::parse(line).ok_or_else(|| unreadable(&args, "a line without mode and object")))
            .collect()
    }

    /// A blob, unless it is larger than `limit` bytes.
    fn blob(&self, id: &ObjectId, limit: u64) -> Result<Content, String> {
        let id = *id;
        let question = move |repository: &Repository| read_blob(repository, &id, limit);
        let asked =
            if self.may_be_loose(&id) { self.library.ask_watched(question) } else { self.library.ask(question) };
        match asked {
            Some(Ok(content)) => Ok(content),
            // In a partial clone git fetches what is missing; any other trouble is no better there.
            Some(Err(error)) if error.code() != ErrorCode::NotFound => Err(error.message().to_owned()),
            _ => self.blob_from_git(&id, limit),
        }
    }

    /// Whether an object may be in a file of its own; one in a pack is the only one of which libgit2 always says when it
    /// is damaged.
    fn may_be_loose(&self, id: &ObjectId) -> bool {
        let objects = self.common_dir.join("objects");
        let hex = id.to_string();
        let (folder, file) = hex.split_at(2);
        objects.join(folder).join(file).exists() || objects.join("info/alternates").exists()
    }

    /// The same from git itself: first the size, then the bytes.
    fn blob_from_git(&self, id: &ObjectId, limit: u64) -> Result<Content, String> {
        let question = format!("{id}\n");
        let asked = |args: &[&str]| self.run(args, question.as_bytes()).map_err(|error| error.to_string());
        let header = asked(&["cat-file", "--batch-check=%(objecttype) %(objectsize)"])?;
        let header = String::from_utf8_lossy(&header).trim_end().to_owned();
        let n_bytes: u64 = header
            .strip_prefix("blob ")
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| format!("there is no blob {id} ({header})"))?;
        if n_bytes > limit {
            return Ok(Content::TooLarge(n_bytes));
        }
        let mut bytes = asked(&["cat-file", "--batch=%(objectsize)"])?;
        let start = bytes.iter().position(|&byte| byte == b'\n').map_or(0, |end_of_header| end_of_header + 1);
        bytes.drain(..start);
        let n_bytes = usize::try_from(n_bytes).map_err(|error| error.to_string())?;
        if bytes.len() != n_bytes.saturating_add(1) {
            return Err(format!("git gave {} bytes of the blob {id} instead of {n_bytes}", bytes.len()));
        }
        bytes.truncate(n_bytes);
        Ok(Content::Bytes(bytes))
    }
}

/// One line of `git ls-tree -z`.
struct TreeEntry {
    mode: Option<Mode>,
    id: ObjectId,
    path: Vec<u8>,
}

impl TreeEntry {
    /// Reads `MODE TYPE ID<tab>PATH`.
    fn parse(line: &[u8]) -> Option<Self> {
        let tab = line.iter().position(|&byte| byte == b'\t')?;
        let mut words = line.get(..tab)?.split(|&byte| byte == b' ');
        let mode = Mode::from_octal(words.next()?);
        let id = ObjectId::from_hex(words.nth(1)?)?;
        Some(Self { mode, id, path: line.get(tab + 1..)?.to_owned() })
    }
}

/// A blob as libgit2 gives it, unless it is larger than `limit` bytes.
fn read_blob(repository: &Repository, id: &ObjectId, limit: u64) -> Result<Content, git2::Error> {
    let (odb, oid) = (repository.odb()?, oid(id)?);
    let (n_bytes, kind) = odb.read_header(oid)?;
    if kind != ObjectType::Blob {
        return Err(git2::Error::from_str(&format!("the object {id} is a {kind}, not a blob")));
    }
    let n_bytes = u64::try_from(n_bytes).unwrap_or(u64::MAX);
    if n_bytes > limit {
        return Ok(Content::TooLarge(n_bytes));
    }
    Ok(Content::Bytes(odb.read(oid)?.data().to_owned()))
}

/// The mode as libgit2 gives it; none for a folder.
fn mode_of(mode: i32) -> Option<Mode> {
    Mode::from_octal(format!("{mode:06o}").as_bytes())
}
