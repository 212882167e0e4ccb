//! End to end: the real binary on real repositories, and the shape of the source.
#![expect(clippy::disallowed_methods, reason = "tests start programs and read their own environment")]

mod check;
mod ci;
mod commands;
mod hooks;
mod support;
