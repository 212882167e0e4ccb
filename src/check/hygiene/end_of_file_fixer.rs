//! `end-of-file-fixer`: a text ends with exactly one line end.

use crate::check::hygiene::at;
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype, lines};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Edit, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct EndOfFileFixer;

static ABOUT: About = About {
    id: "end-of-file-fixer",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "A text that does not end with exactly one line end.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A text file whose last line has no line end, or that ends with empty lines. An empty file is fine. Binary files are \
left out.

## Why it matters
POSIX tools work on lines: `cat` glues the next file to the last line, `read` drops it, and the next line that is added \
shows up in the diff as two changed lines. Empty lines at the end are noise.

## Example
A file with the five bytes `hello` and nothing after them.

## Fix
The missing line end is added, of the kind that the file has already; line ends after the first are removed. A file of \
nothing but line ends becomes empty.

## Options
None.
";

impl FileCheck for EndOfFileFixer {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) != Some(filetype::Kind::Binary)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let bytes = file.bytes;
        let finding = match (bytes.last(), surplus(bytes)) {
            _ if !file.is_text => None,
            (None, _) => None,
            (Some(b'\n' | b'\r'), None) => None,
            (Some(b'\n' | b'\r'), Some(span)) => {
                let message = if span.start == 0 { "nothing but line ends in the file" } else { SURPLUS };
                let edit = Edit { span, replacement: Vec::new() };
                Some(at(&ABOUT, file, span, message).with_fix("remove the empty lines at the end", vec![edit]))
            }
            (Some(_), _) => {
                let span = Span { start: bytes.len(), end: bytes.len() };
                let end = lines::ends(bytes).next().map_or(&b"\n"[..], |end| lines::text(bytes, end));
                let edit = Edit { span, replacement: if end == b"\r\n" { end.to_vec() } else { b"\n".to_vec() } };
                Some(at(&ABOUT, file, span, MISSING).with_fix("end the last line", vec![edit]))
            }
        };
        let anchored = finding.map(|finding| {
            let anchor = Anchor::of_file(finding.message.as_bytes());
            finding.with_anchor(anchor)
        });
        Ok(Vec::from_iter(anchored).into())
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("Fixing {}", file.side.path)
    }
}

const MISSING: &str = "no line end at the end of the file";
const SURPLUS: &str = "empty lines at the end of the file";

/// What is too much at the end: all line ends after the first, or all if there is nothing before them.
fn surplus(bytes: &[u8]) -> Option<Span> {
    let kept = bytes.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let tail = bytes.get(kept..).unwrap_or_default();
    let first = match tail {
        _ if kept == 0 => 0,
        [b'\r', b'\n', ..] => 2,
        _ => 1,
    };
    (tail.len() > first).then_some(Span { start: kept + first, end: bytes.len() })
}

#[cfg(test)]
mod tests {
    use super::EndOfFileFixer;
    use crate::check::hygiene::examples::{Case, fixed};

    #[track_caller]
    fn check(content: &str, expected: &str) {
        assert_eq!(fixed(&EndOfFileFixer, &Case::new("a.txt", content.as_bytes())), expected, "{content:?}");
    }

    #[test]
    fn a_text_ends_with_one_line_end() {
        check("", "");
        check("a", "a\n");
        check("a\n", "a\n");
        check("a\n\n", "a\n");
        check("a\r\n", "a\r\n");
        check("a\r\n\r\n", "a\r\n");
        check("a\r\n\n", "a\r\n");
        check("a\r", "a\r");
        check("a\r\r", "a\r");
        check("a\n\r", "a\n");
        check("\n", "");
        check("\r\n\n", "");
        check("a\n ", "a\n \n");
    }

    #[test]
    fn the_added_line_end_is_of_the_files_kind() {
        check("a\r\nb", "a\r\nb\r\n");
        check("a\nb", "a\nb\n");
    }

    #[test]
    fn binary_content_is_left_alone() {
        assert!(Case::new("a.txt", b"a\0b").findings(&EndOfFileFixer).is_empty());
    }
}
