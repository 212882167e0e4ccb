//! Commands that look at the whole project, run on the state before to tell what the change brings in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

use crate::check::parsed::SharedTree;
use crate::diff::LineDiff;
use crate::model::change::{FileSide, ObjectId};
use crate::model::content::Content;
use crate::model::event::Event;
use crate::model::finding::Finding;
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::rule::RuleId;
use crate::plan::CommandJob;
use crate::run::commands::Execution;
use crate::run::programs::Programs;
use crate::run::suppressions::Suppressions;
use crate::run::{Ground, MAX_FILE, Ran, Runner, Site, States, resolve};
use crate::sarif::text::Text;
use crate::triage::BaseFile;

/// A state before, laid out.
pub(crate) struct Before {
    /// The parent: its index in the change.
    pub(crate) parent: usize,
    /// Its commit, if there is one.
    pub(crate) commit: Option<ObjectId>,
    /// Where it is.
    pub(crate) site: Site,
}

impl Runner<'_> {
    /// What a command finds in the state before, by file.
    pub(crate) fn rerun(
        &self,
        job: &CommandJob,
        before: &Before,
        ran: &Ran,
        events: &mpsc::Sender<Event>,
    ) -> Result<Vec<BaseFile>, Breakage> {
        let files: Vec<RepoPath> = self.old_paths(job, before.parent);
        if job.command.takes_files() && files.is_empty() {
            return Ok(Vec::new());
        }
        let (base, head) = (String::new(), before.commit.map_or_else(String::new, |commit| commit.to_string()));
        let ground = Ground { base, head, states: States::default(), ..self.ground.clone()? };
        let programs = Programs::default();
        let mut execution = Execution::new(self, job, (&ground, &programs), before.site.clone(), events);
        let shown = RuleId::new(format!("{} before", job.command.id));
        let _ = events.send(Event::Started { check: shown.clone(), n_files: files.len() });
        // Which tests the change may affect says nothing of a state before, which need not have them.
        execution.tests = None;
        let understood = self.execute(&CommandJob { command: job.command.clone(), files, tests: None }, &mut execution);
        let _ = events.send(Event::Finished { check: shown });
        let mut of_files: BTreeMap<RepoPath, Vec<Finding>> = BTreeMap::new();
        for finding in understood?.findings {
            if let Some(path) = finding.place.path() {
                of_files.entry(path.clone()).or_default().push(finding);
            }
        }
        let of_files = of_files.into_iter();
        Ok(of_files.filter_map(|(path, findings)| self.file_before(path, findings, before.parent, ran)).collect())
    }

    /// What tells a file that is not in the change from others, if something is found in it now.
    fn beyond(&self, path: &RepoPath, ran: &Ran) -> Option<usize> {
        let found: BTreeSet<&RepoPath> = ran.findings.iter().filter_map(|finding| finding.place.path()).collect();
        Some(self.change.files.len() + found.into_iter().position(|found| found == path)?)
    }

    /// The names that the files of a command had in a parent.
    fn old_paths(&self, job: &CommandJob, parent: usize) -> Vec<RepoPath> {
        let is_given = |side: &FileSide| job.files.contains(&side.path);
        let changed = self.change.files.iter().filter(|file| file.head.as_ref().is_some_and(is_given));
        let old = changed.filter_map(|file| file.bases.get(parent)?.as_ref()).filter(|side| side.mode.is_regular());
        job.command.in_folder(old.map(|side| side.path.clone()).collect())
    }

    /// What was found in a file of a parent; none if that excuses nothing that is found now.
    fn file_before(&self, path: RepoPath, mut findings: Vec<Finding>, parent: usize, ran: &Ran) -> Option<BaseFile> {
        let side = |file: usize| self.change.files.get(file)?.bases.get(parent)?.as_ref();
        let file = (0..self.change.files.len()).find(|file| side(*file).is_some_and(|side| side.path == path));
        let side = file.and_then(side).cloned().unwrap_or_else(|| self.judged_side(&path));
        let bytes = match self.contents.read(&side, MAX_FILE) {
            Ok(Content::Bytes(bytes)) => bytes,
            _ => Vec::new(),
        };
        let text = Text::new(&bytes);
        findings.iter_mut().for_each(|finding| resolve(&text, finding));
        let diff = match file {
            Some(file) => ran.texts.get(&file).map(|head| LineDiff::between(&bytes, head)),
            None => Some(LineDiff::default()),
        };
        Some(BaseFile {
            file: file.or_else(|| self.beyond(&path, ran))?,
            beyond: file.is_none().then_some(path.clone()),
            parent,
            findings,
            directives: Suppressions::of(&path, &bytes, &SharedTree::default(), self.deadline).directives,
            diff,
        })
    }
}
