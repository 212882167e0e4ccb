//! The run as JSON, without loss but for fixes of very many edits: what a script reads, and what `tollgate last` shows
//! again.
//!
//! The document has `"version": 1`; the number changes when a reader of the old one would be misled. New properties may
//! come without a new number. Paths and replacements are bytes: they are strings where they are UTF-8, else
//! `{"base64": "..."}`. Spans are byte offsets, half open; lines and columns count from 1, columns in UTF-16 units
//! unless a `unit` says otherwise. Times are nanoseconds, moments count from 1970.

/// A value that is written as its name.
macro_rules! named {
    ($wire:ident, $model:ident, $($name:ident),+) => {
        #[derive(Clone, Copy, Deserialize, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub(super) enum $wire { $($name),+ }

        impl From<$model> for $wire {
            fn from(value: $model) -> Self {
                match value { $($model::$name => Self::$name),+ }
            }
        }

        impl From<$wire> for $model {
            fn from(value: $wire) -> Self {
                match value { $($wire::$name => Self::$name),+ }
            }
        }
    };
}

mod coverage;
mod finding;
mod run;

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::model::outcome::RunReport;
use crate::model::verdict::Verdict;
use crate::report::json::run::{WireReport, WireVerdict};
use crate::report::{Audience, Document, verdict_line};
use crate::sarif::base64;

/// The version of the documents that this program writes and reads.
const VERSION: u32 = 1;

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It is not JSON, or not in this shape.
    #[error("the report cannot be read")]
    Json(#[from] serde_json::Error),
    /// It was written by a program with another version of the format.
    #[error("the report has version {0} of the format, this program reads version {VERSION}")]
    Version(u32),
}

#[derive(Deserialize, Serialize)]
struct WireDocument {
    version: u32,
    /// For readers; not read again.
    #[serde(default)]
    tool: String,
    /// For readers; not read again.
    #[serde(default)]
    summary: String,
    /// For readers; not read again.
    #[serde(default)]
    exit_code: u8,
    verdict: WireVerdict,
    #[serde(flatten)]
    report: WireReport,
}

/// Writes the document on one line.
pub(crate) fn write(document: &Document<'_>, _: &Audience, out: &mut dyn Write) -> io::Result<()> {
    let wire = WireDocument {
        version: VERSION,
        tool: format!("tollgate {}", env!("CARGO_PKG_VERSION")),
        summary: verdict_line(document),
        exit_code: document.verdict.exit_code(),
        verdict: document.verdict.into(),
        report: document.report.into(),
    };
    serde_json::to_writer(&mut *out, &wire)?;
    out.write_all(b"\n")
}

/// Reads what [`write`] wrote: the same run and verdict.
pub(crate) fn read(bytes: &[u8]) -> Result<(RunReport, Verdict), Error> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Versioned { version } = serde_json::from_slice(bytes)?;
    if version != VERSION {
        return Err(Error::Version(version));
    }
    let wire: WireDocument = serde_json::from_slice(bytes)?;
    Ok((wire.report.into(), wire.verdict.into()))
}

/// Bytes that are mostly text.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Binary { base64: Base64 },
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
struct Base64(Vec<u8>);

impl From<Base64> for String {
    fn from(bytes: Base64) -> Self {
        base64::encode(&bytes.0)
    }
}

impl TryFrom<String> for Base64 {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        base64::decode(&text).map(Self).ok_or("this is no base64")
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Binary { base64: Base64(bytes.to_vec()) },
        }
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        match bytes {
            Bytes::Text(text) => text.into_bytes(),
            Bytes::Binary { base64 } => base64.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::{any, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    use super::{Error, read, write};
    use crate::model::finding::{Edit, Finding, Novelty};
    use crate::model::outcome::RunReport;
    use crate::model::path::RepoPath;
    use crate::model::place::{ColumnUnit, LineColumn, Place, Span};
    use crate::model::rule::Level;
    use crate::report::{Audience, Document};
    use crate::sarif::sample;

    fn written(report: &RunReport) -> Vec<u8> {
        let verdict = sample::verdict(report);
        let mut bytes = Vec::new();
        write(&Document { report, verdict: &verdict }, &Audience::LOG, &mut bytes).expect("a Vec takes all");
        bytes
    }

    #[track_caller]
    fn survives(report: &RunReport) {
        let (again, verdict) = read(&written(report)).expect("what was written");
        assert_eq!(&again, report);
        assert_eq!(verdict, sample::verdict(report));
    }

    #[test]
    fn everything_survives() {
        survives(&sample::clean());
        survives(&sample::hostile());
        survives(&RunReport { coverage: Some(sample::coverage()), ..sample::clean() });
        let at = |line, column| LineColumn { line, column };
        let place = |end, unit| Place::Lines { path: "a".into(), start: at(1, 0), end, unit };
        let places = [
            place(None, ColumnUnit::Bytes),
            place(Some(at(u32::MAX, 7)), ColumnUnit::Characters),
            place(Some(at(1, 7)), ColumnUnit::Utf16),
            Place::File(RepoPath::new(&b"\xff\n"[..])),
        ];
        let finding = |place| Finding::new("r", Level::Note, place, "m").with_novelty(Novelty::ChangedLines);
        let mut report = sample::with(places.map(finding).into());
        report.started = UNIX_EPOCH - Duration::from_nanos(1_500_000_001);
        survives(&report);
    }

    #[test]
    fn a_fix_with_very_many_edits_is_left_out() {
        let edit = |start| Edit { span: Span { start, end: start + 1 }, replacement: Vec::new() };
        let with = |n_edits: usize| sample::trailing_whitespace().with_fix("all", (0..n_edits).map(edit).collect());
        survives(&sample::with(vec![with(1_000)]));
        let (again, _) = read(&written(&sample::with(vec![with(1_001)]))).expect("what was written");
        assert_eq!(again.findings, [sample::trailing_whitespace()]);
    }

    #[test]
    fn the_document_says_its_version_and_its_verdict_in_words() {
        let value: Value = serde_json::from_slice(&written(&sample::with(vec![sample::secret()]))).expect("JSON");
        assert_eq!(value["version"], 1);
        assert_eq!(value["exit_code"], 1);
        assert_eq!(value["summary"], "blocked: 1 new error (hardcoded-secret) in 1 of 7 files - 31 ms");
        assert_eq!(
            value["findings"][0]["place"],
            json!({ "span": { "path": "conf/prod.yml", "start": 16, "end": 24 } })
        );
        assert_eq!(value["findings"][0]["region"]["start"], json!([2, 13]));
    }

    #[test]
    fn another_version_and_what_is_no_report_are_refused() {
        assert!(matches!(read(br#"{"version": 2, "else": []}"#), Err(Error::Version(2))));
        for bytes in [&b""[..], b"{}", b"[1]", br#"{"version": 1}"#, b"\xff"] {
            assert!(matches!(read(bytes), Err(Error::Json(_))), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_survive(path in proptest::collection::vec(any::<u8>(), 0..9), new in proptest::collection::vec(any::<u8>(), 0..9)) {
            let span = Span { start: 0, end: 0 };
            let finding = Finding::new("r", Level::Note, Place::Span(RepoPath::new(path), span), "m")
                .with_fix("f", vec![Edit { span, replacement: new }]);
            let report = sample::with(vec![finding]);
            prop_assert_eq!(read(&written(&report)).expect("what was written").0, report);
        }
    }
}
