//! Who needs whom.

use std::collections::{BTreeMap, BTreeSet};

/// How many files a note names.
const SHOWN: usize = 3;

/// Files, and what stands for several of them, with what each needs.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// Of each what it needs.
    needs: BTreeMap<String, BTreeSet<String>>,
    /// Those that may need anything, with the reason.
    open: BTreeMap<String, String>,
    /// The tests, each with the name that its runner gives it.
    pub(super) tests: BTreeMap<String, String>,
}

impl Graph {
    /// Notes that one needs another.
    pub(super) fn add(&mut self, who: &str, whom: impl Into<String>) {
        self.needs.entry(who.to_owned()).or_default().insert(whom.into());
    }

    /// Notes that one may need anything.
    pub(super) fn open(&mut self, who: &str, why: impl Into<String>) {
        self.open.entry(who.to_owned()).or_insert_with(|| why.into());
    }

    /// Notes a test.
    pub(super) fn test(&mut self, node: impl Into<String>, name: impl Into<String>) {
        self.tests.insert(node.into(), name.into());
    }

    /// All that need one of these, themselves among them; nothing if there is none.
    pub(super) fn reached<'g>(&'g self, starts: &BTreeSet<&'g str>) -> BTreeSet<&'g str> {
        if starts.is_empty() {
            return BTreeSet::new();
        }
        self.closure(starts.iter().copied().chain(self.open.keys().map(String::as_str)).collect())
    }

    /// All that a test is known to need, the tests among them.
    pub(super) fn needed(&self) -> BTreeSet<&str> {
        self.needed_by(self.tests.keys().map(String::as_str).collect())
    }

    /// All that these are known to need, they among them.
    pub(super) fn needed_by<'g>(&'g self, mut left: Vec<&'g str>) -> BTreeSet<&'g str> {
        let mut needed = BTreeSet::new();
        while let Some(node) = left.pop() {
            if needed.insert(node) {
                left.extend(self.needs.get(node).into_iter().flatten().map(String::as_str));
            }
        }
        needed
    }

    fn closure<'g>(&'g self, starts: Vec<&'g str>) -> BTreeSet<&'g str> {
        let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (who, whom) in self.needs.iter().flat_map(|(who, all)| all.iter().map(move |whom| (who, whom))) {
            needed_by.entry(whom).or_default().push(who);
        }
        let mut reached = BTreeSet::new();
        let mut left = starts;
        while let Some(node) = left.pop() {
            if reached.insert(node) {
                left.extend(needed_by.get(node).into_iter().flatten());
            }
        }
        reached
    }

    /// Why some tests run whatever changes; empty if none does.
    pub(super) fn note(&self) -> String {
        let always = self.closure(self.open.keys().map(String::as_str).collect());
        let n_always = self.tests.keys().filter(|test| always.contains(test.as_str())).count();
        if n_always == 0 {
            return String::new();
        }
        let needed = self.needed();
        let open = self.open.iter().filter(|(who, _)| needed.contains(who.as_str()));
        // What is no test itself is the cause for more of them.
        let mut causes: Vec<_> = open.map(|(who, why)| (self.tests.contains_key(who), why.as_str())).collect();
        causes.sort_unstable();
        let more = match causes.len().saturating_sub(SHOWN) {
            0 => String::new(),
            n_more => format!(", and {n_more} more"),
        };
        let causes: Vec<&str> = causes.into_iter().map(|(_, why)| why).take(SHOWN).collect();
        format!("{n_always} of them always run: {}{more}", causes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;
    use std::collections::BTreeSet;

    #[test]
    fn what_needs_a_start_directly_or_not_is_reached_also_in_a_circle() {
        let mut graph = Graph::default();
        for (who, whom) in [("t1", "a"), ("a", "b"), ("b", "a"), ("t2", "c")] {
            graph.add(who, whom);
        }
        let reached = |starts: &[&'static str]| {
            graph.reached(&starts.iter().copied().collect()).into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(reached(&["b"]), "a b t1");
        assert_eq!(reached(&["c", "t1"]), "c t1 t2");
        assert_eq!(reached(&[]), "");
    }

    #[test]
    fn what_may_need_anything_is_reached_by_whatever_there_is() {
        let mut graph = Graph::default();
        graph.add("t1", "a");
        graph.test("t1", "t1");
        graph.open("a", "a loads what it is told to");
        assert_eq!(graph.reached(&BTreeSet::from(["z"])), BTreeSet::from(["a", "t1", "z"]));
        assert_eq!(graph.reached(&BTreeSet::new()), BTreeSet::new());
        assert_eq!(graph.needed(), BTreeSet::from(["a", "t1"]));
        assert_eq!(graph.note(), "1 of them always run: a loads what it is told to");
    }
}
