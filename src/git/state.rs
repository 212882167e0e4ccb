//! The state of the work tree and of what git is in the middle of.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::git::{Error, Repo, failure, os_path};
use crate::model::change::{Mode, ObjectId};
use crate::model::command::Exit;
use crate::model::path::RepoPath;

/// What git is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A merge, stopped or about to be committed.
    Merge,
    /// A rebase, or a series of patches.
    Rebase,
    /// A cherry-pick.
    CherryPick,
    /// A revert.
    Revert,
}

impl Repo {
    /// What git is in the middle of; none most of the time.
    pub(crate) fn operation(&self) -> Result<Option<Operation>, Error> {
        if !self.merged_commits()?.is_empty() {
            return Ok(Some(Operation::Merge));
        }
        if ["rebase-merge", "rebase-apply"].iter().any(|folder| self.git_dir.join(folder).is_dir()) {
            return Ok(Some(Operation::Rebase));
        }
        for (reference, operation) in [("CHERRY_PICK_HEAD", Operation::CherryPick), ("REVERT_HEAD", Operation::Revert)]
        {
            if self.has_reference(reference)? {
                return Ok(Some(operation));
            }
        }
        Ok(None)
    }

    /// The commits that are being merged into HEAD; empty if none are. In `pre-merge-commit` git has told them to its
    /// children alone, and a variable that is left over from a merge that is done is ignored.
    pub(crate) fn merged_commits(&self) -> Result<Vec<ObjectId>, Error> {
        let path = self.git_dir.join("MERGE_HEAD");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.announced_commits(),
            Err(source) => return Err(Error::File { path, source }),
        };
        let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| ObjectId::from_hex(line.trim_ascii()))
            .collect::<Option<Vec<_>>>()
            .filter(|commits| !commits.is_empty())
            .ok_or_else(|| Error::File { path, source: io::Error::other("it names no commit") })
    }

    /// The commits of which the environment says that they are being merged.
    fn announced_commits(&self) -> Result<Vec<ObjectId>, Error> {
        let announced = self.environment.merged_commits();
        let Some(head) = (if announced.is_empty() { None } else { self.head()?.commit }) else {
            return Ok(Vec::new());
        };
        let mut merging = Vec::new();
        for commit in announced {
            if !self.is_ancestor(&commit, &head.id)? {
                merging.push(commit);
            }
        }
        Ok(merging)
    }

    /// Whether there is such a reference at the top of the repository.
    fn has_reference(&self, name: &str) -> Result<bool, Error> {
        let asked = self.library.ask(|repository| repository.find_reference(name).map(drop));
        match asked {
            Some(Ok(())) => Ok(true),
            Some(Err(error)) if error.code() == git2::ErrorCode::NotFound => Ok(false),
            _ => {
                let args = ["rev-parse", "--quiet", "--verify", name];
                let output = self.ask(&args, b"")?;
                match output.exit {
                    Exit::Code(0) => Ok(true),
                    Exit::Code(1) => Ok(false),
                    _ => Err(failure(&args, &output)),
                }
            }
        }
    }

    /// The tracked files whose content, kind or mode in the work tree is not what the index holds, the missing ones and
    /// those of which only the intent to add them is recorded included; sorted. Files that were merely touched are
    /// compared by their content and left out, as are those of which the user said that git must not look at them.
    pub(crate) fn unstaged_paths(&self) -> Result<Vec<RepoPath>, Error> {
        let mut paths = paths(&self.run(&["ls-files", "--modified", "-z"], b"")?);
        paths.dedup();
        Ok(paths)
    }

    /// The same of these paths alone.
    pub(crate) fn unstaged_among(&self, paths: &[RepoPath]) -> Result<Vec<RepoPath>, Error> {
        let names = paths.iter().map(os_path).map(PathBuf::into_os_string);
        let args = ["ls-files", "--modified", "-z", "--"].map(OsString::from).into_iter().chain(names);
        let listed = self.run(&args.collect::<Vec<_>>(), b"")?;
        Ok(self::paths(&listed))
    }

    /// Whether a tracked file in the work tree or in a submodule differs from the index, or may.
    pub(crate) fn has_unstaged_changes(&self) -> Result<bool, Error> {
        Ok(!self.unstaged_paths()?.is_empty() || self.has_unwatched_changes()?)
    }

    /// Whether a tracked file that [`Repo::unstaged_paths`] does not tell of differs from the index, or may: git was told
    /// not to look at it, or it is in a submodule.
    pub(crate) fn has_unwatched_changes(&self) -> Result<bool, Error> {
        let listed = self.run(&["ls-files", "-v", "--stage", "-z", "--full-name"], b"")?;
        let listed = || listed.split(|&byte| byte == 0).filter_map(Listed::parse);
        if listed().any(|entry| self.is_unwatched(&entry)) {
            return Ok(true);
        }
        // Not every repository in a folder of this one is told of in `.gitmodules`.
        for entry in listed().filter(|entry| entry.is_submodule) {
            if self.has_changed_submodule(&RepoPath::new(entry.path))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a file of a submodule is not as its commit, or what is to become its next one, has it.
    fn has_changed_submodule(&self, path: &RepoPath) -> Result<bool, Error> {
        let Some(submodule) = self.submodule(path)? else { return Ok(false) };
        match submodule.head()?.commit {
            Some(commit) => submodule.differs_from(&commit.tree),
            None => Ok(false),
        }
    }

    /// Whether git was told to take a file for unchanged (`assume-unchanged`), or to leave it alone (`skip-worktree`)
    /// although it is there.
    fn is_unwatched(&self, entry: &Listed<'_>) -> bool {
        match entry.tag {
            b'S' => self.worktree_mode(&RepoPath::new(entry.path)).is_some(),
            tag => tag.is_ascii_lowercase(),
        }
    }

    /// Whether a tracked file in the work tree, or the index, differs from a tree.
    pub(crate) fn differs_from(&self, tree: &ObjectId) -> Result<bool, Error> {
        let tree = tree.to_string();
        let args = ["diff-index", "--cached", "--quiet", "--no-ext-diff", "--ignore-submodules=dirty", &tree, "--"];
        let output = self.ask(&args, b"")?;
        match output.exit {
            Exit::Code(0) => self.has_unstaged_changes(),
            Exit::Code(1) => Ok(true),
            _ => Err(failure(&args, &output)),
        }
    }

    /// What kind of entry a path is in the work tree now; none if there is nothing that git could track.
    pub(crate) fn worktree_mode(&self, path: &RepoPath) -> Option<Mode> {
        let metadata = fs::symlink_metadata(self.work_tree.as_ref()?.join(os_path(path))).ok()?;
        if metadata.is_symlink() {
            return Some(Mode::Symlink);
        }
        if !metadata.is_file() {
            return None;
        }
        Some(if is_executable(&metadata) { Mode::Executable } else { Mode::File })
    }
}

/// An entry of the index as `ls-files -v --stage` tells it: `TAG MODE OBJECT STAGE<tab>PATH`.
struct Listed<'a> {
    tag: u8,
    is_submodule: bool,
    path: &'a [u8],
}

impl<'a> Listed<'a> {
    fn parse(entry: &'a [u8]) -> Option<Self> {
        let (facts, path) = entry.split_at_checked(entry.iter().position(|&byte| byte == b'\t')?)?;
        let [tag, b' ', rest @ ..] = facts else { return None };
        Some(Self { tag: *tag, is_submodule: rest.starts_with(b"160000 "), path: path.get(1..)? })
    }
}

/// The paths of a list that is separated by NUL.
fn paths(listed: &[u8]) -> Vec<RepoPath> {
    listed.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(RepoPath::new).collect()
}

/// Whether its owner may execute a file.
#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

/// Whether its owner may execute a file; not recorded on this system.
#[cfg(not(unix))]
fn is_executable(_metadata: &fs::Metadata) -> bool {
    false
}
