//! A child on Unix: one thread gives it its input, reads its outputs and learns of its end, by `poll`. Threads around a
//! child would cost more than most children do.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, ExitStatus};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

use crate::model::command::CommandSpec;
use crate::process::capture::Outputs;
#[cfg(target_os = "linux")]
use crate::process::escape::Escape;
use crate::process::{Grouping, Step};

/// The most bytes that a pipe takes at once on every platform, whether anybody reads or not.
const PIPE_TAKES: usize = 4096;
/// How many bytes are read at once at first: most programs print less.
const FIRST_READ: usize = 8 * 1024;
/// How many bytes are read at once from a program that prints more: as many as a pipe holds.
const READ: usize = 64 * 1024;
/// How often to look whether the child has ended where the system does not tell it.
const TICK: Duration = Duration::from_millis(5);

/// A running child.
pub(super) struct Child {
    child: std::process::Child,
    pid: Pid,
    grouping: Grouping,
    /// Finds what leaves its group.
    #[cfg(target_os = "linux")]
    escape: Option<Escape>,
    /// Becomes readable when the child ends, where there is such a thing.
    end: Option<OwnedFd>,
    has_ended: bool,
    input: Option<Input>,
    outputs: [Option<Output>; 2],
    buffer: Vec<u8>,
}

/// What is left to give to a child.
struct Input {
    pipe: ChildStdin,
    bytes: Vec<u8>,
    n_given: usize,
}

/// A pipe that is read from.
type Output = Box<dyn Pipe>;

/// What is read from and polled.
trait Pipe: Read + AsFd + Send {}

impl<P: Read + AsFd + Send> Pipe for P {}

impl Child {
    /// Starts `command`, which is that of `spec`.
    pub(super) fn spawn(mut command: Command, grouping: Grouping, spec: &CommandSpec) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        let escape = (!spec.mark.is_empty()).then(|| Escape::of(&spec.mark));
        if grouping == Grouping::Own {
            command.process_group(0);
        }
        let mut child = command.spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(|pipe| Box::new(pipe) as Output);
        let stderr = child.stderr.take().map(|pipe| Box::new(pipe) as Output);
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.expect("because the id of a process is a positive number");
        let mut running = Self {
            child,
            pid,
            grouping,
            #[cfg(target_os = "linux")]
            escape,
            end: end_of(pid),
            has_ended: false,
            input: None,
            outputs: [stdout, stderr],
            buffer: vec![0; FIRST_READ],
        };
        match stdin.map_or(Ok(()), |pipe| running.begin(pipe, &spec.stdin)) {
            Ok(()) => Ok(running),
            Err(error) => {
                running.give_up();
                Err(error)
            }
        }
    }

    /// The id of its process, and of its group.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Gives the child the beginning of its input.
    fn begin(&mut self, mut pipe: ChildStdin, input: &[u8]) -> io::Result<()> {
        if input.len() <= PIPE_TAKES {
            let _ = pipe.write_all(input);
            return Ok(());
        }
        // This changes our end of the pipe alone.
        fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
        self.input = Some(Input { pipe, bytes: input.to_owned(), n_given: 0 });
        Ok(())
    }

    /// Waits for at most `at_most` until something happens, and takes in what did; whether the child has ended.
    pub(super) fn wait(&mut self, at_most: Duration, outputs: &mut Outputs<'_>) -> io::Result<bool> {
        let is_told = self.has_ended || self.end.is_some();
        let [input_is_ready, stdout_is_ready, stderr_is_ready, end_is_ready] =
            self.poll(if is_told { at_most } else { at_most.min(TICK) })?;
        if input_is_ready {
            self.give();
        }
        for (which, is_ready) in [stdout_is_ready, stderr_is_ready].into_iter().enumerate() {
            if is_ready {
                self.read(which, outputs);
            }
        }
        if end_is_ready || !is_told && self.is_gone() {
            self.has_ended = true;
            self.end = None;
        }
        Ok(self.has_ended)
    }

    /// The signal that stopped the child because it wanted to talk to the terminal, of which it is not in the foreground:
    /// nobody would let it go on.
    pub(super) fn wants_terminal(&self) -> Option<i32> {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if self.grouping == Grouping::Shared {
            return None;
        }
        let status = waitid(WaitId::Pid(self.pid), options).ok().flatten()?;
        status.stopping_signal().filter(|signal| [Signal::TTIN, Signal::TTOU].iter().any(|one| one.as_raw() == *signal))
    }

    /// Whether nobody can print anything any more.
    pub(super) fn is_silent(&self) -> bool {
        self.outputs.iter().all(Option::is_none)
    }

    /// Which of the input, both outputs and the end are ready.
    fn poll(&self, at_most: Duration) -> io::Result<[bool; 4]> {
        let input = self.input.as_ref().map(|input| (0, PollFd::new(&input.pipe, PollFlags::OUT)));
        let outputs = self.outputs.iter().enumerate();
        let outputs = outputs.filter_map(|(which, pipe)| Some((which + 1, polled(pipe.as_ref()?.as_fd()))));
        let end = self.end.as_ref().map(|end| (3, polled(end.as_fd())));
        let (places, mut polled): (Vec<usize>, Vec<PollFd<'_>>) = input.into_iter().chain(outputs).chain(end).unzip();
        // Whoever waits for longer than a time can say waits for a tick at a time anyway.
        let timeout = Timespec::try_from(at_most).ok();
        match poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = [false; 4];
        for (place, polled) in places.into_iter().zip(polled) {
            if let Some(ready) = ready.get_mut(place) {
                *ready = !polled.revents().is_empty();
            }
        }
        Ok(ready)
    }

    /// Gives the child more of its input. A child that does not read it is no error.
    fn give(&mut self) {
        let Some(input) = &mut self.input else { return };
        let rest = input.bytes.get(input.n_given..).unwrap_or_default();
        match input.pipe.write(rest) {
            Ok(n_written) if n_written < rest.len() => input.n_given += n_written,
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Ok(_) | Err(_) => self.input = None,
        }
    }

    /// Reads what an output has; a pipe that breaks is an end like any other.
    fn read(&mut self, which: usize, outputs: &mut Outputs<'_>) {
        let Some(output) = self.outputs.get_mut(which) else { return };
        let Some(pipe) = output else { return };
        match pipe.read(&mut self.buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => *output = None,
            Ok(n_read) => {
                outputs.add(which, self.buffer.get(..n_read).unwrap_or_default());
                if n_read == self.buffer.len() {
                    self.buffer.resize(READ, 0);
                }
            }
        }
    }

    /// Whether the child has ended; it is not reaped by that, so its id and that of its group stay its own.
    fn is_gone(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None) | Err(Errno::INTR))
    }

    /// Takes a step to end the child and its group. A child that is gone already is no error.
    pub(super) fn end(&mut self, step: Step) {
        let signal = match step {
            Step::Interrupt => Signal::INT,
            Step::Terminate => Signal::TERM,
            Step::Kill => Signal::KILL,
        };
        let _ = match self.grouping {
            Grouping::Own => kill_process_group(self.pid, signal),
            Grouping::Shared => kill_process(self.pid, signal),
        };
        #[cfg(target_os = "linux")]
        if let Some(escape) = &self.escape {
            escape.signal(self.pid, signal);
        }
    }

    /// Ends the child and its group, because it can't be followed.
    pub(super) fn give_up(&mut self) {
        self.end(Step::Kill);
        let _ = self.reap();
    }

    /// Ends what the child, which has ended, left running, reaps it and says how it ended.
    pub(super) fn reap(&mut self) -> io::Result<ExitStatus> {
        if self.grouping == Grouping::Own {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
        let status = self.child.wait();
        #[cfg(target_os = "linux")]
        if let Some(escape) = &self.escape {
            escape.end(self.pid);
        }
        status
    }
}

fn polled(fd: std::os::fd::BorrowedFd<'_>) -> PollFd<'_> {
    PollFd::from_borrowed_fd(fd, PollFlags::IN)
}

/// What becomes readable when a process ends; none if the system knows no such thing.
#[cfg(target_os = "linux")]
fn end_of(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

/// What becomes readable when a process ends: no such thing here.
#[cfg(not(target_os = "linux"))]
fn end_of(_pid: Pid) -> Option<OwnedFd> {
    None
}
