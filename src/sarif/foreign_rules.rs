//! The rules that a foreign run describes, and how its results refer to them.

use std::collections::HashMap;

use crate::model::rule::{Family, Level, Rule, RuleId};
use crate::sarif::message::{plain_text, rendered};
use crate::sarif::wire::{Component, Descriptor, ForeignResult, Message, Tool, parse};

/// The components of a tool with their rules.
pub(crate) struct Rules<'r, 'a> {
    /// The driver first, then the extensions.
    components: Vec<&'r Component<'a>>,
    /// For each component its rules; none for one that could not be read.
    descriptors: Vec<Vec<Option<Descriptor<'a>>>>,
    by_id: HashMap<String, (usize, usize)>,
    check: &'r str,
}

/// The rule of a result.
pub(crate) struct RuleOfResult {
    /// With the check's id before it.
    pub(crate) id: RuleId,
    /// The level of a result that says none.
    pub(crate) level: Level,
    /// Where it is described, if it is.
    found: Option<(usize, usize)>,
}

impl<'r, 'a> Rules<'r, 'a> {
    /// The rules of a tool, and what could not be understood of them.
    pub(crate) fn of(tool: Option<&'r Tool<'a>>, check: &'r str) -> (Self, Vec<String>) {
        let driver = tool.and_then(|tool| tool.driver.as_ref());
        let extensions = tool.and_then(|tool| tool.extensions.as_ref());
        let components: Vec<&Component<'_>> = driver.into_iter().chain(extensions.into_iter().flatten()).collect();
        let mut rules = Self { components, descriptors: Vec::new(), by_id: HashMap::new(), check };
        let mut problems = Vec::new();
        for (of_component, component) in rules.components.iter().enumerate() {
            let mut descriptors = Vec::new();
            for (index, raw) in component.rules.iter().flatten().enumerate() {
                let descriptor = parse::<Descriptor<'_>>(raw)
                    .map_err(|error| problems.push(format!("rule {index} cannot be understood: {error}")))
                    .ok();
                if let Some(id) = descriptor.as_ref().and_then(|descriptor| descriptor.id.as_deref()) {
                    rules.by_id.entry(id.to_owned()).or_insert((of_component, index));
                }
                descriptors.push(descriptor);
            }
            rules.descriptors.push(descriptors);
        }
        (rules, problems)
    }

    /// The driver's name; empty if it gives none.
    pub(crate) fn tool_name(&self) -> &str {
        self.components.first().and_then(|driver| driver.name.as_deref()).unwrap_or_default()
    }

    /// Every rule for a report.
    pub(crate) fn described(&self) -> impl Iterator<Item = Rule> {
        self.descriptors.iter().flatten().flatten().map(|descriptor| {
            let id = descriptor.id.as_deref().filter(|id| !id.is_empty());
            described(descriptor, self.rule_id(id))
        })
    }

    /// The rule of a result, by index or by id (also a hierarchical one, SARIF 3.27.5).
    pub(crate) fn of_result(&self, result: &ForeignResult<'_>) -> RuleOfResult {
        let reference = result.rule.as_ref();
        let id = result.rule_id.as_deref().or_else(|| reference?.id.as_deref()).filter(|id| !id.is_empty());
        let index = result.rule_index.or_else(|| reference?.index).and_then(|index| usize::try_from(index).ok());
        let extension = reference.and_then(|rule| usize::try_from(rule.tool_component.as_ref()?.index?).ok());
        let component = extension.map_or(0, |extension| extension.saturating_add(1));
        let found = index
            .map(|index| (component, index))
            .filter(|&at| self.get(at).is_some_and(|rule| id.is_none_or(|id| is_kind_of(id, rule))))
            .or_else(|| self.by_id(id?));
        let descriptor = found.and_then(|at| self.get(at));
        let name = descriptor.and_then(|descriptor| descriptor.id.as_deref()).or(id);
        RuleOfResult { id: self.rule_id(name), level: descriptor.map_or(Level::Warning, default_level), found }
    }

    /// The text of a result: its own, or that of its rule, never empty.
    pub(crate) fn message(&self, result: &ForeignResult<'_>, rule: &RuleOfResult) -> String {
        let descriptor = rule.found.and_then(|at| self.get(at));
        let component = rule.found.map_or(0, |(component, _)| component);
        let own = result.message.as_ref();
        let by_id = || {
            let id = own?.id.as_deref()?;
            let of_rule = descriptor.and_then(|rule| rule.message_strings.as_ref()?.get(id));
            let global = || self.components.get(component)?.global_message_strings.as_ref()?.get(id);
            plain_text(of_rule.or_else(global)?)
        };
        let text = own.and_then(plain_text).or_else(by_id).or_else(|| summary(descriptor?));
        let arguments = own.and_then(|message| message.arguments.as_deref()).unwrap_or_default();
        text.map_or_else(|| rule.id.to_string(), |text| rendered(text, arguments).trim().to_owned())
    }

    /// A rule with the check's id before it, in place of the tool's where the tool has put that there.
    fn rule_id(&self, name: Option<&str>) -> RuleId {
        let own = |name: &str| -> Option<String> {
            let (first, rest) = name.split_once('/')?;
            (first.eq_ignore_ascii_case(self.tool_name()) && !rest.is_empty()).then(|| rest.to_owned())
        };
        match name {
            Some(name) => RuleId::new(format!("{}/{}", self.check, own(name).as_deref().unwrap_or(name))),
            None => RuleId::new(self.check),
        }
    }

    fn get(&self, (component, index): (usize, usize)) -> Option<&Descriptor<'a>> {
        self.descriptors.get(component)?.get(index)?.as_ref()
    }

    fn by_id(&self, id: &str) -> Option<(usize, usize)> {
        let parents = std::iter::successors(Some(id), |id| id.rsplit_once('/').map(|(parent, _)| parent));
        parents.take(8).find_map(|id| self.by_id.get(id).copied())
    }
}

/// Whether the id is the rule's, or one below it.
fn is_kind_of(id: &str, rule: &Descriptor<'_>) -> bool {
    let known = rule.id.as_deref().unwrap_or_default();
    id.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn default_level(descriptor: &Descriptor<'_>) -> Level {
    let name = descriptor.default_configuration.as_ref().and_then(|configuration| configuration.level.as_deref());
    name.map_or(Level::Warning, |name| Level::from_name(name).unwrap_or(Level::Note))
}

fn summary<'d>(descriptor: &'d Descriptor<'_>) -> Option<&'d str> {
    let texts = [&descriptor.short_description, &descriptor.full_description];
    texts.into_iter().flatten().find_map(plain_text).or(descriptor.name.as_deref())
}

fn described(descriptor: &Descriptor<'_>, id: RuleId) -> Rule {
    let markdown = |message: &Option<Message<'_>>| {
        let message = message.as_ref()?;
        message.markdown.as_deref().or(message.text.as_deref()).map(str::to_owned)
    };
    let properties = descriptor.properties.as_ref();
    let tags: Vec<String> =
        properties.and_then(|properties| serde_json::from_str(properties.tags?.get()).ok()).unwrap_or_default();
    let precision: Option<String> =
        properties.and_then(|properties| serde_json::from_str(properties.precision?.get()).ok());
    let is_security = properties.is_some_and(|properties| properties.security_severity.is_some())
        || tags.iter().any(|tag| tag == "security");
    let categories = ["correctness", "maintainability", "performance", "portability", "style"];
    let category = categories.into_iter().find(|category| tags.iter().any(|tag| tag == category));
    Rule {
        id,
        family: Family::Tools,
        level: default_level(descriptor),
        summary: summary(descriptor).unwrap_or_default().to_owned(),
        doc: markdown(&descriptor.help).or_else(|| markdown(&descriptor.full_description)).unwrap_or_default(),
        url: descriptor.help_uri.as_deref().unwrap_or_default().to_owned(),
        category: if is_security { "security" } else { category.unwrap_or_default() }.to_owned(),
        precision: precision
            .filter(|precision| ["very-high", "high", "medium", "low"].contains(&precision.as_str()))
            .unwrap_or_default(),
        cwe: tags.iter().filter_map(|tag| cwe_of_tag(tag)).collect(),
    }
}

/// The number in a tag such as `external/cwe/cwe-089` or `CWE-89: SQL injection`.
fn cwe_of_tag(tag: &str) -> Option<u32> {
    let tag = tag.to_ascii_lowercase();
    let number = tag.strip_prefix("external/cwe/").unwrap_or(&tag).strip_prefix("cwe-")?;
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}
