//! Which level a rule has for a file.

use std::collections::BTreeMap;

use crate::config::patterns::{PatternError, Patterns};
use crate::config::{Config, RuleLevel};
use crate::model::path::RepoPath;
use crate::model::rule::{Level, RuleId};

/// The levels that the configuration gives rules, ready to be asked.
#[derive(Debug)]
pub(crate) struct Levels {
    everywhere: BTreeMap<String, RuleLevel>,
    /// In the order of the configuration; the last that matches wins.
    overrides: Vec<(Patterns, BTreeMap<String, RuleLevel>)>,
}

impl Levels {
    /// Takes the levels out of the configuration.
    pub(crate) fn new(config: &Config) -> Result<Self, PatternError> {
        let own = config.checks.iter().filter_map(|(id, check)| Some((id.clone(), Some(check.level?))));
        let rules = config.levels.iter().map(|(id, level)| (id.clone(), level.value));
        let overrides = config.overrides.iter().map(|own| {
            let levels = own.levels.iter().map(|(id, level)| (id.clone(), level.value)).collect();
            Ok((Patterns::new(&own.files)?, levels))
        });
        Ok(Self { everywhere: own.chain(rules).collect(), overrides: overrides.collect::<Result<_, _>>()? })
    }

    /// The level of a rule for a file, `None` if it is off there; `default` is what the check itself says. A rule of
    /// a tool (`tool/rule`) follows what is said of it, else what is said of the tool.
    pub(crate) fn of(&self, rule: &RuleId, path: Option<&RepoPath>, default: Level) -> RuleLevel {
        let for_path = path.into_iter().flat_map(|path| {
            self.overrides
                .iter()
                .rev()
                .filter(|(files, _)| files.matches(path))
                .filter_map(|(_, levels)| said(levels, rule))
        });
        for_path.into_iter().next().or_else(|| said(&self.everywhere, rule)).unwrap_or(Some(default))
    }
}

impl Levels {
    /// The level of a rule that is on for any file, `None` if it is off for all.
    pub(crate) fn anywhere(&self, rule: &RuleId, default: Level) -> RuleLevel {
        let in_overrides = self.overrides.iter().filter_map(|(_, levels)| said(levels, rule)).max().flatten();
        self.of(rule, None, default).or(in_overrides)
    }

    /// What is switched on or off everywhere, as text that is the same for the same switches.
    pub(crate) fn switches(&self) -> String {
        switches(&self.everywhere)
    }

    /// What is switched on or off for a file by name of its path, as such a text.
    pub(crate) fn switches_for(&self, path: &RepoPath) -> String {
        let matching = self.overrides.iter().filter(|(files, _)| files.matches(path));
        matching.map(|(_, levels)| switches(levels) + "\n").collect()
    }
}

fn switches(levels: &BTreeMap<String, RuleLevel>) -> String {
    levels.iter().map(|(id, level)| format!("{id}={} ", u8::from(level.is_some()))).collect()
}

fn said(levels: &BTreeMap<String, RuleLevel>, rule: &RuleId) -> Option<RuleLevel> {
    let tool = || rule.as_str().split_once('/').and_then(|(tool, _)| levels.get(tool));
    levels.get(rule.as_str()).or_else(tool).copied()
}

#[cfg(test)]
mod tests {
    use super::Levels;
    use crate::config::Config;
    use crate::model::path::RepoPath;
    use crate::model::rule::{Level, RuleId};

    #[track_caller]
    fn check(rule: &str, path: &str, expected: Option<Level>) {
        let toml = r#"
            [checks.lint]
            run = ["lint"]
            level = "note"
            [rules.levels]
            dbg-macro = "warning"
            [[overrides]]
            files = ["tests/**"]
            levels = { dbg-macro = "off", "lint/E1" = "error" }
            [[overrides]]
            files = ["tests/kept/**"]
            levels = { dbg-macro = "error" }
        "#;
        let config = Config::load(Some(("tollgate.toml", toml.as_bytes()))).unwrap();
        let path = RepoPath::from(path);
        assert_eq!(Levels::new(&config).unwrap().of(&RuleId::from(rule), Some(&path), Level::Error), expected);
    }

    #[test]
    fn switches_tell_what_is_on_and_not_how_loud() {
        let levels =
            |toml: &str| Levels::new(&Config::load(Some(("tollgate.toml", toml.as_bytes()))).unwrap()).unwrap();
        let rule = |level: &str| levels(&format!("[rules.levels]\ndbg-macro = \"{level}\"")).switches();
        assert_eq!(rule("note"), rule("error"));
        assert_ne!(rule("note"), rule("off"));
        assert_ne!(rule("note"), levels("").switches());
        let own = levels("[[overrides]]\nfiles = [\"a/**\"]\nlevels = { dbg-macro = \"off\" }");
        assert_ne!(own.switches_for(&RepoPath::from("a/b.rs")), own.switches_for(&RepoPath::from("b.rs")));
    }

    #[test]
    fn the_most_particular_level_wins() {
        check("dbg-macro", "src/a.rs", Some(Level::Warning));
        check("dbg-macro", "tests/a.rs", None);
        check("dbg-macro", "tests/kept/a.rs", Some(Level::Error));
        check("other", "tests/a.rs", Some(Level::Error));
        check("lint/E2", "src/a.py", Some(Level::Note));
        check("lint/E1", "tests/a.py", Some(Level::Error));
    }
}
