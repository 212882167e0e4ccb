//! Test suites: reports of test runners become outcomes and findings.

pub(crate) mod junit;

/// How one test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    Passed,
    /// It was not executed.
    Skipped,
    /// It failed, or ended with an error of its own.
    Failed {
        /// What the runner says in short.
        message: String,
        /// What it says at length: the stack trace, the difference.
        detail: String,
    },
}

/// One test of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// Its name with the class or suite in front, as the runner tells it.
    pub(crate) name: String,
    /// The file that it is in; empty if the report does not say.
    pub(crate) file: String,
    /// The line, from 1; 0 if the report does not say.
    pub(crate) line: u32,
    /// How it ended.
    pub(crate) ending: Ending,
}

/// What a report tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SuiteReport {
    /// The tests in the order of the report.
    pub(crate) cases: Vec<Case>,
    /// Why the report is not complete, if it is not.
    pub(crate) problem: Option<String>,
}
