//! Rules see through the names that imports give: each is run as well on a view of the file in which those names are
//! written out whose origin it names.

use std::collections::BTreeMap;

use crate::check::parsed::unparsed;
use crate::check::pattern::gate::Passed;
use crate::check::pattern::hits::Hits;
use crate::check::pattern::{Candidate, Candidates, Open};
use crate::model::deadline::Deadline;
use crate::model::outcome::Breakage;
use crate::syntax::imports::view::View;
use crate::syntax::imports::{Alias, aliases, is_named};
use crate::syntax::tree::SyntaxTree;

/// Adds what the rules find in the file when names that imports gave are written out.
pub(super) fn add<'a>(
    hits: &mut Hits<'a>,
    (tree, text, passed): (&SyntaxTree, &str, &Passed<'_>),
    candidates: &'a Candidates,
    wanted: &dyn Fn(&Candidate) -> bool,
    deadline: Deadline,
) -> Result<(), Breakage> {
    let asking: Vec<(usize, &Candidate)> = candidates.all.iter().enumerate().filter(|(_, rule)| wanted(rule)).collect();
    let is_asked = |path: &str| asking.iter().any(|(_, rule)| is_named(path, rule.named()));
    let aliases = aliases(tree, text, &|path| candidates.may_name(path) && is_asked(path));
    let language = tree.language();
    // Rules that name the same origins share a view; what a rule sees depends on no other rule.
    let mut groups: BTreeMap<Vec<usize>, Vec<&Candidate>> = BTreeMap::new();
    for (number, rule) in asking.into_iter().filter(|_| !aliases.is_empty()) {
        let its = aliases.iter().enumerate().filter(|(_, alias)| alias.is_named_by(rule.named()));
        let (its, names): (Vec<usize>, Vec<&str>) = its.map(|(index, alias)| (index, alias.path.as_str())).unzip();
        if !its.is_empty() && passed.may_open(number, &names) {
            groups.entry(its).or_default().push(rule);
        }
    }
    for (its, rules) in groups {
        let its: Vec<&Alias> = its.into_iter().filter_map(|index| aliases.get(index)).collect();
        let too_much = || Breakage::new("too large when the names that its imports give are written out");
        let view = View::new(text, &its).ok_or_else(too_much)?;
        let passed = candidates.pass(language, &view.text);
        let open = candidates.that_may_hold(&passed);
        let open: Vec<Open> = open.filter(|open| rules.iter().any(|its| std::ptr::eq(*its, open.rule))).collect();
        if !open.is_empty() {
            let tree = view.parse(tree, deadline).map_err(unparsed)?;
            hits.add(Hits::of(&tree, open, deadline)?, &view);
        }
    }
    Ok(())
}
