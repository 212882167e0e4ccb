//! Test suites: what reports of test runners say, in one form. Readers take a stream of any length and hand out one test
//! after the other; they know neither the files nor the repository.

mod cucumber;
mod decoded;
mod draft;
pub(crate) mod files;
mod go;
mod jest;
mod junit;
mod libtest;
mod lines;
mod nunit;
mod portion;
#[cfg(test)]
mod recorded;
pub(crate) mod roll;
#[cfg(test)]
mod shown;
mod tap;
mod testng;
mod tokens;
pub(crate) mod trace;
mod trx;
mod xml;
mod xunit;

use std::io::BufRead;
use std::time::Duration;

use crate::config::TestFormat;

/// The most bytes that are kept of a message, a stack trace or what a test printed.
const MAX_TEXT: usize = 8 << 10;
/// The most bytes that are kept of a name.
const MAX_NAME: usize = 1 << 10;

/// Why a test failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the runner says in short.
    pub(crate) message: String,
    /// What it says at length: the stack trace, the difference.
    pub(crate) detail: String,
    /// What should have come out, where the report has that by itself.
    pub(crate) expected: String,
    /// What came out.
    pub(crate) actual: String,
}

impl Failure {
    /// One of which only this is said.
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
}

/// How one test ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    #[default]
    Passed,
    /// It was not executed.
    Skipped,
    /// It failed, or ended with an error of its own.
    Failed(Failure),
    /// It failed, and passed when the runner tried again.
    Flaky(Failure),
}

/// One test of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    /// What it belongs to, as the runner tells it: a class, a module, a file; empty if the report does not say.
    pub(crate) class: String,
    /// Its name.
    pub(crate) name: String,
    /// The file that it is in; empty if the report does not say.
    pub(crate) file: String,
    /// The line, from 1; 0 if the report does not say.
    pub(crate) line: u32,
    /// How long it took, if the report says that.
    pub(crate) time: Option<Duration>,
    /// How it ended.
    pub(crate) ending: Ending,
    /// The end of what it printed.
    pub(crate) log: String,
}

impl Case {
    /// Its name with what it belongs to in front.
    pub(crate) fn full_name(&self) -> String {
        if self.class.is_empty() || self.name.starts_with(&self.class) {
            self.name.clone()
        } else {
            format!("{}::{}", self.class, self.name)
        }
    }
}

/// Why a report is not the whole truth: what could not be read, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut(pub(crate) String);

/// What about a report that was read to its end makes it doubtful, for people, if anything does.
pub(crate) type Doubt = Option<String>;

/// Compares the failures that a report counts with those that it tells of. That it tells of none is a fault; other
/// differences come of what runners count.
fn counted(n_counted: usize, n_told: usize) -> Result<Doubt, Cut> {
    match n_told {
        0 if n_counted > 0 => Err(Cut(format!("it counts {n_counted} failures and tells of none"))),
        _ if n_counted > n_told => Ok(Some(format!("its report counts {n_counted} failures and tells of {n_told}"))),
        _ => Ok(None),
    }
}

/// What takes the tests of a report.
pub(crate) type Take<'a> = dyn FnMut(Case) + 'a;

/// Reads a report and hands out its tests in order. What came before a fault in it was handed out.
pub(crate) fn read(format: TestFormat, input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    match format {
        TestFormat::Junit => junit::read(input, take),
        TestFormat::Trx => trx::read(input, take),
        TestFormat::Nunit => nunit::read(input, take),
        TestFormat::Xunit => xunit::read(input, take),
        TestFormat::Testng => testng::read(input, take),
        TestFormat::Tap => tap::read(input, take),
        TestFormat::Cucumber => cucumber::read(input, take),
        TestFormat::Jest => jest::read(input, take),
        TestFormat::GoTest => go::read(input, take),
        TestFormat::Libtest => libtest::read(input, take),
    }
}

/// The first bytes of a text, up to a whole character.
fn head(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or_default()
}

/// Adds to a text of which only the first bytes are kept.
fn add_head(text: &mut String, more: &str) {
    let room = MAX_TEXT.saturating_sub(text.len());
    text.push_str(head(more, room));
}

/// Adds to a text of which only the last bytes are kept.
fn add_tail(text: &mut String, more: &str) {
    let more = more.get(more.ceil_char_boundary(more.len().saturating_sub(MAX_TEXT))..).unwrap_or_default();
    text.push_str(more);
    if text.len() > 2 * MAX_TEXT {
        let start = text.ceil_char_boundary(text.len() - MAX_TEXT);
        text.drain(..start);
    }
}

/// Seconds as runners write them, with a point or with commas between thousands; none if that is no time.
fn seconds(text: &str) -> Option<Duration> {
    if let Ok(time) = text.parse() {
        return Duration::try_from_secs_f64(time).ok();
    }
    let plain = text.trim().trim_end_matches('s').replace(',', "");
    Duration::try_from_secs_f64(plain.parse().ok()?).ok()
}
