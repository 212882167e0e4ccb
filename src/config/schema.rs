//! The JSON schema of `tollgate.toml`, for editors; also what a wrong file is compared with to say what is wrong.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use crate::config::raw::RawConfig;

/// The schema (draft 2020-12) as indented JSON with a line feed at its end.
pub(crate) fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&value()).expect("because a schema is plain JSON");
    text.push('\n');
    text
}

/// The schema as a value.
pub(crate) fn value() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<RawConfig>();
    RecursiveTransform(without_null).transform(&mut schema);
    RecursiveTransform(unwrapped).transform(&mut schema);
    schema.to_value()
}

/// TOML has no null: a key that may be left out has simply the type of its value.
fn without_null(schema: &mut Schema) {
    let is_null = |value: &Value| value == "null" || value.get("type").is_some_and(|kind| kind == "null");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| !is_null(kind));
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| !is_null(choice));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                schema.insert(key, value);
            }
        }
    }
}

/// A description is one line a paragraph; editors wrap it themselves.
fn unwrapped(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        let paragraphs = description.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
        *description = paragraphs.collect::<Vec<_>>().join("\n\n");
    }
}

#[cfg(test)]
mod tests {
    use super::{schema, value};

    #[test]
    fn the_schema_in_the_repository_is_current() {
        let stored = snapbox::Data::read_from(
            std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/config/tollgate.schema.json")),
            Some(snapbox::data::DataFormat::Text),
        );
        snapbox::Assert::new().action_env("SNAPSHOTS").eq(schema(), stored.raw());
    }

    #[test]
    fn the_schema_accepts_the_example_of_the_format() {
        let schema = jsonschema::draft202012::new(&value()).expect("the schema is a schema");
        let example = include_str!("../../fixtures/config/example.toml");
        let example: toml::Value = toml::from_str(example).expect("the example is TOML");
        let example = serde_json::to_value(example).expect("the example has no dates");
        let problems: Vec<String> = schema.iter_errors(&example).map(|problem| problem.to_string()).collect();
        assert_eq!(problems, Vec::<String>::new());
    }
}
