//! What a child prints, read to its end and kept up to a limit. Knows nothing of processes.

use std::io::{ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// What was read so far; shared by the thread that reads and the one that waits, because a reader whose pipe is held
/// open by a process that escaped never ends.
#[derive(Clone, Debug, Default)]
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
    /// How many bytes are asked for at once: as many as a pipe holds.
    const CHUNK: usize = 64 * 1024;

    /// Reads `from` to its end. It goes on reading over the limit, so that the writer never waits for a full pipe, and
    /// a pipe that breaks is an end like any other.
    pub(super) fn fill(&self, mut from: impl Read, limit: usize) {
        let mut chunk = vec![0; Self::CHUNK];
        loop {
            let n_read = match from.read(&mut chunk) {
                Ok(0) => return,
                Ok(n_read) => n_read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let n_kept = n_read.min(limit.saturating_sub(kept.bytes.len()));
            kept.bytes.extend_from_slice(chunk.get(..n_kept).unwrap_or_default());
            kept.n_dropped = kept.n_dropped.saturating_add((n_read - n_kept) as u64);
        }
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
        let capture = Capture::default();
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
