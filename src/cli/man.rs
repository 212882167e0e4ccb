//! `tollgate man`: the manual page.

use clap::Args;

use crate::app::failure::Failure;
use crate::cli::Context;

/// Print the manual page, of the whole program or of one command.
#[derive(Args)]
pub(super) struct ManArgs {
    /// The command.
    #[arg(value_name = "COMMAND")]
    of: Option<String>,
}

pub(super) fn run(args: &ManArgs, context: &Context) -> Result<u8, Failure> {
    let mut command = crate::cli::command();
    command.build();
    let page = match &args.of {
        None => command,
        Some(name) => {
            let found = command.get_subcommands().find(|command| command.get_name() == name).cloned();
            let unknown =
                || Failure::usage(anyhow::anyhow!("there is no command `{name}`")).with_hint("tollgate --help");
            found.ok_or_else(unknown)?.display_name(format!("tollgate-{name}"))
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).expect("because writing to memory does not fail");
    context.streams.data(&text).map(|()| 0)
}
