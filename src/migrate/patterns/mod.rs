//! Which files another manager's pattern means, said in gitignore syntax: a pattern becomes a set of sequences of pieces,
//! and each sequence one or more lines. What cannot be said exactly is refused, never approximated in silence.

pub(crate) mod braces;
mod gitignore;
mod glob;
mod python;

use regex::Regex;

use crate::config::patterns::Patterns;
use crate::model::path::RepoPath;

/// The most sequences, and the most lines, that one pattern may become.
const MAX_LINES: usize = 128;

/// A part of a path that a pattern asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// This character.
    Char(char),
    /// Any character.
    Any,
    /// One of these characters, or none of them: as gitignore writes it between brackets.
    Class(String),
    /// Any characters without a slash, or none.
    Run,
    /// Any characters, or none.
    Star,
    /// The start of the path.
    Start,
    /// The end of the path.
    End,
}

/// One way in which a path can match.
type Sequence = Vec<Piece>;

/// Why a pattern cannot be said in gitignore syntax, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(String);

impl Refused {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The files that a pattern means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// All.
    Every,
    /// Those that these lines match.
    Lines(Vec<String>),
    /// None.
    Nothing,
}

/// What a regular expression of Python's means that is searched for in a path, as pre-commit does. On every file of the
/// repository the lines must decide as the expression does.
pub(crate) fn of_python(expression: &str, files: &[String]) -> Result<Meaning, Refused> {
    let meaning = gitignore::meaning(&python::parse(expression)?)?;
    if let (Ok(regex), Meaning::Lines(lines)) = (Regex::new(expression), &meaning) {
        agrees(lines, files, |file| regex.is_match(file))?;
    }
    Ok(meaning)
}

/// What a glob means whose `*` takes slashes too, as lefthook has it by default.
pub(crate) fn of_wide_glob(pattern: &str, files: &[String]) -> Result<Meaning, Refused> {
    let sequences = glob::parse(pattern)?;
    let meaning = gitignore::meaning(&sequences)?;
    if let Meaning::Lines(lines) = &meaning {
        let regexes: Vec<Regex> =
            sequences.iter().filter_map(|sequence| Regex::new(&glob::regex(sequence)).ok()).collect();
        agrees(lines, files, |file| regexes.iter().any(|regex| regex.is_match(file)))?;
    }
    Ok(meaning)
}

/// The lines for a glob in the usual sense (`*` within a folder, `**` across them), from the folder `dir`. One without a
/// slash holds at any depth if the tool says so, else in the folder itself.
pub(crate) fn of_glob(pattern: &str, dir: &str, any_depth: bool) -> Result<Vec<String>, Refused> {
    let mut lines = Vec::new();
    for plain in braces::expanded(pattern)? {
        let plain = plain.strip_prefix("./").unwrap_or(&plain);
        if ["!(", "+(", "@(", "?(", "*("].iter().any(|mark| plain.contains(mark)) || plain.starts_with('!') {
            return Err(Refused::new(format!(
                "`{pattern}` leaves something out or counts, which gitignore syntax does not"
            )));
        }
        let prefix = if dir.is_empty() { String::new() } else { format!("/{dir}") };
        let plain = plain.trim_start_matches('/');
        let deep = plain.strip_prefix("**/").unwrap_or(plain);
        lines.push(match plain.contains('/') {
            // A name behind `**/` holds at any depth, which is what a name alone means.
            true if prefix.is_empty() && plain.starts_with("**/") && !deep.contains('/') => deep.to_owned(),
            false if prefix.is_empty() && any_depth => plain.to_owned(),
            false if any_depth => format!("{prefix}/**/{plain}"),
            _ => format!("{prefix}/{plain}"),
        });
    }
    lines.dedup();
    Ok(lines)
}

/// Holds the lines against what the pattern says of each file.
fn agrees(lines: &[String], files: &[String], is_meant: impl Fn(&str) -> bool) -> Result<(), Refused> {
    let patterns = Patterns::new(lines).map_err(|error| Refused::new(error.to_string()))?;
    let differs = |file: &&String| patterns.matches(&RepoPath::from(file.as_str())) != is_meant(file);
    match files.iter().find(differs) {
        Some(file) => Err(Refused::new(format!("in gitignore syntax it would decide otherwise on {file}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, of_glob, of_python, of_wide_glob};
    use crate::config::patterns::Patterns;
    use crate::model::path::RepoPath;

    /// Paths on which lines and patterns are compared, whatever they say.
    const FILES: [&str; 26] = [
        "a.py",
        "a.pyi",
        "src/a.py",
        "src/b/a.py",
        "src/b/c.js",
        "srca/a.py",
        "x/src/a.py",
        "docs/conf.py",
        "docs/x/y.md",
        "README.md",
        "tests/a/b/c.py",
        "tests",
        "app/migrations/0001_x.py",
        "app/migrations/x.py",
        "Dockerfile",
        "x/Dockerfile.dev",
        "a/vendor/b.c",
        "vendor/b.c",
        "package.json",
        "a/package.json",
        ".github/workflows/ci.yml",
        ".github/workflows/x/ci.yaml",
        "b.yaml",
        "a b.txt",
        "we[ird].c",
        "x.min.js",
    ];

    fn files() -> Vec<String> {
        FILES.map(str::to_owned).to_vec()
    }

    #[track_caller]
    fn python(expression: &str, expected: &[&str]) {
        assert_eq!(of_python(expression, &files()).map(lines), Ok(owned(expected)), "{expression}");
    }

    fn lines(meaning: Meaning) -> Vec<String> {
        match meaning {
            Meaning::Lines(lines) => lines,
            other => panic!("{other:?}"),
        }
    }

    fn owned(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn an_expression_becomes_lines_that_decide_as_it_does() {
        python(r"\.py$", &["*.py"]);
        python(r"\.(py|pyi)$", &["*.py", "*.pyi"]);
        python(r"\.pyi?$", &["*.pyi", "*.py"]);
        python("^src/", &["/src/"]);
        python("^src", &["/src*"]);
        python("docs/", &["**/*docs/"]);
        python(r"^src/.*\.py$", &["/src/**/*.py"]);
        python(r"^(src|tests)/.+\.py$", &["/src/**/*.py", "/tests/**/*.py"]);
        python(r"^src.*\.py$", &["/src*.py", "/src*/**/*.py"]);
        python(r"(^|/)vendor/", &["vendor/"]);
        python(r"(?:^|/)a/vendor/", &["**/a/vendor/"]);
        python(r"^README\.md$", &["/README.md"]);
        python(r"^docs/conf.py$", &["/docs/conf?py"]);
        python(
            r"migrations/\d{4}_.*\.py",
            &["**/*migrations/[0-9][0-9][0-9][0-9]_*.py*", "**/*migrations/[0-9][0-9][0-9][0-9]_*/**/*.py*"],
        );
        python(r"^src/[^/]+\.py$", &["/src/?*.py"]);
        python("(?x)^(\n  src/.*   # ours\n  | docs/conf\\.py\n)$", &["/src/", "/docs/conf.py"]);
        python(r"we\[ird\]", &["*we\\[ird\\]*"]);
        python("a b", &["*a\\ b*"]);
        python(r"^.*\.min\.js$", &["*.min.js"]);
        python("Dockerfile.*$", &["*Dockerfile*"]);
        for (expression, expected) in [
            ("", Meaning::Every),
            (".*", Meaning::Every),
            ("^", Meaning::Every),
            ("^$", Meaning::Nothing),
            ("$a", Meaning::Nothing),
        ] {
            assert_eq!(of_python(expression, &files()), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn what_only_an_expression_can_say_is_refused() {
        for expression in [
            r"^(?!src/)",
            r"\w+\.py",
            r"\bsrc\b",
            "(?i)readme",
            "[a-z]+x",
            "(ab)*",
            "(",
            "[",
            "a{1,",
            "(?P<x",
            "x**",
            r"\",
        ] {
            assert!(of_python(expression, &files()).is_err(), "{expression}");
        }
        let bomb = "(a|b|c|d)".repeat(30);
        assert!(of_python(&bomb, &[]).is_err());
        assert!(of_python(&"(".repeat(100_000), &[]).is_err());
        // A folder whose name ends like the files.
        let with_folder = [files(), vec!["next.js/readme.md".to_owned()]].concat();
        let error = of_python(r"\.js$", &with_folder).expect_err("it would take the readme");
        assert_eq!(error.to_string(), "in gitignore syntax it would decide otherwise on next.js/readme.md");
    }

    #[test]
    fn an_expression_without_any_path_matches_nothing() {
        // What follows the end of the text can never match: an easy slip in folded YAML.
        python("\\.sql$|Dockerfile$\n", &["*.sql"]);
    }

    #[test]
    fn a_wide_glob_crosses_folders() {
        let check = |pattern: &str, expected: &[&str]| {
            assert_eq!(of_wide_glob(pattern, &files()).map(lines), Ok(owned(expected)), "{pattern}");
        };
        check("*.js", &["*.js"]);
        check("*.{js,ts}", &["*.js", "*.ts"]);
        check("{package.json,yarn.lock}", &["/package.json", "/yarn.lock"]);
        check("src/*.py", &["/src/**/*.py"]);
        // Unlike elsewhere, a file at the top is not meant.
        check("**/*.py", &["**/*/*.py"]);
        check("src/**/*.py", &["/src/**/*/*.py"]);
        check(".github/workflows/*.{yml,yaml}", &["/.github/workflows/**/*.yml", "/.github/workflows/**/*.yaml"]);
        check("src/**", &["/src/"]);
        assert!(of_wide_glob("{a", &[]).is_err());
    }

    #[test]
    fn a_glob_holds_from_its_folder() {
        let check = |pattern: &str, dir: &str, any_depth: bool, expected: &[&str]| {
            assert_eq!(of_glob(pattern, dir, any_depth).expect(pattern), expected, "{pattern}");
        };
        check("*.js", "", true, &["*.js"]);
        check("*.js", "", false, &["/*.js"]);
        check("**/*.js", "", true, &["*.js"]);
        check("*.{js,ts}", "web", true, &["/web/**/*.js", "/web/**/*.ts"]);
        check("src/**/*.{css,scss}", "", true, &["/src/**/*.css", "/src/**/*.scss"]);
        check("./src/*.js", "web", true, &["/web/src/*.js"]);
        assert!(of_glob("!(*.test).js", "", true).is_err());
        let lines = of_glob("**/*.py", "src", false).expect("it can be said");
        assert!(Patterns::new(&lines).expect("they are patterns").matches(&RepoPath::from("src/a.py")));
    }
}
