//! Reports that commands leave in files.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The most bytes of a report that are read.
const MAX_REPORT: u64 = 512 << 20;

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

/// Reads a report whole; the error is for people.
pub(crate) fn read_report(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|error| format!("cannot read its report {shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("its report {shown} is not a file"));
    }
    if metadata.len() > MAX_REPORT {
        return Err(format!("its report {shown} has more than {} MiB", MAX_REPORT >> 20));
    }
    fs::read(path).map_err(|error| format!("cannot read its report {shown}: {error}"))
}
