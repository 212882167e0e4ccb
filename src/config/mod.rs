//! The policy: what `tollgate.toml` says, resolved to values that each know where they come from. Takes bytes; knows
//! nothing of where they were read.

pub(crate) mod check;
pub(crate) mod coverage;
mod defaults;
mod diagnose;
pub(crate) mod duration;
pub(crate) mod extends;
pub(crate) mod given;
mod layer;
mod load;
pub(crate) mod nearest;
pub(crate) mod nested;
pub(crate) mod patterns;
mod places;
pub(crate) mod problem;
pub(crate) mod quarantine;
mod raw;
mod resolve;
pub(crate) mod schema;
pub(crate) mod select;
pub(crate) mod show;
pub(crate) mod tool;
pub(crate) mod version;
pub(crate) mod vocabulary;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::config::coverage::{CoverageGate, CoverageReport};
use crate::config::extends::Site;
use crate::config::places::Places;
use crate::config::quarantine::Quarantine;
use crate::config::version::Requirement;
use crate::model::finding::Finding;
use crate::model::option::Options;
use crate::model::rule::Level;
use crate::model::suppression::NewSuppressions;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Built in.
    Default,
    /// A configuration file.
    File {
        /// Its name for people: `tollgate.toml`, `tollgate.toml at 1a2b3c4d5e`.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// The definition of this tool.
    Tool(String),
    /// An option of the command line or a variable: `--fail-on`, `TOLLGATE_SKIP`.
    Given(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line } => write!(f, "{name}:{line}"),
            Self::Tool(name) => write!(f, "the tool {name}"),
            Self::Given(name) => f.write_str(name),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// Which findings count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those that the change brings in.
    New,
    /// All.
    All,
}

/// What a check that could not run means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnBroken {
    /// It blocks.
    Block,
    /// It is said and does not block.
    Warn,
}

/// What blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    /// The lowest level of a finding that blocks; `None` if no finding does.
    pub(crate) fail_on: Sourced<Option<Level>>,
    /// Which findings count.
    pub(crate) scope: Sourced<Scope>,
    /// What a check that could not run means.
    pub(crate) on_broken: Sourced<OnBroken>,
    /// What the coverage of the change must be; `None` if it may be anything.
    pub(crate) coverage: Sourced<Option<CoverageGate>>,
}

/// A stage: which checks run, and its own gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    /// Check ids, rule ids, families, `*`.
    pub(crate) checks: Sourced<Vec<String>>,
    /// The gate of the stage: its own values, else those of `[gate]`.
    pub(crate) gate: Gate,
    /// Which fixes its hook applies.
    pub(crate) fix: Sourced<Fixing>,
    /// The most time that the stage may take; `None` for no limit.
    pub(crate) timeout: Sourced<Option<Duration>>,
    /// How many commands run at once; `None` for one a processor.
    pub(crate) jobs: Sourced<Option<usize>>,
    /// Which tests run of the suites that select.
    pub(crate) select: Sourced<Select>,
}

/// Which tests of a suite run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Select {
    /// All.
    All,
    /// Those that the change may affect.
    Affected,
}

/// Which fixes are applied: by a hook before it judges, of those of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fixing {
    /// None.
    Off,
    /// Those that nobody has to look at.
    Safe,
}

/// How what a command prints is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Only its exit code counts: 0 is clean, anything else one finding.
    ExitCode,
    /// SARIF.
    Sarif,
    /// The report of a test runner: the command is a test suite.
    Tests(TestFormat),
    /// Findings in another format.
    Findings(Format),
}

/// A format in which test runners report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestFormat {
    /// JUnit XML, in any dialect.
    Junit,
    /// Visual Studio's test results.
    Trx,
    /// NUnit's XML, of versions 2 and 3.
    Nunit,
    /// The XML of xUnit.net.
    Xunit,
    /// The XML of TestNG.
    Testng,
    /// The Test Anything Protocol, versions 12 to 14.
    Tap,
    /// The JSON of Cucumber.
    Cucumber,
    /// The JSON of Jest.
    Jest,
    /// What `go test -json` prints.
    GoTest,
    /// The JSON of Rust's test harness, and of nextest in its form.
    Libtest,
}

/// A format of findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Checkstyle's XML.
    Checkstyle,
    /// The JSON of ESLint.
    EslintJson,
    /// The JSON of shellcheck.
    ShellcheckJson,
    /// The JSON of rustc, clippy and cargo.
    RustcJson,
    /// Lines as gcc writes them.
    Gcc,
    /// Lines of TypeScript's compiler.
    Tsc,
    /// Lines of mypy.
    Mypy,
    /// Reviewdog's JSON.
    Rdjson,
    /// Reviewdog's JSON, a diagnostic a line.
    Rdjsonl,
    /// Diagnostics of the Language Server Protocol.
    Lsp,
    /// A unified diff.
    Diff,
    /// Lines of this form: a regular expression with named groups.
    Pattern(String),
    /// Lines as the problem matchers in this file say, from the top of the repository.
    Matcher(String),
}

impl Format {
    /// The groups that a pattern may have.
    pub(crate) const GROUPS: [&'static str; 8] =
        ["path", "line", "column", "end_line", "end_column", "level", "rule", "message"];
    /// Those that it must have.
    pub(crate) const NEEDED_GROUPS: [&'static str; 2] = ["path", "message"];
}

impl Output {
    /// Every format that has a name, with it.
    pub(crate) const NAMES: [(&'static str, Self); 23] = [
        ("exit-code", Self::ExitCode),
        ("sarif", Self::Sarif),
        ("junit", Self::Tests(TestFormat::Junit)),
        ("trx", Self::Tests(TestFormat::Trx)),
        ("nunit", Self::Tests(TestFormat::Nunit)),
        ("xunit", Self::Tests(TestFormat::Xunit)),
        ("testng", Self::Tests(TestFormat::Testng)),
        ("tap", Self::Tests(TestFormat::Tap)),
        ("cucumber-json", Self::Tests(TestFormat::Cucumber)),
        ("jest-json", Self::Tests(TestFormat::Jest)),
        ("go-test", Self::Tests(TestFormat::GoTest)),
        ("libtest", Self::Tests(TestFormat::Libtest)),
        ("checkstyle", Self::Findings(Format::Checkstyle)),
        ("eslint-json", Self::Findings(Format::EslintJson)),
        ("shellcheck-json", Self::Findings(Format::ShellcheckJson)),
        ("rustc-json", Self::Findings(Format::RustcJson)),
        ("gcc", Self::Findings(Format::Gcc)),
        ("tsc", Self::Findings(Format::Tsc)),
        ("mypy", Self::Findings(Format::Mypy)),
        ("rdjson", Self::Findings(Format::Rdjson)),
        ("rdjsonl", Self::Findings(Format::Rdjsonl)),
        ("lsp", Self::Findings(Format::Lsp)),
        ("diff", Self::Findings(Format::Diff)),
    ];

    /// The name of the format; empty for one that the configuration describes itself.
    pub(crate) fn name(&self) -> &'static str {
        Self::NAMES.iter().find(|(_, output)| output == self).map_or("", |(name, _)| name)
    }
}

/// What a command's findings depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inputs {
    /// Each file by itself.
    File,
    /// The project as a whole.
    Project,
}

/// What a command gets to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// What is judged, and beside it what is not tracked if it says so; `None` leaves that to the kind of command.
    Judged(Option<Untracked>),
    /// The work tree as it is.
    WorkTree,
}

/// What becomes of files that are not tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untracked {
    /// The command does not see them.
    Hidden,
    /// It sees them where it runs in the work tree.
    Shown,
}

/// What `[checks.ID]` says: a command of the project's own, or settings of a built-in check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// The known tool that it runs; empty for a command of the project's own and for a built-in check.
    pub(crate) tool: String,
    /// The command, program first, with the placeholders `{files}`, `{file}`, `{base}`, `{head}`, `{report}`; `None`
    /// for a built-in check.
    pub(crate) run: Option<Sourced<Vec<String>>>,
    /// Gitignore patterns of the files that it looks at; empty for all.
    pub(crate) files: Vec<String>,
    /// Gitignore patterns of files that it leaves out.
    pub(crate) exclude: Vec<String>,
    /// Tags that all its files bear, as `identify` of pre-commit names them; empty for all.
    pub(crate) types: Vec<String>,
    /// The folder that it runs in, from the top of the repository; empty for the top.
    pub(crate) dir: String,
    /// How what it prints is understood.
    pub(crate) output: Output,
    /// The file that holds the report, from `dir`; empty if standard output does.
    pub(crate) output_file: String,
    /// The exit codes that say that it found something, where any other but 0 means that it could not run; `None` if
    /// every code is an answer, of a command that mends none but 0.
    pub(crate) finding_codes: Option<Vec<i32>>,
    /// Patterns and paths of the files that say how it judges, its own configuration; `None` if that is not said.
    pub(crate) config: Option<Vec<String>>,
    /// Whether what it finds in a file depends on that file and on `config` alone, as far as `inputs` allow that.
    pub(crate) alone: bool,
    /// The coverage report that it writes beside.
    pub(crate) coverage: Option<CoverageReport>,
    /// What its findings depend on; `None` means: each file if the command names files, else the project.
    pub(crate) inputs: Option<Inputs>,
    /// Checks that end before it starts, and whose failure leaves it out.
    pub(crate) needs: Vec<String>,
    /// The most time that it may take.
    pub(crate) timeout: Option<Duration>,
    /// The version that its program must have; `None` for any.
    pub(crate) version: Option<Requirement>,
    /// How the program tells its version, program first; empty for `--version`.
    pub(crate) version_command: Vec<String>,
    /// What it gets to see.
    pub(crate) sight: Sight,
    /// Whether it reads the file that it looks at from its standard input.
    pub(crate) stdin: bool,
    /// Whether the arguments are one line for a shell.
    pub(crate) shell: bool,
    /// Variables to set.
    pub(crate) env: BTreeMap<String, String>,
    /// Inherited variables that it gets; `None` for all but git's own.
    pub(crate) pass_env: Option<Vec<String>>,
    /// Whether it needs the machine for itself.
    pub(crate) exclusive: bool,
    /// Which of its tests run, where the stage does not want all.
    pub(crate) select: Select,
    /// Gitignore patterns of the files that are tests; empty for those that the runner takes for tests by itself.
    pub(crate) tests: Vec<String>,
    /// Whether what it changes in its copy of the files are fixes.
    pub(crate) fix: Fixing,
    /// The level of its findings; `None` for its own.
    pub(crate) level: Option<Level>,
    /// Which of its findings count; `None` for what the stage says.
    pub(crate) scope: Option<Scope>,
    /// Options of a built-in check, not yet compared with what it accepts.
    pub(crate) options: Options,
    /// From which time on a test of it is slow; `None` for never.
    pub(crate) slow: Option<Duration>,
    /// How often it is run again if a test of it failed.
    pub(crate) retries: u32,
    /// The tests of it that are known to fail now and then.
    pub(crate) quarantine: Quarantine,
    /// Where it is said.
    pub(crate) origin: Origin,
}

/// A level that the configuration gives a rule; `None` switches it off.
pub(crate) type RuleLevel = Option<Level>;

/// Levels for some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Override {
    /// Gitignore patterns.
    pub(crate) files: Vec<String>,
    /// Levels by rule or check id.
    pub(crate) levels: BTreeMap<String, Sourced<RuleLevel>>,
}

/// What the policy at the top lets those of folders do beside tightening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowance {
    /// Lower the levels of rules, or switch them off.
    Levels,
    /// The same for some of the folder's files.
    Overrides,
    /// Leave files out.
    Exclude,
}

impl Allowance {
    /// Each with its name.
    pub(crate) const NAMES: [(&'static str, Self); 3] =
        [("rules.levels", Self::Levels), ("overrides", Self::Overrides), ("exclude", Self::Exclude)];
}

/// The rule files that a pinned policy brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinnedRules {
    /// The tree that they are in.
    pub(crate) site: Site,
    /// Gitignore patterns of its rules.
    pub(crate) paths: Vec<String>,
    /// Gitignore patterns of its utility rules.
    pub(crate) utilities: Vec<String>,
}

/// The resolved policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// The oldest version of tollgate that understands the policy; it is not newer than this one.
    pub(crate) min_version: Sourced<Option<String>>,
    /// Gitignore patterns of files that nothing looks at.
    pub(crate) exclude: Sourced<Vec<String>>,
    /// Whether the built-in packs run.
    pub(crate) builtin: Sourced<bool>,
    /// The gate outside of any stage's own.
    pub(crate) gate: Gate,
    /// The stages by name; git's hooks, `pull-request` and `manual` are always there.
    pub(crate) stages: BTreeMap<String, Stage>,
    /// What suppressions mean that a pull request adds.
    pub(crate) new_suppressions: Sourced<NewSuppressions>,
    /// Checks by id.
    pub(crate) checks: BTreeMap<String, Check>,
    /// Gitignore patterns of the project's own rule files.
    pub(crate) rule_paths: Sourced<Vec<String>>,
    /// Gitignore patterns of the files with utility rules for these.
    pub(crate) utility_paths: Sourced<Vec<String>>,
    /// Levels by rule or check id.
    pub(crate) levels: BTreeMap<String, Sourced<RuleLevel>>,
    /// Levels for some files; the last that matches wins.
    pub(crate) overrides: Vec<Override>,
    /// The most changed lines of a change, for `change-too-large`.
    pub(crate) max_lines: Sourced<u64>,
    /// What policies of folders may do.
    pub(crate) nested_allow: Sourced<Vec<Allowance>>,
    /// The packs of built-in rules; none for the newest of the recommended.
    pub(crate) packs: Vec<Sourced<String>>,
    /// The rule files that pinned policies bring.
    pub(crate) pinned_rules: Vec<PinnedRules>,
    /// What a reader must know beside it: configuration that is there and was not read.
    pub(crate) notices: Vec<String>,
    /// Where each key of the file stands.
    pub(crate) places: Places,
}

impl Config {
    /// Whether a finding counts for a gate: one that the change does not bring in does where its check, or else the gate,
    /// says that all count.
    pub(crate) fn counts(&self, finding: &Finding, gate: &Gate) -> bool {
        let id = finding.rule.as_str();
        let check = || self.checks.get(id).or_else(|| self.checks.get(id.split_once('/')?.0));
        finding.is_brought_in() || check().and_then(|check| check.scope).unwrap_or(gate.scope.value) == Scope::All
    }
}
