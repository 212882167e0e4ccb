//! XML of any size and encoding as UTF-8, chunk after chunk: what is wrong is replaced. Knows of XML how it tells its
//! encoding and nothing else.

use std::io::{BufRead, ErrorKind};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::{memchr, memmem};

use crate::check::suite::Cut;

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

/// What takes a document, chunk after chunk.
type Take<'a> = dyn FnMut(&str) -> Result<(), Cut> + 'a;

/// Hands out a document to its end.
pub(super) fn decode(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<(), Cut> {
    let mut decoding = Decoding { form: Form::Unknown, decoded: String::new() };
    while decoding.go_on(input, take)? {}
    Ok(())
}

struct Decoding {
    form: Form,
    decoded: String,
}

impl Decoding {
    /// Hands out what comes next; whether more may come.
    fn go_on(&mut self, input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<bool, Cut> {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            chunk => chunk.map_err(|error| Cut(format!("it can't be read: {error}")))?,
        };
        if matches!(self.form, Form::Unknown) {
            self.form = match encoding(chunk) {
                encoding if encoding == UTF_8 && !is_marked(chunk) => Form::Plain,
                encoding => Form::Coded(encoding.new_decoder_with_bom_removal()),
            };
        }
        if matches!(self.form, Form::Plain) {
            // Which part is right is only asked where not all is: that takes three times as long.
            let right = || chunk.utf8_chunks().next().map_or("", |first| first.valid());
            let plain = std::str::from_utf8(chunk).unwrap_or_else(|_| right());
            if chunk.is_empty() || !plain.is_empty() {
                let n_plain = plain.len();
                take(plain)?;
                input.consume(n_plain);
                return Ok(n_plain > 0);
            }
            self.form = Form::Coded(UTF_8.new_decoder_without_bom_handling());
        }
        self.decode(input, take)
    }

    /// Decodes what comes next. Behind an ASCII character nothing of it is left in the decoder of UTF-8.
    fn decode(&mut self, input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<bool, Cut> {
        let Form::Coded(decoder) = &mut self.form else { return Ok(true) };
        let chunk = input.fill_buf().map_err(|error| Cut(format!("it can't be read: {error}")))?;
        let chunk = chunk.get(..CHUNK).unwrap_or(chunk);
        self.decoded.clear();
        self.decoded.reserve(3 * CHUNK);
        let is_last = chunk.is_empty();
        let (result, n_read, _) = decoder.decode_to_string(chunk, &mut self.decoded, is_last);
        let is_whole = n_read.checked_sub(1).and_then(|last| chunk.get(last)).is_some_and(u8::is_ascii);
        if is_whole && decoder.encoding() == UTF_8 {
            self.form = Form::Plain;
        }
        input.consume(n_read);
        take(&self.decoded)?;
        Ok(!is_last || result != CoderResult::InputEmpty)
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

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::{prop_assert_eq, proptest};
    use proptest::sample::select;

    use super::decode;

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
            let mut take = |chunk: &str| {
                text.push_str(chunk);
                Ok(())
            };
            decode(&mut BufReader::with_capacity(n_at_once, bytes.as_slice()), &mut take).unwrap();
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}
