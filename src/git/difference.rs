//! What a tree and the judged state do not have in common, each path with both sides.
//! Source: git's own "diff-format" documentation, and `--index-info` in that of `git update-index`.

use std::collections::BTreeMap;

use crate::git::listing::{Listing, joined};
use crate::git::{Error, Repo, unreadable};
use crate::model::change::{Mode, ObjectId};
use crate::model::path::RepoPath;

/// What is tracked under a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tracked {
    /// Its kind.
    pub(crate) mode: Mode,
    /// Its content, or the commit of a submodule.
    pub(crate) id: ObjectId,
}

/// Both sides of a path, of which one may be nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    /// In the tree.
    pub(crate) old: Option<Tracked>,
    /// In what is compared with it.
    pub(crate) new: Option<Tracked>,
}

/// The paths that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences(pub(crate) BTreeMap<RepoPath, Sides>);

/// What holds for lists of differences whatever the user's configuration says.
const OPTIONS: [&str; 5] = ["--raw", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty"];

impl Repo {
    /// How the index or a tree differs from the tree `base`. Of what only the intent to add it is recorded is no part
    /// of the index. A path that is not merged is an error.
    pub(crate) fn differences(&self, base: &ObjectId, from: &Listing) -> Result<Differences, Error> {
        if matches!(from, Listing::Index)
            && let Some(staged) = self.staged(base)
        {
            return Ok(staged);
        }
        let base = base.to_string();
        let (command, tree) = match from {
            Listing::Index => (["diff-index", "-r", "--cached", "--ita-invisible-in-index"].as_slice(), None),
            Listing::Tree(tree) => (["diff-tree", "-r", "--no-commit-id"].as_slice(), Some(tree.to_string())),
        };
        let compared = [Some(base), tree].into_iter().flatten().chain(["--".to_owned()]);
        let args: Vec<String> = command.iter().chain(&OPTIONS).map(|arg| (*arg).to_owned()).chain(compared).collect();
        Differences::parse(&self.run(&args, b"")?).map_err(|problem| unreadable(&args, problem))
    }

    /// Takes these steps in the index of this place, which is not the user's.
    pub(crate) fn record(&self, steps: &BTreeMap<RepoPath, Option<Tracked>>) -> Result<(), Error> {
        let n_digits = self.empty_tree().to_string().len();
        let info = index_info(steps, n_digits);
        self.run(&[&OWN_INDEX[..], &["update-index", "-z", "--index-info"]].concat(), &info).map(drop)
    }

    /// Writes these files of this place as its index has them, whatever is there, and notes that they are as they are
    /// in the index. Filters, line endings and modes are git's own.
    pub(crate) fn write_files(&self, paths: &[RepoPath]) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        let args = [&OWN_INDEX[..], &["checkout-index", "--force", "--index", "--quiet", "-z", "--stdin"]].concat();
        self.run(&args, &joined(paths)).map(drop)
    }

    /// Notes that these files of this place are left out by a sparse checkout.
    pub(crate) fn leave_out(&self, paths: &[RepoPath]) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        let args = [&OWN_INDEX[..], &["update-index", "--skip-worktree", "-z", "--stdin"]].concat();
        self.run(&args, &joined(paths)).map(drop)
    }
}

/// How an index that is ours alone is written: whole, without a sum that nobody would check, and without the user's hook
/// `post-index-change`, whose index has not changed.
const OWN_INDEX: [&str; 8] = [
    "-c",
    "core.splitIndex=false",
    "-c",
    "index.skipHash=true",
    "-c",
    "core.untrackedCache=false",
    "-c",
    "core.hooksPath=/dev/null",
];

impl Differences {
    /// Reads `:MODE MODE ID ID STATUS<nul>PATH<nul>`, over and over.
    pub(crate) fn parse(listed: &[u8]) -> Result<Self, String> {
        let mut fields = listed.split(|&byte| byte == 0);
        let mut entries = BTreeMap::new();
        while let Some(header) = fields.next().filter(|header| !header.is_empty()) {
            let path = fields.next().filter(|path| !path.is_empty()).map(RepoPath::new);
            let (path, sides) = path
                .zip(sides(header))
                .ok_or_else(|| format!("no difference of two sides: `{}`", String::from_utf8_lossy(header)))?;
            entries.insert(path, sides);
        }
        Ok(Self(entries))
    }

    /// The same text again.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (path, sides) in &self.0 {
            let mode = |side: Option<Tracked>| side.map_or("000000", |side| octal(side.mode));
            let zero = "0".repeat(40);
            let id = |side: Option<Tracked>| side.map_or_else(|| zero.clone(), |side| side.id.to_string());
            let (old, new) = (sides.old, sides.new);
            text.extend(format!(":{} {} {} {} M\0", mode(old), mode(new), id(old), id(new)).bytes());
            text.extend(path.as_bytes());
            text.push(0);
        }
        text
    }

    /// What has to become of each path so that `self` turns into `other`; both are differences from one tree.
    pub(crate) fn steps_to(&self, other: &Self) -> BTreeMap<RepoPath, Option<Tracked>> {
        let mut steps = BTreeMap::new();
        for path in self.0.keys().chain(other.0.keys()) {
            let (ours, theirs) = (self.0.get(path), other.0.get(path));
            // A path that does not differ from the tree is there as the other side says that it is in the tree.
            let before = ours.map_or_else(|| theirs.and_then(|sides| sides.old), |sides| sides.new);
            let after = theirs.map_or_else(|| ours.and_then(|sides| sides.old), |sides| sides.new);
            if before != after {
                steps.insert(path.clone(), after);
            }
        }
        steps
    }
}

/// Reads `:MODE MODE ID ID STATUS`; a status of two sides or of one, not of a path with a conflict.
fn sides(header: &[u8]) -> Option<Sides> {
    let fields: Vec<&[u8]> = header.strip_prefix(b":")?.split(|&byte| byte == b' ').collect();
    let [old_mode, new_mode, old_id, new_id, b"A" | b"D" | b"M" | b"T"] = fields.as_slice() else { return None };
    let side = |mode: &[u8], id: &[u8]| match mode {
        b"000000" => Some(None),
        mode => Some(Some(Tracked { mode: Mode::from_octal(mode)?, id: ObjectId::from_hex(id)? })),
    };
    Some(Sides { old: side(old_mode, old_id)?, new: side(new_mode, new_id)? })
}

/// A mode as git writes it.
fn octal(mode: Mode) -> &'static str {
    match mode {
        Mode::File => "100644",
        Mode::Executable => "100755",
        Mode::Symlink => "120000",
        Mode::Submodule => "160000",
    }
}

/// The input of `git update-index -z --index-info` that takes these steps, removals first: what is removed may stand in
/// the way of what comes.
fn index_info(steps: &BTreeMap<RepoPath, Option<Tracked>>, n_digits: usize) -> Vec<u8> {
    let mut info = Vec::new();
    let mut line = |start: String, path: &RepoPath| {
        info.extend(start.bytes());
        info.push(b'\t');
        info.extend(path.as_bytes());
        info.push(0);
    };
    for (path, _) in steps.iter().filter(|(_, step)| step.is_none()) {
        line(format!("0 {}", "0".repeat(n_digits)), path);
    }
    for (path, tracked) in steps.iter().filter_map(|(path, step)| Some((path, step.as_ref()?))) {
        line(format!("{} {}", octal(tracked.mode), tracked.id), path);
    }
    info
}

#[cfg(test)]
mod tests {
    use super::{Differences, index_info};

    fn differences(entries: &[(&str, &str)]) -> Differences {
        let id = |name: char| String::from(name).repeat(40);
        let mut text = String::new();
        for (path, sides) in entries {
            let (old, new) = sides.split_once('>').expect("two sides");
            let mode = |side: &str| if side.is_empty() { "000000" } else { "100644" };
            let name = |side: &str| id(side.chars().next().unwrap_or('0'));
            text += &format!(":{} {} {} {} M\0{path}\0", mode(old), mode(new), name(old), name(new));
        }
        Differences::parse(text.as_bytes()).expect("it is well-formed")
    }

    #[track_caller]
    fn check(before: &[(&str, &str)], after: &[(&str, &str)], expected: &[(&str, &str)]) {
        let (before, after) = (differences(before), differences(after));
        let steps = before.steps_to(&after);
        let shown: Vec<(String, String)> = steps
            .iter()
            .map(|(path, step)| {
                let id = step.map_or(String::new(), |tracked| tracked.id.to_string().chars().take(1).collect());
                (path.to_string(), id)
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(path, id)| ((*path).to_owned(), (*id).to_owned())).collect();
        assert_eq!(shown, expected);
        assert_eq!(Differences::parse(&before.text()), Ok(before));
    }

    #[test]
    fn steps_lead_from_one_state_to_the_other() {
        check(&[], &[], &[]);
        check(&[("a", "1>2")], &[("a", "1>2")], &[]);
        check(&[], &[("a", "1>2"), ("b", ">3"), ("c", "4>")], &[("a", "2"), ("b", "3"), ("c", "")]);
        // What does not differ any more is as in the tree.
        check(&[("a", "1>2"), ("b", ">3"), ("c", "4>")], &[], &[("a", "1"), ("b", ""), ("c", "4")]);
        check(&[("a", "1>2")], &[("a", "1>3")], &[("a", "3")]);
    }

    #[test]
    fn removals_come_first() {
        let steps = differences(&[]).steps_to(&differences(&[("a", "1>"), ("a/b", ">2")]));
        let info = String::from_utf8(index_info(&steps, 40)).expect("it is text");
        assert_eq!(info, format!("0 {}\ta\0100644 {}\ta/b\0", "0".repeat(40), "2".repeat(40)));
        let steps = differences(&[]).steps_to(&differences(&[("a", ">1"), ("a/b", "2>")]));
        assert!(index_info(&steps, 40).starts_with(b"0 0"));
    }

    #[test]
    fn a_conflict_or_anything_unknown_is_an_error() {
        let id = "1".repeat(40);
        for header in [format!(":000000 100644 {id} {id} U"), format!(":100644 100644 {id} {id} R100"), "x".into()] {
            assert!(Differences::parse(format!("{header}\0a\0").as_bytes()).is_err(), "{header}");
        }
        assert!(Differences::parse(format!(":100644 100644 {id} {id} M\0").as_bytes()).is_err());
    }
}
