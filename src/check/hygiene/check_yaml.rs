//! `check-yaml`: YAML that cannot be loaded. Reads events, never values: aliases are counted, not expanded.

use serde_saphyr::granit_parser::{Event, Options as ParserOptions, Parser, Span as YamlSpan, options};

use crate::check::hygiene::yaml_nodes::{Nodes, Strictness};
use crate::check::hygiene::yaml_tabs::Tabs;
use crate::check::hygiene::{at, clamped, limited, shortened};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, filetype, lines};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckYaml;

static ABOUT: About = About {
    id: "check-yaml",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "YAML with a syntax error, a key that stands twice, or aliases that explode.",
    doc: DOC,
    options: &[
        OptionSpec {
            name: "allow-multiple-documents",
            kind: OptionKind::Flag,
            help: "Accept several documents in one file (short: -m, --multi); the gate always does.",
        },
        OptionSpec {
            name: "unsafe",
            kind: OptionKind::Flag,
            help: "Look at the syntax alone: unknown tags, keys that stand twice and unknown aliases pass; implies \
                   --allow-multiple-documents.",
        },
    ],
};

const DOC: &str = "\
## What it finds
A YAML file with a syntax error, a key that stands twice in one mapping, a merge (`<<`) of something that is no mapping, an \
alias without its anchor, collections nested \
deeper than 255 levels, and aliases that would expand to more than a million nodes. Several documents and unknown tags \
(`!Ref`, `!vault`) are fine. A file that is a template (a line starts with `{{` or `{%`) is not judged by the syntax of \
YAML; a notice says so.

## Why it matters
The program that reads the file fails, often only when it is deployed. Of a key that stands twice most parsers silently \
drop one. A few lines of nested aliases can take all the memory of the program that expands them.

## Example
    jobs:
      build: [a, b

## Fix
Correct the syntax at the place that is shown. The place is where the parser gave up; the cause may be some lines above.

## Options
- `unsafe`: look at the syntax alone; keys that stand twice and unknown aliases pass.
- `allow-multiple-documents`: for `tollgate builtin`, which accepts only one document and only the tags of YAML itself, as \
pre-commit-hooks does.
";

/// How many events are read between two looks at the clock.
const EVENTS_A_LOOK: usize = 1 << 14;

impl FileCheck for CheckYaml {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) == Some(filetype::Kind::Yaml)
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let text = match std::str::from_utf8(file.bytes) {
            Ok(text) => text,
            Err(error) => {
                let span = clamped(file.bytes, error.valid_up_to(), error.valid_up_to() + 1);
                return Ok(vec![invalid(at(&ABOUT, file, span, "invalid YAML: not UTF-8"))].into());
            }
        };
        let is_unsafe = options.flag("unsafe");
        let classic = file.manner != Manner::Gate;
        let strictness = Strictness {
            allows_several_documents: !classic || is_unsafe || options.flag("allow-multiple-documents"),
            allows_foreign_values: !classic || is_unsafe,
            allows_duplicates: is_unsafe,
        };
        let mut nodes = Nodes::new(strictness);
        let error = read(text, file, is_unsafe, &mut nodes)?;
        if error.is_some() && !classic && is_template(text) {
            let notice = "a template, not YAML yet: its syntax was not checked".to_owned();
            return Ok(Examined { findings: Vec::new(), notices: vec![notice] });
        }
        let mut examined = limited(nodes.into_problems(), |problem| {
            let span = clamped(file.bytes, problem.span.start, problem.span.end);
            let anchor = Anchor::of_file(problem.message.as_bytes());
            at(&ABOUT, file, span, shortened(&problem.message)).with_anchor(anchor)
        });
        examined.findings.extend(error.map(|(message, offset)| {
            let span = clamped(file.bytes, offset, offset);
            invalid(at(&ABOUT, file, span, format!("invalid YAML: {}", shortened(&message))))
        }));
        Ok(examined)
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let (line, column) = lines::position(file.bytes, span.start);
        let message = finding.message.trim_start_matches("invalid YAML: ");
        format!("{message}\n  in \"{path}\", line {line}, column {column}")
    }
}

/// A file has one syntax error at most, so all of them have one anchor.
fn invalid(finding: Finding) -> Finding {
    finding.with_anchor(Anchor::of_file(b"invalid YAML"))
}

/// Feeds the events of a text to `nodes`; gives the first syntax error with its place.
fn read(
    text: &str,
    file: &FileInput<'_>,
    is_unsafe: bool,
    nodes: &mut Nodes,
) -> Result<Option<(String, usize)>, Breakage> {
    let parser_options: ParserOptions = options! { emit_comments: false, emit_unresolved_aliases: is_unsafe };
    let parser = Parser::new_from_str_with_options(text, parser_options);
    let mut tabs = Tabs::of(text);
    for (n_events, event) in parser.enumerate() {
        if n_events % EVENTS_A_LOOK == 0 && file.deadline.is_over() {
            return Err(Breakage::new("the time was over before the file was read"));
        }
        let (event, span): (Event<'_>, YamlSpan) = match event {
            Ok(event) => event,
            Err(error) => {
                let offset = error.marker().byte_offset().unwrap_or(text.len());
                return Ok(Some((error.info(), offset)));
            }
        };
        let at = span.byte_range().unwrap_or(text.len()..text.len());
        tabs.see(&event, &at);
        if !nodes.see(&event, at) {
            return Ok(None);
        }
    }
    Ok(tabs.misplaced().map(|tab| ("a tab where only spaces can indent".to_owned(), tab)))
}

/// Whether a template engine has to work on the text before it is YAML: a line starts with a template's action.
fn is_template(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("{{") || line.starts_with("{%")
    })
}

#[cfg(test)]
mod tests {
    use super::CheckYaml;
    use crate::check::Manner;
    use crate::check::hygiene::examples::{Case, flagged, messages, places};

    #[track_caller]
    fn check(content: &str, expected: &[&str]) {
        let found = messages(&Case::new("a.yaml", content.as_bytes()).findings(&CheckYaml));
        assert_eq!(found, expected, "{content}");
    }

    #[track_caller]
    fn classic(option: Option<&'static str>, content: &str, n_found: usize) {
        let options = option.map(flagged).unwrap_or_default();
        let case = Case {
            options,
            manner: Manner::PreCommit { is_in_merge: false },
            ..Case::new("a.yaml", content.as_bytes())
        };
        assert_eq!(case.findings(&CheckYaml).len(), n_found, "{option:?} {content}");
    }

    #[test]
    fn nothing_is_indented_by_tabs() {
        for content in ["\ta: 1\n", "# c\n\t- a\n", "---\n \t{a: 1}\n", "x:\n \ta: 1\n", "x: 1\n\t# c\n"] {
            check(content, &["invalid YAML: a tab where only spaces can indent"]);
        }
    }

    #[test]
    fn where_nothing_is_indented_a_tab_is_a_character() {
        check("a: |\n  \tb\n", &[]);
        check("a: |\n  b\n  \tc\nd: \"1\n\t2\"\n", &[]);
        check("a: [1,\n\t{b: 2,\n\tc: 3},\n\t4]\n", &[]);
        check("a: b\n \tc\nd:\t1\t# e\n", &[]);
    }

    #[test]
    fn valid_yaml_is_fine() {
        check("", &[]);
        check("# only a comment\n", &[]);
        check("a: 1\nb: [1, {c: d}]\nc: |\n  text\n", &[]);
        check("%YAML 1.2\n---\na: &x 1\nb: *x\n...\n", &[]);
        check("a: 1\n---\nb: 2\n", &[]);
        check("a: !Ref b\nc: !vault |\n  x\n", &[]);
        check("a: {{ value }}\n", &[]);
    }

    #[test]
    fn a_syntax_error_is_placed() {
        let findings = Case::new("a.yaml", b"a: 1\nb: [1, 2\nc: 3\n").findings(&CheckYaml);
        assert_eq!(findings.len(), 1);
        check("a: b: c\n", &["invalid YAML: mapping values are not allowed in this context"]);
        check("a: *x\n", &["invalid YAML: while parsing node, found unknown anchor"]);
        let findings = Case::new("a.yaml", b"a: \xff\n").findings(&CheckYaml);
        assert_eq!(places(&findings), [(3, 4)]);
    }

    #[test]
    fn a_key_that_stands_twice_is_found() {
        let findings = Case::new("a.yaml", b"a: 1\nb: {a: 1}\n\"a\": 2\n").findings(&CheckYaml);
        assert_eq!(messages(&findings), ["duplicate key: a"]);
        assert_eq!(places(&findings), [(15, 18)]);
        check("1: a\n\"1\": b\n", &[]);
        check("? [a]\n: 1\n? [a]\n: 2\na: 3\n", &[]);
        check("a: 1\n---\na: 2\n", &[]);
        check("- a: 1\n- a: 1\n", &[]);
        check("~: 1\nnull: 2\n'null': 3\n", &["duplicate key: null"]);
    }

    #[test]
    fn only_mappings_can_be_merged() {
        check("<<: {x: 1}\nx: 2\n", &[]);
        check("a: &a {x: 1}\nb: &b [*a, {y: 1}]\nc:\n  <<: *a\nd: {<<: *b}\ne: {<<: [*a, *a], f: 1}\n", &[]);
        check("\"<<\": 1\na: <<\nb: &b {<<: *b}\n", &[]);
        let refused = ["`<<` merges mappings, and its value is none"];
        check("<<: 1\n", &refused);
        check("a: 1\n<<:\n", &refused);
        check("a: &a [1]\nb: {<<: *a}\n", &refused);
        check("<<: [{a: 1}, b]\n", &refused);
        check("a: &a [{b: 1}]\nc: {<<: [*a]}\n", &refused);
    }

    #[test]
    fn an_alias_bomb_is_found_at_once() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..60 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        check(&bomb, &["aliases expand to more than 1000000 nodes"]);
        check("a: &a [*a]\n", &[]);
        let reused = "base: &b {x: 1, y: 2}\nall:\n".to_owned() + &"  - *b\n".repeat(2_000);
        check(&reused, &[]);
    }

    #[test]
    fn depth_ends_in_a_finding() {
        let limit = ["invalid YAML: recursion limit exceeded"];
        check(&"[".repeat(100_000), &limit);
        check(&"{a: ".repeat(100_000), &limit);
        check(&"- ".repeat(100_000), &limit);
        check(&"? ".repeat(100_000), &limit);
    }

    #[test]
    fn a_template_is_not_judged_but_said() {
        let case = Case::new("a.yaml", b"a: 1\n{{- if .Values.b }}\nb: [\n{{- end }}\n");
        let examined = case.examined(&CheckYaml);
        assert!(examined.findings.is_empty());
        assert_eq!(examined.notices.len(), 1);
        let workflow = Case::new("a.yaml", b"run: ${{ github.ref }}\nb: [\n").findings(&CheckYaml);
        assert_eq!(workflow.len(), 1);
    }

    #[test]
    fn the_manner_of_pre_commit_hooks_is_stricter() {
        classic(None, "a: 1\n---\nb: 2\n", 1);
        classic(Some("allow-multiple-documents"), "a: 1\n---\nb: 2\n", 0);
        classic(Some("unsafe"), "a: 1\n---\nb: 2\n", 0);
        classic(None, "a: !Ref b\n", 1);
        classic(None, "a: !!str b\nc: !!set {x}\n", 0);
        classic(Some("allow-multiple-documents"), "a: !Ref b\n", 1);
        classic(Some("unsafe"), "a: !Ref b\na: *x\n", 0);
        classic(None, "a: {{ x }}\n", 1);
        classic(None, "? [a]\n: {b: c}\n", 0);
        classic(None, "---\na: 1\n...\n", 0);
    }
}
