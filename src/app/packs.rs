//! Which built-in rules are on: those of the packs that the policy names, and those that it or the command line names
//! themselves. The rest is not even read.

use std::collections::BTreeSet;

use crate::check::pattern::pack::{Pack, ids, newest, packs};
use crate::config::nearest::nearest;
use crate::config::{Config, Origin, Sourced};

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
    let mut on = BTreeSet::new();
    for id in ids() {
        let is_chosen = packs.iter().any(|pack| pack.has(id)) || chosen.iter().any(|word| word == id);
        let has_level = config.levels.get(id).is_some_and(|level| level.value.is_some());
        let is_in_override =
            || config.overrides.iter().any(|entry| entry.levels.get(id).is_some_and(|level| level.value.is_some()));
        if is_chosen || has_level {
            on.insert(id);
        } else if is_in_override() {
            on.insert(id);
            config.levels.entry(id.to_owned()).or_insert(Sourced { value: None, origin: Origin::Default });
        }
    }
    on
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
