//! The hooks that git would run if tollgate were not installed.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::git::Repo;
use crate::hook::Error;
use crate::hook::manifest::{Layout, Manifest};
use crate::hook::place::{from_where_hooks_run, is_runnable};
use crate::hook::sibling;
use crate::model::command::{CommandSpec, Exit};
use crate::process::{self, Interrupt};

/// Whether this process was called, as the hook `name`, by the hook of that name that we call; `variable` gives the
/// variables of the process.
pub(crate) fn is_called<'a>(repo: &Repo, name: &str, variable: impl Fn(&str) -> Option<&'a str>) -> bool {
    variable(&called(name)).is_some_and(|folder| Path::new(folder) == repo.common_dir())
}

/// The hook `name` that ours stands in for; none if there is none that git would run.
pub(crate) fn find(repo: &Repo, name: &str) -> Result<Option<PathBuf>, Error> {
    let layout = Layout::new(repo.common_dir());
    let Some(manifest) = Manifest::load(&layout)? else { return Ok(None) };
    let file = match &manifest.hooks_path {
        Some(setting) => from_where_hooks_run(repo, setting.former.as_ref()).join(name),
        None if sibling::is_kept(&layout, name) => layout.replaced().join(name),
        None => return Ok(None),
    };
    Ok(is_runnable(&file).then_some(file))
}

/// Sees to it that a hook finds what lies today beside the place that it was taken from.
fn follow_siblings(repo: &Repo) -> Result<(), Error> {
    let layout = Layout::new(repo.common_dir());
    let Some(manifest) = Manifest::load(&layout)?.filter(|manifest| manifest.hooks_path.is_none()) else {
        return Ok(());
    };
    let installed: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
    sibling::steps(&layout, &installed)?.iter().try_for_each(|step| step.perform(repo))
}

/// The variable that is set for a hook that we call: one that calls tollgate in turn, as a hook of another manager may,
/// is judged and calls nobody, or the two would call each other without end. Each hook has its own, because one may call
/// another, as git's sample of `pre-merge-commit` calls `pre-commit`, and that one counts too.
fn called(name: &str) -> String {
    format!("TOLLGATE_CALLED_{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// Runs a hook as git would: in the current folder, with the same arguments and the same standard input. What it prints
/// goes where ours goes.
pub(crate) fn run(
    repo: &Repo,
    file: PathBuf,
    args: &[OsString],
    stdin: &[u8],
    interrupt: &Interrupt,
) -> Result<Exit, Error> {
    follow_siblings(repo)?;
    // The shell runs a script without a first line that names its interpreter, and any script on Windows, as git does.
    let variable = called(&file.file_name().unwrap_or_default().to_string_lossy());
    let exec = ["-c", r#"exec "$0" "$@""#].map(OsStr::new);
    let spec = CommandSpec {
        program: "sh".into(),
        args: exec.iter().map(|arg| (*arg).to_owned()).chain([file.into()]).chain(args.iter().cloned()).collect(),
        stdin: stdin.to_owned(),
        env: BTreeMap::from([(variable.into(), repo.common_dir().as_os_str().to_owned())]),
        ..CommandSpec::default()
    };
    Ok(process::run_attached(&spec, interrupt)?)
}
