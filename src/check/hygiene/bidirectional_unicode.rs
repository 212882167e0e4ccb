//! `bidirectional-unicode`: controls that show text in another order than it is read in (Boucher and Anderson,
//! "Trojan Source: Invisible Vulnerabilities", 2021; the characters are the explicit directional ones of UAX #9).

use memchr::memmem;

use crate::check::hygiene::{limited, on_line};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype};
use crate::model::change::FileSide;
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct BidirectionalUnicode;

static ABOUT: About = About {
    id: "bidirectional-unicode",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "An invisible control that changes the order in which text is shown (Trojan Source).",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
The nine invisible characters that embed, override, isolate or pop a text direction: U+202A to U+202E and U+2066 to \
U+2069. Translations (gettext, XLIFF, .strings, .resx, .arb, Fluent) are left out, they need them; so are binary files.

## Why it matters
An editor shows the line in another order than the compiler reads it. What looks like a comment is code, what looks like \
a check is a comment: the attack is known as Trojan Source, CVE-2021-42574.

## Example
    if access != \"user<U+202E> <U+2066>// only admins<U+2069> <U+2066>\" {

## Fix
Delete the characters. Where a text needs them, write them as an escape sequence: `\\u202e`.

## Options
None.
";

/// Names by code point, as Unicode has them.
const NAMES: [(char, &str); 9] = [
    ('\u{202a}', "LEFT-TO-RIGHT EMBEDDING"),
    ('\u{202b}', "RIGHT-TO-LEFT EMBEDDING"),
    ('\u{202c}', "POP DIRECTIONAL FORMATTING"),
    ('\u{202d}', "LEFT-TO-RIGHT OVERRIDE"),
    ('\u{202e}', "RIGHT-TO-LEFT OVERRIDE"),
    ('\u{2066}', "LEFT-TO-RIGHT ISOLATE"),
    ('\u{2067}', "RIGHT-TO-LEFT ISOLATE"),
    ('\u{2068}', "FIRST STRONG ISOLATE"),
    ('\u{2069}', "POP DIRECTIONAL ISOLATE"),
];

impl FileCheck for BidirectionalUnicode {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        let is_translation = side.path.extension().is_some_and(|it| [&b"resx"[..], b"xlf", b"xliff"].contains(&it));
        let kind = filetype::kind(&side.path);
        side.mode.is_regular()
            && !is_translation
            && !matches!(kind, Some(filetype::Kind::Binary | filetype::Kind::Translation))
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        if !file.is_text {
            return Ok(Examined::default());
        }
        let mut found: Vec<(Span, char, &str)> = controls(file.bytes).collect();
        found.sort_unstable();
        Ok(limited(found, |(span, control, name)| {
            let message = format!("invisible U+{:04X} {name} changes the order of the text", u32::from(control));
            on_line(&ABOUT, file, span, message).with_hint("delete it, or write it as an escape sequence")
        }))
    }
}

/// The controls of a text: all of them are three bytes long in UTF-8 and start with E2 80 or E2 81.
fn controls(bytes: &[u8]) -> impl Iterator<Item = (Span, char, &'static str)> {
    [b"\xe2\x80", b"\xe2\x81"].into_iter().flat_map(move |start| memmem::find_iter(bytes, start)).filter_map(
        move |start| {
            let span = Span { start, end: start + 3 };
            let text = std::str::from_utf8(bytes.get(span.start..span.end)?).ok()?;
            let control = text.chars().next()?;
            let (_, name) = NAMES.iter().find(|(known, _)| *known == control)?;
            Some((span, control, *name))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::{BidirectionalUnicode, NAMES};
    use crate::check::hygiene::examples::{Case, messages};

    #[test]
    fn each_control_is_found_where_it_is() {
        for (control, name) in NAMES {
            let content = format!("ß{control}x\n");
            let findings = Case::new("a.rs", content.as_bytes()).findings(&BidirectionalUnicode);
            let code = u32::from(control);
            assert_eq!(messages(&findings), [format!("invisible U+{code:04X} {name} changes the order of the text")]);
            let place = &findings.first().expect("a finding").place;
            assert_eq!(format!("{place:?}"), "Span(RepoPath(a.rs), Span { start: 2, end: 5 })");
        }
    }

    #[test]
    fn ordinary_text_of_any_direction_is_fine() {
        let content = "“quoted” – שלום, مرحبا … \u{200e}\u{2065}\u{206a}\n\u{e2}".as_bytes();
        assert!(Case::new("a.rs", content).findings(&BidirectionalUnicode).is_empty());
        assert!(Case::new("a.rs", b"\xe2\x80").findings(&BidirectionalUnicode).is_empty());
    }

    #[test]
    fn translations_are_left_out() {
        assert!(!Case::new("he.po", b"").is_wanted(&BidirectionalUnicode));
        assert!(!Case::new("he.xliff", b"").is_wanted(&BidirectionalUnicode));
        assert!(Case::new("he.md", b"").is_wanted(&BidirectionalUnicode));
    }
}
