//! JSON as tools print it: with other text before and after it, with numbers of any kind.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::check::external::told::MAX_TOLD;

/// How many places are tried at which the document may begin.
const MAX_STARTS: usize = 64;

/// A list that may be long, and is refused once it is longer than anyone reads.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements(PhantomData))
    }
}

struct Elements<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            if list.len() == MAX_TOLD {
                return Err(A::Error::custom(format_args!("a list in it has more than {MAX_TOLD} elements")));
            }
            list.push(element);
        }
        Ok(List(list))
    }
}

/// The one document of this shape in the text. It begins at the start of a line; text before and after it is passed
/// over, a second document is not. Errors are for people.
pub(super) fn document<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut problem = None;
    for start in starts(text).take(MAX_STARTS) {
        let rest = text.get(start..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<T>();
        match values.next() {
            Some(Ok(document)) => {
                let after = rest.get(values.byte_offset()..).unwrap_or_default();
                let has_more = starts(after).any(|at| is_document::<T>(after.get(at..).unwrap_or_default()));
                return if has_more { Err("there are several documents".to_owned()) } else { Ok(document) };
            }
            Some(Err(error)) if error.is_eof() => return Err(format!("it is broken off: {error}")),
            Some(Err(error)) => problem = problem.or(Some(error.to_string())),
            None => {}
        }
    }
    let nothing = if text.trim().is_empty() { "it is empty" } else { "there is no JSON in it" };
    Err(problem.unwrap_or_else(|| nothing.to_owned()))
}

fn is_document<T: DeserializeOwned>(text: &str) -> bool {
    serde_json::Deserializer::from_str(text).into_iter::<T>().next().is_some_and(|value| value.is_ok())
}

/// Where a line begins with a list or an object.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    lines.filter(|&at| text.get(at..).is_some_and(|line| line.starts_with(['[', '{'])))
}

/// Hands out the objects of the lines that hold one, each read on its own; the first line that holds none is given back. A
/// line that begins like an object has to be one: else the output is broken off or mixed up.
pub(super) fn objects<T: DeserializeOwned>(text: &str, mut take: impl FnMut(T)) -> Result<Option<String>, String> {
    let mut other = None;
    for (index, line) in text.lines().enumerate() {
        match line.trim_start() {
            "" => {}
            object if object.starts_with('{') => {
                take(serde_json::from_str(object).map_err(|error| format!("line {}: {error}", index + 1))?);
            }
            line => other = other.or_else(|| Some(line.to_owned())),
        }
    }
    Ok(other)
}

/// A number that counts something, however it is written: what is below 0 or no number is 0, what is too large the
/// largest.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let clamped = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => clamped(number),
            (None, Some(number)) if number > 0.0 => u32::MAX,
            _ => 0,
        },
        Value::String(text) => text.trim().parse().map_or(0, clamped),
        _ => 0,
    })
}

/// A text, or a number as its text; anything else is empty.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

/// A value, or its default for `null`.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{document, objects};

    #[track_caller]
    fn check(text: &str, expected: Result<&str, &str>) {
        let found = document::<Vec<Value>>(text).map(|value| Value::from(value).to_string());
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            _ => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn text_around_the_document_is_passed_over_where_nothing_is_ambiguous() {
        check("[1]", Ok("[1]"));
        check("\n> lint\n> run\n\n[1,\n [2]]\nDone.\n", Ok("[1,[2]]"));
        check("[warn] old\n{\"a\": 1}\n[1]\n[warn] more\n", Ok("[1]"));
        check("[1]\n[2]\n", Err("several"));
        check("[1,\n [2]", Err("broken off"));
        check("", Err("empty"));
        check("all is well\n", Err("no JSON"));
        check(&"[".repeat(100_000), Err("recursion"));
    }

    #[test]
    fn a_line_that_begins_like_an_object_has_to_be_one() {
        let read = |text: &str| {
            let mut n_objects = 0;
            objects::<Value>(text, |_| n_objects += 1).map(|other| (n_objects, other))
        };
        assert_eq!(read("{}\r\n\n  {\"a\": 1}\nnoise\n"), Ok((2, Some("noise".to_owned()))));
        assert!(read("{}\n{\"a\": ").is_err_and(|error| error.starts_with("line 2: ")));
    }
}
