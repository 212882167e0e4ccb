//! A rule file: ast-grep's YAML unchanged, with our own additions under `metadata`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

use crate::check::pattern::example::Examples;
use crate::check::pattern::fault::{RuleError, in_plain_words, place_in_yaml, without_place};
use crate::check::pattern::utility::{self, Utility};
use crate::config::nearest::nearest;
use crate::model::path::RepoPath;
use crate::model::rule::{Family, Level, Rule, RuleId};
use crate::syntax::languages::Language;
use crate::syntax::rules::{CompiledRule, json_of};

/// The severity of a rule that is off.
const OFF: &str = "off";

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
    note: Option<String>,
    url: Option<String>,
    files: Option<Vec<Glob>>,
    ignores: Option<Vec<Glob>>,
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

/// What a rule may be about.
const CATEGORIES: [&str; 6] = ["security", "correctness", "maintainability", "performance", "portability", "style"];

/// The keys of our additions.
pub(super) const METADATA: [&str; 10] =
    ["also", "summary", "hint", "literals", "query", "category", "precision", "cwe", "references", "tests"];

/// Our additions. What else stands there is not for us.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
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
    cwe: OneOrMany<Weakness>,
    references: OneOrMany<String>,
    /// Examples that must and must not be found.
    tests: Examples,
}

/// One thing or a list of such.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// A weakness of the CWE list: its number, or as others write it: `CWE-79: Cross-site Scripting`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Weakness {
    Number(u32),
    Text(String),
}

impl Weakness {
    fn number(self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => {
                let number = text.trim().trim_start_matches(['C', 'W', 'E', 'c', 'w', 'e', '-']);
                number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
            }
        }
    }
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
    /// Whether it is off until the policy gives it a level or somebody names it.
    pub(crate) is_off: bool,
    /// What to do about a hit.
    pub(crate) hint: String,
    /// Texts of which a file has at least one if the rule can hold in it; none if that can't be told.
    pub(crate) literals: Vec<String>,
    /// Its examples.
    pub(crate) tests: Examples,
    /// The utility rules that it uses, with those that these use.
    utilities: Arc<[Utility]>,
    /// The paths that it is for; none for all.
    files: Option<GlobSet>,
    /// The paths that it leaves out.
    ignores: GlobSet,
    compiled: Compiled,
}

/// The rule of a file for each language that it was compiled for: once, for all copies of the file.
#[derive(Clone, Default)]
struct Compiled(Arc<Mutex<BTreeMap<Language, Arc<CompiledRule>>>>);

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compiled")
    }
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
            let (reason, hint) = in_plain_words(without_place(&error.without_snippet().to_string()));
            RuleError { at: place_in_yaml(&error), hint, ..fail(format!("not a rule: {reason}")) }
        })?;
        if header.id.is_empty() {
            return Err(fail("the rule has no `id`".to_owned()));
        }
        let languages = std::iter::once(&header.language)
            .chain(&header.metadata.also)
            .map(|name| Language::from_name(name).ok_or_else(|| no_language(origin, yaml, name)))
            .collect::<Result<Vec<_>, _>>()?;
        let severity = header.severity.as_str();
        let is_off = severity == OFF;
        let level = level(if is_off { "" } else { severity }).ok_or_else(|| {
            fail(format!("`severity: {severity}` is none of error, warning, info, hint, off")).at_word(yaml, severity)
        })?;
        let metadata = header.metadata;
        verify_category(origin, yaml, &metadata.category)?;
        let references = metadata.references.into_vec();
        let summary = if metadata.summary.is_empty() { header.message } else { metadata.summary };
        let rule = Rule {
            id: RuleId::new(header.id),
            family: Family::Rules,
            level,
            doc: document(
                &summary,
                header.note.as_deref().unwrap_or_default(),
                &metadata.tests,
                &metadata.hint,
                &references,
            ),
            summary,
            url: header.url.unwrap_or_default(),
            category: metadata.category,
            precision: metadata.precision,
            cwe: weaknesses(origin, yaml, metadata.cwe.into_vec())?,
        };
        let (origin, yaml) = (origin.to_owned(), yaml.to_owned());
        let files = header.files.filter(|files| !files.is_empty());
        let files = files.map(|files| globs(&files)).transpose().map_err(fail)?;
        let ignores = globs(&header.ignores.unwrap_or_default()).map_err(fail)?;
        Ok(Self {
            origin,
            json: json_of(&yaml),
            yaml,
            languages,
            rule,
            is_off,
            utilities: Arc::default(),
            hint: metadata.hint,
            literals: metadata.literals,
            tests: metadata.tests,
            files,
            ignores,
            compiled: Compiled::default(),
        })
    }

    /// The same with the utility rules of the project that it uses.
    pub(crate) fn with_utilities(self, all: &[Utility]) -> Self {
        Self { utilities: utility::used(&self.json, all).into(), compiled: Compiled::default(), ..self }
    }

    /// The utility rules that it uses in a language, as JSON.
    pub(super) fn utilities(&self, language: Language) -> Vec<&str> {
        utility::for_language(&self.utilities, language)
    }

    /// All that says what it finds, as JSON: its own text and the utility rules that it uses.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.json.as_str()).chain(self.utilities.iter().map(|utility| utility.json.as_str()))
    }

    /// The rule, compiled for a language. What is wrong with it is told by its own text.
    pub(crate) fn compile(&self, language: Language) -> Result<Arc<CompiledRule>, RuleError> {
        let mut compiled = self.compiled.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = compiled.get(&language) {
            return Ok(Arc::clone(known));
        }
        let utilities = self.utilities(language);
        let rule = CompiledRule::compile_json(&self.json, &utilities, language)
            .or_else(|_| CompiledRule::compile(&self.yaml, &utilities, language))
            .map_err(|error| RuleError::of_engine(&error, &self.origin, &self.yaml, language))?;
        Ok(Arc::clone(compiled.entry(language).or_insert(Arc::new(rule))))
    }

    /// Whether the rule can be used in every language that it names.
    pub(crate) fn verify(&self) -> Result<(), RuleError> {
        self.languages.iter().try_for_each(|language| self.compile(*language).map(|_| ()))
    }

    /// Whether the rule is for a file of that path.
    pub(crate) fn is_for(&self, path: &RepoPath) -> bool {
        let path = path.to_fs();
        self.files.as_ref().is_none_or(|files| files.is_match(&path)) && !self.ignores.is_match(&path)
    }
}

/// The documents of a YAML file, each with as many lines before it as it has there, so that places in it stay true.
pub(super) fn documents(yaml: &str) -> Vec<String> {
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

pub(super) fn no_language(origin: &str, yaml: &str, name: &str) -> RuleError {
    let known: Vec<&str> = Language::all().map(Language::name).collect();
    let error = RuleError::new(origin, format!("there is no language `{name}`")).at_word(yaml, name);
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    RuleError { hint, ..error }
}

/// The numbers of weaknesses.
fn weaknesses(origin: &str, yaml: &str, named: Vec<Weakness>) -> Result<Vec<u32>, RuleError> {
    let numbers: Option<Vec<u32>> = named.into_iter().map(Weakness::number).collect();
    numbers.ok_or_else(|| {
        let hint = "it is a number of the CWE list, like `79` or `CWE-79`".to_owned();
        RuleError { hint, ..RuleError::new(origin, "`cwe` is no number of a weakness").at_word(yaml, "cwe") }
    })
}

fn verify_category(origin: &str, yaml: &str, name: &str) -> Result<(), RuleError> {
    if name.is_empty() || CATEGORIES.contains(&name) {
        return Ok(());
    }
    let hint = match nearest(name, CATEGORIES) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", CATEGORIES.join(", ")),
    };
    Err(RuleError { hint, ..RuleError::new(origin, format!("there is no category `{name}`")).at_word(yaml, name) })
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
        refused("id: a\nlanguage: Python\nmetadata: {tests: {fail: [{cod: x}]}}\n", "unknown field `cod`");
        refused(
            "id: a\nlanguage: Python\nmetadata: {category: corectness}\n",
            ":3:22: there is no category `corectness`",
        );
        refused("id: a\nlanguage: Python\nmetadata: {cwe: x}\n", ":3:12: `cwe` is no number");
        refused("id: a\nlanguage: Python\nnote: a\nnote: b\n", "the key `note` stands there twice");
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
    fn every_key_that_describes_a_rule_is_taken() {
        let yaml = "id: a\nlanguage: py\nrule: {pattern: f($A)}\nseverity: off\nmessage: m $A\nnote:\nurl: https://e.org\n\
                    files:\nignores: [{glob: B/*, caseInsensitive: true}]\nlabels: {A: {style: primary}}\nmetadata: \
                    {owner: [team], category: security, cwe: ['CWE-79: XSS', cwe-20, 3], references: https://e.org/r}\n";
        let rule = RuleFile::parse("a.yml", yaml).unwrap();
        assert!(rule.is_off && rule.is_for(&"a/b.py".into()) && !rule.is_for(&"b/b.py".into()));
        assert_eq!((rule.rule.cwe.as_slice(), rule.rule.url.as_str()), ([79, 20, 3].as_slice(), "https://e.org"));
        assert!(rule.rule.doc.contains("- https://e.org/r"));
        rule.compile(rule.languages[0]).unwrap();
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
