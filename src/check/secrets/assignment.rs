//! Assignments: a name with a keyword in it and the literal that it is given, in code, configuration and markup. It reads
//! a line as no parser of one language would, and takes what most of them would agree on.

use crate::model::place::Span;

/// The most bytes of a name on each side of its keyword.
const MAX_NAME: usize = 48;
/// The most bytes of a value.
const MAX_VALUE: usize = 512;

/// Words of a name after which it is no longer the name of the secret itself.
const ABOUT: &[&str] = &[
    "file",
    "path",
    "url",
    "uri",
    "name",
    "names",
    "type",
    "id",
    "ids",
    "field",
    "label",
    "hash",
    "hashed",
    "policy",
    "length",
    "len",
    "min",
    "max",
    "expir",
    "ttl",
    "timeout",
    "regex",
    "pattern",
    "input",
    "form",
    "prompt",
    "hint",
    "help",
    "error",
    "err",
    "msg",
    "message",
    "valid",
    "reset",
    "change",
    "header",
    "prefix",
    "suffix",
    "param",
    "provider",
    "manager",
    "service",
    "store",
    "endpoint",
    "format",
    "encod",
    "count",
    "limit",
    "size",
    "index",
    "column",
    "desc",
    "title",
    "placeholder",
    "algorithm",
    "alg",
    "mode",
    "method",
    "class",
    "enabled",
    "disabled",
    "required",
    "env",
    "var",
    "ref",
    "arn",
    "version",
    "kind",
    "mount",
    "location",
    "dir",
    "strength",
    "score",
    "list",
    "option",
    "config",
    "template",
    "scope",
    "audience",
    "address",
    "mint",
    "symbol",
    "pos",
    "range",
    "stream",
    "izer",
    "ize",
    "rule",
    "page",
    "view",
    "model",
    "button",
    "element",
    "selector",
    "xpath",
    "css",
    "icon",
    "exists",
    "expired",
    "rotation",
    "lifetime",
    "duration",
    "cache",
    "handler",
    "factory",
    "builder",
    "request",
    "response",
    "filter",
    "function",
    "callback",
    "test",
    "column",
    "table",
    "attr",
    "key_name",
    "group",
    "role",
    "user",
    "host",
    "port",
    "domain",
    "number",
    "date",
    "time",
    "status",
    "state",
    "flag",
    "tip",
    "tooltip",
    "text",
    "link",
    "route",
    "char",
    "code",
    "public",
    "sha",
    "md5",
    "digest",
    "checksum",
    "locale",
    "lang",
    "ing",
    "or",
    "authority",
    "ority",
    "entication",
    "orization",
    "s_",
];
/// What makes another word of `pass` when it stands right behind.
const OTHER_WORDS: &[&str] = &["ed", "age", "ing", "es", "through", "thru", "able", "ive"];
/// What only stands around a literal.
const WRAPPERS: &[&[u8]] = &[
    b"Some(",
    b"Just(",
    b"Base64.decode(",
    b"Secret(",
    b"SecretString(",
    b"new SecretString(",
    b"Optional.of(",
    b"new String(",
    b"String.valueOf(",
    b"secret(",
    b"[]byte(",
    b"Buffer.from(",
    b"String::from(",
    b"SecureString(",
];
/// Words of a name before its keyword of which the same is true.
const BEFORE: &[&str] = &[
    "public",
    "pub_",
    "forgot",
    "reset",
    "invalid",
    "csrf_field",
    "hash",
    "encrypted",
    "no_",
    "bypass",
    "com",
    "mis",
    "sur",
    "tres",
    "by",
    "cancellation",
    "css",
    "syntax",
    "lex",
    "next_page",
    "continuation",
    "page",
];

/// A literal that is given to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// The value without its quotes.
    pub(super) value: Span,
    /// Whether it stands in quotes or between tags.
    pub(super) is_quoted: bool,
    /// The name.
    pub(super) name: Span,
    /// How the value is given.
    pub(super) given: Given,
}

/// How a value is given to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// By a sign that gives, or between tags.
    Plainly,
    /// To an option of a command.
    AsOption,
    /// As what stands behind it: it may be something else.
    Behind,
}

/// The assignment whose name holds the keyword at `keyword`; none if there is none on that line.
pub(super) fn assignment(text: &[u8], keyword: Span) -> Option<Assignment> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.$".contains(byte);
    let before = text.get(keyword.start.saturating_sub(MAX_NAME)..keyword.start)?;
    let behind = text.get(keyword.end..text.len().min(keyword.end + MAX_NAME))?;
    let n_before = before.iter().rev().take_while(|byte| is_name(byte)).count();
    let n_behind = behind.iter().take_while(|byte| is_name(byte) && **byte != b'.').count();
    let name = Span { start: keyword.start - n_before, end: keyword.end + n_behind };
    let lower = |start: usize, end: usize| {
        String::from_utf8_lossy(text.get(start..end).unwrap_or_default()).to_ascii_lowercase()
    };
    let (left, right) = (lower(name.start, keyword.start), lower(keyword.end, name.end));
    let is_other_word =
        lower(keyword.start, keyword.end) == "pass" && OTHER_WORDS.iter().any(|word| right.starts_with(word));
    if is_other_word || is_about(&left, &right) || n_before >= MAX_NAME || n_behind >= MAX_NAME {
        return None;
    }
    let mut cursor = Cursor { text, at: name.end };
    let opening = name.start.checked_sub(1).and_then(|at| text.get(at)).copied();
    let in_tag = opening == Some(b'<');
    let is_option = text.get(name.start..name.end)?.starts_with(b"--");
    let given = cursor.seek_value(opening, in_tag, is_option)?;
    let (value, is_quoted) = cursor.value(in_tag)?;
    Some(Assignment { value, is_quoted, name, given })
}

/// Whether a name is about a secret instead of naming it, told by what stands beside the keyword, in small letters.
fn is_about(left: &str, right: &str) -> bool {
    let tail = right.trim_start_matches(['_', '-']);
    let words = |text: &str| !text.is_empty();
    words(tail) && ABOUT.iter().any(|word| tail.starts_with(word) || tail.ends_with(word))
        || BEFORE.iter().any(|word| left.ends_with(word) || left.trim_end_matches(['_', '-', '.']).ends_with(word))
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: &[u8], most: usize) -> usize {
        let n = self.rest().iter().take(most).take_while(|byte| bytes.contains(byte)).count();
        self.at += n;
        n
    }

    fn eat(&mut self, token: &[u8]) -> bool {
        let is_there = self.rest().starts_with(token);
        self.at += if is_there { token.len() } else { 0 };
        is_there
    }

    /// Goes from the end of the name to where the value begins.
    fn seek_value(&mut self, opening: Option<u8>, in_tag: bool, is_option: bool) -> Option<Given> {
        let was_quoted = matches!(opening, Some(b'"' | b'\'' | b'`')) && self.peek() == opening;
        self.at += usize::from(self.peek() == Some(b'\\'));
        self.skip(b"\"'`", 1);
        self.skip(b"])", 1);
        let n_blank = self.skip(b" \t", 24);
        if in_tag {
            return self.eat(b">").then_some(Given::Plainly);
        }
        if was_quoted && (self.eat(b"value=") || self.eat(b"value =") || self.eat(b"content=")) {
            return Some(Given::Plainly);
        }
        const SIGNS: [&[u8]; 10] = [b"=>", b":=", b"||=", b"?=", b"===", b"!==", b"==", b"!=", b"+=", b"="];
        // `t.pass("...")` passes a test.
        let before = self.text.get(..self.at).unwrap_or_default();
        let is_verb = before.ends_with(b"pass") && !before.ends_with(b"_pass");
        let mut given = if is_option { Given::AsOption } else { Given::Plainly };
        if !SIGNS.iter().any(|sign| self.eat(sign)) {
            match self.peek() {
                Some(b':') => self.colon()?,
                Some(b'(') if !was_quoted && !is_verb => self.at += 1,
                Some(b',') if was_quoted => {
                    self.at += 1;
                    given = Given::Behind;
                }
                Some(b'"' | b'\'') if n_blank > 0 && !was_quoted => given = Given::Behind,
                _ if is_option && n_blank > 0 => {}
                _ => return None,
            }
        }
        self.skip(b" \t", 24);
        Some(given)
    }

    /// Passes a colon, and the type that may follow it in front of `=`.
    fn colon(&mut self) -> Option<()> {
        self.at += 1;
        let start = self.at;
        self.skip(b" \t", 8);
        self.skip(b"&'", 2);
        let is_type = |byte: &u8| byte.is_ascii_alphanumeric() || b"<>_[]?.|".contains(byte);
        let n_type = self.rest().iter().take(32).take_while(|byte| is_type(byte)).count();
        self.at += n_type;
        self.skip(b" \t", 8);
        if !(n_type > 0 && self.peek() == Some(b'=')) {
            self.at = start;
            return Some(());
        }
        self.at += 1;
        Some(())
    }

    /// The value, and whether it is quoted.
    fn value(&mut self, in_tag: bool) -> Option<(Span, bool)> {
        let rest = self.rest();
        let wrapper = WRAPPERS.iter().find(|wrapper| rest.starts_with(wrapper)).map_or(0, |wrapper| wrapper.len());
        self.at += wrapper;
        let prefix = self.rest().iter().take(3).take_while(|byte| b"bBrRuUN@LS(".contains(byte)).count();
        let is_quote = |byte: Option<&u8>| byte.filter(|byte| b"\"'`".contains(byte)).copied();
        self.at += usize::from(self.peek() == Some(b'\\'));
        let quoted = is_quote(self.rest().get(prefix)).map(|quote| (prefix + 1, quote));
        if let Some((n_skipped, quote)) = quoted.filter(|_| !in_tag) {
            self.at += n_skipped;
            let line = self.rest().iter().take(MAX_VALUE + 1).position(|&byte| byte == quote || byte == b'\n')?;
            let value = Span { start: self.at, end: self.at + line };
            let is_whole = self.text.get(value.end) == Some(&quote);
            let end = if self.text.get(value.end.checked_sub(1)?) == Some(&b'\\') { value.end - 1 } else { value.end };
            return is_whole.then_some((Span { end: end.max(value.start), ..value }, true));
        }
        let ends: &[u8] = if in_tag { b"<\n\r" } else { b" \t\n\r,;\"'`<>" };
        let n = self.rest().iter().take(MAX_VALUE + 1).take_while(|byte| !ends.contains(byte)).count();
        let value = Span { start: self.at, end: self.at + n };
        (n > 0 && n <= MAX_VALUE && (!in_tag || self.text.get(value.end) == Some(&b'<'))).then_some((value, in_tag))
    }
}

#[cfg(test)]
mod tests {
    use super::assignment;
    use crate::model::place::Span;

    #[track_caller]
    fn check(line: &str, expected: Option<(&str, bool)>) {
        let start = line.to_ascii_lowercase().find("password").unwrap();
        let found = assignment(line.as_bytes(), Span { start, end: start + 8 });
        assert_eq!(found.map(|found| (&line[found.value.start..found.value.end], found.is_quoted)), expected, "{line}");
    }

    #[test]
    fn many_ways_of_giving_a_value_are_read() {
        for line in [
            "password = 'abc'",
            "DB_PASSWORD=\"abc\"",
            "\"password\": \"abc\"",
            "password => 'abc'",
            "password := `abc`",
            "let password: &str = \"abc\";",
            "val password: String = \"abc\"",
            "config['password'] = 'abc'",
            "setProperty(\"password\", \"abc\")",
            "setPassword(\"abc\")",
            "if password == \"abc\"",
            "<add name=\"password\" value=\"abc\"/>",
            "<x password=\"abc\"/>",
            "password \"abc\"",
            "password = b'abc'",
            "<password>abc</password>",
            "{\\\"password\\\":\\\"abc\\\"}",
        ] {
            check(line, Some(("abc", true)));
        }
        for line in ["password=abc", "password: abc", "export PASSWORD=abc", "--password abc", "db.password=abc ; end"]
        {
            check(line, Some(("abc", false)));
        }
    }

    #[test]
    fn what_is_about_a_password_gives_none() {
        for line in [
            "password_file = 'abc'",
            "passwordLabel: 'abc'",
            "reset_password = 'abc'",
            "a password is 'abc'",
            "password",
            "password = ",
            "password = 'abc",
            "no password here",
        ] {
            check(line, None);
        }
    }
}
