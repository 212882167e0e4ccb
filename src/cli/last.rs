//! `tollgate last`: the last run again.

use clap::Args;

use crate::app::failure::Failure;
use crate::cli::Context;
use crate::cli::output::OutputArgs;
use crate::git::Repo;
use crate::process::Interrupt;
use crate::report::{Detail, Document, Occasion, json};
use crate::store;

/// Show the last run of this work tree again, whole or in another format.
#[derive(Args)]
pub(super) struct LastArgs {
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &LastArgs, context: &Context) -> Result<u8, Failure> {
    let repo = Repo::discover(&context.environment.folder, &Interrupt::default()).map_err(Failure::git)?;
    let folder = store::folder(&context.environment.cache(), repo.git_dir());
    let nothing = || {
        Failure::usage(anyhow::anyhow!("no run of this work tree is kept"))
            .with_hint("`tollgate check` runs the gate; what it finds is kept for `tollgate last`")
    };
    let bytes = store::last::load_last(&folder).map_err(Failure::usage)?.ok_or_else(nothing)?;
    let (report, verdict) = json::read(&bytes).map_err(Failure::usage)?;
    let documents = [Document { report: &report, verdict: &verdict }];
    let mut audience = context.streams.audience(args.output.detail().max(Detail::Normal));
    // Whoever asks for the last run wants all of it, also in a pipe.
    audience.is_terminal = true;
    audience.occasion = Occasion::Again;
    args.output.write_files(&documents, context)?;
    args.output.show(&documents, &audience, context).map(|()| 0)
}
