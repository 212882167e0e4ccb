//! `tollgate builtin`: one built-in check on named files, for other hook managers.

use std::ffi::OsString;
use std::path::Path;

use clap::{Args, Subcommand};

use crate::app::failure::Failure;
use crate::app::staged::{added, examine};
use crate::check::builtin::arguments::{Parsed, parse};
use crate::check::builtin::{self, Builtin, Named, Report};
use crate::check::hygiene::detect_aws_credentials as aws;
use crate::check::{ChangeCheck, FileCheck};
use crate::cli::Context;
use crate::cli::check::repo_path;
use crate::cli::credentials;
use crate::config::nearest::nearest;
use crate::git::Repo;
use crate::git::listing::Listing;
use crate::model::option::{Credentials, Options};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::process::Interrupt;
use crate::tree::file::{read_named, write_atomic};

/// Run one built-in check on files in the manner of pre-commit-hooks: its options, its messages, fixes in place.
///
/// Exit code 1 means that something was found or changed, 2 that the call is wrong.
///
/// `tollgate rules list` lists the checks, `tollgate builtin ID --help` the options of one.
#[derive(Args)]
#[command(disable_help_subcommand = true, subcommand_value_name = "ID [OPTIONS] [FILES]")]
pub(super) struct BuiltinArgs {
    #[command(subcommand)]
    call: Call,
}

#[derive(Subcommand)]
enum Call {
    /// The id of the check and everything after it as it was written, `--` too.
    #[command(external_subcommand)]
    Check(Vec<OsString>),
}

pub(super) fn run(args: &BuiltinArgs, context: &Context) -> Result<u8, Failure> {
    let Call::Check(words) = &args.call;
    let (id, arguments) = words.split_first().expect("because an external subcommand has a name");
    let id = id.to_string_lossy();
    let builtin = builtin::find(&id).ok_or_else(|| unknown(&id))?;
    let (mut options, files) = match parse(&builtin, arguments).map_err(Failure::usage)? {
        Parsed::Help(text) => return context.streams.data(text.as_bytes()).map(|()| 0),
        Parsed::Run { options, files } => (options, files),
    };
    if let Builtin::File(check) = builtin
        && check.asks_for_credentials()
    {
        options.set_credentials(machine_credentials(&options, context)?);
    }
    let report = match builtin {
        Builtin::File(check) => each_file(check, &options, &files, context)?,
        Builtin::Names(check) => names(check, &options, &files, context)?,
    };
    let lines: Vec<String> = report.lines.iter().map(|line| format!("{line}\n")).collect();
    context.streams.data(lines.concat().as_bytes())?;
    Ok(u8::from(report.failed))
}

/// The credentials of this machine; none of them where they are wanted is wrong usage.
fn machine_credentials(options: &Options, context: &Context) -> Result<Credentials, Failure> {
    let further = options.list(aws::FILES).unwrap_or_default();
    let credentials = credentials::read(&context.environment.variables, further);
    match aws::why_missing(&credentials, options) {
        Some(Breakage { why, hint, .. }) => Err(Failure::usage(anyhow::anyhow!(why)).with_hint(hint)),
        None => Ok(credentials),
    }
}

fn unknown(id: &str) -> Failure {
    let all = builtin::all();
    let hint = match nearest(id, all.iter().map(|builtin| builtin.about().id)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`tollgate rules list` lists them".to_owned(),
    };
    Failure::usage(anyhow::anyhow!("there is no built-in check `{id}`")).with_hint(hint)
}

/// What git knows, where there is a repository; pre-commit-hooks asks the same.
struct Known {
    repo: Option<Repo>,
    added: Vec<RepoPath>,
    is_in_merge: bool,
}

impl Known {
    fn of(context: &Context, asks_for_added: bool) -> Result<Self, Failure> {
        let Ok(repo) = Repo::discover(&context.environment.folder, &Interrupt::default()) else {
            return Ok(Self { repo: None, added: Vec::new(), is_in_merge: false });
        };
        let is_in_merge = repo.operation().map_err(Failure::git)?.is_some();
        let added = if asks_for_added { added(&repo)? } else { Vec::new() };
        Ok(Self { repo: Some(repo), added, is_in_merge })
    }

    fn path(&self, file: &Path, context: &Context) -> Option<RepoPath> {
        repo_path(file, self.repo.as_ref()?, &context.environment.folder).ok()
    }
}

fn each_file(
    check: &dyn FileCheck,
    options: &Options,
    files: &[OsString],
    context: &Context,
) -> Result<Report, Failure> {
    let known = Known::of(context, check.about().id == "check-added-large-files")?;
    let mut whole = Report::default();
    for file in files {
        let place = context.environment.folder.join(file);
        let (mode, bytes) = read_named(&place).map_err(Failure::usage)?;
        let own = known.path(Path::new(file), context);
        let named = Named {
            path: &RepoPath::from_fs(Path::new(file)),
            mode,
            n_bytes: bytes.len() as u64,
            bytes: &bytes,
            is_added: own.is_some_and(|path| known.added.contains(&path)),
            is_in_merge: known.is_in_merge,
        };
        let report =
            builtin::run(check, options, &named).map_err(|breakage| Failure::usage(anyhow::anyhow!(breakage.why)))?;
        if let Some(fixed) = &report.fixed {
            write_atomic(&place, fixed).map_err(Failure::usage)?;
        }
        whole.lines.extend(report.lines);
        whole.failed |= report.failed;
    }
    Ok(whole)
}

/// The checks that look at names alone, and those of what is staged.
fn names(check: &dyn ChangeCheck, options: &Options, files: &[OsString], context: &Context) -> Result<Report, Failure> {
    if check.about().id == "check-symlinks" {
        let reports = files.iter().map(|file| {
            let place = context.environment.folder.join(file);
            builtin::symlink(&RepoPath::from_fs(Path::new(file)), place.is_symlink(), place.exists())
        });
        return Ok(reports.fold(Report::default(), |mut whole, report| {
            whole.lines.extend(report.lines);
            whole.failed |= report.failed;
            whole
        }));
    }
    let known = Known::of(context, true)?;
    if check.about().id != "check-case-conflict" {
        let Some(repo) = &known.repo else { return Ok(Report::default()) };
        let named: Vec<RepoPath> = files.iter().filter_map(|file| known.path(Path::new(file), context)).collect();
        return Ok(builtin::staged(examine(repo, check, options, &named)?));
    }
    let tracked = match &known.repo {
        Some(repo) => repo.list(&Listing::Index).map_err(Failure::git)?,
        None => Vec::new(),
    };
    let tracked: Vec<RepoPath> = tracked.into_iter().map(|side| side.path).collect();
    let own =
        |file: &OsString| known.path(Path::new(file), context).unwrap_or_else(|| RepoPath::from_fs(Path::new(file)));
    let named: Vec<RepoPath> = files.iter().map(own).collect();
    Ok(builtin::case_conflicts(&named, &known.added, &tracked))
}
