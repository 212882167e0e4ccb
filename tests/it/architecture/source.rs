//! What one source file says: which paths it names, which modules it declares, how large it and its functions are.

use std::iter::Peekable;
use std::vec::IntoIter;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{AttrStyle, Block, FnArg, ImplItemFn, ItemFn, Signature, TraitItemFn};

/// Whether code is compiled into the binary or only into tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Production,
    Test,
}

/// A path that is written somewhere: in an import, an expression, a type, a macro, an attribute.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) line: usize,
    /// As written; an import of several names gives several paths, and a glob ends with `*`.
    pub(crate) segments: Vec<String>,
    /// The module that it is written in, inline modules included.
    pub(crate) module: Vec<String>,
    pub(crate) code: Use,
}

/// A module that is declared with `mod name;`.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) code: Use,
}

/// A function with its size.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) n_lines: usize,
    /// Without `self`.
    pub(crate) n_parameters: usize,
}

/// One file.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) names: Vec<Named>,
    pub(crate) modules: Vec<Declared>,
    pub(crate) functions: Vec<Function>,
    /// Lines outside test modules.
    pub(crate) n_lines: usize,
    pub(crate) has_doc: bool,
}

impl Source {
    /// Reads the text of the file that is the module `module`.
    pub(crate) fn new(text: &str, module: &[String]) -> Result<Self, String> {
        let file = syn::parse_file(text).map_err(|error| error.to_string())?;
        let tokens: TokenStream = text.parse().map_err(|error| format!("{error}"))?;
        let is_doc = |attr: &syn::Attribute| matches!(attr.style, AttrStyle::Inner(_)) && attr.path().is_ident("doc");
        let mut functions = Functions::default();
        functions.visit_file(&file);
        let mut source = Self { functions: functions.0, has_doc: file.attrs.iter().any(is_doc), ..Self::default() };
        let mut walk = Walk { source: &mut source, module: module.to_vec(), code: Use::Production, n_test_lines: 0 };
        walk.tokens(tokens);
        source.n_lines = text.lines().count() - walk.n_test_lines;
        Ok(source)
    }
}

#[derive(Default)]
struct Functions(Vec<Function>);

impl Functions {
    fn add(&mut self, signature: &Signature, block: &Block) {
        let line = signature.span().start().line;
        self.0.push(Function {
            line,
            name: signature.ident.to_string(),
            n_lines: block.span().end().line + 1 - line,
            n_parameters: signature.inputs.iter().filter(|input| matches!(input, FnArg::Typed(_))).count(),
        });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

type Tokens = Peekable<IntoIter<TokenTree>>;

/// A walk over tokens rather than over the syntax tree: the inside of a macro call is nothing else.
struct Walk<'a> {
    source: &'a mut Source,
    module: Vec<String>,
    code: Use,
    n_test_lines: usize,
}

impl Walk<'_> {
    fn tokens(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut tokens = trees.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    self.attribute(punct.span().start().line, &mut tokens)
                }
                TokenTree::Ident(ident) if ident == "mod" => self.module(&mut tokens),
                TokenTree::Ident(ident) => self.path(&ident, &mut tokens),
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// An attribute; with one that says `cfg(test)` the item that follows is of a test.
    fn attribute(&mut self, line: usize, tokens: &mut Tokens) {
        let Some(group) = next_group(tokens, Delimiter::Bracket) else { return };
        let is_test = is_cfg_test(&group);
        self.tokens(group.stream());
        if !is_test || self.code == Use::Test {
            return;
        }
        let (item, last_line) = item(tokens);
        self.n_test_lines += last_line.map_or(0, |last| last + 1 - line);
        self.code = Use::Test;
        self.tokens(item);
        self.code = Use::Production;
    }

    fn module(&mut self, tokens: &mut Tokens) {
        let Some(TokenTree::Ident(name)) = tokens.next_if(|token| matches!(token, TokenTree::Ident(_))) else { return };
        match next_group(tokens, Delimiter::Brace) {
            Some(inline) => {
                self.module.push(name.to_string());
                self.tokens(inline.stream());
                self.module.pop();
            }
            None => self.source.modules.push(Declared { name: name.to_string(), code: self.code }),
        }
    }

    /// A path that begins with this identifier. `use` begins one that counts even with a single name.
    fn path(&mut self, ident: &Ident, tokens: &mut Tokens) {
        if ident != "use" {
            return self.rest(vec![ident.to_string()], ident.span().start().line, tokens);
        }
        skip_colons(tokens);
        if let Some(TokenTree::Ident(first)) = tokens.next_if(|token| matches!(token, TokenTree::Ident(_))) {
            let line = first.span().start().line;
            let n_names = self.source.names.len();
            self.rest(vec![first.to_string()], line, tokens);
            if self.source.names.len() == n_names {
                self.add(vec![first.to_string()], line);
            }
        }
    }

    /// What follows the beginning of a path; one of a single name is no path.
    fn rest(&mut self, mut segments: Vec<String>, mut line: usize, tokens: &mut Tokens) {
        while skip_colons(tokens) {
            match tokens.peek() {
                Some(TokenTree::Ident(ident)) => {
                    line = ident.span().start().line;
                    segments.push(ident.to_string());
                }
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                    line = star.span().start().line;
                    segments.push("*".to_owned());
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let trees = group.stream();
                    tokens.next();
                    return self.branches(&segments, trees);
                }
                _ => break,
            }
            tokens.next();
        }
        if segments.len() > 1 {
            self.add(segments, line);
        }
    }

    /// The braces of `use a::{b, c::d}`.
    fn branches(&mut self, prefix: &[String], trees: TokenStream) {
        let trees: Vec<TokenTree> = trees.into_iter().collect();
        for tree in trees.split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',')) {
            let tree: Vec<TokenTree> = tree.to_vec();
            let mut tokens = tree.into_iter().peekable();
            let (name, line) = match tokens.next() {
                Some(TokenTree::Ident(ident)) => (ident.to_string(), ident.span().start().line),
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => ("*".to_owned(), star.span().start().line),
                _ => continue,
            };
            let mut segments = prefix.to_vec();
            if name != "self" {
                segments.push(name);
            }
            match tokens.peek() {
                Some(TokenTree::Punct(_)) => self.rest(segments, line, &mut tokens),
                _ => self.add(segments, line),
            }
        }
    }

    fn add(&mut self, segments: Vec<String>, line: usize) {
        self.source.names.push(Named { line, segments, module: self.module.clone(), code: self.code });
    }
}

fn next_group(tokens: &mut Tokens, delimiter: Delimiter) -> Option<Group> {
    let is_wanted = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter);
    match tokens.next_if(is_wanted) {
        Some(TokenTree::Group(group)) => Some(group),
        _ => None,
    }
}

/// Goes over `::` if it comes next.
fn skip_colons(tokens: &mut Tokens) -> bool {
    let is_joint_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(colon) if colon.as_char() == ':' && colon.spacing() == proc_macro2::Spacing::Joint);
    tokens.next_if(is_joint_colon).is_some_and(|_| {
        tokens.next();
        true
    })
}

/// The tokens of the item that comes next, other attributes included, and its last line.
fn item(tokens: &mut Tokens) -> (TokenStream, Option<usize>) {
    let mut item = Vec::new();
    for token in tokens.by_ref() {
        let is_end = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        item.push(token);
        if is_end {
            break;
        }
    }
    let is_semicolon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
    item.extend(tokens.next_if(is_semicolon));
    let last_line = item.last().map(|token| token.span().end().line);
    (item.into_iter().collect(), last_line)
}

/// Whether an attribute is `cfg(test)` or `cfg(all(test, …))`.
fn is_cfg_test(attribute: &Group) -> bool {
    let mut tokens = attribute.stream().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(cfg)), Some(TokenTree::Group(condition))) => {
            cfg == "cfg" && needs_test(condition.stream())
        }
        _ => false,
    }
}

fn needs_test(condition: TokenStream) -> bool {
    let mut tokens = condition.into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(test)), None) => test == "test",
        (Some(TokenTree::Ident(all)), Some(TokenTree::Group(conditions))) if all == "all" => {
            conditions.stream().into_iter().any(|token| matches!(token, TokenTree::Ident(test) if test == "test"))
        }
        _ => false,
    }
}
