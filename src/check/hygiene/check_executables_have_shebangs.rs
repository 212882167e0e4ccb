//! `check-executables-have-shebangs`: programs that the system can't start.

use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, filetype};
use crate::model::change::{FileSide, Mode};
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckExecutablesHaveShebangs;

static ABOUT: About = About {
    id: "check-executables-have-shebangs",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A text that is executable and does not say what runs it.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A text file with the executable bit whose first two characters are not `#!`. Binary files are left out.

## Why it matters
The system does not know how to run it: at best the shell tries, line by line. Most often the bit was set by accident, by \
a copy from another file system.

## Example
`README.md` with mode 100755.

## Fix
Take the bit away, `chmod -x FILE` (on Windows `git add --chmod=-x FILE`), or write the interpreter into the first line: \
`#!/usr/bin/env python3`.

## Options
None.
";

impl FileCheck for CheckExecutablesHaveShebangs {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode == Mode::Executable && filetype::kind(&side.path) != Some(filetype::Kind::Binary)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let is_left_out = file.manner == Manner::Gate && !file.is_text;
        if is_left_out || file.bytes.starts_with(b"#!") {
            return Ok(Examined::default());
        }
        let message = "executable, and the first line does not say what runs it";
        let finding = Finding::new(ABOUT.id, ABOUT.level, Place::File(file.side.path.clone()), message)
            .with_hint("take the executable bit away, or begin with `#!` and the interpreter")
            .with_anchor(Anchor::of_file(b"no shebang"));
        Ok(vec![finding].into())
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("{}: marked executable but has no (or invalid) shebang!", file.side.path)
    }
}

#[cfg(test)]
mod tests {
    use super::CheckExecutablesHaveShebangs;
    use crate::check::hygiene::examples::Case;
    use crate::model::change::Mode;

    #[track_caller]
    fn check(path: &str, bytes: &[u8], is_found: bool) {
        let case = Case { mode: Mode::Executable, ..Case::new(path, bytes) };
        let is_wanted = case.is_wanted(&CheckExecutablesHaveShebangs);
        let findings = case.findings(&CheckExecutablesHaveShebangs);
        assert_eq!(is_wanted && !findings.is_empty(), is_found, "{path}");
    }

    #[test]
    fn an_executable_text_says_what_runs_it() {
        check("a", b"#!/bin/sh\n", false);
        check("a", b"x\n", true);
        check("a", b"", true);
        check("a.png", b"x", false);
        check("a", b"\x7fELF\0\0", false);
        assert!(!Case::new("a", b"x").is_wanted(&CheckExecutablesHaveShebangs));
    }
}
