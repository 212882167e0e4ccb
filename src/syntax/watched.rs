//! A syntax tree on which a rule's search gives up when the time is over: the engine asks nobody between two nodes, but
//! takes each from here.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use ast_grep_core::source::{Edit, SgNode};
use ast_grep_core::{AstGrep, Doc, Node, Position};
use tree_sitter::Node as InnerNode;

use crate::model::deadline::Deadline;
use crate::syntax::languages::Language;
use crate::syntax::tree;

/// How many steps are taken between two looks at the clock.
const STEPS_PER_LOOK: usize = 64;
/// What it is worth to go up to the top, in steps.
const STEPS_TO_TOP: usize = 16;
/// The bytes of a text that count as a step.
const BYTES_PER_STEP: usize = 4 << 10;

/// A tree for one search after another, until the time is over.
pub(super) struct WatchedTree(AstGrep<WatchedDoc>);

impl WatchedTree {
    /// The tree of a document.
    pub(super) fn new(doc: &tree::Doc, deadline: Deadline) -> Self {
        let watch = Watch { deadline, n_steps: Cell::new(0), is_over: Cell::new(false) };
        Self(AstGrep::doc(WatchedDoc { doc: doc.clone(), watch }))
    }

    /// A node of this very tree, for rules.
    pub(super) fn adopt<'t>(&'t self, node: InnerNode<'t>) -> Node<'t, WatchedDoc> {
        let watch = &self.0.root().get_doc().watch;
        self.0.adopt(WatchedNode { node, watch })
    }

    /// Whether a search was given up: then what it told is not so.
    pub(super) fn is_given_up(&self) -> bool {
        self.0.root().get_doc().watch.is_over.get()
    }
}

/// The clock that is looked at.
#[derive(Clone)]
struct Watch {
    deadline: Deadline,
    /// The steps since the last look.
    n_steps: Cell<usize>,
    is_over: Cell<bool>,
}

impl Watch {
    /// Notes some steps; whether there is time for them.
    fn has_time_for(&self, n_steps: usize) -> bool {
        self.n_steps.set(self.n_steps.get() + n_steps);
        if self.n_steps.get() >= STEPS_PER_LOOK {
            self.n_steps.set(0);
            self.is_over.set(self.is_over.get() || self.deadline.is_over());
        }
        !self.is_over.get()
    }
}

/// A document with a clock.
#[derive(Clone)]
pub(super) struct WatchedDoc {
    doc: tree::Doc,
    watch: Watch,
}

impl Doc for WatchedDoc {
    type Source = String;
    type Lang = Language;
    type Node<'r> = WatchedNode<'r>;

    fn get_lang(&self) -> &Language {
        self.doc.get_lang()
    }

    fn get_source(&self) -> &String {
        self.doc.get_source()
    }

    fn do_edit(&mut self, edit: &Edit<String>) -> Result<(), String> {
        self.doc.do_edit(edit)
    }

    fn root_node(&self) -> WatchedNode<'_> {
        WatchedNode { node: self.doc.root_node(), watch: &self.watch }
    }

    fn get_node_text<'a>(&'a self, node: &WatchedNode<'a>) -> Cow<'a, str> {
        // Whoever asks for the text reads it.
        let _ = self.watch.has_time_for(node.range().len() / BYTES_PER_STEP);
        self.doc.get_node_text(&node.node)
    }
}

/// A node from which no more nodes come once the time is over.
#[derive(Clone, Copy)]
pub(super) struct WatchedNode<'t> {
    node: InnerNode<'t>,
    watch: &'t Watch,
}

impl<'t> WatchedNode<'t> {
    /// The node itself.
    pub(super) fn inner(self) -> InnerNode<'t> {
        self.node
    }

    fn beside(self, node: InnerNode<'t>) -> Self {
        Self { node, ..self }
    }
}

/// Nodes that come as long as there is time.
struct Steps<'t, I> {
    nodes: I,
    watch: &'t Watch,
}

impl<'t, I: Iterator<Item = InnerNode<'t>>> Iterator for Steps<'t, I> {
    type Item = WatchedNode<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        let node = if self.watch.has_time_for(1) { self.nodes.next() } else { None };
        node.map(|node| WatchedNode { node, watch: self.watch })
    }
}

impl<'t, I: ExactSizeIterator<Item = InnerNode<'t>>> ExactSizeIterator for Steps<'t, I> {
    fn len(&self) -> usize {
        if self.watch.is_over.get() { 0 } else { self.nodes.len() }
    }
}

impl<'t> SgNode<'t> for WatchedNode<'t> {
    // Whoever goes up by this takes a step for each node above: no search does so without others.
    fn parent(&self) -> Option<Self> {
        self.node.parent().map(|node| self.beside(node))
    }

    fn children(&self) -> impl ExactSizeIterator<Item = Self> {
        Steps { nodes: SgNode::children(&self.node), watch: self.watch }
    }

    fn kind(&self) -> Cow<'_, str> {
        SgNode::kind(&self.node)
    }

    fn kind_id(&self) -> u16 {
        self.node.kind_id()
    }

    fn node_id(&self) -> usize {
        self.node.id()
    }

    fn range(&self) -> Range<usize> {
        self.node.byte_range()
    }

    fn start_pos(&self) -> Position {
        self.node.start_pos()
    }

    fn end_pos(&self) -> Position {
        self.node.end_pos()
    }

    fn ancestors(&self, root: Self) -> impl Iterator<Item = Self> {
        let has_time = self.watch.has_time_for(STEPS_TO_TOP);
        let nodes = has_time.then(|| self.node.ancestors(root.node)).into_iter().flatten();
        Steps { nodes, watch: self.watch }
    }

    fn dfs(&self) -> impl Iterator<Item = Self> {
        Steps { nodes: self.node.dfs(), watch: self.watch }
    }

    fn child(&self, nth: usize) -> Option<Self> {
        SgNode::child(&self.node, nth).map(|node| self.beside(node))
    }

    fn next(&self) -> Option<Self> {
        self.node.next_sibling().map(|node| self.beside(node))
    }

    fn prev(&self) -> Option<Self> {
        self.node.prev_sibling().map(|node| self.beside(node))
    }

    fn next_all(&self) -> impl Iterator<Item = Self> {
        Steps { nodes: self.node.next_all(), watch: self.watch }
    }

    fn prev_all(&self) -> impl Iterator<Item = Self> {
        Steps { nodes: self.node.prev_all(), watch: self.watch }
    }

    fn is_named(&self) -> bool {
        self.node.is_named()
    }

    fn is_named_leaf(&self) -> bool {
        self.node.is_named_leaf()
    }

    fn is_leaf(&self) -> bool {
        self.node.is_leaf()
    }

    fn is_missing(&self) -> bool {
        self.node.is_missing()
    }

    fn is_error(&self) -> bool {
        self.node.is_error()
    }

    fn is_extra(&self) -> bool {
        self.node.is_extra()
    }

    fn field(&self, name: &str) -> Option<Self> {
        self.node.child_by_field_name(name).map(|node| self.beside(node))
    }

    fn field_children(&self, field_id: Option<u16>) -> impl Iterator<Item = Self> {
        Steps { nodes: self.node.field_children(field_id), watch: self.watch }
    }

    fn child_by_field_id(&self, field_id: u16) -> Option<Self> {
        self.node.child_by_field_id(field_id).map(|node| self.beside(node))
    }
}
