//! Another index or another object store than the user's.

use std::path::Path;
use std::sync::OnceLock;

use crate::git::Repo;
use crate::git::library::Library;
use crate::git::loose::LooseObjects;

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
        Self {
            git_dir: self.git_dir.clone(),
            common_dir: self.common_dir.clone(),
            work_tree: self.work_tree.clone(),
            format: self.format,
            environment: variables.into_iter().collect(),
            loose: LooseObjects::of(&self.common_dir),
            library: Library::unavailable(),
            head: OnceLock::new(),
            interrupt: self.interrupt.clone(),
        }
    }
}
