//! What the readers of XML reports share: the elements of a document, one after the other, in bounded memory. Entities that a
//! document declares are never expanded.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::check::attributes::{Attributes, Written};
use crate::check::suite::Cut;
use crate::check::suite::bounded::Bounded;

/// How deep elements may be nested.
const MAX_DEPTH: usize = 1_000;

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
pub(super) struct Tag<'a>(&'a BytesStart<'a>);

impl Tag<'_> {
    /// The name without a prefix.
    pub(super) fn name(&self) -> &str {
        let name = self.0.name().into_inner();
        name.rsplit_once(':').map_or(name, |(_, local)| local)
    }

    /// The value of an attribute; a reference that is not XML's own stays as it is written.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let [value] = self.pick([name]);
        value
    }

    /// The same for several attributes.
    pub(super) fn pick<const N: usize>(&self, names: [&str; N]) -> [Option<Cow<'_, str>>; N] {
        Attributes::of(self.0).pick(names).map(|value| value.map(Written::text))
    }

    /// The value of an attribute that says something.
    pub(super) fn said(&self, name: &str) -> Option<Cow<'_, str>> {
        says(self.get(name))
    }
}

/// A value that says something.
pub(super) fn says(value: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    value.filter(|value| !value.trim().is_empty())
}

/// Reads a document to its end. Where it is broken off, what came before was taken.
pub(super) fn read(input: &mut dyn BufRead, elements: &mut dyn Elements) -> Result<(), Cut> {
    let mut reader = Reader::from_reader(Bounded::new(input));
    reader.config_mut().allow_dangling_amp = true;
    let mut buffer = Vec::new();
    let mut depth = 0_usize;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| Cut(format!("it is broken off: {error}")))? {
            Event::Start(tag) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Cut(format!("its elements are nested more than {MAX_DEPTH} deep")));
                }
                elements.open(&Tag(&tag));
            }
            Event::Empty(tag) => {
                let tag = Tag(&tag);
                elements.open(&tag);
                elements.close(tag.name());
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                elements.close(tag.local_name().as_ref());
            }
            Event::Text(text) => elements.text(&text.xml10_content()),
            Event::CData(text) => elements.text(&text.xml10_content()),
            Event::GeneralRef(reference) => elements.text(&referred(&reference)),
            Event::Eof if depth > 0 => return Err(Cut("it is broken off: it ends inside an element".to_owned())),
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn referred(reference: &BytesRef<'_>) -> String {
    if let Some(character) = reference.resolve_char_ref().ok().flatten() {
        return character.into();
    }
    let name = reference.xml10_content();
    resolve_predefined_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Read};

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
            self.said.push_str(text.get(..text.len().min(50)).unwrap_or_default());
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
                assert!(seen.said.len() < 100 << 10);
            }
        }
        let mut document = Cursor::new("<x ").chain(std::io::repeat(b'a').take(N_BYTES)).chain(Cursor::new("/>"));
        assert!(
            read(&mut BufReader::new(&mut document), &mut Seen::default()).unwrap_err().0.contains("more than 1 MiB")
        );
    }
}
