//! Lists the built-in rules in `rules/`, and those for secrets, with what has to be known of each before it is worth reading, so that a commit
//! pays only for the rules that its files may break.

#![expect(clippy::disallowed_methods, reason = "cargo tells a build script where it is by variables")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;
use unicode_script::{Script, UnicodeScript};
use unicode_security::confusable_detection::skeleton;

/// The keys of a rule file that go into the list.
#[derive(Deserialize)]
struct Head {
    id: String,
    language: String,
    #[serde(default)]
    severity: String,
    files: Option<serde_json::Value>,
    ignores: Option<serde_json::Value>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metadata {
    also: Vec<String>,
    literals: Vec<String>,
}

/// Whether it is within each node that the rule finds, and the texts, the words and the called names of which there is one.
type Need = (bool, [Vec<String>; 3]);

/// What was derived from a rule, and from which.
#[derive(Deserialize)]
struct Derived {
    /// [`mark`] of the rule.
    of: String,
    /// What a file has in it if the rule can hold there. None if that is not the same in all its languages.
    needs: Option<Vec<Need>>,
    /// The words that it names.
    named: Vec<String>,
}

/// The folder of the rules for secrets, which have a form of their own.
const SECRETS: &str = "secrets";

/// A rule for secrets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretRule {
    id: String,
    #[serde(default)]
    provider: String,
    summary: String,
    message: String,
    why: String,
    fix: String,
    keywords: Vec<String>,
    #[serde(default)]
    finder: String,
    #[serde(default)]
    regex: String,
    #[serde(default)]
    proof: String,
    #[serde(default)]
    entropy: f64,
    #[serde(default = "line")]
    reach: usize,
    precision: String,
    level: String,
    cwe: Vec<u32>,
    tests: Examples,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    fail: Vec<String>,
    #[serde(rename = "pass")]
    _pass: Vec<String>,
}

/// How many bytes a secret and what introduces it take at most, if the rule does not say.
fn line() -> usize {
    512
}

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=hooks");
    let top = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.lock");
    println!("cargo::rustc-env=TOLLGATE_FINGERPRINT={:016x}", fingerprint(&top));
    // Deriving it takes the grammars, which this program does without: a test keeps the file as it has to be.
    let derived = fs::read_to_string(top.join("rules/needed.json")).unwrap_or_else(|_| "{}".to_owned());
    let derived: BTreeMap<String, Derived> =
        serde_json::from_str(&derived).unwrap_or_else(|error| panic!("rules/needed.json: {error}"));
    let mut list = String::from("static ENTRIES: &[Entry] = &[\n");
    let mut fingerprints = String::new();
    let is_language = |path: &&PathBuf| path.is_dir() && !path.ends_with(SECRETS);
    for folder in sorted(&top.join("rules")).iter().filter(is_language) {
        for file in sorted(folder).iter().filter(|path| path.extension().is_some_and(|extension| extension == "yml")) {
            let (line, fingerprint) = entry(file, &top, &derived);
            list.push_str(&line);
            fingerprints.push_str(&fingerprint);
        }
    }
    list.push_str("];\n");
    list.push_str(&packs(&top.join("rules/packs")));
    list.push_str("#[cfg(test)]\npub(crate) static FINGERPRINTS: &[&str] = &[\n");
    list.push_str(&fingerprints);
    list.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("rules.rs"), list).expect("the folder for output can be written");
    let (list, automaton) = secrets(&top);
    fs::write(out.join("secrets.rs"), list).expect("the folder for output can be written");
    fs::write(out.join("keywords.automaton"), automaton).expect("the folder for output can be written");
    fs::write(out.join("look_alikes.rs"), look_alikes()).expect("the folder for output can be written");
    fs::write(out.join("tools.rs"), tools(&top.join("rules/tools"))).expect("the folder for output can be written");
}

/// How many bytes what a letter looks like has at most; the rest is filled with zeros.
const N_SHAPE: usize = 3;

/// The letters of scripts other than Latin that look like ASCII, and what they look like. Without a reference in it: the
/// loader would have to mend each of them at every start.
fn look_alikes() -> String {
    let is_foreign = |letter: &char| !matches!(letter.script(), Script::Latin | Script::Common | Script::Inherited);
    let mut list = String::from("static LOOK_ALIKES: &[(char, [u8; 3])] = &[\n");
    for letter in ('\u{80}'..=char::MAX).filter(|letter| letter.is_alphanumeric() && is_foreign(letter)) {
        let looks_like: String = skeleton(letter.encode_utf8(&mut [0; 4])).collect();
        if looks_like.is_ascii() {
            let mut bytes = looks_like.into_bytes();
            assert!(bytes.len() <= N_SHAPE, "{letter:?} looks like more than the list has room for");
            bytes.resize(N_SHAPE, 0);
            writeln!(list, "    ({letter:?}, {bytes:?}),").expect("a text takes everything");
        }
    }
    list + "];\n"
}

/// The names and the texts of the definitions of tools.
fn tools(folder: &Path) -> String {
    let mut list = String::from("static DEFINITIONS: &[(&str, &str)] = &[\n");
    for file in sorted(folder).iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(list, "    ({name:?}, include_str!({:?})),", file.to_string_lossy()).expect("a text takes everything");
    }
    list + "];\n"
}

/// The list of the rules for secrets, without their examples, and the automaton of their keywords.
fn secrets(top: &Path) -> (String, Vec<u8>) {
    let mut list = String::from("static ENTRIES: &[Entry] = &[\n");
    let mut rules_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut n_rules = 0;
    for file in sorted(&top.join("rules").join(SECRETS)) {
        if file.extension().is_none_or(|extension| extension != "yml") {
            continue;
        }
        let yaml = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let SecretRule {
            id,
            provider,
            summary,
            message,
            why,
            fix,
            keywords,
            finder,
            regex,
            proof,
            entropy,
            reach,
            precision,
            level,
            cwe,
            tests,
        } = serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for keyword in &keywords {
            rules_of.entry(keyword.clone()).or_default().push(n_rules);
        }
        n_rules += 1;
        let example = tests.fail.first().map(String::as_str).unwrap_or_default().trim_end();
        writeln!(
            list,
            "    Entry {{ id: {id:?}, provider: {provider:?}, summary: {summary:?}, message: {message:?}, why: {why:?}, \
             fix: {fix:?}, finder: {finder:?}, regex: {regex:?}, proof: {proof:?}, \
             entropy: {entropy:?}, reach: {reach:?}, precision: {precision:?}, level: {level:?}, cwe: &{cwe:?}, \
             example: {example:?} }},"
        )
        .expect("a text takes everything");
    }
    list.push_str("];\npub(super) static KEYWORDS: &[(usize, &[usize])] = &[\n");
    for (keyword, rules) in &rules_of {
        writeln!(list, "    ({}, &{rules:?}),", keyword.len()).expect("a text takes everything");
    }
    let (automaton, ends) = automaton(rules_of.keys());
    writeln!(list, "];\nstatic ENDS: &[&[usize]] = &{};", format!("{ends:?}").replace('[', "&[").replacen('&', "", 1))
        .expect("a text takes everything");
    (list, automaton)
}

/// The automaton of Aho and Corasick for keywords, for letters of either case: the class of each of the 256 bytes, two
/// bytes that say how many classes there are, and for each state and class the next state in two bytes, all numbers
/// with the low byte first. With it for each state the keywords that end there. To make it takes a program longer than
/// to look through a file with it, and no library writes its own down in a form that need not be checked.
fn automaton<'a>(keywords: impl Iterator<Item = &'a String>) -> (Vec<u8>, Vec<Vec<usize>>) {
    let keywords: Vec<Vec<u8>> = keywords.map(|keyword| keyword.to_ascii_lowercase().into_bytes()).collect();
    let used: BTreeSet<u8> = keywords.iter().flatten().copied().collect();
    let class = |byte: u8| used.iter().position(|used| *used == byte.to_ascii_lowercase()).map_or(0, |at| at + 1);
    let n_classes = used.len() + 1;
    let (mut next, mut ends) = (vec![vec![0; n_classes]], vec![Vec::new()]);
    for (number, keyword) in keywords.iter().enumerate() {
        let mut state = 0;
        for byte in keyword {
            if next[state][class(*byte)] == 0 {
                next[state][class(*byte)] = next.len();
                next.push(vec![0; n_classes]);
                ends.push(Vec::new());
            }
            state = next[state][class(*byte)];
        }
        ends[state].push(number);
    }
    // By depth: where a state does not go on, it goes where the longest end of its text goes that is a state.
    let mut shorter = vec![0; next.len()];
    let mut open: VecDeque<usize> = next[0].iter().copied().filter(|state| *state != 0).collect();
    while let Some(state) = open.pop_front() {
        let inherited = ends[shorter[state]].clone();
        ends[state].extend(inherited);
        let otherwise = next[shorter[state]].clone();
        for (target, otherwise) in next[state].iter_mut().zip(otherwise) {
            match *target {
                0 => *target = otherwise,
                child => {
                    shorter[child] = otherwise;
                    open.push_back(child);
                }
            }
        }
    }
    let number = |number: usize| u16::try_from(number).expect("there are fewer states than that").to_le_bytes();
    let classes = (0..=u8::MAX).map(|byte| u8::try_from(class(byte)).expect("there are fewer classes than bytes"));
    let mut bytes: Vec<u8> = classes.collect();
    bytes.extend(number(n_classes));
    bytes.extend(next.into_iter().flatten().flat_map(number));
    (bytes, ends)
}

/// A number that is another one when the program may find something else: kept results are told apart by it.
fn fingerprint(top: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut open = vec![top.join("src"), top.join("rules"), top.join("Cargo.lock")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(sorted(&path));
        } else if path.extension().is_some_and(|extension| extension != "md") {
            fs::read(&path).unwrap_or_default().hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// What the engine needs of a rule, as JSON: that is read several times faster than YAML.
fn json(yaml: &str) -> Result<String, serde_saphyr::Error> {
    let mut rule: BTreeMap<String, serde_json::Value> = serde_saphyr::from_str(yaml)?;
    rule.retain(|key, _| !["note", "url"].contains(&key.as_str()));
    match rule.get("metadata").and_then(|metadata| metadata.get("query")).cloned() {
        Some(query) => rule.insert("metadata".to_owned(), serde_json::json!({ "query": query })),
        None => rule.remove("metadata"),
    };
    rule.values_mut().for_each(in_ascii);
    Ok(serde_json::to_string(&rule).expect("because it came out of a text"))
}

/// Makes the classes in all regular expressions of a rule those of ASCII: the ones of Unicode have hundreds of ranges, and
/// a commit waits while they are compiled.
fn in_ascii(rule: &mut serde_json::Value) {
    match rule {
        serde_json::Value::Object(keys) => {
            for (key, value) in keys {
                match value {
                    serde_json::Value::String(text) if key == "regex" => *text = ascii(text),
                    value => in_ascii(value),
                }
            }
        }
        serde_json::Value::Array(parts) => parts.iter_mut().for_each(in_ascii),
        _ => {}
    }
}

/// A regular expression with the classes of ASCII.
fn ascii(regex: &str) -> String {
    let (mut out, mut is_in_class, mut rest) = (String::new(), false, regex.chars());
    while let Some(next) = rest.next() {
        let escaped = if next == '\\' { rest.next() } else { None };
        let range = match escaped {
            Some('w') => Some("0-9A-Za-z_"),
            Some('d') => Some("0-9"),
            Some('s') => Some("\\t-\\r "),
            _ => None,
        };
        match (range, escaped) {
            (Some(range), _) if is_in_class => out.push_str(range),
            (Some(range), _) => out.push_str(&format!("[{range}]")),
            (None, Some('b')) if !is_in_class => out.push_str("(?-u:\\b)"),
            (None, Some(other)) => out.extend([next, other]),
            (None, None) => {
                is_in_class = next == '[' || (is_in_class && next != ']');
                out.push(next);
            }
        }
    }
    out
}

/// A number for a text, which another text does not have by chance: FNV-1a of 64 bits.
fn mark(text: &str) -> String {
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, add))
}

/// The lists `NAME@NUMBER.txt` of a folder: one id a line.
fn packs(folder: &Path) -> String {
    let mut list = String::from("static PACKS: &[Pack] = &[\n");
    for file in sorted(folder).iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let number = name.rsplit_once('@').and_then(|(_, number)| number.parse::<u32>().ok());
        let number = number.unwrap_or_else(|| panic!("{}: not NAME@NUMBER", file.display()));
        let rules: Vec<&str> = text.lines().collect();
        writeln!(list, "    Pack {{ name: {name:?}, number: {number}, rules: &{rules:?} }},")
            .expect("a text takes everything");
    }
    list + "];\n"
}

/// One line of the list, and the rule's line of the fingerprints.
fn entry(file: &Path, top: &Path, derived: &BTreeMap<String, Derived>) -> (String, String) {
    let yaml = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let head: Head = serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let origin = file.strip_prefix(top).expect("the file is below the top").to_string_lossy().replace('\\', "/");
    let rule = json(&yaml).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let fingerprint = mark(&rule);
    let derived = derived.get(&head.id).filter(|derived| derived.of == fingerprint);
    let list =
        |words: Option<&Vec<String>>| words.map_or_else(|| "None".to_owned(), |words| format!("Some(&{words:?})"));
    let needs = derived.and_then(|derived| derived.needs.as_ref()).map_or_else(
        || "None".to_owned(),
        |needs| {
            let need = |(is_within, [texts, words, called]): &Need| {
                format!("({is_within}, [&{texts:?}, &{words:?}, &{called:?}])")
            };
            let needs: Vec<String> = needs.iter().map(need).collect();
            format!("Some(&[{}])", needs.join(", "))
        },
    );
    let named = list(derived.map(|derived| &derived.named));
    let languages: Vec<String> = std::iter::once(head.language).chain(head.metadata.also).collect();
    let mut line = String::new();
    writeln!(
        line,
        "    Entry {{ origin: {origin:?}, yaml: include_str!({:?}), rule: {rule:?}, id: {:?}, severity: {:?}, languages: &{languages:?}, \
         needs: {needs}, named: {named}, literals: &{:?}, has_paths: {} }},",
        file.to_string_lossy(),
        head.id,
        head.severity,
        head.metadata.literals,
        head.files.is_some() || head.ignores.is_some(),
    )
    .expect("a text takes everything");
    (line, format!("    {fingerprint:?},\n"))
}
