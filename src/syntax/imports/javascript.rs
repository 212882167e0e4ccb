//! How JavaScript and TypeScript import and bind; `require` of CommonJS is an import, too.

use tree_sitter::Node;

use crate::syntax::imports::{Binding, Scheme, children, text_of};

pub(super) const SCHEME: Scheme = Scheme {
    keywords: &["import", "require"],
    imports: &["import_statement", "variable_declarator"],
    names: &["identifier", "shorthand_property_identifier_pattern", "type_identifier"],
    uses: &[("call_expression", "function"), ("member_expression", "object"), ("new_expression", "constructor")],
    bindings: &[
        ("variable_declarator", "name"),
        ("formal_parameters", ""),
        ("required_parameter", "pattern"),
        ("optional_parameter", "pattern"),
        ("arrow_function", "parameter"),
        ("assignment_expression", "left"),
        ("augmented_assignment_expression", "left"),
        ("update_expression", "argument"),
        ("array_pattern", ""),
        ("object_pattern", ""),
        ("pair_pattern", "value"),
        ("assignment_pattern", "left"),
        ("object_assignment_pattern", "left"),
        ("rest_pattern", ""),
        ("function_declaration", "name"),
        ("function_expression", "name"),
        ("function_signature", "name"),
        ("generator_function", "name"),
        ("generator_function_declaration", "name"),
        ("class_declaration", "name"),
        ("abstract_class_declaration", "name"),
        ("class", "name"),
        ("enum_declaration", "name"),
        ("internal_module", "name"),
        ("module", "name"),
        ("catch_clause", "parameter"),
        ("for_in_statement", "left"),
    ],
    lists: &[],
    imported,
    origins,
};

fn imported<'t>(node: Node<'t>, text: &'t str) -> Option<Vec<Binding<'t>>> {
    match node.kind() {
        "import_statement" => Some(of_statement(node, text)),
        "variable_declarator" => of_require(node, text),
        _ => None,
    }
}

fn of_statement<'t>(node: Node<'t>, text: &'t str) -> Vec<Binding<'t>> {
    let mut bindings = Vec::new();
    let origin = node.child_by_field_name("source").and_then(|source| module(text_of(source, text)));
    let mut bind = |name: Node<'_>, member: &str| {
        let path = origin.as_ref().map(|origin| member_of(origin, member));
        bindings.push(Binding { name: text_of(name, text), path });
    };
    for clause in children(node) {
        match clause.kind() {
            "import_clause" => {
                for part in children(clause) {
                    match part.kind() {
                        "identifier" => bind(part, "default"),
                        "namespace_import" => children(part).for_each(|name| bind(name, "default")),
                        _ => children(part).for_each(|specifier| {
                            let Some(member) = specifier.child_by_field_name("name") else { return };
                            let name = specifier.child_by_field_name("alias").unwrap_or(member);
                            bind(name, text_of(member, text));
                        }),
                    }
                }
            }
            // `import a = require("b")`
            "import_require_clause" => {
                let source = clause.child_by_field_name("source");
                let path = source.and_then(|source| module(text_of(source, text)));
                let names = children(clause).filter(|part| part.kind() == "identifier");
                bindings.extend(names.map(|name| Binding { name: text_of(name, text), path: path.clone() }));
                return bindings;
            }
            _ => {}
        }
    }
    bindings
}

/// `a = require("b")`, `a = require("b").c`, `{c, d: e} = require("b")`.
fn of_require<'t>(node: Node<'t>, text: &'t str) -> Option<Vec<Binding<'t>>> {
    let (target, value) = (node.child_by_field_name("name")?, node.child_by_field_name("value")?);
    let (call, member) = match value.kind() {
        "member_expression" => {
            let member = text_of(value.child_by_field_name("property")?, text);
            (value.child_by_field_name("object")?, member)
        }
        _ => (value, "default"),
    };
    let is_require =
        call.kind() == "call_expression" && text_of(call.child_by_field_name("function")?, text) == "require";
    let origin = children(call.child_by_field_name("arguments").filter(|_| is_require)?).next()?;
    let path = module(text_of(origin, text)).map(|origin| member_of(&origin, member));
    let bind = |name: Node<'_>, member: &str| Binding {
        name: text_of(name, text),
        path: path.as_ref().map(|path| member_of(path, member)),
    };
    match target.kind() {
        "identifier" => Some(vec![bind(target, "default")]),
        "object_pattern" => children(target)
            .filter(|part| part.kind() != "comment")
            .map(|part| match part.kind() {
                "shorthand_property_identifier_pattern" => Some(bind(part, text_of(part, text))),
                "pair_pattern" => {
                    let name = part.child_by_field_name("value").filter(|name| name.kind() == "identifier")?;
                    Some(bind(name, text_of(part.child_by_field_name("key")?, text)))
                }
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// The name of a member; the default one goes by the name of its module.
fn member_of(origin: &str, member: &str) -> String {
    if member == "default" { origin.to_owned() } else { format!("{origin}.{member}") }
}

/// The name of a module, as it is written with its quotes: that of a package whose name may stand in code.
fn module(quoted: &str) -> Option<String> {
    let path = quoted.trim_matches(['"', '\'', '`']);
    let path = path.strip_prefix("node:").unwrap_or(path);
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(|next| next.is_ascii_alphanumeric() || next == '_')
    };
    path.split('/').all(is_name).then(|| path.replace('/', "."))
}

fn origins(text: &str, is_it: &mut dyn FnMut(&str) -> bool) -> bool {
    let after = |keyword: &'static str| {
        text.match_indices(keyword).filter_map(|(at, keyword)| {
            let rest = text.get(at + keyword.len()..)?;
            let rest = rest.trim_start_matches([' ', '\t', '\r', '\n', '(']);
            module(rest.strip_prefix(['"', '\'', '`'])?.split(['"', '\'', '`']).next()?)
        })
    };
    after("from").chain(after("require")).any(|origin| is_it(&origin))
}
