//! Git's hooks: what each of them asks for, and putting ours in their place without losing those that were there. It
//! must not know what is checked.

pub(crate) mod chain;

pub(crate) mod doctor;
pub(crate) mod init;
pub(crate) mod install;
pub(crate) mod survey;

pub(crate) mod uninstall;

pub(crate) mod apply;
mod arguments;
mod manifest;
mod place;
mod plan;
#[cfg(all(test, unix))]
mod scenarios;
mod shim;
mod sibling;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::git;
use crate::model::request::Request;
use crate::process;
use crate::tree;

/// A git hook that tollgate serves. It is also the name of the stage whose settings hold.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Git's name of the hook.
    pub(crate) name: &'static str,
    /// One sentence for people: when it runs and what it judges.
    pub(crate) summary: &'static str,
    /// When a hook that was there before runs.
    pub(crate) chained: Turn,
    /// Whether git gives the hook something to read.
    pub(crate) reads_stdin: bool,
    /// Whether it has work only where a policy asks for it. A commit pays for each hook that git has to call.
    pub(crate) is_on_demand: bool,
    /// Understands what git gives the hook.
    read: fn(&[OsString], &[u8]) -> Result<Request, String>,
}

/// When a hook that was there before runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Before ours: it may still change what is judged.
    Before,
    /// After ours, if that passes: it may already send something out.
    After,
}

/// The hooks that tollgate serves.
pub(crate) const STAGES: &[Stage] = &[
    Stage {
        name: "pre-commit",
        summary: "before a commit: what is staged",
        chained: Turn::Before,
        reads_stdin: false,
        is_on_demand: false,
        read: arguments::staged,
    },
    Stage {
        name: "pre-merge-commit",
        summary: "before a merge commit: what the merge would commit",
        chained: Turn::Before,
        reads_stdin: false,
        is_on_demand: false,
        read: arguments::staged,
    },
    Stage {
        name: "commit-msg",
        summary: "before a commit: its message",
        chained: Turn::Before,
        reads_stdin: false,
        is_on_demand: true,
        read: arguments::message,
    },
    Stage {
        name: "pre-push",
        summary: "before a push: what it adds to the remote",
        chained: Turn::After,
        reads_stdin: true,
        is_on_demand: false,
        read: arguments::push,
    },
];

/// The hook of that name, if tollgate serves it.
pub(crate) fn stage(name: &str) -> Result<&'static Stage, Error> {
    STAGES.iter().find(|stage| stage.name == name).ok_or_else(|| Error::UnknownHook(name.to_owned()))
}

/// What git asks for by calling the hook `name` with these arguments and this standard input.
pub(crate) fn request(name: &str, args: &[OsString], stdin: &[u8]) -> Result<Request, Error> {
    (stage(name)?.read)(args, stdin).map_err(|problem| Error::Arguments { hook: name.to_owned(), problem })
}

/// Why a hook could not be served, installed or taken out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Tollgate does not serve this hook.
    #[error("tollgate has no hook `{0}`")]
    UnknownHook(String),
    /// Git would not call the hook like this.
    #[error("`{hook}` was not called as git calls it: {problem}")]
    Arguments {
        /// The hook.
        hook: String,
        /// What is wrong.
        problem: String,
    },
    /// Files that tollgate wrote were changed by someone else.
    #[error("changed since `tollgate install`: {}", shown(.0))]
    Edited(Vec<PathBuf>),
    /// A hook came after ours, and the one that ours replaced is still kept.
    #[error("{} was put there after `tollgate install`, and the hook that was there before is still kept", .0.display())]
    Occupied(PathBuf),
    /// The hooks would not be called: a setting that we can't change wins.
    #[error("core.hooksPath is still `{0}`, so git would not call the hooks")]
    Overruled(String),
    /// A path can't be written into a script and a configuration file.
    #[error("{what} is not valid UTF-8: {shown}")]
    NotUtf8 {
        /// Which path.
        what: &'static str,
        /// The path, as far as it can be shown.
        shown: String,
    },
    /// The record of the installation can't be used.
    #[error("cannot understand {}: {problem}", path.display())]
    Manifest {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A bare repository has no place for a policy.
    #[error("this repository has no work tree")]
    NoWorkTree,
    /// Git looks for hooks elsewhere than when they were installed.
    #[error("core.hooksPath was changed after `tollgate install`, so git looks for hooks elsewhere")]
    Moved,
    /// The setting of one work tree decides where the hooks are, and this is another one.
    #[error("{} sets core.hooksPath for one work tree: it and another work tree can not both have the hooks", .0.display())]
    OtherWorkTree(PathBuf),
    /// There is nothing to take out.
    #[error("the hooks are not installed here")]
    NotInstalled,
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] tree::Error),
    /// Git could not be asked.
    #[error(transparent)]
    Git(#[from] git::Error),
    /// A program could not be run.
    #[error(transparent)]
    Process(#[from] process::Error),
}

impl Error {
    /// What the user can do about it, if that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownHook(_) => {
                let names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
                Some(format!("it serves {}", names.join(", ")))
            }
            Self::Edited(_) => Some("keep what you need of the changes elsewhere, then say `--force`".into()),
            Self::Occupied(_) => {
                Some("remove that hook or let its manager uninstall it, then run `tollgate install` again".into())
            }
            Self::Overruled(_) => Some("see where it is set: `git config --show-origin core.hooksPath`".into()),
            Self::Manifest { .. } => Some("remove that file and run `tollgate install` again".into()),
            Self::Moved => Some("run `tollgate install` again: it goes where git looks now".into()),
            Self::OtherWorkTree(_) => Some(
                "run `tollgate uninstall` where they are installed, or set core.hooksPath for all work trees: \
                 `git config --worktree --unset core.hooksPath`, `git config core.hooksPath FOLDER`"
                    .into(),
            ),
            Self::NotInstalled => Some("`tollgate doctor` says what is there".into()),
            Self::Git(error) => error.hint(),
            _ => None,
        }
    }
}

/// Paths in one line.
fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{STAGES, request};
    use crate::model::change::ObjectId;
    use crate::model::request::{RefUpdate, Request};

    #[track_caller]
    fn check(name: &str, args: &[&str], stdin: &[u8], expected: Result<Request, &str>) {
        let args: Vec<OsString> = args.iter().map(Into::into).collect();
        match (request(name, &args, stdin), expected) {
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (Ok(request), Ok(expected)) => assert_eq!(request, expected),
            (request, expected) => panic!("{request:?} instead of {expected:?}"),
        }
    }

    fn id(digit: u8) -> ObjectId {
        ObjectId::from_hex(&[digit; 40]).expect("40 digits")
    }

    #[test]
    fn hooks_ask_for_what_git_means() {
        check("pre-commit", &[], b"", Ok(Request::Staged));
        check("pre-merge-commit", &[], b"", Ok(Request::Staged));
        check("commit-msg", &[".git/COMMIT_EDITMSG"], b"", Ok(Request::Message(".git/COMMIT_EDITMSG".into())));
        check("commit-msg", &[], b"", Err("file of the message"));
        check("post-checkout", &["a", "b", "1"], b"", Err("no hook `post-checkout`"));
    }

    #[test]
    fn a_push_names_its_refs() {
        let zero = "0".repeat(40);
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let stdin = format!(
            "refs/heads/a {one} refs/heads/b {two}\n(delete) {zero} refs/heads/c {two}\nHEAD@{{1 day ago}} {one} refs/d {zero}\n"
        );
        let update = |local_ref: &str, local: u8, remote_ref: &str, remote: u8| RefUpdate {
            local_ref: local_ref.as_bytes().to_vec(),
            local: id(local),
            remote_ref: remote_ref.as_bytes().to_vec(),
            remote: id(remote),
        };
        let updates = vec![
            update("refs/heads/a", b'1', "refs/heads/b", b'2'),
            update("(delete)", b'0', "refs/heads/c", b'2'),
            update("HEAD@{1 day ago}", b'1', "refs/d", b'0'),
        ];
        let push = Request::Push { remote: "origin".into(), updates };
        check("pre-push", &["origin", "https://example.org/x"], stdin.as_bytes(), Ok(push));
        let nothing = Request::Push { remote: "/srv/x".into(), updates: Vec::new() };
        check("pre-push", &["/srv/x", "/srv/x"], b"", Ok(nothing));
        check("pre-push", &[], b"", Err("remote"));
        check("pre-push", &["origin"], b"refs/heads/a 123 refs/heads/b 456\n", Err("line 1"));
        check("pre-push", &["origin"], b"garbage\n", Err("line 1"));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STAGES.len());
    }
}
