//! Forges and their pipelines: what the environment of a CI run says about the change. Pure: variables and the event
//! file are handed in.

mod codebuild;
mod github;
mod gitlab;

use std::collections::BTreeMap;

/// The variables of a CI run.
pub(crate) type Variables = BTreeMap<String, String>;

/// What a pipeline is asked to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What names the branch that the change wants to enter, the best first: whichever git knows is taken.
    pub(crate) bases: Vec<String>,
    /// What is judged.
    pub(crate) head: String,
    /// For people: `pull request 7 into main`.
    pub(crate) title: String,
    /// Whether it is a request to merge: then head and base are never the same.
    pub(crate) is_request: bool,
    /// Whose policy judges.
    pub(crate) judge: Judge,
}

/// Whose policy judges a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judge {
    /// That of the base.
    Base,
    /// The change was pushed to a branch, and its base may be what was pushed before, policy and all: that of the
    /// default branch, if it is another one.
    DefaultBranch {
        /// The branch that was pushed to; empty if that is not said.
        pushed: String,
        /// The name of the default branch; empty if that is not said.
        default: String,
    },
}

/// A forge's pipeline.
pub(crate) struct Forge {
    /// The name that chooses it.
    pub(crate) name: &'static str,
    /// Whether these variables are those of its pipelines.
    pub(crate) is_here: fn(&Variables) -> bool,
    /// The variable that names the file with the event, if the forge writes one.
    pub(crate) event_variable: Option<&'static str>,
    /// The change, told by the variables and the event; the error says what is missing.
    pub(crate) change: fn(&Variables, &[u8]) -> Result<Change, Error>,
    /// What to change in the pipeline when git does not know the base.
    pub(crate) fetch_hint: &'static str,
    /// The format in which the pipeline's log shows findings beside the code, if it has one.
    pub(crate) log_format: Option<&'static str>,
    /// The variable that names a file for a summary in Markdown, if there is one.
    pub(crate) summary_variable: Option<&'static str>,
}

/// Why the change can't be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// A variable or a key of the event is not there.
    #[error("{forge} does not say what is judged: {missing}")]
    Missing {
        /// The forge.
        forge: &'static str,
        /// What is missing.
        missing: String,
    },
}

/// Every forge whose pipelines are known.
pub(crate) const FORGES: &[Forge] = &[github::FORGE, gitlab::FORGE, codebuild::FORGE];

/// The forge whose pipeline these variables belong to.
pub(crate) fn detect(variables: &Variables) -> Option<&'static Forge> {
    FORGES.iter().find(|forge| (forge.is_here)(variables))
}

/// The value of a variable that is set and not empty.
fn given<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// The same for an object name: git's "no object" does not count.
fn given_object<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    given(variables, name).filter(|id| id.bytes().any(|byte| byte != b'0'))
}

/// The branch of the remote, by its full name: `origin/main` could also be a tag or a local branch that somebody pushed.
pub(crate) fn remote_branch(name: &str) -> String {
    format!("refs/remotes/origin/{name}")
}

/// The name of a branch from a full ref.
fn branch(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}

#[cfg(test)]
mod tests {
    use super::{Change, Judge, Variables, detect};

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[track_caller]
    fn check(pairs: &[(&str, &str)], event: &str, bases: &[&str], head: &str, title: &str) {
        let variables = variables(pairs);
        let change = (detect(&variables).unwrap().change)(&variables, event.as_bytes()).unwrap();
        let bases = bases.iter().map(|&base| base.to_owned()).collect();
        let is_request = title.contains(" into ");
        let judge = change.judge.clone();
        assert_eq!(judge == Judge::Base, is_request);
        assert_eq!(change, Change { bases, head: head.to_owned(), title: title.to_owned(), is_request, judge });
    }

    #[track_caller]
    fn judged(pairs: &[(&str, &str)], event: &str, pushed: &str, default: &str) {
        let variables = variables(pairs);
        let change = (detect(&variables).unwrap().change)(&variables, event.as_bytes()).unwrap();
        let expected = Judge::DefaultBranch { pushed: pushed.to_owned(), default: default.to_owned() };
        assert_eq!(change.judge, expected);
    }

    #[test]
    fn a_push_names_its_branch_and_the_default_one() {
        let github = [("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "aaa"), ("GITHUB_REF", "refs/heads/topic")];
        judged(&github, r#"{"before": "bbb", "repository": {"default_branch": "main"}}"#, "topic", "main");
        judged(&github, r#"{"before": "bbb"}"#, "topic", "");
        let gitlab = [
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_SHA", "aaa"),
            ("CI_COMMIT_BEFORE_SHA", "bbb"),
            ("CI_COMMIT_BRANCH", "topic"),
        ];
        judged(&gitlab, "", "topic", "");
        judged(&[&gitlab[..], &[("CI_DEFAULT_BRANCH", "main")]].concat(), "", "topic", "main");
        let build = [
            ("CODEBUILD_BUILD_ID", "p:1"),
            ("CODEBUILD_RESOLVED_SOURCE_VERSION", "aaa"),
            ("CODEBUILD_WEBHOOK_PREV_COMMIT", "bbb"),
            ("CODEBUILD_WEBHOOK_TRIGGER", "branch/topic"),
        ];
        judged(&build, "", "topic", "");
    }

    #[track_caller]
    fn refused(pairs: &[(&str, &str)], event: &str, expected: &str) {
        let variables = variables(pairs);
        let error = (detect(&variables).unwrap().change)(&variables, event.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn github_actions() {
        let actions = ("GITHUB_ACTIONS", "true");
        check(
            &[
                actions,
                ("GITHUB_EVENT_NAME", "pull_request"),
                ("GITHUB_SHA", "aaa"),
                ("GITHUB_REF", "refs/pull/7/merge"),
                ("GITHUB_BASE_REF", "main"),
            ],
            r#"{"number": 7, "pull_request": {"base": {"sha": "bbb"}, "head": {"sha": "ccc"}}}"#,
            &["aaa^1", "bbb", "refs/remotes/origin/main"],
            "aaa",
            "pull request 7 into main",
        );
        // The head of the request itself, as emulators have it: what is before it is no base.
        check(
            &[
                actions,
                ("GITHUB_EVENT_NAME", "pull_request"),
                ("GITHUB_SHA", "ccc"),
                ("GITHUB_REF", "refs/pull/7/merge"),
                ("GITHUB_BASE_REF", "main"),
            ],
            r#"{"number": 7, "pull_request": {"base": {"sha": "bbb"}, "head": {"sha": "ccc"}}}"#,
            &["bbb", "refs/remotes/origin/main"],
            "ccc",
            "pull request 7 into main",
        );
        check(
            &[
                actions,
                ("GITHUB_EVENT_NAME", "pull_request_target"),
                ("GITHUB_SHA", "bbb"),
                ("GITHUB_REF", "refs/heads/main"),
                ("GITHUB_BASE_REF", "main"),
            ],
            r#"{"number": 7, "pull_request": {"base": {"sha": "bbb"}, "head": {"sha": "ccc"}}}"#,
            &["bbb"],
            "ccc",
            "pull request 7 into main",
        );
    }

    #[test]
    fn github_actions_without_a_request() {
        let actions = ("GITHUB_ACTIONS", "true");
        check(
            &[actions, ("GITHUB_EVENT_NAME", "merge_group"), ("GITHUB_SHA", "aaa")],
            r#"{"merge_group": {"base_sha": "bbb", "head_sha": "aaa", "base_ref": "refs/heads/main"}}"#,
            &["bbb"],
            "aaa",
            "merge group into main",
        );
        check(
            &[actions, ("GITHUB_EVENT_NAME", "push"), ("GITHUB_SHA", "aaa"), ("GITHUB_REF", "refs/heads/main")],
            r#"{"before": "bbb"}"#,
            &["bbb"],
            "aaa",
            "push to main",
        );
        check(
            &[actions, ("GITHUB_EVENT_NAME", "push"), ("GITHUB_SHA", "aaa"), ("GITHUB_REF", "refs/heads/new")],
            r#"{"before": "0000", "repository": {"default_branch": "main"}}"#,
            &["refs/remotes/origin/main"],
            "aaa",
            "push to new",
        );
        refused(&[actions, ("GITHUB_EVENT_NAME", "schedule"), ("GITHUB_SHA", "aaa")], "{}", "`schedule`");
        refused(&[actions, ("GITHUB_EVENT_NAME", "push"), ("GITHUB_SHA", "aaa")], "{", "event");
    }

    #[test]
    fn gitlab_ci() {
        let pipeline = ("GITLAB_CI", "true");
        check(
            &[
                pipeline,
                ("CI_COMMIT_SHA", "aaa"),
                ("CI_MERGE_REQUEST_IID", "7"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", ""),
                ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "bbb"),
            ],
            "",
            &["refs/remotes/origin/main", "bbb"],
            "aaa",
            "merge request 7 into main",
        );
        check(
            &[
                pipeline,
                ("CI_COMMIT_SHA", "aaa"),
                ("CI_COMMIT_BEFORE_SHA", "bbb"),
                ("CI_COMMIT_BRANCH", "main"),
                ("CI_DEFAULT_BRANCH", "main"),
            ],
            "",
            &["bbb"],
            "aaa",
            "push to main",
        );
        refused(&[pipeline, ("CI_COMMIT_SHA", "aaa")], "", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME");
    }

    #[test]
    fn aws_codebuild() {
        let build = ("CODEBUILD_BUILD_ID", "p:1");
        check(
            &[
                build,
                ("CODEBUILD_RESOLVED_SOURCE_VERSION", "aaa"),
                ("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/main"),
                ("CODEBUILD_WEBHOOK_TRIGGER", "pr/7"),
            ],
            "",
            &["refs/remotes/origin/main"],
            "aaa",
            "pr/7 into main",
        );
        check(
            &[
                build,
                ("CODEBUILD_RESOLVED_SOURCE_VERSION", "aaa"),
                ("CODEBUILD_WEBHOOK_PREV_COMMIT", "bbb"),
                ("CODEBUILD_WEBHOOK_TRIGGER", "branch/main"),
            ],
            "",
            &["bbb"],
            "aaa",
            "branch/main",
        );
        refused(&[build, ("CODEBUILD_RESOLVED_SOURCE_VERSION", "aaa")], "", "--base");
    }
}
