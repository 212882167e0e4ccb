//! The last run of a work tree, so that it can be shown again.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The name of the file in the folder.
const NAME: &str = "last.json";
/// The most bytes that are read back; a larger file was not written by a run.
const MAX_BYTES: u64 = 1 << 30;

/// Why the last run could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system refused.
    #[error("cannot {action} {}", .file.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// To which file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is larger than any run's.
    #[error("{} is too large to be the report of a run", .0.display())]
    TooLarge(PathBuf),
}

/// Keeps the document of a run in `folder`, which is made if it is not there; the one before is replaced. Whoever
/// reads at the same time sees the whole of one or the other. It is not forced to the disk: after a power cut the run
/// before may be back, or none.
pub(crate) fn save_last(folder: &Path, document: &[u8]) -> Result<(), Error> {
    // One name a process: two runs in the same work tree must not write into one file.
    let draft = folder.join(format!("{NAME}.{}.tmp", std::process::id()));
    write_draft(folder, &draft, document)?;
    let target = folder.join(NAME);
    fs::rename(&draft, &target).map_err(|source| {
        let _ = fs::remove_file(&draft);
        Error::File { action: "replace", file: target, source }
    })
}

fn write_draft(folder: &Path, draft: &Path, document: &[u8]) -> Result<(), Error> {
    let mut opened = File::create(draft);
    if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        fs::create_dir_all(folder).map_err(|source| Error::File { action: "make", file: folder.to_owned(), source })?;
        opened = File::create(draft);
    }
    opened.and_then(|mut file| file.write_all(document)).map_err(|source| {
        let _ = fs::remove_file(draft);
        Error::File { action: "write", file: draft.to_owned(), source }
    })
}

/// The document that was kept last; none if there is none.
pub(crate) fn load_last(folder: &Path) -> Result<Option<Vec<u8>>, Error> {
    let path = folder.join(NAME);
    let opened = match File::open(&path) {
        Ok(opened) => opened,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::File { action: "open", file: path, source }),
    };
    let mut document = Vec::new();
    match opened.take(MAX_BYTES + 1).read_to_end(&mut document) {
        Ok(_) if document.len() as u64 > MAX_BYTES => Err(Error::TooLarge(path)),
        Ok(_) => Ok(Some(document)),
        Err(source) => Err(Error::File { action: "read", file: path, source }),
    }
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
