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
use crate::check::pattern::utility::Utility;
use crate::config::patterns::Patterns;
use crate::config::{Config, PinnedRules};
use crate::git::listing::Listing;
use crate::model::change::{ChangeSet, FileSide, ObjectId, Source};
use crate::model::content::{Content, Contents};
use crate::model::rule::RuleId;
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
/// on, of the others those that are not `off`.
pub(super) fn engine(
    loaded: &Loaded,
    on: &BTreeSet<&'static str>,
    off: &BTreeSet<RuleId>,
    change: &ChangeSet,
) -> Engine {
    let sides = change.files.iter().flat_map(|file| file.head.iter().chain(file.bases.iter().flatten()));
    let languages: BTreeSet<Language> = sides.flat_map(Language::candidates).collect();
    let built_in = match loaded.config.builtin.value {
        true => Engine::in_force(&languages, &|id| on.contains(id)),
        false => Engine::default(),
    };
    let own = loaded.own.iter().filter(|file| !off.contains(&file.rule.id));
    built_in.with_dialects(own, &|dialect| languages.contains(&dialect))
}

impl Session<'_> {
    /// The project's own rules, each compiled once to see that it can be; an id that is taken is an error. They may use
    /// the utility rules of the policy, and those of an `outer` one.
    pub(super) fn project_rules(
        &self,
        config: &Config,
        outer: Option<&Config>,
        side: Where,
    ) -> Result<Vec<RuleFile>, Failure> {
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut rules = Vec::new();
        let mut texts = Vec::new();
        for PinnedRules { site, paths, .. } in &config.pinned_rules {
            texts.extend(self.pinned_files(site, paths).map_err(Failure::rule)?);
        }
        for side in self.rule_files(config, side)? {
            texts.push(self.text_of(&side).map_err(Failure::rule)?);
        }
        if texts.is_empty() {
            return Ok(rules);
        }
        let mut utilities = self.utilities(config, side)?;
        if let Some(outer) = outer {
            utilities.extend(self.utilities(outer, side)?);
        }
        Utility::verify(&utilities).map_err(Failure::rule)?;
        for rule in texts.iter().flat_map(|(origin, text)| RuleFile::parse_all(origin, text)) {
            let rule = rule.map_err(Failure::rule)?.with_utilities(&utilities);
            let id = rule.rule.id.as_str().to_owned();
            if ids().any(|taken| taken == id) || !taken.insert(id.clone()) {
                let reason = format!("there is another rule with the id `{id}`");
                return Err(Failure::rule(RuleError::new(&rule.origin, reason).at_word(&rule.yaml, &id)));
            }
            rules.push(rule);
        }
        // A faulty one is told before the run instead of by the first file.
        rules.iter().try_for_each(RuleFile::verify).map_err(Failure::rule)?;
        Ok(rules)
    }

    /// The files that the policy names as rules.
    pub(super) fn rule_files(&self, config: &Config, side: Where) -> Result<Vec<FileSide>, Failure> {
        let utilities = Patterns::new(&config.utility_paths.value).map_err(Failure::usage)?;
        let mut files = self.files_named(&config.rule_paths.value, side)?;
        files.retain(|file| !utilities.matches(&file.path));
        Ok(files)
    }

    /// The files that the policy names as utility rules.
    pub(super) fn utility_files(&self, config: &Config, side: Where) -> Result<Vec<FileSide>, Failure> {
        self.files_named(&config.utility_paths.value, side)
    }

    /// The utility rules of a policy.
    pub(super) fn utilities(&self, config: &Config, side: Where) -> Result<Vec<Utility>, Failure> {
        let mut texts = Vec::new();
        for PinnedRules { site, utilities, .. } in &config.pinned_rules {
            texts.extend(self.pinned_files(site, utilities).map_err(Failure::rule)?);
        }
        for file in self.utility_files(config, side)? {
            texts.push(self.text_of(&file).map_err(Failure::rule)?);
        }
        let all = texts.iter().flat_map(|(origin, text)| Utility::parse_all(origin, text));
        all.collect::<Result<_, _>>().map_err(Failure::rule)
    }

    fn files_named(&self, patterns: &[String], side: Where) -> Result<Vec<FileSide>, Failure> {
        if patterns.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = Patterns::new(patterns).map_err(Failure::usage)?;
        let files = self.files(side)?.into_iter();
        Ok(files.filter(|side| wanted.matches(&side.path) && side.mode.is_regular()).collect())
    }

    /// What a rule file is called for people, and its text.
    fn text_of(&self, side: &FileSide) -> Result<(String, String), RuleError> {
        let origin = side.path.to_string();
        let fail = |reason: String| RuleError::new(&origin, reason);
        let bytes = match Sources::new(self.repo).read(side, MAX_BYTES).map_err(|error| fail(error.0))? {
            Content::Bytes(bytes) => bytes,
            Content::TooLarge(n_bytes) => return Err(fail(format!("a rule of {n_bytes} bytes is too large"))),
        };
        let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8".to_owned()))?;
        Ok((origin, text))
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
