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
    for finding in findings {
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
