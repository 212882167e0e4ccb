//! Which files the configuration gives to a check: `files`, `exclude` and `types`.

use crate::check::filetype;
use crate::config::Check;
use crate::config::patterns::{PatternError, Patterns};
use crate::model::change::FileSide;

/// The files of a check; all where the configuration says nothing.
#[derive(Default)]
pub(crate) struct Given {
    only: Patterns,
    never: Patterns,
    types: Vec<String>,
}

impl Given {
    /// What `[checks.ID]` says.
    pub(crate) fn new(check: &Check) -> Result<Self, PatternError> {
        Ok(Self {
            only: Patterns::new(&check.files)?,
            never: Patterns::new(&check.exclude)?,
            types: check.types.clone(),
        })
    }

    /// The types that a file must have, which depends on its content.
    pub(crate) fn types(&self) -> &[String] {
        &self.types
    }

    /// Whether nothing is said of files.
    pub(crate) fn is_everything(&self) -> bool {
        self.only.is_empty() && self.types.is_empty()
    }

    /// Whether a file may be for the check, as far as that can be told before it is read.
    pub(crate) fn may_include(&self, side: &FileSide) -> bool {
        (self.only.is_empty() || self.only.matches(&side.path))
            && !self.never.matches(&side.path)
            && self.types.iter().all(|types| may_have(side, types))
    }

    /// The same for a file that was read.
    pub(crate) fn includes(&self, side: &FileSide, bytes: &[u8]) -> bool {
        self.types.is_empty() || {
            let tags = filetype::tags(side, bytes);
            self.types.iter().all(|types| match types.strip_prefix('!') {
                Some(tag) => !tags.contains(tag),
                None => types.split('|').any(|tag| tags.contains(tag)),
            })
        }
    }
}

/// Whether a file may be of one of these types, or not of the one after `!`, as far as its name and mode tell.
fn may_have(side: &FileSide, types: &str) -> bool {
    match types.strip_prefix('!') {
        Some(tag) => !filetype::is_surely(side, tag),
        None => types.split('|').any(|tag| filetype::may_be(side, tag)),
    }
}

#[cfg(test)]
mod tests {
    use super::Given;
    use crate::config::Config;
    use crate::model::change::{FileSide, Mode, Source};
    use crate::model::path::RepoPath;

    #[track_caller]
    fn check(keys: &str, path: &str, mode: Mode, bytes: &[u8], expected: [bool; 2]) {
        let policy = format!("[checks.x]\nrun = [\"x\"]\n{keys}\n");
        let config = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect("the policy is well formed");
        let given = Given::new(&config.checks["x"]).expect("valid patterns");
        let side = FileSide { path: RepoPath::from(path), mode, source: Source::Worktree };
        assert_eq!([given.may_include(&side), given.includes(&side, bytes)], expected, "{keys} {path}");
    }

    #[test]
    fn names_and_types_must_both_fit() {
        check("", "a", Mode::File, b"", [true, true]);
        check("files = [\"*.py\"]", "a.rs", Mode::File, b"", [false, true]);
        check("exclude = [\"b/\"]", "b/a.py", Mode::File, b"", [false, true]);
        check("types = [\"python\"]", "a.py", Mode::File, b"", [true, true]);
        check("types = [\"python\", \"executable\"]", "a.py", Mode::File, b"", [false, false]);
        check("types = [\"python\"]", "a.sh", Mode::Executable, b"#!/usr/bin/python3", [false, false]);
    }

    #[test]
    fn a_program_without_an_extension_is_told_by_its_first_line() {
        let types = "types = [\"python\"]";
        check(types, "bin/a", Mode::Executable, b"#!/usr/bin/env python3\n", [true, true]);
        check(types, "bin/a", Mode::Executable, b"#!/bin/sh\n", [true, false]);
        check(types, "bin/a", Mode::File, b"#!/usr/bin/env python3\n", [false, false]);
        check("types = [\"text\"]", "a", Mode::File, b"\0", [true, false]);
    }
}
