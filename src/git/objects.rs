//! Objects by their names: blobs, and what trees hold.

use std::fmt::Display;
use std::sync::{Arc, PoisonError};

use git2::{ObjectType, Oid, Repository};
use memchr::memchr;

use crate::git::library::{object_id, oid};
use crate::git::loose::{Loose, Object};
use crate::git::{Error, ObjectFormat, Repo, os_path, unreadable};
use crate::model::change::{FileSide, Mode, ObjectId, Source};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::path::RepoPath;

/// The most trees that are kept in memory, and the most bytes of one that is.
const MAX_TREES: usize = 4_096;
const MAX_TREE: usize = 64 << 10;

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
            (_, Source::Blob(id) | Source::Historic { blob: id, .. }) => {
                self.0.blob(&id, limit).map_err(|error| failed(&error))
            }
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
        if let Some(found) = self.walk(tree, path) {
            return Ok(found.and_then(|(mode, id)| Some((mode?, id))));
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
        let found = match folder.as_bytes().is_empty() {
            true => Some(Some(*tree)),
            false => self.walk(tree, folder).map(|found| found.filter(|(mode, _)| mode.is_none()).map(|(_, id)| id)),
        };
        match found {
            Some(None) => return Ok(Vec::new()),
            Some(Some(id)) => {
                if let Some(bytes) = self.tree(&id)
                    && let Some(entries) = entries(&bytes, self.format)
                {
                    return Ok(entries.into_iter().map(|(_, name, _)| name.to_owned()).collect());
                }
            }
            None => {}
        }
        let prefix = if folder.as_bytes().is_empty() { folder.clone() } else { folder.join(b"") };
        let listed = self.list_tree(tree, &prefix)?;
        Ok(listed.iter().filter_map(|entry| entry.path.strip_prefix(prefix.as_bytes())).map(<[u8]>::to_owned).collect())
    }

    /// Follows a path from a tree down to an entry; without a mode it is a folder. `None` if a tree on the way can't be
    /// read here.
    fn walk(&self, tree: &ObjectId, path: &RepoPath) -> Option<Option<(Option<Mode>, ObjectId)>> {
        let mut found = (None, *tree);
        for name in path.as_bytes().split(|&byte| byte == b'/') {
            if found.0.is_some() {
                return Some(None);
            }
            let bytes = self.tree(&found.1)?;
            match entries(&bytes, self.format)?.into_iter().find(|(_, entry, _)| *entry == name) {
                Some((mode, _, id)) => found = (mode, id),
                None => return Some(None),
            }
        }
        Some(Some(found))
    }

    /// The tree of a commit; none if the commit can't be read here.
    pub(super) fn tree_of(&self, commit: &ObjectId) -> Option<ObjectId> {
        let bytes = self.stored(commit, ObjectType::Commit)?;
        let line = bytes.split(|&byte| byte == b'\n').next()?;
        ObjectId::from_hex(line.strip_prefix(b"tree ")?)
    }

    /// A stored tree; none if it can't be read here, or is none. Paths are followed from the top again and again, to
    /// look for attributes and policies in each folder: the trees on the way are kept.
    pub(super) fn tree(&self, id: &ObjectId) -> Option<Arc<Vec<u8>>> {
        let kept = || self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().get(id) {
            return Some(Arc::clone(known));
        }
        let read = Arc::new(self.stored(id, ObjectType::Tree)?);
        let mut kept = kept();
        if kept.len() < MAX_TREES && read.len() <= MAX_TREE {
            kept.insert(*id, Arc::clone(&read));
        }
        Some(read)
    }

    /// What an object of that kind holds; none if it can't be read here, or is of another kind.
    fn stored(&self, id: &ObjectId, kind: ObjectType) -> Option<Vec<u8>> {
        match self.object(id, u64::MAX)? {
            Object { kind: its, content: Content::Bytes(bytes) } if its == kind => Some(bytes),
            _ => None,
        }
    }

    /// An object from a file of its own or from a pack; none if it is in neither, or damaged.
    fn object(&self, id: &ObjectId, limit: u64) -> Option<Object> {
        match self.loose.read(id, limit) {
            Loose::Found(object) => Some(object),
            Loose::Damaged => None,
            Loose::Absent => self.library.ask(|repository| read_packed(repository, id, limit))?.ok(),
        }
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

    /// A blob, unless it is larger than `limit` bytes. What can't be read here is asked of git: in a partial clone it
    /// fetches what is missing, and it says best what is damaged.
    fn blob(&self, id: &ObjectId, limit: u64) -> Result<Content, String> {
        match self.object(id, limit) {
            Some(Object { kind: ObjectType::Blob, content }) => Ok(content),
            Some(Object { kind, .. }) => Err(format!("the object {id} is a {kind}, not a blob")),
            None => self.blob_from_git(id, limit),
        }
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

/// An object as libgit2 gives it, of which it is known that no file of its own holds it.
fn read_packed(repository: &Repository, id: &ObjectId, limit: u64) -> Result<Object, git2::Error> {
    let (odb, oid) = (repository.odb()?, oid(id)?);
    let (n_bytes, kind) = odb.read_header(oid)?;
    let n_bytes = u64::try_from(n_bytes).unwrap_or(u64::MAX);
    if n_bytes > limit {
        return Ok(Object { kind, content: Content::TooLarge(n_bytes) });
    }
    Ok(Object { kind, content: Content::Bytes(odb.read(oid)?.data().to_owned()) })
}

/// An entry of a stored tree: no mode for a folder, its name, its object.
pub(super) type Entry<'a> = (Option<Mode>, &'a [u8], ObjectId);

/// The entries of a stored tree: `MODE NAME<zero>ID` one after the other. None if it is not that.
pub(super) fn entries(tree: &[u8], format: ObjectFormat) -> Option<Vec<Entry<'_>>> {
    let mut rest = tree;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let zero = memchr(0, rest)?;
        let (entry, after) = rest.split_at_checked(zero)?;
        let (id, after) = after.get(1..)?.split_at_checked(format.n_bytes())?;
        let space = memchr(b' ', entry)?;
        let (mode, name) = (entry.get(..space)?, entry.get(space + 1..)?);
        entries.push((Mode::from_octal(mode), name, ObjectId::from_bytes(id)?));
        rest = after;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::entries;
    use crate::git::ObjectFormat;
    use crate::model::change::Mode;

    #[test]
    fn a_tree_is_read_whole_or_not_at_all() {
        let id = |digit: u8| vec![digit; 20];
        let tree = [b"40000 a\0".to_vec(), id(1), b"100644 b c\0".to_vec(), id(2)].concat();
        let listed = entries(&tree, ObjectFormat::Sha1).expect("it is a tree");
        let names: Vec<_> = listed.iter().map(|(mode, name, id)| (*mode, *name, id.as_bytes()[0])).collect();
        assert_eq!(names, [(None, b"a".as_slice(), 1), (Some(Mode::File), b"b c".as_slice(), 2)]);
        assert_eq!(entries(b"", ObjectFormat::Sha1).map(|listed| listed.len()), Some(0));
        for n_bytes in (1..tree.len()).filter(|n_bytes| *n_bytes != 28) {
            assert!(entries(&tree[..n_bytes], ObjectFormat::Sha1).is_none(), "{n_bytes}");
        }
        assert!(entries(&tree, ObjectFormat::Sha256).is_none());
    }
}
