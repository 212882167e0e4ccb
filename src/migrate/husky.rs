//! husky, and the packages that keep lines for git's hooks in `package.json`: each plain line of a script becomes a check,
//! and a script that decides something is run as it is.

use serde_json::Value;

use crate::migrate::document::{parse, text};
use crate::migrate::lefthook::UNSERVED;
use crate::migrate::policy::Check;
use crate::migrate::shell::{Line, is_taken, understood};
use crate::migrate::words::plain;
use crate::migrate::{Draft, Error, Fate, lint_staged};

/// Where lines for hooks stand in `package.json`, with whose they are.
const IN_PACKAGE: [(&str, &str); 3] =
    [("/husky/hooks", "husky"), ("/simple-git-hooks", "simple-git-hooks"), ("/gitHooks", "yorkie")];

/// Git's hooks that tollgate serves.
const SERVED: [&str; 4] = ["pre-commit", "pre-merge-commit", "commit-msg", "pre-push"];

/// Takes over the scripts of husky, if there are any.
pub(super) fn migrate(draft: &mut Draft<'_>) -> Result<(), Error> {
    let own: Vec<String> = draft.tree.files.iter().filter(|file| is_script(file)).cloned().collect();
    for file in &own {
        let Some(script) = draft.tree.text(file) else { continue };
        draft.found("husky", file);
        let name = file.rsplit('/').next().unwrap_or(file);
        hook(draft, (file, name), &script, Some(file))?;
    }
    if !own.is_empty() {
        draft.steps.push(
            "`git config --unset core.hooksPath` takes the hooks of husky out, so that they do not run twice; take `husky` \
             out of the scripts of package.json as well, which would put them back"
                .to_owned(),
        );
    }
    in_package(draft)
}

fn is_script(file: &str) -> bool {
    let name = file.strip_prefix(".husky/").unwrap_or_default();
    SERVED.contains(&name) || UNSERVED.contains(&name)
}

fn in_package(draft: &mut Draft<'_>) -> Result<(), Error> {
    for file in ["package.json", ".huskyrc", ".huskyrc.json", ".simple-git-hooks.json"] {
        let Some(value) = draft.tree.text(file).and_then(|text| parse(file, &text).ok()) else { continue };
        let found = match file {
            "package.json" => IN_PACKAGE.iter().find_map(|(place, name)| Some((value.pointer(place)?, *name))),
            ".simple-git-hooks.json" => Some((&value, "simple-git-hooks")),
            _ => value.get("hooks").map(|hooks| (hooks, "husky")),
        };
        let Some((Value::Object(hooks), manager)) = found else { continue };
        draft.found(manager, file);
        for (name, line) in hooks.clone() {
            if let Some(line) = text(&line) {
                hook(draft, (file, &name), &line, None)?;
            }
        }
        draft.steps.push(format!("take the hooks of {manager} out of {file}, so that they do not run twice"));
    }
    Ok(())
}

/// Takes over the lines of one hook; a script that is a file can be run as a whole.
fn hook(draft: &mut Draft<'_>, (file, name): (&str, &str), script: &str, whole: Option<&str>) -> Result<(), Error> {
    if UNSERVED.contains(&name) {
        draft.lose(
            file,
            name,
            format!("tollgate does not serve {name}; as a script in git's own folder it goes on running"),
        );
        return Ok(());
    }
    if !SERVED.contains(&name) {
        return Ok(());
    }
    let Some(lines) = lines(script) else {
        match whole.filter(|_| name != "commit-msg") {
            Some(whole) => {
                let run = ["sh", "-e", whole].map(str::to_owned).to_vec();
                let id = draft.command(name, Check { run, ..Check::default() }, &[name.to_owned()]);
                draft.report(
                    file,
                    name,
                    Fate::Wrapped(id),
                    "the script decides something by itself: it is run as it is",
                );
            }
            None => draft.lose(file, name, "it decides something by itself, and tollgate cannot run it"),
        }
        return Ok(());
    };
    for line in lines {
        let shown = format!("{name}: {line}");
        if line.starts_with("git add ") {
            draft.policy.fix = true;
            draft.report(file, &shown, Fate::Translated(Vec::new()), "what checks mend is staged anyway");
            continue;
        }
        if is_taken(&line) {
            draft.lose(file, &shown, "it has a variable that tollgate would take for a placeholder");
            continue;
        }
        match understood(&line) {
            Line::Commitlint if name == "commit-msg" => draft.commitlint(file, &shown),
            Line::LintStaged(rest) if name == "pre-commit" => lint_staged::migrate(draft, (file, &shown), &rest)?,
            Line::Command(check, stages) if name != "commit-msg" => {
                draft.policy.fix |= stages;
                let why = if check.fix { "seems to mend: what it changes is a finding and its fix" } else { "" };
                let id = draft.command(wish(&line), Check { fix: stages || check.fix, ..*check }, &[name.to_owned()]);
                draft.report(file, &shown, Fate::Translated(vec![id]), why);
            }
            _ => draft.lose(file, &shown, "tollgate runs no command on a message"),
        }
    }
    Ok(())
}

/// What a check for a line could be called: the script of a package, else the program.
fn wish(line: &str) -> &str {
    const RUNNERS: [&str; 12] =
        ["npm", "npx", "pnpm", "pnpx", "yarn", "bun", "bunx", "run", "exec", "dlx", "--no-install", "--"];
    let mut words = line.split_whitespace();
    words.find(|word| !RUNNERS.contains(word) && !word.starts_with('-')).unwrap_or("hook")
}

/// The lines of a script that run something; none if it is more than a list of commands.
fn lines(script: &str) -> Option<Vec<String>> {
    let joined = script.replace("\\\n", " ");
    let mut lines = Vec::new();
    for line in joined.lines().map(str::trim) {
        let is_for_husky = line.starts_with(". ") || line.starts_with("source ");
        let is_nothing = line.is_empty() || line.starts_with('#') || line.starts_with("echo ") || line == "set -e";
        if is_nothing || (is_for_husky && line.contains("husky")) {
            continue;
        }
        for part in line.split("&&").map(str::trim) {
            // The only argument that a hook of these has is the file of the message.
            let words = plain(&part.replace("\"$1\"", "$1").replace("\"${1}\"", "$1").replace("$1", "MESSAGE"))?;
            if words.is_empty() {
                return None;
            }
            lines.push(part.to_owned());
        }
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::{lines, wish};

    #[test]
    fn a_list_of_commands_is_told_from_a_program() {
        let husky = "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\nnpx lint-staged\nnpm test -- --run && npm run types\n";
        let expected = ["npx lint-staged", "npm test -- --run", "npm run types"].map(str::to_owned).to_vec();
        assert_eq!(lines(husky), Some(expected));
        assert_eq!(
            lines("npx --no -- commitlint --edit \"$1\"\n"),
            Some(vec!["npx --no -- commitlint --edit \"$1\"".to_owned()])
        );
        for script in
            ["if true; then\n x\nfi\n", "A=1 x\n", "x | y\n", "cd web\nnpm test\n", "x || exit 1\n", "export A=1\n"]
        {
            assert_eq!(lines(script), None, "{script}");
        }
        for (line, name) in [("npx --no-install eslint .", "eslint"), ("npm run lint", "lint"), ("cargo fmt", "cargo")]
        {
            assert_eq!(wish(line), name);
        }
    }
}
