//! Commands: each waits on a thread of its own for what it needs and for its turn, never on a thread of rayon's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use crate::check::external::read::{Ran, Understood, line, log_tail, understand};
use crate::check::external::{Command, Setting};
use crate::model::command::{CommandOutput, CommandSpec};
use crate::model::event::Event;
use crate::model::finding::{Finding, Novelty};
use crate::model::outcome::{Breakage, CheckRun, Notice, Outcome};
use crate::model::path::RepoPath;
use crate::model::rule::{Rule, RuleId};
use crate::plan::CommandJob;
use crate::process;
use crate::run::{Ground, Runner};
use crate::tree::report_file::{Stamp, read_report};

/// What came of a command.
pub(super) struct Done {
    pub(super) check: CheckRun,
    pub(super) findings: Vec<Finding>,
    pub(super) rules: Vec<Rule>,
    pub(super) notices: Vec<Notice>,
}

/// Whether what a command needs has come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Met,
    Failed,
}

/// Who may start when.
pub(super) struct Schedule {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The checks that have ended.
    ended: BTreeMap<RuleId, Need>,
    /// The commands that are to come.
    awaited: BTreeSet<RuleId>,
    /// Whether the built-in checks are still at work.
    built_in_runs: bool,
    n_free: usize,
    n_jobs: usize,
    has_exclusive: bool,
}

/// A place among the commands that run at once, given back when it is dropped.
struct Turn<'a> {
    schedule: &'a Schedule,
    is_exclusive: bool,
}

impl Schedule {
    pub(super) fn new(commands: &[CommandJob], settled: &[CheckRun], n_jobs: usize) -> Self {
        let need = |check: &CheckRun| match check.outcome {
            Outcome::Broken(_) => Need::Failed,
            _ => Need::Met,
        };
        let state = State {
            ended: settled.iter().map(|check| (check.id.clone(), need(check))).collect(),
            awaited: commands.iter().map(|job| job.command.id.clone()).collect(),
            built_in_runs: true,
            n_free: n_jobs.max(1),
            n_jobs: n_jobs.max(1),
            has_exclusive: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the built-in checks have ended.
    pub(super) fn settle(&self, checks: &[CheckRun]) {
        let mut state = self.lock();
        state.built_in_runs = false;
        for check in checks {
            let need = if matches!(check.outcome, Outcome::Broken(_)) { Need::Failed } else { Need::Met };
            state.ended.insert(check.id.clone(), need);
        }
        self.changed.notify_all();
    }

    fn end(&self, id: &RuleId, need: Need) {
        let mut state = self.lock();
        state.ended.insert(id.clone(), need);
        state.awaited.remove(id);
        self.changed.notify_all();
    }

    /// Waits until every need has ended; gives the first that failed. One that is not part of this run is met.
    fn await_needs(&self, needs: &[String]) -> Option<String> {
        let mut state = self.lock();
        loop {
            let open = |need: &&String| {
                let id = RuleId::from(need.as_str());
                !state.ended.contains_key(&id) && (state.awaited.contains(&id) || state.built_in_runs)
            };
            if needs.iter().find(open).is_none() {
                let failed = |need: &&String| state.ended.get(&RuleId::from(need.as_str())) == Some(&Need::Failed);
                return needs.iter().find(failed).cloned();
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for a free place; an exclusive command waits until nothing else runs.
    fn turn(&self, is_exclusive: bool) -> Turn<'_> {
        let mut state = self.lock();
        loop {
            let is_idle = state.n_free == state.n_jobs && !state.built_in_runs;
            let may_start = if is_exclusive { is_idle } else { state.n_free > 0 };
            if may_start && !state.has_exclusive {
                state.n_free -= 1;
                state.has_exclusive = is_exclusive;
                return Turn { schedule: self, is_exclusive };
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.schedule.lock();
        state.n_free += 1;
        state.has_exclusive &= !self.is_exclusive;
        self.schedule.changed.notify_all();
    }
}

impl Runner<'_> {
    /// Runs one command to its end, whatever happens in it.
    pub(super) fn command(&self, job: &CommandJob, schedule: &Schedule, events: &mpsc::Sender<Event>) -> Done {
        let id = &job.command.id;
        let mut started = Instant::now();
        let understood = match schedule.await_needs(&job.command.check.needs) {
            Some(need) => Err(Outcome::Skipped(format!("it needs `{need}`, which failed"))),
            None => {
                let _turn = schedule.turn(job.command.check.exclusive);
                started = Instant::now();
                let _ = events.send(Event::Started { check: id.clone(), n_files: job.files.len() });
                self.execute(job).map_err(Outcome::Broken)
            }
        };
        let duration = started.elapsed();
        let (outcome, understood) = match understood {
            Ok(found) if found.findings.is_empty() => (Outcome::Clean, found),
            Ok(found) => (Outcome::Found(found.findings.len()), found),
            Err(outcome) => (outcome, Understood::default()),
        };
        let has_failed = matches!(outcome, Outcome::Broken(_) | Outcome::Skipped(_)) || self.blocks(&understood);
        schedule.end(id, if has_failed { Need::Failed } else { Need::Met });
        let _ = events.send(Event::Finished { check: id.clone() });
        let family = job.command.family();
        let notice = |message| Notice { check: id.clone(), path: None, message };
        Done {
            check: CheckRun { id: id.clone(), family, outcome, n_files: job.files.len(), duration },
            findings: understood.findings,
            rules: understood.rules,
            notices: understood.notices.into_iter().map(notice).collect(),
        }
    }

    /// Whether a command found something that blocks for certain, before it is compared with the state before. Only
    /// then may what needs it be left out: else a run could pass without it.
    fn blocks(&self, understood: &Understood) -> bool {
        understood.findings.iter().filter(|finding| finding.novelty == Novelty::Always).any(|finding| {
            let level = self.plan.levels.of(&finding.rule, finding.place.path(), finding.level);
            level.zip(self.fail_on).is_some_and(|(level, fail_on)| level >= fail_on)
        })
    }

    fn execute(&self, job: &CommandJob) -> Result<Understood, Breakage> {
        let ground = self.ground.as_ref().map_err(Clone::clone)?;
        let command = &job.command;
        let mut outputs = Vec::new();
        let mut reports = Vec::new();
        let first = self.setting(ground, command, 0);
        for (index, spec) in command.specs(&job.files, &first).into_iter().enumerate() {
            let report = report_path(command, &first, &spec, index);
            let spec = with_report(spec, &first.report, report.as_deref());
            let before = report.as_deref().map(Stamp::of);
            let output = self.start(command, &spec)?;
            if let (Some(path), Some(before)) = (&report, before) {
                reports.push(fresh_report(path, before, &output)?);
            }
            outputs.push(output);
            if self.interrupt.is_set() {
                break;
            }
        }
        let asks_for_file = command.names_report() || !command.check.output_file.is_empty();
        let ran = Ran { outputs, reports: asks_for_file.then_some(reports) };
        let changed: Vec<RepoPath> = self.change.files.iter().map(|file| file.path().clone()).collect();
        understand(command, &ran, &ground.top, &changed)
    }

    fn setting(&self, ground: &Ground, command: &Command, index: usize) -> Setting {
        Setting {
            top: ground.top.clone(),
            base: ground.base.clone(),
            head: ground.head.clone(),
            report: ground.reports.join(format!("{}-{index}", command.id)),
            time_left: self.deadline.left(),
            mark: format!("{}{}", self.surroundings.mark, command.id).into(),
        }
    }

    fn start(&self, command: &Command, spec: &CommandSpec) -> Result<CommandOutput, Breakage> {
        let mut spec = spec.clone();
        let left = self.deadline.left();
        spec.timeout = spec.timeout.map_or(left, |own| Some(left.map_or(own, |left| own.min(left))));
        if spec.timeout == Some(Duration::ZERO) {
            return Err(Breakage::new("the time of the stage was over before it could start"));
        }
        process::run(&spec, self.interrupt).map_err(|error| Breakage {
            why: with_causes(&error),
            hint: match error {
                process::Error::NotFound { .. } => {
                    format!("install it, or correct `run` of [checks.{}]: {}", command.id, line(command))
                }
                process::Error::Run { .. } => String::new(),
            },
            log: String::new(),
        })
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// Where an invocation leaves its report, if not on standard output.
fn report_path(command: &Command, first: &Setting, spec: &CommandSpec, index: usize) -> Option<PathBuf> {
    if command.names_report() {
        return Some(first.report.with_file_name(format!("{}-{index}", command.id)));
    }
    let file = &command.check.output_file;
    (!file.is_empty()).then(|| spec.dir.as_deref().unwrap_or(Path::new("")).join(file))
}

/// The command line with the report of this invocation in the place of the first one's.
fn with_report(mut spec: CommandSpec, first: &Path, report: Option<&Path>) -> CommandSpec {
    let (Some(report), Some(first)) = (report, first.to_str()) else { return spec };
    for argument in &mut spec.args {
        if let Some(text) = argument.to_str().filter(|text| text.contains(first)) {
            *argument = text.replace(first, &report.to_string_lossy()).into();
        }
    }
    spec
}

/// The report that the command wrote; one that was there before and was left as it was is no report.
fn fresh_report(path: &Path, before: Stamp, output: &CommandOutput) -> Result<Option<Vec<u8>>, Breakage> {
    if Stamp::of(path) == before {
        return Ok(None);
    }
    read_report(path).map(Some).map_err(|why| Breakage { why, hint: String::new(), log: log_tail(output) })
}
