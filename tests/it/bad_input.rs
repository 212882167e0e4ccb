//! Input that nobody should write and somebody will: each ends in a clear finding or error of the documented exit code,
//! and nothing passes without a word.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use crate::support::{Repo, TOLLGATE, run, without_times};

/// Deeper than any stack would bear.
const DEEP: usize = 100_000;

const FORMATS: [&str; 8] = ["terminal", "short", "sarif", "json", "markdown", "junit", "github", "gitlab"];

/// Checks one file that is staged under this name.
#[track_caller]
fn check(path: &str, content: impl AsRef<[u8]>, code: i32, says: &str) {
    let repo = Repo::with(&[("start", "x\n")]);
    repo.write(path, content);
    repo.git(&["add", "--", path]).code(0);
    repo.tollgate(&["check", "--staged", "--skip", "check-added-large-files", "-v"]).code(code).says(says);
}

/// `open` and `close` around `middle`, `DEEP` times.
fn nested(open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}\n", open.repeat(DEEP), close.repeat(DEEP))
}

#[test]
fn a_policy_that_makes_no_sense_is_refused_with_place_and_way_out() {
    let cases = [
        ("[gate\n", "tollgate.toml (staged):1: this is not valid TOML"),
        ("[gate]\nfail_on = \"error\"\n", "did you mean `fail-on`?"),
        ("[gate]\n\nfail-on = \"fatal\"\n", "tollgate.toml (staged):3: `gate.fail-on` must be \"error\""),
        ("min-version = \"99.0\"\nnonsense = 1\n", "this policy needs tollgate 99.0"),
        ("[stages.pre-comit]\nchecks = []\n", "did you mean [stages.pre-commit]?"),
        ("[stages.pre-commit]\nchecks = [\"hygeine\"]\n", "did you mean `hygiene`?"),
        ("[stages.pre-commit]\ntimeout = \"10\"\n", "`10` has no unit"),
        ("[checks.x]\nrun = []\n", "`run` is empty"),
        ("[checks.x]\n", "there is no built-in check `x`"),
        ("[checks.x]\nrun = [\"a\"]\nneeds = [\"x\"]\n", "wait"),
        ("[checks.hygiene]\nrun = [\"a\"]\n", "the name of a family"),
        ("[checks.x]\nrun = [\"a\"]\ndir = \"../..\"\n", "leads out of the repository"),
        ("[checks.x]\nrun = [\"a\"]\noutput = \"tea\"\n", "not a known format"),
        ("exclude = [\"[a\"]\n", "not a pattern"),
        ("extends = [\"x\"]\n", "there is no file x"),
        ("\"k\\u001b[31m\" = 1\n", "unknown key `k"),
    ];
    let repo = Repo::with(&[("a.txt", "one\n")]);
    for (policy, says) in cases {
        repo.stage(&[("tollgate.toml", policy)]);
        repo.tollgate(&["check", "--staged"]).code(2).says(says).is_silent_on("\x1b").is_silent_on("passed");
    }
    repo.stage(&[("tollgate.toml", &format!("a={}", "[".repeat(DEEP)))]);
    repo.tollgate(&["check", "--staged"]).code(2).says("not valid TOML");
    repo.stage(&[("tollgate.toml", &"#".repeat(3 << 20))]);
    repo.tollgate(&["check", "--staged"]).code(2).says("a policy has at most");
    repo.write("tollgate.toml", b"\xff\xfe\x00");
    repo.git(&["add", "."]).code(0);
    repo.tollgate(&["check", "--staged"]).code(2).says("not UTF-8");
    repo.git(&["rm", "-qf", "tollgate.toml"]).code(0);
    repo.write("tollgate.toml/inner", "");
    repo.tollgate(&["check", "--staged"]).code(2).says("it is a folder");
}

#[test]
fn a_rule_that_makes_no_sense_is_refused() {
    let deep = "rule: ".to_owned() + &"{not: ".repeat(DEEP) + &"}".repeat(DEEP);
    let rules =
        ["", "[", "id: a\n", "id: a\nlanguage: Python\nmessage: m\nseverity: error\nrule: {kind: no_such}\n", &deep];
    let repo = Repo::with(&[("a.py", "a = 1\n"), ("tollgate.toml", "[rules]\npaths = [\"rules/*.yml\"]\n")]);
    for rule in rules {
        repo.stage(&[("rules/a.yml", rule)]);
        repo.tollgate(&["check", "--staged"]).code(2).says("rules/a.yml");
    }
}

#[test]
fn wrong_usage_is_told() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let cases: [(&[&str], i32, &str); 15] = [
        (&["check", "--only", "nosuch"], 2, "`nosuch`"),
        (&["check", "--skip", "nosuch"], 2, "`nosuch`"),
        (&["check", "--stage", "pre-comit"], 2, "did you mean `pre-commit`?"),
        (&["check", "--stage", "nosuch"], 2, "the stages are"),
        (&["check", "--format", "nosuch"], 2, "terminal, short, sarif"),
        (&["check", "--report", "sarif=/no/such/folder/x"], 3, "cannot write the report"),
        (&["check", "--jobs", "0"], 2, "--jobs"),
        (&["check", "--staged", "--all"], 2, "cannot be used with"),
        (&["check", "nosuch"], 2, "no such file"),
        (&["check", "../home"], 2, "not in the work tree"),
        (&["check", "--base", "nosuch"], 3, "`nosuch` is no commit"),
        (&["check", "--base=--output=x"], 3, "is no commit"),
        (&["explain", "nosuch"], 2, "`nosuch`"),
        (&["hook", "nosuch"], 2, "no hook `nosuch`"),
        (&["builtin", "nosuch"], 2, "`nosuch`"),
    ];
    for (args, code, says) in cases {
        repo.tollgate(args).code(code).says("error: ").says(says);
    }
    assert!(!repo.top().join("x").exists());
    let run = |stdin: &[u8]| repo.run_in(&repo.top(), TOLLGATE, &["hook", "pre-push", "origin", "url"], stdin);
    run(b"garbage\n").code(2).says("names no ref");
    let (one, two) = ("1".repeat(40), "2".repeat(40));
    run(format!("refs/heads/x {one} refs/heads/x {two}\n").as_bytes()).code(3).says("leads to no commit");
}

#[test]
fn without_a_repository_nothing_passes() {
    let repo = Repo::without_git();
    for what in ["--staged", "--worktree", "--all"] {
        repo.tollgate(&["check", what]).code(3).says("not in a git repository").says("hint: ");
    }
    fs::create_dir(repo.top().join(".git")).unwrap();
    repo.tollgate(&["check"]).code(3);
    repo.write(".git/HEAD", "\x1b[31m");
    repo.tollgate(&["check"]).code(3).is_silent_on("\x1b");
}

#[test]
fn what_was_there_before_and_cannot_be_read_is_no_excuse_and_no_accusation() {
    let repo = Repo::with(&[("a.txt", "old \n")]);
    repo.stage(&[("a.txt", "old \nnew\n")]);
    let id = repo.git(&["rev-parse", "HEAD:a.txt"]).code(0).stdout;
    let (folder, name) = id.trim().split_at(2);
    let object = repo.top().join(".git/objects").join(folder).join(name);
    std::fs::remove_file(&object).unwrap();
    repo.tollgate(&["check", "--staged"]).code(3).says("cannot read a.txt as it was before the change").says("fsck");
    std::fs::write(&object, "no object").unwrap();
    repo.tollgate(&["check", "--staged"]).code(3).says("cannot read a.txt as it was before the change");
    // Nor is anything mended: nobody can tell which lines are old.
    repo.tollgate(&["install"]).code(0);
    repo.write("tollgate.local.toml", "[stages.pre-commit]\nfix = \"safe\"\n");
    for args in [&["hook", "pre-commit"][..], &["fix"]] {
        repo.tollgate(args).code(3).says("cannot read a.txt as it was before the change");
        repo.holds("a.txt", "old \nnew\n", "old \nnew\n");
    }
}

#[test]
fn deep_data_is_read_without_a_stack() {
    for json in [nested("[", "", "]"), nested("{\"a\":", "1", "}"), nested("[", "", "")] {
        check("a.json", json, 1, "invalid JSON: nested deeper than 1000 levels");
    }
    check("a.yaml", nested("[", "", "]"), 1, "a.yaml:1:256: error: invalid YAML");
    check("a.yaml", nested("- ", "a", ""), 1, "invalid YAML");
    check("a.toml", format!("a = {}", nested("[", "", "]")), 1, "invalid TOML");
    check("a.toml", format!("a = {}", nested("{a = ", "1", "}")), 1, "invalid TOML");
    check("a.toml", format!("{}a = 1\n", "a.".repeat(DEEP)), 1, "invalid TOML");
    check("a.xml", nested("<a>", "", "</a>"), 0, "passed");
    check("a.xml", nested("<a>", "", ""), 1, "a.xml:");
}

#[test]
fn bombs_do_not_go_off() {
    let mut yaml = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 0..40 {
        let before = if n == 0 { "a".to_owned() } else { format!("b{}", n - 1) };
        let _ = writeln!(yaml, "b{n}: &b{n} [{}]", vec![format!("*{before}"); 9].join(","));
    }
    check("a.yaml", yaml, 1, "aliases expand to more than");
    let mut xml = "<!DOCTYPE l [<!ENTITY a0 \"ha\">".to_owned();
    for n in 1..30 {
        let _ = write!(xml, "<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10));
    }
    check("a.xml", xml + "]><l>&a29;</l>\n", 0, "passed");
}

#[test]
fn deep_source_is_broken() {
    // Each has something that a rule looks for, or it would not be parsed at all.
    let deep = "levels deep: no rule was run on it";
    check("a.rs", format!("fn f() {{ dbg!(1); let x = {}; }}\n", nested("(", "1", ")").trim_end()), 3, deep);
    check("b.rs", format!("fn f() {{ dbg!(1); {} }}\n", nested("if a { ", "", "}").trim_end()), 3, deep);
    check("a.py", format!("breakpoint()\nx = {}", nested("(", "1", ")")), 3, deep);
    check("a.js", format!("debugger;\nx = {}", nested("[", "", "]")), 3, deep);
    check("b.js", format!("debugger;\n{}y();\n", "if (a) x(); else ".repeat(DEEP / 10)), 3, deep);
    check("a.ts", format!("debugger;\ntype A = {}", nested("Array<", "number", ">")), 3, deep);
    let go = "package p\n\nfunc f() {\n\tfor {\n\t\tdefer f()\n\t}\n}\n\n";
    check("a.go", format!("{go}var x = {}", nested("(", "1", ")")), 3, deep);
    // Brackets that are never closed nest nothing: what is there is found, and the rest is said not to parse.
    let open = format!("fn f() {{ dbg!(1); {}\n", "([".repeat(DEEP));
    check(
        "c.rs",
        open,
        1,
        "line 1 could not be parsed as Rust (an error, or syntax that tollgate does not know): rules skip",
    );
}

#[test]
fn a_large_file_is_said_to_be_unread() {
    let repo = Repo::with(&[("start", "x\n")]);
    fs::File::create(repo.top().join("a.json")).unwrap().set_len(101 << 20).unwrap();
    repo.tollgate(&["check", "--worktree"])
        .code(1)
        .says("check-added-large-files")
        .says("not looked at: 101 MiB are more than the 100 MiB that are read");
    let said = "could not run: a.json: 101 MiB";
    repo.tollgate(&["check", "--worktree", "--skip", "check-added-large-files"]).code(3).says(said);
}

#[test]
fn one_endless_line_is_shown_in_part() {
    let repo = Repo::with(&[("start", "x\n")]);
    // The same faults in a short line: what is printed besides, such as the rules in force, is not meant here.
    let stage = |n_bytes: usize| {
        let line = format!("{{\"a\": \"{}\" \n", "x".repeat(n_bytes));
        repo.stage(&[("a.json", &line), ("a.txt", &format!("{} \n", line.trim_end()))]);
    };
    let n_printed = |format: &str| {
        repo.tollgate(&["check", "--staged", "--format", format]).code(1).says("check-json").text().len()
    };
    stage(4);
    let short: Vec<usize> = FORMATS.iter().map(|format| n_printed(format)).collect();
    stage(4 << 20);
    for (format, n_short) in FORMATS.iter().zip(short) {
        let n_long = n_printed(format);
        assert!(n_long < n_short + 20_000, "{format} prints {n_long} bytes instead of {n_short}");
    }
}

#[test]
fn bytes_that_are_no_text_are_taken_as_they_are() {
    check("a.json", b"{\"a\": \"\xff\xfe\"}\n", 1, "invalid JSON");
    check("a.json", b"\xff\xfe{\x00}\x00\n\x00", 1, "invalid JSON");
    check("a.yaml", b"a: \xff\n", 1, "invalid YAML");
    check("a.toml", b"a = \"\xff\"\n", 1, "invalid TOML");
    check("a.xml", b"<a>\xff</a>\n", 1, "check-xml");
    check("a.py", b"breakpoint()\nx = '\xff'\n", 1, "not UTF-8: rules read each byte");
    check("a.py", b"x = '\xff'\nbreakpoint()\n", 1, "a.py:2:1");
    check("a.txt", b"a\0b \n\xff\n", 0, "passed");
    check("a.txt", b"caf\xe9 \n", 1, "trailing-whitespace");
}

/// Names and a content that would say something if they were printed as they are.
const HOSTILE_NAMES: [&[u8]; 16] = [
    b"new\nline.json",
    b"esc\x1b[31m\x1b]0;t\x07.json",
    b"-rf.json",
    b"--all",
    b"::error::x.json",
    b"::error file=a,line=1::boo.json",
    b"%0A::error::x.json",
    b"a|b*c_`d`<script>alert(1)<script>.json",
    b"](http:evil)[x.json",
    b"caf\xe9\xff.json",
    b"\"quo'te&<>.json",
    b"cr\r\ttab.json",
    b"*.json",
    b":(glob)x.json",
    b"]]>.json",
    "bidi\u{202e}nosj.json".as_bytes(),
];

#[test]
fn hostile_names_and_contents_stay_inert_in_every_format() {
    use std::os::unix::ffi::OsStrExt;
    let repo = Repo::with(&[("start", "x\n")]);
    for name in HOSTILE_NAMES {
        let file = repo.top().join(std::ffi::OsStr::from_bytes(name));
        fs::write(file, "{\"]]>\x1b[2J\\n::error::boo <script>`|\": 1, \n::warning::x \n").unwrap();
    }
    repo.git(&["add", "--all"]).code(0);
    for format in FORMATS {
        let ran = repo.tollgate(&["check", "--staged", "--format", format]).code(1);
        let is_data = ["json", "sarif", "gitlab"].contains(&format);
        let raw = ran.stdout.chars().find(|&c| c.is_control() && c != '\n' || c == '\u{202e}' && !is_data);
        assert_eq!(raw, None, "{format}:\n{}", ran.stdout);
        for line in ran.stdout.lines() {
            let is_ours = format == "github" && line.starts_with("::error ");
            assert!(is_ours || !line.trim_start().starts_with("::"), "{format}: {line}");
            // Between backticks Markdown takes everything as it is.
            let is_inert = !line.split("``").step_by(2).any(|part| part.contains("<script"));
            assert!(format != "markdown" || is_inert, "{line}");
        }
    }
    let short = repo.tollgate(&["check", "--staged", "--format", "short"]).stdout;
    for line in short.lines() {
        assert!(line.contains(": error: ") && line.ends_with(']'), "{line}");
    }
    let xml = repo.tollgate(&["check", "--staged", "--format", "junit"]).stdout;
    let mut reader = quick_xml::Reader::from_str(&xml);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    for format in ["json", "sarif", "gitlab"] {
        let text = repo.tollgate(&["check", "--staged", "--format", format]).stdout;
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
    repo.tollgate(&["check", "--", "-rf.json", "--all", "*.json"]).code(1).says("3 files");
}

#[test]
fn what_stands_in_the_place_of_a_file_is_not_waited_for() {
    let names = ["pipe", "socket", "folder", "loop", "through/inner", "file"];
    let repo = Repo::with(&names.map(|name| (name, "x\n")));
    for name in ["pipe", "socket", "folder", "loop", "through/inner"] {
        fs::remove_file(repo.top().join(name)).unwrap();
    }
    fs::remove_dir(repo.top().join("through")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, repo.top().join("pipe"), rustix::fs::Mode::RUSR).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(repo.top().join("socket")).unwrap();
    repo.write("folder/inner", "y\n");
    std::os::unix::fs::symlink("loop", repo.top().join("loop")).unwrap();
    std::os::unix::fs::symlink("/etc", repo.top().join("through")).unwrap();
    for what in ["--all", "--worktree", "pipe", "socket"] {
        repo.tollgate(&["check", what, "--skip", "check-symlinks"]).code(3).says("it is neither a file nor a link");
    }
    repo.tollgate(&["check", "--staged"]).code(0);
    repo.tollgate(&["check", "loop"]).code(1).says("check-symlinks");
    repo.tollgate(&["check", "folder"]).code(2).says("no such file");
    repo.tollgate(&["check", "through/passwd"]).code(2).says("not in the work tree");
    repo.tollgate(&["builtin", "check-json", "pipe"]).code(2).says("neither a file nor a link");
}

/// Runs one command of the repository on a staged change, under this name.
#[track_caller]
fn command(script: &str, keys: &str, code: i32, says: &str) {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let policy =
        format!("[stages.pre-commit]\nchecks = [\"*\"]\n[checks.it]\nrun = [\"sh\", \"-c\", {script:?}]\n{keys}");
    repo.stage(&[("tollgate.toml", &policy)]);
    repo.tollgate(&["check", "--staged"]).code(3).says("do not run before someone trusts it");
    repo.tollgate(&["install"]).code(0);
    for format in FORMATS {
        let ran = repo.tollgate(&["check", "--staged", "--format", format]).code(code);
        assert!(!ran.text().contains(['\x1b', '\x07']), "{format}: {}", ran.text());
        assert!(ran.text().lines().all(|line| !line.starts_with("::boo")), "{format}: {}", ran.text());
    }
    repo.tollgate(&["check", "--staged"]).code(code).says(says);
}

#[test]
fn a_command_that_goes_wrong_never_passes() {
    command("kill -9 $$", "", 3, "it was ended by signal 9");
    command("sleep 600", "timeout = \"100ms\"\n", 3, "it was stopped: the `timeout` of its check, 100ms, was over");
    command("exec no-such-program-at-all", "output = \"sarif\"\n", 3, "could not run");
    command("true", "output = \"sarif\"\n", 3, "the SARIF file is empty");
    command("echo '{\"runs\": [{'", "output = \"sarif\"\n", 3, "not SARIF");
    command("true", "output = \"junit\"\n", 3, "could not run");
    command("echo '<testsuite></testsuite>'", "output = \"junit\"\n", 3, "could not run");
    for (format, says) in [
        ("\"checkstyle\"", "can't be read as checkstyle: it is empty"),
        ("\"eslint-json\"", "can't be read as eslint-json: it is empty"),
        ("\"lsp\"", "can't be read as lsp: it is empty"),
        ("{ matcher = \"none.json\" }", "cannot read its problem matcher"),
    ] {
        command("true", &format!("output = {format}\n"), 3, says);
    }
    for format in ["gcc", "tsc", "mypy", "rustc-json", "rdjsonl", "diff"] {
        let output = format!("output = \"{format}\"\n");
        command("echo 'no such option: \\033[31m'; exit 2", &output, 3, "no finding can be read from what it printed");
    }
    command("printf '\\377\\033[31m\\033]0;x\\007\\n::boo::x\\n'; exit 1", "", 1, "ended with exit code 1");
}

#[test]
fn findings_in_the_formats_of_tools_are_judged_like_any_other() {
    let repo = Repo::with(&[("pkg/a.c", "int a;\nint b;\n")]);
    let matcher =
        r#"{"problemMatcher":{"owner":"x","pattern":{"regexp":"^(.+)!(\\d+)!(.+)$","file":1,"line":2,"message":3}}}"#;
    let lines = "a.c:1: error: old [-Wold]\n$PWD/a.c:2: warning: staged [-Wnew]\n/usr/x.h:1: warning: elsewhere\n";
    let line = format!("printf \"{}\" >&2; exit 1", lines.replace('\n', "\\\\n"));
    let check = |id: &str, run: &str, output: &str| {
        format!(
            "[checks.{id}]\nrun = ['''{run}''']\nshell = true\ndir = \"pkg\"\ninputs = \"file\"\noutput = {output}\n"
        )
    };
    let policy = [
        check("cc", &line, "\"gcc\""),
        check("own", "echo 'a.c!2!from the matcher'", "{ matcher = \"m.json\" }"),
        check("form", "echo 'a.c 2 from the pattern'", r"{ pattern = '^(?<path>\S+) (?<line>\d+) (?<message>.*)' }"),
        check("quiet", "echo 'all is well'", "\"gcc\""),
    ];
    let staged = [("m.json", matcher), ("tollgate.toml", &policy.concat()), ("pkg/a.c", "int a;\nint c;\n")];
    repo.stage(&staged);
    repo.tollgate(&["install"]).code(0);
    let check = |id: &str, code| repo.tollgate(&["check", "--staged", "--only", id, "--format", "short"]).code(code);
    check("cc", 0).says("staged").says("cc/-Wnew").says("which is not in the repository").is_silent_on("-Wold");
    check("own", 1).says("from the matcher").says("pkg/a.c:2");
    check("form", 1).says("from the pattern").says("pkg/a.c:2");
    repo.tollgate(&["check", "--staged", "--only", "quiet"]).code(0).says("it printed no findings, but other text");
}

#[test]
fn a_command_that_prints_without_end_is_read_up_to_a_limit() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    let run = "run = [\"sh\", \"-c\", \"yes | head -c 100000000\"]";
    repo.stage(&[("tollgate.toml", &format!("[checks.it]\n{run}\noutput = \"sarif\"\n"))]);
    repo.tollgate(&["install"]).code(0);
    repo.tollgate(&["check", "--staged", "--only", "it"]).code(3).says("it printed more than is read");
}

#[test]
fn deep_reports_of_commands_are_read_without_a_stack() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    repo.write("deep.sarif", "[".repeat(DEEP));
    repo.write("deeper.sarif", format!("{{\"runs\": {}", nested("[", "", "]")));
    let message = "{\"runs\":[{\"results\":[{\"message\":{\"text\":\"x\"},\"properties\":DEEP}]}]}";
    repo.write("deepest.sarif", message.replace("DEEP", nested("[", "", "]").trim_end()));
    repo.write("deep.junit", nested("<testsuite>", "", "</testsuite>"));
    let mut policy = String::new();
    for (id, file) in [("a", "deep.sarif"), ("b", "deeper.sarif"), ("c", "deepest.sarif"), ("d", "deep.junit")] {
        let output = file.split('.').next_back().unwrap();
        let _ = writeln!(policy, "[checks.{id}]\nrun = [\"cat\", \"{file}\"]\noutput = \"{output}\"");
    }
    repo.stage(&[("tollgate.toml", &policy)]);
    repo.tollgate(&["install"]).code(0);
    for id in ["a", "b", "c", "d"] {
        repo.tollgate(&["check", "--staged", "--only", id]).code(3).says("could not run");
    }
}

#[test]
fn a_message_full_of_escapes_is_judged_and_stays_inert() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    repo.write("tollgate.toml", "[stages.commit-msg]\nchecks = [\"message\"]\n");
    for message in [&b"\x1b[31mred\x1b]0;x\x07\n"[..], b"::error::boo\n", b"\xff\xfe\n", b"x\0y\n", b"\n", b""] {
        repo.write("message", message);
        let ran = repo.tollgate(&["hook", "commit-msg", "message"]);
        assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.text());
        assert!(!ran.text().contains(['\x1b', '\x07', '\0']), "{}", ran.text());
    }
    repo.write("message", b"\x1b[31mred: x\n");
    repo.tollgate(&["hook", "commit-msg", "message"]).code(1);
    repo.write("message", "x".repeat(17 << 20));
    repo.tollgate(&["hook", "commit-msg", "message"]).code(2).says("too large for a message");
    repo.tollgate(&["hook", "commit-msg", "nosuch"]).code(2).says("cannot read the commit message");
}

/// The same run with one thread and with four says the same, byte for byte.
#[test]
fn the_number_of_threads_changes_no_byte() {
    let repo = Repo::with(&[("a.py", "eval(x)\n")]);
    for n in 0..60 {
        repo.write(&format!("{}/{n}.py", n % 7), format!("x = eval({n}) \nif x == {n}:\n    pass"));
        repo.write(&format!("{}/{n}.json", n % 5), "{\"a\": 1, \"a\": 2");
    }
    repo.git(&["add", "."]).code(0);
    for format in ["short", "json", "sarif"] {
        let with = |threads: &str| {
            let mut command: Command = repo.command(&repo.top(), TOLLGATE);
            command.env("RAYON_NUM_THREADS", threads).args(["check", "--staged", "--format", format]);
            without_times(format, &run(&mut command, b"").code(1).stdout)
        };
        let alone = with("1");
        assert!(alone.len() > 1_000);
        for _ in 0..3 {
            assert_eq!(with("4"), alone, "{format}");
        }
    }
}
