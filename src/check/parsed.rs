//! A file with its syntax tree, made once for all that look at it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use crate::model::deadline::Deadline;
use crate::model::outcome::Breakage;
use crate::syntax::languages::Language;
use crate::syntax::rules::MAX_DEPTH;
use crate::syntax::tree::{Error, SyntaxTree};

/// The most bytes that are parsed: a tree takes about sixty times as much memory as its text, and what people write is
/// nowhere near this.
const MAX_PARSED: usize = 4 << 20;

/// Why a text is not parsed, if it is too large for that.
pub(crate) fn why_unparsed(text: &str) -> Option<String> {
    let is_too_large = text.len() > MAX_PARSED;
    is_too_large.then(|| format!("{} MiB are more than the {} MiB that are parsed", text.len() >> 20, MAX_PARSED >> 20))
}

/// A file with its syntax tree.
pub(crate) struct Parsed<'t> {
    /// The text that the tree was made of.
    pub(crate) text: Cow<'t, str>,
    /// The tree; every offset in it is one in the file.
    pub(crate) tree: SyntaxTree,
}

impl<'t> Parsed<'t> {
    /// Parses a text that came from [`in_utf8`], however large it is.
    pub(crate) fn new(text: Cow<'t, str>, language: Language, deadline: Deadline) -> Result<Self, Breakage> {
        let tree = parse(&text, language, deadline)?;
        Ok(Self { text, tree })
    }
}

/// The tree of a file, made when the first check asks for it and kept for the others.
#[derive(Default)]
pub(crate) struct SharedTree<'t>(OnceLock<Parsed<'t>>);

impl fmt::Debug for SharedTree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "made" } else { "not made" })
    }
}

/// A tree that is shared, or one in another language, of which there is no second use.
pub(crate) enum Tree<'a, 't> {
    /// The shared one.
    Shared(&'a Parsed<'t>),
    /// Another.
    Own(Box<Parsed<'t>>),
}

impl<'t> Deref for Tree<'_, 't> {
    type Target = Parsed<'t>;

    fn deref(&self) -> &Parsed<'t> {
        match self {
            Self::Shared(parsed) => parsed,
            Self::Own(parsed) => parsed,
        }
    }
}

impl<'t> SharedTree<'t> {
    /// The tree of the bytes of the file in a language, however large they are.
    pub(crate) fn of(&self, bytes: &'t [u8], language: Language, deadline: Deadline) -> Result<Tree<'_, 't>, Breakage> {
        if let Some(parsed) = self.0.get().filter(|parsed| parsed.tree.language() == language) {
            return Ok(Tree::Shared(parsed));
        }
        let parsed = Parsed::new(in_utf8(bytes), language, deadline)?;
        Ok(match self.0.set(parsed) {
            Ok(()) => Tree::Shared(self.0.get().expect("because it has just been set")),
            Err(parsed) => Tree::Own(Box::new(parsed)),
        })
    }

    /// The tree, if some check has asked for it in that language.
    pub(crate) fn made(&self, language: Language) -> Option<&Parsed<'t>> {
        self.0.get().filter(|parsed| parsed.tree.language() == language)
    }
}

/// The tree of a text.
pub(crate) fn parse(text: &str, language: Language, deadline: Deadline) -> Result<SyntaxTree, Breakage> {
    SyntaxTree::parse(text, language, deadline).map_err(unparsed)
}

/// Why a file has no tree.
pub(crate) fn unparsed(error: Error) -> Breakage {
    match error {
        Error::Timeout => Breakage::new("parsing it took longer than the stage may take"),
        Error::Grammar(_) => Breakage::new(error.to_string()),
    }
}

/// What to say of a file that is nested too deep for rules.
pub(crate) fn too_deep() -> Breakage {
    let why = format!("nested more than {MAX_DEPTH} levels deep: no rule was run on it");
    let hint = "if it is generated, name it in `exclude` of tollgate.toml".to_owned();
    Breakage { why, hint, log: String::new() }
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
