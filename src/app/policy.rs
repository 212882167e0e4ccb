//! Which policy judges: the file that belongs to what is judged, or that of the branch which the change wants to enter.

use std::path::PathBuf;

use crate::app::Session;
use crate::app::failure::Failure;
use crate::app::project_rules::Where;
use crate::app::sources::Sources;
use crate::app::vocabulary::vocabulary;
use crate::check::pattern::rule_file::RuleFile;
use crate::config::vocabulary::{verify, verify_words};
use crate::config::{Config, OnBroken, Origin, Sourced};
use crate::git::Repo;
use crate::git::listing::Listing;
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Source};
use crate::model::content::{Content, Contents};
use crate::model::path::RepoPath;
use crate::model::request::Request;
use crate::tree::file::is_there;

/// The name of the file.
const FILE: &str = "tollgate.toml";
/// The name of one person's own policy.
const LOCAL_FILE: &str = "tollgate.local.toml";
/// The most bytes of it that are read; `config` says what is too much.
const MAX_BYTES: u64 = 64 << 20;
/// What the report says where a change has no policy to be judged by but its own.
const REPORT_ONLY: &str = "the base has no policy";

/// A policy and where it comes from.
pub(super) struct Loaded {
    pub(super) config: Config,
    /// For people: `tollgate.toml (staged)`, `built-in defaults`.
    pub(super) name: String,
    /// Where its own rule files are.
    pub(super) side: Where,
}

/// A file that was found, as bytes.
struct Found {
    name: String,
    bytes: Vec<u8>,
    side: Where,
}

impl Session<'_> {
    /// Finds, reads and checks the policy for a change.
    pub(super) fn policy(&self, request: &Request, change: &ChangeSet) -> Result<Loaded, Failure> {
        let (found, reports_only) = match request {
            Request::Range { base, .. } => self.policy_of_base(base, change)?,
            _ => (self.policy_of_judged(change)?, false),
        };
        let mut loaded = self.load(found)?;
        loaded.config.with_overrides(self.settings.overrides);
        let local = RepoPath::from(LOCAL_FILE);
        if Sources::new(self.repo).is_in_worktree(&local) == Some(true) {
            loaded.config.note_unread(&local);
        }
        change.files.iter().for_each(|file| loaded.config.note_unread(file.path()));
        if let (Request::Range { .. }, Head::Tree { tree, commit }) = (request, change.head) {
            self.note_edit(&mut loaded, change, &tree, &commit.short())?;
        }
        if reports_only {
            report_only(&mut loaded);
        }
        Ok(loaded)
    }

    /// Tells that the change edits the policy that will judge those after it.
    fn note_edit(&self, loaded: &mut Loaded, change: &ChangeSet, tree: &ObjectId, name: &str) -> Result<(), Failure> {
        let is_policy = |side: &FileSide| side.path.as_bytes().eq_ignore_ascii_case(FILE.as_bytes());
        let sides = |file: &ChangedFile| file.head.iter().chain(file.bases.iter().flatten()).any(is_policy);
        if !change.files.iter().any(sides) {
            return Ok(());
        }
        let after = match self.in_tree(tree, name)? {
            None => "after it there is none, and the built-in defaults hold".to_owned(),
            Some(found) => match Config::load(Some((&found.name, &found.bytes))) {
                Ok(_) => "the new one holds from the next change on".to_owned(),
                Err(error) => {
                    let text = error.to_string();
                    format!("the new one can't be used: {}", text.lines().next().unwrap_or_default())
                }
            },
        };
        loaded.config.notices.push(format!("this change edits {FILE}; it is judged by {}; {after}", loaded.name));
        Ok(())
    }

    /// The policy for what has no change: a message, a listing.
    pub(crate) fn policy_here(&self) -> Result<(Config, String), Failure> {
        let found = match self.repo.work_tree() {
            Some(_) => self.in_worktree()?,
            None => match self.repo.head().map_err(Failure::git)?.commit {
                Some(commit) => self.in_tree(&commit.tree, "HEAD")?,
                None => None,
            },
        };
        let mut loaded = self.load(found)?;
        loaded.config.with_overrides(self.settings.overrides);
        Ok((loaded.config, loaded.name))
    }

    /// The project's own rules as the work tree's policy names them.
    pub(crate) fn own_rules(&self) -> Result<Vec<RuleFile>, Failure> {
        let found = self.in_worktree()?;
        let side = found.as_ref().map_or(Where::Nowhere, |found| found.side);
        let loaded = self.load(found)?;
        self.project_rules(&loaded.config, side)
    }

    /// The files of the work tree that the work tree's policy names as rules, none of them read.
    pub(crate) fn own_rule_files(&self) -> Result<Vec<PathBuf>, Failure> {
        let (Some(found), Some(top)) = (self.in_worktree()?, self.repo.work_tree()) else { return Ok(Vec::new()) };
        let config = Config::load(Some((&found.name, &found.bytes))).map_err(Failure::config)?;
        let sides = self.rule_files(&config, found.side)?;
        Ok(sides.iter().map(|side| top.join(side.path.to_fs())).collect())
    }

    fn load(&self, found: Option<Found>) -> Result<Loaded, Failure> {
        let source = found.as_ref().map(|found| (found.name.as_str(), found.bytes.as_slice()));
        let mut config = Config::load(source).map_err(Failure::config)?;
        let side = found.as_ref().map_or(Where::Nowhere, |found| found.side);
        let own = self.project_rules(&config, side)?;
        if own.is_empty() && !config.rule_paths.value.is_empty() {
            config.notices.push("`paths` of [rules] match no tracked file: no rule of the project runs".to_owned());
        }
        let words = vocabulary(&own);
        verify(&config, &words).map_err(Failure::config)?;
        verify_words(&config, &words, "--only", &self.settings.only).map_err(Failure::config)?;
        for by in ["--skip", "TOLLGATE_SKIP"] {
            let given = self.settings.left_out.iter().filter(|(_, left_out_by)| *left_out_by == by);
            let given: Vec<String> = given.map(|(word, _)| word.clone()).collect();
            verify_words(&config, &words, by, &given).map_err(Failure::config)?;
        }
        Ok(Loaded { config, name: found.map_or_else(|| "built-in defaults".to_owned(), |found| found.name), side })
    }

    /// The policy as it will be with what is judged.
    fn policy_of_judged(&self, change: &ChangeSet) -> Result<Option<Found>, Failure> {
        match change.head {
            Head::Worktree => self.in_worktree(),
            Head::Tree { tree, commit } => self.in_tree(&tree, &commit.short()),
            Head::Index => self.in_index(change),
        }
    }

    /// What the index has: the staged version, else the one of HEAD; one that was never added counts as it is, so that
    /// a new policy holds from the moment it is written.
    fn in_index(&self, change: &ChangeSet) -> Result<Option<Found>, Failure> {
        let path = RepoPath::from(FILE);
        if let Some(file) = change.files.iter().find(|file| *file.path() == path) {
            return match &file.head {
                Some(side) => self.read(side, format!("{FILE} (staged)"), Where::Index),
                None => Ok(None),
            };
        }
        let side = match change.parents.as_slice() {
            [parent] => {
                let entry = self.repo.entry(&parent.tree, &path).map_err(Failure::git)?;
                entry.map(|(mode, id)| FileSide { path, mode, source: Source::Blob(id) })
            }
            // In a merge the file may be that of any parent.
            _ => self.repo.list(&Listing::Index).map_err(Failure::git)?.into_iter().find(|side| side.path == path),
        };
        match side {
            Some(side) => self.read(&side, FILE.to_owned(), Where::Index),
            None => self.in_worktree(),
        }
    }

    fn in_worktree(&self) -> Result<Option<Found>, Failure> {
        let Some(top) = self.repo.work_tree() else { return Ok(None) };
        let path = RepoPath::from(FILE);
        if !is_there(&top.join(FILE)) {
            return Ok(None);
        }
        self.read(&FileSide { path, mode: Mode::File, source: Source::Worktree }, FILE.to_owned(), Where::Worktree)
    }

    fn in_tree(&self, tree: &ObjectId, name: &str) -> Result<Option<Found>, Failure> {
        let path = RepoPath::from(FILE);
        match self.repo.entry(tree, &path).map_err(Failure::git)? {
            Some((mode, id)) => {
                let side = FileSide { path, mode, source: Source::Blob(id) };
                self.read(&side, format!("{FILE} at {name}"), Where::Tree(*tree))
            }
            None => Ok(None),
        }
    }

    fn read(&self, side: &FileSide, name: String, from: Where) -> Result<Option<Found>, Failure> {
        match Sources::new(self.repo).read(side, MAX_BYTES) {
            Ok(Content::Bytes(bytes)) => Ok(Some(Found { name, bytes, side: from })),
            Ok(Content::TooLarge(n_bytes)) => Err(Failure::usage(anyhow::anyhow!("{name} has {n_bytes} bytes"))),
            Err(error) => Err(Failure::usage(anyhow::anyhow!("cannot read {name}: {}", error.0))),
        }
    }

    /// The policy of the branch that the change wants to enter. Where that has none, the change's own one reports
    /// without blocking; where nobody has one, the defaults judge.
    fn policy_of_base(&self, base: &str, change: &ChangeSet) -> Result<(Option<Found>, bool), Failure> {
        let tree = resolve_tree(self.repo, base)?;
        if let Some(found) = self.in_tree(&tree, base)? {
            return Ok((Some(found), false));
        }
        let own = self.policy_of_judged(change)?;
        let is_there = own.is_some();
        Ok((own, is_there))
    }
}

fn resolve_tree(repo: &Repo, revision: &str) -> Result<ObjectId, Failure> {
    repo.resolve(revision).map(|commit| commit.tree).map_err(Failure::git)
}

/// Lets a policy that the change itself brings report, but not block.
fn report_only(loaded: &mut Loaded) {
    loaded.name = format!("{}, reporting only: {REPORT_ONLY}", loaded.name);
    for stage in loaded.config.stages.values_mut() {
        stage.gate.fail_on = Sourced { value: None, origin: Origin::Given(REPORT_ONLY) };
        stage.gate.on_broken = Sourced { value: OnBroken::Warn, origin: Origin::Given(REPORT_ONLY) };
    }
}
