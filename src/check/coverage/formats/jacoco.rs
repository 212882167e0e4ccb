//! JaCoCo's XML. A file is named by its package, so it stands in one of the source folders, of which nothing is told.

use std::io::BufRead;

use quick_xml::events::BytesStart;

use crate::check::coverage::formats::xml::{Piece, needed, pieces};
use crate::check::coverage::formats::{count, number};
use crate::check::coverage::gathered::{Gathered, Ran};

/// Reads a document: packages of source files, each with its lines.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    let mut package = String::new();
    let mut is_wanted = false;
    pieces(input, "report", &mut |piece| match piece {
        Piece::Open("package", tag) => {
            package = needed(tag, "name")?.into_owned();
            Ok(())
        }
        Piece::Open("sourcefile", tag) => {
            let name = needed(tag, "name")?;
            let file = if package.is_empty() { name.into_owned() } else { format!("{package}/{name}") };
            is_wanted = into.file(&file, &[]);
            Ok(())
        }
        Piece::Close("sourcefile") => {
            is_wanted = false;
            Ok(())
        }
        Piece::Open("line", tag) => {
            let (at, ran) = line(tag)?;
            if is_wanted { into.line(at, ran) } else { Ok(()) }
        }
        _ => Ok(()),
    })
}

/// `mi` and `ci` are the instructions that were missed and covered, `mb` the branches that were missed.
fn line(tag: &BytesStart<'_>) -> Result<(u32, Ran), String> {
    let told = |name: &str| needed(tag, name).and_then(|text| count(&text));
    let ran = match (told("ci")?, told("mi")?, told("mb")?) {
        (0, ..) => Ran::Not,
        (_, 0, 0) => Ran::Covered,
        _ => Ran::Partly,
    };
    Ok((number(&needed(tag, "nr")?)?, ran))
}
