//! Unified diffs, as formatters print what they would do: each hunk is a finding and its fix.

use std::sync::LazyLock;

use regex::Regex;

use crate::check::external::told::{At, Change, Report, Told, ToldFix};
use crate::model::finding::Safety;
use crate::model::place::{ColumnUnit, LineColumn};
use crate::model::rule::Level;
use crate::sarif::foreign_fix::{Mark, Replacement};

/// The name of a file that is not there.
const NO_FILE: &str = "/dev/null";

static HUNK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^@@ -(?<old>\d+)(?:,(?<n_old>\d+))? \+\d+(?:,(?<n_new>\d+))? @@")
        .expect("because the expression is constant")
});

/// Reads a diff, which does not say how safe it is. Its lines keep their ends: what they say is compared with the file and put into it.
pub(super) fn read(text: &str) -> Result<Report, String> {
    let mut report = Report::new(ColumnUnit::Bytes);
    let mut lines = text.split_inclusive('\n').peekable();
    let mut file = None;
    while let Some(line) = lines.next() {
        if let Some(old) = line.strip_prefix("--- ")
            && let Some(new) = lines.next_if(|next| next.starts_with("+++ "))
        {
            let new = new.strip_prefix("+++ ").unwrap_or_default();
            file = Some(named(file_name(old), file_name(new)));
        } else if let Some(found) = HUNK.captures(line) {
            let file = file.as_deref().ok_or("a hunk comes before the name of its file")?;
            let number = |name: &str| found.name(name).map_or(Some(1), |n| n.as_str().parse::<u32>().ok());
            let header = number("old").zip(number("n_old")).zip(number("n_new"));
            let ((old, n_old), n_new) = header.ok_or("a number of a hunk is too large")?;
            let hunk = Hunk { file, line: if n_old == 0 { old.saturating_add(1) } else { old }, groups: Vec::new() };
            report.push(hunk.read(&mut lines, n_old, n_new)?.told());
        } else if report.unread.is_none() && !line.trim().is_empty() {
            report.unread = Some(line.trim_end().to_owned());
        }
    }
    Ok(report)
}

/// The name in a header, without the time that some put behind it.
fn file_name(header: &str) -> &str {
    header.split('\t').next().unwrap_or_default().trim_end()
}

/// The file that two headers mean: git puts `a/` and `b/` before its name, Terraform `old/` and `new/`, others put `.orig`
/// behind the old one.
fn named(old: &str, new: &str) -> String {
    if let Some((old, new)) = old.strip_prefix("old/").zip(new.strip_prefix("new/"))
        && old == new
    {
        return new.to_owned();
    }
    match (old.strip_prefix("a/"), new.strip_prefix("b/")) {
        (Some(_), Some(new)) => new,
        (Some(old), None) if new == NO_FILE => old,
        (None, Some(new)) if old == NO_FILE => new,
        _ if new == NO_FILE => old,
        _ => new,
    }
    .to_owned()
}

/// Lines that are replaced together.
struct Group {
    /// The first of them, from 1.
    line: u32,
    n_lines: u32,
    old: String,
    new: String,
}

struct Hunk<'a> {
    file: &'a str,
    /// The line of the old file that comes next.
    line: u32,
    groups: Vec<Group>,
}

impl Hunk<'_> {
    /// Reads as many lines as the header counts.
    fn read<'t>(
        mut self,
        lines: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>,
        mut n_old: u32,
        mut n_new: u32,
    ) -> Result<Self, String> {
        let mut is_open = false;
        let mut kind = ' ';
        while n_old > 0 || n_new > 0 || lines.peek().is_some_and(|line| line.starts_with('\\')) {
            let broken = || format!("it is broken off in a hunk of {}", self.file);
            let line = lines.next().ok_or_else(broken)?;
            let (sign, content) = match line.split_at_checked(1) {
                Some(("\n" | "\r", _)) => (" ", line),
                Some((sign, content)) => (sign, content),
                None => return Err(broken()),
            };
            let too_many = || format!("a hunk of {} does not have the lines that it counts", self.file);
            if sign != "\\" {
                n_old = if sign == "+" { Some(n_old) } else { n_old.checked_sub(1) }.ok_or_else(too_many)?;
                n_new = if sign == "-" { Some(n_new) } else { n_new.checked_sub(1) }.ok_or_else(too_many)?;
            }
            match sign {
                "\\" => self.without_end(kind),
                "-" | "+" => {
                    self.add(is_open, sign == "-", content);
                    is_open = true;
                }
                " " => {
                    self.line = self.line.saturating_add(1);
                    is_open = false;
                }
                _ => return Err(too_many()),
            }
            kind = sign.chars().next().unwrap_or(' ');
        }
        Ok(self)
    }

    fn add(&mut self, is_open: bool, is_old: bool, content: &str) {
        if !is_open {
            self.groups.push(Group { line: self.line, n_lines: 0, old: String::new(), new: String::new() });
        }
        let Some(group) = self.groups.last_mut() else { return };
        if is_old {
            group.n_lines = group.n_lines.saturating_add(1);
            group.old.push_str(content);
            self.line = self.line.saturating_add(1);
        } else {
            group.new.push_str(content);
        }
    }

    /// The line before, which is of this kind, is the last of its file and has no end.
    fn without_end(&mut self, kind: char) {
        let Some(group) = self.groups.last_mut() else { return };
        let text = match kind {
            '-' => &mut group.old,
            '+' => &mut group.new,
            _ => return,
        };
        if text.ends_with('\n') {
            text.pop();
        }
    }

    fn told(self) -> Told {
        let first = self.groups.first().map_or(self.line, |group| group.line.max(1));
        let last = self.groups.last().map_or(first, |group| group.line.saturating_add(group.n_lines.max(1) - 1));
        let at = At::new(self.file, first, 0).until(last.max(first), 0);
        let mut told = Told::new("", Level::Error, "these lines are not as the tool writes them", at);
        let changes = self.groups.into_iter().map(|group| {
            let from = LineColumn { line: group.line, column: 1 };
            let to = if group.old.is_empty() || group.old.ends_with('\n') {
                LineColumn { line: group.line.saturating_add(group.n_lines), column: 1 }
            } else {
                LineColumn { line: group.line.saturating_add(group.n_lines.saturating_sub(1)), column: 0 }
            };
            let file = self.file.to_owned();
            let (from, to) = (Mark::At(from), Mark::At(to));
            Change { file, replacement: Replacement { from, to, old: Some(group.old), new: group.new } }
        });
        let changes: Vec<Change> = changes.collect();
        let title = "write them as the tool does".to_owned();
        told.fixes = vec![ToldFix { title, safety: Safety::Suggested, changes }];
        told
    }
}
