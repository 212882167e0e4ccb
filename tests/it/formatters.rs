//! Commands that mend: what they make of the judged files are findings and fixes, and the user's files are never where
//! they run.

use std::fs;

use crate::frozen::Frozen;
use crate::support::Repo;

/// Corrects a word in the files that it is given.
const SPELL: &str = r#"["sh", "-c", "sed -i s/teh/the/ \"$@\"", "spell", "{files}"]"#;

/// A repository whose hook mends, with these commands that do.
fn with_commands(commands: &[(&str, &str)]) -> Repo {
    let mut policy = "[stages.pre-commit]\nchecks = [\"*\"]\nfix = \"safe\"\n".to_owned();
    for (id, run) in commands {
        policy += &format!("[checks.{id}]\nrun = {run}\nfiles = [\"*.txt\"]\nfix = \"safe\"\n");
    }
    let numbers = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    let repo = Repo::with(&[("tollgate.toml", &policy), ("a.txt", numbers), ("old.txt", "teh\nx\ny\n")]);
    repo.tollgate(&["install"]).code(0);
    repo
}

#[test]
fn looking_shows_what_would_change_and_changes_nothing() {
    let repo = with_commands(&[("spell", SPELL)]);
    repo.stage(&[("a.txt", "1\nteh\n3\n"), ("old.txt", "teh\nx\nz\n")]);
    let before = Frozen::of(&repo.top());
    let told = repo.tollgate(&["check", "--staged"]).code(1).says("`spell` would change 1 line").says("a.txt:2");
    // What was there before the change does not block.
    told.says("1 new error").says("1 finding was there before");
    repo.tollgate(&["check", "a.txt"]).code(1).says("`spell` would change 1 line");
    let json = repo.tollgate(&["check", "--staged", "--format", "json"]).code(1).stdout;
    assert!(json.contains("apply what `spell` makes of it"), "{json}");
    before.is_still(&repo.top());
    repo.tollgate(&["fix"]).code(0).says("mended a.txt: spell - staged").is_silent_on("old.txt");
    repo.holds("a.txt", "1\nthe\n3\n", "1\nthe\n3\n");
    repo.holds("old.txt", "teh\nx\nz\n", "teh\nx\nz\n");
    repo.tollgate(&["fix", "--undo"]).code(0);
    repo.holds("a.txt", "1\nteh\n3\n", "1\nteh\n3\n");
}

#[test]
fn one_commit_goes_through_and_what_is_not_staged_stays_so() {
    let repo = with_commands(&[("spell", SPELL)]);
    repo.stage(&[("a.txt", "teh\n2\n3\n4\n5\n6\n7\n8\n9\n"), ("new.txt", "a teh \n")]);
    repo.write("a.txt", "teh\n2\n3\n4\n5\n6\n7\nteh unstaged\n9\n");
    repo.commit_hooked(&[])
        .code(0)
        .says("mended and staged 2 files")
        .says("new.txt: mended: spell, trailing-whitespace");
    repo.holds("a.txt", "the\n2\n3\n4\n5\n6\n7\n8\n9\n", "the\n2\n3\n4\n5\n6\n7\nteh unstaged\n9\n");
    repo.holds("new.txt", "a the\n", "a the\n");
    repo.git(&["status", "--porcelain"]).code(0).says(" M a.txt\n").is_silent_on("new.txt");
}

#[test]
fn where_unstaged_changes_meet_the_fix_nothing_is_written() {
    let repo = with_commands(&[("spell", SPELL)]);
    repo.stage(&[("a.txt", "1\nteh\n3\n")]);
    repo.write("a.txt", "1\nother\n3\n");
    repo.commit_hooked(&[]).code(1).says("not mended: changes that are not staged").says("-teh").says("+the");
    repo.holds("a.txt", "1\nteh\n3\n", "1\nother\n3\n");
}

#[test]
fn a_formatter_runs_once_where_it_has_nothing_to_do_and_twice_where_it_mends() {
    let repo = with_commands(&[]);
    let count = repo.beside("count");
    let run =
        format!(r#"["sh", "-c", "echo ran >> '{}'; sed -i s/teh/the/ \"$@\"", "spell", "{{files}}"]"#, count.display());
    let policy = format!(
        "[stages.pre-commit]\nchecks = [\"*\"]\nfix = \"safe\"\n[checks.spell]\nrun = {run}\nfiles = [\"*.txt\"]\nfix = \"safe\"\n"
    );
    repo.commit("policy", &[("tollgate.toml", &policy)]);
    let commit = |files: &[(&str, &str)], n_runs: usize| {
        let _ = fs::remove_file(&count);
        repo.stage(files);
        repo.commit_hooked(&[]).code(0);
        assert_eq!(fs::read_to_string(&count).unwrap().lines().count(), n_runs, "{files:?}");
    };
    commit(&[("a.txt", "1\n")], 1);
    commit(&[("a.txt", "teh\n")], 2);
    commit(&[("a.txt", "for a built-in check \n")], 1);
    repo.holds("a.txt", "for a built-in check\n", "for a built-in check\n");
    // What is left unmended is looked at again.
    repo.write("a.txt", "other\n");
    let _ = fs::remove_file(&count);
    repo.git(&["update-index", "--cacheinfo", &format!("100644,{},a.txt", blob(&repo, "teh\n"))]).code(0);
    repo.commit_hooked(&[]).code(1).says("not mended");
    assert_eq!(fs::read_to_string(&count).unwrap().lines().count(), 3);
}

/// The name of an object with this content.
fn blob(repo: &Repo, text: &str) -> String {
    repo.write("for-git", text);
    let name = repo.git(&["hash-object", "-w", "for-git"]).code(0).stdout.trim().to_owned();
    fs::remove_file(repo.top().join("for-git")).unwrap();
    name
}

#[test]
fn several_take_turns_until_none_has_anything_to_do() {
    // The second one undoes nothing of the first, but sees what it made; and what it makes is for a built-in check.
    let longer = r#"["sh", "-c", "sed -i 's/the$/the end /' \"$@\"", "longer", "{files}"]"#;
    let repo = with_commands(&[("spell", SPELL), ("longer", longer)]);
    repo.stage(&[("a.txt", "teh")]);
    repo.commit_hooked(&[]).code(0).says("longer").says("spell").says("end-of-file-fixer").says("trailing-whitespace");
    repo.holds("a.txt", "the end\n", "the end\n");
}

#[test]
fn two_that_undo_each_others_work_are_left_out() {
    let back = r#"["sh", "-c", "sed -i s/the/teh/ \"$@\"", "back", "{files}"]"#;
    let repo = with_commands(&[("spell", SPELL), ("back", back)]);
    repo.stage(&[("a.txt", "teh\n"), ("b.txt", "x \n")]);
    let told = repo.tollgate(&["fix"]).code(1).says("left a.txt: its fixes undo each other");
    told.says("mended b.txt: trailing-whitespace");
    repo.holds("a.txt", "teh\n", "teh\n");
}

/// A command with the exit codes that say that it found something.
fn with_codes(run: &str, codes: &str) -> String {
    format!("{run}\nfinding-codes = [{codes}]")
}

#[test]
fn nothing_of_one_that_fails_is_kept() {
    let crash = r#"["sh", "-c", "printf half > \"$1\"; echo Traceback; exit 1", "crash", "{files}"]"#;
    let text = "one\ntwo\nthree\n";
    for (run, why) in [
        (crash.to_owned(), "write `finding-codes = [1]` in [checks.crash]"),
        (with_codes(crash, ""), "by which it says that it could not run"),
        (with_codes(crash, "2, 123"), "by which it says that it could not run"),
    ] {
        let repo = with_commands(&[("spell", SPELL), ("crash", &run)]);
        repo.stage(&[("a.txt", text)]);
        repo.tollgate(&["check", "--staged"]).code(3).says("Traceback").is_silent_on("would change");
        repo.commit_hooked(&[]).code(1).says("ended with exit code 1").says(why);
        repo.tollgate(&["fix"]).code(1).says("`crash` could not mend: it ended with exit code 1").says(why);
        repo.holds("a.txt", text, text);
    }
}

#[test]
fn an_exit_code_counts_if_it_stays() {
    // As hooks of pre-commit do: an error because something was changed.
    let strict =
        r#"["sh", "-c", "grep -q teh \"$@\" || exit 0; sed -i s/teh/the/ \"$@\"; exit 1", "strict", "{files}"]"#;
    let repo = with_commands(&[("strict", &with_codes(strict, "1"))]);
    repo.stage(&[("a.txt", "teh\n")]);
    repo.tollgate(&["check", "--staged"]).code(1).says("`strict` would change 1 line").is_silent_on("exit code");
    repo.commit_hooked(&[]).code(0).says("mended and staged 1 file");
    // One that fails on one file and changes another is not through.
    let half = r#"["sh", "-c", "sed -i s/teh/the/ \"$@\"; echo cannot parse; exit 123", "half", "{files}"]"#;
    let repo = with_commands(&[("half", &with_codes(half, "123"))]);
    repo.stage(&[("a.txt", "teh\n")]);
    let told = repo.tollgate(&["check", "--staged"]).code(1).says("`half` would change 1 line");
    told.says("exit code 123").says("cannot parse");
    repo.commit_hooked(&[]).code(1).says("exit code 123");
    repo.holds("a.txt", "the\n", "the\n");
    let repo = with_commands(&[("gone", r#"["no-such-formatter", "{files}"]"#)]);
    repo.stage(&[("a.txt", "teh\n")]);
    repo.tollgate(&["fix"]).code(1).says("`gone` could not mend: ").says("hint: install it");
    repo.commit_hooked(&[]).code(1).says("no-such-formatter");
}

#[test]
fn what_is_more_than_new_contents_of_its_files_is_told_and_not_done() {
    let wild = r#"["sh", "-c", "echo more >> old.txt; echo new > made.txt; rm b.txt; ln -sf a.txt c.txt; sed -i s/teh/the/ a.txt"]"#;
    let repo = with_commands(&[("wild", wild)]);
    repo.stage(&[("a.txt", "teh\n"), ("b.txt", "b\n"), ("c.txt", "c\n")]);
    let told = repo.tollgate(&["check", "--staged"]).code(1);
    told.says("`wild` would change 1 line")
        .says("`wild` would delete this file")
        .says("`wild` would put something else in its place")
        .says("`wild` would also change 1 file (old.txt), which it is not given: they stay")
        .says("`wild` makes 1 file (made.txt), which is not kept");
    repo.commit_hooked(&[]).code(1).says("a.txt: mended: wild");
    repo.holds("a.txt", "the\n", "the\n");
    repo.holds("b.txt", "b\n", "b\n");
    repo.holds("c.txt", "c\n", "c\n");
    repo.holds("old.txt", "teh\nx\ny\n", "teh\nx\ny\n");
    assert!(!repo.top().join("made.txt").exists() && !repo.top().join("c.txt").is_symlink());
}

#[test]
fn a_mode_that_would_change_is_told_and_not_changed() {
    let script = r#"["sh", "-c", "chmod +x a.txt; chmod -x b.txt; sed -i s/teh/the/ b.txt", "modes", "{files}"]"#;
    let repo = with_commands(&[("modes", script)]);
    repo.stage(&[("a.txt", "1\n"), ("b.txt", "teh\n")]);
    repo.git(&["update-index", "--chmod=+x", "b.txt"]).code(0);
    for args in [&["check", "--staged"][..], &["check", "--worktree"]] {
        let told = repo.tollgate(args).code(1).says("`modes` would make this file executable");
        // In the work tree it is none.
        assert_eq!(told.text().contains("no program"), args[1] == "--staged", "{}", told.text());
        assert!(told.text().contains("would change 1 line"), "{}", told.text());
    }
    repo.commit_hooked(&[]).code(1).says("would make this file executable").says("b.txt: mended: modes");
    repo.git(&["ls-files", "-s", "a.txt"]).says("100644");
    repo.holds("b.txt", "the\n", "the\n");
}

#[test]
fn the_work_tree_is_mended_as_it_is() {
    let repo = with_commands(&[("spell", SPELL)]);
    repo.stage(&[("a.txt", "1\n2\n")]);
    repo.write("a.txt", "teh\n2\n");
    repo.write("new.txt", "teh\n");
    repo.tollgate(&["check", "--worktree"]).code(1).says("a.txt:1").says("new.txt:1");
    repo.tollgate(&["fix", "--worktree"]).code(0).says("mended a.txt: spell\n").says("mended new.txt: spell\n");
    repo.holds("a.txt", "1\n2\n", "the\n2\n");
    assert_eq!(repo.read("new.txt"), "the\n");
    repo.tollgate(&["fix", "--undo"]).code(0).says("put back 2 files");
    assert_eq!([repo.read("a.txt"), repo.read("new.txt")], ["teh\n2\n", "teh\n"]);
    repo.tollgate(&["fix", "--all"]).code(0).says("mended old.txt: spell\n").says("mended a.txt: spell\n");
    assert_eq!(repo.read("old.txt"), "the\nx\ny\n");
}

#[test]
fn contents_are_converted_as_git_does_it() {
    let repo = with_commands(&[("spell", SPELL)]);
    repo.git(&["config", "core.autocrlf", "true"]).code(0);
    repo.git(&["config", "filter.case.clean", "tr A-Z a-z"]).code(0);
    repo.git(&["config", "filter.case.smudge", "tr a-z A-Z"]).code(0);
    repo.commit("attributes", &[(".gitattributes", "x.txt filter=case\n")]);
    repo.stage(&[("a.txt", "1 \r\nteh\r\n3\r\n4\r\n5\r\n"), ("x.txt", "ONE \r\nTWO\r\n")]);
    repo.write("a.txt", "1 \r\nteh\r\n3\r\n4\r\nunstaged\r\n");
    // The command sees what the work tree would have: `TEH` is no word of its own.
    repo.stage(&[("y.txt", "teh\r\n")]);
    repo.commit_hooked(&[]).code(0).says("mended and staged 3 files");
    repo.holds("a.txt", "1\nthe\n3\n4\n5\n", "1\r\nthe\r\n3\r\n4\r\nunstaged\r\n");
    repo.holds("x.txt", "one\ntwo\n", "ONE\r\nTWO\r\n");
    repo.holds("y.txt", "the\n", "the\r\n");
}

#[test]
fn a_command_that_changes_files_and_does_not_mend_is_told_of() {
    let repo = Repo::with(&[("a.txt", "teh\n"), ("b.txt", "b\n")]);
    let policy = format!("[stages.pre-commit]\nchecks = [\"*\"]\n[checks.spell]\nrun = {SPELL}\nfiles = [\"*.txt\"]\n");
    repo.stage(&[("tollgate.toml", &policy), ("a.txt", "teh\nteh\n")]);
    repo.write("b.txt", "unstaged\n");
    repo.tollgate(&["install"]).code(0);
    let told = repo.tollgate(&["check", "--staged"]).code(0);
    told.says("`spell` changed 1 file (a.txt) in its copy; that is not kept");
    let mends = format!("{policy}[checks.mends]\nrun = [\"true\"]\nfix = \"safe\"\n");
    repo.stage(&[("tollgate.toml", &mends)]);
    repo.tollgate(&["check", "--staged"]).code(0).says("`spell` changed 1 file (a.txt) in its copy; that is not kept");
    repo.tollgate(&["check", "--staged"]).code(0);
    assert_eq!(fs::read_to_string(repo.top().join("a.txt")).unwrap(), "teh\nteh\n");
    // Where nothing is hidden it runs in the work tree.
    repo.write("b.txt", "b\n");
    repo.stage(&[("tollgate.toml", &policy)]);
    let told = repo.tollgate(&["check", "--staged"]).code(0);
    told.says("notice: spell: a.txt was changed in your work tree while it ran there");
}

#[test]
fn nothing_of_a_stranger_mends() {
    let repo = with_commands(&[("spell", SPELL)]);
    repo.tollgate(&["uninstall"]).code(0);
    repo.stage(&[("a.txt", "teh \n")]);
    let told = repo.tollgate(&["fix"]).code(1).says("`spell` could not mend: commands of this repository do not run");
    told.says("mended a.txt: trailing-whitespace");
    repo.holds("a.txt", "teh\n", "teh\n");
}
