//! One hook: what tollgate has for it, looked at without its files and stages.

use serde_json::Value;

use crate::migrate::document::text;
use crate::migrate::policy::Check;
use crate::migrate::pre_commit::config::Hook;
use crate::migrate::pre_commit::known::{Known, known, repository};
use crate::migrate::shell::is_taken;
use crate::migrate::words::{mends, shlex};
use crate::migrate::{Draft, tools};
use crate::model::option::Options;

/// What is to become of a hook.
pub(super) enum Outcome {
    /// A built-in check.
    BuiltIn(Check),
    /// A command, and what is not quite the same.
    Command(Check, String),
    /// The check of the message.
    Message(Options),
    /// Its manager is called, for this reason.
    Wrap(String),
    /// Nothing, for this reason.
    Lost(String),
}

/// What is to become of a hook of a repository.
pub(super) fn outcome(repo: &str, hook: &Hook, draft: &Draft<'_>) -> Outcome {
    match repo {
        "local" => local(hook),
        "meta" => Outcome::Wrap("it looks at the configuration of pre-commit itself".to_owned()),
        _ => match known(repo, hook, draft.tree) {
            Ok(Some(Known::BuiltIn(check))) => Outcome::BuiltIn(*check),
            Ok(Some(Known::Message(options))) => Outcome::Message(options),
            Ok(None) => tool(repo, hook),
            Err(why) => Outcome::Wrap(why),
        },
    }
}

/// A program that pre-commit installs, and that tollgate may know.
fn tool(repo: &str, hook: &Hook) -> Outcome {
    if !hook.entry.is_null() || !hook.language.is_empty() || !hook.pass_filenames.is_null() || hook.always_run {
        return Outcome::Wrap("pre-commit installs its program, and it is called in a way of its own".to_owned());
    }
    match tools::tool(&repository(repo), &hook.id, (hook.own_args(), &hook.dependencies())) {
        Ok(Some(mut check)) => {
            // What the configuration says takes the place of what the catalogue says, which is narrower than the types.
            if hook.types.is_some() || hook.types_or.is_some() {
                check.types.clear();
            }
            if !check.types.is_empty() || hook.types.is_some() || hook.types_or.is_some() {
                check.files.push("*".to_owned());
            }
            Outcome::Command(check, "the program is to be installed, which pre-commit did itself".to_owned())
        }
        Ok(None) => Outcome::Wrap("pre-commit installs its program".to_owned()),
        Err(why) => Outcome::Wrap(why),
    }
}

/// A hook that the configuration itself describes.
fn local(hook: &Hook) -> Outcome {
    let Some(entry) = text(&hook.entry) else { return Outcome::Wrap("it has no `entry`".to_owned()) };
    match hook.language.as_str() {
        "system" | "unsupported" | "script" | "unsupported_script" if !hook.dependencies().is_empty() => {
            Outcome::Wrap("it has additional dependencies".to_owned())
        }
        "system" | "unsupported" => command(hook, &entry, ""),
        "script" | "unsupported_script" => command(hook, &entry, "./"),
        "fail" => fail(hook, &entry),
        "pygrep" => Outcome::Wrap("it searches for a regular expression, which pre-commit does by itself".to_owned()),
        "docker" | "docker_image" => Outcome::Wrap("it runs in a container that pre-commit starts".to_owned()),
        "" => Outcome::Wrap("it has no `language`".to_owned()),
        language => Outcome::Wrap(format!("pre-commit makes an environment for `language: {language}`")),
    }
}

/// A program of the machine or the repository.
fn command(hook: &Hook, entry: &str, prefix: &str) -> Outcome {
    let Some(mut run) = shlex(entry) else { return Outcome::Wrap("its `entry` cannot be taken apart".to_owned()) };
    run.extend(hook.args());
    if run.iter().any(|word| is_taken(word)) {
        return Outcome::Wrap("it says what tollgate would take for a placeholder".to_owned());
    }
    if let Some(program) = run.first_mut().filter(|program| !prefix.is_empty() && !program.starts_with(['.', '/'])) {
        program.insert_str(0, prefix);
    }
    if run.len() == 1 && run.iter().any(|program| program.contains(' ')) {
        return Outcome::Wrap("the name of its program has blanks".to_owned());
    }
    let fix = mends(&run);
    match &hook.pass_filenames {
        Value::Null | Value::Bool(true) => run.push("{files}".to_owned()),
        Value::Bool(false) => {}
        Value::Number(one) if one.as_u64() == Some(1) => run.push("{file}".to_owned()),
        _ => return Outcome::Wrap("it takes a certain number of files at once".to_owned()),
    }
    if hook.always_run && run.last().is_some_and(|last| last.starts_with("{file")) {
        return Outcome::Wrap("it is given files and runs without any as well".to_owned());
    }
    let why = if fix { "seems to mend: what it changes is a finding and its fix" } else { "" };
    let notes = if hook.name.is_empty() || hook.name == hook.id { Vec::new() } else { vec![hook.name.clone()] };
    Outcome::Command(Check { notes, run, fix, env: hook.env(), ..Check::default() }, why.to_owned())
}

/// A hook that no file may match.
fn fail(hook: &Hook, entry: &str) -> Outcome {
    let message = if entry.trim().is_empty() { &hook.name } else { entry.trim() };
    let script = "printf '%s\\n' \"$0\" \"$@\"; exit 1".to_owned();
    let run = vec!["sh".to_owned(), "-c".to_owned(), script, message.to_owned(), "{files}".to_owned()];
    match is_taken(message) {
        true => Outcome::Wrap("it says what tollgate would take for a placeholder".to_owned()),
        false => Outcome::Command(Check { run, ..Check::default() }, String::new()),
    }
}
