//! GitLab CI: the predefined variables (docs.gitlab.com, "Predefined CI/CD variables reference").

use crate::forge::{Change, Error, Forge, Judge, Variables, given, given_object, remote_branch};

pub(super) const FORGE: Forge = Forge {
    name: "gitlab",
    is_here: |variables| given(variables, "GITLAB_CI") == Some("true"),
    event_variable: None,
    change,
    fetch_hint: "set the variable GIT_DEPTH to \"0\" in the job, so that the target branch is there",
    log_format: None,
    summary_variable: None,
};

fn missing(missing: &str) -> Error {
    Error::Missing { forge: "GitLab CI", missing: missing.to_owned() }
}

fn change(variables: &Variables, _event: &[u8]) -> Result<Change, Error> {
    let head = given(variables, "CI_COMMIT_SHA").ok_or_else(|| missing("CI_COMMIT_SHA is not set"))?.to_owned();
    if let Some(target) = given(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME") {
        let merged_into = given_object(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA").map(str::to_owned);
        let left_at = given_object(variables, "CI_MERGE_REQUEST_DIFF_BASE_SHA").map(str::to_owned);
        let bases = merged_into.into_iter().chain([remote_branch(target)]).chain(left_at).collect();
        let number = given(variables, "CI_MERGE_REQUEST_IID").unwrap_or("?");
        let title = format!("merge request {number} into {target}");
        return Ok(Change { bases, head, title, is_request: true, judge: Judge::Base });
    }
    let branch = given(variables, "CI_COMMIT_BRANCH");
    let before = given_object(variables, "CI_COMMIT_BEFORE_SHA").map(str::to_owned);
    let default = given(variables, "CI_DEFAULT_BRANCH").filter(|default| Some(*default) != branch);
    let judge = Judge::DefaultBranch {
        pushed: branch.unwrap_or_default().to_owned(),
        default: given(variables, "CI_DEFAULT_BRANCH").unwrap_or_default().to_owned(),
    };
    let base = before.or_else(|| default.map(remote_branch));
    match (base, branch) {
        (Some(base), Some(branch)) => {
            Ok(Change { bases: vec![base], head, title: format!("push to {branch}"), is_request: false, judge })
        }
        _ => Err(missing(
            "neither CI_MERGE_REQUEST_TARGET_BRANCH_NAME nor CI_COMMIT_BEFORE_SHA with CI_COMMIT_BRANCH is set; run the \
             job in merge request pipelines, or name a base with --base",
        )),
    }
}
