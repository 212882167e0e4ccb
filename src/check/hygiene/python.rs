//! Python as the checks of it need it: which files are in it, and their syntax tree.

use crate::check::parsed::Tree;
use crate::check::{FileInput, Manner, filetype};
use crate::model::change::FileSide;
use crate::model::outcome::Breakage;
use crate::syntax::languages::Language;

/// Whether a file may be in Python, as far as that can be told before it is read.
pub(super) fn is_wanted(side: &FileSide) -> bool {
    side.mode.is_regular() && filetype::may_be(side, "python")
}

/// A file with its syntax tree; none if it is not in Python after all, or no UTF-8. Whoever names a file to
/// `tollgate builtin` says that it is.
pub(super) fn parsed<'a, 't>(file: &'a FileInput<'t>) -> Result<Option<Tree<'a, 't>>, Breakage> {
    if str::from_utf8(file.bytes).is_err() {
        return Ok(None);
    }
    if file.manner == Manner::Gate && !filetype::tags(file.side, file.bytes).contains("python") {
        return Ok(None);
    }
    file.tree.of(file.bytes, Language::Python, file.deadline).map(Some)
}

/// Whether a string literal with that text has parts that are code: an f-string, or a template.
pub(super) fn has_code(literal: &str) -> bool {
    let quote = literal.find(['"', '\'']).unwrap_or(literal.len());
    literal.get(..quote).unwrap_or_default().contains(['f', 'F', 't', 'T'])
}
