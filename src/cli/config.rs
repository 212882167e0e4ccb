//! `tollgate config`: the policy's schema and its resolved values.

use clap::{Args, Subcommand};

use crate::app::Session;
use crate::app::failure::Failure;
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::config::{schema, show};
use crate::git::Repo;
use crate::model::command::Trust;
use crate::process::Interrupt;

/// Show the configuration: its schema, or the values that hold here.
#[derive(Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print the JSON schema of tollgate.toml, for editors.
    Schema,
    /// Print every value that holds in this work tree, as TOML.
    Show {
        /// Say beside each value where it comes from.
        #[arg(long)]
        origin: bool,
    },
}

pub(super) fn run(args: &ConfigArgs, context: &Context) -> Result<u8, Failure> {
    let text = match args.command {
        ConfigCommand::Schema => schema::schema(),
        ConfigCommand::Show { origin } => shown(origin, context)?,
    };
    context.streams.data(text.as_bytes()).map(|()| 0)
}

fn shown(with_origin: bool, context: &Context) -> Result<String, Failure> {
    let interrupt = Interrupt::default();
    let repo = Repo::discover(&context.environment.folder, &interrupt).map_err(Failure::git)?;
    let settings = RunArgs::default().settings(&context.environment, Trust::BuiltInOnly);
    let session = Session { repo: &repo, settings: &settings, interrupt: &interrupt };
    let (config, _) = session.policy_here()?;
    let origins = if with_origin { show::Origins::Shown } else { show::Origins::Hidden };
    Ok(show::show(&config, origins))
}
