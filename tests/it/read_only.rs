//! Surroundings that are not as they should be: no room, no rights, no git. A run says what is wrong or does without.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::frozen::Frozen;
use crate::support::{Ran, Repo, TOLLGATE, run};

/// A repository with a staged fault that every run has to find.
fn faulty() -> Repo {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    repo.stage(&[("a.txt", "fault \n")]);
    repo
}

/// Runs a check with the surroundings changed.
fn check(repo: &Repo, change: impl FnOnce(&mut Command)) -> Ran {
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.args(["check", "--staged", "--format", "short"]);
    change(&mut command);
    run(&mut command, b"")
}

#[track_caller]
fn finds(repo: &Repo, change: impl FnOnce(&mut Command)) {
    check(repo, change).code(1).says("a.txt:1:6: error: trailing whitespace");
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn without_home_or_cache_the_verdict_is_the_same() {
    let repo = faulty();
    let before = Frozen::of(&repo.top());
    finds(&repo, |command| {
        command.env_remove("HOME").env_remove("XDG_CACHE_HOME").env_remove("PATH");
    });
    finds(&repo, |command| {
        command.env("XDG_CACHE_HOME", "relative/path");
    });
    finds(&repo, |command| {
        command.env("XDG_CACHE_HOME", "/proc/no/such");
    });
    // A file where the folder should be, as root can write anywhere.
    fs::write(repo.beside("file"), "").unwrap();
    finds(&repo, |command| {
        command.env("XDG_CACHE_HOME", repo.beside("file")).env("TMPDIR", repo.beside("file"));
    });
    before.is_still(&repo.top());
}

#[test]
fn where_nothing_can_be_written_commands_are_broken_and_checks_still_run() {
    let repo = Repo::with(&[("a.txt", "one\n"), ("tollgate.toml", "[checks.it]\nrun = [\"true\"]\n")]);
    repo.tollgate(&["install"]).code(0);
    repo.stage(&[("a.txt", "two\n")]);
    repo.write("a.txt", "three\n");
    fs::write(repo.beside("file"), "").unwrap();
    let nowhere = |command: &mut Command| {
        command.args(["--only", "it"]).env("XDG_CACHE_HOME", repo.beside("file")).env("TMPDIR", repo.beside("file"));
    };
    check(&repo, |command| {
        command.args(["--only", "it"]);
    })
    .code(0);
    check(&repo, nowhere).code(3);
}

#[test]
fn an_unwritable_repository_is_read_all_the_same() {
    let repo = faulty();
    let git = repo.top().join(".git");
    let folders = [git.clone(), git.join("objects"), git.join("refs"), repo.top(), repo.beside("home")];
    folders.iter().for_each(|folder| chmod(folder, 0o555));
    finds(&repo, |_| {});
    folders.iter().for_each(|folder| chmod(folder, 0o755));
}

/// Root may read everything; for root there is nothing to test.
#[test]
fn an_unreadable_file_is_broken_unless_we_are_root() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let repo = faulty();
    chmod(&repo.top().join("a.txt"), 0);
    repo.tollgate(&["check", "--all"]).code(3).says("cannot read a.txt");
    chmod(&repo.top().join(".git/index"), 0);
    repo.tollgate(&["check", "--staged"]).code(3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let repo = faulty();
    check(&repo, |command| {
        command.args(["--report", "sarif=/dev/full"]);
    })
    .code(3)
    .says("cannot write the report");
    let sarif = format!("{TOLLGATE} check --staged --format sarif > /dev/full");
    repo.run_in(&repo.top(), "sh", &["-c", &sarif], b"").code(3).says("cannot write what was found");
    // A reader that goes away is no error, and the verdict stays.
    let gone = format!("({TOLLGATE} check --staged --format sarif; echo $? >&2) | true");
    repo.run_in(&repo.top(), "sh", &["-c", &gone], b"").code(0).says("1\n");
}

/// Puts a script in the place of git.
pub(crate) fn with_git(repo: &Repo, script: &str, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let folder = repo.beside("bin");
    fs::create_dir_all(&folder).unwrap();
    // Another process writes it: a file that this one has open can't be started while other tests start programs.
    let write = ["-c", "cat > git && chmod +x git"];
    repo.run_in(&folder, "sh", &write, format!("#!/bin/sh\n{script}\n").as_bytes()).code(0);
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let real = path.split(':').skip(1).map(|folder| Path::new(folder).join("git")).find(|git| git.is_file()).unwrap();
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.args(args).env("PATH", path).env("REAL_GIT", real).envs(variables.iter().copied());
    run(&mut command, b"")
}

#[test]
fn without_git_nothing_passes() {
    let repo = faulty();
    let bin = repo.beside("empty");
    fs::create_dir(&bin).unwrap();
    let mut command = repo.command(&repo.top(), TOLLGATE);
    let ran = run(command.args(["check", "--all"]).env("PATH", &bin), b"");
    ran.code(3).says("there is no program `git`").says("install git 2.31 or later");
}

#[test]
fn a_git_that_fails_is_told() {
    let repo = faulty();
    let check = |script: &str| with_git(&repo, script, &["check", "--worktree"], &[]).code(3);
    check("exit 1").says("exit code 1");
    check("echo fatal: boo >&2; exit 128").says("fatal: boo");
    check("kill -9 $$").says("signal 9");
    check("echo git version 2.25.1").says("cannot understand what `git");
    check("printf ':100644 100644'").says("cannot understand what `git");
    check("printf '\\033[31m' >&2; exit 128").is_silent_on("\x1b");
}

#[test]
fn a_git_that_is_too_old_is_told() {
    let repo = faulty();
    // Before 2.31 `rev-parse` repeats an option that it does not know as if it were an answer.
    let old = "case \"$*\" in *--path-format*) printf '%s\\n' --path-format=absolute .git .git sha1 \"$PWD\";; \
               *) exec \"$REAL_GIT\" \"$@\";; esac";
    let given = [("GIT_DIR", ".git")];
    with_git(&repo, old, &["check", "--staged"], &given).code(3).says("git 2.31 or later");
    let older = "echo 'usage: git [--version]' >&2; exit 129";
    with_git(&repo, older, &["check", "--staged"], &given).code(3).says("git 2.31 or later");
}
