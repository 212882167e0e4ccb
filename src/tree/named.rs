//! Folders that the user names on the command line.

use std::fs;
use std::path::{Path, PathBuf};

use crate::tree::Error;

/// The most files that are listed.
const MAX_FILES: usize = 100_000;

/// The regular files below a folder, sorted; links are not followed, and what git keeps is left out. More than 100,000
/// are an error.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut open, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        let mut list = || {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                match () {
                    () if kind.is_dir() && entry.file_name() != ".git" => open.push(entry.path()),
                    () if kind.is_file() => files.push(entry.path()),
                    () => {}
                }
            }
            match files.len() {
                0..=MAX_FILES => Ok(()),
                _ => Err(std::io::Error::other("there are too many files in it")),
            }
        };
        list().map_err(Error::files("list", &folder))?;
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::files_below;
    use std::fs;

    #[test]
    fn files_are_listed_all_the_way_down_and_those_of_git_are_not() {
        let top = tempfile::tempdir().unwrap();
        for file in ["b", "a/c", "a/d/e", ".git/config"] {
            let file = top.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let listed = files_below(top.path()).unwrap();
        let listed: Vec<_> = listed.iter().map(|file| file.strip_prefix(top.path()).unwrap()).collect();
        assert_eq!(listed, ["a/c", "a/d/e", "b"].map(std::path::Path::new));
        assert!(files_below(&top.path().join("b")).is_err());
    }
}
