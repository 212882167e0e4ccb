//! What is right in each state that a repository can be in.

use std::fs;

use crate::discover::sandbox::{Sandbox, only, shown};
use crate::discover::{Error, discover, why_nothing};
use crate::git;
use crate::git::state::Operation;
use crate::model::change::{ChangeSet, FileSide, Head, Mode, ObjectId, Parent, Source};
use crate::model::content::{Content, Contents};
use crate::model::path::RepoPath;
use crate::model::request::{RefUpdate, Request};

/// Title and files of what is staged in the repository that a script builds.
#[track_caller]
fn check_staged(script: &str, folder: &str, title: &str, files: &[&str]) -> (Sandbox, ChangeSet) {
    let sandbox = Sandbox::build(script);
    let change_set = sandbox.staged(folder);
    assert_eq!(change_set.title, title);
    assert_eq!(shown(&change_set), files);
    assert_eq!(change_set.head, Head::Index);
    (sandbox, change_set)
}

/// The content of the judged side of a file.
#[track_caller]
fn content(sandbox: &Sandbox, folder: &str, change_set: &ChangeSet, path: &str) -> String {
    let head =
        change_set.files.iter().find(|file| *file.path() == RepoPath::from(path)).and_then(|file| file.head.clone());
    let side = head.expect("the file is part of the change");
    match sandbox.repo(folder).objects().read(&side, 1_000) {
        Ok(Content::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        other => panic!("{path}: {other:?}"),
    }
}

fn range(base: &str, head: &str) -> Request {
    Request::Range { base: base.to_owned(), head: head.to_owned() }
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let (sandbox, change_set) =
        check_staged("unborn", "", "staged changes, first commit", &["Added staged.txt (File blob < -)"]);
    let repo = sandbox.repo("");
    assert_eq!(change_set.parents.first().map(|parent| (parent.tree, parent.commit)), Some((repo.empty_tree(), None)));
    assert_eq!(repo.objects().folder(&repo.empty_tree(), &RepoPath::from("")), Ok(vec![]));
    let worktree = only(discover(&repo, &Request::Worktree));
    assert_eq!(worktree.title, "work tree, before the first commit");
    assert_eq!(shown(&worktree), ["Added staged.txt (File worktree < -)", "Added untracked.txt (File worktree < -)"]);
}

#[test]
fn an_amended_commit_is_judged_by_what_is_staged_alone() {
    check_staged("amend", "", "staged changes against HEAD (main)", &["Added third.txt (File blob < -)"]);
}

#[test]
fn nothing_staged_is_an_empty_change_and_a_detached_head_is_named_by_its_commit() {
    let sandbox = Sandbox::build("detached");
    let change_set = sandbox.staged("");
    let commit = change_set.parents.first().and_then(|parent| parent.commit).expect("HEAD has a commit");
    assert_eq!(change_set.title, format!("staged changes against HEAD ({})", commit.short()));
    assert_eq!(change_set.files, []);
}

#[test]
fn from_a_subdirectory_the_whole_change_is_seen() {
    let files = ["Modified deep/er/file.txt (File blob < File blob)", "Modified top.txt (File blob < File blob)"];
    let (sandbox, _) = check_staged("subdirectory", "deep", "staged changes against HEAD (main)", &files);
    let worktree = only(discover(&sandbox.repo("deep"), &Request::Worktree));
    assert_eq!(
        shown(&worktree).first().map(String::as_str),
        Some("Modified deep/er/file.txt (File worktree < File blob)")
    );
    assert!(shown(&worktree).contains(&"Added deep/untracked.txt (File worktree < -)".to_owned()));
}

#[test]
fn a_linked_worktree_has_its_own_index() {
    let files = ["Modified a.txt (File blob < File blob)"];
    let (sandbox, _) = check_staged("linked-worktree", "linked", "staged changes against HEAD (side)", &files);
    assert_eq!(sandbox.staged("main").files, []);
    let (main, linked) = (sandbox.repo("main"), sandbox.repo("linked"));
    assert_eq!(main.common_dir(), linked.common_dir());
    assert_eq!(main.git_dir(), main.common_dir());
    assert_ne!(linked.git_dir(), linked.common_dir());
    assert_eq!(linked.work_tree().map(|top| top.ends_with("linked")), Some(true));
}

#[test]
fn variables_say_where_the_repository_is() {
    let sandbox = Sandbox::build("linked-worktree");
    let linked = sandbox.repo("linked");
    let git_dir = linked.git_dir().to_str().expect("the path is UTF-8");
    // This is what a hook of a linked work tree sees, whatever its current folder.
    let top = sandbox.path("linked");
    let variables = [("GIT_DIR", git_dir), ("GIT_WORK_TREE", top.to_str().expect("the path is UTF-8"))];
    let repo = sandbox.repo_with("", &variables);
    assert_eq!((repo.git_dir(), repo.work_tree()), (linked.git_dir(), linked.work_tree()));
    assert_eq!(shown(&only(discover(&repo, &Request::Staged))), ["Modified a.txt (File blob < File blob)"]);
}

#[test]
fn only_what_is_staged_counts() {
    let files = [
        "Deleted gone-staged.txt (- < File blob)",
        "Modified half.txt (File blob < File blob)",
        "Renamed moved-to.txt (File blob < moved-from.txt File blob)",
        "Deleted unlisted.txt (- < File blob)",
    ];
    let (sandbox, change_set) = check_staged("partial-staging", "", "staged changes against HEAD (main)", &files);
    assert_eq!(content(&sandbox, "", &change_set, "half.txt"), "ONE\ntwo\nthree\n");
    let unstaged = sandbox.repo("").unstaged_paths().expect("git says what is not staged");
    assert_eq!(unstaged, ["gone-unstaged.txt", "half.txt"].map(RepoPath::from));
}

#[test]
fn looking_changes_nothing() {
    let sandbox = Sandbox::build("partial-staging");
    let index = fs::read(sandbox.path(".git/index")).expect("there is an index");
    let repo = sandbox.repo("");
    for request in [Request::Staged, Request::Worktree, Request::All] {
        only(discover(&repo, &request));
    }
    assert_eq!(repo.has_unstaged_changes().ok(), Some(true));
    assert_eq!(fs::read(sandbox.path(".git/index")).expect("there is an index"), index);
}

#[test]
fn the_work_tree_is_compared_with_its_untracked_and_missing_files() {
    let sandbox = Sandbox::build("partial-staging");
    let change_set = only(discover(&sandbox.repo(""), &Request::Worktree));
    assert_eq!(change_set.title, "work tree against HEAD (main)");
    assert_eq!(
        shown(&change_set),
        [
            "Deleted gone-staged.txt (- < File blob)",
            "Deleted gone-unstaged.txt (- < File blob)",
            "Modified half.txt (File worktree < File blob)",
            "Renamed moved-to.txt (File worktree < moved-from.txt File blob)",
            "Modified unlisted.txt (File worktree < File blob)",
            "Added untracked.txt (File worktree < -)",
        ]
    );
}

#[test]
fn all_is_what_is_tracked_and_there() {
    let sandbox = Sandbox::build("partial-staging");
    let change_set = only(discover(&sandbox.repo(""), &Request::All));
    assert_eq!(change_set.title, "all 4 tracked files");
    assert_eq!((change_set.head, change_set.parents.len()), (Head::Worktree, 0));
    assert_eq!(
        shown(&change_set),
        [".gitignore", "half.txt", "moved-to.txt", "touched.txt"].map(|path| format!("Present {path} (File worktree)"))
    );
}

#[test]
fn named_files_may_be_untracked_but_must_be_there() {
    let sandbox = Sandbox::build("subdirectory");
    let repo = sandbox.repo("");
    let find =
        |names: &[&str]| discover(&repo, &Request::Files(names.iter().map(|name| RepoPath::from(*name)).collect()));
    let paths = |names: &[&str]| {
        let found = only(find(names));
        (found.title.clone(), found.files.iter().map(|file| file.path().to_string()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(paths(&["deep"]), ("1 file in deep".into(), "deep/er/file.txt".into()));
    assert_eq!(paths(&["top.txt"]), ("top.txt".into(), "top.txt".into()));
    assert_eq!(
        paths(&["deep/untracked.txt", "deep/er"]),
        ("2 files".into(), "deep/er/file.txt deep/untracked.txt".into())
    );
    assert_eq!(paths(&[""]), ("2 files".into(), "deep/er/file.txt top.txt".into()));
    match find(&["top.txt", "nowhere.txt", "dee", "../outside"]) {
        Err(Error::NoFile { paths }) => assert_eq!(paths, ["../outside", "dee", "nowhere.txt"].map(RepoPath::from)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_that_is_only_intended_is_not_part_of_the_commit() {
    let files = ["Modified a.txt (File blob < File blob)"];
    let (sandbox, _) = check_staged("intent-to-add", "", "staged changes against HEAD (main)", &files);
    let repo = sandbox.repo("");
    assert_eq!(
        shown(&only(discover(&repo, &Request::Worktree))),
        ["Modified a.txt (File worktree < File blob)", "Added intended.txt (File worktree < -)"]
    );
    let all = shown(&only(discover(&repo, &Request::All)));
    assert_eq!(all, ["Present a.txt (File worktree)", "Present intended.txt (File worktree)"]);
    assert_eq!(repo.unstaged_paths().ok(), Some(vec![RepoPath::from("intended.txt")]));
}

#[test]
fn in_a_merge_only_what_differs_from_every_parent_counts() {
    let files = [
        "Modified both.txt (File blob < File blob, File blob)",
        "Deleted dropped.txt (- < File blob, File blob)",
        "Added evil.txt (File blob < -, -)",
    ];
    let (sandbox, change_set) = check_staged("merge", "", "merge in progress, against 2 parents", &files);
    assert_eq!(change_set.parents.len(), 2);
    assert_eq!(sandbox.repo("").operation().ok(), Some(Some(Operation::Merge)));
}

#[test]
fn before_a_clean_merge_is_recorded_its_parents_are_known_from_the_environment() {
    let sandbox = Sandbox::build("pre-merge-commit");
    let recorded = fs::read_to_string(sandbox.path(".git/recorded-environment")).expect("the hook ran");
    let index = sandbox.path(".git/recorded-index");
    let mut variables: Vec<(&str, &str)> = recorded.lines().filter_map(|line| line.split_once('=')).collect();
    variables.retain(|(key, _)| key.starts_with("GITHEAD_"));
    assert_eq!(variables.len(), 1, "{recorded}");
    variables.push(("GIT_INDEX_FILE", index.to_str().expect("the path is UTF-8")));
    let repo = sandbox.repo_with("", &variables);
    let change_set = only(discover(&repo, &Request::Staged));
    assert_eq!(change_set.title, "merge in progress, against 2 parents");
    assert_eq!(change_set.files, []);
    assert_eq!(repo.operation().ok(), Some(Some(Operation::Merge)));

    // The same variables are left over in whatever runs after the merge is done.
    sandbox.git("", &["merge", "--quiet", "--no-edit", "topic"], b"");
    let repo = sandbox.repo_with("", variables.get(..1).expect("because there are two"));
    assert_eq!(only(discover(&repo, &Request::Staged)).title, "staged changes against HEAD (main)");
    assert_eq!(repo.operation().ok(), Some(None));
}

#[test]
fn conflicts_block_by_name() {
    let sandbox = Sandbox::build("unmerged");
    let repo = sandbox.repo("");
    match discover(&repo, &Request::Staged) {
        Err(error @ Error::Unmerged { .. }) => {
            assert_eq!(error.to_string(), "2 paths are not merged yet: both.txt, deleted-by-us.txt");
            assert!(error.hint().is_some_and(|hint| hint.contains("git add")));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        shown(&only(discover(&repo, &Request::Worktree))),
        [
            "Modified both.txt (File worktree < File blob)",
            "Added deleted-by-us.txt (File worktree < -)",
            "Added theirs.txt (File worktree < -)",
        ]
    );
    assert_eq!(only(discover(&repo, &Request::All)).title, "all 3 tracked files");
}

#[test]
fn a_cherry_pick_has_one_parent() {
    let files = ["Modified a.txt (File blob < File blob)"];
    let (sandbox, _) = check_staged("cherry-pick", "", "staged changes against HEAD (main)", &files);
    assert_eq!(sandbox.repo("").operation().ok(), Some(Some(Operation::CherryPick)));
}

#[test]
fn renames_are_found_with_their_old_paths() {
    let files = ["Renamed staged-to.txt (File blob < staged-from.txt File blob)"];
    let (sandbox, _) = check_staged("renames", "", "staged changes against HEAD (topic)", &files);
    let repo = sandbox.repo("");
    let change_set = only(discover(&repo, &range("main", "HEAD")));
    assert_eq!(
        shown(&change_set),
        [
            "Renamed folder-less.txt (File blob < as-it-is.txt File blob)",
            "Renamed folder/edited.txt (File blob < with-edit.txt File blob)",
        ]
    );
    let start = repo.resolve("main^").expect("main has a parent");
    assert_eq!(change_set.title, format!("HEAD (topic) against main since {}", start.id.short()));
    let (head, since) = (repo.resolve("HEAD").expect("there is a commit").id, start.id.short());
    let named = only(discover(&repo, &range(&start.id.to_string(), &format!("{head}~0"))));
    assert_eq!(named.title, format!("{}~0 against {since} since {since}", head.short()));
    assert_eq!(change_set.parents.first().and_then(|parent| parent.commit), Some(start.id));
    let head = repo.resolve("topic").expect("there is a branch topic");
    assert_eq!(change_set.head, Head::Tree { tree: head.tree, commit: head.id });
}

#[test]
fn every_kind_of_entry_and_of_name_is_told() {
    let sandbox = Sandbox::build("kinds");
    let change_set = sandbox.staged("");
    assert_eq!(
        shown(&change_set),
        [
            "Added -dash (File blob < -)",
            "Modified becomes-executable.sh (Executable blob < File blob)",
            "TypeChanged becomes-file (File blob < Symlink blob)",
            "TypeChanged becomes-link.txt (Symlink blob < File blob)",
            "Added binary.bin (File blob < -)",
            "Added caf\\xe9 (File blob < -)",
            "Added empty (File blob < -)",
            "Added escape\\x1b[31m (File blob < -)",
            "Added line\\nbreak (File blob < -)",
            "Added link-added (Symlink blob < -)",
            "Modified link-retargeted (Symlink blob < Symlink blob)",
            "Modified module (Submodule blob < Submodule blob)",
        ]
    );
    assert_eq!(content(&sandbox, "", &change_set, "link-retargeted"), "elsewhere");
    assert_eq!(content(&sandbox, "", &change_set, "line\nbreak"), "one\n");
    assert_eq!(content(&sandbox, "", &change_set, "empty"), "");
    let repo = sandbox.repo("");
    let module = change_set.files.last().and_then(|file| file.head.clone()).expect("the submodule is last");
    assert!(repo.objects().read(&module, 1_000).is_err());
    assert_eq!(repo.has_unstaged_changes().ok(), Some(false));
    let all = shown(&only(discover(&repo, &Request::All)));
    assert!(all.contains(&"Present module (Submodule blob)".to_owned()), "{all:?}");
    assert!(all.contains(&"Present caf\\xe9 (File worktree)".to_owned()), "{all:?}");
}

#[test]
fn a_large_file_is_measured_and_not_read() {
    let files = ["Added big.bin (File blob < -)"];
    let (sandbox, change_set) = check_staged("large", "", "staged changes against HEAD (main)", &files);
    let side = change_set.files.first().and_then(|file| file.head.clone()).expect("the file is part of the change");
    let repo = sandbox.repo("");
    assert_eq!(repo.objects().read(&side, 10_000_000), Ok(Content::TooLarge(1 << 30)));
}

#[test]
fn a_shallow_clone_without_the_common_ancestor_says_what_to_fetch() {
    let sandbox = Sandbox::build("shallow");
    match discover(&sandbox.repo("clone"), &range("origin/main", "HEAD")) {
        Err(error @ Error::Shallow { .. }) => {
            assert!(error.to_string().contains("HEAD (topic) left origin/main"), "{error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("git fetch --unshallow")));
        }
        other => panic!("{other:?}"),
    }
    let all = discover(&sandbox.repo("clone"), &Request::History);
    assert!(all.is_err_and(|error| error.hint().is_some_and(|hint| hint.contains("git fetch --unshallow"))));
    sandbox.git("clone", &["fetch", "--quiet", "--unshallow"], b"");
    assert!(discover(&sandbox.repo("clone"), &Request::History).is_ok());
    let change_set = only(discover(&sandbox.repo("clone"), &range("origin/main", "HEAD")));
    assert_eq!(shown(&change_set), ["Added topic.txt (File blob < -)"]);
}

#[test]
fn a_range_needs_two_related_commits() {
    let sandbox = Sandbox::build("unrelated");
    let repo = sandbox.repo("");
    assert!(matches!(discover(&repo, &range("main", "other")), Err(Error::Unrelated { .. })));
    for (base, wrong) in [("nowhere", "nowhere"), ("--all", "--all"), ("main\nother", "main\\nother"), ("", "")] {
        match discover(&repo, &range(base, "HEAD")) {
            Err(Error::Git(git::Error::Revision(revision))) => assert_eq!(revision, wrong),
            other => panic!("{base}: {other:?}"),
        }
    }
    let same = only(discover(&repo, &range("main", "main")));
    assert_eq!(same.files, []);
}

#[test]
fn with_several_common_ancestors_the_base_itself_is_compared() {
    let sandbox = Sandbox::build("criss-cross");
    let repo = sandbox.repo("");
    for (head, dated) in [("early", "the ancestor without the file"), ("late", "the one with it")] {
        let base = format!("base-{head}");
        let change_set = only(discover(&repo, &range(&base, head)));
        assert_eq!(change_set.title, format!("{head} against {base} itself, as they have several common ancestors"));
        assert_eq!(shown(&change_set), ["Added back.txt (File blob < -)"], "git names {dated} first");
        assert_eq!(change_set.parents, [Parent::from(repo.resolve(&base).expect("there is a base"))]);
    }
}

#[test]
fn objects_named_by_sha256() {
    let files = ["Modified a.txt (File blob < File blob)", "Added c.txt (File blob < -)"];
    let (sandbox, change_set) = check_staged("sha256", "", "staged changes against HEAD (main)", &files);
    assert_eq!(content(&sandbox, "", &change_set, "c.txt"), "three\n");
    let tree = change_set.parents.first().map(|parent| parent.tree).expect("there is a parent");
    assert_eq!(tree.as_bytes().len(), 32);
    let names = sandbox.repo("").objects().folder(&tree, &RepoPath::from("folder"));
    assert_eq!(names, Ok(vec![b"b.txt".to_vec()]));
    check_staged("sha256-unborn", "", "staged changes, first commit", &["Added a.txt (File blob < -)"]);
}

#[test]
fn what_libgit2_cannot_open_git_itself_answers() {
    let files = ["Modified folder/b.txt (File blob < File blob)"];
    let (sandbox, change_set) = check_staged("reftable", "", "staged changes against HEAD (topic)", &files);
    assert_eq!(content(&sandbox, "", &change_set, "folder/b.txt"), "two\n");
    let repo = sandbox.repo("");
    let head = repo.resolve("HEAD").expect("HEAD has a commit");
    assert_eq!(repo.commit(&head.id).ok(), Some(head));
    let folder = |path: &str| repo.objects().folder(&head.tree, &RepoPath::from(path));
    assert_eq!(folder(""), Ok(vec![b"a.txt".to_vec(), b"folder".to_vec()]));
    assert_eq!(folder("folder"), Ok(vec![b"b.txt".to_vec()]));
    assert_eq!((folder("a.txt"), folder("none")), (Ok(vec![]), Ok(vec![])));
    let entry = |path: &str| repo.entry(&head.tree, &RepoPath::from(path)).expect("the tree can be read");
    assert_eq!(entry("folder/b.txt").map(|(mode, _)| mode), Some(Mode::File));
    assert_eq!((entry("folder"), entry("none"), entry("folder/none")), (None, None, None));
    let side = change_set.files.first().and_then(|file| file.head.clone()).expect("the file is part of the change");
    assert_eq!(repo.objects().read(&side, 3), Ok(Content::TooLarge(4)));
    let nothing = ObjectId::from_hex(&[b'1'; 40]).expect("the digits are well formed");
    assert!(repo.objects().read(&FileSide { source: Source::Blob(nothing), ..side }, 1_000).is_err());
    assert_eq!(
        (repo.operation().ok(), repo.origin().ok(), repo.is_shallow().ok()),
        (Some(None), Some(None), Some(false))
    );
    sandbox.git("", &["checkout", "--quiet", "--orphan", "fresh"], b"");
    assert_eq!(sandbox.staged("").title, "staged changes, first commit");
}

#[test]
fn trees_are_read_by_path() {
    let sandbox = Sandbox::build("kinds");
    let repo = sandbox.repo("");
    let tree = repo.resolve("HEAD").expect("HEAD has a commit").tree;
    let mode =
        |path: &str| repo.entry(&tree, &RepoPath::from(path)).expect("the tree can be read").map(|(mode, _)| mode);
    assert_eq!(mode("plain.txt"), Some(Mode::File));
    assert_eq!(mode("becomes-file"), Some(Mode::Symlink));
    assert_eq!(mode("module"), Some(Mode::Submodule));
    assert_eq!((mode("none"), mode("plain.txt/none")), (None, None));
    let empty = repo.entry(&repo.empty_tree(), &RepoPath::from("plain.txt"));
    assert_eq!(empty.ok(), Some(None));
    assert!(repo.objects().folder(&tree, &RepoPath::from("")).is_ok_and(|names| names.contains(&b"module".to_vec())));
    assert_eq!(repo.objects().folder(&tree, &RepoPath::from("none")), Ok(vec![]));
}

#[test]
fn an_index_in_two_files() {
    let files = ["Modified a.txt (File blob < File blob)"];
    let (sandbox, _) = check_staged("split-index", "", "staged changes against HEAD (main)", &files);
    assert_eq!(only(discover(&sandbox.repo(""), &Request::All)).title, "all 2 tracked files");
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_read_from_the_index() {
    let files = ["Modified inside/a.txt (File blob < File blob)"];
    let (sandbox, _) = check_staged("sparse-index", "", "staged changes against HEAD (main)", &files);
    let repo = sandbox.repo("");
    assert_eq!(
        shown(&only(discover(&repo, &Request::All))),
        [
            "Present inside/a.txt (File worktree)",
            "Present outside/b.txt (File blob)",
            "Present outside/deep/c.txt (File blob)",
            "Present top.txt (File worktree)",
        ]
    );
    let worktree = shown(&only(discover(&repo, &Request::Worktree)));
    assert_eq!(worktree, ["Modified inside/a.txt (File worktree < File blob)"]);
    assert_eq!(repo.has_unstaged_changes().ok(), Some(false));
    // What leaves the index as a whole folder is told file by file.
    sandbox.git("", &["rm", "-rq", "--cached", "--sparse", "outside"], b"");
    assert_eq!(
        shown(&only(discover(&sandbox.repo(""), &Request::Staged))),
        [
            "Modified inside/a.txt (File blob < File blob)",
            "Deleted outside/b.txt (- < File blob)",
            "Deleted outside/deep/c.txt (- < File blob)",
        ]
    );
}

#[test]
fn the_index_that_a_commit_prepares_is_the_one_that_counts() {
    for (script, name, expected, real) in
        [("commit-all", "index.lock", "a.txt b.txt", ""), ("commit-path", "next-index-", "a.txt", "b.txt")]
    {
        let sandbox = Sandbox::build(script);
        let recorded = fs::read_to_string(sandbox.path(".git/recorded-name")).expect("the hook ran");
        assert!(recorded.contains(name), "{recorded}");
        let paths = |change_set: &ChangeSet| {
            change_set.files.iter().map(|file| file.path().to_string()).collect::<Vec<_>>().join(" ")
        };
        // Git gives it relative to the top of the work tree in some cases.
        let repo = sandbox.repo_with("", &[("GIT_INDEX_FILE", ".git/recorded-index")]);
        assert_eq!(paths(&only(discover(&repo, &Request::Staged))), expected);
        assert_eq!(paths(&sandbox.staged("")), real);
    }
}

#[test]
fn damage_is_an_error_and_never_an_empty_change() {
    for script in ["corrupt-index", "corrupt-head"] {
        let sandbox = Sandbox::build(script);
        let repo = sandbox.repo("");
        for request in [Request::Staged, Request::Worktree] {
            let found = discover(&repo, &request);
            assert!(matches!(found, Err(Error::Git(_))), "{script} {request:?}: {found:?}");
        }
    }
    let sandbox = Sandbox::build("corrupt-index");
    let repo = sandbox.repo("");
    assert!(discover(&repo, &Request::All).is_err());
    assert!(repo.has_unstaged_changes().is_err());
    assert!(repo.differs_from(&repo.empty_tree()).is_err());
}

#[test]
fn outside_of_a_repository_there_is_an_error_with_a_hint() {
    let sandbox = Sandbox::empty();
    let error = sandbox.try_repo("", &[]).expect_err("there is no repository");
    assert!(matches!(error, git::Error::NoRepository(_)), "{error:?}");
    assert!(error.hint().is_some_and(|hint| hint.contains("git init")));
    let error = sandbox.try_repo("", &[("GIT_DIR", "nowhere")]).expect_err("there is no repository");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_repository_of_somebody_else_is_refused_with_the_advice_of_git() {
    let user = fs::metadata("/proc/self").map(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata));
    if user.map_or(true, |user| user != 0) {
        return;
    }
    let sandbox = Sandbox::build("other-owner");
    let error = sandbox.try_repo("", &[]).expect_err("git refuses it");
    assert!(matches!(error, git::Error::Refused { .. }), "{error:?}");
    assert!(error.hint().is_some_and(|hint| hint.contains("safe.directory")), "{error:?}");
}

#[test]
fn whether_the_work_tree_is_that_of_a_commit() {
    let sandbox = Sandbox::build("detached");
    let tree = sandbox.repo("").resolve("HEAD").expect("HEAD has a commit").tree;
    let differs = || sandbox.repo("").differs_from(&tree).expect("git says whether it differs");
    assert!(!differs());
    sandbox.git("", &["update-index", "--chmod=+x", "a.txt"], b"");
    assert!(differs(), "the index differs");
    sandbox.git("", &["update-index", "--chmod=-x", "a.txt"], b"");
    sandbox.write("a.txt", "two\n");
    assert!(differs(), "the work tree differs");
    sandbox.write("a.txt", "one\n");
    assert!(!differs(), "the time stamp alone does not count");
}

/// What a push to `origin` brings.
#[track_caller]
fn check_push(sandbox: &Sandbox, updates: &[(&str, &str, &str)], expected: &[&str]) {
    check_push_to(sandbox, "origin", updates, expected);
}

/// What a push of `local` to `remote_ref`, which was at `remote`, brings: titles and files.
#[track_caller]
fn check_push_to(sandbox: &Sandbox, remote: &str, updates: &[(&str, &str, &str)], expected: &[&str]) {
    let repo = sandbox.repo("clone");
    let id = |name: &str| match name {
        "" => ObjectId::from_hex(&[b'0'; 40]).expect("the digits are well formed"),
        "unknown" => ObjectId::from_hex(&[b'3'; 40]).expect("the digits are well formed"),
        name => {
            let hex = sandbox.git("clone", &["rev-parse", name], b"");
            ObjectId::from_hex(hex.trim_ascii()).expect("git names an object")
        }
    };
    let updates = updates
        .iter()
        .map(|(local, remote_ref, remote)| RefUpdate {
            local_ref: local.as_bytes().to_vec(),
            local: id(local),
            remote_ref: remote_ref.as_bytes().to_vec(),
            remote: id(remote),
        })
        .collect();
    let found = discover(&repo, &Request::Push { remote: remote.into(), updates }).expect("the push can be judged");
    let shown: Vec<String> = found.iter().map(|set| format!("{}: {}", set.title, shown(set).join("; "))).collect();
    let expand = |text: &str| match text.split_once('@') {
        Some((before, rest)) => {
            let (name, after) = rest.split_once(':').expect("a name ends with a colon");
            format!("{before}{}:{after}", id(name).short())
        }
        None => text.to_owned(),
    };
    assert_eq!(shown, expected.iter().map(|text| expand(text)).collect::<Vec<_>>());
}

#[test]
fn a_push_brings_what_the_remote_does_not_have() {
    let sandbox = Sandbox::build("push");
    // Onto what is there, and with a remote that went on meanwhile.
    let more = "push of main to origin, since @origin/main: Modified main.txt (File blob < File blob)";
    check_push(&sandbox, &[("main", "refs/heads/main", "origin/main")], &[more]);
    check_push(&sandbox, &[("main", "refs/heads/main", "unknown")], &[more]);
    // A new branch, and a tag at the same commit.
    let topic = "push of topic to origin, since @origin/main: Added topic.txt (File blob < -)";
    check_push(&sandbox, &[("topic", "refs/heads/topic", ""), ("v1", "refs/tags/v1", "")], &[topic]);
    let tag = "push of tags/v1 to origin, since @origin/main: Added topic.txt (File blob < -)";
    check_push(&sandbox, &[("v1", "refs/tags/v1", "")], &[tag]);
    // What was merged from the remote is there already.
    let merged = "push of merged to origin, against 2 states of the remote: Added topic.txt (File blob < -, -)";
    check_push(&sandbox, &[("merged", "refs/heads/merged", "")], &[merged]);
    // Without a common ancestor everything is new.
    let apart = "push of apart to origin, all of its history: Added apart.txt (File blob < -)";
    check_push(&sandbox, &[("apart", "refs/heads/apart", "")], &[apart]);
}

#[test]
fn a_push_to_a_remote_of_which_nothing_is_known_brings_what_no_other_remote_has() {
    let sandbox = Sandbox::build("push");
    sandbox.git("clone", &["remote", "add", "fork", "https://example.org/fork.git"], b"");
    let topic = "since @origin/main: Added topic.txt (File blob < -)";
    for (remote, name) in
        [("fork", "fork"), ("https://example.org/fork.git", "https://example.org/fork.git"), ("/x/y", "/x/y")]
    {
        let expected = format!("push of topic to {name}, {topic}");
        check_push_to(&sandbox, remote, &[("topic", "refs/heads/topic", "")], &[&expected]);
        check_push_to(&sandbox, remote, &[("topic", "refs/heads/topic", "unknown")], &[&expected]);
        check_push_to(&sandbox, remote, &[("there", "refs/heads/there", "")], &[]);
    }
    // Once something is known of it, that is what counts.
    let all =
        "push of topic to fork, since @origin/main^: Added main.txt (File blob < -); Added topic.txt (File blob < -)";
    sandbox.git("clone", &["update-ref", "refs/remotes/fork/main", "origin/main^"], b"");
    check_push_to(&sandbox, "fork", &[("topic", "refs/heads/topic", "")], &[all]);
    let updates = [("origin/main^", "refs/heads/old", "origin/main^"), ("topic", "refs/heads/topic", "")];
    check_push_to(&sandbox, "/x/y", &updates, &[&all.replace("to fork", "to /x/y")]);
}

#[test]
fn a_push_that_is_only_taken_to_bring_nothing_says_so() {
    let sandbox = Sandbox::build("push");
    sandbox.git("clone", &["remote", "add", "fork", "https://example.org/fork.git"], b"");
    let repo = sandbox.repo("clone");
    let [there, none] = ["origin/main", "origin/main:main.txt"].map(|name| {
        let hex = sandbox.git("clone", &["rev-parse", name], b"");
        ObjectId::from_hex(hex.trim_ascii()).expect("git names an object")
    });
    let none = ObjectId::from_hex("0".repeat(none.to_string().len()).as_bytes()).expect("the digits are well formed");
    let why = |remote: &str, local: ObjectId| {
        let update = RefUpdate {
            local_ref: b"refs/heads/there".to_vec(),
            local,
            remote_ref: b"refs/heads/there".to_vec(),
            remote: none,
        };
        why_nothing(&repo, &Request::Push { remote: remote.into(), updates: vec![update] })
            .expect("something is known of the remotes")
    };
    assert_eq!(why("fork", there).as_deref(), Some("nothing is known of fork, and other remotes have these commits"));
    assert_eq!(why("https://ann:hunter2@example.org/x", there).map(|why| why.contains("hunter2")), Some(false));
    assert_eq!((why("origin", there), why("fork", none)), (None, None));
    assert_eq!(why_nothing(&repo, &Request::Staged).ok(), Some(None));
}

#[test]
fn a_forced_push_is_measured_against_what_it_replaces() {
    let sandbox = Sandbox::build("push");
    let rewritten = "push of shared to origin, instead of @origin/shared: Modified shared.txt (File blob < File blob)";
    check_push(&sandbox, &[("rewritten", "refs/heads/shared", "origin/shared")], &[rewritten]);
    // What comes back is looked at, though the remote has its commit: with a commit of its own, and without.
    let anew = sandbox.git("clone", &["commit-tree", "-m", "anew", "-p", "origin/main", "origin/main^{tree}"], b"");
    let anew = std::str::from_utf8(anew.trim_ascii()).expect("git names a commit");
    let back = "push of main to origin, instead of @main: Modified main.txt (File blob < File blob)";
    check_push(&sandbox, &[(anew, "refs/heads/main", "main")], &[back]);
    check_push(&sandbox, &[("origin/main", "refs/heads/main", "main")], &[back]);
    // What the remote has elsewhere, and the branch was put upon, is not its own.
    let rebased = "push of shared to origin, against 2 states of the remote: Added topic.txt (File blob < -, -)";
    check_push(&sandbox, &[("topic", "refs/heads/shared", "origin/shared")], &[rebased]);
    // Without a common ancestor, too.
    let apart = "push of shared to origin, instead of @origin/shared: Renamed apart.txt (File blob < a.txt File blob); \
                 Deleted shared.txt (- < File blob)";
    check_push(&sandbox, &[("apart", "refs/heads/shared", "origin/shared")], &[apart]);
}

#[test]
fn a_push_that_brings_nothing_has_no_change_set() {
    let sandbox = Sandbox::build("push");
    check_push(&sandbox, &[("", "refs/heads/shared", "origin/shared")], &[]);
    check_push(&sandbox, &[("there", "refs/heads/there", "")], &[]);
    check_push(&sandbox, &[("origin/main", "refs/heads/main", "origin/main")], &[]);
    check_push(&sandbox, &[], &[]);
}

#[test]
fn several_refs_of_a_push_are_told_apart() {
    let sandbox = Sandbox::build("push");
    check_push(
        &sandbox,
        &[
            ("main", "refs/heads/main", "origin/main"),
            ("", "refs/heads/old", "origin/shared"),
            ("topic", "refs/heads/topic", ""),
        ],
        &[
            "push of main to origin, since @origin/main: Modified main.txt (File blob < File blob)",
            "push of topic to origin, since @origin/main: Added topic.txt (File blob < -)",
        ],
    );
}

#[test]
fn a_message_has_no_files() {
    let sandbox = Sandbox::build("unborn");
    assert_eq!(discover(&sandbox.repo(""), &Request::Message("message".into())).ok(), Some(vec![]));
}
