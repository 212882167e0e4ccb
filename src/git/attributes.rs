//! Attributes of files, as git tells them.

use std::collections::HashSet;

use crate::git::{Error, Repo, unreadable};
use crate::model::path::RepoPath;

/// What makes the file in the work tree another than the blob, of whatever size: a program of the user's, or another
/// encoding. The other conversions, of line ends and of `$Id$`, change the size of what they change.
const CONVERTING: [&str; 2] = ["filter", "working-tree-encoding"];

impl Repo {
    /// Of these files, those that are converted between the object store and the work tree by more than their line ends.
    pub(crate) fn converted<'a>(&self, paths: impl Iterator<Item = &'a RepoPath>) -> Result<HashSet<RepoPath>, Error> {
        let mut asked = Vec::new();
        for path in paths {
            asked.extend_from_slice(path.as_bytes());
            asked.push(0);
        }
        let args = ["check-attr", "--stdin", "-z", CONVERTING[0], CONVERTING[1]];
        let told = self.run(&args, &asked)?;
        let mut fields = told.strip_suffix(b"\0").unwrap_or(&told).split(|&byte| byte == 0);
        let mut converted = HashSet::new();
        while let Some(path) = fields.next().filter(|path| !path.is_empty()) {
            let (Some(_), Some(value)) = (fields.next(), fields.next()) else {
                return Err(unreadable(&args, "an attribute without a value"));
            };
            if !matches!(value, b"unspecified" | b"unset") {
                converted.insert(RepoPath::new(path));
            }
        }
        Ok(converted)
    }
}
