//! What Rust's test harness prints: its lines for people, or its JSON, which nextest prints in a form of its own too
//! (`libtest-json`, `libtest-json-plus`).

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;

use crate::check::suite::lines::{Line, each};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, Take, add_head, head};

/// The most tests that failed and are kept until the end of their binary.
const MAX_KEPT: usize = 10_000;

static TEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^test (?P<name>.+?)(?: - should panic| - compile| - compile fail)? \.\.\. (?P<end>.*)$")
        .expect("because the expression is constant")
});
static RESULT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^test result: \S+\. (?P<passed>\d+) passed; (?P<failed>\d+) failed;")
        .expect("because the expression is constant")
});
static DOCTEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<file>\S+\.\w+) - .*\(line (?P<line>\d{1,9})\)").expect("because the expression is constant")
});

/// One line of the JSON.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "type")]
    kind: String,
    event: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    exec_time: f64,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    failed: usize,
}

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let mut reading = Reading { take, n_suites: 0, is_open: false, kept: BTreeMap::new(), n_failed: 0, section: None };
    let read = each(input, &mut |line| reading.line(&line));
    reading.hand_out();
    read?;
    match (reading.n_suites, reading.is_open) {
        (0, _) => Err(Cut("it holds no result of a test binary".to_owned())),
        (_, true) => Err(Cut("it is broken off: a test binary has no result".to_owned())),
        _ => Ok(None),
    }
}

struct Reading<'a, 'b> {
    take: &'a mut Take<'b>,
    n_suites: usize,
    /// Whether a test binary has begun that did not end.
    is_open: bool,
    /// The tests of the binary that failed, or were tried again.
    kept: BTreeMap<String, Case>,
    n_failed: usize,
    /// The test whose output follows.
    section: Option<String>,
}

impl Reading<'_, '_> {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Cut> {
        if line.text.starts_with('{') {
            return match serde_json::from_str(line.text) {
                Ok(told) => self.told(told),
                // Tests print too; what is no event of ours is theirs.
                Err(_) if !line.is_cut && !line.text.contains("\"event\"") => Ok(()),
                Err(_) => Err(Cut("a line of it is an event that can't be read".to_owned())),
            };
        }
        let text = line.text;
        if let Some(found) = RESULT.captures(text) {
            let n_failed = found.name("failed").and_then(|count| count.as_str().parse().ok()).unwrap_or(0);
            return self.end(n_failed);
        }
        if text.starts_with("running ") && (text.ends_with(" tests") || text.ends_with(" test")) {
            self.begin();
        } else if let Some(name) = text.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.section = Some(head(name, MAX_NAME).to_owned());
        } else if text == "failures:" || text == "successes:" {
            self.section = None;
        } else if let Some(found) = TEST.captures(text).filter(|_| self.section.is_none()) {
            let said = |name: &str| found.name(name).map_or("", |found| found.as_str());
            let end = said("end");
            let ending = match end.split([',', ' ', '<']).next().unwrap_or_default() {
                "ok" | "bench" => Ending::Passed,
                "ignored" => Ending::Skipped,
                "FAILED" => Ending::Failed(Failure::default()),
                // What a test prints without being caught may stand there instead.
                _ => return Ok(()),
            };
            self.ended(case(said("name"), ending));
        } else if let Some(Case { ending: Ending::Failed(failure), .. }) =
            self.section.as_ref().and_then(|name| self.kept.get_mut(name))
        {
            add_head(&mut failure.detail, text);
            add_head(&mut failure.detail, "\n");
        }
        Ok(())
    }

    fn told(&mut self, told: Told) -> Result<(), Cut> {
        match (told.kind.as_str(), told.event.as_str()) {
            ("suite", "started") => self.begin(),
            ("suite", "ok" | "failed") => return self.end(told.failed),
            ("test", event @ ("ok" | "ignored" | "failed" | "timeout")) => {
                let message = if event == "timeout" { "it took too long".to_owned() } else { told.message };
                let message = if message.is_empty() { told.reason } else { message };
                let mut failure = Failure::new(head(&message, MAX_NAME));
                add_head(&mut failure.detail, &told.stdout);
                let ending = match event {
                    "ok" => Ending::Passed,
                    "ignored" => Ending::Skipped,
                    _ => Ending::Failed(failure),
                };
                let mut case = case(&told.name, ending);
                case.time = Duration::try_from_secs_f64(told.exec_time).ok().filter(|time| !time.is_zero());
                self.ended(case);
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self) {
        self.hand_out();
        self.is_open = true;
        self.n_suites += 1;
    }

    fn end(&mut self, n_counted: usize) -> Result<(), Cut> {
        self.hand_out();
        self.is_open = false;
        let n_failed = std::mem::take(&mut self.n_failed);
        if n_counted > n_failed {
            return Err(Cut(format!("a test binary counts {n_counted} failures and tells of {n_failed}")));
        }
        Ok(())
    }

    /// A test came to its end: one that passed is handed out, any other waits for what is still said of it.
    fn ended(&mut self, mut case: Case) {
        if let Some(earlier) = self.kept.remove(&case.name)
            && let (Ending::Failed(failure), Ending::Passed) = (&earlier.ending, &case.ending)
        {
            case.ending = Ending::Flaky(failure.clone());
        }
        if matches!(case.ending, Ending::Failed(_)) && self.kept.len() < MAX_KEPT {
            self.kept.insert(case.name.clone(), case);
        } else {
            self.n_failed += usize::from(matches!(case.ending, Ending::Failed(_) | Ending::Flaky(_)));
            (self.take)(case);
        }
    }

    fn hand_out(&mut self) {
        self.section = None;
        for (_, mut case) in std::mem::take(&mut self.kept) {
            if let Ending::Failed(failure) = &mut case.ending {
                failure.detail = failure.detail.trim().to_owned();
                if failure.message.is_empty() {
                    failure.message = panic_message(&failure.detail);
                    failure.detail = failure.detail.replacen(&failure.message, "", 1).trim().to_owned();
                }
            }
            self.n_failed += 1;
            (self.take)(case);
        }
    }
}

/// What a test panicked with, without the trace behind it.
fn panic_message(printed: &str) -> String {
    let lines = printed.lines().skip_while(|line| !line.contains(" panicked at "));
    let is_message = |line: &&str| !["stack backtrace:", "note: "].iter().any(|end| line.starts_with(end));
    lines.take_while(is_message).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn case(name: &str, ending: Ending) -> Case {
    // Nextest numbers the attempts, and puts the binary before a dollar sign.
    let plain = name
        .rsplit_once('#')
        .filter(|(_, n)| n.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(name, |(name, _)| name);
    let (class, plain) = plain.split_once('$').unwrap_or(("", plain));
    let doctest = DOCTEST.captures(plain);
    let said = |name: &str| doctest.as_ref().and_then(|found| found.name(name)).map_or("", |found| found.as_str());
    Case {
        class: head(class, MAX_NAME).to_owned(),
        name: head(plain, MAX_NAME).to_owned(),
        file: said("file").to_owned(),
        line: said("line").parse().unwrap_or(0),
        ending,
        ..Case::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{all, check, told};
    use crate::config::TestFormat::Libtest;

    const LINES: &str = "   Compiling x\n\nrunning 4 tests\ntest a::b ... ok\ntest a::c ... FAILED\ntest d - should panic ... ignored, later\ntest src/lib.rs - f (line 5) ... FAILED\n\nfailures:\n\n---- a::c stdout ----\n\nthread 'a::c' (1) panicked at src/a.rs:7:9:\nassertion `left == right` failed\n  left: 1\n right: 2\n\n---- src/lib.rs - f (line 5) stdout ----\nerror[E0425]: x\n\nfailures:\n    a::c\n\ntest result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n";

    #[test]
    fn lines_for_people_are_read() {
        check(
            Libtest,
            LINES,
            &[
                "a::b passed",
                "d skipped",
                "a::c failed thread 'a::c' (1) panicked at src/a.rs:7:9:\nassertion `left == right` failed\n  left: 1\n right: 2|",
                "src/lib.rs - f (line 5) failed |error[E0425]: x",
            ],
        );
        let doctest = all(Libtest, LINES.as_bytes()).0.pop().unwrap();
        assert_eq!((doctest.file.as_str(), doctest.line), ("src/lib.rs", 5));
    }

    #[test]
    fn events_are_read_and_attempts_of_nextest_put_together() {
        let events = concat!(
            r#"{"type":"suite","event":"started","test_count":4,"nextest":{"crate":"x"}}"#,
            "\n",
            r#"{"type":"test","event":"started","name":"x$a::b"}"#,
            "\n",
            r#"{"type":"test","event":"ok","name":"x$a::b","exec_time":0.25}"#,
            "\n",
            r#"{"type":"test","event":"failed","name":"x$a::c#1","stdout":"thread panicked at src/a.rs:7:9:\n"}"#,
            "\n",
            r#"{"type":"test","event":"ok","name":"x$a::c#2"}"#,
            "\n",
            r#"{"type":"test","event":"failed","name":"x$d#1","stdout":"one"}"#,
            "\n",
            r#"{"type":"test","event":"failed","name":"x$d#2","stdout":"two"}"#,
            "\n",
            r#"{"type":"test","event":"ignored","name":"x$e"}"#,
            "\n",
            r#"{"type":"suite","event":"failed","passed":2,"failed":1,"ignored":1}"#,
            "\n",
        );
        check(
            Libtest,
            events,
            &[
                "x::a::b passed",
                "x::a::c flaky |thread panicked at src/a.rs:7:9:\n",
                "x::e skipped",
                "x::d failed |two",
            ],
        );
    }

    #[test]
    fn what_is_not_whole_is_told() {
        let why = |text: &str| told(Libtest, text.as_bytes()).1.unwrap_or_default();
        assert!(why(LINES.split("test result").next().unwrap()).contains("no result"));
        assert!(why("error: could not compile\n").contains("no result of a test binary"));
        assert!(why(&LINES.replace("2 failed", "3 failed")).contains("counts 3 failures and tells of 2"));
        assert!(why("{\"type\":\"test\",\"event\":\"fai").contains("can't be read"));
    }
}
