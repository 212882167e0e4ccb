//! The plan: which check looks at which file, and which commands run. Pure, so that it can be shown instead of run.

pub(crate) mod coverage;
pub(crate) mod given;
pub(crate) mod levels;
pub(crate) mod selection;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::affected::Tests;
use crate::check::external::Command;
use crate::check::hygiene::detect_aws_credentials::why_missing;
use crate::check::pattern::Engine;
use crate::check::secrets::{SECRETS, WITHOUT_PRIVATE_KEYS};
use crate::check::{Active, ChangeCheck, FileCheck, change, file_checks, hygiene};
use crate::config::patterns::{PatternError, Patterns};
use crate::config::{Check, Config};
use crate::model::change::{ChangeSet, ChangedFile, FileSide};
use crate::model::command::Trust;
use crate::model::option::{Credentials, OptionValue, Options};
use crate::model::outcome::{Breakage, CheckRun, Outcome};
use crate::model::path::RepoPath;
use crate::model::rule::{Family, RuleId};
use crate::plan::coverage::{Asked, CoverageJob};
use crate::plan::given::Given;
use crate::plan::levels::Levels;
use crate::plan::selection::{Choice, Selection};

/// The id under which all pattern rules together are shown as one check.
pub(crate) const RULES: &str = "rules";

/// Why a run can't be planned: the configuration says something that makes no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A pattern of files.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The options of a check.
    #[error("options of [checks.{check}]: {why}")]
    Options {
        /// The check.
        check: &'static str,
        /// What is wrong with them.
        why: String,
    },
}

/// What decides which checks run.
pub(crate) struct Policy<'a> {
    /// The resolved configuration.
    pub(crate) config: &'a Config,
    /// What was chosen and what was left out by name.
    pub(crate) selection: &'a Selection,
    /// The pattern rules for the languages of the change.
    pub(crate) engine: &'a Engine,
    /// The files of the change that nobody here writes: only secrets are looked for in them.
    pub(crate) foreign: &'a BTreeSet<RepoPath>,
    /// The start of those files of the change whose name does not tell their type, if a command asks for types.
    pub(crate) starts: &'a BTreeMap<RepoPath, Vec<u8>>,
    /// Whether commands may run.
    pub(crate) trust: Trust,
    /// What is asked of the coverage.
    pub(crate) coverage: Asked<'a>,
    /// The credentials of the machine, if a check that runs compares files with them.
    pub(crate) credentials: &'a Credentials,
}

/// A check of each file by itself.
pub(crate) struct FileCheckJob {
    /// The check.
    pub(crate) check: &'static dyn FileCheck,
    /// Its options.
    pub(crate) options: Options,
    /// The files that the configuration gives it.
    pub(crate) given: Given,
}

impl FileCheckJob {
    /// Whether it may have something to say of a file, told before the file is read.
    pub(crate) fn wants(&self, side: &FileSide) -> bool {
        self.check.wants(side) && self.given.may_include(side)
    }

    /// Whether it looks for what is as bad in a file that somebody else wrote.
    fn finds_secrets(&self) -> bool {
        self.check.about().family == Family::Secrets || self.check.is_sensitive()
    }
}

/// A check of the whole change.
pub(crate) struct ChangeCheckJob {
    /// The check.
    pub(crate) check: &'static dyn ChangeCheck,
    /// Its options.
    pub(crate) options: Options,
}

/// What happens to one file: one read, one parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileJob {
    /// The file: its index in the change.
    pub(crate) file: usize,
    /// The checks: their indices in [`Plan::file_checks`].
    pub(crate) checks: Vec<usize>,
    /// Whether the pattern rules look at it.
    pub(crate) rules: bool,
}

/// A command of the configuration with the files that it looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandJob {
    /// The command.
    pub(crate) command: Command,
    /// The files, sorted.
    pub(crate) files: Vec<RepoPath>,
    /// The tests that it runs; `None` for all, where nobody asked which.
    pub(crate) tests: Option<Tests>,
}

/// All that a run will do.
pub(crate) struct Plan<'a> {
    /// The checks of files.
    pub(crate) file_checks: Vec<FileCheckJob>,
    /// The files, in the order of the change.
    pub(crate) files: Vec<FileJob>,
    /// The files of the change that only checks for secrets look at: their indices in the change.
    pub(crate) foreign: BTreeSet<usize>,
    /// Every file of the change that is not excluded, deleted ones too: its index in the change.
    pub(crate) included: BTreeSet<usize>,
    /// The checks of the whole change.
    pub(crate) change_checks: Vec<ChangeCheckJob>,
    /// The pattern rules.
    pub(crate) engine: &'a Engine,
    /// The pattern rules that run, by id.
    pub(crate) selection: &'a Selection,
    /// The commands, sorted by id.
    pub(crate) commands: Vec<CommandJob>,
    /// The measuring of coverage, if there is something to be measured by.
    pub(crate) coverage: Option<CoverageJob<'a>>,
    /// What is known before anything runs: checks that were left out or can't run.
    pub(crate) settled: Vec<CheckRun>,
    /// The levels of rules.
    pub(crate) levels: Levels,
}

impl Plan<'_> {
    /// What happens to a file of the change, also to one of which nothing is left to be judged.
    pub(crate) fn job(&self, file: usize) -> FileJob {
        let planned = self.files.iter().find(|job| job.file == file).cloned();
        planned.unwrap_or_else(|| {
            let is_foreign = self.foreign.contains(&file);
            let checks = self.file_checks.iter().enumerate().filter(|(_, job)| !is_foreign || job.finds_secrets());
            FileJob { file, checks: checks.map(|(at, _)| at).collect(), rules: !is_foreign }
        })
    }

    /// Whether a pattern rule looks at any file.
    pub(crate) fn runs_rules(&self) -> bool {
        self.files.iter().any(|job| job.rules)
    }
}

/// Plans the run over a change. An error is a pattern of the configuration that can't be used.
pub(crate) fn plan<'a>(change: &ChangeSet, policy: &Policy<'a>) -> Result<Plan<'a>, Error> {
    let mut planner = Planner { policy, settled: Vec::new() };
    let (file_checks, change_checks) = planner.built_in()?;
    let excluded = Patterns::new(&policy.config.exclude.value)?;
    let included: Vec<(usize, &ChangedFile)> =
        change.files.iter().enumerate().filter(|(_, file)| !excluded.matches(file.path())).collect();
    let rules = planner.chooses_rules();
    let is_foreign = |file: &ChangedFile| policy.foreign.contains(file.path());
    let files = included.iter().filter_map(|(index, file)| {
        let engine = Some(policy.engine).filter(|_| rules && !is_foreign(file));
        let mut job = file_job(*index, file, &file_checks, engine)?;
        job.checks.retain(|at| !is_foreign(file) || file_checks.get(*at).is_some_and(FileCheckJob::finds_secrets));
        (job.rules || !job.checks.is_empty()).then_some(job)
    });
    let files = files.collect();
    let own: Vec<_> = included.iter().copied().filter(|(_, file)| !is_foreign(file)).collect();
    let commands = planner.commands(&own)?;
    let coverage = planner.coverage(&own, &commands)?;
    Ok(Plan {
        file_checks,
        files,
        foreign: included.iter().filter(|(_, file)| is_foreign(file)).map(|(index, _)| *index).collect(),
        included: included.iter().map(|(index, _)| *index).collect(),
        change_checks,
        engine: policy.engine,
        selection: policy.selection,
        commands,
        coverage,
        settled: planner.settled,
        levels: Levels::new(policy.config)?,
    })
}

fn file_job(index: usize, file: &ChangedFile, checks: &[FileCheckJob], engine: Option<&Engine>) -> Option<FileJob> {
    let head = file.head.as_ref()?;
    let checks: Vec<usize> = checks.iter().enumerate().filter(|(_, job)| job.wants(head)).map(|(at, _)| at).collect();
    let rules = engine.is_some_and(|engine| engine.wants(head));
    (rules || !checks.is_empty()).then_some(FileJob { file: index, checks, rules })
}

struct Planner<'a, 'p> {
    policy: &'p Policy<'a>,
    settled: Vec<CheckRun>,
}

impl Planner<'_, '_> {
    fn settle(&mut self, id: &str, family: Family, outcome: Outcome) {
        self.settled.push(CheckRun::new(RuleId::from(id), family, outcome));
    }

    /// Whether a check runs; if someone left it out by name, that is noted.
    fn chooses(&mut self, id: &str, family: Family, by_default: bool) -> bool {
        match self.policy.selection.choose(id, family, by_default) {
            Choice::Runs => true,
            Choice::Off => false,
            Choice::LeftOut(by) => {
                self.settle(id, family, Outcome::Skipped(format!("left out by {by}")));
                false
            }
        }
    }

    fn chooses_rules(&mut self) -> bool {
        let selection = self.policy.selection;
        match selection.choose(RULES, Family::Rules, true) {
            Choice::Off => selection.names_any(&self.policy.engine.ids()),
            _ => self.chooses(RULES, Family::Rules, true),
        }
    }

    fn built_in(&mut self) -> Result<(Vec<FileCheckJob>, Vec<ChangeCheckJob>), Error> {
        if !self.policy.config.builtin.value {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut files = Vec::new();
        for check in file_checks() {
            let about = check.about();
            let names_rule = || check.rule_ids().into_iter().any(|rule| self.policy.selection.names(rule));
            if names_rule() || self.chooses(about.id, about.family, about.active == Active::ByDefault) {
                let mut options = self.options(about.id);
                check.validate(&options).map_err(|why| Error::Options { check: about.id, why })?;
                if check.asks_for_credentials() {
                    if let Some(breakage) = why_missing(self.policy.credentials, &options) {
                        self.settle(about.id, about.family, Outcome::Broken(breakage));
                        continue;
                    }
                    options.set_credentials(self.policy.credentials.clone());
                }
                let given = self.policy.config.checks.get(about.id).map(Given::new).transpose()?.unwrap_or_default();
                if check.needs_files() && given.is_everything() {
                    let why = "it is only for files that `files` names, and there is no `files`".to_owned();
                    return Err(Error::Options { check: about.id, why });
                }
                files.push(FileCheckJob { check, options, given });
            }
        }
        let mut changes = Vec::new();
        for check in hygiene::change_checks().into_iter().chain(change::checks()) {
            let about = check.about();
            if self.chooses(about.id, about.family, about.active == Active::ByDefault) {
                changes.push(ChangeCheckJob { check, options: self.options(about.id) });
            }
        }
        Ok((files, changes))
    }

    fn options(&self, id: &str) -> Options {
        let config = self.policy.config;
        let mut options = config.checks.get(id).map_or_else(Options::default, |check| check.options.clone());
        if id == "change-too-large" && options.number(change::size::MAX_LINES, 0) == 0 {
            options.set(change::size::MAX_LINES, OptionValue::Number(config.max_lines.value));
        }
        // A private key is reported once.
        let keys = self.policy.selection.choose("detect-private-key", Family::Hygiene, true);
        if id == SECRETS && keys == Choice::Runs {
            options.set(WITHOUT_PRIVATE_KEYS, OptionValue::Flag(true));
        }
        options
    }

    fn commands(&mut self, included: &[(usize, &ChangedFile)]) -> Result<Vec<CommandJob>, PatternError> {
        let config = self.policy.config;
        let own: BTreeMap<&String, &Check> = config.checks.iter().filter(|(_, check)| check.run.is_some()).collect();
        let mut jobs = Vec::new();
        for (id, check) in own {
            let command = Command { id: RuleId::from(id.as_str()), check: check.clone() };
            if !self.chooses(id, command.family(), true) {
                continue;
            }
            let wanted = Wanted::of(&command, included, self.policy.starts)?;
            let settled = match self.policy.trust {
                Trust::BuiltInOnly => Outcome::Broken(untrusted()),
                Trust::Proposed => Outcome::Skipped(PROPOSED.to_owned()),
                Trust::Commands if wanted.is_nothing(&command) => {
                    Outcome::Skipped("no file of this change is for it".to_owned())
                }
                Trust::Commands => {
                    jobs.push(CommandJob { command, files: wanted.present, tests: None });
                    continue;
                }
            };
            self.settle(id, command.family(), settled);
        }
        Ok(jobs)
    }
}

/// Why a command does not run that comes with the change itself.
const PROPOSED: &str = "the change brings this command, and it runs once the base has it";

fn untrusted() -> Breakage {
    Breakage {
        why: "commands of this repository do not run before someone trusts it".to_owned(),
        hint: "look at `run` in tollgate.toml, then `tollgate install`; or leave it out with `--skip`".to_owned(),
        log: String::new(),
    }
}

/// The files of a change that a command is for.
struct Wanted {
    /// Those that are there after the change.
    present: Vec<RepoPath>,
    /// How many are no longer there as files under a name that the command is for.
    n_gone: usize,
}

impl Wanted {
    fn of(
        command: &Command,
        included: &[(usize, &ChangedFile)],
        starts: &BTreeMap<RepoPath, Vec<u8>>,
    ) -> Result<Self, PatternError> {
        let given = Given::new(&command.check)?;
        let is_for = |side: &FileSide| {
            let start = starts.get(&side.path).map_or(&[][..], Vec::as_slice);
            given.may_include(side) && given.includes(side, start)
        };
        let sides = |file: &ChangedFile| file.head.iter().chain(file.bases.iter().flatten()).any(is_for);
        let touched: Vec<&ChangedFile> = included.iter().map(|(_, file)| *file).filter(|file| sides(file)).collect();
        let heads = touched.iter().filter_map(|file| file.head.as_ref());
        let present: Vec<RepoPath> =
            heads.filter(|side| side.mode.is_regular() && is_for(side)).map(|side| side.path.clone()).collect();
        Ok(Self { n_gone: touched.len() - present.len(), present: command.in_folder(present) })
    }

    /// Whether the command has nothing to do: it takes files and there are none, or it is for some files and none of
    /// them changed.
    fn is_nothing(&self, command: &Command) -> bool {
        let is_for_some = !command.check.files.is_empty() || !command.check.types.is_empty();
        self.present.is_empty() && (command.takes_files() || (is_for_some && self.n_gone == 0))
    }
}
