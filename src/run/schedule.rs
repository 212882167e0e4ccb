//! Who may start when: needs, places, and commands that want the machine for themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::outcome::{CheckRun, Outcome};
use crate::model::rule::RuleId;
use crate::run::order::Job;

/// Whether what a command needs has come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It has.
    Met,
    /// It has not, and will not.
    Failed,
}

/// Who may start when.
pub(super) struct Schedule {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The checks that have ended.
    ended: BTreeMap<RuleId, Need>,
    /// The commands that have not ended.
    awaited: BTreeSet<RuleId>,
    /// Those of them that have not started, in the order in which they are to.
    waiting: Vec<Job>,
    /// Whether the built-in checks are still at work.
    built_in_runs: bool,
    n_free: usize,
    n_jobs: usize,
    has_exclusive: bool,
}

/// A place among the commands that run at once, given back when it is dropped.
pub(super) struct Turn<'a> {
    schedule: &'a Schedule,
    is_exclusive: bool,
}

/// Whether what a command needs has come about, as far as that is known.
enum Needs {
    Met,
    Failed(RuleId),
    Open,
}

impl Schedule {
    /// Jobs in the order in which they are to start, so many at once.
    pub(super) fn new(waiting: Vec<Job>, settled: &[CheckRun], n_jobs: usize) -> Self {
        let state = State {
            ended: settled.iter().map(|check| (check.id.clone(), need(check))).collect(),
            awaited: waiting.iter().map(|job| job.id.clone()).collect(),
            waiting,
            built_in_runs: true,
            n_free: n_jobs.max(1),
            n_jobs: n_jobs.max(1),
            has_exclusive: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the built-in checks have ended.
    pub(super) fn settle(&self, checks: &[CheckRun]) {
        let mut state = self.lock();
        state.built_in_runs = false;
        state.ended.extend(checks.iter().map(|check| (check.id.clone(), need(check))));
        self.changed.notify_all();
    }

    /// Says that a command has ended.
    pub(super) fn end(&self, id: &RuleId, need: Need) {
        let mut state = self.lock();
        state.ended.insert(id.clone(), need);
        state.awaited.remove(id);
        self.changed.notify_all();
    }

    /// Those of the needs of a command that has begun of which this run knows nothing.
    pub(super) fn unseen<'n>(&self, needs: &'n [String]) -> Vec<&'n str> {
        let state = self.lock();
        let is_unseen = |need: &&str| !state.ended.contains_key(&RuleId::from(*need));
        needs.iter().map(String::as_str).filter(is_unseen).collect()
    }
    /// Waits until every need of a command has ended, and for its place; gives the first need that failed. A need that is
    /// not part of this run is met. An exclusive command waits until nothing else runs.
    pub(super) fn begin(&self, id: &RuleId) -> Result<Turn<'_>, RuleId> {
        let mut state = self.lock();
        loop {
            let at = state.waiting.iter().position(|job| job.id == *id);
            let at = at.expect("because each command of the schedule begins once");
            match state.waiting.get(at).map_or(Needs::Met, |job| state.needs(job)) {
                Needs::Failed(need) => {
                    state.waiting.remove(at);
                    self.changed.notify_all();
                    return Err(need);
                }
                Needs::Met if state.next() == Some(at) => {
                    let is_exclusive = state.waiting.remove(at).is_alone;
                    state.n_free -= 1;
                    state.has_exclusive = is_exclusive;
                    // Whoever comes after it may have a place too.
                    self.changed.notify_all();
                    return Ok(Turn { schedule: self, is_exclusive });
                }
                Needs::Met | Needs::Open => {}
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    fn needs(&self, job: &Job) -> Needs {
        let is_open =
            |need: &&RuleId| !self.ended.contains_key(*need) && (self.awaited.contains(*need) || self.built_in_runs);
        if job.needs.iter().any(|need| is_open(&need)) {
            return Needs::Open;
        }
        let failed = job.needs.iter().find(|need| self.ended.get(*need) == Some(&Need::Failed));
        failed.map_or(Needs::Met, |need| Needs::Failed(need.clone()))
    }

    /// Who starts next, if anybody may.
    fn next(&self) -> Option<usize> {
        let is_idle = self.n_free == self.n_jobs && !self.built_in_runs;
        let has_place = |job: &Job| if job.is_alone { is_idle } else { self.n_free > 0 };
        let may_start = |job: &Job| !self.has_exclusive && has_place(job) && matches!(self.needs(job), Needs::Met);
        self.waiting.iter().position(may_start)
    }
}

fn need(check: &CheckRun) -> Need {
    match check.outcome {
        Outcome::Broken(_) => Need::Failed,
        _ => Need::Met,
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.schedule.lock();
        state.n_free += 1;
        state.has_exclusive &= !self.is_exclusive;
        self.schedule.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Need, Schedule};
    use crate::model::outcome::{Breakage, CheckRun, Outcome};
    use crate::model::rule::{Family, RuleId};
    use crate::run::order::Job;

    fn job(id: &str, needs: &[&str]) -> Job {
        Job { id: RuleId::from(id), needs: needs.iter().copied().map(RuleId::from).collect(), is_alone: false }
    }

    #[test]
    fn no_more_run_at_once_than_may_and_an_exclusive_one_is_alone() {
        let n_jobs = 3;
        let jobs: Vec<Job> = (0..100).map(|n| Job { is_alone: n % 4 == 0, ..job(&format!("j{n}"), &[]) }).collect();
        let schedule = Schedule::new(jobs.clone(), &[], n_jobs);
        schedule.settle(&[]);
        let n_running = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for job in &jobs {
                let (schedule, n_running) = (&schedule, &n_running);
                scope.spawn(move || {
                    let _turn = schedule.begin(&job.id);
                    let n_beside = n_running.fetch_add(1, Ordering::SeqCst);
                    assert!(n_beside < n_jobs && !(job.is_alone && n_beside > 0), "{n_beside} beside {}", job.id);
                    (0..20).for_each(|_| std::thread::yield_now());
                    n_running.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
    }

    /// Runs jobs one at a time; gives them in the order in which they started, with what they failed for.
    fn started(jobs: Vec<Job>, settled: &[CheckRun], failing: &[&str]) -> Vec<String> {
        let schedule = Schedule::new(jobs.clone(), settled, 1);
        let told = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            // Whoever comes last is asked first: who comes when must not matter.
            for job in jobs.iter().rev() {
                let (schedule, told) = (&schedule, &told);
                scope.spawn(move || {
                    let turn = schedule.begin(&job.id);
                    let fails = turn.is_err() || failing.contains(&job.id.as_str());
                    let text = match &turn {
                        Ok(_) => job.id.to_string(),
                        Err(need) => format!("{} not, for {need}", job.id),
                    };
                    told.lock().unwrap().push(text);
                    schedule.end(&job.id, if fails { Need::Failed } else { Need::Met });
                });
            }
            schedule.settle(&[]);
        });
        told.into_inner().unwrap()
    }

    #[test]
    fn they_start_in_their_order_whoever_comes_first() {
        let jobs: Vec<Job> = ["d", "b", "a", "c"].into_iter().map(|id| job(id, &[])).collect();
        assert_eq!(started(jobs, &[], &[]), ["d", "b", "a", "c"]);
    }

    #[test]
    fn needs_go_before_the_order_and_a_failed_one_holds_back_what_needs_it() {
        let jobs = || vec![job("a", &["c"]), job("b", &["gone"]), job("c", &["elsewhere"])];
        let broken = Outcome::Broken(Breakage::new("why"));
        let settled = |outcome| [CheckRun::new(RuleId::from("gone"), Family::Tools, outcome)];
        assert_eq!(started(jobs(), &settled(Outcome::Clean), &[]), ["b", "c", "a"]);
        let schedule = Schedule::new(vec![job("c", &["gone", "elsewhere"])], &settled(Outcome::Clean), 1);
        schedule.settle(&[]);
        assert_eq!(schedule.unseen(&["gone", "elsewhere"].map(str::to_owned)), ["elsewhere"]);
        let mut told = started(jobs(), &settled(broken), &["c"]);
        told.sort();
        assert_eq!(told, ["a not, for c", "b not, for gone", "c"]);
    }
}
