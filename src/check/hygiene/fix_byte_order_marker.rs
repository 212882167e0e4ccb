//! `fix-byte-order-marker`: the three bytes that some editors put before UTF-8.

use crate::check::hygiene::at;
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Edit, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct FixByteOrderMarker;

static ABOUT: About = About {
    id: "fix-byte-order-marker",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "A byte-order mark at the start of a UTF-8 file.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A text file that starts with the bytes EF BB BF, the byte-order mark of UTF-8. Files whose programs want it are left \
out: PowerShell scripts, Visual Studio solutions, CSV and TSV.

## Why it matters
UTF-8 has no byte order. The mark is invisible, and programs that do not expect it fail in strange ways: a script loses \
its `#!` line, a JSON parser refuses the file, the first key of a configuration is not found.

## Example
A file with the bytes EF BB BF before `#!/bin/sh`.

## Fix
The three bytes are removed, as often as they stand there.

## Options
None.
";

const MARK: &[u8] = b"\xef\xbb\xbf";

impl FileCheck for FixByteOrderMarker {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        let kind = filetype::kind(&side.path);
        side.mode.is_regular() && !matches!(kind, Some(filetype::Kind::Binary | filetype::Kind::Marked))
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        if !file.is_text || !file.bytes.starts_with(MARK) {
            return Ok(Examined::default());
        }
        // Programs that put one there put it before one that is there already.
        let n_marks = file.bytes.chunks(MARK.len()).take_while(|chunk| *chunk == MARK).count();
        let span = Span { start: 0, end: n_marks * MARK.len() };
        let finding = at(&ABOUT, file, span, "byte-order mark at the start of the file")
            .with_anchor(Anchor::of_file(b"byte-order mark"))
            .with_fix("remove the byte-order mark", vec![Edit { span, replacement: Vec::new() }]);
        Ok(vec![finding].into())
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("{}: removed byte-order marker", file.side.path)
    }
}

#[cfg(test)]
mod tests {
    use super::FixByteOrderMarker;
    use crate::check::hygiene::examples::{Case, fixed};

    #[test]
    fn the_mark_goes_and_nothing_else() {
        let check = |content: &str, expected: &str| {
            assert_eq!(fixed(&FixByteOrderMarker, &Case::new("a.c", content.as_bytes())), expected);
        };
        check("\u{feff}a\u{feff}", "a\u{feff}");
        check("a\u{feff}", "a\u{feff}");
        check("\u{feff}\u{feff}a", "a");
        check("", "");
    }

    #[test]
    fn files_that_need_the_mark_keep_it() {
        assert!(!Case::new("a.ps1", b"").is_wanted(&FixByteOrderMarker));
        assert!(Case::new("a.py", b"").is_wanted(&FixByteOrderMarker));
    }
}
