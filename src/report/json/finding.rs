//! Findings on the wire.

use serde::{Deserialize, Serialize};

use crate::model::finding::{Anchor, Edit, Finding, Fix, Novelty, Reach, Related, Safety, State};
use crate::model::path::RepoPath;
use crate::model::place::{ColumnUnit, LineColumn, Place, Position, Region, Span};
use crate::model::rule::RuleId;
use crate::model::suppression::{Status, Suppression};
use crate::report::json::Bytes;
use crate::report::json::run::WireLevel;

named!(WireState, State, New, Updated, Unchanged);
named!(WireNovelty, Novelty, Compared, ChangedLines, Rerun, Always);
named!(WireStatus, Status, Accepted, UnderReview);
named!(WireUnit, ColumnUnit, Bytes, Characters, Utf16);

#[derive(Deserialize, Serialize)]
pub(super) struct WireFinding {
    rule: String,
    level: WireLevel,
    message: String,
    hint: String,
    place: WirePlace,
    region: Option<WireRegion>,
    symbol: String,
    text: String,
    fixes: Vec<WireFix>,
    related: Vec<WireRelated>,
    novelty: WireNovelty,
    state: WireState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suppression: Option<WireSuppression>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum WirePlace {
    Change,
    Message { start: usize, end: usize },
    File { path: Bytes },
    Span { path: Bytes, start: usize, end: usize },
    Lines { path: Bytes, start: (u32, u32), end: Option<(u32, u32)>, unit: WireUnit },
}

/// Positions are line and column.
#[derive(Deserialize, Serialize)]
struct WireRegion {
    start: (u32, u32),
    end: (u32, u32),
    first_line: u32,
    lines: Vec<String>,
    line_hash: String,
}

#[derive(Deserialize, Serialize)]
struct WireFix {
    title: String,
    edits: Vec<WireEdit>,
    #[serde(default)]
    is_safe: bool,
}

#[derive(Deserialize, Serialize)]
struct WireEdit {
    start: usize,
    end: usize,
    replacement: Bytes,
}

#[derive(Deserialize, Serialize)]
struct WireRelated {
    place: WirePlace,
    region: Option<WireRegion>,
    message: String,
}

#[derive(Deserialize, Serialize)]
struct WireSuppression {
    justification: String,
    start: usize,
    end: usize,
    region: WireRegion,
    is_new: bool,
    status: WireStatus,
}

impl From<&Suppression> for WireSuppression {
    fn from(suppression: &Suppression) -> Self {
        Self {
            justification: suppression.justification.clone(),
            start: suppression.span.start,
            end: suppression.span.end,
            region: (&suppression.region).into(),
            is_new: suppression.is_new,
            status: suppression.status.into(),
        }
    }
}

impl From<WireSuppression> for Suppression {
    fn from(wire: WireSuppression) -> Self {
        Self {
            justification: wire.justification,
            span: Span { start: wire.start, end: wire.end },
            region: wire.region.into(),
            is_new: wire.is_new,
            status: wire.status.into(),
        }
    }
}

impl From<&Finding> for WireFinding {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.to_string(),
            level: finding.level.into(),
            message: finding.message.clone(),
            hint: finding.hint.clone(),
            place: (&finding.place).into(),
            region: finding.region.as_ref().map(Into::into),
            symbol: finding.anchor.symbol.clone(),
            text: finding.anchor.text.clone(),
            fixes: finding.reported_fixes().map(Into::into).collect(),
            related: finding.related.iter().map(Into::into).collect(),
            novelty: finding.novelty.into(),
            state: finding.state.into(),
            suppression: finding.suppression.as_ref().map(Into::into),
        }
    }
}

impl From<WireFinding> for Finding {
    fn from(wire: WireFinding) -> Self {
        Self {
            rule: RuleId::new(wire.rule),
            level: wire.level.into(),
            message: wire.message,
            hint: wire.hint,
            place: wire.place.into(),
            region: wire.region.map(Into::into),
            // How far it can move mattered only while it was compared.
            anchor: Anchor { symbol: wire.symbol, text: wire.text, reach: Reach::Anywhere },
            fixes: wire.fixes.into_iter().map(Into::into).collect(),
            related: wire.related.into_iter().map(Into::into).collect(),
            // The message says it; only the comparison, which is over, counts.
            n_unlisted: 0,
            novelty: wire.novelty.into(),
            state: wire.state.into(),
            suppression: wire.suppression.map(Into::into),
        }
    }
}

impl From<&Place> for WirePlace {
    fn from(place: &Place) -> Self {
        let pair = |at: LineColumn| (at.line, at.column);
        match place {
            Place::Change => Self::Change,
            Place::Message(span) => Self::Message { start: span.start, end: span.end },
            Place::File(path) => Self::File { path: path.as_bytes().into() },
            Place::Span(path, span) => Self::Span { path: path.as_bytes().into(), start: span.start, end: span.end },
            Place::Lines { path, start, end, unit } => Self::Lines {
                path: path.as_bytes().into(),
                start: pair(*start),
                end: end.map(pair),
                unit: (*unit).into(),
            },
        }
    }
}

impl From<WirePlace> for Place {
    fn from(wire: WirePlace) -> Self {
        let at = |(line, column)| LineColumn { line, column };
        let repo_path = |path: Bytes| RepoPath::new(Vec::from(path));
        match wire {
            WirePlace::Change => Self::Change,
            WirePlace::Message { start, end } => Self::Message(Span { start, end }),
            WirePlace::File { path } => Self::File(repo_path(path)),
            WirePlace::Span { path, start, end } => Self::Span(repo_path(path), Span { start, end }),
            WirePlace::Lines { path, start, end, unit } => {
                Self::Lines { path: repo_path(path), start: at(start), end: end.map(at), unit: unit.into() }
            }
        }
    }
}

impl From<&Region> for WireRegion {
    fn from(region: &Region) -> Self {
        Self {
            start: (region.start.line, region.start.column),
            end: (region.end.line, region.end.column),
            first_line: region.first_line,
            lines: region.lines.clone(),
            line_hash: region.line_hash.clone(),
        }
    }
}

impl From<WireRegion> for Region {
    fn from(wire: WireRegion) -> Self {
        let position = |(line, column)| Position { line, column };
        Self {
            start: position(wire.start),
            end: position(wire.end),
            first_line: wire.first_line,
            lines: wire.lines,
            line_hash: wire.line_hash,
        }
    }
}

impl From<&Fix> for WireFix {
    fn from(fix: &Fix) -> Self {
        let edits = fix.edits.iter().map(|edit| WireEdit {
            start: edit.span.start,
            end: edit.span.end,
            replacement: edit.replacement.as_slice().into(),
        });
        Self { title: fix.title.clone(), edits: edits.collect(), is_safe: fix.safety == Safety::Safe }
    }
}

impl From<WireFix> for Fix {
    fn from(wire: WireFix) -> Self {
        let edits = wire
            .edits
            .into_iter()
            .map(|edit| Edit { span: Span { start: edit.start, end: edit.end }, replacement: edit.replacement.into() });
        let safety = if wire.is_safe { Safety::Safe } else { Safety::Suggested };
        Self { title: wire.title, edits: edits.collect(), safety }
    }
}

impl From<&Related> for WireRelated {
    fn from(related: &Related) -> Self {
        Self {
            place: (&related.place).into(),
            region: related.region.as_ref().map(Into::into),
            message: related.message.clone(),
        }
    }
}

impl From<WireRelated> for Related {
    fn from(wire: WireRelated) -> Self {
        Self { place: wire.place.into(), region: wire.region.map(Into::into), message: wire.message }
    }
}
