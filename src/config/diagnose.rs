//! Says why a file does not have the shape of a policy: compares it with the schema and names every key and value that
//! does not fit. Runs only when reading the file has failed.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::config::nearest::nearest;
use crate::config::places::{Places, joined};
use crate::config::problem::{Error, Problem};
use crate::config::schema;

/// The most levels that are compared; the format has six.
const MAX_DEPTH: usize = 16;

/// All that is wrong with the shape of the file whose reading ended in `error`.
pub(crate) fn explain(text: &str, places: &Places, error: &toml::de::Error) -> Error {
    let schema = schema::value();
    let (table, _) = DeTable::parse_recoverable(text);
    let mut comparison = Comparison { schema: &schema, places, problems: Vec::new() };
    comparison.table(table.get_ref(), &schema, "", 0);
    match Error::check(comparison.problems) {
        Err(problems) => problems,
        Ok(()) => {
            let path = error.span().and_then(|span| places.path_at(span.start));
            let what = path.map(|path| format!("`{path}`: ")).unwrap_or_default();
            places.problem(error.span(), format!("{what}{}", error.message()), String::new()).into()
        }
    }
}

struct Comparison<'a> {
    schema: &'a Value,
    places: &'a Places,
    problems: Vec<Problem>,
}

impl<'a> Comparison<'a> {
    /// Follows a reference within the schema.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
        name.and_then(|name| self.schema.pointer(name)).unwrap_or(schema)
    }

    fn value(&mut self, value: &DeValue<'_>, schema: &'a Value, path: &str, depth: usize) {
        let schema = self.resolved(schema);
        let choices = schema.get("anyOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let alone = std::slice::from_ref(schema);
        let choices: Vec<&Value> =
            if choices.is_empty() { alone } else { choices }.iter().map(|choice| self.resolved(choice)).collect();
        let Some(choice) = choices.iter().find(|choice| has_type(value, choice)) else {
            let wanted: Vec<String> = choices.iter().map(|choice| wanted(choice)).collect();
            self.wrong_type(value, &wanted.join(" or "), path);
            return;
        };
        match value {
            DeValue::Table(table) => self.table(table, choice, path, depth + 1),
            DeValue::Array(items) if depth < MAX_DEPTH => {
                let Some(schema) = choice.get("items") else { return };
                for (index, item) in items.iter().enumerate() {
                    self.value(item.get_ref(), schema, &format!("{path}[{index}]"), depth + 1);
                }
            }
            DeValue::String(word) => self.word(word, choice, path),
            DeValue::Integer(number) => self.number(number, choice, path),
            _ => {}
        }
    }

    fn table(&mut self, table: &DeTable<'_>, schema: &'a Value, path: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (key, value) in table.iter() {
            let place = joined(path, key.get_ref());
            let own = known.and_then(|known| known.get(key.get_ref().as_ref()));
            let any = schema.get("additionalProperties").filter(|any| any.is_object());
            match own.or(any) {
                Some(schema) => self.value(value.get_ref(), schema, &place, depth + 1),
                None => {
                    let known: Vec<&str> = known.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
                    self.unknown_key(key.get_ref(), &known, path, &place);
                }
            }
        }
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !table.iter().any(|(present, _)| present.get_ref() == key) {
                let message = format!("{} has no `{key}`", header(path));
                self.problems.push(self.places.key_problem(path, message, format!("add `{key}`, which it needs")));
            }
        }
    }

    fn unknown_key(&mut self, key: &str, known: &[&str], table: &str, place: &str) {
        let hint = match (nearest(key, known.iter().copied()), self.tables_with(key).as_slice()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => format!("the keys that can stand here: {}", known.join(", ")),
            (None, tables) => format!("`{key}` belongs into {}", tables.join(" or ")),
        };
        let place_shown =
            if table.is_empty() { "at the top level".to_owned() } else { format!("in {}", header(table)) };
        let message = format!("unknown key `{key}` {place_shown}");
        self.problems.push(self.places.key_problem(place, message, hint));
    }

    /// The tables that have such a key, as they are written.
    fn tables_with(&self, key: &str) -> Vec<String> {
        let tables = self.schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let mut found = Vec::new();
        for (name, schema) in tables {
            let of_names = schema.get("additionalProperties").filter(|any| any.is_object());
            let of_items = schema.get("items");
            let (written, schema) = match (of_names, of_items) {
                (Some(any), _) => (format!("[{name}.NAME]"), any),
                (None, Some(items)) => (format!("[[{name}]]"), items),
                (None, None) => (format!("[{name}]"), schema),
            };
            if self.resolved(schema).get("properties").is_some_and(|keys| keys.get(key).is_some()) {
                found.push(written);
            }
        }
        found
    }

    fn wrong_type(&mut self, value: &DeValue<'_>, wanted: &str, path: &str) {
        let hint = match (value, wanted) {
            (DeValue::String(text), _) if wanted.ends_with("a list") && text.len() < 60 => {
                let words =
                    if path.ends_with(".run") { text.split_whitespace().collect() } else { vec![text.as_ref()] };
                format!("write it in brackets: {words:?}")
            }
            (DeValue::String(text), "`true` or `false`") if ["true", "false"].contains(&text.as_ref()) => {
                "write it without quotes".to_owned()
            }
            (DeValue::String(text), "a whole number") if text.parse::<u64>().is_ok() => {
                "write it without quotes".to_owned()
            }
            (DeValue::Array(_) | DeValue::Table(_), _) if wanted != "a table" => String::new(),
            (_, "a table") => format!("write [{path}] on a line of its own, and its keys below"),
            _ if wanted.starts_with("a text") => "write it in quotes".to_owned(),
            _ => String::new(),
        };
        let message = format!("`{path}` must be {wanted}, not {}", kind(value));
        self.problems.push(self.places.value_problem(path, message, hint));
    }

    fn word(&mut self, word: &str, schema: &Value, path: &str) {
        let known = words(schema);
        if known.is_empty() || known.contains(&word) {
            return;
        }
        let hint = nearest(word, known.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
        let message = format!("`{path}` must be {}, not \"{word}\"", one_of(&known));
        self.problems.push(self.places.value_problem(path, message, hint.unwrap_or_default()));
    }

    fn number(&mut self, number: &toml::de::DeInteger<'_>, schema: &Value, path: &str) {
        let minimum = schema.get("minimum").and_then(Value::as_u64).unwrap_or(0);
        let maximum = schema.get("maximum").and_then(Value::as_u64).unwrap_or(i64::MAX as u64);
        let value = u64::from_str_radix(number.as_str(), number.radix());
        if !value.is_ok_and(|value| (minimum..=maximum).contains(&value)) {
            let message = format!("`{path}` must be a whole number from {minimum} to {maximum}");
            self.problems.push(self.places.value_problem(path, message, ""));
        }
    }
}

/// The table at `path` as its header is written: `[gate]`, `[[overrides]]`.
fn header(path: &str) -> String {
    match path.strip_suffix(']').and_then(|path| path.rsplit_once('[')) {
        Some((list, _)) => format!("[[{list}]]"),
        None => format!("[{path}]"),
    }
}

fn has_type(value: &DeValue<'_>, schema: &Value) -> bool {
    let wanted = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    match value {
        DeValue::String(_) => wanted == "string",
        DeValue::Integer(_) => wanted == "integer",
        DeValue::Boolean(_) => wanted == "boolean",
        DeValue::Array(_) => wanted == "array",
        DeValue::Table(_) => wanted == "object",
        DeValue::Float(_) | DeValue::Datetime(_) => false,
    }
}

/// What a schema wants, for people.
fn wanted(schema: &Value) -> String {
    let words = words(schema);
    if !words.is_empty() {
        return one_of(&words);
    }
    let wanted = match schema.get("type").and_then(Value::as_str).unwrap_or_default() {
        "string" => "a text",
        "integer" => "a whole number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        _ => "a table",
    };
    wanted.to_owned()
}

/// The words that a schema allows, if it names them.
fn words(schema: &Value) -> Vec<&str> {
    let words = schema.get("enum").and_then(Value::as_array);
    words.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// `"new" or "all"`.
fn one_of(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ")
}

/// What a value is, for people.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    /// Each problem as `line: message (hint)`.
    #[track_caller]
    fn check(policy: &str, expected: &[&str]) {
        let error = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect_err(policy);
        let problems = error.problems().iter().map(|problem| {
            let line = problem.excerpt.as_ref().map_or(0, |excerpt| excerpt.line);
            format!("{line}: {} ({})", problem.message, problem.hint)
        });
        assert_eq!(problems.collect::<Vec<_>>(), expected, "{policy}");
    }

    #[test]
    fn unknown_keys_name_the_nearest_known_one() {
        check("[gate]\nfail-onn = \"error\"\n", &["2: unknown key `fail-onn` in [gate] (did you mean `fail-on`?)"]);
        check("[gtae]\n", &["1: unknown key `gtae` at the top level (did you mean `gate`?)"]);
        check(
            "[stages.pre-commit]\ncheck = []\n",
            &["2: unknown key `check` in [stages.pre-commit] (did you mean `checks`?)"],
        );
        check("max-lines = 3\n", &["1: unknown key `max-lines` at the top level (`max-lines` belongs into [change])"]);
        check(
            "fail-on = \"none\"\n",
            &["1: unknown key `fail-on` at the top level (`fail-on` belongs into [gate] or [stages.NAME])"],
        );
        check("[change]\nxyz = 1\n", &["2: unknown key `xyz` in [change] (the keys that can stand here: max-lines)"]);
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        check(
            "exclud = []\n[gate]\nscope = \"neu\"\n[[overrides]]\nfile = [\"a\"]\nlevels = { x = \"on\" }\n",
            &[
                "1: unknown key `exclud` at the top level (did you mean `exclude`?)",
                "3: `gate.scope` must be \"new\" or \"all\", not \"neu\" (did you mean \"new\"?)",
                "4: [[overrides]] has no `files` (add `files`, which it needs)",
                "5: unknown key `file` in [[overrides]] (did you mean `files`?)",
                "6: `overrides[0].levels.x` must be \"error\" or \"warning\" or \"note\" or \"off\", not \"on\" ()",
            ],
        );
    }

    #[test]
    fn a_value_of_another_type_says_what_is_wanted() {
        check(
            "exclude = \"vendor/\"\n",
            &["1: `exclude` must be a list, not a text (write it in brackets: [\"vendor/\"])"],
        );
        check(
            "builtin = \"false\"\n",
            &["1: `builtin` must be `true` or `false`, not a text (write it without quotes)"],
        );
        check(
            "[change]\nmax-lines = \"8\"\n",
            &["2: `change.max-lines` must be a whole number, not a text (write it without quotes)"],
        );
        check(
            "min-version = 0.2\n",
            &["1: `min-version` must be a text, not a number with a fraction (write it in quotes)"],
        );
        check(
            "gate = 1\n",
            &["1: `gate` must be a table, not a whole number (write [gate] on a line of its own, and its keys below)"],
        );
        check(
            "[stages]\nx = [\"hygiene\"]\n",
            &["2: `stages.x` must be a table, not a list (write [stages.x] on a line of its own, and its keys below)"],
        );
        check(
            "[checks.x]\nrun = \"make lint\"\n",
            &["2: `checks.x.run` must be a list, not a text (write it in brackets: [\"make\", \"lint\"])"],
        );
        check("gate.scope = true\n", &["1: `gate.scope` must be \"new\" or \"all\", not `true` or `false` ()"]);
        check("exclude = [1]\n", &["1: `exclude[0]` must be a text, not a whole number (write it in quotes)"]);
        check(
            "[change]\nmax-lines = -1\n",
            &["2: `change.max-lines` must be a whole number from 0 to 9223372036854775807 ()"],
        );
        check(
            "[checks.x]\noutput = 1\n",
            &["2: `checks.x.output` must be a text or a table, not a whole number (write it in quotes)"],
        );
        check(
            "[checks.x.options]\na = 1.5\n",
            &[
                "2: `checks.x.options.a` must be `true` or `false` or a whole number or a text or a list, not a number with \
             a fraction ()",
            ],
        );
    }
}
