//! The known test runners for real: each on tests that pass, fail, err and are skipped, on a suite without fault and on
//! an empty one, by its definition alone. `.ci/tools` installs them, `.ci/run` runs this; `SNAPSHOTS=overwrite` writes
//! anew what is expected.

use std::path::Path;

use regex::Regex;
use serde_json::Value;

use crate::support::Ran;
use crate::tools::{Shop, assert_recorded, policy};

/// The suite tells what it is to tell, where it is; one without fault passes, and one without tests does not.
#[track_caller]
fn tells(tool: &str, folder: &str, more: &str, empty: &str) {
    tells_prepared(tool, folder, more, empty, &|_| {});
}

#[track_caller]
fn tells_prepared(tool: &str, folder: &str, more: &str, empty: &str, prepare: &dyn Fn(&Shop)) {
    let check = |kind: &str| -> Ran {
        let shop = Shop::new(&policy(tool, more), &format!("{folder}/{kind}"));
        prepare(&shop);
        shop.check()
    };
    let shop = Shop::new(&policy(tool, more), &format!("{folder}/tests"));
    prepare(&shop);
    let report: Value = serde_json::from_str(&shop.report().code(1).stdout).unwrap();
    let told: String = report["findings"].as_array().unwrap().iter().map(shown).collect();
    assert_recorded(&steady(&told, &shop.top()), &format!("{folder}/{tool}.txt"));
    assert_eq!(check("clean").code(0).stdout, "");
    check("empty").code(3).says(empty);
}

/// A finding as people get it: where it is, and the whole message.
fn shown(finding: &Value) -> String {
    let place = &finding["place"];
    let lines = &place["lines"];
    let place = match (lines["path"].as_str(), place["file"]["path"].as_str()) {
        (Some(path), _) => format!("{path}:{}", lines["start"][0]),
        (None, Some(path)) => path.to_owned(),
        (None, None) => "(the change)".to_owned(),
    };
    format!("{place}: {}\n", finding["message"].as_str().unwrap().replace('\n', "\n    "))
}

/// A text without what every run has another of, folders, times, addresses and the numbers of threads, and without what
/// every version of a runner has another of, its own places.
fn steady(text: &str, top: &Path) -> String {
    let text = text.replace(&*top.canonicalize().unwrap().to_string_lossy(), "[..TOP]");
    let changing = [
        (r"\d+\.\d+ ?m?s\b", "[TIME]"),
        (r"' \(\d+\) panicked", "' ([ID]) panicked"),
        (r"rustdoctest\w{6}", "[DOCTEST]"),
        (r"goroutine \d+", "goroutine [ID]"),
        (r"\+?0x[0-9a-f]+", "[ADDRESS]"),
        (r"(?m)^.*node_modules/.*\n", ""),
    ];
    changing.into_iter().fold(text, |text, (what, by)| Regex::new(what).unwrap().replace_all(&text, by).into_owned())
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn cargo_test() {
    tells("cargo-test", "cargo-test", "", "no test was executed");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn nextest() {
    tells("nextest", "cargo-test", "", "it says that it could not run");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn pytest() {
    tells("pytest", "pytest", "", "it says that it could not run");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn jest() {
    tells("jest", "jest", "", "wrote no report");
}

#[test]
#[ignore = "needs the tools that `.ci/tools` installs"]
fn vitest() {
    tells("vitest", "vitest", "args = [\"--globals\"]", "no test was executed");
}

#[test]
#[ignore = "needs cmake"]
fn ctest() {
    tells_prepared("ctest", "ctest", "", "no test was executed", &|shop| {
        shop.run("cmake", &["-S", ".", "-B", "build"]).code(0);
    });
}

#[test]
#[ignore = "needs Maven and its plugins as Debian packs them"]
fn maven() {
    let offline = "args = [\"--offline\", \"-Dmaven.repo.local=/usr/share/maven-repo\"]";
    tells("maven", "maven", offline, "wrote no report");
}

#[test]
#[ignore = "needs Go"]
fn go_test() {
    tells("go-test", "go-test", "", "no test was executed");
}

#[test]
#[ignore = "needs RSpec"]
fn rspec() {
    tells("rspec", "rspec", "", "no test was executed");
}

#[test]
#[ignore = "needs PHPUnit"]
fn phpunit() {
    tells_prepared("phpunit", "phpunit", "", "no test was executed", &|shop| {
        shop.run("mkdir", &["-p", "vendor/bin"]).code(0);
        shop.run("ln", &["-s", "/usr/bin/phpunit", "vendor/bin/phpunit"]).code(0);
    });
}
