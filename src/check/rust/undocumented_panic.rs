//! `undocumented-panic`: public functions that can panic and don't say so.

use syn::visit::Visit;
use syn::{Expr, ExprConst, ExprIndex, ExprMethodCall, Item, Lit, Macro};

use crate::check::rust::items::{PublicItem, documentation, public_items};
use crate::check::rust::source::Source;
use crate::check::rust::{Fault, RustRule, is_library};
use crate::model::rule::Level;

pub(super) const RULE: RustRule = RustRule {
    id: "undocumented-panic",
    level: Level::Note,
    summary: "A public function of a library that can panic and does not say when",
    doc: DOC,
    hint: "say in a section `# Panics` of its documentation when that happens, or return an error",
    category: "maintainability",
    precision: "medium",
    cwe: &[],
    needed: &[&["pub"], &["unwrap", "expect", "panic!", "assert", "["]],
    is_for: is_library,
    find: |source| {
        let faults = public_items(source.tree()?).into_iter().filter_map(|item| fault(source, item));
        Ok(faults.collect())
    },
};

const DOC: &str = "\
## What it finds
A public function or method of a library whose body has `unwrap`, `expect`, `panic!`, `assert!` or an index in brackets, \
and whose documentation does not speak of panics. It is off until it is named: many of these can't fail, and a file does \
not tell whether the module that it is in is public. Left out are `const fn`, constants, the lock of a mutex, values made of \
literals alone, programs (`main.rs`, `src/bin`), build scripts, tests, benchmarks and examples, and what `debug_assert!`, \
`unreachable!` and `todo!` do.

## Why it matters
Whoever calls the function learns only in production that some arguments end the thread.

## Example
    pub fn first(words: &[String]) -> &str {
        &words[0]
    }

## Fix
    /// # Panics
    /// If there are no words.
    pub fn first(words: &[String]) -> &str {

## Options
None.
";

fn fault(source: &Source<'_>, item: PublicItem<'_>) -> Option<Fault> {
    let (signature, block) = item.body?;
    let is_told = documentation(item.attributes).is_some_and(|text| text.to_lowercase().contains("panic"));
    if is_told || signature.constness.is_some() {
        return None;
    }
    let mut panics = Panics::default();
    panics.visit_block(block);
    let (first, what) = panics.found.first()?;
    let others = match panics.found.len() {
        1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    let line = first.start().line;
    Some(Fault {
        span: source.span(item.name.span()),
        message: format!(
            "`{}` can panic by {what} in line {line}{others}, and its documentation does not say so",
            item.name
        ),
        symbol: item.symbol,
    })
}

/// Where some code can panic.
#[derive(Default)]
struct Panics {
    found: Vec<(proc_macro2::Span, &'static str)>,
}

impl<'f> Visit<'f> for Panics {
    fn visit_item(&mut self, _: &'f Item) {}

    fn visit_expr_const(&mut self, _: &'f ExprConst) {}

    fn visit_expr_method_call(&mut self, call: &'f ExprMethodCall) {
        let what = [("unwrap", 0), ("expect", 1)].into_iter().find(|(name, _)| call.method == name);
        if let Some((name, n_arguments)) = what
            && call.args.len() == n_arguments
            && !is_sure(&call.receiver)
        {
            self.found.push((call.method.span(), if name == "unwrap" { "`unwrap`" } else { "`expect`" }));
        }
        syn::visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_index(&mut self, index: &'f ExprIndex) {
        let is_all = matches!(&*index.index, Expr::Range(range) if range.start.is_none() && range.end.is_none());
        if !is_all {
            self.found.push((index.bracket_token.span.open(), "an index"));
        }
        syn::visit::visit_expr_index(self, index);
    }

    fn visit_macro(&mut self, call: &'f Macro) {
        let Some(name) = call.path.segments.last().map(|segment| &segment.ident) else { return };
        let known = [
            ("panic", "`panic!`"),
            ("assert", "`assert!`"),
            ("assert_eq", "`assert_eq!`"),
            ("assert_ne", "`assert_ne!`"),
        ];
        if let Some((_, what)) = known.into_iter().find(|(known, _)| name == known) {
            self.found.push((name.span(), what));
        }
    }
}

/// Whether a result is as good as certain: a lock, whose error is that another thread panicked; what is made of literals
/// alone, which fails at once or never; what is written into a text.
fn is_sure(receiver: &Expr) -> bool {
    let is_literal =
        |expression: &Expr| matches!(expression, Expr::Lit(literal) if !matches!(literal.lit, Lit::Verbatim(_)));
    match receiver {
        Expr::MethodCall(call) => {
            let is_lock = ["lock", "read", "write", "into_inner"].iter().any(|name| call.method == name);
            is_lock && call.args.is_empty()
        }
        Expr::Call(call) => !call.args.is_empty() && call.args.iter().all(is_literal),
        Expr::Macro(call) => call.mac.path.is_ident("write") || call.mac.path.is_ident("writeln"),
        _ => false,
    }
}
