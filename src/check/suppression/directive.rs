//! The words of a suppression: `tollgate: allow(rule-id, other-id) reason until 2027-03-01`.

use crate::model::rule::RuleId;
use crate::model::suppression::{Day, MARK, Until};

/// The most bytes that are kept of a reason.
const MAX_REASON: usize = 500;
/// The most ids of one suppression.
const MAX_RULES: usize = 50;

/// What a suppression says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) is_of_file: bool,
    /// Empty where no rule is named, or none that can be read.
    pub(super) rules: Vec<RuleId>,
    pub(super) reason: String,
    pub(super) until: Option<Until>,
    /// How many bytes it takes.
    pub(super) n_bytes: usize,
}

/// Whether what stands before the mark lets a suppression begin there: nothing, or what begins a comment. In a sentence
/// the mark is only spoken of.
pub(super) fn may_follow(before: &str) -> bool {
    const OPENERS: [&str; 10] = ["#", "//", "/*", "*", "--", "<!--", "{-", ";", "!", "%"];
    let before = before.trim_end();
    before.is_empty() || OPENERS.iter().any(|opener| before.ends_with(opener))
}

/// Reads what begins with the mark, up to the end of its line or comment. None if it is something else.
pub(super) fn read(text: &str) -> Option<Words> {
    let behind = text.strip_prefix(MARK)?;
    let line = behind.lines().next().unwrap_or_default();
    let line = line.find(MARK).and_then(|next| line.get(..next)).unwrap_or(line);
    let line = without_end(line);
    let n_bytes = MARK.len() + line.len();
    let after_word = line.trim_start().strip_prefix("allow")?;
    let (is_of_file, rest) = match after_word.strip_prefix("-file") {
        Some(rest) => (true, rest),
        None => (false, after_word),
    };
    if rest.starts_with(|next: char| next.is_alphanumeric() || next == '-' || next == '_') {
        return None;
    }
    let named = rest.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (ids, rest) = named.unwrap_or_default();
    let ids = ids.split(',').map(str::trim).filter(|id| !id.is_empty());
    let (reason, until) = reason(rest);
    Some(Words { is_of_file, rules: ids.take(MAX_RULES).map(RuleId::from).collect(), reason, until, n_bytes })
}

/// The line without what ends a comment, and without what begins the next.
fn without_end(line: &str) -> &str {
    const ENDS: [&str; 2] = ["*/", "-->"];
    let end = ENDS.iter().filter_map(|end| line.find(end)).min().unwrap_or(line.len());
    let line = line.get(..end).unwrap_or(line).trim_end();
    line.trim_end_matches(['#', '/', '-', ';', '*']).trim_end()
}

/// The reason and the last day, which stands at the start or the end.
fn reason(text: &str) -> (String, Option<Until>) {
    const AROUND: [char; 9] = [':', '-', ',', ';', '(', ')', '\u{2013}', '\u{2014}', ' '];
    let is_until = |pair: &[&str]| {
        let [until, day] = pair else { return None };
        let day = day.trim_end_matches(|last: char| !last.is_ascii_digit());
        let is_one = until.trim_start_matches('(').eq_ignore_ascii_case("until")
            && day.starts_with(|first: char| first.is_ascii_digit());
        is_one.then(|| Until { text: day.to_owned(), day: Day::parse(day) })
    };
    let words: Vec<&str> = text.split_whitespace().skip_while(|word| word.trim_matches(AROUND).is_empty()).collect();
    let (first, last) = (words.get(..2), words.len().checked_sub(2).and_then(|at| words.get(at..)));
    let mut kept = words.as_slice();
    let until = match (last.and_then(is_until), first.and_then(is_until)) {
        (Some(until), _) => {
            kept = kept.get(..kept.len() - 2).unwrap_or_default();
            Some(until)
        }
        (None, Some(until)) => {
            kept = kept.get(2..).unwrap_or_default();
            Some(until)
        }
        (None, None) => None,
    };
    let mut reason = kept.join(" ").trim_matches(AROUND).to_owned();
    if !reason.chars().any(char::is_alphanumeric) {
        reason.clear();
    }
    reason.truncate(reason.floor_char_boundary(MAX_REASON));
    (reason, until)
}

#[cfg(test)]
mod tests {
    use super::{may_follow, read};

    /// Whether it is for the file, the ids, the reason and the last day of what stands behind the mark.
    #[track_caller]
    fn check(text: &str, expected: Option<(bool, &[&str], &str, &str)>) {
        let words = read(&format!("tollgate:{text}"));
        let said = words.as_ref().map(|words| {
            let until =
                words.until.as_ref().map_or("", |until| if until.day.is_some() { &until.text } else { "no day" });
            let ids: Vec<&str> = words.rules.iter().map(|rule| rule.as_str()).collect();
            (words.is_of_file, ids, words.reason.as_str(), until)
        });
        assert_eq!(
            said,
            expected.map(|(is_of_file, ids, reason, until)| (is_of_file, ids.to_vec(), reason, until)),
            "{text}"
        );
    }

    #[test]
    fn ids_reason_and_day_are_read() {
        check(" allow(a-rule) it is fine", Some((false, &["a-rule"], "it is fine", "")));
        check("allow ( a , ruff/E501,b ): it is fine */", Some((false, &["a", "ruff/E501", "b"], "it is fine", "")));
        check(" allow-file(a) - a reason -->", Some((true, &["a"], "a reason", "")));
        check(" allow(a) a reason until 2027-03-01", Some((false, &["a"], "a reason", "2027-03-01")));
        check(" allow(a) until 2027-03-01: a reason", Some((false, &["a"], "a reason", "2027-03-01")));
        check(" allow(a) until 2027-03-01 a reason", Some((false, &["a"], "a reason", "2027-03-01")));
        check(" allow(a) a reason (until 2027-03-01).", Some((false, &["a"], "a reason", "2027-03-01")));
        check(" allow(a) until upstream is mended", Some((false, &["a"], "until upstream is mended", "")));
        check(" allow(a) a reason until 2027-02-30", Some((false, &["a"], "a reason", "no day")));
        check(" allow(a) until 2027-03-01", Some((false, &["a"], "", "2027-03-01")));
        check(" allow(a)", Some((false, &["a"], "", "")));
        check(" allow(a) --", Some((false, &["a"], "", "")));
        check(" allow(a) one tollgate: allow(b) two", Some((false, &["a"], "one", "")));
        check(" allow(a) one\nmore", Some((false, &["a"], "one", "")));
    }

    #[test]
    fn what_names_no_rule_is_told_and_other_words_are_none() {
        for text in [" allow", " allow a-rule", " allow()", " allow(a", " allow-file"] {
            let words = read(&format!("tollgate:{text}")).unwrap();
            assert!(words.rules.is_empty(), "{text}");
        }
        for text in ["", " the gate", " allowed(a) b", " allow-all(a) b", " disallow(a)", " allow_file(a) b"] {
            check(text, None);
        }
    }

    #[test]
    fn a_sentence_that_speaks_of_the_mark_is_no_suppression() {
        for before in ["", "  ", "# ", "x = 1  # type: ignore # ", "/// ", "/* ", " * ", "-- ", "<!-- ", "; ", "//! "] {
            assert!(may_follow(before), "{before}");
        }
        for before in ["# see `", "// write ", "- ", "# \""] {
            assert!(!may_follow(before), "{before}");
        }
    }
}
