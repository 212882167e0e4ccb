//! `tollgate ci`: the pull-request run.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::Args;

use crate::app::failure::Failure;
use crate::app::{Judged, Network, Session, Settings};
use crate::cli::Context;
use crate::cli::check::{RunArgs, show_plan};
use crate::cli::output::OutputArgs;
use crate::cli::progress::{listen, watched};
use crate::forge::{Change, FORGES, Forge, Judge, detect, remote_branch};
use crate::git::revision::Commit;
use crate::git::{self, Repo};
use crate::model::command::Trust;
use crate::model::escape::escaped;
use crate::model::request::Request;
use crate::report::{Audience, Document, format};

/// Judge a pull request in a pipeline, by the policy of the branch that it wants to enter.
///
/// Base and head come from the environment of GitHub Actions, GitLab CI or AWS CodeBuild, or from the options. On
/// GitHub the findings are also written as annotations of the log and as the summary of the step.
#[derive(Args)]
pub(super) struct CiArgs {
    /// The forge whose pipeline this is, if it can't be told by the environment.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(FORGES.iter().map(|forge| forge.name)))]
    forge: Option<String>,
    /// The number of the pull request, for the report.
    #[arg(long, value_name = "NUMBER")]
    change: Option<String>,
    /// The branch that the change wants to enter, or its commit.
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// The change; HEAD if only --base is given.
    #[arg(long, visible_alias = "revision", value_name = "REV")]
    head: Option<String>,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &CiArgs, context: &Context) -> Result<u8, Failure> {
    let interrupt = &context.interrupt;
    listen(interrupt);
    let repo = Repo::discover(&context.environment.folder, interrupt).map_err(Failure::git)?;
    let forge = match &args.forge {
        Some(name) => FORGES.iter().find(|forge| forge.name == name),
        None => detect(&context.environment.variables),
    };
    let change = change(args, forge, context)?;
    let (base, replaced) = known_base(&repo, &change, forge)?;
    must_differ(&repo, &base, &change)?;
    let (judge, notice) = judge(&repo, &change)?;
    let request = Request::Range { base, head: change.head };
    let settings = Settings {
        // Nobody can switch a check of a pipeline off from outside; the policy can.
        left_out: args.run.skip.iter().map(|id| (id.clone(), "--skip")).collect(),
        title: change.title,
        judge,
        notices: replaced.into_iter().chain(notice).collect(),
        described: args.output.described(),
        network: Network::ForPolicies,
        ..args.run.settings(&context.environment, Trust::Commands)
    };
    let session = Session { repo: &repo, settings: &settings, interrupt };
    if args.run.plan {
        return show_plan(&session, &request, args.output.format, context);
    }
    let judged = watched(&session, &request)?;
    if let Some(forge) = forge {
        annotate(forge, &judged, args, context)?;
    }
    args.output.publish(&judged, &session, context)
}

/// What is judged: the options say it, else the pipeline does.
fn change(args: &CiArgs, forge: Option<&Forge>, context: &Context) -> Result<Change, Failure> {
    let named = |base: &str| Change {
        bases: vec![base.to_owned()],
        head: args.head.clone().unwrap_or_else(|| "HEAD".to_owned()),
        title: args.change.as_ref().map_or_else(String::new, |number| format!("change {number} into {base}")),
        is_request: false,
        judge: Judge::Base,
    };
    let told = match (&args.base, forge) {
        (Some(base), _) => return Ok(named(base)),
        (None, Some(forge)) => {
            (forge.change)(&context.environment.variables, &event(forge, context)?).map_err(Failure::usage)?
        }
        (None, None) => {
            let error = anyhow::anyhow!("this is no pipeline that tollgate knows");
            let hint = "name the branch that the change wants to enter: `tollgate ci --base origin/main`";
            return Err(Failure::usage(error).with_hint(hint));
        }
    };
    Ok(match &args.head {
        Some(head) => Change { head: head.clone(), ..told },
        None => told,
    })
}

fn event(forge: &Forge, context: &Context) -> Result<Vec<u8>, Failure> {
    let Some(variable) = forge.event_variable else { return Ok(Vec::new()) };
    let file = context.environment.get(variable).unwrap_or_default();
    fs::read(file).map_err(|error| {
        Failure::usage(anyhow::Error::new(error).context(format!("cannot read the event `{file}` of {variable}")))
    })
}

/// The first name of the base that git knows, or what stands in for it and why.
fn known_base(repo: &Repo, change: &Change, forge: Option<&Forge>) -> Result<(String, Option<String>), Failure> {
    let mut failure = None;
    for base in &change.bases {
        let commit = repo.resolve(base);
        let is_replaced = is_replaced(repo, change, (base, &commit))?;
        if is_replaced && let Some(default) = instead_of_replaced(repo, change)? {
            return Ok(default);
        }
        let Err(error) = commit else { return Ok((base.clone(), is_replaced.then(|| PARTED.to_owned()))) };
        let unknown = Failure::git(error);
        failure = Some(match forge {
            _ if is_replaced => unknown.with_hint(REPLACED),
            Some(forge) => unknown.with_hint(forge.fetch_hint),
            None => unknown,
        });
    }
    Err(failure.unwrap_or_else(|| Failure::usage(anyhow::anyhow!("no base is known"))))
}

/// What is left out where nothing else than the commit before a forced push can be compared with.
const PARTED: &str = "the push replaced what was there before: compared with where the two parted, so what it only takes \
                      back is not looked at";

/// What to do where a push replaced the only thing that it could be compared with.
const REPLACED: &str = "a forced push took that commit away; name with --base what to compare with, or fetch the commit \
                        if the forge still has it";

/// Whether a base is the commit before a forced push, which the branch does not hold any more; whether this clone still
/// has it depends on how old the clone is. In a shallow one it may as well be beyond the cut.
fn is_replaced(
    repo: &Repo,
    change: &Change,
    (base, commit): (&str, &Result<Commit, git::Error>),
) -> Result<bool, Failure> {
    let is_push = matches!(change.judge, Judge::DefaultBranch { .. });
    if !is_push || base.starts_with("refs/") || repo.is_shallow().map_err(Failure::git)? {
        return Ok(false);
    }
    match commit {
        Ok(before) => {
            let head = repo.resolve(&change.head).map_err(Failure::git)?;
            Ok(!repo.is_ancestor(&before.id, &head.id).map_err(Failure::git)?)
        }
        Err(error) => Ok(matches!(error, git::Error::Revision(_))),
    }
}

/// What a push that replaced its base is compared with: the default branch, as a new branch is. None for a push to that
/// branch, which would be compared with itself.
fn instead_of_replaced(repo: &Repo, change: &Change) -> Result<Option<(String, Option<String>)>, Failure> {
    let Judge::DefaultBranch { pushed, default } = &change.judge else { return Ok(None) };
    let default = default_branch(repo, default)?;
    let branch = remote_branch(&default);
    if pushed.is_empty() || default.is_empty() || default == *pushed || repo.resolve(&branch).is_err() {
        return Ok(None);
    }
    let default = escaped(&default);
    let why = format!("the push replaced what was there before: compared with the default branch `{default}`");
    Ok(Some((branch, Some(why))))
}

/// The name of the default branch, as the pipeline tells it or else git; empty if neither does.
fn default_branch(repo: &Repo, told: &str) -> Result<String, Failure> {
    match told.is_empty() {
        true => Ok(repo.default_branch().map_err(Failure::git)?.unwrap_or_default()),
        false => Ok(told.to_owned()),
    }
}

/// The revision whose policy judges instead of the base's, or why that can't be told. What was pushed to a branch before
/// is no judge of what is pushed now: it may be as bad.
fn judge(repo: &Repo, change: &Change) -> Result<(Option<String>, Option<String>), Failure> {
    let Judge::DefaultBranch { pushed, default } = &change.judge else { return Ok((None, None)) };
    let default = default_branch(repo, default)?;
    if default == *pushed && !default.is_empty() {
        return Ok((None, None));
    }
    let branch = remote_branch(&default);
    if !default.is_empty() && repo.resolve(&branch).is_ok() {
        return Ok((Some(branch), None));
    }
    let why = match default.is_empty() {
        true => "the default branch is not known here".to_owned(),
        false => format!("the default branch `{}` was not fetched", escaped(&default)),
    };
    Ok((None, Some(format!("{why}: judged by the policy of what was there before the push, which may be its own"))))
}

/// A request to merge a commit into itself is no request: something in the pipeline names the wrong commit, and judging
/// nothing must not pass.
fn must_differ(repo: &Repo, base: &str, change: &Change) -> Result<(), Failure> {
    if !change.is_request {
        return Ok(());
    }
    let (base_commit, head_commit) =
        (repo.resolve(base).map_err(Failure::git)?, repo.resolve(&change.head).map_err(Failure::git)?);
    if base_commit.id != head_commit.id {
        return Ok(());
    }
    let error = anyhow::anyhow!("{}: head and base are the same commit {}", change.title, head_commit.id.short());
    let hint = "check that the pipeline runs on the change; --base and --head name the commits";
    Err(Failure { code: Failure::CHANGE, ..Failure::usage(error) }.with_hint(hint))
}

/// Shows the findings where the forge looks for them: in the log, and in the summary of the step.
fn annotate(forge: &Forge, judged: &[Judged], args: &CiArgs, context: &Context) -> Result<(), Failure> {
    let rendered = |name: &str| {
        let mut text = Vec::new();
        for (one, format) in judged.iter().filter_map(|one| Some((one, format(name)?))) {
            let document = Document { report: &one.report, verdict: &one.verdict };
            (format.write)(&document, &Audience::LOG, &mut text).expect("because writing to memory does not fail");
        }
        text
    };
    if let Some(name) = forge.log_format.filter(|name| args.output.format.is_none_or(|chosen| chosen != *name)) {
        context.streams.log(&rendered(name));
    }
    if let Some(file) = forge.summary_variable.and_then(|variable| context.environment.get(variable)) {
        append(Path::new(file), &rendered("markdown")).map_err(|error| {
            let error = anyhow::Error::new(error).context(format!("cannot write the summary {file}"));
            Failure { code: Failure::CHANGE, ..Failure::usage(error) }
        })?;
    }
    Ok(())
}

fn append(file: &Path, text: &[u8]) -> std::io::Result<()> {
    fs::OpenOptions::new().create(true).append(true).open(file)?.write_all(text)
}
