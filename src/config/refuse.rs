//! Keys and values that are part of the format and that this version does not implement: each is refused by name,
//! because a policy that is not carried out must not look as if it were.

use crate::config::places::{Places, joined};
use crate::config::problem::Problem;
use crate::config::raw::{RawCheck, RawConfig};

/// What of this file is not implemented, in any order.
pub(crate) fn not_yet(raw: &RawConfig, places: &Places) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |path: &str, what: &str, hint: &str| problems.push(problem(places, path, what, hint));
    for (id, check) in &raw.checks {
        let prefix = joined("checks", id);
        for (key, is_said, hint) in later_keys(check) {
            if is_said {
                refuse(&format!("{prefix}.{key}"), key, hint);
            }
        }
    }
    problems
}

/// Keys of a check that later versions know, whether they are said, and what to do until then.
fn later_keys(check: &RawCheck) -> [(&'static str, bool, &'static str); 1] {
    [("scope", check.scope.is_some(), "set `scope` for a stage or for [gate]")]
}

/// The problem that `what` at `path` is not implemented.
fn problem(places: &Places, path: &str, what: &str, hint: &str) -> Problem {
    let version = env!("CARGO_PKG_VERSION");
    places.key_problem(path, format!("`{what}` is not implemented yet in tollgate {version}"), hint)
}
