//! Reports that commands leave in files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use globset::GlobBuilder;

use crate::model::path::RepoPath;

/// How many bytes of a report are read at once.
const BUFFER: usize = 64 << 10;
/// The most files and folders that are looked through for reports.
const MAX_ENTRIES: usize = 200_000;
/// Folders in which no report of ours is.
const LEFT_OUT: [&str; 2] = [".git", "node_modules"];
/// The most reports that one pattern stands for.
const MAX_REPORTS: usize = 10_000;
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
pub(crate) struct Reports {
    place: Place,
    before: BTreeMap<PathBuf, Stamp>,
}

/// Where reports are.
enum Place {
    File(PathBuf),
    /// The files below a folder that a pattern stands for.
    Matching(PathBuf, String),
}

impl Place {
    fn files(&self) -> Result<Vec<PathBuf>, String> {
        match self {
            Self::File(file) => Ok(vec![file.clone()]),
            Self::Matching(folder, pattern) => matching(folder, pattern),
        }
    }
}

impl Reports {
    /// One file.
    pub(crate) fn named(file: PathBuf) -> Self {
        let before = BTreeMap::from([(file.clone(), Stamp::of(&file))]);
        Self { place: Place::File(file), before }
    }

    /// The files that a name or a pattern stands for, see [`matching`]; the error is for people.
    pub(crate) fn below(folder: &Path, pattern: &str) -> Result<Self, String> {
        let place = Place::Matching(folder.to_owned(), pattern.to_owned());
        let before = place.files()?.into_iter().map(|file| (file.clone(), Stamp::of(&file))).collect();
        Ok(Self { place, before })
    }

    /// Those that were written since; the error is for people.
    pub(crate) fn fresh(&self) -> Result<Vec<PathBuf>, String> {
        let is_fresh = |file: &PathBuf| self.before.get(file).is_none_or(|before| *before != Stamp::of(file));
        Ok(self.place.files()?.into_iter().filter(is_fresh).collect())
    }
}

/// Copies reports to `aside` with a number behind it for each, and gives the copies; the error is for people.
pub(crate) fn put_aside(files: &[PathBuf], aside: &Path) -> Result<Vec<PathBuf>, String> {
    let copy = |(number, file): (usize, &PathBuf)| {
        let mut copy = aside.as_os_str().to_owned();
        copy.push(format!("-{number}"));
        let copy = PathBuf::from(copy);
        fs::copy(file, &copy).map_err(|error| format!("cannot keep the report {}: {error}", file.display()))?;
        Ok(copy)
    };
    files.iter().enumerate().map(copy).collect()
}

/// Opens a report of at most so many bytes; the error is for people.
pub(crate) fn open_report(path: &Path, limit: u64) -> Result<Box<dyn BufRead>, String> {
    let (file, size) = open("its report", path, limit)?;
    let capacity = usize::try_from(size).map_or(BUFFER, |size| size.min(BUFFER));
    // What is written to it meanwhile is not read.
    Ok(Box::new(BufReader::with_capacity(capacity, file.take(size))))
}

/// Reads a file with problem matchers whole; the error is for people.
pub(crate) fn read_matcher(path: &Path) -> Result<Vec<u8>, String> {
    read("its problem matcher", path, MAX_MATCHER)
}

fn read(what: &str, path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = open(what, path, limit)?.0.take(limit).read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| format!("cannot read {what} {}: {error}", path.display()))
}

/// A file and its size.
fn open(what: &str, path: &Path, limit: u64) -> Result<(File, u64), String> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|error| format!("cannot read {what} {shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{what} {shown} is not a file"));
    }
    if metadata.len() > limit {
        return Err(format!("{what} {shown} has more than {} MiB", limit >> 20));
    }
    let file = File::open(path).map_err(|error| format!("cannot read {what} {shown}: {error}"))?;
    Ok((file, metadata.len()))
}

/// The files that a pattern stands for, sorted: `coverage/*.info`, in which `**` is any folders; a name without such
/// signs stands for itself. Links to folders are not followed. The error is for people.
pub(crate) fn matching(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let is_sign = |part: &str| part.contains(['*', '?', '[', '{']);
    let parts: Vec<&str> = pattern.split('/').collect();
    let n_plain = parts.iter().take_while(|part| !is_sign(part)).count();
    if n_plain == parts.len() {
        let file = folder.join(pattern);
        return Ok(if file.is_file() { vec![file] } else { Vec::new() });
    }
    let (plain, rest) = parts.split_at(n_plain);
    let plain = plain.join("/");
    let start = folder.join(if plain.is_empty() && n_plain > 0 { "/" } else { plain.as_str() });
    let glob = GlobBuilder::new(&rest.join("/")).literal_separator(true).build();
    let glob = glob.map_err(|error| format!("`{pattern}` is no pattern: {error}"))?.compile_matcher();
    let (mut open, mut found, mut n_entries) = (vec![start.clone()], Vec::new(), 0);
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            n_entries += 1;
            if n_entries > MAX_ENTRIES || found.len() > MAX_REPORTS {
                return Err(format!("`{pattern}` has too much to look through: begin it with a folder"));
            }
            let (path, kind) = (entry.path(), entry.file_type());
            if kind.as_ref().is_ok_and(fs::FileType::is_dir) && !LEFT_OUT.iter().any(|name| entry.file_name() == *name)
            {
                open.push(path);
            } else if path.strip_prefix(&start).is_ok_and(|below| glob.is_match(below))
                && (kind.is_ok_and(|kind| kind.is_file()) || path.is_file())
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether there is a file of that path below a folder.
pub(crate) fn is_there(top: &Path, path: &RepoPath) -> bool {
    !top.as_os_str().is_empty() && top.join(path.to_fs()).is_file()
}

/// The path of a folder from the top of the work tree; the top itself for any that is not in it.
pub(crate) fn folder_below(top: &Path, folder: &Path) -> RepoPath {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole(folder).strip_prefix(whole(top)).map_or_else(|_| RepoPath::from(""), RepoPath::from_fs)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Reports, folder_below, matching};
    use crate::model::path::RepoPath;

    #[test]
    fn a_pattern_stands_for_the_files_that_are_there() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["a.info", "b.info", "sub/c.info", "sub/deep/d.info", ".git/e.info", "sub/f.xml"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "x").expect("a file");
        }
        let check = |pattern: &str, expected: &[&str]| {
            let found = matching(folder.path(), pattern).expect(pattern);
            let found: Vec<&Path> =
                found.iter().map(|path| path.strip_prefix(folder.path()).expect("it is below")).collect();
            assert_eq!(found, expected.iter().map(Path::new).collect::<Vec<_>>(), "{pattern}");
        };
        check("a.info", &["a.info"]);
        check("missing.info", &[]);
        check("sub", &[]);
        check("*.info", &["a.info", "b.info"]);
        check("sub/**/*.info", &["sub/c.info", "sub/deep/d.info"]);
        check("**/*.xml", &["sub/f.xml"]);
        check("nowhere/*.xml", &[]);
        check(&format!("{}/sub/*.info", folder.path().display()), &["sub/c.info"]);
        assert!(matching(folder.path(), "[").is_err());
        assert_eq!(folder_below(folder.path(), &folder.path().join("sub")), RepoPath::from("sub"));
        assert_eq!(folder_below(&folder.path().join("sub"), folder.path()), RepoPath::from(""));
    }
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
