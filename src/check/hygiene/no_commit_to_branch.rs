//! `no-commit-to-branch`: commits made on a branch that only merges may change.

use regex::Regex;

use crate::check::{About, Active, ChangeCheck, Examined};
use crate::model::change::{ChangeSet, Head};
use crate::model::content::Contents;
use crate::model::finding::{Finding, Novelty};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct NoCommitToBranch;

static ABOUT: About = About {
    id: "no-commit-to-branch",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A commit that is made directly on a protected branch.",
    doc: DOC,
    options: &[
        OptionSpec {
            name: "branch",
            kind: OptionKind::List,
            help: "A branch that is protected; repeatable; default: master and main.",
        },
        OptionSpec {
            name: "pattern",
            kind: OptionKind::List,
            help: "A regular expression of branches that are protected, from the start of the name; repeatable.",
        },
    ],
};

const DOC: &str = "\
## What it finds
That what is to be committed would be committed on `main`, `master` or another branch that is named. It looks only at the \
index and the work tree: a range, a push and a pull request are no commits that are about to be made. A detached HEAD is \
on no branch.

## Why it matters
Where changes enter a branch by pull requests only, a commit made there has to be moved: the push is refused.

## Example
`git commit` while `main` is checked out.

## Fix
`git switch -c BRANCH`: what is staged comes along.

## Options
- `branch`: a branch that is protected. `master` and `main` if none is named.
- `pattern`: a regular expression, matched from the start of the name.
";

impl ChangeCheck for NoCommitToBranch {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, change: &ChangeSet, contents: &dyn Contents, options: &Options) -> Result<Examined, Breakage> {
        let is_to_be_committed = matches!(change.head, Head::Index | Head::Worktree) && !change.parents.is_empty();
        let Some(branch) = contents.branch().filter(|_| is_to_be_committed) else { return Ok(Examined::default()) };
        if !is_protected(&branch, options)? {
            return Ok(Examined::default());
        }
        let message = format!("`{branch}` is protected: nothing is committed to it directly");
        let finding = Finding::new(ABOUT.id, ABOUT.level, Place::Change, message)
            .with_hint("`git switch -c BRANCH` takes what is staged along")
            .with_novelty(Novelty::Always);
        Ok(vec![finding].into())
    }
}

fn is_protected(branch: &str, options: &Options) -> Result<bool, Breakage> {
    let by_name = match options.list("branch") {
        Some(branches) => branches.iter().any(|known| known == branch),
        None => matches!(branch, "master" | "main"),
    };
    let mut by_pattern = false;
    for pattern in options.list("pattern").unwrap_or_default() {
        let known = Regex::new(&format!("^(?:{pattern})"))
            .map_err(|error| Breakage::new(format!("`pattern` of no-commit-to-branch: {error}")))?;
        by_pattern |= known.is_match(branch);
    }
    Ok(by_name || by_pattern)
}

#[cfg(test)]
mod tests {
    use super::{NoCommitToBranch, is_protected};
    use crate::check::hygiene::examples::{FakeChange, listed};
    use crate::model::option::Options;

    #[track_caller]
    fn check(options: &Options, branch: &str, expected: bool) {
        assert_eq!(is_protected(branch, options), Ok(expected), "{branch}");
    }

    #[test]
    fn branches_are_protected_by_name_and_pattern() {
        check(&Options::default(), "main", true);
        check(&Options::default(), "master", true);
        check(&Options::default(), "topic/main", false);
        check(&listed("branch", &["release"]), "main", false);
        check(&listed("branch", &["release"]), "release", true);
        check(&listed("pattern", &["release/.*", "v[0-9]"]), "v1-x", true);
        check(&listed("pattern", &["release/.*", "v[0-9]"]), "a/v1", false);
        check(&listed("pattern", &["x"]), "main", true);
        assert!(is_protected("a", &listed("pattern", &["("])).is_err());
    }

    #[test]
    fn only_what_is_about_to_be_committed_counts() {
        let change = FakeChange { branch: Some("main"), added: &["a"], ..FakeChange::default() };
        assert_eq!(change.findings(&NoCommitToBranch).len(), 1);
        let change = FakeChange { branch: Some("main"), whole: true, ..FakeChange::default() };
        assert!(change.findings(&NoCommitToBranch).is_empty());
        assert!(FakeChange { added: &["a"], ..FakeChange::default() }.findings(&NoCommitToBranch).is_empty());
    }
}
