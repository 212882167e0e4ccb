//! JSON read as a stream: the reader of a format walks down to what it needs and passes over the rest.

use std::io::BufRead;

use json_event_parser::{JsonEvent, ReaderJsonParser};

use crate::check::coverage::formats::{count, number, shortened};

/// The deepest nesting: reports have less than a tenth of it.
const MAX_DEPTH: usize = 200;
/// The most bytes of one text or number.
const MAX_TOKEN: usize = 16 << 20;

/// A document, as far as it was read.
pub(super) struct Json<'r> {
    parser: ReaderJsonParser<&'r mut dyn BufRead>,
}

/// A value that holds no other, or the start of one that does.
#[derive(Debug)]
pub(super) enum Start {
    Object,
    List,
    Text(String),
    Number(String),
    Flag(bool),
    Null,
}

impl<'r> Json<'r> {
    pub(super) fn new(input: &'r mut dyn BufRead) -> Self {
        Self { parser: ReaderJsonParser::new(input).with_max_buffer_size(MAX_TOKEN) }
    }

    fn event(&mut self) -> Result<JsonEvent<'_>, String> {
        self.parser.parse_next().map_err(|error| format!("it is broken off or no JSON: {error}"))
    }

    /// Reads the one document that there is.
    pub(super) fn document(mut self, read: &mut dyn FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        read(&mut self)?;
        match self.event()? {
            JsonEvent::Eof => Ok(()),
            _ => Err("there is more than one document".to_owned()),
        }
    }

    /// The next value, or its start; `None` at the end of a list.
    fn item(&mut self) -> Result<Option<Start>, String> {
        Ok(Some(match self.event()? {
            JsonEvent::StartObject => Start::Object,
            JsonEvent::StartArray => Start::List,
            JsonEvent::EndArray => return Ok(None),
            JsonEvent::String(text) => Start::Text(text.into_owned()),
            JsonEvent::Number(number) => Start::Number(number.into_owned()),
            JsonEvent::Boolean(flag) => Start::Flag(flag),
            JsonEvent::Null => Start::Null,
            JsonEvent::EndObject | JsonEvent::ObjectKey(_) | JsonEvent::Eof => return Err(unlike()),
        }))
    }

    /// The next value, or its start.
    pub(super) fn start(&mut self) -> Result<Start, String> {
        self.item()?.ok_or_else(unlike)
    }

    /// Reads the next value, an object: `member` gets each key and has to read its value.
    pub(super) fn object(
        &mut self,
        member: &mut dyn FnMut(&mut Self, &str) -> Result<(), String>,
    ) -> Result<(), String> {
        match self.start()? {
            Start::Object => self.members(member),
            _ => Err(unlike()),
        }
    }

    /// The same for an object that was begun.
    pub(super) fn members(
        &mut self,
        member: &mut dyn FnMut(&mut Self, &str) -> Result<(), String>,
    ) -> Result<(), String> {
        loop {
            let key = match self.event()? {
                JsonEvent::ObjectKey(key) => key.into_owned(),
                JsonEvent::EndObject => return Ok(()),
                _ => return Err(unlike()),
            };
            member(self, &key)?;
        }
    }

    /// Reads the next value, a list: `item` gets each value, or its start, which it has to read to its end.
    pub(super) fn list(&mut self, item: &mut dyn FnMut(&mut Self, Start) -> Result<(), String>) -> Result<(), String> {
        match self.start()? {
            Start::List => self.items(item),
            _ => Err(unlike()),
        }
    }

    /// The same for a list that was begun.
    pub(super) fn items(&mut self, item: &mut dyn FnMut(&mut Self, Start) -> Result<(), String>) -> Result<(), String> {
        while let Some(start) = self.item()? {
            item(self, start)?;
        }
        Ok(())
    }

    /// Passes over the next value.
    pub(super) fn skip(&mut self) -> Result<(), String> {
        let start = self.start()?;
        self.skip_from(&start)
    }

    /// Passes over a value of which the start was read.
    pub(super) fn skip_from(&mut self, start: &Start) -> Result<(), String> {
        let mut depth = usize::from(matches!(start, Start::Object | Start::List));
        while depth > 0 {
            match self.event()? {
                JsonEvent::StartObject | JsonEvent::StartArray => depth += 1,
                JsonEvent::EndObject | JsonEvent::EndArray => depth -= 1,
                JsonEvent::Eof => return Err(unlike()),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(format!("it is nested more than {MAX_DEPTH} levels deep"));
            }
        }
        Ok(())
    }
}

impl Start {
    /// The count that it is.
    pub(super) fn count(&self) -> Result<u64, String> {
        match self {
            Self::Number(text) => count(text),
            other => Err(format!("`{}` is no count", shortened(&format!("{other:?}")))),
        }
    }

    /// The line that it is.
    pub(super) fn line(&self) -> Result<u32, String> {
        match self {
            Self::Number(text) => number(text),
            other => Err(format!("`{}` is no line", shortened(&format!("{other:?}")))),
        }
    }
}

/// That it is JSON, but not of this format.
pub(super) fn unlike() -> String {
    "it is JSON, but does not look like a report of this format".to_owned()
}
