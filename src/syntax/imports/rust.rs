//! How Rust imports and binds.

use tree_sitter::Node;

use crate::syntax::imports::{Binding, Scheme, children, statement_from, text_of, words};

pub(super) const SCHEME: Scheme = Scheme {
    keywords: &["use"],
    imports: &["use_declaration"],
    names: &["identifier", "shorthand_field_identifier", "type_identifier"],
    uses: &[("call_expression", "function"), ("generic_function", "function"), ("scoped_identifier", "path")],
    bindings: &[
        ("let_declaration", "pattern"),
        ("let_condition", "pattern"),
        ("for_expression", "pattern"),
        ("parameter", "pattern"),
        ("closure_parameters", ""),
        ("match_pattern", ""),
        ("tuple_pattern", ""),
        ("tuple_struct_pattern", ""),
        ("slice_pattern", ""),
        ("mut_pattern", ""),
        ("ref_pattern", ""),
        ("reference_pattern", ""),
        ("captured_pattern", ""),
        ("or_pattern", ""),
        ("field_pattern", "name"),
        ("field_pattern", "pattern"),
        ("function_item", "name"),
        ("function_signature_item", "name"),
        ("const_item", "name"),
        ("static_item", "name"),
        ("mod_item", "name"),
        ("struct_item", "name"),
        ("enum_item", "name"),
        ("union_item", "name"),
        ("type_item", "name"),
        ("trait_item", "name"),
        ("type_parameter", "name"),
        ("const_parameter", "name"),
        ("extern_crate_declaration", "name"),
        ("extern_crate_declaration", "alias"),
    ],
    lists: &[],
    imported,
    origins,
};

/// Where a path begins that only holds within its own crate.
const RELATIVE: [&str; 3] = ["crate", "self", "super"];

fn imported<'t>(node: Node<'t>, text: &'t str) -> Option<Vec<Binding<'t>>> {
    if node.kind() != "use_declaration" {
        return None;
    }
    let mut bindings = Vec::new();
    // What is still to be read, and the path before it.
    let mut open = vec![(node.child_by_field_name("argument")?, String::new())];
    while let Some((part, before)) = open.pop() {
        match part.kind() {
            "scoped_use_list" => {
                let path = part.child_by_field_name("path").map_or("", |path| text_of(path, text));
                let list = part.child_by_field_name("list");
                open.extend(list.map(|list| (list, joined(&before, path))));
            }
            "use_list" => open.extend(children(part).map(|part| (part, before.clone()))),
            "use_as_clause" => {
                let (Some(path), Some(name)) = (part.child_by_field_name("path"), part.child_by_field_name("alias"))
                else {
                    continue;
                };
                bindings.push(bind(text_of(name, text), joined(&before, text_of(path, text))));
            }
            "identifier" | "scoped_identifier" | "self" => {
                let path = joined(&before, text_of(part, text));
                let name = part.child_by_field_name("name").unwrap_or(part);
                // `a::{self}` binds `a`, whose text is in the list's path.
                let name = if part.kind() == "self" { list_name(part, text) } else { Some(text_of(name, text)) };
                bindings.extend(name.map(|name| bind(name, path)));
            }
            _ => {}
        }
    }
    Some(bindings)
}

fn list_name<'t>(this: Node<'t>, text: &'t str) -> Option<&'t str> {
    let path = this.parent()?.parent()?.child_by_field_name("path")?;
    words(text_of(path, text)).last()
}

fn joined(before: &str, path: &str) -> String {
    let path: String = path.split_whitespace().collect();
    let path = path.trim_start_matches("::");
    match (before, path) {
        (before, "self") if !before.is_empty() => before.to_owned(),
        ("", path) => path.to_owned(),
        (before, "") => before.to_owned(),
        (before, path) => format!("{before}::{path}"),
    }
}

fn bind(name: &str, path: String) -> Binding<'_> {
    let is_relative = words(&path).next().is_some_and(|first| RELATIVE.contains(&first));
    Binding { name, path: (!is_relative).then_some(path) }
}

fn origins(text: &str, is_it: &mut dyn FnMut(&str) -> bool) -> bool {
    text.match_indices("use ")
        .any(|(at, keyword)| paths(statement_from(text, at + keyword.len())).iter().any(|path| is_it(path)))
}

/// The paths of an import, read off its text; the names that they get are parts of them like any other.
fn paths(statement: &str) -> Vec<String> {
    let (mut found, mut before, mut rest) = (Vec::new(), vec![String::new()], statement);
    while let Some(end) = rest.find(['{', '}', ',']).or((!rest.is_empty()).then_some(rest.len())) {
        let (part, after) = rest.split_at(end);
        let part = part.split(" as ").next().unwrap_or_default().trim();
        let path = joined(before.last().map_or("", String::as_str), part);
        match after.get(..1) {
            Some("{") => before.push(path),
            sign => {
                found.extend((!part.is_empty()).then_some(path));
                if sign == Some("}") {
                    before.pop();
                }
            }
        }
        rest = after.get(1..).unwrap_or_default();
    }
    found
}
