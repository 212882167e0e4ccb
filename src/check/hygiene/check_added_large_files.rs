//! `check-added-large-files`: files that make the repository heavy for ever.

use crate::check::{About, Active, Examined, FileCheck, FileInput};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check. What git LFS keeps elsewhere is a small pointer here.
pub(crate) struct CheckAddedLargeFiles;

static ABOUT: About = About {
    id: "check-added-large-files",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "A large file that the change adds.",
    doc: DOC,
    options: &[
        OptionSpec {
            name: "maxkb",
            kind: OptionKind::Number,
            help: "The most kilobytes (of 1,024 bytes) that an added file may have; default: 500.",
        },
        OptionSpec { name: "enforce-all", kind: OptionKind::Flag, help: "Look at every file, not only at added ones." },
    ],
};

const DOC: &str = "\
## What it finds
A file that the change adds and that has more than 500 kilobytes. Files that git LFS keeps are small pointers here and \
pass.

## Why it matters
Git keeps every version of every file. A large file that was committed once is in every clone for ever, also after it \
was deleted.

## Example
A video of 40 megabytes among the sources.

## Fix
Keep the file out of the repository (generate or download it), or let git LFS keep it: `git lfs track '*.mp4'`. If it \
belongs there, raise `maxkb`.

## Options
- `maxkb`: the most kilobytes of 1,024 bytes; 500 by default. A started kilobyte counts.
- `enforce-all`: look at every file, not only at added ones.
";

/// The most kilobytes where nothing else is said.
const MAX_KB: u64 = 500;

impl FileCheck for CheckAddedLargeFiles {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular()
    }

    fn reads_content(&self) -> bool {
        false
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let max = options.number("maxkb", MAX_KB);
        let n_kb = file.n_bytes.div_ceil(1024);
        if n_kb <= max || !(file.is_added || options.flag("enforce-all")) {
            return Ok(Examined::default());
        }
        let message = format!("the file has {n_kb} KB, more than the {max} KB that are allowed");
        let finding = Finding::new(ABOUT.id, ABOUT.level, Place::File(file.side.path.clone()), message)
            .with_hint("keep it out of the repository, or let git LFS keep it; `maxkb` sets the limit")
            .with_anchor(Anchor::of_file(b"large file"));
        Ok(vec![finding].into())
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, options: &Options) -> String {
        let max = options.number("maxkb", MAX_KB);
        format!("{} ({} KB) exceeds {max} KB.", file.side.path, file.n_bytes.div_ceil(1024))
    }
}

#[cfg(test)]
mod tests {
    use super::CheckAddedLargeFiles;
    use crate::check::hygiene::examples::{Case, flagged, numbered};

    #[track_caller]
    fn check(case: &Case<'_>, is_found: bool) {
        assert_eq!(!case.findings(&CheckAddedLargeFiles).is_empty(), is_found, "{case:?}");
    }

    #[test]
    fn a_started_kilobyte_counts() {
        let added = |n_bytes| Case { n_bytes: Some(n_bytes), is_added: true, ..Case::new("a.bin", b"") };
        check(&added(500 * 1024), false);
        check(&added(500 * 1024 + 1), true);
        check(&added(u64::MAX), true);
        let options = || numbered("maxkb", 1);
        check(&Case { options: options(), ..added(1024) }, false);
        check(&Case { options: options(), ..added(1025) }, true);
    }

    #[test]
    fn only_added_files_count_unless_all_do() {
        let old = || Case { n_bytes: Some(1 << 30), is_added: false, ..Case::new("a.bin", b"") };
        check(&old(), false);
        check(&Case { options: flagged("enforce-all"), ..old() }, true);
    }
}
