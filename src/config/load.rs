//! From the bytes of `tollgate.toml` to the policy.

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use crate::config::Config;
use crate::config::diagnose;
use crate::config::places::Places;
use crate::config::problem::{Error, Problem};
use crate::config::raw::RawConfig;
use crate::config::resolve;
use crate::model::path::RepoPath;

/// The most bytes of a configuration file.
const MAX_BYTES: usize = 1 << 20;

/// The name of the policy of one person, which this version does not read.
const LOCAL: &[u8] = b"tollgate.local.toml";

/// The name of the policy.
const NAME: &[u8] = b"tollgate.toml";

impl Config {
    /// The policy that a file says: its name for people (`tollgate.toml`, `tollgate.toml at 1a2b3c4d5e`) and its bytes;
    /// the defaults without a file. The ids that it names are not yet compared with those that exist.
    pub(crate) fn load(source: Option<(&str, &[u8])>) -> Result<Self, Error> {
        let Some((name, bytes)) = source else { return Ok(Self::defaults()) };
        let text = text(name, bytes)?;
        let (table, errors) = DeTable::parse_recoverable(text);
        let places = Places::new(name, text, table.get_ref());
        if let Some(problem) = too_new(table.get_ref(), &places) {
            return Err(problem.into());
        }
        if let Some(error) = errors.first() {
            return Err(syntax_problem(error, &places).into());
        }
        match RawConfig::deserialize(toml::Deserializer::from(table)) {
            Ok(raw) => resolve::resolve(raw, places),
            Err(error) => Err(diagnose::explain(text, &places, &error)),
        }
    }

    /// Notes that a file in the repository looks like a policy and is not read: `tollgate.local.toml` anywhere, a
    /// `tollgate.toml` below the top. Other paths are passed over.
    pub(crate) fn note_unread(&mut self, path: &RepoPath) {
        let name = path.file_name();
        if name == LOCAL || (name == NAME && path.parent().is_some()) {
            let version = env!("CARGO_PKG_VERSION");
            self.notices.push(format!("{path} is not read yet by tollgate {version}"));
        }
    }
}

/// The text of the file, without a byte order mark.
fn text<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
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
    let hint = "texts need quotes, lists need brackets: `fail-on = \"error\"`, `exclude = [\"vendor/\"]`";
    places.problem(error.span(), format!("this is not valid TOML: {}", error.message()), hint.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

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
    }

    #[test]
    fn a_newer_policy_says_so_before_anything_else() {
        let error = load(EXAMPLE).expect_err("the example asks for 0.2");
        assert!(error.starts_with("error: tollgate.toml:1: this policy needs tollgate 0.2 or newer"), "{error}");
    }
}
