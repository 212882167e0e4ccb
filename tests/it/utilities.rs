//! Utility rules of a project, labels, and rules that are off until they are named.

use crate::support::Repo;

const POLICY: &str = "[rules]\npaths = [\"rules/**/*.yml\"]\nutils = [\"rules/utils/*.yml\"]\n";
const UTILITY: &str = "id: literal\nlanguage: Python\nrule: {any: [{kind: integer}, {kind: string}]}\n";
const RULE: &str = "id: call-of-literal\nlanguage: Python\nseverity: error\nmessage: calls $F\n\
                    rule: {pattern: $F($A)}\nconstraints: {A: {matches: literal}}\n\
                    labels: {A: {style: secondary, message: this is a literal}}\n\
                    metadata: {tests: {fail: [f(1)], pass: [f(a)]}}\n";

#[test]
fn rules_share_utility_rules_and_label_places() {
    let rules = [("rules/utils/a.yml", UTILITY), ("rules/a.yml", RULE), ("tollgate.toml", POLICY)];
    let repo = Repo::with(&rules);
    repo.stage(&[("a.py", "f(a)\nf('b')\n")]);
    let ran = repo.tollgate(&["check", "--staged"]).code(1);
    ran.says("a.py:2:1: error: calls f [call-of-literal]");
    let sarif = repo.tollgate(&["check", "--staged", "--format", "sarif"]).code(1);
    sarif.says("\"relatedLocations\"").says("this is a literal");
    repo.tollgate(&["rules", "test"]).code(0).says("1 rule, 2 examples: all hold");
    repo.tollgate(&["rules", "test", "rules"]).code(0).says("1 rule, 2 examples: all hold");
    repo.stage(&[("rules/utils/a.yml", &UTILITY.replace("integer", "intege"))]);
    repo.tollgate(&["check", "--staged"]).code(2).says("rules/utils/a.yml:3:21: ").says("`integer`?");
    // A folder's own rules may use them, too.
    let nested = "[rules]\npaths = [\"gate/*.yml\"]\n";
    let rule = RULE.replace("call-of-literal", "call-in-folder");
    repo.commit("rules", &[("rules/utils/a.yml", UTILITY), ("api/tollgate.toml", nested), ("api/gate/a.yml", &rule)]);
    repo.stage(&[("api/a.py", "f(1)\n")]);
    repo.tollgate(&["check", "--staged"]).code(1).says("call-in-folder");
}

#[test]
fn a_rule_that_is_off_runs_where_the_policy_or_the_command_line_names_it() {
    let off =
        RULE.replace("severity: error", "severity: off").replace("{A: {matches: literal}}", "{A: {kind: integer}}");
    let repo = Repo::with(&[("rules/a.yml", &off), ("tollgate.toml", POLICY)]);
    repo.stage(&[("a.py", "f(1)\n"), ("b.py", "f(1)\n")]);
    repo.tollgate(&["check", "--staged"]).code(0);
    repo.tollgate(&["check", "--staged", "--only", "call-of-literal"]).code(0).says("2 new notes");
    let leveled = format!("{POLICY}[[overrides]]\nfiles = [\"b.py\"]\nlevels = {{ call-of-literal = \"error\" }}\n");
    repo.stage(&[("tollgate.toml", &leveled)]);
    let ran = repo.tollgate(&["check", "--staged", "--format", "short"]).code(1).says("b.py:1:1: error");
    ran.is_silent_on("a.py:1:1");
}
