//! A `tollgate.toml` below the top: it holds for its folder, and may only tighten what holds there, unless the policy at
//! the top allows more by name.

use std::collections::BTreeMap;

use crate::config::check::is_outside;
use crate::config::extends::Site;
use crate::config::layer::Layer;
use crate::config::patterns::{folder_pattern, rebased};
use crate::config::places::{Places, joined};
use crate::config::problem::{Error, Problem};
use crate::config::{Allowance, Config, Origin, Override, RuleLevel, Sourced};
use crate::model::path::RepoPath;

/// The keys that a policy for a folder has.
const PERMITTED: [&str; 5] = ["min-version", "exclude", "checks", "rules", "overrides"];

/// A policy for a folder, read and not yet part of the whole.
pub(crate) struct Nested {
    /// The folder.
    folder: RepoPath,
    /// What it says, with its patterns as they are written at the top.
    pub(crate) config: Config,
}

impl Nested {
    /// Reads the policy of a folder: its name for people and its bytes. A key that is none of a folder's is refused.
    pub(crate) fn read(source: (&str, &[u8]), folder: &RepoPath) -> Result<Self, Error> {
        let layer = Layer::read(source.0, source.1, Site::Here)?;
        let foreign = layer.places().keys().filter(|key| !PERMITTED.contains(key));
        let refusal = |key: &str| {
            let message = format!("`{key}` holds for the whole repository, and this policy for the folder {folder}");
            let hint = format!("write it into tollgate.toml at the top; here are: {}", PERMITTED.join(", "));
            layer.places().key_problem(key, message, hint)
        };
        Error::check(foreign.map(refusal).collect())?;
        let mut config = layer.resolve()?;
        rebase(&mut config.rule_paths.value, folder);
        rebase(&mut config.utility_paths.value, folder);
        rebase(&mut config.exclude.value, folder);
        config.overrides.iter_mut().for_each(|entry| rebase(&mut entry.files, folder));
        for check in config.checks.values_mut() {
            rebase(&mut check.exclude, folder);
            rebase(&mut check.tests, folder);
            rebase(&mut check.files, folder);
            let config = check.config.iter_mut().flatten().filter(|entry| !is_outside(entry));
            // Those of a known tool hold wherever it looks for them.
            config.filter(|_| check.tool.is_empty()).for_each(|pattern| *pattern = rebased(pattern, folder));
            if check.files.is_empty() {
                check.files.push(folder_pattern(folder));
            }
            let inside = String::from_utf8_lossy(folder.join(check.dir.as_bytes()).as_bytes()).into_owned();
            inside.trim_end_matches('/').clone_into(&mut check.dir);
        }
        Ok(Self { folder: folder.clone(), config })
    }
}

fn rebase(patterns: &mut [String], folder: &RepoPath) {
    patterns.iter_mut().for_each(|pattern| *pattern = rebased(pattern, folder));
}

impl Config {
    /// Takes in the policy of a folder, those of outer folders first: `own` are the rules that it brings, with their
    /// levels, and `default` is the level that a rule has where nobody says anything. What would loosen the policy is an
    /// error, unless `[nested]` allows it.
    pub(crate) fn adopt(
        &mut self,
        nested: Nested,
        own: &BTreeMap<String, RuleLevel>,
        default: &dyn Fn(&str) -> RuleLevel,
    ) -> Result<(), Error> {
        let Nested { folder, config } = nested;
        let bounds = Bounds { outer: self, inner: &config, own, default };
        Error::check(bounds.problems())?;
        let files = vec![folder_pattern(&folder)];
        let mut of_rules = BTreeMap::new();
        for (id, level) in own {
            let off = Sourced { value: None, origin: Origin::Default };
            let level = self.levels.insert(id.clone(), off).map_or(*level, |said| said.value);
            of_rules.insert(id.clone(), Sourced { value: level, origin: Origin::Default });
        }
        if !of_rules.is_empty() {
            // First, so that whatever else is said of these rules beats it.
            self.overrides.insert(0, Override { files: files.clone(), levels: of_rules });
        }
        if !config.levels.is_empty() {
            self.overrides.push(Override { files, levels: config.levels });
        }
        self.overrides.extend(config.overrides);
        self.exclude.value.extend(config.exclude.value);
        self.rule_paths.value.extend(config.rule_paths.value);
        self.utility_paths.value.extend(config.utility_paths.value);
        self.checks.extend(config.checks);
        Ok(())
    }
}

/// What holds a policy for a folder within that of the top.
struct Bounds<'a> {
    outer: &'a Config,
    inner: &'a Config,
    own: &'a BTreeMap<String, RuleLevel>,
    default: &'a dyn Fn(&str) -> RuleLevel,
}

impl Bounds<'_> {
    fn problems(&self) -> Vec<Problem> {
        let places = &self.inner.places;
        let mut problems = Vec::new();
        if !self.inner.exclude.value.is_empty() && !self.allows(Allowance::Exclude) {
            let message = "a policy for a folder leaves no file out".to_owned();
            problems.push(places.key_problem("exclude", message, allow(Allowance::Exclude)));
        }
        for (id, check) in &self.inner.checks {
            let path = joined("checks", id);
            if check.run.is_none() {
                let message = format!("[{path}] has no `run`: built-in checks are set at the top");
                problems.push(places.key_problem(&path, message, "write it into tollgate.toml at the top"));
            } else if self.outer.checks.contains_key(id) {
                let message = format!("there is a check `{id}` already, at the top or for another folder");
                problems.push(places.key_problem(&path, message, "give this one another name"));
            }
        }
        problems.extend(self.levels(places, "rules.levels", &self.inner.levels, Allowance::Levels));
        for (index, entry) in self.inner.overrides.iter().enumerate() {
            problems.extend(self.levels(
                places,
                &format!("overrides[{index}].levels"),
                &entry.levels,
                Allowance::Overrides,
            ));
        }
        problems
    }

    /// The levels that are lower than what may hold in the folder.
    fn levels(
        &self,
        places: &Places,
        path: &str,
        levels: &BTreeMap<String, Sourced<RuleLevel>>,
        allowance: Allowance,
    ) -> Vec<Problem> {
        let lowered = levels.iter().filter(|(id, level)| !self.allows(allowance) && level.value < self.highest(id));
        let problem = |(id, _): (&String, _)| {
            let message = format!("this lowers the level of `{id}`; a policy for a folder may only raise it");
            places.key_problem(&joined(path, id), message, allow(allowance))
        };
        lowered.map(problem).collect()
    }

    fn allows(&self, allowance: Allowance) -> bool {
        self.outer.nested_allow.value.contains(&allowance)
    }

    /// The highest level that the policy gives a rule anywhere; none if the rule is the folder's own.
    fn highest(&self, id: &str) -> RuleLevel {
        let tool = id.split_once('/').map_or(id, |(tool, _)| tool);
        if self.own.contains_key(id) || self.inner.checks.contains_key(tool) {
            return None;
        }
        let outer = self.outer;
        let of_check = || outer.checks.get(tool).and_then(|check| check.level).map(Some);
        let everywhere = outer.levels.get(id).or_else(|| outer.levels.get(tool)).map(|level| level.value);
        let everywhere = everywhere.or_else(of_check).unwrap_or_else(|| (self.default)(id));
        let in_overrides =
            outer.overrides.iter().filter_map(|entry| entry.levels.get(id).or_else(|| entry.levels.get(tool)));
        in_overrides.map(|level| level.value).fold(everywhere, RuleLevel::max)
    }
}

/// How the top allows it.
fn allow(allowance: Allowance) -> String {
    let name = Allowance::NAMES.iter().find(|(_, known)| *known == allowance).map_or("", |(name, _)| name);
    format!("let tollgate.toml at the top allow it: [nested], allow = [\"{name}\"]")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::Config;
    use crate::config::nested::Nested;
    use crate::model::path::RepoPath;
    use crate::model::rule::Level;

    fn adopted(root: &str, nested: &str) -> Result<Config, String> {
        let mut config = Config::load(Some(("tollgate.toml", root.as_bytes()))).expect(root);
        let folder = RepoPath::from("api");
        let nested =
            Nested::read(("api/tollgate.toml", nested.as_bytes()), &folder).map_err(|error| error.to_string())?;
        let own = BTreeMap::from([("own-rule".to_owned(), Some(Level::Warning))]);
        let default = |id: &str| if id == "off-rule" { None } else { Some(Level::Warning) };
        config.adopt(nested, &own, &default).map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[track_caller]
    fn refused(root: &str, nested: &str, message: &str) {
        let error = adopted(root, nested).expect_err(nested);
        assert!(error.starts_with("error: api/tollgate.toml:") && error.contains(message), "{error}");
    }

    #[test]
    fn what_holds_for_the_whole_repository_is_refused_by_name() {
        for (text, key) in [
            ("builtin = false", "builtin"),
            ("extends = [\"x.toml\"]", "extends"),
            ("[gate]\nfail-on = \"none\"", "gate"),
            ("[stages.pre-commit]\nchecks = []", "stages"),
            ("[change]\nmax-lines = 9", "change"),
            ("[nested]\nallow = [\"exclude\"]", "nested"),
        ] {
            refused("", text, &format!("`{key}` holds for the whole repository"));
        }
    }

    #[test]
    fn it_tightens_and_loosens_only_what_the_top_allows() {
        let loosened = "this lowers the level of";
        for (root, nested, allowance, message) in [
            ("", "[rules.levels]\na = \"note\"", "rules.levels", loosened),
            ("", "[rules.levels]\na = \"off\"", "rules.levels", loosened),
            ("[rules.levels]\na = \"error\"", "[rules.levels]\na = \"warning\"", "rules.levels", loosened),
            (
                "[[overrides]]\nfiles = [\"x\"]\nlevels = { a = \"error\" }",
                "[rules.levels]\na = \"warning\"",
                "rules.levels",
                loosened,
            ),
            ("", "[[overrides]]\nfiles = [\"t/**\"]\nlevels = { a = \"off\" }", "overrides", loosened),
            ("checks.t.run = [\"t\"]", "[rules.levels]\n\"t/a\" = \"note\"", "rules.levels", loosened),
            ("", "exclude = [\"gen/\"]", "exclude", "leaves no file out"),
        ] {
            refused(root, nested, message);
            let allowed = format!("{root}\n[nested]\nallow = [\"{allowance}\"]\n");
            adopted(&allowed, nested).expect(nested);
        }
        for (root, nested) in [
            ("", "[rules.levels]\na = \"error\"\noff-rule = \"note\"\nown-rule = \"off\""),
            ("[rules.levels]\na = \"off\"", "[rules.levels]\na = \"note\""),
            ("", "[checks.mine]\nrun = [\"x\"]\n[rules.levels]\nmine = \"note\"\n\"mine/a\" = \"off\""),
        ] {
            adopted(root, nested).expect(nested);
        }
    }

    #[test]
    fn a_check_for_a_folder_is_a_command_with_a_name_of_its_own() {
        refused("", "[checks.check-json]\nexclude = [\"a\"]", "has no `run`");
        refused("[checks.lint]\nrun = [\"x\"]", "[checks.lint]\nrun = [\"y\"]", "there is a check `lint` already");
    }

    #[test]
    fn what_it_says_is_written_as_the_top_would_say_it() {
        let config = adopted(
            "[nested]\nallow = [\"exclude\"]\n[rules.levels]\nown-rule = \"error\"\n",
            "exclude = [\"gen/\", \"/a.txt\"]\n[rules]\npaths = [\"rules/*.yml\"]\n[rules.levels]\na = \"error\"\n\
             [[overrides]]\nfiles = [\"*.js\"]\nlevels = { b = \"error\" }\n\
             [checks.lint]\nrun = [\"x\"]\n[checks.unit]\nrun = [\"x\"]\ndir = \"sub\"\nfiles = [\"*.py\"]\n",
        )
        .expect("it is valid");
        assert_eq!(config.exclude.value, ["/api/**/gen/", "/api/a.txt"]);
        assert_eq!(config.rule_paths.value, ["/api/rules/*.yml"]);
        let of = |id: &str| config.checks.get(id).map(|check| (check.dir.as_str(), check.files.concat()));
        assert_eq!(of("lint"), Some(("api", "/api/".to_owned())));
        assert_eq!(of("unit"), Some(("api/sub", "/api/**/*.py".to_owned())));
        let overrides: Vec<(String, String)> = config
            .overrides
            .iter()
            .map(|entry| (entry.files.concat(), entry.levels.keys().cloned().collect::<Vec<_>>().concat()))
            .collect();
        let expected = [("/api/", "own-rule"), ("/api/", "a"), ("/api/**/*.js", "b")];
        assert_eq!(overrides, expected.map(|(files, id)| (files.to_owned(), id.to_owned())));
        // A rule of the folder is off elsewhere, and has the level there that the top gives it.
        assert_eq!(config.levels.get("own-rule").map(|level| level.value), Some(None));
        let inside = config.overrides.first().and_then(|entry| entry.levels.get("own-rule"));
        assert_eq!(inside.map(|level| level.value), Some(Some(Level::Error)));
    }
}
