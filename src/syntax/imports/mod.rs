//! The names that imports of a file give to things, and how these are called in full.
//!
//! A name counts only while nothing else in the file has it: a parameter, a variable or another import of the same name,
//! in whatever scope, and it stands for nothing.

mod go;
mod java;
mod javascript;
pub(crate) mod named;
mod python;
mod rust;
pub(crate) mod view;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use ast_grep_core::tree_sitter::LanguageExt;
use memchr::memmem;
use tree_sitter::{Node, TreeCursor};

use crate::model::place::Span;
use crate::syntax::languages::Language;
use crate::syntax::places::Places;
use crate::syntax::tree::SyntaxTree;
use crate::syntax::twins;

/// The longest full name, in bytes, that a name stands for.
const MAX_PATH: usize = 200;
/// How many bytes of an import are read before the parse.
const MAX_STATEMENT: usize = 4_096;
/// Among the words that a rule names: whatever else there is in what it names.
const ANY: &str = "*";

/// Words that a rule names.
pub(crate) type Names = BTreeSet<Cow<'static, str>>;

/// A name that an import gave, and where it is called or looked into.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// What it stands for, in full.
    pub(crate) path: String,
    /// Where it stands.
    pub(crate) uses: Vec<Span>,
}

impl Alias {
    /// Whether a rule that names those words may mean what it stands for.
    pub(crate) fn is_named_by(&self, named: &Names) -> bool {
        is_named(&self.path, named)
    }
}

/// A name that an import binds.
struct Binding<'t> {
    name: &'t str,
    /// What it stands for; `None` if that has no name that holds everywhere.
    path: Option<String>,
}

/// Hands each place that a text seems to import from to a question, until one is answered with yes; whether one was.
type Origins = fn(&str, &mut dyn FnMut(&str) -> bool) -> bool;

/// How a language binds names.
struct Scheme {
    /// Words of which each import has one.
    keywords: &'static [&'static str],
    /// The kinds of nodes that may be imports.
    imports: &'static [&'static str],
    /// The kinds of nodes that are names.
    names: &'static [&'static str],
    /// The parts of nodes, as kind and field, in which a name is called or looked into.
    uses: &'static [(&'static str, &'static str)],
    /// Those in which it is bound; an empty field is a part without one.
    bindings: &'static [(&'static str, &'static str)],
    /// Kinds of nodes that only string others together.
    lists: &'static [&'static str],
    /// What a node of these kinds binds, if it is an import.
    imported: for<'t> fn(Node<'t>, &'t str) -> Option<Vec<Binding<'t>>>,
    /// Where a text seems to import from, as told without a parse; all places at least.
    origins: Origins,
}

fn scheme(language: Language) -> Option<&'static Scheme> {
    match language {
        Language::Python => Some(&python::SCHEME),
        Language::JavaScript | Language::Jsx | Language::TypeScript | Language::Tsx => Some(&javascript::SCHEME),
        Language::Go => Some(&go::SCHEME),
        Language::Java => Some(&java::SCHEME),
        Language::Rust => Some(&rust::SCHEME),
        _ => None,
    }
}

/// The text from there to the end of its statement, of a long one the start.
fn statement_from(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    let end = (MAX_STATEMENT.min(rest.len())..=rest.len()).find(|end| rest.is_char_boundary(*end));
    rest.get(..end.unwrap_or_default()).and_then(|rest| rest.split(';').next()).unwrap_or_default()
}

/// The words in a text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.split(move |character| !is_part(character)).filter(|word| !word.is_empty())
}

/// Whether a rule that names those words may mean the thing of that full name: all its words are among them, or all but
/// the last if the rule means any.
pub(crate) fn is_named(path: &str, named: &Names) -> bool {
    let mut all = words(path).peekable();
    let mut n_words = 0;
    while let Some(word) = all.next() {
        let is_any = all.peek().is_none() && n_words > 0 && named.contains(ANY);
        if !is_any && !named.contains(word) {
            return false;
        }
        n_words += 1;
    }
    n_words > 0
}

/// Whether a text may import something for which `is_asked` holds; told without a parse. Where only a part of the full
/// name is known, that is asked for.
pub(crate) fn may_import(text: &str, language: Language, is_asked: &mut dyn FnMut(&str) -> bool) -> bool {
    scheme(language).is_some_and(|scheme| (scheme.origins)(text, is_asked))
}

/// The names that imports of the file give to things called otherwise for which `is_asked` holds, with their uses; those
/// without are left out.
pub(crate) fn aliases(tree: &SyntaxTree, text: &str, is_asked: &dyn Fn(&str) -> bool) -> Vec<Alias> {
    let Some(scheme) = scheme(tree.language()) else { return Vec::new() };
    let kinds = Kinds::of(tree.language(), scheme);
    let mut bound = bound(tree, text, scheme, &kinds);
    bound.retain(|name, path| {
        path.as_ref().is_some_and(|path| path.len() <= MAX_PATH && path != name && is_asked(path))
    });
    if bound.is_empty() {
        return Vec::new();
    }
    let mut uses: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    let names: Vec<&str> = bound.keys().copied().collect();
    walk(tree, &places_of(&names, text), &mut |cursor, kind| {
        if kinds.is_import(kind) && (scheme.imported)(cursor.node(), text).is_some() {
            return false;
        }
        let name = kinds.is_name(kind).then(|| text_of(cursor.node(), text));
        if let Some((name, _)) = name.and_then(|name| bound.get_key_value(name)) {
            let name = *name;
            match role(cursor, text, scheme) {
                Role::Use => uses.entry(name).or_default().push(span(cursor.node())),
                Role::Binding => _ = bound.remove(name),
                Role::Other => {}
            }
        }
        true
    });
    let used = bound.into_iter().filter_map(|(name, path)| Some(Alias { path: path?, uses: uses.remove(name)? }));
    used.collect()
}

/// What the imports bind each name to; to nothing what two of them bind to different things, or to things of one name.
fn bound<'t>(tree: &'t SyntaxTree, text: &'t str, scheme: &Scheme, kinds: &Kinds) -> BTreeMap<&'t str, Option<String>> {
    let mut bound: BTreeMap<&str, Option<String>> = BTreeMap::new();
    walk(tree, &places_of(scheme.keywords, text), &mut |cursor, kind| {
        let imported = kinds.is_import(kind).then(|| (scheme.imported)(cursor.node(), text)).flatten();
        let is_import = imported.is_some();
        for Binding { name, path } in imported.into_iter().flatten() {
            bound
                .entry(name)
                .and_modify(|known| *known = known.take().filter(|known| path.as_ref() == Some(known)))
                .or_insert(path);
        }
        !is_import
    });
    bound
}

/// Which kinds of nodes matter here, by the numbers that the grammar gives them: comparing names at every node of a file
/// takes as long as parsing it.
struct Kinds {
    is_import: Vec<bool>,
    is_name: Vec<bool>,
}

thread_local! {
    /// Made once for each language and thread.
    static KINDS: RefCell<HashMap<Language, Rc<Kinds>>> = RefCell::new(HashMap::new());
}

impl Kinds {
    fn of(language: Language, scheme: &Scheme) -> Rc<Self> {
        let new = || {
            let grammar = language.get_ts_language();
            let ids = || 0..u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
            let are = |known: &[&str]| {
                ids().map(|id| grammar.node_kind_for_id(id).is_some_and(|kind| known.contains(&kind))).collect()
            };
            Rc::new(Self { is_import: are(scheme.imports), is_name: are(scheme.names) })
        };
        KINDS.with_borrow_mut(|known| Rc::clone(known.entry(language).or_insert_with(new)))
    }

    fn is_import(&self, kind: u16) -> bool {
        self.is_import.get(usize::from(kind)).copied().unwrap_or(false)
    }

    fn is_name(&self, kind: u16) -> bool {
        self.is_name.get(usize::from(kind)).copied().unwrap_or(false)
    }
}

/// What a name does where it stands.
enum Role {
    Use,
    Binding,
    Other,
}

fn role(cursor: &TreeCursor<'_>, text: &str, scheme: &Scheme) -> Role {
    let mut above = cursor.clone();
    let mut field = above.field_name().unwrap_or_default();
    let kind = loop {
        if !above.goto_parent() {
            return Role::Other;
        }
        let kind = above.node().kind();
        if !scheme.lists.contains(&kind) {
            break kind;
        }
        field = above.field_name().unwrap_or_default();
    };
    let part = (kind, field);
    let before = text.get(..cursor.node().start_byte()).unwrap_or_default();
    // The name of a method is a name of its own only where no object is before it.
    if scheme.uses.contains(&part) && !(field == "name" && before.trim_end().ends_with('.')) {
        Role::Use
    } else if scheme.bindings.contains(&part) {
        Role::Binding
    } else {
        Role::Other
    }
}

fn text_of<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

fn span(node: Node<'_>) -> Span {
    Span { start: node.start_byte(), end: node.end_byte() }
}

/// The named children of a node.
fn children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    twins::children(node).filter(Node::is_named)
}

/// Looks at a node of that kind; whether to go into it.
type Visit<'v, 't> = dyn FnMut(&TreeCursor<'t>, u16) -> bool + 'v;

/// Where one of some words stands by itself. They are others in each file, and few: to look for one after the other is
/// faster than to make an automaton of all.
fn places_of(words: &[&str], text: &str) -> Places {
    let is_part = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
    let stands_alone = |place: &Span| {
        let before = place.start.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        let after = text.as_bytes().get(place.end);
        !before.is_some_and(is_part) && !after.is_some_and(|byte| is_part(byte) || byte.is_ascii_digit())
    };
    let mut found: Vec<Span> = Vec::new();
    for word in words {
        let places = memmem::find_iter(text.as_bytes(), word);
        found.extend(places.map(|start| Span { start, end: start + word.len() }).filter(stands_alone));
    }
    found.sort_unstable_by_key(|place| (place.end, place.start));
    let mut places = Places::default();
    found.into_iter().for_each(|place| places.push(place));
    places
}

/// Goes from the top through the nodes that have one of the places in them; `visit` says whether to go into one.
fn walk<'t>(tree: &'t SyntaxTree, places: &Places, visit: &mut Visit<'_, 't>) {
    places.visit_around(tree.root().get_inner_node(), &mut |cursor| visit(cursor, cursor.node().kind_id()));
}

#[cfg(test)]
mod tests;
