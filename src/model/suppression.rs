//! Suppressions: what a comment says that allows a finding, and what that does to a finding.

use std::fmt;

use crate::model::place::{Region, Span};
use crate::model::rule::RuleId;

/// The word that a suppression begins with: a file without it has none.
pub(crate) const MARK: &str = "tollgate:";

/// The rule of a suppression that suppresses nothing.
pub(crate) const UNUSED: &str = "unused-suppression";
/// The rule of a suppression whose day is over.
pub(crate) const EXPIRED: &str = "expired-suppression";
/// The rule of a suppression without a reason.
pub(crate) const REASONLESS: &str = "reasonless-suppression";
/// The rule of a suppression that names no rule that there is.
pub(crate) const UNKNOWN: &str = "unknown-suppression";

/// What one comment allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// The ids that it names; empty if it can't be read.
    pub(crate) rules: Vec<RuleId>,
    /// For which lines it holds.
    pub(crate) extent: Extent,
    /// Why; empty if it does not say.
    pub(crate) reason: String,
    /// Until when it holds; none for ever.
    pub(crate) until: Option<Until>,
    /// Where it stands.
    pub(crate) span: Span,
    /// The same as lines; what else stands there is blanked out, for it may be a secret.
    pub(crate) region: Region,
}

impl Directive {
    /// Whether its day is over.
    pub(crate) fn is_expired(&self, today: Day) -> bool {
        self.until.as_ref().is_some_and(|until| until.day.is_none_or(|day| day < today))
    }

    /// Whether it suppresses anything at all: it has a reason, and its day is not over.
    pub(crate) fn is_in_force(&self, today: Day) -> bool {
        !self.reason.is_empty() && !self.is_expired(today)
    }
}

/// For which lines a suppression holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// For all of the file, and for what is found in the file as a whole.
    File,
    /// For what begins on one of these lines, counted from 1, the last included.
    Lines {
        /// The first.
        first: u32,
        /// The last.
        last: u32,
    },
}

/// The last day of a suppression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Until {
    /// As it is written.
    pub(crate) text: String,
    /// The day; none if it is none.
    pub(crate) day: Option<Day>,
}

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// Reads `2027-03-01`; none for anything else, and for a day that no calendar has.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut number = |n_digits: usize| {
            let part = parts.next().filter(|part| part.len() == n_digits)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u16>().ok())?
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let n_days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let is_day = parts.next().is_none() && (1..=n_days).contains(&day);
        is_day.then_some(Self { year, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// That a comment allows a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suppression {
    /// Why, in the words of the comment.
    pub(crate) justification: String,
    /// Where the comment stands in the finding's file.
    pub(crate) span: Span,
    /// The same as lines.
    pub(crate) region: Region,
    /// Whether the change adds it.
    pub(crate) is_new: bool,
    /// Whether it counts.
    pub(crate) status: Status,
}

/// Whether a suppression counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It does.
    Accepted,
    /// It does not yet: the change adds it, and the policy wants someone to look at it first.
    UnderReview,
}

/// What the policy says of suppressions that a change adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewSuppressions {
    /// They count like all others.
    Honour,
    /// They count, and are shown.
    Report,
    /// They do not count.
    Block,
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[track_caller]
    fn check(text: &str, is_day: bool) {
        let day = Day::parse(text).map(|day| day.to_string());
        assert_eq!(day.as_deref(), is_day.then_some(text));
    }

    #[test]
    fn only_days_of_the_calendar_are_days() {
        for text in ["2027-03-01", "2024-02-29", "2000-02-29", "0001-12-31"] {
            check(text, true);
        }
        let wrong = ["2027-02-29", "1900-02-29", "2027-13-01", "2027-00-01", "2027-04-31", "2027-04-00"];
        let shapes = ["", "2027", "2027-3-1", "27-03-01", "2027-03-01-", "2027-03-01T", "+027-03-01", "٢٠٢٧-03-01"];
        for text in wrong.into_iter().chain(shapes) {
            check(text, false);
        }
        assert!(
            Day::parse("2027-03-01") < Day::parse("2027-10-01") && Day::parse("2026-12-31") < Day::parse("2027-01-01")
        );
    }
}
