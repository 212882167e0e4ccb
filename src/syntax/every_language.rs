//! In every language, also in those that few builds have, a rule finds what it describes and names what is around it.

use crate::model::deadline::Deadline;
use crate::model::path::RepoPath;
use crate::syntax::languages::Language;
use crate::syntax::rules::{Asked, CompiledRule, scan};
use crate::syntax::tree::SyntaxTree;

/// The extension, a text, a rule, what it finds, and the symbol around that.
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    ("rs", "fn g() { f(1); }\n", "pattern: f($A)", "f(1)", "g"),
    ("py", "def g():\n    f(1)\n", "pattern: f($A)", "f(1)", "g"),
    ("js", "function g() { f(1); }\n", "pattern: f($A)", "f(1)", "g"),
    ("jsx", "const g = () => <a b={f(1)} />;\n", "pattern: f($A)", "f(1)", "g"),
    ("ts", "function g(): number { return f(1); }\n", "pattern: f($A)", "f(1)", "g"),
    ("tsx", "const g = () => <a b={f(1)} />;\n", "pattern: f($A)", "f(1)", "g"),
    (
        "go",
        "package p\nfunc g() { f(1) }\n",
        "pattern: {context: 'func x() { f($A) }', selector: call_expression}",
        "f(1)",
        "g",
    ),
    ("java", "class C { void g() { f(1); } }\n", "pattern: f($A)", "f(1)", "C::g"),
    ("kt", "fun g() { f(1) }\n", "pattern: f($A)", "f(1)", "g"),
    ("c", "int g(void) { return f(1); }\n", "kind: call_expression", "f(1)", "g"),
    ("cpp", "int g() { return f(1); }\n", "kind: call_expression", "f(1)", "g"),
    ("cs", "class C { void G() { f(1); } }\n", "pattern: f($A)", "f(1)", "C::G"),
    ("rb", "def g\n  f(1)\nend\n", "pattern: f($A)", "f(1)", "g"),
    ("php", "<?php function g() { f(1); }\n", "kind: function_call_expression", "f(1)", "g"),
    ("sh", "g() { f 1; }\n", "pattern: f $A", "f 1", "g"),
    ("yaml", "g:\n  f: 1\n", "{kind: block_mapping_pair, regex: '^f'}", "f: 1", "g"),
    ("json", "{\"g\": {\"f\": 1}}\n", "{kind: pair, has: {kind: number}}", "\"f\": 1", "\"g\""),
    ("html", "<p><b>x</b></p>\n", "{kind: element, regex: '^<b'}", "<b>x</b>", ""),
    ("css", "a { color: red; }\n", "kind: declaration", "color: red;", "a"),
    ("tf", "resource \"a\" \"b\" {\n  c = 1\n}\n", "kind: attribute", "c = 1", "resource.a.b"),
    ("dockerfile", "FROM a\nUSER root\n", "pattern: USER root", "USER root", ""),
    ("dart", "class G { void g() { f(1); } }\n", "{kind: identifier, regex: ^f$}", "f", "G"),
    ("ex", "def g do\n  f(1)\nend\n", "pattern: f($A)", "f(1)", ""),
    ("hs", "g = f 1\n", "{kind: apply, regex: '^f'}", "f 1", ""),
    ("lua", "function g() f(1) end\n", "pattern: f($A)", "f(1)", "g"),
    ("md", "# g\n\n```sh\nf\n```\n", "kind: fenced_code_block", "```sh\nf\n```\n", ""),
    ("nix", "{ g = f 1; }\n", "kind: apply_expression", "f 1", "g"),
    ("scala", "object G { def g = f(1) }\n", "pattern: f($A)", "f(1)", "G::g"),
    ("sol", "contract G { function g() public { f(1); } }\n", "kind: call_expression", "f(1)", "G::g"),
    ("swift", "func g() { f(1) }\n", "pattern: f($A)", "f(1)", "g"),
    ("zig", "fn g() void { f(1); }\n", "kind: call_expression", "f(1)", ""),
];

#[test]
fn a_rule_finds_what_it_describes() {
    let mut tested = Vec::new();
    let mut wrong = Vec::new();
    for (extension, text, rule, expected, symbol) in CASES {
        let Some(language) = Language::of_path(&RepoPath::from(&*format!("a.{extension}"))) else { continue };
        tested.push(language);
        let rule = if rule.starts_with('{') { (*rule).to_owned() } else { format!("{{{rule}}}") };
        let yaml = format!("id: a\nlanguage: {}\nrule: {rule}\n", language.name());
        let rule = match CompiledRule::compile(&yaml, &[], language) {
            Ok(rule) => rule,
            Err(error) => panic!("{error} in {yaml}"),
        };
        let tree = SyntaxTree::parse(text, language, Deadline::NEVER).unwrap();
        let found = scan(&tree, &[Asked { rule: &rule, within: Vec::new() }], Deadline::NEVER).matches;
        let found: Vec<(&str, &str)> =
            found.iter().map(|found| (&text[found.span.start..found.span.end], found.symbol.as_str())).collect();
        if found != [(*expected, *symbol)] || tree.first_error().is_some() {
            wrong.push(format!("{extension}: {found:?} in\n{}", tree.outline()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(Language::all().filter(|language| !tested.contains(language)).collect::<Vec<_>>(), []);
}
