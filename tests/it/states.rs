//! The states that a repository can be in: what is judged in each, and that looking changes nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::frozen::Frozen;
use crate::support::{Ran, Repo, TOLLGATE, run};

/// A repository built by a script, looked at from one of its folders, with these variables set.
struct State {
    repo: Repo,
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

fn shown(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// What is looked at.
const STAGED: &[&str] = &["--staged"];
const WORKTREE: &[&str] = &["--worktree"];
const ALL: &[&str] = &["--all"];

impl State {
    fn of(script: &str) -> Self {
        Self::within(script, "")
    }

    /// The same, seen from a folder below the top.
    fn within(script: &str, folder: &str) -> Self {
        let repo = Repo::from_script(script);
        Self { folder: repo.top().join(folder), repo, variables: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs the check; everything in and around the repository must be as it was.
    #[track_caller]
    fn check(&self, args: &[&str]) -> Ran {
        let before = Frozen::of(&self.repo.top());
        let mut command = self.repo.command(&self.folder, TOLLGATE);
        command.arg("check").args(args).envs(self.variables.iter().map(|(name, value)| (name, value)));
        let ran = run(&mut command, b"");
        before.is_still(&self.repo.top());
        ran
    }

    /// Judges exactly these files (`status path`), says that it looked at this, and passes.
    #[track_caller]
    fn passes(&self, args: &[&str], looked_at: &str, files: &[&str]) -> &Self {
        self.judges(args, files);
        let verdict = if files.is_empty() { "nothing to check" } else { "passed" };
        self.check(args).code(0).says(&format!("{verdict}: {looked_at}"));
        self
    }

    #[track_caller]
    fn judges(&self, args: &[&str], files: &[&str]) -> &Self {
        let ran = self.check(&[args, &["--plan", "--format", "json"]].concat()).code(0);
        let plan: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let listed = plan["files"].as_array().unwrap().iter();
        let listed: Vec<_> = listed.map(|file| text(&file["status"]) + " " + &text(&file["path"])).collect();
        assert_eq!(listed, files);
        self
    }

    /// Nothing is judged, and it says why.
    #[track_caller]
    fn fails(&self, args: &[&str], says: &str) -> &Self {
        self.check(args).code(3).says("error: ").says(says).is_silent_on("passed");
        self
    }

    /// It blocks because of this.
    #[track_caller]
    fn blocks(&self, args: &[&str], says: &str) -> &Self {
        self.check(args).code(1).says("blocked: ").says(says);
        self
    }
}

#[test]
fn before_the_first_commit() {
    State::of("unborn.sh")
        .passes(STAGED, "staged changes, first commit", &["added staged.txt"])
        .passes(WORKTREE, "work tree, before the first commit", &["added staged.txt", "added untracked.txt"])
        .judges(ALL, &["present staged.txt"])
        .fails(&["--base", "HEAD"], "`HEAD` is no commit of this repository");
    State::of("sha256-unborn.sh").passes(STAGED, "staged changes, first commit", &["added a.txt"]);
}

#[test]
fn on_no_branch_and_in_the_middle_of_an_operation() {
    State::of("detached.sh").passes(STAGED, "staged changes against HEAD (76d62cb2b5)", &[]);
    State::of("amend.sh").passes(STAGED, "staged changes against HEAD (main)", &["added third.txt"]);
    State::of("cherry-pick.sh").passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"]);
}

#[test]
fn merging() {
    let expected = ["modified both.txt", "deleted dropped.txt", "added evil.txt"];
    State::of("merge.sh")
        .passes(STAGED, "merge in progress, against 2 parents", &expected)
        .judges(WORKTREE, &["modified both.txt", "deleted dropped.txt", "added evil.txt", "added theirs.txt"]);
    let unmerged = State::of("unmerged.sh");
    unmerged.fails(STAGED, "2 paths are not merged yet: both.txt, deleted-by-us.txt");
    unmerged.blocks(WORKTREE, "check-merge-conflict").blocks(ALL, "check-merge-conflict");
    let told = "GITHEAD_5b9a5a341c146cac83ca985700ac53b512709993";
    State::of("pre-merge-commit.sh").with(told, "topic").with("GIT_INDEX_FILE", ".git/recorded-index").passes(
        STAGED,
        "merge in progress, against 2 parents",
        &[],
    );
}

#[test]
fn partly_staged() {
    let staged = ["deleted gone-staged.txt", "modified half.txt", "renamed moved-to.txt", "deleted unlisted.txt"];
    let state = State::of("partial-staging.sh");
    state.passes(STAGED, "staged changes against HEAD (main)", &staged);
    state.passes(
        WORKTREE,
        "work tree against HEAD (main)",
        &[
            "deleted gone-staged.txt",
            "deleted gone-unstaged.txt",
            "modified half.txt",
            "renamed moved-to.txt",
            "modified unlisted.txt",
            "added untracked.txt",
        ],
    );
    // A fault beside the index is none of a commit's, and one in the index is not mended by what is beside it.
    state.repo.write("half.txt", "fault \n");
    state.repo.write("untracked.txt", "fault \n");
    state.check(STAGED).code(0);
    state.blocks(WORKTREE, "half.txt:1:6").blocks(WORKTREE, "untracked.txt:1:6");
    state.repo.git(&["add", "half.txt"]).code(0);
    state.repo.write("half.txt", "mended\n");
    state.blocks(STAGED, "half.txt:1:6");
    State::of("intent-to-add.sh")
        .passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"])
        .judges(WORKTREE, &["modified a.txt", "added intended.txt"]);
}

#[test]
fn in_other_folders() {
    let both = ["modified deep/er/file.txt", "modified top.txt"];
    State::within("subdirectory.sh", "deep")
        .passes(STAGED, "staged changes against HEAD (main)", &both)
        .judges(&["er"], &["present deep/er/file.txt"])
        .check(&["top.txt"])
        .code(2)
        .says("no such file");
    State::within("linked-worktree.sh", "linked").passes(
        STAGED,
        "staged changes against HEAD (side)",
        &["modified a.txt"],
    );
    State::within("linked-worktree.sh", "main").passes(STAGED, "staged changes against HEAD (main)", &[]);
    let elsewhere = State::of("amend.sh");
    let (git, top) = (elsewhere.repo.top().join(".git"), elsewhere.repo.top());
    State { folder: elsewhere.repo.beside("home"), ..elsewhere }
        .with("GIT_DIR", &git.to_string_lossy())
        .with("GIT_WORK_TREE", &top.to_string_lossy())
        .passes(STAGED, "staged changes against HEAD (main)", &["added third.txt"]);
}

#[test]
fn the_index_that_git_names_is_judged() {
    let commit_all = State::of("commit-all.sh");
    commit_all.judges(STAGED, &[]);
    commit_all.with("GIT_INDEX_FILE", ".git/recorded-index").passes(
        STAGED,
        "staged changes against HEAD (main)",
        &["modified a.txt", "modified b.txt"],
    );
    let commit_path = State::of("commit-path.sh");
    commit_path.judges(STAGED, &["modified b.txt"]);
    commit_path.with("GIT_INDEX_FILE", ".git/recorded-index").passes(
        STAGED,
        "staged changes against HEAD (main)",
        &["modified a.txt"],
    );
}

#[test]
fn kinds_of_entries() {
    let state = State::of("kinds.sh");
    state.judges(
        STAGED,
        &[
            "added -dash",
            "modified becomes-executable.sh",
            "type-changed becomes-file",
            "type-changed becomes-link.txt",
            "added binary.bin",
            "added caf\\xe9",
            "added empty",
            "added escape\\x1b[31m",
            "added line\\nbreak",
            "added link-added",
            "modified link-retargeted",
            "modified module",
        ],
    );
    state
        .blocks(STAGED, "link-retargeted:1:1: error: ")
        .blocks(WORKTREE, "1 new error (check-symlinks) in 1 of 12 files");
}

#[test]
fn of_a_hundred_thousand_files_the_staged_one_is_judged() {
    State::of("many.sh").blocks(STAGED, "1 new error (trailing-whitespace) in 1 of 1 file");
}

#[test]
fn a_gibibyte_is_not_read() {
    let state = State::of("large.sh");
    state.blocks(STAGED, "check-added-large-files").blocks(WORKTREE, "check-added-large-files");
    // There may be a secret in it: somebody has to say that there is none.
    state.check(ALL).code(3).says("big.bin: 1024 MiB are more than the 100 MiB that are read").says("`exclude`");
}

#[test]
fn formats_that_libgit2_does_not_know() {
    State::of("sha256.sh")
        .passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt", "added c.txt"])
        .judges(ALL, &["present a.txt", "present c.txt", "present folder/b.txt"]);
    State::of("reftable.sh").passes(STAGED, "staged changes against HEAD (topic)", &["modified folder/b.txt"]).passes(
        &["--base", "main"],
        "HEAD (topic) against main",
        &["modified a.txt"],
    );
    State::of("split-index.sh").passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"]);
    State::of("sparse-index.sh")
        .passes(STAGED, "staged changes against HEAD (main)", &["modified inside/a.txt"])
        .passes(WORKTREE, "work tree against HEAD (main)", &["modified inside/a.txt"]);
}

#[test]
fn ranges() {
    State::of("renames.sh")
        .passes(
            &["--base", "main"],
            "HEAD (topic) against main",
            &["renamed folder-less.txt", "renamed folder/edited.txt"],
        )
        .judges(STAGED, &["renamed staged-to.txt"]);
    State::of("criss-cross.sh").judges(&["--base", "base-late", "--head", "late"], &["added back.txt"]);
    State::of("unrelated.sh").fails(&["--base", "main"], "have no common ancestor");
    State::within("shallow.sh", "clone").fails(&["--base", "origin/main"], "git fetch --unshallow");
    let push = State::within("push.sh", "clone");
    push.judges(&["--base", "origin/main", "--head", "topic"], &["added topic.txt"]);
    push.fails(&["--base", "origin/main", "--head", "apart"], "have no common ancestor");
}

#[test]
fn what_is_damaged_never_passes() {
    for what in [STAGED, WORKTREE, ALL] {
        State::of("corrupt-head.sh").fails(what, "HEAD");
        State::of("corrupt-index.sh").fails(what, "the sum at its end").fails(what, "git read-tree HEAD");
    }
    // Half of an index: git itself does not notice.
    let names: Vec<String> = (0..40).map(|n| format!("{n}.txt")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x\n")).collect();
    let repo = Repo::with(&files);
    let index = repo.top().join(".git/index");
    let whole = fs::read(&index).unwrap();
    fs::write(&index, &whole[..whole.len() / 2]).unwrap();
    for what in [STAGED, WORKTREE, ALL, &["0.txt"]] {
        repo.tollgate(&[&["check"], what].concat()).code(3).says("is damaged").says("hint: ");
    }
    let state = State::of("damaged-object.sh");
    state.check(STAGED).code(3).says("could not run: b.txt: cannot read b.txt").is_silent_on("passed");
}

#[test]
fn indexes_with_more_in_them() {
    State::of("index-v4.sh")
        .passes(STAGED, "staged changes against HEAD (main)", &["modified folder/ab.txt"])
        .judges(ALL, &["present folder/a.txt", "present folder/ab.txt", "present folder/abc.txt"]);
    let untracked = ["modified folder/a.txt", "added folder/known.txt", "added folder/later.txt"];
    State::of("untracked-cache.sh")
        .passes(STAGED, "staged changes against HEAD (main)", &["modified folder/a.txt"])
        .passes(WORKTREE, "work tree against HEAD (main)", &untracked);
    State::of("skip-hash.sh").passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"]);
}

#[test]
fn nobody_watches_the_files_for_us() {
    let both = ["modified a.txt", "modified b.txt"];
    State::of("fsmonitor-hook.sh")
        .passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"])
        .passes(WORKTREE, "work tree against HEAD (main)", &both)
        .judges(ALL, &["present a.txt", "present b.txt"]);
    State::of("fsmonitor-daemon.sh").passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"]).passes(
        WORKTREE,
        "work tree against HEAD (main)",
        &["modified a.txt"],
    );
}

#[test]
fn objects_of_another_repository() {
    let state = State::within("alternates.sh", "clone");
    state.passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"]);
    state.repo.write("clone/a.txt", "fault \nworse \n");
    state.repo.git(&["-C", "clone", "add", "a.txt"]).code(0);
    state.blocks(STAGED, "a.txt:2:6").check(STAGED).is_silent_on("a.txt:1:6");
}

#[test]
fn what_is_replaced_is_judged_as_it_is() {
    State::of("replace-refs.sh").judges(STAGED, &["modified a.txt"]).blocks(STAGED, "a.txt:1:6");
}

/// What git does not have it fetches, if it can; without the remote nothing passes.
#[test]
fn a_partial_clone_fetches_what_is_compared() {
    let base = ["check", "--base", "HEAD~1"];
    let offline = State::within("partial-clone.sh", "clone");
    fs::rename(offline.repo.top().join("origin"), offline.repo.top().join("elsewhere")).unwrap();
    let ran = offline.repo.run_in(&offline.folder, TOLLGATE, &base, b"");
    ran.code(3).says("cannot read a.txt").is_silent_on("passed");
    let online = State::within("partial-clone.sh", "clone");
    online.repo.run_in(&online.folder, TOLLGATE, &base, b"").code(0).says("passed: HEAD (main) against HEAD~1");
}

#[test]
fn a_bare_repository_sees_what_is_pushed_to_it() {
    let state = State::within("bare-quarantine.sh", "bare");
    state.passes(&["--base", "main", "--head", "main"], "main against main", &[]);
    state.fails(STAGED, "this repository has no work tree");
    let hook = state.folder.join("hooks/pre-receive");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let script = format!(
        "#!/bin/sh\nset -e\nwhile read -r old new name; do\n  {TOLLGATE} check --base main --head \"$new\"\ndone\n"
    );
    fs::write(&hook, script).unwrap();
    state.repo.run_in(&state.folder, "chmod", &["+x", "hooks/pre-receive"], b"").code(0);
    let clone = state.repo.top().join("clone");
    let push = |branch: &str| state.repo.run_in(&clone, "git", &["push", "-q", "origin", branch], b"");
    push("good").code(0);
    push("topic").code(1).says("a.txt:1:6");
    state.repo.run_in(&state.folder, "git", &["rev-parse", "-q", "--verify", "topic"], b"").code(1);
}

#[test]
fn a_repository_beside_its_work_tree() {
    let state = State::within("separate-git-dir.sh", "tree");
    let top = state.repo.top();
    state.passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"]);
    let elsewhere = State { folder: state.repo.beside("home"), ..state }.with("GIT_DIR", &shown(&top.join("store")));
    elsewhere.passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"]);
    elsewhere.with("GIT_INDEX_FILE", &shown(&top.join("other-index"))).passes(
        STAGED,
        "staged changes against HEAD (main)",
        &["modified a.txt", "modified b.txt"],
    );
}

#[test]
fn a_submodule_is_a_place_of_work() {
    State::within("submodule.sh", "super/module").passes(STAGED, "staged changes against HEAD", &["modified a.txt"]);
    State::within("submodule.sh", "super")
        .passes(STAGED, "staged changes against HEAD (main)", &["modified b.txt"])
        .judges(WORKTREE, &["modified b.txt"]);
}

#[test]
fn a_sparse_checkout_hides_nothing() {
    let state = State::of("sparse-checkout.sh");
    state.judges(STAGED, &["modified inside/a.txt", "modified outside/b.txt"]).blocks(STAGED, "outside/b.txt:1:6");
    state.judges(ALL, &["present inside/a.txt", "present outside/b.txt"]).blocks(ALL, "outside/b.txt:1:6");
}

#[test]
fn line_endings_of_the_work_tree_are_no_change() {
    let files = ["modified auto.txt", "modified eol.cmd"];
    State::of("line-endings.sh")
        .passes(STAGED, "staged changes against HEAD (main)", &files)
        .passes(WORKTREE, "work tree against HEAD (main)", &files)
        .check(ALL)
        .code(0);
}

#[test]
fn files_are_judged_as_git_stores_them() {
    let state = State::of("encoding.sh");
    state.judges(STAGED, &["modified bad.txt"]).blocks(STAGED, "bad.txt:1:4");
    state.judges(WORKTREE, &["modified bad.txt", "modified edited.txt"]).blocks(WORKTREE, "edited.txt:1:4");
    state.blocks(ALL, "same.txt:1:4").blocks(&["edited.txt"], "edited.txt:1:4");
    let state = State::of("filters.sh");
    state.passes(STAGED, "staged changes against HEAD (main)", &["modified staged.txt"]);
    let both = ["modified edited.txt", "modified staged.txt"];
    state.passes(WORKTREE, "work tree against HEAD (main)", &both);
    state.check(ALL).code(0);
    state.check(&["edited.txt", "same.txt"]).code(0);
}

#[test]
fn pointers_of_git_lfs_are_passed_over_by_name() {
    let state = State::of("lfs-pointers.sh");
    let ran = state.check(STAGED).code(1).says("liar.py:4:1").is_silent_on("large.json:1");
    ran.says("large.json: not looked at: a pointer of Git LFS").is_silent_on("liar.py: not looked at");
    state.check(&["--staged", "--skip", "rules", "-v"]).code(0).says("large.py: not looked at");
}

#[test]
fn an_empty_commit_goes_through() {
    let state = State::of("empty-commit.sh");
    state.passes(STAGED, "staged changes against HEAD (main)", &[]);
    state.passes(&["--base", "HEAD~1"], "HEAD (main) against HEAD~1", &[]);
    state.repo.tollgate(&["install"]).code(0);
    state.repo.git(&["commit", "-q", "--allow-empty", "-m", "again"]).code(0);
}

/// Older git knows no such hooks, and there is nothing to test then.
#[test]
fn hooks_of_the_configuration_run_beside_ours() {
    let state = State::of("config-hooks.sh");
    state.passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt"]);
    let version = state.repo.git(&["--version"]).stdout;
    let mut numbers = version.split([' ', '.']).filter_map(|word| word.trim().parse::<u32>().ok());
    if (numbers.next(), numbers.next()) < (Some(2), Some(54)) {
        eprintln!("skipped: {} runs no hooks of the configuration", version.trim());
        return;
    }
    state.repo.tollgate(&["install"]).code(0);
    state.repo.write("a.txt", "fault \n");
    state.repo.git(&["add", "a.txt"]).code(0);
    state.repo.git(&["commit", "-q", "-m", "bad"]).code(1).says("a.txt:1:6");
    state.repo.stage(&[("a.txt", "mended\n")]);
    state.repo.git(&["commit", "-q", "-m", "good"]).code(0);
    assert!(state.repo.top().join(".git/own-hook-ran").exists());
}

/// A git that does not know one of its options, as an older one does not.
#[cfg(unix)]
#[test]
fn an_older_git_is_served_or_told() {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::with(&[(".gitattributes", "*.txt generated\n"), ("a.txt", "one\n")]);
    repo.commit("bad", &[("a.txt", "bad \n"), ("b.py", "bad \n")]);
    let real = repo.run_in(&repo.top(), "sh", &["-c", "command -v git"], b"").code(0).stdout;
    let folder = repo.beside("bin");
    fs::create_dir(&folder).unwrap();
    let without = |option: &str, args: &[&str]| {
        let text = format!(
            "#!/bin/sh\nfor word; do case $word in {option}*) echo usage: git >&2; exit 129;; esac; done\nexec {} \"$@\"\n",
            real.trim()
        );
        fs::write(folder.join("new"), text).unwrap();
        fs::set_permissions(folder.join("new"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(folder.join("new"), folder.join("git")).unwrap();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        let mut command = repo.command(&repo.top(), TOLLGATE);
        run(command.arg("check").args(args).env("PATH", path), b"")
    };
    // Before 2.40 attributes of a tree are read by an index of its own.
    let range = ["--base", "HEAD~1"];
    without("--source=", &range).code(1).says("secrets alone: a.txt").says("b.py:1:4").is_silent_on("a.txt:1:4");
    // Whether something got another name is for git to say.
    repo.git(&["mv", "a.txt", "c.txt"]);
    for (option, args) in [("--ita-invisible-in-index", &["--staged"][..]), ("--stage", &["--all"])] {
        without(option, args).code(3).says("this git is too old").says("install git 2.31 or later");
    }
}

/// `fixtures/repos/README.md` leads from each state to its script and its tests.
#[test]
fn every_script_is_in_the_table_and_every_test_there_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(folder.join("fixtures/repos/README.md")).unwrap();
    let source = ["src/discover/states.rs", "tests/it/states.rs", "tests/it/hooks.rs", "src/hook/scenarios.rs"]
        .map(|file| fs::read_to_string(folder.join(file)).unwrap())
        .concat();
    let cells = table.lines().filter(|line| line.starts_with("| ")).skip(2).flat_map(|line| line.split('|'));
    let words: BTreeSet<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let scripts = fs::read_dir(folder.join("fixtures/repos")).unwrap();
    let scripts = scripts.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let scripts: BTreeSet<String> = scripts.filter(|name| name.ends_with(".sh") && name != "lib.sh").collect();
    let named: BTreeSet<String> =
        words.iter().filter(|word| word.ends_with(".sh")).map(|word| (*word).to_owned()).collect();
    assert_eq!(named, scripts);
    for test in
        words.iter().filter(|word| word.contains('_') && !word.contains(['.', '/']) && **word == word.to_lowercase())
    {
        assert!(source.contains(&format!("fn {test}()")), "there is no test `{test}`");
    }
}

/// Only root can build this one; for anybody else there is nothing to test.
#[test]
fn somebody_elses_repository_is_refused_if_we_are_root() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for what in [STAGED, WORKTREE, ALL] {
        State::of("other-owner.sh").fails(what, "dubious ownership");
    }
}
