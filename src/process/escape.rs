//! Processes that left the group of the program that started them (`setsid`, a daemon's double fork), found all the
//! same, on Linux: this process becomes their parent when theirs ends, and a variable in their environment says which
//! program they are from. What has also cleared its environment is found at the end of the run, when no program of
//! ours is left.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, kill_process, set_child_subreaper, waitid, waitpid,
};

use crate::model::deadline::Deadline;
use crate::process::MARK;

/// How long the end of what was killed is waited for.
const GRACE: Duration = Duration::from_secs(1);
/// How often it is looked whether it has come.
const TICK: Duration = Duration::from_millis(1);
/// How often an environment is looked at before it counts as empty.
const N_LOOKS: usize = 20;

/// Whether all children of this process come from programs that it started.
static LEADS: AtomicBool = AtomicBool::new(false);

/// Says that this process starts programs and nobody else in it does. What was started by another program in whose place
/// it stands is left alone, and with it, as one can't be told from the other, what no mark tells.
pub(super) fn lead() {
    LEADS.store(!has_children(), Ordering::Relaxed);
}

/// Ends what is left of programs, none of which runs any more.
pub(super) fn end_strays() {
    if !LEADS.load(Ordering::Relaxed) {
        return;
    }
    let deadline = Deadline::after(GRACE);
    while has_children() && !deadline.is_over() {
        let strays = children().unwrap_or_default();
        for &stray in &strays {
            let _ = kill_process(stray, Signal::KILL);
            let _ = waitpid(Some(stray), WaitOptions::NOHANG);
        }
        sleep(TICK);
    }
}

/// What the processes of a program are known by.
#[derive(Debug)]
pub(super) struct Escape {
    mark: OsString,
}

impl Escape {
    /// Prepares to find what will leave the group of a program that has `mark` in its environment: from now on what
    /// loses its parent below this process becomes a child of it. If that can't be, nothing is found.
    pub(super) fn of(mark: &OsStr) -> Self {
        let _ = set_child_subreaper(Some(getpid()));
        Self { mark: mark.to_owned() }
    }

    /// Sends a signal to what has left the group of `program`.
    pub(super) fn signal(&self, program: Pid, signal: Signal) {
        for orphan in self.orphans(program) {
            let _ = kill_process(orphan, signal);
        }
    }

    /// Ends what `program`, which was reaped, left running. What that started itself becomes ours when its parent ends,
    /// so this goes on until nothing more comes.
    pub(super) fn end(&self, program: Pid) {
        let deadline = Deadline::after(GRACE);
        while has_children() && !deadline.is_over() {
            let orphans = self.orphans(program);
            if orphans.is_empty() {
                return;
            }
            for &orphan in &orphans {
                let _ = kill_process(orphan, Signal::KILL);
            }
            for orphan in orphans {
                while matches!(waitpid(Some(orphan), WaitOptions::NOHANG), Ok(None)) && !deadline.is_over() {
                    sleep(TICK);
                }
            }
        }
    }

    /// The children of this process that it did not start itself: those with the mark, and what is left of the group of
    /// `program`, whose children are ours only when it has ended.
    fn orphans(&self, program: Pid) -> Vec<Pid> {
        let is_orphan = |id: &Pid| {
            let folder = format!("/proc/{}", id.as_raw_pid());
            let stat = fs::read(format!("{folder}/stat")).unwrap_or_default();
            let Some((parent, group)) = parent_and_group(&stat) else { return false };
            let is_marked = || self.is_marked(&environment(&folder));
            parent == getpid().as_raw_pid() && (group == program.as_raw_pid() || is_marked())
        };
        children().unwrap_or_else(processes).into_iter().filter(|id| *id != program).filter(is_orphan).collect()
    }

    /// Whether an environment has the mark, or that of a run of tollgate inside of the program.
    fn is_marked(&self, environment: &[u8]) -> bool {
        environment.split(|&byte| byte == 0).any(|entry| {
            let value = entry.strip_prefix(MARK.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
            let rest = value.and_then(|value| value.strip_prefix(self.mark.as_encoded_bytes()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        })
    }
}

/// The environment of a process by its folder below `/proc`. It is empty for a moment while another program takes the
/// place of the one that runs, so one that is empty is looked at again; nobody would find that process later.
fn environment(folder: &str) -> Vec<u8> {
    for _ in 0..N_LOOKS {
        match fs::read(format!("{folder}/environ")) {
            Ok(all) if all.is_empty() => sleep(TICK),
            Ok(all) => return all,
            Err(_) => break,
        }
    }
    Vec::new()
}

/// Whether there is any child, which mostly there is not: then nobody has to be looked for.
fn has_children() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, options), Err(Errno::CHILD))
}

/// The children of this process, as the kernel lists them for each thread; none if it does not. One may be missing while
/// another one ends, hence a second look. To look at every process of the machine takes a hundred times longer.
fn children() -> Option<Vec<Pid>> {
    let mut ids = BTreeSet::new();
    for _ in 0..2 {
        for thread in fs::read_dir("/proc/self/task").ok()?.flatten() {
            match fs::read_to_string(thread.path().join("children")) {
                Ok(listed) => ids.extend(listed.split_ascii_whitespace().filter_map(|id| id.parse::<i32>().ok())),
                // A thread that has ended meanwhile has left its children to another one; a kernel may have no lists.
                Err(_) if thread.path().is_dir() => return None,
                Err(_) => {}
            }
        }
    }
    Some(ids.into_iter().filter_map(Pid::from_raw).collect())
}

/// Every process that can be seen.
fn processes() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// The parent and the process group that the line in `/proc/<id>/stat` tells.
fn parent_and_group(stat: &[u8]) -> Option<(i32, i32)> {
    // The name of the program may hold anything; nothing after it holds a parenthesis.
    let at = stat.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(stat.get(at + 1..)?).ok()?;
    let mut words = rest.split_ascii_whitespace().skip(1);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{Escape, parent_and_group};

    #[test]
    fn names_of_programs_are_no_trap() {
        assert_eq!(parent_and_group(b"12 (sleep) S 3 4 5 0\n"), Some((3, 4)));
        assert_eq!(parent_and_group(b"12 (a) S 9 9) S 3 4 5 0\n"), Some((3, 4)));
        assert_eq!(parent_and_group(b"12 (\xff\n) S 3 4"), Some((3, 4)));
        for broken in [&b""[..], b"12 (sleep", b"12 (sleep) S", b"12 (sleep) S x 4"] {
            assert_eq!(parent_and_group(broken), None);
        }
    }

    #[test]
    fn a_mark_is_found_whole() {
        let escape = Escape { mark: OsStr::new("7-unit").to_owned() };
        for (environment, expected) in [
            (&b"A=1\0TOLLGATE_RUN=7-unit\0B=2\0"[..], true),
            (b"TOLLGATE_RUN=7-unit", true),
            (b"TOLLGATE_RUN=7-unit/9-lint\0", true),
            (b"TOLLGATE_RUN=7-units\0", false),
            (b"TOLLGATE_RUN=6/7-unit\0", false),
            (b"XTOLLGATE_RUN=7-unit\0", false),
            (b"A=TOLLGATE_RUN=7-unit\0", false),
            (b"", false),
        ] {
            assert_eq!(escape.is_marked(environment), expected, "{}", String::from_utf8_lossy(environment));
        }
    }
}
