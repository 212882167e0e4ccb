//! lint-staged: each command for a glob becomes a check of those files.

use serde_json::Value;

use crate::migrate::document::{parse, text};
use crate::migrate::patterns::of_glob;
use crate::migrate::policy::Check;
use crate::migrate::shell::{Line, is_taken, understood};
use crate::migrate::{Draft, Error, Fate};

/// The files that may hold the configuration as data, beside `package.json`.
const DATA: [&str; 4] = [".lintstagedrc", ".lintstagedrc.json", ".lintstagedrc.yaml", ".lintstagedrc.yml"];

/// The beginnings of those that are programs.
const PROGRAMS: [&str; 2] = [".lintstagedrc.", "lint-staged.config."];

/// What lint-staged is told, and where.
enum Config {
    /// Commands by glob, in this file.
    Data(String, Value),
    /// A program, which nothing but itself can tell.
    Program(String),
}

/// Takes over a call of lint-staged in a hook of another manager, with these arguments.
pub(super) fn migrate(draft: &mut Draft<'_>, (file, name): (&str, &str), rest: &[String]) -> Result<(), Error> {
    let harmless = [
        "--quiet",
        "-q",
        "--verbose",
        "-v",
        "--no-stash",
        "--relative",
        "--allow-empty",
        "--concurrent",
        "false",
        "true",
        "-p",
    ];
    if let Some(other) = rest.iter().find(|argument| !harmless.contains(&argument.as_str())) {
        draft.lose(file, name, format!("it is called with {other}, which tollgate does not follow"));
        return Ok(());
    }
    match config(draft)? {
        None => draft.lose(file, name, "there is no configuration of lint-staged"),
        Some(Config::Program(program)) => {
            draft.found("lint-staged", &program);
            draft.lose(
                file,
                name,
                format!("{program} is a program, which cannot be read: say its commands in tollgate.toml"),
            );
        }
        Some(Config::Data(data, value)) => {
            let ids = commands(draft, &data, &value);
            draft.report(file, name, Fate::Translated(ids), format!("its commands are those of {data}"));
        }
    }
    Ok(())
}

/// Takes it over where no manager that was read calls it.
pub(super) fn migrate_rest(draft: &mut Draft<'_>) -> Result<(), Error> {
    if draft.managers.contains(&"lint-staged") || draft.hooks.iter().any(|hook| hook.name.contains("lint-staged")) {
        return Ok(());
    }
    match config(draft)? {
        None => {}
        Some(Config::Program(program)) => {
            draft.found("lint-staged", &program);
            draft.lose(
                &program,
                "lint-staged",
                "it is a program, which cannot be read: say its commands in tollgate.toml",
            );
        }
        Some(Config::Data(data, value)) => {
            commands(draft, &data, &value);
        }
    }
    Ok(())
}

/// The configuration at the top.
fn config(draft: &Draft<'_>) -> Result<Option<Config>, Error> {
    let unreadable = |file: &str, problem| Error::Unreadable { file: file.to_owned(), manager: "lint-staged", problem };
    let package = draft.tree.text("package.json");
    let package = package.map(|text| parse("package.json", &text)).transpose();
    let package = package.map_err(|problem| unreadable("package.json", problem))?;
    if let Some(own) = package.as_ref().and_then(|package| package.get("lint-staged")) {
        return Ok(Some(Config::Data("package.json".to_owned(), own.clone())));
    }
    if let Some((file, text)) = DATA.iter().find_map(|file| Some((*file, draft.tree.text(file)?))) {
        let value = parse(file, &text).map_err(|problem| unreadable(file, problem))?;
        return Ok(Some(Config::Data(file.to_owned(), value)));
    }
    let is_program = |file: &&String| PROGRAMS.iter().any(|start| file.starts_with(start)) && !file.contains('/');
    Ok(draft.tree.files.iter().find(is_program).map(|file| Config::Program(file.clone())))
}

/// Takes over the commands; gives the ids of the checks.
fn commands(draft: &mut Draft<'_>, file: &str, value: &Value) -> Vec<String> {
    draft.found("lint-staged", file);
    let mut ids = Vec::new();
    let globs = value.as_object().into_iter().flatten();
    for (glob, commands) in globs {
        let all = commands.as_array().cloned().unwrap_or_else(|| vec![commands.clone()]);
        for command in all {
            let Some(line) = text(&command) else {
                draft.lose(file, &format!("lint-staged {glob}"), "it is no command");
                continue;
            };
            ids.extend(one(draft, file, glob, &line));
        }
    }
    let has_others = draft.tree.files.iter().any(|path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        path.contains('/') && (name.starts_with(".lintstagedrc") || name.starts_with("lint-staged.config."))
    });
    if has_others {
        draft.note("lint-staged: configurations below the top are not read");
    }
    let is_there = format!("what {file} says to lint-staged is not needed any more");
    if !ids.is_empty() && !draft.steps.contains(&is_there) {
        draft.steps.push(is_there);
    }
    ids
}

fn one(draft: &mut Draft<'_>, file: &str, glob: &str, line: &str) -> Option<String> {
    let shown = format!("lint-staged {glob}: {line}");
    if line.trim_start().starts_with("git add") {
        draft.report(file, &shown, Fate::Translated(Vec::new()), "what is mended is staged anyway");
        return None;
    }
    let files = match of_glob(glob, "", true) {
        Ok(files) => files,
        Err(why) => {
            draft.lose(file, &shown, why.to_string());
            return None;
        }
    };
    if is_taken(line) {
        draft.lose(file, &shown, "it has a variable that tollgate would take for a placeholder");
        return None;
    }
    let Line::Command(check, _) = understood(&format!("{line} {{files}}")) else {
        draft.lose(file, &shown, "it calls another manager");
        return None;
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let wish = match words.as_slice() {
        ["npm" | "pnpm" | "yarn" | "bun", "run" | "exec", name, ..] | ["npx" | "bunx", name, ..] => name,
        ["npm" | "pnpm" | "yarn" | "bun", name, ..] => name,
        [name, ..] => name.rsplit('/').next().unwrap_or(name),
        [] => "lint-staged",
    };
    // lint-staged stages whatever its commands change.
    draft.policy.fix = true;
    let id = draft.command(wish, Check { files, ..*check }, &["pre-commit".to_owned()]);
    draft.report(file, &shown, Fate::Translated(vec![id.clone()]), "");
    Some(id)
}
