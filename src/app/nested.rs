//! Policies for a folder: found in the folders that the change has files in, on the side that the policy is on.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::Session;
use crate::app::attributes::folders;
use crate::app::extends::Side;
use crate::app::failure::Failure;
use crate::app::packs;
use crate::app::policy::{FILE, Found};
use crate::app::project_rules::Where;
use crate::app::vocabulary::{built_in_checks, vocabulary};
use crate::check::pattern::pack::entries;
use crate::check::pattern::rule_file::RuleFile;
use crate::config::nested::Nested;
use crate::config::vocabulary::verify_nested;
use crate::config::{Config, RuleLevel};
use crate::git::listing::Listing;
use crate::model::change::ChangeSet;
use crate::model::path::RepoPath;
use crate::model::rule::Level;

impl Session<'_> {
    /// Takes the policies of the change's folders into that of the top, outer folders first; `own` are the rules of the
    /// project so far, to which those of the folders are added.
    pub(super) fn adopt_nested(
        &self,
        config: &mut Config,
        own: &mut Vec<RuleFile>,
        side: Where,
        change: &ChangeSet,
    ) -> Result<(), Failure> {
        for (folder, found) in self.nested(side, change)? {
            let nested = Nested::read((found.name(), &found.bytes), &folder).map_err(Failure::config)?;
            let rules = self.project_rules(&nested.config, Some(config), side)?;
            own.extend(rules.iter().cloned());
            verify_nested(config, &nested.config, &vocabulary(own)).map_err(Failure::config)?;
            let brought = rules.iter().map(level_of).collect();
            let levels = default_levels(config, own);
            // What a tool reports may be an error, as long as nobody says otherwise.
            let default = |id: &str| levels.get(id).copied().unwrap_or(Some(Level::Error));
            config.adopt(nested, &brought, &default).map_err(Failure::config)?;
        }
        Ok(())
    }

    /// The policies of all folders of the work tree, as far as they are tracked.
    pub(super) fn nested_here(&self) -> Result<Vec<Config>, Failure> {
        let listed = self.repo.list(&Listing::Index).map_err(Failure::git)?;
        let paths: BTreeSet<RepoPath> = listed.into_iter().map(|side| side.path).collect();
        let policies = paths.iter().filter(|path| path.file_name() == FILE.as_bytes());
        let mut nested = Vec::new();
        for path in policies {
            let Some(folder) = path.parent().filter(|folder| *folder != RepoPath::from("")) else { continue };
            let from = Side { side: Where::Worktree, change: None };
            if let Some(found) = self.found_on(from, path)? {
                nested.push(Nested::read((found.name(), &found.bytes), &folder).map_err(Failure::config)?.config);
            }
        }
        Ok(nested)
    }

    /// The policies of the folders, sorted by folder.
    fn nested(&self, side: Where, change: &ChangeSet) -> Result<Vec<(RepoPath, Found)>, Failure> {
        let mut folders = folders(change);
        folders.remove(&RepoPath::from(""));
        if side == Where::Index && change.parents.len() != 1 {
            // There the whole index has to be listed: once, and not for each folder.
            let listed = self.repo.list(&Listing::Index).map_err(Failure::git)?;
            let policies = listed.iter().filter(|side| side.path.file_name() == FILE.as_bytes());
            let with: BTreeSet<RepoPath> = policies.filter_map(|side| side.path.parent()).collect();
            folders.retain(|folder| with.contains(folder));
        }
        let mut found = Vec::new();
        for folder in folders {
            let from = Side { side, change: Some(change) };
            if let Some(policy) = self.found_on(from, &folder.join(FILE.as_bytes()))? {
                found.push((folder, policy));
            }
        }
        Ok(found)
    }
}

/// The level of each check and rule where nobody says anything.
fn default_levels(config: &Config, own: &[RuleFile]) -> BTreeMap<String, RuleLevel> {
    let on = packs::rules_on(&mut config.clone(), &[]);
    let checks = built_in_checks().into_iter().map(|about| (about.id.to_owned(), Some(about.level)));
    let rules = entries().iter().map(|entry| (entry.id.to_owned(), on.contains(entry.id).then(|| entry.level())));
    checks.chain(rules).chain(own.iter().map(level_of)).collect()
}

/// The level of a rule of the project where nobody says anything.
fn level_of(file: &RuleFile) -> (String, RuleLevel) {
    (file.rule.id.as_str().to_owned(), (!file.is_off).then_some(file.rule.level))
}
