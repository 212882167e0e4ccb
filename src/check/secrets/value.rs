//! Whether a value that is assigned to something called a password or a key may be one: not a placeholder, a variable, a
//! word, a path.

use crate::check::secrets::entropy::{entropy, n_different};

/// What a value is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Chosen by a person.
    Password,
    /// Made by a machine.
    Key,
}

/// Parts of a value that stands in for a real one; in small letters.
const STAND_INS: &[&str] = &[
    "example",
    "sample",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "replace",
    "redacted",
    "removed",
    "dummy",
    "your",
    "xxxx",
    "****",
    "....",
    "insert",
    "todo",
    "fixme",
    "notreal",
    "not-real",
    "not_real",
    "fake",
    "lorem",
    "undefined",
    "censored",
    "hidden",
    "deadbeef",
    "_here",
    "-here",
    "foobar",
    "masked",
];

/// Signs of a template, a variable or a call.
const TEMPLATES: &[&str] =
    &["${", "{{", "$(", "#{", "%(", "%s", "<%", "%>", "@@", "&lt;", "{}", "()", "[[", "\\(", "::", "=>", "%{", "\\u00"];

/// Values that everybody writes when it does not matter, and words that a program means.
const COMMON: &[&str] = &[
    "password", "passwd", "pass", "pwd", "secret", "token", "test", "testing", "admin", "root", "user", "username",
    "true", "false", "none", "null", "nil", "empty", "string", "default", "value", "text", "hello", "abc", "abcd",
    "foo", "bar", "baz", "qux", "login", "key", "api", "apikey", "auth", "basic", "bearer", "required", "optional",
    "prompt", "ask", "yes", "no", "unset", "blank", "private", "public", "guest", "demo", "mypass", "testpass",
    "testtest", "postgres", "mysql", "letmein", "qwerty", "number", "integer", "boolean", "object", "asdf", "asdfasdf",
];

/// Whether the text stands in for a secret: said so, a template, or of one repeated or counted-up character.
pub(super) fn is_placeholder(secret: &[u8]) -> bool {
    has_stand_in(secret) || is_monotonous(secret)
}

/// Whether a part of the text says that it is none, or a template.
fn has_stand_in(text: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(text).to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    has(STAND_INS) || has(TEMPLATES)
}

/// Whether a text is mostly one character, or counts up.
fn is_monotonous(text: &[u8]) -> bool {
    let longest = |follows: fn(u8, u8) -> bool| {
        let run = |(best, now): (usize, usize), pair: &[u8]| match pair {
            [a, b] if follows(*a, *b) => (best.max(now + 1), now + 1),
            _ => (best, 1),
        };
        text.windows(2).fold((1, 1), run).0
    };
    let (same, up) = (longest(|a, b| a == b), longest(|a, b| b == a.wrapping_add(1)));
    same >= 6 || up >= 8 || up * 2 > text.len() && up >= 6 || (text.len() >= 8 && n_different(text) <= 3)
}

/// How likely a value is what it is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likelihood {
    /// It is something else.
    None,
    /// A word or a short number: a bad password, or a made-up one.
    Weak,
    /// It looks like one.
    Strong,
}

/// How likely a value is what it is said to be.
pub(super) fn likelihood(value: &[u8], kind: Kind) -> Likelihood {
    if has_stand_in(value) || !value.iter().all(|byte| matches!(byte, 0x21..=0x7e)) || is_reference(value) {
        return Likelihood::None;
    }
    let (is_strong, is_weak) = match kind {
        Kind::Password => (!is_monotonous(value) && is_password(value), is_weak_password(value)),
        Kind::Key => (!is_monotonous(value) && is_key(value), is_weak_key(value)),
    };
    match (is_strong, is_weak) {
        (true, _) => Likelihood::Strong,
        (false, true) => Likelihood::Weak,
        (false, false) => Likelihood::None,
    }
}

/// Words that say that there is no value, or of what kind it is.
const NO_VALUES: &[&str] = &[
    "true",
    "false",
    "none",
    "null",
    "nil",
    "empty",
    "string",
    "str",
    "default",
    "value",
    "text",
    "required",
    "optional",
    "prompt",
    "ask",
    "yes",
    "no",
    "unset",
    "blank",
    "private",
    "public",
    "number",
    "integer",
    "boolean",
    "object",
    "int",
    "bool",
    "any",
    "void",
    "char",
    "varchar",
    "hidden",
    "label",
    "input",
    "field",
    "pwd",
    "passwd",
    "off",
    "on",
    "new",
    "self",
    "current",
    "new-password",
    "current-password",
    "function",
    "undefined",
    "byte",
    "bytes",
    "file",
    "auto",
    "error",
];

/// What may be a bad password: anything but a word that means a value, or no value.
fn is_weak_password(value: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    (3..=64).contains(&value.len())
        && n_different(value) > 1
        && !is_hash(value)
        && !NO_VALUES.contains(&lower.as_str())
        && value.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"!#$&^~".contains(byte))
        && value.last().is_some_and(|byte| !b":,;=({[<.".contains(byte))
}

/// What may be a key that somebody made up: with digits, or a long word that is none.
fn is_weak_key(value: &[u8]) -> bool {
    let has_digit = value.iter().any(u8::is_ascii_digit);
    let has_letter = value.iter().any(u8::is_ascii_alphabetic);
    !is_hash(value)
        && !is_words(value)
        && ((has_digit && has_letter && value.len() >= 8)
            || (value.len() >= 20 && value.iter().all(u8::is_ascii_alphanumeric)))
}

fn is_password(value: &[u8]) -> bool {
    let lower = String::from_utf8_lossy(value).to_ascii_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphabetic).collect();
    let n_digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    (5..=128).contains(&value.len())
        && !COMMON.contains(&letters.as_str())
        && (n_digits >= 2 || !["password", "passwd", "passwort", "passphrase"].iter().any(|word| lower.contains(word)))
        && !is_hash(value)
        && !is_words(value)
}

fn is_key(value: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| value.iter().any(is);
    let least = if value.iter().all(u8::is_ascii_hexdigit) { 2.7 } else { 3.0 };
    (12..=4096).contains(&value.len())
        && has(u8::is_ascii_alphabetic)
        && (has(u8::is_ascii_digit)
            || (value.len() >= 20 && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)))
        && entropy(value) >= least
        && !is_words(value)
        && !is_hash(value)
}

/// Whether a value refers to something: a path, a URL, a variable, a call, a part of an object.
fn is_reference(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    let starts = [
        "/", "./", "../", "~/", "$", "%", "@", "<", "{", "[", "(", "http:", "https:", "file:", "env.", "env:",
        "vault:", "arn:", "secrets.", "process.", "os.", "self.", "this.", "var.", "local.", "data.", "urn:", "ssm:",
        "sha256:", "*", "--", "#", "//", "ENC[", "enc:", "ref:", "op:",
    ];
    let is_call = text.contains('(') && text.contains(')');
    let is_index = text.contains('[') && text.contains(']');
    let n_slashes = value.iter().filter(|&&byte| byte == b'/').count();
    let is_path = n_slashes >= 2 && text.split('/').all(|part| is_words(part.as_bytes()) || part.is_empty());
    starts.iter().any(|start| text.starts_with(start)) || is_call || is_index || is_path || text.contains("->")
}

/// Whether a value is made of words, as names and labels are: letters only, parted by `-`, `_`, `.`, `/`, `:`, or by
/// capitals; at most a short number at the end of one.
fn is_words(value: &[u8]) -> bool {
    let parts = value.split(|byte| b"-_./: ,;!?'+".contains(byte));
    parts.into_iter().all(is_word)
}

fn is_word(part: &[u8]) -> bool {
    let digits = part.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let letters = part.get(..part.len() - digits).unwrap_or_default();
    if digits > 2 || !letters.iter().all(u8::is_ascii_alphabetic) || letters.len() > 24 {
        return false;
    }
    let n_turns =
        letters.windows(2).filter(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    let n_turns = n_turns.count();
    let vowels = letters.iter().filter(|byte| b"aeiouyAEIOUY".contains(byte)).count();
    // Chance capitalises and leaves out vowels.
    letters.len() < 6 || (n_turns * 4 <= letters.len() && vowels * 5 >= letters.len())
}

/// Whether a value is the name of content, not a secret: an integrity hash, a UUID.
fn is_hash(value: &[u8]) -> bool {
    let is_uuid = value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let known = [&b"sha1-"[..], b"sha256-", b"sha384-", b"sha512-", b"sha256:", b"md5:", b"sha1:", b"sha512:", b"h1:"];
    is_uuid || known.iter().any(|start| value.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::Likelihood::{None, Strong, Weak};
    use super::{Kind, Likelihood, likelihood};

    #[track_caller]
    fn check(value: &str, kind: Kind, expected: Likelihood) {
        assert_eq!(likelihood(value.as_bytes(), kind), expected, "{value}");
    }

    #[test]
    fn passwords_are_told_from_what_stands_in_for_them() {
        for real in ["Tr0ub4dor&3", "s3cr3tW0rd", "kJ8#mQ2!", "Winter2024!", "xkcd936horse"] {
            check(real, Kind::Password, Strong);
        }
        for bad in ["password", "Password1", "12345678", "test123", "letmein"] {
            check(bad, Kind::Password, Weak);
        }
        for other in [
            "",
            "changeme",
            "your-password",
            "<password>",
            "${DB_PASSWORD}",
            "********",
            "xxxxxxxx",
            "getPassword()",
            "$PASSWORD",
            "/etc/secret",
            "%(password)s",
            "process.env.PASSWORD",
            "null",
            "string",
        ] {
            check(other, Kind::Password, None);
        }
    }

    #[test]
    fn keys_are_told_from_names_and_hashes() {
        for real in ["9f86d081884c7d659a2feaa0c55ad015", "aB3dE5gH7jK9mN1pQ3sT", "Zm9vYmFyYmF6cXV4MTIzNDU2"] {
            check(real, Kind::Key, Strong);
        }
        for other in [
            "short1",
            "application/json",
            "com.example.app.Token",
            "123e4567-e89b-12d3-a456-426614174000",
            "sha512-3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAA",
            "access-token-header-name",
        ] {
            check(other, Kind::Key, None);
        }
    }
}
