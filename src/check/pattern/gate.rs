//! Which rules can hold in a text, told in one pass over it by the texts that each of them needs.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// The texts that some rules need.
pub(super) struct Gate {
    /// Finds the texts; `None` if there are none.
    finder: Option<AhoCorasick>,
    /// For each text the rules that need it or another.
    needed_by: Vec<Vec<usize>>,
    /// For each rule whether it needs no text.
    always: Vec<bool>,
}

impl Gate {
    /// A gate for rules that each need one of some texts, or nothing.
    pub(super) fn new<'a>(rules: impl Iterator<Item = Option<Vec<&'a str>>>) -> Self {
        let (mut texts, mut always) = (Vec::new(), Vec::new());
        for (rule, needed) in rules.enumerate() {
            always.push(needed.is_none());
            texts.extend(needed.into_iter().flatten().map(|text| (text, rule)));
        }
        texts.sort_unstable();
        let (mut distinct, mut needed_by): (Vec<&str>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        for (text, rule) in texts {
            match needed_by.last_mut().filter(|_| distinct.last() == Some(&text)) {
                Some(rules) => rules.push(rule),
                None => {
                    distinct.push(text);
                    needed_by.push(vec![rule]);
                }
            }
        }
        // Without a finder every rule runs.
        let finder = if distinct.is_empty() { None } else { automaton(&distinct) };
        if finder.is_none() {
            always.fill(true);
        }
        Self { finder, needed_by, always }
    }

    /// For each rule whether it can hold in the text.
    pub(super) fn open_for(&self, text: &[u8]) -> Vec<bool> {
        let mut open = self.always.clone();
        let mut n_closed = open.iter().filter(|is_open| !**is_open).count();
        let Some(finder) = &self.finder else { return open };
        let mut seen = vec![false; self.needed_by.len()];
        for found in finder.find_overlapping_iter(text) {
            let index = found.pattern().as_usize();
            if seen.get_mut(index).is_none_or(|seen| std::mem::replace(seen, true)) {
                continue;
            }
            for rule in self.needed_by.get(index).into_iter().flatten() {
                if let Some(is_open) = open.get_mut(*rule).filter(|is_open| !**is_open) {
                    *is_open = true;
                    n_closed -= 1;
                }
            }
            if n_closed == 0 {
                break;
            }
        }
        open
    }
}

/// A commit pays for making the automaton and looks at a few kilobytes with it: one that is made in half the time serves
/// it better than one that looks faster.
fn automaton(texts: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(texts).ok()
}

#[cfg(test)]
mod tests {
    use super::Gate;

    #[test]
    fn a_rule_runs_where_one_of_its_texts_is() {
        let rules = [Some(vec!["ab", "xy"]), None, Some(vec!["b", "ab"]), Some(vec!["abc"])];
        let gate = Gate::new(rules.into_iter());
        assert_eq!(gate.open_for(b"zabz"), [true, true, true, false]);
        assert_eq!(gate.open_for(b"abc"), [true, true, true, true]);
        assert_eq!(gate.open_for(b""), [false, true, false, false]);
        assert_eq!(Gate::new([None].into_iter()).open_for(b""), [true]);
    }
}
