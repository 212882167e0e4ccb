//! Paths as the URIs of SARIF and back.

use std::fmt::Write;
use std::path::Path;

use crate::model::path::RepoPath;

/// Where a foreign URI points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To a file of the repository.
    Inside(RepoPath),
    /// To something else; the text for people.
    Outside(String),
}

/// The path as a relative URI: UTF-8 or not, every byte but the unreserved characters (RFC 3986, 2.3) and the slash is
/// percent-encoded.
pub(crate) fn encode(path: &RepoPath) -> String {
    let mut uri = String::with_capacity(path.as_bytes().len());
    for &byte in path.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// The bytes that a percent-encoded text stands for; a `%` that begins no code stands for itself.
fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = if first == b'%' { tail.first_chunk().and_then(hexadecimal) } else { None };
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    bytes
}

fn hexadecimal(digits: &[u8; 2]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

/// Whether a URI says by itself what it is relative to: it has a scheme or begins with a slash or a drive.
pub(crate) fn is_absolute(uri: &str) -> bool {
    let scheme = uri.split([':', '/', '\\']).next().unwrap_or_default();
    let has_scheme = uri.as_bytes().get(scheme.len()) == Some(&b':')
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|rest| rest.is_ascii_alphanumeric() || "+-.".contains(rest));
    has_scheme || uri.starts_with(['/', '\\'])
}

/// Resolves a URI, with the URIs that it is relative to after it, to a path of the repository whose work tree is at
/// `root` (absolute, without symbolic links); what is relative to nothing is relative to `folder`. Tools that write
/// plain paths instead of URIs are understood, also with backslashes.
pub(crate) fn resolve(chain: &[&str], root: &Path, folder: &RepoPath) -> Target {
    let shown = || Target::Outside(chain.first().copied().unwrap_or_default().to_owned());
    let mut path: Vec<u8> = Vec::new();
    let mut is_rooted = false;
    for uri in chain {
        let plain = uri.replace('\\', "/");
        let Some((location, is_absolute)) = local_path(&plain) else {
            return shown();
        };
        if !path.is_empty() && !location.is_empty() && !location.ends_with(b"/") {
            path.insert(0, b'/');
        }
        path.splice(0..0, location);
        if is_absolute {
            is_rooted = true;
            break;
        }
    }
    let relative = if is_rooted {
        let Some(below) = below_root(&path, root) else {
            return shown();
        };
        below
    } else {
        folder.join(&path).as_bytes().to_vec()
    };
    normalised(&relative).map_or_else(shown, Target::Inside)
}

/// The same for a plain path, in which nothing is encoded.
pub(crate) fn resolve_path(path: &str, root: &Path, folder: &RepoPath) -> Target {
    let plain = path.replace('\\', "/");
    let relative = match plain.starts_with('/') || starts_with_drive(plain.as_bytes()) {
        true => below_root(plain.as_bytes(), root),
        false => Some(folder.join(plain.as_bytes()).as_bytes().to_vec()),
    };
    relative.and_then(|relative| normalised(&relative)).map_or_else(|| Target::Outside(path.to_owned()), Target::Inside)
}

/// The path in a URI and whether it is absolute; none for a scheme that is not `file`.
fn local_path(uri: &str) -> Option<(Vec<u8>, bool)> {
    if starts_with_drive(uri.as_bytes()) {
        return Some((decode(uri), true));
    }
    let scheme_length = "file:".len();
    match uri.get(..scheme_length) {
        Some(scheme) if scheme.eq_ignore_ascii_case("file:") => {
            let rest = uri.get(scheme_length..).unwrap_or_default();
            let path = match rest.strip_prefix("//") {
                Some(drive) if starts_with_drive(drive.as_bytes()) => drive,
                Some(authority) => authority.find('/').and_then(|slash| authority.get(slash..)).unwrap_or("/"),
                None => rest,
            };
            Some((decode(path), is_absolute(path)))
        }
        _ if uri.starts_with('/') => Some((decode(uri), true)),
        _ if is_absolute(uri) => None,
        _ => Some((decode(uri), false)),
    }
}

/// Whether it begins like `C:/`.
fn starts_with_drive(path: &[u8]) -> bool {
    matches!(path, [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic())
}

/// What remains of an absolute path below `root`.
fn below_root(path: &[u8], root: &Path) -> Option<Vec<u8>> {
    let root = comparable(root.as_os_str().as_encoded_bytes());
    let path = comparable(path);
    let root = root.strip_suffix(b"/").unwrap_or(&root);
    let below = path.strip_prefix(root)?.strip_prefix(b"/")?;
    Some(below.to_vec())
}

/// An absolute path in one form: a Windows path with slashes and a capital drive.
fn comparable(path: &[u8]) -> Vec<u8> {
    let path = path.strip_prefix(br"\\?\").unwrap_or(path);
    let without_slash = path.strip_prefix(b"/").unwrap_or(path);
    if !starts_with_drive(without_slash) {
        return path.to_vec();
    }
    let mut plain: Vec<u8> = without_slash.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect();
    if let Some(drive) = plain.first_mut() {
        drive.make_ascii_uppercase();
    }
    plain
}

/// The path without empty, `.` and `..` components; none if it leaves the repository or is its top.
fn normalised(path: &[u8]) -> Option<RepoPath> {
    let mut components: Vec<&[u8]> = Vec::new();
    for component in path.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                components.pop()?;
            }
            name => components.push(name),
        }
    }
    let path = RepoPath::new(components.join(&b'/'));
    (path.is_inside() && !path.as_bytes().contains(&0)).then_some(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Target, encode, resolve};
    use crate::model::path::RepoPath;

    #[track_caller]
    fn check(chain: &[&str], root: &str, folder: &str, expected: &str) {
        let resolved = resolve(chain, Path::new(root), &RepoPath::from(folder));
        assert_eq!(resolved, Target::Inside(RepoPath::from(expected)));
    }

    #[track_caller]
    fn outside(chain: &[&str]) {
        let resolved = resolve(chain, Path::new("/w"), &RepoPath::from(""));
        assert_eq!(resolved, Target::Outside(chain[0].to_owned()));
    }

    #[test]
    fn relative_uris_are_relative_to_the_folder_of_the_tool() {
        check(&["a/b.py"], "/w", "", "a/b.py");
        check(&["./a/../b.py"], "/w", "sub", "sub/b.py");
        check(&["../b.py"], "/w", "sub", "b.py");
        check(&["b.py", "src/"], "/w", "sub", "sub/src/b.py");
        check(&["b.py", "src", "deep/"], "/w", "", "deep/src/b.py");
        check(&[r"a\b.py"], "/w", "", "a/b.py");
    }

    #[test]
    fn absolute_uris_are_relative_to_the_root() {
        check(&["file:///w/a.py"], "/w", "sub", "a.py");
        check(&["file://localhost/w/a.py"], "/w/", "", "a.py");
        check(&["file:/w/a.py"], "/w", "", "a.py");
        check(&["/w/a.py"], "/w", "", "a.py");
        check(&["a.py", "file:///w/x/"], "/w", "sub", "x/a.py");
        check(&["a.py", "x/", "file:///w"], "/w", "sub", "x/a.py");
        check(&["a%20b.py", "file:///w%20w/"], "/w w", "", "a b.py");
    }

    #[test]
    fn windows_paths_are_understood() {
        check(&["file:///c:/w/a.cs"], r"C:\w", "", "a.cs");
        check(&[r"C:\w\sub\a.cs"], r"\\?\c:\w", "", "sub/a.cs");
        check(&["file://C:/w/a.cs"], "C:/w", "", "a.cs");
    }

    #[test]
    fn what_is_not_in_the_repository_is_told() {
        for uri in
            ["../x", "/etc/passwd", "/ww/a", "/w", "https://example.org/a", "", ".", "a/../..", "file:///", "a%00b"]
        {
            outside(&[uri]);
        }
    }

    #[test]
    fn a_percent_sign_that_encodes_nothing_stands_for_itself() {
        check(&["100%.py"], "/w", "", "100%.py");
        check(&["a%zz%2"], "/w", "", "a%zz%2");
    }

    proptest! {
        #[test]
        fn every_path_survives_encoding(bytes in proptest::collection::vec(any::<u8>(), 1..20)) {
            let path = RepoPath::new(bytes);
            if path.is_inside() && !path.as_bytes().contains(&0) {
                let uri = encode(&path);
                prop_assert_eq!(resolve(&[&uri], Path::new("/w"), &RepoPath::from("")), Target::Inside(path));
            }
        }
    }
}
