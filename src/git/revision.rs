//! Commits: what HEAD and other names lead to, and how commits are related.

use std::collections::BTreeMap;
use std::fmt;

use crate::git::library::object_id;
use crate::git::{Error, ObjectFormat, Repo, failure, unreadable};
use crate::model::change::{ObjectId, Parent};
use crate::model::command::Exit;
use crate::model::escape::escaped;
use crate::model::path::RepoPath;

/// A commit and its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The commit.
    pub(crate) id: ObjectId,
    /// What it holds.
    pub(crate) tree: ObjectId,
}

impl From<Commit> for Parent {
    fn from(commit: Commit) -> Self {
        Self { tree: commit.tree, commit: Some(commit.id) }
    }
}

/// Where the repository stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The commit; none before the first one of the branch.
    pub(crate) commit: Option<Commit>,
    /// The branch, harmless to show; none where HEAD is detached.
    pub(crate) branch: Option<String>,
}

/// For people: the branch, or the commit of a detached HEAD.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.branch, self.commit) {
            (Some(branch), _) => f.write_str(branch),
            (None, Some(commit)) => f.write_str(&commit.id.short()),
            (None, None) => f.write_str("no commit"),
        }
    }
}

impl Repo {
    /// Where the repository stands, looked up once. HEAD without a commit is no error; HEAD that can't be read is.
    pub(crate) fn head(&self) -> Result<Head, Error> {
        if let Some(head) = self.head.get() {
            return Ok(head.clone());
        }
        let head = self.look_up_head()?;
        Ok(self.head.get_or_init(|| head).clone())
    }

    fn look_up_head(&self) -> Result<Head, Error> {
        // libgit2 takes a link for what it leads to, and git for a branch (`core.preferSymlinkRefs`).
        if self.git_dir.join("HEAD").is_symlink() {
            return self.head_from_git();
        }
        let asked = self.library.ask(|repository| {
            let head = repository.find_reference("HEAD")?;
            let branch = head.symbolic_target_bytes().map(branch_name);
            match repository.head() {
                Ok(reference) => Ok((reference.target().map(object_id).transpose()?, branch)),
                Err(error) if error.code() == git2::ErrorCode::UnbornBranch => Ok((None, branch)),
                Err(error) => Err(error),
            }
        });
        match asked {
            Some(Ok((id, branch))) => Ok(Head { commit: id.map(|id| self.commit(&id)).transpose()?, branch }),
            _ => self.head_from_git(),
        }
    }

    /// The same from git itself.
    fn head_from_git(&self) -> Result<Head, Error> {
        let args = ["symbolic-ref", "--quiet", "HEAD"];
        let output = self.ask(&args, b"")?;
        let branch = match output.exit {
            Exit::Code(0) => Some(branch_name(output.stdout.trim_ascii_end())),
            Exit::Code(1) => None,
            _ => return Err(failure(&args, &output)),
        };
        match self.ask_for("HEAD") {
            Ok(commit) => Ok(Head { commit: Some(commit), branch }),
            Err(Error::Revision(_)) if branch.is_some() && !self.has_ref_of_head()? => {
                Ok(Head { commit: None, branch })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether there is a branch under the name that HEAD bears, be it a broken one.
    fn has_ref_of_head(&self) -> Result<bool, Error> {
        let args = ["rev-parse", "--quiet", "--verify", "HEAD"];
        let output = self.ask(&args, b"")?;
        Ok(output.exit == Exit::Code(0) || !output.stderr.is_empty())
    }

    /// The commit that a name leads to: whatever `git rev-parse` understands. It leads there as long as this runs.
    pub(crate) fn resolve(&self, revision: &str) -> Result<Commit, Error> {
        let known = || self.named.lock().ok()?.get(revision).copied();
        if let Some(commit) = known() {
            return Ok(commit);
        }
        let head = if revision == "HEAD" { self.head().ok().and_then(|head| head.commit) } else { None };
        let commit = head.map_or_else(|| self.ask_for(revision), Ok)?;
        if let Ok(mut named) = self.named.lock() {
            named.insert(revision.to_owned(), commit);
        }
        Ok(commit)
    }

    fn ask_for(&self, revision: &str) -> Result<Commit, Error> {
        let unknown = || Error::Revision(escaped(revision));
        if revision.contains(['\n', '\0']) {
            return Err(unknown());
        }
        let args = ["cat-file", "--batch-check=%(objectname)"];
        let question = format!("{revision}^{{commit}}\n{revision}^{{tree}}\n");
        let said = self.run(&args, question.as_bytes())?;
        let mut lines = said.split(|&byte| byte == b'\n').map(ObjectId::from_hex);
        match (lines.next().flatten(), lines.next().flatten()) {
            (Some(id), Some(tree)) => Ok(Commit { id, tree }),
            _ => Err(unknown()),
        }
    }

    /// The commit with this name, by its tree; an error if there is no such commit here.
    pub(crate) fn commit(&self, id: &ObjectId) -> Result<Commit, Error> {
        match self.tree_of(id) {
            Some(tree) => Ok(Commit { id: *id, tree }),
            None => self.ask_for(&id.to_string()),
        }
    }

    /// The branches, the tags and the stash with the objects that they lead to, such as `heads/main`.
    pub(crate) fn branches_and_tags(&self) -> Result<BTreeMap<RepoPath, Vec<u8>>, Error> {
        let args =
            ["for-each-ref", "--format=%(objectname) %(refname:lstrip=1)", "refs/heads", "refs/tags", "refs/stash"];
        let listed = self.run(&args, b"")?;
        let entry = |line: &[u8]| {
            let (id, name) = line.split_at(line.iter().position(|&byte| byte == b' ')?);
            Some((RepoPath::new(name.trim_ascii_start()), id.to_owned()))
        };
        Ok(listed.split(|&byte| byte == b'\n').filter_map(entry).collect())
    }

    /// The best common ancestors of two commits: those of which no other one is a descendant. There are several where
    /// each side has merged the other; none where there is none (in a shallow clone: none that is here).
    pub(crate) fn merge_bases(&self, one: &ObjectId, other: &ObjectId) -> Result<Vec<ObjectId>, Error> {
        let (one, other) = (one.to_string(), other.to_string());
        let args = ["merge-base", "--all", &one, &other];
        let output = self.ask(&args, b"")?;
        match output.exit {
            Exit::Code(0) => words(&output.stdout)
                .map(ObjectId::from_hex)
                .collect::<Option<Vec<_>>>()
                .filter(|bases| !bases.is_empty())
                .ok_or_else(|| unreadable(&args, "no commit")),
            Exit::Code(1) if output.stderr.is_empty() => Ok(Vec::new()),
            _ => Err(failure(&args, &output)),
        }
    }

    /// Whether a commit is the other one or comes before it.
    pub(crate) fn is_ancestor(&self, commit: &ObjectId, of: &ObjectId) -> Result<bool, Error> {
        Ok(self.merge_bases(commit, of)? == [*commit])
    }

    /// The branch that a clone of the remote `origin` starts on, as far as this clone was told; none if it was not.
    pub(crate) fn default_branch(&self) -> Result<Option<String>, Error> {
        let args = ["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"];
        let output = self.ask(&args, b"")?;
        match output.exit {
            Exit::Code(0) => {
                let name = String::from_utf8_lossy(output.stdout.trim_ascii_end()).into_owned();
                Ok(name.strip_prefix("refs/remotes/origin/").map(str::to_owned))
            }
            Exit::Code(1) => Ok(None),
            _ => Err(failure(&args, &output)),
        }
    }

    /// Whether history was cut off when the repository was fetched.
    pub(crate) fn is_shallow(&self) -> Result<bool, Error> {
        match self.library.ask(|repository| Ok(repository.is_shallow())) {
            Some(Ok(shallow)) => Ok(shallow),
            _ => Ok(self.run(&["rev-parse", "--is-shallow-repository"], b"")?.starts_with(b"true")),
        }
    }

    /// The tree without entries, which every repository knows without storing it.
    pub(crate) fn empty_tree(&self) -> ObjectId {
        let hex: &[u8] = match self.format {
            ObjectFormat::Sha1 => b"4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            ObjectFormat::Sha256 => b"6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
        };
        ObjectId::from_hex(hex).expect("because the digits above are well formed")
    }
}

/// The short name of a branch, harmless to show.
fn branch_name(reference: &[u8]) -> String {
    escaped(&String::from_utf8_lossy(reference.strip_prefix(b"refs/heads/").unwrap_or(reference)))
}

/// What stands between white space.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use crate::git::Repo;
    use crate::git::environment::Environment;
    use crate::process::Interrupt;
    use crate::tree::sandbox::Sandbox;

    #[test]
    fn a_head_that_is_a_link_is_on_a_branch() {
        let sandbox = Sandbox::new();
        sandbox.write("a", "1\n");
        sandbox.git(&["add", "a"]);
        sandbox.git(&["commit", "-qm", "one"]);
        sandbox.git(&["branch", "-M", "trunk"]);
        let head = sandbox.top().join(".git/HEAD");
        fs::remove_file(&head).expect("it is ours");
        symlink("refs/heads/trunk", &head).expect("it is ours");
        let repo = Repo::discover_with(&sandbox.top(), Environment::default(), &Interrupt::default());
        let head = repo.and_then(|repo| repo.head()).expect("it is read");
        assert_eq!((head.branch.as_deref(), head.commit.is_some()), (Some("trunk"), true));
    }
}
