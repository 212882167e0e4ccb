//! The hooks in git's own life: real commits, merges, rebases and pushes with the installed binary.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support::{Ran, Repo, TOLLGATE, run};

/// A text with a fault, and the same without.
const BAD: &str = "bad \n";
const GOOD: &str = "good\n";

/// A repository with one commit and the hooks.
fn installed(files: &[(&str, &str)]) -> Repo {
    let repo = Repo::with(files);
    install(&repo);
    repo
}

fn install(repo: &Repo) {
    repo.tollgate(&["install"]).code(0).says("installed: pre-commit, pre-merge-commit, ");
}

fn commit(repo: &Repo, args: &[&str]) -> Ran {
    repo.git(&[&["commit", "-q"], args].concat())
}

fn revision(repo: &Repo, name: &str) -> String {
    repo.git(&["rev-parse", name]).code(0).stdout.trim().to_owned()
}

/// Runs git with variables.
fn git_with(repo: &Repo, variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = repo.command(&repo.top(), "git");
    command.args(args).envs(variables.iter().copied());
    run(&mut command, b"")
}

fn script(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    // By another process: a program that this one still has open for writing, in a child that another test is just
    // starting, could not be started.
    let mut writer = std::process::Command::new("sh");
    writer.args(["-c", r#"cat > "$1" && chmod 755 "$1""#, "sh"]).arg(file);
    run(&mut writer, text.as_bytes()).code(0);
}

/// Git makes the commit of what is staged when the hook ends, which somebody may have changed meanwhile.
#[test]
fn what_is_staged_while_the_hook_runs_is_not_let_through() {
    let repo = Repo::with(&[("a.txt", "a\n"), ("b.txt", "b\n")]);
    let stages =
        "git -C TOP add --all && git -C TOP update-index -q --refresh".replace("TOP", &repo.top().to_string_lossy());
    let policy = |run: &str| {
        format!("[stages.pre-commit]\nchecks = [\"*\"]\n[checks.slow]\nrun = [\"sh\", \"-c\", \"{run}\"]\n")
    };
    repo.stage(&[("tollgate.toml", &policy(&stages)), ("a.txt", "more\n")]);
    repo.tollgate(&["install"]).code(0);
    repo.write("b.txt", "<<<<<<< HEAD\n");
    let told = repo.git(&["commit", "-qm", "x"]).code(1);
    told.says("what is staged was changed while it was checked (b.txt)").says("hint: say it again");
    // What was staged meanwhile is looked at now, and nothing more comes.
    repo.git(&["commit", "-qm", "x"]).code(1).says("check-merge-conflict");
    repo.write("b.txt", "b\n");
    repo.git(&["add", "b.txt"]).code(0);
    repo.git(&["commit", "-qm", "x"]).code(0);
}

#[test]
fn a_commit_is_blocked_until_it_is_mended() {
    let repo = installed(&[("a.txt", "one\n")]);
    let head = revision(&repo, "HEAD");
    repo.stage(&[("a.txt", BAD)]);
    let blocked = commit(&repo, &["-m", "x"]).code(1).says("a.txt").says("trailing-whitespace");
    let lines: Vec<&str> = blocked.stderr.lines().collect();
    assert!(lines.first().unwrap().starts_with("blocked: "), "{lines:#?}");
    assert!(lines.len() <= 30, "{lines:#?}");
    assert_eq!(revision(&repo, "HEAD"), head);
    assert_eq!(repo.read("a.txt"), BAD);
    repo.stage(&[("a.txt", GOOD)]);
    commit(&repo, &["-m", "x"]).code(0);
    assert_ne!(revision(&repo, "HEAD"), head);
}

#[test]
fn the_first_commit_of_a_repository_is_judged() {
    let repo = Repo::new();
    install(&repo);
    repo.stage(&[("a.txt", BAD)]);
    commit(&repo, &["-m", "x"]).code(1).says("trailing-whitespace");
    repo.stage(&[("a.txt", GOOD)]);
    commit(&repo, &["-m", "x"]).code(0);
    commit(&repo, &["--allow-empty", "-m", "x"]).code(0);
}

#[test]
fn only_what_the_commit_will_hold_is_judged() {
    let repo = installed(&[("a.txt", "one\n"), ("b.txt", "one\n"), ("c.txt", "one\n")]);
    // Not staged, not judged; `-a` takes it in.
    repo.write("a.txt", BAD);
    repo.write("new.txt", BAD);
    repo.stage(&[("b.txt", GOOD)]);
    commit(&repo, &["-m", "staged"]).code(0);
    commit(&repo, &["-a", "-m", "all"]).code(1).says("a.txt").is_silent_on("new.txt");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, " M a.txt\n?? new.txt\n");
    // A commit of a path leaves out what else is staged.
    repo.git(&["add", "a.txt"]).code(0);
    repo.write("c.txt", GOOD);
    commit(&repo, &["c.txt", "-m", "path"]).code(0);
    commit(&repo, &["a.txt", "-m", "path"]).code(1).says("a.txt");
    commit(&repo, &["-m", "staged"]).code(1).says("a.txt");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "M  a.txt\n?? new.txt\n");
    // Partly staged: the good part.
    repo.stage(&[("a.txt", GOOD)]);
    repo.write("a.txt", BAD);
    commit(&repo, &["-m", "partly"]).code(0);
    assert_eq!(repo.read("a.txt"), BAD);
}

#[test]
fn amending_judges_what_is_added() {
    let repo = installed(&[("a.txt", "one\n")]);
    repo.commit("old fault", &[("old.txt", BAD)]);
    commit(&repo, &["--amend", "-m", "better"]).code(0);
    repo.stage(&[("a.txt", BAD)]);
    commit(&repo, &["--amend", "-m", "worse"]).code(1).says("a.txt").is_silent_on("old.txt");
    repo.stage(&[("a.txt", GOOD)]);
    commit(&repo, &["--amend", "--no-edit"]).code(0);
}

#[test]
fn there_are_ways_around() {
    let repo = installed(&[("a.txt", "one\n")]);
    repo.stage(&[("a.txt", BAD)]);
    commit(&repo, &["--no-verify", "-m", "x"]).code(0);
    repo.stage(&[("b.txt", BAD)]);
    git_with(&repo, &[("TOLLGATE_SKIP", "check-json")], &["commit", "-m", "x"]).code(1);
    git_with(&repo, &[("TOLLGATE_SKIP", "check-json, trailing-whitespace")], &["commit", "-m", "x"]).code(0);
    repo.stage(&[("c.txt", BAD)]);
    git_with(&repo, &[("SKIP", "flake8,trailing-whitespace")], &["commit", "-m", "x"]).code(0);
    repo.stage(&[("d.txt", BAD)]);
    git_with(&repo, &[("TOLLGATE_SKIP", "trailing-whitespaces")], &["commit", "-m", "x"])
        .code(1)
        .says("TOLLGATE_SKIP")
        .says("`trailing-whitespace`");
    git_with(&repo, &[("TOLLGATE_SKIP", "hygiene")], &["commit", "-m", "x"]).code(0);
    repo.stage(&[("e.txt", BAD)]);
    git_with(&repo, &[("TOLLGATE", "0")], &["commit", "-m", "x"]).code(0).says("switched off by TOLLGATE=0");
    repo.stage(&[("tollgate.toml", "nonsense = 1\n")]);
    commit(&repo, &["-m", "x"]).code(1).says("nonsense").says("tollgate.toml");
    git_with(&repo, &[("TOLLGATE", "0")], &["commit", "-m", "x"]).code(0);
}

/// `main` and `side` have one commit each since they parted.
fn parted(start: &[(&str, &str)], side: &[(&str, &str)], main: &[(&str, &str)]) -> Repo {
    let repo = installed(start);
    repo.git(&["checkout", "-q", "-b", "side"]).code(0);
    repo.commit("side", side);
    repo.git(&["checkout", "-q", "main"]).code(0);
    repo.commit("main", main);
    repo
}

#[test]
fn a_merge_does_not_blame_the_merged() {
    let repo = parted(&[("a.txt", "one\n")], &[("side.txt", BAD)], &[("main.txt", BAD)]);
    repo.git(&["merge", "-q", "--no-edit", "side"]).code(0);
    assert_eq!(revision(&repo, "HEAD^2"), revision(&repo, "side"));
}

#[test]
fn both_sides_of_one_file_bring_their_old_findings_along() {
    let middle = "1\n2\n3\n4\n5\n6\n7\n8\n";
    let repo = parted(
        &[("a.txt", &format!("top\n{middle}end\n"))],
        &[("a.txt", &format!("side \n{middle}end\n"))],
        &[("a.txt", &format!("top\n{middle}main \n"))],
    );
    repo.git(&["merge", "-q", "--no-edit", "side"]).code(0);
    assert_eq!(repo.read("a.txt"), format!("side \n{middle}main \n"));
}

#[test]
fn what_only_the_merge_breaks_blocks_it() {
    let rest = "\"1\": 1,\n\"2\": 1,\n\"3\": 1,\n\"4\": 1,\n\"5\": 1,\n\"6\": 1";
    let repo = parted(
        &[("a.json", &format!("{{\n{rest}\n}}\n"))],
        &[("a.json", &format!("{{\n\"key\": 1,\n{rest}\n}}\n")), ("old.txt", BAD)],
        &[("a.json", &format!("{{\n{rest},\n\"key\": 2\n}}\n"))],
    );
    let head = revision(&repo, "HEAD");
    repo.git(&["merge", "-q", "--no-edit", "side"]).code(1).says("check-json").is_silent_on("old.txt");
    assert_eq!(revision(&repo, "HEAD"), head);
    commit(&repo, &["--no-edit"]).code(1).says("check-json").is_silent_on("old.txt");
    repo.stage(&[("a.json", &format!("{{\n{rest},\n\"key\": 3\n}}\n"))]);
    commit(&repo, &["--no-edit"]).code(0);
    assert_eq!(revision(&repo, "HEAD^2"), revision(&repo, "side"));
}

#[test]
fn names_that_only_the_merge_brings_together_block_it() {
    // Each side is fine by itself, and neither touches a file of the other.
    let repo = parted(&[("docs/v3.md", "three\n")], &[("README.md", "side\n")], &[("readme.md", "main\n")]);
    let head = revision(&repo, "HEAD");
    repo.git(&["merge", "-q", "--no-edit", "side"]).code(1).says("`README.md` and `readme.md` differ only in case");
    assert_eq!(revision(&repo, "HEAD"), head);
    repo.git(&["merge", "--abort"]).code(0);

    symlink("v3.md", repo.top().join("docs/latest")).unwrap();
    repo.git(&["rm", "-q", "readme.md"]).code(0);
    repo.git(&["add", "."]).code(0);
    commit(&repo, &["-m", "link"]).code(0);
    repo.git(&["merge", "-q", "--no-edit", "side"]).code(0);
    repo.git(&["checkout", "-q", "side"]).code(0);
    repo.git(&["rm", "-q", "docs/v3.md"]).code(0);
    commit(&repo, &["-m", "less"]).code(0);
    repo.git(&["merge", "-q", "--no-edit", "main"]).code(1).says("broken symbolic link: there is no `docs/v3.md`");
}

#[test]
fn names_that_one_side_has_already_are_not_blamed_on_a_merge() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    repo.git(&["checkout", "-q", "-b", "side"]).code(0);
    symlink("nowhere", repo.top().join("link")).unwrap();
    repo.git(&["add", "link"]).code(0);
    repo.commit("side", &[("B.txt", "one\n"), ("b.txt", "two\n")]);
    repo.git(&["checkout", "-q", "main"]).code(0);
    repo.commit("main", &[("main.txt", "one\n")]);
    repo.tollgate(&["install"]).code(0);
    repo.git(&["merge", "-q", "--no-edit", "side"]).code(0);
}

#[test]
fn a_conflicted_merge_is_judged_when_it_is_committed() {
    let repo = parted(&[("a.txt", "one\n")], &[("a.txt", "side\n"), ("old.txt", BAD)], &[("a.txt", "main\n")]);
    repo.git(&["merge", "-q", "--no-edit", "side"]).code(1).is_silent_on("blocked");
    repo.tollgate(&["check"]).code(3).says("a.txt").says("hint: resolve the conflicts");
    repo.git(&["add", "a.txt"]).code(0);
    commit(&repo, &["--no-edit"]).code(1).says("check-merge-conflict").is_silent_on("old.txt");
    repo.stage(&[("a.txt", "both \n")]);
    commit(&repo, &["--no-edit"]).code(1).says("trailing-whitespace").is_silent_on("old.txt");
    repo.stage(&[("a.txt", "both\n")]);
    commit(&repo, &["--no-edit"]).code(0);
}

#[test]
fn a_fast_forward_and_a_squash_are_what_git_makes_of_them() {
    let repo = installed(&[("a.txt", "one\n")]);
    repo.git(&["checkout", "-q", "-b", "side"]).code(0);
    repo.commit("side", &[("a.txt", BAD)]);
    repo.git(&["checkout", "-q", "main"]).code(0);
    repo.git(&["merge", "-q", "--squash", "side"]).code(0);
    commit(&repo, &["-m", "squashed"]).code(1).says("a.txt");
    repo.git(&["reset", "-q", "--hard"]).code(0);
    repo.git(&["merge", "-q", "side"]).code(0);
}

#[test]
fn a_rebase_replays_what_was_committed() {
    let repo = parted(&[("a.txt", "one\n")], &[("side.txt", BAD)], &[("main.txt", GOOD)]);
    repo.git(&["checkout", "-q", "side"]).code(0);
    repo.git(&["rebase", "-q", "main"]).code(0);
    assert_eq!(revision(&repo, "side^"), revision(&repo, "main"));
    // Reworded: nothing is added.
    let editor = [("GIT_SEQUENCE_EDITOR", "sed -i s/^pick/reword/"), ("GIT_EDITOR", "sed -i s/side/other/")];
    git_with(&repo, &editor, &["rebase", "-q", "-i", "main"]).code(0);
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]).stdout, "other\n");
}

#[test]
fn a_conflict_in_a_rebase_can_be_solved() {
    let repo = parted(&[("a.txt", "one\n")], &[("a.txt", "side\n"), ("old.txt", BAD)], &[("a.txt", "main\n")]);
    repo.git(&["checkout", "-q", "side"]).code(0);
    repo.git(&["rebase", "-q", "main"]).code(1);
    repo.stage(&[("a.txt", "both\n")]);
    repo.git(&["rebase", "--continue"]).code(0).is_silent_on("trailing-whitespace");
    assert_eq!(revision(&repo, "side^"), revision(&repo, "main"));
}

#[test]
fn a_cherry_pick_and_a_revert_are_judged_only_when_they_are_continued() {
    let repo = parted(&[("a.txt", "one\n")], &[("side.txt", BAD)], &[("main.txt", BAD)]);
    repo.git(&["cherry-pick", "side"]).code(0);
    repo.git(&["revert", "--no-edit", "HEAD"]).code(0);
    repo.git(&["revert", "--no-edit", "HEAD"]).code(0);
    assert_eq!(repo.read("side.txt"), BAD);
    for command in ["cherry-pick", "revert"] {
        let repo = parted(&[("a.txt", "one\n")], &[("a.txt", "side\n")], &[("a.txt", "main\n")]);
        let what = if command == "revert" { "HEAD~1" } else { "side" };
        if command == "revert" {
            repo.commit("more", &[("a.txt", "more\n")]);
        }
        repo.git(&[command, what]).code(1);
        repo.git(&["add", "a.txt"]).code(0);
        repo.git(&[command, "--continue"]).code(1).says("check-merge-conflict");
        repo.stage(&[("a.txt", "solved\n")]);
        repo.git(&[command, "--continue"]).code(0);
        assert_eq!(repo.read("a.txt"), "solved\n");
        assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "");
    }
}

#[test]
fn a_hook_that_was_there_may_call_tollgate_itself() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let (counter, hook) = (repo.beside("counter"), repo.top().join(".git/hooks/pre-commit"));
    let count = format!("echo x >> '{0}'\n[ $(wc -l < '{0}') -gt 5 ] && exit 1\n", counter.display());
    script(&hook, &format!("#!/bin/sh\n{count}exec '{}' hook pre-commit \"$@\"\n", env!("CARGO_BIN_EXE_tollgate")));
    install(&repo);
    repo.stage(&[("a.txt", GOOD)]);
    commit(&repo, &["-m", "x"]).code(0);
    assert_eq!(fs::read_to_string(&counter).unwrap(), "x\n", "they do not call each other in turn");
    repo.stage(&[("b.txt", BAD)]);
    commit(&repo, &["-m", "x"]).code(1).says("b.txt");
}

#[test]
fn a_hook_that_was_there_may_call_another_one() {
    let repo = parted(&[("a.txt", "one\n")], &[("side.txt", GOOD)], &[("main.txt", GOOD)]);
    repo.tollgate(&["uninstall"]).code(0);
    let hooks = repo.top().join(".git/hooks");
    script(&hooks.join("pre-commit"), &logging(&repo, "pre-commit"));
    // As git's own sample does.
    script(&hooks.join("pre-merge-commit"), "#!/bin/sh\nexec .git/hooks/pre-commit\n");
    install(&repo);
    git_with(&repo, &[("ANSWER", "1")], &["merge", "-q", "--no-edit", "side"]).code(1);
    assert_eq!(logged(&repo), "pre-commit \n");
    repo.git(&["merge", "--abort"]);
    repo.git(&["merge", "-q", "--no-edit", "side"]).code(0);
    assert_eq!(logged(&repo), "pre-commit \n");
}

#[test]
fn a_hook_for_messages_that_git_does_not_find_is_noticed_by_the_one_before() {
    let hook = |repo: &Repo| repo.top().join(".git/hooks/commit-msg");
    let repo = with_messages();
    fs::remove_file(hook(&repo)).unwrap();
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1).says("installed commit-msg");
    let repo = with_messages();
    script(&hook(&repo), "#!/bin/sh\necho other\n");
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1).says("other").says("hint: try: ");
    // A folder of hooks that was set later, and hands on.
    let repo = with_messages();
    let folder = repo.beside("global");
    let ours = repo.top().join(".git/hooks/pre-commit");
    fs::create_dir(&folder).unwrap();
    script(&folder.join("pre-commit"), &format!("#!/bin/sh\nexec '{}' \"$@\"\n", ours.display()));
    repo.git(&["config", "core.hooksPath", folder.to_str().unwrap()]).code(0);
    let blocked = commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1);
    blocked.says("git looks for hooks elsewhere").says("tollgate install");
}

/// A repository whose messages are judged.
fn with_messages() -> Repo {
    installed(&[("tollgate.toml", "[stages.commit-msg]\nchecks = [\"message\"]\n"), ("a.txt", "one\n")])
}

#[test]
fn a_message_is_judged_and_the_mended_one_is_shown() {
    let repo = with_messages();
    for subject in ["feat : add a thing", "feat:add a thing", "feature: add a thing", "Add a thing", "Feat : Add it."] {
        let blocked = commit(&repo, &["--allow-empty", "-m", subject]).code(1).says("  hint: try: ");
        let mended = blocked.stderr.lines().find_map(|line| line.strip_prefix("  hint: try: ")).unwrap();
        commit(&repo, &["--allow-empty", "-m", mended]).code(0);
    }
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1);
    commit(&repo, &["--allow-empty", "-m", "feat: add a thing"]).code(0);
    for subject in ["fixup! whatever", "squash! whatever", "amend! whatever"] {
        commit(&repo, &["--allow-empty", "-m", subject]).code(0);
    }
    repo.stage(&[("a.txt", GOOD)]);
    commit(&repo, &["-m", "fix: a"]).code(0);
    repo.git(&["revert", "--no-edit", "HEAD"]).code(0);
    git_with(&repo, &[("TOLLGATE_SKIP", "message")], &["commit", "--allow-empty", "-m", "whatever"])
        .code(0)
        .says("skipped: conventional-commit");
    commit(&repo, &["--allow-empty", "--no-verify", "-m", "whatever"]).code(0);
}

#[test]
fn messages_are_judged_from_the_commit_on_that_asks_for_it() {
    let repo = installed(&[("a.txt", "one\n")]);
    assert!(!repo.top().join(".git/hooks/commit-msg").exists(), "no commit pays for what nobody asks for");
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(0).is_silent_on("commit-msg");
    repo.stage(&[("tollgate.toml", "[stages.commit-msg]\nchecks = [\"message\"]\n")]);
    commit(&repo, &["-m", "whatever"]).code(1).says("installed commit-msg, because").says("hint: try: ");
    commit(&repo, &["-m", "feat: judge messages"]).code(0).is_silent_on("installed");
    // Where it can't be installed nobody would judge the message.
    let repo = installed(&[("a.txt", "one\n")]);
    repo.write("tollgate.toml", "[stages.commit-msg]\nchecks = [\"message\"]\n");
    for file in ["hooks/commit-msg", "tollgate-replaced/commit-msg"] {
        script(&repo.top().join(".git").join(file), "#!/bin/sh\n");
    }
    let blocked = commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1);
    blocked.says("error: the policy judges messages, and commit-msg can't be installed").says("hint: remove that hook");
    // The hooks that somebody names are all that they get.
    let repo = Repo::with(&[("a.txt", "one\n")]);
    repo.tollgate(&["install", "--hook", "pre-commit"]).code(0).says("installed: pre-commit in");
    repo.write("tollgate.toml", "[stages.commit-msg]\nchecks = [\"message\"]\n");
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(0);
    repo.tollgate(&["doctor"]).code(1).says("the policy judges messages, and commit-msg is not installed");
    repo.tollgate(&["install"]).code(0).says("commit-msg");
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1);
}

#[test]
fn the_policy_of_a_message_is_the_one_that_is_committed() {
    let off = "[stages.commit-msg]\nchecks = []\n";
    let repo = with_messages();
    // What is only in the work tree switches nothing off, and what is staged holds.
    repo.write("tollgate.toml", off);
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1).says("tollgate.toml (staged)");
    std::fs::remove_file(repo.top().join("tollgate.toml")).unwrap();
    std::fs::write(repo.beside("message"), "whatever\n").unwrap();
    let message = repo.beside("message");
    repo.tollgate(&["hook", "commit-msg", message.to_str().unwrap()]).code(1).says("tollgate.toml (staged)");
    repo.stage(&[("tollgate.toml", off)]);
    repo.write("tollgate.toml", "[stages.commit-msg]\nchecks = [\"message\"]\n");
    commit(&repo, &["-m", "whatever"]).code(0);
    repo.git(&["rm", "-q", "--cached", "tollgate.toml"]).code(0);
    commit(&repo, &["-m", "whatever"]).code(0);
    // One that was never added holds from the moment it is written.
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1);
}

#[test]
fn a_merge_needs_no_conventional_message() {
    let repo = parted(&[("a.txt", "one\n")], &[("side.txt", GOOD)], &[("main.txt", GOOD)]);
    repo.commit("policy", &[("tollgate.toml", "[stages.commit-msg]\nchecks = [\"message\"]\n")]);
    repo.git(&["merge", "-q", "-m", "take the side in", "side"]).code(0);
    commit(&repo, &["--allow-empty", "-m", "whatever"]).code(1);
}

#[test]
fn what_git_drops_from_a_message_is_not_judged() {
    let repo = with_messages();
    let editor = repo.beside("editor");
    let long = "x".repeat(200);
    script(
        &editor,
        &format!(
            "#!/bin/sh\ncp \"$1\" \"$1.old\"\n{{ printf '# no subject\\n\\n\\nfix: a   \\n\\nbody\\n# {long}\\n'; cat \"$1.old\"; }} > \"$1\"\n"
        ),
    );
    let editor = [("GIT_EDITOR", editor.to_str().unwrap())];
    repo.stage(&[("a.txt", &format!("{long}\nBREAKING CHANGE\n"))]);
    git_with(&repo, &editor, &["commit", "-q", "-v"]).code(0);
    assert_eq!(repo.git(&["log", "-1", "--format=%B"]).stdout.trim(), "fix: a\n\nbody");
    repo.stage(&[("a.txt", "x\n")]);
    repo.git(&["config", "commit.cleanup", "scissors"]).code(0);
    git_with(&repo, &editor, &["commit", "-q", "-v"]).code(1).says("# no subject");
    repo.git(&["config", "--unset", "commit.cleanup"]).code(0);
    repo.git(&["config", "core.commentChar", ";"]).code(0);
    git_with(&repo, &editor, &["commit", "-q"]).code(1).says("# no subject");
}

#[test]
fn a_body_given_on_the_command_line_keeps_its_hashes() {
    let repo = with_messages();
    // Without an editor git keeps such a line: it is the subject.
    commit(&repo, &["--allow-empty", "-m", "# heading\n\nfix: a"]).code(1);
    commit(&repo, &["--allow-empty", "-m", "fix: a\n\n# heading"]).code(0);
}

/// A bare repository beside, which `main` is pushed to.
fn with_remote(repo: &Repo) {
    let remote = repo.beside("remote.git");
    repo.git(&["init", "-q", "--bare", "-b", "main", remote.to_str().unwrap()]).code(0);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]).code(0);
    repo.git(&["push", "-q", "--no-verify", "-u", "origin", "main"]).code(0);
}

fn remote_refs(repo: &Repo) -> BTreeMap<String, String> {
    let listed = repo.git(&["ls-remote", "origin"]).code(0).stdout;
    let pairs = listed.lines().filter_map(|line| line.split_once('\t'));
    pairs.map(|(id, name)| (name.to_owned(), id.to_owned())).collect()
}

/// A repository with a remote whose pushes are judged by the checks of hygiene.
fn pushing() -> Repo {
    let repo = installed(&[("tollgate.toml", "[stages.pre-push]\nchecks = [\"hygiene\"]\n"), ("a.txt", "one\n")]);
    with_remote(&repo);
    repo
}

#[test]
fn a_blocked_push_leaves_the_remote_alone() {
    let repo = pushing();
    let before = remote_refs(&repo);
    repo.commit("bad", &[("b.txt", BAD)]);
    let blocked = repo.git(&["push", "origin", "main"]).code(1).says("b.txt").says("trailing-whitespace");
    // On standard error, where clients look for it, and not between the lines of `git push --porcelain`.
    assert_eq!(blocked.stdout, "");
    let verdict = blocked.stderr.lines().rfind(|line| !line.starts_with("error: failed to push")).unwrap();
    assert!(verdict.starts_with("blocked: "), "{}", blocked.stderr);
    assert_eq!(remote_refs(&repo), before);
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).code(0);
    // The remote has it now: not judged again, neither on this branch nor on another.
    repo.commit("good", &[("c.txt", GOOD)]);
    repo.git(&["push", "-q", "origin", "main"]).code(0).is_silent_on("b.txt");
    repo.git(&["push", "-q", "origin", "main:other"]).code(0);
    repo.git(&["push", "-q", "origin", "main"]).code(0);
    assert_eq!(remote_refs(&repo).len(), 3);
}

#[test]
fn a_fault_that_is_mended_before_the_push_does_not_block() {
    let repo = pushing();
    repo.commit("bad", &[("b.txt", BAD)]);
    repo.commit("mended", &[("b.txt", GOOD)]);
    repo.git(&["push", "-q", "origin", "main"]).code(0);
}

#[test]
fn every_kind_of_push_is_judged() {
    let repo = pushing();
    repo.commit("old", &[("old.txt", BAD)]);
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).code(0);
    // A new branch: against what the remote has elsewhere.
    repo.git(&["checkout", "-q", "-b", "topic"]).code(0);
    repo.commit("bad", &[("b.txt", BAD)]);
    repo.git(&["push", "origin", "topic"]).code(1).says("b.txt").is_silent_on("old.txt");
    // A tag on it.
    repo.git(&["tag", "-a", "-m", "v1", "v1"]).code(0);
    repo.git(&["push", "origin", "v1"]).code(1).says("b.txt").is_silent_on("old.txt");
    // Several refs at once.
    repo.git(&["branch", "fine", "main"]).code(0);
    repo.git(&["push", "origin", "fine", "topic", "v1"]).code(1).says("b.txt");
    assert_eq!(remote_refs(&repo).len(), 2);
    repo.commit("mended", &[("b.txt", GOOD)]);
    repo.git(&["tag", "-f", "-a", "-m", "v1", "v1"]).code(0);
    repo.git(&["push", "-q", "origin", "fine", "topic", "v1"]).code(0);
    // Another history over the old one.
    repo.git(&["reset", "-q", "--hard", "main"]).code(0);
    repo.commit("bad again", &[("d.txt", BAD)]);
    repo.git(&["push", "--force", "origin", "topic"]).code(1).says("d.txt").is_silent_on("old.txt");
    repo.git(&["commit", "-q", "--no-verify", "--amend", "-m", "empty", "--allow-empty"]).code(0);
    repo.stage(&[("d.txt", GOOD)]);
    repo.git(&["commit", "-q", "--no-verify", "--amend", "--no-edit"]).code(0);
    repo.git(&["push", "-q", "--force", "origin", "topic"]).code(0);
    // Deleting needs no judgement.
    repo.git(&["push", "-q", "origin", "--delete", "topic", "v1"]).code(0);
    assert!(!remote_refs(&repo).contains_key("refs/heads/topic"));
}

#[test]
fn a_tag_of_no_commit_cannot_be_judged_and_says_so() {
    let repo = pushing();
    repo.git(&["tag", "of-a-file", "HEAD:a.txt"]).code(0);
    repo.git(&["tag", "of-a-folder", "HEAD^{tree}"]).code(0);
    for tag in ["of-a-file", "of-a-folder"] {
        repo.git(&["push", "origin", tag])
            .code(1)
            .says(&format!("refs/tags/{tag}` leads to no commit"))
            .says("--no-verify");
    }
    assert_eq!(remote_refs(&repo).len(), 2);
}

#[test]
fn what_others_pushed_meanwhile_is_not_blamed_on_a_forced_push() {
    let repo = pushing();
    let other = repo.beside("other");
    repo.git(&["clone", "-q", repo.beside("remote.git").to_str().unwrap(), other.to_str().unwrap()]).code(0);
    fs::write(other.join("theirs.txt"), BAD).unwrap();
    repo.git(&["-C", other.to_str().unwrap(), "add", "."]).code(0);
    repo.git(&["-C", other.to_str().unwrap(), "commit", "-q", "-m", "theirs"]).code(0);
    repo.git(&["-C", other.to_str().unwrap(), "push", "-q"]).code(0);
    // What the remote has now is not known here.
    repo.commit("bad", &[("mine.txt", BAD)]);
    repo.git(&["push", "--force", "origin", "main"]).code(1).says("mine.txt").is_silent_on("theirs.txt");
    repo.commit("mended", &[("mine.txt", GOOD)]);
    repo.git(&["push", "-q", "--force", "origin", "main"]).code(0);
}

#[test]
fn a_push_to_an_address_and_of_an_orphan_is_judged() {
    let repo = pushing();
    let remote = repo.beside("remote.git");
    repo.git(&["checkout", "-q", "--orphan", "apart"]).code(0);
    repo.commit("apart", &[("b.txt", BAD)]);
    repo.git(&["push", remote.to_str().unwrap(), "apart"]).code(1).says("b.txt");
    repo.stage(&[("b.txt", GOOD)]);
    repo.git(&["commit", "-q", "--no-verify", "--amend", "--no-edit"]).code(0);
    repo.git(&["push", "-q", remote.to_str().unwrap(), "apart"]).code(0);
}

#[test]
fn what_a_known_remote_has_is_not_judged_when_its_address_is_pushed_to() {
    let repo = pushing();
    repo.commit("old", &[("old.txt", BAD)]);
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).code(0);
    let remote = repo.beside("remote.git").display().to_string();
    for address in [remote.clone(), format!("file://{remote}")] {
        repo.git(&["remote", "set-url", "origin", &address]).code(0);
        repo.git(&["checkout", "-q", "-B", "topic", "main"]).code(0);
        repo.commit("bad", &[("b.txt", BAD)]);
        repo.git(&["push", &address, "topic"]).code(1).says("b.txt").is_silent_on("old.txt");
        repo.commit("mended", &[("b.txt", GOOD)]);
        repo.git(&["push", "-q", &address, "topic"]).code(0);
        repo.git(&["push", "-q", "--no-verify", &address, ":topic"]).code(0);
    }
}

#[test]
fn a_fix_that_a_forced_push_takes_back_is_missed() {
    let repo = pushing();
    repo.commit("bad", &[("b.txt", BAD)]);
    repo.git(&["push", "-q", "--no-verify", "origin", "main"]).code(0);
    repo.commit("mended", &[("b.txt", GOOD)]);
    repo.git(&["push", "-q", "origin", "main"]).code(0);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]).code(0);
    repo.commit("else", &[("c.txt", GOOD)]);
    repo.git(&["push", "--force", "origin", "main"]).code(1).says("b.txt").says("instead of");
}

#[test]
fn a_push_to_a_remote_of_which_nothing_is_known_says_what_is_taken_for_granted() {
    let repo = pushing();
    let fork = repo.beside("fork.git");
    repo.git(&["init", "-q", "--bare", fork.to_str().unwrap()]).code(0);
    repo.git(&["remote", "add", "fork", fork.to_str().unwrap()]).code(0);
    let said = "nothing to check in pre-push: nothing is known of fork, and other remotes have these commits";
    repo.git(&["push", "fork", "main"]).code(0).says(said);
    repo.git(&["push", "origin", "main:again"]).code(0).says("nothing to check in pre-push\n");
}

#[test]
fn a_push_without_a_policy_is_judged_by_the_defaults() {
    let repo = installed(&[("a.txt", "one\n")]);
    with_remote(&repo);
    repo.commit("bad", &[("b.txt", BAD)]);
    repo.git(&["push", "-q", "origin", "main"]).code(1).says("b.txt");
    repo.commit("good", &[("b.txt", GOOD)]);
    repo.git(&["push", "-q", "origin", "main"]).code(0);
}

/// A hook that writes down its name, arguments and standard input beside the work tree.
fn logging(repo: &Repo, name: &str) -> String {
    let log = repo.beside("log");
    format!("#!/bin/sh\n{{ echo \"{name} $*\"; cat; }} >> '{}'\nexit ${{ANSWER:-0}}\n", log.display())
}

fn logged(repo: &Repo) -> String {
    let log = repo.beside("log");
    let text = fs::read_to_string(&log).unwrap_or_default();
    let _ = fs::remove_file(log);
    text
}

#[test]
fn hooks_that_were_there_go_on_running() {
    let repo = Repo::with(&[("tollgate.toml", "[stages.pre-push]\nchecks = [\"hygiene\"]\n"), ("a.txt", "one\n")]);
    with_remote(&repo);
    for name in ["pre-commit", "commit-msg", "pre-push", "post-commit"] {
        script(&repo.top().join(".git/hooks").join(name), &logging(&repo, name));
    }
    let before = everything_in(&repo.top().join(".git"));
    repo.tollgate(&["install"]).code(0).says("still running, the hooks that were there: pre-commit, pre-push");
    // Before ours: it runs although ours blocks, and ours does not run if it fails.
    repo.stage(&[("b.txt", BAD)]);
    commit(&repo, &["-m", "x"]).code(1).says("b.txt");
    assert_eq!(logged(&repo), "pre-commit \n");
    git_with(&repo, &[("ANSWER", "1")], &["commit", "-m", "x"]).code(1).is_silent_on("b.txt");
    assert_eq!(logged(&repo), "pre-commit \n");
    git_with(&repo, &[("TOLLGATE", "0")], &["commit", "-m", "x"]).code(0);
    assert_eq!(logged(&repo), "pre-commit \ncommit-msg .git/COMMIT_EDITMSG\npost-commit \n");
    // After ours: it does not run if ours blocks, and gets the same input.
    let remote = repo.beside("remote.git").display().to_string();
    repo.git(&["push", "origin", "main"]).code(1).says("b.txt");
    assert_eq!(logged(&repo), "");
    repo.commit("mended", &[("b.txt", GOOD)]);
    logged(&repo);
    let old = remote_refs(&repo)["refs/heads/main"].clone();
    git_with(&repo, &[("ANSWER", "1")], &["push", "origin", "main"]).code(1);
    let line = format!("refs/heads/main {} refs/heads/main {old}\n", revision(&repo, "HEAD"));
    assert_eq!(logged(&repo), format!("pre-push origin {remote}\n{line}"));
    repo.git(&["push", "-q", "origin", "main"]).code(0);
    repo.tollgate(&["uninstall"]).code(0);
    let kept = |all: BTreeMap<String, (u32, Vec<u8>)>| -> BTreeMap<String, (u32, Vec<u8>)> {
        all.into_iter().filter(|(path, _)| path.starts_with("/hooks") || path == "/config").collect()
    };
    assert_eq!(kept(everything_in(&repo.top().join(".git"))), kept(before));
    assert!(!repo.top().join(".git/tollgate").exists());
}

#[test]
fn a_hook_that_stages_and_one_that_is_only_half_a_script() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    // Git runs a hook without `#!` by the shell.
    script(&repo.top().join(".git/hooks/pre-commit"), "echo 'made ' > made.txt\ngit add made.txt\n");
    fs::write(repo.top().join(".git/hooks/commit-msg"), "#!/bin/sh\nexit 1\n").unwrap();
    repo.tollgate(&["install"]).code(0).says("hooks that were there: pre-commit\n");
    repo.stage(&[("a.txt", GOOD)]);
    commit(&repo, &["-m", "x"]).code(1).says("made.txt:1:5");
    git_with(&repo, &[("TOLLGATE_SKIP", "trailing-whitespace")], &["commit", "-q", "-m", "x"]).code(0);
    // One that can't be started blocks, as it would without us.
    repo.tollgate(&["uninstall"]).code(0);
    script(&repo.top().join(".git/hooks/pre-commit"), "#!/no/such/interpreter\n");
    repo.tollgate(&["install"]).code(0);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]).code(1).says("pre-commit");
}

#[test]
fn a_hook_that_was_there_finds_what_is_beside_it() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let hooks = repo.top().join(".git/hooks");
    // As pre-commit does, and by every other way to what lies around.
    let text = "#!/bin/sh\nhere=$(dirname \"$0\")\n. \"$here/lib.sh\"\n[ -f \"$here/../../a.txt\" ] || exit 1\n\
                \"$0.legacy\" || exit 1\n\"$here/steps.d/one\" || exit 1\nexec \"$here/post-commit\"\n";
    script(&hooks.join("pre-commit"), text);
    script(&hooks.join("pre-commit.legacy"), "#!/bin/sh\nif [ -f legacy-blocks ]; then echo legacy >&2; exit 1; fi\n");
    script(&hooks.join("lib.sh"), "library=1\n");
    script(&hooks.join("steps.d/one"), &logging(&repo, "step"));
    script(&hooks.join("post-commit"), &logging(&repo, "post-commit"));
    let before = everything_in(&repo.top().join(".git"));
    repo.tollgate(&["install"]).code(0).says("still running, the hooks that were there: pre-commit\n");
    commit(&repo, &["--allow-empty", "-m", "x"]).code(0);
    assert_eq!(logged(&repo), "step \npost-commit \npost-commit \n");
    repo.write("legacy-blocks", "");
    commit(&repo, &["--allow-empty", "-m", "x"]).code(1).says("legacy");
    git_with(&repo, &[("TOLLGATE", "0")], &["commit", "--allow-empty", "-m", "x"]).code(1).says("legacy");
    fs::remove_file(repo.top().join("legacy-blocks")).unwrap();
    // What comes later is found, and what goes is gone.
    script(&hooks.join("lib.sh"), ". \"$here/more.sh\"\n");
    script(&hooks.join("more.sh"), "echo more >&2\nexit 1\n");
    commit(&repo, &["--allow-empty", "-m", "x"]).code(1).says("more");
    fs::remove_file(hooks.join("more.sh")).unwrap();
    commit(&repo, &["--allow-empty", "-m", "x"]).code(1).is_silent_on("echo");
    script(&hooks.join("lib.sh"), "library=1\n");
    repo.tollgate(&["install"]).code(0).says("already installed");
    commit(&repo, &["--allow-empty", "-m", "x"]).code(0);
    repo.tollgate(&["uninstall"]).code(0);
    assert_eq!(installing_touches(&repo), kept_of(&before));
}

#[test]
fn a_dispatcher_behind_links_goes_by_its_name() {
    for target in ["dispatch", "../../scripts/dispatch"] {
        let repo = Repo::with(&[("a.txt", "one\n")]);
        let hooks = repo.top().join(".git/hooks");
        let by_name = format!(
            "#!/bin/sh\necho \"$(basename \"$0\") $(cat \"$(dirname \"$0\")/word\")\" >> '{}'\n",
            repo.beside("log").display()
        );
        script(&hooks.join(target), &by_name);
        script(&hooks.join("word"), "said");
        for name in ["pre-commit", "pre-merge-commit", "post-commit"] {
            symlink(target, hooks.join(name)).unwrap();
        }
        let before = everything_in(&repo.top().join(".git"));
        install(&repo);
        commit(&repo, &["--allow-empty", "-m", "x"]).code(0);
        git_with(&repo, &[("TOLLGATE", "0")], &["commit", "-q", "--allow-empty", "-m", "x"]).code(0);
        let once = "pre-commit said\npost-commit said\n";
        assert_eq!(logged(&repo), once.repeat(2), "{target}");
        repo.tollgate(&["uninstall"]).code(0);
        assert_eq!(installing_touches(&repo), kept_of(&before));
        assert_eq!(fs::read_link(hooks.join("pre-commit")).unwrap(), Path::new(target));
    }
}

#[test]
fn a_dispatcher_that_is_a_hook_itself_is_found_by_the_others() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let hooks = repo.top().join(".git/hooks");
    let log = repo.beside("log");
    script(&hooks.join("pre-commit"), &format!("#!/bin/sh\nbasename \"$0\" >> '{}'\n", log.display()));
    for name in ["prepare-commit-msg", "post-commit", "pre-push"] {
        symlink("pre-commit", hooks.join(name)).unwrap();
    }
    let before = installing_touches(&repo);
    install(&repo);
    repo.tollgate(&["install"]).code(0).says("already installed").says("are: post-commit, prepare-commit-msg\n");
    repo.tollgate(&["doctor"]).code(0);
    commit(&repo, &["--allow-empty", "-m", "x"]).code(0);
    assert_eq!(logged(&repo), "pre-commit\nprepare-commit-msg\npost-commit\n");
    repo.tollgate(&["uninstall"]).code(0);
    assert_eq!(installing_touches(&repo), before);
    assert_eq!(fs::read_link(hooks.join("post-commit")).unwrap(), Path::new("pre-commit"));
}

/// What is in the git folder, without what commits change.
fn installing_touches(repo: &Repo) -> BTreeMap<String, (u32, Vec<u8>)> {
    kept_of(&everything_in(&repo.top().join(".git")))
}

fn kept_of(all: &BTreeMap<String, (u32, Vec<u8>)>) -> BTreeMap<String, (u32, Vec<u8>)> {
    let is_kept = |path: &str| path.starts_with("/hooks") || path.starts_with("/config") || path.contains("tollgate");
    all.iter().filter(|(path, _)| is_kept(path)).map(|(path, state)| (path.clone(), state.clone())).collect()
}

#[test]
fn an_installation_that_would_not_be_called_leaves_nothing_behind() {
    let include = "[include]\n\tpath = more\n";
    for is_installed in [false, true] {
        let repo = Repo::with(&[("a.txt", "one\n")]);
        let git_dir = repo.top().join(".git");
        fs::write(git_dir.join("more"), "[core]\n\thooksPath = elsewhere\n").unwrap();
        let config = git_dir.join("config");
        if is_installed {
            repo.git(&["config", "core.hooksPath", "team"]).code(0);
            install(&repo);
        }
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, text + include).unwrap();
        let before = everything_in(&git_dir);
        repo.tollgate(&["install"]).code(2).says("core.hooksPath is still `elsewhere`").says("--show-origin");
        assert_eq!(everything_in(&git_dir), before, "installed before: {is_installed}");
    }
}

#[test]
fn a_hook_that_comes_later_to_a_folder_that_is_set_is_called() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    repo.git(&["config", "core.hooksPath", ".githooks"]).code(0);
    let before = everything_in(&repo.beside(""));
    repo.tollgate(&["install"]).code(0).is_silent_on("handed on");
    commit(&repo, &["-q", "--allow-empty", "-m", "x"]).code(0);
    let names = ["commit-msg", "post-checkout", "post-commit", "prepare-commit-msg"];
    for name in names {
        script(&repo.top().join(".githooks").join(name), &logging(&repo, name));
    }
    commit(&repo, &["--allow-empty", "-m", "x"]).code(0);
    repo.git(&["checkout", "-q", "-b", "side"]).code(0);
    let said = logged(&repo);
    let order: Vec<&str> = said.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(order, ["prepare-commit-msg", "commit-msg", "post-commit", "post-checkout"]);
    git_with(&repo, &[("ANSWER", "1")], &["commit", "--allow-empty", "-m", "x"]).code(1);
    repo.tollgate(&["install"])
        .code(0)
        .says("already installed")
        .says(&format!("where they are: {}\n", names.join(", ")));
    for hot in ["reference-transaction", "fsmonitor-watchman", "post-index-change", "push-to-checkout"] {
        assert!(!repo.top().join(".git/tollgate/hooks").join(hot).exists(), "{hot}");
    }
    repo.tollgate(&["uninstall"]).code(0);
    fs::remove_dir_all(repo.top().join(".githooks")).unwrap();
    let own = |all: BTreeMap<String, (u32, Vec<u8>)>| {
        let git_dir = format!("/{}/.git/", repo.top().file_name().unwrap().display());
        let below = |path: &str| path.strip_prefix(&git_dir).map(|path| format!("/{path}"));
        kept_of(&all.into_iter().filter_map(|(path, state)| Some((below(&path)?, state))).collect())
    };
    assert_eq!(own(everything_in(&repo.beside(""))), own(before));
}

#[test]
fn a_second_work_tree_with_hooks_of_its_own_is_refused() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "linked"]).code(0);
    repo.git(&["config", "extensions.worktreeConfig", "true"]).code(0);
    let (main, git_dir) = (repo.top(), repo.top().join(".git"));
    for (top, folder) in [(&main, "one"), (&linked, "two")] {
        script(&repo.beside(folder).join("pre-commit"), &logging(&repo, folder));
        let set = ["config", "--worktree", "core.hooksPath", repo.beside(folder).to_str().unwrap()].map(str::to_owned);
        repo.run_in(top, "git", &set, b"").code(0);
    }
    let before = everything_in(&git_dir);
    repo.run_in(&main, TOLLGATE, &["install"], b"").code(0);
    let installed = everything_in(&git_dir);
    repo.run_in(&linked, TOLLGATE, &["install"], b"").code(2).says("another work tree").says("hint: ");
    repo.run_in(&linked, TOLLGATE, &["install", "--dry-run"], b"").code(2);
    repo.git(&["config", "--worktree", "user.comment", "later"]).code(0);
    repo.run_in(&linked, TOLLGATE, &["uninstall"], b"").code(2).says("another work tree");
    repo.git(&["config", "--worktree", "--unset", "user.comment"]).code(0);
    fs::write(git_dir.join("config.worktree"), &installed["/config.worktree"].1).unwrap();
    assert_eq!(everything_in(&git_dir), installed);
    for (top, said) in [(&main, "one \n"), (&linked, "two \n")] {
        repo.run_in(top, "git", &["commit", "-q", "--allow-empty", "-m", "x"], b"").code(0);
        assert_eq!(logged(&repo), said);
    }
    repo.run_in(&main, TOLLGATE, &["uninstall"], b"").code(0);
    assert_eq!(installing_touches(&repo), kept_of(&before));
    // Nor does it take away the hooks of a repository whose other work trees have no such setting.
    repo.git(&["config", "--worktree", "--unset", "core.hooksPath"]).code(0);
    install(&repo);
    repo.run_in(&linked, TOLLGATE, &["install"], b"").code(2).says("another work tree");
    repo.stage(&[("a.txt", BAD)]);
    commit(&repo, &["-m", "x"]).code(1);
}

/// Every file below a folder: mode and content by path.
fn everything_in(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    fn add(path: &Path, name: &str, all: &mut BTreeMap<String, (u32, Vec<u8>)>) {
        let mode = fs::symlink_metadata(path).unwrap().permissions().mode();
        if path.is_dir() {
            all.insert(name.to_owned(), (mode, Vec::new()));
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                add(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), all);
            }
        } else {
            all.insert(name.to_owned(), (mode, fs::read(path).unwrap()));
        }
    }
    let mut all = BTreeMap::new();
    add(folder, "", &mut all);
    all
}

#[test]
fn uninstalling_leaves_no_trace() {
    for hooks_path in [None, Some("own"), Some("/nowhere/hooks")] {
        let repo = Repo::with(&[("a.txt", "one\n")]);
        if let Some(path) = hooks_path {
            repo.git(&["config", "core.hooksPath", path]).code(0);
            script(&repo.top().join("own/pre-commit"), "#!/bin/sh\nexit 0\n");
        }
        let before = everything_in(&repo.beside(""));
        install(&repo);
        repo.tollgate(&["install"]).code(0).says("already installed");
        repo.tollgate(&["uninstall"]).code(0);
        assert_eq!(everything_in(&repo.beside("")), before, "{hooks_path:?}");
        repo.tollgate(&["uninstall"]).code(2).says("not installed");
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let before = everything_in(&repo.beside(""));
    repo.tollgate(&["install", "--dry-run"]).code(0).says("would write");
    assert_eq!(everything_in(&repo.beside("")), before);
    install(&repo);
    let before = everything_in(&repo.beside(""));
    repo.tollgate(&["uninstall", "--dry-run"]).code(0).says("would ");
    repo.tollgate(&["install", "--dry-run"]).code(0).says("nothing to do");
    assert_eq!(everything_in(&repo.beside("")), before);
}

#[test]
fn an_edited_hook_is_not_taken_out() {
    let repo = installed(&[("a.txt", "one\n")]);
    let hook = repo.top().join(".git/hooks/pre-commit");
    let text = fs::read_to_string(&hook).unwrap();
    fs::write(&hook, format!("{text}echo mine\n")).unwrap();
    repo.tollgate(&["uninstall"]).code(2).says("changed since `tollgate install`").says("--force");
    assert!(hook.exists());
    repo.tollgate(&["uninstall", "--force"]).code(0);
    assert!(!hook.exists());
}

#[test]
fn one_hook_alone_can_be_installed() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    repo.tollgate(&["install", "--hook", "pre-push"]).code(0).says("installed: pre-push");
    repo.stage(&[("b.txt", BAD)]);
    commit(&repo, &["-m", "x"]).code(0);
    repo.tollgate(&["install", "--hook", "post-checkout"]).code(2).says("pre-commit");
}

#[test]
fn a_linked_work_tree_and_a_subdirectory_are_judged_alike() {
    let repo = installed(&[("a.txt", "one\n"), ("sub/b.txt", "one\n")]);
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "linked"]).code(0);
    for top in [repo.top(), linked] {
        let sub = top.join("sub");
        fs::write(sub.join("b.txt"), BAD).unwrap();
        repo.run_in(&sub, "git", &["commit", "-q", "-am", "x"], b"").code(1).says("sub/b.txt");
        repo.run_in(&sub, TOLLGATE, &["check", "b.txt"], b"").code(1).says("sub/b.txt");
        repo.run_in(&sub, TOLLGATE, &["check", "--worktree"], b"").code(1).says("sub/b.txt");
        fs::write(sub.join("b.txt"), GOOD).unwrap();
        repo.run_in(&sub, "git", &["commit", "-q", "-am", "x"], b"").code(0);
    }
}

#[test]
fn installed_from_a_linked_work_tree_it_holds_everywhere() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "linked"]).code(0);
    repo.run_in(&linked, TOLLGATE, &["install"], b"").code(0);
    repo.stage(&[("a.txt", BAD)]);
    commit(&repo, &["-m", "x"]).code(1).says("a.txt");
    repo.run_in(&linked, TOLLGATE, &["uninstall"], b"").code(0);
    commit(&repo, &["-m", "x"]).code(0);
}

#[test]
fn a_folder_of_hooks_that_is_set_is_chained() {
    for scope in ["--local", "--global"] {
        let repo = Repo::with(&[("a.txt", "one\n")]);
        let hooks = repo.beside("common-hooks");
        for name in ["pre-commit", "post-commit"] {
            script(&hooks.join(name), &logging(&repo, name));
        }
        repo.git(&["config", scope, "core.hooksPath", hooks.to_str().unwrap()]).code(0);
        let before = everything_in(&repo.beside(""));
        install(&repo);
        repo.stage(&[("b.txt", BAD)]);
        commit(&repo, &["-m", "x"]).code(1).says("b.txt");
        assert_eq!(logged(&repo), "pre-commit \n");
        repo.git(&["reset", "-q", "--hard"]).code(0);
        commit(&repo, &["--allow-empty", "-m", "x"]).code(0);
        assert_eq!(logged(&repo), "pre-commit \npost-commit \n");
        repo.tollgate(&["uninstall"]).code(0);
        let after = everything_in(&repo.beside(""));
        let own = format!("/{}/.git/config", repo.top().file_name().unwrap().display());
        for place in ["/common-hooks/pre-commit", "/common-hooks/post-commit", own.as_str()] {
            assert_eq!(after.get(place), before.get(place), "{place} after {scope}");
        }
        assert_eq!(after.get("/home/.gitconfig"), before.get("/home/.gitconfig"));
    }
}

#[test]
fn the_hook_fails_loudly_when_the_program_is_gone() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let program = repo.beside("tollgate");
    // Another process copies it: a file that this one has open can't be started while other tests start programs.
    repo.run_in(&repo.top(), "cp", &[TOLLGATE.as_ref(), program.as_os_str()], b"").code(0);
    repo.run_in(&repo.top(), &program, &["install"], b"").code(0);
    fs::remove_file(&program).unwrap();
    repo.stage(&[("a.txt", GOOD)]);
    commit(&repo, &["-m", "x"]).code(1).says("cannot find the program tollgate").says("TOLLGATE=0");
    git_with(&repo, &[("TOLLGATE_BIN", TOLLGATE)], &["commit", "-q", "-m", "x"]).code(0);
    git_with(&repo, &[("TOLLGATE", "0")], &["commit", "-q", "--allow-empty", "-m", "x"]).code(0);
}

#[test]
fn the_first_policy_of_an_empty_repository() {
    let repo = Repo::new();
    repo.tollgate(&["init", "--dry-run"])
        .code(0)
        .says("would write")
        .says("no source files yet")
        .is_silent_on("create the folder")
        .says("\"secrets\"");
    repo.tollgate(&["init"]).code(0).says("wrote ").says("installed: ").says("no file to check yet");
    repo.tollgate(&["config", "show", "--origin"]).code(0).says("stages.pull-request.fail-on = \"warning\"  # default");
    repo.tollgate(&["uninstall"]).code(0).says("tollgate.toml stays as it is");
}

#[test]
fn who_is_blocked_is_told_what_helps_here() {
    let repo = installed(&[("a.txt", "one\n")]);
    repo.stage(&[("a b.md", "one  \ntwo   \n")]);
    repo.tollgate(&["check", "--staged"]).code(1).is_silent_on("--no-verify");
    commit(&repo, &["-m", "x"]).code(1).says("`git commit --no-verify`");
    let mend = "tollgate builtin trailing-whitespace --markdown-linebreak-ext=md 'a b.md'";
    repo.tollgate(&["last"]).code(0).says(mend).is_silent_on("--no-verify").is_silent_on("tollgate last");
    repo.tollgate(&["builtin", "trailing-whitespace", "--markdown-linebreak-ext=md", "a b.md"]).code(1);
    assert_eq!(repo.read("a b.md"), "one  \ntwo  \n");
    repo.git(&["add", "."]).code(0);
    commit(&repo, &["-m", "x"]).code(0);
}

#[test]
fn a_bare_repository_is_told_where_its_hooks_run() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let bare = repo.beside("bare.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]).code(0);
    let run_in = |folder: &Path, program: &str, args: &[&str]| run(repo.command(folder, program).args(args), b"");
    run_in(&bare, TOLLGATE, &["install"]).code(0).says("the hooks run in those that are added to it");
    let added = repo.beside("added");
    run_in(&bare, "git", &["worktree", "add", "-q", added.to_str().unwrap()]).code(0);
    fs::write(added.join("a.txt"), BAD).unwrap();
    run_in(&added, "git", &["commit", "-q", "-a", "-m", "x"]).code(1).says("trailing-whitespace");
}
