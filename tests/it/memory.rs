//! What commands found in files is remembered file by file: a run that remembers says what one that does not says, and a
//! command is given only what nothing is known of.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::{Repo, without_times};

/// Finds the words that `words.conf` names, with line numbers, and notes which files it was given.
const LINT: &str = r#"#!/bin/sh
echo "$@" >> NOTES
status=0
for file in "$@"; do
    case "$file" in -*) continue;; esac
    grep -n -F -f words.conf "$file" | sed -n "s|^\([0-9]*\):\(.*\)|$file:\1: error: found \2 [word]|p"
done
"#;

/// A repository with a tool that is not its own.
struct Scene {
    repo: Repo,
}

impl Scene {
    /// The tool is asked for with `[checks.lint]` and these keys.
    fn new(keys: &str) -> Self {
        let repo = Repo::with(&[("words.conf", "bad\n"), ("good.txt", "good\n"), ("bad.txt", "one\nbad\n")]);
        let scene = Self { repo };
        fs::create_dir_all(scene.repo.beside("node_modules/.bin")).unwrap();
        scene.tool(LINT);
        scene.policy(keys);
        scene.repo.tollgate(&["install"]).code(0);
        scene
    }

    fn tool(&self, script: &str) {
        let file = self.repo.beside("node_modules/.bin/lint");
        fs::write(&file, script.replace("NOTES", &self.notes().to_string_lossy())).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn policy(&self, keys: &str) {
        let run = format!("\"{}\"", self.repo.beside("node_modules/.bin/lint").display());
        let keys = keys.replace("LINT", &run);
        self.repo.write("tollgate.toml", format!("[stages.pre-commit]\nchecks = [\"*\"]\n[checks.lint]\n{keys}\n"));
    }

    fn notes(&self) -> PathBuf {
        self.repo.beside("notes")
    }

    /// What a run says without what differs by its nature, and what the tool was given for it.
    fn check(&self, args: &[&str]) -> ((String, String, Option<i32>), String) {
        let _ = fs::remove_file(self.notes());
        let sarif = self.repo.beside("report.sarif");
        let report = format!("sarif={}", sarif.display());
        let ran = self.repo.tollgate(&[&["check", "--format", "json", "--report", &report], args].concat());
        assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
        let given = fs::read_to_string(self.notes()).unwrap_or_default().replace(' ', "\n");
        let given = given.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().join(" ");
        let written = fs::read_to_string(&sarif).unwrap_or_else(|error| panic!("{error}: {}", ran.text()));
        ((without_times("json", &ran.stdout), without_times("sarif", &written), ran.code), given)
    }

    /// A run that remembers says what one without says, and the tool is given these files for it.
    #[track_caller]
    fn agrees(&self, args: &[&str], given: &str) {
        let (fresh, _) = self.check(&[args, &["--no-cache"]].concat());
        let (remembered, seen) = self.check(args);
        for (remembered, fresh) in [(&remembered.0, &fresh.0), (&remembered.1, &fresh.1)] {
            let at = remembered.bytes().zip(fresh.bytes()).position(|(a, b)| a != b).unwrap_or_default();
            let around = |text: &str| String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(200)..]).into_owned();
            assert!(remembered == fresh, "{}\n\n{}", around(remembered), around(fresh));
        }
        assert_eq!(remembered.2, fresh.2);
        assert_eq!(seen, given);
    }
}

const KEYS: &str = "run = [LINT, \"{files}\"]\nfiles = [\"*.txt\"]\noutput = \"gcc\"\nconfig = [\"words.conf\"]";
const ALL: &[&str] = &["--all"];

#[test]
fn only_what_nothing_is_known_of_is_given() {
    let scene = Scene::new(KEYS);
    scene.agrees(ALL, "bad.txt good.txt");
    scene.agrees(ALL, "");
    assert!(scene.check(ALL).0.0.contains("found bad"));
    scene.repo.write("good.txt", "good bad\n");
    scene.agrees(ALL, "good.txt");
    scene.agrees(ALL, "");
    scene.repo.git(&["mv", "good.txt", "moved.txt"]).code(0);
    scene.agrees(ALL, "moved.txt");
    // In the copy as in the work tree.
    scene.repo.stage(&[("staged.txt", "bad\n")]);
    scene.agrees(&["--staged"], "moved.txt staged.txt");
    scene.repo.write("staged.txt", "worse\n");
    scene.agrees(&["--staged"], "");
    scene.repo.write("words.conf", "worse\n");
    scene.agrees(&["--staged"], "");
    scene.agrees(ALL, "bad.txt moved.txt staged.txt");
}

#[test]
fn whatever_it_depends_on_makes_it_look_again() {
    let scene = Scene::new(KEYS);
    let all = "bad.txt good.txt";
    scene.agrees(ALL, all);
    let changes: [(&str, &dyn Fn()); 9] = [
        ("configuration", &|| scene.repo.write("words.conf", "good\n")),
        ("a file that configuration names", &|| {
            scene.repo.write("words.conf", "bad\nmore.conf\n");
            scene.repo.write("more.conf", "x");
            scene.check(ALL);
            scene.repo.write("more.conf", "y");
        }),
        ("the program", &|| scene.tool(&LINT.replace("found", "seen"))),
        ("an argument", &|| scene.policy(&KEYS.replace("LINT,", "LINT, \"-x\","))),
        ("a variable", &|| scene.policy(&format!("{KEYS}\nenv = {{ A = \"b\" }}"))),
        ("the level", &|| scene.policy(&format!("{KEYS}\nlevel = \"note\""))),
        ("how it is read", &|| {
            scene.policy(&KEYS.replace("\"gcc\"", "{ pattern = '^(?<path>[^:]+):(?<line>\\d+): (?<message>.*)$' }"));
        }),
        ("configuration that nobody tracks", &|| {
            scene.repo.write(".gitignore", "words.conf\n");
            scene.repo.git(&["rm", "-q", "--cached", "words.conf"]).code(0);
            scene.repo.write("words.conf", "bad\n");
        }),
        ("a configured file outside", &|| scene.policy(&KEYS.replace("words.conf\"", "words.conf\", \"~/.lintrc\""))),
    ];
    for (what, change) in changes {
        change();
        let (fresh, _) = scene.check(&["--all", "--no-cache"]);
        let (remembered, given) = scene.check(ALL);
        assert_eq!((remembered, given.as_str()), (fresh, all), "{what}");
        assert_eq!(scene.check(ALL).1, "", "{what}");
    }
    fs::write(scene.repo.beside("home/.lintrc"), "x").unwrap();
    scene.agrees(ALL, all);
    scene.agrees(ALL, "");
}

#[test]
fn what_a_command_is_not_known_to_depend_on_is_not_remembered() {
    let all = "bad.txt good.txt";
    for keys in [
        &KEYS.replace("config = [\"words.conf\"]", ""),
        &KEYS.replace("LINT,", "\"env\", \"bash\", LINT,"),
        &KEYS.replace("LINT,", "\"bash\", LINT,"),
    ] {
        let scene = Scene::new(keys);
        scene.agrees(ALL, all);
        scene.agrees(ALL, all);
    }
}

/// What a script of the repository loads is nobody's to guess: only where `config` names it is it known.
#[test]
fn code_of_the_repository_is_a_part_of_its_configuration() {
    let keys = |config: &str| {
        format!("run = [\"tools/lint\", \"{{files}}\"]\nfiles = [\"*.txt\"]\noutput = \"gcc\"\nconfig = {config}")
    };
    for (config, is_remembered) in [("[]", false), ("[\"words.conf\"]", false), ("[\"tools/**\"]", true)] {
        let scene = Scene::new(&keys(config));
        let script = LINT.replace("NOTES", &scene.notes().to_string_lossy());
        scene.repo.write("tools/words.conf", "bad\n");
        scene.repo.write("tools/lint", script.replace("words.conf", "tools/words.conf"));
        fs::set_permissions(scene.repo.top().join("tools/lint"), fs::Permissions::from_mode(0o755)).unwrap();
        scene.repo.git(&["add", "tools"]).code(0);
        scene.agrees(ALL, "bad.txt good.txt");
        scene.agrees(ALL, if is_remembered { "" } else { "bad.txt good.txt" });
        scene.repo.write("tools/words.conf", "good\n");
        scene.agrees(ALL, "bad.txt good.txt");
    }
}

#[test]
fn exit_codes_of_several_files_are_those_of_all() {
    let scene = Scene::new("run = [LINT, \"{files}\"]\nfiles = [\"*.txt\"]\nconfig = [\"words.conf\"]");
    scene.tool("#!/bin/sh\necho \"$@\" >> NOTES\necho \"looking at $# files\"\n! grep -q -F -f words.conf \"$@\"\n");
    // Where it fails nothing can be said of a single file.
    scene.agrees(ALL, "bad.txt good.txt");
    scene.agrees(ALL, "bad.txt good.txt");
    scene.repo.write("bad.txt", "mended\n");
    scene.agrees(ALL, "bad.txt good.txt");
    scene.agrees(ALL, "");
    // It is not enough that one is told of: the others are part of what it says.
    scene.repo.write("bad.txt", "bad again\n");
    scene.agrees(ALL, "bad.txt bad.txt good.txt");
    let scene = Scene::new("run = [LINT, \"{file}\"]\nfiles = [\"*.txt\"]\nconfig = [\"words.conf\"]");
    scene.tool("#!/bin/sh\necho \"$@\" >> NOTES\n! grep -F -f words.conf \"$@\"\n");
    scene.agrees(ALL, "bad.txt good.txt");
    scene.agrees(ALL, "");
}

#[test]
fn what_is_no_result_is_not_remembered() {
    let scene = Scene::new(KEYS);
    scene.tool("#!/bin/sh\necho \"$@\" >> NOTES\necho 'no finding'\nexit 3\n");
    for _ in 0..2 {
        let (said, given) = scene.check(ALL);
        assert!(said.2 == Some(3) && given == "bad.txt good.txt", "{said:?} {given}");
    }
    // A tool that changes its files, or that tells of others than those.
    scene.tool("#!/bin/sh\necho \"$@\" >> NOTES\nfor f in \"$@\"; do echo x >> $f; done\n");
    scene.check(ALL);
    assert_eq!(scene.check(ALL).1, "bad.txt good.txt");
    scene.tool("#!/bin/sh\necho \"$@\" >> NOTES\necho 'words.conf:1: error: x [y]'\n");
    scene.agrees(ALL, "bad.txt good.txt");
    scene.agrees(ALL, "bad.txt good.txt");
}

#[test]
fn no_secret_that_a_command_quotes_is_kept() {
    let scene = Scene::new(KEYS);
    // tollgate: allow(hardcoded-secret) made up, to be found
    let secret = "MIIEowIBAAKCAQEAx2Kl9vQ3bT5yZ8wNpR4sG7hJ1mD6fE0cU9aXiVnLtQ";
    let key = format!("-----BEGIN RSA PRIVATE {}-----\nbad {secret}\n-----END RSA PRIVATE {}-----\n", "KEY", "KEY");
    scene.repo.write("key.txt", key);
    scene.repo.git(&["add", "."]).code(0);
    scene.agrees(ALL, "bad.txt good.txt key.txt");
    scene.agrees(ALL, "key.txt");
    let holds = |text: &str| {
        let folder = scene.repo.beside("home/.cache/tollgate");
        let files = ["results.sqlite", "results.sqlite-wal"].map(|name| fs::read(folder.join(name)));
        let mut bytes = files.into_iter().flatten();
        bytes.any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    };
    assert!(holds("found bad") && !holds(secret));
    // Where nobody looks for secrets nothing is quoted.
    scene.repo.tollgate(&["cache", "clear"]).code(0);
    let only = ["--all", "--only", "lint"];
    scene.agrees(&only, "bad.txt good.txt key.txt");
    scene.agrees(&only, "bad.txt key.txt");
    scene.repo.tollgate(&["cache", "info"]).code(0).says("last run  1 of 3 files were known to commands");
    assert!(!holds("found bad"));
}

#[test]
fn a_version_is_remembered_with_what_was_found() {
    let scene = Scene::new(&format!("{KEYS}\nversion = \">=2\""));
    let script = LINT.replace("echo \"$@\"", "[ \"$1\" = --version ] && { echo 2.5; exit; }\necho \"$@\"");
    scene.tool(&script);
    scene.agrees(ALL, "bad.txt good.txt");
    scene.agrees(ALL, "");
    assert!(scene.check(ALL).0.0.contains("2.5"));
    scene.tool(&script.replace("2.5", "1.9"));
    assert_eq!(scene.check(ALL).0.2, Some(3));
}

#[test]
fn what_is_configured_outside_is_named_and_no_pattern() {
    let repo = Repo::with(&[]);
    repo.write("tollgate.toml", "[checks.lint]\nrun = [\"x\", \"{files}\"]\nconfig = [\"~/*.toml\"]\n");
    repo.tollgate(&["check"]).code(2).says("is no pattern");
}
