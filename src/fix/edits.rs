//! From the fixes of several findings to one new content.

use std::collections::BTreeMap;

use crate::model::finding::{Edit, Fix};

/// The content after these fixes of one file, and which of them were applied, by their index. A fix is applied wholly or
/// not at all; one that meets an earlier one in the text waits for the next turn.
pub(crate) fn apply_fixes(bytes: &[u8], fixes: &[&Fix]) -> (Vec<u8>, Vec<usize>) {
    let mut order: Vec<usize> = (0..fixes.len()).collect();
    let first = |at: &usize| fixes.get(*at).and_then(|fix| fix.edits.first());
    order.sort_by_key(|at| (first(at), *at));
    let mut taken = Taken { n_bytes: bytes.len(), edits: BTreeMap::new() };
    let mut applied: Vec<usize> =
        order.into_iter().filter(|&at| fixes.get(at).is_some_and(|fix| taken.take(&fix.edits))).collect();
    applied.sort_unstable();
    let mut after = Vec::with_capacity(bytes.len() + 1);
    let mut done = 0;
    for edit in taken.edits.into_values() {
        after.extend_from_slice(bytes.get(done..edit.span.start).unwrap_or_default());
        after.extend_from_slice(&edit.replacement);
        done = edit.span.end;
    }
    after.extend_from_slice(bytes.get(done..).unwrap_or_default());
    (after, applied)
}

/// The edits that are made, by their start. None meets another.
struct Taken<'f> {
    n_bytes: usize,
    edits: BTreeMap<usize, &'f Edit>,
}

impl<'f> Taken<'f> {
    /// Takes all of these edits, or none of them.
    fn take(&mut self, edits: &'f [Edit]) -> bool {
        let is_ordered = edits.windows(2).all(|pair| matches!(pair, [one, next] if one.span.end <= next.span.start));
        if edits.is_empty() || !is_ordered || !edits.iter().all(|edit| self.is_free(edit)) {
            return false;
        }
        self.edits.extend(edits.iter().map(|edit| (edit.span.start, edit)));
        true
    }

    fn is_free(&self, edit: &Edit) -> bool {
        let (start, end) = (edit.span.start, edit.span.end);
        let before = self.edits.range(..=start).next_back().map(|(_, other)| other.span);
        let after = self.edits.range(start..).next().map(|(_, other)| other.span);
        start <= end
            && end <= self.n_bytes
            && before.is_none_or(|other| other.end <= start && other.start < start)
            && after.is_none_or(|other| end <= other.start && start < other.start)
    }
}

#[cfg(test)]
mod tests {
    use super::apply_fixes;
    use crate::model::finding::{Edit, Fix, Safety};
    use crate::model::place::Span;

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        let edit = |&(start, end, new): &(usize, usize, &str)| Edit {
            span: Span { start, end },
            replacement: new.as_bytes().to_vec(),
        };
        Fix { title: String::new(), edits: edits.iter().map(edit).collect(), safety: Safety::Safe }
    }

    #[track_caller]
    fn check(text: &str, fixes: &[&[(usize, usize, &str)]], expected: &str, applied: &[usize]) {
        let fixes: Vec<Fix> = fixes.iter().map(|edits| fix(edits)).collect();
        let (after, taken) = apply_fixes(text.as_bytes(), &fixes.iter().collect::<Vec<_>>());
        assert_eq!((String::from_utf8_lossy(&after).as_ref(), taken.as_slice()), (expected, applied));
    }

    #[test]
    fn fixes_that_do_not_meet_are_applied_together() {
        check("a \nb \nc", &[&[(7, 7, "\n")], &[(1, 2, "")], &[(4, 5, "")]], "a\nb\nc\n", &[0, 1, 2]);
        check("a  ", &[&[(1, 3, "")], &[(3, 3, "\n")]], "a\n", &[0, 1]);
        check("abc", &[&[(0, 1, "x"), (2, 3, "z")], &[(1, 2, "y")]], "xyz", &[0, 1]);
    }

    #[test]
    fn one_that_meets_another_waits_wholly() {
        check("abc", &[&[(0, 2, "x")], &[(1, 3, "y")]], "xc", &[0]);
        check("abc", &[&[(1, 2, "y")], &[(0, 1, "x"), (1, 2, "z")]], "xzc", &[1]);
        check("ab", &[&[(1, 1, "x")], &[(1, 1, "x")]], "axb", &[0]);
        check("ab", &[&[(0, 2, "")], &[(1, 1, "x")]], "", &[0]);
    }

    #[test]
    fn what_is_not_in_the_text_is_left_out() {
        check("ab", &[&[(1, 3, "x")]], "ab", &[]);
        check("ab", &[&[(2, 1, "x")]], "ab", &[]);
        check("ab", &[&[]], "ab", &[]);
        check("abc", &[&[(2, 3, "x"), (0, 1, "y")]], "abc", &[]);
    }
}
