//! Pattern rules: the built-in packs and the project's own, run on the syntax tree of each file.

pub(crate) mod pack;
pub(crate) mod rule_file;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::check::pattern::rule_file::RuleFile;
use crate::check::{Examined, FileInput};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Rule, RuleId};
use crate::syntax::Language;
use crate::syntax::rules::{CompiledRule, Match, RuleSet};
use crate::syntax::tree::{Error, SyntaxTree};

/// Why the rules can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub(crate) struct RuleError {
    /// The file of the rule.
    pub(crate) origin: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// The rules of one language, compiled when the first file of that language comes.
#[derive(Default)]
struct Pack {
    files: Vec<RuleFile>,
    compiled: OnceLock<Result<RuleSet, RuleError>>,
}

impl Pack {
    fn compiled(&self, language: Language) -> Result<&RuleSet, RuleError> {
        let compile = |file: &RuleFile| {
            CompiledRule::compile(&file.yaml, language)
                .map_err(|error| RuleError { origin: file.origin.clone(), reason: error.to_string() })
        };
        self.compiled
            .get_or_init(|| self.files.iter().map(compile).collect::<Result<Vec<_>, _>>().map(RuleSet::new))
            .as_ref()
            .map_err(Clone::clone)
    }
}

/// All rules of a run, by language.
#[derive(Default)]
pub(crate) struct Engine {
    packs: BTreeMap<Language, Pack>,
}

impl Engine {
    /// An engine for these rule files; each runs on every language that it names.
    pub(crate) fn new(files: Vec<RuleFile>) -> Self {
        let mut packs: BTreeMap<Language, Pack> = BTreeMap::new();
        for file in files {
            for language in &file.languages {
                packs.entry(*language).or_default().files.push(file.clone());
            }
        }
        Self { packs }
    }

    /// Compiles every rule, so that a faulty one is told before the run instead of by the first file.
    pub(crate) fn verify(&self) -> Result<(), RuleError> {
        self.packs.iter().try_for_each(|(language, pack)| pack.compiled(*language).map(|_| ()))
    }

    /// The rules, each once, sorted by id.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let by_id: BTreeMap<&RuleId, &Rule> =
            self.packs.values().flat_map(|pack| &pack.files).map(|file| (&file.rule.id, &file.rule)).collect();
        by_id.into_values().cloned().collect()
    }

    /// Whether there is a rule for files of this kind.
    pub(crate) fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular()
            && Language::of_path(&side.path).is_some_and(|language| self.packs.contains_key(&language))
    }

    /// Runs the rules that `wanted` lets through on one file, in one parse and one traversal.
    pub(crate) fn examine(
        &self,
        file: &FileInput<'_>,
        wanted: &dyn Fn(&RuleFile) -> bool,
    ) -> Result<Examined, Breakage> {
        let Some(language) = Language::of_path(&file.side.path) else { return Ok(Examined::default()) };
        let Some(pack) = self.packs.get(&language) else { return Ok(Examined::default()) };
        let is_wanted = |rule: &RuleFile| rule.is_for(&file.side.path) && wanted(rule);
        let wanted: Vec<bool> = pack.files.iter().map(is_wanted).collect();
        if !wanted.contains(&true) {
            return Ok(Examined::default());
        }
        let rules = pack.compiled(language).map_err(|error| Breakage::new(error.to_string()))?;
        let Ok(text) = std::str::from_utf8(file.bytes) else {
            return Ok(Examined { findings: Vec::new(), notices: vec!["not UTF-8: no rule was run on it".to_owned()] });
        };
        let tree = SyntaxTree::parse(text, language, file.deadline).map_err(|error| match error {
            Error::Timeout => Breakage::new("parsing it took longer than the stage may take"),
            Error::Grammar(_) => Breakage::new(error.to_string()),
        })?;
        let scan = rules.scan(&tree, &wanted, file.deadline);
        if scan.timed_out {
            return Err(Breakage::new("the rules took longer on it than the stage may take"));
        }
        let mut notices: Vec<String> = scan
            .cut
            .iter()
            .filter_map(|(rule, n_matches)| Some((&pack.files.get(*rule)?.rule.id, n_matches)))
            .map(|(id, n_matches)| format!("{id} holds {n_matches} times: only the first are shown"))
            .collect();
        if let Some(error) = tree.first_error() {
            let line = text.get(..error.start).unwrap_or_default().lines().count().max(1);
            notices.push(format!("not valid {} near line {line}: rules see only what parses", language.name()));
        }
        let findings = scan.matches.into_iter().filter_map(|found| finding(pack, file, text, found)).collect();
        Ok(Examined { findings, notices })
    }
}

fn finding(pack: &Pack, file: &FileInput<'_>, text: &str, found: Match) -> Option<Finding> {
    let rule = pack.files.get(found.rule)?;
    let place = Place::Span(file.side.path.clone(), found.span);
    let node = text.get(found.span.start..found.span.end).unwrap_or_default();
    let finding = Finding::new(rule.rule.id.clone(), rule.rule.level, place, found.message)
        .with_hint(rule.hint.clone())
        .with_anchor(Anchor::new(found.symbol, node.as_bytes()));
    Some(match found.edit {
        Some(edit) => finding.with_fix(format!("apply the fix of {}", rule.rule.id), vec![edit]),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use super::Engine;
    use crate::check::pattern::pack::built_in;
    use crate::check::pattern::rule_file::RuleFile;
    use crate::check::{Examined, FileInput, Manner};
    use crate::model::change::{FileSide, Mode, Source};
    use crate::model::deadline::Deadline;
    use crate::model::path::RepoPath;
    use crate::syntax::Language;

    fn examine(engine: &Engine, rule: &RuleFile, language: Language, text: &str) -> Examined {
        let name = match language {
            Language::Rust => "a.rs",
            Language::Python => "a.py",
            Language::JavaScript => "a.js",
            Language::TypeScript => "a.ts",
            Language::Tsx => "a.tsx",
            Language::Go => "a.go",
        };
        let side = FileSide { path: RepoPath::from(name), mode: Mode::File, source: Source::Worktree };
        let file = FileInput {
            side: &side,
            is_added: true,
            n_bytes: text.len() as u64,
            bytes: text.as_bytes(),
            is_text: true,
            manner: Manner::Gate,
            deadline: Deadline::NEVER,
        };
        engine.examine(&file, &|other| other.rule.id == rule.rule.id).unwrap()
    }

    #[test]
    fn every_built_in_rule_finds_its_failing_examples_and_spares_the_passing_ones() {
        let files = built_in();
        assert!(files.len() >= 12);
        let engine = Engine::new(files.clone());
        engine.verify().unwrap();
        for rule in &files {
            let id = &rule.rule.id;
            assert!(rule.tests.fail.len() >= 2 && rule.tests.pass.len() >= 2, "{id} lacks examples");
            for language in &rule.languages {
                for text in &rule.tests.fail {
                    let found = examine(&engine, rule, *language, text);
                    assert!(!found.findings.is_empty(), "{id} does not find, in {}:\n{text}", language.name());
                }
                for text in &rule.tests.pass {
                    let found = examine(&engine, rule, *language, text);
                    assert!(found.findings.is_empty(), "{id} wrongly finds, in {}:\n{text}", language.name());
                }
            }
        }
    }

    #[test]
    fn every_built_in_rule_says_what_why_and_how() {
        for rule in built_in() {
            let id = &rule.rule.id;
            assert!(rule.origin.ends_with(&format!("/{id}.yml")), "{id} is in {}", rule.origin);
            assert!(!rule.rule.summary.is_empty() && !rule.hint.is_empty() && !rule.rule.category.is_empty(), "{id}");
            for part in ["## What it finds", "## Why it matters", "## Example", "## Fix"] {
                assert!(rule.rule.doc.contains(part), "{id} has no `{part}`");
            }
        }
    }

    #[test]
    fn a_rule_runs_on_the_languages_that_it_names() {
        let yaml = "id: a\nlanguage: JavaScript\nseverity: error\nmessage: m\nrule: {pattern: f()}\nmetadata: {also: [TypeScript]}\n";
        let rule = RuleFile::parse("a.yml", yaml).unwrap();
        let engine = Engine::new(vec![rule.clone()]);
        assert_eq!(examine(&engine, &rule, Language::TypeScript, "f();").findings.len(), 1);
        assert_eq!(examine(&engine, &rule, Language::Tsx, "f();").findings.len(), 0);
    }

    #[test]
    fn a_rule_says_for_which_paths_it_is() {
        let check = |keys: &str, expected: usize| {
            let yaml = format!("id: a\nlanguage: Python\nseverity: error\nmessage: m\nrule: {{pattern: f()}}\n{keys}");
            let rule = RuleFile::parse("a.yml", &yaml).unwrap();
            let engine = Engine::new(vec![rule.clone()]);
            assert_eq!(examine(&engine, &rule, Language::Python, "f()\n").findings.len(), expected, "{keys}");
        };
        check("files: [src/**]\n", 0);
        check("files: ['*.py']\n", 1);
        check("ignores: [{glob: A.PY, caseInsensitive: true}]\n", 0);
    }

    #[test]
    fn a_syntax_error_is_said_and_the_rest_is_still_judged() {
        let yaml = "id: a\nlanguage: Rust\nseverity: error\nmessage: m\nrule: {pattern: f()}\n";
        let rule = RuleFile::parse("a.yml", yaml).unwrap();
        let engine = Engine::new(vec![rule.clone()]);
        let found = examine(&engine, &rule, Language::Rust, "fn g() { f(); }\nfn (((\n");
        assert_eq!(found.findings.len(), 1);
        assert!(found.notices[0].starts_with("not valid Rust near line "), "{:?}", found.notices);
    }
}
