//! The known tools for real: each on files with known faults and without, by its definition alone. `.ci/tools` installs
//! them, `.ci/run` runs this; `SNAPSHOTS=overwrite` writes anew what is expected.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Ran, Repo, TOLLGATE, run};

/// The variable with the folder that `.ci/tools` installed the tools in.
const TOOLS: &str = "TOLLGATE_TOOLS";

/// A repository, with the tools on its PATH.
pub(crate) struct Shop {
    repo: Repo,
    path: OsString,
}

impl Shop {
    /// A repository with this policy and with the files of a folder of `fixtures/tools`, which are staged.
    pub(crate) fn new(policy: &str, folder: &str) -> Self {
        let tools = std::env::var_os(TOOLS).unwrap_or_else(|| panic!("`.ci/tools FOLDER` first, then {TOOLS}=FOLDER"));
        let own = ["py/bin", "js/node_modules/.bin"].map(|bin| Path::new(&tools).join(bin));
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&rest))).unwrap();
        let repo = Repo::with(&[("tollgate.toml", policy), (".gitignore", "/target\n")]);
        let shop = Self { repo, path };
        shop.tollgate(&["install"]).code(0);
        let source = fixtures().join(folder);
        for file in files(&source) {
            let copy = shop.repo.top().join(file.strip_prefix(&source).unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(file, copy).unwrap();
        }
        shop.repo.git(&["add", "--all"]).code(0);
        shop
    }

    fn tollgate(&self, args: &[&str]) -> Ran {
        self.run(TOLLGATE, args)
    }

    /// Runs a program at the top of the repository.
    pub(crate) fn run(&self, program: &str, args: &[&str]) -> Ran {
        let mut command = self.repo.command(&self.repo.top(), program);
        command.args(args).env("PATH", &self.path);
        // Where rustup has its toolchains, which it else looks for in the home.
        let home = std::env::var_os("HOME").unwrap_or_default();
        for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
            let usual = Path::new(&home).join(folder).into_os_string();
            command.env(name, std::env::var_os(name).unwrap_or(usual));
        }
        run(&mut command, b"")
    }

    pub(crate) fn top(&self) -> PathBuf {
        self.repo.top()
    }

    /// The check, reported whole.
    pub(crate) fn report(&self) -> Ran {
        self.tollgate(&["check", "--staged", "--only", "it", "--format", "json"])
    }

    pub(crate) fn check(&self) -> Ran {
        self.tollgate(&["check", "--staged", "--only", "it", "--format", "short"])
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tools")
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { files.extend(self::files(&entry)) } else { files.push(entry) }
    }
    files
}

#[track_caller]
pub(crate) fn assert_recorded(found: &str, file: &str) {
    let recorded = snapbox::Data::read_from(&fixtures().join(file), Some(snapbox::data::DataFormat::Text));
    snapbox::Assert::new().action_env("SNAPSHOTS").eq(found, recorded.raw());
}

/// Any version will do, but the tool has to tell it.
pub(crate) fn policy(tool: &str, more: &str) -> String {
    format!("[checks.it]\ntool = \"{tool}\"\nversion = \">=0\"\n{more}\n")
}

/// The fixes that the findings of a report have, a line each; a change of it is `from..to: what comes there`, in bytes.
fn fixes(json: &str) -> String {
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    let mut told = String::new();
    for finding in report["findings"].as_array().unwrap() {
        for fix in finding["fixes"].as_array().unwrap() {
            let edit =
                |edit: &serde_json::Value| format!("{}..{}: {}", edit["start"], edit["end"], edit["replacement"]);
            let edits: Vec<String> = fix["edits"].as_array().unwrap().iter().map(edit).collect();
            let safety = if fix["is_safe"] == true { "safe" } else { "suggested" };
            let title = fix["title"].as_str().unwrap();
            told.push_str(&format!("{} {safety}: {title} ({})\n", finding["rule"].as_str().unwrap(), edits.join(", ")));
        }
    }
    told
}

/// The tool finds what it is to find, where it is, with the fixes that it tells in its report; it finds nothing in a clean file; and it does not pass if it could not
/// run because its arguments are wrong (`misuse` is what is said then).
#[track_caller]
fn looks(tool: &str, more: &str, misuse: (i32, &str)) {
    let faulty = Shop::new(&policy(tool, more), &format!("{tool}/faulty"));
    let (found, found_whole) = (faulty.check(), faulty.report().stdout);
    assert_recorded(&found.stdout, &format!("{tool}/found.txt"));
    let (fixes, file) = (fixes(&found_whole), format!("{tool}/fixes.txt"));
    if !fixes.is_empty() || fixtures().join(&file).exists() {
        assert_recorded(&fixes, &file);
    }
    let clean = Shop::new(&policy(tool, more), &format!("{tool}/clean"));
    assert_eq!(clean.check().code(0).stdout, "");
    let json = clean.report().code(0).stdout;
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let version =
        report["checks"].as_array().unwrap().iter().find(|check| check["id"] == "it").unwrap()["version"].clone();
    assert!(
        version.as_str().is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit())),
        "{json}"
    );
    let misused = format!("{more}\nargs = [\"--no-such-option\"]");
    Shop::new(&policy(tool, &misused), &format!("{tool}/faulty")).check().code(misuse.0).says(misuse.1);
}

/// What the tool makes of its faulty files, and that it leaves the clean ones alone.
#[track_caller]
fn mends(tool: &str) {
    let faulty = Shop::new(&policy(tool, "fix = \"safe\""), &format!("{tool}/faulty"));
    faulty.check().code(1).says("would change");
    faulty.repo.git(&["commit", "-q", "--no-verify", "-m", "faulty"]).code(0);
    let all: Vec<String> = files(&fixtures().join(format!("{tool}/faulty")))
        .iter()
        .map(|file| file.strip_prefix(fixtures().join(format!("{tool}/faulty"))).unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut args = vec!["fix", "--only", "it"];
    args.extend(all.iter().map(String::as_str));
    faulty.tollgate(&args);
    assert_recorded(&faulty.repo.git(&["diff", "-U0"]).code(0).stdout, &format!("{tool}/mended.diff"));
    let clean = Shop::new(&policy(tool, "fix = \"safe\""), &format!("{tool}/clean"));
    assert_eq!(clean.check().code(0).stdout, "");
}

const BROKEN: (i32, &str) = (3, "it says that it could not run");

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn bandit() {
    looks("bandit", "", BROKEN);
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn biome() {
    looks("biome", "", (3, "what it printed is not SARIF"));
    mends("biome");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn black() {
    looks("black", "fix = \"off\"", BROKEN);
    mends("black");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn clippy() {
    looks("clippy", "", BROKEN);
    mends("clippy");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn codespell() {
    looks("codespell", "", BROKEN);
    mends("codespell");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn eslint() {
    looks("eslint", "", BROKEN);
    looks("eslint", "stdin = true", BROKEN);
    mends("eslint");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn hadolint() {
    looks("hadolint", "", (3, "what it printed is not SARIF"));
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn mypy() {
    looks("mypy", "", (3, "no finding can be read"));
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn oxlint() {
    looks("oxlint", "", (3, "what it printed is not SARIF"));
    mends("oxlint");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn prettier() {
    // It warns of a wrong option and goes on.
    looks("prettier", "fix = \"off\"", (1, "app.js"));
    mends("prettier");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn ruff() {
    looks("ruff", "", BROKEN);
    looks("ruff", "stdin = true", BROKEN);
    mends("ruff");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn ruff_format() {
    looks("ruff-format", "fix = \"off\"", BROKEN);
    looks("ruff-format", "stdin = true", BROKEN);
    mends("ruff-format");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn rustfmt() {
    looks("rustfmt", "fix = \"off\"", BROKEN);
    mends("rustfmt");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn shellcheck() {
    looks("shellcheck", "", BROKEN);
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn tsc() {
    // It does not tell a wrong option from a fault of the code.
    looks("tsc", "", (1, "TS5023"));
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn yamllint() {
    looks("yamllint", "", (3, "no finding can be read"));
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn zizmor() {
    looks("zizmor", "", BROKEN);
    mends("zizmor");
}
