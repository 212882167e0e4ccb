//! `conventional-commit`: whether a message follows Conventional Commits 1.0.0
//! (<https://www.conventionalcommits.org/en/v1.0.0/>).

use crate::check::{About, Active, Examined, MessageCheck};
use crate::model::finding::{Anchor, Finding, Novelty};
use crate::model::option::{OptionKind, OptionSpec, Options};
use crate::model::place::{Place, Span};
use crate::model::rule::{Family, Level};

const ID: &str = "conventional-commit";

/// The types that are allowed unless the configuration says others.
const TYPES: [&str; 11] =
    ["feat", "fix", "docs", "style", "refactor", "perf", "test", "build", "ci", "chore", "revert"];

/// The most characters of a subject.
const MAX_SUBJECT: u64 = 72;

/// How subjects start that git writes itself, or that a rebase will take away again.
const PASSED: [&str; 6] = ["Merge ", "Revert \"", "Reapply \"", "fixup! ", "squash! ", "amend! "];

/// Words at the start of a subject that tell its type.
const TELLING: [(&str, &str); 9] = [
    ("fix", "fix"),
    ("repair", "fix"),
    ("correct", "fix"),
    ("doc", "docs"),
    ("readme", "docs"),
    ("test", "test"),
    ("refactor", "refactor"),
    ("bump", "build"),
    ("upgrade", "build"),
];

static ABOUT: About = About {
    id: ID,
    family: Family::Message,
    level: Level::Error,
    active: Active::ByDefault,
    summary: "The commit message does not follow Conventional Commits.",
    doc: include_str!("conventional.md"),
    options: &[
        OptionSpec {
            name: "types",
            kind: OptionKind::List,
            help: "The types that are allowed; feat, fix, docs, style, refactor, perf, test, build, ci, chore and revert \
                   by default.",
        },
        OptionSpec { name: "scopes", kind: OptionKind::List, help: "The scopes that are allowed; any by default." },
        OptionSpec {
            name: "require-scope",
            kind: OptionKind::Flag,
            help: "Whether there must be a scope; off by default.",
        },
        OptionSpec {
            name: "max-subject",
            kind: OptionKind::Number,
            help: "The most characters of the first line, 0 for no limit; 72 by default.",
        },
        OptionSpec {
            name: "max-body-line",
            kind: OptionKind::Number,
            help: "The most characters of any other line, 0 for no limit; no limit by default.",
        },
    ],
};

/// Compares a message with Conventional Commits.
pub(crate) struct ConventionalCommit;

impl MessageCheck for ConventionalCommit {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn check(&self, message: &str, options: &Options) -> Examined {
        let start = message.len() - message.trim_start_matches(['\n', '\r']).len();
        let header = message.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim_end();
        if header.is_empty() || PASSED.iter().any(|passed| header.starts_with(passed)) {
            return Examined::default();
        }
        let mut review = Review { message, options, findings: Vec::new() };
        review.header(header, start);
        review.subject_length(header, start);
        review.body(start);
        review.findings.into()
    }
}

/// The parts of a subject, read leniently.
struct Header<'a> {
    kind: &'a str,
    scope: Option<&'a str>,
    is_breaking: bool,
    description: &'a str,
    /// The bytes up to the colon and with it.
    n_prefix: usize,
}

impl<'a> Header<'a> {
    /// Reads `type (scope) ! : description` with blanks and the mark in wrong places; `None` if there is no type.
    fn parse(header: &'a str) -> Option<Self> {
        let (prefix, description) = header.split_once(':')?;
        let is_word = |character: char| character.is_alphanumeric() || "-_".contains(character);
        let prefix_text = prefix.trim();
        let kind = prefix_text.split(|character| !is_word(character)).next().filter(|kind| !kind.is_empty())?;
        let rest = prefix_text.strip_prefix(kind)?;
        let marks = rest.trim_matches(|character: char| character == '!' || character.is_whitespace());
        let scope = match marks.strip_prefix('(') {
            Some(scope) => scope.split(['(', ')']).next().map(str::trim),
            None if marks.is_empty() => None,
            None => return None,
        };
        let is_breaking = rest.contains('!');
        Some(Self { kind, scope, is_breaking, description: description.trim(), n_prefix: prefix.len() + 1 })
    }

    /// The subject as it is to be written.
    fn written(&self) -> String {
        let scope = self.scope.filter(|scope| !scope.is_empty()).map(|scope| format!("({scope})")).unwrap_or_default();
        let mark = if self.is_breaking { "!" } else { "" };
        let description = if self.description.is_empty() { "say what changes" } else { self.description };
        format!("{}{scope}{mark}: {description}", self.kind)
    }
}

struct Review<'a> {
    message: &'a str,
    options: &'a Options,
    findings: Vec<Finding>,
}

impl Review<'_> {
    fn find(&mut self, span: Span, message: String, hint: String) {
        let text = self.message.get(span.start..span.end).unwrap_or_default();
        let finding = Finding::new(ID, ABOUT.level, Place::Message(span), message)
            .with_hint(hint)
            .with_anchor(Anchor::new("", text.as_bytes()))
            .with_novelty(Novelty::Always);
        self.findings.push(finding);
    }

    fn types(&self) -> Vec<&str> {
        match self.options.list("types") {
            Some(types) => types.iter().map(String::as_str).collect(),
            None => TYPES.to_vec(),
        }
    }

    fn header(&mut self, header: &str, start: usize) {
        let Some(parts) = Header::parse(header) else {
            let kind = self.guess(header);
            let hint = format!("try: {kind}: {}", uncapitalised(header));
            let span = Span { start, end: start + header.len() };
            return self.find(span, "the subject does not start with a type and a colon".to_owned(), hint);
        };
        let prefix = Span { start, end: start + parts.n_prefix };
        let types = self.types();
        let is_known = types.is_empty() || types.iter().any(|known| known.eq_ignore_ascii_case(parts.kind));
        let kind = if is_known { parts.kind.to_owned() } else { self.guess(parts.kind) };
        let types = types.join(", ");
        let right = Header { kind: &kind, ..parts };
        let hint = format!("try: {}", right.written());
        if !is_known {
            let end = start + header.find(parts.kind).unwrap_or(0) + parts.kind.len();
            let message = format!("`{}` is not a known type of change; known are {types}", parts.kind);
            self.find(Span { start, end }, message, hint.clone());
        }
        if parts.description.is_empty() {
            return self.find(prefix, "nothing follows the type".to_owned(), hint);
        }
        let as_said = Header { kind: parts.kind, ..right };
        if as_said.written() != header {
            let message = "the subject is not written as `type(scope)!: description`".to_owned();
            self.find(prefix, message, hint.clone());
        }
        self.scope(parts.scope.filter(|scope| !scope.is_empty()), prefix, &right);
    }

    fn scope(&mut self, scope: Option<&str>, span: Span, right: &Header<'_>) {
        let scopes = self.options.list("scopes").unwrap_or_default();
        let shown = scopes.join(", ");
        let example = scopes.first().map_or("parser", String::as_str);
        let hint = |scope| format!("try: {}", Header { scope: Some(scope), ..*right }.written());
        match scope {
            None if self.options.flag("require-scope") => {
                self.find(span, "the subject has no scope".to_owned(), hint(example));
            }
            Some(scope) if !scopes.is_empty() && !scopes.iter().any(|known| known.eq_ignore_ascii_case(scope)) => {
                self.find(span, format!("`{scope}` is not a known scope; known are {shown}"), hint(example));
            }
            _ => {}
        }
    }

    /// The type that was probably meant.
    fn guess(&self, subject: &str) -> String {
        let types = self.types();
        let lower = subject.to_lowercase();
        // `feature` means `feat`, but `city` does not mean `ci`.
        let begun = types.iter().find(|known| {
            let rest = lower.strip_prefix(&known.to_lowercase());
            rest.is_some_and(|rest| known.len() > 2 || !rest.starts_with(char::is_alphanumeric))
        });
        let told = || {
            let told = TELLING.iter().find(|(word, _)| lower.starts_with(word)).map(|(_, kind)| kind);
            told.and_then(|told| types.iter().find(|known| *known == told))
        };
        begun.or_else(told).or(types.first()).map_or("feat", |kind| kind).to_owned()
    }

    fn subject_length(&mut self, header: &str, start: usize) {
        let Ok(limit) = usize::try_from(self.options.number("max-subject", MAX_SUBJECT)) else { return };
        let n_characters = header.chars().count();
        if limit == 0 || n_characters <= limit {
            return;
        }
        let fits = header.char_indices().nth(limit).map_or(header.len(), |(at, _)| at);
        let span = Span { start: start + fits, end: start + header.len() };
        let message = format!("the subject has {n_characters} characters; {limit} are allowed");
        let shorter = header.get(..fits).and_then(|fits| fits.rsplit_once(' ')).map_or("", |(shorter, _)| shorter);
        let hint = match Header::parse(shorter) {
            Some(parts) if !parts.description.is_empty() => format!("try: {shorter} (and the rest in the body)"),
            _ => "say it in fewer words, and the rest in the body".to_owned(),
        };
        self.find(span, message, hint);
    }

    fn body(&mut self, start: usize) {
        let limit = usize::try_from(self.options.number("max-body-line", 0)).unwrap_or(usize::MAX);
        let mut at = start;
        // Whether the paragraph starts with a footer, once its first line is seen; what follows then belongs to footers.
        let mut is_footers: Option<bool> = None;
        for (index, raw) in self.message.get(start..).unwrap_or_default().split_inclusive('\n').enumerate() {
            let line = raw.trim_end();
            let span = Span { start: at, end: at + line.len() };
            at += raw.len();
            if line.is_empty() {
                is_footers = None;
                continue;
            }
            match index {
                0 => continue,
                1 => {
                    let hint = "leave the second line empty, and start the body on the third".to_owned();
                    self.find(span, "no empty line follows the subject".to_owned(), hint);
                }
                _ => {}
            }
            self.body_line_length(line, span, limit);
            self.breaking_footer(line, span, is_footers.unwrap_or(index > 1));
            is_footers.get_or_insert_with(|| is_footer(line));
        }
    }

    fn body_line_length(&mut self, line: &str, span: Span, limit: usize) {
        let n_characters = line.chars().count();
        let can_be_broken = line.trim_start().contains(' ') && !line.contains("://");
        if limit == 0 || n_characters <= limit || !can_be_broken {
            return;
        }
        let fits = line.char_indices().nth(limit).map_or(line.len(), |(at, _)| at);
        let message = format!("the line has {n_characters} characters; {limit} are allowed");
        self.find(Span { start: span.start + fits, end: span.end }, message, "break the line".to_owned());
    }

    /// Tools look for `BREAKING CHANGE: ` exactly; what only resembles it is lost on them.
    fn breaking_footer(&mut self, line: &str, span: Span, can_be_footer: bool) {
        const TOKENS: [&str; 2] = ["BREAKING CHANGE", "BREAKING-CHANGE"];
        let Some(token) = line.get(.."BREAKING CHANGE".len()) else { return };
        if !TOKENS.iter().any(|known| known.eq_ignore_ascii_case(token)) {
            return;
        }
        let rest = line.get(token.len()..).unwrap_or_default();
        let is_exact = TOKENS.contains(&token);
        let is_meant = is_exact || rest.trim_start_matches(['s', 'S', ' ']).starts_with(':');
        let is_right = is_exact && rest.starts_with(": ") && can_be_footer;
        if !is_meant || is_right {
            return;
        }
        let description = rest.trim_start_matches(['s', 'S']).trim_matches([' ', ':', '-']);
        let description = if description.is_empty() { "say what breaks" } else { description };
        let message = "the footer of a breaking change is not written so that tools find it".to_owned();
        let hint = format!("try, after an empty line: BREAKING CHANGE: {description}");
        self.find(span, message, hint);
    }
}

/// Whether a line is a footer, `Token: value` or `Token #value`.
fn is_footer(line: &str) -> bool {
    let is_token = |token: &str| {
        !token.is_empty() && token.chars().all(|character| character.is_alphanumeric() || character == '-')
    };
    let split = line.split_once(": ").or_else(|| line.split_once(" #"));
    split.is_some_and(|(token, _)| token == "BREAKING CHANGE" || is_token(token))
}

/// The text with a small first letter, unless it starts with an abbreviation.
fn uncapitalised(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::ConventionalCommit;
    use crate::check::MessageCheck;
    use crate::model::finding::{Finding, Novelty};
    use crate::model::option::{OptionValue, Options};
    use crate::model::place::Place;

    fn found(message: &str, options: &[(&str, OptionValue)]) -> Vec<Finding> {
        let mut given = Options::default();
        for (name, value) in options {
            given.set(*name, value.clone());
        }
        ConventionalCommit.check(message, &given).findings
    }

    fn text<'a>(message: &'a str, finding: &Finding) -> &'a str {
        let Place::Message(span) = &finding.place else { panic!("a finding is in the message") };
        message.get(span.start..span.end).expect("a span lies in the message, on whole characters")
    }

    /// Each finding as the text that is meant and the hint.
    #[track_caller]
    fn check(message: &str, expected: &[(&str, &str)]) {
        check_with(message, &[], expected);
    }

    #[track_caller]
    fn check_with(message: &str, options: &[(&str, OptionValue)], expected: &[(&str, &str)]) {
        let findings = found(message, options);
        let shown: Vec<(&str, &str)> =
            findings.iter().map(|finding| (text(message, finding), finding.hint.as_str())).collect();
        assert_eq!(shown, expected, "{message}");
        assert!(findings.iter().all(|finding| finding.novelty == Novelty::Always && !finding.message.is_empty()));
    }

    fn list(words: &[&str]) -> OptionValue {
        OptionValue::List(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn right_messages_pass() {
        for message in [
            "feat: add a login form\n",
            "fix(parser): accept an empty list",
            "refactor!: drop the old names\n",
            "chore(api)!: rename\n\nWhy it was done.\n\nReviewed-by: Z\nBREAKING CHANGE: the names are gone\n",
            "Feat: capitals do not matter",
            "docs: see https://example.org: the page",
            "feat(api/v2): x",
            "fix: x\n\nRefs #12\nBREAKING-CHANGE: y\n",
            "fix: x\n\nAcked-by: a\n  and b\nBREAKING CHANGE: y\n",
            "fix: x\n\nThe breaking change is described below.\nBreaking changes are rare\n",
        ] {
            check(message, &[]);
        }
    }

    #[test]
    fn what_git_writes_and_what_a_rebase_takes_away_passes() {
        for message in [
            "",
            "\n\n",
            "Merge branch 'topic' into main\n",
            "Revert \"feat: x\"\n\nThis reverts commit 1234.\n",
            "Reapply \"feat: x\"\n",
            "fixup! Add it",
            "squash! Add it",
            "amend! Add it",
        ] {
            check(message, &[]);
        }
        check("fixup!Add it", &[("fixup!Add it", "try: fix: fixup!Add it")]);
    }

    #[test]
    fn a_subject_without_a_type_gets_one() {
        check("Add a login form\n", &[("Add a login form", "try: feat: add a login form")]);
        check("Fixed the login", &[("Fixed the login", "try: fix: fixed the login")]);
        check("Bump serde", &[("Bump serde", "try: build: bump serde")]);
        check("city names", &[("city names", "try: feat: city names")]);
        check("JSON is read", &[("JSON is read", "try: feat: JSON is read")]);
        check("See https://example.org", &[("See https://example.org", "try: feat: see https://example.org")]);
        check(": x", &[(": x", "try: feat: : x")]);
        check("ü", &[("ü", "try: feat: ü")]);
    }

    #[test]
    fn an_unknown_type_gets_a_known_one() {
        check("feature: add it", &[("feature", "try: feat: add it")]);
        check("bugfix(ui): mend it", &[("bugfix", "try: feat(ui): mend it")]);
        check("documentation: more", &[("documentation", "try: docs: more")]);
        check_with("wip: x", &[("types", list(&["change", "fix"]))], &[("wip", "try: change: x")]);
        check_with("wip: x", &[("types", list(&["WIP"]))], &[]);
        check_with("anything: x", &[("types", list(&[]))], &[]);
    }

    #[test]
    fn a_subject_that_is_nearly_right_is_shown_right() {
        for (message, prefix, right) in [
            ("feat:add it", "feat:", "feat: add it"),
            ("feat :  add it", "feat :", "feat: add it"),
            ("feat (api): add it", "feat (api):", "feat(api): add it"),
            ("feat(): add it", "feat():", "feat: add it"),
            ("feat( api ): add it", "feat( api ):", "feat(api): add it"),
            ("feat(api: add it", "feat(api:", "feat(api): add it"),
            ("feat(a)(b): add it", "feat(a)(b):", "feat(a): add it"),
            ("feat!(api): add it", "feat!(api):", "feat(api)!: add it"),
            ("feat!!: add it", "feat!!:", "feat!: add it"),
            (" feat: add it", " feat:", "feat: add it"),
            ("feat:", "feat:", "feat: say what changes"),
            ("feat(api)!:  ", "feat(api)!:", "feat(api)!: say what changes"),
        ] {
            check(message, &[(prefix, &format!("try: {right}"))]);
        }
    }

    #[test]
    fn scopes_can_be_required_and_limited() {
        let scopes = [("scopes", list(&["api", "ui"]))];
        check_with("feat(API): x", &scopes, &[]);
        check_with("feat: x", &scopes, &[]);
        check_with("feat(db): x", &scopes, &[("feat(db):", "try: feat(api): x")]);
        let required = [("require-scope", OptionValue::Flag(true))];
        check_with("feat: x", &required, &[("feat:", "try: feat(parser): x")]);
        check_with("feat(any): x", &required, &[]);
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let limit = [("max-subject", OptionValue::Number(12))];
        check_with("feat: üüüüüü", &limit, &[]);
        check_with("feat: ü üüüüü", &limit, &[("ü", "try: feat: ü (and the rest in the body)")]);
        check_with("feat: üüüüüüü", &limit, &[("ü", "say it in fewer words, and the rest in the body")]);
        check_with(&format!("feat: {}", "x".repeat(500)), &[("max-subject", OptionValue::Number(0))], &[]);
        let long = format!("feat: {}", "x".repeat(67));
        check(&long, &[("x", "say it in fewer words, and the rest in the body")]);
        let body = [("max-body-line", OptionValue::Number(5))];
        check_with("feat: long enough\n\nabc de\n", &body, &[("e", "break the line")]);
        check_with("feat: x\n\nabcdefgh\nsee http://a.b/c\nab cd\n", &body, &[]);
    }

    #[test]
    fn an_empty_line_follows_the_subject() {
        let hint = "leave the second line empty, and start the body on the third";
        check("feat: x\nbody\n", &[("body", hint)]);
    }

    #[test]
    fn a_breaking_change_is_written_so_that_tools_find_it() {
        let hint = "try, after an empty line: BREAKING CHANGE: the names are gone";
        for line in [
            "Breaking Change: the names are gone",
            "breaking-change: the names are gone",
            "BREAKING CHANGES: the names are gone",
            "BREAKING CHANGE the names are gone",
            "BREAKING CHANGE:the names are gone",
        ] {
            check(&format!("feat!: x\n\n{line}\n"), &[(line, hint)]);
        }
        let line = "BREAKING CHANGE: the names are gone";
        check(&format!("feat!: x\n\nSome prose\n{line}\n"), &[(line, hint)]);
    }

    proptest! {
        #[test]
        fn any_text_is_only_a_message(message in "(feat|fix|\\PC{0,5})[(!]?\\PC{0,6}[):! ]{0,3}\\PC{0,90}(\n\\PC{0,9}){0,4}") {
            for finding in found(&message, &[("max-body-line", OptionValue::Number(3))]) {
                let Place::Message(span) = finding.place else { panic!("a finding is in the message") };
                prop_assert!(message.get(span.start..span.end).is_some());
            }
        }
    }
}
