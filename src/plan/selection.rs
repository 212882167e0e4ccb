//! Which checks run: chosen by the stage or the command line, left out by name.

use std::collections::BTreeSet;

use crate::check::{About, Active};
use crate::model::rule::{Family, RuleId};

/// What was chosen and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Check ids, rule ids, families, `*`.
    pub(crate) chosen: Vec<String>,
    /// The same, left out, each with what left it out (`--skip`, `TOLLGATE_SKIP`).
    pub(crate) left_out: Vec<(String, &'static str)>,
}

/// Whether a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It runs.
    Runs,
    /// It was not chosen.
    Off,
    /// It was chosen and then left out by this.
    LeftOut(&'static str),
}

impl Selection {
    /// Decides on a check. What does not run by default has to be named itself.
    pub(crate) fn choose(&self, id: &str, family: Family, by_default: bool) -> Choice {
        let by_group = |word: &str| word == "*" || word == family.name();
        let is_chosen = self.chosen.iter().any(|word| word == id || (by_default && by_group(word)));
        if !is_chosen {
            return Choice::Off;
        }
        let left_out = self.left_out.iter().find(|(word, _)| word == id || by_group(word));
        left_out.map_or(Choice::Runs, |(_, by)| Choice::LeftOut(by))
    }

    /// Decides on a built-in check.
    pub(crate) fn choose_check(&self, about: &About) -> Choice {
        self.choose(about.id, about.family, about.active == Active::ByDefault)
    }

    /// Whether one of these rules is chosen by its own id.
    pub(crate) fn names_any(&self, rules: &BTreeSet<&RuleId>) -> bool {
        rules.iter().any(|rule| self.names(rule.as_str()))
    }

    /// Whether a rule is chosen by its own id.
    pub(crate) fn names(&self, rule: &str) -> bool {
        self.chosen.iter().any(|word| word == rule)
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Selection};
    use crate::model::rule::Family;

    #[track_caller]
    fn check(chosen: &[&str], left_out: &[&str], expected: [Choice; 2]) {
        let selection = Selection {
            chosen: chosen.iter().map(|&word| word.to_owned()).collect(),
            left_out: left_out.iter().map(|&word| (word.to_owned(), "--skip")).collect(),
        };
        let usual = selection.choose("check-json", Family::Hygiene, true);
        let of_taste = selection.choose("pretty-format-json", Family::Hygiene, false);
        assert_eq!([usual, of_taste], expected);
    }

    #[test]
    fn ids_families_and_stars_choose() {
        check(&["*"], &[], [Choice::Runs, Choice::Off]);
        check(&["hygiene"], &[], [Choice::Runs, Choice::Off]);
        check(&["rules"], &[], [Choice::Off, Choice::Off]);
        check(&["check-json"], &[], [Choice::Runs, Choice::Off]);
        check(&["*", "pretty-format-json"], &[], [Choice::Runs, Choice::Runs]);
        check(&["*"], &["check-json"], [Choice::LeftOut("--skip"), Choice::Off]);
        check(&["*"], &["hygiene"], [Choice::LeftOut("--skip"), Choice::Off]);
        check(&["rules"], &["hygiene"], [Choice::Off, Choice::Off]);
    }
}
