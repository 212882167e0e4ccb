//! Tollgate: a git-hook and pre-merge quality gate.

mod check;
mod config;
mod git;
mod model;
mod process;
mod report;
mod sarif;
mod store;
