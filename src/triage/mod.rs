//! Triage: which findings the change brings in. Pure: compares what was found on both sides.

pub(crate) mod suppress;

use std::collections::{BTreeMap, HashMap};

use crate::diff::LineDiff;
use crate::model::change::ChangeSet;
use crate::model::finding::{Finding, Novelty, Reach, State};
use crate::model::path::RepoPath;
use crate::model::place::{Place, Region};
use crate::model::rule::RuleId;
use crate::model::suppression::Directive;

/// The state before of one file, against one parent.
#[derive(Debug)]
pub(crate) struct BaseFile {
    /// The file: its index in the change, a higher number for one that is not in it.
    pub(crate) file: usize,
    /// Its path, if it is not in the change.
    pub(crate) beyond: Option<RepoPath>,
    /// The parent: its index in the change.
    pub(crate) parent: usize,
    /// What the checks that are asked for find there, places resolved.
    pub(crate) findings: Vec<Finding>,
    /// What its comments allow.
    pub(crate) directives: Vec<Directive>,
    /// The way from the lines of the judged side to those of this one; `None` if the judged side has no findings.
    pub(crate) diff: Option<LineDiff>,
}

/// Decides the state of every finding: new only if no parent has it. A change without parents brings in everything.
pub(crate) fn compare(findings: &mut [Finding], change: &ChangeSet, bases: &[BaseFile]) {
    let beyond = bases.iter().filter_map(|base| Some((base.beyond.as_ref()?, base.file)));
    let files: BTreeMap<&RepoPath, usize> =
        beyond.chain(change.files.iter().enumerate().map(|(index, file)| (file.path(), index))).collect();
    let file_of = |finding: &Finding| finding.place.path().and_then(|path| files.get(path)).copied();
    for finding in findings.iter_mut() {
        finding.state = State::New;
    }
    for parent in 0..change.parents.len() {
        let bases: Vec<&BaseFile> = bases.iter().filter(|base| base.parent == parent).collect();
        let states = Comparison::new(findings, &bases, file_of).states();
        for (finding, state) in findings.iter_mut().zip(states) {
            finding.state = finding.state.max(state);
        }
    }
    for at in 0..findings.len() {
        let Some(finding) = findings.get(at).filter(|finding| finding.n_unlisted > 0) else { continue };
        let (rule, file) = (finding.rule.clone(), file_of(finding));
        let n_now = all_of(&rule, findings.iter().filter(|finding| file_of(finding) == file));
        let had_fewer = |parent| {
            let before = bases.iter().filter(|base| base.parent == parent && Some(base.file) == file);
            all_of(&rule, before.flat_map(|base| &base.findings)) < n_now
        };
        if let (true, Some(finding)) = ((0..change.parents.len()).all(had_fewer), findings.get_mut(at)) {
            finding.state = State::New;
        }
    }
}

/// How many findings of a rule there are, those that are not listed included. They can't be told apart, but where there
/// are more of them than before one is new.
fn all_of<'a>(rule: &RuleId, findings: impl Iterator<Item = &'a Finding>) -> usize {
    findings.filter(|finding| finding.rule == *rule).map(|finding| 1 + finding.n_unlisted).sum()
}

/// Whether a finding is still without a counterpart, so that it is worth looking for one elsewhere.
pub(crate) fn is_open(finding: &Finding) -> bool {
    finding.novelty == Novelty::Compared && finding.state == State::New && !finding.is_suppressed()
}

/// Whether a finding of a command that looks at the whole project may be older than the change, as it is not on a line
/// that the change wrote.
pub(crate) fn may_be_older(finding: &Finding, change: &ChangeSet, bases: &[BaseFile]) -> bool {
    let path = finding.place.path();
    let file = change.files.iter().position(|file| Some(file.path()) == path);
    let was_there = |parent: usize| {
        let of_file = |base: &&BaseFile| Some(base.file) == file && base.parent == parent;
        let diff = bases.iter().find(of_file).and_then(|base| base.diff.as_ref());
        match (&finding.region, diff) {
            (Some(region), Some(diff)) => lines(region).any(|line| !diff.is_written(line)),
            // A file that was not there had no findings.
            (_, None) => file.and_then(|file| change.files.get(file)?.bases.get(parent)).is_none_or(Option::is_some),
            (None, Some(_)) => true,
        }
    };
    let is_open = finding.novelty == Novelty::Rerun && finding.state == State::New && !finding.is_suppressed();
    is_open && (0..change.parents.len()).any(was_there)
}

struct Comparison<'a> {
    heads: Vec<(&'a Finding, Option<usize>)>,
    bases: &'a [&'a BaseFile],
    /// The state of each head finding; `None` while it has no counterpart.
    states: Vec<Option<State>>,
    /// For each base file, which of its findings are counterparts already.
    taken: Vec<Vec<bool>>,
    /// The findings of the state before by what every counterpart shares.
    index: HashMap<(&'a RuleId, &'a str), Vec<Candidate>>,
}

/// A finding of the state before: the file's index in `bases`, the finding's in the file.
type Candidate = (usize, usize);

impl<'a> Comparison<'a> {
    fn new(heads: &'a [Finding], bases: &'a [&'a BaseFile], file_of: impl Fn(&Finding) -> Option<usize>) -> Self {
        Self {
            heads: heads.iter().map(|finding| (finding, file_of(finding))).collect(),
            bases,
            states: vec![None; heads.len()],
            taken: bases.iter().map(|base| vec![false; base.findings.len()]).collect(),
            index: index(bases),
        }
    }

    /// Rule and text agree in every pair (see [`index`]). What else agrees is asked from the surest sign to the weakest;
    /// one finding is the counterpart of one finding.
    fn states(mut self) -> Vec<State> {
        self.by_changed_lines();
        self.pair(Self::same_line);
        self.pair(|this, head, at| this.same_file(head, at) && this.same_symbol(head, at));
        self.pair(Self::same_file);
        self.pair(|this, head, at| this.can_move(head) && this.same_symbol(head, at));
        self.pair(|this, head, _| this.can_move(head));
        self.states.into_iter().map(|state| state.unwrap_or(State::New)).collect()
    }

    fn diff(&self, file: Option<usize>) -> Option<&'a LineDiff> {
        self.bases.iter().find(|base| Some(base.file) == file)?.diff.as_ref()
    }

    /// Findings of tools that are not run on the state before: on a line that the change wrote they are new.
    fn by_changed_lines(&mut self) {
        for at in 0..self.heads.len() {
            let Some((finding, file)) = self.heads.get(at).copied() else { continue };
            if finding.novelty != Novelty::ChangedLines {
                continue;
            }
            // A place that is not there tells nothing of what the change did.
            let region = finding.region.as_ref().filter(|region| is_in_text(&finding.place, region));
            let is_old = match (region, self.diff(file)) {
                (Some(region), Some(diff)) => !lines(region).any(|line| diff.is_written(line)),
                (Some(_), None) => file.is_none(),
                (None, _) => false,
            };
            self.settle(at, is_old.then_some(State::Unchanged));
        }
    }

    fn settle(&mut self, at: usize, state: Option<State>) {
        if let Some(slot) = self.states.get_mut(at) {
            *slot = state;
        }
    }

    fn pair(&mut self, fits: impl Fn(&Self, usize, Candidate) -> bool) {
        for head in 0..self.heads.len() {
            let is_settled = self.states.get(head) != Some(&None);
            let is_compared = |finding: &Finding| matches!(finding.novelty, Novelty::Compared | Novelty::Rerun);
            let compared = self.heads.get(head).filter(|(finding, _)| is_compared(finding));
            let Some((finding, _)) = compared.filter(|_| !is_settled) else { continue };
            let candidates = self.index.get(&(&finding.rule, text(finding))).into_iter().flatten().copied();
            let is_free = |at: &Candidate| !self.is_taken(*at) && self.may_excuse(head, *at);
            let found = candidates.filter(is_free).find(|at| fits(self, head, *at));
            if let Some(at) = found {
                let state = self.state(head, at);
                self.settle(head, Some(state));
                if let Some(taken) = self.taken.get_mut(at.0).and_then(|file| file.get_mut(at.1)) {
                    *taken = true;
                }
            }
        }
    }

    fn is_taken(&self, (file, finding): Candidate) -> bool {
        self.taken.get(file).and_then(|file| file.get(finding)).copied().unwrap_or(true)
    }

    fn both(&self, head: usize, (file, finding): Candidate) -> Option<(&'a Finding, &'a Finding)> {
        let (head, _) = self.heads.get(head)?;
        Some((head, self.bases.get(file)?.findings.get(finding)?))
    }

    /// What was suppressed before is no excuse for what is not suppressed any more.
    fn may_excuse(&self, head: usize, at: Candidate) -> bool {
        self.both(head, at).is_some_and(|(head, base)| head.is_suppressed() || !base.is_suppressed())
    }

    fn same_file(&self, head: usize, at: Candidate) -> bool {
        let file = self.heads.get(head).and_then(|(_, file)| *file);
        self.bases.get(at.0).is_some_and(|base| Some(base.file) == file)
    }

    fn same_symbol(&self, head: usize, at: Candidate) -> bool {
        self.both(head, at).is_some_and(|(head, base)| head.anchor.symbol == base.anchor.symbol)
    }

    /// Whether a finding may have come from another file: it is in code, and there is some text to know it by.
    fn can_move(&self, head: usize) -> bool {
        let anchor = self.heads.get(head).map(|(finding, _)| &finding.anchor);
        anchor.is_some_and(|anchor| anchor.reach == Reach::Anywhere && !anchor.text.is_empty())
    }

    /// The same finding on a line that the change left alone.
    fn same_line(&self, head: usize, at: Candidate) -> bool {
        self.same_file(head, at)
            && self.both(head, at).is_some_and(|(head, base)| {
                let diff = self.bases.get(at.0).and_then(|base| base.diff.as_ref());
                match (&head.region, &base.region, diff) {
                    (Some(head), Some(base), Some(diff)) => diff.old_line(first(head)) == Some(first(base)),
                    (None, None, _) => true,
                    _ => false,
                }
            })
    }

    /// A counterpart on a line that the change edits is `updated`; a line that only moved or was indented is not
    /// edited.
    fn state(&self, head: usize, at: Candidate) -> State {
        let Some((finding, base)) = self.both(head, at) else { return State::New };
        let (Some(region), Some(before)) = (&finding.region, &base.region) else { return State::Unchanged };
        let is_written = match self.same_file(head, at) {
            true => self
                .bases
                .get(at.0)
                .and_then(|base| base.diff.as_ref())
                .is_none_or(|diff| diff.is_written(first(region))),
            false => true,
        };
        match is_written && shown(region) != shown(before) {
            true => State::Updated,
            false => State::Unchanged,
        }
    }
}

fn index<'a>(bases: &'a [&'a BaseFile]) -> HashMap<(&'a RuleId, &'a str), Vec<Candidate>> {
    let mut index: HashMap<_, Vec<Candidate>> = HashMap::new();
    for (file, base) in bases.iter().enumerate() {
        for (at, finding) in base.findings.iter().enumerate() {
            index.entry((&finding.rule, text(finding))).or_default().push((file, at));
        }
    }
    index
}

/// What a finding is known by beside its rule: what it holds on to, and where a tool gives nothing of that, what it says.
fn text(finding: &Finding) -> &str {
    match finding.novelty {
        Novelty::Rerun if finding.anchor.text.is_empty() => &finding.message,
        _ => &finding.anchor.text,
    }
}

/// Whether a place lies in the text that its region was taken from: one behind the end was moved to it.
fn is_in_text(place: &Place, region: &Region) -> bool {
    match place {
        Place::Lines { start, .. } => start.line == region.start.line,
        Place::Span(..) => true,
        Place::File(_) | Place::Change | Place::Message(_) => false,
    }
}

/// The first line of a region, from 0.
fn first(region: &Region) -> usize {
    (region.start.line as usize).saturating_sub(1)
}

/// The lines of a region, from 0.
fn lines(region: &Region) -> std::ops::RangeInclusive<usize> {
    let last = if region.end.column == 1 && region.end.line > region.start.line {
        region.end.line - 1
    } else {
        region.end.line
    };
    first(region)..=(last as usize).saturating_sub(1)
}

/// The text of a region's first line without its indentation.
fn shown(region: &Region) -> Option<&str> {
    let index = region.start.line.checked_sub(region.first_line)?;
    region.lines.get(index as usize).map(|line| line.trim())
}

/// Puts findings in the order of reports and drops what was said twice.
pub(crate) fn order(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| a.order_key().cmp(&b.order_key()));
    findings.dedup_by(|a, b| a.order_key() == b.order_key());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop, proptest};

    use super::{BaseFile, compare, order};
    use crate::diff::LineDiff;
    use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Parent, Source, Status};
    use crate::model::finding::{Anchor, Finding, Novelty, State};
    use crate::model::path::RepoPath;
    use crate::model::place::{Place, Span};
    use crate::model::rule::Level;
    use crate::sarif::locate::locate;
    use crate::sarif::text::Text;

    /// Finds every `!` and anchors it in the text of its line.
    fn findings(path: &str, text: &str) -> Vec<Finding> {
        let index = Text::new(text.as_bytes());
        text.match_indices('!')
            .map(|(at, _)| {
                let start = text[..at].rfind('\n').map_or(0, |feed| feed + 1);
                let end = text[at..].find('\n').map_or(text.len(), |feed| at + feed);
                let place = Place::Span(RepoPath::from(path), Span { start: at, end: at + 1 });
                let mut finding = Finding::new("bang", Level::Error, place, "m")
                    .with_anchor(Anchor::new("", &text.as_bytes()[start..end]));
                finding.region = locate(&index, &finding.place);
                finding
            })
            .collect()
    }

    fn side(path: &str) -> Option<FileSide> {
        Some(FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Worktree })
    }

    /// A change of files (name, texts before by parent, text after), compared; the states by line.
    fn states(files: &[(&str, &[&str], &str)]) -> Vec<State> {
        let n_parents = files.iter().map(|(_, bases, _)| bases.len()).max().unwrap_or(0);
        let tree = ObjectId::from_hex(&[b'0'; 40]).unwrap();
        let change = ChangeSet {
            title: String::new(),
            head: Head::Index,
            parents: vec![Parent { tree, commit: None }; n_parents],
            files: files
                .iter()
                .map(|(path, bases, _)| ChangedFile {
                    status: Status::Modified,
                    head: side(path),
                    bases: bases.iter().map(|_| side(path)).collect(),
                })
                .collect(),
            merged: Vec::new(),
        };
        let mut found = Vec::new();
        let mut before = Vec::new();
        for (file, (path, bases, head)) in files.iter().enumerate() {
            found.extend(findings(path, head));
            for (parent, base) in bases.iter().enumerate() {
                let diff = Some(LineDiff::between(base.as_bytes(), head.as_bytes()));
                before.push(BaseFile {
                    file,
                    beyond: None,
                    parent,
                    findings: findings(path, base),
                    directives: Vec::new(),
                    diff,
                });
            }
        }
        compare(&mut found, &change, &before);
        order(&mut found);
        found.into_iter().map(|finding| finding.state).collect()
    }

    #[test]
    fn one_more_among_those_that_are_not_listed_is_new() {
        use State::{New, Unchanged};
        // The last of two that are listed stands for the rest.
        let state = |n_before: usize, n_now: usize| {
            let file = ChangedFile { status: Status::Modified, head: side("a"), bases: vec![side("a")] };
            let tree = ObjectId::from_hex(&[b'0'; 40]).unwrap();
            let parents = vec![Parent { tree, commit: None }];
            let change =
                ChangeSet { title: String::new(), head: Head::Index, parents, files: vec![file], merged: Vec::new() };
            let found = |n: usize| {
                let mut listed = findings("a", "x!\ny!\n");
                let last = listed.pop().unwrap().standing_for(n - 2);
                listed.push(last);
                listed
            };
            let diff = Some(LineDiff::between(b"x!\ny!\n", b"x!\ny!\n"));
            let mut now = found(n_now);
            compare(
                &mut now,
                &change,
                &[BaseFile {
                    file: 0,
                    beyond: None,
                    parent: 0,
                    findings: found(n_before),
                    directives: Vec::new(),
                    diff,
                }],
            );
            now[1].state
        };
        assert_eq!([state(5, 5), state(6, 5), state(5, 6), state(2, 3)], [Unchanged, Unchanged, New, New]);
    }

    #[test]
    fn a_finding_is_followed_through_edits_around_it() {
        use State::{New, Unchanged, Updated};
        assert_eq!(states(&[("a", &["x!\n"], "x!\n")]), [Unchanged]);
        assert_eq!(states(&[("a", &["x!\n"], "new\n\nx!\n")]), [Unchanged]);
        assert_eq!(states(&[("a", &["x!\n"], "x!\nx!\n")]).iter().filter(|state| **state == New).count(), 1);
        assert_eq!(states(&[("a", &["x!\n"], "    x!\n")]), [Unchanged]);
        assert_eq!(states(&[("a", &["x!\n"], "y!\n")]), [New]);
        assert_eq!(states(&[("a", &[], "y!\n")]), [New]);
        // The anchor is the folded line, so only another place in the same folded text can be `updated`.
        assert_eq!(states(&[("a", &["x  !\n"], "x !\n")]), [Updated]);
    }

    #[test]
    fn moved_code_brings_nothing_in() {
        use State::{New, Unchanged};
        assert_eq!(states(&[("a", &["x!\n"], ""), ("b", &["k\n"], "k\nx!\n")]), [Unchanged]);
        assert_eq!(states(&[("a", &["x!\n"], "x!\n"), ("b", &["k\n"], "k\nx!\n")]), [Unchanged, New]);
    }

    #[test]
    fn a_property_of_a_file_does_not_move_to_another() {
        let change = |head: &str, base: &str| {
            let mut found = findings("b", head);
            let mut before = findings("a", base);
            for finding in found.iter_mut().chain(&mut before) {
                finding.anchor = Anchor::of_file(b"no line end");
            }
            let tree = ObjectId::from_hex(&[b'0'; 40]).unwrap();
            let file = |path| ChangedFile { status: Status::Modified, head: side(path), bases: vec![side(path)] };
            let files = vec![file("a"), file("b")];
            let change = ChangeSet {
                title: String::new(),
                head: Head::Index,
                parents: vec![Parent { tree, commit: None }],
                files,
                merged: Vec::new(),
            };
            compare(
                &mut found,
                &change,
                &[BaseFile { file: 0, beyond: None, parent: 0, findings: before, directives: Vec::new(), diff: None }],
            );
            found[0].state
        };
        assert_eq!(change("x!", "x!"), State::New);
    }

    #[test]
    fn a_blank_line_is_followed_too() {
        // The anchor of a line of blanks is empty.
        let blank = |head: &str, base: &str| {
            let mut found = findings("a", head);
            let mut before = findings("a", base);
            found.iter_mut().chain(&mut before).for_each(|finding| finding.anchor = Anchor::new("", b"  "));
            let tree = ObjectId::from_hex(&[b'0'; 40]).unwrap();
            let file = ChangedFile { status: Status::Modified, head: side("a"), bases: vec![side("a")] };
            let parents = vec![Parent { tree, commit: None }];
            let change =
                ChangeSet { title: String::new(), head: Head::Index, parents, files: vec![file], merged: Vec::new() };
            let diff = Some(LineDiff::between(base.as_bytes(), head.as_bytes()));
            compare(
                &mut found,
                &change,
                &[BaseFile { file: 0, beyond: None, parent: 0, findings: before, directives: Vec::new(), diff }],
            );
            found.into_iter().map(|finding| finding.state).collect::<Vec<_>>()
        };
        assert_eq!(blank("new\na\n!\nb\n", "a\n!\nb\n"), [State::Unchanged]);
        assert_eq!(blank("!\na\n!\n", "a\n!\n"), [State::New, State::Unchanged]);
    }

    #[test]
    fn in_a_merge_only_what_no_parent_has_is_new() {
        use State::{New, Unchanged};
        assert_eq!(states(&[("a", &["x!\n", "y\n"], "x!\ny\n")]), [Unchanged]);
        assert_eq!(states(&[("a", &["x\n", "x!\n"], "x!\n")]), [Unchanged]);
        assert_eq!(states(&[("a", &["x\n", "y\n"], "z!\n")]), [New]);
    }

    #[test]
    fn a_tool_that_is_not_run_before_is_judged_by_changed_lines() {
        let check = |base: &str, head: &str, expected: State| {
            let mut found = findings("a", head);
            found.iter_mut().for_each(|finding| finding.novelty = Novelty::ChangedLines);
            let tree = ObjectId::from_hex(&[b'0'; 40]).unwrap();
            let file = ChangedFile { status: Status::Modified, head: side("a"), bases: vec![side("a")] };
            let parents = vec![Parent { tree, commit: None }];
            let change =
                ChangeSet { title: String::new(), head: Head::Index, parents, files: vec![file], merged: Vec::new() };
            let diff = Some(LineDiff::between(base.as_bytes(), head.as_bytes()));
            compare(
                &mut found,
                &change,
                &[BaseFile { file: 0, beyond: None, parent: 0, findings: Vec::new(), directives: Vec::new(), diff }],
            );
            assert_eq!(found[0].state, expected);
        };
        check("x!\n", "k\nx!\n", State::Unchanged);
        check("x\n", "x!\n", State::New);
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop::sample::select(vec!["a\n", "b!\n", "c!\n", "d\n", "  b!\n", "\n"]);
        prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn no_more_is_forgiven_than_was_there_and_what_is_untouched_is_forgiven(base in text(), head in text()) {
            let states = states(&[("a", &[&base], &head)]);
            let forgiven = states.iter().filter(|state| **state == State::Unchanged).count();
            assert!(forgiven <= findings("a", &base).len());
            let diff = LineDiff::between(base.as_bytes(), head.as_bytes());
            for (finding, state) in findings("a", &head).iter().zip(&states) {
                let line = finding.region.as_ref().unwrap().start.line as usize - 1;
                if !diff.is_written(line) {
                    assert_eq!(*state, State::Unchanged);
                }
            }
        }
    }
}
