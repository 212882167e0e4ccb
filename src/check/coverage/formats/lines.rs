//! Formats of lines: one bounded line after the other.

use std::borrow::Cow;
use std::io::BufRead;

use memchr::memchr;

use crate::check::coverage::formats::shortened;

/// The most bytes of a line: no path and no count comes near.
const MAX_LINE: usize = 1 << 20;

/// A line of a report, without its end.
pub(super) struct Line<'a> {
    /// Its number, from 1.
    pub(super) number: usize,
    /// Its text; bytes that are no UTF-8 are replaced.
    pub(super) text: &'a str,
    /// Whether it has an end: the last line of a file that is cut off has none.
    pub(super) is_ended: bool,
}

impl Line<'_> {
    /// That the line is not what it should be.
    pub(super) fn wrong(&self, why: &str) -> String {
        format!("line {}: {why}: {}", self.number, shortened(self.text))
    }
}

/// What takes lines.
type Take<'a> = dyn FnMut(&Line<'_>) -> Result<(), String> + 'a;

/// Hands each line to `take`.
pub(super) fn each(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<(), String> {
    // A line that is not whole in what was read at once.
    let mut begun = Vec::new();
    let mut number = 1;
    loop {
        let read = input.fill_buf().map_err(|error| error.to_string())?;
        let (n_read, mut rest) = (read.len(), read);
        if n_read == 0 {
            break;
        }
        while let Some((line, behind)) = memchr(b'\n', rest).and_then(|end| rest.split_at_checked(end + 1)) {
            rest = behind;
            if begun.is_empty() {
                number = hand(number, line, take)?;
            } else {
                begun.extend_from_slice(line);
                number = hand(number, &begun, take)?;
                begun.clear();
            }
        }
        begun.extend_from_slice(rest);
        if begun.len() >= MAX_LINE {
            return Err(format!("line {} has more than {} KiB", number, MAX_LINE >> 10));
        }
        input.consume(n_read);
    }
    if begun.is_empty() { Ok(()) } else { hand(number, &begun, take).map(|_| ()) }
}

/// Hands on a line; gives the number of the next one.
fn hand(number: usize, bytes: &[u8], take: &mut Take<'_>) -> Result<usize, String> {
    let is_ended = bytes.ends_with(b"\n");
    let mut line = bytes;
    while let [before @ .., b'\n' | b'\r'] = line {
        line = before;
    }
    let text = std::str::from_utf8(line).map_or_else(|_| String::from_utf8_lossy(line), Cow::Borrowed);
    take(&Line { number, text: &text, is_ended })?;
    Ok(number + 1)
}
