//! One file of the folder, kept and read as a whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::store::{make_private, private};

/// Why something could not be kept or read.
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
    /// The file is larger than what was kept in it can be.
    #[error("{} is too large to be what was kept there", .0.display())]
    TooLarge(PathBuf),
}

/// Keeps a document as the file of this name in `folder`, which is made if it is not there; the one before is replaced.
/// Whoever reads at the same time sees the whole of one or the other. It is not forced to the disk: after a power cut the
/// one before may be back, or none.
pub(super) fn save(folder: &Path, name: &str, document: &[u8]) -> Result<(), Error> {
    // One name a process: two runs in the same work tree must not write into one file.
    let draft = folder.join(format!("{name}.{}.tmp", std::process::id()));
    write_draft(folder, &draft, document)?;
    let target = folder.join(name);
    fs::rename(&draft, &target).map_err(|source| {
        let _ = fs::remove_file(&draft);
        Error::File { action: "replace", file: target, source }
    })
}

fn write_draft(folder: &Path, draft: &Path, document: &[u8]) -> Result<(), Error> {
    let create = || private().write(true).create(true).truncate(true).open(draft);
    let mut opened = create();
    if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        make_private(folder).map_err(|source| Error::File { action: "make", file: folder.to_owned(), source })?;
        opened = create();
    }
    opened.and_then(|mut file| file.write_all(document)).map_err(|source| {
        let _ = fs::remove_file(draft);
        Error::File { action: "write", file: draft.to_owned(), source }
    })
}

/// The document that was kept under this name; none if there is none. One of more bytes was not written here.
pub(super) fn load(folder: &Path, name: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, Error> {
    let path = folder.join(name);
    let opened = match File::open(&path) {
        Ok(opened) => opened,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::File { action: "open", file: path, source }),
    };
    let mut document = Vec::new();
    match opened.take(max_bytes + 1).read_to_end(&mut document) {
        Ok(_) if document.len() as u64 > max_bytes => Err(Error::TooLarge(path)),
        Ok(_) => Ok(Some(document)),
        Err(source) => Err(Error::File { action: "read", file: path, source }),
    }
}
