//! The policy in force as text: every value that is set, one a line, each with where it comes from. The text is itself a
//! policy that says the same.

use std::fmt::Display;

use crate::config::places::joined;
use crate::config::select;
use crate::config::{
    Allowance, Check, Config, Fixing, Format, Gate, Inputs, OnBroken, Origin, Output, RuleLevel, Scope, Select, Sight,
    Untracked, duration,
};
use crate::model::escape::{escaped, is_deceptive};
use crate::model::option::OptionValue;
use crate::model::rule::Level;
use crate::model::suppression::NewSuppressions;

/// Whether each value is shown with where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origins {
    /// As a comment behind it.
    Shown,
    /// Not.
    Hidden,
}

/// `gate.fail-on = "error"  # tollgate.toml:7`, a line for each value; a limit that is not set has none.
pub(crate) fn show(config: &Config, origins: Origins) -> String {
    let mut page = Page { config, origins, text: String::new() };
    if let Some(version) = &config.min_version.value {
        page.line("min-version", &text(version), &config.min_version.origin);
    }
    for pack in &config.packs {
        page.line("extends", &list(&[format!("tollgate:{}", pack.value)]), &pack.origin);
    }
    page.line("exclude", &list(&config.exclude.value), &config.exclude.origin);
    page.line("builtin", &config.builtin.value, &config.builtin.origin);
    page.gate("gate", &config.gate);
    let new_suppressions = match config.new_suppressions.value {
        NewSuppressions::Honour => "honour",
        NewSuppressions::Report => "report",
        NewSuppressions::Block => "block",
    };
    page.line("gate.new-suppressions", &text(new_suppressions), &config.new_suppressions.origin);
    for (name, stage) in &config.stages {
        let path = joined("stages", name);
        page.line(&format!("{path}.checks"), &list(&stage.checks.value), &stage.checks.origin);
        page.gate(&path, &stage.gate);
        page.line(&format!("{path}.fix"), &text(fixing(stage.fix.value)), &stage.fix.origin);
        if let Some(timeout) = stage.timeout.value {
            page.line(&format!("{path}.timeout"), &text(&duration::text(timeout)), &stage.timeout.origin);
        }
        if let Some(jobs) = stage.jobs.value {
            page.line(&format!("{path}.jobs"), &jobs, &stage.jobs.origin);
        }
        page.line(&format!("{path}.select"), &text(select::name(stage.select.value)), &stage.select.origin);
    }
    for (id, check) in &config.checks {
        page.check(&joined("checks", id), check);
    }
    page.line("rules.paths", &list(&config.rule_paths.value), &config.rule_paths.origin);
    page.line("rules.utils", &list(&config.utility_paths.value), &config.utility_paths.origin);
    for (id, level) in &config.levels {
        page.line(&joined("rules.levels", id), &text(level_name(level.value)), &level.origin);
    }
    let allowed = Allowance::NAMES.iter().filter(|(_, allowance)| config.nested_allow.value.contains(allowance));
    let allowed: Vec<String> = allowed.map(|(name, _)| (*name).to_owned()).collect();
    page.line("nested.allow", &list(&allowed), &config.nested_allow.origin);
    page.line("change.max-lines", &config.max_lines.value, &config.max_lines.origin);
    page.overrides();
    page.text
}

struct Page<'a> {
    config: &'a Config,
    origins: Origins,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, path: &str, value: &dyn Display, origin: &Origin) {
        let origin = match self.origins {
            Origins::Shown => format!("  # {}", escaped(&origin.to_string())),
            Origins::Hidden => String::new(),
        };
        self.text.push_str(&format!("{path} = {value}{origin}\n"));
    }

    /// A line whose origin is where the file has the key.
    fn placed(&mut self, path: &str, value: &dyn Display) {
        let origin = self.config.places.origin(path);
        self.line(path, value, &origin);
    }

    /// A line of a check: what the file does not say its tool does, or nobody.
    fn said(&mut self, check: &Check, path: &str, value: &dyn Display) {
        let is_default = ["[]", "false", "\"\"", "\"off\""].contains(&value.to_string().as_str());
        let origin = match self.config.places.origin(path) {
            Origin::Default if !check.tool.is_empty() && !is_default => Origin::Tool(check.tool.clone()),
            origin => origin,
        };
        self.line(path, value, &origin);
    }

    fn gate(&mut self, path: &str, gate: &Gate) {
        let fail_on = gate.fail_on.value.map_or("none", Level::name);
        self.line(&format!("{path}.fail-on"), &text(fail_on), &gate.fail_on.origin);
        self.line(&format!("{path}.scope"), &text(scope_name(gate.scope.value)), &gate.scope.origin);
        let on_broken = match gate.on_broken.value {
            OnBroken::Block => "block",
            OnBroken::Warn => "warn",
        };
        self.line(&format!("{path}.on-broken"), &text(on_broken), &gate.on_broken.origin);
        if let Some(coverage) = gate.coverage.value {
            let lines = coverage.lines.map(|lines| format!("lines = {lines}, ")).unwrap_or_default();
            let shown = format!("{{ {lines}functions = {} }}", coverage.functions);
            self.line(&format!("{path}.coverage"), &shown, &gate.coverage.origin);
        }
    }

    fn check(&mut self, path: &str, check: &Check) {
        let key = |key: &str| format!("{path}.{key}");
        if !check.tool.is_empty() {
            self.placed(&key("tool"), &text(&check.tool));
        }
        if let Some(run) = &check.run {
            self.line(&key("run"), &list(&run.value), &run.origin);
            self.command(path, check);
        }
        self.said(check, &key("files"), &list(&check.files));
        self.said(check, &key("exclude"), &list(&check.exclude));
        self.said(check, &key("types"), &list(&check.types));
        if let Some(level) = check.level {
            self.said(check, &key("level"), &text(level.name()));
        }
        if let Some(scope) = check.scope {
            self.said(check, &key("scope"), &text(scope_name(scope)));
        }
        for (name, value) in check.options.iter() {
            let shown = match value {
                OptionValue::Flag(flag) => flag.to_string(),
                OptionValue::Number(number) => number.to_string(),
                OptionValue::Text(word) => text(word),
                OptionValue::List(words) => list(words),
            };
            self.said(check, &joined(&key("options"), name), &shown);
        }
    }

    /// What says how a command runs.
    fn command(&mut self, path: &str, check: &Check) {
        let key = |key: &str| format!("{path}.{key}");
        self.said(check, &key("dir"), &text(&check.dir));
        self.said(check, &key("output"), &output(&check.output));
        if !check.output_file.is_empty() {
            self.said(check, &key("output-file"), &text(&check.output_file));
        }
        if let Some(codes) = &check.finding_codes {
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            self.said(check, &key("finding-codes"), &format!("[{}]", codes.join(", ")));
        }
        // Written down it would say that nothing else counts, which a tool does not always say.
        if let Some(config) = check.config.as_ref().filter(|_| check.alone) {
            self.said(check, &key("config"), &list(config));
        }
        if let Some(report) = &check.coverage {
            let shown = format!("{{ format = {}, file = {} }}", text(report.format.name()), text(&report.file));
            self.said(check, &key("coverage"), &shown);
        }
        if let Some(inputs) = check.inputs {
            let inputs = match inputs {
                Inputs::File => "file",
                Inputs::Project => "project",
            };
            self.said(check, &key("inputs"), &text(inputs));
        }
        self.said(check, &key("needs"), &list(&check.needs));
        if let Some(timeout) = check.timeout {
            self.said(check, &key("timeout"), &text(&duration::text(timeout)));
        }
        if let Some(version) = &check.version {
            self.said(check, &key("version"), &text(&version.to_string()));
        }
        if !check.version_command.is_empty() {
            self.said(check, &key("version-command"), &list(&check.version_command));
        }
        match check.sight {
            Sight::WorkTree => self.said(check, &key("isolate"), &text("none")),
            Sight::Judged(Some(Untracked::Hidden)) => self.said(check, &key("untracked"), &text("hide")),
            Sight::Judged(Some(Untracked::Shown)) => self.said(check, &key("untracked"), &text("show")),
            Sight::Judged(None) => {}
        }
        if check.stdin {
            self.said(check, &key("stdin"), &check.stdin);
        }
        self.said(check, &key("shell"), &check.shell);
        for (name, value) in &check.env {
            self.said(check, &joined(&key("env"), name), &text(value));
        }
        if let Some(pass_env) = &check.pass_env {
            self.said(check, &key("pass-env"), &list(pass_env));
        }
        self.said(check, &key("exclusive"), &check.exclusive);
        self.suite(path, check);
        self.said(check, &key("fix"), &text(fixing(check.fix)));
        if check.select == Select::Affected {
            self.said(check, &key("select"), &text(select::name(check.select)));
            self.said(check, &key("tests"), &list(&check.tests));
        }
    }

    /// What only a test suite has.
    fn suite(&mut self, path: &str, check: &Check) {
        let key = |key: &str| format!("{path}.{key}");
        if let Some(slow) = check.slow {
            self.said(check, &key("slow"), &text(&duration::text(slow)));
        }
        if check.retries > 0 {
            self.said(check, &key("retries"), &check.retries);
        }
        if !check.quarantine.file.is_empty() {
            self.said(check, &key("quarantine"), &text(&check.quarantine.file));
        }
    }

    /// The tables of overrides; they come last because every key after a header belongs to its table.
    fn overrides(&mut self) {
        for (index, entry) in self.config.overrides.iter().enumerate() {
            self.text.push_str("\n[[overrides]]\n");
            let origin = self.config.places.origin(&format!("overrides[{index}].files"));
            self.line("files", &list(&entry.files), &origin);
            if entry.levels.is_empty() {
                self.text.push_str("levels = {}\n");
            }
            for (id, level) in &entry.levels {
                self.line(&joined("levels", id), &text(level_name(level.value)), &level.origin);
            }
        }
    }
}

fn fixing(fixing: Fixing) -> &'static str {
    match fixing {
        Fixing::Off => "off",
        Fixing::Safe => "safe",
    }
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::New => "new",
        Scope::All => "all",
    }
}

fn level_name(level: RuleLevel) -> &'static str {
    level.map_or("off", Level::name)
}

/// A TOML string, in double quotes and on one line.
fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            plain if !plain.is_control() && !is_deceptive(plain) => quoted.push(plain),
            other => quoted.push_str(&format!("\\U{:08X}", u32::from(other))),
        }
    }
    quoted.push('"');
    quoted
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| text(item)).collect::<Vec<_>>().join(", "))
}

/// The value of `output`.
fn output(output: &Output) -> String {
    match output {
        Output::Findings(Format::Pattern(pattern)) => format!("{{ pattern = {} }}", text(pattern)),
        Output::Findings(Format::Matcher(file)) => format!("{{ matcher = {} }}", text(file)),
        named => text(named.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Origins, show};
    use crate::config::Config;

    fn load(bytes: &[u8]) -> Config {
        Config::load(Some(("tollgate.toml", bytes))).expect("the policy of this test is valid")
    }

    #[test]
    fn every_value_has_its_origin() {
        let policy = include_bytes!("../../fixtures/config/implemented.toml");
        let stored = snapbox::Data::read_from(
            std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/config/implemented.shown.toml")),
            Some(snapbox::data::DataFormat::Text),
        );
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(show(&load(policy), Origins::Shown), stored.raw());
    }

    #[test]
    fn what_is_shown_is_a_policy_that_says_the_same() {
        let hostile = "exclude = ['a\"b\\\\c', \"\\u202Ex\"]\n[checks.a]\nrun = [\"a\\nb\", \"\\u0007\"]\nshell = false\n\
                       [checks.a.env]\n\"A B\" = \"c\"\n[[overrides]]\nfiles = [\"x\"]\nlevels = {}\n";
        let implemented = include_str!("../../fixtures/config/implemented.toml");
        for policy in ["", implemented, hostile] {
            let once = show(&load(policy.as_bytes()), Origins::Shown);
            let again = show(&load(once.as_bytes()), Origins::Shown);
            let values = |shown: &str| {
                let table: toml::Table = toml::from_str(shown).expect("what is shown is TOML");
                table
            };
            assert_eq!(values(&once), values(&again), "{policy}");
        }
    }
}
