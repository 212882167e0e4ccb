//! Fixes that other tools tell, put where they say in the text of the file that they mend. What can't be put there
//! exactly is left out: a fix at a wrong place is worse than none.

use std::collections::BTreeMap;

use crate::model::finding::{Edit, Finding, Fix, Safety};
use crate::model::path::RepoPath;
use crate::model::place::{ColumnUnit, LineColumn, Span};
use crate::sarif::text::Text;

/// The mark at the start of a file that some editors leave.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A fix of a finding, before the text of its file is at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignFix {
    /// Which finding it mends, by its index among those of the report.
    pub(crate) finding: usize,
    /// The file, which is the finding's.
    pub(crate) path: RepoPath,
    /// What it does.
    pub(crate) title: String,
    /// Whether the tool says that nobody has to look at it.
    pub(crate) safety: Safety,
    /// What the columns of its marks count.
    pub(crate) unit: ColumnUnit,
    /// What it changes.
    pub(crate) replacements: Vec<Replacement>,
}

/// One change of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    /// What goes.
    pub(crate) from: Mark,
    /// The end of it.
    pub(crate) to: Mark,
    /// What goes, where the tool says that too.
    pub(crate) old: Option<String>,
    /// What comes.
    pub(crate) new: String,
}

/// A point in a file, as a tool tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Bytes from the start.
    Byte(usize),
    /// Units of UTF-16 from the start, without a byte order mark.
    Utf16(usize),
    /// A line and a column in the unit of the report; column 0 is the end of the line at the end of a change, else its
    /// start.
    At(LineColumn),
}

/// Gives findings their fixes, by the content of the files as the tool saw them; in one that there is not, nothing can
/// be mended.
pub(crate) fn attach(
    fixes: Vec<ForeignFix>,
    findings: &mut [Finding],
    contents: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
) {
    let mut by_path: BTreeMap<RepoPath, Vec<ForeignFix>> = BTreeMap::new();
    for fix in fixes {
        by_path.entry(fix.path.clone()).or_default().push(fix);
    }
    for (path, fixes) in by_path {
        let Some(bytes) = contents(&path) else { continue };
        let text = Text::new(&bytes);
        for fix in fixes {
            let Some(finding) = findings.get_mut(fix.finding) else { continue };
            let edits = fix.edits(&text);
            finding.fixes.extend(edits.map(|edits| Fix { title: fix.title, edits, safety: fix.safety }));
        }
    }
}

impl ForeignFix {
    /// Its changes, if each stands where the tool says and does not touch another.
    fn edits(&self, text: &Text<'_>) -> Option<Vec<Edit>> {
        let edit = |change: &Replacement| {
            let span = Span { start: self.offset(text, change.from, 1)?, end: self.offset(text, change.to, 0)? };
            let is_sound =
                span.start <= span.end && change.old.as_ref().is_none_or(|old| text.slice(span) == old.as_bytes());
            is_sound.then(|| Edit { span, replacement: change.new.clone().into_bytes() })
        };
        let mut edits = self.replacements.iter().map(edit).collect::<Option<Vec<_>>>()?;
        edits.sort();
        edits.dedup();
        let is_apart = edits.windows(2).all(|pair| match pair {
            [one, next] => one.span.end <= next.span.start && one.span != next.span,
            _ => true,
        });
        (is_apart && !edits.is_empty()).then_some(edits)
    }

    /// The byte that a tool means, if there is one and a character begins there. `column` stands for one that it does
    /// not say: 1 is the start of the line, 0 its end.
    fn offset(&self, text: &Text<'_>, mark: Mark, column: u32) -> Option<usize> {
        let n_bytes = text.bytes().len();
        let (start, n_units, unit, limit) = match mark {
            Mark::Byte(offset) => (0, offset, ColumnUnit::Bytes, n_bytes),
            Mark::Utf16(offset) => {
                let start = if text.bytes().starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
                (start, offset, ColumnUnit::Utf16, n_bytes)
            }
            Mark::At(at) => {
                let index = usize::try_from(at.line).ok()?.checked_sub(1)?;
                let column = if at.column == 0 { column } else { at.column };
                if index >= text.n_lines() {
                    return (index == text.n_lines() && column == 1).then_some(n_bytes);
                }
                let line = text.line(index);
                let Some(n_before) = column.checked_sub(1) else { return Some(line.end) };
                (line.start, usize::try_from(n_before).ok()?, self.unit, line.end)
            }
        };
        let offset = text.advance(start, n_units, unit, limit);
        (text.n_units(start, offset, unit) == n_units && text.character_start(offset) == offset).then_some(offset)
    }
}
