//! `tollgate init`: a policy and the hooks for a repository that has none.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc;

use clap::Args;

use crate::app::failure::Failure;
use crate::app::{Judged, Session};
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::cli::hook::failure;
use crate::cli::install::{asked, said};
use crate::git::Repo;
use crate::hook::apply::Step;
use crate::hook::init::Beginning;
use crate::hook::install::{Edits, Options, install, plan};
use crate::model::command::Trust;
use crate::model::outcome::Outcome;
use crate::model::request::Request;
use crate::model::rule::{Level, RuleId};
use crate::process::Interrupt;

/// Set a repository up: write tollgate.toml, install the hooks, and tell what the checks find today.
#[derive(Args)]
pub(super) struct InitArgs {
    /// Show what would be written and done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &InitArgs, context: &Context) -> Result<u8, Failure> {
    let interrupt = Interrupt::default();
    let repo = Repo::discover(&context.environment.folder, &interrupt).map_err(Failure::git)?;
    let beginning = Beginning::of(&repo).map_err(failure)?;
    let options = Options {
        hooks: Vec::new(),
        asked: asked(&repo, context),
        binary: context.environment.program.clone(),
        edits: Edits::Respect,
    };
    let mut text = format!("{}\n", beginning.survey);
    if args.dry_run {
        let steps = plan(&repo, &options).map_err(failure)?;
        if let Some(policy) = &beginning.text {
            text.push_str(&format!("would write {}:\n\n{}\n", beginning.file.display(), indented(policy)));
        }
        // A folder that something is written into goes without saying.
        let told = steps.steps().filter(|step| !matches!(step, Step::CreateFolder(_)));
        told.for_each(|step| text.push_str(&format!("would {step}\n")));
        return context.streams.data(text.as_bytes()).map(|()| 0);
    }
    let is_written = beginning.write().map_err(failure)?;
    text.push_str(&match is_written {
        true => format!("wrote {}\n", beginning.file.display()),
        false => format!("left {} as it is\n", beginning.file.display()),
    });
    text.push_str(&said(&install(&repo, &options).map_err(failure)?));
    text.push_str(&today(&repo, &interrupt, context)?);
    context.streams.data(text.as_bytes()).map(|()| 0)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
}

/// What the built-in checks find today; none of it blocks, because a commit is judged by what it brings in.
fn today(repo: &Repo, interrupt: &Interrupt, context: &Context) -> Result<String, Failure> {
    let settings = RunArgs::default().settings(&context.environment, Trust::BuiltInOnly);
    let session = Session { repo, settings: &settings, interrupt };
    let (events, _) = mpsc::channel();
    let judged = session.judge(&Request::All, &events)?;
    let next = next_step(repo.work_tree());
    Ok(judged.iter().map(summary).collect::<String>() + &next)
}

fn summary(judged: &Judged) -> String {
    let mut counts: BTreeMap<&RuleId, (Level, usize)> = BTreeMap::new();
    for finding in &judged.report.findings {
        counts.entry(&finding.rule).or_insert((finding.level, 0)).1 += 1;
    }
    let files = match judged.report.subject.n_files {
        0 => return "\nthere is no file to check yet\n".to_owned(),
        1 => "1 file".to_owned(),
        n_files => format!("{n_files} files"),
    };
    let is_broken = judged.report.checks.iter().any(|check| matches!(check.outcome, Outcome::Broken(_)));
    let unsure = if is_broken { " (some checks could not run: `tollgate check --all` says why)" } else { "" };
    if counts.is_empty() {
        return format!("\nthe built-in checks find nothing in {files}{unsure}\n");
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|(rule, (level, count))| (std::cmp::Reverse((*level, *count)), (*rule).clone()));
    let rows: String =
        rows.iter().map(|(rule, (level, count))| format!("  {count:6} {:8} {rule}\n", level.name())).collect();
    format!(
        "\ntoday's findings in {files}{unsure}:\n{rows}none of them blocks: a commit is judged by what it brings in\n"
    )
}

fn next_step(top: Option<&Path>) -> String {
    match top {
        Some(_) => "\nnext: look at tollgate.toml, `git add` it, and commit as ever\n".to_owned(),
        None => String::new(),
    }
}
