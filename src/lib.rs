//! Tollgate: a git-hook and pre-merge quality gate.

mod check;
mod config;
mod diff;
mod discover;
mod forge;
mod gate;
mod git;
mod hook;
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
