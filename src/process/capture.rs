//! What a child prints: kept up to a limit, and handed on whole. Knows nothing of processes.

use std::io::Write;

use crate::model::command::Part;

/// What was kept of one output so far.
#[derive(Debug)]
pub(super) struct Capture {
    /// The kept bytes; a little more than the limit while the last ones are kept.
    bytes: Vec<u8>,
    /// How many bytes are not kept.
    n_dropped: u64,
    limit: usize,
    part: Part,
}

impl Capture {
    /// Nothing so far.
    pub(super) fn new(limit: usize, part: Part) -> Self {
        Self { bytes: Vec::new(), n_dropped: 0, limit, part }
    }

    /// Takes what came next, and keeps what the limit allows.
    fn add(&mut self, chunk: &[u8]) {
        match self.part {
            Part::First => {
                let n_kept = chunk.len().min(self.limit.saturating_sub(self.bytes.len()));
                self.bytes.extend_from_slice(chunk.get(..n_kept).unwrap_or_default());
                self.drop_count(chunk.len() - n_kept);
            }
            Part::Last => {
                self.bytes.extend_from_slice(chunk);
                // Not at each chunk: to move what stays is dearer than to hold a little more.
                if self.bytes.len() > self.limit.saturating_mul(2) {
                    self.cut_front();
                }
            }
        }
    }

    fn cut_front(&mut self) {
        let n_over = self.bytes.len().saturating_sub(self.limit);
        self.bytes.drain(..n_over);
        self.drop_count(n_over);
    }

    fn drop_count(&mut self, n_bytes: usize) {
        self.n_dropped = self.n_dropped.saturating_add(n_bytes as u64);
    }

    /// The bytes that are kept, and the number of those that are not.
    pub(super) fn end(mut self) -> (Vec<u8>, u64) {
        self.cut_front();
        (self.bytes, self.n_dropped)
    }
}

/// Where what a child prints goes.
pub(super) struct Outputs<'a> {
    /// Of standard output and standard error.
    captures: [Capture; 2],
    /// Gets all of both, as it comes.
    log: &'a mut dyn Write,
}

impl<'a> Outputs<'a> {
    /// Nothing so far.
    pub(super) fn new(captures: [Capture; 2], log: &'a mut dyn Write) -> Self {
        Self { captures, log }
    }

    /// Takes what came from standard output (0) or standard error (1).
    pub(super) fn add(&mut self, which: usize, chunk: &[u8]) {
        if let Some(capture) = self.captures.get_mut(which) {
            capture.add(chunk);
        }
        // A log that can't be written says so itself; the child goes on.
        let _ = self.log.write_all(chunk);
    }

    /// What was kept of both.
    pub(super) fn end(self) -> [Capture; 2] {
        self.captures
    }
}

#[cfg(test)]
mod tests {
    use super::{Capture, Outputs, Part};

    #[track_caller]
    fn check(limit: usize, part: Part, expected: &[u8], n_dropped: u64) {
        for n_at_once in [1, 3, 7, 10] {
            let mut log = Vec::new();
            let mut outputs = Outputs::new([Capture::new(limit, part), Capture::new(0, part)], &mut log);
            for chunk in b"0123456789".chunks(n_at_once) {
                outputs.add(0, chunk);
            }
            let [capture, _] = outputs.end();
            assert_eq!(capture.end(), (expected.to_vec(), n_dropped), "{n_at_once} at once");
            assert_eq!(log, b"0123456789");
        }
    }

    #[test]
    fn what_is_over_the_limit_is_counted_and_not_kept() {
        check(usize::MAX, Part::First, b"0123456789", 0);
        check(10, Part::First, b"0123456789", 0);
        check(9, Part::First, b"012345678", 1);
        check(2, Part::First, b"01", 8);
        check(0, Part::First, b"", 10);
        check(usize::MAX, Part::Last, b"0123456789", 0);
        check(10, Part::Last, b"0123456789", 0);
        check(2, Part::Last, b"89", 8);
        check(0, Part::Last, b"", 10);
    }
}
