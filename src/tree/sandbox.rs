//! A repository in a temporary folder, made by the real git with a fixed environment, for the tests of what works on
//! repositories.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::model::command::{CommandOutput, CommandSpec, Exit, Scrub};
use crate::process::{self, Interrupt};

/// A folder with a home and a repository in it, both of no consequence.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
    env: BTreeMap<OsString, OsString>,
}

impl Sandbox {
    /// An empty repository on branch `main`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("home");
        fs::create_dir(&home).expect("the folder is ours");
        let mut env: BTreeMap<OsString, OsString> = [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.org"),
            ("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z"),
            ("GIT_COMMITTER_NAME", "C"),
            ("GIT_COMMITTER_EMAIL", "c@example.org"),
            ("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z"),
            ("LC_ALL", "C"),
        ]
        .map(|(key, value)| (key.into(), value.into()))
        .into();
        env.insert("HOME".into(), home.clone().into());
        env.insert("GIT_CONFIG_GLOBAL".into(), home.join("gitconfig").into());
        let sandbox = Self { folder, env };
        fs::create_dir(sandbox.top()).expect("the folder is ours");
        sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
        sandbox
    }

    /// The folder around everything.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The top of the work tree.
    pub(crate) fn top(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// Sets a variable for every program that is run here.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.env.insert(key.into(), value.into());
    }

    /// The repository that `folder` is in.
    #[track_caller]
    pub(crate) fn repo_at(&self, folder: &Path) -> Repo {
        let environment = self.env.clone().into_iter().collect();
        Repo::discover_with(folder, environment, &Interrupt::default()).expect("there is a repository")
    }

    /// The repository.
    #[track_caller]
    pub(crate) fn repo(&self) -> Repo {
        self.repo_at(&self.top())
    }

    /// Runs a program in `folder`.
    #[track_caller]
    pub(crate) fn run(&self, folder: &Path, program: &str, args: &[&str], stdin: &[u8]) -> CommandOutput {
        let spec = CommandSpec {
            program: program.into(),
            args: args.iter().map(Into::into).collect(),
            dir: Some(folder.to_owned()),
            stdin: stdin.to_owned(),
            env: self.env.clone(),
            scrub: Scrub::Git,
            max_output: usize::MAX,
            ..CommandSpec::default()
        };
        process::run(&spec, &Interrupt::default()).expect("the program starts")
    }

    /// Runs git in `folder`, which must succeed, and gives what it says.
    #[track_caller]
    pub(crate) fn git_at(&self, folder: &Path, args: &[&str]) -> String {
        let output = self.run(folder, "git", args, b"");
        assert_eq!(output.exit, Exit::Code(0), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs git at the top, which must succeed, and gives what it says.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_at(&self.top(), args)
    }

    /// Writes a file below the top, with its folders.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, content: &str) {
        let file = self.top().join(path);
        fs::create_dir_all(file.parent().expect("it is below the top")).expect("the folder is ours");
        fs::write(file, content).expect("the folder is ours");
    }
}
