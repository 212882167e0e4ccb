//! `mixed-line-ending`: more than one kind of line end in a file.

use memchr::memchr;

use crate::check::hygiene::at;
use crate::check::{About, Active, Examined, FileCheck, FileInput, filetype, lines};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Edit, Finding, Related};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct MixedLineEnding;

static ABOUT: About = About {
    id: "mixed-line-ending",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "More than one kind of line end in a file.",
    doc: DOC,
    options: &[OptionSpec {
        name: "fix",
        kind: OptionKind::Choice(&["auto", "no", "crlf", "lf", "cr"]),
        help: "auto: the most frequent kind wins; no: only report; crlf, lf, cr: this kind for every line, also where \
               nothing is mixed; default: auto.",
    }],
};

const DOC: &str = "\
## What it finds
A text file in which some lines end with LF and others with CRLF or CR. With `fix` set to `lf`, `crlf` or `cr`: every \
line that ends otherwise. Binary files are left out.

## Why it matters
Editors convert such a file silently, so that a change of one line becomes a change of all; shells and parsers take the \
CR for a part of the line.

## Example
`first` ended by LF, `second` ended by CR LF.

## Fix
Every line gets the most frequent line end; where two are equally frequent, LF goes before CRLF and CRLF before CR. A \
last line without a line end stays as it is.

## Options
- `fix`: `auto` (default), `no` (report without a fix), `lf`, `crlf`, `cr`.
";

/// How many of the lines that differ are named beside the first.
const MAX_RELATED: usize = 5;

impl FileCheck for MixedLineEnding {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) != Some(filetype::Kind::Binary)
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let wanted = options.text("fix", "auto");
        let has_only_lf = || memchr(b'\r', file.bytes).is_none();
        if !file.is_text || (!matches!(wanted, "crlf" | "cr") && has_only_lf()) {
            return Ok(Examined::default());
        }
        let counts = Ending::ALL.map(|ending| ending.count(file.bytes));
        let n_kinds = counts.iter().filter(|&&n| n > 0).count();
        let target = Ending::ALL.into_iter().find(|ending| ending.name() == wanted);
        let target = match target {
            None if n_kinds < 2 => return Ok(Examined::default()),
            None => most_frequent(counts),
            Some(target) => target,
        };
        Ok(Vec::from_iter(found(file, target, counts, wanted)).into())
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, _options: &Options) -> String {
        let fixed = if finding.fixes.is_empty() { "" } else { "fixed " };
        format!("{}: {fixed}mixed line endings", file.side.path)
    }
}

/// The finding of a file in which some line does not end with `target`.
fn found(file: &FileInput<'_>, target: Ending, counts: [usize; 3], wanted: &str) -> Option<Finding> {
    let mut others = lines::ends(file.bytes).filter(|&span| lines::text(file.bytes, span) != target.bytes());
    let place = others.next()?;
    let rest: Vec<Span> = others.collect();
    let is_mixed = counts.iter().filter(|&&n| n > 0).count() > 1;
    let kinds: Vec<String> = Ending::ALL
        .into_iter()
        .zip(counts)
        .filter(|&(_, n)| n > 0)
        .map(|(ending, n)| format!("{n} {}", ending.title()))
        .collect();
    let message = if is_mixed {
        format!("mixed line endings: {}", kinds.join(", "))
    } else {
        format!("line endings other than {}: {}", target.title(), kinds.join(", "))
    };
    let mut finding = at(&ABOUT, file, place, message).with_anchor(Anchor::of_file(b"mixed line endings"));
    finding.related = rest
        .iter()
        .take(MAX_RELATED)
        .map(|&span| Related {
            place: Place::Span(file.side.path.clone(), span),
            region: None,
            message: format!("not {} either", target.title()),
        })
        .collect();
    if wanted == "no" {
        return Some(finding);
    }
    let edits = [place].iter().chain(&rest).map(|&span| Edit { span, replacement: target.bytes().to_vec() }).collect();
    Some(finding.with_fix(format!("end every line with {}", target.title()), edits))
}

/// A kind of line end.
#[derive(Clone, Copy)]
enum Ending {
    Cr,
    Crlf,
    Lf,
}

impl Ending {
    /// From the least to the most preferred.
    const ALL: [Self; 3] = [Self::Cr, Self::Crlf, Self::Lf];

    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Cr => b"\r",
            Self::Crlf => b"\r\n",
            Self::Lf => b"\n",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cr => "cr",
            Self::Crlf => "crlf",
            Self::Lf => "lf",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Cr => "CR",
            Self::Crlf => "CRLF",
            Self::Lf => "LF",
        }
    }

    fn count(self, bytes: &[u8]) -> usize {
        lines::ends(bytes).filter(|&span| lines::text(bytes, span) == self.bytes()).count()
    }
}

/// The most frequent kind; of equally frequent ones the most preferred.
fn most_frequent(counts: [usize; 3]) -> Ending {
    Ending::ALL.into_iter().zip(counts).max_by_key(|&(_, n)| n).map_or(Ending::Lf, |(ending, _)| ending)
}

#[cfg(test)]
mod tests {
    use super::MixedLineEnding;
    use crate::check::hygiene::examples::{Case, fixed, texted};

    #[track_caller]
    fn check(fix: &str, content: &str, expected: &str) {
        let case = Case { options: texted("fix", fix), ..Case::new("a.txt", content.as_bytes()) };
        assert_eq!(fixed(&MixedLineEnding, &case), expected, "{fix} {content:?}");
    }

    #[test]
    fn the_most_frequent_line_end_wins() {
        check("auto", "a\nb\r\n", "a\nb\n");
        check("auto", "a\nb\r\nc\r\n", "a\r\nb\r\nc\r\n");
        check("auto", "a\rb\r\n", "a\r\nb\r\n");
        check("auto", "a\rb\rc\n", "a\rb\rc\r");
        check("auto", "a\r\nb\r\n", "a\r\nb\r\n");
        check("auto", "a\rb", "a\rb");
        check("auto", "a\nb\r\nc", "a\nb\nc");
    }

    #[test]
    fn a_named_line_end_replaces_all_others() {
        check("lf", "a\r\nb\rc\n", "a\nb\nc\n");
        check("crlf", "a\nb\n", "a\r\nb\r\n");
        check("cr", "a\nb\r\n", "a\rb\r");
        check("lf", "a\nb", "a\nb");
    }

    #[test]
    fn reporting_alone_has_no_fix() {
        let case = Case { options: texted("fix", "no"), ..Case::new("a.txt", b"a\nb\r\nc\n") };
        let findings = case.findings(&MixedLineEnding);
        let finding = findings.first().expect("a finding");
        assert!(finding.fixes.is_empty());
        assert_eq!(finding.message, "mixed line endings: 1 CRLF, 2 LF");
        assert_eq!(format!("{:?}", finding.place), "Span(RepoPath(a.txt), Span { start: 3, end: 5 })");
    }
}
