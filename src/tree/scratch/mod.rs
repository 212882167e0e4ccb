//! The scratch tree: the judged files in a folder of ours, for programs that need files while the work tree holds
//! something else. It stays from run to run and is brought up to date by what differs, so that unchanged files keep
//! their times and programs their caches. It must not know what runs in it.

pub(crate) mod alterations;
mod beneath;
mod editable;
mod exact;
pub(crate) mod linked;
mod links;
mod mirror;
mod record;
mod references;
mod repository;
pub(crate) mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::git::Repo;
use crate::git::difference::{Differences, Tracked};
use crate::git::listing::{Listing, Strays};
use crate::model::change::ObjectId;
use crate::model::path::RepoPath;
use crate::tree::Error;
use crate::tree::removal::{remove, remove_folder};
use crate::tree::scratch::beneath::{empty_beneath, is_real, make_real, remove_beneath};
use crate::tree::scratch::editable::{Editable, entries};
use crate::tree::scratch::linked::Linked;
use crate::tree::scratch::mirror::{NAMES, Redirection};
use crate::tree::scratch::record::{Facts, Record};
use crate::tree::scratch::repository::Holding;
use crate::tree::temporary::TemporaryFolder;

/// The folder of the files.
const FILES: &str = "tree";
/// The index that says what git wrote into it.
const INDEX: &str = "index";
/// Under which settings git wrote the files that the index says it wrote.
const SETTINGS: &str = "settings";
/// The places of the submodules.
const SUBMODULES: &str = "submodules";
/// What is kept between runs; it is there only while everything is in order.
const RECORD: &str = "record";
/// How many differences from one tree are put up with before another one is taken.
const MANY: usize = 256;
/// How often what a program did is undone before it is done anew: what it left may hide something else.
const N_ROUNDS: usize = 3;

/// What the files are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The files.
    pub(crate) listing: Listing,
    /// The commit that they belong to, where it is not the one that the user is on.
    pub(crate) commit: Option<ObjectId>,
}

/// Where a scratch tree is, and what else its programs find.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
    /// The place of this work tree.
    pub(crate) home: &'a Path,
    /// The folder for temporary ones.
    pub(crate) cache: &'a Path,
    /// The folders in which environments of Python may be that are in use, beside those in the work tree.
    pub(crate) environments: &'a [PathBuf],
}

/// A scratch tree in use. When it is dropped, what programs did in it is undone and what it holds is recorded.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// The place of the work tree, below which the rest is.
    root: PathBuf,
    home: PathBuf,
    top: PathBuf,
    /// The repository with the files and the index of the scratch tree.
    inside: Repo,
    /// What holds once everything is in order; none while it is not.
    record: Option<Record>,
    submodules: Vec<Scratch>,
    /// The files that hold its references, as programs found them.
    holding: Holding,
    editable: Editable,
    linked: Arc<Linked>,
    keeper: Option<Keeper>,
}

/// What programs did in a scratch tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The tracked files that they changed, which is undone.
    pub(crate) changed: Vec<RepoPath>,
    /// The branches and tags that are not there as they are in the user's repository, if they changed any.
    pub(crate) moved: Vec<RepoPath>,
}

/// What keeps others away.
#[derive(Debug)]
enum Keeper {
    Lock { _lock: File },
    Temporary { _folder: TemporaryFolder },
}

/// How much of what is there is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// All that is recorded, else all that the index says.
    AsFound,
    /// Nothing: every file is written again. What is ignored stays.
    Rewritten,
    /// Nothing, and nothing stays.
    Empty,
}

impl Scratch {
    /// Lays out what is wanted in the place of this work tree; if another run is at work there, in a temporary folder. Neither the user's files nor the index nor the object store are written to.
    pub(crate) fn lay_out(repo: &Repo, places: Places<'_>, wanted: &Wanted) -> Result<Self, Error> {
        let home = places.home;
        fs::create_dir_all(home).map_err(Error::files("create", home))?;
        make_real(home, home)?;
        let lock_file = home.join("lock");
        let lock = OpenOptions::new().create(true).write(true).truncate(false).open(&lock_file);
        let lock = lock.map_err(Error::files("open", &lock_file))?;
        let (home, keeper) = match lock.try_lock() {
            Ok(()) => {
                hand_down(&lock).map_err(Error::files("lock", &lock_file))?;
                (home.to_owned(), Keeper::Lock { _lock: lock })
            }
            Err(TryLockError::WouldBlock) => {
                let folder = TemporaryFolder::create(places.cache)?;
                (folder.path().to_owned(), Keeper::Temporary { _folder: folder })
            }
            Err(TryLockError::Error(error)) => return Err(Error::files("lock", &lock_file)(error)),
        };
        let top = home.join(FILES);
        let mut scratch = Self::fill(repo, &home, home.clone(), top, wanted)?;
        scratch.find_editable(repo, places.environments);
        if matches!(keeper, Keeper::Temporary { .. }) {
            scratch.forget();
        }
        scratch.keeper = Some(keeper);
        Ok(scratch)
    }

    fn fill(repo: &Repo, root: &Path, home: PathBuf, top: PathBuf, wanted: &Wanted) -> Result<Self, Error> {
        let was_else = make_real(root, &home)? | make_real(root, &top)?;
        let inside = repo.laid_out_at(&top, &home.join(INDEX));
        let mut scratch = Self {
            root: root.to_owned(),
            home,
            top,
            inside,
            record: None,
            submodules: Vec::new(),
            holding: Holding::default(),
            editable: Editable::default(),
            linked: Arc::default(),
            keeper: None,
        };
        let mut failed = None;
        let starts = [Start::AsFound, Start::Rewritten, Start::Empty];
        for start in starts.into_iter().skip(if was_else { 2 } else { 0 }) {
            match scratch.bring_up_to_date(repo, wanted, start) {
                Ok(mut record) => {
                    let (leaks, linked) = scratch.mirror_dependencies(repo, &mut record.facts)?;
                    scratch.editable.leaks = leaks;
                    scratch.editable.leaks.extend(scratch.strayed_links(repo, &record.facts));
                    scratch.lay_out_submodules(repo, &record.facts, linked)?;
                    scratch.holding = scratch.write_repository(repo, wanted)?;
                    scratch.record = Some(record);
                    return Ok(scratch);
                }
                Err(error) if repo.is_interrupted() => return Err(error),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.expect("because every start failed"))
    }

    /// The folder that holds the files, absolute if its place was.
    pub(crate) fn top(&self) -> &Path {
        &self.top
    }

    /// The folders that Python must look into before it looks into what is installed.
    pub(crate) fn python_path(&self) -> &[PathBuf] {
        &self.editable.folders
    }

    /// What leads programs out of the scratch tree to the user's own files.
    pub(crate) fn leaks(&self) -> &[String] {
        &self.editable.leaks
    }

    /// The user's folders that it has links to.
    pub(crate) fn linked(&self) -> &Arc<Linked> {
        &self.linked
    }

    /// Looks for environments of Python that lead to the user's files.
    fn find_editable(&mut self, repo: &Repo, environments: &[PathBuf]) {
        let (Some(user), Some(record)) = (repo.work_tree(), &self.record) else { return };
        let redirection = Redirection::new(user, &self.top);
        let mut found: BTreeSet<PathBuf> = environments.iter().cloned().collect();
        found.extend(record.facts.mirrors.iter().map(|mirror| user.join(mirror.to_fs())));
        // A manager of versions has an environment for each.
        let versions = found.iter().filter(|place| place.join("shims").is_dir());
        let versions: Vec<PathBuf> = versions
            .flat_map(|place| ["versions", "installs/python"].map(|name| entries(&place.join(name))))
            .flatten()
            .collect();
        found.extend(versions);
        // A program may be a link to one of another environment.
        let programs = found.iter().flat_map(|place| ["bin/python3", "bin/python"].map(|program| place.join(program)));
        let real: Vec<PathBuf> = programs.filter_map(|program| program.canonicalize().ok()).collect();
        found.extend(real.iter().filter_map(|program| program.parent()?.parent()).map(Path::to_owned));
        found.iter().for_each(|environment| self.editable.learn(environment, &redirection));
    }

    /// Undoes what was changed since it was laid out, and tells which tracked files were. What is ignored stays, as
    /// programs keep their caches there.
    pub(crate) fn restore(&self) -> Result<Vec<RepoPath>, Error> {
        self.check_place()?;
        let mut undone = Vec::new();
        for _ in 0..N_ROUNDS {
            let Strays { mut changed, untracked } = self.inside.strays()?;
            changed.retain(|path| !self.is_submodule(path));
            if changed.is_empty() && untracked.is_empty() {
                return Ok(undone);
            }
            for path in &untracked {
                let path = RepoPath::new(path.as_bytes().strip_suffix(b"/").unwrap_or(path.as_bytes()));
                remove_beneath(&self.top, &path)?;
            }
            self.inside.write_files(&changed)?;
            undone.extend(changed);
        }
        Err(Error::Restless(self.top.clone()))
    }

    /// Its folder is still the one that was laid out, and no link that a program put there: what git does in it, it does
    /// there.
    fn check_place(&self) -> Result<(), Error> {
        if is_real(&self.root, &self.top) { Ok(()) } else { Err(Error::Replaced(self.top.clone())) }
    }

    /// Whether there is a submodule: what is in it is the matter of its own scratch tree.
    fn is_submodule(&self, path: &RepoPath) -> bool {
        let place = self.top.join(path.to_fs());
        is_real(&self.top, &place) && fs::symlink_metadata(place.join(".git")).is_ok_and(|metadata| metadata.is_file())
            || self.submodules.iter().any(|submodule| submodule.top == place && is_real(&self.top, &place))
    }

    /// Leaves nothing on record: the whole place goes away.
    fn forget(&mut self) {
        self.record = None;
        self.submodules.iter_mut().for_each(Self::forget);
    }

    /// Makes the files what is wanted; gives what is true then.
    fn bring_up_to_date(&self, repo: &Repo, wanted: &Wanted, start: Start) -> Result<Record, Error> {
        let kept = self.take_record();
        let settings = digest(&repo.conversion_settings()?);
        let is_as_set = fs::read(self.home.join(SETTINGS)).is_ok_and(|written| written == settings.as_bytes());
        if start == Start::AsFound && !is_as_set && self.home.join(INDEX).exists() {
            return self.bring_up_to_date(repo, wanted, Start::Rewritten);
        }
        self.make_ready(start, &settings)?;
        let left_out: BTreeSet<RepoPath> = repo.left_out_by_sparse_checkout()?.into_iter().collect();
        let kept = kept.filter(|_| start == Start::AsFound);
        let has_index = self.home.join(INDEX).exists();
        let is_as_sparse = match &kept {
            Some(record) => record.facts.left_out == left_out,
            None => !repo.git_dir().join("info/sparse-checkout").exists(),
        };
        if has_index && !is_as_sparse {
            return self.bring_up_to_date(repo, wanted, Start::Rewritten);
        }
        let (base, before, mut facts) = match kept {
            Some(record) => (record.base, record.differences, record.facts),
            None => {
                let nothing = repo.empty_tree();
                let mut facts = Facts { left_out, ..Facts::default() };
                let before = match has_index {
                    true => {
                        self.restore()?;
                        self.inside.differences(&nothing, &Listing::Index)?
                    }
                    false => Differences::default(),
                };
                facts.learn(&Differences::default().steps_to(&before));
                (nothing, before, facts)
            }
        };
        let now = repo.differences(&base, &wanted.listing)?;
        let steps = before.steps_to(&now);
        if has_index && steps.keys().any(is_attributes) {
            // They may say of any file that it is written in another way.
            return self.bring_up_to_date(repo, wanted, Start::Rewritten);
        }
        self.make_way(&steps, &mut facts)?;
        self.take(&steps, &facts)?;
        facts.learn(&steps);
        if base == repo.empty_tree() {
            // All files are in the list: what is no part of it was made by a run that left no record.
            facts.mirrors.extend(self.forgotten_mirrors(&facts, &now));
        }
        if !has_index {
            // What was there before and is not wanted any more.
            self.restore()?;
        }
        let (base, differences) = rebased(repo, wanted, base, now)?;
        Ok(Record { boot: boot(), base, differences, facts })
    }

    /// The record, which is gone with this: whatever happens from now on, it is not believed again.
    fn take_record(&self) -> Option<Record> {
        let file = self.home.join(RECORD);
        let record = Record::parse(&fs::read(&file).ok()?);
        fs::remove_file(&file).ok()?;
        record.filter(|record| record.boot == boot() && self.top.is_dir())
    }

    /// Removes what is not trusted, and locks whose owner is gone: ours is held. What git writes from then on it writes
    /// under these settings.
    fn make_ready(&self, start: Start, settings: &str) -> Result<(), Error> {
        let index = self.home.join(INDEX);
        let lock = index.with_extension("lock");
        fs::remove_file(&lock).or_else(unless_missing).map_err(Error::files("remove", &lock))?;
        if start != Start::AsFound || !self.top.is_dir() {
            fs::remove_file(&index).or_else(unless_missing).map_err(Error::files("remove", &index))?;
        }
        if !index.exists() {
            let file = self.home.join(SETTINGS);
            fs::write(&file, settings).map_err(Error::files("write", &file))?;
        }
        if start != Start::AsFound {
            // What was laid out in them went with it, or is not trusted either.
            let submodules = self.home.join(SUBMODULES);
            remove(&submodules).or_else(unless_missing).map_err(Error::files("remove", &submodules))?;
        }
        if start == Start::Empty {
            remove_folder(&self.top).or_else(unless_missing).map_err(Error::files("remove", &self.top))?;
        }
        fs::create_dir_all(&self.top).map_err(Error::files("create", &self.top))
    }

    /// Takes the steps in the index and in the files.
    fn take(&self, steps: &BTreeMap<RepoPath, Option<Tracked>>, facts: &Facts) -> Result<(), Error> {
        if steps.is_empty() {
            return Ok(());
        }
        for (path, _) in steps.iter().filter(|(_, step)| step.is_none()) {
            remove_beneath(&self.top, path)?;
        }
        self.inside.record(steps)?;
        let there = steps.iter().filter(|(_, step)| step.is_some()).map(|(path, _)| path.clone());
        let (left_out, mut written): (Vec<_>, Vec<_>) = there.partition(|path| facts.left_out.contains(path));
        self.inside.leave_out(&left_out)?;
        // Attributes say how the others are written.
        let attributes: Vec<RepoPath> = written.iter().filter(|path| is_attributes(path)).cloned().collect();
        written.retain(|path| !is_attributes(path));
        self.inside.write_files(&attributes)?;
        self.inside.write_files(&written)?;
        Ok(())
    }

    /// Lays out the submodules that the user has, at the commits that are judged; what is linked in them is watched with
    /// what is linked here.
    fn lay_out_submodules(&mut self, repo: &Repo, facts: &Facts, mut linked: Linked) -> Result<(), Error> {
        for (path, id) in &facts.submodules {
            let Some(submodule) = repo.submodule(path)? else {
                empty_beneath(&self.top, path)?;
                continue;
            };
            let missing = |source| Error::Submodule { path: path.clone(), source };
            let commit = submodule.resolve(&id.to_string()).map_err(missing)?;
            let wanted = Wanted { listing: Listing::Tree(commit.tree), commit: Some(commit.id) };
            let home = self.home.join(SUBMODULES).join(path.to_fs());
            let top = self.top.join(path.to_fs());
            let mut submodule = Self::fill(&submodule, &self.root, home, top, &wanted)?;
            self.editable.leaks.append(&mut submodule.editable.leaks);
            linked.join(&submodule.linked);
            self.submodules.push(submodule);
        }
        self.linked = Arc::new(linked);
        Ok(())
    }

    /// Puts it in order; tells what programs had changed, as far as that can be told.
    pub(crate) fn end(mut self) -> Ended {
        let moved = self.moved().unwrap_or_default();
        Ended { changed: self.settle().unwrap_or_default(), moved }
    }

    /// The branches and tags that programs made, moved or removed.
    fn moved(&self) -> Result<Vec<RepoPath>, Error> {
        if self.holding()? == self.holding {
            return Ok(Vec::new());
        }
        let users = self.inside.uninterrupted();
        let (there, users) = (users.opened_at(&self.top)?.branches_and_tags()?, users.branches_and_tags()?);
        let all: BTreeSet<&RepoPath> = there.keys().chain(users.keys()).collect();
        Ok(all.into_iter().filter(|name| there.get(name) != users.get(name)).cloned().collect())
    }

    /// Undoes what programs did and records what is there, or records nothing.
    fn settle(&mut self) -> Result<Vec<RepoPath>, Error> {
        let Some(record) = self.record.take() else { return Ok(Vec::new()) };
        self.check_place()?;
        for path in record.facts.submodules.keys() {
            let place = self.top.join(path.to_fs());
            if !self.submodules.iter().any(|submodule| submodule.top == place) {
                empty_beneath(&self.top, path)?;
            }
        }
        let undone = self.restore()?;
        let (file, draft) = (self.home.join(RECORD), self.home.join("record.new"));
        fs::write(&draft, record.text()).map_err(Error::files("write", &draft))?;
        fs::rename(&draft, &file).map_err(Error::files("write", &file))?;
        Ok(undone)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Without a record the next run looks at everything.
        let _ = self.settle();
    }
}

/// Whether a path is in a folder of what is installed in a project.
pub(crate) fn is_installed(path: &RepoPath) -> bool {
    path.as_bytes().split(|&byte| byte == b'/').any(|part| NAMES.iter().any(|name| name.as_bytes() == part))
}

/// The same state told from the tree that the user is on, where too much has come to differ from the old one.
fn rebased(
    repo: &Repo,
    wanted: &Wanted,
    base: ObjectId,
    differences: Differences,
) -> Result<(ObjectId, Differences), Error> {
    let tree = match wanted.listing {
        Listing::Tree(tree) => tree,
        Listing::Index => repo.head()?.commit.map_or_else(|| repo.empty_tree(), |commit| commit.tree),
    };
    match differences.0.len() > MANY && tree != base {
        true => Ok((tree, repo.differences(&tree, &wanted.listing)?)),
        false => Ok((base, differences)),
    }
}

/// Lets every program that is started hold the lock too: one that outlives a killed run may still write.
fn hand_down(lock: &File) -> std::io::Result<()> {
    #[cfg(unix)]
    rustix::io::fcntl_setfd(lock, rustix::io::FdFlags::empty())?;
    #[cfg(not(unix))]
    let _ = lock;
    Ok(())
}

/// Settings as they are kept: they may hold what is nobody's business.
fn digest(settings: &[u8]) -> String {
    Sha256::digest(settings).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_attributes(path: &RepoPath) -> bool {
    path.file_name() == b".gitattributes"
}

/// What tells one start of the machine from another, where the system says it.
fn boot() -> Vec<u8> {
    fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim_ascii_end().to_owned()
}

/// A file that is not there needs no removal.
fn unless_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Places, RECORD, Scratch, Wanted};
    use crate::git::Repo;
    use crate::git::listing::Listing;
    use crate::model::change::ObjectId;
    use crate::model::path::RepoPath;
    use crate::tree::sandbox::Sandbox;
    use crate::tree::scratch::alterations::{ChangedFile, Now, Put};

    const STAGED: Wanted = Wanted { listing: Listing::Index, commit: None };

    fn lay_out(sandbox: &Sandbox, repo: &Repo, wanted: &Wanted) -> Scratch {
        let (home, cache) = (home(sandbox), sandbox.folder().join("cache"));
        let places = Places { home: &home, cache: &cache, environments: &[] };
        Scratch::lay_out(repo, places, wanted).expect("it is laid out")
    }

    fn home(sandbox: &Sandbox) -> PathBuf {
        sandbox.folder().join("cache/place/scratch")
    }

    /// Waits until what other tests started in the meantime, and what was handed the lock with it, has ended.
    fn wait_for_the_lock(sandbox: &Sandbox) {
        let lock = fs::File::open(home(sandbox).join("lock")).expect("it is ours");
        lock.lock().and_then(|()| lock.unlock()).expect("it is free soon");
    }

    fn sandbox() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.write("a.txt", "one\n");
        sandbox.write("sub/b.txt", "b\n");
        sandbox.write(".gitignore", "*.cache\n");
        sandbox.git(&["add", "."]);
        sandbox.git(&["commit", "--quiet", "-m", "x"]);
        sandbox
    }

    fn text(folder: &Path, name: &str) -> Option<String> {
        fs::read_to_string(folder.join(name)).ok()
    }

    #[test]
    fn the_index_is_laid_out_without_what_is_only_intended() {
        let sandbox = sandbox();
        sandbox.write("a.txt", "two\n");
        sandbox.git(&["add", "."]);
        sandbox.write("a.txt", "three\n");
        sandbox.write("intended.txt", "i\n");
        sandbox.git(&["add", "-N", "intended.txt"]);
        let before = fs::read(sandbox.top().join(".git/index")).expect("there is an index");
        for _ in 0..2 {
            let scratch = lay_out(&sandbox, &sandbox.repo(), &STAGED);
            assert_eq!(text(scratch.top(), "a.txt").as_deref(), Some("two\n"));
            assert_eq!(text(scratch.top(), "intended.txt"), None);
        }
        assert_eq!(fs::read(sandbox.top().join(".git/index")).expect("there is an index"), before);
    }

    #[test]
    fn the_index_of_the_commit_in_progress_is_used() {
        let mut sandbox = sandbox();
        sandbox.set("GIT_INDEX_FILE", ".git/next-index-1.lock");
        sandbox.write("a.txt", "other index\n");
        sandbox.git(&["add", "a.txt"]);
        let scratch = lay_out(&sandbox, &sandbox.repo(), &STAGED);
        assert_eq!(text(scratch.top(), "a.txt").as_deref(), Some("other index\n"));
        assert_eq!(text(scratch.top(), "sub/b.txt"), None);
    }

    #[test]
    fn changes_are_told_and_undone() {
        let sandbox = sandbox();
        let scratch = lay_out(&sandbox, &sandbox.repo(), &STAGED);
        assert_eq!(scratch.changes(&Put::new()).expect("it is read"), []);
        let write = |name: &str, text: &str| fs::write(scratch.top().join(name), text).expect("it is ours");
        write("a.txt", "mended\n");
        write("new.txt", "new\n");
        write("x.cache", "kept\n");
        fs::remove_dir_all(scratch.top().join("sub")).expect("it is ours");
        let file = |path: &str, now: Now| ChangedFile { path: RepoPath::from(path), now };
        let mended = Now::Written(b"mended\n".to_vec());
        let expected = [file("a.txt", mended), file("new.txt", Now::Added), file("sub/b.txt", Now::Gone)];
        assert_eq!(scratch.changes(&Put::new()).expect("it is read"), expected);
        scratch.restore().expect("it is put back");
        assert_eq!(scratch.changes(&Put::new()).expect("it is read"), []);
        assert_eq!(text(scratch.top(), "a.txt").as_deref(), Some("one\n"));
        assert_eq!(text(scratch.top(), "x.cache").as_deref(), Some("kept\n"));
    }

    #[test]
    fn without_a_record_everything_is_looked_at() {
        let sandbox = sandbox();
        let repo = sandbox.repo();
        drop(lay_out(&sandbox, &repo, &STAGED));
        assert!(home(&sandbox).join(RECORD).is_file());
        let file = home(&sandbox).join("tree/a.txt");
        for damage in ["record", "index", "tree/sub", "tree", "git"] {
            fs::write(&file, "wrong\n").expect("it is ours");
            let damaged = home(&sandbox).join(damage);
            let _ = fs::remove_file(home(&sandbox).join(RECORD));
            let _ = fs::remove_file(&damaged).or_else(|_| fs::remove_dir_all(&damaged));
            fs::write(home(&sandbox).join("index.lock"), "").expect("it is ours");
            wait_for_the_lock(&sandbox);
            let scratch = lay_out(&sandbox, &repo, &STAGED);
            assert!(!home(&sandbox).join(RECORD).exists(), "it is in use");
            assert_eq!(text(scratch.top(), "a.txt").as_deref(), Some("one\n"), "{damage}");
            assert_eq!(text(scratch.top(), "sub/b.txt").as_deref(), Some("b\n"), "{damage}");
        }
        fs::write(home(&sandbox).join("index"), "no index at all").expect("it is ours");
        wait_for_the_lock(&sandbox);
        let scratch = lay_out(&sandbox, &repo, &STAGED);
        assert_eq!(text(scratch.top(), "a.txt").as_deref(), Some("one\n"));
    }

    #[test]
    fn files_are_written_anew_when_git_would_write_them_in_another_way() {
        let sandbox = sandbox();
        let config = |key: &str, value: &str| drop(sandbox.git(&["config", key, value]));
        let attributes = |text: &str| fs::write(sandbox.top().join(".git/info/attributes"), text).expect("it is ours");
        config("filter.x.clean", "tr O o");
        let changes: [(&dyn Fn(), &str); 6] = [
            (&|| {}, "one\n"),
            (&|| attributes("*.txt eol=crlf"), "one\r\n"),
            (&|| attributes(""), "one\n"),
            (&|| config("core.autocrlf", "true"), "one\r\n"),
            (&|| attributes("*.txt filter=x"), "one\r\n"),
            (&|| config("filter.x.smudge", "tr o O"), "One\r\n"),
        ];
        for is_killed in [false, true] {
            for (change, expected) in &changes {
                change();
                let scratch = lay_out(&sandbox, &sandbox.repo(), &STAGED);
                assert_eq!(text(scratch.top(), "a.txt").as_deref(), Some(*expected));
                drop(scratch);
                if is_killed {
                    let _ = fs::remove_file(home(&sandbox).join(RECORD));
                }
            }
            config("core.autocrlf", "false");
            config("filter.x.smudge", "cat");
            attributes("");
        }
    }

    #[test]
    fn no_hook_of_the_users_runs() {
        let sandbox = sandbox();
        let (hook, mark) = (".git/hooks/post-index-change", sandbox.folder().join("ran"));
        sandbox.write(hook, &format!("#!/bin/sh\necho ran >> '{}'\n", mark.display()));
        sandbox.run(&sandbox.top(), "chmod", &["+x", hook], b"");
        sandbox.write("a.txt", "two\n");
        sandbox.git(&["add", "."]);
        assert!(mark.exists(), "git runs it");
        fs::remove_file(&mark).expect("it is there");
        lay_out(&sandbox, &sandbox.repo(), &STAGED).end();
        assert!(!mark.exists());
    }

    #[test]
    fn many_differences_are_told_from_another_tree() {
        let sandbox = sandbox();
        drop(lay_out(&sandbox, &sandbox.repo(), &STAGED));
        for n in 0..300 {
            sandbox.write(&format!("many/{n}"), "x\n");
        }
        sandbox.git(&["add", "."]);
        sandbox.git(&["commit", "--quiet", "-m", "many"]);
        drop(lay_out(&sandbox, &sandbox.repo(), &STAGED));
        let record = fs::read(home(&sandbox).join(RECORD)).expect("there is one");
        let record = super::Record::parse(&record).expect("it is whole");
        assert!(record.differences.0.is_empty());
        sandbox.git(&["rm", "-q", "-r", "many"]);
        let scratch = lay_out(&sandbox, &sandbox.repo(), &STAGED);
        assert!(!scratch.top().join("many").exists());
    }

    #[test]
    fn a_tree_that_is_not_there_is_an_error() {
        let sandbox = sandbox();
        let tree = ObjectId::from_hex(&[b'1'; 40]).expect("a name");
        let wanted = Wanted { listing: Listing::Tree(tree), commit: None };
        let home = home(&sandbox);
        let places = Places { home: &home, cache: sandbox.folder(), environments: &[] };
        assert!(Scratch::lay_out(&sandbox.repo(), places, &wanted).is_err());
    }

    #[test]
    fn what_a_sparse_checkout_leaves_out_is_left_out() {
        let sandbox = sandbox();
        sandbox.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/sub/"]);
        for _ in 0..2 {
            let scratch = lay_out(&sandbox, &sandbox.repo(), &STAGED);
            assert!(!scratch.top().join("sub").exists());
            assert_eq!(scratch.changes(&Put::new()).expect("it is read"), []);
        }
        sandbox.git(&["sparse-checkout", "disable"]);
        let scratch = lay_out(&sandbox, &sandbox.repo(), &STAGED);
        assert_eq!(text(scratch.top(), "sub/b.txt").as_deref(), Some("b\n"));
    }
}
