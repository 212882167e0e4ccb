//! Git: the only module that asks it anything. Lists come from plumbing processes, contents from libgit2.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::model::command::{CommandSpec, Exit};
use crate::process::{self, Interrupt};

/// Why git could not be asked or gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no repository here.
    #[error("not in a git repository: {}", .0.display())]
    NoRepository(PathBuf),
    /// A git command failed.
    #[error("`git {command}` failed: {message}")]
    Command {
        /// The arguments.
        command: String,
        /// What git wrote to standard error.
        message: String,
    },
    /// Git could not be started.
    #[error("cannot run git")]
    Process(#[from] process::Error),
}

/// A repository, as the environment and the current folder say.
#[derive(Debug)]
pub(crate) struct Repo {
    git_dir: PathBuf,
    common_dir: PathBuf,
    work_tree: Option<PathBuf>,
    interrupt: Interrupt,
}

impl Repo {
    /// Finds the repository that `folder` is in; `GIT_DIR`, `GIT_WORK_TREE` and `GIT_INDEX_FILE` are honoured as git
    /// does.
    pub(crate) fn discover(folder: &Path, interrupt: &Interrupt) -> Result<Self, Error> {
        let spec = CommandSpec {
            program: "git".into(),
            args: ["rev-parse", "--absolute-git-dir", "--git-common-dir", "--show-toplevel"].map(Into::into).into(),
            dir: Some(folder.to_owned()),
            max_output: usize::MAX,
            ..CommandSpec::default()
        };
        let output = process::run(&spec, interrupt)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines();
        let (Some(git_dir), Some(common)) = (lines.next(), lines.next()) else {
            return Err(Error::NoRepository(folder.to_owned()));
        };
        Ok(Self {
            git_dir: git_dir.into(),
            common_dir: folder.join(common),
            work_tree: lines.next().map(PathBuf::from),
            interrupt: interrupt.clone(),
        })
    }

    /// The repository's own folder (of this work tree, if there are several), absolute.
    pub(crate) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The folder that all work trees of the repository share, absolute.
    pub(crate) fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The top of the work tree, absolute; none in a bare repository.
    pub(crate) fn work_tree(&self) -> Option<&Path> {
        self.work_tree.as_deref()
    }

    /// Runs `git ARGS` with `stdin` at the top of the work tree and gives its standard output; an exit code other than
    /// 0 is an error with what git said.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: &[A], stdin: &[u8]) -> Result<Vec<u8>, Error> {
        let spec = CommandSpec {
            program: "git".into(),
            args: args.iter().map(|arg| arg.as_ref().to_owned()).collect(),
            dir: Some(self.work_tree.clone().unwrap_or_else(|| self.git_dir.clone())),
            stdin: stdin.to_owned(),
            max_output: usize::MAX,
            ..CommandSpec::default()
        };
        let output = process::run(&spec, &self.interrupt)?;
        if output.exit == Exit::Code(0) {
            return Ok(output.stdout);
        }
        Err(Error::Command {
            command: args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect::<Vec<_>>().join(" "),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// The value of a configuration key as git resolves it (all scopes); `None` if it is not set.
    pub(crate) fn config(&self, key: &str) -> Result<Option<String>, Error> {
        match self.run(&["config", "--null", "--get", key], b"") {
            Ok(value) => Ok(Some(String::from_utf8_lossy(&value).trim_end_matches('\0').to_owned())),
            Err(Error::Command { message, .. }) if message.is_empty() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
