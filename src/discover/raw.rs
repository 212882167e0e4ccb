//! The format of `git diff-index`, `diff-tree` and `diff-files` with `--raw -z`.
//! Source: git's own "diff-format" documentation.

use std::ffi::OsString;

use crate::discover::Error;
use crate::git::{self, Repo};
use crate::model::change::{FileSide, Mode, ObjectId, Source, Status};
use crate::model::path::RepoPath;

/// What every comparison has in common: raw output with NULs, renames with git's own default limit whatever the user's
/// configuration says, no programs of others, and submodules by the commit that they point to.
const OPTIONS: [&str; 7] =
    ["--raw", "-z", "-M", "-l1000", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty"];

/// One side of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawSide {
    pub(super) path: RepoPath,
    pub(super) mode: Mode,
    /// Zero where git did not look at the work tree's content.
    pub(super) id: ObjectId,
}

impl RawSide {
    /// The side as it is in the object store.
    pub(super) fn in_store(&self) -> FileSide {
        FileSide { path: self.path.clone(), mode: self.mode, source: Source::Blob(self.id) }
    }
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RawEntry {
    /// A difference.
    Change { status: Status, old: Option<RawSide>, new: Option<RawSide> },
    /// A path with a conflict, and its kind in the work tree if that was looked at.
    Unmerged { path: RepoPath, mode: Option<Mode> },
}

/// Runs a comparison: a command with its own options, then what is compared.
pub(super) fn compare(repo: &Repo, command: &[&str], compared: &[&str]) -> Result<Vec<RawEntry>, Error> {
    compare_within(repo, command, compared, &[])
}

/// The same for these files and what is in these folders alone; for all if none is named.
pub(super) fn compare_within(
    repo: &Repo,
    command: &[&str],
    compared: &[&str],
    within: &[RepoPath],
) -> Result<Vec<RawEntry>, Error> {
    let args: Vec<&str> = command.iter().chain(&OPTIONS).chain(compared).chain(&["--"]).copied().collect();
    let listed = repo.run(&with_paths(&args, within), b"")?;
    parse(&listed).map_err(|problem| git::Error::Output { command: args.join(" "), problem }.into())
}

/// Arguments, and the paths that they are about.
pub(super) fn with_paths(args: &[&str], paths: &[RepoPath]) -> Vec<OsString> {
    args.iter().map(OsString::from).chain(paths.iter().map(|path| path.to_fs().into_os_string())).collect()
}

/// Reads the whole list; anything unexpected is an error with its reason.
fn parse(listed: &[u8]) -> Result<Vec<RawEntry>, String> {
    let mut fields = listed.split(|&byte| byte == 0);
    let mut entries = Vec::new();
    while let Some(header) = fields.next().filter(|header| !header.is_empty()) {
        let shown = || String::from_utf8_lossy(header).into_owned();
        let mut path = || match fields.next() {
            Some(path) if !path.is_empty() => Ok(RepoPath::new(path)),
            _ => Err(format!("no path after `{}`", shown())),
        };
        let entry = parse_entry(header, &mut path)?.ok_or_else(|| format!("unknown entry `{}`", shown()))?;
        entries.push(entry);
    }
    if fields.next().is_some() {
        return Err("text after the end of the list".to_owned());
    }
    Ok(entries)
}

/// Reads `:MODE MODE ID ID STATUS` and the paths that the status calls for; `None` if it is something else.
fn parse_entry(
    header: &[u8],
    next_path: &mut impl FnMut() -> Result<RepoPath, String>,
) -> Result<Option<RawEntry>, String> {
    let mut words = header.split(|&byte| byte == b' ');
    let mut word = || words.next().unwrap_or_default();
    let (old_mode, new_mode) = (word().strip_prefix(b":").unwrap_or_default(), word());
    let (Some(old_id), Some(new_id)) = (ObjectId::from_hex(word()), ObjectId::from_hex(word())) else {
        return Ok(None);
    };
    let letter = word();
    let old_path = next_path()?;
    let (status, new_path) = match letter {
        b"U" => return Ok(Some(RawEntry::Unmerged { path: old_path, mode: Mode::from_octal(new_mode) })),
        b"A" => (Status::Added, old_path.clone()),
        b"D" => (Status::Deleted, old_path.clone()),
        b"M" => (Status::Modified, old_path.clone()),
        b"T" => (Status::TypeChanged, old_path.clone()),
        [b'R', ..] => (Status::Renamed, next_path()?),
        _ => return Ok(None),
    };
    let old = Mode::from_octal(old_mode).map(|mode| RawSide { path: old_path, mode, id: old_id });
    let new = Mode::from_octal(new_mode).map(|mode| RawSide { path: new_path, mode, id: new_id });
    let sides_fit = match status {
        Status::Present => false,
        Status::Added => old.is_none() && new.is_some(),
        Status::Deleted => old.is_some() && new.is_none(),
        Status::Modified | Status::Renamed | Status::TypeChanged => old.is_some() && new.is_some(),
    };
    Ok(sides_fit.then_some(RawEntry::Change { status, old, new }))
}

#[cfg(test)]
mod tests {
    use super::{RawEntry, parse};
    use crate::model::change::{Mode, Status};

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";
    const NONE: &str = "0000000000000000000000000000000000000000";

    /// Status, old side and new side of each entry on one line.
    fn shown(listed: &str) -> Result<Vec<String>, String> {
        let entries = parse(listed.replace('|', "\0").as_bytes())?;
        Ok(entries
            .iter()
            .map(|entry| match entry {
                RawEntry::Change { status, old, new } => {
                    let side = |side: &Option<super::RawSide>| {
                        side.as_ref()
                            .map_or("-".to_owned(), |side| format!("{} {:?} {}", side.path, side.mode, side.id))
                    };
                    format!("{status:?}: {} > {}", side(old), side(new))
                }
                RawEntry::Unmerged { path, mode } => format!("unmerged {path} {mode:?}"),
            })
            .collect())
    }

    #[track_caller]
    fn check(listed: &str, expected: &[String]) {
        assert_eq!(shown(listed).expect("the list is well formed"), expected);
    }

    #[test]
    fn every_kind_of_entry_is_read() {
        check("", &[]);
        check(&format!(":000000 100644 {NONE} {A} A|new|"), &[format!("Added: - > new File {A}")]);
        check(&format!(":120000 000000 {A} {NONE} D|gone|"), &[format!("Deleted: gone Symlink {A} > -")]);
        check(
            &format!(":100644 100755 {A} {B} R096|a|b|:100644 160000 {A} {B} T|c|"),
            &[format!("Renamed: a File {A} > b Executable {B}"), format!("TypeChanged: c File {A} > c Submodule {B}")],
        );
        check(
            &format!(":000000 000000 {NONE} {NONE} U|x|:000000 100644 {NONE} {NONE} U|y|"),
            &["unmerged x None".to_owned(), format!("unmerged y {:?}", Some(Mode::File))],
        );
        assert_eq!(format!("{:?}", Status::Added), "Added");
    }

    #[test]
    fn nothing_is_guessed() {
        for (listed, expected) in [
            (format!(":100644 100644 {A} {B} M"), "no path after"),
            (format!(":100644 100644 {A} {B} R100|a|"), "no path after"),
            (format!(":100644 100644 {A} {B} C100|a|b|"), "unknown entry"),
            (format!(":100644 000000 {A} {B} M|a|"), "unknown entry"),
            (format!(":100644 100644 {A} 22 M|a|"), "unknown entry"),
            ("warning: something|a|".to_owned(), "unknown entry"),
            (format!(":100644 100644 {A} {B} M|a||b|"), "text after the end"),
        ] {
            let problem = shown(&listed).expect_err("the list is not well formed");
            assert!(problem.starts_with(expected), "{listed}: {problem}");
        }
    }
}
