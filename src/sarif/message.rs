//! The texts of foreign messages.

use std::borrow::Cow;

use crate::sarif::wire::Message;

/// The plain text of a message, or else its Markdown.
pub(crate) fn plain_text<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    [&message.text, &message.markdown].into_iter().flatten().map(|text| &**text).find(|text| !text.trim().is_empty())
}

/// A message with its placeholders filled in and its links to other places of the result reduced to their text
/// (SARIF 3.11.5, 3.11.6).
pub(crate) fn rendered(template: &str, arguments: &[Cow<'_, str>]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}', '[', '\\']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let (shown, n_bytes) = special(tail, arguments);
        out.push_str(shown);
        rest = tail.get(n_bytes..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// What the special text at the start of `tail` (not empty) stands for, and its length in bytes.
fn special<'t>(tail: &'t str, arguments: &'t [Cow<'_, str>]) -> (&'t str, usize) {
    for (escape, shown) in [("{{", "{"), ("}}", "}"), (r"\[", "["), (r"\]", "]"), (r"\\", r"\")] {
        if tail.starts_with(escape) && (!arguments.is_empty() || escape.starts_with('\\')) {
            return (shown, 2);
        }
    }
    if let Some(inner) = tail.strip_prefix('{')
        && let (number, rest) = digits(inner)
        && rest.starts_with('}')
        && let Some(argument) = number.parse::<usize>().ok().and_then(|index| arguments.get(index))
    {
        return (argument, number.len() + "{}".len());
    }
    if let Some(inner) = tail.strip_prefix('[')
        && let Some((text, after)) = inner.split_at_checked(inner.find(['[', ']']).unwrap_or(0))
        && let (target, rest) = digits(after.strip_prefix("](").unwrap_or_default())
        && !target.is_empty()
        && rest.starts_with(')')
    {
        return (text, text.len() + target.len() + "[]()".len());
    }
    let first = tail.chars().next().map_or(0, char::len_utf8);
    (tail.get(..first).unwrap_or_default(), first)
}

/// The decimal digits at the start of a text, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(n_digits).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::rendered;

    #[track_caller]
    fn check(template: &str, arguments: &[&str], expected: &str) {
        let arguments: Vec<Cow<'_, str>> = arguments.iter().map(|&argument| argument.into()).collect();
        assert_eq!(rendered(template, &arguments), expected);
    }

    #[test]
    fn placeholders_are_filled_in() {
        check("{0} and {1} and {0}", &["a", "{1}"], "a and {1} and a");
        check("{{0}} {0} {7} {x} {", &["a"], "{0} a {7} {x} {");
        check("a {0} {{b}}", &[], "a {0} {{b}}");
    }

    #[test]
    fn brackets_without_end_cost_no_more_than_other_text() {
        for piece in ["{ ", "[", "[](", "{0", "[x](", "[x](1"] {
            let text = piece.repeat(50_000);
            assert!(rendered(&text, &["a".into()]) == text, "{piece}");
        }
    }

    #[test]
    fn links_to_places_are_reduced_to_their_text() {
        check("see [here](1) or [docs](https://a.b)", &[], "see here or [docs](https://a.b)");
        check(r"\[kept](1)", &[], "[kept](1)");
        check("a[0](b) [unclosed", &[], "a[0](b) [unclosed");
        check("[a [b](2) [](3)[", &[], "[a b [");
    }
}
