//! Lines that only moved: removed in one place and added in another, also between files.

use std::collections::HashMap;

/// How many lines in a row must agree before they count as moved, so that a lone `}` does not.
const WINDOW: usize = 3;

/// One run of removed or added lines.
pub(crate) type Block<'a> = Vec<&'a [u8]>;

/// The removed lines from which added ones may have come. Indentation and trailing blanks do not count, blank lines
/// neither help nor hinder, and a removed line accounts for one added line only.
pub(crate) struct Moves<'a> {
    sources: HashMap<Vec<&'a [u8]>, usize>,
}

impl<'a> Moves<'a> {
    /// All lines that the change removes, from whichever file.
    pub(crate) fn of(removed: &[Block<'a>]) -> Self {
        let mut sources: HashMap<Vec<&[u8]>, usize> = HashMap::new();
        for block in removed {
            for window in significant(block).windows(WINDOW) {
                *sources.entry(window.to_vec()).or_default() += 1;
            }
        }
        Self { sources }
    }

    /// How many of these added lines are moved.
    pub(crate) fn n_in(&mut self, added: &[Block<'a>]) -> usize {
        added.iter().map(|block| self.n_in_block(&significant(block))).sum()
    }

    fn n_in_block(&mut self, lines: &[&'a [u8]]) -> usize {
        let mut n_moved = 0;
        let mut counted_to = 0;
        for (start, window) in lines.windows(WINDOW).enumerate() {
            let Some(left) = self.sources.get_mut(window).filter(|left| **left > 0) else { continue };
            *left -= 1;
            let end = start + WINDOW;
            n_moved += end - counted_to.max(start);
            counted_to = end;
        }
        n_moved
    }
}

fn significant<'a>(block: &[&'a [u8]]) -> Vec<&'a [u8]> {
    block.iter().map(|line| line.trim_ascii()).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::Moves;

    #[track_caller]
    fn check(removed: &str, added: &str, expected: usize) {
        let block = |text: &'static str| text.lines().map(str::as_bytes).collect::<Vec<_>>();
        let (removed, added) = (block(removed.to_owned().leak()), block(added.to_owned().leak()));
        assert_eq!(Moves::of(&[removed]).n_in(&[added]), expected);
    }

    #[test]
    fn only_runs_of_lines_count_as_moved() {
        check("a\nb\nc\nd\n", "x\n    a\n    b\n    c\n    d\ny\n", 4);
        check("}\n", "}\n}\n}\n", 0);
        check("a\nb\nc\n", "a\nb\nc\na\nb\nc\n", 3);
        check("a\n\nb\nc\n", "a\nb\n\n\nc\n", 3);
    }
}
