//! The JSON of Cucumber: features of scenarios of steps, taken one feature at a time.

use std::cell::Cell;
use std::fmt;
use std::io::BufRead;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::check::suite::portion::{self, Portions};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, MAX_TEXT, Take, head};

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let n_read = Cell::new(0);
    let mut document = serde_json::Deserializer::from_reader(Portions::new(input, &n_read));
    let broken = |error: serde_json::Error| portion::cut(&error, "Cucumber");
    document.deserialize_seq(Features(take, &n_read)).map_err(broken)?;
    document.end().map_err(broken)?;
    Ok(None)
}

struct Features<'a, 'b>(&'a mut Take<'b>, &'a Cell<usize>);

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut features: A) -> Result<(), A::Error> {
        while let Some(feature) = features.next_element::<Feature>()? {
            let (file, name) = (feature.uri, feature.name);
            feature.elements.iter().filter_map(|element| case(element, &file, &name)).for_each(|case| (self.0)(case));
            self.1.set(0);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Feature {
    #[serde(default)]
    uri: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    elements: Vec<Element>,
}

#[derive(Deserialize)]
struct Element {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    before: Vec<Step>,
    #[serde(default)]
    steps: Vec<Step>,
    #[serde(default)]
    after: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    keyword: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    result: StepResult,
}

#[derive(Default, Deserialize)]
struct StepResult {
    #[serde(default)]
    status: String,
    #[serde(default)]
    error_message: String,
    /// Nanoseconds.
    #[serde(default)]
    duration: f64,
}

/// What a scenario came to; none for a background whose steps went well, which is no test of its own.
fn case(element: &Element, file: &str, feature: &str) -> Option<Case> {
    let steps = || element.before.iter().chain(&element.steps).chain(&element.after);
    let has = |wanted: &str| steps().any(|step| step.result.status.eq_ignore_ascii_case(wanted));
    let wrong = steps().find(|step| {
        let status = &step.result.status;
        !["passed", "skipped"].iter().any(|fine| status.eq_ignore_ascii_case(fine))
    });
    let is_background = element.kind == "background";
    let (ending, line) = match wrong {
        None if is_background => return None,
        Some(step) => (Ending::Failed(failure(step)), if step.line > 0 { step.line } else { element.line }),
        None if has("skipped") || element.steps.is_empty() => (Ending::Skipped, element.line),
        None => (Ending::Passed, element.line),
    };
    let nanoseconds: f64 = steps().map(|step| step.result.duration).sum();
    Some(Case {
        class: head(feature, MAX_NAME).to_owned(),
        name: head(if is_background { "(background)" } else { &element.name }, MAX_NAME).to_owned(),
        file: head(file.trim_start_matches("file:").trim_start_matches("classpath:"), MAX_NAME).to_owned(),
        line,
        time: Duration::try_from_secs_f64(nanoseconds / 1e9).ok(),
        ending,
        log: String::new(),
    })
}

fn failure(step: &Step) -> Failure {
    let status = if step.result.status.is_empty() { "unknown" } else { &step.result.status };
    let message =
        format!("step `{}` is {}", head(&format!("{}{}", step.keyword, step.name), MAX_NAME), head(status, MAX_NAME));
    Failure { detail: head(&step.result.error_message, MAX_TEXT).trim().to_owned(), ..Failure::new(message) }
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{check, told};
    use crate::config::TestFormat::Cucumber;

    #[test]
    fn a_scenario_is_a_test_and_its_first_wrong_step_says_why() {
        check(
            Cucumber,
            r#"[{"uri":"features/a.feature","name":"A","elements":[
            {"type":"background","line":2,"steps":[{"keyword":"Given ","name":"x","line":3,"result":{"status":"passed","duration":1000}}]},
            {"type":"scenario","name":"one","line":5,"steps":[{"keyword":"When ","name":"y","line":6,"result":{"status":"passed"}}]},
            {"type":"scenario","name":"two","line":8,"steps":[{"keyword":"Then ","name":"z","line":9,"result":{"status":"failed","error_message":"at x (steps/a.js:4:1)"}},
             {"keyword":"And ","name":"w","line":10,"result":{"status":"skipped"},"embeddings":[{"data":"AAAA"}]}]},
            {"type":"scenario","name":"three","line":12,"steps":[{"keyword":"Then ","name":"v","line":13,"result":{"status":"undefined"}}]},
            {"type":"scenario","name":"four","line":15,"before":[{"result":{"status":"failed","error_message":"e"}}],"steps":[]},
            {"type":"scenario","name":"five","line":17,"steps":[{"name":"s","result":{"status":"skipped"}}]}]}]"#,
            &[
                "A::one passed",
                "A::two failed step `Then z` is failed|at x (steps/a.js:4:1)",
                "A::three failed step `Then v` is undefined|",
                "A::four failed step `` is failed|e",
                "A::five skipped",
            ],
        );
        check(Cucumber, "[]", &[]);
    }

    #[test]
    fn what_is_not_whole_is_told() {
        for broken in ["", "{}", "[{\"elements\":[", "[] x", "[{\"uri\":3}]"] {
            assert!(told(Cucumber, broken.as_bytes()).1.is_some_and(|why| why.contains("broken off")), "{broken}");
        }
        assert!(told(Cucumber, "[".repeat(100_000).as_bytes()).1.is_some());
    }
}
