//! What lies beside a hook that ours replaced. Such a hook runs from another folder, and finds there by links what it
//! used to find in its own.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::hook::apply::Step;
use crate::hook::manifest::Layout;
use crate::hook::plan::content;
use crate::hook::{Error, STAGES, shim};
use crate::tree;

/// The steps that make the links what they should be, before or after hooks are moved; `installed` are the hooks that
/// are or will be ours.
pub(super) fn steps<N: AsRef<OsStr>>(layout: &Layout, installed: &[N]) -> Result<Vec<Step>, Error> {
    let (there, wanted) = (links(layout)?, siblings(layout, installed)?);
    let replaced = layout.replaced();
    let gone = there.difference(&wanted).map(|name| Step::Remove(replaced.join(name)));
    // What was kept itself comes first.
    let is_free = |name: &&OsString| replaced.join(name).symlink_metadata().is_err();
    let missing = wanted.difference(&there).filter(is_free);
    Ok(gone.chain(missing.map(|name| Step::Link { from: replaced.join(name), to: target(name) })).collect())
}

/// The steps that take all links away.
pub(super) fn removal(layout: &Layout) -> Result<Vec<Step>, Error> {
    Ok(links(layout)?.iter().map(|name| Step::Remove(layout.replaced().join(name))).collect())
}

/// Whether a hook that ours replaced is kept.
pub(super) fn is_kept(layout: &Layout, name: &str) -> bool {
    let file = layout.replaced().join(name);
    file.symlink_metadata().is_ok() && !is_link(&file, name.as_ref())
}

/// The names of the links.
fn links(layout: &Layout) -> Result<BTreeSet<OsString>, Error> {
    let folder = layout.replaced();
    Ok(names(&folder)?.into_iter().filter(|name| is_link(&folder.join(name), name)).collect())
}

/// Whether a file is a link of ours: no hook that was kept leads to the place that it was taken from.
fn is_link(file: &Path, name: &OsStr) -> bool {
    fs::read_link(file).is_ok_and(|found| found == target(name))
}

/// Where a link leads.
fn target(name: &OsStr) -> PathBuf {
    Path::new("../hooks").join(name)
}

/// The names of what a hook that is kept should find beside it: all but ours and git's samples.
fn siblings<N: AsRef<OsStr>>(layout: &Layout, installed: &[N]) -> Result<BTreeSet<OsString>, Error> {
    let folder = layout.hooks();
    let mut siblings = BTreeSet::new();
    for name in names(&folder)? {
        let is_sample = name.as_encoded_bytes().ends_with(b".sample");
        let is_installed = installed.iter().any(|installed| installed.as_ref() == name);
        if !is_sample && !is_installed && !is_ours(&folder, &name)? {
            siblings.insert(name);
        }
    }
    Ok(siblings)
}

/// Whether a file is a script of ours that a hook manager put aside.
fn is_ours(folder: &Path, name: &OsStr) -> Result<bool, Error> {
    let of_stage = |stage: &crate::hook::Stage| name.as_encoded_bytes().starts_with(stage.name.as_bytes());
    let file = folder.join(name);
    Ok(STAGES.iter().any(of_stage) && file.is_file() && content(&file)?.is_some_and(|bytes| shim::is_ours(&bytes)))
}

/// What is in a folder; nothing if it is not there.
fn names(folder: &Path) -> Result<Vec<OsString>, Error> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<Vec<_>>>();
    match read() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => Ok(read.map_err(tree::Error::files("list", folder))?),
    }
}
