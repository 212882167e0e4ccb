//! Comments of a parsed file, and the statement that follows one.

use ast_grep_core::tree_sitter::LanguageExt;
use tree_sitter::TreeCursor;

use crate::model::place::Span;
use crate::syntax::languages::Language;
use crate::syntax::tree::SyntaxTree;

/// Nodes that hold a list of statements and begin where the first of them does: never a statement themselves. One that
/// begins with a brace is the statement that it looks like.
const LISTS: [&str; 12] = [
    "block",
    "block_body",
    "block_mapping",
    "block_node",
    "block_sequence",
    "body",
    "body_statement",
    "chunk",
    "declarations",
    "document",
    "statement_list",
    "statements",
];

/// Nodes that belong to the statement after them, where the grammar has them beside it.
const ATTRIBUTES: [&str; 4] = ["attribute_item", "annotation", "decorator", "metadata"];

/// The most attributes of one statement that are passed over.
const MAX_ATTRIBUTES: usize = 100;

impl Language {
    /// Whether its grammar tells comments from everything else.
    pub(crate) fn has_comments(self) -> bool {
        let grammar = self.get_ts_language();
        let ids = 0..u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
        ids.filter(|id| grammar.node_kind_is_named(*id)).filter_map(|id| grammar.node_kind_for_id(id)).any(is_comment)
    }
}

/// Every grammar here calls its kinds of comments so: `line_comment`, `comment`, `html_comment`.
fn is_comment(kind: &str) -> bool {
    kind.contains("comment")
}

/// What begins at a byte.
enum Beginning {
    /// A comment that ends there.
    Comment(usize),
    /// A statement, or the largest part of one that begins there.
    Statement(Span),
    /// What belongs to the statement after it.
    Attribute(Span),
    /// Nothing that has a name.
    Nothing,
}

impl SyntaxTree {
    /// The comments, in their order.
    pub(crate) fn comments(&self) -> Vec<Span> {
        let root = self.root();
        let mut cursor = root.get_inner_node().walk();
        let mut comments = Vec::new();
        loop {
            let node = cursor.node();
            let is_one = node.is_named() && is_comment(node.kind());
            if is_one {
                comments.push(Span { start: node.start_byte(), end: node.end_byte() });
            }
            // The grammar of HTML sees a comment in the value of an attribute, where none can be.
            let is_value = node.kind() == "quoted_attribute_value";
            if !is_one && !is_value && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return comments;
                }
            }
        }
    }

    /// The statement that begins first at `offset` or after it, with the attributes before it; comments are passed
    /// over. None where something else than a statement follows, as a closing brace.
    pub(crate) fn statement_after(&self, text: &str, offset: usize) -> Option<Span> {
        let root = self.root();
        let mut cursor = root.get_inner_node().walk();
        let mut from = offset;
        let mut start = None;
        let mut n_attributes = 0;
        loop {
            let rest = text.get(from..)?;
            from += rest.len() - rest.trim_start().len();
            match beginning(&mut cursor, text, from) {
                Beginning::Comment(end) if end > from => from = end,
                Beginning::Attribute(span) if span.end > from && n_attributes < MAX_ATTRIBUTES => {
                    n_attributes += 1;
                    start.get_or_insert(span.start);
                    from = span.end;
                }
                Beginning::Statement(span) => return Some(Span { start: start.unwrap_or(span.start), end: span.end }),
                _ => return None,
            }
        }
    }
}

fn beginning(cursor: &mut TreeCursor<'_>, text: &str, offset: usize) -> Beginning {
    while cursor.goto_parent() {}
    let mut outermost = Beginning::Nothing;
    while cursor.goto_first_child_for_byte(offset).is_some() {
        let node = cursor.node();
        let span = Span { start: node.start_byte(), end: node.end_byte() };
        if !node.is_named() || span.start > offset {
            break;
        }
        if is_comment(node.kind()) {
            return Beginning::Comment(span.end);
        }
        let is_list = LISTS.contains(&node.kind()) && !text.get(offset..).is_some_and(|rest| rest.starts_with('{'));
        if span.start == offset && !is_list && matches!(outermost, Beginning::Nothing) {
            outermost = match ATTRIBUTES.contains(&node.kind()) {
                true => Beginning::Attribute(span),
                false => Beginning::Statement(span),
            };
        }
    }
    outermost
}

#[cfg(test)]
mod tests {
    use crate::model::deadline::Deadline;
    use crate::model::place::Span;
    use crate::syntax::languages::Language;
    use crate::syntax::tree::SyntaxTree;

    /// The statement after the only comment of a text, without the blanks at its ends.
    #[track_caller]
    fn check(language: &str, text: &str, expected: Option<&str>) {
        let language = Language::from_name(language).unwrap();
        let tree = SyntaxTree::parse(text, language, Deadline::NEVER).unwrap();
        let comments = tree.comments();
        let [Span { start, end }] = comments[..] else { panic!("{comments:?} in {text}") };
        assert!(text[start..end].contains("here"));
        let found = tree.statement_after(text, end).map(|span| text[span.start..span.end].trim());
        assert_eq!(found, expected, "{}: {text}", language.name());
    }

    #[test]
    fn the_statement_after_a_comment_is_found_whole() {
        check("python", "def f():\n    # here\n    x = [\n        1]\n    y = 2\n", Some("x = [\n        1]"));
        check("python", "# here\n@wraps\ndef f():\n    pass\nx = 1\n", Some("@wraps\ndef f():\n    pass"));
        check("python", "def f():\n    x = 1\n    # here\n", None);
        check(
            "rust",
            "// here\n#[cfg(test)]\n#[allow(x)]\nfn f() {\n}\nfn g() {}\n",
            Some("#[cfg(test)]\n#[allow(x)]\nfn f() {\n}"),
        );
        check(
            "rust",
            "fn f() {\n    // here\n    unsafe {\n        g()\n    }\n    h();\n}\n",
            Some("unsafe {\n        g()\n    }"),
        );
        check("rust", "fn f() {\n    g(); // here\n}\n", None);
        check("typescript", "class A {\n  // here\n  @b()\n  c() {\n  }\n  d() {}\n}\n", Some("@b()\n  c() {\n  }"));
        check("javascript", "f(\n  // here\n  g(1),\n  2);\n", Some("g(1)"));
        check("go", "package a\n\nfunc f() {\n\t// here\n\tg(\n\t)\n\th()\n}\n", Some("g(\n\t)"));
        check("yaml", "# here\na:\n  b: 1\nc: 2\n", Some("a:\n  b: 1"));
        check("yaml", "a:\n  # here\n  - b: 1\n    c: 2\n  - d\n", Some("- b: 1\n    c: 2"));
        check("ruby", "class A\n  # here\n  def b\n  end\n  def c\n  end\nend\n", Some("def b\n  end"));
        check("bash", "# here\nf && \\\n  g\nh\n", Some("f && \\\n  g"));
        check("hcl", "a {\n  # here\n  b = [\n  ]\n  c = 1\n}\n", Some("b = [\n  ]"));
        check("css", "/* here */\na {\n  b: c;\n}\nd {}\n", Some("a {\n  b: c;\n}"));
        check("kotlin", "fun f() {\n    // here\n    g(\n    )\n    h()\n}\n", Some("g(\n    )"));
    }
}
