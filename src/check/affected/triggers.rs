//! Files of which no import tells who needs them.

use crate::check::affected::files::{file_name, split};
use crate::check::affected::{Fate, Touched};
use crate::model::path::RepoPath;

/// What says which outside packages there are, how everything is built and how tests run.
const MANIFESTS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "Gemfile.lock",
    "Makefile",
    "Pipfile",
    "Pipfile.lock",
    "bun.lock",
    "bun.lockb",
    "conanfile.txt",
    "deno.json",
    "deno.lock",
    "environment.yml",
    "go.mod",
    "go.sum",
    "go.work",
    "go.work.sum",
    "gradle.lockfile",
    "gradle.properties",
    "lerna.json",
    "libs.versions.toml",
    "manage.py",
    "npm-shrinkwrap.json",
    "noxfile.py",
    "nx.json",
    "package-lock.json",
    "package.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "poetry.lock",
    "pom.xml",
    "pyproject.toml",
    "pytest.ini",
    "rust-toolchain",
    "rust-toolchain.toml",
    "setup.cfg",
    "setup.py",
    "sitecustomize.py",
    "tox.ini",
    "turbo.json",
    "uv.lock",
    "yarn.lock",
];

/// Folders whose files take the place of others or stand for many.
const FOLDERS: &[&str] = &["__mocks__", "vendor", ".cargo", "buildSrc"];

/// Extensions of files that are written for people.
const PROSE: &[&str] = &["adoc", "markdown", "md", "rst"];

/// Names of files without an extension that are.
const PROSE_NAMES: &[&str] =
    &["AUTHORS", "CHANGELOG", "CODEOWNERS", "CONTRIBUTING", "COPYING", "LICENSE", "NOTICE", "README"];

/// Folders in which prose is what tests read.
const FIXTURES: &[&str] = &["__fixtures__", "data", "fixtures", "test", "testdata", "tests"];

/// Whether a file says what others are built from or how tests run, whichever files a suite is for.
pub(super) fn is_manifest(path: &RepoPath) -> bool {
    let Ok(path) = std::str::from_utf8(path.as_bytes()) else { return false };
    let name = file_name(path);
    let (_, stem, extension) = split(path);
    let is_requirements =
        (name.contains("requirements") || name.contains("constraints")) && matches!(extension, "txt" | "in");
    let is_settings = stem.ends_with(".config") || name.starts_with("tsconfig") || name.starts_with("jsconfig");
    let is_hidden =
        name.starts_with(".babelrc") || name.starts_with(".mocharc") || name.starts_with(".swcrc") || name == ".npmrc";
    let is_gradle = extension == "gradle" || name.ends_with(".gradle.kts");
    MANIFESTS.contains(&name) || is_requirements || is_settings || is_hidden || is_gradle || stem == "vitest.workspace"
}

/// An error where a touched file alone is a reason for all tests.
pub(super) fn refuse(file: &Touched) -> Result<(), String> {
    let path = &file.path;
    let folder = |part: &&[u8]| FOLDERS.iter().any(|known| known.as_bytes() == *part);
    if is_manifest(path) {
        Err(format!("{path} says how things are built or run"))
    } else if file.fate == Fate::Gone {
        Err(format!("{path} is gone, and who needed it is not known"))
    } else if let Some(part) = path.as_bytes().split(|byte| *byte == b'/').find(folder) {
        Err(format!("{path} is in {}", String::from_utf8_lossy(part)))
    } else {
        Ok(())
    }
}

/// Whether a file is written for people, so that no test needs it unless a source names it.
pub(super) fn is_prose(path: &str) -> bool {
    let (folder, stem, extension) = split(path);
    let is_fixture = folder.split('/').any(|part| FIXTURES.contains(&part));
    let is_known = extension.is_empty() && PROSE_NAMES.iter().any(|name| stem.starts_with(name));
    !is_fixture && (is_known || PROSE.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::{is_manifest, is_prose, refuse};
    use crate::check::affected::{Fate, Touched};
    use crate::model::path::RepoPath;

    #[test]
    fn what_builds_and_runs_is_known_by_its_name() {
        for name in [
            "uv.lock",
            "a/package.json",
            "requirements-dev.txt",
            "requirements/constraints.txt",
            "vitest.config.ts",
            "tsconfig.base.json",
            "app/build.gradle.kts",
            ".mocharc.cjs",
            "setup.cfg",
        ] {
            assert!(is_manifest(&RepoPath::from(name)), "{name}");
        }
        for name in ["src/lock.py", "config.ts", "src/setup.ts", "notes.txt"] {
            assert!(!is_manifest(&RepoPath::from(name)), "{name}");
        }
    }

    #[test]
    fn what_is_gone_or_stands_for_others_is_a_reason_for_all() {
        let refused =
            |path: &str, fate| refuse(&Touched { path: RepoPath::from(path), fate }).err().unwrap_or_default();
        assert_eq!(refused("a.py", Fate::There), "");
        assert_eq!(refused("a.py", Fate::Gone), "a.py is gone, and who needed it is not known");
        assert_eq!(refused("src/__mocks__/a.js", Fate::There), "src/__mocks__/a.js is in __mocks__");
    }

    #[test]
    fn prose_is_told_from_what_tests_read() {
        for (path, expected) in [
            ("README.md", true),
            ("docs/a.rst", true),
            ("LICENSE", true),
            ("LICENSE-MIT", true),
            ("tests/a.md", false),
            ("a.txt", false),
            ("a.html", false),
        ] {
            assert_eq!(is_prose(path), expected, "{path}");
        }
    }
}
