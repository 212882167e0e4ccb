//! The JSON of `llvm-cov export`, which clang, rustc and Swift have. A file is cut into segments: from its start to that
//! of the next, each has a count or none. Which lines were run follows from them as `llvm-cov show` tells it
//! (`LineCoverageStats` of LLVM's CoverageMapping).

use std::io::BufRead;

use crate::check::coverage::formats::json::{Json, Start, unlike};
use crate::check::coverage::gathered::{Gathered, Ran};

/// Reads a document: `data`, a list of exports, each with `files`.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    let mut has_data = false;
    Json::new(input).document(&mut |json| {
        json.object(&mut |json, key| match key {
            "data" => {
                has_data = true;
                json.list(&mut |json, start| export(json, &start, into))
            }
            _ => json.skip(),
        })
    })?;
    if has_data { Ok(()) } else { Err(unlike()) }
}

fn export(json: &mut Json<'_>, start: &Start, into: &mut Gathered<'_>) -> Result<(), String> {
    let Start::Object = start else { return Err(unlike()) };
    json.members(&mut |json, key| match key {
        "files" => json.list(&mut |json, start| file(json, &start, into)),
        _ => json.skip(),
    })
}

fn file(json: &mut Json<'_>, start: &Start, into: &mut Gathered<'_>) -> Result<(), String> {
    let Start::Object = start else { return Err(unlike()) };
    let (mut name, mut segments) = (None, None);
    json.members(&mut |json, key| match key {
        "filename" => match json.start()? {
            Start::Text(text) => {
                name = Some(text);
                Ok(())
            }
            _ => Err(unlike()),
        },
        "segments" => {
            let mut read = Vec::new();
            json.list(&mut |json, start| {
                read.push(segment(json, &start)?);
                Ok(())
            })?;
            segments = Some(read);
            Ok(())
        }
        _ => json.skip(),
    })?;
    match (name, segments) {
        (Some(name), Some(segments)) if into.file(&name, &[]) => lines(&segments, into),
        (Some(_), Some(_)) => Ok(()),
        // A summary alone tells nothing of lines.
        (Some(_), None) => Err("it has no segments: export it without `-summary-only`".to_owned()),
        _ => Err(unlike()),
    }
}

#[derive(Clone, Copy)]
struct Segment {
    line: u32,
    n_runs: u64,
    /// Whether something is counted from here on.
    is_counted: bool,
    /// Whether a region of the source begins here, and not only the rest of one around another.
    is_entry: bool,
    /// Whether it is only what lies between two regions.
    is_gap: bool,
}

impl Segment {
    /// Whether code begins here of which the runs are counted.
    fn begins_code(&self) -> bool {
        self.is_counted && self.is_entry && !self.is_gap
    }
}

/// `[line, column, count, is counted, is entry, is gap]`; the last is missing in old versions.
fn segment(json: &mut Json<'_>, start: &Start) -> Result<Segment, String> {
    let Start::List = start else { return Err(unlike()) };
    let mut values = Vec::new();
    json.items(&mut |_, value| {
        if values.len() >= 6 {
            return Err(unlike());
        }
        values.push(value);
        Ok(())
    })?;
    let flag = |at: usize| match values.get(at) {
        Some(Start::Flag(flag)) => Ok(*flag),
        Some(Start::Number(number)) => Ok(number != "0"),
        None if at == 5 => Ok(false),
        _ => Err(unlike()),
    };
    let value = |at: usize| values.get(at).ok_or_else(unlike);
    Ok(Segment {
        line: value(0)?.line()?,
        n_runs: value(2)?.count()?,
        is_counted: flag(3)?,
        is_entry: flag(4)?,
        is_gap: flag(5)?,
    })
}

fn lines(segments: &[Segment], into: &mut Gathered<'_>) -> Result<(), String> {
    let mut around: Option<Segment> = None;
    let mut next = 1;
    for of_line in segments.chunk_by(|one, other| one.line == other.line) {
        let Some(first) = of_line.first() else { continue };
        if first.line < next {
            return Err("its segments are not in order".to_owned());
        }
        if let Some(around) = around.filter(|around| around.is_counted) {
            for line in next..first.line {
                into.line(line, Ran::of(around.n_runs))?;
            }
        }
        if let Some(n_runs) = runs(of_line, around.as_ref()) {
            into.line(first.line, Ran::of(n_runs))?;
        }
        around = of_line.last().copied();
        next = first.line.saturating_add(1);
    }
    Ok(())
}

/// How often a line was run in which segments begin: as often as that of its regions that was run most; `None` if there
/// is nothing to run on it.
fn runs(of_line: &[Segment], around: Option<&Segment>) -> Option<u64> {
    let is_left_out = of_line.first().is_some_and(|first| !first.is_counted && first.is_entry);
    let around = around.filter(|around| around.is_counted && !is_left_out).map(|around| around.n_runs);
    let begun = of_line.iter().filter(|segment| segment.begins_code()).map(|segment| segment.n_runs);
    begun.chain(around).max()
}
