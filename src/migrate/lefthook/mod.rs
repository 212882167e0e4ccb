//! lefthook: each command, script and job becomes a check, or a call of lefthook for it alone.

mod config;
mod job;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::migrate::document::text;
use crate::migrate::lefthook::config::{Config, Hook, Job, read};
use crate::migrate::lefthook::job::{Made, files, made, unknown_template};
use crate::migrate::policy::Check;
use crate::migrate::shell::Line;
use crate::migrate::{Draft, Error, Fate, lint_staged};

/// The deepest nesting of groups that is read.
const MAX_DEPTH: usize = 8;

/// Hooks of git that tollgate does not serve.
pub(super) const UNSERVED: [&str; 22] = [
    "applypatch-msg",
    "fsmonitor-watchman",
    "p4-changelist",
    "p4-post-changelist",
    "p4-pre-submit",
    "p4-prepare-changelist",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "sendemail-validate",
    "update",
];

/// Hooks of git that tollgate serves.
const SERVED: [&str; 4] = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];

/// What jobs in a group have of it.
#[derive(Clone, Default)]
struct Surroundings {
    hook: String,
    depth: usize,
    glob: Value,
    root: String,
    exclude: Vec<Value>,
    files: Value,
    env: BTreeMap<String, String>,
    skips: Vec<Value>,
    onlys: Vec<Value>,
}

impl Surroundings {
    /// What holds for a job, or for those in it.
    fn with(&self, job: &Job) -> Self {
        let mut own = self.clone();
        if !job.glob.is_null() {
            own.glob = job.glob.clone();
        }
        if !job.root.is_empty() {
            own.root.clone_from(&job.root);
        }
        if !job.files.is_null() {
            own.files = job.files.clone();
        }
        own.exclude.push(job.exclude.clone());
        own.env.extend(job.env());
        own.skips.push(job.skip.clone());
        own.onlys.push(job.only.clone());
        own.depth += 1;
        own
    }
}

/// Takes over the configuration of lefthook, if there is one.
pub(super) fn migrate(draft: &mut Draft<'_>) -> Result<(), Error> {
    let Some(config) = read(draft)? else { return Ok(()) };
    draft.found("lefthook", &config.file);
    let mut has_wrapped = false;
    for (name, hook) in &config.hooks {
        let mut walk = Walk { config: &config, name, hook, draft, has_wrapped: false };
        walk.hook()?;
        has_wrapped |= walk.has_wrapped;
    }
    draft.steps.push("`lefthook uninstall` takes the hooks of lefthook out, so that they do not run twice".to_owned());
    draft.steps.push(match has_wrapped {
        true => format!("keep {} and lefthook for what is wrapped", config.file),
        false => format!("{} is not needed any more", config.file),
    });
    Ok(())
}

/// One hook while it is gone through.
struct Walk<'a, 'd> {
    config: &'a Config,
    name: &'a str,
    hook: &'a Hook,
    draft: &'a mut Draft<'d>,
    has_wrapped: bool,
}

impl Walk<'_, '_> {
    fn hook(&mut self) -> Result<(), Error> {
        let around = Surroundings {
            hook: self.name.to_owned(),
            exclude: vec![self.hook.exclude.clone()],
            files: self.hook.files.clone(),
            skips: vec![self.hook.skip.clone()],
            onlys: vec![self.hook.only.clone()],
            ..Surroundings::default()
        };
        let mut before = None;
        for (index, (job, option)) in self.hook.all().into_iter().enumerate() {
            let needs = before.filter(|_| self.hook.piped);
            before = self.job(&job, option, (&around, index), needs)?;
        }
        Ok(())
    }

    /// Goes through a job and those in it. Gives the id of its last check.
    fn job(
        &mut self,
        job: &Job,
        option: &str,
        (around, index): (&Surroundings, usize),
        needs: Option<String>,
    ) -> Result<Option<String>, Error> {
        let own = around.with(job);
        if let Some(group) = job.group.as_ref().filter(|_| own.depth <= MAX_DEPTH) {
            let mut before = needs;
            for (index, inner) in group.jobs.iter().enumerate() {
                let last = self.job(inner, "", (&own, index), before.clone())?;
                before = if group.piped { last } else { before };
            }
            return Ok(before);
        }
        let words = text(&job.run).unwrap_or_default();
        let own_name = match job.name.as_str() {
            "" if !job.script.is_empty() => job.script.clone(),
            "" => called(&words).unwrap_or_else(|| format!("job {}", index + 1)),
            name => name.to_owned(),
        };
        let shown = format!("{}: {}", self.name, own_name);
        if UNSERVED.contains(&self.name) {
            let why = format!(
                "tollgate does not serve {0}; `lefthook install {0}` after `lefthook uninstall` keeps that hook alone",
                self.name
            );
            self.draft.lose(&self.config.file, &shown, why);
            return Ok(None);
        }
        match self.condition(&own) {
            Condition::Off => {
                self.draft.report(&self.config.file, &shown, Fate::Translated(Vec::new()), "it is switched off there");
                Ok(None)
            }
            Condition::Asks(why) => Ok(self.wrap(job, option, &own, (&shown, &why))),
            Condition::None => self.place(job, option, &own, (&shown, &own_name, needs)),
        }
    }

    fn place(
        &mut self,
        job: &Job,
        option: &str,
        around: &Surroundings,
        (shown, name, needs): (&str, &str, Option<String>),
    ) -> Result<Option<String>, Error> {
        let (line, stages_fixed) = match made(job, around, self.config) {
            Made::Line(line, stages_fixed) => (line, stages_fixed),
            Made::Asks(why) => return Ok(self.wrap(job, option, around, (shown, &why))),
        };
        let file = &self.config.file;
        match line {
            Line::Commitlint if self.name == "commit-msg" => {
                self.draft.commitlint(file, shown);
                Ok(None)
            }
            Line::LintStaged(rest) if self.name == "pre-commit" => {
                lint_staged::migrate(self.draft, (file, shown), &rest)?;
                Ok(None)
            }
            Line::Commitlint | Line::LintStaged(_) => {
                Ok(self.wrap(job, option, around, (shown, "tollgate has it for another hook alone")))
            }
            Line::Command(..) if self.name == "commit-msg" => {
                self.draft.lose(file, shown, "tollgate runs no command on a message");
                Ok(None)
            }
            Line::Command(check, _) => {
                let (files, exclude) = match files(around, self.config, self.draft.tree.files) {
                    Ok(found) => found,
                    Err(why) => return Ok(self.wrap(job, option, around, (shown, &why))),
                };
                let fix = check.fix || stages_fixed;
                self.draft.policy.fix |= stages_fixed && self.name == "pre-commit";
                let dir = around.root.trim_end_matches('/').to_owned();
                let needs = needs.into_iter().collect();
                let names_files = check.run.iter().any(|word| word.contains("{files}"));
                let check = Check { files, exclude, dir, env: around.env.clone(), needs, fix, ..*check };
                let id = self.draft.command(name, check, &[self.stage()]);
                let mut whys = Vec::new();
                if fix && !stages_fixed {
                    whys.push("seems to mend: what it changes is a finding and its fix".to_owned());
                }
                if fix && !names_files {
                    whys.push("what it changes in files that are not staged is told and left".to_owned());
                }
                if let Some(template) = unknown_template(&text(&job.run).unwrap_or_default()) {
                    whys.push(format!("`{template}` is no template of lefthook's: it stays as it is"));
                }
                if !SERVED.contains(&self.name) {
                    whys.push(format!("`tollgate check --stage {}` runs it", self.stage()));
                }
                self.draft.report(file, shown, Fate::Translated(vec![id.clone()]), whys.join("; "));
                Ok(Some(id))
            }
        }
    }

    /// The stage of the hook; one that people run by name is a stage of that name.
    fn stage(&self) -> String {
        let lower = self.name.to_lowercase();
        let words: Vec<&str> = lower.split(|character: char| !character.is_ascii_alphanumeric()).collect();
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// Lets lefthook run a job alone, where it can be told to.
    fn wrap(&mut self, job: &Job, option: &str, around: &Surroundings, (shown, why): (&str, &str)) -> Option<String> {
        let file = &self.config.file;
        if job.interactive || self.name == "commit-msg" || option.is_empty() || job.name.is_empty() {
            let more = match (job.interactive, self.name) {
                (true, _) => "; it talks to people, which no hook of tollgate does",
                (_, "commit-msg") => "; tollgate runs no command on a message",
                _ => "; lefthook cannot run it alone: give it a name, outside of a group",
            };
            self.draft.lose(file, shown, format!("{why}{more}"));
            return None;
        }
        let run = ["lefthook", "run", self.name, option, &job.name, "--no-auto-install", "--force"];
        let check = Check {
            notes: vec![format!("Of {file}, which lefthook goes on reading.")],
            run: run.map(str::to_owned).to_vec(),
            files: files(around, self.config, self.draft.tree.files).map(|(files, _)| files).unwrap_or_default(),
            fix: true,
            // With that it ends for every job that fails.
            finding_codes: vec![1],
            ..Check::default()
        };
        let id = self.draft.command(&job.name, check, &[self.stage()]);
        self.has_wrapped = true;
        self.draft.report(file, shown, Fate::Wrapped(id.clone()), why);
        Some(id)
    }

    /// Whether a job runs at all, as `skip` and `only` say.
    fn condition(&mut self, around: &Surroundings) -> Condition {
        for (values, off) in [(&around.skips, true), (&around.onlys, false)] {
            for value in values {
                let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                for one in all {
                    match one {
                        Value::Null => {}
                        Value::Bool(flag) if flag == off => return Condition::Off,
                        Value::Bool(_) => {}
                        Value::String(state)
                            if off && ["merge", "rebase", "merge-commit"].contains(&state.as_str()) =>
                        {
                            let note = "a merge is judged by what no parent has, and a plain rebase runs no pre-commit \
                                        hook: `skip` for them needs no counterpart";
                            self.draft.note(format!("{}: {note}", self.config.file));
                        }
                        _ => {
                            return Condition::Asks(
                                "`skip` or `only` ask for a branch, a state or a command".to_owned(),
                            );
                        }
                    }
                }
            }
        }
        Condition::None
    }
}

/// What a job without a name is called: the first words of its line.
fn called(line: &str) -> Option<String> {
    let words = line.split_whitespace().take_while(|word| !word.starts_with(['-', '{', '&', '|', '$', '"']));
    let words: Vec<&str> = words.take(3).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// What `skip` and `only` mean for a job.
enum Condition {
    None,
    Off,
    Asks(String),
}
