//! `tollgate fix`: applies what can be mended without anyone looking at it, and puts it back.

use std::path::PathBuf;
use std::sync::mpsc;

use clap::{ArgGroup, Args};

use crate::app::failure::Failure;
use crate::app::mend::{Outcome, rules, why};
use crate::app::staged::whatever_changed;
use crate::app::{Session, Settings};
use crate::cli::Context;
use crate::cli::check::{RunArgs, repo_path};
use crate::cli::progress::listen;
use crate::fix::undo::Undone;
use crate::fix::{Left, Mended, Turn};
use crate::git::Repo;
use crate::hook::install::is_installed;
use crate::model::command::Trust;
use crate::model::escape::{escaped, escaped_lines};
use crate::model::finding::Safety;
use crate::model::request::Request;

/// Mend what the built-in checks, and commands that mend, can mend safely: in what is staged, else in the work tree, unless something else is
/// named.
///
/// What is staged is mended in the index, and in the work tree by a merge: changes that are not staged stay as they are
/// and unstaged. Where they are on or beside the same lines nothing is written, and the fix is shown as a patch. Exit
/// code 1 means that something was left for you.
#[derive(Args)]
#[command(group = ArgGroup::new("what").multiple(false))]
pub(super) struct FixArgs {
    /// Mend what the next commit will hold, as far as it brings in what is to be mended.
    #[arg(long, group = "what")]
    staged: bool,
    /// Mend what the work tree changes against HEAD, files that are not tracked yet included; nothing is staged.
    #[arg(long, group = "what")]
    worktree: bool,
    /// Mend every tracked file in the work tree; nothing is staged.
    #[arg(long, group = "what")]
    all: bool,
    /// Put back what the last fixing changed in this work tree, in files and index; what was changed since is left alone.
    #[arg(long, group = "what", conflicts_with_all = ["stage", "only", "skip", "unsafe_fixes"])]
    undo: bool,
    /// Mend these files or folders in the work tree; nothing is staged.
    #[arg(value_name = "FILES", group = "what")]
    files: Vec<PathBuf>,
    /// Apply the fixes of rules too, which change what the code does: look at the result.
    #[arg(long)]
    unsafe_fixes: bool,
    /// Mend what the checks of this stage of the configuration find.
    #[arg(long, value_name = "NAME", help_heading = "Policy")]
    stage: Option<String>,
    /// Mend what these checks, rules or families find; can be repeated.
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Policy")]
    only: Vec<String>,
    /// Leave these checks, rules or families out; can be repeated.
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Policy")]
    skip: Vec<String>,
}

pub(super) fn run(args: &FixArgs, context: &Context) -> Result<u8, Failure> {
    let interrupt = &context.interrupt;
    listen(interrupt);
    let repo = Repo::discover(&context.environment.folder, interrupt).map_err(Failure::git)?;
    if args.undo {
        let undone = Turn::take(&repo).and_then(|turn| turn.undo()).map_err(Failure::fix)?;
        context.streams.data(told_of_undo(&undone).as_bytes())?;
        return Ok(u8::from(!undone.left.is_empty()));
    }
    let run =
        RunArgs { stage: args.stage.clone(), only: args.only.clone(), skip: args.skip.clone(), ..RunArgs::default() };
    let trust = if is_installed(&repo) { Trust::Commands } else { Trust::BuiltInOnly };
    let settings: Settings = run.settings(&context.environment, trust);
    let session = Session { repo: &repo, settings: &settings, interrupt };
    let at_most = if args.unsafe_fixes { Safety::Suggested } else { Safety::Safe };
    let outcome = session.mend(&request(args, &repo, context)?, at_most, &mpsc::channel().0)?;
    context.streams.data(told(&outcome).as_bytes())?;
    Ok(u8::from(!outcome.applied.left.is_empty() || !outcome.broken.is_empty()))
}

fn request(args: &FixArgs, repo: &Repo, context: &Context) -> Result<Request, Failure> {
    match args {
        FixArgs { staged: true, .. } => Ok(Request::Staged),
        FixArgs { worktree: true, .. } => Ok(Request::Worktree),
        FixArgs { all: true, .. } => Ok(Request::All),
        FixArgs { files, .. } if !files.is_empty() => {
            let paths = files.iter().map(|file| repo_path(file, repo, &context.environment.folder));
            Ok(Request::Files(paths.collect::<Result<_, _>>()?))
        }
        _ => whatever_changed(repo),
    }
}

/// What was done, one line a file, the sum last.
fn told(outcome: &Outcome) -> String {
    let mut text = String::new();
    for mended in &outcome.applied.mended {
        let rules = escaped(&rules(outcome.mends.get(&mended.path)));
        text += &format!("mended {}: {rules}{}\n", mended.path, place(mended));
    }
    outcome.applied.left.iter().for_each(|left| text += &told_of_left(left));
    for (id, breakage) in &outcome.broken {
        text += &format!("`{id}` could not mend: {}\n", escaped(&breakage.why));
        if !breakage.hint.is_empty() {
            text += &format!("  hint: {}\n", escaped(&breakage.hint));
        }
    }
    outcome.notices.iter().for_each(|notice| text += &format!("{}\n", escaped(&notice.message)));
    let (n_mended, n_left) = (outcome.applied.mended.len(), outcome.applied.left.len());
    let mut sum = match (n_mended, n_left) {
        (0, 0) => "nothing to mend".to_owned(),
        (n_mended, 0) => format!("mended {}", files(n_mended)),
        (n_mended, n_left) => format!("mended {}, left {n_left} as it was", files(n_mended)),
    };
    sum += &format!(": {}", outcome.titles.iter().map(|title| escaped(title)).collect::<Vec<_>>().join("; "));
    if n_mended > 0 {
        sum += "; `tollgate fix --undo` puts that back";
    }
    match outcome.n_unfixed {
        0 => {}
        1 => sum += "\n1 finding has no safe fix: `tollgate check` shows it",
        several => sum += &format!("\n{several} findings have no safe fix: `tollgate check` shows them"),
    }
    text + &sum + "\n"
}

/// Where a file was mended, if not where everybody expects it.
fn place(mended: &Mended) -> &'static str {
    match (mended.is_staged, mended.is_written) {
        (true, true) => " - staged",
        (true, false) => " - staged; the work tree stays as it is",
        (false, _) => "",
    }
}

fn told_of_left(left: &Left) -> String {
    let path = &left.path;
    let mut text = format!("left {path}: {}\n", escaped(&why(&left.why)));
    if !left.patch.is_empty() {
        let patch = escaped_lines(&String::from_utf8_lossy(&left.patch));
        text += &format!("--- a/{path}\n+++ b/{path}\n{patch}\n");
    }
    text
}

fn told_of_undo(undone: &Undone) -> String {
    let mut text: String = undone.restored.iter().map(|path| format!("put back {path}\n")).collect();
    for kept in &undone.left {
        text += &format!("left {}: {}\n", kept.path, escaped(&kept.why));
        if let Some(copy) = &kept.copy {
            text += &format!("  as it was before: {}\n", escaped(&copy.to_string_lossy()));
        }
    }
    text + &match undone.left.len() {
        0 => format!("put back {}\n", files(undone.restored.len())),
        n_left => format!("put back {}, left {n_left} as it is\n", files(undone.restored.len())),
    }
}

fn files(number: usize) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} file{plural}")
}
