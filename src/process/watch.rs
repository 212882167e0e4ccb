//! What ends the programs of this process when it can't do so itself any more: a small shell script that is told which
//! ones run, and whose input ends when this process is killed. One for a run, and only if it starts programs of others.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};

use crate::model::command::CommandSpec;
use crate::process::command;

/// Reads lines: `= MARK` before a program starts, `+ ID` when it has and leads a group, `- ID` when it has ended, `.` at the
/// end. If the input ends without that, it ends the groups that are left, and what has left them but kept the mark. Numbers alone reach
/// `kill`, and never 0 or 1, by which it would mean other processes.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
groups=' '
while read -r change id; do
    case $change in
        .) exit 0 ;;
        =) [ -z "$id" ] || set -- "$@" "$id"; continue ;;
    esac
    case $id in '' | *[!0-9]* | 0 | 1) continue ;; esac
    case $change in
        +) groups="$groups$id " ;;
        -) case $groups in *" $id "*) groups="${groups%% $id *} ${groups#* $id }" ;; esac ;;
    esac
done
for id in $groups; do kill -s TERM -- "-$id"; done
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left=
    for id in $groups; do ! kill -s 0 -- "-$id" || left=1; done
    [ -n "$left" ] || break
    sleep 0.1
done
for id in $groups; do kill -s KILL -- "-$id"; done
for mark do
    for file in $(grep -lF -e "TOLLGATE_RUN=$mark" /proc/[0-9]*/environ); do
        id=${file#/proc/}
        kill -s KILL -- "${id%/environ}"
    done
done
"#;

/// The script while it runs.
#[derive(Debug)]
pub(super) struct Watch {
    child: Child,
}

impl Watch {
    /// Starts the script, in a process group of its own: what ends ours is to be outlived.
    pub(super) fn start() -> io::Result<Self> {
        let args = ["-c", SCRIPT, "tollgate"].map(Into::into).to_vec();
        let spec = CommandSpec { program: "/bin/sh".into(), args, dir: Some("/".into()), ..CommandSpec::default() };
        let mut command = command(&spec);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Ok(Self { child: command.spawn()? })
    }

    /// Tells it by what the processes of a program are known that is about to start.
    pub(super) fn expects(&mut self, mark: &OsStr) {
        // One of more lines would be taken for more than a mark; then the group alone is known.
        let mark = mark.as_encoded_bytes();
        if !mark.contains(&b'\n') {
            self.tell(&[b"= ", mark, b"\n"].concat());
        }
    }

    /// Tells it that the program leads a group from now on.
    pub(super) fn begins(&mut self, id: u32) {
        self.tell(format!("+ {id}\n").as_bytes());
    }

    /// Tells it that the program has ended, and its group with it.
    pub(super) fn ended(&mut self, id: u32) {
        self.tell(format!("- {id}\n").as_bytes());
    }

    /// One that can't be told anything has ended, and nobody is worse off than without it.
    fn tell(&mut self, line: &[u8]) {
        if let Some(pipe) = &mut self.child.stdin {
            let _ = pipe.write_all(line);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tell(b".\n");
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
