//! What is wrong with an installation, and how to mend it.

use std::path::Path;
use std::time::Duration;

use crate::git::Repo;
use crate::hook::manifest::{HooksPath, Layout, Manifest, Role};
use crate::hook::place::{self, Place, from_where_hooks_run, hooks_in, is_runnable};
use crate::hook::plan::{Standing, content, standing};
use crate::hook::{Error, STAGES, Stage, shim};
use crate::model::command::{CommandSpec, Exit, Scrub};
use crate::model::rule::Level;
use crate::process::{self, Interrupt};

/// The oldest git that is served.
const OLDEST_GIT: (u32, u32) = (2, 31);

/// The most time that a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something that a user should know about an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// What is the matter, on one line.
    pub(crate) what: String,
    /// Error: the hooks do not work as they should. Warning: they may not. Note: as it was asked for, probably.
    pub(crate) level: Level,
    /// What to do about it, on one line.
    pub(crate) hint: String,
}

/// Whether the environment switches the hooks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    /// They run.
    On,
    /// `TOLLGATE=0` is set.
    Off,
}

/// Looks at git, the configuration, the hooks and the program that they call; an empty list means that all is well.
pub(crate) fn doctor(repo: &Repo, switch: Switch, interrupt: &Interrupt) -> Result<Vec<Diagnosis>, Error> {
    let mut found = Vec::new();
    git_version(&String::from_utf8_lossy(&repo.run(&["version"], b"")?), &mut found);
    if switch == Switch::Off {
        note(&mut found, Level::Warning, "TOLLGATE=0 is set, so the hooks check nothing", "unset TOLLGATE");
    }
    let layout = Layout::new(repo.common_dir());
    let manifest = match Manifest::load(&layout) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => {
            not_installed(&layout, &mut found)?;
            return Ok(found);
        }
        Err(error) => {
            note(&mut found, Level::Error, error.to_string(), error.hint().unwrap_or_default());
            return Ok(found);
        }
    };
    setting(repo, &layout, &manifest, &mut found)?;
    scripts(&layout, &manifest, &mut found)?;
    if let Some(setting) = &manifest.hooks_path {
        not_passed(repo, setting, &manifest, &mut found);
    }
    programs(repo, &manifest, interrupt, &mut found);
    Ok(found)
}

/// Adds a diagnosis.
fn note(found: &mut Vec<Diagnosis>, level: Level, what: impl Into<String>, hint: impl Into<String>) {
    found.push(Diagnosis { what: what.into(), level, hint: hint.into() });
}

/// The cure of most things.
const AGAIN: &str = "run `tollgate install`";

/// Reads `git version 2.47.3 (more)`.
fn git_version(said: &str, found: &mut Vec<Diagnosis>) {
    let version = said.split_whitespace().nth(2).unwrap_or_default();
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let (Some(Some(major)), Some(Some(minor))) = (numbers.next(), numbers.next()) else {
        return note(found, Level::Warning, format!("cannot tell git's version from `{}`", said.trim()), "");
    };
    if (major, minor) < OLDEST_GIT {
        let (major, minor) = OLDEST_GIT;
        let hint = format!("install git {major}.{minor} or later");
        note(found, Level::Error, format!("git {version} is too old for tollgate"), hint);
    }
}

/// There is no record.
fn not_installed(layout: &Layout, found: &mut Vec<Diagnosis>) -> Result<(), Error> {
    for folder in [layout.hooks(), layout.own_hooks()] {
        for stage in STAGES {
            let file = folder.join(stage.name);
            if content(&file)?.is_some_and(|bytes| shim::is_ours(&bytes)) {
                let what = format!("{} is tollgate's, but the record of the installation is gone", file.display());
                note(found, Level::Error, what, AGAIN);
                return Ok(());
            }
        }
    }
    note(found, Level::Error, "the hooks are not installed here", AGAIN);
    Ok(())
}

/// Whether git looks for hooks where ours are.
fn setting(repo: &Repo, layout: &Layout, manifest: &Manifest, found: &mut Vec<Diagnosis>) -> Result<(), Error> {
    let (is_called, where_to) = match place::find(repo, layout)? {
        Place::Repository => (manifest.hooks_path.is_none(), layout.hooks().display().to_string()),
        Place::Already => (manifest.hooks_path.is_some(), layout.own_hooks().display().to_string()),
        Place::Own { former, .. } => (false, former),
    };
    if !is_called {
        let what = format!("git looks for hooks in {where_to}, so it does not call tollgate's");
        note(found, Level::Error, what, format!("{AGAIN}: the hooks there will be called too"));
    }
    Ok(())
}

/// Whether the scripts are as they were written.
fn scripts(layout: &Layout, manifest: &Manifest, found: &mut Vec<Diagnosis>) -> Result<(), Error> {
    for written in &manifest.files {
        let file = manifest.hooks(layout).join(&written.name);
        let shown = file.display();
        match standing(&file, Some(written))? {
            Standing::Nothing => note(found, Level::Error, format!("{shown} is gone"), AGAIN),
            Standing::Edited => {
                let hint = "run `tollgate install --force` to have it as it should be";
                note(found, Level::Warning, format!("{shown} was edited"), hint);
            }
            Standing::Foreign => {
                let hint = format!("{AGAIN}: both hooks will be called");
                note(found, Level::Error, format!("{shown} was replaced by another program"), hint);
            }
            Standing::Ours(_) if !is_runnable(&file) => {
                note(found, Level::Error, format!("{shown} is not executable, so git does not call it"), AGAIN);
            }
            Standing::Ours(_) => {}
        }
    }
    // What comes by itself as soon as a policy has work for it is not missing.
    let is_missing = |stage: &&Stage| {
        let calls = manifest.file(stage.name).is_some_and(|file| file.role == Role::Calls);
        let comes_by_itself = manifest.follows_policy && stage.is_on_demand;
        !calls && !comes_by_itself
    };
    for stage in STAGES.iter().filter(is_missing) {
        let hint = format!("run `tollgate install --hook {}` if you want it", stage.name);
        note(found, Level::Note, format!("the hook {} is not installed", stage.name), hint);
    }
    Ok(())
}

/// Hooks that git would call without us and that nobody calls now.
fn not_passed(repo: &Repo, setting: &HooksPath, manifest: &Manifest, found: &mut Vec<Diagnosis>) {
    let known: Vec<String> = manifest.files.iter().map(|file| file.name.clone()).collect();
    let folder = from_where_hooks_run(repo, Path::new(&setting.former));
    for name in hooks_in(&folder, &known) {
        note(found, Level::Error, format!("{} is not called", folder.join(name).display()), AGAIN);
    }
}

/// Whether the program is there that the hooks call, and whether it is the same as the one that a user calls.
fn programs(repo: &Repo, manifest: &Manifest, interrupt: &Interrupt, found: &mut Vec<Diagnosis>) {
    let ours = env!("CARGO_PKG_VERSION");
    match version(repo, &manifest.binary, interrupt) {
        None => {
            let what = format!("{}, which the hooks should call, is gone", manifest.binary);
            note(found, Level::Error, what, AGAIN);
        }
        Some(theirs) if theirs != ours => {
            let what = format!("the hooks call {}, version {theirs}; this is {ours}", manifest.binary);
            note(found, Level::Warning, what, AGAIN);
        }
        Some(_) => {}
    }
    if let Some(theirs) = version(repo, "tollgate", interrupt).filter(|theirs| theirs != ours) {
        note(found, Level::Warning, format!("the tollgate on PATH is version {theirs}; this is {ours}"), "update one");
    }
}

/// The version that a program says it has; none if it can't be run.
fn version(repo: &Repo, program: &str, interrupt: &Interrupt) -> Option<String> {
    let spec = CommandSpec {
        program: program.into(),
        args: vec!["--version".into()],
        dir: Some(repo.common_dir().to_owned()),
        scrub: Scrub::Git,
        timeout: Some(PATIENCE),
        max_output: 1_000,
        ..CommandSpec::default()
    };
    let output = process::run(&spec, interrupt).ok().filter(|output| output.exit == Exit::Code(0))?;
    String::from_utf8_lossy(&output.stdout).split_whitespace().nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::git_version;

    #[track_caller]
    fn check(said: &str, expected: Option<&str>) {
        let mut found = Vec::new();
        git_version(said, &mut found);
        assert_eq!(found.first().map(|diagnosis| diagnosis.what.as_str()), expected);
    }

    #[test]
    fn an_old_git_is_told() {
        check("git version 2.47.3\n", None);
        check("git version 2.31.0.windows.1", None);
        check("git version 2.39.5 (Apple Git-154)", None);
        check("git version 3.0", None);
        check("git version 2.30.9", Some("git 2.30.9 is too old for tollgate"));
        check("git version 1.8.3.1", Some("git 1.8.3.1 is too old for tollgate"));
        check("surprise", Some("cannot tell git's version from `surprise`"));
    }
}
