//! `tollgate.toml` as it is written: every key, none resolved. The doc comments are the manual and the descriptions in
//! the JSON schema. Also names the keys that this version refuses.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// The policy of a repository. Every key is optional; without a file the defaults run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "tollgate.toml")]
pub(crate) struct RawConfig {
    /// The oldest version of tollgate that understands this file, like "0.2". An older one says so before it complains
    /// about anything else.
    pub(crate) min_version: Option<String>,
    /// What this policy builds on: a numbered pack of built-in rules (`tollgate:recommended@1`), a file of this
    /// repository by its path from this file's folder (`policy/base.toml`), a file of another repository in a commit
    /// (`git:https://example.org/policy.git@COMMIT#gate.toml`). Later ones beat earlier ones, and this file beats all;
    /// `exclude` and `overrides` are added to theirs.
    pub(crate) extends: Option<Vec<String>>,
    /// Files that nothing looks at: patterns in gitignore syntax.
    pub(crate) exclude: Option<Vec<String>>,
    /// Whether the built-in rule packs run; they do unless this says `false`.
    pub(crate) builtin: Option<bool>,
    /// What blocks, wherever a stage says nothing else.
    pub(crate) gate: Option<RawGate>,
    /// Which checks run when. Named after git's hooks (`pre-commit`, `pre-merge-commit`, `commit-msg`, `pre-push`),
    /// `pull-request`, `manual`, or freely. `pre-merge-commit` does what `pre-commit` does unless it has its own table.
    #[serde(default)]
    pub(crate) stages: BTreeMap<String, RawStage>,
    /// Commands of your own (with `run`) and settings of built-in checks (without), by id.
    #[serde(default)]
    pub(crate) checks: BTreeMap<String, RawCheck>,
    /// The project's own rules, and the levels of rules and checks.
    pub(crate) rules: Option<RawRules>,
    /// Levels for some files; the last that matches wins.
    pub(crate) overrides: Option<Vec<RawOverride>>,
    /// Checks of the change as a whole.
    pub(crate) change: Option<RawChange>,
    /// What a `tollgate.toml` in a folder below may do beside tightening this one.
    pub(crate) nested: Option<RawNested>,
}

/// What blocks.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawGate {
    /// The lowest level of a finding that blocks: `error` by default, `warning` for a pull request; `none`: no finding
    /// blocks.
    pub(crate) fail_on: Option<RawFailOn>,
    /// Which findings count: `new` (the default), only what the change brings in, or `all`.
    pub(crate) scope: Option<RawScope>,
    /// What a check that could not run means: `block` (the default) or `warn`.
    pub(crate) on_broken: Option<RawOnBroken>,
    /// What suppressions mean that a pull request itself adds: `report` (the default), they count and are shown;
    /// `honour`, they count like all others; `block`, they do not count, so what they hide blocks as if they were not
    /// there.
    pub(crate) new_suppressions: Option<RawSuppressions>,
    /// What the tests must run of a change, by the coverage reports of checks and of `--coverage`: `80` for 80 percent of
    /// the changed lines and each changed function, or `{ lines = 80, functions = false }`.
    pub(crate) coverage: Option<RawCoverageGate>,
}

/// A stage: when it comes, these checks run and this gate judges.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawStage {
    /// What runs: ids of checks and rules, the families `hygiene`, `secrets`, `rules`, `tools`, `tests`, `change` and
    /// `message`, or "*" for all.
    pub(crate) checks: Option<Vec<String>>,
    /// The lowest level of a finding that blocks here; otherwise that of `[gate]`.
    pub(crate) fail_on: Option<RawFailOn>,
    /// Which findings count here; otherwise that of `[gate]`.
    pub(crate) scope: Option<RawScope>,
    /// What a check that could not run means here; otherwise that of `[gate]`.
    pub(crate) on_broken: Option<RawOnBroken>,
    /// What the tests must run of a change here; otherwise that of `[gate]`.
    pub(crate) coverage: Option<RawCoverageGate>,
    /// The most time that the stage may take: "10m", "30s", "1h30m". No limit by default.
    pub(crate) timeout: Option<String>,
    /// Whether the hook applies safe fixes and stages what it mended before it judges: `off` (the default) or `safe`,
    /// for `pre-commit` alone.
    pub(crate) fix: Option<RawFix>,
    /// How many commands run at once; by default one a processor.
    #[schemars(range(min = 1))]
    pub(crate) jobs: Option<usize>,
    /// Which tests run of the suites with `select = "affected"`: `all` (the default of `pull-request` and
    /// `pre-merge-commit`) or `affected` (everywhere else).
    pub(crate) select: Option<RawSelect>,
}

/// A command of your own (with `run`), or settings of a built-in check (without).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawCheck {
    /// A known tool by its name, like `ruff`; `tollgate rules list` has them all. Its definition says how it is called
    /// and understood. Other keys of the check beat what the definition says; `fix = "safe"` lets a linter that can
    /// mend do so, `stdin = true` lets a tool read from its standard input.
    pub(crate) tool: Option<String>,
    /// The command, program first, one text an argument. `{files}` stands for the files to look at, `{file}` for one of
    /// them (the command runs once for each), `{base}` and `{head}` for the revisions, `{report}` for the report file.
    pub(crate) run: Option<Vec<String>>,
    /// More arguments for a known tool: they stand where its command has `{args}`.
    pub(crate) args: Option<Vec<String>>,
    /// The files that it looks at: patterns in gitignore syntax; all by default.
    pub(crate) files: Option<Vec<String>>,
    /// Files that it leaves out: patterns in gitignore syntax.
    pub(crate) exclude: Option<Vec<String>>,
    /// Types of files that it looks at, as pre-commit names them: `python`, `shell`, `text`, `executable`. They are told by
    /// name, extension, first line and content; a file must be of all of them. `"javascript|ts"` is one or the other,
    /// `"!binary"` any but that.
    pub(crate) types: Option<Vec<String>>,
    /// The folder that it runs in, from the top of the repository.
    pub(crate) dir: Option<String>,
    /// The version that the program must have: ">=0.9", ">=1.2, <2", "3.1" (that and all that begin with it). Another
    /// one could not run the check.
    pub(crate) version: Option<String>,
    /// How the program tells its version, as `run` is written; by default it is called with `--version`.
    pub(crate) version_command: Option<Vec<String>>,
    /// How what it prints is understood: `exit-code` (the default: 0 is clean, anything else a finding), `sarif`,
    /// a format of test runners, which makes it a test suite (`junit`, `trx`, `nunit`, `xunit`, `testng`, `tap`,
    /// `cucumber-json`, `jest-json`, `go-test`, `libtest`), `checkstyle`, `eslint-json`, `shellcheck-json`, `rustc-json`, `gcc`, `tsc`, `mypy`, `rdjson`,
    /// `rdjsonl`, `lsp`, `diff` (a hunk is a finding and its fix), `{ pattern = "..." }` or `{ matcher = "..." }`.
    pub(crate) output: Option<RawOutput>,
    /// The file that holds the report, from `dir`; standard output by default. That of a test suite may be several files:
    /// `**/target/surefire-reports/TEST-*.xml`.
    pub(crate) output_file: Option<String>,
    /// The exit codes that say that it found something. Any other but 0 then means that it could not run. By default
    /// every code is an answer, and what it printed decides; but a command with `fix` that ends with any other than 0 may
    /// have failed in the middle of a file, and what it made is thrown away. For one that ends with 1 because it changed
    /// something, or because of what it can't mend, say `[1]`.
    pub(crate) finding_codes: Option<Vec<i32>>,
    /// The files that say how it judges, its own configuration: patterns in gitignore syntax, and paths from `~/` for
    /// those in the home folder; `[]` for none. Where this is said, a command whose `inputs` are `file` is given only those
    /// files of which no earlier run knows what it finds. Settings that `run` names need no mention; code of the repository
    /// that it runs does, with all that this loads: `["tools/**"]`.
    pub(crate) config: Option<Vec<String>>,
    /// The coverage report that it writes beside what it prints, for `[gate] coverage`.
    pub(crate) coverage: Option<RawCoverage>,
    /// What its findings depend on: `file` (each file by itself) or `project` (all of it). By default `file` if the
    /// command names files, else `project`.
    pub(crate) inputs: Option<RawInputs>,
    /// Checks that end before it starts, by id. It is skipped if one of them could not run, or if a command or a test of
    /// theirs failed; a finding that may be older than the change stops nothing. One that is no part of the run is not
    /// waited for, and that is said.
    pub(crate) needs: Option<Vec<String>>,
    /// The most time that it may take: "10m", "30s", "1h30m". No limit by default.
    pub(crate) timeout: Option<String>,
    /// Whether it mends the files that it is given, as formatters do: `off` (the default) or `safe`. With `safe` it runs
    /// by itself in a copy; what it changes there, in files of the change, is what it finds and a fix that nobody has to
    /// look at, for `tollgate fix` and for a stage that mends. An exit code other than 0 counts only if it stays when the
    /// command is run again on what it changed.
    pub(crate) fix: Option<RawFix>,
    /// Which of its findings count: `new`, only what the change brings in, or `all`. By default what the stage says.
    pub(crate) scope: Option<RawScope>,
    /// What it gets to see: `auto` (the default: exactly what is judged, in the work tree if that holds it, else in a
    /// copy) or `none` (the work tree as it is, whatever is judged).
    pub(crate) isolate: Option<RawIsolate>,
    /// Whether it sees files that are not tracked: `hide` or `show`. By default they are hidden from a command that
    /// names files and shown to any other. In a copy there are none; what git ignores does not count.
    pub(crate) untracked: Option<RawUntracked>,
    /// Whether it reads the file that it looks at from its standard input, one file a call: the judged content, without
    /// a copy on the disk. `{file}` in `run` is the name: `["prettier", "--stdin-filepath", "{file}"]`. It runs in the
    /// work tree, whose configuration files it finds.
    pub(crate) stdin: Option<bool>,
    /// Whether `run` is one line for a shell rather than a program and its arguments.
    pub(crate) shell: Option<bool>,
    /// Environment variables to set.
    pub(crate) env: Option<BTreeMap<String, String>>,
    /// The inherited environment variables that it gets; by default all but git's own.
    pub(crate) pass_env: Option<Vec<String>>,
    /// Whether nothing else may run beside it.
    pub(crate) exclusive: Option<bool>,
    /// Which of its tests run: `all` (the default) or `affected`, those that need a changed file by what they import;
    /// all where that can't be told, with the reason. In `run` one of `{python-tests}`, `{javascript-tests}`,
    /// `{jest-tests}`, `{go-tests}`, `{cargo-tests}`, `{nextest-tests}`, `{maven-tests}`, `{gradle-tests}` stands for
    /// them, in the way that the runner is told. A stage may want all.
    pub(crate) select: Option<RawSelect>,
    /// The files that are tests, for `select`: patterns in gitignore syntax. By default those that the runner takes for
    /// tests by itself.
    pub(crate) tests: Option<Vec<String>>,
    /// The level of its findings, instead of its own.
    pub(crate) level: Option<RawSeverity>,
    /// For a test suite: from which time on a test is told to be slow, in a note: "5s", "1m".
    pub(crate) slow: Option<String>,
    /// For a test suite: how often it is run again if a test failed, at most 10. A test that then passes is told in a
    /// note.
    #[schemars(range(max = 10))]
    pub(crate) retries: Option<u32>,
    /// For a test suite: a file, from the top of the repository, with the tests that are known to fail now and then. It
    /// holds `[[test]]` tables with `name` (a `*` at its end stands for any ending), `owner`, `reason` and `until`, the
    /// last day. Such a test runs, and its failure does not block. The list is read where the policy is.
    pub(crate) quarantine: Option<String>,
    /// Options of a built-in check; `tollgate explain ID` lists them.
    pub(crate) options: Option<BTreeMap<String, RawOption>>,
}

/// The project's own rules, and the levels of rules and checks.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawRules {
    /// The project's own rule files, in ast-grep's YAML: patterns in gitignore syntax.
    pub(crate) paths: Option<Vec<String>>,
    /// Files with utility rules that all of these may use by `matches` (ast-grep's `utilDirs`): patterns in gitignore
    /// syntax. A file that `paths` names as well is one of these and no rule.
    pub(crate) utils: Option<Vec<String>>,
    /// Levels by id of a rule or check; `off` switches it off.
    #[serde(default)]
    pub(crate) levels: BTreeMap<String, RawLevel>,
}

/// Levels for some files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawOverride {
    /// The files: patterns in gitignore syntax.
    pub(crate) files: Vec<String>,
    /// Levels by id of a rule or check; `off` switches it off.
    pub(crate) levels: BTreeMap<String, RawLevel>,
}

/// Checks of the change as a whole.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawChange {
    /// The most changed lines of a change before `change-too-large` speaks up; 800 by default.
    pub(crate) max_lines: Option<u64>,
}

/// What a `tollgate.toml` in a folder below may do. It has `[rules]`, `[[overrides]]`, commands and `exclude` for its
/// folder, and may raise levels and add checks and rules.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawNested {
    /// What else it may do: lower levels in `rules.levels`, lower them in `overrides`, leave files out by `exclude`.
    pub(crate) allow: Option<Vec<RawAllowance>>,
}

/// What a policy for a folder may do.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum RawAllowance {
    #[serde(rename = "rules.levels")]
    Levels,
    #[serde(rename = "overrides")]
    Overrides,
    #[serde(rename = "exclude")]
    Exclude,
}

/// The lowest level that blocks.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawFailOn {
    Error,
    Warning,
    Note,
    None,
}

/// A level, or off.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawLevel {
    Error,
    Warning,
    Note,
    Off,
}

/// A level.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawSeverity {
    Error,
    Warning,
    Note,
}

/// Which findings count.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawScope {
    New,
    All,
}

/// What a check that could not run means.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawOnBroken {
    Block,
    Warn,
}

/// What new suppressions mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawSuppressions {
    Honour,
    Report,
    Block,
}

/// Which tests run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawSelect {
    All,
    Affected,
}

/// Which fixes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawFix {
    Off,
    Safe,
}

/// What findings depend on.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawInputs {
    File,
    Project,
}

/// What a command gets to see.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawIsolate {
    Auto,
    None,
}

/// Whether a command sees files that are not tracked.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawUntracked {
    Hide,
    Show,
}

/// How output is understood: the name of a format, a pattern or problem matchers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RawOutput {
    /// The name of a format.
    Format(String),
    /// A pattern for its lines, or a file that has some.
    Described(RawDescribed),
}

/// What lines of output look like; one of the two.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawDescribed {
    /// A regular expression for a line that holds a finding, with the named groups `path` and `message`, and if it has
    /// them `line`, `column`, `end_line`, `end_column` (the one after the last), `level` and `rule`. Columns count
    /// characters.
    pub(crate) pattern: Option<String>,
    /// A file with problem matchers, as GitHub and Visual Studio Code have them, from the top of the repository.
    pub(crate) matcher: Option<String>,
}

/// A coverage report that a command writes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawCoverage {
    /// Its format: `lcov`, `cobertura`, `jacoco`, `clover`, `coverage-py` (the JSON of coverage.py), `go`, `llvm-cov` (the
    /// JSON of `llvm-cov export`), `simplecov` or `istanbul` (`coverage-final.json`).
    pub(crate) format: String,
    /// The file, from `dir`; with `*` and `**` for several.
    pub(crate) file: String,
}

/// What the tests must run of a change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RawCoverageGate {
    /// The lowest percentage of changed lines, and each changed function.
    Lines(#[schemars(range(max = 100))] u32),
    /// Each by itself.
    Conditions(RawConditions),
}

/// What the tests must run of a change, each by itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawConditions {
    /// The lowest percentage of the changed lines that can be run; any by default.
    #[schemars(range(max = 100))]
    pub(crate) lines: Option<u32>,
    /// Whether at least one line of each changed function must be run; so it is by default.
    pub(crate) functions: Option<bool>,
}

/// The value of an option of a built-in check.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RawOption {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// Text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
}
