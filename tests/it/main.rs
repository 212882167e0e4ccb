//! End to end: the real binary on real repositories, and the shape of the source.
#![expect(clippy::disallowed_methods, reason = "tests start programs and read their own environment")]
#![expect(clippy::unwrap_used, clippy::wrong_self_convention, reason = "a test that can't go on fails")]

mod affected;
mod architecture;
#[cfg(unix)]
mod bad_input;
#[cfg(unix)]
mod cache;
mod check;
mod ci;
mod commands;
#[cfg(unix)]
mod coverage;
#[cfg(unix)]
mod fix;
#[cfg(unix)]
mod fix_kills;
#[cfg(unix)]
mod formatters;
mod frozen;
mod hooks;
#[cfg(unix)]
mod isolation;
#[cfg(unix)]
mod large_input;
#[cfg(unix)]
mod memory;
#[cfg(unix)]
mod migrate;
mod novelty;
mod policies;
#[cfg(unix)]
mod read_only;
mod readme;
#[cfg(unix)]
mod runners;
mod secrets;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod states;
mod support;
mod suppressions;
mod surface;
#[cfg(unix)]
mod tools;
mod utilities;
#[cfg(unix)]
mod vanished;
