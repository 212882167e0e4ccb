//! `check-json`: JSON that no parser reads, or that parsers read differently. Streaming, so depth costs no stack.

use std::borrow::Cow;

use json_event_parser::{JsonEvent, LowLevelJsonParser};
use memchr::memchr;

use crate::check::hygiene::{at, clamped, json_comments, limited, shortened};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype, lines};
use crate::model::change::FileSide;
use crate::model::deadline::Deadline;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckJson;

static ABOUT: About = About {
    id: "check-json",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "JSON with a syntax error or a key that stands twice in one object.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A JSON file that does not follow RFC 8259, a key that stands twice in the same object, and lists and \
objects nested deeper than 1000 levels. Comments and trailing commas \
are accepted in the files whose tools accept them: `*.jsonc`, `tsconfig*.json`, `jsconfig*.json`, `.vscode/*.json`, \
`.eslintrc.json`, `devcontainer.json`, `.swcrc`, `.babelrc` and a few more. `NaN` and `Infinity` are not JSON.

## Why it matters
The program that reads the file fails, often much later. Of a key that stands twice most parsers silently drop one.

## Example
    { \"name\": \"a\", \"name\": \"b\" }

## Fix
Correct the syntax at the place that is shown; decide which of the two keys is meant.

## Options
None.
";

impl FileCheck for CheckJson {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        let kind = filetype::kind(&side.path);
        side.mode.is_regular() && matches!(kind, Some(filetype::Kind::Json | filetype::Kind::JsonWithComments))
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let has_comments = filetype::kind(&file.side.path) == Some(filetype::Kind::JsonWithComments);
        let plain = if has_comments { json_comments::blanked(file.bytes).into() } else { Cow::Borrowed(file.bytes) };
        let mut read = read(&plain, file.deadline)?;
        if let Some(paired) = read.error.as_ref().and_then(|_| without_lone_surrogates(&plain)) {
            read = self::read(&paired, file.deadline)?;
        }
        let mut examined = limited(read.duplicates, |(key, start, end)| {
            at(&ABOUT, file, Span { start, end }, format!("duplicate key: {}", shortened(&key)))
                .with_hint("a parser keeps only one of the two")
                .with_anchor(Anchor::of_file(key.as_bytes()))
        });
        examined.findings.extend(read.error.map(|(message, start, end)| {
            let span = clamped(file.bytes, start, end);
            at(&ABOUT, file, span, format!("invalid JSON: {}", shortened(&message)))
                .with_anchor(Anchor::of_file(b"invalid JSON"))
        }));
        Ok(examined)
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let (line, column) = lines::position(file.bytes, span.start);
        let message = finding.message.trim_start_matches("invalid JSON: ");
        format!("{path}: Failed to json decode ({message}: line {line} column {column} (char {}))", span.start)
    }
}

/// What stands in a text of JSON: keys that stand twice, and the first syntax error with the bytes where it is.
#[derive(Default)]
struct Read {
    duplicates: Vec<(String, usize, usize)>,
    error: Option<(String, usize, usize)>,
}

/// How deep lists and objects may stand in each other: common readers give up here at the latest.
const MAX_DEPTH: usize = 1000;
/// How many events are read between two looks at the clock.
const EVENTS_A_LOOK: usize = 1 << 14;

fn read(bytes: &[u8], deadline: Deadline) -> Result<Read, Breakage> {
    let mut parser = LowLevelJsonParser::new().with_max_stack_size(usize::MAX);
    let mut keys = OpenKeys::default();
    let mut read = Read::default();
    let mut consumed = 0;
    for n_events in 1.. {
        if n_events % EVENTS_A_LOOK == 0 && deadline.is_over() {
            return Err(Breakage::new("the time was over before the file was read"));
        }
        let rest = bytes.get(consumed..).unwrap_or_default();
        let result = parser.parse_next(rest, true);
        let before = consumed;
        consumed += result.consumed_bytes;
        match result.event {
            Some(Ok(JsonEvent::StartObject)) => keys.open(),
            Some(Ok(JsonEvent::EndObject)) => read.duplicates.append(&mut keys.close()),
            Some(Ok(JsonEvent::ObjectKey(key))) => {
                let start = before + memchr(b'"', rest).unwrap_or(0);
                keys.add(key, start, consumed);
            }
            Some(Ok(JsonEvent::StartArray)) => keys.open(),
            Some(Ok(JsonEvent::EndArray)) => drop(keys.close()),
            Some(Ok(JsonEvent::Eof)) => break,
            Some(Ok(_)) => {}
            None => {}
            Some(Err(error)) => {
                let place = error.location();
                let offset = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
                read.error = Some((error.message().to_owned(), offset(place.start.offset), offset(place.end.offset)));
                break;
            }
        }
        if keys.depth() > MAX_DEPTH {
            read.error = Some((format!("nested deeper than {MAX_DEPTH} levels"), consumed.saturating_sub(1), consumed));
            break;
        }
    }
    Ok(read)
}

/// The text with every half of a surrogate pair that stands alone replaced by another character, if there is one: JSON
/// allows such a half in a string, and no Unicode text can hold it. No byte moves.
fn without_lone_surrogates(text: &[u8]) -> Option<Vec<u8>> {
    const ESCAPE: usize = br"\uffff".len();
    let unit = |at: usize| {
        let digits = text.get(at..at + ESCAPE)?.strip_prefix(br"\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut replaced = None;
    let mut start = 0;
    while let Some(found) = text.get(start..).and_then(|rest| memchr(b'\\', rest)) {
        let at = start + found;
        start = at
            + match (unit(at), unit(at + ESCAPE)) {
                (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 2 * ESCAPE,
                (Some(0xd800..=0xdfff), _) => {
                    let all = replaced.get_or_insert_with(|| text.to_vec());
                    all.get_mut(at..at + ESCAPE)?.copy_from_slice(br"\ufffd");
                    ESCAPE
                }
                _ => 2,
            };
    }
    replaced
}

/// The keys of the objects that are open, in one list, so that depth costs little memory.
#[derive(Default)]
struct OpenKeys<'a> {
    keys: Vec<(Cow<'a, str>, usize, usize)>,
    firsts: Vec<usize>,
}

impl<'a> OpenKeys<'a> {
    fn open(&mut self) {
        self.firsts.push(self.keys.len());
    }

    fn depth(&self) -> usize {
        self.firsts.len()
    }

    fn add(&mut self, key: Cow<'a, str>, start: usize, end: usize) {
        self.keys.push((key, start, end));
    }

    /// Ends the innermost list or object; gives every key of it that stood there before, with its place.
    fn close(&mut self) -> Vec<(String, usize, usize)> {
        let first = self.firsts.pop().unwrap_or(0);
        let keys = self.keys.get_mut(first..).unwrap_or_default();
        keys.sort_unstable();
        let mut twice: Vec<(String, usize, usize)> = keys
            .windows(2)
            .filter_map(|pair| match pair {
                [(key, ..), (again, start, end)] if key == again => Some((again.clone().into_owned(), *start, *end)),
                _ => None,
            })
            .collect();
        twice.sort_unstable_by_key(|(_, start, _)| *start);
        self.keys.truncate(first);
        twice
    }
}

#[cfg(test)]
mod tests {
    use super::CheckJson;
    use crate::check::hygiene::examples::{Case, messages, places};

    #[track_caller]
    fn check(path: &str, content: &str, expected: &[&str]) {
        let found = messages(&Case::new(path, content.as_bytes()).findings(&CheckJson));
        assert_eq!(found, expected, "{content}");
    }

    #[test]
    fn valid_json_is_fine() {
        check("a.json", "{\"a\": [1, 2.5e3, null, true, \"\\u00e9\"], \"b\": {\"a\": 1}}\n", &[]);
        check("a.json", "3", &[]);
        check("a.json", "\u{feff}{}", &[]);
    }

    #[test]
    fn a_syntax_error_is_placed() {
        let findings = Case::new("a.json", b"{\n  \"a\": nope\n}").findings(&CheckJson);
        assert_eq!(messages(&findings), ["invalid JSON: null expected"]);
        assert_eq!(places(&findings), [(9, 13)]);
        check("a.json", "", &["invalid JSON: Unexpected end of file, a value was expected"]);
        check("a.json", "[1,]", &["invalid JSON: Trailing commas are not allowed"]);
        check("a.json", "{} {}", &["invalid JSON: The JSON already contains one root element"]);
        check("a.json", "[NaN]", &["invalid JSON: Unexpected char: 'N'"]);
        let findings = Case::new("a.json", b"\"\xff\"").findings(&CheckJson);
        assert_eq!(places(&findings), [(1, 2)]);
        let findings = Case::new("a.json", b"[1").findings(&CheckJson);
        assert_eq!(places(&findings), [(2, 2)]);
    }

    #[test]
    fn half_a_surrogate_pair_is_json() {
        check("a.json", r#"["\ud800", "\udc00\ud800", "\ud83d\ude00", "\\ud800"]"#, &[]);
        check("a.json", r#"{"\ud800": 1, "b": [1,]}"#, &["invalid JSON: Trailing commas are not allowed"]);
        check("a.json", r#""\uD8"#, &["invalid JSON: Unexpected end of file"]);
    }

    #[test]
    fn depth_ends_in_a_finding() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        check("a.json", &nested(1000), &[]);
        check("a.json", &nested(1001), &["invalid JSON: nested deeper than 1000 levels"]);
        check("a.json", &"{\"a\":".repeat(100_000), &["invalid JSON: nested deeper than 1000 levels"]);
    }

    #[test]
    fn a_key_that_stands_twice_is_found_where_it_stands_again() {
        let content = br#"{"a": {"x": 1}, "b": {"x": 2}, "\u0061": 3, "a": 4}"#;
        let findings = Case::new("a.json", content).findings(&CheckJson);
        assert_eq!(messages(&findings), ["duplicate key: a", "duplicate key: a"]);
        assert_eq!(places(&findings), [(31, 39), (44, 47)]);
    }

    #[test]
    fn comments_are_accepted_where_tools_accept_them() {
        let content = "// c\n{\"a\": 1, /* x */}\n";
        check("tsconfig.json", content, &[]);
        check(".vscode/settings.json", content, &[]);
        check("package.json", content, &["invalid JSON: Unexpected char: '/'"]);
        check("tsconfig.json", "{\"a\" 1}", &["invalid JSON: Object keys must be strings"]);
    }
}
