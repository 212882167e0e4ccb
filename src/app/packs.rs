//! Which built-in rules are on: those of the packs that the policy names, and those that it or the command line names
//! themselves. The rest is not even read.

use std::collections::BTreeSet;

use crate::check::pattern::pack::{Pack, ids, newest, packs};
use crate::check::pattern::rule_file::RuleFile;
use crate::config::nearest::nearest;
use crate::config::{Config, Origin, Sourced};
use crate::model::rule::RuleId;

/// The packs of a policy: the newest of the recommended where it names none.
fn packs_of(config: &Config) -> Vec<&'static Pack> {
    config.packs.iter().filter_map(|named| packs().iter().find(|pack| pack.name == named.value)).collect()
}

/// Writes the pack that holds by default into a policy that names none.
pub(super) fn complete(config: &mut Config) {
    if config.packs.is_empty() {
        config.packs.push(Sourced::built_in(newest().name.to_owned()));
    }
}

/// Says what to do about a pack that is not there; nothing if it is.
pub(super) fn unknown(name: &str) -> Option<String> {
    if packs().iter().any(|pack| pack.name == name) {
        return None;
    }
    let known = packs().iter().map(|pack| pack.name);
    Some(match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `tollgate:{near}`?"),
        None => format!("the packs are: {}", known.collect::<Vec<_>>().join(", ")),
    })
}

/// The built-in rules that are on: in a pack, given a level, or `chosen` by id. One that only [[overrides]] name is on
/// for their files alone: everywhere else it gets the level `off`.
pub(super) fn rules_on(config: &mut Config, chosen: &[String]) -> BTreeSet<&'static str> {
    let packs = packs_of(config);
    let is_on = |id: &&str| packs.iter().any(|pack| pack.has(id)) || is_named(config, chosen, id);
    ids().filter(is_on).collect()
}

/// The rules of the project that are off: those that say so, unless the policy gives them a level or they are `chosen`.
pub(super) fn own_off(config: &mut Config, chosen: &[String], own: &[RuleFile]) -> BTreeSet<RuleId> {
    let by_themselves = own.iter().filter(|file| file.is_off).map(|file| &file.rule.id);
    by_themselves.filter(|id| !is_named(config, chosen, id.as_str())).cloned().collect()
}

/// Whether a rule that is not on by itself is given a level, or chosen by id. One that only [[overrides]] name gets the
/// level `off` for all other files.
fn is_named(config: &mut Config, chosen: &[String], id: &str) -> bool {
    if chosen.iter().any(|word| word == id) || config.levels.get(id).is_some_and(|level| level.value.is_some()) {
        return true;
    }
    let is_in_override =
        config.overrides.iter().any(|entry| entry.levels.get(id).is_some_and(|level| level.value.is_some()));
    if is_in_override {
        config.levels.entry(id.to_owned()).or_insert(Sourced { value: None, origin: Origin::Default });
    }
    is_in_override
}

#[cfg(test)]
mod tests {
    use crate::app::packs::{complete, rules_on, unknown};
    use crate::check::pattern::pack::newest;
    use crate::config::Config;

    /// A rule of middling precision, and one of the newest pack.
    const TASTE: &str = "unpinned-action";
    const SURE: &str = "gets-call";

    #[track_caller]
    fn check(policy: &str, chosen: &[&str], taste: bool, sure: bool) {
        let mut config = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect("the policy is valid");
        complete(&mut config);
        let chosen: Vec<String> = chosen.iter().map(|word| (*word).to_owned()).collect();
        let on = rules_on(&mut config, &chosen);
        assert_eq!((on.contains(TASTE), on.contains(SURE)), (taste, sure), "{policy} {chosen:?}");
    }

    #[test]
    fn a_rule_is_on_in_a_pack_or_by_name() {
        check("", &[], false, true);
        check("", &["*"], false, true);
        check("", &[TASTE], true, true);
        check("[rules.levels]\nunpinned-action = \"note\"", &[], true, true);
        check("[rules.levels]\nunpinned-action = \"off\"", &[], false, true);
        check("[[overrides]]\nfiles = [\"a/\"]\nlevels = { unpinned-action = \"error\" }", &[], true, true);
        check("[[overrides]]\nfiles = [\"a/\"]\nlevels = { unpinned-action = \"off\" }", &[], false, true);
    }

    #[test]
    fn one_that_only_an_override_names_is_off_elsewhere() {
        let policy = "[[overrides]]\nfiles = [\"a/\"]\nlevels = { unpinned-action = \"error\", gets-call = \"note\" }";
        let mut config = Config::load(Some(("tollgate.toml", policy.as_bytes()))).expect("the policy is valid");
        complete(&mut config);
        rules_on(&mut config, &[]);
        assert_eq!(config.levels.get(TASTE).map(|level| level.value), Some(None));
        assert!(!config.levels.contains_key(SURE));
    }

    #[test]
    fn a_pack_that_is_not_there_is_told_with_the_nearest() {
        assert_eq!(unknown(newest().name), None);
        let hint = unknown("recomended@1").expect("there is none");
        assert_eq!(hint, "did you mean `tollgate:recommended@1`?");
    }
}
