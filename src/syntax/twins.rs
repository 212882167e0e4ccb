//! Nodes of which a rule asks that one beside them has the same part: the second of two equal keys. Whether there can be
//! one is told for all children of a node in one go, where a rule compares each with all before it.

use std::collections::HashMap;

use ast_grep_core::language::Language as EngineLanguage;
use serde_json::Value;
use tree_sitter::{Node, TreeCursor};

use crate::syntax::languages::Language;

/// The most parts of a node that are looked at to tell whether it is written without a gap.
const MAX_LEAVES: usize = 24;
/// How deep that is looked into a node: whether a tree is too deep for rules is not known yet.
const MAX_DEPTH: usize = 100;

/// Which part of a node one beside it must have as well.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Twin {
    /// The part.
    field: u16,
    /// Which nodes beside it may have it, in which field.
    beside: Vec<Beside>,
}

/// A kind of nodes beside one.
#[derive(Debug, PartialEq, Eq)]
struct Beside {
    /// The kind of the node around it, if it is not beside itself but within one.
    around: Option<u16>,
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

/// For nodes whether they may have such a one beside them, told for all beside each other at once.
#[derive(Default)]
pub(super) struct Known(HashMap<usize, bool>);

impl Twin {
    /// What a rule asks of the nodes beside those that it finds, if that is of this kind: a variable for a field, and of a
    /// node before or after it, or of one of several, the same variable for a field.
    pub(super) fn of_rule(rule: &Value, language: Language) -> Option<Self> {
        let listed = |key: &str| rule.get(key).and_then(Value::as_array).into_iter().flatten();
        let all = || std::iter::once(rule).chain(listed("all"));
        let variables: Vec<(&str, &str)> = all().filter_map(|part| variable(part.get("has")?)).collect();
        let asked = |part: &Value| {
            let (beside, asked) = ["follows", "precedes"].iter().find_map(|key| beside(part.get(key)?, language))?;
            let (field, _) = variables.iter().find(|(_, variable)| *variable == asked)?;
            Some((language.field_to_id(field)?, beside))
        };
        let one_of = |part: &Value| part.get("any")?.as_array()?.iter().map(asked).collect::<Option<Vec<_>>>();
        let found = all().find_map(|part| asked(part).map(|asked| vec![asked]).or_else(|| one_of(part)))?;
        let (fields, beside): (Vec<u16>, Vec<Beside>) = found.into_iter().unzip();
        let field = fields.first().copied().filter(|first| fields.iter().all(|field| field == first))?;
        Some(Self { field, beside })
    }

    /// Whether the node at a cursor may have such a one beside it. The cursor knows the node around it; a node has to be
    /// looked for from the top on.
    pub(super) fn may_have(&self, at: &TreeCursor<'_>, text: &str, known: &mut Known) -> bool {
        let id = at.node().id();
        if !known.0.contains_key(&id) {
            let mut around = at.clone();
            if around.goto_parent() {
                self.tell(around.node(), text, known);
            }
        }
        known.0.get(&id).copied().unwrap_or(false)
    }

    /// Tells it of all children of a node.
    fn tell(&self, parent: Node<'_>, text: &str, known: &mut Known) {
        let parts = self.parts(parent, text);
        for node in children(parent) {
            let kind = node.kind_id();
            let is_counted =
                |beside: &Beside| beside.around.is_none() && (beside.kind, beside.field) == (kind, self.field);
            let n_own = usize::from(self.beside.iter().any(is_counted));
            // What is written with a gap may equal what is written without.
            let is_twin = |part: Node<'_>| {
                gapless(part, text)
                    .is_none_or(|part| parts.n_untold > 0 || parts.counts.get(part).is_some_and(|count| *count > n_own))
            };
            known.0.insert(node.id(), node.child_by_field_id(self.field).is_some_and(is_twin));
        }
    }

    fn parts<'t>(&self, parent: Node<'t>, text: &'t str) -> Parts<'t> {
        let mut parts = Parts::default();
        let mut add = |node: Node<'t>, field: u16| match node.child_by_field_id(field).map(|part| gapless(part, text)) {
            Some(Some(part)) => *parts.counts.entry(part).or_default() += 1,
            Some(None) => parts.n_untold += 1,
            None => {}
        };
        for node in children(parent) {
            for beside in &self.beside {
                match beside.around {
                    None if node.kind_id() == beside.kind => add(node, beside.field),
                    Some(around) if node.kind_id() == around => {
                        children(node)
                            .filter(|node| node.kind_id() == beside.kind)
                            .for_each(|node| add(node, beside.field));
                    }
                    _ => {}
                }
            }
        }
        parts
    }
}

/// The children of a node.
pub(super) fn children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut cursor = node.walk();
    let mut is_on = cursor.goto_first_child();
    std::iter::from_fn(move || {
        let child = is_on.then(|| cursor.node());
        is_on = is_on && cursor.goto_next_sibling();
        child
    })
}

/// What `{kind: K, has: {field: F, pattern: $V}}` asks for, itself or within `{kind: K, has: ...}`: the kind of nodes, and
/// the variable.
fn beside(rule: &Value, language: Language) -> Option<(Beside, &str)> {
    let kind = |rule: &Value| {
        // A selector for several nodes is more than a kind.
        let is_plain = |kind: &&str| kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        rule.get("kind")?.as_str().filter(is_plain).map(|kind| language.kind_to_id(kind))
    };
    let (outer, has) = (kind(rule)?, rule.get("has")?);
    if let Some((field, variable)) = variable(has) {
        return Some((Beside { around: None, kind: outer, field: language.field_to_id(field)? }, variable));
    }
    let is_plain = has.get("field").is_none_or(Value::is_null) && is_of_children(has);
    let (field, variable) = has.get("has").filter(|_| is_plain).and_then(variable)?;
    Some((Beside { around: Some(outer), kind: kind(has)?, field: language.field_to_id(field)? }, variable))
}

/// Whether a relation goes no deeper than the children of a node.
fn is_of_children(has: &Value) -> bool {
    has.get("stopBy").is_none_or(|stop| stop.as_str() == Some("neighbor"))
}

/// The field and the variable of `{field: F, pattern: $V}`.
fn variable(has: &Value) -> Option<(&str, &str)> {
    let (field, pattern) = (has.get("field")?.as_str()?, has.get("pattern")?.as_str()?);
    let name = pattern.strip_prefix('$')?;
    let is_captured = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    (is_captured && is_of_children(has)).then_some((field, pattern))
}

/// The text of a node if all of it is in nodes without children, so that two which a rule takes for equal have the same:
/// it compares such nodes by their texts and others by what is in them, blanks and the like left out.
fn gapless<'t>(node: Node<'t>, text: &'t str) -> Option<&'t str> {
    let mut cursor = node.walk();
    let (mut end, mut n_leaves, mut depth) = (node.start_byte(), 0, 0_usize);
    loop {
        if cursor.goto_first_child() {
            depth += 1;
            if depth > MAX_DEPTH {
                return None;
            }
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
        check(json!({"has": {"field": "value", "pattern": "$KEY"}, "follows": beside}), true);
        check(json!({"has": {"field": "value", "pattern": "$VALUE"}, "follows": beside}), false);
        check(json!({"has": its, "any": [{"follows": beside}, {"precedes": beside}]}), true);
        check(json!({"has": its, "any": [{"follows": beside}, {"inside": beside}]}), false);
        let within = json!({"kind": "decorated_definition", "has": {"kind": "function_definition", "has": its}});
        check(json!({"has": its, "any": [{"follows": beside}, {"precedes": within}]}), true);
        let deep = json!({"kind": "block", "has": {"kind": "pair", "stopBy": "end", "has": its}});
        check(json!({"has": its, "precedes": deep}), false);
        check(json!({"kind": "pair", "has": {"field": "key", "pattern": "$_KEY"}, "follows": beside}), false);
        check(
            json!({"kind": "pair", "has": {"field": "key", "pattern": "$KEY", "stopBy": "end"}, "follows": beside}),
            false,
        );
    }

    /// Holds a rule against itself without a look for twins, in texts made of some parts.
    #[track_caller]
    fn agree(rule: serde_json::Value, parts: &[&'static str], text: &dyn Fn(&[&str]) -> String) {
        let rule = json!({"id": "a", "language": "Python", "message": "m", "rule": rule}).to_string();
        let compile = || CompiledRule::compile_json(&rule, &[], Language::Python).unwrap();
        let (with, without) = (compile(), compile().without_twin());
        let (n_found, n_not) = (Cell::new(0), Cell::new(0));
        let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
        let run = |parts: Vec<&str>| {
            let text = text(&parts);
            let tree = SyntaxTree::parse(&text, Language::Python, Deadline::NEVER).unwrap();
            let found = |rule| scan(&tree, &[Asked { rule, within: Vec::new() }], Deadline::NEVER).matches;
            prop_assert_eq!(found(&with), found(&without), "{}", text);
            let count = if found(&with).is_empty() { &n_not } else { &n_found };
            count.set(count.get() + 1);
            Ok(())
        };
        runner.run(&collection::vec(sample::select(parts.to_vec()), 0..9), run).unwrap();
        assert!(n_found.get() > 50 && n_not.get() > 50, "{n_found:?} {n_not:?}");
    }

    #[test]
    fn a_rule_finds_what_it_finds_when_every_node_is_asked() {
        let its = json!({"field": "key", "pattern": "$KEY"});
        let keys = [
            "'a'", "\"a\"", "'b'", "'\\n'", "'\\t'", "1", "a.b", "a . b", "f(1,2)", "f(1, 2)", "(1)", "( 1 )", "()",
            "( )",
        ];
        let rule =
            json!({"kind": "pair", "all": [{"has": its}, {"follows": {"kind": "pair", "stopBy": "end", "has": its}}]});
        agree(rule, &keys, &|keys| {
            let (first, rest) = keys.split_at(keys.len() / 2);
            let written = |keys: &[&str]| keys.iter().map(|key| format!("{key}: 0, ")).collect::<String>();
            format!("x = {{{}'in': {{{}}}}}\n", written(first), written(rest))
        });
        let its = json!({"field": "name", "pattern": "$NAME"});
        let function = json!({"kind": "function_definition", "stopBy": "end", "has": its});
        let decorated = json!({"kind": "decorated_definition", "stopBy": "end", "has": {"kind": "function_definition", "has": its}});
        let rule = json!({"kind": "function_definition", "has": its, "any": [{"precedes": function}, {"precedes": decorated}]});
        let parts =
            ["def a(): 0\n", "def b(): 0\n", "@c\ndef a(): 0\n", "@d\ndef b(): 0\n", "class A:\n  def a(): 0\n"];
        agree(rule, &parts, &|parts| parts.concat());
    }
}
