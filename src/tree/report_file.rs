//! Reports that commands leave in files.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::SystemTime;

/// How many bytes of a report are read at once.
const BUFFER: usize = 64 << 10;
/// The most bytes of a file with problem matchers that are read.
const MAX_MATCHER: u64 = 1 << 20;

/// What tells that a file was written since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stamp(Option<(SystemTime, u64)>);

impl Stamp {
    /// The stamp of a file as it is now; one that is not there has a stamp of its own.
    pub(crate) fn of(path: &Path) -> Self {
        let written = |metadata: fs::Metadata| Some((metadata.modified().ok()?, metadata.len()));
        Self(fs::metadata(path).ok().and_then(written))
    }
}

/// Opens a report of at most so many bytes; the error is for people.
pub(crate) fn open_report(path: &Path, limit: u64) -> Result<Box<dyn BufRead>, String> {
    let file = open("its report", path, limit)?;
    // What is written to it meanwhile is not read.
    Ok(Box::new(BufReader::with_capacity(BUFFER, file.take(limit))))
}

/// Reads a file with problem matchers whole; the error is for people.
pub(crate) fn read_matcher(path: &Path) -> Result<Vec<u8>, String> {
    read("its problem matcher", path, MAX_MATCHER)
}

fn read(what: &str, path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = open(what, path, limit)?.take(limit).read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| format!("cannot read {what} {}: {error}", path.display()))
}

fn open(what: &str, path: &Path, limit: u64) -> Result<File, String> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|error| format!("cannot read {what} {shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{what} {shown} is not a file"));
    }
    if metadata.len() > limit {
        return Err(format!("{what} {shown} has more than {} MiB", limit >> 20));
    }
    File::open(path).map_err(|error| format!("cannot read {what} {shown}: {error}"))
}
