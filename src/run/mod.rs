//! The run: executes a plan. Built-in checks on rayon, commands on threads of their own; nothing here decides.

pub(crate) mod bases;
mod bystander;
pub(crate) mod cache;
mod commands;
mod coverage;
mod files;
mod guards;
pub(crate) mod memory;
pub(crate) mod mending;
pub(crate) mod order;
mod programs;
mod recall;
pub(crate) mod rerun;
mod schedule;
mod suites;
pub(crate) mod suppressions;
mod tally;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use crate::check::parsed::SharedTree;
use crate::check::secrets::redact::Redactor;
use crate::model::change::{ChangeSet, FileSide, Mode, Source};
use crate::model::command::Surroundings;
use crate::model::content::{Content, Contents};
use crate::model::coverage::Coverage;
use crate::model::deadline::Deadline;
use crate::model::event::Event;
use crate::model::finding::Finding;
use crate::model::outcome::{Breakage, CheckRun, Notice};
use crate::model::path::RepoPath;
use crate::model::rule::{Level, Rule, RuleId};
use crate::model::suppression::{Day, Directive};
use crate::plan::Plan;
use crate::process::Interrupt;
use crate::run::cache::Cache;
use crate::run::commands::Shared;
use crate::run::guards::Guards;
use crate::run::memory::Premises;
use crate::run::order::{Durations, Job, order};
use crate::run::programs::Programs;
use crate::run::schedule::Schedule;
use crate::run::suppressions::{Suppressions, not_read};
use crate::run::tally::Tally;
use crate::sarif::locate::locate;
use crate::sarif::text::Text;
use crate::store::log::Logs;
use crate::store::results::key::Recipe;
use crate::tree::scratch::Scratch;
use crate::tree::scratch::linked::Linked;

/// A file of more bytes than this is not read: its checks say so. Hosts of repositories take no larger ones.
pub(crate) const MAX_FILE: u64 = 100 << 20;

/// The variable that names folders of Python's modules.
pub(crate) const PYTHON_PATH: &str = "PYTHONPATH";

/// Where a command runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Site {
    /// The folder that holds the repository as the command is to see it.
    pub(crate) top: PathBuf,
    /// Variables by which programs find what belongs to this folder; what the check itself sets comes before them.
    pub(crate) env: BTreeMap<OsString, OsString>,
    /// The folders that Python must look into before all others.
    pub(crate) python_path: Vec<PathBuf>,
    /// The user's folders to which there are links in it.
    pub(crate) linked: Arc<Linked>,
}

/// Where commands run.
#[derive(Clone)]
pub(crate) struct Ground {
    /// The site of each command, or why it can't run, by the id of its check.
    pub(crate) sites: BTreeMap<RuleId, Result<Site, Breakage>>,
    /// The scratch tree, if a command runs there.
    pub(crate) scratch: Option<Arc<Scratch>>,
    /// The files of the work tree, and its top, that a command which mends what is in the work tree is to find as they
    /// are there.
    pub(crate) edited: (PathBuf, Vec<RepoPath>),
    /// What the findings of commands depend on beside their files, where that is known and results are kept, by the id
    /// of the check.
    pub(crate) premises: BTreeMap<RuleId, Premises>,
    /// The states by which it is known which tests there were.
    pub(crate) states: States,
    /// A folder for reports that commands are asked for.
    pub(crate) reports: PathBuf,
    /// The state before, as an object name; empty if there is none.
    pub(crate) base: String,
    /// The judged state, as an object name; empty for the index and the work tree.
    pub(crate) head: String,
}

/// The states of a change, each as what its files are; none where that is not known or no command asks for it.
#[derive(Clone, Default)]
pub(crate) struct States {
    /// The judged one, if commands see exactly that.
    pub(crate) judged: Option<Recipe>,
    /// The one before.
    pub(crate) before: Option<Recipe>,
}

/// What a run works with.
pub(crate) struct Runner<'a> {
    /// The change.
    pub(crate) change: &'a ChangeSet,
    /// The plan.
    pub(crate) plan: &'a Plan<'a>,
    /// The contents of both sides.
    pub(crate) contents: &'a dyn Contents,
    /// The results of earlier runs.
    pub(crate) cache: &'a Cache,
    /// Where commands run, or why they can't; only asked if there are any.
    pub(crate) ground: Result<Ground, Breakage>,
    /// The lowest level of a finding that blocks, if one does.
    pub(crate) fail_on: Option<Level>,
    /// What the process was started with.
    pub(crate) surroundings: &'a Surroundings,
    /// Where what commands print is kept whole, if it can be.
    pub(crate) logs: Option<&'a Logs>,
    /// How many commands run at once.
    pub(crate) n_jobs: usize,
    /// How long commands took in earlier runs.
    pub(crate) durations: &'a Durations,
    /// Today, by which a quarantine holds or is over.
    pub(crate) today: Day,
    /// When everything must be over.
    pub(crate) deadline: Deadline,
    /// Tells that the user wants it to end.
    pub(crate) interrupt: &'a Interrupt,
    /// The top of the work tree; empty if there is none.
    pub(crate) top: &'a Path,
}

/// What a run gave, before triage.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// Every check with its outcome, sorted by family and id.
    pub(crate) checks: Vec<CheckRun>,
    /// The findings with their places resolved, in any order.
    pub(crate) findings: Vec<Finding>,
    /// Those that comments allow; filled by whoever knows the policy.
    pub(crate) suppressed: Vec<Finding>,
    /// The rules of external tools that have findings.
    pub(crate) rules: Vec<Rule>,
    /// What a reader must know beside them, sorted.
    pub(crate) notices: Vec<Notice>,
    /// What the tests ran of the change, if that was measured.
    pub(crate) coverage: Option<Coverage>,
    /// What comments allow, by file.
    pub(crate) directives: BTreeMap<RepoPath, Vec<Directive>>,
    /// The judged side of each file with a suppression or with a finding that is compared with the state before, by
    /// index in the change.
    pub(crate) texts: BTreeMap<usize, Vec<u8>>,
    /// The secrets that were found, to be hidden wherever they are quoted.
    redactor: Redactor,
    /// How long the commands took that looked at all of their files and came to an end.
    pub(crate) durations: Durations,
    /// The tracked files that commands changed in the scratch tree though they do not mend, as far as that was undone
    /// before the end.
    pub(crate) undone: BTreeSet<RepoPath>,
}

impl Runner<'_> {
    /// Executes the plan. Events are sent as they happen; a receiver that is gone does not matter.
    pub(crate) fn run(&self, events: &mpsc::Sender<Event>) -> Ran {
        let mut jobs: Vec<Job> = self.plan.commands.iter().map(Job::of).collect();
        order(&mut jobs, self.durations);
        let schedule = Schedule::new(jobs, &self.plan.settled, self.n_jobs);
        let shared = Shared { schedule, programs: Programs::default(), undone: Mutex::default() };
        let mut ran = Ran::default();
        std::thread::scope(|scope| {
            let commands: Vec<_> = self
                .plan
                .commands
                .iter()
                .map(|job| (job, events.clone()))
                .map(|(job, events)| {
                    let shared = &shared;
                    scope.spawn(move || self.command(job, shared, &events))
                })
                .collect();
            let free_of_secrets = self.built_in(events, &mut ran);
            shared.schedule.settle(&ran.checks);
            let mut written = Vec::new();
            let mut kept = Vec::new();
            for command in commands {
                let done = command.join().expect("because a command's thread catches what its check panics with");
                ran.durations.extend(done.told_duration());
                written.extend(done.writes_coverage.then(|| (done.check.id.clone(), done.coverage)));
                ran.checks.push(done.check);
                ran.findings.extend(done.findings);
                ran.rules.extend(done.rules);
                ran.notices.extend(done.notices);
                kept.extend(done.kept);
            }
            self.coverage(&written, &mut ran);
            self.remember(kept, &free_of_secrets);
        });
        self.interrupt.rest();
        ran.undone = shared.undone.into_inner().unwrap_or_else(PoisonError::into_inner);
        ran.checks.extend(self.plan.settled.iter().cloned());
        ran.checks.sort_by(|a, b| (a.family, &a.id).cmp(&(b.family, &b.id)));
        self.set_levels(&mut ran);
        self.resolve_places(&mut ran);
        ran.redactor.hide_in_findings(&mut ran.findings);
        ran.redactor.hide_in_checks(&mut ran.checks);
        ran.redactor.hide_in_directives(ran.directives.values_mut().flatten());
        ran.notices.sort();
        ran.notices.dedup();
        ran
    }

    /// Runs the built-in checks; gives the files that are known to hold no secret.
    fn built_in(&self, events: &mpsc::Sender<Event>, ran: &mut Ran) -> BTreeSet<RepoPath> {
        let mut tally = Tally::new(self.plan);
        let (guards, mut free_of_secrets) = (Guards::of(self.plan), BTreeSet::new());
        for mut examined in self.files(events) {
            if guards.found_nothing(&examined) {
                free_of_secrets.insert(examined.path.clone());
            }
            examined.secrets.iter().for_each(|secret| ran.redactor.add(secret));
            ran.notices.extend(examined.unread.as_deref().map(|why| not_read(&examined.path, why)));
            // Without a state before nothing is compared.
            tally.add(&examined);
            let is_compared = examined.is_compared() && !self.change.parents.is_empty();
            if let Some(text) = is_compared.then_some(examined.bytes) {
                ran.texts.insert(examined.file, text);
            }
            if !examined.directives.is_empty() {
                ran.directives.insert(examined.path.clone(), std::mem::take(&mut examined.directives));
            }
            ran.findings.extend(examined.findings);
        }
        for job in &self.plan.change_checks {
            let about = job.check.about();
            let started = std::time::Instant::now();
            let examined = guarded(|| job.check.check(self.change, self.contents, &job.options));
            ran.findings.extend(tally.add_change(about, examined, self.change.files.len(), started.elapsed()));
        }
        let (checks, notices) = tally.end();
        ran.checks.extend(checks);
        ran.notices.extend(notices);
        free_of_secrets
    }

    /// The judged side of a file, also of one that the change does not touch.
    fn judged_side(&self, path: &RepoPath) -> FileSide {
        let head = self.change.differing().find(|file| file.path() == path).and_then(|file| file.head.clone());
        head.unwrap_or_else(|| FileSide { path: path.clone(), mode: Mode::File, source: Source::Worktree })
    }

    /// Gives each finding the level that the policy wants, and drops those that are off.
    fn set_levels(&self, ran: &mut Ran) {
        ran.findings.retain_mut(|finding| {
            let level = self.plan.levels.of(&finding.rule, finding.place.path(), finding.level);
            finding.level = level.unwrap_or(finding.level);
            level.is_some()
        });
    }

    /// Resolves the places that are still without lines: those of commands and of checks of the change.
    fn resolve_places(&self, ran: &mut Ran) {
        let mut open: BTreeMap<RepoPath, Vec<&mut Finding>> = BTreeMap::new();
        for finding in ran.findings.iter_mut().filter(|finding| finding.region.is_none()) {
            if let Some(path) = finding.place.path() {
                open.entry(path.clone()).or_default().push(finding);
            }
        }
        for (path, findings) in open {
            let index = self.change.files.iter().position(|file| file.path() == &path);
            let Ok(Content::Bytes(bytes)) = self.contents.read(&self.judged_side(&path), MAX_FILE) else { continue };
            let text = Text::new(&bytes);
            for finding in findings {
                resolve(&text, finding);
            }
            if !ran.directives.contains_key(&path) {
                let found = Suppressions::of(&path, &bytes, &SharedTree::default(), self.deadline);
                ran.notices.extend(found.unread.map(|why| not_read(&path, &why)));
                ran.directives.insert(path.clone(), found.directives);
            }
            if let Some(index) = index {
                ran.texts.entry(index).or_insert(bytes);
            }
        }
    }
}

/// Resolves a finding's place and the related places in the same file.
fn resolve(text: &Text<'_>, finding: &mut Finding) {
    finding.region = locate(text, &finding.place);
    let path = finding.place.path().cloned();
    for related in finding.related.iter_mut().filter(|related| related.place.path() == path.as_ref()) {
        related.region = locate(text, &related.place);
    }
}

/// Calls a check and turns a panic into a breakage.
fn guarded<T>(check: impl FnOnce() -> Result<T, Breakage>) -> Result<T, Breakage> {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        Err(Breakage {
            why: format!("the check crashed: {}", panic_text(panic.as_ref())),
            hint: "this is a fault of tollgate: please report it; `--skip` leaves the check out".to_owned(),
            log: String::new(),
        })
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    use std::sync::mpsc;

    use super::{Ran, Runner, guarded};
    use crate::check::pattern::Engine;
    use crate::config::Config;
    use crate::model::change::{ChangeSet, ChangedFile, FileSide, Head, Mode, ObjectId, Parent, Source, Status};
    use crate::model::command::{Surroundings, Trust};
    use crate::model::content::{Content, ContentError, Contents};
    use crate::model::deadline::Deadline;
    use crate::model::outcome::Breakage;
    use crate::model::path::RepoPath;
    use crate::plan::coverage::Asked;
    use crate::plan::selection::Selection;
    use crate::plan::{Policy, plan};
    use crate::process::Interrupt;
    use crate::run::cache::Cache;

    /// Contents by the first byte of the object name, and what was read of them.
    struct Counted {
        texts: Vec<&'static str>,
        reads: Mutex<Vec<u8>>,
    }

    impl Contents for Counted {
        fn read(&self, side: &FileSide, _: u64) -> Result<Content, ContentError> {
            let Source::Blob(id) = side.source else { return Err(ContentError("not here".into())) };
            let number = id.as_bytes()[0];
            self.reads.lock().unwrap().push(number);
            Ok(Content::Bytes(self.texts[usize::from(number)].as_bytes().to_vec()))
        }

        fn folder(&self, _: &ObjectId, _: &RepoPath) -> Result<Vec<Vec<u8>>, ContentError> {
            Ok(Vec::new())
        }
    }

    fn side(path: &str, number: u8) -> FileSide {
        let id = ObjectId::from_hex(format!("{number:02x}{}", "1".repeat(38)).as_bytes()).unwrap();
        FileSide { path: RepoPath::from(path), mode: Mode::File, source: Source::Blob(id) }
    }

    fn with_runner(contents: &Counted, files: Vec<ChangedFile>, then: impl FnOnce(&Runner<'_>, Ran)) {
        with_cache(contents, files, &Cache::new(None), then);
    }

    fn with_cache(contents: &Counted, files: Vec<ChangedFile>, cache: &Cache, then: impl FnOnce(&Runner<'_>, Ran)) {
        let tree = ObjectId::from_hex(&[b'0'; 40]).unwrap();
        let parents = vec![Parent { tree, commit: None }];
        let change = ChangeSet { title: String::new(), head: Head::Index, parents, files, merged: Vec::new() };
        let config = Config::defaults();
        let selection = Selection { chosen: vec!["hygiene".into(), "rules".into()], left_out: Vec::new() };
        let engine = Engine::built_in(&crate::syntax::languages::Language::all().collect());
        let foreign = BTreeSet::new();
        let policy = Policy {
            config: &config,
            selection: &selection,
            engine: &engine,
            foreign: &foreign,
            starts: &std::collections::BTreeMap::new(),
            trust: Trust::BuiltInOnly,
            coverage: Asked::default(),
            credentials: &Default::default(),
        };
        let plan = plan(&change, &policy).unwrap();
        let interrupt = Interrupt::default();
        let runner = Runner {
            change: &change,
            plan: &plan,
            contents,
            cache,
            ground: Err(Breakage::new("none")),
            fail_on: None,
            surroundings: &Surroundings::default(),
            logs: None,
            n_jobs: 1,
            durations: &Default::default(),
            today: crate::model::suppression::Day::parse("2026-11-23").unwrap(),
            deadline: Deadline::NEVER,
            interrupt: &interrupt,
            top: std::path::Path::new(""),
        };
        let (events, _) = mpsc::channel();
        let ran = runner.run(&events);
        then(&runner, ran);
    }

    #[test]
    fn each_side_is_read_once_and_the_base_of_a_clean_file_never() {
        let texts = vec!["a = 1\n", "a = 2\n", "b = 1 \nassert (x, 'y')\n", "b = 1 \nc = 2 \nassert (x, 'y')\n"];
        let contents = Counted { texts, reads: Mutex::default() };
        let changed = |path, base, head| ChangedFile {
            status: Status::Modified,
            head: Some(side(path, head)),
            bases: vec![Some(side(path, base))],
        };
        with_runner(&contents, vec![changed("clean.py", 0, 1), changed("found.py", 2, 3)], |runner, ran| {
            assert_eq!(ran.findings.len(), 3);
            assert_eq!(*contents.reads.lock().unwrap(), [1, 3]);
            let rules: BTreeSet<_> = ran.findings.iter().map(|finding| finding.rule.clone()).collect();
            let bases = runner.bases(&ran, &ran.texts.keys().copied().collect(), &rules).unwrap();
            assert_eq!(bases.iter().map(|base| base.findings.len()).collect::<Vec<_>>(), [2]);
            assert_eq!(*contents.reads.lock().unwrap(), [1, 3, 2]);
        });
    }

    #[test]
    fn a_file_that_is_known_is_read_only_to_compare_it() {
        let texts = vec!["a = 1\n", "a = 2\n", "b = 1 \n", "b = 2 \n"];
        let contents = Counted { texts, reads: Mutex::default() };
        let folder = tempfile::tempdir().unwrap();
        let ran = |change: &dyn Fn(usize, &mut FileSide)| {
            let file = |n: usize| {
                let mut head = side(&format!("{n}.py"), if n == 7 { 3 } else { 1 });
                change(n, &mut head);
                let base = Some(side(&format!("{n}.py"), 0));
                ChangedFile { status: Status::Modified, head: Some(head), bases: vec![base] }
            };
            let cache = Cache::new(Some(folder.path()));
            let mut found = 0;
            with_cache(&contents, (0..20).map(file).collect(), &cache, |_, ran| {
                assert_eq!(ran.texts.keys().copied().collect::<Vec<_>>(), [7]);
                found = ran.findings.len();
            });
            assert_eq!(cache.end(), None);
            (found, std::mem::take(&mut *contents.reads.lock().unwrap()).len())
        };
        assert_eq!(ran(&|_, _| {}), (1, 20));
        assert_eq!(ran(&|_, _| {}), (1, 1));
        // Another content, path or mode is another file.
        let other = |n: usize, head: &mut FileSide| match n {
            1 => head.source = side("", 0).source,
            2 => head.path = RepoPath::from("other.py"),
            3 => head.mode = Mode::Executable,
            _ => {}
        };
        assert_eq!(ran(&other), (1, 4));
        assert_eq!(ran(&other), (1, 1));
    }

    #[test]
    fn a_check_that_panics_breaks_and_takes_nothing_with_it() {
        let broken = guarded::<()>(|| panic!("index out of range")).unwrap_err();
        assert_eq!(broken.why, "the check crashed: index out of range");
        assert!(guarded(|| Ok(())).is_ok());
    }
}
