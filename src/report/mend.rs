//! What the reader of a finding can do about it, where the finding does not say it itself.

use std::collections::BTreeSet;

use crate::model::escape::quoted;
use crate::model::finding::Finding;
use crate::model::outcome::RunReport;
use crate::model::path::RepoPath;
use crate::model::rule::{Family, RuleId};
use crate::report::summary::one_line;

/// How often the same help is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Once for each file that a rule finds something in.
    EachFile,
    /// Once for each rule.
    EachRule,
}

/// The help for one finding after the other. A command that mends a whole file is told once.
pub(super) struct Mender<'d> {
    report: &'d RunReport,
    repeat: Repeat,
    told: BTreeSet<(&'d RuleId, Option<&'d RepoPath>)>,
}

impl<'d> Mender<'d> {
    pub(super) fn new(report: &'d RunReport, repeat: Repeat) -> Self {
        Self { report, repeat, told: BTreeSet::new() }
    }

    /// The hint of a finding, or else the command that mends it; escaped, and empty if there is nothing to say.
    pub(super) fn help(&mut self, finding: &'d Finding) -> String {
        if !finding.hint.is_empty() {
            return one_line(&finding.hint);
        }
        let is_ours = |finding: &Finding| {
            self.report.rules.iter().any(|known| known.id == finding.rule && known.family == Family::Hygiene)
        };
        let Some(path) = finding.place.path().filter(|_| !finding.fixes.is_empty() && is_ours(finding)) else {
            return String::new();
        };
        let file = (self.repeat == Repeat::EachFile).then_some(path);
        if !self.told.insert((&finding.rule, file)) {
            return String::new();
        }
        let then = match self.report.subject.stage.as_str() {
            "pre-commit" | "pre-merge-commit" => "; then `git add` it",
            _ => "",
        };
        format!("`{}` mends it{then}", command(&finding.rule, path))
    }
}

fn command(rule: &RuleId, path: &RepoPath) -> String {
    // What a check does by itself differs here from what pre-commit-hooks does: two blanks are a line break.
    let markdown = [&b"md"[..], b"markdown"].into_iter().find(|known| path.extension() == Some(known));
    let option = match markdown.filter(|_| rule.as_str() == "trailing-whitespace") {
        Some(extension) => format!(" --markdown-linebreak-ext={}", String::from_utf8_lossy(extension)),
        None => String::new(),
    };
    format!("tollgate builtin {}{option} {}", one_line(rule.as_str()), file(path))
}

/// The file as a word of the shell; a name that can't be shown as it is has none.
fn file(path: &RepoPath) -> String {
    let shown = path.to_string();
    match shown.as_bytes() == path.as_bytes() {
        true if shown.starts_with('-') => quoted(&format!("./{shown}")),
        true => quoted(&shown),
        false => "FILE".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Mender, Repeat};
    use crate::model::finding::{Edit, Finding};
    use crate::model::place::Span;
    use crate::sarif::sample;

    fn blanks(path: &[u8]) -> Finding {
        let edit = Edit { span: Span { start: 1, end: 2 }, replacement: Vec::new() };
        sample::at("trailing-whitespace", path, "a \n", " ").with_fix("remove them", vec![edit])
    }

    #[track_caller]
    fn check(path: &[u8], expected: &str) {
        let report = sample::clean();
        let finding = blanks(path);
        assert_eq!(Mender::new(&report, Repeat::EachFile).help(&finding), expected);
    }

    #[test]
    fn the_command_names_the_file_as_the_shell_needs_it() {
        check(b"src/a.py", "`tollgate builtin trailing-whitespace src/a.py` mends it; then `git add` it");
        check(b"it's a.py", r"`tollgate builtin trailing-whitespace 'it'\''s a.py'` mends it; then `git add` it");
        check(b"-a", "`tollgate builtin trailing-whitespace ./-a` mends it; then `git add` it");
        check(b"a\x1b\xff", "`tollgate builtin trailing-whitespace FILE` mends it; then `git add` it");
        check(
            b"a.md",
            "`tollgate builtin trailing-whitespace --markdown-linebreak-ext=md a.md` mends it; then `git add` it",
        );
    }

    #[test]
    fn what_is_not_staged_is_not_added() {
        let mut report = sample::clean();
        report.subject.stage = "pull-request".to_owned();
        let finding = blanks(b"a");
        let help = Mender::new(&report, Repeat::EachFile).help(&finding);
        assert_eq!(help, "`tollgate builtin trailing-whitespace a` mends it");
    }

    #[test]
    fn a_command_is_told_once_and_a_hint_always() {
        let report = sample::clean();
        let findings = [blanks(b"a"), blanks(b"a"), blanks(b"b"), sample::secret(), sample::secret()];
        let told = |repeat| {
            let mut mender = Mender::new(&report, repeat);
            findings.each_ref().map(|finding| !mender.help(finding).is_empty())
        };
        assert_eq!(told(Repeat::EachFile), [true, false, true, true, true]);
        assert_eq!(told(Repeat::EachRule), [true, false, false, true, true]);
    }

    #[test]
    fn nothing_is_promised_without_a_fix_or_for_other_checks() {
        let report = sample::clean();
        let unfixed = Finding { fixes: Vec::new(), ..blanks(b"a") };
        let foreign = Finding { rule: "hardcoded-secret".into(), ..blanks(b"a") };
        let mut mender = Mender::new(&report, Repeat::EachFile);
        assert_eq!(mender.help(&unfixed), "");
        assert_eq!(mender.help(&foreign), "");
    }
}
