//! `trailing-whitespace`: blanks between the last visible character of a line and its end.

use memchr::memchr_iter;

use crate::check::hygiene::{MAX_FINDINGS, on_line};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, filetype};
use crate::model::change::FileSide;
use crate::model::finding::{Edit, Finding};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct TrailingWhitespace;

static ABOUT: About = About {
    id: "trailing-whitespace",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "Blanks at the end of a line.",
    doc: DOC,
    options: &[
        OptionSpec {
            name: "markdown-linebreak-ext",
            kind: OptionKind::List,
            help: "Extensions (or *, several joined by commas) of files in which two blanks at the end of a line are a \
                   line break and stay; default: md and markdown in the gate, none in `builtin`.",
        },
        OptionSpec {
            name: "chars",
            kind: OptionKind::Text,
            help: "The characters that count as blanks at the end of a line; default: all ASCII white space.",
        },
        OptionSpec {
            name: "no-markdown-linebreak-ext",
            kind: OptionKind::Flag,
            help: "Accepted for old configurations; does nothing.",
        },
    ],
};

const DOC: &str = "\
## What it finds
Spaces, tabs and other white space between the last visible character of a line and the end of the line. Binary files \
and patches are left out. Line endings stay as they are.

## Why it matters
Nobody sees these characters, but every diff does: they make noise in reviews and conflicts in merges, and in some \
formats they change the meaning.

## Example
`let x = 1;` followed by two spaces.

## Fix
The blanks are removed. In Markdown two blanks at the end of a line are a line break; there only what is more than two \
is removed.

## Options
- `markdown-linebreak-ext`: extensions in which two blanks are a line break, `*` for all files. In the gate `md` and \
`markdown`, in `tollgate builtin` none.
- `chars`: the characters to remove. All ASCII white space by default.
";

impl FileCheck for TrailingWhitespace {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular()
            && !matches!(filetype::kind(&side.path), Some(filetype::Kind::Binary | filetype::Kind::Patch))
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        if !file.is_text {
            return Ok(Examined::default());
        }
        let blanks = Blanks::new(file, options);
        let mut spans = blank_spans(file.bytes, &blanks);
        let mut findings: Vec<Finding> = spans
            .by_ref()
            .take(MAX_FINDINGS)
            .map(|span| on_line(&ABOUT, file, span, "trailing whitespace").with_fix(FIX, vec![removed(span)]))
            .collect();
        if let Some(last) = findings.pop() {
            findings.push(match file.manner {
                // A report has no room for millions of edits.
                Manner::Gate => last.standing_for(spans.count()),
                Manner::PreCommit { .. } => mending(last, spans.map(removed).collect()),
            });
        }
        Ok(findings.into())
    }

    fn validate(&self, options: &Options) -> Result<(), String> {
        for extension in options.list("markdown-linebreak-ext").unwrap_or_default().iter().flat_map(|it| it.split(','))
        {
            let name = extension.trim_start_matches('.');
            if name.is_empty() {
                return Err("--markdown-linebreak-ext requires a non-empty argument".to_owned());
            }
            if name.contains(['.', '/', '\\', ':']) {
                return Err(format!(
                    "bad --markdown-linebreak-ext extension '{extension}' (has . / \\ :); if it is a file, write \
                     --markdown-linebreak-ext=EXT"
                ));
            }
        }
        Ok(())
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("Fixing {}", file.side.path)
    }
}

const FIX: &str = "remove the trailing whitespace";

fn removed(span: Span) -> Edit {
    Edit { span, replacement: Vec::new() }
}

/// Which characters go, and whether two of them may stay.
struct Blanks {
    is_blank: [bool; 256],
    keeps_two: bool,
}

impl Blanks {
    fn new(file: &FileInput<'_>, options: &Options) -> Self {
        let mut is_blank = [false; 256];
        for byte in options.text("chars", " \t\x0b\x0c\r").bytes() {
            if let Some(slot) = is_blank.get_mut(usize::from(byte)) {
                *slot = true;
            }
        }
        Self { is_blank, keeps_two: keeps_linebreaks(&file.side.path, file.manner, options) }
    }

    fn is_blank(&self, byte: u8) -> bool {
        self.is_blank.get(usize::from(byte)).copied().unwrap_or(false)
    }

    /// The part of a line without its line end that is to go.
    fn span_in(&self, line: &[u8]) -> Option<Span> {
        if !self.is_blank(*line.last()?) {
            return None;
        }
        let is_linebreak = self.keeps_two && line.ends_with(b"  ") && !line.iter().all(|&byte| is_space(byte));
        let end = if is_linebreak { line.len() - 2 } else { line.len() };
        let kept = line.iter().take(end).rposition(|&byte| !self.is_blank(byte)).map_or(0, |last| last + 1);
        (kept < end).then_some(Span { start: kept, end })
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

fn keeps_linebreaks(path: &RepoPath, manner: Manner, options: &Options) -> bool {
    let Some(extension) = path.extension() else {
        return options.list("markdown-linebreak-ext").is_some_and(|list| list.iter().any(|it| it == "*"));
    };
    match options.list("markdown-linebreak-ext") {
        Some(list) => list
            .iter()
            .flat_map(|it| it.split(','))
            .any(|known| known == "*" || known.trim_start_matches('.').as_bytes().eq_ignore_ascii_case(extension)),
        None => manner == Manner::Gate && [&b"md"[..], b"markdown"].iter().any(|it| extension.eq_ignore_ascii_case(it)),
    }
}

/// The finding with the fixes of those that it stands for.
fn mending(mut finding: Finding, rest: Vec<Edit>) -> Finding {
    finding.fixes.iter_mut().for_each(|fix| fix.edits.extend_from_slice(&rest));
    finding.standing_for(rest.len())
}

/// The spans to remove, one a line. Only LF ends a line; a CR before it, or at the very end of the text, belongs to
/// the line end.
fn blank_spans<'a>(bytes: &'a [u8], blanks: &'a Blanks) -> impl Iterator<Item = Span> + 'a {
    let mut start = 0;
    memchr_iter(b'\n', bytes).chain([bytes.len()]).filter_map(move |newline| {
        let line = bytes.get(start..newline).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let found = blanks.span_in(line).map(|span| Span { start: start + span.start, end: start + span.end });
        start = newline + 1;
        found
    })
}

#[cfg(test)]
mod tests {
    use super::TrailingWhitespace;
    use crate::check::Manner;
    use crate::check::hygiene::examples::{Case, fixed, listed, texted};

    #[track_caller]
    fn check(path: &str, content: &str, expected: &str) {
        assert_eq!(fixed(&TrailingWhitespace, &Case::new(path, content.as_bytes())), expected);
    }

    #[test]
    fn blanks_go_and_line_ends_stay() {
        check("a.txt", "a \nb\t\r\nc\n", "a\nb\r\nc\n");
        check("a.txt", "a \u{b}\u{c}", "a");
        check("a.txt", " \n\t\n", "\n\n");
        check("a.txt", "a\r\r\n", "a\r\n");
        check("a.txt", "old\r", "old\r");
        check("a.txt", "none\n", "none\n");
        check("a.txt", "", "");
    }

    #[test]
    fn a_line_break_of_markdown_stays() {
        check("a.md", "a  \nb   \nc\t  \nd \n   \n", "a  \nb  \nc  \nd\n\n");
        check("a.MARKDOWN", "a  \n", "a  \n");
        let classic = Case { manner: Manner::PreCommit { is_in_merge: false }, ..Case::new("a.md", b"a  \n") };
        assert_eq!(fixed(&TrailingWhitespace, &classic), "a\n");
        for list in [&["*"][..], &["md"], &[".MD,txt"]] {
            let options = listed("markdown-linebreak-ext", list);
            let case =
                Case { options, manner: Manner::PreCommit { is_in_merge: false }, ..Case::new("a.md", b"a  \n") };
            assert_eq!(fixed(&TrailingWhitespace, &case), "a  \n", "{list:?}");
        }
        let case = Case { options: listed("markdown-linebreak-ext", &["*"]), ..Case::new("a", b"a   \n") };
        assert_eq!(fixed(&TrailingWhitespace, &case), "a  \n");
    }

    #[test]
    fn only_the_named_characters_go() {
        let case = Case { options: texted("chars", " "), ..Case::new("a.txt", b"a\t \nb\t\n") };
        assert_eq!(fixed(&TrailingWhitespace, &case), "a\t\nb\t\n");
    }

    #[test]
    fn a_file_of_very_many_lines_has_a_bounded_number_of_findings() {
        let content = " \n".repeat(5_000);
        let case = Case::new("a.txt", content.as_bytes());
        let findings = case.findings(&TrailingWhitespace);
        assert_eq!((findings.len(), findings[999].n_unlisted), (super::MAX_FINDINGS, 4_000));
        let n_edits: usize = findings.iter().flat_map(|finding| &finding.fixes).map(|fix| fix.edits.len()).sum();
        assert_eq!(n_edits, super::MAX_FINDINGS);
        let case = Case { manner: Manner::PreCommit { is_in_merge: false }, ..case };
        assert_eq!(fixed(&TrailingWhitespace, &case), "\n".repeat(5_000));
    }

    #[test]
    fn the_place_is_the_blanks_alone() {
        let findings = Case::new("a.txt", "ß = 1; \t\n".as_bytes()).findings(&TrailingWhitespace);
        let place = &findings.first().expect("a finding").place;
        assert_eq!(format!("{place:?}"), "Span(RepoPath(a.txt), Span { start: 7, end: 9 })");
        assert_eq!(findings.first().expect("a finding").anchor.text, "ß = 1;");
    }
}
