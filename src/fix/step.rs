//! One file of a fixing: what it becomes in the index and in the work tree, found out before anything is changed.

use std::collections::BTreeMap;
use std::path::Path;

use crate::diff::line_ends::with_line_ends;
use crate::diff::merge::merge;
use crate::diff::patch::patch;
use crate::fix::{Error, Left, Proposal, UNWATCHED, Why};
use crate::git::conversion::Conversion;
use crate::git::index::IndexEntry;
use crate::git::{self, Repo};
use crate::model::change::Source;
use crate::model::path::RepoPath;
use crate::tree::journal::{IndexRecord, Record};
use crate::tree::rewrite::{Seen, look};

/// The most bytes of a file of the work tree that is merged; more than is ever judged, because the work tree may have
/// more than the index.
const MAX_FILE: u64 = 64 << 20;

/// What happens to one file.
pub(super) struct Step {
    pub(super) path: RepoPath,
    /// The fix, for people.
    pub(super) patch: Vec<u8>,
    /// The file of the work tree and what it becomes; none if there is nothing to change.
    pub(super) file: Option<(Seen, Vec<u8>)>,
    /// The entry of the index; none if the work tree alone was judged.
    pub(super) index: Option<IndexRecord>,
}

impl Step {
    /// Gives the file its new content.
    pub(super) fn write_file(&self, record: &Record) -> Result<(), Why> {
        let (Some((seen, after)), Some(file)) = (&self.file, &record.file) else { return Ok(()) };
        match seen.replace(after, &seen.beside(&file.temporary)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Why::Changed),
            Err(error) => Err(Why::Failed(format!("cannot write it: {error}"))),
        }
    }
}

/// What the steps of a fixing need to know.
struct Planner<'a> {
    repo: &'a Repo,
    top: &'a Path,
    entries: BTreeMap<RepoPath, IndexEntry>,
    conversions: BTreeMap<RepoPath, Conversion>,
}

/// Finds out what has to happen for each proposal, and for which of them nothing can.
pub(super) fn plan(repo: &Repo, top: &Path, proposals: &[Proposal]) -> Result<(Vec<Step>, Vec<Left>), Error> {
    let is_staged = |proposal: &&Proposal| matches!(proposal.side.source, Source::Blob(_));
    let staged: Vec<RepoPath> = proposals.iter().filter(is_staged).map(|it| it.side.path.clone()).collect();
    let (entries, conversions) = match staged.is_empty() {
        true => (BTreeMap::new(), BTreeMap::new()),
        false => (repo.index_entries(&staged)?, repo.conversions(&staged)?),
    };
    let planner = Planner { repo, top, entries, conversions };
    let (mut steps, mut left) = (Vec::new(), Vec::new());
    for proposal in proposals {
        let patch = patch(&proposal.before, &proposal.after);
        let path = proposal.side.path.clone();
        match planner.step(proposal) {
            Ok((file, index)) => steps.push(Step { path, patch, file, index }),
            Err(why) => left.push(Left { path, patch, why }),
        }
    }
    Ok((steps, left))
}

/// What becomes of the file and of the entry.
type Parts = (Option<(Seen, Vec<u8>)>, Option<IndexRecord>);

impl Planner<'_> {
    fn step(&self, proposal: &Proposal) -> Result<Parts, Why> {
        let path = &proposal.side.path;
        let failed = |error: std::io::Error| Why::Failed(format!("cannot read it: {error}"));
        let sight = || look(self.top, path, MAX_FILE).map_err(failed);
        match proposal.side.source {
            Source::Worktree | Source::CheckedOut(_) => match sight()? {
                Some(seen) if seen.bytes() == proposal.before => Ok((Some((seen, proposal.after.clone())), None)),
                _ => Err(Why::Changed),
            },
            // What history holds is not mended.
            Source::Historic { .. } => Err(Why::Changed),
            Source::Blob(before) => {
                let entry = self.entries.get(path).filter(|entry| entry.id == before).ok_or(Why::Changed)?;
                if !entry.is_watched {
                    return Err(Why::Failed(UNWATCHED.to_owned()));
                }
                let file = match sight()? {
                    Some(seen) => self.merged(proposal, seen)?,
                    None => None,
                };
                let after = self.repo.store_blob(&proposal.after).map_err(|error| refused(&error))?;
                Ok((file, Some(IndexRecord { mode: entry.mode, before, after })))
            }
        }
    }

    /// What the file of the work tree becomes; none if it has the fix already.
    fn merged(&self, proposal: &Proposal, seen: Seen) -> Result<Option<(Seen, Vec<u8>)>, Why> {
        let path = &proposal.side.path;
        let has_cr = [seen.bytes(), &proposal.before, &proposal.after].iter().any(|bytes| bytes.contains(&b'\r'));
        let is_converted = match self.conversions.get(path) {
            Some(Conversion::Never) => false,
            Some(Conversion::OfCarriageReturns) => has_cr,
            Some(Conversion::Always) | None => true,
        };
        if !is_converted {
            let merged = merge(&proposal.before, seen.bytes(), &proposal.after).ok_or(Why::Conflict)?;
            return Ok((merged != seen.bytes()).then_some((seen, merged)));
        }
        let to_stored = |bytes: &[u8]| self.repo.to_stored(path, bytes).map_err(|error| refused(&error));
        let ours = to_stored(seen.bytes())?;
        let merged = merge(&proposal.before, &ours, &proposal.after).ok_or(Why::Conflict)?;
        if merged == ours {
            return Ok(None);
        }
        let written = self.written(path, seen.bytes(), &ours, &merged)?;
        // One whose line ends git would not give back keeps them.
        let written = written.or_else(|| with_line_ends(seen.bytes(), &ours, &merged));
        let written = match written {
            Some(written) => written,
            // The file has more than git stores of it: then what is there stays, and the fix goes between it or nowhere.
            None => merge(&proposal.before, seen.bytes(), &proposal.after).ok_or_else(|| only_there(path))?,
        };
        if to_stored(&written)? != merged {
            return Err(only_there(path));
        }
        Ok(Some((seen, written)))
    }

    /// What git would write for the merged content; none where the file is not what git would write for what it stores
    /// of it, because then something of it would be lost: what a filter strips, line ends, a hand-written `$Id$`.
    fn written(&self, path: &RepoPath, seen: &[u8], ours: &[u8], merged: &[u8]) -> Result<Option<Vec<u8>>, Why> {
        let to_worktree = |bytes: &[u8]| self.repo.to_worktree(path, bytes).map_err(|error| refused(&error));
        if to_worktree(ours)? != seen {
            return Ok(None);
        }
        to_worktree(merged).map(Some)
    }
}

/// Why a file is left whose content in the work tree git's conversion would not give back.
fn only_there(path: &RepoPath) -> Why {
    Why::Failed(format!(
        "the work tree's file has what git's conversion of it (line ends, encoding or filter) does not give back; `tollgate fix {path}` mends it there, then stage it"
    ))
}

fn refused(error: &git::Error) -> Why {
    let text = error.to_string();
    Why::Failed(text.lines().next().unwrap_or_default().to_owned())
}
