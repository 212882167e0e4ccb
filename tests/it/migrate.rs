//! `tollgate migrate`: what another manager would have found is found afterwards.

use crate::support::Repo;

const PRE_COMMIT: &str = r#"exclude: ^vendor/
repos:
- repo: https://github.com/pre-commit/pre-commit-hooks
  rev: v5.0.0
  hooks:
  - id: trailing-whitespace
    exclude: \.txt$
  - id: check-json
- repo: local
  hooks:
  - id: no-todo
    name: No TODO
    entry: tools/no-todo.sh
    language: script
    types_or: [python, shell]
    exclude: ^tools/
  - id: no-drafts
    language: fail
    entry: drafts stay out
    files: \.draft$
  - id: format
    entry: sed -i s/tab/blank/
    language: system
    files: ^src/.*\.c$
"#;

const NO_TODO: &str = "#!/bin/sh\n! grep -n TODO \"$@\"\n";

fn with_pre_commit() -> Repo {
    let repo = Repo::with(&[(".pre-commit-config.yaml", PRE_COMMIT), ("tools/no-todo.sh", NO_TODO)]);
    repo.git(&["update-index", "--chmod=+x", "tools/no-todo.sh"]).code(0);
    repo.git(&["commit", "-q", "-m", "executable"]).code(0);
    repo.git(&["checkout", "-q", "--", "tools"]).code(0);
    repo
}

#[test]
fn a_faulty_commit_is_blocked_for_the_same_reasons() {
    let repo = with_pre_commit();
    repo.tollgate(&["migrate"])
        .code(0)
        .says("pre-commit: 5 translated, 0 wrapped, 0 lost")
        .says("pre-commit uninstall");
    repo.git(&["add", "tollgate.toml"]).code(0);
    repo.tollgate(&["install"]).code(0);
    let clean = [("a.py", "a = 1\n"), ("b.txt", "two \n"), ("src/c.c", "int blank;\n"), ("vendor/d.json", "{")];
    repo.stage(&clean);
    repo.git(&["commit", "-q", "-m", "clean"]).code(0);
    repo.stage(&[
        ("a.py", "a = 2 \n"),
        ("e.json", "{"),
        ("f.py", "# TODO\n"),
        ("g.draft", "x\n"),
        ("src/c.c", "int tab;\n"),
    ]);
    let ran = repo.git(&["commit", "-q", "-m", "faulty"]).code(1);
    let found = repo.tollgate(&["last", "--format", "short"]).stdout;
    for (check, file) in [
        ("trailing-whitespace", "a.py:1"),
        ("check-json", "e.json:1"),
        ("no-todo", ""),
        ("no-drafts", ""),
        ("format", "src/c.c:1"),
    ] {
        let is_it = |line: &&str| line.contains(&format!("[{check}]")) && line.starts_with(file);
        assert_eq!(found.lines().filter(is_it).count(), 1, "{check}:\n{found}{}", ran.text());
    }
    assert_eq!(found.lines().count(), 5, "{found}");
}

#[test]
fn nothing_is_overwritten_and_a_dry_run_writes_nothing() {
    let repo = with_pre_commit();
    let shown = repo.tollgate(&["migrate", "--dry-run"]).code(0).stdout;
    assert!(shown.contains("    [checks.no-todo]\n"), "{shown}");
    assert!(!repo.top().join("tollgate.toml").exists());
    repo.write("tollgate.toml", "# ours\n");
    repo.tollgate(&["migrate"]).code(2).says("tollgate.toml is there already").says("hint: ");
    repo.tollgate(&["migrate", "--dry-run"]).code(0);
    assert_eq!(repo.read("tollgate.toml"), "# ours\n");
    Repo::new().tollgate(&["migrate"]).code(2).says("hint: `tollgate init`");
}

#[test]
fn a_loss_is_told_by_the_exit_code_and_the_rest_is_written() {
    let hooks = "pre-commit:\n  jobs:\n    - run: sh check.sh {staged_files}\n      glob: '*.c'\npost-merge:\n  jobs:\n    - run: npm ci\n";
    let repo = Repo::with(&[("lefthook.yml", hooks), ("check.sh", "! grep -l bad \"$@\"\n")]);
    repo.tollgate(&["migrate"]).code(1).says("lefthook: 1 translated, 0 wrapped, 1 lost").says("post-merge");
    repo.tollgate(&["install"]).code(0);
    repo.stage(&[("a.c", "bad\n")]);
    repo.git(&["commit", "-q", "-m", "x"]).code(1).says("check-sh");
}
