//! The pipeline: from a request to a report and a verdict. The only module that sees every stage.

mod affected;
mod attributes;
mod before;
mod bootstrap;
mod extends;
pub(crate) mod failure;
mod ground;
pub(crate) mod mend;
mod message;
mod nested;
mod overlay;
mod packs;
mod plan_view;
mod planted;
mod policy;
mod premises;
mod project_rules;
mod python;
pub(crate) mod rules_in_force;
mod sources;
pub(crate) mod staged;
mod starts;
mod states;
mod suppressions;
mod through;
pub(crate) mod vocabulary;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Instant, SystemTime};

use crate::app::failure::Failure;
use crate::app::ground::Grounded;
use crate::app::message::judges_messages;
use crate::app::plan_view::Programs;
use crate::app::policy::Loaded;
use crate::app::project_rules::engine;
use crate::app::rules_in_force::Described;
use crate::app::sources::Sources;
use crate::app::through::Through;
use crate::check::hygiene::detect_aws_credentials as aws;
use crate::check::pattern::Engine;
use crate::check::secrets::SECRETS;
use crate::check::secrets::pack::described;
use crate::config::given::Overrides;
use crate::config::{Config, Stage};
use crate::discover;
use crate::gate;
use crate::git::Repo;
use crate::model::change::{ChangeSet, Head};
use crate::model::command::{Surroundings, Trust};
use crate::model::content::{Content, Contents};
use crate::model::coverage::GivenReport;
use crate::model::deadline::Deadline;
use crate::model::event::Event;
use crate::model::option::Credentials;
use crate::model::outcome::{Notice, RunReport, Subject};
use crate::model::path::RepoPath;
use crate::model::request::Request;
use crate::model::rule::{Family, RuleId};
use crate::model::verdict::Verdict;
use crate::plan::coverage::Asked;
use crate::plan::selection::{Choice, Selection};
use crate::plan::{Plan, Policy, plan};
use crate::process::Interrupt;
use crate::report::plan::PlanView;
use crate::run::cache::Cache;
use crate::run::order::Durations;
use crate::run::{MAX_FILE, Ran, Runner};
use crate::sarif::artifacts::sha256;
use crate::store;
use crate::store::durations::{load_durations, save_durations};
use crate::store::log::Logs;
use crate::tree::file_state::FileState;
use crate::triage;

/// The most bytes of an editor's text that are taken: one more than are looked at.
pub(crate) const MAX_BUFFER: u64 = MAX_FILE + 1;

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
    /// The revision whose policy judges a range, where that is not its base.
    pub(crate) judge: Option<String>,
    /// What a reader must know of how the run was asked for.
    pub(crate) notices: Vec<String>,
    /// Whether the run may change what it judges, where the policy wants that.
    pub(crate) conduct: Conduct,
    /// What names the run's subject instead of the change's own title, for a pipeline; empty for none.
    pub(crate) title: String,
    /// Which rules the report describes.
    pub(crate) described: Described,
    /// Whether git shows the message in an editor: then it drops comments.
    pub(crate) has_editor: bool,
    /// The folder for what is kept between runs and for what a run needs while it lasts.
    pub(crate) cache: PathBuf,
    /// What the process was started with.
    pub(crate) surroundings: Surroundings,
    /// Whether results of earlier runs are used, and those of this one kept.
    pub(crate) uses_results: bool,
    /// Whether policies that are extended may be fetched.
    pub(crate) network: Network,
    /// The variables that commands inherit.
    pub(crate) variables: BTreeMap<String, String>,
    /// Coverage reports that are there already.
    pub(crate) coverage: Vec<GivenReport>,
    /// Reads the credentials of the machine from these variables and further files; only called for a check that asks for them.
    pub(crate) read_credentials: fn(&BTreeMap<String, String>, &[String]) -> Credentials,
}

/// What a run may do beside looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Nothing.
    Look,
    /// Mend what is staged, if the stage says so.
    Mend,
}

/// What a run may do with the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// Nothing.
    Unused,
    /// Fetch the policies that a policy extends.
    ForPolicies,
}

/// What came of one change.
pub(crate) struct Judged {
    /// What was found.
    pub(crate) report: RunReport,
    /// What was decided.
    pub(crate) verdict: Verdict,
    /// What to tell a person beside the report: nothing of it bears on the verdict.
    pub(crate) warning: Option<String>,
    /// Whether the policy judges the message of a commit too.
    pub(crate) judges_messages: bool,
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

/// The policy that judges a change, ready to be planned.
struct Prepared {
    loaded: Loaded,
    stage: String,
    selection: Selection,
    engine: Engine,
    /// The files of the change that nobody here writes.
    foreign: BTreeSet<RepoPath>,
    /// How files begin whose names do not tell their type.
    starts: BTreeMap<RepoPath, Vec<u8>>,
    /// The credentials of the machine, if a check asks for them.
    credentials: Credentials,
}

/// A change, and a policy that judges it.
#[derive(Clone, Copy)]
struct Case<'a> {
    change: &'a ChangeSet,
    prepared: &'a Prepared,
}

/// What a run reads from and tells to.
#[derive(Clone, Copy)]
struct World<'a> {
    contents: &'a dyn Contents,
    cache: &'a Cache,
    /// The index as it was before what is staged was read from it; none where that may change.
    index: Option<&'a FileState>,
    events: &'a mpsc::Sender<Event>,
}

impl<'a> Case<'a> {
    /// The stage whose checks run.
    fn stage(self) -> Result<&'a Stage, Failure> {
        self.prepared.loaded.config.stage(&self.prepared.stage).map_err(Failure::config)
    }
}

impl Session<'_> {
    /// Judges what the request asks for: one change, several for a push, none where there is nothing to look at.
    pub(crate) fn judge(&self, request: &Request, events: &mpsc::Sender<Event>) -> Result<Vec<Judged>, Failure> {
        if let Request::Message(file) = request {
            return self.judge_message(file).map(|judged| judged.into_iter().collect());
        }
        let cache = Cache::new(self.settings.uses_results.then_some(self.settings.cache.as_path()));
        let index = FileState::of(&self.repo.index_file()).filter(|_| *request == Request::Staged);
        let changes = self.changes(request)?;
        let judged: Result<Vec<Judged>, Failure> = changes
            .into_iter()
            .map(|change| self.judge_by_all(request, change, (&cache, index.as_ref()), events))
            .collect();
        // Also what an interrupted run found out is kept.
        let warning = cache.end();
        let mut judged = judged?;
        if let Some(first) = judged.first_mut() {
            first.warning = warning;
        }
        Ok(judged)
    }

    /// Judges a change by each policy that holds for it.
    fn judge_by_all(
        &self,
        request: &Request,
        mut change: ChangeSet,
        (cache, index): (&Cache, Option<&FileState>),
        events: &mpsc::Sender<Event>,
    ) -> Result<Judged, Failure> {
        let instead = match request {
            Request::Buffer { path, bytes } => BTreeMap::from([(path.clone(), Content::Bytes(bytes.clone()))]),
            _ => self.as_stored(&mut change, cache.is_on())?,
        };
        let contents = Sources::new(self.repo).with(instead);
        let world = World { contents: &contents, cache, index, events };
        let mut judged = Vec::new();
        for prepared in self.prepare(request, &change)? {
            let case = Case { change: &change, prepared: &prepared };
            judged.push(match self.mends(case)? {
                true => self.mend_and_judge(request, case, world)?,
                false => self.judge_change(case, world, Through::default())?,
            });
        }
        Ok(bootstrap::merged(judged))
    }

    /// The changes that the request asks for.
    fn changes(&self, request: &Request) -> Result<Vec<ChangeSet>, Failure> {
        discover::discover(self.repo, request).map_err(Failure::change)
    }

    /// Why the request leaves nothing to look at, where that rests on more than what was asked.
    pub(crate) fn why_nothing(&self, request: &Request) -> Result<Option<String>, Failure> {
        discover::why_nothing(self.repo, request).map_err(Failure::change)
    }

    /// The plan of what the request asks for, instead of running it.
    pub(crate) fn plan(&self, request: &Request) -> Result<Vec<PlanView>, Failure> {
        let programs = Programs { top: self.repo.work_tree(), surroundings: &self.settings.surroundings };
        let mut views = Vec::new();
        for change in self.changes(request)? {
            for prepared in self.prepare(request, &change)? {
                let case = Case { change: &change, prepared: &prepared };
                let mut plan = self.planned(case)?;
                self.select_tests(case, &mut plan, &Sources::new(self.repo))?;
                views.push(plan_view::view(case, &plan, &programs));
            }
        }
        Ok(views)
    }

    /// The change with each policy that judges it: one, and where the base has none, the defaults and the change's own.
    fn prepare(&self, request: &Request, change: &ChangeSet) -> Result<Vec<Prepared>, Failure> {
        if *request == Request::History {
            self.is_for_history()?;
        }
        let policies = self.policies(request, change)?;
        policies.into_iter().map(|loaded| self.prepare_with(loaded, request, change)).collect()
    }

    fn prepare_with(&self, mut loaded: Loaded, request: &Request, change: &ChangeSet) -> Result<Prepared, Failure> {
        let wanted = self.settings.stage.clone().filter(|stage| !loaded.is_stand_in() || loaded.has_stage(stage));
        let stage = wanted.unwrap_or_else(|| default_stage(request).to_owned());
        let resolved = loaded.config.stage(&stage).map_err(Failure::config)?;
        let selection = Selection {
            chosen: match (self.settings.only.is_empty(), request) {
                (true, Request::History) => vec![SECRETS.to_owned()],
                (true, _) => resolved.checks.value.clone(),
                (false, _) => self.settings.only.clone(),
            },
            left_out: self
                .settings
                .left_out
                .iter()
                .cloned()
                .chain(commands_left_out(request, &loaded.config))
                .collect(),
        };
        let on = packs::rules_on(&mut loaded.config, &selection.chosen);
        let off = packs::own_off(&mut loaded.config, &selection.chosen, &loaded.own);
        let engine = engine(&loaded, &on, &off, change);
        let foreign = self.foreign(change, loaded.attributes)?;
        let starts = starts::read(change, &loaded.config, &Sources::new(self.repo));
        let credentials = self.credentials(&loaded.config, &selection);
        Ok(Prepared { credentials, starts, loaded, stage, selection, engine, foreign })
    }

    /// In history only secrets are looked for: everything else is mended by the next commit.
    fn is_for_history(&self) -> Result<(), Failure> {
        let is_of_secrets = |word: &String| word == SECRETS || described().iter().any(|rule| rule.id.as_str() == word);
        match self.settings.only.iter().find(|word| !is_of_secrets(word)) {
            None => Ok(()),
            Some(word) => {
                let error = anyhow::anyhow!("--history looks for secrets, and `{word}` is no rule for them");
                Err(Failure::usage(error).with_hint("leave `--only` out, or name rules of the family `secrets`"))
            }
        }
    }

    /// The credentials of the machine, if a check asks for them.
    fn credentials(&self, config: &Config, selection: &Selection) -> Credentials {
        if selection.choose(aws::ID, Family::Hygiene, false) != Choice::Runs {
            return Credentials::default();
        }
        let further = config.checks.get(aws::ID).and_then(|check| check.options.list(aws::FILES));
        (self.settings.read_credentials)(&self.settings.variables, further.unwrap_or_default())
    }

    fn planned<'a>(&'a self, case: Case<'a>) -> Result<Plan<'a>, Failure> {
        let (Case { change, prepared }, stage) = (case, case.stage()?);
        let policy = Policy {
            starts: &prepared.starts,
            config: &prepared.loaded.config,
            selection: &prepared.selection,
            engine: &prepared.engine,
            foreign: &prepared.foreign,
            trust: if prepared.loaded.is_proposed() { Trust::Proposed } else { self.settings.trust },
            coverage: Asked { gate: stage.gate.coverage.value, reports: &self.settings.coverage },
            credentials: &prepared.credentials,
        };
        plan(change, &policy).map_err(Failure::usage)
    }

    /// Judges a change; what commands that are through would find in it is known.
    fn judge_change(&self, case: Case<'_>, world: World<'_>, through: Through) -> Result<Judged, Failure> {
        let (started, clock) = (SystemTime::now(), Instant::now());
        let mut plan = self.planned(case)?;
        planted::refuse(&mut plan, case.change, &case.prepared.loaded);
        let selected = self.select_tests(case, &mut plan, world.contents)?;
        through.settle(&mut plan);
        let mut ran = self.execute(case, &plan, world)?;
        let stage = case.stage()?;
        let verdict = gate::judge(&ran.findings, &ran.checks, &stage.gate, &case.prepared.loaded.config);
        if verdict.is_pass() {
            staged::is_still(self.repo, case.change, world.index)?;
        }
        let report = RunReport {
            hashes: self.hashes(case.change, &ran),
            subject: self.subject(case)?,
            rules: rules_in_force::of(&plan, self.settings.described, &mut ran),
            checks: ran.checks,
            findings: ran.findings,
            suppressed: ran.suppressed,
            coverage: ran.coverage,
            notices: self.policy_notices(case.prepared).into_iter().chain(selected).chain(ran.notices).collect(),
            started,
            duration: clock.elapsed(),
        };
        let judges_messages = judges_messages(&case.prepared.loaded.config);
        Ok(Judged { report, verdict, warning: None, judges_messages })
    }

    /// What the files with findings held, for reports that describe everything.
    fn hashes(&self, change: &ChangeSet, ran: &Ran) -> BTreeMap<RepoPath, String> {
        let is_asked = self.settings.described == Described::InForce;
        let texts = ran.texts.iter().filter(|_| is_asked);
        texts.filter_map(|(file, text)| Some((change.files.get(*file)?.path().clone(), sha256(text)))).collect()
    }

    /// Runs a plan and decides which findings are new.
    fn execute(&self, case: Case<'_>, plan: &Plan<'_>, world: World<'_>) -> Result<Ran, Failure> {
        let stage = case.stage()?;
        let grounded = if plan.commands.is_empty() { None } else { Some(self.ground(case.change, &plan.commands)) };
        let logs = if plan.commands.is_empty() { None } else { Some(self.logs()) };
        let durations = self.durations(plan);
        let runner = Runner {
            change: case.change,
            plan,
            contents: world.contents,
            cache: world.cache,
            ground: grounded.as_ref().map_or_else(|| Err(ground::not_needed()), Grounded::ground),
            fail_on: stage.gate.fail_on.value,
            surroundings: &self.settings.surroundings,
            logs: logs.as_ref().and_then(|logs| logs.as_ref().ok()),
            n_jobs: if plan.commands.is_empty() { 1 } else { stage.jobs.value.unwrap_or_else(default_jobs) },
            durations: &durations,
            today: suppressions::today(),
            deadline: stage.timeout.value.map_or(Deadline::NEVER, Deadline::after),
            interrupt: self.interrupt,
            top: self.repo.work_tree().unwrap_or(Path::new("")),
        };
        let mut ran = runner.run(world.events);
        self.keep_durations(case, plan, &durations, &ran);
        if self.interrupt.is_set() {
            return Err(Failure::interrupted());
        }
        suppressions::apply(case, &runner, &mut ran);
        let bases = self.compare_with_before(case, &runner, &mut ran, world.events)?;
        if self.interrupt.is_set() {
            return Err(Failure::interrupted());
        }
        drop(runner);
        ran.notices.extend(
            grounded.into_iter().flat_map(|grounded| grounded.end(&plan.commands, std::mem::take(&mut ran.undone))),
        );
        triage::order(&mut ran.findings);
        suppressions::settle(case, &mut ran, &bases);
        ran.notices.extend(no_logs(logs));
        Ok(ran)
    }

    /// How long commands took in earlier runs; not asked for where there is nothing to bring into an order.
    fn durations(&self, plan: &Plan<'_>) -> Durations {
        match plan.commands.len() {
            0 | 1 => Durations::new(),
            _ => load_durations(&store::folder(&self.settings.cache, self.repo.git_dir())),
        }
    }

    /// Keeps how long they took now. That it can't be kept is no reason to say anything: it changes no result.
    fn keep_durations(&self, case: Case<'_>, plan: &Plan<'_>, before: &Durations, ran: &Ran) {
        if plan.commands.len() > 1 && !ran.durations.is_empty() {
            let mut durations = before.clone();
            durations.extend(ran.durations.clone());
            durations.retain(|id, _| case.prepared.loaded.config.checks.contains_key(id.as_str()));
            let _ = save_durations(&store::folder(&self.settings.cache, self.repo.git_dir()), &durations);
        }
    }

    /// Where what the commands print is kept.
    fn logs(&self) -> io::Result<Logs> {
        Logs::begin(&store::folder(&self.settings.cache, self.repo.git_dir()).join("logs"))
    }

    fn subject(&self, Case { change, prepared }: Case<'_>) -> Result<Subject, Failure> {
        let head = self.repo.head().map_err(Failure::git)?;
        Ok(Subject {
            title: match self.settings.title.is_empty() {
                true => change.title.clone(),
                false => format!("{} ({})", self.settings.title, change.title),
            },
            policy: prepared.loaded.name.clone(),
            stage: prepared.stage.clone(),
            revision: match change.head {
                Head::Tree { commit, .. } => Some(commit),
                Head::Index | Head::Worktree => None,
            },
            branch: head.branch.unwrap_or_default(),
            repository: self.repo.origin().map_err(Failure::git)?.unwrap_or_default(),
            n_files: change.files.len(),
        })
    }

    /// What a reader must know of the policy and of what it leaves out.
    fn policy_notices(&self, prepared: &Prepared) -> Vec<Notice> {
        let messages = self.settings.notices.iter().chain(&prepared.loaded.config.notices).cloned();
        messages.chain(left_out(&prepared.foreign)).map(policy_notice).collect()
    }
}

/// The stage whose checks fit a request that names none.
pub(crate) fn default_stage(request: &Request) -> &'static str {
    match request {
        Request::Staged | Request::Worktree | Request::All | Request::Files(_) | Request::Buffer { .. } => "pre-commit",
        Request::Range { .. } => "pull-request",
        Request::Push { .. } => "pre-push",
        Request::Message(_) => "commit-msg",
        Request::History => "manual",
    }
}

fn policy_notice(message: String) -> Notice {
    Notice { check: RuleId::from("policy"), path: None, message }
}

/// Names the files in which only secrets were looked for.
fn left_out(foreign: &BTreeSet<RepoPath>) -> Option<String> {
    const SHOWN: usize = 5;
    let names: Vec<String> = foreign.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = if foreign.len() > SHOWN { format!(" and {} more", foreign.len() - SHOWN) } else { String::new() };
    let what = "generated or vendored by .gitattributes, so looked at for secrets alone";
    (!foreign.is_empty()).then(|| format!("{what}: {}{more}", names.join(", ")))
}

/// The commands of the policy, where they can't see what is judged: an editor's text is in no file.
fn commands_left_out(request: &Request, config: &Config) -> Vec<(String, &'static str)> {
    let is_buffer = matches!(request, Request::Buffer { .. });
    let commands = config.checks.iter().filter(|(_, check)| is_buffer && check.run.is_some());
    commands.map(|(id, _)| (id.clone(), "--stdin-filename")).collect()
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
