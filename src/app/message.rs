//! The commit message: cleaned as git will clean it, then judged.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Instant, SystemTime};

use crate::app::failure::Failure;
use crate::app::rules_in_force::built_in;
use crate::app::{Judged, Session};
use crate::check::message::checks;
use crate::check::message::clean::{Cleanup, Editing, clean, comment_string};
use crate::config::{Config, Stage};
use crate::gate;
use crate::model::option::Options;
use crate::model::outcome::{CheckRun, Outcome, RunReport, Subject};
use crate::model::place::Place;
use crate::model::rule::RuleId;
use crate::plan::levels::Levels;
use crate::plan::selection::{Choice, Selection};
use crate::sarif::locate::locate;
use crate::sarif::text::Text;
use crate::tree::file::read_message;
use crate::triage;

/// The stage of a message.
const STAGE: &str = "commit-msg";

/// Whether a policy judges the message of a commit.
pub(super) fn judges_messages(config: &Config) -> bool {
    let chosen = |stage: &Stage| stage.checks.value.clone();
    config.stage(STAGE).is_ok_and(|stage| chooses_any(&Selection { chosen: chosen(stage), left_out: Vec::new() }))
}

/// Whether any check of the message is chosen.
fn chooses_any(selection: &Selection) -> bool {
    checks().iter().any(|check| selection.choose_check(check.about()) != Choice::Off)
}

impl Session<'_> {
    /// Judges the message in a file as it will be recorded; `None` if no check of it was chosen or it is that of a
    /// merge.
    pub(super) fn judge_message(&self, file: &Path) -> Result<Option<Judged>, Failure> {
        let (started, clock) = (SystemTime::now(), Instant::now());
        let (config, policy) = self.policy_of_message()?;
        let stage_name = self.settings.stage.as_deref().unwrap_or(STAGE);
        let stage = config.stage(stage_name).map_err(Failure::config)?;
        let chosen =
            if self.settings.only.is_empty() { stage.checks.value.clone() } else { self.settings.only.clone() };
        let selection = Selection { chosen, left_out: self.settings.left_out.clone() };
        // A merge is told by what is merged, whatever its message says.
        if !chooses_any(&selection) || !self.repo.merged_commits().map_err(Failure::git)?.is_empty() {
            return Ok(None);
        }
        let mut report = RunReport {
            subject: self.subject_of_message(policy, stage_name)?,
            rules: Vec::new(),
            checks: Vec::new(),
            findings: Vec::new(),
            suppressed: Vec::new(),
            coverage: None,
            notices: Vec::new(),
            hashes: BTreeMap::new(),
            started,
            duration: clock.elapsed(),
        };
        self.examine_message(file, &config, &selection, &mut report)?;
        triage::order(&mut report.findings);
        report.duration = clock.elapsed();
        let verdict = gate::judge(&report.findings, &report.checks, &stage.gate, &config);
        Ok(Some(Judged { report, verdict, warning: None, judges_messages: true }))
    }

    /// Whether the policy of the next commit judges its message.
    pub(crate) fn judges_messages(&self) -> Result<bool, Failure> {
        Ok(judges_messages(&self.policy_of_message()?.0))
    }

    /// Runs what was chosen.
    fn examine_message(
        &self,
        file: &Path,
        config: &Config,
        selection: &Selection,
        report: &mut RunReport,
    ) -> Result<(), Failure> {
        let levels = Levels::new(config).map_err(Failure::usage)?;
        let mut message = None;
        for check in checks() {
            let about = check.about();
            let clock = Instant::now();
            let outcome = match selection.choose_check(about) {
                Choice::Off => continue,
                Choice::LeftOut(by) => Outcome::Skipped(format!("left out by {by}")),
                Choice::Runs => {
                    let text = match &message {
                        Some(text) => text,
                        None => message.insert(self.cleaned(file)?),
                    };
                    let options = config.checks.get(about.id).map_or_else(Options::default, |own| own.options.clone());
                    let mut found = check.check(text, &options).findings;
                    found.retain_mut(|finding| {
                        let level = levels.of(&finding.rule, None, finding.level);
                        finding.level = level.unwrap_or(finding.level);
                        level.is_some()
                    });
                    report.rules.push(built_in(about));
                    let n_found = found.len();
                    report.findings.extend(found);
                    if n_found == 0 { Outcome::Clean } else { Outcome::Found(n_found) }
                }
            };
            let id = RuleId::from(about.id);
            report.checks.push(CheckRun {
                n_files: 1,
                duration: clock.elapsed(),
                ..CheckRun::new(id, about.family, outcome)
            });
        }
        if let Some(message) = message {
            let text = Text::new(message.as_bytes());
            for finding in report.findings.iter_mut().filter(|finding| matches!(finding.place, Place::Message(_))) {
                finding.region = locate(&text, &finding.place);
            }
        }
        Ok(())
    }

    /// The message that git will record.
    fn cleaned(&self, file: &Path) -> Result<String, Failure> {
        let unreadable =
            |error| anyhow::Error::new(error).context(format!("cannot read the commit message {}", file.display()));
        let written = read_message(file).map_err(unreadable).map_err(Failure::usage)?;
        let settings = self.repo.message_settings().map_err(Failure::git)?;
        let editing = if self.settings.has_editor { Editing::Edited } else { Editing::Given };
        let cleanup = Cleanup::from_setting(settings.cleanup.as_deref(), editing).ok_or_else(|| {
            let value = settings.cleanup.unwrap_or_default();
            Failure::usage(anyhow::anyhow!("git does not know `commit.cleanup = {value}`"))
        })?;
        let comment = comment_string(settings.comment.as_deref(), &written);
        Ok(String::from_utf8_lossy(&clean(&written, cleanup, &comment)).into_owned())
    }

    fn subject_of_message(&self, policy: String, stage: &str) -> Result<Subject, Failure> {
        let head = self.repo.head().map_err(Failure::git)?;
        Ok(Subject {
            title: "the commit message".to_owned(),
            policy,
            stage: stage.to_owned(),
            revision: None,
            branch: head.branch.unwrap_or_default(),
            repository: self.repo.origin().map_err(Failure::git)?.unwrap_or_default(),
            n_files: 0,
        })
    }
}
