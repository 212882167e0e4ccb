//! What the policy does not want of the coverage, as findings.

use crate::check::coverage::{CHANGED_LINES, UNCOVERED_FUNCTION};
use crate::config::coverage::CoverageGate;
use crate::model::coverage::Coverage;
use crate::model::finding::{Anchor, Finding, Novelty, Related};
use crate::model::path::RepoPath;
use crate::model::place::{ColumnUnit, LineColumn, Place};
use crate::model::rule::Level;
use crate::syntax::functions::Function;

/// The most runs of lines that are named.
const MAX_NAMED: usize = 20;

/// That no test runs a function, of which so many lines can be run.
pub(super) fn of_function(path: &RepoPath, text: &[u8], function: &Function, n_lines: usize) -> Finding {
    let message = match n_lines {
        1 => format!("no test runs `{}`: its one line that can be run was not run", function.symbol),
        _ => format!("no test runs `{}`: none of its {n_lines} lines that can be run was run", function.symbol),
    };
    let header = text.get(function.header.start..function.header.end).unwrap_or_default();
    Finding::new(UNCOVERED_FUNCTION, Level::Error, Place::Span(path.clone(), function.header), message)
        .with_hint("write a test that calls it")
        .with_anchor(Anchor::new(function.symbol.as_str(), header))
        .with_novelty(Novelty::Always)
}

/// That too few of the changed lines are run, if so.
pub(super) fn of_lines(coverage: &Coverage, gate: CoverageGate) -> Option<Finding> {
    let wanted = usize::from(gate.lines?);
    let (n_lines, n_run) = (coverage.n_lines(), coverage.n_run());
    if n_run * 100 >= wanted * n_lines {
        return None;
    }
    let part = coverage.per_mille().map_or(0, |part| part);
    let message = format!(
        "the tests run {}.{} % of the {n_lines} changed lines that can be run; the policy wants {wanted} %",
        part / 10,
        part % 10
    );
    let mut finding = Finding::new(CHANGED_LINES, Level::Error, Place::Change, message)
        .with_hint(hint(coverage))
        .with_novelty(Novelty::Always);
    finding.related = coverage
        .files
        .iter()
        .flat_map(|(path, file)| runs(&file.uncovered).into_iter().map(move |(first, last)| (path, first, last)))
        .take(MAX_NAMED)
        .map(|(path, first, last)| related(path, first, last))
        .collect();
    Some(finding)
}

/// Where the most is to be gained.
fn hint(coverage: &Coverage) -> String {
    const SHOWN: usize = 3;
    let mut files: Vec<_> = coverage.files.iter().filter(|(_, file)| !file.uncovered.is_empty()).collect();
    files.sort_by_key(|(_, file)| std::cmp::Reverse(file.uncovered.len()));
    let named = files.iter().take(SHOWN).map(|(path, file)| {
        let all = runs(&file.uncovered);
        let some: Vec<String> = all
            .iter()
            .take(SHOWN)
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
            .collect();
        let more = if all.len() > SHOWN { ", ..." } else { "" };
        format!("{path}: {}{more}", some.join(", "))
    });
    format!("lines that no test runs: {}", named.collect::<Vec<_>>().join("; "))
}

fn related(path: &RepoPath, first: u32, last: u32) -> Related {
    let at = |line| LineColumn { line, column: 0 };
    let place = Place::Lines {
        path: path.clone(),
        start: at(first),
        end: (last > first).then(|| at(last)),
        unit: ColumnUnit::Characters,
    };
    Related { place, region: None, message: "no test runs this".to_owned() }
}

/// Ascending numbers as runs, first and last.
fn runs(lines: &[u32]) -> Vec<(u32, u32)> {
    let follows = |one: &u32, next: &u32| one.checked_add(1) == Some(*next);
    lines.chunk_by(follows).filter_map(|run| Some((*run.first()?, *run.last()?))).collect()
}
