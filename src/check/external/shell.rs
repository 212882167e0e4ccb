//! Command lines that look as if a shell were to read them though none does: whoever wrote one is told.

use crate::check::external::Command;

/// Words that mean something to a shell and hardly anything to a program.
const OPERATORS: [&str; 11] = ["&&", "||", "|", "&", ">", ">>", "<", "2>", "2>&1", "&>", ";"];

impl Command {
    /// What to say of a command that failed, if its line has something that only a shell understands and none reads it.
    pub(super) fn shell_hint(&self) -> Option<String> {
        if self.check.shell {
            return None;
        }
        let words = self.words();
        // `find` ends what it executes with a `;`.
        let is_found = words.iter().any(|word| word == "-exec" || word == "-execdir");
        let is_for_shell = |word: &&String| {
            let is_operator = OPERATORS.contains(&word.as_str()) && !(is_found && *word == ";");
            is_operator || is_expansion(word)
        };
        let word = words.iter().find(is_for_shell)?;
        let why = format!("no shell reads `run`, so `{word}` is an argument like any other");
        Some(format!("{why}; say `shell = true` in [checks.{}] if it is meant for one", self.id))
    }
}

/// Whether a shell would put something else in the place of a word, or of its beginning.
fn is_expansion(word: &str) -> bool {
    let names = |rest: &str| rest.starts_with(|letter: char| letter.is_ascii_alphabetic() || "({_".contains(letter));
    word.strip_prefix('$').is_some_and(names) || word.starts_with('`') || word.starts_with("~/")
}

#[cfg(test)]
mod tests {
    use crate::check::external::tests::command;
    use crate::config::Output;

    #[test]
    fn what_only_a_shell_understands_is_told() {
        for (run, expected) in [
            (&["npm", "run", "lint", "&&", "npm", "test"][..], Some("`&&` is an argument")),
            (&["lint", "$HOME/x"], Some("`$HOME/x`")),
            (&["lint", "~/x"], Some("`~/x`")),
            (&["lint", "$(git ls-files)"], Some("`$(git ls-files)`")),
            (&["lint", "{files}", "--price=$", "a|b"], None),
            (&["find", ".", "-exec", "x", "{}", ";"], None),
            (&["grep", "-E", "^a$|b*", "{files}"], None),
        ] {
            let mut own = command(run, Output::ExitCode);
            let hint = own.shell_hint();
            let is_told = match expected {
                Some(part) => hint.as_ref().is_some_and(|hint| hint.contains(part) && hint.contains("shell = true")),
                None => hint.is_none(),
            };
            assert!(is_told, "{run:?}: {hint:?}");
            own.check.shell = true;
            assert_eq!(own.shell_hint(), None);
        }
    }
}
