//! Mending: what the built-in checks and commands such as formatters can fix is fixed, in turns until nothing is left to
//! fix, and made true at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;

use crate::app::failure::Failure;
use crate::app::overlay::Overlay;
use crate::app::sources::Sources;
use crate::app::through::{Through, is_as_proposed};
use crate::app::{Case, Conduct, Judged, Prepared, Session, World};
use crate::config::{Config, Fixing, Gate};
use crate::fix::edits::apply_fixes;
use crate::fix::{self, Applied, Left, Mended, Proposal, Turn, Why};
use crate::model::change::{ChangeSet, FileSide, Head};
use crate::model::content::{Content, Contents};
use crate::model::event::Event;
use crate::model::finding::{Finding, Fix, Safety};
use crate::model::outcome::{self, Breakage, CheckRun, Notice};
use crate::model::path::RepoPath;
use crate::model::request::Request;
use crate::model::rule::RuleId;
use crate::plan::Plan;
use crate::run::MAX_FILE;
use crate::run::cache::Cache;

/// How often the checks look at what the last turn made. Each lists at most a thousand findings of a file, so a long
/// file takes several; fixes that undo each other would take forever.
const MAX_TURNS: usize = 100;

/// How often the commands that mend look at what they and the built-in checks made. Most are through after one look; two
/// that undo each other's work would take forever.
const MAX_COMMAND_TURNS: usize = 8;

/// How often each rule was mended in each file.
pub(crate) type Mends = BTreeMap<RepoPath, BTreeMap<RuleId, usize>>;

/// What a mending did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What was looked at, one text for each change.
    pub(crate) titles: Vec<String>,
    /// What came of the fixes.
    pub(crate) applied: Applied,
    /// What they mended, if they were applied.
    pub(crate) mends: Mends,
    /// How many findings there are that nothing was proposed for.
    pub(crate) n_unfixed: usize,
    /// The commands that could not mend.
    pub(crate) broken: BTreeMap<RuleId, Breakage>,
    /// What else they did.
    pub(crate) notices: Vec<Notice>,
}

/// What the checks propose for one change.
#[derive(Default)]
struct Proposed {
    proposals: Vec<Proposal>,
    mends: Mends,
    n_unfixed: usize,
    /// Files whose fixes undo each other.
    restless: Vec<Left>,
    broken: BTreeMap<RuleId, Breakage>,
    notices: Vec<Notice>,
    /// The commands that find nothing in what is proposed.
    through: Through,
}

impl Session<'_> {
    /// Applies the fixes for what the request asks for, those that are safe or also those that are suggested.
    pub(crate) fn mend(
        &self,
        request: &Request,
        at_most: Safety,
        events: &mpsc::Sender<Event>,
    ) -> Result<Outcome, Failure> {
        let turn = Turn::take(self.repo).map_err(Failure::fix)?;
        let changes = self.changes(request)?;
        let mut outcome = Outcome::default();
        for change in changes {
            outcome.titles.push(change.title.clone());
            let (contents, cache) = (Sources::new(self.repo), Cache::new(None));
            let world = World { contents: &contents, cache: &cache, index: None, events };
            for prepared in self.prepare(request, &change)? {
                let proposed = self.propose(Case { change: &change, prepared: &prepared }, at_most, world)?;
                let applied = apply(&turn, &proposed)?;
                outcome.applied.mended.extend(applied.mended);
                outcome.applied.left.extend(applied.left);
                outcome.mends.extend(proposed.mends);
                outcome.n_unfixed += proposed.n_unfixed;
                outcome.broken.extend(proposed.broken);
                outcome.notices.extend(proposed.notices);
            }
        }
        Ok(outcome)
    }

    /// Whether a run may mend, and is to.
    pub(super) fn mends(&self, case: Case<'_>) -> Result<bool, Failure> {
        let is_wanted = self.settings.conduct == Conduct::Mend && case.stage()?.fix.value == Fixing::Safe;
        Ok(is_wanted && case.change.head == Head::Index && !case.change.files.is_empty())
    }

    /// Mends what is staged and judges what came of it, so that one commit goes through.
    pub(super) fn mend_and_judge(
        &self,
        request: &Request,
        case: Case<'_>,
        world: World<'_>,
    ) -> Result<Judged, Failure> {
        if let Some(obstacle) = fix::obstacle(self.repo).map_err(Failure::git)? {
            let mut judged = self.judge_change(case, world, Through::default())?;
            if judged.report.findings.iter().any(can_be_mended) {
                judged.report.notices.insert(0, notice(None, obstacle.to_string()));
            }
            return Ok(judged);
        }
        let turn = Turn::take(self.repo).map_err(Failure::fix)?;
        let (staged_anew, mended);
        let mut case = case;
        if turn.has_waited {
            staged_anew = self.prepare_again(request)?;
            case = Case { change: &staged_anew.0, prepared: &staged_anew.1 };
        }
        let mut proposed = self.propose(case, Safety::Safe, world)?;
        let applied = apply(&turn, &proposed)?;
        drop(turn);
        let before = case.change;
        if !applied.mended.is_empty() {
            mended = self.prepare_again(request)?;
            if mended.0.files.is_empty() {
                return Err(nothing_left());
            }
            case = Case { change: &mended.0, prepared: &mended.1 };
        }
        let through = std::mem::take(&mut proposed.through);
        let is_seen =
            applied.left.is_empty() && is_as_proposed(case.change, world.contents, before, &proposed.proposals);
        let through = if is_seen { through } else { Through::default() };
        let mut judged = self.judge_change(case, world, through)?;
        let told = notices(&applied, &proposed.mends);
        judged.report.notices.splice(0..0, told);
        applied.left.iter().for_each(|left| show_patch(left, &mut judged.report.findings));
        Ok(judged)
    }

    /// What is staged by now, which one policy judges.
    fn prepare_again(&self, request: &Request) -> Result<(ChangeSet, Prepared), Failure> {
        let nothing = || Failure::usage(anyhow::anyhow!("nothing is staged any more"));
        let change = self.changes(request)?.pop().ok_or_else(nothing)?;
        let prepared = self.prepare(request, &change)?.pop().ok_or_else(nothing)?;
        Ok((change, prepared))
    }

    /// Lets the built-in checks look, at first at everything and then at what was fixed, until they fix nothing more;
    /// then the commands that mend, and again the built-in checks at what those made, until nobody fixes anything.
    fn propose(&self, case: Case<'_>, at_most: Safety, world: World<'_>) -> Result<Proposed, Failure> {
        let mut plan = self.planned(case)?;
        plan.change_checks.clear();
        let mut commands = std::mem::take(&mut plan.commands);
        commands.retain(|job| job.command.mends());
        let mut turns = Turns {
            heads: case.change.files.iter().map(|file| file.head.as_ref()).collect(),
            contents: Overlay::new(Sources::new(self.repo)),
            policy: (&case.prepared.loaded.config, &case.stage()?.gate),
            at_most,
            mends: Mends::new(),
        };
        let all = plan.files.clone();
        let mut looked = self.mend_by_checks(case, &mut plan, &mut turns, world)?;
        let mut proposed = Proposed { n_unfixed: looked.n_without, ..Proposed::default() };
        proposed.learn_broken(case, &plan.settled);
        let no_cache = Cache::new(None);
        for turn in 0..=MAX_COMMAND_TURNS {
            if commands.is_empty() {
                break;
            }
            plan.files.clear();
            plan.commands.clone_from(&commands);
            let ran = self.execute(case, &plan, World { contents: &turns.contents, cache: &no_cache, ..world })?;
            plan.commands.clear();
            proposed.learn_broken(case, &ran.checks);
            let (fixed, n_without) = turns.take(&ran.findings);
            if turn == 0 {
                proposed.n_unfixed += n_without;
                proposed.notices.clone_from(&ran.notices);
            }
            if fixed.is_empty() {
                proposed.through = Through::of(&commands, &ran);
                break;
            }
            if turn == MAX_COMMAND_TURNS {
                looked.restless.extend(fixed);
                break;
            }
            plan.files = all.iter().filter(|job| fixed.contains(&job.file)).cloned().collect();
            looked.restless.extend(self.mend_by_checks(case, &mut plan, &mut turns, world)?.restless);
        }
        Ok(turns.end(&looked.restless, proposed))
    }

    /// Lets the built-in checks look at the files of the plan until they fix nothing more.
    fn mend_by_checks(
        &self,
        case: Case<'_>,
        plan: &mut Plan<'_>,
        turns: &mut Turns<'_, '_>,
        world: World<'_>,
    ) -> Result<Looked, Failure> {
        let no_cache = Cache::new(None);
        let mut looked = Looked::default();
        for turn in 0..=MAX_TURNS {
            if plan.files.is_empty() {
                break;
            }
            // What is known of a blob says nothing of what a fix made of it.
            let is_own = turn == 0 && turns.mends.is_empty();
            let cache = if is_own { world.cache } else { &no_cache };
            let ran = self.execute(case, plan, World { contents: &turns.contents, cache, ..world })?;
            let (fixed, n_without) = turns.take(&ran.findings);
            if turn == 0 {
                looked.n_without = n_without;
            }
            looked.restless = fixed;
            plan.files.retain(|job| looked.restless.contains(&job.file));
        }
        Ok(looked)
    }
}

/// What came of the looks of the built-in checks.
#[derive(Default)]
struct Looked {
    /// How many findings of the first look nothing can be done about.
    n_without: usize,
    /// The files that the last look still found something to fix in.
    restless: BTreeSet<usize>,
}

impl Proposed {
    /// Keeps the commands that mend of those that could not run.
    fn learn_broken(&mut self, case: Case<'_>, checks: &[CheckRun]) {
        let configured = &case.prepared.loaded.config.checks;
        for check in checks {
            let mends = configured.get(check.id.as_str()).is_some_and(|check| check.fix == Fixing::Safe);
            if let (true, outcome::Outcome::Broken(breakage)) = (mends, &check.outcome) {
                self.broken.insert(check.id.clone(), breakage.clone());
            }
        }
    }
}

/// The fixes of one change while they are collected.
struct Turns<'p, 's> {
    heads: Vec<Option<&'p FileSide>>,
    contents: Overlay<'s>,
    /// The policy and its gate: they say which findings count.
    policy: (&'p Config, &'p Gate),
    at_most: Safety,
    mends: Mends,
}

impl Turns<'_, '_> {
    /// Applies what can be applied at once; gives the files that are another now, by their index in the change, and how
    /// many findings nothing can be done about.
    fn take(&mut self, findings: &[Finding]) -> (BTreeSet<usize>, usize) {
        let mut n_without = 0;
        let mut of_files: BTreeMap<&RepoPath, Vec<(&RuleId, &Fix)>> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| self.policy.0.counts(finding, self.policy.1)) {
            let fix = finding.fixes.iter().find(|fix| fix.safety <= self.at_most);
            match finding.place.path().zip(fix) {
                Some((path, fix)) => of_files.entry(path).or_default().push((&finding.rule, fix)),
                None => n_without += 1,
            }
        }
        let fixed = of_files.into_iter().filter_map(|(path, fixes)| self.fix_file(path, &fixes)).collect();
        (fixed, n_without)
    }

    fn fix_file(&mut self, path: &RepoPath, fixes: &[(&RuleId, &Fix)]) -> Option<usize> {
        let is_it = |head: &Option<&FileSide>| head.is_some_and(|side| side.path == *path && side.mode.is_regular());
        let file = self.heads.iter().position(is_it)?;
        let side = self.heads.get(file).copied().flatten()?;
        // What can't be read here could not be read by the checks either, and they have said so.
        let Ok(Content::Bytes(bytes)) = self.contents.read(side, MAX_FILE) else { return None };
        let (after, applied) = apply_fixes(&bytes, &fixes.iter().map(|(_, fix)| *fix).collect::<Vec<_>>());
        if after == bytes {
            return None;
        }
        let mends = self.mends.entry(path.clone()).or_default();
        for (rule, _) in applied.into_iter().filter_map(|at| fixes.get(at)) {
            *mends.entry((*rule).clone()).or_default() += 1;
        }
        self.contents.put(side, after);
        Some(file)
    }

    /// What is proposed in the end.
    fn end(mut self, restless: &BTreeSet<usize>, mut proposed: Proposed) -> Proposed {
        for file in restless {
            let Some(side) = self.heads.get(*file).copied().flatten() else { continue };
            self.contents.take_back(side);
            let why = Why::Failed("its fixes undo each other".to_owned());
            proposed.restless.push(Left { path: side.path.clone(), why, patch: Vec::new() });
        }
        for side in self.heads.iter().copied().flatten() {
            let Some(after) = self.contents.given(side) else { continue };
            if let Ok(Content::Bytes(before)) = self.contents.own(side, MAX_FILE)
                && before != after
            {
                proposed.proposals.push(Proposal { side: side.clone(), before, after: after.to_vec() });
            }
        }
        proposed.mends = self.mends;
        proposed
    }
}

/// Git makes the commit that it was asked for, also if a hook leaves nothing for it. Whether an empty one was asked for,
/// or another message for the last one, it does not tell.
fn nothing_left() -> Failure {
    let what = "nothing is left to commit: what was staged differed from HEAD by no more than what was mended";
    Failure::usage(anyhow::anyhow!(what)).with_hint("if you want the commit all the same (--allow-empty, --amend), say so again; `tollgate fix --undo` puts back what was mended")
}

fn apply(turn: &Turn<'_>, proposed: &Proposed) -> Result<Applied, Failure> {
    let mut applied = match proposed.proposals.is_empty() {
        true => Applied::default(),
        false => turn.apply(&proposed.proposals).map_err(Failure::fix)?,
    };
    applied.left.extend(proposed.restless.iter().cloned());
    Ok(applied)
}

/// Whether a finding is new and has a fix that nobody has to look at.
fn can_be_mended(finding: &Finding) -> bool {
    finding.is_brought_in() && finding.fixes.iter().any(|fix| fix.safety == Safety::Safe)
}

fn notice(path: Option<&RepoPath>, message: String) -> Notice {
    Notice { check: RuleId::from("fix"), path: path.cloned(), message }
}

/// What a hook tells of what it mended.
fn notices(applied: &Applied, mends: &Mends) -> Vec<Notice> {
    let mut told = Vec::new();
    if !applied.mended.is_empty() {
        let files = match applied.mended.as_slice() {
            [_] => "1 file".to_owned(),
            several => format!("{} files", several.len()),
        };
        told.push(notice(None, format!("mended and staged {files}; `tollgate fix --undo` puts that back")));
    }
    told.extend(applied.left.iter().map(|left| {
        let patch = if left.patch.is_empty() { "" } else { "; `tollgate fix` shows the fix as a patch" };
        notice(Some(&left.path), format!("not mended: {}{patch}", why(&left.why)))
    }));
    let mended = |it: &Mended| notice(Some(&it.path), format!("mended: {}", rules(mends.get(&it.path))));
    told.extend(applied.mended.iter().map(mended));
    told
}

/// `trailing-whitespace (2), end-of-file-fixer`.
pub(crate) fn rules(mends: Option<&BTreeMap<RuleId, usize>>) -> String {
    let named = |(rule, n_times): (&RuleId, &usize)| match n_times {
        1 => rule.to_string(),
        several => format!("{rule} ({several})"),
    };
    mends.into_iter().flatten().map(named).collect::<Vec<_>>().join(", ")
}

/// Why a file was left as it was, for people.
pub(crate) fn why(why: &Why) -> String {
    match why {
        Why::Conflict => "changes that are not staged are on or beside the same lines".to_owned(),
        Why::Changed => "it was changed while it was looked at".to_owned(),
        Why::Failed(why) => why.clone(),
    }
}

/// Adds the fix that was not applied to the first finding of its file.
fn show_patch(left: &Left, findings: &mut [Finding]) {
    let of_file = |finding: &&mut Finding| finding.place.path() == Some(&left.path) && can_be_mended(finding);
    let mut patch = format!("\n--- a/{0}\n+++ b/{0}\n{1}", left.path, String::from_utf8_lossy(&left.patch));
    for finding in findings.iter_mut().filter(of_file).filter(|_| !left.patch.is_empty()) {
        finding.message += &std::mem::take(&mut patch);
        if left.why == Why::Conflict {
            finding.hint = "stage or stash your other changes of the file, or mend it by hand".to_owned();
        }
    }
}
