//! The scratch trees of all work trees that there are in a cache folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::tree::Error;
use crate::tree::removal::remove_folder;

/// What the folder of a work tree calls its scratch trees: of what is judged, and of a state before.
pub(crate) const SCRATCH: &str = "scratch";
/// See [`SCRATCH`].
pub(crate) const BEFORE: &str = "before";

/// Where they are.
pub(crate) fn stored(cache: &Path) -> Vec<PathBuf> {
    let places = fs::read_dir(cache).into_iter().flatten().flatten().map(|entry| entry.path());
    let homes = places.flat_map(|place| [SCRATCH, BEFORE].map(|name| place.join(name)));
    homes.filter(|home| fs::symlink_metadata(home.join("lock")).is_ok_and(|metadata| metadata.is_file())).collect()
}

/// Removes those that no run is at work in.
pub(crate) fn clear(cache: &Path) -> Result<(), Error> {
    for home in stored(cache) {
        let file = home.join("lock");
        let lock = File::open(&file).map_err(Error::files("open", &file))?;
        if lock.try_lock().is_ok() {
            remove_folder(&home).map_err(Error::files("remove", &home))?;
        }
    }
    Ok(())
}
