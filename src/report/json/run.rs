//! The run and the verdict on the wire.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::model::change::ObjectId;
use crate::model::outcome::{Breakage, CheckRun, Notice, Outcome, RunReport, Subject};
use crate::model::path::RepoPath;
use crate::model::rule::{Family, Level, Rule, RuleId};
use crate::model::verdict::{Reason, Verdict};
use crate::report::json::Bytes;
use crate::report::json::coverage::WireCoverage;
use crate::report::json::finding::WireFinding;

named!(WireLevel, Level, Note, Warning, Error);
named!(WireFamily, Family, Hygiene, Secrets, Rules, Tools, Tests, Change, Message);

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WireVerdict {
    Pass,
    Block(Vec<WireReason>),
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WireReason {
    Findings { level: WireLevel, n_findings: usize, n_files: usize, rules: Vec<String> },
    Broken { check: String, why: String },
}

#[derive(Deserialize, Serialize)]
pub(super) struct WireReport {
    subject: WireSubject,
    checks: Vec<WireCheck>,
    findings: Vec<WireFinding>,
    #[serde(default)]
    suppressed: Vec<WireFinding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<WireCoverage>,
    notices: Vec<WireNotice>,
    rules: Vec<WireRule>,
    started_ns: i64,
    duration_ns: u64,
}

#[derive(Deserialize, Serialize)]
struct WireSubject {
    title: String,
    policy: String,
    stage: String,
    revision: Option<String>,
    branch: String,
    repository: String,
    n_files: usize,
}

#[derive(Deserialize, Serialize)]
struct WireRule {
    id: String,
    family: WireFamily,
    level: WireLevel,
    summary: String,
    doc: String,
    url: String,
    category: String,
    precision: String,
    cwe: Vec<u32>,
}

#[derive(Deserialize, Serialize)]
struct WireCheck {
    id: String,
    family: WireFamily,
    outcome: WireOutcome,
    n_files: usize,
    duration_ns: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    log: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum WireOutcome {
    Clean,
    Found(usize),
    Skipped(String),
    Broken { why: String, hint: String, log: String },
}

#[derive(Deserialize, Serialize)]
struct WireNotice {
    check: String,
    path: Option<Bytes>,
    message: String,
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds since 1970, negative before; the years 1677 to 2262.
fn moment_to_wire(moment: SystemTime) -> i64 {
    match moment.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds),
    }
}

fn moment_from_wire(nanoseconds: i64) -> SystemTime {
    let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
    let moment = if nanoseconds < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    moment.unwrap_or(UNIX_EPOCH)
}

impl From<&RunReport> for WireReport {
    fn from(report: &RunReport) -> Self {
        Self {
            subject: (&report.subject).into(),
            checks: report.checks.iter().map(Into::into).collect(),
            findings: report.findings.iter().map(Into::into).collect(),
            suppressed: report.suppressed.iter().map(Into::into).collect(),
            coverage: report.coverage.as_ref().map(Into::into),
            notices: report.notices.iter().map(Into::into).collect(),
            rules: report.rules.iter().map(Into::into).collect(),
            started_ns: moment_to_wire(report.started),
            duration_ns: nanoseconds(report.duration),
        }
    }
}

impl From<WireReport> for RunReport {
    fn from(wire: WireReport) -> Self {
        Self {
            subject: wire.subject.into(),
            rules: wire.rules.into_iter().map(Into::into).collect(),
            checks: wire.checks.into_iter().map(Into::into).collect(),
            findings: wire.findings.into_iter().map(Into::into).collect(),
            suppressed: wire.suppressed.into_iter().map(Into::into).collect(),
            coverage: wire.coverage.map(Into::into),
            notices: wire.notices.into_iter().map(Into::into).collect(),
            // They are for SARIF of the run itself alone.
            hashes: std::collections::BTreeMap::new(),
            started: moment_from_wire(wire.started_ns),
            duration: Duration::from_nanos(wire.duration_ns),
        }
    }
}

impl From<&Subject> for WireSubject {
    fn from(subject: &Subject) -> Self {
        let Subject { title, policy, stage, revision, branch, repository, n_files } = subject.clone();
        Self { title, policy, stage, revision: revision.map(|id| id.to_string()), branch, repository, n_files }
    }
}

impl From<WireSubject> for Subject {
    fn from(wire: WireSubject) -> Self {
        let WireSubject { title, policy, stage, revision, branch, repository, n_files } = wire;
        let revision = revision.and_then(|hex| ObjectId::from_hex(hex.as_bytes()));
        Self { title, policy, stage, revision, branch, repository, n_files }
    }
}

impl From<&Rule> for WireRule {
    fn from(rule: &Rule) -> Self {
        let Rule { id, family, level, summary, doc, url, category, precision, cwe } = rule.clone();
        let (family, level) = (family.into(), level.into());
        Self { id: id.to_string(), family, level, summary, doc, url, category, precision, cwe }
    }
}

impl From<WireRule> for Rule {
    fn from(wire: WireRule) -> Self {
        let WireRule { id, family, level, summary, doc, url, category, precision, cwe } = wire;
        let (family, level) = (family.into(), level.into());
        Self { id: RuleId::new(id), family, level, summary, doc, url, category, precision, cwe }
    }
}

impl From<&CheckRun> for WireCheck {
    fn from(check: &CheckRun) -> Self {
        Self {
            id: check.id.to_string(),
            family: check.family.into(),
            outcome: (&check.outcome).into(),
            n_files: check.n_files,
            duration_ns: nanoseconds(check.duration),
            version: check.version.clone(),
            log: check.log.clone(),
        }
    }
}

impl From<WireCheck> for CheckRun {
    fn from(wire: WireCheck) -> Self {
        Self {
            id: RuleId::new(wire.id),
            family: wire.family.into(),
            outcome: wire.outcome.into(),
            n_files: wire.n_files,
            duration: Duration::from_nanos(wire.duration_ns),
            version: wire.version,
            log: wire.log,
        }
    }
}

impl From<&Outcome> for WireOutcome {
    fn from(outcome: &Outcome) -> Self {
        match outcome.clone() {
            Outcome::Clean => Self::Clean,
            Outcome::Found(n_findings) => Self::Found(n_findings),
            Outcome::Skipped(why) => Self::Skipped(why),
            Outcome::Broken(Breakage { why, hint, log }) => Self::Broken { why, hint, log },
        }
    }
}

impl From<WireOutcome> for Outcome {
    fn from(wire: WireOutcome) -> Self {
        match wire {
            WireOutcome::Clean => Self::Clean,
            WireOutcome::Found(n_findings) => Self::Found(n_findings),
            WireOutcome::Skipped(why) => Self::Skipped(why),
            WireOutcome::Broken { why, hint, log } => Self::Broken(Breakage { why, hint, log }),
        }
    }
}

impl From<&Notice> for WireNotice {
    fn from(notice: &Notice) -> Self {
        let path = notice.path.as_ref().map(|path| path.as_bytes().into());
        Self { check: notice.check.to_string(), path, message: notice.message.clone() }
    }
}

impl From<WireNotice> for Notice {
    fn from(wire: WireNotice) -> Self {
        let path = wire.path.map(|path| RepoPath::new(Vec::from(path)));
        Self { check: RuleId::new(wire.check), path, message: wire.message }
    }
}

impl From<&Verdict> for WireVerdict {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Block(reasons) => Self::Block(reasons.iter().map(Into::into).collect()),
        }
    }
}

impl From<WireVerdict> for Verdict {
    fn from(wire: WireVerdict) -> Self {
        match wire {
            WireVerdict::Pass => Self::Pass,
            WireVerdict::Block(reasons) => Self::Block(reasons.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<&Reason> for WireReason {
    fn from(reason: &Reason) -> Self {
        match reason.clone() {
            Reason::Findings { level, n_findings, n_files, rules } => {
                let rules = rules.iter().map(ToString::to_string).collect();
                Self::Findings { level: level.into(), n_findings, n_files, rules }
            }
            Reason::Broken { check, why } => Self::Broken { check: check.to_string(), why },
        }
    }
}

impl From<WireReason> for Reason {
    fn from(wire: WireReason) -> Self {
        match wire {
            WireReason::Findings { level, n_findings, n_files, rules } => {
                let rules = rules.into_iter().map(RuleId::new).collect();
                Self::Findings { level: level.into(), n_findings, n_files, rules }
            }
            WireReason::Broken { check, why } => Self::Broken { check: RuleId::new(check), why },
        }
    }
}
