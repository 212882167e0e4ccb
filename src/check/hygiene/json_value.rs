//! JSON as values that can be written again.

use json_event_parser::{JsonEvent, LowLevelJsonParser};

use crate::model::deadline::Deadline;
use crate::model::option::Options;
use crate::model::outcome::Breakage;

/// A value, its parts in the order of the text.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    /// `null`, `true`, `false`, as they are written.
    Word(&'static str),
    /// A number as it is written.
    Number(String),
    /// A text, without escapes.
    Text(String),
    /// A list.
    Array(Vec<Value>),
    /// Keys with their values; each key once.
    Object(Vec<(String, Value)>),
}

/// How deep values may stand in each other; what is deeper would be followed by recursion.
const MAX_DEPTH: usize = 256;
/// The most bytes that are written: deep values are mostly indentation.
const MAX_WRITTEN: usize = 64 << 20;
/// How many events are read between two looks at the clock.
const EVENTS_A_LOOK: usize = 1 << 14;

/// A list or object that is not at its end yet.
struct Open {
    value: Value,
    /// The key whose value comes next.
    key: String,
}

/// Reads a text; none if it is not JSON, has a key twice in one object, or is too deep.
pub(super) fn read(bytes: &[u8], deadline: Deadline) -> Result<Option<Value>, Breakage> {
    let mut parser = LowLevelJsonParser::new().with_max_stack_size(MAX_DEPTH);
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    let mut consumed = 0;
    for n_events in 1.. {
        if n_events % EVENTS_A_LOOK == 0 && deadline.is_over() {
            return Err(Breakage::new("reading took too long"));
        }
        let next = parser.parse_next(bytes.get(consumed..).unwrap_or_default(), true);
        consumed += next.consumed_bytes;
        let done = match next.event {
            None => continue,
            Some(Err(_)) => return Ok(None),
            Some(Ok(JsonEvent::Eof)) => break,
            Some(Ok(JsonEvent::StartArray)) => {
                open.push(Open { value: Value::Array(Vec::new()), key: String::new() });
                continue;
            }
            Some(Ok(JsonEvent::StartObject)) => {
                open.push(Open { value: Value::Object(Vec::new()), key: String::new() });
                continue;
            }
            Some(Ok(JsonEvent::ObjectKey(key))) => {
                let Some(object) = open.last_mut() else { return Ok(None) };
                object.key = key.into_owned();
                continue;
            }
            Some(Ok(JsonEvent::EndArray | JsonEvent::EndObject)) => match open.pop() {
                Some(Open { value, .. }) if has_each_key_once(&value) => value,
                _ => return Ok(None),
            },
            Some(Ok(JsonEvent::String(text))) => Value::Text(text.into_owned()),
            Some(Ok(JsonEvent::Number(number))) => Value::Number(number.into_owned()),
            Some(Ok(JsonEvent::Boolean(true))) => Value::Word("true"),
            Some(Ok(JsonEvent::Boolean(false))) => Value::Word("false"),
            Some(Ok(JsonEvent::Null)) => Value::Word("null"),
        };
        match open.last_mut() {
            None => whole = Some(done),
            Some(Open { value: Value::Array(items), .. }) => items.push(done),
            Some(Open { value: Value::Object(pairs), key }) => pairs.push((std::mem::take(key), done)),
            Some(_) => return Ok(None),
        }
    }
    Ok(whole)
}

fn has_each_key_once(value: &Value) -> bool {
    let Value::Object(pairs) = value else { return true };
    let mut seen = std::collections::HashSet::new();
    pairs.iter().all(|(key, _)| seen.insert(key))
}

/// How values are written.
pub(super) struct Layout<'a> {
    /// The options of `pretty-format-json`.
    pub(super) options: &'a Options,
    /// Whether numbers stay as they are; otherwise they are written as Python does.
    pub(super) keeps_numbers: bool,
}

impl Layout<'_> {
    /// The text of a value, with a line end; none if it would have more than [`MAX_WRITTEN`] bytes.
    pub(super) fn written(&self, value: &Value) -> Option<String> {
        let mut out = String::new();
        self.write(value, 0, &mut out);
        out.push('\n');
        (out.len() <= MAX_WRITTEN).then_some(out)
    }

    fn write(&self, value: &Value, depth: usize, out: &mut String) {
        if out.len() > MAX_WRITTEN {
            return;
        }
        match value {
            Value::Word(word) => out.push_str(word),
            Value::Number(number) if self.keeps_numbers => out.push_str(number),
            Value::Number(number) => out.push_str(&as_python(number)),
            Value::Text(text) => self.write_text(text, out),
            Value::Array(items) if items.is_empty() => out.push_str("[]"),
            Value::Object(pairs) if pairs.is_empty() => out.push_str("{}"),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    out.push(if index == 0 { '[' } else { ',' });
                    self.break_line(depth + 1, out);
                    self.write(item, depth + 1, out);
                }
                self.break_line(depth, out);
                out.push(']');
            }
            Value::Object(pairs) => {
                for (index, (key, value)) in self.ordered(pairs).into_iter().enumerate() {
                    out.push(if index == 0 { '{' } else { ',' });
                    self.break_line(depth + 1, out);
                    self.write_text(key, out);
                    out.push_str(": ");
                    self.write(value, depth + 1, out);
                }
                self.break_line(depth, out);
                out.push('}');
            }
        }
    }

    fn break_line(&self, depth: usize, out: &mut String) {
        out.push('\n');
        let indent = self.options.text("indent", "2");
        match indent.trim().parse::<i64>() {
            // More blanks than this are no layout, they are a way to fill the memory.
            Ok(n_blanks) => out.push_str(&" ".repeat(depth * usize::try_from(n_blanks.min(64)).unwrap_or_default())),
            Err(_) => out.push_str(&indent.repeat(depth)),
        }
    }

    fn ordered<'v>(&self, pairs: &'v [(String, Value)]) -> Vec<&'v (String, Value)> {
        let top: Vec<&str> = self.options.text("top-keys", "").split(',').collect();
        let rank = |key: &str| top.iter().position(|known| *known == key).unwrap_or(top.len());
        let mut ordered: Vec<_> = pairs.iter().collect();
        if !self.options.flag("no-sort-keys") {
            ordered.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        ordered.sort_by_key(|(key, _)| rank(key));
        ordered
    }

    fn write_text(&self, text: &str, out: &mut String) {
        let only_ascii = !self.options.flag("no-ensure-ascii");
        out.push('"');
        for character in text.chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                _ if character < ' ' || (only_ascii && !(' '..='~').contains(&character)) => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                _ => out.push(character),
            }
        }
        out.push('"');
    }
}

/// A number as Python's `json` writes what it read: whole numbers as they are, others by their shortest form.
fn as_python(number: &str) -> String {
    if !number.contains(['.', 'e', 'E']) {
        return if number == "-0" { "0".to_owned() } else { number.to_owned() };
    }
    let Ok(value) = number.parse::<f64>() else { return number.to_owned() };
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    match exponent.parse::<i32>().unwrap_or_default() {
        exponent @ -4..16 => {
            let plain = format!("{value}");
            if exponent >= 0 && !plain.contains('.') { plain + ".0" } else { plain }
        }
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
    }
}
