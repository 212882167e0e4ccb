//! The results of Ruby's SimpleCov (`.resultset.json`): of each run of tests, how often each line was executed.

use std::io::BufRead;

use crate::check::coverage::formats::json::{Json, Start, unlike};
use crate::check::coverage::gathered::{Gathered, Ran};

/// Reads a document: runs by name, each with `coverage`, in which each file has a list of counts, or one as `lines`.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    Json::new(input).document(&mut |json| {
        json.object(&mut |json, _| {
            let mut has_coverage = false;
            json.object(&mut |json, key| match key {
                "coverage" => {
                    has_coverage = true;
                    json.object(&mut |json, name| file(json, name, into))
                }
                _ => json.skip(),
            })?;
            if has_coverage { Ok(()) } else { Err(unlike()) }
        })
    })
}

fn file(json: &mut Json<'_>, name: &str, into: &mut Gathered<'_>) -> Result<(), String> {
    let is_wanted = into.file(name, &[]);
    match json.start()? {
        Start::List => lines(json, is_wanted, into),
        Start::Object => {
            let mut has_lines = false;
            json.members(&mut |json, key| match (key, json.start()?) {
                ("lines", Start::List) => {
                    has_lines = true;
                    lines(json, is_wanted, into)
                }
                (_, start) => json.skip_from(&start),
            })?;
            if has_lines { Ok(()) } else { Err(unlike()) }
        }
        _ => Err(unlike()),
    }
}

/// A count for each line; `null` where nothing can be run, a text where nobody wants to know.
fn lines(json: &mut Json<'_>, is_wanted: bool, into: &mut Gathered<'_>) -> Result<(), String> {
    let mut at = 0_u32;
    json.items(&mut |_, start| {
        at = at.saturating_add(1);
        match start {
            Start::Null | Start::Text(_) => Ok(()),
            start => {
                let ran = Ran::of(start.count()?);
                if is_wanted { into.line(at, ran) } else { Ok(()) }
            }
        }
    })
}
