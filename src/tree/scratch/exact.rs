//! A folder of ours that is made to hold these files and nothing else. What is right already is not written again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::tree::removal::remove;
use crate::tree::scratch::unless_missing;

/// The files by their paths from the folder.
pub(super) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Makes the folder what it is to be, whatever is there: links are removed and not followed, nothing is written into a
/// file that is there. `empty` are folders that may be empty; what is in the folder `kept` stays, but for a folder of
/// which there are files.
pub(super) fn make(folder: &Path, files: &Files, empty: &str, kept: Option<&str>) -> io::Result<()> {
    // What a program locked is removed as a whole.
    bring_up_to_date(folder, files, empty, kept).or_else(|_| {
        remove(folder).or_else(unless_missing)?;
        bring_up_to_date(folder, files, empty, kept)
    })
}

fn bring_up_to_date(folder: &Path, files: &Files, empty: &str, kept: Option<&str>) -> io::Result<()> {
    if !fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir()) {
        remove(folder).or_else(unless_missing)?;
    }
    fs::create_dir_all(folder)?;
    let mut folders: BTreeSet<&Path> = files.keys().flat_map(|file| file.ancestors().skip(1)).collect();
    folders.insert(Path::new(empty));
    let mut right = BTreeSet::new();
    let mut open = vec![PathBuf::new()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(folder.join(&at))? {
            let entry = entry?;
            let (path, place, kind) = (at.join(entry.file_name()), entry.path(), entry.file_type()?);
            match files.get(&path) {
                _ if kind.is_dir() && folders.contains(path.as_path()) => open.push(path),
                Some(bytes) if kind.is_file() && fs::read(&place)? == *bytes => drop(right.insert(path)),
                None if kept.is_some_and(|kept| at == Path::new(kept)) => {}
                _ => remove(&place)?,
            }
        }
    }
    for (path, bytes) in files.iter().filter(|(path, _)| !right.contains(*path)) {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(file, bytes)?;
    }
    fs::create_dir_all(folder.join(empty))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Files, make};
    use crate::tree::scratch::references::files;

    #[test]
    fn only_what_is_to_be_there_is_there_and_what_was_right_was_not_touched() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let (folder, outside) = (place.path().join("folder"), place.path().join("outside"));
        let wanted: Files = ["a", "b/c", "k/info/d"].map(|path| (PathBuf::from(path), path.as_bytes().to_vec())).into();
        make(&folder, &wanted, "e", Some("k")).expect("it is made");
        let time =
            |path: &str| fs::metadata(folder.join(path)).and_then(|metadata| metadata.modified()).expect("it is there");
        let before = time("a");
        for path in ["k/pack/p", "b/c/deeper", "b.lock", "x/y/z", "e/f", "k/info/lock"] {
            let file = folder.join(path);
            let _ = fs::remove_file(file.parent().expect("it is below"));
            fs::create_dir_all(file.parent().expect("it is below")).expect("it is ours");
            fs::write(file, "wrong").expect("it is ours");
        }
        fs::create_dir_all(outside.join("k")).expect("it is ours");
        fs::write(outside.join("kept"), "kept").expect("it is ours");
        #[cfg(unix)]
        for (link, to) in [("linked", outside.as_path()), ("k/info/d2", Path::new("../../../outside/kept"))] {
            std::os::unix::fs::symlink(to, folder.join(link)).expect("it is ours");
        }
        make(&folder, &wanted, "e", Some("k")).expect("it is made");
        let mut there = files(&folder).expect("it is read");
        there.sort();
        assert_eq!(there, ["a", "b/c", "k/info/d", "k/pack/p"].map(PathBuf::from));
        assert!(folder.join("e").is_dir() && outside.join("kept").exists());
        assert_eq!(
            (fs::read(folder.join("b/c")).expect("it is there").as_slice(), time("a")),
            (b"b/c".as_slice(), before)
        );
        make(&folder, &wanted, "e", None).expect("it is made");
        assert!(!folder.join("k/pack").exists());
    }
}
