//! Diagnostics of the Language Server Protocol, as servers and their command lines write them into files: what
//! `textDocument/publishDiagnostics` carries, with or without its message around it, alone or in a list, the answer to
//! `workspace/diagnostic`, or a table of lists by URI. The answer to `textDocument/diagnostic` names no file and can't
//! be read. Lines and columns are from 0, columns count units of UTF-16.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::check::external::formats::json::{self, List, count, name, or_default};
use crate::check::external::told::{At, Naming, Report, Told};
use crate::model::place::ColumnUnit;
use crate::model::rule::Level;

/// What a document holds: diagnostics of files, by their URIs.
struct Document(Vec<Published>);

/// The keys of an object that may be a document of any shape.
#[derive(Default)]
struct Shape {
    uri: Option<String>,
    diagnostics: Option<List<Diagnostic>>,
    params: Option<Published>,
    items: Option<List<Pulled>>,
    by_uri: Vec<Published>,
    n_others: usize,
}

#[derive(Deserialize)]
struct Published {
    uri: String,
    diagnostics: List<Diagnostic>,
}

#[derive(Deserialize)]
struct Workspace {
    items: List<Pulled>,
}

/// A file of which it is only said that nothing has changed since an earlier answer has no `items`.
#[derive(Deserialize)]
struct Pulled {
    uri: String,
    items: List<Diagnostic>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostic {
    range: Range,
    #[serde(default, deserialize_with = "count")]
    severity: u32,
    #[serde(default, deserialize_with = "name")]
    code: String,
    message: String,
    #[serde(default, deserialize_with = "or_default")]
    related_information: Vec<RelatedInformation>,
}

#[derive(Deserialize)]
struct RelatedInformation {
    location: Location,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Location {
    uri: String,
    range: Range,
}

#[derive(Deserialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Deserialize)]
struct Position {
    #[serde(deserialize_with = "count")]
    line: u32,
    #[serde(deserialize_with = "count")]
    character: u32,
}

/// Reads one document of any of these shapes.
pub(super) fn read(text: &str) -> Result<Report, String> {
    let mut report = Report::new(ColumnUnit::Utf16);
    report.naming = Naming::Uris;
    let Document(files) = json::document(text)?;
    files.iter().for_each(|file| add_file(&mut report, &file.uri, &file.diagnostics.0));
    Ok(report)
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyShape)
    }
}

struct AnyShape;

impl<'de> Visitor<'de> for AnyShape {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("diagnostics with the files that they are of")
    }

    /// The nesting of lists is bounded by that of the JSON.
    fn visit_seq<A: SeqAccess<'de>>(self, mut documents: A) -> Result<Document, A::Error> {
        let mut files = Vec::new();
        while let Some(Document(more)) = documents.next_element()? {
            files.extend(more);
        }
        Ok(Document(files))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut shape = Shape::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "uri" => shape.uri = Some(map.next_value()?),
                "diagnostics" => shape.diagnostics = Some(map.next_value()?),
                "params" => shape.params = Some(map.next_value()?),
                "items" => shape.items = Some(map.next_value()?),
                "result" => shape.items = Some(map.next_value::<Workspace>()?.items),
                _ => match map.next_value()? {
                    Value::Diagnostics(diagnostics) => shape.by_uri.push(Published { uri: key, diagnostics }),
                    Value::Other => shape.n_others += 1,
                },
            }
        }
        shape.files().map(Document).ok_or_else(|| A::Error::invalid_value(Unexpected::Map, &self))
    }
}

/// What an object has under any other key.
enum Value {
    Diagnostics(List<Diagnostic>),
    Other,
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Value, A::Error> {
        List::deserialize(SeqAccessDeserializer::new(list)).map(Value::Diagnostics)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        IgnoredAny::deserialize(MapAccessDeserializer::new(map)).map(|_| Value::Other)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }
}

impl Shape {
    fn files(self) -> Option<Vec<Published>> {
        match self {
            Self { uri: Some(uri), diagnostics: Some(diagnostics), params: None, items: None, .. } => {
                Some(vec![Published { uri, diagnostics }])
            }
            Self { uri: None, diagnostics: None, params: Some(params), items: None, .. } => Some(vec![params]),
            Self { uri: None, diagnostics: None, params: None, items: Some(items), .. } => {
                let published = |file: Pulled| Published { uri: file.uri, diagnostics: file.items };
                Some(items.0.into_iter().map(published).collect())
            }
            Self { uri: None, diagnostics: None, params: None, items: None, by_uri, n_others: 0 } => Some(by_uri),
            _ => None,
        }
    }
}

fn add_file(report: &mut Report, uri: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let level = match diagnostic.severity {
            // One that says nothing leaves it to the reader.
            0 | 1 => Level::Error,
            2 => Level::Warning,
            _ => Level::Note,
        };
        let mut told = Told::new(&diagnostic.code, level, &diagnostic.message, at(uri, &diagnostic.range));
        let related = diagnostic.related_information.iter();
        told.related = related.map(|one| (at(&one.location.uri, &one.location.range), one.message.clone())).collect();
        report.push(told);
    }
}

fn at(uri: &str, range: &Range) -> At {
    let [start, end] = [&range.start, &range.end].map(|at| (at.line.saturating_add(1), at.character.saturating_add(1)));
    At::new(uri, start.0, start.1).until(end.0, end.1)
}
