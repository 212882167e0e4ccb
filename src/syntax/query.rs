//! Queries in tree-sitter's own language: which nodes they capture.

use std::collections::HashSet;
use std::ops::ControlFlow;

use ast_grep_core::tree_sitter::LanguageExt;
use tree_sitter::{Query, QueryCursor, QueryCursorOptions, QueryCursorState, StreamingIterator};

use crate::model::deadline::Deadline;
use crate::syntax::languages::Language;
use crate::syntax::tree::SyntaxTree;

/// A query, ready to run on one language.
pub(super) struct CaptureQuery {
    query: Query,
    /// The capture that is meant: the first whose name does not begin with `_`.
    main: u32,
}

impl CaptureQuery {
    /// Compiles a query; the error says what is wrong with it, for people.
    pub(super) fn compile(text: &str, language: Language) -> Result<Self, String> {
        let fault = |what: String| format!("`query` of metadata: {what}");
        let query = Query::new(&language.get_ts_language(), text).map_err(|error| fault(error.to_string()))?;
        let main = query.capture_names().iter().position(|name| !name.starts_with('_'));
        let main = main.and_then(|main| u32::try_from(main).ok());
        let main = main.ok_or_else(|| fault("it has no capture whose name does not begin with `_`".to_owned()))?;
        let unknown = (0..query.pattern_count()).find_map(|index| query.general_predicates(index).first());
        match unknown {
            Some(predicate) => Err(fault(format!("there is no predicate `#{}`", predicate.operator))),
            None => Ok(Self { query, main }),
        }
    }

    /// The ids of the nodes that it captures; `None` if the deadline came first.
    pub(super) fn captured(&self, tree: &SyntaxTree, deadline: Deadline) -> Option<HashSet<usize>> {
        let root = tree.root();
        let text = root.text();
        let mut is_over = false;
        let mut give_up = |_: &QueryCursorState| {
            is_over = deadline.is_over();
            if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = QueryCursorOptions::new().progress_callback(&mut give_up);
        let mut cursor = QueryCursor::new();
        let mut captured = HashSet::new();
        // The root may begin after white space; offsets count from the start of the file.
        let start = root.range().start;
        let bytes = |node: tree_sitter::Node<'_>| {
            let range = node.start_byte().saturating_sub(start)..node.end_byte().saturating_sub(start);
            std::iter::once(text.as_bytes().get(range).unwrap_or_default())
        };
        let mut matches = cursor.matches_with_options(&self.query, root.get_inner_node(), bytes, options);
        while let Some(found) = matches.next() {
            let main = found.captures().iter().filter(|capture| capture.index == self.main);
            captured.extend(main.map(|capture| capture.node.id()));
        }
        drop(matches);
        (!is_over).then_some(captured)
    }
}

#[cfg(test)]
mod tests {
    use super::CaptureQuery;
    use crate::model::deadline::Deadline;
    use crate::syntax::languages::Language;
    use crate::syntax::tree::SyntaxTree;
    use std::time::Duration;

    const TEXT: &str = "\n\nf(a)\ng(b)\nh(a)\n";

    #[track_caller]
    fn check(query: &str, expected: usize) {
        let query = CaptureQuery::compile(query, Language::Python).unwrap();
        let tree = SyntaxTree::parse(TEXT, Language::Python, Deadline::NEVER).unwrap();
        assert_eq!(query.captured(&tree, Deadline::NEVER).unwrap().len(), expected);
    }

    #[test]
    fn the_first_capture_without_an_underscore_is_meant_and_predicates_hold() {
        check("(call) @call", 3);
        check("(call function: (identifier) @_name (#eq? @_name \"g\")) @call", 1);
        check("(call function: (identifier) @_name (#any-of? @_name \"f\" \"h\")) @call", 2);
        check("(call function: (identifier) @_name (#match? @_name \"^[fg]$\")) @call", 2);
        check("(call function: (identifier) @_n arguments: (argument_list (identifier) @name))", 3);
    }

    #[test]
    fn a_faulty_query_is_refused_and_a_deadline_holds() {
        let refused = |query: &str| CaptureQuery::compile(query, Language::Python).err().unwrap();
        assert!(refused("(cal) @a").contains("cal"));
        assert!(refused("(call) @_a").contains("no capture"));
        assert!(refused("((call) @a (#is-nice? @a))").contains("#is-nice?"));
        let query = CaptureQuery::compile("(call) @a", Language::Python).unwrap();
        let tree = SyntaxTree::parse(&TEXT.repeat(5_000), Language::Python, Deadline::NEVER).unwrap();
        assert!(query.captured(&tree, Deadline::after(Duration::ZERO)).is_none());
    }
}
