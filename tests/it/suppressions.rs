//! Suppressions from the comment to the verdict, the reports and the next run.

use serde_json::Value;

use crate::support::{Repo, without_times};

const CHECK: [&str; 2] = ["check", "--staged"];

fn json(repo: &Repo, args: &[&str]) -> Value {
    let ran = repo.tollgate(&[&["check", "--format", "json"], args].concat());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.text()))
}

fn rules(findings: &Value) -> Vec<&str> {
    let findings = findings.as_array().expect("a list").iter();
    findings.map(|finding| finding["rule"].as_str().expect("an id")).collect()
}

#[test]
fn what_a_comment_allows_does_not_block_and_is_told() {
    let repo = Repo::with(&[]);
    repo.stage(&[("a.py", "assert (x, 'y')\n")]);
    repo.tollgate(&CHECK).code(1).says("tuple-assertion");
    repo.stage(&[("a.py", "assert (x, 'y')  # tollgate: allow(tuple-assertion) a trap for the linter\n")]);
    let passed = repo.tollgate(&CHECK).code(0).says("1 suppressed");
    assert!(!passed.text().contains("tuple-assertion"), "{}", passed.text());
    for format in ["github", "gitlab", "short"] {
        repo.tollgate(&[&CHECK[..], &["--format", format]].concat()).code(0).is_silent_on("tuple-assertion");
    }
    repo.tollgate(&["last"]).code(0).says("1 suppressed");
    let report = json(&repo, &["--staged"]);
    assert_eq!(rules(&report["findings"]), [""; 0]);
    assert_eq!(rules(&report["suppressed"]), ["tuple-assertion"]);
    assert_eq!(report["suppressed"][0]["suppression"]["justification"], "a trap for the linter");
}

#[test]
fn sarif_has_it_with_its_justification() {
    let repo = Repo::with(&[]);
    repo.stage(&[(
        "a.py",
        "# tollgate: allow(tuple-assertion) a trap for the linter\nassert (\n    x, 'y')\nassert (x, 'z')\n",
    )]);
    let ran = repo.tollgate(&["check", "--staged", "--format", "sarif"]).code(1);
    let log: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("a list");
    let suppressions: Vec<&Value> = results.iter().map(|result| &result["suppressions"]).collect();
    let [suppressed, open] = suppressions[..] else { panic!("{results:#?}") };
    assert_eq!(open, &Value::Null);
    assert_eq!(suppressed[0]["kind"], "inSource");
    assert_eq!(suppressed[0]["status"], "accepted");
    assert_eq!(suppressed[0]["justification"], "a trap for the linter");
    assert_eq!(suppressed[0]["location"]["physicalLocation"]["region"]["startLine"], 1);
}

#[test]
fn a_suppression_in_a_text_is_none_and_each_hides_its_own_rule_alone() {
    let repo = Repo::with(&[]);
    repo.stage(&[("a.py", "assert (x, '# tollgate: allow(tuple-assertion) no')\n")]);
    repo.tollgate(&CHECK).code(1).says("tuple-assertion");
    repo.stage(&[("a.py", "assert (x, 'y')  # tollgate: allow(tuple-assertion) yes \n")]);
    repo.tollgate(&CHECK).code(1).says("1 new error (trailing-whitespace)").says("1 suppressed");
    // A file without a grammar, and a finding of a file as a whole.
    repo.git(&["rm", "-qf", "a.py"]).code(0);
    repo.stage(&[("a.toml", "a = 1 \n# tollgate: allow(trailing-whitespace) the template wants it\nb = 2 \n")]);
    repo.tollgate(&CHECK).code(1).says("a.toml:1:").says("1 suppressed");
    repo.stage(&[("a.toml", "a = 1 \n# tollgate: allow-file(trailing-whitespace) the template wants it\nb = 2 \n")]);
    repo.tollgate(&CHECK).code(0).says("2 suppressed");
}

#[test]
fn faults_of_suppressions_are_findings() {
    let repo = Repo::with(&[]);
    let check = |comment: &str, rule: &str, says: &str| {
        repo.stage(&[("a.py", &format!("x = 1\n# tollgate: {comment}\nassert (x, 'y')\n"))]);
        let report = json(&repo, &["--staged"]);
        assert_eq!(rules(&report["findings"]).contains(&rule), !rule.is_empty(), "{comment}: {report:#}");
        assert_eq!(
            rules(&report["suppressed"]).is_empty(),
            !rule.is_empty() && rule != "unused-suppression",
            "{comment}"
        );
        repo.tollgate(&CHECK).says(says);
    };
    check("allow(tuple-assertion) fine", "", "1 suppressed");
    check("allow(tuple-assertion)", "reasonless-suppression", "does not say why");
    check("allow(tuple-assertion) fine until 2020-01-31", "expired-suppression", "held until 2020-01-31");
    check("allow(tuple-assertion) fine until 9999-12-31", "", "1 suppressed");
    check("allow(tuple-asertion) fine", "unknown-suppression", "did you mean `tuple-assertion`?");
    check("allow(change-too-large) fine", "unknown-suppression", "the change as a whole");
    check("allow(tuple-assertion, eval-call) fine", "unused-suppression", "`eval-call` finds nothing here");
    // A rule that did not run says nothing about what it would have found.
    repo.stage(&[("a.py", "x = 1  # tollgate: allow(eval-call) fine\n")]);
    repo.tollgate(&CHECK).code(0).says("1 new warning");
    repo.tollgate(&["check", "--staged", "--skip", "eval-call"]).code(0).is_silent_on("unused-suppression");
    repo.tollgate(&["check", "--staged", "--only", "trailing-whitespace"]).code(0).is_silent_on("unused");
    repo.tollgate(&["explain", "unused-suppression"]).code(0).says("## What it finds");
    repo.tollgate(&["rules", "list"]).code(0).says("expired-suppression");
}

#[test]
fn what_is_not_suppressed_any_more_is_new() {
    let allowed = "# tollgate: allow(tuple-assertion) fine\nassert (x, 'y')\n";
    let repo = Repo::with(&[("a.py", allowed)]);
    repo.stage(&[("a.py", &format!("import os\n\n{allowed}"))]);
    repo.tollgate(&CHECK).code(0).says("1 suppressed");
    repo.stage(&[("a.py", "assert (x, 'y')\n")]);
    repo.tollgate(&CHECK).code(1).says("1 new error (tuple-assertion)");
}

#[test]
fn a_pull_request_shows_what_it_suppresses_and_the_policy_decides() {
    let allowed = "assert (x, 'y')  # tollgate: allow(tuple-assertion) fine\n";
    let of = |policy: &str| {
        let repo = Repo::with(&[("tollgate.toml", policy), ("a.py", "x = 1\n"), ("old.py", allowed)]);
        repo.git(&["checkout", "-qb", "change"]).code(0);
        repo.commit("change", &[("a.py", &format!("x = 1\n{allowed}")), ("old.py", &format!("\n{allowed}"))]);
        repo
    };
    let range = ["check", "--base", "main"];
    of("").tollgate(&range).code(0).says("2 suppressed").says("line 2 is new and allows `tuple-assertion`: fine");
    let honoured = of("[gate]\nnew-suppressions = \"honour\"\n").tollgate(&range).code(0).says("2 suppressed");
    honoured.is_silent_on("is new");
    let repo = of("[gate]\nnew-suppressions = \"block\"\n");
    repo.tollgate(&range).code(1).says("the suppression on line 2 is new").says("1 suppressed");
    let ran = repo.tollgate(&[&range[..], &["--format", "sarif"]].concat()).code(1);
    assert!(ran.stdout.contains("\"underReview\""), "{}", ran.stdout);
    // Before a commit nobody reviews.
    repo.stage(&[("b.py", allowed)]);
    repo.tollgate(&CHECK).code(0).says("1 suppressed");
}

#[test]
fn a_finding_of_a_tool_is_suppressed_by_its_line() {
    let sarif = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"results":[{"ruleId":"E1","level":"error","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.txt"},"region":{"startLine":2}}}]}]}]}"#;
    let policy = "[checks.lint]\nrun = [\"cat\", \"lint.sarif\"]\noutput = \"sarif\"\n";
    let repo = Repo::with(&[("tollgate.toml", policy), ("lint.sarif", &format!("{sarif}\n"))]);
    repo.tollgate(&["install"]).code(0);
    let check = ["check", "--staged", "--only", "lint"];
    repo.stage(&[("a.txt", "a\nb\n")]);
    repo.tollgate(&check).code(1).says("lint/E1");
    repo.stage(&[("a.txt", "a\nb # tollgate: allow(lint/E1) it is b\n")]);
    repo.tollgate(&check).code(0).says("1 suppressed");
}

#[test]
fn fixing_leaves_alone_what_is_suppressed() {
    let repo = Repo::with(&[]);
    let text = "# tollgate: allow(trailing-whitespace) the template wants it\na = 1 \nb = 2 \n";
    repo.stage(&[("a.toml", text)]);
    repo.tollgate(&["fix"]);
    assert_eq!(repo.read("a.toml"), text.replace("b = 2 \n", "b = 2\n"));
}

#[test]
fn a_file_that_cannot_be_parsed_suppresses_nothing_and_says_so() {
    let repo = Repo::with(&[]);
    let large = "x = 1\n".repeat(800_000);
    repo.stage(&[("a.py", &format!("# tollgate: allow-file(trailing-whitespace) fine\n{large}y = 1 \n"))]);
    let ran = repo.tollgate(&CHECK).says("trailing-whitespace");
    assert!(ran.text().contains("the suppressions in it are not read"), "{}", ran.text());
}

#[test]
fn what_an_earlier_run_knows_suppresses_the_same() {
    let repo = Repo::new();
    for n in 0..24 {
        repo.write(&format!("{n}.py"), "assert (x, 'y')  # tollgate: allow(tuple-assertion, eval-call) fine\n");
    }
    repo.git(&["add", "."]).code(0);
    repo.git(&["commit", "-qm", "start"]).code(0);
    let check = |more: &[&str]| {
        let ran = repo.tollgate(&[&["check", "--all", "--format", "json"], more].concat());
        (without_times("json", &ran.stdout), ran.code)
    };
    let fresh = check(&["--no-cache"]);
    assert!(fresh.0.contains("unused-suppression"), "{}", fresh.0);
    assert_eq!(check(&[]), fresh);
    assert_eq!(check(&[]), fresh);
    repo.tollgate(&["cache", "info"]).code(0).says("24 of 24");
}
