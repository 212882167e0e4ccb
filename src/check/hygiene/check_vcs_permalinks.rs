//! `check-vcs-permalinks`: links to lines of a file that will move.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::check::hygiene::{limited, on_line};
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype, lines};
use crate::model::change::FileSide;
use crate::model::finding::Finding;
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct CheckVcsPermalinks;

static ABOUT: About = About {
    id: "check-vcs-permalinks",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "A link to lines of a file on a branch, which will show other lines soon.",
    doc: DOC,
    options: &[OptionSpec {
        name: "additional-github-domain",
        kind: OptionKind::List,
        help: "Another host that has links of GitHub's form; repeatable.",
    }],
};

const DOC: &str = "\
## What it finds
A link to a line of a file on GitHub that names a branch or tag instead of a commit. Names with a dot (like versions) are \
left out. Binary files are left out.

## Why it matters
The next commit to the branch moves the lines: the link then shows something else, or nothing.

## Example
`https://github.com/rust-lang/rust/blob/ma` `ster/README.md#L10`, written in one piece.

## Fix
Open the page on GitHub and press `y`: the address then names the commit.

## Options
- `additional-github-domain`: another host with links of the same form.
";

/// A link: host, and the branch, tag or commit.
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)https://([^/\s]+)/[^/ \n]+/[^/ \n]+/blob/([^/. \n]+)/[^# \n]+#L[0-9]+")
        .expect("because the pattern is a valid one")
});

impl FileCheck for CheckVcsPermalinks {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) != Some(filetype::Kind::Binary)
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        if !file.is_text {
            return Ok(Examined::default());
        }
        let hosts = options.list("additional-github-domain").unwrap_or_default();
        let is_known = |host: &[u8]| host == b"github.com" || hosts.iter().any(|known| known.as_bytes() == host);
        let links = LINK.captures_iter(file.bytes).filter_map(|link| {
            let (whole, host, name) = (link.get(0)?, link.get(1)?, link.get(2)?);
            (is_known(host.as_bytes()) && !is_commit(name.as_bytes()))
                .then_some(Span { start: whole.start(), end: whole.end() })
        });
        Ok(limited(links, |span| {
            on_line(&ABOUT, file, span, "the link leads to a line of a branch, not of a commit")
                .with_hint("open the page and press `y` for a link that stays")
        }))
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let Place::Span(path, span) = &finding.place else { return String::new() };
        let (line, _) = lines::position(file.bytes, span.start);
        let text = String::from_utf8_lossy(lines::text(file.bytes, lines::around(file.bytes, span.start)));
        format!("{path}:{line}:{text}")
    }
}

fn is_commit(name: &[u8]) -> bool {
    (4..=64).contains(&name.len()) && name.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::CheckVcsPermalinks;
    use crate::check::hygiene::examples::{Case, listed};
    use crate::model::option::Options;

    #[track_caller]
    fn check(options: Options, rest: &str, n_found: usize) {
        let content = format!("see https://{rest} here\n");
        let case = Case { options, ..Case::new("a.md", content.as_bytes()) };
        assert_eq!(case.findings(&CheckVcsPermalinks).len(), n_found, "{rest}");
    }

    #[test]
    fn a_line_of_a_branch_is_found() {
        check(Options::default(), "github.com/a/b/blob/main/c.rs#L1", 1);
        check(Options::default(), "github.com/a/b/blob/beef/c.rs#L1", 0);
        check(Options::default(), "github.com/a/b/blob/abc/c.rs#L1", 1);
        check(Options::default(), "github.com/a/b/blob/v1.2/c.rs#L1", 0);
        check(Options::default(), "github.com/a/b/blob/main/c.rs", 0);
        check(Options::default(), "github.com/a/b/blob/main/c d#L1", 0);
        check(Options::default(), "example.org/a/b/blob/main/c.rs#L1", 0);
        check(listed("additional-github-domain", &["example.org"]), "example.org/a/b/blob/main/c.rs#L1", 1);
    }
}
