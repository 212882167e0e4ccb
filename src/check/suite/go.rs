//! What `go test -json` prints: one event a line (`go doc test2json`).

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;

use crate::check::suite::lines::{Line, each};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, Take, add_tail, head};

/// The most tests that run at the same time, and the most packages.
const MAX_OPEN: usize = 100_000;

/// One line.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    import_path: String,
    #[serde(default)]
    test: String,
    #[serde(default)]
    output: String,
    #[serde(default)]
    elapsed: f64,
}

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let mut reading = Reading {
        take,
        n_events: 0,
        packages: BTreeMap::new(),
        tests: BTreeMap::new(),
        builds: BTreeMap::new(),
        building: None,
    };
    each(input, &mut |line| reading.line(&line))?;
    if reading.n_events == 0 {
        return Err(Cut("no line of it is an event of `go test -json`".to_owned()));
    }
    match reading.packages.iter().find(|(_, package)| !package.is_over) {
        Some((name, _)) => Err(Cut(format!("it is broken off: package `{}` does not end", head(name, MAX_NAME)))),
        None => Ok(None),
    }
}

#[derive(Default)]
struct Package {
    is_over: bool,
    /// The names of its tests that failed.
    failed: Vec<String>,
    output: String,
}

struct Reading<'a, 'b> {
    take: &'a mut Take<'b>,
    n_events: usize,
    packages: BTreeMap<String, Package>,
    /// What the tests that run print, by package and name.
    tests: BTreeMap<(String, String), String>,
    /// What compilers print, by package.
    builds: BTreeMap<String, String>,
    /// The package of which a compiler is telling, where it tells so in plain lines.
    building: Option<String>,
}

impl Reading<'_, '_> {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Cut> {
        let Ok(told) = serde_json::from_str::<Told>(line.text) else { return self.other(line) };
        self.n_events += 1;
        if self.tests.len() > MAX_OPEN || self.packages.len() > MAX_OPEN {
            return Err(Cut(format!("more than {MAX_OPEN} tests run at the same time")));
        }
        if told.action.starts_with("build-") {
            add_tail(self.builds.entry(told.import_path).or_default(), &told.output);
        } else if told.test.is_empty() {
            self.package(told);
        } else {
            self.test(told);
        }
        Ok(())
    }

    /// A line that is no event: older versions print what compilers say, and which package could not be built.
    fn other(&mut self, line: &Line<'_>) -> Result<(), Cut> {
        if line.is_cut || line.text.starts_with('{') {
            return Err(Cut("a line of it is an event that can't be read".to_owned()));
        }
        let mut words = line.text.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("#"), Some(package), _) => self.building = Some(package.to_owned()),
            (Some("FAIL"), Some(package), Some(reason)) => {
                let message = format!("{reason} {}", words.collect::<Vec<_>>().join(" "));
                let detail = self.builds.get(package).map_or("", |built| built.trim()).to_owned();
                let ending = Ending::Failed(Failure { detail, ..Failure::new(message) });
                self.n_events += 1;
                (self.take)(Case {
                    class: package.to_owned(),
                    name: "(package)".to_owned(),
                    ending,
                    ..Case::default()
                });
            }
            (Some(_), ..) => {
                if let Some(package) = &self.building {
                    add_tail(self.builds.entry(package.clone()).or_default(), &format!("{}\n", line.text));
                }
            }
            (None, ..) => {}
        }
        Ok(())
    }

    fn package(&mut self, told: Told) {
        let package = self.packages.entry(told.package.clone()).or_default();
        match told.action.as_str() {
            "output" => add_tail(&mut package.output, &told.output),
            "pass" | "skip" | "bench" => package.is_over = true,
            "fail" => {
                package.is_over = true;
                if package.failed.is_empty() {
                    // The name of what is built for a test has the test's package behind the package that it is about.
                    let is_its = |name: &str| name.split(' ').next() == Some(told.package.as_str());
                    let built = self.builds.iter().filter(|(name, _)| is_its(name)).map(|(_, output)| output.as_str());
                    let detail = built.chain([package.output.as_str()]).collect::<String>().trim().to_owned();
                    let ending = Ending::Failed(Failure { detail, ..Failure::new("it failed outside of any test") });
                    (self.take)(Case { class: told.package, name: "(package)".to_owned(), ending, ..Case::default() });
                }
            }
            _ => {}
        }
    }

    fn test(&mut self, told: Told) {
        self.packages.entry(told.package.clone()).or_default();
        let key = (told.package, told.test);
        let ending = match told.action.as_str() {
            "output" => return add_tail(self.tests.entry(key).or_default(), &told.output),
            "pass" => Ending::Passed,
            "skip" => Ending::Skipped,
            "fail" => Ending::Failed(Failure::default()),
            _ => return,
        };
        let printed = self.tests.remove(&key).unwrap_or_default();
        let (package, name) = key;
        let mut case = Case {
            class: head(&package, MAX_NAME).to_owned(),
            name: head(&name, MAX_NAME).to_owned(),
            time: std::time::Duration::try_from_secs_f64(told.elapsed).ok(),
            ending,
            ..Case::default()
        };
        if let Ending::Failed(failure) = &mut case.ending {
            let failed = &mut self.packages.entry(package).or_default().failed;
            let inner = format!("{name}/");
            // A test whose subtest failed has failed by that alone.
            let is_summary = failed.iter().any(|other| other.starts_with(&inner));
            if failed.len() < MAX_OPEN {
                failed.push(name);
            }
            if is_summary {
                return;
            }
            (case.log, failure.detail) = parted(&without_frame(&printed));
        }
        (self.take)(case);
    }
}

/// What a test printed without the lines that say that it runs and how it ended, and without the calls of Go's own
/// packages, each of which is two lines.
fn without_frame(printed: &str) -> String {
    let is_kept = |line: &&str| {
        let text = line.trim_start();
        !["=== ", "--- FAIL", "--- PASS"].iter().any(|mark| text.starts_with(mark))
    };
    let mut kept: Vec<&str> = Vec::new();
    for line in printed.lines().filter(is_kept) {
        let is_foreign = ["/src/testing/", "/src/runtime/"].iter().any(|folder| line.contains(folder));
        if is_foreign && line.starts_with('\t') && line.contains(".go:") {
            kept.pop();
        } else {
            kept.push(line);
        }
    }
    kept.join("\n").trim_end().to_owned()
}

/// What a test printed, and why it failed, which it tells last: by its panic, or at the last place that it names. What it
/// tells by `t.Log` looks no other than that.
fn parted(printed: &str) -> (String, String) {
    let names_place = |line: &&str| {
        let place = line.trim_start().split_once(": ").map_or("", |(place, _)| place);
        place.rsplit_once(':').is_some_and(|(file, line)| file.ends_with(".go") && line.parse::<u32>().is_ok())
    };
    let lines: Vec<&str> = printed.lines().collect();
    let panic = lines.iter().position(|line| line.starts_with("panic: "));
    let start = panic.or_else(|| lines.iter().rposition(names_place)).unwrap_or(0);
    let (log, detail) = lines.split_at(start);
    (log.join("\n"), detail.join("\n"))
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{check, told};
    use crate::config::TestFormat::GoTest;

    const EVENTS: &str = concat!(
        r#"{"Action":"start","Package":"x/y"}"#,
        "\n",
        r#"{"Action":"run","Package":"x/y","Test":"TestA"}"#,
        "\n",
        r#"{"Action":"output","Package":"x/y","Test":"TestA","Output":"=== RUN   TestA\n"}"#,
        "\n",
        r#"{"Action":"output","Package":"x/y","Test":"TestA/b","Output":"    a_test.go:12: got 1\n"}"#,
        "\n",
        r#"{"Action":"output","Package":"x/y","Test":"TestA/b","Output":"--- FAIL: TestA/b (0.00s)\n"}"#,
        "\n",
        r#"{"Action":"fail","Package":"x/y","Test":"TestA/b","Elapsed":0.5}"#,
        "\n",
        r#"{"Action":"pass","Package":"x/y","Test":"TestA/c","Elapsed":0}"#,
        "\n",
        r#"{"Action":"fail","Package":"x/y","Test":"TestA","Elapsed":0.5}"#,
        "\n",
        r#"{"Action":"skip","Package":"x/y","Test":"TestD","Elapsed":0}"#,
        "\n",
        r#"{"Action":"fail","Package":"x/y","Elapsed":0.6}"#,
        "\n",
        r#"{"ImportPath":"x/z [x/z.test]","Action":"build-output","Output":"z/z.go:3:2: undefined: q\n"}"#,
        "\n",
        r#"{"ImportPath":"x/z [x/z.test]","Action":"build-fail"}"#,
        "\n",
        r#"{"Action":"output","Package":"x/z","Output":"FAIL\tx/z [build failed]\n"}"#,
        "\n",
        r#"{"Action":"fail","Package":"x/z","Elapsed":0,"FailedBuild":"x/z [x/z.test]"}"#,
        "\n",
        r#"{"Action":"skip","Package":"x/none","Elapsed":0}"#,
        "\n",
    );

    #[test]
    fn a_test_fails_by_its_subtests_and_a_package_by_its_build() {
        check(
            GoTest,
            EVENTS,
            &[
                "x/y::TestA/b failed |    a_test.go:12: got 1",
                "x/y::TestA/c passed",
                "x/y::TestD skipped",
                "x/z::(package) failed it failed outside of any test|z/z.go:3:2: undefined: q\nFAIL\tx/z [build failed]",
            ],
        );
        check(
            GoTest,
            "# x/z\nz.go:1: bad\nFAIL\tx/z [build failed]\n",
            &["x/z::(package) failed [build failed]|z.go:1: bad"],
        );
    }

    #[test]
    fn calls_of_the_runner_are_left_out() {
        let stack = "panic: no\n\ngoroutine 6 [running]:\ntesting.tRunner.func1(0x1)\n\t/usr/lib/go/src/testing/testing.go:1396 +0x24e\n\
            panic({0x1, 0x2})\n\t/usr/lib/go/src/runtime/panic.go:884 +0x212\nx.F(...)\n\t/w/x.go:3\n\
            created by testing.(*T).Run\n\t/usr/lib/go/src/testing/testing.go:1493 +0x35f\n";
        assert_eq!(super::without_frame(stack), "panic: no\n\ngoroutine 6 [running]:\nx.F(...)\n\t/w/x.go:3");
    }

    #[test]
    fn why_it_failed_is_what_it_tells_last() {
        let parted = |printed| super::parted(printed);
        let own = |log: &str, detail: &str| (log.to_owned(), detail.to_owned());
        assert_eq!(
            parted("    a_test.go:2: half\n    a_test.go:3: got 1\n        want 2"),
            own("    a_test.go:2: half", "    a_test.go:3: got 1\n        want 2")
        );
        assert_eq!(
            parted("    a_test.go:2: half\npanic: no\n\nx.f()\n\t/w/x.go:3: +0x1"),
            own("    a_test.go:2: half", "panic: no\n\nx.f()\n\t/w/x.go:3: +0x1")
        );
        assert_eq!(parted("nothing\nof: that"), own("", "nothing\nof: that"));
    }

    #[test]
    fn what_is_not_whole_is_told() {
        let why = |text: &str| told(GoTest, text.as_bytes()).1.unwrap_or_default();
        assert!(why(EVENTS.split_inclusive('\n').take(6).collect::<String>().as_str()).contains("`x/y` does not end"));
        assert!(why("ok  x 0.1s\n").contains("no line of it"));
        assert!(why("{\"Action\":\"pa").contains("can't be read"));
    }
}
