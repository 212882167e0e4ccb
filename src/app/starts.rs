//! How files begin whose names do not tell their type, for commands that ask for types.

use std::collections::BTreeMap;

use crate::check::filetype::needs_content;
use crate::config::Config;
use crate::model::change::ChangeSet;
use crate::model::content::{Content, Contents};
use crate::model::path::RepoPath;

/// The most bytes of such a file; a larger one is no text and no script.
const MAX_BYTES: u64 = 1 << 20;
/// As many bytes as are looked at to tell a type.
const N_KEPT: usize = 1024;

/// The starts of the files of a change that have to be looked into; none if no command has `types`. What can't be read
/// begins with a byte that no text has.
pub(super) fn read(change: &ChangeSet, config: &Config, contents: &dyn Contents) -> BTreeMap<RepoPath, Vec<u8>> {
    if !config.checks.values().any(|check| check.run.is_some() && !check.types.is_empty()) {
        return BTreeMap::new();
    }
    let heads = change.files.iter().filter_map(|file| file.head.as_ref()).filter(|side| needs_content(side));
    let start = |content| match content {
        Ok(Content::Bytes(mut bytes)) => {
            bytes.truncate(N_KEPT);
            bytes
        }
        Ok(Content::TooLarge(_)) | Err(_) => vec![0],
    };
    heads.map(|side| (side.path.clone(), start(contents.read(side, MAX_BYTES)))).collect()
}
