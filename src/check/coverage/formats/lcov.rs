//! The tracefiles of lcov, which most languages have a tool to write.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::check::coverage::formats::lines::{Line, each};
use crate::check::coverage::formats::{count, number};
use crate::check::coverage::gathered::{Gathered, Ran};

/// Reads records, each from `SF:` to `end_of_record`.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    let mut record = None;
    each(input, &mut |line| take(line, &mut record, into))?;
    match record {
        Some(Record { file, .. }) => Err(format!("it is broken off: the record of {file} has no end")),
        None => Ok(()),
    }
}

/// What is open of one file.
struct Record {
    file: String,
    is_wanted: bool,
    /// Of each line with branches, whether some were taken and whether some were not.
    branches: BTreeMap<u32, (bool, bool)>,
}

fn take(line: &Line<'_>, record: &mut Option<Record>, into: &mut Gathered<'_>) -> Result<(), String> {
    let text = line.text.trim_ascii();
    let (key, value) = cut(text, b':');
    let is_key = || !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_uppercase());
    match (key, &mut *record) {
        ("", _) => Ok(()),
        ("end_of_record", Some(_)) => end(record, into),
        ("end_of_record", None) => Err(line.wrong("it ends a record that has not begun")),
        ("SF", None) => {
            let is_wanted = into.file(value, &[]);
            *record = Some(Record { file: value.to_owned(), is_wanted, branches: BTreeMap::new() });
            Ok(())
        }
        ("SF", Some(Record { file, .. })) => Err(format!("it is broken off: the record of {file} has no end")),
        ("DA" | "BRDA", None) => Err(line.wrong("it belongs to no file")),
        ("DA" | "BRDA", Some(record)) => data(key, value, record, into).map_err(|why| line.wrong(&why)),
        _ if is_key() || text.starts_with('#') => Ok(()),
        _ => Err(line.wrong("this is no tracefile of lcov")),
    }
}

/// What stands in front of a sign and behind it; all of it in front if the sign is not there. The parts are short: to look
/// at each byte takes less than to begin a search.
fn cut(text: &str, sign: u8) -> (&str, &str) {
    let end = text.bytes().position(|byte| byte == sign).unwrap_or(text.len());
    (text.get(..end).unwrap_or_default(), text.get(end + 1..).unwrap_or_default())
}

fn data(key: &str, value: &str, record: &mut Record, into: &mut Gathered<'_>) -> Result<(), String> {
    let (at, value) = cut(value, b',');
    let at = number(at)?;
    if key == "DA" {
        let hits = count(cut(value, b',').0)?;
        return if record.is_wanted { into.line(at, Ran::of(hits)) } else { Ok(()) };
    }
    let taken = match value.rsplit(',').next().unwrap_or_default() {
        "-" => 0,
        taken => count(taken)?,
    };
    if record.is_wanted {
        let of_line = record.branches.entry(at).or_default();
        if taken > 0 { of_line.0 = true } else { of_line.1 = true }
    }
    Ok(())
}

fn end(record: &mut Option<Record>, into: &mut Gathered<'_>) -> Result<(), String> {
    let branches = record.take().map(|record| record.branches).unwrap_or_default();
    for (line, _) in branches.into_iter().filter(|(_, (taken, not_taken))| *taken && *not_taken) {
        into.partly(line);
    }
    Ok(())
}
