//! What the reports tell of the files of a change, led back to their paths in the repository. Of other files nothing is
//! kept, so a report of any size takes little room.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::check::coverage::naming::{Claim, Naming};
use crate::model::path::RepoPath;

/// The most lines of a file: one with more is not looked at.
const MAX_LINE: u32 = 40_000_000;
/// The most lines that reports may tell of the files of a change, repetitions included.
const MAX_TOLD: usize = 100_000_000;

/// Whether a line that can be run was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ran {
    /// It was not.
    Not,
    /// It was, but not in every way that it can go.
    Partly,
    /// It was.
    Covered,
}

impl Ran {
    /// Of a line that was run so often.
    pub(crate) fn of(n_runs: u64) -> Self {
        if n_runs > 0 { Self::Covered } else { Self::Not }
    }
}

/// The lines of a file that can be run, by number from 1.
pub(crate) type Lines = BTreeMap<u32, Ran>;

/// What is told of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its lines.
    pub(crate) lines: Lines,
    /// Whether the report tells of ranges, in which there are lines without code as well.
    pub(crate) are_ranges: bool,
}

/// Where a report was written, so that its names can be understood.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    /// The folder that holds the repository.
    pub(crate) top: &'a Path,
    /// The folder to which names are relative, from the top.
    pub(crate) folder: &'a RepoPath,
    /// Whether there is a file of that path.
    pub(crate) is_there: &'a dyn Fn(&RepoPath) -> bool,
}

/// What reports tell, while they are read.
pub(crate) struct Gathered<'a> {
    naming: Naming<'a>,
    told: BTreeMap<Claim, Told>,
    /// The file that is told of, if it matters.
    current: Option<(Claim, Told)>,
    n_told: usize,
    n_files: usize,
}

/// What reports tell of the files of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The files of the change that are named, with what is told of them.
    pub(crate) files: BTreeMap<RepoPath, Told>,
    /// The extensions of all files that are named.
    pub(crate) extensions: BTreeSet<Vec<u8>>,
    /// How many files are named.
    pub(crate) n_files: usize,
    /// Whether any of those that were looked for is in the repository.
    pub(crate) is_of_repository: bool,
    /// A name of a file, for a message.
    pub(crate) example: String,
    /// Names that may mean several files of the change.
    pub(crate) ambiguous: Vec<String>,
}

impl<'a> Gathered<'a> {
    /// Nothing yet, of these files of a change.
    pub(crate) fn new(changed: &'a BTreeSet<RepoPath>, site: Site<'a>) -> Self {
        Self { naming: Naming::new(changed, site), told: BTreeMap::new(), current: None, n_told: 0, n_files: 0 }
    }

    /// How many files were named.
    pub(crate) fn n_files(&self) -> usize {
        self.n_files
    }

    /// Begins with a file as the report names it; it is relative to one of `sources`, if there are any. Whether anything
    /// that is told of it matters.
    pub(crate) fn file(&mut self, name: &str, sources: &[String]) -> bool {
        self.close();
        self.n_files += 1;
        self.current = self.naming.claim(name, sources).map(|claim| (claim, Told::default()));
        self.current.is_some()
    }

    /// Tells of a line of the file; told again, what it was run most counts.
    pub(crate) fn line(&mut self, line: u32, ran: Ran) -> Result<(), String> {
        if line > MAX_LINE {
            return Err(format!("no file has a line {line}"));
        }
        self.n_told += 1;
        if self.n_told > MAX_TOLD {
            return Err(format!("it tells of more than {MAX_TOLD} lines of the changed files"));
        }
        if let Some((_, told)) = self.current.as_mut().filter(|_| line > 0) {
            let known = told.lines.entry(line).or_insert(ran);
            *known = ran.max(*known);
        }
        Ok(())
    }

    /// Tells that a line of the file can go ways that it did not go.
    pub(crate) fn partly(&mut self, line: u32) {
        let known = self.current.as_mut().and_then(|(_, told)| told.lines.get_mut(&line));
        if let Some(known) = known.filter(|known| **known == Ran::Covered) {
            *known = Ran::Partly;
        }
    }

    /// Tells that something on a line of the file was not run.
    pub(crate) fn not_run_here(&mut self, line: u32) -> Result<(), String> {
        self.partly(line);
        self.line(line, Ran::Not)
    }

    /// Tells that the lines of the file are those of ranges.
    pub(crate) fn tells_ranges(&mut self) {
        if let Some((_, told)) = &mut self.current {
            told.are_ranges = true;
        }
    }

    fn close(&mut self) {
        if let Some((claim, told)) = self.current.take() {
            merge(self.told.entry(claim).or_default(), told);
        }
    }

    /// All that was told.
    pub(crate) fn end(mut self) -> Report {
        self.close();
        let mut report = Report { n_files: self.n_files, ..Report::default() };
        for (claim, told) in self.told {
            if let Some(path) = self.naming.settled(&claim) {
                merge(report.files.entry(path.clone()).or_default(), told);
            }
        }
        let Naming { extensions, ambiguous, example, n_found, .. } = self.naming;
        Report { extensions, ambiguous, example, is_of_repository: n_found > 0, ..report }
    }
}

impl Report {
    /// Takes in what another report tells: what was run in one of them was run.
    pub(crate) fn add(&mut self, other: Self) {
        for (path, told) in other.files {
            merge(self.files.entry(path).or_default(), told);
        }
        self.extensions.extend(other.extensions);
        self.ambiguous.extend(other.ambiguous);
        self.n_files += other.n_files;
        self.is_of_repository |= other.is_of_repository;
        if self.example.is_empty() {
            self.example = other.example;
        }
    }
}

fn merge(into: &mut Told, told: Told) {
    into.are_ranges |= told.are_ranges;
    for (line, ran) in told.lines {
        let known = into.lines.entry(line).or_insert(ran);
        *known = ran.max(*known);
    }
}
