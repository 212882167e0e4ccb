//! Texts without which a rule can't hold in a file, derived from the rule itself.
//!
//! A rule is read as a condition: keys beside each other and `all` must all hold, so any one of them may tell; of `any`
//! each alternative must tell, and the texts of all of them together are what one is needed of; `not` tells nothing. What
//! can't be told makes the rule run always, never the other way round. What is needed of a node that the rule finds, or
//! of one below it, is in that node's own text, so that no other node need be looked at.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ast_grep_core::matcher::PatternNode;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::{MatchStrictness, Pattern};
use regex_syntax::hir::{Hir, HirKind};
use serde_json::{Map, Value};

use crate::syntax::keywords;
use crate::syntax::languages::Language;
use crate::syntax::opening::Opening;
use crate::syntax::standing::Standing;

/// The most texts of which one is needed: more are seldom worth looking for.
const MAX_TEXTS: usize = 40;
/// The most things that are looked for on account of one rule.
const MAX_NEEDS: usize = 4;
/// A text of fewer bytes is in nearly every file, so that only an operator tells something: where it stands.
const MIN_BYTES: usize = 2;
/// What operators are made of.
const OPERATORS: &[u8] = b"=!<>&|+-*/%^?:";
/// How deep rules are followed into each other.
const MAX_DEPTH: usize = 24;

/// A text that a file may have in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text {
    /// The text.
    pub(crate) text: String,
    /// How it stands.
    pub(crate) standing: Standing,
}

impl Text {
    fn new(text: &str, is_word: bool) -> Self {
        let standing = if is_word { Standing::Word } else { Standing::Anywhere };
        Self { text: text.to_owned(), standing }
    }

    /// Whether a place of this one is one of the other, or has one in it.
    fn has(&self, other: &Self) -> bool {
        match other.standing {
            Standing::Anywhere => self.text.contains(&other.text),
            Standing::Word => self.text == other.text && self.standing >= Standing::Word,
            Standing::Called => self == other,
        }
    }
}

/// Something that a rule needs: one of some texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    /// Whether one stands within each node that the rule finds; else one stands somewhere in the file.
    pub(crate) is_within: bool,
    /// The texts, never none; none has another in it.
    pub(crate) texts: BTreeSet<Text>,
}

impl Need {
    /// The better one of two: whose shortest text is longer, then which has fewer, then which tells of nodes.
    fn worth(&self) -> (usize, Reverse<usize>, bool) {
        let shortest = self.texts.iter().map(|text| text.text.len()).min();
        (shortest.unwrap_or(0), Reverse(self.texts.len()), self.is_within)
    }

    /// Whether each of the texts is one that a file may well lack.
    fn is_long(&self) -> bool {
        self.texts.iter().all(|text| text.text.len() >= MIN_BYTES)
    }

    /// Whether the other one is met wherever this one is.
    fn implies(&self, other: &Self) -> bool {
        let is_told = |text: &Text| other.texts.iter().any(|its| text.has(its));
        (self.is_within || !other.is_within) && self.texts.iter().all(is_told)
    }

    /// The same of the file if it can't be told of the node.
    fn anywhere_unless(self, is_within: bool) -> Self {
        Self { is_within: self.is_within && is_within, ..self }
    }

    fn of_text(text: &str, is_word: bool) -> Option<Self> {
        Self::of_texts(BTreeSet::from([Text::new(text, is_word)]), true)
    }

    /// The name with which each node begins.
    fn of_opening(opening: Opening) -> Option<Self> {
        let called = |text| Text { text, standing: Standing::Called };
        Self::of_texts(opening.names.into_iter().map(called).collect(), true)
    }

    /// The texts, of which one is needed, if they are worth looking for. A text that has another in it adds nothing.
    fn of_texts(mut texts: BTreeSet<Text>, is_within: bool) -> Option<Self> {
        let all = texts.clone();
        texts.retain(|text| !all.iter().any(|other| other != text && text.has(other)));
        let tells = |text: &Text| text.text.len() >= MIN_BYTES || (is_within && is_operator(&text.text));
        let is_worthwhile = !texts.is_empty() && texts.len() <= MAX_TEXTS && texts.iter().all(tells);
        is_worthwhile.then_some(Self { is_within, texts })
    }
}

/// What a rule in JSON needs, all of it; the same need once, and only the best; `utilities` are the utility rules that
/// it uses.
pub(crate) fn of_json(json: &str, utilities: &[&str], language: Language) -> Vec<Need> {
    let utilities: Vec<Value> = utilities.iter().filter_map(|json| serde_json::from_str(json).ok()).collect();
    serde_json::from_str(json).map(|whole| of_rule(&whole, &utilities, language, 0)).unwrap_or_default()
}

fn of_rule(whole: &Value, utilities: &[Value], language: Language, depth: usize) -> Vec<Need> {
    let none = Map::new();
    let utils = whole.get("utils").and_then(Value::as_object).unwrap_or(&none);
    let reader = Reader { language, utils, utilities };
    let Some(rule) = whole.get("rule") else { return Vec::new() };
    let mut needs = reader.needs(rule, depth);
    needs.extend(Opening::of_rule(rule, language).and_then(Need::of_opening).filter(|_| depth == 0));
    let (bound, bound_within) = (reader.bound(rule, depth, &AROUND), reader.bound(rule, depth, &WITHIN));
    let constraints = whole.get("constraints").and_then(Value::as_object).unwrap_or(&none);
    for (name, constraint) in constraints.iter().filter(|(name, _)| bound.contains(*name)) {
        let its = reader.needs(constraint, depth);
        needs.extend(its.into_iter().map(|need| need.anywhere_unless(bound_within.contains(name))));
    }
    best(needs)
}

/// The best needs, the best of them first.
fn best(mut needs: Vec<Need>) -> Vec<Need> {
    let is_told = needs.iter().any(|need| need.is_within && need.is_long());
    needs.retain(|need| need.is_long() || (need.is_within && !is_told));
    needs.sort();
    needs.dedup();
    needs.sort_by_key(|need| Reverse(need.worth()));
    let all = needs.clone();
    needs.retain(|need| !all.iter().any(|other| other != need && other.implies(need) && !need.implies(other)));
    // What tells nodes apart is asked at each of them: it must not be lost.
    let within = needs.iter().position(|need| need.is_within).filter(|place| *place >= MAX_NEEDS);
    if let Some(place) = within {
        needs.swap(place, MAX_NEEDS - 1);
    }
    needs.truncate(MAX_NEEDS);
    needs
}

/// What is needed if one of some alternatives holds: of each its best need.
fn either(alternatives: &[Vec<Need>]) -> Vec<Need> {
    let joined = |is_within: bool| {
        let of_each = alternatives.iter().map(|needs| {
            let its = needs.iter().filter(|need| need.is_within || !is_within);
            its.max_by_key(|need| need.worth())
        });
        let of_each: Option<Vec<&Need>> = of_each.collect();
        let texts = of_each?.into_iter().flat_map(|need| need.texts.iter().cloned()).collect();
        Need::of_texts(texts, is_within)
    };
    let within = joined(true);
    let anywhere = joined(false).filter(|need| within.as_ref().is_none_or(|within| within.texts != need.texts));
    within.into_iter().chain(anywhere).collect()
}

/// The keys under which a rule speaks of nodes around the one that it finds, and of all other nodes than that one.
const AROUND: [&str; 4] = ["inside", "has", "precedes", "follows"];
/// Those under which it speaks of nodes within it.
const WITHIN: [&str; 1] = ["has"];

struct Reader<'a> {
    language: Language,
    utils: &'a Map<String, Value>,
    /// Utility rules of other files.
    utilities: &'a [Value],
}

impl Reader<'_> {
    /// What a rule object needs: whatever each of its keys does.
    fn needs(&self, rule: &Value, depth: usize) -> Vec<Need> {
        let Some(rule) = rule.as_object().filter(|_| depth < MAX_DEPTH) else { return Vec::new() };
        let of_key = |(key, value): (&String, &Value)| match key.as_str() {
            "pattern" => self.pattern(value).map(|pattern| self.of_pattern(&pattern)).unwrap_or_default(),
            "kind" => value.as_str().and_then(|kind| self.of_kind(kind)).into_iter().collect(),
            "regex" => value.as_str().map(of_regex).unwrap_or_default(),
            "has" => self.needs(value, depth + 1).into_iter().chain(self.of_operators(value)).collect(),
            "inside" | "precedes" | "follows" => {
                self.needs(value, depth + 1).into_iter().map(|need| need.anywhere_unless(false)).collect()
            }
            "all" => value.as_array().into_iter().flatten().flat_map(|part| self.needs(part, depth + 1)).collect(),
            "any" => {
                let parts = value.as_array().into_iter().flatten().map(|part| self.needs(part, depth + 1));
                either(&parts.collect::<Vec<_>>())
            }
            "matches" => value.as_str().map(|name| self.utility(name, depth + 1)).unwrap_or_default(),
            _ => Vec::new(),
        };
        best(rule.iter().flat_map(of_key).collect())
    }

    /// What a utility rule needs. Of one of another file with parameters that is not told: what it names may be one.
    fn utility(&self, id: &str, depth: usize) -> Vec<Need> {
        if let Some(rule) = self.utils.get(id) {
            return self.needs(rule, depth);
        }
        let whole = self.utilities.iter().find(|utility| utility.get("id").and_then(Value::as_str) == Some(id));
        let plain = whole.filter(|whole| whole.get("arguments").is_none() && depth < MAX_DEPTH);
        plain.map(|whole| of_rule(whole, self.utilities, self.language, depth)).unwrap_or_default()
    }

    /// The variables that are bound to one node wherever the rule holds, by the node itself and what those keys speak of.
    fn bound(&self, rule: &Value, depth: usize, relations: &[&str]) -> BTreeSet<String> {
        let Some(rule) = rule.as_object().filter(|_| depth < MAX_DEPTH) else { return BTreeSet::new() };
        let of_key = |(key, value): (&String, &Value)| match key.as_str() {
            "pattern" => {
                let mut names = BTreeSet::new();
                if let Some(pattern) = self.pattern(value) {
                    captures(&pattern.node, &mut names);
                }
                names
            }
            "all" => {
                value.as_array().into_iter().flatten().flat_map(|part| self.bound(part, depth + 1, relations)).collect()
            }
            "any" => {
                let parts = value.as_array().into_iter().flatten().map(|part| self.bound(part, depth + 1, relations));
                parts.reduce(|both, names| both.intersection(&names).cloned().collect()).unwrap_or_default()
            }
            key if relations.contains(&key) => self.bound(value, depth + 1, relations),
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
        let is_told = !matches!(strictness, MatchStrictness::Signature);
        let mut pattern = pattern.ok().filter(|_| is_told)?;
        pattern.strictness = strictness;
        Some(pattern)
    }

    /// The texts of the leaves of a pattern that are compared. A leaf that is named is compared by its text; a keyword or an
    /// operator by its kind, which is its text; it may be skipped after a variable for several nodes, and where the pattern
    /// is not taken at its word.
    fn of_pattern(&self, pattern: &Pattern) -> Vec<Need> {
        let is_strict = matches!(pattern.strictness, MatchStrictness::Cst | MatchStrictness::Smart);
        // Else a leaf is compared by its text alone.
        let has_kind = !matches!(pattern.strictness, MatchStrictness::Template);
        let (mut needs, mut open) = (Vec::new(), vec![&pattern.node]);
        while let Some(node) = open.pop() {
            match node {
                PatternNode::Terminal { text, is_named: true, kind_id } => {
                    needs.extend(Need::of_text(text, has_kind && keywords::is_name(self.language, *kind_id, text)));
                }
                PatternNode::Terminal { .. } | PatternNode::MetaVar { .. } => {}
                PatternNode::Internal { children, .. } => {
                    open.extend(children);
                    let mut may_be_skipped = !is_strict;
                    for child in children {
                        match child {
                            PatternNode::Terminal { text, is_named: false, .. }
                                if !may_be_skipped && is_plain(text) =>
                            {
                                needs.extend(Need::of_text(text, keywords::is_keyword(self.language, text)));
                            }
                            PatternNode::Terminal { is_named: false, .. } => {}
                            PatternNode::MetaVar {
                                meta_var: MetaVariable::Multiple | MetaVariable::MultiCapture(_),
                            } => {
                                may_be_skipped = true;
                            }
                            _ => may_be_skipped = !is_strict,
                        }
                    }
                }
            }
        }
        best(needs)
    }

    /// What is within every node of a kind.
    fn of_kind(&self, kind: &str) -> Option<Need> {
        self.of_grammar(keywords::of_kind(self.language, kind)?.split(' '))
    }

    /// What is within a node whose operator is told.
    fn of_operators(&self, has: &Value) -> Option<Need> {
        let text = |key: &str| has.get(key).and_then(Value::as_str);
        self.of_grammar(keywords::of_operators(self.language, text("field")?, text("regex")?)?.into_iter())
    }

    /// One of some words and signs of the grammar.
    fn of_grammar<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Option<Need> {
        let text = |text: &str| Text::new(text, keywords::is_keyword(self.language, text));
        Need::of_texts(texts.map(text).collect(), true)
    }
}

/// Whether a keyword or operator has one way to be written: none with white space in it, nor one that a line begins with
/// before which there may be some.
fn is_plain(text: &str) -> bool {
    let is_word = text.bytes().all(|byte| byte.is_ascii_lowercase());
    is_word || is_operator(text)
}

fn is_operator(text: &str) -> bool {
    text.bytes().all(|byte| OPERATORS.contains(&byte))
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
fn of_regex(pattern: &str) -> Vec<Need> {
    regex_syntax::parse(pattern).map(|hir| of_hir(&hir)).unwrap_or_default()
}

/// The parser bounds how deep expressions are.
fn of_hir(hir: &Hir) -> Vec<Need> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok();
            text.and_then(|text| Need::of_text(text, false)).into_iter().collect()
        }
        HirKind::Concat(parts) => best(parts.iter().flat_map(of_hir).collect()),
        HirKind::Alternation(parts) => either(&parts.iter().map(of_hir).collect::<Vec<_>>()),
        HirKind::Capture(capture) => of_hir(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of_hir(&repetition.sub),
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Need, of_json};
    use crate::syntax::languages::Language;
    use crate::syntax::rules::json_of;

    /// Each need as its texts with `|` between them, in brackets if they need not be within the node.
    #[track_caller]
    fn check(rule: &str, expected: &[&str]) {
        let shown = |need: &Need| {
            let texts = need.texts.iter().map(|text| text.text.as_str()).collect::<Vec<_>>().join("|");
            if need.is_within { texts } else { format!("({texts})") }
        };
        let needs = of_json(&json_of(&format!("rule: {rule}\n")), &[], Language::Python);
        assert_eq!(needs.iter().map(shown).collect::<Vec<_>>(), expected, "{rule}");
    }

    #[test]
    fn what_a_rule_needs_is_read_off_it() {
        check("{pattern: hashlib.md5($A)}", &["hashlib", "md5"]);
        // An operator tells where to look, if nothing else does.
        check("{pattern: $A + $B}", &["+"]);
        check("{pattern: $A + foo}", &["foo"]);
        check("{any: [{pattern: $A + $B}, {pattern: eval($A)}]}", &["+|eval"]);
        check("{kind: call, inside: {pattern: $A + $B}}", &[]);
        // A keyword is compared by its kind, and may be skipped.
        check("{pattern: not $A}", &["not"]);
        check("{pattern: $A not in $B}", &["not", "in"]);
        check("{pattern: $A is not $B}", &["not", "is"]);
        check("{pattern: $A == $B}", &["=="]);
        check("{pattern: {context: $A == $B, strictness: relaxed}}", &[]);
        check("{pattern: '$A if $B else $C'}", &["else", "if"]);
        check("{pattern: {context: 'f(a=$X)', selector: keyword_argument}}", &["="]);
        check("{pattern: {context: 'f(shell=$X)', selector: keyword_argument}}", &["shell"]);
        check("{pattern: {context: 'eval($X)', strictness: signature}}", &[]);
        check("{kind: call, regex: '^(os\\.)?system\\('}", &["system("]);
        check("{kind: call, regex: '^(load|dumps|loads)$'}", &["dumps|load"]);
        check("{kind: call, regex: '^(load|x*)$'}", &[]);
        check("{kind: call, regex: '(?i)select'}", &[]);
        check("{kind: call, regex: 'load.*(?:yaml|json)'}", &["load", "json|yaml"]);
        check("{any: [{pattern: eval($A)}, {pattern: exec($A)}]}", &["eval|exec"]);
        check("{any: [{pattern: eval($A)}, {kind: call}]}", &[]);
        check("{all: [{pattern: eval($A)}, {kind: call}]}", &["eval"]);
        check("{kind: call, not: {pattern: eval($A)}}", &[]);
        check(
            "{kind: call, inside: {pattern: 'assert_all($A)', stopBy: {pattern: something_long()}}}",
            &["(assert_all)"],
        );
        check("{kind: call, has: {any: [{regex: secret}, {regex: token}], field: function}}", &["secret|token"]);
        check("{pattern: eval($A), follows: {regex: hashlib}}", &["(hashlib)", "eval"]);
        // Of each alternative what is within, and beside it what is longer.
        check(
            "{any: [{regex: aa, inside: {regex: bbbb}}, {regex: cc, inside: {has: {regex: dddd}}}]}",
            &["(bbbb|dddd)", "aa|cc"],
        );
        check("{regex: 'aa.bb.cc.dd.ee'}", &["aa", "bb", "cc", "dd"]);
        check("{regex: 'aa', inside: {regex: 'bbb.ccc.ddd.eee'}}", &["(bbb)", "(ccc)", "(ddd)", "aa"]);
    }

    #[test]
    fn utils_are_followed_and_constraints_count_where_their_variable_is_bound() {
        check(
            "{matches: evil}\nutils: {evil: {any: [{pattern: eval($A)}, {matches: other}]}, other: {regex: exec}}",
            &["eval|exec"],
        );
        check("{matches: a}\nutils: {a: {matches: a}}", &[]);
        check("{pattern: f($A)}\nconstraints: {A: {regex: password}}", &["password"]);
        check("{any: [{pattern: ff($A)}, {pattern: gg()}]}\nconstraints: {A: {regex: password}}", &["ff|gg"]);
        check("{pattern: ff($A)}\nconstraints: {A: {regex: password}}", &["password", "ff"]);
        check("{kind: call, inside: {pattern: ff($A)}}\nconstraints: {A: {regex: password}}", &["(password)", "(ff)"]);
        check("{pattern: f($$$A)}\nconstraints: {A: {regex: password}}", &[]);
    }
}
