//! Nodes of which a rule asks that one beside them has the same part: the second of two equal keys. Whether there can be
//! one is told for all children of a node in one go, where a rule compares each with all before it.

use std::collections::HashMap;

use ast_grep_core::language::Language as EngineLanguage;
use serde_json::Value;
use tree_sitter::Node;

use crate::syntax::languages::Language;

/// The most parts of a node that are looked at to tell whether it is written without a gap.
const MAX_LEAVES: usize = 24;

/// Which part of a node one beside it must have as well.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Twin {
    kind: u16,
    field: u16,
}

/// What children of a node have in their parts.
#[derive(Default)]
struct Parts<'t> {
    counts: HashMap<&'t str, usize>,
    /// How many can't be told apart by their text.
    n_untold: usize,
}

/// What was found out about nodes above those that were asked for.
#[derive(Default)]
pub(super) struct Known<'t>(HashMap<usize, Parts<'t>>);

impl Twin {
    /// What a rule asks of the nodes beside those that it finds, if that is of this kind: of one of `kind` a variable for
    /// a field, and of one before or after it of the same kind the same variable for the same field.
    pub(super) fn of_rule(rule: &Value, language: Language) -> Option<Self> {
        let all = || std::iter::once(rule).chain(rule.get("all").and_then(Value::as_array).into_iter().flatten());
        let kind = all().find_map(|part| part.get("kind")?.as_str())?;
        let variables = || all().filter_map(|part| variable(part.get("has")?));
        let beside = all().flat_map(|part| [part.get("follows"), part.get("precedes")]).flatten();
        let its = |other: &Value| {
            let is_alike = other.get("kind").and_then(Value::as_str) == Some(kind);
            let other = variable(other.get("has")?).filter(|_| is_alike)?;
            variables().find(|its| *its == other)
        };
        let (field, _) = beside.into_iter().find_map(its)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        // A selector for several nodes is more than a kind.
        let kind = Some(kind).filter(|kind| kind.bytes().all(is_plain)).map(|kind| language.kind_to_id(kind))?;
        Some(Self { kind, field: language.field_to_id(field)? })
    }

    /// Whether a node may have such a one beside it.
    pub(super) fn may_have<'t>(&self, node: Node<'t>, text: &'t str, known: &mut Known<'t>) -> bool {
        let Some(part) = node.child_by_field_id(self.field) else { return false };
        let Some(parent) = node.parent() else { return false };
        let parts = known.0.entry(parent.id()).or_insert_with(|| self.parts(parent, text));
        // What is written with a gap may equal what is written without.
        let n_untold = parts.n_untold;
        gapless(part, text).is_none_or(|part| n_untold > 0 || parts.counts.get(part).is_some_and(|count| *count > 1))
    }

    fn parts<'t>(&self, parent: Node<'t>, text: &'t str) -> Parts<'t> {
        let (mut parts, mut cursor) = (Parts::default(), parent.walk());
        let mut is_on = cursor.goto_first_child();
        while is_on {
            let part = Some(cursor.node()).filter(|node| node.kind_id() == self.kind);
            if let Some(part) = part.and_then(|node| node.child_by_field_id(self.field)) {
                match gapless(part, text) {
                    Some(part) => *parts.counts.entry(part).or_default() += 1,
                    None => parts.n_untold += 1,
                }
            }
            is_on = cursor.goto_next_sibling();
        }
        parts
    }
}

/// The field and the variable of `{field: F, pattern: $V}`.
fn variable(has: &Value) -> Option<(&str, &str)> {
    let (field, pattern) = (has.get("field")?.as_str()?, has.get("pattern")?.as_str()?);
    let name = pattern.strip_prefix('$')?;
    let is_captured = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let is_own = has.get("stopBy").is_none_or(|stop| stop.as_str() == Some("neighbor"));
    (is_captured && is_own).then_some((field, pattern))
}

/// The text of a node if all of it is in nodes without children, so that two which a rule takes for equal have the same:
/// it compares such nodes by their texts and others by what is in them, blanks and the like left out.
fn gapless<'t>(node: Node<'t>, text: &'t str) -> Option<&'t str> {
    let mut cursor = node.walk();
    let (mut end, mut n_leaves, mut depth) = (node.start_byte(), 0, 0_usize);
    loop {
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        let leaf = cursor.node();
        n_leaves += 1;
        if leaf.start_byte() != end || n_leaves > MAX_LEAVES {
            return None;
        }
        end = leaf.end_byte();
        while depth > 0 && !cursor.goto_next_sibling() {
            cursor.goto_parent();
            depth -= 1;
        }
        if depth == 0 {
            return text.get(node.byte_range()).filter(|_| end == node.end_byte());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::test_runner::{Config, TestRunner};
    use proptest::{collection, prop_assert_eq, sample};
    use serde_json::json;

    use super::Twin;
    use crate::model::deadline::Deadline;
    use crate::syntax::languages::Language;
    use crate::syntax::rules::{Asked, CompiledRule, scan};
    use crate::syntax::tree::SyntaxTree;

    #[track_caller]
    fn check(rule: serde_json::Value, expected: bool) {
        assert_eq!(Twin::of_rule(&rule, Language::Python).is_some(), expected, "{rule}");
    }

    #[test]
    fn a_twin_is_read_off_a_rule_that_asks_for_one() {
        let its = json!({"field": "key", "pattern": "$KEY"});
        let beside = json!({"stopBy": "end", "kind": "pair", "has": its});
        check(json!({"kind": "pair", "has": its, "follows": beside}), true);
        check(json!({"all": [{"kind": "pair"}, {"has": its}, {"precedes": beside}]}), true);
        check(json!({"kind": "pair", "has": its, "inside": beside}), false);
        check(json!({"kind": "pair", "has": its, "not": {"follows": beside}}), false);
        check(json!({"kind": "pair", "any": [{"has": its}], "follows": beside}), false);
        check(json!({"kind": "call", "has": its, "follows": beside}), false);
        check(json!({"kind": "pair", "has": {"field": "value", "pattern": "$KEY"}, "follows": beside}), false);
        check(json!({"kind": "pair", "has": {"field": "key", "pattern": "$_KEY"}, "follows": beside}), false);
        check(
            json!({"kind": "pair", "has": {"field": "key", "pattern": "$KEY", "stopBy": "end"}, "follows": beside}),
            false,
        );
    }

    #[test]
    fn a_rule_finds_what_it_finds_when_every_node_is_asked() {
        let rule = json!({
            "id": "a", "language": "Python", "message": "m",
            "rule": {
                "kind": "pair",
                "all": [
                    {"has": {"field": "key", "pattern": "$KEY"}},
                    {"follows": {"kind": "pair", "stopBy": "end", "has": {"field": "key", "pattern": "$KEY"}}},
                ],
            },
        });
        let compile = || CompiledRule::compile_json(&rule.to_string(), &[], Language::Python).unwrap();
        let (with, without) = (compile(), compile().without_twin());
        let keys = [
            "'a'", "\"a\"", "'b'", "'\\n'", "'\\t'", "1", "a.b", "a . b", "f(1,2)", "f(1, 2)", "(1)", "( 1 )", "()",
            "( )",
        ];
        let (n_found, n_not) = (Cell::new(0), Cell::new(0));
        let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
        let run = |keys: Vec<&str>| {
            let (first, rest) = keys.split_at(keys.len() / 2);
            let written = |keys: &[&str]| keys.iter().map(|key| format!("{key}: 0, ")).collect::<String>();
            let text = format!("x = {{{}'in': {{{}}}}}\n", written(first), written(rest));
            let tree = SyntaxTree::parse(&text, Language::Python, Deadline::NEVER).unwrap();
            let found = |rule| scan(&tree, &[Asked { rule, within: Vec::new() }], Deadline::NEVER).matches;
            prop_assert_eq!(found(&with), found(&without), "{}", text);
            let count = if found(&with).is_empty() { &n_not } else { &n_found };
            count.set(count.get() + 1);
            Ok(())
        };
        runner.run(&collection::vec(sample::select(keys.to_vec()), 0..9), run).unwrap();
        assert!(n_found.get() > 50 && n_not.get() > 50, "{n_found:?} {n_not:?}");
    }
}
