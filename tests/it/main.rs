//! End to end: the real binary on real repositories, and the shape of the source.
#![expect(clippy::disallowed_methods, reason = "tests start programs and read their own environment")]
#![expect(clippy::unwrap_used, clippy::wrong_self_convention, reason = "a test that can't go on fails")]

#[cfg(unix)]
mod bad_input;
mod check;
#[cfg(unix)]
mod frozen;
#[cfg(unix)]
mod read_only;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod states;
mod support;
