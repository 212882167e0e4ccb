//! `[checks.ID]`: a command of the project's own, or settings of a built-in check.

use regex::Regex;

use crate::config::coverage;
use crate::config::nearest::nearest;
use crate::config::patterns;
use crate::config::places::joined;
use crate::config::quarantine::Quarantine;
use crate::config::raw::{
    RawCheck, RawDescribed, RawFix, RawInputs, RawIsolate, RawOption, RawOutput, RawSeverity, RawUntracked,
};
use crate::config::resolve::{Resolver, fixing, is_family, scope};
use crate::config::select;
use crate::config::version::Requirement;
use crate::config::{Check, Fixing, Format, Inputs, Origin, Output, Select, Sight, Sourced, Untracked, tool};
use crate::model::option::{OptionValue, Options};
use crate::model::path::RepoPath;
use crate::model::rule::Level;

/// Keys that say how a command runs; a built-in check has none of them.
const COMMAND_KEYS: [&str; 25] = [
    "args",
    "finding-codes",
    "dir",
    "version",
    "version-command",
    "output",
    "output-file",
    "coverage",
    "inputs",
    "config",
    "needs",
    "timeout",
    "isolate",
    "untracked",
    "stdin",
    "shell",
    "env",
    "pass-env",
    "exclusive",
    "fix",
    "slow",
    "retries",
    "quarantine",
    "select",
    "tests",
];

/// Those of them that only a test suite has.
const SUITE_KEYS: [&str; 3] = ["slow", "retries", "quarantine"];
/// How often a test suite may be run again.
const MAX_RETRIES: u32 = 10;

/// The check that `[checks.ID]` says; what is wrong with it is reported to the resolver.
pub(crate) fn resolve(resolver: &mut Resolver<'_>, id: &str, raw: RawCheck) -> Check {
    let path = joined("checks", id);
    let key = |key: &str| format!("{path}.{key}");
    validate_id(resolver, &path, id);
    validate_kind(resolver, &path, &raw);
    validate_version_command(resolver, &path, &raw);
    let tool = raw.tool.clone().unwrap_or_default();
    let origin_of_run = match raw.run.is_none() && !tool.is_empty() {
        true => Origin::Tool(tool.clone()),
        false => resolver.origin(&key("run")),
    };
    // Whoever names the configuration says that there is nothing else.
    let alone = raw.config.is_some() || tool::find(&tool).is_some_and(|definition| definition.alone);
    let raw = as_tool(resolver, &path, raw);
    validate(resolver, &path, &raw);
    Check {
        tool,
        finding_codes: raw.finding_codes,
        output: output(resolver, &key("output"), raw.output),
        dir: folder(resolver, &key("dir"), raw.dir),
        output_file: folder(resolver, &key("output-file"), raw.output_file),
        coverage: coverage::report(resolver, &key("coverage"), raw.coverage),
        timeout: resolver.duration(&key("timeout"), raw.timeout.as_deref()),
        version: version(resolver, &key("version"), raw.version.as_deref()),
        version_command: raw.version_command.unwrap_or_default(),
        run: raw.run.map(|value| Sourced { value, origin: origin_of_run }),
        files: raw.files.unwrap_or_default(),
        exclude: raw.exclude.unwrap_or_default(),
        types: raw.types.unwrap_or_default(),
        inputs: raw.inputs.map(inputs),
        config: raw.config,
        alone,
        needs: raw.needs.unwrap_or_default(),
        sight: sight(raw.isolate, raw.untracked),
        stdin: raw.stdin.unwrap_or_default(),
        shell: raw.shell.unwrap_or_default(),
        env: raw.env.unwrap_or_default(),
        pass_env: raw.pass_env,
        exclusive: raw.exclusive.unwrap_or_default(),
        select: raw.select.map_or(Select::All, select::select),
        tests: raw.tests.unwrap_or_default(),
        fix: raw.fix.map_or(Fixing::Off, fixing),
        level: raw.level.map(level),
        scope: raw.scope.map(scope),
        slow: resolver.duration(&key("slow"), raw.slow.as_deref()),
        retries: raw.retries.unwrap_or_default(),
        quarantine: Quarantine { file: folder(resolver, &key("quarantine"), raw.quarantine), entries: Vec::new() },
        options: options(raw.options.into_iter().flatten()),
        origin: resolver.origin(&path),
    }
}

/// What its keys say, each for itself and together.
fn validate(resolver: &mut Resolver<'_>, path: &str, raw: &RawCheck) {
    validate_stdin(resolver, path, raw);
    validate_fix(resolver, path, raw);
    if let Some(problem) = select::problem(resolver.places, path, raw) {
        resolver.report(problem);
    }
    validate_config(resolver, path, raw);
    validate_output_file(resolver, path, raw);
    validate_suite(resolver, path, raw);
    for (key, patterns) in [("files", &raw.files), ("exclude", &raw.exclude), ("tests", &raw.tests)] {
        resolver.validate_patterns(&format!("{path}.{key}"), patterns.as_deref().unwrap_or_default());
    }
    validate_command(resolver, path, raw.run.as_deref(), raw.shell == Some(true));
    validate_env(resolver, path, raw.env.iter().flat_map(|env| env.keys()));
}

fn validate_id(resolver: &mut Resolver<'_>, path: &str, id: &str) {
    if is_family(id) {
        let message = format!("a check can't be called `{id}`, which is the name of a family of checks");
        let hint = format!("give it another name, like [checks.my-{id}]");
        resolver.report(resolver.places.key_problem(path, message, hint));
    } else {
        resolver.validate_name(path, "the id of a check", id);
    }
}

/// What the check says, and beneath it what is known of its tool, if it names one.
fn as_tool(resolver: &mut Resolver<'_>, path: &str, raw: RawCheck) -> RawCheck {
    let Some(name) = raw.tool.clone() else { return raw };
    let Some(definition) = tool::find(&name) else {
        let hint = match nearest(&name, tool::names()) {
            Some(known) => format!("did you mean `{known}`? `tollgate rules list` has them all"),
            None => "`tollgate rules list` has those that are known; say any other's command with `run`".to_owned(),
        };
        let message = format!("there is no known tool `{name}`");
        resolver.report(resolver.places.value_problem(&format!("{path}.tool"), message, hint));
        return raw;
    };
    definition.beneath(&name, raw).unwrap_or_else(|misuse| {
        let place = format!("{path}.{}", misuse.key);
        resolver.report(resolver.places.key_problem(&place, misuse.message, misuse.hint));
        RawCheck::default()
    })
}

/// A command has no options, and what is not a command has nothing that says how it runs.
fn validate_kind(resolver: &mut Resolver<'_>, path: &str, raw: &RawCheck) {
    let kind = match (&raw.tool, &raw.run) {
        (Some(_), _) => Some(("tool", "give a tool its options in `args`")),
        (None, Some(_)) => Some(("run", "give a command its options in `run`")),
        (None, None) => None,
    };
    if let Some((kind, hint)) = kind {
        if raw.options.is_some() {
            let message = format!("`options` are for built-in checks, and this check has `{kind}`");
            resolver.report(resolver.places.key_problem(&format!("{path}.options"), message, hint));
        }
        if raw.args.is_some() && raw.tool.is_none() {
            let message = "`args` are for a known tool, and this check has `run` alone";
            let hint = "write them into `run`";
            resolver.report(resolver.places.key_problem(&format!("{path}.args"), message, hint));
        }
    } else {
        for key in COMMAND_KEYS {
            let place = format!("{path}.{key}");
            if resolver.places.has(&place) {
                let message = format!("`{key}` says how a command runs, and [{path}] has no `run`");
                let hint = "add `run = [\"program\", \"argument\"]`, or remove the key if the check is a built-in one";
                resolver.report(resolver.places.key_problem(&place, message, hint));
            }
        }
    }
}

fn validate_command(resolver: &mut Resolver<'_>, path: &str, run: Option<&[String]>, shell: bool) {
    let place = format!("{path}.run");
    let problem = match run {
        None => return,
        Some([]) => "`run` is empty",
        Some([program, ..]) if program.trim().is_empty() => "`run` starts with an empty program",
        Some([_, _, ..]) if shell => "with `shell = true`, `run` is one text: the line for the shell",
        Some(args) if args.iter().any(|arg| arg.contains('\0')) => "`run` holds a NUL character",
        Some([line]) if !shell && line.contains(' ') => "`run` is one text with spaces, which no program is called",
        Some(_) => return,
    };
    let hint =
        if shell { "write `run = [\"make lint | tee lint.log\"]`" } else { "write `run = [\"make\", \"lint\"]`" };
    resolver.report(resolver.places.value_problem(&place, problem, hint));
}

/// A shell is asked for no version: what it starts is.
fn validate_version_command(resolver: &mut Resolver<'_>, path: &str, raw: &RawCheck) {
    let place = format!("{path}.version-command");
    let problem = match raw.version_command.as_deref() {
        None if raw.shell == Some(true) && raw.version.is_some() => {
            let hint = "write `version-command = [\"make\", \"--version\"]`";
            let message = "with `shell = true`, `version` needs `version-command`";
            return resolver.report(resolver.places.key_problem(&format!("{path}.version"), message, hint));
        }
        None => return,
        Some([]) => "`version-command` is empty",
        Some([program, ..]) if program.trim().is_empty() => "`version-command` starts with an empty program",
        Some(args) if args.iter().any(|arg| arg.contains('\0')) => "`version-command` holds a NUL character",
        Some(_) if raw.version.is_none() && raw.tool.is_none() => {
            "`version-command` is there, and no `version` that is wanted"
        }
        Some(_) => return,
    };
    let hint = "write `version = \">=1.2\"` and `version-command = [\"program\", \"--version\"]`";
    resolver.report(resolver.places.value_problem(&place, problem, hint));
}

/// The version that is wanted.
fn version(resolver: &mut Resolver<'_>, path: &str, raw: Option<&str>) -> Option<Requirement> {
    let requirement = Requirement::parse(raw?);
    if requirement.is_none() {
        let message = format!("`{}` does not say which versions are wanted", raw.unwrap_or_default());
        let hint = "write `\">=0.9\"`, `\">=1.2, <2\"` or `\"3.1\"`: numbers with dots, after `>=`, `>`, `<=`, `<`, `=` or nothing";
        resolver.report(resolver.places.value_problem(path, message, hint));
    }
    requirement
}

/// A command that reads one file from its input is given no list of files.
fn validate_stdin(resolver: &mut Resolver<'_>, path: &str, raw: &RawCheck) {
    let names_all = raw.run.iter().flatten().any(|word| word.contains("{files}"));
    if raw.stdin == Some(true) && names_all {
        let message = "with `stdin = true` a command looks at one file, and `run` names `{files}`";
        let hint = "write `{file}` where the tool wants the name of what it reads";
        resolver.report(resolver.places.value_problem(&format!("{path}.run"), message, hint));
    }
}

/// A command that mends changes files in a copy, and what it changes says what it finds.
fn validate_fix(resolver: &mut Resolver<'_>, path: &str, raw: &RawCheck) {
    if raw.fix != Some(RawFix::Safe) || raw.run.is_none() {
        return;
    }
    let in_place = matches!(raw.isolate, Some(RawIsolate::None));
    let is_read = !matches!(&raw.output, None | Some(RawOutput::Format(_)))
        || matches!(&raw.output, Some(RawOutput::Format(name)) if name != "exit-code");
    let (key, problem, hint) = if in_place {
        ("isolate", "a command with `fix = \"safe\"` runs in a copy, never in the work tree", "remove one of the two")
    } else if raw.stdin == Some(true) {
        let hint = "let it change the files that `{files}` names: `run = [\"black\", \"{files}\"]`";
        ("stdin", "a command with `fix = \"safe\"` changes files, and one with `stdin` gets none", hint)
    } else if is_read {
        let hint = "remove `output`, and let a check of its own read what the tool reports";
        ("output", "what a command with `fix = \"safe\"` finds is what it changes", hint)
    } else if raw.coverage.is_some() {
        ("coverage", "a command with `fix = \"safe\"` changes files, and tests nothing", "remove one of the two")
    } else {
        return;
    };
    resolver.report(resolver.places.key_problem(&format!("{path}.{key}"), problem, hint));
}

/// Entries of `config` are patterns or paths.
fn validate_config(resolver: &mut Resolver<'_>, path: &str, raw: &RawCheck) {
    let Some(config) = &raw.config else { return };
    let (outside, inside): (Vec<_>, Vec<_>) = config.iter().enumerate().partition(|(_, entry)| is_outside(entry));
    for (index, _) in outside.iter().filter(|(_, entry)| entry.contains(['*', '?', '[', '\0'])) {
        let message = "a path outside of the repository is no pattern";
        let hint = "name the file or the folder itself: `~/.config/yamllint/config`";
        resolver.report(resolver.places.value_problem(&format!("{path}.config[{index}]"), message, hint));
    }
    for (index, pattern) in inside {
        if let Err(error) = patterns::validate(pattern) {
            let hint = "write patterns as in a .gitignore file, or paths in the home folder that start with `~/`";
            resolver.report(resolver.places.value_problem(&format!("{path}.config[{index}]"), error.to_string(), hint));
        }
    }
}

/// Whether an entry of `config` names something outside of the repository.
pub(crate) fn is_outside(entry: &str) -> bool {
    entry.starts_with("~/")
}

/// Several files are a report only where it does not matter which test is told in which.
fn validate_output_file(resolver: &mut Resolver<'_>, path: &str, raw: &RawCheck) {
    let is_pattern = raw.output_file.as_ref().is_some_and(|file| file.contains(['*', '?', '[', '{']));
    let is_suite = is_suite(raw);
    if is_pattern && !is_suite {
        let message = "`output-file` is a pattern, and only reports of test suites may be several files";
        let place = format!("{path}.output-file");
        resolver.report(resolver.places.value_problem(&place, message, "name one file"));
    }
}

fn is_suite(raw: &RawCheck) -> bool {
    matches!(&raw.output, Some(RawOutput::Format(name))
        if Output::NAMES.iter().any(|(known, output)| known == name && matches!(output, Output::Tests(_))))
}

/// What only tests have, and how often they are run.
fn validate_suite(resolver: &mut Resolver<'_>, path: &str, raw: &RawCheck) {
    let said = [raw.slow.is_some(), raw.retries.is_some(), raw.quarantine.is_some()];
    for (key, _) in SUITE_KEYS.into_iter().zip(said).filter(|(_, said)| *said && !is_suite(raw)) {
        let message = format!("`{key}` is for test suites, and this check reads no report of tests");
        let hint = "say by `output` which report it writes: `output = \"junit\"`";
        resolver.report(resolver.places.key_problem(&format!("{path}.{key}"), message, hint));
    }
    if raw.retries.is_some_and(|retries| retries > MAX_RETRIES) {
        let message = format!("`retries` is at most {MAX_RETRIES}");
        let hint = "a test that passes so seldom belongs into a quarantine";
        resolver.report(resolver.places.value_problem(&format!("{path}.retries"), message, hint));
    }
}

fn sight(isolate: Option<RawIsolate>, untracked: Option<RawUntracked>) -> Sight {
    match (isolate, untracked) {
        (Some(RawIsolate::None), _) => Sight::WorkTree,
        (_, None) => Sight::Judged(None),
        (_, Some(RawUntracked::Hide)) => Sight::Judged(Some(Untracked::Hidden)),
        (_, Some(RawUntracked::Show)) => Sight::Judged(Some(Untracked::Shown)),
    }
}

fn validate_env<'a>(resolver: &mut Resolver<'_>, path: &str, names: impl Iterator<Item = &'a String>) {
    for name in names.filter(|name| name.is_empty() || name.contains(['=', '\0'])) {
        let message = format!("`{name}` is not the name of an environment variable");
        resolver.report(resolver.places.key_problem(&joined(&format!("{path}.env"), name), message, ""));
    }
}

fn output(resolver: &mut Resolver<'_>, path: &str, raw: Option<RawOutput>) -> Output {
    match raw {
        None => Output::ExitCode,
        Some(RawOutput::Format(name)) => named_output(resolver, path, &name),
        Some(RawOutput::Described(RawDescribed { pattern: Some(pattern), matcher: None })) => {
            validate_line_pattern(resolver, &format!("{path}.pattern"), &pattern);
            Output::Findings(Format::Pattern(pattern))
        }
        Some(RawOutput::Described(RawDescribed { pattern: None, matcher: Some(matcher) })) => {
            let matcher = folder(resolver, &format!("{path}.matcher"), Some(matcher));
            Output::Findings(Format::Matcher(matcher))
        }
        Some(RawOutput::Described(_)) => {
            let hint = "write `{ pattern = '^(?<path>[^:]+):(?<line>\\d+): (?<message>.*)$' }` or `{ matcher = \"file.json\" }`";
            let message = "`output` describes lines by one of `pattern` and `matcher`";
            resolver.report(resolver.places.value_problem(path, message, hint));
            Output::ExitCode
        }
    }
}

fn named_output(resolver: &mut Resolver<'_>, path: &str, name: &str) -> Output {
    let known = || Output::NAMES.iter().map(|(name, _)| *name);
    if let Some((_, output)) = Output::NAMES.into_iter().find(|(known, _)| *known == name) {
        return output;
    }
    let list = known().collect::<Vec<_>>().join(", ");
    let hint = match nearest(name, known()) {
        Some(meant) => format!("did you mean `{meant}`? What can be read: {list}"),
        None => format!("what can be read: {list}, or lines with `{{ pattern = \"...\" }}`, `{{ matcher = \"...\" }}`"),
    };
    let message = format!("`{name}` is not a known format of output");
    resolver.report(resolver.places.value_problem(path, message, hint));
    Output::ExitCode
}

/// A pattern for lines has to compile, and to say what is wrong and in which file.
fn validate_line_pattern(resolver: &mut Resolver<'_>, path: &str, pattern: &str) {
    let problem = match Regex::new(pattern) {
        Ok(regex) => {
            let has = |group: &str| regex.capture_names().flatten().any(|name| name == group);
            let unknown =
                regex.capture_names().flatten().find(|name| !Format::GROUPS.contains(name)).map(str::to_owned);
            match (Format::NEEDED_GROUPS.iter().find(|group| !has(group)), unknown) {
                (Some(group), _) => format!("the pattern has no group `{group}`"),
                (None, Some(group)) => format!("the pattern has the group `{group}`, which means nothing"),
                (None, None) => return,
            }
        }
        Err(error) => {
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("the pattern is no regular expression: {why}")
        }
    };
    let hint = format!("groups are written `(?<path>...)`; there are {}", Format::GROUPS.join(", "));
    resolver.report(resolver.places.value_problem(path, problem, hint));
}

/// A path below the top of the repository (or below the check's own folder), without `./` and the last slash.
fn folder(resolver: &mut Resolver<'_>, path: &str, raw: Option<String>) -> String {
    let Some(raw) = raw else { return String::new() };
    let trimmed = raw.trim_start_matches("./").trim_end_matches('/');
    if raw.starts_with('/') || !(trimmed.is_empty() || trimmed == "." || RepoPath::from(trimmed).is_inside()) {
        let message = format!("`{path}` leads out of the repository or is not a plain path");
        let hint = "write it from the top of the repository, with `/`: `services/api`";
        resolver.report(resolver.places.value_problem(path, message, hint));
    }
    if trimmed == "." { String::new() } else { trimmed.to_owned() }
}

fn inputs(raw: RawInputs) -> Inputs {
    match raw {
        RawInputs::File => Inputs::File,
        RawInputs::Project => Inputs::Project,
    }
}

fn level(raw: RawSeverity) -> Level {
    match raw {
        RawSeverity::Error => Level::Error,
        RawSeverity::Warning => Level::Warning,
        RawSeverity::Note => Level::Note,
    }
}

fn options(raw: impl Iterator<Item = (String, RawOption)>) -> Options {
    let mut options = Options::default();
    for (name, value) in raw {
        let value = match value {
            RawOption::Flag(flag) => OptionValue::Flag(flag),
            RawOption::Number(number) => OptionValue::Number(number),
            RawOption::Text(text) => OptionValue::Text(text),
            RawOption::List(list) => OptionValue::List(list),
        };
        options.set(name, value);
    }
    options
}
