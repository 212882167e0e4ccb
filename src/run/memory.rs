//! What commands that look at each file by itself told of files: a file that nothing has changed for is not given to them
//! again. What they are told, their program, their configuration, their variables and the file itself make the key, and
//! what can't be laid to one file is not remembered.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::check::external::Command;
use crate::check::external::memory::is_starter;
use crate::check::external::read::{Ran, Understood};
use crate::model::change::{Mode, Source};
use crate::model::command::CommandSpec;
use crate::model::finding::Finding;
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::plan::CommandJob;
use crate::process::lookup::find;
use crate::run::Runner;
use crate::run::commands::Execution;
use crate::run::programs::Programs;
use crate::run::recall::PROGRAM;
use crate::store::results::key::{Key, Recipe};
use crate::store::results::told::Told;
use crate::tree::configuration::{self, Configured};
use crate::tree::file_state::FileState;
use crate::tree::program::Teller;
use crate::tree::scratch::is_installed;

/// What the findings of a command depend on beside its files, its program and what it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Premises {
    /// The files of the repository that may configure it.
    pub(crate) configuration: Vec<RepoPath>,
    /// The same outside.
    pub(crate) outside: Vec<PathBuf>,
    /// The variables that it inherits.
    pub(crate) variables: Vec<u8>,
}

/// What a command told of a file, to be remembered.
#[derive(Debug)]
pub(super) struct Kept {
    path: RepoPath,
    key: Key,
    bytes: Vec<u8>,
    /// Whether it tells anything, which may quote the file.
    has_findings: bool,
}

/// A file as a command is about to see it.
struct Trace {
    key: Key,
    file: PathBuf,
    state: Option<FileState>,
}

/// What one command line gave, and the files that it was for.
struct Share {
    files: Vec<RepoPath>,
    understood: Understood,
    /// Whether all of it is told of single files: of one by name, or of the only one that the command line takes.
    is_laid_to_files: bool,
}

impl Runner<'_> {
    /// Runs a command on those of its files of which no earlier run knows what it finds.
    pub(super) fn execute_remembering(
        &self,
        job: &CommandJob,
        execution: &mut Execution<'_>,
    ) -> Result<Understood, Breakage> {
        if !job.command.is_remembered() {
            return self.execute(job, execution);
        }
        let Some(recipe) = self.recipe(job, execution) else {
            return self.execute(job, execution).map(with_found_rules);
        };
        let (mut known, mut open, mut traces) = (Vec::new(), Vec::new(), Vec::new());
        for path in &job.files {
            let trace = self.trace(&recipe, execution, path);
            match trace.as_ref().and_then(|trace| self.cache.told(&trace.key, path)) {
                Some(told) => known.push(told),
                None => {
                    open.push(path.clone());
                    traces.push(trace);
                }
            }
        }
        if !known.is_empty() {
            execution.tell_known(known.len(), job.files.len());
        }
        let version = known.first().map(|told| told.version.clone());
        let known: Vec<Understood> = known.into_iter().map(from_told).collect();
        if open.is_empty() {
            execution.version = version.unwrap_or_default();
            return Ok(joined(known));
        }
        let shares = self.shares(&open, execution);
        let can_be_joined = shares.as_ref().is_ok_and(|shares| shares.iter().all(|share| share.is_laid_to_files));
        if !known.is_empty() && !can_be_joined && !self.interrupt.is_set() {
            // What it says of some of the files is not what it would say of all of them.
            return self.execute(job, execution).map(with_found_rules);
        }
        let shares = shares?;
        self.keep(&shares, open.iter().zip(traces), execution);
        Ok(joined(known.into_iter().chain(shares.into_iter().map(|share| share.understood))))
    }

    /// What each command line for these files gives.
    fn shares(&self, files: &[RepoPath], execution: &mut Execution<'_>) -> Result<Vec<Share>, Breakage> {
        let rans = self.start_all(files, execution)?;
        let share = |(files, ran): (&[RepoPath], &Ran)| {
            let understood = with_found_rules(self.understood(execution, ran)?);
            let is_laid_to_files = is_laid_to_files(&understood, files, execution.command.takes_one_file());
            Ok(Share { files: files.to_vec(), understood, is_laid_to_files })
        };
        execution.command.portions(files).into_iter().zip(&rans).map(share).collect()
    }

    /// All that what a command finds depends on, but for the file; none if that is not known well enough.
    fn recipe(&self, job: &CommandJob, execution: &Execution<'_>) -> Option<Recipe> {
        let command = &job.command;
        let premises = execution.ground.premises.get(&command.id)?;
        let mut recipe = Recipe::default().with(b"command").with(PROGRAM.as_bytes());
        [std::env::consts::OS, std::env::consts::ARCH].iter().for_each(|name| recipe.add(name.as_bytes()));
        recipe.add(command.definition().as_bytes());
        recipe.add(&premises.variables);
        let is_known = self.tell_programs(command, execution, &mut |part| recipe.add(part))
            && tell_configuration(job, execution, premises, &mut |part| recipe.add(part));
        is_known.then_some(recipe)
    }

    fn tell_programs(&self, command: &Command, execution: &Execution<'_>, tell: &mut dyn FnMut(&[u8])) -> bool {
        let top = &execution.site.top;
        let surroundings = execution.site.surroundings(self.surroundings);
        let folders = command.lookup(top, &surroundings);
        let mut teller =
            Teller { find: &|name| find(name, &folders, &surroundings.endings), is_starter: &is_starter, tell };
        let mut programs = command.programs();
        programs.all(|name| {
            let spec = CommandSpec { program: name.into(), ..CommandSpec::default() };
            let located = Programs::located(command, spec, top, &surroundings);
            let program = top.join(&command.check.dir).join(located.program);
            match program.strip_prefix(top).map(RepoPath::from_fs) {
                Ok(own) if !is_installed(&own) => teller.own(&program),
                _ => teller.program(&program),
            }
        })
    }

    /// The file as the command is about to see it; none if it can't be read.
    fn trace(&self, recipe: &Recipe, execution: &Execution<'_>, path: &RepoPath) -> Option<Trace> {
        let side = self.change.files.iter().filter_map(|file| file.head.as_ref()).find(|side| side.path == *path)?;
        let file = execution.site.top.join(path.to_fs());
        let state = FileState::of(&file);
        let mut recipe = recipe.clone().with(path.as_bytes()).with(&[u8::from(side.mode == Mode::Executable)]);
        if !execution.command.check.stdin {
            recipe.add(&configuration::read(&file)?);
        }
        // Fixes are placed in what is judged, which line ends and filters make another.
        match side.source {
            Source::Blob(id) | Source::Historic { blob: id, .. } => recipe.add(id.as_bytes()),
            Source::CheckedOut(_) | Source::Worktree => recipe.add(&self.judged(&side.path).ok()?),
        }
        Some(Trace { key: recipe.key(), file, state })
    }

    /// Notes what is to be remembered: of files that are still what they were before the command ran.
    fn keep<'t>(
        &self,
        shares: &[Share],
        traced: impl Iterator<Item = (&'t RepoPath, Option<Trace>)>,
        execution: &mut Execution<'_>,
    ) {
        let top = execution.site.top.to_string_lossy().into_owned();
        for (path, trace) in traced {
            let share = shares.iter().find(|share| share.files.contains(path)).filter(|share| share.is_laid_to_files);
            let (Some(share), Some(trace)) = (share, trace) else { continue };
            let is_of_file = |finding: &&Finding| finding.place.path().is_none_or(|place| place == path);
            let findings: Vec<Finding> = share.understood.findings.iter().filter(is_of_file).cloned().collect();
            // Where a run takes place is another matter in the next one.
            let names_place = findings.iter().any(|finding| finding.message.contains(&top));
            let rules = share.understood.rules.iter();
            let rules = rules.filter(|rule| findings.iter().any(|finding| finding.rule == rule.id)).cloned().collect();
            let told = Told { version: execution.version.clone(), findings, rules };
            if names_place || FileState::of(&trace.file) != trace.state {
                continue;
            }
            if let Some(bytes) = told.encode(path) {
                let has_findings = !told.findings.is_empty();
                execution.kept.push(Kept { path: path.clone(), key: trace.key, bytes, has_findings });
            }
        }
    }

    /// Remembers what commands told of files. What quotes a file is written down only where it is known to hold no
    /// secret.
    pub(super) fn remember(&self, kept: Vec<Kept>, free_of_secrets: &BTreeSet<RepoPath>) {
        for kept in kept {
            if !kept.has_findings || free_of_secrets.contains(&kept.path) {
                self.cache.put(kept.key, kept.bytes);
            }
        }
    }
}

/// Tells what configures a command; false if that is too much to be told.
fn tell_configuration(
    job: &CommandJob,
    execution: &Execution<'_>,
    premises: &Premises,
    tell: &mut dyn FnMut(&[u8]),
) -> bool {
    let command = &job.command;
    let Ok(patterns) = command.configuration() else { return false };
    let folder = RepoPath::new(command.folder());
    let top = &execution.site.top;
    let is_wanted = |path: &RepoPath| patterns.matches(path);
    // A program that is none of the repository's own is told of with what is installed beside it.
    let is_elsewhere = |word: &str| command.programs().any(|program| program == word && !is_below(program, top));
    if !command.code().into_iter().all(|word| is_elsewhere(&word) || is_known(&word, &folder, top, &is_wanted)) {
        return false;
    }
    let (words, matcher) = command.named_files();
    let (outside, words): (Vec<&str>, Vec<&str>) = words.partition(|word| Path::new(word).is_absolute());
    let outside: Vec<PathBuf> = premises.outside.iter().cloned().chain(outside.iter().map(PathBuf::from)).collect();
    let mut listed = premises.configuration.clone();
    listed.extend(words.iter().filter_map(|word| folder.resolve(word.as_bytes())));
    listed.extend(matcher.map(RepoPath::from));
    let configured = Configured {
        top,
        listed: &listed,
        folder: &folder,
        names: &command.configuration_names(),
        files: &job.files,
        is_wanted: &is_wanted,
        outside: &outside,
    };
    configuration::tell(&configured, tell)
}

/// Whether a word is the path of something below the top.
fn is_below(word: &str, top: &Path) -> bool {
    !Path::new(word).is_absolute() || Path::new(word).starts_with(top)
}

/// Whether a word that may name code leaves no doubt about what that loads: it names none, or what is installed in the
/// repository, or some that is configuration.
fn is_known(word: &str, folder: &RepoPath, top: &Path, is_configuration: &dyn Fn(&RepoPath) -> bool) -> bool {
    let word = Path::new(word);
    let path = match word.strip_prefix(top) {
        Ok(inside) => RepoPath::from_fs(inside),
        Err(_) if word.is_absolute() => return false,
        Err(_) => folder.join(RepoPath::from_fs(word.strip_prefix(".").unwrap_or(word)).as_bytes()),
    };
    let is_there = top.join(path.to_fs()).is_file();
    !is_there || path.is_inside() && (is_installed(&path) || is_configuration(&path))
}

/// Whether all that a command line gave is told of these files, and where it takes but one, of that.
fn is_laid_to_files(understood: &Understood, files: &[RepoPath], takes_one_file: bool) -> bool {
    let is_laid = |finding: &Finding| match finding.place.path() {
        Some(path) => files.contains(path),
        None => takes_one_file && finding.place == Place::Change,
    };
    understood.breakage.is_none() && understood.notices.is_empty() && understood.findings.iter().all(is_laid)
}

/// The same without the rules of which nothing was found: they would have to be remembered with every file.
fn with_found_rules(mut understood: Understood) -> Understood {
    let findings = &understood.findings;
    understood.rules.retain(|rule| findings.iter().any(|finding| finding.rule == rule.id));
    understood
}

fn from_told(told: Told) -> Understood {
    Understood { findings: told.findings, rules: told.rules, ..Understood::default() }
}

fn joined(parts: impl IntoIterator<Item = Understood>) -> Understood {
    let mut whole = Understood::default();
    for part in parts {
        whole.findings.extend(part.findings);
        whole.rules.extend(part.rules);
        whole.notices.extend(part.notices);
        whole.breakage = whole.breakage.or(part.breakage);
    }
    whole
}
