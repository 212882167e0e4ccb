//! For people: on a terminal the findings with their source lines and the verdict last; without one (editors, GUI
//! clients, logs) the verdict as the first and the last line and little between.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::model::finding::{Finding, Safety};
use crate::model::outcome::{Breakage, CheckRun, Outcome, RunReport};
use crate::model::rule::{Level, RuleId};
use crate::model::verdict::{Reason, Verdict};
use crate::report::mend::{Mender, Repeat};
use crate::report::short::line;
use crate::report::snippet::{log_tail, of_breakage, of_finding, split_message};
use crate::report::summary::{count, coverage, duration, line_and_column, listed, one_line, subject_of, verdict_line};
use crate::report::{Audience, Detail, Document, Occasion};

/// How many findings of one rule are shown in one file before the rest is told by its lines.
const MAX_OF_RULE: usize = 3;
/// How many line numbers are named of the rest.
const MAX_NUMBERS: usize = 10;
/// How many findings are shown on a terminal before the rest is told by its number.
const MAX_FINDINGS: usize = 50;
/// How many notices are shown before the rest is told by its number.
const MAX_NOTICES: usize = 5;
/// The most lines without a terminal.
const MAX_LINES: usize = 30;
/// The most lines of a message below its first without a terminal.
const MAX_DETAILS: usize = 8;
/// The most characters of a line without a terminal.
const MAX_WIDTH: usize = 300;

/// Writes the run; one line if nothing was found, left out or broken.
pub(crate) fn write(document: &Document<'_>, audience: &Audience, out: &mut dyn Write) -> io::Result<()> {
    if audience.is_terminal {
        out.write_all(on_terminal(document, audience).as_bytes())
    } else {
        out.write_all(in_log(document, audience).as_bytes())
    }
}

/// The findings to show, as much as is to be said. Those that were there before are among them where they block too:
/// where more findings of a level block than the change brings in.
fn chosen<'a>(document: &Document<'a>, detail: Detail) -> Vec<&'a Finding> {
    let findings = &document.report.findings;
    let n_new = |level| findings.iter().filter(|one| one.level == level && one.is_brought_in()).count();
    let blocking: Vec<(Level, bool)> = match document.verdict {
        Verdict::Pass => Vec::new(),
        Verdict::Block(reasons) => reasons
            .iter()
            .filter_map(|reason| match reason {
                Reason::Findings { level, n_findings, .. } => Some((*level, *n_findings > n_new(*level))),
                Reason::Broken { .. } => None,
            })
            .collect(),
    };
    let blocks = |finding: &Finding| {
        let counts =
            |(level, with_old): &(Level, bool)| *level == finding.level && (finding.is_brought_in() || *with_old);
        blocking.iter().any(counts)
    };
    let is_chosen = |finding: &&Finding| match detail {
        Detail::Verbose => true,
        Detail::Normal => finding.is_brought_in() || blocks(finding),
        Detail::Quiet => blocks(finding),
    };
    findings.iter().filter(is_chosen).collect()
}

/// What broke, each reason once with its checks.
fn broken(report: &RunReport) -> Vec<(Vec<&RuleId>, &Breakage)> {
    let mut reasons: Vec<(Vec<&RuleId>, &Breakage)> = Vec::new();
    for check in &report.checks {
        let Outcome::Broken(breakage) = &check.outcome else { continue };
        match reasons.iter_mut().find(|(_, known)| *known == breakage) {
            Some((checks, _)) => checks.push(&check.id),
            None => reasons.push((vec![&check.id], breakage)),
        }
    }
    reasons
}

fn on_terminal(document: &Document<'_>, audience: &Audience) -> String {
    let mut body = String::new();
    push_findings(&mut body, document, audience);
    for (checks, breakage) in broken(document.report) {
        let _ = writeln!(body, "{}", of_breakage(&checks, breakage, audience));
    }
    if audience.detail != Detail::Quiet {
        let mut told = logs(document.report);
        told.extend(measured(document));
        told.extend(notices(document.report, audience));
        if audience.detail == Detail::Verbose {
            told.extend(document.report.checks.iter().map(check_line));
        }
        told.iter().for_each(|line| body += &format!("{line}\n"));
        body += if told.is_empty() { "" } else { "\n" };
    }
    let mut text = String::new();
    if !body.is_empty() && audience.detail != Detail::Quiet {
        let _ = write!(text, "{}\n\n", subject_line(document.report));
    }
    text += &body;
    if !body.is_empty() && audience.detail != Detail::Quiet {
        way_out(document, audience.occasion).into_iter().for_each(|line| text += &format!("{line}\n"));
    }
    text + &painted(&verdict_line(document), document, audience) + "\n"
}

/// The line of the verdict with its first word in colour, for those who want that.
fn painted(verdict: &str, document: &Document<'_>, audience: &Audience) -> String {
    let color = if document.verdict.is_pass() { AnsiColor::Green } else { AnsiColor::Red };
    let style = if audience.color { color.on_default().bold() } else { Style::new() };
    let (word, rest) = verdict.split_once(':').unwrap_or((verdict, ""));
    let colon = if rest.is_empty() { "" } else { ":" };
    format!("{style}{word}{colon}{style:#}{rest}")
}

/// What was looked at.
fn subject_line(report: &RunReport) -> String {
    let subject = &report.subject;
    let parts = [&subject.title, &subject.policy, &subject.stage].map(|part| one_line(part));
    let [title, policy, stage] = parts;
    format!("looked at: {title}; policy: {policy}; stage: {stage}")
}

/// Something to show of a list of findings.
enum Shown<'f> {
    /// A finding by itself.
    Whole(&'f Finding),
    /// Findings that are told by a line.
    Rest(String),
}

/// The findings of which each file shows a few of each rule and tells the rest by their lines. They stand file by file;
/// everything is shown if everything is to be said.
fn collapsed<'f>(findings: &[&'f Finding], audience: &Audience) -> Vec<Shown<'f>> {
    let mut shown = Vec::new();
    for of_file in findings.chunk_by(|one, next| one.place.path() == next.place.path()) {
        let mut of_rules: BTreeMap<&RuleId, Vec<&Finding>> = BTreeMap::new();
        for &finding in of_file {
            let of_rule = of_rules.entry(&finding.rule).or_default();
            of_rule.push(finding);
            if audience.wants_all() || of_rule.len() <= MAX_OF_RULE {
                shown.push(Shown::Whole(finding));
            }
        }
        if !audience.wants_all() {
            shown.extend(of_rules.into_iter().filter_map(|(rule, of_rule)| rest(rule, of_rule.get(MAX_OF_RULE..)?)));
        }
    }
    shown
}

/// Names the lines of what is not shown; none if there is nothing.
fn rest(rule: &RuleId, hidden: &[&Finding]) -> Option<Shown<'static>> {
    let file = hidden.first()?.place.path().map(|path| format!(" in {path}")).unwrap_or_default();
    let mut lines: Vec<String> = hidden.iter().map(|finding| line_and_column(finding).0.to_string()).collect();
    lines.dedup();
    let plural = if lines.len() == 1 { "line" } else { "lines" };
    let more = if lines.len() > MAX_NUMBERS { ", ..." } else { "" };
    lines.truncate(MAX_NUMBERS);
    let (n_hidden, rule, lines) = (hidden.len(), one_line(rule.as_str()), lines.join(", "));
    Some(Shown::Rest(format!("... and {n_hidden} more of {rule}{file}: {plural} {lines}{more}")))
}

fn push_findings(body: &mut String, document: &Document<'_>, audience: &Audience) {
    let findings = chosen(document, audience.detail);
    let mut mender = Mender::new(document.report, Repeat::EachFile);
    let shown = collapsed(&findings, audience);
    let limit = if audience.wants_all() { usize::MAX } else { MAX_FINDINGS };
    for one in shown.iter().take(limit) {
        let _ = match one {
            Shown::Whole(finding) => writeln!(body, "{}", of_finding(finding, &mender.help(finding), audience)),
            Shown::Rest(told) => write!(body, "{told}\n\n"),
        };
    }
    if shown.len() > limit {
        let n_shown = shown.iter().take(limit).filter(|one| matches!(one, Shown::Whole(_))).count();
        let _ = write!(body, "... these are {n_shown} of {}\n\n", count(findings.len(), "finding"));
    }
}

/// What was not looked at, on one line each; what several checks say of the same file in the same words is told once.
fn notices(report: &RunReport, audience: &Audience) -> Vec<String> {
    let limit = if audience.wants_all() { usize::MAX } else { MAX_NOTICES };
    let mut checks_of: BTreeMap<_, Vec<&RuleId>> = BTreeMap::new();
    for notice in &report.notices {
        checks_of.entry((&notice.path, &notice.message)).or_default().push(&notice.check);
    }
    let firsts = report.notices.iter().filter_map(|notice| {
        let checks = checks_of.get(&(&notice.path, &notice.message))?;
        (*checks.first()? == &notice.check).then_some((notice, checks.len()))
    });
    let told = firsts.clone().take(limit).map(|(notice, n_checks)| {
        let path = notice.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
        let by = if n_checks == 1 { one_line(notice.check.as_str()) } else { count(n_checks, "check") };
        format!("notice: {by}: {path}{}", one_line(&notice.message))
    });
    let mut told: Vec<String> = told.collect();
    let n_all = firsts.count();
    if n_all > told.len() {
        told.push(format!("... and {}", count(n_all - told.len(), "more notice")));
    }
    told
}

/// Where all is that the commands printed that failed.
fn logs(report: &RunReport) -> Vec<String> {
    let has_failed = |check: &&CheckRun| matches!(check.outcome, Outcome::Found(_) | Outcome::Broken(_));
    let with_log = report.checks.iter().filter(|check| !check.log.is_empty()).filter(has_failed);
    with_log.map(|check| format!("log of {}: {}", one_line(check.id.as_str()), one_line(&check.log))).collect()
}

/// What the tests ran of the change; the line of a pass tells it itself.
fn measured(document: &Document<'_>) -> Option<String> {
    document.report.coverage.as_ref().filter(|_| !document.verdict.is_pass()).map(coverage)
}

/// How a check ended.
fn check_line(check: &CheckRun) -> String {
    let how = match &check.outcome {
        Outcome::Clean => "clean".to_owned(),
        Outcome::Found(n_findings) => count(*n_findings, "finding"),
        Outcome::Skipped(why) => format!("skipped: {}", one_line(why)),
        Outcome::Broken(_) => "could not run".to_owned(),
    };
    let (files, time) = (count(check.n_files, "file"), duration(check.duration));
    let version = if check.version.is_empty() { String::new() } else { format!(" {}", one_line(&check.version)) };
    format!("{}{version}: {how} ({files}, {time})", one_line(check.id.as_str()))
}

/// What someone who was blocked can do next.
fn way_out(document: &Document<'_>, occasion: Occasion) -> Vec<String> {
    let Verdict::Block(reasons) = document.verdict else {
        return Vec::new();
    };
    let rules = reasons.iter().flat_map(|reason| match reason {
        Reason::Findings { rules, .. } => rules.as_slice(),
        Reason::Broken { .. } => &[],
    });
    let is_described = |rule: &&RuleId| document.report.rules.iter().any(|known| known.id == **rule);
    let mut lines: Vec<String> = rules
        .filter(is_described)
        .take(1)
        .map(|rule| format!("`tollgate explain {}` says why it matters and how to mend it", one_line(rule.as_str())))
        .collect();
    if occasion != Occasion::Again {
        lines.push("`tollgate last` shows all of this again".to_owned());
    }
    let stage = document.report.subject.stage.as_str();
    if stage == "pre-commit" && occasion == Occasion::Hook && has_safe_fixes(document.report) {
        lines.push("`tollgate fix` mends and stages what can be mended safely".to_owned());
    }
    if stage == "commit-msg" {
        lines.push(
            "`git commit -eF \"$(git rev-parse --git-path COMMIT_EDITMSG)\"` takes your message up again".to_owned(),
        );
    }
    let command = match stage {
        "pre-commit" | "commit-msg" => Some("git commit"),
        "pre-merge-commit" => Some("git merge"),
        "pre-push" => Some("git push"),
        _ => None,
    };
    lines.extend(
        command.filter(|_| occasion == Occasion::Hook).map(|command| {
            format!("`{command} --no-verify`, or TOLLGATE=0 before the command, skips every check once")
        }),
    );
    lines.into_iter().map(|line| format!("hint: {line}")).collect()
}

/// Whether something can be mended that no one has tried to mend yet.
fn has_safe_fixes(report: &RunReport) -> bool {
    let is_safe = |finding: &Finding| finding.fixes.iter().any(|fix| fix.safety == Safety::Safe);
    report.findings.iter().any(|finding| finding.is_brought_in() && is_safe(finding))
        && report.notices.iter().all(|notice| notice.check.as_str() != "fix")
}

fn in_log(document: &Document<'_>, audience: &Audience) -> String {
    let detail = audience.detail;
    let verdict = painted(&bounded(&verdict_line(document)), document, audience);
    let mut body = log_body(document, audience);
    if body.is_empty() {
        return verdict + "\n";
    }
    let (subject, way_out) = match detail {
        Detail::Quiet => (None, Vec::new()),
        Detail::Normal | Detail::Verbose => (Some(subject_line(document.report)), way_out(document, audience.occasion)),
    };
    // The verdict stands there twice.
    let n_free = MAX_LINES.saturating_sub(2 + usize::from(subject.is_some()) + way_out.len());
    if detail != Detail::Verbose && body.len() > n_free {
        let n_more = body.len() - n_free.saturating_sub(1);
        body.truncate(body.len() - n_more);
        body.push(format!("... and {}", count(n_more, "more line")));
    }
    let between = subject.into_iter().chain(body).chain(way_out).map(|line| bounded(&line));
    let lines = std::iter::once(verdict.clone()).chain(between).chain([verdict]);
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

/// What could not run, then the gravest findings first.
fn log_body(document: &Document<'_>, audience: &Audience) -> Vec<String> {
    let detail = audience.detail;
    let mut body = Vec::new();
    for (checks, breakage) in broken(document.report) {
        body.push(format!("error: {} could not run: {}", subject_of(&checks), one_line(&breakage.why)));
        if checks.len() > 1 {
            body.push(format!("  checks: {}", listed(&checks)));
        }
        if !breakage.hint.is_empty() {
            body.push(format!("  hint: {}", one_line(&breakage.hint)));
        }
        body.extend(log_tail(&breakage.log).into_iter().map(|line| format!("  | {line}")));
    }
    if detail != Detail::Quiet {
        body.extend(logs(document.report));
        body.extend(measured(document));
    }
    let mut findings = chosen(document, detail);
    let mut mender = Mender::new(document.report, Repeat::EachRule);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    for one in collapsed(&findings, audience) {
        match one {
            Shown::Whole(finding) => {
                let (headline, details) = split_message(finding, MAX_DETAILS);
                body.push(line(finding, &headline));
                body.extend(details.into_iter().map(|line| format!("  | {line}")));
                let help = mender.help(finding);
                if !help.is_empty() {
                    body.push(format!("  hint: {help}"));
                }
            }
            Shown::Rest(told) => body.push(told),
        }
    }
    if detail != Detail::Quiet {
        body.extend(notices(document.report, audience));
    }
    if detail == Detail::Verbose {
        body.extend(document.report.checks.iter().map(check_line));
    }
    body
}

/// At most [`MAX_WIDTH`] characters.
fn bounded(line: &str) -> String {
    match line.char_indices().nth(MAX_WIDTH) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, file};

    use super::write;
    use crate::model::finding::{Finding, Novelty, State};
    use crate::model::outcome::{Breakage, Notice, Outcome, RunReport};
    use crate::model::place::{Place, Span};
    use crate::model::rule::{Family, Level};
    use crate::model::verdict::{Reason, Verdict};
    use crate::report::{Audience, Detail, Document, Occasion};
    use crate::sarif::locate::locate;
    use crate::sarif::sample;
    use crate::sarif::text::Text;

    const TERMINAL: Audience = Audience { is_terminal: true, ..Audience::LOG };

    fn written(report: &RunReport, audience: Audience) -> String {
        let verdict = sample::verdict(report);
        let mut bytes = Vec::new();
        write(&Document { report, verdict: &verdict }, &audience, &mut bytes).expect("a Vec takes all");
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// Two rules, many findings in two files, one warning.
    fn many() -> RunReport {
        let text: String = (1..=20).map(|line| format!("let line_{line} = {line};  \n")).collect();
        let mut findings: Vec<Finding> = (1..=20)
            .map(|line| sample::at("trailing-whitespace", b"src/a.js", &text, &format!("= {line};  ")))
            .map(|finding| finding.with_fix("remove the trailing whitespace", Vec::new()))
            .collect();
        let mut spaced = sample::at("mixed-line-ending", b"src/b.js", &text, "line_2 ");
        spaced.level = Level::Warning;
        findings.push(spaced);
        findings.push(sample::secret());
        sample::with(findings)
    }

    fn broken() -> RunReport {
        let mut report = sample::clean();
        let missing = Breakage {
            why: "there is no program `ruff`".to_owned(),
            hint: "install it: pip install ruff".to_owned(),
            log: String::new(),
        };
        let log: String = (1..=30).map(|line| format!("line {line} of the log\n")).collect();
        let ended = Breakage { why: "it was ended after 60 s".to_owned(), hint: String::new(), log };
        report.checks.push(sample::check("ruff", Family::Tools, Outcome::Broken(missing)));
        report.checks.push(sample::check("unit", Family::Tests, Outcome::Broken(ended)));
        let missing = Breakage::new("src/a.json: the object is not there");
        for id in ["check-json", "check-toml", "check-xml"] {
            report.checks.push(sample::check(id, Family::Hygiene, Outcome::Broken(missing.clone())));
        }
        report
    }

    #[test]
    fn a_pass_is_one_line_everywhere() {
        let expected = "passed: staged changes against HEAD (main): 7 files, 2 checks - 31 ms\n";
        assert_eq!(written(&sample::clean(), TERMINAL), expected);
        assert_eq!(written(&sample::clean(), Audience::LOG), expected);
        let old = Finding { state: State::Unchanged, ..sample::secret() };
        let expected =
            "passed: staged changes against HEAD (main): 7 files, 2 checks, 1 finding was there before - 31 ms\n";
        assert_eq!(written(&sample::with(vec![old]), TERMINAL), expected);
    }

    #[test]
    fn nothing_to_check_is_one_line() {
        let mut report = sample::clean();
        report.subject.n_files = 0;
        report.checks = vec![sample::check("unit", Family::Tests, Outcome::Skipped("no file".to_owned()))];
        let expected = "nothing to check: staged changes against HEAD (main) - 31 ms\n";
        assert_eq!(written(&report, TERMINAL), expected);
        assert_eq!(written(&report, Audience::LOG), expected);
    }

    #[test]
    fn one_finding() {
        let report = sample::with(vec![sample::trailing_whitespace()]);
        assert_data_eq!(written(&report, TERMINAL), file!["../../fixtures/report/one.terminal.txt"].raw());
        assert_data_eq!(written(&report, Audience::LOG), file!["../../fixtures/report/one.log.txt"].raw());
    }

    #[test]
    fn many_findings() {
        assert_data_eq!(written(&many(), TERMINAL), file!["../../fixtures/report/many.terminal.txt"].raw());
        assert_data_eq!(written(&many(), Audience::LOG), file!["../../fixtures/report/many.log.txt"].raw());
    }

    #[test]
    fn broken_checks() {
        assert_data_eq!(written(&broken(), TERMINAL), file!["../../fixtures/report/broken.terminal.txt"].raw());
        assert_data_eq!(written(&broken(), Audience::LOG), file!["../../fixtures/report/broken.log.txt"].raw());
    }

    #[test]
    fn skipped_checks_and_what_was_not_looked_at() {
        let mut report = sample::clean();
        report.checks.push(sample::check("unit", Family::Tests, Outcome::Skipped("TOLLGATE_SKIP".to_owned())));
        let notice = |number| Notice {
            check: "check-json".into(),
            path: Some(format!("big-{number}.json").as_str().into()),
            message: "not read: 1 GB is more than 512 MB".to_owned(),
        };
        report.notices = (0..7).map(notice).collect();
        assert_data_eq!(written(&report, TERMINAL), file!["../../fixtures/report/skipped.terminal.txt"].raw());
        assert_data_eq!(written(&report, Audience::LOG), file!["../../fixtures/report/skipped.log.txt"].raw());
    }

    #[test]
    fn what_several_checks_did_not_look_at_is_told_once() {
        let mut report = sample::clean();
        let notice = |check: &str, path: &str| Notice {
            check: check.into(),
            path: Some(path.into()),
            message: "not looked at".to_owned(),
        };
        report.notices =
            vec![notice("a", "one"), notice("a", "two"), notice("b", "one"), notice("c", "three"), notice("c", "one")];
        let text = written(&report, TERMINAL);
        let told: Vec<&str> = text.lines().filter(|line| line.starts_with("notice: ")).collect();
        let expected = [
            "notice: 3 checks: one: not looked at",
            "notice: a: two: not looked at",
            "notice: c: three: not looked at",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_finding_that_is_compared_by_lines_alone_says_so_where_everything_is_said() {
        let report = sample::with(vec![sample::secret().with_novelty(Novelty::ChangedLines)]);
        let by_lines = "told new or old by the lines that the change wrote";
        assert!(!written(&report, TERMINAL).contains(by_lines));
        let verbose = Audience { detail: Detail::Verbose, ..TERMINAL };
        assert!(written(&report, verbose).contains(by_lines));
        assert!(!written(&sample::with(vec![sample::secret()]), verbose).contains(by_lines));
    }

    #[test]
    fn hostile_names_and_texts() {
        let report = sample::hostile();
        assert_data_eq!(written(&report, TERMINAL), file!["../../fixtures/report/hostile.terminal.txt"].raw());
        assert_data_eq!(written(&report, Audience::LOG), file!["../../fixtures/report/hostile.log.txt"].raw());
        let verbose = Audience { detail: Detail::Verbose, ..TERMINAL };
        assert_data_eq!(written(&report, verbose), file!["../../fixtures/report/hostile.verbose.txt"].raw());
    }

    #[test]
    fn a_finding_over_several_lines_and_one_in_a_very_long_line() {
        let text = "fn f() {\n\tlet a = 1;\n\tlet b = 2;\n}\n";
        let over_lines = sample::at("dead-code", b"src/f.rs", text, "{\n\tlet a = 1;\n\tlet b = 2;\n}");
        let long = format!("{}needle{}\n", "x".repeat(700), "y".repeat(700));
        let in_long_line = sample::at("long", b"min.js", &long, "needle");
        let report = sample::with(vec![in_long_line, over_lines]);
        assert_data_eq!(written(&report, TERMINAL), file!["../../fixtures/report/lines.terminal.txt"].raw());
    }

    #[test]
    fn the_message_of_a_commit() {
        let mut finding = Finding::new(
            "conventional-commit",
            Level::Error,
            Place::Message(Span { start: 0, end: 5 }),
            "the subject has no type\n\nexpected: type(scope): subject",
        );
        finding.region = locate(&Text::new(b"fixed the thing\n"), &finding.place);
        let mut report = sample::with(vec![finding.with_hint("begin it with feat:, fix:, docs: or another type")]);
        report.subject.stage = "commit-msg".to_owned();
        report.subject.title = "the commit message".to_owned();
        report.subject.n_files = 0;
        assert_data_eq!(written(&report, TERMINAL), file!["../../fixtures/report/message.terminal.txt"].raw());
        assert_data_eq!(written(&report, Audience::LOG), file!["../../fixtures/report/message.log.txt"].raw());
    }

    #[test]
    fn only_who_waits_for_git_is_told_how_to_skip_a_hook() {
        let skips = |occasion: Occasion, stage: &str, command: &str| {
            let mut report = many();
            report.subject.stage = stage.to_owned();
            let hint = format!("hint: `{command} --no-verify`, or TOLLGATE=0 ");
            let said = [TERMINAL, Audience::LOG].map(|one| written(&report, Audience { occasion, ..one }));
            said.map(|text| text.contains(&hint))
        };
        assert_eq!(skips(Occasion::Hook, "pre-commit", "git commit"), [true; 2]);
        assert_eq!(skips(Occasion::Hook, "pre-push", "git push"), [true; 2]);
        assert_eq!(skips(Occasion::Hook, "pull-request", ""), [false; 2]);
        assert_eq!(skips(Occasion::ByHand, "pre-commit", "git commit"), [false; 2]);
        assert_eq!(skips(Occasion::Again, "pre-commit", "git commit"), [false; 2]);
    }

    #[test]
    fn an_earlier_run_is_shown_whole() {
        let mut report = many();
        report.findings.push(Finding { state: State::Unchanged, ..sample::at("old", b"src/c.js", "old", "old") });
        let text = written(&report, Audience { occasion: Occasion::Again, ..TERMINAL });
        assert_eq!(text.matches("error[trailing-whitespace]: ").count(), 20, "{text}");
        assert!(!text.contains("more of") && !text.contains("tollgate last") && !text.contains("src/c.js"), "{text}");
    }

    #[test]
    fn quiet_shows_what_blocks_and_the_verdict() {
        let quiet = Audience { detail: Detail::Quiet, ..TERMINAL };
        let text = written(&many(), quiet);
        assert!(text.starts_with("error[trailing-whitespace]: "), "{text}");
        assert!(!text.contains("mixed-line-ending") && text.ends_with(" - 31 ms\n"), "{text}");
        assert_eq!(written(&sample::clean(), quiet).lines().count(), 1);
    }

    #[test]
    fn findings_that_were_there_before_are_shown_when_they_block() {
        let old = Finding { state: State::Unchanged, ..sample::secret() };
        let report = sample::with(vec![old]);
        let rules = vec!["hardcoded-secret".into()];
        let verdict = Verdict::Block(vec![Reason::Findings { level: Level::Error, n_findings: 1, n_files: 1, rules }]);
        let mut bytes = Vec::new();
        write(&Document { report: &report, verdict: &verdict }, &TERMINAL, &mut bytes).expect("a Vec takes all");
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(text.contains("error[hardcoded-secret]: ") && text.contains("= note: it was there before"), "{text}");
        assert!(text.contains("\nblocked: 1 error (hardcoded-secret) in 1 of 7 files"), "{text}");
    }

    #[test]
    fn without_a_terminal_the_verdict_is_first_and_last_and_little_is_between() {
        for report in [many(), broken(), sample::hostile()] {
            let text = written(&report, Audience::LOG);
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines.len() <= 30, "{text}");
            assert!(lines[0].starts_with("blocked: ") && lines.first() == lines.last(), "{text}");
            assert!(
                lines.contains(&"hint: `tollgate last` shows all of this again") && !text.contains('\u{1b}'),
                "{text}"
            );
        }
    }

    #[test]
    fn colour_is_used_only_where_it_is_wanted() {
        let color = Audience { color: true, ..TERMINAL };
        let text = written(&sample::with(vec![sample::secret()]), color);
        assert!(text.contains("\u{1b}[1m\u{1b}[31mblocked:\u{1b}[0m 1 new error"), "{text:?}");
        let hostile = written(&sample::hostile(), color);
        assert!(!hostile.contains("\u{1b}[2J") && !hostile.contains("\u{1b}]0;"), "{hostile:?}");
        assert!(!written(&many(), TERMINAL).contains('\u{1b}'));
        // Without a terminal it is there only if someone asked for it.
        let log = written(&many(), Audience { color: true, ..Audience::LOG });
        assert_eq!(log.matches("\u{1b}[1m\u{1b}[31mblocked:\u{1b}[0m").count(), 2, "{log:?}");
    }
}
