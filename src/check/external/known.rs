//! The known tools on what they really print: the reader and the exit codes of their definitions.

use std::fs;
use std::io::{BufRead, Cursor};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::check::external::Command;
use crate::check::external::read::{Ran, Seen, understand};
use crate::check::external::recorded::shown;
use crate::config::Config;
use crate::model::command::{CommandOutput, Exit};
use crate::model::path::RepoPath;
use crate::model::rule::RuleId;

/// The recorded tools, with the exit code that they ended with.
const RECORDED: [(&str, i32); 25] = [
    ("actionlint", 1),
    ("cargo-deny", 4),
    ("cfn-lint", 2),
    ("checkstyle", 3),
    ("clang-format", 1),
    ("clang-tidy", 0),
    ("cppcheck", 0),
    ("detekt", 2),
    ("go-vet", 2),
    ("gofmt", 0),
    ("golangci-lint", 1),
    ("ktlint", 1),
    ("markdownlint", 1),
    ("phpstan", 1),
    ("pmd", 4),
    ("pyright", 1),
    ("rubocop", 1),
    ("semgrep", 1),
    ("shfmt", 1),
    ("spotbugs", 1),
    ("sqlfluff", 1),
    ("stylelint", 2),
    ("terraform-fmt", 3),
    ("tflint", 2),
    ("typos", 2),
];

fn folder(tool: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tools").join(tool)
}

/// The command that a check with this tool is where it looks.
fn command(tool: &str) -> Command {
    let policy = format!("[checks.it]\ntool = \"{tool}\"\nfix = \"off\"\n");
    let mut config = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect("the tool is known");
    Command { id: RuleId::from("it"), check: config.checks.remove("it").expect("it is there") }
}

/// What is understood of what the tool printed, or why nothing is.
fn understood(tool: &str, exit: i32, printed: &[u8]) -> Result<String, String> {
    let command = command(tool);
    let output = CommandOutput {
        exit: Exit::Code(exit),
        stdout: printed.to_vec(),
        stderr: Vec::new(),
        n_dropped: 0,
        duration: Duration::ZERO,
    };
    let reports = command.names_report().then(|| vec![vec![PathBuf::from("report")]]);
    let report = printed.to_vec();
    let open = move |_: &Path, _: u64| Ok(Box::new(Cursor::new(report.clone())) as Box<dyn BufRead>);
    let sources = folder(tool).join("faulty");
    let contents = |path: &RepoPath| fs::read(sources.join(path.to_fs())).ok();
    let files = &Vec::new;
    let seen = Seen { top: Path::new("/srv/project"), files, open: &open, contents: &contents, matcher: &[] };
    let understood = understand(&command, &Ran { outputs: vec![output], reports, ..Ran::default() }, &seen)
        .map_err(|broken| broken.why)?;
    Ok(shown(&understood.findings, &sources))
}

#[test]
fn what_known_tools_print_is_read() {
    for (tool, exit) in RECORDED {
        let printed = fs::read(folder(tool).join("recorded.txt")).expect(tool);
        let found = understood(tool, exit, &printed).unwrap_or_else(|why| panic!("{tool}: {why}"));
        let expected = snapbox::Data::read_from(&folder(tool).join("recorded.findings"), None);
        snapbox::assert_data_eq!(found, expected.raw());
    }
}

#[test]
fn a_code_that_is_not_of_findings_never_passes() {
    for (tool, _) in RECORDED {
        for printed in [&b""[..], b"usage: lint [files]\n"] {
            let why = understood(tool, 99, printed).expect_err(tool);
            assert!(why.starts_with("it ended with exit code 99, "), "{tool}: {why}");
        }
    }
}

#[test]
fn nothing_printed_with_a_code_of_findings_never_passes() {
    for (tool, exit) in RECORDED.into_iter().filter(|(_, exit)| *exit != 0) {
        assert_ne!(understood(tool, exit, b""), Ok(String::new()), "{tool}");
    }
}
