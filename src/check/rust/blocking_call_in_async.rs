//! `blocking-call-in-async`: async code that stops its thread.

use syn::visit::Visit;
use syn::{
    Block, Expr, ExprAsync, ExprCall, ExprClosure, ExprMethodCall, ImplItemFn, Item, ItemFn, ItemImpl, ItemMod, Stmt,
    TraitItemFn, Type,
};

use crate::check::rust::imported::Imported;
use crate::check::rust::items::is_test;
use crate::check::rust::source::Source;
use crate::check::rust::{Fault, RustRule, is_aside};
use crate::model::place::Span;
use crate::model::rule::Level;

pub(super) const RULE: RustRule = RustRule {
    id: "blocking-call-in-async",
    level: Level::Warning,
    summary: "A call in async code that blocks its thread: files, connections, child processes",
    doc: DOC,
    hint: "use the async form of the runtime (as in `tokio::fs`), or move it into `spawn_blocking`",
    category: "performance",
    precision: "high",
    cwe: &[833],
    needed: &[&["async"], &["std", "reqwest"], &["fs", "net", "process", "blocking"]],
    is_for: |path| !is_aside(path) && path.file_name() != b"build.rs",
    find: |source| Ok(find(source, source.tree()?)),
};

const DOC: &str = "\
## What it finds
In an `async` function, block or closure: functions of `std::fs`, `File::open` and `File::create` of it, \
`std::net::TcpStream::connect`, a `std::process::Command` that is waited for, and `reqwest::blocking`, under whatever name \
imports give them. Closures and functions in it that are not async themselves are left out (`spawn_blocking(|| ...)`), and \
so are `main`, tests, benchmarks and examples. `thread::sleep`, `block_on` and locks that are held over an `.await` are found \
by `blocking-sleep-in-async`, `nested-block-on` and `guard-across-await`.

## Why it matters
A thread of an async runtime works on many tasks. While it waits for a disk, a server or a program, none of them goes \
on: the time-outs of other requests run out, and nothing tells why.

## Example
    use std::fs;

    async fn page(name: &str) -> io::Result<String> {
        fs::read_to_string(name)
    }

## Fix
    async fn page(name: &str) -> io::Result<String> {
        tokio::fs::read_to_string(name).await
    }

## Options
None.
";

/// The functions of `std::fs`.
const FILES: [&str; 20] = [
    "canonicalize",
    "copy",
    "create_dir",
    "create_dir_all",
    "exists",
    "hard_link",
    "metadata",
    "read",
    "read_dir",
    "read_link",
    "read_to_string",
    "remove_dir",
    "remove_dir_all",
    "remove_file",
    "rename",
    "set_permissions",
    "soft_link",
    "symlink_metadata",
    "write",
    "File::open",
];

/// Whether a call blocks, told by the path of what is called.
fn blocks(path: &str) -> bool {
    let of_files = |name: &str| FILES.contains(&name) || ["File::create", "File::create_new"].contains(&name);
    let connects = ["std::net::TcpStream::connect", "std::net::TcpStream::connect_timeout"];
    path.strip_prefix("std::fs::").is_some_and(of_files)
        || connects.contains(&path)
        || path == "reqwest::blocking::get"
        || path.starts_with("reqwest::blocking::Client")
}

fn find(source: &Source<'_>, file: &syn::File) -> Vec<Fault> {
    let mut calls =
        Calls { source, imported: Imported::default(), is_async: false, scope: Vec::new(), faults: Vec::new() };
    calls.imported.enter_module(&file.items);
    calls.visit_file(file);
    calls.faults
}

struct Calls<'s, 'a> {
    source: &'s Source<'a>,
    imported: Imported,
    is_async: bool,
    scope: Vec<String>,
    faults: Vec<Fault>,
}

impl Calls<'_, '_> {
    /// Looks into something with its own kind of code.
    fn within(&mut self, is_async: bool, look: impl FnOnce(&mut Self)) {
        let around = std::mem::replace(&mut self.is_async, is_async);
        look(self);
        self.is_async = around;
    }

    fn named(&mut self, name: String, look: impl FnOnce(&mut Self)) {
        self.scope.push(name);
        look(self);
        self.scope.pop();
    }

    fn function(&mut self, signature: &syn::Signature, look: impl FnOnce(&mut Self)) {
        let is_async = signature.asyncness.is_some() && signature.ident != "main";
        self.named(signature.ident.to_string(), |calls| calls.within(is_async, look));
    }

    fn report(&mut self, span: Span, what: &str) {
        let message = format!("`{what}` blocks the thread, with every other task on it");
        self.faults.push(Fault { span, message, symbol: self.scope.join("::") });
    }

    /// The program that a chain of calls starts, if it is one of the blocking kind: the `Command::new` at its beginning.
    fn command<'e>(&self, mut expression: &'e Expr) -> Option<&'e syn::Path> {
        loop {
            match expression {
                Expr::MethodCall(call) => expression = &call.receiver,
                Expr::Call(call) => {
                    let Expr::Path(function) = &*call.func else { return None };
                    let full = self.imported.written_out(&function.path)?;
                    return (full == "std::process::Command::new").then_some(&function.path);
                }
                _ => return None,
            }
        }
    }
}

impl<'f> Visit<'f> for Calls<'_, '_> {
    fn visit_item_mod(&mut self, item: &'f ItemMod) {
        let Some((_, items)) = item.content.as_ref().filter(|_| !is_test(&item.attrs)) else { return };
        self.imported.enter_module(items);
        self.named(item.ident.to_string(), |calls| items.iter().for_each(|item| calls.visit_item(item)));
        self.imported.leave();
    }

    fn visit_item_impl(&mut self, item: &'f ItemImpl) {
        let name = match &*item.self_ty {
            Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        if !is_test(&item.attrs) {
            self.named(name.unwrap_or_default(), |calls| syn::visit::visit_item_impl(calls, item));
        }
    }

    fn visit_item_fn(&mut self, item: &'f ItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig, |calls| calls.visit_block(&item.block));
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'f ImplItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig, |calls| calls.visit_block(&item.block));
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'f TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, |calls| calls.visit_block(block));
        }
    }

    fn visit_block(&mut self, block: &'f Block) {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(item @ (Item::Use(_) | Item::Mod(_))) => Some(item),
            _ => None,
        });
        self.imported.enter_block(items);
        syn::visit::visit_block(self, block);
        self.imported.leave();
    }

    fn visit_expr_async(&mut self, expression: &'f ExprAsync) {
        self.within(true, |calls| calls.visit_block(&expression.block));
    }

    fn visit_expr_closure(&mut self, closure: &'f ExprClosure) {
        self.within(closure.asyncness.is_some(), |calls| calls.visit_expr(&closure.body));
    }

    fn visit_expr_call(&mut self, call: &'f ExprCall) {
        if let Expr::Path(function) = &*call.func
            && self.is_async
            && let Some(full) = self.imported.written_out(&function.path).filter(|full| blocks(full))
            && let Some(first) = function.path.segments.first()
        {
            let span = self.source.between(first.ident.span(), call.paren_token.span.close());
            self.report(span, &full);
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'f ExprMethodCall) {
        let waits = ["output", "status"].iter().any(|name| call.method == name) && call.args.is_empty();
        if self.is_async
            && waits
            && let Some(first) = self.command(&call.receiver).and_then(|path| path.segments.first())
        {
            let span = self.source.between(first.ident.span(), call.paren_token.span.close());
            self.report(span, &format!("std::process::Command::{}", call.method));
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}
