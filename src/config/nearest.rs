//! The word that was probably meant.

/// The most bytes of a word that is compared with others.
const MAX_WORD: usize = 64;

/// How alike two words must be, from 0 to 1.
const ALIKE: f64 = 0.8;

/// The known word that is most like `word`, if any is like it at all.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_WORD {
        return None;
    }
    let lower = word.to_lowercase();
    let scored = known.into_iter().map(|candidate| (strsim::jaro_winkler(&lower, candidate), candidate));
    let best = scored.filter(|(score, _)| *score >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, candidate)| candidate)
}

/// The known word of which `word` is almost surely a slip: not that word, and one or two letters away from it. A word
/// that goes on after a hyphen is one of its own.
pub(crate) fn slip_of<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONG: usize = 8;
    if word.len() > MAX_WORD {
        return None;
    }
    let is_slip = |candidate: &&str| {
        let most = if candidate.len() >= LONG { 2 } else { 1 };
        let goes_on = word.strip_prefix(*candidate).is_some_and(|rest| rest.starts_with('-'));
        !goes_on && (1..=most).contains(&strsim::osa_distance(word, candidate))
    };
    let slips = known.into_iter().filter(is_slip);
    slips.min_by_key(|candidate| strsim::osa_distance(word, candidate))
}

#[cfg(test)]
mod tests {
    use super::{nearest, slip_of};

    #[test]
    fn a_slip_is_told_from_a_word_of_its_own() {
        let known = ["pre-commit", "pre-push", "pull-request", "manual"];
        let slip = |word: &str| slip_of(word, known);
        for (word, meant) in [
            ("pre-comit", "pre-commit"),
            ("precommit", "pre-commit"),
            ("pre-commmit", "pre-commit"),
            ("pull-requests", "pull-request"),
            ("pre-pusch", "pre-push"),
            ("manaul", "manual"),
        ] {
            assert_eq!(slip(word), Some(meant), "{word}");
        }
        for word in ["pre-commit", "pre-commit-ci", "nightly", "annual", "pre-rebase", "pull-2", ""] {
            assert_eq!(slip(word), None, "{word}");
        }
    }

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        let known = ["fail-on", "scope", "on-broken", "trailing-whitespace"];
        assert_eq!(nearest(word, known), expected, "{word}");
    }

    #[test]
    fn a_slip_finds_its_word() {
        check("fail-onn", Some("fail-on"));
        check("fail_on", Some("fail-on"));
        check("FAIL-ON", Some("fail-on"));
        check("onbroken", Some("on-broken"));
        check("trailing-whitespaces", Some("trailing-whitespace"));
    }

    #[test]
    fn another_word_finds_nothing() {
        check("timeout", None);
        check("", None);
        check(&"x".repeat(1_000_000), None);
    }
}
