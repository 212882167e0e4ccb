//! From what the file says to the policy. What the file says beats what is built in; a stage's own value beats that of
//! `[gate]`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::nearest::slip_of;
use crate::config::places::{Places, joined};
use crate::config::problem::{Error, Problem};
use crate::config::raw::{
    RawAllowance, RawConfig, RawFailOn, RawFix, RawGate, RawLevel, RawOnBroken, RawOverride, RawRules, RawScope,
    RawStage, RawSuppressions,
};
use crate::config::select;
use crate::config::{
    Allowance, Config, Fixing, Gate, OnBroken, Origin, Override, RuleLevel, Scope, Sourced, Stage, check, coverage,
    defaults, duration, patterns,
};
use crate::model::rule::{Family, Level};
use crate::model::suppression::NewSuppressions;

/// Collects the problems of one file while it is resolved.
pub(crate) struct Resolver<'a> {
    /// Where each key stands.
    pub(crate) places: &'a Places,
    problems: Vec<Problem>,
}

/// The policy that a file says, or all that is wrong with it.
pub(crate) fn resolve(raw: RawConfig, places: Places) -> Result<Config, Error> {
    let mut resolver = Resolver { places: &places, problems: Vec::new() };
    let mut config = resolver.config(raw);
    Error::check(resolver.problems)?;
    config.places = places;
    Ok(config)
}

impl Resolver<'_> {
    fn config(&mut self, raw: RawConfig) -> Config {
        let defaults = Config::defaults();
        let gate = raw.gate.unwrap_or_default();
        coverage::validate(self, "gate.coverage", gate.coverage.as_ref());
        let rules = raw.rules.unwrap_or_default();
        let stages = self.stages(&raw.stages, &gate);
        let checks = raw.checks.into_iter().map(|(id, check)| (id.clone(), check::resolve(self, &id, check))).collect();
        Config {
            min_version: self.sourced("min-version", raw.min_version),
            exclude: self.patterns("exclude", raw.exclude),
            builtin: self.either("builtin", raw.builtin, defaults.builtin),
            gate: self.gate(&gate, Level::Error),
            stages,
            new_suppressions: self.either(
                "gate.new-suppressions",
                gate.new_suppressions.map(new_suppressions),
                defaults.new_suppressions,
            ),
            checks,
            rule_paths: self.patterns("rules.paths", rules.paths.clone()),
            utility_paths: self.patterns("rules.utils", rules.utils.clone()),
            levels: self.rule_levels(&rules),
            overrides: self.overrides(raw.overrides.unwrap_or_default()),
            max_lines: self.either(
                "change.max-lines",
                raw.change.and_then(|change| change.max_lines),
                defaults.max_lines,
            ),
            nested_allow: self.either(
                "nested.allow",
                raw.nested.and_then(|nested| nested.allow).map(|allow| allow.into_iter().map(allowance).collect()),
                defaults.nested_allow,
            ),
            packs: Vec::new(),
            pinned_rules: Vec::new(),
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
                self.problems.push(self.places.value_problem(path, format!("`{path}`: {why}"), hint));
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
        for name in raw.keys() {
            self.refuse_slip(name, known.clone());
        }
        for name in known.chain(raw.keys().map(String::as_str)) {
            let follows = name == follower && !raw.contains_key(name);
            let said_as = if follows { leader } else { name };
            let mut stage = self.stage(said_as, raw.get(said_as), gate);
            if follows {
                // In a merge nothing is mended.
                stage.fix = Sourced::built_in(Fixing::Off);
                stage.select = Sourced::built_in(select::of_stage(name));
            }
            stages.insert(name.to_owned(), stage);
        }
        stages
    }

    /// A stage is named freely; a name that was meant to be another one would never run, and nobody would notice.
    fn refuse_slip<'k>(&mut self, name: &str, known: impl Iterator<Item = &'k str> + Clone) {
        if known.clone().all(|known| known != name)
            && let Some(meant) = slip_of(name, known)
        {
            let message = format!("there is no stage `{name}`, and its name is too much like `{meant}`");
            let hint = format!("did you mean [stages.{meant}]? Call a stage of your own something else");
            self.problems.push(self.places.key_problem(&joined("stages", name), message, hint));
        }
    }

    fn stage(&mut self, name: &str, raw: Option<&RawStage>, gate: &RawGate) -> Stage {
        let path = joined("stages", name);
        let of_gate = self.gate(gate, defaults::fail_on_of(name));
        let checks = Sourced::built_in(defaults::checks_of(name));
        let Some(raw) = raw else {
            return Stage {
                checks,
                gate: of_gate,
                fix: Sourced::built_in(Fixing::Off),
                timeout: Sourced::built_in(None),
                jobs: Sourced::built_in(None),
                select: Sourced::built_in(select::of_stage(name)),
            };
        };
        self.validate_name(&path, "the name of a stage", name);
        let key = |key: &str| format!("{path}.{key}");
        if raw.jobs == Some(0) {
            let hint = "leave it out for one command a processor";
            self.problems.push(self.places.value_problem(&key("jobs"), "`jobs` must be at least 1", hint));
        }
        if raw.fix == Some(RawFix::Safe) && name != defaults::MENDING {
            let message = format!(
                "`fix = \"safe\"` is for the stage `{}`, where what is mended can be committed",
                defaults::MENDING
            );
            let hint = "remove it; `tollgate fix` mends at any other time";
            self.problems.push(self.places.value_problem(&key("fix"), message, hint));
        }
        let timeout = self.duration(&key("timeout"), raw.timeout.as_deref());
        coverage::validate(self, &key("coverage"), raw.coverage.as_ref());
        let coverage = raw.coverage.as_ref().map(|raw| Some(coverage::gate(raw)));
        let scope = raw.scope.map(scope);
        let on_broken = raw.on_broken.map(on_broken);
        Stage {
            checks: self.either(&key("checks"), raw.checks.clone(), checks),
            gate: Gate {
                fail_on: self.either(&key("fail-on"), raw.fail_on.map(fail_on), of_gate.fail_on),
                scope: self.either(&key("scope"), scope, of_gate.scope),
                on_broken: self.either(&key("on-broken"), on_broken, of_gate.on_broken),
                coverage: self.either(&key("coverage"), coverage, of_gate.coverage),
            },
            fix: self.either(&key("fix"), raw.fix.map(fixing), Sourced::built_in(Fixing::Off)),
            timeout: self.sourced(&key("timeout"), timeout),
            jobs: self.sourced(&key("jobs"), raw.jobs),
            select: self.either(
                &key("select"),
                raw.select.map(select::select),
                Sourced::built_in(select::of_stage(name)),
            ),
        }
    }

    fn gate(&self, raw: &RawGate, default: Level) -> Gate {
        let coverage = raw.coverage.as_ref().map(|raw| Some(coverage::gate(raw)));
        Gate {
            coverage: self.either("gate.coverage", coverage, Sourced::built_in(None)),
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

fn allowance(raw: RawAllowance) -> Allowance {
    match raw {
        RawAllowance::Levels => Allowance::Levels,
        RawAllowance::Overrides => Allowance::Overrides,
        RawAllowance::Exclude => Allowance::Exclude,
    }
}

fn new_suppressions(raw: RawSuppressions) -> NewSuppressions {
    match raw {
        RawSuppressions::Honour => NewSuppressions::Honour,
        RawSuppressions::Report => NewSuppressions::Report,
        RawSuppressions::Block => NewSuppressions::Block,
    }
}

pub(crate) fn scope(raw: RawScope) -> Scope {
    match raw {
        RawScope::New => Scope::New,
        RawScope::All => Scope::All,
    }
}

/// Which fixes are applied.
pub(crate) fn fixing(raw: RawFix) -> Fixing {
    match raw {
        RawFix::Off => Fixing::Off,
        RawFix::Safe => Fixing::Safe,
    }
}

fn on_broken(raw: RawOnBroken) -> OnBroken {
    match raw {
        RawOnBroken::Block => OnBroken::Block,
        RawOnBroken::Warn => OnBroken::Warn,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Gate, Stage};
    use crate::model::rule::Level;

    #[track_caller]
    fn load(policy: &str) -> Config {
        Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect(policy)
    }

    /// Each problem as `line: message`.
    #[track_caller]
    fn refused(policy: &str, expected: &[&str]) {
        let error = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect_err(policy);
        let problems = error.problems().iter().map(|problem| {
            let line = problem.excerpt.as_ref().map_or(0, |excerpt| excerpt.line);
            format!("{line}: {}", problem.message)
        });
        assert_eq!(problems.collect::<Vec<_>>(), expected, "{policy}");
    }

    fn stage<'a>(config: &'a Config, name: &str) -> &'a Stage {
        config.stage(name).expect("the stage is there")
    }

    /// The level that blocks and where that is said.
    #[track_caller]
    fn blocks(gate: &Gate, level: Option<Level>, origin: &str) {
        assert_eq!((gate.fail_on.value, gate.fail_on.origin.to_string().as_str()), (level, origin));
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        let config = Config::load(None).expect("there is nothing that could be wrong");
        let checks = |name| stage(&config, name).checks.value.join(" ");
        assert_eq!(checks("pre-commit"), "hygiene secrets rules tools");
        assert_eq!(checks("pre-merge-commit"), "hygiene secrets rules tools");
        assert_eq!(checks("commit-msg"), "");
        assert_eq!(checks("pre-push"), "hygiene secrets rules tools tests");
        assert_eq!(checks("pull-request"), "*");
        assert_eq!(checks("manual"), "*");
        blocks(&config.gate, Some(Level::Error), "default");
        blocks(&stage(&config, "pre-push").gate, Some(Level::Error), "default");
        blocks(&stage(&config, "pull-request").gate, Some(Level::Warning), "default");
        assert_eq!(config.max_lines.value, 800);
        assert!(config.builtin.value);
    }

    #[test]
    fn what_the_file_says_beats_what_is_built_in_and_a_stage_beats_the_gate() {
        let config = load("[gate]\nfail-on = \"note\"\n[stages.pre-push]\nfail-on = \"none\"\njobs = 2\n");
        blocks(&config.gate, Some(Level::Note), "tollgate.toml:2");
        blocks(&stage(&config, "pre-commit").gate, Some(Level::Note), "tollgate.toml:2");
        blocks(&stage(&config, "pull-request").gate, Some(Level::Note), "tollgate.toml:2");
        blocks(&stage(&config, "pre-push").gate, None, "tollgate.toml:4");
        assert_eq!(stage(&config, "pre-push").jobs.origin.to_string(), "tollgate.toml:5");
        assert_eq!(stage(&config, "pre-push").timeout.origin.to_string(), "default");
    }

    #[test]
    fn a_merge_commit_is_judged_as_a_commit_unless_said_otherwise() {
        let followed = load("[stages.pre-commit]\nchecks = [\"secrets\"]\ntimeout = \"30s\"\n");
        // All but that all tests run.
        let merge = Stage {
            select: stage(&followed, "pre-commit").select.clone(),
            ..stage(&followed, "pre-merge-commit").clone()
        };
        assert_eq!(&merge, stage(&followed, "pre-commit"));
        let own = load("[stages.pre-commit]\nchecks = [\"secrets\"]\n[stages.pre-merge-commit]\nfail-on = \"none\"\n");
        assert_eq!(stage(&own, "pre-merge-commit").checks.value.join(" "), "hygiene secrets rules tools");
        blocks(&stage(&own, "pre-merge-commit").gate, None, "tollgate.toml:4");
    }

    #[test]
    fn a_stage_can_be_named_freely() {
        let config = load("[stages.nightly]\nfail-on = \"none\"\n");
        assert_eq!(stage(&config, "nightly").checks.value, ["*"]);
        refused(
            "[stages.\"Night ly\"]\n",
            &["1: `Night ly` is not the name of a stage: lower-case letters and digits, joined by single hyphens"],
        );
    }

    #[test]
    fn what_a_hook_mends_is_said() {
        load(
            "gate.new-suppressions = \"report\"\nstages.x.fix = \"off\"\nstages.pre-commit.fix = \"safe\"\nchecks.x = { run = [\"x\"], fix = \"off\" }\nchecks.y = { run = [\"y\"], fix = \"safe\" }\n",
        );
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused() {
        for (policy, message) in [
            ("stages.x.timeout = \"10\"", "`stages.x.timeout`: `10` has no unit"),
            ("stages.x.jobs = 0", "`jobs` must be at least 1"),
            (
                "checks.x = { run = [\"x\"], fix = \"safe\", isolate = \"none\" }",
                "a command with `fix = \"safe\"` runs in a copy, never in the work tree",
            ),
            (
                "checks.x = { run = [\"x\"], fix = \"safe\", stdin = true }",
                "a command with `fix = \"safe\"` changes files, and one with `stdin` gets none",
            ),
            (
                "checks.x = { run = [\"x\"], fix = \"safe\", output = \"sarif\" }",
                "what a command with `fix = \"safe\"` finds is what it changes",
            ),
            ("checks.x.fix = \"safe\"", "`fix` says how a command runs, and [checks.x] has no `run`"),
            (
                "stages.pre-push.fix = \"safe\"",
                "`fix = \"safe\"` is for the stage `pre-commit`, where what is mended can be committed",
            ),
            (
                "exclude = [\"a\", \"b[\"]",
                "`b[` is not a pattern in gitignore syntax: unclosed character class; missing ']'",
            ),
            ("overrides = [{ files = [], levels = {} }]", "`files` of an override is empty"),
            ("rules.paths = [\"\"]", "`` is not a pattern in gitignore syntax: it matches nothing"),
        ] {
            refused(policy, &[&format!("1: {message}")]);
        }
    }

    #[test]
    fn a_check_that_makes_no_sense_is_refused() {
        for (id, check, message) in [
            ("tests", "run = [\"x\"]", "a check can't be called `tests`, which is the name of a family of checks"),
            (
                "My_Check",
                "run = [\"x\"]",
                "`My_Check` is not the id of a check: lower-case letters and digits, joined by single hyphens",
            ),
            ("x", "run = []", "`run` is empty"),
            ("x", "run = [\"\"]", "`run` starts with an empty program"),
            ("x", "run = [\"make lint\"]", "`run` is one text with spaces, which no program is called"),
            (
                "x",
                "run = [\"a\", \"b\"]\nshell = true",
                "with `shell = true`, `run` is one text: the line for the shell",
            ),
            ("x", "run = [\"x\"]\ndir = \"../y\"", "`checks.x.dir` leads out of the repository or is not a plain path"),
            ("x", "run = [\"x\"]\ndir = \"/y\"", "`checks.x.dir` leads out of the repository or is not a plain path"),
            ("x", "run = [\"x\"]\noutput = \"sarf\"", "`sarf` is not a known format of output"),
            ("x", "run = [\"x\"]\noutput = {}", "`output` describes lines by one of `pattern` and `matcher`"),
            (
                "x",
                "run = [\"x\"]\noutput = { pattern = \"(?<path>\" }",
                "the pattern is no regular expression: unclosed group",
            ),
            ("x", "run = [\"x\"]\noutput = { pattern = \"(?<path>.)\" }", "the pattern has no group `message`"),
            (
                "x",
                "run = [\"x\"]\noutput = { pattern = \"(?<path>.)(?<message>.)(?<col>.)\" }",
                "the pattern has the group `col`, which means nothing",
            ),
            (
                "x",
                "run = [\"x\"]\noutput = { matcher = \"../m.json\" }",
                "`checks.x.output.matcher` leads out of the repository or is not a plain path",
            ),
            ("x", "run = [\"x\"]\ntimeout = \"0s\"", "`checks.x.timeout`: the time is zero"),
            ("x", "run = [\"x\"]\nenv = { \"a=b\" = \"c\" }", "`a=b` is not the name of an environment variable"),
            ("x", "run = [\"x\"]\nversion = \"^1\"", "`^1` does not say which versions are wanted"),
            (
                "x",
                "run = [\"x\"]\nshell = true\nversion = \"1\"",
                "with `shell = true`, `version` needs `version-command`",
            ),
            (
                "x",
                "run = [\"x\"]\nversion-command = [\"x\", \"-V\"]",
                "`version-command` is there, and no `version` that is wanted",
            ),
            ("x", "run = [\"x\"]\noptions = {}", "`options` are for built-in checks, and this check has `run`"),
            ("x", "dir = \"y\"", "`dir` says how a command runs, and [checks.x] has no `run`"),
        ] {
            let policy = format!("[checks.{id}]\n{check}\n");
            let error = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect_err(&policy);
            let messages: Vec<&str> = error.problems().iter().map(|problem| problem.message.as_str()).collect();
            assert_eq!(messages, [message], "{policy}");
        }
    }

    #[test]
    fn a_folder_is_written_in_one_way_inside() {
        for (written, expected) in [("services/api/", "services/api"), ("./a", "a"), (".", ""), ("./", ""), ("", "")] {
            let config = load(&format!("[checks.x]\nrun = [\"x\"]\ndir = \"{written}\"\n"));
            assert_eq!(config.checks.get("x").map(|check| check.dir.as_str()), Some(expected), "{written}");
        }
    }

    #[test]
    fn every_problem_is_told_in_the_order_of_the_file() {
        refused(
            "checks.y = { run = [\"y\"], timeout = \"1\" }\n[checks.x]\nrun = []\n[stages.y]\ntimeout = \"soon\"\n",
            &[
                "1: `checks.y.timeout`: `1` has no unit",
                "3: `run` is empty",
                "5: `stages.y.timeout`: `soon` is not a duration",
            ],
        );
    }
}
