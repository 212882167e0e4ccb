//! The command line: arguments and environment in, text and an exit code out. One file a command.

mod builtin;
mod cache;
mod check;
mod ci;
mod completions;
mod config;
mod credentials;
mod doctor;
pub(crate) mod environment;
mod explain;
mod fix;
mod hook;
mod init;
mod install;
mod last;
mod man;
mod migrate;
mod output;
mod progress;
mod rules;

use std::ffi::OsString;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app::failure::Failure;
use crate::cli::environment::Environment;
use crate::cli::output::{Streams, Target, complain};
use crate::process::Interrupt;

/// A quality gate for git: the same checks and the same verdict in the commit hook, at the push and on the pull request.
#[derive(Parser)]
#[command(name = "tollgate", version, max_term_width = 100, propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colours and other escape sequences.
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
}

#[derive(Subcommand)]
enum Command {
    Init(init::InitArgs),
    Migrate(migrate::MigrateArgs),
    Check(check::CheckArgs),
    Fix(fix::FixArgs),
    Ci(ci::CiArgs),
    Install(install::InstallArgs),
    Uninstall(install::UninstallArgs),
    Doctor(doctor::DoctorArgs),
    Explain(explain::ExplainArgs),
    Rules(rules::RulesArgs),
    Config(config::ConfigArgs),
    Cache(cache::CacheArgs),
    Last(last::LastArgs),
    Builtin(builtin::BuiltinArgs),
    Hook(hook::HookArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// What a command works with.
struct Context {
    environment: Environment,
    streams: Streams,
    /// Set when the user wants it to end; only what calls [`progress::listen`] hears that.
    interrupt: Interrupt,
}

/// Runs the command line of this process; gives its exit code.
pub(crate) fn main() -> u8 {
    let environment = Environment::of_process();
    run(std::env::args_os().collect(), environment, Interrupt::of_process())
}

fn run(arguments: Vec<OsString>, environment: Environment, interrupt: Interrupt) -> u8 {
    let parsed = command().try_get_matches_from(arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let is_answer = !error.use_stderr();
            let _ = error.print();
            return if is_answer { 0 } else { Failure::USAGE };
        }
    };
    let target = if matches!(cli.command, Command::Hook(_)) { Target::Error } else { Target::Output };
    let context = Context { streams: Streams::new(cli.color, target), environment, interrupt };
    let result = match &cli.command {
        Command::Check(_) | Command::Ci(_) | Command::Fix(_) | Command::Hook(_) if is_endless(&context) => {
            Err(endless())
        }
        Command::Init(args) => init::run(args, &context),
        Command::Migrate(args) => migrate::run(args, &context),
        Command::Check(args) => check::run(args, &context),
        Command::Fix(args) => fix::run(args, &context),
        Command::Ci(args) => ci::run(args, &context),
        Command::Install(args) => install::run(args, &context),
        Command::Uninstall(args) => install::run_uninstall(args, &context),
        Command::Doctor(args) => doctor::run(args, &context),
        Command::Explain(args) => explain::run(args, &context),
        Command::Rules(args) => rules::run(args, &context),
        Command::Config(args) => config::run(args, &context),
        Command::Cache(args) => cache::run(args, &context),
        Command::Last(args) => last::run(args, &context),
        Command::Builtin(args) => builtin::run(args, &context),
        Command::Hook(args) => hook::run(args, &context),
        Command::Completions(args) => completions::run(args, &context),
        Command::Man(args) => man::run(args, &context),
    };
    result.unwrap_or_else(|failure| {
        // Whatever failed then, it did so because it was ended.
        let failure = if context.interrupt.is_set() { Failure::interrupted() } else { failure };
        complain(&failure, &context.streams);
        failure.code
    })
}

/// How many runs may be in each other: one that tests tollgate has some.
const MAX_NESTED: usize = 4;

/// Whether every run starts another one by what its checks run.
fn is_endless(context: &Context) -> bool {
    context.environment.n_outer_runs() >= MAX_NESTED
}

fn endless() -> Failure {
    let why = anyhow::anyhow!("a command of a check starts the checks again, and those do, {MAX_NESTED} times by now");
    let hint = "let it call git with `--no-verify`, or with `TOLLGATE=0` in its environment";
    Failure { code: Failure::CHANGE, ..Failure::usage(why) }.with_hint(hint)
}

/// The whole command line, for parsing, completions and the manual.
fn command() -> clap::Command {
    Cli::command()
}
