//! A finding with its source line and the span underlined, in the look of rustc.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level as Kind, Origin, Renderer, Snippet};

use crate::model::escape::escaped_lines;
use crate::model::finding::{Finding, Novelty, Related, State};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::{Place, Position, Region};
use crate::model::rule::{Level, RuleId};
use crate::report::summary::{line_and_column, listed, one_line, subject_of};
use crate::report::{Audience, Detail};
use crate::sarif::locate::byte_of;

/// The most related places that are named.
const MAX_RELATED: usize = 5;
/// The most lines of a message below its first.
const MAX_MESSAGE: usize = 20;
/// The most lines of a log.
const MAX_LOG: usize = 10;
/// The most lines of source.
const MAX_SOURCE: usize = 12;

/// A finding for a terminal with what helps, which is escaped already; with a line end.
pub(super) fn of_finding(finding: &Finding, help: &str, audience: &Audience) -> String {
    let (headline, rest) = split_message(finding, MAX_MESSAGE);
    let title = kind(finding.level).primary_title(headline).id(one_line(finding.rule.as_str()));
    let mut group = Group::with_title(title);
    let source = finding.region.as_ref().and_then(Source::of);
    let (pointed_at, named) = split_related(finding, source.as_ref());
    group = match (file_name(&finding.place), &source) {
        (Some(name), Some(source)) => group.element(
            Snippet::source(source.text.as_str())
                .line_start(source.first_line)
                .path(name)
                .annotation(AnnotationKind::Primary.span(source.start..source.end))
                .annotations(pointed_at.into_iter().map(|(range, related)| {
                    let said = Some(one_line(&related.message)).filter(|said| !said.is_empty());
                    AnnotationKind::Context.span(range).label(said)
                })),
        ),
        (Some(name), None) => group.element(origin(name, finding)),
        (None, _) => group,
    };
    if !rest.is_empty() {
        group = group.element(Kind::NOTE.no_name().message(rest.join("\n")));
    }
    for related in named {
        group = group.element(Kind::NOTE.message(related_line(related)));
    }
    if finding.state == State::Unchanged {
        group = group.element(Kind::NOTE.message("it was there before"));
    }
    if finding.novelty == Novelty::ChangedLines && audience.detail == Detail::Verbose {
        let by_lines =
            "told new or old by the lines that the change wrote; the command was not run on the state before";
        group = group.element(Kind::NOTE.message(by_lines));
    }
    if !help.is_empty() {
        group = group.element(Kind::HELP.message(help));
    }
    render(group, audience)
}

/// The related places in the lines that are shown, each with its bytes there, and those elsewhere; no more than anyone
/// reads.
fn split_related<'a>(
    finding: &'a Finding,
    source: Option<&Source>,
) -> (Vec<(Range<usize>, &'a Related)>, Vec<&'a Related>) {
    let (mut pointed_at, mut named) = (Vec::new(), Vec::new());
    for related in finding.related.iter().take(MAX_RELATED) {
        let region = related.region.as_ref().filter(|_| related.place.path() == finding.place.path());
        match source.zip(region).and_then(|(source, region)| source.range(region)) {
            Some(range) => pointed_at.push((range, related)),
            None => named.push(related),
        }
    }
    (pointed_at, named)
}

/// Checks that could not run for the same reason, with the end of their log.
pub(super) fn of_breakage(checks: &[&RuleId], breakage: &Breakage, audience: &Audience) -> String {
    let headline = format!("{} could not run: {}", subject_of(checks), one_line(&breakage.why));
    let mut group = Group::with_title(Kind::ERROR.primary_title(headline));
    if checks.len() > 1 {
        group = group.element(Kind::NOTE.with_name("checks").message(listed(checks)));
    }
    let log = log_tail(&breakage.log);
    if !log.is_empty() {
        group = group.element(Kind::NOTE.with_name("log").message(log.join("\n")));
    }
    if !breakage.hint.is_empty() {
        group = group.element(Kind::HELP.message(one_line(&breakage.hint)));
    }
    render(group, audience)
}

/// The last lines of a log, escaped.
pub(super) fn log_tail(log: &str) -> Vec<String> {
    let lines: Vec<String> = escaped_lines(log.trim_end()).lines().map(str::to_owned).collect();
    let start = lines.len().saturating_sub(MAX_LOG);
    lines.into_iter().skip(start).collect()
}

fn render(group: Group<'_>, audience: &Audience) -> String {
    let renderer = if audience.color { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(audience.width.max(20)).render(&[group]) + "\n"
}

fn kind(level: Level) -> Kind<'static> {
    match level {
        Level::Error => Kind::ERROR,
        Level::Warning => Kind::WARNING,
        Level::Note => Kind::NOTE,
    }
}

/// The first line of a message (never empty), and at most `max` of the others, escaped. Tests say at the start what is
/// wrong and commands at the end: where there are more, the middle is left out; of a patch, what it leaves as it is.
pub(super) fn split_message(finding: &Finding, max: usize) -> (String, Vec<String>) {
    let mut lines = finding.message.trim_end().lines().map(str::trim_end).skip_while(|line| line.trim().is_empty());
    let first = lines.next().map_or_else(|| one_line(finding.rule.as_str()), one_line);
    let mut rest: Vec<String> = lines.skip_while(|line| line.is_empty()).map(escaped_lines).collect();
    if rest.len() > max
        && let Some(patch) = rest.iter().position(|line| line.starts_with("@@ -"))
    {
        let changes = rest.split_off(patch).into_iter();
        rest.extend(changes.filter(|line| !line.is_empty() && !line.starts_with(' ')));
    }
    if rest.len() > max {
        let n_first = max / 2;
        let last = rest.split_off(rest.len() - max.saturating_sub(n_first + 1));
        rest.truncate(n_first);
        rest.push("...".to_owned());
        rest.extend(last);
    }
    (first, rest)
}

/// The name of what a place is in, escaped; none for the change.
fn file_name(place: &Place) -> Option<String> {
    match place {
        Place::Change => None,
        Place::Message(_) => Some("(commit message)".to_owned()),
        Place::File(path) | Place::Span(path, _) | Place::Lines { path, .. } => Some(path.to_string()),
    }
}

fn origin(name: String, finding: &Finding) -> Origin<'static> {
    let origin = Origin::path(name);
    if matches!(finding.place, Place::File(_)) {
        return origin;
    }
    origin.line(usize::try_from(line_and_column(finding).0).unwrap_or(usize::MAX))
}

fn related_line(related: &Related) -> String {
    let place = match (&related.region, related.place.path().map(RepoPath::to_string)) {
        (Some(region), Some(path)) => format!("{path}:{}:{}: ", region.start.line, region.start.column),
        (None, Some(path)) => format!("{path}: "),
        (_, None) => String::new(),
    };
    place + &one_line(&related.message)
}

/// The lines of a region, escaped, with the region as a range of bytes of them.
struct Source {
    text: String,
    /// The lines as the file has them.
    lines: Vec<String>,
    first_line: usize,
    start: usize,
    end: usize,
}

impl Source {
    /// None if the lines do not hold the start of the region.
    fn of(region: &Region) -> Option<Self> {
        let skipped = usize::try_from(region.start.line.checked_sub(region.first_line)?).ok()?;
        let n_lines = usize::try_from(region.end.line.checked_sub(region.start.line)?).ok()?.saturating_add(1);
        let lines = region.lines.get(skipped..)?;
        let lines = lines.get(..n_lines.min(MAX_SOURCE).min(lines.len()))?;
        let (first, last) = (lines.first()?, lines.last()?);
        let shown: Vec<String> = lines.iter().map(|line| shown(line)).collect();
        let text = shown.join("\n");
        let start = shown_length(first, region.start.column);
        let is_whole = lines.len() == n_lines;
        let behind =
            if is_whole { shown.last()?.len().checked_sub(shown_length(last, region.end.column))? } else { 0 };
        let end = text.len().checked_sub(behind)?.max(start);
        let (first_line, lines) = (usize::try_from(region.start.line).ok()?, lines.to_vec());
        Some(Self { text, lines, first_line, start, end })
    }

    /// Where another region is in the text; none if it is not in it as a whole.
    fn range(&self, region: &Region) -> Option<Range<usize>> {
        let offset = |position: Position| {
            let above = usize::try_from(position.line).ok()?.checked_sub(self.first_line)?;
            let line = self.lines.get(above)?;
            let before: usize = self.lines.get(..above)?.iter().map(|line| shown(line).len() + 1).sum();
            Some(before + shown_length(line, position.column))
        };
        let (start, end) = (offset(region.start)?, offset(region.end)?);
        (start <= end).then_some(start..end)
    }
}

/// A line of source: tabs stay, everything that could deceive is made visible.
fn shown(line: &str) -> String {
    escaped_lines(&line.replace('\n', " "))
}

/// How many bytes of the shown line stand before a column.
fn shown_length(line: &str, column: u32) -> usize {
    shown(line.get(..byte_of(line, column)).unwrap_or(line)).len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::of_finding;
    use crate::model::finding::{Finding, Related};
    use crate::model::place::{Place, Position, Region, Span};
    use crate::model::rule::Level;
    use crate::report::Audience;

    proptest! {
        #[test]
        fn no_region_makes_it_fail(
            lines in proptest::collection::vec("[a\té😀\u{1b}\u{202e}\r\n ]{0,30}", 0..20),
            first_line in any::<u32>(),
            start in (0..5_u32, 0..40_u32),
            end in (0..25_u32, 0..40_u32),
            is_wild in any::<bool>(),
            wild in any::<(u32, u32, u32, u32)>(),
            width in 0..200_usize,
        ) {
            let at = |(line, column): (u32, u32)| Position { line: first_line.saturating_add(line), column };
            let (start, end) = if is_wild {
                (Position { line: wild.0, column: wild.1 }, Position { line: wild.2, column: wild.3 })
            } else {
                (at(start), at(end))
            };
            let place = Place::Span("f".into(), Span { start: 0, end: 0 });
            let mut finding = Finding::new("r", Level::Error, place, "m");
            let other = Region { start: end, end: start, first_line, lines: lines.clone(), line_hash: String::new() };
            let region = Region { start, end, first_line, lines, line_hash: String::new() };
            for region in [other, region.clone()] {
                finding.related.push(Related { place: finding.place.clone(), region: Some(region), message: "l".into() });
            }
            finding.region = Some(region);
            let text = of_finding(&finding, "", &Audience { width, ..Audience::LOG });
            prop_assert!(text.starts_with("error[r]: m\n"), "{}", text);
            prop_assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{}", text);
        }
    }

    #[test]
    fn related_places_are_pointed_at_in_the_lines_that_are_shown_and_named_elsewhere() {
        let region = |line, columns: (u32, u32), first_line, lines: &[&str]| Region {
            start: Position { line, column: columns.0 },
            end: Position { line, column: columns.1 },
            first_line,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            line_hash: String::new(),
        };
        let place = |path: &str| Place::Span(path.into(), Span { start: 0, end: 0 });
        let mut finding = Finding::new("r", Level::Error, place("f"), "m");
        finding.region = Some(region(3, (1, 12), 1, &["", "", "f(\u{1b}a, 'b')"]));
        let related = |path: &str, region, message: &str| Related {
            place: place(path),
            region: Some(region),
            message: message.to_owned(),
        };
        finding.related = vec![
            related("f", region(3, (7, 10), 3, &["f(\u{1b}a, 'b')"]), "this text"),
            related("f", region(1, (1, 2), 1, &["x"]), "far above"),
            related("g", region(3, (1, 2), 3, &["x"]), "elsewhere"),
        ];
        let text = of_finding(&finding, "", &Audience::LOG);
        snapbox::assert_data_eq!(
            text,
            snapbox::str![[r#"
error[r]: m
 --> f:3:1
  |
3 | f(/x1ba, 'b')
  | ^^^^^^^^^---^
  |          |
  |          this text
  |
  = note: f:1:1: far above
  = note: g:3:1: elsewhere

"#]]
        );
    }
}
