//! The user's folders that a scratch tree has links to, watched: a program that follows a link can change what is not
//! ours. That can't be hindered at a price that a commit would pay, but it is seen where a folder that is linked gets or
//! loses an entry. Where a program writes into a file that is there, or deeper down, it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::tree::file_state::FileState;
use crate::tree::scratch::editable::libraries;
use crate::tree::scratch::mirror::CACHES;

/// Folders and what they were when they were looked at last.
#[derive(Debug, Default)]
pub(crate) struct Linked(Mutex<BTreeMap<PathBuf, State>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nobody has a reason to change anything in it.
    Still(Option<FileState>),
    /// Its entries, without caches: what is in them is made when it is used first.
    Named(Option<BTreeSet<OsString>>),
}

impl State {
    fn again(&self, folder: &Path) -> Self {
        match self {
            Self::Still(_) => Self::Still(FileState::of(folder)),
            Self::Named(_) => Self::named(folder),
        }
    }

    fn named(folder: &Path) -> Self {
        let names = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.file_name()));
        Self::Named(names.ok().map(|names| names.filter(|name| !CACHES.iter().any(|cache| name == cache)).collect()))
    }
}

impl Linked {
    /// Watches a folder, or what a link leads to, and the libraries in it if it is one of an environment of Python.
    pub(super) fn watch(&mut self, folder: &Path) {
        let folders = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        folders.insert(folder.to_owned(), State::Still(FileState::of(folder)));
        if let Some(environment) = folder.parent().filter(|above| above.join("pyvenv.cfg").is_file()) {
            let below = libraries(environment).into_iter().filter(|library| library.starts_with(folder));
            folders.extend(below.map(|library| (library.clone(), State::named(&library))));
        }
    }

    /// Watches what others watch too.
    pub(super) fn join(&mut self, other: &Self) {
        let others = other.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).extend(others);
    }

    /// The folders that are not any more what they were when this was asked last.
    pub(crate) fn changed(&self) -> Vec<PathBuf> {
        let mut folders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = Vec::new();
        for (folder, state) in folders.iter_mut() {
            let now = state.again(folder);
            if now != *state {
                changed.push(folder.clone());
                *state = now;
            }
        }
        changed
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::Linked;

    #[test]
    fn what_comes_into_a_folder_and_goes_is_told_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path();
        let library = "venv/lib/python3.12/site-packages";
        for name in ["modules/foo/deep", "modules/bar", library] {
            fs::create_dir_all(top.join(name)).expect("the folder is ours");
        }
        let write = |name: &str| fs::write(top.join(name), name).expect("the folder is ours");
        for name in ["modules/foo/a.js", "venv/pyvenv.cfg", "venv/lib/python3.12/site-packages/a.py"] {
            write(name);
        }
        std::os::unix::fs::symlink("modules/bar", top.join("link")).expect("the folder is ours");
        let mut linked = Linked::default();
        for name in ["modules/foo", "link", "venv/lib"] {
            linked.watch(&top.join(name));
        }
        type Change<'a> = &'a dyn Fn(&Path);
        let cases: [(Change<'_>, &[&str]); 7] = [
            (&|_| {}, &[]),
            (&|top| fs::remove_file(top.join("modules/foo/a.js")).expect("it is there"), &["modules/foo"]),
            (&|_| write("modules/bar/new"), &["link"]),
            // Python keeps what it made of a module beside it.
            (&|top| fs::create_dir(top.join(library).join("__pycache__")).expect("it is ours"), &[]),
            (&|top| fs::create_dir(top.join(library).join("installed")).expect("it is ours"), &[library]),
            (&|top| fs::remove_dir_all(top.join("venv/lib")).expect("it is there"), &["venv/lib", library]),
            // This is not seen.
            (&|_| write("modules/foo/deep/b.js"), &[]),
        ];
        for (change, expected) in cases {
            change(top);
            let expected: Vec<_> = expected.iter().map(|name| top.join(name)).collect();
            assert_eq!(linked.changed(), expected);
        }
    }
}
