//! Documents of which one portion after the other is held in memory: none may be so large that it is a danger.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use crate::check::suite::Cut;

/// The most bytes of a portion.
const MAX_PORTION: usize = 64 << 20;

/// What is read of a document, up to a portion that is too large.
pub(super) struct Portions<'a> {
    input: &'a mut dyn BufRead,
    n_read: &'a Cell<usize>,
}

impl<'a> Portions<'a> {
    /// `n_read` counts what was read of the portion: whoever is done with one sets it to 0.
    pub(super) fn new(input: &'a mut dyn BufRead, n_read: &'a Cell<usize>) -> Self {
        Self { input, n_read }
    }
}

impl Read for Portions<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.n_read.get() > MAX_PORTION {
            return Err(io::Error::other(format!("a part of it has more than {} MiB", MAX_PORTION >> 20)));
        }
        let n_bytes = self.input.read(buffer)?;
        self.n_read.set(self.n_read.get() + n_bytes);
        Ok(n_bytes)
    }
}

/// Why a document of this kind could not be read to its end.
pub(super) fn cut(error: &serde_json::Error, kind: &str) -> Cut {
    match error.is_io() {
        true => Cut(error.to_string()),
        false => Cut(format!("it is broken off or no report of {kind}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{self, BufReader, Read};

    use super::{MAX_PORTION, Portions, cut};

    #[test]
    fn a_document_of_any_length_is_read_in_portions_that_are_not_too_large() {
        let n_read = Cell::new(0);
        let mut endless = BufReader::new(io::repeat(b' '));
        let mut portions = Portions::new(&mut endless, &n_read);
        for _ in 0..3 {
            let n_bytes = io::copy(&mut (&mut portions).take(MAX_PORTION as u64), &mut io::sink());
            assert_eq!(n_bytes.expect("spaces"), MAX_PORTION as u64);
            n_read.set(0);
        }
        let error = io::copy(&mut portions, &mut io::sink()).expect_err("too much");
        let why = cut(&serde_json::Error::io(error), "x").0;
        assert!(why.starts_with("a part of it has more than 64 MiB"), "{why}");
    }
}
