//! Whether and by what the coverage of a change is measured.

use std::collections::BTreeMap;

use crate::check::coverage::COVERAGE;
use crate::config::coverage::CoverageGate;
use crate::config::patterns::PatternError;
use crate::model::change::ChangedFile;
use crate::model::coverage::GivenReport;
use crate::model::outcome::{Breakage, Outcome};
use crate::model::path::RepoPath;
use crate::model::rule::Family;
use crate::plan::given::Given;
use crate::plan::selection::Choice;
use crate::plan::{CommandJob, Planner};

/// What is asked of the coverage of a change.
#[derive(Clone, Copy, Default)]
pub(crate) struct Asked<'a> {
    /// What the policy wants.
    pub(crate) gate: Option<CoverageGate>,
    /// The reports that are there already.
    pub(crate) reports: &'a [GivenReport],
}

/// The measuring of the coverage of a change.
pub(crate) struct CoverageJob<'a> {
    /// What is asked.
    pub(crate) asked: Asked<'a>,
    /// The files that count, with their indices in the change.
    pub(crate) files: BTreeMap<RepoPath, usize>,
}

impl<'a> Planner<'a, '_> {
    /// Measures where a report is given or a command that runs writes one. A condition without any report could not be
    /// judged, unless what writes the report has nothing to do.
    pub(super) fn coverage(
        &mut self,
        own: &[(usize, &ChangedFile)],
        commands: &[CommandJob],
    ) -> Result<Option<CoverageJob<'a>>, PatternError> {
        let asked = self.policy.coverage;
        let config = self.policy.config;
        let is_written = commands.iter().any(|job| job.command.check.coverage.is_some());
        let choice = self.policy.selection.choose(COVERAGE, Family::Tests, true);
        if let Choice::LeftOut(by) = choice {
            self.settle(COVERAGE, Family::Tests, Outcome::Skipped(format!("left out by {by}")));
            return Ok(None);
        }
        if !is_written && asked.reports.is_empty() {
            if choice == Choice::Runs && asked.gate.is_some_and(CoverageGate::is_condition) {
                let writes = |id: &str| config.checks.get(id).is_some_and(|check| check.coverage.is_some());
                let writer = self.settled.iter().map(|check| check.id.clone()).find(|id| writes(id.as_str()));
                let outcome = match writer {
                    Some(id) => Outcome::Skipped(format!("`{id}`, which writes the report, does not run")),
                    None => Outcome::Broken(without_report()),
                };
                self.settle(COVERAGE, Family::Tests, outcome);
            }
            return Ok(None);
        }
        let given = config.checks.get(COVERAGE).map(Given::new).transpose()?.unwrap_or_default();
        let heads = own.iter().filter_map(|(index, file)| Some((file.head.as_ref()?, *index)));
        let counts = heads.filter(|(side, _)| side.mode.is_regular() && given.may_include(side));
        Ok(Some(CoverageJob { asked, files: counts.map(|(side, index)| (side.path.clone(), index)).collect() }))
    }
}

fn without_report() -> Breakage {
    Breakage {
        why: "the policy asks for coverage, and there is no report of it".to_owned(),
        hint:
            "say which check writes one: `coverage = { format = \"lcov\", file = \"lcov.info\" }`; or give one that is \
               there: `--coverage lcov=FILE`; or ask for it in one stage alone: [stages.pull-request], `coverage`"
                .to_owned(),
        log: String::new(),
    }
}
