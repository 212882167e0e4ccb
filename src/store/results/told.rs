//! What a command told of one file, as bytes.

use serde::{Deserialize, Serialize};

use crate::model::finding::Finding;
use crate::model::path::RepoPath;
use crate::model::rule::{Family, Level, Rule, RuleId};
use crate::store::results::row::{WireFinding, wire};

/// What a command told of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The version of its program, where the policy wants one; empty if it is not known.
    pub(crate) version: String,
    /// The findings, as it told them.
    pub(crate) findings: Vec<Finding>,
    /// Their rules, as far as it described them.
    pub(crate) rules: Vec<Rule>,
}

impl Told {
    /// The same as bytes; none if it tells of a place outside of the file at `path`.
    pub(crate) fn encode(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let told = WireTold {
            version: self.version.clone(),
            findings: self.findings.iter().map(|finding| wire(finding, path)).collect::<Option<_>>()?,
            rules: self.rules.iter().map(wire_rule).collect(),
        };
        serde_json::to_vec(&told).ok()
    }

    /// What `bytes` tell of the file at `path`; none if they are something else.
    pub(crate) fn decode(bytes: &[u8], path: &RepoPath) -> Option<Self> {
        let wire: WireTold = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            version: wire.version,
            findings: wire.findings.into_iter().map(|finding| finding.read(path)).collect::<Option<_>>()?,
            rules: wire.rules.into_iter().map(read_rule).collect::<Option<_>>()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTold {
    #[serde(rename = "v", default, skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<WireFinding>,
    #[serde(rename = "q", default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<WireRule>,
}

#[derive(Serialize, Deserialize)]
struct WireRule {
    id: String,
    family: String,
    level: String,
    /// Summary, documentation, address, category, precision.
    texts: [String; 5],
    cwe: Vec<u32>,
}

fn wire_rule(rule: &Rule) -> WireRule {
    WireRule {
        id: rule.id.to_string(),
        family: rule.family.name().to_owned(),
        level: rule.level.name().to_owned(),
        texts: [&rule.summary, &rule.doc, &rule.url, &rule.category, &rule.precision].map(Clone::clone),
        cwe: rule.cwe.clone(),
    }
}

fn read_rule(wire: WireRule) -> Option<Rule> {
    let [summary, doc, url, category, precision] = wire.texts;
    Some(Rule {
        id: RuleId::from(wire.id.as_str()),
        family: Family::from_name(&wire.family)?,
        level: Level::from_name(&wire.level)?,
        summary,
        doc,
        url,
        category,
        precision,
        cwe: wire.cwe,
    })
}

#[cfg(test)]
mod tests {
    use super::Told;
    use crate::model::finding::{Finding, Novelty};
    use crate::model::path::RepoPath;
    use crate::model::place::{ColumnUnit, LineColumn, Place};
    use crate::model::rule::{Family, Level, Rule};

    #[test]
    fn what_is_told_is_read_as_it_was_written() {
        let path = RepoPath::from("a/b");
        let at = |line, column| LineColumn { line, column };
        let lines = |end, unit| Place::Lines { path: path.clone(), start: at(3, 0), end, unit };
        let places = [
            lines(None, ColumnUnit::Bytes),
            lines(Some(at(4, 2)), ColumnUnit::Utf16),
            lines(Some(at(9, 0)), ColumnUnit::Characters),
            Place::File(path.clone()),
            Place::Change,
        ];
        let finding = |place| Finding::new("lint/E1", Level::Warning, place, "m").with_novelty(Novelty::ChangedLines);
        let rule = Rule {
            id: "lint/E1".into(),
            family: Family::Tools,
            level: Level::Note,
            summary: "summary".into(),
            doc: "doc".into(),
            url: "https://example.org".into(),
            category: "style".into(),
            precision: "high".into(),
            cwe: vec![79],
        };
        let told = Told { version: "1.2".into(), findings: places.map(finding).into(), rules: vec![rule] };
        let bytes = told.encode(&path).unwrap();
        assert_eq!(Told::decode(&bytes, &path), Some(told.clone()));
        assert_eq!(told.encode(&RepoPath::from("b")), None, "a place in another file is not told");
        assert_eq!(Told::default().encode(&path).unwrap(), b"{}");
        assert_eq!(Told::decode(b"{\"n\":12}", &path), None, "that is what built-in checks said");
    }
}
