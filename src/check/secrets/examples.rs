//! The rules' own examples. Their secrets are made up here, so that no scanner and no forge takes the files that hold
//! them for a leak: `{{hex:32}}` stands for 32 made-up digits.

use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
use regex::{Captures, Regex};
use serde::Deserialize;

use crate::check::parsed::SharedTree;
use crate::check::secrets::Secrets;
use crate::check::secrets::pack::{Hit, KEYWORDS, entries, keywords, pattern};
use crate::check::secrets::proof::{NAMES, crc32};
use crate::check::{FileCheck, FileInput, Manner};
use crate::model::change::{FileSide, Mode, Source};
use crate::model::deadline::Deadline;
use crate::model::finding::Finding;
use crate::model::option::Options;
use crate::model::path::RepoPath;
use crate::model::rule::Level;
use crate::sarif::base64;

/// Letters of each kind of placeholder.
const KINDS: &[(&str, &str)] = &[
    ("alnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
    ("letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ("upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    ("lower36", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("digit", "0123456789"),
    ("digit19", "123456789"),
    ("hex", "0123456789abcdef"),
    ("b64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
    ("base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("base32l", "abcdefghijklmnopqrstuvwxyz234567"),
    ("bech32", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    ("bcrypt", "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
];

/// Chance that is always the same.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: &str) -> Self {
        Self(u64::from(crc32(seed.as_bytes())) | 1)
    }

    fn pick(&mut self, letters: &str) -> char {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(self.0 >> 33).unwrap() % letters.len();
        char::from(letters.as_bytes()[at])
    }

    fn text(&mut self, kind: &str, n: usize) -> String {
        let letters = KINDS.iter().find(|(name, _)| *name == kind).unwrap_or_else(|| panic!("no {kind}")).1;
        (0..n).map(|_| self.pick(letters)).collect()
    }

    fn uuid(&mut self) -> String {
        [8, 4, 4, 4, 12].map(|n| self.text("hex", n)).join("-")
    }

    fn with_checksum(&mut self, prefix: &str, n: usize) -> String {
        let letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let random = self.text("alnum", n);
        let (mut left, mut sum) = (crc32(random.as_bytes()), String::new());
        for _ in 0..6 {
            sum.insert(0, char::from(letters.as_bytes()[left as usize % 62]));
            left /= 62;
        }
        format!("{prefix}{random}{sum}")
    }

    fn fill(&mut self, placeholder: &str) -> String {
        let parts: Vec<&str> = placeholder.split(':').collect();
        match parts.as_slice() {
            ["uuid"] => self.uuid(),
            ["basic"] => base64::encode(format!("ops:{}", self.text("alnum", 14)).as_bytes()),
            ["jwt"] => {
                let part = |json: &str| base64::encode(json.as_bytes()).replace('=', "");
                let (head, body) = (part(r#"{"alg":"HS256","typ":"JWT"}"#), part(r#"{"sub":"1","name":"a"}"#));
                format!("{head}.{body}.{}", self.text("alnum", 43))
            }
            ["word", word] => (*word).to_owned(),
            ["crc62", prefix, n] => self.with_checksum(prefix, n.parse().unwrap()),
            [kind, n] => self.text(kind, n.parse().unwrap()),
            _ => panic!("unknown placeholder {placeholder}"),
        }
    }
}

/// The text with its placeholders filled.
pub(super) fn filled(text: &str) -> String {
    let mut dice = Dice::new(text);
    let form = Regex::new(r"\{\{([a-z0-9]+(?::[A-Za-z0-9_]+)*)\}\}").unwrap();
    form.replace_all(text, |found: &Captures<'_>| dice.fill(&found[1])).into_owned()
}

/// What is found in a file of that path.
pub(super) fn found(path: &str, bytes: &[u8]) -> Vec<Finding> {
    let side = FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Worktree };
    let file = FileInput {
        side: &side,
        is_added: true,
        n_bytes: bytes.len() as u64,
        bytes,
        is_text: crate::check::filetype::is_text(&side.path, bytes),
        manner: Manner::Gate,
        deadline: Deadline::NEVER,
        tree: &SharedTree::default(),
    };
    Secrets.check(&file, &Options::default()).unwrap().findings
}

#[derive(Deserialize)]
struct File {
    id: String,
    keywords: Vec<String>,
    tests: Tests,
}

#[derive(Deserialize)]
struct Tests {
    fail: Vec<String>,
    pass: Vec<String>,
}

fn files() -> Vec<(String, File)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/secrets");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let rules = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yml"));
    rules
        .map(|path| {
            let yaml = fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .collect()
}

#[test]
fn every_rule_does_what_its_examples_promise() {
    let mut wrong = Vec::new();
    for (_, file) in files() {
        let hits = |text: &str| {
            let found = found("settings.conf", filled(text).as_bytes());
            found.iter().filter(|finding| finding.rule.as_str() == file.id).count()
        };
        assert!(!file.tests.fail.is_empty() && !file.tests.pass.is_empty(), "{}", file.id);
        wrong.extend(
            file.tests.fail.iter().filter(|text| hits(text) == 0).map(|text| format!("{} misses {text}", file.id)),
        );
        wrong.extend(
            file.tests.pass.iter().filter(|text| hits(text) > 0).map(|text| format!("{} finds {text}", file.id)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_whole() {
    let names: Vec<String> = files()
        .into_iter()
        .map(|(name, file)| {
            assert_eq!(name, file.id);
            name
        })
        .collect();
    assert_eq!(names.len(), entries().len());
    for (at, entry) in entries().iter().enumerate() {
        let id = entry.id;
        assert!(Level::from_name(entry.level).is_some(), "{id}");
        assert!(["very-high", "high", "medium", "low"].contains(&entry.precision), "{id}");
        assert!(NAMES.contains(&entry.proof), "{id}");
        assert!(KEYWORDS.iter().any(|(_, rules)| rules.contains(&at)) && !entry.cwe.is_empty(), "{id}");
        assert_eq!(entry.regex.is_empty(), !entry.is_specific(), "{id}");
        assert!(
            pattern(at).is_none_or(|pattern| pattern
                .create_captures()
                .group_info()
                .all_names()
                .any(|name| name.2 == Some("secret"))),
            "{id}"
        );
    }
}

#[test]
fn what_is_in_the_rules_is_no_leak_itself() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/secrets");
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let bytes = fs::read(&path).unwrap();
        let found: Vec<Finding> =
            found("rules/x.yml", &bytes).into_iter().filter(|found| found.level > Level::Note).collect();
        let shown: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert!(shown.is_empty(), "{}: {shown:?}", path.display());
    }
}

#[test]
fn all_keywords_are_found_wherever_they_stand() {
    let files: Vec<File> = files().into_iter().map(|(_, file)| file).collect();
    let pairs: Vec<(&str, &str)> = files
        .iter()
        .flat_map(|file| file.keywords.iter().map(|keyword| (keyword.as_str(), file.id.as_str())))
        .collect();
    let texts = pairs.iter().map(|(keyword, _)| *keyword);
    let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(texts).unwrap();
    let mut dice = Dice::new("keywords");
    let row: String = (0..3_000)
        .map(|_| files[dice.text("digit", 6).parse::<usize>().unwrap() % files.len()].keywords[0].as_str())
        .collect();
    let examples = files.iter().flat_map(|file| file.tests.fail.iter().chain(&file.tests.pass)).cloned();
    for text in examples.chain([row.to_uppercase(), row]) {
        let mut expected: Vec<(usize, usize, &str)> = finder
            .find_overlapping_iter(&text)
            .map(|found| (found.start(), found.end(), pairs[found.pattern().as_usize()].1))
            .collect();
        let each = |Hit { place, rules }| rules.iter().map(move |rule| (place.start, place.end, entries()[*rule].id));
        let mut found: Vec<(usize, usize, &str)> = keywords(text.as_bytes()).flat_map(each).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{text}");
    }
}
