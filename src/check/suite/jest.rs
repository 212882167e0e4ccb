//! The JSON of Jest (`--json`), which Vitest writes too, taken one file of tests at a time.

use std::cell::Cell;
use std::fmt;
use std::io::BufRead;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::check::suite::portion::{self, Portions};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, MAX_TEXT, Take, counted, head};

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let n_read = Cell::new(0);
    let mut document = serde_json::Deserializer::from_reader(Portions::new(input, &n_read));
    let mut tally = Tally { take, n_read: &n_read, n_counted: 0, n_failed: 0, has_results: false };
    let broken = |error: serde_json::Error| portion::cut(&error, "Jest");
    (&mut document).deserialize_map(Report(&mut tally)).map_err(broken)?;
    document.end().map_err(broken)?;
    if !tally.has_results {
        return Err(Cut("it holds no results of tests".to_owned()));
    }
    counted(tally.n_counted, tally.n_failed)
}

struct Tally<'a, 'b> {
    take: &'a mut Take<'b>,
    n_read: &'a Cell<usize>,
    n_counted: usize,
    n_failed: usize,
    has_results: bool,
}

struct Report<'a, 'b, 'c>(&'a mut Tally<'b, 'c>);

impl<'de> Visitor<'de> for Report<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `testResults`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "numFailedTests" | "numRuntimeErrorTestSuites" => {
                    let count: f64 = map.next_value()?;
                    // A number that makes no sense counts nothing: negative, or larger than any.
                    self.0.n_counted = self.0.n_counted.saturating_add(count as usize);
                }
                "testResults" => {
                    self.0.has_results = true;
                    map.next_value_seed(Results(self.0))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Results<'a, 'b, 'c>(&'a mut Tally<'b, 'c>);

impl<'de> DeserializeSeed<'de> for Results<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Results<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of files of tests")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut files: A) -> Result<(), A::Error> {
        while let Some(file) = files.next_element::<File>()? {
            self.0.file(&file);
            self.0.n_read.set(0);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    assertion_results: Vec<Assertion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(default)]
    ancestor_titles: Vec<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    failure_messages: Vec<String>,
    /// Milliseconds.
    duration: Option<f64>,
    location: Option<Location>,
}

#[derive(Deserialize)]
struct Location {
    #[serde(default)]
    line: u32,
}

impl Tally<'_, '_> {
    fn file(&mut self, file: &File) {
        let mut n_failed = 0;
        for assertion in &file.assertion_results {
            let case = case(assertion, &file.name);
            n_failed += usize::from(matches!(case.ending, Ending::Failed(_)));
            (self.take)(case);
        }
        if file.status == "failed" && n_failed == 0 {
            n_failed = 1;
            // Jest begins with what may be the matter in general.
            let told = file.message.split_once("\n    Details:\n").map_or(file.message.as_str(), |(_, told)| told);
            let detail = head(told, MAX_TEXT).trim().to_owned();
            let ending = Ending::Failed(Failure { detail, ..Failure::new("the tests of this file could not be run") });
            let path = head(&file.name, MAX_NAME).to_owned();
            let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            (self.take)(Case { name, file: path, ending, ..Case::default() });
        }
        self.n_failed += n_failed;
    }
}

fn case(assertion: &Assertion, file: &str) -> Case {
    Case {
        class: head(&assertion.ancestor_titles.join(" "), MAX_NAME).to_owned(),
        name: head(&assertion.title, MAX_NAME).to_owned(),
        file: head(file, MAX_NAME).to_owned(),
        line: assertion.location.as_ref().map_or(0, |location| location.line),
        time: assertion.duration.and_then(|time| Duration::try_from_secs_f64(time / 1e3).ok()),
        ending: match assertion.status.as_str() {
            "passed" => Ending::Passed,
            "pending" | "skipped" | "todo" | "disabled" => Ending::Skipped,
            _ => {
                let detail =
                    assertion.failure_messages.iter().map(|message| head(message, MAX_TEXT)).collect::<Vec<_>>();
                let detail = head(&detail.join("\n"), MAX_TEXT).trim().to_owned();
                Ending::Failed(Failure { detail, ..Failure::default() })
            }
        },
        log: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{check, told};
    use crate::config::TestFormat::Jest;

    #[test]
    fn tests_and_files_that_could_not_be_run_are_told() {
        check(
            Jest,
            r#"{"numFailedTests":1,"numRuntimeErrorTestSuites":1,"snapshot":{"x":[1]},"testResults":[
            {"name":"/w/a.test.js","status":"failed","message":"","assertionResults":[
             {"ancestorTitles":["A","b"],"title":"c","status":"passed","duration":5,"failureMessages":[]},
             {"ancestorTitles":["A"],"title":"d","status":"failed","failureMessages":["Error: x\n    at f (/w/a.test.js:5:1)"],"location":{"line":4,"column":1}},
             {"ancestorTitles":[],"title":"e","status":"todo","duration":null}]},
            {"name":"/w/b.test.js","status":"failed","message":"Look:\n\n    Details:\n\n    SyntaxError: y\n","assertionResults":[]}]}"#,
            &[
                "A b::c passed",
                "A::d failed |Error: x\n    at f (/w/a.test.js:5:1)",
                "e skipped",
                "b.test.js failed the tests of this file could not be run|SyntaxError: y",
            ],
        );
    }

    #[test]
    fn what_is_not_whole_is_told() {
        for (text, expected) in [
            ("", "broken off"),
            ("{}", "no results"),
            ("{\"testResults\":[{", "broken off"),
            ("{\"numFailedTests\":2,\"testResults\":[]}", "counts 2"),
            ("{\"numFailedTests\":-1e300,\"testResults\":[]} x", "broken off"),
        ] {
            assert!(told(Jest, text.as_bytes()).1.is_some_and(|why| why.contains(expected)), "{text}");
        }
    }
}
