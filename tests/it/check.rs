//! `tollgate check`: what is judged, what is new, and what the exit code says.

use crate::support::{Repo, TOLLGATE};

#[test]
fn a_staged_fault_blocks_and_a_mended_one_passes() {
    let repo = Repo::with(&[("a.py", "a = 1\n")]);
    repo.stage(&[("a.py", "a = 2 \n")]);
    repo.tollgate(&["check", "--staged"]).code(1).says("a.py:1:6: error: trailing whitespace [trailing-whitespace]");
    repo.stage(&[("a.py", "a = 2\n")]);
    repo.tollgate(&["check", "--staged"]).code(0).says("passed: staged changes against HEAD (main): 1 file");
}

#[test]
fn what_was_there_before_does_not_block() {
    let old = "def f(x):\n    return x is 'a'\n";
    let repo = Repo::with(&[("a.py", old)]);
    // Moved down, into another file, and renamed: the same finding.
    repo.stage(&[("a.py", &format!("import os\n\n\n{old}"))]);
    repo.tollgate(&["check", "--staged", "--fail-on", "note"]).code(0);
    repo.tollgate(&["check", "--staged", "--fail-on", "note", "--scope", "all"]).code(1).says("literal-identity");
    repo.git(&["checkout", "-q", "HEAD", "--", "a.py"]).code(0);
    repo.git(&["mv", "a.py", "b.py"]).code(0);
    repo.tollgate(&["check", "--staged", "--fail-on", "note"]).code(0);
    repo.write("b.py", "");
    repo.git(&["add", "b.py"]).code(0);
    repo.stage(&[("c.py", &format!("NAME = 1\n\n\n{old}"))]);
    repo.tollgate(&["check", "--staged", "--fail-on", "note"]).code(0);
    // A second one is new, and so is an edited line.
    repo.stage(&[("c.py", &format!("{old}\n\ndef g(x):\n    return x is 'a'\n"))]);
    repo.tollgate(&["check", "--staged", "--fail-on", "note"]).code(1).says("1 new error");
    repo.stage(&[("c.py", "def f(x):\n    return 1 + (x is 'a')\n")]);
    repo.tollgate(&["check", "--staged", "--fail-on", "note"]).code(1);
}

#[test]
fn a_new_finding_does_not_hide_behind_many_old_ones() {
    let old = "eval(input())\n".repeat(1_200);
    let repo = Repo::with(&[("a.py", &old), ("a.txt", &"x \n".repeat(1_200))]);
    let check = ["check", "--staged", "--fail-on", "note"];
    repo.stage(&[("a.py", &format!("{old}print(x)\n"))]);
    repo.tollgate(&check).code(0);
    repo.stage(&[("a.py", &format!("{old}eval(input(1))\n"))]);
    repo.tollgate(&check).code(1).says("eval-call");
    repo.stage(&[("a.py", &old), ("a.txt", &format!("{}new \n", "x \n".repeat(1_200)))]);
    repo.tollgate(&check).code(1).says("trailing-whitespace");
    repo.stage(&[("a.txt", &format!("{}new\n", "x \n".repeat(1_200)))]);
    repo.tollgate(&check).code(0);
}

#[test]
fn a_format_never_changes_the_verdict() {
    let repo = Repo::with(&[]);
    repo.stage(&[("a.json", "{")]);
    for format in ["terminal", "short", "sarif", "json", "markdown", "junit", "github", "gitlab"] {
        repo.tollgate(&["check", "--staged", "--format", format]).code(1);
    }
    repo.stage(&[("a.json", "{}\n")]);
    for format in ["terminal", "short", "sarif", "json", "markdown", "junit", "github", "gitlab"] {
        repo.tollgate(&["check", "--staged", "--format", format]).code(0);
    }
}

#[test]
fn the_last_run_is_shown_again() {
    let repo = Repo::with(&[]);
    repo.tollgate(&["last"]).code(2).says("hint: `tollgate check`");
    repo.stage(&[("a.json", "{")]);
    repo.tollgate(&["check", "--staged"]).code(1);
    repo.tollgate(&["last"])
        .code(0)
        .says("error[check-json]")
        .says("blocked: 2 new errors (check-json, end-of-file-fixer)");
    repo.tollgate(&["last", "--format", "short"]).code(0).says("a.json:1:2: error: ");
}

#[test]
fn rules_that_are_nowhere_are_missed() {
    let repo = Repo::with(&[("tollgate.toml", "[rules]\npaths = [\"nowhere/*.yml\"]\n"), ("a.py", "x = 1\n")]);
    repo.stage(&[("a.py", "x = 2\n")]);
    repo.tollgate(&["check", "--staged"]).code(0).says("`paths` of [rules] match no tracked file");
}

#[test]
fn generated_and_vendored_files_are_looked_at_for_secrets_alone() {
    let line = "MIIEpAIBAAKCAQEA7bq6Vt3mJ0xkS1u9cD2eF4gH5iK8lM6nO+pQ/rRsTtUuVv0w";
    let key = format!("-----BEGIN RSA PRIVATE{}\n{line}\n{line}\n", " KEY-----");
    let attributes = "dist/** linguist-generated\n/lib/** vendored\nlib/own.txt -vendored\n";
    let deep = "*.gen generated=true\n";
    let repo = Repo::with(&[(".gitattributes", attributes), ("deep/.gitattributes", deep)]);
    let bad = "bad \n";
    repo.stage(&[("dist/a.txt", bad), ("lib/b.txt", bad), ("deep/er/c.gen", bad), ("d.gen", "good\n")]);
    for what in [&["--staged"][..], &["--worktree"], &["--all"], &["dist", "lib", "deep"]] {
        let ran = repo.tollgate(&[&["check"], what].concat()).code(0);
        ran.says("secrets alone: deep/er/c.gen, dist/a.txt, lib/b.txt");
    }
    repo.stage(&[("lib/own.txt", bad), ("deep/er/c.gen", &format!("{bad}{key}"))]);
    let ran = repo.tollgate(&["check", "--staged"]).code(1).says("lib/own.txt:1:4").says("deep/er/c.gen:2:6");
    ran.is_silent_on("deep/er/c.gen:1:4").is_silent_on("lib/b.txt:");
    // What is staged says what is staged.
    repo.stage(&[(".gitattributes", ""), ("lib/own.txt", "good\n"), ("deep/er/c.gen", "good\n")]);
    repo.write(".gitattributes", attributes);
    repo.tollgate(&["check", "--staged"]).code(1).says("dist/a.txt:1:4").says("lib/b.txt:1:4");
}

#[test]
fn an_editor_hands_over_its_text() {
    let policy = "[checks.own]\nrun = [\"false\"]\n[[overrides]]\nfiles = [\"docs/**\"]\nlevels = { trailing-whitespace = \"off\" }\n";
    let repo = Repo::with(&[("a.py", "x = 1\n"), ("docs/a.txt", "x\n"), ("tollgate.toml", policy)]);
    let given = |path: &str, text: &str| {
        let args = ["check", "--stdin-filename", path, "--format", "short"];
        repo.run_in(&repo.top(), TOLLGATE, &args, text.as_bytes())
    };
    given("a.py", "x = 1\nbreakpoint()\n").code(1).says("a.py:2:1").is_silent_on("own");
    given("new.txt", "x \n").code(1).says("new.txt:1:2");
    given("docs/a.txt", "x \n").code(0);
    given("a.py", "").code(0);
    given("../a.py", "").code(2).says("not in the work tree");
    repo.run_in(&repo.top(), TOLLGATE, &["check", "--stdin-filename", "a.py", "-v"], b"x = 1\n")
        .code(0)
        .says("left out by --stdin-filename");
}
