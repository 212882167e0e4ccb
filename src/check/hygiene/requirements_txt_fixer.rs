//! `requirements-txt-fixer`: the requirements of pip in order, each once.

use memchr::memmem;

use crate::check::hygiene::rewritten::{self, Rewritten};
use crate::check::{About, Active, Examined, FileCheck, FileInput};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::Options;
use crate::model::outcome::Breakage;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct RequirementsTxtFixer;

static ABOUT: About = About {
    id: "requirements-txt-fixer",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "Requirements of pip that are not sorted, or that stand twice.",
    doc: DOC,
    options: &[],
};

const DOC: &str = "\
## What it finds
`requirements*.txt` and `constraints*.txt` whose entries are not in the order of the packages' names, an entry that stands \
twice, a last line without a line end, and `pkg-resources==0.0.0`, which a broken pip of Debian adds. Comments go with the \
entry below them; those at the top, before an empty line, and at the end stay there. A file that ends within an entry is \
left alone.

## Why it matters
In a sorted list an entry is found at once, none is added twice, and two additions do not meet in the same line.

## Example
    requests==2.32.0
    flask==3.0.0

## Fix
The entries are sorted, and equal ones removed.

## Options
None.
";

impl FileCheck for RequirementsTxtFixer {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        let path = side.path.as_bytes();
        let names: [&[u8]; 2] = [b"requirements", b"constraints"];
        side.mode.is_regular()
            && path
                .strip_suffix(b".txt")
                .is_some_and(|stem| names.iter().any(|name| memmem::find(stem, name).is_some()))
    }

    fn check(&self, file: &FileInput<'_>, _options: &Options) -> Result<Examined, Breakage> {
        let Some(after) = sorted(file.bytes) else { return Ok(Examined::default()) };
        let message = "the requirements are not sorted";
        Ok(rewritten::found(&ABOUT, file, Rewritten { after, message, fix: Some("sort the requirements") }))
    }

    fn line(&self, file: &FileInput<'_>, _finding: &Finding, _options: &Options) -> String {
        format!("Sorting {}", file.side.path)
    }
}

/// An entry with the comments and empty lines before it.
#[derive(Default)]
struct Entry {
    comments: Vec<Vec<u8>>,
    /// Its lines; empty until they come.
    value: Vec<u8>,
    /// Whether it stands for the comment at the top, which stays there.
    is_top: bool,
}

impl Entry {
    fn is_complete(&self) -> bool {
        self.is_top || !(self.value.is_empty() || without_ends(&self.value).ends_with(b"\\"))
    }

    /// The name of the package: what is before a version and markers, or what follows `egg=`.
    fn name(&self) -> Vec<u8> {
        let lower = self.value.to_ascii_lowercase();
        for egg in [b"#egg=", b"&egg="] {
            if let Some(at) = memmem::find(&self.value, egg) {
                return lower.get(at + egg.len()..).unwrap_or_default().to_vec();
            }
        }
        let is_end = |byte: &u8| *byte == b';' || is_blank(*byte);
        let word = lower.split(is_end).next().unwrap_or_default();
        let operator = (0..word.len()).find(|at| is_operator(word.get(*at..).unwrap_or_default()));
        word.get(..operator.unwrap_or(word.len())).unwrap_or_default().to_vec()
    }
}

fn is_operator(text: &[u8]) -> bool {
    matches!(text, [b'>' | b'<', ..] | [b'=' | b'!' | b'~', b'=', ..])
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn without_ends(value: &[u8]) -> &[u8] {
    let n = value.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    value.get(..value.len() - n).unwrap_or_default()
}

/// The content with its entries sorted; none if there are none or the last is not complete.
fn sorted(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.iter().all(|byte| is_blank(*byte)) {
        return None;
    }
    let mut entries = entries(bytes);
    let rest = match entries.pop()? {
        last if last.is_top || last.is_complete() => {
            entries.push(last);
            Vec::new()
        }
        last if last.value.is_empty() => last.comments,
        _ => return None,
    };
    entries.retain(|entry| !matches!(&*entry.value, b"pkg-resources==0.0.0\n" | b"pkg_resources==0.0.0\n"));
    entries.sort_by_cached_key(|entry| (!entry.is_top, entry.name(), entry.comments.is_empty()));
    let mut after = Vec::with_capacity(bytes.len() + 1);
    let mut last: Option<Vec<u8>> = None;
    for entry in entries {
        after.extend(entry.comments.concat());
        if last.as_ref() != Some(&entry.value) {
            after.extend(&entry.value);
            last = Some(entry.value);
        }
    }
    after.extend(rest.concat());
    Some(after)
}

fn entries(bytes: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut line = line.to_vec();
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        if entries.last().is_none_or(Entry::is_complete) {
            entries.push(Entry::default());
        }
        let is_first = entries.len() == 1;
        let Some(entry) = entries.last_mut() else { continue };
        let start = line.iter().find(|byte| !is_blank(**byte));
        let has_top = entry.comments.first().is_some_and(|comment| comment.starts_with(b"#"));
        match start {
            None if is_first && has_top && entry.value.is_empty() => {
                entry.is_top = true;
                entry.value = line;
            }
            None | Some(b'#') => entry.comments.push(line),
            Some(_) => entry.value.extend(line),
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::RequirementsTxtFixer;
    use crate::check::hygiene::examples::{Case, fixed};

    #[track_caller]
    fn check(content: &str, expected: &str) {
        let case = Case::new("requirements.txt", content.as_bytes());
        assert_eq!(fixed(&RequirementsTxtFixer, &case), expected, "{content:?}");
    }

    #[test]
    fn entries_are_sorted_by_name() {
        check("foo\nbar\n", "bar\nfoo\n");
        check("Foo==1\nbar>=2\n", "bar>=2\nFoo==1\n");
        check("b ; python_version < '3'\na", "a\nb ; python_version < '3'\n");
        check("-e git+ssh://x#egg=b\na\n", "a\n-e git+ssh://x#egg=b\n");
        check("foo-bar\nfoo\n", "foo\nfoo-bar\n");
    }

    #[test]
    fn what_stands_twice_goes() {
        check("a\na\n", "a\n");
        check("a==1\na==2\n", "a==1\na==2\n");
        check("a\n# why\na\n", "# why\na\n");
        check("pkg-resources==0.0.0\na\n", "a\n");
    }

    #[test]
    fn comments_go_with_their_entry() {
        check("# top\n\nb\n# of a\na\n", "# top\n\n# of a\na\nb\n");
        check("b\na\n# end\n", "a\nb\n# end\n");
        check("\n# c\nb\na\n", "a\n\n# c\nb\n");
    }

    #[test]
    fn entries_may_span_lines() {
        check("b==1 \\\n  --hash=x\na\n", "a\nb==1 \\\n  --hash=x\n");
        check("b\na\\\n", "b\na\\\n");
        check(" \n", " \n");
        check("", "");
    }
}
