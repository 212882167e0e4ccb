//! `undocumented-unsafe`: unsafe code that does not say why it is sound. Works on the tokens, so that it sees what
//! stands in macros.

use std::sync::LazyLock;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use regex::Regex;

use crate::check::rust::items::is_test_attribute;
use crate::check::rust::source::Source;
use crate::check::rust::{Fault, RustRule, is_aside};
use crate::model::place::Span;
use crate::model::rule::Level;

pub(super) const RULE: RustRule = RustRule {
    id: "undocumented-unsafe",
    level: Level::Note,
    summary: "`unsafe` without a comment that says why it is sound",
    doc: DOC,
    hint: "say in a comment `// SAFETY: ...` above it why it is sound; of a public function, what callers must hold to in a \
           section `# Safety` of its documentation",
    category: "correctness",
    precision: "high",
    cwe: &[],
    needed: &[&["unsafe"]],
    is_for: |path| !is_aside(path),
    find: |source| Ok(find(source)),
};

const DOC: &str = "\
## What it finds
An `unsafe` block or `unsafe impl` without a comment that speaks of its safety or soundness, and a public `unsafe fn` or \
`unsafe trait` without one in its documentation. The comment stands above the block, above the statement, arm or field that \
it is in (and above its attributes), at the start of the block, or behind it on the same line; one comment does for \
lines that follow each other without a blank one. What a documented `unsafe fn` holds is covered by its \
documentation. Tests, benchmarks and examples are left out.

## Why it matters
The compiler no longer checks what stands there, so a reviewer has to: that is only possible against a reason. Whoever \
changes the code around it later learns from the comment what it relies on.

## Example
    let first = unsafe { *bytes.get_unchecked(0) };

## Fix
    // SAFETY: the caller gave at least one byte, which is checked above.
    let first = unsafe { *bytes.get_unchecked(0) };

## Options
None.
";

/// A comment, or documentation in an attribute, that says why something is sound.
static REASON: LazyLock<Regex> =
    LazyLock::new(|| comment("safe|safely|safety|sound|soundness|invariants?|guarantee[ds]?"));
/// One that says what a function or a trait asks for.
static CONTRACT: LazyLock<Regex> =
    LazyLock::new(|| comment("(?:un)?(?:safe|safety|sound|soundness)|contract|undefined"));

/// A comment with one of these words.
fn comment(words: &str) -> Regex {
    // The id of this rule is none.
    let word = format!(r"[^\w-](?:{words})\b");
    let comment = format!(r"(?is)//(?:[^\n]*?[^\w-])?(?:{words})\b|/\*(?:[^*]|\*[^/])*?{word}|\bdoc\b[^\]]*?{word}");
    Regex::new(&comment).expect("because it is written here")
}

fn find(source: &Source<'_>) -> Vec<Fault> {
    let mut search = Search { source, faults: Vec::new(), symbol: Vec::new() };
    let top = Place { open: 0, from: 0, leads: Vec::new(), is_covered: false };
    search.tokens(source.tokens.clone(), Delimiter::Brace, top);
    search.faults
}

/// Where some tokens stand.
#[derive(Clone)]
struct Place {
    /// Where the block or the list of items begins that they are in.
    open: usize,
    /// Where the statement begins that they are in, with the comments above it.
    from: usize,
    /// The statements around it, from their comments to what they enclose, up to the item.
    leads: Vec<Span>,
    /// Whether a reason holds for all of them.
    is_covered: bool,
}

/// What is known of a statement, arm, field or item while it is read.
#[derive(Default)]
struct Statement {
    is_test: bool,
    /// The name of what it declares.
    name: Option<String>,
    /// The word that is waiting for a name.
    declares: Option<Declares>,
    is_covered: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Declares {
    Named,
    /// The type is the last name outside of angle brackets.
    Impl {
        n_angles: i32,
    },
}

/// What is unsafe.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Block,
    Implementation,
    Function { is_public: bool },
    Trait { is_public: bool },
}

impl Kind {
    /// What to say of it; nothing of what only the file itself can name.
    fn message(self) -> Option<&'static str> {
        match self {
            Self::Block => Some("this block is unsafe, and nothing says why it is sound"),
            Self::Implementation => Some("this implementation is unsafe, and nothing says why it is sound"),
            Self::Function { is_public: true } => {
                Some("this function is unsafe, and nothing says what its callers must hold to")
            }
            Self::Trait { is_public: true } => {
                Some("this trait is unsafe, and nothing says what its implementations must hold to")
            }
            Self::Function { .. } | Self::Trait { .. } => None,
        }
    }
}

struct Search<'s, 'a> {
    source: &'s Source<'a>,
    faults: Vec<Fault>,
    symbol: Vec<String>,
}

impl Search<'_, '_> {
    /// Goes through the tokens between two delimiters; how deep these nest was looked at before.
    fn tokens(&mut self, tokens: TokenStream, delimiter: Delimiter, mut place: Place) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut statement = Statement::default();
        for (at, token) in tokens.iter().enumerate() {
            let (before, rest) = (tokens.get(..at).unwrap_or_default(), tokens.get(at + 1..).unwrap_or_default());
            match token {
                TokenTree::Ident(ident) if ident == "unsafe" && !statement.is_test => {
                    if let Some((kind, block)) = kind(before, rest) {
                        self.keyword(kind, (ident.span(), block), &mut statement, &place);
                    }
                }
                TokenTree::Ident(ident) => statement.word(&ident.to_string()),
                TokenTree::Punct(punct) => statement.mark(punct.as_char()),
                TokenTree::Literal(_) => {}
                TokenTree::Group(group) if is_attribute(before, group) => {
                    statement.is_test |= is_test_attribute(group.stream());
                }
                TokenTree::Group(group) if !statement.is_test => self.group(group, &mut statement, &place),
                TokenTree::Group(_) => {}
            }
            if delimiter == Delimiter::Brace && ends_statement(token, rest.first()) {
                place.from = self.source.span(token.span()).end;
                statement = Statement::default();
            }
        }
    }

    fn group(&mut self, group: &Group, statement: &mut Statement, place: &Place) {
        let is_block = group.delimiter() == Delimiter::Brace;
        let open = self.source.span(group.span_open());
        let name = statement.name.take_if(|_| is_block);
        let is_named = name.is_some();
        let mut inner = place.clone();
        if is_named {
            inner.leads.clear();
            inner.is_covered = statement.is_covered;
        } else if is_block {
            inner.leads.push(Span { start: place.from, end: open.start });
        }
        if is_block {
            (inner.open, inner.from) = (open.end, open.end);
        }
        self.symbol.extend(name);
        self.tokens(group.stream(), group.delimiter(), inner);
        if is_named {
            self.symbol.pop();
        }
    }

    /// Looks at one `unsafe` with the block that it leads to.
    fn keyword(
        &mut self,
        kind: Kind,
        (keyword, block): (proc_macro2::Span, &Group),
        statement: &mut Statement,
        place: &Place,
    ) {
        let span = self.source.between(keyword, block.span_close());
        let in_leads = || place.leads.iter().any(|lead| REASON.is_match(self.source.text_of(*lead)));
        let reason = match kind {
            Kind::Block | Kind::Implementation => &REASON,
            Kind::Function { .. } | Kind::Trait { .. } => &CONTRACT,
        };
        let has_reason = place.is_covered || reason.is_match(self.around(span.start, block, place)) || in_leads();
        statement.is_covered = has_reason && matches!(kind, Kind::Function { .. });
        if let Some(message) = kind.message().filter(|_| !has_reason) {
            self.faults.push(Fault { span, message: message.to_owned(), symbol: self.symbol.join("::") });
        }
    }

    /// The text in which a reason is looked for: the statement up to there with those before it, back to a blank line,
    /// and up to the first code in the block with the rest of that line.
    fn around(&self, at: usize, block: &Group, place: &Place) -> &str {
        let text = self.source.text;
        let first = block.stream().into_iter().next();
        let end = match first {
            Some(first) => self.source.span(first.span()).start,
            None => self.source.span(block.span_close()).end,
        };
        let end = text.get(end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |n_bytes| end + n_bytes);
        let before = text.get(place.open..at).unwrap_or_default();
        let mut last = before.len();
        let blank = before.rmatch_indices('\n').find(|(feed, _)| {
            let line = before.get(*feed..last).unwrap_or_default();
            let is_first = last == before.len();
            last = *feed;
            !is_first && line.trim().is_empty()
        });
        let paragraph = blank.map_or(place.open, |(feed, _)| place.open + feed);
        text.get(paragraph.min(place.from)..end).unwrap_or_default()
    }
}

fn is_attribute(before: &[TokenTree], group: &Group) -> bool {
    let follows_mark =
        || matches!(before.last(), Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '#' | '!'));
    group.delimiter() == Delimiter::Bracket && follows_mark()
}

/// What an `unsafe` is of, and the block that it leads to, told by the tokens before and after it.
fn kind<'t>(before: &[TokenTree], rest: &'t [TokenTree]) -> Option<(Kind, &'t Group)> {
    let block = |token: &'t TokenTree| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    };
    if let Some(group) = rest.first().and_then(block) {
        return Some((Kind::Block, group));
    }
    // The body, unless there is none.
    let is_end = |token: &&TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
    let body = rest.iter().take_while(|token| !is_end(token)).find_map(block)?;
    let words: Vec<String> = rest.iter().take(4).map(ToString::to_string).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let name = match *words.as_slice() {
        ["impl", ..] => return Some((Kind::Implementation, body)),
        ["trait", ..] | ["auto", "trait", ..] => return Some((Kind::Trait { is_public: is_public(before) }, body)),
        ["fn", ..] => 1,
        ["extern", "fn", ..] => 2,
        ["extern", _, "fn", ..] => 3,
        _ => return None,
    };
    // Without a name it is a type.
    let is_name = matches!(rest.get(name), Some(TokenTree::Ident(_)));
    is_name.then_some((Kind::Function { is_public: is_public(before) }, body))
}

/// Whether what follows is `pub` without restriction.
fn is_public(before: &[TokenTree]) -> bool {
    let is_modifier = |token: &&TokenTree| matches!(token, TokenTree::Ident(ident) if ["const", "async", "default"].iter().any(|word| ident == word));
    before.iter().rev().find(|token| !is_modifier(token)).is_some_and(|token| token.to_string() == "pub")
}

/// Whether a statement, an arm, a field or an item is over after a token.
fn ends_statement(token: &TokenTree, next: Option<&TokenTree>) -> bool {
    match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => match next {
            Some(TokenTree::Ident(ident)) => !["else", "as", "in"].iter().any(|word| ident == word),
            Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '#' | '\''),
            Some(TokenTree::Literal(_)) | None => true,
            Some(TokenTree::Group(_)) => false,
        },
        _ => false,
    }
}

impl Statement {
    fn word(&mut self, word: &str) {
        self.declares = match (word, self.declares) {
            ("fn" | "mod" | "trait", _) => Some(Declares::Named),
            ("impl", None) if self.name.is_none() => Some(Declares::Impl { n_angles: 0 }),
            ("where", Some(Declares::Impl { .. })) => None,
            ("for", Some(Declares::Impl { n_angles: 0 })) => self.declares,
            (_, Some(Declares::Named)) => {
                self.name = Some(word.to_owned());
                None
            }
            (_, Some(Declares::Impl { n_angles: 0 })) => {
                self.name = Some(word.to_owned());
                self.declares
            }
            (_, declares) => declares,
        };
    }

    fn mark(&mut self, mark: char) {
        if let Some(Declares::Impl { n_angles }) = &mut self.declares {
            *n_angles += match mark {
                '<' => 1,
                '>' => -1,
                _ => 0,
            };
        }
    }
}
