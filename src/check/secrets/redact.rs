//! Hides known secrets in whatever is shown of a file: other checks quote the lines that they stand on.

use std::collections::{BTreeMap, HashSet};

use memchr::memmem;

use crate::model::finding::Finding;
use crate::model::outcome::{CheckRun, Outcome};
use crate::model::place::Span;
use crate::model::suppression::Directive;

/// A secret is known again by pieces of this many bytes, so that one that was cut at either end is hidden too.
const PIECE: usize = 8;
/// A shorter secret is too often something else.
const MIN_SECRET: usize = 4;

/// Words that the texts about secrets are made of. A value that is one of them is hidden by nothing: its line says it
/// anyway, and hiding it would blot out every message.
const WORDS: [&str; 6] = ["credential", "key", "passwd", "password", "secret", "token"];

/// The most bytes of a private key.
const MAX_KEY: usize = 16 * 1024;

/// The bytes that are secret where a check found something: what it points at, and behind the line that introduces a
/// private key all of the key.
pub(crate) fn extent(text: &[u8], span: Span) -> Span {
    let found = text.get(span.start..span.end).unwrap_or_default();
    let introduces =
        [&b"PRIVATE"[..], b"PuTTY-User", b"OpenVPN"].iter().any(|word| memmem::find(found, word).is_some());
    if !introduces {
        return span;
    }
    let rest = text.get(span.end..text.len().min(span.end + MAX_KEY)).unwrap_or_default();
    let end = memmem::find(rest, b"-----END").unwrap_or(rest.len());
    Span { start: span.end, end: span.end + end }
}

/// Hides secrets.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    /// The pieces by their length.
    pieces: BTreeMap<usize, HashSet<Vec<u8>>>,
    /// How pieces begin: a bit for each number that [`start`] gives. Nearly no place of a text is looked up in full.
    starts: Vec<u64>,
}

/// How many numbers tell the beginnings of pieces apart.
const N_STARTS: usize = 1 << 16;

/// A number for the first [`MIN_SECRET`] bytes.
fn start(text: &[u8]) -> usize {
    let first = text.first_chunk::<MIN_SECRET>().map_or(0, |first| u32::from_le_bytes(*first));
    (first.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

impl Redactor {
    /// Hides this secret from now on.
    pub(crate) fn add(&mut self, secret: &[u8]) {
        let is_word = WORDS.iter().any(|word| secret.eq_ignore_ascii_case(word.as_bytes()));
        if secret.len() < MIN_SECRET || is_word {
            return;
        }
        let length = if secret.len() < PIECE + PIECE / 2 { secret.len() } else { PIECE };
        let pieces = self.pieces.entry(length).or_default();
        self.starts.resize(N_STARTS / 64, 0);
        for piece in secret.windows(length) {
            let start = start(piece);
            self.starts.get_mut(start / 64).into_iter().for_each(|bits| *bits |= 1 << (start % 64));
            pieces.insert(piece.to_vec());
        }
    }

    /// Hides all that stands in the findings.
    pub(crate) fn hide_in_findings(&self, findings: &mut [Finding]) {
        if !self.pieces.is_empty() {
            findings.iter_mut().for_each(|finding| self.hide_in_finding(finding));
        }
    }

    /// Hides all that stands in the reasons why checks are broken or left out.
    pub(crate) fn hide_in_checks(&self, checks: &mut [CheckRun]) {
        if self.pieces.is_empty() {
            return;
        }
        for check in checks {
            if let Outcome::Broken(breakage) = &mut check.outcome {
                self.hide(&mut breakage.why);
                self.hide(&mut breakage.log);
            }
        }
    }

    /// Hides all that stands in what comments allow.
    pub(crate) fn hide_in_directives<'d>(&self, directives: impl Iterator<Item = &'d mut Directive>) {
        for directive in directives.filter(|_| !self.pieces.is_empty()) {
            self.hide(&mut directive.reason);
            directive.region.lines.iter_mut().for_each(|line| self.hide(line));
        }
    }

    fn hide_in_finding(&self, finding: &mut Finding) {
        self.hide(&mut finding.message);
        self.hide(&mut finding.hint);
        self.hide(&mut finding.anchor.text);
        let related = finding.related.iter_mut();
        let regions = related.map(|related| (&mut related.message, &mut related.region));
        for (message, region) in regions {
            self.hide(message);
            region.iter_mut().flat_map(|region| &mut region.lines).for_each(|line| self.hide(line));
        }
        finding.region.iter_mut().flat_map(|region| &mut region.lines).for_each(|line| self.hide(line));
        let holds_none = |text: &[u8]| self.covered(text).is_empty();
        finding.fixes.retain(|fix| fix.edits.iter().all(|edit| holds_none(&edit.replacement)));
    }

    /// Puts an asterisk in the place of each character of a secret.
    fn hide(&self, text: &mut String) {
        let covered = self.covered(text.as_bytes());
        if covered.is_empty() {
            return;
        }
        let is_covered = |(at, _): &(usize, char)| covered.get(*at).copied().unwrap_or(false);
        *text = text.char_indices().map(|letter| if is_covered(&letter) { '*' } else { letter.1 }).collect();
    }

    fn may_start(&self, text: &[u8]) -> bool {
        let start = start(text);
        self.starts.get(start / 64).is_some_and(|bits| bits >> (start % 64) & 1 == 1)
    }

    /// Which bytes belong to a secret; empty if none does.
    fn covered(&self, text: &[u8]) -> Vec<bool> {
        let mut covered = Vec::new();
        for (length, pieces) in &self.pieces {
            let is_piece = |window: &[u8]| self.may_start(window) && pieces.contains(window);
            for (at, _) in text.windows(*length).enumerate().filter(|(_, window)| is_piece(window)) {
                covered.resize(text.len(), false);
                covered.iter_mut().skip(at).take(*length).for_each(|byte| *byte = true);
            }
        }
        covered
    }
}

#[cfg(test)]
mod tests {
    use super::Redactor;

    #[track_caller]
    fn check(secret: &str, text: &str, expected: &str) {
        let mut redactor = Redactor::default();
        redactor.add(secret.as_bytes());
        let mut hidden = text.to_owned();
        redactor.hide(&mut hidden);
        assert_eq!(hidden, expected);
    }

    #[test]
    fn the_words_of_the_messages_stay() {
        check("password", "password written into a file", "password written into a file");
    }

    #[test]
    fn what_is_cut_is_hidden_too() {
        check("hunter22", "a = 'hunter22'", "a = '********'");
        check("0a1b2c3d4e5f6a7b8c9d", "x 0a1b2c3d4e5f6a7b8c9d y", "x ******************** y");
        check("0a1b2c3d4e5f6a7b8c9d", "3d4e5f6a7b8c", "************");
        check("stra\u{df}enlaterne", "die stra\u{df}enlaterne", "die **************");
        check("abc", "abc", "abc");
    }
}
