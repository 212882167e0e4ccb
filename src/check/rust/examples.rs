//! The rules on the examples below `fixtures/rust`, and on files that are no Rust or a danger to a parser.

use std::fs;
use std::path::{Path, PathBuf};

use crate::check::filetype::is_text;
use crate::check::parsed::SharedTree;
use crate::check::pattern::annotation::{Annotations, Expected};
use crate::check::rust::{RustRule, examine, rules};
use crate::check::{Examined, FileInput, Manner, lines};
use crate::model::change::{FileSide, Mode, Source};
use crate::model::deadline::Deadline;
use crate::model::path::RepoPath;
use crate::model::place::Place;

fn examined(path: &str, text: &str, rules: &[&'static RustRule]) -> Examined {
    let side = FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Worktree };
    let file = FileInput {
        side: &side,
        is_added: true,
        n_bytes: text.len() as u64,
        bytes: text.as_bytes(),
        is_text: is_text(&side.path, text.as_bytes()),
        manner: Manner::Gate,
        deadline: Deadline::NEVER,
        tree: &SharedTree::default(),
    };
    examine(&file, text, rules).expect("the rules can be run")
}

fn all(path: &str, text: &str) -> Examined {
    examined(path, text, &rules().iter().collect::<Vec<_>>())
}

fn folder(rule: &RustRule) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rust").join(rule.id)
}

#[test]
fn every_rule_does_what_its_examples_promise() {
    for rule in rules() {
        let (mut n_failing, mut n_passing) = (0, 0);
        for entry in fs::read_dir(folder(rule)).unwrap() {
            let file = entry.unwrap().path();
            let text = fs::read_to_string(&file).unwrap();
            let examined = examined("src/lib.rs", &text, &[rule]);
            let line = |place: &Place| match place {
                Place::Span(_, span) => lines::position(text.as_bytes(), span.start).0,
                _ => 0,
            };
            let found: Vec<usize> = examined.findings.iter().map(|finding| line(&finding.place)).collect();
            let expected: Vec<usize> = Annotations::read(text.as_bytes()).lines(rule.id, Expected::Finding).collect();
            assert_eq!(found, expected, "{}: left: found, right: expected", file.display());
            assert_eq!(examined.notices, [""; 0], "{}", file.display());
            let is_failing = file.file_name().unwrap().to_string_lossy().starts_with("fail-");
            assert_eq!(is_failing, !expected.is_empty(), "{}", file.display());
            if is_failing { n_failing += 1 } else { n_passing += 1 }
        }
        assert!(n_failing >= 2 && n_passing >= 2, "{}: {n_failing} failing, {n_passing} passing", rule.id);
    }
}

#[test]
fn every_rule_is_explained() {
    assert!(rules().is_sorted_by(|a, b| a.id < b.id));
    for rule in rules() {
        let parts = ["## What it finds\n", "## Why it matters\n", "## Example\n", "## Fix\n", "## Options\n"];
        assert!(parts.iter().all(|part| rule.doc.contains(part)), "{}", rule.id);
    }
}

#[test]
fn what_stands_aside_is_spared() {
    let text = "pub fn f() { unsafe { g() } }\npub async fn h() { std::fs::read(x).unwrap(); }\n";
    let n_found = |path: &str| all(path, text).findings.len();
    assert_eq!(n_found("src/a.rs"), 5);
    // A program has no public items; the rest counts.
    assert_eq!(n_found("src/main.rs"), 2);
    assert_eq!(n_found("src/bin/a.rs"), 2);
    for path in
        ["tests/a.rs", "crates/a/benches/b.rs", "examples/a.rs", "src/tests.rs", "src/a_test.rs", "src/test/a.rs"]
    {
        assert_eq!(n_found(path), 0, "{path}");
    }
    assert_eq!(n_found("src/latest.rs"), 5);
}

#[test]
fn places_are_bytes_of_the_file() {
    let text = "\u{feff}#!/usr/bin/env run\n// \u{e4}\nfn f() { unsafe { g() } }\n";
    let found = all("a.rs", text).findings;
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    let Place::Span(_, span) = finding.place else { panic!("{finding:?}") };
    assert_eq!(&text[span.start..span.end], "unsafe { g() }");
    assert_eq!((finding.anchor.symbol.as_str(), finding.anchor.text.as_str()), ("f", "unsafe { g() }"));
}

#[test]
fn symbols_name_what_is_around() {
    let text = "mod a { impl<T: B> C for D<T> where T: E { fn f() { unsafe { g() } } } }";
    let symbols: Vec<String> = all("a.rs", text).findings.into_iter().map(|finding| finding.anchor.symbol).collect();
    assert_eq!(symbols, ["a::D::f"]);
}

#[track_caller]
fn notice(text: &str, expected: &str) {
    let notices = all("src/a.rs", text).notices;
    assert!(matches!(notices.as_slice(), [notice] if notice.contains(expected)), "{notices:?}");
}

#[test]
fn what_cannot_be_parsed_is_told_once() {
    notice("fn a() {}\npub fn b( { unsafe {} }\n", "line 2 could not be read as Rust");
    notice("fn a() {}\npub fun b() { async { fs::read(std) } }\n", "line 2 could not be parsed as Rust");
    notice(&format!("pub fn a() {{}}\n{}", " ".repeat(5 << 20)), "KiB are more than the 4096 KiB");
}

/// What nests by a token of its own, in each of the ways that a parser goes down.
#[test]
fn nothing_nests_so_deeply_that_the_parser_falls() {
    let nested = |open: &str, middle: &str, close: &str, n: usize| {
        format!("pub fn f() {{ unsafe {{}} x[{}{middle}{}] ; }}", open.repeat(n), close.repeat(n))
    };
    let shapes = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{", "1", "}"),
        ("!", "1", ""),
        ("&", "1", ""),
        ("1 + ", "1", ""),
        ("1 = ", "1", ""),
        ("|a, b| ", "1", ""),
        ("|a: fn(u8) -> u8, b| ", "1", ""),
        ("A | |a, b| ", "1", ""),
        ("", "1", ".a()"),
        ("", "1", "?"),
        ("", "1", " as u8"),
        ("", "1", "[0]"),
        ("if a {} else ", "{}", ""),
        ("if let A = b && ", "c {}", ""),
        ("for S {} in ", "x {}", ""),
        ("match x { _ => ", "1", "}"),
        ("f(A { a: ", "1", "})"),
        ("g::<A<", "A", ">>()"),
        ("g::<A, B<A, ", "A", ">>()"),
        ("x as fn() -> ", "u8", ""),
        ("x as &", "u8", ""),
        ("return ", "1", ""),
        ("async { unsafe { ", "1", "} }"),
        ("let &", "x = 1", ""),
        ("{ fn f() { mod a { fn f() {", "", "} } } }"),
    ];
    for (open, middle, close) in shapes {
        notice(&nested(open, middle, close, 20_000), "nested more deeply than is safe");
        // As deep as is let through.
        let n = (0..=10).rev().map(|power| 1 << power);
        let text = n
            .map(|n| nested(open, middle, close, n))
            .find(|text| all("src/a.rs", text).notices.iter().all(|notice| !notice.contains("nested")));
        assert!(text.is_some(), "{open}{middle}{close}");
    }
}

#[test]
fn long_is_not_deep() {
    let n = 3_000;
    let text = [
        "pub fn f() { unsafe {} ".to_owned(),
        "let a: Vec<Vec<u8>> = vec![b < 1, c > 2];\n".repeat(n),
        "if a { b() } else { c() }\n".repeat(n / 20),
        format!("let t = [{}];", "A { a: 1 << 2, b: x.y(|z| z.w()), c: -1 }, ".repeat(n)),
        format!("match x {{ {} }}", "A | B if c => |d, e| f(d, e), C(x, ..) => {{}} ".repeat(n)),
        "}\n".to_owned(),
        "/// A.\n#[derive(B)] pub struct C<D>(E<D>, F);\nimpl<T> G for H<T> where T: I<J> { const K: u8 = 1; }\n"
            .repeat(n),
    ];
    let notices = all("src/a.rs", &text.concat()).notices;
    assert_eq!(notices, [""; 0]);
}
