//! The `GIT_*` variables: git's own channel to the programs that it starts. The only place that reads them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::model::change::ObjectId;

/// Variables that change how a pathspec is read; they clash with the literal reading that is always asked for.
const PATHSPEC: [&str; 4] =
    ["GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"];

/// The `GIT_*` variables that hold for a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// All of them.
    pub(crate) fn variables(&self) -> &BTreeMap<OsString, OsString> {
        &self.0
    }

    /// Whether they, and not the current folder, say where the repository or its work tree is.
    pub(crate) fn names_a_place(&self) -> bool {
        self.0.contains_key(OsStr::new("GIT_DIR")) || self.0.contains_key(OsStr::new("GIT_WORK_TREE"))
    }

    /// The same for a git that runs in another folder: places that were given are absolute.
    pub(crate) fn with_places(&self, git_dir: &Path, work_tree: Option<&Path>) -> Self {
        let mut variables = self.0.clone();
        if self.names_a_place() {
            variables.insert("GIT_DIR".into(), git_dir.into());
            if let Some(top) = work_tree {
                variables.insert("GIT_WORK_TREE".into(), top.into());
            }
        }
        Self(variables)
    }

    /// The index that is used instead of the repository's own.
    pub(crate) fn index_file(&self) -> Option<&OsStr> {
        self.0.get(OsStr::new("GIT_INDEX_FILE")).map(OsString::as_os_str).filter(|file| !file.is_empty())
    }

    /// The folders above which no repository is looked for.
    pub(crate) fn ceilings(&self) -> Option<&OsStr> {
        self.0.get(OsStr::new("GIT_CEILING_DIRECTORIES")).map(OsString::as_os_str)
    }

    /// The commits that `git merge` is merging (`GITHEAD_<id>`): in `pre-merge-commit` they are named nowhere else.
    pub(crate) fn merged_commits(&self) -> Vec<ObjectId> {
        self.0.keys().filter_map(|key| ObjectId::from_hex(key.as_encoded_bytes().strip_prefix(b"GITHEAD_")?)).collect()
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    /// Keeps what concerns git.
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        let concerns_git = |key: &OsStr| {
            let bytes = key.as_encoded_bytes();
            bytes.starts_with(b"GITHEAD_")
                || bytes.starts_with(b"GIT_") && !PATHSPEC.iter().any(|name| bytes == name.as_bytes())
        };
        Self(variables.into_iter().filter(|(key, _)| concerns_git(key)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::Environment;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(key, value)| (OsString::from(key), OsString::from(value))).collect()
    }

    #[test]
    fn only_what_concerns_git_is_kept() {
        let kept =
            environment(&[("GIT_DIR", "x"), ("HOME", "/h"), ("GITHUB_TOKEN", "t"), ("GIT_ICASE_PATHSPECS", "1")]);
        assert_eq!(kept, environment(&[("GIT_DIR", "x")]));
    }

    #[test]
    fn merged_commits_are_the_well_formed_names() {
        let id = "0123456789012345678901234567890123456789";
        let merging = environment(&[(&format!("GITHEAD_{id}"), "topic"), ("GITHEAD_oops", "x")]);
        assert_eq!(merging.merged_commits().iter().map(ToString::to_string).collect::<Vec<_>>(), [id]);
    }

    #[test]
    fn places_are_made_absolute_only_where_they_were_given() {
        let (git_dir, top) = (Path::new("/r/.git"), Path::new("/r"));
        let plain = environment(&[("GIT_INDEX_FILE", ".git/index")]);
        assert_eq!(plain.with_places(git_dir, Some(top)), plain);
        assert_eq!(
            environment(&[("GIT_DIR", "../.git")]).with_places(git_dir, Some(top)),
            environment(&[("GIT_DIR", "/r/.git"), ("GIT_WORK_TREE", "/r")]),
        );
    }
}
