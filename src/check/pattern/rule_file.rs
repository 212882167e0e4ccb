//! A rule file: ast-grep's YAML unchanged, with our own additions under `metadata`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use crate::check::pattern::example::Examples;
use crate::check::pattern::fault::{RuleError, without_place};
use crate::config::nearest::nearest;
use crate::model::path::RepoPath;
use crate::model::rule::{Family, Level, Rule, RuleId};
use crate::syntax::languages::Language;
use crate::syntax::rules::{CompiledRule, json_of};

/// The keys of ast-grep's YAML that describe a rule; what it matches is left to the engine.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    id: String,
    language: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    files: Vec<Glob>,
    #[serde(default)]
    ignores: Vec<Glob>,
    #[serde(default)]
    metadata: Metadata,
}

/// A pattern of paths, as ast-grep writes it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Glob {
    Text(String),
    #[serde(rename_all = "camelCase")]
    Detailed {
        glob: String,
        #[serde(default)]
        case_insensitive: bool,
    },
}

/// Our additions.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Metadata {
    /// Other languages that the rule runs on.
    also: Vec<String>,
    /// What a hit means, for lists; the message may have placeholders.
    summary: String,
    /// What to do about it, in one sentence.
    hint: String,
    /// Texts of which a file has at least one if the rule can hold in it; none if that can't be told.
    literals: Vec<String>,
    /// A query of tree-sitter's that must capture the node, too: its first capture whose name does not begin with `_`.
    #[serde(rename = "query")]
    _query: String,
    category: String,
    precision: String,
    cwe: Vec<u32>,
    references: Vec<String>,
    /// Examples that must and must not be found.
    tests: Examples,
}

/// A rule file, described but not compiled.
#[derive(Clone, Debug)]
pub(crate) struct RuleFile {
    /// The file, for people.
    pub(crate) origin: String,
    /// Its text.
    pub(crate) yaml: String,
    /// The same as JSON, for what reads it often.
    pub(crate) json: String,
    /// The languages that it runs on.
    pub(crate) languages: Vec<Language>,
    /// What the rule says of itself.
    pub(crate) rule: Rule,
    /// What to do about a hit.
    pub(crate) hint: String,
    /// Texts of which a file has at least one if the rule can hold in it; none if that can't be told.
    pub(crate) literals: Vec<String>,
    /// Its examples.
    pub(crate) tests: Examples,
    /// The paths that it is for; none for all.
    files: Option<GlobSet>,
    /// The paths that it leaves out.
    ignores: GlobSet,
}

impl RuleFile {
    /// Reads a file of one or more rules: YAML documents, each after a line `---`. One without any is a fault.
    pub(crate) fn parse_all(origin: &str, yaml: &str) -> Vec<Result<Self, RuleError>> {
        let documents = documents(yaml);
        if documents.is_empty() {
            let hint = "`tollgate rules new ID --language LANGUAGE` writes one to start from".to_owned();
            return vec![Err(RuleError { hint, ..RuleError::new(origin, "there is no rule in it") })];
        }
        documents.iter().map(|document| Self::parse(origin, document)).collect()
    }

    /// Reads the description of a rule from YAML; the pattern itself is compiled later, for each language.
    pub(crate) fn parse(origin: &str, yaml: &str) -> Result<Self, RuleError> {
        let fail = |reason: String| RuleError::new(origin, reason);
        let header: Header = serde_saphyr::from_str(yaml).map_err(|error| {
            let at = error.location().map(|place| (place.line(), place.column()));
            let at = at.and_then(|(line, column)| Some((line.try_into().ok()?, column.try_into().ok()?)));
            RuleError { at, ..fail(format!("not a rule: {}", without_place(&error.without_snippet().to_string()))) }
        })?;
        if header.id.is_empty() {
            return Err(fail("the rule has no `id`".to_owned()));
        }
        let languages = std::iter::once(&header.language)
            .chain(&header.metadata.also)
            .map(|name| Language::from_name(name).ok_or_else(|| no_language(origin, yaml, name)))
            .collect::<Result<Vec<_>, _>>()?;
        let severity = header.severity.as_str();
        let level = level(severity).ok_or_else(|| {
            fail(format!("`severity: {severity}` is none of error, warning, info, hint")).at_word(yaml, severity)
        })?;
        let metadata = header.metadata;
        let summary = if metadata.summary.is_empty() { header.message } else { metadata.summary };
        let rule = Rule {
            id: RuleId::new(header.id),
            family: Family::Rules,
            level,
            doc: document(&summary, &header.note, &metadata.tests, &metadata.hint, &metadata.references),
            summary,
            url: header.url,
            category: metadata.category,
            precision: metadata.precision,
            cwe: metadata.cwe,
        };
        let (origin, yaml) = (origin.to_owned(), yaml.to_owned());
        let files = (!header.files.is_empty()).then(|| globs(&header.files)).transpose().map_err(fail)?;
        let ignores = globs(&header.ignores).map_err(fail)?;
        Ok(Self {
            origin,
            json: json_of(&yaml),
            yaml,
            languages,
            rule,
            hint: metadata.hint,
            literals: metadata.literals,
            tests: metadata.tests,
            files,
            ignores,
        })
    }

    /// The rule, compiled for a language. What is wrong with it is told by its own text.
    pub(crate) fn compile(&self, language: Language) -> Result<CompiledRule, RuleError> {
        CompiledRule::compile_json(&self.json, language)
            .or_else(|_| CompiledRule::compile(&self.yaml, language))
            .map_err(|error| RuleError::of_engine(&error, &self.origin, &self.yaml, language))
    }

    /// Whether the rule is for a file of that path.
    pub(crate) fn is_for(&self, path: &RepoPath) -> bool {
        let path = path.to_fs();
        self.files.as_ref().is_none_or(|files| files.is_match(&path)) && !self.ignores.is_match(&path)
    }
}

/// The documents of a YAML file, each with as many lines before it as it has there, so that places in it stay true.
fn documents(yaml: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for (n_before, line) in yaml.split_inclusive('\n').enumerate() {
        let last = documents.last_mut().expect("because there is one from the start");
        if line.trim_end() != "---" {
            last.push_str(line);
        } else if is_blank(last) {
            last.push_str("---\n");
        } else {
            documents.push("\n".repeat(n_before + 1));
        }
    }
    documents.retain(|document| !is_blank(document));
    documents
}

/// Whether a document says nothing.
fn is_blank(document: &str) -> bool {
    document.lines().all(|line| line.trim().is_empty() || line.starts_with('#') || line == "---")
}

fn no_language(origin: &str, yaml: &str, name: &str) -> RuleError {
    let known: Vec<&str> = Language::all().map(Language::name).collect();
    let error = RuleError::new(origin, format!("there is no language `{name}`")).at_word(yaml, name);
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    RuleError { hint, ..error }
}

fn globs(globs: &[Glob]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let (text, folded) = match glob {
            Glob::Text(text) => (text, false),
            Glob::Detailed { glob, case_insensitive } => (glob, *case_insensitive),
        };
        set.add(GlobBuilder::new(text).case_insensitive(folded).build().map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

/// The level that a severity of ast-grep's means; none for `off` and what it does not know.
pub(crate) fn level(severity: &str) -> Option<Level> {
    match severity {
        "error" => Some(Level::Error),
        "warning" => Some(Level::Warning),
        "" | "info" | "hint" => Some(Level::Note),
        _ => None,
    }
}

/// The page that `explain` prints, with the same parts as that of any other check.
fn document(summary: &str, note: &str, tests: &Examples, hint: &str, references: &[String]) -> String {
    let mut page = format!("## What it finds\n\n{summary}\n");
    let mut part = |title: &str, text: &str| {
        if !text.is_empty() {
            page.push_str(&format!("\n## {title}\n\n{text}\n"));
        }
    };
    let code = |example: Option<&String>| {
        example.map_or_else(String::new, |text| {
            let lines: Vec<String> =
                text.trim_end().lines().map(|line| format!("    {line}").trim_end().to_owned()).collect();
            lines.join("\n")
        })
    };
    part("Why it matters", note.trim());
    part("Example", &code(tests.fail.first().map(|example| &example.code)));
    let better = code(tests.pass.first().map(|example| &example.code));
    let fix = if better.is_empty() { hint.to_owned() } else { format!("{hint}\n\n{better}") };
    part("Fix", &fix);
    part("References", &references.iter().map(|url| format!("- {url}")).collect::<Vec<_>>().join("\n"));
    page
}

#[cfg(test)]
mod tests {
    use super::RuleFile;

    #[track_caller]
    fn refused(yaml: &str, expected: &str) {
        let error = RuleFile::parse("rules/a.yml", yaml).unwrap_err().to_string();
        assert!(error.starts_with("rules/a.yml:") && error.contains(expected), "{error}");
    }

    #[test]
    fn a_faulty_rule_file_is_refused_with_a_reason() {
        refused("language: Python\nrule: {pattern: a}\n", "no `id`");
        refused("id: a\nlanguage: Klingon\n", ":2:11: there is no language `Klingon`");
        refused("id: a\nlanguage: Python\nseverity: fatal\n", ":3:11: `severity: fatal`");
        refused("id: a\nlanguage: Python\nmetadata: {tetst: 1}\n", ":3:12: not a rule: unknown field `tetst`");
        refused("id: a\nlanguage: Python\nmetadata: {tests: {fail: [{cod: x}]}}\n", "unknown field `cod`");
        refused("- a\n", "not a rule");
    }

    #[test]
    fn a_file_may_hold_several_rules_with_true_places() {
        let yaml =
            "# first\n---\nid: a\nlanguage: Go\n---\nid: b\nlanguage: Rust\n---\nid: c\nlanguage: Klingon\n---\n";
        let read: Vec<String> = RuleFile::parse_all("r.yml", yaml)
            .into_iter()
            .map(|rule| rule.map_or_else(|error| error.to_string(), |rule| rule.rule.id.to_string()))
            .collect();
        assert_eq!(read, ["a", "b", "r.yml:10:11: there is no language `Klingon`"]);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut yaml = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            yaml.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        refused(&yaml, "not a rule");
    }
}
