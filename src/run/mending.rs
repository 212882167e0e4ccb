//! Commands that mend, such as formatters: what they change in the scratch tree is what they find, and its fix. The user's
//! files are never where they run.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::check::external::Command;
use crate::check::external::read::Understood;
use crate::diff::{Hunk, LineDiff, lines};
use crate::model::change::{ChangedFile, FileSide};
use crate::model::content::Content;
use crate::model::finding::{Edit, Finding, Novelty};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::{Place, Span};
use crate::model::rule::Level;
use crate::plan::CommandJob;
use crate::run::commands::{Execution, with_causes};
use crate::run::{MAX_FILE, Runner};
use crate::tree;
use crate::tree::scratch::Scratch;
use crate::tree::scratch::alterations::{ChangedFile as Altered, Now, Put};

/// How many files a notice names.
const N_NAMED: usize = 5;

/// The scratch tree, and what was put there for a command.
struct Bench<'a> {
    scratch: &'a Scratch,
    put: Put,
    /// The files that could be executed before it ran.
    executable: BTreeSet<RepoPath>,
}

impl Runner<'_> {
    /// Runs a command that mends on the judged files; gives what it would change. It has the scratch tree for itself.
    pub(super) fn execute_mending(
        &self,
        job: &CommandJob,
        execution: &mut Execution<'_>,
        undone: &Mutex<BTreeSet<RepoPath>>,
    ) -> Result<Understood, Breakage> {
        let ground = execution.ground;
        let scratch = ground.scratch.as_deref().ok_or_else(|| Breakage::new("there is no copy for it to change"))?;
        let others = scratch.restore().map_err(|error| broken(&error))?;
        undone.lock().unwrap_or_else(PoisonError::into_inner).extend(others);
        let understood = self.mend_in(scratch, job, execution);
        let restored = scratch.restore().map_err(|error| broken(&error));
        let understood = understood?;
        restored?;
        Ok(understood)
    }

    fn mend_in(
        &self,
        scratch: &Scratch,
        job: &CommandJob,
        execution: &mut Execution<'_>,
    ) -> Result<Understood, Breakage> {
        let put = self.put(scratch, job, &execution.ground.edited).map_err(|error| broken(&error))?;
        let executable = executable(scratch, job);
        let mut understood = self.execute(job, execution)?;
        let mut altered = scratch.changes(&put).map_err(|error| broken(&error))?;
        if !understood.findings.is_empty() && !altered.is_empty() {
            // Many end with an error because they changed something. Where it has nothing left to change, only what else
            // is wrong makes it do so.
            understood = self.execute(job, execution)?;
            altered = scratch.changes(&put).map_err(|error| broken(&error))?;
        }
        self.learn(&Bench { scratch, put, executable }, job, altered, &mut understood)?;
        Ok(understood)
    }

    /// Puts what is judged where the scratch tree has something else: what is edited in the work tree, what fixes made.
    fn put(
        &self,
        scratch: &Scratch,
        job: &CommandJob,
        (user, edited): &(PathBuf, Vec<RepoPath>),
    ) -> Result<Put, tree::Error> {
        let mut put = Put::new();
        for path in edited {
            put.insert(path.clone(), scratch.put_edited(user, path)?);
        }
        for side in self.change.files.iter().filter_map(|file| file.head.as_ref()) {
            let on_disk = match (self.contents.given(side), side.source.is_in_worktree()) {
                (Some(bytes), false) => Some(scratch.put_stored(&side.path, bytes)?),
                (Some(bytes), true) => {
                    scratch.put_on_disk(&side.path, bytes)?;
                    Some(bytes.to_vec())
                }
                (None, true) if job.files.contains(&side.path) => scratch.on_disk(&side.path)?,
                (None, _) => continue,
            };
            put.insert(side.path.clone(), on_disk);
        }
        Ok(put)
    }

    /// Makes findings of what was changed in the files that the command is for, and notices of the rest.
    fn learn(
        &self,
        bench: &Bench<'_>,
        job: &CommandJob,
        altered: Vec<Altered>,
        understood: &mut Understood,
    ) -> Result<(), Breakage> {
        let command = &job.command;
        let (mut beside, mut added) = (Vec::new(), Vec::new());
        for Altered { path, now } in altered {
            let is_it = |side: &&FileSide| side.path == path && job.files.contains(&path);
            let file = self.change.files.iter().find(|file| file.head.as_ref().filter(is_it).is_some());
            let finding = match (file, now) {
                (_, Now::Added) => {
                    added.push(path);
                    None
                }
                (None, _) => {
                    beside.push(path);
                    None
                }
                (Some(_), Now::Gone) => Some(unfixable(command, path, "would delete this file")),
                (Some(_), Now::Replaced) => Some(unfixable(command, path, "would put something else in its place")),
                (Some(file), Now::Written(on_disk)) => self.compare(bench, command, file, on_disk)?,
            };
            understood.findings.extend(finding);
        }
        understood.findings.extend(bench.changed_modes(job));
        let id = &command.id;
        if !beside.is_empty() {
            let what = format!("`{id}` would also change {}, which it is not given: they stay", named("file", &beside));
            understood.notices.push(what);
        }
        if !added.is_empty() {
            understood.notices.push(format!("`{id}` makes {}, which is not kept", named("file", &added)));
        }
        Ok(())
    }

    /// Compares what is judged of a file with what the command made of it.
    fn compare(
        &self,
        bench: &Bench<'_>,
        command: &Command,
        file: &ChangedFile,
        on_disk: Vec<u8>,
    ) -> Result<Option<Finding>, Breakage> {
        let Some(side) = &file.head else { return Ok(None) };
        let before = self.whole(side)?;
        let is_as_on_disk = bench.put.get(&side.path).is_some_and(|put| put.as_ref() == Some(&before));
        let after = match side.source.is_in_worktree() && is_as_on_disk {
            true => on_disk,
            false => as_stored(bench.scratch, &side.path)?,
        };
        Ok(mended(command, side.path.clone(), &self.diffs(file, &before), (&before, &after)))
    }

    /// What the change did to a file, against each of its bases; none where all of it is new.
    fn diffs(&self, file: &ChangedFile, after: &[u8]) -> Vec<Option<LineDiff>> {
        let diff = |base: &Option<FileSide>| {
            let before = self.whole(base.as_ref()?).ok()?;
            Some(LineDiff::between(&before, after))
        };
        file.bases.iter().map(diff).collect()
    }

    fn whole(&self, side: &FileSide) -> Result<Vec<u8>, Breakage> {
        match self.contents.read(side, MAX_FILE).map_err(|error| Breakage::new(error.0))? {
            Content::Bytes(bytes) => Ok(bytes),
            Content::TooLarge(n_bytes) => {
                Err(Breakage::new(format!("{} is too large to be mended: {n_bytes} bytes", side.path)))
            }
        }
    }
}

impl Bench<'_> {
    /// What is found where a file can be executed now and could not before, or the other way round: contents are all that
    /// is mended.
    fn changed_modes(&self, job: &CommandJob) -> Vec<Finding> {
        let now = executable(self.scratch, job);
        let is_there = |path: &&RepoPath| self.scratch.on_disk(path).is_ok_and(|content| content.is_some());
        let changed = now.symmetric_difference(&self.executable).filter(is_there);
        let finding = |path: &RepoPath| {
            let what =
                if now.contains(path) { "would make this file executable" } else { "would make this file no program" };
            unfixable(&job.command, path.clone(), what)
        };
        changed.map(finding).collect()
    }
}

/// The files of a command that can be executed.
fn executable(scratch: &Scratch, job: &CommandJob) -> BTreeSet<RepoPath> {
    job.files.iter().filter(|path| scratch.is_executable(path)).cloned().collect()
}

fn broken(error: &tree::Error) -> Breakage {
    Breakage::new(format!("its copy of the files is not in order: {}", with_causes(error)))
}

fn as_stored(scratch: &Scratch, path: &RepoPath) -> Result<Vec<u8>, Breakage> {
    let stored = scratch.as_stored(path).map_err(|error| broken(&error))?;
    stored.ok_or_else(|| Breakage::new(format!("what it made of {path} is too large")))
}

fn level(command: &Command) -> Level {
    command.check.level.unwrap_or(Level::Error)
}

/// What is found where nothing can be applied.
fn unfixable(command: &Command, path: RepoPath, what: &str) -> Finding {
    let message = format!("`{}` {what}", command.id);
    Finding::new(command.id.clone(), level(command), Place::File(path), message)
        .with_novelty(Novelty::Always)
        .with_hint("run it yourself and stage what you want to keep")
}

/// The finding that a file would become another: one, as parts of a formatter's work may need each other. It is where
/// the work touches what the change wrote, if it does.
fn mended(
    command: &Command,
    path: RepoPath,
    diffs: &[Option<LineDiff>],
    (before, after): (&[u8], &[u8]),
) -> Option<Finding> {
    let work = LineDiff::between(before, after);
    let (old, new) = (Lines::of(before), Lines::of(after));
    let is_written = |line: usize| diffs.iter().all(|diff| diff.as_ref().is_none_or(|diff| diff.is_written(line)));
    let places = work.hunks().iter().flat_map(|hunk| touched(hunk, old.n_lines()));
    let place = places.clone().find(|lines| lines.clone().any(is_written)).or_else(|| places.clone().next());
    if work.hunks().is_empty() {
        return None;
    }
    let edit = |hunk: &Hunk| Edit {
        span: old.span(&hunk.old),
        replacement: after.get(new.span(&hunk.new).start..new.span(&hunk.new).end).unwrap_or_default().to_vec(),
    };
    let edits = work.hunks().iter().map(edit).collect();
    let n_lines: usize = work.hunks().iter().map(|hunk| hunk.old.len().max(hunk.new.len())).sum();
    let plural = if n_lines == 1 { "" } else { "s" };
    let message = format!("`{}` would change {n_lines} line{plural}", command.id);
    let place = match place {
        Some(lines) => Place::Span(path, old.span(&lines)),
        None => Place::File(path),
    };
    let finding = Finding::new(command.id.clone(), level(command), place, message);
    Some(
        finding.with_novelty(Novelty::ChangedLines).with_fix(format!("apply what `{}` makes of it", command.id), edits),
    )
}

/// The old lines that a hunk is about: those that go, else those between which others come, each for itself; none in an
/// empty text.
fn touched(hunk: &Hunk, n_lines: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let Range { start, end } = hunk.old.clone();
    let gone = (start < end).then_some(start..end);
    let around = [start.checked_sub(1), Some(start)].into_iter().flatten().filter(move |line| *line < n_lines);
    let is_insertion = gone.is_none();
    gone.into_iter().chain(around.filter(move |_| is_insertion).map(|line| line..line + 1))
}

/// Where the lines of a text begin, and where it ends.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &[u8]) -> Self {
        let ends = lines(text).into_iter().scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        });
        Self(std::iter::once(0).chain(ends).collect())
    }

    fn n_lines(&self) -> usize {
        self.0.len() - 1
    }

    fn span(&self, lines: &Range<usize>) -> Span {
        let at = |line: usize| self.0.get(line).or(self.0.last()).copied().unwrap_or_default();
        Span { start: at(lines.start), end: at(lines.end) }
    }
}

/// `1 file (a.txt)`, `7 files (a.txt, ... and 2 more)`.
pub(crate) fn named<T: fmt::Display>(noun: &str, things: &[T]) -> String {
    let names: Vec<String> = things.iter().take(N_NAMED).map(ToString::to_string).collect();
    let more = match things.len().saturating_sub(N_NAMED) {
        0 => String::new(),
        n_more => format!(" and {n_more} more"),
    };
    let plural = if things.len() == 1 { "" } else { "s" };
    format!("{} {noun}{plural} ({}{more})", things.len(), names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::mended;
    use crate::check::external::tests::command;
    use crate::config::Output;
    use crate::diff::LineDiff;
    use crate::model::path::RepoPath;
    use crate::model::place::Place;

    /// The text of the place, and whether the finding's fix makes `after` of `before`.
    #[track_caller]
    fn check(base: Option<&str>, before: &str, after: &str, message: &str, place: Option<&str>) {
        let diffs = [base.map(|base| LineDiff::between(base.as_bytes(), before.as_bytes()))];
        let found = mended(
            &command(&["fmt"], Output::ExitCode),
            RepoPath::from("a"),
            &diffs,
            (before.as_bytes(), after.as_bytes()),
        )
        .expect("there is something to mend");
        assert_eq!(found.message, message);
        let shown = match &found.place {
            Place::Span(_, span) => Some(&before[span.start..span.end]),
            _ => None,
        };
        assert_eq!(shown, place);
        let mut text = before.as_bytes().to_vec();
        for edit in found.fixes[0].edits.iter().rev() {
            text.splice(edit.span.start..edit.span.end, edit.replacement.iter().copied());
        }
        assert_eq!(String::from_utf8_lossy(&text), after);
    }

    #[test]
    fn the_fix_is_the_whole_work_and_the_place_is_where_it_meets_the_change() {
        check(None, "x\ny\n", "X\ny\n", "`own` would change 1 line", Some("x\n"));
        let base = Some("x\na\ny\n");
        check(base, "x\nb\ny\n", "X\nb\nY\n", "`own` would change 2 lines", Some("x\n"));
        check(base, "x\na\nyy\n", "X\na\nY\n", "`own` would change 2 lines", Some("yy\n"));
        check(base, "x\na\nyy\n", "X\n\n\na\nY\n", "`own` would change 4 lines", Some("yy\n"));
    }

    #[test]
    fn lines_that_only_come_are_beside_those_that_are_there() {
        check(Some("x\ny\n"), "x\nz\n", "x\n\nz\n", "`own` would change 1 line", Some("z\n"));
        check(Some("y\nx\n"), "z\nx\n", "z\n\nx\n", "`own` would change 1 line", Some("z\n"));
        check(None, "x", "x\ny\n", "`own` would change 2 lines", Some("x"));
        check(None, "x\n", "x\ny\n", "`own` would change 1 line", Some("x\n"));
        check(None, "", "x\n", "`own` would change 1 line", None);
        check(None, "x\n", "", "`own` would change 1 line", Some("x\n"));
    }

    #[test]
    fn what_is_the_same_as_before_is_not_found() {
        let same = (b"x\n".as_slice(), b"x\n".as_slice());
        assert!(mended(&command(&["fmt"], Output::ExitCode), RepoPath::from("a"), &[], same).is_none());
    }
}
