//! A program to run and what came of it, as plain data.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Whether the repository's own commands may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Someone installed the hooks here, or a pipeline asked for it.
    Commands,
    /// The repository was only cloned.
    BuiltInOnly,
    /// The change that is judged brings the commands, and the branch that it wants to enter has no policy to allow them.
    Proposed,
}

/// What this process was started with, as far as it decides which programs are run and how they are told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// The folders in which programs are looked up by name, in order.
    pub(crate) path: Vec<PathBuf>,
    /// The endings that a program's name may lack, where the system has such (`.EXE`).
    pub(crate) endings: Vec<String>,
    /// The folder in which a manager of versions has its programs; it comes before the others.
    pub(crate) shims: Option<PathBuf>,
    /// What the marks of all programs of this process begin with.
    pub(crate) mark: String,
}

/// A program to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CommandSpec {
    /// The program: a name to be looked up on the PATH, or a path.
    pub(crate) program: OsString,
    /// Its arguments, never shell text.
    pub(crate) args: Vec<OsString>,
    /// The folder that it runs in; none is the current one.
    pub(crate) dir: Option<PathBuf>,
    /// What its standard input holds.
    pub(crate) stdin: Vec<u8>,
    /// Variables to set.
    pub(crate) env: BTreeMap<OsString, OsString>,
    /// Which of the inherited variables go away.
    pub(crate) scrub: Scrub,
    /// The most time that it may take; none for no limit.
    pub(crate) timeout: Option<Duration>,
    /// The most bytes that are kept of each of its outputs; the rest is counted and dropped.
    pub(crate) max_output: usize,
    /// Which bytes are kept of an output that is longer than that.
    pub(crate) kept: Part,
    /// What tells its processes from all others, as a variable in their environment, so that those that leave its
    /// process group are ended too; empty if they may stay.
    pub(crate) mark: OsString,
}

/// A part of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// What came first: for what is read as a whole.
    #[default]
    First,
    /// What came last: for what a person reads.
    Last,
}

/// Which inherited environment variables a child does not get.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Scrub {
    /// None: the child is git itself, which needs what git set.
    #[default]
    Nothing,
    /// Every `GIT_*`: the child is not git, and would work on the wrong repository or index.
    Git,
    /// All but these, and but those without which no program can be found (`PATH`).
    AllBut(Vec<OsString>),
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// Its time was over and it was ended.
    TimedOut,
    /// The run was interrupted and it was ended.
    Interrupted,
}

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandOutput {
    /// How it ended.
    pub(crate) exit: Exit,
    /// What it wrote to standard output, up to the limit.
    pub(crate) stdout: Vec<u8>,
    /// What it wrote to standard error, up to the limit.
    pub(crate) stderr: Vec<u8>,
    /// How many bytes were dropped because they were over the limit.
    pub(crate) n_dropped: u64,
    /// How long it took.
    pub(crate) duration: Duration,
}
