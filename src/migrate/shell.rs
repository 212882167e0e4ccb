//! Lines that a hook gives to a shell, as checks.

use std::sync::LazyLock;

use regex::Regex;

use crate::migrate::policy::Check;
use crate::migrate::words::{mends, plain};

/// What a line does that tollgate has a word of its own for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It judges the message with commitlint.
    Commitlint,
    /// It runs lint-staged, with these arguments.
    LintStaged(Vec<String>),
    /// It is a command; whether what it changed was staged.
    Command(Box<Check>, bool),
}

/// The end of a line that stages what the command before it changed.
static ADDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)\s*(?:&&|;|\n)\s*git\s+add(?:\s+[^;&|\n]*)?\s*$").expect("because the expression is constant")
});

/// What tollgate would fill in.
static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{(?:files?|base|head|report)\}").expect("because the expression is constant"));

/// Whether a line says what tollgate would take for a placeholder.
pub(super) fn is_taken(line: &str) -> bool {
    PLACEHOLDER.is_match(line)
}

/// Understands a line in which the files stand as `{files}`.
pub(super) fn understood(line: &str) -> Line {
    let line = line.trim();
    let (line, stages) = match ADDS.find(line) {
        Some(found) if found.start() > 0 => (line.get(..found.start()).unwrap_or(line), true),
        _ => (line, false),
    };
    // The file of the message, as each manager writes it.
    let message = ["\"$1\"", "\"${1}\"", "$1", "${1}", "\"$HUSKY_GIT_PARAMS\"", "$HUSKY_GIT_PARAMS", "\"{1}\""];
    let named = plain(&message.iter().fold(line.to_owned(), |line, file| line.replace(file, "MESSAGE")));
    let words = plain(line);
    let names = named.iter().flatten().take(6).take_while(|word| !word.starts_with("{file"));
    for (at, word) in names.enumerate() {
        match word.rsplit('/').next() {
            Some("commitlint" | "commitlint@latest") => return Line::Commitlint,
            Some("lint-staged") => {
                let rest = words.iter().flatten().skip(at + 1).cloned().collect();
                return Line::LintStaged(rest);
            }
            _ => {}
        }
    }
    Line::Command(Box::new(command(line, words)), stages)
}

/// A command as it stands: a program with its arguments, or a line for a shell.
fn command(line: &str, words: Option<Vec<String>>) -> Check {
    match words.filter(|words| words.len() > 1 || words.iter().all(|word| !word.contains(' '))) {
        Some(run) => Check { fix: mends(&run), run, ..Check::default() },
        None => {
            let unquoted = ["\"{files}\"", "'{files}'"]
                .iter()
                .fold(line.to_owned(), |line, quoted| line.replace(quoted, "{files}"));
            let words: Vec<String> = unquoted.split_whitespace().map(str::to_owned).collect();
            Check { fix: mends(&words), run: vec![unquoted], shell: true, ..Check::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, understood};

    #[test]
    fn lines_are_understood() {
        for line in [
            "npx --no -- commitlint --edit $1",
            "npx commitlint --edit \"$1\"",
            "npx commitlint -E \"{1}\"",
            "npx commitlint --edit {message}",
            "pnpm exec commitlint --edit",
            "yarn commitlint -e x",
        ] {
            assert_eq!(understood(line), Line::Commitlint, "{line}");
        }
        for (line, rest) in [
            ("npx lint-staged", ""),
            ("pnpm exec lint-staged --quiet", "--quiet"),
            ("./node_modules/.bin/lint-staged", ""),
        ] {
            let rest = rest.split_whitespace().map(str::to_owned).collect();
            assert_eq!(understood(line), Line::LintStaged(rest), "{line}");
        }
        let command = |line: &str| match understood(line) {
            Line::Command(check, stages) => (check.run, check.shell, check.fix, stages),
            other => panic!("{other:?}"),
        };
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(command("npm test"), (words("npm test"), false, false, false));
        assert_eq!(
            command("prettier --write {files} && git add {files}"),
            (words("prettier --write {files}"), false, true, true)
        );
        assert_eq!(command("a | b '{files}'"), (vec!["a | b {files}".to_owned()], true, false, false));
        assert_eq!(command("git add x"), (words("git add x"), false, false, false));
    }
}
