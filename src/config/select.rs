//! `select`: which tests of a suite run, and the placeholders by which its runner is told.

use crate::config::places::Places;
use crate::config::problem::Problem;
use crate::config::raw::{RawCheck, RawSelect};
use crate::config::{Select, defaults};

/// What stands in `run` for the tests to run, each for a runner or a language.
pub(crate) const PLACEHOLDERS: [&str; 8] = [
    "{python-tests}",
    "{javascript-tests}",
    "{jest-tests}",
    "{go-tests}",
    "{cargo-tests}",
    "{nextest-tests}",
    "{maven-tests}",
    "{gradle-tests}",
];

/// The value that a file says.
pub(crate) fn select(raw: RawSelect) -> Select {
    match raw {
        RawSelect::All => Select::All,
        RawSelect::Affected => Select::Affected,
    }
}

/// The name of a value.
pub(crate) fn name(select: Select) -> &'static str {
    match select {
        Select::All => "all",
        Select::Affected => "affected",
    }
}

/// Which tests run in a stage of that name: before code enters a branch, all.
pub(crate) fn of_stage(stage: &str) -> Select {
    if defaults::WHOLE.contains(&stage) { Select::All } else { Select::Affected }
}

/// What is wrong with how a command selects its tests; `path` is that of its check.
pub(crate) fn problem(places: &Places, path: &str, raw: &RawCheck) -> Option<Problem> {
    let words = raw.run.as_deref().unwrap_or_default();
    let has_placeholder = words.iter().any(|word| PLACEHOLDERS.contains(&word.as_str()));
    let problem = match (&raw.tests, &raw.select) {
        (Some(_), None | Some(RawSelect::All)) => {
            "`tests` says which files are tests for `select = \"affected\"`, which is not there"
        }
        (_, Some(RawSelect::Affected)) if raw.run.is_none() => return None,
        (_, Some(RawSelect::Affected)) if raw.shell == Some(true) => {
            "with `shell = true`, `run` can't be told which tests are affected"
        }
        (_, Some(RawSelect::Affected)) if !has_placeholder => "`run` has no place for the tests that are affected",
        _ => return None,
    };
    let key = if raw.select.is_some() { "select" } else { "tests" };
    let hint = format!("write `select = \"affected\"`, and in `run` one of {}", PLACEHOLDERS.join(", "));
    Some(places.key_problem(&format!("{path}.{key}"), problem, hint))
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Select};

    #[track_caller]
    fn check(policy: &str, expected: Option<&str>) {
        let loaded = Config::load(Some(("tollgate.toml", policy.as_bytes())));
        let said = loaded.err().map(|error| error.problems().iter().map(|one| one.message.clone()).collect::<String>());
        assert_eq!(
            said.as_deref().map(|said| expected.is_some_and(|expected| said.contains(expected))),
            expected.map(|_| true),
            "{said:?}"
        );
    }

    #[test]
    fn a_selection_needs_a_place_in_the_command() {
        let unit = |keys: &str| format!("[checks.unit]\n{keys}\n");
        check(&unit("run = [\"pytest\", \"{python-tests}\"]\nselect = \"affected\""), None);
        check(&unit("run = [\"pytest\", \"{python-tests}\"]"), None);
        check(&unit("run = [\"pytest\"]\nselect = \"affected\""), Some("no place for the tests"));
        check(&unit("run = [\"pytest {python-tests}\"]\nshell = true\nselect = \"affected\""), Some("shell"));
        check(&unit("run = [\"pytest\", \"{python-tests}\"]\ntests = [\"t/\"]"), Some("which is not there"));
        check(&unit("select = \"affected\""), Some("has no `run`"));
    }

    #[test]
    fn before_code_enters_a_branch_all_tests_run_unless_the_stage_says_otherwise() {
        let policy =
            "[stages.nightly]\n[stages.pull-request]\nselect = \"affected\"\n[stages.pre-push]\nselect = \"all\"\n";
        let config = Config::load(Some(("tollgate.toml", policy.as_bytes()))).unwrap();
        let of = |name: &str| config.stage(name).unwrap().select.value;
        for (stage, expected) in [
            ("pre-commit", Select::Affected),
            ("pre-push", Select::All),
            ("nightly", Select::Affected),
            ("pull-request", Select::Affected),
            ("pre-merge-commit", Select::All),
        ] {
            assert_eq!(of(stage), expected, "{stage}");
        }
        assert_eq!(Config::defaults().stage("pull-request").unwrap().select.value, Select::All);
    }
}
