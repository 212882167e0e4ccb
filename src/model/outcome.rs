//! What a run ends with.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::model::change::ObjectId;
use crate::model::coverage::Coverage;
use crate::model::finding::Finding;
use crate::model::path::RepoPath;
use crate::model::rule::{Family, Rule, RuleId};

/// How one check ended. Never silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran on all that it had to and found nothing.
    Clean,
    /// It ran on all that it had to and found this many things (before triage).
    Found(usize),
    /// It did not run, on purpose.
    Skipped(String),
    /// It should have run and could not, wholly or in part.
    Broken(Breakage),
}

/// Why a check could not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breakage {
    /// What went wrong, on one line.
    pub(crate) why: String,
    /// What to do about it; empty if unknown.
    pub(crate) hint: String,
    /// The last lines that the check printed, where it printed any.
    pub(crate) log: String,
}

impl Breakage {
    /// A breakage with a reason alone.
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), hint: String::new(), log: String::new() }
    }
}

/// One check of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckRun {
    /// Its id.
    pub(crate) id: RuleId,
    /// Its family.
    pub(crate) family: Family,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// How many files it looked at.
    pub(crate) n_files: usize,
    /// CPU time of a built-in check, wall time of a command.
    pub(crate) duration: Duration,
    /// The version of a command's program, where the policy wants one; empty if it is not known.
    pub(crate) version: String,
    /// The file on this machine that has all that a command printed, for people; empty if there is none.
    pub(crate) log: String,
}

impl CheckRun {
    /// A check that did nothing yet or needed nothing, which ended like this.
    pub(crate) fn new(id: RuleId, family: Family, outcome: Outcome) -> Self {
        let (version, log) = (String::new(), String::new());
        Self { id, family, outcome, n_files: 0, duration: Duration::ZERO, version, log }
    }
}

/// Something about the run that is not a finding but that a reader must know: a file that was too large, a syntax
/// error that hid a part of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Notice {
    /// The check that it concerns.
    pub(crate) check: RuleId,
    /// The file that it concerns, if it is one.
    pub(crate) path: Option<RepoPath>,
    /// The text.
    pub(crate) message: String,
}

/// What was looked at, so that a report can be traced back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// What was looked at: `staged changes against HEAD (main)`.
    pub(crate) title: String,
    /// Which policy judged: `tollgate.toml (index)`, `built-in defaults`.
    pub(crate) policy: String,
    /// The stage.
    pub(crate) stage: String,
    /// The commit that was judged; none for the index and the work tree.
    pub(crate) revision: Option<ObjectId>,
    /// The branch, if there is one.
    pub(crate) branch: String,
    /// Where the repository comes from, without credentials; empty if unknown.
    pub(crate) repository: String,
    /// How many files the change has.
    pub(crate) n_files: usize,
}

/// All that a run found and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunReport {
    /// What was looked at.
    pub(crate) subject: Subject,
    /// The rules in force, sorted by id.
    pub(crate) rules: Vec<Rule>,
    /// The checks, sorted by family and id.
    pub(crate) checks: Vec<CheckRun>,
    /// The findings, sorted by path, place and rule.
    pub(crate) findings: Vec<Finding>,
    /// Those that comments allow, which count nowhere; sorted in the same way.
    pub(crate) suppressed: Vec<Finding>,
    /// What the tests ran of the change, if that was measured.
    pub(crate) coverage: Option<Coverage>,
    /// What else a reader must know, sorted.
    pub(crate) notices: Vec<Notice>,
    /// The SHA-256 of the files with findings in lowercase digits, where a report for machines is asked for.
    pub(crate) hashes: BTreeMap<RepoPath, String>,
    /// When the run started.
    pub(crate) started: SystemTime,
    /// How long it took.
    pub(crate) duration: Duration,
}
