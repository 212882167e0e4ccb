//! Tries rules on their own examples and on fixture files: what a rule promises there is what it does.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::check::parsed::SharedTree;
use crate::check::pattern::Engine;
use crate::check::pattern::annotation::{Annotations, Expected};
use crate::check::pattern::example::Example;
use crate::check::pattern::fault::RuleError;
use crate::check::pattern::rule_file::{METADATA, RuleFile};
use crate::check::pattern::utility::Utility;
use crate::check::{Examined, FileInput, Manner, lines};
use crate::config::nearest::{nearest, slip_of};
use crate::model::change::{FileSide, Mode, Source};
use crate::model::deadline::Deadline;
use crate::model::finding::{Edit, Finding};
use crate::model::path::RepoPath;
use crate::model::place::{Place, Span};
use crate::model::rule::RuleId;
use crate::syntax::languages::Language;
use crate::syntax::tree::SyntaxTree;

/// The most time that one example or fixture may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How often a fix is applied before it is said that it never ends.
const MAX_ROUNDS: usize = 10;

/// What came of trying rules.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// How many rules were tried.
    pub(crate) n_rules: usize,
    /// How many examples they were tried on.
    pub(crate) n_examples: usize,
    /// How many fixture files.
    pub(crate) n_fixtures: usize,
    /// Rule files that can't be used.
    pub(crate) faulty: Vec<RuleError>,
    /// What does not hold: examples, fixes, rules without a test.
    pub(crate) failed: Vec<RuleError>,
}

/// Tries the rules of some files (name and text) on their examples and on those of the other files (name and bytes)
/// that say in comments what they expect. They may use the utility rules.
pub(crate) fn try_rules(files: &[(String, String)], utilities: &[Utility], fixtures: &[(String, Vec<u8>)]) -> Trial {
    let mut trial = Trial::default();
    let rules = read(files, utilities, &mut trial);
    let mut found = BTreeSet::new();
    let mut spared = BTreeSet::new();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.rule.id.as_str()).collect();
    for (name, bytes) in fixtures {
        let annotations = Annotations::read(bytes);
        if annotations.ids().any(|id| ids.contains(id)) {
            trial.n_fixtures += 1;
            try_fixture(&rules, (name, bytes), &annotations, &mut trial);
            found.extend(annotations.of(Expected::Finding).map(str::to_owned));
            spared.extend(annotations.of(Expected::Nothing).map(str::to_owned));
        }
    }
    for rule in &rules {
        trial.n_examples += rule.tests.fail.len() + rule.tests.pass.len();
        trial.failed.extend(rule.languages.iter().flat_map(|language| try_examples(rule, *language)));
        let id = rule.rule.id.as_str();
        trial.failed.extend(untested(rule, found.contains(id), spared.contains(id)));
        trial.failed.extend(misspelt(rule));
    }
    trial
}

/// The rules that can be used; what is wrong with the others goes to the trial.
fn read(files: &[(String, String)], utilities: &[Utility], trial: &mut Trial) -> Vec<RuleFile> {
    let mut rules: Vec<RuleFile> = Vec::new();
    for (name, text) in files {
        let documents = RuleFile::parse_all(name, text);
        trial.n_rules += documents.len();
        for document in documents {
            match document.and_then(|rule| usable(rule.with_utilities(utilities), &rules)) {
                Ok(rule) => rules.push(rule),
                Err(error) => trial.faulty.push(error),
            }
        }
    }
    rules
}

fn usable(rule: RuleFile, others: &[RuleFile]) -> Result<RuleFile, RuleError> {
    let id = rule.rule.id.as_str();
    if let Some(other) = others.iter().find(|other| other.rule.id == rule.rule.id) {
        let reason = format!("{} has a rule with the id `{id}`, too", other.origin);
        return Err(RuleError::new(&rule.origin, reason).at_word(&rule.yaml, id));
    }
    rule.verify()?;
    Ok(rule)
}

fn untested(rule: &RuleFile, is_found: bool, is_spared: bool) -> Option<RuleError> {
    let has_fail = is_found || !rule.tests.fail.is_empty();
    let has_pass = is_spared || !rule.tests.pass.is_empty();
    let reason = match (has_fail, has_pass) {
        (true, true) => return None,
        (false, true) => "no example shows what it must find",
        (true, false) => "no example shows what it must not find",
        (false, false) => "it has no examples",
    };
    let id = rule.rule.id.as_str();
    let hint = format!(
        "write them under `metadata.tests` as `fail` and `pass`, or in a file beside it after comments `ruleid: {id}` \
         and `ok: {id}`"
    );
    Some(RuleError { hint, ..RuleError::new(&rule.origin, format!("{id}: {reason}")).at_word(&rule.yaml, id) })
}

/// Keys under `metadata` that are almost ours. Others are for other programs.
fn misspelt(rule: &RuleFile) -> Vec<RuleError> {
    let whole: serde_json::Value = serde_json::from_str(&rule.json).unwrap_or_default();
    let keys = whole.get("metadata").and_then(serde_json::Value::as_object).into_iter().flat_map(|keys| keys.keys());
    let fault = |key: &String| {
        let meant = slip_of(key, METADATA)?;
        let fault = RuleError::new(&rule.origin, format!("{}: `metadata` has `{key}`", rule.rule.id));
        Some(RuleError { hint: format!("did you mean `{meant}`?"), ..fault.at_word(&rule.yaml, key) })
    };
    keys.filter(|key| !METADATA.contains(&key.as_str())).filter_map(fault).collect()
}

/// One rule in one language, ready to be tried.
struct Tried<'a> {
    rule: &'a RuleFile,
    language: Language,
    engine: Engine,
}

impl Tried<'_> {
    fn examine(&self, text: &[u8]) -> Result<Examined, String> {
        let path = RepoPath::from("example");
        let side = FileSide { path, mode: Mode::File, source: Source::Worktree };
        let file = FileInput {
            side: &side,
            is_added: true,
            n_bytes: text.len() as u64,
            bytes: text,
            is_text: true,
            manner: Manner::Gate,
            deadline: Deadline::after(LIMIT),
            tree: &SharedTree::default(),
        };
        self.engine
            .examine_as(self.language, &file, &|candidate| candidate.id == self.rule.rule.id)
            .map_err(|breakage| breakage.why)
    }

    fn fault(&self, example: &Example, reason: &str) -> RuleError {
        let Self { rule, language, .. } = self;
        let code: Vec<String> = example.code.trim_end().lines().map(|line| format!("    {line}")).collect();
        let reason = format!("{}: {reason} (as {}):\n{}", rule.rule.id, language.name(), code.join("\n"));
        RuleError { at: (example.at.0 > 0).then_some(example.at), ..RuleError::new(&rule.origin, reason) }
    }

    fn must_find(&self, example: &Example) -> Result<(), RuleError> {
        let fail = |reason: &str| self.fault(example, reason);
        let found = self.examine(example.code.as_bytes()).map_err(|why| fail(&why))?.findings;
        if found.is_empty() {
            let hint = format!("the tree of the example is:\n{}", self.outline(&example.code));
            return Err(RuleError { hint, ..fail("does not find this failing example") });
        }
        match (&example.fixed, found.iter().all(|finding| !finding.fixes.is_empty())) {
            (Some(_), false) => Err(fail("has no `fix` for this example, which says what is `fixed`")),
            (None, false) => Ok(()),
            (expected, true) => self.must_mend(example, expected.as_deref()),
        }
    }

    /// The fix leads to code that parses as well as before, in which the rule finds nothing more.
    fn must_mend(&self, example: &Example, expected: Option<&str>) -> Result<(), RuleError> {
        let fail = |reason: &str| self.fault(example, reason);
        let mut text = example.code.clone();
        for _ in 0..MAX_ROUNDS {
            let found = self.examine(text.as_bytes()).map_err(|why| fail(&why))?.findings;
            if found.is_empty() {
                break;
            }
            text = mended(&text, &found);
        }
        let is_mended = self.examine(text.as_bytes()).is_ok_and(|examined| examined.findings.is_empty());
        let shown = || text.trim_end().lines().map(|line| format!("    {line}\n")).collect::<String>();
        if let Some(expected) = expected.filter(|expected| expected.trim_end() != text.trim_end()) {
            let hint = format!("the fix gives\n{}instead of\n    {}", shown(), expected.trim_end());
            return Err(RuleError { hint, ..fail("mends this example otherwise than it says") });
        }
        if !is_mended {
            let hint = format!("after it the code is\n{}", shown());
            return Err(RuleError { hint, ..fail("still finds this example after its own fix") });
        }
        if !self.is_faulty(&example.code) && self.is_faulty(&text) {
            let hint = format!("after it the code is\n{}", shown());
            return Err(RuleError { hint, ..fail("makes this example into code with a syntax error") });
        }
        Ok(())
    }

    fn must_spare(&self, example: &Example) -> Result<(), RuleError> {
        let found = self.examine(example.code.as_bytes()).map_err(|why| self.fault(example, &why))?.findings;
        let Some(first) = found.first() else { return Ok(()) };
        let Place::Span(_, span) = &first.place else { return Ok(()) };
        let (line, column) = lines::position(example.code.as_bytes(), span.start);
        let text = example.code.get(span.start..span.end).unwrap_or_default().lines().next().unwrap_or_default();
        let reason = format!("finds `{text}` at {line}:{column} of this passing example");
        Err(self.fault(example, &reason))
    }

    fn is_faulty(&self, text: &str) -> bool {
        let tree = SyntaxTree::parse(text, self.language, Deadline::after(LIMIT));
        tree.is_ok_and(|tree| tree.first_error().is_some())
    }

    fn outline(&self, text: &str) -> String {
        let tree = SyntaxTree::parse(text, self.language, Deadline::after(LIMIT));
        tree.map_or_else(|error| error.to_string(), |tree| tree.outline())
    }
}

fn try_examples(rule: &RuleFile, language: Language) -> Vec<RuleError> {
    let tried = Tried { rule, language, engine: Engine::default().with(std::slice::from_ref(rule)) };
    let fail = rule.tests.fail.iter().map(|example| tried.must_find(example));
    let pass = rule.tests.pass.iter().map(|example| tried.must_spare(example));
    fail.chain(pass).filter_map(Result::err).collect()
}

/// The text with the first fix of each finding applied; of those that overlap the first alone.
fn mended(text: &str, findings: &[Finding]) -> String {
    let mut edits: Vec<&Edit> =
        findings.iter().filter_map(|finding| finding.fixes.first()).flat_map(|fix| &fix.edits).collect();
    edits.sort();
    let (mut out, mut done) = (Vec::new(), 0);
    for Edit { span: Span { start, end }, replacement } in edits {
        if *start < done {
            continue;
        }
        out.extend_from_slice(text.as_bytes().get(done..*start).unwrap_or_default());
        out.extend_from_slice(replacement);
        done = *end;
    }
    out.extend_from_slice(text.as_bytes().get(done..).unwrap_or_default());
    String::from_utf8_lossy(&out).into_owned()
}

/// Holds the findings of the rules that a fixture names against what its comments expect.
fn try_fixture(rules: &[RuleFile], (name, bytes): (&str, &[u8]), annotations: &Annotations, trial: &mut Trial) {
    let known: Vec<&str> = rules.iter().map(|rule| rule.rule.id.as_str()).collect();
    let Some(language) = Language::of(&RepoPath::from(name), bytes) else {
        let hint = "give it the extension of the language that it is in".to_owned();
        trial.failed.push(RuleError { hint, ..RuleError::new(name, "its language is not known") });
        return;
    };
    for id in annotations.ids().collect::<BTreeSet<_>>() {
        let Some(rule) = rules.iter().find(|rule| rule.rule.id.as_str() == id) else {
            if let Some(near) = nearest(id, known.iter().copied()) {
                let hint = format!("did you mean `{near}`?");
                trial.failed.push(RuleError { hint, ..RuleError::new(name, format!("there is no rule `{id}`")) });
            }
            continue;
        };
        let tried = Tried { rule, language, engine: Engine::default().with(std::slice::from_ref(rule)) };
        match tried.examine(bytes) {
            Err(why) => trial.failed.push(RuleError::new(name, format!("{id}: {why}"))),
            Ok(examined) => {
                let found = examined.findings.iter().filter_map(|finding| match &finding.place {
                    Place::Span(_, span) => Some(lines::position(bytes, span.start).0),
                    _ => None,
                });
                trial.failed.extend(surprises(name, &rule.rule.id, annotations, &found.collect()));
            }
        }
    }
}

/// Lines that have a finding and should not, or the other way round.
fn surprises(name: &str, id: &RuleId, annotations: &Annotations, found: &BTreeSet<usize>) -> Vec<RuleError> {
    let fault = |line: usize, reason: &str| RuleError {
        at: Some((line, 1)),
        ..RuleError::new(name, format!("{id}: {reason}"))
    };
    let missed = annotations.lines(id.as_str(), Expected::Finding).filter(|line| !found.contains(line));
    let missed = missed.map(|line| fault(line, "does not find this line, which `ruleid` says it must"));
    let expected: BTreeSet<usize> = annotations.lines(id.as_str(), Expected::Finding).collect();
    let spared: BTreeSet<usize> = annotations.lines(id.as_str(), Expected::Nothing).collect();
    let wrong = found.iter().filter(|line| !expected.contains(line)).map(|line| match spared.contains(line) {
        true => fault(*line, "finds this line, which `ok` says it must not"),
        false => fault(*line, "finds this line, before which no comment says `ruleid`"),
    });
    missed.chain(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::{Trial, try_rules};

    fn try_one(yaml: &str, fixture: &str) -> Trial {
        let fixtures = [("a.py".to_owned(), fixture.as_bytes().to_vec())];
        try_rules(&[("a.yml".to_owned(), yaml.to_owned())], &[], &fixtures)
    }

    const RULE: &str = "id: a\nlanguage: Python\nrule: {pattern: f($A)}\nfix: g($A)\n";

    #[test]
    fn a_slip_in_our_keys_is_told_and_keys_of_others_are_not() {
        let told = |key: &str| {
            let rule = format!("{RULE}metadata: {{{key}: x, tests: {{fail: [f(1)], pass: [f()]}}}}\n");
            try_one(&rule, "").failed.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(told("categroy"), ["a.yml:5:12: a: `metadata` has `categroy`"]);
        assert_eq!(told("owasp"), [""; 0]);
    }

    #[track_caller]
    fn check(tests: &str, fixture: &str, expected: &[&str]) {
        let trial = try_one(&format!("{RULE}metadata: {{tests: {tests}}}\n"), fixture);
        let told: Vec<String> = trial.faulty.iter().chain(&trial.failed).map(ToString::to_string).collect();
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn examples_are_tried() {
        check("{fail: [f(1)], pass: [g(1)]}", "", &[]);
        check("{fail: [h(1)], pass: [g(1)]}", "", &["a.yml:5:27: a: does not find this failing example (as Python):"]);
        check("{fail: [f(1)], pass: [f(2)]}", "", &["a: finds `f(2)` at 1:1 of this passing example"]);
        check("{fail: [f(1)]}", "", &["a.yml:1:5: a: no example shows what it must not find"]);
        check("{}", "", &["it has no examples"]);
    }

    #[test]
    fn fixes_are_tried() {
        check("{fail: [{code: f(f(1)), fixed: g(g(1))}], pass: [g(1)]}", "", &[]);
        check("{fail: [{code: f(1), fixed: h(1)}], pass: [g(1)]}", "", &["mends this example otherwise"]);
        let told = |fix: &str| {
            let yaml = format!("{}metadata: {{tests: {{fail: [f(1)], pass: [g(1)]}}}}\n", RULE.replace("g($A)", fix));
            try_one(&yaml, "").failed.iter().map(ToString::to_string).collect::<String>()
        };
        assert!(told("f($A)").contains("still finds this example after its own fix"));
        assert!(told("'g($A'").contains("with a syntax error"), "{}", told("'g($A'"));
    }

    #[test]
    fn fixtures_say_in_comments_what_they_expect() {
        check("{}", "# ruleid: a\nf(1)\n# ok: a\ng(1)\n", &[]);
        check(
            "{}",
            "# ruleid: a\ng(1)\n# ok: a\nf(1)\n",
            &["a.py:2:1: a: does not find", "a.py:4:1: a: finds this line, which `ok`"],
        );
        check("{}", "# ruleid: a\n# ok: b\nf(1)\nf(2)\n# ok: a\nx\n", &["a.py:4:1: a: finds this line, before which"]);
    }

    #[test]
    fn a_rule_that_can_not_be_used_is_told_apart() {
        let trial = try_one("id: a\nlanguage: Python\nrule: {kind: cal}\n---\nid: b\n", "");
        assert_eq!((trial.n_rules, trial.faulty.len(), trial.failed.len()), (2, 2, 0), "{trial:?}");
        let twice = format!("{RULE}---\n{RULE}");
        assert!(try_one(&twice, "").faulty[0].to_string().starts_with("a.yml:6:5: a.yml has a rule with the id `a`"));
        assert_eq!(try_one("# nothing\n", "").faulty.len(), 1);
    }
}
