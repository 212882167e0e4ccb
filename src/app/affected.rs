//! Which tests run: those that the change may affect, where the check and the stage leave it at that.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::failure::Failure;
use crate::app::{Case, Session};
use crate::check::affected::{Fate, Suite, Tests, Touched, select};
use crate::config::Select;
use crate::config::patterns::{PatternError, Patterns};
use crate::git::listing::Listing;
use crate::model::change::{ChangeSet, FileSide, Head};
use crate::model::content::{Content, Contents};
use crate::model::outcome::{CheckRun, Notice, Outcome};
use crate::model::path::RepoPath;
use crate::plan::{CommandJob, Plan};

/// The most bytes of a file whose imports are read.
const MAX_SOURCE: u64 = 8 << 20;

impl Session<'_> {
    /// Selects the tests of the suites that want it. One of which no test is affected is left out; what was selected
    /// is told.
    pub(super) fn select_tests(
        &self,
        case: Case<'_>,
        plan: &mut Plan<'_>,
        contents: &dyn Contents,
    ) -> Result<Vec<Notice>, Failure> {
        let is_asked = case.stage()?.select.value == Select::Affected;
        let mut notices = Vec::new();
        let mut kept = Vec::new();
        let mut tree = None;
        for mut job in std::mem::take(&mut plan.commands) {
            let runner = job.command.runner().filter(|_| is_asked && job.command.check.select == Select::Affected);
            if let Some(runner) = runner {
                let tree = match &mut tree {
                    Some(tree) => tree,
                    None => tree.insert(self.judged_tree(case.change)?),
                };
                let selection = self.selection(case.change, &job, tree, contents).map_err(Failure::usage)?;
                let selection = runner.fitting(selection);
                if matches!(&selection, Tests::Some { names, .. } if names.is_empty()) {
                    let outcome = Outcome::Skipped("no test is affected".to_owned());
                    plan.settled.push(CheckRun::new(job.command.id.clone(), job.command.family(), outcome));
                    continue;
                }
                notices.push(Notice { check: job.command.id.clone(), path: None, message: told(&selection) });
                job.tests = Some(selection);
            }
            kept.push(job);
        }
        plan.commands = kept;
        Ok(notices)
    }

    /// All files of the judged tree.
    fn judged_tree(&self, change: &ChangeSet) -> Result<BTreeMap<RepoPath, FileSide>, Failure> {
        let listing = match change.head {
            Head::Tree { tree, .. } => Listing::Tree(tree),
            Head::Index | Head::Worktree => Listing::Index,
        };
        let listed = self.repo.list(&listing).map_err(Failure::git)?;
        let mut tree: BTreeMap<RepoPath, FileSide> = listed.into_iter().map(|side| (side.path.clone(), side)).collect();
        for file in &change.files {
            file.bases.iter().flatten().for_each(|side| _ = tree.remove(&side.path));
        }
        for side in change.files.iter().filter_map(|file| file.head.as_ref()) {
            tree.insert(side.path.clone(), side.clone());
        }
        Ok(tree)
    }

    fn selection(
        &self,
        change: &ChangeSet,
        job: &CommandJob,
        tree: &BTreeMap<RepoPath, FileSide>,
        contents: &dyn Contents,
    ) -> Result<Tests, PatternError> {
        match change.parents.len() {
            0 => return Ok(Tests::All("there is no state before".to_owned())),
            1 => {}
            _ => return Ok(Tests::All("it is a merge".to_owned())),
        }
        let (command, check) = (&job.command, &job.command.check);
        let (only, never, tests) =
            (Patterns::new(&check.files)?, Patterns::new(&check.exclude)?, Patterns::new(&check.tests)?);
        let is_for = |path: &RepoPath| (only.is_empty() || only.matches(path)) && !never.matches(path);
        let folder = String::from_utf8_lossy(&command.folder()).into_owned();
        let Some(runner) = command.runner() else { return Ok(Tests::All("nobody is told".to_owned())) };
        let suite = Suite { runner, folder: &folder, tests: &tests, is_for: &is_for };
        let paths: BTreeSet<RepoPath> = tree.keys().cloned().collect();
        let read = |path: &RepoPath| {
            let side = tree.get(path).filter(|side| side.mode.is_regular())?;
            match contents.read(side, MAX_SOURCE).ok()? {
                Content::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
                Content::TooLarge(_) => None,
            }
        };
        Ok(select(&suite, &paths, &touched(change), &read))
    }
}

/// The files that a change touches, under every name that they have or had.
fn touched(change: &ChangeSet) -> Vec<Touched> {
    let mut touched = BTreeMap::new();
    for file in &change.files {
        touched.extend(file.bases.iter().flatten().map(|side| (side.path.clone(), Fate::Gone)));
    }
    let heads = change.files.iter().filter_map(|file| file.head.as_ref());
    touched.extend(heads.map(|side| (side.path.clone(), Fate::There)));
    touched.into_iter().map(|(path, fate)| Touched { path, fate }).collect()
}

/// What was selected, for people.
pub(super) fn told(selection: &Tests) -> String {
    match selection {
        Tests::All(why) => format!("all tests run: {why}"),
        Tests::Some { names, n_all, note } => {
            let note = if note.is_empty() { String::new() } else { format!("; {note}") };
            format!("{} of {n_all} files or packages of tests run, those that the change may affect{note}", names.len())
        }
    }
}
