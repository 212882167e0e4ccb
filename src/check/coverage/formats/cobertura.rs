//! Cobertura's XML, which coverage.py, gcovr, coverlet, PHPUnit and many others write.

use std::io::BufRead;

use quick_xml::events::BytesStart;

use crate::check::coverage::formats::xml::{Piece, attributes, missing, needed, pieces};
use crate::check::coverage::formats::{count, number};
use crate::check::coverage::gathered::{Gathered, Ran};

/// The most folders that files may be relative to.
const MAX_SOURCES: usize = 1_000;

/// Reads a document: lines stand in classes and again in their methods; several classes may be in one file.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    let mut sources: Vec<String> = Vec::new();
    let mut source = None;
    let mut is_wanted = false;
    pieces(input, "coverage", &mut |piece| match piece {
        Piece::Open("source", _) => {
            source = Some(String::new());
            Ok(())
        }
        Piece::Text(text) => {
            if let Some(source) = &mut source {
                source.push_str(text);
            }
            Ok(())
        }
        Piece::Close("source") => {
            let named = source.take().map(|source| source.trim().to_owned());
            sources.extend(named.filter(|source| !source.is_empty() && sources.len() < MAX_SOURCES));
            Ok(())
        }
        Piece::Open("class", tag) => {
            is_wanted = into.file(&needed(tag, "filename")?, &sources);
            Ok(())
        }
        Piece::Close("class") => {
            is_wanted = false;
            Ok(())
        }
        Piece::Open("line", tag) => {
            let (at, ran) = line(tag)?;
            if is_wanted { into.line(at, ran) } else { Ok(()) }
        }
        Piece::Open("project", _) => Err("this is a report of Clover: say `clover`".to_owned()),
        _ => Ok(()),
    })
}

fn line(tag: &BytesStart<'_>) -> Result<(u32, Ran), String> {
    let [at, hits, conditions] = attributes(tag, ["number", "hits", "condition-coverage"])?;
    let hits = count(&hits.ok_or_else(|| missing(tag, "hits"))?)?;
    let percentage = conditions.as_deref().and_then(|conditions| conditions.split('%').next()?.trim().parse().ok());
    let is_partly = percentage.is_some_and(|percentage: f64| percentage < 100.0);
    let ran = if hits > 0 && is_partly { Ran::Partly } else { Ran::of(hits) };
    Ok((number(&at.ok_or_else(|| missing(tag, "number"))?)?, ran))
}
