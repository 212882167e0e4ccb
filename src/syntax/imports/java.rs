//! How Java imports and binds.

use tree_sitter::Node;

use crate::syntax::imports::{Binding, Scheme, children, statement_from, text_of};

pub(super) const SCHEME: Scheme = Scheme {
    keywords: &["import"],
    imports: &["import_declaration"],
    names: &["identifier", "type_identifier"],
    uses: &[
        ("method_invocation", "object"),
        ("method_invocation", "name"),
        ("field_access", "object"),
        ("object_creation_expression", "type"),
    ],
    bindings: &[
        ("variable_declarator", "name"),
        ("formal_parameter", "name"),
        ("catch_formal_parameter", "name"),
        ("inferred_parameters", ""),
        ("lambda_expression", "parameters"),
        ("enhanced_for_statement", "name"),
        ("resource", "name"),
        ("instanceof_expression", "name"),
        ("type_pattern", ""),
        ("record_pattern_component", ""),
        ("type_parameter", ""),
        ("enum_constant", "name"),
        ("class_declaration", "name"),
        ("interface_declaration", "name"),
        ("enum_declaration", "name"),
        ("record_declaration", "name"),
        ("annotation_type_declaration", "name"),
        ("method_declaration", "name"),
    ],
    lists: &[],
    imported,
    origins,
};

fn imported<'t>(node: Node<'t>, text: &'t str) -> Option<Vec<Binding<'t>>> {
    if node.kind() != "import_declaration" {
        return None;
    }
    let of_all = children(node).any(|part| part.kind() == "asterisk");
    let path = children(node).find(|part| part.kind() == "scoped_identifier").filter(|_| !of_all);
    let read = |path: Node<'t>| {
        let name = text_of(path.child_by_field_name("name")?, text);
        Some(Binding { name, path: Some(text_of(path, text).split_whitespace().collect()) })
    };
    Some(path.and_then(read).into_iter().collect())
}

fn origins(text: &str, is_it: &mut dyn FnMut(&str) -> bool) -> bool {
    let paths = text.match_indices("import").map(|(at, keyword)| {
        let rest = statement_from(text, at + keyword.len()).trim_start();
        rest.strip_prefix("static").unwrap_or(rest)
    });
    { paths }.any(is_it)
}
