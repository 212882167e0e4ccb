//! What is an alias, and where one is written out.

use std::cell::Cell;

use proptest::test_runner::{Config, TestRunner};
use proptest::{collection, prop_assert_eq, sample};

use super::view::View;
use super::{Alias, aliases, is_named, may_import};
use crate::model::deadline::Deadline;
use crate::syntax::languages::Language;
use crate::syntax::semicolons::loose_comments;
use crate::syntax::tree::SyntaxTree;

fn read(language: Language, text: &str) -> Vec<Alias> {
    let tree = SyntaxTree::parse(text, language, Deadline::NEVER).unwrap();
    assert_eq!(tree.first_error(), None, "{text}");
    aliases(&tree, text, &|_| true)
}

/// Every node with its place.
fn nodes(tree: &SyntaxTree) -> Vec<(String, std::ops::Range<usize>)> {
    tree.root().dfs().map(|node| (node.kind().into_owned(), node.range())).collect()
}

/// The text with every name written out.
#[track_caller]
fn check(language: Language, text: &str, expected: &str) {
    let aliases = read(language, text);
    let view = View::new(text, &aliases.iter().collect::<Vec<_>>()).unwrap();
    let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
    assert_eq!(last(&view.text), expected, "{text}");
    // What is parsed by what is known of the file is what is parsed anew.
    let file = SyntaxTree::parse(text, language, Deadline::NEVER).unwrap();
    let anew = SyntaxTree::parse(&view.text, language, Deadline::NEVER).unwrap();
    assert_eq!(nodes(&view.parse(&file, Deadline::NEVER).unwrap()), nodes(&anew), "{text}");
    // What is to be looked into is told before the parse, too.
    for alias in &aliases {
        let named = super::words(&alias.path).map(|word| word.to_owned().into()).collect();
        assert!(may_import(text, language, &mut |path| is_named(path, &named)), "{text}");
    }
}

/// Nothing stands for anything in it.
#[track_caller]
fn nothing(language: Language, text: &str) {
    assert_eq!(read(language, text), [], "{text}");
}

#[test]
fn imports_of_python() {
    let is = |text, expected| check(Language::Python, text, expected);
    is("from hashlib import md5\nmd5(x)", "hashlib.md5(x)");
    is("from hashlib import md5 as h\nf(h(x), h)", "f(hashlib.md5(x), h)");
    is("import hashlib as hl\nhl.md5(x).hl", "hashlib.md5(x).hl");
    is("import os.path as p, sys\np.join(sys.a)", "os.path.join(sys.a)");
    is("from os import (\n  path as p,\n  system\n)\np.join(system(a, p=1))", "os.path.join(os.system(a, p=1))");
    is("def f():\n  from a.b import c\n  c.d.e()", "  a.b.c.d.e()");
    is("try:\n  from a import b\nexcept E:\n  from a import b\nb()", "a.b()");
    is("from a import b\n'b()'; f'{b()}'  # b()", "'b()'; f'{a.b()}'  # b()");
    // A name that was given anew by hand is no import.
    is("import hashlib as a\nb = a\nb.md5(a.md5(x))", "b.md5(hashlib.md5(x))");
}

#[test]
fn what_else_has_a_name_in_python() {
    for binding in [
        "h = 1",
        "h += 1",
        "(h := 1)",
        "h: int = 1",
        "a, h = 1, 2",
        "(a, *h) = 1, 2",
        "[h] = a",
        "for h in a: pass",
        "[h for h in a]",
        "with a as h: pass",
        "with a as (h, b): pass",
        "try: pass\nexcept E as h: pass",
        "def h(): pass",
        "class h: pass",
        "def f(h): pass",
        "def f(h=1): pass",
        "def f(h: int): pass",
        "def f(h: int = 1): pass",
        "def f(*h): pass",
        "def f(**h): pass",
        "def f(*h: int): pass",
        "lambda h: 1",
        "from b import h",
        "import h",
        "import h.a",
        "from .b import h",
        "match a:\n  case h: pass",
        "match a:\n  case [h, b]: pass",
        "match a:\n  case B() as h: pass",
        "match a:\n  case {'k': h}: pass",
        "match a:\n  case B(x=h): pass",
        "match a:\n  case [*h]: pass",
    ] {
        nothing(Language::Python, &format!("from a import b as h\nh()\n{binding}\n"));
    }
    nothing(Language::Python, "from .a import b\nb()\nimport os\nos.a()\nfrom a import *\nc()\n");
}

#[test]
fn imports_of_javascript() {
    for language in [Language::JavaScript, Language::Jsx, Language::TypeScript, Language::Tsx] {
        let is = |text, expected| check(language, text, expected);
        is(
            "const { exec: run, spawn } = require('child_process');\nrun(spawn(a));",
            "child_process.exec(child_process.spawn(a));",
        );
        is("import { exec as run } from 'node:child_process';\nrun(a)", "child_process.exec(a)");
        is("import cp from \"child_process\";\ncp.exec(a, o.cp)", "child_process.exec(a, o.cp)");
        is("import * as cp from 'node:child_process'\nnew cp.A()", "new child_process.A()");
        is("import cp, {exec} from 'child_process'\nexec(cp.b)", "child_process.exec(child_process.b)");
        is("import { default as cp } from 'child_process'\ncp()", "child_process()");
        is("let r = require('fs').readFile\nr(x)", "fs.readFile(x)");
        is("var p = require(\"fs/promises\")\np.rm(x)", "fs.promises.rm(x)");
        is("import { a } from 'b';\n`a() ${a()}`; 'a()' // a()", "`a() ${b.a()}`; 'a()' // a()");
    }
    check(Language::TypeScript, "import cp = require('child_process');\ncp.exec(a)", "child_process.exec(a)");
}

#[test]
fn a_view_of_javascript_is_parsed_alike_with_and_without_semicolons() {
    let lines = [
        "run(a)",
        "run(a);",
        "const b = run(c)",
        "// d",
        "/* e */",
        "const f = 6e3 // g",
        "const h = 1; // i",
        "",
        "if (run()) {\n  run()\n} // j",
        "let k = () => {\n  run(l)\n}",
        "var m = run(n)\n  , o = p",
        "(run(q))",
        "`${run(r)}`",
        "[run].s",
        "return_(run) /* t\n */",
        "class A { u = run() // v\n w() {} }",
        "x = run /y/ z",
        "++run.aa",
        "switch (run(bb)) { case 1: cc() // dd\n default: run() }",
        "const ee = { ff: run(gg) }",
    ];
    let n_loose = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let run = |lines: Vec<&str>| {
        let text = format!("import {{ exec as run }} from 'child_process'\n{}\n", lines.join("\n"));
        for language in [Language::JavaScript, Language::TypeScript] {
            let file = SyntaxTree::parse(&text, language, Deadline::NEVER).unwrap();
            let aliases = aliases(&file, &text, &|_| true);
            let view = View::new(&text, &aliases.iter().collect::<Vec<_>>()).unwrap();
            let anew = SyntaxTree::parse(&view.text, language, Deadline::NEVER).unwrap();
            prop_assert_eq!(nodes(&view.parse(&file, Deadline::NEVER).unwrap()), nodes(&anew), "{}", text);
            n_loose.set(n_loose.get() + usize::from(!loose_comments(&file).is_empty()));
        }
        Ok(())
    };
    runner.run(&collection::vec(sample::select(lines.to_vec()), 1..7), run).unwrap();
    assert!(n_loose.get() > 50, "{n_loose:?}");
}

#[test]
fn what_else_has_a_name_in_javascript() {
    for binding in [
        "let h = 1",
        "var h",
        "h = 1",
        "h += 1",
        "h++",
        "[h] = a",
        "({h} = a)",
        "({a: h} = b)",
        "const {h} = a",
        "const {a: h} = b",
        "const {h = 1} = a",
        "const [a, ...h] = b",
        "const {a: {h}} = b",
        "function h() {}",
        "function f(h) {}",
        "function f(h = 1) {}",
        "function f({h}) {}",
        "function f(...h) {}",
        "(h) => 1",
        "h => 1",
        "function* h() {}",
        "class h {}",
        "try {} catch (h) {}",
        "for (const h of a) {}",
        "for (h in a) {}",
        "(function h() {})",
        "import h from 'c'",
        "const h = require('c')",
        "const h = require('./c')",
    ] {
        nothing(Language::JavaScript, &format!("import {{ b as h }} from 'a'\nh();\n{binding}\n"));
        nothing(Language::Tsx, &format!("import {{ b as h }} from 'a'\nh();\n{binding}\n"));
    }
    for binding in ["function f(h: number) {}", "function f(h?: number) {}", "enum h { A }", "namespace h {}"] {
        nothing(Language::TypeScript, &format!("import {{ b as h }} from 'a'\nh();\n{binding}\n"));
    }
    nothing(Language::JavaScript, "import a from './a'; import b from 'js-yaml'; a(); b();\n");
    nothing(Language::JavaScript, "import fs from 'fs'; fs.a();\n");
}

#[test]
fn imports_of_go() {
    let is = |text: &str, expected| check(Language::Go, &format!("package p\n{text}"), expected);
    is("import h \"crypto/md5\"\nfunc f() { h.Sum(h) }", "func f() { md5.Sum(h) }");
    is(
        "import (\n\ty \"gopkg.in/yaml.v3\"\n\tj \"a/jwt/v5\"\n)\nfunc f(a j.T) { y.U(a.y) }",
        "func f(a jwt.T) { yaml.U(a.y) }",
    );
    let not = |text: &str| nothing(Language::Go, &format!("package p\n{text}\n"));
    not("import \"crypto/md5\"\nfunc f() { md5.Sum() }");
    not("import (\n\tm \"math/rand\"\n\t\"crypto/rand\"\n)\nfunc f() { m.Int() }");
    not("import . \"crypto/md5\"\nfunc f() { Sum() }");
    for binding in [
        "func f(h int) {}",
        "func f(a, h int) {}",
        "func f(h ...int) {}",
        "func f() (h int) { return }",
        "var h = 1",
        "const h = 1",
        "func f() { a, h := 1, 2 }",
        "func f() { for _, h := range a {} }",
        "func h() {}",
        "type h int",
        "func f() { switch h := a.(type) {} }",
        "func f() { select { case h := <-c: } }",
        "func (h T) f() {}",
    ] {
        not(&format!("import h \"crypto/md5\"\nfunc g() {{ h.Sum() }}\n{binding}"));
    }
}

#[test]
fn imports_of_java() {
    let is = |text: &str, expected| check(Language::Java, text, expected);
    is(
        "import java.security.MessageDigest;\nclass A { Object a = MessageDigest.getInstance(b.MessageDigest()); }",
        "class A { Object a = java.security.MessageDigest.getInstance(b.MessageDigest()); }",
    );
    is(
        "import static java.lang.Math.max;\nclass A { int a = max(this.max(b)); }",
        "class A { int a = java.lang.Math.max(this.max(b)); }",
    );
    is(
        "import java.io.File;\nclass A { Object a = new File(\"new File(x)\"); }",
        "class A { Object a = new java.io.File(\"new File(x)\"); }",
    );
    nothing(Language::Java, "import java.io.*; class A { Object a = new File(); }\n");
    for binding in [
        "void f(int h) {}",
        "void h() {}",
        "void f() { int h = 1; }",
        "int h;",
        "void f() { g(h -> 1); }",
        "void f() { g((a, h) -> 1); }",
        "void f() { for (int h : a) {} }",
        "void f() { try {} catch (E h) {} }",
        "void f() { try (A h = b) {} }",
        "class h {}",
        "enum E { h }",
        "void f(int... h) {}",
        "boolean f() { return a instanceof B h; }",
    ] {
        nothing(Language::Java, &format!("import static a.B.h;\nclass A {{ int a = h(); {binding} }}\n"));
    }
}

#[test]
fn imports_of_rust() {
    let is = |text: &str, expected| check(Language::Rust, text, expected);
    is(
        "use std::mem::transmute as t;\nfn f() { t::<A, B>(t(x), y.t()) }",
        "fn f() { std::mem::transmute::<A, B>(std::mem::transmute(x), y.t()) }",
    );
    is(
        "use std::{mem::{self, forget}, fs as g};\nfn f() { mem::take(forget(g::read(\"forget(x)\"))) }",
        "fn f() { std::mem::take(std::mem::forget(std::fs::read(\"forget(x)\"))) }",
    );
    is("use std::mem::MaybeUninit;\nfn f() { MaybeUninit::uninit() }", "fn f() { std::mem::MaybeUninit::uninit() }");
    is("use ::a::b;\nfn f() { b() }", "fn f() { a::b() }");
    nothing(Language::Rust, "use crate::a; use super::b; use self::c; use std::d::*; fn f() { a(b(c(d()))) }\n");
    for binding in [
        "fn h() {}",
        "fn f(h: A) {}",
        "fn f() { let h = 1; }",
        "fn f() { let (a, h) = b; }",
        "fn f() { |h| 1 }",
        "fn f() { if let Some(h) = a {} }",
        "fn f() { match a { h => 1 } }",
        "fn f() { for h in a {} }",
        "mod h {}",
        "const h: A = 1;",
        "static h: A = 1;",
        "struct h;",
        "fn f() { let A { h } = b; }",
        "fn f() { let A { a: h } = b; }",
        "fn f() { match a { h @ 1 => 1 } }",
        "fn f() { let mut h = 1; }",
        "fn f() { let ref h = 1; }",
        "fn f() { let &h = a; }",
        "fn f() { let [h, ..] = a; }",
        "use b::h;",
        "use crate::h;",
        "fn f(mut h: A) {}",
    ] {
        nothing(Language::Rust, &format!("use a::b as h;\nfn g() {{ h(); }}\n{binding}\n"));
    }
}

#[test]
fn every_place_of_a_view_leads_back() {
    let text = "from é import md5 as h, sha as something_long\nü = h(h (1), something_long()).h\n";
    let aliases = read(Language::Python, text);
    let view = View::new(text, &aliases.iter().collect::<Vec<_>>()).unwrap();
    assert!(view.text.ends_with("ü = é.md5(é.md5 (1), é.sha()).h\n"));
    let (mut n_inside, mut known) = (0, Vec::new());
    for offset in 0..=view.text.len() {
        let span = crate::model::place::Span { start: offset, end: offset };
        match view.in_file(span) {
            Some(back) => known.push((back.start, offset)),
            None => n_inside += 1,
        }
    }
    let inside = |path: &str, n: usize| (path.len() - 1) * n;
    assert_eq!(n_inside, inside("é.md5", 2) + inside("é.sha", 1));
    // From each place to the next both texts say the same, or a name here what stands for it there.
    for pair in known.windows(2) {
        let [(there, here), (next_there, next_here)] = pair else { continue };
        let (said, meant) = (&text.as_bytes()[*there..*next_there], &view.text.as_bytes()[*here..*next_here]);
        let is_written_out = matches!((said, meant), (b"h", b"\xc3\xa9.md5") | (b"something_long", b"\xc3\xa9.sha"));
        assert!(said == meant || is_written_out, "{said:?} {meant:?}");
    }
    assert_eq!(known.last(), Some(&(text.len(), view.text.len())));
}
