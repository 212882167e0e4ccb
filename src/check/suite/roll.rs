//! Which tests there were: what a suite ran, to be held against what it ran of the state before. Cases of one test that
//! differ by their data are one, since data come and go without anyone meaning a test.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use memchr::{memchr2, memchr3, memmem};

use crate::check::suite::{Case, Ending};
use crate::model::escape::escaped;
use crate::model::path::RepoPath;
use crate::model::place::Place;

/// The most bytes of names; a roll of more is none.
const MAX_BYTES: usize = 1 << 20;
/// The most names that are told of a file, and the most files.
const MAX_NAMES: usize = 5;
const MAX_NOTES: usize = 20;

/// What tests belong to: a class or module, and a file; empty where that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    class: String,
    file: String,
}

/// Whether a test ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Presence {
    Skipped,
    Ran,
}

/// The tests that a suite tells of, in the order in which it does: those of one class stand together.
#[derive(Debug, Default)]
pub(crate) struct Called {
    groups: Vec<(Group, Vec<(String, Presence)>)>,
    n_bytes: usize,
}

impl Called {
    /// Adds a test.
    pub(crate) fn add(&mut self, case: &Case) {
        if self.n_bytes > MAX_BYTES {
            return;
        }
        let (class, file) = (on_one_line(&case.class), on_one_line(&case.file));
        let name = without_data(&on_one_line(&case.name));
        let presence = if case.ending == Ending::Skipped { Presence::Skipped } else { Presence::Ran };
        self.n_bytes += name.len() + 1;
        match self.groups.last_mut() {
            Some((group, names)) if group.class == class && group.file == file => names.push((name, presence)),
            _ => {
                self.n_bytes += class.len() + file.len();
                let group = Group { class: class.into_owned(), file: file.into_owned() };
                self.groups.push((group, vec![(name, presence)]));
            }
        }
    }

    /// All of them, with files as the repository knows them; `find` takes a class and what a report calls its file.
    pub(crate) fn located(self, find: impl Fn(&str, &str) -> Option<RepoPath>) -> Roll {
        let mut roll = Roll { groups: BTreeMap::new(), n_bytes: self.n_bytes };
        for (group, names) in self.groups {
            let path = find(&group.class, &group.file);
            let path = path.and_then(|path| std::str::from_utf8(path.as_bytes()).ok().map(str::to_owned));
            let file = path.filter(|path| !path.contains(['\0', '\n'])).unwrap_or_default();
            let known = roll.groups.entry(Group { file, ..group }).or_default();
            for (name, presence) in names {
                let known = known.entry(name).or_insert(presence);
                *known = presence.max(*known);
            }
        }
        roll
    }
}

/// The tests of a suite.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roll {
    groups: BTreeMap<Group, BTreeMap<String, Presence>>,
    n_bytes: usize,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is there, under this path.
    There(RepoPath),
    /// It was deleted.
    Gone,
}

impl Roll {
    /// Whether it has all tests.
    pub(crate) fn is_whole(&self) -> bool {
        self.n_bytes <= MAX_BYTES
    }

    /// The tests that ran, as bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (group, names) in &self.groups {
            let ran = names.iter().filter(|(_, presence)| **presence == Presence::Ran).map(|(name, _)| name.as_str());
            let fields: Vec<&str> = [group.class.as_str(), group.file.as_str()].into_iter().chain(ran).collect();
            bytes.extend_from_slice(fields.join("\0").as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }

    /// What [`Self::encode`] gave; none if it is something else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut roll = Self::default();
        for line in std::str::from_utf8(bytes).ok()?.lines() {
            let mut fields = line.split('\0').map(str::to_owned);
            let group = Group { class: fields.next()?, file: fields.next()? };
            roll.groups.insert(group, fields.map(|name| (name, Presence::Ran)).collect());
        }
        Some(roll)
    }

    /// What is to be said of the tests that ran before and are not there now, each file of them once. A test of the same
    /// name elsewhere is the same, moved; where as many came to a class as went, they were renamed.
    pub(crate) fn missed(&self, before: &Self, fate: &dyn Fn(&RepoPath) -> Fate) -> Vec<(Place, String)> {
        let lost = before.without(self);
        let mut come = self.without(before);
        let mut missed: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for (group, mut names) in lost {
            names.retain(|name| !come.values_mut().any(|others| others.remove(name)));
            let n_come = come.get(&group).map_or(0, BTreeSet::len);
            if names.len() > n_come {
                let (class, file) = (group.class.clone(), group.file.clone());
                let key = if file.is_empty() { (class, file) } else { (String::new(), file) };
                missed.entry(key).or_default().extend(names.iter().map(|name| full(&group.class, name)));
            }
        }
        missed.into_iter().take(MAX_NOTES).map(|((_, file), names)| said(&file, &names, fate)).collect()
    }

    /// The names that the other has not, by what they belong to.
    fn without(&self, other: &Self) -> BTreeMap<Group, BTreeSet<String>> {
        let names_of = |(group, names): (&Group, &BTreeMap<String, Presence>)| {
            let there = other.groups.get(group);
            let is_left = |name: &&String| !there.is_some_and(|there| there.contains_key(*name));
            (group.clone(), names.keys().filter(is_left).cloned().collect::<BTreeSet<_>>())
        };
        self.groups.iter().map(names_of).filter(|(_, names)| !names.is_empty()).collect()
    }
}

fn full(class: &str, name: &str) -> String {
    Case { class: class.to_owned(), name: name.to_owned(), ..Case::default() }.full_name()
}

fn said(file: &str, names: &BTreeSet<String>, fate: &dyn Fn(&RepoPath) -> Fate) -> (Place, String) {
    let (n_names, tests) = (names.len(), if names.len() == 1 { "test" } else { "tests" });
    let listed: Vec<String> = names.iter().take(MAX_NAMES).map(|name| format!("`{}`", escaped(name))).collect();
    let more = match n_names.saturating_sub(MAX_NAMES) {
        0 => String::new(),
        n_more => format!(" and {n_more} more"),
    };
    let listed = format!("{}{more}", listed.join(", "));
    let path = RepoPath::from(file);
    let place = match (file.is_empty(), fate(&path)) {
        (true, _) => Place::Change,
        (false, Fate::There(path)) => Place::File(path),
        (false, Fate::Gone) => {
            let went = format!("{path} was deleted, and with it {n_names} {tests} that ran before: {listed}");
            return (Place::Change, went);
        }
    };
    let verb = if n_names == 1 { "is" } else { "are" };
    (place, format!("{n_names} {tests} that ran before the change {verb} not there any more: {listed}"))
}

fn on_one_line(text: &str) -> Cow<'_, str> {
    match memchr2(b'\0', b'\n', text.as_bytes()) {
        Some(_) => Cow::Owned(text.replace(['\0', '\n'], " ")),
        None => Cow::Borrowed(text),
    }
}

/// The name of a test without what tells its cases apart: what stands in brackets at its end, and numbers.
fn without_data(name: &str) -> String {
    let end = memchr3(b'[', b'(', b'{', name.as_bytes()).filter(|&at| at > 0).unwrap_or(name.len());
    let end = memmem::find(name.as_bytes(), b" with data set ").map_or(end, |at| at.min(end));
    let plain = name.get(..end).unwrap_or(name).trim_end();
    if !plain.bytes().any(|byte| byte.is_ascii_digit()) {
        return plain.to_owned();
    }
    let mut numbered = String::with_capacity(plain.len());
    for c in plain.chars() {
        match c {
            '0'..='9' if numbered.ends_with('#') => {}
            '0'..='9' => numbered.push('#'),
            c => numbered.push(c),
        }
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::{Called, Fate, Roll};
    use crate::check::suite::{Case, Ending};
    use crate::model::path::RepoPath;
    use crate::model::place::Place;

    /// Words are tests as `class::name`; one with a question mark is skipped.
    fn roll(words: &str) -> Roll {
        let mut called = Called::default();
        for word in words.split_whitespace() {
            let ending = if word.ends_with('?') { Ending::Skipped } else { Ending::Passed };
            let (class, name) = word.trim_end_matches('?').split_once("::").unwrap();
            let case = Case { class: class.to_owned(), name: name.to_owned(), ending, ..Case::default() };
            called.add(&case);
        }
        // `mod_x` stands in `x.py`; of other classes the file is not known.
        called.located(|class, _| class.strip_prefix("mod_").map(|name| RepoPath::from(format!("{name}.py").as_str())))
    }

    #[track_caller]
    fn check(before: &str, now: &str, expected: &[&str]) {
        let before = Roll::decode(&roll(before).encode()).unwrap();
        let fate = |path: &RepoPath| match path.to_string().as_str() {
            "gone.py" => Fate::Gone,
            "old.py" => Fate::There(RepoPath::from("new.py")),
            _ => Fate::There(path.clone()),
        };
        let missed = roll(now).missed(&before, &fate);
        let shown = |(place, text): &(Place, String)| match place {
            Place::File(path) => format!("{path}: {text}"),
            _ => text.clone(),
        };
        assert_eq!(missed.iter().map(shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn tests_that_are_not_there_any_more_are_told_by_file() {
        let two = "mod_a.py: 2 tests that ran before the change are not there any more: `mod_a::x`, `mod_a::y`";
        check("mod_a::x mod_a::y mod_a::z k::w", "mod_a::z k::w", &[&two.replace("mod_a.py", "a.py")]);
        check("k::w l::v", "l::v", &["1 test that ran before the change is not there any more: `k::w`"]);
        check(
            "mod_gone::a mod_gone::b mod_gone::c mod_gone::d mod_gone::e mod_gone::f k::w",
            "k::w",
            &[
                "gone.py was deleted, and with it 6 tests that ran before: `mod_gone::a`, `mod_gone::b`, `mod_gone::c`, `mod_gone::d`, `mod_gone::e` and 1 more",
            ],
        );
        check("mod_old::a", "k::w", &["new.py: 1 test that ran before the change is not there any more: `mod_old::a`"]);
    }

    #[test]
    fn nothing_is_said_of_what_was_moved_renamed_skipped_or_counted_anew() {
        check("k::a k::b", "k::a k::b k::c", &[]);
        check("k::a k::b", "k::a? k::b", &[]);
        check("k::a? k::b", "k::b", &[]);
        check("k::a l::b", "l::a l::b", &[]);
        check("k::a k::b", "k::a k::new_b", &[]);
        check("mod_old::a mod_old::b", "mod_new::a mod_new::b", &[]);
        check("k::t[1-x] k::t[2] k::case_17", "k::t[3] k::case_4", &[]);
        check("k::t(1)", "k::u", &[]);
        // What came elsewhere is no new name of what went.
        check("k::a k::b", "k::b l::c", &["1 test that ran before the change is not there any more: `k::a`"]);
    }

    #[test]
    fn what_is_no_roll_is_none_and_too_many_tests_are_none() {
        assert_eq!(Roll::decode(b"no fields\n"), None);
        assert_eq!(Roll::decode(b"\xff"), None);
        assert_eq!(Roll::decode(b"").unwrap().missed(&roll("k::a"), &|path| Fate::There(path.clone())).len(), 1);
        let mut many = Called::default();
        for n in 0..3_000 {
            many.add(&Case { class: "c".repeat(500), name: format!("{}x", "n".repeat(n)), ..Case::default() });
        }
        assert!(!many.located(|_, _| None).is_whole());
    }
}
