//! `name-tests-test`: files of tests in Python that are named as the test runner expects.

use crate::check::{About, Active, Examined, FileCheck, FileInput};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct NameTestsTest;

static ABOUT: About = About {
    id: "name-tests-test",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A file of tests that is not named like one.",
    doc: DOC,
    options: &[
        OptionSpec { name: "pytest", kind: OptionKind::Flag, help: "Expect `*_test.py`: the default." },
        OptionSpec { name: "pytest-test-first", kind: OptionKind::Flag, help: "Expect `test_*.py`." },
        OptionSpec { name: "django", kind: OptionKind::Flag, help: "Expect `test*.py`." },
        OptionSpec { name: "unittest", kind: OptionKind::Flag, help: "Expect `test*.py`." },
    ],
};

const DOC: &str = "\
## What it finds
A Python file in a folder `tests` that is not named as tests are; `__init__.py` and `conftest.py` may be there.

## Why it matters
The test runner finds tests by their names. A file with another name is never run, and nobody notices.

## Example
`tests/parser.py` among `tests/lexer_test.py` and `tests/writer_test.py`.

## Fix
Rename the file, or move what is no test elsewhere.

## Options
At most one of these:
- `pytest`: expect `*_test.py`. This is the default.
- `pytest-test-first`: expect `test_*.py`.
- `django`: expect `test*.py`.
- `unittest`: the same.
";

/// Options, the pattern that pre-commit-hooks shows, and what a name starts and ends with.
const SCHEMES: [(&str, &str, &str, &str); 4] = [
    ("pytest", r".*_test\.py", "", "_test.py"),
    ("pytest-test-first", r"test_.*\.py", "test_", ".py"),
    ("django", r"test.*\.py", "test", ".py"),
    ("unittest", r"test.*\.py", "test", ".py"),
];

fn scheme(options: &Options) -> (&'static str, &'static str, &'static str) {
    let chosen = SCHEMES.iter().find(|(option, ..)| options.flag(option));
    let [default, ..] = &SCHEMES;
    let (_, pattern, start, end) = chosen.unwrap_or(default);
    (pattern, start, end)
}

impl FileCheck for NameTestsTest {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        let folder = side.path.parent();
        let is_in_tests =
            folder.is_some_and(|it| it.as_bytes().split(|byte| *byte == b'/').any(|name| name == b"tests"));
        side.mode.is_regular() && is_in_tests && side.path.as_bytes().ends_with(b".py")
    }

    fn reads_content(&self) -> bool {
        false
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let name = file.side.path.file_name();
        let (pattern, start, end) = scheme(options);
        let rest = name.strip_prefix(start.as_bytes());
        let is_named_so = rest.is_some_and(|rest| rest.ends_with(end.as_bytes()));
        if is_named_so || name == b"__init__.py" || name == b"conftest.py" {
            return Ok(Examined::default());
        }
        let message = format!("the file is not named as tests are: `{start}*{end}`");
        let finding = Finding::new(ABOUT.id, ABOUT.level, Place::File(file.side.path.clone()), message);
        Ok(vec![finding.with_anchor(Anchor::of_file(pattern.as_bytes()))].into())
    }

    fn validate(&self, options: &Options) -> Result<(), String> {
        match SCHEMES.iter().filter(|(option, ..)| options.flag(option)).count() {
            0 | 1 => Ok(()),
            _ => Err("`pytest`, `pytest-test-first`, `django` and `unittest` exclude each other".to_owned()),
        }
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, options: &Options) -> String {
        format!("{} does not match pattern \"{}\"", file.side.path, scheme(options).0)
    }
}

#[cfg(test)]
mod tests {
    use super::NameTestsTest;
    use crate::check::FileCheck;
    use crate::check::hygiene::examples::{Case, flagged};
    use crate::model::option::{OptionValue, Options};

    #[track_caller]
    fn check(options: Options, path: &str, is_found: bool) {
        let case = Case { options, ..Case::new(path, b"") };
        assert!(case.is_wanted(&NameTestsTest), "{path}");
        assert_eq!(!case.findings(&NameTestsTest).is_empty(), is_found, "{path}");
    }

    #[test]
    fn a_test_is_named_by_the_scheme() {
        check(Options::default(), "tests/a_test.py", false);
        check(Options::default(), "x/tests/y/test_a.py", true);
        check(Options::default(), "tests/conftest.py", false);
        check(flagged("pytest-test-first"), "tests/test_a.py", false);
        check(flagged("pytest-test-first"), "tests/test.py", true);
        check(flagged("django"), "tests/tests.py", false);
        check(flagged("unittest"), "tests/a_test.py", true);
    }

    #[test]
    fn only_files_in_tests_are_looked_at() {
        for path in ["tests.py", "a/mytests/b.py", "tests/a.pyi"] {
            assert!(!Case::new(path, b"").is_wanted(&NameTestsTest), "{path}");
        }
    }

    #[test]
    fn schemes_exclude_each_other() {
        let mut both = flagged("django");
        both.set("pytest", OptionValue::Flag(true));
        assert!(NameTestsTest.validate(&both).is_err());
    }
}
