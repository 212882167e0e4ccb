//! One built-in check on named files in the manner of pre-commit-hooks: its messages, its fixes, its idea of failure.
//! Pure: the caller reads the files, writes what is fixed and prints the lines.

pub(crate) mod arguments;
#[cfg(test)]
mod pre_commit;

use std::collections::{BTreeSet, HashSet};

use crate::check::hygiene::check_case_conflict::folded;
use crate::check::hygiene::{change_checks, file_checks};
use crate::check::parsed::SharedTree;
use crate::check::{About, ChangeCheck, Examined, FileCheck, FileInput, Manner, filetype};
use crate::model::change::{FileSide, Mode, Source};
use crate::model::deadline::Deadline;
use crate::model::finding::{Edit, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;

/// A check that `tollgate builtin` can run.
#[derive(Clone, Copy)]
pub(crate) enum Builtin<'a> {
    /// On each file by itself: [`run`].
    File(&'a dyn FileCheck),
    /// On names: [`case_conflicts`] for `check-case-conflict`, [`symlink`] for `check-symlinks`; the others on what is
    /// staged of the named files: [`staged`].
    Names(&'a dyn ChangeCheck),
}

impl Builtin<'_> {
    /// What the check says of itself.
    pub(crate) fn about(&self) -> &'static About {
        match self {
            Self::File(check) => check.about(),
            Self::Names(check) => check.about(),
        }
    }
}

/// Every check that `tollgate builtin` can run.
pub(crate) fn all() -> Vec<Builtin<'static>> {
    let files = file_checks().into_iter().map(Builtin::File);
    files.chain(change_checks().into_iter().map(Builtin::Names)).collect()
}

/// The check of that id.
pub(crate) fn find(id: &str) -> Option<Builtin<'static>> {
    all().into_iter().find(|builtin| builtin.about().id == id)
}

/// A file that was named, with its content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// The name as it was given.
    pub(crate) path: &'a RepoPath,
    /// What it is.
    pub(crate) mode: Mode,
    /// Its size in bytes.
    pub(crate) n_bytes: u64,
    /// Its content; may be empty for a check that does not read it.
    pub(crate) bytes: &'a [u8],
    /// Whether it is staged as a new file (and not kept by git LFS, for `check-added-large-files`).
    pub(crate) is_added: bool,
    /// Whether a merge or rebase is under way.
    pub(crate) is_in_merge: bool,
}

/// What to print and to write.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The lines for standard output, without line ends.
    pub(crate) lines: Vec<String>,
    /// The new content of the file, if fixing changes it.
    pub(crate) fixed: Option<Vec<u8>>,
    /// Whether something was found, fixed or not.
    pub(crate) failed: bool,
}

/// Runs a check on one file, whatever its name says of its type. What is not a regular file passes.
pub(crate) fn run(check: &dyn FileCheck, options: &Options, file: &Named<'_>) -> Result<Report, Breakage> {
    if !file.mode.is_regular() {
        return Ok(Report::default());
    }
    let side = FileSide { path: file.path.clone(), mode: file.mode, source: Source::Worktree };
    let input = FileInput {
        side: &side,
        is_added: file.is_added,
        n_bytes: file.n_bytes,
        bytes: file.bytes,
        is_text: filetype::is_text(file.path, file.bytes),
        manner: Manner::PreCommit { is_in_merge: file.is_in_merge },
        deadline: Deadline::NEVER,
        tree: &SharedTree::default(),
    };
    let findings = check.check(&input, options)?.findings;
    let mut seen = HashSet::new();
    let lines = findings.iter().map(|finding| check.line(&input, finding, options));
    Ok(Report {
        lines: lines.filter(|line| seen.insert(line.clone())).collect(),
        fixed: fixed(file.bytes, &findings),
        failed: !findings.is_empty(),
    })
}

/// `check-symlinks` on one name: whether it is a link and whether its target exists.
pub(crate) fn symlink(path: &RepoPath, is_link: bool, target_exists: bool) -> Report {
    let failed = is_link && !target_exists;
    let lines = if failed { vec![format!("{path}: Broken symlink")] } else { Vec::new() };
    Report { lines, fixed: None, failed }
}

/// What a check of the change found in what is staged.
pub(crate) fn staged(examined: Examined) -> Report {
    let line = |finding: &Finding| match finding.place.path() {
        Some(path) => format!("{path}: {}", finding.message),
        None => finding.message.clone(),
    };
    let lines: Vec<String> = examined.findings.iter().map(line).collect();
    Report { failed: !lines.is_empty(), lines, fixed: None }
}

/// `check-case-conflict`: the named and the newly staged files against each other and against all that is tracked.
pub(crate) fn case_conflicts(named: &[RepoPath], added: &[RepoPath], tracked: &[RepoPath]) -> Report {
    let relevant = with_folders(named.iter().chain(added));
    let others = with_folders(tracked);
    let mut conflicts: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut seen: HashSet<Vec<u8>> = others.difference(&relevant).map(|path| folded(path).into_owned()).collect();
    for path in &relevant {
        let lower = folded(path).into_owned();
        if !seen.insert(lower.clone()) {
            conflicts.insert(lower);
        }
    }
    let lines: Vec<String> = relevant
        .union(&others)
        .filter(|path| conflicts.contains(&folded(path).into_owned()))
        .map(|path| format!("Case-insensitivity conflict found: {}", RepoPath::new(*path)))
        .collect();
    Report { failed: !lines.is_empty(), lines, fixed: None }
}

fn with_folders<'a>(paths: impl IntoIterator<Item = &'a RepoPath>) -> BTreeSet<&'a [u8]> {
    let mut all = BTreeSet::new();
    for path in paths {
        let mut entry = path.as_bytes();
        while all.insert(entry) {
            let Some(slash) = entry.iter().rposition(|&byte| byte == b'/') else { break };
            entry = entry.get(..slash).unwrap_or_default();
        }
    }
    all
}

/// The content after the first fix of every finding; none if nothing changes. An edit that overlaps an earlier one is
/// left out.
pub(crate) fn fixed(bytes: &[u8], findings: &[Finding]) -> Option<Vec<u8>> {
    let mut edits: Vec<&Edit> = findings.iter().filter_map(|it| it.fixes.first()).flat_map(|fix| &fix.edits).collect();
    edits.sort_unstable();
    let mut out = Vec::with_capacity(bytes.len() + 1);
    let mut done = 0;
    for edit in edits {
        if let Some(kept) = bytes.get(done..edit.span.start)
            && edit.span.end <= bytes.len()
        {
            out.extend_from_slice(kept);
            out.extend_from_slice(&edit.replacement);
            done = edit.span.end;
        }
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
    (out != bytes).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::{Builtin, Named, Report, case_conflicts, find, run, symlink};
    use crate::check::builtin::arguments::{Parsed, parse};
    use crate::model::change::Mode;
    use crate::model::path::RepoPath;

    /// Runs `tollgate builtin ARGUMENTS` on one content; the last argument is the file's name.
    fn report(arguments: &str, bytes: &[u8], is_in_merge: bool) -> Report {
        let (id, rest) = arguments.split_once(' ').expect("an id and a file");
        let rest: Vec<std::ffi::OsString> = rest.split(' ').map(Into::into).collect();
        let builtin = find(id).expect("a known id");
        let Ok(Parsed::Run { options, files }) = parse(&builtin, &rest) else { panic!("{arguments} do not parse") };
        let path = RepoPath::new(files.first().expect("a file").as_encoded_bytes());
        let named =
            Named { path: &path, mode: Mode::File, n_bytes: bytes.len() as u64, bytes, is_added: true, is_in_merge };
        match builtin {
            Builtin::File(check) => run(check, &options, &named).expect("the check works"),
            Builtin::Names(_) => panic!("{id} does not look at content"),
        }
    }

    #[track_caller]
    fn fixes(arguments: &str, before: &str, after: &str, line: &str) {
        let found = report(arguments, before.as_bytes(), false);
        assert_eq!(found, Report { lines: vec![line.to_owned()], fixed: Some(after.into()), failed: true });
        assert_eq!(report(arguments, after.as_bytes(), false), Report::default(), "{arguments} is not idempotent");
    }

    #[track_caller]
    fn reports(arguments: &str, content: &str, lines: &[&str]) {
        let found = report(arguments, content.as_bytes(), true);
        assert_eq!(found.lines, lines);
        assert_eq!((found.fixed, found.failed), (None, !lines.is_empty()));
    }

    #[test]
    fn fixers_fix_and_say_so_once() {
        fixes("trailing-whitespace a.md", "a  \nb \n", "a\nb\n", "Fixing a.md");
        fixes("trailing-whitespace --markdown-linebreak-ext=md a.md", "a  \nb \n", "a  \nb\n", "Fixing a.md");
        fixes("end-of-file-fixer a", "a", "a\n", "Fixing a");
        fixes("mixed-line-ending a", "a\nb\r\n", "a\nb\n", "a: fixed mixed line endings");
        fixes("mixed-line-ending -f crlf a", "a\n", "a\r\n", "a: fixed mixed line endings");
        fixes("fix-byte-order-marker a", "\u{feff}a", "a", "a: removed byte-order marker");
    }

    #[test]
    fn checks_report_in_the_known_words() {
        reports("mixed-line-ending --fix=no a", "a\nb\r\n", &["a: mixed line endings"]);
        reports("check-json a", "[1]", &[]);
        reports("check-json a", "[nul]", &["a: Failed to json decode (null expected: line 1 column 2 (char 1))"]);
        reports(
            "check-json a",
            "{\"k\": 1, \"k\": 2}",
            &["a: Failed to json decode (duplicate key: k: line 1 column 10 (char 9))"],
        );
        reports("check-toml a", "a = 1\na = 2", &["a: duplicate key (at line 2, column 1)"]);
        reports("check-xml a", "<a>", &["a: Failed to xml parse (a:1:0: element not closed)"]);
        reports(
            "check-yaml a",
            "a: 1\n---\nb: 2\n",
            &["expected a single document, but found another document\n  in \"a\", line 2, column 1"],
        );
        reports("check-yaml -m a", "a: 1\n---\nb: 2\n", &[]);
        reports("check-added-large-files --maxkb=0 a", "x", &["a (1 KB) exceeds 0 KB."]);
        let key = ["BEGIN RSA PRIVATE", " KEY\nBEGIN EC PRIVATE", " KEY\n"].concat();
        reports("detect-private-key a", &key, &["Private key found: a"]);
        reports(
            "bidirectional-unicode a",
            "x\u{202e}",
            &["a:1:2: invisible U+202E RIGHT-TO-LEFT OVERRIDE changes the order of the text"],
        );
    }

    #[test]
    fn conflict_markers_count_only_in_a_merge() {
        let content = b"a\n=======\n";
        let line = "a:2: Merge conflict string '=======' found".to_owned();
        assert_eq!(report("check-merge-conflict a", content, false), Report::default());
        let found = Report { lines: vec![line], fixed: None, failed: true };
        assert_eq!(report("check-merge-conflict a", content, true), found);
        assert_eq!(report("check-merge-conflict --assume-in-merge a", content, false), found);
    }

    #[test]
    fn a_link_is_broken_without_its_target() {
        let path = RepoPath::from("l");
        assert_eq!(symlink(&path, true, false).lines, ["l: Broken symlink"]);
        assert_eq!(symlink(&path, true, true), Report::default());
        assert_eq!(symlink(&path, false, true), Report::default());
    }

    #[test]
    fn names_conflict_with_tracked_names_and_each_other() {
        let paths = |names: &[&str]| names.iter().map(|&name| RepoPath::from(name)).collect::<Vec<_>>();
        let check = |named: &[&str], added: &[&str], tracked: &[&str], expected: &[&str]| {
            let found = case_conflicts(&paths(named), &paths(added), &paths(tracked));
            let expected: Vec<String> =
                expected.iter().map(|name| format!("Case-insensitivity conflict found: {name}")).collect();
            assert_eq!(found.lines, expected);
            assert_eq!(found.failed, !expected.is_empty());
        };
        check(&["a"], &[], &["a", "b"], &[]);
        check(&["a"], &[], &["a", "A"], &["A", "a"]);
        check(&[], &["f/x"], &["f/x", "F/y"], &["F", "f"]);
        check(&["x"], &[], &["x", "a", "A"], &[]);
        check(&["é", "É"], &[], &[], &["É", "é"]);
    }
}
