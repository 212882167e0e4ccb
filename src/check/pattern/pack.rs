//! The built-in packs, embedded from `rules/`.

use std::collections::BTreeSet;

use include_dir::{Dir, include_dir};

use crate::check::pattern::rule_file::RuleFile;
use crate::syntax::Language;

static RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The folders whose rules may run on a language.
fn folders(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &["rust"],
        Language::Python => &["python"],
        Language::JavaScript => &["javascript"],
        Language::TypeScript | Language::Tsx => &["javascript", "typescript"],
        Language::Go => &["go"],
    }
}

/// Every built-in rule, sorted by file.
pub(crate) fn built_in() -> Vec<RuleFile> {
    built_in_for(&Language::all().collect::<Vec<_>>())
}

/// The built-in rules that run on one of these languages: only their files are read.
pub(crate) fn built_in_for(languages: &[Language]) -> Vec<RuleFile> {
    all_folders(languages).into_iter().flat_map(read).collect()
}

/// The ids of every built-in rule, told by the file names alone.
pub(crate) fn built_in_ids() -> Vec<String> {
    all_folders(&Language::all().collect::<Vec<_>>())
        .into_iter()
        .flat_map(files)
        .filter_map(|(path, _)| Some(std::path::Path::new(path).file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// The folders of several languages, each once.
fn all_folders(languages: &[Language]) -> BTreeSet<&'static str> {
    languages.iter().flat_map(|language| folders(*language)).copied().collect()
}

fn files(folder: &str) -> Vec<(&'static str, &'static str)> {
    let folder = RULES.get_dir(folder);
    let mut files: Vec<_> = folder
        .into_iter()
        .flat_map(|folder| folder.files())
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "yml"))
        .filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
        .collect();
    files.sort_unstable();
    files
}

fn read(folder: &str) -> Vec<RuleFile> {
    files(folder)
        .into_iter()
        .map(|(path, yaml)| {
            let origin = format!("rules/{path}");
            RuleFile::parse(&origin, yaml).expect("because a test reads every embedded rule")
        })
        .collect()
}
