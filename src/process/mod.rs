//! Child processes: the only place that starts one. It must not know what they are for.

mod capture;
#[cfg(target_os = "linux")]
mod escape;
pub(crate) mod lookup;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod watch;
#[cfg(windows)]
mod windows;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(unix)]
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::command::{CommandOutput, CommandSpec, Exit, Part, Scrub};
use crate::model::deadline::Deadline;
use crate::process::capture::{Capture, Outputs};
#[cfg(unix)]
use crate::process::unix::Child;
#[cfg(unix)]
use crate::process::watch::Watch;
#[cfg(windows)]
use crate::process::windows::Child;

/// Why a program could not be run at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no such program.
    #[error("there is no program `{program}`")]
    NotFound {
        /// The program as it was asked for.
        program: String,
    },
    /// It is there but could not be started or followed.
    #[error("cannot run `{program}`")]
    Run {
        /// The program as it was asked for.
        program: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Tells running work that the user wants it to end, and sees to it that it ends if this process is killed; cheap to
/// clone, shared by all clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    n_asked: AtomicUsize,
    /// Ends the programs that run when this process is killed; started with the first of them.
    #[cfg(unix)]
    watch: Mutex<Option<Watch>>,
}

/// A program that is watched until this is dropped.
#[cfg(unix)]
struct Watched<'a> {
    interrupt: &'a Interrupt,
    id: u32,
}

#[cfg(unix)]
impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if let Some(watch) = self.interrupt.watch().as_mut() {
            watch.ended(self.id);
        }
    }
}

#[cfg(unix)]
impl Interrupt {
    fn watch(&self) -> MutexGuard<'_, Option<Watch>> {
        self.0.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a program expected before it starts, if it is one of others and leads a group: between its start and the moment
    /// at which it is told of, this process may be killed. Where nobody can watch, nobody does.
    fn expect(&self, grouping: Grouping, spec: &CommandSpec) -> bool {
        if spec.mark.is_empty() || grouping != Grouping::Own {
            return false;
        }
        let mut watch = self.watch();
        if watch.is_none() {
            *watch = Watch::start().ok();
        }
        watch.as_mut().map(|watch| watch.expects(&spec.mark)).is_some()
    }

    /// Has a program watched that was expected.
    fn watched(&self, id: u32) -> Watched<'_> {
        if let Some(watch) = self.watch().as_mut() {
            watch.begins(id);
        }
        Watched { interrupt: self, id }
    }
}

impl Interrupt {
    /// The one of a process that starts programs through this alone, and has started none yet.
    pub(crate) fn of_process() -> Self {
        #[cfg(target_os = "linux")]
        escape::lead();
        Self::default()
    }

    /// Says that no program runs any more: what a watch holds open is free again, and what programs left behind ends.
    pub(crate) fn rest(&self) {
        #[cfg(unix)]
        drop(self.watch().take());
        #[cfg(target_os = "linux")]
        escape::end_strays();
    }

    /// Asks all work to end; gives how often that was asked, this time included.
    pub(crate) fn set(&self) -> usize {
        self.0.n_asked.fetch_add(1, Ordering::SeqCst).saturating_add(1)
    }

    /// Whether work must end.
    pub(crate) fn is_set(&self) -> bool {
        self.0.n_asked.load(Ordering::SeqCst) > 0
    }

    /// Whether the user asked again: then nothing gets time to end by itself.
    fn is_urgent(&self) -> bool {
        self.0.n_asked.load(Ordering::SeqCst) > 1
    }
}

/// Whether a child gets a process group (a job) of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grouping {
    /// Its own: it is ended with all that it started, and the terminal's Ctrl-C does not reach it.
    Own,
    /// Ours: it may talk to the terminal, whose Ctrl-C reaches it.
    Shared,
}

/// The steps by which a child is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// As if the user had pressed Ctrl-C.
    Interrupt,
    /// The polite request.
    Terminate,
    /// No choice.
    Kill,
}

impl Step {
    /// The step after this one and how long to wait for it; none after the last.
    fn next(self) -> Option<(Self, Duration)> {
        match self {
            Self::Interrupt => Some((Self::Terminate, Duration::from_millis(300))),
            Self::Terminate => Some((Self::Kill, Duration::from_secs(2))),
            Self::Kill => None,
        }
    }
}

/// Runs a program to its end, its time-out or the interrupt, in a process group of its own; whatever it left running
/// in that group is ended, and on Linux also what left the group, if the program has a mark. A program that ends with an error code is no error here.
pub(crate) fn run(spec: &CommandSpec, interrupt: &Interrupt) -> Result<CommandOutput, Error> {
    run_logged(spec, interrupt, &mut io::sink())
}

/// The same, and `log` gets all that the program prints, however much that is.
pub(crate) fn run_logged(
    spec: &CommandSpec,
    interrupt: &Interrupt,
    log: &mut dyn Write,
) -> Result<CommandOutput, Error> {
    let started = Instant::now();
    let captures = [Capture::new(spec.max_output, spec.kept), Capture::new(spec.max_output, spec.kept)];
    if interrupt.is_set() {
        return Ok(output(Exit::Interrupted, captures, started));
    }
    let mut command = command(spec);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut outputs = Outputs::new(captures, log);
    let exit = follow(command, Grouping::Own, spec, interrupt, &mut outputs)?;
    Ok(output(exit, outputs.end(), started))
}

/// Runs a program that has our standard output and error and shares our process group, so that it may talk to the
/// user; the limit of output does not hold. It gives how the program ended.
pub(crate) fn run_attached(spec: &CommandSpec, interrupt: &Interrupt) -> Result<Exit, Error> {
    if interrupt.is_set() {
        return Ok(Exit::Interrupted);
    }
    let captures = [Capture::new(0, Part::First), Capture::new(0, Part::First)];
    follow(command(spec), Grouping::Shared, spec, interrupt, &mut Outputs::new(captures, &mut io::sink()))
}

/// The variable that holds the mark of a program's processes.
pub(crate) const MARK: &str = "TOLLGATE_RUN";

/// Starts a program and goes with it to its end.
fn follow(
    command: Command,
    grouping: Grouping,
    spec: &CommandSpec,
    interrupt: &Interrupt,
    outputs: &mut Outputs<'_>,
) -> Result<Exit, Error> {
    #[cfg(unix)]
    let is_expected = interrupt.expect(grouping, spec);
    let mut child = Child::spawn(command, grouping, spec).map_err(|source| not_started(spec, source))?;
    #[cfg(unix)]
    let _watched = is_expected.then(|| interrupt.watched(child.id()));
    let deadline = spec.timeout.map_or(Deadline::NEVER, Deadline::after);
    supervise(&mut child, deadline, interrupt, outputs)
        .and_then(|exit| drain(&mut child, outputs).map(|()| exit))
        .inspect_err(|_| child.give_up())
        .map_err(|source| Error::Run { program: name(spec), source })
}

/// How often to look whether the user wants it to end.
const TICK: Duration = Duration::from_millis(50);
/// How long an output may stay open after the child and its group are gone: what is in the pipe is read in this time,
/// and who still holds it open has escaped.
const GRACE: Duration = Duration::from_secs(1);

/// Waits until the child has ended, ends it when its time is over or the interrupt comes, and ends what it left in its
/// group.
fn supervise(
    child: &mut Child,
    deadline: Deadline,
    interrupt: &Interrupt,
    outputs: &mut Outputs<'_>,
) -> io::Result<Exit> {
    let mut forced = None;
    let mut next = Some((Step::Interrupt, deadline));
    loop {
        let left = next.and_then(|(_, moment)| moment.left());
        if child.wait(left.map_or(TICK, |left| left.min(TICK)), outputs)? {
            break;
        }
        if forced.is_none()
            && let Some(signal) = child.wants_terminal()
        {
            forced = Some(Exit::Signal(signal));
            child.end(Step::Kill);
            next = None;
        }
        let Some((step, moment)) = next else { continue };
        let step = if interrupt.is_urgent() { Step::Kill } else { step };
        if forced.is_none() && interrupt.is_set() {
            forced = Some(Exit::Interrupted);
        } else if moment.is_over() || interrupt.is_urgent() {
            forced = forced.or(Some(Exit::TimedOut));
        } else {
            continue;
        }
        child.end(step);
        next = step.next().map(|(step, wait)| (step, Deadline::after(wait)));
    }
    let status = child.reap()?;
    Ok(forced.unwrap_or_else(|| explained(exit(status), interrupt)))
}

/// The signals by which users end a run: HUP, INT, TERM.
const OF_USERS: [i32; 3] = [1, 2, 15];

/// How a child ended that nobody here ended. A signal to our whole group may reach a child before that has a group of
/// its own, and be heard here only a moment later: then it was the interrupt.
fn explained(exit: Exit, interrupt: &Interrupt) -> Exit {
    let deadline = Deadline::after(TICK);
    match exit {
        Exit::Signal(signal) if OF_USERS.contains(&signal) => {
            while !interrupt.is_set() && !deadline.is_over() {
                std::thread::sleep(Duration::from_millis(1));
            }
            if interrupt.is_set() { Exit::Interrupted } else { exit }
        }
        _ => exit,
    }
}

/// Reads what is left in the outputs, for a short time only.
fn drain(child: &mut Child, outputs: &mut Outputs<'_>) -> io::Result<()> {
    let deadline = Deadline::after(GRACE);
    while !child.is_silent() && !deadline.is_over() {
        child.wait(deadline.left().unwrap_or_default(), outputs)?;
    }
    Ok(())
}

/// The command that `spec` describes; standard output and error are ours, standard input is empty or a pipe.
#[expect(clippy::disallowed_methods, reason = "this is the function through which programs are started")]
fn command(spec: &CommandSpec) -> Command {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).stdin(if spec.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
    if let Some(dir) = &spec.dir {
        command.current_dir(dir);
    }
    match &spec.scrub {
        Scrub::Nothing => {}
        Scrub::Git => {
            for (key, _) in std::env::vars_os().filter(|(key, _)| key.as_encoded_bytes().starts_with(b"GIT_")) {
                command.env_remove(key);
            }
        }
        Scrub::AllBut(names) => {
            command.env_clear();
            let stays = |key: &OsString| names.contains(key) || ALWAYS_PASSED.iter().any(|always| key == always);
            command.envs(std::env::vars_os().filter(|(key, _)| stays(key)));
        }
    }
    command.envs(&spec.env);
    if !spec.mark.is_empty() {
        command.env(MARK, &spec.mark);
    }
    command
}

/// The inherited variables without which a program can't be found or started at all.
const ALWAYS_PASSED: &[&str] =
    if cfg!(windows) { &["PATH", "Path", "PATHEXT", "SystemRoot", "SYSTEMROOT"] } else { &["PATH"] };

/// The program's name, for people.
fn name(spec: &CommandSpec) -> String {
    spec.program.to_string_lossy().into_owned()
}

/// Why a program did not start. A folder that is not there looks like a program that is not there.
fn not_started(spec: &CommandSpec, source: io::Error) -> Error {
    let program = name(spec);
    if source.kind() != io::ErrorKind::NotFound {
        return Error::Run { program, source };
    }
    match spec.dir.as_ref().filter(|dir| !dir.is_dir()) {
        Some(dir) => {
            let why = format!("there is no folder `{}` to run it in", dir.display());
            Error::Run { program, source: io::Error::new(io::ErrorKind::NotFound, why) }
        }
        None => Error::NotFound { program },
    }
}

/// How the child ended, when it ended by itself.
fn exit(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Exit::Signal(signal);
    }
    Exit::Code(status.code().unwrap_or(-1))
}

/// Puts the pieces together.
fn output(exit: Exit, captures: [Capture; 2], started: Instant) -> CommandOutput {
    let [(stdout, n_dropped), (stderr, n_also_dropped)] = captures.map(Capture::end);
    let n_dropped = n_dropped.saturating_add(n_also_dropped);
    CommandOutput { exit, stdout, stderr, n_dropped, duration: started.elapsed() }
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;
    use std::time::Duration;

    use super::{Error, Interrupt, run, run_attached};
    use crate::model::command::{CommandOutput, CommandSpec, Exit, Scrub};

    /// A shell script as a program to run.
    fn shell(script: &str) -> CommandSpec {
        CommandSpec {
            program: "sh".into(),
            args: ["-c", script].map(OsString::from).into(),
            max_output: usize::MAX,
            ..CommandSpec::default()
        }
    }

    #[track_caller]
    fn ran(spec: &CommandSpec) -> CommandOutput {
        run(spec, &Interrupt::default()).expect("the program starts")
    }

    /// Runs a script and compares its exit and its outputs.
    #[track_caller]
    fn check(script: &str, exit: Exit, stdout: &str, stderr: &str) {
        let output = ran(&shell(script));
        let texts = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((output.exit, &*texts.0, &*texts.1, output.n_dropped), (exit, stdout, stderr, 0));
    }

    #[test]
    fn exit_and_outputs_are_told() {
        check("exit 0", Exit::Code(0), "", "");
        check("echo out; echo err >&2; exit 7", Exit::Code(7), "out\n", "err\n");
        check("kill -SEGV $$", Exit::Signal(11), "", "");
        check("kill -TERM $$", Exit::Signal(15), "", "");
        check("cat", Exit::Code(0), "", "");
        check("exec >&- 2>&-; sleep 0.2; exit 3", Exit::Code(3), "", "");
    }

    #[test]
    fn a_program_that_is_not_there_is_told_from_a_folder_that_is_not_there() {
        let spec = CommandSpec { program: "no-such-program-at-all".into(), ..CommandSpec::default() };
        assert!(matches!(run(&spec, &Interrupt::default()), Err(Error::NotFound { .. })));
        let spec = CommandSpec { dir: Some("/no/such/folder".into()), ..shell("exit 0") };
        assert!(matches!(run(&spec, &Interrupt::default()), Err(Error::Run { .. })));
        let spec = CommandSpec { program: "/".into(), ..CommandSpec::default() };
        assert!(matches!(run(&spec, &Interrupt::default()), Err(Error::Run { .. })));
    }

    #[test]
    fn input_is_given_whole() {
        for n_bytes in [1, 4096, 4097, 3_000_000] {
            let output = ran(&CommandSpec { stdin: vec![b'x'; n_bytes], ..shell("wc -c | tr -d ' '") });
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), n_bytes.to_string());
        }
    }

    #[test]
    fn a_child_that_does_not_read_its_input_is_no_error() {
        let output = ran(&CommandSpec { stdin: vec![b'x'; 3_000_000], ..shell("exec <&-; echo done") });
        assert_eq!((output.exit, output.stdout.as_slice()), (Exit::Code(0), b"done\n".as_slice()));
    }

    #[test]
    fn very_much_output_is_drained_counted_and_not_kept() {
        let script = "head -c 100000000 /dev/zero; head -c 1000 /dev/zero >&2";
        let output = ran(&CommandSpec { max_output: 5_000, ..shell(script) });
        assert_eq!((output.exit, output.stdout.len(), output.stderr.len()), (Exit::Code(0), 5_000, 1_000));
        assert_eq!(output.n_dropped, 100_000_000 - 5_000);
        assert!(output.stdout.capacity() < 1_000_000);
    }

    /// Whether the process whose id is in `file` is still there and not a zombie.
    fn lives(file: &Path) -> bool {
        let pid = std::fs::read_to_string(file).expect("the script wrote its id");
        let output = ran(&shell(&format!("ps -o stat= -p {}", pid.trim())));
        !output.stdout.is_empty() && !output.stdout.starts_with(b"Z")
    }

    /// Runs a script with a time-out; it can write ids of processes into the file `$F`. Gives the exit and whether
    /// that process lives on.
    fn timed(script: &str, timeout: Duration) -> (CommandOutput, bool) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("pid");
        let env = [("F".into(), file.clone().into())].into();
        let output = ran(&CommandSpec { timeout: Some(timeout), env, ..shell(script) });
        (output, lives(&file))
    }

    #[test]
    fn a_child_that_hangs_is_ended_with_what_it_started() {
        let (output, lives) = timed("echo before; sleep 600 & echo $! > $F; wait", Duration::from_secs(1));
        assert_eq!((output.exit, output.stdout.as_slice()), (Exit::TimedOut, b"before\n".as_slice()));
        assert!(!lives);
    }

    #[test]
    fn a_child_that_ignores_signals_is_killed() {
        let script = "trap '' INT TERM; echo $$ > $F; while :; do sleep 1; done";
        let (output, lives) = timed(script, Duration::from_secs(1));
        assert_eq!(output.exit, Exit::TimedOut);
        assert!(!lives);
    }

    #[test]
    fn a_child_can_clean_up_when_it_is_interrupted() {
        let script = "trap 'echo cleaned; exit 0' INT; echo $$ > $F; while :; do sleep 0.05; done";
        let (output, _) = timed(script, Duration::from_secs(2));
        assert_eq!((output.exit, output.stdout.as_slice()), (Exit::TimedOut, b"cleaned\n".as_slice()));
    }

    #[test]
    fn what_a_child_leaves_in_its_group_is_ended_after_it() {
        let (output, lives) = timed("sleep 600 & echo $! > $F; echo done", Duration::from_secs(300));
        assert_eq!((output.exit, output.stdout.as_slice()), (Exit::Code(0), b"done\n".as_slice()));
        assert!(!lives);
    }

    #[test]
    fn a_process_that_escaped_and_holds_the_output_open_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // It ends by itself as soon as the test has looked and the folder is gone.
        let script = "setsid sh -c 'while test -d \"$FOLDER\"; do sleep 0.1; done' & echo done";
        let env = [("FOLDER".into(), folder.path().into())].into();
        let output = ran(&CommandSpec { env, ..shell(script) });
        drop(folder);
        assert_eq!((output.exit, output.stdout.as_slice()), (Exit::Code(0), b"done\n".as_slice()));
    }

    /// Runs a script whose processes are known by a mark; whether the process lives on whose id it wrote.
    #[cfg(target_os = "linux")]
    #[track_caller]
    fn escapes(script: &str, mark: &str, timeout: Duration) -> (Exit, bool) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("pid");
        let env = [("F".into(), file.clone().into())].into();
        let output = ran(&CommandSpec { env, mark: mark.into(), timeout: Some(timeout), ..shell(script) });
        (output.exit, lives(&file))
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_escapes_the_group_is_ended_too() {
        let wait = "while ! test -s $F; do sleep 0.01; done";
        for (name, script) in [
            ("session", "setsid sh -c 'echo $$ > $F; exec sleep 600' &"),
            ("double-fork", "(setsid sh -c '(trap \"\" INT TERM HUP; sh -c \"echo \\$PPID\" > $F; sleep 600) &' &) &"),
            ("grandchild", "setsid sh -c 'setsid sh -c \"echo \\$\\$ > $F; exec sleep 600\" & wait' &"),
        ] {
            let long = Duration::from_secs(300);
            assert_eq!(escapes(&format!("{script} {wait}"), name, long), (Exit::Code(0), false), "{name}");
            let (exit, lives) = escapes(&format!("{script} {wait}; sleep 600"), name, Duration::from_millis(500));
            assert_eq!((exit, lives), (Exit::TimedOut, false), "{name}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_another_program_left_is_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let go = folder.path().join("go");
        let ends = format!(
            "setsid sh -c 'while ! test -e {0}; do sleep 0.01; done; touch {0}.seen' & sleep 0.1",
            go.display()
        );
        // It escapes from a program that is still running, and lives on when another one ends.
        let wait = format!("{ends}; while ! test -e {}.seen; do sleep 0.01; done", go.display());
        let first = std::thread::spawn(move || ran(&CommandSpec { mark: "first".into(), ..shell(&wait) }).exit);
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(ran(&CommandSpec { mark: "second".into(), ..shell("true") }).exit, Exit::Code(0));
        std::fs::write(&go, "").expect("the folder is ours");
        assert_eq!(first.join().expect("no panic"), Exit::Code(0));
    }

    #[test]
    fn an_interrupt_ends_the_child() {
        let interrupt = Interrupt::default();
        let other = interrupt.clone();
        let waiting = std::thread::spawn(move || run(&shell("sleep 600"), &other).map(|output| output.exit));
        std::thread::sleep(Duration::from_millis(100));
        interrupt.set();
        assert_eq!(waiting.join().expect("no panic").expect("it ran"), Exit::Interrupted);
        assert_eq!(run(&shell("echo never"), &interrupt).expect("nothing started").stdout, b"");
        assert_eq!(run_attached(&shell("exit 5"), &interrupt).expect("nothing started"), Exit::Interrupted);
    }

    #[test]
    fn an_attached_child_gets_its_input_and_gives_its_exit() {
        let attached = |spec: &CommandSpec| run_attached(spec, &Interrupt::default()).expect("the program starts");
        let spec = CommandSpec { stdin: b"word\n".to_vec(), ..shell("read line; test \"$line\" = word || exit 9") };
        assert_eq!(attached(&spec), Exit::Code(0));
        assert_eq!(attached(&shell("read line; exit 4")), Exit::Code(4));
        let spec = CommandSpec { timeout: Some(Duration::from_millis(100)), ..shell("exec sleep 600") };
        assert_eq!(attached(&spec), Exit::TimedOut);
    }

    #[test]
    fn the_environment_is_scrubbed_as_asked() {
        let env = [("GIT_ADDED".into(), "1".into()), ("OTHER".into(), "2".into())];
        let spec = CommandSpec { env: env.into(), scrub: Scrub::Git, ..shell("env") };
        let text = String::from_utf8(ran(&spec).stdout).expect("the environment is text");
        let git: Vec<_> = text.lines().filter(|line| line.starts_with("GIT_")).collect();
        assert_eq!(git, ["GIT_ADDED=1"]);
        let env = [("ONE".into(), "1".into())];
        let spec = CommandSpec { env: env.into(), scrub: Scrub::AllBut(vec!["HOME".into()]), ..shell("env") };
        let text = String::from_utf8(ran(&spec).stdout).expect("the environment is text");
        let own = ["PWD", "SHLVL", "_", "OLDPWD"];
        let mut names: Vec<_> = text.lines().filter_map(|line| line.split('=').next()).collect();
        names.retain(|name| !own.contains(name));
        names.sort_unstable();
        assert_eq!(names, ["HOME", "ONE", "PATH"]);
    }
}
