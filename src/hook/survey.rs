//! What a repository is made of, as far as its file names and a few files at its top tell: enough to propose a policy.
//! Nothing of the repository is run.

use std::collections::BTreeMap;
use std::fmt;

use crate::config::tool;
use crate::git::Repo;
use crate::hook::Error;
use crate::model::change::{FileSide, Mode, Source};
use crate::model::content::Content;
use crate::model::path::RepoPath;
use crate::tree::file::read_worktree;

/// The most bytes of a file at the top that are read.
const MAX_BYTES: u64 = 1 << 20;

/// What a repository is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    /// The programming languages with the number of their files, the most frequent first.
    pub(crate) languages: Vec<(&'static str, usize)>,
    /// Other hook managers with the file that shows it.
    pub(crate) managers: Vec<(&'static str, String)>,
    /// Linters and formatters that have a configuration here.
    pub(crate) linters: Vec<Proposal>,
    /// Test suites.
    pub(crate) suites: Vec<Proposal>,
    /// Folders of code that others wrote.
    pub(crate) foreign: Vec<&'static str>,
}

/// For people: `36 Rust files, 4 Python files; in use: cargo test`.
impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |(language, n_files): &(&str, usize)| match n_files {
            1 => format!("1 {language} file"),
            _ => format!("{n_files} {language} files"),
        };
        let languages: Vec<String> = self.languages.iter().map(counted).collect();
        match languages.as_slice() {
            [] => f.write_str("found: no source files yet, in the languages that init looks for")?,
            known => write!(f, "found: {}", known.join(", "))?,
        }
        let managers = self.managers.iter().map(|(name, _)| *name);
        let used: Vec<&str> = managers.chain(self.linters.iter().chain(&self.suites).map(|own| own.id)).collect();
        if used.is_empty() { Ok(()) } else { write!(f, "; in use: {}", used.join(", ")) }
    }
}

/// A command that could be a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// The id of the check.
    pub(crate) id: &'static str,
    /// The file that shows that it is in use.
    pub(crate) because: String,
    /// What it runs.
    pub(crate) runs: Runs,
}

/// What a proposed check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    /// The known tool of the same name.
    Tool,
    /// A command on the project, and how what it prints is understood: empty if only its exit code counts.
    Command(&'static [&'static str], &'static str),
}

/// What a file says that shows that something is in use.
#[derive(Clone, Copy, Debug)]
enum Sign<'a> {
    /// That it is there.
    Name(&'a str),
    /// That it is there, whatever follows.
    Start(&'a str),
    /// That this text is in it.
    Text(&'a str, &'a str),
}

impl<'a> From<&'a tool::Sign> for Sign<'a> {
    fn from(sign: &'a tool::Sign) -> Self {
        match sign {
            tool::Sign::Name(name) => name.strip_suffix('*').map_or(Self::Name(name), Self::Start),
            tool::Sign::Text { file, text } => Self::Text(file, text),
        }
    }
}

/// Languages by the ends of file names.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("C", &["c", "h"]),
    ("C#", &["cs"]),
    ("C++", &["cc", "cpp", "cxx", "hh", "hpp"]),
    ("Go", &["go"]),
    ("Java", &["java"]),
    ("JavaScript", &["js", "jsx", "mjs", "cjs"]),
    ("Kotlin", &["kt", "kts"]),
    ("PHP", &["php"]),
    ("Python", &["py", "pyi"]),
    ("Ruby", &["rb"]),
    ("Rust", &["rs"]),
    ("Shell", &["sh", "bash"]),
    ("Swift", &["swift"]),
    ("Terraform", &["tf"]),
    ("TypeScript", &["ts", "tsx", "mts", "cts"]),
];

/// Hook managers.
const MANAGERS: &[(&str, &[Sign<'static>])] = &[
    ("pre-commit", &[Sign::Name(".pre-commit-config.yaml"), Sign::Name(".pre-commit-config.yml")]),
    ("lefthook", &[Sign::Start("lefthook."), Sign::Start(".lefthook.")]),
    ("husky", &[Sign::Start(".husky/"), Sign::Start(".huskyrc")]),
    (
        "lint-staged",
        &[
            Sign::Start(".lintstagedrc"),
            Sign::Start("lint-staged.config."),
            Sign::Text("package.json", "\"lint-staged\""),
        ],
    ),
    ("overcommit", &[Sign::Name(".overcommit.yml")]),
    ("hk", &[Sign::Name("hk.pkl")]),
];

/// A kind of command: its id, the signs that it is in use, the command, its output.
type Known = (&'static str, &'static [Sign<'static>], &'static [&'static str], &'static str);

/// The tests of a `package.json`, by the lock file that tells its package manager; the last one always holds.
const PACKAGE_SUITES: &[Known] = &[
    ("npm-test", &[Sign::Name("pnpm-lock.yaml")], &["pnpm", "test"], ""),
    ("npm-test", &[Sign::Name("yarn.lock")], &["yarn", "test"], ""),
    ("npm-test", &[Sign::Start("bun.lock")], &["bun", "run", "test"], ""),
    ("npm-test", &[Sign::Name("package.json")], &["npm", "test"], ""),
];

/// Folders in which code of others is kept.
const FOREIGN: [&str; 4] = ["vendor", "third_party", "thirdparty", "node_modules"];

/// Looks at a repository: its tracked files and those that could be added.
pub(crate) fn survey(repo: &Repo) -> Result<Survey, Error> {
    let listed = repo.run(&["ls-files", "--cached", "--others", "--exclude-standard", "-z"], b"")?;
    let mut paths: Vec<RepoPath> =
        listed.split(|&byte| byte == 0).filter(|path| !path.is_empty()).map(RepoPath::new).collect();
    paths.sort_unstable();
    paths.dedup();
    let read = |name: &str| {
        let side = FileSide { path: RepoPath::from(name), mode: Mode::File, source: Source::Worktree };
        match read_worktree(repo.work_tree()?, &side, MAX_BYTES) {
            Ok(Content::Bytes(bytes)) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        }
    };
    Ok(of_files(&paths, &read))
}

/// The same from the paths; `read` gives the text of a file at the top.
fn of_files(paths: &[RepoPath], read: &dyn Fn(&str) -> Option<String>) -> Survey {
    let is_foreign =
        |path: &RepoPath| FOREIGN.iter().find(|folder| path.as_bytes().starts_with(format!("{folder}/").as_bytes()));
    let sign = |signs: &[Sign<'_>]| signs.iter().find_map(|sign| sign.found(paths, read));
    let proposals = |known: &[Known]| {
        let mut found: Vec<Proposal> = Vec::new();
        for &(id, signs, run, output) in known {
            if let Some(because) = sign(signs).filter(|_| found.iter().all(|other| other.id != id)) {
                found.push(Proposal { id, because, runs: Runs::Command(run, output) });
            }
        }
        found
    };
    let (mut suites, linters): (Vec<_>, Vec<_>) =
        tools(paths, read).into_iter().partition(|proposal| is_suite(proposal.id));
    let has = |suites: &[Proposal], id: &str| suites.iter().any(|suite| suite.id == id);
    if has(&suites, "nextest") {
        suites.retain(|suite| suite.id != "cargo-test");
    }
    // A script of `package.json` tells only by its exit code what came of the tests.
    let is_read = has(&suites, "jest") || has(&suites, "vitest");
    if !is_read && read("package.json").is_some_and(|text| has_tests(&text)) {
        suites.extend(
            proposals(PACKAGE_SUITES).into_iter().map(|suite| Proposal { because: "package.json".into(), ..suite }),
        );
    }
    let mut foreign: Vec<&'static str> = paths.iter().filter_map(|path| is_foreign(path).copied()).collect();
    foreign.dedup();
    Survey {
        languages: languages(paths.iter().filter(|path| is_foreign(path).is_none())),
        managers: MANAGERS.iter().filter_map(|(name, signs)| Some((*name, sign(signs)?))).collect(),
        linters,
        suites,
        foreign,
    }
}

fn is_suite(tool: &str) -> bool {
    tool::find(tool).is_some_and(|known| known.kind == tool::Kind::Suite)
}

/// The known tools whose configuration is there.
fn tools(paths: &[RepoPath], read: &dyn Fn(&str) -> Option<String>) -> Vec<Proposal> {
    let proposal = |id| {
        let because = tool::find(id)?.signs.iter().find_map(|sign| Sign::from(sign).found(paths, read))?;
        Some(Proposal { id, because, runs: Runs::Tool })
    };
    tool::names().filter_map(proposal).collect()
}

impl Sign<'_> {
    /// The file that shows it.
    fn found(self, paths: &[RepoPath], read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let has = |name: &str| paths.binary_search(&RepoPath::from(name)).is_ok();
        match self {
            Self::Name(name) => has(name).then(|| name.to_owned()),
            Self::Start(start) => {
                let path = paths.iter().find(|path| path.as_bytes().starts_with(start.as_bytes()))?;
                Some(if start.ends_with('/') { start.to_owned() } else { path.to_string() })
            }
            Self::Text(name, text) => (has(name) && read(name)?.contains(text)).then(|| name.to_owned()),
        }
    }
}

/// Counts the files of each language.
fn languages<'a>(paths: impl Iterator<Item = &'a RepoPath>) -> Vec<(&'static str, usize)> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    for path in paths {
        let Some(extension) = path.extension() else { continue };
        let language = LANGUAGES.iter().find(|(_, ends)| ends.iter().any(|end| end.as_bytes() == extension));
        if let Some((name, _)) = language {
            *counts.entry(name).or_default() += 1;
        }
    }
    let mut languages: Vec<_> = counts.into_iter().collect();
    languages.sort_by_key(|(name, n_files)| (std::cmp::Reverse(*n_files), *name));
    languages
}

/// Whether a `package.json` says how the tests are run; `npm init` writes a script that always fails.
fn has_tests(package: &str) -> bool {
    let value: serde_json::Value = serde_json::from_str(package).unwrap_or_default();
    let script = value.get("scripts").and_then(|scripts| scripts.get("test")).and_then(serde_json::Value::as_str);
    script.is_some_and(|script| !script.contains("no test specified"))
}

#[cfg(test)]
mod tests {
    use super::{Runs, Survey, of_files};
    use crate::model::path::RepoPath;

    fn surveyed(files: &[(&str, &str)]) -> Survey {
        let mut paths: Vec<RepoPath> = files.iter().map(|(path, _)| RepoPath::from(*path)).collect();
        paths.sort_unstable();
        let read = |name: &str| files.iter().find(|(path, _)| *path == name).map(|(_, text)| (*text).to_owned());
        of_files(&paths, &read)
    }

    /// Compares the ids of linters and suites and the names of managers.
    #[track_caller]
    fn check(files: &[(&str, &str)], linters: &[&str], suites: &[&str], managers: &[&str]) {
        let survey = surveyed(files);
        assert_eq!(survey.linters.iter().map(|linter| linter.id).collect::<Vec<_>>(), linters);
        let lines = survey.suites.iter().map(|suite| match suite.runs {
            Runs::Command(run, _) => run.join(" "),
            Runs::Tool => suite.id.to_owned(),
        });
        assert_eq!(lines.collect::<Vec<_>>(), suites);
        assert_eq!(survey.managers.iter().map(|(name, _)| *name).collect::<Vec<_>>(), managers);
    }

    #[test]
    fn languages_are_counted_without_the_code_of_others() {
        let files = [("a.rs", ""), ("b/c.rs", ""), ("d.py", ""), ("vendor/x.go", ""), ("vendor/y.go", ""), ("z", "")];
        let survey = surveyed(&files);
        assert_eq!(survey.languages, [("Rust", 2), ("Python", 1)]);
        assert_eq!(survey.foreign, ["vendor"]);
        assert_eq!(surveyed(&[]), Survey::default());
    }

    #[test]
    fn tools_are_known_by_their_files() {
        check(&[("Cargo.toml", "")], &["rustfmt"], &["cargo-test"], &[]);
        check(&[("sub/Cargo.toml", "")], &[], &[], &[]);
        check(&[("go.mod", ""), (".golangci.yml", "")], &["go-vet", "gofmt", "golangci-lint"], &["go-test"], &[]);
        check(&[("pom.xml", ""), ("mvnw", "")], &[], &["maven"], &[]);
        check(&[("pom.xml", "")], &[], &["maven"], &[]);
        let project = "[tool.ruff]\n[tool.mypy]\n[tool.pytest.ini_options]\n";
        check(&[("pyproject.toml", project)], &["mypy", "ruff"], &["pytest"], &[]);
        check(&[("pyproject.toml", "[project]\n")], &[], &[], &[]);
        check(&[("Cargo.toml", ""), (".config/nextest.toml", "")], &["rustfmt"], &["nextest"], &[]);
        check(&[("eslint.config.mjs", ""), (".prettierrc", "")], &["eslint", "prettier"], &[], &[]);
    }

    #[test]
    fn tests_of_a_package_need_a_script() {
        let package = r#"{"scripts": {"test": "node --test"}}"#;
        check(&[("package.json", package)], &[], &["npm test"], &[]);
        check(&[("package.json", package), ("pnpm-lock.yaml", "")], &[], &["pnpm test"], &[]);
        check(&[("package.json", &package.replace("node", "\"vitest\""))], &[], &["vitest"], &[]);
        let unused = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
        for text in [unused, "{}", "not json", ""] {
            check(&[("package.json", text)], &[], &[], &[]);
        }
    }

    #[test]
    fn other_managers_are_known() {
        let package = r#"{"lint-staged": {"*.js": "eslint"}}"#;
        let files = [
            (".pre-commit-config.yaml", ""),
            ("lefthook.yml", ""),
            (".husky/pre-commit", ""),
            ("package.json", package),
        ];
        check(&files, &[], &[], &["pre-commit", "lefthook", "husky", "lint-staged"]);
    }
}
