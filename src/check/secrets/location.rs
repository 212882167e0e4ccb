//! What the path of a file says about the secrets in it.

use crate::model::path::RepoPath;

/// What a path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// Whether the file is made by a machine of what stands elsewhere: only what is sure is reported.
    pub(super) is_generated: bool,
    /// Whether it is a test, an example or a text for readers: what is guessed counts less.
    pub(super) is_illustration: bool,
    /// Whether it is a text for readers: weak passwords there show how something is written.
    pub(super) is_prose: bool,
    /// Whether values stand there without quotes.
    pub(super) is_configuration: bool,
}

const GENERATED: &[&str] = &[
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "npm-shrinkwrap.json",
    "cargo.lock",
    "composer.lock",
    "gemfile.lock",
    "poetry.lock",
    "pipfile.lock",
    "uv.lock",
    "go.sum",
    "flake.lock",
    "mix.lock",
    "pubspec.lock",
    "podfile.lock",
    "bun.lock",
    "packages.lock.json",
    "gradle.lockfile",
    "checksums.txt",
    "sha256sums",
    "deno.lock",
];
const GENERATED_ENDS: &[&str] =
    &[".min.js", ".min.css", ".map", ".bundle.js", ".svg", ".lock", ".sum", ".snap", ".po", ".pot"];
const ILLUSTRATIONS: &[&str] = &[
    "test",
    "tests",
    "spec",
    "specs",
    "__tests__",
    "testdata",
    "test_data",
    "test-data",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
    "demo",
    "demos",
    "e2e",
    "integration",
    "testing",
    "__mocks__",
    "tutorial",
    "tutorials",
    "documentation",
    "cypress",
    "it",
    "androidtest",
    "integrationtest",
];
const CONFIGURATION: &[&str] = &[
    "env",
    "yml",
    "yaml",
    "properties",
    "ini",
    "cfg",
    "conf",
    "cnf",
    "config",
    "toml",
    "sh",
    "bash",
    "zsh",
    "ksh",
    "bat",
    "cmd",
    "envrc",
    "npmrc",
    "netrc",
    "pypirc",
    "tfvars",
    "hcl",
    "txt",
    "md",
    "markdown",
    "rst",
    "adoc",
    "service",
    "rc",
    "prefs",
    "dockerfile",
    "sample",
    "template",
    "tmpl",
    "example",
    "dist",
    "local",
    "prod",
    "dev",
    "production",
    "development",
    "log",
    "sql",
    "pgpass",
    "ovpn",
    "desktop",
    "plist",
    "ps1",
    "mk",
    "http",
    "rest",
    "feature",
    "j2",
    "erb",
    "",
];

/// What the path says.
pub(super) fn location(path: &RepoPath) -> Location {
    let whole = String::from_utf8_lossy(path.as_bytes()).to_ascii_lowercase();
    let (folders, name) = whole.rsplit_once('/').unwrap_or(("", &whole));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let stem = name.split('.').next().unwrap_or_default();
    let is_test = |word: &str| ILLUSTRATIONS.contains(&word);
    let is_prose = ["md", "mdx", "markdown", "rst", "adoc", "ipynb"].contains(&extension);
    let has_test_name = stem.starts_with("test_")
        || stem.starts_with("test-")
        || stem.ends_with("test")
        || stem.ends_with("tests")
        || stem.ends_with("_spec")
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.contains("example")
        || name.contains("sample")
        || stem.ends_with("spec")
        || is_prose;
    let is_env = name.starts_with(".env") || name.ends_with(".env") || stem.contains("env") && extension.is_empty();
    let is_translation =
        |word: &str| ["i18n", "locale", "locales", "lang", "langs", "translations", "l10n"].contains(&word);
    Location {
        is_generated: folders.split('/').any(is_translation)
            || GENERATED.contains(&name)
            || GENERATED_ENDS.iter().any(|end| name.ends_with(end)),
        is_illustration: folders.split('/').any(is_test) || has_test_name,
        is_prose,
        is_configuration: is_env || CONFIGURATION.contains(&extension) || name.starts_with("dockerfile"),
    }
}

#[cfg(test)]
mod tests {
    use super::location;
    use crate::model::path::RepoPath;

    #[track_caller]
    fn check(path: &str, expected: [bool; 3]) {
        let said = location(&RepoPath::from(path));
        assert_eq!([said.is_generated, said.is_illustration, said.is_configuration], expected, "{path}");
    }

    #[test]
    fn paths_tell_what_a_file_is_for() {
        check("web/package-lock.json", [true, false, false]);
        check("dist/app.min.js", [true, false, false]);
        check("src/tests/login.py", [false, true, false]);
        check("a_test.go", [false, true, false]);
        check(".env.production", [false, false, true]);
        check("conf/app.yml", [false, false, true]);
        check("src/main.rs", [false, false, false]);
        check("README.md", [false, true, true]);
    }
}
