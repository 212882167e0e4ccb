//! What a fixture file says in its comments about the line after them: `ruleid: x` (the rule finds it), `ok: x` (it
//! does not).

use std::sync::LazyLock;

use regex::Regex;

/// What a comment expects of the line after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A finding of the rule.
    Finding,
    /// None of the rule.
    Nothing,
}

/// The expectations of a file.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    /// Line from 1, id of the rule, what is expected.
    all: Vec<(usize, String, Expected)>,
}

/// A comment of any of the kinds that there are, with one or more ids.
static COMMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:#|//|--|;|<!--|/\*)\s*(?P<what>ruleid|ok):\s*(?P<ids>[\w./-]*\w(?:\s*,\s*[\w./-]*\w)*)")
        .expect("because it is written here")
});

impl Annotations {
    /// Reads the comments of a file; each speaks of the next line that has no such comment.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (mut all, mut waiting) = (Vec::new(), Vec::new());
        for (line, text) in (1..).zip(text.lines()) {
            match COMMENT.captures(text) {
                Some(found) => {
                    let expected = if &found["what"] == "ok" { Expected::Nothing } else { Expected::Finding };
                    waiting.extend(found["ids"].split(',').map(|id| (id.trim().to_owned(), expected)));
                }
                None => all.extend(waiting.drain(..).map(|(id, expected)| (line, id, expected))),
            }
        }
        Self { all }
    }

    /// The rules that are named.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|(_, id, _)| id.as_str())
    }

    /// The rules of which that is expected somewhere.
    pub(crate) fn of(&self, expected: Expected) -> impl Iterator<Item = &str> {
        self.all.iter().filter(move |(.., what)| *what == expected).map(|(_, id, _)| id.as_str())
    }

    /// The lines, from 1, of which that is expected of a rule.
    pub(crate) fn lines(&self, rule: &str, expected: Expected) -> impl Iterator<Item = usize> {
        self.all.iter().filter(move |(_, id, what)| id == rule && *what == expected).map(|(line, ..)| *line)
    }
}

#[cfg(test)]
mod tests {
    use super::{Annotations, Expected};

    #[test]
    fn comments_of_every_kind_are_read() {
        let text =
            "# ruleid: a, b-c\n// ok: d\nx\n<!-- ok: e -->\ny\n/* ruleid: tool/f */\nz\nruleid: no\nq\n-- ok: g\n";
        let read = Annotations::read(text.as_bytes());
        let expected = [
            (3, "a", Expected::Finding),
            (3, "b-c", Expected::Finding),
            (3, "d", Expected::Nothing),
            (5, "e", Expected::Nothing),
            (7, "tool/f", Expected::Finding),
        ];
        assert_eq!(read.all, expected.map(|(line, id, what)| (line, id.to_owned(), what)));
    }
}
