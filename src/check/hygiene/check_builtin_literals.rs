//! `check-builtin-literals`: empty values of Python that are made by a call.

use crate::check::hygiene::{limited, on_line, python};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, lines};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};
use crate::syntax::tree::SyntaxNode;

/// The check.
pub(crate) struct CheckBuiltinLiterals;

static ABOUT: About = About {
    id: "check-builtin-literals",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "An empty value of a built-in type of Python that is made by a call.",
    doc: DOC,
    options: &[
        OptionSpec {
            name: "ignore",
            kind: OptionKind::Text,
            help: "Types that are left out, with commas between them.",
        },
        OptionSpec { name: "allow-dict-kwargs", kind: OptionKind::Flag, help: "Accept `dict(a=1)`: the default." },
        OptionSpec { name: "no-allow-dict-kwargs", kind: OptionKind::Flag, help: "Find `dict(a=1)` as well." },
    ],
};

const DOC: &str = "\
## What it finds
`complex()`, `dict()`, `float()`, `int()`, `list()`, `str()` and `tuple()` without arguments that stand for a literal. \
`dict(a=1)` is fine. In the gate also inside of another call, where `tollgate builtin` passes over them as \
pre-commit-hooks does.

## Why it matters
The literal is shorter and faster: a call looks the name up, which may even mean something else by then.

## Example
    names = list()

## Fix
Write the literal: `[]`, `{}`, `()`, `''`, `0`, `0.0`, `0j`.

## Options
- `ignore`: types that are left out, with commas between them.
- `allow-dict-kwargs`: accept `dict(a=1)`. This is the default.
- `no-allow-dict-kwargs`: find `dict(a=1)` as well.
";

const LITERALS: [(&str, &str); 7] =
    [("complex", "0j"), ("dict", "{}"), ("float", "0.0"), ("int", "0"), ("list", "[]"), ("str", "''"), ("tuple", "()")];

impl FileCheck for CheckBuiltinLiterals {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        python::is_wanted(side)
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let Some(parsed) = python::parsed(file)? else { return Ok(Examined::default()) };
        let tree = &parsed.tree;
        let mut found = Vec::new();
        let mut covered = 0;
        for call in tree.root().dfs().filter(|node| node.kind() == "call") {
            let span = Span { start: call.range().start, end: call.range().end };
            let is_inside = span.start < covered;
            covered = covered.max(span.end);
            if let Some((name, literal)) = literal(&call, options).filter(|_| file.manner == Manner::Gate || !is_inside)
            {
                found.push((span, format!("replace {name}() with {literal}")));
            }
        }
        Ok(limited(found, |(span, message)| on_line(&ABOUT, file, span, message)))
    }

    fn validate(&self, options: &Options) -> Result<(), String> {
        match options.flag("allow-dict-kwargs") && options.flag("no-allow-dict-kwargs") {
            true => Err("`allow-dict-kwargs` and `no-allow-dict-kwargs` exclude each other".to_owned()),
            false => Ok(()),
        }
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let (line, _) = lines::position(file.bytes, span.start);
        let column = span.start - lines::around(file.bytes, span.start).start;
        format!("{path}:{line}:{column}: {}", finding.message)
    }
}

/// The type that a call makes an empty value of, and the literal for it.
fn literal(call: &SyntaxNode<'_>, options: &Options) -> Option<(&'static str, &'static str)> {
    let function = call.field("function").filter(|function| function.kind() == "identifier")?;
    let function = function.text();
    let (name, literal) = LITERALS.iter().find(|(name, _)| *name == function)?;
    let arguments = call.field("arguments").filter(|arguments| arguments.kind() == "argument_list")?;
    let kinds: Vec<String> =
        arguments.children().filter(|child| child.is_named()).map(|child| child.kind().into_owned()).collect();
    let is_keyword = |kind: &str| matches!(kind, "keyword_argument" | "dictionary_splat");
    let is_positional = |kind: &str| !is_keyword(kind) && kind != "comment";
    let is_accepted =
        *name == "dict" && !options.flag("no-allow-dict-kwargs") && kinds.iter().any(|kind| is_keyword(kind));
    let is_ignored = options.text("ignore", "").split(',').any(|ignored| ignored == *name);
    (!is_accepted && !is_ignored && !kinds.iter().any(|kind| is_positional(kind))).then_some((name, literal))
}

#[cfg(test)]
mod tests {
    use super::CheckBuiltinLiterals;
    use crate::check::Manner;
    use crate::check::hygiene::examples::{Case, flagged, messages, texted};
    use crate::model::option::Options;

    #[track_caller]
    fn check(options: Options, content: &str, expected: &[&str]) {
        let case = Case { options, ..Case::new("a.py", content.as_bytes()) };
        assert_eq!(messages(&case.findings(&CheckBuiltinLiterals)), expected, "{content:?}");
    }

    #[test]
    fn calls_without_arguments_are_found() {
        check(Options::default(), "x = list()\n", &["replace list() with []"]);
        check(Options::default(), "x = f(int())\n", &["replace int() with 0"]);
        check(Options::default(), "x = dict(a=1)\ny = list(x for x in z)\nw = tuple(*a)\nv = b.list()\n", &[]);
        check(flagged("no-allow-dict-kwargs"), "x = dict(**a)\n", &["replace dict() with {}"]);
        check(texted("ignore", "str,list"), "x = list()\ny = str()\nz = float()\n", &["replace float() with 0.0"]);
    }

    #[test]
    fn a_call_in_a_call_is_passed_over_where_pre_commit_does() {
        let manner = Manner::PreCommit { is_in_merge: false };
        let case = Case { manner, ..Case::new("a.py", b"f(int())\nint()\n") };
        assert_eq!(case.findings(&CheckBuiltinLiterals).len(), 1);
    }
}
