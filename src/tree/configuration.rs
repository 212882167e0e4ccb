//! The files that programs are configured by, as they are where a program looks for them: those that are tracked, those
//! beside and above the files that it is given, tracked or not, and those that the user names.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::model::path::RepoPath;
use crate::tree::file_state::FileState;

/// The most bytes of such a file.
const MAX_FILE: u64 = 8 << 20;

/// What stands between the names of files.
const BETWEEN: &[u8] = b" \t\r\n\"'`,;:=()[]{}<>|*?#@&!";

/// Where a program may look.
pub(crate) struct Configured<'a> {
    /// The folder that holds the repository as the program sees it.
    pub(crate) top: &'a Path,
    /// Files of the repository that it may look for.
    pub(crate) listed: &'a [RepoPath],
    /// The folder that it runs in.
    pub(crate) folder: &'a RepoPath,
    /// Names of such files, wherever they are.
    pub(crate) names: &'a [&'a str],
    /// The files that it is given.
    pub(crate) files: &'a [RepoPath],
    /// Whether a file that is found beside or above those is such a one.
    pub(crate) is_wanted: &'a dyn Fn(&RepoPath) -> bool,
    /// Files and folders outside of the repository.
    pub(crate) outside: &'a [PathBuf],
}

/// Tells where such files are and what they hold, or that they are not there; false if that is too much. A file that one
/// of them names is one as well: a list of words, what is extended.
pub(crate) fn tell(configured: &Configured<'_>, tell: &mut dyn FnMut(&[u8])) -> bool {
    let mut paths: BTreeSet<RepoPath> = configured.listed.iter().cloned().collect();
    for folder in folders(configured.files) {
        let entries = fs::read_dir(configured.top.join(folder.to_fs())).into_iter().flatten().flatten();
        let names = entries.map(|entry| folder.join(RepoPath::from_fs(Path::new(&entry.file_name())).as_bytes()));
        paths.extend(names.filter(|path| (configured.is_wanted)(path)));
    }
    let mut names = Names { configured, told: BTreeSet::new(), folders: BTreeMap::new() };
    let mut open: Vec<RepoPath> = paths.into_iter().rev().collect();
    while let Some(path) = open.pop() {
        if !names.told.insert(path.clone()) {
            continue;
        }
        tell(path.as_bytes());
        let Some(content) = content(&configured.top.join(path.to_fs())) else { return false };
        tell(if content.is_some() { b"file" } else { b"none" });
        tell(content.as_deref().unwrap_or_default());
        open.extend(names.of(&path, &content.unwrap_or_default()));
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

/// The files of the repository that others name.
struct Names<'a> {
    configured: &'a Configured<'a>,
    told: BTreeSet<RepoPath>,
    /// What is in the folders in which they were looked for.
    folders: BTreeMap<RepoPath, HashSet<Vec<u8>>>,
}

impl Names<'_> {
    /// The files that a file names, from its folder or from that of the program.
    fn of(&mut self, path: &RepoPath, text: &[u8]) -> Vec<RepoPath> {
        let words: BTreeSet<&[u8]> =
            text.split(|byte| BETWEEN.contains(byte)).filter(|word| !word.is_empty()).collect();
        let beside = path.parent().unwrap_or_else(|| RepoPath::from(""));
        let mut found = BTreeSet::new();
        for folder in BTreeSet::from([&beside, self.configured.folder]) {
            found.extend(words.iter().filter_map(|word| self.below(folder, word)));
        }
        found.into_iter().filter(|path| !self.told.contains(path)).collect()
    }

    /// The file that a word names from a folder. Nearly no word is one, so what is in the folder is asked for once.
    fn below(&mut self, folder: &RepoPath, word: &[u8]) -> Option<RepoPath> {
        let top = self.configured.top;
        let there = self.folders.entry(folder.clone()).or_insert_with(|| names_in(&top.join(folder.to_fs())));
        let first = word.split(|&byte| byte == b'/').next().unwrap_or_default();
        if !there.contains(first) && ![b".".as_slice(), b".."].contains(&first) {
            return None;
        }
        folder.resolve(word).filter(|path| top.join(path.to_fs()).is_file())
    }
}

/// The names of what is in a folder.
fn names_in(folder: &Path) -> HashSet<Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| RepoPath::from_fs(Path::new(&entry.file_name())).as_bytes().to_owned()).collect()
}

/// What a file holds, nothing if there is none; none if it can't be read or is too large.
fn content(file: &Path) -> Option<Option<Vec<u8>>> {
    if file.is_file() { read(file).map(Some) } else { Some(None) }
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
            folder: &RepoPath::from(""),
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
            for text in ["old", "new"] {
                let before = told(&top);
                fs::write(top.join(path), text).expect("it is ours");
                assert_eq!(told(&top) != before, is_part, "{path} {text}");
                assert_eq!(told(&top), told(&top));
            }
        }
        fs::write(top.join("lint.toml"), "words = './c/words'").expect("it is ours");
        fs::write(top.join("a/b/lint.toml"), "extend: ../../extended").expect("it is ours");
        fs::write(top.join("extended"), "words: more.txt, sub/none").expect("it is ours");
        for path in ["c/words", "extended", "more.txt"] {
            let before = told(&top);
            fs::write(top.join(path), format!("{} c/words", fs::read_to_string(top.join(path)).unwrap_or_default()))
                .expect("it is ours");
            assert_ne!(told(&top), before, "{path}");
        }
        fs::write(top.join("lint.toml"), vec![b' '; 9 << 20]).expect("it is ours");
        assert_eq!(told(&top), None, "it is too large");
    }
}
