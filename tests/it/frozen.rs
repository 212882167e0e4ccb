//! What must not change when tollgate looks: every file, link and folder of a repository, `.git` included.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// One entry: its mode, when it was written (nanoseconds; 0 where that says nothing) and its bytes.
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

    /// The same without what is left out: a path from the folder.
    pub(crate) fn without(mut self, is_left_out: impl Fn(&Path) -> bool) -> Self {
        self.0.retain(|path, _| !is_left_out(path));
        self
    }

    /// The paths that are another than in `before`.
    pub(crate) fn changed_since<'a>(&'a self, before: &'a Self) -> Vec<&'a PathBuf> {
        let differs = |path: &&PathBuf| before.0.get(*path) != self.0.get(*path);
        before.0.keys().chain(self.0.keys()).filter(differs).collect()
    }

    /// Nothing below `folder` may be another than it was.
    #[track_caller]
    pub(crate) fn is_still(&self, folder: &Path) {
        let now = Self::of(folder);
        let changed = now.changed_since(self);
        assert!(changed.is_empty(), "changed: {changed:?}");
    }
}

fn collect(top: &Path, folder: &Path, into: &mut BTreeMap<PathBuf, Entry>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        // Git itself touches the shared part of a split index whenever it reads it, lest it be taken for garbage.
        let is_touched = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("sharedindex."));
        let written = match metadata.is_dir() || is_touched {
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
