//! Repositories for tests, built by the scripts in `fixtures/repos`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::discover::{Error, discover};
use crate::git::Repo;
use crate::git::environment::Environment;
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Source};
use crate::model::command::{CommandSpec, Exit, Scrub};
use crate::model::request::Request;
use crate::process::{self, Interrupt};

/// A folder that is removed at the end, with what a script built in it.
pub(super) struct Sandbox(TempDir);

impl Sandbox {
    /// An empty folder.
    pub(super) fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    /// Runs `fixtures/repos/NAME.sh`.
    pub(super) fn build(name: &str) -> Self {
        let sandbox = Self::empty();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/repos/{name}.sh"));
        sandbox.command("bash", &[script.as_os_str(), sandbox.path("").as_os_str()], b"");
        sandbox
    }

    /// The path of something in the folder.
    pub(super) fn path(&self, below: &str) -> PathBuf {
        if below.is_empty() { self.0.path().to_owned() } else { self.0.path().join(below) }
    }

    /// Writes a file.
    pub(super) fn write(&self, below: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(below), content).expect("the file can be written");
    }

    /// Runs `git ARGS` in a folder, without the machine's configuration, and gives what it prints.
    pub(super) fn git(&self, folder: &str, args: &[&str], stdin: &[u8]) -> Vec<u8> {
        let folder = self.path(folder);
        let args: Vec<OsString> =
            [OsString::from("-C"), folder.into()].into_iter().chain(args.iter().map(OsString::from)).collect();
        self.command("git", &args, stdin)
    }

    /// Runs a program that must succeed.
    fn command<A: Into<OsString> + Clone>(&self, program: &str, args: &[A], stdin: &[u8]) -> Vec<u8> {
        let spec = CommandSpec {
            program: program.into(),
            args: args.iter().cloned().map(Into::into).collect(),
            dir: Some(self.path("")),
            stdin: stdin.to_owned(),
            env: isolated(&[]).variables().clone(),
            scrub: Scrub::Git,
            max_output: usize::MAX,
            ..CommandSpec::default()
        };
        let output = process::run(&spec, &Interrupt::default()).expect("the program is there");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.exit, Exit::Code(0), "{program} {:?}: {said}", spec.args);
        output.stdout
    }

    /// The repository that a folder is in.
    pub(super) fn repo(&self, folder: &str) -> Repo {
        self.repo_with(folder, &[])
    }

    /// The same with variables that git would have set.
    pub(super) fn repo_with(&self, folder: &str, variables: &[(&str, &str)]) -> Repo {
        self.try_repo(folder, variables).expect("there is a repository")
    }

    /// The same, or why there is none.
    pub(super) fn try_repo(&self, folder: &str, variables: &[(&str, &str)]) -> Result<Repo, crate::git::Error> {
        Repo::discover_with(&self.path(folder), isolated(variables), &Interrupt::default())
    }

    /// What is staged in the repository that a folder is in.
    pub(super) fn staged(&self, folder: &str) -> ChangeSet {
        only(discover(&self.repo(folder), &Request::Staged))
    }
}

/// Variables that keep the machine's configuration out.
fn isolated(variables: &[(&str, &str)]) -> Environment {
    [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]
        .iter()
        .chain(variables)
        .map(|(key, value)| (OsString::from(key), OsString::from(value)))
        .collect()
}

/// The one change set that there must be.
#[track_caller]
pub(super) fn only(found: Result<Vec<ChangeSet>, Error>) -> ChangeSet {
    let mut change_sets = found.expect("it can be said what changed");
    assert_eq!(change_sets.len(), 1, "{change_sets:?}");
    change_sets.remove(0)
}

/// A change in lines that are easy to compare: `Modified a.txt (File blob < File blob)`.
pub(super) fn shown(change_set: &ChangeSet) -> Vec<String> {
    change_set.files.iter().map(shown_file).collect()
}

/// One file of a change in a line.
fn shown_file(file: &ChangedFile) -> String {
    let side = |side: &Option<FileSide>| match side {
        None => "-".to_owned(),
        Some(FileSide { path, mode, source }) => {
            let other_path = if path == file.path() { String::new() } else { format!("{path} ") };
            let place = match source {
                Source::Worktree | Source::CheckedOut(_) => "worktree",
                Source::Blob(_) => "blob",
                Source::Historic { .. } => "added once",
            };
            format!("{other_path}{mode:?} {place}")
        }
    };
    let bases: Vec<String> = file.bases.iter().map(side).collect();
    let against = if bases.is_empty() { String::new() } else { format!(" < {}", bases.join(", ")) };
    format!("{:?} {} ({}{against})", file.status, file.path(), side(&file.head))
}
