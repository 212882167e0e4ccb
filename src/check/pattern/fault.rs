//! What is wrong with a rule: where, why, and what to do about it.

use std::collections::BTreeSet;
use std::fmt;

use crate::config::nearest::nearest;
use crate::syntax::languages::Language;
use crate::syntax::rules::Error;

/// A fault of a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleError {
    /// The file of the rule.
    pub(crate) origin: String,
    /// Line and column, from 1, where they are known.
    pub(crate) at: Option<(usize, usize)>,
    /// What is wrong.
    pub(crate) reason: String,
    /// What to do about it; empty if the reason says it.
    pub(crate) hint: String,
}

impl std::error::Error for RuleError {}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.origin, self.reason),
            None => write!(f, "{}: {}", self.origin, self.reason),
        }
    }
}

impl RuleError {
    /// A fault without a place in the file and without a hint.
    pub(crate) fn new(origin: &str, reason: impl Into<String>) -> Self {
        Self { origin: origin.to_owned(), at: None, reason: reason.into(), hint: String::new() }
    }

    /// The same at the first place where a word stands in the text of the file, as a word of its own.
    pub(crate) fn at_word(mut self, text: &str, word: &str) -> Self {
        self.at = place_of(text, word);
        self
    }

    /// What the engine says of a rule, with the place that it means: it tells none for what is wrong inside `rule`.
    pub(crate) fn of_engine(error: &Error, origin: &str, text: &str, language: Language) -> Self {
        let (reason, expected) = in_plain_words(without_place(&error.to_string()));
        let fault = Self::new(origin, reason);
        let (words, known) = match error {
            Error::Yaml { at, message } => (message.split('`').skip(1).step_by(2).take(1).collect(), *at),
            Error::Rule(reason) => (quoted(reason), None),
        };
        let at = words.iter().find_map(|word| place_of(text, word)).or(known).or_else(|| place_of(text, "rule"));
        let hint = words.iter().find_map(|word| hint(word, &fault.reason, language)).unwrap_or(expected);
        Self { at, hint, ..fault }
    }
}

/// A message of the YAML reader without the place that it ends with: that is told before it.
pub(super) fn without_place(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message)
}

/// What the YAML reader says, for whoever wrote the rule, and a hint: what was probably meant.
pub(super) fn in_plain_words(message: &str) -> (String, String) {
    if let Some((before, rest)) = message.split_once("duplicate mapping key: ") {
        let key = rest.split(',').next().unwrap_or(rest);
        return (format!("{before}the key `{key}` stands there twice"), "leave one of the two".to_owned());
    }
    let Some((what, expected)) = message.split_once(", expected ").filter(|(what, _)| what.contains("unknown ")) else {
        return (message.to_owned(), String::new());
    };
    let known = expected.trim_start_matches("one of ").split([',', ' ']).map(|word| word.trim_matches('`'));
    let word = what.split('`').nth(1).unwrap_or_default();
    let hint = match nearest(word, known.filter(|word| word.len() > 1)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there may be {expected}"),
    };
    (what.to_owned(), hint)
}

/// Line and column, from 1, that the YAML reader tells of.
pub(super) fn place_in_yaml(error: &serde_saphyr::Error) -> Option<(usize, usize)> {
    let place = error.location()?;
    Some((place.line().try_into().ok()?, place.column().try_into().ok()?))
}

/// The name of a field in a sentence about one, which has no backticks; then the texts between backticks, the last first:
/// causes follow what they cause.
fn quoted(reason: &str) -> Vec<&str> {
    let in_ticks = reason.split('`').skip(1).step_by(2);
    let field = reason.split_once("invalid field ").map(|(_, rest)| rest.split([' ', ':']).next().unwrap_or(rest));
    let mut words: Vec<&str> = in_ticks.collect();
    words.reverse();
    field.map(|field| field.trim_end_matches('.')).into_iter().chain(words).collect()
}

/// What was probably meant by a kind or field that the grammar does not have.
fn hint(word: &str, reason: &str, language: Language) -> Option<String> {
    let suggest = |known: BTreeSet<String>, what: &str| {
        (!known.contains(word)).then(|| match nearest(word, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{} has no such {what}; a {what} is a name of its tree-sitter grammar", language.name()),
        })
    };
    match reason {
        _ if reason.contains("invalid field ") => suggest(language.fields(), "field"),
        _ if reason.contains("ind `") => suggest(language.kinds(), "kind"),
        _ => None,
    }
}

/// Line and column, from 1, of the first place where `word` stands by itself.
fn place_of(text: &str, word: &str) -> Option<(usize, usize)> {
    let first = word.lines().next().filter(|line| !line.is_empty())?;
    let is_part = |character: char| character.is_alphanumeric() || character == '_' || character == '-';
    let (start, _) = text.match_indices(first).find(|(start, found)| {
        let before = text.get(..*start).and_then(|text| text.chars().next_back());
        let after = text.get(start + found.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })?;
    let before = text.get(..start)?;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count());
    Some((before.matches('\n').count() + 1, column + 1))
}

#[cfg(test)]
mod tests {
    use super::RuleError;
    use crate::syntax::languages::Language;
    use crate::syntax::rules::CompiledRule;

    #[track_caller]
    fn check(rule: &str, expected: (usize, usize), reason: &str, hint: &str) {
        let yaml = format!("id: a\nlanguage: Python\n{rule}");
        let error = CompiledRule::compile(&yaml, &[], Language::Python).err().unwrap();
        let error = RuleError::of_engine(&error, "a.yml", &yaml, Language::Python);
        assert_eq!(error.at, Some(expected), "{error}");
        assert!(error.reason.contains(reason), "{error}");
        assert!(error.hint.contains(hint) && hint.is_empty() == error.hint.is_empty(), "{}", error.hint);
    }

    #[test]
    fn a_fault_has_a_place_and_a_hint() {
        check("rule:\n  kind: cal\n", (4, 9), "Kind `cal` is invalid", "did you mean `call`?");
        check("rule: {kind: zzz}\n", (3, 14), "Kind `zzz` is invalid", "Python has no such kind");
        check(
            "rule:\n  kind: call\n  has: {field: functoin, regex: a}\n",
            (5, 16),
            "invalid field functoin",
            "did you mean `function`?",
        );
        check("rule:\n  kind: call\n  kindd: a\n", (5, 3), "unknown field `kindd`", "did you mean `kind`?");
        check("notes: a\nrule: {kind: call}\n", (3, 1), "unknown field `notes`", "did you mean `note`?");
        check("rule: {matches: nowhere}\n", (3, 17), "`nowhere` is not defined", "");
        check("rule:\n  regex: 'a('\n  kind: call\n", (3, 1), "regex", "");
    }
}
