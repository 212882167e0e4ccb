//! What the readers of XML reports share: the elements of a document, one after the other, in bounded memory.

use std::borrow::Cow;
use std::io::BufRead;

use memchr::{memchr, memchr3};

use crate::check::attributes::{Attributes, Written};
use crate::check::suite::Cut;
use crate::check::suite::decoded::decode;
use crate::check::suite::tokens::{Tokens, local};

/// What takes the elements of a document.
pub(super) trait Elements {
    /// An element begins.
    fn open(&mut self, tag: &Tag<'_>);
    /// A part of a text, in the element that was opened last and is not closed.
    fn text(&mut self, text: &str);
    /// An element ends; its name without a prefix.
    fn close(&mut self, name: &str);
}

/// The start of an element.
pub(super) struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// What stands between `<` and `>`, or `/>`.
    pub(super) fn new(content: &'a str) -> Self {
        let end = content.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(content.len());
        let (name, attributes) = content.split_at_checked(end).unwrap_or((content, ""));
        Self { name, attributes }
    }

    /// The name with its prefix.
    pub(super) fn full_name(&self) -> &'a str {
        self.name
    }

    /// The name without a prefix.
    pub(super) fn name(&self) -> &'a str {
        local(self.name)
    }

    /// The value of an attribute; a reference that is not XML's own stays as it is written.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let [value] = self.pick([name]);
        value
    }

    /// The same for several attributes.
    pub(super) fn pick<const N: usize>(&self, names: [&str; N]) -> [Option<Cow<'a, str>>; N] {
        let bytes = self.attributes.as_bytes();
        // Nearly always: then none of the values has to be looked at for it.
        let is_plain = memchr3(b'&', b'\t', b'\n', bytes).is_none() && memchr(b'\r', bytes).is_none();
        let text = |value: Written<'a>| if is_plain { Cow::Borrowed(value.as_written()) } else { value.text() };
        Attributes::written(self.attributes).pick(names).map(|value| value.map(text))
    }

    /// The value of an attribute that says something.
    pub(super) fn said(&self, name: &str) -> Option<Cow<'a, str>> {
        says(self.get(name))
    }
}

/// A value that says something.
pub(super) fn says(value: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    value.filter(|value| !value.trim().is_empty())
}

/// Reads a document to its end. Where it is broken off, what came before was taken.
pub(super) fn read(input: &mut dyn BufRead, elements: &mut dyn Elements) -> Result<(), Cut> {
    let mut tokens = Tokens::new(elements);
    decode(input, &mut |chunk| tokens.feed(chunk))?;
    tokens.end()
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Read};

    use proptest::prelude::{prop_assert_eq, proptest};
    use proptest::sample::select;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::{Elements, Tag, read};

    /// What a document says, in short, and the longest text that came at once.
    #[derive(Default)]
    struct Seen {
        said: String,
        longest: usize,
        n_text: usize,
    }

    impl Elements for Seen {
        fn open(&mut self, tag: &Tag<'_>) {
            self.said.push_str(&format!("<{} {}>", tag.name(), tag.get("a").unwrap_or_default()));
        }

        fn text(&mut self, text: &str) {
            self.longest = self.longest.max(text.len());
            self.n_text += text.len();
            if self.said.len() < 1_000 {
                self.said.push_str(text);
            }
        }

        fn close(&mut self, _: &str) {
            self.said.push('.');
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        for size in [1, 3, 16, 100_000] {
            let mut seen = Seen::default();
            read(&mut BufReader::with_capacity(size.max(300), bytes), &mut seen).unwrap();
            assert_eq!(seen.said, expected);
        }
    }

    #[test]
    fn every_encoding_is_read_and_what_is_wrong_is_replaced() {
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        check("<x a='\u{e9}'>\u{20ac}</x>".as_bytes(), "<x \u{e9}>\u{20ac}.");
        check(b"\xef\xbb\xbf<x>y</x>", "<x >y.");
        check(&utf16("\u{feff}<x a='\u{e9}'/>"), "<x \u{e9}>.");
        check(&utf16("<?xml version='1.0' encoding='utf-16'?><x/>"), "<x >.");
        check(b"<?xml version='1.0' encoding=\"ISO-8859-1\"?><x>\xe9</x>", "<x >\u{e9}.");
        check(b"<?xml version='1.0' encoding='windows-1251'?><x>\xe9</x>", "<x >\u{439}.");
        check(b"<?xml version='1.0' encoding='utf-16'?><x>y</x>", "<x >y.");
        check(b"<?xml version='1.0' encoding='nonsense'?><x>\xff</x>", "<x >\u{fffd}.");
        check(b"<x>\xe9<y a='\xc3'/></x>", "<x >\u{fffd}<y \u{fffd}>..");
    }

    #[test]
    fn what_is_not_quite_xml_is_read() {
        check(b"noise <x a='1 < 2 & 3'>a & b &c; &#65;&lt;</x> more", "noise <x 1 < 2 & 3>a & b &c; A<. more");
        check(b"<!-- > -- <y> --><x><![CDATA[<z>]]]]><![CDATA[>]]></x><!---->", "<x ><z>]]>.");
        check(b"<?a ? > ?><x/><?b?>", "<x >.");
    }

    #[test]
    fn entities_are_not_expanded() {
        check(b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><x a='&b;'>&b;</x>", "<x &b;>&b;.");
    }

    #[test]
    fn what_is_broken_off_or_nested_without_end_is_told() {
        let why = |bytes: &[u8]| read(&mut BufReader::new(bytes), &mut Seen::default()).unwrap_err().0;
        for broken in ["<x>", "<x", "<x><!-- ", "<x><![CDATA[ ", "<x>y", "<x a='", "<x></y>", "<!DOCTYPE x [<!ENTITY"] {
            assert!(why(broken.as_bytes()).contains("broken off"), "{broken}");
        }
        assert!(why("<a>".repeat(100_000).as_bytes()).contains("nested"));
    }

    /// Three megabytes of one token, whichever it is, are never held at once.
    #[test]
    fn no_token_is_too_long() {
        const N_BYTES: u64 = 3 << 20;
        for (before, after, n_kept) in [
            ("<x>", "</x>", N_BYTES),
            ("<x><![CDATA[", "]]></x>", N_BYTES),
            ("<x><!-- ", "--></x>", 0),
            ("<x><? ", "?></x>", 0),
            ("<x a='", "'/>", 0),
            ("<x a=\"", "\"/>", 0),
        ] {
            for filling in [b'a', 0x80] {
                let mut document = Cursor::new(before.as_bytes())
                    .chain(std::io::repeat(filling).take(N_BYTES))
                    .chain(Cursor::new(after.as_bytes()));
                let mut seen = Seen::default();
                read(&mut BufReader::new(&mut document), &mut seen).unwrap();
                let width = if filling == b'a' { 1 } else { '\u{fffd}'.len_utf8() };
                assert_eq!(seen.n_text, usize::try_from(n_kept).unwrap() * width, "{before}");
                assert!(seen.longest < 300 << 10, "{before}: {}", seen.longest);
                assert!(seen.said.len() < 400 << 10);
            }
        }
        let mut document = Cursor::new("<x ").chain(std::io::repeat(b'a').take(N_BYTES)).chain(Cursor::new("/>"));
        assert!(
            read(&mut BufReader::new(&mut document), &mut Seen::default()).unwrap_err().0.contains("more than 1 MiB")
        );
    }

    /// What another parser sees; none if it takes the document for broken.
    fn seen_by_another(document: &str) -> Option<String> {
        let mut reader = Reader::from_str(document);
        reader.config_mut().allow_dangling_amp = true;
        let (mut seen, mut depth) = (Seen::default(), 0);
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => {
                    depth += 1;
                    seen.open(&Tag::new(&tag));
                }
                Event::Empty(tag) => {
                    seen.open(&Tag::new(&tag));
                    seen.close("");
                }
                Event::End(_) => {
                    depth -= 1;
                    seen.close("");
                }
                Event::Text(text) => seen.text(&text.xml10_content()),
                Event::CData(text) => seen.text(&text.xml10_content()),
                Event::GeneralRef(reference) => match (&*reference, reference.resolve_char_ref()) {
                    ("amp", _) => seen.text("&"),
                    ("lt", _) => seen.text("<"),
                    (_, Ok(Some(character))) => seen.text(&character.to_string()),
                    _ => seen.text(&format!("&{};", reference.xml10_content())),
                },
                Event::Eof => return (depth == 0).then_some(seen.said),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    const PIECES: [&str; 34] = [
        "<x>",
        "</x>",
        "<x a='1'>",
        "<x a=\"'>\"/>",
        "<x",
        " a='&lt;'",
        ">",
        "/>",
        "</x >",
        "<p:y\n>",
        "</p:y>",
        "<",
        "/",
        "'",
        "\"",
        "&",
        "&amp;",
        "&#65;",
        "&own;",
        ";",
        "text",
        "\u{e9}",
        "\r",
        "\n",
        "<![CDATA[",
        "]]>",
        "]",
        "<!--",
        "-->",
        "-",
        "<?x",
        "?>",
        "?",
        "<!DOCTYPE x [<!ENTITY a '>'> <!-- it's -->]>",
    ];

    proptest! {
        /// Wherever chunks of it end.
        #[test]
        fn what_another_parser_reads_is_read_alike(
            pieces in proptest::collection::vec(select(PIECES.to_vec()), 0..14),
            n_at_once in 1..40_usize,
        ) {
            let document = format!("<r>{}</r>", pieces.concat());
            let mut seen = Seen::default();
            let read = read(&mut BufReader::with_capacity(n_at_once, document.as_bytes()), &mut seen);
            if let Some(expected) = seen_by_another(&document) {
                prop_assert_eq!(read, Ok(()), "{:?}", document);
                prop_assert_eq!(seen.said, expected, "{:?}", document);
            }
        }
    }
}
