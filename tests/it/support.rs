//! Real repositories and the real binary, cut off from the machine's own configuration.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The binary under test.
pub(crate) const TOLLGATE: &str = env!("CARGO_BIN_EXE_tollgate");

/// A repository in a folder of its own, with a home of its own.
pub(crate) struct Repo {
    root: TempDir,
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Both outputs, for searching.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The exit code must be this one.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{}", self.text());
        self
    }

    /// Both outputs together must hold this text.
    #[track_caller]
    pub(crate) fn says(self, expected: &str) -> Self {
        assert!(self.text().contains(expected), "no `{expected}` in:\n{}", self.text());
        self
    }

    /// Neither output may hold this text.
    #[track_caller]
    pub(crate) fn is_silent_on(self, unwanted: &str) -> Self {
        assert!(!self.text().contains(unwanted), "`{unwanted}` in:\n{}", self.text());
        self
    }
}

impl Repo {
    /// An empty repository on the branch `main`.
    pub(crate) fn new() -> Self {
        let repo = Self::without_git();
        repo.git(&["init", "-q", "-b", "main"]).code(0);
        repo
    }

    /// A folder that is no repository.
    pub(crate) fn without_git() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("home")).unwrap();
        fs::create_dir(root.path().join("work")).unwrap();
        Self { root }
    }

    /// A repository with one commit of these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let repo = Self::new();
        repo.commit("start", files);
        repo
    }

    /// A repository built by a script of `fixtures/repos`, in [`Repo::top`].
    pub(crate) fn from_script(name: &str) -> Self {
        let repo = Self::without_git();
        fs::remove_dir(repo.top()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos").join(name);
        repo.run_in(repo.root.path(), "bash", &[script.as_os_str(), repo.top().as_os_str()], b"").code(0);
        repo
    }

    /// The top of the work tree.
    pub(crate) fn top(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// A path beside the work tree.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.top().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Reads a file of the work tree.
    pub(crate) fn read(&self, path: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.top().join(path)).unwrap()).into_owned()
    }

    /// Writes and stages files.
    pub(crate) fn stage(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.write(path, text);
            self.git(&["add", "--", path]).code(0);
        }
    }

    /// Commits files without any hook.
    pub(crate) fn commit(&self, message: &str, files: &[(&str, &str)]) {
        self.stage(files);
        self.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", message]).code(0);
    }

    /// Commits what is staged as a user does, hooks and all.
    pub(crate) fn commit_hooked(&self, args: &[&str]) -> Ran {
        self.git(&[&["commit", "-q", "-m", "x"], args].concat())
    }

    /// What the index has of a file.
    pub(crate) fn staged(&self, path: &str) -> String {
        self.git(&["cat-file", "-p", &format!(":{path}")]).code(0).stdout
    }

    /// The index must have this of a file, and the work tree this.
    #[track_caller]
    pub(crate) fn holds(&self, path: &str, in_index: &str, in_worktree: &str) {
        assert_eq!((self.staged(path).as_str(), self.read(path).as_str()), (in_index, in_worktree), "{path}");
    }

    /// Runs git at the top.
    pub(crate) fn git<A: AsRef<OsStr>>(&self, args: &[A]) -> Ran {
        self.run_in(&self.top(), "git", args, b"")
    }

    /// Runs tollgate at the top.
    pub(crate) fn tollgate<A: AsRef<OsStr>>(&self, args: &[A]) -> Ran {
        self.run_in(&self.top(), TOLLGATE, args, b"")
    }

    /// A command in this repository's surroundings, without any variable of the machine but PATH.
    pub(crate) fn command(&self, folder: &Path, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let home = self.root.path().join("home");
        command
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ann")
            .env("GIT_AUTHOR_EMAIL", "ann@example.org")
            .env("GIT_COMMITTER_NAME", "Ann")
            .env("GIT_COMMITTER_EMAIL", "ann@example.org")
            .env("GIT_EDITOR", ":")
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a program in a folder, with this standard input.
    pub(crate) fn run_in<A: AsRef<OsStr>>(
        &self,
        folder: &Path,
        program: impl AsRef<OsStr>,
        args: &[A],
        stdin: &[u8],
    ) -> Ran {
        let mut command = self.command(folder, program);
        command.args(args);
        run(&mut command, stdin)
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = stdin.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    output.into()
}

/// A report without what differs from run to run by its nature.
pub(crate) fn without_times(format: &str, text: &str) -> String {
    fn blank(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(object) => {
                object.retain(|key, _| {
                    let key = key.to_ascii_lowercase();
                    key != "log"
                        && !["guid", "time", "duration", "started", "millis", "_ms"].iter().any(|own| key.contains(own))
                });
                object.values_mut().for_each(blank);
            }
            serde_json::Value::Array(array) => array.iter_mut().for_each(blank),
            serde_json::Value::String(text) if [" ms", " s", " min"].iter().any(|unit| text.ends_with(unit)) => {
                text.truncate(text.rfind(" - ").unwrap_or(text.len()));
            }
            _ => {}
        }
    }
    if format == "short" {
        return text.to_owned();
    }
    let mut value = serde_json::from_str(text).unwrap();
    blank(&mut value);
    value.to_string()
}
