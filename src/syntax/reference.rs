//! Every key of a rule does what ast-grep's reference says: one small case for each.

use crate::model::deadline::Deadline;
use crate::syntax::languages::Language;
use crate::syntax::rules::{Asked, CompiledRule, Match, json_of, scan};
use crate::syntax::tree::SyntaxTree;

/// What a rule with these keys and these utility rules finds in a text.
#[track_caller]
fn found(keys: &str, utilities: &[&str], text: &str) -> Vec<Match> {
    let yaml = format!("id: a\nlanguage: JavaScript\n{keys}\n");
    let utilities: Vec<String> = utilities.iter().map(|utility| json_of(utility)).collect();
    let utilities: Vec<&str> = utilities.iter().map(String::as_str).collect();
    let rule = CompiledRule::compile(&yaml, &utilities, Language::JavaScript);
    let rule = rule.unwrap_or_else(|error| panic!("{error} in {yaml}"));
    let tree = SyntaxTree::parse(text, Language::JavaScript, Deadline::NEVER).unwrap();
    scan(&tree, &[Asked { rule: &rule, within: Vec::new() }], Deadline::NEVER).matches
}

/// Text, what is found in it in order, and what the fixes put there.
#[track_caller]
fn check_with_fix(keys: &str, text: &str, expected: &[&str], replacements: &[&str]) {
    let found = found(keys, &[], text);
    let texts: Vec<&str> = found.iter().map(|found| &text[found.span.start..found.span.end]).collect();
    assert_eq!(texts, expected, "{keys}");
    let applied: Vec<String> = found
        .iter()
        .flat_map(|found| &found.fixes)
        .map(|(_, edit)| {
            let new = String::from_utf8_lossy(&edit.replacement);
            format!("{}{new}{}", &text[..edit.span.start], &text[edit.span.end..])
        })
        .collect();
    assert_eq!(applied, replacements, "{keys}");
}

#[track_caller]
fn check(rule: &str, text: &str, expected: &[&str]) {
    check_with_fix(&format!("rule: {rule}"), text, expected, &[]);
}

#[test]
fn atomic_rules() {
    check("{pattern: f($A)}", "f(1); g(2); f(3, 4)", &["f(1)"]);
    check("{pattern: f($$$)}", "f(1); f(3, 4)", &["f(1)", "f(3, 4)"]);
    check("{pattern: $A == $A}", "a == a; a == b", &["a == a"]);
    check("{pattern: {context: 'class A { $F = $I }', selector: field_definition}}", "class B { x = 1 }", &["x = 1"]);
    check("{pattern: {context: f(a), strictness: relaxed}}", "f(/* why */ a); f(b)", &["f(/* why */ a)"]);
    check("{pattern: {context: f(a), strictness: cst}}", "f(a,); f(a)", &["f(a)"]);
    check("{pattern: {context: f(a), strictness: signature}}", "g(b); f()", &["g(b)"]);
    check("{kind: number}", "f(1, 'a')", &["1"]);
    check("{kind: call_expression > identifier}", "f(a); b", &["f"]);
    check("{kind: program number}", "f(1)", &["1"]);
    check("{kind: identifier, regex: ^fo+$}", "fo; bar; foo", &["fo", "foo"]);
    check("{kind: number, nthChild: 2}", "[1, 2, 3]", &["2"]);
    check("{kind: number, nthChild: 2n+1}", "[1, 2, 3]", &["1", "3"]);
    check("{kind: number, nthChild: {position: 1, reverse: true, ofRule: {kind: number}}}", "[1, 2, 'a']", &["2"]);
    check("{kind: number, range: {start: {line: 1, column: 0}, end: {line: 1, column: 1}}}", "1\n2\n3", &["2"]);
}

#[test]
fn relational_rules() {
    let text = "function a() { f(); if (x) { f(); } } f();";
    check("{pattern: f(), inside: {kind: if_statement, stopBy: end}}", text, &["f()"]);
    check("{pattern: f(), inside: {kind: function_declaration, stopBy: end}}", text, &["f()", "f()"]);
    check("{pattern: f(), inside: {kind: function_declaration, stopBy: {kind: if_statement}}}", text, &["f()"]);
    check("{pattern: f(), inside: {kind: expression_statement}}", text, &["f()", "f()", "f()"]);
    check("{kind: if_statement, has: {field: condition, regex: x}}", text, &["if (x) { f(); }"]);
    check("{kind: if_statement, has: {field: consequence, regex: '^.x'}}", text, &[]);
    check(
        "{kind: function_declaration, has: {pattern: f(), stopBy: end}}",
        text,
        &["function a() { f(); if (x) { f(); } }"],
    );
    check("{kind: number, follows: {regex: '^2$', stopBy: end}}", "[1, 2, 3, 4]", &["3", "4"]);
    check("{kind: number, follows: {regex: '^,$'}}", "[1, 2]", &["2"]);
    check("{kind: number, precedes: {regex: '^3$', stopBy: end}}", "[1, 2, 3, 4]", &["1", "2"]);
}

#[test]
fn composite_rules_utils_and_constraints() {
    check("{all: [{kind: number}, {regex: '1'}]}", "[1, 2, 11]", &["1", "11"]);
    check("{any: [{kind: number}, {kind: string}]}", "[1, 'a', b]", &["1", "'a'"]);
    check("{kind: number, not: {regex: '1'}}", "[1, 2]", &["2"]);
    check(
        "{matches: n}\nutils: {n: {any: [{kind: number}, {matches: s}]}, s: {kind: string}}",
        "[1, 'a', b]",
        &["1", "'a'"],
    );
    check("{pattern: f($A)}\nconstraints: {A: {kind: number}}", "f(1); f(a)", &["f(1)"]);
}

#[test]
fn fixes_transforms_and_rewriters() {
    let fix = |fix: &str, replacement: &str| {
        check_with_fix(&format!("rule: {{pattern: f($A)}}\nfix: {fix}"), "f(1);", &["f(1)"], &[replacement]);
    };
    fix("g($A)", "g(1);");
    fix("''", ";");
    check_with_fix(
        "rule: {kind: number, regex: '1'}\nfix: {template: '', expandEnd: {regex: ','}}",
        "[1, 2]",
        &["1"],
        &["[ 2]"],
    );
    check_with_fix(
        "rule: {kind: number, regex: '2'}\nfix: {template: '', expandStart: {regex: ','}}",
        "[1, 2]",
        &["2"],
        &["[1]"],
    );
    check_with_fix(
        "rule: {pattern: f($A)}\nfix:\n  - {title: one, template: g($A)}\n  - {title: two, template: h($A)}",
        "f(1);",
        &["f(1)"],
        &["g(1);", "h(1);"],
    );
    let transformed = |transform: &str, expected: &str| {
        let keys = format!("rule: {{pattern: f($A)}}\ntransform: {{B: {transform}}}\nfix: g($B)");
        check_with_fix(&keys, "f(fooBar);", &["f(fooBar)"], &[expected]);
    };
    transformed("{convert: {source: $A, toCase: snakeCase}}", "g(foo_bar);");
    transformed("{convert: {source: $A, toCase: upperCase}}", "g(FOOBAR);");
    transformed("{convert: {source: $A, toCase: kebabCase, separatedBy: [underscore]}}", "g(foobar);");
    transformed("'convert($A, toCase=pascalCase, separatedBy=[caseChange])'", "g(FooBar);");
    transformed("{substring: {source: $A, startChar: 3}}", "g(Bar);");
    transformed("{substring: {source: $A, startChar: 1, endChar: -1}}", "g(ooBa);");
    transformed("'substring($A, startChar=-3)'", "g(Bar);");
    transformed("\"replace($A, replace='^foo', by='')\"", "g(Bar);");
    transformed("{replace: {source: $A, replace: o+, by: u}}", "g(fuBar);");
    check_with_fix(
        "rule: {pattern: '[$$$A]'}\n\
         rewriters: [{id: twice, rule: {pattern: $N, kind: number}, fix: $N$N}]\n\
         transform: {B: {rewrite: {rewriters: [twice], source: $$$A, joinBy: ' + '}}}\nfix: $B",
        "x = [1, 2];",
        &["[1, 2]"],
        &["x = 11 + 22;"],
    );
    check_with_fix(
        "rule: {pattern: f($A)}\n\
         rewriters: [{id: word, utils: {w: {kind: identifier}}, rule: {matches: w, pattern: $N}, constraints: {N: \
         {regex: o}}, transform: {M: 'replace($N, replace=o, by=u)'}, fix: $M}]\n\
         transform: {B: 'rewrite($A, rewriters=[word])'}\nfix: g($B)",
        "f(foo + bar);",
        &["f(foo + bar)"],
        &["g(fuu + bar);"],
    );
}

#[test]
fn utility_rules_of_other_files_are_used_by_their_ids() {
    const LITERAL: &str = "id: literal\nlanguage: JavaScript\nrule: {any: [{kind: number}, {matches: text}]}\n";
    const TEXT: &str = "id: text\nlanguage: JavaScript\nutils: {t: {kind: string}}\nrule: {matches: t}\n";
    const CALL: &str = "id: one-off\nlanguage: JavaScript\nrule: {pattern: $F($A)}\nconstraints: {A: {kind: number}}\n";
    const WRAPPED: &str = "id: wrapped\nlanguage: JavaScript\narguments: [inner]\nrule: {kind: \
                           parenthesized_expression, has: {matches: inner}}\n";
    let check = |rule: &str, utilities: &[&str], text: &str, expected: &[&str]| {
        let found = found(&format!("rule: {rule}"), utilities, text);
        let texts: Vec<&str> = found.iter().map(|found| &text[found.span.start..found.span.end]).collect();
        assert_eq!(texts, expected, "{rule}");
    };
    check("{matches: literal}", &[LITERAL, TEXT], "[1, 'a', b]", &["1", "'a'"]);
    check("{matches: literal}\nutils: {literal: {kind: identifier}}", &[LITERAL, TEXT], "[1, b]", &["b"]);
    check("{matches: one-off}", &[CALL], "f(1); f(a)", &["f(1)"]);
    check("{matches: {wrapped: {inner: {kind: number}}}}", &[WRAPPED], "(1); (a)", &["(1)"]);
}

#[test]
fn labels_name_places_of_a_match() {
    let keys = "rule: {pattern: 'f($A, $$$B)', inside: {pattern: 'function $F() { $$$ }', stopBy: end}}\nlabels: {A: \
                {style: primary, message: this}, B: {style: secondary}, F: {style: secondary, message: in here}}";
    let text = "function g() { f(1, 2, 3); }";
    let labels: Vec<Vec<(&str, String)>> = found(keys, &[], text)
        .into_iter()
        .map(|found| found.labels.into_iter().map(|(span, said)| (&text[span.start..span.end], said)).collect())
        .collect();
    let label = |at: &'static str, said: &str| (at, said.to_owned());
    let expected = [label("g", "in here"), label("1", "this"), label("2, 3", "")];
    assert_eq!(labels, [expected.to_vec()]);
}

#[test]
fn what_describes_a_rule_is_taken() {
    let keys = "message: says $A\nnote: n\nseverity: warning\nurl: https://example.org\nfiles: ['*.js']\nignores: \
                [{glob: a/**, caseInsensitive: true}]\nlabels: {A: {style: primary, message: here}}\nmetadata: {any: \
                [thing]}\nrule: {pattern: f($A)}";
    check_with_fix(keys, "f(1)", &["f(1)"], &[]);
}

#[test]
fn a_query_of_tree_sitter_narrows_a_rule_down() {
    let query = "(call_expression function: (identifier) @_name (#match? @_name \"^f\")) @call";
    let keys = format!("rule: {{kind: call_expression}}\nmetadata: {{query: '{query}'}}\nfix: ''");
    check_with_fix(&keys, "fa(); g(fb())", &["fa()", "fb()"], &["; g(fb())", "fa(); g()"]);
}
