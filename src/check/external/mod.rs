//! Commands of the project's own: what to run, and how what they print becomes findings.

mod forgiven;
mod formats;
#[cfg(test)]
mod known;
mod lookup;
pub(crate) mod memory;
pub(crate) mod read;
#[cfg(test)]
mod recorded;
mod shell;
pub(crate) mod suite;
mod told;
mod version;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::check::affected::Tests;
use crate::check::affected::runner::{self, Runner};
use crate::config::{Check, Fixing, Format, Inputs, Output, Sight, Untracked, tool};
use crate::model::command::{CommandSpec, Part, Scrub};
use crate::model::path::RepoPath;
use crate::model::rule::{Family, RuleId};

/// The most bytes that are read of what a command prints.
const MAX_READ: usize = 64 << 20;
/// The most bytes that are kept of what a command prints for people: more than they get to see.
const MAX_SHOWN: usize = 256 << 10;
/// The most bytes of file names in one command line; every system takes this much.
const MAX_ARGUMENTS: usize = 24 << 10;

/// A command of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// The id that the configuration gives it.
    pub(crate) id: RuleId,
    /// What the configuration says.
    pub(crate) check: Check,
}

/// What a command line may refer to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setting {
    /// The folder that holds the files as they are judged.
    pub(crate) top: PathBuf,
    /// The state before, as an object name; empty if there is none.
    pub(crate) base: String,
    /// The state that is judged, as an object name; empty for the index and the work tree.
    pub(crate) head: String,
    /// A file for the command's report, for `{report}`.
    pub(crate) report: PathBuf,
    /// The most time that is left for the command.
    pub(crate) time_left: Option<Duration>,
    /// What its processes are known by.
    pub(crate) mark: OsString,
    /// The tests that run; `None` for all.
    pub(crate) tests: Option<Tests>,
    /// The arguments by which the runner runs only tests that failed before, if it is to do that.
    pub(crate) again: Option<Vec<String>>,
}

impl Command {
    /// The family that it belongs to: a command with the report of a test runner is a test suite, any other a tool.
    pub(crate) fn family(&self) -> Family {
        match self.check.output {
            Output::Tests(_) => Family::Tests,
            Output::Sarif | Output::ExitCode | Output::Findings(_) => Family::Tools,
        }
    }

    /// Whether this exit code is an answer. What mends and ends with an error may have written half of a file: unless it
    /// is said that the code means something else, what it made is of no use.
    pub(crate) fn accepts(&self, code: i32) -> bool {
        code == 0 || self.check.finding_codes.as_ref().map_or(!self.mends(), |codes| codes.contains(&code))
    }

    /// How to get its program: the command that installs the known tool, else a look at `run`.
    pub(crate) fn remedy(&self) -> String {
        let line = read::line(self);
        if let Some(hint) = self.shell_hint() {
            return hint;
        }
        match tool::find(&self.check.tool) {
            Some(known) => format!("install it (`{}`), or leave out [checks.{}]: {line}", known.install, self.id),
            None => format!("install it, or correct `run` of [checks.{}]: {line}", self.id),
        }
    }

    /// Whether it mends: what it changes is what it finds.
    pub(crate) fn mends(&self) -> bool {
        self.check.fix == Fixing::Safe
    }

    /// Whether its findings depend on each file by itself.
    pub(crate) fn is_per_file(&self) -> bool {
        let inputs = self.check.inputs.unwrap_or(match self.takes_files() {
            true => Inputs::File,
            false => Inputs::Project,
        });
        inputs == Inputs::File
    }

    /// Whether it looks at the files that it is given, and at nothing if there are none.
    pub(crate) fn takes_files(&self) -> bool {
        self.names_files() || self.check.stdin
    }

    /// Whether the command line names files.
    pub(crate) fn names_files(&self) -> bool {
        self.has("{files}") || self.has("{file}")
    }

    /// Whether files that are not tracked are to be hidden from it.
    pub(crate) fn hides_untracked(&self) -> bool {
        match self.check.sight {
            Sight::WorkTree => false,
            Sight::Judged(Some(untracked)) => untracked == Untracked::Hidden,
            Sight::Judged(None) => self.names_files(),
        }
    }

    /// Whether what it tells of files is told of them as they are judged: it sees those, and changes none of them
    /// before it tells.
    pub(crate) fn sees_what_is_judged(&self) -> bool {
        self.check.sight != Sight::WorkTree && self.check.fix == Fixing::Off
    }

    /// Whether it can be run on the state before: it sees what is judged, in files.
    pub(crate) fn can_be_rerun(&self) -> bool {
        self.sees_what_is_judged() && !self.check.stdin
    }

    /// The file with the problem matchers by which its lines are read, from the top of the repository.
    pub(crate) fn matcher(&self) -> Option<&str> {
        match &self.check.output {
            Output::Findings(Format::Matcher(file)) => Some(file),
            _ => None,
        }
    }

    /// Whether the report is read from a file of ours.
    pub(crate) fn names_report(&self) -> bool {
        self.has("{report}")
    }

    /// How the runner of its tests is told which to run, where it is.
    pub(crate) fn runner(&self) -> Option<&'static Runner> {
        self.words().iter().find_map(|word| runner::of(word))
    }

    fn has(&self, placeholder: &str) -> bool {
        self.words().iter().any(|word| word.contains(placeholder))
    }

    fn words(&self) -> &[String] {
        self.check.run.as_ref().map_or(&[], |run| &run.value)
    }

    /// The files below the command's folder, as it has to name them.
    fn names(&self, files: &[RepoPath]) -> Vec<RepoPath> {
        let folder = self.folder();
        files.iter().filter_map(|file| relative(file, &folder)).collect()
    }

    /// The folder that it runs in, without surrounding slashes; empty for the top.
    pub(crate) fn folder(&self) -> Vec<u8> {
        let dir = self.check.dir.trim_matches('/');
        if dir == "." { Vec::new() } else { dir.trim_start_matches("./").as_bytes().to_vec() }
    }

    /// Of these files, the ones below the command's folder.
    pub(crate) fn in_folder(&self, files: Vec<RepoPath>) -> Vec<RepoPath> {
        let folder = self.folder();
        files.into_iter().filter(|file| relative(file, &folder).is_some()).collect()
    }

    /// The command lines for these files: one, or several where the names would be too long for one or the command
    /// takes one file at a time.
    pub(crate) fn specs(&self, files: &[RepoPath], setting: &Setting) -> Vec<CommandSpec> {
        let names = |portion| if self.takes_files() { self.names(portion) } else { Vec::new() };
        self.portions(files).into_iter().map(|portion| self.spec(&names(portion), setting)).collect()
    }

    /// Whether each of the command lines is for one file.
    pub(crate) fn takes_one_file(&self) -> bool {
        self.has("{file}") || self.check.stdin
    }

    /// The files that each of the command lines is for.
    pub(crate) fn portions<'f>(&self, files: &'f [RepoPath]) -> Vec<&'f [RepoPath]> {
        if self.takes_one_file() {
            return files.chunks(1).collect();
        }
        if self.has("{files}") { portions(files) } else { vec![files] }
    }

    fn spec(&self, names: &[RepoPath], setting: &Setting) -> CommandSpec {
        let paths: Vec<OsString> = names.iter().map(argument).collect();
        let (program, args) = match self.check.shell {
            true => self.shell_line(&paths, setting),
            false => self.plain_line(&paths, setting),
        };
        CommandSpec {
            program,
            args,
            dir: Some(join(&setting.top, &self.check.dir)),
            stdin: Vec::new(),
            env: self.check.env.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            scrub: match &self.check.pass_env {
                Some(names) => Scrub::AllBut(names.iter().map(OsString::from).collect()),
                None => Scrub::Git,
            },
            timeout: setting.time_left,
            max_output: if self.is_read() { MAX_READ } else { MAX_SHOWN },
            kept: if self.is_read() { Part::First } else { Part::Last },
            mark: setting.mark.clone(),
        }
    }

    /// Whether what it prints to standard output is read, and not only shown.
    fn is_read(&self) -> bool {
        self.check.output != Output::ExitCode && self.check.output_file.is_empty() && !self.names_report()
    }

    fn plain_line(&self, paths: &[OsString], setting: &Setting) -> (OsString, Vec<OsString>) {
        let mut words = self.words().iter().flat_map(|word| match word.as_str() {
            "{files}" => paths.to_vec(),
            word => match runner::of(word) {
                Some(runner) => {
                    let told = setting.again.clone().unwrap_or_else(|| runner.arguments(setting.tests.as_ref()));
                    told.into_iter().map(OsString::from).collect()
                }
                None => vec![fill(word, paths, setting)],
            },
        });
        let program = words.next().unwrap_or_default();
        (program, words.collect())
    }

    /// One line for `sh`; file names reach it as `"$@"`, never as text.
    fn shell_line(&self, paths: &[OsString], setting: &Setting) -> (OsString, Vec<OsString>) {
        let line = self.words().join(" ").replace("{files}", "\"$@\"").replace("{file}", "\"$1\"");
        let line = fill(&line, &[], setting);
        let mut args = vec![OsString::from("-c"), line, OsString::from("tollgate")];
        args.extend_from_slice(paths);
        (OsString::from("sh"), args)
    }
}

fn join(top: &Path, dir: &str) -> PathBuf {
    if dir.is_empty() { top.to_owned() } else { top.join(dir) }
}

fn relative(file: &RepoPath, folder: &[u8]) -> Option<RepoPath> {
    if folder.is_empty() {
        return Some(file.clone());
    }
    file.as_bytes().strip_prefix(folder)?.strip_prefix(b"/").map(RepoPath::new)
}

/// A path as an argument that no program can take for an option.
fn argument(path: &RepoPath) -> OsString {
    let mut argument = OsString::new();
    if path.as_bytes().starts_with(b"-") {
        argument.push("./");
    }
    argument.push(path.to_fs());
    argument
}

/// Fills in every placeholder but `{files}`.
fn fill(word: &str, paths: &[OsString], setting: &Setting) -> OsString {
    let mut filled = OsString::new();
    let mut rest = word;
    while let Some((before, from)) = rest.find('{').map(|at| rest.split_at(at)) {
        filled.push(before);
        let Some((name, after)) = from.split_once('}') else {
            filled.push(from);
            return filled;
        };
        match (name, paths.first()) {
            ("{file", Some(path)) => filled.push(path),
            ("{base", _) => filled.push(&setting.base),
            ("{head", _) => filled.push(&setting.head),
            ("{report", _) => filled.push(&setting.report),
            _ => {
                filled.push(name);
                filled.push("}");
            }
        }
        rest = after;
    }
    filled.push(rest);
    filled
}

/// Cuts a list of names into portions that fit on a command line each.
fn portions(names: &[RepoPath]) -> Vec<&[RepoPath]> {
    let mut portions = Vec::new();
    let mut rest = names;
    while !rest.is_empty() {
        let mut size = 0;
        let fitting = rest.iter().take_while(|name| {
            size += name.as_bytes().len() + 9;
            size <= MAX_ARGUMENTS
        });
        let (portion, others) = rest.split_at(fitting.count().max(1));
        portions.push(portion);
        rest = others;
    }
    portions
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::{Command, Setting};
    use crate::config::quarantine::Quarantine;
    use crate::config::{Check, Fixing, Origin, Output, Select, Sight, Sourced};
    use crate::model::option::Options;
    use crate::model::path::RepoPath;
    use crate::model::rule::RuleId;

    pub(crate) fn command(run: &[&str], output: Output) -> Command {
        let run = run.iter().map(|&word| word.to_owned()).collect();
        let check = Check {
            tool: String::new(),
            types: Vec::new(),
            run: Some(Sourced { value: run, origin: Origin::Default }),
            files: Vec::new(),
            exclude: Vec::new(),
            dir: String::new(),
            output,
            output_file: String::new(),
            finding_codes: None,
            coverage: None,
            inputs: None,
            config: None,
            alone: false,
            needs: Vec::new(),
            timeout: None,
            version: None,
            version_command: Vec::new(),
            sight: Sight::Judged(None),
            stdin: false,
            shell: false,
            env: BTreeMap::new(),
            pass_env: None,
            exclusive: false,
            select: Select::All,
            scope: None,
            tests: Vec::new(),
            fix: Fixing::Off,
            level: None,
            options: Options::default(),
            slow: None,
            retries: 0,
            quarantine: Quarantine::default(),
            origin: Origin::Default,
        };
        Command { id: RuleId::from("own"), check }
    }

    #[track_caller]
    fn check(command: &Command, files: &[&str], expected: &[&str]) {
        let files: Vec<RepoPath> = files.iter().map(|&file| RepoPath::from(file)).collect();
        let setting = Setting {
            top: PathBuf::from("/top"),
            base: "b0".into(),
            head: "h0".into(),
            report: PathBuf::from("/tmp/report"),
            ..Setting::default()
        };
        let lines: Vec<String> = command
            .specs(&files, &setting)
            .iter()
            .map(|spec| {
                let words: Vec<_> = spec.args.iter().map(|word| word.to_string_lossy()).collect();
                format!("{}|{}", spec.program.to_string_lossy(), words.join("|"))
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn placeholders_become_arguments() {
        let line = |words: &[&str]| command(words, Output::ExitCode);
        check(&line(&["lint", "{files}", "--x"]), &["a", "-b", "c d"], &["lint|a|./-b|c d|--x"]);
        check(&line(&["lint", "--in={file}"]), &["a", "b"], &["lint|--in=a", "lint|--in=b"]);
        check(&line(&["t", "{base}..{head}", "{report}", "{other}"]), &[], &["t|b0..h0|/tmp/report|{other}"]);
        check(&line(&["t", "{\"json\": {base}", "{"]), &[], &["t|{\"json\": {base}|{"]);
    }

    #[test]
    fn a_shell_gets_file_names_as_arguments_never_as_text() {
        let mut own = command(&["cat {files} | wc"], Output::ExitCode);
        own.check.shell = true;
        check(&own, &["a; rm -rf b"], &["sh|-c|cat \"$@\" | wc|tollgate|a; rm -rf b"]);
    }

    #[test]
    fn a_command_in_a_folder_sees_the_files_below_it() {
        let mut own = command(&["lint", "{files}"], Output::ExitCode);
        own.check.dir = "services/api".into();
        check(&own, &["services/api/a.py", "services/apix/b.py", "c.py"], &["lint|a.py"]);
    }

    #[test]
    fn a_long_list_is_cut_into_several_command_lines() {
        let own = command(&["lint", "{files}"], Output::ExitCode);
        let files: Vec<RepoPath> =
            (0..10_000).map(|n| RepoPath::from(format!("folder/file-{n}.txt").as_str())).collect();
        let specs = own.specs(&files, &Setting::default());
        assert!(specs.len() > 5);
        assert_eq!(specs.iter().map(|spec| spec.args.len()).sum::<usize>(), files.len());
    }
}
