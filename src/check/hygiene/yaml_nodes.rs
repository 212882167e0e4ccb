//! What the events of a YAML text tell beyond its syntax: keys that stand twice, aliases that explode, unknown tags,
//! further documents. Memory is bounded by the text, time is linear in it but for sorting the keys of a mapping.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde_saphyr::granit_parser::{Event, ScalarStyle, Tag};

/// What is let through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strictness {
    /// Several documents in one text.
    pub(crate) allows_several_documents: bool,
    /// What a plain loader cannot construct: tags that YAML itself does not know, mappings as keys.
    pub(crate) allows_foreign_values: bool,
    /// Keys that stand twice.
    pub(crate) allows_duplicates: bool,
}

/// Something that is wrong although the syntax is right.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What is wrong.
    pub(crate) message: String,
    /// The bytes where it is.
    pub(crate) span: Range<usize>,
}

/// Follows the events of one text.
pub(crate) struct Nodes {
    strictness: Strictness,
    problems: Vec<Problem>,
    open: Vec<Collection>,
    /// What aliases stand for, by the parser's number of the anchor.
    anchored: HashMap<usize, Node>,
    n_expanded: u64,
    n_documents: usize,
}

/// A node that is complete.
#[derive(Clone, Copy)]
struct Node {
    /// How many nodes it is with those in it, the nodes behind aliases included.
    weight: u64,
    kind: Kind,
}

/// What a node is to a mapping into which it may be merged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mapping,
    /// A sequence of nothing but mappings.
    Mappings,
    Other,
}

/// A collection that is not closed yet.
struct Collection {
    anchor: usize,
    weight: u64,
    /// The scalar keys; none in a sequence.
    keys: Option<Vec<Key>>,
    /// Whether the next node of a mapping is a key.
    awaits_key: bool,
    /// Where the key `<<` stands if the next node is its value, which is merged into the mapping.
    merge_key: Option<Range<usize>>,
    /// Whether all that it holds are mappings.
    is_of_mappings: bool,
}

impl Collection {
    fn new(anchor: usize, keys: Option<Vec<Key>>) -> Self {
        let awaits_key = keys.is_some();
        Self { anchor, weight: 1, keys, awaits_key, merge_key: None, is_of_mappings: true }
    }

    fn kind(&self) -> Kind {
        match &self.keys {
            Some(_) => Kind::Mapping,
            None if self.is_of_mappings => Kind::Mappings,
            None => Kind::Other,
        }
    }
}

/// A scalar key: whether it is a text rather than a number or the like, its value, and where it stands.
type Key = (bool, String, usize, usize);

/// The most nodes that the aliases of a text may stand for.
const MAX_EXPANDED: u64 = 1_000_000;

impl Nodes {
    /// Nothing seen yet.
    pub(crate) fn new(strictness: Strictness) -> Self {
        Self {
            strictness,
            problems: Vec::new(),
            open: Vec::new(),
            anchored: HashMap::new(),
            n_expanded: 0,
            n_documents: 0,
        }
    }

    /// Takes the next event and where it is; false when there is no use in going on.
    pub(crate) fn see(&mut self, event: &Event<'_>, at: Range<usize>) -> bool {
        match event {
            Event::DocumentStart(..) => return self.start_document(at),
            Event::Scalar(value, style, anchor, tag) => {
                self.see_tag(tag.as_ref(), &at);
                self.add_key(value, *style, tag.is_some(), at);
                self.end_node(*anchor, Node { weight: 1, kind: Kind::Other });
            }
            Event::Alias(anchor) => return self.expand(*anchor, at),
            Event::UnresolvedAlias(_) => self.end_node(0, Node { weight: 1, kind: Kind::Mapping }),
            Event::SequenceStart(_, anchor, tag) => {
                self.see_tag(tag.as_ref(), &at);
                self.open.push(Collection::new(*anchor, None));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.see_tag(tag.as_ref(), &at);
                if !self.strictness.allows_foreign_values && self.open.last().is_some_and(|it| it.awaits_key) {
                    self.report("a mapping cannot be a key".to_owned(), at);
                }
                self.open.push(Collection::new(*anchor, Some(Vec::new())));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => {}
        }
        true
    }

    /// What was found, in the order of the text.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.span.start);
        self.problems
    }

    fn start_document(&mut self, at: Range<usize>) -> bool {
        self.n_documents += 1;
        self.anchored.clear();
        let is_refused = self.n_documents > 1 && !self.strictness.allows_several_documents;
        if is_refused {
            self.report("expected a single document, but found another document".to_owned(), at);
        }
        !is_refused
    }

    fn see_tag(&mut self, tag: Option<&Cow<'_, Tag>>, at: &Range<usize>) {
        let Some(tag) = tag else { return };
        if self.strictness.allows_foreign_values || is_known(tag) {
            return;
        }
        self.report(format!("could not determine a constructor for the tag '{}'", tag.original()), at.clone());
    }

    fn add_key(&mut self, value: &str, style: ScalarStyle, has_tag: bool, at: Range<usize>) {
        let Some(mapping) = self.open.last_mut().filter(|mapping| mapping.awaits_key) else { return };
        let is_plain = style == ScalarStyle::Plain;
        let word = if is_plain { word(value) } else { None };
        let is_text = word.is_none() && !(is_plain && (has_tag || looks_like_number(value)));
        if value == "<<" && is_plain && !has_tag {
            mapping.merge_key = Some(at.clone());
        }
        if let Some(keys) = &mut mapping.keys {
            keys.push((is_text, word.unwrap_or(value).to_owned(), at.start, at.end));
        }
    }

    fn expand(&mut self, anchor: usize, at: Range<usize>) -> bool {
        // An anchor that is not known yet is that of a collection around the alias.
        let node = self.anchored.get(&anchor).copied().unwrap_or(Node { weight: 1, kind: Kind::Mapping });
        self.n_expanded = self.n_expanded.saturating_add(node.weight);
        if self.n_expanded > MAX_EXPANDED {
            self.report(format!("aliases expand to more than {MAX_EXPANDED} nodes"), at);
            return false;
        }
        self.end_node(0, node);
        true
    }

    fn close(&mut self) {
        let Some(collection) = self.open.pop() else { return };
        let node = Node { weight: collection.weight, kind: collection.kind() };
        if let (Some(keys), false) = (collection.keys, self.strictness.allows_duplicates) {
            self.report_duplicates(keys);
        }
        self.end_node(collection.anchor, node);
    }

    /// Counts a node that is complete for the collection that holds it.
    fn end_node(&mut self, anchor: usize, node: Node) {
        if anchor != 0 {
            self.anchored.insert(anchor, node);
        }
        let Some(parent) = self.open.last_mut() else { return };
        parent.weight = parent.weight.saturating_add(node.weight);
        parent.is_of_mappings &= node.kind == Kind::Mapping;
        let merge_key = if parent.awaits_key { None } else { parent.merge_key.take() };
        parent.awaits_key = parent.keys.is_some() && !parent.awaits_key;
        if let Some(key) = merge_key.filter(|_| node.kind == Kind::Other && !self.strictness.allows_duplicates) {
            self.report("`<<` merges mappings, and its value is none".to_owned(), key);
        }
    }

    fn report_duplicates(&mut self, mut keys: Vec<Key>) {
        keys.sort_unstable();
        for pair in keys.windows(2) {
            if let [(kind, key, ..), (kind_again, again, start, end)] = pair
                && kind == kind_again
                && key == again
            {
                self.report(format!("duplicate key: {again}"), *start..*end);
            }
        }
    }

    fn report(&mut self, message: String, span: Range<usize>) {
        self.problems.push(Problem { message, span });
    }
}

/// Whether the tag is one of YAML's own types (also those of YAML 1.1).
fn is_known(tag: &Tag) -> bool {
    const TYPES: [&str; 14] = [
        "binary",
        "bool",
        "float",
        "int",
        "map",
        "merge",
        "null",
        "omap",
        "pairs",
        "seq",
        "set",
        "str",
        "timestamp",
        "value",
    ];
    let is_unspecific = tag.handle().is_empty() && tag.suffix() == "!" || tag.original() == "!";
    is_unspecific
        || tag
            .core_suffix()
            .or(tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref())
            .is_some_and(|it| TYPES.contains(&it))
}

/// The truth value or null that a plain scalar stands for, in its usual spelling.
fn word(plain: &str) -> Option<&'static str> {
    match plain {
        "" | "~" | "null" | "Null" | "NULL" => Some("null"),
        "true" | "True" | "TRUE" => Some("true"),
        "false" | "False" | "FALSE" => Some("false"),
        _ => None,
    }
}

/// Whether a plain scalar may be a number and so differ from the same characters in quotes.
fn looks_like_number(plain: &str) -> bool {
    plain.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
}
