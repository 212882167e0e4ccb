//! `tollgate check`: runs the gate.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use crate::app::failure::Failure;
use crate::app::rules_in_force::Described;
use crate::app::staged::whatever_changed;
use crate::app::{Conduct, MAX_BUFFER, Network, Session, Settings, default_stage};
use crate::cli::Context;
use crate::cli::credentials;
use crate::cli::environment::Environment;
use crate::cli::output::OutputArgs;
use crate::cli::progress::{listen, watched};
use crate::config::Scope;
use crate::config::given::Overrides;
use crate::git::Repo;
use crate::hook::install::is_installed;
use crate::model::command::Trust;
use crate::model::coverage::{CoverageFormat, GivenReport};
use crate::model::path::RepoPath;
use crate::model::request::Request;
use crate::model::rule::Level;
use crate::report::plan::{Shape, show};

/// Run the gate on a change: what is staged, else the work tree, unless something else is named.
#[derive(Args)]
#[command(group = ArgGroup::new("what").multiple(false))]
pub(super) struct CheckArgs {
    /// Judge what the next commit will hold.
    #[arg(long, group = "what")]
    staged: bool,
    /// Judge the work tree against HEAD, files that are not tracked yet included.
    #[arg(long, group = "what")]
    worktree: bool,
    /// Judge every tracked file as it is in the work tree; every finding counts as new.
    #[arg(long, group = "what")]
    all: bool,
    /// Look for secrets in every content that the history of any branch or tag ever added.
    #[arg(long, group = "what")]
    history: bool,
    /// Judge what HEAD (or --head) adds since it left this branch, by the policy of this branch.
    #[arg(long, value_name = "REV", group = "what")]
    base: Option<String>,
    /// The change, for --base.
    #[arg(long, value_name = "REV", requires = "base")]
    head: Option<String>,
    /// Judge what stands on standard input as if it were this file, for editors: built-in checks and rules alone; every
    /// finding counts as new.
    #[arg(long, value_name = "PATH", group = "what")]
    stdin_filename: Option<PathBuf>,
    /// Judge these files or folders as they are in the work tree; every finding counts as new.
    #[arg(value_name = "FILES", group = "what")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Options of every run.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Policy")]
pub(super) struct RunArgs {
    /// Run the checks of this stage of the configuration, under its gate.
    #[arg(long, value_name = "NAME")]
    pub(super) stage: Option<String>,
    /// Run only these checks, rules or families; can be repeated.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Leave these checks, rules or families out; can be repeated.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) skip: Vec<String>,
    /// The lowest level of a finding that blocks.
    #[arg(long, value_name = "LEVEL", value_parser = ["error", "warning", "note", "none"])]
    pub(super) fail_on: Option<String>,
    /// Which findings count: those that the change brings in, or all.
    #[arg(long, value_name = "SCOPE", value_parser = ["new", "all"])]
    pub(super) scope: Option<String>,
    /// How many commands run at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
    /// Look at every file anew, and keep no result for later runs.
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Measure the coverage of the change by a report that is there, as well; can be repeated. Formats: lcov, cobertura,
    /// jacoco, clover, coverage-py, go, llvm-cov, simplecov, istanbul.
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_coverage)]
    pub(super) coverage: Vec<(CoverageFormat, String)>,
    /// Show what would run, and run nothing.
    #[arg(long)]
    pub(super) plan: bool,
}

impl RunArgs {
    /// What the command line and the variables say, for the app.
    pub(super) fn settings(&self, environment: &Environment, trust: Trust) -> Settings {
        let own = self.skip.iter().map(|id| (id.clone(), "--skip"));
        let variable = |name: &'static str| environment.list(name).into_iter().map(move |id| (id, name));
        Settings {
            stage: self.stage.clone(),
            only: self.only.clone(),
            left_out: own.chain(variable("TOLLGATE_SKIP")).chain(variable("SKIP")).collect(),
            overrides: Overrides {
                fail_on: self.fail_on.as_deref().map(Level::from_name),
                scope: self.scope.as_deref().map(|scope| if scope == "all" { Scope::All } else { Scope::New }),
                jobs: self.jobs.map(usize::from),
            },
            trust,
            judge: None,
            notices: Vec::new(),
            conduct: Conduct::Look,
            title: String::new(),
            described: Described::Found,
            has_editor: environment.get("GIT_EDITOR") != Some(":"),
            cache: environment.cache(),
            surroundings: environment.surroundings(),
            uses_results: !self.no_cache,
            network: Network::Unused,
            variables: environment.variables.clone(),
            coverage: self
                .coverage
                .iter()
                .map(|(format, file)| (*format, file.clone()))
                .map(|(format, file)| GivenReport { format, file, folder: environment.folder.clone() })
                .collect(),
            read_credentials: credentials::read,
        }
    }
}

fn parse_coverage(text: &str) -> Result<(CoverageFormat, String), String> {
    let (name, file) = text.split_once('=').ok_or("expected FORMAT=FILE, like lcov=lcov.info")?;
    if file.is_empty() {
        return Err("the name of the file is missing".to_owned());
    }
    let names = || CoverageFormat::NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let format = CoverageFormat::from_name(name);
    Ok((format.ok_or_else(|| format!("there is no format `{name}`; there are {}", names()))?, file.to_owned()))
}

pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<u8, Failure> {
    let interrupt = &context.interrupt;
    listen(interrupt);
    let repo = Repo::discover(&context.environment.folder, interrupt).map_err(Failure::git)?;
    let trust = if is_installed(&repo) { Trust::Commands } else { Trust::BuiltInOnly };
    let settings = Settings { described: args.output.described(), ..args.run.settings(&context.environment, trust) };
    let session = Session { repo: &repo, settings: &settings, interrupt };
    let request = match request(args, &repo, &context.environment.folder)? {
        Some(request) => request,
        None => whatever_changed(&repo)?,
    };
    if args.run.plan {
        return show_plan(&session, &request, args.output.format, context);
    }
    let judged = watched(&session, &request)?;
    args.output.publish(&judged, &session, context)
}

/// What the arguments name; none if they name nothing.
fn request(args: &CheckArgs, repo: &Repo, folder: &Path) -> Result<Option<Request>, Failure> {
    Ok(Some(match args {
        CheckArgs { staged: true, .. } => Request::Staged,
        CheckArgs { worktree: true, .. } => Request::Worktree,
        CheckArgs { all: true, .. } => Request::All,
        CheckArgs { history: true, .. } => Request::History,
        CheckArgs { base: Some(base), head, .. } => {
            Request::Range { base: base.clone(), head: head.clone().unwrap_or_else(|| "HEAD".to_owned()) }
        }
        CheckArgs { stdin_filename: Some(file), .. } => {
            Request::Buffer { path: repo_path(file, repo, folder)?, bytes: read_stdin()? }
        }
        CheckArgs { files, .. } if !files.is_empty() => {
            let paths: Result<Vec<_>, _> = files.iter().map(|file| repo_path(file, repo, folder)).collect();
            Request::Files(paths?)
        }
        _ => return Ok(None),
    }))
}

/// What an editor hands over; the checks say of more than they read that they did not look at it.
fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MAX_BUFFER).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(anyhow::Error::new(error).context("cannot read standard input")))?;
    Ok(bytes)
}

/// Shows the plan instead of running it.
pub(super) fn show_plan(
    session: &Session<'_>,
    request: &Request,
    format: Option<&str>,
    context: &Context,
) -> Result<u8, Failure> {
    let shape = match format {
        None | Some("terminal") => Shape::Text,
        Some("json") => Shape::Json,
        Some(other) => {
            return Err(Failure::usage(anyhow::anyhow!("a plan has no format `{other}`; there are terminal and json")));
        }
    };
    let stage = session.settings.stage.clone().unwrap_or_else(|| default_stage(request).to_owned());
    let shown: Vec<String> = session.plan(request)?.iter().map(|view| show(view, shape)).collect();
    if shown.is_empty() {
        context.streams.say(&format!("nothing to check in {stage}"));
    }
    context.streams.data(shown.concat().as_bytes())?;
    Ok(0)
}

/// A file as the repository names it. Links on the way to it are resolved, the file itself is not.
pub(super) fn repo_path(file: &Path, repo: &Repo, folder: &Path) -> Result<RepoPath, Failure> {
    let outside = || {
        let error = anyhow::anyhow!("{} is not in the work tree", file.display());
        Failure::usage(error).with_hint("name files of the repository that you are in")
    };
    let top = repo.work_tree().ok_or_else(outside)?.canonicalize().map_err(|_| outside())?;
    let file = folder.join(file);
    let whole = match (file.parent(), file.file_name()) {
        (Some(parent), Some(name)) => parent.canonicalize().map_err(|_| outside())?.join(name),
        _ => file.canonicalize().map_err(|_| outside())?,
    };
    let relative = whole.strip_prefix(&top).map_err(|_| outside())?;
    Ok(RepoPath::from_fs(relative))
}
