//! Tests that are known to fail now and then: a committed list in TOML, each with its owner, the reason and a day.

use serde::Deserialize;

use crate::model::suppression::Day;

/// The most tests of a list.
const MAX_ENTRIES: usize = 10_000;

/// A list, and the file that it is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quarantine {
    /// The file, from the top of the repository; empty for none.
    pub(crate) file: String,
    /// Its tests; filled by whoever reads the file on the policy's side.
    pub(crate) entries: Vec<Entry>,
}

/// A test of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its full name, or the beginning of several names and a `*`.
    pub(crate) name: String,
    /// Who mends it.
    pub(crate) owner: String,
    /// Why it is here.
    pub(crate) reason: String,
    /// The last day on which its failure does not count.
    pub(crate) until: Day,
}

impl Entry {
    /// Whether it means the test of this name.
    pub(crate) fn means(&self, test: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => test.starts_with(start),
            None => test == self.name,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    #[serde(default)]
    test: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    name: String,
    owner: String,
    reason: String,
    until: RawDay,
}

/// A day as TOML has it, or as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawDay {
    Date(toml::value::Datetime),
    Text(String),
}

/// Reads a list; the error is for people.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let list: RawList = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    if list.test.len() > MAX_ENTRIES {
        return Err(format!("it has more than {MAX_ENTRIES} tests"));
    }
    list.test.into_iter().map(entry).collect()
}

fn entry(raw: RawEntry) -> Result<Entry, String> {
    let RawEntry { name, owner, reason, until } = raw;
    let until = match until {
        RawDay::Date(date) => date.to_string(),
        RawDay::Text(text) => text,
    };
    let Some(until) = Day::parse(&until) else {
        return Err(format!("`until = {until}` of the test `{name}` is no day: write `until = 2027-03-01`"));
    };
    let texts = [("name", &name), ("owner", &owner), ("reason", &reason)];
    match texts.iter().find(|(_, text)| text.trim().is_empty()) {
        Some((key, _)) => Err(format!("the test `{name}` has an empty `{key}`")),
        None if name == "*" => Err("`name = \"*\"` would mean every test".to_owned()),
        None => Ok(Entry { name, owner, reason, until }),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_test_has_an_owner_a_reason_and_a_day() {
        let list = "[[test]]\nname = \"a::b*\"\nowner = \"@ann\"\nreason = \"races\"\nuntil = 2027-03-01\n";
        let entries = parse(list.as_bytes()).unwrap();
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((entry.owner.as_str(), entry.reason.as_str()), ("@ann", "races"));
        assert_eq!(entry.until.to_string(), "2027-03-01");
        assert!(entry.means("a::b") && entry.means("a::bc") && !entry.means("a::c"));
        assert_eq!(parse(list.replace("2027-03-01", "\"2027-03-01\"").as_bytes()), Ok(entries));
        assert_eq!(parse(b""), Ok(Vec::new()));
        for (from, to, why) in [
            ("2027-03-01", "2027-02-30", "2027-02-30"),
            ("2027-03-01", "\"soon\"", "is no day"),
            ("@ann", " ", "empty `owner`"),
            ("a::b*", "*", "every test"),
            ("reason", "because", "because"),
        ] {
            let error = parse(list.replace(from, to).as_bytes()).expect_err(to);
            assert!(error.contains(why), "{error}");
        }
    }
}
