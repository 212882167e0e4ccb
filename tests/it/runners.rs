//! The known test runners for real: each on tests that pass, fail, err and are skipped, on a suite without fault and on
//! an empty one, by its definition alone. `.ci/tools` installs them, `.ci/run` runs this; `SNAPSHOTS=overwrite` writes
//! anew what is expected.

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
    let told = check("tests").code(1).stdout;
    // What follows names temporary folders and threads.
    let places: String =
        told.lines().filter_map(|line| Some(format!("{}`\n", line.split_once("` failed")?.0))).collect();
    assert_eq!(places.lines().count(), told.lines().count(), "{told}");
    assert_recorded(&places, &format!("{folder}/{tool}.txt"));
    assert_eq!(check("clean").code(0).stdout, "");
    check("empty").code(3).says(empty);
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
