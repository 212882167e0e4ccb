//! In which order commands are to start, so that all have ended as soon as can be: whoever has most work behind it first,
//! as far as earlier runs tell. A command that is not known comes before those that are: nobody can tell that it is short.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::rule::RuleId;
use crate::plan::CommandJob;

/// How long commands took, by the id of their check.
pub(crate) type Durations = BTreeMap<RuleId, Duration>;

/// What is to run once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// The id of its check.
    pub(super) id: RuleId,
    /// The checks that must have ended before it starts.
    pub(super) needs: Vec<RuleId>,
    /// Whether nothing may run beside it.
    pub(super) is_alone: bool,
}

impl Job {
    /// A command.
    pub(super) fn of(job: &CommandJob) -> Self {
        let check = &job.command.check;
        Self {
            id: job.command.id.clone(),
            needs: check.needs.iter().map(|need| RuleId::from(need.as_str())).collect(),
            is_alone: check.exclusive || job.command.mends(),
        }
    }
}

/// Brings jobs into the order in which they are to start; those that are alike stay as they are.
pub(super) fn order(jobs: &mut [Job], durations: &Durations) {
    let mut ahead: BTreeMap<RuleId, Duration> = jobs.iter().map(|job| (job.id.clone(), own(job, durations))).collect();
    // The work behind a job is its own and the longest of those that need it; a chain of needs has a link for each job.
    for _ in 0..jobs.len() {
        let mut has_changed = false;
        for job in jobs.iter() {
            let behind = ahead.get(&job.id).copied().unwrap_or_default();
            for need in &job.needs {
                let own = jobs.iter().find(|job| job.id == *need).map_or(Duration::ZERO, |job| own(job, durations));
                let longest = own.saturating_add(behind);
                if let Some(known) = ahead.get_mut(need).filter(|known| **known < longest) {
                    *known = longest;
                    has_changed = true;
                }
            }
        }
        if !has_changed {
            break;
        }
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(ahead.get(&job.id).copied()));
}

fn own(job: &Job, durations: &Durations) -> Duration {
    durations.get(&job.id).copied().unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Durations, Job, order};
    use crate::model::rule::RuleId;

    /// Jobs as `id:milliseconds:needs`, with no number where nothing is known.
    #[track_caller]
    fn check(jobs: &[&str], expected: &str) {
        let mut durations = Durations::new();
        let job = |text: &&str| {
            let parts: Vec<&str> = text.split(':').collect();
            if let Ok(millis) = parts[1].parse() {
                durations.insert(RuleId::from(parts[0]), Duration::from_millis(millis));
            }
            let needs = parts.get(2).into_iter().flat_map(|needs| needs.split(',')).map(RuleId::from).collect();
            Job { id: RuleId::from(parts[0]), needs, is_alone: false }
        };
        let mut jobs: Vec<Job> = jobs.iter().map(job).collect();
        order(&mut jobs, &durations);
        let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
        assert_eq!(ids.join(" "), expected);
    }

    #[test]
    fn what_takes_longest_starts_first() {
        check(&[], "");
        check(&["a:1", "b:3", "c:2"], "b c a");
        check(&["a:2", "b:2", "c:2"], "a b c");
    }

    #[test]
    fn what_is_not_known_starts_before_what_is() {
        check(&["a:90000", "b:", "c:1", "d:"], "b d a c");
    }

    #[test]
    fn what_others_wait_for_counts_their_time() {
        check(&["a:5", "b:1", "c:7:b"], "b c a");
        check(&["a:5", "b:1", "c:1:b", "d:9:c", "e:2"], "b c d a e");
        check(&["a:5", "b:1", "c::b"], "b c a");
        check(&["d:3:b,c", "b:4", "c:1", "a:6"], "b a c d");
        check(&["a:1:elsewhere", "b:2"], "b a");
    }

    #[test]
    fn needs_in_a_circle_end() {
        check(&["a:1:b", "b:1:a", "c:9"], "c a b");
    }
}
