//! The files of a repository, with the texts of those of one language.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::affected::Read;
use crate::model::path::RepoPath;

/// The files as a graph is made from them.
pub(super) struct Files<'a> {
    /// All paths.
    pub(super) paths: BTreeSet<&'a str>,
    /// The files of the language with their texts; of one that can't be read, none.
    pub(super) texts: BTreeMap<&'a str, Option<String>>,
    /// Reads any other.
    read: &'a Read<'a>,
}

impl<'a> Files<'a> {
    /// Reads the files with these extensions.
    pub(super) fn read(paths: &'a BTreeSet<RepoPath>, extensions: &[&str], read: &'a Read<'a>) -> Result<Self, String> {
        let mut files = Self { paths: BTreeSet::new(), texts: BTreeMap::new(), read };
        for path in paths {
            // What has such a name is no import's target.
            let Ok(text) = std::str::from_utf8(path.as_bytes()) else { continue };
            files.paths.insert(text);
            if extensions.contains(&split(text).2) {
                files.texts.insert(text, read(path));
            }
        }
        Ok(files)
    }

    /// The text of any file; empty if there is none.
    pub(super) fn text(&self, path: &str) -> String {
        match self.texts.get(path) {
            Some(text) => text.clone().unwrap_or_default(),
            None if self.paths.contains(path) => (self.read)(&RepoPath::from(path)).unwrap_or_default(),
            None => String::new(),
        }
    }

    /// Whether a file of the language names the file at that path.
    pub(super) fn name(&self, path: &str) -> bool {
        let (_, stem, extension) = split(path);
        let name = if extension.is_empty() { stem.to_owned() } else { format!("{stem}.{extension}") };
        self.texts.values().any(|text| text.as_ref().is_none_or(|text| text.contains(&name)))
    }

    /// The files of one of these names, anywhere.
    pub(super) fn named(&self, names: &[&str]) -> impl Iterator<Item = &'a str> {
        self.paths.iter().copied().filter(move |path| names.contains(&file_name(path)))
    }
}

/// The last component of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The folder of a path; empty for the top.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Folder, name without extension, extension.
pub(super) fn split(path: &str) -> (&str, &str, &str) {
    let name = file_name(path);
    let (stem, extension) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""));
    (folder(path), stem, extension)
}

/// A folder and those above it, the top last.
pub(super) fn ancestors(mut here: &str) -> impl Iterator<Item = &str> {
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let this = here;
        is_over = here.is_empty();
        here = folder(here);
        Some(this)
    })
}

/// A path below a folder; the folder may be empty.
pub(super) fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A path from a folder with its dots resolved; `None` if it leaves the repository.
pub(super) fn resolved(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a path lies in a folder; everything does in the empty one.
pub(super) fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
