//! How the nodes that a rule finds begin, where it finds nothing but calls of some names (`eval($$$)`).
//!
//! Of a text that follows the grammar this leaves nothing out. Where a text does not, a parser may take for such a call
//! what is left of another (`.eval(x)`, when it passed over what is before the dot); that is not found.

use std::collections::BTreeSet;

use ast_grep_core::Pattern;
use ast_grep_core::matcher::PatternNode;
use serde_json::Value;

use crate::model::place::Span;
use crate::syntax::keywords;
use crate::syntax::languages::Language;
use crate::syntax::standing::Standing;

/// How deep lists of rules are followed into each other.
const MAX_DEPTH: usize = 8;

/// The names of which a node that a rule finds calls one, as the first that stands in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// The names.
    pub(super) names: BTreeSet<String>,
}

impl Opening {
    /// What is known of the nodes that a rule finds; none if they may begin otherwise.
    pub(super) fn of_rule(rule: &Value, language: Language) -> Option<Self> {
        has_members(language).then(|| names(rule, language, 0)).flatten().map(|names| Self { names })
    }

    /// Whether such a node may begin there.
    pub(super) fn is_at(&self, text: &str, start: usize) -> bool {
        let rest = text.get(start..).unwrap_or_default();
        self.names.iter().any(|name| {
            let place = Span { start, end: start + name.len() };
            rest.starts_with(name) && Standing::Called.is_met(text.as_bytes(), place)
        })
    }
}

/// Whether what follows a dot is a part of what is before it, in every expression.
fn has_members(language: Language) -> bool {
    matches!(
        language,
        Language::Go
            | Language::Java
            | Language::JavaScript
            | Language::Jsx
            | Language::Python
            | Language::Rust
            | Language::Tsx
            | Language::TypeScript
    )
}

fn names(rule: &Value, language: Language, depth: usize) -> Option<BTreeSet<String>> {
    let listed = |key: &str| {
        let parts = rule.get(key).and_then(Value::as_array).filter(|parts| !parts.is_empty() && depth < MAX_DEPTH)?;
        Some(parts.iter().map(|part| names(part, language, depth + 1)))
    };
    let by_pattern = rule.get("pattern").and_then(Value::as_str).and_then(|pattern| called(pattern, language));
    by_pattern
        .map(|name| BTreeSet::from([name]))
        .or_else(|| listed("all")?.flatten().next())
        .or_else(|| listed("any")?.collect::<Option<Vec<_>>>().map(|each| each.into_iter().flatten().collect()))
}

/// The name that a pattern calls, if nothing stands before it and the arguments come next.
fn called(pattern: &str, language: Language) -> Option<String> {
    let pattern = Pattern::try_new(pattern, language).ok()?;
    let PatternNode::Internal { children, .. } = &pattern.node else { return None };
    let [PatternNode::Terminal { text, is_named: true, kind_id }, PatternNode::Internal { children, .. }, ..] =
        children.as_slice()
    else {
        return None;
    };
    let is_open = matches!(children.first(), Some(PatternNode::Terminal { text, is_named: false, .. }) if text == "(");
    (is_open && keywords::is_name(language, *kind_id, text)).then(|| text.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Opening;
    use crate::syntax::languages::Language;

    #[test]
    fn what_a_rule_finds_begins_with_a_name_that_it_calls() {
        let check = |language: Language, rule: serde_json::Value, expected: &[&str]| {
            let found = Opening::of_rule(&rule, language);
            let names: Vec<&str> = found.iter().flat_map(|found| &found.names).map(String::as_str).collect();
            assert_eq!(names, expected, "{rule}");
        };
        use Language::{Go, Java, JavaScript, Php, Python, Rust, Tsx};
        for language in [Go, Java, JavaScript, Python, Rust, Tsx] {
            check(language, json!({"pattern": "load($$$)"}), &["load"]);
            check(language, json!({"pattern": "a.load($$$)"}), &[]);
            check(language, json!({"pattern": "$LOAD($$$)"}), &[]);
        }
        // There a dot joins texts.
        check(Php, json!({"pattern": "load($A)"}), &[]);
        check(Python, json!({"pattern": "load"}), &[]);
        check(Python, json!({"pattern": "load(exec($A))"}), &["load"]);
        check(Python, json!({"pattern": "load($A) + 1"}), &[]);
        check(Python, json!({"pattern": {"context": "f(load($A))", "selector": "call"}}), &[]);
        check(Python, json!({"has": {"pattern": "load($A)"}}), &[]);
        check(Python, json!({"not": {"pattern": "load($A)"}}), &[]);
        check(Python, json!({"kind": "call", "pattern": "load($A)"}), &["load"]);
        check(Python, json!({"all": [{"kind": "call"}, {"pattern": "load($A)"}]}), &["load"]);
        check(Python, json!({"any": [{"pattern": "load($A)"}, {"pattern": "exec_all()"}]}), &["exec_all", "load"]);
        check(Python, json!({"any": [{"pattern": "load($A)"}, {"kind": "call"}]}), &[]);
        check(Python, json!({"any": []}), &[]);
    }

    #[test]
    fn it_is_told_where_one_may_begin() {
        let opening = Opening::of_rule(&json!({"pattern": "load($$$)"}), Language::Python).unwrap();
        let text = "load(a.load(b), loads(c))";
        let at: Vec<usize> = (0..text.len()).filter(|start| opening.is_at(text, *start)).collect();
        assert_eq!(at, [0]);
    }
}
