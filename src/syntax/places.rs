//! Where texts stand that a rule needs, so that only nodes around such a place are looked at.

use tree_sitter::{Node, TreeCursor};

use crate::model::place::Span;

/// Places in a file in their order, none within another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Vec<Span>);

impl Places {
    /// Adds a place that ends where the last one ends or after it. Of two that are within each other the outer is left
    /// out: what has it in it has the inner one in it, too.
    pub(crate) fn push(&mut self, place: Span) {
        while let Some(last) = self.0.last() {
            if last.start >= place.start {
                return;
            }
            if last.end < place.end {
                break;
            }
            self.0.pop();
        }
        self.0.push(place);
    }

    /// All places of some, in order.
    pub(super) fn joined<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut places: Vec<Span> = all.flat_map(|places| &places.0).copied().collect();
        places.sort_unstable_by_key(|place| (place.end, place.start));
        let mut joined = Self::default();
        places.into_iter().for_each(|place| joined.push(place));
        joined
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Goes through the nodes that have one of the places in them, each once, from the start to the end and from the
    /// outside in. `visit` says whether to go into one.
    pub(super) fn visit_around<'t>(&self, root: Node<'t>, visit: &mut dyn FnMut(&TreeCursor<'t>) -> bool) {
        let mut cursor = root.walk();
        // Where the nodes above the cursor end, itself included, and where one ends that is not gone into.
        let (mut ends, mut passed_over) = (Vec::new(), 0);
        for place in &self.0 {
            if place.start < passed_over {
                continue;
            }
            while ends.len() > 1 && ends.last().is_some_and(|end| *end <= place.start) {
                cursor.goto_parent();
                ends.pop();
            }
            while ends.is_empty() || cursor.goto_first_child_for_byte(place.start).is_some() {
                let node = cursor.node();
                if node.start_byte() > place.start || node.end_byte() < place.end {
                    cursor.goto_parent();
                    break;
                }
                ends.push(node.end_byte());
                if !visit(&cursor) {
                    passed_over = node.end_byte();
                    break;
                }
            }
        }
    }

    /// Whether one of them is within a span. The first that begins there ends before all others that do.
    pub(super) fn is_any_within(&self, span: Span) -> bool {
        let first = self.0.partition_point(|place| place.start < span.start);
        self.0.get(first).is_some_and(|place| place.end <= span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::model::deadline::Deadline;
    use crate::model::place::Span;
    use crate::syntax::languages::Language;
    use crate::syntax::tree::SyntaxTree;

    #[test]
    fn the_nodes_around_places_are_those_that_have_one_in_them() {
        let text = "\n# a comment\ndef f(a, b=[1, 2]):\n    '''text'''\n    return {a: b, 'x': f(a)[0]} if a else (\n\nx = 1;\n";
        let tree = SyntaxTree::parse(text, Language::Python, Deadline::NEVER).unwrap();
        let mut n_compared = 0;
        for (step, length) in [(1, 1), (3, 2), (7, 1), (11, 5), (40, 3), (200, 1)] {
            let mut places = Places::default();
            (0..text.len() - length).step_by(step).for_each(|start| places.push(Span { start, end: start + length }));
            let mut visited = Vec::new();
            places.visit_around(tree.root().get_inner_node(), &mut |cursor| {
                visited.push(cursor.node());
                true
            });
            let all = tree.root().dfs().map(|node| node.get_inner_node()).collect::<Vec<_>>();
            let around = |node: &tree_sitter::Node<'_>| {
                places.is_any_within(Span { start: node.start_byte(), end: node.end_byte() })
            };
            let expected: Vec<_> = all.into_iter().filter(around).collect();
            assert_eq!(visited, expected, "{step} {length}");
            n_compared += visited.len();
        }
        assert!(n_compared > 100, "{n_compared}");
    }

    #[test]
    fn a_place_is_within_a_span_that_holds_all_of_it() {
        let mut places = Places::default();
        [(2, 4), (3, 7), (8, 9)].into_iter().for_each(|(start, end)| places.push(Span { start, end }));
        for start in 0..10 {
            for end in start..10 {
                let expected = [(2, 4), (3, 7), (8, 9)].into_iter().any(|(from, to)| start <= from && to <= end);
                assert_eq!(places.is_any_within(Span { start, end }), expected, "{start} {end}");
            }
        }
        let mut more = Places::default();
        [(0, 4), (2, 4), (1, 6), (5, 6), (7, 8)].into_iter().for_each(|(start, end)| more.push(Span { start, end }));
        assert_eq!(more.0.iter().map(|place| (place.start, place.end)).collect::<Vec<_>>(), [(2, 4), (5, 6), (7, 8)]);
        let joined = Places::joined([&places, &more].into_iter());
        assert_eq!(
            joined.0.iter().map(|place| (place.start, place.end)).collect::<Vec<_>>(),
            [(2, 4), (5, 6), (7, 8), (8, 9)]
        );
        assert!(!Places::default().is_any_within(Span { start: 0, end: 9 }));
    }
}
