//! What a child prints, read to its end and kept up to a limit. Knows nothing of processes.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// What was read so far; shared by the thread that reads and the one that waits, because a reader whose pipe is held
/// open by a process that escaped never ends.
#[derive(Clone, Debug)]
pub(super) struct Capture(Arc<Mutex<Kept>>);

/// The bytes that are kept and the number of those that are not.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The first bytes of the output, up to the limit.
    pub(super) bytes: Vec<u8>,
    /// How many bytes came after them.
    pub(super) n_dropped: u64,
}

impl Capture {
    /// How many bytes are asked for at once from the start. Most programs print less than that, and then the thread
    /// that reads needs no memory of its own: what it would take first is dearer than all that it does.
    const FIRST: usize = 8 * 1024;
    /// How many bytes are asked for at once from a program that prints more: as many as a pipe holds.
    const CHUNK: usize = 64 * 1024;

    /// Nothing so far, with room for a little.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Kept { bytes: Vec::with_capacity(Self::FIRST), n_dropped: 0 })))
    }

    /// Reads `from` to its end. It goes on reading over the limit, so that the writer never waits for a full pipe, and
    /// a pipe that breaks is an end like any other.
    pub(super) fn fill(&self, mut from: impl Read, limit: usize) {
        let mut first = [0; Self::FIRST];
        let mut n_seen = 0;
        while n_seen < Self::FIRST {
            match self.keep_some(&mut from, &mut first, limit) {
                Some(n_read) => n_seen += n_read,
                None => return,
            }
        }
        let mut chunk = vec![0; Self::CHUNK];
        while self.keep_some(&mut from, &mut chunk, limit).is_some() {}
    }

    /// Reads once and keeps what the limit allows; `None` at the end.
    fn keep_some(&self, from: &mut impl Read, chunk: &mut [u8], limit: usize) -> Option<usize> {
        let n_read = loop {
            match from.read(chunk) {
                Ok(0) => return None,
                Ok(n_read) => break n_read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let n_kept = n_read.min(limit.saturating_sub(kept.bytes.len()));
        kept.bytes.extend_from_slice(chunk.get(..n_kept).unwrap_or_default());
        kept.n_dropped = kept.n_dropped.saturating_add((n_read - n_kept) as u64);
        Some(n_read)
    }

    /// What is there by now; what is read later is lost.
    pub(super) fn take(&self) -> Kept {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::Capture;

    #[track_caller]
    fn check(limit: usize, expected_bytes: usize, expected_dropped: u64) {
        let capture = Capture::new();
        capture.fill(std::io::repeat(b'x').take(200_000), limit);
        let kept = capture.take();
        assert_eq!((kept.bytes.len(), kept.n_dropped), (expected_bytes, expected_dropped));
    }

    #[test]
    fn what_is_over_the_limit_is_counted_and_not_kept() {
        check(usize::MAX, 200_000, 0);
        check(200_000, 200_000, 0);
        check(199_999, 199_999, 1);
        check(10, 10, 199_990);
        check(0, 0, 200_000);
    }
}
