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

#[cfg(test)]
mod tests {
    use super::nearest;

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
