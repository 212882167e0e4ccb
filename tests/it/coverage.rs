//! Coverage of the change, from a report of a command or of the command line to the verdict.

use crate::support::Repo;

const OLD: &str = "def price(x):\n    return x\n";
const NEW: &str = "def price(x):\n    y = x\n    return y\n\n\ndef refund(x):\n    x.paid = 0\n    return 0\n";

/// A report of `shop.py` as it is in [`NEW`], where `refund` was run so often.
fn report(n_refunds: u32) -> String {
    format!("SF:shop.py\nDA:1,1\nDA:2,1\nDA:3,1\nDA:6,1\nDA:7,{n_refunds}\nDA:8,{n_refunds}\nend_of_record\n")
}

/// A branch that writes a function, and the policy of `main`.
fn branch(policy: &str) -> Repo {
    let repo = Repo::with(&[("shop.py", OLD), ("tollgate.toml", policy), (".gitignore", "*.info\n")]);
    repo.git(&["checkout", "-q", "-b", "feature"]).code(0);
    repo.commit("change", &[("shop.py", NEW)]);
    repo
}

const GATE: &str = "[gate]\ncoverage = 60\n";
const GIVEN: [&str; 4] = ["check", "--base", "main", "--coverage=lcov=lcov.info"];

#[test]
fn an_uncovered_function_blocks_a_pull_request_and_says_where() {
    let repo = branch(GATE);
    repo.write("lcov.info", report(0));
    let blocked = repo.tollgate(&GIVEN).code(1);
    blocked
        .says("shop.py:6:1: error: no test runs `refund`: none of its 2 lines that can be run was run [coverage/uncovered-function]")
        .says("coverage: 60.0 % of 5 changed lines, 1 of 2 changed functions run by no test")
        .is_silent_on("changed-lines");
    for format in ["json", "sarif", "markdown", "short", "junit", "github", "gitlab"] {
        let shown = repo.tollgate(&[&GIVEN[..], &["--format", format]].concat()).code(1);
        shown.says("refund");
    }
    let allowed =
        NEW.replace("\n\ndef refund", "\n# tollgate: allow(coverage/uncovered-function) needs a printer\ndef refund");
    repo.commit("allow", &[("shop.py", &allowed)]);
    repo.tollgate(&GIVEN).code(0).says("needs a printer").says("1 of 2 changed functions run by no test");
    repo.write("lcov.info", report(2));
    repo.tollgate(&GIVEN).code(0).says("coverage: 100.0 % of 5 changed lines");
    repo.tollgate(&[&GIVEN[..], &["--format", "json"]].concat()).code(0).says("\"n_lines\":5,\"n_run\":5");
    repo.tollgate(&[&GIVEN[..], &["--format", "markdown"]].concat()).code(0).says("100.0 % of 5 changed lines");
    repo.tollgate(&[&GIVEN[..], &["--format", "sarif"]].concat()).code(0).says("\"coveredLines\":5");
    repo.tollgate(&[&GIVEN[..], &["--plan"]].concat()).code(0).says("coverage");
    repo.tollgate(&["explain", "coverage/uncovered-function"]).code(0).says("of which no line is run by any test");
}

#[test]
fn a_report_that_is_missing_is_no_pass() {
    let repo = branch(GATE);
    repo.tollgate(&GIVEN).code(3).says("there is no coverage report `lcov.info`");
    repo.tollgate(&["check", "--base", "main"])
        .code(3)
        .says("asks for coverage, and there is no report")
        .says("--coverage");
    repo.tollgate(&["check", "--base", "main", "--skip", "coverage"]).code(0).says("skipped: coverage");
    repo.write("lcov.info", &report(1)[..40]);
    repo.tollgate(&GIVEN).code(3).says("lcov.info can't be read as lcov: it is broken off");
    repo.tollgate(&["check", "--coverage=lcof=x"]).code(2).says("there is no format `lcof`");
    // What nobody wants to be measured need not be there.
    let unmeasured = branch(&format!("{GATE}[checks.coverage]\nexclude = [\"shop.py\"]\n"));
    unmeasured.write("lcov.info", report(0));
    unmeasured.tollgate(&GIVEN).code(0).says("coverage: no changed line can be run");
    // Before a commit no test runs, so nothing is asked.
    repo.stage(&[("shop.py", OLD)]);
    repo.tollgate(&["check", "--staged"]).code(0);
}

#[test]
fn a_command_writes_the_report_and_an_old_one_does_not_count() {
    let check =
        "[checks.unit]\nrun = [\"sh\", \"BESIDE\"]\ncoverage = { format = \"lcov\", file = \"build/*.info\" }\n";
    let repo = branch(GATE);
    let script = repo.beside("tests.sh");
    let policy = format!("{GATE}{}", check.replace("BESIDE", script.to_str().unwrap()));
    repo.git(&["checkout", "-q", "main"]).code(0);
    repo.commit("policy", &[("tollgate.toml", &policy)]);
    repo.git(&["checkout", "-q", "feature"]).code(0);
    repo.git(&["rebase", "-q", "main"]).code(0);
    repo.tollgate(&["install"]).code(0);
    let run = |line: &str| {
        std::fs::write(&script, line).unwrap();
        repo.tollgate(&["check", "--base", "main"])
    };
    let writes =
        |n_refunds| format!("mkdir -p build; printf '{}' > build/a.info", report(n_refunds).replace('\n', "\\n"));
    run(&writes(0)).code(1).says("no test runs `refund`");
    run(&writes(1)).code(0).says("coverage: 100.0 % of 5 changed lines");
    run("true").code(3).says("`unit` wrote no coverage report `build/*.info`");
    run("exit 1").code(1).says("`unit` wrote no coverage report");
    run("kill -9 $$").code(3).says("skipped: coverage");
}
