//! The JSON of shellcheck in its first version, in which a tab is one character. Columns count characters, ends are
//! exclusive.

use serde::Deserialize;

use crate::check::external::formats::json::{self, List, count, name, or_default};
use crate::check::external::told::{At, Change, Report, Told, ToldFix, level_named};
use crate::model::finding::Safety;
use crate::model::place::{ColumnUnit, LineColumn};
use crate::model::rule::Level;
use crate::sarif::foreign_fix::{self, Mark};

#[derive(Deserialize)]
struct Document {
    comments: List<Comment>,
}

#[derive(Deserialize)]
struct Comment {
    file: String,
    #[serde(flatten)]
    range: Range,
    #[serde(default, deserialize_with = "or_default")]
    level: String,
    #[serde(default, deserialize_with = "name")]
    code: String,
    message: String,
    fix: Option<Fix>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Range {
    #[serde(default, deserialize_with = "count")]
    line: u32,
    #[serde(default, deserialize_with = "count")]
    column: u32,
    #[serde(default, deserialize_with = "count")]
    end_line: u32,
    #[serde(default, deserialize_with = "count")]
    end_column: u32,
}

#[derive(Deserialize)]
struct Fix {
    replacements: Vec<Replacement>,
}

/// `precedence` and `insertionPoint` order what is put at one and the same place, of which there is one in no fix.
#[derive(Deserialize)]
struct Replacement {
    #[serde(flatten)]
    range: Range,
    replacement: String,
}

/// Reads what `--format=json1` prints.
pub(super) fn read(text: &str) -> Result<Report, String> {
    let mut report = Report::new(ColumnUnit::Characters);
    for comment in json::document::<Document>(text)?.comments.0 {
        report.push(told(comment));
    }
    Ok(report)
}

fn told(comment: Comment) -> Told {
    let Comment { file, range, level, code, message, fix } = comment;
    let rule = if code.is_empty() { code } else { format!("SC{code}") };
    let at = At::new(&file, range.line, range.column).until(range.end_line, range.end_column);
    let mut told = Told::new(rule, level_named(&level).unwrap_or(Level::Error), &message, at);
    told.fixes = fix.into_iter().map(|fix| told_fix(&file, fix)).collect();
    told
}

fn told_fix(file: &str, fix: Fix) -> ToldFix {
    let change = |Replacement { range, replacement }: Replacement| {
        let from = Mark::At(LineColumn { line: range.line, column: range.column });
        let to = Mark::At(LineColumn { line: range.end_line, column: range.end_column });
        let replacement = foreign_fix::Replacement { from, to, old: None, new: replacement };
        Change { file: file.to_owned(), replacement }
    };
    let changes = fix.replacements.into_iter().map(change).collect();
    ToldFix { title: "apply the tool's suggestion".to_owned(), safety: Safety::Suggested, changes }
}
