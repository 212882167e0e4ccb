//! A text in which names that imports gave are written out, and the way back from it.

use crate::model::deadline::Deadline;
use crate::model::place::Span;
use crate::syntax::imports::Alias;
use crate::syntax::tree::{Error, SyntaxTree};

/// How many bytes longer than its text a view may be.
const MAX_GROWTH: usize = 4 << 20;

/// The text of a file with names written out.
pub(crate) struct View {
    /// The text.
    pub(crate) text: String,
    /// What was written out, in order: where it is in the file, and where here.
    places: Vec<(Span, Span)>,
}

impl View {
    /// Writes these names out; `None` if that would make too much of the text.
    pub(crate) fn new(text: &str, aliases: &[&Alias]) -> Option<Self> {
        let uses = aliases.iter().flat_map(|alias| alias.uses.iter().map(|place| (*place, alias.path.as_str())));
        let mut uses: Vec<(Span, &str)> = uses.collect();
        uses.sort_unstable();
        let growth: usize = uses.iter().map(|(_, path)| path.len()).sum();
        if growth > MAX_GROWTH {
            return None;
        }
        let mut view =
            Self { text: String::with_capacity(text.len() + growth), places: Vec::with_capacity(uses.len()) };
        let mut done = 0;
        for (place, path) in uses {
            view.text.push_str(text.get(done..place.start)?);
            let start = view.text.len();
            view.text.push_str(path);
            view.places.push((place, Span { start, end: view.text.len() }));
            done = place.end;
        }
        view.text.push_str(text.get(done..)?);
        Some(view)
    }

    /// Parses it, as little of it as has to be.
    pub(crate) fn parse(&self, file: &SyntaxTree, deadline: Deadline) -> Result<SyntaxTree, Error> {
        file.reparse(&self.text, &self.places, deadline)
    }

    /// Where in the file that is; `None` if it begins or ends within a name that was written out.
    pub(crate) fn in_file(&self, span: Span) -> Option<Span> {
        Some(Span { start: self.offset_in_file(span.start)?, end: self.offset_in_file(span.end)? })
    }

    fn offset_in_file(&self, offset: usize) -> Option<usize> {
        let n_before = self.places.partition_point(|(_, here)| here.end <= offset);
        let is_within = self.places.get(n_before).is_some_and(|(_, here)| here.start < offset);
        let passed = n_before.checked_sub(1).and_then(|last| self.places.get(last));
        let (there, here) = passed.map_or((0, 0), |(there, here)| (there.end, here.end));
        (!is_within).then(|| there + (offset - here))
    }
}
