//! A change into a branch without a policy: the built-in defaults decide, and what the change's own policy says besides
//! is told beside it.

use std::collections::BTreeSet;

use crate::app::Judged;
use crate::model::finding::Finding;
use crate::triage;

/// One report of what several policies said of the same change. The first one decides: what another one finds is added
/// where the first did not find the same.
pub(super) fn merged(judged: Vec<Judged>) -> Judged {
    let mut judged = judged.into_iter();
    let mut whole = judged.next().expect("because every change has a policy");
    for other in judged {
        let (into, from) = (&mut whole.report, other.report);
        into.subject.policy = format!("{}; {}", into.subject.policy, from.subject.policy);
        let known: BTreeSet<_> =
            into.findings.iter().map(|finding| (finding.rule.clone(), finding.place.clone())).collect();
        let is_new = |finding: &Finding| !known.contains(&(finding.rule.clone(), finding.place.clone()));
        into.findings.extend(from.findings.into_iter().filter(is_new));
        let is_unknown = |finding: &Finding| !into.suppressed.contains(finding);
        let suppressed: Vec<Finding> = from.suppressed.into_iter().filter(is_unknown).collect();
        into.suppressed.extend(suppressed);
        for check in from.checks {
            if !into.checks.iter().any(|known| known.id == check.id) {
                into.checks.push(check);
            }
        }
        for rule in from.rules {
            if !into.rules.iter().any(|known| known.id == rule.id) {
                into.rules.push(rule);
            }
        }
        for notice in from.notices {
            if !into.notices.contains(&notice) {
                into.notices.push(notice);
            }
        }
        whole.judges_messages |= other.judges_messages;
        into.coverage = into.coverage.take().or(from.coverage);
        into.duration += from.duration;
        into.checks.sort_by(|a, b| (a.family, &a.id).cmp(&(b.family, &b.id)));
        into.rules.sort_by(|a, b| a.id.cmp(&b.id));
        triage::order(&mut into.findings);
        triage::order(&mut into.suppressed);
    }
    whole
}
