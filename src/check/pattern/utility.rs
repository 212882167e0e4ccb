//! Utility rules: they find nothing by themselves; rules of the project, and other utility rules, use them by `matches`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::check::pattern::fault::{RuleError, place_in_yaml, without_place};
use crate::check::pattern::rule_file::{documents, no_language};
use crate::syntax::languages::Language;
use crate::syntax::rules::{compile_utilities, json_of};

/// What a utility rule is known by; the rest is left to the engine.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    id: String,
    language: String,
}

/// A utility rule in ast-grep's YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Utility {
    /// The file, for people.
    origin: String,
    id: String,
    language: Language,
    yaml: String,
    /// What it says, as JSON.
    pub(super) json: String,
}

impl Utility {
    /// Reads a file of one or more utility rules: YAML documents, each after a line `---`.
    pub(crate) fn parse_all(origin: &str, yaml: &str) -> Vec<Result<Self, RuleError>> {
        documents(yaml).iter().map(|document| Self::parse(origin, document)).collect()
    }

    fn parse(origin: &str, yaml: &str) -> Result<Self, RuleError> {
        let header: Header = serde_saphyr::from_str(yaml).map_err(|error| {
            let reason = format!("not a utility rule: {}", without_place(&error.without_snippet().to_string()));
            RuleError { at: place_in_yaml(&error), ..RuleError::new(origin, reason) }
        })?;
        if header.id.is_empty() {
            return Err(RuleError::new(origin, "the utility rule has no `id`"));
        }
        let language =
            Language::from_name(&header.language).ok_or_else(|| no_language(origin, yaml, &header.language))?;
        let (origin, yaml) = (origin.to_owned(), yaml.to_owned());
        Ok(Self { origin, id: header.id, language, json: json_of(&yaml), yaml })
    }

    /// Looks whether each can be compiled, and whether an id is used once for a language.
    pub(crate) fn verify(all: &[Self]) -> Result<(), RuleError> {
        let mut taken = BTreeSet::new();
        for utility in all {
            let fault = |reason: String| RuleError::new(&utility.origin, reason).at_word(&utility.yaml, &utility.id);
            if !taken.insert((utility.language, utility.id.as_str())) {
                return Err(fault(format!("there is another utility rule with the id `{}`", utility.id)));
            }
            // The engine takes a name that nothing bears for a rule that never holds.
            if let Some(name) = utility.undefined(all) {
                let fault = RuleError::new(&utility.origin, format!("there is no utility rule `{name}`"));
                return Err(fault.at_word(&utility.yaml, &name));
            }
            let used = used(&utility.json, all);
            let mut with_itself: Vec<&str> = for_language(&used, utility.language);
            if !used.contains(utility) {
                with_itself.push(&utility.json);
            }
            if let Err(error) = compile_utilities(&with_itself, utility.language) {
                return Err(RuleError::of_engine(&error, &utility.origin, &utility.yaml, utility.language));
            }
        }
        Ok(())
    }
}

impl Utility {
    /// A name that it uses and that is neither one of its own nor that of another.
    fn undefined(&self, all: &[Self]) -> Option<String> {
        let whole: Value = serde_json::from_str(&self.json).unwrap_or_default();
        let is_own = |name: &str| {
            let parameters = whole.get("arguments").and_then(Value::as_array).into_iter().flatten();
            whole.get("utils").is_some_and(|utils| utils.get(name).is_some())
                || parameters.filter_map(Value::as_str).any(|parameter| parameter == name)
        };
        names(&self.json).into_iter().find(|name| !is_own(name) && !all.iter().any(|other| other.id == *name))
    }
}

/// The utility rules that a rule in JSON names, and those that these name.
pub(super) fn used(json: &str, all: &[Utility]) -> Vec<Utility> {
    if all.is_empty() {
        return Vec::new();
    }
    let mut known = BTreeSet::new();
    let mut open = vec![json];
    while let Some(json) = open.pop() {
        let named = names(json);
        for (index, utility) in all.iter().enumerate() {
            if named.contains(&utility.id) && known.insert(index) {
                open.push(&utility.json);
            }
        }
    }
    known.into_iter().filter_map(|index| all.get(index).cloned()).collect()
}

/// Those to use in a language, as JSON: of several with an id the one for that language, else the first. A rule for
/// several languages uses them in each.
pub(super) fn for_language(utilities: &[Utility], language: Language) -> Vec<&str> {
    let is_it = |utility: &Utility| {
        let same = || utilities.iter().filter(|other| other.id == utility.id);
        let it = same().find(|other| other.language == language).or_else(|| same().next());
        it == Some(utility)
    };
    utilities.iter().filter(|utility| is_it(utility)).map(|utility| utility.json.as_str()).collect()
}

/// What a rule in JSON names by `matches`: an id, or a table of ids with what is handed to each.
fn names(json: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let whole: Value = serde_json::from_str(json).unwrap_or_default();
    let mut open = vec![&whole];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(parts) => {
                match parts.get("matches") {
                    Some(Value::String(id)) => names.extend([id.clone()]),
                    Some(Value::Object(calls)) => names.extend(calls.keys().cloned()),
                    _ => {}
                }
                open.extend(parts.values());
            }
            Value::Array(parts) => open.extend(parts),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{Utility, for_language, used};

    fn utilities(yaml: &str) -> Vec<Utility> {
        Utility::parse_all("u.yml", yaml).into_iter().collect::<Result<_, _>>().unwrap()
    }

    #[track_caller]
    fn refused(yaml: &str, expected: &str) {
        let read: Result<Vec<Utility>, _> = Utility::parse_all("u.yml", yaml).into_iter().collect();
        let error = read.and_then(|all| Utility::verify(&all)).unwrap_err().to_string();
        assert!(error.starts_with("u.yml:") && error.contains(expected), "{error}");
    }

    #[test]
    fn a_faulty_one_is_refused_where_it_stands() {
        refused("language: Python\n", "no `id`");
        refused("id: a\nlanguage: Klingon\n", ":2:11: there is no language `Klingon`");
        refused("id: a\nlanguage: Python\nrule: {kind: cal}\n", ":3:14: Rule contains invalid kind");
        refused("id: a\nlanguage: Go\nrule: {kind: a}\n---\n[", "not a utility rule");
        refused("id: a\nlanguage: Python\nrule: {matches: nowhere}\n", ":3:17: there is no utility rule `nowhere`");
        refused("id: a\nlanguage: Python\nrule: {matches: a}\n", "yclic");
        let one = "id: a\nlanguage: Python\nrule: {kind: call}\n";
        refused(&format!("{one}---\n{one}"), ":5:5: there is another utility rule with the id `a`");
    }

    #[test]
    fn a_rule_brings_those_that_it_uses_in_its_language() {
        let all = utilities(
            "id: a\nlanguage: Python\nrule: {matches: b}\n---\nid: b\nlanguage: Python\nrule: {kind: call}\n---\n\
             id: b\nlanguage: Go\nrule: {kind: call_expression}\n---\nid: c\nlanguage: Go\nrule: {kind: block}\n",
        );
        Utility::verify(&all).unwrap();
        let used = used("{\"rule\": {\"has\": {\"matches\": {\"a\": {}}}}}", &all);
        assert_eq!(used, all[..3]);
        let json = |indices: &[usize]| indices.iter().map(|index| all[*index].json.as_str()).collect::<Vec<_>>();
        assert_eq!(for_language(&used, all[0].language), json(&[0, 1]));
        assert_eq!(for_language(&used, all[2].language), json(&[0, 2]));
    }
}
