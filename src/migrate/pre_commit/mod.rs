//! pre-commit and prek: each hook becomes a built-in check, a command of its own, or a call of its manager.

mod config;
mod hook;
mod known;
mod scope;

use crate::migrate::document::parse;
use crate::migrate::policy::Check;
use crate::migrate::pre_commit::config::{Config, Hook, stage};
use crate::migrate::pre_commit::hook::{Outcome, outcome};
use crate::migrate::pre_commit::scope::{Scope, Top, narrowed};
use crate::migrate::{Draft, Error, Fate};

/// The files that may hold the configuration, with the program that reads them; the first one counts.
const FILES: [(&str, &str); 3] =
    [("prek.toml", "prek"), (".pre-commit-config.yaml", "pre-commit"), (".pre-commit-config.yml", "prek")];

/// Git's hooks that tollgate serves, and the stage that people run by hand.
const SERVED: [&str; 5] = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push", "manual"];

/// Why a hook for commit-msg is lost.
const ON_MESSAGES: &str =
    "tollgate runs no command on a message: `pre-commit install --hook-type commit-msg` keeps that hook alone";

/// A hook with what is to become of it.
struct Planned<'a> {
    hook: &'a Hook,
    stages: Vec<String>,
    scope: Scope,
    outcome: Outcome,
}

/// Takes over the configuration of pre-commit or prek, if there is one.
pub(super) fn migrate(draft: &mut Draft<'_>) -> Result<(), Error> {
    let found = FILES.iter().find_map(|(file, runner)| Some((*file, *runner, draft.tree.text(file)?)));
    let Some((file, runner, text)) = found else { return Ok(()) };
    let unreadable = |problem| Error::Unreadable { file: file.to_owned(), manager: runner, problem };
    let config = parse(file, &text).and_then(Config::of).map_err(unreadable)?;
    // Only prek has hooks of its own.
    let runner = if config.repos.iter().any(|repo| repo.repo == "builtin") { "prek" } else { runner };
    draft.found(runner, file);
    let top = scope::top(&config, draft, file);
    let mut planned: Vec<Planned<'_>> = Vec::new();
    for repo in &config.repos {
        for hook in &repo.hooks {
            planned.push(plan(hook, &repo.repo, (&config, &top), draft));
        }
    }
    settle(&mut planned, runner);
    let has_wrapped = planned.iter().any(|planned| matches!(planned.outcome, Outcome::Wrap(_)));
    let hooks: Vec<&Hook> = planned.iter().map(|planned| planned.hook).collect();
    for one in &planned {
        write(one, &hooks, &planned, (file, runner), draft);
    }
    for id in &config.ci.skip {
        draft.policy.not_on_pull_requests.insert(id.clone());
    }
    tell(&config, has_wrapped, (file, runner), draft);
    Ok(())
}

/// What is to become of a hook, looked at by itself.
fn plan<'a>(hook: &'a Hook, repo: &str, (config, top): (&Config, &Top), draft: &Draft<'_>) -> Planned<'a> {
    let stages = stages(hook, config);
    let (scope, refused) = scope::of(hook, top, draft);
    let outcome = match stages.iter().any(|stage| SERVED.contains(&stage.as_str())) {
        false => Outcome::Lost(format!(
            "tollgate does not serve {0}: `pre-commit install --hook-type {0}` keeps that hook alone",
            stages.join(" --hook-type ")
        )),
        true if stages.iter().all(|stage| stage == "commit-msg") => match outcome(repo, hook, draft) {
            Outcome::Message(options) => Outcome::Message(options),
            Outcome::Lost(why) | Outcome::Wrap(why) => Outcome::Lost(format!("{why}; {ON_MESSAGES}")),
            _ => Outcome::Lost(ON_MESSAGES.to_owned()),
        },
        true => match (outcome(repo, hook, draft), refused) {
            (Outcome::Lost(why), _) => Outcome::Lost(why),
            (Outcome::Wrap(why), _) => Outcome::Wrap(why),
            (Outcome::Message(_), _) => Outcome::Wrap("it is not only for commit-msg".to_owned()),
            (_, Some(why)) => Outcome::Wrap(why),
            (outcome, None) => outcome,
        },
    };
    let served = |stage: &String| SERVED.contains(&stage.as_str()) && (stage != "commit-msg" || stages.len() == 1);
    let served: Vec<String> = stages.iter().filter(|stage| served(stage)).cloned().collect();
    Planned { hook, stages: if served.is_empty() { stages } else { served }, scope, outcome }
}

/// The stages of a hook: its own, else those of all, else the hooks that pre-commit installs.
fn stages(hook: &Hook, config: &Config) -> Vec<String> {
    let installed = match config.default_install_hook_types.as_slice() {
        [] => vec!["pre-commit".to_owned()],
        types => {
            types.iter().filter(|name| *name != "commit-msg" && SERVED.contains(&name.as_str())).cloned().collect()
        }
    };
    let said = if hook.stages.is_empty() { &config.default_stages } else { &hook.stages };
    let mut stages: Vec<String> = match said.as_slice() {
        [] => installed,
        said => said.iter().map(|name| stage(name).to_owned()).collect(),
    };
    // A merge commit is judged as any other commit.
    if stages.iter().any(|name| name == "pre-commit") {
        stages.retain(|name| name != "pre-merge-commit");
    }
    stages
}

/// Makes sure that no check has the settings of two hooks, and that calling one hook does not run another that is
/// translated as well.
fn settle(planned: &mut [Planned<'_>], runner: &str) {
    let built_in = |one: &Planned<'_>| match &one.outcome {
        Outcome::BuiltIn(check) => Some(check.id.clone()),
        _ => None,
    };
    let ids: Vec<Option<String>> = planned.iter().map(built_in).collect();
    for (one, id) in planned.iter_mut().zip(&ids) {
        if id.is_some() && ids.iter().filter(|other| *other == id).count() > 1 {
            one.outcome = Outcome::Wrap("it stands there more than once, with other settings".to_owned());
        }
    }
    loop {
        let hooks: Vec<&Hook> = planned.iter().map(|one| one.hook).collect();
        let wrapped: Vec<&str> = planned
            .iter()
            .filter(|one| matches!(one.outcome, Outcome::Wrap(_)))
            .map(|one| selector(one.hook, &hooks))
            .collect();
        let along = planned.iter().position(|one| {
            !matches!(one.outcome, Outcome::Wrap(_) | Outcome::Lost(_))
                && wrapped.iter().any(|name| one.hook.is_called(name))
        });
        let Some(one) = along.and_then(|at| planned.get_mut(at)) else { return };
        one.outcome = Outcome::Wrap(format!("`{runner} run` runs it along with another hook of that name"));
    }
}

/// The name by which a hook is called: one that calls it alone, if it has one.
fn selector<'a>(hook: &'a Hook, all: &[&Hook]) -> &'a str {
    let is_own = |name: &&str| !name.is_empty() && all.iter().filter(|other| other.is_called(name)).count() == 1;
    [hook.id.as_str(), hook.alias.as_str()].into_iter().find(is_own).unwrap_or(&hook.id)
}

/// Writes what became of a hook.
fn write(
    one: &Planned<'_>,
    hooks: &[&Hook],
    all: &[Planned<'_>],
    (file, runner): (&'static str, &'static str),
    draft: &mut Draft<'_>,
) {
    let shown = one.hook.shown();
    match &one.outcome {
        Outcome::Lost(why) => draft.lose(file, &shown, why.clone()),
        Outcome::BuiltIn(check) => {
            let check = one.scope.clone().give(check.clone());
            let id = check.id.clone();
            draft.policy.add(check, &one.stages);
            draft.report(file, &shown, Fate::Translated(vec![id]), "");
        }
        Outcome::Command(check, why) => {
            let mut check = one.scope.clone().give(check.clone());
            if one.hook.always_run {
                check = Check { files: Vec::new(), exclude: Vec::new(), types: Vec::new(), ..check };
            }
            let id = draft.command(&one.hook.id, check, &one.stages);
            draft.report(file, &shown, Fate::Translated(vec![id]), why.clone());
        }
        Outcome::Message(options) => {
            let (id, why) = draft.message(options.clone());
            draft.report(file, &shown, Fate::Translated(vec![id]), why);
        }
        Outcome::Wrap(why) => {
            let name = selector(one.hook, hooks);
            let called: Vec<&Planned<'_>> = all.iter().filter(|other| other.hook.is_called(name)).collect();
            let id = wrap(name, &called, (file, runner), draft);
            draft.report(file, &shown, Fate::Wrapped(id), why.clone());
        }
    }
}

/// A check that calls the manager for the hooks of a name. It runs in a copy: hooks may change files.
fn wrap(name: &str, called: &[&Planned<'_>], (file, runner): (&str, &str), draft: &mut Draft<'_>) -> String {
    let stages: Vec<String> = {
        let mut stages: Vec<String> = called.iter().flat_map(|one| one.stages.clone()).collect();
        stages.sort_unstable();
        stages.dedup();
        stages
    };
    let mut run = vec![runner.to_owned(), "run".to_owned(), name.to_owned()];
    if let Some(stage) = stages.first().filter(|_| !stages.iter().any(|stage| stage == "pre-commit")) {
        run.extend(["--hook-stage".to_owned(), stage.clone()]);
    }
    let is_always_run = called.iter().any(|one| one.hook.always_run);
    match is_always_run {
        true => run.push("--all-files".to_owned()),
        false => run.extend(["--files", "{files}"].map(str::to_owned)),
    }
    let scope =
        if is_always_run { Scope::default() } else { narrowed(called.iter().map(|one| (one.hook, &one.scope))) };
    let check = Check {
        notes: vec![format!("Of {file}, which {runner} goes on reading.")],
        run,
        fix: true,
        // With that it ends as well where a hook changed something; where it could not run, with another one.
        finding_codes: vec![1],
        ..scope.give(Check::default())
    };
    draft.command(name, check, &stages)
}

/// What holds for no single hook.
fn tell(config: &Config, has_wrapped: bool, (file, runner): (&str, &str), draft: &mut Draft<'_>) {
    if config.fail_fast {
        draft.note(format!("{file}: `fail_fast` has no counterpart; every check runs"));
    }
    if !config.ci.skip.is_empty() {
        draft.note(format!("{file}: what `ci.skip` names is left out of [stages.pull-request]"));
    }
    draft.steps.push(match runner {
        "prek" => "`prek uninstall` takes the hooks of prek out, so that they do not run twice".to_owned(),
        _ => "`pre-commit uninstall` takes the hooks of pre-commit out, so that they do not run twice".to_owned(),
    });
    draft.steps.push(match has_wrapped {
        true => format!("keep {file} and {runner} for the hooks that are wrapped"),
        false => format!("{file} is not needed any more"),
    });
}
