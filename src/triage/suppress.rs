//! What comments do to findings: those that one allows are marked, and what is wrong with the comments themselves is
//! found. Before anything is compared with the state before.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::finding::{Anchor, Finding, Novelty};
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::model::rule::{Level, RuleId};
use crate::model::suppression::{
    Day, Directive, EXPIRED, Extent, NewSuppressions, REASONLESS, Status, Suppression, UNKNOWN, UNUSED,
};
use crate::triage::BaseFile;

/// What comments allow, by file.
pub(crate) type Directives = BTreeMap<RepoPath, Vec<Directive>>;

/// Which ids of which suppressions had something to suppress.
#[derive(Debug, Default)]
pub(crate) struct Used(BTreeSet<(RepoPath, usize, RuleId)>);

/// What an id is that a suppression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A rule that looks at places of files.
    Known,
    /// A rule of another kind: what it looks at.
    NotInFiles(&'static str),
    /// None; with the known id that is nearest, if one is near.
    Unknown(Option<String>),
}

/// What has to be known of the run to judge the suppressions themselves.
pub(crate) struct Surveyed<'a> {
    /// The day.
    pub(crate) today: Day,
    /// What an id is.
    pub(crate) standing: &'a dyn Fn(&RuleId) -> Standing,
    /// Whether a rule was run on a file.
    pub(crate) has_run: &'a dyn Fn(&RepoPath, &RuleId) -> bool,
}

/// Marks the findings that a suppression in force allows, of those that `can_be` says can be suppressed.
pub(crate) fn mark(
    findings: &mut [Finding],
    directives: &Directives,
    today: Day,
    can_be: &dyn Fn(&Finding) -> bool,
) -> Used {
    let mut used = Used::default();
    for finding in findings.iter_mut() {
        let Some((path, of_file)) = finding.place.path().and_then(|path| Some((path.clone(), directives.get(path)?)))
        else {
            continue;
        };
        let allows =
            |one: &Directive| one.is_in_force(today) && one.rules.contains(&finding.rule) && holds(one, finding);
        let allowing: Vec<usize> = (0..).zip(of_file).filter(|(_, one)| allows(one)).map(|(at, _)| at).collect();
        let Some(first) = allowing.first().and_then(|at| of_file.get(*at)).filter(|_| can_be(finding)) else {
            continue;
        };
        finding.suppression = Some(Suppression {
            justification: first.reason.clone(),
            span: first.span,
            region: first.region.clone(),
            is_new: false,
            status: Status::Accepted,
        });
        used.0.extend(allowing.into_iter().map(|at| (path.clone(), at, finding.rule.clone())));
    }
    used
}

/// Whether a suppression holds where a finding is. One finding that stands for others which are not listed is allowed
/// only together with them.
fn holds(directive: &Directive, finding: &Finding) -> bool {
    match directive.extent {
        Extent::File => true,
        Extent::Lines { first, last } => {
            let line = finding.region.as_ref().map(|region| region.start.line);
            finding.n_unlisted == 0
                && !matches!(finding.place, Place::File(_))
                && line.is_some_and(|line| (first..=last).contains(&line))
        }
    }
}

/// Finds what is wrong with suppressions.
pub(crate) fn problems(
    findings: &[Finding],
    directives: &Directives,
    used: &Used,
    surveyed: &Surveyed<'_>,
) -> Vec<Finding> {
    let cut: BTreeSet<(&RepoPath, &RuleId)> = findings
        .iter()
        .filter(|finding| finding.n_unlisted > 0)
        .filter_map(|finding| Some((finding.place.path()?, &finding.rule)))
        .collect();
    let mut problems = Vec::new();
    for (path, of_file) in directives {
        for (at, directive) in of_file.iter().enumerate() {
            let is_used =
                |rule: &RuleId| used.0.contains(&(path.clone(), at, rule.clone())) || cut.contains(&(path, rule));
            let found = of_directive(directive, surveyed, &|rule| !is_used(rule) && (surveyed.has_run)(path, rule));
            problems.extend(found.into_iter().map(|said| finding(path, directive, said)));
        }
    }
    problems
}

/// Rule, message and hint of what is wrong with a suppression.
type Said = (&'static str, String, String);

fn of_directive(directive: &Directive, surveyed: &Surveyed<'_>, is_idle: &dyn Fn(&RuleId) -> bool) -> Vec<Said> {
    if directive.rules.is_empty() {
        let hint = "write `tollgate: allow(rule-id) reason`".to_owned();
        return vec![(UNKNOWN, "this suppression names no rule".to_owned(), hint)];
    }
    let mut said: Vec<Said> = directive.rules.iter().filter_map(|rule| unknown(rule, surveyed)).collect();
    if directive.reason.is_empty() {
        let hint = "write the reason behind the bracket".to_owned();
        said.push((REASONLESS, "this suppression does not say why, so it suppresses nothing".to_owned(), hint));
    }
    if let Some(until) = directive.until.as_ref().filter(|_| directive.is_expired(surveyed.today)) {
        let why = match until.day {
            Some(day) => format!("this suppression held until {day}"),
            None => format!("`{}` is no day, so this suppression does not hold", until.text),
        };
        said.push((EXPIRED, why, "mend what it hides, or say why it takes longer".to_owned()));
    }
    if directive.is_in_force(surveyed.today) {
        let idle = directive.rules.iter().filter(|rule| is_idle(rule));
        said.extend(idle.map(|rule| {
            let hint = match directive.rules.len() {
                1 => "remove it".to_owned(),
                _ => format!("take `{rule}` out of its list"),
            };
            (UNUSED, format!("this suppresses nothing: `{rule}` finds nothing here"), hint)
        }));
    }
    said
}

fn unknown(rule: &RuleId, surveyed: &Surveyed<'_>) -> Option<Said> {
    match (surveyed.standing)(rule) {
        Standing::Known => None,
        Standing::NotInFiles(what) => {
            let hint = "its level can be set in tollgate.toml".to_owned();
            Some((UNKNOWN, format!("`{rule}` can't be suppressed in a file: it is about {what}"), hint))
        }
        Standing::Unknown(nearest) => {
            let hint = match nearest {
                Some(known) => format!("did you mean `{known}`?"),
                None => "`tollgate rules list` lists all rules".to_owned(),
            };
            Some((UNKNOWN, format!("there is no rule `{rule}`, so this suppresses nothing"), hint))
        }
    }
}

fn finding(path: &RepoPath, directive: &Directive, (rule, message, hint): Said) -> Finding {
    let place = Place::Span(path.clone(), directive.span);
    let text = directive.region.lines.first().map_or("", |line| line.trim());
    // The state before is not asked: it would take all rules to know which suppressions were of no use there.
    let mut finding = Finding::new(rule, Level::Warning, place, message)
        .with_hint(hint)
        .with_anchor(Anchor::new("", text.as_bytes()))
        .with_novelty(Novelty::ChangedLines);
    finding.region = Some(directive.region.clone());
    finding
}

/// Tells which suppressions the change adds, by the lines that it writes against every parent, and what that means.
pub(crate) fn settle(
    findings: &mut [Finding],
    file_of: &dyn Fn(&RepoPath) -> Option<usize>,
    (bases, n_parents): (&[BaseFile], usize),
    policy: NewSuppressions,
) {
    for finding in findings.iter_mut().filter(|finding| finding.suppression.is_some()) {
        let file = finding.place.path().and_then(file_of);
        let Some(suppression) = finding.suppression.as_mut() else { continue };
        let line = (suppression.region.start.line as usize).saturating_sub(1);
        let adds = |parent: usize| {
            let base = bases.iter().find(|base| Some(base.file) == file && base.parent == parent);
            base.and_then(|base| base.diff.as_ref()).is_none_or(|diff| diff.is_written(line))
        };
        suppression.is_new = file.is_some() && n_parents > 0 && (0..n_parents).all(adds);
        if suppression.is_new && policy == NewSuppressions::Block {
            suppression.status = Status::UnderReview;
            let line = suppression.region.start.line;
            finding.message.push_str(&format!(
                " (the suppression on line {line} is new, and the policy does not let the change suppress by itself)"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};

    use super::{Directives, Standing, Surveyed, mark, problems};
    use crate::model::finding::Finding;
    use crate::model::path::RepoPath;
    use crate::model::place::{Place, Position, Region, Span};
    use crate::model::rule::{Level, RuleId};
    use crate::model::suppression::{Day, Directive, EXPIRED, Extent, REASONLESS, UNKNOWN, UNUSED, Until};

    const RULES: [&str; 3] = ["a", "b", "lint/E1"];

    fn region(line: u32) -> Region {
        let at = Position { line, column: 1 };
        Region { start: at, end: at, first_line: line, lines: vec!["text".into()], line_hash: String::new() }
    }

    fn finding(rule: &str, line: u32) -> Finding {
        let at = line as usize * 10;
        let place = Place::Span(RepoPath::from("f"), Span { start: at, end: at + 1 });
        Finding { region: Some(region(line)), ..Finding::new(rule, Level::Error, place, "m") }
    }

    fn directive(rules: &[&str], extent: Extent) -> Directive {
        Directive {
            rules: rules.iter().map(|rule| RuleId::from(*rule)).collect(),
            extent,
            reason: "because".into(),
            until: None,
            span: Span { start: 0, end: 1 },
            region: region(1),
        }
    }

    fn today() -> Day {
        Day::parse("2026-11-23").unwrap()
    }

    fn of_file(list: Vec<Directive>) -> Directives {
        [(RepoPath::from("f"), list)].into()
    }

    /// What is wrong with one suppression beside a finding of `a` on line 3, and how many findings it hides.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Directive), expected: (&[&str], usize)) {
        let mut one = directive(&["a"], Extent::Lines { first: 2, last: 3 });
        change(&mut one);
        let directives = of_file(vec![one]);
        let mut findings = vec![finding("a", 3), finding("b", 3), finding("a", 4)];
        let used = mark(&mut findings, &directives, today(), &|_| true);
        let standing = |rule: &RuleId| match rule.as_str() {
            "message" => Standing::NotInFiles("the commit message"),
            known if RULES.contains(&known) => Standing::Known,
            _ => Standing::Unknown(Some("a".to_owned())),
        };
        let has_run = |_: &RepoPath, rule: &RuleId| rule.as_str() != "lint/E1";
        let surveyed = Surveyed { today: today(), standing: &standing, has_run: &has_run };
        let found = problems(&findings, &directives, &used, &surveyed);
        let ids: Vec<&str> = found.iter().map(|problem| problem.rule.as_str()).collect();
        let n_suppressed = findings.iter().filter(|finding| finding.is_suppressed()).count();
        assert_eq!((ids, n_suppressed), (expected.0.to_vec(), expected.1));
    }

    #[test]
    fn a_suppression_without_reason_day_or_use_is_found() {
        let until = |text: &str| Some(Until { text: text.to_owned(), day: Day::parse(text) });
        check(|_| {}, (&[], 1));
        check(|one| one.extent = Extent::File, (&[], 2));
        check(|one| one.reason.clear(), (&[REASONLESS], 0));
        check(|one| one.until = until("2026-11-22"), (&[EXPIRED], 0));
        check(|one| one.until = until("2026-02-30"), (&[EXPIRED], 0));
        check(|one| one.until = until("2026-11-23"), (&[], 1));
        check(|one| one.extent = Extent::Lines { first: 1, last: 2 }, (&[UNUSED], 0));
        check(|one| one.rules = vec!["a".into(), "b".into()], (&[], 2));
        check(|one| one.rules = vec!["lint/E1".into()], (&[], 0));
        check(|one| one.rules.clear(), (&[UNKNOWN], 0));
        check(|one| one.rules = vec!["other".into(), "message".into()], (&[UNKNOWN, UNKNOWN, UNUSED, UNUSED], 0));
    }

    #[test]
    fn one_that_stands_for_others_is_not_hidden_by_a_line() {
        let hidden = |extent| {
            let mut findings = vec![finding("a", 3).standing_for(7)];
            mark(&mut findings, &of_file(vec![directive(&["a"], extent)]), today(), &|_| true);
            findings[0].is_suppressed()
        };
        assert!(!hidden(Extent::Lines { first: 3, last: 3 }) && hidden(Extent::File));
    }

    fn findings() -> impl Strategy<Value = Vec<Finding>> {
        let one = (prop::sample::select(&RULES[..]), 1..20_u32).prop_map(|(rule, line)| finding(rule, line));
        prop::collection::vec(one, 0..20)
    }

    proptest! {
        #[test]
        fn only_what_is_named_is_hidden_and_only_where_it_holds(
            mut findings in findings(), rule in prop::sample::select(&RULES[..]), first in 1..20_u32, n_more in 0..5_u32,
        ) {
            let last = first + n_more;
            let directives = of_file(vec![directive(&[rule], Extent::Lines { first, last })]);
            mark(&mut findings, &directives, today(), &|_| true);
            for finding in &findings {
                let line = finding.region.as_ref().map_or(0, |region| region.start.line);
                let is_meant = finding.rule.as_str() == rule && (first..=last).contains(&line);
                prop_assert_eq!(finding.is_suppressed(), is_meant);
            }
        }

        #[test]
        fn what_is_not_in_force_hides_nothing(mut findings in findings(), has_reason in proptest::bool::ANY) {
            let mut one = directive(&RULES, Extent::File);
            match has_reason {
                true => one.until = Some(Until { text: String::new(), day: None }),
                false => one.reason.clear(),
            }
            mark(&mut findings, &of_file(vec![one]), today(), &|_| true);
            prop_assert!(!findings.iter().any(Finding::is_suppressed));
        }
    }
}
