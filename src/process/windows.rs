//! A child on Windows: a job object holds it with all that it starts, and threads read its pipes, which can't be waited
//! for together with its end.

use std::io::{self, ErrorKind, Read, Write};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use process_wrap::std::{ChildWrapper, CommandWrap, JobObject};

use crate::model::command::CommandSpec;
use crate::process::capture::Outputs;
use crate::process::{Grouping, Step};

/// How many bytes are read at once.
const READ: usize = 64 * 1024;
/// How many reads may wait to be taken in: a child that prints faster than that waits.
const N_WAITING: usize = 4;
/// How often to look whether the child has ended.
const TICK: Duration = Duration::from_millis(2);

/// A running child.
pub(super) struct Child {
    child: Box<dyn ChildWrapper>,
    /// What was read, with the number of the output that it is from; nothing at its end.
    read: Receiver<(usize, Vec<u8>)>,
    n_open: usize,
}

impl Child {
    /// Starts `command`, which is that of `spec`.
    pub(super) fn spawn(command: Command, grouping: Grouping, spec: &CommandSpec) -> io::Result<Self> {
        let mut wrap = CommandWrap::from(command);
        if grouping == Grouping::Own {
            wrap.wrap(JobObject);
        }
        let mut child = wrap.spawn()?;
        let followed = surround(child.as_mut(), &spec.stdin);
        let (read, n_open) = followed.inspect_err(|_| drop(child.start_kill().and_then(|()| child.wait())))?;
        Ok(Self { child, read, n_open })
    }

    /// Waits for at most `at_most` until something happens, and takes in what did; whether the child has ended.
    pub(super) fn wait(&mut self, at_most: Duration, outputs: &mut Outputs<'_>) -> io::Result<bool> {
        match self.read.recv_timeout(at_most.min(TICK)) {
            Ok((_, chunk)) if chunk.is_empty() => self.n_open = self.n_open.saturating_sub(1),
            Ok((which, chunk)) => outputs.add(which, &chunk),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(at_most.min(TICK)),
        }
        Ok(!matches!(self.child.try_wait(), Ok(None)))
    }

    /// Whether nobody can print anything any more.
    pub(super) fn is_silent(&self) -> bool {
        self.n_open == 0
    }

    /// The signal that stopped the child because it wanted to talk to the terminal: there is none here.
    pub(super) fn wants_terminal(&self) -> Option<i32> {
        None
    }

    /// Takes a step to end the child and its job: there is one way only.
    pub(super) fn end(&mut self, step: Step) {
        if step == Step::Kill {
            let _ = self.child.start_kill();
        }
    }

    /// Ends the child and its job, because it can't be followed.
    pub(super) fn give_up(&mut self) {
        let _ = self.child.start_kill().and_then(|()| self.child.wait());
    }

    /// Ends what the child, which has ended, left running, and says how it ended. (Waiting for a job would wait for
    /// messages that `try_wait` took already.)
    pub(super) fn reap(&mut self) -> io::Result<ExitStatus> {
        let _ = self.child.start_kill();
        self.child.try_wait()?.ok_or_else(|| io::Error::other("the program has ended but has no exit code"))
    }
}

/// Starts the threads around a child; gives what they read, and how many outputs they read.
fn surround(child: &mut dyn ChildWrapper, input: &[u8]) -> io::Result<(Receiver<(usize, Vec<u8>)>, usize)> {
    if let Some(mut pipe) = child.stdin().take() {
        let input = input.to_owned();
        // A child that does not read it is no error.
        thread::Builder::new().spawn(move || drop(pipe.write_all(&input)))?;
    }
    let stdout = child.stdout().take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    let stderr = child.stderr().take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
    let (sender, receiver) = sync_channel(N_WAITING);
    let mut n_open = 0;
    for (which, pipe) in [stdout, stderr].into_iter().enumerate() {
        let (Some(pipe), sender) = (pipe, sender.clone()) else { continue };
        thread::Builder::new().spawn(move || follow(which, pipe, &sender))?;
        n_open += 1;
    }
    Ok((receiver, n_open))
}

/// Hands on what a pipe gives. A pipe that breaks is an end like any other, and nobody listens any more if the child
/// was given up.
fn follow(which: usize, mut pipe: impl Read, to: &SyncSender<(usize, Vec<u8>)>) {
    let mut buffer = vec![0; READ];
    loop {
        let n_read = match pipe.read(&mut buffer) {
            Ok(n_read) => n_read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        let chunk = buffer.get(..n_read).unwrap_or_default().to_vec();
        if to.send((which, chunk)).is_err() || n_read == 0 {
            return;
        }
    }
}
