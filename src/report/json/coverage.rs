//! Coverage of the change on the wire.

use serde::{Deserialize, Serialize};

use crate::model::coverage::{Coverage, FileCoverage};
use crate::model::path::RepoPath;
use crate::report::json::Bytes;

#[derive(Deserialize, Serialize)]
pub(super) struct WireCoverage {
    /// For readers; not read again.
    #[serde(default)]
    n_lines: usize,
    /// For readers; not read again.
    #[serde(default)]
    n_run: usize,
    n_functions: usize,
    n_uncovered_functions: usize,
    unmeasured: Vec<Bytes>,
    files: Vec<WireFile>,
}

/// Lines from 1.
#[derive(Deserialize, Serialize)]
struct WireFile {
    path: Bytes,
    covered: Vec<u32>,
    partly: Vec<u32>,
    uncovered: Vec<u32>,
    moved: Vec<u32>,
}

fn repo_path(path: Bytes) -> RepoPath {
    RepoPath::new(Vec::from(path))
}

impl From<&Coverage> for WireCoverage {
    fn from(coverage: &Coverage) -> Self {
        let file = |(path, file): &(RepoPath, FileCoverage)| {
            let FileCoverage { covered, partly, uncovered, moved } = file.clone();
            WireFile { path: path.as_bytes().into(), covered, partly, uncovered, moved }
        };
        Self {
            n_lines: coverage.n_lines(),
            n_run: coverage.n_run(),
            n_functions: coverage.n_functions,
            n_uncovered_functions: coverage.n_uncovered_functions,
            unmeasured: coverage.unmeasured.iter().map(|path| path.as_bytes().into()).collect(),
            files: coverage.files.iter().map(file).collect(),
        }
    }
}

impl From<WireCoverage> for Coverage {
    fn from(wire: WireCoverage) -> Self {
        let file = |file: WireFile| {
            let WireFile { path, covered, partly, uncovered, moved } = file;
            (repo_path(path), FileCoverage { covered, partly, uncovered, moved })
        };
        Self {
            files: wire.files.into_iter().map(file).collect(),
            n_functions: wire.n_functions,
            n_uncovered_functions: wire.n_uncovered_functions,
            unmeasured: wire.unmeasured.into_iter().map(repo_path).collect(),
        }
    }
}
