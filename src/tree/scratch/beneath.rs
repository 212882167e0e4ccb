//! Files below a folder that programs may have changed: no link on the way is followed out of it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::model::path::RepoPath;
use crate::tree::file::is_executable;
use crate::tree::removal::{remove, remove_folder};
use crate::tree::scratch::unless_missing;
use crate::tree::{Error, stays_inside};

/// The most bytes of a changed file that are read.
const MAX_FILE: u64 = 64 << 20;

/// Whether the folders on the way to `path` are folders of ours; else there is nothing of ours at the path.
fn is_reached(top: &Path, path: &RepoPath) -> bool {
    let parents = std::iter::successors(path.parent(), RepoPath::parent);
    stays_inside(path)
        && parents
            .into_iter()
            .all(|folder| fs::symlink_metadata(top.join(folder.to_fs())).is_ok_and(|metadata| metadata.is_dir()))
}

/// Removes what is at the path, a folder with all that is in it, and the folders above that are empty then.
pub(super) fn remove_beneath(top: &Path, path: &RepoPath) -> Result<(), Error> {
    if !is_reached(top, path) {
        return Ok(());
    }
    let file = top.join(path.to_fs());
    remove(&file).or_else(unless_missing).map_err(Error::files("remove", &file))?;
    for folder in std::iter::successors(path.parent(), RepoPath::parent) {
        if folder.as_bytes().is_empty() || fs::remove_dir(top.join(folder.to_fs())).is_err() {
            break;
        }
    }
    Ok(())
}

/// Leaves nothing in the folder at the path, if there is a folder.
pub(super) fn empty_beneath(top: &Path, path: &RepoPath) -> Result<(), Error> {
    let folder = top.join(path.to_fs());
    let is_folder = is_reached(top, path) && fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir());
    if !is_folder || fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none()) {
        return Ok(());
    }
    remove_folder(&folder).and_then(|()| fs::create_dir(&folder)).map_err(Error::files("remove", &folder))
}

/// Whether all on the way from one folder to another one below it, both with it, are folders and not links to some.
pub(super) fn is_real(from: &Path, folder: &Path) -> bool {
    let is_folder = |place: &Path| fs::symlink_metadata(place).is_ok_and(|metadata| metadata.is_dir());
    let mut way = folder.ancestors().take_while(|place| place.starts_with(from));
    folder.starts_with(from) && way.all(is_folder)
}

/// Makes folders of all that is on the way from one folder to another one below it; tells whether something else, which is
/// removed, was in their places.
pub(super) fn make_real(from: &Path, folder: &Path) -> Result<bool, Error> {
    let way: Vec<&Path> = folder.ancestors().take_while(|place| place.starts_with(from)).collect();
    let mut was_else = false;
    for place in way.into_iter().rev() {
        match fs::symlink_metadata(place) {
            Ok(metadata) if metadata.is_dir() => continue,
            Ok(_) => {
                was_else = true;
                fs::remove_file(place).map_err(Error::files("remove", place))?;
            }
            Err(error) => unless_missing(error).map_err(Error::files("read", place))?,
        }
        fs::create_dir(place).map_err(Error::files("create", place))?;
    }
    Ok(was_else)
}

/// What is at the path: the bytes of a file, the target of a link, nothing. One of more than 64 MiB is an error.
pub(super) fn read_beneath(top: &Path, path: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
    if !is_reached(top, path) {
        return Ok(None);
    }
    let file = top.join(path.to_fs());
    let read = || match fs::symlink_metadata(&file) {
        Ok(metadata) if metadata.is_symlink() => {
            Ok(Some(RepoPath::from_fs(&fs::read_link(&file)?).as_bytes().to_vec()))
        }
        Ok(metadata) if metadata.len() > MAX_FILE => Err(io::Error::other("it has more than 64 MiB")),
        Ok(metadata) if metadata.is_file() => fs::read(&file).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    read().map_err(Error::files("read", &file))
}

/// Whether there is a file at the path, and no link to one.
pub(super) fn is_file_beneath(top: &Path, path: &RepoPath) -> bool {
    is_reached(top, path) && fs::symlink_metadata(top.join(path.to_fs())).is_ok_and(|metadata| metadata.is_file())
}

/// Whether there is a file at the path that can be executed.
pub(super) fn is_executable_beneath(top: &Path, path: &RepoPath) -> bool {
    is_reached(top, path) && fs::symlink_metadata(top.join(path.to_fs())).is_ok_and(|metadata| is_executable(&metadata))
}

/// Gives a file these bytes; one that is there keeps its mode, anything else that is there goes away.
pub(super) fn write_beneath(top: &Path, path: &RepoPath, bytes: &[u8]) -> Result<(), Error> {
    let file = top.join(path.to_fs());
    if !is_file_beneath(top, path) {
        remove_beneath(top, path)?;
        let folder = path.parent().map_or_else(|| top.to_owned(), |folder| top.join(folder.to_fs()));
        fs::create_dir_all(&folder).map_err(Error::files("create", &folder))?;
        if !is_reached(top, path) {
            return Err(Error::files("write", &file)(io::Error::other("a folder on the way is none of ours")));
        }
    }
    fs::write(&file, bytes).map_err(Error::files("write", &file))
}
