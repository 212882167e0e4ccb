//! `pretty-format-json`: JSON as one program would write it.

use crate::check::hygiene::at;
use crate::check::hygiene::json_value::{Layout, read};
use crate::check::hygiene::rewritten::{self, Rewritten};
use crate::check::{About, Active, Examined, FileCheck, FileInput, Manner, filetype, lines};
use crate::model::change::FileSide;
use crate::model::finding::{Anchor, Finding};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::outcome::Breakage;
use crate::model::place::Span;
use crate::model::rule::{Family, Level};

/// The check.
pub(crate) struct PrettyFormatJson;

static ABOUT: About = About {
    id: "pretty-format-json",
    family: Family::Hygiene,
    level: Level::Error,
    active: Active::WhenNamed,
    summary: "JSON that is not written in the one way: indented, keys sorted.",
    doc: DOC,
    options: &[
        OptionSpec { name: "autofix", kind: OptionKind::Flag, help: "Write the file anew (`tollgate builtin`)." },
        OptionSpec {
            name: "indent",
            kind: OptionKind::Text,
            help: "Blanks of one level, or the text to indent with; default: 2.",
        },
        OptionSpec {
            name: "no-ensure-ascii",
            kind: OptionKind::Flag,
            help: "Leave characters beyond ASCII as they are.",
        },
        OptionSpec { name: "no-sort-keys", kind: OptionKind::Flag, help: "Leave keys in their order." },
        OptionSpec {
            name: "top-keys",
            kind: OptionKind::Text,
            help: "Keys that come first in every object, with commas between them.",
        },
    ],
};

const DOC: &str = "\
## What it finds
A JSON file that is not written in the one way: a value a line, indented by two blanks, keys sorted, characters beyond \
ASCII escaped, one line end at the end. Files in which comments are allowed are left out, as is one with a key that \
stands twice, or with values more than 256 deep.

## Why it matters
A matter of taste: where programs and people write the same file, a diff then shows what changed and nothing else.

## Example
    {\"b\": 1, \"a\": [2]}

## Fix
The file is written anew.

## Options
- `autofix`: for `tollgate builtin`, which only reports without it.
- `indent`: blanks of one level, or the text to indent with.
- `no-ensure-ascii`: leave characters beyond ASCII as they are.
- `no-sort-keys`: leave keys in their order.
- `top-keys`: keys that come first in every object, with commas between them.
";

impl FileCheck for PrettyFormatJson {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, side: &FileSide) -> bool {
        side.mode.is_regular() && filetype::kind(&side.path) == Some(filetype::Kind::Json)
    }

    fn check(&self, file: &FileInput<'_>, options: &Options) -> Result<Examined, Breakage> {
        let Some(value) = read(file.bytes, file.deadline)? else {
            return Ok(match file.manner {
                Manner::Gate => Examined::default(),
                Manner::PreCommit { .. } => vec![invalid(file)].into(),
            });
        };
        let layout = Layout { options, keeps_numbers: file.manner == Manner::Gate };
        let after =
            layout.written(&value).ok_or_else(|| Breakage::new("the JSON would be too large with its indentation"))?;
        let is_dos = lines::ends(file.bytes).next().is_some_and(|end| lines::text(file.bytes, end) == b"\r\n");
        let after = if is_dos { after.replace('\n', "\r\n") } else { after };
        let fixes = file.manner == Manner::Gate || options.flag("autofix");
        let message = "the JSON is not written in the one way";
        let fix = fixes.then_some("write it anew");
        Ok(rewritten::found(&ABOUT, file, Rewritten { after: after.into_bytes(), message, fix }))
    }

    fn line(&self, file: &FileInput<'_>, finding: &Finding, options: &Options) -> String {
        let path = &file.side.path;
        match &finding.anchor.text {
            text if text == INVALID => format!("Input File {path} is not a valid JSON, consider using check-json"),
            _ if options.flag("autofix") => format!("Fixing file {path}"),
            _ => format!("{path}: {}", finding.message),
        }
    }
}

const INVALID: &str = "invalid JSON";

fn invalid(file: &FileInput<'_>) -> Finding {
    at(&ABOUT, file, Span { start: 0, end: 0 }, INVALID).with_anchor(Anchor::of_file(INVALID.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::PrettyFormatJson;
    use crate::check::Manner;
    use crate::check::hygiene::examples::{Case, fixed, flagged, texted};
    use crate::model::option::Options;

    #[track_caller]
    fn check(options: Options, content: &str, expected: &str) {
        let case = Case { options, ..Case::new("a.json", content.as_bytes()) };
        assert_eq!(fixed(&PrettyFormatJson, &case), expected, "{content:?}");
    }

    #[test]
    fn a_value_is_written_in_one_way() {
        check(Options::default(), "{\"b\":1,\"a\":[ ]}", "{\n  \"a\": [],\n  \"b\": 1\n}\n");
        check(
            Options::default(),
            "[1.50, -0, {}, \"é😀\\u0001\"]",
            "[\n  1.50,\n  -0,\n  {},\n  \"\\u00e9\\ud83d\\ude00\\u0001\"\n]\n",
        );
        check(Options::default(), "1\r\n\r\n", "1\r\n");
        check(flagged("no-ensure-ascii"), "\"é\"", "\"é\"\n");
        check(flagged("no-sort-keys"), "{\"b\":1,\"a\":2}", "{\n  \"b\": 1,\n  \"a\": 2\n}\n");
        check(texted("indent", "\t"), "[1]", "[\n\t1\n]\n");
        check(texted("indent", "0"), "[1]", "[\n1\n]\n");
        check(texted("top-keys", "z,y"), "{\"y\":1,\"a\":2,\"z\":3}", "{\n  \"z\": 3,\n  \"y\": 1,\n  \"a\": 2\n}\n");
    }

    #[test]
    fn what_cannot_be_written_anew_is_left_alone() {
        let deep = "[".repeat(300) + &"]".repeat(300);
        for content in ["{", "{\"a\":1,\"a\":2}", "", &deep] {
            check(Options::default(), content, content);
        }
    }

    #[test]
    fn numbers_are_those_of_python_in_its_manner() {
        let manner = Manner::PreCommit { is_in_merge: false };
        let content = b"[1.50,1e5,1E400,1e16,0.00001,-0,123456789012345678901234567890,-0.0,1.5e-7]";
        let case = Case { manner, options: flagged("autofix"), ..Case::new("a.json", content) };
        let expected = "[\n  1.5,\n  100000.0,\n  Infinity,\n  1e+16,\n  1e-05,\n  0,\n  123456789012345678901234567890,\n  -0.0,\n  1.5e-07\n]\n";
        assert_eq!(fixed(&PrettyFormatJson, &case), expected);
    }
}
