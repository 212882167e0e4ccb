//! The catalogue of known tools, `rules/tools/*.toml`: a definition says what `[checks.ID]` would have to say for the
//! tool, so that `tool = "NAME"` is enough. What comes of it is a command like any other.

use serde::Deserialize;

use crate::config::raw::{RawCheck, RawFix};

include!(concat!(env!("OUT_DIR"), "/tools.rs"));

/// Stands for the arguments that a check adds to the command of its tool.
pub(crate) const ARGS: &str = "{args}";

/// What is known of a tool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Definition {
    /// One sentence: what it does.
    pub(crate) summary: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its page.
    pub(crate) url: String,
    /// What it is licensed under, as SPDX has it.
    pub(crate) licence: String,
    /// The command that installs it.
    pub(crate) install: String,
    /// What must be known of its use here; empty if nothing.
    #[serde(default)]
    pub(crate) note: String,
    /// Whether what it finds in a file depends on that file and on `config` alone: not on others that the file names, nor
    /// on what it fetches.
    #[serde(default)]
    pub(crate) alone: bool,
    /// What shows that a repository uses it.
    #[serde(default)]
    pub(crate) signs: Vec<Sign>,
    /// How it looks. Without `run` it can't but mend; what is said here also holds for the other two.
    check: RawCheck,
    /// How it mends, where it can.
    fix: Option<RawCheck>,
    /// How it reads the file that it looks at from its standard input, where it can.
    stdin: Option<RawCheck>,
}

/// What a tool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// It looks, unless it is told to mend.
    Linter,
    /// It mends, unless it is told to look.
    Formatter,
    /// It runs tests, whatever the change touches.
    Suite,
}

impl Kind {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Linter => "linter",
            Self::Formatter => "formatter",
            Self::Suite => "test suite",
        }
    }
}

/// What shows that a tool is in use: a file at the top of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Sign {
    /// A file of this name, or one that begins so if the name ends in `*`.
    Name(String),
    /// A file in which this text stands.
    Text {
        /// Its name.
        file: String,
        /// The text.
        text: String,
    },
}

/// Why a definition does not serve a check: what is wrong with which of its keys, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misuse {
    /// The key of the check.
    pub(crate) key: &'static str,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: String,
}

/// The names of the known tools.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    DEFINITIONS.iter().map(|(name, _)| *name)
}

/// What is known of the tool of this name.
pub(crate) fn find(name: &str) -> Option<Definition> {
    let (_, text) = DEFINITIONS.iter().find(|(known, _)| *known == name)?;
    Some(toml::from_str(text).expect("because a test reads every definition"))
}

impl Definition {
    /// Whether it can mend.
    pub(crate) fn mends(&self) -> bool {
        self.fix.is_some()
    }

    /// Whether it can read from its standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.stdin.is_some()
    }

    /// The command that a check without further keys runs.
    pub(crate) fn line(&self) -> String {
        let fix = self.fix.as_ref().filter(|_| self.kind == Kind::Formatter).and_then(|fix| fix.run.as_ref());
        let words = fix.or(self.check.run.as_ref()).map_or(&[][..], Vec::as_slice);
        words.iter().filter(|word| *word != ARGS).cloned().collect::<Vec<_>>().join(" ")
    }

    /// What the check says, and beneath it what the definition says for that use of the tool.
    pub(crate) fn beneath(self, name: &str, mut own: RawCheck) -> Result<RawCheck, Misuse> {
        let misuse = |key, message, hint: &str| Misuse { key, message, hint: hint.to_owned() };
        let looks = self.check.run.is_some();
        let mends = match own.fix {
            Some(RawFix::Safe) => true,
            Some(RawFix::Off) => false,
            None => own.stdin != Some(true) && (self.kind == Kind::Formatter || !looks),
        };
        let use_of_it = if mends {
            let hint = "remove `fix`: what it finds is for people to mend";
            Some(self.fix.ok_or_else(|| misuse("fix", format!("`{name}` can't mend"), hint))?)
        } else if own.stdin == Some(true) {
            let hint = "remove `stdin`: it is given the names of files";
            let message = format!("`{name}` is not known to read from its standard input");
            Some(self.stdin.ok_or_else(|| misuse("stdin", message, hint))?)
        } else if looks {
            None
        } else {
            let hint = "remove `fix`: what it would change is a finding, and is changed only where a stage or `tollgate fix` mends";
            return Err(misuse("fix", format!("`{name}` can't look without mending"), hint));
        };
        if mends {
            own.fix = Some(RawFix::Safe);
        }
        let args = own.args.take();
        let mut check = match use_of_it {
            Some(other) => {
                over(own, over(other, RawCheck { run: None, output: None, finding_codes: None, ..self.check }))
            }
            None => over(own, self.check),
        };
        let words = check.run.take().unwrap_or_default();
        if args.is_some() && !words.iter().any(|word| word == ARGS) {
            let message = format!("`args` have no place in `run`, which has no `{ARGS}`");
            return Err(misuse("args", message, "write them into `run`"));
        }
        let args = args.unwrap_or_default();
        let filled = words.into_iter().flat_map(|word| if word == ARGS { args.clone() } else { vec![word] });
        check.run = Some(filled.collect());
        Ok(check)
    }
}

/// What `upper` says, and where it says nothing what `lower` does.
fn over(upper: RawCheck, lower: RawCheck) -> RawCheck {
    RawCheck {
        tool: upper.tool.or(lower.tool),
        run: upper.run.or(lower.run),
        args: upper.args.or(lower.args),
        files: upper.files.or(lower.files),
        exclude: upper.exclude.or(lower.exclude),
        types: upper.types.or(lower.types),
        dir: upper.dir.or(lower.dir),
        version: upper.version.or(lower.version),
        version_command: upper.version_command.or(lower.version_command),
        output: upper.output.or(lower.output),
        output_file: upper.output_file.or(lower.output_file),
        finding_codes: upper.finding_codes.or(lower.finding_codes),
        config: upper.config.or(lower.config),
        coverage: upper.coverage.or(lower.coverage),
        inputs: upper.inputs.or(lower.inputs),
        needs: upper.needs.or(lower.needs),
        timeout: upper.timeout.or(lower.timeout),
        fix: upper.fix.or(lower.fix),
        scope: upper.scope.or(lower.scope),
        isolate: upper.isolate.or(lower.isolate),
        untracked: upper.untracked.or(lower.untracked),
        stdin: upper.stdin.or(lower.stdin),
        shell: upper.shell.or(lower.shell),
        env: upper.env.or(lower.env),
        pass_env: upper.pass_env.or(lower.pass_env),
        exclusive: upper.exclusive.or(lower.exclusive),
        select: upper.select.or(lower.select),
        tests: upper.tests.or(lower.tests),
        level: upper.level.or(lower.level),
        slow: upper.slow.or(lower.slow),
        retries: upper.retries.or(lower.retries),
        quarantine: upper.quarantine.or(lower.quarantine),
        options: upper.options.or(lower.options),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{ARGS, Definition, Kind, find, names};
    use crate::config::raw::RawCheck;
    use crate::config::show::{Origins, show};
    use crate::config::{Check, Config, Fixing, Origin, Output};

    fn load(policy: &str) -> Config {
        Config::load(Some(("tollgate.toml", policy.as_bytes()))).unwrap_or_else(|error| panic!("{policy}: {error}"))
    }

    fn check(table: &str) -> Check {
        load(&format!("[checks.x]\n{table}\n")).checks.remove("x").expect("it is there")
    }

    fn line(check: &Check) -> String {
        check.run.as_ref().map_or(String::new(), |run| run.value.join(" "))
    }

    /// Every use of every known tool, as a check says it.
    fn uses() -> impl Iterator<Item = String> {
        names().flat_map(|name| {
            let Definition { check, fix, stdin, .. } = find(name).expect("it is known");
            let looks = check.run.is_some().then_some("fix = \"off\"");
            let others = [looks, fix.map(|_| "fix = \"safe\""), stdin.map(|_| "stdin = true"), Some("")];
            others.into_iter().flatten().map(move |more| format!("tool = \"{name}\"\n{more}"))
        })
    }

    #[test]
    fn every_definition_says_what_it_has_to() {
        for name in names() {
            let definition = find(name).expect("it is known");
            let texts = [&definition.summary, &definition.url, &definition.licence, &definition.install];
            assert!(texts.iter().all(|text| !text.is_empty()), "{name}");
            assert!(definition.summary.ends_with('.') && definition.url.starts_with("https://"), "{name}");
            assert!(definition.kind != Kind::Formatter || definition.fix.is_some(), "{name}");
            assert!(definition.check.run.is_some() || definition.fix.is_some(), "{name}");
            let fix = definition.fix.as_ref();
            assert!(fix.is_none_or(|fix| fix.finding_codes.is_some()), "{name}: what mends says when it has failed");
            for RawCheck { run, finding_codes, .. } in
                [Some(definition.check), definition.fix, definition.stdin].into_iter().flatten()
            {
                let Some(run) = run else { continue };
                assert_eq!(run.iter().filter(|word| *word == ARGS).count(), 1, "{name}: {run:?}");
                assert!(finding_codes.is_none_or(|codes| !codes.contains(&0)), "{name}: 0 is clean");
            }
        }
    }

    #[test]
    fn every_use_of_a_tool_is_a_command_that_says_what_it_depends_on() {
        for table in uses() {
            let check = check(&table);
            assert!(!line(&check).contains(ARGS), "{table}");
            // A test may read any file.
            let is_suite = find(&check.tool).is_some_and(|known| known.kind == Kind::Suite);
            assert_eq!(matches!(check.output, Output::Tests(_)), is_suite, "{table}");
            assert_eq!(check.files.is_empty() && check.types.is_empty(), is_suite, "{table}: for which files?");
            assert!(check.inputs.is_some(), "{table}: what does it depend on?");
            let (mends, is_read) = (check.fix == Fixing::Safe, check.output != Output::ExitCode);
            assert!(!mends || !is_read, "{table}: what it mends is seen, not read");
        }
    }

    #[test]
    fn what_a_check_says_beats_the_definition() {
        assert!(line(&check("tool = \"ruff\"")).ends_with("--no-fix {files}"));
        let more = check("tool = \"ruff\"\nargs = [\"--select\", \"E\"]\nfiles = [\"a/**\"]\nlevel = \"note\"");
        assert!(line(&more).ends_with("--no-fix --select E {files}"));
        assert_eq!((more.files, more.finding_codes), (vec!["a/**".to_owned()], Some(vec![1])));
        let own = check("tool = \"ruff\"\nrun = [\"uv\", \"run\", \"ruff\", \"{args}\"]\nargs = [\"x\"]");
        assert_eq!((line(&own).as_str(), own.output), ("uv run ruff x", Output::Sarif));
        let version = check("tool = \"clippy\"\nversion = \">=0.1\"");
        assert_eq!(version.version_command, ["cargo", "clippy", "--version"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (table, message) in [
            ("tool = \"ruf\"", "there is no known tool `ruf`"),
            ("tool = \"ruff\"\noptions = {}", "`options` are for built-in checks, and this check has `tool`"),
            ("tool = \"yamllint\"\nfix = \"safe\"", "`yamllint` can't mend"),
            ("tool = \"yamllint\"\nstdin = true", "`yamllint` is not known to read from its standard input"),
            ("tool = \"ruff\"\nrun = [\"x\"]\nargs = [\"y\"]", "`args` have no place in `run`, which has no `{args}`"),
            ("run = [\"x\"]\nargs = [\"y\"]", "`args` are for a known tool, and this check has `run` alone"),
            ("args = [\"y\"]", "`args` says how a command runs, and [checks.x] has no `run`"),
            (
                "tool = \"black\"\nisolate = \"none\"",
                "a command with `fix = \"safe\"` runs in a copy, never in the work tree",
            ),
        ] {
            let policy = format!("[checks.x]\n{table}\n");
            let error = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect_err(&policy);
            let messages: Vec<&str> = error.problems().iter().map(|problem| problem.message.as_str()).collect();
            assert_eq!(messages, [message], "{policy}");
        }
    }

    #[test]
    fn a_linter_looks_and_a_formatter_mends_unless_told_otherwise() {
        let is = |table: &str| (check(table).fix, check(table).output.name());
        assert_eq!(is("tool = \"ruff\""), (Fixing::Off, "sarif"));
        assert_eq!(is("tool = \"ruff\"\nfix = \"safe\""), (Fixing::Safe, "exit-code"));
        assert_eq!(is("tool = \"black\""), (Fixing::Safe, "exit-code"));
        assert_eq!(is("tool = \"black\"\nfix = \"off\""), (Fixing::Off, "diff"));
    }

    #[test]
    fn what_is_shown_of_it_is_a_policy_that_says_the_same() {
        for table in uses() {
            let before = load(&format!("[checks.x]\n{table}\n"));
            let shown = show(&before, Origins::Shown);
            let after = load(&shown);
            let plain = |config: Config| -> BTreeMap<String, Check> {
                let plain = |check: Check| Check {
                    run: check.run.map(|run| crate::config::Sourced { origin: Origin::Default, ..run }),
                    // Who writes down what configures a tool says that there is nothing else.
                    alone: true,
                    origin: Origin::Default,
                    ..check
                };
                config.checks.into_iter().map(|(id, check)| (id, plain(check))).collect()
            };
            assert_eq!(plain(before), plain(after), "{shown}");
        }
        let shown = show(&load("[checks.x]\ntool = \"ruff\"\nfiles = [\"a\"]\n"), Origins::Shown);
        for line in [
            "tool = \"ruff\"  # tollgate.toml:2",
            "files = [\"a\"]  # tollgate.toml:3",
            "# the tool ruff",
            "dir = \"\"  # default",
        ] {
            assert!(shown.contains(line), "{line}: {shown}");
        }
    }
}
