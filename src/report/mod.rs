//! Reports: one run, many formats. A format decides nothing; it shows what the run found and what the gate decided.

mod github;
mod gitlab;
pub(crate) mod json;
mod junit;
mod markdown;
mod mend;
pub(crate) mod plan;
mod sarif;
mod short;
mod snippet;
mod summary;
mod terminal;

use std::io::{self, Write};

use crate::model::outcome::RunReport;
use crate::model::verdict::Verdict;

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document<'a> {
    /// What the run found.
    pub(crate) report: &'a RunReport,
    /// What the gate decided.
    pub(crate) verdict: &'a Verdict,
}

/// For whom it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audience {
    /// Whether a person reads it on a terminal.
    pub(crate) is_terminal: bool,
    /// Whether escape sequences for colour are wanted.
    pub(crate) color: bool,
    /// The width of the terminal in columns.
    pub(crate) width: usize,
    /// How much is said.
    pub(crate) detail: Detail,
    /// What it is shown for.
    pub(crate) occasion: Occasion,
}

impl Audience {
    /// A log or a file, without colour.
    pub(crate) const LOG: Self =
        Self { is_terminal: false, color: false, width: 100, detail: Detail::Normal, occasion: Occasion::ByHand };

    /// Whether lists are told to their end.
    fn wants_all(&self) -> bool {
        self.detail == Detail::Verbose || self.occasion == Occasion::Again
    }
}

/// What a run is shown for; that decides what its reader can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// Someone asked for a run.
    ByHand,
    /// Git asked, and waits for the answer.
    Hook,
    /// Someone asked for an earlier run again, whole.
    Again,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// What blocks, and the verdict.
    Quiet,
    /// What a developer needs.
    Normal,
    /// Every check, every notice, unchanged findings too.
    Verbose,
}

/// An output format.
pub(crate) struct Format {
    /// The name that chooses it.
    pub(crate) name: &'static str,
    /// One sentence for the help.
    pub(crate) summary: &'static str,
    /// Whether it describes the rules in force, found or not.
    pub(crate) describes_rules: bool,
    /// Writes the document.
    pub(crate) write: fn(&Document<'_>, &Audience, &mut dyn Write) -> io::Result<()>,
}

/// Every output format, in the order of the help.
pub(crate) const FORMATS: &[Format] = &[
    Format {
        name: "terminal",
        summary: "For people: source lines, hints, the verdict last",
        describes_rules: false,
        write: terminal::write,
    },
    Format {
        name: "short",
        summary: "One line a finding: path:line:col: level: text [id]",
        describes_rules: false,
        write: short::write,
    },
    Format {
        name: "sarif",
        summary: "SARIF 2.1.0, for code scanning and viewers",
        describes_rules: true,
        write: sarif::write,
    },
    Format { name: "json", summary: "Everything, versioned, for scripts", describes_rules: true, write: json::write },
    Format {
        name: "markdown",
        summary: "For a step summary or a comment",
        describes_rules: false,
        write: markdown::write,
    },
    Format {
        name: "junit",
        summary: "JUnit XML, for the test tab of a CI",
        describes_rules: false,
        write: junit::write,
    },
    Format {
        name: "github",
        summary: "Log commands that GitHub Actions turns into annotations",
        describes_rules: false,
        write: github::write,
    },
    Format { name: "gitlab", summary: "GitLab's Code Quality report", describes_rules: false, write: gitlab::write },
];

/// The verdict with its reason on one line, escaped: the same sentence in every format.
pub(crate) fn verdict_line(document: &Document<'_>) -> String {
    summary::verdict_line(document)
}

/// The format of that name.
pub(crate) fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use super::{Audience, Document, FORMATS, format};
    use crate::model::outcome::RunReport;
    use crate::sarif::sample;

    /// What the format of that name writes into a log.
    #[track_caller]
    pub(super) fn written(name: &str, report: &RunReport) -> String {
        let verdict = sample::verdict(report);
        let mut bytes = Vec::new();
        let document = Document { report, verdict: &verdict };
        (format(name).expect("a format").write)(&document, &Audience::LOG, &mut bytes).expect("a Vec takes all");
        String::from_utf8(bytes).unwrap_or_else(|error| panic!("{name} is UTF-8: {error}"))
    }

    #[test]
    fn names_are_unique_and_found() {
        for one in FORMATS {
            assert_eq!(FORMATS.iter().filter(|other| other.name == one.name).count(), 1, "{}", one.name);
        }
        assert!(format("nonsense").is_none());
    }

    #[test]
    fn no_format_lets_a_control_character_through() {
        for one in FORMATS {
            let text = written(one.name, &sample::hostile());
            let bad = text
                .chars()
                .find(|&c| c.is_control() && c != '\n' || c == '\u{202e}' && !["sarif", "json"].contains(&one.name));
            assert_eq!(bad, None, "{}: {text}", one.name);
        }
    }

    #[test]
    fn every_format_ends_its_last_line() {
        for one in FORMATS.iter().filter(|one| one.name != "short") {
            let text = written(one.name, &sample::clean());
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{}: {text:?}", one.name);
        }
    }
}
