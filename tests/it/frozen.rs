//! What must not change when tollgate looks: every file, link and folder of a repository, `.git` included.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// One entry: its mode, when it was written (nanoseconds, 0 for folders) and its bytes.
type Entry = (u32, i128, Vec<u8>);

/// Everything below a folder at one moment.
#[derive(PartialEq, Eq)]
pub(crate) struct Frozen(BTreeMap<PathBuf, Entry>);

impl Frozen {
    /// Everything below `folder` now.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut entries = BTreeMap::new();
        collect(folder, folder, &mut entries);
        Self(entries)
    }

    /// Nothing below `folder` may be another than it was.
    #[track_caller]
    pub(crate) fn is_still(&self, folder: &Path) {
        let now = Self::of(folder);
        let differs = |path: &&PathBuf| self.0.get(*path) != now.0.get(*path);
        let changed: Vec<_> = self.0.keys().chain(now.0.keys()).filter(differs).collect();
        assert!(changed.is_empty(), "changed: {changed:?}");
    }
}

fn collect(top: &Path, folder: &Path, into: &mut BTreeMap<PathBuf, Entry>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let written = match metadata.is_dir() {
            true => 0,
            false => i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec()),
        };
        let bytes = match (metadata.is_symlink(), metadata.is_file()) {
            (true, _) => fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec(),
            (_, true) => fs::read(&path).unwrap(),
            _ => Vec::new(),
        };
        into.insert(path.strip_prefix(top).unwrap().to_owned(), (metadata.mode(), written, bytes));
        if metadata.is_dir() {
            collect(top, &path, into);
        }
    }
}
