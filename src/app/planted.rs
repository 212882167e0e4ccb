//! Programs that a change brings to where a project's own programs are looked for: the policy of the base named a program,
//! and nobody but the change says that this one is it.

use std::path::Path;

use crate::app::policy::Loaded;
use crate::check::external::Command;
use crate::git::attributes::AttributeSource;
use crate::model::change::{ChangeSet, Head};
use crate::model::outcome::{Breakage, CheckRun, Outcome};
use crate::model::path::RepoPath;
use crate::plan::{CommandJob, Plan};

/// Takes commands out of a plan that would run such a program, and settles them as broken.
pub(super) fn refuse(plan: &mut Plan<'_>, change: &ChangeSet, policy: &Loaded) {
    let is_of_base = match (policy.attributes, change.head) {
        (AttributeSource::Tree(policy), Head::Tree { tree, .. }) => policy != tree,
        _ => false,
    };
    if !is_of_base {
        return;
    }
    let brought: Vec<&RepoPath> =
        change.files.iter().filter_map(|file| file.head.as_ref()).map(|side| &side.path).collect();
    let planted = |job: &CommandJob| brought.iter().copied().find(|path| may_be_program(path, &job.command)).cloned();
    let (mut kept, mut settled) = (Vec::new(), Vec::new());
    for job in plan.commands.drain(..) {
        match planted(&job) {
            None => kept.push(job),
            Some(path) => {
                let (id, family) = (job.command.id.clone(), job.command.family());
                settled.push(CheckRun::new(id, family, Outcome::Broken(breakage(&path))));
            }
        }
    }
    plan.commands = kept;
    plan.settled.extend(settled);
}

/// Whether a file that the change brings, or the link to a folder, can decide which program a command runs.
fn may_be_program(path: &RepoPath, command: &Command) -> bool {
    let path = path.to_fs();
    // Below a folder of the project's own programs, or what such a folder is reached through.
    command.own_folders(Path::new("")).any(|folder| path.starts_with(&folder) || folder.starts_with(&path))
}

fn breakage(path: &RepoPath) -> Breakage {
    Breakage {
        why: format!("the change brings `{path}`, where programs of the project are looked for before any other"),
        hint: "leave it out of the change; installed programs are not committed".to_owned(),
        log: String::new(),
    }
}
