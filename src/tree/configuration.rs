//! The files that programs are configured by, as they are where a program looks for them: those that are tracked, those
//! beside and above the files that it is given, tracked or not, and those that the user names.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::model::path::RepoPath;
use crate::tree::file_state::FileState;

/// The most bytes of such a file.
const MAX_FILE: u64 = 8 << 20;

/// Where a program may look.
pub(crate) struct Configured<'a> {
    /// The folder that holds the repository as the program sees it.
    pub(crate) top: &'a Path,
    /// Files of the repository that it may look for.
    pub(crate) listed: &'a [RepoPath],
    /// Names of such files, wherever they are.
    pub(crate) names: &'a [&'a str],
    /// The files that it is given.
    pub(crate) files: &'a [RepoPath],
    /// Whether a file that is found beside or above those is such a one.
    pub(crate) is_wanted: &'a dyn Fn(&RepoPath) -> bool,
    /// Files and folders outside of the repository.
    pub(crate) outside: &'a [PathBuf],
}

/// Tells where such files are and what they hold, or that they are not there; false if that is too much.
pub(crate) fn tell(configured: &Configured<'_>, tell: &mut dyn FnMut(&[u8])) -> bool {
    let mut paths: BTreeSet<RepoPath> = configured.listed.iter().cloned().collect();
    for folder in folders(configured.files) {
        let entries = fs::read_dir(configured.top.join(folder.to_fs())).into_iter().flatten().flatten();
        let names = entries.map(|entry| folder.join(RepoPath::from_fs(Path::new(&entry.file_name())).as_bytes()));
        paths.extend(names.filter(|path| (configured.is_wanted)(path)));
    }
    for path in paths {
        tell(path.as_bytes());
        if !content(&configured.top.join(path.to_fs()), tell) {
            return false;
        }
    }
    // Programs look for their configuration up to the root.
    for above in configured.top.ancestors().skip(1) {
        for name in configured.names {
            let file = above.join(name);
            if let Some(state) = FileState::of(&file) {
                tell(RepoPath::from_fs(&file).as_bytes());
                tell(&FileState::to_bytes(Some(&state)));
            }
        }
    }
    for path in configured.outside {
        tell(RepoPath::from_fs(path).as_bytes());
        tell(&FileState::to_bytes(FileState::of(path).as_ref()));
    }
    true
}

/// The folders that hold the files, up to the top.
fn folders(files: &[RepoPath]) -> BTreeSet<RepoPath> {
    let mut folders = BTreeSet::from([RepoPath::from("")]);
    for file in files {
        let mut folder = file.parent();
        while let Some(path) = folder.filter(|path| !folders.contains(path)) {
            folder = path.parent();
            folders.insert(path);
        }
    }
    folders
}

/// Tells what a file holds; a folder holds nothing.
fn content(file: &Path, tell: &mut dyn FnMut(&[u8])) -> bool {
    if !file.is_file() {
        tell(b"none");
        return true;
    }
    let Some(bytes) = read(file) else { return false };
    tell(b"file");
    tell(&bytes);
    true
}

/// The content of a file; none if it can't be read or is too large.
pub(crate) fn read(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let n_bytes = File::open(file).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).ok()?;
    (n_bytes as u64 <= MAX_FILE).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Configured, tell};
    use crate::model::path::RepoPath;

    /// What is told of `lint.toml` and `rules/*` for the file `a/b/x.py`.
    fn told(top: &Path) -> Option<Vec<Vec<u8>>> {
        let mut parts = Vec::new();
        let configured = Configured {
            top,
            listed: &["lint.toml", "rules/one"].map(RepoPath::from),
            names: &["lint.toml"],
            files: &[RepoPath::from("a/b/x.py")],
            is_wanted: &|path| path.file_name() == b"lint.toml",
            outside: &[top.with_file_name("outside")],
        };
        tell(&configured, &mut |part| parts.push(part.to_vec())).then_some(parts)
    }

    #[test]
    fn whatever_configures_is_told_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path().join("top");
        for folder in ["a/b", "c", "rules"] {
            fs::create_dir_all(top.join(folder)).expect("it is ours");
        }
        for (path, is_part) in [
            ("lint.toml", true),
            ("a/lint.toml", true),
            ("a/b/lint.toml", true),
            ("rules/one", true),
            ("rules/two", false),
            ("c/lint.toml", false),
            ("a/b/x.py", false),
            ("../outside", true),
            ("../lint.toml", true),
        ] {
            for text in ["one", "two"] {
                let before = told(&top);
                fs::write(top.join(path), text).expect("it is ours");
                assert_eq!(told(&top) != before, is_part, "{path} {text}");
                assert_eq!(told(&top), told(&top));
            }
        }
        fs::write(top.join("lint.toml"), vec![b' '; 9 << 20]).expect("it is ours");
        assert_eq!(told(&top), None, "it is too large");
    }
}
