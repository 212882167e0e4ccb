//! Go: a package is a folder, its name is that of its module with the folder behind it, and the unit of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::check::affected::files::{Files, below, file_name, folder, is_in};
use crate::check::affected::graph::Graph;
use crate::check::affected::{Language, Reach, Suite};

pub(super) const GO: Language = Language {
    name: "source of Go",
    // Files of other languages are compiled with the package in whose folder they are.
    extensions: &["go", "s", "c", "h", "cc", "cpp", "hpp"],
    graph,
    reach: Reach::Exact,
};

/// What tests start programs with.
const STARTS: [&str; 2] = ["\"os/exec\"", "\"plugin\""];

static MODULE: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?m)^\s*module\s+"?([^\s"]+)"#));
static TEXT: LazyLock<Regex> = LazyLock::new(|| regex(r#"["`]([^"`\s]+)["`]"#));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because a test uses every pattern")
}

fn graph(files: &Files<'_>, suite: &Suite<'_>) -> Result<Graph, String> {
    let modules = modules(files)?;
    let packages: BTreeSet<&str> =
        files.texts.keys().filter(|path| path.ends_with(".go")).map(|path| folder(path)).collect();
    let mut graph = Graph::default();
    for (path, text) in &files.texts {
        let here = folder(path);
        let is_test = path.ends_with("_test.go");
        // A folder's name with a slash stands for its package without the tests.
        let package = format!("{here}/");
        if is_test {
            graph.add(path, package);
            if is_in(path, suite.folder) {
                let inside = here.strip_prefix(suite.folder).unwrap_or(here).trim_matches('/');
                graph.test(*path, if inside.is_empty() { ".".to_owned() } else { format!("./{inside}") });
            }
        } else {
            graph.add(&package, *path);
        }
        let Some(text) = text else {
            graph.open(path, format!("{path} can't be read"));
            continue;
        };
        for import in TEXT.captures_iter(text).filter_map(|found| found.get(1)) {
            let Some(target) = place(&modules, import.as_str()) else { continue };
            if packages.contains(target.as_str()) {
                graph.add(path, format!("{target}/"));
            } else if path.ends_with(".go") && !file_name(&target).contains('.') {
                graph.open(path, format!("{path} names `{}`, which is not there", import.as_str()));
            }
        }
        if let Some(what) = STARTS.iter().find(|what| is_test && text.contains(**what)) {
            graph.open(path, format!("{path} starts programs ({what})"));
        }
    }
    Ok(graph)
}

/// The folders of the modules by their names.
fn modules<'a>(files: &Files<'a>) -> Result<BTreeMap<String, &'a str>, String> {
    let mut modules = BTreeMap::new();
    for path in files.named(&["go.mod"]) {
        let text = files.text(path);
        let name = MODULE.captures(&text).and_then(|found| found.get(1));
        let name = name.ok_or_else(|| format!("{path} does not name its module"))?;
        modules.insert(name.as_str().to_owned(), folder(path));
    }
    if modules.is_empty() { Err("there is no go.mod".to_owned()) } else { Ok(modules) }
}

/// The folder of a package of this repository.
fn place(modules: &BTreeMap<String, &str>, import: &str) -> Option<String> {
    let inside = |(name, folder): (&String, &&str)| {
        let rest = import.strip_prefix(name.as_str())?;
        let rest = if rest.is_empty() { rest } else { rest.strip_prefix('/')? };
        Some((name.len(), if rest.is_empty() { (*folder).to_owned() } else { below(folder, rest) }))
    };
    modules.iter().filter_map(inside).max_by_key(|(length, _)| *length).map(|(_, folder)| folder)
}
