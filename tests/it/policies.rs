//! What a policy is made of: packs, what it extends, and the policies of folders.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Repo;

/// A rule that finds a call of `gone`, with this id.
fn rule(id: &str) -> String {
    format!("id: {id}\nlanguage: Python\nseverity: error\nmessage: it is gone\nrule: {{pattern: gone()}}\n")
}

/// A repository of policies, and what pins a file of it.
fn shared(files: &[(&str, &str)]) -> (Repo, impl Fn(&str) -> String + use<>) {
    let policies = Repo::with(files);
    let commit = policies.git(&["rev-parse", "HEAD"]).code(0).stdout.trim().to_owned();
    let url = format!("file://{}", policies.top().display());
    (policies, move |path: &str| format!("git:{url}@{commit}#{path}"))
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files_below(&path, into) } else { into.push(path) }
    }
}

#[test]
fn a_pinned_policy_is_fetched_once_and_then_used_without_its_repository() {
    let base = "[rules]\npaths = [\"own/*.yml\"]\n[rules.levels]\ntrailing-whitespace = \"note\"\n";
    let (policies, pin) = shared(&[("gate.toml", base), ("own/gone.yml", &rule("gone-call"))]);
    let repo = Repo::with(&[("a.txt", "a\n")]);
    repo.stage(&[
        ("tollgate.toml", &format!("extends = [\"{}\"]\n", pin("gate.toml"))),
        ("a.txt", "b \n"),
        ("b.py", "gone()\n"),
    ]);
    repo.tollgate(&["check"]).code(2).says("was not fetched yet").says("hint: fetch it once: `tollgate config fetch`");
    repo.tollgate(&["config", "fetch"]).code(0).says("all that is extended is there");
    fs::remove_dir_all(policies.top()).unwrap();
    let judged = repo.tollgate(&["check"]).code(1).says("gone-call").says("note: trailing whitespace");
    judged.is_silent_on("error: trailing whitespace");
    repo.tollgate(&["config", "show", "--origin"])
        .code(0)
        .says("#gate.toml:4")
        .says("extends = [\"tollgate:recommended@");
    // A cache that somebody touched is never believed.
    let mut kept = Vec::new();
    files_below(&repo.beside("home/.cache/tollgate/policies"), &mut kept);
    let packs: Vec<PathBuf> =
        kept.into_iter().filter(|file| file.extension().is_some_and(|end| end == "pack")).collect();
    assert_eq!(packs.len(), 1, "{packs:?}");
    for pack in packs {
        let mut bytes = fs::read(&pack).unwrap();
        bytes.iter_mut().skip(12).for_each(|byte| *byte ^= 0x55);
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, bytes).unwrap();
    }
    repo.tollgate(&["check"]).code(2).says("damaged").says("tollgate config fetch");
}

#[test]
fn what_can_move_or_run_a_program_is_refused() {
    let (policies, pin) = shared(&[("gate.toml", "")]);
    let repo = Repo::with(&[("a.txt", "a\n")]);
    let commit = policies.git(&["rev-parse", "HEAD"]).code(0).stdout.trim().to_owned();
    for (written, message) in [
        (pin("gate.toml").replace(&commit, "main"), "`main` can move"),
        ("git:ext::sh -c id@x#y".to_owned(), "a policy is not fetched from"),
        ("tollgate:recomended@1".to_owned(), "did you mean `tollgate:recommended@1`?"),
        ("../base.toml".to_owned(), "leads out of the repository"),
        (pin("none.toml"), "there is no file none.toml in that commit"),
        (pin("gate.toml").replace(&commit, &"0".repeat(40)), "cannot fetch"),
    ] {
        repo.write("tollgate.toml", format!("extends = [\"{written}\"]\n"));
        repo.tollgate(&["config", "fetch"]).code(2).says(message).says("tollgate.toml:1");
    }
}

#[test]
fn a_file_that_is_extended_is_taken_from_the_side_of_the_policy() {
    let strict = "[rules.levels]\ntrailing-whitespace = \"error\"\n";
    let lax = "[rules.levels]\ntrailing-whitespace = \"off\"\n";
    let policy = ("tollgate.toml", "extends = [\"policy/base.toml\"]\n");
    let repo = Repo::with(&[policy, ("policy/base.toml", strict), ("a.txt", "a\n")]);
    // Not what the work tree has, but what is staged.
    repo.stage(&[("a.txt", "b \n")]);
    repo.write("policy/base.toml", lax);
    repo.tollgate(&["check", "--staged"]).code(1).says("error: trailing whitespace");
    repo.stage(&[("policy/base.toml", lax)]);
    repo.tollgate(&["check", "--staged"]).code(0);
    // And for a range what the base has.
    repo.commit("lax", &[]);
    repo.tollgate(&["check", "--base", "HEAD~1"]).code(1).says("error: trailing whitespace");
}

#[test]
fn a_rule_of_middling_precision_runs_where_it_is_named() {
    let workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: some/action@v1\n";
    let path = ".github/workflows/a.yml";
    let repo = Repo::with(&[("a.txt", "a\n")]);
    repo.stage(&[(path, workflow)]);
    repo.tollgate(&["check", "--fail-on", "note"]).code(0);
    repo.tollgate(&["check", "--only", "unpinned-action", "--fail-on", "note"]).code(1).says("unpinned-action");
    repo.write("tollgate.toml", "[rules.levels]\nunpinned-action = \"error\"\n");
    repo.tollgate(&["check"]).code(1).says("unpinned-action");
    repo.write("tollgate.toml", "[[overrides]]\nfiles = [\".github/**\"]\nlevels = { unpinned-action = \"error\" }\n");
    repo.tollgate(&["check"]).code(1).says("unpinned-action");
    repo.tollgate(&["rules", "list"]).code(0).says("recommended@1").says("when named: ");
    repo.tollgate(&["explain", "recommended@1"]).code(0).says("gets-call").is_silent_on("unpinned-action");
}

#[test]
fn the_policy_of_a_folder_holds_there_and_tightens() {
    let nested = "[rules]\npaths = [\"rules/*.yml\"]\n[rules.levels]\nchange-too-large = \"error\"\n\
                  [checks.named]\nrun = [\"git\", \"--version\"]\n";
    let repo = Repo::with(&[
        ("api/tollgate.toml", nested),
        ("api/rules/gone.yml", &rule("gone-call")),
        ("api/a.py", "a = 1\n"),
        ("web/a.py", "a = 1\n"),
    ]);
    repo.stage(&[("web/a.py", "gone()\n")]);
    repo.tollgate(&["check"]).code(0).is_silent_on("gone-call");
    repo.stage(&[("api/deep/a.py", "gone()\n")]);
    let ran = repo.tollgate(&["check", "--skip", "named"]).code(1).says("api/deep/a.py").says("gone-call");
    ran.is_silent_on("web/a.py");
    repo.tollgate(&["check", "--plan"]).code(0).says("named would not run");
    // The folder's own policy may not loosen what holds there, unless the top allows it.
    repo.stage(&[("api/tollgate.toml", "exclude = [\"deep/\"]\n")]);
    repo.tollgate(&["check"]).code(2).says("api/tollgate.toml").says("a policy for a folder leaves no file out");
    repo.stage(&[("tollgate.toml", "[nested]\nallow = [\"exclude\"]\n"), ("api/deep/a.py", "a = 1 \n")]);
    repo.tollgate(&["check"]).code(0);
    repo.stage(&[("api/tollgate.toml", "builtin = false\n")]);
    repo.tollgate(&["check"]).code(2).says("`builtin` holds for the whole repository");
}

#[test]
fn a_range_is_judged_by_the_folders_policy_of_its_base() {
    let repo = Repo::with(&[("tollgate.toml", "[nested]\nallow = [\"exclude\"]\n"), ("api/a.txt", "a\n")]);
    repo.commit("loosened", &[("api/tollgate.toml", "exclude = [\"*.txt\"]\n"), ("api/a.txt", "b \n")]);
    let judged = repo.tollgate(&["check", "--base", "HEAD~1"]).code(1).says("trailing-whitespace");
    judged.says("this change edits api/tollgate.toml");
    repo.commit("after it", &[("api/a.txt", "c \n")]);
    repo.tollgate(&["check", "--base", "HEAD~1"]).code(0);
}

#[test]
fn a_policy_that_is_a_link_judges_nothing() {
    let repo = Repo::with(&[("real.toml", "[gate]\nfail-on = \"none\"\n"), ("a.txt", "bad \n")]);
    std::os::unix::fs::symlink("real.toml", repo.top().join("tollgate.toml")).unwrap();
    let says = "is a symbolic link, and a policy has to be a file";
    repo.tollgate(&["check", "--all"]).code(2).says(says).says("hint: copy what it leads to");
    repo.git(&["add", "."]).code(0);
    repo.tollgate(&["check", "--staged"]).code(2).says(says);
    repo.git(&["commit", "-q", "-m", "x"]).code(0);
    repo.tollgate(&["check", "--base", "HEAD^", "--head", "HEAD"]).code(2).says(says);
}
