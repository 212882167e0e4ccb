//! What `.gitattributes` say of paths, and the contents that git would store for files of the work tree.

use std::collections::BTreeMap;
use std::path::Path;

use crate::git::{Error, Repo, os_path, unreadable};
use crate::model::change::ObjectId;
use crate::model::content::Content;
use crate::model::path::RepoPath;

/// Which `.gitattributes` hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttributeSource {
    /// Those of the work tree.
    Worktree,
    /// Those of the index.
    Index,
    /// Those of a tree.
    Tree(ObjectId),
}

/// One attribute of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// The path.
    pub(crate) path: RepoPath,
    /// The name of the attribute.
    pub(crate) name: Vec<u8>,
    /// `set`, `unset`, or the text after `=`.
    pub(crate) value: Vec<u8>,
}

impl Repo {
    /// The attributes of these names that are specified for these paths. [`Error::TooOld`] for a tree with a git before
    /// 2.40.
    pub(crate) fn attributes(
        &self,
        source: AttributeSource,
        names: &[&str],
        paths: &[RepoPath],
    ) -> Result<Vec<Attribute>, Error> {
        let option = match source {
            AttributeSource::Worktree => None,
            AttributeSource::Index => Some("--cached".to_owned()),
            AttributeSource::Tree(tree) => Some(format!("--source={tree}")),
        };
        let args = ["check-attr"].into_iter().chain(option.as_deref()).chain(["--stdin", "-z"]);
        let args: Vec<&str> = args.chain(names.iter().copied()).collect();
        let asked: Vec<u8> = paths.iter().flat_map(|path| path.as_bytes().iter().copied().chain([0])).collect();
        let said = self.run(&args, &asked)?;
        let mut fields = said.split(|&byte| byte == 0);
        let mut attributes = Vec::new();
        while let Some(path) = fields.next().filter(|path| !path.is_empty()) {
            let (Some(name), Some(value)) = (fields.next(), fields.next()) else {
                return Err(unreadable(&args, "a path without attribute and value"));
            };
            if value != b"unspecified" {
                let (name, value) = (name.to_owned(), value.to_owned());
                attributes.push(Attribute { path: RepoPath::new(path), name, value });
            }
        }
        Ok(attributes)
    }

    /// What git would store of these files of the work tree, after its filters and conversions; one of more than `limit`
    /// bytes is only measured. The objects are put into the folder `objects`, which is not the repository's.
    pub(crate) fn as_stored(
        &self,
        paths: &[RepoPath],
        objects: &Path,
        limit: u64,
    ) -> Result<BTreeMap<RepoPath, Content>, Error> {
        let own = self.with_objects(objects);
        let args = ["hash-object", "-w", "--stdin-paths"];
        let names: Vec<u8> = paths.iter().flat_map(quoted).collect();
        let said = own.run(&args, &names)?;
        let ids: Vec<ObjectId> = said.split(|&byte| byte == b'\n').filter_map(ObjectId::from_hex).collect();
        if ids.len() != paths.len() {
            return Err(unreadable(&args, format!("{} objects for {} files", ids.len(), paths.len())));
        }
        let contents = ids.iter().map(|id| own.content_from_git(id, limit));
        paths.iter().cloned().zip(contents).map(|(path, content)| Ok((path, content?))).collect()
    }

    /// One object from git itself.
    fn content_from_git(&self, id: &ObjectId, limit: u64) -> Result<Content, Error> {
        let args = ["cat-file", "blob", &id.to_string()];
        let size = self.run(&["cat-file", "-s", &id.to_string()], b"")?;
        let n_bytes = std::str::from_utf8(&size).ok().and_then(|size| size.trim().parse().ok());
        match n_bytes.ok_or_else(|| unreadable(&args, "no size"))? {
            n_bytes if n_bytes > limit => Ok(Content::TooLarge(n_bytes)),
            _ => Ok(Content::Bytes(self.run(&args, b"")?)),
        }
    }
}

/// A path on a line of its own as git reads it: in quotes, what could end it escaped.
fn quoted(path: &RepoPath) -> Vec<u8> {
    let mut line = b"\"".to_vec();
    let path = os_path(path);
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'"' | b'\\' => line.extend([b'\\', byte]),
            b'\n' => line.extend(b"\\n"),
            _ => line.push(byte),
        }
    }
    line.extend(b"\"\n");
    line
}
