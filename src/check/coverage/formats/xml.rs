//! XML read as a stream, in the encoding that it declares. Entities that a document declares itself are refused where
//! one is used: nothing is ever expanded.

use std::io::BufRead;

use quick_xml::encoding::DecodingReader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

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
    let mut reader = Reader::from_reader(DecodingReader::new(input));
    let mut buffer = Vec::new();
    let mut depth = 0_usize;
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| format!("it is broken off: {error}"))?;
        let mut encoding = None;
        match &event {
            Event::Decl(declaration) => encoding = declaration.encoder(),
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
        if let Some(encoding) = encoding {
            reader.get_mut().set_encoding(encoding);
        }
    }
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
