//! Git: the only module that asks it anything. Lists come from plumbing processes, what is staged from the file of the
//! index, objects from their files and from libgit2; where one of these can't be read here, a process is asked. It must not know what the answers are for.

pub(crate) mod attributes;
pub(crate) mod conversion;
pub(crate) mod difference;
pub(crate) mod environment;
pub(crate) mod index;
pub(crate) mod listing;
pub(crate) mod objects;
pub(crate) mod pinned;
pub(crate) mod revision;
pub(crate) mod settings;
pub(crate) mod staged;
pub(crate) mod state;

mod another_place;
mod index_file;
mod library;
mod loose;
mod open;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use crate::git::environment::Environment;
use crate::git::library::Library;
use crate::git::loose::LooseObjects;
use crate::git::revision::{Commit, Head};
use crate::model::change::ObjectId;
use crate::model::command::{CommandOutput, CommandSpec, Exit, Scrub};
use crate::model::path::RepoPath;
use crate::process::{self, Interrupt};

/// Why git could not be asked or gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no repository here.
    #[error("not in a git repository: {}", .0.display())]
    NoRepository(PathBuf),
    /// Git does not want to open the repository: it belongs to somebody else, or its format is too new.
    #[error("git refuses the repository at {}: {message}", folder.display())]
    Refused {
        /// Where it was looked for.
        folder: PathBuf,
        /// What git said, without its advice.
        message: String,
        /// Git's advice; empty if it gave none.
        advice: String,
    },
    /// A git command failed.
    #[error("`git {command}` failed: {message}")]
    Command {
        /// The arguments.
        command: String,
        /// What git wrote to standard error.
        message: String,
    },
    /// Git does not know its own options.
    #[error("this git is too old: it does not know `git {0}`")]
    TooOld(String),
    /// A git command gave something that can't be understood.
    #[error("cannot understand what `git {command}` says: {problem}")]
    Output {
        /// The arguments.
        command: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A name does not lead to a commit.
    #[error("`{0}` is no commit of this repository")]
    Revision(String),
    /// A file of git's own could not be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The index does not have the sum that it should have.
    #[error("the index {} is damaged: the sum at its end is that of something else", .0.display())]
    DamagedIndex(PathBuf),
    /// Git could not be started.
    #[error("cannot run git")]
    Process(#[from] process::Error),
}

impl Error {
    /// What the user can do about it, if that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NoRepository(_) => Some("run tollgate inside a git repository, or create one with `git init`".into()),
            Self::Refused { advice, .. } if !advice.is_empty() => Some(advice.clone()),
            Self::Revision(_) => {
                Some("check the spelling, and fetch it if it is a branch of a remote (`git fetch`)".into())
            }
            Self::TooOld(_) | Self::Process(process::Error::NotFound { .. }) => {
                Some("install git 2.31 or later and put it on PATH".into())
            }
            Self::DamagedIndex(_) => {
                Some("keep a copy of it, then `git read-tree HEAD` makes one without what was staged".into())
            }
            Self::Command { command, .. } if command.starts_with("symbolic-ref ") => {
                Some("the repository seems to be damaged: `git fsck` names what is broken".into())
            }
            _ => None,
        }
    }
}

/// A repository, as the environment and the current folder say.
#[derive(Debug)]
pub(crate) struct Repo {
    git_dir: PathBuf,
    common_dir: PathBuf,
    work_tree: Option<PathBuf>,
    format: ObjectFormat,
    environment: Environment,
    library: Library,
    loose: LooseObjects,
    trees: Mutex<HashMap<ObjectId, Arc<Vec<u8>>>>,
    head: OnceLock<Head>,
    named: Mutex<HashMap<String, Commit>>,
    interrupt: Interrupt,
}

/// How a repository names its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectFormat {
    /// 20 bytes.
    Sha1,
    /// 32 bytes.
    Sha256,
}

impl ObjectFormat {
    /// How many bytes the name of an object has.
    fn n_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

impl Repo {
    /// Finds the repository that `folder` is in; `GIT_DIR`, `GIT_WORK_TREE` and `GIT_INDEX_FILE` are honoured as git
    /// does. A repository that git itself would refuse to open is an error with git's own advice.
    pub(crate) fn discover(folder: &Path, interrupt: &Interrupt) -> Result<Self, Error> {
        Self::discover_with(folder, Environment::of_process(), interrupt)
    }

    /// The same with the `GIT_*` variables given.
    pub(crate) fn discover_with(folder: &Path, environment: Environment, interrupt: &Interrupt) -> Result<Self, Error> {
        open::open(folder, environment, interrupt)
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
    /// 0 is an error with what git said. Nothing is locked for git's own convenience, no program that the configuration
    /// names watches the file system, pathspecs are taken literally and `refs/replace` is not followed.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: &[A], stdin: &[u8]) -> Result<Vec<u8>, Error> {
        let output = self.ask(args, stdin)?;
        if output.exit == Exit::Code(0) { Ok(output.stdout) } else { Err(failure(args, &output)) }
    }

    /// The same without judging the exit code.
    fn ask<A: AsRef<OsStr>>(&self, args: &[A], stdin: &[u8]) -> Result<CommandOutput, Error> {
        let dir = self.work_tree.as_ref().unwrap_or(&self.git_dir);
        let environment = self.environment.with_places(&self.git_dir, self.work_tree.as_deref());
        Ok(process::run(&command(dir, &environment, args, stdin), &self.interrupt)?)
    }
}

/// The command line that every question to git has in common.
fn command<A: AsRef<OsStr>>(dir: &Path, environment: &Environment, args: &[A], stdin: &[u8]) -> CommandSpec {
    // Nothing watches the file system for us, and what git writes is looked at again.
    let settings = ["-c", "core.fsmonitor=false", "-c", "core.ignoreStat=false"];
    let fixed = ["--no-optional-locks", "--no-replace-objects", "--literal-pathspecs"];
    let mut variables = environment.variables().clone();
    // Some commands else hand over each line by itself, and nobody waits for one.
    variables.insert("GIT_FLUSH".into(), "0".into());
    CommandSpec {
        program: "git".into(),
        args: settings
            .iter()
            .chain(&fixed)
            .map(OsString::from)
            .chain(args.iter().map(|arg| arg.as_ref().to_owned()))
            .collect(),
        dir: Some(dir.to_owned()),
        stdin: stdin.to_owned(),
        env: variables,
        scrub: Scrub::Git,
        max_output: usize::MAX,
        ..CommandSpec::default()
    }
}

/// How git ends when it does not understand its arguments.
const USAGE: Exit = Exit::Code(129);

/// What a failed command has to say.
fn failure<A: AsRef<OsStr>>(args: &[A], output: &CommandOutput) -> Error {
    if output.exit == USAGE {
        return Error::TooOld(shown(args));
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let message = match output.exit {
        Exit::Code(code) if said.is_empty() => format!("exit code {code}"),
        Exit::Code(_) => said,
        Exit::Signal(signal) => format!("ended by signal {signal}"),
        Exit::TimedOut => "it took too long".to_owned(),
        Exit::Interrupted => "interrupted".to_owned(),
    };
    Error::Command { command: shown(args), message }
}

/// An error about output that makes no sense.
fn unreadable<A: AsRef<OsStr>>(args: &[A], problem: impl Into<String>) -> Error {
    Error::Output { command: shown(args), problem: problem.into() }
}

/// Arguments as people type them.
fn shown<A: AsRef<OsStr>>(args: &[A]) -> String {
    args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A path of the repository in the system's own form.
#[cfg(unix)]
fn os_path(path: &RepoPath) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(path.as_bytes()))
}

/// A path of the repository in the system's own form; git's paths are UTF-8 there.
#[cfg(not(unix))]
fn os_path(path: &RepoPath) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(path.as_bytes()).into_owned())
}
