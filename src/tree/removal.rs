//! Removing what programs left in folders of ours.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Removes a folder with all that is in it, also what may not be written to: a cache of modules is kept from being
/// changed like that. A link is removed and not what it leads to.
pub(super) fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            open(folder)?;
            fs::remove_dir_all(folder)
        }
        removed => removed,
    }
}

/// Removes what is at a path: a folder with all that is in it, a file, a link and not what it leads to.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() { remove_folder(path) } else { fs::remove_file(path) }
}

/// Lets the owner write to a folder and to all below it.
fn open(folder: &Path) -> io::Result<()> {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let mut permissions = fs::symlink_metadata(&folder)?.permissions();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            permissions.set_mode(permissions.mode() | 0o700);
        }
        #[cfg(not(unix))]
        permissions.set_readonly(false);
        fs::set_permissions(&folder, permissions)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            }
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::{open, remove_folder};

    #[test]
    fn what_may_not_be_written_to_is_removed_and_what_it_links_to_is_not() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let (folder, outside) = (place.path().join("folder"), place.path().join("outside"));
        for folder in [folder.join("a/b"), outside.clone()] {
            fs::create_dir_all(&folder).expect("it is ours");
            fs::write(folder.join("file"), "kept").expect("it is ours");
        }
        symlink(&outside, folder.join("a/link")).expect("it is ours");
        let mode = |path| fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o777).ok();
        for path in [folder.join("a/b"), folder.join("a"), outside.clone()] {
            fs::set_permissions(&path, PermissionsExt::from_mode(0o555)).expect("it is ours");
        }
        // Nothing is kept from root, so what opens folders is looked at by itself.
        open(&folder).expect("it is ours");
        assert_eq!([folder.join("a/b"), folder.join("a"), outside.clone()].map(mode), [0o755, 0o755, 0o555].map(Some));
        fs::set_permissions(folder.join("a"), PermissionsExt::from_mode(0o000)).expect("it is ours");
        remove_folder(&folder).expect("it is ours");
        assert!(!folder.exists() && outside.join("file").exists());
        assert!(remove_folder(&folder).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound));
    }
}
