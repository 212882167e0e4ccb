//! Reviewdog's formats: `rdjson`, one document, and `rdjsonl`, a diagnostic on each line.

use serde::Deserialize;

use crate::check::external::formats::json::{self, List, count, name, or_default};
use crate::check::external::told::{At, Change, Report, Told, ToldFix, level_named};
use crate::model::finding::Safety;
use crate::model::place::{ColumnUnit, LineColumn};
use crate::model::rule::Level;
use crate::sarif::foreign_fix::{Mark, Replacement};

#[derive(Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "or_default")]
    source: Source,
    #[serde(default, deserialize_with = "or_default")]
    severity: String,
    diagnostics: List<Diagnostic>,
}

#[derive(Default, Deserialize)]
struct Source {
    #[serde(default, deserialize_with = "name")]
    name: String,
}

#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    location: Location,
    #[serde(default, deserialize_with = "name")]
    severity: String,
    #[serde(default, deserialize_with = "or_default")]
    code: Code,
    #[serde(default, deserialize_with = "or_default")]
    suggestions: Vec<Suggestion>,
    #[serde(default, alias = "relatedLocations", deserialize_with = "or_default")]
    related_locations: Vec<RelatedLocation>,
}

#[derive(Default, Deserialize)]
struct Code {
    #[serde(default, deserialize_with = "name")]
    value: String,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default)]
    path: String,
    #[serde(default, deserialize_with = "or_default")]
    range: Range,
}

#[derive(Default, Deserialize)]
struct Range {
    #[serde(default, deserialize_with = "or_default")]
    start: Position,
    #[serde(default, deserialize_with = "or_default")]
    end: Position,
}

#[derive(Default, Deserialize)]
struct Position {
    #[serde(default, deserialize_with = "count")]
    line: u32,
    #[serde(default, deserialize_with = "count")]
    column: u32,
}

#[derive(Deserialize)]
struct Suggestion {
    range: Range,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct RelatedLocation {
    #[serde(default, deserialize_with = "or_default")]
    message: String,
    location: Location,
}

/// Tools that count characters where the format wants bytes.
const IN_CHARACTERS: [&str; 1] = ["ruff"];

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Report, String> {
    let document: Document = json::document(text)?;
    let unit = match IN_CHARACTERS.contains(&document.source.name.as_str()) {
        true => ColumnUnit::Characters,
        false => ColumnUnit::Bytes,
    };
    let mut report = Report::new(unit);
    let level = level_named(&document.severity).unwrap_or(Level::Warning);
    document.diagnostics.0.iter().for_each(|diagnostic| report.push(told(diagnostic, level)));
    Ok(report)
}

/// Reads a diagnostic a line.
pub(super) fn read_lines(text: &str) -> Result<Report, String> {
    let mut report = Report::new(ColumnUnit::Bytes);
    let push = |diagnostic: Diagnostic| report.push(told(&diagnostic, Level::Warning));
    report.unread = json::objects(text, push)?;
    Ok(report)
}

fn told(diagnostic: &Diagnostic, level: Level) -> Told {
    let level = level_named(&diagnostic.severity).unwrap_or(level);
    let mut told = Told::new(&diagnostic.code.value, level, &diagnostic.message, at(&diagnostic.location));
    told.related = diagnostic.related_locations.iter().map(|one| (at(&one.location), one.message.clone())).collect();
    told.fixes = diagnostic.suggestions.iter().map(|one| fix(&diagnostic.location.path, one)).collect();
    told
}

fn at(location: &Location) -> At {
    let Range { start, end } = &location.range;
    At::new(&location.path, start.line, start.column).until(end.line, end.column)
}

/// A suggestion without an end puts its text before its start.
fn fix(file: &str, suggestion: &Suggestion) -> ToldFix {
    let Range { start, end } = &suggestion.range;
    let mark = |position: &Position| Mark::At(LineColumn { line: position.line, column: position.column });
    let to = if end.line > 0 || start.column == 0 { end } else { start };
    let to = Position { line: if to.line > 0 { to.line } else { start.line }, column: to.column };
    let new = suggestion.text.clone();
    let replacement = Replacement { from: mark(start), to: mark(&to), old: None, new };
    let change = Change { file: file.to_owned(), replacement };
    ToldFix { title: "apply the tool's suggestion".to_owned(), safety: Safety::Suggested, changes: vec![change] }
}
