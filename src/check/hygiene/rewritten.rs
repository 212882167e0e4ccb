//! Files that a fixer would write in another way as a whole.

use crate::check::hygiene::{at, clamped};
use crate::check::{About, Examined, FileInput};
use crate::model::finding::{Anchor, Edit};
use crate::model::place::Span;

/// What a fixer would make of a file.
pub(super) struct Rewritten<'a> {
    /// The whole content after it.
    pub(super) after: Vec<u8>,
    /// What is wrong now.
    pub(super) message: &'a str,
    /// What the fixer does, as an imperative; none if it only reports.
    pub(super) fix: Option<&'a str>,
}

/// One finding where the content first differs from what it should be; none if it does not.
pub(super) fn found(about: &About, file: &FileInput<'_>, rewritten: Rewritten<'_>) -> Examined {
    let (before, after) = (file.bytes, rewritten.after);
    if before == after {
        return Examined::default();
    }
    let n_same = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let n_same_at_end = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let n_same_at_end = n_same_at_end.min(before.len().min(after.len()) - n_same);
    let span = Span { start: n_same, end: before.len() - n_same_at_end };
    let replacement = after.get(n_same..after.len() - n_same_at_end).unwrap_or_default().to_vec();
    let finding = at(about, file, clamped(before, n_same, n_same), rewritten.message);
    let finding = finding.with_anchor(Anchor::of_file(about.id.as_bytes()));
    vec![match rewritten.fix {
        Some(fix) => finding.with_fix(fix, vec![Edit { span, replacement }]),
        None => finding,
    }]
    .into()
}
