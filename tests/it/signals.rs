//! A run that is ended in the middle: nothing of the user's is another than before, nothing is left behind.
//! `TOLLGATE_TEST_ROUNDS` sets how often each moment is tried; `TOLLGATE_LONG_TESTS` tries many.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::fix_kills::{SmallDisk, fill};
use crate::frozen::Frozen;
use crate::support::{Repo, TOLLGATE, run};

/// A command that ends by itself only after a very long time.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn rounds(by_default: u64) -> u64 {
    let said = std::env::var("TOLLGATE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let many = std::env::var_os("TOLLGATE_LONG_TESTS").map(|_| 200);
    said.or(many).unwrap_or(by_default)
}

/// A repository whose hooks are installed, so that its commands run; they run in a checkout, because an edit is not
/// staged. The script writes its process id beside the work tree.
fn with_command(script: &str) -> Repo {
    let repo = Repo::with(&[("a.txt", "one\n"), ("b.txt", "one\n")]);
    let run = format!("[\"sh\", \"-c\", {:?}]", script.replace("ALIVE", &repo.beside("alive").to_string_lossy()));
    let policy = format!("[stages.pre-commit]\nchecks = [\"*\"]\n[checks.slow]\nrun = {run}\n");
    repo.stage(&[("tollgate.toml", &policy), ("a.txt", "two\n")]);
    repo.write("a.txt", "three\n");
    repo.write("stashed.txt", "kept\n");
    repo.git(&["stash", "push", "-q", "--include-untracked", "--", "stashed.txt"]).code(0);
    repo.tollgate(&["install"]).code(0);
    repo
}

/// Starts a run as a shell does: in a process group of its own.
fn start(repo: &Repo) -> Child {
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.args(["check", "--staged"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.process_group(0).spawn().unwrap()
}

pub(crate) fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}

/// Waits until something is the case.
#[track_caller]
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what} did not come about");
        sleep(Duration::from_millis(5));
    }
}

/// Waits for the end of a run; one that does not end is a failure.
#[track_caller]
pub(crate) fn end(mut child: Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the run does not end");
        }
        sleep(Duration::from_millis(5));
    }
}

/// The process that the command of the repository is, once it has said so.
#[track_caller]
fn command_of(repo: &Repo) -> Pid {
    let alive = repo.beside("alive");
    let read = || fs::read_to_string(&alive).ok()?.strip_suffix('\n')?.parse().ok();
    until("the command", || read().is_some());
    pid(read().unwrap())
}

/// Whether a process is there; one that ended and was only not buried yet is not.
fn lives(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_pid())).unwrap_or_default();
    match Path::new("/proc/self/stat").exists() {
        true => stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z')),
        false => rustix::process::test_kill_process(process).is_ok(),
    }
}

/// The temporary folders that are in the cache.
fn temporary_folders(repo: &Repo) -> Vec<String> {
    let names = fs::read_dir(repo.beside("home/.cache/tollgate")).into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("run-")).collect()
}

/// Which processes are told.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    Process,
    Group,
}

#[track_caller]
fn check_command(script: &str, signals: &[Signal], told: Told) {
    let repo = with_command(script);
    let before = Frozen::of(&repo.top());
    let run = start(&repo);
    let command = command_of(&repo);
    for signal in signals {
        let _ = match told {
            Told::Process => kill_process(pid(run.id()), *signal),
            Told::Group => kill_process_group(pid(run.id()), *signal),
        };
        sleep(Duration::from_millis(50));
    }
    assert_eq!(end(run).code(), Some(130));
    assert!(!lives(command), "the command is still there");
    assert_eq!(temporary_folders(&repo), [""; 0]);
    before.is_still(&repo.top());
}

#[test]
fn a_signal_ends_the_command_and_the_run() {
    let patient = "echo $$ > ALIVE; exec sleep 600";
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        check_command(patient, &[signal], Told::Process);
        check_command(patient, &[signal], Told::Group);
    }
}

#[test]
fn a_command_that_hears_no_signal_is_ended_all_the_same() {
    let deaf = "trap '' INT TERM HUP; echo $$ > ALIVE; while :; do sleep 1; done";
    check_command(deaf, &[Signal::INT], Told::Process);
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_leaves_its_group_is_ended_all_the_same() {
    let escaped = "(setsid sh -c 'echo $$ > ALIVE; exec sleep 600' &); sleep 600";
    check_command(escaped, &[Signal::INT], Told::Process);
    let deaf = "(setsid sh -c 'trap \"\" INT TERM HUP; echo $$ > ALIVE; while :; do sleep 1; done' &); sleep 600";
    check_command(deaf, &[Signal::TERM, Signal::INT], Told::Group);
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_outlives_a_run_whatever_it_hides_of_itself() {
    let hidden =
        "(env -i setsid sh -c 'echo $$ > ALIVE; exec sleep 600' &); while ! test -s ALIVE; do sleep 0.01; done";
    let repo = with_command(hidden);
    let mut run = start(&repo);
    let command = command_of(&repo);
    run.wait().unwrap();
    assert!(!lives(command));
    // What somebody else started, in whose place tollgate stands, goes on.
    let mut shell = repo.command(&repo.top(), "sh");
    let script = format!("sleep 600 > /dev/null 2>&1 & echo $!; exec '{TOLLGATE}' check --staged > /dev/null 2>&1");
    let other = shell.args(["-c", &script]).stdout(Stdio::piped()).output().unwrap();
    let other = pid(String::from_utf8(other.stdout).unwrap().trim().parse().unwrap());
    assert!(lives(other));
    kill_process(other, Signal::KILL).unwrap();
}

#[test]
fn a_command_whose_git_runs_the_hook_again_comes_to_an_end() {
    let repo = with_command("echo >> ALIVE; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m again");
    // In its copy no hook runs.
    repo.tollgate(&["check", "--staged"]).code(0).says("(heads/main) in its copy");
    fs::remove_file(repo.beside("alive")).unwrap();
    repo.write("a.txt", "two\n");
    repo.tollgate(&["check", "--staged"]).code(1);
    assert_eq!(fs::read(repo.beside("alive")).unwrap().len(), 4);
    let mut inmost = repo.command(&repo.top(), TOLLGATE);
    inmost.args(["check", "--staged"]).env("TOLLGATE_RUN", "1-a/2-b/c/3-slow/4-slow");
    run(&mut inmost, b"").code(3).says("starts the checks again").says("`--no-verify`");
}

#[test]
fn an_impatient_user_leaves_nothing_behind_either() {
    let deaf = "trap '' INT TERM HUP; echo $$ > ALIVE; while :; do sleep 1; done";
    check_command(deaf, &[Signal::INT, Signal::INT], Told::Group);
    check_command(deaf, &[Signal::TERM, Signal::INT], Told::Process);
}

#[test]
fn after_a_kill_nothing_is_lost_and_the_next_run_sweeps() {
    let repo = with_command("echo $$ > ALIVE; test -e ALIVE.stop || exec sleep 600");
    let before = Frozen::of(&repo.top());
    for _ in 0..rounds(2) {
        let _ = fs::remove_file(repo.beside("alive"));
        let run = start(&repo);
        let command = command_of(&repo);
        kill_process(pid(run.id()), Signal::KILL).unwrap();
        assert_eq!(end(run).signal(), Some(9));
        // Somebody else ends the command then.
        until("the end of the command", || !lives(command));
        before.is_still(&repo.top());
    }
    assert!(!temporary_folders(&repo).is_empty(), "the test is to leave one");
    fs::write(repo.beside("alive.stop"), "").unwrap();
    repo.tollgate(&["check", "--staged"]).code(0);
    assert_eq!(temporary_folders(&repo), [""; 0]);
    before.is_still(&repo.top());
}

/// Nobody but what it left behind can end what runs then: also what went out of its group.
#[cfg(target_os = "linux")]
#[test]
fn a_kill_ends_what_runs_and_what_has_left_its_group() {
    let repo = with_command(
        "trap '' INT TERM; setsid sh -c 'echo $$ > ALIVE.away; exec sleep 600' & \
         while ! test -s ALIVE.away; do sleep 0.01; done; echo $$ > ALIVE; while :; do sleep 0.05; done",
    );
    let run = start(&repo);
    let command = command_of(&repo);
    let away = fs::read_to_string(repo.beside("alive.away")).unwrap().trim().parse().unwrap();
    let others = Command::new("sleep").arg("600").process_group(0).env("TOLLGATE_RUN", "1-slow").spawn();
    let mut others = others.unwrap();
    kill_process_group(pid(run.id()), Signal::KILL).unwrap();
    end(run);
    until("the end of the command", || !lives(command) && !lives(pid(away)));
    assert!(lives(pid(others.id())), "what another run started is none of ours");
    others.kill().unwrap();
    others.wait().unwrap();
}

#[test]
fn at_any_moment_of_the_built_in_checks_nothing_is_lost() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let text = "def f(x):\n    return eval(x) \n".repeat(200);
    for n in 0..40 {
        repo.write(&format!("{n}.py"), &text);
    }
    repo.git(&["add", "."]).code(0);
    repo.write("a.txt", "two\n");
    let before = Frozen::of(&repo.top());
    for round in 0..rounds(12) {
        for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
            let run = start(&repo);
            // From before the first instruction to after the last one.
            sleep(Duration::from_millis(round * 7 % 90));
            let _ = kill_process_group(pid(run.id()), signal);
            let status = end(run);
            // It was ended, or done already, or had not begun to listen.
            let is_right = match status.code() {
                Some(code) => code == 130 || code == 1,
                None => status.signal() == Some(signal.as_raw()),
            };
            assert!(is_right, "{status:?} after {signal:?} in round {round}");
            before.is_still(&repo.top());
        }
    }
    repo.tollgate(&["check", "--staged"]).code(1);
    before.is_still(&repo.top());
}

/// A repository in which everything is under way that a commit must not lose, and whose hook takes its time and refuses.
fn under_way() -> Repo {
    let policy =
        "[stages.pre-commit]\nchecks = [\"*\"]\n[checks.slow]\nrun = [\"sh\", \"-c\", \"sleep 0.2; exit 1\"]\n";
    let lines: String = (0..20).map(|line| format!("line {line}\n")).collect();
    let repo = Repo::with(&[("tollgate.toml", policy), ("part.txt", &lines), ("edited.txt", "one\n")]);
    repo.commit("more", &[("deleted.txt", "one\n"), ("from.txt", &lines), ("stashed.txt", "one\n")]);
    repo.write("stashed.txt", "kept\n");
    repo.git(&["stash", "push", "-q"]).code(0);
    repo.stage(&[("part.txt", &lines.replace("line 3\n", "staged\n"))]);
    repo.write("part.txt", lines.replace("line 3\n", "staged\n").replace("line 15\n", "not staged\n"));
    repo.write("edited.txt", "not staged\n");
    fs::remove_file(repo.top().join("deleted.txt")).unwrap();
    repo.git(&["mv", "from.txt", "to.txt"]).code(0);
    repo.write("untracked.txt", "untracked\n");
    repo.write("intended.txt", "intended\n");
    repo.git(&["add", "-N", "intended.txt"]).code(0);
    std::os::unix::fs::symlink("part.txt", repo.top().join("link")).unwrap();
    repo.git(&["add", "link"]).code(0);
    repo.tollgate(&["install"]).code(0);
    repo
}

/// All that is the user's: files, index, branches, stash. Git itself writes the index anew for a commit, byte for byte.
fn precious(repo: &Repo) -> (Frozen, Vec<u8>) {
    let kept = ["HEAD", "refs", "logs", "packed-refs", "config", "hooks"].map(|name| Path::new(".git").join(name));
    let is_gits_own = |path: &Path| path.starts_with(".git") && !kept.iter().any(|kept| path.starts_with(kept));
    (Frozen::of(&repo.top()).without(is_gits_own), fs::read(repo.top().join(".git/index")).unwrap())
}

/// Commits, ends that after some time with all that it started, and waits for the end of them all.
fn commit_and_end(repo: &Repo, end_by: Option<(Duration, Signal)>) -> ExitStatus {
    let mut command = repo.command(&repo.top(), "git");
    command.args(["commit", "-q", "-m", "x"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut commit = command.process_group(0).spawn().unwrap();
    if let Some((moment, signal)) = end_by {
        sleep(moment);
        let _ = kill_process_group(pid(commit.id()), signal);
    }
    // The hook holds the pipe as long as it lives.
    let mut told = Vec::new();
    std::io::Read::read_to_end(&mut commit.stderr.take().unwrap(), &mut told).unwrap();
    end(commit)
}

#[test]
fn at_any_moment_of_a_commit_nothing_is_lost() {
    let repo = under_way();
    // The first one lays out what the others bring up to date.
    assert_eq!(commit_and_end(&repo, None).code(), Some(1));
    let started = Instant::now();
    assert_eq!(commit_and_end(&repo, None).code(), Some(1));
    let span = u64::try_from(started.elapsed().as_micros()).unwrap() * 5 / 4;
    let (files, index) = precious(&repo);
    let mut n_ended = 0;
    let n_rounds = rounds(3);
    for round in 0..n_rounds {
        for (at, signal) in [Signal::INT, Signal::TERM, Signal::HUP, Signal::KILL].into_iter().enumerate() {
            let moment = Duration::from_micros((round * 4 + at as u64) * 7_919 * 13 % span);
            let status = commit_and_end(&repo, Some((moment, signal)));
            n_ended += usize::from(status.code() != Some(1));
            if signal == Signal::KILL {
                // Git can't take its own lock away then.
                let _ = fs::remove_file(repo.top().join(".git/index.lock"));
            }
            let (files_now, index_now) = precious(&repo);
            let changed = files_now.changed_since(&files);
            assert!(changed.is_empty(), "{changed:?} after {signal:?} at {moment:?}");
            assert!(index_now == index, "the index after {signal:?} at {moment:?}");
        }
    }
    eprintln!("{n_ended} of {} commits were ended before their end", n_rounds * 4);
    repo.git(&["stash", "list"]).code(0).says("stash@{0}");
    repo.git(&["fsck", "--strict"]).code(0);
}

#[test]
fn where_the_disk_is_full_a_commit_loses_nothing() {
    let repo = under_way();
    let cache = repo.beside("home/.cache");
    let Some(_disk) = SmallDisk::at(&repo, &cache) else {
        eprintln!("not tested: only root can mount a small disk");
        return;
    };
    assert_eq!(commit_and_end(&repo, None).code(), Some(1));
    let (files, index) = precious(&repo);
    let (filler, mut n_full) = (cache.join("filler"), 0);
    for round in 0..rounds(6) {
        // Half of the times nothing is laid out yet.
        if round % 2 == 0 {
            fs::remove_dir_all(cache.join("tollgate")).unwrap();
        }
        fill(&filler, round * 28 % 400);
        let said = repo.git(&["commit", "-q", "-m", "x"]).code(1).text();
        n_full += usize::from(!said.contains("slow:") && said.contains("error: "));
        let (files_now, index_now) = precious(&repo);
        let changed = files_now.changed_since(&files);
        assert!(changed.is_empty() && index_now == index, "{changed:?} in round {round}: {said}");
        fs::remove_file(&filler).unwrap();
    }
    assert!(n_full > 0, "the disk was never full");
    repo.git(&["commit", "-q", "-m", "x"]).code(1).says("1 new error (slow)");
    repo.git(&["fsck", "--strict"]).code(0);
}
