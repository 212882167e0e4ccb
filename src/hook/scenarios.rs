//! Installing, being called by the real git, and taking out again, in repositories of every kind. The program that the
//! hooks call is a script that writes down how it was called.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::hook::doctor::{Switch, doctor};
use crate::hook::install::{Edits, Installed, Options, add, install, is_installed, plan};
use crate::hook::manifest::Layout;
use crate::hook::uninstall::uninstall;
use crate::hook::{Error, chain};
use crate::model::command::{CommandOutput, Exit};
use crate::model::rule::Level;
use crate::process::Interrupt;
use crate::tree::sandbox::Sandbox;

/// Writes a script that can be run.
#[track_caller]
fn program(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("it is below a folder")).expect("the folder is ours");
    fs::write(file, text).expect("the folder is ours");
    fs::set_permissions(file, PermissionsExt::from_mode(0o755)).expect("the file is ours");
}

/// A repository with one commit, and a program `tollgate` that writes `tollgate ARGS` and its standard input into the
/// file `log`.
fn sandbox() -> (Sandbox, Options) {
    let mut sandbox = Sandbox::new();
    let log = sandbox.folder().join("log");
    sandbox.set("LOG", &log.display().to_string());
    let binary = sandbox.folder().join("it's bin/tollgate");
    program(&binary, "#!/bin/sh\necho \"tollgate $*\" >> \"$LOG\"\ncat >> \"$LOG\"\nexit ${ANSWER:-0}\n");
    sandbox.write("a", "1\n");
    sandbox.git(&["add", "."]);
    sandbox.git(&["commit", "--quiet", "-m", "first"]);
    (sandbox, Options { hooks: Vec::new(), asked: vec!["commit-msg".to_owned()], binary, edits: Edits::Respect })
}

/// A hook that writes its name, its arguments and its standard input into the log.
fn logging(name: &str) -> String {
    format!("#!/bin/sh\necho \"{name} $*\" >> \"$LOG\"\ncat >> \"$LOG\"\n")
}

/// What was written into the log since the last time.
fn logged(sandbox: &Sandbox) -> String {
    let log = sandbox.folder().join("log");
    let text = fs::read_to_string(&log).unwrap_or_default();
    let _ = fs::remove_file(log);
    text
}

/// Everything in the repository's own folder that installing may touch: path, mode, content.
fn state(git_dir: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    fn add(path: &Path, all: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
        let Ok(metadata) = fs::symlink_metadata(path) else { return };
        let content = if metadata.is_symlink() {
            fs::read_link(path).expect("it is a link").into_os_string().into_encoded_bytes()
        } else if metadata.is_dir() {
            for entry in fs::read_dir(path).expect("it is a folder").flatten() {
                add(&entry.path(), all);
            }
            Vec::new()
        } else {
            fs::read(path).expect("it is a file")
        };
        all.insert(path.to_owned(), (metadata.permissions().mode(), content));
    }
    let mut all = BTreeMap::new();
    for name in ["hooks", "config", "config.worktree", "tollgate", "tollgate-replaced"] {
        add(&git_dir.join(name), &mut all);
    }
    all
}

#[track_caller]
fn installed(repo: &Repo, options: &Options) -> Installed {
    install(repo, options).expect("it can be installed")
}

/// Commits a change and gives what git says.
fn commit(sandbox: &Sandbox, folder: &Path, content: &str) -> CommandOutput {
    fs::write(folder.join("a"), content).expect("the folder is ours");
    sandbox.git_at(folder, &["add", "a"]);
    sandbox.run(folder, "git", &["commit", "--quiet", "-m", content], b"")
}

const ALL: [&str; 4] = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];

#[test]
fn a_plain_repository_gets_the_hooks_and_loses_them_without_a_trace() {
    let (sandbox, options) = sandbox();
    let (repo, git_dir) = (sandbox.repo(), sandbox.top().join(".git"));
    let before = state(&git_dir);
    assert!(!is_installed(&repo));
    let steps: Vec<_> = plan(&repo, &options).expect("a plan").steps().map(ToString::to_string).collect();
    assert!(steps.iter().any(|step| step.starts_with("write ") && step.ends_with("/hooks/pre-push")), "{steps:?}");
    assert_eq!(state(&git_dir), before, "planning changes nothing");

    let done = installed(&repo, &options);
    assert!(is_installed(&repo));
    assert_eq!((done.hooks, done.chained, done.is_changed), (ALL.map(str::to_owned).to_vec(), Vec::new(), true));
    let output = commit(&sandbox, &sandbox.top(), "2");
    assert_eq!(output.exit, Exit::Code(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(logged(&sandbox), "tollgate hook pre-commit\ntollgate hook commit-msg .git/COMMIT_EDITMSG\n");

    let once = state(&git_dir);
    assert!(!installed(&repo, &options).is_changed, "installing again changes nothing");
    assert_eq!(state(&git_dir), once);
    uninstall(&repo, Edits::Respect).expect("it can be taken out");
    assert_eq!(state(&git_dir), before);
    assert!(matches!(uninstall(&repo, Edits::Respect), Err(Error::NotInstalled)));
}

#[test]
fn the_answer_of_tollgate_is_the_answer_of_the_hook() {
    let (mut sandbox, options) = sandbox();
    installed(&sandbox.repo(), &options);
    sandbox.set("ANSWER", "1");
    assert_eq!(commit(&sandbox, &sandbox.top(), "2").exit, Exit::Code(1));
    assert_eq!(sandbox.git(&["log", "--format=%s"]), "first\n");
}

#[test]
fn a_push_gives_its_refs_to_tollgate() {
    let (sandbox, options) = sandbox();
    installed(&sandbox.repo(), &options);
    let remote = sandbox.folder().join("remote.git");
    sandbox.git_at(sandbox.folder(), &["init", "--quiet", "--bare", "remote.git"]);
    let address = remote.display().to_string();
    sandbox.git(&["push", "--quiet", &address, "main"]);
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    let (head, zero) = (head.trim(), "0".repeat(40));
    let expected =
        format!("tollgate hook pre-push {address} {address}\nrefs/heads/main {head} refs/heads/main {zero}\n");
    assert_eq!(logged(&sandbox), expected);
}

#[test]
fn hooks_that_were_there_are_kept_found_and_put_back() {
    let (sandbox, options) = sandbox();
    let (repo, git_dir) = (sandbox.repo(), sandbox.top().join(".git"));
    let hooks = git_dir.join("hooks");
    program(&hooks.join("pre-commit"), &logging("old pre-commit"));
    fs::set_permissions(hooks.join("pre-commit"), PermissionsExt::from_mode(0o750)).expect("the file is ours");
    fs::write(hooks.join("pre-push"), "not executable").expect("the folder is ours");
    program(&sandbox.top().join("scripts/message"), &logging("linked commit-msg"));
    symlink("../../scripts/message", hooks.join("commit-msg")).expect("the folder is ours");
    program(&hooks.join("post-commit"), &logging("post-commit"));
    let before = state(&git_dir);

    let done = installed(&repo, &options);
    assert_eq!(done.chained, ["pre-commit", "commit-msg"]);
    commit(&sandbox, &sandbox.top(), "2");
    let expected = "tollgate hook pre-commit\ntollgate hook commit-msg .git/COMMIT_EDITMSG\npost-commit \n";
    assert_eq!(logged(&sandbox), expected);
    for (name, line) in [("pre-commit", "old pre-commit x\nin\n"), ("commit-msg", "linked commit-msg x\nin\n")] {
        let file = chain::find(&repo, name).expect("the record is there").expect("a hook was there");
        // The log is named by the environment of git's children only; here the hook is run by ourselves.
        let output = sandbox.run(&sandbox.top(), &file.display().to_string(), &["x"], b"in\n");
        assert_eq!((output.exit, logged(&sandbox).as_str()), (Exit::Code(0), line));
    }
    assert_eq!(chain::find(&repo, "pre-push").expect("the record is there"), None);

    assert!(!installed(&repo, &options).is_changed);
    uninstall(&repo, Edits::Respect).expect("it can be taken out");
    assert_eq!(state(&git_dir), before);
}

#[test]
fn a_chained_hook_gives_its_exit() {
    let (sandbox, _) = sandbox();
    let repo = sandbox.repo();
    let run = |text: &str, stdin: &[u8]| {
        let file = sandbox.folder().join("hook");
        program(&file, text);
        chain::run(&repo, file, &["a b".into()], stdin, &Interrupt::default()).expect("it runs")
    };
    assert_eq!(run("#!/bin/sh\nread x; test \"$x,$1,$#\" = 'in,a b,1'\n", b"in\n"), Exit::Code(0));
    assert_eq!(run("exit 6\n", b""), Exit::Code(6), "a script without a first line");
}

#[test]
fn without_the_program_the_hook_fails_and_says_what_to_do() {
    let (mut sandbox, options) = sandbox();
    let hooks = sandbox.top().join(".git/hooks");
    program(&hooks.join("commit-msg"), &logging("old commit-msg"));
    let done = installed(&sandbox.repo(), &options);
    assert_eq!(done.folder, hooks);
    fs::remove_file(&options.binary).expect("it is there");
    let output = commit(&sandbox, &sandbox.top(), "2");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.exit, Exit::Code(1));
    assert!(said.starts_with("tollgate: the pre-commit hook cannot find the program tollgate"), "{said}");
    assert!(said.contains("TOLLGATE=0") && said.contains("rm '.git/hooks/pre-commit'"), "{said}");
    assert!(said.lines().count() <= 6, "{said}");
    assert_eq!(logged(&sandbox), "");

    // Switched off, the hooks that were there still run.
    sandbox.set("TOLLGATE", "0");
    assert_eq!(commit(&sandbox, &sandbox.top(), "3").exit, Exit::Code(0));
    assert_eq!(logged(&sandbox), "old commit-msg .git/COMMIT_EDITMSG\n");
}

#[test]
fn the_program_is_found_where_the_environment_says() {
    let (mut sandbox, options) = sandbox();
    installed(&sandbox.repo(), &options);
    let elsewhere = sandbox.folder().join("home/.cargo/bin/tollgate");
    fs::create_dir_all(elsewhere.parent().expect("it has one")).expect("the folder is ours");
    fs::rename(&options.binary, &elsewhere).expect("both are ours");
    assert_eq!(commit(&sandbox, &sandbox.top(), "2").exit, Exit::Code(0), "a folder that everybody uses");
    let named = sandbox.folder().join("named");
    fs::rename(&elsewhere, &named).expect("both are ours");
    assert_eq!(commit(&sandbox, &sandbox.top(), "3").exit, Exit::Code(1));
    sandbox.set("TOLLGATE_BIN", &named.display().to_string());
    assert_eq!(commit(&sandbox, &sandbox.top(), "4").exit, Exit::Code(0), "TOLLGATE_BIN");
}

#[test]
fn installing_again_follows_the_program() {
    let (sandbox, options) = sandbox();
    let (repo, git_dir) = (sandbox.repo(), sandbox.top().join(".git"));
    program(&git_dir.join("hooks/pre-commit"), &logging("old"));
    let before = state(&git_dir);
    installed(&repo, &Options { hooks: vec!["pre-push".into()], binary: "/gone/tollgate".into(), ..options.clone() });
    assert!(!state(&git_dir).contains_key(&git_dir.join("tollgate-replaced/pre-commit")));
    let done = installed(&repo, &Options { hooks: vec!["pre-commit".into()], ..options });
    assert_eq!((done.hooks.as_slice(), done.is_changed), (&["pre-commit".to_owned(), "pre-push".to_owned()][..], true));
    commit(&sandbox, &sandbox.top(), "2");
    assert_eq!(logged(&sandbox), "tollgate hook pre-commit\n");
    uninstall(&repo, Edits::Respect).expect("it can be taken out");
    assert_eq!(state(&git_dir), before);
}

#[test]
fn a_hook_that_is_not_served_is_refused() {
    let (sandbox, options) = sandbox();
    let options = Options { hooks: vec!["post-commit".into()], ..options };
    assert!(matches!(install(&sandbox.repo(), &options), Err(Error::UnknownHook(name)) if name == "post-commit"));
}

#[test]
fn an_edited_script_is_not_touched_unless_that_is_wanted() {
    let (sandbox, options) = sandbox();
    let (repo, git_dir) = (sandbox.repo(), sandbox.top().join(".git"));
    program(&git_dir.join("hooks/pre-push"), &logging("old"));
    let before = state(&git_dir);
    installed(&repo, &options);
    let file = git_dir.join("hooks/pre-commit");
    let ours = fs::read_to_string(&file).expect("it is there");
    fs::write(&file, format!("{ours}echo mine\n")).expect("it is ours");
    let edited = state(&git_dir);
    let names = |error: Error| matches!(error, Error::Edited(files) if files == [file.clone()]);
    assert!(names(uninstall(&repo, Edits::Respect).expect_err("it was edited")));
    assert!(names(install(&repo, &options).expect_err("it was edited")));
    assert_eq!(state(&git_dir), edited);
    installed(&repo, &Options { edits: Edits::Discard, ..options });
    assert_eq!(fs::read_to_string(&file).expect("it is there"), ours);
    fs::write(&file, format!("{ours}echo mine\n")).expect("it is ours");
    uninstall(&repo, Edits::Discard).expect("the edit does not matter");
    assert_eq!(state(&git_dir), before);
}

#[test]
fn the_hook_for_messages_comes_when_a_policy_asks_for_it() {
    let (sandbox, options) = sandbox();
    let repo = sandbox.repo();
    let before = state(&sandbox.top().join(".git"));
    let names = |wanted: &[&str]| wanted.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let without = Options { asked: Vec::new(), ..options };
    assert_eq!(installed(&repo, &without).hooks, names(&["pre-commit", "pre-merge-commit", "pre-push"]));
    assert!(add(&repo, "commit-msg").expect("it can be added"));
    assert!(!add(&repo, "commit-msg").expect("it is there"));
    assert_eq!(installed(&repo, &without).hooks, names(&ALL), "what is installed stays");
    uninstall(&repo, Edits::Respect).expect("nothing was edited");
    assert_eq!(state(&sandbox.top().join(".git")), before);
    // Whoever names the hooks that they want gets no others.
    installed(&repo, &Options { hooks: names(&["pre-commit"]), ..without });
    assert!(!add(&repo, "commit-msg").expect("it is not wanted"));
}

#[test]
fn another_manager_that_took_the_place_of_a_hook_is_noticed() {
    let (sandbox, options) = sandbox();
    let (repo, hooks) = (sandbox.repo(), sandbox.top().join(".git/hooks"));
    installed(&repo, &options);
    // As pre-commit does: ours is kept beside and called first.
    fs::rename(hooks.join("pre-commit"), hooks.join("pre-commit.legacy")).expect("both are ours");
    program(&hooks.join("pre-commit"), "#!/bin/sh\n\"$0.legacy\" \"$@\" || exit 1\necho manager >> \"$LOG\"\n");
    commit(&sandbox, &sandbox.top(), "2");
    let expected = "tollgate hook pre-commit\nmanager\ntollgate hook commit-msg .git/COMMIT_EDITMSG\n";
    assert_eq!(logged(&sandbox), expected);
    assert!(matches!(uninstall(&repo, Edits::Respect), Err(Error::Edited(_))));
    // Installed again, ours comes first, and the two do not call each other in turn.
    assert_eq!(installed(&repo, &options).chained, ["pre-commit"]);
    assert!(!hooks.join("pre-commit.legacy").exists());
    program(&hooks.join("pre-commit"), "a third one");
    assert!(matches!(install(&repo, &options), Err(Error::Occupied(_))));
}

/// Installs where git looks for hooks in `folder`, because the setting in `scope` says so (`@` is the folder around the
/// repository), and takes out again.
#[track_caller]
fn check_hooks_path(scope: &str, value: &str, folder: &str) {
    let (sandbox, options) = sandbox();
    let (repo, git_dir) = (sandbox.repo(), sandbox.top().join(".git"));
    let folder = sandbox.folder().join(folder);
    let value = &value.replace('@', &sandbox.folder().display().to_string());
    program(&folder.join("pre-commit"), &logging("former pre-commit"));
    program(&folder.join("post-commit"), &logging("former post-commit"));
    program(&folder.join("helper.sh"), "");
    program(&git_dir.join("hooks/commit-msg"), &logging("never called"));
    if scope == "--worktree" {
        sandbox.git(&["config", "extensions.worktreeConfig", "true"]);
    }
    sandbox.git(&["config", scope, "core.hooksPath", value]);
    sandbox.git(&["config", "user.comment", "  spaces \t stay"]);
    let before = state(&git_dir);
    let shared = state(&folder);

    let done = installed(&repo, &options);
    assert_eq!(done.folder, git_dir.join("tollgate/hooks"));
    assert_eq!(
        (done.chained.as_slice(), done.passed.as_slice()),
        (&["pre-commit".to_owned()][..], &["post-commit".to_owned()][..])
    );
    assert!(!installed(&repo, &options).is_changed);
    assert_eq!(state(&folder), shared, "a folder of others is left alone");
    commit(&sandbox, &sandbox.top(), "2");
    let expected = "tollgate hook pre-commit\ntollgate hook commit-msg .git/COMMIT_EDITMSG\nformer post-commit \n";
    assert_eq!(logged(&sandbox), expected);
    let file = chain::find(&repo, "pre-commit").expect("the record is there").expect("a hook is there");
    assert_eq!(fs::canonicalize(file).ok(), fs::canonicalize(folder.join("pre-commit")).ok());

    // A hook that comes later is handed on to after installing again.
    program(&folder.join("post-merge"), &logging("former post-merge"));
    assert_eq!(installed(&repo, &options).passed, ["post-commit", "post-merge"]);

    // Other settings that came later stay.
    sandbox.git(&["config", "user.later", "yes"]);
    uninstall(&repo, Edits::Respect).expect("it can be taken out");
    assert_eq!(sandbox.git(&["config", "user.later"]), "yes\n");
    assert_eq!(sandbox.git(&["config", "core.hooksPath"]).trim(), value);
    sandbox.git(&["config", "--unset", "user.later"]);

    // And with nothing in between, everything is as it was, to the byte.
    for (path, (_, content)) in before.iter().filter(|(path, _)| path.ends_with("config")) {
        fs::write(path, content).expect("it is ours");
    }
    assert_eq!(state(&git_dir), before);
    installed(&repo, &options);
    uninstall(&repo, Edits::Respect).expect("it can be taken out");
    assert_eq!(state(&git_dir), before);
}

#[test]
fn a_folder_of_hooks_in_the_work_tree_is_chained() {
    check_hooks_path("--local", ".husky/_", "repo/.husky/_");
}

#[test]
fn a_global_folder_of_hooks_is_chained() {
    check_hooks_path("--global", "@/home/shared hooks", "home/shared hooks");
}

#[test]
fn a_folder_of_hooks_of_one_work_tree_is_chained() {
    check_hooks_path("--worktree", "../elsewhere/", "elsewhere");
}

#[test]
fn a_shared_folder_behind_a_link_is_left_alone() {
    let (sandbox, options) = sandbox();
    let (repo, git_dir) = (sandbox.repo(), sandbox.top().join(".git"));
    let shared = sandbox.folder().join("shared");
    fs::rename(git_dir.join("hooks"), &shared).expect("both are ours");
    program(&shared.join("pre-commit"), &logging("shared"));
    symlink(&shared, git_dir.join("hooks")).expect("the folder is ours");
    let (before, theirs) = (state(&git_dir), state(&shared));
    let done = installed(&repo, &options);
    assert_eq!(done.chained, ["pre-commit"]);
    commit(&sandbox, &sandbox.top(), "2");
    assert!(logged(&sandbox).starts_with("tollgate hook pre-commit\n"));
    assert_eq!(state(&shared), theirs);
    uninstall(&repo, Edits::Respect).expect("it can be taken out");
    assert_eq!(state(&git_dir), before);
}

#[test]
fn linked_work_trees_share_the_hooks() {
    let (sandbox, options) = sandbox();
    let git_dir = sandbox.top().join(".git");
    let before = state(&git_dir);
    sandbox.git(&["worktree", "add", "--quiet", "../linked", "-b", "other"]);
    let linked = sandbox.folder().join("linked");
    let done = installed(&sandbox.repo_at(&linked), &options);
    assert_eq!(fs::canonicalize(done.folder).ok(), fs::canonicalize(git_dir.join("hooks")).ok());
    assert!(is_installed(&sandbox.repo()));
    for folder in [sandbox.top(), linked] {
        assert_eq!(commit(&sandbox, &folder, "2").exit, Exit::Code(0));
        assert!(logged(&sandbox).starts_with("tollgate hook pre-commit\n"));
    }
    uninstall(&sandbox.repo(), Edits::Respect).expect("it can be taken out");
    assert_eq!(state(&git_dir), before);
}

#[test]
fn a_setting_that_came_later_is_followed_and_one_that_went_away_too() {
    let (sandbox, options) = sandbox();
    let (repo, git_dir) = (sandbox.repo(), sandbox.top().join(".git"));
    program(&git_dir.join("hooks/pre-commit"), &logging("own"));
    let before = state(&git_dir);
    installed(&repo, &options);
    let husky = sandbox.top().join(".husky/_");
    program(&husky.join("pre-commit"), &logging("husky"));
    sandbox.git(&["config", "core.hooksPath", ".husky/_"]);
    let done = installed(&repo, &options);
    assert_eq!((done.folder.as_path(), done.chained.len()), (git_dir.join("tollgate/hooks").as_path(), 1));
    assert_eq!(fs::read(git_dir.join("hooks/pre-commit")).expect("it is put back"), logging("own").as_bytes());
    commit(&sandbox, &sandbox.top(), "2");
    assert!(logged(&sandbox).starts_with("tollgate hook pre-commit\n"));

    sandbox.git(&["config", "--unset", "core.hooksPath"]);
    assert_eq!(installed(&repo, &options).folder, git_dir.join("hooks"));
    assert!(!git_dir.join("tollgate/hooks").exists());
    uninstall(&repo, Edits::Respect).expect("it can be taken out");
    let mut after = state(&git_dir);
    // Git itself leaves an empty section behind when it unsets.
    after.insert(git_dir.join("config"), before.get(&git_dir.join("config")).cloned().expect("there is one"));
    assert_eq!(after, before);
}

#[test]
fn a_kill_in_the_middle_is_mended_by_installing_again_and_by_taking_out() {
    for value in [None, Some(".husky/_")] {
        let n_steps = {
            let (sandbox, options) = prepared(value);
            plan(&sandbox.repo(), &options).expect("a plan").steps().count()
        };
        for n_done in 0..=n_steps {
            for again in [true, false] {
                let (sandbox, options) = prepared(value);
                let (repo, git_dir) = (sandbox.repo(), sandbox.top().join(".git"));
                let before = state(&git_dir);
                let planned = plan(&repo, &options).expect("a plan");
                fs::create_dir(Layout::new(&git_dir).folder()).expect("the folder is ours");
                planned.manifest.save(&Layout::new(&git_dir)).expect("the folder is ours");
                for step in planned.steps().take(n_done) {
                    step.perform(&repo).expect("it was planned");
                }
                if again {
                    assert_eq!(installed(&repo, &options).chained, ["pre-commit"], "after {n_done} of {n_steps} steps");
                }
                uninstall(&repo, Edits::Respect).expect("it can be taken out");
                let mut after = state(&git_dir);
                let config = git_dir.join("config");
                let hooks_path = sandbox.run(&sandbox.top(), "git", &["config", "core.hooksPath"], b"");
                assert_eq!(String::from_utf8_lossy(&hooks_path.stdout).trim(), value.unwrap_or_default());
                after.insert(config.clone(), before.get(&config).cloned().expect("there is one"));
                assert_eq!(after, before, "after {n_done} of {n_steps} steps, again: {again}");
            }
        }
    }
}

/// A repository with a hook, in its own folder or in that of the setting.
fn prepared(hooks_path: Option<&str>) -> (Sandbox, Options) {
    let (sandbox, options) = sandbox();
    let folder = sandbox.top().join(hooks_path.unwrap_or(".git/hooks"));
    program(&folder.join("pre-commit"), &logging("old"));
    program(&folder.join("library"), "");
    if let Some(value) = hooks_path {
        sandbox.git(&["config", "core.hooksPath", value]);
    }
    (sandbox, options)
}

#[test]
fn a_record_that_makes_no_sense_is_an_error_and_not_nothing() {
    let (sandbox, options) = sandbox();
    let repo = sandbox.repo();
    installed(&repo, &options);
    let manifest = Layout::new(repo.common_dir()).manifest();
    for text in ["", "{}", "{\"version\": 99}", "[1, 2"] {
        fs::write(&manifest, text).expect("it is ours");
        assert!(matches!(chain::find(&repo, "pre-commit"), Err(Error::Manifest { .. })));
        assert!(matches!(uninstall(&repo, Edits::Respect), Err(Error::Manifest { .. })));
        assert!(matches!(install(&repo, &options), Err(Error::Manifest { .. })));
    }
    // As the hint says.
    fs::remove_file(&manifest).expect("it is ours");
    installed(&repo, &options);
    uninstall(&repo, Edits::Respect).expect("it can be taken out");
    assert!(!sandbox.top().join(".git/hooks/pre-commit").exists());
}

/// What the doctor says about a repository after something was done to it.
#[track_caller]
fn check_doctor(expected: &[(Level, &str)], spoil: impl FnOnce(&Sandbox, &Options)) {
    let (sandbox, options) = sandbox();
    program(&options.binary, &format!("#!/bin/sh\necho tollgate {}\n", env!("CARGO_PKG_VERSION")));
    spoil(&sandbox, &options);
    let found = doctor(&sandbox.repo(), Switch::On, &Interrupt::default()).expect("it can look");
    // Which tollgate this machine has on its PATH is not what is tested.
    let found: Vec<_> = found.iter().filter(|diagnosis| !diagnosis.what.contains("on PATH")).collect();
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (diagnosis, (level, part)) in found.iter().zip(expected) {
        assert!(diagnosis.level == *level && diagnosis.what.contains(part), "{diagnosis:?} instead of {part}");
        assert!(!diagnosis.hint.is_empty(), "{diagnosis:?}");
    }
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let hook = |sandbox: &Sandbox, name: &str| sandbox.top().join(".git/hooks").join(name);
    let install = |sandbox: &Sandbox, options: &Options| drop(installed(&sandbox.repo(), options));
    check_doctor(&[], install);
    check_doctor(&[(Level::Error, "not installed")], |_, _| {});
    check_doctor(&[(Level::Error, "the record of the installation is gone")], |sandbox, options| {
        install(sandbox, options);
        fs::remove_file(sandbox.top().join(".git/tollgate/install.json")).expect("it is there");
    });
    check_doctor(&[(Level::Error, "cannot understand")], |sandbox, options| {
        install(sandbox, options);
        fs::write(sandbox.top().join(".git/tollgate/install.json"), "{").expect("it is there");
    });
    check_doctor(
        &[(Level::Error, "pre-commit is gone"), (Level::Warning, "pre-push was edited")],
        |sandbox, options| {
            install(sandbox, options);
            fs::remove_file(hook(sandbox, "pre-commit")).expect("it is there");
            let text = fs::read_to_string(hook(sandbox, "pre-push")).expect("it is there");
            fs::write(hook(sandbox, "pre-push"), text + "#\n").expect("it is ours");
        },
    );
    check_doctor(&[(Level::Error, "pre-commit was replaced"), (Level::Error, "not executable")], |sandbox, options| {
        install(sandbox, options);
        fs::write(hook(sandbox, "pre-commit"), "#!/bin/sh\n# husky\n").expect("it is ours");
        fs::set_permissions(hook(sandbox, "commit-msg"), PermissionsExt::from_mode(0o644)).expect("it is ours");
    });
    check_doctor(&[(Level::Error, "git looks for hooks in .husky/_")], |sandbox, options| {
        install(sandbox, options);
        sandbox.git(&["config", "core.hooksPath", ".husky/_"]);
    });
    check_doctor(&[(Level::Error, "is gone")], |sandbox, options| {
        install(sandbox, options);
        fs::remove_file(&options.binary).expect("it is there");
    });
    check_doctor(&[(Level::Warning, "version 0.0.9")], |sandbox, options| {
        install(sandbox, options);
        program(&options.binary, "#!/bin/sh\necho tollgate 0.0.9\n");
    });
    check_doctor(
        &[(Level::Note, "pre-merge-commit is not installed"), (Level::Note, "commit-msg"), (Level::Note, "pre-push")],
        |sandbox, options| {
            install(sandbox, &Options { hooks: vec!["pre-commit".into()], ..options.clone() });
        },
    );
    check_doctor(&[(Level::Error, "post-index-change is not called")], |sandbox, options| {
        sandbox.git(&["config", "core.hooksPath", ".husky/_"]);
        install(sandbox, options);
        program(&sandbox.top().join(".husky/_/post-index-change"), "");
    });
}

#[test]
fn the_doctor_says_that_the_hooks_are_switched_off() {
    let (sandbox, options) = sandbox();
    installed(&sandbox.repo(), &options);
    let found = doctor(&sandbox.repo(), Switch::Off, &Interrupt::default()).expect("it can look");
    assert!(found.iter().any(|diagnosis| diagnosis.what.contains("TOLLGATE=0")), "{found:?}");
}

#[test]
fn a_setting_that_can_not_be_changed_is_told() {
    let (sandbox, options) = sandbox();
    let config = sandbox.top().join(".git/config");
    let text = fs::read_to_string(&config).expect("there is one");
    // What is included last wins over what is set in the file itself.
    fs::write(&config, text + "[include]\n\tpath = more\n").expect("it is ours");
    fs::write(sandbox.top().join(".git/more"), "[core]\n\thooksPath = elsewhere\n").expect("it is ours");
    assert!(matches!(install(&sandbox.repo(), &options), Err(Error::Overruled(value)) if value == "elsewhere"));
}
