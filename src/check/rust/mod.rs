//! Rules for what the structure of a Rust file tells: items, their documentation, the code that they hold. They are
//! rules like those in `rules/`, written in Rust because a pattern can't say them. Macros are not expanded, and types
//! are not known: a rule that needs them belongs to the compiler.

mod blocking_call_in_async;
#[cfg(test)]
mod examples;
mod imported;
mod items;
mod nesting;
mod source;
mod undocumented_panic;
mod undocumented_public_item;
mod undocumented_unsafe;

use memchr::memmem;

use crate::check::rust::source::Source;
use crate::check::{Examined, FileInput};
use crate::model::finding::{Anchor, Finding};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level, Rule, RuleId};

/// The most findings of one rule in one file.
const MAX_FINDINGS: usize = 1_000;

/// A rule for Rust files.
#[derive(Debug)]
pub(crate) struct RustRule {
    /// Its id.
    pub(crate) id: &'static str,
    /// The level of its findings where the configuration says nothing else.
    pub(crate) level: Level,
    /// One sentence: what it finds.
    pub(crate) summary: &'static str,
    doc: &'static str,
    hint: &'static str,
    category: &'static str,
    precision: &'static str,
    cwe: &'static [u32],
    /// Sets of texts: a file in which it can hold has one of each.
    needed: &'static [&'static [&'static str]],
    /// Whether it is for files of that path.
    is_for: fn(&RepoPath) -> bool,
    find: fn(&Source<'_>) -> Result<Vec<Fault>, syn::Error>,
}

/// A place where a rule holds.
struct Fault {
    span: Span,
    message: String,
    /// The named items around it.
    symbol: String,
}

/// Every rule, sorted by id.
pub(crate) fn rules() -> &'static [RustRule] {
    &[blocking_call_in_async::RULE, undocumented_panic::RULE, undocumented_public_item::RULE, undocumented_unsafe::RULE]
}

impl RustRule {
    /// The rule, described.
    pub(crate) fn described(&self) -> Rule {
        Rule {
            id: RuleId::from(self.id),
            family: Family::Rules,
            level: self.level,
            summary: self.summary.to_owned(),
            doc: self.doc.to_owned(),
            url: String::new(),
            category: self.category.to_owned(),
            precision: self.precision.to_owned(),
            cwe: self.cwe.to_vec(),
        }
    }

    /// Whether files of that path are looked at.
    pub(crate) fn is_for(&self, path: &RepoPath) -> bool {
        (self.is_for)(path)
    }

    /// Whether it can hold in a text at all.
    fn may_hold_in(&self, text: &str) -> bool {
        let has = |needle: &&str| memmem::find(text.as_bytes(), needle.as_bytes()).is_some();
        self.needed.iter().all(|one_of| one_of.iter().any(has))
    }

    fn finding(&self, file: &FileInput<'_>, fault: Fault) -> Finding {
        let text = file.bytes.get(fault.span.start..fault.span.end).unwrap_or_default();
        let place = Place::Span(file.side.path.clone(), fault.span);
        Finding::new(self.id, self.level, place, fault.message)
            .with_hint(self.hint)
            .with_anchor(Anchor::new(fault.symbol, text))
    }

    /// The findings for the first of the places; the last of them stands for the rest.
    fn findings(&self, file: &FileInput<'_>, mut faults: Vec<Fault>) -> Vec<Finding> {
        let n_more = faults.len().saturating_sub(MAX_FINDINGS);
        faults.truncate(MAX_FINDINGS);
        let mut findings: Vec<Finding> = faults.into_iter().map(|fault| self.finding(file, fault)).collect();
        let last = findings.pop().map(|last| last.standing_for(n_more));
        findings.extend(last);
        findings
    }
}

/// Runs those of the rules that can hold on a file in Rust, in one parse; one in which none of them can is not parsed.
/// A file that can't be parsed, or not safely, is told in the notices.
pub(crate) fn examine(file: &FileInput<'_>, text: &str, rules: &[&'static RustRule]) -> Result<Examined, Breakage> {
    let open: Vec<&RustRule> =
        rules.iter().copied().filter(|rule| rule.is_for(&file.side.path) && rule.may_hold_in(text)).collect();
    if open.is_empty() {
        return Ok(Examined::default());
    }
    if file.deadline.is_over() {
        return Err(Breakage::new("the rules took longer on it than the stage may take"));
    }
    source::with(text, |source| {
        let mut examined = Examined::default();
        for rule in &open {
            match (rule.find)(source) {
                Ok(faults) => examined.findings.extend(rule.findings(file, faults)),
                Err(error) => {
                    examined.notices.push(source.not_parsed(&error));
                    break;
                }
            }
        }
        examined
    })
}

/// Whether a file holds tests, benchmarks or examples, as far as its path tells.
fn is_aside(path: &RepoPath) -> bool {
    const FOLDERS: [&[u8]; 7] = [b"tests", b"test", b"benches", b"bench", b"examples", b"fuzz", b"testing"];
    let mut folders: Vec<&[u8]> = path.as_bytes().split(|byte| *byte == b'/').collect();
    let stem = folders.pop().unwrap_or_default().strip_suffix(b".rs").unwrap_or_default();
    let is_one = |name: &[u8]| FOLDERS.contains(&name);
    let has_word = || stem.split(|byte| *byte == b'_').any(is_one);
    folders.into_iter().any(|folder| is_one(folder) || folder.ends_with(b"-tests")) || has_word()
}

/// Whether a file is part of a library, as far as its path tells: all but programs, build scripts, and what stands aside.
fn is_library(path: &RepoPath) -> bool {
    let bytes = path.as_bytes();
    let is_program = matches!(path.file_name(), b"main.rs" | b"build.rs") || memmem::find(bytes, b"src/bin/").is_some();
    !is_program && !is_aside(path)
}
