//! The gate: pass or block. The only place that decides; pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, Gate, OnBroken};
use crate::model::finding::Finding;
use crate::model::outcome::{CheckRun, Outcome};
use crate::model::rule::{Level, RuleId};
use crate::model::verdict::{Reason, Verdict};

/// Judges what a run found by a gate of the policy. Findings count by level and scope; a check that could not run counts
/// if the policy says so.
pub(crate) fn judge(findings: &[Finding], checks: &[CheckRun], gate: &Gate, config: &Config) -> Verdict {
    let mut reasons = Vec::new();
    for level in [Level::Error, Level::Warning, Level::Note] {
        let of_level = findings.iter().filter(|finding| finding.level == level);
        let of_level: Vec<&Finding> = of_level.filter(|finding| config.counts(finding, gate)).collect();
        let blocks = gate.fail_on.value.is_some_and(|lowest| level >= lowest);
        if blocks && !of_level.is_empty() {
            reasons.push(because_of(level, &of_level));
        }
    }
    if gate.on_broken.value == OnBroken::Block {
        reasons.extend(checks.iter().filter_map(|check| match &check.outcome {
            Outcome::Broken(breakage) => Some(Reason::Broken { check: check.id.clone(), why: breakage.why.clone() }),
            Outcome::Clean | Outcome::Found(_) | Outcome::Skipped(_) => None,
        }));
    }
    if reasons.is_empty() { Verdict::Pass } else { Verdict::Block(reasons) }
}

fn because_of(level: Level, findings: &[&Finding]) -> Reason {
    let files: BTreeSet<_> = findings.iter().filter_map(|finding| finding.place.path()).collect();
    let mut counts: BTreeMap<&RuleId, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(&finding.rule).or_default() += 1;
    }
    let mut rules: Vec<(&RuleId, usize)> = counts.into_iter().collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rules = rules.into_iter().map(|(rule, _)| rule.clone()).collect();
    Reason::Findings { level, n_findings: findings.len(), n_files: files.len(), rules }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::config::{Config, OnBroken, Scope};
    use crate::model::finding::{Finding, State};
    use crate::model::outcome::{Breakage, CheckRun, Outcome};
    use crate::model::place::Place;
    use crate::model::rule::{Family, Level, RuleId};

    fn finding(level: Level, state: State) -> Finding {
        Finding { state, ..Finding::new("a-rule", level, Place::Change, "m") }
    }

    fn broken() -> CheckRun {
        CheckRun::new(RuleId::from("lint"), Family::Tools, Outcome::Broken(Breakage::new("gone")))
    }

    /// Findings, whether a check is broken, and the exit code under: the defaults; fail-on warning; fail-on none;
    /// scope all; on-broken warn.
    #[track_caller]
    fn check(findings: &[(Level, State)], is_broken: bool, expected: [u8; 5]) {
        let findings: Vec<Finding> = findings.iter().map(|(level, state)| finding(*level, *state)).collect();
        let checks = if is_broken { vec![broken()] } else { Vec::new() };
        let defaults = Config::defaults().gate;
        let mut gates = [defaults.clone(), defaults.clone(), defaults.clone(), defaults.clone(), defaults];
        gates[1].fail_on.value = Some(Level::Warning);
        gates[2].fail_on.value = None;
        gates[3].scope.value = Scope::All;
        gates[4].on_broken.value = OnBroken::Warn;
        let config = Config::defaults();
        assert_eq!(gates.map(|gate| judge(&findings, &checks, &gate, &config).exit_code()), expected);
    }

    #[test]
    fn level_scope_and_breakage_decide() {
        check(&[], false, [0, 0, 0, 0, 0]);
        check(&[(Level::Error, State::New)], false, [1, 1, 0, 1, 1]);
        check(&[(Level::Error, State::Updated)], false, [1, 1, 0, 1, 1]);
        check(&[(Level::Error, State::Unchanged)], false, [0, 0, 0, 1, 0]);
        check(&[(Level::Warning, State::New)], false, [0, 1, 0, 0, 0]);
        check(&[(Level::Note, State::New)], false, [0, 0, 0, 0, 0]);
        check(&[], true, [3, 3, 3, 3, 0]);
        check(&[(Level::Error, State::New)], true, [1, 1, 3, 1, 1]);
        check(&[(Level::Warning, State::New)], true, [3, 1, 3, 3, 0]);
    }

    #[test]
    fn a_check_says_for_itself_which_of_its_findings_count() {
        let check = |gate: &str, scope: &str, rule: &str, expected: bool| {
            let toml = format!("gate.scope = \"{gate}\"\n[checks.lint]\nrun = [\"lint\"]\nscope = \"{scope}\"\n");
            let config = Config::load(Some(("tollgate.toml", toml.as_bytes()))).unwrap();
            let old = Finding::new(rule, Level::Error, Place::Change, "m");
            let verdict = judge(&[Finding { state: State::Unchanged, ..old }], &[], &config.gate, &config);
            assert_eq!(verdict.exit_code() == 1, expected, "{toml}{rule}");
        };
        check("new", "all", "lint/E1", true);
        check("new", "all", "lint", true);
        check("new", "all", "other/E1", false);
        check("all", "new", "lint/E1", false);
        check("all", "new", "other", true);
    }
}
