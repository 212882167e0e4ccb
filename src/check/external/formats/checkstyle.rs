//! Checkstyle's XML, which many linters print. Entities that a document declares are never expanded.

use std::borrow::Cow;

use quick_xml::encoding::DecodingReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::check::external::told::{At, Report, Told, level_named};
use crate::model::place::ColumnUnit;
use crate::model::rule::Level;

/// The most bytes of a declaration.
const MAX_DECLARATION: usize = 1_000;

/// What tools put before a rule's own name.
const PREFIXES: [&str; 3] = ["com.puppycrawl.tools.checkstyle.", "eslint.rules.", "ShellCheck."];

/// Reads a document in the encoding that it declares.
pub(super) fn read(bytes: &[u8]) -> Result<Report, String> {
    let lossy;
    let mut bytes = without_noise(bytes);
    if !declares_encoding(bytes) && std::str::from_utf8(bytes).is_err() {
        lossy = String::from_utf8_lossy(bytes).into_owned();
        bytes = lossy.as_bytes();
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("it is empty".to_owned());
    }
    let mut decoding = DecodingReader::new(bytes);
    // Before anything is read: the decoder panics over an encoding that comes later.
    if let Ok(Event::Decl(declaration)) = Reader::from_str(&declaration(bytes)).read_event()
        && let Some(encoding) = declaration.encoder()
    {
        decoding.set_encoding(encoding);
    }
    let mut reader = Reader::from_reader(decoding);
    let mut reading = Reading::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| format!("it is broken off: {error}"))?;
        match &event {
            Event::Start(tag) => reading.open(tag)?,
            Event::Empty(tag) => {
                reading.open(tag)?;
                reading.depth -= 1;
            }
            Event::End(_) => reading.depth = reading.depth.saturating_sub(1),
            Event::Eof => return Err("it is broken off: an element is not closed".to_owned()),
            _ => {}
        }
        if reading.has_root && reading.depth == 0 {
            return Ok(reading.report);
        }
    }
}

/// What follows the text that runners print before a document.
fn without_noise(bytes: &[u8]) -> &[u8] {
    let starts = ["<?xml", "<checkstyle"].iter().filter_map(|start| memchr::memmem::find(bytes, start.as_bytes()));
    let start = starts.min().filter(|_| !is_utf16(bytes)).unwrap_or(0);
    bytes.get(start..).unwrap_or_default()
}

/// The declaration that a document begins with; empty if it has none.
fn declaration(bytes: &[u8]) -> String {
    let head = bytes.get(..bytes.len().min(MAX_DECLARATION)).unwrap_or_default();
    let end = memchr::memmem::find(head, b"?>").map_or(0, |end| end + 2);
    String::from_utf8_lossy(head.get(..end).unwrap_or_default()).into_owned()
}

fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, b'<', ..] | [b'<', 0, ..])
}

fn declares_encoding(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(200)).unwrap_or_default().to_ascii_lowercase();
    let is_said = memchr::memmem::find(&head, b"encoding").is_some() && memchr::memmem::find(&head, b"utf-8").is_none();
    is_utf16(bytes) || is_said
}

struct Reading {
    report: Report,
    depth: usize,
    has_root: bool,
    file: String,
}

impl Reading {
    fn new() -> Self {
        Self { report: Report::new(ColumnUnit::Characters), depth: 0, has_root: false, file: String::new() }
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        self.depth += 1;
        match tag.local_name().as_ref() {
            "checkstyle" => self.has_root = true,
            name if !self.has_root => return Err(format!("its root is <{name}>, not <checkstyle>")),
            "file" => self.file = attribute(tag, "name"),
            "error" => self.error(tag),
            "exception" => self.report.problem = Some(format!("the tool failed on {}", self.file)),
            _ => {}
        }
        Ok(())
    }

    fn error(&mut self, tag: &BytesStart<'_>) {
        let severity = attribute(tag, "severity");
        if severity == "ignore" {
            return;
        }
        let level = level_named(&severity).unwrap_or(Level::Error);
        let at = At::new(&self.file, number(&attribute(tag, "line")), number(&attribute(tag, "column")));
        let source = attribute(tag, "source");
        self.report.push(Told::new(rule(&source), level, &attribute(tag, "message"), at));
    }
}

/// The rule's own name: `FileTabCharacter` of checkstyle's class `com.puppycrawl...FileTabCharacterCheck`.
fn rule(source: &str) -> &str {
    let is_known = PREFIXES.iter().any(|prefix| source.starts_with(prefix));
    let name = if is_known { source.rsplit('.').next().unwrap_or(source) } else { source };
    if source.starts_with("com.puppycrawl.") { name.strip_suffix("Check").unwrap_or(name) } else { name }
}

fn number(text: &str) -> u32 {
    text.trim().parse().map_or(0, |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let mut attributes = tag.html_attributes();
    let found = attributes.with_checks(false).flatten().find(|found| found.key.as_ref() == name);
    let text = found.map(|found| {
        let value = found.normalized_value(XmlVersion::Implicit1_0).map(Cow::into_owned);
        // An entity that the document itself declares stays as it is written.
        value.unwrap_or_else(|_| found.value.clone().into_owned())
    });
    text.unwrap_or_default()
}
