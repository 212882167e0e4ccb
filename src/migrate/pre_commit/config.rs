//! `.pre-commit-config.yaml` and `prek.toml` as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::migrate::document::{text, texts};

/// The whole file. What does not change which hooks run on what is left to `rest`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    pub(super) repos: Vec<Repo>,
    pub(super) files: Value,
    pub(super) exclude: Value,
    pub(super) default_stages: Vec<String>,
    pub(super) default_install_hook_types: Vec<String>,
    pub(super) fail_fast: bool,
    pub(super) ci: Ci,
}

/// Settings for the service that runs hooks on pull requests.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ci {
    pub(super) skip: Vec<String>,
}

/// Hooks from one place.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Repo {
    pub(super) repo: String,
    pub(super) hooks: Vec<Hook>,
}

/// A hook, or what is to be different from its own description.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Hook {
    pub(super) id: String,
    pub(super) alias: String,
    pub(super) name: String,
    pub(super) entry: Value,
    pub(super) language: String,
    args: Value,
    pub(super) files: Value,
    pub(super) exclude: Value,
    pub(super) types: Option<Vec<String>>,
    pub(super) types_or: Option<Vec<String>>,
    pub(super) exclude_types: Option<Vec<String>>,
    pub(super) pass_filenames: Value,
    pub(super) always_run: bool,
    pub(super) stages: Vec<String>,
    additional_dependencies: Value,
    env: BTreeMap<String, Value>,
}

impl Config {
    /// Reads the value of a file; the oldest form was a list of repositories alone.
    pub(super) fn of(value: Value) -> Result<Self, String> {
        let value = match value {
            Value::Array(repos) => serde_json::json!({ "repos": repos }),
            other => other,
        };
        serde_json::from_value(value).map_err(|error| error.to_string())
    }
}

impl Hook {
    pub(super) fn args(&self) -> Vec<String> {
        texts(&self.args)
    }

    /// Its arguments, if the configuration says them.
    pub(super) fn own_args(&self) -> Option<Vec<String>> {
        (!self.args.is_null()).then(|| self.args())
    }

    /// What is installed beside its program.
    pub(super) fn dependencies(&self) -> Vec<String> {
        texts(&self.additional_dependencies)
    }

    pub(super) fn env(&self) -> BTreeMap<String, String> {
        self.env.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
    }

    /// What it is called in a list: two of the same id are told apart by their alias or name.
    pub(super) fn shown(&self) -> String {
        let more = if self.alias.is_empty() { &self.name } else { &self.alias };
        if more.is_empty() || *more == self.id { self.id.clone() } else { format!("{} ({more})", self.id) }
    }

    /// Whether `pre-commit run NAME` runs it.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.id == name || self.alias == name
    }
}

/// The stage that a name means today.
pub(super) fn stage(name: &str) -> &str {
    match name {
        "commit" => "pre-commit",
        "push" => "pre-push",
        "merge-commit" => "pre-merge-commit",
        other => other,
    }
}
