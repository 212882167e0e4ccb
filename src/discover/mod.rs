//! What changed: turns a request into change sets, one file for each source of change. It must not know what is done
//! with them. An error is never "no changes".

mod comparison;
mod files;
mod history;
mod push;
mod range;
mod raw;
mod staged;
mod worktree;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod states;

use crate::git::revision::Head;
use crate::git::{self, Repo};
use crate::model::change::{ChangeSet, ObjectId, Parent};
use crate::model::path::RepoPath;
use crate::model::request::Request;

/// Why it can't be said what changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Git could not be asked or gave no usable answer.
    #[error("cannot find out what changed")]
    Git(#[from] git::Error),
    /// A merge, rebase or the like stopped on conflicts that are still in the index.
    #[error("{} not merged yet: {}", counted(paths.len(), "path is", "paths are"), listed(paths))]
    Unmerged {
        /// The paths, sorted.
        paths: Vec<RepoPath>,
    },
    /// History was cut off when the repository was fetched, and the common ancestor is beyond the cut.
    #[error("this shallow clone does not hold the commit where {head} left {base}")]
    Shallow {
        /// The one side.
        base: String,
        /// The other side.
        head: String,
    },
    /// History was cut off when the repository was fetched, and all of it was asked for.
    #[error("this shallow clone does not hold all of the history")]
    ShallowHistory,
    /// Two histories have nothing in common.
    #[error("{head} and {base} have no common ancestor")]
    Unrelated {
        /// The one side.
        base: String,
        /// The other side.
        head: String,
    },
    /// A tag of a file or a folder is pushed.
    #[error("`{name}` leads to no commit, so what it brings can't be judged")]
    NoCommit {
        /// The name of the tag.
        name: String,
    },
    /// Files were named that are not there.
    #[error("no such file and no folder with tracked files: {}", listed(paths))]
    NoFile {
        /// As they were named.
        paths: Vec<RepoPath>,
    },
    /// The work tree was asked for in a repository that has none.
    #[error("this repository has no work tree")]
    NoWorktree,
}

impl Error {
    /// What the user can do about it, if that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Git(error) => error.hint(),
            Self::Unmerged { .. } => {
                Some("resolve the conflicts and `git add` the files, or abort the operation".into())
            }
            Self::Shallow { .. } | Self::ShallowHistory => Some(
                "fetch the rest of the history with `git fetch --unshallow` (`fetch-depth: 0`, `GIT_DEPTH: 0`)".into(),
            ),
            Self::Unrelated { .. } => Some("name a base that the change started from".into()),
            Self::NoCommit { .. } => Some("push it by itself and unjudged: `git push --no-verify`".into()),
            Self::NoFile { .. } => Some("files are named relative to the current folder".into()),
            Self::NoWorktree => Some("name a range of commits with --base and --head".into()),
        }
    }
}

/// Finds what the request asks for: one change set, several for a push, none for a message, which has no files.
pub(crate) fn discover(repo: &Repo, request: &Request) -> Result<Vec<ChangeSet>, Error> {
    match request {
        Request::Staged => Ok(vec![staged::discover(repo)?]),
        Request::Worktree => Ok(vec![worktree::discover(repo)?]),
        Request::All => Ok(vec![files::discover_all(repo)?]),
        Request::Files(paths) => Ok(vec![files::discover_named(repo, paths)?]),
        Request::Buffer { path, .. } => Ok(vec![files::discover_buffer(path)]),
        Request::Range { base, head } => Ok(vec![range::discover(repo, base, head)?]),
        Request::Push { remote, updates } => push::discover(repo, remote, updates),
        Request::History => Ok(vec![history::discover(repo)?]),
        Request::Message(_) => Ok(Vec::new()),
    }
}

/// Why a request that leaves nothing to look at does so, where that rests on more than what was asked.
pub(crate) fn why_nothing(repo: &Repo, request: &Request) -> Result<Option<String>, Error> {
    match request {
        Request::Push { remote, updates } => push::why_nothing(repo, remote, updates),
        _ => Ok(None),
    }
}

/// What HEAD holds; the empty tree before the first commit.
fn parent_at(repo: &Repo, head: &Head) -> Parent {
    head.commit.map_or_else(|| Parent { tree: repo.empty_tree(), commit: None }, Parent::from)
}

/// The work tree must be there for what is asked.
fn need_worktree(repo: &Repo) -> Result<(), Error> {
    repo.work_tree().map(drop).ok_or(Error::NoWorktree)
}

/// The objects' names as git takes them.
fn hex(id: &ObjectId) -> String {
    id.to_string()
}

/// A number with the word that goes with it.
fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

/// A number with its thousands set off: `1,234`.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Paths in one line, not too many of them.
fn listed(paths: &[RepoPath]) -> String {
    const SHOWN: usize = 10;
    let mut out = paths.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if paths.len() > SHOWN {
        out.push_str(&format!(" and {} more", grouped(paths.len() - SHOWN)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Error, grouped};
    use crate::model::path::RepoPath;

    #[test]
    fn thousands_are_set_off() {
        for (n, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), expected);
        }
    }

    #[test]
    fn an_error_names_the_paths_harmlessly_and_not_without_end() {
        let one = Error::Unmerged { paths: vec![RepoPath::from("a\nb")] };
        assert_eq!(one.to_string(), "1 path is not merged yet: a\\nb");
        let many = Error::NoFile { paths: (0..12).map(|n| RepoPath::from(n.to_string().as_str())).collect() };
        assert_eq!(
            many.to_string(),
            "no such file and no folder with tracked files: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
        );
    }
}
