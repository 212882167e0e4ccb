//! Files that an earlier run looked at: the same content under the same path, checks, rules and program has the same
//! findings. The content is told by the name that git gives it, so that what git knows need not even be read.
//!
//! What a result depends on is listed in [`Recall::key`] and nowhere else; a check that comes to depend on more must be
//! told of there.

use std::collections::BTreeMap;

use crate::model::change::{Mode, ObjectId, Source};
use crate::model::content::Content;
use crate::model::finding::Novelty;
use crate::model::rule::{Family, RuleId};
use crate::plan::RULES;
use crate::plan::selection::Choice;
use crate::run::cache::Cache;
use crate::run::files::{ExaminedFile, Look};
use crate::run::guards::Guards;
use crate::run::tally::Share;
use crate::run::{MAX_FILE, Runner};
use crate::store::results::key::{Key, Recipe};
use crate::store::results::row::{Row, RowShare};
use crate::syntax::languages::Language;

/// The program and its rules.
pub(super) const PROGRAM: &str = concat!(env!("CARGO_PKG_VERSION"), "-", env!("TOLLGATE_FINGERPRINT"));

/// What all files of a run have in common.
pub(super) struct Recall<'a> {
    cache: &'a Cache,
    /// The program, the checks of the plan and the levels.
    policy: Recipe,
    /// The rules that run, by language.
    rules: BTreeMap<Language, Vec<u8>>,
    guards: Guards,
}

impl<'a> Recall<'a> {
    pub(super) fn new(runner: &Runner<'a>) -> Self {
        let plan = runner.plan;
        let mut policy = Recipe::default().with(PROGRAM.as_bytes()).with(plan.levels.switches().as_bytes());
        for job in &plan.file_checks {
            policy.add(job.check.about().id.as_bytes());
            for (name, value) in job.options.iter() {
                policy.add(format!("{name} {value:?}").as_bytes());
            }
            policy.add(b"");
            job.given.types().iter().for_each(|tag| policy.add(tag.as_bytes()));
            policy.add(b"");
        }
        let is_asked = |id: &RuleId| plan.selection.choose(id.as_str(), Family::Rules, true) == Choice::Runs;
        let rules = Language::all().map(|language| {
            let mut recipe = Recipe::default();
            plan.engine.tell(language, &is_asked, &mut |part| recipe.add(part));
            (language, recipe.key().as_bytes().to_vec())
        });
        Self { cache: runner.cache, policy, rules: rules.collect(), guards: Guards::of(plan) }
    }

    /// All that the findings in a file depend on.
    fn key(&self, runner: &Runner<'_>, look: &Look<'_>, id: &ObjectId) -> Key {
        let side = look.side;
        // Which of the languages that it may be in it is in depends on the content, which is told by its name.
        let languages = Language::candidates(side).filter(|_| runner.runs_rules_on(look));
        let rules: Vec<u8> = languages.filter_map(|language| self.rules.get(&language)).flatten().copied().collect();
        let checks: Vec<u8> = look.job.checks.iter().flat_map(|&at| (at as u64).to_le_bytes()).collect();
        let commit = match &side.source {
            Source::Historic { commit, .. } => commit.as_bytes(),
            Source::Blob(_) | Source::Worktree | Source::CheckedOut(_) => &[],
        };
        let kind = [u8::from(side.mode == Mode::Executable), u8::from(look.is_added)];
        self.policy
            .clone()
            .with(id.as_bytes())
            .with(side.path.as_bytes())
            .with(&kind)
            .with(commit)
            .with(&checks)
            .with(&rules)
            .with(runner.plan.levels.switches_for(&side.path).as_bytes())
            .key()
    }

    /// Whether what was found in a file may be written down. Findings quote what stands around them, so where a check
    /// found a secret, or none was looked for, only that there is nothing to say is kept.
    fn may_keep(&self, examined: &ExaminedFile) -> bool {
        let quotes_nothing = examined.findings.is_empty() && examined.directives.is_empty();
        examined.shares.iter().all(|share| share.broken.is_none())
            && examined.secrets.is_empty()
            && examined.unread.is_none()
            && (quotes_nothing || self.guards.found_nothing(examined))
    }
}

impl Runner<'_> {
    /// Looks at a file, unless an earlier run did.
    pub(super) fn recall(&self, recall: &Recall<'_>, look: &Look<'_>) -> ExaminedFile {
        let side = look.side;
        if !side.mode.is_regular() || self.interrupt.is_set() {
            return self.examine(look);
        }
        recall.cache.count_asked();
        let claimed = match side.source {
            Source::Blob(id) | Source::CheckedOut(id) | Source::Historic { blob: id, .. } => Some(id),
            Source::Worktree => None,
        };
        if let Some(known) = claimed.and_then(|id| self.known(recall, look, &id)) {
            return known;
        }
        let content = self.read(side);
        let Ok(Content::Bytes(bytes)) = &content else { return self.look_at(look, content) };
        // What is in the work tree is named by what was read: it may have been converted, or edited since git looked.
        let id = if side.source.is_in_worktree() { self.contents.name(bytes) } else { claimed };
        if let Some(id) = id.filter(|id| Some(*id) != claimed)
            && let Some(row) = recall.cache.get(&recall.key(self, look, &id), &side.path)
        {
            recall.cache.count_hit();
            return self.as_examined(look, row, bytes.clone());
        }
        let n_bytes = bytes.len() as u64;
        let examined = self.look_at(look, content);
        if let Some(id) = id.filter(|_| recall.may_keep(&examined))
            && let Some(row) = self.row(look, &examined, n_bytes).encode(&side.path)
        {
            recall.cache.put(recall.key(self, look, &id), row);
        }
        examined
    }

    /// What an earlier run found in the blob that a file is said to be.
    fn known(&self, recall: &Recall<'_>, look: &Look<'_>, id: &ObjectId) -> Option<ExaminedFile> {
        let side = look.side;
        let row = recall.cache.get(&recall.key(self, look, id), &side.path)?;
        // Line ends may be others in the work tree; then the size is another, too.
        if side.source.is_in_worktree() && self.contents.n_bytes_in_worktree(&side.path) != Some(row.n_bytes) {
            return None;
        }
        // The text is needed to compare a finding or a suppression with the state before.
        let is_compared =
            !row.directives.is_empty() || row.findings.iter().any(|finding| finding.novelty != Novelty::Always);
        let bytes = match is_compared && !self.change.parents.is_empty() {
            true => match self.contents.read(side, MAX_FILE) {
                Ok(Content::Bytes(bytes)) => bytes,
                _ => return None,
            },
            false => Vec::new(),
        };
        recall.cache.count_hit();
        Some(self.as_examined(look, row, bytes))
    }

    /// A row in the form that looking at the file would have given.
    fn as_examined(&self, look: &Look<'_>, row: Row, bytes: Vec<u8>) -> ExaminedFile {
        let shares = row.shares.into_iter().chain(std::iter::repeat_with(RowShare::default));
        let shares = self.checks_of(look).zip(shares).filter(|(_, share)| !share.is_left_out);
        let shares = shares.map(|(check, share)| Share {
            check,
            n_found: share.n_found,
            notices: share.notices,
            broken: None,
            duration: Default::default(),
        });
        ExaminedFile {
            file: look.job.file,
            path: look.side.path.clone(),
            bytes,
            findings: row.findings,
            secrets: Vec::new(),
            shares: shares.collect(),
            directives: row.directives,
            unread: None,
        }
    }

    /// What there is to keep of a file.
    fn row(&self, look: &Look<'_>, examined: &ExaminedFile, n_bytes: u64) -> Row {
        let share = |check: (Family, RuleId)| match examined.shares.iter().find(|share| share.check == check) {
            Some(share) => RowShare { n_found: share.n_found, notices: share.notices.clone(), is_left_out: false },
            None => RowShare { is_left_out: true, ..RowShare::default() },
        };
        Row {
            n_bytes,
            shares: self.checks_of(look).map(share).collect(),
            findings: examined.findings.clone(),
            directives: examined.directives.clone(),
        }
    }

    /// The checks that may look at a file, in the order of the plan.
    fn checks_of(&self, look: &Look<'_>) -> impl Iterator<Item = (Family, RuleId)> {
        let checks = look.job.checks.iter().filter_map(|&at| self.plan.file_checks.get(at));
        let checks = checks.map(|job| (job.check.about().family, RuleId::from(job.check.about().id)));
        checks.chain(self.runs_rules_on(look).then(|| (Family::Rules, RuleId::from(RULES))))
    }
}
