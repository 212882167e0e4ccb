//! Mending: in every state that a work tree can be in, what is staged is mended, and nothing that is not staged is lost.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use crate::frozen::Frozen;
use crate::read_only::with_git;
use crate::support::{Repo, TOLLGATE, run};

/// A repository whose hooks mend.
fn mending() -> Repo {
    let repo = Repo::with(&[
        ("tollgate.toml", "[stages.pre-commit]\nfix = \"safe\"\n"),
        ("a.txt", "1\n2\n3\n4\n5\n"),
        ("b.txt", "b\n"),
    ]);
    repo.tollgate(&["install"]).code(0);
    repo
}

fn committed(repo: &Repo, path: &str) -> String {
    repo.git(&["cat-file", "-p", &format!("HEAD:{path}")]).code(0).stdout
}

#[test]
fn one_commit_goes_through_and_says_what_was_mended() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n2\n3\n4\n5"), ("new file.txt", "x\t\ny \n")]);
    repo.commit_hooked(&[])
        .code(0)
        .says("mended and staged 2 files; `tollgate fix --undo` puts that back")
        .says("a.txt: mended: end-of-file-fixer, trailing-whitespace")
        .says("new file.txt: mended: trailing-whitespace (2)")
        .says("passed: ");
    assert_eq!(committed(&repo, "a.txt"), "1\n2\n3\n4\n5\n");
    assert_eq!(committed(&repo, "new file.txt"), "x\ny\n");
    repo.git(&["status", "--porcelain"]).code(0).is_silent_on("a.txt").is_silent_on("new file");
    repo.tollgate(&["fix", "--undo"]).code(0).says("put back 2 files");
    repo.holds("a.txt", "1 \n2\n3\n4\n5", "1 \n2\n3\n4\n5");
    repo.holds("new file.txt", "x\t\ny \n", "x\t\ny \n");
    repo.tollgate(&["fix", "--undo"]).code(2).says("there is no fixing to undo");
}

#[test]
fn looking_never_mends_and_without_the_key_a_hook_only_looks() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n")]);
    let before = Frozen::of(&repo.top());
    repo.tollgate(&["check", "--staged"]).code(1).says("trailing-whitespace");
    before.is_still(&repo.top());
    repo.stage(&[("tollgate.toml", "")]);
    repo.commit_hooked(&[]).code(1).says("hint: `tollgate fix` mends and stages what can be mended safely");
    repo.tollgate(&["fix"]).code(0).says("mended a.txt: trailing-whitespace - staged");
    repo.commit_hooked(&[]).code(0);
}

#[test]
fn what_is_not_staged_stays_and_stays_unstaged() {
    let repo = mending();
    repo.stage(&[("a.txt", "0 \n2\n3\n4\n5\n")]);
    repo.write("a.txt", "0 \n2\n3\nunstaged \n5\nmore");
    repo.write("untracked.txt", "u \n");
    repo.write("intended.txt", "i \n");
    repo.git(&["add", "-N", "intended.txt"]).code(0);
    repo.commit_hooked(&[]).code(0);
    repo.holds("a.txt", "0\n2\n3\n4\n5\n", "0\n2\n3\nunstaged \n5\nmore");
    assert_eq!((repo.read("untracked.txt").as_str(), repo.read("intended.txt").as_str()), ("u \n", "i \n"));
    repo.git(&["status", "--porcelain"]).code(0).says(" M a.txt\n A intended.txt\n?? untracked.txt\n");
    repo.tollgate(&["fix", "--undo"]).code(0);
    repo.holds("a.txt", "0 \n2\n3\n4\n5\n", "0 \n2\n3\nunstaged \n5\nmore");
}

#[test]
fn only_what_the_change_brings_in_is_mended() {
    let repo = mending();
    repo.commit("old", &[("old.txt", "old \nx\n")]);
    repo.stage(&[("old.txt", "old \nx\nnew \n")]);
    repo.tollgate(&["fix"]).code(0).says("mended old.txt: trailing-whitespace - staged");
    repo.holds("old.txt", "old \nx\nnew\n", "old \nx\nnew\n");
}

/// Fixes what is staged while the work tree has something else on or beside the line.
#[track_caller]
fn conflicts(in_worktree: &str) {
    let repo = mending();
    repo.stage(&[("a.txt", "1\n2\n3 \n4\n5\n"), ("b.txt", "b \n")]);
    repo.write("a.txt", in_worktree);
    repo.tollgate(&["fix"])
        .code(1)
        .says("left a.txt: changes that are not staged are on or beside the same lines")
        .says("--- a/a.txt\n+++ b/a.txt\n@@ -1,5 +1,5 @@\n 1\n 2\n-3 \n+3\n 4\n 5\n")
        .says("mended b.txt");
    repo.holds("a.txt", "1\n2\n3 \n4\n5\n", in_worktree);
    repo.holds("b.txt", "b\n", "b\n");
    repo.commit_hooked(&[])
        .code(1)
        .says("blocked: 1 new error (trailing-whitespace)")
        .says("  | --- a/a.txt\n  | +++ b/a.txt\n  | @@ -1,5 +1,5 @@\n  | -3\n  | +3\n")
        .says("not mended: changes that are not staged are on or beside the same lines")
        .says("stage or stash your other changes");
    repo.holds("a.txt", "1\n2\n3 \n4\n5\n", in_worktree);
}

#[test]
fn where_unstaged_changes_meet_the_fix_nothing_is_written() {
    conflicts("1\n2\nother\n4\n5\n");
    conflicts("1\nabove\n3 \n4\n5\n");
    conflicts("1\n2\n3 \nbelow\n5\n");
}

#[test]
fn a_line_that_was_removed_and_not_staged_stays_removed() {
    let repo = mending();
    let (staged, in_worktree) =
        ("def f():\n    x = 1\n    \n\n    return x\n", "def f():\n    x = 1\n\n    return x\n");
    repo.stage(&[("f.py", staged)]);
    repo.write("f.py", in_worktree);
    repo.commit_hooked(&[]).code(1).says("not mended: changes that are not staged are on or beside the same lines");
    repo.holds("f.py", staged, in_worktree);
}

#[test]
fn a_file_that_git_was_told_not_to_look_at_is_left_and_goes_on_so() {
    for (flag, tag) in [("--skip-worktree", "S"), ("--assume-unchanged", "h")] {
        let repo = mending();
        repo.stage(&[("a.txt", "1 \n"), ("b.txt", "b \n")]);
        repo.git(&["update-index", flag, "a.txt"]).code(0);
        repo.write("a.txt", "mine alone\n");
        repo.tollgate(&["fix"]).code(1).says("mended b.txt").says("left a.txt: it is marked skip-worktree");
        repo.commit_hooked(&[]).code(1).says("a.txt: not mended: it is marked");
        repo.holds("a.txt", "1 \n", "mine alone\n");
        repo.git(&["ls-files", "-v", "a.txt"]).code(0).says(&format!("{tag} a.txt"));
        // What was marked since it was mended is not put back either.
        repo.git(&["update-index", flag, "b.txt"]).code(0);
        repo.tollgate(&["fix", "--undo"]).says("b.txt").says("it is marked skip-worktree");
        repo.git(&["ls-files", "-v", "b.txt"]).code(0).says(&format!("{tag} b.txt"));
    }
}

#[test]
fn a_file_that_is_deleted_or_a_link_in_the_work_tree_is_mended_in_the_index_alone() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n"), ("b.txt", "b \n"), ("sub/c.txt", "c \n")]);
    fs::remove_file(repo.top().join("a.txt")).unwrap();
    fs::remove_file(repo.top().join("b.txt")).unwrap();
    repo.write("outside", "o \n");
    symlink("outside", repo.top().join("b.txt")).unwrap();
    fs::rename(repo.top().join("sub"), repo.beside("elsewhere")).unwrap();
    symlink(repo.beside("elsewhere"), repo.top().join("sub")).unwrap();
    repo.tollgate(&["fix"])
        .code(0)
        .says("mended a.txt: trailing-whitespace - staged; the work tree stays as it is")
        .says("mended b.txt: trailing-whitespace - staged; the work tree stays as it is")
        .says("mended sub/c.txt: trailing-whitespace - staged; the work tree stays as it is");
    assert_eq!([repo.staged("a.txt"), repo.staged("b.txt"), repo.staged("sub/c.txt")], ["1\n", "b\n", "c\n"]);
    assert!(!repo.top().join("a.txt").exists() && repo.top().join("b.txt").is_symlink());
    assert_eq!((repo.read("outside").as_str(), repo.read("sub/c.txt").as_str()), ("o \n", "c \n"));
    repo.tollgate(&["fix", "--undo"]).code(0).says("put back 3 files");
    assert_eq!([repo.staged("a.txt"), repo.staged("b.txt"), repo.staged("sub/c.txt")], ["1 \n", "b \n", "c \n"]);
}

#[test]
fn line_ends_and_filters_are_gits_own() {
    let repo = mending();
    repo.git(&["config", "core.autocrlf", "true"]).code(0);
    repo.git(&["config", "filter.case.clean", "tr A-Z a-z"]).code(0);
    repo.git(&["config", "filter.case.smudge", "tr a-z A-Z"]).code(0);
    repo.commit("attributes", &[(".gitattributes", "*.loud filter=case\n*.wide working-tree-encoding=UTF-16LE-BOM\n")]);
    repo.stage(&[("a.txt", "1 \r\n2\r\n3\r\n4\r\n"), ("x.loud", "X \r\nY\r\nZ\r\n")]);
    let utf16 = |text: &str| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    repo.write("x.wide", utf16("ä \nb\nc\n"));
    repo.git(&["add", "x.wide"]).code(0);
    repo.write("a.txt", "1 \r\n2\r\n3\r\nunstaged\r\n");
    repo.write("x.loud", "X \r\nY\r\nUNSTAGED\r\n");
    repo.write("x.wide", utf16("ä \r\nb\r\nunstaged\r\n"));
    repo.commit_hooked(&[]).code(0).says("mended and staged 3 files");
    repo.holds("a.txt", "1\n2\n3\n4\n", "1\r\n2\r\n3\r\nunstaged\r\n");
    repo.holds("x.loud", "x\ny\nz\n", "X\r\nY\r\nUNSTAGED\r\n");
    assert_eq!(repo.staged("x.wide"), "ä\nb\nc\n");
    assert_eq!(fs::read(repo.top().join("x.wide")).unwrap(), utf16("ä\r\nb\r\nunstaged\r\n"));
    repo.tollgate(&["fix", "--undo"]).code(0).says("put back 3 files");
    assert_eq!(repo.read("x.loud"), "X \r\nY\r\nUNSTAGED\r\n");
}

/// What only the work tree has is there when a staged file was mended, and what can't be mended without it says so.
#[test]
fn what_a_conversion_takes_away_stays_in_the_work_tree() {
    let repo = mending();
    repo.git(&["config", "filter.strip.clean", "sed '/^OUTPUT/d;s/^password=.*/password=XXX/'"]).code(0);
    repo.git(&["config", "filter.strip.smudge", "cat"]).code(0);
    repo.git(&["config", "filter.odd.smudge", "sed s/$/./"]).code(0);
    let attributes = "*.nb filter=strip\n*.odd filter=odd\n*.auto text=auto\n*.id ident\n";
    repo.commit("attributes", &[(".gitattributes", attributes)]);
    let notebook = "cell \nx\nOUTPUT 1\npassword=secret\n";
    repo.stage(&[("a.nb", notebook), ("b.nb", "x\ny \nOUTPUT of y\n"), ("x.odd", "x \n")]);
    repo.stage(&[("a.auto", "a \r\nb\n"), ("a.id", "a \nb\n$Id: by hand$\n")]);
    repo.tollgate(&["fix"])
        .code(1)
        .says("mended a.nb: trailing-whitespace - staged")
        .says("left b.nb: the work tree's file has what git's conversion of it")
        .says("mended a.auto: trailing-whitespace - staged")
        .says("`tollgate fix b.nb` mends it there");
    repo.holds("a.nb", "cell\nx\npassword=XXX\n", "cell\nx\nOUTPUT 1\npassword=secret\n");
    repo.holds("b.nb", "x\ny \n", "x\ny \nOUTPUT of y\n");
    repo.holds("a.auto", "a\nb\n", "a\r\nb\n");
    repo.holds("a.id", "a\nb\n$Id$\n", "a\nb\n$Id: by hand$\n");
    repo.holds("x.odd", "x\n", "x\n");
    repo.commit_hooked(&[]).code(1).says("b.nb: not mended: the work tree's file has what");
    repo.tollgate(&["fix", "b.nb"]).code(0);
    assert_eq!(repo.read("b.nb"), "x\ny\nOUTPUT of y\n");
}

#[test]
fn commit_all_commits_what_was_mended() {
    let repo = mending();
    repo.write("a.txt", "0 \n2\n3\n4\n5");
    repo.commit_hooked(&["-a"]).code(0).says("mended and staged 1 file");
    assert_eq!(committed(&repo, "a.txt"), "0\n2\n3\n4\n5\n");
    repo.holds("a.txt", "0\n2\n3\n4\n5\n", "0\n2\n3\n4\n5\n");
    repo.git(&["status", "--porcelain"]).code(0).is_silent_on("a.txt");
    // With a path beside what is staged, git commits both from its index.
    repo.stage(&[("b.txt", "c \n")]);
    repo.write("a.txt", "x \n");
    repo.commit_hooked(&["--include", "a.txt"]).code(0);
    assert_eq!([committed(&repo, "a.txt"), committed(&repo, "b.txt")], ["x\n", "c\n"]);
    repo.git(&["status", "--porcelain"]).code(0).is_silent_on(".txt");
}

#[test]
fn what_a_refused_commit_all_mended_can_be_undone() {
    let repo = mending();
    repo.write("a.txt", "1 \n");
    repo.write("broken.json", "{");
    repo.git(&["add", "-N", "broken.json"]).code(0);
    repo.commit_hooked(&["-a"]).code(1).says("mended and staged 2 files").says("check-json");
    // Git throws the index of a refused commit away.
    repo.holds("a.txt", "1\n2\n3\n4\n5\n", "1\n");
    repo.tollgate(&["fix", "--undo"]).code(0).says("put back 2 files");
    repo.holds("a.txt", "1\n2\n3\n4\n5\n", "1 \n");
    assert_eq!(repo.read("broken.json"), "{");
}

#[test]
fn a_commit_of_some_paths_is_judged_and_not_mended() {
    let repo = mending();
    repo.stage(&[("b.txt", "staged\n")]);
    repo.write("a.txt", "1 \n");
    repo.commit_hooked(&["a.txt"])
        .code(1)
        .says("fix: nothing is mended by `git commit PATH`")
        .says("trailing-whitespace");
    assert_eq!((repo.read("a.txt").as_str(), repo.staged("a.txt").as_str()), ("1 \n", "1\n2\n3\n4\n5\n"));
    repo.write("a.txt", "1\n");
    repo.commit_hooked(&["a.txt"]).code(0).is_silent_on("mended");
    repo.holds("b.txt", "staged\n", "staged\n");
}

#[test]
fn an_amended_commit_is_mended() {
    let repo = mending();
    repo.commit("second", &[("a.txt", "one\n")]);
    repo.stage(&[("a.txt", "one\ntwo \n")]);
    repo.commit_hooked(&["--amend"]).code(0).says("mended and staged 1 file");
    assert_eq!(committed(&repo, "a.txt"), "one\ntwo\n");
    repo.git(&["rev-list", "--count", "HEAD"]).code(0).says("2\n");
}

#[test]
fn in_a_merge_or_a_sequencer_nothing_is_mended() {
    let repo = mending();
    repo.git(&["checkout", "-q", "-b", "other"]).code(0);
    repo.commit("theirs", &[("a.txt", "theirs\n")]);
    repo.git(&["checkout", "-q", "-"]).code(0);
    repo.commit("ours", &[("a.txt", "ours\n")]);
    for (start, what) in [("merge", "merge"), ("cherry-pick", "cherry-pick"), ("rebase", "rebase")] {
        repo.git(&[start, "other"]).code(1);
        repo.stage(&[("a.txt", "both \n")]);
        repo.tollgate(&["fix", "--staged"]).code(2).says(&format!("nothing is mended in the middle of a {what}"));
        repo.commit_hooked(&[]).code(1).says(&format!("fix: nothing is mended in the middle of a {what}"));
        repo.holds("a.txt", "both \n", "both \n");
        repo.git(&[start, "--abort"]).code(0);
    }
}

#[test]
fn modes_stay_and_a_file_that_is_read_only_is_mended() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n"), ("run.sh", "#!/bin/sh \n")]);
    for (path, mode) in [("a.txt", 0o444), ("run.sh", 0o755)] {
        fs::set_permissions(repo.top().join(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    repo.git(&["add", "run.sh"]).code(0);
    repo.tollgate(&["fix"]).code(0).says("mended a.txt").says("mended run.sh");
    repo.holds("a.txt", "1\n", "1\n");
    let mode = |path: &str| fs::metadata(repo.top().join(path)).unwrap().mode() & 0o777;
    assert_eq!((mode("a.txt"), mode("run.sh")), (0o444, 0o755));
    repo.git(&["ls-files", "--stage", "run.sh"]).code(0).says("100755 ");
    // What the user changes of them since is none of the mending.
    for (path, mode) in [("a.txt", 0o755), ("run.sh", 0o644)] {
        fs::set_permissions(repo.top().join(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    repo.git(&["add", "run.sh"]).code(0);
    repo.tollgate(&["fix", "--undo"]).code(0);
    assert_eq!((mode("a.txt"), mode("run.sh")), (0o755, 0o644));
    repo.git(&["ls-files", "--stage", "run.sh"]).code(0).says("100644 ");
    repo.holds("run.sh", "#!/bin/sh \n", "#!/bin/sh \n");
}

#[test]
fn a_file_with_another_name_is_left_and_says_so() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n"), ("b.txt", "b \n")]);
    fs::hard_link(repo.top().join("a.txt"), repo.beside("other")).unwrap();
    repo.tollgate(&["fix"])
        .code(1)
        .says("left a.txt: cannot write it: it has 2 names (hard links)")
        .says("mended b.txt");
    repo.holds("a.txt", "1 \n", "1 \n");
    repo.commit_hooked(&[]).code(1).says("a.txt: not mended: cannot write it: it has 2 names");
    assert_eq!(fs::metadata(repo.beside("other")).unwrap().nlink(), 2);
}

/// A folder in which nobody can make a file, not even root: a mark of the file system does it.
fn seal(repo: &Repo, folder: &str, mark: &str) -> bool {
    repo.run_in(&repo.top(), "chattr", &[mark, folder], b"").code == Some(0)
}

#[test]
fn in_a_folder_that_is_read_only_nothing_is_written_and_the_rest_is_mended() {
    let repo = mending();
    repo.stage(&[("sealed/a.txt", "1 \n"), ("b.txt", "b \n")]);
    let folder = repo.top().join("sealed");
    let is_root = rustix::process::geteuid().is_root();
    if is_root && !seal(&repo, "sealed", "+i") {
        eprintln!("not tested: root can write everywhere on this file system");
        return;
    }
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o555)).unwrap_or_default();
    let ran = repo.tollgate(&["fix"]);
    if is_root {
        assert!(seal(&repo, "sealed", "-i"));
    }
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    ran.code(1).says("left sealed/a.txt: cannot write it").says("mended b.txt");
    repo.holds("sealed/a.txt", "1 \n", "1 \n");
    repo.holds("b.txt", "b\n", "b\n");
}

#[test]
fn a_file_that_changes_meanwhile_is_left_alone() {
    let repo = mending();
    // The filter is called between the first look at the file and the moment at which it would be replaced.
    let clean = format!("sh -c 'cat; echo later >> {}'", repo.top().join("x.odd").display());
    repo.commit("attributes", &[(".gitattributes", "*.odd filter=odd\n")]);
    repo.stage(&[("x.odd", "x \n"), ("b.txt", "b \n")]);
    repo.git(&["config", "filter.odd.clean", &clean]).code(0);
    repo.tollgate(&["fix"]).code(1).says("left x.odd: it was changed while it was looked at").says("mended b.txt");
    assert_eq!(repo.staged("x.odd"), "x \n");
    assert!(repo.read("x.odd").starts_with("x \nlater\n"));
    let names = fs::read_dir(repo.top()).unwrap().flatten().map(|entry| entry.file_name());
    assert!(!names.into_iter().any(|name| name.to_string_lossy().contains("tollgate-fix")));
}

#[test]
fn two_at_once_take_turns() {
    let repo = mending();
    for n in 0..60 {
        repo.write(&format!("{n}.txt"), "x \ny\n");
    }
    repo.git(&["add", "."]).code(0);
    let start = || {
        let mut command = repo.command(&repo.top(), TOLLGATE);
        command.args(["fix", "--staged"]);
        command
    };
    let both = std::thread::scope(|scope| {
        [0, 1].map(|_| scope.spawn(|| run(&mut start(), b""))).map(|ran| ran.join().unwrap())
    });
    let told = both.map(|ran| ran.code(0).stdout);
    assert!(told.iter().any(|text| text.contains("mended 60 files")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("nothing to mend")), "{told:?}");
    for n in 0..60 {
        repo.holds(&format!("{n}.txt"), "x\ny\n", "x\ny\n");
    }
}

#[test]
fn one_that_never_ends_is_not_waited_for_without_end() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n")]);
    repo.tollgate(&["fix"]).code(0);
    repo.stage(&[("a.txt", "2 \n")]);
    let lock = fs::File::open(repo.top().join(".git/tollgate/fix/lock")).unwrap();
    lock.lock().unwrap();
    let told = std::thread::scope(|scope| {
        let fixing = scope.spawn(|| repo.tollgate(&["fix", "--staged"]));
        (repo.commit_hooked(&[]), fixing.join().unwrap())
    });
    told.1.code(3).says("another run is mending files of this work tree").says("hint: try again when it has ended");
    told.0.code(1).says("another run is mending files of this work tree");
    repo.holds("a.txt", "2 \n", "2 \n");
    drop(lock);
    repo.commit_hooked(&[]).code(0).says("mended and staged 1 file");
}

#[test]
fn where_everything_staged_is_mended_away_no_empty_commit_is_made() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n2\n3\n4\n5\n")]);
    let before = repo.git(&["rev-parse", "HEAD"]).code(0).stdout;
    repo.commit_hooked(&[]).code(1).says("nothing is left to commit").says("hint: ");
    assert_eq!(repo.git(&["rev-parse", "HEAD"]).code(0).stdout, before);
    repo.holds("a.txt", "1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n");
    // Who wants it all the same says so again.
    repo.commit_hooked(&["--allow-empty"]).code(0);
}

#[test]
fn a_held_index_is_told_and_nothing_is_half_done() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n")]);
    repo.tollgate(&["fix"]).code(0);
    repo.stage(&[("a.txt", "2 \n")]);
    repo.write(".git/index.lock", "");
    let before = Frozen::of(&repo.top());
    repo.tollgate(&["fix", "--staged"]).code(3).says("another git is at work").says("hint: wait until it has ended");
    repo.tollgate(&["fix", "--undo"]).code(3).says("another git is at work");
    before.is_still(&repo.top());
}

#[test]
fn what_was_written_is_put_back_if_the_index_cannot_be() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n"), ("b.txt", "b \n")]);
    let index = fs::read(repo.top().join(".git/index")).unwrap();
    let written = |path: &str| fs::metadata(repo.top().join(path)).unwrap().modified().unwrap();
    let before = ["a.txt", "b.txt"].map(|path| (repo.read(path), written(path)));
    let script =
        "case \"$*\" in *update-index*) echo fatal: no room >&2; exit 128;; *) exec \"$REAL_GIT\" \"$@\";; esac";
    with_git(&repo, script, &["fix", "--staged"], &[]).code(3).says("no room");
    assert_eq!(["a.txt", "b.txt"].map(|path| (repo.read(path), written(path))), before);
    assert_eq!(fs::read(repo.top().join(".git/index")).unwrap(), index);
    repo.tollgate(&["fix", "--undo"]).code(2).says("there is no fixing to undo");
}

#[test]
fn the_work_tree_alone_is_mended_where_that_was_asked_for() {
    let repo = mending();
    repo.stage(&[("a.txt", "staged \n")]);
    repo.write("a.txt", "unstaged \n");
    repo.write("new.txt", "new");
    repo.tollgate(&["fix", "a.txt"]).code(0).says("mended a.txt: trailing-whitespace\n");
    repo.holds("a.txt", "staged \n", "unstaged\n");
    repo.tollgate(&["fix", "--worktree"]).code(0).says("mended new.txt: end-of-file-fixer\n");
    assert_eq!(repo.read("new.txt"), "new\n");
    repo.tollgate(&["fix", "--undo"]).code(0).says("put back new.txt");
    assert_eq!(repo.read("new.txt"), "new");
    repo.tollgate(&["fix", "--all"]).code(0).says("nothing to mend");
}

#[test]
fn what_was_changed_since_is_not_undone() {
    let repo = mending();
    repo.stage(&[("a.txt", "1 \n2\n3\n"), ("b.txt", "b \n"), ("c.txt", "c \n")]);
    repo.tollgate(&["fix"]).code(0);
    repo.write("a.txt", "1\n2\n3\nmore\n");
    repo.stage(&[("b.txt", "another\n")]);
    let told =
        repo.tollgate(&["fix", "--undo"]).code(1).says("put back c.txt").says("put back 1 file, left 2 as it is");
    let told = told.says("left a.txt: it was changed since it was mended").says("left b.txt: it was changed since");
    repo.holds("a.txt", "1\n2\n3\n", "1\n2\n3\nmore\n");
    repo.holds("b.txt", "another\n", "another\n");
    repo.holds("c.txt", "c \n", "c \n");
    let copy = told.stdout.lines().find_map(|line| line.strip_prefix("  as it was before: ")).unwrap();
    assert_eq!(fs::read_to_string(copy).unwrap(), "1 \n2\n3\n");
    repo.write("a.txt", "1\n2\n3\n");
    repo.tollgate(&["fix", "--undo"]).code(1).says("put back a.txt");
    repo.holds("a.txt", "1 \n2\n3\n", "1 \n2\n3\n");
}

#[test]
fn rules_are_applied_only_where_that_was_asked_for() {
    let repo = mending();
    repo.stage(&[("a.py", "def area(self):\n    raise NotImplemented \n")]);
    let told = repo.tollgate(&["fix"]).code(0).says("mended a.py: trailing-whitespace - staged");
    told.says("1 finding has no safe fix: `tollgate check` shows it");
    repo.tollgate(&["fix", "--unsafe-fixes"]).code(0).says("mended a.py: raised-notimplemented");
    repo.holds(
        "a.py",
        "def area(self):\n    raise NotImplementedError\n",
        "def area(self):\n    raise NotImplementedError\n",
    );
}

#[test]
fn every_check_of_a_file_has_its_turn_and_long_files_are_mended_to_their_end() {
    let repo = mending();
    repo.stage(&[("a.txt", &format!("\u{feff}{}x \r\n\n\n", "line \n".repeat(2_500)))]);
    repo.tollgate(&["fix"])
        .code(0)
        .says("fix-byte-order-marker")
        .says("mixed-line-ending")
        .says("trailing-whitespace (2501)");
    repo.holds("a.txt", &format!("{}x\n", "line\n".repeat(2_500)), &format!("{}x\n", "line\n".repeat(2_500)));
    repo.tollgate(&["check", "--staged"]).code(0);
}

#[test]
fn linked_work_trees_and_other_indexes_are_mended_each_for_itself() {
    let repo = mending();
    repo.git(&["worktree", "add", "-q", "../linked"]).code(0);
    let linked = repo.beside("linked");
    fs::write(linked.join("a.txt"), "1 \n").unwrap();
    repo.run_in(&linked, "git", &["add", "a.txt"], b"").code(0);
    repo.run_in(&linked, "git", &["commit", "-q", "-m", "x"], b"").code(0).says("mended and staged 1 file");
    repo.tollgate(&["fix", "--undo"]).code(2).says("there is no fixing to undo");
    repo.run_in(&linked, TOLLGATE, &["fix", "--undo"], b"").code(0).says("put back a.txt");
    repo.write("a.txt", "2 \n");
    let with_index = |args: &[&str], program: &str| {
        let mut command: Command = repo.command(&repo.top(), program);
        command.args(args).env("GIT_INDEX_FILE", repo.beside("own-index"));
        run(&mut command, b"")
    };
    with_index(&["read-tree", "HEAD"], "git").code(0);
    with_index(&["add", "a.txt"], "git").code(0);
    with_index(&["fix"], TOLLGATE).code(0).says("mended a.txt: trailing-whitespace - staged");
    with_index(&["cat-file", "-p", ":a.txt"], "git").code(0).says("2\n");
    repo.holds("a.txt", "1\n2\n3\n4\n5\n", "2\n");
}

#[test]
fn fixes_that_undo_each_other_are_left_out() {
    let repo = mending();
    let rule = |id: &str, from: &str, to: &str| {
        let yaml = format!(
            "id: {id}\nlanguage: Python\nseverity: error\nmessage: m\nrule: {{pattern: {from}()}}\nfix: {to}()\n"
        );
        repo.write(&format!("rules/{id}.yml"), yaml);
    };
    rule("to-there", "here", "there");
    rule("and-back", "there", "here");
    repo.commit("rules", &[("tollgate.toml", "[rules]\npaths = [\"rules/*.yml\"]\n")]);
    repo.git(&["add", "."]).code(0);
    repo.commit("rules", &[]);
    repo.stage(&[("a.py", "here()\n"), ("b.txt", "b \n")]);
    repo.tollgate(&["fix", "--unsafe-fixes"]).code(1).says("left a.py: its fixes undo each other").says("mended b.txt");
    repo.holds("a.py", "here()\n", "here()\n");
    repo.holds("b.txt", "b\n", "b\n");
}

#[test]
fn every_kind_of_repository_is_mended() {
    for script in ["sha256.sh", "split-index.sh", "sparse-index.sh", "reftable.sh", "unborn.sh", "detached.sh"] {
        let repo = Repo::from_script(script);
        let added = "mended-here.txt";
        repo.write(added, "1 \n2\n3\n");
        repo.git(&["add", added]).code(0);
        repo.write(added, "1 \n2\n3\nnot staged\n");
        repo.tollgate(&["fix", "--staged"]).says("mended mended-here.txt: trailing-whitespace - staged");
        repo.holds(added, "1\n2\n3\n", "1\n2\n3\nnot staged\n");
        repo.tollgate(&["fix", "--undo"]).code(0).says("put back mended-here.txt");
        repo.holds(added, "1 \n2\n3\n", "1 \n2\n3\nnot staged\n");
    }
}
