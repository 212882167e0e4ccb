//! Where JavaScript leaves out semicolons before comments, which a parser that goes on from an earlier tree takes for a
//! part of the statement or not, as it comes to them.

use tree_sitter::Node;

use crate::model::place::Span;
use crate::syntax::tree::SyntaxTree;

/// What comments begin with.
const COMMENTS: [&str; 4] = ["//", "/*", "<!--", "-->"];
/// What ends no statement, or ends one with a semicolon.
const WITHIN: &[char] = &[';', '{', ',', '(', '[', ':', '?', '=', '&', '|', '+', '*', '<', '>', '!', '^', '~'];
/// Nodes in braces, and those that end with such a node and need no semicolon.
const BODIES: [&str; 5] = ["statement_block", "class_body", "switch_body", "interface_body", "enum_body"];
const WITH_BODIES: [&str; 17] = [
    "if_statement",
    "for_statement",
    "for_in_statement",
    "while_statement",
    "try_statement",
    "catch_clause",
    "finally_clause",
    "else_clause",
    "function_declaration",
    "generator_function_declaration",
    "class_declaration",
    "method_definition",
    "interface_declaration",
    "switch_statement",
    "switch_case",
    "statement_block",
    "program",
];

/// The comments that may come right after a statement without a semicolon: where each begins.
pub(super) fn loose_comments(tree: &SyntaxTree) -> Vec<usize> {
    let (root, text) = (tree.root().get_inner_node(), tree.text());
    let (mut next, mut found) = (0, Vec::new());
    while let Some(at) = text.get(next..).and_then(|rest| rest.find(['/', '<', '-'])).map(|at| next + at) {
        next = at + 1;
        let rest = text.get(at..).unwrap_or_default();
        if !COMMENTS.iter().any(|start| rest.starts_with(start)) {
            continue;
        }
        let Some(node) = root.descendant_for_byte_range(at, at + 1).filter(is_comment) else { continue };
        next = next.max(node.end_byte());
        if node.start_byte() == at && !is_in_or_after_a_whole(text.get(..at).unwrap_or_default(), root) {
            found.push(at);
        }
    }
    found
}

/// Whether each of these comments is in the same node in another tree, of a text in which only these parts are written
/// otherwise: where each is in the text of this tree and where in the other one, in order.
pub(super) fn are_alike(tree: &SyntaxTree, other: &SyntaxTree, comments: &[usize], parts: &[(Span, Span)]) -> bool {
    let there = |offset: usize| {
        let n_before = parts.partition_point(|(old, _)| old.end <= offset);
        let last = n_before.checked_sub(1).and_then(|last| parts.get(last));
        last.map_or(offset, |(old, new)| new.end + (offset - old.end))
    };
    let around = |tree: &SyntaxTree, at: usize| {
        let around = tree.root().get_inner_node().descendant_for_byte_range(at, at + 1)?.parent()?;
        Some((around.kind_id(), around.start_byte()))
    };
    let is_alike = |at: &usize| {
        let here = around(tree, *at).map(|(kind, start)| (kind, there(start)));
        here.is_some() && here == around(other, there(*at))
    };
    comments.iter().all(is_alike)
}

/// Whether what stands before a comment ends no statement, or ends one for sure.
fn is_in_or_after_a_whole(before: &str, root: Node<'_>) -> bool {
    let before = before.trim_end();
    let Some(last) = before.char_indices().next_back() else { return true };
    if WITHIN.contains(&last.1) {
        return true;
    }
    let Some(node) = root.descendant_for_byte_range(last.0, last.0 + 1) else { return false };
    let body = node.parent().filter(|body| node.kind() == "}" && BODIES.contains(&body.kind()));
    let has_body = |body: Node<'_>| body.parent().is_some_and(|around| WITH_BODIES.contains(&around.kind()));
    // A comment that comes right after another is in the place where that is.
    is_comment(&node) || body.is_some_and(has_body)
}

fn is_comment(node: &Node<'_>) -> bool {
    node.kind().ends_with("comment")
}

#[cfg(test)]
mod tests {
    use super::loose_comments;
    use crate::model::deadline::Deadline;
    use crate::syntax::languages::Language;
    use crate::syntax::tree::SyntaxTree;

    #[track_caller]
    fn check(text: &str, expected: &[usize]) {
        for language in [Language::JavaScript, Language::TypeScript, Language::Tsx] {
            let tree = SyntaxTree::parse(text, language, Deadline::NEVER).unwrap();
            assert_eq!(loose_comments(&tree), expected, "{text}");
        }
    }

    #[test]
    fn a_comment_after_a_statement_without_a_semicolon_is_found() {
        check("a()\nb();\n", &[]);
        check("a(); // b\n/* c */ d();\n", &[]);
        check("// a\n// b\n\n/* c */\nd()\n", &[]);
        check("const a = 'http://b'\nconst c = `//${d}`\n", &[]);
        check("a(b, // c\n  d /* e */)\n", &[14]);
        check("const a = 1 // b\n", &[12]);
        check("a()\n\n// b\nc()\n", &[5]);
        check("if (a) {\n  b();\n} // c\n// d\nfunction e() {\n  // f\n}\n/** g */\nclass A { b() {} /* c */ }\n", &[]);
        check("const a = () => {\n} // b\n", &[20]);
        check("const a = {}\n/* b */\n", &[13]);
        check("const é = é\n// b\n", &[14]);
    }
}
