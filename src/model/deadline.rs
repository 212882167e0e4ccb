//! How long work may go on.

use std::time::{Duration, Instant};

/// A moment after which work must stop, with the time that it had when it was set; none means that it may take as long as
/// it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(Option<(Instant, Duration)>);

impl Deadline {
    /// No limit.
    pub(crate) const NEVER: Self = Self(None);

    /// `limit` from now.
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now().checked_add(limit).map(|moment| (moment, limit)))
    }

    /// The earlier of two moments.
    pub(crate) fn earlier(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(one), Some(another)) => Self(Some(one.min(another))),
            (one, another) => Self(one.or(another)),
        }
    }

    /// Whether the moment has come.
    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|(moment, _)| Instant::now() >= moment)
    }

    /// The time that is left; `None` without a limit.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.map(|(moment, _)| moment.saturating_duration_since(Instant::now()))
    }

    /// The time that there was from the beginning; `None` without a limit.
    pub(crate) fn limit(self) -> Option<Duration> {
        self.0.map(|(_, limit)| limit)
    }
}
