//! XML of any size and encoding as UTF-8 in pieces of bounded size: a token that is longer than anyone reads is cut into
//! several or shortened, so that a parser never holds much at once. Knows XML's lexical form and nothing else of it.

use std::io::{self, BufRead, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr, memchr2, memchr3, memmem};

/// The most bytes of a text, of the value of an attribute or of a comment that stay together.
const MAX_PIECE: usize = 64 << 10;
/// The most bytes of the start of an element, or of a declaration.
const MAX_TAG: usize = 1 << 20;
/// How far back a reference to a character may begin.
const MAX_REFERENCE: usize = 16;
/// How many bytes are decoded at once.
const CHUNK: usize = 16 << 10;
/// How many bytes of a document can hold its declaration.
const MAX_HEAD: usize = 256;

/// What the bytes that come are.
enum Form {
    /// Nothing came yet.
    Unknown,
    /// UTF-8, as it is handed on.
    Plain,
    /// Something else, or UTF-8 that is wrong or cut.
    Coded(Decoder),
}

/// A reader of UTF-8 in which what is wrong is replaced.
pub(super) struct Bounded<R> {
    inner: R,
    form: Form,
    decoded: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    is_over: bool,
    lexer: Lexer,
}

impl<R: BufRead> Bounded<R> {
    pub(super) fn new(inner: R) -> Self {
        let lexer = Lexer { state: State::Text, length: 0, n_tag: 0, seen: Vec::new() };
        Self { inner, form: Form::Unknown, decoded: Vec::new(), out: Vec::new(), at: 0, is_over: false, lexer }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        let chunk = self.inner.fill_buf()?;
        let chunk = chunk.get(..CHUNK).unwrap_or(chunk);
        if matches!(self.form, Form::Unknown) {
            self.form = match encoding(chunk) {
                encoding if encoding == UTF_8 && !is_marked(chunk) => Form::Plain,
                encoding => Form::Coded(encoding.new_decoder_with_bom_removal()),
            };
        }
        let n_plain = std::str::from_utf8(chunk).map_or_else(|wrong| wrong.valid_up_to(), str::len);
        if matches!(self.form, Form::Plain) && (n_plain > 0 || chunk.is_empty()) {
            self.is_over = chunk.is_empty();
            self.lexer.feed(chunk.get(..n_plain).unwrap_or_default(), &mut self.out)?;
            self.inner.consume(n_plain);
            return Ok(());
        }
        self.decode()
    }

    /// Decodes what comes next. Behind an ASCII character nothing of it is left in the decoder of UTF-8.
    fn decode(&mut self) -> io::Result<()> {
        let chunk = self.inner.fill_buf()?;
        let chunk = chunk.get(..CHUNK).unwrap_or(chunk);
        if matches!(self.form, Form::Plain | Form::Unknown) {
            self.form = Form::Coded(UTF_8.new_decoder_without_bom_handling());
        }
        let Form::Coded(decoder) = &mut self.form else { return Ok(()) };
        self.decoded.resize(3 * CHUNK, 0);
        let is_last = chunk.is_empty();
        let (result, n_read, n_written, _) = decoder.decode_to_utf8(chunk, &mut self.decoded, is_last);
        let is_whole = n_read.checked_sub(1).and_then(|last| chunk.get(last)).is_some_and(u8::is_ascii);
        if is_whole && decoder.encoding() == UTF_8 {
            self.form = Form::Plain;
        }
        self.inner.consume(n_read);
        self.is_over = is_last && result == CoderResult::InputEmpty;
        self.lexer.feed(self.decoded.get(..n_written).unwrap_or_default(), &mut self.out)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.out.len() && !self.is_over {
            self.refill()?;
        }
        Ok(self.out.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, n_bytes: usize) {
        self.at += n_bytes;
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let n_read = available.read(into)?;
        self.consume(n_read);
        Ok(n_read)
    }
}

/// Whether a document begins with the mark of UTF-8, or with what may become one.
fn is_marked(head: &[u8]) -> bool {
    head.first() == Some(&0xef)
}

/// The encoding that a document shows by its first bytes or declares; UTF-8 if it does neither, or declares one that it
/// can't have.
fn encoding(head: &[u8]) -> &'static Encoding {
    let head = head.get(..MAX_HEAD).unwrap_or(head);
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    match head {
        [b'<', 0, ..] => return UTF_16LE,
        [0, b'<', ..] => return UTF_16BE,
        _ => {}
    }
    let declared = memmem::find(head, b"encoding").and_then(|at| {
        let after = head.get(at + "encoding".len()..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let (&quote, label) = after.split_first()?;
        Encoding::for_label(label.get(..memchr(quote, label)?)?)
    });
    declared.filter(|encoding| encoding.is_ascii_compatible()).unwrap_or(UTF_8)
}

/// Where in a document the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    /// Behind `<` and bytes that may become `![CDATA[` or `!--`.
    Opened,
    /// Inside of `<...>`, or of a value there with this quote.
    Tag(Option<u8>),
    /// Inside of a declaration, this many `<` deep.
    Declaration(usize),
    /// Inside of `<!--`, behind this many dashes.
    Comment(usize),
    /// Inside of `<?`, behind a question mark or not.
    Instruction(bool),
    /// Inside of `<![CDATA[`, behind this many brackets.
    Data(usize),
}

const COMMENT: &[u8] = b"!--";
const DATA: &[u8] = b"![CDATA[";

struct Lexer {
    state: State,
    /// How many bytes the token has so far; in the start of an element, the value of an attribute.
    length: usize,
    /// How many bytes the element or declaration has so far.
    n_tag: usize,
    /// The bytes behind a `<`, until it is clear what it opens.
    seen: Vec<u8>,
}

impl Lexer {
    /// Takes bytes, which begin and end anywhere, and gives those that a parser is to see.
    fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        while let Some(&byte) = bytes.first() {
            let n_taken = match self.state {
                State::Text => self.text(bytes, out),
                State::Opened => self.opened(byte, out),
                State::Tag(quote) => self.tag(quote, bytes, out),
                State::Declaration(depth) => self.declaration(depth, byte, out),
                State::Comment(n_dashes) => self.comment(n_dashes, bytes, out),
                State::Instruction(is_ending) => self.instruction(is_ending, byte, out),
                State::Data(n_brackets) => self.data(n_brackets, bytes, out),
            };
            if self.n_tag > MAX_TAG {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a tag has more than 1 MiB"));
            }
            bytes = bytes.get(n_taken..).unwrap_or_default();
        }
        Ok(())
    }

    fn enter(&mut self, state: State) {
        if state == State::Text {
            self.n_tag = 0;
        }
        self.state = state;
        self.length = 0;
    }

    fn text(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let n_text = memchr(b'<', bytes).unwrap_or(bytes.len());
        let text = bytes.get(..n_text).unwrap_or_default();
        self.length += n_text;
        match cut(text).filter(|_| self.length > MAX_PIECE) {
            Some((before, after)) => {
                // An instruction that nobody understands ends one piece of the text and begins the next.
                out.extend([before, b"<?_?>", after].concat());
                self.length = after.len();
            }
            None => out.extend_from_slice(text),
        }
        if n_text < bytes.len() {
            out.push(b'<');
            self.seen.clear();
            self.enter(State::Opened);
        }
        bytes.len().min(n_text + 1)
    }

    /// Tells by the bytes behind a `<` what it opens.
    fn opened(&mut self, byte: u8, out: &mut Vec<u8>) -> usize {
        self.seen.push(byte);
        let state = match self.seen.as_slice() {
            b"?" => State::Instruction(false),
            COMMENT => State::Comment(0),
            DATA => State::Data(0),
            seen if COMMENT.starts_with(seen) || DATA.starts_with(seen) => State::Opened,
            [b'!', ..] => State::Declaration(1),
            _ => State::Tag(None),
        };
        if matches!(state, State::Tag(_) | State::Declaration(_)) {
            self.enter(state);
            return 0;
        }
        out.push(byte);
        if state != State::Opened {
            self.enter(state);
        }
        1
    }

    fn tag(&mut self, quote: Option<u8>, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let end = match quote {
            None => memchr3(b'>', b'"', b'\'', bytes),
            Some(quote) => memchr(quote, bytes),
        };
        let inside = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let limit = if quote.is_some() { MAX_PIECE } else { usize::MAX };
        let kept = up_to(inside, limit.saturating_sub(self.length));
        out.extend_from_slice(kept);
        self.n_tag += kept.len() + 1;
        self.length += inside.len();
        let Some(&ending) = end.and_then(|end| bytes.get(end)) else { return bytes.len() };
        out.push(ending);
        match (quote, ending) {
            (None, b'>') => self.enter(State::Text),
            (None, quote) => self.enter(State::Tag(Some(quote))),
            (Some(_), _) => self.enter(State::Tag(None)),
        }
        inside.len() + 1
    }

    fn declaration(&mut self, depth: usize, byte: u8, out: &mut Vec<u8>) -> usize {
        out.push(byte);
        self.n_tag += 1;
        match byte {
            b'<' => self.state = State::Declaration(depth + 1),
            b'>' if depth <= 1 => self.enter(State::Text),
            b'>' => self.state = State::Declaration(depth - 1),
            _ => {}
        }
        1
    }

    fn comment(&mut self, n_dashes: usize, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let n_plain = memchr2(b'-', b'>', bytes).unwrap_or(bytes.len());
        let plain = bytes.get(..n_plain).unwrap_or_default();
        out.extend_from_slice(up_to(plain, MAX_PIECE.saturating_sub(self.length)));
        self.length += n_plain;
        let n_dashes = if n_plain == 0 { n_dashes } else { 0 };
        match bytes.get(n_plain) {
            None => self.state = State::Comment(n_dashes),
            Some(b'-') => self.state = State::Comment(n_dashes + 1),
            Some(_) if n_dashes >= 2 => {
                out.extend_from_slice(b"-->");
                self.enter(State::Text);
            }
            // A dash that was held back belongs to nothing that anyone reads.
            Some(_) => self.state = State::Comment(0),
        }
        bytes.len().min(n_plain + 1)
    }

    fn instruction(&mut self, is_ending: bool, byte: u8, out: &mut Vec<u8>) -> usize {
        self.length += 1;
        if is_ending && byte == b'>' {
            out.extend_from_slice(b"?>");
            self.enter(State::Text);
            return 1;
        }
        if is_ending && self.length <= MAX_PIECE {
            out.push(b'?');
        }
        self.state = State::Instruction(byte == b'?');
        // A character that is cut at the limit would make the document wrong: only ASCII is kept.
        if byte != b'?' && self.length <= MAX_PIECE {
            out.push(if byte.is_ascii() { byte } else { b'_' });
        }
        1
    }

    fn data(&mut self, n_brackets: usize, bytes: &[u8], out: &mut Vec<u8>) -> usize {
        let n_plain = memchr2(b']', b'>', bytes).unwrap_or(bytes.len());
        let plain = bytes.get(..n_plain).unwrap_or_default();
        self.length += n_plain;
        match cut(plain).filter(|_| self.length > MAX_PIECE) {
            Some((before, after)) => {
                out.extend([before, b"]]><![CDATA[", after].concat());
                self.length = after.len();
            }
            None => out.extend_from_slice(plain),
        }
        let n_brackets = if n_plain == 0 { n_brackets } else { 0 };
        let Some(&byte) = bytes.get(n_plain) else {
            self.state = State::Data(n_brackets);
            return bytes.len();
        };
        out.push(byte);
        self.length += 1;
        match byte {
            b']' => self.state = State::Data(n_brackets + 1),
            _ if n_brackets >= 2 => self.enter(State::Text),
            _ => self.state = State::Data(0),
        }
        n_plain + 1
    }
}

/// Cuts a text where no character and no reference to one is cut.
fn cut(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_plain = |at: &usize| {
        let before = text.get(at - MAX_REFERENCE..*at).unwrap_or_default();
        text.get(*at).is_some_and(|byte| byte & 0xc0 != 0x80) && memchr(b'&', before).is_none()
    };
    let at = (MAX_REFERENCE..text.len()).find(is_plain)?;
    text.split_at_checked(at)
}

/// The first bytes, up to a whole character.
fn up_to(bytes: &[u8], limit: usize) -> &[u8] {
    let mut end = limit.min(bytes.len());
    while end > 0 && bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    bytes.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use proptest::prelude::{prop_assert_eq, proptest};
    use proptest::sample::select;

    use super::Bounded;

    const PIECES: [&[u8]; 10] = [
        b"a",
        b"\n",
        "\u{e9}".as_bytes(),
        "\u{20ac}".as_bytes(),
        "\u{1f600}".as_bytes(),
        b"\xc3",
        b"\xa9",
        b"\xf0\x9f",
        b"\xff",
        b"\xef\xbb\xbf",
    ];

    proptest! {
        #[test]
        fn what_is_no_utf_8_is_replaced_wherever_it_is_cut(
            pieces in proptest::collection::vec(select(PIECES.to_vec()), 0..40),
            n_at_once in 1..9_usize,
        ) {
            let bytes = [b"x", pieces.concat().as_slice()].concat();
            let mut text = String::new();
            Bounded::new(BufReader::with_capacity(n_at_once, bytes.as_slice())).read_to_string(&mut text).unwrap();
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}
