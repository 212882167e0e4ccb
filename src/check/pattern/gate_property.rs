//! A gate never keeps a rule from a text in which it holds: held against the ungated run over rules of every shape.

use std::cell::Cell;

use proptest::prelude::{Just, Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use proptest::{collection, option, prop_assert_eq, prop_oneof, sample};
use serde_json::{Value, json};

use crate::check::parsed::SharedTree;
use crate::check::pattern::Engine;
use crate::check::pattern::rule_file::RuleFile;
use crate::check::pattern::utility::Utility;
use crate::check::{FileInput, Manner};
use crate::model::change::{FileSide, Mode, Source};
use crate::model::deadline::Deadline;
use crate::syntax::languages::Language;

fn atom() -> impl Strategy<Value = Value> {
    let patterns = [
        "eval($A)",
        "$A.md5($$$B)",
        "hashlib.md5($A)",
        "foo",
        "$A + $B",
        "print($A, end=$B)",
        "not $A",
        "f'x{$A}'",
        "assert $A",
        "'md5'",
        "foo if $A else bar",
    ];
    let pattern = sample::select(patterns.to_vec());
    let regexes = [
        "md5",
        "^(a|foo)$",
        "(?i)eval",
        "x+y*",
        "fo{2}",
        "(foo|)",
        "(foo)*",
        "x?(md5)?",
        "(eval|foo)+",
        "foo|ba(r|z)",
        "é",
        "h\\.md5",
        "^.oo",
        "[f]oo",
        "\\bfoo\\b",
    ];
    let kinds = ["call", "call", "for_statement", "not_operator", "comparison_operator", "return_statement", "lambda"];
    let operators = ["^(in|not in)$", "^(==|is)$", "^is$"];
    let strictness = sample::select(vec!["cst", "smart", "ast", "relaxed", "signature", "template"]);
    prop_oneof![
        pattern.clone().prop_map(|pattern| json!({ "pattern": pattern })),
        (pattern, strictness)
            .prop_map(|(context, strictness)| json!({ "pattern": { "context": context, "strictness": strictness } })),
        Just(json!({ "pattern": { "context": "f(end=$A)", "selector": "keyword_argument" } })),
        sample::select(regexes.to_vec()).prop_map(|regex| json!({ "regex": regex })),
        sample::select(kinds.to_vec()).prop_map(|kind| json!({ "kind": kind })),
        sample::select(operators.to_vec())
            .prop_map(|regex| json!({ "has": { "field": "operators", "regex": regex, "stopBy": "end" } })),
        Just(json!({ "matches": "util" })),
    ]
}

fn rule() -> impl Strategy<Value = Value> {
    atom().prop_recursive(3, 12, 3, |inner| {
        let relation = sample::select(vec!["inside", "has", "precedes", "follows"]);
        let list = sample::select(vec!["all", "any"]);
        prop_oneof![
            (list, collection::vec(inner.clone(), 1..4)).prop_map(|(key, rules)| json!({ key: rules })),
            (relation, inner.clone()).prop_map(|(key, rule)| {
                let mut rule = rule;
                rule["stopBy"] = json!("end");
                json!({ key: rule })
            }),
            inner.prop_map(|rule| json!({ "not": rule })),
        ]
    })
}

fn whole() -> impl Strategy<Value = Value> {
    let kind = sample::select(vec![
        "call",
        "identifier",
        "string",
        "expression_statement",
        "assignment",
        "for_statement",
        "comparison_operator",
    ]);
    (kind, rule(), atom(), option::of(rule())).prop_map(|(kind, rule, util, constraint)| {
        let util = if util.get("matches").is_some() { json!({ "regex": "foo" }) } else { util };
        let mut whole = json!({
            "id": "a", "language": "Python", "severity": "error", "message": "m",
            "rule": { "all": [{ "kind": kind }, rule] },
            "utils": { "util": util },
        });
        if let Some(constraint) = constraint {
            whole["constraints"] = json!({ "A": constraint });
        }
        whole
    })
}

fn text() -> impl Strategy<Value = String> {
    let lines = [
        "eval(x)",
        "import hashlib",
        "hashlib.md5(foo)",
        "foo = bar + 'md5'",
        "print(foo, end='x')",
        "# eval foo",
        "not foo",
        "EVAL(1)",
        "def f(foo): return foo",
        "baz = 'bar é'",
        "assert foo",
        "h.md5()",
        "xxy(f'x{foo}')",
        "foo if x else bar",
        "f(end=1)",
        "a.boo(1)",
        "baz(bar)",
        "from hashlib import md5 as h",
        "from md5 import eval",
        "h(foo)",
        "for x in foo: print(not x)",
        "bar = 1in foo",
        "string = foo is not bar",
        "bar == lambda foo: 0xfin x",
        "return foo not in x",
        "import hashlib as bar",
        "bar.md5(foo)",
        "a.eval(foo)",
        "eval \\\n  (foo)",
        // What is left of a call when the parser passes over a part of it.
        "x = .eval(foo)",
        "eval ) (foo)",
    ];
    collection::vec(sample::select(lines.to_vec()), 0..6).prop_map(|lines| lines.join("\n") + "\n")
}

/// The rule, with its utility rule in a file of its own if `is_apart`; none if it is no rule.
fn file(mut rule: Value, is_apart: bool) -> Option<RuleFile> {
    let mut utilities = Vec::new();
    if is_apart && let Some(util) = rule.get_mut("utils").and_then(|utils| utils.as_object_mut()?.remove("util")) {
        let util = json!({ "id": "util", "language": "Python", "rule": util });
        utilities.extend(Utility::parse_all("u.yml", &util.to_string()).into_iter().flatten());
    }
    Some(RuleFile::parse("a.yml", &rule.to_string()).ok()?.with_utilities(&utilities))
}

fn n_findings(engine: &Engine, text: &str) -> usize {
    let side = FileSide { path: "a.py".into(), mode: Mode::File, source: Source::Worktree };
    let file = FileInput {
        side: &side,
        is_added: true,
        n_bytes: text.len() as u64,
        bytes: text.as_bytes(),
        is_text: true,
        manner: Manner::Gate,
        deadline: Deadline::NEVER,
        tree: &SharedTree::default(),
    };
    engine.examine(&file, &|_, _| true).unwrap().findings.len()
}

#[test]
fn a_gated_rule_finds_what_it_finds_ungated() {
    let (n_found, n_kept_out) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 1_500, failure_persistence: None, ..Config::default() });
    let run = |(rule, is_apart, texts): (Value, bool, Vec<String>)| {
        // Some combinations are no rule: a rule that can't say which kinds it matches, for one.
        let Some(file) = file(rule, is_apart) else { return Ok(()) };
        let rules = std::slice::from_ref(&file);
        let (gated, ungated) = (Engine::default().with(rules), Engine::default().with(rules).ungated());
        if gated.verify().is_err() {
            return Ok(());
        }
        for text in texts {
            let found = n_findings(&ungated, &text);
            prop_assert_eq!(n_findings(&gated, &text), found, "{}", text);
            n_found.set(n_found.get() + usize::from(found > 0));
            let candidates = &gated.rules[&Language::Python];
            let passed = candidates.pass(Language::Python, &text);
            let is_open = candidates.that_may_hold(&passed).next().is_some();
            n_kept_out.set(n_kept_out.get() + usize::from(!is_open));
        }
        Ok(())
    };
    runner.run(&(whole(), any::<bool>(), collection::vec(text(), 4)), run).unwrap();
    assert!(n_found.get() > 100 && n_kept_out.get() > 500, "{n_found:?} {n_kept_out:?}");
}
