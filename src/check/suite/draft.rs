//! A test while its elements are read, as the XML of the .NET and Java runners has them: a message, a stack trace and an
//! output, each in an element of its own.

use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, Take, add_head, add_tail, counted};

/// What a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The message of the failure.
    Message,
    /// Its stack trace.
    Detail,
    /// What the test printed.
    Log,
}

/// The tests that are being read, from the outside in.
pub(super) struct Drafts<'a, 'b> {
    take: &'a mut Take<'b>,
    open: Vec<(Case, Failure)>,
    part: Option<Part>,
    n_failed: usize,
    /// How many the report counts as failed, once its root was seen.
    n_counted: Option<usize>,
}

impl<'a, 'b> Drafts<'a, 'b> {
    pub(super) fn new(take: &'a mut Take<'b>) -> Self {
        Self { take, open: Vec::new(), part: None, n_failed: 0, n_counted: None }
    }

    /// A test begins.
    pub(super) fn begin(&mut self, case: Case) {
        self.part = None;
        self.open.push((case, Failure::default()));
    }

    /// The test that is being read, if one is.
    pub(super) fn case(&mut self) -> Option<&mut Case> {
        self.open.last_mut().map(|(case, _)| case)
    }

    /// What follows belongs to this part of the test.
    pub(super) fn enter(&mut self, part: Option<Part>) {
        self.part = part.filter(|_| !self.open.is_empty());
    }

    pub(super) fn text(&mut self, text: &str) {
        let (Some(part), Some((case, failure))) = (self.part, self.open.last_mut()) else { return };
        match part {
            Part::Message => add_head(&mut failure.message, text),
            Part::Detail => add_head(&mut failure.detail, text),
            Part::Log => add_tail(&mut case.log, text),
        }
    }

    /// The test ends, and is handed out.
    pub(super) fn end(&mut self) {
        self.part = None;
        let Some((mut case, failure)) = self.open.pop() else { return };
        if let Ending::Failed(told) = &mut case.ending {
            let message = failure.message.trim();
            if !message.is_empty() {
                told.message = message.to_owned();
            }
            told.detail = failure.detail.trim().to_owned();
            self.n_failed += 1;
        }
        (self.take)(case);
    }

    /// The report counts so many more tests that failed; by that it is known for one.
    pub(super) fn count(&mut self, n_failed: usize) {
        self.n_counted = Some(self.n_counted.unwrap_or(0).saturating_add(n_failed));
    }

    /// The report ends, whether the tests in it did or not. `read` is how reading it went, `kind` what it should be.
    pub(super) fn end_all(&mut self, read: Result<(), Cut>, kind: &str) -> Result<Doubt, Cut> {
        while !self.open.is_empty() {
            self.end();
        }
        read?;
        let n_counted = self.n_counted.ok_or_else(|| Cut(format!("it is no report of {kind}")))?;
        counted(n_counted, self.n_failed)
    }
}
