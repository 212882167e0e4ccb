//! `tollgate rules`: the checks and rules that there are, and work on rules.

mod new;
mod test;

use clap::{Args, Subcommand};

use crate::app::Session;
use crate::app::failure::Failure;
use crate::app::vocabulary::built_in_checks;
use crate::check::Active;
use crate::check::pattern::pack::{built_in, newest, packs};
use crate::check::pattern::rule_file::RuleFile;
use crate::check::rust;
use crate::check::secrets::pack::described;
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::cli::explain::known_page;
use crate::config::nearest::nearest;
use crate::config::tool;
use crate::git::Repo;
use crate::model::command::Trust;
use crate::model::rule::Family;
use crate::process::Interrupt;
use crate::syntax::languages::Language;

/// List checks and rules, and work on rules.
#[derive(Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Subcommand)]
enum RulesCommand {
    /// List every built-in check and rule, the project's own rules and the known tools: id, level, where it runs, the packs
    /// that it is in, what it finds.
    List,
    /// Test rules on their own examples and on fixture files beside them; exit code 1 if one does not hold, 2 if a rule
    /// file can't be used.
    Test(test::TestArgs),
    New(new::NewArgs),
    /// Show the file of a rule; of what is no pattern, what `explain` tells.
    Show {
        /// An id that `rules list` has.
        #[arg(value_name = "ID")]
        id: String,
    },
}

pub(super) fn run(args: &RulesArgs, context: &Context) -> Result<u8, Failure> {
    match &args.command {
        RulesCommand::List => context.streams.data(list(own(context)?).as_bytes()).map(|()| 0),
        RulesCommand::Test(args) => test::run(args, context),
        RulesCommand::New(args) => new::run(args, context),
        RulesCommand::Show { id } => context.streams.data(show(id, context)?.as_bytes()).map(|()| 0),
    }
}

/// The text of a rule file, after a line that says which it is; of what has no such file what `explain` tells.
fn show(id: &str, context: &Context) -> Result<String, Failure> {
    let rules: Vec<RuleFile> = built_in().into_iter().chain(own(context)?).collect();
    let Some(file) = rules.iter().find(|file| file.rule.id.as_str() == id) else {
        if let Some(page) = known_page(id, context)? {
            return Ok(page);
        }
        let hint = match nearest(id, rules.iter().map(|file| file.rule.id.as_str())) {
            Some(near) => format!("did you mean `{near}`? `tollgate rules list` lists them all"),
            None => "`tollgate rules list` lists them all; `tollgate explain` tells of checks".to_owned(),
        };
        return Err(Failure::usage(anyhow::anyhow!("there is no rule `{id}`")).with_hint(hint));
    };
    Ok(format!("# {}\n{}", file.origin, file.yaml.trim_start_matches('\n')))
}

/// The project's own rules, where there is a project.
fn own(context: &Context) -> Result<Vec<RuleFile>, Failure> {
    let interrupt = Interrupt::default();
    let Ok(repo) = Repo::discover(&context.environment.folder, &interrupt) else { return Ok(Vec::new()) };
    let settings = RunArgs::default().settings(&context.environment, Trust::BuiltInOnly);
    Session { repo: &repo, settings: &settings, interrupt: &interrupt }.own_rules()
}

fn list(own: Vec<RuleFile>) -> String {
    const WHEN_NAMED: &str = "when named: ";
    let checks = built_in_checks().into_iter().map(|about| {
        let when = if about.active == Active::WhenNamed { WHEN_NAMED } else { "" };
        [
            about.id.to_owned(),
            about.level.name().to_owned(),
            about.family.name().to_owned(),
            String::new(),
            format!("{when}{}", about.summary),
        ]
    });
    let row = |file: RuleFile, pack: String, when: &str| {
        let languages: Vec<&str> = file.languages.iter().map(|language| language.name()).collect();
        let (id, level) = (file.rule.id.to_string(), file.rule.level.name().to_owned());
        [id, level, languages.join(","), pack, format!("{when}{}", file.rule.summary)]
    };
    let place = |id: &str| {
        let its: Vec<&str> = packs().iter().filter(|pack| pack.has(id)).map(|pack| pack.name).collect();
        (its.join(","), if newest().has(id) { "" } else { WHEN_NAMED })
    };
    let rules = built_in().into_iter().map(|file| {
        let (pack, when) = place(file.rule.id.as_str());
        row(file, pack, when)
    });
    let items = rust::rules().iter().map(|rule| {
        let (pack, when) = place(rule.id);
        let (id, level, language) =
            (rule.id.to_owned(), rule.level.name().to_owned(), Language::Rust.name().to_owned());
        [id, level, language, pack, format!("{when}{}", rule.summary)]
    });
    let secrets = described().iter().map(|rule| {
        let (id, level) = (rule.id.to_string(), rule.level.name().to_owned());
        [id, level, rule.family.name().to_owned(), String::new(), rule.summary.clone()]
    });
    let own = own.into_iter().map(|file| {
        let when = if file.is_off { WHEN_NAMED } else { "" };
        row(file, "own".to_owned(), when)
    });
    let tools = tool::names().filter_map(|name| Some((name, tool::find(name)?))).map(|(name, known)| {
        let when = format!("with `tool = \"{name}\"`: {}", known.summary);
        [name.to_owned(), String::new(), Family::Tools.name().to_owned(), String::new(), when]
    });
    let mut rows: Vec<[String; 5]> = checks.chain(rules).chain(items).chain(own).chain(secrets).chain(tools).collect();
    rows.sort();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let (id, level, place, pack) = (width(0), width(1), width(2), width(3));
    let line = |[a, b, c, d, e]: &[String; 5]| format!("{a:id$}  {b:level$}  {c:place$}  {d:pack$}  {e}\n");
    rows.iter().map(line).collect()
}
