//! The text of the scripts that git calls.

use crate::hook::Error;

/// Calls tollgate.
const CLIENT: &str = include_str!("../../hooks/client.sh");

/// Calls only the hook that git would call without us.
const PASS_THROUGH: &str = include_str!("../../hooks/pass-through.sh");

/// What every script of ours has in its second line, and nothing else is likely to have there.
const MARK: &str = "# Written by `tollgate install`;";

/// The hook that ours hands on to, if it is there when that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Chained {
    /// None.
    Nothing,
    /// A path from the folder of the script.
    Beside(String),
    /// A path as it is.
    At(String),
}

impl Chained {
    /// The path in the words of the shell.
    fn expression(&self) -> String {
        match self {
            Self::Nothing => "''".to_owned(),
            Self::Beside(path) => format!("\"$here\"/{}", quoted(path)),
            Self::At(path) => quoted(path),
        }
    }
}

/// The script that calls tollgate: `recorded` is the program, `remove` the command that undoes the installation of this
/// hook, in the words of the shell.
pub(super) fn client(recorded: &str, chained: &Chained, remove: &str) -> String {
    CLIENT
        .replace("@REMOVE@", remove)
        .replace("@CHAINED@", &chained.expression())
        .replace("@RECORDED@", &quoted(&recorded.replace('\\', if cfg!(windows) { "/" } else { "\\" })))
}

/// The script that only hands on.
pub(super) fn pass_through(chained: &Chained) -> String {
    PASS_THROUGH.replace("@CHAINED@", &chained.expression())
}

/// The command that takes the script out if it stands in the repository's own folder of hooks.
pub(super) fn remove_file(chained: &Chained) -> String {
    match chained {
        Chained::Nothing => "\"rm '$0'\"".to_owned(),
        _ => "\"mv '$here/../tollgate-replaced/$name' '$0'\"".to_owned(),
    }
}

/// The command that takes the scripts out if git was told to look for them in our folder; `before` is what the setting
/// was.
pub(super) fn reset_setting(option: &str, before: Option<&str>) -> String {
    quoted(&match before {
        Some(value) => format!("git config {option} core.hooksPath {}", quoted(value)),
        None => format!("git config {option} --unset core.hooksPath"),
    })
}

/// Whether a script is one of ours, edited or not.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    bytes.split(|&byte| byte == b'\n').nth(1).is_some_and(|line| line.starts_with(MARK.as_bytes()))
}

/// A text as one word of the shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A path as text: scripts and settings hold nothing else.
pub(super) fn path_text(what: &'static str, path: &std::path::Path) -> Result<String, Error> {
    let text = path.to_str().ok_or_else(|| Error::NotUtf8 { what, shown: path.display().to_string() })?;
    Ok(if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{Chained, client, is_ours, pass_through, quoted};

    #[test]
    fn words_of_the_shell_are_quoted() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }

    #[test]
    fn our_scripts_are_known_again_and_have_no_gaps() {
        for text in [client("/x", &Chained::Nothing, "''"), pass_through(&Chained::At("/y".into()))] {
            assert!(is_ours(text.as_bytes()));
            for placeholder in ["@RECORDED@", "@CHAINED@", "@REMOVE@"] {
                assert!(!text.contains(placeholder), "{text}");
            }
        }
        assert!(!is_ours(b"#!/bin/sh\necho tollgate\n"));
        assert!(!is_ours(b""));
    }
}
