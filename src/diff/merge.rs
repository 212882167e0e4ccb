//! Three-way merge of texts, by lines. It never guesses: where both sides touch the same or neighbouring lines there is
//! no result.

use crate::diff::{Hunk, LineDiff, lines};

/// What `base` becomes if both sides' changes are made. None if they meet: on the same lines, on neighbouring ones, or by
/// two insertions at one place. A change that both sides made alike is made once.
pub(crate) fn merge(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    if base == theirs || ours == theirs {
        return Some(ours.to_owned());
    }
    if base == ours {
        return Some(theirs.to_owned());
    }
    let base = lines(base);
    let (ours, theirs) = (Side::new(&base, ours), Side::new(&base, theirs));
    let mut merged = Vec::new();
    let mut done = 0;
    let (mut our_hunks, mut their_hunks) = (ours.changes().peekable(), theirs.changes().peekable());
    loop {
        let change = match (our_hunks.peek(), their_hunks.peek()) {
            (None, None) => break,
            (Some(one), Some(other)) if one == other => {
                their_hunks.next();
                our_hunks.next()
            }
            (Some(one), Some(other)) if one.touches(other) => return None,
            (Some(one), Some(other)) if other.hunk.old.start < one.hunk.old.start => their_hunks.next(),
            (None, Some(_)) => their_hunks.next(),
            (Some(_), _) => our_hunks.next(),
        }?;
        merged.extend_from_slice(&base.get(done..change.hunk.old.start)?.concat());
        merged.extend_from_slice(&change.lines.concat());
        done = change.hunk.old.end;
    }
    merged.extend_from_slice(&base.get(done..)?.concat());
    Some(merged)
}

/// One side with what it changes.
struct Side<'t> {
    lines: Vec<&'t [u8]>,
    diff: LineDiff,
}

impl<'t> Side<'t> {
    fn new(base: &[&[u8]], text: &'t [u8]) -> Self {
        Self { lines: lines(text), diff: LineDiff::between(&base.concat(), text) }
    }

    fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        self.diff.hunks().iter().map(|hunk| {
            let lines = self.lines.get(hunk.new.clone()).unwrap_or_default();
            Change { hunk, lines }
        })
    }
}

/// Lines of the base and what comes in their place.
struct Change<'a> {
    hunk: &'a Hunk,
    lines: &'a [&'a [u8]],
}

impl Change<'_> {
    /// Whether nothing lies between two changes.
    fn touches(&self, other: &Self) -> bool {
        self.hunk.old.start <= other.hunk.old.end && other.hunk.old.start <= self.hunk.old.end
    }
}

impl PartialEq for Change<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hunk.old == other.hunk.old && self.lines == other.lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};

    use super::merge;

    #[track_caller]
    fn check(base: &str, ours: &str, theirs: &str, expected: Option<&str>) {
        for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
            let merged = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes());
            assert_eq!(merged.as_deref().map(String::from_utf8_lossy).as_deref(), expected);
        }
    }

    #[test]
    fn changes_with_a_line_between_them_are_both_made() {
        check("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", Some("A\nb\nC\n"));
        check("a\nb\nc\n", "x\na\nb\nc\n", "a\nb\nc\ny\n", Some("x\na\nb\nc\ny\n"));
        check("a\nb\nc\n", "b\nc\n", "a\nb\n", Some("b\n"));
        check("a \nb\nc", "a\nb\nc", "a \nb\nc\n", Some("a\nb\nc\n"));
    }

    #[test]
    fn changes_that_meet_have_no_result() {
        check("a\nb\n", "A\nb\n", "X\nb\n", None);
        check("a\nb\n", "A\nb\n", "a\nB\n", None);
        check("a\nb\n", "a\nx\nb\n", "a\ny\nb\n", None);
        check("a\nb\n", "a\nx\nb\n", "a\nB\n", None);
        check("a\nb", "a\nb\n", "a\nb\nc\n", None);
    }

    #[test]
    fn what_both_did_is_done_once() {
        check("a \nb\nc \n", "a\nb\nc \n", "a\nb\nc\n", Some("a\nb\nc\n"));
        check("", "a\n", "a\n", Some("a\n"));
        check("a\n", "", "", Some(""));
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop_oneof![Just("a\n"), Just("b\n"), Just("c \n"), Just("\n"), Just("d")];
        prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
    }

    /// For each line of a base of different lines: kept, replaced by one side, removed by one side.
    fn edits() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![4 => Just(0_u8), 1 => 1..=4_u8], 0..40)
    }

    proptest! {
        #[test]
        fn the_side_that_changes_nothing_does_not_matter(base in text(), other in text()) {
            let (base, other) = (base.as_bytes(), other.as_bytes());
            assert_eq!(merge(base, base, other).as_deref(), Some(other));
            assert_eq!(merge(base, other, base).as_deref(), Some(other));
            assert_eq!(merge(base, other, other).as_deref(), Some(other));
        }

        #[test]
        fn it_does_not_matter_which_side_is_whose(base in text(), one in text(), other in text()) {
            let (base, one, other) = (base.as_bytes(), one.as_bytes(), other.as_bytes());
            assert_eq!(merge(base, one, other), merge(base, other, one));
        }

        #[test]
        fn all_that_either_side_did_is_in_the_result_or_there_is_none(edits in edits()) {
            let made = |does: &dyn Fn(u8) -> bool| -> Vec<u8> {
                let line = |(at, &edit): (usize, &u8)| match edit {
                    1 | 2 if does(edit) => format!("new {at}\n"),
                    3 | 4 if does(edit) => String::new(),
                    _ => format!("old {at}\n"),
                };
                edits.iter().enumerate().map(line).collect::<String>().into_bytes()
            };
            let is_ours = |edit: u8| edit % 2 == 1;
            let (base, ours) = (made(&|_| false), made(&is_ours));
            let (theirs, both) = (made(&|edit| !is_ours(edit)), made(&|_| true));
            // Edits of both sides side by side meet; runs of one side's edits are one change.
            let meet = edits.windows(2).any(|pair| pair[0] > 0 && pair[1] > 0 && pair[0] % 2 != pair[1] % 2);
            assert_eq!(merge(&base, &ours, &theirs), (!meet).then_some(both));
        }
    }
}
