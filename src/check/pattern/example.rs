//! The examples in a rule file: code that the rule must find, code that it must not, and what its fix makes of it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

/// Code that a rule must find, and code that it must not.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Examples {
    /// Each has at least one hit.
    pub(crate) fail: Vec<Example>,
    /// None has one.
    pub(crate) pass: Vec<Example>,
}

/// One example: its code, or `{code, fixed}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Example {
    /// The code.
    pub(crate) code: String,
    /// What the rule's fix makes of it; `None` if that is not said.
    pub(crate) fixed: Option<String>,
    /// Line and column in the rule file, from 1; 0 where they are not known.
    pub(crate) at: (usize, usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    code: String,
    #[serde(default)]
    fixed: Option<String>,
}

impl<'de> Deserialize<'de> for EitherWritten {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm).map(Self)
    }
}

/// Either form of an example, without its place.
struct EitherWritten(Written);

impl<'de> Deserialize<'de> for Example {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = serde_saphyr::Spanned::<EitherWritten>::deserialize(deserializer)?;
        let place = read.referenced;
        let at = (place.line().try_into().unwrap_or(0), place.column().try_into().unwrap_or(0));
        let Written { code, fixed } = read.value.0;
        Ok(Self { code, fixed, at })
    }
}

struct EitherForm;

impl<'de> Visitor<'de> for EitherForm {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("code, or `code` with `fixed`")
    }

    fn visit_str<E: serde::de::Error>(self, code: &str) -> Result<Written, E> {
        Ok(Written { code: code.to_owned(), fixed: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written, A::Error> {
        Written::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::Examples;

    #[test]
    fn an_example_is_code_or_code_with_what_a_fix_makes_of_it() {
        let yaml = "fail:\n  - |\n    a\n    b\n  - {code: c, fixed: d}\npass:\n  - '1'\n  - f()\n";
        let examples: Examples = serde_saphyr::from_str(yaml).unwrap();
        let read: Vec<(&str, Option<&str>, usize)> = examples
            .fail
            .iter()
            .chain(&examples.pass)
            .map(|example| (example.code.as_str(), example.fixed.as_deref(), example.at.0))
            .collect();
        assert_eq!(read, [("a\nb\n", None, 3), ("c", Some("d"), 5), ("1", None, 7), ("f()", None, 8)]);
    }
}
