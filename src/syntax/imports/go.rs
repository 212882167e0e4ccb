//! How Go imports and binds. Code calls a package by the last part of its path, and so do rules.

use tree_sitter::Node;

use crate::syntax::imports::{Binding, Scheme, children, text_of};

pub(super) const SCHEME: Scheme = Scheme {
    keywords: &["import"],
    imports: &["import_declaration"],
    names: &["identifier", "package_identifier", "type_identifier"],
    uses: &[("selector_expression", "operand"), ("qualified_type", "package")],
    bindings: &[
        ("parameter_declaration", "name"),
        ("variadic_parameter_declaration", "name"),
        ("type_parameter_declaration", "name"),
        ("var_spec", "name"),
        ("const_spec", "name"),
        ("short_var_declaration", "left"),
        ("assignment_statement", "left"),
        ("range_clause", "left"),
        ("receive_statement", "left"),
        ("type_switch_statement", "alias"),
        ("function_declaration", "name"),
        ("type_spec", "name"),
        ("type_alias", "name"),
    ],
    lists: &["expression_list"],
    imported,
    origins,
};

fn imported<'t>(node: Node<'t>, text: &'t str) -> Option<Vec<Binding<'t>>> {
    if node.kind() != "import_declaration" {
        return None;
    }
    let mut specs: Vec<Node<'_>> = Vec::new();
    for part in children(node) {
        match part.kind() {
            "import_spec" => specs.push(part),
            "import_spec_list" => specs.extend(children(part).filter(|spec| spec.kind() == "import_spec")),
            _ => {}
        }
    }
    let read = |spec: Node<'t>| {
        let path = text_of(spec.child_by_field_name("path")?, text).trim_matches(['"', '`']);
        let package = package(path)?;
        let name = spec.child_by_field_name("name").map_or(package, |name| text_of(name, text));
        // `_` and `.` give no name, but the package is there.
        Some((name, package))
    };
    let read: Vec<(&str, &str)> = specs.into_iter().filter_map(read).collect();
    // `crypto/rand` and `math/rand` are not the same `rand`.
    let is_only = |package: &str| read.iter().filter(|(_, other)| *other == package).count() == 1;
    let bind =
        |(name, package): &(&'t str, &'t str)| Binding { name, path: is_only(package).then(|| (*package).to_owned()) };
    Some(read.iter().map(bind).collect())
}

/// What a package is called by its path: the last part, without its version.
fn package(path: &str) -> Option<&str> {
    let mut parts = path.rsplit('/');
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let last = parts.find(|part| !is_version(part))?;
    let name = last.split_once(".v").map_or(last, |(name, _)| name);
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && name.starts_with(|first: char| first.is_ascii_alphabetic())).then_some(name)
}

fn origins(text: &str, is_it: &mut dyn FnMut(&str) -> bool) -> bool {
    let renamed = text.lines().filter_map(|line| {
        let line = line.trim_start();
        let (name, path) = line.strip_prefix("import").unwrap_or(line).trim_start().split_once(['"', '`'])?;
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        package(path.split(['"', '`']).next()?).filter(|_| is_name(name.trim_matches(['(', ' ', '\t'])))
    });
    { renamed }.any(is_it)
}
