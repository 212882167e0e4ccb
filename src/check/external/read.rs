//! What commands print, understood: exit codes, SARIF, JUnit XML, findings in other formats. What can't be understood is Broken, never "nothing
//! found".

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use memchr::memchr;
use regex::Regex;

use crate::check::external::{Command, formats, suite, told};
use crate::config::{Format, Output, duration};
use crate::model::command::{CommandOutput, CommandSpec, Exit};
use crate::model::escape::{escaped, escaped_lines, quoted};
use crate::model::finding::{Finding, Novelty};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::model::rule::{Level, Rule};
use crate::sarif;
use crate::sarif::foreign_fix;
use crate::sarif::read::Origin;

/// How many lines of output a person gets to see; the rest is in the log.
const N_LINES: usize = 20;
/// How many bytes of an output that can't be read a person gets to see.
const MAX_HEAD: usize = 4 << 10;
/// How many bytes of a command line a person gets to see.
const MAX_LINE: usize = 400;
/// How many bytes of a line that can't be read are shown.
const MAX_UNREAD: usize = 100;
/// The most bytes of a report that is read whole.
const MAX_REPORT: u64 = 128 << 20;

/// What came of all invocations of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ran {
    /// One for each command line, in order.
    pub(crate) outputs: Vec<CommandOutput>,
    /// The command lines, as people can type them.
    pub(crate) lines: Vec<String>,
    /// The files with the reports that were asked for, those of each command line: none where the command wrote none.
    pub(crate) reports: Option<Vec<Vec<PathBuf>>>,
}

impl Ran {
    /// One of the command lines.
    fn line(&self, index: usize) -> &str {
        self.lines.get(index).map_or("", String::as_str)
    }
}

/// What was understood.
#[derive(Debug, Default)]
pub(crate) struct Understood {
    /// The findings.
    pub(crate) findings: Vec<Finding>,
    /// The rules that the tool speaks of.
    pub(crate) rules: Vec<Rule>,
    /// What a reader must know beside them.
    pub(crate) notices: Vec<String>,
    /// Why the findings are not all that there is to find.
    pub(crate) breakage: Option<Breakage>,
}

/// Opens a report of at most so many bytes; the error is for people.
pub(crate) type OpenReport = dyn Fn(&Path, u64) -> Result<Box<dyn BufRead>, String>;

/// What a command saw.
pub(crate) struct Seen<'a> {
    /// The folder in which it saw the repository.
    pub(crate) top: &'a Path,
    /// The files of the judged tree.
    pub(crate) files: &'a dyn Fn() -> Vec<RepoPath>,
    /// Opens a report of at most so many bytes; the error is for people.
    pub(crate) open: &'a OpenReport,
    /// The content of one of them, as it saw it.
    pub(crate) contents: &'a dyn Fn(&RepoPath) -> Option<Vec<u8>>,
    /// The problem matchers that its output is read by; empty if it is read otherwise.
    pub(crate) matcher: &'a [u8],
}

/// Understands what a command did.
pub(crate) fn understand(command: &Command, ran: &Ran, seen: &Seen<'_>) -> Result<Understood, Breakage> {
    let understood = understand_ended(command, ran, seen);
    let has_failed = ran.outputs.iter().any(|output| output.exit != Exit::Code(0));
    let Some(hint) = command.shell_hint().filter(|_| has_failed) else { return understood };
    match understood {
        Ok(mut understood) => {
            understood.notices.push(hint);
            Ok(understood)
        }
        Err(breakage) if breakage.hint.is_empty() => Err(Breakage { hint, ..breakage }),
        broken => broken,
    }
}

fn understand_ended(command: &Command, ran: &Ran, seen: &Seen<'_>) -> Result<Understood, Breakage> {
    ended(command, ran)?;
    match &command.check.output {
        Output::ExitCode => Ok(exit_code(command, ran)),
        Output::Sarif => read_sarif(command, ran, seen),
        Output::Tests(_) => {
            suite::understand(command, ran, seen, &BTreeSet::new()).map(|tested| tested.understood(&command.id))
        }
        Output::Findings(format) => read_findings(command, format, ran, seen),
    }
}

/// An end that is no answer: a time-out, a signal, an interrupt.
pub(super) fn ended(command: &Command, ran: &Ran) -> Result<(), Breakage> {
    ran.outputs.iter().enumerate().try_for_each(|(index, output)| ended_well(command, output, ran.line(index)))
}

fn ended_well(command: &Command, output: &CommandOutput, line: &str) -> Result<(), Breakage> {
    let (why, hint) = match output.exit {
        Exit::Code(126 | 127) if command.check.shell => ("the shell did not find a program".to_owned(), String::new()),
        Exit::Code(code) if command.accepts(code) => return Ok(()),
        Exit::Code(code) if command.check.finding_codes.is_none() => (
            format!("it ended with exit code {code}, so what it made of the files may be half of it"),
            format!(
                "if that says that it changed something, or what it can't mend, write `finding-codes = [{code}]` in [checks.{}]",
                command.id
            ),
        ),
        Exit::Code(code) => (
            format!("it ended with exit code {code}, by which it says that it could not run"),
            format!("try `{line}` by hand; `finding-codes` of [checks.{}] says which codes are findings", command.id),
        ),
        // By these a system stops whoever asks a terminal that is not his to use.
        Exit::Signal(21 | 22) => (
            "it wanted to ask something on the terminal, and no check gets an answer".to_owned(),
            format!("give it in `run` of [checks.{}] the option by which it asks nothing", command.id),
        ),
        Exit::Signal(signal) => (format!("it was ended by signal {signal}"), String::new()),
        // Whoever set the time says so.
        Exit::TimedOut => ("it was stopped because its time was over".to_owned(), String::new()),
        Exit::Interrupted => ("it was interrupted".to_owned(), String::new()),
    };
    Err(Breakage { why, hint, log: log_tail(output) })
}

/// Who says how long a command may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Its own check.
    Check(Duration),
    /// The stage, for all that runs in it together.
    Stage(Duration),
}

/// Why there is no answer of a command that took too long, or had no time left to start if there is no output.
pub(crate) fn overtime(command: &Command, limit: Limit, output: Option<&CommandOutput>) -> Breakage {
    let (whose, limit, key) = match limit {
        Limit::Check(limit) => ("of its check", limit, format!("[checks.{}]", command.id)),
        Limit::Stage(limit) => ("of the stage", limit, "the stage".to_owned()),
    };
    let limit = duration::text(limit);
    let why = match output {
        Some(_) => format!("it was stopped: the `timeout` {whose}, {limit}, was over"),
        None => format!("the `timeout` {whose}, {limit}, was over before it could start, or before it was through"),
    };
    let hint = format!("raise `timeout` of {key}, or make it look at less");
    Breakage { why, hint, log: output.map_or_else(String::new, log_tail) }
}

/// The last lines that a command printed, made harmless for a terminal.
pub(crate) fn log_tail(output: &CommandOutput) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let start = lines.len().saturating_sub(N_LINES);
    let tail = lines.get(start..).unwrap_or_default().join("\n");
    escaped_lines(&without_colour(&tail))
}

/// Colours are how tools speak to terminals: they are dropped, anything else of that kind is made visible later.
pub(super) fn without_colour(text: &str) -> Cow<'_, str> {
    static COLOUR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("\u{1b}\\[[0-9;]*[mK]").expect("because the expression is constant"));
    if memchr(0x1b, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    COLOUR.replace_all(text, "")
}

pub(super) fn level(command: &Command) -> Level {
    command.check.level.unwrap_or(Level::Error)
}

fn failed(output: &CommandOutput) -> bool {
    output.exit != Exit::Code(0)
}

pub(super) fn code(output: &CommandOutput) -> i32 {
    match output.exit {
        Exit::Code(code) => code,
        _ => -1,
    }
}

fn exit_code(command: &Command, ran: &Ran) -> Understood {
    let findings = ran.outputs.iter().filter(|output| failed(output)).map(|output| {
        let log = log_tail(output);
        let message = match log.is_empty() {
            true => format!("`{}` ended with exit code {} and printed nothing", line(command), code(output)),
            false => format!("`{}` ended with exit code {}:\n{log}", line(command), code(output)),
        };
        Finding::new(command.id.clone(), level(command), Place::Change, message).with_novelty(Novelty::Always)
    });
    Understood { findings: findings.collect(), ..Understood::default() }
}

/// The command line that was started, as people can type it; of a long one the start.
pub(crate) fn line_of(spec: &CommandSpec) -> String {
    let words: Vec<String> =
        std::iter::once(&spec.program).chain(&spec.args).map(|word| quoted(&word.to_string_lossy())).collect();
    if words.iter().map(|word| word.len() + 1).sum::<usize>() <= MAX_LINE {
        return words.join(" ");
    }
    let mut size = 0;
    let fits = |word: &&String| {
        size += word.len() + 1;
        size <= MAX_LINE
    };
    let first: Vec<&str> = words.iter().take_while(fits).map(String::as_str).collect();
    format!("{} … ({} more arguments)", first.join(" "), words.len() - first.len())
}

/// The command line as the configuration has it, in one line.
pub(crate) fn line(command: &Command) -> String {
    let words = command.check.run.iter().flat_map(|run| &run.value);
    let lines = words.flat_map(|word| word.lines()).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// That more was printed than can be read.
pub(super) fn printed_too_much(output: &CommandOutput) -> Breakage {
    Breakage {
        why: format!("it printed more than is read: {} bytes were dropped", output.n_dropped),
        hint: "let it write its report to a file: `{report}` in `run`, or `output-file`".to_owned(),
        log: String::new(),
    }
}

/// That there is no report.
pub(super) fn wrote_nothing(command: &Command, output: &CommandOutput) -> Breakage {
    Breakage {
        why: format!("it ended with exit code {} and wrote no report", code(output)),
        hint: format!("see what it printed; `output-file` of [checks.{}] must name what it writes", command.id),
        log: log_tail(output),
    }
}

/// An output and its report.
type Reported<'a> = (&'a CommandOutput, &'a str, Cow<'a, [u8]>);

/// The report of each invocation with its command line, or why there is none.
fn reports<'a>(command: &Command, ran: &'a Ran, seen: &Seen<'_>) -> Result<Vec<Reported<'a>>, Breakage> {
    let of = |(index, output): (usize, &'a CommandOutput)| match &ran.reports {
        None if output.n_dropped > 0 => Err(printed_too_much(output)),
        None => Ok((output, ran.line(index), Cow::Borrowed(output.stdout.as_slice()))),
        Some(reports) => match reports.get(index).and_then(|paths| paths.first()) {
            Some(path) => Ok((output, ran.line(index), Cow::Owned(whole(path, seen, output)?))),
            None => Err(wrote_nothing(command, output)),
        },
    };
    ran.outputs.iter().enumerate().map(of).collect()
}

fn whole(path: &Path, seen: &Seen<'_>, output: &CommandOutput) -> Result<Vec<u8>, Breakage> {
    let mut bytes = Vec::new();
    let read = (seen.open)(path, MAX_REPORT).and_then(|mut report| {
        report.read_to_end(&mut bytes).map_err(|error| format!("cannot read its report: {error}"))
    });
    let hint = || "where it is too large: let the tool look at less, or report less".to_owned();
    read.map(|_| bytes).map_err(|why| Breakage { why, hint: hint(), log: log_tail(output) })
}

fn read_sarif(command: &Command, ran: &Ran, seen: &Seen<'_>) -> Result<Understood, Breakage> {
    let mut understood = Understood::default();
    let folder = RepoPath::new(command.folder());
    let origin = Origin { root: seen.top, folder: &folder, check: command.id.as_str() };
    for (output, line, report) in reports(command, ran, seen)? {
        let mut foreign = sarif::read::read(&report, &origin).map_err(|error| Breakage {
            why: format!("it ended with exit code {}, and what it printed is not SARIF: {error}", code(output)),
            hint: format!("try `{line}` by hand; `output` of [checks.{}] says how it is read", command.id),
            log: log_tail(output),
        })?;
        if let Some(problem) = foreign.problems.first() {
            return Err(Breakage { why: problem.clone(), hint: String::new(), log: log_tail(output) });
        }
        if foreign.findings.is_empty() && failed(output) {
            let why = format!("it ended with exit code {} and reported nothing", code(output));
            return Err(Breakage { why, hint: String::new(), log: log_tail(output) });
        }
        if foreign.n_suppressed > 0 {
            understood.notices.push(format!("{} findings are suppressed in its report", foreign.n_suppressed));
        }
        foreign_fix::attach(foreign.fixes, &mut foreign.findings, seen.contents);
        understood.rules.extend(foreign.rules);
        understood.findings.extend(foreign.findings);
    }
    Ok(as_configured(command, understood))
}

/// Gives findings the level and the novelty that the configuration says.
fn as_configured(command: &Command, mut understood: Understood) -> Understood {
    let novelty = match command.is_per_file() {
        true => Novelty::ChangedLines,
        false if command.can_be_rerun() => Novelty::Rerun,
        false => Novelty::Always,
    };
    for finding in &mut understood.findings {
        finding.novelty = novelty;
        finding.level = command.check.level.unwrap_or(finding.level);
    }
    understood
}

fn read_findings(command: &Command, format: &Format, ran: &Ran, seen: &Seen<'_>) -> Result<Understood, Breakage> {
    let mut understood = Understood::default();
    let folder = RepoPath::new(command.folder());
    let origin = Origin { root: seen.top, folder: &folder, check: command.id.as_str() };
    for (output, line, report) in reports(command, ran, seen)? {
        let bytes = match ran.reports.is_none() && formats::is_of_lines(format) && !output.stderr.is_empty() {
            true => Cow::Owned([&report, b"\n".as_slice(), &output.stderr].concat()),
            false => report,
        };
        let broken = |why: String| Breakage {
            why: format!("it ended with exit code {}, and {why}", code(output)),
            hint: format!("try `{line}` by hand; `output` of [checks.{}] says how it is read", command.id),
            log: if bytes.iter().all(u8::is_ascii_whitespace) { log_tail(output) } else { log_head(&bytes) },
        };
        let report = formats::read(format, seen.matcher, &bytes).map_err(|why| {
            broken(format!("what it printed can't be read as {}: {why}", name(&command.check.output)))
        })?;
        if let Some(problem) = &report.problem {
            return Err(broken(format!("its report is not the whole truth: {problem}")));
        }
        if report.told.is_empty() && failed(output) {
            return Err(broken("no finding can be read from what it printed".to_owned()));
        }
        // Where exit codes are known, 0 says that there is nothing.
        let is_unsure = report.told.is_empty() && command.check.finding_codes.is_none();
        if let Some(unread) = report.unread.as_deref().filter(|_| is_unsure) {
            let unread = escaped(unread.get(..unread.floor_char_boundary(MAX_UNREAD)).unwrap_or_default());
            understood
                .notices
                .push(format!("it printed no findings, but other text, from \u{201c}{unread}\u{201d} on"));
        }
        understood.notices.extend(report.notices.iter().map(|notice| escaped(notice)));
        understood.findings.extend(told::findings(report, &origin, seen.contents));
    }
    Ok(as_configured(command, understood))
}

/// A format for people.
fn name(output: &Output) -> &str {
    match output {
        Output::Findings(Format::Pattern(_)) => "lines of its pattern",
        Output::Findings(Format::Matcher(file)) => file,
        named => named.name(),
    }
}

/// The first lines of an output, made harmless for a terminal.
fn log_head(bytes: &[u8]) -> String {
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(MAX_HEAD)).unwrap_or_default());
    let lines: Vec<&str> = head.lines().filter(|line| !line.trim().is_empty()).take(N_LINES).collect();
    escaped_lines(&without_colour(&lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::line_of;
    use crate::model::command::CommandSpec;

    #[track_caller]
    fn check(words: &[&str], expected: &str) {
        let (program, args) = words.split_first().expect("because a program is named");
        let args = args.iter().map(Into::into).collect();
        assert_eq!(line_of(&CommandSpec { program: program.into(), args, ..CommandSpec::default() }), expected);
    }

    #[test]
    fn a_command_line_is_shown_as_it_is_typed() {
        check(&["lint", "--x=1", "a b", "it's", ""], r"lint --x=1 'a b' 'it'\''s' ''");
        check(&["sh", "-c", "test \"$1\"", "tollgate", "a\u{1b}b"], r#"sh -c 'test "$1"' tollgate 'a\x1bb'"#);
    }

    #[test]
    fn of_a_long_one_the_start_is_shown() {
        let files: Vec<String> = (0..500).map(|n| format!("src/{n:03}.py")).collect();
        let words: Vec<&str> = ["lint", "--x"].into_iter().chain(files.iter().map(String::as_str)).collect();
        let shown = format!("lint --x {} … (465 more arguments)", files[..35].join(" "));
        assert!(shown.len() < 450, "{}", shown.len());
        check(&words, &shown);
        check(&["lint", &"x".repeat(500)], "lint … (1 more arguments)");
    }
}
