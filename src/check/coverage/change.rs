//! The lines of a file that a change writes: not those of another parent, and not those that only moved.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::diff::moved::{Block, Moves};
use crate::diff::{LineDiff, lines};
use crate::model::change::{ChangeSet, ChangedFile, FileSide};
use crate::model::content::{Content, Contents};
use crate::model::outcome::Breakage;

/// The most bytes of a file that are read.
const MAX_BYTES: u64 = 32 << 20;

/// Reads a side of a file.
type ReadSide<'a> = dyn Fn(&FileSide) -> Result<Rc<[u8]>, Breakage> + 'a;

/// What a change does to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Nothing.
    Kept,
    /// It only comes from another place.
    Moved,
    /// It writes it.
    Written,
}

/// The judged side of a file.
pub(super) struct Written {
    /// Its text.
    pub(super) text: Rc<[u8]>,
    /// What the change does to each of its lines.
    pub(super) deeds: Vec<Deed>,
}

impl Written {
    /// What the change does to a line, from 1; `None` if there is no such line.
    pub(super) fn deed(&self, line: u32) -> Option<Deed> {
        self.deeds.get(usize::try_from(line).ok()?.checked_sub(1)?).copied()
    }
}

/// Reads these files (indices in the change) and tells what the change does to their lines. In a merge a line is written
/// only if no parent has it; without a state before every line is.
pub(super) fn written(
    change: &ChangeSet,
    contents: &dyn Contents,
    files: &[usize],
) -> Result<BTreeMap<usize, Written>, Breakage> {
    let read = |side: &FileSide| match contents.read(side, MAX_BYTES) {
        Ok(Content::Bytes(bytes)) => Ok(Rc::from(bytes)),
        Ok(Content::TooLarge(n_bytes)) => {
            Err(Breakage::new(format!("{}: {n_bytes} bytes are more than are read", side.path)))
        }
        Err(error) => Err(Breakage::new(format!("{}: {}", side.path, error.0))),
    };
    let mut found = BTreeMap::new();
    let mut compared = BTreeMap::new();
    for &index in files {
        let Some((file, head)) = change.files.get(index).and_then(|file| Some((file, file.head.as_ref()?))) else {
            continue;
        };
        let text: Rc<[u8]> = read(head)?;
        let mut deeds = vec![Deed::Written; lines(&text).len()];
        for (parent, base) in file.bases.iter().enumerate() {
            let Some(base) = base else { continue };
            let old = read(base)?;
            let diff = LineDiff::between(&old, &text);
            let kept = deeds.iter_mut().enumerate().filter(|(line, _)| !diff.is_written(*line));
            kept.for_each(|(_, deed)| *deed = Deed::Kept);
            if parent == 0 {
                compared.insert(index, (old, diff));
            }
        }
        found.insert(index, Written { text, deeds });
    }
    if found.values().any(|file| file.deeds.contains(&Deed::Written)) {
        mark_moved(change, &read, compared, &mut found);
    }
    Ok(found)
}

/// A side before, and what the judged one is beside it.
type Compared = (Rc<[u8]>, LineDiff);

/// Marks the lines that the change takes away elsewhere. A file that can't be read gives none; some are `compared` already.
fn mark_moved(
    change: &ChangeSet,
    read: &ReadSide<'_>,
    mut compared: BTreeMap<usize, Compared>,
    found: &mut BTreeMap<usize, Written>,
) {
    let is_of_person = |side: &&FileSide| side.mode.is_regular();
    let base = |file: &ChangedFile| file.bases.first().and_then(Option::as_ref).filter(is_of_person).cloned();
    let mut compare = |index: usize, file: &ChangedFile| -> Option<Compared> {
        let base = base(file)?;
        if let Some(known) = compared.remove(&index) {
            return Some(known);
        }
        let old = read(&base).ok()?;
        let new = file.head.as_ref().filter(is_of_person).and_then(|side| read(side).ok());
        let diff = LineDiff::between(&old, new.as_deref().unwrap_or_default());
        Some((old, diff))
    };
    let mut removed: Vec<Compared> = Vec::new();
    for (index, file) in change.files.iter().enumerate() {
        let Some((old, diff)) = compare(index, file) else { continue };
        if diff.hunks().iter().any(|hunk| !hunk.old.is_empty()) {
            removed.push((old, diff));
        }
    }
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for (old, diff) in &removed {
        let old = lines(old);
        blocks.extend(diff.hunks().iter().filter_map(|hunk| Some(old.get(hunk.old.clone())?.to_vec())));
    }
    let texts: Vec<(usize, Rc<[u8]>)> = found.iter().map(|(index, file)| (*index, Rc::clone(&file.text))).collect();
    let mut moves = Moves::of(&blocks);
    for (index, text) in &texts {
        let text = lines(text);
        let Some(file) = found.get_mut(index) else { continue };
        let mut at = 0;
        for run in file.deeds.chunk_by_mut(|one, other| one == other) {
            let (start, is_written) = (at, run.first() == Some(&Deed::Written));
            at += run.len();
            let Some(added) = text.get(start..at).filter(|_| is_written) else { continue };
            for (deed, _) in run.iter_mut().zip(moves.marks(added)).filter(|(_, is_moved)| *is_moved) {
                *deed = Deed::Moved;
            }
        }
    }
}
