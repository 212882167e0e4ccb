//! What is kept of a scratch tree between runs. Pure: bytes in, values out.

use std::collections::{BTreeMap, BTreeSet};

use crate::git::difference::{Differences, Tracked};
use crate::model::change::{Mode, ObjectId};
use crate::model::path::RepoPath;

/// The first line: another shape has another one.
const HEADER: &[u8] = b"tollgate scratch tree 2\n";
/// The last one: without it something is missing.
const TRAILER: &[u8] = b"end\n";

/// Files beside which dependencies are installed, by name.
const MANIFESTS: [&[u8]; 8] = [
    b"package.json",
    b"pyproject.toml",
    b"setup.py",
    b"setup.cfg",
    b"requirements.txt",
    b"composer.json",
    b"go.mod",
    b"Gemfile",
];

/// What the files of a scratch tree were when everything was in order last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// What tells one start of the machine from another: what was not on the disk yet is lost between.
    pub(crate) boot: Vec<u8>,
    /// The tree from which the differences are told.
    pub(crate) base: ObjectId,
    /// How the files differ from it.
    pub(crate) differences: Differences,
    /// What is to be known of all files together.
    pub(crate) facts: Facts,
}

/// What is to be known of all files together without listing them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The files beside which dependencies are installed.
    pub(crate) manifests: BTreeSet<RepoPath>,
    /// The submodules with their commits.
    pub(crate) submodules: BTreeMap<RepoPath, ObjectId>,
    /// The links.
    pub(crate) links: BTreeSet<RepoPath>,
    /// The files that a sparse checkout leaves out.
    pub(crate) left_out: BTreeSet<RepoPath>,
    /// The folders of dependencies that are ours.
    pub(crate) mirrors: BTreeSet<RepoPath>,
}

impl Facts {
    /// Learns from steps that were taken.
    pub(crate) fn learn(&mut self, steps: &BTreeMap<RepoPath, Option<Tracked>>) {
        for (path, step) in steps {
            if MANIFESTS.contains(&path.file_name()) {
                match step {
                    Some(_) => self.manifests.insert(path.clone()),
                    None => self.manifests.remove(path),
                };
            }
            match step {
                Some(Tracked { mode: Mode::Submodule, id }) => self.submodules.insert(path.clone(), *id),
                _ => self.submodules.remove(path),
            };
            match step {
                Some(Tracked { mode: Mode::Symlink, .. }) => self.links.insert(path.clone()),
                _ => self.links.remove(path),
            };
        }
    }
}

impl Record {
    /// The bytes that are kept: lists of paths that end with an empty one each, then what git said.
    pub(crate) fn text(&self) -> Vec<u8> {
        let submodules: Vec<RepoPath> = self
            .facts
            .submodules
            .iter()
            .map(|(path, id)| RepoPath::new([id.to_string().as_bytes(), b" ", path.as_bytes()].concat()))
            .collect();
        let mut text = [HEADER, &self.boot, b"\n", self.base.to_string().as_bytes(), b"\n"].concat();
        let mut list = |paths: &mut dyn Iterator<Item = &RepoPath>| {
            for path in paths {
                text.extend(path.as_bytes());
                text.push(0);
            }
            text.push(0);
        };
        list(&mut self.facts.manifests.iter());
        list(&mut submodules.iter());
        list(&mut self.facts.links.iter());
        list(&mut self.facts.left_out.iter());
        list(&mut self.facts.mirrors.iter());
        text.extend(self.differences.text());
        text.extend(TRAILER);
        text
    }

    /// Reads them; `None` for anything that was not written whole.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (boot, rest) = split(text.strip_prefix(HEADER)?.strip_suffix(TRAILER)?, b'\n')?;
        let (base, rest) = split(rest, b'\n')?;
        let mut rest = rest;
        let mut facts = Facts { manifests: list(&mut rest)?, ..Facts::default() };
        for entry in list::<Vec<_>>(&mut rest)? {
            let (id, path) = split(entry.as_bytes(), b' ')?;
            facts.submodules.insert(RepoPath::new(path), ObjectId::from_hex(id)?);
        }
        facts.links = list(&mut rest)?;
        facts.left_out = list(&mut rest)?;
        facts.mirrors = list(&mut rest)?;
        let differences = Differences::parse(rest).ok()?;
        Some(Self { boot: boot.to_owned(), base: ObjectId::from_hex(base)?, differences, facts })
    }
}

/// What comes before the first `byte`, and what comes after it.
fn split(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&other| other == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Takes one list from the front.
fn list<C: FromIterator<RepoPath>>(rest: &mut &[u8]) -> Option<C> {
    let mut paths = Vec::new();
    loop {
        let (path, after) = split(rest, 0)?;
        *rest = after;
        if path.is_empty() {
            return Some(paths.into_iter().collect());
        }
        paths.push(RepoPath::new(path));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Facts, Record};
    use crate::git::difference::{Differences, Tracked};
    use crate::model::change::{Mode, ObjectId};
    use crate::model::path::RepoPath;

    fn id(digit: &str) -> ObjectId {
        ObjectId::from_hex(digit.repeat(40).as_bytes()).expect("it has 40 digits")
    }

    fn record() -> Record {
        let raw = format!(":100644 000000 {} {} D\0odd\nname\0", id("1"), id("0"));
        Record {
            boot: b"b-1".to_vec(),
            base: id("a"),
            differences: Differences::parse(raw.as_bytes()).expect("it is well-formed"),
            facts: Facts {
                manifests: [RepoPath::from("a b/package.json")].into(),
                submodules: [(RepoPath::from("lib x"), id("2"))].into(),
                links: [RepoPath::from("link")].into(),
                left_out: [RepoPath::new(&b"caf\xe9"[..])].into(),
                mirrors: [RepoPath::from("node_modules"), RepoPath::from("a/.venv")].into(),
            },
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let mut record = record();
        assert_eq!(Record::parse(&record.text()), Some(record.clone()));
        record.differences = Differences::default();
        assert_eq!(Record::parse(&record.text()), Some(record));
    }

    #[test]
    fn what_was_not_written_whole_is_not_believed() {
        let text = record().text();
        for end in 0..text.len() {
            assert_eq!(Record::parse(text.get(..end).expect("it is shorter")), None);
        }
        assert_eq!(Record::parse(b"tollgate scratch tree 1\n"), None);
    }

    #[test]
    fn manifests_links_and_submodules_are_noticed() {
        let tracked = |mode| Some(Tracked { mode, id: id("3") });
        let steps = |entries: &[(&str, Option<Tracked>)]| -> BTreeMap<RepoPath, Option<Tracked>> {
            entries.iter().map(|(path, step)| (RepoPath::from(*path), *step)).collect()
        };
        let mut facts = Facts::default();
        facts.learn(&steps(&[
            ("package.json", tracked(Mode::File)),
            ("a/go.mod", tracked(Mode::File)),
            ("a/x.go", tracked(Mode::File)),
            ("lib", tracked(Mode::Submodule)),
            ("a/link", tracked(Mode::Symlink)),
        ]));
        assert_eq!(facts.manifests, ["a/go.mod", "package.json"].map(RepoPath::from).into());
        assert_eq!((facts.submodules.len(), facts.links.len()), (1, 1));
        facts.learn(&steps(&[("a/go.mod", None), ("lib", tracked(Mode::File)), ("a/link", None)]));
        assert_eq!((facts.manifests.len(), facts.submodules.len(), facts.links.len()), (1, 0, 0));
    }
}
