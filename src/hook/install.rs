//! Putting the hooks in place.

use std::path::PathBuf;

use crate::git::Repo;
use crate::hook::apply::Step;
use crate::hook::chain;
use crate::hook::manifest::{Layout, Manifest, Role, sha256};
use crate::hook::place::{self, Place, Settings, is_runnable};
use crate::hook::plan::{self, Plan, Standing, content, standing};
use crate::hook::{Error, apply, uninstall};

/// How to install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The hooks to install by git's names; if empty those that every policy has work for, and those of `asked`. Those
    /// that are installed already stay.
    pub(crate) hooks: Vec<String>,
    /// The further hooks that the policy of today has work for.
    pub(crate) asked: Vec<String>,
    /// The program that they call, absolute.
    pub(crate) binary: PathBuf,
    /// What happens to scripts of ours that were edited.
    pub(crate) edits: Edits,
}

/// What happens to scripts of ours that were edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edits {
    /// They are an error.
    Respect,
    /// They are overwritten or removed.
    Discard,
}

/// What is installed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Installed {
    /// The folder of the hooks.
    pub(crate) folder: PathBuf,
    /// The hooks that call tollgate.
    pub(crate) hooks: Vec<String>,
    /// Those of them that also run a hook that was there.
    pub(crate) chained: Vec<String>,
    /// The hooks that are there and that ours only hand on to.
    pub(crate) passed: Vec<String>,
    /// Whether anything had to be done.
    pub(crate) is_changed: bool,
}

/// Whether the hooks were installed in this repository: somebody who may write its `.git` trusts it to run commands.
pub(crate) fn is_installed(repo: &Repo) -> bool {
    Layout::new(repo.common_dir()).manifest().is_file()
}

/// Sees to it that git calls a hook that a policy has come to ask for, unless somebody named the hooks that they want and
/// this is none of them; whether it had to be installed. Git looks for it only after this, where it looked before: an
/// installation that would have to move is left alone, and an error.
pub(crate) fn add(repo: &Repo, name: &str) -> Result<bool, Error> {
    let layout = Layout::new(repo.common_dir());
    let Some(manifest) = Manifest::load(&layout)? else { return Ok(false) };
    let recorded = manifest.file(name).filter(|file| file.role == Role::Calls);
    if recorded.is_none() && !manifest.follows_policy {
        return Ok(false);
    }
    if (place::find(repo, &layout)? == Place::Repository) != manifest.hooks_path.is_none() {
        return Err(Error::Moved);
    }
    let file = manifest.hooks(&layout).join(name);
    if matches!(standing(&file, recorded)?, Standing::Ours(_)) && is_runnable(&file) {
        return Ok(false);
    }
    let (hooks, binary) = (vec![name.to_owned()], PathBuf::from(&manifest.binary));
    let installed = install(repo, &Options { hooks, asked: Vec::new(), binary, edits: Edits::Respect })?;
    Ok(installed.is_changed)
}

/// Whether a hook was installed.
pub(crate) fn has_hook(repo: &Repo, name: &str) -> Result<bool, Error> {
    let manifest = Manifest::load(&Layout::new(repo.common_dir()))?;
    let is_there = |manifest: Manifest| manifest.file(name).is_some_and(|file| file.role == Role::Calls);
    Ok(manifest.is_some_and(is_there))
}

/// What [`install`] would do.
pub(crate) fn plan(repo: &Repo, options: &Options) -> Result<Plan, Error> {
    plan::plan(repo, options)
}

/// Installs the hooks, or mends an installation, or does nothing if all is in place. Hooks that are there are kept and
/// called; where git was told to look for hooks elsewhere, that folder is left alone and its hooks are called.
pub(crate) fn install(repo: &Repo, options: &Options) -> Result<Installed, Error> {
    let plan = plan(repo, options)?;
    let layout = Layout::new(repo.common_dir());
    let is_changed = plan.steps().next().is_some() || plan.before.as_ref() != Some(&plan.manifest);
    if is_changed {
        carry_out(repo, &layout, &plan)?;
    }
    let place = place::find(repo, &layout)?;
    if (place == Place::Repository) != plan.manifest.hooks_path.is_none() || matches!(place, Place::Own { .. }) {
        let settings = Settings::read(repo)?;
        if is_changed {
            withdraw(repo, &layout)?;
        }
        return Err(Error::Overruled(settings.effective().map_or_else(String::new, |(value, _)| value.to_owned())));
    }
    installed(repo, &layout, &plan.manifest, is_changed)
}

/// Does what is planned. The record comes before the changes, so that they can be taken back after a kill.
fn carry_out(repo: &Repo, layout: &Layout, plan: &Plan) -> Result<(), Error> {
    for step in &plan.undo {
        step.perform(repo)?;
    }
    apply::Step::CreateFolder(layout.folder()).perform(repo)?;
    plan.manifest.save(layout)?;
    for step in &plan.install {
        step.perform(repo)?;
    }
    let is_set_now = plan.install.iter().any(|step| matches!(step, Step::Set { .. }));
    if let (true, Some(setting)) = (is_set_now, &plan.manifest.hooks_path) {
        let after = content(setting.config.as_ref())?.map(|bytes| sha256(&bytes));
        let mut manifest = plan.manifest.clone();
        manifest.hooks_path = Some(super::manifest::HooksPath { after, ..setting.clone() });
        manifest.save(layout)?;
    }
    Ok(())
}

/// Takes out what was just installed, since git would not call it.
fn withdraw(repo: &Repo, layout: &Layout) -> Result<(), Error> {
    let Some(manifest) = Manifest::load(layout)? else { return Ok(()) };
    let mut steps = uninstall::steps(repo, layout, &manifest, Edits::Discard)?;
    steps.extend([Step::Remove(layout.manifest()), Step::RemoveFolder(layout.folder())]);
    steps.iter().try_for_each(|step| step.perform(repo))
}

/// Says what a record means.
fn installed(repo: &Repo, layout: &Layout, manifest: &Manifest, is_changed: bool) -> Result<Installed, Error> {
    let names = |role: Role| manifest.files.iter().filter(move |file| file.role == role).map(|file| file.name.clone());
    let runs = |role: Role| {
        let found = names(role).map(|name| Ok(chain::find(repo, &name)?.map(|_| name)));
        found.filter_map(Result::transpose).collect::<Result<Vec<String>, Error>>()
    };
    let (chained, passed) = (runs(Role::Calls)?, runs(Role::HandsOn)?);
    Ok(Installed { folder: manifest.hooks(layout), hooks: names(Role::Calls).collect(), chained, passed, is_changed })
}
