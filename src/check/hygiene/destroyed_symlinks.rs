//! `destroyed-symlinks`: symbolic links that became files with the target in them.

use crate::check::{About, Active, ChangeCheck, Examined};
use crate::model::change::{ChangeSet, FileSide, Mode};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::finding::{Anchor, Finding, Novelty};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct DestroyedSymlinks;

static ABOUT: About = About {
    id: "destroyed-symlinks",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A symbolic link that became a file with the target in it.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A file of the change that was a symbolic link before and now is a regular file whose content is the link's target, give \
or take a line end.

## Why it matters
A system or program without symbolic links wrote the link as a file, and the commit makes that permanent: everybody then \
has a file of one odd line in place of what the link led to.

## Example
`docs/latest`, once a link to `v3`, becomes a file with the text `v3`.

## Fix
`git restore --staged --source=HEAD FILE`. Where the system has no symbolic links, `git config core.symlinks false`.

## Options
None.
";

/// How many bytes a file may have more than the target: a line end.
const MAX_MORE: usize = 2;
/// The most bytes that are read: more than any system allows a target to have.
const MAX_TARGET: u64 = 64 * 1024;

impl ChangeCheck for DestroyedSymlinks {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, change: &ChangeSet, contents: &dyn Contents, _options: &Options) -> Result<Examined, Breakage> {
        let mut findings = Vec::new();
        for file in &change.files {
            let Some(head) = file.head.as_ref().filter(|head| head.mode.is_regular()) else { continue };
            for link in file.bases.iter().flatten().filter(|base| base.mode == Mode::Symlink) {
                let is_target = holds_target(link, head, contents)
                    .map_err(|error| Breakage::new(format!("could not read {}: {}", head.path, error.0)))?;
                if is_target && findings.last().is_none_or(|last: &Finding| last.place.path() != Some(&head.path)) {
                    findings.push(found(head));
                }
            }
        }
        Ok(findings.into())
    }
}

fn holds_target(link: &FileSide, file: &FileSide, contents: &dyn Contents) -> Result<bool, ContentError> {
    let Content::Bytes(target) = contents.read(link, MAX_TARGET)? else { return Ok(false) };
    let Content::Bytes(bytes) = contents.read(file, MAX_TARGET)? else { return Ok(false) };
    Ok(bytes.len() <= target.len() + MAX_MORE && bytes.trim_ascii_end() == target.trim_ascii_end())
}

fn found(file: &FileSide) -> Finding {
    let message = "a symbolic link became a file with the target in it";
    Finding::new(ABOUT.id, ABOUT.level, Place::File(file.path.clone()), message)
        .with_hint("`git restore --staged --source=HEAD` brings the link back")
        .with_anchor(Anchor::of_file(b"destroyed link"))
        .with_novelty(Novelty::Always)
}

#[cfg(test)]
mod tests {
    use super::DestroyedSymlinks;
    use crate::check::hygiene::examples::FakeChange;

    #[track_caller]
    fn check(target: &str, content: &str, n_found: usize) {
        let change = FakeChange { destroyed: &[("l", target, content)], ..FakeChange::default() };
        assert_eq!(change.findings(&DestroyedSymlinks).len(), n_found, "{content:?}");
    }

    #[test]
    fn a_file_with_the_target_in_it_was_a_link() {
        check("v3", "v3", 1);
        check("v3", "v3\r\n", 1);
        check("v3", "v3\n\n\n", 0);
        check("v3", "other", 0);
    }
}
