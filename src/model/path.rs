//! Paths inside a repository: bytes, separated by `/`, relative to the top of the work tree.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::escape::write_escaped;

/// The path of a file in a repository, as git stores it: any bytes but NUL, `/` between components, never absolute.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RepoPath(Arc<[u8]>);

impl RepoPath {
    /// Takes the bytes as git gave them.
    pub(crate) fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes of the path.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The last component.
    pub(crate) fn file_name(&self) -> &[u8] {
        self.0.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
    }

    /// What follows the last dot of the file name, without the dot; none for `.profile` or `Makefile`.
    pub(crate) fn extension(&self) -> Option<&[u8]> {
        let name = self.file_name();
        let dot = name.iter().rposition(|&byte| byte == b'.')?;
        if dot == 0 { None } else { name.get(dot + 1..) }
    }

    /// The folder that holds the file; none at the top.
    pub(crate) fn parent(&self) -> Option<Self> {
        let slash = self.0.iter().rposition(|&byte| byte == b'/')?;
        self.0.get(..slash).map(Self::new)
    }

    /// The path of something below this folder; `self` may be empty, which is the top.
    pub(crate) fn join(&self, relative: &[u8]) -> Self {
        if self.0.is_empty() {
            return Self::new(relative);
        }
        let mut bytes = self.0.to_vec();
        bytes.push(b'/');
        bytes.extend_from_slice(relative);
        Self::new(bytes)
    }

    /// The path that `relative` means in this folder, by its words alone; none if it is absolute or leaves the top.
    pub(crate) fn resolve(&self, relative: &[u8]) -> Option<Self> {
        if relative.starts_with(b"/") {
            return None;
        }
        let mut components: Vec<&[u8]> = Vec::new();
        for component in self.0.split(|&byte| byte == b'/').chain(relative.split(|&byte| byte == b'/')) {
            match component {
                b"" | b"." => {}
                b".." => drop(components.pop()?),
                name => components.push(name),
            }
        }
        Some(Self::new(components.join(&b'/')))
    }

    /// The path as the file system takes it: the very bytes on Unix, UTF-8 elsewhere (where git has no other names).
    pub(crate) fn to_fs(&self) -> PathBuf {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            PathBuf::from(std::ffi::OsStr::from_bytes(&self.0))
        }
        #[cfg(not(unix))]
        {
            PathBuf::from(String::from_utf8_lossy(&self.0).into_owned())
        }
    }

    /// The other way round; what is not Unicode on a system that is not Unix is lost, as git has no name for it.
    pub(crate) fn from_fs(path: &Path) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStrExt;
            Self::new(path.as_os_str().as_bytes())
        }
        #[cfg(not(unix))]
        {
            Self::new(path.to_string_lossy().replace('\\', "/").as_bytes())
        }
    }

    /// Whether the path stays inside the repository: not empty, not absolute, no empty, `.` or `..` component.
    pub(crate) fn is_inside(&self) -> bool {
        self.0
            .split(|&byte| byte == b'/')
            .all(|component| !component.is_empty() && component != b"." && component != b"..")
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

/// For people: control characters and bytes that are not UTF-8 are written visibly, so a file name can't inject
/// terminal escapes or line breaks.
impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At the start of a line of a log this would be a command to GitHub's runner.
        if self.0.trim_ascii_start().starts_with(b"::") {
            f.write_str("./")?;
        }
        for chunk in self.0.utf8_chunks() {
            write_escaped(f, chunk.valid())?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoPath({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::RepoPath;

    #[track_caller]
    fn shown(bytes: &[u8], expected: &str) {
        assert_eq!(RepoPath::new(bytes).to_string(), expected);
    }

    #[test]
    fn a_hostile_name_is_shown_harmlessly() {
        shown(b"a\nb", "a\\nb");
        shown(b" ::error::x", "./ ::error::x");
        shown(b"\x1b[31mred", "\\x1b[31mred");
        shown(b"caf\xe9", "caf\\xe9");
        shown("\u{202e}txt.exe".as_bytes(), "\\u{202e}txt.exe");
        shown("straße/ü.rs".as_bytes(), "straße/ü.rs");
    }

    #[test]
    fn parts_of_a_path() {
        let path = RepoPath::from("a/b/c.tar.gz");
        assert_eq!(path.file_name(), b"c.tar.gz");
        assert_eq!(path.extension(), Some(&b"gz"[..]));
        assert_eq!(path.parent(), Some(RepoPath::from("a/b")));
        assert_eq!(RepoPath::from(".profile").extension(), None);
        assert_eq!(RepoPath::from("top").parent(), None);
    }

    #[test]
    fn a_relative_path_is_resolved_by_its_words() {
        for (folder, relative, expected) in [
            ("", "a/b", Some("a/b")),
            ("a", "./b//c", Some("a/b/c")),
            ("a/b", "../../c", Some("c")),
            ("a", "../..", None),
            ("a", "/b", None),
        ] {
            assert_eq!(RepoPath::from(folder).resolve(relative.as_bytes()), expected.map(RepoPath::from), "{relative}");
        }
    }

    #[test]
    fn a_path_that_leaves_the_repository_is_told() {
        for outside in ["", "/etc/passwd", "../x", "a/../../b", "a//b"] {
            assert!(!RepoPath::from(outside).is_inside(), "{outside}");
        }
        assert!(RepoPath::from("a/..b/c").is_inside());
    }
}
