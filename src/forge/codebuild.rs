//! AWS CodeBuild: the variables of a build that a webhook started (docs.aws.amazon.com, "Environment variables in build
//! environments").

use crate::forge::{Change, Error, Forge, Judge, Variables, branch, given, given_object, remote_branch};

pub(super) const FORGE: Forge = Forge {
    name: "codebuild",
    is_here: |variables| given(variables, "CODEBUILD_BUILD_ID").is_some(),
    event_variable: None,
    change,
    fetch_hint: "set `git-clone-depth: 0` in the project's source, and fetch the base branch in `pre_build` of the buildspec",
    log_format: None,
    summary_variable: None,
};

fn missing(missing: &str) -> Error {
    Error::Missing { forge: "CodeBuild", missing: missing.to_owned() }
}

fn change(variables: &Variables, _event: &[u8]) -> Result<Change, Error> {
    let head = given(variables, "CODEBUILD_RESOLVED_SOURCE_VERSION")
        .ok_or_else(|| missing("CODEBUILD_RESOLVED_SOURCE_VERSION is not set"))?
        .to_owned();
    let trigger = given(variables, "CODEBUILD_WEBHOOK_TRIGGER").unwrap_or("build");
    if let Some(base) = given(variables, "CODEBUILD_WEBHOOK_BASE_REF") {
        let into = branch(base);
        return Ok(Change {
            bases: vec![remote_branch(into)],
            head,
            title: format!("{trigger} into {into}"),
            is_request: true,
            judge: Judge::Base,
        });
    }
    match given_object(variables, "CODEBUILD_WEBHOOK_PREV_COMMIT") {
        Some(before) => Ok(Change {
            bases: vec![before.to_owned()],
            head,
            title: trigger.to_owned(),
            is_request: false,
            judge: Judge::DefaultBranch {
                pushed: trigger.strip_prefix("branch/").unwrap_or_default().to_owned(),
                default: String::new(),
            },
        }),
        None => Err(missing(
            "no webhook started this build; name the base with --base, for a CodeCommit pull request its destination \
             commit",
        )),
    }
}
