//! The Test Anything Protocol, versions 12 to 14 (testanything.org): test lines, plans, YAML blocks, subtests.

use std::io::BufRead;
use std::sync::LazyLock;

use regex::Regex;

use crate::check::suite::lines::{Line, each};
use crate::check::suite::{Case, Cut, Doubt, Ending, Failure, MAX_NAME, Take, add_head, head};

/// How many spaces a subtest is indented by.
const INDENT: usize = 4;
/// How deep subtests may be nested.
const MAX_DEPTH: usize = 100;

static TEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<not>not )?ok\b(?:\s+\d+)?\s*(?:- )?(?P<name>(?:[^\\]|\\.|\\$)*?)(?:\s*#\s*(?P<directive>(?i:skip|todo))\b.*?)?\s*(?P<open>\{)?$")
        .expect("because the expression is constant")
});
static PLAN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<first>\d{1,9})\.\.(?P<last>\d{1,9})(?:\s.*)?$").expect("because the expression is constant")
});

/// Reads a report.
pub(super) fn read(input: &mut dyn BufRead, take: &mut Take<'_>) -> Result<Doubt, Cut> {
    let mut reading = Reading { take, levels: vec![Level::default()], test: None, block: None };
    let read = each(input, &mut |line| reading.line(&line));
    reading.end_test();
    read?;
    let Some(top) = reading.levels.first() else { return Ok(None) };
    match top.n_planned {
        None => Err(Cut("it has no plan, so that nobody knows whether it is whole".to_owned())),
        Some(n_planned) if n_planned != top.n_tests => {
            Err(Cut(format!("it plans {n_planned} tests and tells of {}", top.n_tests)))
        }
        Some(_) => Ok(None),
    }
}

/// Tests of the same depth.
#[derive(Default)]
struct Level {
    n_planned: Option<usize>,
    n_tests: usize,
    n_failed: usize,
}

/// A block of YAML behind a test line.
#[derive(Default)]
struct Block {
    indent: usize,
    /// The key whose value goes on over several lines, and how far that is indented.
    key: Option<(String, usize)>,
}

struct Reading<'a, 'b> {
    take: &'a mut Take<'b>,
    levels: Vec<Level>,
    /// The last test, until what follows its line is known.
    test: Option<Case>,
    block: Option<Block>,
}

impl Reading<'_, '_> {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Cut> {
        let text = line.text.trim_start();
        let indent = line.text.len() - text.len();
        if let Some(block) = &mut self.block {
            if text.trim_end() == "..." && indent <= block.indent {
                self.block = None;
            } else if let Some(Case { ending: Ending::Failed(failure), file, line: at, .. }) = &mut self.test {
                block.line(text, indent, failure);
                block.place(text, file, at);
            }
            return Ok(());
        }
        if text.trim_end() == "---" && self.test.is_some() {
            self.block = Some(Block { indent, key: None });
            return Ok(());
        }
        if let Some(why) = text.strip_prefix("Bail out!") {
            return Err(Cut(format!("the tests bailed out: {}", head(why.trim(), MAX_NAME))));
        }
        let depth = (indent / INDENT).min(MAX_DEPTH);
        if let Some(found) = TEST.captures(text).filter(|_| indent.is_multiple_of(INDENT)) {
            let said = |name: &str| found.name(name).map(|found| found.as_str());
            let is_opened = said("open").is_some();
            let directive = said("directive").map(str::to_ascii_lowercase);
            let name = said("name").unwrap_or_default().to_owned();
            self.test(depth, name, said("not").is_none(), directive.as_deref());
            if is_opened {
                self.end_test();
            }
        } else if let Some(found) = PLAN.captures(text).filter(|_| indent.is_multiple_of(INDENT)) {
            let number = |name| found.name(name).and_then(|number| number.as_str().parse::<usize>().ok());
            let n_planned = number("first").zip(number("last")).map(|(first, last)| (last + 1).saturating_sub(first));
            self.level(depth).n_planned = n_planned;
        } else if let (Some(comment), Some(test)) = (text.strip_prefix('#'), &mut self.test)
            && let Ending::Failed(failure) = &mut test.ending
        {
            add_head(&mut failure.detail, comment.trim());
            add_head(&mut failure.detail, "\n");
        }
        Ok(())
    }

    fn level(&mut self, depth: usize) -> &mut Level {
        while self.levels.len() <= depth {
            self.levels.push(Level::default());
        }
        self.levels.get_mut(depth).expect("because it was just made")
    }

    fn test(&mut self, depth: usize, name: String, is_ok: bool, directive: Option<&str>) {
        self.end_test();
        // Subtests come before the line that sums them up.
        let inner = self.levels.get(depth + 1).map_or((0, 0), |level| (level.n_tests, level.n_failed));
        self.levels.truncate(depth + 1);
        let ending = match (is_ok, directive) {
            (_, Some("skip")) | (false, Some(_)) => Ending::Skipped,
            (true, _) => Ending::Passed,
            (false, None) => Ending::Failed(Failure::default()),
        };
        let has_failed = matches!(ending, Ending::Failed(_));
        let level = self.level(depth);
        level.n_tests += 1;
        level.n_failed += usize::from(has_failed);
        let is_summary = inner.0 > 0 && (!has_failed || inner.1 > 0);
        if !is_summary {
            let name = head(&name, MAX_NAME).to_owned();
            self.test = Some(Case { name, ending, ..Case::default() });
        }
    }

    fn end_test(&mut self) {
        self.block = None;
        if let Some(mut case) = self.test.take() {
            if let Ending::Failed(failure) = &mut case.ending {
                failure.message = failure.message.trim().to_owned();
                failure.detail = failure.detail.trim().to_owned();
            }
            (self.take)(case);
        }
    }
}

impl Block {
    /// Takes a line of the block: what it says of the failure.
    fn line(&mut self, text: &str, indent: usize, failure: &mut Failure) {
        let goes_on = self.key.as_ref().is_some_and(|(_, key_indent)| indent > *key_indent || text.is_empty());
        if !goes_on {
            let (key, value) = text.split_once(':').unwrap_or((text, ""));
            self.key = Some((key.trim().to_ascii_lowercase(), indent));
            self.add(unquoted(value.trim()), failure);
        } else {
            self.add(text, failure);
        }
    }

    fn add(&self, text: &str, failure: &mut Failure) {
        let key = self.key.as_ref().map_or("", |(key, _)| key.as_str());
        let into = match key {
            "message" | "error" | "reason" => &mut failure.message,
            "expected" | "wanted" | "want" => &mut failure.expected,
            "actual" | "found" | "got" => &mut failure.actual,
            "location" | "duration_ms" => return,
            _ => &mut failure.detail,
        };
        if matches!(text, "" | "|" | "|-" | "|+" | ">" | ">-") {
            return;
        }
        if !into.is_empty() {
            add_head(into, "\n");
        }
        add_head(into, text);
    }

    /// Takes the place of the test, where the line tells it.
    fn place(&self, text: &str, file: &mut String, line: &mut u32) {
        let Some((key, value)) = text.split_once(':') else { return };
        match key.trim() {
            "file" | "fileName" => *file = head(unquoted(value.trim()), MAX_NAME).to_owned(),
            "line" | "lineNumber" => *line = value.trim().parse().unwrap_or(0),
            "location" => {
                let mut parts = unquoted(value.trim()).rsplitn(3, ':');
                let (_, at, name) = (parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                *file = head(name, MAX_NAME).to_owned();
                *line = at.parse().unwrap_or(0);
            }
            _ => {}
        }
    }
}

fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('\'').or_else(|| inside('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use crate::check::suite::shown::{all, check, told};
    use crate::config::TestFormat::Tap;

    #[test]
    fn lines_plans_and_directives_are_read() {
        check(
            Tap,
            "TAP version 13\n1..6\nok 1 - a\nnot ok 2 - b\n# Failed test 'b'\n#   at t/a.t line 5.\nok 3 # SKIP no net\nnot ok 4 - d # TODO later\nok\nnoise\nok 6 c # 3\n",
            &[
                "a passed",
                "b failed |Failed test 'b'\nat t/a.t line 5.",
                " skipped",
                "d skipped",
                " passed",
                "c # 3 passed",
            ],
        );
        check(Tap, "1..0 # SKIP nothing here\n", &[]);
        check(Tap, "ok 8\nok 9\n8..9\n", &[" passed", " passed"]);
    }

    #[test]
    fn subtests_are_summed_up_by_the_line_behind_them() {
        check(
            Tap,
            "TAP version 14\n# Subtest: one\n    ok 1 - a\n    not ok 2 - b\n    1..2\nnot ok 1 - one\n# Subtest: two\n    ok 1 - c\n    1..1\nnot ok 2 - two\n  ---\n  error: it took too long\n  ...\nok 3 - three {\n    ok 1 - d\n    1..1\n}\n1..3\n",
            &["a passed", "b failed |", "c passed", "two failed it took too long|", "three passed", "d passed"],
        );
    }

    #[test]
    fn a_block_says_what_went_wrong_and_where() {
        let text = "1..1\nnot ok 1 - b\n  ---\n  message: |-\n    two\n    lines\n  severity: fail\n  expected: 1\n  actual: '2'\n  at:\n    fileName: t/b.js\n    lineNumber: 7\n  stack: |\n    f (/w/b.js:3:1)\n  ...\n";
        let (cases, problem) = all(Tap, text.as_bytes());
        assert_eq!(problem, None);
        let case = cases.first().unwrap();
        assert_eq!((case.file.as_str(), case.line), ("t/b.js", 7));
        let crate::check::suite::Ending::Failed(failure) = &case.ending else { panic!("{case:?}") };
        assert_eq!(
            (failure.message.as_str(), failure.expected.as_str(), failure.actual.as_str()),
            ("two\nlines", "1", "2")
        );
        assert!(failure.detail.contains("f (/w/b.js:3:1)"));
    }

    #[test]
    fn what_is_not_whole_is_told() {
        let why = |text: &str| told(Tap, text.as_bytes()).1.unwrap_or_default();
        assert!(why("ok 1\n").contains("no plan"));
        assert!(why("1..3\nok 1\nok 2\n").contains("plans 3 tests and tells of 2"));
        assert!(why("1..2\nok 1\nBail out! no database\n").contains("bailed out: no database"));
        assert!(why("").contains("no plan"));
    }
}
