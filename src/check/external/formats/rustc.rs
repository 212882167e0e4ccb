//! The JSON of rustc and clippy, alone (`--error-format=json`) or in the messages of cargo
//! (`--message-format=json`). Offsets count bytes, columns characters.

use serde::Deserialize;

use crate::check::external::formats::json::{self, count, or_default};
use crate::check::external::told::{At, Change, Report, Told, ToldFix, level_named};
use crate::model::finding::Safety;
use crate::model::place::ColumnUnit;
use crate::model::rule::Level;
use crate::sarif::foreign_fix::{Mark, Replacement};

/// A line: a message of cargo, or a diagnostic.
#[derive(Deserialize)]
struct Line {
    reason: Option<String>,
    /// The manifest of the package, from the top of the file system.
    manifest_path: Option<String>,
    success: Option<bool>,
    message: Option<Message>,
    #[serde(flatten)]
    own: Option<Facts>,
}

/// Cargo has the diagnostic under the key that a diagnostic has its text under.
#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    Diagnostic(Box<Diagnostic>),
}

#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    #[serde(flatten)]
    facts: Facts,
}

#[derive(Deserialize)]
struct Facts {
    level: String,
    code: Option<Code>,
    #[serde(default, deserialize_with = "or_default")]
    spans: Vec<Span>,
    #[serde(default, deserialize_with = "or_default")]
    children: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    #[serde(default)]
    byte_start: usize,
    #[serde(default)]
    byte_end: usize,
    #[serde(default, deserialize_with = "count")]
    line_start: u32,
    #[serde(default, deserialize_with = "count")]
    column_start: u32,
    #[serde(default, deserialize_with = "count")]
    line_end: u32,
    #[serde(default, deserialize_with = "count")]
    column_end: u32,
    #[serde(default)]
    is_primary: bool,
    label: Option<String>,
    suggested_replacement: Option<String>,
    suggestion_applicability: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

impl Span {
    /// Where the code stands that a person wrote: outside of all macros.
    fn written(&self) -> &Self {
        let mut span = self;
        while let Some(expansion) = &span.expansion {
            span = &expansion.span;
        }
        span
    }

    fn at(&self, manifest: Option<&str>) -> At {
        let span = self.written();
        At::new(located(&span.file_name, manifest), span.line_start, span.column_start)
            .until(span.line_end, span.column_end)
    }
}

/// Cargo names files from the top of the workspace, wherever it is called: the package's own folder tells where that
/// is, as the name begins with the part of it that is below the top.
fn located(file: &str, manifest: Option<&str>) -> String {
    let file = file.replace('\\', "/");
    let manifest = manifest.map(|manifest| manifest.replace('\\', "/")).unwrap_or_default();
    let Some((package, _)) = manifest.rsplit_once('/') else { return file };
    let is_absolute = file.starts_with('/') || file.as_bytes().get(1) == Some(&b':') || file.starts_with('<');
    let below = |part: &str| file.strip_prefix(part).is_some_and(|rest| rest.starts_with('/'));
    let tops = package.match_indices('/').map(|(at, _)| package.split_at(at));
    let top = tops.filter(|(_, part)| part.get(1..).is_some_and(below)).map(|(top, _)| top).next();
    if is_absolute { file } else { format!("{}/{file}", top.unwrap_or(package)) }
}

/// Reads a message a line.
pub(super) fn read(text: &str) -> Result<Report, String> {
    let mut report = Report::new(ColumnUnit::Characters);
    let (mut is_of_cargo, mut success, mut is_empty) = (false, None, true);
    let unread = json::objects(text, |line: Line| {
        is_empty = false;
        is_of_cargo |= line.reason.is_some();
        success = line.success.or(success);
        let manifest = line.manifest_path.as_deref();
        let told = match (&line.message, &line.own) {
            (Some(Message::Diagnostic(diagnostic)), _) => told(&diagnostic.message, &diagnostic.facts, manifest),
            (Some(Message::Text(message)), Some(facts)) if line.reason.is_none() => told(message, facts, None),
            _ => None,
        };
        told.into_iter().for_each(|told| report.push(told));
    })?;
    let has_error = report.told.iter().any(|told| told.level == Level::Error);
    if is_of_cargo && success.is_none() {
        report.problem = Some("it is broken off: cargo did not say that the build is finished".to_owned());
    } else if success == Some(false) && !has_error {
        report.problem = Some("the build failed, and no error is told".to_owned());
    }
    report.unread = unread.filter(|_| is_empty);
    Ok(report)
}

/// What a diagnostic tells; nothing for those that only count the others.
fn told(message: &str, facts: &Facts, manifest: Option<&str>) -> Option<Told> {
    let is_summary =
        message.starts_with("aborting due to ") || message.ends_with(" emitted") || facts.level == "failure-note";
    if facts.code.is_none() && facts.spans.is_empty() && is_summary {
        return None;
    }
    let level = if facts.level.starts_with("error") { Some(Level::Error) } else { level_named(&facts.level) };
    let primary = facts.spans.iter().find(|span| span.is_primary).or(facts.spans.first());
    let rule = facts.code.as_ref().map_or("", |code| code.code.as_str());
    let at = primary.map(|span| span.at(manifest)).unwrap_or_default();
    let mut told = Told::new(rule, level.unwrap_or(Level::Warning), message, at);
    let labelled = facts.spans.iter().filter(|span| !span.is_primary);
    told.related = labelled.map(|span| (span.at(manifest), span.label.clone().unwrap_or_default())).collect();
    for child in &facts.children {
        match fix(child, manifest) {
            Some(fix) => told.fixes.push(fix),
            None => {
                told.related.extend(child.facts.spans.iter().map(|span| (span.at(manifest), child.message.clone())))
            }
        }
    }
    Some(told)
}

/// The replacements of a child belong together; they are safe if the compiler says so of each.
fn fix(child: &Diagnostic, manifest: Option<&str>) -> Option<ToldFix> {
    let changes = child.facts.spans.iter().filter_map(|span| {
        Some(Change {
            file: located(&span.file_name, manifest),
            replacement: Replacement {
                from: Mark::Byte(span.byte_start),
                to: Mark::Byte(span.byte_end),
                old: None,
                new: span.suggested_replacement.clone()?,
            },
        })
    });
    let changes: Vec<Change> = changes.collect();
    let mut spans = child.facts.spans.iter().filter(|span| span.suggested_replacement.is_some());
    let is_safe = spans.all(|span| span.suggestion_applicability.as_deref() == Some("MachineApplicable"));
    let safety = if is_safe { Safety::Safe } else { Safety::Suggested };
    (!changes.is_empty()).then(|| ToldFix { title: child.message.clone(), safety, changes })
}
