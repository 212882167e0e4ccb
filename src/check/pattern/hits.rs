//! Where rules hold in a file.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::check::parsed::too_deep;
use crate::check::pattern::fault::RuleError;
use crate::check::pattern::{Candidate, Open};
use crate::model::deadline::Deadline;
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::syntax::imports::view::View;
use crate::syntax::rules::{Asked, Match, scan};
use crate::syntax::tree::SyntaxTree;

/// Where rules hold.
pub(super) struct Hits<'a> {
    /// The rules that were run.
    pub(super) rules: Vec<&'a Candidate>,
    /// The places, in the order of the file; each names its rule by the index above.
    pub(super) matches: Vec<Match>,
    /// Rules with more places than are kept: index, and number of those that are not.
    pub(super) cut: Vec<(usize, usize)>,
}

impl<'a> Hits<'a> {
    /// Runs rules on a tree.
    pub(super) fn of(tree: &SyntaxTree, open: Vec<Open<'a, '_>>, deadline: Deadline) -> Result<Self, Breakage> {
        let asked: Result<Vec<Asked<'_>>, RuleError> = open
            .iter()
            .map(|open| Ok(Asked { rule: open.rule.compiled(tree.language())?, within: open.within.clone() }))
            .collect();
        let asked = asked.map_err(|error| Breakage::new(error.to_string()))?;
        let scan = scan(tree, &asked, deadline);
        if scan.timed_out {
            return Err(Breakage::new("the rules took longer on it than the stage may take"));
        }
        if scan.too_deep {
            return Err(too_deep());
        }
        Ok(Self { rules: open.into_iter().map(|open| open.rule).collect(), matches: scan.matches, cut: scan.cut })
    }

    /// Adds those that were found in a view of the file, without their fixes: these may hold what the file does not
    /// say.
    pub(super) fn add(&mut self, seen: Hits<'a>, view: &View) {
        let indices: Vec<usize> = seen.rules.into_iter().map(|rule| self.index_of(rule)).collect();
        let index = |rule: usize| indices.get(rule).copied();
        let is_full = |rule: usize| self.cut.iter().any(|(cut, _)| *cut == rule);
        let known: BTreeSet<(usize, Span)> = self.matches.iter().map(|found| (found.rule, found.span)).collect();
        let new = seen.matches.into_iter().filter_map(|found| {
            let rule = index(found.rule).filter(|rule| !is_full(*rule))?;
            let span = view.in_file(found.span).filter(|span| !known.contains(&(rule, *span)))?;
            let labels = found.labels.into_iter();
            let labels = labels.filter_map(|(span, message)| Some((view.in_file(span)?, message))).collect();
            Some(Match { rule, span, fixes: Vec::new(), labels, ..found })
        });
        let new: Vec<Match> = new.collect();
        let cut = seen.cut.into_iter().filter_map(|(rule, n_more)| Some((index(rule)?, n_more)));
        let cut: Vec<(usize, usize)> = cut.filter(|(rule, _)| !is_full(*rule)).collect();
        self.cut.extend(cut);
        if !new.is_empty() {
            self.matches.extend(new);
            self.matches.sort_by_key(|found| (found.span.start, Reverse(found.span.end)));
        }
    }

    fn index_of(&mut self, rule: &'a Candidate) -> usize {
        self.rules.iter().position(|known| std::ptr::eq(*known, rule)).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        })
    }
}
