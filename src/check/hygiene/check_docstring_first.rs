//! `check-docstring-first`: what looks like the docstring of a Python module and is none.

use crate::check::hygiene::{on_line, python};
use crate::check::{About, Active, Examined, FileCheck, FileInput, lines};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};
use crate::syntax::tree::SyntaxTree;

/// The check.
pub(crate) struct CheckDocstringFirst;

static ABOUT: About = About {
    id: "check-docstring-first",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A string at the start of a line of a Python module that comes after code or after another one.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
The first string in a Python file that starts in the first column and comes after code, or after another such string.

## Why it matters
Python takes only the very first statement of a module for its documentation. A string below the imports is thrown away.

## Example
    import os
    \"\"\"Works on paths.\"\"\"

## Fix
Move the string to the top of the file, or make it a comment.

## Options
None.
";

impl FileCheck for CheckDocstringFirst {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        python::is_wanted(side)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let found = python::parsed(file)?.and_then(|parsed| first_fault(&parsed.tree, file.bytes));
        let findings = found.map(|(span, message)| on_line(&ABOUT, file, span, message));
        Ok(findings.into_iter().collect::<Vec<_>>().into())
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        format!("{path}:{}: {}.", lines::position(file.bytes, span.start).0, finding.message)
    }
}

fn first_fault(tree: &SyntaxTree, bytes: &[u8]) -> Option<(Span, String)> {
    let line = |offset| lines::position(bytes, offset).0;
    let (mut docstring, mut code, mut end) = (None, None, 0);
    for node in tree.root().dfs() {
        let range = node.range();
        let is_string = node.kind() == "string" && !python::has_code(&node.text());
        let is_leaf = node.is_leaf() && !range.is_empty() && range.start >= end;
        if is_string && range.start >= end {
            end = range.end;
            if lines::around(bytes, range.start).start == range.start {
                let span = Span { start: range.start, end: lines::around(bytes, range.start).end.min(range.end) };
                match (docstring, code) {
                    (Some(first), _) => {
                        let message = format!("Multiple module docstrings (first docstring on line {})", line(first));
                        return Some((span, message));
                    }
                    (None, Some(first)) => {
                        let message =
                            format!("Module docstring appears after code (code seen on line {})", line(first));
                        return Some((span, message));
                    }
                    (None, None) => docstring = Some(range.start),
                }
                continue;
            }
            code = code.or(Some(range.start));
        } else if is_leaf && !matches!(&*node.kind(), "comment" | "line_continuation") {
            code = code.or(Some(range.start));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::CheckDocstringFirst;
    use crate::check::hygiene::examples::{Case, messages};

    #[track_caller]
    fn check(content: &str, expected: &[&str]) {
        let case = Case::new("a.py", content.as_bytes());
        assert_eq!(messages(&case.findings(&CheckDocstringFirst)), expected, "{content:?}");
    }

    #[test]
    fn a_docstring_comes_first_and_once() {
        check("#!/x\n'doc'\nimport a\n", &[]);
        check("import a\n'doc'\n", &["Module docstring appears after code (code seen on line 1)"]);
        check("'''a\nb'''\n\n'c'\n", &["Multiple module docstrings (first docstring on line 1)"]);
        check("x = 'a'\ndef f():\n    'doc'\n", &[]);
        check("x = (\n'a')\n", &["Module docstring appears after code (code seen on line 1)"]);
        check("f'a'\n'doc'\n", &["Module docstring appears after code (code seen on line 1)"]);
        check("", &[]);
    }
}
