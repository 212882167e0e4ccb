//! Folders with a few small files that are made equal to others by what differs in size or time of change, so that what is
//! the same costs a look each.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::tree::removal::remove_folder;
use crate::tree::scratch::unless_missing;

/// Files below folders: the path from there, where the file is, its size and when it was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dated(BTreeMap<PathBuf, (PathBuf, u64, SystemTime)>);

impl Dated {
    /// The files that are not in both, or not the same.
    pub(crate) fn differing<'a>(&'a self, other: &'a Self) -> Vec<&'a Path> {
        let of = |one: &Self, path: &PathBuf| one.0.get(path).map(|(_, size, time)| (*size, *time));
        let paths = self.0.keys().chain(other.0.keys().filter(|path| !self.0.contains_key(*path)));
        paths.filter(|path| of(self, path) != of(other, path)).map(PathBuf::as_path).collect()
    }
}

/// The files below these folders, of which a later one goes before. Links are followed; locks are left out.
pub(super) fn files<P: AsRef<Path>>(folders: &[P]) -> io::Result<Dated> {
    let mut found = Dated::default();
    for top in folders.iter().map(AsRef::as_ref) {
        let mut open = vec![PathBuf::new()];
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(top.join(&folder)) {
                // Where references are in tables, git has a file instead of the folder.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
                entries => entries?,
            };
            for entry in entries {
                let path = folder.join(entry?.file_name());
                let place = top.join(&path);
                let Some(metadata) = looked_at(&place)? else { continue };
                match metadata.is_dir() {
                    true => open.push(path),
                    false if path.extension().is_some_and(|ending| ending == "lock") => {}
                    false => drop(found.0.insert(path, (place, metadata.len(), metadata.modified()?))),
                }
            }
        }
    }
    Ok(found)
}

/// Makes a folder hold the files of `folders`, of which a later one goes before. What vanishes meanwhile is not there; if
/// there is none of these folders, there is none of them afterwards.
pub(super) fn follow<P: AsRef<Path>>(folders: &[P], to: &Path) -> io::Result<()> {
    if !folders.iter().any(|folder| folder.as_ref().is_dir()) {
        return remove_folder(to).or_else(unless_missing);
    }
    fs::create_dir_all(to)?;
    let (wanted, there) = (files(folders)?, files(&[to])?);
    let differing = wanted.differing(&there);
    for path in differing.iter().filter(|path| there.0.contains_key(**path)) {
        fs::remove_file(to.join(path)).or_else(unless_missing)?;
    }
    for path in differing {
        if let Some((from, _, time)) = wanted.0.get(path) {
            copy(from, &to.join(path), *time)?;
        }
    }
    Ok(())
}

/// Copies a file with its time of change.
fn copy(from: &Path, to: &Path, time: SystemTime) -> io::Result<()> {
    let bytes = match fs::read(from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        bytes => bytes?,
    };
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    if to.is_dir() {
        remove_folder(to)?;
    }
    fs::write(to, bytes)?;
    File::options().write(true).open(to)?.set_modified(time)
}

/// What is known of a file or folder; none if it is not there any more.
fn looked_at(place: &Path) -> io::Result<Option<Metadata>> {
    match fs::metadata(place) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{files, follow};

    fn write(place: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            fs::create_dir_all(place.join(path).parent().expect("it is below")).expect("it is ours");
            fs::write(place.join(path), text).expect("it is ours");
        }
    }

    fn texts(place: &Path) -> Vec<(String, String)> {
        let found = files(&[place]).expect("it is read");
        let text = |path: &Path| fs::read_to_string(place.join(path)).expect("it is read");
        found.0.keys().map(|path| (path.display().to_string(), text(path))).collect()
    }

    #[test]
    fn what_differs_is_taken_from_the_last_folder_that_has_it() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let [one, other, copy] = ["one", "other", "copy"].map(|name| place.path().join(name));
        let both = [one.clone(), other.clone()];
        follow(&both, &copy).expect("there is nothing");
        assert!(!copy.exists());
        write(&one, &[("a", "1"), ("b/c", "2"), ("b/d", "3"), ("b/d.lock", "x")]);
        write(&other, &[("b/c", "4")]);
        follow(&both, &copy).expect("it is copied");
        let expected = [("a", "1"), ("b/c", "4"), ("b/d", "3")].map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(texts(&copy), expected);
        let laid = files(&[&copy]).expect("it is read");
        // What is written there, what is missing, and files where folders were.
        write(&copy, &[("a", "9"), ("e/f", "8")]);
        fs::remove_file(copy.join("b/c")).expect("it is ours");
        let now = files(&[&copy]).expect("it is read");
        assert_eq!(laid.differing(&now), ["a", "b/c", "e/f"].map(Path::new));
        follow(&both, &copy).expect("it is copied");
        assert_eq!(texts(&copy), expected);
        assert_eq!(laid.differing(&files(&[&copy]).expect("it is read")), [] as [&Path; 0]);
        fs::remove_dir_all(one.join("b")).expect("it is ours");
        write(&one, &[("b", "5"), ("e", "6")]);
        fs::remove_dir_all(&other).expect("it is ours");
        follow(&both, &copy).expect("it is copied");
        assert_eq!(texts(&copy), [("a", "1"), ("b", "5"), ("e", "6")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
