//! `check-merge-conflict`: markers that git leaves where it could not merge.

use memchr::memmem;

use crate::check::hygiene::{limited, on_line};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, filetype, lines};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};

/// The check. In the manner of pre-commit-hooks it takes every marker for a leftover, but only while a merge goes on.
pub(crate) struct CheckMergeConflict;

static ABOUT: About = About {
    id: "check-merge-conflict",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "Conflict markers that a merge left behind.",
    doc: DOC,
    options: &[OptionSpec {
        name: "assume-in-merge",
        kind: OptionKind::Flag,
        help: "Report every line that could be a marker, also where no whole conflict stands and no merge is under way.",
    }],
};

const DOC: &str = "\
## What it finds
A conflict as git writes it: a line that starts with seven `<` and a blank, later a line of seven `=`, later a line that \
starts with seven `>` and a blank, and the line of seven `|` between them where there is one; also what is left of one \
that was half resolved, a line of seven `<` or `>` with the name of a side. A line of `=` alone is a heading in Markdown \
and reStructuredText and is fine. Binary files are left out.

## Why it matters
Nobody decided which side is right. The file does not compile, or worse, it does.

## Example
    <<<<<<< HEAD
    timeout = 10
    =======
    timeout = 30
    >>>>>>> feature

## Fix
Decide between the sides and delete the marker lines.

## Options
- `assume-in-merge`: report every single line that looks like a marker. `tollgate builtin` reports such lines while a \
merge or rebase is under way, and with this option always, as pre-commit-hooks does.
";

/// How the lines start that git writes around a conflict.
const OURS: &[u8] = b"<<<<<<<";
const BASE: &[u8] = b"|||||||";
const MIDDLE: &[u8] = b"=======";
const THEIRS: &[u8] = b">>>>>>>";

impl FileCheck for CheckMergeConflict {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) != Some(filetype::Kind::Binary)
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let spans = match file.manner {
            _ if !file.is_text => Vec::new(),
            _ if options.flag("assume-in-merge") => single_markers(file.bytes),
            Manner::PreCommit { is_in_merge: true } => single_markers(file.bytes),
            Manner::PreCommit { is_in_merge: false } => Vec::new(),
            Manner::Gate => conflicts(file.bytes),
        };
        Ok(limited(spans, |span| {
            let marker = String::from_utf8_lossy(lines::text(file.bytes, span)).into_owned();
            on_line(&ABOUT, file, span, format!("conflict marker `{marker}`"))
                .with_hint("decide between the sides, then delete the lines with the markers")
        }))
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let marker = String::from_utf8_lossy(lines::text(file.bytes, *span));
        let (line, _) = lines::position(file.bytes, span.start);
        format!("{path}:{line}: Merge conflict string '{marker}' found")
    }
}

/// The markers at the starts of lines that are followed by a blank, or by the end of the line for `=`.
fn single_markers(bytes: &[u8]) -> Vec<Span> {
    let mut spans: Vec<Span> = [OURS, MIDDLE, THEIRS]
        .into_iter()
        .flat_map(|marker| {
            starts(bytes, marker).filter(move |span| match bytes.get(span.end..).unwrap_or_default() {
                [b' ', ..] => true,
                [b'\n', ..] | [b'\r', b'\n', ..] => marker == MIDDLE,
                _ => false,
            })
        })
        .collect();
    spans.sort_unstable();
    spans
}

/// The markers of every conflict that is complete, and those that name a side wherever they are: nothing else looks so.
fn conflicts(bytes: &[u8]) -> Vec<Span> {
    let names_side =
        |span: &Span| matches!(bytes.get(span.end..), Some([b' ', label, ..]) if !label.is_ascii_whitespace());
    let named = [OURS, THEIRS].into_iter().flat_map(|marker| starts(bytes, marker)).filter(names_side);
    let mut spans = whole_conflicts(bytes);
    spans.extend(named);
    spans.sort_unstable();
    spans.dedup();
    spans
}

/// The markers of every conflict that is complete.
fn whole_conflicts(bytes: &[u8]) -> Vec<Span> {
    let mut found = Vec::new();
    if memmem::find(bytes, OURS).is_none() {
        return found;
    }
    let mut spans: Vec<Span> = [OURS, BASE, MIDDLE, THEIRS]
        .into_iter()
        .flat_map(|marker| starts(bytes, marker).filter(move |span| is_marker_line(bytes, *span, marker == MIDDLE)))
        .collect();
    spans.sort_unstable();
    let mut open: Vec<Span> = Vec::new();
    let mut has_middle = false;
    for span in spans {
        let marker = lines::text(bytes, span);
        if marker == OURS {
            open.clear();
            has_middle = false;
        } else if open.is_empty() || (marker != THEIRS && has_middle) || (marker == THEIRS && !has_middle) {
            continue;
        }
        open.push(span);
        has_middle |= marker == MIDDLE;
        if marker == THEIRS {
            found.append(&mut open);
        }
    }
    found
}

/// Whether nothing follows the marker on its line, or, unless it must stand alone, a blank.
fn is_marker_line(bytes: &[u8], span: Span, stands_alone: bool) -> bool {
    match bytes.get(span.end..).unwrap_or_default() {
        [] | [b'\n', ..] | [b'\r', b'\n', ..] => true,
        [b' ', ..] => !stands_alone,
        _ => false,
    }
}

/// Where `marker` starts a line.
fn starts<'a>(bytes: &'a [u8], marker: &'static [u8]) -> impl Iterator<Item = Span> + 'a {
    memmem::find_iter(bytes, marker)
        .filter(move |&start| start == 0 || bytes.get(start - 1) == Some(&b'\n'))
        .map(move |start| Span { start, end: start + marker.len() })
}

#[cfg(test)]
mod tests {
    use super::CheckMergeConflict;
    use crate::check::hygiene::examples::{Case, flagged, messages};

    #[track_caller]
    fn check(content: &str, n_markers: usize) {
        assert_eq!(Case::new("a.rs", content.as_bytes()).findings(&CheckMergeConflict).len(), n_markers, "{content:?}");
    }

    #[test]
    fn a_whole_conflict_is_found() {
        check("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\n", 3);
        check("<<<<<<< HEAD\r\nb\r\n=======\r\nc\r\n>>>>>>> topic", 3);
        check("<<<<<<< ours\n||||||| base\n=======\n>>>>>>> theirs\n", 4);
        check("<<<<<<<\n=======\n>>>>>>>\n", 3);
        check("<<<<<<< a\n=======\n>>>>>>> b\n<<<<<<< c\n=======\n>>>>>>> d\n", 6);
        check("<<<<<<< stray\n<<<<<<< a\n=======\n>>>>>>> b\n", 4);
    }

    #[test]
    fn what_is_left_of_a_conflict_is_found() {
        check("<<<<<<< HEAD\nb\n", 1);
        check("=======\n>>>>>>> b\n", 1);
        check("<<<<<<< a\n>>>>>>> b\n", 2);
    }

    #[test]
    fn what_only_looks_like_a_marker_is_not() {
        check("Title\n=======\ntext\n", 0);
        check("<<<<<<<\nb\n>>>>>>>\n>>>>>>> \n", 0);
        check(" <<<<<<< a\n =======\n >>>>>>> b\n", 0);
        check("<<<<<<<< a\n========\n>>>>>>>> b\n", 0);
    }

    #[test]
    fn single_markers_are_found_when_a_merge_is_assumed() {
        let case =
            Case { options: flagged("assume-in-merge"), ..Case::new("a.rst", b"T\n=======\n======= x\n<<<<<<< a") };
        assert_eq!(
            messages(&case.findings(&CheckMergeConflict)),
            ["conflict marker `=======`", "conflict marker `=======`", "conflict marker `<<<<<<<`"]
        );
        let case = Case { options: flagged("assume-in-merge"), ..Case::new("a.rst", b"=======") };
        assert!(case.findings(&CheckMergeConflict).is_empty());
    }
}
