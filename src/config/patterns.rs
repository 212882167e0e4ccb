//! Patterns in gitignore syntax, matched against paths of the repository.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::model::path::RepoPath;

/// A pattern that says nothing a gitignore file would understand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a pattern in gitignore syntax: {why}")]
pub(crate) struct PatternError {
    /// The pattern.
    pub(crate) pattern: String,
    /// What is wrong with it.
    pub(crate) why: String,
}

/// A list of patterns in gitignore syntax, ready to match. As in a gitignore file the last pattern that matches
/// decides, `!` takes files out again, and what lies in a folder that matches cannot be taken out.
#[derive(Debug)]
pub(crate) struct Patterns(Gitignore);

impl Patterns {
    /// Compiles the patterns; each is one line of a gitignore file.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, PatternError> {
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            add(&mut builder, pattern)?;
        }
        let together = || PatternError { pattern: patterns.join(", "), why: "too large taken together".to_owned() };
        builder.build().map(Self).map_err(|_| together())
    }

    /// Whether there is no pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a file is meant: it matches, or a folder that holds it does.
    pub(crate) fn matches(&self, file: &RepoPath) -> bool {
        if self.is_empty() {
            return false;
        }
        let path = String::from_utf8_lossy(file.as_bytes());
        let path = path.trim_start_matches('/');
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        folders.filter(|folder| !folder.is_empty()).any(|folder| self.0.matched(Path::new(folder), true).is_ignore())
            || self.0.matched(Path::new(path), false).is_ignore()
    }
}

/// Says what is wrong with a pattern, without compiling it.
pub(crate) fn validate(pattern: &str) -> Result<(), PatternError> {
    add(&mut GitignoreBuilder::new(""), pattern)
}

fn add(builder: &mut GitignoreBuilder, pattern: &str) -> Result<(), PatternError> {
    let error = |why: String| PatternError { pattern: pattern.to_owned(), why };
    if pattern.trim().is_empty() || pattern == "!" || pattern == "/" {
        return Err(error("it matches nothing".to_owned()));
    }
    if pattern.starts_with('#') {
        return Err(error("it is a comment there; write `\\\\#` for a name that starts with `#`".to_owned()));
    }
    if pattern.contains(['\n', '\r', '\0']) {
        return Err(error("a pattern is one line".to_owned()));
    }
    builder.allow_unclosed_class(false);
    let added = builder.add_line(None, pattern).map(|_| ());
    added.map_err(|source| match source {
        ignore::Error::Glob { err, .. } => error(err),
        other => error(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::{Patterns, validate};
    use crate::model::path::RepoPath;

    #[track_caller]
    fn check(patterns: &[&str], path: impl AsRef<[u8]>, expected: bool) {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let compiled = Patterns::new(&patterns).expect("the patterns of this test are valid");
        let path = RepoPath::new(path.as_ref());
        assert_eq!(compiled.matches(&path), expected, "{patterns:?} on {path}");
    }

    #[test]
    fn patterns_match_as_in_a_gitignore_file() {
        check(&[], "a", false);
        check(&["*.min.js"], "a/b/c.min.js", true);
        check(&["*.min.js"], "a/b/c.js", false);
        check(&["vendor/"], "vendor/a/b.rs", true);
        check(&["vendor/"], "x/vendor/a.rs", true);
        check(&["/vendor/"], "x/vendor/a.rs", false);
        check(&["vendor/"], "vendor", false);
        check(&["vendor/**"], "vendor/a/b.rs", true);
        check(&["schemas/**/*.json"], "schemas/a.json", true);
        check(&["schemas/**/*.json"], "schemas/a/b/c.json", true);
        check(&["schemas/*.json"], "schemas/a/b.json", false);
        check(&["a/b"], "x/a/b", false);
        check(&["[ab].rs"], "b.rs", true);
        check(&["\\#x"], "#x", true);
    }

    #[test]
    fn the_last_pattern_decides() {
        check(&["*.rs", "!main.rs"], "src/main.rs", false);
        check(&["*.rs", "!main.rs"], "src/lib.rs", true);
        check(&["!main.rs", "*.rs"], "src/main.rs", true);
        check(&["vendor/*", "!vendor/ours"], "vendor/ours/a.rs", false);
    }

    #[test]
    fn nothing_is_taken_out_of_a_folder_that_matches() {
        check(&["vendor/", "!vendor/ours.rs"], "vendor/ours.rs", true);
    }

    #[test]
    fn hostile_paths_are_only_paths() {
        check(&["*.bin"], b"caf\xe9/\xff.bin", true);
        check(&["etc/"], "/etc/passwd", true);
        check(&["b"], "a//b", true);
        check(&["x"], "", false);
        check(&["x"], "../../y", false);
        check(&["*.rs"], "a\nb.rs", true);
    }

    #[test]
    fn a_pattern_that_means_nothing_is_an_error() {
        for pattern in ["", "  ", "# all", "a[", "{a", "a\nb", "!", "/", "[z-a]"] {
            let error = validate(pattern).expect_err(pattern);
            assert_eq!(error.pattern, pattern);
            assert!(Patterns::new(&[pattern.to_owned()]).is_err(), "{pattern:?}");
        }
        assert_eq!(validate("vendor/**"), Ok(()));
    }
}
