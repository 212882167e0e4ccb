//! `tollgate rules test`: whether rules do what their examples promise.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::Session;
use crate::app::failure::Failure;
use crate::check::pattern::annotation::Annotations;
use crate::check::pattern::fault::RuleError;
use crate::check::pattern::pack::entries;
use crate::check::pattern::trial::{Trial, try_rules};
use crate::check::pattern::utility::Utility;
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::git::Repo;
use crate::model::command::Trust;
use crate::model::escape::{escaped, escaped_lines};
use crate::process::Interrupt;
use crate::tree::file::read_named;
use crate::tree::named::files_below;

/// Test rules on their examples.
///
/// Examples stand in the rule file under `metadata.tests`, as `fail` and `pass`; a failing one may say what the rule's
/// fix makes of it: `{code: ..., fixed: ...}`. Or they stand in files beside the rule or below, where a comment
/// `ruleid: ID` says that the rule finds the next line, and `ok: ID` that it does not.
#[derive(Args)]
pub(super) struct TestArgs {
    /// A rule file, or a folder with rule files; by default the project's own rules, else the built-in ones.
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

/// Rule files by name and text, and the other files by name and content.
#[derive(Default)]
struct Material {
    rules: Vec<(String, String)>,
    utilities: Vec<Utility>,
    fixtures: Vec<(String, Vec<u8>)>,
}

pub(super) fn run(args: &TestArgs, context: &Context) -> Result<u8, Failure> {
    let material = match &args.path {
        Some(path) => given(path, context)?,
        None => own(context)?,
    };
    if material.rules.is_empty() {
        let what = args.path.as_ref().map_or_else(String::new, |path| format!(" in {}", path.display()));
        return Err(Failure::usage(anyhow::anyhow!("there is no rule file{what}")));
    }
    let trial = try_rules(&material.rules, &material.utilities, &material.fixtures);
    context.streams.data(told(&trial).as_bytes())?;
    Ok(match (trial.faulty.is_empty(), trial.failed.is_empty()) {
        (false, _) => Failure::USAGE,
        (true, false) => 1,
        (true, true) => 0,
    })
}

/// What a path on the command line leads to.
fn given(path: &Path, context: &Context) -> Result<Material, Failure> {
    let folder = &context.environment.folder;
    let place = folder.join(path);
    let (utilities, utility_files) = of_project(context, |session| session.own_utilities())?;
    let mut material = Material { utilities, ..Material::default() };
    let is_folder = place.is_dir();
    let top = if is_folder { place.as_path() } else { place.parent().unwrap_or(folder) };
    let files = files_below(top).map_err(Failure::usage)?;
    for file in files.iter().filter(|file| **file != place) {
        let is_rule = is_folder && is_yaml(file) && !utility_files.contains(file);
        material.add(file, &shown(file, folder), is_rule)?;
    }
    if !is_folder {
        let (_, bytes) = read_named(&place).map_err(Failure::usage)?;
        material.rules.push((path.display().to_string(), text(path, bytes)?));
    }
    Ok(material)
}

/// The project's own rules with the files beside them, or the built-in rules where there are none.
fn own(context: &Context) -> Result<Material, Failure> {
    let mut material = Material::default();
    let folder = &context.environment.folder;
    let rules = of_project(context, |session| session.own_rule_files())?;
    material.utilities = of_project(context, |session| session.own_utilities())?.0;
    let mut tops: Vec<&Path> = rules.iter().filter_map(|file| file.parent()).collect();
    tops.sort_unstable();
    tops.dedup_by(|folder, above| folder.starts_with(above));
    for top in tops {
        for file in files_below(top).map_err(Failure::usage)? {
            material.add(&file, &shown(&file, folder), rules.contains(&file))?;
        }
    }
    if material.rules.is_empty() {
        material.rules = entries().iter().map(|entry| (entry.origin.to_owned(), entry.yaml.to_owned())).collect();
    }
    Ok(material)
}

/// What the project tells; nothing where there is none.
fn of_project<T: Default>(
    context: &Context,
    tell: impl FnOnce(&Session<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let interrupt = Interrupt::default();
    let Ok(repo) = Repo::discover(&context.environment.folder, &interrupt) else { return Ok(T::default()) };
    let settings = RunArgs::default().settings(&context.environment, Trust::BuiltInOnly);
    tell(&Session { repo: &repo, settings: &settings, interrupt: &interrupt })
}

impl Material {
    /// Takes a file for what it is: one with comments of what it expects is a fixture even if it could hold rules.
    fn add(&mut self, file: &Path, name: &str, may_be_rule: bool) -> Result<(), Failure> {
        let (_, bytes) = read_named(file).map_err(Failure::usage)?;
        if Annotations::read(&bytes).ids().next().is_some() {
            self.fixtures.push((name.to_owned(), bytes));
        } else if may_be_rule {
            self.rules.push((name.to_owned(), text(file, bytes)?));
        }
        Ok(())
    }
}

fn is_yaml(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
}

fn text(file: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    let fault = |_| RuleError::new(&file.display().to_string(), "it is not UTF-8");
    String::from_utf8(bytes).map_err(fault).map_err(Failure::rule)
}

fn shown(file: &Path, folder: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).display().to_string()
}

fn told(trial: &Trial) -> String {
    let fault = |fault: &RuleError| {
        let hint = match fault.hint.is_empty() {
            true => String::new(),
            false => format!("  hint: {}\n", escaped_lines(&fault.hint).replace('\n', "\n  ")),
        };
        format!("{}\n{hint}", escaped_lines(&fault.to_string()))
    };
    let faults: String = trial.faulty.iter().chain(&trial.failed).map(fault).collect();
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut tried = vec![count(trial.n_rules, "rule"), count(trial.n_examples, "example")];
    if trial.n_fixtures > 0 {
        tried.push(count(trial.n_fixtures, "fixture"));
    }
    let tried = tried.join(", ");
    let verdict = match (trial.faulty.len(), trial.failed.len()) {
        (0, 0) => "all hold".to_owned(),
        (0, failed) => format!("{failed} of what they promise does not hold"),
        (faulty, failed) => format!("{faulty} can't be used, {failed} of what the others promise does not hold"),
    };
    format!("{faults}{}: {verdict}\n", escaped(&tried))
}
