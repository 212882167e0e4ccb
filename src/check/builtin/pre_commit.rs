//! `.pre-commit-hooks.yaml`, by which pre-commit and prek find the built-in checks. It is written from the table of the
//! checks: `SNAPSHOTS=overwrite cargo test` brings it up to date.

use snapbox::{assert_data_eq, file};

use crate::check::FileCheck;
use crate::check::builtin::{Builtin, all};
use crate::model::change::{FileSide, Mode, Source};
use crate::model::path::RepoPath;

/// Kinds of files as pre-commit calls them, each with a name of its kind.
const KINDS: [(&str, &str); 5] =
    [("python", "a.py"), ("json", "a.json"), ("yaml", "a.yaml"), ("toml", "a.toml"), ("xml", "a.xml")];

/// What pre-commit must know of checks whose files are told by more than their type: pre-commit-hooks has the same.
const SPECIAL: [(&str, &str); 9] = [
    ("check-executables-have-shebangs", "types: [text, executable]"),
    ("check-illegal-windows-names", ""),
    ("confusable-identifier", "types: [text]"),
    ("destroyed-symlinks", "types: [file]"),
    ("file-contents-sorter", "files: '^$'"),
    ("name-tests-test", "files: '(^|/)tests/.+\\.py$'"),
    ("no-commit-to-branch", "pass_filenames: false\n  always_run: true"),
    ("requirements-txt-fixer", "files: '(requirements|constraints).*\\.txt$'"),
    ("sort-simple-yaml", "files: '^$'"),
];

fn wants(check: &dyn FileCheck, name: &str) -> bool {
    check.wants(&FileSide { path: RepoPath::from(name), mode: Mode::File, source: Source::Worktree })
}

/// What pre-commit must know of the files that a check is for; empty for all.
fn types(builtin: &Builtin<'_>) -> String {
    if let Some((_, known)) = SPECIAL.iter().find(|(id, _)| *id == builtin.about().id) {
        return if known.is_empty() { String::new() } else { format!("  {known}\n") };
    }
    match builtin {
        Builtin::Names(check) if check.about().id == "check-symlinks" => "  types: [symlink]\n".to_owned(),
        Builtin::Names(_) => String::new(),
        Builtin::File(check) if !check.reads_content() => String::new(),
        Builtin::File(check) if wants(*check, "a.txt") => "  types: [text]\n".to_owned(),
        Builtin::File(check) => {
            let kinds: Vec<&str> =
                KINDS.iter().filter(|(_, name)| wants(*check, name)).map(|(kind, _)| *kind).collect();
            format!("  types: [{}]\n", kinds.join(", "))
        }
    }
}

#[test]
fn the_list_for_pre_commit_is_current() {
    let mut list =
        "# The built-in checks for pre-commit and prek; `tollgate` must be on PATH. Written by a test.\n".to_owned();
    for builtin in all() {
        let about = builtin.about();
        list += &format!("- id: {0}\n  name: {0}\n  description: {1:?}\n", about.id, about.summary);
        list += &format!("  entry: tollgate builtin {}\n  language: system\n{}", about.id, types(&builtin));
    }
    assert_data_eq!(list, file!["../../../.pre-commit-hooks.yaml"].raw());
}
