//! Starting a child so that it can be ended with all that it started, and learning at once that it ended: a process
//! group on Unix, a job object on Windows.

use std::io::{self, Read};
use std::process::{ChildStdin, Command, ExitStatus};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use process_wrap::std::{ChildWrapper, CommandWrap};

/// Whether a child gets a process group (a job) of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    /// Its own: it is ended with all that it started, and the terminal's Ctrl-C does not reach it.
    Own,
    /// Ours: it may talk to the terminal, whose Ctrl-C reaches it.
    Shared,
}

/// The steps by which a child is asked to end, each with the time that it has until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// As if the user had pressed Ctrl-C.
    Interrupt,
    /// The polite request.
    Terminate,
    /// No choice.
    Kill,
}

impl Step {
    /// The step after this one and how long to wait for it; none after the last.
    pub(super) fn next(self) -> Option<(Self, Duration)> {
        match self {
            Self::Interrupt => Some((Self::Terminate, Duration::from_millis(300))),
            Self::Terminate => Some((Self::Kill, Duration::from_secs(2))),
            Self::Kill => None,
        }
    }
}

/// A running child.
#[derive(Debug)]
pub(super) struct Child(Box<dyn ChildWrapper>);

impl Child {
    /// Starts `command`.
    pub(super) fn spawn(command: Command, grouping: Grouping) -> io::Result<Self> {
        let mut wrap = CommandWrap::from(command);
        if grouping == Grouping::Own {
            #[cfg(unix)]
            wrap.wrap(process_wrap::std::ProcessGroup::leader());
            #[cfg(windows)]
            wrap.wrap(process_wrap::std::JobObject);
        }
        wrap.spawn().map(Self)
    }

    /// The pipe to its standard input, once, if there is one.
    pub(super) fn input(&mut self) -> Option<ChildStdin> {
        self.0.stdin().take()
    }

    /// The pipes from its standard output and its standard error, once, if there are any.
    pub(super) fn outputs(&mut self) -> [Option<Box<dyn Read + Send>>; 2] {
        let stdout = self.0.stdout().take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        let stderr = self.0.stderr().take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        [stdout, stderr]
    }

    /// Sends `message` as soon as the child has ended. The child is not reaped by that, so its id and that of its group
    /// stay its own.
    #[cfg(unix)]
    pub(super) fn announce_end<M: Send + 'static>(&self, message: M, to: SyncSender<M>) -> io::Result<()> {
        use rustix::io::Errno;
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the program has no process id"))?;
        let wait = move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
            // Nobody listens any more if the child was given up.
            let _ = to.send(message);
        };
        std::thread::Builder::new().spawn(wait).map(drop)
    }

    /// Sends `message` as soon as the child has ended: not on this platform, where [`Child::has_ended`] is asked.
    #[cfg(not(unix))]
    pub(super) fn announce_end<M: Send + 'static>(&self, _message: M, _to: SyncSender<M>) -> io::Result<()> {
        Ok(())
    }

    /// Whether the child has ended, where its end is not announced.
    #[cfg(unix)]
    pub(super) fn has_ended(&mut self) -> bool {
        false
    }

    /// Whether the child has ended, where its end is not announced.
    #[cfg(not(unix))]
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }

    /// How long to wait before looking again whether the child ended or must end.
    pub(super) const TICK: Duration = if cfg!(unix) { Duration::from_millis(50) } else { Duration::from_millis(2) };

    /// Takes a step to end the child and its group. A child that is gone already is no error.
    pub(super) fn end(&mut self, step: Step) {
        #[cfg(unix)]
        {
            use rustix::process::Signal;
            let signal = match step {
                Step::Interrupt => Signal::INT,
                Step::Terminate => Signal::TERM,
                Step::Kill => Signal::KILL,
            };
            let _ = self.0.signal(signal.as_raw());
        }
        #[cfg(not(unix))]
        if step == Step::Kill {
            let _ = self.0.start_kill();
        }
    }

    /// Ends the child and its group, because it can't be followed.
    pub(super) fn give_up(&mut self) {
        self.end(Step::Kill);
        let _ = self.0.wait();
    }

    /// Reaps the child, which has ended, and says how.
    #[cfg(unix)]
    pub(super) fn reap(&mut self) -> io::Result<ExitStatus> {
        self.0.wait()
    }

    /// Says how the child, which has ended, did so. (Waiting for a job would wait for messages that
    /// [`Child::has_ended`] took already.)
    #[cfg(not(unix))]
    pub(super) fn reap(&mut self) -> io::Result<ExitStatus> {
        self.0.try_wait()?.ok_or_else(|| io::Error::other("the program has ended but has no exit code"))
    }
}
