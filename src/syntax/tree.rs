//! One parse of one file, within a deadline.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use ast_grep_core::source::Edit;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_core::{AstGrep, Doc as EngineDoc, Node};
use tree_sitter::{InputEdit, Node as InnerNode, ParseOptions, ParseState, Parser, Point, Tree};

use crate::model::deadline::Deadline;
use crate::model::place::Span;
use crate::syntax::languages::{Language, NamedBy};
use crate::syntax::semicolons;

/// The document type of the engine below: one tree for all copies, since a node knows the very tree that it is of.
#[derive(Clone)]
pub(crate) struct Doc(Arc<StrDoc<Language>>);

impl Doc {
    fn new(text: &str, language: Language, tree: Tree) -> Self {
        Self(Arc::new(StrDoc { src: text.to_owned(), lang: language, tree }))
    }
}

impl EngineDoc for Doc {
    type Source = String;
    type Lang = Language;
    type Node<'r> = InnerNode<'r>;

    fn get_lang(&self) -> &Language {
        self.0.get_lang()
    }

    fn get_source(&self) -> &String {
        self.0.get_source()
    }

    fn do_edit(&mut self, edit: &Edit<String>) -> Result<(), String> {
        Arc::make_mut(&mut self.0).do_edit(edit)
    }

    fn root_node(&self) -> InnerNode<'_> {
        self.0.root_node()
    }

    fn get_node_text<'a>(&'a self, node: &InnerNode<'a>) -> Cow<'a, str> {
        self.0.get_node_text(node)
    }
}

/// A node of a tree.
pub(crate) type SyntaxNode<'t> = Node<'t, Doc>;

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The deadline came first.
    #[error("parsing took too long")]
    Timeout,
    /// The grammar is not usable with this library; a fault of the build.
    #[error("the grammar of {} can't be used", .0.name())]
    Grammar(Language),
}

/// The most nodes that an outline shows.
const MAX_OUTLINE: usize = 60;

thread_local! {
    /// A parser holds tables of its language; one for each language and thread saves making them anew for each file.
    static PARSERS: RefCell<HashMap<Language, Parser>> = RefCell::new(HashMap::new());
}

/// A parsed file.
pub(crate) struct SyntaxTree {
    language: Language,
    root: AstGrep<Doc>,
}

impl SyntaxTree {
    /// Parses `text`. Text that does not follow the grammar still gives a tree, see [`SyntaxTree::first_error`].
    pub(crate) fn parse(text: &str, language: Language, deadline: Deadline) -> Result<Self, Error> {
        let tree = parse(text, language, None, deadline)?;
        Ok(Self { language, root: AstGrep::doc(Doc::new(text, language, tree)) })
    }

    /// Parses a text that is the one of this tree but for some parts, none of which has a line break in it: where each is
    /// in the text of this tree and where in the other one, in order. What did not change is not parsed again.
    pub(crate) fn reparse(&self, text: &str, parts: &[(Span, Span)], deadline: Deadline) -> Result<Self, Error> {
        // Of what does not follow the grammar a parser makes this or that, as it comes to it.
        let is_of_javascript =
            matches!(self.language, Language::JavaScript | Language::Jsx | Language::TypeScript | Language::Tsx);
        if self.root().get_inner_node().has_error() {
            return Self::parse(text, self.language, deadline);
        }
        let loose = if is_of_javascript { semicolons::loose_comments(self) } else { Vec::new() };
        let mut before = self.doc().0.tree.clone();
        // From the last to the first, so that places before them stay what they are.
        for (edit, _) in edits(self.text(), parts).iter().zip(parts).rev() {
            before.edit(edit);
        }
        let tree = parse(text, self.language, Some(&before), deadline)?;
        let made = Self { language: self.language, root: AstGrep::doc(Doc::new(text, self.language, tree)) };
        let is_alike = semicolons::are_alike(self, &made, &loose, parts);
        if is_alike { Ok(made) } else { Self::parse(text, self.language, deadline) }
    }

    /// The language that it was parsed as.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The text that it was made of.
    pub(super) fn text(&self) -> &str {
        self.doc().get_source()
    }

    /// The node that holds everything.
    pub(crate) fn root(&self) -> Node<'_, Doc> {
        self.root.root()
    }

    /// The tree and its text.
    pub(super) fn doc(&self) -> &Doc {
        self.root.root().get_doc()
    }

    /// A node of this very tree.
    pub(super) fn adopt<'t>(&'t self, node: InnerNode<'t>) -> SyntaxNode<'t> {
        self.root.adopt(node)
    }

    /// The first place that does not follow the grammar; rules still run on the rest.
    pub(crate) fn first_error(&self) -> Option<Span> {
        let root = self.root();
        if !root.get_inner_node().has_error() {
            return None;
        }
        let node = root.dfs().find(|node| node.is_error() || node.is_missing())?;
        Some(Span { start: node.range().start, end: node.range().end })
    }

    /// The named nodes with their fields and texts, one a line, indented by depth; for whoever writes rules. Only the
    /// first of many.
    pub(crate) fn outline(&self) -> String {
        let (mut lines, whole) = (Vec::new(), self.root());
        let (start, whole) = (whole.range().start, whole.text());
        let mut cursor = self.root().get_inner_node().walk();
        while lines.len() < MAX_OUTLINE {
            let node = cursor.node();
            if node.is_named() {
                let field = cursor.field_name().map_or_else(String::new, |field| format!("{field}: "));
                let text = whole.get(node.start_byte() - start..node.end_byte() - start).unwrap_or_default();
                let text = text.lines().next().unwrap_or_default();
                let shown = if node.named_child_count() == 0 { format!(" `{text}`") } else { String::new() };
                let depth = usize::try_from(cursor.depth()).unwrap_or_default();
                lines.push(format!("{}{field}{}{shown}\n", "  ".repeat(depth + 1), node.kind()));
            }
            if !cursor.goto_first_child() {
                while !cursor.goto_next_sibling() {
                    if !cursor.goto_parent() {
                        return lines.concat();
                    }
                }
            }
        }
        lines.push("  ...\n".to_owned());
        lines.concat()
    }

    /// The named items around a node, from the outside in, joined by `::`.
    pub(crate) fn symbol(&self, node: &Node<'_, Doc>) -> String {
        let mut names: Vec<_> = node
            .ancestors()
            .filter_map(|scope| {
                let named_by = self.language.named_by(&scope.kind())?;
                name(&scope, named_by)
            })
            .collect();
        names.reverse();
        names.join("::")
    }
}

/// The name of a node that encloses others.
fn name(scope: &Node<'_, Doc>, named_by: NamedBy) -> Option<String> {
    match named_by {
        NamedBy::Field(field) => Some(scope.field(field)?.text().into_owned()),
        NamedBy::Children(kinds) => {
            let parts = scope.children().filter(|child| kinds.contains(&&*child.kind()));
            let parts: Vec<String> = parts.map(|part| part.text().trim_matches('"').to_owned()).collect();
            (!parts.is_empty()).then(|| parts.join("."))
        }
        NamedBy::Innermost(field) => {
            let mut innermost = inner(scope, field)?;
            while let Some(next) = inner(&innermost, field) {
                innermost = next;
            }
            Some(innermost.text().into_owned())
        }
    }
}

/// What a declarator declares. A reference of C++ holds it without a field.
fn inner<'t>(node: &Node<'t, Doc>, field: &str) -> Option<Node<'t, Doc>> {
    let unnamed = || node.kind().ends_with("_declarator").then(|| node.children().last()).flatten();
    node.field(field).or_else(unnamed)
}

/// What parts of a text become, each as if those after it were done and those before it not.
fn edits(text: &str, parts: &[(Span, Span)]) -> Vec<InputEdit> {
    let (mut row, mut line_start, mut done) = (0, 0, 0);
    let edit = |(old, new): &(Span, Span)| {
        for (at, _) in text.get(done..old.start).unwrap_or_default().match_indices('\n') {
            row += 1;
            line_start = done + at + 1;
        }
        done = old.start;
        let point = |offset: usize| Point::new(row, offset - line_start);
        let new_end = old.start + (new.end - new.start);
        InputEdit {
            start_byte: old.start,
            old_end_byte: old.end,
            new_end_byte: new_end,
            start_position: point(old.start),
            old_end_position: point(old.end),
            new_end_position: point(new_end),
        }
    };
    parts.iter().map(edit).collect()
}

fn parse(text: &str, language: Language, before: Option<&Tree>, deadline: Deadline) -> Result<Tree, Error> {
    PARSERS.with_borrow_mut(|parsers| {
        let parser = parsers.entry(language).or_insert_with(Parser::new);
        if parser.language().is_none() {
            let grammar = language.get_ts_language();
            parser.set_language(&grammar).map_err(|_| Error::Grammar(language))?;
        }
        parser.reset();
        let mut give_up = |_: &ParseState| match deadline.is_over() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let options = ParseOptions::new().progress_callback(&mut give_up);
        let bytes = text.as_bytes();
        parser
            .parse_with_options(&mut |start, _| bytes.get(start..).unwrap_or_default(), before, Some(options))
            .ok_or(Error::Timeout)
    })
}

#[cfg(test)]
mod tests {
    use super::{Error, SyntaxTree};
    use crate::model::deadline::Deadline;
    use crate::syntax::languages::Language;
    use std::time::Duration;

    #[track_caller]
    fn symbol_at(language: Language, text: &str, needle: &str, expected: &str) {
        let tree = SyntaxTree::parse(text, language, Deadline::NEVER).unwrap();
        let at = text.find(needle).unwrap();
        let root = tree.root();
        let node = root.dfs().filter(|node| node.range().start == at).last().unwrap();
        assert_eq!(tree.symbol(&node), expected);
    }

    #[test]
    fn the_symbol_names_what_encloses_a_node() {
        symbol_at(Language::Rust, "mod a { impl Foo<T> { fn bar() { marker(); } } }", "marker", "a::Foo<T>::bar");
        symbol_at(Language::Python, "class A:\n  def f(self):\n    marker()\n", "marker", "A::f");
        symbol_at(Language::Go, "package p\nfunc (s *S) F() { marker() }\n", "marker", "F");
        symbol_at(Language::Tsx, "class A { m() { const f = () => marker(); } }", "marker", "A::m::f");
        symbol_at(Language::JavaScript, "marker();", "marker", "");
        symbol_at(Language::Kotlin, "class A {\n  object B {\n    fun f() { marker() }\n  }\n}\n", "marker", "A::B::f");
        symbol_at(Language::C, "static char *f(int a) { marker(); }", "marker", "f");
        symbol_at(Language::Cpp, "namespace n { T &A::f() const { marker(); } }", "marker", "n::A::f");
        symbol_at(Language::CSharp, "class A { void F() { Marker(); } }", "Marker", "A::F");
        symbol_at(Language::Ruby, "module M\n class A\n  def self.f\n   marker\n  end\n end\nend", "marker", "M::A::f");
        symbol_at(Language::Php, "<?php class A { function f() { marker(); } }", "marker", "A::f");
        symbol_at(Language::Bash, "f() { marker; }", "marker", "f");
        symbol_at(Language::Yaml, "a:\n  b:\n    - marker\n", "marker", "a::b");
        symbol_at(Language::Json, "{\"a\": [1, \"marker\"]}", "\"marker", "\"a\"");
        symbol_at(Language::Hcl, "resource \"a\" \"b\" {\n  x = marker\n}\n", "marker", "resource.a.b");
        symbol_at(Language::Css, ".a, b { color: marker }", "marker", ".a, b");
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let tree = SyntaxTree::parse("fn a( {}\nfn b() {}\n", Language::Rust, Deadline::NEVER).unwrap();
        assert!(tree.first_error().is_some());
        let tree = SyntaxTree::parse("fn a() {}\n", Language::Rust, Deadline::NEVER).unwrap();
        assert_eq!(tree.first_error(), None);
    }

    #[test]
    fn a_deadline_ends_a_parse_and_the_next_one_starts_clean() {
        let long = "x = [1, 2, 3, (4, 5), {6: 7}]\n".repeat(20_000);
        let over = Deadline::after(Duration::ZERO);
        assert_eq!(SyntaxTree::parse(&long, Language::Python, over).err(), Some(Error::Timeout));
        assert!(SyntaxTree::parse("x = 1\n", Language::Python, Deadline::NEVER).is_ok());
    }

    #[test]
    fn deep_nesting_is_no_danger() {
        for language in [Language::Rust, Language::Python, Language::JavaScript, Language::Go] {
            let text = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
            let tree = SyntaxTree::parse(&text, language, Deadline::after(Duration::from_secs(20)));
            assert!(tree.is_ok_and(|tree| { tree.first_error().is_some() || tree.root().dfs().count() > 100_000 }));
        }
    }
}
