//! GitHub's `primaryLocationLineHash`: what its code scanning follows an alert by when lines move.

use std::collections::HashMap;

/// How many UTF-16 units a hash looks at.
const WINDOW: usize = 100;
/// The base of the polynomial.
const BASE: u64 = 37;
/// The unit that stands for the end of the file.
const END_OF_FILE: u16 = u16::MAX;

/// The hashes of the lines of a file, told from the first line on as far as they are asked for: hexadecimal digits, a
/// colon, and how many lines of the file had that hash up to here.
///
/// The file is read as UTF-16 without spaces and tabs, each of CR, LF and CRLF as one LF. A line's hash is a polynomial
/// over the hundred units that begin with its first, so it reaches into the following lines. A file that ends with a
/// line end has one more, empty line.
#[derive(Debug)]
pub(super) struct LineHashes<'a> {
    /// What was not read yet; `None` when all was.
    rest: Option<&'a [u8]>,
    rolling: Rolling,
    starts_line: bool,
    after_return: bool,
}

impl<'a> LineHashes<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: Some(bytes), rolling: Rolling::new(), starts_line: true, after_return: false }
    }

    /// That of a line, counted from 0; empty for one that is not there.
    pub(super) fn of(&mut self, line: usize) -> String {
        while self.rolling.hashes.len() <= line
            && let Some(rest) = self.rest
        {
            match rest.split_first() {
                Some((byte, rest)) if byte.is_ascii() => {
                    self.rest = Some(rest);
                    self.push(u16::from(*byte));
                }
                Some(_) => {
                    let (other, rest) = rest.split_at(rest.iter().take_while(|byte| !byte.is_ascii()).count());
                    self.rest = Some(rest);
                    utf16_units(other).for_each(|unit| self.push(unit));
                }
                None => {
                    self.rest = None;
                    self.rolling.push(END_OF_FILE, self.starts_line);
                    (0..WINDOW).for_each(|_| self.rolling.push(0, false));
                }
            }
        }
        self.rolling.hashes.get(line).map_or_else(String::new, |(hash, count)| format!("{hash:x}:{count}"))
    }

    fn push(&mut self, unit: u16) {
        let follows_return = std::mem::replace(&mut self.after_return, unit == u16::from(b'\r'));
        let is_blank = unit == u16::from(b' ') || unit == u16::from(b'\t');
        if is_blank || (follows_return && unit == u16::from(b'\n')) {
            return;
        }
        let unit = if self.after_return { u16::from(b'\n') } else { unit };
        self.rolling.push(unit, self.starts_line);
        self.starts_line = unit == u16::from(b'\n');
    }
}

/// The units of a text, with the replacement character for each sequence that is not UTF-8.
fn utf16_units(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let replacement = if chunk.invalid().is_empty() { "" } else { "\u{fffd}" };
        chunk.valid().encode_utf16().chain(replacement.encode_utf16())
    })
}

/// The hash of the last [`WINDOW`] units, kept up to date unit by unit (Rabin and Karp).
#[derive(Debug)]
struct Rolling {
    window: [u16; WINDOW],
    is_line_start: [bool; WINDOW],
    next: usize,
    hash: u64,
    counts: HashMap<u64, u64>,
    /// Of each line the hash, and how many lines had it up to here.
    hashes: Vec<(u64, u64)>,
}

impl Rolling {
    fn new() -> Self {
        Self {
            window: [0; WINDOW],
            is_line_start: [false; WINDOW],
            next: 0,
            hash: 0,
            counts: HashMap::new(),
            hashes: Vec::new(),
        }
    }

    /// Takes in the next unit; a line whose first unit leaves the window has its hash now.
    fn push(&mut self, unit: u16, starts_line: bool) {
        let index = self.next;
        self.next = (index + 1) % WINDOW;
        let (Some(slot), Some(mark)) = (self.window.get_mut(index), self.is_line_start.get_mut(index)) else {
            return;
        };
        let leaving = std::mem::replace(slot, unit);
        if std::mem::replace(mark, starts_line) {
            let count = self.counts.entry(self.hash).or_default();
            *count += 1;
            self.hashes.push((self.hash, *count));
        }
        const POWER: u64 = BASE.wrapping_pow(WINDOW as u32);
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(POWER.wrapping_mul(u64::from(leaving)));
    }
}

#[cfg(test)]
mod tests {
    use super::LineHashes;

    /// The hash of every line.
    fn line_hashes(bytes: &[u8]) -> Vec<String> {
        let mut hashes = LineHashes::new(bytes);
        (0..).map(|line| hashes.of(line)).take_while(|hash| !hash.is_empty()).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(line_hashes(text.as_bytes()), expected);
    }

    #[test]
    fn published_vectors() {
        check("", &["c129715d7a2bc9a3:1"]);
        check(
            " a\nb\n  \t\tc\n d",
            &["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
        );
        check(
            "fn main() {\n    println!(\"a\");\n}\n",
            &["862a5a768ffba1d8:1", "5678f6536de943e5:1", "32dce9ccfdbc9d3e:1", "c129715d7a2bc9a3:1"],
        );
    }

    #[test]
    fn every_kind_of_line_end_counts_as_one_and_the_same() {
        let expected = line_hashes(b"one\ntwo\n\nthree");
        assert_eq!(expected.len(), 4);
        assert_eq!(line_hashes(b"one\r\ntwo\r\n\r\nthree"), expected);
        assert_eq!(line_hashes(b"one\rtwo\r\rthree"), expected);
        assert_eq!(line_hashes(b"one \t\r\ntwo\n\r\n\tthree"), expected);
        assert_eq!(line_hashes(b"one\r \ntwo\n").len(), 4, "a blank between CR and LF makes two line ends of them");
    }

    #[test]
    fn a_line_has_the_same_hash_whichever_is_asked_for_first() {
        let text = "é\n".repeat(90) + "\tü\r\n\r" + &"end\n".repeat(60) + "\u{1f600}";
        let all = line_hashes(text.as_bytes());
        for line in [0, 1, 89, 90, 91, 92, 93, 151, 152] {
            assert_eq!(LineHashes::new(text.as_bytes()).of(line), all[line], "{line}");
        }
        let mut hashes = LineHashes::new(text.as_bytes());
        assert_eq!([hashes.of(100), hashes.of(3), hashes.of(999)], [all[100].as_str(), all[3].as_str(), ""]);
    }

    #[test]
    fn equal_lines_are_counted() {
        let text = "x\n".repeat(250);
        let hashes = line_hashes(text.as_bytes());
        assert_eq!(hashes.len(), 251);
        let of_first = hashes[0].split(':').next().unwrap();
        assert_eq!(hashes[7], format!("{of_first}:8"));
    }

    #[test]
    fn bytes_that_are_no_text_have_a_hash_too() {
        assert_eq!(line_hashes(b"a\xff\n\xc3").len(), 2);
        assert_eq!(line_hashes(b"\xff"), line_hashes("\u{fffd}".as_bytes()));
    }
}
