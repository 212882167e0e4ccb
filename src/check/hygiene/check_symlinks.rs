//! `check-symlinks`: symbolic links that lead nowhere.

use crate::check::hygiene::judged_tree::JudgedTree;
use crate::check::{About, Active, ChangeCheck, Examined};
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckSymlinks;

static ABOUT: About = About {
    id: "check-symlinks",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "A symbolic link that leads nowhere.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A symbolic link of the change whose target is not in the repository. Links that are absolute or leave the repository are \
not judged, nor are targets behind another link or in a submodule.

## Why it matters
Whoever opens the link gets \"no such file\", although the file seems to be there.

## Example
A link `docs/latest` to `v3`, while there is no `docs/v3`.

## Fix
Point the link to a file that is tracked, or delete it.

## Options
None.
";

/// The most bytes of a target that are read: more than any system allows a path to have.
const MAX_TARGET: u64 = 64 * 1024;

impl ChangeCheck for CheckSymlinks {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, change: &ChangeSet, contents: &dyn Contents, _options: &Options) -> Result<Examined, Breakage> {
        let heads = change.differing().filter_map(|file| Some((file, file.head.as_ref()?)));
        let mut links = heads.filter(|(_, head)| head.mode == Mode::Symlink).peekable();
        if links.peek().is_none() {
            return Ok(Examined::default());
        }
        let tree = JudgedTree::new(change, contents);
        let mut findings = Vec::new();
        for (file, link) in links {
            let unreadable =
                |error: ContentError| Breakage::new(format!("could not follow {}: {}", link.path, error.0));
            let Some(target) = broken_target(link, change.head, &tree, contents).map_err(unreadable)? else { continue };
            if !was_broken(file, &target, change, contents).map_err(unreadable)? {
                findings.push(found(link, &target));
            }
        }
        Ok(findings.into())
    }
}

/// Whether a parent has the very link, and it leads nowhere there either.
fn was_broken(
    link: &ChangedFile,
    target: &RepoPath,
    change: &ChangeSet,
    contents: &dyn Contents,
) -> Result<bool, ContentError> {
    for (parent, base) in change.parents.iter().zip(&link.bases) {
        if *base == link.head && is_missing(target, &JudgedTree::of(parent.tree, contents))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn found(link: &FileSide, target: &RepoPath) -> Finding {
    let message = format!("broken symbolic link: there is no `{target}` in the repository");
    Finding::new(ABOUT.id, ABOUT.level, Place::File(link.path.clone()), message)
        .with_hint("point it to a file that is tracked, or delete it")
        .with_anchor(Anchor::of_file(target.as_bytes()))
}

/// The target of a link if it is certain that nothing is there.
fn broken_target(
    link: &FileSide,
    head: Head,
    tree: &JudgedTree<'_>,
    contents: &dyn Contents,
) -> Result<Option<RepoPath>, ContentError> {
    let Content::Bytes(target) = contents.read(link, MAX_TARGET)? else { return Ok(None) };
    let Some(target) = resolved(&link.path, &target) else { return Ok(None) };
    if head == Head::Worktree
        && let Some(is_there) = contents.is_in_worktree(&target)
    {
        return Ok((!is_there).then_some(target));
    }
    Ok((tree.is_known() && is_missing(&target, tree)?).then_some(target))
}

/// Whether the first component that is not there is looked for in something that is certainly a folder.
fn is_missing(target: &RepoPath, tree: &JudgedTree<'_>) -> Result<bool, ContentError> {
    let mut folder = RepoPath::from("");
    for component in target.as_bytes().split(|&byte| byte == b'/') {
        let entry = folder.join(component);
        if !tree.holds(&entry)? {
            return Ok(folder.as_bytes().is_empty() || tree.is_folder(&folder)?);
        }
        folder = entry;
    }
    Ok(false)
}

/// The target as a path of the repository; none if it is absolute, leaves the repository or is its top.
fn resolved(link: &RepoPath, target: &[u8]) -> Option<RepoPath> {
    if target.is_empty() || target.starts_with(b"/") || target.contains(&b'\\') || target.contains(&0) {
        return None;
    }
    let folder = link.parent();
    let folder = folder.as_ref().map_or(&b""[..], RepoPath::as_bytes);
    let mut components: Vec<&[u8]> = folder.split(|&byte| byte == b'/').filter(|it| !it.is_empty()).collect();
    for component in target.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                components.pop()?;
            }
            name => components.push(name),
        }
    }
    (!components.is_empty()).then(|| RepoPath::new(components.join(&b'/')))
}

#[cfg(test)]
mod tests {
    use super::{CheckSymlinks, resolved};
    use crate::check::hygiene::examples::{FakeChange, messages};
    use crate::model::path::RepoPath;

    #[track_caller]
    fn check(before: &[&str], link: (&str, &str), n_found: usize) {
        let change = FakeChange { before, links: &[link], ..FakeChange::default() };
        assert_eq!(change.findings(&CheckSymlinks).len(), n_found, "{change:?}");
    }

    #[test]
    fn a_target_that_is_not_there_is_found() {
        let change = FakeChange { before: &["docs/v2/a"], links: &[("docs/latest", "v3")], ..FakeChange::default() };
        let expected = ["broken symbolic link: there is no `docs/v3` in the repository"];
        assert_eq!(messages(&change.findings(&CheckSymlinks)), expected);
        check(&["a/b"], ("l", "a/c/d"), 1);
    }

    #[test]
    fn a_target_that_is_there_is_fine() {
        check(&["docs/v2/a"], ("docs/latest", "v2"), 0);
        check(&["docs/v2/a"], ("docs/latest", "./v2/a"), 0);
        check(&["a"], ("x/y/l", "../../a"), 0);
        let change =
            FakeChange { added: &["new/file"], links: &[("l", "new/file"), ("m", "new")], ..FakeChange::default() };
        assert!(change.findings(&CheckSymlinks).is_empty());
    }

    #[test]
    fn a_target_that_goes_breaks_the_link() {
        let change = FakeChange { before: &["a/b"], deleted: &["a/b"], links: &[("l", "a")], ..FakeChange::default() };
        assert_eq!(change.findings(&CheckSymlinks).len(), 1);
    }

    #[test]
    fn what_cannot_be_known_is_not_judged() {
        check(&[], ("l", "/etc/passwd"), 0);
        check(&[], ("l", "../outside"), 0);
        check(&["file"], ("l", "file/behind-another-link"), 0);
        check(&[], ("l", "."), 0);
        let whole = FakeChange { whole: true, links: &[("l", "gone")], ..FakeChange::default() };
        assert!(whole.findings(&CheckSymlinks).is_empty());
    }

    #[test]
    fn targets_are_resolved_from_the_link() {
        let check = |link: &str, target: &str, expected: Option<&str>| {
            assert_eq!(resolved(&RepoPath::from(link), target.as_bytes()), expected.map(RepoPath::from));
        };
        check("a/l", "b", Some("a/b"));
        check("a/l", "../b/", Some("b"));
        check("a/l", "../../b", None);
        check("l", "a/..", None);
    }
}
