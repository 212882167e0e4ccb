//! Some of the files that had unstaged changes when a work tree was looked at last: they mostly still have, and then nothing
//! else has to be looked at. A file with their paths, each with a zero byte behind it.

use std::path::Path;

use crate::model::path::RepoPath;
use crate::store::document::{Error, load, save};

/// The name of the file in the folder.
const NAME: &str = "edited";
/// The most bytes that are read back.
const MAX_BYTES: u64 = 1 << 16;

/// Keeps these in `folder` instead of those before.
pub(crate) fn save_edited(folder: &Path, paths: &[RepoPath]) -> Result<(), Error> {
    let text: Vec<u8> = paths.iter().flat_map(|path| [path.as_bytes(), b"\0"].concat()).collect();
    save(folder, NAME, &text)
}

/// What was kept, as far as it makes sense: without it more has to be looked at and nothing else is different.
pub(crate) fn load_edited(folder: &Path) -> Vec<RepoPath> {
    let bytes = load(folder, NAME, MAX_BYTES).ok().flatten().unwrap_or_default();
    bytes.split(|&byte| byte == 0).map(RepoPath::new).filter(RepoPath::is_inside).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{NAME, load_edited, save_edited};
    use crate::model::path::RepoPath;

    #[test]
    fn what_was_kept_is_read_and_what_is_no_path_is_not() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load_edited(folder.path()), []);
        let paths = [RepoPath::from("a/b c"), RepoPath::new(b"\xff\n".as_slice())];
        save_edited(folder.path(), &paths).unwrap();
        assert_eq!(load_edited(folder.path()), paths);
        fs::write(folder.path().join(NAME), b"/etc/passwd\0../x\0\0a").unwrap();
        assert_eq!(load_edited(folder.path()), [RepoPath::from("a")]);
    }
}
