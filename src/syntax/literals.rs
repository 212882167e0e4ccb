//! Texts without which a rule can't hold in a file, derived from the rule itself.
//!
//! A rule is read as a condition: keys beside each other and `all` must all hold, so any one of them may tell; of `any`
//! each alternative must tell, and the texts of all of them together are what one is needed of; `not` tells nothing. What
//! can't be told makes the rule run always, never the other way round.

use std::collections::BTreeSet;

use ast_grep_core::matcher::PatternNode;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::{MatchStrictness, Pattern};
use regex_syntax::hir::{Hir, HirKind};
use serde_json::{Map, Value};

use crate::syntax::languages::Language;

/// The most texts of which one is needed: more are seldom worth looking for.
const MAX_TEXTS: usize = 40;
/// A text of fewer bytes is in nearly every file.
const MIN_BYTES: usize = 2;
/// How deep rules are followed into each other.
const MAX_DEPTH: usize = 24;

/// Texts of which a file has at least one if the rule can hold in it; never empty.
pub(crate) type Needed = BTreeSet<String>;

/// What a rule in JSON needs; `utilities` are the utility rules that it uses.
pub(crate) fn of_json(json: &str, utilities: &[&str], language: Language) -> Option<Needed> {
    let utilities: Vec<Value> = utilities.iter().filter_map(|json| serde_json::from_str(json).ok()).collect();
    of_rule(&serde_json::from_str(json).ok()?, &utilities, language, 0)
}

fn of_rule(whole: &Value, utilities: &[Value], language: Language, depth: usize) -> Option<Needed> {
    let none = Map::new();
    let utils = whole.get("utils").and_then(Value::as_object).unwrap_or(&none);
    let reader = Reader { language, utils, utilities };
    let rule = whole.get("rule")?;
    let bound = reader.bound(rule, depth);
    let constraints = whole.get("constraints").and_then(Value::as_object).unwrap_or(&none);
    let constrained = constraints.iter().filter(|(name, _)| bound.contains(*name));
    let of_constraints = constrained.filter_map(|(_, rule)| reader.needed(rule, depth));
    reader.needed(rule, depth).into_iter().chain(of_constraints).max_by_key(worth)
}

/// The better one of two: whose shortest text is longer, then which has fewer.
fn worth(needed: &Needed) -> (usize, std::cmp::Reverse<usize>) {
    (needed.iter().map(String::len).min().unwrap_or(0), std::cmp::Reverse(needed.len()))
}

/// The texts, of which one is needed, if they are worth looking for. A text that has another in it adds nothing.
fn worthwhile(mut texts: Needed) -> Option<Needed> {
    let all = texts.clone();
    texts.retain(|text| !all.iter().any(|other| other.len() < text.len() && text.contains(other)));
    let is_long = |text: &String| text.len() >= MIN_BYTES;
    (!texts.is_empty() && texts.len() <= MAX_TEXTS && texts.iter().all(is_long)).then_some(texts)
}

/// Of alternatives each must need something.
fn either(alternatives: impl Iterator<Item = Option<Needed>>) -> Option<Needed> {
    let all: Option<Vec<Needed>> = alternatives.collect();
    worthwhile(all?.into_iter().flatten().collect())
}

struct Reader<'a> {
    language: Language,
    utils: &'a Map<String, Value>,
    /// Utility rules of other files.
    utilities: &'a [Value],
}

impl Reader<'_> {
    /// What a rule object needs: whatever one of its keys does.
    fn needed(&self, rule: &Value, depth: usize) -> Option<Needed> {
        let rule = rule.as_object().filter(|_| depth < MAX_DEPTH)?;
        let of_key = |(key, value): (&String, &Value)| match key.as_str() {
            "pattern" => self.pattern(value).and_then(|pattern| of_pattern(&pattern)),
            "regex" => value.as_str().and_then(of_regex),
            "inside" | "has" | "precedes" | "follows" => self.needed(value, depth + 1),
            "all" => {
                let parts = value.as_array().into_iter().flatten();
                parts.filter_map(|part| self.needed(part, depth + 1)).max_by_key(worth)
            }
            "any" => either(value.as_array()?.iter().map(|part| self.needed(part, depth + 1))),
            "matches" => match self.utils.get(value.as_str()?) {
                Some(rule) => self.needed(rule, depth + 1),
                None => self.utility(value.as_str()?, depth + 1),
            },
            _ => None,
        };
        rule.iter().filter_map(of_key).max_by_key(worth)
    }

    /// What a utility rule of another file needs. Of one with parameters that is not told: what it names may be one.
    fn utility(&self, id: &str, depth: usize) -> Option<Needed> {
        let whole = self.utilities.iter().find(|utility| utility.get("id").and_then(Value::as_str) == Some(id))?;
        let is_plain = whole.get("arguments").is_none();
        is_plain.then(|| of_rule(whole, self.utilities, self.language, depth)).flatten()
    }

    /// The variables that are bound to one node wherever the rule holds.
    fn bound(&self, rule: &Value, depth: usize) -> BTreeSet<String> {
        let Some(rule) = rule.as_object().filter(|_| depth < MAX_DEPTH) else { return BTreeSet::new() };
        let of_key = |(key, value): (&String, &Value)| match key.as_str() {
            "pattern" => {
                let mut names = BTreeSet::new();
                if let Some(pattern) = self.pattern(value) {
                    captures(&pattern.node, &mut names);
                }
                names
            }
            "all" => value.as_array().into_iter().flatten().flat_map(|part| self.bound(part, depth + 1)).collect(),
            "any" => {
                let parts = value.as_array().into_iter().flatten().map(|part| self.bound(part, depth + 1));
                parts.reduce(|both, names| both.intersection(&names).cloned().collect()).unwrap_or_default()
            }
            "inside" | "has" | "precedes" | "follows" => self.bound(value, depth + 1),
            _ => BTreeSet::new(),
        };
        rule.iter().flat_map(of_key).collect()
    }

    /// The pattern, compiled; none if its texts need not be in the file or it is none.
    fn pattern(&self, value: &Value) -> Option<Pattern> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let Some(context) = text("context") else { return Pattern::try_new(value.as_str()?, self.language).ok() };
        let pattern = match text("selector") {
            Some(selector) => Pattern::contextual(context, selector, self.language),
            None => Pattern::try_new(context, self.language),
        };
        let strictness = text("strictness").map_or(Ok(MatchStrictness::Smart), str::parse).ok()?;
        // A signature leaves out what the leaves say.
        (!matches!(strictness, MatchStrictness::Signature)).then_some(pattern.ok()?)
    }
}

/// The longest text of a leaf that the pattern names: such a leaf is compared by its text, while a keyword or a bracket
/// is compared by its kind, and may be skipped.
fn of_pattern(pattern: &Pattern) -> Option<Needed> {
    let mut longest = "";
    let mut open = vec![&pattern.node];
    while let Some(node) = open.pop() {
        match node {
            PatternNode::Terminal { text, is_named: true, .. } if text.len() > longest.len() => longest = text,
            PatternNode::Terminal { .. } | PatternNode::MetaVar { .. } => {}
            PatternNode::Internal { children, .. } => open.extend(children),
        }
    }
    worthwhile(BTreeSet::from([longest.to_owned()]))
}

fn captures(node: &PatternNode, into: &mut BTreeSet<String>) {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node {
            PatternNode::MetaVar { meta_var: MetaVariable::Capture(name, true) } => {
                into.insert(name.clone());
            }
            PatternNode::MetaVar { .. } | PatternNode::Terminal { .. } => {}
            PatternNode::Internal { children, .. } => open.extend(children),
        }
    }
}

/// What a text has in it that a regular expression matches.
fn of_regex(pattern: &str) -> Option<Needed> {
    of_hir(&regex_syntax::parse(pattern).ok()?)
}

/// The parser bounds how deep expressions are.
fn of_hir(hir: &Hir) -> Option<Needed> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            worthwhile(BTreeSet::from([text.to_owned()]))
        }
        HirKind::Concat(parts) => parts.iter().filter_map(of_hir).max_by_key(worth),
        HirKind::Alternation(parts) => either(parts.iter().map(of_hir)),
        HirKind::Capture(capture) => of_hir(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of_hir(&repetition.sub),
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::of_json;
    use crate::syntax::languages::Language;
    use crate::syntax::rules::json_of;

    #[track_caller]
    fn check(rule: &str, expected: &[&str]) {
        let needed = of_json(&json_of(&format!("rule: {rule}\n")), &[], Language::Python).unwrap_or_default();
        assert_eq!(needed.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{rule}");
    }

    #[test]
    fn what_a_rule_needs_is_read_off_it() {
        check("{pattern: hashlib.md5($A)}", &["hashlib"]);
        check("{pattern: $A + $B}", &[]);
        // A keyword is compared by its kind.
        check("{pattern: not $A}", &[]);
        check("{pattern: {context: 'f(a=$X)', selector: keyword_argument}}", &[]);
        check("{pattern: {context: 'f(shell=$X)', selector: keyword_argument}}", &["shell"]);
        check("{pattern: {context: 'eval($X)', strictness: signature}}", &[]);
        check("{kind: call, regex: '^(os\\.)?system\\('}", &["system("]);
        check("{kind: call, regex: '^(load|dumps|loads)$'}", &["dumps", "load"]);
        check("{kind: call, regex: '^(load|x*)$'}", &[]);
        check("{kind: call, regex: '(?i)select'}", &[]);
        check("{any: [{pattern: eval($A)}, {pattern: exec($A)}]}", &["eval", "exec"]);
        check("{any: [{pattern: eval($A)}, {kind: call}]}", &[]);
        check("{all: [{pattern: eval($A)}, {kind: call}]}", &["eval"]);
        check("{kind: call, not: {pattern: eval($A)}}", &[]);
        check(
            "{kind: call, inside: {pattern: 'assert_all($A)', stopBy: {pattern: something_long()}}}",
            &["assert_all"],
        );
        check("{kind: call, has: {any: [{regex: secret}, {regex: token}], field: function}}", &["secret", "token"]);
    }

    #[test]
    fn utils_are_followed_and_constraints_count_where_their_variable_is_bound() {
        check(
            "{matches: evil}\nutils: {evil: {any: [{pattern: eval($A)}, {matches: other}]}, other: {regex: exec}}",
            &["eval", "exec"],
        );
        check("{matches: a}\nutils: {a: {matches: a}}", &[]);
        check("{pattern: f($A)}\nconstraints: {A: {regex: password}}", &["password"]);
        check("{any: [{pattern: ff($A)}, {pattern: gg()}]}\nconstraints: {A: {regex: password}}", &["ff", "gg"]);
        check("{pattern: f($$$A)}\nconstraints: {A: {regex: password}}", &[]);
    }
}
