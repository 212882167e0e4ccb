//! The single steps of installing and taking out. Each leaves a state from which installing again goes on.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::hook::Error;
use crate::hook::manifest::Scope;
use crate::hook::place::KEY;
use crate::tree::file::{write_atomic, write_program};
use crate::tree::{self};

/// A step; its text says what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make a folder with those above it.
    CreateFolder(PathBuf),
    /// Put a hook that was there out of the way.
    Keep {
        /// Where it is.
        from: PathBuf,
        /// Where it is kept.
        to: PathBuf,
    },
    /// Put it back, over ours.
    Restore {
        /// Where it is kept.
        from: PathBuf,
        /// Where it belongs.
        to: PathBuf,
    },
    /// Make a link by which a hook that was put out of the way finds what it was beside.
    Link {
        /// The link.
        from: PathBuf,
        /// Where it leads.
        to: PathBuf,
    },
    /// Write a script that everybody may run.
    Write {
        /// Where.
        file: PathBuf,
        /// What.
        text: String,
    },
    /// Remove a file of ours.
    Remove(PathBuf),
    /// Remove a folder if it is empty.
    RemoveFolder(PathBuf),
    /// Copy the configuration file as it is.
    SaveConfig {
        /// The file.
        from: PathBuf,
        /// The copy.
        to: PathBuf,
    },
    /// Put the bytes of the configuration file back.
    RestoreConfig {
        /// The copy.
        from: PathBuf,
        /// The file.
        to: PathBuf,
    },
    /// Tell git where to look for hooks, or (without a value) no longer tell it.
    Set {
        /// Where the setting is made.
        scope: Scope,
        /// The folder.
        value: Option<String>,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateFolder(folder) => write!(f, "create the folder {}", folder.display()),
            Self::Keep { from, to } => write!(f, "keep {} as {}", from.display(), to.display()),
            Self::Restore { from, to } => write!(f, "put {} back to {}", from.display(), to.display()),
            Self::Link { from, to } => write!(f, "link {} to {}", from.display(), to.display()),
            Self::Write { file, .. } => write!(f, "write {}", file.display()),
            Self::Remove(file) => write!(f, "remove {}", file.display()),
            Self::RemoveFolder(folder) => write!(f, "remove the folder {} if it is empty", folder.display()),
            Self::SaveConfig { from, to } => write!(f, "copy {} to {}", from.display(), to.display()),
            Self::RestoreConfig { from, to } => write!(f, "put {} back to {}", from.display(), to.display()),
            Self::Set { scope, value: Some(value) } => write!(f, "run git config {} {KEY} {value}", scope.option()),
            Self::Set { scope, value: None } => write!(f, "run git config {} --unset {KEY}", scope.option()),
        }
    }
}

impl Step {
    /// Does it.
    pub(super) fn perform(&self, repo: &Repo) -> Result<(), Error> {
        match self {
            Self::CreateFolder(folder) => fs::create_dir_all(folder).map_err(tree::Error::files("create", folder))?,
            Self::Keep { from, to } | Self::Restore { from, to } => {
                fs::rename(from, to).map_err(tree::Error::files("move", from))?;
            }
            Self::Link { from, to } => {
                // Two hooks may run at once.
                link(from, to)
                    .or_else(unless(ErrorKind::AlreadyExists))
                    .map_err(tree::Error::files("make the link", from))?;
            }
            Self::Write { file, text } => write_program(file, text.as_bytes())?,
            Self::Remove(file) => {
                // On Windows a link to a folder is a folder.
                let is_folder = cfg!(windows) && fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_dir());
                let remove = if is_folder { fs::remove_dir::<&Path> } else { fs::remove_file::<&Path> };
                remove(file).or_else(unless(ErrorKind::NotFound)).map_err(tree::Error::files("remove", file))?;
            }
            Self::RemoveFolder(folder) => remove_empty(folder)?,
            Self::SaveConfig { from, to } => {
                // Copied and not read and written: the copy is for no more eyes than the file.
                fs::copy(from, to).map_err(tree::Error::files("copy", from))?;
            }
            Self::RestoreConfig { from, to } => {
                write_atomic(to, &fs::read(from).map_err(tree::Error::files("read", from))?)?;
                Self::Remove(from.clone()).perform(repo)?;
            }
            Self::Set { scope, value: Some(value) } => {
                repo.run(&["config", scope.option(), "--replace-all", KEY, value], b"")?;
            }
            Self::Set { scope, value: None } => {
                repo.run(&["config", scope.option(), "--unset-all", KEY], b"")?;
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, from)
}

#[cfg(windows)]
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    let is_folder = from.parent().is_some_and(|folder| folder.join(to).is_dir());
    let link = if is_folder { std::os::windows::fs::symlink_dir } else { std::os::windows::fs::symlink_file };
    link(to, from)
}

/// Removes a folder that nobody else uses.
fn remove_empty(folder: &Path) -> Result<(), Error> {
    let removed =
        fs::remove_dir(folder).or_else(unless(ErrorKind::NotFound)).or_else(unless(ErrorKind::DirectoryNotEmpty));
    Ok(removed.map_err(tree::Error::files("remove", folder))?)
}

/// Takes one kind of error for a success.
fn unless(kind: ErrorKind) -> impl FnOnce(std::io::Error) -> std::io::Result<()> {
    move |error| if error.kind() == kind { Ok(()) } else { Err(error) }
}
