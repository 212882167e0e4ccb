//! `double-quote-string-fixer`: strings of Python in single quotes.

use crate::check::hygiene::{MAX_FINDINGS, on_line, python};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner};
use crate::model::change::FileSide;
use crate::model::finding::{Edit, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};
use crate::syntax::tree::SyntaxTree;

/// The check.
pub(crate) struct DoubleQuoteStringFixer;

static ABOUT: About = About {
    id: "double-quote-string-fixer",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A string of Python in double quotes that single ones would do for.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A string of Python in double quotes that holds no quote of either kind. Strings in three quotes and f-strings are left as \
they are, and so is a file that does not parse.

## Why it matters
A matter of taste: for teams that write single quotes. One kind of quotes makes a text easier to search.

## Example
    name = \"x\"

## Fix
The quotes are replaced: `name = 'x'`.

## Options
None.
";

const FIX: &str = "write single quotes";

impl FileCheck for DoubleQuoteStringFixer {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        python::is_wanted(side)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let Some(parsed) = python::parsed(file)? else { return Ok(Examined::default()) };
        let tree = &parsed.tree;
        let mut strings = strings(tree).into_iter();
        let mut findings: Vec<Finding> = strings
            .by_ref()
            .take(MAX_FINDINGS)
            .map(|span| on_line(&ABOUT, file, span, "a string in double quotes").with_fix(FIX, edits(file, span)))
            .collect();
        if let Some(last) = findings.pop() {
            findings.push(match file.manner {
                Manner::Gate => last.standing_for(strings.count()),
                Manner::PreCommit { .. } => with_edits(last, strings.flat_map(|span| edits(file, span)).collect()),
            });
        }
        Ok(findings.into())
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("Fixing strings in {}", file.side.path)
    }
}

fn with_edits(mut finding: Finding, more: Vec<Edit>) -> Finding {
    for fix in &mut finding.fixes {
        fix.edits.extend(more.iter().cloned());
    }
    finding
}

/// The edits of the two quotes.
fn edits(file: &FileInput<'_>, span: Span) -> Vec<Edit> {
    let literal = file.bytes.get(span.start..span.end).unwrap_or_default();
    let first = span.start + literal.iter().position(|byte| *byte == b'"').unwrap_or_default();
    let edit = |start| Edit { span: Span { start, end: start + 1 }, replacement: b"'".to_vec() };
    vec![edit(first), edit(span.end - 1)]
}

/// The strings whose quotes can be replaced.
fn strings(tree: &SyntaxTree) -> Vec<Span> {
    if tree.first_error().is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut end = 0;
    for node in tree.root().dfs().filter(|node| node.kind() == "string") {
        let (range, text) = (node.range(), node.text());
        // What stands within an f-string is part of it.
        if range.start >= end {
            end = range.end;
            if !python::has_code(&text) && is_plain(&text) {
                found.push(Span { start: range.start, end: range.end });
            }
        }
    }
    found
}

/// Whether a literal is in double quotes and has no other quote.
fn is_plain(literal: &str) -> bool {
    let inner = literal.trim_start_matches(|prefix: char| prefix.is_ascii_alphabetic()).strip_prefix('"');
    inner.and_then(|rest| rest.strip_suffix('"')).is_some_and(|inner| !inner.contains(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::DoubleQuoteStringFixer;
    use crate::check::hygiene::examples::{Case, fixed};

    #[track_caller]
    fn check(content: &str, expected: &str) {
        assert_eq!(fixed(&DoubleQuoteStringFixer, &Case::new("a.py", content.as_bytes())), expected, "{content:?}");
    }

    #[test]
    fn plain_strings_get_single_quotes() {
        check("x = \"a\"\n", "x = 'a'\n");
        check("x = rb\"a\" \"\"\n", "x = rb'a' ''\n");
        check("x = \"a\\n\"\n", "x = 'a\\n'\n");
    }

    #[test]
    fn other_strings_stay() {
        for content in
            ["x = \"it's\"\n", "x = \"\"\"a\"\"\"\n", "x = f\"{a[\"b\"]}\"\n", "x = \"\\\"\"\n", "x = (\"a\"\n"]
        {
            check(content, content);
        }
    }
}
