//! What a check found.

use crate::model::path::RepoPath;
use crate::model::place::{Place, Position, Region, Span};
use crate::model::rule::{Level, RuleId};
use crate::model::suppression::{Status, Suppression};

/// What a finding holds on to when lines move: taken from the syntax tree or the text by the check that found it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Anchor {
    /// The enclosing named items from the outside in, joined by `::`; empty at the top of a file or without a parse.
    pub(crate) symbol: String,
    /// The text of the node or line, white space folded.
    pub(crate) text: String,
    /// How far it can move.
    pub(crate) reach: Reach,
}

/// How far what a finding holds on to can move and still be the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reach {
    /// Into any file: it is code.
    #[default]
    Anywhere,
    /// Nowhere: it is a property of its file, and another file with the same property is another finding.
    File,
}

impl Anchor {
    /// The most bytes of normalised text that an anchor keeps.
    const MAX_TEXT: usize = 400;

    /// An anchor on `text` (white space is folded, the rest cut after a bounded length) inside `symbol`.
    pub(crate) fn new(symbol: impl Into<String>, text: &[u8]) -> Self {
        let head = text.get(..text.len().min(4 * Self::MAX_TEXT)).unwrap_or(text);
        let folded = String::from_utf8_lossy(head).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut kept = folded;
        if kept.len() > Self::MAX_TEXT {
            let cut = kept.floor_char_boundary(Self::MAX_TEXT);
            kept.truncate(cut);
        }
        Self { symbol: symbol.into(), text: kept, reach: Reach::Anywhere }
    }

    /// An anchor of a property of the file as a whole.
    pub(crate) fn of_file(text: &[u8]) -> Self {
        Self { reach: Reach::File, ..Self::new("", text) }
    }
}

/// A replacement of bytes in the file of the finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edit {
    /// The bytes that go.
    pub(crate) span: Span,
    /// The bytes that come.
    pub(crate) replacement: Vec<u8>,
}

/// Whether a fix may be applied without anyone looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Safety {
    /// It may: what the text says and what the code does stay as they are.
    Safe,
    /// Someone has to look at it.
    Suggested,
}

/// A way to mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fix {
    /// What it does, as an imperative: `remove the trailing whitespace`.
    pub(crate) title: String,
    /// Edits of the finding's file that do not overlap, in ascending order.
    pub(crate) edits: Vec<Edit>,
    /// Whether it may be applied without anyone looking at it.
    pub(crate) safety: Safety,
}

/// Another place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Related {
    /// Where.
    pub(crate) place: Place,
    /// Filled together with [`Finding::region`].
    pub(crate) region: Option<Region>,
    /// What is there.
    pub(crate) message: String,
}

/// How a finding relates to the state before the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum State {
    /// The state before did not have it.
    New,
    /// The state before had it, and the change edits its line.
    Updated,
    /// The state before had it just so.
    Unchanged,
}

/// How it is decided whether a finding is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Novelty {
    /// The same check is run on the state before, and the findings are compared.
    Compared,
    /// It is new if the change touched its line; for tools that look at each file by itself, and are not run on the state
    /// before.
    ChangedLines,
    /// On a line that the change touched it is new; for any other the tool, which looks at the whole project, is run on the
    /// state before, and the findings are compared.
    Rerun,
    /// It is always new: tests, exit codes, the message, the change as a whole.
    Always,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The rule that it breaks.
    pub(crate) rule: RuleId,
    /// How bad it is.
    pub(crate) level: Level,
    /// What is wrong, in one or a few sentences.
    pub(crate) message: String,
    /// What to do about it; empty if the message says it all.
    pub(crate) hint: String,
    /// Where.
    pub(crate) place: Place,
    /// The place resolved against the text; none for places without lines and until it is resolved.
    pub(crate) region: Option<Region>,
    /// What identifies it when lines move.
    pub(crate) anchor: Anchor,
    /// Ways to mend it; the first is the best.
    pub(crate) fixes: Vec<Fix>,
    /// Other places that belong to it.
    pub(crate) related: Vec<Related>,
    /// How many more of its rule are in its file that are not listed: only the last that is listed has any.
    pub(crate) n_unlisted: usize,
    /// How its novelty is decided.
    pub(crate) novelty: Novelty,
    /// Whether the change brings it in; decided by triage.
    pub(crate) state: State,
    /// The comment that allows it, if one does.
    pub(crate) suppression: Option<Suppression>,
}

impl Finding {
    /// A finding with the parts that every finding has; new until triage says otherwise.
    pub(crate) fn new(rule: impl Into<RuleId>, level: Level, place: Place, message: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            level,
            message: message.into(),
            hint: String::new(),
            place,
            region: None,
            anchor: Anchor::default(),
            fixes: Vec::new(),
            related: Vec::new(),
            n_unlisted: 0,
            novelty: Novelty::Compared,
            state: State::New,
            suppression: None,
        }
    }

    /// The same with a hint.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same with an anchor.
    #[must_use]
    pub(crate) fn with_anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// The same with one more fix, which is safe.
    #[must_use]
    pub(crate) fn with_fix(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix { title: title.into(), edits, safety: Safety::Safe });
        self
    }

    /// The same with one more fix, at which someone has to look.
    #[must_use]
    pub(crate) fn with_suggestion(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix { title: title.into(), edits, safety: Safety::Suggested });
        self
    }

    /// The same in the name of `n_more` that are not listed.
    #[must_use]
    pub(crate) fn standing_for(mut self, n_more: usize) -> Self {
        if n_more > 0 {
            self.n_unlisted = n_more;
            self.message.push_str(&format!(" (and {n_more} more of these in this file)"));
        }
        self
    }

    /// The same with another way of deciding whether it is new.
    #[must_use]
    pub(crate) fn with_novelty(mut self, novelty: Novelty) -> Self {
        self.novelty = novelty;
        self
    }

    /// The fixes that a report for machines has room for: those of a reasonable number of edits.
    pub(crate) fn reported_fixes(&self) -> impl Iterator<Item = &Fix> {
        const MAX_EDITS: usize = 1_000;
        self.fixes.iter().filter(|fix| fix.edits.len() <= MAX_EDITS)
    }

    /// What findings are sorted by: path, line and column, place, rule, message.
    pub(crate) fn order_key(&self) -> (Option<&RepoPath>, Option<Position>, &Place, &str, &str) {
        let start = self.region.as_ref().map(|region| region.start);
        (self.place.path(), start, &self.place, self.rule.as_str(), &self.message)
    }

    /// Whether a comment allows it, and the policy lets that count.
    pub(crate) fn is_suppressed(&self) -> bool {
        self.suppression.as_ref().is_some_and(|suppression| suppression.status == Status::Accepted)
    }

    /// Whether the change brings it in: it is new, or stands on a line that the change edits.
    pub(crate) fn is_brought_in(&self) -> bool {
        self.state != State::Unchanged
    }
}
