//! Coverage of the change: reports are read where and when they were written, and the change is measured when all are in.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::check::coverage::formats::read;
use crate::check::coverage::gathered::{Gathered, Report, Site};
use crate::check::coverage::{COVERAGE, Measured, Subject, measure};
use crate::check::external::Command;
use crate::model::coverage::{CoverageFormat, GivenReport};
use crate::model::deadline::Deadline;
use crate::model::outcome::{Breakage, CheckRun, Notice, Outcome};
use crate::model::path::RepoPath;
use crate::model::rule::{Family, RuleId};
use crate::plan::coverage::CoverageJob;
use crate::process::Interrupt;
use crate::run::{Ran, Runner, guarded};
use crate::tree::report_file::{Reports, folder_below, is_there, matching, open_report};

/// The most bytes of a report that are read.
const MAX_REPORT: u64 = 512 << 20;

/// What came of the report that a command should write; `None` where the command itself could not run.
pub(super) type WrittenReport = Option<Result<Report, Breakage>>;

/// The coverage reports that are there before a command runs that writes some.
pub(super) fn before(command: &Command, top: &Path) -> Option<Result<Reports, String>> {
    let report = command.check.coverage.as_ref()?;
    Some(Reports::below(&top.join(&command.check.dir), &report.file))
}

impl Runner<'_> {
    /// Reads the report that a command wrote; one that was there before and was left as it was is none.
    pub(super) fn written_report(
        &self,
        command: &Command,
        top: &Path,
        before: Option<Result<Reports, String>>,
    ) -> WrittenReport {
        let (job, wanted) = (self.plan.coverage.as_ref()?, command.check.coverage.as_ref()?);
        let fresh = before?.and_then(|before| before.fresh());
        let hint = format!("`coverage` of [checks.{}] says which file it writes and in which format", command.id);
        let broken = |why: String| Breakage { why, hint: hint.clone(), log: String::new() };
        Some(fresh.map_err(&broken).and_then(|files| {
            if files.is_empty() {
                return Err(broken(format!("`{}` wrote no coverage report `{}`", command.id, wanted.file)));
            }
            let folder = RepoPath::new(command.folder());
            guarded(|| self.read_all(job, &files, wanted.format, (top, &folder)).map_err(&broken))
        }))
    }

    /// Measures the change by all reports.
    pub(super) fn coverage(&self, written: &[(RuleId, WrittenReport)], ran: &mut Ran) {
        let Some(job) = &self.plan.coverage else { return };
        let started = Instant::now();
        let lost = written.iter().find(|(_, report)| report.is_none());
        let measured = match lost {
            Some((id, _)) => Err(Outcome::Skipped(format!("`{id}`, which writes the report, could not run"))),
            None => self.report(job, written).and_then(|report| self.measured(job, &report)).map_err(Outcome::Broken),
        };
        let mut n_files = 0;
        let outcome = match measured {
            Ok(Measured { coverage, findings, notices }) => {
                n_files = coverage.files.len();
                let outcome = if findings.is_empty() { Outcome::Clean } else { Outcome::Found(findings.len()) };
                let notice = |message| Notice { check: RuleId::from(COVERAGE), path: None, message };
                ran.coverage = Some(coverage);
                ran.findings.extend(findings);
                ran.notices.extend(notices.into_iter().map(notice));
                outcome
            }
            Err(outcome) => outcome,
        };
        let check = CheckRun::new(RuleId::from(COVERAGE), Family::Tests, outcome);
        ran.checks.push(CheckRun { n_files, duration: started.elapsed(), ..check });
    }

    fn measured(&self, job: &CoverageJob<'_>, report: &Report) -> Result<Measured, Breakage> {
        let (change, contents, deadline) = (self.change, self.contents, self.deadline);
        let subject = Subject { change, contents, files: &job.files, deadline };
        guarded(|| measure(&subject, report, job.asked.gate))
    }

    /// What all reports tell together.
    fn report(&self, job: &CoverageJob<'_>, written: &[(RuleId, WrittenReport)]) -> Result<Report, Breakage> {
        let mut whole = Report::default();
        for report in written.iter().filter_map(|(_, report)| report.clone()) {
            whole.add(report?);
        }
        for given in job.asked.reports {
            whole.add(guarded(|| self.given(job, given))?);
        }
        Ok(whole)
    }

    fn given(&self, job: &CoverageJob<'_>, given: &GivenReport) -> Result<Report, Breakage> {
        let broken = |why: String| Breakage {
            why,
            hint: format!("`--coverage {}={}` says which report there is", given.format.name(), given.file),
            log: String::new(),
        };
        let files = matching(&given.folder, &given.file).map_err(broken)?;
        if files.is_empty() {
            return Err(broken(format!("there is no coverage report `{}`", given.file)));
        }
        let folder = folder_below(self.top, &given.folder);
        self.read_all(job, &files, given.format, (self.top, &folder)).map_err(broken)
    }

    /// What these files tell together, whose names are relative to the folder or to the top.
    fn read_all(
        &self,
        job: &CoverageJob<'_>,
        files: &[PathBuf],
        format: CoverageFormat,
        (top, folder): (&Path, &RepoPath),
    ) -> Result<Report, String> {
        let changed: BTreeSet<RepoPath> = job.files.keys().cloned().collect();
        let is_there = |path: &RepoPath| is_there(top, path);
        let site = Site { top, folder, is_there: &is_there };
        let mut whole = Report::default();
        for file in files {
            let mut gathered = Gathered::new(&changed, site);
            let wrong = |why: String| {
                let shown = file.strip_prefix(top).unwrap_or(file).display();
                format!("the coverage report {shown} can't be read as {}: {why}", format.name())
            };
            let inner = open_report(file, MAX_REPORT)?;
            let mut input = Watched { inner, interrupt: self.interrupt, deadline: self.deadline };
            read(format, &mut input, &mut gathered).map_err(wrong)?;
            whole.add(gathered.end());
        }
        Ok(whole)
    }
}

/// A large report is not read on when nobody waits for it any more.
struct Watched<'a> {
    inner: Box<dyn BufRead>,
    interrupt: &'a Interrupt,
    deadline: Deadline,
}

impl BufRead for Watched<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match (self.interrupt.is_set(), self.deadline.is_over()) {
            (true, _) => Err(io::Error::other("it was interrupted")),
            (_, true) => Err(io::Error::other("the time of the stage was over")),
            _ => self.inner.fill_buf(),
        }
    }

    fn consume(&mut self, n_bytes: usize) {
        self.inner.consume(n_bytes);
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.fill_buf()?.read(buffer)?;
        self.consume(n_bytes);
        Ok(n_bytes)
    }
}
