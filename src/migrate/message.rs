//! Checks of commit messages of others, as options of `conventional-commit`.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::migrate::document::{parse, texts};
use crate::migrate::policy::Check;
use crate::migrate::{Draft, Fate, Tree};
use crate::model::option::{OptionValue, Options};

/// The check of ours.
const OURS: &str = "conventional-commit";

impl Draft<'_> {
    /// Takes over a call of commitlint.
    pub(super) fn commitlint(&mut self, file: &str, name: &str) {
        match commitlint(self.tree) {
            Ok(options) => {
                let (id, why) = self.message(options);
                self.report(file, name, Fate::Translated(vec![id]), why);
            }
            Err(why) => self.lose(file, name, why),
        }
    }

    /// Lets the check of the message run with these options; gives its id and what is to be known of it.
    pub(super) fn message(&mut self, options: Options) -> (String, String) {
        let check = Check { id: OURS.to_owned(), options, ..Check::default() };
        match self.policy.find(OURS) {
            Some(known) if *known != check => {
                (OURS.to_owned(), "another hook judges the message as well; its options hold".to_owned())
            }
            _ => {
                self.policy.add(check, &["commit-msg".to_owned()]);
                (OURS.to_owned(), "as far as Conventional Commits go".to_owned())
            }
        }
    }
}

/// No limits that the other tool does not have.
fn unlimited() -> Options {
    let mut options = Options::default();
    options.set("max-subject", OptionValue::Number(0));
    options
}

/// The arguments of `conventional-pre-commit`: types, and what it asks of scopes.
pub(super) fn conventional_pre_commit(args: &[String]) -> Result<Options, String> {
    let mut options = unlimited();
    let mut types = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.split_once('=').unwrap_or((arg, "")) {
            ("--force-scope", _) => options.set("require-scope", OptionValue::Flag(true)),
            ("--scopes", value) => {
                let value = if value.is_empty() { rest.next().map_or("", String::as_str) } else { value };
                let scopes = value.split(',').map(|scope| scope.trim().to_owned());
                options.set("scopes", OptionValue::List(scopes.filter(|scope| !scope.is_empty()).collect()));
            }
            ("--strict" | "--no-color" | "--verbose", _) => {}
            (option, _) if option.starts_with('-') => return Err(format!("tollgate has nothing like its {option}")),
            _ => types.push(arg.clone()),
        }
    }
    if !types.is_empty() {
        options.set("types", OptionValue::List(types));
    }
    Ok(options)
}

/// What commitizen asks of a message, if it has no rules of its own.
pub(super) fn commitizen(tree: &Tree<'_>) -> Result<Options, String> {
    const FILES: [&str; 8] =
        ["pyproject.toml", ".cz.toml", "cz.toml", ".cz.json", "cz.json", ".cz.yaml", "cz.yaml", ".cz.yml"];
    const TYPES: [&str; 12] =
        ["build", "bump", "ci", "docs", "feat", "fix", "perf", "refactor", "style", "test", "chore", "revert"];
    for file in FILES {
        let Some(value) = tree.text(file).and_then(|text| parse(file, &text).ok()) else { continue };
        let Some(own) = value.pointer("/tool/commitizen").or(value.get("commitizen")) else { continue };
        let name = own.get("name").and_then(Value::as_str).unwrap_or("cz_conventional_commits");
        if name != "cz_conventional_commits" {
            return Err(format!("commitizen judges by `{name}` ({file})"));
        }
    }
    let mut options = unlimited();
    options.set("types", OptionValue::List(TYPES.map(str::to_owned).to_vec()));
    Ok(options)
}

/// The files that may hold the configuration of commitlint.
const COMMITLINT: [&str; 13] = [
    ".commitlintrc",
    ".commitlintrc.json",
    ".commitlintrc.yaml",
    ".commitlintrc.yml",
    ".commitlintrc.js",
    ".commitlintrc.cjs",
    ".commitlintrc.mjs",
    ".commitlintrc.ts",
    "commitlint.config.js",
    "commitlint.config.cjs",
    "commitlint.config.mjs",
    "commitlint.config.ts",
    "commitlint.config.cts",
];

/// A program that only says that the usual rules hold.
static PLAIN_PROGRAM: LazyLock<Regex> = LazyLock::new(|| {
    let extends = r#"\{["']?extends["']?:(?:\[["']@commitlint/config-conventional["'],?\]|["']@commitlint/config-conventional["']),?\}"#;
    let typed = r#"(?:import(?:type)?\{?\w+\}?from["']@commitlint/types["'];?)?(?:const\w+(?::\w+)?=EXTENDS;?exportdefault\w+;?)"#;
    let typed = typed.replace("EXTENDS", extends);
    Regex::new(&format!(r"^(?:(?:module\.exports=|exportdefault){extends}(?:satisfies\w+)?;?|{typed})$"))
        .expect("because the expression is constant")
});

/// What commitlint asks of a message, if it can be said. Its rules are read from data; a program is only understood if
/// it does no more than to name the usual ones.
pub(super) fn commitlint(tree: &Tree<'_>) -> Result<Options, String> {
    let own = tree.text("package.json").and_then(|text| parse("package.json", &text).ok()?.get("commitlint").cloned());
    if let Some(own) = own {
        return rules("package.json", &own);
    }
    let Some((file, text)) = COMMITLINT.iter().find_map(|file| Some((*file, tree.text(file)?))) else {
        return Err("no configuration of commitlint was found".to_owned());
    };
    if file.ends_with("js") || file.ends_with("ts") {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['/', '*']));
        let code: String = lines.collect::<String>().split_whitespace().collect();
        return match PLAIN_PROGRAM.is_match(&code) {
            true => Ok(conventional()),
            false => Err(format!("{file} is a program, which cannot be read")),
        };
    }
    let value = parse(file, &text).map_err(|problem| format!("{file} cannot be read: {problem}"))?;
    rules(file, &value)
}

/// The usual rules of commitlint.
fn conventional() -> Options {
    let mut options = Options::default();
    options.set("max-subject", OptionValue::Number(100));
    options.set("max-body-line", OptionValue::Number(100));
    options
}

fn rules(file: &str, value: &Value) -> Result<Options, String> {
    let extends = value.get("extends").map(texts).unwrap_or_default();
    if extends != ["@commitlint/config-conventional"] {
        return Err(format!("{file} does not build on @commitlint/config-conventional alone"));
    }
    let mut options = conventional();
    let own = value.get("rules").and_then(Value::as_object);
    for (name, rule) in own.into_iter().flatten() {
        let parts = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
        let is_off = parts.first().and_then(Value::as_u64) == Some(0);
        let is_always = parts.get(1).and_then(Value::as_str).unwrap_or("always") == "always";
        let number = parts.get(2).and_then(Value::as_u64);
        let list = parts.get(2).map(texts).unwrap_or_default();
        match (name.as_str(), number) {
            ("header-max-length", _) if is_off => options.set("max-subject", OptionValue::Number(0)),
            ("body-max-line-length", _) if is_off => options.set("max-body-line", OptionValue::Number(0)),
            ("header-max-length", Some(number)) => options.set("max-subject", OptionValue::Number(number)),
            ("body-max-line-length", Some(number)) => options.set("max-body-line", OptionValue::Number(number)),
            ("type-enum", _) if is_off => options.set("types", OptionValue::List(Vec::new())),
            ("type-enum", _) if is_always => options.set("types", OptionValue::List(list)),
            ("scope-enum", _) if is_always && !is_off => options.set("scopes", OptionValue::List(list)),
            ("scope-empty", _) if !is_always && !is_off => options.set("require-scope", OptionValue::Flag(true)),
            _ if is_off => {}
            _ => return Err(format!("{file} has the rule `{name}`, and tollgate nothing like it")),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::{commitizen, commitlint, conventional_pre_commit};
    use crate::migrate::Tree;
    use crate::model::option::Options;

    /// The options in one line.
    fn shown(options: Result<Options, String>) -> String {
        match options {
            Ok(options) => options.iter().map(|(name, value)| format!("{name}={value:?} ")).collect(),
            Err(why) => why,
        }
    }

    #[track_caller]
    fn read(judge: fn(&Tree<'_>) -> Result<Options, String>, file: &str, text: &str, expected: &str) {
        let files = [file.to_owned()];
        let read = |path: &str| (path == file).then(|| text.to_owned());
        let said = shown(judge(&Tree { files: &files, read: &read }));
        assert_eq!(said.trim(), expected, "{text}");
    }

    #[test]
    fn commitlint_is_read_where_it_is_data_or_says_nothing_of_its_own() {
        let usual = "max-body-line=Number(100) max-subject=Number(100)";
        for (file, text) in [
            ("package.json", r#"{"commitlint": {"extends": ["@commitlint/config-conventional"]}}"#),
            (".commitlintrc.yml", "extends: '@commitlint/config-conventional'\nrules: {subject-case: [0]}\n"),
            ("commitlint.config.js", "module.exports = { extends: ['@commitlint/config-conventional'] };\n"),
            (
                "commitlint.config.mjs",
                "// Usual.\nexport default {\n  extends: [\"@commitlint/config-conventional\"],\n}\n",
            ),
        ] {
            read(commitlint, file, text, usual);
        }
        let own = r#"{"extends": ["@commitlint/config-conventional"], "rules": {"type-enum": [2, "always", ["a", "b"]],
            "scope-empty": [2, "never"], "header-max-length": [2, "always", 80], "body-max-line-length": [0]}}"#;
        let expected =
            r#"max-body-line=Number(0) max-subject=Number(80) require-scope=Flag(true) types=List(["a", "b"])"#;
        read(commitlint, ".commitlintrc.json", own, expected);
        let program = "module.exports = { extends: ['@commitlint/config-conventional'], rules: {} };";
        read(commitlint, "commitlint.config.js", program, "commitlint.config.js is a program, which cannot be read");
        let case = r#"{"extends": ["@commitlint/config-conventional"], "rules": {"subject-case": [2, "always", "lower-case"]}}"#;
        read(
            commitlint,
            ".commitlintrc.json",
            case,
            ".commitlintrc.json has the rule `subject-case`, and tollgate nothing like it",
        );
        read(commitlint, "x", "", "no configuration of commitlint was found");
    }

    #[test]
    fn others_tell_types_and_scopes() {
        let args = |text: &str| shown(conventional_pre_commit(&text.split(' ').map(str::to_owned).collect::<Vec<_>>()));
        assert_eq!(
            args("feat fix --force-scope --strict"),
            "max-subject=Number(0) require-scope=Flag(true) types=List([\"feat\", \"fix\"]) "
        );
        assert_eq!(args("--scopes a,b"), "max-subject=Number(0) scopes=List([\"a\", \"b\"]) ");
        assert_eq!(args("--bogus"), "tollgate has nothing like its --bogus");
        let own = "[tool.commitizen]\nname = \"cz_jira\"\n";
        read(commitizen, "pyproject.toml", own, "commitizen judges by `cz_jira` (pyproject.toml)");
        assert!(commitizen(&Tree { files: &[], read: &|_| None }).is_ok());
    }
}
