//! Which policy judges: the file that belongs to what is judged, or that of the branch which the change wants to enter.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::anyhow;

use crate::app::extends::Side;
use crate::app::failure::Failure;
use crate::app::project_rules::Where;
use crate::app::sources::Sources;
use crate::app::vocabulary::vocabulary;
use crate::app::{Session, packs};
use crate::check::pattern::rule_file::RuleFile;
use crate::check::pattern::utility::Utility;
use crate::config::extends::{Location, Site};
use crate::config::vocabulary::{Vocabulary, verify, verify_words};
use crate::config::{Config, quarantine};
use crate::git::Repo;
use crate::git::attributes::AttributeSource;
use crate::git::listing::Listing;
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Source};
use crate::model::content::{Content, Contents};
use crate::model::path::RepoPath;
use crate::model::request::Request;
use crate::tree::file::{is_link, is_there};

/// The name of the file.
pub(super) const FILE: &str = "tollgate.toml";
/// The name of one person's own policy.
const LOCAL_FILE: &str = "tollgate.local.toml";
/// The most bytes of it that are read; `config` says what is too much.
pub(super) const MAX_BYTES: u64 = 64 << 20;
/// What the report says where a change wants to enter a branch that has no policy.
const REPORT_ONLY: &str = "the base has no policy";
/// The name of the policy without any file.
const DEFAULTS: &str = "built-in defaults";

/// A policy and where it comes from.
pub(super) struct Loaded {
    pub(super) config: Config,
    /// For people: `tollgate.toml (staged)`, `built-in defaults`.
    pub(super) name: String,
    /// Where the attributes of files are that belong to it.
    pub(super) attributes: AttributeSource,
    /// The project's own rules.
    pub(super) own: Vec<RuleFile>,
    vocabulary: OnceLock<Vocabulary>,
    /// Whether it stands in for one that the base should have.
    role: Role,
}

impl Found {
    /// Its name for people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Why a policy judges.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is the one for what is judged.
    Own,
    /// The base has none, and the change brings one: the defaults decide meanwhile.
    StandIn,
    /// The one that the change brings: it is told what it would say.
    Proposed,
}

impl Loaded {
    /// Every id that can be named under it.
    pub(super) fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary.get_or_init(|| vocabulary(&self.own))
    }

    /// Whether it stands in for one that the base should have: then it can't know the stages of the project.
    pub(super) fn is_stand_in(&self) -> bool {
        self.role == Role::StandIn
    }

    /// Whether it comes with the change, so that nobody has allowed yet what it runs.
    pub(super) fn is_proposed(&self) -> bool {
        self.role == Role::Proposed
    }

    /// Whether it has a stage of that name.
    pub(super) fn has_stage(&self, name: &str) -> bool {
        self.config.stages.contains_key(name)
    }
}

/// A file that was found, as bytes.
pub(super) struct Found {
    name: String,
    pub(super) bytes: Vec<u8>,
    side: Where,
}

impl Session<'_> {
    /// Finds, reads and checks what judges a change: the policy that belongs to it, or that of the branch which it wants
    /// to enter. Where that branch has none and the change brings one, the defaults decide, so that nobody switches the
    /// gate off by adding a file, and the change's own policy, which comes second, reports.
    pub(super) fn policies(&self, request: &Request, change: &ChangeSet) -> Result<Vec<Loaded>, Failure> {
        let Request::Range { base, .. } = request else {
            let found = self.policy_of_judged(change)?;
            return Ok(vec![self.completed(self.load(found, of_judged(change), Some(change))?, change)]);
        };
        let judge = self.settings.judge.as_deref().unwrap_or(base);
        let tree = resolve_tree(self.repo, judge)?;
        let attributes = AttributeSource::Tree(tree);
        let of_base = self.in_tree(&tree, &RepoPath::from(FILE), judge)?;
        let own = if of_base.is_none() { self.policy_of_judged(change)? } else { None };
        let mut loaded = vec![match own {
            Some(_) => stand_in(attributes),
            None => self.load(of_base, attributes, Some(change))?,
        }];
        if own.is_some() {
            loaded.push(report_only(self.load(own, attributes, Some(change))?));
        }
        let mut loaded: Vec<Loaded> = loaded.into_iter().map(|loaded| self.completed(loaded, change)).collect();
        if let (Head::Tree { tree, commit }, Some(first)) = (change.head, loaded.first_mut()) {
            self.note_edit(first, change, &tree, &commit.short())?;
        }
        Ok(loaded)
    }

    /// The policy with what the command line says, and with notes of what was not read.
    fn completed(&self, mut loaded: Loaded, change: &ChangeSet) -> Loaded {
        loaded.config.with_overrides(self.settings.overrides);
        let local = RepoPath::from(LOCAL_FILE);
        if Sources::new(self.repo).is_in_worktree(&local) == Some(true) {
            loaded.config.note_unread(&local);
        }
        change.files.iter().for_each(|file| loaded.config.note_unread(file.path()));
        loaded
    }

    /// Tells that the change edits the policy that will judge those after it.
    fn note_edit(&self, loaded: &mut Loaded, change: &ChangeSet, tree: &ObjectId, name: &str) -> Result<(), Failure> {
        let is_policy = |side: &FileSide| side.path.as_bytes().eq_ignore_ascii_case(FILE.as_bytes());
        let is_nested = |side: &&FileSide| side.path.file_name() == FILE.as_bytes() && !is_policy(side);
        let sides = |file: &ChangedFile| file.head.iter().chain(file.bases.iter().flatten()).any(is_policy);
        let nested =
            change.files.iter().filter_map(|file| file.head.iter().chain(file.bases.iter().flatten()).find(is_nested));
        let notice = |side: &FileSide| format!("this change edits {}; it holds from the next change on", side.path);
        loaded.config.notices.extend(nested.map(notice));
        if !change.files.iter().any(sides) {
            return Ok(());
        }
        let after = match self.in_tree(tree, &RepoPath::from(FILE), name)? {
            None => "after it there is none, and the built-in defaults hold".to_owned(),
            Some(found) => match self.config_of(&found, None) {
                Ok(_) => "the new one holds from the next change on".to_owned(),
                Err(error) => {
                    let text = error.error.to_string();
                    format!("the new one can't be used: {}", text.lines().next().unwrap_or_default())
                }
            },
        };
        loaded.config.notices.push(format!("this change edits {FILE}; it is judged by {}; {after}", loaded.name));
        Ok(())
    }

    /// The policy for the message of a commit: what will be committed beside it.
    pub(super) fn policy_of_message(&self) -> Result<(Config, String), Failure> {
        let path = RepoPath::from(FILE);
        let head = self.repo.head().map_err(Failure::git)?.commit;
        let of_head = match head {
            Some(commit) => self.repo.entry(&commit.tree, &path).map_err(Failure::git)?,
            None => None,
        };
        let here = self.in_worktree(&RepoPath::from(FILE))?;
        // The index is asked only where somebody has a policy: git reads the whole of it to answer.
        let asks = of_head.is_some() || here.is_some();
        let staged = if asks { self.repo.staged_entry(&path).map_err(Failure::git)? } else { None };
        let found = match staged {
            Some(side) => self.read(&side, format!("{FILE} (staged)"), Where::Index)?,
            // Taken out of the index, or never put there.
            None if of_head.is_some() => None,
            None => here,
        };
        let mut loaded = self.load(found, AttributeSource::Index, None)?;
        loaded.config.with_overrides(self.settings.overrides);
        Ok((loaded.config, loaded.name))
    }

    /// The policy for what has no change: a listing.
    pub(crate) fn policy_here(&self) -> Result<(Config, String), Failure> {
        let found = match self.repo.work_tree() {
            Some(_) => self.in_worktree(&RepoPath::from(FILE))?,
            None => match self.repo.head().map_err(Failure::git)?.commit {
                Some(commit) => self.in_tree(&commit.tree, &RepoPath::from(FILE), "HEAD")?,
                None => None,
            },
        };
        let mut loaded = self.load(found, AttributeSource::Worktree, None)?;
        loaded.config.with_overrides(self.settings.overrides);
        Ok((loaded.config, loaded.name))
    }

    /// The project's own rules as the work tree's policies name them, that of the top and those of folders.
    pub(crate) fn own_rules(&self) -> Result<Vec<RuleFile>, Failure> {
        let found = self.in_worktree(&RepoPath::from(FILE))?;
        let Loaded { config, mut own, .. } = self.load(found, AttributeSource::Worktree, None)?;
        for nested in self.nested_here()? {
            own.extend(self.project_rules(&nested, Some(&config), Where::Worktree)?);
        }
        Ok(own)
    }

    /// The utility rules that the work tree's policies name, and the files of the work tree that they are in.
    pub(crate) fn own_utilities(&self) -> Result<(Vec<Utility>, Vec<PathBuf>), Failure> {
        let (mut utilities, mut files) = (Vec::new(), Vec::new());
        for config in self.policies_here()? {
            utilities.extend(self.utilities(&config, Where::Worktree)?);
            files.extend(self.in_folders(&self.utility_files(&config, Where::Worktree)?));
        }
        Ok((utilities, files))
    }

    /// The files of the work tree that the work tree's policies name as rules, none of them read. A policy that names
    /// some and has none is an error.
    pub(crate) fn own_rule_files(&self) -> Result<Vec<PathBuf>, Failure> {
        let (mut files, mut is_any_named) = (Vec::new(), false);
        for config in self.policies_here()? {
            is_any_named |= !config.rule_paths.value.is_empty();
            files.extend(self.in_folders(&self.rule_files(&config, Where::Worktree)?));
        }
        if files.is_empty() && is_any_named {
            let hint = "add the rule files to git, or name one: `tollgate rules test FILE`";
            return Err(Failure::usage(anyhow!("`paths` of [rules] match no tracked file")).with_hint(hint));
        }
        Ok(files)
    }

    /// The policy of the work tree and those of its folders.
    fn policies_here(&self) -> Result<Vec<Config>, Failure> {
        let top = self.in_worktree(&RepoPath::from(FILE))?;
        let top = top.map(|found| self.config_of(&found, None)).transpose()?;
        Ok(top.into_iter().chain(self.nested_here()?).collect())
    }

    fn in_folders(&self, sides: &[FileSide]) -> Vec<PathBuf> {
        let top = self.repo.work_tree();
        top.into_iter().flat_map(|top| sides.iter().map(|side| top.join(side.path.to_fs()))).collect()
    }

    /// What a policy and all that it extends say.
    fn config_of(&self, found: &Found, change: Option<&ChangeSet>) -> Result<Config, Failure> {
        let from = Side { side: found.side, change };
        let at = Location { site: Site::Here, path: RepoPath::from(FILE) };
        let source = (found.name.as_str(), found.bytes.as_slice());
        Config::load_with(source, at, &mut |reference| self.referred(from, reference)).map_err(Failure::config)
    }

    /// A file on the side of a policy.
    pub(super) fn found_on(&self, from: Side<'_>, path: &RepoPath) -> Result<Option<Found>, Failure> {
        match (from.side, from.change) {
            (Where::Nowhere, _) => Ok(None),
            (Where::Worktree, _) => self.in_worktree(path),
            (Where::Tree(tree), _) => self.in_tree(&tree, path, &tree.short()),
            (Where::Index, Some(change)) => self.in_index(change, path),
            (Where::Index, None) => match self.repo.staged_entry(path).map_err(Failure::git)? {
                Some(side) => self.read(&side, path.to_string(), Where::Index),
                None => Ok(None),
            },
        }
    }

    fn load(
        &self,
        found: Option<Found>,
        attributes: AttributeSource,
        change: Option<&ChangeSet>,
    ) -> Result<Loaded, Failure> {
        let mut config = match &found {
            Some(found) => self.config_of(found, change)?,
            None => Config::defaults(),
        };
        packs::complete(&mut config);
        let nowhere = change.map_or(Where::Nowhere, |_| on_side_of(attributes));
        let side = found.as_ref().map_or(nowhere, |found| found.side);
        let mut own = self.project_rules(&config, None, side)?;
        if own.is_empty() && !config.rule_paths.value.is_empty() {
            config.notices.push("`paths` of [rules] match no tracked file: no rule of the project runs".to_owned());
        }
        if found.is_some() {
            verify(&config, &vocabulary(&own)).map_err(Failure::config)?;
        }
        if let Some(change) = change {
            self.adopt_nested(&mut config, &mut own, on_side_of(attributes), change)?;
        }
        self.read_quarantines(&mut config, Side { side, change })?;
        let name = found.map_or_else(|| DEFAULTS.to_owned(), |found| found.name);
        let loaded = Loaded { config, name, attributes, own, vocabulary: OnceLock::new(), role: Role::Own };
        self.verify_choice(&loaded)?;
        Ok(loaded)
    }

    /// Reads the lists of tests in quarantine where the policy is, so that no change excuses its own failures.
    fn read_quarantines(&self, config: &mut Config, from: Side<'_>) -> Result<(), Failure> {
        for (id, check) in config.checks.iter_mut().filter(|(_, check)| !check.quarantine.file.is_empty()) {
            let file = &check.quarantine.file;
            let fail =
                |why: &str| Failure::usage(anyhow!("`quarantine` of [checks.{id}] can't be used: {file}: {why}"));
            let found = self.found_on(from, &RepoPath::from(file.as_str()))?;
            let bytes = found.ok_or_else(|| fail("there is no such file where the policy is"))?.bytes;
            check.quarantine.entries = quarantine::parse(&bytes).map_err(|why| fail(&why))?;
        }
        Ok(())
    }

    /// Looks whether what the command line and the environment choose exists.
    fn verify_choice(&self, loaded: &Loaded) -> Result<(), Failure> {
        let settings = &self.settings;
        let left_out = |by| settings.left_out.iter().filter(move |(_, left_out_by)| *left_out_by == by);
        let left_out = ["--skip", "TOLLGATE_SKIP"].map(|by| (by, left_out(by).map(|(word, _)| word.clone()).collect()));
        for (by, words) in [("--only", settings.only.clone())].into_iter().chain(left_out) {
            if !words.is_empty() {
                verify_words(&loaded.config, loaded.vocabulary(), by, &words).map_err(Failure::config)?;
            }
        }
        Ok(())
    }

    /// The policy as it will be with what is judged.
    fn policy_of_judged(&self, change: &ChangeSet) -> Result<Option<Found>, Failure> {
        match change.head {
            Head::Worktree => self.in_worktree(&RepoPath::from(FILE)),
            Head::Tree { tree, commit } => self.in_tree(&tree, &RepoPath::from(FILE), &commit.short()),
            Head::Index => self.in_index(change, &RepoPath::from(FILE)),
        }
    }

    /// What the index has: the staged version, else the one of HEAD; one that was never added counts as it is, so that
    /// a new policy holds from the moment it is written.
    fn in_index(&self, change: &ChangeSet, path: &RepoPath) -> Result<Option<Found>, Failure> {
        if let Some(file) = change.files.iter().find(|file| file.path() == path) {
            return match &file.head {
                Some(side) => self.read(side, format!("{path} (staged)"), Where::Index),
                None => Ok(None),
            };
        }
        let side = match change.parents.as_slice() {
            [parent] => {
                let entry = self.repo.entry(&parent.tree, path).map_err(Failure::git)?;
                entry.map(|(mode, id)| FileSide { path: path.clone(), mode, source: Source::Blob(id) })
            }
            // In a merge the file may be that of any parent.
            _ => self.repo.list(&Listing::Index).map_err(Failure::git)?.into_iter().find(|side| side.path == *path),
        };
        match side {
            Some(side) => self.read(&side, path.to_string(), Where::Index),
            None => self.in_worktree(path),
        }
    }

    fn in_worktree(&self, path: &RepoPath) -> Result<Option<Found>, Failure> {
        let Some(top) = self.repo.work_tree() else { return Ok(None) };
        let file = top.join(path.to_fs());
        if !is_there(&file) {
            return Ok(None);
        }
        let mode = if is_link(&file) { Mode::Symlink } else { Mode::File };
        let side = FileSide { path: path.clone(), mode, source: Source::Worktree };
        self.read(&side, path.to_string(), Where::Worktree)
    }

    fn in_tree(&self, tree: &ObjectId, path: &RepoPath, name: &str) -> Result<Option<Found>, Failure> {
        match self.repo.entry(tree, path).map_err(Failure::git)? {
            Some((mode, id)) => {
                let side = FileSide { path: path.clone(), mode, source: Source::Blob(id) };
                self.read(&side, format!("{path} at {name}"), Where::Tree(*tree))
            }
            None => Ok(None),
        }
    }

    fn read(&self, side: &FileSide, name: String, from: Where) -> Result<Option<Found>, Failure> {
        // Where it leads is not part of what is judged, and not there on a server.
        if side.mode == Mode::Symlink {
            let failure = Failure::usage(anyhow!("{name} is a symbolic link, and a policy has to be a file"));
            return Err(failure.with_hint("copy what it leads to into its place; `extends` shares a policy"));
        }
        match Sources::new(self.repo).read(side, MAX_BYTES) {
            Ok(Content::Bytes(bytes)) => Ok(Some(Found { name, bytes, side: from })),
            Ok(Content::TooLarge(n_bytes)) => Err(Failure::usage(anyhow::anyhow!("{name} has {n_bytes} bytes"))),
            Err(error) => Err(Failure::usage(anyhow::anyhow!("cannot read {name}: {}", error.0))),
        }
    }
}

fn resolve_tree(repo: &Repo, revision: &str) -> Result<ObjectId, Failure> {
    repo.resolve(revision).map(|commit| commit.tree).map_err(Failure::git)
}

/// Where the attributes of what is judged are.
fn of_judged(change: &ChangeSet) -> AttributeSource {
    match change.head {
        Head::Worktree => AttributeSource::Worktree,
        Head::Index => AttributeSource::Index,
        Head::Tree { tree, .. } => AttributeSource::Tree(tree),
    }
}

/// Where the files are that belong to a policy, whether it has a file itself or not.
fn on_side_of(attributes: AttributeSource) -> Where {
    match attributes {
        AttributeSource::Worktree => Where::Worktree,
        AttributeSource::Index => Where::Index,
        AttributeSource::Tree(tree) => Where::Tree(tree),
    }
}

/// The defaults in the place of a policy that the base should have.
fn stand_in(attributes: AttributeSource) -> Loaded {
    let name = format!("{DEFAULTS}: {REPORT_ONLY}");
    let mut config = Config::defaults();
    packs::complete(&mut config);
    let (own, vocabulary) = (Vec::new(), OnceLock::new());
    Loaded { config, name, attributes, own, vocabulary, role: Role::StandIn }
}

/// Lets a policy that the change itself brings report, but not decide.
fn report_only(mut loaded: Loaded) -> Loaded {
    loaded.name = format!("{}, reporting only", loaded.name);
    loaded.role = Role::Proposed;
    if loaded.config.checks.values().any(|check| check.run.is_some()) {
        let notice = "the commands that the change proposes do not run before the base has them";
        loaded.config.notices.push(notice.to_owned());
    }
    loaded
}
