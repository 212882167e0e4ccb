//! Commands see exactly what is judged, whatever else lies about, and what they do there is nobody's loss.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::frozen::Frozen;
use crate::support::{Ran, Repo, TOLLGATE, run};

/// Gives an installed repository one check `own`, a line for a shell that writes to `SEEN`; it is part of what is staged.
fn with_check(repo: &Repo, line: &str, more: &str) {
    let line = line.replace("SEEN", repo.beside("seen").to_str().unwrap());
    let policy = format!("[checks.own]\nrun = [{line:?}]\nshell = true\n{more}\n");
    repo.stage(&[("tollgate.toml", &policy)]);
    repo.tollgate(&["install"]).code(0);
}

fn check(repo: &Repo) -> Ran {
    repo.tollgate(&["check", "--staged", "--only", "own"])
}

/// What the check wrote, which must pass; the repository must be as it was.
#[track_caller]
fn seen(repo: &Repo) -> String {
    let before = Frozen::of(&repo.top());
    let _ = fs::remove_file(repo.beside("seen"));
    check(repo).code(0);
    before.is_still(&repo.top());
    fs::read_to_string(repo.beside("seen")).unwrap()
}

/// A repository where `a.txt` is staged as `two` and holds `three`.
fn dirty(line: &str, more: &str) -> Repo {
    let repo = Repo::with(&[("a.txt", "one\n"), ("sub/b.txt", "one\n"), (".gitignore", "*.cache\n")]);
    with_check(&repo, line, more);
    repo.stage(&[("a.txt", "two\n")]);
    repo.write("a.txt", "three\n");
    repo
}

/// The files of the scratch tree.
fn scratch(repo: &Repo) -> PathBuf {
    let cache = repo.beside("home/.cache/tollgate");
    let mut places = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path().join("scratch/tree"));
    places.find(|tree| tree.is_dir()).expect("there is a scratch tree")
}

#[test]
fn git_in_the_scratch_tree_sees_the_commit_to_be() {
    let questions = "(git diff --cached --name-only; git ls-files | tr '\\n' ' '; echo; git show :a.txt; \
        git status --porcelain; git log --format=%s; git branch --show-current; git rev-parse --show-toplevel; pwd -P; \
        env | grep ^GIT_; true) > SEEN";
    let repo = dirty(questions, "");
    let tree = |repo: &Repo| scratch(repo).canonicalize().unwrap().display().to_string();
    let text = seen(&repo);
    let expected = "a.txt\ntollgate.toml\n.gitignore a.txt sub/b.txt tollgate.toml \ntwo\nM  a.txt\nA  tollgate.toml\nstart\nmain\n";
    assert_eq!(text, format!("{expected}{0}\n{0}\n", tree(&repo)));
    // The same in a linked work tree and where git is told by variables where everything is.
    repo.git(&["worktree", "add", "-q", "-b", "other", "../linked"]).code(0);
    let (linked, policy) = (repo.beside("linked"), repo.top().join("tollgate.toml"));
    repo.run_in(
        &linked,
        "sh",
        &["-c", &format!("cp '{}' . && echo two > a.txt && git add . && echo 3 > a.txt", policy.display())],
        b"",
    )
    .code(0);
    repo.run_in(&linked, TOLLGATE, &["check", "--staged", "--only", "own"], b"").code(0);
    let text = fs::read_to_string(repo.beside("seen")).unwrap();
    assert!(text.starts_with(&expected.replace("main", "other")), "{text}");
    let mut command = repo.command(repo.beside("").as_path(), TOLLGATE);
    command.args(["check", "--staged", "--only", "own"]);
    command.env("GIT_DIR", repo.top().join(".git")).env("GIT_WORK_TREE", repo.top());
    run(&mut command, b"").code(0);
    assert!(fs::read_to_string(repo.beside("seen")).unwrap().starts_with(expected));
}

#[test]
fn all_files_are_laid_out_as_git_lays_them_out() {
    let repo = dirty("cat x.loud x.bat link > SEEN; ls -l run | cut -c1-10 >> SEEN", "");
    repo.git(&["config", "filter.shout.smudge", "tr a-z A-Z"]).code(0);
    repo.git(&["config", "filter.shout.clean", "tr A-Z a-z"]).code(0);
    repo.write("run", "x\n");
    repo.git(&["add", "--chmod=+x", "run"]).code(0);
    std::os::unix::fs::symlink("run", repo.top().join("link")).unwrap();
    repo.git(&["add", "link"]).code(0);
    repo.stage(&[("x.loud", "word\n"), ("x.bat", "a\n")]);
    assert_eq!(seen(&repo), "word\na\nx\n-rwxr-xr-x\n");
    // Attributes that come later hold for files that were there before; those of the work tree do not.
    repo.stage(&[(".gitattributes", "*.loud filter=shout\n*.bat text eol=crlf\n")]);
    repo.write(".gitattributes", "");
    assert_eq!(seen(&repo), "WORD\na\r\nx\n-rwxr-xr-x\n");
}

#[test]
fn files_come_change_and_go() {
    let repo = dirty("find . -name .git -prune -o -type f -exec head -v {} + | sort > SEEN", "");
    let shows = |expected: &[&str], unexpected: &str| {
        let text = seen(&repo);
        assert!(expected.iter().all(|line| text.contains(line)) && !text.contains(unexpected), "{text}");
    };
    shows(&["two"], "three");
    // A folder becomes a file, a file a folder; a name that is none of the easy ones.
    repo.git(&["rm", "-q", "-r", "-f", "--cached", "sub", "a.txt"]).code(0);
    fs::remove_dir_all(repo.top().join("sub")).unwrap();
    fs::remove_file(repo.top().join("a.txt")).unwrap();
    repo.stage(&[("sub", "a file now\n"), ("a.txt/deep/c\nd.txt", "deep\n")]);
    repo.write("sub", "edited\n");
    shows(&["a file now", "deep"], "two");
    repo.commit("next", &[("e.txt", "five\n")]);
    repo.write("e.txt", "six\n");
    shows(&["a file now", "deep", "five"], "==> ./a.txt <==");
    repo.git(&["checkout", "-q", "-f", "HEAD~1"]).code(0);
    repo.stage(&[("e.txt", "seven\n")]);
    repo.write("e.txt", "eight\n");
    let policy = fs::read_to_string(scratch(&repo).join("tollgate.toml")).unwrap();
    repo.stage(&[("tollgate.toml", &policy)]);
    shows(&["==> ./a.txt <==", "one", "seven"], "deep");
}

#[test]
fn what_a_command_does_to_its_files_is_gone_at_the_next_run() {
    let repo = dirty(
        "cat a.txt sub/b.txt > SEEN; ls sub >> SEEN; ls -d new* x.cache 2> /dev/null >> SEEN; echo changed > a.txt; \
         rm -r sub; mkdir sub; echo more > sub/new.txt; ln -s /nowhere new; mkdir new2; echo 1 > new2/file; \
         git rm -q -r --cached sub; git update-index --skip-worktree a.txt; echo kept > x.cache",
        "",
    );
    assert_eq!(seen(&repo), "two\none\nb.txt\n");
    // Caches stay: what git ignores.
    assert_eq!(seen(&repo), "two\none\nb.txt\nx.cache\n");
    repo.stage(&[("a.txt", "four\n")]);
    repo.write("a.txt", "five\n");
    assert_eq!(seen(&repo), "four\none\nb.txt\nx.cache\n");
}

#[test]
fn a_link_in_the_way_leads_nobody_out() {
    let repo = dirty("cat sub/b.txt > SEEN; rm -r sub; ln -s WORK/sub sub", "");
    let policy = repo.read("tollgate.toml").replace("WORK", repo.top().to_str().unwrap());
    repo.stage(&[("tollgate.toml", &policy)]);
    repo.write("sub/b.txt", "the user's\n");
    assert_eq!(seen(&repo), "one\n");
    assert_eq!(seen(&repo), "one\n");
    repo.stage(&[("sub/b.txt", "staged\n")]);
    repo.write("sub/b.txt", "the user's\n");
    assert_eq!(seen(&repo), "staged\n");
}

#[test]
fn unchanged_files_keep_their_times() {
    let repo = dirty("cat a.txt > SEEN", "");
    seen(&repo);
    let file = scratch(&repo).join("sub/b.txt");
    let written = || {
        let metadata = fs::metadata(&file).unwrap();
        (metadata.mtime(), metadata.mtime_nsec(), metadata.ino())
    };
    let before = written();
    repo.stage(&[("a.txt", "four\n")]);
    repo.write("a.txt", "five\n");
    assert_eq!(seen(&repo), "four\n");
    assert_eq!(written(), before);
}

#[test]
fn two_runs_at_once_see_their_own() {
    let repo = dirty(
        "cat a.txt > SEEN.$(cat a.txt); test $(cat a.txt) = four || while [ ! -e SEEN.four ]; do sleep 0.01; done",
        "timeout = \"60s\"",
    );
    let mut first = repo.command(&repo.top(), TOLLGATE);
    let first = first.args(["check", "--staged", "--only", "own"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut first = first.spawn().unwrap();
    while !repo.beside("seen.two").exists() {
        sleep(Duration::from_millis(5));
    }
    repo.stage(&[("a.txt", "four\n")]);
    repo.write("a.txt", "five\n");
    check(&repo).code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen.four")).unwrap(), "four\n");
    // What it looked at is not what is staged by now.
    assert_eq!(first.wait().unwrap().code(), Some(3));
}

#[test]
fn untracked_files_are_hidden_from_what_takes_files_and_from_what_asks_for_it() {
    let sees = |run: &str, more: &str| {
        let repo = Repo::with(&[("a.txt", "one\n")]);
        with_check(&repo, run, more);
        repo.stage(&[("a.txt", "two\n")]);
        repo.write("new.txt", "new\n");
        seen(&repo)
    };
    let (all, tracked) = ("a.txt\nnew.txt\ntollgate.toml\n", "a.txt\ntollgate.toml\n");
    assert_eq!(sees("ls > SEEN", ""), all);
    assert_eq!(sees("ls > SEEN", "untracked = \"hide\""), tracked);
    assert_eq!(sees(": {files}; ls > SEEN", ""), tracked);
    assert_eq!(sees(": {files}; ls > SEEN", "untracked = \"show\""), all);
}

/// Branches, tags, configuration and what was put aside are one for all work trees; the copy is none of them.
#[test]
fn what_a_command_does_to_the_repository_of_its_copy_stays_there() {
    let script = "set -e; git branch -q -D loose; git log --all --format=%s | wc -l > SEEN; git reset -q --hard; git stash -q || :; \
        git stash pop -q; git commit -q --allow-empty -m more; git tag new; git update-ref -d refs/heads/side; git branch -q b; \
        git config user.name other; git stash clear; git pack-refs --all; git gc -q --prune=now; git worktree prune; \
        git reflog expire --expire=now --all; git log --all --format=%s >> SEEN";
    let repo = dirty(script, "");
    repo.git(&["config", "user.email", "me@example.org"]).code(0);
    repo.git(&["config", "user.name", "me"]).code(0);
    repo.git(&["branch", "side"]).code(0);
    repo.git(&["pack-refs", "--all"]).code(0);
    repo.git(&["branch", "loose"]).code(0);
    repo.write("sub/b.txt", "aside\n");
    repo.git(&["stash", "push", "-q", "-m", "mine", "sub/b.txt"]).code(0);
    repo.write("../hooked", "");
    repo.write(".git/hooks/post-commit", "#!/bin/sh\nrm ../hooked\n");
    // Git touches an object that is to be written and is there already.
    let frozen = || Frozen::of(&repo.top()).without(|path| path.starts_with(".git/objects"));
    for _ in 0..2 {
        let before = frozen();
        check(&repo)
            .code(0)
            .says("removed 6 references (heads/b, heads/loose, heads/main, heads/side, stash and 1 more)")
            .says("(sub/b.txt) in its copy");
        assert_eq!(frozen().changed_since(&before), [] as [&PathBuf; 0]);
        let text = fs::read_to_string(repo.beside("seen")).unwrap();
        assert_eq!(text, "3\nmore\nstart\n");
    }
}

/// Whatever a command puts in the place of something of the copy, neither it nor tollgate reaches the user's through it, and
/// the next run finds all as it should be.
#[test]
fn what_a_command_puts_into_the_place_of_the_copy_leads_nobody_to_the_users() {
    let git = "d=$(git rev-parse --absolute-git-dir)";
    let scripts = [
        format!("{git}; rm -rf $d; ln -s USER/.git $d"),
        format!("{git}; rm -rf $d/objects; ln -s USER/.git/objects $d/objects"),
        format!("{git}; rm -rf $d/objects/info; ln -s USER/.git/objects $d/objects/info"),
        format!("{git}; rm -rf $d/refs; ln -s USER/.git/refs $d/refs"),
        format!("{git}; rm $d/config $d/HEAD; ln -s USER/.git/config USER/.git/HEAD $d"),
        format!("{git}; chmod -R a-w $d"),
        format!(
            "{git}; touch $d/HEAD.lock $d/config.lock $d/packed-refs.lock $d/refs/x.lock $d/objects/info/commit-graph.lock"
        ),
        "rm .git; git init -q".to_owned(),
        "rm .git; ln -s USER/.git .git".to_owned(),
        "t=$(pwd -P); cd ..; rm -rf $t; ln -s USER $t".to_owned(),
        "rm -rf sub; ln -s USER/sub sub".to_owned(),
        "rm -rf module; ln -s USER/module module".to_owned(),
        "rm -rf below; ln -s USER/below below".to_owned(),
        "cd module; rm -rf .git s.txt; git init -q".to_owned(),
        "git submodule --quiet update --init gone; echo x > gone/s.txt".to_owned(),
        "git config core.ignoreStat true; echo x > sub/b.txt; git update-index sub/b.txt".to_owned(),
        "git worktree add -q --detach ./wt HEAD; git branch x; git commit-graph write --reachable".to_owned(),
    ];
    let repo = Repo::with(&[("a.txt", "one\n"), ("sub/b.txt", "one\n")]);
    let library = Repo::with(&[("s.txt", "one\n")]);
    for place in ["module", "below/module", "gone"] {
        let from = library.top();
        repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from.to_str().unwrap(), place])
            .code(0);
    }
    repo.commit("submodules", &[]);
    repo.git(&["submodule", "--quiet", "deinit", "gone"]).code(0);
    for (key, value) in [("core.ignoreStat", "true"), ("protocol.file.allow", "always")] {
        repo.git(&["config", key, value]).code(0);
    }
    let script = repo.beside("script");
    let line = format!("sh {}", script.display());
    with_check(&repo, &line, "");
    repo.stage(&[("a.txt", "two\n")]);
    repo.write("a.txt", "three\n");
    repo.write("untracked.txt", "mine\n");
    for file in ["module/s.txt", "module/new.txt", "below/module/s.txt"] {
        repo.write(file, "mine\n");
    }
    repo.git(&["stash", "list"]).code(0);
    let right = "git fsck 2>&1; git status --porcelain -uno --ignore-submodules; git branch; cat a.txt */*.txt below/*/*.txt; ls gone; ls -A .";
    let look = |script_text: &str| {
        fs::write(&script, script_text.replace("USER", repo.top().to_str().unwrap())).unwrap();
        let before = Frozen::of(&repo.top()).without(|path| path.starts_with(".git/objects"));
        check(&repo).code(0);
        let now = Frozen::of(&repo.top()).without(|path| path.starts_with(".git/objects"));
        assert_eq!(now.changed_since(&before), [] as [&PathBuf; 0], "{script_text}");
        repo.git(&["fsck", "--connectivity-only"]).code(0);
    };
    let seen = repo.beside("seen");
    let right = format!("({right}) > {} 2>&1; true", seen.display());
    look(&right);
    let expected = fs::read_to_string(&seen).unwrap();
    assert!(expected.contains("two\none\none\none\n"), "{expected}");
    for text in scripts {
        look(&format!("{text}; true"));
        look(&right);
        assert_eq!(fs::read_to_string(&seen).unwrap(), expected, "after {text}");
    }
}

/// What the user's configuration includes for repositories in some place holds in the copy, which stands elsewhere.
#[test]
fn configuration_for_a_place_holds_in_the_copy() {
    let repo = dirty("git config user.email > SEEN; git config --get-all x.y >> SEEN", "");
    let place = repo.top().canonicalize().unwrap();
    fs::write(repo.beside("home/work"), "[user]\n\temail = me@work\n").unwrap();
    let text = format!(
        "[user]\n\temail = me@home\n[x]\n\ty = 1\n\ty = 2\n[includeIf \"gitdir:{}/\"]\n\tpath = work\n",
        place.display()
    );
    let mut all = fs::read_to_string(repo.beside("home/.gitconfig")).unwrap_or_default();
    all.push_str(&text);
    fs::write(repo.beside("home/.gitconfig"), all).unwrap();
    let theirs = repo.git(&["config", "user.email"]).stdout;
    assert_eq!(theirs, "me@work\n");
    assert_eq!(seen(&repo), "me@work\n1\n2\n");
}

/// What git in the copy says of the repository, in each form that one can have.
#[test]
fn git_in_the_copy_says_what_git_in_the_work_tree_says() {
    let questions = "git rev-parse HEAD @{1}; git for-each-ref; git log --all --format='%H %s'; git stash list; \
        git remote -v; git config user.name; git config core.bare; git rev-parse --is-bare-repository \
        --is-inside-work-tree --is-shallow-repository --show-object-format; git cat-file -p HEAD~:a.txt; \
        git config --get-regexp 'remote|branch'; git ls-files -s; git status --porcelain -b -uno --ignore-submodules; git fsck --connectivity-only > /dev/null; echo $?";
    let forms: [(&str, &[&str]); 10] = [
        ("linked-worktree.sh", &["linked", "main"]),
        ("reftable.sh", &["."]),
        ("sha256.sh", &["."]),
        ("alternates.sh", &["clone"]),
        ("shallow.sh", &["clone"]),
        ("partial-clone.sh", &["clone"]),
        ("separate-git-dir.sh", &["tree"]),
        ("replace-refs.sh", &["."]),
        ("submodule.sh", &["super", "super/module"]),
        ("unborn.sh", &["."]),
    ];
    for (script, folders) in forms {
        let repo = Repo::from_script(script);
        for folder in folders {
            let top = repo.top().join(folder);
            let git = |args: &[&str]| run(repo.command(&top, "git").args(args), b"");
            let policy = format!(
                "[checks.own]\nrun = [{:?}]\nshell = true\n",
                format!("({questions}) > {} 2>&1; true", repo.beside("seen").display())
            );
            fs::write(top.join("tollgate.toml"), policy).unwrap();
            fs::write(top.join("b.txt"), "staged\n").unwrap();
            git(&["add", "tollgate.toml", "b.txt"]).code(0);
            run(repo.command(&top, TOLLGATE).arg("install"), b"").code(0);
            let expected = run(repo.command(&top, "sh").args(["-c", &format!("({questions}) 2>&1")]), b"").stdout;
            fs::write(top.join("b.txt"), "not staged\n").unwrap();
            run(repo.command(&top, TOLLGATE).args(["check", "--staged", "--only", "own"]), b"").code(0);
            let seen = fs::read_to_string(repo.beside("seen")).unwrap();
            assert_eq!(seen, expected, "{script} {folder}");
        }
    }
}

/// Whichever file is edited, and whichever was when that was asked before.
#[test]
fn what_is_edited_in_turn_is_hidden_each_time() {
    let repo = dirty("cat a.txt sub/b.txt > SEEN; pwd -P >> SEEN", "");
    let (own, copy) = (repo.top().canonicalize().unwrap(), || scratch(&repo).canonicalize().unwrap());
    let shown = |text: &str, place: &Path| format!("{text}{}\n", place.display());
    assert_eq!(seen(&repo), shown("two\none\n", &copy()));
    repo.write("sub/b.txt", "edited\n");
    repo.write("a.txt", "two\n");
    assert_eq!(seen(&repo), shown("two\none\n", &copy()));
    repo.write("sub/b.txt", "one\n");
    assert_eq!(seen(&repo), shown("two\none\n", &own));
    fs::remove_file(repo.top().join("sub/b.txt")).unwrap();
    assert_eq!(seen(&repo), shown("two\none\n", &copy()));
}

#[test]
fn clearing_the_cache_removes_the_copies_that_are_not_in_use() {
    let repo =
        dirty("tollgate() { \"$TOLLGATE_PROGRAM\" \"$@\"; }; tollgate cache clear; tollgate cache info > SEEN", "");
    let mut command = repo.command(&repo.top(), TOLLGATE);
    run(command.args(["check", "--staged", "--only", "own"]).env("TOLLGATE_PROGRAM", TOLLGATE), b"").code(0);
    assert!(fs::read_to_string(repo.beside("seen")).unwrap().contains("copies    1 "));
    assert!(scratch(&repo).is_dir());
    repo.tollgate(&["cache", "clear"]).code(0);
    repo.tollgate(&["cache", "info"]).code(0).says("copies    0 ");
    check(&repo);
    assert!(scratch(&repo).is_dir());
}

#[test]
fn a_check_may_want_the_work_tree() {
    let repo = dirty("cat a.txt > SEEN; pwd -P >> SEEN", "isolate = \"none\"");
    assert_eq!(seen(&repo), format!("three\n{}\n", repo.top().canonicalize().unwrap().display()));
}

#[test]
fn standard_input_holds_what_is_staged() {
    let repo = dirty("echo {file} >> SEEN; cat >> SEEN", "stdin = true\nfiles = [\"*.txt\"]");
    repo.stage(&[("sub/b.txt", ""), ("c.txt", "no line end")]);
    repo.write("c.txt", "no");
    assert_eq!(seen(&repo), "a.txt\ntwo\nc.txt\nno line endsub/b.txt\n");
    let repo = dirty("cat {files}", "stdin = true");
    check(&repo).code(2).says("`{file}`");
}

#[test]
fn a_commit_of_all_shows_git_in_a_command_that_commit() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    with_check(&repo, "git diff --cached --name-only > SEEN; cat a.txt >> SEEN", "");
    let policy = format!("{}[stages.pre-commit]\nchecks = [\"own\"]\n", repo.read("tollgate.toml"));
    repo.commit("policy", &[("tollgate.toml", &policy)]);
    repo.write("a.txt", "two\n");
    repo.git(&["commit", "-q", "-a", "-m", "x"]).code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "a.txt\ntwo\n");
}

#[test]
fn a_range_is_laid_out_with_its_own_history() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    with_check(&repo, "(cat a.txt; git log --format=%s; git status --porcelain) > SEEN", "");
    repo.commit("policy", &[]);
    repo.commit("two", &[("a.txt", "two\n")]);
    repo.commit("three", &[("a.txt", "three\n")]);
    repo.write("a.txt", "four\n");
    let sees = |head: &str| {
        repo.tollgate(&["check", "--base", "HEAD~2", "--head", head, "--only", "own"]).code(0);
        fs::read_to_string(repo.beside("seen")).unwrap()
    };
    assert_eq!(sees("HEAD~1"), "two\ntwo\npolicy\nstart\n");
    assert_eq!(sees("HEAD"), "three\nthree\ntwo\npolicy\nstart\n");
}

#[test]
fn history_is_the_right_one_where_references_are_in_tables() {
    let repo = Repo::from_script("reftable.sh");
    with_check(&repo, "(cat a.txt; git log --format=%s; git status -sb) > SEEN", "");
    repo.write("a.txt", "unstaged\n");
    assert_eq!(seen(&repo), "two\nsecond\nfirst\n## topic\nM  folder/b.txt\nA  tollgate.toml\n");
    repo.commit("policy", &[]);
    repo.commit("third", &[("c.txt", "three\n")]);
    repo.commit("fourth", &[("a.txt", "four\n")]);
    let before = Frozen::of(&repo.top());
    repo.tollgate(&["check", "--base", "HEAD~2", "--head", "HEAD~1", "--only", "own"]).code(0);
    before.is_still(&repo.top());
    let text = fs::read_to_string(repo.beside("seen")).unwrap();
    assert_eq!(text, "two\nthird\npolicy\nsecond\nfirst\n## HEAD (no branch)\n");
}

#[test]
fn a_command_that_reaches_through_a_link_into_what_is_the_users_is_broken() {
    let repo = dirty("sh \"$HARM\"", "pass-env = [\"HARM\"]");
    repo.stage(&[("package.json", "{}\n"), (".gitignore", "node_modules/\n*.cache\n")]);
    repo.write("node_modules/foo/index.js", "foo\n");
    repo.write("node_modules/foo/dist/main.js", "main\n");
    let harm = |script: &str| {
        repo.write("../harm", script);
        let mut command = repo.command(&repo.top(), TOLLGATE);
        command.args(["check", "--staged", "--only", "own"]).env("HARM", repo.beside("harm"));
        run(&mut command, b"")
    };
    harm("rm -rf node_modules").code(0);
    harm("cat node_modules/foo/index.js && echo mine > node_modules/mine && mkdir -p node_modules/.cache").code(0);
    assert_eq!(repo.read("node_modules/foo/index.js"), "foo\n");
    harm("rm -rf node_modules/foo/dist")
        .code(3)
        .says("node_modules/foo changed: that is yours")
        .says("hint: look whether");
    harm("cat node_modules/foo/index.js").code(0);
}

#[test]
fn packages_of_a_workspace_are_those_that_are_staged() {
    let repo = Repo::from_script("../isolation/workspace.sh");
    with_check(
        &repo,
        "(cd packages/app/node_modules; cat @own/lib/index.js absolute/index.js left-pad/index.js; \
          cd ../../../node_modules; cat @own/lib/index.js; sh .bin/own-lib; git status --porcelain --ignored . ; \
          mkdir -p .cache; ls .cache; echo 1 > .cache/mine) > SEEN",
        "",
    );
    let expected = "STAGED\nSTAGED\nSTORE\nSTAGED\nSTAGED program\n!! node_modules/\n";
    assert_eq!(seen(&repo), expected);
    // A cache of programs is their own, here and there.
    assert_eq!(seen(&repo), format!("{expected}mine\n"));
    assert!(!repo.top().join("node_modules/.cache").exists());
    // The same after a run that was killed: nothing says any more what is ours.
    fs::remove_file(scratch(&repo).with_file_name("record")).unwrap();
    assert_eq!(seen(&repo), format!("{expected}mine\n"));
    // What is removed there is removed here.
    fs::remove_file(repo.top().join("node_modules/left-pad")).unwrap();
    seen(&repo);
    assert!(fs::symlink_metadata(scratch(&repo).join("node_modules/left-pad")).is_err());
    // A package of somebody else that loads one of ours finds the user's: the link to it is followed first.
    let plugin = "node_modules/plugin/package.json";
    repo.write(plugin, r#"{"name": "plugin", "devDependencies": {"@own/lib": "1"}}"#);
    seen(&repo);
    repo.write(plugin, r#"{"name": "plugin", "peerDependencies": {"@own/lib": "1"}}"#);
    check(&repo).code(3).says("sees unstaged code").says("the package plugin").says("loads @own/lib");
    fs::remove_dir_all(repo.top().join("node_modules/plugin")).unwrap();
    seen(&repo);
    // A link in the store leads packages of others to the user's files: nothing can be done about that.
    let inside = repo.top().join("node_modules/.pnpm/left-pad@1.0.0/node_modules/lib");
    std::os::unix::fs::symlink("../../../../packages/lib", inside).unwrap();
    check(&repo).code(3).says("sees unstaged code").says("isolate = \"none\"");
}

#[test]
fn an_editable_install_imports_what_is_staged() {
    let repo = Repo::from_script("../isolation/editable.sh");
    with_check(&repo, ".venv/bin/show > SEEN; .venv/bin/python -c 'import plain; print(plain.value)' >> SEEN", "");
    assert_eq!(seen_but_for_caches(&repo), "STAGED STAGED\nSTAGED\n");
    // The same where the environment is active and found on the PATH.
    let policy = repo.read("tollgate.toml").replace(".venv/bin/", "");
    repo.stage(&[("tollgate.toml", &policy)]);
    let bin = repo.top().join(".venv/bin");
    let mut command = repo.command(&repo.top(), TOLLGATE);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    command.args(["check", "--staged", "--only", "own"]).env("PATH", path).env("VIRTUAL_ENV", repo.top().join(".venv"));
    run(&mut command, b"").code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "STAGED STAGED\nSTAGED\n");
    // What the check itself says of the path comes behind; where Python does not hear of it, nothing can be done.
    let policy = repo.read("tollgate.toml");
    repo.stage(&[("tollgate.toml", &format!("{policy}env = {{ PYTHONPATH = \"elsewhere\" }}\n"))]);
    let mut command = repo.command(&repo.top(), TOLLGATE);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    command.args(["check", "--staged", "--only", "own"]).env("PATH", path);
    run(&mut command, b"").code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "STAGED STAGED\nSTAGED\n");
    repo.stage(&[("tollgate.toml", &policy.replace("python -c", "python -I -c"))]);
    check(&repo).code(3).says("sees unstaged code: `python -I` passes over PYTHONPATH");
    repo.stage(&[("tollgate.toml", &policy)]);
    // A folder that is no part of what is judged can't be shown.
    repo.write("build/__init__.py", "");
    let packages = fs::read_dir(repo.top().join(".venv/lib")).unwrap().next().unwrap().unwrap().path();
    fs::write(packages.join("site-packages/built.pth"), repo.top().join("build").to_str().unwrap()).unwrap();
    check(&repo).code(3).says("sees unstaged code").says("build");
}

#[test]
fn an_editable_install_anywhere_imports_what_is_staged() {
    let repo = Repo::from_script("../isolation/editable.sh");
    fs::remove_dir_all(repo.top().join(".venv")).unwrap();
    with_check(&repo, "python3 -c 'import plain; print(plain.value)' > SEEN", "");
    let version = "import sys; print('python%d.%d' % sys.version_info[:2])";
    let version = repo.run_in(&repo.top(), "python3", &["-c", version], b"").code(0).stdout;
    // In the folder of the user's own packages, where nothing names it.
    let packages = repo.beside("home/.local/lib").join(version.trim()).join("site-packages");
    fs::create_dir_all(&packages).unwrap();
    fs::write(packages.join("__editable__.plain.pth"), repo.top().join("src").to_str().unwrap()).unwrap();
    assert_eq!(seen_but_for_caches(&repo), "STAGED\n");
    let insert = format!("import sys; sys.path.insert(0, '{}/src')", repo.top().display());
    fs::write(packages.join("__editable__.plain.pth"), insert).unwrap();
    check(&repo).code(3).says("sees unstaged code").says("__editable__.plain.pth leads to src");
    fs::remove_dir_all(&packages).unwrap();
    // In an environment that nothing but the path of its program names.
    repo.run_in(repo.beside("").as_path(), "python3", &["-m", "venv", "--without-pip", "env"], b"").code(0);
    let packages = repo.beside("env/lib").join(version.trim()).join("site-packages");
    std::os::unix::fs::symlink(repo.top().join("src/plain"), packages.join("plain")).unwrap();
    let policy = repo.read("tollgate.toml").replace("python3", repo.beside("env/bin/python").to_str().unwrap());
    repo.stage(&[("tollgate.toml", &policy)]);
    assert_eq!(seen_but_for_caches(&repo), "STAGED\n");
}

#[test]
fn programs_in_the_users_folders_are_those_that_are_staged() {
    let repo = dirty("", "");
    let policy = "[checks.own]\nrun = [\"chk\"]\n";
    repo.write("bin/chk", "#!/bin/sh\nexit 1\n");
    repo.git(&["add", "--chmod=+x", "bin/chk"]).code(0);
    repo.stage(&[("tollgate.toml", policy)]);
    repo.write("bin/chk", "#!/bin/sh\nexit 0\n");
    repo.run_in(&repo.top(), "chmod", &["+x", "bin/chk"], b"").code(0);
    let mut command = repo.command(&repo.top(), TOLLGATE);
    let path = format!("{}:{}", repo.top().join("bin").display(), std::env::var("PATH").unwrap());
    command.args(["check", "--staged", "--only", "own"]).env("PATH", path);
    run(&mut command, b"").code(1);
}

#[test]
fn links_that_lead_out_of_what_is_judged_break_the_check() {
    let repo = dirty("cat a.txt > SEEN", "");
    let link = |target: &str| {
        let _ = fs::remove_file(repo.top().join("link"));
        std::os::unix::fs::symlink(target, repo.top().join("link")).unwrap();
        repo.git(&["add", "link"]).code(0);
    };
    link("a.txt");
    assert_eq!(seen(&repo), "two\n");
    link(repo.top().join("a.txt").to_str().unwrap());
    check(&repo).code(3).says("sees unstaged code").says("the link link");
    fs::create_dir(repo.beside("joint")).unwrap();
    link("../joint");
    check(&repo).code(3).says("the link link leads out of the repository to ../joint");
    // As the folder of a command it is none of the repository's, whatever is staged.
    let policy = repo.read("tollgate.toml") + "dir = \"link\"\n";
    repo.stage(&[("tollgate.toml", &policy), ("a.txt", "two\n")]);
    check(&repo).code(3).says("leads out of the repository by a link");
}

#[test]
fn a_cache_in_the_work_tree_is_no_part_of_it() {
    let repo = dirty("cat a.txt > SEEN", "");
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.args(["check", "--staged", "--only", "own"]).env("XDG_CACHE_HOME", repo.top().join("cache"));
    run(&mut command, b"").code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "two\n");
    assert!(!repo.top().join("cache").exists());
}

/// Python may write its caches into the environment, which is shared.
fn seen_but_for_caches(repo: &Repo) -> String {
    check(repo).code(0);
    fs::read_to_string(repo.beside("seen")).unwrap()
}

#[test]
fn submodules_are_there_at_the_staged_commit() {
    let repo = Repo::from_script("../isolation/superproject.sh");
    with_check(
        &repo,
        "(cat sub/text; git -C sub log --format=%s; git status --porcelain) > SEEN; echo x > sub/text",
        "",
    );
    let expected = "STAGED\nnew\nold\nM  sub\nA  tollgate.toml\n";
    assert_eq!(seen(&repo), expected);
    assert_eq!(seen(&repo), expected);
}

/// Git takes a repository in a folder for a submodule, whether `.gitmodules` tells of it or not.
#[test]
fn what_is_edited_in_an_embedded_repository_is_not_seen() {
    let repo = Repo::from_script("../isolation/superproject.sh");
    repo.git(&["rm", "-q", "--cached", ".gitmodules"]).code(0);
    fs::remove_file(repo.top().join(".gitmodules")).unwrap();
    with_check(&repo, "cat sub/text > SEEN", "");
    repo.git(&["commit", "-qm", "all", "--no-verify"]).code(0);
    repo.write("sub/text", "UNSTAGED");
    repo.stage(&[("new.txt", "x\n")]);
    assert_eq!(seen(&repo), "STAGED\n");
}

#[test]
fn variables_that_lead_to_the_work_tree_lead_to_the_scratch_tree() {
    let repo = dirty("echo out > $OUT/file; cat $OUT/file a.txt > SEEN", "");
    let before = Frozen::of(&repo.top());
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.args(["check", "--staged", "--only", "own"]).env("OUT", repo.top());
    run(&mut command, b"").code(0);
    before.is_still(&repo.top());
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "out\ntwo\n");
}

#[test]
fn a_kill_in_the_middle_of_an_update_loses_nothing_and_hides_nothing() {
    let rounds = std::env::var("TOLLGATE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(8);
    let repo = dirty("cat *.slow a.txt > SEEN; echo changed > 1.slow", "");
    repo.git(&["config", "filter.slow.smudge", "sleep 0.01; cat"]).code(0);
    repo.stage(&[(".gitattributes", "*.slow filter=slow\n")]);
    for round in 0..rounds {
        let text = |n: u64| format!("{round} {n}\n");
        for n in 0..9 {
            repo.stage(&[(&format!("{n}.slow"), &text(n))]);
            repo.write(&format!("{n}.slow"), "unstaged\n");
        }
        let before = Frozen::of(&repo.top());
        let mut command = repo.command(&repo.top(), TOLLGATE);
        command.args(["check", "--staged", "--only", "own"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.process_group(0).spawn().unwrap();
        sleep(Duration::from_millis(20 + round * 37 % 160));
        let group = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        let _ = kill_process_group(group, Signal::KILL);
        child.wait().unwrap();
        before.is_still(&repo.top());
        let expected: String = (0..9).map(text).collect();
        assert_eq!(seen(&repo), format!("{expected}two\n"), "round {round}");
    }
}
