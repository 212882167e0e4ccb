//! What is measured of small changes.

use std::collections::BTreeMap;

use crate::check::coverage::formats::recorded::told;
use crate::check::coverage::{Subject, measure};
use crate::config::coverage::CoverageGate;
use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Parent, Source, Status};
use crate::model::content::{Content, ContentError, Contents};
use crate::model::coverage::CoverageFormat;
use crate::model::deadline::Deadline;
use crate::model::path::RepoPath;

/// Contents by path; the side before is called `old/` and the path.
struct Texts(BTreeMap<String, String>);

impl Contents for Texts {
    fn read(&self, side: &FileSide, _: u64) -> Result<Content, ContentError> {
        let text = self.0.get(&side.path.to_string()).ok_or_else(|| ContentError("not here".to_owned()))?;
        Ok(Content::Bytes(text.clone().into_bytes()))
    }

    fn folder(&self, _: &ObjectId, _: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
        Ok(Vec::new())
    }
}

/// A change of these files: path, text before in each parent, text after.
type Files<'a> = &'a [(&'a str, &'a [&'a str], &'a str)];

/// Each line is one of these: lines of a file, functions, a finding, a notice; or what breaks the check.
fn measured(files: Files<'_>, format: CoverageFormat, report: &str, gate: Option<CoverageGate>) -> Vec<String> {
    let side = |path: String| FileSide { path: path.as_str().into(), mode: Mode::File, source: Source::Worktree };
    let n_parents = files.iter().map(|(_, olds, _)| olds.len()).max().unwrap_or(0);
    let (mut texts, mut changed) = (BTreeMap::new(), Vec::new());
    for (path, olds, new) in files {
        let mut bases = vec![None; n_parents];
        for (parent, old) in olds.iter().enumerate() {
            let before = format!("old{parent}/{path}");
            texts.insert(before.clone(), (*old).to_owned());
            bases[parent] = Some(side(before));
        }
        texts.insert((*path).to_owned(), (*new).to_owned());
        changed.push(ChangedFile { status: Status::Modified, head: Some(side((*path).to_owned())), bases });
    }
    let tree = ObjectId::from_hex(&[b'0'; 40]).expect("a name");
    let parents = vec![Parent { tree, commit: None }; n_parents];
    let indices = changed.iter().enumerate().map(|(index, file)| (file.path().clone(), index)).collect();
    let change = ChangeSet { title: String::new(), head: Head::Index, parents, files: changed, merged: Vec::new() };
    let paths: Vec<&str> = files.iter().map(|(path, ..)| *path).collect();
    let report = told(format, report.as_bytes(), &paths, &["there.py"]).expect("it can be read");
    let subject = Subject { change: &change, contents: &Texts(texts), files: &indices, deadline: Deadline::NEVER };
    let measured = match measure(&subject, &report, gate) {
        Ok(measured) => measured,
        Err(broken) => return vec![format!("broken: {}", broken.why)],
    };
    let coverage = &measured.coverage;
    let file = |(path, file): &(RepoPath, crate::model::coverage::FileCoverage)| {
        format!("{path} +{:?} ~{:?} -{:?} moved {:?}", file.covered, file.partly, file.uncovered, file.moved)
    };
    let functions = format!("functions {} of {}", coverage.n_uncovered_functions, coverage.n_functions);
    let finding = |finding: &crate::model::finding::Finding| {
        let rule = finding.rule.as_str().trim_start_matches("coverage/");
        format!("{rule}: {}", finding.message)
    };
    let files = coverage.files.iter().map(file);
    files.chain([functions]).chain(measured.findings.iter().map(finding)).chain(measured.notices).collect()
}

fn lcov(files: &[(&str, &[(u32, u32)])]) -> String {
    let mut text = String::new();
    for (path, lines) in files {
        text += &format!("SF:{path}\n");
        lines.iter().for_each(|(line, hits)| text += &format!("DA:{line},{hits}\n"));
        text += "end_of_record\n";
    }
    text
}

#[track_caller]
fn check(files: Files<'_>, report: &[(&str, &[(u32, u32)])], gate: Option<(Option<u8>, bool)>, expected: &[&str]) {
    let gate = gate.map(|(lines, functions)| CoverageGate { lines, functions });
    assert_eq!(measured(files, CoverageFormat::Lcov, &lcov(report), gate), expected);
}

const OLD: &str = "def price(x):\n    return x\n";
const NEW: &str = "def price(x):\n    y = x\n    return y\n\n\ndef refund(x):\n    x.paid = 0\n    return 0\n";

#[test]
fn lines_that_the_change_writes_count() {
    let all = [(1, 1), (2, 1), (3, 0), (6, 1), (7, 0), (8, 0)];
    let expected = "a.py +[2, 6] ~[] -[3, 7, 8] moved []";
    let functions = "functions 1 of 2";
    check(&[("a.py", &[OLD], NEW)], &[("a.py", &all)], None, &[expected, functions]);
    check(
        &[("a.py", &[OLD], NEW)],
        &[("a.py", &all)],
        Some((Some(41), true)),
        &[
            expected,
            functions,
            "uncovered-function: no test runs `refund`: none of its 2 lines that can be run was run",
            "changed-lines: the tests run 40.0 % of the 5 changed lines that can be run; the policy wants 41 %",
        ],
    );
    check(&[("a.py", &[OLD], NEW)], &[("a.py", &all)], Some((Some(40), false)), &[expected, functions]);
    // What is untouched counts neither as lines nor as functions.
    check(&[("a.py", &[NEW], NEW)], &[("a.py", &all)], Some((Some(100), true)), &["functions 0 of 0"]);
    // Without a state before, all of it counts.
    check(&[("a.py", &[], NEW)], &[("a.py", &all)], None, &["a.py +[1, 2, 6] ~[] -[3, 7, 8] moved []", functions]);
}

#[test]
fn in_a_merge_a_line_counts_that_no_parent_has() {
    let other = NEW.replace("    y = x\n    return y\n", "    return x\n");
    check(
        &[("a.py", &[OLD, &other], NEW)],
        &[("a.py", &[(2, 0), (3, 0), (7, 0)])],
        None,
        &["a.py +[] ~[] -[2, 3] moved []", "functions 1 of 1"],
    );
}

#[test]
fn what_only_moved_is_not_new() {
    let body = "    a = 1\n    b = 2\n    c = 3\n    return a\n";
    let before = format!("def f():\n{body}");
    let after = format!("import x\n\n\ndef f():\n{body}");
    check(
        &[("new.py", &[], &after), ("old.py", &[&before], "")],
        &[("new.py", &[(1, 1), (4, 1), (5, 0), (6, 0), (7, 0), (8, 0)])],
        Some((Some(100), true)),
        &["new.py +[1] ~[] -[] moved [4, 5, 6, 7, 8]", "functions 0 of 0"],
    );
}

#[test]
fn of_functions_in_one_another_the_outer_one_is_told() {
    let new = "def outer():\n    def inner():\n        return 1\n    return inner\n";
    check(
        &[("a.py", &[], new)],
        &[("a.py", &[(1, 1), (2, 0), (3, 0), (4, 0)])],
        Some((None, true)),
        &[
            "a.py +[1] ~[] -[2, 3, 4] moved []",
            "functions 2 of 2",
            "uncovered-function: no test runs `outer`: none of its 3 lines that can be run was run",
        ],
    );
}

#[test]
fn ranges_have_lines_without_code() {
    let new = "package a\n\nfunc F() int {\n\n\t// Nothing.\n\tx := 1\n\treturn x\n}\n";
    let report = "mode: set\na.go:3.14,8.2 2 0\n";
    let gate = CoverageGate { lines: None, functions: true };
    let found = measured(&[("a.go", &[], new)], CoverageFormat::Go, report, Some(gate));
    let function = "uncovered-function: no test runs `F`: none of its 2 lines that can be run was run";
    assert_eq!(found, ["a.go +[] ~[] -[3, 6, 7] moved []", "functions 1 of 1", function]);
}

#[test]
fn a_report_that_is_not_of_the_change_is_never_a_pass() {
    let gate = Some((Some(80), true));
    let change: Files<'_> = &[("a.py", &[OLD], NEW)];
    check(
        change,
        &[("a.py", &[(10, 1)])],
        gate,
        &["broken: the coverage report tells of line 10 of a.py, which has 8 lines"],
    );
    check(change, &[("a.py", &[(9, 1)])], gate, &["functions 0 of 0"]);
    check(
        change,
        &[("elsewhere.py", &[(1, 1)])],
        gate,
        &["broken: nothing that the coverage report names is in the repository, such as `elsewhere.py`"],
    );
    check(
        change,
        &[("there.py", &[(1, 1)])],
        gate,
        &["broken: the coverage report tells of none of the files that changed: a.py (it names 1)"],
    );
    let both: Files<'_> = &[("a.py", &[OLD], NEW), ("b.py", &[OLD], NEW)];
    check(
        both,
        &[("a.py", &[(2, 1)])],
        gate,
        &["a.py +[2] ~[] -[] moved []", "functions 0 of 1", "no coverage report tells of b.py"],
    );
    // Tests, files of another kind and files whose functions stay as they are need not be told of.
    let others: Files<'_> = &[
        ("tests/a.py", &[OLD], NEW),
        ("a.js", &[], "f()\n"),
        ("b.py", &[OLD], "def price(x):\n    return x\nz = 1\n"),
    ];
    check(others, &[("there.py", &[(1, 1)])], gate, &["functions 0 of 0"]);
}
