//! Coverage of the change: which of the lines and functions that a change writes the tests ran, by the reports of other
//! programs. Knows neither who wrote a report nor where it lies.

mod change;
mod finding;
pub(crate) mod formats;
pub(crate) mod gathered;
mod naming;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::check::coverage::change::{Deed, Written, written};
use crate::check::coverage::gathered::{Ran, Report, Told};
use crate::check::parsed::{in_utf8, parse};
use crate::check::{About, Active};
use crate::config::coverage::CoverageGate;
use crate::diff::lines;
use crate::model::change::ChangeSet;
use crate::model::content::Contents;
use crate::model::coverage::{Coverage, FileCoverage};
use crate::model::deadline::Deadline;
use crate::model::finding::Finding;
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::rule::{Family, Level};
use crate::syntax::functions::Function;
use crate::syntax::languages::Language;

/// The id of the check.
pub(crate) const COVERAGE: &str = "coverage";
/// The rule for functions that no test runs.
pub(crate) const UNCOVERED_FUNCTION: &str = "coverage/uncovered-function";
/// The rule for the part of the changed lines that tests run.
pub(crate) const CHANGED_LINES: &str = "coverage/changed-lines";

/// What the check and its rules say of themselves.
pub(crate) static ABOUT: [About; 3] = [
    About {
        id: COVERAGE,
        family: Family::Tests,
        level: Level::Error,
        active: Active::ByDefault,
        summary: "Which changed lines and functions the tests run",
        doc: include_str!("coverage.md"),
        options: &[],
    },
    About {
        id: CHANGED_LINES,
        family: Family::Tests,
        level: Level::Error,
        active: Active::ByDefault,
        summary: "The tests run less of the changed lines than the policy wants",
        doc: include_str!("changed_lines.md"),
        options: &[],
    },
    About {
        id: UNCOVERED_FUNCTION,
        family: Family::Tests,
        level: Level::Error,
        active: Active::ByDefault,
        summary: "A function that the change writes is run by no test",
        doc: include_str!("uncovered_function.md"),
        options: &[],
    },
];

/// What is measured.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The change.
    pub(crate) change: &'a ChangeSet,
    /// Its contents.
    pub(crate) contents: &'a dyn Contents,
    /// The files that count: their indices in the change.
    pub(crate) files: &'a BTreeMap<RepoPath, usize>,
    /// When it must be over.
    pub(crate) deadline: Deadline,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Measured {
    /// What was run.
    pub(crate) coverage: Coverage,
    /// What the policy does not want so.
    pub(crate) findings: Vec<Finding>,
    /// What a reader must know beside.
    pub(crate) notices: Vec<String>,
}

/// Measures a change by what reports tell. A report that can't be of this change breaks the check.
pub(crate) fn measure(
    subject: &Subject<'_>,
    report: &Report,
    gate: Option<CoverageGate>,
) -> Result<Measured, Breakage> {
    if let Some(name) = report.ambiguous.first() {
        let hint = "let the check that writes the report run in the folder that the names are relative to, with `dir`";
        return Err(broken(format!("the coverage report does not say which file it means: {name}"), hint));
    }
    let is_absent = |path: &RepoPath| {
        let is_of_kind = path.extension().is_some_and(|extension| report.extensions.contains(extension));
        is_of_kind && !report.files.contains_key(path) && !is_test(path)
    };
    let named = subject.files.iter().filter(|(path, _)| report.files.contains_key(*path));
    let absent: Vec<(&RepoPath, usize)> =
        subject.files.iter().filter(|(path, _)| is_absent(path)).map(|(path, index)| (path, *index)).collect();
    let indices: Vec<usize> = named.map(|(_, index)| *index).chain(absent.iter().map(|(_, index)| *index)).collect();
    let mut written = written(subject.change, subject.contents, &indices)?;
    let mut measured = Measured { coverage: Coverage::default(), findings: Vec::new(), notices: Vec::new() };
    for (path, told) in &report.files {
        let of_file = subject.files.get(path).and_then(|index| written.remove(index));
        if let Some(file) = of_file {
            File { path, told, written: &file, deadline: subject.deadline }.measure(&mut measured)?;
        }
    }
    let touches_function = |(path, index): &(&RepoPath, usize)| {
        let file = written.get(index)?;
        let functions = functions(path, &file.text, subject.deadline, &|lines| file.writes(lines)).unwrap_or_default();
        functions.iter().any(|function| file.writes(&function.body)).then(|| (*path).clone())
    };
    measured.coverage.unmeasured = absent.iter().filter_map(touches_function).collect();
    explain_absence(report, &mut measured)?;
    measured.findings.retain(|_| gate.is_some_and(|gate| gate.functions));
    measured.findings.extend(gate.and_then(|gate| finding::of_lines(&measured.coverage, gate)));
    Ok(measured)
}

fn broken(why: String, hint: &str) -> Breakage {
    Breakage { why, hint: hint.to_owned(), log: String::new() }
}

/// Files that no report names are told; if those are all there are, the report is not of this change.
fn explain_absence(report: &Report, measured: &mut Measured) -> Result<(), Breakage> {
    const SHOWN: usize = 5;
    let absent = &measured.coverage.unmeasured;
    if absent.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = absent.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = if absent.len() > SHOWN { format!(" and {} more", absent.len() - SHOWN) } else { String::new() };
    let names = format!("{}{more}", names.join(", "));
    if !report.files.is_empty() {
        measured.notices.push(format!("no coverage report tells of {names}"));
        return Ok(());
    }
    let n_files = report.n_files;
    if report.is_of_repository {
        let hint = "let the tests measure them as well (coverage.py: `source`, Jest: `collectCoverageFrom`), or name them \
                    in `exclude` of [checks.coverage]";
        let why = format!("the coverage report tells of none of the files that changed: {names} (it names {n_files})");
        return Err(broken(why, hint));
    }
    let hint = "its names have to be paths from the top of the repository or from the folder of the check, or absolute \
                ones in it";
    let why = format!("nothing that the coverage report names is in the repository, such as `{}`", report.example);
    Err(broken(why, hint))
}

/// A file that a report names.
struct File<'a> {
    path: &'a RepoPath,
    told: &'a Told,
    written: &'a Written,
    deadline: Deadline,
}

impl File<'_> {
    fn measure(&self, into: &mut Measured) -> Result<(), Breakage> {
        let last = self.told.lines.last_key_value().map_or(0, |(line, _)| *line as usize);
        let n_lines = self.written.deeds.len();
        // Some tools count the emptiness after the last line end as a line.
        if last > n_lines + 1 {
            let why = format!("the coverage report tells of line {last} of {}, which has {n_lines} lines", self.path);
            return Err(broken(why, "it is of another state of the file: let the tests write it anew"));
        }
        let runnable = self.runnable();
        let mut file = FileCoverage::default();
        for (line, ran, deed) in &runnable {
            let list = match (deed, ran) {
                (Deed::Kept, _) => continue,
                (Deed::Moved, _) => &mut file.moved,
                (Deed::Written, Ran::Covered) => &mut file.covered,
                (Deed::Written, Ran::Partly) => &mut file.partly,
                (Deed::Written, Ran::Not) => &mut file.uncovered,
            };
            list.push(*line);
        }
        if file.n_lines() > 0 {
            self.functions(&runnable, into);
        }
        if file != FileCoverage::default() {
            into.coverage.files.push((self.path.clone(), file));
        }
        Ok(())
    }

    /// The lines that can be run.
    fn runnable(&self) -> Vec<(u32, Ran, Deed)> {
        let text = if self.told.are_ranges { lines(&self.written.text) } else { Vec::new() };
        let has_code = |line: u32| {
            let text = text.get((line as usize).saturating_sub(1)).map_or(&b""[..], |text| text.trim_ascii());
            text.iter().any(u8::is_ascii_alphanumeric) && !text.starts_with(b"//")
        };
        let lines = self.told.lines.iter().filter(|(line, _)| !self.told.are_ranges || has_code(**line));
        lines.filter_map(|(line, ran)| Some((*line, *ran, self.written.deed(*line)?))).collect()
    }

    /// Looks at the functions in which the change writes a line that can be run. Of functions in one another only the
    /// outer one is told.
    fn functions(&self, runnable: &[(u32, Ran, Deed)], into: &mut Measured) {
        let are_wanted = |lines: &RangeInclusive<usize>| self.written.writes(lines);
        let functions = match functions(self.path, &self.written.text, self.deadline, &are_wanted) {
            Ok(functions) => functions,
            Err(breakage) => {
                into.notices.push(format!("{}: its functions were not looked at: {}", self.path, breakage.why));
                return;
            }
        };
        let mut told_to = 0;
        for function in functions {
            let start = runnable.partition_point(|(line, ..)| (*line as usize) < *function.body.start());
            let end = runnable.partition_point(|(line, ..)| (*line as usize) <= *function.body.end());
            let own = runnable.get(start..end).unwrap_or_default();
            if !own.iter().any(|(.., deed)| *deed == Deed::Written) {
                continue;
            }
            into.coverage.n_functions += 1;
            if own.iter().all(|(_, ran, _)| *ran == Ran::Not) {
                into.coverage.n_uncovered_functions += 1;
                if *function.body.end() > told_to {
                    told_to = *function.body.end();
                    into.findings.push(finding::of_function(self.path, &self.written.text, &function, own.len()));
                }
            }
        }
    }
}

impl Written {
    /// Whether the change writes one of these lines, from 1.
    fn writes(&self, lines: &RangeInclusive<usize>) -> bool {
        let end = self.deeds.len().min(*lines.end());
        let own = self.deeds.get(lines.start().saturating_sub(1)..end).unwrap_or_default();
        own.contains(&Deed::Written)
    }
}

/// The functions of a file with lines that are wanted; none in a language without a grammar.
fn functions(
    path: &RepoPath,
    text: &[u8],
    deadline: Deadline,
    are_wanted: &dyn Fn(&RangeInclusive<usize>) -> bool,
) -> Result<Vec<Function>, Breakage> {
    match Language::of(path, text) {
        Some(language) => Ok(parse(&in_utf8(text), language, deadline)?.functions(are_wanted)),
        None => Ok(Vec::new()),
    }
}

/// Whether a file is one that tests are in, by its name: many tools leave those out of their reports.
fn is_test(path: &RepoPath) -> bool {
    const FOLDERS: [&str; 12] = [
        "test",
        "tests",
        "__tests__",
        "__mocks__",
        "spec",
        "specs",
        "testing",
        "testdata",
        "e2e",
        "fixtures",
        "benches",
        "examples",
    ];
    const ENDS: [&str; 9] = ["_test", "_tests", "_spec", ".test", ".spec", "Test", "Tests", "Spec", "IT"];
    let text = String::from_utf8_lossy(path.as_bytes());
    let mut folders: BTreeSet<&str> = text.split('/').collect();
    let name = text.rsplit('/').next().unwrap_or_default();
    folders.remove(name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    FOLDERS.iter().any(|folder| folders.contains(folder))
        || ENDS.iter().any(|end| stem.ends_with(end))
        || stem.starts_with("test_")
        || stem == "conftest"
}
