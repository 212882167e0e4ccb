//! `tollgate migrate`: the policy of another hook manager, taken over.

use clap::Args;

use crate::app::failure::Failure;
use crate::app::vocabulary::vocabulary;
use crate::cli::Context;
use crate::cli::hook::failure;
use crate::config::Config;
use crate::git::Repo;
use crate::hook::init::POLICY;
use crate::migrate::{Error, Fate, Hook, Migration, Tree, migrate};
use crate::model::change::{FileSide, Mode, Source};
use crate::model::content::Content;
use crate::model::path::RepoPath;
use crate::process::Interrupt;
use crate::tree::file::{create, read_worktree};

/// Take over what pre-commit, prek, lefthook, husky, lint-staged or hk run here: write tollgate.toml, and tell of each
/// hook whether it is translated, wrapped (its manager still runs it) or lost.
///
/// Exit code 1 means that a hook is lost. The other manager's configuration and hooks stay as they are.
#[derive(Args)]
pub(super) struct MigrateArgs {
    /// Show what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// The most bytes of a file that are read.
const MAX_BYTES: u64 = 1 << 20;

pub(super) fn run(args: &MigrateArgs, context: &Context) -> Result<u8, Failure> {
    let repo = Repo::discover(&context.environment.folder, &Interrupt::default()).map_err(Failure::git)?;
    let top = repo.work_tree().ok_or_else(|| Failure::usage(anyhow::anyhow!("this repository has no work tree")))?;
    let policy = top.join(POLICY);
    let is_there = policy.symlink_metadata().is_ok();
    if is_there && !args.dry_run {
        let error = anyhow::anyhow!("{POLICY} is there already");
        return Err(Failure::usage(error).with_hint("`tollgate migrate --dry-run` shows what would stand in it"));
    }
    let listed =
        repo.run(&["ls-files", "--cached", "--others", "--exclude-standard", "-z"], b"").map_err(Failure::git)?;
    let names = listed.split(|&byte| byte == 0).filter_map(|name| str::from_utf8(name).ok());
    let mut files: Vec<String> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    files.sort_unstable();
    files.dedup();
    let read = |path: &str| {
        let side = FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Worktree };
        match read_worktree(top, &side, MAX_BYTES) {
            Ok(Content::Bytes(bytes)) => String::from_utf8(bytes).ok(),
            _ => None,
        }
    };
    let vocabulary = vocabulary(&[]);
    let migration = migrate(&Tree { files: &files, read: &read }, &vocabulary).map_err(refused)?;
    // What is written must be a policy, whatever was in the files of others.
    let config = Config::load(Some((POLICY, migration.policy.as_bytes()))).map_err(Failure::config)?;
    crate::config::vocabulary::verify(&config, &vocabulary).map_err(Failure::config)?;
    let mut text = told(&migration);
    match args.dry_run {
        true => text.push_str(&format!("\nwould write {}:\n\n{}", policy.display(), indented(&migration.policy))),
        false => {
            create(&policy, migration.policy.as_bytes()).map_err(|error| failure(error.into()))?;
            text.push_str(&format!("\nwrote {}\n{}", policy.display(), steps(&migration)));
        }
    }
    context.streams.data(text.as_bytes())?;
    Ok(u8::from(migration.hooks.iter().any(|hook| hook.fate == Fate::Lost)))
}

fn refused(error: Error) -> Failure {
    let hint = match error {
        Error::Nothing => "`tollgate init` writes a policy for a repository that has none",
        Error::Unreadable { .. } => "mend the file, or take it away to leave that manager out",
    };
    Failure::usage(error).with_hint(hint)
}

/// Every hook in a line, the counts, and what else is to be known.
fn told(migration: &Migration) -> String {
    let mut text = String::new();
    let mut file = "";
    let width = migration.hooks.iter().map(|hook| hook.name.chars().count()).max().unwrap_or(0).min(44);
    for hook in &migration.hooks {
        if hook.file != file {
            text.push_str(&format!("{}{}\n", if file.is_empty() { "" } else { "\n" }, hook.file));
            file = &hook.file;
        }
        text.push_str(&line(hook, width));
    }
    let count = |name: &str| migration.hooks.iter().filter(|hook| hook.fate.name() == name).count();
    let counts = ["translated", "wrapped", "lost"].map(|name| format!("{} {name}", count(name)));
    text.push_str(&format!("\n{}: {}\n", migration.managers.join(", "), counts.join(", ")));
    for note in &migration.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text
}

fn line(hook: &Hook, width: usize) -> String {
    let checks = match &hook.fate {
        Fate::Translated(ids) => ids.join(", "),
        Fate::Wrapped(id) => id.clone(),
        Fate::Lost => String::new(),
    };
    let arrow = if checks.is_empty() { String::new() } else { format!(" -> {checks}") };
    let why = if hook.why.is_empty() { String::new() } else { format!(": {}", hook.why) };
    format!("  {:10}  {:width$}{arrow}{why}\n", hook.fate.name(), hook.name.replace('\n', " "))
}

fn steps(migration: &Migration) -> String {
    let own = ["look at tollgate.toml and `git add` it", "`tollgate install` puts tollgate's hooks in place"];
    let all = own.iter().take(1).map(ToString::to_string).chain(migration.steps.iter().cloned());
    let all = all.chain(own.iter().skip(1).map(ToString::to_string));
    let lines: String = all.enumerate().map(|(at, step)| format!("  {}. {step}\n", at + 1)).collect();
    format!("\nnow:\n{lines}")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}
