//! Suppressions as a run comes by them: read with the file, from the one parse that the rules use too.

use crate::check::parsed::{SharedTree, in_utf8, why_unparsed};
use crate::check::suppression::{in_text, in_tree, is_mentioned, language};
use crate::model::content::Content;
use crate::model::deadline::Deadline;
use crate::model::outcome::{Breakage, CheckRun, Notice, Outcome};
use crate::model::path::RepoPath;
use crate::model::rule::{Family, Level, RuleId};
use crate::model::suppression::Directive;
use crate::plan::RULES;
use crate::plan::selection::Choice;
use crate::run::{MAX_FILE, Ran, Runner, guarded};

/// The id under which the suppressions of a run are shown as one check.
pub(crate) const SUPPRESSIONS: &str = "suppressions";

/// What suppressions a file has.
#[derive(Default)]
pub(super) struct Suppressions {
    /// The suppressions.
    pub(super) directives: Vec<Directive>,
    /// Why they could not be read, if so.
    pub(super) unread: Option<String>,
}

impl Suppressions {
    /// Reads those of a file; one that does not mention any costs no more than to see that.
    pub(super) fn of<'t>(path: &RepoPath, bytes: &'t [u8], tree: &SharedTree<'t>, deadline: Deadline) -> Self {
        if !is_mentioned(bytes) {
            return Self::default();
        }
        let read = guarded(|| {
            let Some(language) = language(path, bytes) else {
                let text = in_utf8(bytes);
                return in_text(path, bytes, &text).map_err(Breakage::new);
            };
            if let Some(why) = why_unparsed(&in_utf8(bytes)) {
                return Err(Breakage::new(why));
            }
            in_tree(path, bytes, &*tree.of(bytes, language, deadline)?).map_err(Breakage::new)
        });
        match read {
            Ok(directives) => Self { directives, unread: None },
            Err(breakage) => Self { unread: Some(breakage.why), ..Self::default() },
        }
    }
}

/// That suppressions could not be read.
pub(super) fn not_read(path: &RepoPath, why: &str) -> Notice {
    let message = format!("the suppressions in it are not read, so they suppress nothing: {why}");
    Notice { check: RuleId::from(SUPPRESSIONS), path: Some(path.clone()), message }
}

impl Runner<'_> {
    /// Whether a suppression may stand in a file.
    pub(super) fn mentions_suppressions(&self, path: &RepoPath) -> bool {
        let read = self.contents.read(&self.judged_side(path), MAX_FILE);
        matches!(read, Ok(Content::Bytes(bytes)) if is_mentioned(&bytes))
    }

    /// Whether a rule was run on a file of the change, for certain: only then a suppression of it is of no use where
    /// nothing was found. Of a tool's rules it is known only of those that the tool told of.
    pub(crate) fn has_run(&self, ran: &Ran, path: &RepoPath, rule: &RuleId) -> bool {
        let is_whole = |id: &str| {
            let ended = |check: &CheckRun| matches!(check.outcome, Outcome::Clean | Outcome::Found(_));
            ran.checks.iter().any(|check| check.id.as_str() == id && ended(check))
        };
        if self.plan.levels.of(rule, Some(path), Level::Note).is_none() {
            return false;
        }
        let index = self.change.files.iter().position(|file| file.path() == path);
        let job = index.and_then(|index| self.plan.files.iter().find(|job| job.file == index));
        let by_check = job.is_some_and(|job| {
            let ids = job.checks.iter().filter_map(|&at| self.plan.file_checks.get(at));
            ids.map(|job| job.check.about().id).any(|id| id == rule.as_str() && is_whole(id))
        });
        let is_chosen = || self.plan.selection.choose(rule.as_str(), Family::Rules, true) == Choice::Runs;
        let by_rule = || {
            job.is_some_and(|job| job.rules) && self.plan.engine.has_for(rule, path) && is_chosen() && is_whole(RULES)
        };
        let by_tool = || {
            let Some((tool, _)) = rule.as_str().split_once('/') else { return false };
            let has_file =
                self.plan.commands.iter().any(|job| job.command.id.as_str() == tool && job.files.contains(path));
            has_file && is_whole(tool) && ran.rules.iter().any(|told| told.id == *rule)
        };
        by_check || by_rule() || by_tool()
    }
}
