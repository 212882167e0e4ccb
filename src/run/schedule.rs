//! Who may start when: needs, places, and commands that want the machine for themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::outcome::{CheckRun, Outcome};
use crate::model::rule::RuleId;
use crate::plan::CommandJob;

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
    /// The commands that are to come.
    awaited: BTreeSet<RuleId>,
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

impl Schedule {
    pub(super) fn new(commands: &[CommandJob], settled: &[CheckRun], n_jobs: usize) -> Self {
        let need = |check: &CheckRun| match check.outcome {
            Outcome::Broken(_) => Need::Failed,
            _ => Need::Met,
        };
        let state = State {
            ended: settled.iter().map(|check| (check.id.clone(), need(check))).collect(),
            awaited: commands.iter().map(|job| job.command.id.clone()).collect(),
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
        for check in checks {
            let need = if matches!(check.outcome, Outcome::Broken(_)) { Need::Failed } else { Need::Met };
            state.ended.insert(check.id.clone(), need);
        }
        self.changed.notify_all();
    }

    /// Says that a command has ended.
    pub(super) fn end(&self, id: &RuleId, need: Need) {
        let mut state = self.lock();
        state.ended.insert(id.clone(), need);
        state.awaited.remove(id);
        self.changed.notify_all();
    }

    /// Waits until every need has ended; gives the first that failed. One that is not part of this run is met.
    pub(super) fn await_needs(&self, needs: &[String]) -> Option<String> {
        let mut state = self.lock();
        loop {
            let open = |need: &&String| {
                let id = RuleId::from(need.as_str());
                !state.ended.contains_key(&id) && (state.awaited.contains(&id) || state.built_in_runs)
            };
            if needs.iter().find(open).is_none() {
                let failed = |need: &&String| state.ended.get(&RuleId::from(need.as_str())) == Some(&Need::Failed);
                return needs.iter().find(failed).cloned();
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for a free place; an exclusive command waits until nothing else runs.
    pub(super) fn turn(&self, is_exclusive: bool) -> Turn<'_> {
        let mut state = self.lock();
        loop {
            let is_idle = state.n_free == state.n_jobs && !state.built_in_runs;
            let may_start = if is_exclusive { is_idle } else { state.n_free > 0 };
            if may_start && !state.has_exclusive {
                state.n_free -= 1;
                state.has_exclusive = is_exclusive;
                return Turn { schedule: self, is_exclusive };
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Schedule;

    #[test]
    fn no_more_run_at_once_than_may_and_an_exclusive_one_is_alone() {
        let n_jobs = 3;
        let schedule = Schedule::new(&[], &[], n_jobs);
        schedule.settle(&[]);
        let n_running = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for index in 0..24 {
                let (schedule, n_running) = (&schedule, &n_running);
                scope.spawn(move || {
                    let is_exclusive = index % 4 == 0;
                    for _ in 0..20 {
                        let _turn = schedule.turn(is_exclusive);
                        let n_beside = n_running.fetch_add(1, Ordering::SeqCst);
                        assert!(n_beside < n_jobs && !(is_exclusive && n_beside > 0), "{n_beside} beside {index}");
                        std::thread::yield_now();
                        n_running.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
    }
}
