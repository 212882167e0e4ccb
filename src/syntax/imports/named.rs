//! The words that a rule names in its patterns and expressions: what an import brings in can only matter to a rule that
//! names where it comes from.

use std::borrow::Cow;

use serde_json::Value;

use crate::syntax::imports::{ANY, Names, words};

/// The parts of a rule that say what it matches.
const PARTS: [&str; 3] = ["rule", "utils", "constraints"];
/// Words of languages, which are no names.
const KEYWORDS: [&str; 6] = ["import", "from", "as", "use", "require", "static"];
/// What stands in expressions for names that they do not say.
const OPEN: [&str; 6] = [".*", ".+", "\\w", "\\S", "[", "(?i)"];

/// What a rule in JSON names.
pub(crate) fn of_json(json: &str) -> Names {
    serde_json::from_str(json).map(|whole| of_rule(&whole)).unwrap_or_default()
}

fn of_rule(whole: &Value) -> Names {
    let owned = |word: &str| Cow::Owned(word.to_owned());
    let mut named = Names::new();
    // What is still to be read, and the key that it stands under.
    let mut open: Vec<(&str, &Value)> = PARTS.iter().filter_map(|part| Some((*part, whole.get(part)?))).collect();
    while let Some((key, value)) = open.pop() {
        match value {
            Value::Object(parts) => open.extend(parts.iter().map(|(key, value)| (key.as_str(), value))),
            Value::Array(parts) => open.extend(parts.iter().map(|value| (key, value))),
            Value::String(text) if matches!(key, "pattern" | "context") => {
                let is_open = text.contains(".$") || text.contains("::$");
                named.extend(words(text).chain(is_open.then_some(ANY)).map(owned));
            }
            Value::String(text) if key == "regex" => {
                let is_open = OPEN.iter().any(|sign| text.contains(sign));
                named.extend(words(&without_escapes(text)).chain(is_open.then_some(ANY)).map(owned));
            }
            _ => {}
        }
    }
    named.retain(|word| !KEYWORDS.contains(&&**word));
    named
}

/// A regular expression with a space for each escape.
fn without_escapes(regex: &str) -> String {
    let mut characters = regex.chars();
    let mut out = String::with_capacity(regex.len());
    while let Some(next) = characters.next() {
        let is_escape = next == '\\' && characters.next().is_some();
        out.push(if is_escape { ' ' } else { next });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::of_json;
    use crate::syntax::rules::json_of;

    #[track_caller]
    fn check(rule: &str, expected: &[&str]) {
        let named = of_json(&json_of(&format!("message: hashlib\nrule: {rule}\n")));
        assert_eq!(named.iter().map(|word| &**word).collect::<Vec<_>>(), expected, "{rule}");
    }

    #[test]
    fn patterns_and_expressions_name_words() {
        check("{pattern: hashlib.md5(x)}", &["hashlib", "md5", "x"]);
        check("{kind: call, has: {any: [{regex: '^\\bos\\.(system|popen)$'}]}}", &["os", "popen", "system"]);
        check("{pattern: hashlib.$F(1)}", &["*", "1", "F", "hashlib"]);
        check("{regex: '^hashlib\\.\\w+$'}", &["*", "hashlib"]);
        check("{inside: {has: {pattern: {context: import yaml}}}}", &["yaml"]);
    }
}
