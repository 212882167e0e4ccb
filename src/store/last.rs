//! The last run of a work tree, so that it can be shown again.

use std::path::Path;

use crate::store::document::{Error, load, save};

/// The name of the file in the folder.
const NAME: &str = "last.json";
/// The most bytes that are read back; a larger file was not written by a run.
const MAX_BYTES: u64 = 1 << 30;

/// Keeps the document of a run in `folder`; the one before is replaced.
pub(crate) fn save_last(folder: &Path, document: &[u8]) -> Result<(), Error> {
    save(folder, NAME, document)
}

/// The document that was kept last; none if there is none.
pub(crate) fn load_last(folder: &Path) -> Result<Option<Vec<u8>>, Error> {
    load(folder, NAME, MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{load_last, save_last};

    #[test]
    fn the_last_document_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("not/yet/there");
        assert_eq!(load_last(&below).unwrap(), None);
        save_last(&below, b"one").unwrap();
        assert_eq!(load_last(&below).unwrap().as_deref(), Some(&b"one"[..]));
        save_last(&below, b"2").unwrap();
        assert_eq!(load_last(&below).unwrap().as_deref(), Some(&b"2"[..]));
        assert_eq!(fs::read_dir(&below).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(save_last(&folder.path().join("file"), b"x").is_err());
        fs::create_dir(folder.path().join("last.json")).unwrap();
        fs::write(folder.path().join("last.json/in-the-way"), "").unwrap();
        let error = save_last(folder.path(), b"x").unwrap_err();
        assert!(error.to_string().starts_with("cannot replace "), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
        assert!(load_last(folder.path()).is_err());
    }
}
