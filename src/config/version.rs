//! Versions of tools, as they print them, and what a check requires of them. Plain numbers with dots: what else a
//! version may hold says only whether it comes before a release.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// A version: numbers with dots, and perhaps what tells that the release is still to come.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    text: String,
    numbers: Vec<u64>,
    is_before_release: bool,
}

/// How a version is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    /// It begins with these numbers.
    Is,
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// The signs, those first that begin with another.
const SIGNS: [(&str, Comparison); 6] = [
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    (">", Comparison::Above),
    ("<", Comparison::Below),
    ("=", Comparison::Is),
    ("", Comparison::Is),
];

/// What is required of a version: all of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    text: String,
    parts: Vec<(Comparison, Vec<u64>)>,
}

impl Version {
    /// The first version in what a program prints: the first numbers with dots between them, else the first number.
    pub(crate) fn find(text: &str) -> Option<Self> {
        const BEFORE: &str =
            r"(?<before>(?i)(?:a|b|rc)\d+|[-.](?:alpha|beta|rc|pre|preview|dev|nightly|snapshot)[.\w]*)?";
        static DOTTED: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(&format!(r"(?<numbers>\d+(?:\.\d+)+){BEFORE}")).expect("because the expression is constant")
        });
        static SINGLE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"(?<numbers>\d+)(?<before>)").expect("because the expression is constant"));
        let found = DOTTED.captures(text).or_else(|| SINGLE.captures(text))?;
        Some(Self {
            text: found.get(0)?.as_str().to_owned(),
            numbers: numbers(found.name("numbers")?.as_str())?,
            is_before_release: found.name("before").is_some_and(|before| !before.is_empty()),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Requirement {
    /// Reads a requirement like `>=0.9, <2`; none if it is not one. A version without a sign stands for itself and all
    /// that begin with it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let part = |part: &str| {
            let part = part.trim();
            let (rest, comparison) =
                SIGNS.iter().find_map(|(sign, comparison)| Some((part.strip_prefix(sign)?, *comparison)))?;
            Some((comparison, numbers(rest.trim())?))
        };
        let parts: Option<Vec<_>> = text.split(',').map(part).collect();
        Some(Self { text: text.to_owned(), parts: parts? })
    }

    /// Whether a version is as required.
    pub(crate) fn accepts(&self, version: &Version) -> bool {
        self.parts.iter().all(|(comparison, wanted)| {
            let order = compare(&version.numbers, wanted);
            let order = if version.is_before_release { order.then(Ordering::Less) } else { order };
            match comparison {
                Comparison::Is => version.numbers.starts_with(wanted) || order == Ordering::Equal,
                Comparison::Above => order == Ordering::Greater,
                Comparison::AtLeast => order != Ordering::Less,
                Comparison::Below => order == Ordering::Less,
                Comparison::AtMost => order != Ordering::Greater,
            }
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Numbers with dots between them.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let number = |part: &str| part.parse().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()));
    text.split('.').map(number).collect()
}

/// Compares numbers; those that are missing at the end are 0.
fn compare(left: &[u64], right: &[u64]) -> Ordering {
    let at = |numbers: &[u64], index: usize| numbers.get(index).copied().unwrap_or(0);
    let orders = (0..left.len().max(right.len())).map(|index| at(left, index).cmp(&at(right, index)));
    orders.fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests {
    use super::{Requirement, Version};

    #[test]
    fn the_first_version_is_found() {
        for (printed, expected) in [
            ("ruff 0.9.1\n", Some("0.9.1")),
            ("v18.19.0", Some("18.19.0")),
            ("go version go1.22.1 linux/amd64", Some("1.22.1")),
            ("openjdk version \"17.0.9\" 2023-10-17", Some("17.0.9")),
            ("gcc (Debian 12.2.0-14) 12.2.0", Some("12.2.0")),
            ("black, 24.1.0 (compiled: yes)\nPython (CPython) 3.11.7", Some("24.1.0")),
            ("ShellCheck - shell script analysis tool\nversion: 0.10.0\n", Some("0.10.0")),
            ("Python 3.13.0rc2", Some("3.13.0rc2")),
            ("tool 2.0.0-beta.3 (abc)", Some("2.0.0-beta.3")),
            ("less 590 (GNU regular expressions)", Some("590")),
            ("no version", None),
            ("1.99999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(Version::find(printed).map(|version| version.to_string()).as_deref(), expected, "{printed}");
        }
    }

    #[track_caller]
    fn check(required: &str, accepted: &[&str], refused: &[&str]) {
        let requirement = Requirement::parse(required).expect(required);
        for (versions, expected) in [(accepted, true), (refused, false)] {
            for version in versions {
                assert_eq!(
                    requirement.accepts(&Version::find(version).expect("one")),
                    expected,
                    "{version} {required}"
                );
            }
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        check(">=0.9", &["0.9", "0.9.0", "0.10.1", "1", "0.9.1-rc.1"], &["0.8.9", "0.9.0-rc.1", "0.9b2", "0"]);
        check(">0.9", &["0.9.1", "1.0"], &["0.9", "0.9.0", "0.8"]);
        check("<2", &["1.99.99", "2.0.0-beta1"], &["2", "2.0.1", "3.0"]);
        check("<=2", &["2.0", "1.9"], &["2.0.1"]);
        check("1.2", &["1.2", "1.2.0", "1.2.9", "1.2.9-rc1"], &["1.3", "1", "11.2", "1.20"]);
        check("=1.2.0", &["1.2", "1.2.0.4"], &["1.2.1"]);
        check(" >= 0.9 , < 2 ", &["0.9", "1.5"], &["0.8", "2.0"]);
    }

    #[test]
    fn what_is_no_requirement_is_refused() {
        for text in ["", "latest", "^1.2", "~1.2", ">=", ">=1.x", "1.2,", "1..2", ">=1.0-rc1", "=>1", "+1", "1 2"] {
            assert_eq!(Requirement::parse(text), None, "{text}");
        }
    }
}
