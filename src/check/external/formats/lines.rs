//! Findings a line: how gcc, tsc and mypy write them, and any other tool that a pattern of the configuration describes.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::check::external::told::{At, Report, Told, level_named};
use crate::model::place::ColumnUnit;
use crate::model::rule::Level;

/// How a tool writes its findings.
pub(super) struct Lines {
    /// The forms of a line that holds one, with the groups `path`, `line`, `column`, `end_line`, `end_column`, `level`,
    /// `rule` and `message`, each of which may be missing.
    forms: Vec<Regex>,
    /// A line that closes the output: how many errors there are, as its group `n`, if it says so.
    summary: Option<Regex>,
    unit: ColumnUnit,
    notes: Notes,
    last: Last,
    /// The level where a line says none.
    level: Level,
    /// Whether an indented line that follows belongs to the message.
    goes_on: bool,
}

/// What a note without a rule is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notes {
    /// A finding of its own.
    Findings,
    /// A related place of what is before it.
    OfTheLast,
    /// That if it is about the same line, else a finding.
    OfTheLastOnItsLine,
}

/// What the column is that ends a region.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// The last that belongs to it.
    Inside,
    /// The one after it.
    After,
}

fn constant(form: &str) -> Regex {
    Regex::new(form).expect("because the expression is constant")
}

/// Compilers and the linters that write as they do. Columns are those of gcc, which counts what is seen; clang counts
/// bytes.
static GCC: LazyLock<Lines> = LazyLock::new(|| Lines {
    forms: vec![
        constant(concat!(
            r"^(?<path>(?:[A-Za-z]:[\\/])?[^:]+):(?<line>\d+)(?::(?<column>\d+))?: ",
            r"(?<level>fatal error|error|warning|note|info|style|remark): ?",
            r"(?<message>.*?)(?: \[(?<rule>[A-Za-z-][^\[\]\s]*)\])?$",
        )),
        // As yamllint has it.
        constant(concat!(
            r"^(?<path>(?:[A-Za-z]:[\\/])?[^:]+):(?<line>\d+):(?<column>\d+): ",
            r"\[(?<level>error|warning|info)\] (?<message>.*?)(?: \((?<rule>[a-z-]+)\))?$",
        )),
    ],
    summary: None,
    unit: ColumnUnit::Characters,
    notes: Notes::OfTheLast,
    last: Last::After,
    level: Level::Warning,
    goes_on: false,
});

/// TypeScript's compiler, in its plain and in its coloured form, and what it says of no file.
static TSC: LazyLock<Lines> = LazyLock::new(|| Lines {
    forms: vec![
        constant(
            r"^(?<path>\S.*?)\((?<line>\d+),(?<column>\d+)\): (?<level>error|warning|message) (?<rule>TS\d+): (?<message>.*)$",
        ),
        constant(
            r"^(?<path>\S.*?):(?<line>\d+):(?<column>\d+) - (?<level>error|warning|message) (?<rule>TS\d+): (?<message>.*)$",
        ),
        constant(r"^(?<level>error) (?<rule>TS\d+): (?<message>.*)$"),
    ],
    summary: Some(constant(r"^Found (?<n>\d+) errors?\b")),
    unit: ColumnUnit::Utf16,
    notes: Notes::Findings,
    last: Last::After,
    level: Level::Error,
    goes_on: true,
});

static MYPY: LazyLock<Lines> = LazyLock::new(|| Lines {
    forms: vec![
        constant(concat!(
            r"^(?<path>(?:[A-Za-z]:[\\/])?[^:]+):",
            r"(?<line>\d+):(?:(?<column>\d+):)?(?:(?<end_line>\d+):(?<end_column>\d+):)? ",
            r"(?<level>error|warning|note): (?<message>.*?)(?:  \[(?<rule>[a-z][a-z0-9-]*)\])?$",
        )),
        // What it says of a whole file; what it says of itself begins with its name.
        constant(concat!(
            r"^(?<path>(?:[A-Za-z]:[\\/])?[^:]*[./\\][^:]*): ",
            r"(?<level>error|warning|note): (?<message>.*?)(?:  \[(?<rule>[a-z][a-z0-9-]*)\])?$",
        )),
    ],
    summary: Some(constant(r"^(?:Found (?<n>\d+) errors? in |Success: )")),
    unit: ColumnUnit::Characters,
    notes: Notes::OfTheLastOnItsLine,
    last: Last::Inside,
    level: Level::Error,
    goes_on: false,
});

/// Reads what gcc and others print.
pub(super) fn gcc(text: &str) -> Report {
    GCC.read(text)
}

/// Reads what TypeScript's compiler prints.
pub(super) fn tsc(text: &str) -> Report {
    TSC.read(text)
}

/// Reads what mypy prints.
pub(super) fn mypy(text: &str) -> Report {
    MYPY.read(text)
}

/// Reads lines of a form of the configuration's own.
pub(super) fn pattern(pattern: &str, text: &str) -> Result<Report, String> {
    let form = Regex::new(pattern).map_err(|error| error.to_string())?;
    let lines = Lines {
        forms: vec![form],
        summary: None,
        unit: ColumnUnit::Characters,
        notes: Notes::Findings,
        last: Last::After,
        level: Level::Error,
        goes_on: false,
    };
    Ok(lines.read(text))
}

impl Lines {
    fn read(&self, text: &str) -> Report {
        let mut report = Report::new(self.unit);
        let mut n_counted = 0_usize;
        let mut goes_on = false;
        for line in text.lines() {
            if let Some(found) = self.forms.iter().find_map(|form| form.captures(line)) {
                self.add(&mut report, self.told(&found));
                goes_on = self.goes_on;
                continue;
            }
            goes_on &= line.starts_with("  ") && !line.trim().is_empty();
            match report.told.last_mut().filter(|_| goes_on) {
                Some(told) => told.add(line.trim()),
                None => match self.summary.as_ref().and_then(|summary| summary.captures(line)) {
                    Some(found) => {
                        let n = found.name("n").map_or(Ok(0), |n| n.as_str().parse()).unwrap_or(usize::MAX);
                        n_counted = n_counted.saturating_add(n);
                    }
                    None if report.unread.is_none() && !line.trim().is_empty() => {
                        report.unread = Some(line.to_owned());
                    }
                    None => {}
                },
            }
        }
        let n_errors = report.told.iter().filter(|told| told.level == Level::Error).count();
        if report.problem.is_none() && n_counted > n_errors {
            report.problem = Some(format!("it counts {n_counted} errors and tells of {n_errors}"));
        }
        report
    }

    /// A note belongs to what is before it, unless it is a finding by itself.
    fn add(&self, report: &mut Report, told: Told) {
        let is_note = told.level == Level::Note && told.rule.is_empty();
        let last = report.told.last_mut().filter(|last| match self.notes {
            Notes::Findings => false,
            Notes::OfTheLast => is_note,
            Notes::OfTheLastOnItsLine => is_note && last.at.file == told.at.file && last.at.line == told.at.line,
        });
        match last {
            Some(last) => last.related.push((told.at, told.message)),
            None => report.push(told),
        }
    }

    fn told(&self, found: &Captures<'_>) -> Told {
        let text = |name: &str| found.name(name).map_or("", |group| group.as_str());
        let number = |name: &str| text(name).parse::<u64>().map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX));
        let end_line = if number("end_line") > 0 { number("end_line") } else { number("line") };
        let end_column = match (number("end_column"), self.last) {
            (column, Last::Inside) if column > 0 => column.saturating_add(1),
            (column, _) => column,
        };
        let mut at = At::new(text("path"), number("line"), number("column"));
        if number("end_line") > 0 || end_column > 0 {
            at = at.until(end_line, end_column);
        }
        let level = match text("level") {
            "" => self.level,
            word => level_named(word).unwrap_or(self.level),
        };
        Told::new(rule(text("rule")), level, text("message"), at)
    }
}

/// The rule's name without what says that its findings are errors: `-Wformat` of `-Werror=format`, the check of
/// clang-tidy's `check,-warnings-as-errors`.
fn rule(written: &str) -> String {
    match written.strip_prefix("-Werror=") {
        Some(name) => format!("-W{name}"),
        None => written.strip_suffix(",-warnings-as-errors").unwrap_or(written).to_owned(),
    }
}
