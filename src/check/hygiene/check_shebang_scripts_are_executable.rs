//! `check-shebang-scripts-are-executable`: scripts that say what runs them and can't be run.

use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, filetype};
use crate::model::change::{FileSide, Mode};
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckShebangScriptsAreExecutable;

static ABOUT: About = About {
    id: "check-shebang-scripts-are-executable",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A script that says what runs it and is not executable.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A text file that begins with `#!` and lacks the executable bit. An attribute of Rust, `#![...]`, is none; \
`tollgate builtin` takes it for one, as pre-commit-hooks does.

## Why it matters
Whoever calls the script gets \"permission denied\", often only in the pipeline: work trees on Windows have no such bit.

## Example
`deploy.sh` with `#!/bin/sh` and mode 100644.

## Fix
`chmod +x FILE`, on Windows `git add --chmod=+x FILE`; or delete the first line if the file is only read by others.

## Options
None.
";

impl FileCheck for CheckShebangScriptsAreExecutable {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode == Mode::File && filetype::kind(&side.path) != Some(filetype::Kind::Binary)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let is_left_out = file.manner == Manner::Gate && (!file.is_text || file.bytes.starts_with(b"#!["));
        if is_left_out || file.side.mode == Mode::Executable || !file.bytes.starts_with(b"#!") {
            return Ok(Examined::default());
        }
        let message = "the first line says what runs the file, and it is not executable";
        let finding = Finding::new(ABOUT.id, ABOUT.level, Place::File(file.side.path.clone()), message)
            .with_hint("`chmod +x` it (on Windows `git add --chmod=+x`), or delete the line")
            .with_anchor(Anchor::of_file(b"not executable"));
        Ok(vec![finding].into())
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("{}: has a shebang but is not marked executable!", file.side.path)
    }
}

#[cfg(test)]
mod tests {
    use super::CheckShebangScriptsAreExecutable;
    use crate::check::hygiene::examples::Case;
    use crate::model::change::Mode;

    #[track_caller]
    fn check(mode: Mode, bytes: &[u8], is_found: bool) {
        let case = Case { mode, ..Case::new("a", bytes) };
        assert_eq!(!case.findings(&CheckShebangScriptsAreExecutable).is_empty(), is_found, "{bytes:?}");
    }

    #[test]
    fn a_script_is_executable() {
        check(Mode::File, b"#!/bin/sh\n", true);
        check(Mode::Executable, b"#!/bin/sh\n", false);
        check(Mode::File, b"#![allow(x)]\n", false);
        check(Mode::File, b"#!\0", false);
        check(Mode::File, b"# !\n", false);
    }
}
