//! What all checks said of one file, as bytes: JSON with short names, so that what there is nothing to say of takes no
//! room. The path is left out: it is part of the key.

use serde::{Deserialize, Serialize};

use crate::model::finding::{Anchor, Edit, Finding, Fix, Novelty, Reach, Related, Safety, State};
use crate::model::path::RepoPath;
use crate::model::place::{ColumnUnit, LineColumn, Place, Position, Region, Span};
use crate::model::rule::{Level, RuleId};
use crate::model::suppression::{Day, Directive, Extent, Until};

/// What all checks said of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    /// The size of the file.
    pub(crate) n_bytes: u64,
    /// What each check did, in the order of the checks; the last ones that have nothing to say may be missing.
    pub(crate) shares: Vec<RowShare>,
    /// The findings, places resolved.
    pub(crate) findings: Vec<Finding>,
    /// What its comments allow.
    pub(crate) directives: Vec<Directive>,
}

/// What one check did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowShare {
    /// How many findings it has.
    pub(crate) n_found: usize,
    /// What else it had to say.
    pub(crate) notices: Vec<String>,
    /// Whether the file turned out not to be for it.
    pub(crate) is_left_out: bool,
}

impl Row {
    /// The row as bytes; none if it tells of a place outside of the file at `path`.
    pub(crate) fn encode(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let n_told = self.shares.iter().rposition(|share| *share != RowShare::default()).map_or(0, |last| last + 1);
        let shares = self.shares.iter().take(n_told);
        let wire = WireRow {
            n_bytes: self.n_bytes,
            shares: shares.map(|share| WireShare(share.n_found, share.notices.clone(), share.is_left_out)).collect(),
            findings: self.findings.iter().map(|finding| wire(finding, path)).collect::<Option<_>>()?,
            directives: self.directives.iter().map(wire_directive).collect(),
        };
        serde_json::to_vec(&wire).ok()
    }

    /// The row that `bytes` are for the file at `path`; none if they are something else.
    pub(crate) fn decode(bytes: &[u8], path: &RepoPath) -> Option<Self> {
        let wire: WireRow = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            n_bytes: wire.n_bytes,
            shares: wire.shares.into_iter().map(read_share).collect(),
            findings: wire.findings.into_iter().map(|finding| finding.read(path)).collect::<Option<_>>()?,
            directives: wire.directives.into_iter().map(read_directive).collect(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct WireRow {
    #[serde(rename = "n")]
    n_bytes: u64,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    shares: Vec<WireShare>,
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<WireFinding>,
    #[serde(rename = "d", default, skip_serializing_if = "Vec::is_empty")]
    directives: Vec<WireDirective>,
}

#[derive(Serialize, Deserialize)]
struct WireDirective {
    #[serde(rename = "r")]
    rules: Vec<String>,
    /// The first and the last line; the file where there is none.
    #[serde(rename = "e")]
    lines: Option<(u32, u32)>,
    #[serde(rename = "m")]
    reason: String,
    #[serde(rename = "u")]
    until: Option<String>,
    #[serde(rename = "p")]
    span: WireSpan,
    #[serde(rename = "g")]
    region: WireRegion,
}

/// Findings, notices, and whether the file was not for the check.
#[derive(Serialize, Deserialize)]
struct WireShare(usize, Vec<String>, bool);

#[derive(Serialize, Deserialize)]
pub(super) struct WireFinding {
    #[serde(rename = "r")]
    rule: String,
    #[serde(rename = "l")]
    level: String,
    #[serde(rename = "m")]
    message: String,
    #[serde(rename = "h", default, skip_serializing_if = "String::is_empty")]
    hint: String,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    place: Option<WirePlace>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    region: Option<WireRegion>,
    #[serde(rename = "a")]
    anchor: WireAnchor,
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<WireFix>,
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    related: Vec<WireRelated>,
    #[serde(rename = "u", default, skip_serializing_if = "is_zero")]
    n_unlisted: usize,
    #[serde(rename = "v", default, skip_serializing_if = "is_zero")]
    novelty: usize,
}

/// Start and end.
#[derive(Serialize, Deserialize)]
struct WireSpan(usize, usize);

/// A place that is not the file as a whole.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WirePlace {
    /// Bytes: start and end.
    Span(usize, usize),
    /// As a tool tells it: line, column, both of the end if it is told, and what columns count, by number.
    Lines(u32, u32, Option<(u32, u32)>, usize),
    /// The change as a whole, as far as it is this file.
    Change(WireChange),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireChange {
    Change,
}

#[derive(Serialize, Deserialize)]
struct WireRegion {
    #[serde(rename = "p")]
    position: [u32; 5],
    #[serde(rename = "t")]
    lines: Vec<String>,
    #[serde(rename = "h")]
    line_hash: String,
}

/// Symbol, text, and whether it holds in its file alone.
#[derive(Serialize, Deserialize)]
struct WireAnchor(String, String, bool);

/// Title, edits, and whether it is safe.
#[derive(Serialize, Deserialize)]
struct WireFix(String, Vec<WireEdit>, bool);

#[derive(Serialize, Deserialize)]
struct WireEdit(usize, usize, WireBytes);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WireBytes {
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
struct WireRelated(Option<WirePlace>, Option<WireRegion>, String);

/// How novelty is decided, by number; the first is the usual one.
const NOVELTIES: [Novelty; 4] = [Novelty::Compared, Novelty::ChangedLines, Novelty::Always, Novelty::Rerun];

/// What columns count, by number.
const UNITS: [ColumnUnit; 3] = [ColumnUnit::Bytes, ColumnUnit::Characters, ColumnUnit::Utf16];

fn is_zero(n: &usize) -> bool {
    *n == 0
}

fn read_share(WireShare(n_found, notices, is_left_out): WireShare) -> RowShare {
    RowShare { n_found, notices, is_left_out }
}

/// A place in the file at `path`, or none in particular; none for any other.
fn wire_place(place: &Place, path: &RepoPath) -> Option<Option<WirePlace>> {
    match place {
        Place::File(at) if at == path => Some(None),
        Place::Span(at, span) if at == path => Some(Some(WirePlace::Span(span.start, span.end))),
        Place::Lines { path: at, start, end, unit } if at == path => {
            let end = end.map(|end| (end.line, end.column));
            let unit = UNITS.iter().position(|known| known == unit)?;
            Some(Some(WirePlace::Lines(start.line, start.column, end, unit)))
        }
        Place::Change => Some(Some(WirePlace::Change(WireChange::Change))),
        _ => None,
    }
}

fn read_place(place: Option<WirePlace>, path: &RepoPath) -> Option<Place> {
    let at = |(line, column)| LineColumn { line, column };
    Some(match place {
        None => Place::File(path.clone()),
        Some(WirePlace::Span(start, end)) => Place::Span(path.clone(), Span { start, end }),
        Some(WirePlace::Lines(line, column, end, unit)) => {
            let (start, end) = (at((line, column)), end.map(at));
            Place::Lines { path: path.clone(), start, end, unit: UNITS.get(unit).copied()? }
        }
        Some(WirePlace::Change(WireChange::Change)) => Place::Change,
    })
}

fn wire_region(region: &Region) -> WireRegion {
    let (start, end) = (region.start, region.end);
    WireRegion {
        position: [start.line, start.column, end.line, end.column, region.first_line],
        lines: region.lines.clone(),
        line_hash: region.line_hash.clone(),
    }
}

fn read_region(region: WireRegion) -> Region {
    let [line, column, end_line, end_column, first_line] = region.position;
    Region {
        start: Position { line, column },
        end: Position { line: end_line, column: end_column },
        first_line,
        lines: region.lines,
        line_hash: region.line_hash,
    }
}

fn wire_fix(fix: &Fix) -> WireFix {
    let edit = |edit: &Edit| {
        let replacement = match String::from_utf8(edit.replacement.clone()) {
            Ok(text) => WireBytes::Text(text),
            Err(error) => WireBytes::Bytes(error.into_bytes()),
        };
        WireEdit(edit.span.start, edit.span.end, replacement)
    };
    WireFix(fix.title.clone(), fix.edits.iter().map(edit).collect(), fix.safety == Safety::Safe)
}

fn read_fix(WireFix(title, edits, is_safe): WireFix) -> Fix {
    let edit = |WireEdit(start, end, replacement): WireEdit| Edit {
        span: Span { start, end },
        replacement: match replacement {
            WireBytes::Text(text) => text.into_bytes(),
            WireBytes::Bytes(bytes) => bytes,
        },
    };
    let safety = if is_safe { Safety::Safe } else { Safety::Suggested };
    Fix { title, edits: edits.into_iter().map(edit).collect(), safety }
}

fn wire_directive(directive: &Directive) -> WireDirective {
    WireDirective {
        rules: directive.rules.iter().map(ToString::to_string).collect(),
        lines: match directive.extent {
            Extent::File => None,
            Extent::Lines { first, last } => Some((first, last)),
        },
        reason: directive.reason.clone(),
        until: directive.until.as_ref().map(|until| until.text.clone()),
        span: WireSpan(directive.span.start, directive.span.end),
        region: wire_region(&directive.region),
    }
}

fn read_directive(wire: WireDirective) -> Directive {
    let WireSpan(start, end) = wire.span;
    Directive {
        rules: wire.rules.into_iter().map(RuleId::new).collect(),
        extent: wire.lines.map_or(Extent::File, |(first, last)| Extent::Lines { first, last }),
        reason: wire.reason,
        until: wire.until.map(|text| Until { day: Day::parse(&text), text }),
        span: Span { start, end },
        region: read_region(wire.region),
    }
}

pub(super) fn wire(finding: &Finding, path: &RepoPath) -> Option<WireFinding> {
    let related = |related: &Related| {
        let region = related.region.as_ref().map(wire_region);
        Some(WireRelated(wire_place(&related.place, path)?, region, related.message.clone()))
    };
    Some(WireFinding {
        rule: finding.rule.as_str().to_owned(),
        level: finding.level.name().to_owned(),
        message: finding.message.clone(),
        hint: finding.hint.clone(),
        place: wire_place(&finding.place, path)?,
        region: finding.region.as_ref().map(wire_region),
        anchor: WireAnchor(
            finding.anchor.symbol.clone(),
            finding.anchor.text.clone(),
            finding.anchor.reach == Reach::File,
        ),
        fixes: finding.fixes.iter().map(wire_fix).collect(),
        related: finding.related.iter().map(related).collect::<Option<_>>()?,
        n_unlisted: finding.n_unlisted,
        novelty: NOVELTIES.iter().position(|novelty| *novelty == finding.novelty)?,
    })
}

impl WireFinding {
    pub(super) fn read(self, path: &RepoPath) -> Option<Finding> {
        let WireAnchor(symbol, text, is_of_file) = self.anchor;
        let related = |WireRelated(place, region, message): WireRelated| {
            Some(Related { place: read_place(place, path)?, region: region.map(read_region), message })
        };
        Some(Finding {
            rule: RuleId::from(self.rule.as_str()),
            level: Level::from_name(&self.level)?,
            message: self.message,
            hint: self.hint,
            place: read_place(self.place, path)?,
            region: self.region.map(read_region),
            anchor: Anchor { symbol, text, reach: if is_of_file { Reach::File } else { Reach::Anywhere } },
            fixes: self.fixes.into_iter().map(read_fix).collect(),
            related: self.related.into_iter().map(related).collect::<Option<_>>()?,
            n_unlisted: self.n_unlisted,
            novelty: NOVELTIES.get(self.novelty).copied()?,
            state: State::New,
            suppression: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, RowShare};
    use crate::model::finding::{Anchor, Edit, Finding, Novelty, Related};
    use crate::model::path::RepoPath;
    use crate::model::place::{Place, Position, Region, Span};
    use crate::model::rule::Level;
    use crate::model::suppression::{Day, Directive, Extent, Until};

    fn region(line: u32) -> Option<Region> {
        Some(Region {
            start: Position { line, column: 2 },
            end: Position { line, column: 9 },
            first_line: line.saturating_sub(2),
            lines: vec!["a\u{1b}".into(), "ü\u{0}".into()],
            line_hash: "abc:1".into(),
        })
    }

    /// A row with something in each of its parts.
    fn full(path: &RepoPath) -> Row {
        let span = |start, end| Place::Span(path.clone(), Span { start, end });
        let edits = vec![
            Edit { span: Span { start: 1, end: 2 }, replacement: b"text \"quoted\"".to_vec() },
            Edit { span: Span { start: 4, end: 4 }, replacement: vec![0xff, 0, 0xfe] },
        ];
        let mut one = Finding::new("a/b", Level::Note, span(3, 7), "message\n")
            .with_hint("hint")
            .with_anchor(Anchor::new("outer::inner", b"some text"))
            .with_fix("mend it", edits)
            .standing_for(3);
        one.region = region(4);
        one.related = vec![
            Related { place: span(9, 9), region: region(1), message: "there".into() },
            Related { place: Place::File(path.clone()), region: None, message: String::new() },
        ];
        let other = Finding::new("c", Level::Error, Place::File(path.clone()), "")
            .with_anchor(Anchor::of_file(b"x"))
            .with_novelty(Novelty::Always);
        let share = RowShare { n_found: 2, notices: vec!["one".into(), "two".into()], is_left_out: false };
        let left_out = RowShare { is_left_out: true, ..RowShare::default() };
        let lines = Directive {
            rules: vec!["a".into(), "b/c".into()],
            extent: Extent::Lines { first: 3, last: 9 },
            reason: "because".into(),
            until: Some(Until { text: "2027-02-30".into(), day: None }),
            span: Span { start: 5, end: 8 },
            region: region(3).unwrap(),
        };
        let until = Some(Until { text: "2027-03-01".into(), day: Day::parse("2027-03-01") });
        let file = Directive { rules: Vec::new(), extent: Extent::File, until, ..lines.clone() };
        let directives = vec![lines, file];
        Row {
            n_bytes: u64::MAX,
            shares: vec![RowShare::default(), left_out, share],
            findings: vec![one, other],
            directives,
        }
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let path = RepoPath::new(&b"a/\xff.txt"[..]);
        let row = full(&path);
        let bytes = row.encode(&path).unwrap();
        assert_eq!(Row::decode(&bytes, &path), Some(row.clone()));
        let moved = RepoPath::from("b");
        assert_eq!(Row::decode(&bytes, &moved).unwrap().findings[0].place.path(), Some(&moved));
        assert_eq!(row.encode(&moved), None, "a place in another file is not told");
        for end in 0..bytes.len() {
            assert_eq!(Row::decode(&bytes[..end], &path), None, "{end}");
        }
    }

    #[test]
    fn a_clean_file_takes_no_room() {
        let path = RepoPath::from("a");
        let row = Row { n_bytes: 12, shares: vec![RowShare::default(); 13], ..Row::default() };
        let bytes = row.encode(&path).unwrap();
        assert_eq!(bytes, b"{\"n\":12}");
        assert_eq!(Row::decode(&bytes, &path).unwrap(), Row { shares: Vec::new(), ..row });
    }
}
