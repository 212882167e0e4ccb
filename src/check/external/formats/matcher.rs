//! Problem matchers, the files in which workflows of GitHub and tasks of Visual Studio Code say how a tool's lines are
//! read: one or several patterns, each for a line, the last of which may repeat.

use regex::{Captures, Regex};
use serde::Deserialize;

use crate::check::external::formats::json::{name, or_default};
use crate::check::external::told::{At, Report, Told, level_named};
use crate::model::place::ColumnUnit;
use crate::model::rule::Level;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    problem_matcher: OneOrMany<Definition>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(many) => many,
            Self::One(one) => vec![one],
        }
    }
}

#[derive(Deserialize)]
struct Definition {
    #[serde(default, deserialize_with = "name")]
    owner: String,
    #[serde(default, deserialize_with = "name")]
    severity: String,
    pattern: OneOrMany<Pattern>,
}

/// The numbers are those of the groups of the expression.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pattern {
    regexp: String,
    file: Option<usize>,
    from_path: Option<usize>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    location: Option<usize>,
    severity: Option<usize>,
    code: Option<usize>,
    message: Option<usize>,
    #[serde(default, rename = "loop", deserialize_with = "or_default")]
    repeats: bool,
}

struct Matcher {
    patterns: Vec<(Regex, Pattern)>,
    level: Level,
}

/// What the patterns found so far.
#[derive(Clone, Default)]
struct Partial {
    file: String,
    from_path: String,
    /// Line, column, end line, end column.
    place: [u32; 4],
    severity: String,
    code: String,
    message: String,
}

/// Reads lines as the matchers in `definition` say.
pub(super) fn read(definition: &[u8], text: &str) -> Result<Report, String> {
    let definition = definition.strip_prefix(b"\xef\xbb\xbf").unwrap_or(definition);
    let file: File = serde_json::from_slice(definition).map_err(|error| format!("no problem matcher: {error}"))?;
    let mut report = Report::new(ColumnUnit::Characters);
    let matchers: Vec<Definition> = file.problem_matcher.into_vec();
    if matchers.is_empty() {
        return Err("no problem matcher: the list is empty".to_owned());
    }
    for definition in matchers {
        matcher(definition)?.read(text, &mut report);
    }
    if report.told.is_empty() {
        report.unread = text.lines().find(|line| !line.trim().is_empty()).map(str::to_owned);
    }
    Ok(report)
}

fn matcher(definition: Definition) -> Result<Matcher, String> {
    let owner = &definition.owner;
    let mut patterns = Vec::new();
    for pattern in definition.pattern.into_vec() {
        let regex = Regex::new(&pattern.regexp)
            .map_err(|error| format!("the expression of the matcher `{owner}` can't be used: {error}"))?;
        if let Some(group) = pattern.groups().find(|&group| group >= regex.captures_len()) {
            return Err(format!("the expression of the matcher `{owner}` has no group {group}"));
        }
        patterns.push((regex, pattern));
    }
    let lacks = |key: fn(&Pattern) -> Option<usize>| patterns.iter().all(|(_, pattern)| key(pattern).is_none());
    if lacks(|pattern| pattern.file) || lacks(|pattern| pattern.message) {
        return Err(format!("the matcher `{owner}` does not say which groups are the file and the message"));
    }
    let n_before_last = patterns.len().saturating_sub(1);
    if patterns.iter().take(n_before_last).any(|(_, pattern)| pattern.repeats) {
        return Err(format!("in the matcher `{owner}` a pattern repeats that is not the last"));
    }
    Ok(Matcher { patterns, level: level_named(&definition.severity).unwrap_or(Level::Error) })
}

impl Pattern {
    fn groups(&self) -> impl Iterator<Item = usize> {
        let place = [self.line, self.column, self.end_line, self.end_column, self.location];
        let rest = [self.file, self.from_path, self.severity, self.code, self.message];
        place.into_iter().chain(rest).flatten()
    }

    /// Takes what the pattern names.
    fn take(&self, found: &Captures<'_>, into: &mut Partial) {
        let text = |group: Option<usize>| group.map(|group| found.get(group).map_or("", |group| group.as_str()));
        let texts = [
            (self.file, &mut into.file),
            (self.from_path, &mut into.from_path),
            (self.severity, &mut into.severity),
            (self.code, &mut into.code),
            (self.message, &mut into.message),
        ];
        for (group, slot) in texts {
            if let Some(text) = text(group) {
                text.clone_into(slot);
            }
        }
        let numbers = [self.line, self.column, self.end_line, self.end_column];
        for (group, slot) in numbers.into_iter().zip(&mut into.place) {
            if let Some(text) = text(group) {
                *slot = number(text);
            }
        }
        if let Some(location) = text(self.location) {
            into.place = place(location);
        }
    }
}

/// A location in one text: the line, line and column, or both ends.
fn place(location: &str) -> [u32; 4] {
    let mut numbers = location.split(',').map(number);
    let mut next = || numbers.next().unwrap_or(0);
    [next(), next(), next(), next()]
}

fn number(text: &str) -> u32 {
    text.trim().parse::<u64>().map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

impl Matcher {
    fn read(&self, text: &str, report: &mut Report) {
        let (mut at, mut partial) = (0, Partial::default());
        for line in text.lines() {
            if !self.step(line, &mut at, &mut partial, report) && at > 0 {
                (at, partial) = (0, Partial::default());
                self.step(line, &mut at, &mut partial, report);
            }
        }
    }

    /// Whether the line is what the pattern at `at` waits for.
    fn step(&self, line: &str, at: &mut usize, partial: &mut Partial, report: &mut Report) -> bool {
        let Some((regex, pattern)) = self.patterns.get(*at) else { return false };
        let Some(found) = regex.captures(line) else { return false };
        if *at + 1 < self.patterns.len() {
            pattern.take(&found, partial);
            *at += 1;
            return true;
        }
        let mut whole = partial.clone();
        pattern.take(&found, &mut whole);
        report.push(self.told(&whole));
        if !pattern.repeats {
            (*at, *partial) = (0, Partial::default());
        }
        true
    }

    fn told(&self, found: &Partial) -> Told {
        let level = level_named(&found.severity).unwrap_or(self.level);
        let [line, column, end_line, end_column] = found.place;
        let folder = found.from_path.rsplit_once(['/', '\\']).map(|(folder, _)| folder);
        let file = match folder {
            Some(folder) if !found.file.is_empty() => format!("{folder}/{}", found.file),
            _ => found.file.clone(),
        };
        let mut at = At::new(file, line, column);
        if end_line > 0 || end_column > 0 {
            at = at.until(if end_line > 0 { end_line } else { line }, end_column);
        }
        Told::new(found.code.trim(), level, &found.message, at)
    }
}
