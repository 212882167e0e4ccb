//! `tollgate ci`: the environments of forges, the policy of the base branch, reports and exit codes.

use std::fs;
use std::path::Path;

use crate::support::{Ran, Repo, TOLLGATE, run};

const BAD: &str = "bad \n";
/// A policy under which anything is an error to be found and nothing is left out.
const STRICT: &str = "[rules.levels]\nchange-too-large = \"error\"\n[change]\nmax-lines = 50\n";
/// A policy that switches everything off.
const OFF: &str = "builtin = false\n[gate]\nfail-on = \"none\"\n[stages.pull-request]\nchecks = []\n";

/// A repository whose `main` is on the remote with a first commit of `base`, and which stands on `feature` with `change`.
fn feature(base: &[(&str, &str)], change: &[(&str, &str)]) -> Repo {
    let repo = Repo::with(base);
    let remote = repo.beside("remote.git");
    repo.git(&["init", "-q", "--bare", "-b", "main", remote.to_str().unwrap()]).code(0);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]).code(0);
    repo.git(&["push", "-q", "-u", "origin", "main"]).code(0);
    repo.git(&["checkout", "-q", "-b", "feature"]).code(0);
    repo.commit("change", change);
    repo
}

fn revision(repo: &Repo, name: &str) -> String {
    repo.git(&["rev-parse", name]).code(0).stdout.trim().to_owned()
}

fn ci(repo: &Repo, variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.arg("ci").args(args).envs(variables.iter().copied());
    run(&mut command, b"")
}

fn json(file: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[test]
fn a_change_is_judged_against_its_base() {
    let repo = feature(&[("old.txt", BAD), ("a.txt", "one\n")], &[("a.txt", BAD)]);
    let blocked = ci(&repo, &[], &["--base", "origin/main"]).code(1).says("a.txt:1:4").is_silent_on("old.txt");
    assert!(blocked.stdout.starts_with("blocked: 1 new error (trailing-whitespace)"), "{}", blocked.stdout);
    ci(&repo, &[], &["--base", "origin/main", "--head", "HEAD~1"]).code(0);
    ci(&repo, &[], &["--base", "main", "--revision", "feature", "--change", "7"]).code(1).says("change 7 into main");
    // What is in the work tree is not part of it.
    repo.write("a.txt", "one\n");
    ci(&repo, &[], &["--base", "origin/main"]).code(1);
    repo.stage(&[("a.txt", "mended\n")]);
    ci(&repo, &[], &["--base", "origin/main"]).code(1);
    repo.commit("mended", &[("a.txt", "mended\n"), ("b.txt", "x\n")]);
    repo.write("b.txt", BAD);
    ci(&repo, &[], &["--base", "origin/main"]).code(0);
}

#[test]
fn what_the_base_brought_since_is_not_the_change() {
    let repo = feature(&[("a.txt", "one\n")], &[("b.txt", "fine\n")]);
    repo.git(&["checkout", "-q", "main"]).code(0);
    repo.commit("main goes on", &[("c.txt", BAD), ("a.txt", "two\n")]);
    repo.git(&["push", "-q", "origin", "main"]).code(0);
    repo.git(&["checkout", "-q", "feature"]).code(0);
    ci(&repo, &[], &["--base", "origin/main"]).code(0).is_silent_on("c.txt");
    // Merged into the branch it is no more the branch's own.
    repo.git(&["merge", "-q", "--no-edit", "main"]).code(0);
    ci(&repo, &[], &["--base", "origin/main"]).code(0).is_silent_on("c.txt");
}

#[test]
fn a_warning_blocks_a_pull_request() {
    let repo = feature(&[("a.py", "x = 1\n")], &[("a.py", "import requests\nrequests.get(x, verify=False)\n")]);
    repo.tollgate(&["check", "--base", "main", "--stage", "pre-commit"]).code(0);
    ci(&repo, &[], &["--base", "main"]).code(1).says("unverified-tls-request");
    ci(&repo, &[], &["--base", "main", "--fail-on", "error"]).code(0).says("unverified-tls-request");
}

#[test]
fn reports_are_written_whatever_the_verdict() {
    for (change, code, n_results) in [(BAD, 1, 1), ("good\n", 0, 0)] {
        let repo = feature(&[("a.txt", "one\n")], &[("a.txt", change)]);
        repo.git(&["remote", "set-url", "origin", "https://user:hunter2@example.org/x.git"]).code(0);
        let (sarif, junit) = (repo.beside("out.sarif"), repo.beside("out.xml"));
        let args = ["--base", "main", "--report", &format!("sarif={}", sarif.display())];
        let with_junit = format!("junit={}", junit.display());
        ci(&repo, &[], &[&args[..], &["--report", &with_junit]].concat()).code(code);
        assert!(!fs::read_to_string(&sarif).unwrap().contains("hunter2"));
        let sarif = json(&sarif);
        assert_eq!(sarif["version"], "2.1.0");
        assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), n_results);
        assert_eq!(sarif["runs"][0]["versionControlProvenance"][0]["revisionId"], revision(&repo, "HEAD"));
        let junit = fs::read_to_string(junit).unwrap();
        assert_eq!(junit.contains("<failure"), n_results > 0, "{junit}");
        assert!(junit.contains("trailing-whitespace"), "{junit}");
    }
    let repo = feature(&[("a.txt", "one\n")], &[("a.txt", "two\n")]);
    ci(&repo, &[], &["--base", "main", "--report", "sarif=/nowhere/at/all.sarif"])
        .code(3)
        .says("/nowhere/at/all.sarif");
}

#[test]
fn github_actions() {
    let repo = feature(&[("a.txt", "one\n")], &[("a,b:c%.txt", BAD)]);
    // Actions checks out the merge of the request into its base, detached.
    let feature = revision(&repo, "feature");
    repo.git(&["checkout", "-q", "--detach", "main"]).code(0);
    repo.git(&["merge", "-q", "--no-ff", "--no-edit", "feature"]).code(0);
    let (merge, base) = (revision(&repo, "HEAD"), revision(&repo, "main"));
    let (event, summary) = (repo.beside("event.json"), repo.beside("summary.md"));
    let text =
        format!(r#"{{"number": 7, "pull_request": {{"base": {{"sha": "{base}"}}, "head": {{"sha": "{feature}"}}}}}}"#);
    fs::write(&event, text).unwrap();
    fs::write(&summary, "before\n").unwrap();
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
        ("GITHUB_SHA", &merge),
        ("GITHUB_REF", "refs/pull/7/merge"),
        ("GITHUB_BASE_REF", "main"),
        ("GITHUB_HEAD_REF", "feature"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    ci(&repo, &variables, &[])
        .code(1)
        .says("::error file=a%2Cb%3Ac%25.txt,line=1,")
        .says("pull request 7 into main")
        .says("blocked: 1 new error");
    let written = fs::read_to_string(&summary).unwrap();
    assert!(written.starts_with("before\n") && written.contains("trailing-whitespace"), "{written}");
    // The annotations once, not twice.
    let ran = ci(&repo, &variables, &["--format", "github"]).code(1);
    assert_eq!(ran.stdout.matches("::error ").count(), 1, "{}", ran.stdout);
    // A push, a new branch, a merge queue.
    let on = |name: &str, text: &str, reference: &str, sha: &str| {
        fs::write(&event, text).unwrap();
        let path = event.to_str().unwrap();
        let own = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", name),
            ("GITHUB_EVENT_PATH", path),
            ("GITHUB_SHA", sha),
            ("GITHUB_REF", reference),
        ];
        ci(&repo, &own, &[])
    };
    on("push", &format!(r#"{{"before": "{base}"}}"#), "refs/heads/feature", &feature).code(1).says("push to feature");
    let zero = "0".repeat(40);
    let new = format!(r#"{{"before": "{zero}", "repository": {{"default_branch": "main"}}}}"#);
    on("push", &new, "refs/heads/feature", &feature).code(1).says("push to feature");
    let group = format!(r#"{{"merge_group": {{"base_sha": "{base}", "base_ref": "refs/heads/main"}}}}"#);
    on("merge_group", &group, "refs/heads/gh-readonly-queue/main/pr-7", &merge).code(1).says("merge group into main");
    on("schedule", "{}", "refs/heads/main", &base).code(2).says("--base");
    on("push", "no json", "refs/heads/main", &base).code(2).says("event");
}

#[test]
fn gitlab_ci() {
    let repo = feature(&[("a.txt", "one\n")], &[("a.txt", BAD)]);
    let (head, base) = (revision(&repo, "HEAD"), revision(&repo, "main"));
    let zero = "0".repeat(40);
    let request = [
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_SHA", head.as_str()),
        ("CI_COMMIT_REF_NAME", "feature"),
        ("CI_MERGE_REQUEST_IID", "5"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", ""),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.as_str()),
        ("CI_COMMIT_BEFORE_SHA", zero.as_str()),
    ];
    let report = repo.beside("quality.json");
    ci(&repo, &request, &["--report", &format!("gitlab={}", report.display())])
        .code(1)
        .says("merge request 5 into main");
    let report = json(&report);
    assert_eq!(report[0]["location"]["path"], "a.txt");
    assert_eq!(report[0]["check_name"], "trailing-whitespace");
    let push = [
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_SHA", head.as_str()),
        ("CI_COMMIT_BRANCH", "feature"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BEFORE_SHA", zero.as_str()),
    ];
    ci(&repo, &push, &[]).code(1).says("push to feature");
    ci(&repo, &[("GITLAB_CI", "true"), ("CI_COMMIT_SHA", &head)], &[]).code(2).says("--base");
}

#[test]
fn aws_codebuild() {
    let repo = feature(&[("a.txt", "one\n")], &[("a.txt", BAD)]);
    let head = revision(&repo, "HEAD");
    let build = [
        ("CODEBUILD_BUILD_ID", "gate:1"),
        ("CODEBUILD_RESOLVED_SOURCE_VERSION", head.as_str()),
        ("CODEBUILD_WEBHOOK_TRIGGER", "pr/7"),
        ("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/main"),
        ("CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/feature"),
    ];
    ci(&repo, &build, &[]).code(1).says("pr/7 into main");
    ci(&repo, &build[..2], &[]).code(2).says("--base");
    // CodeBuild checks out without any branch of the remote.
    repo.git(&["update-ref", "-d", "refs/remotes/origin/main"]).code(0);
    ci(&repo, &build, &[]).code(3).says("git-clone-depth");
}

#[test]
fn a_pipeline_can_be_named() {
    let repo = feature(&[("a.txt", "one\n")], &[("a.txt", BAD)]);
    ci(&repo, &[], &[]).code(2).says("--base origin/main");
    ci(&repo, &[], &["--forge", "github", "--base", "main"]).code(1).says("::error file=a.txt");
    ci(&repo, &[], &["--forge", "githup", "--base", "main"]).code(2).says("github");
    ci(&repo, &[], &["--base", "no-such-branch"]).code(3).says("no-such-branch");
    ci(&repo, &[], &["--base", "main", "--head", "no-such-head"]).code(3).says("no-such-head");
    ci(&repo, &[], &["--base=--all"]).code(3);
}

#[test]
fn the_policy_of_the_base_judges() {
    // A branch that switches everything off does not help itself.
    let repo = feature(&[("tollgate.toml", STRICT), ("a.txt", "one\n")], &[("tollgate.toml", OFF), ("a.txt", BAD)]);
    ci(&repo, &[], &["--base", "main"]).code(1).says("a.txt:1:4").says("tollgate.toml at main");
    repo.tollgate(&["check", "--base", "main"]).code(1).says("a.txt:1:4");
    // Nor does one that excludes itself, lowers a level or breaks the file.
    for own in [
        "exclude = [\"*\"]\n",
        "[rules.levels]\ntrailing-whitespace = \"off\"\n",
        "nonsense = 1\n",
        "min-version = \"99\"\n",
    ] {
        repo.commit("again", &[("tollgate.toml", own)]);
        ci(&repo, &[], &["--base", "main"]).code(1).says("a.txt:1:4");
    }
    repo.git(&["rm", "-q", "tollgate.toml"]).code(0);
    repo.commit("without", &[]);
    ci(&repo, &[], &["--base", "main"]).code(1).says("a.txt:1:4");
    // What stands in the work tree or in a person's own file counts as little.
    repo.write("tollgate.toml", OFF);
    repo.write("tollgate.local.toml", OFF);
    ci(&repo, &[], &["--base", "main"]).code(1).says("a.txt:1:4");
    // And a strict branch does not judge itself by what it asks of others.
    let repo = feature(&[("tollgate.toml", OFF), ("a.txt", "one\n")], &[("tollgate.toml", STRICT), ("a.txt", BAD)]);
    ci(&repo, &[], &["--base", "main"]).code(0);
}

#[test]
fn rules_of_the_base_judge_and_not_those_of_the_branch() {
    let rule = |id: &str, pattern: &str| {
        format!("id: {id}\nlanguage: Python\nseverity: error\nmessage: no {pattern}\nrule:\n  pattern: {pattern}\n")
    };
    let policy = "[rules]\npaths = [\"rules/*.yml\"]\n";
    let repo = feature(
        &[("tollgate.toml", policy), ("rules/no-launch.yml", &rule("no-launch", "launch($$$)")), ("a.py", "x = 1\n")],
        &[("rules/no-launch.yml", &rule("no-launch", "land($$$)")), ("a.py", "launch(1)\nland(1)\n")],
    );
    ci(&repo, &[], &["--base", "main"]).code(1).says("a.py:1:1").is_silent_on("a.py:2:1");
}

#[test]
fn where_the_base_has_no_policy_the_defaults_decide_and_that_of_the_change_reports() {
    // Adding a policy switches nothing off.
    for own in ["", OFF, STRICT, "exclude = [\"*\"]\n", "[rules.levels]\ntrailing-whitespace = \"off\"\n"] {
        let repo = feature(&[("a.txt", "one\n")], &[("tollgate.toml", own), ("a.txt", BAD)]);
        let ran = ci(&repo, &[], &["--base", "main"]).code(1).says("a.txt:1:4").says("the base has no policy");
        assert_eq!(ran.stdout.matches("a.txt:1:4").count(), 1, "{}", ran.stdout);
    }
    // What only the new policy finds is told, and blocks from the next change on; its commands nobody has allowed yet.
    let own = "[rules]\npaths = [\"no.yml\"]\n[checks.lint]\nrun = [\"sh\", \"-c\", \"touch ran; exit 1\"]\n";
    let rule = "id: no\nlanguage: Python\nseverity: error\nmessage: no good\nrule:\n  pattern: launch($$$)\n";
    let change = [("tollgate.toml", own), ("no.yml", rule), ("a.py", "launch(1)\n")];
    let repo = feature(&[("a.txt", "one\n")], &change);
    ci(&repo, &[], &["--base", "main"])
        .code(0)
        .says("no good")
        .says("reporting only")
        .says("do not run before the base");
    ci(&repo, &[], &["--base", "main", "--only", "lint"]).code(0).says("skipped: lint");
    ci(&repo, &[], &["--base", "main", "--plan"]).code(0).says("lint");
    assert!(!repo.top().join("ran").exists());
    let report = repo.beside("out.sarif");
    ci(&repo, &[], &["--base", "main", "--report", &format!("sarif={}", report.display())]).code(0);
    assert_eq!(json(&report)["runs"].as_array().unwrap().len(), 1);
    let repo = feature(&[("a.txt", "one\n")], &[("tollgate.toml", "nonsense = 1\n"), ("a.txt", "two\n")]);
    ci(&repo, &[], &["--base", "main"]).code(2).says("nonsense");
    // Without any policy the defaults judge.
    let repo = feature(&[("a.txt", "one\n")], &[("a.txt", BAD)]);
    ci(&repo, &[], &["--base", "main"]).code(1).says("built-in defaults");
}

#[test]
fn a_change_does_not_bring_the_program_that_judges_it() {
    let policy = "[checks.lint]\nrun = [\"false\", \"{files}\"]\n";
    let base = [("tollgate.toml", policy), ("a.py", "x = 1\n"), ("tools/false", "#!/bin/sh\nexit 0\n")];
    for folder in [".venv/bin", "venv/bin", "node_modules/.bin"] {
        let program = format!("{folder}/false");
        let repo = feature(&base, &[("b.py", "y = 1\n"), (&program, "#!/bin/sh\nexit 0\n")]);
        repo.git(&["update-index", "--chmod=+x", &program]).code(0);
        repo.git(&["commit", "-q", "--no-verify", "-m", "planted"]).code(0);
        repo.git(&["checkout", "-q", "-f", "HEAD"]).code(0);
        ci(&repo, &[], &["--base", "main"]).code(3).says(&format!("the change brings `{program}`"));
    }
    let repo = feature(&base, &[("b.py", "y = 1\n")]);
    std::fs::create_dir(repo.top().join(".venv")).unwrap();
    std::os::unix::fs::symlink("../tools", repo.top().join(".venv/bin")).unwrap();
    repo.git(&["add", "-f", "."]).code(0);
    repo.git(&["commit", "-q", "--no-verify", "-m", "planted"]).code(0);
    ci(&repo, &[], &["--base", "main"]).code(3).says("the change brings `.venv/bin`");
}

#[test]
fn a_push_to_a_branch_is_judged_by_the_policy_of_the_default_branch() {
    // The branch switched everything off in an earlier push, which is the base of this one.
    let repo = feature(&[("a.txt", "one\n"), ("tollgate.toml", "")], &[("tollgate.toml", OFF)]);
    let before = revision(&repo, "HEAD");
    repo.commit("bad", &[("a.txt", BAD)]);
    let head = revision(&repo, "HEAD");
    let push = |branch: &'static str, default: &'static str| {
        let before = before.as_str();
        let own = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", head.as_str()), ("CI_COMMIT_BEFORE_SHA", before)];
        ci(&repo, &[&own[..], &[("CI_COMMIT_BRANCH", branch), ("CI_DEFAULT_BRANCH", default)]].concat(), &[])
    };
    push("feature", "main").code(1).says("a.txt:1:4").says("tollgate.toml at refs/remotes/origin/main");
    // Attributes are part of it, and what nobody knows is said.
    push("feature", "trunk").code(0).says("the default branch `trunk` was not fetched");
    push("feature", "").code(0).says("the default branch is not known here");
    push("feature", "feature").code(0).is_silent_on("default branch");
    repo.git(&["remote", "set-head", "origin", "main"]).code(0);
    push("feature", "").code(1).says("a.txt:1:4");
}

#[test]
fn a_forced_push_is_compared_with_the_default_branch() {
    let repo = feature(&[("a.txt", "one\n"), ("old.txt", BAD)], &[("b.txt", BAD)]);
    let (head, gone) = (revision(&repo, "HEAD"), "1".repeat(40));
    let own = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", head.as_str()), ("CI_COMMIT_BEFORE_SHA", gone.as_str())];
    let push = |branch: &'static str| {
        ci(&repo, &[&own[..], &[("CI_COMMIT_BRANCH", branch), ("CI_DEFAULT_BRANCH", "main")]].concat(), &[])
    };
    let told = "the push replaced what was there before: compared with the default branch `main`";
    push("feature").code(1).says("b.txt:1:4").is_silent_on("old.txt").says(told);
    // Compared with itself the default branch would always pass.
    push("main").code(3).says("name with --base").is_silent_on("GIT_DEPTH");
    let event = repo.beside("event.json");
    fs::write(&event, format!(r#"{{"before": "{gone}", "repository": {{"default_branch": "main"}}}}"#)).unwrap();
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
        ("GITHUB_SHA", head.as_str()),
        ("GITHUB_REF", "refs/heads/feature"),
    ];
    ci(&repo, &github, &[]).code(1).says("b.txt:1:4").is_silent_on("old.txt").says(told);
    // A clone that still holds what was replaced, a fix of what comes back: judged as one that does not.
    repo.commit("mended", &[("b.txt", "good\n")]);
    let fixed = revision(&repo, "HEAD");
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]).code(0);
    repo.commit("else", &[("c.txt", "fine\n")]);
    let head = revision(&repo, "HEAD");
    let rewound = [
        ("GITLAB_CI", "true"),
        ("CI_COMMIT_SHA", head.as_str()),
        ("CI_COMMIT_BEFORE_SHA", fixed.as_str()),
        ("CI_COMMIT_BRANCH", "feature"),
        ("CI_DEFAULT_BRANCH", "main"),
    ];
    ci(&repo, &rewound, &[]).code(1).says("b.txt:1:4").is_silent_on("old.txt").says(told);
    let onto_default = rewound.map(|(name, value)| (name, if value == "feature" { "main" } else { value }));
    ci(&repo, &onto_default, &[]).says("the push replaced what was there before: compared with where the two parted");
}

#[test]
fn a_change_does_not_declare_itself_generated() {
    let own = [(".gitattributes", "*.txt linguist-generated\n"), ("a.txt", BAD)];
    let repo = feature(&[("a.txt", "one\n"), ("tollgate.toml", "")], &own);
    ci(&repo, &[], &["--base", "main"]).code(1).says("a.txt:1:4");
    let repo = feature(&[(".gitattributes", "*.txt linguist-generated\n"), ("a.txt", "one\n")], &[("a.txt", BAD)]);
    ci(&repo, &[], &["--base", "main"]).code(0).says("generated or vendored by .gitattributes");
    // Nor is what is there an excuse for what moves out of it.
    let bad = "def f():\n    breakpoint()\n";
    let repo = feature(
        &[(".gitattributes", "gen/** generated\n"), ("gen/a.py", bad), ("src/a.py", "x = 1\n")],
        &[("gen/a.py", "x = 1\n"), ("src/a.py", bad)],
    );
    ci(&repo, &[], &["--base", "main"]).code(1).says("breakpoint-call");
}

#[test]
fn a_broken_policy_on_the_base_is_an_error() {
    let repo = feature(&[("tollgate.toml", "nonsense = 1\n")], &[("tollgate.toml", STRICT), ("a.txt", "x\n")]);
    ci(&repo, &[], &["--base", "main"]).code(2).says("tollgate.toml").says("nonsense").says("main");
}

#[test]
fn nobody_switches_a_pipeline_off_from_outside() {
    let repo = feature(&[("a.txt", "one\n")], &[("a.txt", BAD)]);
    for variable in [("TOLLGATE_SKIP", "trailing-whitespace"), ("SKIP", "trailing-whitespace"), ("TOLLGATE", "0")] {
        ci(&repo, &[variable], &["--base", "main"]).code(1).says("a.txt:1:4");
    }
    ci(&repo, &[], &["--base", "main", "--skip", "trailing-whitespace"]).code(0).says("trailing-whitespace");
}

#[test]
fn a_shallow_clone_says_what_to_fetch() {
    let repo = feature(&[("a.txt", "one\n")], &[("a.txt", BAD)]);
    repo.git(&["push", "-q", "origin", "feature"]).code(0);
    repo.git(&["checkout", "-q", "main"]).code(0);
    repo.commit("main goes on", &[("b.txt", "x\n")]);
    repo.git(&["push", "-q", "origin", "main"]).code(0);
    let url = format!("file://{}", repo.beside("remote.git").display());
    let clone = repo.beside("clone");
    let clone = clone.to_str().unwrap();
    repo.git(&["clone", "-q", "--depth", "1", "--branch", "feature", &url, clone]).code(0);
    let in_clone = |args: &[&str]| repo.run_in(Path::new(clone), TOLLGATE, args, b"");
    in_clone(&["ci", "--base", "origin/main"]).code(3).says("hint: ").says("fetch");
    // In a pipeline the hint is about its own options.
    let (event, sha) = (repo.beside("event.json"), revision(&repo, "feature"));
    fs::write(&event, format!(r#"{{"number": 7, "pull_request": {{"base": {{"sha": "{}"}}}}}}"#, "1".repeat(40)))
        .unwrap();
    let mut command = repo.command(Path::new(clone), TOLLGATE);
    command.arg("ci").env("GITHUB_ACTIONS", "true").env("GITHUB_SHA", sha).env("GITHUB_REF", "refs/pull/7/merge");
    command.env("GITHUB_EVENT_PATH", &event).env("GITHUB_BASE_REF", "main");
    run(&mut command, b"").code(3).says("fetch-depth: 0");
    repo.git(&["-C", clone, "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main"]).code(0);
    in_clone(&["ci", "--base", "origin/main"]).code(3).says("hint: ").says("--unshallow");
    // What was there before a push may be beyond the cut, too.
    let mut command = repo.command(Path::new(clone), TOLLGATE);
    command.arg("ci").env("GITLAB_CI", "true").env("CI_COMMIT_SHA", revision(&repo, "feature"));
    command.env("CI_COMMIT_BEFORE_SHA", "1".repeat(40)).env("CI_COMMIT_BRANCH", "feature");
    run(command.env("CI_DEFAULT_BRANCH", "main"), b"").code(3).says("GIT_DEPTH");
    repo.git(&["-C", clone, "fetch", "-q", "--unshallow", "origin"]).code(0);
    in_clone(&["ci", "--base", "origin/main"]).code(1).says("a.txt:1:4");
}

#[test]
fn a_pipeline_may_run_the_commands_of_the_base() {
    let policy = |word: &str| {
        format!(
            "[stages.pull-request]\nchecks = [\"own\"]\n[checks.own]\nrun = [\"sh\", \"-c\", \"echo {word}; exit 1\"]\n"
        )
    };
    let repo = feature(
        &[("tollgate.toml", &policy("of-the-base")), ("a.txt", "one\n")],
        &[("tollgate.toml", &policy("of-the-branch")), ("a.txt", "two\n")],
    );
    ci(&repo, &[], &["--base", "main"]).code(1).says("of-the-base").is_silent_on("of-the-branch");
    ci(&repo, &[], &["--base", "main", "--plan"]).code(0).says("of-the-base");
}

#[test]
fn a_change_that_brings_nothing_passes() {
    let repo = feature(&[("a.txt", "one\n")], &[]);
    ci(&repo, &[], &["--base", "main"]).code(0);
    let bare = repo.beside("remote.git");
    repo.git(&["push", "-q", "origin", "feature"]).code(0);
    repo.run_in(&bare, TOLLGATE, &["ci", "--base", "main", "--head", "feature"], b"").code(0);
    repo.commit("bad", &[("a.txt", BAD)]);
    repo.git(&["push", "-q", "origin", "feature"]).code(0);
    repo.run_in(&bare, TOLLGATE, &["ci", "--base", "main", "--head", "feature"], b"").code(1).says("a.txt:1:4");
}

#[test]
fn a_tag_with_the_name_of_the_base_does_not_stand_in_for_it() {
    let repo = feature(&[("a.py", "x = 1\n")], &[("a.py", "breakpoint()\n")]);
    repo.git(&["tag", "origin/main"]).code(0);
    repo.git(&["update-ref", "refs/remotes/origin/main", "main"]).code(0);
    let head = revision(&repo, "HEAD");
    let pipeline =
        [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", head.as_str()), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")];
    ci(&repo, &pipeline, &[]).code(1).says("breakpoint-call");
}

#[test]
fn a_request_of_a_commit_into_itself_is_an_error() {
    let repo = feature(&[("a.py", "x = 1\n")], &[("a.py", "breakpoint()\n")]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]).code(0);
    let head = revision(&repo, "HEAD");
    let pipeline =
        [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", head.as_str()), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")];
    ci(&repo, &pipeline, &[]).code(3).says("head and base are the same commit");
}

#[test]
fn what_is_excluded_gives_no_excuse() {
    let bad = "def f():\n    breakpoint()\n";
    let policy = "exclude = [\"vendor/**\"]\n";
    let repo = feature(
        &[("vendor/a.py", bad), ("src/a.py", "x = 1\n"), ("tollgate.toml", policy)],
        &[("vendor/a.py", "x = 1\n"), ("src/a.py", bad)],
    );
    repo.tollgate(&["ci", "--base", "main"]).code(1).says("breakpoint-call");
}

#[test]
fn an_edit_of_the_policy_is_told() {
    let repo = feature(&[("tollgate.toml", "")], &[("tollgate.toml", "[gate]\nfail-on = \"nonsense\"\n")]);
    repo.tollgate(&["ci", "--base", "main"])
        .code(0)
        .says("this change edits tollgate.toml; it is judged by tollgate.toml at main; the new one can't be used");
}

#[cfg(unix)]
#[test]
fn a_report_follows_no_link_of_the_change() {
    let repo = feature(&[("a.py", "x = 1\n")], &[("a.py", "x = 2\n")]);
    let victim = repo.beside("victim");
    std::fs::write(&victim, "mine\n").unwrap();
    std::os::unix::fs::symlink(&victim, repo.top().join("tollgate.sarif")).unwrap();
    std::os::unix::fs::symlink(repo.beside("home"), repo.top().join("out")).unwrap();
    for report in ["sarif=tollgate.sarif", "sarif=out/tollgate.sarif"] {
        repo.tollgate(&["ci", "--base", "main", "--report", report]).code(3).says("symbolic link");
    }
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine\n");
    assert!(!repo.beside("home").join("tollgate.sarif").exists());
}
