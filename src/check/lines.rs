//! The lines of a text, by byte offsets.

use memchr::{memchr, memchr_iter, memchr2, memrchr};

use crate::model::place::Span;

/// The line that holds the byte at `offset`, without its line end (LF, CRLF, or a lone CR at the end of the text). An
/// offset past the end is in the last line.
pub(crate) fn around(bytes: &[u8], offset: usize) -> Span {
    let offset = offset.min(bytes.len());
    let (before, after) = bytes.split_at(offset);
    let start = memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let end = offset + memchr(b'\n', after).unwrap_or(after.len());
    let has_return = end > start && bytes.get(end - 1) == Some(&b'\r');
    Span { start, end: if has_return { end - 1 } else { end } }
}

/// The bytes of a span; empty if it is not inside the text.
pub(crate) fn text(bytes: &[u8], span: Span) -> &[u8] {
    bytes.get(span.start..span.end).unwrap_or_default()
}

/// Line and column of an offset, both from 1; the column counts characters.
pub(crate) fn position(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let start = memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let n_before = memchr_iter(b'\n', before).count();
    let in_line = before.get(start..).unwrap_or_default();
    (n_before + 1, String::from_utf8_lossy(in_line).chars().count() + 1)
}

/// The line ends of a text in order: LF, CRLF and lone CR.
pub(crate) fn ends(bytes: &[u8]) -> impl Iterator<Item = Span> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + memchr2(b'\n', b'\r', bytes.get(from..)?)?;
        let is_pair = bytes.get(start..start + 2) == Some(b"\r\n");
        from = start + if is_pair { 2 } else { 1 };
        Some(Span { start, end: from })
    })
}

#[cfg(test)]
mod tests {
    use super::{around, ends, position, text};

    #[test]
    fn a_line_is_found_without_its_end() {
        let bytes = b"one\r\ntwo\n\nlast\r";
        let line = |offset| text(bytes, around(bytes, offset));
        assert_eq!(line(0), b"one");
        assert_eq!(line(4), b"one");
        assert_eq!(line(5), b"two");
        assert_eq!(line(9), b"");
        assert_eq!(line(12), b"last");
        assert_eq!(line(99), b"last");
        assert_eq!(text(b"", around(b"", 0)), b"");
        assert_eq!(text(b"\r\n", around(b"\r\n", 1)), b"");
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(position("a\nßb".as_bytes(), 4), (2, 2));
        assert_eq!(position(b"", 0), (1, 1));
        assert_eq!(position(b"a\n", 9), (2, 1));
    }

    #[test]
    fn line_ends_are_told_apart() {
        let found: Vec<&[u8]> = ends(b"a\nb\r\nc\r\r\n").map(|span| text(b"a\nb\r\nc\r\r\n", span)).collect();
        let expected: Vec<&[u8]> = vec![b"\n", b"\r\n", b"\r", b"\r\n"];
        assert_eq!(found, expected);
    }
}
