//! What a branch adds since it left another one.

use crate::discover::comparison::files;
use crate::discover::raw::compare;
use crate::discover::{Error, hex};
use crate::git::Repo;
use crate::git::revision::Commit;
use crate::model::change::{ChangeSet, ChangedFile, Head, ObjectId, Parent};
use crate::model::escape::escaped;

/// Compares `head` with the commit where it left `base`. Where they have several such commits, each of them lacks what
/// the others hold, and which one git names first depends on dates that the author chooses: then `head` is compared with
/// `base` itself, from which all that a merge can bring in differs.
pub(super) fn discover(repo: &Repo, base: &str, head: &str) -> Result<ChangeSet, Error> {
    let (base_commit, head_commit) = (repo.resolve(base)?, repo.resolve(head)?);
    let head_name = match head {
        "HEAD" => format!("HEAD ({})", repo.head()?),
        _ => for_people(head),
    };
    let base_name = for_people(base);
    let starts = repo.merge_bases(&base_commit.id, &head_commit.id)?;
    let (title, parent) = match starts.as_slice() {
        [] if repo.is_shallow()? => return Err(Error::Shallow { base: base_name, head: head_name }),
        [] => return Err(Error::Unrelated { base: base_name, head: head_name }),
        [start] => (format!("{head_name} against {base_name} since {}", start.short()), repo.commit(start)?),
        _ => {
            let title = format!("{head_name} against {base_name} itself, as they have several common ancestors");
            (title, base_commit)
        }
    };
    let parent = Parent::from(parent);
    let files = between(repo, &parent.tree, &head_commit.tree)?;
    Ok(ChangeSet { title, head: judged(head_commit), parents: vec![parent], files, merged: Vec::new() })
}

/// A revision as somebody gave it, harmless to show, and of whole object names in it the first digits alone.
fn for_people(revision: &str) -> String {
    let mut shown = String::with_capacity(revision.len());
    for word in revision.split_inclusive(|character: char| !character.is_ascii_alphanumeric()) {
        let digits = word.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
        match ObjectId::from_hex(digits.as_bytes()) {
            Some(id) => shown.extend([id.short().as_str(), word.get(digits.len()..).unwrap_or_default()]),
            None => shown.push_str(word),
        }
    }
    escaped(&shown)
}

/// The files that differ between two trees.
pub(super) fn between(repo: &Repo, old: &ObjectId, new: &ObjectId) -> Result<Vec<ChangedFile>, Error> {
    files(&compare(repo, &["diff-tree", "-r"], &[&hex(old), &hex(new)])?)
}

/// A commit as the judged side.
pub(super) fn judged(commit: Commit) -> Head {
    Head::Tree { tree: commit.tree, commit: commit.id }
}
