//! A Rust file as tokens and as a syntax tree, each made once, and only as far as that is no danger.

use std::cell::OnceCell;
use std::str::FromStr;
use std::thread;

use proc_macro2::{LexError, TokenStream};

use crate::check::Examined;
use crate::check::rust::nesting::bound;
use crate::model::outcome::Breakage;
use crate::model::place::Span;

/// Larger files are not parsed: the tree takes a hundred times their size.
const MAX_BYTES: usize = 4 << 20;
/// The most tokens that lead down to a place, see [`bound`]; of 12,800 files of good projects one has more.
const MAX_DEPTH: usize = 2_000;
/// The stack of the parser, enough for more than twice that depth; what is not touched takes no memory.
const STACK: usize = 128 << 20;

/// A Rust file.
pub(super) struct Source<'a> {
    /// The whole text.
    pub(super) text: &'a str,
    /// Its tokens, without comments.
    pub(super) tokens: TokenStream,
    /// The bytes before what was parsed.
    start: usize,
    tree: OnceCell<Result<syn::File, syn::Error>>,
}

/// Calls `look` with a file, on a thread with room for the parser; what it holds on to of the text ends with that thread.
pub(super) fn with(text: &str, look: impl FnOnce(&Source<'_>) -> Examined + Send) -> Result<Examined, Breakage> {
    if text.len() > MAX_BYTES {
        let why = format!("{} KiB are more than the {} KiB that are parsed", text.len() >> 10, MAX_BYTES >> 10);
        return Ok(not_run(&why));
    }
    let read = || match Source::new(text) {
        Ok(source) => look(&source),
        Err(why) => not_run(&why),
    };
    thread::scope(|scope| {
        let parser = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read);
        let parser = parser.map_err(|error| Breakage::new(format!("no thread for the parser of Rust: {error}")))?;
        parser.join().map_err(|_| Breakage::new("the check crashed in the parser of Rust"))
    })
}

/// That the rules were not run.
fn not_run(why: &str) -> Examined {
    Examined { findings: Vec::new(), notices: vec![format!("rules for Rust's items were not run: {why}")] }
}

impl<'a> Source<'a> {
    fn new(text: &'a str) -> Result<Self, String> {
        let start = n_bytes_before_code(text);
        let code = text.get(start..).unwrap_or_default();
        let tokens = TokenStream::from_str(code).map_err(|error: LexError| {
            let line = error.span().start().line;
            format!("line {line} could not be read as Rust")
        })?;
        let depth = bound(tokens.clone());
        if depth > MAX_DEPTH {
            return Err(format!("nested more deeply than is safe to parse ({depth} tokens, {MAX_DEPTH} are allowed)"));
        }
        Ok(Self { text, tokens, start, tree: OnceCell::new() })
    }

    /// The syntax tree.
    pub(super) fn tree(&self) -> Result<&syn::File, syn::Error> {
        self.tree.get_or_init(|| syn::parse2(self.tokens.clone())).as_ref().map_err(Clone::clone)
    }

    /// The bytes of the file that a span of the parser covers.
    pub(super) fn span(&self, span: proc_macro2::Span) -> Span {
        let range = span.byte_range();
        Span { start: self.start + range.start, end: self.start + range.end }
    }

    /// The bytes from the start of one to the end of another.
    pub(super) fn between(&self, first: proc_macro2::Span, last: proc_macro2::Span) -> Span {
        Span { start: self.span(first).start, end: self.span(last).end }
    }

    /// The text of some bytes.
    pub(super) fn text_of(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Tells that the file is not in the parser's Rust.
    pub(super) fn not_parsed(&self, error: &syn::Error) -> String {
        let line = self.text.get(..self.span(error.span()).start).unwrap_or_default().matches('\n').count() + 1;
        format!("line {line} could not be parsed as Rust: rules for Rust's items were not run")
    }
}

/// The byte order mark and the line that names an interpreter.
fn n_bytes_before_code(text: &str) -> usize {
    let code = text.trim_start_matches('\u{feff}');
    let is_script = code.starts_with("#!") && !code.get(2..).unwrap_or_default().trim_start().starts_with('[');
    let line = if is_script { code.find('\n').unwrap_or(code.len()) } else { 0 };
    text.len() - code.len() + line
}
