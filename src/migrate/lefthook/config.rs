//! lefthook's configuration as it is written, with the local files that it extends.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::migrate::document::{parse, text, texts};
use crate::migrate::{Draft, Error};

/// The names that the configuration may have, before its format; the first one that is there counts.
const NAMES: [&str; 3] = ["lefthook", ".lefthook", ".config/lefthook"];

/// The formats, by their endings.
const ENDINGS: [&str; 5] = [".yml", ".yaml", ".toml", ".json", ".jsonc"];

/// The most files that extend each other.
const MAX_EXTENDED: usize = 32;

/// What is set for all hooks: everything else at the top is a hook.
const SETTINGS: [&str; 22] = [
    "assert_lefthook_installed",
    "colors",
    "extends",
    "glob_matcher",
    "install_non_git_hooks",
    "lefthook",
    "min_version",
    "no_auto_install",
    "no_tty",
    "output",
    "rc",
    "remote",
    "remotes",
    "setup",
    "skip_lfs",
    "skip_output",
    "source_dir",
    "source_dir_local",
    "templates",
    "$schema",
    "version",
    "default_install_hook_types",
];

/// A hook of git, or one that people run by name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Hook {
    pub(super) piped: bool,
    pub(super) skip: Value,
    pub(super) only: Value,
    pub(super) files: Value,
    pub(super) exclude: Value,
    commands: BTreeMap<String, Job>,
    scripts: BTreeMap<String, Job>,
    jobs: Vec<Job>,
}

/// A command, a script or a group of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) run: Value,
    pub(super) script: String,
    pub(super) runner: String,
    pub(super) args: Value,
    pub(super) glob: Value,
    pub(super) exclude: Value,
    pub(super) root: String,
    pub(super) files: Value,
    pub(super) file_types: Value,
    env: BTreeMap<String, Value>,
    pub(super) stage_fixed: bool,
    pub(super) skip: Value,
    pub(super) only: Value,
    pub(super) interactive: bool,
    pub(super) use_stdin: bool,
    pub(super) group: Option<Group>,
    priority: i64,
}

/// Jobs that share settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Group {
    pub(super) piped: bool,
    pub(super) jobs: Vec<Job>,
}

/// The configuration.
pub(super) struct Config {
    pub(super) file: String,
    pub(super) hooks: Vec<(String, Hook)>,
    pub(super) templates: BTreeMap<String, String>,
    pub(super) source_dir: String,
    /// Whether `*` stays within a folder.
    pub(super) is_narrow: bool,
}

impl Job {
    pub(super) fn env(&self) -> BTreeMap<String, String> {
        self.env.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
    }
}

impl Hook {
    /// Its jobs in the order in which they run, each with the option by which lefthook is told to run it alone.
    pub(super) fn all(&self) -> Vec<(Job, &'static str)> {
        let named = |(name, job): (&String, &Job)| Job { name: name.clone(), ..job.clone() };
        let mut commands: Vec<Job> = self.commands.iter().map(named).collect();
        commands.sort_by_key(|job| if job.priority == 0 { i64::MAX } else { job.priority });
        let script = |(name, job): (&String, &Job)| Job { name: name.clone(), script: name.clone(), ..job.clone() };
        let scripts = self.scripts.iter().map(script);
        let jobs = self.jobs.iter().cloned().map(|job| (job, "--job"));
        jobs.chain(commands.into_iter().map(|job| (job, "--command"))).chain(scripts.map(|job| (job, ""))).collect()
    }
}

/// Reads the configuration, if there is one.
pub(super) fn read(draft: &mut Draft<'_>) -> Result<Option<Config>, Error> {
    let names = NAMES.iter().flat_map(|name| ENDINGS.iter().map(move |ending| format!("{name}{ending}")));
    let Some(file) = names.into_iter().find(|file| draft.tree.has(file)) else { return Ok(None) };
    let mut open = vec![file.clone()];
    let mut whole = Value::Object(Map::new());
    let mut n_read = 0;
    while let Some(name) = open.pop() {
        n_read += 1;
        let unreadable = |problem| Error::Unreadable { file: name.clone(), manager: "lefthook", problem };
        let Some(text) = draft.tree.text(&name).filter(|_| n_read <= MAX_EXTENDED) else {
            draft.lose(&file, &format!("extends {name}"), "the file is not there, or has no plain name");
            continue;
        };
        let value = parse(&name, &text).map_err(unreadable)?;
        open.extend(value.get("extends").map(texts).unwrap_or_default());
        whole = merged(value, whole);
    }
    for key in ["remote", "remotes"] {
        let remotes = whole.get(key).cloned().unwrap_or_default();
        let all = remotes.as_array().cloned().unwrap_or_else(|| vec![remotes.clone()]);
        for remote in all.iter().filter_map(|remote| remote.get("git_url").and_then(text)) {
            draft.lose(
                &file,
                &format!("remote {remote}"),
                "its hooks are in another repository: copy what you need of them",
            );
        }
    }
    if whole.get("rc").is_some() {
        draft.note(format!("{file}: `rc` is not read; programs are found in node_modules, .venv, by mise and on PATH"));
    }
    let setting = |key: &str| whole.get(key).and_then(text);
    let templates = whole.get("templates").and_then(Value::as_object).into_iter().flatten();
    let templates = templates.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect();
    let (source_dir, matcher) = (setting("source_dir"), setting("glob_matcher"));
    let mut hooks = Vec::new();
    for (name, value) in whole.as_object().into_iter().flatten() {
        let is_hook = ["commands", "scripts", "jobs"].iter().any(|key| value.get(key).is_some());
        if SETTINGS.contains(&name.as_str()) || !is_hook {
            continue;
        }
        let problem = |error: serde_json::Error| format!("`{name}`: {error}");
        let hook = serde_json::from_value(value.clone()).map_err(problem);
        let unreadable = |problem| Error::Unreadable { file: file.clone(), manager: "lefthook", problem };
        hooks.push((name.clone(), hook.map_err(unreadable)?));
    }
    let source_dir = source_dir.unwrap_or_else(|| ".lefthook".to_owned());
    Ok(Some(Config { file, hooks, templates, source_dir, is_narrow: matcher.as_deref() == Some("doublestar") }))
}

/// `base` with what `over` says: tables are merged, lists appended, everything else replaced.
fn merged(base: Value, over: Value) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) => {
            for (key, value) in over {
                let before = base.remove(&key).unwrap_or_default();
                base.insert(key, merged(before, value));
            }
            Value::Object(base)
        }
        (Value::Array(base), Value::Array(over)) => Value::Array([base, over].concat()),
        (base, Value::Null) => base,
        (_, over) => over,
    }
}
