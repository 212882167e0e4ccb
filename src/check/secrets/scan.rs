//! The search: keywords tell where to look, patterns and assignments what stands there, proofs and places what to think
//! of it.

use regex_automata::Input;
use regex_automata::util::captures::Captures;

use crate::check::secrets::assignment::{Given, assignment};
use crate::check::secrets::entropy::entropy;
use crate::check::secrets::location::Location;
use crate::check::secrets::pack::{Entry, Hit, entries, keywords, pattern};
use crate::check::secrets::proof::{Verdict, prove};
use crate::check::secrets::value::is_placeholder;
use crate::model::deadline::Deadline;
use crate::model::place::Span;
use crate::model::rule::Level;

/// A secret that was found.
#[derive(Clone, Debug)]
pub(super) struct Leak {
    /// The rule.
    pub(super) entry: &'static Entry,
    /// The secret.
    pub(super) secret: Span,
    /// How bad it is there.
    pub(super) level: Level,
    /// Whether something about it does not fit.
    pub(super) is_doubtful: bool,
}

/// The time is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Timeout;

/// How much before a keyword belongs to it, in bytes.
const BEFORE: usize = 384;
/// The deadline is looked at once in so many keywords.
const PATIENCE: usize = 4_096;
/// More keywords behind one another on a line than this are those of a table or of data.
const MAX_LEAKS: usize = 100_000;

/// Every secret in a text, by place; of those that overlap the one that is told best.
pub(super) fn scan(text: &[u8], location: Location, deadline: Deadline) -> Result<Vec<Leak>, Timeout> {
    let mut search = Search { text, location, seen: vec![Seen::default(); entries().len()], leaks: Vec::new() };
    for (at, Hit { place, rules }) in keywords(text).enumerate() {
        if (at % PATIENCE == 0 && deadline.is_over()) || search.leaks.len() > MAX_LEAKS {
            return Err(Timeout);
        }
        for &rule in rules {
            search.look(rule, place);
        }
    }
    Ok(best(search.leaks))
}

/// How far a rule has been searched for.
#[derive(Clone, Default)]
struct Seen {
    /// Up to here everything was found.
    until: usize,
    /// Behind the last that was found.
    behind: usize,
    captures: Option<Captures>,
}

struct Search<'a> {
    text: &'a [u8],
    location: Location,
    seen: Vec<Seen>,
    leaks: Vec<Leak>,
}

impl Search<'_> {
    fn look(&mut self, rule: usize, keyword: Span) {
        let Some(entry) = entries().get(rule) else { return };
        if entry.is_specific() {
            self.by_pattern(rule, entry, keyword);
        } else if !self.location.is_generated && self.seen.get(rule).is_some_and(|seen| keyword.end > seen.until) {
            self.by_assignment(rule, entry, keyword);
        }
    }

    /// Searches the line around a keyword: so much of it as a secret can take, and each part once.
    fn by_pattern(&mut self, rule: usize, entry: &'static Entry, keyword: Span) {
        let (Some(pattern), Some(seen)) = (pattern(rule), self.seen.get_mut(rule)) else { return };
        let text = self.text;
        if keyword.end.saturating_add(entry.reach) <= seen.until
            || (seen.until > keyword.end && seen.until == text.len())
        {
            return;
        }
        let furthest = text.len().min(keyword.end.saturating_add(2 * entry.reach));
        let ahead = text.get(keyword.end..furthest).unwrap_or_default();
        let line_end = memchr::memchr(b'\n', ahead).map(|at| keyword.end + at);
        let end = line_end.unwrap_or(furthest);
        let back = keyword.start.saturating_sub(BEFORE.min(entry.reach));
        let behind = text.get(back..keyword.start).unwrap_or_default();
        let start = memchr::memrchr(b'\n', behind).map_or(back, |at| back + at + 1).max(seen.behind);
        // A line that was searched to its end holds nothing more.
        seen.until = if line_end.is_some() { end.saturating_add(entry.reach) } else { end };
        let Some(haystack) = text.get(..end) else { return };
        let captures = seen.captures.get_or_insert_with(|| pattern.create_captures());
        let mut from = start.min(end);
        loop {
            pattern.search_captures(&Input::new(haystack).range(from..), captures);
            let Some(whole) = captures.get_match() else { break };
            let group = captures.iter().skip(1).flatten().next();
            if let Some(secret) = group {
                let leak = judge(entry, text, Span { start: secret.start, end: secret.end }, self.location);
                self.leaks.extend(leak);
                seen.behind = secret.end;
            }
            from = group.map_or(whole.end(), |secret| secret.end).max(from + 1);
            if from > end {
                break;
            }
        }
    }

    fn by_assignment(&mut self, rule: usize, entry: &'static Entry, keyword: Span) {
        let Some(found) = assignment(self.text, keyword) else { return };
        let value = self.text.get(found.value.start..found.value.end).unwrap_or_default();
        let name = self.text.get(found.name.start..found.name.end).unwrap_or_default();
        let is_bare = !found.is_quoted && !self.location.is_configuration && found.given != Given::AsOption;
        let names_itself = name.eq_ignore_ascii_case(value) && !self.location.is_illustration;
        if is_bare || names_itself || (!found.is_quoted && is_code(value)) {
            return;
        }
        if let Some(seen) = self.seen.get_mut(rule) {
            seen.until = found.value.end;
        }
        let leak = judge(entry, self.text, found.value, self.location);
        self.leaks.extend(leak.filter(|leak| found.given != Given::Behind || leak.level > Level::Note));
    }
}

/// Whether a value without quotes is code rather than text.
fn is_code(value: &[u8]) -> bool {
    value.iter().any(|byte| b"()[]{}$|&<>`".contains(byte)) || value.ends_with(b":") || value.ends_with(b"!")
}

/// What to think of a secret of that form at that place.
fn judge(entry: &'static Entry, text: &[u8], secret: Span, location: Location) -> Option<Leak> {
    let bytes = text.get(secret.start..secret.end)?;
    if entropy(bytes) < entry.entropy || (!judges_itself(entry.proof) && is_placeholder(bytes)) {
        return None;
    }
    let verdict = prove(entry.proof, text, secret);
    if verdict == Verdict::Fails || (location.is_generated && entry.precision != "very-high") {
        return None;
    }
    if verdict == Verdict::Weak && location.is_prose {
        return None;
    }
    let is_doubtful = verdict == Verdict::Doubtful;
    let is_guessed = !matches!(entry.precision, "very-high" | "high");
    let level = match verdict {
        Verdict::Weak => Level::Note,
        Verdict::Doubtful => Level::Warning,
        _ if location.is_illustration && is_guessed => Level::Warning,
        _ => Level::Error,
    };
    let level = entry.level().min(level);
    Some(Leak { entry, secret, level, is_doubtful })
}

/// Whether a proof knows placeholders by itself.
fn judges_itself(proof: &str) -> bool {
    ["key-material", "password", "key", "basic-auth", "jwt"].contains(&proof)
}

/// Of leaks that overlap the one of the surer rule, else the one that says more of it.
fn best(mut leaks: Vec<Leak>) -> Vec<Leak> {
    let sureness = |leak: &Leak| {
        let names = ["low", "medium", "high", "very-high"];
        let place = names.iter().position(|name| *name == leak.entry.precision);
        (leak.entry.is_specific(), !leak.entry.provider.is_empty(), place, leak.secret.end - leak.secret.start)
    };
    leaks.sort_by_key(|leak| (leak.secret.start, std::cmp::Reverse(sureness(leak))));
    let mut kept: Vec<Leak> = Vec::new();
    for leak in leaks {
        match kept.last_mut() {
            Some(last) if leak.secret.start < last.secret.end => {
                if sureness(&leak) > sureness(last) {
                    *last = leak;
                }
            }
            _ => kept.push(leak),
        }
    }
    kept
}
