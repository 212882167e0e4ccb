//! `file-contents-sorter`: lists whose lines are in order.

use std::collections::BTreeSet;

use crate::check::hygiene::rewritten::{self, Rewritten};
use crate::check::{About, Active, Examined, FileCheck, FileInput};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct FileContentsSorter;

static ABOUT: About = About {
    id: "file-contents-sorter",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A list whose lines are not sorted.",
    doc: DOC,
    options: &[
        OptionSpec {
            name: "ignore-case",
            kind: OptionKind::Flag,
            help: "Take upper and lower case (ASCII) for the same.",
        },
        OptionSpec { name: "unique", kind: OptionKind::Flag, help: "Keep only one of equal lines." },
    ],
};

const DOC: &str = "\
## What it finds
A file whose lines are not in the order of their bytes, or that has empty lines. It looks only at the files that `files` \
of `[checks.file-contents-sorter]` names.

## Why it matters
When several people add to the end of the same list, each addition is a merge conflict. In a sorted list they are not.

## Example
    beta
    alpha

## Fix
The lines are sorted and empty ones are removed.

## Options
- `ignore-case`: take upper and lower case (ASCII) for the same.
- `unique`: keep only one of equal lines. Not together with `ignore-case`.
";

impl FileCheck for FileContentsSorter {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular()
    }

    fn needs_files(&self) -> bool {
        true
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let after = sorted(file.bytes, options);
        let message = "the lines are not sorted";
        Ok(rewritten::found(&ABOUT, file, Rewritten { after, message, fix: Some("sort the lines") }))
    }

    fn validate(&self, options: &Options) -> Result<(), String> {
        match options.flag("ignore-case") && options.flag("unique") {
            true => Err("`ignore-case` and `unique` exclude each other".to_owned()),
            false => Ok(()),
        }
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("Sorting {}", file.side.path)
    }
}

fn sorted(bytes: &[u8], options: &Options) -> Vec<u8> {
    let is_blank = |line: &&[u8]| line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x0b);
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)).map(without_end);
    let mut lines: Vec<&[u8]> = match options.flag("unique") {
        true => lines.collect::<BTreeSet<_>>().into_iter().collect(),
        false => lines.collect(),
    };
    match options.flag("ignore-case") {
        true => lines.sort_by_cached_key(|line| line.to_ascii_lowercase()),
        false => lines.sort_unstable(),
    }
    lines.into_iter().flat_map(|line| [line, b"\n"]).collect::<Vec<_>>().concat()
}

fn without_end(mut line: &[u8]) -> &[u8] {
    while let Some(shorter) = line.strip_suffix(b"\r") {
        line = shorter;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::FileContentsSorter;
    use crate::check::FileCheck;
    use crate::check::hygiene::examples::{Case, fixed, flagged};
    use crate::model::option::{OptionValue, Options};

    #[track_caller]
    fn check(options: Options, content: &str, expected: &str) {
        let case = Case { options, ..Case::new("list", content.as_bytes()) };
        assert_eq!(fixed(&FileContentsSorter, &case), expected, "{content:?}");
    }

    #[test]
    fn lines_are_sorted_by_bytes() {
        check(Options::default(), "b\na\nB\n", "B\na\nb\n");
        check(Options::default(), "b\r\n\r\na", "a\nb\n");
        check(Options::default(), " \n\n", "");
        check(Options::default(), "b\nb\n", "b\nb\n");
    }

    #[test]
    fn options_say_what_is_equal() {
        check(flagged("ignore-case"), "B\na\nb\n", "a\nB\nb\n");
        check(flagged("unique"), "b\na\nb\n", "a\nb\n");
        let mut both = flagged("unique");
        both.set("ignore-case", OptionValue::Flag(true));
        assert!(FileContentsSorter.validate(&both).is_err());
    }
}
