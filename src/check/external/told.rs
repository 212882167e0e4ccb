//! What a tool told, as every reader of its output gives it, and how that becomes findings: paths of the repository,
//! places, fixes. Knows nothing of any format.

use crate::model::finding::{Finding, Related, Safety};
use crate::model::path::RepoPath;
use crate::model::place::{ColumnUnit, LineColumn, Place};
use crate::model::rule::{Level, RuleId};
use crate::sarif::foreign_fix::{self, ForeignFix, Replacement};
use crate::sarif::read::Origin;
use crate::sarif::uri::{self, Target};

/// The most findings that are kept of one report.
pub(super) const MAX_TOLD: usize = 100_000;
/// The most bytes that are kept of a message.
const MAX_MESSAGE: usize = 8 << 10;
/// The most related places that are kept of a finding.
const MAX_RELATED: usize = 100;

/// What a reader made of an output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// What is told, in order.
    pub(crate) told: Vec<Told>,
    /// What its columns count.
    pub(crate) unit: ColumnUnit,
    /// How its files are named.
    pub(crate) naming: Naming,
    /// Why it is not the whole truth; then the check is broken.
    pub(crate) problem: Option<String>,
    /// What a reader must know beside the findings.
    pub(crate) notices: Vec<String>,
    /// The first line that could not be read, where not every line has to be.
    pub(crate) unread: Option<String>,
}

/// How a tool names files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// By paths, relative to the folder that it runs in.
    Paths,
    /// By URIs.
    Uris,
}

/// One thing that a tool told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The rule's name as the tool has it; empty if it gives none.
    pub(crate) rule: String,
    /// How bad it is.
    pub(crate) level: Level,
    /// What is wrong.
    pub(crate) message: String,
    /// Where.
    pub(crate) at: At,
    /// Other places that belong to it, and what is there.
    pub(crate) related: Vec<(At, String)>,
    /// Ways to mend it.
    pub(crate) fixes: Vec<ToldFix>,
}

/// Where a tool says that something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    /// The file as the tool names it; empty for none.
    pub(crate) file: String,
    /// The line, from 1; 0 for the file as a whole.
    pub(crate) line: u32,
    /// The column, from 1; 0 for the line as a whole.
    pub(crate) column: u32,
    /// The end, exclusive, if the tool says it.
    pub(crate) end: Option<LineColumn>,
}

/// A way to mend something, as a tool tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToldFix {
    /// What it does.
    pub(crate) title: String,
    /// Whether the tool says that nobody has to look at it.
    pub(crate) safety: Safety,
    /// What it changes.
    pub(crate) changes: Vec<Change>,
}

/// One change of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The file as the tool names it.
    pub(crate) file: String,
    /// What it changes there.
    pub(crate) replacement: Replacement,
}

impl Report {
    /// One that tells nothing yet.
    pub(crate) fn new(unit: ColumnUnit) -> Self {
        let (told, notices) = (Vec::new(), Vec::new());
        Self { told, unit, naming: Naming::Paths, problem: None, notices, unread: None }
    }

    /// Adds one thing; too many of them are a problem, which the report then has.
    pub(crate) fn push(&mut self, told: Told) {
        if self.told.len() < MAX_TOLD {
            self.told.push(told);
        } else if self.problem.is_none() {
            self.problem = Some(format!("it reports more than {MAX_TOLD} findings, which nobody can read"));
        }
    }
}

impl Told {
    /// One of a rule, without anything that belongs to it.
    pub(crate) fn new(rule: impl Into<String>, level: Level, message: &str, at: At) -> Self {
        let mut message = message.trim().to_owned();
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        Self { rule: rule.into(), level, message, at, related: Vec::new(), fixes: Vec::new() }
    }

    /// Adds to the message what the tool says on further lines.
    pub(crate) fn add(&mut self, more: &str) {
        if self.message.len() < MAX_MESSAGE {
            self.message.push('\n');
            self.message.push_str(more);
        }
    }
}

impl At {
    /// A line of a file.
    pub(crate) fn new(file: impl Into<String>, line: u32, column: u32) -> Self {
        Self { file: file.into(), line, column, end: None }
    }

    /// The same up to an end; one on line 0 is none.
    #[must_use]
    pub(crate) fn until(mut self, line: u32, column: u32) -> Self {
        self.end = (line > 0).then_some(LineColumn { line, column });
        self
    }
}

/// The level that a tool means by a word, in any case.
pub(crate) fn level_named(word: &str) -> Option<Level> {
    const WORDS: [(Level, &[&str]); 3] = [
        (Level::Error, &["error", "fatal", "fatal error", "critical", "e", "f", "err"]),
        (Level::Warning, &["warning", "warn", "w"]),
        (
            Level::Note,
            &[
                "note",
                "notice",
                "info",
                "information",
                "hint",
                "help",
                "style",
                "convention",
                "remark",
                "message",
                "i",
                "n",
            ],
        ),
    ];
    let word = word.trim().to_ascii_lowercase();
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(level, _)| *level)
}

/// The findings of a report, whose places and fixes are those of the files that `contents` gives; a file that it does
/// not give has findings and no fixes.
pub(crate) fn findings(
    report: Report,
    origin: &Origin<'_>,
    contents: &dyn Fn(&RepoPath) -> Option<Vec<u8>>,
) -> Vec<Finding> {
    let site = Site { origin, unit: report.unit, naming: report.naming };
    let mut findings = Vec::with_capacity(report.told.len());
    let mut fixes = Vec::new();
    for told in report.told {
        let finding = site.finding(&told);
        if let Some(path) = finding.place.path() {
            fixes.extend(told.fixes.into_iter().filter_map(|fix| site.fix(fix, findings.len(), path)));
        }
        findings.push(finding);
    }
    foreign_fix::attach(fixes, &mut findings, contents);
    findings
}

/// What it takes to understand where a tool says that something is.
struct Site<'a> {
    origin: &'a Origin<'a>,
    unit: ColumnUnit,
    naming: Naming,
}

impl Site<'_> {
    fn finding(&self, told: &Told) -> Finding {
        let check = self.origin.check;
        let rule = match told.rule.trim() {
            "" => RuleId::new(check),
            rule => RuleId::new(format!("{check}/{rule}")),
        };
        let mut message = if told.message.is_empty() { rule.to_string() } else { told.message.clone() };
        let (place, outside) = self.place(&told.at);
        if let Some(outside) = outside {
            message = format!("{message} (in {outside}, which is not in the repository)");
        }
        let mut finding = Finding::new(rule, told.level, place, message);
        let related = told.related.iter().map(|(at, message)| (self.place(at).0, message));
        finding.related = related
            .filter(|(place, _)| place.path().is_some())
            .map(|(place, message)| Related { place, region: None, message: message.clone() })
            .take(MAX_RELATED)
            .collect();
        finding
    }

    /// The place, and the name of the file if it is not in the repository.
    fn place(&self, at: &At) -> (Place, Option<String>) {
        if at.file.is_empty() {
            return (Place::Change, None);
        }
        let path = match self.target(&at.file) {
            Target::Inside(path) => path,
            Target::Outside(name) => return (Place::Change, Some(name)),
        };
        let start = LineColumn { line: at.line, column: at.column };
        let place = match at.line {
            0 => Place::File(path),
            _ => Place::Lines { path, start, end: at.end, unit: self.unit },
        };
        (place, None)
    }

    fn target(&self, file: &str) -> Target {
        match self.naming {
            Naming::Paths => uri::resolve_path(file, self.origin.root, self.origin.folder),
            Naming::Uris => uri::resolve(&[file], self.origin.root, self.origin.folder),
        }
    }

    /// A fix whose every change is in the file of its finding.
    fn fix(&self, fix: ToldFix, finding: usize, path: &RepoPath) -> Option<ForeignFix> {
        let is_here =
            |change: Change| (self.target(&change.file) == Target::Inside(path.clone())).then_some(change.replacement);
        let replacements = fix.changes.into_iter().map(is_here).collect::<Option<Vec<_>>>()?;
        let ToldFix { title, safety, .. } = fix;
        Some(ForeignFix { finding, path: path.clone(), title, safety, unit: self.unit, replacements })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{At, Change, Report, Told, ToldFix, findings};
    use crate::model::finding::{Finding, Safety};
    use crate::model::path::RepoPath;
    use crate::model::place::{ColumnUnit, LineColumn, Place};
    use crate::model::rule::Level;
    use crate::sarif::foreign_fix::{Mark, Replacement};
    use crate::sarif::read::Origin;

    fn found(told: Told, content: &str) -> Finding {
        let origin = Origin { root: Path::new("/w"), folder: &RepoPath::from("pkg"), check: "lint" };
        let mut report = Report::new(ColumnUnit::Utf16);
        report.push(told);
        findings(report, &origin, &|_| Some(content.into())).remove(0)
    }

    #[track_caller]
    fn check_path(file: &str, expected: Option<&str>) {
        let finding = found(Told::new("r", Level::Error, "m", At::new(file, 1, 1)), "");
        assert_eq!(finding.place.path(), expected.map(RepoPath::from).as_ref(), "{file}");
        assert_eq!(finding.message == "m", expected.is_some(), "{}", finding.message);
    }

    #[test]
    fn paths_are_those_of_the_repository() {
        check_path("a.c", Some("pkg/a.c"));
        check_path("./x/../a%20b.c", Some("pkg/a%20b.c"));
        check_path("../a.c", Some("a.c"));
        check_path("/w/b/a.c", Some("b/a.c"));
        check_path("x\\\\a.c", Some("pkg/x/a.c"));
        check_path("../../a.c", None);
        check_path("/usr/include/a.h", None);
        let nowhere = found(Told::new("", Level::Error, "", At::default()), "");
        assert_eq!((nowhere.place, nowhere.message.as_str(), nowhere.rule.as_str()), (Place::Change, "lint", "lint"));
    }

    /// `changes` are from, to and what comes; the result is the content with the fix applied, if there is one.
    #[track_caller]
    fn check_fix(content: &str, changes: &[(Mark, Mark, &str)], expected: Option<&str>) {
        let change = |&(from, to, new): &(Mark, Mark, &str)| Change {
            file: "a".into(),
            replacement: Replacement { from, to, old: None, new: new.into() },
        };
        let mut told = Told::new("r", Level::Error, "m", At::new("a", 1, 1));
        let changes = changes.iter().map(change).collect();
        told.fixes = vec![ToldFix { title: String::new(), safety: Safety::Safe, changes }];
        let finding = found(told, content);
        let fixed = finding.fixes.first().map(|fix| {
            let mut bytes = content.as_bytes().to_vec();
            for edit in fix.edits.iter().rev() {
                bytes.splice(edit.span.start..edit.span.end, edit.replacement.iter().copied());
            }
            String::from_utf8(bytes).expect("UTF-8")
        });
        assert_eq!(fixed.as_deref(), expected);
    }

    #[test]
    fn fixes_are_put_where_the_tool_says_or_left_out() {
        let at = |line, column| Mark::At(LineColumn { line, column });
        let (byte, utf16) = (Mark::Byte, Mark::Utf16);
        check_fix("\u{1f600}x\n", &[(utf16(2), utf16(3), "y")], Some("\u{1f600}y\n"));
        check_fix("\u{feff}x\n", &[(utf16(0), utf16(1), "y")], Some("\u{feff}y\n"));
        check_fix("\u{1f600}x\n", &[(utf16(1), utf16(3), "y")], None);
        check_fix("\u{e9}x\n", &[(byte(2), byte(3), "y")], Some("\u{e9}y\n"));
        check_fix("\u{e9}x\n", &[(byte(1), byte(3), "y")], None);
        check_fix("x\n", &[(byte(1), byte(9), "y")], None);
        check_fix("ab\r\ncd\n", &[(at(2, 1), at(2, 2), "y")], Some("ab\r\nyd\n"));
        check_fix("ab\r\ncd\n", &[(at(1, 0), at(1, 0), "y")], Some("y\r\ncd\n"));
        check_fix("ab\ncd\n", &[(at(2, 1), at(3, 1), "")], Some("ab\n"));
        check_fix("ab\n", &[(at(1, 4), at(1, 5), "y")], None);
        check_fix("ab\n", &[(at(9, 1), at(9, 1), "y")], None);
        check_fix("ab\n", &[(at(0, 1), at(1, 1), "y")], None);
        check_fix("abc", &[(byte(2), byte(3), "z"), (byte(0), byte(1), "x")], Some("xbz"));
        check_fix("abc", &[(byte(0), byte(2), "z"), (byte(1), byte(3), "x")], None);
        check_fix("abc", &[(byte(2), byte(1), "z")], None);
    }
}
