//! The record of an installation, so that it can be taken out exactly and checked: `tollgate/install.json` in the
//! folder that all work trees share. Also where everything of ours is in that folder.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hook::Error;
use crate::tree::file::write_atomic;

/// The version of the record's form.
const VERSION: u32 = 1;

/// Where an installation keeps its things, from the repository's common folder.
#[derive(Clone, Debug)]
pub(super) struct Layout(PathBuf);

impl Layout {
    /// The layout in the repository's common folder.
    pub(super) fn new(common_dir: &Path) -> Self {
        Self(common_dir.to_owned())
    }

    /// Where git looks for hooks if nobody says otherwise.
    pub(super) fn hooks(&self) -> PathBuf {
        self.0.join("hooks")
    }

    /// Where all of ours is.
    pub(super) fn folder(&self) -> PathBuf {
        self.0.join("tollgate")
    }

    /// Where our hooks are if git was told to look for hooks elsewhere.
    pub(super) fn own_hooks(&self) -> PathBuf {
        self.0.join("tollgate/hooks")
    }

    /// Where hooks are kept that ours replace: beside the folder that they were in, so that what they say relative to
    /// their own place, as a link or in a script, stays true.
    pub(super) fn replaced(&self) -> PathBuf {
        self.0.join("tollgate-replaced")
    }

    /// What the configuration file was before we changed it.
    pub(super) fn config_before(&self) -> PathBuf {
        self.0.join("tollgate/replaced.config")
    }

    /// The record.
    pub(super) fn manifest(&self) -> PathBuf {
        self.0.join("tollgate/install.json")
    }
}

/// The record of an installation. It is written before anything is changed, so it may be ahead of what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of this form.
    pub(super) version: u32,
    /// The version of tollgate that installed.
    pub(super) tollgate: String,
    /// The program that the hooks call first.
    pub(super) binary: String,
    /// Whether nobody named the hooks that they want, so that those are installed that a policy has work for.
    #[serde(default)]
    pub(super) follows_policy: bool,
    /// The hooks that were written.
    pub(super) files: Vec<Written>,
    /// Whether the folder of the hooks was made by us.
    pub(super) created_folder: bool,
    /// The setting that was changed, if one had to be.
    pub(super) hooks_path: Option<HooksPath>,
}

/// A hook that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    /// The name of the hook.
    pub(super) name: String,
    /// Of what was written, in hexadecimal digits.
    pub(super) sha256: String,
    /// Of what stood there before and is kept, in hexadecimal digits.
    pub(super) replaced: Option<String>,
    /// What it does.
    pub(super) role: Role,
}

/// What a script does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    /// It calls tollgate.
    Calls,
    /// It only hands on to the hook that git would call without us.
    HandsOn,
}

/// The setting `core.hooksPath`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HooksPath {
    /// Where it was set by us.
    pub(super) scope: Scope,
    /// The file in which it was set.
    pub(super) config: String,
    /// What that file said before, as it was written.
    pub(super) before: Option<String>,
    /// The folder in which git would look for hooks without us; relative to where hooks run, if it is relative.
    pub(super) former: String,
    /// Of the file after the setting, in hexadecimal digits; none while that was not yet done.
    pub(super) after: Option<String>,
}

/// Where a setting is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scope {
    /// For the repository.
    Local,
    /// For one work tree.
    Worktree,
}

impl Scope {
    /// The option of `git config` that chooses it.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Local => "--local",
            Self::Worktree => "--worktree",
        }
    }
}

impl Manifest {
    /// A record of nothing yet.
    pub(super) fn new(binary: String) -> Self {
        Self {
            version: VERSION,
            tollgate: env!("CARGO_PKG_VERSION").to_owned(),
            binary,
            follows_policy: false,
            files: Vec::new(),
            created_folder: false,
            hooks_path: None,
        }
    }

    /// Reads the record; none if there is none.
    pub(super) fn load(layout: &Layout) -> Result<Option<Self>, Error> {
        let path = layout.manifest();
        let problem = |problem: String| Error::Manifest { path: path.clone(), problem };
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(problem(error.to_string())),
        };
        let manifest: Self = serde_json::from_slice(&bytes).map_err(|error| problem(error.to_string()))?;
        if manifest.version != VERSION {
            return Err(problem(format!("it has version {}, this tollgate knows {VERSION}", manifest.version)));
        }
        Ok(Some(manifest))
    }

    /// Writes the record.
    pub(super) fn save(&self, layout: &Layout) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(self).expect("because the record has only texts as keys");
        text.push('\n');
        Ok(write_atomic(&layout.manifest(), text.as_bytes())?)
    }

    /// The folder in which the hooks are.
    pub(super) fn hooks(&self, layout: &Layout) -> PathBuf {
        if self.hooks_path.is_some() { layout.own_hooks() } else { layout.hooks() }
    }

    /// What is recorded of a hook.
    pub(super) fn file(&self, name: &str) -> Option<&Written> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// The SHA-256 of bytes in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
