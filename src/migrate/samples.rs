//! Configurations of every manager, each with what becomes of its hooks.

use std::collections::BTreeMap;

use crate::app::vocabulary::vocabulary;
use crate::config::Config;
use crate::config::vocabulary::verify;
use crate::migrate::{Error, Fate, Hook, Migration, Tree, migrate};

/// Migrates these files; what is written must be a policy.
#[track_caller]
fn migrated(files: &[(&str, &str)]) -> Migration {
    let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
    let names: Vec<String> = texts.keys().map(|name| (*name).to_owned()).collect();
    let read = |path: &str| texts.get(path).map(|text| (*text).to_owned());
    let vocabulary = vocabulary(&[]);
    let migration =
        migrate(&Tree { files: &names, read: &read }, &vocabulary).unwrap_or_else(|error| panic!("{error}"));
    let policy = &migration.policy;
    let config = Config::load(Some(("tollgate.toml", policy.as_bytes())));
    let config = config.unwrap_or_else(|error| panic!("{error}\n{policy}"));
    verify(&config, &vocabulary).unwrap_or_else(|error| panic!("{error}\n{policy}"));
    migration
}

/// Each hook in a line.
fn fates(migration: &Migration) -> Vec<String> {
    let line = |hook: &Hook| {
        let to = match &hook.fate {
            Fate::Translated(ids) => ids.join(" "),
            Fate::Wrapped(id) => id.clone(),
            Fate::Lost => hook.why.clone(),
        };
        format!("{} {} > {to}", hook.fate.name(), hook.name)
    };
    migration.hooks.iter().map(line).collect()
}

/// The policy must have all of these parts.
#[track_caller]
fn has(migration: &Migration, parts: &[&str]) {
    for part in parts {
        assert!(migration.policy.contains(part), "no\n{part}\nin\n{}", migration.policy);
    }
}

const PRE_COMMIT: &str = r#"
exclude: ^vendor/
default_install_hook_types: [pre-commit, pre-push]
ci:
  skip: [check-schemas]
repos:
- repo: https://github.com/pre-commit/pre-commit-hooks
  rev: v5.0.0
  hooks:
  - id: trailing-whitespace
    args: [--markdown-linebreak-ext=md]
    stages: [commit]
  - id: check-added-large-files
    args: ['--maxkb', '3']
    stages: [pre-commit]
  - id: end-of-file-fixer
    types_or: [python, shell]
    exclude_types: [binary]
    stages: [pre-commit]
  - id: check-case-conflict
    exclude: ^docs/
  - id: fix-encoding-pragma
- repo: meta
  hooks: [{id: check-hooks-apply}]
- repo: git@github.com:compilerla/conventional-pre-commit.git
  rev: v3
  hooks:
  - id: conventional-pre-commit
    stages: [commit-msg]
    args: [feat, fix]
- repo: local
  hooks:
  - id: check-schemas
    name: Schemas
    entry: tools/check.py --all
    args: [-v]
    language: script
    files: ^schemas/.*\.json$
    stages: [pre-push]
  - id: format
    entry: make format
    language: system
    pass_filenames: false
    always_run: true
    files: \.c$
    stages: [pre-commit]
  - id: no-drafts
    language: fail
    entry: drafts stay out
    files: \.draft$
    stages: [pre-commit]
  - id: todo
    language: pygrep
    entry: TODO
    files: (?i)readme
    stages: [pre-commit]
  - id: notes
    entry: notes
    language: system
    stages: [post-merge]
  - id: sign
    entry: sign
    language: system
    stages: [commit-msg]
"#;

#[test]
fn hooks_of_pre_commit_become_checks() {
    let migration = migrated(&[(".pre-commit-config.yaml", PRE_COMMIT)]);
    assert_eq!(
        fates(&migration),
        [
            "translated trailing-whitespace > trailing-whitespace",
            "translated check-added-large-files > check-added-large-files",
            "translated end-of-file-fixer > end-of-file-fixer",
            "wrapped check-case-conflict > own-check-case-conflict",
            "wrapped fix-encoding-pragma > fix-encoding-pragma",
            "wrapped check-hooks-apply > check-hooks-apply",
            "translated conventional-pre-commit > conventional-commit",
            "translated check-schemas (Schemas) > check-schemas",
            "translated format > format",
            "translated no-drafts > no-drafts",
            "wrapped todo > todo",
            "lost notes > tollgate does not serve post-merge: `pre-commit install --hook-type post-merge` keeps that hook \
             alone",
            "lost sign > tollgate runs no command on a message: `pre-commit install --hook-type commit-msg` keeps that hook \
             alone",
        ]
    );
    has(
        &migration,
        &[
            "\nexclude = [\"/vendor/\"]\n",
            "[stages.pre-push]\nchecks = [\"own-check-case-conflict\", \"fix-encoding-pragma\", \"check-hooks-apply\", \
             \"check-schemas\"]\n",
            "[stages.commit-msg]\nchecks = [\"conventional-commit\"]\n",
            "[checks.trailing-whitespace]\noptions = { markdown-linebreak-ext = [\"md\"] }\n",
            "[checks.check-added-large-files]\noptions = { maxkb = 3 }\n",
            "[checks.end-of-file-fixer]\ntypes = [\"python|shell\", \"!binary\"]\n",
            "# Schemas\n[checks.check-schemas]\nrun = [\"./tools/check.py\", \"--all\", \"-v\", \"{files}\"]\n\
             files = [\"/schemas/**/*.json\"]\n",
            "[checks.format]\nrun = [\"make\", \"format\"]\nfix = \"safe\"\n",
            "[checks.todo]\nrun = [\"pre-commit\", \"run\", \"todo\", \"--files\", \"{files}\"]\nfix = \"safe\"\n\
             finding-codes = [1]\n",
            "[checks.conventional-commit]\noptions = { max-subject = 0, types = [\"feat\", \"fix\"] }\n",
        ],
    );
    let pull_request = migration.policy.split("[stages.pull-request]").nth(1).expect("there is one");
    let checks = pull_request.split(']').next().expect("it has a list");
    assert!(checks.contains("no-drafts") && !checks.contains("check-schemas"), "{checks}");
    assert!(migration.steps.iter().any(|step| step.starts_with("keep .pre-commit-config.yaml and pre-commit")));
}

#[test]
fn one_name_calls_all_hooks_of_that_name() {
    let text = "repos:\n- repo: https://github.com/a/b\n  hooks: [{id: x, files: ^a/}, {id: x, files: ^b/}, {id: v}, \
                {id: z, alias: v}]\n- repo: builtin\n  hooks: [{id: check-json}, {id: check-json, files: ^c/}]\n\
                - repo: local\n  hooks: [{id: v, entry: v, language: system}]\n";
    let migration = migrated(&[(".pre-commit-config.yaml", text)]);
    assert_eq!(
        fates(&migration),
        [
            "wrapped x > x",
            "wrapped x > x",
            "wrapped v > v",
            "wrapped z (v) > z",
            "wrapped check-json > own-check-json",
            "wrapped check-json > own-check-json",
            "wrapped v > v",
        ]
    );
    has(&migration, &["run = [\"prek\", \"run\", \"x\", \"--files\", \"{files}\"]\nfiles = [\"/a/\", \"/b/\"]\n"]);
}

#[test]
fn tools_of_the_catalogue_take_the_place_of_hooks() {
    let text = "repos:\n- repo: https://github.com/astral-sh/ruff-pre-commit\n  hooks:\n  - id: ruff\n    \
                args: [--fix, --select, E]\n    files: ^src/\n  - id: ruff-format\n    types_or: [pyi]\n\
                - repo: https://github.com/pre-commit/mirrors-mypy\n  hooks: [{id: mypy, additional_dependencies: [types-x]}]\n\
                - repo: https://github.com/codespell-project/codespell\n  hooks: [{id: codespell}]\n\
                - repo: https://github.com/woodruffw/zizmor-pre-commit\n  hooks: [{id: zizmor, args: [--fix=all]}]\n\
                - repo: https://github.com/koalaman/shellcheck-precommit\n  hooks: [{id: shellcheck, args: [-f, gcc]}]\n";
    let migration = migrated(&[(".pre-commit-config.yaml", text)]);
    assert_eq!(
        fates(&migration),
        [
            "translated ruff > ruff",
            "translated ruff-format > ruff-format",
            "wrapped mypy > mypy",
            "translated codespell > codespell",
            "wrapped zizmor > zizmor",
            "wrapped shellcheck > shellcheck",
        ]
    );
    has(
        &migration,
        &[
            "[checks.ruff]\ntool = \"ruff\"\nargs = [\"--select\", \"E\"]\nfiles = [\"/src/\"]\n\
             types = [\"python|pyi|jupyter\"]\nfix = \"safe\"\n",
            "[checks.ruff-format]\ntool = \"ruff-format\"\nfiles = [\"*\"]\ntypes = [\"pyi\"]\nfix = \"safe\"\n",
            "[checks.codespell]\ntool = \"codespell\"\nfiles = [\"*\"]\ntypes = [\"text\"]\nlevel = \"error\"\n",
        ],
    );
}

const LEFTHOOK: &str = r#"
min_version: 1.5.0
extends: [more.yml]
remotes: [{git_url: https://example.org/hooks.git}]
pre-commit:
  parallel: true
  exclude: [generated/**]
  commands:
    lint:
      glob: "*.{js,ts}"
      root: web/
      run: npx eslint "{staged_files}"
    format:
      run: prettier --write {staged_files} && git add {staged_files}
      skip: [merge, rebase]
      env: {A: b}
    off: {run: x, skip: true}
    main-only: {run: x, only: [{ref: main}]}
    everything: {run: "wc {all_files}", glob: "*.c"}
    variable: {run: 'for file in a; do echo ${file}; done'}
    asks: {run: x, interactive: true}
  scripts:
    check.sh: {runner: bash}
  jobs:
    - name: group
      glob: "*.rs"
      group:
        piped: true
        jobs:
          - run: cargo fmt --check
          - run: cargo test | tee log
commit-msg:
  commands:
    lint: {run: 'npx commitlint --edit {1}'}
    other: {run: 'check {1}'}
post-merge:
  commands:
    install: {run: npm ci}
lints:
  commands:
    all: {run: make lint}
"#;

#[test]
fn commands_of_lefthook_become_checks() {
    let more = "pre-push:\n  commands:\n    test: {run: 'npm test -- {pushed_files}'}\n";
    let config = "extends: '@commitlint/config-conventional'\n";
    let files = [("lefthook.yml", LEFTHOOK), ("more.yml", more), (".commitlintrc.yml", config), ("web/a.js", "")];
    let migration = migrated(&files);
    assert_eq!(
        fates(&migration),
        [
            "lost remote https://example.org/hooks.git > its hooks are in another repository: copy what you need of them",
            "translated commit-msg: lint > conventional-commit",
            "lost commit-msg: other > it takes the arguments of git's hook; tollgate runs no command on a message",
            "translated lints: all > all",
            "lost post-merge: install > tollgate does not serve post-merge; `lefthook install post-merge` after `lefthook \
             uninstall` keeps that hook alone",
            "translated pre-commit: cargo fmt > cargo-fmt",
            "translated pre-commit: cargo test > cargo-test",
            "lost pre-commit: asks > it is interactive; it talks to people, which no hook of tollgate does",
            "wrapped pre-commit: everything > everything",
            "translated pre-commit: format > format",
            "translated pre-commit: lint > lint",
            "wrapped pre-commit: main-only > main-only",
            "translated pre-commit: off > ",
            "wrapped pre-commit: variable > variable",
            "translated pre-commit: check.sh > check-sh",
            "translated pre-push: test > test",
        ]
    );
    has(
        &migration,
        &[
            "[stages.lints]\nchecks = [\"all\"]\n",
            "fix = \"safe\"\n\n[stages.pre-push]\nchecks = [\"test\"]\n",
            "[checks.cargo-fmt]\nrun = [\"cargo\", \"fmt\", \"--check\"]\nfiles = [\"*.rs\"]\nexclude = [\"/generated/\"]\n",
            "[checks.cargo-test]\nrun = [\"cargo test | tee log\"]\nfiles = [\"*.rs\"]\nexclude = [\"/generated/\"]\n\
             needs = [\"cargo-fmt\"]\nshell = true\n",
            "[checks.lint]\nrun = [\"npx\", \"eslint\", \"{files}\"]\nfiles = [\"*.js\", \"*.ts\"]\n\
             exclude = [\"/generated/\"]\ndir = \"web\"\n",
            "[checks.format]\nrun = [\"prettier\", \"--write\", \"{files}\"]\nexclude = [\"/generated/\"]\nfix = \"safe\"\n\
             env = { \"A\" = \"b\" }\n",
            "run = [\"bash\", \".lefthook/pre-commit/check.sh\"]\n",
            "run = [\"lefthook\", \"run\", \"pre-commit\", \"--command\", \"everything\", \"--no-auto-install\", \
             \"--force\"]\nfiles = [\"*.c\"]\n",
        ],
    );
    let whys: Vec<&str> = migration.hooks.iter().map(|hook| hook.why.as_str()).collect();
    assert!(whys.contains(&"`{pushed_files}` is no template of lefthook's: it stays as it is"), "{whys:?}");
    assert!(whys.contains(&"`tollgate check --stage lints` runs it"), "{whys:?}");
}

#[test]
fn scripts_of_husky_and_what_lint_staged_runs_become_checks() {
    let package = r#"{"lint-staged": {"*.{js,ts}": ["eslint --fix", "git add"], "docs/**/*.md": "npm run spell",
        "!(x).css": "stylelint"}}"#;
    let pre_commit = "#!/bin/sh\n. \"$(dirname \"$0\")/_/husky.sh\"\n\nnpx lint-staged\nnpm run types\n";
    let migration = migrated(&[
        (".husky/pre-commit", pre_commit),
        (".husky/pre-push", "if [ -n \"$CI\" ]; then exit 0; fi\nnpm test\n"),
        (".husky/commit-msg", "npx --no -- commitlint --edit \"$1\"\n"),
        (".husky/post-merge", "npm ci\n"),
        ("commitlint.config.js", "module.exports = require('./rules')\n"),
        ("package.json", package),
    ]);
    assert_eq!(
        fates(&migration),
        [
            "lost commit-msg: npx --no -- commitlint --edit \"$1\" > commitlint.config.js is a program, which cannot be read",
            "lost post-merge > tollgate does not serve post-merge; as a script in git's own folder it goes on running",
            "lost lint-staged !(x).css: stylelint > `!(x).css` leaves something out or counts, which gitignore syntax does \
             not",
            "translated lint-staged *.{js,ts}: eslint --fix > eslint",
            "translated lint-staged *.{js,ts}: git add > ",
            "translated lint-staged docs/**/*.md: npm run spell > spell",
            "translated pre-commit: npx lint-staged > eslint spell",
            "translated pre-commit: npm run types > types",
            "wrapped pre-push > pre-push",
        ]
    );
    has(
        &migration,
        &[
            "[checks.eslint]\nrun = [\"eslint\", \"--fix\", \"{files}\"]\nfiles = [\"*.js\", \"*.ts\"]\nfix = \"safe\"\n",
            "[checks.pre-push]\nrun = [\"sh\", \"-e\", \".husky/pre-push\"]\n",
        ],
    );
    let program = migrated(&[
        ("lint-staged.config.js", "export default {}"),
        ("package.json", r#"{"husky": {"hooks": {"pre-commit": "lint-staged && npm t"}}}"#),
    ]);
    assert_eq!(
        fates(&program),
        [
            "lost pre-commit: lint-staged > lint-staged.config.js is a program, which cannot be read: say its commands in \
             tollgate.toml",
            "translated pre-commit: npm t > t",
        ]
    );
}

#[test]
fn steps_of_hk_are_read_as_far_as_they_can_be() {
    let text = "hooks {\n  [\"pre-commit\"] {\n    fix = true\n    steps {\n      [\"nl\"] = Builtins.newlines\n      \
                [\"fmt\"] { glob = List(\"*.ts\")\n        check = \"oxfmt --check {{ files }}\"\n        \
                fix = \"oxfmt {{files}}\" }\n      [\"x\"] = Builtins.x\n      [\"p\"] = (Builtins.prettier) { glob = \"*.md\" }\n      [\"z\"] { check = \"z {{globs}}\" }\n    }\n  }\n}\n";
    let migration = migrated(&[("hk.pkl", text)]);
    assert_eq!(
        fates(&migration),
        [
            "translated pre-commit: nl > end-of-file-fixer",
            "translated pre-commit: fmt > fmt",
            "lost pre-commit: x > what `Builtins.x` runs is said in hk: say the command with `run`",
            "translated pre-commit: p > p",
            "lost pre-commit: z > its command has other placeholders than `{{files}}`",
        ]
    );
    has(&migration, &["[checks.p]\ntool = \"prettier\"\nfiles = [\"*.md\"]\n"]);
    has(&migration, &["[checks.fmt]\nrun = [\"oxfmt\", \"{files}\"]\nfiles = [\"*.ts\"]\nfix = \"safe\"\n"]);
}

#[test]
fn what_cannot_be_read_is_an_error_and_hostile_files_are_no_danger() {
    let known = vocabulary(&[]);
    let nothing = Tree { files: &[], read: &|_| None };
    assert!(matches!(migrate(&nothing, &known), Err(Error::Nothing)));
    for (file, text) in [
        (".pre-commit-config.yaml", "repos: {"),
        (".pre-commit-config.yaml", "repos: 1"),
        ("lefthook.yml", "pre-commit: {commands: []}"),
        ("lefthook.json", "{"),
    ] {
        let files = [file.to_owned()];
        let read = |path: &str| (path == file).then(|| text.to_owned());
        let error = migrate(&Tree { files: &files, read: &read }, &known).expect_err(text);
        assert!(error.to_string().starts_with(file), "{error}");
    }
    // Two that extend each other.
    let one = "extends: [a.yml]\npre-commit: {jobs: [{run: x}]}\n";
    let migration = migrated(&[("lefthook.yml", one), ("a.yml", "extends: [lefthook.yml]\n")]);
    assert!(migration.hooks.iter().any(|hook| hook.fate == Fate::Lost), "{migration:?}");
    // What is written stays one text, whatever stands in it.
    let quoting = r#"repos: [{repo: local, hooks: [{id: "a\"]\n[stages.x]", name: "a\n[gate]\nb", entry: x, language: system}]}]"#;
    assert_eq!(migrated(&[(".pre-commit-config.yaml", quoting)]).hooks.len(), 1);
}
