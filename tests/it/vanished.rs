//! Tests that ran on the state before and are not there any more.

use crate::support::Repo;

/// A suite whose report is a file of the repository.
const POLICY: &str = "[checks.unit]\nrun = [\"cat\", \"report.xml\"]\noutput = \"junit\"\n";

fn report(names: &[&str]) -> String {
    let cases: String = names
        .iter()
        .map(|name| {
            let file = name.split("::").next().unwrap();
            format!("<testcase file='{file}.py' classname='{file}' name='{name}'/>")
        })
        .collect();
    format!("<testsuite>{cases}</testsuite>")
}

/// What a run of the suite tells of what is staged, which is then committed.
fn told(repo: &Repo, files: &[(&str, &str)]) -> String {
    repo.stage(files);
    let told = repo.tollgate(&["check", "--staged", "--only", "unit", "--format", "short"]).code(0).stdout;
    repo.git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "next"]).code(0);
    told
}

#[test]
fn a_test_that_ran_before_the_change_and_is_gone_is_noted_once() {
    let repo = Repo::with(&[("tollgate.toml", POLICY), ("a.py", ""), ("b.py", "")]);
    repo.tollgate(&["install"]).code(0);
    assert_eq!(told(&repo, &[("report.xml", &report(&["a::x", "a::y", "b::z", "c::w"]))]), "");
    let fewer = report(&["a::x", "b::z", "c::w"]);
    let noted =
        "a.py:1:1: note: 1 test that ran before the change is not there any more: `a::y` [unit/vanished-test]\n";
    assert_eq!(told(&repo, &[("report.xml", &fewer)]), noted);
    // From now on it is known without it.
    assert_eq!(told(&repo, &[("notes.txt", "")]), "");
    repo.git(&["rm", "-q", "b.py"]).code(0);
    let rest = report(&["a::x", "c::w"]);
    let noted =
        "(the change): note: b.py was deleted, and with it 1 test that ran before: `b::z` [unit/vanished-test]\n";
    assert_eq!(told(&repo, &[("report.xml", &rest)]), noted);
}

#[test]
fn what_is_not_known_for_certain_is_not_noted() {
    let repo = Repo::with(&[("tollgate.toml", POLICY), ("a.py", "")]);
    repo.tollgate(&["install"]).code(0);
    let (whole, fewer) = (report(&["a::x", "a::y"]), report(&["a::x"]));
    // A test of a file that git does not know of is none of the state.
    repo.write("untracked.py", "");
    assert_eq!(told(&repo, &[("report.xml", &whole)]), "");
    std::fs::remove_file(repo.top().join("untracked.py")).unwrap();
    assert_eq!(told(&repo, &[("report.xml", &fewer)]), "");
    // Nor is anything known of a state that the suite did not run on, like that of another branch.
    assert_eq!(told(&repo, &[("report.xml", &whole)]), "");
    repo.git(&["checkout", "-q", "-b", "other", "HEAD~3"]).code(0);
    assert_eq!(told(&repo, &[("report.xml", &fewer)]), "");
    // While a test fails, another may not have been reached.
    repo.git(&["checkout", "-q", "-"]).code(0);
    repo.stage(&[("report.xml", "<testsuite><testcase name='q'><failure/></testcase></testsuite>")]);
    repo.tollgate(&["check", "--staged", "--only", "unit", "--format", "short"]).code(1).is_silent_on("vanished");
}
