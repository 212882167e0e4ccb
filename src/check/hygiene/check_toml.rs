//! `check-toml`: TOML with a syntax error or a key that is defined twice.

use toml::de::DeTable;

use crate::check::hygiene::{at, clamped, shortened};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype, lines};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckToml;

static ABOUT: About = About {
    id: "check-toml",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "TOML with a syntax error or a key that is defined twice.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A TOML file (also `Cargo.lock`, `Pipfile`, `poetry.lock`, `uv.lock`) that is not valid TOML 1.1: a syntax error, a key or \
table that is defined twice, a value nested deeper than 80 levels.

## Why it matters
The program that reads the file fails, often much later.

## Example
    [package
    name = \"a\"

## Fix
Correct the file at the place that is shown.

## Options
None.
";

impl FileCheck for CheckToml {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) == Some(filetype::Kind::Toml)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let problem = match std::str::from_utf8(file.bytes) {
            Ok(text) => DeTable::parse(text).err().map(|error| {
                let span = error.span().unwrap_or(0..0);
                (error.message().replace('\n', ", "), span.start, span.end)
            }),
            Err(error) => Some(("not UTF-8".to_owned(), error.valid_up_to(), error.valid_up_to() + 1)),
        };
        let finding = problem.map(|(message, start, end)| {
            let span = clamped(file.bytes, start, end);
            at(&ABOUT, file, span, format!("invalid TOML: {}", shortened(&message)))
                .with_anchor(Anchor::of_file(b"invalid TOML"))
        });
        Ok(Vec::from_iter(finding).into())
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let (line, column) = lines::position(file.bytes, span.start);
        let message = finding.message.trim_start_matches("invalid TOML: ");
        format!("{path}: {message} (at line {line}, column {column})")
    }
}

#[cfg(test)]
mod tests {
    use super::CheckToml;
    use crate::check::hygiene::examples::{Case, places};

    #[track_caller]
    fn check(content: &[u8], expected: &[(usize, usize)]) {
        assert_eq!(places(&Case::new("a.toml", content).findings(&CheckToml)), expected);
    }

    #[test]
    fn an_error_is_placed() {
        check(b"a = 1\n[t]\nb.c = 'x'\n", &[]);
        check(b"", &[]);
        check(b"a = 1\na = 2\n", &[(6, 7)]);
        check(b"a = \n", &[(4, 4)]);
        check(b"a = '\xff'\n", &[(5, 6)]);
    }

    #[test]
    fn depth_is_no_problem() {
        let n = 100_000;
        for content in [
            format!("a = {}{}", "[".repeat(n), "]".repeat(n)),
            format!("a = {}", "{a=".repeat(n)),
            format!("{}a = 1", "a.".repeat(n)),
            format!("[{}a]", "a.".repeat(n)),
        ] {
            assert_eq!(Case::new("a.toml", content.as_bytes()).findings(&CheckToml).len(), 1);
        }
    }
}
