//! The pattern rules of a run: the built-in ones for the languages of the change, and the project's own.

use std::collections::BTreeSet;

use crate::app::Session;
use crate::app::failure::Failure;
use crate::app::policy::Loaded;
use crate::app::sources::Sources;
use crate::check::pattern::Engine;
use crate::check::pattern::fault::RuleError;
use crate::check::pattern::pack::ids;
use crate::check::pattern::rule_file::RuleFile;
use crate::config::Config;
use crate::config::patterns::Patterns;
use crate::git::listing::Listing;
use crate::model::change::{ChangeSet, FileSide, ObjectId, Source};
use crate::model::content::{Content, Contents};
use crate::syntax::languages::Language;

/// The most bytes of a rule file.
const MAX_BYTES: u64 = 1 << 20;

/// Where the files of a policy are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// There is no policy.
    Nowhere,
    /// In the work tree.
    Worktree,
    /// In the index.
    Index,
    /// In a tree.
    Tree(ObjectId),
}

/// The engine with the rules for the languages that the change has on either side; of the built-in ones those that are
/// on.
pub(super) fn engine(loaded: &Loaded, on: &BTreeSet<&'static str>, change: &ChangeSet) -> Engine {
    let sides = change.files.iter().flat_map(|file| file.head.iter().chain(file.bases.iter().flatten()));
    let languages: BTreeSet<Language> = sides.flat_map(Language::candidates).collect();
    let built_in = match loaded.config.builtin.value {
        true => Engine::in_force(&languages, &|id| on.contains(id)),
        false => Engine::default(),
    };
    built_in.with(&loaded.own)
}

impl Session<'_> {
    /// The project's own rules, each compiled once to see that it can be; an id that is taken is an error.
    pub(super) fn project_rules(&self, config: &Config, side: Where) -> Result<Vec<RuleFile>, Failure> {
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut rules = Vec::new();
        let mut sources = Vec::new();
        for (site, patterns) in &config.pinned_rules {
            sources.push(self.pinned_rules(site, patterns).map_err(Failure::rule)?);
        }
        for side in self.rule_files(config, side)? {
            sources.push(self.rules_of(&side).map_err(Failure::rule)?);
        }
        for source in sources {
            for rule in source {
                let id = rule.rule.id.as_str().to_owned();
                if ids().any(|taken| taken == id) || !taken.insert(id.clone()) {
                    let reason = format!("there is another rule with the id `{id}`");
                    return Err(Failure::rule(RuleError::new(&rule.origin, reason).at_word(&rule.yaml, &id)));
                }
                rules.push(rule);
            }
        }
        Engine::default().with(&rules).verify().map_err(Failure::rule)?;
        Ok(rules)
    }

    /// The files that the policy names as rules.
    pub(super) fn rule_files(&self, config: &Config, side: Where) -> Result<Vec<FileSide>, Failure> {
        if config.rule_paths.value.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = Patterns::new(&config.rule_paths.value).map_err(Failure::usage)?;
        let files = self.files(side)?.into_iter();
        Ok(files.filter(|side| wanted.matches(&side.path) && side.mode.is_regular()).collect())
    }

    fn rules_of(&self, side: &FileSide) -> Result<Vec<RuleFile>, RuleError> {
        let origin = side.path.to_string();
        let fail = |reason: String| RuleError::new(&origin, reason);
        let bytes = match Sources::new(self.repo).read(side, MAX_BYTES).map_err(|error| fail(error.0))? {
            Content::Bytes(bytes) => bytes,
            Content::TooLarge(n_bytes) => return Err(fail(format!("a rule of {n_bytes} bytes is too large"))),
        };
        let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8".to_owned()))?;
        RuleFile::parse_all(&origin, &text).into_iter().collect()
    }

    fn files(&self, side: Where) -> Result<Vec<FileSide>, Failure> {
        let listing = match side {
            Where::Nowhere => return Ok(Vec::new()),
            Where::Worktree | Where::Index => Listing::Index,
            Where::Tree(tree) => Listing::Tree(tree),
        };
        let mut sides = self.repo.list(&listing).map_err(Failure::git)?;
        if side == Where::Worktree {
            sides.iter_mut().for_each(|side| side.source = Source::Worktree);
        }
        Ok(sides)
    }
}
