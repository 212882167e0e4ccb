//! Affected tests only: what reaches the runner, and what is said of it.

use std::fs;

use crate::support::Repo;

const FILES: [(&str, &str); 5] = [
    ("p/a.py", "x = 1\n"),
    ("p/b.py", "from p import a\n"),
    ("tests/test_a.py", "import p.a\n"),
    ("tests/test_b.py", "import p.b\n"),
    ("notes.md", "Notes.\n"),
];

/// A trusted repository whose runner of tests writes down what it is given.
fn with_suite(keys: &str) -> Repo {
    let repo = Repo::with(&FILES);
    let seen = repo.beside("seen");
    fs::write(repo.beside("run"), format!("echo \"ran $*\" > '{}'\n", seen.display())).unwrap();
    let run = repo.beside("run");
    let policy = format!(
        "[stages.pre-commit]\nchecks = [\"unit\"]\n[checks.unit]\nrun = [\"sh\", '{}', \"{{python-tests}}\"]\n{keys}\n",
        run.display()
    );
    repo.commit("policy", &[("tollgate.toml", &policy)]);
    repo.tollgate(&["install"]).code(0);
    repo
}

fn seen(repo: &Repo) -> String {
    fs::read_to_string(repo.beside("seen")).unwrap_or_default().trim().to_owned()
}

#[test]
fn a_hook_runs_what_the_change_may_affect_and_says_so() {
    let repo = with_suite("select = \"affected\"");
    repo.stage(&[("p/b.py", "from p import a as b\n")]);
    // What is not staged does not count.
    repo.write("p/a.py", "x = 2\n");
    repo.git(&["commit", "-q", "-m", "b"]).code(0);
    assert_eq!(seen(&repo), "ran tests/test_b.py");
    repo.stage(&[("p/a.py", "x = 3\n")]);
    let plan = repo.tollgate(&["check", "--staged", "--plan"]).code(0);
    plan.says("tests/test_a.py tests/test_b.py").says("2 of 2");
    repo.tollgate(&["check", "--staged", "--format", "json"]).code(0).says("2 of 2 files or packages of tests run");
    // Nothing to run is no fault.
    repo.git(&["reset", "-q", "--hard"]).code(0);
    repo.stage(&[("notes.md", "More notes.\n")]);
    fs::remove_file(repo.beside("seen")).unwrap();
    repo.tollgate(&["check", "--staged", "--format", "json"]).code(0).says("no test is affected");
    assert_eq!(seen(&repo), "");
}

#[test]
fn what_is_not_sure_runs_all_and_so_does_a_pull_request() {
    let repo = with_suite("select = \"affected\"");
    repo.stage(&[("p/b.py", "x = 4\n"), ("uv.lock", "1\n")]);
    repo.tollgate(&["check", "--staged", "--format", "json"]).code(0).says("all tests run: uv.lock");
    assert_eq!(seen(&repo), "ran");
    repo.git(&["reset", "-q", "--hard"]).code(0);
    let base = repo.git(&["rev-parse", "HEAD"]).code(0).stdout.trim().to_owned();
    repo.commit("more", &[("p/b.py", "x = 5\n")]);
    let range = ["check", "--base", &base, "--only", "unit"];
    repo.tollgate(&range).code(0);
    assert_eq!(seen(&repo), "ran");
    repo.tollgate(&[&range[..], &["--stage", "nightly"]].concat()).code(2);
    repo.tollgate(&[&range[..], &["--stage", "manual"]].concat()).code(0);
    assert_eq!(seen(&repo), "ran tests/test_b.py");
}
