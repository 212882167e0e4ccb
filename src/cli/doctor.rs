//! `tollgate doctor`: what is wrong with an installation, and how to mend it.

use clap::Args;

use crate::app::Session;
use crate::app::failure::Failure;
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::cli::hook::{MESSAGES, failure};
use crate::git::Repo;
use crate::hook::doctor::{Diagnosis, Switch, doctor};
use crate::hook::install::{has_hook, is_installed};
use crate::model::command::Trust;
use crate::model::rule::Level;
use crate::process::Interrupt;

/// Say what is wrong with the installation in this repository, and how to mend it.
///
/// Exit code 1 means that the hooks do not work as they should.
#[derive(Args)]
pub(super) struct DoctorArgs {}

pub(super) fn run(_: &DoctorArgs, context: &Context) -> Result<u8, Failure> {
    let interrupt = Interrupt::default();
    let repo = Repo::discover(&context.environment.folder, &interrupt).map_err(Failure::git)?;
    let switch = if context.environment.is_off() { Switch::Off } else { Switch::On };
    let mut found = doctor(&repo, switch, &interrupt).map_err(failure)?;
    let settings = RunArgs::default().settings(&context.environment, Trust::BuiltInOnly);
    let session = Session { repo: &repo, settings: &settings, interrupt: &interrupt };
    let policy = match session.policy_here() {
        Ok((_, policy)) => policy,
        Err(failure) => {
            let what = format!("the policy can't be used: {:#}", failure.error);
            found.push(Diagnosis { what, level: Level::Error, hint: failure.hint });
            "tollgate.toml".to_owned()
        }
    };
    let hooks = || Some((is_installed(&repo), has_hook(&repo, MESSAGES).ok()?));
    if hooks() == Some((true, false)) && session.judges_messages().unwrap_or(false) {
        found.push(Diagnosis {
            what: format!("the policy judges messages, and {MESSAGES} is not installed"),
            level: Level::Error,
            hint: format!("run `tollgate install --hook {MESSAGES}`, or make a commit if the hooks follow the policy"),
        });
    }
    let mut text: String = found.iter().map(described).collect();
    if found.is_empty() {
        text = format!("all is well: the hooks are installed and call this program; policy: {policy}\n");
    }
    context.streams.data(text.as_bytes())?;
    Ok(u8::from(found.iter().any(|diagnosis| diagnosis.level == Level::Error)))
}

fn described(diagnosis: &Diagnosis) -> String {
    let hint = match diagnosis.hint.is_empty() {
        true => String::new(),
        false => format!("  hint: {}\n", diagnosis.hint),
    };
    format!("{}: {}\n{hint}", diagnosis.level.name(), diagnosis.what)
}
