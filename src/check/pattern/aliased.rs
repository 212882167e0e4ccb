//! Rules see through the names that imports give: each is run as well on a view of the file in which those names are
//! written out whose origin it names.

use std::collections::BTreeMap;

use crate::check::parsed::parse;
use crate::check::pattern::hits::Hits;
use crate::check::pattern::{Candidate, Candidates};
use crate::model::deadline::Deadline;
use crate::model::outcome::Breakage;
use crate::syntax::imports::view::View;
use crate::syntax::imports::{Alias, aliases, is_named};
use crate::syntax::tree::SyntaxTree;

/// Adds what the rules find in the file when names that imports gave are written out.
pub(super) fn add<'a>(
    hits: &mut Hits<'a>,
    (tree, text): (&SyntaxTree, &str),
    candidates: &'a Candidates,
    wanted: &dyn Fn(&Candidate) -> bool,
    deadline: Deadline,
) -> Result<(), Breakage> {
    let asking: Vec<&Candidate> = candidates.all.iter().filter(|rule| wanted(rule)).collect();
    let aliases = aliases(tree, text, &|path| asking.iter().any(|rule| is_named(path, rule.named())));
    let language = tree.language();
    // Rules that name the same origins share a view; what a rule sees depends on no other rule.
    let mut groups: BTreeMap<Vec<usize>, Vec<&Candidate>> = BTreeMap::new();
    for rule in asking.into_iter().filter(|_| !aliases.is_empty()) {
        let its = aliases.iter().enumerate().filter(|(_, alias)| alias.is_named_by(rule.named()));
        let its: Vec<usize> = its.map(|(index, _)| index).collect();
        if !its.is_empty() {
            groups.entry(its).or_default().push(rule);
        }
    }
    for (its, rules) in groups {
        let its: Vec<&Alias> = its.into_iter().filter_map(|index| aliases.get(index)).collect();
        let too_much = || Breakage::new("too large when the names that its imports give are written out");
        let view = View::new(text, &its).ok_or_else(too_much)?;
        let open = candidates.that_may_hold(language, &view.text);
        let open: Vec<&Candidate> = open.filter(|rule| rules.iter().any(|its| std::ptr::eq(*its, *rule))).collect();
        if !open.is_empty() {
            let tree = parse(&view.text, language, deadline)?;
            hits.add(Hits::of(&tree, open, deadline)?, &view);
        }
    }
    Ok(())
}
