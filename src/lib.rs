//! Tollgate: a git-hook and pre-merge quality gate.

mod check;
mod config;
mod diff;
mod git;
mod model;
mod process;
mod report;
mod sarif;
mod store;
mod syntax;
