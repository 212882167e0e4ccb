//! Commands: each waits on a thread of its own for what it needs and for its turn, never on a thread of rayon's.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use crate::check::affected::Tests;
use crate::check::external::read::{Limit, Ran, Seen, Understood, line_of, overtime, understand};
use crate::check::external::{Command, Setting};
use crate::model::command::{CommandOutput, CommandSpec, Exit, Scrub};
use crate::model::content::Content;
use crate::model::deadline::Deadline;
use crate::model::event::Event;
use crate::model::finding::{Finding, Novelty};
use crate::model::outcome::{Breakage, CheckRun, Notice, Outcome};
use crate::model::path::RepoPath;
use crate::model::rule::{Family, Rule, RuleId};
use crate::plan::CommandJob;
use crate::process;
use crate::run::bystander::Bystander;
use crate::run::coverage::{WrittenReport, before};
use crate::run::memory::Kept;
use crate::run::programs::Programs;
use crate::run::schedule::{Need, Schedule};
use crate::run::{Ground, MAX_FILE, PYTHON_PATH, Runner, Site};
use crate::store::log::Log;
use crate::tree::report_file::{Reports, open_report, put_aside, read_matcher};

/// What came of a command.
pub(super) struct Done {
    pub(super) check: CheckRun,
    pub(super) findings: Vec<Finding>,
    pub(super) rules: Vec<Rule>,
    pub(super) notices: Vec<Notice>,
    /// Whether the command should write a coverage report, and what came of that.
    pub(super) writes_coverage: bool,
    pub(super) coverage: WrittenReport,
    /// What it told of files, to be remembered.
    pub(super) kept: Vec<Kept>,
    /// Whether it was given all of its files, and not only those that no earlier run knows.
    was_given_all: bool,
}

impl Done {
    /// How long it takes, if this run shows that: a part of its files, or a program that is missing, take no time.
    pub(super) fn told_duration(&self) -> Option<(RuleId, Duration)> {
        let has_ended = matches!(self.check.outcome, Outcome::Clean | Outcome::Found(_));
        (has_ended && self.was_given_all).then(|| (self.check.id.clone(), self.check.duration))
    }
}

/// What the commands of a run share.
pub(super) struct Shared {
    pub(super) schedule: Schedule,
    pub(super) programs: Programs,
    /// The tracked files that a command changed in the scratch tree though it does not mend.
    pub(super) undone: Mutex<BTreeSet<RepoPath>>,
}

/// One command while it runs.
pub(super) struct Execution<'a> {
    pub(super) command: &'a Command,
    pub(super) tests: Option<&'a Tests>,
    /// The arguments by which only tests that failed are run again.
    pub(super) again: Option<Vec<String>>,
    pub(super) ground: &'a Ground,
    pub(super) site: Site,
    programs: &'a Programs,
    /// When it must be over, wherever it stands in its command lines.
    deadline: Deadline,
    /// When the whole stage must.
    of_stage: Deadline,
    log: Option<Log>,
    pub(super) version: String,
    coverage: WrittenReport,
    pub(super) kept: Vec<Kept>,
    has_known: bool,
    events: &'a mpsc::Sender<Event>,
}

impl<'a> Execution<'a> {
    /// One that is about to begin.
    pub(super) fn new(
        runner: &Runner<'_>,
        job: &'a CommandJob,
        (ground, programs): (&'a Ground, &'a Programs),
        site: Site,
        events: &'a mpsc::Sender<Event>,
    ) -> Self {
        let own = job.command.check.timeout.map_or(Deadline::NEVER, Deadline::after);
        Self {
            command: &job.command,
            tests: job.tests.as_ref(),
            again: None,
            ground,
            site,
            programs,
            deadline: own.earlier(runner.deadline),
            of_stage: runner.deadline,
            log: runner.logs.map(|logs| logs.log(job.command.id.as_str())),
            version: String::new(),
            coverage: None,
            kept: Vec::new(),
            has_known: false,
            events,
        }
    }

    /// Who said when it must be over.
    fn limit(&self) -> Limit {
        let limit = self.deadline.limit().unwrap_or_default();
        if self.deadline == self.of_stage { Limit::Stage(limit) } else { Limit::Check(limit) }
    }

    /// Tells that only some of its files are looked at.
    pub(super) fn tell_known(&mut self, n_known: usize, n_files: usize) {
        self.has_known = true;
        let _ = self.events.send(Event::Known { check: self.command.id.clone(), n_known, n_files });
    }
}

impl Runner<'_> {
    /// Runs one command to its end, whatever happens in it.
    pub(super) fn command(&self, job: &CommandJob, shared: &Shared, events: &mpsc::Sender<Event>) -> Done {
        let id = &job.command.id;
        let schedule = &shared.schedule;
        let mut started = Instant::now();
        let (mut version, mut log, mut coverage, mut kept) = (String::new(), None, None, Vec::new());
        let (mut was_given_all, mut unseen, mut changed) = (false, Vec::new(), None);
        let understood = match schedule.begin(id) {
            Err(need) => Err(Outcome::Skipped(format!("it needs `{need}`, which failed"))),
            Ok(_turn) => {
                started = Instant::now();
                unseen = schedule.unseen(&job.command.check.needs);
                let _ = events.send(Event::Started { check: id.clone(), n_files: job.files.len() });
                self.execution(job, shared, events)
                    .and_then(|mut execution| {
                        let bystander = Bystander::of(job, execution.ground, &execution.site);
                        let understood = match job.command.mends() {
                            true => self.execute_mending(job, &mut execution, &shared.undone),
                            false => self.execute_remembering(job, &mut execution),
                        };
                        was_given_all = !execution.has_known;
                        changed = bystander.tell();
                        (version, kept) = (execution.version, execution.kept);
                        log = execution.log.and_then(Log::end);
                        coverage = execution.coverage.filter(|_| understood.is_ok());
                        understood
                    })
                    .map_err(Outcome::Broken)
            }
        };
        let duration = started.elapsed();
        let (outcome, understood) = match understood {
            Ok(mut found) if found.breakage.is_some() => {
                (found.breakage.take().map_or(Outcome::Clean, Outcome::Broken), found)
            }
            Ok(found) if found.findings.is_empty() => (Outcome::Clean, found),
            Ok(found) => (Outcome::Found(found.findings.len()), found),
            Err(outcome) => (outcome, Understood::default()),
        };
        let has_failed = matches!(outcome, Outcome::Broken(_) | Outcome::Skipped(_)) || self.blocks(job, &understood);
        schedule.end(id, if has_failed { Need::Failed } else { Need::Met });
        let _ = events.send(Event::Finished { check: id.clone() });
        let log = log.map_or_else(String::new, |log| log.display().to_string());
        let check = CheckRun::new(id.clone(), job.command.family(), outcome);
        let notice = |message| Notice { check: id.clone(), path: None, message };
        let unseen =
            unseen.iter().map(|need| format!("it needs `{need}`, which is no part of this run and was not waited for"));
        Done {
            check: CheckRun { n_files: job.files.len(), duration, version, log, ..check },
            findings: understood.findings,
            rules: understood.rules,
            notices: unseen.chain(changed).chain(understood.notices).map(notice).collect(),
            writes_coverage: job.command.check.coverage.is_some(),
            coverage,
            kept,
            was_given_all,
        }
    }

    fn execution<'a>(
        &'a self,
        job: &'a CommandJob,
        shared: &'a Shared,
        events: &'a mpsc::Sender<Event>,
    ) -> Result<Execution<'a>, Breakage> {
        let ground = self.ground.as_ref().map_err(Clone::clone)?;
        let nowhere = || Err(Breakage::new("there is no folder for it to run in"));
        let site = ground.sites.get(&job.command.id).cloned().unwrap_or_else(nowhere)?;
        Ok(Execution::new(self, job, (ground, &shared.programs), site, events))
    }

    /// Whether a command found something that blocks for certain, before it is compared with the state before and with
    /// what comments allow. Only
    /// then may what needs it be left out: else a run could pass without it.
    fn blocks(&self, job: &CommandJob, understood: &Understood) -> bool {
        let mut allowing = BTreeMap::new();
        let mut is_certain = |finding: &&Finding| {
            let path = finding.place.path().filter(|_| job.command.family() != Family::Tests);
            let may_be_allowed = path
                .is_some_and(|path| *allowing.entry(path.clone()).or_insert_with(|| self.mentions_suppressions(path)));
            finding.novelty == Novelty::Always && !may_be_allowed
        };
        understood.findings.iter().filter(|finding| is_certain(finding)).any(|finding| {
            let level = self.plan.levels.of(&finding.rule, finding.place.path(), finding.level);
            level.zip(self.fail_on).is_some_and(|(level, fail_on)| level >= fail_on)
        })
    }

    /// Runs all command lines and understands what they print.
    pub(super) fn execute(&self, job: &CommandJob, execution: &mut Execution<'_>) -> Result<Understood, Breakage> {
        if job.command.family() == Family::Tests {
            return self.execute_suite(job, execution);
        }
        let ran = self.invoke(job, execution)?;
        self.understood(execution, &ran)
    }

    /// Runs all command lines.
    pub(super) fn invoke(&self, job: &CommandJob, execution: &mut Execution<'_>) -> Result<Ran, Breakage> {
        let mut all = Ran::default();
        for ran in self.start_all(&job.files, execution)? {
            all.outputs.extend(ran.outputs);
            all.lines.extend(ran.lines);
            all.reports = match (all.reports, ran.reports) {
                (Some(all), Some(one)) => Some([all, one].concat()),
                (all, one) => all.or(one),
            };
        }
        Ok(all)
    }

    /// Runs the command lines for these files, in order.
    pub(super) fn start_all(&self, files: &[RepoPath], execution: &mut Execution<'_>) -> Result<Vec<Ran>, Breakage> {
        let command = execution.command;
        let mut all = Vec::new();
        let first = self.setting(execution);
        let coverage = before(command, &execution.site.top);
        let specs = command.specs(files, &first);
        let is_one_of_several = specs.len() > 1;
        for (index, spec) in specs.into_iter().enumerate() {
            let read = files.get(index).filter(|_| command.check.stdin);
            let spec = self.surrounded(spec, &execution.site, read)?;
            if index == 0 {
                execution.version = self.version(execution, &spec)?;
            }
            let report = first.report.with_file_name(format!("{}-{index}", command.id));
            let spec = with_report(spec, &first.report, &report);
            let before = where_reports(command, report.clone(), &spec)?;
            let output = self.start(execution, &spec)?;
            // One that was there before and was left as it was is no report; one that the next call may write over is
            // put aside.
            let fresh = |before: Reports| match is_one_of_several && !command.names_report() {
                true => before.fresh().and_then(|files| put_aside(&files, &report)),
                false => before.fresh(),
            };
            let written = before.map(fresh).transpose().map_err(Breakage::new)?;
            let reports = written.map(|written| vec![written]);
            all.push(Ran { outputs: vec![output], lines: vec![line_of(&spec)], reports });
            if self.interrupt.is_set() {
                break;
            }
        }
        execution.coverage = self.written_report(command, &execution.site.top, coverage);
        Ok(all)
    }

    /// Understands what was printed.
    pub(super) fn understood(&self, execution: &Execution<'_>, ran: &Ran) -> Result<Understood, Breakage> {
        let command = execution.command;
        let matcher = match command.matcher() {
            Some(file) => read_matcher(&execution.site.top.join(file)).map_err(|why| unmatched(command, why))?,
            None => Vec::new(),
        };
        let contents = |path: &RepoPath| self.judged(path).ok().filter(|_| command.sees_what_is_judged());
        let files = || self.contents.files(&self.change.head);
        let top = &execution.site.top;
        let seen = Seen { top, files: &files, open: &open_report, contents: &contents, matcher: &matcher };
        understand(command, ran, &seen)
    }

    /// The command line with what its site needs and with the file that it is to read.
    fn surrounded(&self, spec: CommandSpec, site: &Site, read: Option<&RepoPath>) -> Result<CommandSpec, Breakage> {
        let mut env = site.env.clone();
        if let Scrub::AllBut(names) = &spec.scrub {
            env.retain(|name, _| names.contains(name) || name == "PATH" || name == PYTHON_PATH);
        }
        env.extend(spec.env);
        if let Some(own) = env.get(OsStr::new(PYTHON_PATH)).filter(|_| !site.python_path.is_empty()) {
            // Those of the check come behind what leads to what is judged.
            let own = std::env::split_paths(own).filter(|folder| !site.python_path.contains(folder));
            let all = std::env::join_paths(site.python_path.iter().cloned().chain(own));
            env.extend(all.map(|all| (OsString::from(PYTHON_PATH), all)));
        }
        let stdin = read.map_or(Ok(spec.stdin), |path| self.judged(path))?;
        Ok(CommandSpec { env, stdin, ..spec })
    }

    /// The judged content of a file.
    pub(super) fn judged(&self, path: &RepoPath) -> Result<Vec<u8>, Breakage> {
        let mut heads = self.change.files.iter().filter_map(|file| file.head.as_ref());
        let side = heads.find(|side| side.path == *path).ok_or_else(|| Breakage::new(format!("there is no {path}")))?;
        match self.contents.read(side, MAX_FILE).map_err(|error| Breakage::new(error.0))? {
            Content::Bytes(bytes) => Ok(bytes),
            Content::TooLarge(n_bytes) => {
                Err(Breakage::new(format!("{path} is too large to be read: {n_bytes} bytes")))
            }
        }
    }

    pub(super) fn setting(&self, execution: &Execution<'_>) -> Setting {
        let (command, ground) = (execution.command, execution.ground);
        Setting {
            top: execution.site.top.clone(),
            base: ground.base.clone(),
            head: ground.head.clone(),
            report: ground.reports.join(format!("{}-0", command.id)),
            time_left: execution.deadline.left(),
            mark: format!("{}{}", self.surroundings.mark, command.id).into(),
            tests: execution.tests.cloned(),
            again: execution.again.clone(),
        }
    }

    /// The version of the program, which must be one that the configuration wants; empty if it wants none.
    fn version(&self, execution: &Execution<'_>, spec: &CommandSpec) -> Result<String, Breakage> {
        let command = execution.command;
        let Some(asking) = command.version_spec(spec) else { return Ok(String::new()) };
        let surroundings = execution.site.surroundings(self.surroundings);
        let asking = Programs::located(command, asking, &execution.site.top, &surroundings);
        let output = execution.programs.version(&asking, |asking| {
            process::run(asking, self.interrupt).map_err(|error| not_run(command, &error))
        })?;
        command.accept_version(&output)
    }

    fn start(&self, execution: &mut Execution<'_>, spec: &CommandSpec) -> Result<CommandOutput, Breakage> {
        let command = execution.command;
        let surroundings = execution.site.surroundings(self.surroundings);
        let mut spec = Programs::located(command, spec.clone(), &execution.site.top, &surroundings);
        spec.timeout = execution.deadline.left();
        if spec.timeout == Some(Duration::ZERO) {
            return Err(overtime(command, execution.limit(), None));
        }
        let mut nowhere = io::sink();
        let log: &mut dyn Write = match &mut execution.log {
            Some(log) => log,
            None => &mut nowhere,
        };
        let ran = process::run_logged(&spec, self.interrupt, log).map_err(|error| not_run(command, &error))?;
        match execution.site.linked.changed().as_slice() {
            [] if ran.exit == Exit::TimedOut => Err(overtime(command, execution.limit(), Some(&ran))),
            [] => Ok(ran),
            changed => Err(reached_out(changed)),
        }
    }
}

/// Why a command is not believed that changed what is linked into its tree.
fn reached_out(changed: &[PathBuf]) -> Breakage {
    let first = changed.first().map_or_else(String::new, |folder| folder.display().to_string());
    let more = match changed.len() {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    Breakage {
        why: format!("while it ran, {first}{more} changed: that is yours, and only linked where it runs"),
        hint: "look whether anything is missing there, and let it install, build and clean elsewhere".to_owned(),
        log: String::new(),
    }
}

/// Why a program did not run.
fn not_run(command: &Command, error: &process::Error) -> Breakage {
    let hint = match error {
        process::Error::NotFound { .. } => command.remedy(),
        process::Error::Run { .. } => String::new(),
    };
    Breakage { why: with_causes(error), hint, log: String::new() }
}

/// Why its output can't be understood.
fn unmatched(command: &Command, why: String) -> Breakage {
    let hint = format!("`matcher` of [checks.{}] names a file from the top of the repository", command.id);
    Breakage { why, hint, log: String::new() }
}

pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// Where an invocation leaves its reports, if not on standard output.
fn where_reports(command: &Command, report: PathBuf, spec: &CommandSpec) -> Result<Option<Reports>, Breakage> {
    if command.names_report() {
        return Ok(Some(Reports::named(report)));
    }
    let (file, folder) = (&command.check.output_file, spec.dir.as_deref().unwrap_or(Path::new("")));
    let reports = (!file.is_empty()).then(|| Reports::below(folder, file));
    reports.transpose().map_err(Breakage::new)
}

/// The command line with the report of this invocation in the place of the first one's.
fn with_report(mut spec: CommandSpec, first: &Path, report: &Path) -> CommandSpec {
    let Some(first) = first.to_str() else { return spec };
    for argument in &mut spec.args {
        if let Some(text) = argument.to_str().filter(|text| text.contains(first)) {
            *argument = text.replace(first, &report.to_string_lossy()).into();
        }
    }
    spec
}
