//! XML read as a stream, in the encoding that it declares. Entities that a document declares itself are refused where
//! one is used: nothing is ever expanded.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::encoding::DecodingReader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::check::attributes::Attributes;

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
pub(super) fn attribute<'a>(tag: &'a BytesStart<'_>, name: &str) -> Result<Option<Cow<'a, str>>, String> {
    let [value] = attributes(tag, [name])?;
    Ok(value)
}

/// The same for several attributes.
pub(super) fn attributes<'a, const N: usize>(
    tag: &'a BytesStart<'_>,
    names: [&str; N],
) -> Result<[Option<Cow<'a, str>>; N], String> {
    let mut meant = [const { None }; N];
    for (into, written) in meant.iter_mut().zip(Attributes::of(tag).pick(names)) {
        *into = written.map(|written| written.meant().ok_or_else(foreign_entity)).transpose()?;
    }
    Ok(meant)
}

/// An attribute that an element must have.
pub(super) fn needed<'a>(tag: &'a BytesStart<'_>, name: &str) -> Result<Cow<'a, str>, String> {
    attribute(tag, name)?.ok_or_else(|| missing(tag, name))
}

/// That an element has no such attribute.
pub(super) fn missing(tag: &BytesStart<'_>, name: &str) -> String {
    format!("a <{}> has no `{name}`", tag.local_name().as_ref())
}
