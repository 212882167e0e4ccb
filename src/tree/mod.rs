//! The user's files: the only place that reads and writes them, and full copies of them for programs that need files.
//! It must not know what the files are for.

mod belongings;
pub(crate) mod configuration;
pub(crate) mod file;
pub(crate) mod file_state;
pub(crate) mod journal;
pub(crate) mod named;
pub(crate) mod program;
mod removal;
pub(crate) mod report_file;
pub(crate) mod rewrite;
#[cfg(test)]
pub(crate) mod sandbox;
pub(crate) mod scratch;
pub(crate) mod temporary;

use std::path::{Path, PathBuf};

use crate::git;
use crate::model::path::RepoPath;

/// Why files could not be read, written or laid out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file system does not let us.
    #[error("cannot {action} {}", path.display())]
    Files {
        /// What was being done, as an imperative: `write`.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The commit of a submodule is not here.
    #[error("the submodule {path} is not here at the commit that is judged")]
    Submodule {
        /// Where it belongs.
        path: RepoPath,
        /// What git said.
        #[source]
        source: git::Error,
    },
    /// Files change while they are put back.
    #[error("something keeps changing the files in {}", .0.display())]
    Restless(PathBuf),
    /// A folder of ours is another one, or leads elsewhere: nothing in it is touched.
    #[error("something was put into the place of {}", .0.display())]
    Replaced(PathBuf),
    /// Git could not give the files.
    #[error("cannot lay out the files to be judged")]
    Git(#[from] git::Error),
}

impl Error {
    /// Tells what the system said about doing `action` to `path`.
    pub(crate) fn files(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Files { action, path, source }
    }
}

/// Whether a folder is really below the top, whatever links are on the way; one that is not there leads nowhere.
pub(crate) fn stays_below(top: &Path, folder: &Path) -> bool {
    let (Ok(real), Ok(top)) = (top.join(folder).canonicalize(), top.canonicalize()) else { return true };
    real.starts_with(top)
}

/// Whether the system would understand the path as one below the top of the work tree: not one that is absolute or
/// leads out by `..`, nor, on Windows, by a backslash, a drive or a stream.
fn stays_inside(path: &RepoPath) -> bool {
    let misread = cfg!(windows) && path.as_bytes().iter().any(|byte| matches!(byte, b'\\' | b':'));
    path.is_inside() && !misread && !path.as_bytes().contains(&0)
}
