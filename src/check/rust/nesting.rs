//! How deep a parser gets that goes down by recursion, told from the tokens alone before it runs.

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// How much deeper than by its one token a parser may get at `<`, and at the `|` of a closure.
const WEIGHT: usize = 4;

/// The tokens between two delimiters.
struct Level {
    tokens: IntoIter,
    is_block: bool,
    /// The depth at which it begins.
    base: usize,
    /// The tokens since the parser was last back at this level for sure.
    n_tokens: usize,
    /// The `<` and `|` that may still be open.
    n_open: usize,
    last: Last,
}

/// What the token before was.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    /// A block: the one before a keyword or a name ends a statement, an arm or an item.
    Block,
    /// A literal or another group, after which `<` compares.
    Value,
    /// The first half of `=>` or `->`.
    Half(char),
}

/// A bound for the depth of the recursion, in tokens: nothing nests without a token of its own. At `;`, at the `,` of a
/// list and after a statement that ends with a block the parser is back where it was.
pub(super) fn bound(tokens: TokenStream) -> usize {
    let mut levels = vec![Level::new(tokens, 0, true)];
    let mut deepest = 0;
    while let Some(level) = levels.last_mut() {
        let Some(token) = level.tokens.next() else {
            levels.pop();
            continue;
        };
        level.take(&token);
        let depth = level.base + level.n_tokens;
        deepest = deepest.max(depth);
        if let TokenTree::Group(group) = token {
            levels.push(Level::new(group.stream(), depth + WEIGHT, group.delimiter() == Delimiter::Brace));
        }
    }
    deepest
}

impl Level {
    fn new(tokens: TokenStream, base: usize, is_block: bool) -> Self {
        Self { tokens: tokens.into_iter(), is_block, base, n_tokens: 0, n_open: 0, last: Last::Other }
    }

    fn take(&mut self, token: &TokenTree) {
        self.n_tokens += 1;
        self.last = match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Last::Block,
            TokenTree::Group(_) | TokenTree::Literal(_) => Last::Value,
            TokenTree::Ident(ident) => {
                let goes_on = || ["else", "as", "in", "where"].iter().any(|word| ident == word);
                if self.last == Last::Block && !goes_on() {
                    self.restart();
                }
                Last::Other
            }
            TokenTree::Punct(punct) => self.mark(punct.as_char(), punct.spacing()),
        };
    }

    fn mark(&mut self, mark: char, spacing: Spacing) -> Last {
        match (mark, self.last) {
            (';', _) => self.restart(),
            (',', _) => self.n_tokens = WEIGHT * self.n_open,
            ('#', Last::Block) => self.restart(),
            ('<', Last::Value) => {}
            ('<' | '|', _) => self.n_open += 1,
            // The pattern of an arm is over.
            ('>', Last::Half('=')) if self.is_block => self.restart(),
            ('>', Last::Half(_)) => {}
            ('>', _) => self.n_open = self.n_open.saturating_sub(1),
            ('=' | '-', _) if spacing == Spacing::Joint => return Last::Half(mark),
            _ => {}
        }
        Last::Other
    }

    /// The parser is back at this level.
    fn restart(&mut self) {
        (self.n_tokens, self.n_open) = (0, 0);
    }
}
