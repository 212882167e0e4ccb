//! Java and what runs beside it: who uses a class names it, so a file needs every file that declares a name it has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::check::affected::files::{Files, is_in, split};
use crate::check::affected::graph::Graph;
use crate::check::affected::{Language, Reach, Suite};

pub(super) const JVM: Language =
    Language { name: "source of Java", extensions: &["java", "kt", "groovy", "scala"], graph, reach: Reach::ByName };

/// Words of what finds classes in ways that can't be seen.
const FINDERS: [&str; 12] = [
    "Class.forName(",
    "ServiceLoader",
    "ClassPathScanning",
    ".getResource",
    "ProcessBuilder",
    "Runtime.getRuntime().exec",
    "org.springframework",
    "io.micronaut",
    "io.quarkus",
    "com.google.inject",
    "jakarta.inject",
    "javax.inject",
];

static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:class|interface|enum|record|object|trait|typealias|fun|val|var|def|type)\s+(?:<[^>\n]*>\s*)?(?:[\w?<>, ]+\.)?(\w+)",
    )
});
static PACKAGE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^\s*package\s+([\w.]+)"));
static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z_]\w*"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because a test uses every pattern")
}

fn graph(files: &Files<'_>, suite: &Suite<'_>) -> Result<Graph, String> {
    let mut declares: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, text) in &files.texts {
        let (_, stem, _) = split(path);
        let names = text.iter().flat_map(|text| DECLARED.captures_iter(text)).filter_map(|found| found.get(1));
        let names: BTreeSet<&str> = names.map(|name| name.as_str()).chain([stem]).collect();
        names.into_iter().for_each(|name| declares.entry(name).or_default().push(path));
    }
    let mut graph = Graph::default();
    for (path, text) in &files.texts {
        let Some(text) = text else {
            graph.open(path, format!("{path} can't be read"));
            continue;
        };
        let words: BTreeSet<&str> = WORD.find_iter(text).map(|word| word.as_str()).collect();
        for file in words.iter().filter_map(|word| declares.get(word)).flatten().filter(|file| *file != path) {
            graph.add(path, *file);
        }
        if let Some(what) = FINDERS.iter().find(|what| text.contains(**what)) {
            graph.open(path, format!("{path} has `{what}`"));
        }
        if is_in(path, suite.folder) && is_test(path, suite) {
            graph.test(*path, name(path, text)?);
        }
    }
    Ok(graph)
}

fn is_test(path: &str, suite: &Suite<'_>) -> bool {
    if !suite.tests.is_empty() {
        return suite.tests.matches(&path.into());
    }
    let (folder, stem, _) = split(path);
    let ends = ["Test", "Tests", "TestCase", "IT", "ITCase", "Spec"];
    let by_place = folder.split('/').any(|part| part.to_ascii_lowercase().ends_with("test"));
    by_place && (stem.starts_with("Test") || ends.iter().any(|end| stem.ends_with(end)))
}

/// The full name of the class of tests in a file.
fn name(path: &str, text: &str) -> Result<String, String> {
    let (_, stem, extension) = split(path);
    if extension != "java" {
        return Err(format!("{path} has tests that only Java would name by its file"));
    }
    let package = PACKAGE.captures(text).and_then(|found| found.get(1));
    Ok(package.map_or_else(|| stem.to_owned(), |package| format!("{}.{stem}", package.as_str())))
}

#[cfg(test)]
mod tests {
    use super::DECLARED;

    #[test]
    fn what_a_file_declares_is_found_in_four_languages() {
        let declared = |text: &str| {
            let names = DECLARED.captures_iter(text).filter_map(|found| found.get(1));
            names.map(|name| name.as_str().to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(declared("public final class A<T> extends B { enum C {} }"), "A C");
        assert_eq!(declared("@interface D {} sealed interface E permits F {} record G(int x) {}"), "D E G");
        assert_eq!(declared("fun <T> List<T>.second() = 1\nobject H\ntypealias I = Int"), "second H I");
        assert_eq!(declared("trait J { def k() {} }"), "J k");
    }
}
