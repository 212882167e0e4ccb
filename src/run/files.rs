//! Built-in checks on files: each file is read once, and parsed at most once.

use std::sync::mpsc;
use std::time::Instant;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::check::filetype::{Kind, is_lfs_pointer, is_text, kind};
use crate::check::parsed::SharedTree;
use crate::check::secrets::redact::extent;
use crate::check::{Examined, FileCheck, FileInput, Manner};
use crate::model::change::{FileSide, Status};
use crate::model::content::Content;
use crate::model::event::Event;
use crate::model::finding::{Finding, Novelty};
use crate::model::outcome::Breakage;
use crate::model::path::RepoPath;
use crate::model::place::Place;
use crate::model::rule::{Family, Level, RuleId};
use crate::model::suppression::Directive;
use crate::plan::selection::Choice;
use crate::plan::{FileJob, RULES};
use crate::run::recall::Recall;
use crate::run::suppressions::Suppressions;
use crate::run::tally::Share;
use crate::run::{MAX_FILE, Runner, guarded, resolve};
use crate::sarif::text::Text;

/// From so many files on they are spread over threads: fewer are done before the threads would be up, each with its
/// own handle of the repository.
const MIN_PARALLEL: usize = 128;
/// The same for files that may be parsed, which takes a hundred times longer than the other checks.
const MIN_PARALLEL_PARSED: usize = 8;
/// A single file of so many bytes is shared by two threads: one for the rules, and one for the other checks.
const MIN_SHARED: usize = 16 << 10;

/// From so many files on the results of earlier runs are asked for: opening them costs more than fewer files do.
const MIN_RECALLED: usize = 16;

/// What all checks said of one side of one file.
#[derive(Debug)]
pub(crate) struct ExaminedFile {
    /// The file: its index in the change.
    pub(crate) file: usize,
    /// Its path on the side that was looked at.
    pub(crate) path: RepoPath,
    /// Its content; empty if it was not read, or nobody needs it any more.
    pub(crate) bytes: Vec<u8>,
    /// The findings, places resolved.
    pub(crate) findings: Vec<Finding>,
    /// The secrets that were found in it.
    pub(crate) secrets: Vec<Vec<u8>>,
    /// What each check did.
    pub(crate) shares: Vec<Share>,
    /// What its comments allow.
    pub(crate) directives: Vec<Directive>,
    /// Why that could not be read, if so.
    pub(crate) unread: Option<String>,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    /// The checks.
    pub(super) job: &'a FileJob,
    /// The side of the file.
    pub(super) side: &'a FileSide,
    /// Whether the change adds the file.
    pub(super) is_added: bool,
    /// Which findings are asked for.
    pub(super) asked: Asked<'a>,
}

/// Which findings are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// Those of every check of the plan.
    All,
    /// Those of these rules alone.
    Rules(&'a std::collections::BTreeSet<RuleId>),
}

impl Asked<'_> {
    fn includes_check(self, check: &dyn FileCheck) -> bool {
        matches!(self, Self::All)
            || self.includes(check.about().id)
            || check.rule_ids().into_iter().any(|rule| self.includes(rule))
    }

    fn includes(self, rule: &str) -> bool {
        match self {
            Self::All => true,
            Self::Rules(rules) => rules.iter().any(|asked| asked.as_str() == rule),
        }
    }
}

/// Makes the main thread one of those that look at files, if it is the one that asks and there are none yet: it has
/// nothing else to do, and one thread less is started. No thread but the one that runs a plan asks for others.
fn join_threads() {
    if std::thread::current().name() == Some("main") {
        // Where there are threads already, they do.
        let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    }
}

impl Runner<'_> {
    /// Looks at the judged side of every file of the plan.
    pub(super) fn files(&self, events: &mpsc::Sender<Event>) -> Vec<ExaminedFile> {
        let jobs = &self.plan.files;
        let _ = events.send(Event::Files { n_files: jobs.len() });
        let asks_machine = self.plan.file_checks.iter().any(|job| job.check.asks_for_credentials());
        let recalls = jobs.len() >= MIN_RECALLED && self.cache.is_on() && !asks_machine;
        let recall = recalls.then(|| Recall::new(self));
        let examine = |job: &FileJob| {
            let file = self.change.files.get(job.file)?;
            let is_added = file.status == Status::Added;
            let look = Look { job, side: file.head.as_ref()?, is_added, asked: Asked::All };
            let mut examined = match &recall {
                Some(recall) => self.recall(recall, &look),
                None => self.examine(&look),
            };
            if !examined.is_compared() || self.change.parents.is_empty() {
                examined.bytes = Vec::new();
            }
            let _ = events.send(Event::FileDone);
            Some(examined)
        };
        let n_parsed = jobs.iter().filter(|job| job.rules).count();
        match jobs.len() >= MIN_PARALLEL || n_parsed >= MIN_PARALLEL_PARSED {
            true => {
                join_threads();
                jobs.par_iter().filter_map(examine).collect()
            }
            false => jobs.iter().filter_map(examine).collect(),
        }
    }

    /// Runs the checks of a job on one side of its file.
    pub(super) fn examine(&self, look: &Look<'_>) -> ExaminedFile {
        self.look_at(look, self.read(look.side))
    }

    /// Reads one side of a file, unless the run is to end.
    pub(super) fn read(&self, side: &FileSide) -> Result<Content, Breakage> {
        match self.interrupt.is_set() {
            true => Err(Breakage::new("interrupted")),
            false => self.contents.read(side, MAX_FILE).map_err(|error| Breakage::new(error.0)),
        }
    }

    /// Whether the pattern rules look at a file.
    pub(super) fn runs_rules_on(&self, look: &Look<'_>) -> bool {
        look.job.rules && self.plan.engine.wants(look.side)
    }

    /// Runs the checks of a job on what was read of its file.
    pub(super) fn look_at(&self, look: &Look<'_>, read: Result<Content, Breakage>) -> ExaminedFile {
        let &Look { job, side, is_added, asked } = look;
        let mut examined = ExaminedFile::new(job, side);
        let (n_bytes, bytes) = match read {
            Ok(Content::Bytes(bytes)) => (bytes.len() as u64, bytes),
            Ok(Content::TooLarge(n_bytes)) => (n_bytes, Vec::new()),
            Err(breakage) => {
                self.nothing_read(job, side, &breakage, &mut examined);
                return examined;
            }
        };
        let input = FileInput {
            side,
            is_added,
            n_bytes,
            bytes: &bytes,
            is_text: is_text(&side.path, &bytes),
            manner: Manner::Gate,
            deadline: self.deadline,
            tree: &SharedTree::default(),
        };
        let suppressions = match input.is_text {
            true => Suppressions::of(&side.path, &bytes, input.tree, self.deadline),
            false => Suppressions::default(),
        };
        match (self.runs_rules_on(look), self.plan.files.len() == 1 && bytes.len() >= MIN_SHARED) {
            (true, true) => {
                let mut by_rules = ExaminedFile::new(job, side);
                let checks = || self.checks(job, &input, asked, &mut examined);
                join_threads();
                rayon::join(checks, || self.rules(&input, asked, &mut by_rules));
                examined.findings.extend(by_rules.findings);
                examined.shares.extend(by_rules.shares);
            }
            (true, false) => {
                self.checks(job, &input, asked, &mut examined);
                self.rules(&input, asked, &mut examined);
            }
            (false, _) => self.checks(job, &input, asked, &mut examined),
        }
        examined.directives = suppressions.directives;
        examined.unread = suppressions.unread;
        if !examined.findings.is_empty() && !is_unread(&input) {
            let text = Text::new(&bytes);
            examined.findings.iter_mut().for_each(|finding| resolve(&text, finding));
        }
        examined.bytes = bytes;
        examined
    }

    /// Notes the secrets of what a sensitive check found, and leaves out what is not asked for.
    fn sift(
        &self,
        check: &dyn FileCheck,
        input: &FileInput<'_>,
        asked: Asked<'_>,
        examined: &mut Examined,
    ) -> Vec<Vec<u8>> {
        let secret = |finding: &Finding| match finding.place {
            Place::Span(_, span) if check.is_sensitive() => {
                let extent = extent(input.bytes, span);
                input.bytes.get(extent.start..extent.end).map(<[u8]>::to_vec)
            }
            _ => None,
        };
        let secrets = examined.findings.iter().filter_map(secret).collect();
        if !check.rule_ids().is_empty() {
            let (family, selection) = (check.about().family, self.plan.selection);
            examined.findings.retain(|finding| {
                let rule = finding.rule.as_str();
                asked.includes(rule) && selection.choose(rule, family, true) == Choice::Runs
            });
        }
        secrets
    }

    fn nothing_read(&self, job: &FileJob, side: &FileSide, breakage: &Breakage, examined: &mut ExaminedFile) {
        let checks = job.checks.iter().filter_map(|&at| self.plan.file_checks.get(at)).map(|job| job.check.about());
        let ids = checks.map(|about| (about.family, RuleId::from(about.id)));
        let rules = (job.rules && self.plan.engine.wants(side)).then(|| (Family::Rules, RuleId::from(RULES)));
        examined.shares.extend(ids.chain(rules).map(|check| Share {
            check,
            n_found: 0,
            notices: Vec::new(),
            broken: Some(Box::new(breakage.clone())),
            duration: Default::default(),
        }));
    }

    fn checks(&self, job: &FileJob, input: &FileInput<'_>, asked: Asked<'_>, into: &mut ExaminedFile) {
        for job in job.checks.iter().filter_map(|&at| self.plan.file_checks.get(at)) {
            let about = job.check.about();
            let is_wanted = asked.includes_check(job.check) && job.wants(input.side);
            if !is_wanted || !job.given.includes(input.side, input.bytes) {
                continue;
            }
            let started = Instant::now();
            let examined = match why_unread(input).filter(|_| job.check.reads_content()) {
                // What is large enough must not hide a secret.
                Some(why) if is_unread(input) && job.check.is_sensitive() && !is_binary(input) => Err(too_large(why)),
                Some(why) => Ok(unread(why)),
                None => guarded(|| job.check.check(input, &job.options)),
            };
            let examined = examined.map(|mut examined| {
                into.secrets.extend(self.sift(job.check, input, asked, &mut examined));
                examined
            });
            into.take((about.family, RuleId::from(about.id)), examined, started);
        }
    }

    fn rules(&self, input: &FileInput<'_>, asked: Asked<'_>, into: &mut ExaminedFile) {
        let selection = self.plan.selection;
        let started = Instant::now();
        let wanted = |id: &RuleId, level: Level| {
            asked.includes(id.as_str())
                && selection.choose(id.as_str(), Family::Rules, true) == Choice::Runs
                && self.plan.levels.of(id, Some(&input.side.path), level).is_some()
        };
        let examined = match why_unread(input) {
            Some(why) => Ok(unread(why)),
            None => guarded(|| self.plan.engine.examine(input, &wanted)),
        };
        into.take((Family::Rules, RuleId::from(RULES)), examined, started);
    }
}

/// Whether the file was too large to be read.
fn is_unread(input: &FileInput<'_>) -> bool {
    input.n_bytes > MAX_FILE
}

/// Whether the name of the file says that it holds no text.
fn is_binary(input: &FileInput<'_>) -> bool {
    kind(&input.side.path) == Some(Kind::Binary)
}

/// That a check which must look at a file can't.
fn too_large(why: String) -> Breakage {
    let hint = "if there is no secret in it, name it in `exclude` of tollgate.toml".to_owned();
    Breakage { why, hint, log: String::new() }
}

/// Why checks of content have nothing to look at, if that is so.
fn why_unread(input: &FileInput<'_>) -> Option<String> {
    let limit = MAX_FILE >> 20;
    if is_unread(input) {
        return Some(format!("{} MiB are more than the {limit} MiB that are read", input.n_bytes >> 20));
    }
    is_lfs_pointer(input.bytes).then(|| "a pointer of Git LFS; what it points to is not in the repository".to_owned())
}

fn unread(why: String) -> Examined {
    Examined { findings: Vec::new(), notices: vec![format!("not looked at: {why}")] }
}

impl ExaminedFile {
    /// Nothing said yet.
    fn new(job: &FileJob, side: &FileSide) -> Self {
        Self {
            file: job.file,
            path: side.path.clone(),
            bytes: Vec::new(),
            findings: Vec::new(),
            secrets: Vec::new(),
            shares: Vec::with_capacity(job.checks.len() + usize::from(job.rules)),
            directives: Vec::new(),
            unread: None,
        }
    }

    /// Whether a finding or a suppression of it has to be compared with the state before.
    pub(super) fn is_compared(&self) -> bool {
        !self.directives.is_empty() || self.findings.iter().any(|finding| finding.novelty != Novelty::Always)
    }

    fn take(&mut self, check: (Family, RuleId), examined: Result<Examined, Breakage>, started: Instant) {
        let (examined, broken) = match examined {
            Ok(examined) => (examined, None),
            Err(breakage) => (Examined::default(), Some(Box::new(breakage))),
        };
        self.shares.push(Share {
            check,
            n_found: examined.findings.len(),
            notices: examined.notices,
            broken,
            duration: started.elapsed(),
        });
        self.findings.extend(examined.findings);
    }
}
