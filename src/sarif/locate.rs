//! Places resolved against the text that they are in.

use crate::model::place::{ColumnUnit, LineColumn, Place, Position, Region, Span};
use crate::sarif::text::Text;

/// Resolves a place in `text` to lines and columns with the lines around it. None for places without lines: a file as
/// a whole and the change. What lies outside of the text is moved to its nearest end.
pub(crate) fn locate(text: &Text<'_>, place: &Place) -> Option<Region> {
    let span = visible(text, span_of(text, place)?);
    let (first, last) = (text.line_at(span.start), text.line_at(span.end));
    let context = usize::try_from(Region::CONTEXT).unwrap_or(0);
    let shown = first.saturating_sub(context)..(last + context + 1).min(text.n_lines());
    Some(Region {
        start: position(text, first, span.start),
        end: position(text, last, span.end),
        first_line: number(shown.start),
        lines: shown.take(Region::MAX_LINES).map(|line| shown_line(text, line)).collect(),
        line_hash: match place {
            Place::Message(_) => String::new(),
            _ => text.line_hash(first),
        },
    })
}

/// The bytes that a place means: half open, inside the text, never inside a character. None for places without lines.
///
/// Foreign lines and columns: column 0 of the start is the start of the line, column 0 of the end is the end of its
/// line; a start without an end is the whole line if it has no column, else one character.
pub(crate) fn span_of(text: &Text<'_>, place: &Place) -> Option<Span> {
    match place {
        Place::Change | Place::File(_) => None,
        Place::Message(span) | Place::Span(_, span) => Some(clamped(text, *span)),
        Place::Lines { start, end, unit, .. } => Some(foreign_span(text, *start, *end, *unit)),
    }
}

fn clamped(text: &Text<'_>, span: Span) -> Span {
    let n_bytes = text.bytes().len();
    let start = text.character_start(span.start.min(n_bytes));
    let mut end = text.character_start(span.end.clamp(start, n_bytes));
    if end < span.end.min(n_bytes) {
        end = text.character_end(end);
    }
    Span { start, end }
}

fn foreign_span(text: &Text<'_>, start: LineColumn, end: Option<LineColumn>, unit: ColumnUnit) -> Span {
    let first = offset(text, start, unit).unwrap_or_else(|| line_of(text, start).start);
    let last = match end {
        Some(end) => offset(text, end, unit).unwrap_or_else(|| line_of(text, end).end),
        None if start.column == 0 => line_of(text, start).end,
        None => text.character_end(first).min(line_of(text, start).end),
    };
    Span { start: first, end: last.max(first) }
}

/// The line that a foreign tool means, or the nearest that there is.
fn line_of(text: &Text<'_>, at: LineColumn) -> Span {
    let index = usize::try_from(at.line).unwrap_or(usize::MAX).saturating_sub(1);
    text.line(index.min(text.n_lines() - 1))
}

/// The offset of a foreign line and column; none without a column.
fn offset(text: &Text<'_>, at: LineColumn, unit: ColumnUnit) -> Option<usize> {
    let n_units = usize::try_from(at.column.checked_sub(1)?).unwrap_or(usize::MAX);
    if usize::try_from(at.line).is_ok_and(|line| line > text.n_lines()) {
        return Some(text.bytes().len());
    }
    let line = line_of(text, at);
    Some(text.character_start(text.advance(line.start, n_units, unit, line.end)))
}

/// The part of a span that a reader sees: it does not reach over the end of its last line, and nothing stands behind
/// the last line of the file.
fn visible(text: &Text<'_>, span: Span) -> Span {
    let last = text.line_at(if span.end > span.start { span.end - 1 } else { span.end });
    let end = span.end.min(text.line(last).end);
    let start = span.start.min(text.line(text.line_at(span.start)).end);
    Span { start, end: end.max(start) }
}

fn position(text: &Text<'_>, line: usize, offset: usize) -> Position {
    let column = text.n_units(text.line(line).start, offset, ColumnUnit::Utf16);
    Position { line: number(line), column: number(column) }
}

/// The byte of a line at which a column (from 1, in UTF-16 units) begins; the line's length for one behind its end.
pub(crate) fn byte_of(line: &str, column: u32) -> usize {
    let mut n_left = column.saturating_sub(1);
    for (byte, character) in line.char_indices() {
        if n_left == 0 {
            return byte;
        }
        n_left = n_left.saturating_sub(if character.len_utf16() == 2 { 2 } else { 1 });
    }
    line.len()
}

/// A count from 0 as a number from 1.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

fn shown_line(text: &Text<'_>, line: usize) -> String {
    let bytes = text.slice(text.line(line));
    let head = bytes.get(..bytes.len().min(Region::MAX_LINE + 3)).unwrap_or(bytes);
    let mut shown = String::from_utf8_lossy(head).into_owned();
    if bytes.len() > Region::MAX_LINE {
        shown.truncate(shown.floor_char_boundary(Region::MAX_LINE));
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, proptest};

    use super::{locate, span_of};
    use crate::model::path::RepoPath;
    use crate::model::place::{ColumnUnit, LineColumn, Place, Position, Region, Span};
    use crate::sarif::text::Text;

    fn span(start: usize, end: usize) -> Place {
        Place::Span(RepoPath::from("f"), Span { start, end })
    }

    fn lines(start: (u32, u32), end: Option<(u32, u32)>, unit: ColumnUnit) -> Place {
        let at = |(line, column)| LineColumn { line, column };
        Place::Lines { path: RepoPath::from("f"), start: at(start), end: end.map(at), unit }
    }

    /// `expected` is the start and the end, each line and column.
    #[track_caller]
    fn check(text: &str, place: &Place, expected: [(u32, u32); 2]) {
        let region = locate(&Text::new(text.as_bytes()), place).expect("a region");
        let at = |position: Position| (position.line, position.column);
        assert_eq!([at(region.start), at(region.end)], expected);
    }

    #[test]
    fn bytes_become_lines_and_utf16_columns() {
        check("one\ntwo\n", &span(4, 7), [(2, 1), (2, 4)]);
        check("é😀x\n", &span(6, 7), [(1, 4), (1, 5)]);
        check("é😀x\n", &span(3, 4), [(1, 2), (1, 4)]);
        check("", &span(0, 0), [(1, 1), (1, 1)]);
        check("ab", &span(2, 2), [(1, 3), (1, 3)]);
        check("ab", &span(7, 3), [(1, 3), (1, 3)]);
    }

    #[test]
    fn a_region_does_not_reach_over_its_last_line() {
        check("ab\ncd\n", &span(0, 3), [(1, 1), (1, 3)]);
        check("ab\r\ncd\r\n", &span(1, 4), [(1, 2), (1, 3)]);
        check("ab\n\n\n", &span(3, 5), [(2, 1), (3, 1)]);
        check("ab\n", &span(2, 3), [(1, 3), (1, 3)]);
    }

    #[test]
    fn nothing_stands_behind_the_last_line() {
        check("ab\n", &span(3, 3), [(1, 3), (1, 3)]);
        check("ab\n", &lines((2, 1), None, ColumnUnit::Bytes), [(1, 3), (1, 3)]);
        check("ab\ncd", &lines((9, 0), None, ColumnUnit::Bytes), [(2, 1), (2, 3)]);
    }

    #[test]
    fn foreign_columns_are_read_in_their_unit() {
        for (unit, column) in [(ColumnUnit::Bytes, 7), (ColumnUnit::Utf16, 4), (ColumnUnit::Characters, 3)] {
            check("é😀x y", &lines((1, column), None, unit), [(1, 4), (1, 5)]);
            check("é😀x y", &lines((1, column), Some((1, column + 2)), unit), [(1, 4), (1, 6)]);
        }
    }

    #[test]
    fn column_zero_is_the_whole_line() {
        check("ab\n  cd\r\nef", &lines((2, 0), None, ColumnUnit::Utf16), [(2, 1), (2, 5)]);
        check("ab\ncd\nef", &lines((1, 2), Some((2, 0)), ColumnUnit::Utf16), [(1, 2), (2, 3)]);
    }

    #[test]
    fn foreign_places_outside_of_the_text_are_moved_into_it() {
        check("ab\ncd", &lines((0, 0), None, ColumnUnit::Bytes), [(1, 1), (1, 3)]);
        check("ab\ncd", &lines((1, 99), Some((1, 120)), ColumnUnit::Utf16), [(1, 3), (1, 3)]);
        check("ab\ncd", &lines((1, 1), Some((99, 9)), ColumnUnit::Characters), [(1, 1), (2, 3)]);
        check("ab\ncd", &lines((2, 2), Some((1, 1)), ColumnUnit::Characters), [(2, 2), (2, 2)]);
        check("ab\ncd", &lines((u32::MAX, u32::MAX), None, ColumnUnit::Characters), [(2, 3), (2, 3)]);
    }

    #[test]
    fn the_lines_around_are_kept() {
        let text: String = (1..=9).map(|line| format!("line {line}\n")).collect();
        let region = locate(&Text::new(text.as_bytes()), &lines((5, 1), None, ColumnUnit::Bytes)).unwrap();
        assert_eq!(region.first_line, 3);
        assert_eq!(region.lines, ["line 3", "line 4", "line 5", "line 6", "line 7"]);
        let region = locate(&Text::new(text.as_bytes()), &span(0, text.len())).unwrap();
        assert_eq!((region.first_line, region.lines.len()), (1, 9));
    }

    #[test]
    fn long_lines_and_many_lines_are_cut() {
        let text = format!("{}\n{}", "é".repeat(5_000), "x\n".repeat(500));
        let region = locate(&Text::new(text.as_bytes()), &span(0, text.len())).unwrap();
        assert_eq!(region.lines[0].len(), Region::MAX_LINE);
        assert_eq!(region.lines.len(), Region::MAX_LINES);
    }

    #[test]
    fn only_files_have_a_line_hash() {
        let text = Text::new(b"");
        let region = locate(&text, &Place::Message(Span { start: 0, end: 0 })).unwrap();
        assert_eq!(region.line_hash, "");
        assert_eq!(locate(&text, &span(0, 0)).unwrap().line_hash, "c129715d7a2bc9a3:1");
        assert_eq!(locate(&text, &Place::Change), None);
        assert_eq!(locate(&text, &Place::File(RepoPath::from("f"))), None);
    }

    fn any_place() -> impl Strategy<Value = Place> {
        let number = || proptest::prop_oneof![0_u32..12, any::<u32>()];
        (number(), number(), proptest::option::of((number(), number())), 0..4_usize).prop_map(|(a, b, end, kind)| {
            match kind {
                0 => span(a as usize, b as usize),
                1 => lines((a, b), end, ColumnUnit::Bytes),
                2 => lines((a, b), end, ColumnUnit::Characters),
                _ => lines((a, b), end, ColumnUnit::Utf16),
            }
        })
    }

    proptest! {
        #[test]
        fn any_place_in_any_text_gives_a_sound_region(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec![&b"a"[..], b"\n", b"\r\n", b"\r", b"\t", b"\xff", b"\xc3", "é".as_bytes(), "😀".as_bytes()]), 0..30),
            place in any_place(),
        ) {
            let bytes = pieces.concat();
            let text = Text::new(&bytes);
            let span = span_of(&text, &place).expect("a span");
            prop_assert!(span.start <= span.end && span.end <= bytes.len());
            let region = locate(&text, &place).expect("a region");
            prop_assert!(region.start <= region.end);
            prop_assert!(region.first_line <= region.start.line);
            let last = region.first_line as usize + region.lines.len() - 1;
            prop_assert!(region.end.line as usize <= last);
            let n_lines = memchr::memchr_iter(b'\n', &bytes).count() + 1;
            prop_assert!(last <= n_lines);
        }
    }
}
