//! The files in `rules/` that are made from the rules, kept as they have to be: `SNAPSHOTS=overwrite` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use crate::check::pattern::pack::{Entry, FINGERPRINTS, built_in, entries};
use crate::check::rust::{self, RustRule};
use crate::syntax::imports::named;
use crate::syntax::languages::Language;
use crate::syntax::literals::{self, Need};
use crate::syntax::standing::Standing;

/// Holds a generated file against what it has to be, or writes it.
#[track_caller]
fn keep(name: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(name);
    #[expect(clippy::disallowed_methods, reason = "the switch that every test of a kept file has")]
    let overwrite = env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite");
    if overwrite {
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "rules/{name} is not what the rules say: run `SNAPSHOTS=overwrite cargo test --lib`");
}

/// Whether within each node, and the texts by how they stand.
type Known = (bool, [Vec<String>; 3]);

/// What a rule needs, if it is the same in each of its languages.
fn needs(entry: &Entry) -> Option<Vec<Known>> {
    let mut languages = entry.languages().map(|language| literals::of_json(entry.rule, &[], language));
    let first = languages.next()?;
    let is_same = languages.all(|needs| needs == first);
    let known = |need: Need| {
        let standing_so = |standing: Standing| {
            let its = need.texts.iter().filter(|text| text.standing == standing);
            its.map(|text| text.text.clone()).collect()
        };
        (need.is_within, [Standing::Anywhere, Standing::Word, Standing::Called].map(standing_so))
    };
    is_same.then(|| first.into_iter().map(known).collect())
}

#[test]
fn the_texts_that_rules_need_are_known_to_the_build() {
    let mut known = BTreeMap::new();
    for (entry, fingerprint) in entries().iter().zip(FINGERPRINTS) {
        let (needs, named) = (needs(entry), named::of_json(entry.rule));
        known.insert(entry.id, serde_json::json!({ "of": fingerprint, "needs": needs, "named": named }));
    }
    let lines: Vec<String> = known.iter().map(|(id, derived)| format!("  \"{id}\": {derived}")).collect();
    keep("needed.json", &format!("{{\n{}\n}}\n", lines.join(",\n")));
}

#[test]
fn the_index_lists_every_rule() {
    let mut by_language: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut n_rules = 0;
    for file in built_in() {
        n_rules += 1;
        let language = file.languages.first().map_or("", |language| language.name());
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let rule = &file.rule;
        let cwe: Vec<String> = rule.cwe.iter().map(|number| format!("CWE-{number}")).collect();
        by_language.entry(language).or_default().push(format!(
            "| [{id}]({path}) | {} | {} | {} | {} | {} |\n",
            rule.level.name(),
            rule.category,
            rule.precision,
            cwe.join(", "),
            cell(&rule.summary),
            id = rule.id,
            path = file.origin.strip_prefix("rules/").unwrap_or(&file.origin),
        ));
    }
    for rule in rust::rules().iter().map(RustRule::described) {
        by_language.entry(Language::Rust.name()).or_default().push(format!(
            "| {} | {} | {} | {} |  | {} |\n",
            rule.id,
            rule.level.name(),
            rule.category,
            rule.precision,
            rule.summary,
        ));
    }
    let mut index = format!(
        "# The built-in rules\n\nMade from the {n_rules} rule files beside it and from the rules for the structure of Rust, \
         which are part of the program; `tollgate explain ID` tells more of each.\n"
    );
    for (language, lines) in by_language {
        write!(
            index,
            "\n## {language}\n\n| rule | level | category | precision | weakness | what it finds |\n| --- | --- | --- | --- | --- | --- |\n{}",
            lines.concat()
        )
        .unwrap();
    }
    keep("INDEX.md", &index);
}
