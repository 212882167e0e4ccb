//! A run with the signals of the system heard, and its progress shown to a person who waits.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
#[cfg(unix)]
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::app::failure::Failure;
use crate::app::{Judged, Session};
use crate::model::event::Event;
use crate::model::request::Request;
use crate::process::Interrupt;

/// A run that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often the display moves.
const TICK: Duration = Duration::from_millis(100);

/// Judges, with progress on standard error if that is a terminal. A run that was interrupted has judged nothing, however
/// far it came.
pub(super) fn watched(session: &Session<'_>, request: &Request) -> Result<Vec<Judged>, Failure> {
    let judged = shown(session, request);
    if session.interrupt.is_set() { Err(Failure::interrupted()) } else { judged }
}

fn shown(session: &Session<'_>, request: &Request) -> Result<Vec<Judged>, Failure> {
    let (events, receiver) = mpsc::channel();
    if !io::stderr().is_terminal() {
        drop(receiver);
        return session.judge(request, &events);
    }
    std::thread::scope(|scope| {
        scope.spawn(move || Display::default().follow(&receiver));
        let judged = session.judge(request, &events);
        drop(events);
        judged
    })
}

/// How long a run may take to end after a signal: longer than a program that hears none takes to be killed.
const GRACE: Duration = Duration::from_secs(4);

/// From now on the first signal ends the run, the second one kills its programs, the third one ends the process, as does
/// a run that goes on because it is in the middle of a large file.
pub(super) fn listen(interrupt: &Interrupt) {
    let interrupt = interrupt.clone();
    let heard = ctrlc::set_handler(move || match interrupt.set() {
        1 => drop(std::thread::spawn(|| {
            std::thread::sleep(GRACE);
            leave();
        })),
        2 => {}
        _ => leave(),
    });
    // Without a handler the system ends the process at once, which loses nothing either.
    drop(heard);
    hear_of_full_files();
}

/// Where a limit keeps files from growing (`ulimit -f`), writing fails from now on and is told, instead of ending the
/// process without a word.
fn hear_of_full_files() {
    #[cfg(unix)]
    drop(signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default()));
}

/// Ends the process. Programs have ended by then; the next run sweeps what is left of this one.
#[expect(clippy::disallowed_methods, reason = "the run did not end although it was asked to")]
fn leave() {
    std::process::exit(i32::from(Failure::INTERRUPTED))
}

#[derive(Default)]
struct Display {
    screen: MultiProgress,
    files: Option<ProgressBar>,
    commands: BTreeMap<String, ProgressBar>,
}

impl Display {
    fn follow(mut self, events: &Receiver<Event>) {
        let started = Instant::now();
        let mut early = Vec::new();
        loop {
            match events.recv_timeout(TICK) {
                Ok(event) if started.elapsed() < PATIENCE => early.push(event),
                Ok(event) => {
                    early.drain(..).for_each(|event| self.take(event));
                    self.take(event);
                }
                Err(RecvTimeoutError::Timeout) if started.elapsed() >= PATIENCE => {
                    early.drain(..).for_each(|event| self.take(event));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let _ = self.screen.clear();
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Files { n_files } if n_files > 0 => {
                let bar = ProgressBar::new(n_files as u64).with_prefix("built-in checks");
                self.files = Some(self.add(bar, "{spinner} {prefix:20} {pos}/{len} files  {elapsed}"));
            }
            Event::Files { .. } => {}
            Event::FileDone => {
                if let Some(bar) = self.files.as_ref() {
                    bar.inc(1);
                    if Some(bar.position()) == bar.length() {
                        bar.finish_and_clear();
                    }
                }
            }
            Event::Started { check, n_files } => {
                let files = match n_files {
                    0 => String::new(),
                    1 => "1 file".to_owned(),
                    _ => format!("{n_files} files"),
                };
                let bar = ProgressBar::new_spinner().with_prefix(check.to_string()).with_message(files);
                let bar = self.add(bar, "{spinner} {prefix:20} {msg}  {elapsed}");
                self.commands.insert(check.to_string(), bar);
            }
            Event::Known { check, n_known, n_files } => {
                if let Some(bar) = self.commands.get(check.as_str()) {
                    bar.set_message(format!("{} of {n_files} files, the others are known", n_files - n_known));
                }
            }
            Event::Finished { check } => {
                if let Some(bar) = self.commands.remove(check.as_str()) {
                    bar.finish_and_clear();
                }
            }
        }
    }

    fn add(&self, bar: ProgressBar, template: &str) -> ProgressBar {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.screen.add(bar.with_style(style));
        bar.enable_steady_tick(TICK);
        bar
    }
}
