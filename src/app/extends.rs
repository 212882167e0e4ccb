//! Reads what a policy extends: files from the side that the policy is on, pinned policies from the cache folder. The
//! network is asked only where the run may do that.

use std::path::{Path, PathBuf};

use crate::app::policy::MAX_BYTES;
use crate::app::project_rules::Where;
use crate::app::{Network, Session, packs};
use crate::check::pattern::fault::RuleError;
use crate::config::extends::{Location, Reference, Refusal, Site};
use crate::config::patterns::Patterns;
use crate::git::pinned::{Damage, Pinned};
use crate::model::change::{ChangeSet, ObjectId};
use crate::model::content::Content;
use crate::model::path::RepoPath;
use crate::store;

/// The most bytes of a rule file.
const MAX_RULE: u64 = 1 << 20;

/// Where a policy is, for those that it extends.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    /// The side.
    pub(super) side: Where,
    /// The change whose index that is.
    pub(super) change: Option<&'a ChangeSet>,
}

impl Session<'_> {
    /// The bytes of what a policy on that side refers to; none for a pack that exists.
    pub(super) fn referred(&self, from: Side<'_>, reference: &Reference) -> Result<Vec<u8>, Refusal> {
        match reference {
            Reference::Pack(pack) => match packs::unknown(pack) {
                Some(hint) => Err(Refusal { message: format!("there is no pack `{pack}`"), hint }),
                None => Ok(Vec::new()),
            },
            Reference::File(Location { site: Site::Here, path }) => self.file_beside(from, path),
            Reference::File(location @ Location { site: Site::Pinned { url, commit }, path }) => {
                let folder = self.kept_at(url);
                let pinned = self.pinned(url, commit)?;
                match pinned.read(path, MAX_BYTES).map_err(|damage| damaged(&folder, url, &damage))? {
                    Some(Content::Bytes(bytes)) => Ok(bytes),
                    Some(Content::TooLarge(n_bytes)) => Err(refusal(format!("{location} has {n_bytes} bytes"), "")),
                    None => Err(refusal(format!("there is no file {path} in that commit of {url}"), "")),
                }
            }
        }
    }

    /// A file of the repository on the side of the policy.
    fn file_beside(&self, from: Side<'_>, path: &RepoPath) -> Result<Vec<u8>, Refusal> {
        let found =
            self.found_on(from, path).map_err(|failure| refusal(format!("{:#}", failure.error), failure.hint))?;
        let (where_, hint) = match from.side {
            Where::Tree(_) => ("in the commit of the policy", "commit it together with the policy"),
            Where::Index => ("among what is staged", "stage it together with the policy"),
            Where::Nowhere | Where::Worktree => {
                ("in the work tree", "paths are from the folder of the file that says them")
            }
        };
        found.map(|found| found.bytes).ok_or_else(|| refusal(format!("there is no file {path} {where_}"), hint))
    }

    /// The rule files, or those with utility rules, that a pinned policy brings: for people what each is called, and its
    /// text.
    pub(super) fn pinned_files(&self, site: &Site, patterns: &[String]) -> Result<Vec<(String, String)>, RuleError> {
        let Site::Pinned { url, commit } = site else { return Ok(Vec::new()) };
        let fault = |origin: &str, reason: String| RuleError::new(origin, reason);
        let pinned = self.pinned(url, commit).map_err(|refusal| fault(url, refusal.message))?;
        let wanted = Patterns::new(patterns).map_err(|error| fault(url, error.to_string()))?;
        let files = pinned.files().map_err(|damage| fault(url, damage.to_string()))?;
        let mut texts = Vec::new();
        for path in files.into_iter().filter(|path| wanted.matches(path)) {
            let origin = Location { site: site.clone(), path: path.clone() }.to_string();
            let content = pinned.read(&path, MAX_RULE).map_err(|damage| fault(&origin, damage.to_string()))?;
            let Some(Content::Bytes(bytes)) = content else {
                return Err(fault(&origin, "it is too large for a rule".to_owned()));
            };
            let text = String::from_utf8(bytes).map_err(|_| fault(&origin, "it is not UTF-8".to_owned()))?;
            texts.push((origin, text));
        }
        Ok(texts)
    }

    /// A commit of another repository, from the cache folder; fetched if it is not there and the run may do that.
    fn pinned(&self, url: &str, commit: &ObjectId) -> Result<Pinned, Refusal> {
        let folder = self.kept_at(url);
        let open = || Pinned::open(&folder, commit).map_err(|damage| damaged(&folder, url, &damage));
        if let Some(pinned) = open()? {
            return Ok(pinned);
        }
        if self.settings.network == Network::Unused {
            let message =
                format!("{url} at {} was not fetched yet, and this command does not use the network", commit.short());
            return Err(refusal(message, "fetch it once: `tollgate config fetch`"));
        }
        Pinned::fetch(&folder, url, commit, self.interrupt).map_err(|error| {
            refusal(
                format!("cannot fetch {url}: {error}"),
                "look at the address, the commit and what you may read there",
            )
        })?;
        open()?.ok_or_else(|| refusal(format!("{url} has no commit {commit}"), ""))
    }

    /// Where the commits of another repository are kept.
    fn kept_at(&self, url: &str) -> PathBuf {
        store::policy_folder(&self.settings.cache, url)
    }
}

fn refusal(message: String, hint: impl Into<String>) -> Refusal {
    Refusal { message, hint: hint.into() }
}

/// What is said of a kept copy that can't be believed.
fn damaged(folder: &Path, url: &str, damage: &Damage) -> Refusal {
    let hint = format!("delete {} and run `tollgate config fetch`", folder.display());
    refusal(format!("the copy of {url} in the cache is damaged: {damage}"), hint)
}
