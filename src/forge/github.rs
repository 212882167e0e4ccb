//! GitHub Actions: variables and the event file (docs.github.com, "Variables reference" and "Webhook events").

use serde::Deserialize;

use crate::forge::{Change, Error, Forge, Judge, Variables, branch, given, remote_branch};

const NAME: &str = "github";

pub(super) const FORGE: Forge = Forge {
    name: NAME,
    is_here: |variables| given(variables, "GITHUB_ACTIONS") == Some("true"),
    event_variable: Some("GITHUB_EVENT_PATH"),
    change,
    fetch_hint: "give `actions/checkout` the option `fetch-depth: 0`, so that the base branch is there",
    log_format: Some("github"),
    summary_variable: Some("GITHUB_STEP_SUMMARY"),
};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Event {
    number: u64,
    pull_request: Option<PullRequest>,
    merge_group: Option<MergeGroup>,
    before: String,
    repository: Repository,
}

#[derive(Deserialize)]
struct PullRequest {
    base: Side,
    #[serde(default)]
    head: Side,
}

#[derive(Deserialize, Default)]
struct Side {
    sha: String,
}

#[derive(Deserialize)]
struct MergeGroup {
    base_sha: String,
    #[serde(default)]
    base_ref: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Repository {
    default_branch: String,
}

fn missing(missing: impl Into<String>) -> Error {
    Error::Missing { forge: "GitHub Actions", missing: missing.into() }
}

fn change(variables: &Variables, event: &[u8]) -> Result<Change, Error> {
    let event: Event =
        serde_json::from_slice(event).map_err(|error| missing(format!("the event file can't be read: {error}")))?;
    let head = given(variables, "GITHUB_SHA").ok_or_else(|| missing("GITHUB_SHA is not set"))?.to_owned();
    let reference = given(variables, "GITHUB_REF").unwrap_or_default();
    if let Some(request) = event.pull_request {
        let into = given(variables, "GITHUB_BASE_REF").unwrap_or("its base");
        let title = format!("pull request {} into {into}", event.number);
        if given(variables, "GITHUB_EVENT_NAME") == Some("pull_request_target") {
            // There GITHUB_SHA is the base, and the checkout has to fetch the head itself.
            return Ok(Change {
                bases: vec![request.base.sha],
                head: request.head.sha,
                title,
                is_request: true,
                judge: Judge::Base,
            });
        }
        // Actions judges the merge of the request into its base; its first parent is the base as it was merged into,
        // which may be newer than the one that the event tells of.
        let is_merge = reference.starts_with("refs/pull/") && reference.ends_with("/merge") && head != request.head.sha;
        let merged = is_merge.then(|| format!("{head}^1"));
        let bases = merged.into_iter().chain([request.base.sha, remote_branch(into)]).collect();
        return Ok(Change { bases, head, title, is_request: true, judge: Judge::Base });
    }
    if let Some(group) = event.merge_group {
        let title = format!("merge group into {}", branch(&group.base_ref));
        let bases = vec![group.base_sha];
        return Ok(Change { bases, head, title, is_request: true, judge: Judge::Base });
    }
    let default = event.repository.default_branch.clone();
    let judge = Judge::DefaultBranch {
        pushed: reference.strip_prefix("refs/heads/").unwrap_or_default().to_owned(),
        default: default.clone(),
    };
    let bases = match (event.before.bytes().any(|byte| byte != b'0'), default) {
        (true, _) => vec![event.before],
        (false, default) if !default.is_empty() && reference.starts_with("refs/heads/") => {
            vec![remote_branch(&default)]
        }
        (false, _) => {
            let name = given(variables, "GITHUB_EVENT_NAME").unwrap_or_default();
            return Err(missing(format!("an event `{name}` has no base; name one with --base")));
        }
    };
    Ok(Change { bases, head, title: format!("push to {}", branch(reference)), is_request: false, judge })
}
