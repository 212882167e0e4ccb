//! Clover's XML, which PHPUnit and Istanbul write too.

use std::io::BufRead;

use quick_xml::events::BytesStart;

use crate::check::coverage::formats::xml::{Piece, attribute, needed, pieces};
use crate::check::coverage::formats::{count, number};
use crate::check::coverage::gathered::{Gathered, Ran};

/// Reads a document: files, whose `path` is the whole one where there is one, with their lines.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    let mut is_wanted = false;
    pieces(input, "coverage", &mut |piece| match piece {
        Piece::Open("file", tag) => {
            let path = attribute(tag, "path")?.map_or_else(|| needed(tag, "name"), Ok)?;
            is_wanted = into.file(&path, &[]);
            Ok(())
        }
        Piece::Close("file") => {
            is_wanted = false;
            Ok(())
        }
        Piece::Open("line", tag) => {
            let (at, ran) = line(tag)?;
            if is_wanted { into.line(at, ran) } else { Ok(()) }
        }
        Piece::Open("sources" | "packages", _) => Err("this is a report of Cobertura: say `cobertura`".to_owned()),
        _ => Ok(()),
    })
}

/// A condition tells how often it was true and how often false. Where it has a count as well, as Istanbul writes it, those
/// are the numbers of its ways that were taken and that were not.
fn line(tag: &BytesStart<'_>) -> Result<(u32, Ran), String> {
    let told = |name: &str| attribute(tag, name)?.map(|text| count(&text)).transpose();
    let (yes, no) = (told("truecount")?, told("falsecount")?);
    let count = told("count")?;
    let hits = count.or(yes.map(|yes| yes.saturating_add(no.unwrap_or(0))));
    let hits = hits.ok_or_else(|| "a <line> has no `count`".to_owned())?;
    let is_partly = match count {
        Some(_) => no.is_some_and(|n_missed| n_missed > 0),
        None => [yes, no].contains(&Some(0)),
    } && hits > 0;
    Ok((number(&needed(tag, "num")?)?, if is_partly { Ran::Partly } else { Ran::of(hits) }))
}
