//! `check-illegal-windows-names`: names that Windows can't have.

use crate::check::{About, Active, Examined, FileCheck, FileInput};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckIllegalWindowsNames;

static ABOUT: About = About {
    id: "check-illegal-windows-names",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A name that no file can have on Windows.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A path in which a part is the name of a device (`CON`, `PRN`, `AUX`, `NUL`, `COM1`, `LPT1` and so on, with any \
extension), ends with a dot or a blank, or has one of the characters `< > : \" \\ | ? *` or a control character.

## Why it matters
Git on Windows can't check the file out: the clone fails, or lacks the file.

## Example
`src/aux.rs`.

## Fix
Rename the file.

## Options
None.
";

impl FileCheck for CheckIllegalWindowsNames {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        fault(side).is_some()
    }

    fn reads_content(&self) -> bool {
        false
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let Some(why) = fault(file.side) else { return Ok(Examined::default()) };
        let message = format!("Windows can't have a file of this name: {why}");
        let finding = Finding::new(ABOUT.id, ABOUT.level, Place::File(file.side.path.clone()), message);
        Ok(vec![finding.with_anchor(Anchor::of_file(b"name"))].into())
    }
}

/// What is wrong with the first part of the path that Windows can't have.
fn fault(side: &FileSide) -> Option<&'static str> {
    side.path.as_bytes().split(|byte| *byte == b'/').find_map(fault_of_part)
}

fn fault_of_part(name: &[u8]) -> Option<&'static str> {
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or_default();
    if is_device(&stem.to_ascii_uppercase()) {
        return Some("it is the name of a device");
    }
    if name.iter().any(|byte| matches!(byte, b'<' | b'>' | b':' | b'"' | b'\\' | b'|' | b'?' | b'*' | 0..=31)) {
        return Some("it has a character that is not allowed");
    }
    let last = name.last()?;
    (*last == b'.' || last.is_ascii_whitespace()).then_some("it ends with a dot or a blank")
}

fn is_device(stem: &[u8]) -> bool {
    const DIGITS: [&str; 13] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u{b9}", "\u{b2}", "\u{b3}"];
    let port = stem.strip_prefix(b"COM").or_else(|| stem.strip_prefix(b"LPT"));
    matches!(stem, b"CON" | b"PRN" | b"AUX" | b"NUL")
        || port.is_some_and(|rest| DIGITS.iter().any(|digit| digit.as_bytes() == rest))
}

#[cfg(test)]
mod tests {
    use super::CheckIllegalWindowsNames;
    use crate::check::hygiene::examples::Case;

    #[track_caller]
    fn check(path: &str, is_found: bool) {
        let case = Case::new(path, b"");
        assert_eq!(case.is_wanted(&CheckIllegalWindowsNames), is_found, "{path}");
        assert_eq!(!case.findings(&CheckIllegalWindowsNames).is_empty(), is_found, "{path}");
    }

    #[test]
    fn names_of_devices_and_odd_characters_are_found() {
        for path in ["aux", "a/NUL.txt", "com1.a.b", "lpt\u{b2}", "Con/a", "a:b", "a?", "a\\b", "a.", "a /b", "a\tb"] {
            check(path, true);
        }
    }

    #[test]
    fn other_names_are_fine() {
        for path in ["auxiliary", "com", "com10", "console.log", ".gitignore", "a b", "null", "x/aux-b"] {
            check(path, false);
        }
    }
}
