//! `tollgate cache`: the results of earlier runs, and the copies in which commands ran.

use std::fmt::Write;

use clap::{Args, Subcommand};

use crate::app::failure::Failure;
use crate::cli::Context;
use crate::store::results::{Error, Info, clear, info};
use crate::tree::scratch::stored;

/// Show or remove what spares later runs work: the results of earlier ones, and the copies in which commands run.
#[derive(Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Subcommand)]
enum CacheCommand {
    /// Show where the cache is, how large, and what the last run had of it.
    Info,
    /// Remove the cache; the next run looks at everything.
    Clear,
}

pub(super) fn run(args: &CacheArgs, context: &Context) -> Result<u8, Failure> {
    let folder = context.environment.cache();
    match args.command {
        CacheCommand::Info => {
            let info = info(&folder).map_err(failure)?;
            context.streams.data(text(&info, stored::stored(&folder).len()).as_bytes())?;
        }
        CacheCommand::Clear => {
            clear(&folder).map_err(failure)?;
            stored::clear(&folder).map_err(Failure::usage)?;
        }
    }
    Ok(0)
}

fn failure(error: Error) -> Failure {
    let hint = if error.is_final() { "`tollgate cache clear` removes it" } else { "" };
    Failure::usage(error).with_hint(hint)
}

fn text(info: &Info, n_copies: usize) -> String {
    let mut text = format!("path      {}\n", info.file.display());
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:9} {value}");
    };
    line(
        "size",
        format!("{:.1} MiB of at most {} MiB", info.n_bytes as f64 / f64::from(1 << 20), info.max_bytes >> 20),
    );
    line("rows", info.n_rows.to_string());
    line("copies", format!("{n_copies} for commands to run in"));
    let known = |n_hits: u64, n_asked: u64| format!("{n_hits} of {n_asked} files were known");
    let Some(last) = info.last else {
        line("last run", "no run has used the cache yet".to_owned());
        return text;
    };
    if last.n_asked > 0 {
        line("last run", known(last.n_hits, last.n_asked));
    }
    if last.n_asked_for_commands > 0 {
        line("last run", format!("{} to commands", known(last.n_hits_for_commands, last.n_asked_for_commands)));
    }
    text
}
