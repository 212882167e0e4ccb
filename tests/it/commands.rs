//! Commands of the project's own: how they are started, what they see, and what becomes of what they say.

use std::fs;

use crate::support::{Ran, Repo, run};

/// Reports each line with FIXME of the files it is given, as SARIF.
const LINTER: &str = r#"
printf '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"fixme","rules":[{"id":"no-fixme"}]}},"results":['
comma=
for file in "$@"; do
    n=0
    while IFS= read -r line; do
        n=$((n + 1))
        case $line in *FIXME*)
            printf '%s{"ruleId":"no-fixme","level":"error","message":{"text":"a FIXME"},"locations":[{"physicalLocation":' "$comma"
            printf '{"artifactLocation":{"uri":"%s"},"region":{"startLine":%d}}}]}' "$file" "$n"
            comma=, ;;
        esac
    done < "$file"
done
echo ']}]}'
"#;

const JUNIT: &str = r#"<testsuite name="s" tests="2" failures="FAILURES">
<testcase classname="c" name="passes"/>
<testcase classname="c" name="fails">FAILED</testcase>
</testsuite>"#;

/// An installed repository with this policy and these files, and the linter beside it.
fn with(policy: &str, files: &[(&str, &str)]) -> Repo {
    let repo = not_installed(policy, files);
    repo.tollgate(&["install"]).code(0);
    repo
}

fn not_installed(policy: &str, files: &[(&str, &str)]) -> Repo {
    let repo = Repo::with(files);
    fs::write(repo.beside("lint"), LINTER).unwrap();
    let policy = policy.replace("LINT", repo.beside("lint").to_str().unwrap());
    let policy = policy.replace("BESIDE", repo.beside("").to_str().unwrap().trim_end_matches('/'));
    repo.commit("policy", &[("tollgate.toml", &policy)]);
    repo
}

fn check_staged(repo: &Repo, only: &str) -> Ran {
    repo.tollgate(&["check", "--staged", "--only", only])
}

/// A repository with one check `own` of this table, and a changed file.
fn own(table: &str) -> Repo {
    let repo = with(&format!("[checks.own]\n{table}\n"), &[("a.txt", "one\n")]);
    repo.stage(&[("a.txt", "two\n")]);
    repo
}

#[track_caller]
fn check(table: &str, code: i32, expected: &str) {
    check_staged(&own(table), "own").code(code).says(expected);
}

#[test]
fn an_exit_code_is_a_verdict() {
    check("run = [\"true\"]", 0, "passed");
    check("run = [\"false\"]", 1, "`false` ended with exit code 1 and printed nothing");
    check(
        "run = [\"\"\"\n  true\n  false\n\"\"\"]\nshell = true",
        1,
        "`true false` ended with exit code 1 and printed nothing [own]",
    );
    check("run = [\"sh\", \"-c\", \"echo look here; exit 7\"]", 1, "look here");
    check("run = [\"false\"]\nlevel = \"warning\"", 0, "own");
    check("run = [\"sh\", \"-c\", \"kill -9 $$\"]", 3, "signal 9");
    check("run = [\"no-such-program-here\"]", 3, "no-such-program-here");
    check("run = [\"no-such-program-here\"]", 3, "[checks.own]");
    check("run = [\"false\", \"||\", \"true\"]", 1, "no shell reads `run`, so `||` is an argument like any other");
    check("run = [\"./a.txt\"]", 3, "a.txt");
    check("run = [\"true\"]\ndir = \"nowhere\"", 3, "nowhere");
    check("run = [\"sleep\", \"60\"]\ntimeout = \"200ms\"", 3, "timeout");
}

#[test]
fn the_end_of_what_a_command_prints_is_shown_everywhere() {
    let repo = own(
        "run = [\"sh\", \"-c\", \"for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do echo printed $n; done; echo the cause >&2; exit 1\"]",
    );
    let log = check_staged(&repo, "own").code(1).says("\n  | the cause\n").stdout;
    assert!(log.lines().count() <= 30, "{log}");
    repo.tollgate(&["last"]).code(0).says("printed 20\n").says("the cause\n");
}

#[test]
fn a_broken_check_blocks_unless_the_policy_says_otherwise() {
    let repo =
        with("[gate]\non-broken = \"warn\"\n[checks.own]\nrun = [\"no-such-program-here\"]\n", &[("a.txt", "1\n")]);
    repo.stage(&[("a.txt", "2\n")]);
    check_staged(&repo, "own").code(0).says("no-such-program-here");
    // With findings as well, those give the exit code.
    let repo = with("[checks.own]\nrun = [\"no-such-program-here\"]\n", &[("a.txt", "1\n")]);
    repo.stage(&[("a.txt", "2 \n")]);
    check_staged(&repo, "own,hygiene").code(1).says("no-such-program-here").says("trailing-whitespace");
}

#[test]
fn a_stage_gives_a_time_that_holds_for_all() {
    let repo = with(
        "[stages.pre-commit]\nchecks = [\"tools\"]\ntimeout = \"300ms\"\n[checks.slow]\nrun = [\"sleep\", \"60\"]\n",
        &[("a.txt", "1\n")],
    );
    repo.stage(&[("a.txt", "2\n")]);
    let over = "it was stopped: the `timeout` of the stage, 300ms, was over";
    repo.git(&["commit", "-q", "-m", "x"]).code(1).says("slow").says("could not run").says(over);
}

const FIXME: &str = "[checks.own]\nrun = [\"sh\", \"LINT\", \"{files}\"]\noutput = \"sarif\"\n";

#[test]
fn sarif_is_taken_in_with_its_places() {
    let repo = with(FIXME, &[("a.txt", "one\nFIXME old\n")]);
    repo.stage(&[("a.txt", "zero\none\nFIXME old\nFIXME new\n"), ("sub/b c.txt", "FIXME\n")]);
    check_staged(&repo, "own")
        .code(1)
        .says("a.txt:4:1: error: a FIXME [own/no-fixme]")
        .says("sub/b c.txt:1:1: error: a FIXME [own/no-fixme]")
        .is_silent_on("a.txt:3")
        .says("2 new errors");
    repo.stage(&[("a.txt", "zero\none\nFIXME old\n"), ("sub/b c.txt", "fine\n")]);
    check_staged(&repo, "own").code(0);
    repo.tollgate(&["check", "--staged", "--only", "own", "--scope", "all"]).code(1).says("a.txt:3:1");
    // The levels of the policy hold for it too.
    let lenient = format!(
        "{}[rules.levels]\n\"own/no-fixme\" = \"note\"\n",
        FIXME.replace("LINT", repo.beside("lint").to_str().unwrap())
    );
    repo.stage(&[("tollgate.toml", &lenient), ("a.txt", "FIXME new\n")]);
    check_staged(&repo, "own").code(0).says("note: a FIXME");
}

#[test]
fn names_of_files_reach_the_command_as_they_are() {
    let odd = ["-n.txt", "a b.txt", "quote'\".txt", "$(touch pwned).txt", "new\nline.txt", "ü.txt", "*.txt"];
    for placeholder in ["{files}", "{file}"] {
        for shell in [false, true] {
            let run = match shell {
                true => format!("run = [\"cat {placeholder} >> 'BESIDE/seen'\"]\nshell = true"),
                false => {
                    format!("run = [\"sh\", \"-c\", \"cat \\\"$@\\\" >> 'BESIDE/seen'\", \"sh\", \"{placeholder}\"]")
                }
            };
            let repo = with(&format!("[checks.own]\n{run}\n"), &[("a", "1\n")]);
            for name in odd {
                repo.stage(&[(name, &format!("{name:?}\n"))]);
            }
            check_staged(&repo, "own").code(0);
            let mut seen: Vec<String> =
                fs::read_to_string(repo.beside("seen")).unwrap().lines().map(str::to_owned).collect();
            seen.sort();
            let mut expected: Vec<String> = odd.iter().map(|name| format!("{name:?}")).collect();
            expected.sort();
            assert_eq!(seen, expected, "{placeholder} {shell}");
            assert!(!repo.top().join("pwned").exists());
        }
    }
}

#[test]
fn many_files_are_split_over_several_calls() {
    let repo = with(
        "[checks.own]\nrun = [\"sh\", \"-c\", \"echo $# >> 'BESIDE/calls'\", \"sh\", \"{files}\"]\n",
        &[("a", "1\n")],
    );
    let long = "x".repeat(200);
    for index in 0..300 {
        repo.write(&format!("{long}{index}"), "x\n");
    }
    repo.git(&["add", "."]).code(0);
    check_staged(&repo, "own").code(0);
    let calls = fs::read_to_string(repo.beside("calls")).unwrap();
    let counts: Vec<usize> = calls.lines().map(|line| line.parse().unwrap()).collect();
    assert!(counts.len() > 1, "{counts:?}");
    assert_eq!(counts.iter().sum::<usize>(), 300);
}

#[test]
fn files_and_exclude_choose() {
    let repo = with(
        "exclude = [\"vendor/**\"]\n[checks.own]\nrun = [\"sh\", \"-c\", \"echo \\\"$@\\\" >> 'BESIDE/seen'\", \"sh\", \"{files}\"]\nfiles = [\"*.py\"]\nexclude = [\"gen_*\"]\n",
        &[("gone.py", "1\n"), ("a.txt", "1\n")],
    );
    repo.stage(&[("a.txt", "2\n")]);
    check_staged(&repo, "own").code(0);
    repo.tollgate(&["check", "--staged", "--only", "own", "-v"]).code(0).says("no file of this change is for it");
    repo.stage(&[("sub/a.py", "1\n"), ("gen_b.py", "1\n"), ("vendor/c.py", "1\n")]);
    repo.git(&["rm", "-q", "gone.py"]).code(0);
    check_staged(&repo, "own").code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "sub/a.py\n");
}

#[test]
fn a_folder_and_variables_are_given() {
    let repo = with(
        "[checks.own]\nrun = [\"sh\", \"-c\", \"pwd > 'BESIDE/seen'; echo $COLOUR ${SECRET-none} ${GIT_DIR-none} $* >> 'BESIDE/seen'\", \"sh\", \"{files}\"]\ndir = \"sub\"\nenv = { COLOUR = \"red\" }\n",
        &[("sub/a.txt", "1\n"), ("b.txt", "1\n")],
    );
    repo.stage(&[("sub/a.txt", "2\n"), ("b.txt", "2\n")]);
    let seen = |secret: bool| {
        let mut command = repo.command(&repo.top(), "git");
        command.args(["commit", "-q", "--dry-run"]);
        let mut command = repo.command(&repo.top(), crate::support::TOLLGATE);
        command.args(["check", "--staged", "--only", "own"]);
        command.env("GIT_DIR", repo.top().join(".git")).env("GIT_WORK_TREE", repo.top());
        if secret {
            command.env("SECRET", "s");
        }
        run(&mut command, b"").code(0);
        fs::read_to_string(repo.beside("seen")).unwrap()
    };
    let top = repo.top().canonicalize().unwrap();
    assert_eq!(seen(true), format!("{}/sub\nred s none a.txt\n", top.display()));
    let policy = repo.read("tollgate.toml");
    repo.stage(&[("tollgate.toml", &format!("{policy}pass-env = [\"PATH\"]\n"))]);
    assert_eq!(seen(true), format!("{}/sub\nred none none a.txt\n", top.display()));
}

/// What `own` sees of the folder: names, and the text of `a.txt`.
fn sees(repo: &Repo) -> String {
    check_staged(repo, "own").code(0);
    let seen = fs::read_to_string(repo.beside("seen")).unwrap();
    seen.lines().filter(|line| *line != "tollgate.toml").collect::<Vec<_>>().join(" ")
}

const LOOK: &str = "[checks.own]\nrun = [\"sh\", \"-c\", \"ls > 'BESIDE/seen'; cat a.txt >> 'BESIDE/seen'\"]\n";

#[test]
fn a_command_sees_exactly_what_is_staged() {
    let repo = with(LOOK, &[("a.txt", "1\n"), ("b.txt", "1\n")]);
    repo.stage(&[("a.txt", "2\n")]);
    assert_eq!(sees(&repo), "a.txt b.txt 2");
    // Partly staged; deleted but not staged; not tracked.
    repo.write("a.txt", "3\n");
    repo.write("untracked.txt", "1\n");
    fs::remove_file(repo.top().join("b.txt")).unwrap();
    assert_eq!(sees(&repo), "a.txt b.txt 2");
    assert_eq!(repo.read("a.txt"), "3\n");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "MM a.txt\n D b.txt\n?? untracked.txt\n");
    // Staged removal.
    repo.git(&["rm", "-q", "--cached", "b.txt"]).code(0);
    assert_eq!(sees(&repo), "a.txt 2");
    // Merely touched: nothing differs.
    repo.git(&["add", "-A"]).code(0);
    repo.write("a.txt", "3\n");
    assert_eq!(sees(&repo), "a.txt untracked.txt 3");
    // Nothing is left behind in the cache.
    let cache = repo.beside("home/.cache/tollgate");
    let left: Vec<_> = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("run-")), "{left:?}");
}

#[test]
fn a_commit_of_a_path_shows_commands_that_path() {
    let repo = with(&format!("[stages.pre-commit]\nchecks = [\"own\"]\n{LOOK}"), &[("a.txt", "1\n"), ("b.txt", "1\n")]);
    repo.stage(&[("b.txt", "2\n"), ("c.txt", "1\n")]);
    repo.write("a.txt", "2\n");
    repo.git(&["commit", "-q", "-m", "x", "a.txt"]).code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "a.txt\nb.txt\ntollgate.toml\n2\n");
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, "M  b.txt\nA  c.txt\n");
}

#[test]
fn a_range_shows_commands_its_head() {
    let repo = with(LOOK, &[("a.txt", "1\n")]);
    repo.commit("two", &[("a.txt", "2\n")]);
    repo.commit("three", &[("a.txt", "3\n"), ("c.txt", "1\n")]);
    repo.tollgate(&["check", "--base", "HEAD~2", "--head", "HEAD~1", "--only", "own"]).code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "a.txt\ntollgate.toml\n2\n");
    repo.tollgate(&["check", "--base", "HEAD~2", "--only", "own"]).code(0);
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), "a.txt\nc.txt\ntollgate.toml\n3\n");
}

#[test]
fn revisions_are_filled_in() {
    let repo = with(
        "[checks.own]\nrun = [\"sh\", \"-c\", \"echo $* > 'BESIDE/seen'\", \"sh\", \"{base}..{head}\"]\n",
        &[("a", "1\n")],
    );
    repo.commit("two", &[("a", "2\n")]);
    repo.tollgate(&["check", "--base", "HEAD~1", "--only", "own"]).code(0);
    let id = |name: &str| repo.git(&["rev-parse", name]).stdout.trim().to_owned();
    assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), format!("{}..{}\n", id("HEAD~1"), id("HEAD")));
}

#[test]
fn needs_order_and_a_failed_need_stops() {
    let policy = |first: &str| {
        format!(
            "[checks.b-first]\nrun = [\"sh\", \"-c\", \"{first}\"]\n[checks.a-second]\nrun = [\"sh\", \"-c\", \"echo second >> 'BESIDE/seen'\"]\nneeds = [\"b-first\"]\n"
        )
    };
    let ran = |first: &str, code: i32| {
        let repo = with(&policy(first), &[("a", "1\n")]);
        repo.stage(&[("a", "2\n")]);
        let ran = repo.tollgate(&["check", "--staged", "--only", "tools", "-v"]).code(code);
        (fs::read_to_string(repo.beside("seen")).unwrap_or_default(), ran)
    };
    assert_eq!(ran("sleep 0.1; echo first >> 'BESIDE/seen'", 0).0, "first\nsecond\n");
    let (seen, blocked) = ran("exit 1", 1);
    assert_eq!(seen, "");
    blocked.says("it needs `b-first`, which failed");
    // What is not part of the run is not waited for, and that is said.
    let repo = with(&policy("exit 1"), &[("a", "1\n")]);
    repo.stage(&[("a", "2\n")]);
    let alone = repo.tollgate(&["check", "--staged", "--only", "a-second"]).code(0);
    alone.says("it needs `b-first`, which is no part of this run and was not waited for");
    // A family is no check; a finding that may be old stops nothing.
    let with_need = |need: &str| {
        let table = format!("[checks.own]\nrun = [\"touch\", \"BESIDE/ran\"]\nneeds = [\"{need}\"]\n");
        let repo = with(&table, &[("a", "1\n")]);
        repo.stage(&[("a.json", "{\n")]);
        repo
    };
    with_need("hygiene").tollgate(&["check", "--staged"]).code(2).says("hygiene");
    let repo = with_need("check-json");
    repo.tollgate(&["check", "--staged", "--only", "own,check-json"]).code(1).is_silent_on("no part of this run");
    assert!(repo.beside("ran").exists());
}

#[test]
fn circles_and_strangers_in_needs_are_refused() {
    let repo =
        with("[checks.a]\nrun = [\"true\"]\nneeds = [\"b\"]\n[checks.b]\nrun = [\"true\"]\nneeds = [\"a\"]\n", &[]);
    repo.tollgate(&["check"]).code(2).says("needs");
    let repo = with("[checks.unit]\nrun = [\"true\"]\nneeds = [\"bild\"]\n[checks.build]\nrun = [\"true\"]\n", &[]);
    repo.tollgate(&["check"]).code(2).says("`build`");
}

fn junit(failures: &str, failed: &str) -> String {
    JUNIT.replace("FAILURES", failures).replace("FAILED", failed).replace('\n', "")
}

#[test]
fn a_test_suite_is_read() {
    let policy = "[checks.unit]\nrun = [\"sh\", \"-c\", \"cp 'BESIDE/report.xml' \\\"$1\\\"\", \"sh\", \"{report}\"]\noutput = \"junit\"\n";
    let repo = with(policy, &[("a.py", "one = 1\n\n\ntwo = 2\n")]);
    repo.stage(&[("a.py", "one = 1\n\n\ntwo = 3\n")]);
    let report = |text: &str| fs::write(repo.beside("report.xml"), text).unwrap();
    report(&junit("0", ""));
    check_staged(&repo, "unit").code(0);
    report(&junit("1", "<failure message=\"two is not 2\">a.py:1: AssertionError</failure>"));
    check_staged(&repo, "unit").code(1).says("two is not 2").says("a.py:1");
    // A test that fails counts wherever it stands, also as a family.
    check_staged(&repo, "tests").code(1).says("1 new error");
    report("<testsuite name=\"s\" tests=\"0\"></testsuite>");
    check_staged(&repo, "unit").code(3).says("no test");
    report("<testsuite name=\"s\"><testcase name=\"a\"><skipped/></testcase></testsuite>");
    check_staged(&repo, "unit").code(3).says("no test");
    report("not xml");
    check_staged(&repo, "unit").code(3);
    report("");
    check_staged(&repo, "unit").code(3);
    fs::remove_file(repo.beside("report.xml")).unwrap();
    check_staged(&repo, "unit").code(3).says("wrote no report");
}

#[test]
fn a_suite_is_run_again_and_no_change_excuses_its_own_failures() {
    let suite = r#"[checks.unit]
run = ["sh", "-c", "n=$(cat 'BESIDE/n'); echo $((n + 1)) > 'BESIDE/n'; cp \"BESIDE/report-$n.xml\" \"$1\"", "sh", "{report}"]
output = "junit"
retries = 1
quarantine = "flaky.toml"
"#;
    let list = "[[test]]\nname = \"c::fails\"\nowner = \"@ann\"\nreason = \"races\"\nuntil = 2999-01-01\n";
    let repo = with(suite, &[("a", "1\n"), ("flaky.toml", "")]);
    let run = |reports: [&str; 2], args: &[&str]| {
        fs::write(repo.beside("n"), "0").unwrap();
        for (n, report) in reports.into_iter().enumerate() {
            fs::write(repo.beside(&format!("report-{n}.xml")), report).unwrap();
        }
        repo.tollgate(&[&["check", "--only", "unit"], args].concat())
    };
    let (passes, fails) = (junit("0", ""), junit("1", "<failure message=\"lost\"/>"));
    repo.commit("the change", &[("a", "2\n"), ("flaky.toml", list)]);
    let range = ["--base", "HEAD~1", "--head", "HEAD"];
    run([&fails, &passes], &range).code(0).says("it passed when it was run again with all others (1)");
    run([&fails, &fails], &range).code(1).says("lost");
    // Where the policy has the list, it holds.
    repo.commit("the next", &[("a", "3\n")]);
    run([&fails, &fails], &range).code(0).says("it is in quarantine: races (until 2999-01-01, @ann)");
    repo.commit("the last", &[("flaky.toml", "[[test]]\nname = \"c::fails\"\n")]);
    repo.stage(&[("a", "4\n")]);
    run([&fails, &fails], &[]).code(2).says("flaky.toml").says("missing field `owner`");
}

#[test]
fn only_what_failed_is_run_again_where_the_runner_can_be_told() {
    let suite = r#"[checks.unit]
run = ["sh", "-c", "n=$(cat 'BESIDE/n'); echo $((n + 1)) > 'BESIDE/n'; cp \"BESIDE/report-$n.xml\" \"$1\"; echo \"$2\" >> 'BESIDE/seen'", "sh", "{report}", "{maven-tests}"]
output = "junit"
retries = 1
"#;
    let repo = with(suite, &[("a", "1\n")]);
    repo.stage(&[("a", "2\n")]);
    let (passes, fails) = (junit("0", ""), junit("1", "<failure message=\"lost\"/>"));
    let check = |reports: &[&str], expected: &str, seen: &str| {
        fs::write(repo.beside("n"), "0").unwrap();
        fs::write(repo.beside("seen"), "").unwrap();
        for (n, report) in reports.iter().enumerate() {
            fs::write(repo.beside(&format!("report-{n}.xml")), report).unwrap();
        }
        check_staged(&repo, "unit").says(expected);
        assert_eq!(fs::read_to_string(repo.beside("seen")).unwrap(), seen);
    };
    check(&[&fails, &passes], "it passed when it was run again without those that passed (1)", "\n-Dtest=c#fails\n");
    // If that tells nothing of it, all are run.
    let nothing = "<testsuite><testcase name='other'/></testsuite>";
    check(&[&fails, nothing, &passes], "it passed when it was run again with all others (1)", "\n-Dtest=c#fails\n\n");
}

#[test]
fn a_suite_that_fails_without_a_failed_test_is_broken() {
    let policy = format!(
        "[checks.unit]\nrun = [\"sh\", \"-c\", \"echo '{}'; echo out of memory >&2; exit 1\"]\noutput = \"junit\"\n",
        junit("0", "").replace('"', "\\\"")
    );
    let repo = with(&policy, &[("a", "1\n")]);
    repo.stage(&[("a", "2\n")]);
    check_staged(&repo, "unit").code(3).says("although no test of its report failed").says("out of memory");
}

#[test]
fn a_report_of_yesterday_is_not_taken() {
    let repo = with(
        "[checks.unit]\nrun = [\"sh\", \"-c\", \"[ -e 'BESIDE/go' ] && cp 'BESIDE/go' out/report.xml; true\"]\noutput = \"junit\"\noutput-file = \"out/report.xml\"\n",
        &[("a", "1\n"), (".gitignore", "out/\n")],
    );
    repo.stage(&[("a", "2\n")]);
    repo.write("out/report.xml", junit("0", ""));
    check_staged(&repo, "unit").code(3).says("wrote no report").says("output-file");
    fs::write(repo.beside("go"), junit("0", "")).unwrap();
    check_staged(&repo, "unit").code(0);
}

#[test]
fn what_is_not_sarif_is_broken() {
    let sarif = |run: &str| format!("run = [\"sh\", \"-c\", \"{run}\"]\noutput = \"sarif\"");
    check(&sarif("echo oops"), 3, "not SARIF");
    check(&sarif("true"), 3, "not SARIF");
    check(&sarif("echo '{}'"), 3, "own");
    check(&sarif("echo '{\\\"version\\\":\\\"2.1.0\\\",\\\"runs\\\":[]}'"), 3, "nothing was looked at");
    let nothing_found = "{'tool':{'driver':{'name':'x'}},'results':[]}".replace('\'', "\\\"");
    let found = |code: u8| {
        sarif(&format!("echo '{{\\\"version\\\":\\\"2.1.0\\\",\\\"runs\\\":[{nothing_found}]}}'; exit {code}"))
    };
    check(&found(2), 3, "exit code 2 and reported nothing");
    check(
        "run = [\"sh\", \"-c\", \"echo no\", \"a b\", \"{files}\"]\noutput = \"sarif\"",
        3,
        "try `sh -c 'echo no' 'a b' a.txt` by hand",
    );
    check(&found(0), 0, "passed");
}

#[test]
fn what_a_command_prints_cannot_take_over_the_terminal() {
    let repo = own(
        "run = [\"sh\", \"-c\", \"printf '\\\\033]0;title\\\\007\\\\033[31mred\\\\033[0m ::error::x\\\\n'; exit 1\"]",
    );
    let ran = check_staged(&repo, "own").code(1).says("red");
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{7}'), "{:?}", ran.stdout);
    let ran = repo.tollgate(&["check", "--staged", "--only", "own", "--format", "github"]).code(1);
    assert!(ran.stdout.lines().all(|line| !line.starts_with("::error::x")), "{}", ran.stdout);
}

#[test]
fn nothing_of_a_stranger_is_run() {
    let repo = not_installed("[checks.own]\nrun = [\"touch\", \"BESIDE/ran\"]\n", &[("a", "1\n")]);
    repo.stage(&[("a", "2\n")]);
    check_staged(&repo, "own").code(3).says("tollgate install");
    repo.tollgate(&["check", "--staged", "--only", "own", "--plan"]).code(0);
    assert!(!repo.beside("ran").exists());
    repo.tollgate(&["install"]).code(0);
    check_staged(&repo, "own").code(0);
    assert!(repo.beside("ran").exists());
    repo.tollgate(&["uninstall"]).code(0);
    check_staged(&repo, "own").code(3);
}

#[test]
fn a_command_left_out_is_reported() {
    let repo = own("run = [\"false\"]");
    repo.tollgate(&["check", "--staged", "--only", "own", "--skip", "own"]).code(0).says("skipped: own");
    repo.tollgate(&["check", "--staged", "--only", "own", "--skip", "own", "-v"]).code(0).says("left out by --skip");
}

#[test]
fn a_report_that_the_next_call_writes_over_is_not_lost() {
    // Each call is for one file and writes its report to the same place.
    let script = "printf '%s:1:1: error: bad\\n' \"$0\" > out.txt";
    let table = format!(
        "[checks.own]\nrun = [\"sh\", \"-c\", {script:?}, \"{{file}}\"]\noutput = \"gcc\"\noutput-file = \"out.txt\"\n"
    );
    let repo = with(&table, &[(".gitignore", "out.txt\n")]);
    repo.stage(&[("a.c", "1\n"), ("b.c", "2\n"), ("c.c", "3\n")]);
    check_staged(&repo, "own").code(1).says("a.c:1").says("b.c:1").says("c.c:1");
}

#[test]
fn commands_run_beside_one_another() {
    // Each waits for the other: one after the other they would never end.
    let wait = |own: &str, other: &str| {
        format!(
            "[checks.{own}]\nrun = [\"sh\", \"-c\", \"touch 'BESIDE/{own}'; while [ ! -e 'BESIDE/{other}' ]; do sleep 0.01; done\"]\ntimeout = \"20s\"\n"
        )
    };
    let repo = with(&format!("{}{}", wait("one", "two"), wait("two", "one")), &[("a", "1\n")]);
    repo.stage(&[("a", "2\n")]);
    repo.tollgate(&["check", "--staged", "--only", "tools", "--jobs", "2"]).code(0);
}

#[test]
fn a_command_gets_no_input_and_leaves_no_child() {
    let repo = own("run = [\"sh\", \"-c\", \"cat; (sleep 60 & echo $! > 'BESIDE/pid')\"]");
    check_staged(&repo, "own").code(0);
    let pid = fs::read_to_string(repo.beside("pid")).unwrap();
    // One that has ended may still wait for someone to take note of it.
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    let alive = repo.run_in(&repo.top(), "kill", &["-0", pid.trim()], b"");
    assert!(alive.code != Some(0) || state.contains(") Z "), "the child of the command lives on: {state}");
}

#[test]
fn a_command_sees_the_commit_also_where_git_was_told_not_to_look() {
    let repo = Repo::with(&[
        ("tollgate.toml", "[checks.t]\nrun = [\"grep\", \"-q\", \"good\", \"lib.txt\"]\n"),
        ("lib.txt", "good\n"),
    ]);
    repo.tollgate(&["install"]).code(0);
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        repo.stage(&[("lib.txt", "bad\n")]);
        repo.git(&["update-index", flag, "lib.txt"]).code(0);
        repo.write("lib.txt", "good\n");
        repo.tollgate(&["check", "--staged"]).code(1).says("[t]");
        repo.git(&["update-index", "--no-assume-unchanged", "--no-skip-worktree", "lib.txt"]).code(0);
    }
}

#[test]
fn a_suite_runs_when_its_files_are_renamed_away_or_replaced_by_links() {
    let policy = "[checks.t]\nrun = [\"sh\", \"-c\", \"exit 1\"]\nfiles = [\"src/**\"]\n";
    let repo = Repo::with(&[("tollgate.toml", policy), ("src/a", "one\ntwo\nthree\n"), ("src/b", "b\n")]);
    repo.tollgate(&["install"]).code(0);
    std::fs::create_dir(repo.top().join("lib")).unwrap();
    repo.git(&["mv", "src/a", "lib/a"]).code(0);
    repo.tollgate(&["check", "--staged"]).code(1).says("[t]");
}

#[test]
fn a_finding_at_a_place_that_is_not_there_is_new() {
    let result = |uri: &str, line: u32| {
        format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"x"}}}},"results":[{{"ruleId":"r","level":"error","message":{{"text":"m"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"{uri}"}},"region":{{"startLine":{line}}}}}}}]}}]}}]}}"#
        )
    };
    for (uri, line, code) in [("sub/x.py", 9999, 1), ("x.py", 1, 1), ("SUB/X.PY", 1, 1), ("sub/x.py", 1, 0)] {
        let policy =
            "[checks.lint]\nrun = [\"sh\", \"lint.sh\", \"{files}\"]\nfiles = [\"**/*.py\"]\noutput = \"sarif\"\n";
        let script = format!("cat <<'END'\n{}\nEND\nexit 1\n", result(uri, line));
        let repo = Repo::with(&[("tollgate.toml", policy), ("lint.sh", &script), ("sub/x.py", "a = 1\nb = 2\n")]);
        repo.tollgate(&["install"]).code(0);
        repo.stage(&[("sub/x.py", "a = 1\nb = 2\nc = 3\n")]);
        repo.tollgate(&["check", "--staged"]).code(code);
    }
}

#[test]
fn what_a_command_prints_is_kept_whole_and_named() {
    let logs = |ran: &Ran| {
        let lines = ran.stdout.lines().filter_map(|line| line.strip_prefix("log of own: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let numbers: String = (1..=5_000).map(|number| format!("{number}\n")).collect();
    for (end, code) in [("exit 1", 1), ("kill -9 $$", 3), ("true", 0)] {
        let repo = own(&format!("run = [\"sh\", \"-c\", \"seq 5000; {end}\"]"));
        let ran = check_staged(&repo, "own").code(code);
        assert_eq!(logs(&ran), logs(&repo.tollgate(&["last"])), "{end}");
        let json: serde_json::Value =
            serde_json::from_str(&repo.tollgate(&["last", "--format", "json"]).stdout).unwrap();
        let kept = json.pointer("/checks/0/log").or(json.pointer("/report/checks/0/log")).unwrap().as_str().unwrap();
        assert_eq!(fs::read_to_string(kept).unwrap(), numbers, "{end}");
        // Whoever passes is not told where.
        assert_eq!(logs(&ran), if code == 0 { vec![] } else { vec![kept.to_owned()] }, "{end}");
        // Only those of the last run stay, and no report for others names the machine.
        check_staged(&repo, "own").code(code);
        assert!(!fs::exists(kept).unwrap());
        let sarif = repo.tollgate(&["check", "--staged", "--only", "own", "--format", "sarif"]).stdout;
        assert!(!sarif.contains(repo.beside("home").to_str().unwrap()), "{sarif}");
    }
}

#[test]
fn the_time_of_a_check_holds_for_all_its_calls() {
    let table = "run = [\"sh\", \"-c\", \"echo >> 'BESIDE/calls'; sleep 0.4\", \"sh\", \"{file}\"]\ntimeout = \"1s\"\n";
    let repo = with(&format!("[checks.own]\n{table}"), &[("a", "1\n")]);
    for number in 0..20 {
        repo.stage(&[(&format!("{number}"), "x\n")]);
    }
    check_staged(&repo, "own").code(3).says("timeout");
    assert!(fs::read_to_string(repo.beside("calls")).unwrap().lines().count() < 20);
}

/// Makes a program that prints one line. Another process writes it: a file that this one has open for writing could be
/// inherited by what other tests start, and then it could not be run.
fn program(repo: &Repo, file: &str, prints: &str) {
    let script = "mkdir -p \"$(dirname \"$1\")\" && cat > \"$1\" && chmod 755 \"$1\"";
    let text = format!("#!/bin/sh\necho {prints}\nexit ${{1:-0}}\n");
    repo.run_in(&repo.top(), "sh", &["-c", script, "sh", file], text.as_bytes()).code(0);
}

#[test]
fn programs_of_the_project_come_before_those_of_the_machine() {
    let policy = "[checks.own]\nrun = [\"own-tool\", \"7\"]\ndir = \"web/app\"\n[checks.line]\nrun = [\"own-tool 7 | cat; own-tool 7\"]\nshell = true\ndir = \"web/app\"\n";
    let ignored = ("/.gitignore", "node_modules/\n.venv/\nvenv/\n");
    let repo = with(policy, &[("web/app/a.txt", "one\n"), (&ignored.0[1..], ignored.1)]);
    repo.stage(&[("web/app/a.txt", "two\n")]);
    let plan = |repo: &Repo| repo.tollgate(&["check", "--staged", "--only", "own,line", "--plan"]).code(0);
    check_staged(&repo, "own").code(3).says("there is no program `own-tool`");
    plan(&repo).is_silent_on("program:");
    // From the last that is looked at to the first.
    let shims = "../home/.local/share/mise/shims/own-tool";
    for file in [
        shims,
        "venv/bin/own-tool",
        "node_modules/.bin/own-tool",
        "web/.venv/bin/own-tool",
        "web/app/node_modules/.bin/own-tool",
    ] {
        program(&repo, file, &format!("this is {file}"));
        check_staged(&repo, "own").code(1).says(&format!("this is {file}"));
        plan(&repo).says(&format!(
            "    program: {}\n",
            file.replace("..", repo.beside("").to_string_lossy().trim_end_matches('/'))
        ));
        if file != shims {
            check_staged(&repo, "line").code(1).says(&format!("this is {file}"));
        }
    }
}

#[test]
fn another_version_than_the_wanted_one_is_broken() {
    let policy = |required: &str| {
        format!(
            "[checks.own]\nrun = [\"./own-tool\"]\nversion = \"{required}\"\n[checks.also]\nrun = [\"./own-tool\"]\nversion = \"{required}\"\nversion-command = [\"./own-tool\", \"0\", \"-V\"]\n"
        )
    };
    let repo = with(&policy(">=0.9"), &[("a.txt", "one\n")]);
    repo.stage(&[("a.txt", "two\n")]);
    let checks = ["check", "--staged", "--only", "own,also"];
    // `--version` would be its exit code.
    program(&repo, "own-tool", "own-tool 0.9.4, with zlib 1.3");
    repo.tollgate(&checks)
        .code(3)
        .says("own could not run: its version could not be found out")
        .is_silent_on("also could");
    let also = ["check", "--staged", "--only", "also"];
    repo.tollgate(&[&also[..], &["-v"]].concat()).code(0).says("also 0.9.4: clean");
    let sarif = repo.tollgate(&[&also[..], &["--format", "sarif"]].concat()).code(0);
    let sarif: serde_json::Value = serde_json::from_str(&sarif.stdout).unwrap();
    assert_eq!(sarif.pointer("/runs/0/tool/extensions/0/version").unwrap(), "0.9.4");
    program(&repo, "own-tool", "own-tool 0.10.0-rc.1");
    repo.tollgate(&also).code(0);
    program(&repo, "own-tool", "own-tool 0.8");
    repo.tollgate(&also).code(3).says("its version is 0.8, and >=0.9 is wanted").says("`version` of [checks.also]");
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_asks_on_the_terminal_is_not_waited_for() {
    let repo = own("run = [\"sh\", \"-c\", \"read answer < /dev/tty\"]\ntimeout = \"10m\"");
    let line = format!("{} check --staged --only own", crate::support::TOLLGATE);
    let mut script = repo.command(&repo.top(), "script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    run(&mut script, b"").code(3).says("it wanted to ask something on the terminal");
}

#[test]
fn on_a_terminal_a_command_that_runs_has_a_line() {
    let repo =
        own("run = [\"sh\", \"-c\", \"while [ ! -e 'BESIDE/seen' ]; do sleep 0.05; done\", \"sh\", \"{files}\"]");
    let screen = repo.beside("screen");
    let line = format!("{} check --staged --only own", crate::support::TOLLGATE);
    let mut script = repo.command(&repo.top(), "script");
    script.args(["--quiet", "--flush", "--return", "--command", &line]).arg(&screen).env("TERM", "xterm");
    let running = std::thread::spawn(move || run(&mut script, b""));
    let shown = || fs::read_to_string(&screen).unwrap_or_default();
    // The command ends only when its line was there.
    while !shown().lines().any(|line| line.contains("own ") && line.contains("1 file ")) {
        assert!(!running.is_finished(), "{}", shown());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    fs::write(repo.beside("seen"), "").unwrap();
    running.join().unwrap().code(0);
    // The colour of the word ends between it and what follows.
    assert!(shown().contains("passed:"), "{}", shown());
}
