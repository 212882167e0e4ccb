//! The references of a repository as they are put into another one: branches in one file, however many files they have
//! there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The file for references that have none of their own.
pub(super) const PACKED: &str = "packed-refs";

/// How that file begins if all in it is known to be commits or to be followed by what it leads to.
const HEADER: &[u8] = b"# pack-refs with: peeled fully-peeled sorted ";

/// Whose references lead to commits alone.
const OF_COMMITS: [&str; 2] = ["refs/heads/", "refs/remotes/"];

/// References as files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Copied {
    /// Those that have a file of their own, by its path, with its content.
    pub(super) loose: BTreeMap<PathBuf, Vec<u8>>,
    /// The content of the file for the others.
    pub(super) packed: Vec<u8>,
}

/// Reads the references of git folders, of which the first one has those that are packed and a later one goes before.
/// Git packs references before it removes their files, so those are read first.
pub(super) fn references(folders: &[&Path]) -> io::Result<Copied> {
    let mut loose = BTreeMap::new();
    for folder in folders {
        for path in files(&folder.join("refs"))? {
            let path = Path::new("refs").join(path);
            match fs::read(folder.join(&path)) {
                Ok(content) => drop(loose.insert(path, content)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    let users = match folders.first().map(|folder| fs::read(folder.join(PACKED))) {
        Some(Err(error)) if error.kind() != ErrorKind::NotFound => return Err(error),
        users => users.and_then(Result::ok),
    };
    let (of_commits, loose): (BTreeMap<_, _>, _) =
        loose.into_iter().partition(|(path, content)| is_of_commit(path, content));
    let of_commits: BTreeMap<Vec<u8>, Vec<u8>> =
        of_commits.into_iter().map(|(path, id)| (path.into_os_string().into_encoded_bytes(), id)).collect();
    let users = users.map(|mut users| {
        users.extend(Some(b'\n').filter(|_| !users.ends_with(b"\n")));
        users
    });
    Ok(Copied { packed: packed(users.as_deref(), &of_commits), loose })
}

/// Whether a file holds the name of an object and nothing else, and that is a commit.
fn is_of_commit(path: &Path, content: &[u8]) -> bool {
    let id = content.trim_ascii_end();
    let name = path.as_os_str().as_encoded_bytes();
    matches!(id.len(), 40 | 64)
        && id.iter().all(u8::is_ascii_hexdigit)
        && OF_COMMITS.iter().any(|start| name.starts_with(start.as_bytes()))
}

/// The file for all of them: those of the user's file, for which the others stand where they have the same name.
fn packed(users: Option<&[u8]>, others: &BTreeMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
    let users = users.unwrap_or(HEADER);
    let mut entries: Vec<(&[u8], &[u8])> = Vec::new();
    let mut text: Vec<u8> = Vec::new();
    let mut offset = 0;
    for line in users.split_inclusive(|&byte| byte == b'\n') {
        let start = offset;
        offset += line.len();
        match line {
            [b'#', ..] => text.extend([line.trim_ascii_end(), b" \n"].concat()),
            // What the object before leads to.
            [b'^', ..] => {
                if let Some((_, entry)) = entries.last_mut() {
                    *entry = users.get(offset - line.len() - entry.len()..offset).unwrap_or(entry);
                }
            }
            _ => {
                let name = line.iter().position(|&byte| byte == b' ').and_then(|at| line.get(at + 1..));
                entries.push((name.unwrap_or_default().trim_ascii_end(), users.get(start..offset).unwrap_or_default()));
            }
        }
    }
    let written: Vec<(&[u8], Vec<u8>)> =
        others.iter().map(|(name, id)| (name.as_slice(), [id.trim_ascii_end(), b" ", name, b"\n"].concat())).collect();
    entries.retain(|(name, _)| !name.is_empty() && !others.contains_key(*name));
    entries.extend(written.iter().map(|(name, line)| (*name, line.as_slice())));
    entries.sort();
    entries.iter().for_each(|(_, entry)| text.extend_from_slice(entry));
    text
}

/// The files below a folder, by their paths from there. Links are followed; what keeps others away (`*.lock`) is left out.
pub(super) fn files(top: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let entries = match fs::read_dir(top.join(&folder)) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = folder.join(entry?.file_name());
            match fs::metadata(top.join(&path)) {
                Ok(metadata) if metadata.is_dir() => open.push(path),
                Ok(_) if path.extension().is_some_and(|ending| ending == "lock") => {}
                Ok(_) => found.push(path),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::packed;
    use crate::tree::sandbox::Sandbox;

    fn others(entries: &[(&str, &str)]) -> BTreeMap<Vec<u8>, Vec<u8>> {
        entries.iter().map(|(name, id)| (name.as_bytes().to_vec(), format!("{id}\n").into_bytes())).collect()
    }

    #[test]
    fn all_come_into_one_file_and_the_newer_one_holds() {
        let users = b"# pack-refs with: peeled fully-peeled sorted \n1 refs/heads/a\n2 refs/heads/b\n3 refs/tags/t\n^4\n5 refs/tags/u\n";
        let expected = "# pack-refs with: peeled fully-peeled sorted \n1 refs/heads/a\n9 refs/heads/b\n8 refs/heads/c\n3 refs/tags/t\n^4\n5 refs/tags/u\n";
        let all = packed(Some(users), &others(&[("refs/heads/b", "9"), ("refs/heads/c", "8")]));
        assert_eq!(String::from_utf8_lossy(&all), expected);
        let alone = packed(None, &others(&[("refs/heads/b", "9")]));
        assert_eq!(String::from_utf8_lossy(&alone), "# pack-refs with: peeled fully-peeled sorted \n9 refs/heads/b\n");
    }

    #[test]
    fn git_sees_the_same_references() {
        let sandbox = Sandbox::new();
        sandbox.write("a", "1\n");
        sandbox.git(&["add", "a"]);
        sandbox.git(&["commit", "-qm", "one"]);
        for name in ["packed", "x/y", "both"] {
            sandbox.git(&["branch", name]);
        }
        sandbox.git(&["tag", "-a", "-m", "old", "old"]);
        sandbox.git(&["pack-refs", "--all"]);
        sandbox.git(&["commit", "-q", "--allow-empty", "-m", "two"]);
        sandbox.git(&["branch", "-f", "both"]);
        sandbox.git(&["branch", "-q", "-m", "x/y", "x-y"]);
        sandbox.git(&["tag", "-a", "-m", "new", "new"]);
        sandbox.git(&["symbolic-ref", "refs/remotes/o/HEAD", "refs/heads/both"]);
        let listed = || sandbox.git(&["for-each-ref", "--format=%(refname) %(objectname) %(*objectname) %(symref)"]);
        let before = listed();
        let git = sandbox.top().join(".git");
        let super::Copied { loose, packed } = super::references(&[&git]).expect("they are read");
        assert_eq!(
            loose.keys().map(|path| path.as_path()).collect::<Vec<_>>(),
            ["refs/remotes/o/HEAD", "refs/tags/new"].map(Path::new)
        );
        std::fs::remove_dir_all(git.join("refs")).expect("it is ours");
        for (path, content) in loose {
            std::fs::create_dir_all(git.join(&path).parent().expect("it is below")).expect("it is ours");
            std::fs::write(git.join(path), content).expect("it is ours");
        }
        std::fs::write(git.join("packed-refs"), packed).expect("it is ours");
        assert_eq!(listed(), before);
    }
}
