//! Taking the hooks out again, so that everything is as it was before.

use std::path::PathBuf;

use crate::git::Repo;
use crate::hook::Error;
use crate::hook::apply::Step;
use crate::hook::install::Edits;
use crate::hook::manifest::{HooksPath, Layout, Manifest, Scope, sha256};
use crate::hook::place::{config_file, in_file, is_same};
use crate::hook::plan::{Standing, content, standing};
use crate::hook::{shim, sibling};

/// What taking the hooks out would do. Scripts that were edited are an error, unless the edits are to be discarded;
/// what others put in the place of ours stays then.
pub(crate) fn plan(repo: &Repo, edits: Edits) -> Result<Vec<Step>, Error> {
    let layout = Layout::new(repo.common_dir());
    let manifest = Manifest::load(&layout)?.ok_or(Error::NotInstalled)?;
    of_this_work_tree(repo, &manifest)?;
    let mut all = steps(repo, &layout, &manifest, edits)?;
    all.push(Step::Remove(layout.manifest()));
    all.push(Step::RemoveFolder(layout.folder()));
    Ok(all)
}

/// Takes the hooks out and puts those that were there before back, byte for byte, and the configuration too if nobody
/// has changed it since; otherwise only our setting is taken out of it.
pub(crate) fn uninstall(repo: &Repo, edits: Edits) -> Result<Vec<Step>, Error> {
    let all = plan(repo, edits)?;
    for step in &all {
        step.perform(repo)?;
    }
    Ok(all)
}

/// Refuses to touch what was installed for another work tree alone, as long as that has a configuration: git shows the
/// setting only there.
pub(super) fn of_this_work_tree(repo: &Repo, manifest: &Manifest) -> Result<(), Error> {
    let Some(setting) = manifest.hooks_path.as_ref().filter(|setting| setting.scope == Scope::Worktree) else {
        return Ok(());
    };
    let (theirs, ours) = (PathBuf::from(&setting.config), config_file(repo, Scope::Worktree));
    if theirs.exists() && !is_same(&theirs, &ours) { Err(Error::OtherWorkTree(theirs)) } else { Ok(()) }
}

/// The steps that take out what is recorded, except for the record.
pub(super) fn steps(repo: &Repo, layout: &Layout, manifest: &Manifest, edits: Edits) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    if let Some(setting) = &manifest.hooks_path {
        reset(repo, layout, setting, &mut steps)?;
    }
    let mut edited: Vec<PathBuf> = Vec::new();
    let hooks = manifest.hooks(layout);
    for written in &manifest.files {
        let (file, kept) = (hooks.join(&written.name), layout.replaced().join(&written.name));
        let found = content(&file)?.map(|bytes| sha256(&bytes));
        // Not yet replaced, or put back already: a run was killed in between.
        let is_original = found.is_some() && found == written.replaced;
        let is_kept = written.replaced.is_some() && sibling::is_kept(layout, &written.name);
        match standing(&file, Some(written))? {
            _ if is_original => continue,
            Standing::Edited | Standing::Foreign if edits == Edits::Respect => {
                edited.push(file);
                continue;
            }
            Standing::Foreign => continue,
            _ if is_kept => steps.push(Step::Restore { from: kept, to: file.clone() }),
            Standing::Nothing => {}
            Standing::Ours(_) | Standing::Edited => steps.push(Step::Remove(file.clone())),
        }
        let legacy = file.with_extension("legacy");
        if content(&legacy)?.is_some_and(|bytes| shim::is_ours(&bytes)) {
            steps.push(Step::Remove(legacy));
        }
    }
    if !edited.is_empty() {
        return Err(Error::Edited(edited));
    }
    steps.extend(sibling::removal(layout)?);
    steps.push(Step::RemoveFolder(layout.replaced()));
    if manifest.created_folder {
        steps.push(Step::RemoveFolder(hooks));
    }
    Ok(steps)
}

/// The steps that put the setting back. It comes first: until the scripts are gone, git calls those that it called
/// before us.
fn reset(repo: &Repo, layout: &Layout, setting: &HooksPath, steps: &mut Vec<Step>) -> Result<(), Error> {
    let copy = layout.config_before();
    let now = content(setting.config.as_ref())?.map(|bytes| sha256(&bytes));
    if now.is_some() && now == setting.after && copy.is_file() {
        steps.push(Step::RestoreConfig { from: copy, to: setting.config.clone().into() });
        return Ok(());
    }
    let set = in_file(repo, setting.config.as_ref())?;
    let is_ours = set.is_some_and(|value| is_same(value.as_ref(), &layout.own_hooks()));
    if is_ours {
        steps.push(Step::Set { scope: setting.scope, value: setting.before.clone() });
    }
    steps.push(Step::Remove(copy));
    Ok(())
}
