//! What installing means for a repository as it is: the steps, and the record of them. Nothing is changed here.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::hook::apply::Step;
use crate::hook::install::{Edits, Options};
use crate::hook::manifest::{HooksPath, Layout, Manifest, Role, Scope, Written, sha256};
use crate::hook::place::{self, Place, config_file, from_where_hooks_run, hooks_in, is_runnable};
use crate::hook::shim::{self, Chained, path_text};
use crate::hook::{Error, STAGES, Stage, sibling, stage, uninstall};
use crate::tree::{self};

/// The hooks of people at work, which a folder that git was told of may get at any time. Not those that git calls over
/// and over (`reference-transaction`, `fsmonitor-watchman`, `post-index-change`), nor those that change what git does by
/// being there (`push-to-checkout`): they are handed on to only if they are there.
const USUAL: &[&str] = &[
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-rewrite",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "prepare-commit-msg",
    "sendemail-validate",
];

/// What has to be done.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Taking out an installation that would no longer be called.
    pub(super) undo: Vec<Step>,
    /// Installing.
    pub(super) install: Vec<Step>,
    /// What will be recorded.
    pub(super) manifest: Manifest,
    /// What is recorded now.
    pub(super) before: Option<Manifest>,
}

impl Plan {
    /// The steps in their order; none if all is in place.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.undo.iter().chain(&self.install)
    }
}

/// What the planning of single hooks needs to know.
struct Planning<'a> {
    layout: &'a Layout,
    /// What is recorded of the folder that is installed into.
    before: Option<&'a Manifest>,
    edits: Edits,
    /// The folder that is installed into.
    hooks: PathBuf,
    manifest: Manifest,
    steps: Vec<Step>,
}

/// Plans the installation.
pub(super) fn plan(repo: &Repo, options: &Options) -> Result<Plan, Error> {
    let layout = Layout::new(repo.common_dir());
    let before = Manifest::load(&layout)?;
    let place = place::find(repo, &layout)?;
    if let Place::Own { former, before: Some(set), .. } = &place
        && place::is_same(set.as_ref(), &layout.own_hooks())
    {
        // It is set already, and something else wins.
        return Err(Error::Overruled(former.clone()));
    }
    if let Some(before) = &before {
        of_this_work_tree(repo, before, &place)?;
    }
    let moves = before.as_ref().is_some_and(|before| before.hooks_path.is_some() == (place == Place::Repository));
    let undo = match &before {
        Some(before) if moves => uninstall::steps(repo, &layout, before, options.edits)?,
        _ => Vec::new(),
    };
    let mut planning = Planning {
        layout: &layout,
        before: before.as_ref().filter(|_| !moves),
        edits: options.edits,
        hooks: if place == Place::Repository { layout.hooks() } else { layout.own_hooks() },
        manifest: Manifest::new(path_text("the program", &options.binary)?),
        steps: Vec::new(),
    };
    let hooks = chosen(options, before.as_ref())?;
    planning.manifest.follows_policy =
        options.hooks.is_empty() || before.as_ref().is_some_and(|before| before.follows_policy);
    planning.folders();
    match &place {
        Place::Repository => planning.in_repository(&hooks)?,
        _ => planning.in_own_folder(repo, &place, &hooks)?,
    }
    Ok(Plan { undo, install: planning.steps, manifest: planning.manifest, before })
}

/// Refuses to install anew for one work tree what serves another: there is one record, and the hooks of the other would
/// no longer be called.
fn of_this_work_tree(repo: &Repo, before: &Manifest, place: &Place) -> Result<(), Error> {
    uninstall::of_this_work_tree(repo, before)?;
    let config = config_file(repo, Scope::Worktree);
    let is_recorded =
        before.hooks_path.as_ref().is_some_and(|setting| place::is_same(setting.config.as_ref(), &config));
    match place {
        Place::Own { scope: Scope::Worktree, .. } if !is_recorded => Err(Error::OtherWorkTree(config)),
        _ => Ok(()),
    }
}

/// The hooks to install: those that are named, else those that there is work for, and those that are installed already.
fn chosen(options: &Options, before: Option<&Manifest>) -> Result<Vec<String>, Error> {
    let Options { hooks, asked, .. } = options;
    for name in hooks.iter().chain(asked) {
        stage(name)?;
    }
    let is_chosen = |stage: &&Stage| {
        let is_in = |names: &[String]| names.iter().any(|name| name == stage.name);
        let has_work = !stage.is_on_demand || is_in(asked);
        is_in(hooks)
            || (hooks.is_empty() && has_work)
            || before.is_some_and(|before| before.file(stage.name).is_some_and(|file| file.role == Role::Calls))
    };
    Ok(STAGES.iter().filter(is_chosen).map(|stage| stage.name.to_owned()).collect())
}

impl Planning<'_> {
    /// Makes the folders.
    fn folders(&mut self) {
        let is_missing = !self.hooks.is_dir();
        self.manifest.created_folder = is_missing || self.before.is_some_and(|before| before.created_folder);
        for folder in [self.layout.replaced(), self.hooks.clone()] {
            if !folder.is_dir() {
                self.steps.push(Step::CreateFolder(folder));
            }
        }
    }

    /// Plans scripts in the repository's own folder of hooks: what is there is kept.
    fn in_repository(&mut self, hooks: &[String]) -> Result<(), Error> {
        let linked = self.linked(hooks);
        let all: Vec<&str> = hooks.iter().chain(&linked).map(String::as_str).collect();
        let is_kept = |name: &&str| sibling::is_kept(self.layout, name);
        let keeps = all.iter().map(|name| Ok(is_kept(name) || self.standing(name)? == Standing::Foreign));
        if keeps.collect::<Result<Vec<_>, Error>>()?.contains(&true) {
            self.steps.extend(sibling::steps(self.layout, &all)?);
        }
        for name in all {
            let (file, kept) = (self.hooks.join(name), self.layout.replaced().join(name));
            let is_foreign = self.standing(name)? == Standing::Foreign;
            let is_kept = sibling::is_kept(self.layout, name);
            if is_foreign && is_kept {
                return Err(Error::Occupied(file));
            }
            let original = if is_foreign { &file } else { &kept };
            let replaced = if is_foreign || is_kept { content(original)? } else { None };
            let chained = match &replaced {
                None => Chained::Nothing,
                Some(_) => Chained::Beside(format!("../tollgate-replaced/{name}")),
            };
            if is_foreign {
                self.remove_legacy(&file);
                self.steps.push(Step::Keep { from: file, to: kept });
            }
            let (text, role) = if hooks.iter().any(|hook| hook == name) {
                (shim::client(&self.manifest.binary, &chained, &shim::remove_file(&chained)), Role::Calls)
            } else {
                (shim::pass_through(&chained), Role::HandsOn)
            };
            self.script(name, text, replaced.map(|bytes| sha256(&bytes)), role)?;
        }
        Ok(())
    }

    /// The further hooks that are links to one that ours replaces, and would lead to ours then: they are kept too, and
    /// handed on to.
    fn linked(&self, hooks: &[String]) -> Vec<String> {
        let is_replaced = |link: &Path| hooks.iter().any(|hook| place::is_same(link, &self.hooks.join(hook)));
        let recorded = self.before.into_iter().flat_map(|before| &before.files).map(|file| file.name.clone());
        let mut linked: Vec<String> = recorded.filter(|name| !hooks.contains(name)).collect();
        linked.extend(hooks_in(&self.hooks, hooks).into_iter().filter(|name| {
            let file = self.hooks.join(name);
            file.is_symlink() && is_replaced(&file)
        }));
        linked.sort_unstable();
        linked.dedup();
        linked
    }

    /// A hook manager that came after us may have kept ours as `NAME.legacy` in order to call it. As soon as we call
    /// that manager, this would go round in circles.
    fn remove_legacy(&mut self, file: &Path) {
        let legacy = file.with_extension("legacy");
        if fs::read(&legacy).is_ok_and(|bytes| shim::is_ours(&bytes)) {
            self.steps.push(Step::Remove(legacy));
        }
    }

    /// Plans scripts in our own folder, for every hook that git would find without us, and the setting.
    fn in_own_folder(&mut self, repo: &Repo, place: &Place, hooks: &[String]) -> Result<(), Error> {
        let setting = self.setting(repo, place)?;
        let folder = from_where_hooks_run(repo, Path::new(&setting.former));
        let mut passed = hooks_in(&folder, hooks);
        let recorded = self.before.into_iter().flat_map(|before| &before.files).map(|file| file.name.as_str());
        let others = recorded.chain(USUAL.iter().copied()).filter(|name| hooks.iter().all(|hook| hook != name));
        passed.extend(others.map(str::to_owned));
        passed.sort_unstable();
        passed.dedup();
        let remove = shim::reset_setting(setting.scope.option(), setting.before.as_deref());
        let chained = |name: &str| Chained::At(format!("{}/{name}", setting.former.trim_end_matches('/')));
        for name in hooks {
            let text = shim::client(&self.manifest.binary, &chained(name), &remove);
            self.script(name, text, None, Role::Calls)?;
        }
        for name in &passed {
            self.script(name, shim::pass_through(&chained(name)), None, Role::HandsOn)?;
        }
        if let Place::Own { scope, .. } = place {
            let own = path_text("the folder of hooks", &self.layout.own_hooks())?;
            self.steps.push(Step::SaveConfig { from: config_file(repo, *scope), to: self.layout.config_before() });
            self.steps.push(Step::Set { scope: *scope, value: Some(own) });
        }
        self.manifest.hooks_path = Some(setting);
        Ok(())
    }

    /// What is recorded of the setting.
    fn setting(&self, repo: &Repo, place: &Place) -> Result<HooksPath, Error> {
        let (scope, former, before) = match place {
            Place::Own { former, scope, before } => (*scope, former.clone(), before.clone()),
            _ => match self.before.and_then(|before| before.hooks_path.clone()) {
                Some(setting) => return Ok(setting),
                // The record was lost: git's own default is the best guess.
                None => (Scope::Local, path_text("the folder of hooks", &self.layout.hooks())?, None),
            },
        };
        let config = path_text("the configuration file", &config_file(repo, scope))?;
        Ok(HooksPath { scope, config, before, former, after: None })
    }

    /// Plans one script and records it.
    fn script(&mut self, name: &str, text: String, replaced: Option<String>, role: Role) -> Result<(), Error> {
        let file = self.hooks.join(name);
        let standing = self.standing(name)?;
        let is_kept_aside = standing == Standing::Foreign && self.hooks == self.layout.hooks();
        if matches!(standing, Standing::Foreign | Standing::Edited) && !is_kept_aside && self.edits == Edits::Respect {
            return Err(Error::Edited(vec![file]));
        }
        let written = sha256(text.as_bytes());
        if standing != Standing::Ours(written.clone()) || !is_runnable(&file) {
            self.steps.push(Step::Write { file, text });
        }
        self.manifest.files.push(Written { name: name.to_owned(), sha256: written, replaced, role });
        Ok(())
    }

    /// What stands where the script `name` belongs.
    fn standing(&self, name: &str) -> Result<Standing, Error> {
        standing(&self.hooks.join(name), self.before.and_then(|before| before.file(name)))
    }
}

/// What stands where a script of ours belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Nothing,
    /// A script of ours as we wrote it, with this SHA-256.
    Ours(String),
    /// A script of ours that was edited.
    Edited,
    /// Something else.
    Foreign,
}

/// Looks at what stands in `file`; `recorded` is what we wrote there, if that is known.
pub(super) fn standing(file: &Path, recorded: Option<&Written>) -> Result<Standing, Error> {
    let Some(bytes) = content(file)? else { return Ok(Standing::Nothing) };
    let found = sha256(&bytes);
    let is_link = file.is_symlink();
    Ok(match recorded {
        Some(written) if written.sha256 == found && !is_link => Standing::Ours(found),
        Some(_) if shim::is_ours(&bytes) => Standing::Edited,
        None if shim::is_ours(&bytes) && !is_link => Standing::Ours(found),
        _ => Standing::Foreign,
    })
}

/// The bytes of a file, the target of a link; none if there is nothing.
pub(super) fn content(file: &Path) -> Result<Option<Vec<u8>>, Error> {
    if let Ok(target) = fs::read_link(file) {
        return Ok(Some(target.into_os_string().into_encoded_bytes()));
    }
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(tree::Error::files("read", file)(error).into()),
    }
}
