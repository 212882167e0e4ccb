//! A file with its syntax tree, made once for all that look at it.

use std::borrow::Cow;

use crate::model::deadline::Deadline;
use crate::model::outcome::Breakage;
use crate::syntax::languages::Language;
use crate::syntax::tree::{Error, SyntaxTree};

/// How deep a file may be nested: a rule that looks around a node walks all the way up, which takes minutes in a file
/// that somebody nested 100,000 deep, and people write nothing near this.
const MAX_DEPTH: u32 = 1_000;

/// A file with its syntax tree.
pub(crate) struct Parsed<'t> {
    /// The text that the tree was made of.
    pub(crate) text: Cow<'t, str>,
    /// The tree; every offset in it is one in the file.
    pub(crate) tree: SyntaxTree,
}

impl<'t> Parsed<'t> {
    /// Parses a text that came from [`in_utf8`].
    pub(crate) fn new(text: Cow<'t, str>, language: Language, deadline: Deadline) -> Result<Self, Breakage> {
        let tree = parse(&text, language, deadline)?;
        Ok(Self { text, tree })
    }
}

/// The tree of a text, if it is one that rules can run on.
pub(crate) fn parse(text: &str, language: Language, deadline: Deadline) -> Result<SyntaxTree, Breakage> {
    let tree = SyntaxTree::parse(text, language, deadline).map_err(|error| match error {
        Error::Timeout => Breakage::new("parsing it took longer than the stage may take"),
        Error::Grammar(_) => Breakage::new(error.to_string()),
    })?;
    if tree.is_deeper_than(MAX_DEPTH) {
        let why = format!("nested more than {MAX_DEPTH} levels deep: no rule was run on it");
        let hint = "if it is generated, name it in `exclude` of tollgate.toml".to_owned();
        return Err(Breakage { why, hint, log: String::new() });
    }
    Ok(tree)
}

/// The text, with a character of one byte for each byte that is not UTF-8, so that all offsets stay as they are: one
/// that may stand in names, texts and comments alike.
pub(crate) fn in_utf8(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '_'));
    }
    Cow::Owned(text)
}
