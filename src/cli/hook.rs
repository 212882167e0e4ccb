//! `tollgate hook`: what an installed hook calls.

use std::ffi::OsString;
use std::io::{self, Read};

use clap::Args;

use crate::app::failure::Failure;
use crate::app::{Conduct, Session, Settings};
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::cli::output::OutputArgs;
use crate::cli::progress::{listen, watched};
use crate::git::Repo;
use crate::hook::install::add;
use crate::hook::{self, Stage, Turn, chain};
use crate::model::command::Exit;
use crate::model::command::Trust;
use crate::model::request::Request;
use crate::process::Interrupt;

/// Serve a git hook; installed hooks call this.
#[derive(Args)]
pub(super) struct HookArgs {
    /// Look at every file anew, and keep no result for later runs; must come before the name.
    #[arg(long)]
    no_cache: bool,
    /// Git's name of the hook.
    #[arg(value_name = "NAME")]
    name: String,
    /// What git gives the hook.
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

pub(super) fn run(args: &HookArgs, context: &Context) -> Result<u8, Failure> {
    let stage = hook::stage(&args.name).map_err(failure)?;
    let interrupt = &context.interrupt;
    let repo = Repo::discover(&context.environment.folder, interrupt).map_err(Failure::git)?;
    let stdin = if stage.reads_stdin { everything()? } else { Vec::new() };
    let call = Call { stage, args, repo: &repo, stdin: &stdin, interrupt };
    // Not before standard input was read: a person who waits at a terminal could not end that.
    listen(interrupt);
    let calls_others = !chain::is_called(&repo, stage.name, |name| context.environment.get(name));
    if stage.chained == Turn::Before && calls_others {
        match call.chained()? {
            0 => {}
            code => return Ok(code),
        }
    }
    if context.environment.is_off() {
        context.streams.say(&format!("tollgate: {} is switched off by TOLLGATE=0", stage.name));
    } else {
        match call.judge(context)? {
            0 => {}
            code => return Ok(code),
        }
    }
    if stage.chained == Turn::After && calls_others { call.chained() } else { Ok(0) }
}

/// What is read from standard input is read once, for us and for the hook that was there.
fn everything() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(anyhow::Error::new(error).context("cannot read what git tells the hook")))?;
    Ok(bytes)
}

struct Call<'a> {
    stage: &'static Stage,
    args: &'a HookArgs,
    repo: &'a Repo,
    stdin: &'a [u8],
    interrupt: &'a Interrupt,
}

impl Call<'_> {
    /// Runs the hook that was there before ours; its exit code decides as it did before.
    fn chained(&self) -> Result<u8, Failure> {
        let Some(file) = chain::find(self.repo, self.stage.name).map_err(failure)? else { return Ok(0) };
        let exit = chain::run(self.repo, file, &self.args.args, self.stdin, self.interrupt).map_err(failure)?;
        Ok(match exit {
            Exit::Code(code) => u8::try_from(code).unwrap_or(1),
            Exit::Interrupted => Failure::INTERRUPTED,
            Exit::Signal(_) | Exit::TimedOut => 1,
        })
    }

    fn judge(&self, context: &Context) -> Result<u8, Failure> {
        let request = hook::request(self.stage.name, &self.args.args, self.stdin).map_err(failure)?;
        let no_cache = self.args.no_cache;
        let run = RunArgs { stage: Some(self.stage.name.to_owned()), no_cache, ..RunArgs::default() };
        let settings = Settings { conduct: Conduct::Mend, ..run.settings(&context.environment, Trust::Commands) };
        let session = Session { repo: self.repo, settings: &settings, interrupt: self.interrupt };
        let judged = watched(&session, &request)?;
        if judged.is_empty() && !matches!(request, Request::Message(_)) {
            let why = session.why_nothing(&request)?.map_or_else(String::new, |why| format!(": {why}"));
            context.streams.say(&format!("tollgate: nothing to check in {}{why}", self.stage.name));
        }
        let code = OutputArgs::default().publish(&judged, &session, context)?;
        if code == 0 && request == Request::Staged {
            let is_asked = judged.iter().any(|one| one.judges_messages);
            if is_asked || (judged.is_empty() && session.judges_messages()?) {
                self.see_to_messages(context)?;
            }
        }
        Ok(code)
    }

    /// Puts the hook for messages in place if the policy has come to ask for it: git looks for it after this one.
    fn see_to_messages(&self, context: &Context) -> Result<(), Failure> {
        let missing = |error: hook::Error| {
            let hint = error.hint().unwrap_or_else(|| "`tollgate doctor` says what is there".to_owned());
            let why = format!("the policy judges messages, and {MESSAGES} can't be installed");
            Failure { code: Failure::CHANGE, ..Failure::usage(anyhow::Error::new(error).context(why)) }.with_hint(hint)
        };
        if add(self.repo, MESSAGES).map_err(missing)? {
            context.streams.say(&format!("tollgate: installed {MESSAGES}, because the policy judges messages"));
        }
        Ok(())
    }
}

/// The hook that gets the message of a commit.
pub(super) const MESSAGES: &str = "commit-msg";

/// A hook that could not be served.
pub(super) fn failure(error: hook::Error) -> Failure {
    let hint = error.hint().unwrap_or_default();
    Failure::usage(error).with_hint(hint)
}
