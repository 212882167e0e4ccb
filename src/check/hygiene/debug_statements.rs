//! `debug-statements`: debuggers that were left in Python code.

use crate::check::hygiene::{limited, on_line, python};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, lines};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};
use crate::syntax::tree::SyntaxTree;

/// The check.
pub(crate) struct DebugStatements;

static ABOUT: About = About {
    id: "debug-statements",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A debugger that is imported or called in Python.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
An import of `pdb`, `ipdb`, `bpdb`, `pdbr`, `pudb`, `pydevd_pycharm`, `q`, `rdb`, `rpdb` or `wdb`, and a call of \
`breakpoint()`. A module of the package itself (`from .pdb import x`) is none of them.

## Why it matters
The program stops and waits for somebody at a terminal: a service hangs, a test run never ends.

## Example
    import pdb; pdb.set_trace()

## Fix
Remove the statement.

## Options
None.
";

const DEBUGGERS: [&str; 10] = ["bpdb", "ipdb", "pdb", "pdbr", "pudb", "pydevd_pycharm", "q", "rdb", "rpdb", "wdb"];

impl FileCheck for DebugStatements {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        python::is_wanted(side)
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let Some(parsed) = python::parsed(file)? else { return Ok(Examined::default()) };
        let tree = &parsed.tree;
        if let (Manner::PreCommit { .. }, Some(error)) = (file.manner, tree.first_error()) {
            return Ok(vec![on_line(&ABOUT, file, error, "could not parse the file")].into());
        }
        Ok(limited(found(tree), |(span, name, done)| on_line(&ABOUT, file, span, format!("{name} {done}"))))
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let (line, _) = lines::position(file.bytes, span.start);
        let column = span.start - lines::around(file.bytes, span.start).start;
        format!("{path}:{line}:{column}: {}", finding.message)
    }
}

/// Where a debugger is named, which, and what is done with it.
fn found(tree: &SyntaxTree) -> Vec<(Span, String, &'static str)> {
    let mut found = Vec::new();
    for node in tree.root().dfs() {
        let span = Span { start: node.range().start, end: node.range().end };
        match &*node.kind() {
            "import_statement" => {
                for import in node.field_children("name") {
                    let name = import.field("name").filter(|_| import.kind() == "aliased_import").unwrap_or(import);
                    found.push((span, name.text().into_owned(), "imported"));
                }
            }
            "import_from_statement" => {
                found.extend(node.field("module_name").map(|name| (span, name.text().into_owned(), "imported")));
            }
            "call" => {
                let function = node.field("function").filter(|function| function.kind() == "identifier");
                found.extend(function.map(|function| (span, function.text().into_owned(), "called")));
            }
            _ => {}
        }
    }
    found.retain(|(_, name, done)| match *done {
        "called" => name == "breakpoint",
        _ => DEBUGGERS.contains(&name.as_str()),
    });
    found
}

#[cfg(test)]
mod tests {
    use super::DebugStatements;
    use crate::check::hygiene::examples::{Case, messages};

    #[track_caller]
    fn check(content: &str, expected: &[&str]) {
        let case = Case::new("a.py", content.as_bytes());
        assert_eq!(messages(&case.findings(&DebugStatements)), expected, "{content:?}");
    }

    #[test]
    fn imports_and_calls_are_found() {
        check("import pdb\n", &["pdb imported"]);
        check("import os, ipdb as d\n", &["ipdb imported"]);
        check("from pudb import set_trace\n", &["pudb imported"]);
        check("def f():\n    g(breakpoint())\n", &["breakpoint called"]);
    }

    #[test]
    fn what_only_looks_alike_is_fine() {
        check("import a.pdb\nimport pdbx\nfrom .pdb import x\nx.breakpoint()\nbreakpoint\n'import pdb'\n", &[]);
    }
}
