//! The first policy of a repository: a `tollgate.toml` that says what holds already, and proposes what fits what is
//! there. What it proposes is commented out: nothing is run because it might be meant.

use std::fmt::Write;
use std::path::PathBuf;

use crate::git::Repo;
use crate::hook::Error;
use crate::hook::survey::{Proposal, Runs, Survey, survey};
use crate::tree::file::create;

/// The name of the policy.
pub(crate) const POLICY: &str = "tollgate.toml";

/// The policy that a repository could begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// What the repository is made of.
    pub(crate) survey: Survey,
    /// Where the policy belongs.
    pub(crate) file: PathBuf,
    /// What it would say; none if there is a policy already.
    pub(crate) text: Option<String>,
}

impl Beginning {
    /// Looks at a repository. Nothing is written.
    pub(crate) fn of(repo: &Repo) -> Result<Self, Error> {
        let file = repo.work_tree().ok_or(Error::NoWorkTree)?.join(POLICY);
        let survey = survey(repo)?;
        let is_new = file.symlink_metadata().is_err();
        Ok(Self { text: is_new.then(|| text(&survey)), survey, file })
    }

    /// Writes the policy; one that is there is left as it is. It says whether it was written.
    pub(crate) fn write(&self) -> Result<bool, Error> {
        let Some(text) = &self.text else { return Ok(false) };
        create(&self.file, text.as_bytes())?;
        Ok(true)
    }
}

/// The text of the policy.
fn text(survey: &Survey) -> String {
    let mut text = String::from(HEAD);
    let mut add = |line: std::fmt::Arguments<'_>| text.write_fmt(line).expect("because a text takes everything");
    if !survey.foreign.is_empty() {
        let folders: Vec<String> = survey.foreign.iter().map(|folder| format!("\"{folder}/**\"")).collect();
        add(format_args!("\n# Code of others that is kept here.\nexclude = [{}]\n", folders.join(", ")));
    }
    add(format_args!("{GATE}{STAGES}"));
    for (name, file) in &survey.managers {
        add(format_args!("\n# {name} ({file}) is in use here too. Its hooks go on running beside tollgate's.\n"));
    }
    if !survey.linters.is_empty() {
        add(format_args!(
            "\n# What seems to be in use here. To switch a check on, remove the `# ` before its lines and\n"
        ));
        add(format_args!("# add its id to `checks` of [stages.pre-commit] above.\n"));
    }
    survey.linters.iter().for_each(|linter| add(format_args!("\n{}", block(linter))));
    if !survey.suites.is_empty() {
        add(format_args!(
            "\n# Test suites. Their place is `checks` of [stages.pre-push]: they take longer than a commit may.\n"
        ));
    }
    survey.suites.iter().for_each(|suite| add(format_args!("\n{}", block(suite))));
    text
}

const HEAD: &str = "\
# The policy of this repository: what tollgate checks, when, and what blocks.
# Everything here is optional. `tollgate config show --origin` says what holds and why,
# `tollgate explain ID` what a check finds and how to mend it.
";

// The values are comments: what stands in the file wins over what a stage has by itself, also where that is stricter.
const GATE: &str = "
# # What blocks, and what counts. These are the defaults, but on a pull request warnings block too: a value that is
# # set here holds there as well.
# [gate]
# # The lowest level of a finding that blocks: error, warning, note or none.
# fail-on = \"error\"
# # new: only what a change brings in counts; what was there before never blocks. Or: all.
# scope = \"new\"
# # A check that could not run: block or warn.
# on-broken = \"block\"
";

const STAGES: &str = "
# What runs before a commit: it should take seconds.
[stages.pre-commit]
checks = [\"hygiene\", \"secrets\", \"rules\", \"tools\"]

# What runs before a push.
[stages.pre-push]
checks = [\"hygiene\", \"secrets\", \"rules\", \"tools\", \"tests\"]
";

/// A proposal as comments.
fn block(proposal: &Proposal) -> String {
    let list = |words: &[&str]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let mut lines = vec![format!("# # {} is there.", proposal.because), format!("# [checks.{}]", proposal.id)];
    match proposal.runs {
        Runs::Tool => lines.push(format!("# tool = \"{}\"", proposal.id)),
        Runs::Command(run, output) => {
            lines.push(format!("# run = [{}]", list(run)));
            if !output.is_empty() {
                lines.push(format!("# output = \"{output}\""));
            }
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Beginning, text};
    use crate::config::Config;
    use crate::hook::survey::Survey;
    use crate::model::rule::Level;
    use crate::tree::sandbox::Sandbox;

    #[test]
    fn what_a_stage_has_by_itself_still_holds_and_only_what_exists_is_named() {
        let policy = loaded(&text(&Survey::default()));
        let fail_on = |stage: &str| policy.stages.get(stage).map(|stage| stage.gate.fail_on.value);
        assert_eq!(fail_on("pull-request"), Some(Some(Level::Warning)));
        assert_eq!(fail_on("pre-commit"), Some(Some(Level::Error)));
        for stage in ["pre-commit", "pre-push"] {
            let checks = |policy: &Config| policy.stages.get(stage).map(|stage| stage.checks.value.clone());
            assert_eq!(checks(&policy), checks(&Config::defaults()), "{stage}");
        }
    }

    /// A repository in which everything that is known is in use.
    fn everything() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.write("pyproject.toml", "[tool.ruff]\n[tool.black]\n[tool.mypy]\n[tool.pytest]\n");
        sandbox.write("package.json", r#"{"scripts": {"test": "x"}, "lint-staged": {}}"#);
        for file in ["Cargo.toml", "go.mod", "pom.xml", "gradlew", "biome.json", ".golangci.yml", ".shellcheckrc"] {
            sandbox.write(file, "");
        }
        for file in [".clang-format", ".yamllint", ".eslintrc.json", ".prettierrc", "vendor/a.c", "src/a.rs"] {
            sandbox.write(file, "");
        }
        sandbox.git(&["add", "src", "vendor"]);
        sandbox
    }

    #[track_caller]
    fn loaded(text: &str) -> Config {
        Config::load(Some(("tollgate.toml", text.as_bytes()))).unwrap_or_else(|error| panic!("{error:?}\n{text}"))
    }

    #[test]
    fn the_policy_can_be_loaded_as_it_is_and_with_everything_switched_on() {
        assert!(loaded(&text(&Survey::default())).checks.is_empty());
        let sandbox = everything();
        let beginning = Beginning::of(&sandbox.repo()).expect("it can be looked at");
        let text = beginning.text.clone().expect("there is no policy yet");
        let policy = loaded(&text);
        assert!(policy.checks.is_empty(), "nothing is run because it might be meant");
        assert_eq!(policy.exclude.value, ["vendor/**"]);

        let mut is_block = false;
        let mut switched_on = String::new();
        for line in text.lines() {
            is_block = (is_block || line.starts_with("# # ")) && !line.is_empty();
            switched_on += if is_block { line.strip_prefix("# ").expect("a block is a comment") } else { line };
            switched_on.push('\n');
        }
        let policy = loaded(&switched_on);
        let proposed = beginning.survey.linters.iter().chain(&beginning.survey.suites);
        let mut ids: Vec<_> = proposed.map(|proposal| proposal.id.to_owned()).collect();
        ids.sort_unstable();
        assert_eq!(policy.checks.keys().cloned().collect::<Vec<_>>(), ids);
        assert_eq!(ids.len(), 18);
    }

    #[test]
    fn a_policy_that_is_there_is_left_alone() {
        let sandbox = everything();
        let beginning = Beginning::of(&sandbox.repo()).expect("it can be looked at");
        assert!(beginning.write().expect("it is written"));
        let written = fs::read_to_string(sandbox.top().join("tollgate.toml")).expect("it is there");
        assert_eq!(Some(&written), beginning.text.as_ref());
        // Also if it came in between.
        assert!(beginning.write().is_err());
        let beginning = Beginning::of(&sandbox.repo()).expect("it can be looked at");
        assert_eq!(beginning.text, None);
        assert!(!beginning.write().expect("nothing is written"));
        assert_eq!(fs::read_to_string(sandbox.top().join("tollgate.toml")).expect("it is there"), written);
    }
}
