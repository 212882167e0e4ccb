//! The architecture that `src/ARCHITECTURE.md` tells, held: who imports whom, who names which crate, and how large
//! things get. The tables here are the truth; widen one deliberately, and say why beside it.

mod judge;
mod source;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use crate::architecture::judge::{Design, cycle, faults};
use crate::architecture::source::{Source, Use};

/// Each top-level module with those that it may import, from the ground up.
const IMPORTS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("diff", &["model"]),
    ("process", &["model"]),
    ("git", &["model", "process"]),
    // `process` for the signal that ends a run, which every question to git takes.
    ("tree", &["model", "process", "git"]),
    ("syntax", &["model"]),
    ("sarif", &["model"]),
    ("store", &["model"]),
    ("discover", &["model", "git"]),
    ("check", &["model", "config", "diff", "syntax", "sarif"]),
    ("forge", &["model", "config", "sarif"]),
    // `check` for the ids and options of the built-in checks, into which hooks of others are translated.
    ("migrate", &["model", "config", "check"]),
    ("report", &["model", "diff", "sarif"]),
    ("plan", &["model", "config", "check"]),
    ("triage", &["model", "diff", "sarif"]),
    // `sarif` for the way from byte spans to lines and columns. `triage` for the form in which it takes the state
    // before: that holds a line map, so it can't be plain data of the model.
    ("run", &["model", "diff", "process", "tree", "syntax", "sarif", "store", "check", "plan", "triage"]),
    ("gate", &["model", "config"]),
    ("fix", &["model", "diff", "git", "tree"]),
    // `process` and `model` for the hooks that were there before, which are started with what git gave.
    ("hook", &["model", "config", "process", "git", "tree"]),
    (
        "app",
        &[
            "model", "config", "diff", "process", "git", "tree", "syntax", "sarif", "store", "discover", "check",
            "forge", "report", "plan", "triage", "run", "gate", "fix", "hook",
        ],
    ),
    // `fix` for `fix --undo`, which judges nothing. `git` and `process` because a command opens the repository that it
    // hands on, and hears the signals; `store` to keep a run and to show it again; `tree` for `builtin`, which reads and
    // mends the files that it is given; `syntax` for the names of languages, which `rules new` takes; `migrate` for the
    // command of that name, which judges nothing.
    (
        "cli",
        &[
            "model", "config", "process", "git", "tree", "syntax", "sarif", "store", "check", "forge", "migrate",
            "report", "fix", "hook", "app",
        ],
    ),
    ("lib", &["cli"]),
];

/// Each external crate with the modules that name it.
const OWNERS: &[(&str, &[&str])] = &[
    ("aho_corasick", &["syntax", "check"]),
    ("annotate_snippets", &["report"]),
    ("anstream", &["cli"]),
    ("anstyle", &["report"]),
    ("anyhow", &["app", "cli"]),
    ("ast_grep_config", &["syntax"]),
    ("ast_grep_core", &["syntax"]),
    ("ast_grep_language", &["syntax"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("ctrlc", &["cli"]),
    ("signal_hook", &["cli"]),
    // Loose objects.
    ("flate2", &["git"]),
    // Reports of test runners in whatever encoding they declare, with what is wrong replaced; compiled anyway for `quick_xml`.
    ("encoding_rs", &["check::suite"]),
    ("git2", &["git"]),
    ("ignore", &["config::patterns"]),
    ("indicatif", &["cli"]),
    ("json_event_parser", &["check::hygiene", "check::coverage"]),
    ("proc_macro2", &["check::rust"]),
    ("process_wrap", &["process"]),
    ("quick_xml", &["check", "report"]),
    ("rayon", &["run"]),
    ("regex_automata", &["check::secrets"]),
    ("regex_syntax", &["syntax"]),
    ("rusqlite", &["store"]),
    // Signals in `process`, locks and flags of files in `tree`.
    ("rustix", &["process", "tree"]),
    ("schemars", &["config"]),
    ("serde_saphyr", &["check", "migrate"]),
    ("serde_sarif", &["sarif"]),
    // Fingerprints, what identifies a private key or another secret, the name of a work tree's folder, and what an installed
    // file or one that was mended held.
    ("sha1", &["git"]),
    ("sha2", &["git", "sarif", "check::hygiene", "check::secrets", "store", "tree", "hook"]),
    ("similar", &["diff"]),
    ("strsim", &["config::nearest"]),
    ("syn", &["check::rust"]),
    ("terminal_size", &["cli"]),
    ("toml", &["config", "check::affected", "check::hygiene", "hook", "migrate"]),
    ("tree_sitter", &["syntax"]),
    ("tree_sitter_containerfile", &["syntax"]),
    ("unicode_script", &["check::hygiene"]),
];

/// External crates that every module but `model` may name.
const FREE: &[&str] = &["globset", "memchr", "regex", "serde", "serde_json", "thiserror"];

/// Crates that no module names: one to say how it is built (into the binary, for `flate2` and `git2`), one for the build
/// script alone, and what hands out memory, which the binary names beside the library.
const BUILT_IN: &[&str] = &["libz_sys", "mimalloc", "unicode_security"];

/// Parts of the standard library that touch the world, with their owners.
const STD_OWNERS: &[(&str, &[&str])] = &[
    ("std::process::Command", &["process"]),
    // `tree` has the users' files, `git` what it keeps beside its objects, `store` the cache folder, `hook` the folder of
    // the hooks, `cli` the files that the command line names: reports, the summary of a pipeline's step. `process` reads
    // the list of processes, which Linux shows as files.
    ("std::fs", &["tree", "git", "store", "hook", "cli", "process"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The crates that the manifest names, as Rust spells them; those that only tests use are not among them.
fn crates(manifest: &str) -> Vec<String> {
    fn tables<'a>(table: &'a toml::Table, into: &mut Vec<&'a toml::Table>) {
        let keys = ["dependencies", "build-dependencies"];
        into.extend(keys.iter().filter_map(|key| table.get(*key)?.as_table()));
    }
    let manifest: toml::Table = manifest.parse().expect("the manifest is TOML");
    let mut found = Vec::new();
    tables(&manifest, &mut found);
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    for target in targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table) {
        tables(target, &mut found);
    }
    let names: BTreeSet<String> =
        found.into_iter().flat_map(toml::Table::keys).map(|name| name.replace('-', "_")).collect();
    names.into_iter().filter(|name| !BUILT_IN.contains(&name.as_str())).collect()
}

fn own_crates() -> Vec<String> {
    crates(&fs::read_to_string(root().join("Cargo.toml")).expect("the manifest is there"))
}

fn design(crates: &[String]) -> Design<'_> {
    Design { imports: IMPORTS, owners: OWNERS, free: FREE, bare: "model", std_owners: STD_OWNERS, crates }
}

/// A file that a `mod` leads to.
struct Reached {
    module: Vec<String>,
    code: Use,
    source: Source,
}

/// Every file that is reached from the roots by `mod`, by its path.
fn reached() -> BTreeMap<PathBuf, Reached> {
    let src = root().join("src");
    let root = |name: &str, code| (src.join(name), Vec::new(), code);
    // The build script is a program of its own: it is no part of any module.
    let roots = [root("lib.rs", Use::Production), root("main.rs", Use::Production), root("build.rs", Use::Test)];
    let mut open: VecDeque<(PathBuf, Vec<String>, Use)> = roots.into();
    let mut reached = BTreeMap::new();
    while let Some((path, module, code)) = open.pop_front() {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let source = Source::new(&text, &module).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for declared in &source.modules {
            let module: Vec<String> = module.iter().cloned().chain([declared.name.clone()]).collect();
            let folder = src.join(module.iter().collect::<PathBuf>());
            let file = [folder.with_extension("rs"), folder.join("mod.rs")].into_iter().find(|file| file.is_file());
            let file = file.unwrap_or_else(|| panic!("{}: no file for `mod {}`", path.display(), declared.name));
            open.push_back((file, module, if code == Use::Test { code } else { declared.code }));
        }
        reached.insert(path, Reached { module, code, source });
    }
    reached
}

fn rust_files(folder: &Path, into: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.insert(path);
        }
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).expect("because it is in the package").display().to_string()
}

#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_source_keeps_to_the_design() {
    let crates = own_crates();
    let design = design(&crates);
    let all = reached()
        .into_iter()
        .flat_map(|(path, file)| faults(&shown(&path), &file.module, file.code, &file.source, &design));
    assert_none(&all.collect::<Vec<_>>());
}

#[test]
fn every_file_is_named_by_a_mod() {
    let reached = reached();
    let mut files = BTreeSet::new();
    rust_files(&root().join("src"), &mut files);
    let lost = files.iter().filter(|file| !reached.contains_key(*file));
    let faults = lost.map(|file| format!("{}:1: no `mod` names this file: declare it or delete it", shown(file)));
    assert_none(&faults.collect::<Vec<_>>());
}

#[test]
fn the_table_has_the_modules_that_there_are_and_no_cycle() {
    let there: BTreeSet<String> =
        reached().into_values().filter_map(|file| file.module.first().cloned()).chain(["lib".to_owned()]).collect();
    let named: BTreeSet<String> = IMPORTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(named, there, "left: the table, right: the modules");
    assert_eq!(cycle(IMPORTS), None);
}

#[test]
fn every_dependency_is_used_and_has_one_kind_of_owner() {
    let files = reached().into_values().filter(|file| file.code == Use::Production);
    let names = files.flat_map(|file| file.source.names).filter(|named| named.code == Use::Production);
    let named: BTreeSet<String> = names.filter_map(|named| named.segments.into_iter().next()).collect();
    let crates = own_crates();
    let mut faults = Vec::new();
    for name in &crates {
        let n_entries =
            OWNERS.iter().filter(|(owned, _)| owned == name).count() + FREE.iter().filter(|free| *free == name).count();
        if n_entries != 1 {
            faults.push(format!("the crate `{name}` has {n_entries} entries in OWNERS and FREE: give it one"));
        }
        if !named.contains(name) {
            faults.push(format!("Cargo.toml: nothing names the crate `{name}`: remove it"));
        }
    }
    for name in OWNERS.iter().map(|(name, _)| name).chain(FREE) {
        if !crates.iter().any(|there| there == name) {
            faults.push(format!("`{name}` is no dependency: remove its entry"));
        }
    }
    assert_none(&faults);
}

#[test]
fn the_page_prints_the_table() {
    let page = fs::read_to_string(root().join("src/ARCHITECTURE.md")).expect("the page is there");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.trim_end_matches(" |").split(" | ").collect();
        let [name, _, imports] = cells.as_slice() else { return None };
        Some((name.trim_end_matches('`'), imports.split_whitespace().filter(|word| *word != "-").collect::<Vec<_>>()))
    });
    let table = IMPORTS.iter().map(|(name, imports)| (*name, imports.to_vec()));
    assert_eq!(rows.collect::<Vec<_>>(), table.collect::<Vec<_>>(), "left: the page, right: the table");
}

#[test]
fn what_the_page_names_is_there() {
    let page = fs::read_to_string(root().join("src/ARCHITECTURE.md")).expect("the page is there");
    let in_source =
        |name: &&str| ["src/", "tests/", "rules/", "fixtures/"].iter().any(|folder| name.starts_with(folder));
    let is_one = |name: &&str| !name.contains(['<', '*', ' ']);
    let mut faults = Vec::new();
    for name in page.split('`').skip(1).step_by(2).filter(in_source).filter(is_one) {
        let (path, function) = name.split_once("::").unwrap_or((name, ""));
        let file = root().join(path);
        let has =
            |function: &str| fs::read_to_string(&file).is_ok_and(|text| text.contains(&format!("fn {function}(")));
        if !file.exists() || !(function.is_empty() || has(function)) {
            faults.push(format!("src/ARCHITECTURE.md: there is no `{name}`: name what took its place"));
        }
    }
    assert_none(&faults);
}

/// Judges one file of `module` as if it were in the source.
#[track_caller]
fn check(module: &str, text: &str, expected: &[&str]) {
    let module: Vec<String> = module.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let crates = ["clap", "git2", "serde", "unowned"].map(str::to_owned);
    let design = design(&crates);
    let source = Source::new(&format!("//! Doc.\n{text}\n"), &module).expect("the sample is Rust");
    let found = faults("x.rs", &module, Use::Production, &source, &design);
    let agrees = found.len() == expected.len() && found.iter().zip(expected).all(|(found, part)| found.contains(part));
    assert!(agrees, "expected {expected:?}, found {found:#?}");
}

#[test]
fn an_import_that_is_not_declared_is_reported_wherever_it_is_written() {
    let import = |line: usize| format!("x.rs:{line}: `hook` imports `app`");
    let samples = [
        "use crate::app::Session;",
        "use crate::{app::Session};",
        "use crate::{git::Repo, app as other};",
        "use crate::app;",
        "fn f() { crate::app::run(); }",
        "fn f(_: &crate::app::Session<'_>) {}",
        "type T = Vec<<crate::app::Session as Iterator>::Item>;",
        "fn f() { println!(\"{}\", crate::app::NAME); }",
        "macro_rules! m { () => { $crate::app::run() } }",
        "#[derive(crate::app::Derived)] struct S;",
        "pub(in crate::app) fn f() {}",
        "fn f() { use super::app::Session; }",
        "#[cfg(unix)] use crate::app::Session;",
        "#[cfg(not(test))] use crate::app::Session;",
        "#[cfg(test)] use crate::app::Session; use crate::app::Judged;",
    ];
    for sample in samples {
        check("hook", sample, &[&import(2)]);
    }
    check("hook::install", "\nuse crate::git::Repo;\nuse crate::app::Session;", &[&import(4)]);
    check("hook::install", "fn f() { super::super::app::run() }", &["`super::super`", &import(2)]);
    check("hook", "mod inner { fn f() { self::super::super::app::run() } }", &["`super::super`", &import(2)]);
    check("hook", "mod inner { fn f() { super::super::app::run() } }", &["`super::super`", &import(2)]);
    check("new", "use crate::model::path::RepoPath;", &["`new` is not in the table"]);
    check("", "fn f() { app::run() }", &["`lib` imports `app`"]);
}

#[test]
fn a_declared_import_and_a_look_around_at_home_pass() {
    check("hook", "use crate::git::Repo; use crate::hook::plan::Plan;", &[]);
    check("hook::install", "use super::plan::Plan; fn f() { self::g(); super::plan::h() } fn g() {}", &[]);
    check("hook", "mod inner { use super::plan::Plan; } pub(crate) fn f() {}", &[]);
    check("", "mod cli; fn f() { cli::main() }", &[]);
}

#[test]
fn tests_import_what_they_like() {
    check("hook", "#[cfg(test)]\nmod tests { use crate::app::Session; use std::fs; use git2::Oid; }", &[]);
    check("hook", "#[cfg(all(test, unix))]\n#[path = \"x\"]\nmod tests { fn f() { crate::app::run() } }", &[]);
    check("hook", "#[cfg(test)]\nimpl crate::app::Session { }\nuse crate::app::S;", &["x.rs:4: `hook` imports `app`"]);
}

#[test]
fn a_crate_outside_its_owner_is_reported() {
    check("git", "use git2::Repository;", &[]);
    check("hook", "use git2::Repository;", &["x.rs:2: `git2` is named outside git"]);
    check("hook", "fn f() { let _ = ::git2::Oid::zero(); }", &["`git2` is named outside git"]);
    check("hook", "use clap as arguments;", &["`clap` is named outside cli"]);
    check("hook", "#[derive(clap::Args)] struct S;", &["`clap` is named outside cli"]);
    check("model", "use serde::Serialize;", &["`model` names no external crate"]);
    check("hook", "use serde::Serialize;", &[]);
    check("git", "use unowned::X;", &["the crate `unowned` has no owner"]);
}

#[test]
fn parts_of_std_have_owners() {
    check("hook", "use std::process::Command;", &["`std::process::Command` is named outside process"]);
    check("hook", "use std::{process::{ExitCode, Command}};", &["`std::process::Command`"]);
    check("hook", "use std::process;", &["`std::process::Command`"]);
    check("hook", "fn f() -> std::process::ExitCode { todo!() }", &[]);
    check("check", "use std::fs::File;", &["`std::fs` is named outside tree, git, store, hook, cli, process"]);
    check("tree", "use std::fs;", &[]);
}

#[test]
fn globs_and_long_ways_up_are_reported_in_tests_too() {
    check("hook", "use std::io::*;", &["x.rs:2: `std::io::*` is a glob"]);
    check("hook", "#[cfg(test)] mod tests { use super::*; }", &["`super::*` is a glob"]);
    check("hook", "use std::{io::{self, *}};", &["`std::io::*` is a glob"]);
    check("hook::plan", "#[cfg(test)] mod tests { use super::super::Stage; }", &["`super::super`"]);
    check("hook", "use crate as own;", &["the crate itself is imported"]);
}

#[test]
fn what_is_too_large_is_reported() {
    let lines = |n: usize| "    f();\n".repeat(n);
    check("hook", &format!("fn f() {{\n{}}}", lines(58)), &[]);
    check("hook", &format!("fn f() {{\n{}}}", lines(59)), &["x.rs:2: function `f` has 61 lines"]);
    check("hook", &format!("impl S {{ fn g() {{\n{}}} }}", lines(59)), &["function `g` has 61 lines"]);
    check("hook", &format!("trait T {{ fn g() {{\n{}}} }}", lines(59)), &["function `g` has 61 lines"]);
    check("hook", "impl S { fn g(&self, a: u8, b: u8, c: u8, d: u8, e: u8) {} }", &[]);
    check("hook", "fn g(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}", &["function `g` has 6 parameters"]);
    let long = "const A: u8 = 0;\n".repeat(598);
    check("hook", &format!("{long}#[cfg(test)]\nmod tests {{\n{}}}", "const A: u8 = 0;\n".repeat(50)), &[]);
    check("hook", &format!("{long}const A: u8 = 0;\nconst B: u8 = 0;"), &["x.rs:1: 601 lines without tests"]);
}

#[test]
fn a_module_without_its_doc_is_reported() {
    let source = Source::new("fn f() {}\n", &[]).expect("the sample is Rust");
    let found = faults("x.rs", &[], Use::Production, &source, &design(&[]));
    assert_eq!(found, ["x.rs:1: begin with `//!`: what the module does, and what it must not know"]);
}

#[test]
fn a_cycle_in_a_table_is_found() {
    assert_eq!(cycle(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]), None);
    assert_eq!(cycle(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]), Some(vec!["a", "b", "c", "b"]));
}

#[test]
fn crates_are_read_from_every_table_of_the_manifest() {
    let manifest = "[dependencies]\na-b = \"1\"\n[dev-dependencies]\nt = \"1\"\n[build-dependencies]\nc = \"1\"\n\
                    [target.'cfg(unix)'.dependencies]\nd = { version = \"1\" }\n";
    assert_eq!(crates(manifest), ["a_b", "c", "d"]);
}
