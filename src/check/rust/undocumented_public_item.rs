//! `undocumented-public-item`: what others can name and nobody explained.

use crate::check::rust::items::{PublicItem, documentation, public_items};
use crate::check::rust::{Fault, RustRule, is_library};
use crate::model::rule::Level;

pub(super) const RULE: RustRule = RustRule {
    id: "undocumented-public-item",
    level: Level::Note,
    summary: "A public item of a library without documentation",
    doc: DOC,
    hint: "say in one sentence of documentation what it is, or make it `pub(crate)` if nobody outside needs it",
    category: "maintainability",
    precision: "medium",
    cwe: &[],
    needed: &[&["pub"]],
    is_for: is_library,
    find: |source| {
        let undocumented = public_items(source.tree()?).into_iter().filter(|item| {
            let is_told = documentation(item.attributes).is_some();
            // The attribute of a macro that writes the item anew may bring documentation along.
            !is_told && !item.attributes.iter().any(|attribute| attribute.path().is_ident("doc"))
        });
        let fault = |item: PublicItem<'_>| Fault {
            span: source.span(item.name.span()),
            message: format!("the public {} `{}` has no documentation", item.kind, item.name),
            symbol: item.symbol,
        };
        Ok(undocumented.map(fault).collect())
    },
};

const DOC: &str = "\
## What it finds
A public function, method, type, trait, constant or static without documentation. It is off until it is named: a file does \
not tell whether the module that it is in is public, so this finds more than `missing_docs` of the compiler, and in programs \
nothing of use. Programs (`main.rs`, `src/bin`), build scripts, tests, benchmarks, examples, private inline modules, \
implementations of traits and what is hidden with `#[doc(hidden)]` are left out, and so are fields, variants and modules.

## Why it matters
Whoever uses the library has only the name to go by.

## Example
    pub fn drain(&mut self) -> Vec<Job> {

## Fix
    /// Takes all jobs that wait, oldest first.
    pub fn drain(&mut self) -> Vec<Job> {

## Options
None.
";
