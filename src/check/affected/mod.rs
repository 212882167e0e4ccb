//! Which tests a change may affect, by the imports of files. What looks like an import counts as one, so the answer has too
//! many tests rather than too few; where imports can't tell, it is all tests, with the reason. Knows nothing of where
//! the files are kept.

pub(crate) mod again;
mod files;
mod go;
mod graph;
mod javascript;
mod jvm;
mod python;
pub(crate) mod runner;
mod rust;
#[cfg(test)]
mod selections;
mod triggers;

use std::collections::BTreeSet;

use crate::check::affected::files::Files;
use crate::check::affected::graph::Graph;
use crate::check::affected::runner::Runner;
use crate::config::patterns::Patterns;
use crate::model::path::RepoPath;

/// The tests that run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tests {
    /// All, because of this.
    All(String),
    /// These, as their runner names them, of so many; and what a reader should know of how they were found.
    Some {
        /// The names, sorted.
        names: BTreeSet<String>,
        /// How many tests there are.
        n_all: usize,
        /// Why some of them always run; empty if none does.
        note: String,
    },
}

/// A file that a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Touched {
    /// Its path; of a file that was renamed, the old one.
    pub(crate) path: RepoPath,
    /// Whether it is still there.
    pub(crate) fate: Fate,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is there, new or changed.
    There,
    /// It is not there any more under this path.
    Gone,
}

/// The tests of one suite.
pub(crate) struct Suite<'a> {
    /// How its tests are found and named.
    pub(crate) runner: &'static Runner,
    /// The folder that it runs in, without surrounding slashes; empty for the top.
    pub(crate) folder: &'a str,
    /// Which files are tests; empty for those that the runner takes for tests by itself.
    pub(crate) tests: &'a Patterns,
    /// Whether a touched file is one that the suite is for.
    pub(crate) is_for: &'a dyn Fn(&RepoPath) -> bool,
}

/// Gives the text of a file; `None` where it can't be read or is no text.
pub(crate) type Read<'a> = dyn Fn(&RepoPath) -> Option<String> + 'a;

/// How the files of a language hang together.
pub(crate) struct Language {
    /// Its name.
    name: &'static str,
    /// The extensions of its files.
    extensions: &'static [&'static str],
    /// Reads who needs whom, and which files are tests; or why that can't be told.
    graph: fn(&Files<'_>, &Suite<'_>) -> Result<Graph, String>,
    /// Whether what no test imports may be reached in a way that can't be seen.
    reach: Reach,
}

/// What it means that no test imports a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// That none needs it.
    Exact,
    /// Nothing: files are also found by name.
    ByName,
}

/// The tests of a suite that a change may affect; `paths` are all files of the judged tree.
pub(crate) fn select(suite: &Suite<'_>, paths: &BTreeSet<RepoPath>, touched: &[Touched], read: &Read<'_>) -> Tests {
    chosen(suite, paths, touched, read).unwrap_or_else(Tests::All)
}

fn chosen(
    suite: &Suite<'_>,
    paths: &BTreeSet<RepoPath>,
    touched: &[Touched],
    read: &Read<'_>,
) -> Result<Tests, String> {
    let language = suite.runner.language;
    let touched: Vec<&Touched> =
        touched.iter().filter(|file| triggers::is_manifest(&file.path) || (suite.is_for)(&file.path)).collect();
    // Those that need no reading come first.
    for file in &touched {
        triggers::refuse(file)?;
    }
    let files = Files::read(paths, language.extensions, read)?;
    let mut starts = BTreeSet::new();
    for file in touched {
        let path =
            std::str::from_utf8(file.path.as_bytes()).map_err(|_| format!("the name of {} is no text", file.path))?;
        if files.texts.contains_key(path) {
            starts.insert(path);
        } else if !triggers::is_prose(path) || files.name(path) {
            return Err(format!("{} is no {} that imports tell of", file.path, language.name));
        }
    }
    let graph = (language.graph)(&files, suite)?;
    let reached = graph.reached(&starts);
    if language.reach == Reach::ByName {
        let needed = graph.needed();
        if let Some(lost) = starts.iter().find(|start| !needed.contains(**start)) {
            return Err(format!("no test imports {}, so who needs it is not known", RepoPath::from(*lost)));
        }
    }
    let mut names = BTreeSet::new();
    for test in graph.tests.keys().filter(|test| reached.contains(test.as_str())) {
        names.extend(graph.tests.get(test).cloned());
    }
    let n_all = graph.tests.values().collect::<BTreeSet<_>>().len();
    let note = if starts.is_empty() { String::new() } else { graph.note() };
    Ok(Tests::Some { names, n_all, note })
}
