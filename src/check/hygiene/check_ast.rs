//! `check-ast`: Python that does not parse.

use crate::check::hygiene::{clamped, on_line, python};
use crate::check::{About, Active, Examined, FileCheck, FileInput};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckAst;

static ABOUT: About = About {
    id: "check-ast",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "Python that does not parse.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A Python file that does not follow the grammar. It is the grammar of all versions together: `print x` of Python 2 and \
`match` of Python 3.10 are both accepted. What is wrong in another way than by grammar (a `return` outside of a function, a \
tab among blanks, an assignment to a literal) is not found. Files that are not in UTF-8 are left out.

## Why it matters
The file can't be imported. Where no test imports it, that is noticed in production.

## Example
    def f(:
        pass

## Fix
Correct the syntax at the place that is shown.

## Options
None.
";

impl FileCheck for CheckAst {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        python::is_wanted(side)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let Some(error) = python::parsed(file)?.and_then(|parsed| parsed.tree.first_error()) else {
            return Ok(Examined::default());
        };
        let line_end = file.bytes.get(error.start..).unwrap_or_default().iter().position(|byte| *byte == b'\n');
        let end = line_end.map_or(error.end, |n_bytes| error.end.min(error.start + n_bytes));
        let span = clamped(file.bytes, error.start, end);
        Ok(vec![on_line(&ABOUT, file, span, "invalid Python: this does not follow the grammar")].into())
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("{}: failed parsing", file.side.path)
    }
}

#[cfg(test)]
mod tests {
    use super::CheckAst;
    use crate::check::hygiene::examples::Case;

    #[track_caller]
    fn check(path: &str, content: &str, n_found: usize) {
        assert_eq!(Case::new(path, content.as_bytes()).findings(&CheckAst).len(), n_found, "{content:?}");
    }

    #[test]
    fn what_does_not_parse_is_found() {
        check("a.py", "def f(:\n    pass\n", 1);
        check("a.py", "x = [1, 2\n", 1);
        check("a.py", "print 'x'\n", 0);
        check("a.py", "match x:\n    case 1: pass\n", 0);
        check("a.py", "", 0);
        check("a.txt", "def f(:", 0);
    }
}
