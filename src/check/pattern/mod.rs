//! Pattern rules: the built-in packs and the project's own, run on the syntax tree of each file.

mod aliased;
pub(crate) mod annotation;
pub(crate) mod example;
pub(crate) mod fault;
mod gate;
#[cfg(test)]
mod gate_property;
#[cfg(test)]
mod generated;
mod hits;
pub(crate) mod pack;
pub(crate) mod rule_file;
pub(crate) mod trial;
pub(crate) mod utility;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::check::encoding::Wide;
use crate::check::parsed::{Parsed, Tree, in_utf8, why_unparsed};
use crate::check::pattern::fault::RuleError;
use crate::check::pattern::gate::{Gate, Needed, Passed};
use crate::check::pattern::hits::Hits;
use crate::check::pattern::pack::{Entry, entries};
use crate::check::pattern::rule_file::RuleFile;
use crate::check::rust::{self, RustRule};
use crate::check::{Examined, FileInput};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Edit, Finding, Related};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::model::rule::{Level, Rule, RuleId};
use crate::syntax::imports::named;
use crate::syntax::imports::{self, Names};
use crate::syntax::languages::Language;
use crate::syntax::literals::{self, Need};
use crate::syntax::places::Places;
use crate::syntax::rules::{CompiledRule, Match};
use crate::syntax::standing::Standing;
use crate::syntax::tree::SyntaxTree;

/// So many rules are worth a thread that compiles them while a file is parsed.
const MIN_COMPILED_BESIDE: usize = 4;
/// The bytes of a file whose parse takes longer than starting a thread does.
const MIN_PARSED_BESIDE: usize = 16 << 10;

/// A rule of the run for one language. What it takes to run it is made when the first file comes that it may hold in.
struct Candidate {
    id: RuleId,
    level: Level,
    text: RuleText,
    compiled: OnceLock<Result<Arc<CompiledRule>, RuleError>>,
    needed: OnceLock<Vec<Need>>,
    named: OnceLock<Names>,
    /// The file of a built-in rule that says for which paths it is.
    paths: OnceLock<Box<RuleFile>>,
}

/// Where a rule comes from.
enum RuleText {
    BuiltIn(&'static Entry),
    Own(Box<RuleFile>),
}

impl Candidate {
    fn new(text: RuleText) -> Self {
        let (id, level) = match &text {
            RuleText::BuiltIn(entry) => (RuleId::from(entry.id), entry.level()),
            RuleText::Own(file) => (file.rule.id.clone(), file.rule.level),
        };
        let (compiled, needed, named) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { id, level, text, compiled, needed, named, paths: OnceLock::new() }
    }

    /// The words that the rule names.
    fn named(&self) -> &Names {
        self.named.get_or_init(|| match &self.text {
            RuleText::BuiltIn(entry) => entry.named(),
            RuleText::Own(file) => file.texts().flat_map(named::of_json).collect(),
        })
    }

    /// What a file has in it in which the rule can hold; nothing if that can't be told.
    fn needed(&self, language: Language) -> Vec<Needed<'_>> {
        let derived = || match &self.text {
            RuleText::BuiltIn(entry) => literals::of_json(entry.rule, &[], language),
            RuleText::Own(file) => literals::of_json(&file.json, &file.utilities(language), language),
        };
        let known = match &self.text {
            RuleText::BuiltIn(entry) => entry.needs.map(|needs| needs.iter().map(Needed::from).collect()),
            RuleText::Own(_) => None,
        };
        let needed: Vec<Needed<'_>> =
            known.unwrap_or_else(|| self.needed.get_or_init(derived).iter().map(Needed::from).collect());
        let anywhere = |text| (text, Standing::Anywhere);
        let said: Vec<(&str, Standing)> = match &self.text {
            RuleText::BuiltIn(entry) => entry.literals.iter().copied().map(anywhere).collect(),
            RuleText::Own(file) => file.literals.iter().map(String::as_str).map(anywhere).collect(),
        };
        let is_said = needed.is_empty() && !said.is_empty();
        if is_said { vec![Needed { is_within: false, texts: said }] } else { needed }
    }

    fn file(&self) -> RuleFile {
        match &self.text {
            RuleText::BuiltIn(entry) => entry.read(),
            RuleText::Own(file) => file.as_ref().clone(),
        }
    }

    /// Whether the rule may be for files of that path, as far as that is known without reading a built-in rule. Whether
    /// it is is asked where it holds.
    fn may_be_for(&self, path: &RepoPath) -> bool {
        matches!(self.text, RuleText::BuiltIn(_)) || self.is_for(path)
    }

    /// Whether the rule is for files of that path.
    fn is_for(&self, path: &RepoPath) -> bool {
        match &self.text {
            RuleText::BuiltIn(entry) => {
                !entry.has_paths || self.paths.get_or_init(|| Box::new(entry.read())).is_for(path)
            }
            RuleText::Own(file) => file.is_for(path),
        }
    }

    fn compiled(&self, language: Language) -> Result<&CompiledRule, RuleError> {
        let compile = || match &self.text {
            RuleText::BuiltIn(entry) => CompiledRule::compile_json(entry.rule, &[], language)
                .map(Arc::new)
                .map_err(|error| RuleError::of_engine(&error, entry.origin, entry.yaml, language)),
            RuleText::Own(file) => file.compile(language),
        };
        self.compiled.get_or_init(compile).as_deref().map_err(Clone::clone)
    }
}

/// All rules of a run, by language.
#[derive(Default)]
pub(crate) struct Engine {
    rules: BTreeMap<Language, Candidates>,
    /// Those that are no patterns.
    rust: Vec<(RuleId, &'static RustRule)>,
}

/// The rules for one language, and the gate before them, made when the first file comes.
#[derive(Default)]
struct Candidates {
    all: Vec<Candidate>,
    gate: OnceLock<Gate>,
    named: OnceLock<Names>,
}

/// A rule that can hold in a text.
struct Open<'a, 'p> {
    rule: &'a Candidate,
    /// Where: within nodes that have a place of each of these in them.
    within: Vec<&'p Places>,
}

impl Candidates {
    /// What the rules need of a text.
    fn pass(&self, language: Language, text: &str) -> Passed<'_> {
        let gate = self.gate.get_or_init(|| Gate::new(self.all.iter().map(|rule| rule.needed(language))));
        gate.pass(text.as_bytes())
    }

    /// The rules that can hold in a text with that in it.
    fn that_may_hold<'p>(&self, passed: &'p Passed<'_>) -> impl Iterator<Item = Open<'_, 'p>> {
        let all = self.all.iter().zip(passed.open());
        all.filter_map(|(rule, within)| Some(Open { rule, within: within? }))
    }

    /// Whether a text may import what one of the rules names.
    fn may_import(&self, language: Language, text: &str) -> bool {
        imports::may_import(text, language, &mut |path| {
            self.may_name(path) && self.all.iter().any(|rule| imports::is_named(path, rule.named()))
        })
    }

    /// Whether one of the rules may name the thing of that full name: all of them together name its words.
    fn may_name(&self, path: &str) -> bool {
        let every = || self.all.iter().flat_map(|rule| rule.named().iter().cloned()).collect();
        imports::is_named(path, self.named.get_or_init(every))
    }
}

impl Engine {
    /// An engine with every built-in rule that runs on one of these languages.
    #[cfg(test)]
    pub(crate) fn built_in(languages: &BTreeSet<Language>) -> Self {
        Self::in_force(languages, &|_| true)
    }

    /// An engine with the built-in rules that run on one of these languages, as far as `is_on` lets them through.
    pub(crate) fn in_force(languages: &BTreeSet<Language>, is_on: &dyn Fn(&str) -> bool) -> Self {
        let mut engine = Self::default();
        for entry in entries().iter().filter(|entry| is_on(entry.id)) {
            let with_dialects = entry.languages().flat_map(|language| [Some(language), language.dialect()]);
            let its: BTreeSet<Language> = with_dialects.flatten().collect();
            for language in its.intersection(languages) {
                engine.add(*language, RuleText::BuiltIn(entry));
            }
        }
        if languages.contains(&Language::Rust) {
            let on = rust::rules().iter().filter(|rule| is_on(rule.id));
            engine.rust = on.map(|rule| (RuleId::from(rule.id), rule)).collect();
        }
        engine
    }

    /// The same with rules of the project; each runs on every language that it names, and on the dialects of these
    /// whose grammar knows all that it asks for.
    pub(crate) fn with<'a>(self, files: impl IntoIterator<Item = &'a RuleFile>) -> Self {
        self.with_dialects(files, &|_| true)
    }

    /// The same for where not every dialect is needed: to ask a grammar what it knows takes as long as to compile a rule.
    pub(crate) fn with_dialects<'a>(
        mut self,
        files: impl IntoIterator<Item = &'a RuleFile>,
        is_needed: &dyn Fn(Language) -> bool,
    ) -> Self {
        for file in files {
            let holds_in = |dialect: &Language| !file.languages.contains(dialect) && file.compile(*dialect).is_ok();
            let dialects = file.languages.iter().filter_map(|language| language.dialect());
            let dialects = dialects.filter(|dialect| is_needed(*dialect)).filter(holds_in);
            for language in file.languages.iter().copied().chain(dialects) {
                self.add(language, RuleText::Own(Box::new(file.clone())));
            }
        }
        self
    }

    fn add(&mut self, language: Language, text: RuleText) {
        let candidates = self.rules.entry(language).or_default();
        candidates.all.push(Candidate::new(text));
        candidates.gate = OnceLock::new();
        candidates.named = OnceLock::new();
    }

    /// The same without gates, to hold them against it.
    #[cfg(test)]
    fn ungated(mut self) -> Self {
        for rules in self.rules.values_mut() {
            rules.gate = OnceLock::from(Gate::new(rules.all.iter().map(|_| Vec::new())));
        }
        self
    }

    /// Compiles every rule.
    #[cfg(test)]
    pub(crate) fn verify(&self) -> Result<(), RuleError> {
        let of_language = |(language, rules): (&Language, &Candidates)| {
            rules.all.iter().try_for_each(|rule| rule.compiled(*language).map(|_| ()))
        };
        self.rules.iter().try_for_each(of_language)
    }

    fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.rules.values().flat_map(|rules| &rules.all)
    }

    /// The ids of the rules, each once, sorted.
    pub(crate) fn ids(&self) -> BTreeSet<&RuleId> {
        self.candidates().map(|rule| &rule.id).chain(self.rust.iter().map(|(id, _)| id)).collect()
    }

    /// The rules for which `is_asked` holds, described; each once, sorted by id.
    pub(crate) fn describe(&self, is_asked: &dyn Fn(&RuleId) -> bool) -> Vec<Rule> {
        let asked = self.candidates().filter(|rule| is_asked(&rule.id));
        let by_id: BTreeMap<&RuleId, &Candidate> = asked.map(|rule| (&rule.id, rule)).collect();
        let items = self.rust.iter().filter(|(id, _)| is_asked(id)).map(|(_, rule)| rule.described());
        let mut rules: Vec<Rule> = by_id.into_values().map(|rule| rule.file().rule).chain(items).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        rules
    }

    /// Tells what the findings in files of a language depend on, beside the built-in rules themselves: of each rule that
    /// `is_asked` lets through its id, and the text of one that is the project's own.
    pub(crate) fn tell(&self, language: Language, is_asked: &dyn Fn(&RuleId) -> bool, tell: &mut dyn FnMut(&[u8])) {
        for rule in self.rules.get(&language).into_iter().flat_map(|rules| &rules.all).filter(|rule| is_asked(&rule.id))
        {
            tell(rule.id.as_str().as_bytes());
            match &rule.text {
                RuleText::BuiltIn(_) => tell(b""),
                RuleText::Own(file) => {
                    tell(file.yaml.as_bytes());
                    file.texts().skip(1).for_each(|text| tell(text.as_bytes()));
                }
            }
        }
        let items = self.rust.iter().filter(|(id, _)| language == Language::Rust && is_asked(id));
        items.for_each(|(id, _)| tell(id.as_str().as_bytes()));
    }

    /// Whether a file of that path is one that the rule of that id looks at.
    pub(crate) fn has_for(&self, id: &RuleId, path: &RepoPath) -> bool {
        let language = Language::of_path(path);
        let rules = language.and_then(|language| self.rules.get(&language));
        let by_pattern =
            || rules.into_iter().flat_map(|rules| &rules.all).any(|rule| rule.id == *id && rule.is_for(path));
        let is_it = |(known, rule): &(RuleId, &RustRule)| known == id && rule.is_for(path);
        by_pattern() || (language == Some(Language::Rust) && self.rust.iter().any(is_it))
    }

    /// Whether there is a rule for files of this kind.
    pub(crate) fn wants(&self, side: &FileSide) -> bool {
        let has =
            |language| self.rules.contains_key(&language) || (language == Language::Rust && !self.rust.is_empty());
        side.mode.is_regular() && Language::candidates(side).any(has)
    }

    /// Runs the rules that `wanted` lets through on one file, in one parse and one traversal; a file in which none of
    /// them can hold is not even parsed, and one that another check had parsed is not parsed again.
    pub(crate) fn examine(
        &self,
        file: &FileInput<'_>,
        wanted: &dyn Fn(&RuleId, Level) -> bool,
    ) -> Result<Examined, Breakage> {
        let Some(language) = Language::of(&file.side.path, file.bytes) else { return Ok(Examined::default()) };
        let wanted_here = |rule: &Candidate| wanted(&rule.id, rule.level) && rule.may_be_for(&file.side.path);
        let mut examined = self.examine_as(language, file, &wanted_here)?;
        if language == Language::Rust {
            let rules = self.rust.iter().filter(|(id, rule)| wanted(id, rule.level)).map(|(_, rule)| *rule);
            let made = file.tree.made(language);
            let text = made.map_or_else(|| in_utf8(file.bytes), |parsed| Cow::Borrowed(&*parsed.text));
            let items = rust::examine(file, &text, &rules.collect::<Vec<_>>())?;
            examined.findings.extend(items.findings);
            // That it can't be parsed is said once.
            if examined.notices.is_empty() {
                examined.notices = items.notices;
            }
        }
        if let Some(wide) = Wide::of(file.bytes) {
            examined
                .notices
                .push(format!("it is in {}: rules read UTF-8, and find next to nothing in it", wide.name()));
        }
        Ok(examined)
    }

    fn examine_as(
        &self,
        language: Language,
        file: &FileInput<'_>,
        wanted: &dyn Fn(&Candidate) -> bool,
    ) -> Result<Examined, Breakage> {
        let Some(candidates) = self.rules.get(&language) else { return Ok(Examined::default()) };
        let made = file.tree.made(language);
        let text = made.map_or_else(|| in_utf8(file.bytes), |parsed| Cow::Borrowed(&*parsed.text));
        let passed = candidates.pass(language, &text);
        let active: Vec<Open> = candidates.that_may_hold(&passed).filter(|open| wanted(open.rule)).collect();
        let may_import = candidates.may_import(language, &text);
        if active.is_empty() && !may_import {
            return Ok(Examined::default());
        }
        if let Some(why) = why_unparsed(&text) {
            return Ok(Examined { findings: Vec::new(), notices: vec![format!("not looked at: {why}")] });
        }
        let parsed = parsed_beside(file, language, &active)?;
        let Parsed { text, tree } = &*parsed;
        let mut hits = Hits::of(tree, active, file.deadline)?;
        if may_import {
            aliased::add(&mut hits, (tree, text, &passed), candidates, wanted, file.deadline)?;
        }
        if hits.rules.is_empty() {
            return Ok(Examined::default());
        }
        Ok(examined(hits, tree, text, file))
    }
}

/// The tree of a file; while a larger one is parsed, another thread compiles the rules that are to look at it, as far as
/// no file before has asked for them.
fn parsed_beside<'a, 't>(
    file: &FileInput<'t>,
    language: Language,
    active: &[Open<'_, '_>],
) -> Result<Tree<'a, 't>, Breakage>
where
    't: 'a,
{
    let parse = || file.tree.of(file.bytes, language, file.deadline);
    let new: Vec<&Candidate> =
        active.iter().map(|open| open.rule).filter(|rule| rule.compiled.get().is_none()).collect();
    if new.len() < MIN_COMPILED_BESIDE || file.bytes.len() < MIN_PARSED_BESIDE {
        return parse();
    }
    thread::scope(|scope| {
        scope.spawn(|| new.iter().for_each(|rule| _ = rule.compiled(language)));
        parse()
    })
}

/// What the hits mean.
fn examined(hits: Hits<'_>, tree: &SyntaxTree, text: &str, file: &FileInput<'_>) -> Examined {
    let is_whole = text.as_bytes() == file.bytes;
    let notices = notices(tree, text, is_whole);
    let hit: BTreeSet<usize> = hits.matches.iter().map(|found| found.rule).collect();
    let files: Vec<RuleFile> = hit.into_iter().filter_map(|rule| Some(hits.rules.get(rule)?.file())).collect();
    let mut findings: Vec<Finding> =
        hits.matches.into_iter().filter_map(|found| finding(&files, &hits.rules, file, found)).collect();
    if !is_whole {
        // A fix may hold what stands in for bytes of the file.
        findings.iter_mut().for_each(|finding| finding.fixes.clear());
    }
    for (rule, n_more) in hits.cut {
        let id = hits.rules.get(rule).map(|candidate| &candidate.id);
        if let Some(last) = findings.iter().rposition(|finding| Some(&finding.rule) == id) {
            let last = findings.remove(last);
            findings.push(last.standing_for(n_more));
        }
    }
    Examined { findings, notices }
}

/// What a reader must know beside the findings.
fn notices(tree: &SyntaxTree, text: &str, is_whole: bool) -> Vec<String> {
    let encoding = (!is_whole).then(|| "not UTF-8: rules read each byte that is not as `_`".to_owned());
    let syntax = tree.first_error().map(|error| {
        let line = text.get(..error.start).unwrap_or_default().lines().count().max(1);
        let language = tree.language().name();
        format!(
            "line {line} could not be parsed as {language} (an error, or syntax that tollgate does not know): rules skip \
             that part"
        )
    });
    encoding.into_iter().chain(syntax).collect()
}

fn finding(files: &[RuleFile], active: &[&Candidate], file: &FileInput<'_>, found: Match) -> Option<Finding> {
    let id = &active.get(found.rule)?.id;
    let rule = files.iter().find(|rule| rule.rule.id == *id).filter(|rule| rule.is_for(&file.side.path))?;
    let place = Place::Span(file.side.path.clone(), found.span);
    let node = file.bytes.get(found.span.start..found.span.end).unwrap_or_default();
    let finding = Finding::new(id.clone(), rule.rule.level, place, found.message)
        .with_hint(rule.hint.clone())
        .with_anchor(Anchor::new(found.symbol, node));
    let fix = |finding: Finding, (title, edit): (Option<String>, Edit)| {
        finding.with_suggestion(title.unwrap_or_else(|| format!("apply the fix of {id}")), vec![edit])
    };
    let finding = found.fixes.into_iter().fold(finding, fix);
    let related = found.labels.into_iter().map(|(span, message)| Related {
        place: Place::Span(file.side.path.clone(), span),
        region: None,
        message,
    });
    Some(Finding { related: related.collect(), ..finding })
}

#[cfg(test)]
mod tests {
    use super::Engine;
    use crate::check::parsed::SharedTree;
    use crate::check::pattern::pack::{built_in, entries};
    use crate::check::pattern::rule_file::RuleFile;
    use crate::check::pattern::trial::try_rules;
    use crate::check::{Examined, FileInput, Manner};
    use crate::model::change::{FileSide, Mode, Source};
    use crate::model::deadline::Deadline;
    use crate::model::path::RepoPath;
    use crate::model::place::{Place, Span};
    use crate::model::rule::RuleId;
    use crate::syntax::languages::Language;

    fn examine(engine: &Engine, rule: &RuleFile, language: Language, text: &str) -> Examined {
        examine_wanted(engine, language, text, &|id| *id == rule.rule.id)
    }

    fn examine_all(engine: &Engine, language: Language, text: &str) -> Examined {
        examine_wanted(engine, language, text, &|_| true)
    }

    fn examine_wanted(engine: &Engine, language: Language, text: &str, wanted: &dyn Fn(&RuleId) -> bool) -> Examined {
        examine_bytes(engine, language, text.as_bytes(), wanted)
    }

    fn examine_bytes(engine: &Engine, language: Language, bytes: &[u8], wanted: &dyn Fn(&RuleId) -> bool) -> Examined {
        let name = format!("a.{}", language.extension());
        let side = FileSide { path: RepoPath::from(name.as_str()), mode: Mode::File, source: Source::Worktree };
        let file = FileInput {
            side: &side,
            is_added: true,
            n_bytes: bytes.len() as u64,
            bytes,
            is_text: true,
            manner: Manner::Gate,
            deadline: Deadline::NEVER,
            tree: &SharedTree::default(),
        };
        engine.examine(&file, &|id, _| wanted(id)).unwrap()
    }

    #[test]
    fn what_is_in_another_encoding_is_told() {
        let engine = Engine::built_in(&[Language::JavaScript].into());
        let check = |text: &str, says: &str| {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let examined = examine_bytes(&engine, Language::JavaScript, &wide, &|_| true);
            assert!(examined.findings.is_empty() && examined.notices.concat().contains(says), "{:?}", examined.notices);
        };
        check("debugger;\n", "it is in UTF-16");
        check("\u{feff}debugger;\n", "it is in UTF-16");
    }

    #[test]
    fn every_built_in_rule_does_what_its_examples_promise() {
        Engine::built_in(&Language::all().collect()).verify().unwrap();
        let files: Vec<(String, String)> =
            entries().iter().map(|entry| (entry.origin.to_owned(), entry.yaml.to_owned())).collect();
        let trial = try_rules(&files, &[], &[]);
        assert!(trial.n_rules >= 12);
        let told: Vec<String> =
            trial.faulty.iter().chain(&trial.failed).map(|fault| format!("{fault}\n{}\n", fault.hint)).collect();
        assert!(told.is_empty(), "{}", told.concat());
        for rule in built_in() {
            let id = &rule.rule.id;
            assert!(rule.tests.fail.len() >= 2 && rule.tests.pass.len() >= 2, "{id} lacks examples");
        }
    }

    #[test]
    fn gates_let_no_hit_slip() {
        // Every example of every rule, under all rules of its language: with the gate and without, as they are built in
        // and as a project has them.
        let all = built_in();
        let languages = || Language::all().collect();
        // Only patterns have a gate.
        let patterns = || Engine { rust: Vec::new(), ..Engine::built_in(&languages()) };
        let gated = [patterns(), Engine::default().with(&all)];
        let ungated = patterns().ungated();
        for rule in &all {
            for (text, language) in rule
                .tests
                .fail
                .iter()
                .chain(&rule.tests.pass)
                .flat_map(|example| rule.languages.iter().map(|language| (&example.code, *language)))
            {
                let found = |engine: &Engine| examine_all(engine, language, text).findings;
                for engine in &gated {
                    assert_eq!(found(engine), found(&ungated), "in {}:\n{text}", language.name());
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
        let engine = Engine::default().with(std::slice::from_ref(&rule));
        assert_eq!(examine(&engine, &rule, Language::TypeScript, "f();").findings.len(), 1);
        assert_eq!(examine(&engine, &rule, Language::Tsx, "f();").findings.len(), 0);
    }

    #[test]
    fn a_rule_says_for_which_paths_it_is() {
        let check = |keys: &str, expected: usize| {
            let yaml = format!("id: a\nlanguage: Python\nseverity: error\nmessage: m\nrule: {{pattern: f()}}\n{keys}");
            let rule = RuleFile::parse("a.yml", &yaml).unwrap();
            let engine = Engine::default().with(std::slice::from_ref(&rule));
            assert_eq!(examine(&engine, &rule, Language::Python, "f()\n").findings.len(), expected, "{keys}");
        };
        check("files: [src/**]\n", 0);
        check("files: ['*.py']\n", 1);
        check("ignores: [{glob: A.PY, caseInsensitive: true}]\n", 0);
    }

    #[test]
    fn a_built_in_rule_is_for_the_paths_that_it_names_too() {
        let engine = Engine::built_in(&Language::all().collect());
        let at = |path: &str| {
            let id = "templated-shell-command".into();
            engine.has_for(&id, &RepoPath::from(path))
        };
        assert!(at("src/a.js") && !at("src/a.test.js") && !at("tools/scripts/a.js"));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_stood_in_for() {
        let engine = Engine::built_in(&Language::all().collect());
        let text = b"# caf\xe9, \xe2\x82 and \xc3\xa9\nna\xefve = 1\nbreakpoint()\n";
        let found = examine_bytes(&engine, Language::Python, text, &|_| true);
        let start = text.len() - b"breakpoint()\n".len();
        let span = Span { start, end: text.len() - 1 };
        assert_eq!(
            found.findings.iter().map(|found| &found.place).collect::<Vec<_>>(),
            [&Place::Span("a.py".into(), span)]
        );
        assert_eq!(found.findings[0].anchor.text, "breakpoint()");
        assert_eq!(found.notices, ["not UTF-8: rules read each byte that is not as `_`"]);
    }

    #[test]
    fn a_fix_of_what_was_stood_in_for_is_left_out() {
        let yaml = "id: a\nlanguage: Python\nseverity: error\nmessage: m\nrule: {pattern: f($A)}\nfix: g($A)\n";
        let rule = RuleFile::parse("a.yml", yaml).unwrap();
        let engine = Engine::default().with(std::slice::from_ref(&rule));
        let n_fixes = |bytes: &[u8]| {
            let found = examine_bytes(&engine, Language::Python, bytes, &|_| true);
            found.findings.iter().map(|finding| finding.fixes.len()).collect::<Vec<_>>()
        };
        assert_eq!(n_fixes(b"f('a')\n"), [1]);
        assert_eq!(n_fixes(b"f('\xe9')\n"), [0]);
    }

    #[test]
    fn rules_for_javascript_run_on_jsx() {
        let engine = Engine::built_in(&Language::all().collect());
        let text = "const a = <label class=\"x\" for=\"y\">{(() => { debugger; })()}</label>;\n";
        let found = examine_all(&engine, Language::Jsx, text);
        assert_eq!((found.findings.len(), found.notices.len()), (1, 0), "{found:?}");
        let check = |keys: &str, expected: usize| {
            let yaml = format!("id: a\nlanguage: JavaScript\nseverity: error\nmessage: m\nrule: {{{keys}}}\n");
            let rule = RuleFile::parse("a.yml", &yaml).unwrap();
            let engine = Engine::default().with(std::slice::from_ref(&rule));
            engine.verify().unwrap();
            assert_eq!(
                examine(&engine, &rule, Language::Jsx, "class A { b = f(); }\n").findings.len(),
                expected,
                "{keys}"
            );
        };
        check("pattern: f()", 1);
        // What only the grammar of JavaScript knows is looked for in JavaScript alone.
        check("kind: field_definition", 0);
    }

    #[test]
    fn rules_run_on_dockerfiles_and_their_variables_are_told_from_those_of_patterns() {
        let check = |rule: &str, text: &str, expected: usize| {
            let yaml = format!("id: a\nlanguage: dockerfile\nseverity: error\nmessage: from $IMAGE\nrule: {rule}\n");
            let rule = RuleFile::parse("a.yml", &yaml).unwrap();
            let engine = Engine::default().with(std::slice::from_ref(&rule));
            let found = examine(&engine, &rule, Language::Dockerfile, text);
            assert_eq!(found.findings.len(), expected, "{yaml} {found:?}");
        };
        check("{pattern: FROM $IMAGE}", "FROM alpine\nRUN a\nFROM debian\n", 2);
        check("{pattern: 'USER root'}", "FROM a\nUSER root\n", 1);
        check("{kind: expansion, regex: '^.PORT$'}", "FROM a\nEXPOSE $PORT\nENV a=$b\n", 1);
    }

    #[test]
    fn a_syntax_error_is_said_and_the_rest_is_still_judged() {
        let yaml = "id: a\nlanguage: Rust\nseverity: error\nmessage: m\nrule: {pattern: f()}\n";
        let rule = RuleFile::parse("a.yml", yaml).unwrap();
        let engine = Engine::default().with(std::slice::from_ref(&rule));
        let found = examine(&engine, &rule, Language::Rust, "fn g() { f(); }\nfn (((\n");
        assert_eq!(found.findings.len(), 1);
        assert!(found.notices[0].starts_with("line 1 could not be parsed as Rust ("), "{:?}", found.notices);
    }
}
