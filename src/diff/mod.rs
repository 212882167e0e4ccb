//! Differences between two texts: hunks, line maps, moved lines. The only owner of `similar`; knows no git.

pub(crate) mod line_ends;
pub(crate) mod merge;
pub(crate) mod moved;
pub(crate) mod patch;

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp};

/// After this long the rest of a hostile pair is taken as one large change: coarse, never wrong.
const LIMIT: Duration = Duration::from_secs(5);

/// The lines of a text, each with its line end, as git counts them.
pub(crate) fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// Lines of the old text that were replaced by lines of the new text; both ranges count from 0, and one may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// The lines that went.
    pub(crate) old: Range<usize>,
    /// The lines that came.
    pub(crate) new: Range<usize>,
}

/// The difference between two texts, by lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LineDiff {
    hunks: Vec<Hunk>,
}

impl LineDiff {
    /// Compares two texts line by line (histogram, as `git diff --histogram`).
    pub(crate) fn between(old: &[u8], new: &[u8]) -> Self {
        if old == new {
            return Self::default();
        }
        Self::of_lines(lines(old), lines(new))
    }

    /// Compares two texts that are lines already.
    fn of_lines<'t>(old: impl IntoIterator<Item = &'t [u8]>, new: impl IntoIterator<Item = &'t [u8]>) -> Self {
        let mut ids = HashMap::new();
        let mut intern = |line| {
            let next = ids.len();
            *ids.entry(line).or_insert(next)
        };
        let old: Vec<usize> = old.into_iter().map(&mut intern).collect();
        let new: Vec<usize> = new.into_iter().map(&mut intern).collect();
        let ops =
            similar::capture_diff_slices_deadline(Algorithm::Histogram, &old, &new, Instant::now().checked_add(LIMIT));
        let hunks = ops
            .iter()
            .filter(|op| !matches!(op, DiffOp::Equal { .. }))
            .map(|op| Hunk { old: op.old_range(), new: op.new_range() })
            .collect();
        Self { hunks }
    }

    /// The changed ranges, in ascending order.
    pub(crate) fn hunks(&self) -> &[Hunk] {
        &self.hunks
    }

    /// Whether the change wrote this line of the new text (from 0).
    pub(crate) fn is_written(&self, new_line: usize) -> bool {
        let after = self.hunks.partition_point(|hunk| hunk.new.end <= new_line);
        self.hunks.get(after).is_some_and(|hunk| hunk.new.contains(&new_line))
    }

    /// Where a line of the new text (from 0) stood in the old text; `None` if the change wrote it.
    pub(crate) fn old_line(&self, new_line: usize) -> Option<usize> {
        let after = self.hunks.partition_point(|hunk| hunk.new.end <= new_line);
        if self.hunks.get(after).is_some_and(|hunk| hunk.new.contains(&new_line)) {
            return None;
        }
        let before = after.checked_sub(1).and_then(|index| self.hunks.get(index));
        before.map_or(Some(new_line), |hunk| Some(new_line - hunk.new.end + hunk.old.end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};

    use super::{LineDiff, lines};

    #[track_caller]
    fn check(old: &str, new: &str, expected: &[Option<usize>]) {
        let diff = LineDiff::between(old.as_bytes(), new.as_bytes());
        let mapped: Vec<_> = (0..lines(new.as_bytes()).len()).map(|line| diff.old_line(line)).collect();
        assert_eq!(mapped, expected);
    }

    #[test]
    fn lines_are_followed_through_a_change() {
        check("a\nb\nc\n", "a\nb\nc\n", &[Some(0), Some(1), Some(2)]);
        check("a\nb\nc\n", "x\na\nb\nc\n", &[None, Some(0), Some(1), Some(2)]);
        check("a\nb\nc\n", "a\nc\n", &[Some(0), Some(2)]);
        check("a\nb\nc\n", "a\nB\nc\n", &[Some(0), None, Some(2)]);
        check("", "a\n", &[None]);
        check("a", "a\n", &[None]);
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop_oneof![Just("a\n"), Just("b\n"), Just("c\n"), Just("\n")];
        prop::collection::vec(line, 0..30).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn a_mapped_line_is_the_same_line_and_a_written_one_has_no_origin(old in text(), new in text()) {
            let diff = LineDiff::between(old.as_bytes(), new.as_bytes());
            let (old, new) = (lines(old.as_bytes()), lines(new.as_bytes()));
            let mut last = None;
            for (number, line) in new.iter().enumerate() {
                assert_eq!(diff.is_written(number), diff.old_line(number).is_none());
                if let Some(origin) = diff.old_line(number) {
                    assert_eq!(old[origin], *line);
                    assert!(last < Some(origin));
                    last = Some(origin);
                }
            }
        }
    }
}
