//! Stack traces and assertions as languages write them: which places a failure names, the innermost first.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// The most places that are taken of one text.
const MAX_FRAMES: usize = 200;

/// A place that a failure names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The file as it is written there.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: u32,
}

/// A file and a line in one of the forms of
/// Python (`File "a.py", line 3`), the JVM (`at org.x.A.b(A.java:3)`), C# (`in /x/a.cs:line 3`),
/// Perl (`at t/a.t line 3`), Visual C++ and PHP (`a.cpp(3)`), and everybody else (`a.rs:3:5`).
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r#"File "[^"\n]+", line \d{1,9}"#,
        r"|\bat (?:[\w.@-]*/)*(?:[\w$]+\.)*[\w$<>]+\.[\w$<>-]+\([\w$-]+\.\w+:\d{1,9}\)",
        r"|\bat \S+ line \d{1,9}\b",
        r"|\b(?:in|at) (?:\w:)?[^\n:]+\.\w{1,8}:\w+ \d{1,9}",
        r"|[\w@+./\\~$-]+\.\w{1,8}(?::\d{1,9}|\(\d{1,9}(?:,\d{1,9})?\))",
    ))
});

/// Lines of Python's traces, which name the innermost place last.
static INNERMOST_LAST: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?m)^\s*File "[^"\n]+", line \d+|^\S+\.py:\d+: (?:in |\w+(?:Error|Exception|Warning)?\b|$)"#)
});

/// An expression in which `\w` is what names are made of: ASCII's letters, digits and `_`, and every byte of another
/// character. Which of those are letters [`named`] tells of what was found: here it would make the expression a hundred
/// times as large.
fn expression(text: &str) -> Regex {
    const LETTERS: &str = r"0-9A-Za-z_\x80-\xff";
    let text = text.replace(r"[\w", &format!("[{LETTERS}")).replace(r"\w", &format!("[{LETTERS}]"));
    let text = RegexBuilder::new(&text.replace(r"\d", "[0-9]")).unicode(false).build();
    text.expect("because the expression is constant")
}

/// A text with the places that it names.
pub(crate) struct Trace<'a> {
    text: &'a str,
    /// In the order of the text, each with where it begins.
    frames: Vec<(usize, Frame)>,
}

impl<'a> Trace<'a> {
    /// Looks for the places in a text.
    pub(crate) fn of(text: &'a str) -> Self {
        let found = FRAME.find_iter(text.as_bytes()).take(MAX_FRAMES);
        let frames = found.filter_map(|found| Some((found.start(), frame(text.get(found.range())?)?))).collect();
        Self { text, frames }
    }

    /// The places, the innermost first.
    pub(crate) fn innermost_first(&self) -> Box<dyn Iterator<Item = &Frame> + '_> {
        let frames = self.frames.iter().map(|(_, frame)| frame);
        if self.frames.len() > 1 && INNERMOST_LAST.is_match(self.text.as_bytes()) {
            return Box::new(frames.rev());
        }
        Box::new(frames)
    }

    /// The text without the outer ends of the stacks of the JVM, .NET and JavaScript in it: what called the outermost place
    /// that is ours is the runner. Of a stack without any of ours the start stays.
    pub(crate) fn without_callers(&self, is_ours: &dyn Fn(&Frame) -> bool) -> String {
        let mut kept: Vec<&str> = Vec::new();
        // How many lines there are up to and with the outermost place of ours in the stack that is being read.
        let mut n_kept = None;
        let mut frames = self.frames.iter().peekable();
        let mut end = 0;
        for line in self.text.split_inclusive('\n') {
            end += line.len();
            let mut has_ours = false;
            while let Some((_, frame)) = frames.next_if(|(start, _)| *start < end) {
                has_ours = has_ours || is_ours(frame);
            }
            let line = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            if !line.trim_start().starts_with("at ") && !line.trim_start().starts_with("❯ ") {
                kept.truncate(n_kept.take().unwrap_or(usize::MAX));
                kept.push(line);
                continue;
            }
            kept.push(line);
            if n_kept.is_none() || has_ours {
                n_kept = Some(kept.len());
            }
        }
        kept.truncate(n_kept.unwrap_or(usize::MAX));
        kept.join("\n")
    }
}

/// What was found, taken apart. To let the expression do that takes much longer than to find it.
fn frame(found: &str) -> Option<Frame> {
    let (file, line) = if let Some(rest) = found.strip_prefix("File \"") {
        let (file, line) = rest.rsplit_once("\", line ")?;
        (file.to_owned(), line)
    } else if let Some(rest) = found.strip_prefix("at ").or_else(|| found.strip_prefix("in ")) {
        after_at(rest)?
    } else if let Some(bracket) = found.strip_suffix(')') {
        let (file, place) = bracket.rsplit_once('(')?;
        (named(file)?, place.split(',').next()?)
    } else {
        let (file, line) = found.rsplit_once(':')?;
        (named(file)?, line)
    };
    let line = line.parse().ok().filter(|&line| line > 0)?;
    Some(Frame { file, line })
}

/// The name of a file behind the last sign in front of it that is no part of names, such as a quote.
fn named(found: &str) -> Option<String> {
    let is_letter = |c| {
        matches!(c, '\u{c0}'..='\u{1fff}' | '\u{2c00}'..='\u{2dff}' | '\u{3040}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}')
            || matches!(c, '\u{20000}'..='\u{3ffff}')
    };
    let is_sign = |c: char| !c.is_ascii() && !is_letter(c);
    let name = found.rsplit(is_sign).next().filter(|name| name.contains('.'))?;
    Some(name.to_owned())
}

/// What stands behind `at` or `in`: `org.x.A.b(A.java:3)`, `t/a.t line 3` or `/x/a.cs:line 3`.
fn after_at(rest: &str) -> Option<(String, &str)> {
    if let Some(method) = rest.strip_suffix(')') {
        let (method, place) = method.rsplit_once('(')?;
        let (file, line) = place.rsplit_once(':')?;
        let within_module = method.rsplit('/').next()?;
        let class = within_module.rsplit_once('.')?.0;
        let package = class.rsplit_once('.').map_or(String::new(), |(package, _)| package.replace('.', "/") + "/");
        return Some((package + file, line));
    }
    let (before, line) = rest.rsplit_once(' ')?;
    let file = before.strip_suffix(" line").or_else(|| before.rsplit_once(':').map(|(file, _)| file))?;
    Some((file.to_owned(), line))
}

#[cfg(test)]
mod tests {
    use super::Trace;

    /// `expected` are the places as `file:line`.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> =
            Trace::of(text).innermost_first().map(|frame| format!("{}:{}", frame.file, frame.line)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_innermost_place_comes_first_in_every_language() {
        check(
            "Traceback (most recent call last):\n  File \"/w/tests/test_a.py\", line 9, in test_b\n    f()\n  File \"/w/a b.py\", line 3, in f\nValueError: x",
            &["/w/a b.py:3", "/w/tests/test_a.py:9"],
        );
        check(
            "def test_x():\n>       f()\n\ntests/test_a.py:5: \n_ _ _\nsrc/a.py:3: ValueError",
            &["src/a.py:3", "tests/test_a.py:5"],
        );
        check(
            "java.lang.AssertionError: x\n\tat org.junit.Assert.fail(Assert.java:88)\n\tat app//org.x.ATest.b(ATest.java:12)\n\tat java.base/jdk.X.invoke(Native Method)",
            &["org/junit/Assert.java:88", "org/x/ATest.java:12"],
        );
        check("at org.x.A$Inner.<init>(A.kt:7)\n", &["org/x/A.kt:7"]);
        check(
            "Error: expect(received).toBe(expected)\n    at Object.<anonymous> (/w/src/a.test.js:5:10)\n    at f (/w/node_modules/x/i.js:3:1)",
            &["/w/src/a.test.js:5", "/w/node_modules/x/i.js:3"],
        );
        check("    at file:///w/a.mjs:4:7", &["///w/a.mjs:4"]);
        check("    a_test.go:12: got 1, want 2\n", &["a_test.go:12"]);
        check("panic: x\n\ngoroutine 1:\nmain.f()\n\t/w/a.go:4 +0x1d\n", &["/w/a.go:4"]);
        check("thread 'x' (7) panicked at src/lib.rs:10:5:\nassertion failed", &["src/lib.rs:10"]);
        check("   at N.T.M() in C:\\w\\T.cs:line 12\n", &["C:\\w\\T.cs:12"]);
        check("   bei N.T.M() in /w/T.cs:Zeile 12.", &["/w/T.cs:12"]);
        check("#0 /w/src/A.php(12): f()\n#1 {main}", &["/w/src/A.php:12"]);
        check("Failed asserting that 1 is 2.\n\n/w/tests/ATest.php:9\n", &["/w/tests/ATest.php:9"]);
        check("# ./spec/a_spec.rb:5:in `block (2 levels)'", &["./spec/a_spec.rb:5"]);
        check("a/b_test.cc:7: Failure\nExpected: 1", &["a/b_test.cc:7"]);
        check("C:\\w\\b_test.cc(7): error: x", &["\\w\\b_test.cc:7"]);
        check("Failed test 'x'\nat t/a.t line 5.", &["t/a.t:5"]);
        check("at 12:30:45 the x.y:0 and v1.2", &[]);
        check("❯ sé/b.ts:2, “src/größe.py:4” \u{a0}日本.rb:5 “a.py”:3", &["sé/b.ts:2", "src/größe.py:4", "日本.rb:5"]);
    }

    #[test]
    fn what_called_the_outermost_place_of_ours_is_left_out() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(Trace::of(text).without_callers(&|frame| frame.file.contains("Our")), expected);
        }
        let stack = "x.Error: no\n\tat lib.A.b(A.java:1)\n\tat Our.c(Our.java:2)\n\tat lib.Run.d(Run.java:3)";
        let cut = "x.Error: no\n\tat lib.A.b(A.java:1)\n\tat Our.c(Our.java:2)";
        check(stack, cut);
        let caused = "\nCaused by: y\n\tat lib.E.f(E.java:4)\n\t... 9 more";
        check(&format!("{stack}{caused}\n"), &format!("{cut}{caused}"));
        check(
            "Error: x\n ❯ f node_modules/a.mjs:2:1\n ❯ Our.js:1:2\n ❯ g b.js:2:1",
            "Error: x\n ❯ f node_modules/a.mjs:2:1\n ❯ Our.js:1:2",
        );
        check("at lib.A.b(A.java:1)\nat lib.C.d(C.java:2)", "at lib.A.b(A.java:1)");
        check("expected: 1\n  at the Our.rs:3\nlooked at 2", "expected: 1\n  at the Our.rs:3\nlooked at 2");
    }
}
