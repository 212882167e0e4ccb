//! Sums up what each check did over all files.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::check::{About, Examined};
use crate::model::finding::Finding;
use crate::model::outcome::{Breakage, CheckRun, Notice, Outcome};
use crate::model::path::RepoPath;
use crate::model::rule::{Family, RuleId};
use crate::plan::{Plan, RULES};
use crate::run::files::ExaminedFile;

#[derive(Default)]
struct Sum {
    n_files: usize,
    n_found: usize,
    n_broken: usize,
    /// The first breakage in the order of the files.
    broken: Option<Breakage>,
    duration: Duration,
}

/// The sums, by check.
pub(crate) struct Tally {
    sums: BTreeMap<(Family, RuleId), Sum>,
    notices: Vec<Notice>,
}

/// What one check did on one file.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) check: (Family, RuleId),
    pub(crate) n_found: usize,
    pub(crate) notices: Vec<String>,
    /// Seldom anything, and of every check of every file.
    pub(crate) broken: Option<Box<Breakage>>,
    pub(crate) duration: Duration,
}

impl Tally {
    /// Begins with every check of the plan, so that one that had no file is told too.
    pub(crate) fn new(plan: &Plan<'_>) -> Self {
        let files = plan.file_checks.iter().map(|job| job.check.about());
        let changes = plan.change_checks.iter().map(|job| job.check.about());
        let ids = files.chain(changes).map(|about| (about.family, RuleId::from(about.id)));
        let rules = plan.runs_rules().then(|| (Family::Rules, RuleId::from(RULES)));
        Self { sums: ids.chain(rules).map(|id| (id, Sum::default())).collect(), notices: Vec::new() }
    }

    /// Adds what the checks did on one file.
    pub(crate) fn add(&mut self, examined: &ExaminedFile) {
        for share in &examined.shares {
            self.add_share(share, Some(&examined.path));
        }
    }

    /// Adds what a check of the whole change found, and gives its findings.
    pub(crate) fn add_change(
        &mut self,
        about: &About,
        examined: Result<Examined, Breakage>,
        n_files: usize,
        duration: Duration,
    ) -> Vec<Finding> {
        let (examined, broken) = match examined {
            Ok(examined) => (examined, None),
            Err(breakage) => (Examined::default(), Some(Box::new(breakage))),
        };
        let check = (about.family, RuleId::from(about.id));
        let n_found = examined.findings.len();
        self.add_share(&Share { check: check.clone(), n_found, notices: examined.notices, broken, duration }, None);
        if let Some(sum) = self.sums.get_mut(&check) {
            sum.n_files = n_files;
        }
        examined.findings
    }

    fn add_share(&mut self, share: &Share, path: Option<&RepoPath>) {
        let sum = self.sums.entry(share.check.clone()).or_default();
        sum.n_files += 1;
        sum.n_found += share.n_found;
        sum.duration += share.duration;
        if let Some(breakage) = &share.broken {
            sum.n_broken += 1;
            sum.broken.get_or_insert_with(|| match path {
                Some(path) => Breakage { why: format!("{path}: {}", breakage.why), ..breakage.as_ref().clone() },
                None => breakage.as_ref().clone(),
            });
        }
        let check = share.check.1.clone();
        self.notices.extend(share.notices.iter().map(|message| Notice {
            check: check.clone(),
            path: path.cloned(),
            message: message.clone(),
        }));
    }

    /// The outcome of each check, and the notices.
    pub(crate) fn end(self) -> (Vec<CheckRun>, Vec<Notice>) {
        let checks = self.sums.into_iter().map(|((family, id), sum)| {
            let outcome = match (sum.broken, sum.n_found) {
                (Some(mut breakage), _) => {
                    if sum.n_broken > 1 {
                        breakage.why = format!("{} (and {} more files)", breakage.why, sum.n_broken - 1);
                    }
                    Outcome::Broken(breakage)
                }
                (None, 0) => Outcome::Clean,
                (None, n_found) => Outcome::Found(n_found),
            };
            CheckRun { n_files: sum.n_files, duration: sum.duration, ..CheckRun::new(id, family, outcome) }
        });
        (checks.collect(), self.notices)
    }
}
