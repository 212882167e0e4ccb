//! How runners of tests are told to run again those that failed, and no others.

use std::collections::{BTreeMap, BTreeSet};

/// The most tests that are named on a command line; where more failed, all run again.
const MAX_TESTS: usize = 100;

/// A test that failed, as its report names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failing {
    /// What it belongs to.
    pub(crate) class: String,
    /// Its name.
    pub(crate) name: String,
}

/// What tells a runner; none where it can't be told of these.
pub(super) type Again = fn(&[&Failing]) -> Option<Vec<String>>;

/// The arguments for tests that failed, by a runner's own way.
pub(super) fn arguments(again: Again, failing: &[&Failing]) -> Option<Vec<String>> {
    if failing.is_empty() || failing.len() > MAX_TESTS {
        return None;
    }
    again(failing)
}

pub(super) fn never(_: &[&Failing]) -> Option<Vec<String>> {
    None
}

/// pytest remembers by itself which failed.
pub(super) fn pytest(_: &[&Failing]) -> Option<Vec<String>> {
    Some(["--last-failed", "--last-failed-no-failures=none"].map(str::to_owned).to_vec())
}

/// One expression for the names of all; Jest joins those of the blocks around a test with blanks.
pub(super) fn jest(failing: &[&Failing]) -> Option<Vec<String>> {
    let name = |test: &&Failing| regex::escape(format!("{} {}", test.class, test.name).trim_start());
    let names: Vec<String> = failing.iter().map(name).collect();
    Some(vec![format!("--testNamePattern=^({})$", names.join("|"))])
}

/// The packages and one expression for the names; a test within another is run with that.
pub(super) fn go(failing: &[&Failing]) -> Option<Vec<String>> {
    let packages: BTreeSet<&str> = failing.iter().map(|test| test.class.as_str()).collect();
    let names: BTreeSet<&str> = failing.iter().filter_map(|test| test.name.split('/').next()).collect();
    if packages.iter().chain(&names).any(|name| name.is_empty() || name.starts_with(['-', '('])) {
        return None;
    }
    let names: Vec<String> = names.into_iter().map(regex::escape).collect();
    let expression = format!("-run=^({})$", names.join("|"));
    Some(std::iter::once(expression).chain(packages.into_iter().map(str::to_owned)).collect())
}

/// A part of one name is all that Cargo takes.
pub(super) fn cargo(failing: &[&Failing]) -> Option<Vec<String>> {
    match failing {
        [test] if !test.name.is_empty() && !test.name.starts_with('-') => {
            Some(vec!["--workspace".to_owned(), test.name.clone()])
        }
        _ => None,
    }
}

/// One expression for the names.
pub(super) fn nextest(failing: &[&Failing]) -> Option<Vec<String>> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    if failing.iter().any(|test| test.name.is_empty() || !test.name.chars().all(is_plain)) {
        return None;
    }
    let names: Vec<String> = failing.iter().map(|test| format!("test(={})", test.name)).collect();
    Some(["--workspace", "-E", &names.join(" + ")].map(str::to_owned).to_vec())
}

pub(super) fn maven(failing: &[&Failing]) -> Option<Vec<String>> {
    let classes = by_class(failing)?;
    let class = |(class, methods): (&str, Option<BTreeSet<&str>>)| match methods {
        Some(methods) => format!("{class}#{}", methods.into_iter().collect::<Vec<_>>().join("+")),
        None => class.to_owned(),
    };
    let classes: Vec<String> = classes.into_iter().map(class).collect();
    Some(vec![
        format!("-Dtest={}", classes.join(",")),
        "-Dsurefire.failIfNoSpecifiedTests=false".to_owned(),
        "-DfailIfNoTests=false".to_owned(),
    ])
}

pub(super) fn gradle(failing: &[&Failing]) -> Option<Vec<String>> {
    let mut arguments = Vec::new();
    for (class, methods) in by_class(failing)? {
        let names = match methods {
            Some(methods) => methods.into_iter().map(|method| format!("{class}.{method}")).collect(),
            None => vec![class.to_owned()],
        };
        arguments.extend(names.into_iter().flat_map(|name| ["--tests".to_owned(), name]));
    }
    Some(arguments)
}

/// The methods by class; none of a class of which a name is no method's, so that all of it runs.
fn by_class<'a>(failing: &[&'a Failing]) -> Option<BTreeMap<&'a str, Option<BTreeSet<&'a str>>>> {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
    let mut classes: BTreeMap<&str, Option<BTreeSet<&str>>> = BTreeMap::new();
    for test in failing {
        // What went wrong around the tests of a class bears its name alone.
        let class = if test.class.is_empty() { test.name.as_str() } else { test.class.as_str() };
        if !is_name(class) {
            return None;
        }
        let methods = classes.entry(class).or_insert_with(|| Some(BTreeSet::new()));
        let method = test.name.split(['(', '[']).next().unwrap_or_default();
        match methods {
            Some(methods) if is_name(method) && !method.contains('.') && method != class => {
                methods.insert(method);
            }
            methods => *methods = None,
        }
    }
    Some(classes)
}

#[cfg(test)]
mod tests {
    use super::{Again, Failing, arguments, cargo, go, gradle, jest, maven, nextest};

    /// Words are tests as `class name`.
    #[track_caller]
    fn check(again: Again, tests: &[&str], expected: Option<&str>) {
        let failing = |test: &&str| {
            let (class, name) = test.split_once(' ').unwrap_or(("", test));
            Failing { class: class.to_owned(), name: name.to_owned() }
        };
        let failing: Vec<Failing> = tests.iter().map(failing).collect();
        let told = arguments(again, &failing.iter().collect::<Vec<_>>());
        assert_eq!(told.map(|told| told.join(" ")).as_deref(), expected);
    }

    #[test]
    fn each_runner_is_told_in_its_own_way() {
        check(jest, &["half fails (1)", "alone"], Some(r"--testNamePattern=^(half fails \(1\)|alone)$"));
        check(go, &["x/y TestA/b", "x/y TestA/c", "x/z TestB"], Some("-run=^(TestA|TestB)$ x/y x/z"));
        check(go, &["x/y (package)"], None);
        check(cargo, &["half tests::fails"], Some("--workspace tests::fails"));
        check(cargo, &["half tests::fails", "half tests::errs"], None);
        check(
            nextest,
            &["half tests::fails", "half tests::errs"],
            Some("--workspace -E test(=tests::fails) + test(=tests::errs)"),
        );
        check(nextest, &["half tests::fails)"], None);
        let rest = "-Dsurefire.failIfNoSpecifiedTests=false -DfailIfNoTests=false";
        check(
            maven,
            &["p.ATest a", "p.ATest b[1]", "p.BTest c()"],
            Some(&format!("-Dtest=p.ATest#a+b,p.BTest#c {rest}")),
        );
        check(
            maven,
            &["p.ATest a", "p.ATest half of one", "p.BTest p.BTest"],
            Some(&format!("-Dtest=p.ATest,p.BTest {rest}")),
        );
        check(maven, &["p.ATest,-x a"], None);
        check(gradle, &["p.ATest a()", "p.BTest a b"], Some("--tests p.ATest.a --tests p.BTest"));
    }

    #[test]
    fn where_too_many_failed_or_none_all_run() {
        let many: Vec<String> = (0..101).map(|n| format!("p.ATest t{n}")).collect();
        check(maven, &many.iter().map(String::as_str).collect::<Vec<_>>(), None);
        check(jest, &[], None);
    }
}
