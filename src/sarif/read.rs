//! The SARIF of other tools as findings. Tolerant of what tools get wrong; what cannot be understood is said, never
//! dropped.

use std::collections::BTreeMap;
use std::path::Path;

use crate::model::finding::{Anchor, Finding, Related, Safety};
use crate::model::path::RepoPath;
use crate::model::place::{ColumnUnit, LineColumn, Place, Span};
use crate::model::rule::{Level, Rule, RuleId};
use crate::sarif::foreign_fix::{ForeignFix, Mark, Replacement};
use crate::sarif::foreign_rules::Rules;
use crate::sarif::message::plain_text;
use crate::sarif::uri::{self, Target};
use crate::sarif::wire::{
    self, ArtifactLocation, ForeignRegion, ForeignReplacement, ForeignResult, Invocation, Location, Log, Notification,
    Run, parse,
};

/// The most related places that are kept of a result.
const MAX_RELATED: usize = 100;
/// The most findings that are kept of a file.
const MAX_FINDINGS: usize = 100_000;
/// The most fixes that are kept of a result.
const MAX_FIXES: usize = 20;
/// The most replacements of a fix that is kept.
const MAX_REPLACEMENTS: usize = 1_000;
/// The most base URIs that are followed for one URI.
const MAX_BASES: usize = 8;
/// The most problems that are told one by one.
const MAX_PROBLEMS: usize = 20;

/// What is known of a tool's run beside its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    /// The top of the work tree that the tool saw: absolute, without symbolic links.
    pub(crate) root: &'a Path,
    /// The folder that it ran in, from the top; relative URIs are relative to it.
    pub(crate) folder: &'a RepoPath,
    /// The id of the check, which is the first part of its rules' ids: `ruff` of `ruff/E501`.
    pub(crate) check: &'a str,
}

/// What a foreign file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// The name of the (first) tool as it gives it; empty if it gives none.
    pub(crate) tool: String,
    /// Its findings in the order of the file, without regions: their places are resolved where the text is at hand.
    pub(crate) findings: Vec<Finding>,
    /// Their fixes, which wait for the text, too.
    pub(crate) fixes: Vec<ForeignFix>,
    /// Its rules, sorted by id.
    pub(crate) rules: Vec<Rule>,
    /// How many results were left out because the tool itself counts them as suppressed.
    pub(crate) n_suppressed: usize,
    /// Why the file is not the whole truth, each on one line: the tool says that it failed, or a result could not be
    /// understood. Not empty means that the check is broken.
    pub(crate) problems: Vec<String>,
}

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It is not text that JSON can be written in.
    #[error("the SARIF file is not UTF-8 (at byte {0})")]
    Encoding(usize),
    /// It is empty.
    #[error("the SARIF file is empty")]
    Empty,
    /// It is not JSON, or not in the shape of SARIF.
    #[error("the SARIF file cannot be read")]
    Json(#[from] serde_json::Error),
    /// It is another version, or no SARIF at all.
    #[error("SARIF 2.1.0 was expected, found {0}")]
    Version(String),
}

/// Reads a SARIF 2.1.0 file. Results that the tool calls harmless (`kind` is `pass` or the like), that it counts as
/// suppressed, or that its own baseline calls absent are left out.
pub(crate) fn read(bytes: &[u8], origin: &Origin<'_>) -> Result<Foreign, Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| Error::Encoding(error.valid_up_to()))?;
    if text.trim().is_empty() {
        return Err(Error::Empty);
    }
    let log: Log<'_> = serde_json::from_str(text)?;
    match log.version.as_deref() {
        Some("2.1.0") => {}
        Some(version) => return Err(Error::Version(format!("version {version:?}"))),
        None => return Err(Error::Version("JSON without a version".to_owned())),
    }
    let Some(runs) = log.runs else {
        return Err(Error::Version("JSON without runs".to_owned()));
    };
    let mut collected = Collected::default();
    if runs.is_empty() {
        collected.problem("the SARIF file holds no run: nothing was looked at".to_owned());
    }
    for run in &runs {
        read_run(run, origin, &mut collected);
    }
    Ok(collected.finish())
}

/// What was read so far.
#[derive(Default)]
struct Collected {
    foreign: Foreign,
    rules: BTreeMap<RuleId, Rule>,
    n_untold: usize,
}

impl Collected {
    fn problem(&mut self, problem: String) {
        if self.foreign.problems.len() < MAX_PROBLEMS {
            self.foreign.problems.push(problem);
        } else {
            self.n_untold += 1;
        }
    }

    fn finish(mut self) -> Foreign {
        if self.n_untold > 0 {
            self.foreign.problems.push(format!("and {} more such problems", self.n_untold));
        }
        self.foreign.rules = self.rules.into_values().collect();
        self.foreign
    }
}

/// One run with what its results refer to.
struct Reader<'r, 'a> {
    run: &'r Run<'a>,
    rules: Rules<'r, 'a>,
    unit: ColumnUnit,
    origin: &'r Origin<'r>,
}

fn read_run(run: &Run<'_>, origin: &Origin<'_>, collected: &mut Collected) {
    let (rules, problems) = Rules::of(run.tool.as_ref(), origin.check);
    problems.into_iter().for_each(|problem| collected.problem(problem));
    collected.rules.extend(rules.described().map(|rule| (rule.id.clone(), rule)));
    if collected.foreign.tool.is_empty() {
        rules.tool_name().clone_into(&mut collected.foreign.tool);
    }
    for invocation in run.invocations.iter().flatten() {
        failures(invocation, rules.tool_name()).into_iter().for_each(|problem| collected.problem(problem));
    }
    match run.results {
        Some(Some(_)) => {}
        Some(None) => collected.problem("the tool says that it looked at nothing (`results` is null)".to_owned()),
        None => {
            collected.problem("the run holds no `results`: nothing was looked at, or they are elsewhere".to_owned())
        }
    }
    let unit = match run.column_kind.as_deref() {
        Some("utf16CodeUnits") => ColumnUnit::Utf16,
        _ => ColumnUnit::Characters,
    };
    let reader = Reader { run, rules, unit, origin };
    for (index, raw) in run.results.iter().flatten().flatten().enumerate() {
        if collected.foreign.findings.len() == MAX_FINDINGS {
            let problem = format!("it reports more than {MAX_FINDINGS} findings, which nobody can read");
            return collected.foreign.problems.insert(0, problem);
        }
        match parse::<ForeignResult<'_>>(raw) {
            Ok(result) if !counts(&result) => {}
            Ok(result) if is_suppressed(&result) => collected.foreign.n_suppressed += 1,
            Ok(result) => {
                let finding = reader.finding(&result);
                let fixes = reader.fixes(&result, &finding, collected.foreign.findings.len());
                collected.foreign.fixes.extend(fixes);
                collected.foreign.findings.push(finding);
            }
            Err(error) => collected.problem(format!("result {index} cannot be understood: {error}")),
        }
    }
}

/// Why an invocation is not to be trusted.
fn failures(invocation: &Invocation<'_>, tool: &str) -> Vec<String> {
    let tool = if tool.is_empty() { "the tool" } else { tool };
    let mut problems = Vec::new();
    if invocation.execution_successful == Some(false) {
        let code = invocation.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
        let why = invocation.exit_code_description.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        problems.push(format!("{tool} says that it did not succeed{code}{why}"));
    }
    let notifications = [&invocation.tool_execution_notifications, &invocation.tool_configuration_notifications];
    let is_error = |notification: &&Notification<'_>| notification.level.as_deref() == Some("error");
    for notification in notifications.into_iter().flatten().flatten().filter(is_error) {
        let text = notification.message.as_ref().and_then(plain_text).unwrap_or("an error without a message");
        problems.push(format!("{tool} reports: {}", text.lines().next().unwrap_or_default()));
    }
    problems
}

/// Whether a result is there and not said to be harmless; a kind that SARIF does not know counts, and so does one that a
/// person has to decide about.
fn counts(result: &ForeignResult<'_>) -> bool {
    let is_harmless = matches!(result.kind.as_deref(), Some("pass" | "informational" | "notApplicable"));
    !is_harmless && result.baseline_state.as_deref() != Some("absent")
}

/// Whether every suppression of a result is in force, and there is one (SARIF 3.27.23).
fn is_suppressed(result: &ForeignResult<'_>) -> bool {
    let suppressions = result.suppressions.as_deref().unwrap_or_default();
    !suppressions.is_empty()
        && suppressions.iter().all(|one| one.status.as_deref().is_none_or(|status| status == "accepted"))
}

impl Reader<'_, '_> {
    fn finding(&self, result: &ForeignResult<'_>) -> Finding {
        let rule = self.rules.of_result(result);
        let level = result.level.as_deref().map_or(rule.level, |name| Level::from_name(name).unwrap_or(Level::Note));
        let mut message = self.rules.message(result, &rule);
        let mut locations = result.locations.iter().flatten();
        let first = locations.next();
        let (place, outside) = first.map_or((Place::Change, None), |location| self.place(location));
        if let Some(outside) = outside {
            message = format!("{message} (in {outside}, which is not in the repository)");
        }
        let more = locations.chain(result.related_locations.iter().flatten());
        let hint = fixes(result).find_map(|fix| fix.description.as_ref().and_then(plain_text).map(str::to_owned));
        let mut finding = Finding::new(rule.id, level, place, message).with_hint(hint.unwrap_or_default());
        finding.anchor = first.map(anchor).unwrap_or_default();
        finding.related = more.filter_map(|location| self.related(location)).take(MAX_RELATED).collect();
        finding
    }

    /// The fixes of a result that change nothing but its finding's file. SARIF has no word for one that nobody has to
    /// look at.
    fn fixes(&self, result: &ForeignResult<'_>, finding: &Finding, index: usize) -> Vec<ForeignFix> {
        let Some(path) = finding.place.path() else { return Vec::new() };
        let fix = |fix: wire::Fix<'_>| {
            let title =
                fix.description.as_ref().and_then(plain_text).unwrap_or("apply the tool's suggestion").to_owned();
            let replacements = self.replacements(&fix, path).filter(|all| !all.is_empty())?;
            let (path, unit) = (path.clone(), self.unit);
            Some(ForeignFix { finding: index, path, title, safety: Safety::Suggested, unit, replacements })
        };
        fixes(result).filter_map(fix).take(MAX_FIXES).collect()
    }

    /// All that a fix replaces, if it is in this file, can be understood and is not too much.
    fn replacements(&self, fix: &wire::Fix<'_>, path: &RepoPath) -> Option<Vec<Replacement>> {
        let mut all = Vec::new();
        for change in fix.artifact_changes.iter().flatten() {
            let target = change.artifact_location.as_ref().and_then(|artifact| self.target(artifact));
            if target != Some(Target::Inside(path.clone())) {
                return None;
            }
            for one in change.replacements.iter().flatten() {
                all.push(replacement(one)?);
                if all.len() > MAX_REPLACEMENTS {
                    return None;
                }
            }
        }
        Some(all)
    }

    /// The place, and the location's name if it is not in the repository.
    fn place(&self, location: &Location<'_>) -> (Place, Option<String>) {
        let Some(physical) = &location.physical_location else {
            return (Place::Change, None);
        };
        match physical.artifact_location.as_ref().and_then(|artifact| self.target(artifact)) {
            None => (Place::Change, None),
            Some(Target::Outside(name)) => (Place::Change, Some(name)),
            Some(Target::Inside(path)) => (place_in(path, physical.region.as_ref(), self.unit), None),
        }
    }

    fn target(&self, location: &ArtifactLocation<'_>) -> Option<Target> {
        let index = location.index.and_then(|index| usize::try_from(index).ok());
        let listed = || self.run.artifacts.as_ref()?.get(index?)?.location.as_ref();
        let location = if location.uri.is_some() { location } else { listed()? };
        let mut chain = vec![location.uri.as_deref()?];
        let mut base = location.uri_base_id.as_deref();
        while let Some(id) = base
            && chain.len() <= MAX_BASES
            && !chain.last().is_some_and(|uri| uri::is_absolute(uri))
            && let Some(known) = self.run.original_uri_base_ids.as_ref().and_then(|bases| bases.get(id))
        {
            chain.extend(known.uri.as_deref());
            base = known.uri_base_id.as_deref();
        }
        Some(uri::resolve(&chain, self.origin.root, self.origin.folder))
    }

    fn related(&self, location: &Location<'_>) -> Option<Related> {
        let (place, _) = self.place(location);
        place.path()?;
        let message = location.message.as_ref().and_then(plain_text).unwrap_or_default().to_owned();
        Some(Related { place, region: None, message })
    }
}

/// The fixes of a result that can be understood.
fn fixes<'r>(result: &'r ForeignResult<'_>) -> impl Iterator<Item = wire::Fix<'r>> {
    result.fixes.iter().flatten().filter_map(|raw| parse::<wire::Fix<'_>>(raw).ok())
}

/// A replacement, if it says exactly what goes and has text to put there (or nothing, to delete). Unlike the place of a
/// finding, numbers that make no sense are not led to the nearest that do.
fn replacement(one: &ForeignReplacement<'_>) -> Option<Replacement> {
    let new = match &one.inserted_content {
        Some(content) => content.text.as_ref()?.to_string(),
        None => String::new(),
    };
    let region = one.deleted_region.as_ref()?;
    let number = |value: Option<i64>| match value {
        Some(value) => u32::try_from(value).ok().filter(|&value| value > 0),
        None => Some(0),
    };
    let byte = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok());
    let (from, to) = match number(region.start_line)? {
        0 => {
            let start = byte(region.byte_offset)?;
            (Mark::Byte(start), Mark::Byte(start.checked_add(byte(region.byte_length)?)?))
        }
        line => {
            let last = number(region.end_line)?;
            let (start, end) = (number(region.start_column)?, number(region.end_column)?);
            let last = if last == 0 { line } else { last };
            (Mark::At(LineColumn { line, column: start }), Mark::At(LineColumn { line: last, column: end }))
        }
    };
    Some(Replacement { from, to, old: None, new })
}

/// What the tool itself tells of the surroundings.
fn anchor(location: &Location<'_>) -> Anchor {
    let logical = location.logical_locations.iter().flatten().next();
    let symbol = logical.and_then(|logical| logical.fully_qualified_name.as_deref().or(logical.name.as_deref()));
    let region = location.physical_location.as_ref().and_then(|physical| physical.region.as_ref());
    let snippet = region.and_then(|region| region.snippet.as_ref()?.text.as_deref());
    Anchor::new(symbol.unwrap_or_default(), snippet.unwrap_or_default().as_bytes())
}

/// A region without lines and bytes, as tools write it for "somewhere in the file" (also as line 0), is the whole file.
fn place_in(path: RepoPath, region: Option<&ForeignRegion<'_>>, unit: ColumnUnit) -> Place {
    let number = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
    let Some(region) = region else {
        return Place::File(path);
    };
    let start = LineColumn { line: number(region.start_line), column: number(region.start_column) };
    if start.line > 0 {
        let line = if number(region.end_line) > 0 { number(region.end_line) } else { start.line };
        return Place::Lines { path, start, end: Some(LineColumn { line, column: number(region.end_column) }), unit };
    }
    match region.byte_offset.and_then(|offset| usize::try_from(offset).ok()) {
        Some(start) => {
            let length = region.byte_length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
            Place::Span(path, Span { start, end: start.saturating_add(length) })
        }
        None => Place::File(path),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::{any, prop_assert, proptest};
    use proptest::sample::Index;
    use serde_json::{Value, json};

    use super::{Error, Foreign, Origin, read};
    use crate::model::finding::{Finding, Safety};
    use crate::model::path::RepoPath;
    use crate::model::place::{ColumnUnit, LineColumn, Place, Span};
    use crate::model::rule::Level;
    use crate::sarif::foreign_fix::attach;

    fn read_at(bytes: &[u8], root: &str) -> Result<Foreign, Error> {
        read(bytes, &Origin { root: Path::new(root), folder: &RepoPath::from(""), check: "lint" })
    }

    /// Reads a file with one run.
    #[track_caller]
    fn read_run(run: &Value) -> Foreign {
        let log = json!({ "version": "2.1.0", "runs": [run] }).to_string();
        read_at(log.as_bytes(), "/repo").expect("SARIF")
    }

    /// Reads a result of a run with nothing else.
    #[track_caller]
    fn read_result(result: &Value) -> Finding {
        let foreign = read_run(&json!({ "results": [result] }));
        assert_eq!(foreign.problems, [""; 0]);
        foreign.findings.into_iter().next().expect("a finding")
    }

    fn lines(path: &str, start: (u32, u32), end: (u32, u32), unit: ColumnUnit) -> Place {
        let at = |(line, column)| LineColumn { line, column };
        Place::Lines { path: path.into(), start: at(start), end: Some(at(end)), unit }
    }

    #[test]
    fn the_output_of_ruff() {
        let foreign = read_at(OF_RUFF, "/srv/build/project").unwrap();
        assert_eq!((foreign.tool.as_str(), foreign.n_suppressed), ("ruff", 0));
        assert_eq!(foreign.problems, [""; 0]);
        let shown: Vec<String> = foreign
            .findings
            .iter()
            .map(|finding| format!("{} {} {}", finding.rule, finding.level.name(), finding.message))
            .collect();
        assert_eq!(
            shown,
            [
                "lint/I001 error Import block is un-sorted or un-formatted",
                "lint/F401 error `os` imported but unused",
                "lint/F841 error Local variable `y` is assigned to but never used",
                "lint/invalid-syntax error Expected a parameter or the end of the parameter list",
                "lint/invalid-syntax error unexpected EOF while parsing",
            ]
        );
        let unused = &foreign.findings[2];
        assert_eq!(unused.place, lines("a b/m.py", (4, 14), (4, 15), ColumnUnit::Characters));
        assert_eq!(unused.hint, "Remove assignment to unused variable `y`");
        let ids: Vec<&str> = foreign.rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["lint/F401", "lint/F841", "lint/I001"]);
        assert!(foreign.rules[0].url.ends_with("/unused-import"), "{}", foreign.rules[0].url);
    }

    #[test]
    fn the_level_is_the_results_or_else_its_rules_or_else_a_warning() {
        let rules = json!([
            { "id": "A", "defaultConfiguration": { "level": "error" } },
            { "id": "B", "defaultConfiguration": { "level": "none" } },
            { "id": "C" },
        ]);
        let results = json!([
            { "ruleId": "A" }, { "ruleId": "A", "level": "note" }, { "ruleIndex": 0 }, { "rule": { "index": 1 } },
            { "ruleId": "C" }, { "ruleId": "A/deeper" }, { "ruleId": "D", "ruleIndex": 0 }, { "ruleIndex": 99 }, {},
            { "ruleId": "A", "level": "none" },
        ]);
        let foreign = read_run(&json!({ "tool": { "driver": { "name": "t", "rules": rules } }, "results": results }));
        let found: Vec<(&str, Level)> =
            foreign.findings.iter().map(|finding| (finding.rule.as_str(), finding.level)).collect();
        use Level::{Error, Note, Warning};
        let expected = [
            ("lint/A", Error),
            ("lint/A", Note),
            ("lint/A", Error),
            ("lint/B", Note),
            ("lint/C", Warning),
            ("lint/A", Error),
            ("lint/D", Warning),
            ("lint", Warning),
            ("lint", Warning),
            ("lint/A", Note),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_name_of_the_tool_is_not_said_twice() {
        let rules = json!([{ "id": "Lint/A" }]);
        let results =
            json!([{ "ruleId": "Lint/A" }, { "ruleId": "lint/B/c" }, { "ruleId": "linter/D" }, { "ruleId": "lint/" }]);
        let foreign =
            read_run(&json!({ "tool": { "driver": { "name": "lint", "rules": rules } }, "results": results }));
        let ids: Vec<&str> = foreign.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(ids, ["lint/A", "lint/B/c", "lint/linter/D", "lint/lint/"]);
        assert_eq!(foreign.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["lint/A"]);
    }

    #[test]
    fn rules_of_extensions_are_found() {
        let extension = json!({ "name": "e", "rules": [{ "id": "X", "defaultConfiguration": { "level": "error" } }] });
        let tool = json!({ "driver": { "name": "t" }, "extensions": [extension] });
        let result = json!({ "rule": { "index": 0, "toolComponent": { "index": 0 } } });
        let foreign = read_run(&json!({ "tool": tool, "results": [result] }));
        assert_eq!((foreign.findings[0].rule.as_str(), foreign.findings[0].level), ("lint/X", Level::Error));
    }

    #[test]
    fn what_is_no_failure_is_left_out_and_suppressed_results_are_counted() {
        let foreign = read_run(&json!({ "results": [
            { "kind": "pass" }, { "kind": "informational" }, { "baselineState": "absent" },
            { "kind": "fail", "message": { "text": "kept" } },
            { "suppressions": [{ "kind": "inSource" }] },
            { "suppressions": [{ "kind": "external", "status": "accepted" }] },
            { "suppressions": [{ "kind": "external", "status": "underReview" }], "message": { "text": "open" } },
            { "suppressions": [], "baselineState": "unchanged", "message": { "text": "old" } },
        ] }));
        let messages: Vec<&str> = foreign.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["kept", "open", "old"]);
        assert_eq!(foreign.n_suppressed, 2);
    }

    fn with_region(region: &Value) -> Value {
        json!({ "locations": [{ "physicalLocation": { "artifactLocation": { "uri": "a.rs" }, "region": region } }] })
    }

    #[test]
    fn regions_of_every_kind() {
        let unit = ColumnUnit::Characters;
        let cases = [
            (json!({ "startLine": 3 }), lines("a.rs", (3, 0), (3, 0), unit)),
            (json!({ "startLine": 3, "startColumn": 5 }), lines("a.rs", (3, 5), (3, 0), unit)),
            (json!({ "startLine": 3, "endColumn": 5 }), lines("a.rs", (3, 0), (3, 5), unit)),
            (
                json!({ "startLine": 3, "startColumn": 5, "endLine": 4, "endColumn": 1 }),
                lines("a.rs", (3, 5), (4, 1), unit),
            ),
            (json!({ "startLine": 3, "startColumn": -5 }), lines("a.rs", (3, 0), (3, 0), unit)),
            (json!({ "startLine": 0 }), Place::File("a.rs".into())),
            (json!({ "startLine": i64::MAX }), Place::File("a.rs".into())),
            (json!({ "charOffset": 7 }), Place::File("a.rs".into())),
            (json!({ "byteOffset": 7, "byteLength": 2 }), Place::Span("a.rs".into(), Span { start: 7, end: 9 })),
            (json!({}), Place::File("a.rs".into())),
            (Value::Null, Place::File("a.rs".into())),
        ];
        for (region, expected) in cases {
            assert_eq!(read_result(&with_region(&region)).place, expected, "{region}");
        }
        let foreign =
            read_run(&json!({ "columnKind": "utf16CodeUnits", "results": [with_region(&json!({ "startLine": 1 }))] }));
        assert_eq!(foreign.findings[0].place, lines("a.rs", (1, 0), (1, 0), ColumnUnit::Utf16));
    }

    /// `fix` belongs to a result in `a.rs`; the content with it applied, if it can be.
    #[track_caller]
    fn check_fix(content: &str, fix: &Value, expected: Option<&str>) {
        let mut result = with_region(&json!({ "startLine": 1 }));
        result["fixes"] = json!([fix]);
        let mut foreign = read_run(&json!({ "columnKind": "utf16CodeUnits", "results": [result] }));
        assert_eq!(foreign.problems, [""; 0], "{fix}");
        attach(foreign.fixes, &mut foreign.findings, &|path| (path == &"a.rs".into()).then(|| content.into()));
        let fixed = foreign.findings[0].fixes.first().map(|fix| {
            assert_eq!(fix.safety, Safety::Suggested);
            let mut bytes = content.as_bytes().to_vec();
            for edit in fix.edits.iter().rev() {
                bytes.splice(edit.span.start..edit.span.end, edit.replacement.iter().copied());
            }
            String::from_utf8(bytes).expect("UTF-8")
        });
        assert_eq!(fixed.as_deref(), expected, "{fix}");
    }

    fn fix_of(replacements: &Value) -> Value {
        json!({ "artifactChanges": [{ "artifactLocation": { "uri": "a.rs" }, "replacements": replacements }] })
    }

    #[test]
    fn fixes_stand_where_the_tool_says_or_are_left_out() {
        let text = "\u{1f600}b\ncd\n";
        let whole = i64::from(u32::MAX) + 1;
        for (region, expected) in [
            (json!({ "startLine": 1, "startColumn": 3, "endColumn": 4 }), Some("\u{1f600}X\ncd\n")),
            (json!({ "startLine": 1, "startColumn": 3 }), Some("\u{1f600}X\ncd\n")),
            (json!({ "startLine": 2 }), Some("\u{1f600}b\nX\n")),
            (json!({ "startLine": 1, "startColumn": 4, "endLine": 2, "endColumn": 2 }), Some("\u{1f600}bXd\n")),
            (json!({ "startLine": 3, "startColumn": 1, "endColumn": 1 }), Some("\u{1f600}b\ncd\nX")),
            (json!({ "byteOffset": 4, "byteLength": 1 }), Some("\u{1f600}X\ncd\n")),
            (json!({ "startLine": 1, "startColumn": 2, "endColumn": 4 }), None),
            (json!({ "startLine": 1, "startColumn": 4, "endColumn": 3 }), None),
            (json!({ "startLine": 1, "startColumn": 1, "endColumn": 99 }), None),
            (json!({ "startLine": 1, "startColumn": 0, "endColumn": 3 }), None),
            (json!({ "startLine": 1, "startColumn": -1, "endColumn": 3 }), None),
            (json!({ "startLine": 1, "endLine": 0, "endColumn": 3 }), None),
            (json!({ "startLine": 9 }), None),
            (json!({ "startLine": whole }), None),
            (json!({ "byteOffset": 1, "byteLength": 1 }), None),
            (json!({ "byteOffset": 4 }), None),
            (json!({ "byteOffset": 4, "byteLength": -1 }), None),
            (json!({ "byteOffset": i64::MAX, "byteLength": i64::MAX }), None),
            (json!({ "charOffset": 2, "charLength": 1 }), None),
            (json!({}), None),
            (Value::Null, None),
        ] {
            let replacement = json!([{ "deletedRegion": region, "insertedContent": { "text": "X" } }]);
            check_fix(text, &fix_of(&replacement), expected);
        }
    }

    #[test]
    fn a_fix_is_whole_and_in_the_file_of_its_finding_or_left_out() {
        let at = |start: u32, end: u32| json!({ "startLine": 1, "startColumn": start, "endColumn": end });
        let one = |start, end| json!({ "deletedRegion": at(start, end), "insertedContent": { "text": "X" } });
        check_fix("abc", &fix_of(&json!([one(3, 4), one(1, 2)])), Some("XbX"));
        check_fix("abc", &fix_of(&json!([{ "deletedRegion": at(1, 2) }])), Some("bc"));
        check_fix("abc", &fix_of(&json!([one(1, 3), one(2, 4)])), None);
        let binary = json!({ "deletedRegion": at(1, 2), "insertedContent": { "binary": "WA==" } });
        check_fix("abc", &fix_of(&json!([one(3, 4), binary])), None);
        check_fix("abc", &fix_of(&json!([])), None);
        check_fix("abc", &fix_of(&json!(vec![one(1, 2); 1_001])), None);
        let here = fix_of(&json!([one(1, 2)]))["artifactChanges"][0].clone();
        for (uri, expected) in [("./a.rs", Some("Xbc")), ("b.rs", None), ("../a.rs", None), ("file:///etc/a.rs", None)]
        {
            let there = json!({ "artifactLocation": { "uri": uri }, "replacements": [one(1, 2)] });
            check_fix("abc", &json!({ "artifactChanges": [here, there] }), expected);
        }
        for broken in [json!(7), json!([]), json!({ "artifactChanges": 7 }), json!({ "artifactChanges": [{}] })] {
            check_fix("abc", &broken, None);
        }
        let fixes = vec![fix_of(&json!([one(1, 2)])); 50];
        let mut result = with_region(&json!({ "startLine": 1 }));
        result["fixes"] = json!(fixes);
        assert_eq!(read_run(&json!({ "results": [result] })).fixes.len(), 20);
    }

    #[test]
    fn files_are_found_through_base_uris_and_the_list_of_artifacts() {
        let at = |artifact: Value| json!({ "locations": [{ "physicalLocation": { "artifactLocation": artifact } }] });
        let foreign = read_run(&json!({
            "originalUriBaseIds": {
                "ROOT": { "uri": "file:///repo/" }, "SRC": { "uri": "src/", "uriBaseId": "ROOT" },
                "LOOP": { "uri": "x/", "uriBaseId": "LOOP" }, "OPEN": {},
            },
            "artifacts": [{ "location": { "uri": "listed.rs", "uriBaseId": "SRC" } }],
            "results": [
                at(json!({ "uri": "a.rs", "uriBaseId": "SRC" })), at(json!({ "index": 0 })),
                at(json!({ "uri": "a.rs", "uriBaseId": "OPEN" })), at(json!({ "uri": "a.rs", "uriBaseId": "UNKNOWN" })),
                at(json!({ "uri": "file:///repo/b%20c.rs", "uriBaseId": "SRC" })),
                at(json!({ "uri": "a.rs", "uriBaseId": "LOOP" })), at(json!({ "index": 9 })),
            ],
        }));
        let paths: Vec<String> = foreign
            .findings
            .iter()
            .map(|finding| finding.place.path().map(ToString::to_string).unwrap_or_default())
            .collect();
        let looped = format!("{}a.rs", "x/".repeat(8));
        assert_eq!(paths, ["src/a.rs", "src/listed.rs", "a.rs", "a.rs", "b c.rs", &looped, ""]);
    }

    #[test]
    fn a_place_outside_of_the_repository_is_named_in_the_message() {
        let finding = read_result(&json!({
            "message": { "text": "bad" },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": "file:///usr/include/x.h" } } }],
        }));
        assert_eq!(finding.place, Place::Change);
        assert_eq!(finding.message, "bad (in file:///usr/include/x.h, which is not in the repository)");
    }

    #[test]
    fn messages_come_from_the_result_its_rule_or_the_tool() {
        let driver = json!({
            "name": "t",
            "rules": [{ "id": "A", "shortDescription": { "text": "of the rule" },
                        "messageStrings": { "default": { "text": "'{0}' is bad" } } }],
            "globalMessageStrings": { "shared": { "text": "shared {0}" } },
        });
        let foreign = read_run(&json!({ "tool": { "driver": driver }, "results": [
            { "ruleId": "A", "message": { "id": "default", "arguments": ["x"] } },
            { "ruleId": "A", "message": { "id": "shared", "arguments": ["y"] } },
            { "ruleId": "A", "message": { "markdown": "*own*" } },
            { "ruleId": "A", "message": { "text": "  " } },
            { "ruleId": "B" },
        ] }));
        let messages: Vec<&str> = foreign.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["'x' is bad", "shared y", "*own*", "of the rule", "lint/B"]);
    }

    #[test]
    fn a_rule_is_described_by_what_the_tool_says() {
        let foreign = read_run(&json!({ "tool": { "driver": { "name": "t", "rules": [{
            "id": "py/sql-injection", "name": "SqlInjection", "shortDescription": { "text": "SQL injection" },
            "help": { "text": "plain", "markdown": "# marked" }, "helpUri": "https://example.org/help",
            "properties": { "tags": ["security", "external/cwe/cwe-089", "CWE-564: Hibernate"], "precision": "high",
                            "security-severity": "8.8" },
        }] } }, "results": [] }));
        let rule = &foreign.rules[0];
        assert_eq!(
            (rule.id.as_str(), rule.summary.as_str(), rule.doc.as_str()),
            ("lint/py/sql-injection", "SQL injection", "# marked")
        );
        assert_eq!(
            (rule.category.as_str(), rule.precision.as_str(), &rule.cwe[..]),
            ("security", "high", &[89, 564][..])
        );
    }

    #[test]
    fn a_tool_that_failed_is_a_problem() {
        let foreign = read_run(&json!({ "tool": { "driver": { "name": "t" } }, "results": null, "invocations": [
            { "executionSuccessful": false, "exitCode": 70, "exitCodeDescription": "internal error",
              "toolExecutionNotifications": [{ "level": "error", "message": { "text": "cannot parse x\nsecond line" } },
                                             { "level": "warning", "message": { "text": "slow" } }],
              "toolConfigurationNotifications": [{ "level": "error" }] },
            { "executionSuccessful": true },
        ] }));
        assert_eq!(
            foreign.problems,
            [
                "t says that it did not succeed (exit code 70): internal error",
                "t reports: cannot parse x",
                "t reports: an error without a message",
                "the tool says that it looked at nothing (`results` is null)",
            ]
        );
        let empty = read_at(br#"{"version":"2.1.0","runs":[]}"#, "/repo").unwrap();
        assert_eq!(empty.problems, ["the SARIF file holds no run: nothing was looked at"]);
        assert_eq!(read_run(&json!({ "results": [] })), Foreign::default());
    }

    #[test]
    fn one_bad_result_spoils_no_other() {
        let mut results = vec![json!({ "ruleId": 7 }), json!({ "ruleId": "A" }), json!("text")];
        results.extend((0..30).map(|_| json!([])));
        let foreign = read_run(&json!({ "results": results }));
        assert_eq!(foreign.findings.len(), 1);
        assert_eq!(foreign.problems.len(), 21);
        assert!(foreign.problems[0].starts_with("result 0 cannot be understood: "), "{}", foreign.problems[0]);
        assert_eq!(foreign.problems[20], "and 12 more such problems");
    }

    #[track_caller]
    fn refused(bytes: &[u8], expected: &str) {
        let error = read_at(bytes, "/repo").expect_err("an error");
        assert!(error.to_string().starts_with(expected), "{error}");
    }

    #[test]
    fn what_is_no_sarif_is_refused_with_the_reason() {
        refused(b"", "the SARIF file is empty");
        refused(b" \n", "the SARIF file is empty");
        refused(b"{\"version\": \"2.1.0\", \"runs\": [", "the SARIF file cannot be read");
        refused(b"error: no such file", "the SARIF file cannot be read");
        refused(b"\xff\xfe{\x00", "the SARIF file is not UTF-8 (at byte 0)");
        refused(br#"{"version":"1.0.0","runs":[]}"#, "SARIF 2.1.0 was expected, found version \"1.0.0\"");
        refused(br#"{"version":"2.1.0"}"#, "SARIF 2.1.0 was expected, found JSON without runs");
        refused(b"{}", "SARIF 2.1.0 was expected, found JSON without a version");
        refused(b"[]", "the SARIF file cannot be read");
    }

    #[test]
    fn nesting_without_end_is_passed_over_or_refused() {
        let nest = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let foreign = read_at(format!(r#"{{"version":"2.1.0","runs":[],"x":{nest}}}"#).as_bytes(), "/repo").unwrap();
        assert_eq!(foreign.findings, []);
        let result = format!(r#"{{"version":"2.1.0","runs":[{{"results":[{nest},{{"ruleId":{nest}}}]}}]}}"#);
        assert_eq!(read_at(result.as_bytes(), "/repo").unwrap().problems.len(), 2);
        refused(nest.as_bytes(), "the SARIF file cannot be read");
    }

    #[test]
    fn more_findings_than_anyone_reads_are_a_problem() {
        let foreign = read_run(&json!({ "results": vec![json!({}); 100_001] }));
        assert_eq!(foreign.problems, ["it reports more than 100000 findings, which nobody can read"]);
    }

    #[test]
    fn a_byte_order_mark_is_no_obstacle() {
        assert!(read_at(b"\xef\xbb\xbf{\"version\":\"2.1.0\",\"runs\":[]}", "/repo").is_ok());
    }

    const OF_RUFF: &[u8] = include_bytes!("../../fixtures/sarif/ruff.sarif");

    proptest! {
        #[test]
        fn what_is_broken_off_is_refused(end in any::<Index>()) {
            let cut = &OF_RUFF[..end.index(OF_RUFF.trim_ascii_end().len())];
            prop_assert!(read_at(cut, "/repo").is_err(), "up to {}", cut.len());
        }

        #[test]
        fn damage_is_no_danger(
            holes in proptest::collection::vec((any::<Index>(), any::<Index>(), any::<Vec<u8>>()), 1..6),
        ) {
            let mut bytes = OF_RUFF.to_vec();
            for (at, to, text) in holes {
                let at = at.index(bytes.len() + 1);
                let to = at + to.index(20.min(bytes.len() - at) + 1);
                bytes.splice(at..to, text.into_iter().take(10));
            }
            let _ = read_at(&bytes, "/repo");
        }

        #[test]
        fn any_bytes_are_no_danger(bytes in any::<Vec<u8>>()) {
            prop_assert!(read_at(&bytes, "/repo").is_err());
        }
    }
}
