//! What a run would do, shown instead of done.

use serde::Serialize;

use crate::model::escape::{escaped, quoted};

/// A plan as it is shown; every text is for people.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PlanView {
    /// The version of this shape.
    pub(crate) version: u32,
    /// What would be looked at.
    pub(crate) title: String,
    /// Which policy would judge.
    pub(crate) policy: String,
    /// The stage.
    pub(crate) stage: String,
    /// The files of the change, sorted by path.
    pub(crate) files: Vec<FileView>,
    /// The checks that would run.
    pub(crate) checks: Vec<CheckView>,
    /// The checks that would not run, or could not.
    pub(crate) left_out: Vec<LeftOutView>,
}

/// A file of the change.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileView {
    /// `added`, `modified`, `deleted`, `renamed`, `type-changed`; `present` for one that is compared with nothing.
    pub(crate) status: &'static str,
    /// Its path.
    pub(crate) path: String,
    /// Its path before, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) old_path: Option<String>,
}

/// A check.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CheckView {
    /// Its id.
    pub(crate) id: String,
    /// Its family.
    pub(crate) family: &'static str,
    /// How many files it would look at.
    pub(crate) n_files: usize,
    /// The folder that its commands would run in; empty for the top.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) dir: String,
    /// Which tests would run, where they are selected; empty where they are not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) tests: String,
    /// The program that its commands would run, where it was found by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<String>,
    /// The command lines, argument by argument; none for a built-in check.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) commands: Vec<Vec<String>>,
}

/// A check that would not run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LeftOutView {
    /// Its id.
    pub(crate) id: String,
    /// Why.
    pub(crate) why: String,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// For people.
    Text,
    /// For programs: one JSON document a change.
    Json,
}

/// Writes a plan.
pub(crate) fn show(view: &PlanView, shape: Shape) -> String {
    match shape {
        Shape::Json => {
            let json = serde_json::to_string_pretty(view).expect("because the shape has only text keys");
            json + "\n"
        }
        Shape::Text => text(view),
    }
}

fn text(view: &PlanView) -> String {
    let mut text = format!("{} ({}, stage {})\n", view.title, view.policy, view.stage);
    for file in &view.files {
        let from = file.old_path.as_ref().map_or_else(String::new, |old| format!(" (was {old})"));
        text.push_str(&format!("  {:12} {}{from}\n", file.status, file.path));
    }
    if view.checks.is_empty() {
        text.push_str("nothing would run\n");
    }
    for check in &view.checks {
        let files = if check.n_files == 1 { "1 file" } else { &format!("{} files", check.n_files) };
        text.push_str(&format!("{} [{}] on {files}\n", check.id, check.family));
        for command in &check.commands {
            let dir = if check.dir.is_empty() { String::new() } else { format!("in {}: ", check.dir) };
            let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
            text.push_str(&format!("    {dir}{}\n", words.join(" ")));
        }
        if !check.tests.is_empty() {
            text.push_str(&format!("    {}\n", escaped(&check.tests)));
        }
        if let Some(program) = &check.program {
            text.push_str(&format!("    program: {}\n", quoted(program)));
        }
    }
    for left_out in &view.left_out {
        text.push_str(&format!("{} would not run: {}\n", left_out.id, left_out.why));
    }
    text
}
