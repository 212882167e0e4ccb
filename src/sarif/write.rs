//! A run as SARIF 2.1.0, with what GitHub's code scanning asks for. The same run gives the same bytes, but for its
//! times and its id. Nothing names the machine: every path is relative to `%SRCROOT%`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::Value;
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Notification, PropertyBag, ReportingDescriptor, ReportingDescriptorReference, Run,
    RunAutomationDetails, Sarif, Tool, ToolComponent, VersionControlDetails,
};
use sha2::{Digest, Sha256};

use crate::model::coverage::Coverage;
use crate::model::finding::Finding;
use crate::model::outcome::{CheckRun, Notice, Outcome, RunReport};
use crate::model::place::Place;
use crate::model::rule::RuleId;
use crate::model::verdict::Verdict;
use crate::sarif::artifacts::{Artifacts, SOURCE_ROOT};
use crate::sarif::descriptors::{Descriptors, taxonomy, taxonomy_reference};
use crate::sarif::fingerprint::hexadecimal;
use crate::sarif::results::results;
use crate::sarif::strings::{message, multiformat, pascal_case};
use crate::sarif::timestamp::timestamp;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Where the tool is described.
pub(crate) const INFORMATION: &str = "https://crates.io/crates/tollgate";

/// Kinds of notifications: id and what it means.
const NOTIFICATIONS: [(&str, &str); 3] = [
    ("broken-check", "A check should have run and could not, wholly or in part."),
    ("skipped-check", "A check did not run, on purpose."),
    ("partly-checked", "Something that a check did not look at, and why."),
];

/// Writes a run with one line feed at the end.
pub(crate) fn write(report: &RunReport, verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let mut log = Sarif::builder().version("2.1.0").runs(vec![run(report, verdict)]).build();
    log.schema = Some(SCHEMA.to_owned());
    serde_json::to_writer(&mut *out, &log)?;
    out.write_all(b"\n")
}

fn run(report: &RunReport, verdict: &Verdict) -> Run {
    let descriptors = Descriptors::new(report);
    let mut artifacts = Artifacts::new(&report.hashes);
    let mut findings: Vec<&Finding> = report.findings.iter().chain(&report.suppressed).collect();
    // What is suppressed stands in its place, so that the fingerprints of the others stay what they are.
    if !report.suppressed.is_empty() {
        findings.sort_by(|a, b| a.order_key().cmp(&b.order_key()));
    }
    let results = results(&findings, &descriptors, &mut artifacts);
    let invocation = invocation(report, verdict, &descriptors, &mut artifacts);
    let taxonomies = taxonomy(&report.rules).map(|taxonomy| vec![taxonomy]);
    let driver = driver(&descriptors, taxonomies.is_some());
    let mut tool = Tool::builder().driver(driver).build();
    tool.extensions = Some(extensions(report)).filter(|list| !list.is_empty());
    let mut run = Run::builder().tool(tool).build();
    run.automation_details = Some(automation(report));
    run.version_control_provenance = provenance(report).map(|details| vec![details]);
    run.original_uri_base_ids = Some(BTreeMap::from([(SOURCE_ROOT.to_owned(), source_root())]));
    run.column_kind = Some(Value::from("utf16CodeUnits"));
    run.newline_sequences = Some(vec!["\r\n".to_owned(), "\n".to_owned()]);
    run.invocations = Some(vec![invocation]);
    run.artifacts = Some(artifacts.into_list()).filter(|list| !list.is_empty());
    run.taxonomies = taxonomies;
    run.results = Some(results);
    run.properties = report.coverage.as_ref().map(of_coverage);
    run
}

fn driver(descriptors: &Descriptors<'_>, has_taxonomy: bool) -> ToolComponent {
    let version = env!("CARGO_PKG_VERSION");
    let mut driver = ToolComponent::builder().name("tollgate").build();
    driver.full_name = Some(format!("tollgate {version}"));
    driver.semantic_version = Some(version.to_owned());
    driver.version = Some(version.to_owned());
    driver.organization = Some("tollgate".to_owned());
    driver.information_uri = Some(INFORMATION.to_owned());
    driver.language = Some("en-US".to_owned());
    driver.short_description = Some(multiformat(env!("CARGO_PKG_DESCRIPTION")));
    driver.rules = Some(descriptors.rules());
    driver.notifications = Some(NOTIFICATIONS.iter().map(|(id, text)| notification_kind(id, text)).collect());
    driver.supported_taxonomies = has_taxonomy.then(|| vec![taxonomy_reference()]);
    driver
}

fn notification_kind(id: &str, text: &str) -> ReportingDescriptor {
    let mut kind = ReportingDescriptor::builder().id(id).build();
    kind.name = Some(pascal_case(id));
    kind.short_description = Some(multiformat(text));
    kind.full_description = Some(multiformat(text));
    kind.help = Some(multiformat(text));
    kind
}

fn source_root() -> ArtifactLocation {
    ArtifactLocation { description: Some(message("The top of the work tree.")), ..ArtifactLocation::default() }
}

/// The id's part before the last slash is the category by which GitHub tells analyses apart: a run of another stage
/// never replaces this one's results.
fn automation(report: &RunReport) -> RunAutomationDetails {
    let revision = report.subject.revision.map(|revision| revision.to_string()).unwrap_or_default();
    RunAutomationDetails {
        id: Some(format!("tollgate/{}/{revision}", report.subject.stage)),
        guid: Some(guid(report)),
        description: Some(message(format!("{}; policy: {}", report.subject.title, report.subject.policy))),
        ..RunAutomationDetails::default()
    }
}

/// An id of the run, made of its moment and subject (a UUID by its form, RFC 9562).
fn guid(report: &RunReport) -> String {
    let seed = format!("{:?} {:?} {:?}", report.started, report.duration, report.subject);
    let mut digest = hexadecimal(&Sha256::digest(seed.as_bytes()));
    digest.truncate(32);
    digest.replace_range(12..13, "5");
    digest.replace_range(16..17, "8");
    for dash in [8, 13, 18, 23] {
        digest.insert(dash, '-');
    }
    digest
}

fn provenance(report: &RunReport) -> Option<VersionControlDetails> {
    let subject = &report.subject;
    let mut details = VersionControlDetails::builder().repository_uri(repository_uri(&subject.repository)?).build();
    details.revision_id = subject.revision.map(|revision| revision.to_string());
    details.branch = Some(subject.branch.clone()).filter(|branch| !branch.is_empty());
    details.mapped_to =
        Some(ArtifactLocation { uri_base_id: Some(SOURCE_ROOT.to_owned()), ..ArtifactLocation::default() });
    Some(details)
}

/// The absolute URI of a repository, also of git's short form `git@host:path`; none for anything that is a path of
/// this machine.
fn repository_uri(repository: &str) -> Option<String> {
    let is_plain = |text: &str| text.chars().all(|character| character.is_ascii_graphic());
    if !is_plain(repository) || repository.starts_with("file:") {
        return None;
    }
    if let Some((scheme, rest)) = repository.split_once("://") {
        let is_scheme = !scheme.is_empty() && scheme.chars().all(|character| character.is_ascii_alphanumeric());
        return (is_scheme && !rest.is_empty()).then(|| repository.to_owned());
    }
    let (host, path) = repository.split_once(':')?;
    let is_host = host.len() > 1 && !host.contains(['/', '\\']) && !path.is_empty();
    is_host.then(|| format!("ssh://{host}/{}", path.trim_start_matches('/')))
}

/// What the tests ran of the change.
fn of_coverage(coverage: &Coverage) -> PropertyBag {
    let numbers = [
        ("changedLines", coverage.n_lines()),
        ("coveredLines", coverage.n_run()),
        ("changedFunctions", coverage.n_functions),
        ("uncoveredFunctions", coverage.n_uncovered_functions),
    ];
    let numbers: serde_json::Map<String, Value> =
        numbers.into_iter().map(|(name, number)| (name.to_owned(), Value::from(number))).collect();
    let properties = BTreeMap::from([("coverage".to_owned(), Value::from(numbers))]);
    PropertyBag::builder().additional_properties(properties).build()
}

/// The programs whose version is known.
fn extensions(report: &RunReport) -> Vec<ToolComponent> {
    let extension = |check: &CheckRun| {
        let mut component = ToolComponent::builder().name(check.id.to_string()).build();
        component.version = Some(check.version.clone());
        component
    };
    report.checks.iter().filter(|check| !check.version.is_empty()).map(extension).collect()
}

fn invocation(
    report: &RunReport,
    verdict: &Verdict,
    descriptors: &Descriptors<'_>,
    artifacts: &mut Artifacts,
) -> Invocation {
    let is_broken = |check: &CheckRun| matches!(check.outcome, Outcome::Broken(_));
    let mut invocation = Invocation::builder().execution_successful(!report.checks.iter().any(is_broken)).build();
    invocation.exit_code = Some(i64::from(verdict.exit_code()));
    invocation.exit_code_description = Some(if verdict.is_pass() { "passed" } else { "blocked" }.to_owned());
    invocation.start_time_utc = Some(timestamp(report.started));
    invocation.end_time_utc = report.started.checked_add(report.duration).map(timestamp);
    let of_checks = report.checks.iter().filter_map(|check| of_check(check, descriptors));
    let of_notices = report.notices.iter().map(|notice| of_notice(notice, descriptors, artifacts));
    invocation.tool_execution_notifications = Some(of_checks.chain(of_notices).collect());
    invocation
}

fn of_check(check: &CheckRun, descriptors: &Descriptors<'_>) -> Option<Notification> {
    let (kind, level, text) = match &check.outcome {
        Outcome::Clean | Outcome::Found(_) => return None,
        Outcome::Skipped(why) => (1, "note", format!("{} was skipped: {why}", check.id)),
        Outcome::Broken(breakage) => {
            let parts = [breakage.hint.as_str(), breakage.log.as_str()];
            let more: String = parts.iter().filter(|part| !part.is_empty()).map(|part| format!("\n{part}")).collect();
            (0, "error", format!("{} could not run: {}{more}", check.id, breakage.why))
        }
    };
    Some(notification((kind, level), text, associated(&check.id, descriptors)))
}

fn of_notice(notice: &Notice, descriptors: &Descriptors<'_>, artifacts: &mut Artifacts) -> Notification {
    let text = format!("{}: {}", notice.check, notice.message);
    let mut notification = notification((2, "warning"), text, associated(&notice.check, descriptors));
    notification.locations =
        notice.path.as_ref().map(|path| vec![artifacts.location(path, &Place::File(path.clone()), None)]);
    notification
}

fn notification(
    (kind, level): (usize, &str),
    text: String,
    rule: Option<ReportingDescriptorReference>,
) -> Notification {
    let mut notification = Notification::builder().message(message(text)).build();
    notification.level = Some(Value::from(level));
    notification.descriptor = NOTIFICATIONS.get(kind).map(|(id, _)| ReportingDescriptorReference {
        id: Some((*id).to_owned()),
        index: i64::try_from(kind).ok(),
        ..ReportingDescriptorReference::default()
    });
    notification.associated_rule = rule;
    notification
}

/// The rule of a check, if the check has the id of one.
fn associated(check: &RuleId, descriptors: &Descriptors<'_>) -> Option<ReportingDescriptorReference> {
    Some(ReportingDescriptorReference {
        id: Some(check.to_string()),
        index: Some(descriptors.index(check)?),
        ..ReportingDescriptorReference::default()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    use super::{repository_uri, write};
    use crate::model::finding::{Edit, Finding, Novelty};
    use crate::model::outcome::RunReport;
    use crate::model::path::RepoPath;
    use crate::model::place::{Place, Span};
    use crate::model::rule::Level;
    use crate::model::suppression::{Status, Suppression};
    use crate::sarif::locate::locate;
    use crate::sarif::sample;
    use crate::sarif::text::Text;

    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema = include_str!("../../fixtures/sarif/sarif-schema-2.1.0.json");
        jsonschema::validator_for(&serde_json::from_str(schema).expect("JSON")).expect("a schema")
    });

    /// The report as SARIF, valid by the schema.
    #[track_caller]
    fn written(report: &RunReport) -> Value {
        let mut bytes = Vec::new();
        write(report, &sample::verdict(report), &mut bytes).expect("a Vec takes all");
        let log: Value = serde_json::from_slice(&bytes).expect("JSON");
        let errors: Vec<String> =
            SCHEMA.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, [""; 0]);
        log
    }

    #[track_caller]
    fn at<'v>(log: &'v Value, pointer: &str) -> &'v Value {
        log.pointer(pointer).unwrap_or_else(|| panic!("{pointer} in {log:#}"))
    }

    #[test]
    fn what_the_tests_ran_is_a_property_of_the_run() {
        let log = written(&RunReport { coverage: Some(sample::coverage()), ..sample::clean() });
        let expected = json!({"changedLines": 3, "coveredLines": 2, "changedFunctions": 2, "uncoveredFunctions": 1});
        assert_eq!(log["runs"][0]["properties"]["coverage"], expected);
        assert_eq!(written(&sample::clean())["runs"][0].get("properties"), None);
    }

    #[test]
    fn the_schema_refuses_what_is_wrong() {
        assert!(!SCHEMA.is_valid(&json!({ "version": "2.1.0", "runs": [{}] })));
    }

    #[test]
    fn versions_of_programs_are_told_and_paths_of_the_machine_are_not() {
        let mut report = sample::clean();
        assert_eq!(written(&report).pointer("/runs/0/tool/extensions"), None);
        report.checks[0].version = "0.9.1".to_owned();
        report.checks[0].log = "/home/ann/.cache/own.log".to_owned();
        let log = written(&report);
        let expected = json!([{ "name": report.checks[0].id.to_string(), "version": "0.9.1" }]);
        assert_eq!(at(&log, "/runs/0/tool/extensions"), &expected);
        assert!(!log.to_string().contains("/home/ann"));
    }

    #[test]
    fn what_is_suppressed_stays_with_its_justification_and_in_its_place() {
        let open = sample::with(vec![sample::trailing_whitespace(), sample::trailing_whitespace()]);
        let fingerprints = |log: &Value| -> Vec<Value> {
            let results = at(log, "/runs/0/results").as_array().expect("a list");
            results.iter().map(|result| result["partialFingerprints"].clone()).collect()
        };
        let mut report = open.clone();
        report.suppressed = report.findings.drain(..1).collect();
        report.suppressed[0].suppression = Some(Suppression {
            justification: "because".to_owned(),
            span: Span { start: 1, end: 2 },
            region: report.suppressed[0].region.clone().expect("a region"),
            is_new: true,
            status: Status::Accepted,
        });
        let log = written(&report);
        assert_eq!(fingerprints(&log), fingerprints(&written(&open)));
        let suppression = at(&log, "/runs/0/results/1/suppressions/0");
        assert_eq!(suppression["kind"], "inSource");
        assert_eq!(suppression["status"], "accepted");
        assert_eq!(suppression["justification"], "because");
        assert_eq!(suppression["location"]["physicalLocation"]["region"]["startLine"], 2);
        assert_eq!(at(&log, "/runs/0/results/0").get("suppressions"), None);
    }

    #[test]
    fn a_clean_run_names_all_rules_in_force() {
        let log = written(&sample::clean());
        assert_eq!(at(&log, "/runs/0/results"), &json!([]));
        let rules = at(&log, "/runs/0/tool/driver/rules").as_array().expect("a list");
        let ids: Vec<&Value> = rules.iter().map(|rule| at(rule, "/id")).collect();
        assert_eq!(ids, ["hardcoded-secret", "trailing-whitespace"]);
        assert_eq!(rules[0]["properties"]["security-severity"], "8.0");
        assert_eq!(rules[1]["properties"].get("security-severity"), None);
        assert_eq!(rules[0]["relationships"][0]["target"]["id"], "798");
        assert_eq!(at(&log, "/runs/0/taxonomies/0/taxa/0/id"), "798");
        assert_eq!(at(&log, "/runs/0/automationDetails/id"), "tollgate/pre-commit/");
        assert_eq!(
            at(&log, "/runs/0/invocations/0"),
            &json!({
                "executionSuccessful": true, "exitCode": 0, "exitCodeDescription": "passed",
                "startTimeUtc": "2026-11-23T07:00:00.123Z", "endTimeUtc": "2026-11-23T07:00:00.154Z",
                "toolExecutionNotifications": [],
            })
        );
    }

    #[test]
    fn a_finding_has_all_that_github_shows() {
        let log = written(&sample::with(vec![sample::secret(), sample::trailing_whitespace()]));
        let result = at(&log, "/runs/0/results/1");
        assert_eq!((&result["ruleId"], &result["ruleIndex"]), (&json!("trailing-whitespace"), &json!(1)));
        assert_eq!(
            (&result["level"], &result["kind"], &result["baselineState"]),
            (&json!("error"), &json!("fail"), &json!("new"))
        );
        assert_eq!(
            result["message"]["text"],
            "two blanks at the end of the line\nHint: remove them, or let `tollgate fix` do it"
        );
        assert_eq!(
            at(result, "/locations"),
            &json!([{
                "physicalLocation": {
                    "artifactLocation": { "uri": "src/app.py", "uriBaseId": "%SRCROOT%", "index": 1 },
                    "region": { "startLine": 2, "startColumn": 10, "endLine": 2, "endColumn": 12, "snippet": { "text": "  " } },
                    "contextRegion": {
                        "startLine": 1, "endLine": 3, "snippet": { "text": "def main():\n    run()  \n    stop()" },
                    },
                },
                "logicalLocations": [{ "name": "main", "fullyQualifiedName": "main" }],
            }])
        );
        assert_eq!(
            at(result, "/fixes/0/artifactChanges/0/replacements"),
            &json!([{ "deletedRegion": { "byteOffset": 21, "byteLength": 2 } }])
        );
        let prints = at(result, "/partialFingerprints").as_object().expect("an object");
        assert_eq!(prints.keys().collect::<Vec<_>>(), ["primaryLocationLineHash", "tollgate/v1"]);
        assert_eq!(at(&log, "/runs/0/results/0/relatedLocations/0/message/text"), "it is read here");
        assert_eq!(at(&log, "/runs/0/artifacts").as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_finding_that_is_compared_by_lines_alone_says_so() {
        let by = |novelty| {
            let log = written(&sample::with(vec![sample::secret().with_novelty(novelty)]));
            log.pointer("/runs/0/results/0/properties/comparedBy").cloned()
        };
        assert_eq!(by(Novelty::ChangedLines), Some(json!("changed-lines")));
        assert_eq!((by(Novelty::Compared), by(Novelty::Always)), (None, None));
    }

    #[test]
    fn a_fix_with_very_many_edits_is_left_out() {
        let edit = |start| Edit { span: Span { start, end: start + 1 }, replacement: Vec::new() };
        let fixed = |n_edits: usize| {
            let finding = sample::trailing_whitespace().with_fix("all", (0..n_edits).map(edit).collect());
            let log = written(&sample::with(vec![finding]));
            at(&log, "/runs/0/results/0/fixes").as_array().map(Vec::len)
        };
        assert_eq!((fixed(1_000), fixed(1_001)), (Some(2), Some(1)));
    }

    #[test]
    fn hostile_input_stays_valid_and_names_nothing_of_the_machine() {
        let log = written(&sample::hostile());
        let location = at(&log, "/runs/0/results/2/locations/0/physicalLocation");
        assert_eq!(at(location, "/artifactLocation/uri"), "-a%0A%1B%5B2J%FF%20%25%3A%23%3F%3C%3E%26%22%27%7C.rs");
        assert_eq!(at(location, "/region/snippet/text"), "é😀");
        let top = json!({ "uri": "./", "uriBaseId": "%SRCROOT%" });
        assert_eq!(at(&log, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation"), &top);
        assert_eq!(at(&log, "/runs/0/results/3/message/text"), "check-json", "a message is never empty");
        assert_eq!(at(&log, "/runs/0/results/5/baselineState"), "unchanged");
        assert_eq!(
            at(&log, "/runs/0/results/2/fixes/0/artifactChanges/0/replacements/0/insertedContent"),
            &json!({ "binary": "/w==" })
        );
        assert_eq!(at(&log, "/runs/0/invocations/0/executionSuccessful"), false);
        let notifications = at(&log, "/runs/0/invocations/0/toolExecutionNotifications").as_array().expect("a list");
        let levels: Vec<&Value> = notifications.iter().map(|notification| &notification["level"]).collect();
        assert_eq!(levels, ["error", "note", "warning"]);
        assert_eq!(
            at(&log, "/runs/0/versionControlProvenance/0/repositoryUri"),
            "ssh://git@example.org/team/project.git"
        );
        assert_eq!(at(&log, "/runs/0/automationDetails/id"), &json!(format!("tollgate/pre-commit/{}", "a".repeat(40))));
    }

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        assert_eq!(written(&sample::hostile()), written(&sample::hostile()));
    }

    #[test]
    fn a_local_path_is_no_repository_uri() {
        let ssh = "ssh://git@host/team/x.git";
        let cases = [
            ("https://example.org/x", Some("https://example.org/x")),
            ("git@host:team/x.git", Some(ssh)),
            ("git@host:/team/x.git", Some(ssh)),
            ("", None),
            ("/home/me/x", None),
            (r"C:\x", None),
            ("c:/x", None),
            ("../x:y", None),
            ("file:///home/me/x", None),
            ("https://a b", None),
            ("host:", None),
            ("://x", None),
            ("https://", None),
        ];
        for (repository, expected) in cases {
            assert_eq!(repository_uri(repository).as_deref(), expected, "{repository}");
        }
    }

    proptest! {
        #[test]
        fn any_report_is_valid(
            texts in proptest::collection::vec("\\PC{0,20}", 4),
            content in proptest::collection::vec(any::<u8>(), 0..200),
            path in proptest::collection::vec(1_u8.., 1..12),
            (start, end) in (0..220_usize, 0..220_usize),
            cwe in proptest::collection::vec(any::<u32>(), 0..15),
        ) {
            let place = Place::Span(RepoPath::new(path), Span { start, end });
            let mut finding = Finding::new(texts[0].as_str(), Level::Warning, place, texts[1].clone());
            finding.region = locate(&Text::new(&content), &finding.place);
            finding.anchor.symbol.clone_from(&texts[2]);
            let edit = Edit { span: Span { start, end }, replacement: content };
            let mut report = sample::with(vec![finding.with_fix(texts[3].clone(), vec![edit])]);
            report.rules[0].cwe = cwe;
            report.rules[0].doc.clone_from(&texts[1]);
            report.rules[1].url.clone_from(&texts[2]);
            report.subject.repository.clone_from(&texts[3]);
            written(&report);
        }
    }
}
