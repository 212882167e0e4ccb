//! The states that a repository can be in: what is judged in each, and that looking changes nothing.

use std::path::PathBuf;

use crate::frozen::Frozen;
use crate::support::{Ran, Repo, TOLLGATE, run};

/// A repository built by a script, looked at from one of its folders, with these variables set.
struct State {
    repo: Repo,
    folder: PathBuf,
    variables: Vec<(String, String)>,
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
        .judges(ALL, &["modified staged.txt"])
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
        .judges(&["er"], &["modified deep/er/file.txt"])
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
fn a_gibibyte_is_not_read() {
    let state = State::of("large.sh");
    state.blocks(STAGED, "check-added-large-files").blocks(WORKTREE, "check-added-large-files");
    state.check(ALL).code(0).says("big.bin: not looked at: 1024 MiB");
}

#[test]
fn formats_that_libgit2_does_not_know() {
    State::of("sha256.sh")
        .passes(STAGED, "staged changes against HEAD (main)", &["modified a.txt", "added c.txt"])
        .judges(ALL, &["modified a.txt", "modified c.txt", "modified folder/b.txt"]);
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
        State::of("corrupt-index.sh").fails(what, "index file smaller than expected");
    }
    let state = State::of("damaged-object.sh");
    state.check(STAGED).code(3).says("could not run: b.txt: cannot read b.txt").is_silent_on("passed");
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
