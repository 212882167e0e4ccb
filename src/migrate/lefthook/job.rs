//! What a job of lefthook runs, and on which files.

use serde_json::Value;

use crate::migrate::document::{text, texts};
use crate::migrate::lefthook::Surroundings;
use crate::migrate::lefthook::config::{Config, Job};
use crate::migrate::patterns::{Meaning, of_glob, of_python, of_wide_glob};
use crate::migrate::shell::{Line, is_taken, understood};

/// What is to be run for a job.
pub(super) enum Made {
    /// This, and whether what it mends is staged.
    Line(Line, bool),
    /// Only lefthook can, for this reason.
    Asks(String),
}

/// Templates that stand for the files of the change.
const FILES: [&str; 3] = ["{staged_files}", "{push_files}", "{files}"];

/// What is to be run for a job.
pub(super) fn made(job: &Job, around: &Surroundings, config: &Config) -> Made {
    let asks = |why: &str| Made::Asks(why.to_owned());
    if job.interactive {
        return asks("it is interactive");
    }
    if job.use_stdin {
        return asks("it reads what git gives the hook");
    }
    if !job.file_types.is_null() {
        return asks("it chooses files by `file_types`");
    }
    let line = match (text(&job.run), job.script.as_str()) {
        (Some(line), _) => line,
        (None, "") => return asks("it has neither `run` nor `script`"),
        (None, script) => script_line(job, script, around, config),
    };
    let line = config.templates.iter().fold(line, |line, (name, value)| line.replace(&format!("{{{name}}}"), value));
    let is_own = |line: &str| FILES.iter().fold(line.to_owned(), |line, own| line.replace(own, ""));
    if is_taken(&is_own(&line)) || line.contains("${files}") {
        return asks("it has a variable that tollgate would take for a placeholder");
    }
    if line.contains("{all_files}") {
        return asks("`{all_files}` has no counterpart: tollgate gives the files of the change");
    }
    let uses_files = line.contains("{files}") || !around.files.is_null();
    let lists_change =
        text(&around.files).is_none_or(|list| list.trim_start().starts_with("git diff") && !list.contains('|'));
    if uses_files && !lists_change {
        return asks("`files` asks a command for the list");
    }
    let filled = FILES.iter().fold(line, |line, own| line.replace(own, "{files}"));
    let has_arguments = (0..=9).any(|n| filled.contains(&format!("{{{n}}}")));
    match understood(&filled) {
        Line::Command(..) if has_arguments => asks("it takes the arguments of git's hook"),
        Line::Command(check, stages) => {
            let stages = stages || job.stage_fixed;
            Made::Line(Line::Command(check, stages), stages)
        }
        line => Made::Line(line, job.stage_fixed),
    }
}

/// A word in braces that looks like a template and is none.
pub(super) fn unknown_template(line: &str) -> Option<&str> {
    let known = ["staged_files", "push_files", "all_files", "files", "lefthook_job_name"];
    let mut parts = line.match_indices('{').filter_map(|(at, _)| {
        let inner = line.get(at + 1..)?.split('}').next()?;
        let is_name = !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let is_variable = at > 0 && line.get(at - 1..at) == Some("$");
        (is_name && !is_variable && !known.contains(&inner)).then(|| line.get(at..at + inner.len() + 2))?
    });
    parts.next()
}

/// How a script is started.
fn script_line(job: &Job, script: &str, around: &Surroundings, config: &Config) -> String {
    let (folder, hook) = (config.source_dir.trim_end_matches('/'), &around.hook);
    let path = format!("{folder}/{hook}/{script}");
    let path = if job.runner.is_empty() { format!("./{path}") } else { path };
    let args = text(&job.args).unwrap_or_default();
    let words = [job.runner.as_str(), &path, &args];
    words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

/// The patterns of a job's files, and of those that it leaves out.
pub(super) fn files(
    around: &Surroundings,
    config: &Config,
    tree: &[String],
) -> Result<(Vec<String>, Vec<String>), String> {
    let mut files = Vec::new();
    for glob in texts(&around.glob) {
        files.extend(of_one(&glob, config, tree).map_err(|why| format!("`glob`: {why}"))?);
    }
    if files.is_empty() && !around.root.is_empty() {
        files.push(format!("/{}/", around.root.trim_matches('/')));
    }
    let mut exclude = Vec::new();
    for value in &around.exclude {
        let is_expression = |one: &str| {
            matches!(value, Value::String(_)) && (one.contains(['|', '^', '$', '\\', '(']) || !one.contains('*'))
        };
        for one in texts(value) {
            let lines = if is_expression(&one) { lines(of_python(&one, tree)) } else { of_one(&one, config, tree) };
            exclude.extend(lines.map_err(|why| format!("`exclude`: {why}"))?);
        }
    }
    exclude.dedup();
    Ok((files, exclude))
}

fn of_one(glob: &str, config: &Config, tree: &[String]) -> Result<Vec<String>, String> {
    match config.is_narrow {
        true => of_glob(glob, "", false).map_err(|error| error.to_string()),
        false => lines(of_wide_glob(glob, tree)),
    }
}

fn lines(meaning: Result<Meaning, impl ToString>) -> Result<Vec<String>, String> {
    match meaning.map_err(|error| error.to_string())? {
        Meaning::Lines(lines) => Ok(lines),
        Meaning::Every => Ok(vec!["*".to_owned()]),
        Meaning::Nothing => Err("it means no file".to_owned()),
    }
}
