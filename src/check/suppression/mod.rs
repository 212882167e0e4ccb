//! Suppressions as they stand in files: comments that allow a finding. What they do to findings is decided in `triage`.

mod directive;
mod lexer;

use memchr::memmem;

use crate::check::parsed::Parsed;
use crate::check::suppression::directive::{Words, may_follow};
use crate::check::suppression::lexer::{comment_start, openers};
use crate::check::{About, Active};
use crate::model::path::RepoPath;
use crate::model::place::{Place, Region, Span};
use crate::model::rule::{Family, Level};
use crate::model::suppression::{Directive, EXPIRED, Extent, MARK, REASONLESS, UNKNOWN, UNUSED};
use crate::sarif::locate::locate;
use crate::sarif::text::Text;
use crate::syntax::languages::Language;

/// The most suppressions of a file that are read.
const MAX_DIRECTIVES: usize = 1_000;
/// How often the mark is looked at in a file, wherever it stands.
const MAX_MARKS: usize = 10_000;

const fn about(id: &'static str, summary: &'static str, doc: &'static str) -> About {
    let (family, level, active) = (Family::Rules, Level::Warning, Active::ByDefault);
    About { id, family, level, active, summary, doc, options: &[] }
}

static RULES: [About; 4] = [
    about(EXPIRED, "A suppression whose last day is over", include_str!("expired.md")),
    about(REASONLESS, "A suppression that does not say why", include_str!("reasonless.md")),
    about(UNKNOWN, "A suppression of a rule that does not exist", include_str!("unknown.md")),
    about(UNUSED, "A suppression that suppresses nothing", include_str!("unused.md")),
];

/// The rules for suppressions themselves, sorted by id.
pub(crate) fn rules() -> &'static [About] {
    &RULES
}

/// Whether there may be a suppression in a file.
pub(crate) fn is_mentioned(bytes: &[u8]) -> bool {
    memmem::find(bytes, MARK.as_bytes()).is_some()
}

/// The language whose syntax tree tells the comments of a file; none where they are told line by line.
pub(crate) fn language(path: &RepoPath, bytes: &[u8]) -> Option<Language> {
    Language::of(path, bytes).filter(|language| language.has_comments())
}

/// The suppressions of a file whose syntax tree is at hand, in their order. An error says why they are not to be
/// believed.
pub(crate) fn in_tree(path: &RepoPath, bytes: &[u8], parsed: &Parsed<'_>) -> Result<Vec<Directive>, String> {
    let comments = parsed.tree.comments();
    let comment_of = |at: usize| {
        let index = comments.partition_point(|comment| comment.start <= at).checked_sub(1)?;
        comments.get(index).copied().filter(|comment| at < comment.end)
    };
    let statement_after = |comment: Span| parsed.tree.statement_after(&parsed.text, comment.end);
    read(&Reading { path, bytes, text: &parsed.text, comment_of: &comment_of, statement_after: &statement_after })
}

/// The same for a text of any other kind.
pub(crate) fn in_text(path: &RepoPath, bytes: &[u8], text: &str) -> Result<Vec<Directive>, String> {
    let openers = openers(path);
    let comment_of = |at: usize| {
        let start = text.get(..at)?.rfind('\n').map_or(0, |feed| feed + 1);
        let line = text.get(start..)?.lines().next()?;
        let opened = comment_start(line, at - start, openers)?;
        let is_enclosed = line.get(opened..)?.starts_with("<!--");
        let closed = line.get(opened..)?.find("-->").filter(|_| is_enclosed).map(|end| opened + end + "-->".len());
        Some(Span { start: start + opened, end: start + closed.unwrap_or(line.len()) })
    };
    read(&Reading { path, bytes, text, comment_of: &comment_of, statement_after: &|_| None })
}

/// What it takes to read the suppressions of a file.
struct Reading<'a> {
    path: &'a RepoPath,
    bytes: &'a [u8],
    /// The bytes as text, with the same offsets.
    text: &'a str,
    /// The comment around a byte.
    comment_of: &'a dyn Fn(usize) -> Option<Span>,
    /// The statement after a comment, where there is a syntax tree that knows it.
    statement_after: &'a dyn Fn(Span) -> Option<Span>,
}

fn read(reading: &Reading<'_>) -> Result<Vec<Directive>, String> {
    let lines = Text::new(reading.bytes);
    let mut directives = Vec::new();
    for (n_marks, at) in memmem::find_iter(reading.bytes, MARK.as_bytes()).enumerate() {
        if n_marks == MAX_MARKS || directives.len() == MAX_DIRECTIVES {
            return Err(format!("it has more than {MAX_DIRECTIVES} suppressions, or speaks too often of them"));
        }
        directives.extend(reading.directive(at, &lines));
    }
    Ok(directives)
}

impl Reading<'_> {
    fn directive(&self, at: usize, lines: &Text<'_>) -> Option<Directive> {
        let comment = (self.comment_of)(at)?;
        let line = lines.line(lines.line_at(at));
        let before = self.text.get(comment.start.max(line.start)..at)?;
        let Words { is_of_file, rules, reason, until, n_bytes } =
            directive::read(self.text.get(at..comment.end)?).filter(|_| may_follow(before))?;
        let span = Span { start: at, end: at + n_bytes };
        let extent = if is_of_file { Extent::File } else { self.lines_of(comment, at, lines) };
        let region = blanked(locate(lines, &Place::Span(self.path.clone(), span))?);
        Some(Directive { rules, extent, reason, until, span, region })
    }

    /// The own line, and where the comment stands alone, the statement after it.
    fn lines_of(&self, comment: Span, at: usize, lines: &Text<'_>) -> Extent {
        let number = |line: usize| u32::try_from(line + 1).unwrap_or(u32::MAX);
        let own = lines.line_at(at);
        let comment_end = comment.start + self.text.get(comment.start..comment.end).map_or(0, |it| it.trim_end().len());
        let (first, last) = (lines.line(lines.line_at(comment.start)), lines.line(lines.line_at(comment_end)));
        let is_blank = |start: usize, end: usize| self.text.get(start..end).is_some_and(|it| it.trim().is_empty());
        if !is_blank(first.start, comment.start) || !is_blank(comment_end, last.end) {
            return Extent::Lines { first: number(own), last: number(own) };
        }
        let after = (self.statement_after)(comment).map(|statement| {
            let text = self.text.get(statement.start..statement.end).unwrap_or_default();
            lines.line_at(statement.start + text.trim_end().len().saturating_sub(1))
        });
        let after = after.or_else(|| self.next_line(lines.line_at(comment_end), lines));
        Extent::Lines { first: number(own), last: number(after.unwrap_or(own).max(own)) }
    }

    /// The next line that is not blank and not a comment with another suppression.
    fn next_line(&self, line: usize, lines: &Text<'_>) -> Option<usize> {
        (line + 1..lines.n_lines()).find(|line| {
            let span = lines.line(*line);
            let text = self.text.get(span.start..span.end).unwrap_or_default();
            let is_suppression = || {
                let mark = text.find(MARK)?;
                let comment = (self.comment_of)(span.start + mark)?;
                Some(text.get(..comment.start.checked_sub(span.start)?)?.trim().is_empty())
            };
            !text.trim().is_empty() && !is_suppression().unwrap_or(false)
        })
    }
}

/// The region alone, with blanks for what stands around it on its line.
fn blanked(mut region: Region) -> Region {
    let own = region.start.line.saturating_sub(region.first_line) as usize;
    region.lines = region.lines.into_iter().skip(own).take(1).collect();
    region.first_line = region.start.line;
    if let Some(line) = region.lines.first_mut() {
        let n_before = (region.start.column as usize).saturating_sub(1);
        let n_units = (region.end.column as usize).saturating_sub(1);
        let (mut units, mut kept) = (0, String::new());
        for character in line.chars() {
            if units >= n_units {
                break;
            }
            match units < n_before {
                true => kept.extend(std::iter::repeat_n(' ', character.len_utf16())),
                false => kept.push(character),
            }
            units += character.len_utf16();
        }
        *line = kept;
    }
    region
}

#[cfg(test)]
mod tests {
    use super::{in_text, in_tree, language};
    use crate::check::parsed::{Parsed, in_utf8};
    use crate::model::deadline::Deadline;
    use crate::model::path::RepoPath;
    use crate::model::suppression::{Directive, Extent};
    use crate::syntax::languages::Language;

    fn directives(path: &str, text: &str) -> Vec<Directive> {
        let path = RepoPath::from(path);
        match language(&path, text.as_bytes()) {
            Some(language) => {
                let parsed = Parsed::new(in_utf8(text.as_bytes()), language, Deadline::NEVER).unwrap();
                in_tree(&path, text.as_bytes(), &parsed).unwrap()
            }
            None => in_text(&path, text.as_bytes(), text).unwrap(),
        }
    }

    /// A text of each language with `COMMENT` where a comment is, and `STRING` where none is.
    const LANGUAGES: [(&str, &str); 31] = [
        ("rs", "// COMMENT\nfn f() { g(\"// STRING\"); }\n"),
        ("py", "x = '# STRING'  # COMMENT\n"),
        ("js", "/* COMMENT */ x = `// STRING`;\n"),
        ("jsx", "x = <a b=\"// STRING\">{/* COMMENT */}</a>;\n"),
        ("ts", "const x: string = '// STRING'; // COMMENT\n"),
        ("tsx", "const x = <a b=\"// STRING\">// STRING</a>; // COMMENT\n"),
        ("go", "package a\n\nvar x = `\n// STRING\n` // COMMENT\n"),
        ("java", "class A { String x = \"// STRING\"; /* COMMENT */ }\n"),
        ("kt", "val x = \"// STRING\" // COMMENT\n"),
        ("c", "char *x = \"// STRING\"; // COMMENT\n"),
        ("cpp", "auto x = R\"(\n// STRING\n)\"; // COMMENT\n"),
        ("cs", "class A { string x = @\"\n// STRING\n\"; } // COMMENT\n"),
        ("rb", "x = '# STRING' # COMMENT\n"),
        ("php", "<?php\n$x = '// STRING'; // COMMENT\n"),
        ("sh", "cat <<E\n# STRING\nE\nx='# STRING' # COMMENT\n"),
        ("yaml", "a: |\n  # STRING\nb: '# STRING' # COMMENT\n"),
        ("json", "{\n  // COMMENT\n  \"a\": \"// STRING\"\n}\n"),
        ("html", "<p title=\"<!-- STRING -->\"># STRING</p><!-- COMMENT -->\n"),
        ("css", "a { content: '/* STRING */'; } /* COMMENT */\n"),
        ("tf", "a = \"# STRING\" # COMMENT\n"),
        ("dockerfile", "# COMMENT\nFROM a\nRUN echo '# STRING'\n"),
        ("dart", "var x = '// STRING'; // COMMENT\n"),
        ("ex", "x = \"# STRING\" # COMMENT\n"),
        ("hs", "x = \"-- STRING\" -- COMMENT\n"),
        ("lua", "x = '-- STRING' -- COMMENT\n"),
        ("md", "# STRING\n\n<!-- COMMENT -->\n"),
        ("nix", "{ x = \"# STRING\"; } # COMMENT\n"),
        ("scala", "val x = \"// STRING\" // COMMENT\n"),
        ("sol", "contract A { string x = \"// STRING\"; } // COMMENT\n"),
        ("swift", "let x = \"// STRING\" // COMMENT\n"),
        ("zig", "const x = \"// STRING\"; // COMMENT\n"),
    ];

    #[test]
    fn in_every_language_comments_count_and_texts_do_not() {
        for (extension, text) in LANGUAGES {
            let text =
                text.replace("COMMENT", "tollgate: allow(comment) yes").replace("STRING", "tollgate: allow(string) no");
            let found = directives(&format!("a.{extension}"), &text);
            let ids: Vec<&str> = found.iter().flat_map(|one| &one.rules).map(|rule| rule.as_str()).collect();
            assert_eq!(ids, ["comment"], "{extension}: {text}");
            let [Directive { reason, .. }] = &found[..] else { panic!("{found:?}") };
            assert_eq!(reason, "yes", "{extension}");
        }
        let is_tested = |language: &Language| {
            LANGUAGES
                .iter()
                .any(|(extension, _)| Language::of_path(&RepoPath::from(&*format!("a.{extension}"))) == Some(*language))
        };
        let untested: Vec<&str> = Language::all().filter(|it| !is_tested(it)).map(Language::name).collect();
        assert_eq!(untested, [""; 0]);
    }

    #[track_caller]
    fn lines(path: &str, text: &str, expected: (u32, u32)) {
        let found = directives(path, &text.replace("MARK", "tollgate: allow(a) b"));
        let [Directive { extent: Extent::Lines { first, last }, .. }] = found[..] else { panic!("{found:?}") };
        assert_eq!((first, last), expected, "{text}");
    }

    #[test]
    fn a_suppression_holds_for_its_line_or_the_next_statement() {
        lines("a.py", "x = 1\ny = 2  # MARK\nz = 3\n", (2, 2));
        lines("a.py", "def f():\n    # MARK\n    # more\n\n    x = [\n        1]\n    y = 2\n", (2, 6));
        lines("a.js", "f(a, /* MARK */ b,\n  c);\n", (1, 1));
        lines("a.js", "/*\n * MARK\n * more\n */\nf(\n);\ng();\n", (2, 6));
        lines("a.rs", "/// MARK\nfn f() {\n}\n", (1, 3));
        lines("a.rs", "fn f() {\n    g();\n    // MARK\n}\n", (3, 4));
        lines("a.toml", "# MARK\n\n# other\nx = [\n]\n", (1, 3));
        lines("a.toml", "x = 1 # MARK\ny = 2\n", (1, 1));
        lines("a.toml", "x = 1\n# MARK", (2, 2));
        lines("a.md", "<!-- MARK -->\r\n\r\ntext \r\n", (1, 3));
        lines("a.md", "<!-- MARK --> text \n\ntext \n", (1, 1));
        let both = "# tollgate: allow(a) b\n# tollgate: allow(c) d\nx = 1\n";
        for path in ["a.py", "a.toml"] {
            let found = directives(path, both);
            let extents: Vec<Extent> = found.iter().map(|one| one.extent).collect();
            let until = |first| Extent::Lines { first, last: 3 };
            assert_eq!(extents, [until(1), until(2)], "{path}");
        }
    }

    #[test]
    fn what_stands_beside_a_suppression_is_not_quoted() {
        let found = directives("a.py", "key = '\u{1f511}hidden'  # tollgate: allow(a) b\n");
        let region = &found[0].region;
        assert_eq!(region.lines.len(), 1);
        assert_eq!(region.lines[0].trim_start(), "tollgate: allow(a) b");
        assert_eq!(region.lines[0].len() - region.lines[0].trim_start().len() + 1, region.start.column as usize);
    }

    #[test]
    fn bytes_of_no_encoding_and_very_many_marks_are_no_danger() {
        let path = RepoPath::from("a.toml");
        let bytes = b"x = '\xff\xfe' # tollgate: allow(a) b\xff\n";
        let found = in_text(&path, bytes, &in_utf8(bytes)).unwrap();
        assert_eq!(found[0].reason, "b_");
        for text in ["# tollgate: allow(a) b\n".repeat(1_001), "tollgate:".repeat(10_001)] {
            assert!(in_text(&path, text.as_bytes(), &text).is_err());
        }
    }
}
