//! Whether a file keeps to the design.

use super::source::{Named, Source, Use};

/// The most lines of a file, test modules not counted.
const MAX_FILE_LINES: usize = 600;
/// The most lines of a function, from its signature to its closing brace.
const MAX_FUNCTION_LINES: usize = 60;
/// The most parameters of a function, `self` not counted.
const MAX_PARAMETERS: usize = 5;

/// Who may name what. Modules are named by path, as in `check::hygiene`; a module includes those within it.
#[derive(Debug)]
pub(crate) struct Design<'a> {
    /// Each top-level module with those that it imports.
    pub(crate) imports: &'a [(&'a str, &'a [&'a str])],
    /// Each external crate, as Rust spells it, with the modules that name it.
    pub(crate) owners: &'a [(&'a str, &'a [&'a str])],
    /// External crates that every module names but [`Design::bare`].
    pub(crate) free: &'a [&'a str],
    /// The module that names no external crate.
    pub(crate) bare: &'a str,
    /// Parts of the standard library with the modules that name them.
    pub(crate) std_owners: &'a [(&'a str, &'a [&'a str])],
    /// The external crates that there are.
    pub(crate) crates: &'a [String],
}

/// What is wrong with a file: a line with the place, the fault and the cure for each fault.
pub(crate) fn faults(path: &str, module: &[String], code: Use, source: &Source, design: &Design<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    if !source.has_doc {
        faults.push(format!("{path}:1: begin with `//!`: what the module does, and what it must not know"));
    }
    if code == Use::Production && source.n_lines > MAX_FILE_LINES {
        let n_lines = source.n_lines;
        faults.push(format!("{path}:1: {n_lines} lines without tests are more than {MAX_FILE_LINES}: divide the file"));
    }
    for function in &source.functions {
        let at = format!("{path}:{}: function `{}`", function.line, function.name);
        if function.n_lines > MAX_FUNCTION_LINES {
            faults.push(format!("{at} has {} lines, more than {MAX_FUNCTION_LINES}: divide it", function.n_lines));
        }
        if function.n_parameters > MAX_PARAMETERS {
            let n = function.n_parameters;
            faults.push(format!("{at} has {n} parameters, more than {MAX_PARAMETERS}: give it a struct"));
        }
    }
    for named in &source.names {
        let at = format!("{path}:{}: ", named.line);
        faults.extend(shape(named).map(|fault| format!("{at}{fault}")));
        if code == Use::Production && named.code == Use::Production {
            faults.extend(name(module, named, design).map(|fault| format!("{at}{fault}")));
        }
    }
    faults
}

/// What is wrong with the way in which a path is written.
fn shape(named: &Named) -> Option<String> {
    let segments: Vec<&str> = named.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["super", "super", ..] | ["self", "super", "super", ..] => Some("`super::super`: write `crate::…`".to_owned()),
        ["crate"] => Some("the crate itself is imported: name what is used of it".to_owned()),
        [.., "*"] => Some(format!("`{}` is a glob: name what is imported", segments.join("::"))),
        _ => None,
    }
}

/// What is wrong with naming this.
fn name(module: &[String], named: &Named, design: &Design<'_>) -> Option<String> {
    if let Some(target) = own(named, design) {
        return import(module, &target, design);
    }
    let (first, path) = (named.segments.first()?, named.segments.join("::"));
    // What imports the module around a part can name the part unseen.
    let is_around = |part: &str| part.rsplit_once("::").is_some_and(|(around, _)| path == around);
    if let Some((part, owners)) = design.std_owners.iter().find(|(part, _)| is_within(&path, part) || is_around(part)) {
        return owned(module, part, owners);
    }
    if !design.crates.contains(first) {
        return None;
    }
    let at = module.first().map_or("", String::as_str);
    if design.free.contains(&first.as_str()) {
        let fault = format!("`{at}` names no external crate: `{first}` has to stay out of it");
        return (at == design.bare).then_some(fault);
    }
    match design.owners.iter().find(|(name, _)| name == first) {
        Some((_, owners)) => owned(module, first, owners),
        None => Some(format!("the crate `{first}` has no owner: name its modules in tests/it/architecture.rs")),
    }
}

fn owned(module: &[String], what: &str, owners: &[&str]) -> Option<String> {
    let path = module.join("::");
    let fault = || format!("`{what}` is named outside {}: ask that module for what you need", owners.join(", "));
    (!owners.iter().any(|owner| is_within(&path, owner))).then(fault)
}

fn is_within(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The module of this crate that a path leads to; none if it leads elsewhere.
fn own(named: &Named, design: &Design<'_>) -> Option<String> {
    let first = named.segments.first()?.as_str();
    let is_relative = |segment: &&String| ["self", "super"].contains(&segment.as_str());
    let n_relative = named.segments.iter().take_while(is_relative).count();
    let n_supers = named.segments.iter().take(n_relative).filter(|segment| *segment == "super").count();
    // In the root a module is named by its own name.
    let is_below = named.module.is_empty() && design.imports.iter().any(|(name, _)| *name == first);
    match first {
        "crate" => named.segments.get(1).cloned(),
        "self" | "super" if n_supers < named.module.len() => named.module.first().cloned(),
        "self" | "super" => named.segments.get(n_relative).cloned(),
        first => is_below.then(|| first.to_owned()),
    }
}

fn import(module: &[String], target: &str, design: &Design<'_>) -> Option<String> {
    let from = module.first().map_or("lib", String::as_str);
    if from == target {
        return None;
    }
    let imports = design.imports.iter().find(|(name, _)| *name == from).map(|(_, imports)| *imports);
    match imports {
        Some(imports) if imports.contains(&target) => None,
        Some(imports) => Some(format!(
            "`{from}` imports `{target}`, but may import only {}: move what is needed to where both may see it, or widen \
             the table in tests/it/architecture.rs and say why",
            if imports.is_empty() { "itself".to_owned() } else { imports.join(", ") }
        )),
        None => Some(format!("`{from}` is not in the table of tests/it/architecture.rs: say what it may import")),
    }
}

/// A way through the imports that leads back to where it began, if there is one.
pub(crate) fn cycle<'a>(imports: &[(&'a str, &[&'a str])]) -> Option<Vec<&'a str>> {
    fn from<'a>(way: &mut Vec<&'a str>, imports: &[(&'a str, &[&'a str])], done: &mut Vec<&'a str>) -> bool {
        let at = *way.last().expect("because a way has a beginning");
        let next = imports.iter().find(|(name, _)| *name == at).map_or(&[][..], |(_, imports)| *imports);
        for target in next {
            let is_back = way.contains(target);
            way.push(target);
            if is_back || (!done.contains(target) && from(way, imports, done)) {
                return true;
            }
            way.pop();
        }
        done.push(at);
        false
    }
    let mut done = Vec::new();
    imports.iter().find_map(|(name, _)| {
        let mut way = vec![*name];
        from(&mut way, imports, &mut done).then_some(way)
    })
}
