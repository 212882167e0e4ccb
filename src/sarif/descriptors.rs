//! The rules in force as SARIF describes them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use serde_sarif::sarif::{
    PropertyBag, ReportingConfiguration, ReportingDescriptor, ReportingDescriptorReference,
    ReportingDescriptorRelationship, ToolComponent, ToolComponentReference,
};

use crate::model::outcome::RunReport;
use crate::model::rule::{Level, Rule, RuleId};
use crate::sarif::strings::{multiformat, pascal_case};

/// The most characters of a description that GitHub takes.
const MAX_DESCRIPTION: usize = 1_024;
/// The most tags that GitHub keeps.
const MAX_TAGS: usize = 10;

/// Every rule in force and every rule that has a finding, each with its index.
pub(crate) struct Descriptors<'a>(BTreeMap<&'a RuleId, (i64, Option<&'a Rule>)>);

impl<'a> Descriptors<'a> {
    /// The rules of a run, sorted by id.
    pub(crate) fn new(report: &'a RunReport) -> Self {
        let mut rules: BTreeMap<&RuleId, (i64, Option<&Rule>)> =
            report.findings.iter().map(|finding| (&finding.rule, (0, None))).collect();
        rules.extend(report.rules.iter().map(|rule| (&rule.id, (0, Some(rule)))));
        for (number, (index, _)) in (0..).zip(rules.values_mut()) {
            *index = number;
        }
        Self(rules)
    }

    /// Where a rule stands in the list; none for one that is not in force.
    pub(crate) fn index(&self, rule: &RuleId) -> Option<i64> {
        self.0.get(rule).map(|(index, _)| *index)
    }

    /// The rule, where it is described.
    pub(crate) fn rule(&self, rule: &RuleId) -> Option<&'a Rule> {
        self.0.get(rule).and_then(|(_, rule)| *rule)
    }

    /// The list.
    pub(crate) fn rules(&self) -> Vec<ReportingDescriptor> {
        self.0.iter().map(|(id, (_, rule))| descriptor(id, *rule)).collect()
    }
}

fn descriptor(id: &RuleId, rule: Option<&Rule>) -> ReportingDescriptor {
    let mut descriptor = ReportingDescriptor::builder().id(id.as_str()).build();
    descriptor.name = Some(pascal_case(id.as_str())).filter(|name| !name.eq_ignore_ascii_case(id.as_str()));
    let summary = rule.map(|rule| sentence(&rule.summary)).filter(|summary| !summary.is_empty());
    let summary = summary.unwrap_or_else(|| sentence(id.as_str()));
    descriptor.short_description = Some(multiformat(cut(&summary, MAX_DESCRIPTION)));
    let doc = rule.map_or("", |rule| rule.doc.trim());
    let full = doc.split("\n\n").find(|part| !part.starts_with('#') && !part.trim().is_empty()).unwrap_or(&summary);
    descriptor.full_description = Some(multiformat(cut(&sentence(full), MAX_DESCRIPTION)));
    let mut help = multiformat(if doc.is_empty() { &summary } else { doc });
    help.markdown = Some(help.text.clone());
    descriptor.help = Some(help);
    let Some(rule) = rule else {
        return descriptor;
    };
    descriptor.help_uri = Some(rule.url.clone()).filter(|url| is_web_address(url));
    descriptor.default_configuration = Some(ReportingConfiguration {
        level: Some(Value::from(rule.level.name())),
        rank: Some(rank(rule.level)),
        ..ReportingConfiguration::default()
    });
    let relationships: Vec<_> = rule.cwe.iter().map(|number| weakness(*number)).collect();
    descriptor.relationships = Some(relationships).filter(|list| !list.is_empty());
    descriptor.properties = Some(properties(rule));
    descriptor
}

fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|character| character.is_ascii_graphic()))
}

/// How important a level's findings are, from 0 to 100 (SARIF 3.27.25).
pub(crate) fn rank(level: Level) -> f64 {
    match level {
        Level::Error => 90.0,
        Level::Warning => 50.0,
        Level::Note => 10.0,
    }
}

/// What GitHub reads: tags, precision, severity.
fn properties(rule: &Rule) -> PropertyBag {
    let named = [rule.category.as_str(), rule.family.name()].into_iter().filter(|tag| !tag.is_empty());
    let weaknesses = rule.cwe.iter().map(|number| format!("external/cwe/cwe-{number:03}"));
    let tags: Vec<String> = named.map(str::to_owned).chain(weaknesses).take(MAX_TAGS).collect();
    let severity = if rule.level == Level::Note { "recommendation" } else { rule.level.name() };
    let mut more = BTreeMap::from([("problem.severity".to_owned(), Value::from(severity))]);
    if !rule.precision.is_empty() {
        more.insert("precision".to_owned(), Value::from(rule.precision.as_str()));
    }
    if rule.category == "security" {
        more.insert("security-severity".to_owned(), Value::from(security_severity(rule.level)));
    }
    PropertyBag::builder().tags(tags).additional_properties(more).build()
}

/// A severity in the scale of CVSS: GitHub calls 7.0 and more high, 4.0 and more medium.
fn security_severity(level: Level) -> &'static str {
    match level {
        Level::Error => "8.0",
        Level::Warning => "5.5",
        Level::Note => "2.0",
    }
}

fn weakness(number: u32) -> ReportingDescriptorRelationship {
    let target = ReportingDescriptorReference {
        id: Some(number.to_string()),
        tool_component: Some(taxonomy_reference()),
        ..ReportingDescriptorReference::default()
    };
    let mut relationship = ReportingDescriptorRelationship::builder().target(target).build();
    relationship.kinds = Some(vec!["relevant".to_owned()]);
    relationship
}

/// Refers to the only taxonomy of a run.
pub(crate) fn taxonomy_reference() -> ToolComponentReference {
    ToolComponentReference { name: Some("CWE".to_owned()), index: Some(0), ..ToolComponentReference::default() }
}

/// The weaknesses that the rules name, as a part of the CWE catalogue; none if they name none.
pub(crate) fn taxonomy(rules: &[Rule]) -> Option<ToolComponent> {
    let numbers: BTreeSet<u32> = rules.iter().flat_map(|rule| rule.cwe.iter().copied()).collect();
    if numbers.is_empty() {
        return None;
    }
    let mut taxonomy = ToolComponent::builder().name("CWE").build();
    taxonomy.organization = Some("MITRE".to_owned());
    taxonomy.short_description = Some(multiformat("The MITRE Common Weakness Enumeration."));
    taxonomy.information_uri = Some("https://cwe.mitre.org/".to_owned());
    taxonomy.is_comprehensive = Some(false);
    taxonomy.taxa = Some(numbers.into_iter().map(taxon).collect());
    Some(taxonomy)
}

fn taxon(number: u32) -> ReportingDescriptor {
    let mut taxon = ReportingDescriptor::builder().id(number.to_string()).build();
    taxon.short_description = Some(multiformat(format!("CWE-{number}.")));
    taxon.help_uri = Some(format!("https://cwe.mitre.org/data/definitions/{number}.html"));
    taxon
}

/// The text with a full stop, as descriptions are expected to end.
fn sentence(text: &str) -> String {
    let text = text.trim();
    match text.chars().last() {
        None | Some('.' | '!' | '?') => text.to_owned(),
        Some(_) => format!("{text}."),
    }
}

/// At most `limit` characters; what is cut is told by an ellipsis.
fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit - 1).chain(['…']).collect()
}
