//! How a text stands in a file: what is before it and after it tells whether it can be what a rule asks for.

use crate::model::place::Span;

/// How a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Anywhere, as a part of something longer too.
    Anywhere,
    /// By itself, without a letter or a digit before it or after it.
    Word,
    /// The same where a call may begin with it: arguments may come after it, and no dot is before it.
    Called,
}

impl Standing {
    /// Whether what is at that place stands so.
    pub(crate) fn is_met(self, text: &[u8], place: Span) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Word => stands_alone(text, place),
            Self::Called => stands_alone(text, place) && is_called(text, place),
        }
    }
}

/// Whether a word may be one by itself: no other word goes on with it or begins in it. It may come right after a number,
/// which may end with a letter.
fn stands_alone(text: &[u8], word: Span) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if text.get(word.end).is_some_and(is_part) {
        return false;
    }
    let before = text.get(..word.start).unwrap_or_default();
    let mut joined = before.iter().rev().take_while(|byte| is_part(byte) || **byte == b'.');
    !before.last().is_some_and(is_part) || joined.any(u8::is_ascii_digit)
}

/// Whether a call may begin with a name. What is before it is looked at on its line alone, as a comment may end with a
/// dot; two dots are those of a range or of a list that is spread out.
fn is_called(text: &[u8], name: Span) -> bool {
    let before = text.get(..name.start).unwrap_or_default();
    let mut before = before.iter().rev().skip_while(|byte| matches!(byte, b' ' | b'\t'));
    let is_of_something = before.next() == Some(&b'.') && before.next() != Some(&b'.');
    let after = text.get(name.end..).unwrap_or_default();
    let next = after.iter().find(|byte| !byte.is_ascii_whitespace());
    // Between a name and its arguments may be a comment, a line break that is taken back, or the sign of an optional call.
    !is_of_something && next.is_some_and(|byte| b"(/#\\?".contains(byte) || !byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::Standing;
    use crate::model::place::Span;

    /// Whether the one `in` of each text stands so.
    #[track_caller]
    fn check(standing: Standing, expected: bool, texts: &[&str]) {
        for text in texts {
            let start = text.rfind("in").unwrap();
            assert_eq!(standing.is_met(text.as_bytes(), Span { start, end: start + 2 }), expected, "{text}");
        }
    }

    #[test]
    fn a_word_stands_by_itself() {
        let alone = ["in", " in ", "(in)", "1in x", "0xfin x", "1.e5in x", "'a'in'b'", "éin", "iné", "$in", "a.in"];
        check(Standing::Word, true, &alone);
        check(Standing::Word, false, &["int", "bin", "a_in", "in_", "in1", "string", "a.bin", "_in"]);
        check(Standing::Anywhere, true, &["bin", "in_"]);
    }

    #[test]
    fn a_call_begins_with_its_name_and_goes_on_with_arguments() {
        let called = [
            "in(",
            "(in (a))",
            "a + in\n\n(",
            "in /* b */ (",
            "in \\\n(",
            "in?.(a)",
            "...in(a)",
            "0..in(a)",
            "in\u{a0}(",
        ];
        check(Standing::Called, true, &called);
        check(Standing::Called, true, &["# A comment.\nin(a)", "// b.\n\tin(a)", "/* c. */ in(a)", "a.\n  in(b)"]);
        check(
            Standing::Called,
            false,
            &["in", "in)", "in, (a)", "in = (a)", "a.in(b)", "a . in(b)", "bin(a)", "in_(a)"],
        );
    }
}
