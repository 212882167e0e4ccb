//! Which files a hook is for, in our terms.

use serde_json::Value;

use crate::migrate::Draft;
use crate::migrate::document::{text, texts};
use crate::migrate::patterns::{Meaning, of_glob, of_python};
use crate::migrate::policy::Check;
use crate::migrate::pre_commit::config::{Config, Hook};

/// The files of a hook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    files: Vec<String>,
    exclude: Vec<String>,
    types: Vec<String>,
}

impl Scope {
    /// The check with these files, beside those that it is for anyway; `files` take the place of its own.
    pub(super) fn give(self, mut check: Check) -> Check {
        if !self.files.is_empty() {
            check.files = self.files;
        }
        check.exclude.extend(self.exclude);
        check.types.extend(self.types);
        check
    }
}

/// The files that all hooks are for.
#[derive(Debug, Default)]
pub(super) struct Top {
    files: Vec<String>,
    /// Why they can't be said, if they can't.
    refused: Option<String>,
}

/// Reads `files` and `exclude` of the whole configuration; what is excluded is so for everything.
pub(super) fn top(config: &Config, draft: &mut Draft<'_>, file: &str) -> Top {
    match meaning(&config.exclude, draft) {
        Ok(Meaning::Lines(lines)) => draft.policy.exclude.extend(lines),
        Ok(Meaning::Nothing) => {}
        Ok(Meaning::Every) if config.exclude.is_null() => {}
        Ok(Meaning::Every) => draft.note(format!("{file}: `exclude` leaves everything out; it was passed over")),
        Err(why) => draft.lose(file, "exclude", format!("for all hooks, cannot be said in gitignore syntax: {why}")),
    }
    match meaning(&config.files, draft) {
        Ok(Meaning::Lines(files)) => Top { files, refused: None },
        Ok(Meaning::Every) => Top::default(),
        Ok(Meaning::Nothing) => {
            Top { files: Vec::new(), refused: Some("`files` of all hooks means no file".to_owned()) }
        }
        Err(why) => Top { files: Vec::new(), refused: Some(format!("`files` of all hooks: {why}")) },
    }
}

/// The files of a hook as far as they can be said, and why they can't be said whole.
pub(super) fn of(hook: &Hook, top: &Top, draft: &Draft<'_>) -> (Scope, Option<String>) {
    let mut scope = Scope::default();
    let mut refused = top.refused.clone();
    match meaning(&hook.files, draft) {
        Ok(Meaning::Lines(_)) if !top.files.is_empty() => {
            refused = Some("it has `files`, and so have all hooks together".to_owned());
        }
        Ok(Meaning::Lines(files)) => scope.files = files,
        Ok(Meaning::Every) => scope.files.clone_from(&top.files),
        Ok(Meaning::Nothing) => refused = Some("its `files` means no file".to_owned()),
        Err(why) => refused = Some(format!("`files` cannot be said in gitignore syntax: {why}")),
    }
    match meaning(&hook.exclude, draft) {
        Ok(Meaning::Lines(lines)) => scope.exclude = lines,
        Ok(Meaning::Nothing) => {}
        Ok(Meaning::Every) if hook.exclude.is_null() => {}
        Ok(Meaning::Every) => refused = Some("its `exclude` leaves everything out".to_owned()),
        Err(why) => refused = Some(format!("`exclude` cannot be said in gitignore syntax: {why}")),
    }
    match types(hook, draft) {
        Ok(types) => scope.types = types,
        Err(why) => refused = Some(why),
    }
    (scope, refused)
}

/// The files that any of the hooks may be for. What a hook is given can only be narrowed by what stands in the
/// configuration: its own description may narrow it further.
pub(super) fn narrowed<'a>(hooks: impl Iterator<Item = (&'a Hook, &'a Scope)>) -> Scope {
    let all: Vec<&Scope> = hooks.map(|(_, scope)| scope).collect();
    match all.as_slice() {
        [only] => (*only).clone(),
        [first, ..] if all.iter().all(|scope| scope == first) => (*first).clone(),
        _ if all.iter().all(|scope| !scope.files.is_empty()) => {
            let mut files: Vec<String> = all.iter().flat_map(|scope| scope.files.clone()).collect();
            files.sort_unstable();
            files.dedup();
            Scope { files, ..Scope::default() }
        }
        _ => Scope::default(),
    }
}

/// What `files` or `exclude` mean: a regular expression, or prek's globs.
fn meaning(value: &Value, draft: &Draft<'_>) -> Result<Meaning, String> {
    match value {
        Value::Null => Ok(Meaning::Every),
        Value::Object(table) => {
            let globs = table.get("glob").map(texts).unwrap_or_default();
            let mut lines = Vec::new();
            for glob in globs {
                lines.extend(of_glob(&glob, "", false).map_err(|error| error.to_string())?);
            }
            Ok(if lines.is_empty() { Meaning::Nothing } else { Meaning::Lines(lines) })
        }
        other => {
            let expression = text(other).ok_or("it is no text")?;
            of_python(&expression, draft.tree.files).map_err(|error| error.to_string())
        }
    }
}

/// `types`, `types_or` and `exclude_types` as `types` says all of them.
fn types(hook: &Hook, draft: &Draft<'_>) -> Result<Vec<String>, String> {
    let all = hook.types.iter().flatten().chain(hook.types_or.iter().flatten());
    let mut named = all.chain(hook.exclude_types.iter().flatten());
    if let Some(unknown) = named.find(|tag| !draft.vocabulary.types.contains(tag.as_str())) {
        return Err(format!("tollgate knows no files of the type `{unknown}`"));
    }
    // Everything that is given to a check is a file.
    let mut types: Vec<String> = hook.types.iter().flatten().filter(|tag| *tag != "file").cloned().collect();
    let any: Vec<&str> = hook.types_or.iter().flatten().map(String::as_str).collect();
    if !any.is_empty() && !any.contains(&"file") {
        types.push(any.join("|"));
    }
    types.extend(hook.exclude_types.iter().flatten().map(|tag| format!("!{tag}")));
    Ok(types)
}
