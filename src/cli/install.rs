//! `tollgate install` and `tollgate uninstall`.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::app::Session;
use crate::app::failure::Failure;
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::cli::hook::{MESSAGES, failure};
use crate::git::Repo;
use crate::hook::apply::Step;
use crate::hook::init::POLICY;
use crate::hook::install::{Edits, Installed, Options, install, plan};
use crate::hook::{STAGES, uninstall};
use crate::model::command::Trust;
use crate::process::Interrupt;

/// Put the git hooks in place. Hooks that are there are kept and go on running.
///
/// Installing also says that this repository's own commands (`run` in tollgate.toml) may run.
#[derive(Args)]
pub(super) struct InstallArgs {
    /// Install only this hook; can be repeated.
    #[arg(long = "hook", value_name = "NAME", value_parser = hooks())]
    hooks: Vec<String>,
    /// Overwrite hooks of ours that were edited since.
    #[arg(long)]
    force: bool,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Take the hooks out again and put back what was there, byte for byte.
#[derive(Args)]
pub(super) struct UninstallArgs {
    /// Remove hooks of ours that were edited since, too.
    #[arg(long)]
    force: bool,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

fn hooks() -> PossibleValuesParser {
    STAGES.iter().map(|stage| PossibleValue::new(stage.name).help(stage.summary)).collect::<Vec<_>>().into()
}

fn edits(force: bool) -> Edits {
    if force { Edits::Discard } else { Edits::Respect }
}

pub(super) fn run(args: &InstallArgs, context: &Context) -> Result<u8, Failure> {
    let repo = Repo::discover(&context.environment.folder, &Interrupt::default()).map_err(Failure::git)?;
    let binary = context.environment.program.clone();
    let asked = asked(&repo, context);
    let options = Options { hooks: args.hooks.clone(), asked, binary, edits: edits(args.force) };
    if args.dry_run {
        let plan = plan(&repo, &options).map_err(failure)?;
        return shown(plan.steps(), context);
    }
    let installed = install(&repo, &options).map_err(failure)?;
    let mut text = said(&installed);
    if repo.work_tree().is_none() {
        text.push_str(
            "this repository has no work tree: the hooks run in those that are added to it (`git worktree`), ",
        );
        text.push_str("not when somebody pushes to it\n");
    }
    context.streams.data(text.as_bytes()).map(|()| 0)
}

/// The hooks that have work only where a policy asks for it, as this one does. One that can't be understood is taken for
/// one that asks: the hook will say what is wrong with it.
pub(super) fn asked(repo: &Repo, context: &Context) -> Vec<String> {
    if !repo.work_tree().is_some_and(|top| top.join(POLICY).exists()) {
        return Vec::new();
    }
    let (settings, interrupt) =
        (RunArgs::default().settings(&context.environment, Trust::BuiltInOnly), Interrupt::default());
    let session = Session { repo, settings: &settings, interrupt: &interrupt };
    let is_asked = session.judges_messages().unwrap_or(true);
    Vec::from_iter(is_asked.then(|| MESSAGES.to_owned()))
}

fn shown<'a>(steps: impl Iterator<Item = &'a Step>, context: &Context) -> Result<u8, Failure> {
    let lines: Vec<String> = steps.map(|step| format!("would {step}\n")).collect();
    let text = if lines.is_empty() { "nothing to do\n".to_owned() } else { lines.concat() };
    context.streams.data(text.as_bytes()).map(|()| 0)
}

/// What was installed, for people.
pub(super) fn said(installed: &Installed) -> String {
    let verb = if installed.is_changed { "installed" } else { "already installed" };
    let mut text = format!("{verb}: {} in {}\n", installed.hooks.join(", "), installed.folder.display());
    if !installed.chained.is_empty() {
        text.push_str(&format!("still running, the hooks that were there: {}\n", installed.chained.join(", ")));
    }
    if !installed.passed.is_empty() {
        text.push_str(&format!("handed on to where they are: {}\n", installed.passed.join(", ")));
    }
    text
}

pub(super) fn run_uninstall(args: &UninstallArgs, context: &Context) -> Result<u8, Failure> {
    let repo = Repo::discover(&context.environment.folder, &Interrupt::default()).map_err(Failure::git)?;
    if args.dry_run {
        let steps = uninstall::plan(&repo, edits(args.force)).map_err(failure)?;
        return shown(steps.iter(), context);
    }
    uninstall::uninstall(&repo, edits(args.force)).map_err(failure)?;
    let has_policy = repo.work_tree().is_some_and(|top| top.join(POLICY).exists());
    let stays = if has_policy { format!("; {POLICY} stays as it is") } else { String::new() };
    context
        .streams
        .data(format!("the hooks are taken out; what was there before is back{stays}\n").as_bytes())
        .map(|()| 0)
}
