//! Replacing a file of the work tree by another content, but only as long as it is what it was when it was looked at.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::model::path::RepoPath;
use crate::tree::belongings::{hand_on, has_one_name};
use crate::tree::file::create_own;
use crate::tree::file_state::FileState;
use crate::tree::stays_inside;

/// A file as it was when it was looked at.
#[derive(Debug)]
pub(crate) struct Seen {
    file: PathBuf,
    bytes: Vec<u8>,
    metadata: Metadata,
}

/// Looks at a path below `top`. None if there is no file whose content could be replaced: nothing, a link, a folder, or a
/// path beyond a link. A file of more than `limit` bytes is an error.
pub(crate) fn look(top: &Path, path: &RepoPath, limit: u64) -> io::Result<Option<Seen>> {
    if !stays_inside(path) {
        return Err(io::Error::other("it is not a path inside the work tree"));
    }
    let file = top.join(path.to_fs());
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != top) {
        if folder.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            return Ok(None);
        }
    }
    let metadata = match fs::symlink_metadata(&file) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(None),
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    if metadata.len() > limit {
        return Err(io::Error::other(format!("{} bytes are too many", metadata.len())));
    }
    let bytes = read(&file, limit)?;
    let seen = Seen { file, bytes, metadata };
    if seen.is_still()? { Ok(Some(seen)) } else { Err(changing()) }
}

/// Whether there is nothing, as opposed to something that can't be looked at.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn changing() -> io::Error {
    io::Error::other("it changes at this very moment")
}

/// Reads at most one byte more than the limit.
fn read(file: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Seen {
    /// Its content.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The path of a file in the same folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.file.with_file_name(name)
    }

    /// Writes a copy of it to `copy`, which must not be there yet, with its mode and its time, down to the disk.
    pub(crate) fn keep(&self, copy: &Path) -> io::Result<()> {
        let mut file = create_own(copy)?;
        file.set_permissions(self.metadata.permissions())?;
        file.write_all(&self.bytes)?;
        if let Ok(written) = self.metadata.modified() {
            file.set_modified(written)?;
        }
        file.sync_all()
    }

    /// Gives the file this content; it has the old one or the new one at any moment, and what belongs to it stays. The new
    /// content is written to `temporary` first, which has to be in the same folder. False, and nothing is changed, if the
    /// file is not any more what it was; an error, if something of it would be lost.
    pub(crate) fn replace(&self, bytes: &[u8], temporary: &Path) -> io::Result<bool> {
        has_one_name(&self.metadata)?;
        let written = self.write(bytes, temporary);
        let replaced = match self.is_still() {
            Ok(true) => written.and_then(|()| fs::rename(temporary, &self.file)).map(|()| true),
            other => other,
        };
        if !matches!(replaced, Ok(true)) {
            let _ = fs::remove_file(temporary);
        }
        replaced
    }

    /// Puts the file at `copy` in its place, which keeps its mode. False, and nothing is changed, if the file is not any
    /// more what it was; an error, if something of it would be lost.
    pub(crate) fn replace_by(&self, copy: &Path, temporary: &Path) -> io::Result<bool> {
        if !self.is_still()? {
            return Ok(false);
        }
        has_one_name(&self.metadata)?;
        let ours = File::open(copy)?;
        hand_on(&self.file, &self.metadata, &ours)?;
        match fs::rename(copy, &self.file) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                self.write(&fs::read(copy)?, temporary)?;
                fs::rename(temporary, &self.file).map(|()| true)
            }
            moved => moved.map(|()| true),
        }
    }

    fn write(&self, bytes: &[u8], temporary: &Path) -> io::Result<()> {
        let mut file = create_own(temporary)?;
        hand_on(&self.file, &self.metadata, &file)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Whether the file has not been touched since: its stamps first, because they tell it cheaply, then its bytes,
    /// because stamps can lie, then the stamps again.
    fn is_still(&self) -> io::Result<bool> {
        let is_same = || match fs::symlink_metadata(&self.file) {
            Ok(metadata) => Ok(FileState::new(&metadata) == FileState::new(&self.metadata)),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(error),
        };
        Ok(is_same()? && read(&self.file, self.bytes.len() as u64)? == self.bytes && is_same()?)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::Path;

    use super::{Seen, look};
    use crate::model::path::RepoPath;

    fn seen(top: &Path, path: &str) -> Option<Seen> {
        look(top, &RepoPath::from(path), 100).expect("it can be looked at")
    }

    fn names(top: &Path) -> Vec<String> {
        let entries = fs::read_dir(top).expect("it is there").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_regular_files_that_no_link_leads_to_are_seen() {
        let top = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(top.path().join("folder")).expect("it is ours");
        fs::write(top.path().join("folder/a"), "x").expect("it is ours");
        symlink("folder", top.path().join("link")).expect("it is ours");
        symlink("folder/a", top.path().join("file-link")).expect("it is ours");
        assert!(seen(top.path(), "folder/a").is_some());
        for path in ["folder", "link", "link/a", "file-link", "gone", "folder/a/b"] {
            assert!(seen(top.path(), path).is_none(), "{path}");
        }
        assert!(look(top.path(), &RepoPath::from("../x"), 9).is_err());
        assert!(look(top.path(), &RepoPath::from("folder/a"), 0).is_err());
    }

    #[test]
    fn a_file_is_replaced_with_its_mode_and_put_back_with_its_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path().join("top");
        fs::create_dir(&top).expect("it is ours");
        let (file, copy) = (top.join("a"), folder.path().join("copy"));
        fs::write(&file, "old").expect("it is ours");
        fs::set_permissions(&file, PermissionsExt::from_mode(0o540)).expect("it is ours");
        let before = fs::metadata(&file).expect("it is there");
        let first = seen(&top, "a").expect("it is a file");
        first.keep(&copy).expect("it can be kept");
        assert!(first.replace(b"new", &first.beside("temporary")).expect("it can be replaced"));
        assert_eq!(fs::read(&file).expect("it is there"), b"new");
        assert_eq!(fs::metadata(&file).expect("it is there").permissions(), before.permissions());
        let second = seen(&top, "a").expect("it is a file");
        assert!(second.replace_by(&copy, &second.beside("temporary")).expect("it can be put back"));
        let after = fs::metadata(&file).expect("it is there");
        assert_eq!(fs::read(&file).expect("it is there"), b"old");
        assert_eq!((after.permissions(), after.modified().ok()), (before.permissions(), before.modified().ok()));
        assert_eq!(names(&top), ["a"]);
    }

    /// An access list that lets the user 7 read: its version, then tag, rights and id of each entry.
    #[cfg(target_os = "linux")]
    fn access_list() -> Vec<u8> {
        let entries = [(1, 6, u32::MAX), (2, 4, 7), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)];
        let bytes = |(tag, rights, id): (u16, u16, u32)| {
            [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat()
        };
        [2_u32.to_le_bytes().to_vec(), entries.map(bytes).concat()].concat()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_belongs_to_a_file_stays_with_it() {
        use rustix::buffer::spare_capacity;
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        const LIST: &str = "system.posix_acl_access";
        let value = |file: &Path, name: &str| {
            let mut value = Vec::with_capacity(1_000);
            getxattr(file, name, spare_capacity(&mut value)).map(|_| value)
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path().join("top");
        fs::create_dir(&top).expect("it is ours");
        let (file, plain, copy) = (top.join("a"), top.join("plain"), folder.path().join("copy"));
        for file in [&file, &plain] {
            fs::write(file, "old").expect("it is ours");
        }
        let set = |file: &Path, name: &str, value: &[u8]| setxattr(file, name, value, XattrFlags::empty());
        if set(&file, "user.mark", b"mine") == Err(rustix::io::Errno::NOTSUP) {
            eprintln!("not tested: this file system has no attributes");
            return;
        }
        set(&file, LIST, &access_list()).expect("the file system has access lists");
        // What is made here from now on is born with a list.
        set(&top, "system.posix_acl_default", &access_list()).expect("the file system has access lists");
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            std::os::unix::fs::chown(&file, Some(7), Some(8)).expect("root may");
        }
        let state = |file: &Path| {
            let metadata = fs::metadata(file).expect("it is there");
            (metadata.permissions(), [metadata.uid(), metadata.gid()], value(file, "user.mark"), value(file, LIST))
        };
        let before = [state(&file), state(&plain)];
        let change = |name: &str| {
            let seen = seen(&top, name).expect("it is a file");
            let _ = fs::remove_file(&copy);
            seen.keep(&copy).expect("it can be kept");
            assert!(seen.replace(b"new", &seen.beside("temporary")).expect("it can be replaced"));
        };
        change("a");
        assert_eq!(state(&file), before[0]);
        let now = seen(&top, "a").expect("it is a file");
        assert!(now.replace_by(&copy, &now.beside("temporary")).expect("it can be put back"));
        assert_eq!(state(&file), before[0]);
        change("plain");
        assert_eq!(state(&plain), before[1]);
    }

    #[test]
    fn a_file_with_another_name_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let top = folder.path();
        fs::write(top.join("a"), "old").expect("it is ours");
        fs::hard_link(top.join("a"), top.join("b")).expect("it is ours");
        let seen = seen(top, "a").expect("it is a file");
        let refused = seen.replace(b"new", &seen.beside("temporary")).expect_err("another name has it");
        assert!(refused.to_string().contains("it has 2 names"), "{refused}");
        fs::write(top.join("copy"), "older").expect("it is ours");
        assert!(seen.replace_by(&top.join("copy"), &seen.beside("temporary")).is_err());
        assert_eq!(fs::read(top.join("b")).expect("it is there"), b"old");
        assert_eq!(names(top), ["a", "b", "copy"]);
    }

    #[test]
    fn a_file_that_changed_is_left_alone() {
        type Change = fn(&Path);
        let changes: [(&str, Change); 4] = [
            ("same size", |file| fs::write(file, "xxx").expect("it is ours")),
            ("gone", |file| fs::remove_file(file).expect("it is ours")),
            ("a link now", |file| {
                fs::remove_file(file).expect("it is ours");
                symlink("elsewhere", file).expect("it is ours");
            }),
            ("rewritten with the same content and time", |file| {
                let time = fs::metadata(file).and_then(|metadata| metadata.modified()).expect("it has a time");
                fs::remove_file(file).expect("it is ours");
                fs::write(file, "mod").expect("it is ours");
                let file = fs::File::options().write(true).open(file).expect("it is there");
                file.set_modified(time).expect("it is ours");
            }),
        ];
        for (name, change) in changes {
            let top = tempfile::tempdir().expect("a temporary folder");
            let file = top.path().join("a");
            fs::write(&file, "old").expect("it is ours");
            let seen = seen(top.path(), "a").expect("it is a file");
            change(&file);
            let before = fs::read(&file).ok();
            let is_replaced = seen.replace(b"new", &seen.beside("temporary")).expect("it can be looked at");
            assert!(!is_replaced, "{name}");
            assert_eq!(fs::read(&file).ok(), before, "{name}");
            assert!(!top.path().join("temporary").exists(), "{name}");
        }
    }
}
