//! The functions of a file: where each begins, and the lines of its body.

use std::ops::RangeInclusive;

use crate::model::place::Span;
use crate::syntax::tree::{SyntaxNode, SyntaxTree};

/// A function, method or constructor with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its name with those of the items around it, joined by `::`.
    pub(crate) symbol: String,
    /// Its first line, from where it begins.
    pub(crate) header: Span,
    /// The lines of its body, from 1. The line on which the head ends is none of them, unless the body is all there: it
    /// may be run without the function, as `def` is.
    pub(crate) body: RangeInclusive<usize>,
}

impl SyntaxTree {
    /// The functions with a name, in the order in which they begin: those with lines (from 1) that are wanted. Around lines
    /// that are not nobody looks.
    pub(crate) fn functions(&self, are_wanted: &dyn Fn(&RangeInclusive<usize>) -> bool) -> Vec<Function> {
        let mut functions = Vec::new();
        let mut open = vec![self.root()];
        while let Some(node) = open.pop() {
            if !are_wanted(&(node.start_pos().line() + 1..=node.end_pos().line() + 1)) {
                continue;
            }
            functions.extend(body_of(&node).and_then(|body| self.function(&node, &body)));
            let n_open = open.len();
            open.extend(node.children());
            open.get_mut(n_open..).unwrap_or_default().reverse();
        }
        functions
    }

    fn function(&self, node: &SyntaxNode<'_>, body: &SyntaxNode<'_>) -> Option<Function> {
        let symbol = self.symbol(body);
        if symbol.is_empty() || symbol == self.symbol(node) {
            return None;
        }
        let start = node.range().start;
        let text = node.text();
        let header = Span { start, end: start + text.lines().next().unwrap_or_default().len() };
        let (first, last) = (body.start_pos().line() + 1, body.end_pos().line() + 1);
        let is_in_braces = body.text().starts_with('{');
        let begins_below = is_in_braces || first == node.start_pos().line() + 1;
        let first = if begins_below && last > first { first + 1 } else { first };
        Some(Function { symbol, header, body: first..=last })
    }
}

/// The body of a node, if the node is a function that has a name of its own or is given one.
fn body_of<'t>(node: &SyntaxNode<'t>) -> Option<SyntaxNode<'t>> {
    let kind = node.kind();
    if kind == "variable_declarator" {
        let value = node.field("value")?;
        return if value.kind().contains("function") { value.field("body") } else { None };
    }
    let is_function = ["function", "method", "constructor"].iter().any(|word| kind.contains(word));
    if !is_function || kind.contains("call") || kind.contains("type") {
        return None;
    }
    let is_body = |child: &SyntaxNode<'t>| matches!(&*child.kind(), "function_body" | "body_statement");
    node.field("body").or_else(|| node.children().find(is_body))
}

#[cfg(test)]
mod tests {
    use crate::model::deadline::Deadline;
    use crate::syntax::languages::Language;
    use crate::syntax::tree::SyntaxTree;

    #[track_caller]
    fn check(language: Language, text: &str, expected: &[(&str, usize, usize)]) {
        let tree = SyntaxTree::parse(text, language, Deadline::NEVER).expect("a tree");
        let functions = tree.functions(&|_| true);
        let found: Vec<_> = functions
            .iter()
            .map(|function| (function.symbol.as_str(), *function.body.start(), *function.body.end()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn where_no_line_is_wanted_nobody_looks() {
        let text = "fn f() {\n  a()\n}\nmod m {\n  fn g() {\n    fn h() {\n      b()\n    }\n  }\n  fn i() {}\n}\n";
        let tree = SyntaxTree::parse(text, Language::Rust, Deadline::NEVER).expect("a tree");
        for (line, expected) in [(2, "f"), (4, ""), (7, "m::g m::g::h"), (10, "m::i"), (12, "")] {
            let functions = tree.functions(&|lines| lines.contains(&line));
            let found: Vec<_> = functions.iter().map(|function| function.symbol.as_str()).collect();
            assert_eq!(found.join(" "), expected, "{line}");
        }
    }

    #[test]
    fn functions_are_found_with_the_lines_of_their_bodies() {
        check(
            Language::Python,
            "class A:\n  def f(self,\n        x):\n    y = 1\n    def g():\n      pass\n    return y\ndef h(): return 1\n",
            &[("A::f", 4, 7), ("A::f::g", 6, 6), ("h", 8, 8)],
        );
        check(
            Language::Rust,
            "impl A {\n  fn f(&self) {\n    x();\n  }\n  fn g() { y() }\n}\ntrait T { fn h(); }\n",
            &[("A::f", 3, 4), ("A::g", 5, 5)],
        );
        check(
            Language::JavaScript,
            "function f() {\n  a();\n}\nconst g = (x) =>\n  x + 1;\nconst h = 1;\nclass A {\n  m() { return 1 }\n}\nconst k = function () {\n  b();\n};\n",
            &[("f", 2, 3), ("g", 5, 5), ("A::m", 8, 8), ("k", 11, 12)],
        );
        check(Language::Go, "package p\nfunc (a A) F() int {\n\treturn 1\n}\n", &[("F", 3, 4)]);
        check(
            Language::Java,
            "class A {\n  A() {\n    x();\n  }\n  int f()\n  {\n    return 1;\n  }\n  abstract void g();\n}\n",
            &[("A::A", 3, 4), ("A::f", 7, 8)],
        );
        check(Language::C, "int f(void)\n{\n  return 1;\n}\n", &[("f", 3, 4)]);
        check(Language::Ruby, "class A\n  def f(x)\n    x + 1\n  end\nend\n", &[("A::f", 3, 3)]);
        check(Language::Kotlin, "class A {\n  fun f(): Int {\n    return 1\n  }\n}\n", &[("A::f", 3, 4)]);
        check(Language::Php, "<?php\nfunction f() {\n  return 1;\n}\n", &[("f", 3, 4)]);
        check(Language::CSharp, "class A {\n  int F() {\n    return 1;\n  }\n}\n", &[("A::F", 3, 4)]);
        check(Language::Bash, "f() {\n  a\n}\n", &[("f", 2, 3)]);
    }
}
