//! Parses files with tree-sitter and does nothing else: what an engine of rules is measured against.
//!
//! `cargo bench --bench parse -- LIST`: the list names one file a line.

#![expect(clippy::print_stdout, reason = "it is a program of its own")]

use std::{env, fs};

use ast_grep_core::tree_sitter::LanguageExt;
use ast_grep_language::{Language, SupportLang};
use tree_sitter::Parser;

fn main() {
    let list = env::args().nth(1).filter(|argument| !argument.starts_with('-')).expect("a list is named");
    let files = fs::read_to_string(&list).expect("the list can be read");
    let mut parser = Parser::new();
    let (mut n_bytes, mut n_nodes) = (0, 0);
    for path in files.lines() {
        let language = SupportLang::from_path(path).expect("the language is known");
        parser.set_language(&language.get_ts_language()).expect("the grammar fits the library");
        let text = fs::read_to_string(path).unwrap_or_default();
        let tree = parser.parse(&text, None).expect("nothing ends it");
        n_bytes += text.len();
        n_nodes += tree.root_node().descendant_count();
    }
    println!("{n_bytes} bytes, {n_nodes} nodes");
}
