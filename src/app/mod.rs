//! The pipeline: from a request to a report and a verdict. The only module that sees every stage.

pub(crate) mod failure;
mod ground;
pub(crate) mod mend;
mod message;
mod overlay;
mod plan_view;
mod policy;
mod project_rules;
pub(crate) mod rules_in_force;
mod sources;
pub(crate) mod staged;
pub(crate) mod vocabulary;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Instant, SystemTime};

use crate::app::failure::Failure;
use crate::app::ground::Grounded;
use crate::app::plan_view::Programs;
use crate::app::policy::Loaded;
use crate::app::rules_in_force::Described;
use crate::app::sources::Sources;
use crate::check::pattern::Engine;
use crate::config::Config;
use crate::config::given::Overrides;
use crate::discover;
use crate::gate;
use crate::git::Repo;
use crate::model::change::{ChangeSet, FileSide, Head, Source};
use crate::model::command::{Surroundings, Trust};
use crate::model::content::Contents;
use crate::model::deadline::Deadline;
use crate::model::event::Event;
use crate::model::finding::{Finding, Novelty};
use crate::model::outcome::{Notice, RunReport, Subject};
use crate::model::path::RepoPath;
use crate::model::request::Request;
use crate::model::rule::RuleId;
use crate::model::verdict::Verdict;
use crate::plan::selection::Selection;
use crate::plan::{Plan, Policy, plan};
use crate::process::Interrupt;
use crate::report::plan::PlanView;
use crate::run::cache::Cache;
use crate::run::{Ran, Runner};
use crate::store;
use crate::store::log::Logs;
use crate::triage;

/// How a run is asked for, beside what to look at.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The stage; none for the one that fits the request.
    pub(crate) stage: Option<String>,
    /// `--only`: what runs instead of what the stage names; empty for the stage's own.
    pub(crate) only: Vec<String>,
    /// What is left out, each with what left it out (`--skip`, `TOLLGATE_SKIP`).
    pub(crate) left_out: Vec<(String, &'static str)>,
    /// What the command line says of the gate.
    pub(crate) overrides: Overrides,
    /// Whether commands of the repository may run.
    pub(crate) trust: Trust,
    /// Whether the run may change what it judges, where the policy wants that.
    pub(crate) conduct: Conduct,
    /// What names the run's subject instead of the change's own title, for a pipeline; empty for none.
    pub(crate) title: String,
    /// Which rules the report describes.
    pub(crate) described: Described,
    /// Whether git shows the message in an editor: then it drops comments.
    pub(crate) has_editor: bool,
    /// The folder for what is kept between runs and for temporary checkouts.
    pub(crate) cache: PathBuf,
    /// What the process was started with.
    pub(crate) surroundings: Surroundings,
    /// Whether results of earlier runs are used, and those of this one kept.
    pub(crate) uses_results: bool,
}

/// What a run may do beside looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Nothing.
    Look,
    /// Mend what is staged, if the stage says so.
    Mend,
}

/// What came of one change.
pub(crate) struct Judged {
    /// What was found.
    pub(crate) report: RunReport,
    /// What was decided.
    pub(crate) verdict: Verdict,
    /// What to tell a person beside the report: nothing of it bears on the verdict.
    pub(crate) warning: Option<String>,
}

/// What a run works on.
pub(crate) struct Session<'a> {
    /// The repository.
    pub(crate) repo: &'a Repo,
    /// How the run is asked for.
    pub(crate) settings: &'a Settings,
    /// Tells that the user wants it to end.
    pub(crate) interrupt: &'a Interrupt,
}

/// From where a run knows what it looks at.
struct Known<'a> {
    /// The contents.
    contents: &'a dyn Contents,
    /// What earlier runs found out about them.
    cache: &'a Cache,
}

/// One change with the policy that judges it, ready to be planned.
struct Prepared {
    change: ChangeSet,
    loaded: Loaded,
    stage: String,
    selection: Selection,
    engine: Engine,
}

impl Session<'_> {
    /// Judges what the request asks for: one change, several for a push, none where there is nothing to look at.
    pub(crate) fn judge(&self, request: &Request, events: &mpsc::Sender<Event>) -> Result<Vec<Judged>, Failure> {
        if let Request::Message(file) = request {
            return self.judge_message(file).map(|judged| judged.into_iter().collect());
        }
        let changes = discover::discover(self.repo, request).map_err(Failure::change)?;
        let cache = Cache::new(self.settings.uses_results.then_some(self.settings.cache.as_path()));
        let judged = changes.into_iter().map(|change| {
            let change = self.without_converted(change, &cache)?;
            let prepared = self.prepare(request, change)?;
            match self.mends(&prepared)? {
                true => self.mend_and_judge(request, prepared, &cache, events),
                false => self.judge_change(&prepared, &cache, events),
            }
        });
        let judged: Result<Vec<Judged>, Failure> = judged.collect();
        // Also what an interrupted run found out is kept.
        let warning = cache.end();
        let mut judged = judged?;
        if let Some(first) = judged.first_mut() {
            first.warning = warning;
        }
        Ok(judged)
    }

    /// The change with the files that a filter converted taken for what they are in the work tree, and not for the blobs
    /// that git has of them.
    fn without_converted(&self, mut change: ChangeSet, cache: &Cache) -> Result<ChangeSet, Failure> {
        let is_claimed = |side: &FileSide| matches!(side.source, Source::CheckedOut(_));
        let claimed: Vec<&RepoPath> = change
            .files
            .iter()
            .filter_map(|file| file.head.as_ref().filter(|side| is_claimed(side)))
            .map(|side| &side.path)
            .collect();
        if claimed.is_empty() || !cache.is_on() {
            return Ok(change);
        }
        let converted = self.repo.converted(claimed.into_iter()).map_err(Failure::git)?;
        let sides = change.files.iter_mut().filter_map(|file| file.head.as_mut());
        sides.filter(|side| converted.contains(&side.path)).for_each(|side| side.source = Source::Worktree);
        Ok(change)
    }

    /// The plan of what the request asks for, instead of running it.
    pub(crate) fn plan(&self, request: &Request) -> Result<Vec<PlanView>, Failure> {
        let changes = discover::discover(self.repo, request).map_err(Failure::change)?;
        let view = |change| {
            let prepared = self.prepare(request, change)?;
            let programs = Programs { top: self.repo.work_tree(), surroundings: &self.settings.surroundings };
            Ok(plan_view::view(&prepared, &self.planned(&prepared)?, &programs))
        };
        changes.into_iter().map(view).collect()
    }

    fn prepare(&self, request: &Request, change: ChangeSet) -> Result<Prepared, Failure> {
        let loaded = self.policy(request, &change)?;
        let stage = self.settings.stage.clone().unwrap_or_else(|| default_stage(request).to_owned());
        let resolved = loaded.config.stage(&stage).map_err(Failure::config)?;
        let selection = Selection {
            chosen: match self.settings.only.is_empty() {
                true => resolved.checks.value.clone(),
                false => self.settings.only.clone(),
            },
            left_out: self.settings.left_out.clone(),
        };
        let engine = self.engine(&loaded, &change)?;
        Ok(Prepared { change, loaded, stage, selection, engine })
    }

    fn planned<'a>(&self, prepared: &'a Prepared) -> Result<Plan<'a>, Failure> {
        let policy = Policy {
            config: &prepared.loaded.config,
            selection: &prepared.selection,
            engine: &prepared.engine,
            trust: self.settings.trust,
        };
        plan(&prepared.change, &policy).map_err(Failure::usage)
    }

    fn judge_change(
        &self,
        prepared: &Prepared,
        cache: &Cache,
        events: &mpsc::Sender<Event>,
    ) -> Result<Judged, Failure> {
        let (started, clock) = (SystemTime::now(), Instant::now());
        let plan = self.planned(prepared)?;
        let mut ran = self.execute(prepared, &plan, &Known { contents: &Sources::new(self.repo), cache }, events)?;
        let stage = prepared.loaded.config.stage(&prepared.stage).map_err(Failure::config)?;
        let verdict = gate::judge(&ran.findings, &ran.checks, &stage.gate);
        let report = RunReport {
            subject: self.subject(prepared)?,
            rules: rules_in_force::of(&plan, self.settings.described, &mut ran),
            checks: ran.checks,
            findings: ran.findings,
            notices: policy_notices(&prepared.loaded.config).chain(ran.notices).collect(),
            started,
            duration: clock.elapsed(),
        };
        Ok(Judged { report, verdict, warning: None })
    }

    /// Runs a plan and decides which findings are new.
    fn execute(
        &self,
        prepared: &Prepared,
        plan: &Plan<'_>,
        known: &Known<'_>,
        events: &mpsc::Sender<Event>,
    ) -> Result<Ran, Failure> {
        let stage = prepared.loaded.config.stage(&prepared.stage).map_err(Failure::config)?;
        let grounded = if plan.commands.is_empty() { None } else { Some(self.ground(&prepared.change)) };
        let logs = if plan.commands.is_empty() { None } else { Some(self.logs()) };
        let runner = Runner {
            change: &prepared.change,
            plan,
            contents: known.contents,
            cache: known.cache,
            ground: grounded.as_ref().map_or_else(|| Err(ground::not_needed()), Grounded::ground),
            fail_on: stage.gate.fail_on.value,
            surroundings: &self.settings.surroundings,
            logs: logs.as_ref().and_then(|logs| logs.as_ref().ok()),
            n_jobs: if plan.commands.is_empty() { 1 } else { stage.jobs.value.unwrap_or_else(default_jobs) },
            deadline: stage.timeout.value.map_or(Deadline::NEVER, Deadline::after),
            interrupt: self.interrupt,
        };
        let mut ran = runner.run(events);
        if self.interrupt.is_set() {
            return Err(Failure::interrupted());
        }
        compare_with_before(&runner, &mut ran);
        triage::order(&mut ran.findings);
        ran.notices.extend(no_logs(logs));
        Ok(ran)
    }

    /// Where what the commands print is kept.
    fn logs(&self) -> io::Result<Logs> {
        Logs::begin(&store::folder(&self.settings.cache, self.repo.git_dir()).join("logs"))
    }

    fn subject(&self, prepared: &Prepared) -> Result<Subject, Failure> {
        let head = self.repo.head().map_err(Failure::git)?;
        Ok(Subject {
            title: match self.settings.title.is_empty() {
                true => prepared.change.title.clone(),
                false => format!("{} ({})", self.settings.title, prepared.change.title),
            },
            policy: prepared.loaded.name.clone(),
            stage: prepared.stage.clone(),
            revision: match prepared.change.head {
                Head::Tree { commit, .. } => Some(commit),
                Head::Index | Head::Worktree => None,
            },
            branch: head.branch.unwrap_or_default(),
            repository: self.repo.origin().map_err(Failure::git)?.unwrap_or_default(),
            n_files: prepared.change.files.len(),
        })
    }
}

/// The stage whose checks fit a request that names none.
pub(crate) fn default_stage(request: &Request) -> &'static str {
    match request {
        Request::Staged | Request::Worktree | Request::All | Request::Files(_) => "pre-commit",
        Request::Range { .. } => "pull-request",
        Request::Push { .. } => "pre-push",
        Request::Message(_) => "commit-msg",
    }
}

/// What a reader must know of the policy.
fn policy_notices(config: &Config) -> impl Iterator<Item = Notice> {
    let notice = |message: &String| Notice { check: RuleId::from("policy"), path: None, message: message.clone() };
    config.notices.iter().map(notice)
}

/// That what commands print could not be kept.
fn no_logs(logs: Option<io::Result<Logs>>) -> Option<Notice> {
    let error = logs?.err()?;
    Some(Notice {
        check: RuleId::from("logs"),
        path: None,
        message: format!("what commands print is not kept: {error}"),
    })
}

fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Decides which findings are new. The state before is looked at only where a finding is left to be compared: first in
/// the files that have one; then, for code that moved, in the others.
fn compare_with_before(runner: &Runner<'_>, ran: &mut Ran) {
    let change = runner.change;
    if change.parents.is_empty() || ran.findings.iter().all(|finding| finding.novelty == Novelty::Always) {
        return triage::compare(&mut ran.findings, change, &[]);
    }
    let with_findings: BTreeSet<usize> = ran.texts.keys().copied().collect();
    let compared = |finding: &&Finding| finding.novelty == Novelty::Compared;
    let rules: BTreeSet<RuleId> = ran.findings.iter().filter(compared).map(|finding| finding.rule.clone()).collect();
    let mut bases = runner.bases(ran, &with_findings, &rules);
    triage::compare(&mut ran.findings, change, &bases);
    let open: BTreeSet<RuleId> =
        ran.findings.iter().filter(|finding| triage::is_open(finding)).map(|finding| finding.rule.clone()).collect();
    let others: BTreeSet<usize> = (0..change.files.len()).filter(|file| !with_findings.contains(file)).collect();
    if !open.is_empty() && !others.is_empty() {
        bases.extend(runner.bases(ran, &others, &open));
        triage::compare(&mut ran.findings, change, &bases);
    }
}
