//! What git will make of the text in the message file: without comments, the diff of `commit -v`, trailing blanks and
//! needless empty lines. The rules are those of `git stripspace` and of `commit.cleanup` in git-config(1).

/// How git cleans a message; the modes of `commit.cleanup`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cleanup {
    /// White space and comments go.
    Strip,
    /// White space goes, comments stay.
    Whitespace,
    /// Everything stays.
    Verbatim,
    /// As [`Cleanup::Whitespace`], and what follows the scissors line goes.
    Scissors,
}

/// Whether the committer was shown the message in an editor. Git tells its hooks: `GIT_EDITOR` is `:` if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Editing {
    /// In an editor.
    Edited,
    /// With `-m`, `-F` or the like.
    Given,
}

impl Cleanup {
    /// The mode that a value of `commit.cleanup` means; `None` for a value that git refuses.
    pub(crate) fn from_setting(setting: Option<&str>, editing: Editing) -> Option<Self> {
        match (setting.unwrap_or("default"), editing) {
            ("default", Editing::Edited) | ("strip", _) => Some(Self::Strip),
            ("default" | "scissors", Editing::Given) | ("whitespace", _) => Some(Self::Whitespace),
            ("scissors", Editing::Edited) => Some(Self::Scissors),
            ("verbatim", _) => Some(Self::Verbatim),
            _ => None,
        }
    }
}

/// What comes after the comment string and a blank on the line from which on nothing belongs to the message.
const SCISSORS: &[u8] = b"------------------------ >8 ------------------------";

/// The characters among which git chooses when `core.commentChar` is `auto`.
const AUTO: &[u8] = b"#;@!$%^&|:";

/// The string that starts a comment: the value of `core.commentString` or `core.commentChar`, `#` without one. For
/// `auto` the message tells, because git wrote its own comments at the end of it.
pub(crate) fn comment_string(setting: Option<&str>, message: &[u8]) -> Vec<u8> {
    match setting {
        None | Some("") => b"#".to_vec(),
        Some("auto") => vec![chosen_by_git(message)],
        Some(given) => given.as_bytes().to_vec(),
    }
}

fn chosen_by_git(message: &[u8]) -> u8 {
    let starter = |line: &[u8]| line.first().copied().filter(|first| AUTO.contains(first));
    let is_cut = |line: &&[u8]| line.get(1..).and_then(|rest| rest.strip_prefix(b" ")) == Some(SCISSORS);
    let mut lines = message.split(|&byte| byte == b'\n');
    let cut = lines.clone().find(is_cut).and_then(starter);
    let last = || lines.rfind(|line| !line.trim_ascii().is_empty()).and_then(starter);
    cut.or_else(last).unwrap_or(b'#')
}

/// The message that git will record. What follows the scissors line goes in every mode, because `commit -v` leaves it
/// there in every mode.
pub(crate) fn clean(message: &[u8], cleanup: Cleanup, comment: &[u8]) -> Vec<u8> {
    let message = before_scissors(message, comment);
    match cleanup {
        Cleanup::Verbatim => message.to_vec(),
        Cleanup::Strip => without_space(message, Some(comment)),
        Cleanup::Whitespace | Cleanup::Scissors => without_space(message, None),
    }
}

fn before_scissors<'a>(message: &'a [u8], comment: &[u8]) -> &'a [u8] {
    let mut n_before = 0;
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        let rest = line.strip_prefix(comment).and_then(|rest| rest.strip_prefix(b" "));
        if rest.and_then(|rest| rest.strip_suffix(b"\n")) == Some(SCISSORS) {
            return message.get(..n_before).unwrap_or(message);
        }
        n_before += line.len();
    }
    message
}

/// No comments, no blanks at the ends of lines, no empty lines at the start and the end, one where there were several,
/// and a line feed at the end.
fn without_space(message: &[u8], comment: Option<&[u8]>) -> Vec<u8> {
    let mut cleaned = Vec::with_capacity(message.len() + 1);
    let mut is_after_empty = false;
    for line in message.split(|&byte| byte == b'\n') {
        if comment.is_some_and(|comment| line.starts_with(comment)) {
            continue;
        }
        // Git's white space, which has no form feed and no vertical tab.
        let n_kept = line.iter().rposition(|byte| !b" \t\r".contains(byte)).map_or(0, |last| last + 1);
        let Some(kept) = line.get(..n_kept).filter(|kept| !kept.is_empty()) else {
            is_after_empty = true;
            continue;
        };
        if is_after_empty && !cleaned.is_empty() {
            cleaned.push(b'\n');
        }
        is_after_empty = false;
        cleaned.extend_from_slice(kept);
        cleaned.push(b'\n');
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Stdio;

    use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
    use proptest::strategy::Strategy;

    use super::{Cleanup, Editing, clean, comment_string};

    const CUT: &str = "# ------------------------ >8 ------------------------\ndiff --git a/x b/x\n";

    #[track_caller]
    fn check(message: &str, cleanup: Cleanup, comment: &str, expected: &str) {
        let cleaned = clean(message.as_bytes(), cleanup, comment.as_bytes());
        assert_eq!(String::from_utf8_lossy(&cleaned), expected, "{message:?}");
    }

    #[test]
    fn every_mode_of_cleaning() {
        let message = "\n\nfeat: x  \n\n\n\n# a comment\nbody\t\r\n #kept\n\n";
        check(message, Cleanup::Strip, "#", "feat: x\n\nbody\n #kept\n");
        check(message, Cleanup::Whitespace, "#", "feat: x\n\n# a comment\nbody\n #kept\n");
        check(message, Cleanup::Scissors, "#", "feat: x\n\n# a comment\nbody\n #kept\n");
        check(message, Cleanup::Verbatim, "#", message);
    }

    #[test]
    fn a_message_of_comments_is_empty() {
        check("# a\n\n#b", Cleanup::Strip, "#", "");
        check("", Cleanup::Strip, "#", "");
        check(" \n\t\n", Cleanup::Whitespace, "#", "");
    }

    #[test]
    fn what_follows_the_scissors_goes_in_every_mode() {
        let message = format!("feat: x\n\nbody\n{CUT}");
        for cleanup in [Cleanup::Strip, Cleanup::Whitespace, Cleanup::Scissors, Cleanup::Verbatim] {
            check(&message, cleanup, "#", "feat: x\n\nbody\n");
            check(CUT, cleanup, "#", "");
        }
        check(&message, Cleanup::Verbatim, ";", &message);
        let indented = format!("feat: x\n {CUT}");
        check(&indented, Cleanup::Verbatim, "#", &indented);
        let unended = "a\n# ------------------------ >8 ------------------------";
        check(unended, Cleanup::Verbatim, "#", unended);
    }

    #[test]
    fn a_comment_starts_with_what_is_set() {
        check("a\n// b\n/ c\n# d\n", Cleanup::Strip, "//", "a\n/ c\n# d\n");
        check("a\n»b\n#c\n", Cleanup::Strip, "»", "a\n#c\n");
        for (setting, message, expected) in [
            (None, "a", "#"),
            (Some(""), "a", "#"),
            (Some(";"), "a", ";"),
            (Some("»»"), "a", "»»"),
            (Some("auto"), "a\n\nb\n", "#"),
            (Some("auto"), "#1 is fixed\n\n; Please enter the message\n;\n\n", ";"),
            (Some("auto"), "# x\n@ ------------------------ >8 ------------------------\n+; y\n", "@"),
        ] {
            assert_eq!(comment_string(setting, message.as_bytes()), expected.as_bytes(), "{setting:?} {message}");
        }
    }

    #[test]
    fn the_setting_and_the_editor_choose_the_mode() {
        for (setting, edited, given) in [
            (None, Some(Cleanup::Strip), Some(Cleanup::Whitespace)),
            (Some("default"), Some(Cleanup::Strip), Some(Cleanup::Whitespace)),
            (Some("strip"), Some(Cleanup::Strip), Some(Cleanup::Strip)),
            (Some("whitespace"), Some(Cleanup::Whitespace), Some(Cleanup::Whitespace)),
            (Some("verbatim"), Some(Cleanup::Verbatim), Some(Cleanup::Verbatim)),
            (Some("scissors"), Some(Cleanup::Scissors), Some(Cleanup::Whitespace)),
            (Some("tidy"), None, None),
        ] {
            assert_eq!(Cleanup::from_setting(setting, Editing::Edited), edited, "{setting:?}");
            assert_eq!(Cleanup::from_setting(setting, Editing::Given), given, "{setting:?}");
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the cleaning is compared with git's own")]
    fn git_strips(message: &[u8], comment: Option<&str>) -> Vec<u8> {
        let mut git = std::process::Command::new("git");
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env_remove("GIT_DIR");
        if let Some(comment) = comment {
            git.arg("-c").arg(format!("core.commentChar={comment}"));
        }
        git.arg("stripspace");
        if comment.is_some() {
            git.arg("--strip-comments");
        }
        git.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = git.spawn().expect("git starts");
        child.stdin.take().expect("it is a pipe").write_all(message).expect("git reads it");
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success());
        output.stdout
    }

    fn messages() -> impl Strategy<Value = Vec<u8>> {
        let pieces = ["\n", "\n", "\n\n", " ", "\t", "\r", "\u{b}", "\u{c}", "#", ";", "a", "b c", "é", "\u{a0}"];
        let piece = prop::sample::select(pieces.map(|piece| piece.as_bytes().to_vec()).to_vec());
        let byte = any::<u8>().prop_map(|byte| vec![byte]);
        prop::collection::vec(prop_oneof_weighted(piece, byte), 0..30).prop_map(|pieces| pieces.concat())
    }

    fn prop_oneof_weighted(
        piece: impl Strategy<Value = Vec<u8>> + 'static,
        byte: impl Strategy<Value = Vec<u8>> + 'static,
    ) -> impl Strategy<Value = Vec<u8>> {
        proptest::prop_oneof![9 => piece, 1 => byte]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn comments_and_space_go_as_in_git(message in messages(), comment in prop::sample::select(vec!["#", ";"])) {
            let cleaned = clean(&message, Cleanup::Strip, comment.as_bytes());
            prop_assert_eq!(cleaned, git_strips(&message, Some(comment)));
        }

        #[test]
        fn space_goes_as_in_git(message in messages()) {
            prop_assert_eq!(clean(&message, Cleanup::Whitespace, b"#"), git_strips(&message, None));
        }
    }
}
