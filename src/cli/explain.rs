//! `tollgate explain`: what a rule or check finds, why, and how to mend it.

use clap::Args;

use crate::app::Session;
use crate::app::failure::Failure;
use crate::app::vocabulary::built_in_checks;
use crate::check::About;
use crate::check::pattern::pack::{Pack, built_in, newest, packs};
use crate::check::pattern::rule_file::RuleFile;
use crate::check::rust::{self, RustRule};
use crate::check::secrets::pack::described;
use crate::cli::Context;
use crate::cli::check::RunArgs;
use crate::config::nearest::nearest;
use crate::config::tool::{self, Kind};
use crate::git::Repo;
use crate::model::command::Trust;
use crate::model::escape::escaped;
use crate::model::option::{OptionKind, OptionSpec};
use crate::model::rule::Rule;
use crate::process::Interrupt;
use crate::syntax::languages::Language;

/// Explain a check or rule: what it finds, why it matters, how to mend it.
#[derive(Args)]
pub(super) struct ExplainArgs {
    /// The id, as it stands in brackets behind a finding, or the name of a pack.
    #[arg(value_name = "ID")]
    id: String,
}

pub(super) fn run(args: &ExplainArgs, context: &Context) -> Result<u8, Failure> {
    let page = known_page(&args.id, context)?.ok_or_else(|| unknown(&args.id))?;
    context.streams.data(page.as_bytes()).map(|()| 0)
}

/// The page of whatever has that id; none if nothing has it.
pub(super) fn known_page(id: &str, context: &Context) -> Result<Option<String>, Failure> {
    match page(id) {
        Some(page) => Ok(Some(page)),
        None => Ok(own_page(id, context)?.or_else(|| tool_page(id))),
    }
}

/// The page of a rule of the project's own, or of a check that its configuration defines (of a rule of such a check,
/// `tool/rule`, too).
fn own_page(id: &str, context: &Context) -> Result<Option<String>, Failure> {
    let interrupt = Interrupt::default();
    let Ok(repo) = Repo::discover(&context.environment.folder, &interrupt) else { return Ok(None) };
    let settings = RunArgs::default().settings(&context.environment, Trust::BuiltInOnly);
    let session = Session { repo: &repo, settings: &settings, interrupt: &interrupt };
    if let Some(file) = session.own_rules()?.iter().find(|file| file.rule.id.as_str() == id) {
        return Ok(Some(rule_page(file)));
    }
    let (config, policy) = session.policy_here()?;
    let own = id.split_once('/').map_or(id, |(check, _)| check);
    let Some((check, run)) = config.checks.get(own).and_then(|check| Some((check, check.run.as_ref()?))) else {
        return Ok(None);
    };
    let line = escaped(&run.value.join(" "));
    let level = check.level.map_or(String::new(), |level| format!(" Its findings have the level {}.", level.name()));
    Ok(Some(format!(
        "# {id}\n\n## What it finds\n\nWhatever `{line}` reports: [checks.{own}] of {policy}, {}.{level}\n\n\
         ## Fix\n\nRun that command by hand to see all that it says.\n{}",
        run.origin,
        tool_page(&check.tool).map_or(String::new(), |page| format!("\n{page}"))
    )))
}

/// What is known of a tool, and how a check with it is written.
fn tool_page(name: &str) -> Option<String> {
    let tool = tool::find(name)?;
    let note = if tool.note.is_empty() { String::new() } else { format!("\n\n{}", tool.note.trim_end()) };
    let mends = match (tool.kind, tool.mends()) {
        (Kind::Formatter, _) => {
            "\n\nIt mends: what it would change is a finding, and `tollgate fix` or a stage with `fix = \"safe\"` changes it."
        }
        (Kind::Linter, true) => "\n\nIt also mends, in a check of its own with `fix = \"safe\"`.",
        (Kind::Linter, false) | (Kind::Suite, _) => "",
    };
    let stdin =
        if tool.reads_stdin() { "\n\nWith `stdin = true` it reads each file from its standard input." } else { "" };
    let kind = tool.kind.name();
    let (summary, url, licence, install) = (&tool.summary, &tool.url, &tool.licence, &tool.install);
    Some(format!(
        "# {name} (known tool, {kind})\n\n{summary} See {url}; its licence is {licence}.{note}{mends}{stdin}\n\n\
         ## Use\n\nInstall it, for example with `{install}`, and write into `tollgate.toml`:\n\n    [checks.{name}]\n    \
         tool = \"{name}\"\n\nIt is then called like this; other keys of the check, `args` among them, change that:\n\n    {}\n",
        tool.line()
    ))
}

fn page(id: &str) -> Option<String> {
    if let Some(about) = built_in_checks().into_iter().find(|about| about.id == id) {
        let page = format!("# {id} ({}, {})\n\n{}", about.family.name(), about.level.name(), doc(about));
        return Some(page + "\n");
    }
    if let Some(pack) = packs().iter().find(|pack| pack.name == id) {
        return Some(pack_page(pack));
    }
    if let Some(rule) = rust::rules().iter().find(|rule| rule.id == id).map(RustRule::described) {
        let language = Language::Rust.name();
        return Some(format!("# {id} ({language}, {})\n\n{}\n", rule.level.name(), rule.doc.trim_end()));
    }
    let secret = described().iter().find(|rule| rule.id.as_str() == id);
    let secret_page = |rule: &Rule| {
        let cwe: Vec<String> = rule.cwe.iter().map(|number| format!(", CWE-{number}")).collect();
        format!("# {} (secrets, {}{})\n\n{}", rule.id, rule.level.name(), cwe.concat(), rule.doc)
    };
    secret.map(secret_page).or_else(|| built_in().iter().find(|file| file.rule.id.as_str() == id).map(rule_page))
}

/// What a pack is, and the rules in it, one a line.
fn pack_page(pack: &Pack) -> String {
    let (name, n_rules) = (pack.name, pack.rules.len());
    let holds = match newest().name == name {
        true => "It holds where `tollgate.toml` names no pack. ",
        false => "",
    };
    format!(
        "# {name} (pack)\n\n{holds}A numbered pack never gains a rule; pin it so that no newer one takes its place: \
         `extends = [\"tollgate:{name}\"]`. A rule that is in no pack runs where `[rules.levels]` or `--only` names \
         it.\n\n## Its {n_rules} rules\n\n{}\n",
        pack.rules.join("\n")
    )
}

fn rule_page(file: &RuleFile) -> String {
    let rule = &file.rule;
    let languages: Vec<&str> = file.languages.iter().map(|language| language.name()).collect();
    let cwe: Vec<String> = rule.cwe.iter().map(|number| format!(", CWE-{number}")).collect();
    let head = format!("# {} ({}, {}{})", rule.id, languages.join(", "), rule.level.name(), cwe.concat());
    format!("{head}\n\n{}\n", rule.doc.trim_end())
}

/// What a check says of itself; the part about its options also says where they are written, and names all of them.
fn doc(about: &About) -> String {
    let doc = about.doc.trim_end();
    let place = |option: &&OptionSpec| doc.find(&format!("- `{}`", option.name));
    let first = about.options.iter().min_by_key(|option| place(option).unwrap_or(usize::MAX));
    let Some((first, (before, listed))) = first.zip(doc.split_once(OPTIONS)) else {
        return doc.to_owned();
    };
    let missing = about.options.iter().filter(|option| place(option).is_none());
    let missing: String = missing.map(|option| format!("\n{}", option_line(option))).collect();
    let (id, example) = (about.id, format!("{} = {}", first.name, example(first.kind)));
    format!(
        "{before}{OPTIONS}They are written in `tollgate.toml`: `[checks.{id}]`, `options = {{ {example} }}`.\n\n{}{missing}",
        listed.trim_start()
    )
}

/// The heading of the part about options.
const OPTIONS: &str = "## Options\n";

/// What a value of that kind looks like.
fn example(kind: OptionKind) -> String {
    match kind {
        OptionKind::Flag => "true".to_owned(),
        OptionKind::Number => "1000".to_owned(),
        OptionKind::Text => "\"...\"".to_owned(),
        OptionKind::List => "[\"...\"]".to_owned(),
        OptionKind::Choice(words) => format!("\"{}\"", words.last().copied().unwrap_or("...")),
    }
}

fn option_line(option: &OptionSpec) -> String {
    let takes = match option.kind {
        OptionKind::Flag => String::new(),
        OptionKind::Number => " (number)".to_owned(),
        OptionKind::Text => " (text)".to_owned(),
        OptionKind::List => " (list)".to_owned(),
        OptionKind::Choice(words) => format!(" ({})", words.join(", ")),
    };
    format!("- `{}`{takes}: {}", option.name, option.help)
}

fn unknown(id: &str) -> Failure {
    let rules = built_in();
    let checks = built_in_checks();
    let ids = checks.iter().map(|about| about.id).chain(rules.iter().map(|file| file.rule.id.as_str()));
    let ids = ids.chain(rust::rules().iter().map(|rule| rule.id));
    let ids = ids.chain(described().iter().map(|rule| rule.id.as_str()));
    let ids = ids.chain(packs().iter().map(|pack| pack.name));
    let tools: Vec<&str> = tool::names().collect();
    let ids = ids.chain(tools);
    let hint = match nearest(id, ids) {
        Some(near) => format!("did you mean `{near}`? `tollgate rules list` lists them all"),
        None => "`tollgate rules list` lists them all".to_owned(),
    };
    Failure::usage(anyhow::anyhow!("there is no check or rule `{id}`")).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::{OPTIONS, page};
    use crate::app::vocabulary::built_in_checks;

    #[test]
    fn every_option_is_explained_in_one_place_that_says_where_it_is_written() {
        for about in built_in_checks() {
            let page = page(about.id).expect("it is built in");
            assert!(page.matches(OPTIONS).count() <= 1, "{page}");
            let options = page.split_once(OPTIONS).map_or("", |(_, options)| options);
            let place = format!("`tollgate.toml`: `[checks.{}]`, `options = {{ ", about.id);
            assert_eq!(options.contains(&place), !about.options.is_empty(), "{page}");
            for option in about.options {
                assert!(options.contains(&format!("- `{}`", option.name)), "{}: {page}", option.name);
            }
        }
    }
}
