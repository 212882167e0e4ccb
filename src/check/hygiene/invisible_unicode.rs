//! `invisible-unicode`: characters that nobody sees and programs read.

use unicode_script::{Script, UnicodeScript};

use crate::check::hygiene::{limited, on_line};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype};
use crate::model::change::FileSide;
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct InvisibleUnicode;

static ABOUT: About = About {
    id: "invisible-unicode",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "Invisible characters that hide text or make two names of one.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
- Tag characters (U+E0000 to U+E007F) outside of the flags that are written with them, and two or more variation selectors \
in a row: a whole text can be hidden in them, from people but not from programs and language models.
- The letters of Hangul that show nothing (U+115F, U+1160, U+3164, U+FFA0) in source code without other Hangul beside \
them: they are names of variables.
- A zero-width space, word joiner or byte-order mark (U+200B, U+2060, U+FEFF) within a word of source code that is in \
ASCII on both sides.

Translations and binary files are left out, and so are joiners between letters and emoji that need them.

## Why it matters
What is reviewed is not what runs. Backdoors have been hidden in variables without a visible name, and orders to a \
language model in tags.

## Example
    const { timeout,<U+3164>} = request.query;

## Fix
Delete the characters. Where a text needs them, write them as an escape sequence: `\\u200b`.

## Options
None.
";

impl FileCheck for InvisibleUnicode {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        let kind = filetype::kind(&side.path);
        side.mode.is_regular() && !matches!(kind, Some(filetype::Kind::Binary | filetype::Kind::Translation))
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        if !file.is_text || file.bytes.is_ascii() {
            return Ok(Examined::default());
        }
        let Ok(text) = str::from_utf8(file.bytes) else { return Ok(Examined::default()) };
        let is_code = filetype::may_be_code(file.side);
        Ok(limited(runs(text, is_code), |(span, first, what)| {
            on_line(&ABOUT, file, span, format!("invisible U+{:04X}: {what}", u32::from(first)))
                .with_hint("delete it, or write it as an escape sequence")
        }))
    }
}

/// The sort of an invisible character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Tag,
    Selector,
    Filler,
    ZeroWidth,
}

impl Sort {
    fn of(character: char) -> Option<Self> {
        match character {
            '\u{e0000}'..='\u{e007f}' => Some(Self::Tag),
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Some(Self::Selector),
            '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => Some(Self::Filler),
            '\u{200b}' | '\u{2060}' | '\u{feff}' => Some(Self::ZeroWidth),
            _ => None,
        }
    }
}

/// The flag that tags spell a region of.
const FLAG: char = '\u{1f3f4}';

/// Runs of invisible characters of one sort that have no good reason: where, the first of them, and what is bad.
fn runs(text: &str, is_code: bool) -> Vec<(Span, char, &'static str)> {
    let mut found = Vec::new();
    let mut before = None;
    let mut characters = text.char_indices().peekable();
    while let Some((start, first)) = characters.next() {
        let Some(sort) = Sort::of(first) else {
            before = Some(first);
            continue;
        };
        let (mut end, mut n_characters) = (start + first.len_utf8(), 1);
        while let Some((_, next)) = characters.next_if(|(_, next)| Sort::of(*next) == Some(sort)) {
            end += next.len_utf8();
            n_characters += 1;
        }
        let after = characters.peek().map(|(_, after)| *after);
        let what = match sort {
            Sort::Tag if before != Some(FLAG) => Some("tags hide a text"),
            Sort::Selector if n_characters > 1 => Some("variation selectors in a row hide a text"),
            Sort::Filler if is_code && !is_hangul(before) && !is_hangul(after) => Some("a letter that shows nothing"),
            Sort::ZeroWidth if is_code && start > 0 && is_word(before) && is_word(after) => {
                Some("it makes another word of the one that is seen")
            }
            _ => None,
        };
        found.extend(what.map(|what| (Span { start, end }, first, what)));
    }
    found
}

fn is_hangul(character: Option<char>) -> bool {
    character.is_some_and(|it| it.script() == Script::Hangul)
}

fn is_word(character: Option<char>) -> bool {
    character.is_some_and(|it| it.is_ascii_alphanumeric() || it == '_')
}

#[cfg(test)]
mod tests {
    use super::InvisibleUnicode;
    use crate::check::hygiene::examples::Case;

    #[track_caller]
    fn check(path: &str, content: &str, n_found: usize) {
        assert_eq!(Case::new(path, content.as_bytes()).findings(&InvisibleUnicode).len(), n_found, "{content:?}");
    }

    #[test]
    fn what_hides_a_text_is_found_anywhere() {
        check("a.md", "x\u{e0041}\u{e0042}y", 1);
        check("a.md", "\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}", 0);
        check("a.md", "x\u{fe01}\u{e0101}", 1);
        check("a.md", "\u{2764}\u{fe0f}", 0);
    }

    #[test]
    fn what_changes_words_is_found_in_code() {
        check("a.js", "const {a,\u{3164}} = b", 1);
        check("a.js", "'\u{d55c}\u{3164}\u{ae00}'", 0);
        check("a.md", "\u{3164}", 0);
        check("a.rs", "let ad\u{200b}min = 1;", 1);
        check("a.rs", "\u{feff}fn main() {}", 0);
        check("a.rs", "\"\u{0e01}\u{200b}\u{0e02}\"", 0);
        check("a.rs", "\"x \u{200b}\"", 0);
    }
}
