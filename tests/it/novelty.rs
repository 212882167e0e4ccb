//! The promise of "new only": what the change brings in blocks, and nothing else does.

use std::collections::BTreeSet;

use crate::support::{Ran, Repo};

/// A line with an error that the syntax tells, in a function of Python, and one with an error in its blanks.
const FAULTY: &str = "def f(x):\n    y = 1\n    return x is 'a'\n";
const BLANKS: &str = "def g(x):\n    y = 2 \n    return x\n";

fn check_staged(repo: &Repo) -> Ran {
    repo.tollgate(&["check", "--staged"])
}

/// Stages `after` in place of `before`, and compares the exit code.
#[track_caller]
fn check(before: &[(&str, &str)], after: &[(&str, &str)], code: i32) {
    let repo = Repo::with(before);
    for (path, _) in before.iter().filter(|(path, _)| !after.iter().any(|(other, _)| other == path)) {
        repo.git(&["rm", "-q", path]).code(0);
    }
    repo.stage(after);
    check_staged(&repo).code(code);
}

#[test]
fn code_that_only_moves_is_not_new() {
    let both = format!("{FAULTY}\n\n{BLANKS}");
    let turned = format!("{BLANKS}\n\n{FAULTY}");
    let before = [("a.py", both.as_str())];
    check(&before, &[("a.py", &turned)], 0);
    check(&before, &[("a.py", &format!("import os\nimport sys\n\n\n{both}"))], 0);
    check(&before, &[("b.py", &both)], 0);
    check(&before, &[("sub/b.py", &format!("import os\n\n\n{both}"))], 0);
    // One half stays, the other goes elsewhere.
    check(&before, &[("a.py", FAULTY), ("b.py", BLANKS)], 0);
    check(&before, &[("a.py", BLANKS), ("b.py", FAULTY)], 0);
    // Two files become one.
    check(&[("a.py", FAULTY), ("b.py", BLANKS)], &[("c.py", &both)], 0);
}

#[test]
fn code_that_is_indented_or_renamed_around_is_not_new() {
    let indented = "class A:\n    def f(self, x):\n        y = 1\n        return x is 'a'\n";
    check(&[("a.py", FAULTY)], &[("a.py", indented)], 0);
    check(&[("a.py", FAULTY)], &[("a.py", &FAULTY.replace("def f", "def renamed"))], 0);
    check(&[("a.py", FAULTY)], &[("a.py", &FAULTY.replace("y = 1", "y = 3\n    z = 4"))], 0);
    check(&[("a.py", BLANKS)], &[("a.py", &BLANKS.replace("    ", "\t"))], 0);
}

#[test]
fn a_copy_is_new() {
    let before = [("a.py", FAULTY)];
    check(&before, &[("a.py", &format!("{FAULTY}\n\n{}", FAULTY.replace("def f", "def g")))], 1);
    check(&before, &[("a.py", FAULTY), ("b.py", FAULTY)], 1);
    check(&[("a.py", BLANKS)], &[("a.py", &BLANKS.replace("    y = 2 \n", "    y = 2 \n    y = 2 \n"))], 1);
    // Also of something that another commit took away before.
    let repo = Repo::with(&before);
    repo.commit("mended", &[("a.py", "x = 1\n")]);
    repo.stage(&[("a.py", FAULTY)]);
    check_staged(&repo).code(1);
}

#[test]
fn an_edited_line_is_new() {
    check(&[("a.py", FAULTY)], &[("a.py", &FAULTY.replace("x is 'a'", "x is 'b'"))], 1);
    check(&[("a.py", FAULTY)], &[("a.py", &FAULTY.replace("return x", "return not x"))], 1);
    check(&[("a.py", BLANKS)], &[("a.py", &BLANKS.replace("y = 2 ", "y = 3 "))], 1);
    // Mended, and another one put in.
    check(&[("a.py", BLANKS)], &[("a.py", &BLANKS.replace("2 ", "2").replace("return x", "return x "))], 1);
}

#[test]
fn a_file_that_was_broken_before_does_not_block_its_mending() {
    check(&[("a.json", "{\n\"a\": 1,\n")], &[("a.json", "{\n\"a\": 1\n}\n")], 0);
    // Broken as before, elsewhere changed.
    check(&[("a.json", "{\n\"a\": 1,\n}\n")], &[("a.json", "{\n\"b\": 2,\n\"a\": 1,\n}\n")], 0);
    check(&[("a.json", "{}\n")], &[("a.json", "{\n")], 1);
    check(&[("a.txt", "one\ntwo")], &[("a.txt", "zero\none\ntwo")], 0);
    check(&[("a.txt", "one\ntwo\n")], &[("a.txt", "one\ntwo")], 1);
}

#[test]
fn an_untouched_part_of_a_changed_file_does_not_block() {
    check(&[("a.py", &format!("{FAULTY}\n\n{BLANKS}"))], &[("a.py", &format!("{FAULTY}\n\nz = 1\n\n\n{BLANKS}"))], 0);
    let crlf = FAULTY.replace('\n', "\r\n");
    check(&[("a.py", &crlf)], &[("a.py", &format!("{crlf}z = 1\r\n"))], 0);
}

/// Finds every `bad` of the project, and every `poor` where the file `strict` is there; notes each run.
const PROJECT: &str = "[checks.own]\nrun = [\"sh\", \"tool.sh\"]\noutput = \"gcc\"\ninputs = \"project\"\n";
const TOOL: &str = "#!/bin/sh\n\
    pwd >> NOTES\n\
    words=bad\n\
    [ -e strict ] && words='bad\\|poor'\n\
    [ -e broken ] && exit 7\n\
    grep -n \"$words\" *.txt | sed 's|^\\([^:]*\\):\\([0-9]*\\):\\(.*\\)|\\1:\\2: error: \\3 [word]|'\n";

#[test]
fn what_a_command_found_in_the_whole_project_before_does_not_block() {
    let repo = Repo::with(&[("a.txt", "1\nbad\n3\n"), ("b.txt", "bad\npoor\n"), ("tollgate.toml", PROJECT)]);
    let notes = repo.beside("notes");
    repo.commit("tool", &[("tool.sh", &TOOL.replace("NOTES", &notes.to_string_lossy()))]);
    repo.tollgate(&["install"]).code(0);
    // The exit code, what is said, and how often the command ran.
    let check = |args: &[&str], code: i32, expected: &str, n_runs: usize| {
        let _ = std::fs::remove_file(&notes);
        repo.tollgate(&[&["check", "--only", "own"], args].concat()).code(code).says(expected);
        assert_eq!(std::fs::read_to_string(&notes).unwrap().lines().count(), n_runs, "{args:?} {expected}");
    };
    let staged: &[&str] = &["--staged"];
    repo.stage(&[("a.txt", "0\n1\nbad\n3\n")]);
    check(staged, 0, "2 findings were there before", 2);
    // On a line that the change writes, beside old ones and alone.
    repo.stage(&[("a.txt", "0\n1\nbad\n3\nbad\n")]);
    check(staged, 1, "a.txt:5", 2);
    repo.stage(&[("a.txt", "0\n1\nbad\n3\n")]);
    // In a file that the change does not touch.
    repo.stage(&[("strict", "")]);
    check(staged, 1, "b.txt:2:1: error: poor", 2);
    repo.git(&["commit", "-q", "--no-verify", "-m", "strict"]).code(0);
    check(&["--base", "HEAD~1"], 1, "b.txt:2:1: error: poor", 2);
    repo.commit("mended", &[("a.txt", "good\n"), ("b.txt", "good\n")]);
    repo.stage(&[("a.txt", "bad\n")]);
    check(staged, 1, "a.txt:1", 1);
    repo.git(&["mv", "-f", "a.txt", "c.txt"]).code(0);
    // Where the command could not look, nothing is taken for old.
    repo.commit("broken", &[("broken", ""), ("c.txt", "bad\n")]);
    repo.git(&["rm", "-q", "broken"]).code(0);
    check(staged, 1, "could not look at the state before, so all that it finds counts as new", 2);
}

#[test]
fn every_finding_of_a_first_commit_and_of_named_files_is_new() {
    let repo = Repo::new();
    repo.stage(&[("a.py", FAULTY)]);
    check_staged(&repo).code(1);
    repo.commit("first", &[]);
    repo.tollgate(&["check", "a.py"]).code(1);
    repo.tollgate(&["check", "--all"]).code(1);
    repo.tollgate(&["check", "--worktree"]).code(0);
}

#[test]
fn what_a_merge_of_three_brings_is_nobodys_if_one_has_it() {
    let repo = Repo::with(&[("a.txt", "one\n")]);
    for name in ["one", "two"] {
        repo.git(&["checkout", "-q", "-b", name, "main"]).code(0);
        repo.commit(name, &[(&format!("{name}.txt"), "bad \n")]);
    }
    repo.git(&["checkout", "-q", "main"]).code(0);
    repo.commit("main", &[("main.txt", "bad \n")]);
    repo.tollgate(&["install"]).code(0);
    repo.git(&["merge", "-q", "--no-commit", "one", "two"]);
    check_staged(&repo).code(0);
    repo.stage(&[("a.txt", "new \n")]);
    check_staged(&repo).code(1).says("a.txt").is_silent_on("one.txt");
}

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Kept,
    Moved,
    Added,
}

#[derive(Clone, Debug)]
struct Line {
    text: String,
    is_bad: bool,
    is_frame: bool,
    from: From,
}

/// The two languages of the generated files.
#[derive(Clone, Copy, Debug)]
enum Language {
    Python,
    Rust,
}

/// Numbers without a pattern, always the same for a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

struct Generator {
    language: Language,
    numbers: Numbers,
    n_lines: usize,
}

impl Generator {
    /// A line that no other is like.
    fn line(&mut self, from: From) -> Line {
        self.n_lines += 1;
        let n = self.n_lines;
        let (text, is_bad) = match (self.numbers.below(4), self.language) {
            (0, Language::Python) => (format!("    v{n} = x is 'k{n}'"), true),
            (0, Language::Rust) => (format!("    dbg!(x + {n});"), true),
            (1, Language::Python) => (format!("    v{n} = {n} "), true),
            (1, Language::Rust) => (format!("    let _v{n} = {n};\t"), true),
            (_, Language::Python) => (format!("    v{n} = {n}"), false),
            (_, Language::Rust) => (format!("    let _v{n} = {n};"), false),
        };
        Line { text, is_bad, is_frame: false, from }
    }

    fn function(&mut self, from: From) -> Vec<Line> {
        self.n_lines += 1;
        let n = self.n_lines;
        let frame = |text: String| Line { text, is_bad: false, is_frame: true, from };
        let (head, end) = match self.language {
            Language::Python => (format!("def f{n}(x):"), "    return x".to_owned()),
            Language::Rust => (format!("fn f{n}(x: u32) {{"), "}".to_owned()),
        };
        let body: Vec<Line> = (0..6).map(|_| self.line(from)).collect();
        std::iter::once(frame(head)).chain(body).chain([frame(end), frame(String::new())]).collect()
    }

    /// A place at which a line of a body can stand.
    fn place(&mut self, lines: &[Line]) -> usize {
        let places: Vec<usize> = (1..lines.len())
            .filter(|at| {
                !lines[at - 1].text.is_empty()
                    && !lines[at - 1].text.starts_with(['}', 'r'])
                    && lines[at - 1].text != "    return x"
            })
            .collect();
        places[self.numbers.below(places.len())]
    }

    fn body_line(&mut self, lines: &[Line]) -> usize {
        let places: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].is_frame).collect();
        places[self.numbers.below(places.len())]
    }

    /// Changes the file in one of the ways of people.
    fn edit(&mut self, lines: &mut Vec<Line>) {
        match self.numbers.below(6) {
            0 | 1 => {
                let at = self.place(lines);
                lines.insert(at, self.line(From::Added));
            }
            2 => {
                let at = self.body_line(lines);
                lines.remove(at);
            }
            3 => {
                let at = self.body_line(lines);
                lines[at] = self.line(From::Added);
            }
            4 => {
                let at = self.body_line(lines);
                let mut line = lines.remove(at);
                if line.from == From::Kept {
                    line.from = From::Moved;
                }
                let at = self.place(lines);
                lines.insert(at, line);
            }
            _ => {
                let function = self.function(From::Added);
                match self.numbers.below(2) {
                    0 => lines.extend(function),
                    _ => drop(lines.splice(0..0, function)),
                }
            }
        }
    }
}

fn text(lines: &[Line]) -> String {
    let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    format!("{}\n", text.join("\n").trim_end_matches('\n'))
}

/// The lines on which something blocks.
fn blocking_lines(ran: &Ran) -> BTreeSet<usize> {
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let brought_in = findings.filter(|finding| finding["state"] != "unchanged");
    brought_in.map(|finding| usize::try_from(finding["region"]["start"][0].as_u64().unwrap()).unwrap()).collect()
}

fn follow_edits(language: Language, path: &str) {
    let repo = Repo::new();
    let mut n_expected = 0;
    for seed in 0..25 {
        let mut generator = Generator { language, numbers: Numbers(seed), n_lines: 0 };
        let mut lines: Vec<Line> = (0..3).flat_map(|_| generator.function(From::Kept)).collect();
        let before = text(&lines);
        repo.commit("before", &[(path, &before)]);
        for _ in 0..=generator.numbers.below(8) {
            generator.edit(&mut lines);
        }
        repo.stage(&[(path, &text(&lines))]);
        let ran = repo.tollgate(&["check", "--staged", "--format", "json"]);
        let found = blocking_lines(&ran);
        let bad = |from: From| -> BTreeSet<usize> {
            let of = lines.iter().enumerate().filter(|(_, line)| line.is_bad && line.from == from);
            of.map(|(at, _)| at + 1).collect()
        };
        let shown = || format!("seed {seed} of {language:?}\n{before}-----\n{}", text(&lines));
        assert_eq!(found, bad(From::Added), "{}", shown());
        assert_eq!(ran.code, Some(i32::from(!found.is_empty())), "{}", shown());
        n_expected += found.len();
    }
    assert!(n_expected > 20, "the edits are too tame: {n_expected}");
}

#[test]
fn generated_edits_of_python_block_for_what_they_add_alone() {
    follow_edits(Language::Python, "a.py");
}

#[test]
fn generated_edits_of_rust_block_for_what_they_add_alone() {
    follow_edits(Language::Rust, "a.rs");
}

#[test]
fn of_lines_that_are_alike_as_many_are_new_as_were_added() {
    let repo = Repo::new();
    let line = "    dbg!(x); \n";
    for seed in 0..10 {
        let mut numbers = Numbers(seed);
        let function =
            |n: usize, n_bad: usize| format!("fn f{n}(x: u32) {{\n{}    let _ = x;\n}}\n", line.repeat(n_bad));
        let before: Vec<usize> = (0..3).map(|_| numbers.below(3)).collect();
        let added: Vec<usize> = (0..3).map(|_| numbers.below(3)).collect();
        let text =
            |counts: &[usize]| counts.iter().enumerate().map(|(n, count)| function(n, *count)).collect::<String>();
        let after: Vec<usize> = before.iter().zip(&added).map(|(before, added)| before + added).collect();
        repo.commit("before", &[("a.rs", &text(&before))]);
        repo.stage(&[("a.rs", &text(&after))]);
        let ran = repo.tollgate(&["check", "--staged", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let n_new = findings.iter().filter(|finding| finding["state"] != "unchanged").count();
        assert_eq!(n_new, 2 * added.iter().sum::<usize>(), "{before:?} {added:?}");
    }
}
