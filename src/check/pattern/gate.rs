//! Which rules can hold in a text, and where, told in one pass over it by the texts that each of them needs.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::check::pattern::pack::Known;
use crate::model::place::Span;
use crate::syntax::literals::{Need, Text};
use crate::syntax::places::Places;
use crate::syntax::standing::Standing;

/// From so many bytes on that were looked at an automaton is worth it that takes longer to make and looks faster.
const MANY: usize = 512 << 10;

/// Something that a rule needs: one of some texts; whether within each node that it finds, or anywhere in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Needed<'a> {
    /// Whether one stands within each node.
    pub(super) is_within: bool,
    /// The texts, each with how it stands.
    pub(super) texts: Vec<(&'a str, Standing)>,
}

impl<'a> From<&'a Need> for Needed<'a> {
    fn from(need: &'a Need) -> Self {
        let text = |Text { text, standing }: &'a Text| (text.as_str(), *standing);
        Self { is_within: need.is_within, texts: need.texts.iter().map(text).collect() }
    }
}

impl From<&Known> for Needed<'static> {
    fn from((is_within, by_standing): &Known) -> Self {
        let standings = [Standing::Anywhere, Standing::Word, Standing::Called].into_iter();
        let texts =
            standings.zip(by_standing).flat_map(|(standing, texts)| texts.iter().map(move |text| (*text, standing)));
        Self { is_within: *is_within, texts: texts.collect() }
    }
}

/// The texts that some rules need.
pub(super) struct Gate {
    /// Finds the texts; `None` if there are none.
    finder: Option<AhoCorasick>,
    /// Finds them faster.
    fast: OnceLock<Option<AhoCorasick>>,
    /// How many bytes were looked at.
    n_bytes: AtomicUsize,
    /// The texts.
    met_by: Vec<Meeting>,
    /// For each need its texts.
    texts: Vec<Vec<String>>,
    /// For each need whether it is asked where it is met.
    is_within: Vec<bool>,
    /// For each rule its needs.
    of_rules: Vec<Vec<usize>>,
}

/// A text and what it is for.
struct Meeting {
    text: String,
    /// How it has to stand.
    standing: Standing,
    /// The needs that it meets.
    needs: Vec<usize>,
}

/// What a gate found in a text.
pub(super) struct Passed<'g> {
    gate: &'g Gate,
    /// For each need where it is met, as far as that is asked.
    met: Vec<Places>,
}

impl Gate {
    /// A gate for rules that each need some things, or nothing.
    pub(super) fn new<'a>(rules: impl Iterator<Item = Vec<Needed<'a>>>) -> Self {
        let (mut needs, mut of_rules) = (BTreeMap::new(), Vec::new());
        for needed in rules {
            let mut number = |need| {
                let next = needs.len();
                *needs.entry(need).or_insert(next)
            };
            of_rules.push(needed.into_iter().map(&mut number).collect::<Vec<usize>>());
        }
        let mut met_by: BTreeMap<(&str, Standing), Vec<usize>> = BTreeMap::new();
        let (mut is_within, mut texts) = (vec![false; needs.len()], vec![Vec::new(); needs.len()]);
        for (need, number) in &needs {
            if let Some(texts) = texts.get_mut(*number) {
                *texts = need.texts.iter().map(|(text, _)| (*text).to_owned()).collect();
            }
            need.texts.iter().for_each(|text| met_by.entry(*text).or_default().push(*number));
            if let Some(is_asked) = is_within.get_mut(*number) {
                *is_asked = need.is_within;
            }
        }
        let quickly = AhoCorasickKind::ContiguousNFA;
        let finder = if met_by.is_empty() { None } else { automaton(met_by.keys().map(|(text, _)| *text), quickly) };
        // Without a finder every rule runs.
        if finder.is_none() {
            of_rules.iter_mut().for_each(Vec::clear);
        }
        let meeting =
            |((text, standing), needs): ((&str, Standing), _)| Meeting { text: text.to_owned(), standing, needs };
        let met_by = met_by.into_iter().map(meeting).collect();
        Self { finder, fast: OnceLock::new(), n_bytes: AtomicUsize::new(0), met_by, texts, is_within, of_rules }
    }

    /// What looks through a text of so many bytes: after many of them, what looks faster.
    fn finder(&self, n_bytes: usize) -> Option<&AhoCorasick> {
        let n_before = self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed);
        let texts = || self.met_by.iter().map(|meeting| meeting.text.as_str());
        let fast = || self.fast.get_or_init(|| automaton(texts(), AhoCorasickKind::DFA)).as_ref();
        let finder = self.finder.as_ref();
        if n_before < MANY { finder } else { finder.and_then(|_| fast()).or(finder) }
    }

    /// Looks through a text.
    pub(super) fn pass(&self, text: &[u8]) -> Passed<'_> {
        let mut met = vec![Places::default(); self.is_within.len()];
        for found in self.finder(text.len()).iter().flat_map(|finder| finder.find_overlapping_iter(text)) {
            let Some(meeting) = self.met_by.get(found.pattern().as_usize()) else { continue };
            let span = Span { start: found.end() - meeting.text.len(), end: found.end() };
            if !meeting.standing.is_met(text, span) {
                continue;
            }
            for need in &meeting.needs {
                let is_asked = self.is_within.get(*need).copied().unwrap_or(false);
                if let Some(places) = met.get_mut(*need).filter(|places| is_asked || places.is_empty()) {
                    places.push(span);
                }
            }
        }
        Passed { gate: self, met }
    }
}

impl Passed<'_> {
    /// Whether a rule, told by its number, can hold in the text when some names are written out in it.
    pub(super) fn may_open(&self, rule: usize, names: &[&str]) -> bool {
        self.gate.of_rules.get(rule).into_iter().flatten().all(|need| {
            let is_met = self.met.get(*need).is_some_and(|places| !places.is_empty());
            let mut texts = self.gate.texts.get(*need).into_iter().flatten();
            is_met || texts.any(|text| names.iter().any(|name| may_stand_at(text.as_bytes(), name.as_bytes())))
        })
    }

    /// For each rule where it can hold: within nodes that have all of these places in them. `None` if it can't hold.
    pub(super) fn open(&self) -> impl Iterator<Item = Option<Vec<&Places>>> {
        self.gate.of_rules.iter().map(|needs| {
            let mut within = Vec::new();
            for need in needs {
                let places = self.met.get(*need).filter(|places| !places.is_empty())?;
                if self.gate.is_within.get(*need).copied().unwrap_or(false) {
                    within.push(places);
                }
            }
            Some(within)
        })
    }
}

/// Whether a text may stand where a name was written out, over it or over an end of it. Before a name and after it there
/// is no letter.
fn may_stand_at(text: &[u8], name: &[u8]) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    // Where the text ends, counted from where the name begins.
    (1..text.len() + name.len()).any(|end| {
        let (n_before, start) = (text.len().saturating_sub(end), end.saturating_sub(text.len()));
        let shared = name.get(start..end.min(name.len())).unwrap_or_default();
        let rest = text.get(n_before..).unwrap_or_default();
        rest.starts_with(shared)
            && !is_letter(n_before.checked_sub(1).and_then(|before| text.get(before)))
            && !is_letter(rest.get(shared.len()))
    })
}

/// A commit pays for making the automaton and looks at a few kilobytes with it: one that is made in half the time serves
/// it better than one that looks faster.
fn automaton<'a>(texts: impl Iterator<Item = &'a str>, kind: AhoCorasickKind) -> Option<AhoCorasick> {
    AhoCorasick::builder().kind(Some(kind)).build(texts).ok()
}

#[cfg(test)]
mod tests {
    use super::{Gate, MANY, Needed, may_stand_at};
    use crate::syntax::standing::Standing;

    /// For each rule how many places it has for each of its needs within; `None` if it is kept out.
    #[track_caller]
    fn check(text: &str, expected: [Option<&[usize]>; 5]) {
        let needed = |is_within: bool, texts: &[&'static str]| Needed {
            is_within,
            texts: texts.iter().map(|text| (*text, Standing::Anywhere)).collect(),
        };
        let rules = [
            vec![needed(true, &["ab", "xy"])],
            vec![],
            vec![needed(false, &["ab", "xy"])],
            vec![needed(true, &["abc"]), needed(true, &["ab", "xy"])],
            vec![needed(false, &["abc"]), needed(true, &["b"])],
        ];
        let gate = Gate::new(rules.into_iter());
        // The second time it looks faster.
        for _ in 0..2 {
            let passed = gate.pass(text.as_bytes());
            let open: Vec<Option<Vec<usize>>> =
                passed.open().map(|within| Some(within?.into_iter().map(|places| places.len()).collect())).collect();
            assert_eq!(open, expected.map(|within| within.map(<[usize]>::to_vec)), "{text}");
            gate.pass(&vec![b'-'; MANY]);
        }
        assert!(gate.fast.get().is_some_and(Option::is_some));
    }

    #[test]
    fn a_rule_runs_where_all_is_that_it_needs() {
        check("zabz", [Some(&[1]), Some(&[]), Some(&[]), None, None]);
        check("abc ab xy", [Some(&[3]), Some(&[]), Some(&[]), Some(&[1, 3]), Some(&[2])]);
        check("", [None, Some(&[]), None, None, None]);
        assert!(Gate::new([vec![]].into_iter()).pass(b"").open().all(|within| within.is_some()));
    }

    #[test]
    fn a_word_is_met_where_it_stands_by_itself() {
        let word = |text: &'static str| Needed { is_within: true, texts: vec![(text, Standing::Word)] };
        let gate = Gate::new([vec![word("in")]].into_iter());
        let check = |text: &str, expected: usize| {
            let passed = gate.pass(text.as_bytes());
            let within = passed.open().next().flatten().unwrap_or_default();
            assert_eq!(within.iter().map(|places| places.len()).sum::<usize>(), expected, "{text}");
        };
        ["in", "(in)"].into_iter().for_each(|text| check(text, 1));
        ["", "int"].into_iter().for_each(|text| check(text, 0));
        check("for line in lines: print(line) if 1 in line", 2);
    }

    #[test]
    fn a_text_may_stand_over_a_name_or_an_end_of_it() {
        let check = |text: &str, expected: bool| {
            assert_eq!(may_stand_at(text.as_bytes(), b"hashlib.md5"), expected, "{text}");
        };
        ["hashlib", "lib.m", "md5", "md5(", "(hashlib", " hashlib.md5 ", "hashlib.md5(x)"]
            .into_iter()
            .for_each(|text| check(text, true));
        ["hash1", "md5sum", "xhash", "sha", "(md5", "(h x"].into_iter().for_each(|text| check(text, false));
    }

    #[test]
    fn a_name_that_is_written_out_may_open_what_was_closed() {
        let need = |text: &'static str| Needed { is_within: true, texts: vec![(text, Standing::Anywhere)] };
        let gate = Gate::new([vec![need("hashlib.md5"), need("shell")], vec![need("md5(")]].into_iter());
        let passed = gate.pass(b"from hashlib import md5 as h; h(shell)");
        assert!(passed.may_open(0, &["hashlib.md5"]) && passed.may_open(1, &["hashlib.md5"]));
        assert!(!passed.may_open(0, &["os.path"]) && !gate.pass(b"").may_open(0, &["hashlib.md5"]));
    }
}
