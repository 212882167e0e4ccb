//! From what the file says to the policy. What the file says beats what is built in; a stage's own value beats that of
//! `[gate]`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::places::{Places, joined};
use crate::config::problem::{Error, Problem};
use crate::config::raw::{
    RawConfig, RawFailOn, RawGate, RawLevel, RawOnBroken, RawOverride, RawRules, RawScope, RawStage,
};
use crate::config::{
    Config, Gate, OnBroken, Origin, Override, RuleLevel, Scope, Sourced, Stage, check, defaults, duration, patterns,
    refuse,
};
use crate::model::rule::{Family, Level};

/// Collects the problems of one file while it is resolved.
pub(crate) struct Resolver<'a> {
    /// Where each key stands.
    pub(crate) places: &'a Places,
    problems: Vec<Problem>,
}

/// The policy that a file says, or all that is wrong with it.
pub(crate) fn resolve(raw: RawConfig, places: Places) -> Result<Config, Error> {
    let mut resolver = Resolver { places: &places, problems: refuse::not_yet(&raw, &places) };
    let mut config = resolver.config(raw);
    Error::check(resolver.problems)?;
    config.places = places;
    Ok(config)
}

impl Resolver<'_> {
    fn config(&mut self, raw: RawConfig) -> Config {
        let defaults = Config::defaults();
        let gate = raw.gate.unwrap_or_default();
        let rules = raw.rules.unwrap_or_default();
        let stages = self.stages(&raw.stages, &gate);
        let checks = raw.checks.into_iter().map(|(id, check)| (id.clone(), check::resolve(self, &id, check))).collect();
        Config {
            exclude: self.patterns("exclude", raw.exclude),
            builtin: self.either("builtin", raw.builtin, defaults.builtin),
            gate: self.gate(&gate, Level::Error),
            stages,
            checks,
            rule_paths: self.patterns("rules.paths", rules.paths.clone()),
            levels: self.rule_levels(&rules),
            overrides: self.overrides(raw.overrides.unwrap_or_default()),
            max_lines: self.either(
                "change.max-lines",
                raw.change.and_then(|change| change.max_lines),
                defaults.max_lines,
            ),
            notices: Vec::new(),
            places: Places::default(),
        }
    }

    /// Notes a problem.
    pub(crate) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn either<T>(&self, path: &str, value: Option<T>, default: Sourced<T>) -> Sourced<T> {
        value.map_or(default, |value| self.sourced(path, value))
    }

    fn sourced<T>(&self, path: &str, value: T) -> Sourced<T> {
        Sourced { value, origin: self.places.origin(path) }
    }

    fn patterns(&mut self, path: &str, list: Option<Vec<String>>) -> Sourced<Vec<String>> {
        let list = list.map(|list| self.sourced(path, list)).unwrap_or_else(|| Sourced::built_in(Vec::new()));
        self.validate_patterns(path, &list.value);
        list
    }

    /// Notes each pattern of the list at `path` that is not one.
    pub(crate) fn validate_patterns(&mut self, path: &str, list: &[String]) {
        for (index, pattern) in list.iter().enumerate() {
            if let Err(error) = patterns::validate(pattern) {
                let hint = "patterns are written as in a .gitignore file: `*.min.js`, `vendor/`, `docs/**/*.md`";
                self.problems.push(self.places.value_problem(&format!("{path}[{index}]"), error.to_string(), hint));
            }
        }
    }

    /// Reads a duration, or notes what is wrong with it.
    pub(crate) fn duration(&mut self, path: &str, text: Option<&str>) -> Option<Duration> {
        match duration::parse(text?) {
            Ok(duration) => Some(duration),
            Err(why) => {
                let hint = "write a number with its unit: \"30s\", \"10m\", \"1h30m\", \"500ms\"";
                self.problems.push(self.places.value_problem(path, format!("`{path}` {why}"), hint));
                None
            }
        }
    }

    /// Whether an id or the name of a stage is well formed; notes it if not.
    pub(crate) fn validate_name(&mut self, path: &str, kind: &str, name: &str) -> bool {
        if is_kebab(name) {
            return true;
        }
        let words: Vec<String> = name
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        let hint = if words.is_empty() { String::new() } else { format!("write `{}`", words.join("-")) };
        let message = format!("`{name}` is not {kind}: lower-case letters and digits, joined by single hyphens");
        self.problems.push(self.places.key_problem(path, message, hint));
        false
    }

    fn stages(&mut self, raw: &BTreeMap<String, RawStage>, gate: &RawGate) -> BTreeMap<String, Stage> {
        let (follower, leader) = defaults::FOLLOWER;
        let known = defaults::STAGES.iter().map(|(name, _)| *name);
        let mut stages = BTreeMap::new();
        for name in known.chain(raw.keys().map(String::as_str)) {
            let follows = name == follower && !raw.contains_key(name);
            let said_as = if follows { leader } else { name };
            let stage = self.stage(said_as, raw.get(said_as), gate);
            stages.insert(name.to_owned(), stage);
        }
        stages
    }

    fn stage(&mut self, name: &str, raw: Option<&RawStage>, gate: &RawGate) -> Stage {
        let path = joined("stages", name);
        let of_gate = self.gate(gate, defaults::fail_on_of(name));
        let checks = Sourced::built_in(defaults::checks_of(name));
        let Some(raw) = raw else {
            return Stage { checks, gate: of_gate, timeout: Sourced::built_in(None), jobs: Sourced::built_in(None) };
        };
        self.validate_name(&path, "the name of a stage", name);
        let key = |key: &str| format!("{path}.{key}");
        if raw.jobs == Some(0) {
            let hint = "leave it out for one command a processor";
            self.problems.push(self.places.value_problem(&key("jobs"), "`jobs` must be at least 1", hint));
        }
        let timeout = self.duration(&key("timeout"), raw.timeout.as_deref());
        let scope = raw.scope.map(scope);
        let on_broken = raw.on_broken.map(on_broken);
        Stage {
            checks: self.either(&key("checks"), raw.checks.clone(), checks),
            gate: Gate {
                fail_on: self.either(&key("fail-on"), raw.fail_on.map(fail_on), of_gate.fail_on),
                scope: self.either(&key("scope"), scope, of_gate.scope),
                on_broken: self.either(&key("on-broken"), on_broken, of_gate.on_broken),
            },
            timeout: self.sourced(&key("timeout"), timeout),
            jobs: self.sourced(&key("jobs"), raw.jobs),
        }
    }

    fn gate(&self, raw: &RawGate, default: Level) -> Gate {
        Gate {
            fail_on: self.either("gate.fail-on", raw.fail_on.map(fail_on), Sourced::built_in(Some(default))),
            scope: self.either("gate.scope", raw.scope.map(scope), Sourced::built_in(Scope::New)),
            on_broken: self.either("gate.on-broken", raw.on_broken.map(on_broken), Sourced::built_in(OnBroken::Block)),
        }
    }

    fn rule_levels(&self, rules: &RawRules) -> BTreeMap<String, Sourced<RuleLevel>> {
        self.levels("rules.levels", &rules.levels)
    }

    fn levels(&self, path: &str, raw: &BTreeMap<String, RawLevel>) -> BTreeMap<String, Sourced<RuleLevel>> {
        raw.iter().map(|(id, level)| (id.clone(), self.sourced(&joined(path, id), rule_level(*level)))).collect()
    }

    fn overrides(&mut self, raw: Vec<RawOverride>) -> Vec<Override> {
        let mut overrides = Vec::new();
        for (index, entry) in raw.into_iter().enumerate() {
            let path = format!("overrides[{index}]");
            if entry.files.is_empty() {
                let hint = "say which files the levels are for: `files = [\"tests/**\"]`";
                let path = format!("{path}.files");
                self.problems.push(self.places.value_problem(&path, "`files` of an override is empty", hint));
            }
            self.validate_patterns(&format!("{path}.files"), &entry.files);
            let levels = self.levels(&format!("{path}.levels"), &entry.levels);
            overrides.push(Override { files: entry.files, levels });
        }
        overrides
    }

    /// Where a key stands.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        self.places.origin(path)
    }
}

/// Whether a name is kebab-case: lower-case letters and digits, joined by single hyphens.
fn is_kebab(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    name.split('-').all(is_word)
}

/// Whether a word chooses a whole family of checks, so that no check may have it as its id.
pub(crate) fn is_family(word: &str) -> bool {
    Family::from_name(word).is_some()
}

fn fail_on(raw: RawFailOn) -> Option<Level> {
    match raw {
        RawFailOn::Error => Some(Level::Error),
        RawFailOn::Warning => Some(Level::Warning),
        RawFailOn::Note => Some(Level::Note),
        RawFailOn::None => None,
    }
}

fn rule_level(raw: RawLevel) -> RuleLevel {
    match raw {
        RawLevel::Error => Some(Level::Error),
        RawLevel::Warning => Some(Level::Warning),
        RawLevel::Note => Some(Level::Note),
        RawLevel::Off => None,
    }
}

fn scope(raw: RawScope) -> Scope {
    match raw {
        RawScope::New => Scope::New,
        RawScope::All => Scope::All,
    }
}

fn on_broken(raw: RawOnBroken) -> OnBroken {
    match raw {
        RawOnBroken::Block => OnBroken::Block,
        RawOnBroken::Warn => OnBroken::Warn,
    }
}
