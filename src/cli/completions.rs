//! `tollgate completions`: completions for a shell.

use clap::Args;
use clap_complete::Shell;

use crate::app::failure::Failure;
use crate::cli::Context;

/// Print the completions of a shell, to be put where that shell looks for them.
#[derive(Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, context: &Context) -> Result<u8, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli::command(), "tollgate", &mut text);
    context.streams.data(&text).map(|()| 0)
}
