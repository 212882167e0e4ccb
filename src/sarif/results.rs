//! Findings as results.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif::{
    ArtifactChange, ArtifactContent, Fix as SarifFix, Location, LogicalLocation, PropertyBag, Replacement,
    Result as SarifResult, ResultKind, ResultLevel, Suppression as SarifSuppression,
};

use crate::model::finding::{Edit, Finding, Fix, Novelty, Related, State};
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::model::rule::Level;
use crate::model::suppression::Status;
use crate::sarif::artifacts::{Artifacts, top};
use crate::sarif::base64;
use crate::sarif::descriptors::{Descriptors, rank};
use crate::sarif::fingerprint::{self, fingerprints};
use crate::sarif::strings::{content, message};

/// The results of findings, in their order.
pub(crate) fn results(findings: &[&Finding], rules: &Descriptors<'_>, artifacts: &mut Artifacts) -> Vec<SarifResult> {
    let identities = fingerprints(findings.iter().copied());
    findings.iter().zip(identities).map(|(finding, identity)| result(finding, identity, rules, artifacts)).collect()
}

fn result(finding: &Finding, identity: String, rules: &Descriptors<'_>, artifacts: &mut Artifacts) -> SarifResult {
    let mut result = SarifResult::builder().message(message(text(finding))).build();
    result.rule_id = Some(finding.rule.to_string());
    result.rule_index = rules.index(&finding.rule);
    result.kind = Some(ResultKind::Fail);
    result.level = Some(match finding.level {
        Level::Note => ResultLevel::Note,
        Level::Warning => ResultLevel::Warning,
        Level::Error => ResultLevel::Error,
    });
    result.rank = Some(rank(finding.level));
    result.baseline_state = Some(Value::from(match finding.state {
        State::New => "new",
        State::Updated => "updated",
        State::Unchanged => "unchanged",
    }));
    result.locations = Some(vec![location(finding, artifacts)]);
    result.suppressions = suppression(finding, artifacts).map(|suppression| vec![suppression]);
    result.related_locations = related(&finding.related, artifacts);
    result.fixes = fixes(finding, artifacts);
    result.partial_fingerprints = Some(partial_fingerprints(finding, identity));
    result.properties = properties(finding, rules);
    result
}

/// The family, and how it was told whether the finding is new where that was done by the changed lines alone.
fn properties(finding: &Finding, rules: &Descriptors<'_>) -> Option<PropertyBag> {
    let family = rules.rule(&finding.rule).map(|rule| ("family", rule.family.name()));
    let by_lines = (finding.novelty == Novelty::ChangedLines).then_some(("comparedBy", "changed-lines"));
    let properties: BTreeMap<String, Value> =
        family.into_iter().chain(by_lines).map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
    (!properties.is_empty()).then(|| PropertyBag::builder().additional_properties(properties).build())
}

/// The message with the hint, never empty.
fn text(finding: &Finding) -> String {
    let what = if finding.message.trim().is_empty() { finding.rule.as_str() } else { finding.message.as_str() };
    if finding.hint.is_empty() { what.to_owned() } else { format!("{what}\nHint: {}", finding.hint) }
}

fn location(finding: &Finding, artifacts: &mut Artifacts) -> Location {
    let Some(path) = finding.place.path() else {
        return top();
    };
    let mut location = artifacts.location(path, &finding.place, finding.region.as_ref());
    location.logical_locations = logical(&finding.anchor.symbol).map(|symbol| vec![symbol]);
    location
}

/// The comment that allows the finding (SARIF 3.35).
fn suppression(finding: &Finding, artifacts: &mut Artifacts) -> Option<SarifSuppression> {
    let (path, own) = finding.place.path().zip(finding.suppression.as_ref())?;
    let mut suppression = SarifSuppression::builder().kind(Value::from("inSource")).build();
    suppression.status = Some(Value::from(match own.status {
        Status::Accepted => "accepted",
        Status::UnderReview => "underReview",
    }));
    suppression.justification = Some(own.justification.clone());
    suppression.location = Some(artifacts.location(path, &Place::Span(path.clone(), own.span), Some(&own.region)));
    let is_new = BTreeMap::from([("new".to_owned(), Value::from(own.is_new))]);
    suppression.properties = own.is_new.then(|| PropertyBag::builder().additional_properties(is_new).build());
    Some(suppression)
}

fn logical(symbol: &str) -> Option<LogicalLocation> {
    let name = symbol.rsplit("::").next().filter(|name| !name.is_empty())?;
    Some(LogicalLocation {
        name: Some(name.to_owned()),
        fully_qualified_name: Some(symbol.to_owned()),
        ..LogicalLocation::default()
    })
}

fn related(related: &[Related], artifacts: &mut Artifacts) -> Option<Vec<Location>> {
    let in_files = related.iter().filter_map(|place| Some((place.place.path()?, place)));
    let locations: Vec<Location> = (0..)
        .zip(in_files)
        .map(|(id, (path, place))| Location {
            id: Some(id),
            message: Some(message(place.message.clone())).filter(|_| !place.message.is_empty()),
            ..artifacts.location(path, &place.place, place.region.as_ref())
        })
        .collect();
    Some(locations).filter(|list| !list.is_empty())
}

fn fixes(finding: &Finding, artifacts: &mut Artifacts) -> Option<Vec<SarifFix>> {
    let path = finding.place.path()?;
    let with_edits = finding.reported_fixes().filter(|fix| !fix.edits.is_empty());
    let fixes: Vec<SarifFix> = with_edits.map(|fix| proposal(fix, path, artifacts)).collect();
    Some(fixes).filter(|list| !list.is_empty())
}

fn proposal(fix: &Fix, path: &RepoPath, artifacts: &mut Artifacts) -> SarifFix {
    let change = ArtifactChange::builder()
        .artifact_location(artifacts.refer(path))
        .replacements(fix.edits.iter().map(replacement).collect::<Vec<_>>())
        .build();
    let mut proposal = SarifFix::builder().artifact_changes(vec![change]).build();
    proposal.description = Some(message(fix.title.clone())).filter(|_| !fix.title.is_empty());
    proposal
}

/// An edit is given in bytes, which are exact for content of any encoding.
fn replacement(edit: &Edit) -> Replacement {
    let number = |value: usize| i64::try_from(value).ok();
    let region = serde_sarif::sarif::Region {
        byte_offset: number(edit.span.start),
        byte_length: number(edit.span.end.saturating_sub(edit.span.start)),
        ..Default::default()
    };
    let mut replacement = Replacement::builder().deleted_region(region).build();
    replacement.inserted_content = match std::str::from_utf8(&edit.replacement) {
        Ok("") => None,
        Ok(text) => Some(content(text)),
        Err(_) => {
            Some(ArtifactContent { binary: Some(base64::encode(&edit.replacement)), ..ArtifactContent::default() })
        }
    };
    replacement
}

fn partial_fingerprints(finding: &Finding, identity: String) -> BTreeMap<String, String> {
    let line_hash = finding.region.as_ref().map(|region| region.line_hash.clone()).unwrap_or_default();
    let of_line = ("primaryLocationLineHash".to_owned(), line_hash);
    let ours = (fingerprint::NAME.to_owned(), identity);
    [of_line, ours].into_iter().filter(|(_, value)| !value.is_empty()).collect()
}
