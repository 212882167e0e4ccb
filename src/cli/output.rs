//! Where text goes: data to standard output, talk to standard error, reports to files.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ColorChoice};

use crate::app::failure::Failure;
use crate::app::rules_in_force::Described;
use crate::app::{Judged, Session};
use crate::cli::Context;
use crate::model::escape::escaped;
use crate::report::{Audience, Detail, Document, FORMATS, Format, Occasion, format, verdict_line};
use crate::store;
use crate::tree::file::write_report;

/// How and where a run is reported.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// The format on standard output.
    #[arg(long, value_name = "NAME", value_parser = formats())]
    pub(super) format: Option<&'static str>,
    /// Write a report to a file as well; can be repeated.
    #[arg(long = "report", value_name = "NAME=FILE", value_parser = parse_report)]
    pub(super) reports: Vec<(&'static str, PathBuf)>,
    /// Say only what blocks, and the verdict.
    #[arg(long, short, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say everything: every check, every notice, findings that were there before.
    #[arg(long, short)]
    pub(super) verbose: bool,
}

fn formats() -> impl TypedValueParser<Value = &'static str> {
    let values = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.summary));
    PossibleValuesParser::new(values).map(|name| known(&name).name)
}

fn known(name: &str) -> &'static Format {
    format(name).expect("because names are parsed against the same table")
}

fn parse_report(text: &str) -> Result<(&'static str, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("expected NAME=FILE, like sarif=tollgate.sarif")?;
    if file.is_empty() {
        return Err("the name of the file is missing".to_owned());
    }
    let names = || FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
    let format = format(name).ok_or_else(|| format!("there is no format `{name}`; there are {}", names()))?;
    Ok((format.name, PathBuf::from(file)))
}

/// Which of the standard streams takes the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Standard output.
    Output,
    /// Standard error: what a hook says is talk, and the standard output belongs to git (`git push --porcelain`).
    Error,
}

/// The standard streams, and who reads them.
pub(super) struct Streams {
    color: ColorChoice,
    target: Target,
}

impl Streams {
    pub(super) fn new(color: ColorChoice, target: Target) -> Self {
        Self { color, target }
    }

    fn colors(&self, stream: &impl anstream::stream::RawStream) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
        }
    }

    /// Who reads the data.
    pub(super) fn audience(&self, detail: Detail) -> Audience {
        let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
        let (is_terminal, color, occasion) = match self.target {
            Target::Output => (io::stdout().is_terminal(), self.colors(&io::stdout()), Occasion::ByHand),
            Target::Error => (io::stderr().is_terminal(), self.colors(&io::stderr()), Occasion::Hook),
        };
        Audience { is_terminal, color, width, detail, occasion }
    }

    /// Writes data to where it belongs. A reader that has gone away is no error.
    pub(super) fn data(&self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match self.target {
            Target::Output => write_out(&mut io::stdout().lock(), bytes),
            Target::Error => write_out(&mut io::stderr().lock(), bytes),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure {
                code: Failure::CHANGE,
                ..Failure::usage(anyhow::Error::new(error).context("cannot write what was found"))
            }),
            _ => Ok(()),
        }
    }

    /// Writes commands for the pipeline that reads the log; that has its own idea of what is data.
    pub(super) fn log(&self, bytes: &[u8]) {
        let _ = io::stdout().lock().write_all(bytes);
    }

    /// Writes a warning to standard error.
    pub(super) fn warn(&self, text: &str) {
        self.say(&format!("warning: {}", escaped(text)));
    }

    /// Writes a line of talk to standard error.
    pub(super) fn say(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

fn write_out(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}

/// Says why a run ended without a verdict.
pub(super) fn complain(failure: &Failure, streams: &Streams) {
    let mut text = format!("{:#}", failure.error);
    if !text.starts_with("error: ") {
        text = format!("error: {}", text.lines().map(escaped).collect::<Vec<_>>().join("\n  "));
    }
    if !failure.hint.is_empty() {
        text = format!("{text}\n\nhint: {}", failure.hint);
    }
    streams.say(&text);
}

impl OutputArgs {
    pub(super) fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Normal,
        }
    }

    /// Which rules the formats that are asked for describe.
    pub(super) fn described(&self) -> Described {
        let reports = self.reports.iter().map(|(name, _)| *name);
        match self.format.into_iter().chain(reports).any(|name| known(name).describes_rules) {
            true => Described::InForce,
            false => Described::Found,
        }
    }

    /// Reports what was judged to standard output and to the files that were asked for, keeps it for `tollgate last`,
    /// and gives the exit code: the gravest.
    pub(super) fn publish(&self, judged: &[Judged], session: &Session<'_>, context: &Context) -> Result<u8, Failure> {
        let documents: Vec<Document<'_>> =
            judged.iter().map(|one| Document { report: &one.report, verdict: &one.verdict }).collect();
        self.write_files(&documents, context)?;
        keep(judged, session);
        judged.iter().filter_map(|one| one.warning.as_ref()).for_each(|warning| context.streams.warn(warning));
        self.show(&documents, &context.streams.audience(self.detail()), context)?;
        self.say_what_is_broken(&documents, context);
        Ok(worst(judged.iter().map(|one| one.verdict.exit_code())))
    }

    /// Writes documents to standard output.
    pub(super) fn show(
        &self,
        documents: &[Document<'_>],
        audience: &Audience,
        context: &Context,
    ) -> Result<(), Failure> {
        context.streams.data(&rendered(known(self.format.unwrap_or("terminal")), documents, audience))
    }

    /// Writes documents to the files that were asked for.
    pub(super) fn write_files(&self, documents: &[Document<'_>], context: &Context) -> Result<(), Failure> {
        for (name, file) in &self.reports {
            let bytes = rendered(known(name), documents, &Audience::LOG);
            write_report(&context.environment.folder, file, &bytes)
                .map_err(|error| Failure { code: Failure::CHANGE, ..Failure::usage(error) })?;
        }
        Ok(())
    }
}

impl OutputArgs {
    /// A list of findings has no place for a check that could not run: whoever gets such a list is told beside it.
    fn say_what_is_broken(&self, documents: &[Document<'_>], context: &Context) {
        if self.format.is_none_or(|format| format == "terminal") {
            return;
        }
        for document in documents.iter().filter(|document| document.verdict.exit_code() == 3) {
            context.streams.say(&verdict_line(document));
        }
    }
}

fn rendered(format: &Format, documents: &[Document<'_>], audience: &Audience) -> Vec<u8> {
    let mut bytes = Vec::new();
    for document in documents {
        (format.write)(document, audience, &mut bytes).expect("because writing to memory does not fail");
    }
    bytes
}

/// Of several exit codes the one that says most: findings before what could not run, anything before a pass.
pub(super) fn worst(codes: impl Iterator<Item = u8>) -> u8 {
    let rank = |code: &u8| match code {
        0 => 0,
        1 => 2,
        _ => 1,
    };
    codes.max_by_key(rank).unwrap_or(0)
}

/// Keeps the last run; that it can't be kept is no reason to fail.
fn keep(judged: &[Judged], session: &Session<'_>) {
    let Some(one) = judged.iter().max_by_key(|one| !one.verdict.is_pass()) else { return };
    let document = Document { report: &one.report, verdict: &one.verdict };
    let folder = store::folder(&session.settings.cache, session.repo.git_dir());
    let _ = store::last::save_last(&folder, &rendered(known("json"), &[document], &Audience::LOG));
}
