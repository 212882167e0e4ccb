//! What readers of reports hand out, in a form in which tests expect it.

use std::io::BufReader;

use crate::check::suite::{Case, Cut, Ending, read};
use crate::config::TestFormat;

/// The tests that a report tells, and why it is not the whole truth.
pub(super) fn all(format: TestFormat, bytes: &[u8]) -> (Vec<Case>, Option<String>) {
    let mut cases = Vec::new();
    // Small portions: what is cut between two of them has to be put together.
    let read = read(format, &mut BufReader::with_capacity(7, bytes), &mut |case| cases.push(case));
    (cases, read.err().map(|Cut(why)| why))
}

/// The same with each test as a line.
pub(super) fn told(format: TestFormat, bytes: &[u8]) -> (Vec<String>, Option<String>) {
    let (cases, problem) = all(format, bytes);
    (cases.iter().map(line).collect(), problem)
}

fn line(case: &Case) -> String {
    let ending = match &case.ending {
        Ending::Passed => "passed".to_owned(),
        Ending::Skipped => "skipped".to_owned(),
        Ending::Failed(failure) => format!("failed {}|{}", failure.message, failure.detail),
        Ending::Flaky(failure) => format!("flaky {}|{}", failure.message, failure.detail),
    };
    format!("{} {ending}", case.full_name())
}

#[track_caller]
pub(super) fn check(format: TestFormat, text: &str, expected: &[&str]) {
    let (told, problem) = told(format, text.as_bytes());
    assert_eq!(problem, None);
    assert_eq!(told, expected);
}
