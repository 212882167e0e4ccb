//! What tells one state of a file or a folder from another without reading it.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::SystemTime;

/// One state of a file or a folder: its kind, size and time, and the inode with its own time where there is one. Whatever
/// is written, replaced or, in a folder, added and removed gives another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileState {
    is_file: bool,
    n_bytes: u64,
    written: Option<SystemTime>,
    inode: [i64; 3],
}

impl FileState {
    /// The state that is told by what the system says of a file.
    pub(super) fn new(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            [metadata.ino().cast_signed(), metadata.ctime(), metadata.ctime_nsec()]
        };
        #[cfg(not(unix))]
        let inode = [0; 3];
        Self { is_file: metadata.is_file(), n_bytes: metadata.len(), written: metadata.modified().ok(), inode }
    }

    /// The state of what is at a path, or of what a link there leads to; none if there is nothing.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::new(&metadata))
    }

    /// The state as bytes.
    pub(crate) fn to_bytes(state: Option<&Self>) -> Vec<u8> {
        format!("{state:?}").into_bytes()
    }
}
