//! `forbid-new-submodules`: other repositories that the change brings in.

use crate::check::{About, Active, ChangeCheck, Examined};
use crate::model::change::{ChangeSet, Mode, Status};
use crate::model::content::Contents;
use crate::model::finding::{Anchor, Finding, Novelty};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct ForbidNewSubmodules;

static ABOUT: About = About {
    id: "forbid-new-submodules",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A submodule that the change adds.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A submodule that the change adds. Submodules that are there already may move.

## Why it matters
`git add .` takes a clone that lies in the work tree for a submodule. Nobody else has it: without an entry in \
`.gitmodules` every clone gets an empty folder.

## Example
A folder `vendor/lib` with a `.git` of its own, added by `git add .`.

## Fix
`git rm --cached FOLDER`, without a slash at the end; also look at `.gitmodules`.

## Options
None.
";

impl ChangeCheck for ForbidNewSubmodules {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, change: &ChangeSet, _contents: &dyn Contents, _options: &Options) -> Result<Examined, Breakage> {
        let added = change.files.iter().filter(|file| file.status == Status::Added);
        let submodules = added.filter_map(|file| file.head.as_ref()).filter(|head| head.mode == Mode::Submodule);
        let found = submodules.map(|head| {
            Finding::new(ABOUT.id, ABOUT.level, Place::File(head.path.clone()), "a new submodule")
                .with_hint("if it is none of yours: `git rm --cached` it, and look at .gitmodules")
                .with_anchor(Anchor::of_file(b"submodule"))
                .with_novelty(Novelty::Always)
        });
        Ok(found.collect::<Vec<Finding>>().into())
    }
}

#[cfg(test)]
mod tests {
    use super::ForbidNewSubmodules;
    use crate::check::hygiene::examples::FakeChange;

    #[test]
    fn a_new_submodule_is_found() {
        let change = FakeChange { submodules: &["vendor/lib"], added: &["a"], ..FakeChange::default() };
        assert_eq!(change.findings(&ForbidNewSubmodules).len(), 1);
        let change = FakeChange { added: &["a"], links: &[("l", "a")], ..FakeChange::default() };
        assert!(change.findings(&ForbidNewSubmodules).is_empty());
    }
}
