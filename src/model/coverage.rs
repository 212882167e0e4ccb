//! How much of a change the tests ran, and the reports that tell it.

use std::path::PathBuf;

use crate::model::path::RepoPath;

/// The format of a coverage report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CoverageFormat {
    /// A tracefile of lcov.
    Lcov,
    /// Cobertura's XML.
    Cobertura,
    /// JaCoCo's XML.
    Jacoco,
    /// Clover's XML.
    Clover,
    /// The JSON of coverage.py.
    CoveragePy,
    /// A profile of Go.
    Go,
    /// The JSON of `llvm-cov export`.
    LlvmCov,
    /// The results of SimpleCov.
    Simplecov,
    /// The JSON of Istanbul.
    Istanbul,
}

impl CoverageFormat {
    /// Every format with its name.
    pub(crate) const NAMES: [(&'static str, Self); 9] = [
        ("lcov", Self::Lcov),
        ("cobertura", Self::Cobertura),
        ("jacoco", Self::Jacoco),
        ("clover", Self::Clover),
        ("coverage-py", Self::CoveragePy),
        ("go", Self::Go),
        ("llvm-cov", Self::LlvmCov),
        ("simplecov", Self::Simplecov),
        ("istanbul", Self::Istanbul),
    ];

    /// The name of the format.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// The format of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// A coverage report that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GivenReport {
    /// Its format.
    pub(crate) format: CoverageFormat,
    /// The file, from `folder`; with `*` for several.
    pub(crate) file: String,
    /// The folder to which the name of the file is relative, and perhaps those in it.
    pub(crate) folder: PathBuf,
}

/// The lines of a file that the change brings in and that can be run, from 1 and ascending, each in one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileCoverage {
    /// Those that were run.
    pub(crate) covered: Vec<u32>,
    /// Those that were run, but not in every way that they can go.
    pub(crate) partly: Vec<u32>,
    /// Those that were not run.
    pub(crate) uncovered: Vec<u32>,
    /// Those that only came from another place, so that they count nowhere.
    pub(crate) moved: Vec<u32>,
}

/// What the tests ran of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The files with lines that can be run, sorted by path.
    pub(crate) files: Vec<(RepoPath, FileCoverage)>,
    /// How many functions the change touches in lines that can be run.
    pub(crate) n_functions: usize,
    /// How many of them no test runs.
    pub(crate) n_uncovered_functions: usize,
    /// Files of which the change touches a function and no report tells anything, sorted.
    pub(crate) unmeasured: Vec<RepoPath>,
}

impl FileCoverage {
    /// How many lines count.
    pub(crate) fn n_lines(&self) -> usize {
        self.n_run() + self.uncovered.len()
    }

    /// How many of them were run, if only partly.
    pub(crate) fn n_run(&self) -> usize {
        self.covered.len() + self.partly.len()
    }
}

impl Coverage {
    /// How many lines of the change count.
    pub(crate) fn n_lines(&self) -> usize {
        self.files.iter().map(|(_, file)| file.n_lines()).sum()
    }

    /// How many of them were run, if only partly.
    pub(crate) fn n_run(&self) -> usize {
        self.files.iter().map(|(_, file)| file.n_run()).sum()
    }

    /// The part of the lines that was run in per mille, rounded down; `None` where no line counts.
    pub(crate) fn per_mille(&self) -> Option<usize> {
        (self.n_run() * 1_000).checked_div(self.n_lines())
    }
}
