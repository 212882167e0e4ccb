//! Formats of lines: one bounded line after the other.

use std::io::{BufRead, Read};

use crate::check::coverage::formats::shortened;

/// The most bytes of a line: no path and no count comes near.
const MAX_LINE: u64 = 1 << 20;

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

/// Hands each line to `take`.
pub(super) fn each(
    input: &mut dyn BufRead,
    take: &mut dyn FnMut(&Line<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let read = (&mut *input).take(MAX_LINE).read_until(b'\n', &mut bytes);
        if read.map_err(|error| error.to_string())? == 0 {
            break;
        }
        let is_ended = bytes.ends_with(b"\n");
        if !is_ended && bytes.len() as u64 == MAX_LINE {
            return Err(format!("line {number} has more than {} KiB", MAX_LINE >> 10));
        }
        let text = String::from_utf8_lossy(&bytes);
        take(&Line { number, text: text.trim_end_matches(['\n', '\r']), is_ended })?;
    }
    Ok(())
}
