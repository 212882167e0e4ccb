//! Hooks of others that tollgate has itself: its built-in checks, and the checks of messages.

use std::ffi::OsString;

use crate::check::builtin::Builtin;
use crate::check::builtin::arguments::{Parsed, parse};
use crate::check::{FileCheck, builtin};
use crate::migrate::Tree;
use crate::migrate::message::{commitizen, commitlint, conventional_pre_commit};
use crate::migrate::policy::Check;
use crate::migrate::pre_commit::config::Hook;
use crate::model::change::{FileSide, Mode, Source};
use crate::model::option::Options;
use crate::model::path::RepoPath;

/// What a hook of a repository is here.
pub(super) enum Known {
    /// A built-in check with these options.
    BuiltIn(Box<Check>),
    /// The check of the message.
    Message(Options),
}

/// The name of a repository, whatever the way to it: `owner/name`, in lower case.
pub(super) fn repository(url: &str) -> String {
    let path = url.trim_end_matches('/').trim_end_matches(".git").to_lowercase();
    let mut parts = path.rsplit(['/', ':']);
    let name = parts.next().unwrap_or_default().to_owned();
    match parts.next() {
        Some(owner) if !owner.is_empty() => format!("{owner}/{name}"),
        _ => name,
    }
}

/// What a hook is here; none if it is nothing that tollgate has, an error if it is and cannot be said.
pub(super) fn known(url: &str, hook: &Hook, tree: &Tree<'_>) -> Result<Option<Known>, String> {
    match (repository(url).as_str(), hook.id.as_str()) {
        ("pre-commit/pre-commit-hooks" | "builtin", id) => built_in(id, hook),
        ("compilerla/conventional-pre-commit", _) => conventional_pre_commit(&hook.args()).map(message),
        ("alessandrojcm/commitlint-pre-commit-hook", _) => commitlint(tree).map(message),
        ("commitizen-tools/commitizen", "commitizen") => commitizen(tree).map(message),
        _ => Ok(None),
    }
}

fn message(options: Options) -> Option<Known> {
    Some(Known::Message(options))
}

fn built_in(id: &str, hook: &Hook) -> Result<Option<Known>, String> {
    let id = if id == "check-byte-order-marker" { "fix-byte-order-marker" } else { id };
    let Some(builtin) = builtin::find(id) else { return Ok(None) };
    if !hook.entry.is_null() || !hook.language.is_empty() {
        return Err("it has an `entry` or a `language` of its own".to_owned());
    }
    let arguments: Vec<OsString> = hook.args().into_iter().map(Into::into).collect();
    let options = match parse(&builtin, &arguments) {
        Ok(Parsed::Run { options, files }) if files.is_empty() => options,
        Ok(_) => return Err(format!("its arguments name files: {}", hook.args().join(" "))),
        Err(error) => return Err(error.to_string()),
    };
    let has_files = !hook.files.is_null();
    match builtin {
        Builtin::Names(_) if has_files || !hook.exclude.is_null() || has_types(hook) => {
            Err("tollgate's looks at the whole change, not at some of its files".to_owned())
        }
        Builtin::File(check) if is_for_a_kind(check) && (has_types(hook) || (has_files && BY_NAME.contains(&id))) => {
            Err("it is for other files than tollgate's".to_owned())
        }
        _ => Ok(Some(Known::BuiltIn(Box::new(Check { id: id.to_owned(), options, ..Check::default() })))),
    }
}

/// Checks that pre-commit gives files by name: `files` of a configuration takes the place of that, while tollgate's look
/// at files of those names alone. Where pre-commit goes by type, `files` narrows that.
const BY_NAME: [&str; 2] = ["name-tests-test", "requirements-txt-fixer"];

fn has_types(hook: &Hook) -> bool {
    hook.types.is_some() || hook.types_or.is_some() || hook.exclude_types.is_some()
}

/// Whether a check is for files of some name alone.
fn is_for_a_kind(check: &dyn FileCheck) -> bool {
    let side = FileSide { path: RepoPath::from("a.txt"), mode: Mode::File, source: Source::Worktree };
    !check.wants(&side)
}
