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
        added.iter().map(|block| self.marks(block).iter().filter(|is_moved| **is_moved).count()).sum()
    }

    /// Which of these added lines are moved; blank ones are not.
    pub(crate) fn marks(&mut self, added: &[&'a [u8]]) -> Vec<bool> {
        let at: Vec<usize> = (0..added.len()).filter(|at| added.get(*at).is_some_and(is_significant)).collect();
        let lines = significant(added);
        let mut marks = vec![false; added.len()];
        for (start, window) in lines.windows(WINDOW).enumerate() {
            let Some(left) = self.sources.get_mut(window).filter(|left| **left > 0) else { continue };
            *left -= 1;
            for moved in at.iter().skip(start).take(WINDOW) {
                if let Some(mark) = marks.get_mut(*moved) {
                    *mark = true;
                }
            }
        }
        marks
    }
}

fn is_significant(line: &&[u8]) -> bool {
    !line.trim_ascii().is_empty()
}

fn significant<'a>(block: &[&'a [u8]]) -> Vec<&'a [u8]> {
    block.iter().filter(|line| is_significant(line)).map(|line| line.trim_ascii()).collect()
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
    fn the_lines_that_moved_are_told() {
        let lines: [&[u8]; 6] = [b"x", b"a", b"", b"b", b"c", b"y"];
        let marks = Moves::of(&[vec![b"a", b"b", b"c"]]).marks(&lines);
        assert_eq!(marks, [false, true, false, true, true, false]);
    }

    #[test]
    fn only_runs_of_lines_count_as_moved() {
        check("a\nb\nc\nd\n", "x\n    a\n    b\n    c\n    d\ny\n", 4);
        check("}\n", "}\n}\n}\n", 0);
        check("a\nb\nc\n", "a\nb\nc\na\nb\nc\n", 3);
        check("a\n\nb\nc\n", "a\nb\n\n\nc\n", 3);
    }
}
