//! Finds many keywords in one pass, with an automaton of Aho and Corasick that `build.rs` makes.

/// What finds the keywords: the class of each byte, the number of classes, the next state of each state and class.
#[derive(Clone, Copy)]
pub(crate) struct Keywords {
    classes: &'static [u8; 256],
    n_classes: usize,
    next: &'static [[u8; 2]],
    /// For each state the keywords that end there.
    ends: &'static [&'static [usize]],
}

impl Keywords {
    /// The automaton that the build wrote. Panics where it is another thing.
    pub(crate) fn new(written: &'static [u8], ends: &'static [&'static [usize]]) -> Self {
        let parts = written.split_first_chunk().and_then(|(classes, rest)| {
            let (numbers, []) = rest.as_chunks() else { return None };
            let (n_classes, next) = numbers.split_first()?;
            Some(Self { classes, n_classes: usize::from(u16::from_le_bytes(*n_classes)), next, ends })
        });
        parts.expect("because the build wrote it so")
    }

    /// Every keyword in a text, those that overlap too, letters in either case: its number and where it ends.
    pub(crate) fn find(self, text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let mut state = 0;
        text.iter().enumerate().flat_map(move |(at, byte)| {
            let class = self.classes.get(usize::from(*byte)).copied().unwrap_or_default();
            let next = self.next.get(state * self.n_classes + usize::from(class)).copied().unwrap_or_default();
            state = usize::from(u16::from_le_bytes(next));
            let ends = self.ends.get(state).copied().unwrap_or_default();
            ends.iter().map(move |keyword| (*keyword, at + 1))
        })
    }
}
