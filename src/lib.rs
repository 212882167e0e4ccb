//! Tollgate: a git-hook and pre-merge quality gate.

mod check;
mod config;
mod discover;
mod git;
mod model;
mod process;
mod report;
mod tree;
