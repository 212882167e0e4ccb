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

impl Default for Patterns {
    fn default() -> Self {
        Self(Gitignore::empty())
    }
}

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

/// The pattern of all files in a folder.
pub(crate) fn folder_pattern(folder: &RepoPath) -> String {
    format!("/{}/", literal(folder))
}

/// What a pattern that is written in a folder is at the top. As in a gitignore file, one without a slash before its end
/// holds at any depth.
pub(crate) fn rebased(pattern: &str, folder: &RepoPath) -> String {
    let (not, plain) = pattern.strip_prefix('!').map_or(("", pattern), |plain| ("!", plain));
    let is_anchored = plain.trim_end().trim_end_matches('/').contains('/');
    let depth = if is_anchored { "" } else { "**/" };
    format!("{not}/{}/{depth}{}", literal(folder), plain.trim_start_matches('/'))
}

/// The folder as a pattern that means it alone.
fn literal(folder: &RepoPath) -> String {
    let mut pattern = String::new();
    for character in String::from_utf8_lossy(folder.as_bytes()).chars() {
        if "\\*?[]{}!# ".contains(character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
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
    use std::fs;
    use std::io::Write;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use proptest::prelude::{Just, ProptestConfig, Strategy, prop, prop_assert_eq, prop_oneof, proptest};

    use super::{Patterns, folder_pattern, rebased, validate};
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

    #[expect(clippy::disallowed_methods, reason = "the matching is compared with git's own")]
    fn git(folder: &Path) -> Command {
        let mut git = Command::new("git");
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env_remove("GIT_DIR");
        git.arg("-C").arg(folder);
        git
    }

    /// Which of the paths git would ignore in a repository with these patterns.
    fn ignored_by_git(folder: &Path, patterns: &[String], paths: &[String]) -> Vec<String> {
        fs::write(folder.join(".gitignore"), patterns.join("\n")).expect("the folder can be written to");
        let mut check = git(folder);
        check.args(["check-ignore", "--no-index", "--stdin", "-z"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = check.spawn().expect("git starts");
        let mut stdin = child.stdin.take().expect("it is a pipe");
        stdin.write_all(paths.join("\0").as_bytes()).expect("git reads it");
        drop(stdin);
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
        let listed = String::from_utf8(output.stdout).expect("the paths of this test are UTF-8");
        listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
    }

    fn pattern() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec!["a", "b", "c.rs", "*", "**", "?", "*.rs", "[ab]", "[!a]", "\\a"]);
        let middle = prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.join("/"));
        let start = prop_oneof![4 => Just(""), 1 => Just("!"), 1 => Just("/"), 1 => Just("!/")];
        let end = prop_oneof![3 => Just(""), 1 => Just("/")];
        (start, middle, end).prop_map(|(start, middle, end)| format!("{start}{middle}{end}"))
    }

    fn path() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec!["a", "b", "ab", "c.rs", ".rs", "é"]);
        prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.join("/"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn files_match_as_git_would_ignore_them(
            patterns in prop::collection::vec(pattern(), 1..5),
            paths in prop::collection::vec(path(), 1..20),
        ) {
            let folder = tempfile::tempdir().expect("a folder can be made");
            assert!(git(folder.path()).args(["init", "-q"]).status().expect("git starts").success());
            let compiled = Patterns::new(&patterns).expect("the patterns of this test are valid");
            let matched = |path: &&String| compiled.matches(&RepoPath::from(path.as_str()));
            let ours: Vec<String> = paths.iter().filter(matched).cloned().collect();
            prop_assert_eq!(ours, ignored_by_git(folder.path(), &patterns, &paths));
        }
    }

    #[test]
    fn a_pattern_of_a_folder_holds_in_it_as_there() {
        for (folder, pattern, file, expected) in [
            ("api", "*.js", "api/a.js", true),
            ("api", "*.js", "api/deep/a.js", true),
            ("api", "*.js", "a.js", false),
            ("api", "*.js", "web/api/a.js", false),
            ("api", "/a.js", "api/a.js", true),
            ("api", "/a.js", "api/deep/a.js", false),
            ("api", "a/b.js", "api/a/b.js", true),
            ("api", "gen/", "api/deep/gen/x", true),
            ("api", "gen/", "gen/x", false),
            ("api", "**/t/*", "api/x/t/y", true),
            ("a [x]*", "*.js", "a [x]*/a.js", true),
            ("a [x]*", "*.js", "a x/a.js", false),
            ("#!{a,b}", "x", "#!{a,b}/x", true),
            ("a\\b", "x", "a\\b/x", true),
        ] {
            let pattern = rebased(pattern, &RepoPath::from(folder));
            let patterns = Patterns::new(std::slice::from_ref(&pattern)).expect("it is a pattern");
            assert_eq!(patterns.matches(&RepoPath::from(file)), expected, "{pattern} {file}");
        }
        let kept = [rebased("*", &RepoPath::from("a")), rebased("!b", &RepoPath::from("a"))];
        let patterns = Patterns::new(&kept).expect("they are patterns");
        assert!(patterns.matches(&RepoPath::from("a/c")) && !patterns.matches(&RepoPath::from("a/b")));
        let all = Patterns::new(&[folder_pattern(&RepoPath::from("a b"))]).expect("it is a pattern");
        assert!(all.matches(&RepoPath::from("a b/c/d")) && !all.matches(&RepoPath::from("a b.txt")));
    }
}
