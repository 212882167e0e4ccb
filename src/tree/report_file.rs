//! Reports that commands leave in files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use globset::{GlobBuilder, GlobMatcher};

/// The most files and folders among which reports are looked for.
const MAX_ENTRIES: usize = 200_000;
/// How deep below its first folder a report may lie.
const MAX_DEPTH: usize = 32;
/// Folders in which no report of ours is.
const LEFT_OUT: [&str; 2] = [".git", "node_modules"];
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

/// The files that a command may leave reports in, as they were at a moment.
pub(crate) enum Reports {
    /// One.
    Named(PathBuf, Stamp),
    /// All below a folder that match a pattern.
    Matching(PathBuf, GlobMatcher, BTreeMap<PathBuf, Stamp>),
}

impl Reports {
    /// One file.
    pub(crate) fn named(file: PathBuf) -> Self {
        let stamp = Stamp::of(&file);
        Self::Named(file, stamp)
    }

    /// The file of this name below `folder`, or those that a glob pattern means; the error is for people.
    pub(crate) fn below(folder: &Path, name: &str) -> Result<Self, String> {
        if !is_pattern(name) {
            return Ok(Self::named(folder.join(name)));
        }
        let glob = GlobBuilder::new(name).literal_separator(true).build().map_err(|error| error.to_string())?;
        let matcher = glob.compile_matcher();
        let stamps = matching(folder, &matcher)?;
        Ok(Self::Matching(folder.to_owned(), matcher, stamps))
    }

    /// Those that were written since; the error is for people.
    pub(crate) fn fresh(&self) -> Result<Vec<PathBuf>, String> {
        match self {
            Self::Named(file, stamp) if Stamp::of(file) == *stamp => Ok(Vec::new()),
            Self::Named(file, _) => Ok(vec![file.clone()]),
            Self::Matching(folder, matcher, stamps) => {
                let now = matching(folder, matcher)?.into_iter();
                Ok(now.filter(|(file, stamp)| stamps.get(file) != Some(stamp)).map(|(file, _)| file).collect())
            }
        }
    }
}

/// The files below a folder that match, with their stamps; links are not followed.
fn matching(folder: &Path, matcher: &GlobMatcher) -> Result<BTreeMap<PathBuf, Stamp>, String> {
    let pattern = matcher.glob().glob();
    let fixed: PathBuf = Path::new(pattern).iter().take_while(|part| !part.to_str().is_some_and(is_pattern)).collect();
    let mut found = BTreeMap::new();
    let mut open = vec![(folder.join(fixed), 0)];
    let mut n_seen = 0;
    while let Some((place, depth)) = open.pop() {
        for entry in fs::read_dir(&place).into_iter().flatten().flatten() {
            n_seen += 1;
            if n_seen > MAX_ENTRIES {
                return Err(format!("among more than {MAX_ENTRIES} files no reports are looked for (`{pattern}`)"));
            }
            let Ok(kind) = entry.file_type() else { continue };
            let file = entry.path();
            if kind.is_dir() && depth < MAX_DEPTH && !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                open.push((file, depth + 1));
            } else if kind.is_file() && file.strip_prefix(folder).is_ok_and(|relative| matcher.is_match(relative)) {
                let stamp = Stamp::of(&file);
                found.insert(file, stamp);
            }
        }
    }
    Ok(found)
}

/// Whether a name is a glob pattern.
fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Reports;

    #[test]
    fn only_what_was_written_since_is_a_report() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("a/target/r/TEST-old.xml", "1");
        write("a/target/r/TEST-again.xml", "1");
        let reports = Reports::below(folder.path(), "**/target/r/TEST-*.xml").unwrap();
        let one = Reports::below(folder.path(), "a/one.xml").unwrap();
        assert_eq!(reports.fresh(), Ok(Vec::new()));
        for (name, text) in [
            ("a/target/r/TEST-again.xml", "22"),
            ("b/c/target/r/TEST-new.xml", "1"),
            ("target/r/TEST-top.xml", "1"),
            ("target/r/other.xml", "1"),
            ("node_modules/target/r/TEST-x.xml", "1"),
            ("a/one.xml", "1"),
        ] {
            write(name, text);
        }
        let names = |reports: &Reports| -> Vec<String> {
            let fresh = reports.fresh().unwrap();
            fresh.iter().map(|file| file.strip_prefix(folder.path()).unwrap().display().to_string()).collect()
        };
        let expected = ["a/target/r/TEST-again.xml", "b/c/target/r/TEST-new.xml", "target/r/TEST-top.xml"];
        assert_eq!(names(&reports), expected);
        assert_eq!(names(&one), ["a/one.xml"]);
    }
}
