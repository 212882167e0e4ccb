//! The JSON of coverage.py.

use std::collections::BTreeSet;
use std::io::BufRead;

use crate::check::coverage::formats::json::{Json, Start, unlike};
use crate::check::coverage::gathered::{Gathered, Ran};

/// Reads a document: `files`, each with the lines that were executed and those that were not.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    let mut has_files = false;
    Json::new(input).document(&mut |json| {
        json.object(&mut |json, key| match key {
            "files" => {
                has_files = true;
                json.object(&mut |json, name| file(json, name, into))
            }
            _ => json.skip(),
        })
    })?;
    if has_files { Ok(()) } else { Err(unlike()) }
}

fn file(json: &mut Json<'_>, name: &str, into: &mut Gathered<'_>) -> Result<(), String> {
    let is_wanted = into.file(name, &[]);
    let mut jumps = BTreeSet::new();
    let mut has_lines = false;
    json.object(&mut |json, key| {
        let ran = match key {
            "executed_lines" => Ran::Covered,
            "missing_lines" => Ran::Not,
            "missing_branches" if is_wanted => {
                return json.list(&mut |json, start| {
                    jumps.extend(origin(json, &start)?);
                    Ok(())
                });
            }
            _ => return json.skip(),
        };
        has_lines = true;
        json.list(&mut |_, start| {
            let line = start.line()?;
            if is_wanted { into.line(line, ran) } else { Ok(()) }
        })
    })?;
    jumps.into_iter().for_each(|line| into.partly(line));
    if has_lines { Ok(()) } else { Err(unlike()) }
}

/// The line that a jump which was not taken starts from; a negative one is the entry of a function.
fn origin(json: &mut Json<'_>, start: &Start) -> Result<Option<u32>, String> {
    let Start::List = start else { return Err(unlike()) };
    let mut ends = Vec::new();
    json.items(&mut |_, end| match end {
        Start::Number(text) if ends.len() < 2 => {
            ends.push(text.parse().ok());
            Ok(())
        }
        _ => Err(unlike()),
    })?;
    Ok(ends.first().copied().flatten())
}
