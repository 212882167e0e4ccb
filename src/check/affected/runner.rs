//! How runners of tests are told which to run: the placeholders of a command line.

use std::collections::BTreeSet;

use crate::check::affected::Language;
use crate::check::affected::Tests;
use crate::check::affected::again::{self, Again, Failing};
use crate::check::affected::go::GO;
use crate::check::affected::javascript::JAVASCRIPT;
use crate::check::affected::jvm::JVM;
use crate::check::affected::python::PYTHON;
use crate::check::affected::rust::RUST;

/// The most bytes of names on a command line; every system takes this much.
const MAX_NAMES: usize = 24 << 10;

/// How the runner of a placeholder is told.
#[derive(Debug)]
pub(crate) struct Runner {
    /// The placeholder, an argument of its own.
    placeholder: &'static str,
    /// The language of the tests.
    pub(super) language: &'static Language,
    /// The arguments for all tests.
    all: &'static [&'static str],
    /// Those for some.
    some: fn(&BTreeSet<String>) -> Vec<String>,
    /// Those for tests that failed.
    again: Again,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every placeholder.
static RUNNERS: [Runner; 8] = [
    Runner { placeholder: "{python-tests}", language: &PYTHON, all: &[], some: as_they_are, again: again::pytest },
    Runner {
        placeholder: "{javascript-tests}",
        language: &JAVASCRIPT,
        all: &[],
        some: as_they_are,
        again: again::never,
    },
    // Without the option it would take a name for a pattern.
    Runner { placeholder: "{jest-tests}", language: &JAVASCRIPT, all: &[], some: by_path, again: again::jest },
    Runner { placeholder: "{go-tests}", language: &GO, all: &["./..."], some: as_they_are, again: again::go },
    Runner {
        placeholder: "{cargo-tests}",
        language: &RUST,
        all: &["--workspace"],
        some: packages,
        again: again::cargo,
    },
    Runner {
        placeholder: "{nextest-tests}",
        language: &RUST,
        all: &["--workspace"],
        some: binaries,
        again: again::nextest,
    },
    Runner { placeholder: "{maven-tests}", language: &JVM, all: &[], some: maven, again: again::maven },
    Runner { placeholder: "{gradle-tests}", language: &JVM, all: &[], some: gradle, again: again::gradle },
];

/// The runner of a placeholder.
pub(crate) fn of(word: &str) -> Option<&'static Runner> {
    RUNNERS.iter().find(|runner| word == runner.placeholder)
}

impl Runner {
    /// The arguments for a selection; for all tests if there is none, or if they would be too long.
    pub(crate) fn arguments(&self, selection: Option<&Tests>) -> Vec<String> {
        match selection {
            Some(Tests::Some { names, .. }) => (self.some)(names),
            Some(Tests::All(_)) | None => self.all.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    /// The arguments for tests that failed of a selection; none if the runner can't be told of these.
    pub(crate) fn again(&self, failing: &[&Failing], selection: Option<&Tests>) -> Option<Vec<String>> {
        let told = again::arguments(self.again, failing)?;
        // What the runner remembers by itself is held against what it is told to look at.
        let first = if self.language.name == PYTHON.name { self.arguments(selection) } else { Vec::new() };
        let told: Vec<String> = first.into_iter().chain(told).collect();
        (told.iter().map(|word| word.len() + 1).sum::<usize>() <= MAX_NAMES).then_some(told)
    }

    /// The selection, unless it does not fit on a command line.
    pub(crate) fn fitting(&self, selection: Tests) -> Tests {
        let size = |selection: &Tests| self.arguments(Some(selection)).iter().map(|word| word.len() + 1).sum::<usize>();
        match selection {
            Tests::Some { .. } if size(&selection) > MAX_NAMES => {
                Tests::All("the names of those that are affected don't fit on a command line".to_owned())
            }
            selection => selection,
        }
    }
}

fn as_they_are(names: &BTreeSet<String>) -> Vec<String> {
    names.iter().cloned().collect()
}

fn by_path(names: &BTreeSet<String>) -> Vec<String> {
    std::iter::once("--runTestsByPath".to_owned()).chain(names.iter().cloned()).collect()
}

/// `package` and `package::target` as packages.
fn packages(names: &BTreeSet<String>) -> Vec<String> {
    let packages: BTreeSet<&str> = names.iter().filter_map(|name| name.split("::").next()).collect();
    packages.into_iter().flat_map(|name| ["-p".to_owned(), name.to_owned()]).collect()
}

/// The same as a filter of nextest.
fn binaries(names: &BTreeSet<String>) -> Vec<String> {
    let filters = names.iter().map(|name| match name.contains("::") {
        true => format!("binary_id(={name})"),
        false => format!("package(={name})"),
    });
    let filter = filters.collect::<Vec<_>>().join(" + ");
    vec!["--workspace".to_owned(), "-E".to_owned(), filter]
}

fn maven(names: &BTreeSet<String>) -> Vec<String> {
    let classes: Vec<String> = names.iter().flat_map(|name| [name.clone(), format!("{name}$*")]).collect();
    // A module without any of them is no failure.
    vec![
        format!("-Dtest={}", classes.join(",")),
        "-Dsurefire.failIfNoSpecifiedTests=false".to_owned(),
        "-DfailIfNoTests=false".to_owned(),
    ]
}

fn gradle(names: &BTreeSet<String>) -> Vec<String> {
    names.iter().flat_map(|name| ["--tests".to_owned(), name.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::{RUNNERS, of};
    use crate::check::affected::Tests;
    use crate::config::select::PLACEHOLDERS;

    #[test]
    fn every_placeholder_that_the_policy_knows_has_a_runner() {
        assert_eq!(RUNNERS.each_ref().map(|runner| runner.placeholder), PLACEHOLDERS);
    }

    #[track_caller]
    fn check(placeholder: &str, names: &[&str], some: &str, all: &str) {
        let runner = of(placeholder).unwrap();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let selection = Tests::Some { names, n_all: 9, note: String::new() };
        assert_eq!(runner.arguments(Some(&selection)).join(" "), some);
        assert_eq!(runner.arguments(None).join(" "), all);
    }

    #[test]
    fn each_runner_is_told_in_its_own_way() {
        check("{python-tests}", &["a/test_x.py", "b.py"], "a/test_x.py b.py", "");
        check("{jest-tests}", &["a.test.js"], "--runTestsByPath a.test.js", "");
        check("{go-tests}", &["./a", "./b"], "./a ./b", "./...");
        check("{cargo-tests}", &["a", "a::it", "b::x"], "-p a -p b", "--workspace");
        check("{nextest-tests}", &["a", "b::x"], "--workspace -E package(=a) + binary_id(=b::x)", "--workspace");
        check(
            "{maven-tests}",
            &["a.BTest"],
            "-Dtest=a.BTest,a.BTest$* -Dsurefire.failIfNoSpecifiedTests=false -DfailIfNoTests=false",
            "",
        );
        check("{gradle-tests}", &["a.BTest", "a.CTest"], "--tests a.BTest --tests a.CTest", "");
    }

    #[test]
    fn names_that_do_not_fit_are_a_reason_for_all() {
        let names = (0..5_000).map(|n| format!("tests/test_{n}.py")).collect();
        let selection = Tests::Some { names, n_all: 5_000, note: String::new() };
        let fitting = RUNNERS.first().unwrap().fitting(selection);
        assert!(matches!(fitting, Tests::All(why) if why.contains("command line")));
    }
}
