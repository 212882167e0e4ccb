//! Comments of texts without a grammar, told line by line: `#`, `//`, `--`, `;` up to the end of the line, and
//! `<!-- -->`.

use crate::model::path::RepoPath;

/// What begins a comment; the longest first.
const OPENERS: [&str; 5] = ["<!--", "//", "--", "#", ";"];
/// What begins one in Markdown, where the others are headings, rules and text.
const OF_MARKDOWN: [&str; 1] = ["<!--"];

/// What begins a comment in a file.
pub(super) fn openers(path: &RepoPath) -> &'static [&'static str] {
    let is_markdown = |extension| [&b"md"[..], b"markdown", b"mdx"].contains(&extension);
    if path.extension().is_some_and(is_markdown) { &OF_MARKDOWN } else { &OPENERS }
}

/// Where the comment begins that holds the byte at `offset` of `line`; none if it is in none.
///
/// A quoted text is passed over if it ends on the line; an apostrophe inside a word quotes nothing.
pub(super) fn comment_start(line: &str, offset: usize, openers: &[&str]) -> Option<usize> {
    let mut at = 0;
    while at < offset {
        let rest = line.get(at..)?;
        let first = rest.chars().next()?;
        let before = line.get(..at)?.chars().next_back();
        if let Some(opener) = openers.iter().find(|opener| rest.starts_with(**opener)) {
            let end = if *opener == "<!--" { rest.find("-->").map(|end| at + end + 3) } else { None };
            match end {
                Some(end) if end <= offset => at = end,
                // `http://` and `a;b` begin no comment that a suppression could be in.
                _ if *opener == "<!--" || before.is_none_or(|before| may_begin(opener, before)) => {
                    return Some(at);
                }
                _ => at += opener.len(),
            }
            continue;
        }
        at += match first {
            '"' | '`' | '\'' if first != '\'' || !before.is_some_and(char::is_alphanumeric) => {
                quoted(rest, first).unwrap_or(first.len_utf8())
            }
            '\\' => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            _ => first.len_utf8(),
        };
    }
    None
}

/// Whether a comment may begin behind a character.
fn may_begin(opener: &str, before: char) -> bool {
    before.is_whitespace() || opener != ";" && matches!(before, ';' | ',' | ')' | ']' | '}' | '"' | '\'' | '`' | '>')
}

/// How many bytes the quoted text takes that `text` begins with; none if it does not end there.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == quote => return Some(at + character.len_utf8()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{comment_start, openers};
    use crate::model::path::RepoPath;

    #[test]
    fn comments_are_told_from_quoted_texts() {
        let check_in = |path: &str, line: &str, expected: Option<&str>| {
            let openers = openers(&RepoPath::from(path));
            let found = comment_start(line, line.find("MARK").unwrap(), openers).map(|start| &line[start..]);
            assert_eq!(found, expected, "{line}");
        };
        let check = |line, expected| check_in("a.toml", line, expected);
        check("# MARK", Some("# MARK"));
        check("key = 'a # b' # MARK", Some("# MARK"));
        check("key = \"a \\\" # MARK\"", None);
        check("key = '# MARK'", None);
        check("key = `# MARK`", None);
        check("don't # MARK", Some("# MARK"));
        check("it is 'open # MARK", Some("# MARK"));
        check("; MARK", Some("; MARK"));
        check("SELECT '--'; -- MARK", Some("-- MARK"));
        check("SELECT 1;--MARK", Some("--MARK"));
        check("text <!-- MARK -->", Some("<!-- MARK -->"));
        check("<!-- a --> MARK", None);
        check("http://MARK", None);
        check("a// MARK", None);
        check("a {} // MARK", Some("// MARK"));
        check("\u{e9}\u{e9}\u{e9} // MARK", Some("// MARK"));
        check("MARK", None);
        check_in("a.md", "# MARK", None);
        check_in("a.md", "a <!-- MARK", Some("<!-- MARK"));
    }
}
