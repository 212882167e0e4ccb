//! The text of a file with what it takes to turn byte offsets into lines and columns and back.

use std::cell::{OnceCell, RefCell};

use crate::model::place::{ColumnUnit, Span};
use crate::sarif::line_hash::LineHashes;

/// How many bytes lie at least between two [`Mark`]s.
const MARK_DISTANCE: usize = 1_024;

/// The bytes of a file and the index of its lines. Built once for all findings of a file; the parts that cost more are
/// built when they are first asked for.
///
/// Lines end with LF, as git counts them; a CR before it belongs to the line end. Lines are counted from 0 here.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    bytes: &'a [u8],
    /// Then every byte is a character and a UTF-16 unit, and nothing needs to be counted.
    is_ascii: bool,
    line_starts: Vec<usize>,
    marks: OnceCell<Vec<Mark>>,
    hashes: RefCell<LineHashes<'a>>,
}

/// How many characters and UTF-16 units stand before a byte of the file.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    byte: usize,
    characters: usize,
    utf16: usize,
}

impl Mark {
    /// How many units of that kind stand before the mark.
    fn count(&self, unit: ColumnUnit) -> usize {
        match unit {
            ColumnUnit::Bytes => self.byte,
            ColumnUnit::Characters => self.characters,
            ColumnUnit::Utf16 => self.utf16,
        }
    }

    /// The mark behind the next character.
    fn past(self, character: Character) -> Self {
        Self {
            byte: self.byte + character.n_bytes,
            characters: self.characters + 1,
            utf16: self.utf16 + character.n_utf16,
        }
    }
}

/// A character of the file, or a sequence that is not UTF-8 and counts as one replacement character.
#[derive(Clone, Copy)]
struct Character {
    n_bytes: usize,
    n_utf16: usize,
}

/// The characters of `bytes` in turn.
fn characters(bytes: &[u8]) -> impl Iterator<Item = Character> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let invalid = (!chunk.invalid().is_empty()).then_some(Character { n_bytes: chunk.invalid().len(), n_utf16: 1 });
        let valid = chunk.valid().chars();
        valid.map(|valid| Character { n_bytes: valid.len_utf8(), n_utf16: valid.len_utf16() }).chain(invalid)
    })
}

impl<'a> Text<'a> {
    /// Indexes the lines of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let behind_feeds = memchr::memchr_iter(b'\n', bytes).map(|feed| feed + 1);
        let line_starts = std::iter::once(0).chain(behind_feeds.filter(|&start| start < bytes.len())).collect();
        let hashes = RefCell::new(LineHashes::new(bytes));
        Self { bytes, is_ascii: bytes.is_ascii(), line_starts, marks: OnceCell::new(), hashes }
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many lines there are, at least one; what follows a final line end is no line.
    pub(crate) fn n_lines(&self) -> usize {
        self.line_starts.len()
    }

    /// The line that holds a byte; the last one for every offset behind the end.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// The bytes of a line without its end; an empty range at the end of the file for a line that is not there.
    pub(crate) fn line(&self, line: usize) -> Span {
        let Some(&start) = self.line_starts.get(line) else {
            return Span { start: self.bytes.len(), end: self.bytes.len() };
        };
        let end = self.line_starts.get(line + 1).copied().unwrap_or(self.bytes.len());
        let whole = self.slice(Span { start, end });
        let content = whole.strip_suffix(b"\n").map_or(whole, |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
        Span { start, end: start + content.len() }
    }

    /// The bytes of a span; empty for a span that is not in the file.
    pub(crate) fn slice(&self, span: Span) -> &'a [u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }

    /// GitHub's hash of a line; empty for a line that is not there.
    pub(crate) fn line_hash(&self, line: usize) -> String {
        self.hashes.borrow_mut().of(line)
    }

    /// How many units stand between the two offsets, which are inside the file. An offset inside a character counts as
    /// the character's start.
    pub(crate) fn n_units(&self, from: usize, to: usize, unit: ColumnUnit) -> usize {
        self.mark_at(to).count(unit).saturating_sub(self.mark_at(from).count(unit))
    }

    /// The offset that stands `n_units` behind `from`, at most `limit`. A count that ends inside a character stops
    /// before it.
    pub(crate) fn advance(&self, from: usize, n_units: usize, unit: ColumnUnit, limit: usize) -> usize {
        let wanted = self.mark_at(from).count(unit).saturating_add(n_units);
        if self.is_ascii || unit == ColumnUnit::Bytes {
            return wanted.min(limit);
        }
        self.walk(|mark| mark.count(unit) <= wanted).byte.clamp(from.min(limit), limit)
    }

    /// The start of the character that holds the byte at `offset`.
    pub(crate) fn character_start(&self, offset: usize) -> usize {
        self.mark_at(offset).byte
    }

    /// The end of the character that begins at `offset`; `offset` itself at the end of the file.
    pub(crate) fn character_end(&self, offset: usize) -> usize {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let head = rest.get(..rest.len().min(4)).unwrap_or_default();
        offset + characters(head).next().map_or(0, |first| first.n_bytes)
    }

    /// The last position of a character that does not exceed `offset`.
    fn mark_at(&self, offset: usize) -> Mark {
        if self.is_ascii {
            return Mark { byte: offset, characters: offset, utf16: offset };
        }
        self.walk(|mark| mark.byte <= offset)
    }

    /// The last position of a character for which `holds`; it must hold for the start and, once false, stay false.
    fn walk(&self, holds: impl Fn(&Mark) -> bool) -> Mark {
        let (mut here, stretch) = self.stretch(&holds);
        for character in characters(stretch) {
            let next = here.past(character);
            if !holds(&next) {
                break;
            }
            here = next;
        }
        here
    }

    /// The last of the marks for which `holds`, and the bytes from there to the next mark. Both are where a character
    /// begins, so the characters between them are the same as in the whole file; what follows would be read in vain.
    fn stretch(&self, holds: impl Fn(&Mark) -> bool) -> (Mark, &'a [u8]) {
        let marks = self.marks.get_or_init(|| self.build_marks());
        let n_before = marks.partition_point(holds);
        let here = n_before.checked_sub(1).and_then(|index| marks.get(index)).copied().unwrap_or_default();
        let end = marks.get(n_before).map_or(self.bytes.len(), |next| next.byte);
        (here, self.slice(Span { start: here.byte, end }))
    }

    fn build_marks(&self) -> Vec<Mark> {
        let mut here = Mark::default();
        let mut marks = vec![here];
        let mut next_mark = MARK_DISTANCE;
        for character in characters(self.bytes) {
            here = here.past(character);
            if here.byte >= next_mark {
                marks.push(here);
                next_mark = here.byte + MARK_DISTANCE;
            }
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use proptest::sample::Index;
    use proptest::strategy::Strategy;

    use super::{MARK_DISTANCE, Mark, Text, characters};
    use crate::model::place::ColumnUnit;

    #[test]
    fn lines_are_found_without_their_ends() {
        let text = Text::new(b"a\r\n\nbc\n");
        let lines: Vec<&[u8]> = (0..text.n_lines()).map(|line| text.slice(text.line(line))).collect();
        assert_eq!(lines, [&b"a"[..], b"", b"bc"]);
        assert_eq!(
            (text.line_at(0), text.line_at(2), text.line_at(3), text.line_at(6), text.line_at(99)),
            (0, 0, 1, 2, 2)
        );
        assert_eq!(Text::new(b"").n_lines(), 1);
    }

    #[test]
    fn counting_and_advancing_agree_across_many_marks() {
        let content = "aé😀\u{0}z".repeat(1_500).into_bytes();
        let text = Text::new(&content);
        for unit in [ColumnUnit::Characters, ColumnUnit::Utf16] {
            for index in (0..content.len()).step_by(97) {
                let start = text.character_start(index);
                let count = text.n_units(0, start, unit);
                assert_eq!(text.advance(0, count, unit, content.len()), start, "{unit:?} {index}");
            }
        }
        assert_eq!(text.n_units(0, content.len(), ColumnUnit::Utf16), 6 * 1_500);
    }

    #[test]
    fn a_look_up_reads_no_more_than_what_lies_between_two_marks() {
        let content = [&b"\xc3\xa9"[..], &[b'a'; 100_000], b"\xff\xe2\x82", &[b'b'; 5_000]].concat();
        let text = Text::new(&content);
        for offset in (0..=content.len()).step_by(331) {
            let (mark, stretch) = text.stretch(|mark| mark.byte <= offset);
            assert!(stretch.len() < MARK_DISTANCE + 4, "{} bytes for {offset}", stretch.len());
            assert!((mark.byte..=mark.byte + stretch.len()).contains(&offset), "{offset}");
        }
    }

    /// Contents over several marks with characters of each length, also cut ones.
    fn contents() -> impl Strategy<Value = Vec<u8>> {
        let pieces: Vec<&[u8]> = vec![
            b"a",
            b"\n",
            "\u{e9}".as_bytes(),
            "\u{20ac}".as_bytes(),
            "\u{1f600}".as_bytes(),
            b"\xff",
            b"\xe2\x82",
            b"\xf0\x9f",
        ];
        let piece = (proptest::sample::select(pieces), 1..400_usize).prop_map(|(piece, n)| piece.repeat(n));
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn look_ups_agree_with_a_count_from_the_start(content in contents(), place in any::<Index>()) {
            let text = Text::new(&content);
            let offset = place.index(content.len() + 1);
            let mut start = Mark::default();
            for character in characters(&content) {
                let next = start.past(character);
                if next.byte > offset {
                    break;
                }
                start = next;
            }
            prop_assert_eq!(text.character_start(offset), start.byte);
            for unit in [ColumnUnit::Characters, ColumnUnit::Utf16] {
                prop_assert_eq!(text.n_units(0, offset, unit), start.count(unit));
                prop_assert_eq!(text.advance(0, start.count(unit), unit, content.len()), start.byte);
            }
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_count_as_one_character_each() {
        let text = Text::new(b"\xff\xfea");
        assert_eq!(text.n_units(0, 2, ColumnUnit::Utf16), 2);
        assert_eq!(text.character_end(0), 1);
        assert_eq!(text.character_end(3), 3);
    }
}
