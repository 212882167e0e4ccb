//! Line ends of a text that has others than the form in which it is compared.

use crate::diff::{LineDiff, lines};

/// `after`, which was made of `before`, with the line ends of `original`: that is `before`, but for lines that may end
/// with a carriage return and a line feed. A line that stayed keeps its own; one that is new gets that of the line in whose
/// place it is, or beside which. None if `original` differs in more.
pub(crate) fn with_line_ends(original: &[u8], before: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let (originals, befores, afters) = (lines(original), lines(before), lines(after));
    let is_alike = |(original, before): (&&[u8], &&[u8])| {
        original == before || bare(original).is_some() && bare(original) == bare(before)
    };
    if originals.len() != befores.len() || !originals.iter().zip(&befores).all(is_alike) {
        return None;
    }
    let mut text = Vec::with_capacity(after.len() + originals.len());
    let mut done = 0;
    let diff = LineDiff::between(before, after);
    let kept = |from: usize, to: usize| originals.get(from..to).unwrap_or_default().concat();
    for hunk in diff.hunks() {
        text.extend(kept(done, hunk.old.start));
        for (nth, line) in afters.get(hunk.new.clone())?.iter().enumerate() {
            let place = hunk.old.start + nth.min(hunk.old.len().saturating_sub(1));
            // Where lines only come, they come after one, if there is one.
            let place = if hunk.old.is_empty() { place.min(hunk.old.start).saturating_sub(1) } else { place };
            match bare(line).filter(|_| originals.get(place).is_some_and(|line| line.ends_with(b"\r\n"))) {
                Some(bare) => text.extend([bare, b"\r\n"].concat()),
                None => text.extend(*line),
            }
        }
        done = hunk.old.end;
    }
    text.extend(kept(done, originals.len()));
    Some(text)
}

/// A line without its end; none if it has none.
fn bare<'l>(line: &&'l [u8]) -> Option<&'l [u8]> {
    let line = line.strip_suffix(b"\n")?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::with_line_ends;

    #[test]
    fn every_line_keeps_its_end() {
        for (original, after, expected) in [
            ("a \r\nb\r\nc\r\n", "a\nb\nc\n", Some("a\r\nb\r\nc\r\n")),
            ("a \r\nb\nc \n", "a\nb\nc\n", Some("a\r\nb\nc\n")),
            ("a\nb \r\nc \nd", "a\nb\nc\nd\n", Some("a\nb\r\nc\nd\n")),
            ("a\r\nb\n", "a\nnew\nb\n", Some("a\r\nnew\r\nb\n")),
            ("a\r\nb\n", "new\na\nb\n", Some("new\r\na\r\nb\n")),
            ("a\nb\r\n\r\n\r\n", "a\nb\n", Some("a\nb\r\n")),
            ("", "new\n", Some("new\n")),
        ] {
            let before = original.replace("\r\n", "\n");
            let text = with_line_ends(original.as_bytes(), before.as_bytes(), after.as_bytes());
            assert_eq!(text, expected.map(|text| text.as_bytes().to_vec()), "{original:?}");
        }
        assert_eq!(with_line_ends(b"a\r\nX\r\n", b"a\nx\n", b"a\n"), None);
        assert_eq!(with_line_ends(b"a\r\n", b"a\nb\n", b"a\n"), None);
    }
}
