//! How Python imports and binds.

use tree_sitter::Node;

use crate::syntax::imports::{Binding, Scheme, children, text_of};

pub(super) const SCHEME: Scheme = Scheme {
    keywords: &["import"],
    imports: &["import_statement", "import_from_statement", "future_import_statement"],
    names: &["identifier"],
    uses: &[("call", "function"), ("attribute", "object")],
    bindings: &[
        ("assignment", "left"),
        ("augmented_assignment", "left"),
        ("named_expression", "name"),
        ("for_statement", "left"),
        ("for_in_clause", "left"),
        ("pattern_list", ""),
        ("tuple_pattern", ""),
        ("list_pattern", ""),
        ("list_splat_pattern", ""),
        ("dictionary_splat_pattern", ""),
        ("as_pattern", ""),
        ("as_pattern_target", ""),
        ("parameters", ""),
        ("lambda_parameters", ""),
        ("default_parameter", "name"),
        ("typed_parameter", ""),
        ("typed_default_parameter", "name"),
        ("function_definition", "name"),
        ("class_definition", "name"),
        // Within `case`; in an import it is not looked at.
        ("dotted_name", ""),
        ("case_pattern", ""),
        ("splat_pattern", ""),
    ],
    // A target after `as` is read as an expression.
    lists: &["tuple", "list", "list_splat"],
    imported,
    origins,
};

fn imported<'t>(node: Node<'t>, text: &'t str) -> Option<Vec<Binding<'t>>> {
    let origin = match node.kind() {
        "import_statement" => String::new(),
        "import_from_statement" => {
            let module = node.child_by_field_name("module_name")?;
            // A relative import says nothing without the place of the file.
            if module.kind() == "dotted_name" { format!("{}.", text_of(module, text)) } else { ".".to_owned() }
        }
        "future_import_statement" => return Some(Vec::new()),
        _ => return None,
    };
    let mut cursor = node.walk();
    let named = node.children_by_field_name("name", &mut cursor);
    let bindings = named.filter_map(|named| {
        let (what, name) = match named.kind() {
            "aliased_import" => (named.child_by_field_name("name")?, named.child_by_field_name("alias")?),
            // `import a.b` binds `a`.
            _ => (named, children(named).next()?),
        };
        let is_bare = named.kind() != "aliased_import" && origin.is_empty();
        let path = if is_bare { text_of(name, text) } else { text_of(what, text) };
        let path = (origin != ".").then(|| format!("{origin}{path}"));
        Some(Binding { name: text_of(name, text), path })
    });
    Some(bindings.collect())
}

fn origins(text: &str, is_it: &mut dyn FnMut(&str) -> bool) -> bool {
    let from = text
        .match_indices("from ")
        .filter_map(|(at, keyword)| text.get(at + keyword.len()..)?.split_whitespace().next());
    let renamed = text.match_indices(" as ").filter_map(|(at, _)| {
        let before = text.get(..at)?.trim_end();
        before.rsplit([' ', '\t', '\n', ',', '(']).next()
    });
    from.chain(renamed).any(is_it)
}
