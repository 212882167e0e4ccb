//! From the bytes of `tollgate.toml` to the policy.

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use crate::config::Config;
use crate::config::diagnose;
use crate::config::extends::{Location, Refusal, Site};
use crate::config::places::Places;
use crate::config::problem::{Error, Problem};
use crate::config::raw::RawConfig;
use crate::model::path::RepoPath;

/// The most bytes of a configuration file.
const MAX_BYTES: usize = 1 << 20;

/// The name of the policy of one person, which this version does not read.
const LOCAL: &[u8] = b"tollgate.local.toml";

impl Config {
    /// The policy that a file says which extends nothing: its name for people (`tollgate.toml`, `tollgate.toml at 1a2b3c4d5e`) and its bytes;
    /// the defaults without a file. The ids that it names are not yet compared with those that exist.
    pub(crate) fn load(source: Option<(&str, &[u8])>) -> Result<Self, Error> {
        let Some((name, bytes)) = source else { return Ok(Self::defaults()) };
        let at = Location { site: Site::Here, path: RepoPath::from(name) };
        Self::load_with((name, bytes), at, &mut |_| {
            let (message, hint) = ("nothing is extended here".to_owned(), String::new());
            Err(Refusal { message, hint })
        })
    }

    /// Notes that a file in the repository looks like a policy and is not read: `tollgate.local.toml`. Other paths are
    /// passed over.
    pub(crate) fn note_unread(&mut self, path: &RepoPath) {
        if path.file_name() == LOCAL {
            let version = env!("CARGO_PKG_VERSION");
            self.notices.push(format!("{path} is not read yet by tollgate {version}"));
        }
    }
}

/// What a file says, and where.
pub(crate) fn raw_config(name: &str, text: &str) -> Result<(RawConfig, Places), Error> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let places = Places::new(name, text, table.get_ref());
    if let Some(problem) = too_new(table.get_ref(), &places) {
        return Err(problem.into());
    }
    if let Some(error) = errors.first() {
        return Err(syntax_problem(error, &places).into());
    }
    match RawConfig::deserialize(toml::Deserializer::from(table)) {
        Ok(raw) => Ok((raw, places)),
        Err(error) => Err(diagnose::explain(text, &places, &error)),
    }
}

/// The text of the file, without a byte order mark.
pub(crate) fn text<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
    let problem = |excerpt_text: &str, message: String, hint: &str| {
        let places = Places::of_text(name, excerpt_text);
        let at_end = excerpt_text.len()..excerpt_text.len();
        places.problem((!excerpt_text.is_empty()).then_some(at_end), message, hint.to_owned())
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; a policy has at most {MAX_BYTES}", bytes.len());
        return Err(problem("", message, "is it the right file?"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(problem("", "the file is UTF-16, not UTF-8".to_owned(), "save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).and_then(|valid| str::from_utf8(valid).ok()).unwrap_or_default();
        problem(valid, "the file is not UTF-8: a byte here is not text".to_owned(), "save it as UTF-8")
    })
}

/// The problem that the file asks for a newer version than this one. Looked at first and whatever else is wrong,
/// because a newer file may hold what this version cannot understand.
fn too_new(table: &DeTable<'_>, places: &Places) -> Option<Problem> {
    let wanted = table.iter().find(|(key, _)| key.get_ref() == "min-version")?.1;
    let DeValue::String(wanted) = wanted.get_ref() else { return None };
    let version = env!("CARGO_PKG_VERSION");
    let Some(wanted_numbers) = numbers(wanted) else {
        let message = format!("`{wanted}` is not a version");
        return Some(places.value_problem("min-version", message, format!("write it like \"{version}\" or \"0.2\"")));
    };
    if wanted_numbers <= numbers(version)? {
        return None;
    }
    let message = format!("this policy needs tollgate {wanted} or newer, and this is tollgate {version}");
    Some(places.value_problem("min-version", message, "update tollgate"))
}

/// The three numbers of a version; what is left out is 0.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut numbers = [0; 3];
    let mut parts = version.split('.');
    for (index, number) in numbers.iter_mut().enumerate() {
        match parts.next() {
            Some(part) if part.bytes().all(|byte| byte.is_ascii_digit()) => *number = part.parse().ok()?,
            None if index > 0 => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(numbers)
}

fn syntax_problem(error: &toml::de::Error, places: &Places) -> Problem {
    if error.message().contains("recursion limit") {
        let message = "tables or lists are nested too deep".to_owned();
        return places.problem(error.span(), message, "a policy has no more than six levels".to_owned());
    }
    let hint = "texts need quotes, lists need brackets: `fail-on = \"error\"`, `exclude = [\"vendor/\"]`";
    places.problem(error.span(), format!("this is not valid TOML: {}", error.message()), hint.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, proptest};

    use crate::config::extends::{Location, Site};
    use crate::config::load::numbers;
    use crate::config::places::Places;
    use crate::config::{Config, Inputs, Output, TestFormat, show};
    use crate::model::path::RepoPath;

    const EXAMPLE: &[u8] = include_bytes!("../../fixtures/config/example.toml");
    const IMPLEMENTED: &[u8] = include_bytes!("../../fixtures/config/implemented.toml");

    fn load(bytes: &[u8]) -> Result<Config, String> {
        Config::load(Some(("tollgate.toml", bytes))).map_err(|error| error.to_string())
    }

    #[test]
    fn a_policy_of_every_implemented_key_is_understood() {
        let config = load(IMPLEMENTED).expect("every key of it is implemented");
        assert_eq!(config.exclude.value, ["vendor/**", "*.min.js"]);
        assert_eq!(config.max_lines.value, 400);
        let schema = config.checks.get("schema").expect("it is in the file");
        assert_eq!((&schema.output, schema.inputs), (&Output::Sarif, Some(Inputs::File)));
        assert_eq!(schema.origin.to_string(), "tollgate.toml:26");
        let unit = config.checks.get("unit").expect("it is in the file");
        assert_eq!(
            (&unit.output, unit.output_file.as_str()),
            (&Output::Tests(TestFormat::Junit), "target/nextest/ci/junit.xml")
        );
        let large = config.checks.get("check-added-large-files").expect("it is in the file");
        assert_eq!((large.options.number("maxkb", 500), large.run.is_none()), (1000, true));
        let [tests] = config.overrides.as_slice() else { panic!("it has one override") };
        assert_eq!(tests.levels.get("hardcoded-password").map(|level| level.value), Some(None));
    }

    #[test]
    fn a_newer_policy_says_so_before_anything_else() {
        let newer = "this policy needs tollgate 9.2 or newer, and this is tollgate 0.1.0";
        for policy in ["min-version = \"9.2\"\nnew-key = 1\n", "min-version = \"9.2\"\nnew syntax :=\n"] {
            let error = load(policy.as_bytes()).expect_err(policy);
            assert!(error.starts_with(&format!("error: tollgate.toml:1: {newer}\n")), "{error}");
            assert_eq!(error.matches("error:").count(), 1, "{error}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, expected) in [
            ("0.1", Some([0, 1, 0])),
            ("10", Some([10, 0, 0])),
            ("0.1.12", Some([0, 1, 12])),
            ("", None),
            ("0.", None),
            ("0.1.", None),
            ("0.1.2.3", None),
            ("0.1.0-rc1", None),
            ("v1", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(numbers(version), expected, "{version}");
        }
        assert!(load(b"min-version = \"0.1.0\"\n").is_ok());
        assert!(load(b"min-version = \"0.1.1\"\n").is_err());
    }

    #[test]
    fn the_example_of_the_format_is_a_policy() {
        let example = str::from_utf8(EXAMPLE).expect("the example is text");
        let today = example.replace("min-version = \"0.2\"", "min-version = \"0.1\"");
        let at = Location { site: Site::Here, path: RepoPath::from("tollgate.toml") };
        let config = Config::load_with(("tollgate.toml", today.as_bytes()), at, &mut |_| Ok(Vec::new()));
        assert!(config.is_ok_and(|config| config.checks.contains_key("ruff")));
    }

    #[test]
    fn an_error_shows_the_place_and_the_way_out() {
        let error = load("[gate]\r\nscope = \"new\"\r\n  fail-onn = \"error\"\r\n".as_bytes()).expect_err("a slip");
        let expected = "error: tollgate.toml:3: unknown key `fail-onn` in [gate]\n  3 |   fail-onn = \"error\"\n    \
                        |   ^^^^^^^^\n\nhint: did you mean `fail-on`?";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_file_that_says_nothing_is_the_defaults() {
        for bytes in [&b""[..], b"\xef\xbb\xbf", b"# nothing\n", b"\r\n"] {
            let config = load(bytes).expect("it says nothing wrong");
            assert_eq!(Config { places: Places::default(), ..config }, Config::defaults());
        }
    }

    #[track_caller]
    fn refused(bytes: &[u8], start: &str) {
        let error = load(bytes).expect_err(start);
        assert!(error.starts_with(&format!("error: tollgate.toml{start}")), "{error}");
        assert!(error.len() < 2_000 && !error.contains(['\u{1b}', '\0']), "{error:?}");
    }

    #[test]
    fn what_is_no_policy_says_why() {
        refused(b"[gate]\n# caf\xe9\n", ":2: the file is not UTF-8");
        refused(b"\xff\xfeg\0", ": the file is UTF-16");
        refused(&vec![b' '; 10 << 20], ": the file has 10485760 bytes");
        refused(b"[gate]\nfail-on = error\n", ":2: this is not valid TOML: string values must be quoted");
        refused(b"[gate]\n[gate]\n", ":2: this is not valid TOML: duplicate key");
        refused(format!("exclude = {}", "[".repeat(100_000)).as_bytes(), ":1: ");
        refused(format!("a{} = 1", ".a".repeat(100_000)).as_bytes(), ": tables or lists are nested too deep");
        refused("{".repeat(100_000).as_bytes(), ":1: this is not valid TOML");
        refused(format!("\"{}\" = 1", "x\\u001b".repeat(10_000)).as_bytes(), ":1: unknown key");
    }

    #[test]
    fn tables_nested_as_deep_as_the_parser_lets_through_are_unknown_keys() {
        let keys = vec!["a"; 79].join(".");
        let policy = format!("{}1{}", format!("{keys} = {{").repeat(75).trim_end_matches('{'), "}".repeat(74));
        refused(policy.as_bytes(), ":1: unknown key `a` at the top level");
    }

    #[test]
    fn configuration_that_is_not_read_is_said() {
        let mut config = Config::defaults();
        for path in ["tollgate.toml", "a/b/tollgate.toml", "tollgate.local.toml", "src/main.rs"] {
            config.note_unread(&RepoPath::from(path));
        }
        let expected = ["tollgate.local.toml is not read yet by tollgate 0.1.0"];
        assert_eq!(config.notices, expected);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = load(&bytes);
        }

        #[test]
        fn no_toml_makes_it_panic(
            lines in prop::collection::vec((0..HEADS.len(), 0..KEYS.len(), 0..VALUES.len()), 0..12)
        ) {
            let mut policy = String::new();
            for (head, key, value) in lines {
                policy.push_str(&format!("{}\n{} = {}\n", HEADS[head], KEYS[key], VALUES[value]));
            }
            match load(policy.as_bytes()) {
                Ok(config) => prop_assert!(load(show::show(&config, show::Origins::Shown).as_bytes()).is_ok()),
                Err(error) => prop_assert!(error.starts_with("error: tollgate.toml")),
            }
        }
    }

    const HEADS: [&str; 9] = [
        "",
        "[gate]",
        "[stages.pre-commit]",
        "[stages.\"\u{202e} x\"]",
        "[checks.lint]",
        "[checks.lint.options]",
        "[rules.levels]",
        "[[overrides]]",
        "[checks.lint.env]",
    ];
    const KEYS: [&str; 14] = [
        "fail-on",
        "checks",
        "timeout",
        "run",
        "tool",
        "fix",
        "files",
        "levels",
        "\"\"",
        "a.b.c",
        "output",
        "dir",
        "jobs",
        "min-version",
    ];
    const VALUES: [&str; 16] = [
        "\"ruff\"",
        "\"safe\"",
        "\"error\"",
        "\"10m\"",
        "\"\"",
        "[\"*\"]",
        "[\"a[\"]",
        "[]",
        "{ x = \"off\" }",
        "{ pattern = \"x\" }",
        "0",
        "-1",
        "1.5",
        "1979-05-27",
        "true",
        "\"\\u001b[2J\"",
    ];
}
