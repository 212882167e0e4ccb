//! Lines of reports, of which one may be longer than anyone reads.

use std::io::{BufRead, Read};

use crate::check::suite::Cut;

/// The most bytes that are kept of a line.
const MAX_LINE: u64 = 1 << 20;

/// What a line gives: the text without its end, and whether a part of it was left out.
pub(super) struct Line<'a> {
    /// The text, in which what is no UTF-8 is replaced.
    pub(super) text: &'a str,
    /// Whether it was too long to be kept whole.
    pub(super) is_cut: bool,
}

/// Reads a report line by line.
pub(super) fn each(input: &mut dyn BufRead, take: &mut dyn FnMut(Line<'_>) -> Result<(), Cut>) -> Result<(), Cut> {
    let broken = |error: std::io::Error| Cut(format!("it can't be read: {error}"));
    let mut bytes = Vec::new();
    let mut is_first = true;
    loop {
        bytes.clear();
        Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut bytes).map_err(broken)?;
        if bytes.is_empty() {
            return Ok(());
        }
        let is_cut = bytes.len() as u64 == MAX_LINE && bytes.last() != Some(&b'\n');
        if is_cut {
            skip_line(input).map_err(broken)?;
        }
        let line = bytes.strip_prefix(b"\xef\xbb\xbf").filter(|_| is_first).unwrap_or(&bytes);
        is_first = false;
        let text = String::from_utf8_lossy(line);
        take(Line { text: text.trim_end_matches(['\n', '\r']), is_cut })?;
    }
}

/// Passes over what is left of a line.
fn skip_line(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(());
        }
        let end = memchr::memchr(b'\n', available);
        let n_bytes = end.map_or(available.len(), |at| at + 1);
        input.consume(n_bytes);
        if end.is_some() {
            return Ok(());
        }
    }
}
