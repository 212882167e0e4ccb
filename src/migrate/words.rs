//! Lines of a shell: into words where that is all there is to them, and what they do to files.

/// A line as a program with its arguments, if a shell would do nothing else with it.
pub(super) fn plain(line: &str) -> Option<Vec<String>> {
    let words = split(line, Reading::Shell)?;
    let is_assignment = words.first()?.split_once('=').is_some_and(|(name, _)| is_name(name));
    (!is_assignment && !BUILT_IN.contains(&words.first()?.as_str())).then_some(words)
}

/// A line as words, as Python's `shlex` splits it.
pub(super) fn shlex(line: &str) -> Option<Vec<String>> {
    split(line, Reading::Words)
}

/// What a shell does by itself.
const BUILT_IN: [&str; 20] = [
    "cd", "exit", "export", "set", "unset", "source", ".", "eval", "exec", "if", "for", "while", "case", "test", "[",
    "alias", "trap", "ulimit", "umask", "!",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Quotes and backslashes alone mean something.
    Words,
    /// What a shell expands or does beside is not for us.
    Shell,
}

fn is_name(text: &str) -> bool {
    let is_inner = |character: char| character == '_' || character.is_ascii_alphanumeric();
    !text.is_empty() && !text.starts_with(|first: char| first.is_ascii_digit()) && text.chars().all(is_inner)
}

fn split(line: &str, reading: Reading) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.trim().chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '"' => break,
                        '$' | '`' if reading == Reading::Shell => return None,
                        '\\' if rest.peek().is_some_and(|next| "\"\\$`".contains(*next)) => word.extend(rest.next()),
                        inner => word.push(inner),
                    }
                }
            }
            '\\' => match rest.next()? {
                '\n' => {}
                inner => word.get_or_insert_default().push(inner),
            },
            blank if blank == ' ' || blank == '\t' || (reading == Reading::Words && blank.is_whitespace()) => {
                words.extend(word.take());
            }
            special if reading == Reading::Shell && "|&;<>()$`*?[]\n".contains(special) => return None,
            '#' | '~' if reading == Reading::Shell && word.is_none() => return None,
            // A brace holds alternatives for some shells; ours are placeholders.
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (!words.is_empty()).then_some(words)
}

/// Words by which a command says that it changes files.
const MENDING: [&str; 11] = [
    "--write",
    "-w",
    "--fix",
    "-i",
    "--in-place",
    "--inplace",
    "--autofix",
    "--auto-correct",
    "-a",
    "--autocorrect-all",
    "--apply",
];

/// Programs that change files unless they are told not to.
const FORMATTERS: [&str; 17] = [
    "black",
    "isort",
    "rustfmt",
    "gofmt",
    "goimports",
    "gofumpt",
    "clang-format",
    "shfmt",
    "taplo",
    "oxfmt",
    "autoflake",
    "pyupgrade",
    "autopep8",
    "yapf",
    "nixfmt",
    "stylua",
    "dprint",
];

/// What makes a formatter look only.
const LOOKING: [&str; 8] =
    ["--check", "--diff", "-d", "-l", "--list-different", "--check-only", "--dry-run", "--fix=false"];

/// Whether a command seems to change the files that it is given: told by what its words mean to the tools that people use.
pub(super) fn mends(words: &[String]) -> bool {
    // A script that a shell is given is one word.
    let words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(word));
    if has(&LOOKING) {
        return false;
    }
    let names = words.iter().map(|word| word.rsplit('/').next().unwrap_or(word));
    let mut named = names.filter(|name| !name.starts_with('-'));
    let is_formatter = named.clone().any(|name| FORMATTERS.contains(&name));
    let says_so = |name: &str| {
        let mut parts = name.split([':', '-', '_', '.', ' ', ';', '/']);
        parts.any(|part| matches!(part, "fix" | "format" | "fmt" | "autofix" | "fixer" | "formatter" | "prettify"))
    };
    is_formatter || has(&MENDING) || named.any(says_so)
}

#[cfg(test)]
mod tests {
    use super::{mends, plain, shlex};

    #[test]
    fn a_plain_line_is_a_program_with_arguments() {
        let check = |line: &str, expected: Option<&[&str]>| {
            let expected = expected.map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            assert_eq!(plain(line), expected, "{line}");
        };
        check("npx eslint --fix {files}", Some(&["npx", "eslint", "--fix", "{files}"]));
        check("  echo 'a b' \"c d\" e\\ f '' ", Some(&["echo", "a b", "c d", "e f", ""]));
        for line in [
            "", "a | b", "a && b", "a > b", "a $B", "a \"$B\"", "a `b`", "a *.c", "A=1 b", "cd x", "~/x", "a; b",
            "a 'b", "# a", "a\nb",
        ] {
            check(line, None);
        }
        assert_eq!(shlex("bash -c 'a | b' $X"), Some(["bash", "-c", "a | b", "$X"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn formatters_are_told_from_linters() {
        let check = |line: &str, expected: bool| assert_eq!(mends(&shlex(line).expect(line)), expected, "{line}");
        for line in [
            "prettier --write",
            "black",
            "npm run format",
            "make -C libs/core format",
            "eslint --fix",
            "cargo fmt",
            "ruff format",
            "./node_modules/.bin/oxfmt",
            "pnpm lint:styles:fix",
            "bash -c 'cd web && npx prettier --write .'",
        ] {
            check(line, true);
        }
        for line in [
            "prettier --check",
            "black --check",
            "cargo fmt --check",
            "npm test",
            "eslint",
            "mypy --strict",
            "gofmt -l",
        ] {
            check(line, false);
        }
    }
}
