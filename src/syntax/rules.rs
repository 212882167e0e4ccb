//! Pattern rules in ast-grep's YAML: compiled once, run over a tree in one traversal.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::thread;

use ast_grep_config::{DeserializeEnv, Fixer, GlobalRules, RuleConfig, SerializableGlobalRule, SerializableRuleConfig};
use ast_grep_core::NodeMatch;
use ast_grep_core::matcher::{Matcher, MatcherExt};
use tree_sitter::{Node as InnerNode, TreeCursor};

use crate::model::deadline::Deadline;
use crate::model::finding::Edit;
use crate::model::place::Span;
use crate::syntax::languages::Language;
use crate::syntax::opening::Opening;
use crate::syntax::places::Places;
use crate::syntax::query::CaptureQuery;
use crate::syntax::tree::SyntaxTree;
use crate::syntax::twins::{Known, Twin};
use crate::syntax::watched::{WatchedDoc, WatchedTree};

/// The most matches of one rule that are kept in one file; the rest is only counted.
const MAX_MATCHES: usize = 500;
/// How many nodes are visited between two looks at the clock.
const NODES_PER_LOOK: usize = 1_024;
/// A tree that has fewer nodes for each place than that is gone through whole: that is faster than going to each.
const NODES_PER_PLACE: usize = 4;
/// How many times a rule looks at a node between two looks at the clock: a rule may go through all that is around a node.
const CANDIDATES_PER_LOOK: usize = 16;
/// How deep a tree may be: a rule that looks around a node walks all the way up, which takes minutes in a file that
/// somebody nested 100,000 deep. A chain without brackets is as deep as it is long, a union of thousands of texts or a
/// row of `else if`; what people write is not longer than this.
pub(crate) const MAX_DEPTH: usize = 10_000;
/// How deep a tree may be for the stack of any thread: the engine calls itself for each level that it goes down.
const MAX_DEPTH_ANYWHERE: usize = 1_000;
/// The stack for a deeper one; what is not touched takes no memory.
const STACK: usize = 256 << 20;

/// Why a rule can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The YAML is not a rule.
    #[error("not a rule: {message}")]
    Yaml {
        /// What is wrong.
        message: String,
        /// Line and column, from 1, where they are known.
        at: Option<(usize, usize)>,
    },
    /// The rule says something that the grammar does not know, or that makes no sense.
    #[error("{0}")]
    Rule(String),
}

/// What a rule in YAML says, as JSON: that is read several times faster. It says nothing where the YAML is none.
pub(crate) fn json_of(yaml: &str) -> String {
    let whole: Option<serde_json::Value> = ast_grep_config::from_str(yaml).ok();
    whole.map(|whole| whole.to_string()).unwrap_or_default()
}

/// A rule, ready to run on one language.
pub(crate) struct CompiledRule {
    config: RuleConfig<Language>,
    /// The kinds of nodes that it may match.
    kinds: Vec<usize>,
    /// What a node must be captured by as well.
    query: Option<CaptureQuery>,
    /// How each node that it matches begins.
    opening: Option<Opening>,
    /// What a node beside it must have as well.
    twin: Option<Twin>,
    /// The utility rules that it uses; the rule itself only points to them.
    _utilities: GlobalRules,
}

impl CompiledRule {
    /// Compiles one YAML document for `language`, whatever its own `language` key says. `utilities` are the utility rules
    /// that it uses, each as JSON, with those that these use.
    pub(crate) fn compile(yaml: &str, utilities: &[&str], language: Language) -> Result<Self, Error> {
        let parsed = ast_grep_config::from_str(yaml).map_err(|error| {
            let at = error.location().map(|place| (place.line(), place.column()));
            let at = at.and_then(|(line, column)| Some((line.try_into().ok()?, column.try_into().ok()?)));
            Error::Yaml { message: error.without_snippet().to_string(), at }
        });
        Self::make(parsed?, utilities, language)
    }

    /// The same from JSON, which is faster.
    pub(crate) fn compile_json(json: &str, utilities: &[&str], language: Language) -> Result<Self, Error> {
        let parsed = serde_json::from_str(json).map_err(|error| Error::Yaml { message: error.to_string(), at: None });
        Self::make(parsed?, utilities, language)
    }

    fn make(
        mut parsed: SerializableRuleConfig<Language>,
        utilities: &[&str],
        language: Language,
    ) -> Result<Self, Error> {
        parsed.language = language;
        let metadata = serde_json::to_value(&parsed.metadata).unwrap_or_default();
        let query = metadata.get("query").and_then(serde_json::Value::as_str);
        let query = query.map(|text| CaptureQuery::compile(text, language)).transpose().map_err(Error::Rule)?;
        let utilities = compile_utilities(utilities, language)?;
        let rule = serde_json::to_value(&parsed.core.rule).unwrap_or_default();
        let (opening, twin) = (Opening::of_rule(&rule, language), Twin::of_rule(&rule, language));
        let config = RuleConfig::try_from(parsed, &utilities).map_err(|error| Error::Rule(chain(&error)))?;
        let kinds = config.matcher.potential_kinds().expect("because a rule without kinds does not compile");
        Ok(Self { config, kinds: kinds.iter().collect(), query, opening, twin, _utilities: utilities })
    }
}

#[cfg(test)]
impl CompiledRule {
    /// The same without a look at whether a node may have such a one beside it as it is to have, to hold it against that.
    pub(super) fn without_twin(self) -> Self {
        assert!(self.twin.is_some(), "there is nothing to leave out");
        Self { twin: None, ..self }
    }
}

/// Compiles utility rules for `language`, whatever their own `language` keys say.
pub(crate) fn compile_utilities(utilities: &[&str], language: Language) -> Result<GlobalRules, Error> {
    let parse = |json: &&str| {
        let parsed: Result<SerializableGlobalRule<Language>, _> = serde_json::from_str(json);
        parsed.map(|parsed| SerializableGlobalRule { language, ..parsed })
    };
    let parsed = utilities.iter().map(parse).collect::<Result<Vec<_>, _>>();
    let parsed = parsed.map_err(|error| Error::Yaml { message: error.to_string(), at: None })?;
    DeserializeEnv::parse_global_utils(parsed).map_err(|error| Error::Rule(chain(&error)))
}

/// The causes in one sentence, without the first: that only says that there is one.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut causes: Vec<String> = causes.map(|error| error.to_string().trim_end_matches('.').to_owned()).collect();
    if causes.len() > 1 {
        causes.remove(0);
    }
    causes.join(": ")
}

/// A place where a rule holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The rule: its index in the set.
    pub(crate) rule: usize,
    /// Where.
    pub(crate) span: Span,
    /// The rule's message with the matched parts filled in.
    pub(crate) message: String,
    /// The named items around it.
    pub(crate) symbol: String,
    /// The rule's own fixes: what each is called, where it has a name, and what it does.
    pub(crate) fixes: Vec<(Option<String>, Edit)>,
    /// Places in it that the rule labels, in the order of the text, each with what the rule says of it.
    pub(crate) labels: Vec<(Span, String)>,
}

/// What a scan gave.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The matches in the order of the tree.
    pub(crate) matches: Vec<Match>,
    /// Rules with more matches than are kept: index and number of those that are not.
    pub(crate) cut: Vec<(usize, usize)>,
    /// Whether the deadline ended the scan early.
    pub(crate) timed_out: bool,
    /// Whether the tree is deeper than rules may look at; then none did.
    pub(crate) too_deep: bool,
    /// How deep the tree is, where that is more than any stack has room for.
    depth: usize,
}

/// A rule that is to run on a tree.
pub(crate) struct Asked<'a> {
    /// The rule.
    pub(crate) rule: &'a CompiledRule,
    /// What is within each node that it matches: a place of each.
    pub(crate) within: Vec<&'a Places>,
}

/// Nodes that a rule may match, each with the index of that rule.
type Candidates<'t> = Vec<(InnerNode<'t>, usize)>;
/// The nodes that the query of a rule captures, where it has one.
type Captured = Option<HashSet<usize>>;

/// Runs rules over the tree, all in one traversal; a match names its rule by the index here.
pub(crate) fn scan(tree: &SyntaxTree, rules: &[Asked<'_>], deadline: Deadline) -> Scan {
    let mut scan = Scan::default();
    let captured: Option<Vec<Captured>> = rules
        .iter()
        .map(|asked| asked.rule.query.as_ref().map_or(Some(None), |query| query.captured(tree, deadline).map(Some)))
        .collect();
    let (Some(captured), Some(candidates)) = (captured, candidates(tree, rules, deadline, &mut scan)) else {
        return Scan { timed_out: !scan.too_deep, ..scan };
    };
    let look = |scan: &mut Scan| look_at(tree, rules, (candidates, &captured), deadline, scan);
    if scan.depth <= MAX_DEPTH_ANYWHERE {
        look(&mut scan);
        return scan;
    }
    let room = thread::Builder::new().stack_size(STACK);
    let is_done = thread::scope(|scope| {
        let looking = room.spawn_scoped(scope, || look(&mut scan)).ok()?;
        looking.join().map_err(|panic| resume_unwind(panic)).ok()
    });
    // Without room for it no rule looks at it.
    scan.too_deep |= is_done.is_none();
    scan
}

/// Asks the rules for each of these nodes, as far as there is time.
fn look_at<'t>(
    tree: &'t SyntaxTree,
    rules: &[Asked<'_>],
    (candidates, captured): (Candidates<'t>, &[Captured]),
    deadline: Deadline,
    scan: &mut Scan,
) {
    let watched = WatchedTree::new(tree.doc(), deadline);
    let mut n_matches = vec![0; rules.len()];
    for (n_looks, (node, index)) in candidates.into_iter().enumerate() {
        if watched.is_given_up() || (n_looks % CANDIDATES_PER_LOOK == 0 && deadline.is_over()) {
            scan.timed_out = true;
            break;
        }
        let Some((Asked { rule, .. }, captured)) = rules.get(index).zip(captured.get(index)) else { continue };
        if captured.as_ref().is_some_and(|captured| !captured.contains(&node.id()))
            || rule.opening.as_ref().is_some_and(|opening| !opening.is_at(tree.text(), node.start_byte()))
        {
            continue;
        }
        let Some(matched) = rule.config.matcher.match_node(watched.adopt(node)) else { continue };
        let Some(count) = n_matches.get_mut(index) else { continue };
        *count += 1;
        if *count <= MAX_MATCHES {
            scan.matches.push(describe(tree, index, rule, &matched));
        }
    }
    scan.timed_out |= watched.is_given_up();
    let n_more = n_matches.into_iter().map(|count: usize| count.saturating_sub(MAX_MATCHES));
    scan.cut = n_more.enumerate().filter(|(_, n_more)| *n_more > 0).collect();
}

/// The nodes that some rule may match, each with the index of that rule, in the order of the tree; none if it is too
/// deep or the deadline came. They are gathered before any rule looks at one, so that none looks around in a tree that
/// turns out to be too deep; to look for twins is to look at what is beside a node.
fn candidates<'t>(
    tree: &'t SyntaxTree,
    rules: &[Asked<'_>],
    deadline: Deadline,
    scan: &mut Scan,
) -> Option<Candidates<'t>> {
    let by_kind = by_kind(rules);
    let mut candidates = Vec::new();
    let mut known: Vec<Known> = rules.iter().map(|_| Known::default()).collect();
    let mut gather = |cursor: &TreeCursor<'t>| {
        let node = cursor.node();
        let Some(its) = by_kind.get(usize::from(node.kind_id())).filter(|its| !its.is_empty()) else { return };
        let span = Span { start: node.start_byte(), end: node.end_byte() };
        for (index, asked) in its {
            let is_around = asked.within.iter().all(|places| places.is_any_within(span));
            let may_have = |(twin, known): (&Twin, _)| twin.may_have(cursor, tree.text(), known);
            if is_around && asked.rule.twin.as_ref().zip(known.get_mut(*index)).is_none_or(may_have) {
                candidates.push((node, *index));
            }
        }
    };
    let root = tree.root().get_inner_node();
    let few = around(rules).filter(|places| places.len() * NODES_PER_PLACE < root.descendant_count());
    // What no rule looks at can still be too deep for one that looks around.
    let is_over = match few {
        Some(places) => {
            let is_over = look_through(root, deadline, &mut |_| false, scan);
            if !is_over {
                places.visit_around(root, &mut |cursor| {
                    gather(cursor);
                    true
                });
            }
            is_over
        }
        None => look_through(
            root,
            deadline,
            &mut |cursor| {
                gather(cursor);
                true
            },
            scan,
        ),
    };
    (!is_over).then_some(candidates)
}

/// Visits the nodes of a tree, but for those below one of which `visit` says so and which can't be too deep. Whether that
/// ended early: because the tree is too deep, which is noted, or because the deadline came.
fn look_through<'t>(
    root: InnerNode<'t>,
    deadline: Deadline,
    visit: &mut dyn FnMut(&TreeCursor<'t>) -> bool,
    scan: &mut Scan,
) -> bool {
    let (mut depth, mut n_nodes) = (0, 0_usize);
    let mut cursor = root.walk();
    loop {
        if n_nodes.is_multiple_of(NODES_PER_LOOK) && deadline.is_over() {
            return true;
        }
        scan.depth = scan.depth.max(depth);
        if depth > MAX_DEPTH {
            scan.too_deep = true;
            return true;
        }
        n_nodes += 1;
        let node = cursor.node();
        let is_worthwhile = visit(&cursor) || node.descendant_count() + depth > MAX_DEPTH_ANYWHERE;
        if is_worthwhile && cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
            depth -= 1;
        }
    }
}

/// Where nodes are that some rule may match: around these places. `None` if they may be anywhere.
fn around(rules: &[Asked<'_>]) -> Option<Places> {
    let rarest: Option<Vec<&Places>> =
        rules.iter().map(|asked| asked.within.iter().copied().min_by_key(|places| places.len())).collect();
    rarest.map(|rarest| Places::joined(rarest.into_iter()))
}

/// For each node kind the rules that may match such a node, with their indices.
fn by_kind<'a>(rules: &'a [Asked<'a>]) -> Vec<Vec<(usize, &'a Asked<'a>)>> {
    let mut by_kind: Vec<Vec<(usize, &Asked<'_>)>> = Vec::new();
    for (index, asked) in rules.iter().enumerate() {
        for kind in &asked.rule.kinds {
            if by_kind.len() <= *kind {
                by_kind.resize_with(kind + 1, Vec::new);
            }
            if let Some(rules) = by_kind.get_mut(*kind) {
                rules.push((index, asked));
            }
        }
    }
    by_kind
}

fn describe(tree: &SyntaxTree, index: usize, rule: &CompiledRule, matched: &NodeMatch<'_, WatchedDoc>) -> Match {
    let node = tree.adopt(matched.get_node().get_inner_node().inner());
    let fix = |fixer: &Fixer| {
        let edit = matched.make_edit(&rule.config.matcher, fixer);
        let span = Span { start: edit.position, end: edit.position + edit.deleted_length };
        (fixer.title().map(str::to_owned), Edit { span, replacement: edit.inserted_text })
    };
    Match {
        rule: index,
        span: Span { start: node.range().start, end: node.range().end },
        message: rule.config.get_message(matched),
        symbol: tree.symbol(&node),
        fixes: rule.config.fixer.iter().map(fix).collect(),
        labels: labels(rule, matched),
    }
}

/// The places that the rule's own `labels` name.
fn labels(rule: &CompiledRule, matched: &NodeMatch<'_, WatchedDoc>) -> Vec<(Span, String)> {
    if rule.config.labels.is_none() {
        return Vec::new();
    }
    let labels = rule.config.get_labels(matched).into_iter().map(|label| {
        let range = label.range();
        (Span { start: range.start, end: range.end }, label.message.unwrap_or_default().to_owned())
    });
    let mut labels: Vec<(Span, String)> = labels.collect();
    labels.sort();
    labels
}

#[cfg(test)]
mod tests {
    use super::{Asked, CompiledRule, MAX_MATCHES};
    use crate::model::deadline::Deadline;
    use crate::syntax::languages::Language;
    use crate::syntax::tree::SyntaxTree;

    const EVAL: &str = "id: no-eval\nlanguage: Python\nmessage: calls eval on $ARG\nrule: {pattern: eval($ARG)}\nfix: ast.literal_eval($ARG)\n";

    fn scan(yaml: &str, text: &str) -> super::Scan {
        let rule = CompiledRule::compile(yaml, &[], Language::Python).unwrap();
        let tree = SyntaxTree::parse(text, Language::Python, Deadline::NEVER).unwrap();
        super::scan(&tree, &[Asked { rule: &rule, within: Vec::new() }], Deadline::NEVER)
    }

    #[test]
    fn a_match_has_message_symbol_and_edit() {
        let scan = scan(EVAL, "def f(x):\n    return eval(x)  # eval(y)\n");
        let [found] = scan.matches.as_slice() else { panic!("{scan:?}") };
        assert_eq!(found.message, "calls eval on x");
        assert_eq!(found.symbol, "f");
        assert_eq!(found.fixes[0].1.replacement, b"ast.literal_eval(x)");
    }

    #[test]
    fn a_rule_that_fires_everywhere_is_cut_and_counted() {
        let scan = scan(EVAL, &"eval(x)\n".repeat(MAX_MATCHES + 7));
        assert_eq!(scan.matches.len(), MAX_MATCHES);
        assert_eq!(scan.cut, vec![(0, 7)]);
    }

    #[test]
    fn no_rule_looks_at_a_tree_that_is_too_deep() {
        let scan = |depth: usize| scan(EVAL, &format!("eval(x)\nf{}\n", "[0]".repeat(depth)));
        assert_eq!((scan(900).too_deep, scan(900).matches.len()), (false, 1));
        assert_eq!((scan(10_100).too_deep, scan(10_100).matches.len(), scan(10_100).timed_out), (true, 0, false));
    }

    #[test]
    fn a_long_chain_is_looked_at_by_rules_that_go_all_the_way_down() {
        let sum = vec!["a"; 4_000].join(" + ");
        let found = |rule: &str, text: &str| {
            let found = scan(&format!("id: a\nlanguage: Python\nrule: {rule}\n"), text);
            assert!(!found.too_deep && !found.timed_out);
            found.matches.len()
        };
        assert_eq!(found("{pattern: f($A == $A)}", &format!("f({sum} == {sum})\n")), 1);
        let until = "{kind: module, has: {kind: string, stopBy: {kind: comment}}}";
        assert_eq!(found(until, &format!("x = 's' + {sum}\n")), 1);
    }

    #[test]
    fn a_deadline_ends_the_search_around_one_node() {
        let yaml = "id: a\nlanguage: Python\nrule: {kind: module, has: {stopBy: end, kind: identifier, inside: {kind: \
                    module, stopBy: end, has: {stopBy: end, kind: identifier, inside: {kind: module, stopBy: end, has: \
                    {stopBy: end, regex: '^none$'}}}}}}\n";
        let rule = CompiledRule::compile(yaml, &[], Language::Python).unwrap();
        let text = "foo(bar, baz)\n".repeat(3_000);
        let tree = SyntaxTree::parse(&text, Language::Python, Deadline::NEVER).unwrap();
        let asked = [Asked { rule: &rule, within: Vec::new() }];
        // Without it this takes days.
        let scan = super::scan(&tree, &asked, Deadline::after(std::time::Duration::from_millis(500)));
        assert!(scan.timed_out);
    }

    #[test]
    fn a_deadline_ends_a_scan_inside_of_a_file() {
        let rule = CompiledRule::compile(EVAL, &[], Language::Python).unwrap();
        let tree = SyntaxTree::parse("eval(x)\n", Language::Python, Deadline::NEVER).unwrap();
        let scan = super::scan(
            &tree,
            &[Asked { rule: &rule, within: Vec::new() }],
            Deadline::after(std::time::Duration::ZERO),
        );
        assert!(scan.timed_out && scan.matches.is_empty());
    }

    #[test]
    fn what_is_no_rule_is_refused_with_a_reason() {
        let refuse = |yaml: &str| CompiledRule::compile(yaml, &[], Language::Python).err().unwrap().to_string();
        assert!(refuse("id: a\nlanguage: Python\nrule: {kind: no_such_kind}\n").contains("no_such_kind"));
        assert!(refuse("id: a\nlanguage: Python\nrule: {pattern: f($A)}\nwhatever: 1\n").contains("whatever"));
        assert!(refuse("[").starts_with("not a rule"));
    }
}
