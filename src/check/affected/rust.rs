//! Rust: the unit is the package, and within it the target of each integration test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use toml::Table;

use crate::check::affected::files::{Files, below, folder, is_in, resolved, split};
use crate::check::affected::graph::Graph;
use crate::check::affected::{Language, Reach, Suite};

pub(super) const RUST: Language = Language { name: "source of Rust", extensions: &["rs"], graph, reach: Reach::ByName };

/// Folders of a package whose files belong to targets of their own.
const TESTS: &str = "tests";

static MODULE: LazyLock<Regex> = LazyLock::new(|| regex(r"\bmod\s+(?:r#)?(\w+)\s*;"));
static INCLUDED: LazyLock<Regex> = LazyLock::new(|| regex(r#""([^"\n]*\.rs)""#));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because a test uses every pattern")
}

/// A package of the workspace.
struct Package {
    name: String,
    manifest: Table,
}

fn graph(files: &Files<'_>, suite: &Suite<'_>) -> Result<Graph, String> {
    let packages = packages(files)?;
    let mut graph = Graph::default();
    let mut owned: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, text) in &files.texts {
        let owner = packages.keys().filter(|place| is_in(path, place)).max_by_key(|place| place.len());
        owned.entry(owner.copied().unwrap_or_default()).or_default().push(path);
        match text {
            None => graph.open(path, format!("{path} can't be read")),
            Some(text) => read(files, path, text, &mut graph),
        }
    }
    for (place, package) in &packages {
        let node = format!("{place}/");
        let mine = owned.get(place).map_or(&[][..], Vec::as_slice);
        let roots = roots(place, package, mine);
        let of_tests = needed(&graph, roots.keys().copied());
        let tests = below(place, TESTS);
        // What no test of its own is made of is of the package, and so of all its tests.
        let rest = mine.iter().filter(|path| !is_in(path, &tests) || !of_tests.contains(**path));
        rest.for_each(|path| graph.add(&node, *path));
        dependencies(place, package, &packages)?.into_iter().for_each(|other| graph.add(&node, format!("{other}/")));
        if is_in(&node, suite.folder) {
            graph.test(&node, package.name.clone());
        }
        for (root, name) in roots {
            graph.add(root, node.clone());
            if is_in(root, suite.folder) {
                graph.test(root, format!("{}::{name}", package.name));
            }
        }
    }
    Ok(graph)
}

/// The packages by their folders.
fn packages<'a>(files: &Files<'a>) -> Result<BTreeMap<&'a str, Package>, String> {
    let mut packages = BTreeMap::new();
    for path in files.named(&["Cargo.toml"]) {
        let manifest: Table = files.text(path).parse().map_err(|_| format!("{path} can't be read"))?;
        let name = manifest.get("package").and_then(|package| package.get("name")?.as_str()).map(str::to_owned);
        if let Some(name) = name {
            packages.insert(folder(path), Package { name, manifest });
        }
    }
    if packages.is_empty() { Err("there is no Cargo.toml with a package".to_owned()) } else { Ok(packages) }
}

/// Notes the files that a file names as its modules or takes in.
fn read(files: &Files<'_>, path: &str, text: &str, graph: &mut Graph) {
    let (here, stem, _) = split(path);
    for name in MODULE.captures_iter(text).filter_map(|found| found.get(1)).map(|name| name.as_str()) {
        let places = [here.to_owned(), below(here, stem)];
        for candidate in places
            .iter()
            .flat_map(|place| [format!("{name}.rs"), format!("{name}/mod.rs")].map(|end| below(place, &end)))
        {
            if files.texts.contains_key(candidate.as_str()) {
                graph.add(path, candidate);
            }
        }
    }
    for name in INCLUDED.captures_iter(text).filter_map(|found| found.get(1)) {
        let places = [here.to_owned(), below(here, stem)];
        for candidate in places.iter().filter_map(|place| resolved(place, name.as_str())) {
            if files.texts.contains_key(candidate.as_str()) {
                graph.add(path, candidate);
            }
        }
    }
}

/// The files with which integration tests begin, each with the name of its target.
fn roots<'a>(place: &str, package: &Package, mine: &[&'a str]) -> BTreeMap<&'a str, String> {
    let tests = below(place, TESTS);
    let mut roots = BTreeMap::new();
    for path in mine {
        let (here, stem, _) = split(path);
        if here == tests {
            roots.insert(*path, stem.to_owned());
        } else if stem == "main" && folder(here) == tests {
            roots.insert(*path, split(here).1.to_owned());
        }
    }
    for target in package.manifest.get("test").and_then(toml::Value::as_array).into_iter().flatten() {
        let said = |key| target.get(key).and_then(toml::Value::as_str);
        let path = said("path").and_then(|path| resolved(place, path));
        let file = path.and_then(|path| mine.iter().find(|file| **file == path).copied());
        if let (Some(file), Some(name)) = (file, said("name")) {
            roots.insert(file, name.to_owned());
        }
    }
    roots
}

/// All that these files are made of.
fn needed<'g>(graph: &'g Graph, roots: impl Iterator<Item = &'g str>) -> BTreeSet<String> {
    graph.needed_by(roots.collect()).into_iter().map(str::to_owned).collect()
}

/// The folders of the packages of this repository that a package needs, for whatever purpose.
fn dependencies<'a>(
    place: &str,
    package: &Package,
    packages: &BTreeMap<&'a str, Package>,
) -> Result<BTreeSet<&'a str>, String> {
    let mut all = BTreeSet::new();
    let mut tables = vec![&package.manifest];
    tables.extend(
        package
            .manifest
            .get("target")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flatten()
            .filter_map(|(_, table)| table.as_table()),
    );
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let entries =
        tables.iter().flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table())).flatten();
    for (key, entry) in entries {
        let said = |name| entry.get(name).and_then(toml::Value::as_str);
        let name = said("package").unwrap_or(key);
        // A path may lead to it, or the workspace, or `[patch]`: its name is enough.
        let same = packages.iter().filter(|(_, other)| other.name == name).map(|(other, _)| *other);
        all.extend(same);
        if let Some(path) = said("path").and_then(|path| resolved(place, path)) {
            let (other, _) = packages
                .get_key_value(path.as_str())
                .ok_or_else(|| format!("the dependency `{key}` of {} is not there", package.name))?;
            all.insert(*other);
        }
        if entry.get("workspace").and_then(toml::Value::as_bool) == Some(true) {
            // There it may have another name.
            all.extend(renamed(key, packages));
        }
    }
    Ok(all)
}

/// The packages that the workspace calls by another name.
fn renamed<'a>(key: &str, packages: &BTreeMap<&'a str, Package>) -> Vec<&'a str> {
    let said = packages.values().filter_map(|package| {
        let entry = package.manifest.get("workspace")?.get("dependencies")?.get(key)?;
        entry.get("package")?.as_str()
    });
    said.flat_map(|name| packages.iter().filter(move |(_, other)| other.name == name).map(|(other, _)| *other))
        .collect()
}
