//! What a push adds to a remote.

use crate::discover::comparison::{Joined, joined};
use crate::discover::range::{between, judged};
use crate::discover::{Error, hex};
use crate::git::revision::Commit;
use crate::git::settings::without_credentials;
use crate::git::{self, Repo};
use crate::model::change::{ChangeSet, ObjectId, Parent};
use crate::model::escape::escaped;
use crate::model::request::RefUpdate;

/// The most states of the remote that a pushed tip is measured against. With fewer of them more counts as new.
const MAX_PARENTS: usize = 8;

/// One change set for each ref that brings something new: against what the ref was on the remote, for a new ref against
/// what the remote has elsewhere, and for one that is replaced against both. Deleted refs bring nothing, nor do new ones
/// of commits that are there already.
pub(super) fn discover(repo: &Repo, remote: &str, updates: &[RefUpdate]) -> Result<Vec<ChangeSet>, Error> {
    let known = known_commits(repo, updates)?;
    let mut change_sets: Vec<ChangeSet> = Vec::new();
    for update in updates.iter().filter(|update| !update.local.is_zero()) {
        let tip = tip(repo, update)?;
        let Some(against) = against(repo, remote, (tip, update), &known)? else {
            continue;
        };
        if change_sets.iter().any(|other| other.head == judged(tip) && other.parents == against.parents) {
            continue;
        }
        let title = title(remote, update, &against);
        change_sets.push(change_set(repo, title, tip, against.parents)?);
    }
    Ok(change_sets)
}

/// Why a push that brings nothing brings nothing, where it is only taken to be so.
pub(super) fn why_nothing(repo: &Repo, remote: &str, updates: &[RefUpdate]) -> Result<Option<String>, Error> {
    let known = known_commits(repo, updates)?;
    if updates.iter().all(|update| update.local.is_zero()) || is_known(repo, &followed(repo, remote)?, &known)? {
        return Ok(None);
    }
    let remote = escaped(&without_credentials(remote));
    Ok(Some(format!("nothing is known of {remote}, and other remotes have these commits")))
}

/// The commit that is pushed: a tag leads to its own.
fn tip(repo: &Repo, update: &RefUpdate) -> Result<Commit, Error> {
    repo.resolve(&hex(&update.local)).map_err(|error| match error {
        git::Error::Revision(_) => Error::NoCommit { name: escaped(&String::from_utf8_lossy(&update.local_ref)) },
        error => error.into(),
    })
}

/// What a pushed tip is measured against.
struct Against {
    parents: Vec<Parent>,
    /// How the tip came of a single parent: `since`.
    relation: &'static str,
}

/// What a pushed tip is measured against; none if the push moves no content to the remote.
fn against(
    repo: &Repo,
    remote: &str,
    (tip, update): (Commit, &RefUpdate),
    known: &[ObjectId],
) -> Result<Option<Against>, Error> {
    let only = |parent: Parent| Ok(Some(Against { parents: vec![parent], relation: "since" }));
    let replaced = known_commit(repo, &update.remote)?;
    match replaced {
        Some(there) if there.id == tip.id => return Ok(None),
        Some(there) if repo.is_ancestor(&there.id, &tip.id)? => return only(Parent::from(there)),
        _ => {}
    }
    let (n_new, mut boundary) = not_there(repo, remote, &tip.id, known)?;
    match replaced {
        // What the ref does not hold comes back with a commit from before it, though the remote has that commit.
        Some(there) => boundary.push(there.id),
        None if n_new == 0 => return Ok(None),
        None => {}
    }
    if boundary.is_empty() {
        return only(Parent { tree: repo.empty_tree(), commit: None });
    }
    let latest = latest(repo, &boundary)?;
    let parents = latest.iter().take(MAX_PARENTS).map(|id| Ok(Parent::from(repo.commit(id)?)));
    let parents = parents.collect::<Result<_, Error>>()?;
    Ok(Some(Against { parents, relation: if replaced.is_some() { "instead of" } else { "since" } }))
}

/// The commits that the remote said it has, as far as they are here too.
fn known_commits(repo: &Repo, updates: &[RefUpdate]) -> Result<Vec<ObjectId>, Error> {
    let commits = updates.iter().map(|update| known_commit(repo, &update.remote));
    commits.filter_map(|commit| commit.map(|commit| Some(commit?.id)).transpose()).collect()
}

/// The commit that the remote said it has, if it is here too.
fn known_commit(repo: &Repo, id: &ObjectId) -> Result<Option<Commit>, Error> {
    if id.is_zero() {
        return Ok(None);
    }
    match repo.resolve(&hex(id)) {
        Ok(commit) => Ok(Some(commit)),
        Err(git::Error::Revision(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How many commits of `tip` the remote lacks, as far as is known here, and the commits at which they leave what it
/// has.
fn not_there(repo: &Repo, remote: &str, tip: &ObjectId, known: &[ObjectId]) -> Result<(usize, Vec<ObjectId>), Error> {
    let tracking = tracking(repo, remote, known)?;
    let (tip, known): (String, Vec<String>) = (hex(tip), known.iter().map(hex).collect());
    let mut args = vec!["rev-list", "--boundary", &tip, "--not"];
    args.extend(tracking.iter().chain(&known).map(String::as_str));
    args.push("--");
    let listed = repo.run(&args, b"")?;
    let (mut n_new, mut boundary) = (0, Vec::new());
    for line in listed.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        match line.strip_prefix(b"-") {
            None => n_new += 1,
            Some(id) => boundary.push(read_id(&args, id)?),
        }
    }
    Ok((n_new, boundary))
}

/// How `git rev-list` is told of what a remote has. Of one of which nothing is known, as a fork before its first fetch,
/// it is taken that it has what the other remotes have.
fn tracking(repo: &Repo, remote: &str, known: &[ObjectId]) -> Result<Vec<String>, Error> {
    let followed = followed(repo, remote)?;
    Ok(if is_known(repo, &followed, known)? { followed } else { vec!["--remotes".to_owned()] })
}

/// How `git rev-list` is told of the refs here that follow a remote. Git gives the address of one that is pushed to by
/// its address, which may hold a password; the remotes of that address are the same one.
fn followed(repo: &Repo, remote: &str) -> Result<Vec<String>, Error> {
    let mut names = if remote.contains([':', '/']) { repo.remotes_at(remote)? } else { Vec::new() };
    if !remote.contains("://") {
        names.push(remote.to_owned());
    }
    Ok(names.iter().map(|name| format!("--remotes={name}")).collect())
}

/// Whether anything is known of a remote: by the refs that follow it, or by what it said it has.
fn is_known(repo: &Repo, followed: &[String], known: &[ObjectId]) -> Result<bool, Error> {
    let args: Vec<&str> = ["rev-parse"].into_iter().chain(followed.iter().map(String::as_str)).collect();
    Ok(!known.is_empty() || (!followed.is_empty() && !repo.run(&args, b"")?.is_empty()))
}

/// Those of the commits that no other one of them contains.
fn latest(repo: &Repo, commits: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
    if let [_] = commits {
        return Ok(commits.to_vec());
    }
    let ids: Vec<String> = commits.iter().map(hex).collect();
    let args: Vec<&str> = ["merge-base", "--independent"].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let listed = repo.run(&args, b"")?;
    listed.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(|line| read_id(&args, line)).collect()
}

/// Reads an object name that stands on a line of its own.
fn read_id(args: &[&str], line: &[u8]) -> Result<ObjectId, Error> {
    ObjectId::from_hex(line).ok_or_else(|| {
        let problem = format!("`{}` is no commit", String::from_utf8_lossy(line));
        git::Error::Output { command: args.join(" "), problem }.into()
    })
}

/// Compares a tip with what it is measured against.
fn change_set(repo: &Repo, title: String, tip: Commit, parents: Vec<Parent>) -> Result<ChangeSet, Error> {
    let per_parent =
        parents.iter().map(|parent| between(repo, &parent.tree, &tip.tree)).collect::<Result<Vec<_>, _>>()?;
    let Joined { files, merged } = joined(per_parent);
    Ok(ChangeSet { title, head: judged(tip), parents, files, merged })
}

/// `push of feature to origin, since 1a2b3c4d5e`.
fn title(remote: &str, update: &RefUpdate, Against { parents, relation }: &Against) -> String {
    let name = String::from_utf8_lossy(&update.remote_ref);
    let name = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/")).unwrap_or(&name);
    let against = match parents.as_slice() {
        [Parent { commit: Some(commit), .. }] => format!("{relation} {}", commit.short()),
        [_] => "all of its history".to_owned(),
        _ => format!("against {} states of the remote", parents.len()),
    };
    format!("push of {} to {}, {against}", escaped(name), escaped(&without_credentials(remote)))
}
