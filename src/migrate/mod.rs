//! Policies of other hook managers, taken over: the files of a repository in, every hook with what became of it and the
//! text of a `tollgate.toml` out. Pure; it must not know where files come from, and runs nothing.

mod document;
mod hk;
mod husky;
mod lefthook;
mod lint_staged;
mod message;
mod patterns;
mod policy;
mod pre_commit;
#[cfg(test)]
mod samples;
mod shell;
mod tools;
mod words;

use crate::config::vocabulary::Vocabulary;
use crate::migrate::policy::{Check, Policy};

/// The files that a migration can look at.
pub(crate) struct Tree<'a> {
    /// Every file's path from the top, sorted.
    pub(crate) files: &'a [String],
    /// The text of a file; none if it is not there or no text.
    pub(crate) read: &'a dyn Fn(&str) -> Option<String>,
}

impl Tree<'_> {
    fn text(&self, path: &str) -> Option<String> {
        (self.read)(path)
    }

    fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }
}

/// What became of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Tollgate does the same by itself; the checks that do.
    Translated(Vec<String>),
    /// Its manager still runs it, called by this check.
    Wrapped(String),
    /// Nothing does any more what it did.
    Lost,
}

impl Fate {
    /// The word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Translated(_) => "translated",
            Self::Wrapped(_) => "wrapped",
            Self::Lost => "lost",
        }
    }
}

/// A hook of another manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hook {
    /// The file that has it.
    pub(crate) file: String,
    /// What it is called there.
    pub(crate) name: String,
    /// What became of it.
    pub(crate) fate: Fate,
    /// Why, and what is not quite the same; for people.
    pub(crate) why: String,
}

/// A policy that was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Migration {
    /// The managers that were found.
    pub(crate) managers: Vec<&'static str>,
    /// Every hook, in the order of its file.
    pub(crate) hooks: Vec<Hook>,
    /// What holds for no single hook.
    pub(crate) notes: Vec<String>,
    /// What to do now, one step a line.
    pub(crate) steps: Vec<String>,
    /// The text of `tollgate.toml`.
    pub(crate) policy: String,
}

/// Why nothing could be taken over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No manager is in use.
    #[error("no configuration of pre-commit, prek, lefthook, husky, lint-staged or hk is here")]
    Nothing,
    /// A configuration can't be read.
    #[error("{file} is no configuration of {manager}: {problem}")]
    Unreadable {
        /// The file.
        file: String,
        /// Whose it should be.
        manager: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// What a migration is made of, while it is made.
struct Draft<'a> {
    tree: &'a Tree<'a>,
    vocabulary: &'a Vocabulary,
    policy: Policy,
    managers: Vec<&'static str>,
    files: Vec<String>,
    hooks: Vec<Hook>,
    notes: Vec<String>,
    steps: Vec<String>,
}

impl Draft<'_> {
    fn found(&mut self, manager: &'static str, file: &str) {
        if !self.managers.contains(&manager) {
            self.managers.push(manager);
        }
        self.files.push(file.to_owned());
    }

    fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn report(&mut self, file: &str, name: &str, fate: Fate, why: impl Into<String>) {
        self.hooks.push(Hook { file: file.to_owned(), name: name.to_owned(), fate, why: why.into() });
    }

    fn lose(&mut self, file: &str, name: &str, why: impl Into<String>) {
        self.report(file, name, Fate::Lost, why);
    }

    /// Adds a command under an id like `wish`; an equal one that is there already serves for both. Gives its id.
    fn command(&mut self, wish: &str, check: Check, stages: &[String]) -> String {
        let check = match self.policy.same(&check) {
            Some(known) => known.clone(),
            None => Check { id: self.policy.id(wish, self.vocabulary), ..check },
        };
        let id = check.id.clone();
        self.policy.add(check, stages);
        id
    }
}

/// Takes over what the managers of a repository are told.
pub(crate) fn migrate(tree: &Tree<'_>, vocabulary: &Vocabulary) -> Result<Migration, Error> {
    let mut draft = Draft {
        tree,
        vocabulary,
        policy: Policy::default(),
        managers: Vec::new(),
        files: Vec::new(),
        hooks: Vec::new(),
        notes: Vec::new(),
        steps: Vec::new(),
    };
    pre_commit::migrate(&mut draft)?;
    lefthook::migrate(&mut draft)?;
    husky::migrate(&mut draft)?;
    lint_staged::migrate_rest(&mut draft)?;
    hk::migrate(&mut draft);
    if draft.managers.is_empty() {
        return Err(Error::Nothing);
    }
    if draft.policy.is_empty() {
        draft.note("nothing of it runs in tollgate.toml, so tollgate's own checks do");
    }
    let from = draft.files.join(", ");
    Ok(Migration {
        policy: draft.policy.text(&from),
        managers: draft.managers,
        hooks: draft.hooks,
        notes: draft.notes,
        steps: draft.steps,
    })
}
