//! Java and what runs beside it: who uses a class names it, so a file needs every file that declares a name it has.
//! Of Java comments don't count, and of what it declares only the outermost: who uses what is within a class names that
//! class too, or one that names it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::check::affected::files::{Files, is_in, split};
use crate::check::affected::graph::Graph;
use crate::check::affected::{Language, Reach, Suite};

pub(super) const JVM: Language =
    Language { name: "source of Java", extensions: &["java", "kt", "groovy", "scala"], graph, reach: Reach::ByName };

/// Words of what finds classes in ways that can't be seen.
const FINDERS: [&str; 14] = [
    "Class.forName(",
    "getBundle(",
    "loadClass(",
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
static DECLARED_IN_JAVA: LazyLock<Regex> = LazyLock::new(|| regex(r"\b(?:class|interface|enum|record)\s+(\w+)"));
/// What in Java is no code: comments, and texts and characters, in which no brace and no comment begins.
static NO_CODE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"(?s)(?<comment>//[^\n]*|/\*.*?\*/)|"""(?:[^\\]|\\.)*?"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"#)
});
static PACKAGE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^\s*package\s+([\w.]+)"));
static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z_]\w*"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("because a test uses every pattern")
}

fn graph(files: &Files<'_>, suite: &Suite<'_>) -> Result<Graph, String> {
    let mut declares: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, text) in &files.texts {
        let (_, stem, _) = split(path);
        let names = text.iter().flat_map(|text| declared(path, text));
        let names: BTreeSet<String> = names.chain([stem.to_owned()]).collect();
        names.into_iter().for_each(|name| declares.entry(name).or_default().push(path));
    }
    let mut graph = Graph::default();
    for (path, text) in &files.texts {
        let Some(text) = text.as_deref().map(|text| uncommented(path, text)) else {
            graph.open(path, format!("{path} can't be read"));
            continue;
        };
        let words: BTreeSet<&str> = WORD.find_iter(&text).map(|word| word.as_str()).collect();
        for file in words.iter().filter_map(|word| declares.get(*word)).flatten().filter(|file| *file != path) {
            graph.add(path, *file);
        }
        if let Some(what) = FINDERS.iter().find(|what| text.contains(**what)) {
            graph.open(path, format!("{path} has `{what}`"));
        }
        if is_in(path, suite.folder) && is_test(path, suite) {
            graph.test(*path, name(path, &text)?);
        }
    }
    Ok(graph)
}

/// The text of a file, that of Java without its comments. With escapes that can stand for any character of the code it
/// is left as it is.
fn uncommented<'t>(path: &str, text: &'t str) -> Cow<'t, str> {
    let is_plain = split(path).2 == "java" && !text.contains("\\u00");
    let without = |found: &Captures<'_>| match found.name("comment") {
        Some(_) => " ".to_owned(),
        None => found[0].to_owned(),
    };
    if is_plain { NO_CODE.replace_all(text, without) } else { Cow::Borrowed(text) }
}

/// The names that others can use of a file.
fn declared(path: &str, text: &str) -> BTreeSet<String> {
    let names = |pattern: &Regex, text: &str| {
        let names = pattern.captures_iter(text).filter_map(|found| found.get(1));
        names.map(|name| name.as_str().to_owned()).collect()
    };
    match outermost(path, text) {
        Some(code) => names(&DECLARED_IN_JAVA, &code),
        None => names(&DECLARED, text),
    }
}

/// What is in no braces in a file of Java; none where that can't be told.
fn outermost(path: &str, text: &str) -> Option<String> {
    if split(path).2 != "java" || text.contains("\\u00") {
        return None;
    }
    let (mut code, mut depth) = (String::new(), 0_usize);
    for character in NO_CODE.replace_all(text, " ").chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.checked_sub(1)?,
            _ if depth == 0 => code.push(character),
            _ => {}
        }
    }
    (depth == 0).then_some(code)
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
    use super::{DECLARED, declared, uncommented};

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

    #[test]
    fn of_java_only_the_outermost_is_declared_and_comments_say_nothing() {
        let check = |text: &str, expected: &str| {
            assert_eq!(declared("a/A.java", text).into_iter().collect::<Vec<_>>().join(" "), expected, "{text}");
        };
        check("/** This class is of use. */ @X(B.class) public class A<T> { enum C {} } record D(int x) {}", "A D");
        check("class A { String s = \"} // {\"; char c = '}'; char q = '\\''; } // class E {\ninterface F {}", "A F");
        check("class A { String s = \"\"\"\n } \" // {\\\"\"\"\n\"\"\"; }\n@interface G {}", "A G");
        // Where it can't be told what is within what, everything counts.
        check("class A { class B {}", "A B");
        check("class A { class B {} } }", "A B");
        check("class A { String s = \"\\u0022; class B {} }", "A B");
        let text = "import a.B; /* C */ class A { String s = \"// D\"; } // E";
        assert_eq!(uncommented("A.java", text), "import a.B;   class A { String s = \"// D\"; }  ");
        assert_eq!(uncommented("A.kt", text), text);
    }
}
