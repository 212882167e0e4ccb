//! Tollgate: a git-hook and pre-merge quality gate.
//!
//! The library is the binary's other half and has one public function; see `src/ARCHITECTURE.md`.

mod app;
mod check;
mod cli;
mod config;
mod diff;
mod discover;
mod fix;
mod forge;
mod gate;
mod git;
mod hook;
mod migrate;
mod model;
mod plan;
mod process;
mod report;
mod run;
mod sarif;
mod store;
mod syntax;
mod tree;
mod triage;

/// Runs the command line of this process and gives its exit code (see "Exit codes" in the README).
pub fn main() -> std::process::ExitCode {
    cli::main().into()
}
