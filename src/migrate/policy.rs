//! The policy that a migration writes: checks and stages as they come, then the text of `tollgate.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::config::vocabulary::Vocabulary;
use crate::model::option::{OptionValue, Options};
use crate::model::rule::Family;

/// A check that is to be written: a built-in one with its settings, or a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Check {
    /// Its id.
    pub(super) id: String,
    /// What a reader of the policy should know of it, one sentence a line.
    pub(super) notes: Vec<String>,
    /// A known tool; empty for none.
    pub(super) tool: String,
    /// What the tool is told beside what its definition says.
    pub(super) args: Vec<String>,
    /// The command; empty for a built-in check and a tool.
    pub(super) run: Vec<String>,
    /// Whether the command is a line for a shell.
    pub(super) shell: bool,
    /// Patterns of its files in gitignore syntax.
    pub(super) files: Vec<String>,
    /// Patterns of files that it leaves out.
    pub(super) exclude: Vec<String>,
    /// Types of its files.
    pub(super) types: Vec<String>,
    /// The folder that it runs in.
    pub(super) dir: String,
    /// Variables to set.
    pub(super) env: BTreeMap<String, String>,
    /// Checks that it waits for.
    pub(super) needs: Vec<String>,
    /// Whether it mends.
    pub(super) fix: bool,
    /// The exit codes by which it says that it found something; empty for those that are so anyway.
    pub(super) finding_codes: Vec<u8>,
    /// The level of what it finds; empty for its own.
    pub(super) level: String,
    /// Options of a built-in check.
    pub(super) options: Options,
}

impl Check {
    /// Whether it needs no table of its own.
    fn is_bare(&self) -> bool {
        let bare = Self { id: self.id.clone(), ..Self::default() };
        *self == bare
    }
}

/// The policy so far.
#[derive(Debug, Default)]
pub(super) struct Policy {
    /// Patterns of files that nothing looks at.
    pub(super) exclude: Vec<String>,
    /// Whether the commit hook mends.
    pub(super) fix: bool,
    /// Checks that do not run on pull requests.
    pub(super) not_on_pull_requests: BTreeSet<String>,
    checks: Vec<Check>,
    stages: BTreeMap<String, Vec<String>>,
}

impl Policy {
    /// Adds a check to these stages. The same check again is added to the stages alone.
    pub(super) fn add(&mut self, check: Check, stages: &[String]) {
        for stage in stages {
            self.schedule(&check.id, stage);
        }
        if !self.checks.contains(&check) {
            self.checks.push(check);
        }
    }

    /// Lets a check or a family run in a stage.
    pub(super) fn schedule(&mut self, id: &str, stage: &str) {
        let ids = self.stages.entry(stage.to_owned()).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    /// A check that is like this one but for its id and its notes.
    pub(super) fn same(&self, check: &Check) -> Option<&Check> {
        self.checks.iter().find(|known| {
            let alike = Check { id: check.id.clone(), notes: check.notes.clone(), ..(*known).clone() };
            alike == *check
        })
    }

    /// The check of that id.
    pub(super) fn find(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// An id for a command that is as much like `wish` as ids can be, and nobody has.
    pub(super) fn id(&self, wish: &str, vocabulary: &Vocabulary) -> String {
        let lower: String = wish
            .chars()
            .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { ' ' })
            .collect();
        let mut id = lower.split_whitespace().collect::<Vec<_>>().join("-");
        if id.is_empty() {
            id.push_str("hook");
        }
        let is_reserved = vocabulary.checks.contains_key(&id)
            || vocabulary.rules.contains(&id)
            || Family::from_name(&id).is_some()
            || id == "secrets";
        if is_reserved {
            id = format!("own-{id}");
        }
        let is_free = |id: &String| self.find(id).is_none();
        let numbered = (2..).map(|n| format!("{id}-{n}"));
        let found = std::iter::once(id.clone()).chain(numbered).find(is_free);
        found.unwrap_or(id)
    }

    /// Whether a check runs anywhere.
    pub(super) fn is_empty(&self) -> bool {
        self.stages.values().all(Vec::is_empty)
    }

    /// The text of the policy.
    pub(super) fn text(&self, from: &str) -> String {
        let mut text = format!(
            "# The policy of this repository, as `tollgate migrate` took it over from {from}.\n\
             # Only what a change brings in blocks; `scope = \"all\"` under [gate] lets all of a changed file count.\n\
             # To have tollgate's own checks as well, add \"hygiene\", \"secrets\" and \"rules\" to `checks` of a stage.\n"
        );
        if !self.exclude.is_empty() {
            text.push_str(&format!("\n# Files that nothing looks at.\nexclude = {}\n", list(&self.exclude)));
        }
        self.stages_text(&mut text);
        for check in self.checks.iter().filter(|check| !check.is_bare()) {
            text.push('\n');
            check_text(check, &mut text).expect("because a text takes everything");
        }
        text
    }

    fn stages_text(&self, text: &mut String) {
        let mut stage = |name: &str, ids: &[String], more: &str| {
            text.push_str(&format!("\n[stages.{name}]\nchecks = {}\n{more}", list(ids)));
        };
        let fix = if self.fix {
            "# What can be mended is mended and staged, as it was before.\nfix = \"safe\"\n"
        } else {
            ""
        };
        for (name, ids) in &self.stages {
            stage(name, ids, if name == "pre-commit" { fix } else { "" });
        }
        // What the hooks look at, a pull request is judged by.
        let hooks = ["pre-commit", "pre-push"].iter().filter_map(|name| self.stages.get(*name)).flatten();
        let mut ids: Vec<String> = Vec::new();
        for id in hooks.filter(|id| !self.not_on_pull_requests.contains(*id)) {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        if !ids.is_empty() && !self.stages.contains_key("pull-request") {
            stage("pull-request", &ids, "");
        }
    }
}

fn check_text(check: &Check, text: &mut String) -> std::fmt::Result {
    for note in check.notes.iter().flat_map(|note| note.lines()) {
        writeln!(text, "# {}", note.trim())?;
    }
    writeln!(text, "[checks.{}]", check.id)?;
    if !check.tool.is_empty() {
        writeln!(text, "tool = {}", quoted(&check.tool))?;
    }
    for (key, values) in [
        ("args", &check.args),
        ("run", &check.run),
        ("files", &check.files),
        ("exclude", &check.exclude),
        ("types", &check.types),
        ("needs", &check.needs),
    ] {
        if !values.is_empty() {
            writeln!(text, "{key} = {}", list(values))?;
        }
    }
    if check.shell {
        writeln!(text, "shell = true")?;
    }
    if !check.dir.is_empty() {
        writeln!(text, "dir = {}", quoted(&check.dir))?;
    }
    if check.fix {
        writeln!(text, "fix = \"safe\"")?;
    }
    if !check.finding_codes.is_empty() {
        writeln!(text, "finding-codes = {:?}", check.finding_codes)?;
    }
    if !check.level.is_empty() {
        writeln!(text, "level = {}", quoted(&check.level))?;
    }
    if !check.env.is_empty() {
        let pairs: Vec<String> =
            check.env.iter().map(|(name, value)| format!("{} = {}", quoted(name), quoted(value))).collect();
        writeln!(text, "env = {{ {} }}", pairs.join(", "))?;
    }
    let options: Vec<String> =
        check.options.iter().map(|(name, value)| format!("{name} = {}", option(value))).collect();
    if !options.is_empty() {
        writeln!(text, "options = {{ {} }}", options.join(", "))?;
    }
    Ok(())
}

fn option(value: &OptionValue) -> String {
    match value {
        OptionValue::Flag(flag) => flag.to_string(),
        OptionValue::Number(number) => number.to_string(),
        OptionValue::Text(text) => quoted(text),
        OptionValue::List(texts) => list(texts),
    }
}

/// A text as TOML writes it, in one line.
fn quoted(text: &str) -> String {
    if !text.contains('\'') && text.contains(['\\', '"']) && !text.contains(char::is_control) {
        return format!("'{text}'");
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// A list as TOML writes it; a long one with a line for each value.
fn list(texts: &[String]) -> String {
    const MAX_LINE: usize = 100;
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    let line = format!("[{}]", quoted.join(", "));
    match line.len() > MAX_LINE && texts.len() > 1 {
        true => format!("[\n{}]", quoted.iter().map(|text| format!("    {text},\n")).collect::<String>()),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Policy, list, quoted};
    use crate::config::Config;
    use crate::config::vocabulary::Vocabulary;

    #[test]
    fn texts_are_written_as_they_are() {
        for text in ["plain", "a \"b\"", "a'b\"c", r"\.py$", "two\nlines\t\u{7}\u{7f}", "", "ünï", "a\\'b"] {
            let toml: toml::Table = format!("x = {}", quoted(text)).parse().expect(text);
            assert_eq!(toml["x"].as_str(), Some(text));
        }
        let long: Vec<String> = (0..40).map(|n| format!("name-{n}")).collect();
        let toml: toml::Table = format!("x = {}", list(&long)).parse().expect("it is TOML");
        assert_eq!(toml["x"].as_array().map(Vec::len), Some(40));
    }

    #[test]
    fn ids_are_free_and_nobody_elses() {
        let mut vocabulary = Vocabulary::default();
        vocabulary.checks.insert("check-yaml".to_owned(), &[]);
        vocabulary.rules.insert("eval-call".to_owned());
        let mut policy = Policy::default();
        for (wish, expected) in [
            ("My Hook (slow)", "my-hook-slow"),
            ("check_yaml", "own-check-yaml"),
            ("eval-call", "own-eval-call"),
            ("tests", "own-tests"),
            ("tests", "own-tests-2"),
            ("§", "hook"),
        ] {
            let id = policy.id(wish, &vocabulary);
            assert_eq!(id, expected);
            policy.add(Check { id, run: vec!["x".to_owned()], ..Check::default() }, &["pre-commit".to_owned()]);
        }
    }

    #[test]
    fn the_text_is_a_policy() {
        let mut policy = Policy { exclude: vec!["/a\\ b/".to_owned()], fix: true, ..Policy::default() };
        let check = Check {
            id: "own".to_owned(),
            notes: vec!["one\ntwo".to_owned()],
            run: vec!["sh".to_owned(), "-c".to_owned(), "echo \"$@\"".to_owned(), "{files}".to_owned()],
            files: vec!["*.py".to_owned()],
            dir: "web".to_owned(),
            env: [("A".to_owned(), "b".to_owned())].into(),
            fix: true,
            ..Check::default()
        };
        policy.add(check, &["pre-commit".to_owned(), "nightly".to_owned()]);
        policy.schedule("trailing-whitespace", "pre-push");
        let text = policy.text(".pre-commit-config.yaml");
        let config =
            Config::load(Some(("tollgate.toml", text.as_bytes()))).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let checks = |stage: &str| config.stage(stage).expect(stage).checks.value.join(" ");
        assert_eq!(checks("pre-commit"), "own");
        assert_eq!(checks("nightly"), "own");
        assert_eq!(checks("pre-push"), "trailing-whitespace");
        assert_eq!(checks("pull-request"), "own trailing-whitespace");
    }
}
