//! Tabs where YAML wants indentation. The grammar forbids them and the usual readers refuse them; the parser used here
//! takes them wherever it does not need to know the column.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, StructureStyle};

/// The tabs at the start of lines, compared with the events of the text as these come.
pub(crate) struct Tabs {
    /// The first tab of each line that begins with white space that holds one, in the order of the text.
    leading: Vec<usize>,
    /// How many of them come before what was read.
    n_passed: usize,
    /// The first one that stands where only spaces may.
    misplaced: Option<usize>,
    /// Where the outermost open flow collection starts, and how many are open in it.
    flow: Option<(usize, usize)>,
}

impl Tabs {
    /// The tabs of a text of which nothing was read yet.
    pub(crate) fn of(text: &str) -> Self {
        let mut leading = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let spaces = line.bytes().take_while(|&byte| byte == b' ').count();
            if line.as_bytes().get(spaces) == Some(&b'\t') {
                leading.push(start + spaces);
            }
            start += line.len();
        }
        Self { leading, n_passed: 0, misplaced: None, flow: None }
    }

    /// Takes the next event and where it is: inside a scalar or a flow collection a tab indents nothing.
    pub(crate) fn see(&mut self, event: &Event<'_>, at: &Range<usize>) {
        if self.leading.is_empty() {
            return;
        }
        match (event, &mut self.flow) {
            (Event::SequenceStart(..) | Event::MappingStart(..), Some((_, depth))) => *depth += 1,
            (Event::SequenceStart(StructureStyle::Flow, ..) | Event::MappingStart(StructureStyle::Flow, ..), None) => {
                self.flow = Some((at.start, 1));
            }
            (Event::SequenceEnd | Event::MappingEnd, Some((start, depth))) => {
                *depth -= 1;
                if *depth == 0 {
                    let whole = *start..at.end;
                    self.flow = None;
                    self.pass(&whole);
                }
            }
            (Event::Scalar(..), None) => self.pass(at),
            _ => {}
        }
    }

    /// The first tab that stands where only spaces may, once all was read.
    pub(crate) fn misplaced(&self) -> Option<usize> {
        self.misplaced.or_else(|| self.leading.get(self.n_passed).copied())
    }

    /// Goes on to the end of a place where tabs are fine.
    fn pass(&mut self, fine: &Range<usize>) {
        while let Some(tab) = self.leading.get(self.n_passed).filter(|tab| **tab < fine.end) {
            if *tab < fine.start {
                self.misplaced.get_or_insert(*tab);
            }
            self.n_passed += 1;
        }
    }
}
