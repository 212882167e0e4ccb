//! What is kept between runs, in a folder that the caller names. Failing to keep something ends no run: the caller
//! says so and goes on.

mod document;
pub(crate) mod durations;
pub(crate) mod edited;
pub(crate) mod last;
pub(crate) mod log;
pub(crate) mod results;

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The folder for what is kept of one work tree, told apart by its git folder.
pub(crate) fn folder(cache: &Path, git_dir: &Path) -> PathBuf {
    let digest = Sha256::digest(git_dir.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    cache.join(name)
}

/// How a file is opened that its owner alone may read once it is made: what is kept quotes the user's files.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder, and those above it that are missing, which their owner alone may open.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// The folder for the commits of another repository that policies extend.
pub(crate) fn policy_folder(cache: &Path, url: &str) -> PathBuf {
    let name: String = Sha256::digest(url).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    cache.join("policies").join(name)
}
