//! Istanbul's JSON (`coverage-final.json`), which nyc, Jest and Vitest write: statements with their places and counts.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::check::coverage::formats::json::{Json, Start, unlike};
use crate::check::coverage::gathered::{Gathered, Ran};

/// Reads a document: files by path.
pub(super) fn read(input: &mut dyn BufRead, into: &mut Gathered<'_>) -> Result<(), String> {
    Json::new(input).document(&mut |json| {
        json.object(&mut |json, name| {
            let mut file = File::default();
            match into.file(name, &[]) {
                true => file.read(json, into),
                false => passed_over(json),
            }
        })
    })
}

/// Passes over a file, if it is one.
fn passed_over(json: &mut Json<'_>) -> Result<(), String> {
    let mut is_file = false;
    json.object(&mut |json, key| {
        is_file |= matches!(key, "statementMap" | "data");
        json.skip()
    })?;
    if is_file { Ok(()) } else { Err(unlike()) }
}

/// What is told of one file.
#[derive(Default)]
struct File {
    /// Where statements begin, by their number.
    statements: BTreeMap<String, u32>,
    /// Where branches begin, by their number.
    branches: BTreeMap<String, u32>,
    n_runs: BTreeMap<String, u64>,
    /// Of each branch, whether one of its ways was taken and whether one was not.
    taken: BTreeMap<String, (bool, bool)>,
}

impl File {
    fn read(&mut self, json: &mut Json<'_>, into: &mut Gathered<'_>) -> Result<(), String> {
        self.members(json)?;
        if self.statements.is_empty() && self.n_runs.is_empty() {
            return Ok(());
        }
        // A line is run as often as that of its statements that was run most.
        for (id, line) in &self.statements {
            let n_runs = self.n_runs.get(id).ok_or_else(|| format!("statement {id} has no count"))?;
            into.line(*line, Ran::of(*n_runs))?;
        }
        for (id, line) in &self.branches {
            if self.taken.get(id) == Some(&(true, true)) {
                into.partly(*line);
            }
        }
        Ok(())
    }

    fn members(&mut self, json: &mut Json<'_>) -> Result<(), String> {
        let mut has_statements = false;
        json.object(&mut |json, key| match key {
            // Older versions put everything one level deeper.
            "data" => {
                has_statements = true;
                self.data(json)
            }
            key => self.member(json, key, &mut has_statements),
        })?;
        if has_statements { Ok(()) } else { Err(unlike()) }
    }

    fn data(&mut self, json: &mut Json<'_>) -> Result<(), String> {
        let mut has_statements = false;
        json.object(&mut |json, key| self.member(json, key, &mut has_statements))?;
        if has_statements { Ok(()) } else { Err(unlike()) }
    }

    fn member(&mut self, json: &mut Json<'_>, key: &str, has_statements: &mut bool) -> Result<(), String> {
        match key {
            "statementMap" => {
                *has_statements = true;
                json.object(&mut |json, id| {
                    self.statements.insert(id.to_owned(), begin(json)?);
                    Ok(())
                })
            }
            "branchMap" => json.object(&mut |json, id| {
                let mut line = None;
                json.object(&mut |json, key| match key {
                    "loc" => {
                        line = Some(begin(json)?);
                        Ok(())
                    }
                    _ => json.skip(),
                })?;
                self.branches.extend(line.map(|line| (id.to_owned(), line)));
                Ok(())
            }),
            "s" => json.object(&mut |json, id| {
                self.n_runs.insert(id.to_owned(), json.start()?.count()?);
                Ok(())
            }),
            "b" => json.object(&mut |json, id| {
                let taken = self.taken.entry(id.to_owned()).or_default();
                json.list(&mut |_, start| {
                    if start.count()? > 0 {
                        taken.0 = true
                    } else {
                        taken.1 = true
                    }
                    Ok(())
                })
            }),
            _ => json.skip(),
        }
    }
}

/// The line of `start` in a location.
fn begin(json: &mut Json<'_>) -> Result<u32, String> {
    let mut line = None;
    json.object(&mut |json, key| match key {
        "start" => json.object(&mut |json, key| match key {
            "line" => {
                line = match json.start()? {
                    Start::Null => Some(0),
                    start => Some(start.line()?),
                };
                Ok(())
            }
            _ => json.skip(),
        }),
        _ => json.skip(),
    })?;
    line.ok_or_else(unlike)
}
