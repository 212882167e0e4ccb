//! Files as they are in the work tree, without anything to compare them with: all that are tracked, or those named.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::thread;

use crate::discover::raw::{RawEntry, compare_within, with_paths};
use crate::discover::worktree::untracked_side;
use crate::discover::{Error, counted, need_worktree};
use crate::git::{self, Repo};
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Source, Status};
use crate::model::path::RepoPath;

/// So many names are told to git, which then looks at no other file; more are looked for in the list of all.
const MAX_ASKED: usize = 100;

/// Every tracked file.
pub(super) fn discover_all(repo: &Repo) -> Result<ChangeSet, Error> {
    need_worktree(repo)?;
    let sides = tracked(repo, &[])?;
    let title = format!("all {}", counted(sides.len(), "tracked file", "tracked files"));
    Ok(change_set(title, sides.into_values()))
}

/// The files that are named, and the tracked ones below a folder that is named. An empty name is the top.
pub(super) fn discover_named(repo: &Repo, names: &[RepoPath]) -> Result<ChangeSet, Error> {
    need_worktree(repo)?;
    let may_be_asked = names.len() <= MAX_ASKED && names.iter().all(RepoPath::is_inside);
    let tracked = tracked(repo, if may_be_asked { names } else { &[] })?;
    let mut sides = BTreeMap::new();
    let mut missing = BTreeSet::new();
    for name in names {
        let mut found = below(&tracked, name).peekable();
        if found.peek().is_some() {
            sides.extend(found.map(|side| (side.path.clone(), side.clone())));
            continue;
        }
        match untracked_side(repo, name.clone()).filter(|_| name.is_inside()) {
            Some(side) => drop(sides.insert(name.clone(), side)),
            None => drop(missing.insert(name.clone())),
        }
    }
    if !missing.is_empty() {
        return Err(Error::NoFile { paths: missing.into_iter().collect() });
    }
    let title = match (names, sides.len()) {
        ([only], 1) if sides.contains_key(only) => only.to_string(),
        ([folder], n) if !folder.as_bytes().is_empty() => format!("{} in {folder}", counted(n, "file", "files")),
        (_, n) => counted(n, "file", "files"),
    };
    Ok(change_set(title, sides.into_values()))
}

/// One file of which only the name is known here.
pub(super) fn discover_buffer(path: &RepoPath) -> ChangeSet {
    let side = FileSide { path: path.clone(), mode: Mode::File, source: Source::Worktree };
    change_set(path.to_string(), [side].into_iter())
}

/// A change set that measures nothing against anything.
fn change_set(title: String, sides: impl Iterator<Item = FileSide>) -> ChangeSet {
    let files = sides.map(|side| ChangedFile { status: Status::Present, head: Some(side), bases: Vec::new() });
    ChangeSet { title, head: Head::Worktree, parents: Vec::new(), files: files.collect(), merged: Vec::new() }
}

/// The file of that name, or those below the folder of that name.
fn below<'a>(tracked: &'a BTreeMap<RepoPath, FileSide>, name: &'a RepoPath) -> impl Iterator<Item = &'a FileSide> {
    let folder = name.join(b"");
    let (prefix, first) =
        if name.as_bytes().is_empty() { (name.clone(), name.clone()) } else { (folder.clone(), folder) };
    let inside = tracked
        .range(first..)
        .map(|(_, side)| side)
        .take_while(move |side| side.path.as_bytes().starts_with(prefix.as_bytes()));
    tracked.get(name).into_iter().chain(inside)
}

/// Every tracked file that is in the work tree, and those that a sparse checkout left out, as the index has them; of
/// these names and what is below them alone, if there are any.
fn tracked(repo: &Repo, names: &[RepoPath]) -> Result<BTreeMap<RepoPath, FileSide>, Error> {
    // As for the work tree: git does not notice an index that was cut off.
    repo.check_index()?;
    let (entries, now) = thread::scope(|scope| {
        let entries = scope.spawn(|| index(repo, names));
        let now = state_in_worktree(repo, names);
        (entries.join().expect("because reading a list does not panic"), now)
    });
    let (entries, now) = (entries?, now?);
    let mut sides = BTreeMap::new();
    for entry in entries {
        let mode = now.get(&entry.path).copied().unwrap_or(Some(entry.mode));
        let is_as_listed = entry.is_watched && !now.contains_key(&entry.path);
        let source = match (entry.mode, entry.place) {
            (Mode::Submodule, _) | (_, Place::LeftOut) => Source::Blob(entry.id),
            (_, Place::CheckedOut) if is_as_listed => Source::CheckedOut(entry.id),
            (_, Place::CheckedOut) => Source::Worktree,
        };
        let mode = if source.is_in_worktree() { mode } else { Some(entry.mode) };
        if let Some(mode) = mode {
            sides.entry(entry.path.clone()).or_insert(FileSide { path: entry.path, mode, source });
        }
    }
    Ok(sides)
}

/// For the tracked files that may not be as the index has them: their kind now, none if they are gone.
fn state_in_worktree(repo: &Repo, names: &[RepoPath]) -> Result<HashMap<RepoPath, Option<Mode>>, Error> {
    let mut state: HashMap<RepoPath, Option<Mode>> = HashMap::new();
    // Threads that git would have look at all files are not worth it for a few.
    let command: &[&str] =
        if names.is_empty() { &["diff-files"] } else { &["-c", "core.preloadIndex=false", "diff-files"] };
    for entry in compare_within(repo, command, &[], names)? {
        match entry {
            // The second line of a conflicted file compares with "our" version and says the same.
            RawEntry::Unmerged { path, mode } => drop(state.insert(path, mode)),
            RawEntry::Change { old, new, .. } => {
                if let Some(side) = new.as_ref().or(old.as_ref()) {
                    state.insert(side.path.clone(), new.as_ref().map(|side| side.mode));
                }
            }
        }
    }
    Ok(state)
}

/// One entry of the index.
struct IndexEntry {
    path: RepoPath,
    mode: Mode,
    id: ObjectId,
    place: Place,
    /// Whether git looks for changes of the file; the user can tell it not to.
    is_watched: bool,
}

/// Whether an entry should be in the work tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    CheckedOut,
    LeftOut,
}

/// What the index holds of these names and below them; everything if there are none.
fn index(repo: &Repo, names: &[RepoPath]) -> Result<Vec<IndexEntry>, Error> {
    let args = ["ls-files", "--stage", "-v", "-z", "--"];
    let listed = repo.run(&with_paths(&args, names), b"")?;
    let lines = listed.split(|&byte| byte == 0).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            parse(line).ok_or_else(|| {
                let problem = format!("unknown entry `{}`", String::from_utf8_lossy(line));
                git::Error::Output { command: args.join(" "), problem }.into()
            })
        })
        .collect()
}

/// Reads `TAG MODE ID STAGE<tab>PATH`; the tag is `S` for what a sparse checkout left out, and small for what git was
/// told not to look at.
fn parse(line: &[u8]) -> Option<IndexEntry> {
    let tab = line.iter().position(|&byte| byte == b'\t')?;
    let mut words = line.get(..tab)?.split(|&byte| byte == b' ');
    let tag = words.next()?;
    let place = if tag.eq_ignore_ascii_case(b"S") { Place::LeftOut } else { Place::CheckedOut };
    let mode = Mode::from_octal(words.next()?)?;
    let id = ObjectId::from_hex(words.next()?)?;
    Some(IndexEntry { path: RepoPath::new(line.get(tab + 1..)?), mode, id, place, is_watched: tag == b"H" })
}
