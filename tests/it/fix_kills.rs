//! A mending that is ended in the middle, or that runs out of room: each file is wholly before or wholly after it, and
//! undoing it puts the rest back.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process_group};

use crate::signals::{end, pid, rounds, until};
use crate::support::{Ran, Repo, TOLLGATE};

const N_FILES: usize = 30;

/// What the index names, and what the work tree has with its mode.
type State = BTreeMap<String, (String, u32, Vec<u8>)>;

/// Where a mending was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Before,
    Between,
    After,
}

/// A repository with many files that are to be mended, each with changes that are not staged.
struct Scene {
    repo: Repo,
    top: PathBuf,
    index: Vec<u8>,
    before: State,
    after: State,
    /// How long a mending takes that nobody ends.
    duration: Duration,
}

impl Scene {
    /// Makes it in the folder `top`.
    fn new(top: impl FnOnce(&Repo) -> PathBuf) -> Self {
        let repo = Repo::with(&[]);
        let top = top(&repo);
        let (before, after, duration) = (State::new(), State::new(), Duration::ZERO);
        let mut scene = Self { repo, top, index: Vec::new(), before, after, duration };
        fs::create_dir_all(scene.top.join("sub")).unwrap();
        scene.git(&["init", "-q"]);
        scene.git(&["commit", "-q", "--allow-empty", "-m", "start"]);
        let lines = |from, to| (from..to).map(|line| format!("line {line}\n")).collect::<String>();
        for n in 0..N_FILES {
            scene.write(n, &format!("first {n} \n{}last \n", lines(0, 200)));
        }
        scene.git(&["add", "."]);
        for n in 0..N_FILES {
            scene.write(n, &format!("first {n} \n{}not staged {n} \n{}last \n", lines(0, 100), lines(100, 200)));
        }
        scene.index = fs::read(scene.top.join(".git/index")).unwrap();
        scene.before = scene.state();
        let started = Instant::now();
        scene.tollgate(&["fix", "--staged"]).code(0).says(&format!("mended {N_FILES} files"));
        scene.duration = started.elapsed();
        scene.after = scene.state();
        assert!(
            scene.before.iter().all(|(path, state)| scene.after[path].0 != state.0 && scene.after[path].2 != state.2)
        );
        scene
    }

    fn write(&self, n: usize, text: &str) {
        let file = self.top.join(format!("sub/{n}.txt"));
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(if n.is_multiple_of(3) { 0o755 } else { 0o644 })).unwrap();
    }

    fn git(&self, args: &[&str]) -> String {
        self.repo.run_in(&self.top, "git", args, b"").code(0).stdout
    }

    fn tollgate(&self, args: &[&str]) -> Ran {
        self.repo.run_in(&self.top, TOLLGATE, args, b"")
    }

    fn state(&self) -> State {
        let listed = self.git(&["ls-files", "--stage"]);
        let entry = |line: &str| {
            let (entry, path) = line.split_once('\t').unwrap();
            let file = self.top.join(path);
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            (path.to_owned(), (entry.to_owned(), mode, fs::read(&file).unwrap()))
        };
        listed.lines().map(entry).collect()
    }

    /// Makes everything as it was in the beginning.
    fn reset(&self) {
        for (path, (_, _, bytes)) in &self.before {
            fs::write(self.top.join(path), bytes).unwrap();
        }
        fs::write(self.top.join(".git/index"), &self.index).unwrap();
        let _ = fs::remove_dir_all(self.top.join(".git/tollgate"));
        assert!(self.state() == self.before);
    }

    /// The temporary files in the work tree.
    fn stray(&self) -> Vec<String> {
        let names = fs::read_dir(self.top.join("sub")).unwrap().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with(".tollgate")).collect()
    }

    /// Each file and each entry must be wholly before or wholly after the mending. Tells where the whole is.
    #[track_caller]
    fn check_whole(&self) -> Moment {
        // Git writes the index in a process of its own, which nobody ended.
        until("the end of git", || !self.top.join(".git/index.lock").exists());
        let now = self.state();
        assert_eq!(now.len(), N_FILES);
        for (path, (entry, mode, bytes)) in &now {
            let (before, after) = (&self.before[path], &self.after[path]);
            assert!(*entry == before.0 || *entry == after.0, "{path} is neither before nor after in the index");
            assert!(*bytes == before.2 || *bytes == after.2, "{path} is neither before nor after in the work tree");
            assert_eq!(*mode, before.1, "{path}");
        }
        match now {
            now if now == self.before => Moment::Before,
            now if now == self.after => Moment::After,
            _ => Moment::Between,
        }
    }

    /// Undoing must bring everything back and leave nothing behind.
    #[track_caller]
    fn check_undo(&self) {
        let undone = self.tollgate(&["fix", "--undo"]);
        if undone.code != Some(0) {
            undone.code(2).says("there is no fixing to undo");
        }
        assert!(self.state() == self.before, "something was not put back");
        assert_eq!(self.stray(), [""; 0]);
    }
}

#[test]
fn at_any_moment_each_file_is_before_or_after_and_undo_restores_the_rest() {
    let scene = Scene::new(|repo| repo.beside("scene"));
    let span = u64::try_from(scene.duration.as_micros()).unwrap() * 5 / 4;
    let n_rounds = rounds(4);
    let mut seen = BTreeMap::<Moment, usize>::new();
    for round in 0..n_rounds {
        for (at, signal) in [Signal::INT, Signal::TERM, Signal::HUP, Signal::KILL].into_iter().enumerate() {
            scene.reset();
            let mut command = scene.repo.command(&scene.top, TOLLGATE);
            command.args(["fix", "--staged"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let fixing = command.process_group(0).spawn().unwrap();
            // Spread over the whole of it, from before the first instruction to after the last one, and every other time
            // over the part in which it writes.
            let moment = (round * 4 + at as u64) * 7_919 * 13;
            if (round + at as u64).is_multiple_of(2) {
                sleep(Duration::from_micros(moment % span));
            } else {
                let journal = scene.top.join(".git/tollgate/fix/1/journal.json");
                until("the journal", || journal.exists());
                sleep(Duration::from_micros(moment % (span / 4)));
            }
            let _ = kill_process_group(pid(fixing.id()), signal);
            let status = end(fixing);
            *seen.entry(scene.check_whole()).or_default() += 1;
            if signal != Signal::KILL {
                assert_eq!(scene.stray(), [""; 0], "{status:?}");
            }
            if round.is_multiple_of(2) {
                scene.check_undo();
            } else {
                scene.tollgate(&["fix", "--staged"]).code(0);
                assert!(scene.state() == scene.after, "the next mending did not do the rest");
                assert_eq!(scene.stray(), [""; 0]);
                // What the first one did and what the next one did is put back together.
                scene.check_undo();
            }
        }
    }
    eprintln!("{seen:?} in {n_rounds} rounds of 4 signals");
}

/// A file system of its own in the memory; unmounted when it is dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None if we may not mount.
    pub(crate) fn at(repo: &Repo, folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let args = ["-t", "tmpfs", "-o", "size=6m,nr_inodes=4096", "tmpfs"].map(AsRef::<Path>::as_ref);
        let mounted = repo.run_in(folder, "mount", &[&args[..], &[folder]].concat(), b"");
        (mounted.code == Some(0)).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = std::process::Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn on_a_full_disk_each_file_is_before_or_after_and_undo_restores_the_rest() {
    let holder = Repo::with(&[]);
    let folder = holder.beside("disk");
    let Some(_disk) = SmallDisk::at(&holder, &folder) else {
        eprintln!("not tested: only root can mount a small disk");
        return;
    };
    let scene = Scene::new(|_| folder.join("scene"));
    let filler = folder.join("filler");
    let mut n_failed = 0;
    for round in 0..rounds(8) {
        scene.reset();
        fill(&filler, round * 36 % 700);
        let fixing = scene.tollgate(&["fix", "--staged"]);
        let moment = scene.check_whole();
        assert_eq!(scene.stray(), [""; 0]);
        match fixing.code {
            Some(0) => assert_eq!(moment, Moment::After),
            Some(1) => assert!(moment != Moment::After && fixing.text().contains("left "), "{}", fixing.text()),
            _ => drop(fixing.code(3).says("error: ")),
        }
        n_failed += usize::from(moment != Moment::After);
        fs::remove_file(&filler).unwrap();
        scene.check_undo();
    }
    assert!(n_failed > 0, "the disk was never full");
}

/// Fills the disk but for so many KiB.
pub(crate) fn fill(filler: &Path, n_free: u64) {
    let mut n_bytes = 0;
    let mut file = fs::File::create(filler).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {
        n_bytes += 4096;
    }
    file.set_len(u64::saturating_sub(n_bytes, n_free * 1024)).unwrap();
}
