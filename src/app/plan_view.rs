//! A plan as it is shown.

use std::ffi::OsStr;
use std::path::Path;

use crate::app::{Case, affected};
use crate::check::coverage::COVERAGE;
use crate::check::external::{Command, Setting};
use crate::model::change::{ChangeSet, ChangedFile, Status};
use crate::model::command::{CommandSpec, Surroundings};
use crate::model::outcome::Outcome;
use crate::model::rule::Family;
use crate::plan::{CommandJob, Plan, RULES};
use crate::process::lookup::find;
use crate::report::plan::{CheckView, FileView, LeftOutView, PlanView};

/// The version of the shape of a plan.
const VERSION: u32 = 1;

/// Where the programs of commands are looked for.
pub(super) struct Programs<'a> {
    pub(super) top: Option<&'a Path>,
    pub(super) surroundings: &'a Surroundings,
}

impl Programs<'_> {
    /// The program that a command would run; none if there is none, or if a shell looks for it.
    fn of(&self, command: &Command, name: &OsStr) -> Option<String> {
        let folders = command.lookup(self.top.unwrap_or(Path::new("")), self.surroundings);
        let found = find(name, &folders, &self.surroundings.endings).filter(|_| !command.check.shell)?;
        let shown = self.top.and_then(|top| found.strip_prefix(top).ok()).unwrap_or(&found);
        Some(shown.display().to_string())
    }
}

pub(super) fn view(Case { change, prepared }: Case<'_>, plan: &Plan<'_>, programs: &Programs<'_>) -> PlanView {
    let why = |outcome: &Outcome| match outcome {
        Outcome::Skipped(why) => why.clone(),
        Outcome::Broken(breakage) => breakage.why.clone(),
        Outcome::Clean | Outcome::Found(_) => String::new(),
    };
    PlanView {
        version: VERSION,
        title: change.title.clone(),
        policy: prepared.loaded.name.clone(),
        stage: prepared.stage.clone(),
        files: change.files.iter().map(file).collect(),
        checks: checks(change, plan, programs),
        left_out: plan
            .settled
            .iter()
            .map(|check| LeftOutView { id: check.id.to_string(), why: why(&check.outcome) })
            .collect(),
    }
}

fn file(file: &ChangedFile) -> FileView {
    let old = file.bases.iter().flatten().map(|side| &side.path).find(|path| *path != file.path());
    FileView {
        status: match file.status {
            Status::Present => "present",
            Status::Added => "added",
            Status::Modified => "modified",
            Status::Deleted => "deleted",
            Status::Renamed => "renamed",
            Status::TypeChanged => "type-changed",
        },
        path: file.path().to_string(),
        old_path: old.map(ToString::to_string),
    }
}

fn checks(change: &ChangeSet, plan: &Plan<'_>, programs: &Programs<'_>) -> Vec<CheckView> {
    let built_in = |id: &str, family: Family, n_files: usize| CheckView {
        id: id.to_owned(),
        family: family.name(),
        n_files,
        dir: String::new(),
        tests: String::new(),
        program: None,
        commands: Vec::new(),
    };
    let files = plan.file_checks.iter().enumerate().map(|(at, job)| {
        let n_files = plan.files.iter().filter(|file| file.checks.contains(&at)).count();
        built_in(job.check.about().id, job.check.about().family, n_files)
    });
    let changes = plan.change_checks.iter().map(|job| {
        let about = job.check.about();
        built_in(about.id, about.family, change.files.len())
    });
    let rules = plan.runs_rules().then(|| {
        let n_files = plan.files.iter().filter(|file| file.rules).count();
        built_in(RULES, Family::Rules, n_files)
    });
    files
        .chain(changes)
        .filter(|check| check.n_files > 0)
        .chain(rules)
        .chain(plan.commands.iter().map(|job| command(job, programs)))
        .chain(plan.coverage.iter().map(|job| built_in(COVERAGE, Family::Tests, job.files.len())))
        .collect()
}

fn command(job: &CommandJob, programs: &Programs<'_>) -> CheckView {
    let setting = Setting {
        base: "{base}".to_owned(),
        head: "{head}".to_owned(),
        report: "{report}".into(),
        tests: job.tests.clone(),
        ..Setting::default()
    };
    let specs = job.command.specs(&job.files, &setting);
    let words = |spec: CommandSpec| {
        let words = std::iter::once(spec.program).chain(spec.args);
        words.map(|word| word.to_string_lossy().into_owned()).collect()
    };
    CheckView {
        id: job.command.id.to_string(),
        family: job.command.family().name(),
        n_files: job.files.len(),
        dir: job.command.check.dir.clone(),
        tests: job.tests.as_ref().map_or_else(String::new, affected::told),
        program: specs.first().and_then(|spec| programs.of(&job.command, &spec.program)),
        commands: specs.into_iter().map(words).collect(),
    }
}
