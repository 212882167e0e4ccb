//! What to look at.

use std::path::PathBuf;

use crate::model::change::ObjectId;
use crate::model::path::RepoPath;

/// One ref that a push wants to move, as git writes it to the standard input of `pre-push`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefUpdate {
    /// What is pushed: a ref or an expression; `(delete)` for a deletion.
    pub(crate) local_ref: Vec<u8>,
    /// Its object; zero for a deletion.
    pub(crate) local: ObjectId,
    /// The ref on the other side.
    pub(crate) remote_ref: Vec<u8>,
    /// What it points to there; zero for a new one.
    pub(crate) remote: ObjectId,
}

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// What the next commit will hold, against HEAD (in a merge: against every parent).
    Staged,
    /// The work tree with its untracked files, against HEAD.
    Worktree,
    /// Every tracked file as it is in the work tree.
    All,
    /// These files as they are in the work tree (a folder stands for all that is tracked below it).
    Files(Vec<RepoPath>),
    /// What an editor has for a file, whether it is saved or not.
    Buffer {
        /// The file that it is taken for.
        path: RepoPath,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// What `head` adds since it left `base`: from their merge base to `head`. Both are what `git rev-parse` takes.
    Range {
        /// The branch that the change wants to enter.
        base: String,
        /// The change; `HEAD` if not said otherwise.
        head: String,
    },
    /// What a push adds to a remote.
    Push {
        /// The name of the remote, or its URL where it has no name.
        remote: String,
        /// The refs.
        updates: Vec<RefUpdate>,
    },
    /// Every content that the history of any ref ever added, each once.
    History,
    /// A commit message in a file.
    Message(PathBuf),
}
