//! What `README.md` shows: its commands exist and work, and its policy is one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::Repo;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The lines of the fenced blocks in that language.
fn fenced(text: &str, language: &str) -> Vec<String> {
    let parts = text.split("\n```").skip(1).step_by(2);
    let own = parts.filter_map(|part| part.split_once('\n').filter(|(name, _)| *name == language));
    own.flat_map(|(_, block)| block.lines()).map(str::to_owned).collect()
}

/// Every command line of the program that is shown, without the name of the program.
fn commands(text: &str) -> BTreeSet<String> {
    let blocks = ["console", "yaml"].iter().flat_map(|language| fenced(text, language));
    let in_blocks =
        blocks.filter_map(|line| Some(line.split_once("tollgate ")?.1.split(" #").next()?.trim().to_owned()));
    let prose: String = text.split("\n```").step_by(2).collect();
    let spans =
        prose.split('`').skip(1).step_by(2).filter_map(|span| span.strip_prefix("tollgate ")).map(str::to_owned);
    in_blocks.chain(spans).collect()
}

#[test]
fn every_command_and_option_that_it_names_is_there() {
    let repo = Repo::new();
    let all = commands(&readme());
    assert!(all.len() > 10, "{all:?}");
    for command in all {
        let (words, options): (Vec<&str>, Vec<&str>) =
            command.split([' ', '[', ']']).filter(|word| !word.is_empty()).partition(|word| !word.starts_with("--"));
        let is_name = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let n_names = if matches!(words.first(), Some(&("rules" | "config" | "builtin"))) { 2 } else { 1 };
        let names: Vec<&str> = words.iter().copied().take(n_names).take_while(is_name).collect();
        assert!(!names.is_empty(), "{command}");
        let help = repo.tollgate(&[&names[..], &["--help"]].concat()).code(0).stdout;
        for option in options.iter().map(|option| option.split('=').next().unwrap()) {
            assert!(help.contains(option), "`tollgate {command}`: there is no {option} in:\n{help}");
        }
    }
}

#[test]
fn what_it_lets_a_newcomer_type_works() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let typed = fenced(&readme(), "console");
    let own =
        typed.iter().filter_map(|line| line.strip_prefix("$ tollgate ")).map(|line| line.split(" #").next().unwrap());
    let own: Vec<&str> = own.collect();
    assert!(own.iter().any(|line| line.starts_with("init")), "{own:?}");
    for line in own {
        repo.tollgate(&line.split_whitespace().collect::<Vec<_>>()).code(0);
    }
    repo.stage(&[("b.txt", "two\n")]);
    repo.git(&["commit", "-q", "-m", "feat: two"]).code(0);
}

#[test]
fn its_policy_is_one() {
    let policy = fenced(&readme(), "toml").join("\n");
    // The list of tests in quarantine that it names, as the text below it says.
    let flaky = "[[test]]\nname = \"a\"\nowner = \"ann\"\nreason = \"waits for a clock\"\nuntil = 2999-01-01\n";
    let repo = Repo::with(&[("tollgate.toml", policy.as_str()), ("tests/flaky.toml", flaky)]);
    repo.tollgate(&["config", "show"]).code(0).says("max-lines");
}
