//! Configuration files in YAML, TOML or JSON, read into one kind of value.

use serde_json::Value;

/// The largest file that is read, in bytes.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// Reads a file by what its name says it is: `.toml`, `.json`, or else YAML, which has JSON in it. A problem is told for
/// people, without the name of the file.
pub(super) fn parse(name: &str, text: &str) -> Result<Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    if name.ends_with(".toml") {
        return toml::from_str(text).map_err(|error| error.message().to_owned());
    }
    if name.ends_with(".json") || name.ends_with(".jsonc") {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    serde_saphyr::from_str(text).map_err(|error| error.without_snippet().to_string())
}

/// A scalar as text; none for lists and tables.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// One text or several.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(text).collect(),
        other => text(other).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{parse, texts};

    #[test]
    fn the_name_tells_the_format() {
        for (name, text) in [
            ("lefthook.yml", "pre-commit:\n  commands: &a\n    x: {run: lint}\npre-push:\n  commands: *a\n"),
            (
                "lefthook.json",
                r#"{"pre-commit": {"commands": {"x": {"run": "lint"}}}, "pre-push": {"commands": {"x": {"run": "lint"}}}}"#,
            ),
            ("lefthook.toml", "[pre-commit.commands.x]\nrun = 'lint'\n[pre-push.commands.x]\nrun = 'lint'\n"),
            (
                ".lintstagedrc",
                r#"{"pre-commit": {"commands": {"x": {"run": "lint"}}}, "pre-push": {"commands": {"x": {"run": "lint"}}}}"#,
            ),
        ] {
            let commands = json!({"commands": {"x": {"run": "lint"}}});
            assert_eq!(parse(name, text), Ok(json!({"pre-commit": commands, "pre-push": commands})), "{name}");
        }
        assert_eq!(texts(&json!(["a", 1, {"b": 2}])), ["a", "1"]);
        assert_eq!(texts(&json!("a")), ["a"]);
    }

    #[test]
    fn what_is_no_document_is_told() {
        for (name, text) in [("a.yml", "a: [1"), ("a.toml", "a ="), ("a.json", "{"), ("a.yml", "a: 1\n b: 2\n")] {
            assert!(parse(name, text).is_err(), "{name}");
        }
        let bomb: String = (1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)).collect();
        assert!(parse("a.yml", &format!("a0: &a0 [x]\n{bomb}")).is_err());
        assert!(parse("a.yml", &"[".repeat(200_000)).is_err());
        assert!(parse("a.json", &"[".repeat(200_000)).is_err());
    }
}
