//! The results of earlier runs: they change no byte of what a run says, and nothing that happens to them ends one.
//! `TOLLGATE_TEST_ROUNDS` sets how often what is tried at random is tried.

// tollgate: allow-file(hardcoded-secret) a key made up for the test that looks for it in the cache

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rusqlite::Connection;

use crate::support::{Ran, Repo, TOLLGATE, run, without_times};

/// Where the tests find the cache.
fn folder(repo: &Repo) -> PathBuf {
    repo.beside("home").join(".cache/tollgate")
}

fn database(repo: &Repo) -> PathBuf {
    folder(repo).join("results.sqlite")
}

fn rounds(by_default: u64) -> u64 {
    std::env::var("TOLLGATE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(by_default)
}

/// A repository of so many files that the cache is used, some with findings.
fn many() -> Repo {
    let repo = Repo::new();
    for n in 0..24 {
        repo.write(&format!("{}/{n}.py", n % 3), format!("x = {n}\n"));
    }
    repo.write("found.txt", "visible-marker \n");
    repo.write("found.py", "assert (x, 'why')\n");
    repo.git(&["add", "."]).code(0);
    repo.git(&["commit", "-q", "-m", "start"]).code(0);
    repo
}

/// What a run says, without times: its report, its SARIF, its exit code.
#[derive(Debug, PartialEq, Eq)]
struct Said(String, String, Option<i32>);

fn check(repo: &Repo, args: &[&str]) -> (Said, Ran) {
    let sarif = repo.beside("report.sarif");
    let report = format!("sarif={}", sarif.display());
    let fixed = ["check", "--format", "json", "--report", &report];
    let ran = repo.tollgate(&[&fixed, args].concat());
    assert!(ran.code.is_some_and(|code| code < 2), "{}", ran.text());
    let written = fs::read_to_string(&sarif).unwrap_or_else(|error| panic!("{error}: {}", ran.text()));
    (Said(without_times("json", &ran.stdout), without_times("sarif", &written), ran.code), ran)
}

/// A run with the cache says what one without it says, and nothing beside; it knew this many files.
#[track_caller]
fn agrees(repo: &Repo, args: &[&str], known: &str) {
    let (fresh, _) = check(repo, &[args, &["--no-cache"]].concat());
    let (cached, ran) = check(repo, args);
    assert_eq!(cached, fresh);
    assert_eq!(ran.stderr, "");
    if !known.is_empty() {
        repo.tollgate(&["cache", "info"]).code(0).says(known);
    }
}

/// The same, but one warning is given, which says this.
#[track_caller]
fn agrees_with_warning(repo: &Repo, expected: &str) {
    let (fresh, _) = check(repo, &["--all", "--no-cache"]);
    let (cached, ran) = check(repo, &["--all"]);
    assert_eq!(cached, fresh);
    assert_eq!(ran.stderr.matches("warning: ").count(), 1, "{}", ran.stderr);
    ran.says(expected);
}

#[test]
fn an_unchanged_file_is_known_and_a_changed_one_is_not() {
    let repo = many();
    agrees(&repo, &["--all"], "0 of 26 files were known");
    agrees(&repo, &["--all"], "26 of 26 files were known");
    repo.write("found.txt", "better\n");
    repo.write("0/0.py", "x = 1 \n");
    agrees(&repo, &["--all"], "24 of 26 files were known");
    // By its content, although git has no blob of it.
    agrees(&repo, &["--all"], "26 of 26 files were known");
    repo.git(&["mv", "0/3.py", "0/moved.py"]).code(0);
    agrees(&repo, &["--all"], "25 of 26 files were known");
    // What was seen in the work tree is known when it is staged, except that added files are another matter.
    repo.git(&["checkout", "-q", "--orphan", "new"]).code(0);
    agrees(&repo, &["--staged"], "0 of 26 files were known");
    agrees(&repo, &["--staged"], "26 of 26 files were known");
}

#[test]
fn the_policy_is_part_of_what_is_remembered() {
    let repo = many();
    repo.write("rules/own.yml", "id: own\nlanguage: Python\nmessage: one\nseverity: error\nrule: {pattern: 'x = 7'}\n");
    repo.git(&["add", "."]).code(0);
    let policies = [
        "",
        "[checks.trailing-whitespace]\noptions = { markdown-linebreak-ext = [\"txt\"] }\n",
        "[rules.levels]\ntuple-assertion = \"off\"\n",
        "[[overrides]]\nfiles = [\"*.py\"]\nlevels = { tuple-assertion = \"off\" }\n",
        "[rules]\npaths = [\"rules/*.yml\"]\n",
        "builtin = false\n[rules]\npaths = [\"rules/*.yml\"]\n",
        "[stages.pre-commit]\nchecks = [\"rules\"]\n",
        "exclude = [\"*.txt\"]\n",
    ];
    for policy in policies {
        repo.write("tollgate.toml", policy);
        agrees(&repo, &["--all"], "");
        agrees(&repo, &["--all"], "");
        agrees(&repo, &["--all", "--skip", "trailing-whitespace"], "");
    }
    repo.write("tollgate.toml", policies[4]);
    repo.write("rules/own.yml", "id: own\nlanguage: Python\nmessage: two\nseverity: error\nrule: {pattern: 'x = 8'}\n");
    agrees(&repo, &["--all"], "");
}

/// What a file without an extension is of is told by its first line, so the same check looks at it or does not, and its
/// name says nothing of that.
#[test]
fn the_types_that_a_check_is_given_are_part_of_what_is_remembered() {
    let repo = Repo::new();
    for n in 0..24 {
        let file = format!("bin/{n}");
        repo.write(&file, format!("#!/bin/sh\necho {n} \n"));
        fs::set_permissions(repo.top().join(&file), fs::Permissions::from_mode(0o755)).unwrap();
    }
    repo.git(&["add", "."]).code(0);
    let only = ["--all", "--only", "trailing-whitespace"];
    for (tag, is_found) in [("python", false), ("shell", true), ("python", false)] {
        repo.write("tollgate.toml", format!("[checks.trailing-whitespace]\ntypes = [\"{tag}\"]\n"));
        agrees(&repo, &only, "");
        agrees(&repo, &only, "of 24 files were known");
        assert_eq!(check(&repo, &only).0.0.contains("\"bin/7\""), is_found, "{tag}");
    }
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

const PIECES: &[&[u8]] = &[
    b"x = 1\n",
    b"x = 1 \n",
    b"assert (x, 'why')\n",
    b"eval(x)\n",
    b"fn f() { dbg!(1); }\n",
    b"console.log(1);\n",
    b"\r\n",
    b"a\r\n",
    b"<<<<<<< HEAD\n",
    b"=======\n",
    b">>>>>>> other\n",
    b"{\"a\": 1, \"a\": 2}\n",
    b"a: 1\na: 2\n",
    b"[a]\n[a]\n",
    b"no end",
    b"\n\n\n",
    b"\xff\xfe\n",
    b"\xef\xbb\xbf",
    b"if x == None:\n    pass\n",
    b"\xe2\x80\xae\n",
    b"((((\n",
    b"'''\n",
    b"except:\n",
    b"\0\n",
    b"-----BEGIN RSA PRIVATE ",
    b"KEY-----\nMIIEowIBAAKCAQEAx2Kl9vQ3bT5yZ8wN\n",
];
const KINDS: &[&str] = &["py", "rs", "js", "ts", "json", "yaml", "toml", "md", "txt", "xml", "sh"];
const POLICIES: &[&str] = &[
    "",
    "exclude = [\"1/**\"]\n",
    "builtin = false\n",
    "[rules.levels]\ntrailing-whitespace = \"off\"\n",
    "[rules.levels]\ntuple-assertion = \"note\"\n",
    "[[overrides]]\nfiles = [\"*.py\"]\nlevels = { eval-call = \"off\" }\n",
    "[checks.mixed-line-ending]\noptions = { fix = \"lf\" }\n",
    "[stages.pre-commit]\nchecks = [\"rules\"]\n",
    "[stages.pre-commit]\nchecks = [\"trailing-whitespace\", \"check-json\"]\n",
    "[checks.check-added-large-files]\noptions = { maxkb = 0, enforce-all = true }\n",
    "[checks.lint]\nrun = [\"LINT\", \"1\", \"{files}\"]\nfiles = [\"*.py\", \"*.txt\"]\noutput = \"gcc\"\nconfig = []\n",
    "[checks.lint]\nrun = [\"LINT\", \"2\", \"{file}\"]\nfiles = [\"*.py\", \"*.md\"]\noutput = \"gcc\"\nconfig = []\n",
];

/// Finds the lines with a `1`, or whatever else it is told to look for.
const LINT: &str = "#!/bin/sh\nword=$1\nshift\nfor file in \"$@\"; do\n\
    grep -a -n -e \"$word\" \"$file\" | sed -n \"s|^\\([0-9]*\\):.*|$file:\\1: warning: it holds $word [word]|p\"\ndone\n";

fn scatter(repo: &Repo, chance: &mut Chance, n_files: usize) {
    for _ in 0..n_files {
        let path = format!("{}/{}.{}", chance.below(3), chance.below(30), chance.of(KINDS));
        let text: Vec<u8> = (0..chance.below(5)).flat_map(|_| chance.of(PIECES).to_vec()).collect();
        repo.write(&path, text);
    }
}

#[test]
fn cached_equals_fresh() {
    for seed in 0..rounds(3) {
        let mut chance = Chance(seed);
        let repo = Repo::new();
        let lint = repo.beside("lint");
        fs::write(&lint, LINT).unwrap();
        fs::set_permissions(&lint, fs::Permissions::from_mode(0o755)).unwrap();
        repo.tollgate(&["install"]).code(0);
        scatter(&repo, &mut chance, 40);
        repo.git(&["add", "."]).code(0);
        repo.git(&["commit", "-q", "--no-verify", "-m", "start"]).code(0);
        for _ in 0..3 {
            repo.write("tollgate.toml", chance.of(POLICIES).replace("LINT", &lint.to_string_lossy()));
            scatter(&repo, &mut chance, 20);
            if chance.below(2) == 0 {
                repo.git(&["add", "."]).code(0);
            }
            for args in [&["--all"][..], &["--staged"], &["--all", "--scope", "all"], &["--worktree"]] {
                agrees(&repo, args, "");
            }
        }
        repo.git(&["add", "."]).code(0);
        repo.git(&["commit", "-q", "--no-verify", "-m", "more"]).code(0);
        agrees(&repo, &["--base", "HEAD~1"], "");
        agrees(&repo, &["--base", "HEAD~1"], "");
    }
}

/// What is in the work tree may be another than git's blob of it, and no bigger or smaller.
#[test]
fn what_was_converted_is_not_taken_for_the_blob() {
    let repo = many();
    repo.git(&["config", "filter.blank.smudge", "tr _ ' '"]).code(0);
    repo.git(&["config", "filter.blank.clean", "tr ' ' _"]).code(0);
    let policy = "[checks.mixed-line-ending]\noptions = { fix = \"lf\" }\n";
    repo.commit("blobs", &[("blank.txt", "end_\n"), ("lines.txt", "a\nb\n"), ("tollgate.toml", policy)]);
    // So far the files are as the blobs are, and from here on known by their names.
    agrees(&repo, &["--all"], "");
    repo.commit("attributes", &[(".gitattributes", "blank.txt filter=blank\nlines.txt text eol=crlf\n")]);
    for file in ["blank.txt", "lines.txt"] {
        fs::remove_file(repo.top().join(file)).unwrap();
    }
    repo.git(&["checkout", "-q", "."]).code(0);
    assert_eq!((repo.read("blank.txt").as_str(), repo.read("lines.txt").as_str()), ("end \n", "a\r\nb\r\n"));
    repo.git(&["diff-files", "--exit-code"]).code(0);
    agrees(&repo, &["--all"], "");
    agrees(&repo, &["--all"], "30 of 30 files were known");
    let said = check(&repo, &["--all"]).0.0;
    // What a filter made of a blob is judged as git stores it; line ends are judged as they are.
    assert!(!said.contains("blank.txt") && said.contains("lines.txt"), "{said}");
}

#[test]
fn a_file_that_git_was_told_not_to_look_at_is_looked_at() {
    let repo = many();
    agrees(&repo, &["--all"], "");
    repo.git(&["update-index", "--assume-unchanged", "0/0.py"]).code(0);
    repo.write("0/0.py", "x= 0 \n");
    agrees(&repo, &["--all"], "25 of 26 files were known");
    assert!(check(&repo, &["--all"]).0.0.contains("0/0.py"));
}

#[test]
fn no_secret_is_kept() {
    let secret = "MIIEowIBAAKCAQEAx2Kl9vQ3bT5yZ8wNpR4sG7hJ1mD6fE0cU9aXiVnLtQ";
    let key = format!("-----BEGIN RSA PRIVATE {}-----\n{secret} \nend \n", "KEY");
    let repo = many();
    repo.stage(&[("id.txt", &key), ("id.pem", &key)]);
    let holds = |text: &str| {
        let files = ["results.sqlite", "results.sqlite-wal"].map(|name| fs::read(folder(&repo).join(name)));
        let mut bytes = files.into_iter().flatten();
        bytes.any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    };
    for args in
        [&["--all"][..], &["--staged"], &["--all", "--skip", "detect-private-key"], &["--all", "--only", "rules"]]
    {
        agrees(&repo, args, "");
        agrees(&repo, args, "");
        assert!(!holds(secret), "{args:?}");
    }
    assert!(holds("visible-marker"), "findings are kept, so the search above can find something");
}

#[test]
fn without_the_cache_nothing_is_kept() {
    let repo = many();
    repo.tollgate(&["check", "--all", "--no-cache"]).code(1);
    assert!(!database(&repo).exists());
    // A commit hook on a few files is done before a database is open.
    repo.stage(&[("a.txt", "a\n")]);
    repo.tollgate(&["hook", "pre-commit"]).code(0);
    assert!(!database(&repo).exists());
    let repo = many();
    repo.git(&["checkout", "-q", "--orphan", "new"]).code(0);
    repo.tollgate(&["hook", "--no-cache", "pre-commit"]).code(1);
    assert!(!database(&repo).exists());
    repo.tollgate(&["hook", "pre-commit"]).code(1);
    assert!(database(&repo).exists());
}

#[test]
fn the_cache_is_shown_and_cleared() {
    let repo = many();
    repo.tollgate(&["cache", "info"]).code(0).says("results.sqlite").says("no run has used").says("rows      0");
    repo.tollgate(&["cache", "clear"]).code(0);
    repo.tollgate(&["check", "--all"]).code(1);
    repo.tollgate(&["cache", "info"]).code(0).says("rows      26").says("0 of 26 files").says("of at most 256 MiB");
    repo.tollgate(&["cache", "clear"]).code(0);
    repo.tollgate(&["cache", "info"]).code(0).says("no run has used");
    agrees(&repo, &["--all"], "0 of 26 files were known");
    fs::write(database(&repo), "garbage").unwrap();
    repo.tollgate(&["cache", "info"]).code(2).says("hint: `tollgate cache clear`");
    fs::remove_file(database(&repo)).unwrap();
    fs::create_dir_all(database(&repo).join("folder")).unwrap();
    repo.tollgate(&["cache", "clear"]).code(0);
    agrees(&repo, &["--all"], "0 of 26 files were known");
}

#[test]
fn a_damaged_cache_is_started_anew() {
    let repo = many();
    agrees(&repo, &["--all"], "");
    fs::write(database(&repo), "no database at all, but long enough to be taken for one".repeat(40)).unwrap();
    agrees_with_warning(&repo, "it is started anew");
    agrees(&repo, &["--all"], "");
    agrees(&repo, &["--all"], "26 of 26 files were known");
}

/// Whatever bytes are changed or cut off, what is said stays the same, and the cache is whole again in the end.
#[test]
fn a_cache_with_changed_bytes_is_never_believed() {
    let repo = many();
    agrees(&repo, &["--all"], "");
    let whole = fs::read(database(&repo)).unwrap();
    let (fresh, _) = check(&repo, &["--all", "--no-cache"]);
    // A database that is as whole as ever, with another text in a row.
    let at = whole.windows(7).position(|part| part == b"visible").expect("the row of found.txt");
    let mut forged = whole.clone();
    forged[at] = b'V';
    fs::write(database(&repo), forged).unwrap();
    agrees_with_warning(&repo, "is damaged; it is started anew");
    let mut chance = Chance(7);
    for turn in 0..rounds(12) {
        let mut bytes = whole.clone();
        match turn % 4 {
            0 => bytes.truncate(chance.below(whole.len())),
            1 => bytes.iter_mut().skip(chance.below(whole.len())).take(4096).for_each(|byte| *byte = 0),
            _ => (0..40).for_each(|_| bytes[chance.below(whole.len())] ^= 0x41),
        }
        let _ = fs::remove_file(folder(&repo).join("results.sqlite-wal"));
        fs::write(database(&repo), bytes).unwrap();
        for _ in 0..2 {
            let (said, ran) = check(&repo, &["--all"]);
            assert_eq!(said, fresh, "turn {turn}");
            assert!(ran.stderr.matches("warning: ").count() <= 1, "{}", ran.stderr);
        }
    }
}

#[test]
fn tables_of_another_version_are_not_read() {
    let repo = many();
    agrees(&repo, &["--all"], "");
    let set = |version: i64| Connection::open(database(&repo)).unwrap().pragma_update(None, "user_version", version);
    set(99).unwrap();
    agrees_with_warning(&repo, "belongs to a newer version of tollgate");
    agrees_with_warning(&repo, "belongs to a newer version of tollgate");
    set(0).unwrap();
    agrees_with_warning(&repo, "was made by an older version of tollgate; it is started anew");
    agrees(&repo, &["--all"], "");
    agrees(&repo, &["--all"], "26 of 26 files were known");
    Connection::open(database(&repo)).unwrap().execute_batch("DROP TABLE rows; CREATE TABLE other (key)").unwrap();
    agrees_with_warning(&repo, "is damaged; it is started anew");
    agrees(&repo, &["--all"], "");
    agrees(&repo, &["--all"], "26 of 26 files were known");
}

#[test]
fn files_that_may_not_grow_are_told_and_cost_nothing_but_time() {
    let repo = many();
    let limited = |args: &str| {
        let line = format!("ulimit -f 1; exec {TOLLGATE} check --all {args}");
        run(repo.command(&repo.top(), "sh").args(["-c", &line]), b"")
    };
    limited("").code(1).says("warning: ");
    limited("--report sarif=report.sarif").code(3).says("report.sarif").says("File too large");
}

#[test]
fn a_locked_cache_is_done_without() {
    let repo = many();
    agrees(&repo, &["--all"], "");
    let other = Connection::open(database(&repo)).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM rows").unwrap();
    agrees_with_warning(&repo, "database is locked");
    drop(other);
    agrees(&repo, &["--all"], "26 of 26 files were known");
    // One that another process is writing to can still be read.
    let other = Connection::open(database(&repo)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; DELETE FROM rows").unwrap();
    agrees(&repo, &["--all"], "26 of 26 files were known");
    repo.write("0/0.py", "other = 1\n");
    agrees_with_warning(&repo, "database is locked");
}

fn start(repo: &Repo) -> Child {
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.args(["check", "--all", "--format", "short"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn several_runs_at_once_say_the_same() {
    let repo = many();
    let fresh = repo.tollgate(&["check", "--all", "--no-cache", "--format", "short"]).code(1).stdout;
    for _ in 0..rounds(3) {
        repo.tollgate(&["cache", "clear"]).code(0);
        let running: Vec<Child> = (0..4).map(|_| start(&repo)).collect();
        for child in running {
            let ran = Ran::from(child.wait_with_output().unwrap());
            assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (fresh.as_str(), ""));
        }
        agrees(&repo, &["--all"], "26 of 26 files were known");
    }
}

#[test]
fn a_run_that_is_killed_leaves_a_cache_that_can_be_used() {
    let repo = many();
    let mut chance = Chance(3);
    for turn in 0..rounds(20) {
        // Something new to be written each time.
        (0..24).for_each(|n| repo.write(&format!("{}/{n}.py", n % 3), format!("x = {n}\ny = {turn} \n")));
        let mut child = start(&repo);
        sleep(Duration::from_micros(chance.below(60_000) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    agrees(&repo, &["--all"], "");
    agrees(&repo, &["--all"], "26 of 26 files were known");
}

/// A file system of its own in the place of the cache folder, for tests by root; gone when it is dropped.
#[cfg(target_os = "linux")]
struct Mounted<'a>(&'a Repo);

#[cfg(target_os = "linux")]
impl<'a> Mounted<'a> {
    fn new(repo: &'a Repo, size: &str) -> Option<Self> {
        fs::create_dir_all(folder(repo)).unwrap();
        if Self::mount(repo, &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]) {
            return Some(Self(repo));
        }
        let _ = writeln!(std::io::stderr(), "skipped: only root can mount a file system");
        None
    }

    fn mount(repo: &Repo, args: &[&str]) -> bool {
        let folder = folder(repo).display().to_string();
        repo.run_in(Path::new("/"), "mount", &[args, &[folder.as_str()]].concat(), b"").code == Some(0)
    }
}

#[cfg(target_os = "linux")]
impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        self.0.run_in(Path::new("/"), "umount", &[folder(self.0)], b"");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_one_that_cannot_be_written_cost_nothing_but_time() {
    let repo = many();
    let text = "line of some length \n".repeat(40);
    (0..60).for_each(|n| repo.write(&format!("many/{n}.txt"), text.replace("line", &n.to_string())));
    repo.git(&["add", "."]).code(0);
    let Some(mounted) = Mounted::new(&repo, "64k") else { return };
    agrees_with_warning(&repo, "database or disk is full");
    agrees_with_warning(&repo, "database or disk is full");
    fs::remove_file(database(&repo)).unwrap();
    assert!(Mounted::mount(&repo, &["-o", "remount,ro"]));
    agrees_with_warning(&repo, "the cache of results is not used");
    drop(mounted);
    // With rows in it, that may be read or not.
    let Some(_mounted) = Mounted::new(&repo, "4m") else { return };
    fs::remove_dir_all(repo.top().join("many")).unwrap();
    repo.git(&["add", "."]).code(0);
    agrees(&repo, &["--all"], "");
    assert!(Mounted::mount(&repo, &["-o", "remount,ro"]));
    let (fresh, _) = check(&repo, &["--all", "--no-cache"]);
    let (cached, ran) = check(&repo, &["--all"]);
    assert_eq!(cached, fresh);
    assert!(ran.stderr.matches("warning: ").count() <= 1, "{}", ran.stderr);
}

/// Where no cache folder can be made the run says so once.
#[test]
fn a_home_that_is_none_costs_nothing_but_time() {
    let repo = many();
    fs::write(repo.beside("file"), "").unwrap();
    let mut command = repo.command(&repo.top(), TOLLGATE);
    command.args(["check", "--all", "--format", "short"]);
    command.env("XDG_CACHE_HOME", repo.beside("file")).env("TMPDIR", repo.beside("file"));
    let ran = run(&mut command, b"").code(1);
    assert_eq!(ran.stderr.matches("warning: ").count(), 1, "{}", ran.stderr);
    assert_eq!(ran.stdout, repo.tollgate(&["check", "--all", "--format", "short", "--no-cache"]).code(1).stdout);
}
