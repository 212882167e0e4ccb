//! Diagnostics of the Language Server Protocol, as servers and their command lines write them into files: what
//! `textDocument/publishDiagnostics` carries, with or without its message around it, alone or in a list, the answer to
//! `workspace/diagnostic`, or a table of lists by URI. The answer to `textDocument/diagnostic` names no file and can't
//! be read. Lines and columns are from 0, columns count units of UTF-16.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::check::external::formats::json::{self, count, name, or_default};
use crate::check::external::told::{At, Naming, Report, Told};
use crate::model::place::ColumnUnit;
use crate::model::rule::Level;

#[derive(Deserialize)]
#[serde(untagged)]
enum Document {
    Notification { params: Published },
    Answer { result: Workspace },
    Workspace(Workspace),
    One(Published),
    List(Vec<Document>),
    ByUri(BTreeMap<String, Vec<Diagnostic>>),
}

#[derive(Deserialize)]
struct Published {
    uri: String,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Workspace {
    items: Vec<Pulled>,
}

/// A file of which it is only said that nothing has changed since an earlier answer has no `items`.
#[derive(Deserialize)]
struct Pulled {
    uri: String,
    items: Vec<Diagnostic>,
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
    add(&mut report, json::document(text)?);
    Ok(report)
}

/// The nesting of lists is bounded by that of the JSON.
fn add(report: &mut Report, document: Document) {
    match document {
        Document::Notification { params: Published { uri, diagnostics } }
        | Document::One(Published { uri, diagnostics }) => add_file(report, &uri, &diagnostics),
        Document::Answer { result: Workspace { items } } | Document::Workspace(Workspace { items }) => {
            items.iter().for_each(|file| add_file(report, &file.uri, &file.items));
        }
        Document::List(documents) => documents.into_iter().for_each(|document| add(report, document)),
        Document::ByUri(files) => {
            files.iter().for_each(|(uri, diagnostics)| add_file(report, uri, diagnostics));
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
