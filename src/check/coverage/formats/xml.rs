//! XML read as a stream, in the encoding that it declares. Entities that a document declares itself are refused where
//! one is used: nothing is ever expanded.

use std::io::BufRead;

use quick_xml::encoding::DecodingReader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The most bytes of a declaration.
const MAX_DECLARATION: usize = 1_000;

/// A piece of a document.
pub(super) enum Piece<'a> {
    /// An element begins.
    Open(&'a str, &'a BytesStart<'a>),
    /// An element ends.
    Close(&'a str),
    /// Text inside of an element, in one or several pieces.
    Text(&'a str),
}

/// Hands each piece of the document to `take`, until its root is closed. The root has to be called `root`.
pub(super) fn pieces(
    input: &mut dyn BufRead,
    root: &str,
    take: &mut dyn FnMut(&Piece<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = Reader::from_reader(decoded(input)?);
    let mut buffer = Vec::new();
    let mut depth = 0_usize;
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| format!("it is broken off: {error}"))?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.local_name();
                let name = name.as_ref();
                if depth == 0 && name != root {
                    return Err(format!("its root is <{name}>, not <{root}>"));
                }
                take(&Piece::Open(name, tag))?;
                match event {
                    Event::Start(_) => depth += 1,
                    _ => take(&Piece::Close(name))?,
                }
                if depth == 0 {
                    return Ok(());
                }
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                take(&Piece::Close(tag.local_name().as_ref()))?;
                if depth == 0 {
                    return Ok(());
                }
            }
            Event::Text(text) if depth > 0 => take(&Piece::Text(&text.xml10_content()))?,
            Event::CData(text) if depth > 0 => take(&Piece::Text(&text.xml10_content()))?,
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().ok().flatten().map(String::from);
                let named = || resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned);
                take(&Piece::Text(&character.or_else(named).ok_or_else(foreign_entity)?))?;
            }
            Event::Eof if depth == 0 => return Err(format!("there is no <{root}> in it")),
            Event::Eof => return Err("it is broken off: an element is not closed".to_owned()),
            _ => {}
        }
    }
}

/// The text of a document. The encoding that it declares is set before anything is read, because the decoder would panic
/// over one that is declared further down.
fn decoded(input: &mut dyn BufRead) -> Result<DecodingReader<&mut dyn BufRead>, String> {
    let start = input.fill_buf().map_err(|error| error.to_string())?;
    let end = memchr::memmem::find(start, b"?>").map_or(0, |end| end + 2);
    let declaration = String::from_utf8_lossy(start.get(..end.min(MAX_DECLARATION)).unwrap_or_default()).into_owned();
    let mut decoding = DecodingReader::new(input);
    if let Ok(Event::Decl(declaration)) = Reader::from_str(&declaration).read_event()
        && let Some(encoding) = declaration.encoder()
    {
        decoding.set_encoding(encoding);
    }
    Ok(decoding)
}

fn foreign_entity() -> String {
    "it uses an entity that it declares itself".to_owned()
}

/// An attribute of an element, if it has it.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    let mut attributes = tag.html_attributes();
    let found = attributes.with_checks(false).flatten().find(|found| found.key.as_ref() == name);
    let value = |found: quick_xml::events::attributes::Attribute<'_>| {
        found.normalized_value(XmlVersion::Implicit1_0).map(|value| value.into_owned()).map_err(|_| foreign_entity())
    };
    found.map(value).transpose()
}

/// An attribute that an element must have.
pub(super) fn needed(tag: &BytesStart<'_>, name: &str) -> Result<String, String> {
    let element = tag.local_name();
    attribute(tag, name)?.ok_or_else(|| format!("a <{}> has no `{name}`", element.as_ref()))
}
