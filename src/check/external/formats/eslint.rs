//! The JSON of ESLint. Columns and offsets count units of UTF-16; offsets leave out a byte order mark.

use serde::Deserialize;

use crate::check::external::formats::json::{self, List, count, or_default};
use crate::check::external::told::{At, Change, Report, Told, ToldFix};
use crate::model::finding::Safety;
use crate::model::place::ColumnUnit;
use crate::model::rule::Level;
use crate::sarif::foreign_fix::{self, Mark};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    file_path: String,
    messages: List<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    #[serde(default, deserialize_with = "or_default")]
    rule_id: String,
    #[serde(default, deserialize_with = "count")]
    severity: u32,
    message: String,
    #[serde(default, deserialize_with = "count")]
    line: u32,
    #[serde(default, deserialize_with = "count")]
    column: u32,
    #[serde(default, deserialize_with = "count")]
    end_line: u32,
    #[serde(default, deserialize_with = "count")]
    end_column: u32,
    fix: Option<Replacement>,
    #[serde(default, deserialize_with = "or_default")]
    suggestions: Vec<Suggestion>,
}

#[derive(Deserialize)]
struct Suggestion {
    #[serde(default)]
    desc: String,
    fix: Replacement,
}

#[derive(Deserialize)]
struct Replacement {
    range: [i64; 2],
    text: String,
}

/// Reads what `--format json` prints.
pub(super) fn read(text: &str) -> Result<Report, String> {
    let mut report = Report::new(ColumnUnit::Utf16);
    for file in json::document::<List<File>>(text)?.0 {
        for message in &file.messages.0 {
            // So it answers for a file that its own configuration leaves out.
            if message.rule_id.is_empty() && message.message.starts_with("File ignored") {
                report.notices.push(format!("{}: {}", file.file_path, message.message));
            } else {
                report.push(told(&file.file_path, message));
            }
        }
    }
    Ok(report)
}

fn told(file: &str, message: &Message) -> Told {
    let level = if message.severity == 1 { Level::Warning } else { Level::Error };
    let at = At::new(file, message.line, message.column).until(message.end_line, message.end_column);
    let mut told = Told::new(&message.rule_id, level, &message.message, at);
    let own = message.fix.iter().map(|fix| (fix, Safety::Safe, "apply the tool's fix"));
    let suggested = message.suggestions.iter().map(|one| (&one.fix, Safety::Suggested, one.desc.as_str()));
    told.fixes = own.chain(suggested).filter_map(|(fix, safety, title)| told_fix(file, fix, safety, title)).collect();
    told
}

/// A range that begins before the text is the byte order mark, which is left alone.
fn told_fix(file: &str, fix: &Replacement, safety: Safety, title: &str) -> Option<ToldFix> {
    let [from, to] = fix.range.map(|offset| usize::try_from(offset).ok().map(Mark::Utf16));
    let replacement = foreign_fix::Replacement { from: from?, to: to?, old: None, new: fix.text.clone() };
    let change = Change { file: file.to_owned(), replacement };
    Some(ToldFix { title: title.to_owned(), safety, changes: vec![change] })
}
