//! The parts of a foreign SARIF file that are read, borrowed from its text. Nothing is required: what a tool left out
//! or got wrong is missed by who needs it, and every other property is passed over.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A string, borrowed unless it holds escapes (`Option<Cow<str>>` alone is never borrowed by serde).
#[derive(Debug, Deserialize)]
pub(crate) struct Str<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A list of which each element is read by itself, so that a bad one spoils no other.
pub(crate) type Raw<'a> = Vec<&'a RawValue>;

/// Reads one element of a list.
pub(crate) fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, serde_json::Error> {
    serde_json::from_str(raw.get())
}

/// The file.
#[derive(Debug, Deserialize)]
pub(crate) struct Log<'a> {
    #[serde(borrow)]
    pub(crate) version: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) runs: Option<Vec<Run<'a>>>,
}

/// What one tool did.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run<'a> {
    #[serde(borrow)]
    pub(crate) tool: Option<Tool<'a>>,
    /// Absent, null (the tool says that it looked at nothing) or a list.
    #[serde(borrow, default, deserialize_with = "present")]
    pub(crate) results: Option<Option<Raw<'a>>>,
    #[serde(borrow)]
    pub(crate) artifacts: Option<Vec<Artifact<'a>>>,
    #[serde(borrow)]
    pub(crate) original_uri_base_ids: Option<BTreeMap<Cow<'a, str>, ArtifactLocation<'a>>>,
    #[serde(borrow)]
    pub(crate) invocations: Option<Vec<Invocation<'a>>>,
    #[serde(borrow)]
    pub(crate) column_kind: Option<Str<'a>>,
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tool<'a> {
    #[serde(borrow)]
    pub(crate) driver: Option<Component<'a>>,
    #[serde(borrow)]
    pub(crate) extensions: Option<Vec<Component<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Component<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) rules: Option<Raw<'a>>,
    #[serde(borrow)]
    pub(crate) global_message_strings: Option<BTreeMap<Cow<'a, str>, Message<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) short_description: Option<Message<'a>>,
    #[serde(borrow)]
    pub(crate) full_description: Option<Message<'a>>,
    #[serde(borrow)]
    pub(crate) help: Option<Message<'a>>,
    #[serde(borrow)]
    pub(crate) help_uri: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) default_configuration: Option<Configuration<'a>>,
    #[serde(borrow)]
    pub(crate) message_strings: Option<BTreeMap<Cow<'a, str>, Message<'a>>>,
    #[serde(borrow)]
    pub(crate) properties: Option<Properties<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Configuration<'a> {
    #[serde(borrow)]
    pub(crate) level: Option<Str<'a>>,
}

/// What GitHub made customary in the property bag of a rule.
#[derive(Debug, Deserialize)]
pub(crate) struct Properties<'a> {
    #[serde(borrow)]
    pub(crate) tags: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) precision: Option<&'a RawValue>,
    #[serde(borrow, rename = "security-severity")]
    pub(crate) security_severity: Option<&'a RawValue>,
}

/// A message or a message string of several formats.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) markdown: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) arguments: Option<Vec<Cow<'a, str>>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Artifact<'a> {
    #[serde(borrow)]
    pub(crate) location: Option<ArtifactLocation<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ArtifactLocation<'a> {
    #[serde(borrow)]
    pub(crate) uri: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) uri_base_id: Option<Str<'a>>,
    pub(crate) index: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Invocation<'a> {
    pub(crate) execution_successful: Option<bool>,
    pub(crate) exit_code: Option<i64>,
    #[serde(borrow)]
    pub(crate) exit_code_description: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) tool_execution_notifications: Option<Vec<Notification<'a>>>,
    #[serde(borrow)]
    pub(crate) tool_configuration_notifications: Option<Vec<Notification<'a>>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Notification<'a> {
    #[serde(borrow)]
    pub(crate) level: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) message: Option<Message<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForeignResult<'a> {
    #[serde(borrow)]
    pub(crate) rule_id: Option<Str<'a>>,
    pub(crate) rule_index: Option<i64>,
    #[serde(borrow)]
    pub(crate) rule: Option<RuleReference<'a>>,
    #[serde(borrow)]
    pub(crate) level: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) kind: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) message: Option<Message<'a>>,
    #[serde(borrow)]
    pub(crate) locations: Option<Vec<Location<'a>>>,
    #[serde(borrow)]
    pub(crate) related_locations: Option<Vec<Location<'a>>>,
    #[serde(borrow)]
    pub(crate) suppressions: Option<Vec<Suppression<'a>>>,
    #[serde(borrow)]
    pub(crate) baseline_state: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) fixes: Option<Raw<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleReference<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    pub(crate) index: Option<i64>,
    pub(crate) tool_component: Option<ComponentReference>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ComponentReference {
    pub(crate) index: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Location<'a> {
    #[serde(borrow)]
    pub(crate) physical_location: Option<PhysicalLocation<'a>>,
    #[serde(borrow)]
    pub(crate) logical_locations: Option<Vec<LogicalLocation<'a>>>,
    #[serde(borrow)]
    pub(crate) message: Option<Message<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhysicalLocation<'a> {
    #[serde(borrow)]
    pub(crate) artifact_location: Option<ArtifactLocation<'a>>,
    #[serde(borrow)]
    pub(crate) region: Option<ForeignRegion<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForeignRegion<'a> {
    pub(crate) start_line: Option<i64>,
    pub(crate) start_column: Option<i64>,
    pub(crate) end_line: Option<i64>,
    pub(crate) end_column: Option<i64>,
    pub(crate) byte_offset: Option<i64>,
    pub(crate) byte_length: Option<i64>,
    #[serde(borrow)]
    pub(crate) snippet: Option<Message<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogicalLocation<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) fully_qualified_name: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Suppression<'a> {
    #[serde(borrow)]
    pub(crate) status: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fix<'a> {
    #[serde(borrow)]
    pub(crate) description: Option<Message<'a>>,
    #[serde(borrow)]
    pub(crate) artifact_changes: Option<Vec<ArtifactChange<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ArtifactChange<'a> {
    #[serde(borrow)]
    pub(crate) artifact_location: Option<ArtifactLocation<'a>>,
    #[serde(borrow)]
    pub(crate) replacements: Option<Vec<ForeignReplacement<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForeignReplacement<'a> {
    #[serde(borrow)]
    pub(crate) deleted_region: Option<ForeignRegion<'a>>,
    #[serde(borrow)]
    pub(crate) inserted_content: Option<Content<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Content<'a> {
    #[serde(borrow)]
    pub(crate) text: Option<Str<'a>>,
}
