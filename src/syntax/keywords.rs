//! Words and signs of the grammars: which stand in every node of a kind, and which words stand by themselves.
//!
//! Nothing here is a guess: what is said holds for all that the grammars make of a text, but for a word that a parser
//! makes up where a text does not follow the grammar. What is not told here may be anywhere.

use ast_grep_core::tree_sitter::LanguageExt;

use crate::syntax::languages::Language;

/// Texts with blanks between them, and the kinds of nodes that each have one of the texts in them.
type InKinds = &'static [(&'static str, &'static str)];

const PYTHON: InKinds = &[
    ("as", "aliased_import as_pattern"),
    ("assert", "assert_statement"),
    ("await", "await"),
    ("and or", "boolean_operator"),
    ("break", "break_statement"),
    ("case", "case_clause"),
    ("class", "class_definition"),
    ("class def", "decorated_definition"),
    ("continue", "continue_statement"),
    ("def", "function_definition"),
    ("del", "delete_statement"),
    ("elif", "elif_clause"),
    ("else", "conditional_expression else_clause"),
    ("except", "except_clause"),
    ("finally", "finally_clause"),
    (
        "for",
        "dictionary_comprehension for_in_clause for_statement generator_expression list_comprehension set_comprehension",
    ),
    ("from", "import_from_statement"),
    ("global", "global_statement"),
    ("if", "if_clause if_statement"),
    ("import", "future_import_statement import_statement"),
    ("lambda", "lambda"),
    ("match", "match_statement"),
    ("nonlocal", "nonlocal_statement"),
    ("not", "not_operator"),
    ("pass", "pass_statement"),
    ("raise", "raise_statement"),
    ("return", "return_statement"),
    ("try", "try_statement"),
    ("while", "while_statement"),
    ("with", "with_statement"),
    ("yield", "yield"),
    ("**", "dictionary_splat dictionary_splat_pattern"),
    (":=", "named_expression"),
    ("== != < > in is not", "comparison_operator"),
];

const JAVASCRIPT: InKinds = &[
    ("abstract", "abstract_class_declaration"),
    ("as", "as_expression namespace_import"),
    ("await", "await_expression"),
    ("break", "break_statement"),
    ("case", "switch_case"),
    ("catch", "catch_clause"),
    ("class", "class class_declaration"),
    ("const let", "lexical_declaration"),
    ("continue", "continue_statement"),
    ("debugger", "debugger_statement"),
    ("default", "switch_default"),
    ("do", "do_statement"),
    ("else", "else_clause"),
    ("enum", "enum_declaration"),
    ("export namespace", "export_statement"),
    ("extends implements", "class_heritage"),
    ("finally", "finally_clause"),
    ("for", "for_in_statement for_statement"),
    ("function", "function_declaration function_expression generator_function generator_function_declaration"),
    ("if", "if_statement"),
    ("import", "import_statement"),
    ("interface", "interface_declaration"),
    ("new", "new_expression"),
    ("return", "return_statement"),
    ("satisfies", "satisfies_expression"),
    ("switch", "switch_statement"),
    ("throw", "throw_statement"),
    ("try", "try_statement"),
    ("var", "variable_declaration"),
    ("while", "while_statement"),
    ("with", "with_statement"),
    ("yield", "yield_expression"),
    ("=>", "arrow_function"),
    ("?.", "optional_chain"),
    ("...", "rest_pattern spread_element"),
    ("${", "template_substitution"),
    ("++ --", "update_expression"),
];

const GO: InKinds = &[
    ("break", "break_statement"),
    ("case", "communication_case expression_case type_case"),
    ("chan", "channel_type"),
    ("const", "const_declaration"),
    ("continue", "continue_statement"),
    ("default", "default_case"),
    ("defer", "defer_statement"),
    ("fallthrough", "fallthrough_statement"),
    ("for", "for_statement"),
    ("func", "func_literal function_declaration function_type method_declaration"),
    ("go", "go_statement"),
    ("goto", "goto_statement"),
    ("if", "if_statement"),
    ("import", "import_declaration"),
    ("interface", "interface_type"),
    ("map", "map_type"),
    ("package", "package_clause"),
    ("range", "range_clause"),
    ("return", "return_statement"),
    ("select", "select_statement"),
    ("struct", "struct_type"),
    ("switch", "expression_switch_statement type_switch_statement"),
    ("type", "type_declaration"),
    ("var", "var_declaration"),
    ("++", "inc_statement"),
    ("--", "dec_statement"),
    (":=", "short_var_declaration"),
    ("<-", "send_statement"),
    ("...", "variadic_argument variadic_parameter_declaration"),
];

const JAVA: InKinds = &[
    ("assert", "assert_statement"),
    ("break", "break_statement"),
    ("case default", "switch_label"),
    ("catch", "catch_clause"),
    ("class", "class_declaration class_literal"),
    ("continue", "continue_statement"),
    ("do", "do_statement"),
    ("enum", "enum_declaration"),
    ("extends", "superclass"),
    ("finally", "finally_clause"),
    ("for", "enhanced_for_statement for_statement"),
    ("if", "if_statement"),
    ("implements", "super_interfaces"),
    ("import", "import_declaration"),
    ("instanceof", "instanceof_expression"),
    ("interface", "interface_declaration"),
    ("new", "array_creation_expression object_creation_expression"),
    ("package", "package_declaration"),
    ("record", "record_declaration"),
    ("return", "return_statement"),
    ("static", "static_initializer"),
    ("switch", "switch_expression"),
    ("synchronized", "synchronized_statement"),
    ("throw", "throw_statement"),
    ("throws", "throws"),
    ("try", "try_statement try_with_resources_statement"),
    ("while", "while_statement"),
    ("yield", "yield_statement"),
    ("->", "lambda_expression"),
    ("::", "method_reference"),
    ("++ --", "update_expression"),
];

const RUST: InKinds = &[
    ("as", "type_cast_expression use_as_clause"),
    ("async", "async_block"),
    ("await", "await_expression"),
    ("break", "break_expression"),
    ("const", "const_block const_item"),
    ("continue", "continue_expression"),
    ("dyn", "dynamic_type"),
    ("else", "else_clause"),
    ("enum", "enum_item"),
    ("extern", "extern_crate_declaration foreign_mod_item"),
    ("fn", "function_item function_signature_item"),
    ("for", "for_expression"),
    ("if", "if_expression"),
    ("impl", "abstract_type impl_item"),
    ("let", "let_condition let_declaration"),
    ("loop", "loop_expression"),
    ("match", "match_expression"),
    ("mod", "mod_item"),
    ("return", "return_expression"),
    ("static", "static_item"),
    ("struct", "struct_item"),
    ("trait", "trait_item"),
    ("type", "associated_type type_item"),
    ("union", "union_item"),
    ("unsafe", "unsafe_block"),
    ("use", "use_declaration"),
    ("where", "where_clause"),
    ("while", "while_expression"),
    ("=>", "match_arm"),
    ("..", "range_expression range_pattern"),
];

/// The kinds of nodes without others in them that are names: none goes on with a letter or a digit.
const NAMES: [&str; 7] = [
    "identifier",
    "property_identifier",
    "type_identifier",
    "field_identifier",
    "shorthand_property_identifier",
    "package_identifier",
    "label_name",
];
/// The fields in which there are words and signs of the grammar alone.
const OPERATORS: [&str; 2] = ["operator", "operators"];

fn in_kinds(language: Language) -> Option<InKinds> {
    match language {
        Language::Python => Some(PYTHON),
        Language::JavaScript | Language::Jsx | Language::TypeScript | Language::Tsx => Some(JAVASCRIPT),
        Language::Go => Some(GO),
        Language::Java => Some(JAVA),
        Language::Rust => Some(RUST),
        _ => None,
    }
}

/// The texts, with blanks between them, of which one is in every node of a kind; `None` if that is not told.
pub(super) fn of_kind(language: Language, kind: &str) -> Option<&'static str> {
    let mut all = in_kinds(language)?.iter();
    all.find(|(_, kinds)| kinds.split(' ').any(|its| its == kind)).map(|(texts, _)| *texts)
}

/// Whether a word or sign of the grammar is a word that stands by itself: the grammar makes a keyword only of what it has
/// read as a whole name.
pub(super) fn is_keyword(language: Language, text: &str) -> bool {
    in_kinds(language).is_some() && text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Whether a node of that kind, with that text, is a name that stands by itself.
pub(super) fn is_name(language: Language, kind: u16, text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let grammar = || language.get_ts_language();
    in_kinds(language).is_some()
        && is_plain
        && grammar().node_kind_for_id(kind).is_some_and(|kind| NAMES.contains(&kind))
}

/// What an expression is about that tells operators of the grammar by listing them, `^(==|is|is not)$`: of each its
/// shortest word or all of its signs. `field` is where the operator is; none if it is something else or tells them otherwise.
pub(super) fn of_operators<'r>(language: Language, field: &str, regex: &'r str) -> Option<Vec<&'r str>> {
    let is_told = in_kinds(language).is_some() && OPERATORS.contains(&field);
    let listed = regex.strip_prefix("^(")?.strip_suffix(")$").filter(|_| is_told)?;
    let is_of_signs = |text: &str| text.bytes().all(|byte| b"=!<>&-/%".contains(&byte));
    let of_one = |text: &'r str| {
        let is_of_words = text.split(' ').all(|word| is_keyword(language, word));
        let word = text.split(' ').filter(|_| is_of_words).min_by_key(|word| word.len());
        word.or(Some(text).filter(|text| !text.is_empty() && is_of_signs(text)))
    };
    listed.split('|').map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{NAMES, in_kinds, is_keyword, of_kind, of_operators};
    use crate::check::pattern::pack::built_in;
    use crate::model::deadline::Deadline;
    use crate::syntax::languages::Language;
    use crate::syntax::tree::SyntaxTree;

    /// Whether that text, where it begins, is a part of something longer.
    fn is_part(text: &str, start: usize, length: usize) -> bool {
        let goes_on = |letter: char| letter.is_alphanumeric() || letter == '_';
        let (before, after) = (&text[..start], &text[start + length..]);
        let joined: &str = &before[before.trim_end_matches(|letter| goes_on(letter) || letter == '.').len()..];
        after.starts_with(goes_on) || (before.ends_with(goes_on) && !joined.contains(|l: char| l.is_ascii_digit()))
    }

    /// Holds each node against the table; the kinds that were seen.
    fn look(text: &str, language: Language, seen: &mut BTreeSet<String>) {
        let tree = SyntaxTree::parse(text, language, Deadline::NEVER).unwrap();
        for node in tree.root().dfs() {
            let (kind, its) = (node.kind(), node.text());
            if is_keyword(language, &kind) && !node.is_named() || NAMES.contains(&&*kind) && !its.is_empty() {
                let is_whole = its.is_empty() || !is_part(text, node.range().start, its.len());
                assert!(is_whole, "{kind} `{its}` in {}:\n{text}", language.name());
            }
            let Some(texts) = of_kind(language, &kind).filter(|_| node.is_named()) else { continue };
            // What the parser makes up is no text.
            let is_made_up = node.children().any(|child| child.is_missing());
            let stands = |wanted: &str| {
                let is_word = is_keyword(language, wanted);
                let mut all = its.match_indices(wanted);
                all.any(|(at, _)| !is_word || !is_part(text, node.range().start + at, wanted.len()))
            };
            assert!(is_made_up || texts.split(' ').any(stands), "{kind} in {}:\n{text}", language.name());
            seen.insert(kind.into_owned());
        }
    }

    #[test]
    fn every_node_of_a_kind_has_what_is_told_of_it() {
        let mut n_looked_at = 0;
        for language in Language::all().filter(|language| in_kinds(*language).is_some()) {
            let mut seen = BTreeSet::new();
            let rules = built_in();
            let is_for = |of: &Language| *of == language || of.dialect() == Some(language);
            let its = rules.iter().filter(|rule| rule.languages.iter().any(is_for));
            let examples = its.flat_map(|rule| rule.tests.fail.iter().chain(&rule.tests.pass));
            for (n_examples, text) in examples.map(|example| example.code.as_str()).enumerate() {
                look(text, language, &mut seen);
                // As it is when a word or a sign is lost or said twice, in a part of the examples.
                let places: Vec<usize> = text.match_indices([' ', '(', ':', ';', '{']).map(|(at, _)| at).collect();
                for start in places.iter().skip(n_examples % 7).step_by(7) {
                    let word = text[start + 1..].split([' ', '(', ':', ';', '{', '\n']).next().unwrap_or_default();
                    let (before, after) = (&text[..=*start], &text[start + 1 + word.len()..]);
                    look(&format!("{before}{after}"), language, &mut seen);
                    look(&format!("{before}{word} {word}{after}"), language, &mut seen);
                    look(&format!("{before}1{word}{after}"), language, &mut seen);
                }
                n_looked_at += 1;
            }
            assert!(seen.len() > 15, "{}: {seen:?}", language.name());
        }
        assert!(n_looked_at > 300, "{n_looked_at}");
    }

    #[test]
    fn operators_that_are_listed_are_known() {
        let check = |field: &str, regex: &str, expected: Option<&[&str]>| {
            let found = of_operators(Language::Python, field, regex);
            assert_eq!(found.as_deref(), expected, "{regex}");
        };
        check("operators", "^(==|!=|is|is not|not in)$", Some(&["==", "!=", "is", "is", "in"]));
        check("operator", "^(and)$", Some(&["and"]));
        check("operators", "^(a|.)$", None);
        check("operators", "^(<|)$", None);
        check("operators", "^in$", None);
        check("operators", "(in)", None);
        check("operators", "^(in|[=!]=)$", None);
        check("left", "^(in)$", None);
        assert_eq!(of_operators(Language::Ruby, "operator", "^(in)$"), None);
    }
}
