//! Finding a repository: by libgit2 where that is the same as git's own way, else by asking git.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use git2::{Repository, RepositoryOpenFlags};

use crate::git::environment::Environment;
use crate::git::library::{self, Library};
use crate::git::loose::LooseObjects;
use crate::git::{Error, ObjectFormat, Repo, command, failure, shown, unreadable};
use crate::model::command::Exit;
use crate::process::{self, Interrupt};

/// Finds the repository that `folder` is in.
pub(crate) fn open(folder: &Path, environment: Environment, interrupt: &Interrupt) -> Result<Repo, Error> {
    if !environment.names_a_place()
        && let Ok(repository) = search(folder, &environment)
    {
        return Ok(from_library(repository, environment, interrupt));
    }
    ask_git(folder, environment, interrupt)
}

/// Looks for a repository in `folder` and above, as git does.
fn search(folder: &Path, environment: &Environment) -> Result<Repository, git2::Error> {
    let ceilings: Vec<PathBuf> =
        environment.ceilings().map(|list| std::env::split_paths(list).collect()).unwrap_or_default();
    Repository::open_ext(folder, RepositoryOpenFlags::empty(), &ceilings)
}

/// Takes what libgit2 found.
fn from_library(repository: Repository, environment: Environment, interrupt: &Interrupt) -> Repo {
    Repo {
        git_dir: without_slash(repository.path()),
        common_dir: without_slash(repository.commondir()),
        work_tree: repository.workdir().map(without_slash),
        format: match repository.object_format() {
            git2::ObjectFormat::Sha1 => ObjectFormat::Sha1,
            git2::ObjectFormat::Sha256 => ObjectFormat::Sha256,
        },
        environment,
        loose: LooseObjects::of(repository.commondir()),
        trees: Mutex::default(),
        library: Library::new(repository),
        head: OnceLock::new(),
        named: Mutex::default(),
        interrupt: interrupt.clone(),
    }
}

/// libgit2 ends the names of folders with a slash.
fn without_slash(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Asks git where the repository is, and why there is none.
fn ask_git(folder: &Path, environment: Environment, interrupt: &Interrupt) -> Result<Repo, Error> {
    let args = [
        "rev-parse",
        "--path-format=absolute",
        "--git-dir",
        "--git-common-dir",
        "--show-object-format",
        // Last, because it fails where there is no work tree.
        "--show-toplevel",
    ];
    let output = process::run(&command(folder, &environment, &args, b""), interrupt)?;
    let text = String::from_utf8(output.stdout.clone())
        .map_err(|_| unreadable(&args, "the path of the repository is not UTF-8"))?;
    let lines: Vec<&str> = text.lines().collect();
    let (git_dir, common_dir, format, work_tree) = match (lines.as_slice(), output.exit) {
        // Before git 2.31 an option that it does not know is repeated as if it were an answer.
        ([answer, ..], _) if args.contains(answer) => return Err(Error::TooOld(shown(&args))),
        ([git_dir, common_dir, format, top], Exit::Code(0)) => (git_dir, common_dir, format, Some(PathBuf::from(top))),
        ([git_dir, common_dir, format], Exit::Code(128)) => (git_dir, common_dir, format, None),
        (_, Exit::Code(0)) => return Err(unreadable(&args, "the path of the repository has a line break in it")),
        ([], Exit::Code(128)) => {
            return Err(refusal(folder, &environment, &String::from_utf8_lossy(&output.stderr)));
        }
        _ => return Err(failure(&args, &output)),
    };
    let format = match *format {
        "sha1" => ObjectFormat::Sha1,
        "sha256" => ObjectFormat::Sha256,
        other => return Err(unreadable(&args, format!("unknown object format {other}"))),
    };
    Ok(Repo {
        git_dir: git_dir.into(),
        common_dir: common_dir.into(),
        work_tree,
        format,
        environment,
        loose: LooseObjects::of(Path::new(common_dir)),
        trees: Mutex::default(),
        library: library::open_exactly(Path::new(git_dir)).map_or_else(|_| Library::unavailable(), Library::new),
        head: OnceLock::new(),
        named: Mutex::default(),
        interrupt: interrupt.clone(),
    })
}

/// What git means when it opens nothing: `fatal: ` and the reason, then advice. Its words may be translated, so libgit2
/// says whether there is anything at all.
fn refusal(folder: &Path, environment: &Environment, said: &str) -> Error {
    let nothing_there = || search(folder, environment).is_err_and(|error| error.code() == git2::ErrorCode::NotFound);
    if !environment.names_a_place() && nothing_there() {
        return Error::NoRepository(folder.to_owned());
    }
    let said = said.trim();
    let (message, advice) = said.split_once('\n').unwrap_or((said, ""));
    let message = message.split_once(": ").map_or(message, |(_, reason)| reason);
    Error::Refused { folder: folder.to_owned(), message: message.to_owned(), advice: advice.trim().to_owned() }
}
