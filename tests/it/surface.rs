//! The commands around the gate: plans, explanations, configuration, completions, reports, single checks.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::{Ran, Repo, TOLLGATE, run};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
}

/// A repository with a fault staged.
fn faulty() -> Repo {
    let repo = Repo::with(&[("a.py", "a = 1\n")]);
    repo.stage(&[("a.py", "a = 2 \n")]);
    repo
}

fn with_variables(repo: &Repo, variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.args(args).envs(variables.iter().copied());
    run(&mut command, b"")
}

#[test]
fn a_plan_names_files_checks_and_command_lines_and_runs_nothing() {
    let policy = "[checks.own]\nrun = [\"touch\", \"ran\", \"{files}\", \"{base}\"]\nfiles = [\"*.py\"]\n[checks.other]\nrun = [\"touch\", \"ran\"]\nfiles = [\"*.js\"]\n";
    let repo = Repo::with(&[("tollgate.toml", policy), ("old name.py", "a = 1\n")]);
    repo.tollgate(&["install"]).code(0);
    repo.git(&["mv", "old name.py", "new name.py"]).code(0);
    repo.stage(&[("b.json", "{")]);
    repo.tollgate(&["check", "--staged", "--plan", "--skip", "check-json"])
        .code(0)
        .says("new name.py")
        .says("old name.py")
        .says("own")
        .says("touch")
        .says("check-json")
        .says("left out by --skip");
    let plan = repo.tollgate(&["check", "--staged", "--plan", "--format", "json", "--skip", "check-json"]).code(0);
    let plan = json(&plan.stdout);
    assert_eq!(plan["version"], 1);
    assert_eq!(plan["stage"], "pre-commit");
    assert_eq!(plan["files"][1]["status"], "renamed");
    assert_eq!(plan["files"][1]["old_path"], "old name.py");
    let checks = plan["checks"].as_array().unwrap();
    let own = checks.iter().find(|check| check["id"] == "own").unwrap();
    assert_eq!(own["commands"], serde_json::json!([["touch", "ran", "new name.py", "{base}"]]));
    assert_eq!(own["n_files"], 1);
    let left_out: Vec<_> = plan["left_out"].as_array().unwrap().iter().map(|check| check["id"].clone()).collect();
    assert_eq!(left_out, ["check-json", "other"]);
    assert!(!repo.top().join("ran").exists());
    repo.tollgate(&["check", "--staged", "--plan", "--format", "sarif"]).code(2).says("json");
    // The plan of a stage that does nothing, and of a change that is none.
    repo.tollgate(&["check", "--staged", "--plan", "--stage", "pre-push"]).code(0);
    repo.commit("all", &[]);
    repo.tollgate(&["check", "--staged", "--plan"]).code(0);
}

#[test]
fn everything_that_is_listed_is_explained() {
    let repo = Repo::without_git();
    let listed = repo.tollgate(&["rules", "list"]).code(0).stdout;
    let ids: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(ids.len() > 30, "{listed}");
    assert!(ids.is_sorted(), "{listed}");
    for (at, id) in ids.into_iter().enumerate() {
        let page = repo.tollgate(&["explain", id]).code(0).stdout;
        assert!(page.contains(id) && page.lines().count() > 5, "{page}");
        // A process for each takes long, and every fifth of the sorted ids is of every kind.
        if at % 5 == 0 {
            assert!(repo.tollgate(&["rules", "show", id]).code(0).stdout.contains(id), "{id}");
        }
    }
}

#[test]
fn a_rule_is_written_shown_and_tested() {
    let repo = faulty();
    repo.tollgate(&["rules", "test"]).code(0).says("all hold");
    assert!(repo.tollgate(&["rules", "show", "eval-call"]).code(0).stdout.contains("pattern: eval($CODE)"));
    repo.tollgate(&["rules", "show", "eval-cal"]).code(2).says("did you mean `eval-call`?");
    repo.tollgate(&["rules", "new", "my-rule", "--language", "pyton"]).code(2).says("did you mean `Python`?");
    repo.tollgate(&["rules", "new", "my-rule", "--language", "python"]).code(0).says("my-rule.yml");
    repo.tollgate(&["rules", "new", "my-rule", "--language", "python"]).code(2);
    // What is not filled in fails; so does what its examples deny, and what is no rule.
    assert!(repo.tollgate(&["rules", "test", "my-rule.yml"]).code(1).stdout.contains("it has no examples"));
    let rule =
        |tests: &str| format!("id: a\nlanguage: Python\nrule: {{pattern: f($A)}}\nmetadata: {{tests: {tests}}}\n");
    repo.write("own/a.yml", rule("{fail: [f(1)]}"));
    repo.write("own/sub/a.py", "# ruleid: a\nf(1)\n# ok: a\ng(1)\n");
    assert!(repo.tollgate(&["rules", "test", "own"]).code(0).stdout.contains("1 rule, 1 example, 1 fixture: all hold"));
    repo.write("own/sub/a.py", "# ok: a\nf(1)\n");
    let told = repo.tollgate(&["rules", "test", "own"]).code(1).stdout;
    assert!(told.contains("own/sub/a.py:2:1: a: finds this line, which `ok` says it must not"), "{told}");
    repo.write("own/a.yml", rule("{}").replace("pattern: f($A)", "kind: cal"));
    let told = repo.tollgate(&["rules", "test", "own/a.yml"]).code(2).stdout;
    assert!(told.contains("own/a.yml:3:14: ") && told.contains("did you mean `call`?"), "{told}");
    repo.tollgate(&["rules", "test", "nowhere"]).code(2);
}

#[test]
fn a_name_that_is_not_known_leads_to_the_nearest() {
    let repo = faulty();
    repo.tollgate(&["explain", "trailing-whitespac"]).code(2).says("did you mean `trailing-whitespace`?");
    repo.tollgate(&["explain", "literal-identiti"]).code(2).says("`literal-identity`");
    repo.tollgate(&["explain", "zzzzzzzz"]).code(2).says("tollgate rules list");
    repo.tollgate(&["builtin", "chek-json", "a.py"]).code(2).says("did you mean `check-json`?");
    repo.tollgate(&["check", "--only", "chek-json"]).code(2).says("did you mean `check-json`?");
    repo.tollgate(&["check", "--skip", "hygine"]).code(2).says("did you mean `hygiene`?");
    repo.tollgate(&["check", "--stage", "pre-comit"]).code(2).says("did you mean `pre-commit`?");
    repo.tollgate(&["check", "--format", "sarfi"]).code(2).says("sarif");
    repo.tollgate(&["check", "--report", "sarfi=x"]).code(2).says("sarif");
    repo.tollgate(&["check", "--report", "sarif"]).code(2).says("NAME=FILE");
    repo.tollgate(&["chekc"]).code(2).says("check");
    repo.tollgate(&["hook", "pre-comit"]).code(2).says("pre-commit");
    repo.tollgate(&["completions", "bsh"]).code(2).says("bash");
    repo.tollgate(&["man", "chekc"]).code(2).says("chekc");
    repo.stage(&[("tollgate.toml", "[stages.pre-commit]\ncheks = []\n")]);
    repo.tollgate(&["check"]).code(2).says("tollgate.toml").says("`checks`");
    repo.stage(&[("tollgate.toml", "[rules.levels]\nliteral-identiti = \"off\"\n")]);
    repo.tollgate(&["check"]).code(2).says("`literal-identity`");
}

#[test]
fn wrong_usage_is_two_and_no_repository_three() {
    let repo = faulty();
    repo.tollgate(&["check", "--staged", "--all"]).code(2);
    repo.tollgate(&["check", "--head", "HEAD"]).code(2).says("--base");
    repo.tollgate(&["check", "--jobs", "0"]).code(2);
    repo.tollgate(&["check", "--fail-on", "fatal"]).code(2).says("warning");
    repo.tollgate(&["check", "no-such-file"]).code(2).says("no-such-file");
    repo.tollgate(&["check", "../home"]).code(2).says("not in the work tree");
    repo.tollgate(&["check", "--base", "no-such-branch"]).code(3).says("no-such-branch");
    repo.tollgate(&["check", "-q", "-v"]).code(2);
    let repo = Repo::without_git();
    for args in [&["check"][..], &["install"], &["last"], &["ci", "--base", "main"]] {
        repo.tollgate(args).code(3).says("not in a git repository");
    }
}

#[test]
fn the_configuration_explains_itself() {
    let repo = Repo::with(&[("tollgate.toml", "exclude = [\"gen/**\"]\n\n[gate]\nfail-on = \"note\"\n")]);
    let schema = json(&repo.tollgate(&["config", "schema"]).code(0).stdout);
    assert!(schema["properties"]["stages"].is_object());
    repo.tollgate(&["config", "show", "--origin"])
        .code(0)
        .says("gate.fail-on = \"note\"  # tollgate.toml:4")
        .says("exclude = [\"gen/**\"]  # tollgate.toml:1")
        .says("gate.scope = \"new\"  # default");
    // What is shown is a policy that means the same.
    let shown = repo.tollgate(&["config", "show"]).code(0).stdout;
    assert!(!shown.contains('#'), "{shown}");
    repo.write("tollgate.toml", &shown);
    assert_eq!(repo.tollgate(&["config", "show"]).code(0).stdout, shown);
    repo.write("tollgate.toml", "[gate]\nfail-in = \"note\"\n");
    repo.tollgate(&["config", "show"]).code(2).says("tollgate.toml:2").says("`fail-on`");
    repo.write("tollgate.toml", "min-version = \"99.0\"\nkey-of-the-future = 1\n");
    repo.tollgate(&["check"]).code(2).says("99.0").is_silent_on("key-of-the-future");
}

#[test]
fn completions_and_manual_pages_are_made() {
    let repo = Repo::without_git();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = repo.tollgate(&["completions", shell]).code(0).stdout;
        assert!(text.contains("tollgate") && text.contains("uninstall") && text.contains("fail-on"), "{shell}: {text}");
    }
    let script = repo.beside("completions.bash");
    fs::write(&script, repo.tollgate(&["completions", "bash"]).stdout).unwrap();
    repo.run_in(&repo.top(), "bash", &["-n", script.to_str().unwrap()], b"").code(0);
    let page = repo.tollgate(&["man"]).code(0).stdout;
    assert!(page.contains(".TH tollgate 1") && page.contains(".SH NAME"), "{page}");
    repo.tollgate(&["man", "check"]).code(0).says("staged");
}

#[test]
fn every_command_has_help() {
    let repo = Repo::without_git();
    let help = repo.tollgate(&["--help"]).code(0).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    for expected in ["check", "ci", "install", "uninstall", "explain", "rules", "config", "last", "builtin", "man"] {
        assert!(names.contains(&expected), "{names:?}");
    }
    for name in names.iter().filter(|name| **name != "help") {
        let text = repo.tollgate(&[name, "--help"]).code(0).stdout;
        assert!(text.contains(&format!("Usage: tollgate {name}")), "{text}");
        repo.tollgate(&["help", name]).code(0).says("Usage: ");
        repo.tollgate(&[name, "--no-such-option"]).code(2);
    }
    repo.tollgate(&["builtin", "check-json", "--help"]).code(0).says("usage: tollgate builtin check-json");
    repo.tollgate(&["--version"]).code(0).says("tollgate ");
    repo.tollgate::<&str>(&[]).code(2).says("Usage: ");
}

#[test]
fn a_run_is_reported_in_every_format_at_once() {
    let repo = faulty();
    repo.stage(&[("<b>&\"'.py", "y = x is 'a' \n")]);
    let formats = ["terminal", "short", "sarif", "json", "markdown", "junit", "github", "gitlab"];
    let file = |name: &str| repo.beside(&format!("report.{name}"));
    let mut args = vec!["check".to_owned(), "--staged".to_owned()];
    for name in formats {
        args.extend(["--report".to_owned(), format!("{name}={}", file(name).display())]);
    }
    repo.tollgate(&args).code(1);
    let read = |name: &str| fs::read_to_string(file(name)).unwrap();
    for name in formats {
        assert!(read(name).contains("trailing-whitespace"), "{name}: {}", read(name));
        // On standard output the same, but for times.
        let shown = repo.tollgate(&["check", "--staged", "--format", name]).code(1).stdout;
        assert_eq!(shown.lines().count(), read(name).lines().count(), "{name}");
    }
    let short = read("short");
    let first = short.lines().next().unwrap();
    assert!(first.starts_with("<b>&\"'.py:1:5: error: ") && first.ends_with(" [literal-identity]"), "{first}");
    for name in ["sarif", "json", "gitlab"] {
        json(&read(name));
    }
    assert_eq!(json(&read("sarif"))["runs"][0]["results"].as_array().unwrap().len(), 3);
    assert_eq!(json(&read("gitlab")).as_array().unwrap().len(), 3);
    assert_eq!(read("github").matches("::error ").count(), 3);
    assert!(read("junit").starts_with("<?xml") && !read("junit").contains("<b>"), "{}", read("junit"));
    // Into a file of the folder that the user is in, and into one that can't be.
    repo.write("sub/x", "");
    repo.run_in(&repo.top().join("sub"), TOLLGATE, &["check", "--staged", "--report", "json=out.json"], b"").code(1);
    assert!(repo.top().join("sub/out.json").exists());
    repo.tollgate(&["check", "--staged", "--report", "json=no/such/folder/out.json"]).code(3).says("no/such/folder");
}

#[cfg(target_os = "linux")]
#[test]
fn hostile_names_harm_no_format() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let repo = Repo::with(&[]);
    let names: [&[u8]; 5] =
        [b"-rf.txt", b"new\nline.txt", b"\x1b]0;title\x07.txt", b"not \xff utf8.txt", b"::error::x%0A]]>.txt"];
    for name in names {
        fs::write(repo.top().join(OsStr::from_bytes(name)), "bad \n").unwrap();
    }
    repo.git(&["add", "."]).code(0);
    for format in ["terminal", "short", "sarif", "json", "markdown", "junit", "github", "gitlab"] {
        let ran = repo.tollgate(&["check", "--staged", "--format", format]).code(1);
        let printed = ran.stdout.as_bytes();
        assert!(printed.iter().all(|byte| *byte == b'\n' || *byte >= b' '), "{format}: {}", ran.stdout);
        assert!(
            !ran.stdout.contains("\nline.txt") && !ran.stdout.starts_with("::error::x"),
            "{format}: {}",
            ran.stdout
        );
        match format {
            "sarif" => assert_eq!(json(&ran.stdout)["runs"][0]["results"].as_array().unwrap().len(), names.len()),
            "gitlab" => assert_eq!(json(&ran.stdout).as_array().unwrap().len(), names.len()),
            "github" => assert_eq!(ran.stdout.lines().filter(|line| line.starts_with("::error ")).count(), names.len()),
            "short" => assert_eq!(ran.stdout.lines().count(), names.len()),
            _ => {}
        }
    }
    repo.tollgate(&["last"]).code(0);
    repo.tollgate(&["check", "--staged", "--plan"]).code(0);
    json(&repo.tollgate(&["check", "--staged", "--plan", "--format", "json"]).code(0).stdout);
}

#[test]
fn colour_is_for_those_who_want_it() {
    let repo = faulty();
    let is_coloured = |variables: &[(&str, &str)], args: &[&str]| {
        with_variables(&repo, variables, args).code(1).stdout.contains('\u{1b}')
    };
    assert!(!is_coloured(&[], &["check"]));
    assert!(!is_coloured(&[("NO_COLOR", "1")], &["check"]));
    assert!(is_coloured(&[], &["check", "--color", "always"]));
    assert!(is_coloured(&[("NO_COLOR", "1")], &["--color=always", "check"]));
    assert!(!is_coloured(&[("CLICOLOR_FORCE", "1")], &["check", "--color", "never"]));
    for format in ["short", "sarif", "json", "markdown", "junit", "github", "gitlab"] {
        assert!(!is_coloured(&[], &["check", "--color", "always", "--format", format]), "{format}");
    }
    let report = repo.beside("report.txt");
    repo.tollgate(&["check", "--color", "always", "--report", &format!("terminal={}", report.display())]).code(1);
    assert!(!fs::read_to_string(report).unwrap().contains('\u{1b}'));
}

#[test]
fn quiet_and_verbose() {
    let repo = faulty();
    let n_lines = |args: &[&str]| repo.tollgate(args).code(1).stdout.lines().count();
    assert!(n_lines(&["check", "-q"]) < n_lines(&["check"]));
    assert!(n_lines(&["check"]) < n_lines(&["check", "-v"]));
    repo.tollgate(&["check", "-v"]).code(1).says("check-json");
    repo.stage(&[("a.py", "a = 2\n")]);
    assert_eq!(repo.tollgate(&["check"]).code(0).stdout.lines().count(), 1);
}

#[test]
fn the_last_run_is_kept_for_each_work_tree() {
    let repo = faulty();
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "linked"]).code(0);
    repo.tollgate(&["check"]).code(1);
    repo.run_in(&linked, TOLLGATE, &["last"], b"").code(2);
    repo.run_in(&linked, TOLLGATE, &["check", "--staged"], b"").code(0);
    repo.tollgate(&["last", "--format", "sarif"]).code(0).says("trailing-whitespace");
    let out = repo.beside("out.xml");
    repo.tollgate(&["last", "--report", &format!("junit={}", out.display())]).code(0);
    assert!(fs::read_to_string(out).unwrap().contains("trailing-whitespace"));
    // A hook's run, and a file that nobody can read any more.
    repo.tollgate(&["install"]).code(0);
    repo.git(&["commit", "-q", "-m", "x"]).code(1);
    repo.tollgate(&["last"]).code(0).says("stage: pre-commit").says("a = 2");
}

#[test]
fn nothing_to_check_is_said_in_one_line() {
    let repo = Repo::with(&[("a.py", "a = 1\n")]);
    let ran = repo.tollgate(&["check"]).code(0);
    assert_eq!(ran.text().lines().count(), 1, "{}", ran.text());
    repo.tollgate(&["check", "--staged"]).code(0);
    let ran = repo.tollgate(&["check", "--base", "HEAD"]).code(0);
    assert_eq!(ran.text().lines().count(), 1, "{}", ran.text());
}

#[test]
fn a_builtin_check_mends_files_in_place() {
    let repo = Repo::with(&[("a b.txt", "x \ny"), ("c.txt", "fine\n"), ("d.json", "{\"a\": 1, \"a\": 2}\n")]);
    let script = repo.top().join("a b.txt");
    fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    repo.tollgate(&["builtin", "trailing-whitespace", "a b.txt", "c.txt"])
        .code(1)
        .says("a b.txt")
        .is_silent_on("c.txt");
    assert_eq!(repo.read("a b.txt"), "x\ny");
    repo.tollgate(&["builtin", "end-of-file-fixer", "a b.txt"]).code(1).says("Fixing a b.txt");
    assert_eq!(repo.read("a b.txt"), "x\ny\n");
    assert_eq!(fs::metadata(&script).unwrap().permissions().mode() & 0o777, 0o755);
    for check in ["trailing-whitespace", "end-of-file-fixer"] {
        let ran = repo.tollgate(&["builtin", check, "a b.txt", "c.txt"]).code(0);
        assert_eq!(ran.text(), "");
    }
    repo.tollgate(&["builtin", "check-json", "d.json", "c.txt"]).code(1).says("d.json");
    repo.tollgate(&["builtin", "check-json"]).code(0);
    repo.tollgate(&["builtin", "check-json", "--no-such-option", "d.json"]).code(2).says("--no-such-option");
    repo.tollgate(&["builtin", "check-json", "missing.json"]).code(2).says("missing.json");
    repo.tollgate(&["builtin", "mixed-line-ending", "--fix=crlf", "c.txt"]).code(1);
    assert_eq!(repo.read("c.txt"), "fine\r\n");
    repo.tollgate(&["builtin", "mixed-line-ending", "--fix=cr-lf", "c.txt"]).code(2).says("crlf");
    repo.tollgate(&["builtin", "check-added-large-files", "--maxkb=0", "--enforce-all", "c.txt"]).code(1).says("c.txt");
    repo.tollgate(&["builtin", "check-added-large-files", "--maxkb=0", "c.txt"]).code(0);
    repo.tollgate(&["builtin", "check-added-large-files", "--maxkb=many", "c.txt"]).code(2).says("maxkb");
    // Outside of a repository too, and relative to a subdirectory.
    let outside = Repo::without_git();
    outside.write("sub/x.txt", "x \n");
    outside.run_in(&outside.top().join("sub"), TOLLGATE, &["builtin", "trailing-whitespace", "x.txt"], b"").code(1);
    assert_eq!(outside.read("sub/x.txt"), "x\n");
}

#[test]
fn a_builtin_check_takes_names_that_look_like_options() {
    let repo = Repo::with(&[("-n.json", "{")]);
    repo.tollgate(&["builtin", "check-json", "--", "-n.json"]).code(1).says("-n.json");
    repo.tollgate(&["check", "--", "-n.json"]).code(1).says("-n.json:1:2");
}

#[test]
fn an_awkward_repository_is_judged_or_refused_and_left_as_it_is() {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/repos");
    let names = fs::read_dir(scripts).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".sh") && !matches!(name.as_str(), "lib.sh" | "large.sh")).collect();
    names.sort();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        let repo = Repo::from_script(&name);
        let status = || repo.git(&["status", "--porcelain=v2", "--branch", "--show-stash", "-z"]).text();
        let before = status();
        for args in [&["check", "--staged"][..], &["check", "--worktree"], &["check", "--all"]] {
            let ran = repo.tollgate(args);
            let text = ran.text();
            assert!(matches!(ran.code, Some(0..=3)), "{name} {args:?}: {:?} {text}", ran.code);
            assert!(!text.contains("panicked") && !text.is_empty(), "{name} {args:?}: {text}");
            let is_explained = text.contains("error") || text.contains("blocked") || ran.code == Some(0);
            assert!(is_explained, "{name} {args:?}: {text}");
        }
        assert_eq!(status(), before, "{name}");
    }
}

#[test]
fn a_report_for_machines_tells_what_was_looked_at() {
    let repo = Repo::with(&[("a.txt", "x\n")]);
    repo.stage(&[("b.txt", "bad \n")]);
    let hash = "7c3c95611a24c2d9bcdcdaa50b1de4f38ad19e1a81a980c034aa616de25594a2";
    repo.tollgate(&["check", "--format", "sarif"]).code(1).says(&format!(r#""hashes":{{"sha-256":"{hash}"}}"#));
}

#[test]
fn rules_of_a_folders_policy_are_listed_explained_and_tested() {
    let rule = "id: d-rule\nlanguage: Python\nmessage: no bar\nrule: {pattern: bar()}\n";
    let policy = "[rules]\npaths = [\"own/*.yml\"]\n";
    let repo = Repo::with(&[("d/tollgate.toml", policy), ("d/own/x.yml", rule)]);
    repo.tollgate(&["explain", "d-rule"]).code(0).says("no bar");
    repo.tollgate(&["rules", "list"]).code(0).says("d-rule");
    assert!(repo.tollgate(&["rules", "test"]).code(1).stdout.contains("it has no examples"));
    // A policy that names rules and has none is not taken for one that names none.
    repo.git(&["rm", "-q", "--cached", "d/own/x.yml"]).code(0);
    repo.tollgate(&["rules", "test"]).code(2).says("`paths` of [rules] match no tracked file");
}
