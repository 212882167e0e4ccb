//! A commit of another repository, kept in a bare repository of our own. Whoever reads it gets what the commit's name
//! promises: libgit2 holds each object against its name.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use git2::{ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};

use crate::git::another_place::LOCAL;
use crate::git::environment::Environment;
use crate::git::library::{oid, open_exactly};
use crate::git::{Error, command, failure, os_path};
use crate::model::change::ObjectId;
use crate::model::command::{CommandSpec, Exit};
use crate::model::content::Content;
use crate::model::path::RepoPath;
use crate::process::{self, Interrupt};

/// The longest that fetching a commit may take.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The ways to a repository that git may take.
const PROTOCOLS: &str = "https:ssh:file";

/// A commit that was fetched before.
pub(crate) struct Pinned {
    repository: Repository,
    commit: Oid,
}

/// Why a kept commit can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damage(#[from] git2::Error);

impl Pinned {
    /// The commit as it is kept in that folder; none if it was never fetched.
    pub(crate) fn open(folder: &Path, commit: &ObjectId) -> Result<Option<Self>, Damage> {
        let Ok(repository) = open_exactly(folder) else { return Ok(None) };
        if repository.find_reference(&kept_as(commit)).is_err() {
            return Ok(None);
        }
        let commit = oid(commit)?;
        repository.find_commit(commit)?;
        Ok(Some(Self { repository, commit }))
    }

    /// Fetches a commit into that folder, which is made if it is not there. Nobody is asked for a password.
    pub(crate) fn fetch(folder: &Path, url: &str, commit: &ObjectId, interrupt: &Interrupt) -> Result<(), Error> {
        let parent = folder.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|source| Error::File { path: parent.to_owned(), source })?;
        let format = if commit.as_bytes().len() == 20 { "sha1" } else { "sha256" };
        let folder = folder.to_string_lossy();
        let object_format = format!("--object-format={format}");
        run(parent, &["init", "--quiet", "--bare", "--template=", &object_format, "--", &folder], interrupt)?;
        // In a pack, whose objects libgit2 reads whatever happens to the file, and kept by a ref.
        let kept = format!("{commit}:{}", kept_as(commit));
        let options = ["-c", "fetch.unpackLimit=1", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];
        let git_dir = ["--git-dir", &folder];
        let fetch =
            ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--"];
        let args: Vec<&str> = options.into_iter().chain(git_dir).chain(fetch).chain([url, &kept]).collect();
        run(parent, &args, interrupt)
    }

    /// The content of a file; none if there is no such file.
    pub(crate) fn read(&self, path: &RepoPath, limit: u64) -> Result<Option<Content>, Damage> {
        let tree = self.repository.find_commit(self.commit)?.tree()?;
        let entry = match tree.get_path(&os_path(path)) {
            Ok(entry) if entry.kind() == Some(ObjectType::Blob) => entry,
            Ok(_) => return Ok(None),
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let odb = self.repository.odb()?;
        let (n_bytes, _) = odb.read_header(entry.id())?;
        if n_bytes as u64 > limit {
            return Ok(Some(Content::TooLarge(n_bytes as u64)));
        }
        Ok(Some(Content::Bytes(odb.read(entry.id())?.data().to_owned())))
    }

    /// The paths of all files, sorted.
    pub(crate) fn files(&self) -> Result<Vec<RepoPath>, Damage> {
        let mut files = Vec::new();
        self.repository.find_commit(self.commit)?.tree()?.walk(TreeWalkMode::PreOrder, |folder, entry| {
            if entry.kind() == Some(ObjectType::Blob) {
                files.push(RepoPath::new([folder.as_bytes(), entry.name_bytes()].concat()));
            }
            TreeWalkResult::Ok
        })?;
        files.sort();
        Ok(files)
    }
}

/// The ref that keeps a commit.
fn kept_as(commit: &ObjectId) -> String {
    format!("refs/tollgate/{commit}")
}

/// Runs git outside of the user's repository, by the protocols that are allowed and without asking anybody anything.
fn run(dir: &Path, args: &[&str], interrupt: &Interrupt) -> Result<(), Error> {
    let of_process = Environment::of_process();
    let inherited = of_process.variables().iter().filter(|(name, _)| !LOCAL.iter().any(|local| *name == local));
    let mut variables: BTreeMap<_, _> = inherited.map(|(name, value)| (name.clone(), value.clone())).collect();
    variables.entry("GIT_SSH_COMMAND".into()).or_insert_with(|| "ssh -oBatchMode=yes".into());
    variables.extend([("GIT_TERMINAL_PROMPT".into(), "0".into()), ("GIT_ALLOW_PROTOCOL".into(), PROTOCOLS.into())]);
    let environment: Environment = variables.into_iter().collect();
    let spec = CommandSpec { timeout: Some(TIMEOUT), ..command(dir, &environment, args, b"") };
    let output = process::run(&spec, interrupt)?;
    if output.exit == Exit::Code(0) { Ok(()) } else { Err(failure(args, &output)) }
}
