//! One file at a time: reading it without being led elsewhere, writing it so that it is never seen half-written.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::model::change::{FileSide, Mode};
use crate::model::content::{Content, ContentError};
use crate::model::path::RepoPath;
use crate::tree::belongings::{hand_on, has_one_name};
use crate::tree::{Error, stays_inside};

/// The most bytes of a commit message.
const MAX_MESSAGE: u64 = 16 << 20;

/// Reads a file of the work tree as it is now; `top` is the top of the work tree. A symbolic link's content is its
/// target, and no link is followed on the way. A file of more than `limit` bytes is not read; what is neither file nor
/// link is an error.
pub(crate) fn read_worktree(top: &Path, side: &FileSide, limit: u64) -> Result<Content, ContentError> {
    let path = &side.path;
    if !stays_inside(path) {
        return Err(ContentError(format!("{path} is not a path inside the work tree")));
    }
    let file = top.join(path.to_fs());
    read_beneath(top, &file, limit).map_err(|source| ContentError(format!("cannot read {path}: {source}")))
}

/// Reads `file`, which is below `top`.
fn read_beneath(top: &Path, file: &Path, limit: u64) -> io::Result<Content> {
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != top) {
        if fs::symlink_metadata(folder)?.is_symlink() {
            return Err(io::Error::other("a folder on the way is a symbolic link"));
        }
    }
    let metadata = fs::symlink_metadata(file)?;
    if metadata.is_symlink() {
        return Ok(bounded(target(file)?, limit));
    }
    check_regular(&metadata)?;
    let mut opened = File::open(file)?;
    let metadata = opened.metadata()?;
    check_regular(&metadata)?;
    if metadata.len() > limit {
        return Ok(Content::TooLarge(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    // One more than allowed, to notice a file that grows while it is read.
    Read::by_ref(&mut opened).take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bounded(bytes, limit))
}

/// The size of a regular file of the work tree; none for anything else.
pub(crate) fn n_bytes_in_worktree(top: &Path, path: &RepoPath) -> Option<u64> {
    let metadata = fs::symlink_metadata(top.join(path.to_fs())).ok()?;
    metadata.is_file().then_some(metadata.len())
}

/// Whether there is anything at this path, even a link that leads nowhere.
pub(crate) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether a symbolic link is at this path.
pub(crate) fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// Reads the file in which git hands over a commit message, which may be anywhere. One of more than 16 MiB is an error.
pub(crate) fn read_message(file: &Path) -> io::Result<Vec<u8>> {
    let opened = File::open(file)?;
    check_regular(&opened.metadata()?)?;
    let mut bytes = Vec::new();
    match opened.take(MAX_MESSAGE + 1).read_to_end(&mut bytes)? as u64 {
        n_bytes if n_bytes > MAX_MESSAGE => Err(io::Error::other("it is too large for a message")),
        _ => Ok(bytes),
    }
}

/// Reads a file that the user names on the command line, wherever it is; a symbolic link's content is its target.
pub(crate) fn read_named(file: &Path) -> Result<(Mode, Vec<u8>), Error> {
    let read = || {
        let metadata = fs::symlink_metadata(file)?;
        if metadata.is_symlink() {
            return Ok((Mode::Symlink, target(file)?));
        }
        check_regular(&metadata)?;
        let mode = if is_executable(&metadata) { Mode::Executable } else { Mode::File };
        Ok((mode, fs::read(file)?))
    };
    read().map_err(Error::files("read", file))
}

/// Whether it is a file that somebody may execute, where the system knows that.
pub(super) fn is_executable(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return metadata.is_file() && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

/// The bytes, unless there are too many.
fn bounded(bytes: Vec<u8>, limit: u64) -> Content {
    let n_bytes = bytes.len() as u64;
    if n_bytes > limit { Content::TooLarge(n_bytes) } else { Content::Bytes(bytes) }
}

/// An error for what has no content of its own: folders, pipes, devices, sockets.
fn check_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(io::Error::other(if metadata.is_dir() { "it is a folder" } else { "it is neither a file nor a link" }))
}

/// What a symbolic link says, as git would store it.
fn target(link: &Path) -> io::Result<Vec<u8>> {
    let target = fs::read_link(link)?.into_os_string();
    #[cfg(unix)]
    return Ok(std::os::unix::ffi::OsStringExt::into_vec(target));
    #[cfg(not(unix))]
    Ok(target.to_string_lossy().replace('\\', "/").into_bytes())
}

/// Who may run a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// As before, with all that belongs to it, or it is not written; a new file is like any other.
    Kept,
    /// The mode as before.
    Alike,
    /// Everybody.
    Executable,
}

/// Writes a file whole: it has its old content or the new one at any moment, also when the machine stops. What
/// belongs to it is kept. A symbolic link is an error, and so is a file that has other names.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes, Access::Kept).map_err(Error::files("write", path))
}

/// Writes a report where the user wants it; `file` may be relative to `folder`. What is judged may have put a link in
/// its way, so no link is followed on a relative way. A pipe or device is written as it is.
pub(crate) fn write_report(folder: &Path, file: &Path, bytes: &[u8]) -> Result<(), Error> {
    const ACTION: &str = "write the report";
    let whole = folder.join(file);
    let on_the_way = file.ancestors().skip(1).filter(|_| file.is_relative());
    for part in on_the_way.filter(|part| !part.as_os_str().is_empty()) {
        if folder.join(part).is_symlink() {
            return Err(Error::files(ACTION, &whole)(io::Error::other("a folder on the way is a symbolic link")));
        }
    }
    match fs::symlink_metadata(&whole) {
        Ok(metadata) if !metadata.is_symlink() && !metadata.is_file() && !metadata.is_dir() => fs::write(&whole, bytes),
        _ => replace(&whole, bytes, Access::Alike),
    }
    .map_err(Error::files(ACTION, &whole))
}

/// The same for a program: everybody may run it.
pub(crate) fn write_program(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes, Access::Executable).map_err(Error::files("write", path))
}

/// Writes a file that is not there yet; anything that is there is an error.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let created = OpenOptions::new().write(true).create_new(true).open(path);
    created.and_then(|file| fill(file, bytes, Access::Kept)).map_err(Error::files("create", path))
}

/// Writes a temporary file beside `path` and gives it its name.
fn replace(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let before = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => return Err(io::Error::other("it is a symbolic link")),
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if let Some(before) = before.as_ref().filter(|_| access == Access::Kept) {
        has_one_name(before)?;
    }
    let (temporary, file) = create_beside(path)?;
    let made_alike = match &before {
        Some(before) if access == Access::Kept => hand_on(path, before, &file),
        Some(before) if access == Access::Alike => file.set_permissions(before.permissions()),
        _ => Ok(()),
    };
    let written = made_alike.and_then(|()| fill(file, bytes, access)).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Creates a file in the same folder whose name nobody uses and which git does not take for a hook.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
    let mut n_tried = 0_u32;
    loop {
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".tollgate-{}-{n_tried}", std::process::id()));
        let temporary = path.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && n_tried < 1_000 => n_tried += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Creates a file that nobody but its owner can open until it gets another mode: what it will hold may be no more than
/// the owner's business.
pub(super) fn create_own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}

/// Writes the bytes to the disk; a program gets its mode.
fn fill(mut file: File, bytes: &[u8], access: Access) -> io::Result<()> {
    file.write_all(bytes)?;
    #[cfg(unix)]
    if access == Access::Executable {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    }
    let _ = access;
    file.sync_all()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use super::{read_worktree, write_atomic, write_program};
    use crate::model::change::{FileSide, Mode, Source};
    use crate::model::content::Content;
    use crate::model::path::RepoPath;

    #[track_caller]
    fn check(top: &Path, path: &[u8], limit: u64, expected: Result<Content, &str>) {
        let side = FileSide { path: RepoPath::new(path), mode: Mode::File, source: Source::Worktree };
        let read = read_worktree(top, &side, limit).map_err(|error| error.0);
        match (&read, &expected) {
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            _ => assert_eq!(read, expected.map_err(str::to_owned)),
        }
    }

    #[test]
    fn a_file_is_read_up_to_the_limit() {
        let top = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(top.path().join("a")).expect("the folder is ours");
        fs::write(top.path().join("a/b"), b"12345").expect("the folder is ours");
        check(top.path(), b"a/b", 5, Ok(Content::Bytes(b"12345".to_vec())));
        check(top.path(), b"a/b", 4, Ok(Content::TooLarge(5)));
        check(top.path(), b"a/c", 4, Err("cannot read a/c"));
        check(top.path(), b"a", 4, Err("folder"));
    }

    #[test]
    fn a_very_large_file_is_not_read() {
        let top = tempfile::tempdir().expect("a temporary folder");
        let file = fs::File::create(top.path().join("big")).expect("the folder is ours");
        file.set_len(1 << 40).expect("a hole takes no room");
        check(top.path(), b"big", 1 << 20, Ok(Content::TooLarge(1 << 40)));
    }

    #[test]
    fn names_that_are_not_utf8_are_read() {
        let top = tempfile::tempdir().expect("a temporary folder");
        let path = RepoPath::new(&b"caf\xe9\nx"[..]);
        fs::write(top.path().join(path.to_fs()), b"x").expect("the folder is ours");
        check(top.path(), b"caf\xe9\nx", 5, Ok(Content::Bytes(b"x".to_vec())));
    }

    #[test]
    fn nothing_outside_the_work_tree_is_read() {
        let outside = tempfile::tempdir().expect("a temporary folder");
        let top = outside.path().join("top");
        fs::create_dir(&top).expect("the folder is ours");
        fs::write(outside.path().join("secret"), b"x").expect("the folder is ours");
        symlink(outside.path(), top.join("out")).expect("the folder is ours");
        symlink("../secret", top.join("link")).expect("the folder is ours");
        for path in [&b"../secret"[..], b"/etc/passwd", b"", b"a//b", b"a\0b"] {
            check(&top, path, 9, Err("not a path inside"));
        }
        check(&top, b"out/secret", 9, Err("symbolic link"));
        check(&top, b"link", 9, Ok(Content::Bytes(b"../secret".to_vec())));
        check(&top, b"link", 8, Ok(Content::TooLarge(9)));
    }

    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let top = tempfile::tempdir().expect("a temporary folder");
        let pipe = top.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).expect("the folder is ours");
        check(top.path(), b"pipe", 9, Err("neither a file nor a link"));
        check(Path::new("/dev"), b"null", 9, Err("neither a file nor a link"));
    }

    /// The mode bits of a file.
    fn mode(file: &Path) -> u32 {
        fs::metadata(file).expect("it is there").permissions().mode() & 0o7777
    }

    #[test]
    fn a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("x");
        fs::write(&file, b"old").expect("the folder is ours");
        fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).expect("the file is ours");
        write_atomic(&file, b"new").expect("it is written");
        assert_eq!((fs::read(&file).expect("it is there"), mode(&file)), (b"new".to_vec(), 0o640));
        write_program(&file, b"run").expect("it is written");
        assert_eq!((fs::read(&file).expect("it is there"), mode(&file)), (b"run".to_vec(), 0o755));
        write_atomic(&folder.path().join("y"), b"").expect("it is written");
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2);
    }

    #[test]
    fn a_link_is_neither_followed_nor_replaced() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (file, link) = (folder.path().join("x"), folder.path().join("link"));
        fs::write(&file, b"old").expect("the folder is ours");
        symlink("x", &link).expect("the folder is ours");
        assert!(write_atomic(&link, b"new").is_err());
        assert_eq!(fs::read(&file).expect("it is there"), b"old");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert!(write_atomic(&folder.path().join("no/such/folder"), b"new").is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 2);
    }
}
