//! `tollgate config`: the policy's schema and its resolved values.

use clap::{Args, Subcommand};

use crate::app::failure::Failure;
use crate::app::{Network, Session, Settings};
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::config::{Config, schema, show};
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
    /// Fetch the policies of other repositories that the work tree's policy extends. Hooks and `check` use what was
    /// fetched; `ci` fetches by itself.
    Fetch,
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
        ConfigCommand::Fetch => fetched(context)?,
        ConfigCommand::Show { origin } => {
            let origins = if origin { show::Origins::Shown } else { show::Origins::Hidden };
            show::show(&policy_here(Network::Unused, context)?.0, origins)
        }
    };
    context.streams.data(text.as_bytes()).map(|()| 0)
}

/// Fetches what is missing, by reading the policy as every run does.
fn fetched(context: &Context) -> Result<String, Failure> {
    let (_, name) = policy_here(Network::ForPolicies, context)?;
    Ok(format!("all that is extended is there ({name})\n"))
}

fn policy_here(network: Network, context: &Context) -> Result<(Config, String), Failure> {
    let interrupt = Interrupt::default();
    let repo = Repo::discover(&context.environment.folder, &interrupt).map_err(Failure::git)?;
    let settings = RunArgs::default().settings(&context.environment, Trust::BuiltInOnly);
    let settings = Settings { network, ..settings };
    Session { repo: &repo, settings: &settings, interrupt: &interrupt }.policy_here()
}
