//! Three-way merge of texts, by lines. It never guesses: where both sides touch the same or neighbouring lines there is
//! no result, and neither where it depends on which of several equal lines is taken for which.

use std::ops::Range;

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
    let [ours, theirs] = [ours, theirs].map(|text| [Side::new(&base, text), Side::from_its_end(&base, text)]);
    let mut merged = ours.iter().flat_map(|ours| theirs.iter().map(|theirs| merge_sides(&base, ours, theirs)));
    let first = merged.next()??;
    merged.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// The same for two sides of which is known what they change.
fn merge_sides(base: &[&[u8]], ours: &Side<'_>, theirs: &Side<'_>) -> Option<Vec<u8>> {
    let mut merged = Vec::new();
    let (mut done, mut both) = (0, None);
    let (mut our_hunks, mut their_hunks) = (ours.changes().peekable(), theirs.changes().peekable());
    loop {
        let change = match (our_hunks.peek(), their_hunks.peek()) {
            (None, None) => break,
            // Beside what both did, what one of them did more is a different answer to the same lines.
            (one, other) if [one, other].into_iter().flatten().any(|it| Some(it.reach.start) <= both) => return None,
            (Some(one), Some(other)) if one == other => {
                both = Some(one.reach.end.max(other.reach.end));
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
    hunks: Vec<(Hunk, Range<usize>)>,
}

impl<'t> Side<'t> {
    fn new(base: &[&[u8]], text: &'t [u8]) -> Self {
        let lines = lines(text);
        let diff = LineDiff::of_lines(base.iter().copied(), lines.iter().copied());
        Self { hunks: reaching(base, &lines, diff.hunks.into_iter()), lines }
    }

    /// The same, looked at from the end: of equal lines others may be those that changed.
    fn from_its_end(base: &[&[u8]], text: &'t [u8]) -> Self {
        let lines = lines(text);
        let diff = LineDiff::of_lines(base.iter().rev().copied(), lines.iter().rev().copied());
        let turned = |range: &Range<usize>, n_lines: usize| n_lines - range.end..n_lines - range.start;
        let turned = |hunk: &Hunk| Hunk { old: turned(&hunk.old, base.len()), new: turned(&hunk.new, lines.len()) };
        Self { hunks: reaching(base, &lines, diff.hunks.iter().rev().map(turned)), lines }
    }

    fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        self.hunks.iter().map(|(hunk, reach)| {
            let lines = self.lines.get(hunk.new.clone()).unwrap_or_default();
            Change { hunk, reach, lines }
        })
    }
}

/// Each hunk with the lines of the base between which it could be as well: where lines go or come among equal ones,
/// nobody can tell which of them.
fn reaching(base: &[&[u8]], text: &[&[u8]], hunks: impl Iterator<Item = Hunk>) -> Vec<(Hunk, Range<usize>)> {
    let reach = |hunk: &Hunk| match (hunk.old.is_empty(), hunk.new.is_empty()) {
        (false, true) => slides(base, &hunk.old),
        (true, false) => slides(text, &hunk.new),
        _ => (0, 0),
    };
    let with_reach = |hunk: Hunk| {
        let (up, down) = reach(&hunk);
        let range = hunk.old.start.saturating_sub(up)..hunk.old.end + down;
        (hunk, range)
    };
    hunks.map(with_reach).collect()
}

/// How many lines up and down a block of lines is the same.
fn slides(lines: &[&[u8]], block: &Range<usize>) -> (usize, usize) {
    let (before, after) = (lines.get(..block.end).unwrap_or_default(), lines.get(block.start..).unwrap_or_default());
    let is_same = |(one, other): &(&&[u8], &&[u8])| one == other;
    let up = before.iter().rev().zip(before.iter().rev().skip(block.len())).take_while(is_same).count();
    let down = after.iter().zip(after.iter().skip(block.len())).take_while(is_same).count();
    (up, down)
}

/// Lines of the base and what comes in their place.
struct Change<'a> {
    hunk: &'a Hunk,
    /// The lines of the base that it may be about.
    reach: &'a Range<usize>,
    lines: &'a [&'a [u8]],
}

impl Change<'_> {
    /// Whether nothing lies between two changes.
    fn touches(&self, other: &Self) -> bool {
        self.reach.start <= other.reach.end && other.reach.start <= self.reach.end
    }
}

impl PartialEq for Change<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hunk.old == other.hunk.old && self.lines == other.lines
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

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

    #[test]
    fn what_both_did_is_no_excuse_for_what_one_did_beside_it() {
        check("{ \n{\nx \n", "{\nx \n", "{\n{\nx \n", None);
        let (staged, fixed) = ("f\n    x\n    \n\n    y\n", "f\n    x\n\n\n    y\n");
        check(staged, "f\n    x\n\n    y\n", fixed, None);
        check("a \nb\nc\n", "a\nc\n", "a\nb\nc\n", None);
        check("a \nb\n", "a\nnew\nb\n", "a\nb\n", None);
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop_oneof![Just("a\n"), Just("b\n"), Just("c \n"), Just("\n"), Just("d")];
        prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
    }

    /// A text and two others with some of its lines removed, replaced, doubled or without the blanks at their ends.
    fn versions() -> impl Strategy<Value = (String, String, String)> {
        let line = prop_oneof![Just("{ "), Just("{"), Just("x "), Just("x"), Just(""), Just("y")];
        let edit = || prop_oneof![6 => Just(0_u8), 1 => 1..=4_u8];
        prop::collection::vec((line, edit(), edit()), 0..12).prop_map(|lines| {
            let made = |edited: &dyn Fn(u8, u8) -> u8| -> String {
                let line = |&(line, one, other): &(&str, u8, u8)| match edited(one, other) {
                    0 => format!("{line}\n"),
                    1 => String::new(),
                    2 => "y\n".to_owned(),
                    3 => format!("{line}\n{line}\n"),
                    _ => format!("{}\n", line.trim_end()),
                };
                lines.iter().map(line).collect()
            };
            (made(&|_, _| 0), made(&|one, _| one), made(&|_, other| other))
        })
    }

    /// What `git merge-file` makes of ours, base and theirs, with its marks where it sees a conflict.
    #[expect(clippy::disallowed_methods, reason = "the merging is compared with git's own")]
    fn merged_by_git(algorithm: &str, texts: &[&String; 3]) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in ["ours", "base", "theirs"].iter().zip(texts) {
            std::fs::write(folder.path().join(name), text).expect("it is ours");
        }
        let mut git = Command::new("git");
        git.args(["merge-file", "--stdout", "--quiet", "--diff-algorithm", algorithm]);
        git.args(["ours", "base", "theirs"]).current_dir(folder.path());
        String::from_utf8(git.output().expect("git is there").stdout).expect("it is text")
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
        fn what_is_merged_git_merges_alike((base, ours, theirs) in versions()) {
            if let Some(merged) = merge(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()) {
                // Of equal lines each of its algorithms (since git 2.44) takes others for the same.
                let by_git = ["histogram", "myers"].map(|how| merged_by_git(how, &[&ours, &base, &theirs]));
                assert!(by_git.iter().any(|git| git.as_bytes() == merged), "{by_git:?}");
            }
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
