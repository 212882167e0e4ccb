//! Plain JSON out of JSON with comments: what plain JSON does not have becomes blanks, so that every offset stays.

/// The same bytes with comments and trailing commas blanked out. A comment that is not closed stays, for the parser to
/// complain about.
pub(crate) fn blanked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = bytes.to_vec();
    let mut at = 0;
    let mut significant = Significant::default();
    while let Some(&byte) = bytes.get(at) {
        let end = match (byte, bytes.get(at + 1)) {
            (b'"', _) => string_end(bytes, at),
            (b'/', Some(b'/')) => comment(&mut plain, at, line_end(bytes, at)),
            (b'/', Some(b'*')) => match block_end(bytes, at) {
                Some(end) => comment(&mut plain, at, end),
                None => return plain,
            },
            _ => at + 1,
        };
        let is_comment = byte == b'/' && end > at + 1;
        if !is_comment
            && !byte.is_ascii_whitespace()
            && let Some(comma) = significant.see(byte, at).and_then(|comma| plain.get_mut(comma))
        {
            *comma = b' ';
        }
        at = end;
    }
    plain
}

/// The last two bytes that were neither white space nor comment.
#[derive(Default)]
struct Significant {
    before: u8,
    last: u8,
    last_at: usize,
}

impl Significant {
    /// Takes the next one; gives the place of a comma that trails.
    fn see(&mut self, byte: u8, at: usize) -> Option<usize> {
        let closes = matches!(byte, b']' | b'}');
        let trails = closes && self.last == b',' && !matches!(self.before, b',' | b'[' | b'{' | b':' | 0);
        let comma = trails.then_some(self.last_at);
        *self = Self { before: self.last, last: byte, last_at: at };
        comma
    }
}

fn comment(plain: &mut [u8], start: usize, end: usize) -> usize {
    for byte in plain.get_mut(start..end).unwrap_or_default() {
        if !matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    end
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None => return at,
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    start + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())
}

fn block_end(bytes: &[u8], start: usize) -> Option<usize> {
    let inside = start + 2;
    Some(inside + memchr::memmem::find(bytes.get(inside..)?, b"*/")? + 2)
}

#[cfg(test)]
mod tests {
    use super::blanked;

    #[track_caller]
    fn check(content: &str, expected: &str) {
        let plain = blanked(content.as_bytes());
        assert_eq!(String::from_utf8_lossy(&plain), expected);
        assert_eq!(plain.len(), content.len());
    }

    #[test]
    fn comments_and_trailing_commas_become_blanks() {
        check("[1] // one", "[1]       ");
        check("/* a\nb */{}", "    \n    {}");
        check("[1, 2,]", "[1, 2 ]");
        check("{\"a\": 1, // x\n}", "{\"a\": 1      \n}");
        check("{\"a\": [1,],}", "{\"a\": [1 ] }");
    }

    #[test]
    fn what_is_in_a_string_stays() {
        check(r#"["// \" /* ,]", "\\"]"#, r#"["// \" /* ,]", "\\"]"#);
        check("[\"open // ", "[\"open // ");
        check("\"\\", "\"\\");
    }

    #[test]
    fn what_is_wrong_stays_wrong() {
        check("[,]", "[,]");
        check("[1,,]", "[1,,]");
        check("{\"a\":,}", "{\"a\":,}");
        check("[1 /* open", "[1 /* open");
        check("[1 / 2]", "[1 / 2]");
    }
}
