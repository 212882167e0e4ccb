//! A change of one text as a unified diff, which `git apply` and `patch` take.

use crate::diff::{Hunk, LineDiff, lines};

/// How many unchanged lines surround a change.
const CONTEXT: usize = 3;

/// The hunks that make `new` of `old`, without the lines that name the files; empty if nothing differs.
pub(crate) fn patch(old: &[u8], new: &[u8]) -> Vec<u8> {
    let diff = LineDiff::between(old, new);
    let (old, new) = (lines(old), lines(new));
    let mut out = Vec::new();
    let is_near = |one: &Hunk, next: &Hunk| next.old.start <= one.old.end + 2 * CONTEXT;
    for group in diff.hunks().chunk_by(is_near) {
        push_group(&mut out, group, &old, &new);
    }
    out
}

/// Changes that share their context.
fn push_group(out: &mut Vec<u8>, group: &[Hunk], old: &[&[u8]], new: &[&[u8]]) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let before = first.old.start.min(CONTEXT);
    let after = (old.len() - last.old.end).min(CONTEXT);
    let (start, end) = (first.old.start - before, last.old.end + after);
    let n_new = last.new.end + after - (first.new.start - before);
    let head = format!("@@ -{} +{} @@\n", range(start, end - start), range(first.new.start - before, n_new));
    out.extend_from_slice(head.as_bytes());
    let mut done = start;
    for hunk in group {
        push_lines(out, b' ', old.get(done..hunk.old.start));
        push_lines(out, b'-', old.get(hunk.old.clone()));
        push_lines(out, b'+', new.get(hunk.new.clone()));
        done = hunk.old.end;
    }
    push_lines(out, b' ', old.get(done..end));
}

/// A range as a patch names it: an empty one by the line before it.
fn range(start: usize, n_lines: usize) -> String {
    format!("{},{n_lines}", if n_lines == 0 { start } else { start + 1 })
}

fn push_lines(out: &mut Vec<u8>, sign: u8, lines: Option<&[&[u8]]>) {
    for line in lines.unwrap_or_default() {
        out.push(sign);
        out.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            out.extend_from_slice(b"\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::patch;

    #[track_caller]
    fn check(old: &str, new: &str, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&patch(old.as_bytes(), new.as_bytes())), expected);
    }

    #[test]
    fn changes_have_three_lines_around_them() {
        check("a\n", "a\n", "");
        check("a \nb\n", "a\nb\n", "@@ -1,2 +1,2 @@\n-a \n+a\n b\n");
        check("", "a\n", "@@ -0,0 +1,1 @@\n+a\n");
        check("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
        check("a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n");
        check(
            "1\n2\n3\n4\n5 \n6\n7\n8\n9\n",
            "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5 \n+5\n 6\n 7\n 8\n",
        );
    }

    #[test]
    fn changes_that_are_far_apart_are_told_apart() {
        let old: String = (1..=20).map(|line| format!("{line}\n")).collect();
        let new = old.replacen("2\n", "x\n", 1).replacen("17\n", "17\ny\n", 1);
        check(
            &old,
            &new,
            "@@ -1,5 +1,5 @@\n 1\n-2\n+x\n 3\n 4\n 5\n@@ -15,6 +15,7 @@\n 15\n 16\n 17\n+y\n 18\n 19\n 20\n",
        );
    }
}
