//! What the policy says of coverage: which reports there are, and what they must tell.

use crate::config::nearest::nearest;
use crate::config::raw::{RawCoverage, RawCoverageGate};
use crate::config::resolve::Resolver;
use crate::model::coverage::CoverageFormat;

/// A coverage report that a command writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CoverageReport {
    /// Its format.
    pub(crate) format: CoverageFormat,
    /// The file, from the folder of the command; with `*` for several.
    pub(crate) file: String,
}

/// What the coverage of a change must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoverageGate {
    /// The lowest percentage of changed lines that tests run; `None` for any.
    pub(crate) lines: Option<u8>,
    /// Whether a test must run each changed function.
    pub(crate) functions: bool,
}

impl CoverageGate {
    /// Whether it asks for anything.
    pub(crate) fn is_condition(self) -> bool {
        self.functions || self.lines.is_some()
    }
}

/// The report of `checks.ID.coverage`.
pub(crate) fn report(resolver: &mut Resolver<'_>, path: &str, raw: Option<RawCoverage>) -> Option<CoverageReport> {
    let RawCoverage { format, file } = raw?;
    let is_inside = !file.trim().is_empty() && !file.starts_with('/') && file.split('/').all(|part| part != "..");
    if !is_inside {
        let message = format!("`{path}.file` leads out of the repository or is not a plain path");
        let hint = "write it from the folder that the command runs in: `coverage/lcov.info`, `build/*/jacoco.xml`";
        resolver.report(resolver.places.value_problem(&format!("{path}.file"), message, hint));
    }
    let Some(known) = CoverageFormat::from_name(&format) else {
        let names = || CoverageFormat::NAMES.iter().map(|(name, _)| *name);
        let list = names().collect::<Vec<_>>().join(", ");
        let hint = match nearest(&format, names()) {
            Some(meant) => format!("did you mean `{meant}`? What can be read: {list}"),
            None => format!("what can be read: {list}"),
        };
        let message = format!("`{format}` is not a known format of coverage reports");
        resolver.report(resolver.places.value_problem(&format!("{path}.format"), message, hint));
        return None;
    };
    Some(CoverageReport { format: known, file: file.trim_start_matches("./").to_owned() })
}

/// A condition.
pub(crate) fn gate(raw: &RawCoverageGate) -> CoverageGate {
    let (lines, functions) = conditions(raw);
    let lines = lines.map(|lines| u8::try_from(lines).unwrap_or(u8::MAX));
    CoverageGate { lines, functions: functions.unwrap_or(true) }
}

fn conditions(raw: &RawCoverageGate) -> (Option<u32>, Option<bool>) {
    match raw {
        RawCoverageGate::Lines(lines) => (Some(*lines), None),
        RawCoverageGate::Conditions(conditions) => (conditions.lines, conditions.functions),
    }
}

/// Notes a condition that nothing can meet.
pub(crate) fn validate(resolver: &mut Resolver<'_>, path: &str, raw: Option<&RawCoverageGate>) {
    if raw.and_then(|raw| conditions(raw).0).is_some_and(|lines| lines > 100) {
        let hint = "write a whole number of percent: `coverage = 80`";
        resolver.report(resolver.places.value_problem(path, format!("`{path}` is more than 100 percent"), hint));
    }
}

#[cfg(test)]
mod tests {
    use super::{CoverageGate, CoverageReport};
    use crate::config::Config;
    use crate::model::coverage::CoverageFormat;

    #[track_caller]
    fn asks(policy: &str, stage: &str, expected: Option<(Option<u8>, bool)>) {
        let config = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect(policy);
        let gate = config.stage(stage).expect("the stage is there").gate.coverage.value;
        assert_eq!(gate, expected.map(|(lines, functions)| CoverageGate { lines, functions }), "{policy}");
    }

    #[track_caller]
    fn refused(policy: &str, message: &str) {
        let error = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect_err(policy).to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn a_stage_has_its_own_condition_or_that_of_the_gate() {
        asks("", "pull-request", None);
        asks("gate.coverage = 80", "pull-request", Some((Some(80), true)));
        asks("gate.coverage = { lines = 80, functions = false }", "pre-push", Some((Some(80), false)));
        asks("gate.coverage = {}", "pre-push", Some((None, true)));
        let own = "gate.coverage = 80\n[stages.pre-push]\ncoverage = { functions = false }\n";
        asks(own, "pre-push", Some((None, false)));
        asks(own, "pull-request", Some((Some(80), true)));
        refused("gate.coverage = 101", "more than 100 percent");
        refused("gate.coverage = { line = 80 }", "coverage");
        refused("gate.coverage = -1", "coverage");
    }

    #[test]
    fn a_report_has_a_format_and_stays_in_the_repository() {
        let policy = |report: &str| format!("checks.unit = {{ run = [\"x\"], coverage = {report} }}");
        let good = policy("{ format = \"lcov\", file = \"./build/*/lcov.info\" }");
        let config = Config::load(Some(("tollgate.toml", good.as_bytes()))).expect("it is valid");
        let expected = CoverageReport { format: CoverageFormat::Lcov, file: "build/*/lcov.info".to_owned() };
        assert_eq!(config.checks["unit"].coverage, Some(expected));
        refused(&policy("{ format = \"lcof\", file = \"x\" }"), "did you mean `lcov`?");
        refused(&policy("{ format = \"lcov\", file = \"../x\" }"), "leads out of the repository");
        refused(&policy("{ format = \"lcov\", file = \"/x\" }"), "leads out of the repository");
        refused(&policy("{ format = \"lcov\", file = \"\" }"), "leads out of the repository");
        refused(&policy("{ format = \"lcov\" }"), "file");
        refused("checks.check-json.coverage = { format = \"lcov\", file = \"x\" }", "has no `run`");
        let mending = "checks.x = { run = [\"x\"], fix = \"safe\", coverage = { format = \"go\", file = \"x\" } }";
        refused(mending, "changes files, and tests nothing");
    }
}
