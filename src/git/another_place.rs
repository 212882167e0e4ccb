//! The same repository with its files, its index or its objects somewhere else, or asked in another way.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use crate::git::environment::Environment;
use crate::git::library::Library;
use crate::git::loose::LooseObjects;
use crate::git::{Error, Repo, open, os_path};
use crate::model::path::RepoPath;
use crate::process::Interrupt;

/// Variables that hold for one repository and not for its submodules.
pub(super) const LOCAL: [&str; 8] = [
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_PREFIX",
];

impl Repo {
    /// The same repository with another index file, absolute: what is run on it leaves the user's index alone.
    pub(crate) fn with_index(&self, index: &Path) -> Self {
        self.with_variable("GIT_INDEX_FILE", index)
    }

    /// The same repository with another folder for objects, absolute: what is written goes there, and the objects of
    /// the repository are not seen.
    pub(crate) fn with_objects(&self, objects: &Path) -> Self {
        self.with_variable("GIT_OBJECT_DIRECTORY", objects)
    }

    fn with_variable(&self, name: &str, value: &Path) -> Self {
        let mut variables = self.environment.variables().clone();
        variables.insert(name.into(), value.into());
        self.asked_by(variables.into_iter().collect(), self.interrupt.clone())
    }

    /// The same repository, whose answers come although the user wants the run to end: for what must not be left half
    /// done.
    pub(crate) fn uninterrupted(&self) -> Self {
        self.asked_by(self.environment.clone(), Interrupt::default())
    }

    fn asked_by(&self, environment: Environment, interrupt: Interrupt) -> Self {
        Self {
            git_dir: self.git_dir.clone(),
            common_dir: self.common_dir.clone(),
            work_tree: self.work_tree.clone(),
            format: self.format,
            environment,
            loose: LooseObjects::of(&self.common_dir),
            trees: Mutex::default(),
            library: Library::unavailable(),
            head: OnceLock::new(),
            named: Mutex::default(),
            interrupt,
        }
    }

    /// The same repository with another work tree and another index, both absolute: what is run on it sees and touches
    /// those alone. Names and contents of objects are the repository's own.
    pub(crate) fn laid_out_at(&self, top: &Path, index: &Path) -> Self {
        let mut variables = self.environment.variables().clone();
        variables.insert("GIT_DIR".into(), self.git_dir.clone().into());
        variables.insert("GIT_WORK_TREE".into(), top.into());
        variables.insert("GIT_INDEX_FILE".into(), index.into());
        variables.remove(OsStr::new("GIT_PREFIX"));
        Self {
            work_tree: Some(top.to_owned()),
            ..self.asked_by(variables.into_iter().collect(), self.interrupt.clone())
        }
    }

    /// The submodule whose files are at `path` of the work tree; none if it is not there.
    pub(crate) fn submodule(&self, path: &RepoPath) -> Result<Option<Self>, Error> {
        let Some(folder) = self.work_tree.as_ref().map(|top| top.join(os_path(path))) else { return Ok(None) };
        if !folder.join(".git").exists() {
            return Ok(None);
        }
        self.opened_at(&folder).map(Some)
    }

    /// The repository that a folder is in, which is another one or another place of this one.
    pub(crate) fn opened_at(&self, folder: &Path) -> Result<Self, Error> {
        let mut variables = self.environment.variables().clone();
        variables.retain(|name, _| !LOCAL.iter().any(|local| name == local));
        open::open(folder, variables.into_iter().collect(), &self.interrupt)
    }

    /// The folders in which git looks for the objects of this repository, absolute: beside its own those that git
    /// receives a push in.
    pub(crate) fn object_folders(&self) -> Vec<PathBuf> {
        let variable = |name| self.environment.variables().get(OsStr::new(name)).filter(|value| !value.is_empty());
        let here = self.work_tree.as_deref().unwrap_or(&self.git_dir);
        let own =
            variable("GIT_OBJECT_DIRECTORY").map_or_else(|| self.common_dir.join("objects"), |own| here.join(own));
        let others = variable("GIT_ALTERNATE_OBJECT_DIRECTORIES").into_iter().flat_map(std::env::split_paths);
        [own].into_iter().chain(others.map(|folder| here.join(folder))).collect()
    }

    /// Whether the user wants everything to end.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.is_set()
    }

    /// Whether the index that git works on is not the one that a program in the work tree would find: `git commit -a`
    /// and `git commit PATH` prepare another one.
    pub(crate) fn has_index_of_its_own(&self) -> bool {
        let Some(index) = self.environment.variables().get(OsStr::new("GIT_INDEX_FILE")) else { return false };
        let folder = self.work_tree.as_deref().unwrap_or(&self.git_dir);
        let (named, usual) = (folder.join(index), self.git_dir.join("index"));
        named != usual && named.canonicalize().ok() != usual.canonicalize().ok()
    }
}
