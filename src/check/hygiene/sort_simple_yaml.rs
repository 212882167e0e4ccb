//! `sort-simple-yaml`: YAML of nothing but keys at the top, block by block in order.

use crate::check::hygiene::rewritten::{self, Rewritten};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, lines};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct SortSimpleYaml;

static ABOUT: About = About {
    id: "sort-simple-yaml",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A simple YAML file whose blocks are not sorted.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
A YAML file whose blocks (lines without an empty line between them) are not in the order of their first keys. Comments at \
the very top stay there; those before a key go with it. Only the top level is looked at: it is for files that are a plain \
list of keys, and looks only at those that `files` of `[checks.sort-simple-yaml]` names.

## Why it matters
In a sorted list of keys an entry is found at once, and two additions do not meet in the same line.

## Example
    b: 1

    a: 2

## Fix
The blocks are sorted, with one empty line between them.

## Options
None.
";

impl FileCheck for SortSimpleYaml {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular()
    }

    fn needs_files(&self) -> bool {
        true
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let before = trimmed_lines(file.bytes);
        let mut sorted = sorted(&before);
        if file.manner == Manner::Gate {
            // A comment that comes to stand at the top is set apart by the next run; here by the same one.
            sorted = self::sorted(&sorted);
        }
        if sorted == before {
            return Ok(Examined::default());
        }
        let end = lines::ends(file.bytes).next().map_or(&b"\n"[..], |end| lines::text(file.bytes, end));
        let end = if end == b"\r\n" { end } else { b"\n" };
        let after = sorted.into_iter().flat_map(|line| [line, end]).collect::<Vec<_>>().concat();
        let message = "the blocks are not sorted";
        Ok(rewritten::found(&ABOUT, file, Rewritten { after, message, fix: Some("sort the blocks") }))
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("Fixing file `{}`", file.side.path)
    }
}

/// The lines without the white space at their ends.
fn trimmed_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).collect();
    if bytes.is_empty() || bytes.ends_with(b"\n") {
        lines.pop();
    }
    lines
}

/// The header, then the blocks by their first keys.
fn sorted<'a>(lines: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let n_header = lines.iter().take_while(|line| line.starts_with(b"#")).count();
    let (header, rest) = lines.split_at(n_header);
    let mut blocks: Vec<&[&[u8]]> = rest.split(|line| line.is_empty()).filter(|block| !block.is_empty()).collect();
    blocks.sort_by_key(|block| first_key(block));
    let mut sorted = header.to_vec();
    for block in blocks {
        if !sorted.is_empty() {
            sorted.push(b"");
        }
        sorted.extend(block);
    }
    sorted
}

/// The first line that is no comment, without a quote before the key.
fn first_key<'a>(block: &[&'a [u8]]) -> &'a [u8] {
    let line = block.iter().find(|line| !line.starts_with(b"#")).copied().unwrap_or_default();
    line.strip_prefix(b"'").or_else(|| line.strip_prefix(b"\"")).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::SortSimpleYaml;
    use crate::check::hygiene::examples::{Case, fixed};

    #[track_caller]
    fn check(content: &str, expected: &str) {
        assert_eq!(fixed(&SortSimpleYaml, &Case::new("a.yaml", content.as_bytes())), expected, "{content:?}");
        let again = Case::new("a.yaml", expected.as_bytes());
        assert!(again.findings(&SortSimpleYaml).is_empty(), "{expected:?} is not in order");
    }

    #[test]
    fn blocks_are_sorted_by_their_first_keys() {
        check("b: 1\n\na: 2\n", "a: 2\n\nb: 1\n");
        check("'b': 1\n\n\"a\": 2", "\"a\": 2\n\n'b': 1\n");
        check("# top\n\nb: 1\n\n# about a\na: 2\nz: 3\n", "# top\n\n# about a\na: 2\nz: 3\n\nb: 1\n");
        check("b: 1\r\n\r\na: 2\r\n", "a: 2\r\n\r\nb: 1\r\n");
    }

    #[test]
    fn what_is_in_order_is_left_as_it_is() {
        check("b: 1\na: 2\n", "b: 1\na: 2\n");
        check("a: 1 \n", "a: 1 \n");
        check("", "");
    }

    #[test]
    fn comments_that_come_to_the_top_are_set_apart_at_once() {
        check("b: 1\n\n# x\na: 2\n", "# x\n\na: 2\n\nb: 1\n");
        check("b: 1\n\n# x\n\n# y\n", "# x\n\n# y\n\nb: 1\n");
    }
}
